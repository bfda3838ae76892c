"""Reads the golden files of the table suite: Markdown in, definitions and cases out. Their format is told in tables/README.md."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zhida.dmn.model import Decision, DecisionTable, Definitions, HitPolicy, InputClause, InputData, ItemDefinition, OutputClause, Rule
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.policy.document import Cell, Table, parse
from zhida.source import Snippet, Source, Span
from zhida.values.temporal import Date
from zhida.values.types import ANY, NUMBER, Type, list_of, parse_type

Value = Any

FOLDER = Path(__file__).parent / "tables"
AS_OF = Date(2026, 3, 1)
NAMESPACE = "https://example.org/zhida/tables/"

LISTS = frozenset((HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER))
SUFFIXES = {"C+": "C sum", "C<": "C min", "C>": "C max", "C#": "C count"}
"""How hit policies are spelled in names of decisions, where `<`, `>` and `#` may not stand."""
TYPES, CASES, OTHERWISE = "Input", "Case", "否则"
DIAGNOSTICS, BASIS = "Diagnostics", "Basis"


@dataclass(frozen=True)
class Case:
    """What one table must come to for one set of inputs."""

    id: str
    """`file#number`; `file#number.hit policy` where one table is written for several."""
    decision: str
    """The name of the decision."""
    inputs: Mapping[str, Value]
    """By name."""
    expected: Value
    """The value."""
    codes: tuple[str, ...]
    """Codes of the diagnostics, in alphabetical order."""
    basis: str
    """The sentence that says why."""


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    name: str
    """Its name without `.md`."""
    definitions: Definitions
    """Its tables, as decisions."""
    cases: tuple[Case, ...]
    """What these must come to."""


def read_all() -> list[Golden]:
    return [read_golden(path.stem, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.md")) if path.stem != "README"]


def read_golden(name: str, text: str) -> Golden:
    """Read one file: a table of types, then decision tables, each with its cases behind it."""
    document = parse(Source(f"{name}.md", text))
    assert not document.diagnostics, document.diagnostics
    items: dict[str, ItemDefinition] = {}
    decisions: list[Decision] = []
    cases: list[Case] = []
    latest: dict[str, Decision] = {}
    for block in document.blocks:
        if not isinstance(block, Table):
            continue
        corner = block.header[0].text
        if corner == TYPES:
            items |= {row[0].text: ItemDefinition(row[0].text, declared(row[1].text)) for row in block.rows}
        elif corner == CASES:
            cases += read_cases(name, block, latest)
        else:
            latest = read_table(block)
            decisions += latest.values()
    assert len({case.id for case in cases}) == len(cases), f"{name}: two cases have one number"
    assert len({decision.name for decision in decisions}) == len(decisions), f"{name}: two tables have one name"
    inputs = tuple(InputData(item.name, item) for item in items.values())
    definitions = Definitions(name, tuple(decisions), (), inputs, id=f"_{name}", namespace=f"{NAMESPACE}{name}")
    return Golden(name, definitions, tuple(cases))


def declared(text: str) -> Type:
    type_ = parse_type(text)
    assert type_ is not None, f"no type: {text}"
    return type_


# --- decision tables -------------------------------------------------------------------------------------------------------


def read_table(block: Table) -> dict[str, Decision]:
    """Return the decisions of a table by hit policy: it may be written once for several."""
    words = block.header[0].text.replace("\\", "").split()
    letters = [word for word in words if word in set(HitPolicy)]
    assert letters, f"no hit policy: {block.header[0].text}"
    places = [place for place, cell in enumerate(block.header) if place and cell.style == "plain"]
    results = [place for place, cell in enumerate(block.header) if cell.style == "bold"]
    rows = list(block.rows)
    allowed = rows.pop(0) if rows and not rows[0][0].text else None
    otherwise = rows.pop() if rows and rows[-1][0].text == OTHERWISE else None
    outputs = []
    for place in results:
        head, _, type_name = (part.strip() for part in block.header[place].text.partition(":"))
        type_ = declared(type_name) if type_name else ANY
        outputs.append(OutputClause(head, type_, stated(allowed, place), stated(otherwise, place), block.header[place].span))
    inputs = tuple(input_clause(block.header[place], stated(allowed, place)) for place in places)
    rules = tuple(
        Rule(
            row[0].text,
            tuple(row[place].snippet for place in places),
            tuple(row[place].snippet for place in results),
            {},
            "",
            row_span(row),
        )
        for row in rows
    )
    name = " ".join(words[len(letters) :]) or outputs[0].name
    found = {}
    for letter in letters:
        table = DecisionTable(HitPolicy(letter), inputs, tuple(outputs), rules, block.span)
        full = f"{name} {SUFFIXES.get(letter, letter)}" if len(letters) > 1 else name
        type_ = result_type(HitPolicy(letter), outputs[0].type if len(outputs) == 1 else ANY)
        found[letter] = Decision(full, full, type_, table, block.span)
    return found


def input_clause(cell: Cell, allowed: Snippet | None) -> InputClause:
    """Return a column of conditions; behind a colon and a space stands the type that its values are converted to."""
    expression, colon, type_name = cell.text.partition(": ")
    type_ = declared(type_name) if colon else ANY
    return InputClause(replace(cell.snippet, text=expression), type_, allowed)


def row_span(row: tuple[Cell, ...]) -> Span:
    return Span(row[0].span.source, row[0].span.start, row[-1].span.end)


def stated(row: tuple[Cell, ...] | None, place: int) -> Snippet | None:
    return row[place].snippet if row and row[place].text else None


def result_type(hit_policy: HitPolicy, column: Type) -> Type:
    """Return the type of a decision's variable, given that of its only column of results."""
    if hit_policy is HitPolicy.COLLECT_COUNT:
        return NUMBER
    return list_of(column) if hit_policy in LISTS and column is not ANY else column


# --- cases -----------------------------------------------------------------------------------------------------------------


def read_cases(name: str, block: Table, decisions: Mapping[str, Decision]) -> Iterator[Case]:
    """Yield the cases of a table: plain columns are given, bold ones expected, of one decision or of those that they name."""
    for row in block.rows:
        cells = dict(zip(((cell.style, cell.text) for cell in block.header), row, strict=True))
        inputs = {head: value_of(cell) for (style, head), cell in list(cells.items())[1:] if style == "plain"}
        notes = cells["italic", DIAGNOSTICS].text
        basis = cells["italic", BASIS].text
        assert basis, f"{name}#{row[0].text} says not why"
        for (style, head), cell in cells.items():
            if style != "bold" or not cell.text:
                continue
            letters = head.replace("\\", "").split() if len(decisions) > 1 else list(decisions)
            for letter in letters:
                id_ = f"{name}#{row[0].text}" + (f".{letter}" if len(decisions) > 1 else "")
                yield Case(id_, decisions[letter].name, inputs, value_of(cell), tuple(sorted(codes_for(notes, letter))), basis)


def codes_for(notes: str, letter: str) -> Iterator[str]:
    """Yield the codes that a cell expects under a hit policy: `code`, or `U A: code` for these only; `;` stands between."""
    for note in filter(None, (part.strip() for part in notes.split(";"))):
        letters, colon, code = note.rpartition(":")
        if not colon or letter in letters.split():
            yield code.strip()


_SCOPE = Scope(NameSet(BUILTINS))


def value_of(cell: Cell) -> Value:
    """Return the value that a cell spells in FEEL."""
    run = Run(AS_OF)
    value = evaluate(parse_expression(cell.snippet, _SCOPE), Frame({}, run))
    assert not run.diagnostics, f"{cell.span.place}: {cell.text}"
    return value
