"""Places: where a policy can be mutated, and how, by the spans of what was read.

    moved-bound  comparison  changed-unit       a literal or an operator, in a cell that tests or in a FEEL block
    dropped-rule  dropped-otherwise  duplicated-rule  changed-output  swapped-columns           rows and cells of a table
    in-force  stacking                          the front matter; a row more on a page of stacking

A change is one wrong thing that a tired person would write. Its place among those of its kind, in the order of the text, is
its name, so that it is found again in a text that only has more examples.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, permutations

from zhida.dmn.compiled import CompiledDecision, CompiledRule, CompiledTable
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.policy.document import Cell, PolicyDocument, Table
from zhida.policy.pack import Policy
from zhida.policy.stacking import StackingGroup, StackingRule, Times
from zhida.policy.tangle import OTHERWISE
from zhida.source import Source, Span
from zhida.values.temporal import Date

KINDS = (
    "moved-bound",
    "dropped-rule",
    "comparison",
    "swapped-columns",
    "changed-unit",
    "duplicated-rule",
    "stacking",
    "in-force",
    "changed-output",
    "dropped-otherwise",
)
"""The kinds of mutants."""

TEN_THOUSAND = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of text that is replaced."""

    start: int
    """Offset of its first character."""
    end: int
    """Offset behind its last."""
    text: str
    """What stands there instead."""


@dataclass(frozen=True, slots=True)
class Change:
    """One wrong thing."""

    kind: str
    """One of `KINDS`."""
    element: str
    """The name of the decision that is changed; a key of the front matter, or a group, where it is none."""
    place: str
    """Line and column, as `42:7`."""
    old: str
    """What stood there."""
    new: str
    """What stands there now."""
    edits: tuple[Edit, ...]
    """How the text is changed, from front to back."""
    is_likely: bool = True
    """Whether the change reads well: swapped columns hold values of one type."""


def mutated(text: str, change: Change) -> str:
    """Return a text with a change in it."""
    for edit in sorted(change.edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def changes_of(policy: Policy, kind: str) -> list[Change]:
    """Return all changes of one kind that a policy offers, in the order of its text."""
    if kind == "in-force":
        return list(_in_force(policy))
    found: list[Change] = []
    for compiled in policy.compiled.decisions.values():
        found += _changes_of_decision(policy.document, compiled, kind)
    return sorted(dict.fromkeys(found), key=lambda change: (change.edits[0].start, change.edits[-1].end))


def _changes_of_decision(document: PolicyDocument, compiled: CompiledDecision, kind: str) -> Iterator[Change]:
    name = compiled.decision.name
    body = compiled.body
    if kind in _OF_NODES:
        for node in _nodes(compiled):
            yield from _OF_NODES[kind](name, node)
    elif isinstance(body, CompiledTable):
        block = next((each for each in document.blocks if isinstance(each, Table) and each.span == body.table.span), None)
        if block is not None:
            yield from _OF_TABLES[kind](_Rows(name, block, body))


def _nodes(compiled: CompiledDecision) -> Iterator[Node]:
    """Yield what tests or computes: the cells of input clauses with their headers, and FEEL blocks; plain outputs are none."""
    body = compiled.body
    roots: list[Node] = []
    if isinstance(body, CompiledTable):
        roots += body.inputs
        roots += [tests for rule in body.rules for tests in rule.tests]
        roots += [node for rule in body.rules for node in rule.outputs if not isinstance(node, syntax.Literal)]
    elif isinstance(body, Node):
        roots.append(body)
    for root in roots:
        yield from syntax.descendants(root)


def _change(kind: str, name: str, span: Span, new: str, *, is_likely: bool = True) -> Change:
    line, column = span.source.position(span.start)
    return Change(kind, name, f"{line}:{column}", span.text, new, (Edit(span.start, span.end, new),), is_likely)


# --- literals and operators ----------------------------------------------------------------------------------------


def _moved(name: str, node: Node) -> Iterator[Change]:
    """Yield a figure moved by one step of its last digit, or by a tenth; a day moved by one."""
    if not isinstance(node, syntax.Literal):
        return
    written = node.span.text
    value = node.value
    if isinstance(value, Decimal) and _is_number(written):
        step = Decimal(1).scaleb(value.as_tuple().exponent if isinstance(value.as_tuple().exponent, int) else 0)  # type: ignore[arg-type]
        tenth = (value / 10).quantize(step) if value else step
        moved = dict.fromkeys((value + step, value - step, value + tenth, value - tenth))
        yield from (_change("moved-bound", name, node.span, f"{each:f}") for each in moved if each != value and each >= 0)
    elif isinstance(value, Date) and (found := re.fullmatch(r'@"(\d{4}-\d\d-\d\d)"', written)):
        day = date.fromisoformat(found[1])
        yield from (_change("moved-bound", name, node.span, f'@"{day + timedelta(shift)}"') for shift in (1, -1))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text) is not None


def _other_unit(name: str, node: Node) -> Iterator[Change]:
    """Yield a figure in another unit: 万元 for 元, and 元 for 万元."""
    if isinstance(node, syntax.Literal) and isinstance(node.value, Decimal) and node.value and _is_number(node.span.text):
        yield _change("changed-unit", name, node.span, f"{node.value * TEN_THOUSAND:f}")
        yield _change("changed-unit", name, node.span, f"{(node.value / TEN_THOUSAND).normalize():f}")


FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ENDS = {"[": "(", "(": "[", "]": ")", ")": "]"}


def _comparison(name: str, node: Node) -> Iterator[Change]:
    """Yield a comparison with its line on the other side."""
    match node:
        case syntax.Comparison() if node.operator in FLIPPED:
            between = Span(node.span.source, node.left.span.end, node.right.span.start)
            place = between.start + between.text.find(node.operator)
            if between.text.count(node.operator) == 1:
                yield _change("comparison", name, Span(between.source, place, place + len(node.operator)), FLIPPED[node.operator])
        case syntax.RangeLiteral() if node.operator in FLIPPED and node.span.text.startswith(node.operator):
            span = Span(node.span.source, node.span.start, node.span.start + len(node.operator))
            yield _change("comparison", name, span, FLIPPED[node.operator])
        case syntax.RangeLiteral() if not node.operator:
            source, start, end = node.span.source, node.span.start, node.span.end
            for span in (Span(source, start, start + 1), Span(source, end - 1, end)):
                if span.text in ENDS:
                    yield _change("comparison", name, span, ENDS[span.text])


# --- rows and cells ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    """A decision table beside the block that it was read from."""

    name: str
    """The decision."""
    block: Table
    """The block."""
    table: CompiledTable
    """The table."""

    @property
    def source(self) -> Source:
        return self.block.span.source

    def columns(self, style: str) -> list[int]:
        """Return the places of the columns of a style, the corner left out."""
        return [place for place, cell in enumerate(self.block.header) if place and cell.style == style]

    @property
    def rules(self) -> list[tuple[tuple[Cell, ...], CompiledRule]]:
        """Return the rows of rules, each with what it was compiled to."""
        count = len(self.table.rules)
        rows = [row for row in self.block.rows if row[0].text != OTHERWISE]
        return list(zip(rows[-count:], self.table.rules, strict=True)) if count else []

    def line(self, row: Sequence[Cell]) -> Span:
        """Return the whole line of a row with its line feed."""
        number = row[0].span.line
        start = self.source.line_start(number)
        return Span(self.source, start, min(start + len(self.source.line(number)) + 1, len(self.source.text)))


def _dropped_rule(rows: _Rows) -> Iterator[Change]:
    if len(rows.rules) > 1:
        yield from (_change("dropped-rule", rows.name, rows.line(row), "") for row, _ in rows.rules)


def _dropped_otherwise(rows: _Rows) -> Iterator[Change]:
    for row in rows.block.rows:
        if row[0].text == OTHERWISE:
            yield _change("dropped-otherwise", rows.name, rows.line(row), "")


def _other_outputs(rows: _Rows, place: int, cell: Cell) -> list[str]:
    """Return what else could stand in an output cell: another one's of the column, or a figure one step or a tenth off."""
    others = dict.fromkeys(row[place].span.text for row in rows.block.rows if row[place].text != cell.text and row[place].text)
    found = [text for text in others if text != "-"]
    if _is_number(cell.text):
        value = Decimal(cell.text)
        step = Decimal(1).scaleb(-len(cell.text.partition(".")[2]))
        moved = dict.fromkeys((value + step, value - step, value + (value / 10).quantize(step)))
        found += [f"{each:f}" for each in moved if each >= 0 and each != value]
    elif cell.text in {"true", "false"}:
        found.append("false" if cell.text == "true" else "true")
    elif cell.text != "null":
        found.append("null")
    return list(dict.fromkeys(found))


def _changed_output(rows: _Rows) -> Iterator[Change]:
    defaults = [row for row in rows.block.rows if row[0].text == OTHERWISE]
    for row in (*(row for row, _ in rows.rules), *defaults):
        for place in rows.columns("bold"):
            cell = row[place]
            if cell.text not in {"", "-"}:
                yield from (_change("changed-output", rows.name, cell.span, other) for other in _other_outputs(rows, place, cell))


def _duplicated(rows: _Rows) -> Iterator[Change]:
    """Yield each rule written twice: before or behind itself, as it is or with another output."""
    numbers = [int(row[0].text) for row in rows.block.rows if row[0].text.isdigit()]
    number = str(max(numbers, default=0) + 1)
    for row, _ in rows.rules:
        line = rows.line(row)
        text = line.text if line.text.endswith("\n") else line.text + "\n"
        copies = [(text, "")]
        for place in rows.columns("bold"):
            cell = row[place].span
            begin, end = cell.start - line.start, cell.end - line.start
            copies += [(text[:begin] + other + text[end:], other) for other in _other_outputs(rows, place, row[place])[:2] if cell.text]
        first = row[0].span
        for copy, output in copies:
            copied = copy[: first.start - line.start] + number + copy[first.end - line.start :]
            what = f"{row[0].text} → {number}" + (f": {output}" if output else "")
            for offset, where in ((line.start, "before"), (line.end, "behind")):
                row_line, column = rows.source.position(first.start)
                place_text = f"{row_line}:{column}"
                yield Change("duplicated-rule", rows.name, place_text, row[0].text, f"{where} {what}", (Edit(offset, offset, copied),))


def _swapped(rows: _Rows) -> Iterator[Change]:
    """Yield two headers of input clauses, of outputs, or two outputs of one rule, each in the other's place."""
    header = rows.block.header
    inputs = rows.columns("plain")
    kinds = {place: frozenset(_types(rule.tests[number] for _, rule in rows.rules)) for number, place in enumerate(inputs)}
    for left, right in combinations(inputs, 2):
        yield _swap(rows.name, header[left].span, header[right].span, is_likely=bool(kinds[left] & kinds[right]))
    for left, right in combinations(rows.columns("bold"), 2):
        for row, _ in rows.rules:
            if row[left].text != row[right].text:
                yield _swap(rows.name, row[left].span, row[right].span, is_likely=True)


def _types(nodes: Iterator[Node]) -> Iterator[type]:
    for node in nodes:
        for each in syntax.descendants(node):
            if isinstance(each, syntax.Literal) and each.value is not None:
                yield type(each.value)


def _swap(name: str, left: Span, right: Span, *, is_likely: bool) -> Change:
    line, column = left.source.position(left.start)
    edits = (Edit(left.start, left.end, right.text), Edit(right.start, right.end, left.text))
    written = f"{left.text} ↔ {right.text}"
    return Change("swapped-columns", name, f"{line}:{column}", left.text, written, edits, is_likely)


_OF_NODES = {"moved-bound": _moved, "changed-unit": _other_unit, "comparison": _comparison}
_OF_TABLES = {
    "dropped-rule": _dropped_rule,
    "dropped-otherwise": _dropped_otherwise,
    "changed-output": _changed_output,
    "duplicated-rule": _duplicated,
    "swapped-columns": _swapped,
}


# --- days ----------------------------------------------------------------------------------------------------------


def _in_force(policy: Policy) -> Iterator[Change]:
    """Yield the first or the last day moved by a day, a month or a year."""
    span = policy.document.front["in_force"].snippet.span()
    for found in re.finditer(r"\d{4}-\d\d-\d\d", span.text):
        day = date.fromisoformat(found[0])
        place = Span(span.source, span.start + found.start(), span.start + found.end())
        for moved in (day + timedelta(1), day - timedelta(1), _months(day, 1), _months(day, -1), _months(day, 12), _months(day, -12)):
            yield _change("in-force", "in_force", place, moved.isoformat())


def _months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# --- stacking ------------------------------------------------------------------------------------------------------


def stacking_changes(groups: Sequence[StackingGroup]) -> list[Change]:
    """Return the rows that could be added to a page of stacking so as to contradict one that stands there."""
    return [change for group in groups for change in _contradictions(group)]


def _contradictions(group: StackingGroup) -> Iterator[Change]:
    exclusive = {StackingRule.CHOICE, StackingRule.HIGHEST}
    pairs = [*combinations(group.policies, 2)]
    wholes = list(dict.fromkeys([*pairs, *([group.policies] if len(group.policies) > 2 else [])]))
    match group.rule:
        case StackingRule.FREE:
            rules = [(rule, named, "") for named in wholes for rule in (StackingRule.CHOICE, StackingRule.HIGHEST)]
            rules += [(StackingRule.TOP_UP, named, "") for named in pairs]
        case rule if rule in exclusive:
            rules = [(StackingRule.FREE, named, "") for named in wholes]
            rules += [(other, named, "") for other in sorted(exclusive - {group.rule}) for named in wholes]
            rules += [(StackingRule.REQUIRES, named, "") for pair in pairs for named in permutations(pair)]
        case StackingRule.REQUIRES:
            rules = [(StackingRule.REQUIRES, tuple(reversed(pair)), "") for pair in pairs]
        case StackingRule.TIMES if isinstance(group.figure, Times):
            counts = (group.figure.count + 1, group.figure.count + 2)
            orders = [group.policies, tuple(reversed(group.policies))]
            rules = [(StackingRule.TIMES, named, f"{count} 次/{group.figure.per}") for named in orders for count in counts]
        case _:
            rules = []
    for rule, policies, figure in rules:
        source = group.span.source
        number = source.position(group.span.start)[0]
        end = source.line_start(number) + len(source.line(number)) + 1
        row = f"| {group.name}之二 | {rule.value} | {'、'.join(policies)} | {figure} | 另一份文件 | |\n"
        yield Change("stacking", group.name, f"{number}:1", f"{group.rule.value}", row.strip(), (Edit(end, end, row),))
