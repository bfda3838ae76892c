"""Whether there are cliffs that no example shows: the policy beside itself one step on, asked of the solver.

    gain@0   what is given for 从业人员            gain@1   for 从业人员 + one step
    gain@2   two steps on                          gain@3   one step back

Every number has a step of its own, a made-up fact; a question sets one of them and keeps the others at nothing, so that a
policy is put into terms once. A line on which a cliff is known is not to be crossed, so that each answer is a new one, until
none is left: then it is proved that there are no others.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.subject import inputs_of
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.graph import closure
from zhida.feel import syntax
from zhida.policy.pack import Packs, PolicyModel
from zhida.proof.across.extended import Extension, added, all_of, any_of, compared, if_, literal, name, supposed
from zhida.proof.across.lines import Line, Movable, lines_of, movable
from zhida.proof.across.shown import Examples, goals_of
from zhida.proof.findings import Verdict
from zhida.proof.solver.encoding import Encoding, Holds, Question

Value = Any

BUDGET = 500_000
"""How much may be spent on one question, in z3's resource units; after one that was not decided, on those about the same policy less."""

LEAST = 50_000
"""What is spent on any question, at least."""

ZERO = Decimal(0)

FLOOR = Decimal(100)
"""Yuan: a smaller loss is not looked for among all subjects."""

ROUNDED = Decimal("0.02")
"""Yuan that rounding may take on either side."""

SLOPE_FREE = Decimal("0.01")
"""A step of at most so many yuan needs no slope beside it: no policy takes a hundred yuan of each yuan."""

MOST = 12
"""Cliffs that are looked for with each fact, beyond those that are known."""

ROUNDS = {1: "1", 2: "2", 3: "-1"}
"""How many steps on each copy is."""


Known = tuple[Movable, Line, Value]
"""A line on which a step of a fact is known to lose money, and the value there with which it compares."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the solver says of some facts."""

    fact: Movable | None
    """Of REFUTED, the fact that moves."""
    verdict: Verdict
    """PROVED: there are no cliffs beside those that are known; REFUTED: the subject loses at the next step; UNDECIDED: not known."""
    evaluator: Evaluator | None
    """Of REFUTED, the subject before the step."""
    reason: tuple[str, str] = ("", "")
    """Of UNDECIDED, why, in Chinese and English."""


class Moved:
    """A policy beside itself with facts one step on."""

    def __init__(self, model: PolicyModel, facts: Sequence[Movable], lines: Sequence[Line]) -> None:
        """Make up what is asked for.

        Args:
            model: The policy; it gives an amount.
            facts: The numbers that may move; lists cannot.
            lines: What its rules compare.
        """
        self.model = model
        self.facts = [fact for fact in facts if not fact.is_list]
        self.lines = lines
        extension = Extension(model)
        goals = goals_of(model.policy)
        steps = {fact.id: extension.add_number(f"step {fact.id}", fact.item.scale) for fact in self.facts}
        gains = [extension.add_gain("gain@0", {goal: goal for goal in goals})]
        for number, factor in ROUNDS.items():
            moved = {}
            for fact in self.facts:
                on = syntax.Arithmetic(name("a").span, "*", name("s"), literal(Decimal(factor)))
                moved[fact.id] = extension.add(f"{fact.id}@{number}", added("+", name("a"), on), {"a": fact.id, "s": steps[fact.id]})
            gains.append(extension.add_gain(f"gain@{number}", extension.add_copies(goals, moved, f"@{number}")))
        required = {f"g{number}": gain for number, gain in enumerate(gains)} | {
            f"s{place}": each for place, each in enumerate(steps.values())
        }
        self.scope = extension.add("question", literal(None), required)
        self.facts_scope = extension.add("facts", literal(None), {fact.id: fact.id for fact in self.facts})
        self.held = extension.add("held", literal(None), {"gain": "gain@0", **{id_: id_ for id_ in model.parameters}})
        stepped = {f"s{place}": each for place, each in enumerate(steps.values())}
        self.turns = [_turn(extension, line, place, stepped) for place, line in enumerate(lines)]
        self.solver = Encoding([extension.model()], expects_none=True)

    def ask(self, facts: Sequence[Movable], known: Sequence[Known], held: Mapping[str, Value], budget: int) -> Seen:
        """Say whether one more step of one of some facts loses money anywhere but on lines that are known.

        Args:
            facts: The facts, of which one moves.
            known: Lines on which it is known that a fact does.
            held: Values of parameters that nobody has set, by id, as the examples suppose them.
            budget: How much may be spent, in z3's resource units.
        """
        places = {fact.id: place for place, fact in enumerate(self.facts)}
        lost = added("-", name("g0"), name("g1"))
        asked: list[syntax.Node] = [any_of([self.only(fact) for fact in facts])]
        asked += [compared(">", lost, literal(FLOOR)), compared(">", name("g0"), literal(ZERO))]
        steep = [fact for fact in facts if fact.item.unit != "元" or fact.step > SLOPE_FREE]
        if steep:
            gentle = [fact for fact in facts if fact not in steep]
            explained = [compared(">", lost, added("+", _slope(*pair), literal(ROUNDED))) for pair in (("g0", "g3"), ("g1", "g2"))]
            asked.append(any_of([*(self.moves(fact, places) for fact in gentle), all_of(explained)]))
        questions: list[Question] = [Holds(all_of(asked), self.scope), *supposed(self.model, held, self.held)]
        for fact, line, value in known:
            if fact in facts:
                stays = all_of([compared("=", name("le0"), name("le1")), compared("=", name("lt0"), name("lt1"))])
                is_fixed = isinstance(value, Decimal) and places.keys().isdisjoint(line.right_reads)
                elsewhere = [compared("!=", name("right"), literal(value))] if is_fixed else []
                still = compared("=", name(f"s{places[fact.id]}"), literal(ZERO))
                questions.append(Holds(any_of([still, stays, *elsewhere]), self.turns[self.lines.index(line)]))
        questions.append(Holds(all_of([_usual(each) for each in self.facts]), self.facts_scope))
        solution = self.solver.solve(questions, budget=budget, realistic=False, polish=False)
        if solution.verdict is not Verdict.REFUTED:
            return Seen(None, solution.verdict, None, solution.reason)
        moving = next(fact for fact in facts if solution.facts.get(f"step {fact.id}", ZERO) != 0)
        told = {each: value for each, value in solution.facts.items() if not each.startswith("step ")}
        evaluator = Evaluator(self.model.model, inputs_of(self.model, told), as_of=self.model.as_of)
        return Seen(moving, Verdict.REFUTED, evaluator)

    def only(self, fact: Movable) -> syntax.Node:
        """Return that a fact moves one step, and no other moves."""
        steps = ((f"s{place}", each.step if each.id == fact.id else ZERO) for place, each in enumerate(self.facts))
        return all_of([compared("=", name(word), literal(step)) for word, step in steps])

    def moves(self, fact: Movable, places: Mapping[str, int]) -> syntax.Node:
        """Return that a fact moves."""
        return compared("!=", name(f"s{places[fact.id]}"), literal(ZERO))


def _slope(near: str, far: str) -> syntax.Node:
    """Return what is lost or won from one place to the next; nothing where that is not known."""
    difference = added("-", name(near), name(far))
    slope = syntax.Call(difference.span, name("abs"), (difference,), ())
    return if_(compared("=", name(far), literal(None)), literal(ZERO), slope)


def facts_of(model: PolicyModel, statistics: Container[str]) -> list[Movable]:
    """Return the numbers beneath a policy's goals that a subject can have one more of.

    Args:
        model: The policy.
        statistics: Names of facts that are computed of all subjects.
    """
    found = movable(model.model, closure(model.model.requirements, goals_of(model.policy)))
    return [fact for fact in found if fact.item.name not in statistics and fact.item.name not in model.parameter_rows]


def moved_of(packs: Packs, model: PolicyModel, examples: Examples) -> Moved:
    """Return a policy beside itself, made once for all that asks about it."""
    key = (model.policy.id, str(model.as_of))
    if key not in examples.moved:
        dictionary = packs.dictionaries.get(model.policy.front.subject)
        facts = facts_of(model, dictionary.statistics if dictionary else ())
        examples.moved[key] = Moved(model, facts, lines_of(model.model, goals_of(model.policy)))
    found = examples.moved[key]
    assert isinstance(found, Moved)
    return found


def _usual(fact: Movable) -> syntax.Node:
    """Return that a fact lies in its usual range, before its step and after it."""
    low, high = fact.item.usual_range or (None, None)
    ends = []
    if low is not None:
        ends.append(compared(">=", name(fact.id), literal(low)))
    if high is not None:
        ends.append(compared("<=", name(fact.id), literal(high - fact.step)))
    usual = all_of(ends)
    return syntax.Disjunction(usual.span, compared("=", name(fact.id), literal(None)), usual) if fact.item.is_nullable else usual


def _turn(extension: Extension, line: Line, place: int, steps: Mapping[str, str]) -> str:
    """Add whether a comparison holds before and after the step, and return the scope in which both are named."""
    compiled = extension.decisions[line.decision_id]
    copy = extension.decisions.get(f"{line.decision_id}@1")
    required = dict(steps)
    for number, each in enumerate((compiled, copy or compiled)):
        for word, operator in (("le", "<="), ("lt", "<")):
            id_ = f"line {place} {word}{number}"
            required[f"{word}{number}"] = extension.add(id_, compared(operator, line.left, line.right), each.requirements)
    required["right"] = extension.add(f"line {place} right", line.right, compiled.requirements)
    return extension.add(f"line {place}", literal(None), required)
