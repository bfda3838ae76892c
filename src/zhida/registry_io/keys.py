"""Keys of a file: which rows speak of whom, and which rows contradict each other.

    rows ──key──> no key: set aside │ one row: used │ same rows: merged │ different rows: all set aside

No row ever overwrites another: where two rows of one key differ, nobody here knows which of them is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import stdnum.cn.uscc

from zhida.errors import Diagnostic, diagnostic
from zhida.registry_io.cells import FULL_WIDTH
from zhida.registry_io.mapping import FileMapping
from zhida.registry_io.quality import Finding
from zhida.registry_io.tables import SourceTable

KEY_JOINT = ", "
"""What stands between the parts of a key that is made of several columns."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row whose facts are not in the registry."""

    row: int
    """Its position in the table."""
    key: str
    """Its key."""
    reason: Diagnostic
    """Why."""


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """The rows of a table by their key."""

    keys: tuple[str, ...]
    """Keys of the rows that are used, in the file's order."""
    rows: tuple[int, ...]
    """Positions of these rows in the table."""
    conflicting: frozenset[str]
    """Keys whose rows contradict each other."""
    set_aside: tuple[SetAside, ...]
    """Rows that are not used."""
    findings: tuple[Finding, ...]
    """Duplicates, empty keys and bad codes."""
    exact_keys: int
    """Keys with identical rows only."""
    exact_rows: int
    """Rows that were merged into an identical one."""


def key_rows(table: SourceTable, mapping: FileMapping, check: str) -> KeyedRows:
    """Sort the rows of a table by their key.

    Args:
        table: The file.
        mapping: Its key columns and the columns that do not count when rows are compared.
        check: `uscc` to check keys as unified social credit codes, `none` not to.
    """
    by_key: dict[str, list[int]] = {}
    findings: list[Finding] = []
    aside: list[SetAside] = []
    for row, key in enumerate(keys_of(table, mapping, check)):
        by_key.setdefault(key, []).append(row)
    for row in by_key.pop("", []):
        reason = diagnostic("registry-empty-key", table.span(row))
        aside.append(SetAside(row, "", reason))
        findings.append(Finding(reason, table.base_name, table.row_number(row), ""))
    compared = compared_columns(table, mapping)
    used: dict[int, str] = {}
    conflicting: set[str] = set()
    exact_keys = exact_rows = 0
    for key, rows in by_key.items():
        if check == "uscc" and not stdnum.cn.uscc.is_valid(key):
            findings.append(
                _finding(table, rows[0], key, diagnostic("registry-bad-code", table.span(rows[0], mapping.key[0].name), key=key))
            )
        differing = _differing(table, rows, compared)
        if differing:
            conflicting.add(key)
            reasons = conflict(table, rows, key, differing)
            aside += [SetAside(row, key, reason) for row, reason in zip(rows, reasons, strict=True)]
            findings += [_finding(table, row, key, reason) for row, reason in zip(rows, reasons, strict=True)]
            continue
        used[rows[0]] = key
        if len(rows) > 1:
            exact_keys += 1
            exact_rows += len(rows) - 1
            words = {"key": key, "first": table.row_number(rows[0])}
            findings += [_finding(table, row, key, diagnostic("registry-duplicate-exact", table.span(row), **words)) for row in rows[1:]]
    order = sorted(used)
    keys = tuple(used[row] for row in order)
    return KeyedRows(keys, tuple(order), frozenset(conflicting), tuple(aside), tuple(findings), exact_keys, exact_rows)


def keys_of(table: SourceTable, mapping: FileMapping, check: str) -> list[str]:
    """Return the key of each row; empty where its (first) column is empty."""
    parts = [[text.strip() for text in table.frame[column.name].to_list()] for column in mapping.key]
    keys = [KEY_JOINT.join(texts) if texts[0] else "" for texts in zip(*parts, strict=True)]
    # A code is written in capitals and narrow digits; a file that writes it otherwise means the same subject.
    return [key.translate(FULL_WIDTH).strip().upper() for key in keys] if check == "uscc" else keys


def compared_columns(table: SourceTable, mapping: FileMapping) -> list[str]:
    """Return the columns in which rows of one key may differ."""
    left_out = {column.name for column in (*mapping.ignore, *mapping.key)}
    return [name for name in table.frame.columns if name not in left_out]


def _differing(table: SourceTable, rows: Sequence[int], compared: Sequence[str]) -> list[str]:
    """Return the columns in which the rows of one key differ."""
    if len(rows) == 1:
        return []
    frame = table.frame
    return [name for name in compared if len({frame[name][row].strip() for row in rows}) > 1]


def conflict(table: SourceTable, rows: Sequence[int], key: str, differing: Sequence[str]) -> list[Diagnostic]:
    """Return for each row of a key why it is set aside; the caret stands under the first cell that differs."""
    numbers = [str(table.row_number(row)) for row in rows]
    columns = [name.split("\x00")[0] or "''" for name in differing]
    words = {
        "key": key,
        "rows": ", ".join(numbers),
        "rows_zh": "、".join(numbers),
        "columns": ", ".join(columns),
        "columns_zh": "、".join(columns),
    }
    return [diagnostic("registry-duplicate-conflict", table.span(row, differing[0]), **words) for row in rows]


def _finding(table: SourceTable, row: int, key: str, reason: Diagnostic) -> Finding:
    return Finding(reason, table.base_name, table.row_number(row), key)
