"""Conditions on elements to plans: what is said of each element of a list, as columns whose rows are elements.

    list[condition], for x in list return body ──lower_entries──> Plan      its facts are entries, its last operation the value

Refused is whatever names anything beside the entries: that differs from list to list, and the interpreter does it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from zhida.columnar import plan as ops
from zhida.columnar.lower_cells import UnlowerableError
from zhida.columnar.lower_expressions import Lowering, Scope
from zhida.columnar.plan import Form, Kind, Plan
from zhida.columnar.scales import Entries
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.values.temporal import Date

_TOLD = {Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.STRING}
"""Kinds of entries that have columns."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How the entries of an element are named, and kept."""

    entries: Entries
    """What they are, by name."""
    form_of: Callable[[ItemDefinition], Form]
    """How the column of an entry is kept."""
    variable: str | None
    """The name by which an element is called; None where its entries are in scope themselves."""


def lower_entries(node: Node, entry: Entry, model: DecisionModel, as_of: Date) -> Plan:
    """Return the plan of an expression in the scope of an element.

    Args:
        node: The condition of a filter, or the body of an iteration.
        entry: What is in its scope.
        model: The model that it stands in.
        as_of: The date of the business fact.

    Raises:
        UnlowerableError: it names anything else, or has no column form.
    """
    lowering = _EntryLowering(entry, as_of)
    names = {} if entry.variable is not None else {name: partial(lowering.fact, name) for name in entry.entries}
    goal = lowering.expression(node, Scope(names, {}, ids={name: name for name in names}))
    if lowering.form(goal).kind not in {Kind.BOOLEAN, Kind.NUMBER}:
        raise UnlowerableError("Filter has no column form")
    operations = lowering.operations
    if goal != len(operations) - 1:
        operations.append(ops.Bare(goal, lowering.form(goal)))
    used = {operation.id for operation in operations if isinstance(operation, ops.Fact)}
    return Plan(model, as_of, {}, tuple(operations), (), {name: item for name, item in entry.entries.items() if name in used}, ())


class _EntryLowering(Lowering):
    """Lowers an expression in the scope of an element."""

    def __init__(self, entry: Entry, as_of: Date) -> None:
        super().__init__({}, as_of)
        self.entry_scope = entry

    def fact(self, name: str) -> int:
        """Return the operation of an entry."""
        form = self.entry_scope.form_of(self.entry_scope.entries[name])
        if form.kind not in _TOLD:
            raise UnlowerableError(f"'{name}' has no column form")
        return self.emit(ops.Fact(name, form))

    def path(self, node: syntax.Path, scope: Scope) -> int:
        """Return the operation of an entry of the variable, or of what else has parts."""
        variable = self.entry_scope.variable
        if variable is not None and isinstance(node.value, syntax.Name) and node.value.name == variable:
            if node.name not in self.entry_scope.entries:
                raise UnlowerableError(f"'{node.name}' has no column form")
            return self.fact(node.name)
        return super().path(node, scope)

    def entries_of(self, id_: str) -> Entries | None:  # noqa: ARG002 - entries hold no lists
        """Return None."""
        return None

    def output(self, id_: str, node: syntax.Path) -> int | None:  # noqa: ARG002 - entries are no tables
        """Return None."""
        return None

    def unit_of(self, id_: str) -> str:
        """Return the unit of an entry."""
        return self.entry_scope.entries[id_].unit

    def called(self, name: str, given: Mapping[str, int], scope: Scope) -> int:  # noqa: ARG002 - nothing is called
        """Refuse: there is nothing to be called in the scope of an element."""
        raise UnlowerableError(f"'{name}' is a function here")
