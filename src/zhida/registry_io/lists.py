"""Lists: the elements that a file of their own gives, a row for each, gathered by subject.

    rows ──key──> no key, nobody in the registry: set aside
         ──same row──> merged        ──same `unique`, another row──> all set aside, the list unknown
         ──cells──> elements ──by key, sorted──> a list for each subject; empty where the file names none

An entry of an element that could not be read, or that no column gives, is unknown; the list is known all the same.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import ABSENT_SUFFIX
from zhida.registry_io.facts import ColumnReader, element_columns, polars_type
from zhida.registry_io.keys import KeyedRows, SetAside, compared_columns, conflict, keys_of
from zhida.registry_io.mapping import ListMapping, elements_of
from zhida.registry_io.quality import FileQuality, Finding
from zhida.registry_io.tables import SourceTable

KEY = "\0key"
"""The column of keys among those of elements; no attribute has this name."""


@dataclass(slots=True)
class ListFacts:
    """What one file says of the elements of a list."""

    attribute: str
    """The list."""
    table: SourceTable
    """The file."""
    elements: pl.DataFrame
    """One row for each element: `KEY`, then the columns of `element_columns`."""
    lost: frozenset[str]
    """Keys whose rows contradict each other."""
    set_aside: list[SetAside]
    """Rows that are not used."""
    findings: list[Finding]
    """What was odd."""
    counts: Counter[str]
    """Cells by what was odd about them."""
    refusals: list[Diagnostic]
    """Cells that stop the import because the mapping says so."""
    merged: Counter[str]
    """Rows that were merged into an identical one, by key."""

    def quality(self, *, is_synthetic: bool) -> FileQuality:
        """Return the counts of the file."""
        codes = Counter(finding.code for finding in self.findings)
        merged = sum(self.merged.values())
        return FileQuality(
            name=self.table.name,
            file=self.table.base_name,
            sha256=self.table.sha256,
            rows_read=self.table.frame.height,
            rows_used=self.table.frame.height - len(self.set_aside) - merged,
            rows_set_aside=len(self.set_aside),
            exact_duplicate_keys=len(self.merged),
            exact_duplicate_rows=merged,
            conflicting_keys=len(self.lost),
            conflicting_rows=codes["registry-duplicate-conflict"],
            empty_keys=codes["registry-empty-key"],
            bad_codes=0,
            not_in_base=codes["registry-not-in-base"] + codes["registry-subject-set-aside"],
            left_out=0,
            is_synthetic=is_synthetic,
        )


@dataclass(slots=True)
class _Rows:
    """The rows of a file, sorted out."""

    table: SourceTable
    used: dict[int, str] = field(default_factory=dict)
    """Key of each row that is used."""
    lost: set[str] = field(default_factory=set)
    set_aside: list[SetAside] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    merged: Counter[str] = field(default_factory=Counter)

    def put_aside(self, row: int, key: str, reason: Diagnostic) -> None:
        """Set a row aside."""
        self.set_aside.append(SetAside(row, key, reason))
        self.tell(row, key, reason)

    def tell(self, row: int, key: str, reason: Diagnostic) -> None:
        """Tell of a row."""
        self.findings.append(Finding(reason, self.table.base_name, self.table.row_number(row), key))


def read_list(  # noqa: PLR0913 - each says one thing about the rows
    table: SourceTable,
    mapping: ListMapping,
    item: ItemDefinition,
    *,
    subjects: Sequence[str],
    withheld: set[str],
    base: str,
    key_check: str,
    tick: Callable[[], None],
) -> ListFacts:
    """Read the elements of a list.

    Args:
        table: The file as text.
        mapping: How it is read; checked against the dictionary.
        item: The list.
        subjects: Keys of those who are in the registry.
        withheld: Keys of those who were set aside.
        base: What reports call the file that says who is in the registry.
        key_check: See `key_rows`.
        tick: Called after each column.
    """
    rows = _sorted_out(table, mapping, frozenset(subjects), withheld, base, key_check)
    used = sorted(rows.used)
    keyed = KeyedRows(tuple(rows.used[row] for row in used), tuple(used), frozenset(), (), (), 0, 0)
    types, elements = element_columns(item), elements_of(item)
    columns = {name: pl.Series(name, [None] * len(used), dtype=type_) for name, type_ in types.items()}
    refusals: list[Diagnostic] = []
    counts: Counter[str] = Counter()
    for column in mapping.file.columns:
        element = elements[column.attribute]
        reader = ColumnReader(table, keyed, column, element, mapping.file.unknown)
        for series in reader.series():
            name = column.attribute + (ABSENT_SUFFIX if series.name.endswith(ABSENT_SUFFIX) else "")
            columns[name] = series.alias(name)
        for finding in reader.findings():
            if finding.code == "registry-value-refused":
                refusals.append(finding.diagnostic)
            else:
                rows.findings.append(finding)
        counts += reader.counts
        tick()
    frame = pl.DataFrame([pl.Series(KEY, keyed.keys, dtype=pl.String), *columns.values()])
    frozen = frozenset(rows.lost)
    return ListFacts(mapping.attribute, table, frame, frozen, rows.set_aside, rows.findings, counts, refusals, rows.merged)


def _sorted_out(  # noqa: PLR0913, PLR0917 - as above
    table: SourceTable, mapping: ListMapping, subjects: frozenset[str], withheld: set[str], base: str, key_check: str
) -> _Rows:
    """Sort the rows of a file by whose they are and which are the same."""
    rows = _Rows(table)
    texts = [[text.strip() for text in table.frame[name].to_list()] for name in compared_columns(table, mapping.file)]
    names = {name.name for name in mapping.unique}
    unique = [name.name for column in mapping.file.columns if column.attribute in names for name in column.columns]
    parts = [[text.strip() for text in table.frame[name].to_list()] for name in unique]
    first: dict[tuple[str, ...], int] = {}
    alike: dict[tuple[str, ...], list[int]] = {}
    for row, key in enumerate(keys_of(table, mapping.file, key_check)):
        whole = (key, *(column[row] for column in texts))
        if not key:
            rows.put_aside(row, "", diagnostic("registry-empty-key", table.span(row)))
        elif key not in subjects:
            code = "registry-subject-set-aside" if key in withheld else "registry-not-in-base"
            rows.put_aside(row, key, diagnostic(code, table.span(row), key=key, base=base))
        elif whole in first:
            words = {"key": key, "first": table.row_number(first[whole])}
            rows.merged[key] += 1
            rows.tell(row, key, diagnostic("registry-duplicate-exact", table.span(row), **words))
        else:
            first[whole] = row
            rows.used[row] = key
            if unique and all(column[row] for column in parts):  # what is not told of two cannot be the same
                alike.setdefault((key, *(column[row] for column in parts)), []).append(row)
    compared = compared_columns(table, mapping.file)
    for (key, *_), same in alike.items():
        if len(same) > 1:
            differing = [name for name, column in zip(compared, texts, strict=True) if len({column[row] for row in same}) > 1]
            for row, reason in zip(same, conflict(table, same, key, differing), strict=True):
                rows.put_aside(row, key, reason)
                del rows.used[row]
            rows.lost.add(key)
    return rows


def list_columns(facts: Sequence[ListFacts], keys: Sequence[str], dictionary: Dictionary) -> list[pl.Series]:
    """Return the column of each list that any file gives."""
    names = dict.fromkeys(each.attribute for each in facts)
    return [list_column([each for each in facts if each.attribute == name], dictionary.items[name], keys) for name in names]


def list_column(facts: Sequence[ListFacts], item: ItemDefinition, keys: Sequence[str]) -> pl.Series:
    """Return a list for each subject: its elements from all files, sorted; null where the rows of one contradict each other.

    Args:
        facts: What the files of the list say; at least one.
        item: The list.
        keys: The subjects.
    """
    names = list(element_columns(item))
    elements = pl.concat([each.elements for each in facts]).sort(KEY, *names, nulls_last=True)
    by_key = elements.group_by(KEY, maintain_order=True).agg(pl.struct(names).alias(item.name))
    type_ = polars_type(item)
    lost = frozenset().union(*(each.lost for each in facts))
    nothing = pl.lit(pl.Series([[]], dtype=type_)).first()
    joined = pl.DataFrame({KEY: pl.Series(list(keys), dtype=pl.String)}).join(by_key, on=KEY, how="left", maintain_order="left")
    is_lost = pl.Series([key in lost for key in keys], dtype=pl.Boolean)
    column = joined.select(pl.when(is_lost).then(None).otherwise(pl.coalesce(item.name, nothing)).alias(item.name)).to_series()
    return column.cast(type_)
