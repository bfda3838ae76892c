"""Cells that compare with what other names stand for: as columns of their own, of truth values.

    | x    | y   |         | x | y   | x < limit |
    | < limit | > 0 |  ──> | - | > 0 | true      |

Where both sides are known, such a cell passes exactly where the comparison is true; rows in which one is not are decided by
the interpreter, table and all. What a cell names counts as read only where that cell was come to.
"""

from dataclasses import dataclass, replace

from zhida.columnar.plan import Relation
from zhida.dmn.compiled import CompiledTable
from zhida.dmn.model import InputClause
from zhida.feel.syntax import Comparison, Literal, Name, RangeLiteral, UnaryTests
from zhida.source import Snippet, Source, Span

_NOWHERE = Span(Source("", ""), 0, 0)
"""Where a cell stands that nobody wrote: cells are told apart by their text, and those without by themselves."""

ORDERS = {"<", "<=", ">", ">="}
"""Operators of cells that have columns of their own."""


@dataclass(frozen=True, slots=True)
class Related:
    """A table whose cells that name others are columns."""

    table: CompiledTable
    """The table, the new columns behind its own."""
    comparisons: tuple[tuple[int, Comparison], ...]
    """For each new column the column that it compares, and the comparison."""
    cells: tuple[tuple[int, int, int], ...]
    """For each cell that was moved its rule, its column, and the place of its comparison."""


def related(table: CompiledTable, fixed: frozenset[str]) -> Related:
    """Return a table without cells that compare with what one name stands for.

    Args:
        table: The table.
        fixed: Names that are the same in every row, such as builtins: cells that name these stay.
    """
    comparisons: dict[tuple[int, str, str], Comparison] = {}
    cells: dict[tuple[int, int], tuple[int, str, str]] = {}
    rules_read = () if any(allowed is not None for allowed in table.allowed) else table.rules  # no cell is come to for what is not
    for place, rule in enumerate(rules_read):
        for column, cell in enumerate(rule.tests):
            name = compared_name(cell)
            if name is not None and name[1].name not in fixed:
                key = (column, name[0], name[1].name)
                comparisons.setdefault(key, Comparison(name[1].span, name[0], table.inputs[column], name[1]))
                cells[place, column] = key
    if not cells:
        return Related(table, (), ())
    numbers = {key: place for place, key in enumerate(comparisons)}
    rules = []
    for place, rule in enumerate(table.rules):
        own = [UnaryTests(_NOWHERE, ()) if (place, column) in cells else cell for column, cell in enumerate(rule.tests)]
        asked = {cells[place, column] for column in range(len(rule.tests)) if (place, column) in cells}
        more = [UnaryTests(_NOWHERE, (Literal(_NOWHERE, True),) if key in asked else ()) for key in comparisons]
        rules.append(replace(rule, tests=(*own, *more)))
    clauses = tuple(InputClause(Snippet(f"{column + 1} {operator} {name}", _NOWHERE.source, 0)) for column, operator, name in comparisons)
    whole = replace(
        table,
        inputs=(*table.inputs, *comparisons.values()),
        allowed=(*table.allowed, *(None for _ in comparisons)),
        names_null=(*table.names_null, *(False for _ in comparisons)),
        rules=tuple(rules),
        table=replace(table.table, inputs=(*table.table.inputs, *clauses)),
    )
    moved = tuple((place, column, numbers[key]) for (place, column), key in cells.items())
    return Related(whole, tuple((column, node) for (column, _, _), node in comparisons.items()), moved)


def compared_name(cell: UnaryTests) -> tuple[str, Name] | None:
    """Return the operator and the name of a cell that compares with what one name stands for; None of any other cell."""
    match cell:
        case UnaryTests(tests=(RangeLiteral() as test,), is_negated=False) if test.operator in ORDERS and isinstance(test.operand, Name):
            return test.operator, test.operand
    return None


def relations(found: Related, operands: tuple[int, ...], own: int) -> tuple[Relation, ...]:
    """Return what is kept of cells that were moved.

    Args:
        found: The table.
        operands: For each comparison the operation of what is named.
        own: How many columns the table has of its own.
    """
    return tuple(Relation(rule, column, own + place, operands[place]) for rule, column, place in found.cells)
