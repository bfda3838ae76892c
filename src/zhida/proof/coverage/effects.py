"""Effects: what a decision would have come to, were one of its conditions the other way.

    values of the clauses ──cells──> which rules match ──one condition flipped──> which would ──> what the decision would be

Found out from how a decision came to its value in one evaluation: nothing else is evaluated again. Where examples share
an evaluation, this is done once for all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from zhida.assess.examples import TOLERANCE
from zhida.dmn.boxed import evaluate_body, fitted
from zhida.dmn.compiled import Body, CompiledDecision, CompiledTable, Typed
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.model import HitPolicy
from zhida.dmn.table import TableTrace
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate, test
from zhida.feel.run import Frame
from zhida.feel.syntax import INPUT, UnaryTests
from zhida.proof.coverage.conditions import Condition, ConditionKind
from zhida.proof.coverage.lines import Lines, distance
from zhida.values.equality import HASHED_TYPES, equal
from zhida.values.unknown import find_unknown

Value = Any

ABOVE = frozenset(("<=", ">"))
"""Operators of which what is above the line is past it."""

EITHER = frozenset(("=", "!="))
"""Operators of which what is on either side of the line is past it."""


class Standing(StrEnum):
    """Where a subject stands to a line."""

    ON = "on"
    """On it."""
    BESIDE = "beside"
    """Near it, on the side that it belongs to."""
    PAST = "past"
    """Near it, on the other side; of `=`, anywhere but on it."""
    BEYOND = "beyond"
    """Not near it, on the other side."""
    FAR = "far"
    """Not near it, on the side that it belongs to."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A condition that, were it the other way, would change the value of its decision."""

    place: int
    """The place of the condition among those of the decision."""
    is_true: bool
    """Whether it holds."""
    value: Value
    """What the decision would come to."""
    standing: Standing | None
    """Of a threshold, where the subject stands to its line."""
    is_odd: bool = False
    """Whether there may be more to it than the value: something is odd, null or not known, and an outcome may rest on that."""
    is_masked: bool = False
    """Whether the value would be the same after all, because an earlier rule has the first word."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one evaluation of a decision shows."""

    fired: tuple[int, ...]
    """Places of the rules that fired; of the default outputs, the place behind the last rule."""
    turns: tuple[Turn, ...]
    """The conditions that its value turns on."""


class Effects:
    """Finds the effects of the conditions of one decision."""

    def __init__(self, compiled: CompiledDecision, conditions: Sequence[Condition], lines: Lines) -> None:
        """Keep what is looked for.

        Args:
            compiled: The decision.
            conditions: Its conditions.
            lines: What is known of what they compare.
        """
        self.compiled = compiled
        self.conditions = conditions
        self.lines = lines
        self.seen: dict[int, tuple[ElementTrace, Seen]] = {}
        body = compiled.body.body if isinstance(compiled.body, Typed) else compiled.body
        self.table = _TableEffects(body, conditions) if isinstance(body, CompiledTable) else None

    def of(self, evaluator: Evaluator, trace: ElementTrace) -> Seen:
        """Return what one evaluation shows.

        Args:
            evaluator: The evaluation.
            trace: How the decision came to its value in it.
        """
        known = self.seen.get(id(trace))
        if known is None:
            run = evaluator.run
            before, steps = len(run.diagnostics), run.steps
            known = self.seen[id(trace)] = trace, self._look(evaluator, trace)
            del run.diagnostics[before:]
            run.steps = steps
        return known[1]

    def where(self, place: int, evaluator: Evaluator) -> Standing | None:
        """Return where the subject of an evaluation stands to the line of a condition, whether or not anything turns on that there."""
        run = evaluator.run
        before, steps = len(run.diagnostics), run.steps
        standing = self.standing(self.conditions[place], evaluator.frame(self.compiled, ElementTrace()))
        del run.diagnostics[before:]
        run.steps = steps
        return standing

    def _look(self, evaluator: Evaluator, trace: ElementTrace) -> Seen:
        frame = evaluator.frame(self.compiled, ElementTrace())
        found: Iterator[tuple[int, Body | None, Value]]
        fired: tuple[int, ...] = ()
        if self.table is None:
            found = ((place, condition.flipped, None) for place, condition in enumerate(self.conditions))
        elif trace.table is None:
            return Seen((), ())
        else:
            fired = self.table.fired(trace.table)
            found = self.table.turns(trace.table, frame)
        turns = []
        is_open = bool(trace.diagnostics) or (trace.table is not None and any(map(_is_open, trace.table.inputs))) or _is_open(trace.value)
        for place, body, value in found:
            before = len(evaluator.run.diagnostics)
            other = self._value(body, frame) if body is not None else self._fitted(value, frame)
            is_odd = is_open or _is_open(other) or len(evaluator.run.diagnostics) > before
            if differ(trace.value, other):
                turns.append(self._turn(place, other, frame, is_odd=is_odd))
        if self.table is not None and trace.table is not None:
            turns += self._masked(trace.table, frame, {turn.place for turn in turns if turn is not None})
        return Seen(fired, tuple(turn for turn in turns if turn is not None))

    def _value(self, body: Body, frame: Frame) -> Value:
        return self._fitted(evaluate_body(body, frame, self.compiled.decision.name)[0], frame)

    def _fitted(self, value: Value, frame: Frame) -> Value:
        decision = self.compiled.decision
        return fitted(value, decision.type, decision.span, decision.name, frame)

    def _turn(self, place: int, value: Value, frame: Frame, *, is_odd: bool = False, is_masked: bool = False) -> Turn | None:
        """Return a condition that the value turns on, with how it stands; None where it is neither true nor false."""
        condition = self.conditions[place]
        if len(condition.sides) == 1:
            return Turn(place, is_true=True, value=value, standing=None, is_odd=is_odd, is_masked=is_masked)
        truth = evaluate(condition.node, frame)
        if not isinstance(truth, bool):
            return None
        return Turn(place, truth, value, self.standing(condition, frame), is_odd, is_masked)

    def _masked(self, trace: TableTrace, frame: Frame, known: set[int]) -> Iterator[Turn | None]:
        """Yield the thresholds that alone keep a rule from matching, where an earlier rule has the first word anyway."""
        assert self.table is not None
        for place in self.table.masked(trace, frame):
            if place not in known and self.conditions[place].is_threshold:
                yield self._turn(place, None, frame, is_masked=True)

    def standing(self, condition: Condition, frame: Frame) -> Standing | None:
        """Return where a subject stands to the line of a condition; None where that is no threshold."""
        if not condition.is_threshold:
            return None
        assert condition.tested is not None
        assert condition.line is not None
        value, line = evaluate(condition.tested, frame), evaluate(condition.line, frame)
        above = distance(value, line)
        if above is None:
            return None
        if not above:
            return Standing.ON
        if condition.operator in EITHER:
            return Standing.PAST  # what is not equal differs from the line by much as it does by little
        below_reach, above_reach = self.lines.reach(condition.tested, condition.decision_id, line)
        is_past = (above > 0) is (condition.operator in ABOVE)
        if not -below_reach <= above <= above_reach:
            return Standing.BEYOND if is_past else Standing.FAR
        return Standing.PAST if is_past else Standing.BESIDE


class _TableEffects:
    """Finds which rules of a table would match, were one condition the other way."""

    def __init__(self, table: CompiledTable, conditions: Sequence[Condition]) -> None:
        self.table = table
        self.conditions = conditions
        self.in_cell: dict[tuple[int, int], list[int]] = {}
        self.in_outputs: dict[int, list[int]] = {}
        self.whole: dict[int, int] = {}
        self.elsewhere: list[int] = []
        for place, condition in enumerate(conditions):
            if condition.rule is None:
                self.elsewhere.append(place)
            elif condition.kind in {ConditionKind.RULE, ConditionKind.OTHERWISE}:
                self.whole[condition.rule] = place
            elif condition.column is None:
                self.in_outputs.setdefault(condition.rule, []).append(place)
            else:
                self.in_cell.setdefault((condition.rule, condition.column), []).append(place)
        self.is_first = table.table.hit_policy is HitPolicy.FIRST
        columns = range(len(table.inputs))
        self.is_constant = [all(_is_constant(rule.tests[column]) for rule in table.rules) for column in columns]
        self.is_plain = [all(isinstance(node, syntax.Literal) for node in rule.outputs) for rule in table.rules]
        self.passes: dict[tuple[int, Value], list[Value]] = {}
        self.turned: dict[tuple[int, Value], Value] = {}
        self.combined: dict[tuple[int, ...], Value] = {}

    def fired(self, trace: TableTrace) -> tuple[int, ...]:
        """Return the places of the rules that fired; behind the last one, that of the default outputs."""
        if trace.possible:
            return ()
        is_default = not trace.matched and len(self.table.rules) in self.whole
        return (len(self.table.rules),) if is_default else trace.matched

    def verdicts(self, trace: TableTrace, frame: Frame) -> list[list[Value]]:
        """Return for each column which rules' cells its value passes."""
        found = []
        for column, value in enumerate(trace.inputs):
            key = (column, (type(value), value)) if self.is_constant[column] and type(value) in HASHED_TYPES else None
            passed = None if key is None else self.passes.get(key)
            if passed is None:
                passed = [test(rule.tests[column], value, frame) for rule in self.table.rules]
                if key is not None:
                    self.passes[key] = passed
            found.append(passed)
        return found

    def turns(self, trace: TableTrace, frame: Frame) -> Iterator[tuple[int, Body | None, Value]]:
        """Yield conditions that may change the value: with the body to evaluate, or with the value itself."""
        columns = self.verdicts(trace, frame)
        matching = [place for place in range(len(self.table.rules)) if all(column[place] is True for column in columns)]
        yield from ((place, self.conditions[place].flipped, None) for place in self.elsewhere)
        if not trace.matched and not trace.possible and matching:
            return  # a clause has a value that is not allowed: nothing matches, whatever cells say
        if trace.possible:
            yield from self._by_evaluation(columns)
            return
        shown = trace.matched or (len(self.table.rules),)
        for place in shown:
            if place in self.whole:
                yield self.whole[place], None, self._combine([each for each in matching if each != place], frame, place)
            yield from ((each, self.conditions[each].flipped, None) for each in self.in_outputs.get(place, ()))
        for place in range(len(self.table.rules)):
            if self.is_first and matching and place > matching[0]:
                break
            failing = [column for column, passed in enumerate(columns) if passed[place] is not True]
            if len(failing) > 1:
                continue
            for column in failing or range(len(columns)):
                for each in self.in_cell.get((place, column), ()):
                    if self._is_turned(each, trace.inputs[column], columns[column][place], frame):
                        flipped = sorted({*matching} ^ {place})
                        yield each, None, self._combine(flipped, frame)

    def masked(self, trace: TableTrace, frame: Frame) -> Iterator[int]:
        """Yield the conditions that alone keep a rule from matching behind the first rule that does."""
        if not self.is_first or not trace.matched or trace.possible:
            return
        columns = self.verdicts(trace, frame)
        for place in range(trace.matched[0] + 1, len(self.table.rules)):
            failing = [column for column, passed in enumerate(columns) if passed[place] is not True]
            if len(failing) == 1:
                column = failing[0]
                for each in self.in_cell.get((place, column), ()):
                    if self._is_turned(each, trace.inputs[column], columns[column][place], frame):
                        yield each

    def _by_evaluation(self, columns: list[list[Value]]) -> Iterator[tuple[int, Body | None, Value]]:
        """Yield the conditions of rules that are not known to fail elsewhere, where it is not known which rules match."""
        for (place, column), conditions in self.in_cell.items():
            if not any(passed[place] is False for other, passed in enumerate(columns) if other != column):
                yield from ((each, self.conditions[each].flipped, None) for each in conditions)

    def _is_turned(self, condition: int, value: Value, passed: Value, frame: Frame) -> bool:
        """Say whether a cell comes to the other truth with a condition flipped."""
        found = self.conditions[condition]
        assert found.rule is not None
        assert found.column is not None
        key = (condition, (type(value), value)) if self.is_constant[found.column] and type(value) in HASHED_TYPES else None
        if key is not None and key in self.turned:
            other = self.turned[key]
        else:
            body = found.flipped.body if isinstance(found.flipped, Typed) else found.flipped
            assert isinstance(body, CompiledTable)
            other = test(body.rules[found.rule].tests[found.column], value, frame)
            if key is not None:
                self.turned[key] = other
        return (passed is True) is not (other is True) and isinstance(other, bool) and isinstance(passed, bool)

    def _combine(self, matching: list[int], frame: Frame, without: int | None = None) -> Value:
        """Return the value of the table where exactly these rules match.

        Args:
            matching: Places of rules, in order.
            frame: What outputs may use.
            without: What is not there: where it is the place of the default outputs, there are none.
        """
        if without == len(self.table.rules):
            return None
        places = tuple(matching[:1] if self.is_first else matching)
        is_plain = bool(places) and all(self.is_plain[place] for place in places)
        if is_plain and places in self.combined:
            return self.combined[places]
        rules = tuple([replace(self.table.rules[place], tests=()) for place in places])
        bare = replace(self.table, inputs=(), allowed=(), names_null=(), rules=rules, table=replace(self.table.table, inputs=()))
        value = evaluate_body(bare, frame, "")[0]
        if is_plain:
            self.combined[places] = value
        return value


def _is_open(value: Value) -> bool:
    return value is None or find_unknown(value) is not None


def _is_constant(tests: UnaryTests) -> bool:
    return all(name.name == INPUT or name.name in BUILTINS for name in syntax.free_names(tests))


def differ(left: Value, right: Value) -> bool:
    """Say whether an example that expects one of two values would tell them apart."""
    if type(left) is Decimal and type(right) is Decimal:
        return abs(left - right) > TOLERANCE
    if find_unknown(left) is not None or find_unknown(right) is not None:
        return (find_unknown(left) is None) is not (find_unknown(right) is None)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() != right.keys() or any(differ(left[name], right[name]) for name in left)
    return equal(left, right) is not True
