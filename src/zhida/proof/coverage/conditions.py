"""Conditions: what a decision turns on, each by itself, with the body that the decision would have were it the other way.

    F | 企业规模 | 合同额        | 比例        企业规模 = "小型"      rule 1, column 0
    1 | "小型"   | (0..500000]   | 0.5         合同额 > 0             rule 1, column 1, line 0
    2 | -        | > 0           | 0.3         合同额 <= 500000       rule 1, column 1, line 500000
                                               规则 1, 规则 2         each rule as a whole: were it not there
                                               合同额 > 0             rule 2, column 1, line 0

Of an expression they are its comparisons, the ends of its ranges, what stands bare where a truth is asked for, and each
argument of `min` and `max`: were it not among them. Business knowledge models are not gone into.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from zhida.dmn.compiled import Body, CompiledDecision, CompiledTable, Typed
from zhida.feel import syntax
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.feel.unparse import unparse
from zhida.policy.pack import PolicyModel
from zhida.policy.years import parse_offset
from zhida.proof.coverage.lines import Lines
from zhida.source import Span

Value = Any

INVERSE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
"""Each operator with the one that holds where it does not."""

MIRRORED = {"=": "=", "!=": "!=", "<": ">", ">=": "<=", ">": "<", "<=": ">="}
"""Each operator with the one that says the same with its sides exchanged."""

CHOOSING = {"min": "<=", "max": ">="}
"""Functions that choose one of their arguments, and how it then stands to the others."""


class ConditionKind(StrEnum):
    """What a condition is part of."""

    COMPARISON = "comparison"
    """A comparison, the end of a range, a value that is listed."""
    OPERAND = "operand"
    """Something that is true or false by itself."""
    CHOICE = "choice"
    """An argument of `min` or `max`: that it is the one that is chosen."""
    RULE = "rule"
    """A rule as a whole: that it matches."""
    OTHERWISE = "otherwise"
    """The default outputs: that no rule matches."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that a decision turns on."""

    decision_id: str
    """The decision."""
    rule: int | None
    """The place of the rule that it stands in; of the default outputs, the place behind the last rule; None outside of rules."""
    column: int | None
    """The place of the input clause that it stands in; None outside of them, in outputs too."""
    kind: ConditionKind
    """What it is part of."""
    node: Node
    """It, as an expression that is true or false; names are read in the scope of the decision."""
    text: tuple[str, str]
    """How it is called, in Chinese and English: `合同额 <= 500000`, `规则 3`."""
    tested: Node | None
    """What is compared; None where nothing is."""
    line: Node | None
    """What it is compared with, where that is a number, date or duration and so a threshold; None otherwise."""
    is_fixed: bool
    """Whether the line is the same for all subjects: a literal, a parameter, what is made of these."""
    operator: str
    """How `tested` stands to `line`: `=`, `<=` and so on; empty where nothing is compared."""
    span: Span
    """Where it stands: of a range, its end."""
    flipped: Body
    """The body of the decision with just this the other way: negated; a rule that does not match, an argument that is not there."""
    is_local: bool = False
    """Whether it stands inside of a filter, `for`, `some` or `every`, and its names are not only those of the decision."""

    @property
    def sides(self) -> tuple[bool, ...]:
        """What is to be shown of it: that it holds, and that it does not; of some, that it matters at all."""
        one_sided = self.is_local or self.kind in {ConditionKind.CHOICE, ConditionKind.RULE, ConditionKind.OTHERWISE}
        return (True,) if one_sided else (True, False)

    @property
    def is_threshold(self) -> bool:
        """Whether it compares with a line that examples can stand on."""
        return self.line is not None and not self.is_local


def conditions_of(model: PolicyModel, decision_id: str) -> tuple[Condition, ...]:
    """Return all that a decision turns on, rule by rule, in the order of the text; the clauses of a table come last.

    Args:
        model: The policy, linked for a day.
        decision_id: A decision of the model, of the policy's own or of one that it uses.
    """
    compiled = model.model.decisions[decision_id]
    finder = _Finder(decision_id, compiled, Lines(model))
    body = compiled.body.body if isinstance(compiled.body, Typed) else compiled.body
    return tuple(finder.table(body) if isinstance(body, CompiledTable) else finder.whole(body))


def with_body(model: PolicyModel, decision_id: str, body: Body) -> PolicyModel:
    """Return a policy with another body for one decision, which has the same requirements."""
    compiled = model.model.decisions[decision_id]
    other = replace(model.model, decisions={**model.model.decisions, decision_id: replace(compiled, body=body)})
    return replace(model, model=other, _uses={}, witnessed={})  # what was found out of the other does not hold of this one


@dataclass(frozen=True, slots=True)
class _Piece:
    """A condition found in an expression."""

    target: Node
    """What is replaced to flip it."""
    replacement: Node
    """By what."""
    node: Node
    """It, as an expression."""
    kind: ConditionKind
    """What it is part of."""
    span: Span
    """Where it stands."""
    tested: Node | None = None
    """What is compared."""
    operator: str = ""
    """How."""
    other: Node | None = None
    """With what."""
    is_local: bool = False
    """Whether its names are not only those of the decision."""


class _Finder:
    """Finds the conditions of one decision."""

    def __init__(self, decision_id: str, compiled: CompiledDecision, lines: Lines) -> None:
        self.decision_id = decision_id
        self.compiled = compiled
        self.lines = lines

    def whole(self, body: Body) -> Iterator[Condition]:
        """Yield the conditions of a body that is an expression."""
        if isinstance(body, Node):
            for piece in _pieces(body, is_truth=self.compiled.shape.type.name == "boolean"):
                yield self.condition(piece, replaced(body, piece.target, piece.replacement))

    def table(self, table: CompiledTable) -> Iterator[Condition]:
        """Yield the conditions of a decision table."""
        for place, rule in enumerate(table.rules):
            yield self.rule(table, place)
            for column, tests in enumerate(rule.tests):
                for piece in _pieces_of_cell(table.inputs[column], tests):
                    new = replaced(tests, piece.target, piece.replacement)
                    flipped = with_cell(table, place, column, new)
                    yield self.condition(piece, flipped, place, column)
            for output, node in enumerate(rule.outputs):
                for piece in _pieces(node, is_truth=False):
                    outputs = _with(rule.outputs, output, replaced(node, piece.target, piece.replacement))
                    rules = _with(table.rules, place, replace(rule, outputs=outputs))
                    yield self.condition(piece, replace(table, rules=rules), place)
        yield from self.otherwise(table)
        for column, clause in enumerate(table.inputs):
            for piece in _pieces(clause, is_truth=not isinstance(clause, syntax.Name)):
                inputs = _with(table.inputs, column, replaced(clause, piece.target, piece.replacement))
                yield self.condition(piece, replace(table, inputs=inputs), None, column)

    def rule(self, table: CompiledTable, place: int) -> Condition:
        """Return a rule as a condition; the other way, it is not there."""
        rule = table.rules[place].rule
        text = (f"规则 {rule.number}", f"rule {rule.number}")
        flipped = replace(table, rules=(*table.rules[:place], *table.rules[place + 1 :]))
        node = rule_expression(table, place)
        return self.row(_Piece(node, node, node, ConditionKind.RULE, rule.span), text, place, flipped)

    def otherwise(self, table: CompiledTable) -> Iterator[Condition]:
        """Yield the default outputs as conditions."""
        if all(node is None for node in table.defaults):
            return
        span = next(node.span for node in table.defaults if node is not None)
        place = len(table.rules)
        matching = [rule_expression(table, each) for each in range(place)]
        node = _not(_disjunction(matching, span)) if matching else syntax.Literal(span, value=True)
        flipped = replace(table, defaults=(None,) * len(table.defaults))
        yield self.row(_Piece(node, node, node, ConditionKind.OTHERWISE, span), ("否则", "otherwise"), place, flipped)
        for output, default in enumerate(table.defaults):
            for piece in () if default is None else _pieces(default, is_truth=False):
                assert default is not None
                defaults = _with(table.defaults, output, replaced(default, piece.target, piece.replacement))
                yield self.condition(piece, replace(table, defaults=defaults), place)

    def row(self, piece: _Piece, text: tuple[str, str], place: int, flipped: CompiledTable) -> Condition:
        """Return a whole row as a condition."""
        return Condition(
            decision_id=self.decision_id,
            rule=place,
            column=None,
            kind=piece.kind,
            node=piece.node,
            text=text,
            tested=None,
            line=None,
            is_fixed=False,
            operator="",
            span=piece.span,
            flipped=self.within(flipped),
        )

    def within(self, body: Body) -> Body:
        """Return a body with the declared type around it that the decision's has."""
        return replace(self.compiled.body, body=body) if isinstance(self.compiled.body, Typed) else body

    def condition(self, piece: _Piece, flipped: Body, rule: int | None = None, column: int | None = None) -> Condition:
        """Return what was found as a condition, the line on its right."""
        tested, line, operator, is_fixed = piece.tested, piece.other, piece.operator, False
        if tested is not None and line is not None and not piece.is_local:
            if self.lines.is_fixed(tested, self.decision_id) and not self.lines.is_fixed(line, self.decision_id):
                tested, line, operator = line, tested, MIRRORED[operator]
            is_fixed = self.lines.is_fixed(line, self.decision_id)
        is_measured = operator in INVERSE and line is not None and self.lines.is_measured(line, self.decision_id)
        return Condition(
            decision_id=self.decision_id,
            rule=rule,
            column=column,
            kind=piece.kind,
            node=piece.node,
            text=_text(piece),
            tested=tested,
            line=line if is_measured and not piece.is_local else None,
            is_fixed=is_fixed,
            operator=operator,
            span=piece.span,
            flipped=self.within(flipped),
            is_local=piece.is_local,
        )


def _text(piece: _Piece) -> tuple[str, str]:
    """Return how a condition that was found in an expression is called."""
    if piece.kind is not ConditionKind.CHOICE:
        return (written(piece.node),) * 2
    assert piece.tested is not None
    name, chosen = piece.operator, written(piece.tested)
    return f"{name}(…) 取 {chosen}", f"{name}(…) takes {chosen}"


def written(node: Node) -> str:
    """Return the FEEL of an expression on one line, a fact of an earlier year as rules write it: `研发费用(1)`."""
    text = unparse(node)
    for name in {found.name for found in syntax.descendants(node) if isinstance(found, syntax.Name)}:
        base, offset = parse_offset(name)
        text = text.replace(name, f"{base}({offset})") if offset else text
    return text


# --- in expressions ------------------------------------------------------------------------------------------------


def _pieces(node: Node, *, is_truth: bool, is_local: bool = False) -> Iterator[_Piece]:
    """Yield the conditions in an expression, in the order of the text.

    Args:
        node: The expression.
        is_truth: Whether it is asked for a truth, as an operand of `and` is.
        is_local: Whether it stands inside of something that declares names.
    """
    match node:
        case syntax.Conjunction() | syntax.Disjunction():
            yield from _pieces(node.left, is_truth=True, is_local=is_local)
            yield from _pieces(node.right, is_truth=True, is_local=is_local)
            return
        case syntax.If():
            yield from _pieces(node.condition, is_truth=True, is_local=is_local)
            yield from _pieces(node.then, is_truth=is_truth, is_local=is_local)
            yield from _pieces(node.otherwise, is_truth=is_truth, is_local=is_local)
            return
        case syntax.Call(function=syntax.Name(name="not"), positional=(operand,)):
            yield from _pieces(operand, is_truth=True, is_local=is_local)
            return
        case syntax.Comparison():
            yield _compared(node, node, is_local=is_local)
        case syntax.Between():
            yield from _of_between(node, is_local=is_local)
        case syntax.In():
            yield from _of_in(node, is_local=is_local)
        case syntax.Call(function=syntax.Name(name="min" | "max")):
            yield from _chosen(node, is_local=is_local)
        case syntax.Literal():
            return
        case _ if is_truth:
            yield _Piece(node, _not(node), node, ConditionKind.OPERAND, node.span, is_local=is_local)
    declares = isinstance(node, syntax.For | syntax.Quantified | syntax.FunctionLiteral | syntax.Filter)
    for child in syntax.children(node):
        is_outside = not declares or (isinstance(node, syntax.Filter) and child is node.value)
        if isinstance(node, syntax.In) and isinstance(child, UnaryTests):
            continue
        yield from _pieces(child, is_truth=False, is_local=is_local or not is_outside)


def _compared(node: syntax.Comparison, target: Node, replacement: Node | None = None, *, is_local: bool) -> _Piece:
    """Return a comparison as a condition."""
    flipped = replacement or replace(node, operator=INVERSE[node.operator])
    return _Piece(target, flipped, node, ConditionKind.COMPARISON, node.span, node.left, node.operator, node.right, is_local)


def _of_between(node: syntax.Between, *, is_local: bool) -> Iterator[_Piece]:
    low = syntax.Comparison(node.low.span, ">=", node.value, node.low)
    high = syntax.Comparison(node.high.span, "<=", node.value, node.high)
    for kept, turned in ((high, low), (low, high)):
        both = syntax.Conjunction(node.span, kept, replace(turned, operator=INVERSE[turned.operator]))
        yield _compared(turned, node, both, is_local=is_local)


def _of_in(node: syntax.In, *, is_local: bool) -> Iterator[_Piece]:
    """Yield the ends and values of `a in (…)`; what is flipped stands beside the other tests."""
    for place, item in enumerate(node.tests.tests):
        others = (*node.tests.tests[:place], *node.tests.tests[place + 1 :])
        for piece, flipped in _of_test(item, node.value, is_local=is_local):
            rest = replace(node, tests=replace(node.tests, tests=others))
            yield replace(piece, target=node, replacement=syntax.Disjunction(node.span, rest, flipped) if others else flipped)


def _chosen(node: syntax.Call, *, is_local: bool) -> Iterator[_Piece]:
    """Yield each argument of `min` or `max` as a condition: that it is the one that is chosen."""
    assert isinstance(node.function, syntax.Name)
    arguments: Sequence[Node] = node.positional
    if len(arguments) == 1 and isinstance(arguments[0], syntax.ListLiteral):
        arguments = arguments[0].elements
    if len(arguments) < 2:
        return
    name = node.function.name
    for place, argument in enumerate(arguments):
        others = (*arguments[:place], *arguments[place + 1 :])
        rest = others[0] if len(others) == 1 else replace(node, positional=others)
        chosen = syntax.Comparison(argument.span, CHOOSING[name], argument, rest)
        yield _Piece(node, rest, chosen, ConditionKind.CHOICE, argument.span, argument, name, is_local=is_local)


# --- in cells ------------------------------------------------------------------------------------------------------


def _pieces_of_cell(clause: Node, tests: UnaryTests) -> Iterator[_Piece]:
    """Yield the conditions in a cell; what is replaced is one of its tests, or something inside of it."""
    for item in tests.tests:
        if isinstance(item, syntax.Condition):
            for piece in _pieces(item.expression, is_truth=True):
                yield replace(
                    piece,
                    node=_in_place_of_input(piece.node, clause),
                    tested=piece.tested and _in_place_of_input(piece.tested, clause),
                    other=piece.other and _in_place_of_input(piece.other, clause),
                )
            continue
        question = syntax.Name(item.span, INPUT)
        for (piece, _), (_, flipped) in zip(_of_test(item, clause), _of_test(item, question), strict=True):
            yield replace(piece, target=item, replacement=syntax.Condition(item.span, flipped))


def _of_test(item: Node, value: Node, *, is_local: bool = False) -> Iterator[tuple[_Piece, Node]]:
    """Yield the conditions in one test of a value, each with the whole test, that condition flipped, as an expression."""
    match item:
        case syntax.RangeLiteral(operator="", low=Node() as low, high=Node() as high):
            ends = (
                syntax.Comparison(low.span, ">=" if item.low_closed else ">", value, low),
                syntax.Comparison(high.span, "<=" if item.high_closed else "<", value, high),
            )
            for turned, kept in (ends, ends[::-1]):
                both = syntax.Conjunction(item.span, kept, replace(turned, operator=INVERSE[turned.operator]))
                yield _compared(turned, item, both, is_local=is_local), both
        case _:
            node = expression_of_test(item, value)
            if isinstance(node, syntax.Comparison):
                flipped: Node = replace(node, operator=INVERSE[node.operator])
                yield _compared(node, item, flipped, is_local=is_local), flipped
            else:
                yield _Piece(item, _not(node), node, ConditionKind.OPERAND, item.span, value, "in", item, is_local), _not(node)


def expression_of_test(item: Node, value: Node) -> Node:
    """Return one test of a cell as an expression on the value that it tests."""
    match item:
        case syntax.Condition():
            return _in_place_of_input(item.expression, value)
        case syntax.RangeLiteral(operator=operator) if operator:
            return syntax.Comparison(item.span, operator, value, item.operand)
        case syntax.Literal():
            return syntax.Comparison(item.span, "=", value, item)
    return syntax.In(item.span, value, UnaryTests(item.span, (item,)))


def rule_expression(table: CompiledTable, place: int) -> Node:
    """Return that a rule matches, as an expression in the scope of its decision."""
    rule = table.rules[place]
    cells = []
    for clause, tests in zip(table.inputs, rule.tests, strict=True):
        if tests.tests:
            passed = _disjunction([expression_of_test(item, clause) for item in tests.tests], tests.span)
            cells.append(_not(passed) if tests.is_negated else passed)
    if not cells:
        return syntax.Literal(rule.rule.span, value=True)
    found = cells[0]
    for cell in cells[1:]:
        found = syntax.Conjunction(rule.rule.span, found, cell)
    return found


def with_cell(table: CompiledTable, place: int, column: int, tests: Node) -> CompiledTable:
    """Return a table with another cell."""
    rule = table.rules[place]
    return replace(table, rules=_with(table.rules, place, replace(rule, tests=_with(rule.tests, column, tests))))


# --- nodes ---------------------------------------------------------------------------------------------------------


def _not(node: Node) -> Node:
    return syntax.Call(node.span, syntax.Name(node.span, "not"), (node,), ())


def _disjunction(nodes: Sequence[Node], span: Span) -> Node:
    found = nodes[0]
    for node in nodes[1:]:
        found = syntax.Disjunction(span, found, node)
    return found


def _with(values: tuple[Any, ...], place: int, value: object) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _in_place_of_input(node: Node, value: Node) -> Node:
    """Return an expression with what `?` stands for in its place."""
    for found in list(syntax.descendants(node)):
        if isinstance(found, syntax.Name) and found.name == INPUT:
            node = replaced(node, found, value)
    return node


def replaced(node: Node, target: Node, replacement: Node) -> Node:
    """Return a node with another in place of one that stands in it; told by identity, not by what it says.

    >>> from zhida.feel.names import Scope
    >>> from zhida.feel.parse import parse_expression
    >>> from zhida.source import snippet
    >>> whole = parse_expression(snippet("1 + 2 * 3"), Scope())
    >>> unparse(replaced(whole, whole.right.right, whole.left))
    '1 + 2 * 1'
    """
    if node is target:
        return replacement
    changes = {}
    for field in fields(node):
        if field.init:
            old = getattr(node, field.name)
            new = _replaced_in(old, target, replacement)
            if new is not old:
                changes[field.name] = new
    return replace(node, **changes) if changes else node


def _replaced_in(value: Any, target: Node, replacement: Node) -> Any:  # noqa: ANN401 - what a field of a node holds
    if isinstance(value, Node | syntax.Iteration):
        return replaced(value, target, replacement)  # type: ignore[arg-type]  # an iteration has fields as a node has
    if isinstance(value, tuple):
        new = tuple([_replaced_in(item, target, replacement) for item in value])
        return new if any(one is not other for one, other in zip(new, value, strict=True)) else value
    return value
