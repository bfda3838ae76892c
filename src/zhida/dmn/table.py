"""Decision tables: which rules match, and what they come to under each hit policy (DMN 1.5, 8.2.8 to 8.2.11).

    input values ──match──> verdicts, one for each rule ──combine──> value

A verdict is true, false, null or unknown. Null does not match (FEEL), but where a rule fails only because an input is
null and no cell of that column names null, that is noted: the table's author has not said what null means. Where a
verdict is unknown, the value is what all answers that are still possible agree on, else unknown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from zhida.dmn.compiled import CompiledRule, CompiledTable
from zhida.dmn.model import HitPolicy
from zhida.feel.evaluate import evaluate, test
from zhida.feel.run import Frame
from zhida.feel.syntax import Node, UnaryTests
from zhida.values.equality import equal, less
from zhida.values.logic import Truth
from zhida.values.text import excerpt
from zhida.values.types import ANY, coerce
from zhida.values.unknown import Unknown, find_unknown, merge

Value = Any

MANY_RESULTS = frozenset((HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER))


@dataclass(frozen=True, slots=True)
class TableTrace:
    """How a decision table came to its value."""

    table: CompiledTable
    """The table."""
    inputs: tuple[Value, ...]
    """The value of each input clause."""
    matched: tuple[int, ...]
    """Places of the rules that the value rests on."""
    possible: tuple[int, ...] = ()
    """Places of the rules of which it is unknown whether they match."""
    excluded: frozenset[int] = frozenset()
    """Places of the rules that what is known keeps from having any say, whatever is missing."""


def decide_table(table: CompiledTable, frame: Frame, name: str) -> tuple[Value, TableTrace]:
    """Return the value of a table, and how it came about.

    Args:
        table: The table.
        frame: What its cells may use.
        name: What diagnostics call it.
    """
    inputs, are_allowed = _inputs(table, frame, name)
    matches: list[_Match] = []
    for rule in table.rules:
        matches.append(_match(table, rule, inputs, frame) if are_allowed else _NO_MATCH)
        if matches[-1].verdict is True and table.table.hit_policy is HitPolicy.FIRST:
            break
    verdicts = _split(matches)
    certain, possible, _ = verdicts
    value = _mind_nulls(table, frame, name, matches, _combine(table, frame, name, verdicts))
    if not certain and not possible and are_allowed:
        _note_no_rule(table, frame, name, inputs)
    kept = certain[:1] if table.table.hit_policy in {HitPolicy.FIRST, HitPolicy.ANY} else certain
    silent = [place for place, match in enumerate(matches) if match.verdict is False and not match.nulls]
    return value, TableTrace(table, inputs, kept, possible, frozenset((*silent, *range(len(matches), len(table.rules)))))


@dataclass(frozen=True, slots=True)
class _Match:
    """Whether a rule matches."""

    verdict: Truth
    """True, false or unknown."""
    nulls: tuple[int, ...] = ()
    """Columns that alone keep it from matching, because their input is null and no cell of theirs names null."""
    unknown: Unknown | None = None
    """What would have to be known to say whether these columns alone do."""


_MATCH, _NO_MATCH = _Match(verdict=True), _Match(verdict=False)


class _Verdicts(NamedTuple):
    """Which rules of a table match."""

    certain: tuple[int, ...]
    """Places of those that do."""
    possible: tuple[int, ...]
    """Places of those of which it is unknown."""
    unknown: Unknown | None
    """What would have to be known of these."""


def _split(matches: Sequence[_Match]) -> _Verdicts:
    """Return the places of the rules that match for certain, and of those that perhaps do."""
    certain = tuple([place for place, match in enumerate(matches) if match.verdict is True])
    possible = tuple([place for place, match in enumerate(matches) if isinstance(match.verdict, Unknown)])
    return _Verdicts(certain, possible, merge([matches[place].verdict for place in possible]) if possible else None)


def _mind_nulls(table: CompiledTable, frame: Frame, name: str, matches: Sequence[_Match], value: Value) -> Value:
    """Note each column whose null changed the value; where what is unknown decides whether it did, the value is unknown.

    A rule that fails for a null but would give the same value is not odd.
    """
    if not any(match.nulls for match in matches):
        return value
    verdict = merge([match.verdict for match in matches])
    columns: set[int] = set()
    doubts: list[Unknown] = [] if verdict is None else [verdict]
    is_odd = False
    for place, match in enumerate(matches):
        if match.nulls and find_unknown(value) is None and not _says(table, frame, place, value):
            is_odd = True
            columns.update(match.nulls if match.unknown is None else ())
            doubts += [] if match.unknown is None else [match.unknown]
    if is_odd and (verdict is not None or not columns):
        return merge(doubts)
    for column in sorted(columns):
        clause = table.table.inputs[column].expression
        frame.run.note("dmn-null-in-table", table.table.span, name=name, clause=clause.text)
    return value


def _says(table: CompiledTable, frame: Frame, place: int, value: Value) -> bool:
    """Say whether a rule alone would give the table's value."""
    if table.table.hit_policy not in _SINGLE_VALUES:
        return False
    before = len(frame.run.diagnostics)
    outputs = _outputs(table, place, frame)
    del frame.run.diagnostics[before:]
    return find_unknown(outputs) is None and equal(outputs, value) is True


def _note_no_rule(table: CompiledTable, frame: Frame, name: str, inputs: tuple[Value, ...]) -> None:
    if any(default is not None for default in table.defaults):
        return
    clauses = table.table.inputs
    met = [f"{clause.expression.text} = {excerpt(value)}" for clause, value in zip(clauses, inputs, strict=True)]
    frame.run.note("dmn-no-rule", table.table.span, name=name, inputs="; ".join(met), inputs_zh="；".join(met))


def _inputs(table: CompiledTable, frame: Frame, name: str) -> tuple[tuple[Value, ...], bool]:
    """Return the values that are tested, and whether all of them are allowed: where one is not, no rule matches (8.2.4)."""
    values = []
    are_allowed = True
    for node, clause, allowed in zip(table.inputs, table.table.inputs, table.allowed, strict=True):
        value = evaluate(node, frame)
        if clause.type is not ANY:
            given = value
            value, fits = coerce(given, clause.type, frame.run)
            if not fits:
                frame.run.note("feel-bad-result", node.span, name=clause.expression.text or name, type=clause.type, value=excerpt(given))
        if allowed is not None and not _is_allowed(allowed, value, frame):
            frame.run.note("dmn-not-allowed", node.span, name=clause.expression.text or name, value=excerpt(value))
            are_allowed = False
        values.append(value)
    return tuple(values), are_allowed


def _is_allowed(allowed: UnaryTests, value: Value, frame: Frame) -> bool:
    """Say whether a value is among those that are listed; null is no value, and an unknown may be."""
    if value is None:
        return True
    before = len(frame.run.diagnostics)
    passed = test(allowed, value, frame)
    del frame.run.diagnostics[before:]  # what cannot be compared is not among them, and that is what is said
    return passed is True or isinstance(passed, Unknown)


def _match(table: CompiledTable, rule: CompiledRule, inputs: tuple[Value, ...], frame: Frame) -> _Match:
    """Return whether a rule matches; it does not as soon as a cell says so for a value that is there.

    A cell that comes to null for a value that is there (it compares with a null, or with another type) keeps its diagnostic.
    """
    unknowns: list[Unknown] = []
    nulls: list[int] = []
    is_odd = False
    before = len(frame.run.diagnostics)
    for column, tests in enumerate(rule.tests):
        if not tests.tests:
            continue
        value = inputs[column]
        here = len(frame.run.diagnostics)
        passed = test(tests, value, frame)
        if passed is True:
            continue
        if isinstance(passed, Unknown):
            unknowns.append(passed)
        elif value is None:
            del frame.run.diagnostics[here:]
            nulls.append(column)
        elif passed is False:
            del frame.run.diagnostics[before:]
            return _NO_MATCH
        else:
            is_odd = is_odd or passed is None
    if not nulls and not is_odd:
        return _Match(merge(unknowns)) if unknowns else _MATCH
    if unknowns:  # whether what is odd about it matters depends on what is unknown
        del frame.run.diagnostics[before:]
    unnamed = tuple(column for column in nulls if not table.names_null[column])
    return _Match(verdict=False, nulls=unnamed if len(unnamed) == len(nulls) else (), unknown=merge(unknowns))


def _combine(table: CompiledTable, frame: Frame, name: str, verdicts: _Verdicts) -> Value:
    """Return the value, given which rules match for certain and which perhaps."""
    certain, possible, unknown = verdicts
    combine = _HIT_POLICIES[table.table.hit_policy]
    if unknown is None:
        return combine(table, frame, name, certain)
    before = len(frame.run.diagnostics)
    if table.table.hit_policy in _ONE_RULE:
        candidates = [_outputs(table, place, frame) for place in certain + possible]
        if not certain:
            candidates.append(_default(table, frame))
    else:
        candidates = [combine(table, frame, name, certain), combine(table, frame, name, tuple(sorted(certain + possible)))]
    is_odd = len(frame.run.diagnostics) > before or (not certain and all(default is None for default in table.defaults))  # no rule fires
    del frame.run.diagnostics[before:]
    agreed = merge(candidates) is None and all(equal(candidates[0], other) is True for other in candidates[1:])
    if agreed and not is_odd and (table.table.hit_policy in _ONE_RULE or len(possible) == 1):
        return candidates[0]
    return merge((unknown, *candidates))


def values_still_possible(trace: TableTrace, frame: Frame) -> list[Value] | None:
    """Return values among which the table's is, whatever is missing; None where one is not known or many are combined.

    Args:
        trace: How the table came to a value that is not known.
        frame: What its cells may use.
    """
    table = trace.table
    if table.table.hit_policy not in _SINGLE_VALUES:
        return None
    values = [_outputs(table, place, frame) for place in (*trace.matched, *trace.possible)]
    if not trace.matched or any(allowed is not None for allowed in table.allowed):
        values.append(_default(table, frame))
    if table.table.hit_policy in {HitPolicy.UNIQUE, HitPolicy.ANY}:
        values.append(None)  # two rules that should not match at once
    return None if merge(values) is not None else values


# --- hit policies --------------------------------------------------------------------------------------------------


def _outputs(table: CompiledTable, place: int, frame: Frame) -> Value:
    """Return the outputs of one rule: the bare value where there is one output, else a context."""
    return _shaped(table, _typed(table, table.rules[place].outputs, frame), frame)


def _default(table: CompiledTable, frame: Frame) -> Value:
    """Return the default outputs, or null where none are given: under every hit policy, the value where no rule matches."""
    if all(default is None for default in table.defaults):
        return None
    return _shaped(table, _typed(table, table.defaults, frame), frame)


def _typed(table: CompiledTable, nodes: Sequence[Node | None], frame: Frame) -> list[Value]:
    """Return the value of each output as its type asks; null where nothing is written for it."""
    values = []
    for node, clause in zip(nodes, table.table.outputs, strict=True):
        value = None if node is None else evaluate(node, frame)
        typed, fits = coerce(value, clause.type, frame.run)
        if not fits:
            frame.run.note("feel-bad-result", clause.span, name=clause.name, type=clause.type, value=excerpt(value))
        values.append(typed)
    return values


def _shaped(table: CompiledTable, values: list[Value], frame: Frame) -> Value:
    """Return outputs as one value; one that is not among its allowed values is null (8.2.6)."""
    for place, allowed in enumerate(table.listed):
        if allowed is not None and not _is_allowed(allowed, values[place], frame):
            clause = table.table.outputs[place]
            frame.run.note("dmn-not-allowed", clause.span, name=clause.name, value=excerpt(values[place]))
            values[place] = None
    if len(values) == 1:
        return values[0]
    return dict(zip((clause.name for clause in table.table.outputs), values, strict=True))


def _numbers(table: CompiledTable, places: Sequence[int]) -> dict[str, str]:
    """Return the numbers of rules, as they are enumerated in each language."""
    numbers = [table.rules[place].rule.number for place in places]
    return {"rules": ", ".join(numbers), "rules_zh": "、".join(numbers)}


def _unique(table: CompiledTable, frame: Frame, name: str, places: Sequence[int]) -> Value:
    if len(places) > 1:
        frame.run.note("dmn-unique-violated", table.rules[places[1]].rule.span, name=name, **_numbers(table, places))
        return None
    return _first(table, frame, name, places)


def _any(table: CompiledTable, frame: Frame, name: str, places: Sequence[int]) -> Value:
    values = [_outputs(table, place, frame) for place in places]
    unknown = merge(values)
    if unknown is not None and len(values) > 1:
        return unknown
    if any(equal(values[0], other) is not True for other in values[1:]):
        frame.run.note("dmn-any-violated", table.rules[places[1]].rule.span, name=name, **_numbers(table, places))
        return None
    return values[0] if values else _default(table, frame)


def _first(table: CompiledTable, frame: Frame, _name: str, places: Sequence[int]) -> Value:
    return _outputs(table, places[0], frame) if places else _default(table, frame)


def _priority(table: CompiledTable, frame: Frame, name: str, places: Sequence[int]) -> Value:
    unknown = _unordered(table, frame, places)
    return _first(table, frame, name, _by_priority(table, frame, places)) if unknown is None else unknown


def _rule_order(table: CompiledTable, frame: Frame, _name: str, places: Sequence[int]) -> Value:
    if not places:
        return _default(table, frame)
    return tuple([_outputs(table, place, frame) for place in places])


def _output_order(table: CompiledTable, frame: Frame, name: str, places: Sequence[int]) -> Value:
    unknown = _unordered(table, frame, places)
    return _rule_order(table, frame, name, _by_priority(table, frame, places)) if unknown is None else unknown


def _unordered(table: CompiledTable, frame: Frame, places: Sequence[int]) -> Unknown | None:
    """Return the unknown that keeps several rules from being put in order, or None where all their outputs are known."""
    before = len(frame.run.diagnostics)
    unknown = merge([_outputs(table, place, frame) for place in places]) if len(places) > 1 else None
    del frame.run.diagnostics[before:]
    return unknown


def _by_priority(table: CompiledTable, frame: Frame, places: Sequence[int]) -> list[int]:
    """Return the rules by the order of their output values, column by column; columns without listed values do not count."""
    if len(places) < 2:
        return list(places)
    before = len(frame.run.diagnostics)

    def rank(value: Value, listed: Sequence[Node]) -> int:
        passed = (place for place, item in enumerate(listed) if test(UnaryTests(item.span, (item,)), value, frame) is True)
        return next(passed, len(listed))

    def key(place: int) -> list[int]:
        values = _typed(table, table.rules[place].outputs, frame)
        return [rank(value, listed) for value, listed in zip(values, table.priorities, strict=True) if listed]

    order = sorted(places, key=key)
    del frame.run.diagnostics[before:]  # said once, where the outputs are taken
    return order


def _aggregate(operation: Callable[[Sequence[Value], Frame], Value]) -> "_HitPolicy":
    """Return a hit policy that makes one value of the outputs of all matching rules."""

    def combine(table: CompiledTable, frame: Frame, name: str, places: Sequence[int]) -> Value:
        if not places:
            return _default(table, frame)
        values = [_outputs(table, place, frame) for place in places]
        unknown = merge(values)
        if unknown is not None:
            return unknown
        result = operation(values, frame)
        if result is None:
            frame.run.note("dmn-bad-aggregation", table.table.span, name=name, values=excerpt(tuple(values)))
        return result

    return combine


def _sum(values: Sequence[Value], frame: Frame) -> Value:
    total = Decimal(0)
    for value in values:
        if not isinstance(value, Decimal):
            return None
        total = frame.run.context.add(total, value)
    return total


def _extreme(values: Sequence[Value], *, greatest: bool) -> Value:
    best = values[0]
    if less(best, best) is None:  # what has no order, such as a boolean or null, has no extreme, alone or not
        return None
    for value in values[1:]:
        is_less = less(best, value) if greatest else less(value, best)
        if is_less is None:
            return None
        best = value if is_less else best
    return best


def _count(table: CompiledTable, frame: Frame, _name: str, places: Sequence[int]) -> Value:
    return Decimal(len(places)) if places else _default(table, frame)


_HitPolicy = Callable[[CompiledTable, Frame, str, Sequence[int]], Value]

_HIT_POLICIES: dict[HitPolicy, _HitPolicy] = {
    HitPolicy.UNIQUE: _unique,
    HitPolicy.ANY: _any,
    HitPolicy.PRIORITY: _priority,
    HitPolicy.FIRST: _first,
    HitPolicy.RULE_ORDER: _rule_order,
    HitPolicy.OUTPUT_ORDER: _output_order,
    HitPolicy.COLLECT: _rule_order,
    HitPolicy.COLLECT_SUM: _aggregate(_sum),
    HitPolicy.COLLECT_MIN: _aggregate(lambda values, _frame: _extreme(values, greatest=False)),
    HitPolicy.COLLECT_MAX: _aggregate(lambda values, _frame: _extreme(values, greatest=True)),
    HitPolicy.COLLECT_COUNT: _count,
}

_SINGLE_VALUES = frozenset((HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST))
"""Hit policies under which the value is the output of one rule."""

_ONE_RULE = frozenset((HitPolicy.ANY, HitPolicy.FIRST))
"""Hit policies under which the value is what all matching rules say if they say the same, or the default."""
