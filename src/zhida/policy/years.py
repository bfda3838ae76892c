"""Yearly facts: the name of each year's value, in rules, in registries and in sentences.

    rule          研发费用(1)        研发费用(0..2)                          as written
    input data    研发费用 前1年      [研发费用, 研发费用 前1年, 研发费用 前2年]   before anything is compiled
    registry      研发费用@2024                                             on a day of 2026
    sentence      研发费用（2024 年）

A yearly fact (dictionary, column 历史) is told for each year. The bare name is the value of the reporting year: the
calendar year before `as_of`. Each other year is input data of its own, so that nothing else has to know of years.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast

from zhida.dmn.model import InputData, ItemDefinition
from zhida.errors import Diagnostic, Language, diagnostic
from zhida.feel.names import NameSet, read_part, skip_space
from zhida.feel.tokens import STRING
from zhida.source import Snippet, Source, Span
from zhida.values.temporal import Date

Thing = TypeVar("Thing")

MAX_OFFSET = 30
"""How many years before the reporting year may be asked for."""

OFFSET_NAME = re.compile(r"(.+) 前([1-9][0-9]*)年", re.DOTALL)
COLUMN_NAME = re.compile(r"(.+)@([0-9]{4})", re.DOTALL)
_WRITTEN = re.compile(r"\s*前([1-9][0-9]*)年(?![\w·])")
_CALL = re.compile(r"(.+?)\s*[(（]\s*([0-9]+)\s*[)）]", re.DOTALL)
_ARGUMENTS = re.compile(r"\s*([0-9]+)\s*(?:\.\.\s*([0-9]+)\s*)?\)")


def reporting_year(as_of: Date) -> int:
    """Return the year whose value the bare name of a yearly fact is.

    >>> reporting_year(Date(2026, 6, 30))
    2025
    """
    return as_of.year - 1


def offset_name(name: str, offset: int) -> str:
    """Return the name in FEEL of a yearly fact so many years before the reporting year.

    >>> offset_name("研发费用", 1), offset_name("研发费用", 0)
    ('研发费用 前1年', '研发费用')
    """
    return f"{name} 前{offset}年" if offset else name


def parse_offset(name: str) -> tuple[str, int]:
    """Return the yearly fact that a name in FEEL is of, and how many years before the reporting year; 0 for a bare name.

    >>> parse_offset("研发费用 前1年"), parse_offset("研发费用")
    (('研发费用', 1), ('研发费用', 0))
    """
    found = OFFSET_NAME.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, 0)


def column_name(name: str, as_of: Date) -> str:
    """Return the column of a registry that holds what a name in FEEL means on a day.

    >>> column_name("研发费用 前1年", Date(2026, 6, 30)), column_name("研发费用", Date(2026, 6, 30))
    ('研发费用@2024', '研发费用@2025')
    """
    base, offset = parse_offset(name)
    return f"{base}@{reporting_year(as_of) - offset}"


def parse_column(name: str) -> tuple[str, int | None]:
    """Return the yearly fact and the year that a column is of; of any other column its name, and no year.

    >>> parse_column("研发费用@2024"), parse_column("研发费用")
    (('研发费用', 2024), ('研发费用', None))
    """
    found = COLUMN_NAME.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


def machine_name(name: str, as_of: Date) -> str:
    """Return what machines are told for a name in FEEL: that of the column for an earlier year, else the name itself.

    >>> machine_name("研发费用 前1年", Date(2026, 6, 30)), machine_name("从业人员", Date(2026, 6, 30))
    ('研发费用@2024', '从业人员')
    """
    return column_name(name, as_of) if parse_offset(name)[1] else name


def input_name(name: str, as_of: Date) -> str | None:
    """Return the name in FEEL of a fact that is given as `X`, `X(1)` or `X@2024`; None where that year has none on this day.

    >>> input_name("研发费用@2024", Date(2026, 6, 30)), input_name("研发费用(1)", Date(2026, 6, 30)), input_name("工龄", Date(2026, 6, 30))
    ('研发费用 前1年', '研发费用 前1年', '工龄')
    """
    base, offset = parse_given(name)
    if isinstance(offset, Year):
        offset = reporting_year(as_of) - offset.year
    return offset_name(base, offset) if offset >= 0 else None


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year, as against a number of years before the reporting year."""

    year: int
    """The year."""


def parse_given(name: str) -> tuple[str, int | Year]:
    """Return the fact that is given as `X`, `X(1)` or `X@2024`, and which year of it."""
    if found := COLUMN_NAME.fullmatch(name):
        return found[1], Year(int(found[2]))
    if found := _CALL.fullmatch(name):
        return found[1], int(found[2])
    return parse_offset(name)


def spoken_name(name: str, as_of: Date, language: Language, *, is_yearly: bool = False) -> str:
    """Return what people are told for a name in FEEL: the fact and, where it is of an earlier year, the year.

    Args:
        name: The name.
        as_of: The date of the business fact.
        language: In which language.
        is_yearly: Whether a bare name is to be told with its year too.

    >>> spoken_name("研发费用 前1年", Date(2026, 6, 30), "zh"), spoken_name("研发费用 前1年", Date(2026, 6, 30), "en")
    ('研发费用（2024 年）', '研发费用 (2024)')
    """
    base, offset = parse_offset(name)
    if not offset and not is_yearly:
        return name
    year = reporting_year(as_of) - offset
    return f"{base}（{year} 年）" if language == "zh" else f"{base} ({year})"


# --- rules ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Years:
    """Writes out the years that the rules of one policy ask for."""

    items: Mapping[str, ItemDefinition]
    """The attributes of its subject, by name."""
    names: Iterable[str]
    """Every other name in its scope."""
    used: dict[str, InputData] = field(default_factory=dict)
    """Input data for the earlier years that are asked for, by name."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """What is wrong: feel-not-yearly, feel-year."""
    _known: NameSet = field(default_factory=NameSet)

    def __post_init__(self) -> None:
        """Index the names once."""
        self._known = NameSet([*self.names, *self.items])

    def spread(self, thing: Thing) -> Thing:
        """Return an element of a model with the years written out in every expression; the same one where there are none."""
        if not self.items:
            return thing
        return cast("Thing", self._walk(thing))

    def _walk(self, value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
        if isinstance(value, Snippet):
            return self.written_out(value)
        if isinstance(value, tuple):
            items = tuple([self._walk(item) for item in value])
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        if not is_dataclass(value) or isinstance(value, Span | Source):
            return value
        changed = {}
        for name in _field_names(type(value)):  # type: ignore[arg-type]  # a class can be hashed, whatever its __hash__ takes
            old = getattr(value, name)
            if isinstance(old, str | int):
                continue
            new = self._walk(old)
            if new is not old:
                changed[name] = new
        return replace(cast("Any", value), **changed) if changed else value

    def written_out(self, text: Snippet) -> Snippet:
        """Return an expression in which `X(1)` is the name of that year's input data, and `X(0..2)` the list of such names."""
        feel, position, end = text.text, 0, 0
        if "(" not in feel and "前" not in feel:  # no year can be asked for
            return text
        pieces: list[str] = []
        replaced: list[tuple[int, int, int]] = []
        length = 0
        while position < len(feel):
            start = position
            position, years = self._next(text, position)
            if years is not None:
                pieces += [feel[end:start], years]
                begin = length + start - end
                length = begin + len(years)
                replaced.append((begin, length, position - start))
                end = position
        if not replaced:
            return text
        return replace(text, text="".join([*pieces, feel[end:]]), replaced=tuple(replaced))

    def _next(self, text: Snippet, position: int) -> tuple[int, str | None]:
        """Return the place behind what stands at a position, and what is to stand there instead, if anything."""
        feel = text.text
        behind = skip_space(feel, position)
        if behind > position:
            return behind, None
        if found := STRING.match(feel, position):
            return found.end(), None
        match = self._known.match(feel, position)
        if match is None:
            return position + max(len(read_part(feel, position)), 1), None
        name, end, _ = match
        item = self.items.get(name)
        is_entry = feel[:position].rstrip().endswith(".") and not feel[:position].rstrip().endswith("..")
        if item is None or is_entry:
            return end, None
        if item.is_yearly and (written := _WRITTEN.match(feel, end)):
            return written.end(), self._name(item, int(written[1]), text.span(position, written.end()))
        opening = skip_space(feel, end)
        if not feel.startswith("(", opening) or item.type.name == "function":
            return end, None
        arguments = _ARGUMENTS.match(feel, opening + 1)
        if not item.is_yearly:
            self.diagnostics.append(diagnostic("feel-not-yearly", text.span(position, end), name=name))
            return end, None
        behind = arguments.end() if arguments else _closing(feel, opening)
        span = text.span(position, behind)
        if arguments is None or (arguments[2] and int(arguments[2]) < int(arguments[1])):
            self.diagnostics.append(diagnostic("feel-year", span, name=name, written=feel[position:behind]))
            return behind, name
        if not arguments[2]:
            return behind, self._name(item, int(arguments[1]), span)
        offsets = range(int(arguments[1]), min(int(arguments[2]), MAX_OFFSET + 1) + 1)
        return behind, f"[{', '.join(self._name(item, offset, span) for offset in offsets)}]"

    def _name(self, item: ItemDefinition, offset: int, span: Span) -> str:
        """Return the name of the input data of one year, which is used from now on."""
        if offset > MAX_OFFSET:
            self.diagnostics.append(diagnostic("feel-year", span, name=item.name, written=span.text, most=MAX_OFFSET))
            return item.name
        name = offset_name(item.name, offset)
        if offset:
            self.used[name] = InputData(name, replace(item, name=name))
        return name


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a class of elements."""
    return tuple(each.name for each in fields(kind))


def _closing(feel: str, opening: int) -> int:
    """Return the place behind the bracket that closes the one at `opening`, or behind the text."""
    depth = 0
    for place in range(opening, len(feel)):
        depth += (feel[place] == "(") - (feel[place] == ")")
        if depth == 0:
            return place + 1
    return len(feel)


def called(text: str, names: Iterable[str]) -> str:
    """Return an expression in which the names of years are written as in a policy: `X(1)` for `X 前1年`.

    >>> called("sum([研发费用, 研发费用 前1年])", ["研发费用"])
    'sum([研发费用, 研发费用(1)])'
    """
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<![\w·]){re.escape(name)}\s+前([1-9][0-9]*)年(?![\w·])", rf"{name}(\1)", text)
    return text
