"""Scales: how many decimal places the numbers have at most that an expression comes to, where that can be told from its text.

What is interpreted can so be kept as numbers all the same, and what rests on it stays in columns. A value that is no number, or
finer after all, does not fit its column and goes to the interpreter: a scale is a guess that is checked.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from zhida.columnar import dates
from zhida.columnar.columns import MAX_SCALE, scale_of
from zhida.columnar.operators import ROUNDINGS
from zhida.columnar.plan import BOOLEANS, NULLS, RATIOS, STRINGS, VALUES, Form, Kind
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.syntax import Node
from zhida.values.numbers import feel_context
from zhida.values.types import BOOLEAN, DATE, MONTHS_DURATION, NUMBER, STRING

Entries = Mapping[str, ItemDefinition]
"""The entries of contexts, by name."""

DEFAULT_SCALE = 6
"""Decimal places of a number of which the dictionary says none; a finer one goes to the interpreter."""

_COUNTS = {"count", "string length", "day of year", "week of year"}
_SAME = {"min", "max", "sum", "abs"}


class Names:
    """What the names in an expression stand for, as far as scales go."""

    def __init__(self, number: Callable[[str], int | None], elements: Callable[[str], Entries | None]) -> None:
        """Keep how names are looked up.

        Args:
            number: Gives the decimal places of a number; None for what is no number, or not known to be one.
            elements: Gives the entries of the contexts in a list; None for anything else.
        """
        self.number = number
        self.elements = elements
        self.variables: dict[str, Entries] = {}

    def inside(self, name: str, entries: Entries) -> "Names":
        """Return the names in the scope of a variable that stands for a context."""
        inner = Names(self.number, self.elements)
        inner.variables = {**self.variables, name: entries}
        return inner


def number_scale(node: Node, names: Names) -> int | None:
    """Return the decimal places that the numbers of an expression have at most; None where that cannot be told."""
    is_list = isinstance(node, syntax.For | syntax.Filter | syntax.ListLiteral | syntax.Path | syntax.Name)
    found = None if is_list else _scale(node, names)
    return None if found is None or found > MAX_SCALE else found


def _scale(node: Node, names: Names) -> int | None:
    match node:
        case syntax.Literal(value=Decimal() as value):
            return scale_of(value)
        case syntax.Literal(value=None):
            return 0
        case syntax.Name():
            return None if node.name in names.variables else names.number(node.name)
        case syntax.Path(value=syntax.Name(name=variable)) if variable in names.variables:
            return scale_of_item(names.variables[variable].get(node.name))
        case syntax.Path(value=list_):
            entries = elements_of(list_, names)
            return None if entries is None else scale_of_item(entries.get(node.name))
        case syntax.Negation():
            return _scale(node.operand, names)
        case syntax.Arithmetic():
            return _arithmetic(node, names)
        case syntax.If():
            return _greatest(names, node.then, node.otherwise)
        case syntax.ListLiteral():
            return _greatest(names, *node.elements)
        case syntax.For(iterations=(syntax.Iteration(last=None) as iteration,)):
            entries = elements_of(iteration.domain, names)
            return None if entries is None else _scale(node.body, names.inside(iteration.name, entries))
        case syntax.Call(function=syntax.Name(name=name)) if not node.named:
            return _call(name, node.positional, names)
    return None


def _arithmetic(node: syntax.Arithmetic, names: Names) -> int | None:
    left, right = _scale(node.left, names), _scale(node.right, names)
    if left is None or right is None:
        return None
    match node.operator:
        case "+" | "-":
            return max(left, right)
        case "*":
            return left + right
        case "/" if isinstance(node.right, syntax.Literal) and isinstance(node.right.value, Decimal) and node.right.value:
            inverse = feel_context(is_passive=True).divide(Decimal(1), node.right.value)
            return left + scale_of(inverse)
    return None


def _call(name: str, arguments: tuple[Node, ...], names: Names) -> int | None:
    match arguments:
        case _ if name in _COUNTS:
            return 0
        case (_,) if name in {"floor", "ceiling"}:
            return 0
        case (_, syntax.Literal(value=Decimal() as places)) if name in ROUNDINGS and places == int(places) and places >= 0:
            return int(places)
    return _greatest(names, *arguments) if name in _SAME else None


def _greatest(names: Names, *nodes: Node) -> int | None:
    found = [_scale(node, names) for node in nodes]
    known = [scale for scale in found if scale is not None]
    return max(known, default=0) if len(known) == len(found) else None


def scale_of_item(item: ItemDefinition | None) -> int | None:
    """Return the decimal places of the numbers of an item; None for what is no number."""
    if item is None or item.type != NUMBER or item.is_collection:
        return None
    return DEFAULT_SCALE if item.scale is None else item.scale


def elements_of(node: Node, names: Names) -> Entries | None:
    """Return the entries of the contexts in a list; None where it is not known to be a list of contexts."""
    match node:
        case syntax.Name():
            return None if node.name in names.variables else names.elements(node.name)
        case syntax.Filter():
            return elements_of(node.value, names)
    return None


# --- forms ---------------------------------------------------------------------------------------------------------

WHOLE_NUMBERS = {"string length", "day of year", "week of year", "count", "floor", "ceiling"}
"""Builtins that give whole numbers, of one argument."""
_RESULTS = {STRING: STRINGS, BOOLEAN: BOOLEANS, DATE: dates.DATES, MONTHS_DURATION: dates.MONTHS}


def result_form(node: Node) -> Form:
    """Return the form of what an expression comes to, as far as its node says; what does not fit it is bad."""
    match node:
        case syntax.Call(function=syntax.Name(name=name), positional=(_,)) if name in WHOLE_NUMBERS:
            return Form(Kind.NUMBER)
        case syntax.Call(function=syntax.Name(name=name), positional=(_, syntax.Literal(value=Decimal() as places))) if (
            name in ROUNDINGS and places in range(MAX_SCALE + 1)
        ):
            return Form(Kind.NUMBER, int(places))
        case syntax.Call(function=syntax.Name(name=name)) if name in BUILTINS:
            results = {signature.result for signature in BUILTINS[name].signatures}
            return _RESULTS.get(next(iter(results)), VALUES) if len(results) == 1 else VALUES
        case syntax.Comparison() | syntax.Between() | syntax.In() | syntax.InstanceOf() | syntax.Quantified():
            return BOOLEANS
        case syntax.Conjunction() | syntax.Disjunction():
            return BOOLEANS
    return VALUES


def joint_form(forms: list[Form]) -> Form:
    """Return a form that holds what each of some forms holds.

    >>> joint_form([Form(Kind.NUMBER, 2), Form(Kind.NULL), Form(Kind.NUMBER, 4)])
    Form(kind=<Kind.NUMBER: 'number'>, scale=4)
    """
    kinds = {form.kind for form in forms} - {Kind.NULL}
    if not kinds:
        return NULLS
    if kinds == {Kind.NUMBER}:
        return Form(Kind.NUMBER, max(form.scale for form in forms))
    if kinds == {Kind.NUMBER, Kind.RATIO}:
        return RATIOS
    return Form(next(iter(kinds))) if len(kinds) == 1 else VALUES
