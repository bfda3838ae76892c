"""Expressions to operations: what has a column form gets one, and what has none is left to the interpreter, by name.

Owns which nodes of FEEL have a column form, and for which kinds of operands. What is lowered means exactly what
`zhida.feel.evaluate` says; where a kind is not known beforehand, the smallest expression around it is interpreted.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, TypeGuard

from zhida.columnar import dates
from zhida.columnar import plan as ops
from zhida.columnar.columns import MAX_SCALE, form_of, scale_of
from zhida.columnar.lower_cells import UnlowerableError, bounds_of, static, with_nodes
from zhida.columnar.operators import ROUNDINGS
from zhida.columnar.plan import BOOLEANS, LISTS, NULLS, RATIOS, STRINGS, VALUES, Fallback, Form, Kind, Operation, placeholder
from zhida.columnar.scales import Entries, Names, joint_form, number_scale, result_form
from zhida.dmn.compiled import AS_OF, CompiledKnowledge
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Node
from zhida.source import Source, Span
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, DATE, DAYS_DURATION, MONTHS_DURATION, STRING, Type

Value = Any

FOLDS = {"min": 2, "max": 2, "sum": 2, "modulo": 2, "abs": 1, "floor": 1, "ceiling": 1}
"""Builtins of numbers that have a column form, with the number of their arguments, or the least one."""
DATE_FOLDS = {"years and months duration": 2, "date": 1, "min": 2, "max": 2}
"""Builtins of dates that have one, with the number of their arguments."""
GREAT_UNITS = {"元", "m2"}
"""Units of facts whose values may be so great, in hundredths, that products of two do not fit."""
LIST_FOLDS = {"min", "max", "sum", "count"}
"""Those of lists of numbers."""
ORDERED = {Kind.NUMBER, Kind.DATE, Kind.DAYS, Kind.MONTHS}
"""Kinds whose integers are ordered as the values are."""
_SIMPLE = {
    "number": Kind.NUMBER,
    "string": Kind.STRING,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    str(DAYS_DURATION): Kind.DAYS,
    str(MONTHS_DURATION): Kind.MONTHS,
}


_FORMS = {BOOLEAN: BOOLEANS, STRING: STRINGS, DATE: dates.DATES, DAYS_DURATION: dates.DAYS, MONTHS_DURATION: dates.MONTHS}


class Scope:
    """What names mean in a body."""

    def __init__(
        self,
        names: Mapping[str, Callable[[], int]],
        knowledge: Mapping[str, CompiledKnowledge],
        depth: int = 0,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what names stand for.

        Args:
            names: Gives the operation of each name's value.
            knowledge: The names that are business knowledge models.
            depth: How many calls stand around it.
            ids: The ids of the names that are elements of the model.
        """
        self.names = names
        self.knowledge = knowledge
        self.depth = depth
        self.ids = ids or {}


class Lowering:
    """Operations as they are gathered: what is the same is there once."""

    def __init__(self, constants: Mapping[str, Value], as_of: Date) -> None:
        self.constants = constants
        self.as_of = as_of
        self.operations: list[Operation] = []
        self.places: dict[Operation, int] = {}
        self.fallbacks: list[Fallback] = []
        self.decision = ""
        self.lowered: dict[tuple[int, int], tuple[Node, Scope, int, tuple[Fallback, ...]]] = {}

    def emit(self, operation: Operation) -> int:
        """Return the place of an operation."""
        try:
            place = self.places.get(operation)
        except TypeError:  # a constant with a context in it cannot be hashed: it need not be shared
            return self.append(operation)
        if place is None:
            place = self.places[operation] = self.append(operation)
        return place

    def append(self, operation: Operation) -> int:
        """Return the place of an operation that is there only once anyway."""
        self.operations.append(operation)
        return len(self.operations) - 1

    def form(self, place: int) -> Form:
        """Return what an operation's column holds."""
        return self.operations[place].form

    def constant(self, value: Value) -> int:
        """Return the operation of a constant."""
        return self.emit(ops.Constant(value, form_of(value)))

    def convert(self, place: int, form: Form) -> int:
        """Return an operation with the same values in another form."""
        mine = self.form(place)
        if mine == form:
            return place
        if mine.kind is Kind.NULL:
            return self.emit(ops.Convert(place, form))
        if form.kind is Kind.VALUE:
            return self.emit(ops.Interpret(syntax.Name(_NOWHERE, placeholder(0)), ((placeholder(0), place),), form))
        if mine.kind is Kind.NUMBER and form.kind in {Kind.NUMBER, Kind.RATIO}:
            return self.emit(ops.Convert(place, form))
        raise UnlowerableError(f"{mine.kind} where {form.kind} is wanted")

    # --- expressions -----------------------------------------------------------------------------------------------------

    def expression(self, node: Node, scope: Scope) -> int:
        """Return the operation of an expression; what has no column form is interpreted.

        Raises:
            UnlowerableError: it cannot be interpreted by itself either.
        """
        known = self.lowered.get((id(node), id(scope)))
        if known is not None:  # it was tried before in what has no column form as a whole
            self.fallbacks += known[3]
            return known[2]
        before = len(self.fallbacks)
        try:
            place = self.direct(node, scope)
        except UnlowerableError as reason:
            del self.fallbacks[before:]
            place = self.interpreted(node, scope, str(reason))
        self.lowered[id(node), id(scope)] = node, scope, place, tuple(self.fallbacks[before:])
        return place

    def interpreted(self, node: Node, scope: Scope, reason: str) -> int:
        """Return the operation of an expression that the interpreter evaluates."""
        template, names = self.template(node, scope)
        form = result_form(node)
        is_typed = form.kind is not Kind.VALUE or isinstance(node, syntax.Arithmetic | syntax.Negation)  # whose values may not fit
        scale = None if is_typed else number_scale(node, self.names_in(scope))
        form = form if scale is None else Form(Kind.NUMBER, scale)
        if (
            isinstance(node, syntax.Arithmetic)
            and node.operator == "+"
            and {self.form(place).kind for place in names.values()} == {Kind.STRING}
        ):
            form = STRINGS
        place = self.emit(ops.Interpret(template, tuple(names.items()), form))
        self.fallbacks.append(Fallback(self.decision, " ".join(node.span.text.split()), reason, place))
        return place

    def names_in(self, scope: Scope) -> Names:
        """Return what names stand for as far as the scales of numbers go."""

        def number(name: str) -> int | None:
            with suppress(UnlowerableError):  # what has no columns has no scale either
                form = self.form(scope.names[name]()) if name in scope.names else NULLS
                return form.scale if form.kind is Kind.NUMBER else None
            return None

        return Names(number, lambda name: self.entries_of(scope.ids.get(name, "")))

    def entries_of(self, id_: str) -> Entries | None:
        """Return the entries of the contexts in a list that an element of the model comes to; None for anything else."""
        raise NotImplementedError

    def template(self, node: Node, scope: Scope) -> tuple[Node, dict[str, int]]:
        """Return an expression with placeholders for the parts that have columns, and what they stand for."""
        parts = _eager_parts(node, scope)
        if parts is None:
            names: dict[str, int] = {}
            for name in {found.name: found for found in syntax.free_names(node)}:
                if name in scope.knowledge:
                    raise UnlowerableError(f"'{name}' is a function here")
                if name in scope.names:
                    names[name] = scope.names[name]()
                elif name not in BUILTINS and name != AS_OF:
                    raise UnlowerableError(f"'{name}' is not known beforehand")
            return node, names
        operands: dict[str, int] = {}

        def mark(part: Node) -> Node:
            if isinstance(part, syntax.Literal):
                return part
            if isinstance(part, syntax.ListLiteral):
                return replace(part, elements=tuple(map(mark, part.elements)))
            place = self.expression(part, scope)
            operation = self.operations[place]
            if self.is_inner(operation):
                inner: Node = with_nodes(operation.node, {mark: partial(given, place=operand) for mark, operand in operation.names})
                return inner
            return given(syntax.Name(part.span, ""), place)

        def given(name: syntax.Name, place: int) -> Node:
            known = next((mark for mark, operand in operands.items() if operand == place), placeholder(len(operands)))
            operands[known] = place
            return syntax.Name(name.span, known)

        return parts(mark), operands

    @staticmethod
    def is_inner(operation: Operation) -> TypeGuard[ops.Interpret]:
        """Say whether an expression is interpreted with what is around it: one that rests on one thing, and sums and products."""
        if not isinstance(operation, ops.Interpret) or operation.form.kind is not Kind.VALUE or operation.by_state:
            return False
        is_sum = isinstance(operation.node, syntax.Arithmetic | syntax.Negation)
        return (is_sum or len(operation.names) <= 1) and all(mark == placeholder(each) for each, (mark, _) in enumerate(operation.names))

    def direct(self, node: Node, scope: Scope) -> int:
        """Return the operation of an expression that has a column form."""
        match node:
            case syntax.Literal() if node.is_valid:
                return self.constant(node.value)
            case syntax.Name():
                return self.name(node.name, scope)
            case syntax.Call() | syntax.Path() | syntax.Arithmetic() if self.is_constant(node, scope):
                return self.constant_of(node)
            case syntax.Path():
                return self.path(node, scope)
            case syntax.InstanceOf():
                return self.instance_of(node, scope)
            case syntax.Negation():
                return self.fold("-", node, (node.operand,), scope)
            case syntax.Arithmetic() if node.operator in {"+", "-", "*", "/"}:
                return self.arithmetic(node, scope)
            case syntax.Comparison():
                return self.comparison(node, scope)
            case syntax.Between():
                return self.between(node, scope)
            case syntax.In():
                return self.membership(node, scope)
            case syntax.Conjunction() | syntax.Disjunction():
                left, right = (self.truth(side, scope) for side in (node.left, node.right))
                return self.emit(ops.Logical(isinstance(node, syntax.Disjunction), left, right))
            case syntax.If():
                return self.choice(node, scope)
            case syntax.Call():
                return self.call(node, scope)
            case syntax.Filter() | syntax.For():
                return self.of_elements(node, scope)
        raise UnlowerableError(f"{type(node).__name__} has no column form")

    def name(self, name: str, scope: Scope) -> int:
        """Return the operation of a name."""
        if name in scope.names:
            return scope.names[name]()
        if name == AS_OF:
            return self.constant(self.as_of)
        raise UnlowerableError(f"'{name}' is a function here")

    def truth(self, node: Node, scope: Scope) -> int:
        """Return the operation of a condition."""
        place = self.expression(node, scope)
        if self.form(place).kind is Kind.VALUE:
            raise UnlowerableError("not known beforehand to be a truth value")
        return self.convert(place, BOOLEANS)

    def number(self, node: Node, scope: Scope) -> int:
        """Return the operation of a number."""
        return self.as_number(self.expression(node, scope))

    def as_number(self, place: int) -> int:
        """Return an operation whose values are numbers.

        Raises:
            UnlowerableError: they are not known to be.
        """
        if self.form(place).kind is Kind.NULL:
            return self.convert(place, Form(Kind.NUMBER))
        if self.form(place).kind is not Kind.NUMBER:
            raise UnlowerableError(f"computes with a {self.form(place).kind}")
        return place

    def arithmetic(self, node: syntax.Arithmetic, scope: Scope) -> int:
        """Return the operation of a sum, difference, product or quotient."""
        left, right = self.expression(node.left, scope), self.expression(node.right, scope)
        found = dates.of_arithmetic(node.operator, self.form(left), self.form(right))
        if found is not None:
            marks = [syntax.Name(node.span, placeholder(place)) for place in range(2)]
            return self.emit(ops.Fold(found[0], replace(node, left=marks[0], right=marks[1]), (left, right), found[1]))
        left, right = self.as_number(left), self.as_number(right)
        first, second = self.form(left).scale, self.form(right).scale
        if node.operator == "/":
            inverse = self.inverse(right)
            if inverse is not None and first + scale_of(inverse) <= MAX_SCALE:
                form = Form(Kind.NUMBER, first + scale_of(inverse))
                return self.emit(ops.Arithmetic("*", left, self.constant(inverse), form))
            return self.emit(ops.Arithmetic("/", left, right, RATIOS))
        scale = first + second if node.operator == "*" else max(first, second)
        if node.operator == "*" and self.is_money(left) and self.is_money(right):
            raise UnlowerableError("multiplies sums of money, whose product does not fit")
        if scale > MAX_SCALE:
            raise UnlowerableError(f"{scale} decimal places")
        return self.emit(ops.Arithmetic(node.operator, left, right, Form(Kind.NUMBER, scale)))

    def is_money(self, place: int) -> bool:
        """Say whether a number is made of sums of money, or of areas: products of two may not fit 64 bits."""
        operation = self.operations[place]
        match operation:
            case ops.Fact():
                return self.unit_of(operation.id) in GREAT_UNITS
            case ops.Decide():
                return any(self.is_money(output) for _, output in operation.outputs)
            case ops.Choose():
                return self.is_money(operation.then) or self.is_money(operation.otherwise)
        return any(map(self.is_money, ops.operands_of(operation)))

    def unit_of(self, id_: str) -> str:
        """Return the unit of an input datum."""
        raise NotImplementedError

    def inverse(self, place: int) -> Decimal | None:
        """Return what to multiply by instead of dividing by a constant, where that is exact; else None."""
        operation = self.operations[place]
        if not isinstance(operation, ops.Constant) or type(operation.value) is not Decimal or not operation.value:
            return None
        found = feel_context(is_passive=True).divide(Decimal(1), operation.value)
        is_exact = scale_of(found) <= MAX_SCALE and feel_context(is_passive=True).multiply(found, operation.value) == 1
        return found if is_exact else None

    def pair(self, *nodes: Node, scope: Scope) -> list[int]:
        """Return the operations of values that are compared: all of one kind, or ratios and numbers."""
        places = [self.expression(node, scope) for node in nodes]
        forms = [self.form(place) for place in places]
        kinds = {form.kind for form in forms} - {Kind.NULL}
        if not kinds:
            kinds = {Kind.NUMBER}
        if kinds <= {Kind.NUMBER, Kind.RATIO} or len(kinds) == 1:
            kind = next(iter(kinds))
            if kind in {Kind.VALUE, *LISTS}:
                raise UnlowerableError("compares values whose kind is not known beforehand")
            some = next((form for form in forms if form.kind is not Kind.NULL), Form(Kind.NUMBER))
            return [self.convert(place, some) if form.kind is Kind.NULL else place for place, form in zip(places, forms, strict=True)]
        raise UnlowerableError(f"compares {' with '.join(sorted(kinds))}")

    def comparison(self, node: syntax.Comparison, scope: Scope) -> int:
        """Return the operation of a comparison."""
        left, right = self.pair(node.left, node.right, scope=scope)
        if node.operator not in {"=", "!="} and self.form(left).kind not in {*ORDERED, Kind.RATIO}:
            raise UnlowerableError(f"orders values of the kind {self.form(left).kind}")
        return self.emit(ops.Compare(node.operator, left, right))

    def between(self, node: syntax.Between, scope: Scope) -> int:
        """Return the operation of `between`."""
        value, low, high = self.pair(node.value, node.low, node.high, scope=scope)
        if self.form(value).kind not in {*ORDERED, Kind.RATIO}:
            raise UnlowerableError(f"orders values of the kind {self.form(value).kind}")
        return self.emit(ops.Between(value, low, high))

    def membership(self, node: syntax.In, scope: Scope) -> int:
        """Return the operation of `in` with tests of constants."""
        operand = self.expression(node.value, scope)
        if self.form(operand).kind in LISTS:
            raise UnlowerableError("tests a list")
        bounds = tuple(bound for item in node.tests.tests for bound in bounds_of(static(item, self.as_of)))
        mark = syntax.Name(node.value.span, placeholder(0))
        return self.emit(ops.Test(replace(node, value=mark), bounds, operand))

    def choice(self, node: syntax.If, scope: Scope) -> int:
        """Return the operation of `if`."""
        condition = self.truth(node.condition, scope)
        return self.chosen(condition, self.expression(node.then, scope), self.expression(node.otherwise, scope))

    def chosen(self, condition: int, then: int, otherwise: int) -> int:
        """Return the operation of a choice between two values."""
        form = joint_form([self.form(then), self.form(otherwise)])
        form = VALUES if form.kind is Kind.ELEMENTS else form
        if form.kind is Kind.LIST:
            raise UnlowerableError("chooses between lists")
        return self.emit(ops.Choose(condition, self.convert(then, form), self.convert(otherwise, form), form))

    # --- calls -----------------------------------------------------------------------------------------------------------

    def call(self, node: syntax.Call, scope: Scope) -> int:
        """Return the operation of a call."""
        if not isinstance(node.function, syntax.Name):
            raise UnlowerableError("calls what is not a name")
        name = node.function.name
        if name in scope.knowledge:
            return self.inlined(name, node, scope)
        if name in scope.names or name not in BUILTINS or node.named:
            raise UnlowerableError(f"'{name}' has no column form")
        if name == "not" and len(node.positional) == 1:
            return self.emit(ops.Opposite(self.truth(node.positional[0], scope)))
        if name in LIST_FOLDS and len(node.positional) == 1:
            return self.fold_list(name, node, node.positional[0], scope)
        if name in DATE_FOLDS and len(node.positional) == DATE_FOLDS[name]:
            places = [self.expression(argument, scope) for argument in node.positional]
            found = dates.of_call(name, [self.form(place) for place in places])
            if found is not None:
                marks = tuple(syntax.Name(node.span, placeholder(place)) for place in range(len(places)))
                return self.emit(ops.Fold(found[0], replace(node, positional=marks), tuple(places), found[1]))
        if name in ROUNDINGS and len(node.positional) == 2:
            return self.rounding(name, node, scope)
        if name in FOLDS and len(node.positional) >= FOLDS[name]:
            return self.fold(name, node, node.positional, scope)
        raise UnlowerableError(f"'{name}' has no column form")

    def fold(self, name: str, node: Node, arguments: tuple[Node, ...], scope: Scope, *, is_list: bool = False) -> int:
        """Return the operation of a builtin of numbers, or of a negation; `is_list` where the arguments stand in one list."""
        if name not in {"min", "max", "sum"} and len(arguments) != FOLDS.get(name, 1):
            raise UnlowerableError(f"'{name}' of so many has no column form")
        operands: tuple[int, ...]
        if name in {"floor", "ceiling"}:
            place = self.expression(arguments[0], scope)
            operands = (place if self.form(place).kind is Kind.RATIO else self.number(arguments[0], scope),)
        else:
            operands = tuple(self.number(argument, scope) for argument in arguments)
        scale = 0 if name in {"floor", "ceiling"} else max(self.form(operand).scale for operand in operands)
        marks = tuple(syntax.Name(node.span, placeholder(place)) for place in range(len(operands)))
        template: Node = syntax.Negation(node.span, marks[0])
        if isinstance(node, syntax.Call):
            template = replace(node, positional=(syntax.ListLiteral(node.span, marks),) if is_list else marks)
        return self.emit(ops.Fold(name, template, operands, Form(Kind.NUMBER, scale)))

    def rounding(self, name: str, node: syntax.Call, scope: Scope) -> int:
        """Return the operation of a builtin that rounds to so many decimal places."""
        number, scale = node.positional
        places = scale.value if isinstance(scale, syntax.Literal) else None
        if type(places) is not Decimal or not 0 <= places <= MAX_SCALE or places != int(places):
            raise UnlowerableError(f"'{name}' to places that are no constant, or too many")
        operand = self.expression(number, scope)
        if self.form(operand).kind is not Kind.RATIO:
            operand = self.as_number(operand)
        form = self.form(operand)
        kept = int(places) if form.kind is Kind.RATIO else min(int(places), form.scale)
        template = replace(node, positional=(syntax.Name(node.span, placeholder(0)), scale))
        return self.emit(ops.Fold(name, template, (operand,), Form(Kind.NUMBER, kept)))

    def path(self, node: syntax.Path, scope: Scope) -> int:
        """Return the operation of a part of a date, or of an entry of a context that is written there."""
        if isinstance(node.value, syntax.ContextLiteral):
            return self.entry(node.value, node.name, scope)
        if isinstance(node.value, syntax.Name) and node.value.name in scope.ids:
            output = self.output(scope.ids[node.value.name], node)
            if output is not None:
                return output
        operand = self.expression(node.value, scope)
        found = dates.of_property(self.form(operand), node.name)
        if found is None:
            raise UnlowerableError(f"'.{node.name}' of a {self.form(operand).kind} has no column form")
        template = replace(node, value=syntax.Name(node.span, placeholder(0)))
        return self.emit(ops.Fold(found[0], template, (operand,), found[1]))

    def output(self, id_: str, node: syntax.Path) -> int | None:
        """Return the operation of one of several outputs of a decision table; None where that is what it is not."""
        raise NotImplementedError

    def of_elements(self, node: syntax.Filter | syntax.For, scope: Scope) -> int:  # noqa: ARG002 - for those who know elements
        """Return the operation of what is made of the elements of a list, one by one.

        Raises:
            UnlowerableError: it has no column form.
        """
        raise UnlowerableError(f"{type(node).__name__} has no column form")

    def entry(self, node: syntax.ContextLiteral, name: str, scope: Scope) -> int:
        """Return the operation of one entry of a context, all of which are evaluated."""
        keys = [key for key, _ in node.entries]
        if node.has_functions or len({*keys}) < len(keys) or name not in keys:
            raise UnlowerableError("a context with functions, or without that entry, or with one twice")
        places, _ = self.entries(node.entries, scope, self.expression)
        return self.after(places, places[keys.index(name)])

    def entries(self, entries: Iterable[tuple[str, Any]], scope: Scope, lower: Callable[[Any, Scope], int]) -> tuple[list[int], Scope]:
        """Return the operations of the entries of a context, each of which may use those before it, and the scope behind them."""
        places: list[int] = []
        for key, entry in entries:
            place = lower(entry, scope)
            if self.form(place).kind in {Kind.VALUE, *LISTS}:
                raise UnlowerableError("a context with lists or contexts in it, the size of which is limited")
            places.append(place)
            bare = self.emit(ops.Bare(place, self.form(place)))
            knowledge = {name: each for name, each in scope.knowledge.items() if name != key}
            ids = {name: id_ for name, id_ in scope.ids.items() if name != key}
            scope = Scope({**scope.names, key: partial(int, bare)}, knowledge, scope.depth, ids)
        return places, scope

    def after(self, first: Iterable[int], place: int) -> int:
        """Return an operation once others were evaluated."""
        return self.emit(ops.After(tuple(first), place, self.form(place)))

    def instance_of(self, node: syntax.InstanceOf, scope: Scope) -> int:
        """Return the operation of `instance of` for values of a known kind: only whether there is one matters."""
        operand = self.expression(node.value, scope)
        if self.form(operand).kind in {Kind.VALUE, Kind.NULL, *LISTS} or node.type_ is None or node.type_.constraint is not None:
            raise UnlowerableError("'instance of' for values whose kind is not known beforehand")
        template = replace(node, value=syntax.Name(node.span, placeholder(0)))
        return self.emit(ops.Interpret(template, ((placeholder(0), operand),), BOOLEANS, by_state=True))

    def is_constant(self, node: Node, scope: Scope) -> bool:
        """Say whether an expression names nothing but builtins and the date of the business fact."""
        names = {name.name for name in syntax.free_names(node)}
        return all((name in BUILTINS or name == AS_OF) and name not in scope.names and name not in scope.knowledge for name in names)

    def constant_of(self, node: Node) -> int:
        """Return the operation of an expression that is the same in each row.

        Raises:
            UnlowerableError: something is odd about it, or it is of no simple kind.
        """
        run = Run(self.as_of)
        value = evaluate(node, Frame({AS_OF: self.as_of}, run))
        if run.diagnostics or form_of(value).kind is Kind.VALUE:
            raise UnlowerableError("a constant with something odd about it, or of no simple kind")
        return self.constant(value)

    def fold_list(self, name: str, node: syntax.Call, argument: Node, scope: Scope) -> int:
        """Return the operation of a builtin of a list of numbers."""
        if isinstance(argument, syntax.ListLiteral) and argument.elements and name != "count":
            return self.fold(name, node, argument.elements, scope, is_list=True)
        operand = self.expression(argument, scope)
        if self.form(operand).kind is not Kind.LIST and (name != "count" or self.form(operand).kind is not Kind.ELEMENTS):
            raise UnlowerableError(f"'{name}' of what is not known beforehand to be a list of numbers")
        template = replace(node, positional=(syntax.Name(node.span, placeholder(0)),))
        form = Form(Kind.NUMBER, 0 if name == "count" else self.form(operand).scale)
        return self.emit(ops.FoldList(name, template, operand, form))

    def inlined(self, name: str, node: syntax.Call, scope: Scope) -> int:
        """Return the operation of a call of a business knowledge model: its body, with the arguments in it."""
        knowledge = scope.knowledge[name]
        parameters = knowledge.model.parameters
        given = dict(node.named) if node.named else dict(zip((each for each, _ in parameters), node.positional, strict=False))
        if len(given) != len(parameters) or len(node.named or node.positional) != len(parameters) or set(given) != set(dict(parameters)):
            raise UnlowerableError(f"'{name}' is called with other arguments")
        return self.called(name, {each: self.expression(given[each], scope) for each, _ in parameters}, scope)

    def called(self, name: str, given: Mapping[str, int], scope: Scope) -> int:
        """Return the operation of a call of a business knowledge model with arguments that have operations.

        Raises:
            UnlowerableError: they are not known to fit its parameters, or its body has no column form.
        """
        raise NotImplementedError

    def as_declared(self, place: int, type_: Type) -> int:
        """Return values as a declared type asks; those of no known kind are checked, each different one once."""
        try:
            return self.fitted(place, type_)
        except UnlowerableError as reason:
            place = self.convert(place, VALUES) if self.form(place).kind is Kind.ELEMENTS else place
            if self.form(place).kind is not Kind.VALUE:
                raise
            fit = self.emit(ops.Fit(place, type_, _FORMS.get(type_, VALUES)))
            self.fallbacks.append(Fallback(self.decision, str(type_), f"{reason}: each different value is checked", fit))
            return fit

    def fitted(self, place: int, type_: Type) -> int:
        """Return an operation whose values are known beforehand to fit a declared type.

        Raises:
            UnlowerableError: they are not known to.
        """
        form = self.form(place)
        kind = Kind.NUMBER if form.kind is Kind.RATIO else form.kind
        if type_ is ANY or (type_.constraint is None and (kind is Kind.NULL or _SIMPLE.get(type_.name) is kind)):
            return place
        if kind is Kind.LIST and str(type_) in {"list<number>", "list<Any>"}:
            return place
        raise UnlowerableError(f"is not known beforehand to be of the type {type_}")


_NOWHERE = Span(Source("", ""), 0, 0)
"""Where an expression stands that nobody wrote."""


def _eager_parts(node: Node, scope: Scope) -> Callable[[Callable[[Node], Node]], Node] | None:
    """Return what rebuilds a node with its parts replaced, where all its parts are evaluated before it; else None."""
    match node:
        case syntax.Arithmetic() | syntax.Comparison():
            return lambda mark: replace(node, left=mark(node.left), right=mark(node.right))
        case syntax.Negation():
            return lambda mark: replace(node, operand=mark(node.operand))
        case syntax.Between():
            return lambda mark: replace(node, value=mark(node.value), low=mark(node.low), high=mark(node.high))
        case syntax.Path() | syntax.InstanceOf():
            return lambda mark: replace(node, value=mark(node.value))
        case syntax.Call(function=syntax.Name(name=name)) if name in BUILTINS and name not in scope.names and name not in scope.knowledge:
            return lambda mark: replace(
                node,
                positional=tuple(map(mark, node.positional)),
                named=tuple((each, mark(argument)) for each, argument in node.named),
            )
    return None
