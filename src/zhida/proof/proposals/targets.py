"""Targets: what the examples of a policy ought to show, decision by decision.

    conditions ──> a line: on it, just past it        condition: holds, does not hold        rule: matches
    figures    ──> each figure and each output: another one in its place, one in its last digit more or less
    columns    ──> each two input clauses: the other way round

A target is another body of the decision, and where a row has to stand. A row that shows it fails as soon as somebody
moves the bound, mistakes `<` for `<=`, drops the rule, or changes the figure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from typing import Any

from zhida.dmn.compiled import Body, CompiledDecision, CompiledTable, Typed
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.feel.unparse import unparse
from zhida.policy.pack import PolicyModel
from zhida.proof.coverage.conditions import Condition, ConditionKind, conditions_of, replaced
from zhida.proof.coverage.lines import FINEST, SHARE, Lines, nearness
from zhida.source import Span
from zhida.values import temporal
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, DaysDuration, MonthsDuration, parse_date, parse_duration
from zhida.values.unknown import find_unknown

Value = Any

DAY, MONTH = DaysDuration(86_400_000_000_000), MonthsDuration(1)


class TargetKind(StrEnum):
    """What a target asks for."""

    ON = "on"
    """A row on a line."""
    PAST = "past"
    """A row just past a line."""
    TRUE = "true"
    """A row in which a condition holds and decides."""
    FALSE = "false"
    """A row in which a condition does not hold and decides."""
    RULE = "rule"
    """A row in which a rule, or one of its outputs, decides."""
    FIGURE = "figure"
    """A row in which a figure decides."""
    COLUMNS = "columns"
    """A row that tells two columns from each other."""


MOST_OUTPUTS = 4
"""How many outputs of other rules are tried in the place of one that is null."""

BOUNDARIES = frozenset((TargetKind.ON, TargetKind.PAST))


@dataclass(frozen=True, slots=True)
class Target:
    """What a row ought to show."""

    kind: TargetKind
    """What it asks for."""
    decision_id: str
    """The decision."""
    other: Body
    """Another body of the decision, by which it must have another value."""
    places: tuple[Node | None, ...]
    """Where the row may stand, the best first: expressions in the scope of the decision that must be true; None for anywhere."""
    enough: Node | None
    """Where it is enough that a row stands."""
    text: tuple[str, str]
    """What it is called, in Chinese and English."""
    span: Span
    """Where that stands in the policy."""


def targets_of(model: PolicyModel, decision_id: str) -> tuple[Target, ...]:
    """Return what rows of a decision ought to show, the most telling first.

    Args:
        model: The policy, linked for a day.
        decision_id: One of its own decisions.
    """
    conditions = conditions_of(model, decision_id)
    lines = Lines(model)
    found: list[Target] = []
    for condition in conditions:
        if condition.is_threshold:
            found += _of_threshold(condition, model, lines)
    for condition in conditions:
        found += _of_condition(condition)
    found += _of_body(model.model.decisions[decision_id], decision_id)
    found += _of_knowledge(model, decision_id)
    return tuple(found)


# --- conditions --------------------------------------------------------------------------------------------------------------


def _of_condition(condition: Condition) -> Iterator[Target]:
    """Yield what is to be shown of a condition: that it decides, where it holds and where it does not."""
    zh, en = condition.text
    for side in condition.sides:
        node: Node | None = condition.node if side else _not(condition.node)
        if len(condition.sides) == 1:
            node = None  # it decides only where it holds
        kind = TargetKind.TRUE if side else TargetKind.FALSE
        text = (zh, en) if len(condition.sides) == 1 else (f"成立：{zh}", f"holds: {en}") if side else (f"只差：{zh}", f"lacks only: {en}")
        if condition.kind in {ConditionKind.RULE, ConditionKind.OTHERWISE}:
            kind = TargetKind.RULE
        yield Target(kind, condition.decision_id, condition.flipped, (node,), node, text, condition.span)


def _of_threshold(condition: Condition, model: PolicyModel, lines: Lines) -> Iterator[Target]:
    """Yield what is to be shown of a line: a row on it, and one just past it, on the side to which it does not belong."""
    assert condition.tested is not None
    assert condition.line is not None
    tested, line, span = condition.tested, condition.line, condition.span
    shown = f"{unparse(tested)} = {unparse(line)}"
    on = _comparison("=", tested, line)
    is_above = condition.operator in {"<=", ">"}
    is_equality = condition.operator in {"=", "!="}
    best, near = _beside(condition, model, lines, is_above=is_above)
    places: tuple[Node, ...] = (best, near)
    wide = near
    if is_equality:
        above, near_above = _beside(condition, model, lines, is_above=True)
        places, wide = (above, near_above, best, near), syntax.Disjunction(span, near_above, near)
    nearest_on = () if is_equality else _beside(condition, model, lines, is_above=not is_above)[1:]
    text = (f"恰在线上：{shown}", f"on the line: {shown}")
    # A line that differs from subject to subject is no threshold of the law, but a row on it tells `<` from `<=` all the same.
    kinds = (TargetKind.ON, TargetKind.PAST) if condition.is_fixed else (TargetKind.TRUE, TargetKind.FALSE)
    yield Target(kinds[0], condition.decision_id, condition.flipped, (on, *nearest_on), on, text, span)
    sign = "≠" if is_equality else ">" if is_above else "<"
    past = f"{unparse(tested)} {sign} {unparse(line)}"
    text = (f"刚过线：{past}", f"just past the line: {past}")
    yield Target(kinds[1], condition.decision_id, condition.flipped, places, wide, text, span)


def _beside(condition: Condition, model: PolicyModel, lines: Lines, *, is_above: bool) -> tuple[Node, Node]:
    """Return where a row stands one step beside a line, and where it is still near."""
    assert condition.tested is not None
    assert condition.line is not None
    tested, line, scope = condition.tested, condition.line, condition.decision_id
    operator = "+" if is_above else "-"
    step, near = _steps(condition, model, lines)
    best = _comparison("=", tested, _arithmetic(operator, line, step))
    outer, inner = ("<=", ">") if is_above else (">=", "<")
    if near is None:  # a line that differs from subject to subject: a share of it is near
        share = syntax.Literal(line.span, SHARE)
        width: Node = _arithmetic("*", line, share)
    else:
        width = near
    within = _comparison(outer, tested, _arithmetic(operator, line, width))
    assert scope
    return best, syntax.Conjunction(tested.span, _comparison(inner, tested, line), within)


def _steps(condition: Condition, model: PolicyModel, lines: Lines) -> tuple[Node, Node | None]:
    """Return one step from a line, and how far is near; None for that where it is a share of a line that differs."""
    assert condition.tested is not None
    assert condition.line is not None
    tested, line, scope = condition.tested, condition.line, condition.decision_id
    value = lines.value(line, scope) if condition.is_fixed else _sample(model, line, tested, scope)
    if isinstance(value, Decimal) or value is None or find_unknown(value) is not None:
        grain = lines.grain(tested, scope)
        step = syntax.Literal(line.span, grain or FINEST)
        if isinstance(value, Decimal) and condition.is_fixed:
            return step, syntax.Literal(line.span, nearness(value, grain))
        return step, None
    step = syntax.Literal(line.span, MONTH if isinstance(value, MonthsDuration) else DAY)
    return step, step


def _sample(model: PolicyModel, line: Node, tested: Node, scope: str) -> Value:
    """Return a value of the kind that a line which differs from subject to subject has, where its name tells; else None."""
    for node in (line, tested):
        if isinstance(node, syntax.Name):
            id_ = model.model.decisions[scope].requirements.get(node.name, "")
            data, decision = model.model.inputs.get(id_), model.model.decisions.get(id_)
            type_ = data.item.type.name if data else decision.shape.type.name if decision else ""
            if type_ == "date":
                return Date(2000, 1, 1)
            if type_.endswith("duration"):
                return MONTH if "months" in type_ else DAY
    return None


# --- figures, outputs, columns ---------------------------------------------------------------------------------------------------


def _of_body(compiled: CompiledDecision, decision_id: str) -> Iterator[Target]:
    """Yield what is to be shown of the figures of a body, and of the outputs and columns of a table."""
    body = compiled.body

    def within(other: Body) -> Body:
        return replace(body, body=other) if isinstance(body, Typed) else other

    inner = body.body if isinstance(body, Typed) else body
    if isinstance(inner, Node):
        for literal, node in _figures(inner):
            yield _figure(decision_id, literal, within(replaced(inner, literal, node)), node)
    elif isinstance(inner, CompiledTable):
        for target in (*_of_outputs(inner, decision_id), *_of_cells(inner, decision_id), *_of_columns(inner, decision_id)):
            yield replace(target, other=within(target.other))


def _of_knowledge(model: PolicyModel, decision_id: str) -> Iterator[Target]:
    """Yield the figures of the business knowledge models that a decision calls, those that need nothing but what they are given."""
    compiled = model.model.decisions[decision_id]
    for name, id_ in compiled.requirements.items():
        called = model.model.knowledge.get(id_)
        if called is None or called.requirements or not isinstance(called.body, Node) or id_ not in model.policy.compiled.knowledge:
            continue
        for literal, node in _figures(called.body):
            function = syntax.FunctionLiteral(literal.span, called.model.parameters, replaced(called.body, literal, node))
            yield _figure(decision_id, literal, _calling(compiled.body, name, function), node)


def _calling(body: Body, name: str, function: Node) -> Body:
    """Return a body that calls a function that is written out, wherever it calls one by name."""
    if isinstance(body, Typed):
        return replace(body, body=_calling(body.body, name, function))
    if isinstance(body, CompiledTable):
        rules = tuple(replace(rule, outputs=tuple(_called(node, name, function) for node in rule.outputs)) for rule in body.rules)
        inputs = tuple(_called(node, name, function) for node in body.inputs)
        return replace(body, rules=rules, inputs=inputs)
    return _called(body, name, function) if isinstance(body, Node) else body


def _called(node: Node, name: str, function: Node) -> Node:
    for found in [each for each in syntax.descendants(node) if isinstance(each, syntax.Name) and each.name == name]:
        node = replaced(node, found, function)
    return node


def _of_outputs(table: CompiledTable, decision_id: str) -> Iterator[Target]:
    """Yield each output of each rule, and each default: that another one would change the answer; and the figures in them."""
    names = [clause.name for clause in table.table.outputs]
    for place, rule in enumerate(table.rules):
        for column, node in enumerate(rule.outputs):
            zh = f"规则 {rule.rule.number}" + (f" 的 {names[column]}" if len(names) > 1 else "")
            en = f"rule {rule.rule.number}" + (f", {names[column]}" if len(names) > 1 else "")
            for other, text in _of_output(table, column, node, (zh, en)):
                outputs = (*rule.outputs[:column], other, *rule.outputs[column + 1 :])
                rules = (*table.rules[:place], replace(rule, outputs=outputs), *table.rules[place + 1 :])
                yield Target(TargetKind.RULE, decision_id, replace(table, rules=rules), (None,), None, text, node.span)
    for column, default in enumerate(table.defaults):
        for other, text in () if default is None else _of_output(table, column, default, ("否则", "otherwise")):
            assert default is not None
            defaults = (*table.defaults[:column], other, *table.defaults[column + 1 :])
            yield Target(TargetKind.RULE, decision_id, replace(table, defaults=defaults), (None,), None, text, default.span)


def _of_output(table: CompiledTable, column: int, node: Node, text: tuple[str, str]) -> Iterator[tuple[Node, tuple[str, str]]]:
    """Yield other outputs in the place of one, with what they are called."""
    if isinstance(node, syntax.Literal):
        for other in _others(table, column, node):
            yield other, text
        return
    yield syntax.Literal(node.span, None), text
    for literal, other in _figures(node):
        zh, en = text
        yield replaced(node, literal, other), (f"{zh}：数字 {unparse(literal)}", f"{en}: figure {unparse(literal)}")


def _others(table: CompiledTable, column: int, node: syntax.Literal) -> Sequence[Node]:
    """Return other outputs than a value; in the place of null, those of the other rules."""
    match node.value:
        case bool():
            return (replace(node, value=not node.value),)
        case Decimal():
            return (replace(node, value=feel_context().add(node.value, 1)),)
        case str():
            return (replace(node, value=f"{node.value}′"),)
        case Date():
            return (replace(node, value=temporal.add(node.value, DAY)),)
    known = {unparse(each): each for rule in table.rules if not _is_null(each := rule.outputs[column])}
    return tuple(known.values())[:MOST_OUTPUTS] or (replace(node, value=Decimal(0)),)


def _is_null(node: Node) -> bool:
    return isinstance(node, syntax.Literal) and node.value is None


def _of_cells(table: CompiledTable, decision_id: str) -> Iterator[Target]:
    """Yield the figures in input cells and clauses: each a step more, and a step less."""
    for place, rule in enumerate(table.rules):
        for column, tests in enumerate(rule.tests):
            for literal, other in _figures(tests):
                cells = (*rule.tests[:column], replaced(tests, literal, other), *rule.tests[column + 1 :])
                changed = replace(rule, tests=cells)  # type: ignore[arg-type]  # unary tests stay unary tests
                rules = (*table.rules[:place], changed, *table.rules[place + 1 :])
                yield _figure(decision_id, literal, replace(table, rules=rules), other)
    for column, clause in enumerate(table.inputs):
        for literal, other in _figures(clause):
            inputs = (*table.inputs[:column], replaced(clause, literal, other), *table.inputs[column + 1 :])
            yield _figure(decision_id, literal, replace(table, inputs=inputs), other)


def _of_columns(table: CompiledTable, decision_id: str) -> Iterator[Target]:
    """Yield each two input clauses: that it matters which is which."""
    for one, other in combinations(range(len(table.inputs)), 2):
        inputs = list(table.inputs)
        inputs[one], inputs[other] = inputs[other], inputs[one]
        names = [table.table.inputs[column].expression.text for column in (one, other)]
        text = (f"两列不能对调：{names[0]}、{names[1]}", f"two columns that are not the same: {names[0]}, {names[1]}")
        span = table.inputs[other].span
        yield Target(TargetKind.COLUMNS, decision_id, replace(table, inputs=tuple(inputs)), (None,), None, text, span)


def _figure(decision_id: str, literal: Node, other: Body, new: Node) -> Target:
    text = (f"数字 {unparse(literal)} 不是 {unparse(new)}", f"figure {unparse(literal)}, not {unparse(new)}")
    return Target(TargetKind.FIGURE, decision_id, other, (None,), None, text, literal.span)


def _figures(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield each figure in an expression with another in its place: one in its last written digit more, and one less."""
    found = sorted((each for each in syntax.descendants(node) if isinstance(each, syntax.Literal)), key=lambda each: each.span.start)
    for literal in found:
        for value in _moved(literal.value, literal.span.text):
            yield literal, replace(literal, value=value)


def _moved(value: Value, written: str) -> Sequence[Value]:
    """Return the values one step from a figure: in its last written digit, a day, a month.

    >>> [str(moved) for moved in _moved(Decimal("0.30"), "0.30")], [str(moved) for moved in _moved("2026-01-31", "")]
    (['0.31', '0.29'], ['2026-02-01', '2026-01-30'])
    """
    if isinstance(value, Decimal):
        _, _, decimals = written.partition(".")
        step = Decimal(1).scaleb(-len(decimals) if decimals.isdigit() else 0)
        return [feel_context().add(value, step), feel_context().subtract(value, step)]
    if isinstance(value, Date | DaysDuration | MonthsDuration):
        step_ = MONTH if isinstance(value, MonthsDuration) else DAY
        return [moved for moved in (temporal.add(value, step_), temporal.subtract(value, step_)) if moved is not None]
    if isinstance(value, str):  # what `date` and `duration` are given
        read = parse_date(value) or parse_duration(value)
        return [str(moved) for moved in _moved(read, "")] if read is not None else []
    return []


# --- nodes ---------------------------------------------------------------------------------------------------------------------


def _not(node: Node) -> Node:
    return syntax.Call(node.span, syntax.Name(node.span, "not"), (node,), ())


def _comparison(operator: str, left: Node, right: Node) -> Node:
    return syntax.Comparison(left.span, operator, left, right)


def _arithmetic(operator: str, left: Node, right: Node) -> Node:
    return syntax.Arithmetic(left.span, operator, left, right)
