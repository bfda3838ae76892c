"""Conditions on elements to plans: what is said of each element of a list, as columns whose rows are elements.

    list[condition], for x in list return body ──lower_entries──> Plan      its facts are entries, its last operation the value

Refused is whatever names anything beside the entries: that differs from list to list, and the interpreter does it.
"""

from collections.abc import Callable, Mapping
from functools import partial

from zhida.columnar import plan as ops
from zhida.columnar.lower_cells import UnlowerableError
from zhida.columnar.lower_expressions import Lowering, Scope
from zhida.columnar.plan import Form, Kind, Plan
from zhida.columnar.scales import Entries
from zhida.dmn.compiled import DecisionModel
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.values.temporal import Date

_TOLD = {Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.STRING}
"""Kinds of entries that have columns."""


def lower_entries(
    node: Node, entries: Entries, form_of: Callable[[str], Form], model: DecisionModel, as_of: Date, variable: str | None = None
) -> Plan:
    """Return the plan of an expression in the scope of an element.

    Args:
        node: The condition of a filter, or the body of an iteration.
        entries: What the entries of the elements are.
        form_of: How the column of an entry is kept.
        model: The model that it stands in.
        as_of: The date of the business fact.
        variable: The name by which an element is called; None where its entries are in scope themselves.

    Raises:
        UnlowerableError: it names anything else, or has no column form.
    """
    lowering = _EntryLowering(entries, form_of, as_of, variable)
    names = {} if variable is not None else {name: partial(lowering.fact, name) for name in entries}
    goal = lowering.expression(node, Scope(names, {}, ids={name: name for name in names}))
    if lowering.form(goal).kind not in {Kind.BOOLEAN, Kind.NUMBER}:
        raise UnlowerableError("elements come to what has no column")
    operations = lowering.operations
    if goal != len(operations) - 1:
        operations.append(ops.Bare(goal, lowering.form(goal)))
    used = {operation.id for operation in operations if isinstance(operation, ops.Fact)}
    return Plan(model, as_of, {}, tuple(operations), (), {name: entries[name] for name in entries if name in used}, ())


class _EntryLowering(Lowering):
    """Lowers an expression in the scope of an element."""

    def __init__(self, entries: Entries, form_of: Callable[[str], Form], as_of: Date, variable: str | None) -> None:
        super().__init__({}, as_of)
        self.entries_known = entries
        self.form_of_entry = form_of
        self.variable = variable

    def fact(self, name: str) -> int:
        """Return the operation of an entry."""
        form = self.form_of_entry(name)
        if form.kind not in _TOLD:
            raise UnlowerableError(f"the entry '{name}' has no column")
        return self.emit(ops.Fact(name, form))

    def path(self, node: syntax.Path, scope: Scope) -> int:
        """Return the operation of an entry of the variable, or of what else has parts."""
        if self.variable is not None and isinstance(node.value, syntax.Name) and node.value.name == self.variable:
            if node.name not in self.entries_known:
                raise UnlowerableError(f"elements have no entry '{node.name}'")
            return self.fact(node.name)
        return super().path(node, scope)

    def entries_of(self, id_: str) -> Entries | None:
        """Return None: entries hold no lists."""
        return None

    def output(self, id_: str, node: syntax.Path) -> int | None:
        """Return None: entries are no tables."""
        return None

    def unit_of(self, id_: str) -> str:
        """Return the unit of an entry."""
        return self.entries_known[id_].unit

    def called(self, name: str, given: Mapping[str, int], scope: Scope) -> int:
        """Refuse: there is nothing to be called in the scope of an element."""
        raise UnlowerableError(f"'{name}' is a function")
