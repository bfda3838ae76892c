"""Joining files: the subjects of a registry, and one row of facts for each.

The first file is the base. Where two files give one attribute, the first that knows it holds, later ones fill in what is
unknown, and every disagreement is a finding. A subject whose rows in the base contradict each other is not in the registry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from zhida.errors import Diagnostic, diagnostic
from zhida.registry_io.attributes import ABSENT_SUFFIX
from zhida.registry_io.facts import FileFacts
from zhida.registry_io.keys import KeyedRows, SetAside
from zhida.registry_io.mapping import Mapping
from zhida.registry_io.quality import Finding
from zhida.registry_io.tables import SourceTable
from zhida.source import Span


@dataclass(slots=True)
class Subjects:
    """Who is in the registry."""

    keys: list[str]
    """Their keys, in code point order."""
    set_aside: list[list[SetAside]]
    """By file: rows that speak of nobody in the registry."""
    findings: list[list[Finding]]
    """By file: the same as findings, with the subjects that an `inner` file left out."""
    not_in_base: list[int]
    """By file: rows without a subject."""
    left_out: list[int]
    """By file: subjects that it left out."""
    withheld: set[str]
    """Keys of those who are not in the registry, because their rows contradict each other or a file leaves them out."""


def choose_subjects(mapping: Mapping, tables: Sequence[SourceTable], keyed: Sequence[KeyedRows]) -> Subjects:
    """Decide who is in the registry, file by file."""
    subjects = set(keyed[0].keys)
    withheld = set(keyed[0].conflicting)
    rows_of = [dict(zip(rows.keys, rows.rows, strict=True)) for rows in keyed]
    chosen = Subjects([], [[] for _ in tables], [[] for _ in tables], [0] * len(tables), [0] * len(tables), set())
    for number, (file, table) in enumerate(zip(mapping.files, tables, strict=True)):
        if number == 0:
            continue
        for key, row in rows_of[number].items():
            if key in subjects:
                continue
            if key not in withheld and file.join == "outer":
                subjects.add(key)
                continue
            code = "registry-subject-set-aside" if key in withheld else "registry-not-in-base"
            reason = diagnostic(code, table.span(row), key=key, base=mapping.files[0].name)
            _set_aside(chosen, number, table, SetAside(row, key, reason))
            chosen.not_in_base[number] += 1
        # A subject whose rows here contradict each other is not lacking: it keeps what other files say of it.
        lacking = sorted(subjects - set(rows_of[number]) - keyed[number].conflicting) if file.join == "inner" else []
        for key in lacking:
            subjects.discard(key)
            withheld.add(key)
            for earlier in range(number):
                if key in rows_of[earlier]:
                    place = rows_of[earlier][key]
                    reason = diagnostic("registry-left-out", tables[earlier].span(place), key=key, file=file.name)
                    _set_aside(chosen, earlier, tables[earlier], SetAside(place, key, reason))
        chosen.left_out[number] = len(lacking)
    apart = (rows.conflicting for rows, file in zip(keyed[1:], mapping.files[1:], strict=True) if file.join == "outer")
    chosen.withheld = withheld.union(*apart) - subjects
    chosen.keys = sorted(subjects)
    return chosen


def _set_aside(chosen: Subjects, number: int, table: SourceTable, item: SetAside) -> None:
    chosen.set_aside[number].append(item)
    chosen.findings[number].append(Finding(item.reason, table.base_name, table.row_number(item.row), item.key))


def set_aside_frame(
    tables: Sequence[SourceTable],
    keyed: Sequence[KeyedRows],
    subjects: Subjects,
    lists: Sequence[tuple[SourceTable, Sequence[SetAside]]] = (),
) -> pl.DataFrame:
    """Return the rows that are not in the registry: 文件, 行, 代码, 原因, reason, 内容 (the row as CSV); all text but 行."""
    rows: list[tuple[SourceTable, SetAside]] = []
    for table, own, others in zip(tables, keyed, subjects.set_aside, strict=True):
        rows += [(table, item) for item in sorted((*own.set_aside, *others), key=lambda item: item.row)]
    rows += [(table, item) for table, items in lists for item in sorted(items, key=lambda item: item.row)]
    return pl.DataFrame(
        [
            pl.Series("文件", [table.base_name for table, _ in rows], dtype=pl.String),
            pl.Series("行", [table.row_number(item.row) for table, item in rows], dtype=pl.Int64),
            pl.Series("代码", [item.key for _, item in rows], dtype=pl.String),
            pl.Series("原因", [item.reason.message("zh") for _, item in rows], dtype=pl.String),
            pl.Series("reason", [item.reason.message("en") for _, item in rows], dtype=pl.String),
            pl.Series("内容", [table.record(item.row) for table, item in rows], dtype=pl.String),
        ]
    )


@dataclass(frozen=True, slots=True)
class Joined:
    """The facts of all files side by side."""

    frame: pl.DataFrame
    """The key, then the attributes with their companions; one row for each subject, sorted by key."""
    findings: tuple[Finding, ...]
    """Where files disagree."""


def join_facts(
    key_attribute: str, subjects: Sequence[str], tables: Sequence[SourceTable], keyed: Sequence[KeyedRows], facts: Sequence[FileFacts]
) -> Joined:
    """Put the facts of all files beside each other, one row for each subject."""
    columns: dict[str, pl.Series] = {}
    origins: dict[str, int] = {}
    findings: list[Finding] = []
    places = [{key: place for place, key in enumerate(rows.keys)} for rows in keyed]
    for number, file in enumerate(facts):
        at = pl.Series([places[number].get(key) for key in subjects], dtype=pl.UInt32)
        aligned = {name: file.frame[name].gather(at) for name in file.frame.columns}
        for name in [name for name in aligned if not name.endswith(ABSENT_SUFFIX)]:
            if name not in columns:
                origins[name] = number
                columns |= {part: aligned[part] for part in (name, name + ABSENT_SUFFIX) if part in aligned}
                continue
            for row in _fill_in(columns, aligned, name):
                place = keyed[number].rows[places[number][subjects[row]]]
                held = (facts[origins[name]].name, columns[name][row])
                found = _disagreement(name, subjects[row], held, aligned[name][row], tables[number].span(place, file.columns.get(name)))
                line = tables[number].row_number(place)
                findings.append(Finding(found, tables[number].base_name, line, subjects[row], name, found.arguments["other"]))
    ordered = [name for name in columns if not name.endswith(ABSENT_SUFFIX)]
    series = [pl.Series(key_attribute, list(subjects), dtype=pl.String)]
    for name in ordered:
        series.append(columns[name])
        if name + ABSENT_SUFFIX in columns:
            series.append(columns[name + ABSENT_SUFFIX].fill_null(value=False))
    return Joined(pl.DataFrame(series), tuple(findings))


def _fill_in(columns: dict[str, pl.Series], more: dict[str, pl.Series], name: str) -> list[int]:
    """Fill what is unknown in a column from a later file; return the rows in which both know and disagree."""
    height = len(more[name])
    nobody = pl.Series([False] * height, dtype=pl.Boolean)
    values, absent = columns[name].to_list(), columns.get(name + ABSENT_SUFFIX, nobody).fill_null(value=False).to_list()
    new_values, new_absent = more[name].to_list(), more.get(name + ABSENT_SUFFIX, nobody).fill_null(value=False).to_list()
    clashes = []
    for row in range(height):
        is_known, is_told = values[row] is not None or absent[row], new_values[row] is not None or new_absent[row]
        if is_known and is_told and (values[row], absent[row]) != (new_values[row], new_absent[row]):
            clashes.append(row)
        elif is_told and not is_known:
            values[row], absent[row] = new_values[row], new_absent[row]
    columns[name] = pl.Series(name, values, dtype=columns[name].dtype)
    if name + ABSENT_SUFFIX in columns or name + ABSENT_SUFFIX in more:
        columns[name + ABSENT_SUFFIX] = pl.Series(name + ABSENT_SUFFIX, absent, dtype=pl.Boolean)
    return clashes


def _disagreement(name: str, key: str, held: tuple[str, object], other: object, span: Span | None) -> Diagnostic:
    words = {"name": name, "key": key, "file": held[0], "held": _shown(held[1]), "other": _shown(other)}
    return diagnostic("registry-files-disagree", span, **words)


def _shown(value: object) -> str:
    if value is None:
        return "（没有 absent）"
    return "、".join(map(str, value)) if isinstance(value, pl.Series) else str(value)
