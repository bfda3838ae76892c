"""Differences cut down to what makes them: one row, one decision with what it needs, few rules, short expressions."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.columnar.comparing import Difference, compare
from tests.columnar.models import Context, Drawn, DrawnModel, Table
from tests.columnar.trees import Tree, smaller
from tests.engine.columnar_agreement import told
from zhida.errors import CompileError

MOST_TRIES = 1_500
"""How many smaller models are tried for one difference."""


def shrink(drawn: DrawnModel, difference: Difference) -> DrawnModel:
    """Return a smaller model with one row in which the two still differ about the decision."""
    tries = 0

    def differs(candidate: DrawnModel) -> bool:
        nonlocal tries
        tries += 1
        try:
            found = compare(candidate, candidate.compiled(), repeats=1, seed="", on=(difference.path,))
        except CompileError:
            return False
        except Exception:  # noqa: BLE001 - another fault is not this one
            return False
        return any(each.decision == difference.decision for each in found.differences)

    alone = replace(drawn, rows=(drawn.rows[difference.row],))
    best = alone if differs(alone) else drawn
    is_better = True
    while is_better and tries < MOST_TRIES:
        is_better = False
        for candidate in _smaller_models(best, difference.decision):
            if tries >= MOST_TRIES:
                break
            if differs(candidate):
                best, is_better = candidate, True
                break
    return best


def _smaller_models(drawn: DrawnModel, goal: str) -> Iterator[DrawnModel]:
    """Yield models with one thing less."""
    for place, each in enumerate(drawn.decisions):
        before, behind = drawn.decisions[:place], drawn.decisions[place + 1 :]
        if each.name != goal:
            yield replace(drawn, decisions=(*before, *behind))
        for body in _smaller_bodies(each.body):
            yield replace(drawn, decisions=(*before, replace(each, body=body), *behind))
        if each.is_typed:
            yield replace(drawn, decisions=(*before, replace(each, is_typed=False), *behind))
    if len(drawn.rows) > 1:
        for half in (drawn.rows[: len(drawn.rows) // 2], drawn.rows[len(drawn.rows) // 2 :]):
            yield replace(drawn, rows=half)


def _smaller_bodies(body: Tree | Table | Context) -> Iterator[Any]:
    match body:
        case Tree():
            yield from smaller(body)
        case Table():
            yield from _smaller_tables(body)
        case Context():
            yield body.result
            for place, (name, tree) in enumerate(body.entries):
                for less in smaller(tree):
                    entries = (*body.entries[:place], (name, less), *body.entries[place + 1 :])
                    yield replace(body, entries=entries)
            for less in smaller(body.result):
                yield replace(body, result=less)


def _smaller_tables(table: Table) -> Iterator[Table]:
    count, width = len(table.rules), len(table.clauses)
    for size in (count // 2, count // 4, 1):
        for start in range(0, count, size) if 0 < size < count else ():
            yield replace(table, rules=(*table.rules[:start], *table.rules[start + size :]))
    for column in range(width if width > 1 else 0):
        rules = tuple((*rule[:column], *rule[column + 1 :]) for rule in table.rules)
        clauses = (*table.clauses[:column], *table.clauses[column + 1 :])
        yield replace(table, rules=rules, clauses=clauses, allowed=())
    for field in ("default", "allowed", "listed"):
        if any(getattr(table, field)):
            yield replace(table, **{field: ()})

    def with_cell(rule: int, column: int, cell: Any) -> Table:  # noqa: ANN401 - a text or a tree
        cells = (*table.rules[rule][:column], cell, *table.rules[rule][column + 1 :])
        return replace(table, rules=(*table.rules[:rule], cells, *table.rules[rule + 1 :]))

    for rule, cells in enumerate(table.rules):
        for column, cell in enumerate(cells):
            if isinstance(cell, Tree):
                yield from (with_cell(rule, column, less) for less in smaller(cell))
            elif column < width and cell != "-":
                yield with_cell(rule, column, "-")
    for column, clause in enumerate(table.clauses):
        for less in smaller(clause):
            yield replace(table, clauses=(*table.clauses[:column], less, *table.clauses[column + 1 :]))


def written(drawn: DrawnModel) -> str:
    """Return a model and its rows as text."""
    lines = []
    for each in drawn.decisions:
        lines.append(f"{each.name}{f': {each.kind}' if each.is_typed else ''} =")
        lines += [f"    {line}" for line in _lines(each)]
    for row in drawn.rows[:3]:
        used = {name: told(value) for name, value in row.items() if any(name in line for line in lines)}
        lines.append(f"row: {used}")
    return "\n".join(lines)


def _lines(drawn: Drawn) -> Iterator[str]:
    match drawn.body:
        case Tree():
            yield drawn.body.text
        case Context():
            yield from (f"{name}: {tree.text}" for name, tree in drawn.body.entries)
            yield drawn.body.result.text
        case Table():
            table = drawn.body
            text: Callable[[Any], str] = lambda cell: cell.text if isinstance(cell, Tree) else str(cell)  # noqa: E731 - short
            yield " | ".join((table.policy, *map(text, table.clauses), *(f"**{name}**" for name in table.outputs)))
            for rule in table.rules:
                yield " | ".join(("", *map(text, rule)))
            yield f"allowed {table.allowed} listed {table.listed} default {table.default}"
