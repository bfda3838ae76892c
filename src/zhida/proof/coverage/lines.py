"""Lines: what is compared with what, how finely it is measured, and how near to a line is near.

The *grain* of a number is a step of which all its values are multiples: that of a fact is one in the last place that
the registry keeps; a sum has that of what is added, a table that of what it answers, a quotient none.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import gcd
from typing import Any

from zhida.dmn.compiled import AS_OF, Body, CompiledTable, Typed
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.graph import closure
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.values import temporal
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.unknown import find_unknown

Value = Any

MEASURED = (Decimal, Date, DateTime, Time, DaysDuration, MonthsDuration)
"""Kinds of values between which some are nearer than others."""

MEASURED_TYPES = frozenset(("number", "date", "date and time", "time", "days and time duration", "years and months duration"))
"""The names of their types."""

SHARE = Decimal("0.001")
"""What is within this share of a line is near to it."""

COMPUTED = Decimal("0.001")
"""What is within this of a line is near to it, where the number is computed and nobody can set it."""

FROM_NOTHING = Decimal("0.01")
"""What is within this of nothing is near to it."""

FINEST = Decimal("0.000001")
"""The step of a number of which nobody said how finely it is measured."""

MOST_VALUES = 2_000
"""How many values an expression may have at most, to be told one by one."""

_NUMBERS = frozenset(("count", "sum", "min", "max", "floor", "ceiling", "abs", "round half up", "round up", "round down", "decimal"))
"""Functions that come to numbers."""


class Lines:
    """What is known of the expressions that a model compares."""

    def __init__(self, model: PolicyModel) -> None:
        """Begin with nothing found out."""
        self.model = model
        self._fixed: dict[str, bool] = {}
        self._grains: dict[str, Decimal | None] = {}
        self._values: dict[str, frozenset[Decimal] | None] = {}
        self._evaluator = Evaluator(model.model, dict(model.parameters), as_of=model.as_of)

    # --- what is the same for all subjects ---

    def is_fixed(self, node: Node, scope: str) -> bool:
        """Say whether a value is the same for every subject: made of literals, parameters and the day.

        Args:
            node: An expression.
            scope: The decision in whose scope its names are read.
        """
        names = {name.name for name in syntax.free_names(node)}
        requirements = self._requirements(scope)
        return all(self._is_same(requirements[name]) if name in requirements else name == AS_OF or name in BUILTINS for name in names)

    def _requirements(self, scope: str) -> Mapping[str, str]:
        return self.model.model.decisions[scope].requirements

    def _is_same(self, id_: str) -> bool:
        if id_ not in self._fixed:
            below = closure(self.model.model.requirements, [id_])
            self._fixed[id_] = all(each not in self.model.model.inputs or each in self.model.parameters or each == AS_OF for each in below)
        return self._fixed[id_]

    def value(self, node: Node, scope: str) -> Value:
        """Return the value of what is the same for every subject, on the model's day; unknown where a figure is lacking."""
        value = evaluate(node, self._evaluator.frame(self.model.model.decisions[scope], ElementTrace()))
        self._evaluator.run.diagnostics.clear()
        return value

    def is_measured(self, node: Node, scope: str) -> bool:
        """Say whether an expression is a number, a date or a duration."""
        if self.is_fixed(node, scope):
            value = self.value(node, scope)
            return isinstance(value, MEASURED) or (find_unknown(value) is not None and self._is_of_measured_type(node, scope))
        return self._is_of_measured_type(node, scope)

    def _is_of_measured_type(self, node: Node, scope: str) -> bool:
        match node:
            case syntax.Arithmetic() | syntax.Negation():
                return True
            case syntax.Call(function=syntax.Name(name=name)):
                return name in _NUMBERS
            case syntax.If():
                return self._is_of_measured_type(node.then, scope)
            case syntax.Literal():
                return isinstance(node.value, MEASURED)
            case syntax.Name():
                id_ = self._requirements(scope).get(node.name, "")
                data, decision = self.model.model.inputs.get(id_), self.model.model.decisions.get(id_)
                type_ = data.item.type if data else decision.shape.type if decision else None
                return type_ is not None and type_.name in MEASURED_TYPES
        return False

    # --- how finely ---

    def is_computed(self, node: Node, scope: str) -> bool:
        """Say whether a value is computed, so that nobody can simply set it: no bare fact."""
        return not (isinstance(node, syntax.Name) and self._requirements(scope).get(node.name) in self.model.model.inputs)

    def grain(self, node: Node, scope: str) -> Decimal | None:
        """Return a step of which all values of a number are multiples; None where there is none."""
        match node:
            case syntax.Literal(value=Decimal() as number):
                return abs(number)
            case syntax.Name():
                return self._grain_of(self._requirements(scope).get(node.name, ""))
            case syntax.Negation():
                return self.grain(node.operand, scope)
            case syntax.Arithmetic(operator="+" | "-"):
                return _common(self.grain(node.left, scope), self.grain(node.right, scope))
            case syntax.Arithmetic(operator="*"):
                return _product(self.grain(node.left, scope), self.grain(node.right, scope))
            case syntax.If():
                return _common(self.grain(node.then, scope), self.grain(node.otherwise, scope))
            case syntax.Call(function=syntax.Name(name="count" | "floor" | "ceiling"), positional=(_,)):
                return Decimal(1)
            case syntax.Call(function=syntax.Name(name="min" | "max" | "sum" | "abs")):
                return _common(*(self.grain(argument, scope) for argument in node.positional)) if node.positional else None
            case syntax.Path(name="days" | "months" | "years"):
                return Decimal(1)
            case syntax.ListLiteral():
                return _common(*(self.grain(element, scope) for element in node.elements)) if node.elements else None
        return None

    def _grain_of(self, id_: str) -> Decimal | None:
        """Return the grain of an element."""
        if id_ not in self._grains:
            self._grains[id_] = None  # what rests on itself has none
            data, decision = self.model.model.inputs.get(id_), self.model.model.decisions.get(id_)
            if data is not None and data.item.scale is not None:
                self._grains[id_] = Decimal(1).scaleb(-data.item.scale)
            elif decision is not None:
                self._grains[id_] = self._grain_of_body(decision.body, id_)
        return self._grains[id_]

    def _grain_of_body(self, body: Body, id_: str) -> Decimal | None:
        body = body.body if isinstance(body, Typed) else body
        if isinstance(body, Node):
            return self.grain(body, id_)
        if isinstance(body, CompiledTable) and len(body.table.outputs) == 1:
            nodes = [rule.outputs[0] for rule in body.rules] + [node for node in body.defaults if node is not None]
            told = [node for node in nodes if not (isinstance(node, syntax.Literal) and node.value is None)]
            return _common(*(self.grain(node, id_) for node in told)) if told else None
        return None

    # --- which values it can have ---

    def values(self, node: Node, scope: str) -> frozenset[Decimal] | None:
        """Return numbers among which the value of an expression is, where it is one; None where these are not few.

        So are the points of a score: those of its parts are what their tables answer.
        """
        match node:
            case syntax.Literal(value=Decimal() as number):
                return frozenset((number,))
            case syntax.Literal(value=None):
                return frozenset()
            case syntax.Name() if self.is_fixed(node, scope):
                value = self.value(node, scope)
                return frozenset((value,)) if isinstance(value, Decimal) else frozenset() if value is None else None
            case syntax.Name():
                return self._values_of(self._requirements(scope).get(node.name, ""))
            case syntax.If():
                return _few(self.values(node.then, scope), self.values(node.otherwise, scope), _union)
            case syntax.Arithmetic(operator="+"):
                return _few(self.values(node.left, scope), self.values(node.right, scope), _sums)
            case syntax.Call(function=syntax.Name(name="min" | "max"), positional=(first, *rest)):
                found = self.values(first, scope)
                for argument in rest:
                    found = _few(found, self.values(argument, scope), _union)
                return found
        return None

    def _values_of(self, id_: str) -> frozenset[Decimal] | None:
        if id_ not in self._values:
            self._values[id_] = None
            decision = self.model.model.decisions.get(id_)
            if decision is not None:
                body = decision.body.body if isinstance(decision.body, Typed) else decision.body
                if isinstance(body, Node):
                    self._values[id_] = self.values(body, id_)
                elif isinstance(body, CompiledTable) and len(body.table.outputs) == 1 and body.table.hit_policy.value in "UAPF":
                    found: frozenset[Decimal] | None = frozenset()
                    for node in (*(rule.outputs[0] for rule in body.rules), *(node for node in body.defaults if node is not None)):
                        found = _few(found, self.values(node, id_), _union)
                    self._values[id_] = found
        return self._values[id_]

    def limits(self, node: Node, scope: str) -> tuple[Decimal | None, Decimal | None]:
        """Return the least and the greatest value that is usual of an expression; None where there is no such end."""
        few = self.values(node, scope)
        if few:
            return min(few), max(few)
        if isinstance(node, syntax.Name):
            data = self.model.model.inputs.get(self._requirements(scope).get(node.name, ""))
            if data is not None and data.item.usual_range is not None:
                return data.item.usual_range
        if isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name) and node.function.name == "count":
            return Decimal(0), None
        return None, None

    def reach(self, node: Node, scope: str, line: Value) -> tuple[Decimal, Decimal]:
        """Return how far below and above a line is still near to it.

        One step of the scale, or a thousandth of the line where that is more; of a date, a day. Where an expression has few
        values, the nearest of them is near.
        """
        few = self.values(node, scope) if isinstance(line, Decimal) else None
        if few:
            below = max((value for value in few if value < line), default=line)
            above = min((value for value in few if value > line), default=line)
            return line - below, above - line
        near = nearness(line, self.grain(node, scope) if isinstance(line, Decimal) else None)
        if self.is_computed(node, scope) and near < COMPUTED:
            near = COMPUTED
        return near, near

    def can_be_met(self, node: Node, scope: str, line: Value) -> bool:
        """Say whether a subject can be put exactly on a line: a bare fact can, where its scale has a number there."""
        if self.is_computed(node, scope):
            return False
        grain = self.grain(node, scope)
        return not isinstance(line, Decimal) or grain is None or line % grain == 0


def _few(
    left: frozenset[Decimal] | None,
    right: frozenset[Decimal] | None,
    join: Callable[[frozenset[Decimal], frozenset[Decimal]], Iterable[Decimal]],
) -> frozenset[Decimal] | None:
    """Return what two sets of values come to, or None where that is not few."""
    if left is None or right is None or len(left) * len(right) > 100 * MOST_VALUES:
        return None
    found = frozenset(join(left, right))
    return found if len(found) <= MOST_VALUES else None


def _union(left: frozenset[Decimal], right: frozenset[Decimal]) -> Iterable[Decimal]:
    return left | right


def _sums(left: frozenset[Decimal], right: frozenset[Decimal]) -> Iterable[Decimal]:
    return (feel_context().add(one, other) for one in left for other in right)


def _common(*grains: Decimal | None) -> Decimal | None:
    """Return the greatest step of which all grains are multiples.

    >>> _common(Decimal("0.25"), Decimal(1))
    Decimal('0.25')
    """
    known = [grain for grain in grains if grain is not None]
    if len(known) < len(grains) or not known:
        return None
    places = max(0, *(-int(grain.as_tuple().exponent) for grain in known)) if known else 0
    step = gcd(*(int(grain.scaleb(places)) for grain in known))
    return Decimal(step).scaleb(-places)


def _product(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else feel_context().multiply(left, right)


def nearness(line: Value, grain: Decimal | None) -> Decimal:
    """Return how far from a line is still near: one step, or a thousandth of the line where that is more; of a date, a day.

    From nothing, a hundredth is near: a share of nothing is nothing.

    Args:
        line: A number, date or duration.
        grain: A step of which all values that are compared with it are multiples; None where there is none.

    >>> nearness(Decimal(500000), Decimal("0.01")), nearness(Decimal(300), Decimal(1))
    (Decimal('500.000'), Decimal('1'))
    """
    if not isinstance(line, Decimal):
        return Decimal(1)
    return max(grain or FINEST, abs(line) * SHARE, FROM_NOTHING if not line else FINEST)


def distance(value: Value, line: Value) -> Decimal | None:
    """Return how far a value lies above a line, below it where negative; None where they cannot be compared.

    Numbers are told in their unit, dates and durations of days in days, durations of months in months.
    """
    if type(value) is not type(line):
        return None
    match value:
        case Decimal():
            return feel_context().subtract(value, line)
        case Date():
            return Decimal(temporal.to_days(value) - temporal.to_days(line))
        case DaysDuration():
            return Decimal(value.nanoseconds - line.nanoseconds) / Decimal(86_400_000_000_000)
        case MonthsDuration():
            return Decimal(value.months - line.months)
    return None
