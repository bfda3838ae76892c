"""Cliffs: where one unit more of something loses money.

    应纳税所得额  3,000,000 → 3,000,000.01 元        减免税额  600,000 → 0 元

What a policy gives counts as nothing where it does not apply or the subject is not eligible; an answer that is left to a
person is no loss. A loss is a cliff where it is more than the slopes beside it explain. Cliffs are first looked for around the
examples: each number moves, alone, to each line that the rules draw (`lines`). Invariant: both amounts of a cliff were
computed by the interpreter, and rounded as the policy says.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from zhida.dmn.evaluate import Evaluator, Shared
from zhida.errors import diagnostic
from zhida.policy.pack import Packs, PolicyModel
from zhida.proof.across.climb import Step, climb
from zhida.proof.across.lines import Line, Movable, Mover, lines_of, movable
from zhida.proof.across.moved import BUDGET, LEAST, MOST, SLOPE_FREE, Moved, facts_of, moved_of
from zhida.proof.across.shown import Examples, Shown, gain_of, gives_money, goals_of
from zhida.proof.findings import Finding, Verdict, Witness
from zhida.proof.solver.encoding import Encoding
from zhida.source import Span
from zhida.values.temporal import Date
from zhida.values.text import excerpt
from zhida.values.unknown import Unknown, find_unknown

Value = Any

LIST = ("列表的各项没有一起求解", "the elements of a list are not solved for together")
NO_LINE = ("另有一处少得，但不在任何一条线上", "there is another loss, but on no line")
MANY = ("还有更多，没有一一列出", "there are more than are listed")
NOT_ASKED = ("没有问求解器", "no solver was asked")

HALVINGS = 6
"""How often a step is halved to see whether its loss comes at one place."""

ROUNDED = Decimal("0.01")
"""Yuan that rounding alone may take."""


@dataclass(frozen=True, slots=True)
class Cliff:
    """One unit more of a fact loses money."""

    policy: str
    """The id of the policy."""
    fact: str
    """What is one unit more, by its name; of a list, each of its numbers."""
    unit: str
    """Its unit."""
    tested: str
    """What the line is drawn on, as the rules write it: the fact itself or what is made of it."""
    line: Value
    """The line that is crossed."""
    step: Decimal
    """One unit of the last place that is kept of the fact."""
    place: Value
    """The value of the fact before the step."""
    amount_name: str
    """What the policy gives."""
    before: Decimal
    """Yuan before the step."""
    after: Decimal
    """Yuan after it."""
    facts: Mapping[str, Value]
    """The subject before the step, as far as it was read, by the names of facts."""
    grows_with: tuple[str, ...]
    """Facts with which the loss grows on without an end that was found."""
    span: Span
    """Where the line is written."""

    @property
    def loss(self) -> Decimal:
        """What is lost, in yuan."""
        return self.before - self.after


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One step of a fact that turns what a policy decides, for some subject."""

    decision_id: str
    """The decision."""
    before: Value
    """Its value before the step."""
    after: Value
    """Its value after it."""
    facts: Mapping[str, Value]
    """The subject before the step, by the ids of input data."""
    fact: Movable
    """What moves."""
    place: Decimal
    """Where it stands before the step."""


@dataclass(frozen=True, slots=True)
class CliffProof:
    """The cliffs of one policy, and whether there are others."""

    cliffs: tuple[Cliff, ...]
    """What was found, the greatest loss first."""
    proved: tuple[str, ...]
    """Facts of which it is proved that they have no other cliffs, among the usual values of facts and losses above a hundred yuan."""
    undecided: tuple[tuple[str, str, str], ...]
    """Facts of which it is not known, with the reason in Chinese and English: around the examples there are no others."""


def prove_cliffs(
    packs: Packs, model: PolicyModel, encoding: Encoding | None, *, as_of: Date, examples: Examples | None = None
) -> CliffProof:
    """Return the cliffs of a policy, and of which facts it is proved that there are no others.

    Args:
        packs: The packs that it stands in.
        model: The policy, linked for a day.
        encoding: What answers questions about all subjects; without it only the examples are looked at.
        as_of: The day of examples that set none.
        examples: The examples of all policies, where they were evaluated before.
    """
    if not gives_money(model):
        return CliffProof((), (), ())
    dictionary = packs.dictionaries.get(model.policy.front.subject)
    examples = examples or Examples(packs, as_of=as_of)
    search = _Search(model, dictionary.statistics if dictionary else ())
    search.by_examples(examples)
    if encoding is None:
        return CliffProof(search.cliffs(), (), tuple((fact.item.name, *NOT_ASKED) for fact in search.facts))
    proved, undecided = search.by_solver(moved_of(packs, model, examples))
    return CliffProof(search.cliffs(), proved, undecided)


@dataclass(frozen=True, slots=True)
class _Found:
    """The greatest loss at a line so far, and who shows it."""

    cliff: Cliff
    step: Step
    line: Line


class _Search:
    """Looks for cliffs around subjects, keeping the greatest loss at each line."""

    def __init__(self, model: PolicyModel, statistics: Container[str]) -> None:
        self.model = model
        self.goals = goals_of(model.policy)
        self.lines = lines_of(model.model, self.goals)
        self.facts = facts_of(model, statistics)
        self.found: dict[tuple[str, str, str], _Found] = {}
        self.lost: dict[Turn, Decimal] = {}
        self.held: dict[str, Value] = {}
        self.example: Evaluator | None = None
        self.shared = Shared(model.model)
        self.most = Decimal(0)

    def by_examples(self, examples: Examples) -> None:
        """Look around the examples; where one only gives what a used policy decides, subjects of its examples stand in."""
        looked: set[object] = set()
        for each in examples.paid(self.model.policy.id):
            evaluator = each.mover.base
            for id_, value in self.model.parameters.items():
                if isinstance(value, Unknown) and id_ in evaluator.inputs and not isinstance(evaluator.inputs[id_], Unknown):
                    self.held.setdefault(id_, evaluator.inputs[id_])
            if each.gain > self.most:
                self.example, self.most = evaluator, each.gain
            shared = evaluator.shared
            alike = None if shared is None else (id(shared), *(shared.key(goal, evaluator.inputs) for goal in self.goals))
            if alike is not None and alike in looked:
                continue  # all that the amount may rest on is the same
            looked.add(alike)
            self.around(each.model, each.mover)
            for id_ in evaluator.inputs:
                if id_ in each.model.model.decisions:
                    self.at_turns(each.model, evaluator, turns_of(examples, id_))

    def by_solver(self, moved: Moved) -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]:
        """Ask for cliffs that no example shows, until there are none; return the facts proved to have no others, and those not.

        All facts are asked about at once; only where that is not decided one by one, and with less and less to spend.
        """
        proved, undecided, budget = [], [], BUDGET
        together = self.beyond(moved, moved.facts, budget) if moved.facts else None
        for fact in moved.facts:
            reason = None if together is None else self.beyond(moved, [fact], budget)
            if reason is None:
                proved.append(fact.item.name)
            else:
                undecided.append((fact.item.name, *reason))
                budget = max(budget // 5, LEAST)
        undecided += [(fact.item.name, *LIST) for fact in self.facts if fact.is_list]
        return tuple(proved), tuple(undecided)

    def beyond(self, moved: Moved, facts: Sequence[Movable], budget: int) -> tuple[str, str] | None:
        """Look for cliffs of facts that are not known; return why it is not known whether there are more, or None."""
        for _ in range(MOST):
            known = [(each.step.fact, each.line, each.cliff.line) for each in self.found.values()]
            seen = moved.ask(facts, known, self.held, budget)
            if seen.evaluator is None or seen.fact is None:
                return None if seen.verdict is Verdict.PROVED else seen.reason
            step = self.grounded(seen.evaluator, seen.fact, seen.evaluator.inputs[seen.fact.id])
            line = self.line_at(step) if loss_at(step) is not None else None
            before = len(self.found)
            if line is not None:
                self.keep(step, line)
            if len(self.found) == before:
                return NO_LINE
        return MANY

    def grounded(self, evaluator: Evaluator, fact: Movable, place: Decimal) -> Step:
        """Return a step of a subject of the solver's, with as many facts as can be as in the example that gets most."""
        evaluator = Evaluator(self.model.model, evaluator.inputs, as_of=self.model.as_of, shared=self.shared)
        step = Step(self.model, Mover(evaluator), fact, place)
        gain_of(self.model, evaluator)
        told = {} if self.example is None else self.example.inputs
        for id_ in sorted(evaluator.beneath(self.goals)) * 2:  # once more, for facts that could only follow others
            value = told.get(id_)
            if id_ == fact.id or id_ not in self.model.model.inputs or value is None or isinstance(value, Unknown):
                continue
            inputs = {**step.mover.base.inputs, id_: value}
            other = replace(step, mover=Mover(Evaluator(self.model.model, inputs, as_of=self.model.as_of, shared=self.shared)))
            if loss_at(other) is not None:
                step = other
        return step

    def around(self, model: PolicyModel, mover: Mover) -> None:
        """Move each fact of a subject to each line."""
        evaluator = mover.base
        read = evaluator.beneath(self.goals)
        for fact in self.facts:
            if fact.id in read and fact.start(evaluator.inputs.get(fact.id)) is not None:
                for line in self.lines:
                    if fact.id in line.reads and line.decision_id in evaluator.trace:
                        self.at_line(model, mover, fact, line)

    def at_line(self, model: PolicyModel, mover: Mover, fact: Movable, line: Line) -> None:
        """Look at the steps on and behind a line."""
        turn = mover.root(line, fact)
        for place in () if turn is None else (turn, turn - fact.step):
            self.keep(Step(model, mover, fact, place), line)

    def at_turns(self, model: PolicyModel, evaluator: Evaluator, turns: Sequence[Turn]) -> None:
        """Look at the steps where what a subject is given as decided turns, or would if something else were decided."""
        shared = Shared(model.model)
        gains: dict[Value, Decimal | None] = {}
        for turn in turns:
            for value in (turn.before, turn.after):
                if value not in gains:
                    inputs = {**evaluator.inputs, turn.decision_id: value}
                    gains[value] = gain_of(model, Evaluator(model.model, inputs, as_of=model.as_of, shared=evaluator.shared))
            before, after = gains[turn.before], gains[turn.after]
            if before is None or after is None or before - after <= self.lost.get(turn, Decimal(0)):
                continue
            known = {id_: value for id_, value in evaluator.inputs.items() if not isinstance(value, Unknown) and id_ != turn.decision_id}
            mover = Mover(Evaluator(model.model, {**turn.facts, **known}, as_of=model.as_of, shared=shared))
            step = Step(model, mover, turn.fact, turn.place)
            amounts = loss_at(step)
            line = self.line_at(step) if amounts is not None else None
            if amounts is not None and line is not None:
                self.lost[turn] = amounts[0] - amounts[1]
                self.keep(step, line)

    def line_at(self, step: Step) -> Line | None:
        """Return a line that a step crosses: one on the fact itself before others, then one that rests on least."""
        fact = step.fact
        trace = step.mover.at(fact, step.place).trace
        lines = [line for line in self.lines if fact.id in line.reads and line.decision_id in trace]
        lines.sort(key=lambda line: (not line.is_on(fact.id), len(line.reads)))
        return next((line for line in lines if is_crossed(step, line)), None)

    def keep(self, step: Step, line: Line) -> None:
        """Keep a step across a line, unless it is no cliff or a greater one at the same line is known."""
        amounts = loss_at(step)
        if amounts is not None:
            cliff = cliff_at(step, line, amounts)
            key = (cliff.fact, cliff.tested, excerpt(cliff.line))
            if key not in self.found or self.found[key].cliff.loss < cliff.loss:
                self.found[key] = _Found(cliff, step, line)

    def cliffs(self) -> tuple[Cliff, ...]:
        """Return what was found, climbed; where two lines meet in one place, the one that rests on least."""
        one: dict[tuple[str, str, Decimal], _Found] = {}
        for found in self.found.values():
            key = (found.cliff.fact, excerpt(found.cliff.place), found.cliff.loss)
            if key not in one or len(found.line.reads) < len(one[key].line.reads):
                one[key] = found
        best = [climbed(found, self.lines, self.facts) for found in one.values()]
        return tuple(sorted(best, key=lambda cliff: (-cliff.loss, cliff.fact, cliff.span.start)))


def climbed(found: _Found, lines: Sequence[Line], facts: Sequence[Movable]) -> Cliff:
    """Return a cliff as a subject shows it that loses more, where one was found."""
    step, growing = climb(found.step, lines, facts)
    amounts = loss_at(step)
    cliff = found.cliff if amounts is None else cliff_at(step, found.line, amounts)
    return replace(cliff, grows_with=growing)


def loss_at(step: Step) -> tuple[Decimal, Decimal] | None:
    """Return what is given before and after a step; None where no more is lost than the slopes beside it explain."""
    model, mover, fact, place = step.model, step.mover, step.fact, step.place
    value = mover.base.inputs[fact.id]
    if not all(fact.is_usual(fact.moved(value, each)) for each in (place, place + fact.step)):
        return None
    before, after = (gain_of(model, mover.at(fact, each)) for each in (place, place + fact.step))
    if before is None or after is None or before <= 0 or after >= before:
        return None
    beside = (gain_of(model, mover.at(fact, each)) for each in (place - fact.step, place + 2 * fact.step))
    slopes = [abs(near - far) for near, far in zip((before, after), beside, strict=True) if far is not None]
    if before - after <= max(slopes, default=Decimal(0)) + ROUNDED or not _jumps(step, before, after):
        return None
    return before, after


def _jumps(step: Step, before: Decimal, after: Decimal) -> bool:
    """Say whether at least half of a loss comes at one place within a step, so that it is no mere slope.

    A step of one fen is short enough to be believed.
    """
    if step.fact.item.unit == "元" and step.fact.step <= SLOPE_FREE:
        return True
    low, high, above, below = step.place, step.place + step.fact.step, before, after
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        gain = gain_of(step.model, step.mover.at(step.fact, middle))
        if gain is None:  # a person must look in between: the ends alone are what can be told
            return True
        if above - gain >= gain - below:
            high, below = middle, gain
        else:
            low, above = middle, gain
    return (above - below) * 2 >= before - after


def cliff_at(step: Step, line: Line, amounts: tuple[Decimal, Decimal]) -> Cliff:
    """Return a cliff, with the subject that shows it."""
    model, fact = step.model, step.fact
    moved = step.mover.at(fact, step.place)
    read = moved.beneath(goals_of(model.policy)) | {fact.id}
    names = {id_: data.item.name for id_, data in model.model.inputs.items()}
    names |= {id_: compiled.decision.name for id_, compiled in model.model.decisions.items()}
    amount = model.policy.front.amount
    assert amount is not None
    return Cliff(
        policy=model.policy.id,
        fact=fact.item.name,
        unit=fact.item.unit,
        tested=line.left.span.text,
        line=line.side(moved, is_right=True),
        step=fact.step,
        place=fact.moved(step.mover.base.inputs[fact.id], step.place),
        amount_name=amount.text,
        before=amounts[0],
        after=amounts[1],
        facts={names[id_]: moved.inputs[id_] for id_ in sorted(read) if id_ in names and id_ in moved.inputs},
        grows_with=(),
        span=line.right.span,
    )


def is_crossed(step: Step, line: Line) -> bool:
    """Say whether a comparison turns with a step, or within it."""
    here, next_ = (line.distance(step.mover.at(step.fact, each)) for each in (step.place, step.place + step.fact.step))
    return here is not None and next_ is not None and here != next_ and here * next_ <= 0


def turns_of(examples: Examples, decision_id: str) -> tuple[Turn, ...]:
    """Return where a decision of a policy turns with one step of a number, for subjects of its examples that stand there.

    Args:
        examples: The examples of all policies.
        decision_id: The decision.
    """
    policy_id = decision_id.partition("#")[0]
    known = examples.turns.get(decision_id)
    if known is None:
        shown = examples.of(policy_id) if policy_id in examples.packs.policies else ()
        known = examples.turns[decision_id] = tuple(turn for each in shown for turn in _turns_around(each, decision_id))
    return known


def _turns_around(shown: Shown, decision_id: str) -> Iterator[Turn]:
    """Yield the turns one step before and after the place of a subject."""
    value = shown.evaluator.value(decision_id)
    if not isinstance(value, str | bool):
        return
    mover = Mover(shown.evaluator)
    for fact in movable(shown.model.model, shown.evaluator.beneath([decision_id])):
        start = fact.start(shown.evaluator.inputs.get(fact.id))
        if start is None or fact.item.name in shown.model.parameter_rows:
            continue
        for place in (start, start - fact.step):
            before, after = (mover.at(fact, each).value(decision_id) for each in (place, place + fact.step))
            if find_unknown(before) is None and find_unknown(after) is None and before != after:
                yield Turn(decision_id, before, after, dict(mover.at(fact, place).inputs), fact, place)


def finding_of(cliff: Cliff) -> Finding:
    """Return a cliff as a finding: proof-cliff.

    Args:
        cliff: The cliff.
    """
    on = "" if cliff.tested == cliff.fact else f"{cliff.tested} {excerpt(cliff.line)}"
    shown = (cliff.place, _stepped(cliff))
    first, last = (excerpt(value) if isinstance(value, tuple) else grouped(value) for value in shown)
    words = {
        "fact": cliff.fact,
        "first": first,
        "last": last,
        "unit": f" {cliff.unit}" if cliff.unit not in {"", "1"} else "",
        "amount": cliff.amount_name,
        "before": grouped(cliff.before),
        "after": grouped(cliff.after),
        "loss": grouped(cliff.loss),
        "line": f" (line: {on})" if on else "",
        "line_zh": f"（线在{on}）" if on else "",
        "growing": ", ".join(cliff.grows_with),
        "growing_zh": "、".join(cliff.grows_with),
    }
    return Finding(diagnostic("proof-cliff", cliff.span, **words), witness=Witness(cliff.facts))


def _stepped(cliff: Cliff) -> Value:
    """Return the value of the fact after the step."""
    return tuple(each + cliff.step for each in cliff.place) if isinstance(cliff.place, tuple) else cliff.place + cliff.step


def grouped(number: Decimal) -> str:
    """Return a number in thousands, without idle zeros.

    >>> grouped(Decimal("3000000.010")), grouped(Decimal("600000.00"))
    ('3,000,000.01', '600,000')
    """
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
