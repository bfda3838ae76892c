"""Expressions to operations: what has a column form gets one, and what has none is left to the interpreter, by name.

Owns which nodes of FEEL have a column form, and for which kinds of operands. What is lowered means exactly what
`zhida.feel.evaluate` says; where a kind is not known beforehand, the smallest expression around it is interpreted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from zhida.columnar import plan as ops
from zhida.columnar.columns import MAX_SCALE, form_of, scale_of
from zhida.columnar.plan import BOOLEANS, NULLS, RATIOS, STRINGS, VALUES, Fallback, Form, Kind, Operation, placeholder
from zhida.dmn.compiled import AS_OF, CompiledKnowledge
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.source import Source, Span
from zhida.values.numbers import feel_context
from zhida.values.range import Range
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, STRING, Type

Value = Any

FOLDS = {"min", "max", "sum", "abs", "floor", "ceiling"}
"""Builtins of numbers that have a column form."""
LIST_FOLDS = {"min", "max", "sum", "count"}
"""Those of lists of numbers."""
ORDERED = {Kind.NUMBER, Kind.DATE}
"""Kinds whose integers are ordered as the values are."""
MAX_INLINED = 20
"""How many calls of business knowledge models may stand inside each other."""

_SIMPLE = {"number": Kind.NUMBER, "string": Kind.STRING, "boolean": Kind.BOOLEAN, "date": Kind.DATE}


class UnlowerableError(Exception):
    """Something has no column form; the message says why."""


class Scope:
    """What names mean in a body."""

    def __init__(self, names: Mapping[str, Callable[[], int]], knowledge: Mapping[str, CompiledKnowledge], depth: int = 0) -> None:
        """Keep what names stand for.

        Args:
            names: Gives the operation of each name's value.
            knowledge: The names that are business knowledge models.
            depth: How many calls stand around it.
        """
        self.names = names
        self.knowledge = knowledge
        self.depth = depth


class Lowering:
    """Operations as they are gathered: what is the same is there once."""

    def __init__(self, constants: Mapping[str, Value], as_of: Date) -> None:
        self.constants = constants
        self.as_of = as_of
        self.operations: list[Operation] = []
        self.places: dict[Operation, int] = {}
        self.fallbacks: list[Fallback] = []
        self.decision = ""

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
        before = len(self.fallbacks)
        try:
            return self.direct(node, scope)
        except UnlowerableError as reason:
            del self.fallbacks[before:]
            return self.interpreted(node, scope, str(reason))

    def interpreted(self, node: Node, scope: Scope, reason: str) -> int:
        """Return the operation of an expression that the interpreter evaluates."""
        template, names = self.template(node, scope)
        self.fallbacks.append(Fallback(self.decision, " ".join(node.span.text.split()), reason))
        return self.emit(ops.Interpret(template, tuple(names.items()), result_form(node)))

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
            name = placeholder(len(operands))
            operands[name] = self.expression(part, scope)
            return syntax.Name(part.span, name)

        return parts(mark), operands

    def direct(self, node: Node, scope: Scope) -> int:
        """Return the operation of an expression that has a column form."""
        match node:
            case syntax.Literal() if node.is_valid:
                return self.constant(node.value)
            case syntax.Name():
                return self.name(node.name, scope)
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
        place = self.expression(node, scope)
        if self.form(place).kind is Kind.NULL:
            return self.convert(place, Form(Kind.NUMBER))
        if self.form(place).kind is not Kind.NUMBER:
            raise UnlowerableError(f"computes with a {self.form(place).kind}")
        return place

    def arithmetic(self, node: syntax.Arithmetic, scope: Scope) -> int:
        """Return the operation of a sum, difference, product or quotient."""
        left, right = self.number(node.left, scope), self.number(node.right, scope)
        first, second = self.form(left).scale, self.form(right).scale
        if node.operator == "/":
            inverse = self.inverse(right)
            if inverse is not None and first + scale_of(inverse) <= MAX_SCALE:
                form = Form(Kind.NUMBER, first + scale_of(inverse))
                return self.emit(ops.Arithmetic("*", left, self.constant(inverse), form))
            return self.emit(ops.Arithmetic("/", left, right, RATIOS))
        scale = first + second if node.operator == "*" else max(first, second)
        if scale > MAX_SCALE:
            raise UnlowerableError(f"{scale} decimal places")
        return self.emit(ops.Arithmetic(node.operator, left, right, Form(Kind.NUMBER, scale)))

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
            if kind in {Kind.VALUE, Kind.LIST}:
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
        if self.form(operand).kind is Kind.LIST:
            raise UnlowerableError("tests a list")
        bounds = tuple(bound for item in node.tests.tests for bound in bounds_of(self.static(item)))
        mark = syntax.Name(node.value.span, placeholder(0))
        return self.emit(ops.Test(replace(node, value=mark), bounds, operand))

    def choice(self, node: syntax.If, scope: Scope) -> int:
        """Return the operation of `if`."""
        condition = self.truth(node.condition, scope)
        then, otherwise = self.expression(node.then, scope), self.expression(node.otherwise, scope)
        form = joint_form([self.form(then), self.form(otherwise)])
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
        if name in FOLDS and len(node.positional) >= (2 if name in {"min", "max", "sum"} else 1):
            return self.fold(name, node, node.positional, scope)
        raise UnlowerableError(f"'{name}' has no column form")

    def fold(self, name: str, node: Node, arguments: tuple[Node, ...], scope: Scope) -> int:
        """Return the operation of a builtin of numbers, or of a negation."""
        if name in {"abs", "floor", "ceiling"} and len(arguments) != 1:
            raise UnlowerableError(f"'{name}' with a scale has no column form")
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
            template = replace(node, positional=marks)
        return self.emit(ops.Fold(name, template, operands, Form(Kind.NUMBER, scale)))

    def fold_list(self, name: str, node: syntax.Call, argument: Node, scope: Scope) -> int:
        """Return the operation of a builtin of a list of numbers."""
        if isinstance(argument, syntax.ListLiteral) and argument.elements and name != "count":
            return self.fold(name, replace(node, positional=argument.elements), argument.elements, scope)
        operand = self.expression(argument, scope)
        if self.form(operand).kind is not Kind.LIST:
            raise UnlowerableError(f"'{name}' of what is not known beforehand to be a list of numbers")
        template = replace(node, positional=(syntax.Name(node.span, placeholder(0)),))
        form = Form(Kind.NUMBER, 0 if name == "count" else self.form(operand).scale)
        return self.emit(ops.FoldList(name, template, operand, form))

    def inlined(self, name: str, node: syntax.Call, scope: Scope) -> int:
        """Return the operation of a call of a business knowledge model: its body, with the arguments in it."""
        knowledge = scope.knowledge[name]
        parameters = knowledge.model.parameters
        if scope.depth >= MAX_INLINED or not isinstance(knowledge.body, Node):
            raise UnlowerableError(f"'{name}' is not inlined")
        given = dict(node.named) if node.named else dict(zip((each for each, _ in parameters), node.positional, strict=False))
        if len(given) != len(parameters) or len(node.named or node.positional) != len(parameters) or set(given) != set(dict(parameters)):
            raise UnlowerableError(f"'{name}' is called with other arguments")
        arguments = {each: self.fitted(self.expression(given[each], scope), type_) for each, type_ in parameters}
        bare = {each: self.emit(ops.Bare(place, self.form(place))) for each, place in arguments.items()}
        inner = self.scope_of(knowledge, bare, scope.depth + 1)
        body = self.fitted(self.expression(knowledge.body, inner), knowledge.model.type)
        return self.emit(ops.After(tuple(arguments.values()), body, self.form(body)))

    def scope_of(self, knowledge: CompiledKnowledge, parameters: Mapping[str, int], depth: int) -> Scope:
        """Return what names mean in the body of a business knowledge model."""
        raise NotImplementedError

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

    # --- constants ---------------------------------------------------------------------------------------------------------

    def static(self, node: Node) -> Value:
        """Return the value of an expression that is the same in each row.

        Raises:
            UnlowerableError: it is not.
        """
        for name in syntax.free_names(node):
            if name.name not in BUILTINS and name.name != AS_OF:
                raise UnlowerableError(f"a cell names '{name.name}'")
        if isinstance(node, syntax.RangeLiteral):
            ends = [end for end in (node.low, node.high) if end is not None]
            return tuple(self.static(end) for end in ends)
        return evaluate(node, Frame({AS_OF: self.as_of}, Run(self.as_of)))

    def bounds_of_cell(self, cell: UnaryTests) -> Iterator[Value]:
        """Yield the constants that a cell compares with.

        Raises:
            UnlowerableError: it does something else with what it tests.
        """
        for item in cell.tests:
            if isinstance(item, syntax.Condition):
                yield from self.bounds_beside_input(item.expression)
            else:
                yield from bounds_of(self.static(item))

    def bounds_beside_input(self, node: Node) -> Iterator[Value]:
        """Yield the constants that an expression compares `?` with."""
        match node:
            case _ if not syntax.mentions_input(node):
                self.static(node)
            case syntax.Conjunction() | syntax.Disjunction():
                yield from self.bounds_beside_input(node.left)
                yield from self.bounds_beside_input(node.right)
            case syntax.Comparison() if _is_input(node.left) and not syntax.mentions_input(node.right):
                yield from bounds_of(self.static(node.right))
            case syntax.Comparison() if _is_input(node.right) and not syntax.mentions_input(node.left):
                yield from bounds_of(self.static(node.left))
            case syntax.Between() if _is_input(node.value) and not any(map(syntax.mentions_input, (node.low, node.high))):
                yield from bounds_of(self.static(node.low))
                yield from bounds_of(self.static(node.high))
            case syntax.In() if _is_input(node.value) and not syntax.mentions_input(node.tests):
                for item in node.tests.tests:
                    yield from bounds_of(self.static(item))
            case syntax.Call(function=syntax.Name(name="not"), positional=(inner,)):
                yield from self.bounds_beside_input(inner)
            case _:
                raise UnlowerableError("a cell computes with what it tests")


def _is_input(node: Node) -> bool:
    return isinstance(node, syntax.Name) and node.name == INPUT


_NOWHERE = Span(Source("", ""), 0, 0)
"""Where an expression stands that nobody wrote."""


def bounds_of(value: Value) -> Iterator[Value]:
    """Yield the values that a test of a constant compares with.

    >>> [str(bound) for bound in bounds_of((Range(Decimal(1), None), Decimal(5)))]
    ['1', '5']
    """
    match value:
        case Range():
            yield from (end for end in (value.low, value.high) if end is not None)
        case tuple():
            for element in value:
                yield from bounds_of(element)
        case None:
            return
        case _:
            yield value


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


def result_form(node: Node) -> Form:
    """Return the form of what an expression comes to, as far as its node says; what does not fit it is bad."""
    match node:
        case syntax.Call(function=syntax.Name(name=name)) if name in BUILTINS:
            results = {signature.result for signature in BUILTINS[name].signatures}
            return STRINGS if results == {STRING} else BOOLEANS if results == {BOOLEAN} else VALUES
        case syntax.Comparison() | syntax.Between() | syntax.In() | syntax.InstanceOf() | syntax.Quantified():
            return BOOLEANS
        case syntax.Conjunction() | syntax.Disjunction():
            return BOOLEANS
    return VALUES


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
