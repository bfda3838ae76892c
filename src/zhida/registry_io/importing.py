"""Importing: a mapping and its files become a registry frame, a quality report and the rows that were set aside.

    check mapping ─> match paths ─> read tables ─> sort by key ─> convert cells ─> choose subjects ─> join ─> report

Mistakes of a stage are collected over all files and raised together; until `writing` writes, nothing is written.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, count
from pathlib import Path

from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import ABSENT_SUFFIX, attribute_of, in_order, item_of, year_of
from zhida.registry_io.engine import engine_version
from zhida.registry_io.facts import FileFacts, check_constants, read_facts
from zhida.registry_io.joining import Subjects, choose_subjects, join_facts, set_aside_frame
from zhida.registry_io.keys import KeyedRows, key_rows
from zhida.registry_io.lists import ListFacts, list_columns, read_list
from zhida.registry_io.mapping import SUPPORTED_TYPES, ColumnName, FileMapping, Mapping, check_mapping, elements_of, factor_of
from zhida.registry_io.quality import AttributeQuality, FileQuality, Finding, QualityReport
from zhida.registry_io.registry import dictionary_sha256
from zhida.registry_io.tables import Frame, SourceTable, read_table
from zhida.source import Span

Progress = Callable[[str, int, int], None]
"""Called with a stage (`read`, `convert`, `join`), how much of it is done, and how much there is."""

SYNTHETIC_COLUMN = "数据性质"
"""A file in which this column holds the mark below is invented, and so is what is made of it."""
SYNTHETIC_MARK = "合成数据"

MAX_REFUSALS = 20
"""Refused cells that are shown."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import made."""

    frame: Frame
    """The registry: the key (string), then one column for each attribute that a file gives (see `read_facts`)."""
    quality: QualityReport
    """What was met on the way."""
    set_aside: Frame
    """Rows that are not in the registry: 文件, 行, 代码, 原因, reason, 内容 (the row as CSV); all text but 行."""
    metadata: dict[str, str]
    """Where the registry comes from: subject, key, digests of mapping, dictionary and files, engine version, synthetic or not."""


def import_registry(
    mapping: Mapping, paths: Sequence[Path | str], dictionary: Dictionary, *, progress: Progress | None = None
) -> ImportResult:
    """Read files by a mapping into one row for each subject.

    Args:
        mapping: How the files are read.
        paths: The files, matched to the mapping's by their base names, or in order where it names no pattern.
        dictionary: The attributes of the subject.
        progress: Told how far the import is.

    Raises:
        InputError: every mistake of a stage at once; codes `registry-…` and `file-…`. Nothing was written.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    all_tables = _checked_tables(mapping, [Path(path) for path in paths], dictionary, tell)
    tables = all_tables[: len(mapping.files)]
    keyed = [key_rows(table, file, mapping.key_check) for table, file in zip(tables, mapping.files, strict=True)]
    facts = _convert(mapping, tables, keyed, dictionary, tell)
    tell("join", 0, 1)
    subjects = choose_subjects(mapping, tables, keyed)
    joined = join_facts(mapping.key_attribute, subjects.keys, tables, keyed, facts)
    lists = _read_lists(mapping, all_tables[len(tables) :], subjects, dictionary, tell)
    frame = joined.frame.with_columns(list_columns(lists, subjects.keys, dictionary))
    tell("join", 1, 1)
    files = tuple(_file_quality(number, tables, keyed, subjects) for number in range(len(tables)))
    files += tuple(each.quality(is_synthetic=_is_synthetic(each.table)) for each in lists)
    findings = _ordered(
        mapping,
        all_tables,
        dictionary,
        chain(
            joined.findings,
            *(rows.findings for rows in keyed),
            *(file.findings for file in facts),
            *subjects.findings,
            *(each.findings for each in lists),
        ),
    )
    quality = QualityReport(
        mapping.subject,
        len(subjects.keys),
        any(file.is_synthetic for file in files),
        files,
        _attribute_quality(mapping, dictionary, frame, [*facts, *map(_counted, lists)]),
        findings,
        len(subjects.withheld),
    )
    aside = set_aside_frame(tables, keyed, subjects, [(each.table, each.set_aside) for each in lists])
    return ImportResult(frame, quality, aside, _metadata(mapping, dictionary, quality))


def _read_lists(
    mapping: Mapping, tables: Sequence[SourceTable], subjects: Subjects, dictionary: Dictionary, tell: Progress
) -> list[ListFacts]:
    """Read the files that hold elements of lists."""
    ticks = count(1)
    total = sum(len(each.file.columns) for each in mapping.lists)
    found = [
        read_list(
            table,
            each,
            dictionary.items[each.attribute],
            subjects=subjects.keys,
            withheld=subjects.withheld,
            base=mapping.files[0].name,
            key_check=mapping.key_check,
            tick=lambda: tell("lists", next(ticks), total),
        )
        for each, table in zip(mapping.lists, tables, strict=True)
    ]
    _refuse([refusal for each in found for refusal in each.refusals])
    return found


def _counted(facts: ListFacts) -> FileFacts:
    """Return what a file counted of a list, as files of facts count theirs."""
    return FileFacts(facts.table.name, Frame(), (), {facts.attribute: facts.counts}, {}, ())


def _raise(diagnostics: Sequence[Diagnostic]) -> None:
    if diagnostics:
        raise InputError(diagnostics)


def _check(mapping: Mapping, dictionary: Dictionary) -> list[Diagnostic]:
    found = list(check_mapping(mapping, dictionary))
    for file in mapping.files:
        for column in file.columns:
            item = item_of(dictionary, column.attribute)
            if item is not None and item.type in SUPPORTED_TYPES and factor_of(column) is not None:
                found += check_constants(column, item)
    for each in mapping.lists:
        elements = elements_of(dictionary.items[each.attribute]) if each.attribute in dictionary.items else {}
        for column in each.file.columns:
            if column.attribute in elements and factor_of(column) is not None:
                found += check_constants(column, elements[column.attribute])
    return sorted(found, key=lambda item: item.span.start if item.span else 0)


def match_paths(mapping: Mapping, paths: Sequence[Path]) -> list[Path]:
    """Return the path of each of the mapping's files.

    Raises:
        InputError: registry-file-lacking, registry-file-unexpected, registry-file-ambiguous.
    """
    patterns = "、".join(file.path or f"（{file.name}）" for file in mapping.all_files)
    found: dict[str, Path] = {}
    diagnostics: list[Diagnostic] = []
    left: list[Path] = []
    for path in paths:
        fitting = [file for file in mapping.all_files if file.path and fnmatchcase(path.name, file.path)]
        if not fitting:
            left.append(path)
        elif len(fitting) > 1 or fitting[0].name in found:
            other = found.get(fitting[0].name, path)
            diagnostics.append(diagnostic("registry-file-ambiguous", fitting[0].span, path=path, other=other, name=fitting[0].name))
        else:
            found[fitting[0].name] = path
    for file in mapping.all_files:
        if not file.path and left:
            found[file.name] = left.pop(0)
        elif file.name not in found:
            diagnostics.append(diagnostic("registry-file-lacking", file.span, name=file.name, pattern=file.path or "*"))
    diagnostics += [diagnostic("registry-file-unexpected", None, path=path, patterns=patterns) for path in left]
    _raise(diagnostics)
    return [found[file.name] for file in mapping.all_files]


def _checked_tables(mapping: Mapping, paths: Sequence[Path], dictionary: Dictionary, tell: Progress) -> list[SourceTable]:
    """Read all files; mistakes of the mapping are told together with the columns that the files lack."""
    diagnostics = _check(mapping, dictionary)
    tables: list[SourceTable] = []
    try:
        tables, found = _read_tables(mapping, match_paths(mapping, paths), tell)
    except InputError as error:
        found = list(error.diagnostics)
    _raise([*diagnostics, *found])
    return tables


def _read_tables(mapping: Mapping, paths: Sequence[Path], tell: Progress) -> tuple[list[SourceTable], list[Diagnostic]]:
    """Read all files and see that they have the columns that the mapping names; what is wrong comes back beside them."""
    tables: list[SourceTable] = []
    diagnostics: list[Diagnostic] = []
    for number, (file, path) in enumerate(zip(mapping.all_files, paths, strict=True)):
        tell("read", number, len(paths))
        try:
            table = read_table(path, file)
        except InputError as error:
            diagnostics += error.diagnostics
            continue
        diagnostics += _check_columns(table, file)
        tables.append(table)
        if number == 0 and table.frame.is_empty():
            diagnostics.append(diagnostic("registry-file-empty", Span(table.source, 0, 0), name=table.path))
    tell("read", len(paths), len(paths))
    return tables, diagnostics


def _check_columns(table: SourceTable, file: FileMapping) -> list[Diagnostic]:
    """Complain of columns that the file does not have, or has twice."""
    names = table.frame.columns
    plain = [name.split("\x00")[0] for name in names]
    wanted: list[ColumnName] = [*file.key, *file.ignore, *(name for column in file.columns for name in column.columns)]
    found: list[Diagnostic] = []
    for column in wanted:
        if column.name not in names:
            near = nearest(column.name, plain)
            words = {"name": column.name, "file": table.base_name, "near": near, "columns": "、".join(plain[:30])}
            found.append(diagnostic("registry-missing-column", column.span, **words))
        elif plain.count(column.name) > 1:
            found.append(diagnostic("registry-duplicate-column", column.span, name=column.name, file=table.base_name))
    return found


def _convert(
    mapping: Mapping, tables: Sequence[SourceTable], keyed: Sequence[KeyedRows], dictionary: Dictionary, tell: Progress
) -> list[FileFacts]:
    total = sum(len(file.columns) for file in mapping.files)
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        tell("convert", done, total)

    tell("convert", 0, total)
    facts = [read_facts(table, rows, file, dictionary, tick) for table, rows, file in zip(tables, keyed, mapping.files, strict=True)]
    _refuse([refusal for file in facts for refusal in file.refusals])
    return facts


def _refuse(refusals: list[Diagnostic]) -> None:
    """Stop the import where cells were refused, of which some are shown."""
    if len(refusals) > MAX_REFUSALS:
        refusals = [*refusals[:MAX_REFUSALS], diagnostic("registry-more-refused", None, count=len(refusals) - MAX_REFUSALS)]
    _raise(refusals)


def _is_synthetic(table: SourceTable) -> bool:
    """Say whether a file says of itself that it is invented."""
    marks = table.frame[SYNTHETIC_COLUMN].to_list() if SYNTHETIC_COLUMN in table.frame.columns else []
    return any(SYNTHETIC_MARK in mark for mark in marks)


def _file_quality(number: int, tables: Sequence[SourceTable], keyed: Sequence[KeyedRows], subjects: Subjects) -> FileQuality:
    table, rows = tables[number], keyed[number]
    codes = Counter(finding.code for finding in rows.findings)
    aside = len(rows.set_aside) + len(subjects.set_aside[number])
    return FileQuality(
        name=table.name,
        file=table.base_name,
        sha256=table.sha256,
        rows_read=table.frame.height,
        rows_used=table.frame.height - aside - rows.exact_rows,
        rows_set_aside=aside,
        exact_duplicate_keys=rows.exact_keys,
        exact_duplicate_rows=rows.exact_rows,
        conflicting_keys=len(rows.conflicting),
        conflicting_rows=codes["registry-duplicate-conflict"],
        empty_keys=codes["registry-empty-key"],
        bad_codes=codes["registry-bad-code"],
        not_in_base=subjects.not_in_base[number],
        left_out=subjects.left_out[number],
        is_synthetic=_is_synthetic(table),
    )


def _attribute_quality(mapping: Mapping, dictionary: Dictionary, frame: Frame, facts: Sequence[FileFacts]) -> tuple[AttributeQuality, ...]:
    found = []
    by_year = {name for file in facts for name in file.counts if name not in dictionary.items}
    years = {attribute_of(name) for name in by_year}
    for name in in_order(dictionary, [*(name for name in dictionary.items if name not in years), *by_year]):
        if name == mapping.key_attribute or name in dictionary.statistics:
            continue
        absent = int(frame[name + ABSENT_SUFFIX].sum()) if name + ABSENT_SUFFIX in frame.columns else 0
        unknown = frame[name].null_count() - absent if name in frame.columns else frame.height
        counts: Counter[str] = sum((file.counts.get(name, Counter()) for file in facts), Counter())
        files = tuple(file.name for file in facts if name in file.counts)
        found.append(AttributeQuality(name, files, unknown, absent, dict(counts)))
    return tuple(found)


def _ordered(mapping: Mapping, tables: Sequence[SourceTable], dictionary: Dictionary, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by file, row and attribute."""
    files = {table.base_name: number for number, table in enumerate(tables)}
    names = [name for item in dictionary.items.values() for name in (item.name, *(each.name for each in elements_of(item).values()))]
    attributes = {name: number for number, name in enumerate(("", mapping.key_attribute, *names))}

    def place(found: Finding) -> tuple[int, int, int, int, str]:
        name = found.attribute
        return files[found.file], found.row, attributes[attribute_of(name)], year_of(name) or 0, found.code

    return tuple(sorted(findings, key=place))


def _metadata(mapping: Mapping, dictionary: Dictionary, quality: QualityReport) -> dict[str, str]:
    """Return what the registry file says of itself."""
    sources = [{"name": file.name, "file": file.file, "sha256": file.sha256} for file in quality.files]
    return {
        "zhida.subject": mapping.subject,
        "zhida.key": mapping.key_attribute,
        "zhida.mapping_sha256": mapping.sha256,
        "zhida.dictionary_sha256": dictionary_sha256(dictionary),
        "zhida.sources": json.dumps(sources, ensure_ascii=False, separators=(",", ":")),
        "zhida.engine_version": engine_version(),
        "zhida.synthetic": "true" if quality.is_synthetic else "false",
    }
