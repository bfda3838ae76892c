"""Registries: what an import wrote, read back as facts in the engine's own values.

A fact that is not in what a subject gives is unknown; None is a known absence. Whoever asks makes the unknowns.
"""

import io
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import polars as pl

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import ABSENT_SUFFIX, form_faults, item_of
from zhida.registry_io.cells import DIGITS
from zhida.registry_io.facts import polars_type
from zhida.registry_io.sources_parts import nowhere
from zhida.registry_io.sources_trust import columns_twice, mended
from zhida.source import Span
from zhida.values.temporal import Date

Facts = dict[str, object]
"""Attribute → value (Decimal, str, bool, Date, tuple), or None where it is known to be absent; the unknown is not there.

Elements of lists are contexts by the same rule: an entry of which nothing is known is not there."""


@dataclass(frozen=True)
class Registry:
    """The subjects of one kind and what is known of them."""

    key: str
    """The attribute that names a subject."""
    frame: pl.DataFrame
    """As `ImportResult.frame`: one row for each subject, sorted by key."""
    metadata: Mapping[str, str]
    """Where it comes from, as the file says (`zhida.mapping_sha256`, `zhida.sources`, …)."""
    dictionary_differs: bool
    """Whether the dictionary's text has changed since the import; its columns still fit."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Days and words that no import would have written; they are unknown in `frame`."""

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are invented."""
        return self.metadata.get("zhida.synthetic") == "true"

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that any file gave, the key first."""
        return tuple(name for name in self.frame.columns if not name.endswith(ABSENT_SUFFIX))

    def __len__(self) -> int:
        """Return the number of subjects."""
        return self.frame.height

    @cached_property
    def codes(self) -> list[str]:
        """The keys of all subjects, sorted."""
        return self.frame[self.key].to_list()

    def iter_subjects(self) -> Iterator[Facts]:
        """Yield the facts of each subject, in the order of their keys."""
        names = self.frame.columns
        for start in range(0, self.frame.height, 10_000):
            for row in self.frame.slice(start, 10_000).iter_rows():
                yield row_facts(names, row)

    def subject(self, code: str) -> Facts:
        """Return the facts of one subject.

        Raises:
            InputError: registry-unknown-subject.
        """
        return row_facts(self.frame.columns, self.frame.row(self._place(code)))

    def row(self, code: str) -> pl.DataFrame:
        """Return the row of one subject.

        Raises:
            InputError: registry-unknown-subject.
        """
        return self.frame.slice(self._place(code), 1)

    def _place(self, code: str) -> int:
        place = bisect_left(self.codes, code)
        if place == len(self.codes) or self.codes[place] != code:
            near = nearest(code, self.codes[max(place - 50, 0) : place + 50])
            raise InputError([diagnostic("registry-unknown-subject", None, key=code, near=near, count=len(self.codes))])
        return place


def row_facts(names: list[str], row: tuple[object, ...]) -> Facts:
    """Return the facts that a row of a registry's frame gives."""
    facts: Facts = {}
    for name, value in zip(names, row, strict=True):
        if name.endswith(ABSENT_SUFFIX):
            if value:
                facts[name.removesuffix(ABSENT_SUFFIX)] = None
        elif value is not None:
            facts[name] = _engine_value(value)
    return facts


def _engine_value(value: object) -> object:
    """Return a column's value in the engine's value domain, numbers without idle zeros; of an element of a list what is known."""
    if type(value) is Decimal:
        if value == value.to_integral_value():
            return Decimal(int(value))
        text = format(value, "f")
        return Decimal(text.rstrip("0"))
    if isinstance(value, date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, list):
        return tuple(_engine_value(element) for element in value)
    return row_facts(list(value), tuple(value.values())) if isinstance(value, dict) else value


def read_registry(path: Path | str, dictionary: Dictionary) -> Registry:
    """Read a registry that `write_registry` wrote.

    Args:
        path: The Parquet file, or the folder that holds registry.parquet.
        dictionary: The attributes; columns must have its types.

    Raises:
        InputError: file-not-found, file-unreadable, registry-not-a-registry, registry-subject-differs,
            registry-column-differs, registry-duplicate-column.
    """
    file = Path(path)
    if file.is_dir():
        file /= "registry.parquet"
    span = nowhere(str(file))
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise InputError([diagnostic("file-not-found", span, name=file)]) from None
    except OSError as error:
        raise InputError([diagnostic("file-unreadable", span, name=file, reason=error.strerror or str(error))]) from error
    try:
        metadata = pl.read_parquet_metadata(io.BytesIO(data))
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(columns_twice(data, str(file)) or [diagnostic("registry-not-a-registry", span, name=file)]) from error
    own = checked_metadata(frame.schema, metadata, dictionary, span)
    differs = own.get("zhida.dictionary_sha256") != dictionary_sha256(dictionary)
    frame, odd = mended(frame, dictionary, str(file))
    return Registry(own["zhida.key"], frame, own, differs, odd)


def checked_metadata(schema: pl.Schema, metadata: Mapping[str, str], dictionary: Dictionary, span: Span) -> dict[str, str]:
    """Return what a registry says of itself, if a file with these columns and these words is one.

    Raises:
        InputError: registry-not-a-registry, registry-subject-differs, registry-column-differs.
    """
    if metadata.get("zhida.key") not in schema or "zhida.subject" not in metadata:
        raise InputError([diagnostic("registry-not-a-registry", span, name=span.source.name)])
    subject = metadata["zhida.subject"]
    if subject != dictionary.subject:
        raise InputError([diagnostic("registry-subject-differs", span, name=subject, expected=dictionary.subject)])
    differences = _differences(schema, dictionary, span)
    if differences:
        raise InputError(differences)
    return {name: value for name, value in metadata.items() if name.startswith("zhida.")}


def _type_words(type_: object) -> tuple[str, str]:
    """Return what a column holds in the words of the reader, in English and in Chinese."""
    if isinstance(type_, pl.Decimal):
        digits, scale = type_.precision, type_.scale
        zh, en = (f"带 {scale} 位小数的数", f"a number with {scale} decimals") if scale else ("整数", "a whole number")
        return (en, zh) if digits == DIGITS else (f"{en} of {digits} digits", f"{zh}（共 {digits} 位）")
    if isinstance(type_, pl.List | pl.Array):
        en, zh = _type_words(type_.inner)
        return f"a list, each element {en}", f"清单，每项为{zh}"
    if isinstance(type_, pl.Struct):
        parts = [(field.name, *_type_words(field.dtype)) for field in type_.fields]
        return f"({'; '.join(f'{name}: {en}' for name, en, _ in parts)})", f"（{'；'.join(f'{name}：{zh}' for name, _, zh in parts)}）"
    return next((words for kind, words in TYPE_WORDS.items() if isinstance(type_, kind)), (str(type_), f" {type_} "))


TYPE_WORDS: dict[type[pl.DataType], tuple[str, str]] = {
    pl.String: ("text", "文字"),
    pl.Boolean: ("true or false", "是或否"),
    pl.Date: ("a date", "日期"),
    pl.Datetime: ("a date with a time of day", "带时刻的日期"),
    pl.Float32: ("a binary fraction", "二进制小数"),
    pl.Float64: ("a binary fraction", "二进制小数"),
    pl.Categorical: ("text by numbers", "编号的文字"),
    pl.Enum: ("text by numbers", "编号的文字"),
    pl.Binary: ("bytes", "字节"),
    **dict.fromkeys((pl.Int8, pl.Int16, pl.Int32, pl.Int64), ("a binary whole number", "二进制整数")),
    **dict.fromkeys((pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64), ("a binary whole number", "二进制整数")),
}
"""What columns of these types hold, in English and in Chinese."""


def _differences(schema: pl.Schema, dictionary: Dictionary, span: Span) -> list[Diagnostic]:
    """Return the columns that the dictionary does not have or has with another type."""
    found = []
    for name, type_ in schema.items():
        item = item_of(dictionary, name.removesuffix(ABSENT_SUFFIX))
        expected = None if item is None else pl.Boolean() if name.endswith(ABSENT_SUFFIX) else polars_type(item)
        if item is not None and item.statistic is not None:
            found.append(diagnostic("population-given", span, name=name))
        elif expected is None or type_ not in {expected, pl.Null()}:  # a column without a type holds nothing: unknown
            (is_en, is_zh), (en, zh) = _type_words(type_), ("", "") if expected is None else _type_words(expected)
            words = {"found": is_en, "found_zh": is_zh, "expected": f"asks for {en}" if en else "has no such column"}
            words["expected_zh"] = f"要求{zh}" if zh else "没有这一列"
            found.append(diagnostic("registry-column-differs", span, name=name, **words))
    return found + form_faults(((name, span) for name in schema), dictionary)


def dictionary_sha256(dictionary: Dictionary) -> str:
    """Return the digest of a dictionary: of its text, and of the code lists that it names."""
    codes = [(item.code_list, item.allowed_values, item.allowed_beginnings) for item in _coded(dictionary)]
    text = dictionary.source.text + (f"\n{codes}" if codes else "")
    return sha256(text.encode()).hexdigest()


def _coded(dictionary: Dictionary) -> Iterator[ItemDefinition]:
    """Yield the attributes whose values stand in code lists, those of lists' elements among them."""
    for item in dictionary.items.values():
        for each in (item, *item.components):
            if each.code_list:
                yield each
