"""Rows: examples as Markdown, and their way into the file of a policy.

    Row ──markdown──> tables ──with_tables──> the text of the file, otherwise byte for byte as it was

A row whose expectation nobody has filled in carries `待填` in its place: `zhida check` refuses that, so that no row can be
pasted without somebody having said what is right. Where expectations are filled in they are what the interpreter computes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhida.errors import Language
from zhida.policy.document import Heading, PolicyDocument, Table
from zhida.policy.pack import Policy
from zhida.policy.tangle import AS_OF_COLUMN, EXAMPLE_WORDS, OUTCOME_COLUMN
from zhida.policy.years import parse_offset
from zhida.values.function import Function
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown, find_unknown

Value = Any

OPEN = "待填"
"""What stands in the place of an expectation that is still to be said."""

SECTION = "例"
"""The heading under which examples stand."""

PURPOSE = {"zh": "说明", "en": "Note"}
"""The header of the annotation that says what a row is for."""

PREFACE: Mapping[Language, str] = {
    "zh": "以下各例由 `zhida examples --accept` 补写：期望是 zhida 当时算出的值，请对照原文逐行核对。",
    "en": "These examples were filled in by `zhida examples --accept`: they expect what zhida computed; read each against the document.",
}
"""What stands above the rows that were accepted."""

ID = re.compile(r"p([1-9][0-9]*)")
"""The ids of proposed rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """An example that a policy ought to have."""

    decision_id: str
    """The decision whose value it expects; that of `applies`, or none at all, where it expects the outcome."""
    as_of: Date
    """The day."""
    facts: Mapping[str, Value]
    """What is given, by the names in FEEL."""
    expected: Mapping[str, str]
    """What comes out today, by the headers of expectations, as it is written in a cell."""
    purposes: tuple[tuple[str, str], ...]
    """What it is there to show, in Chinese and English; the first is why it was made."""
    is_unusual: bool = False
    """Whether some fact is outside of its usual range, because no usual subject shows it."""


def expectations(decision: str, value: Value, outputs: Sequence[str]) -> dict[str, str] | None:
    """Return what a row expects of a decision, by header; None where its value cannot be written in a cell.

    Args:
        decision: The name of the decision.
        value: Its value.
        outputs: The names of its outputs where it is a table of several; none otherwise.

    >>> expectations("单价", {"每平方米": 3, "封顶": None}, ["封顶"]), expectations("合计", "甲|乙", [])
    ({'单价.封顶': 'null'}, {'合计': '"甲|乙"'})
    """
    parts = {decision: value}
    if outputs and not isinstance(value, Unknown):
        parts = {f"{decision}.{name}": value.get(name) if isinstance(value, dict) else None for name in outputs}
    written = {name: "?" if isinstance(part, Unknown) else literal(part) for name, part in parts.items()}
    is_open = any(find_unknown(part) is not None and not isinstance(part, Unknown) for part in parts.values())
    return None if is_open or any(map(_holds_function, parts.values())) else written


def _holds_function(value: Value) -> bool:
    if isinstance(value, tuple | dict):
        return any(map(_holds_function, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Function)


def cell_of(value: Value) -> str:
    """Return a fact as it is written in a cell; what nobody told of the elements of a list is left out.

    >>> cell_of(({"种类": "发明专利", "编号": Unknown(frozenset())},)), cell_of(Unknown(frozenset(["甲"])))
    ('[{种类: "发明专利"}]', '?')
    """
    return "?" if isinstance(value, Unknown) else literal(_told(value))


def _told(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple([_told(element) for element in value])
    if isinstance(value, dict):
        return {name: _told(entry) for name, entry in value.items() if not isinstance(entry, Unknown)}
    return value


def header_of(name: str) -> str:
    """Return the header under which a fact is given: a name in FEEL, an earlier year as it is written in rules.

    >>> header_of("研发费用 前1年"), header_of("从业人员")
    ('研发费用(1)', '从业人员')
    """
    base, offset = parse_offset(name)
    return f"{base}({offset})" if offset else name


def identified(rows: Iterable[Row], policy: Policy) -> dict[str, Row]:
    """Return rows by ids that no example of the policy has: `p1`, `p2` and so on."""
    numbers = [int(found[1]) for example in policy.tangled.examples if (found := ID.fullmatch(example.id))]
    return {f"p{number}": row for number, row in enumerate(rows, max(numbers, default=0) + 1)}


def markdown(rows: Mapping[str, Row], order: Sequence[str], language: Language = "zh", *, is_filled: bool) -> str:
    """Return rows as tables of examples, one for each set of expectations, with an empty line between each two.

    Args:
        rows: Rows by id.
        order: The names of facts in the order of their columns.
        language: That of the annotation.
        is_filled: Whether expectations are filled in; else `待填` stands there.
    """
    tables: dict[tuple[str, ...], dict[str, Row]] = {}
    for id_, row in rows.items():
        tables.setdefault(tuple(row.expected), {})[id_] = row
    return "\n".join(_table(each, order, language, is_filled=is_filled) for each in tables.values())


def _table(rows: Mapping[str, Row], order: Sequence[str], language: Language, *, is_filled: bool) -> str:
    """Return one table; a fact that a row does not tell is an empty cell, which is as if it had no such column."""
    told = {name for row in rows.values() for name in row.facts}
    places = {name: place for place, name in enumerate(order)}
    facts = sorted(told, key=lambda name: (places.get(name, len(places)), name))
    expected = next(iter(rows.values())).expected
    header = [EXAMPLE_WORDS[0], AS_OF_COLUMN, *map(header_of, facts), *(f"**{name}**" for name in expected), f"*{PURPOSE[language]}*"]
    lines = [_line(header), _line(["---"] * len(header)).replace(" ", "")]
    for id_, row in rows.items():
        given = [cell_of(row.facts[name]) if name in row.facts else "" for name in facts]
        wanted = [row.expected[name] if is_filled else OPEN for name in expected]
        lines.append(_line([id_, literal(row.as_of), *given, *wanted, purpose_text(row, language)]))
    return "".join(f"{line}\n" for line in lines)


MOST_PURPOSES = 3
"""How many of the things that a row shows its annotation names."""


def purpose_text(row: Row, language: Language) -> str:
    """Return what a row is there to show."""
    told = [zh if language == "zh" else en for zh, en in row.purposes]
    text = ("；" if language == "zh" else "; ").join(dict.fromkeys(told[:MOST_PURPOSES]))
    if row.is_unusual:
        text += "（超出常见范围）" if language == "zh" else " (outside of the usual range)"
    return text


def _line(cells: Iterable[str]) -> str:
    written = (cell.replace("|", r"\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(written)} |"


# --- into the file -----------------------------------------------------------------------------------------------------------


def with_tables(raw: str, document: PolicyDocument, tables: str, language: Language = "zh") -> str:
    """Return the text of a policy's file with tables of examples behind its others; all else stays as it is.

    Args:
        raw: The text, with its own line ends.
        document: The same text, parsed.
        tables: What `markdown` returned.
        language: That of the words above them.
    """
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", raw)
    place, needs_heading = _place(document)
    place = min(place, len(lines))
    end = next((found[0] for line in lines if (found := re.search(r"(\r\n|\r|\n)\Z", line))), "\n")
    words = PREFACE[language]
    pieces = [f"## {SECTION}\n\n"] if needs_heading else []
    if words not in raw:
        pieces.append(f"{words}\n\n")
    new = "".join([*pieces, tables]).replace("\n", end)
    before, after = "".join(lines[:place]), "".join(lines[place:])
    if before and not before.endswith(("\r", "\n")):
        before += end
    is_apart = not before or re.search(r"(?:\A|\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)\Z", before)
    gap = "" if is_apart else end
    behind = end if after and not re.match(r"[ \t]*(?:\r|\n)", after) else ""
    return f"{before}{gap}{new}{behind}{after}"


def _place(document: PolicyDocument) -> tuple[int, bool]:
    """Return the number of lines behind which examples are put, and whether they need a heading there.

    They stand behind the last table of examples; without one, at the end of the section 例; without that, at the end of the file.
    """
    tables = [block for block in document.blocks if isinstance(block, Table) and block.header[0].text in EXAMPLE_WORDS]
    if tables:
        return _last_line(document, tables[-1].span.end), False
    headings = [block for block in document.blocks if isinstance(block, Heading)]
    for place, heading in enumerate(headings):
        if heading.text.split() and heading.text.split()[0] in EXAMPLE_WORDS:
            below = next((each for each in headings[place + 1 :] if each.level <= heading.level), None)
            return (_last_line(document, below.span.start) - 1 if below else document.source.line_count), False
    return document.source.line_count, True


def _last_line(document: PolicyDocument, offset: int) -> int:
    """Return the number of the line that a place in the text is in."""
    return document.source.text.count("\n", 0, offset) + 1


def outcome_expected(outcome: str) -> dict[str, str]:
    """Return what a row expects of the outcome."""
    return {OUTCOME_COLUMN: outcome}
