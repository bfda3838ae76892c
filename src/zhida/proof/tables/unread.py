"""Cells that could not be read into atoms: what they ask for, as a condition of their own and in words.

    column 研发费用, cell >= 营业收入 * 0.05   ──>   研发费用 >= 营业收入 * 0.05
    column 研发费用, cell ? > 营业收入          ──>   研发费用 > 营业收入

The clause stands in the place of `?`, so that a solver is asked what the cell asks.
"""

from collections.abc import Iterator, Sequence
from functools import reduce

from zhida.dmn.compiled import CompiledTable
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.feel.unparse import unparse
from zhida.policy.pack import PolicyModel
from zhida.proof.coverage.conditions import replaced
from zhida.proof.tables.cells import Column
from zhida.proof.tables.columns import TableInAtoms


def as_condition(clause: Node, tests: UnaryTests) -> Node:
    """Return the condition that a cell asks of its clause."""
    if tests.is_negated:
        inner = UnaryTests(tests.span, tests.tests)
        called = syntax.Name(tests.span, "not")
        return syntax.Call(tests.span, called, (as_condition(clause, inner),), ())
    parts = [_one(clause, item) for item in tests.tests]
    return reduce(lambda left, right: syntax.Disjunction(left.span, left, right), parts)


def _one(clause: Node, item: Node) -> Node:
    match item:
        case syntax.RangeLiteral() if item.operator:
            return syntax.Comparison(item.span, item.operator, clause, item.operand)
        case syntax.RangeLiteral(low=Node() as low, high=Node() as high):
            above = syntax.Comparison(item.span, ">=" if item.low_closed else ">", clause, low)
            beneath = syntax.Comparison(item.span, "<=" if item.high_closed else "<", clause, high)
            return syntax.Conjunction(item.span, above, beneath)
        case syntax.Condition():
            found = item.expression
            for name in list(syntax.free_names(found)):
                if name.name == INPUT:
                    found = replaced(found, name, clause)
            return found
    return syntax.In(item.span, clause, UnaryTests(item.span, (item,)))


def unread_cells(table: CompiledTable, columns: Sequence[Column], place: int) -> Iterator[tuple[Node, UnaryTests]]:
    """Yield the clause and the cell wherever a cell of a rule could not be read."""
    for clause, column, cell in zip(table.inputs, columns, table.rules[place].tests, strict=True):
        if column.cells[place].reason is not None:
            yield clause, cell


def describe_unread(table: CompiledTable, columns: Sequence[Column], places: Sequence[int], *, holds: bool) -> list[tuple[str, str]]:
    """Return what the cells of some rules that could not be read ask for, in the words of the table, in Chinese and English.

    Args:
        table: The table.
        columns: Its columns.
        places: The rules.
        holds: Whether they all hold; else of each rule one of its cells does not.
    """
    found: list[tuple[str, str]] = []
    for place in places:
        cells = [as_condition(clause, cell) for clause, cell in unread_cells(table, columns, place)]
        if holds:
            texts = [unparse(cell) for cell in cells]
            alone = [isinstance(cell, syntax.Conjunction | syntax.Disjunction) for cell in cells]
            found += [(f"（{text}）", f"({text})") if is_long else (text, text) for text, is_long in zip(texts, alone, strict=True)]
        elif cells:
            text = unparse(reduce(lambda left, right: syntax.Conjunction(left.span, left, right), cells))
            found.append((f"“{text}”不成立", f"not({text})"))
    return list(dict.fromkeys(found))


def compared_with(model: PolicyModel, read: TableInAtoms) -> dict[str, ItemDefinition]:
    """Return the facts that cells of a table compare their input with, by name: a witness is not understood without them."""
    names = [column.beside.name for column in read.columns if column.beside is not None]
    for place in range(len(read.table.rules)):
        names += [name.name for _, cell in unread_cells(read.table, read.columns, place) for name in syntax.free_names(cell)]
    requirements = model.model.decisions[read.decision_id].requirements
    ids = {name: requirements[name] for name in names if name in requirements}
    asked = {node.name for node in read.table.inputs if isinstance(node, syntax.Name)}
    inputs = model.model.inputs
    return {inputs[id_].name: inputs[id_].item for name, id_ in ids.items() if id_ in inputs and name not in asked}
