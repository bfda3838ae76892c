"""What changed in the answers: who is answered otherwise by another version, and the proof that nobody else is.

    pairs of outcomes ──┐
    amounts up, down  ──┼──> search ──> a subject ──replay──> its way in both versions ──> excluded ──> search again
    same-named decisions┘                                                                  until there is none: proved

One change is told for each way: the rule that settles it. Invariant: every subject that is shown was judged by both versions
as they are, and they answered as it is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import Any

from zhida.assess.assessment import Answer, Outcome
from zhida.assess.explain import unit_of
from zhida.assess.judge import judge
from zhida.assess.subject import inputs_of
from zhida.dmn.compiled import Body
from zhida.dmn.evaluate import Evaluator
from zhida.feel import syntax
from zhida.feel.syntax import Arithmetic, Node
from zhida.feel.units import format_unit
from zhida.policy.pack import PolicyModel
from zhida.policy.tangle import ARTICLE_COLUMN
from zhida.policy.years import offset_name, parse_given
from zhida.proof.difference.joint import NOWHERE, Joint, compared, fact, joint, named, tables_beneath
from zhida.proof.difference.search import TOO_MANY, Hit, Origin, Purse, Search, Solver, Told
from zhida.proof.findings import Verdict
from zhida.values.equality import equal
from zhida.values.numbers import feel_context
from zhida.values.text import literal
from zhida.values.types import is_number
from zhida.values.unknown import find_unknown

Value = Any

MAX_CHANGES = 60
"""Changes of a policy's answer that are looked for at most."""

MAX_DECISION_CHANGES = 30
"""Changes of one decision that are looked for at most."""

OPPOSITES = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
"""What holds where a comparison does not."""

NOT_SHOWN = (
    "求出的对象按两个版本重算，没有得到所说的不同",
    "a subject that was solved for did not show the difference when both versions judged it",
)


OTHER_GIFT = (
    "两个版本给的不是同一种东西（金额、身份或只有资格），给什么没有比较",
    "the versions give different things (an amount, a status, eligibility alone): these were not compared",
)

OTHER_ROUNDING = ("取整方式变了，金额按取整前比较", "amounts are rounded otherwise; they were compared before rounding")

BOTH_TO_REVIEW = (
    "有的情形里规则的结果不同，但两个版本都因事实空缺转人工，没有逐一列出",
    "in some cases the rules differ but both versions leave it to a person, for facts are absent; these are not listed",
)

MAX_TRIES = 3
"""Subjects of one kind that are tried where both versions leave the first to a person."""


class Kind(StrEnum):
    """What a change means for those whom it meets, the gravest first."""

    LOSES = "loses"
    LEAVES = "leaves"
    GAINS = "gains"
    DOWN = "down"
    UP = "up"
    RESULT = "result"
    TO_REVIEW = "to-review"
    FROM_REVIEW = "from-review"
    SCOPE = "scope"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Ground:
    """A condition that an answer rests on."""

    name: str
    """The fact or decision."""
    test: str
    """What the cell of the rule that fired asks of it; empty where it was read by an expression."""
    value: Value
    """What it is."""
    unit: str
    """The unit of its numbers."""
    is_beneath: bool = False
    """Whether it lies beneath a computed number that is a ground itself."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one version says for a subject."""

    answer: Answer | None
    """The answer of the policy; None where a decision is compared."""
    value: Value
    """The value of the decision that settles it, or that is compared."""
    unit: str
    """The unit of that."""
    decision: str
    """Its name; empty where the policy itself is not in force."""
    rule: str
    """The rule that fired; empty where it is no table, or none did."""
    place: int
    """The place of that rule in its table; -1 where there is none."""
    article: str
    """The article that it rests on."""
    note: str
    """The words beside that rule."""
    grounds: tuple[Ground, ...]
    """The facts that it comes down to."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which answers differ, and a subject that shows it."""

    kind: Kind
    """What it means."""
    old: Said
    """What the old version says."""
    new: Said
    """What the new version says."""
    facts: Mapping[str, Value]
    """The subject."""
    origin: Origin
    """Where it comes from."""
    is_unusual: bool
    """Whether a fact lies outside of its usual range."""

    @property
    def gain(self) -> Decimal | None:
        """How much more the new version gives, in yuan, rounded as the policy says; None where either gives no amount."""
        if self.old.answer is None or self.new.answer is None:
            return None
        fen = [answer.amount_fen for answer in (self.old.answer, self.new.answer)]
        return None if fen == [None, None] else Decimal((fen[1] or 0) - (fen[0] or 0)).scaleb(-2, feel_context())


@dataclass(frozen=True, slots=True)
class Extreme:
    """The greatest difference of amounts that was found."""

    change: Change
    """Who has it."""
    is_greatest: bool
    """Whether it is proved that nobody has more."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How one thing that both versions decide compares."""

    name: str
    """The decision; empty for the answer of the policy."""
    changes: tuple[Change, ...]
    """What differs, the gravest first."""
    verdict: Verdict
    """PROVED: nothing differs; REFUTED: something does; UNDECIDED: nothing was found, but it may."""
    is_complete: bool
    """Whether it is proved that nobody else is answered otherwise."""
    reasons: tuple[tuple[str, str], ...] = ()
    """Where it is not complete, why: Chinese and English."""
    extremes: tuple[Extreme, ...] = ()
    """The greatest loss and gain of amounts."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What changed in the answers."""

    policy: Compared
    """The answer of the policy."""
    decisions: tuple[Compared, ...]
    """Decisions that both have and that may differ, in the order of the new version."""
    unchanged: tuple[str, ...]
    """Decisions of which nothing changed: neither their rules nor what they rest on."""


@dataclass(frozen=True, slots=True)
class _State:
    """How a policy can come to an outcome."""

    outcome: Outcome
    conditions: tuple[Node, ...]
    settled_by: str
    """The decision that settles it, by its id in its own version."""


def compare_answers(
    models: tuple[PolicyModel, PolicyModel],
    pairs: Sequence[tuple[str, str]],
    told: tuple[Sequence[Told], Sequence[Told]],
    solver: Solver | None,
) -> Answers:
    """Compare what two versions answer.

    Args:
        models: The old and the new version, each linked for its day.
        pairs: Names of the decisions that are in both, old and new.
        told: What the examples of each tell of subjects.
        solver: What makes a solver; None to do without.
    """
    whole = joint(models)
    comparer = _Comparer(models, whole, told, solver)
    policy = comparer.policy()
    goals = [set(_goals(model)) for model in models]
    decisions, unchanged = [], []
    for old_name, name in pairs:
        ids = (f"{models[0].policy.id}#{old_name}", f"{models[1].policy.id}#{name}")
        if any(id_ not in model.model.decisions for id_, model in zip(ids, models, strict=True)):
            continue
        if whole.is_shared(ids):
            unchanged.append(name)
        elif not (ids[0] in goals[0] and ids[1] in goals[1]):
            decisions.append(comparer.decision(ids, name))
    return Answers(policy, tuple(decisions), tuple(unchanged))


def _goals(model: PolicyModel) -> list[str]:
    """Return the decisions that make the answer of a policy, in the order in which they are asked."""
    policy = model.policy
    value = policy.result_id or policy.amount_id
    return [goal for goal in (policy.applies_id, policy.eligible_id, value) if goal is not None]


class _Comparer:
    """Compares one thing after the other; what may be spent on the solver is one purse for all."""

    def __init__(
        self, models: tuple[PolicyModel, PolicyModel], whole: Joint, told: tuple[Sequence[Told], Sequence[Told]], solver: Solver | None
    ) -> None:
        self.models = models
        self.whole = whole
        self.told = told
        self.purse = Purse(solver)
        self.reasons: list[tuple[str, str]] = []
        self.left = 0

    def search(self, name: str, decisions: tuple[Sequence[str], Sequence[str]]) -> Search:
        """Return the search under a question of its own."""
        scoped, scope = self.whole.scope(name, decisions)
        return Search(scoped, scope, self.models, self.told, self.purse)

    # --- the answer of the policy ------------------------------------------------------------------------------------

    def policy(self) -> Compared:
        """Compare the answers of the policy."""
        goals = [_goals(model) for model in self.models]
        has_same = len(goals[0]) == len(goals[1]) and all(map(self.whole.is_shared, zip(*goals, strict=False)))
        is_rounded_alike = self.models[0].policy.front.rounding == self.models[1].policy.front.rounding
        if has_same and is_rounded_alike and self.settles(0) == self.settles(1):
            return Compared("", (), Verdict.PROVED, is_complete=True)
        asked: list[list[str]] = []
        for model, own in zip(self.models, goals, strict=True):
            value = model.policy.result_id or model.policy.amount_id
            asked.append(list(dict.fromkeys((*own, *(tables_beneath(model, value) if value else ())))))
        search = self.search("", (asked[0], asked[1]))
        self.reasons, self.left = [], MAX_CHANGES
        changes: list[Change] = []
        for old, new in product(self.states(0), self.states(1)):
            if old.outcome is not new.outcome:
                changes += self.settled_otherwise(search, old, new)
        extremes: list[Extreme] = []
        granted = [self.states(side)[-1] for side in (0, 1)]
        if granted[0].outcome is granted[1].outcome is Outcome.ELIGIBLE:
            found, extremes = self.given_otherwise(search, (*granted[0].conditions, *granted[1].conditions))
            changes += found
        return self.compared("", changes, extremes)

    def settles(self, side: int) -> list[bool]:
        """Return which goals a version has: they are told apart by what they settle."""
        policy = self.models[side].policy
        return [goal is not None for goal in (policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id)]

    def states(self, side: int) -> list[_State]:
        """Return the ways in which a version comes to an outcome, the last one to what it gives."""
        policy = self.models[side].policy
        found: list[_State] = []
        before: tuple[Node, ...] = ()
        settled_by = ""
        for goal, outcome in ((policy.applies_id, Outcome.NOT_APPLICABLE), (policy.eligible_id, Outcome.INELIGIBLE)):
            if goal is not None:
                name = self.name(side, goal)
                found.append(_State(outcome, (*before, compared("=", name, right=False)), goal))
                found.append(_State(Outcome.REVIEW, (*before, compared("=", name, None)), goal))
                before = (*before, compared("=", name, right=True))
                settled_by = goal
        value = policy.result_id or policy.amount_id
        if value is not None:
            name = self.name(side, value)
            found.append(_State(Outcome.REVIEW, (*before, compared("=", name, None)), value))
            before = (*before, compared("!=", name, None))
            settled_by = settled_by or value
        found.append(_State(Outcome.ELIGIBLE, before, settled_by))
        return found

    def name(self, side: int, own: str, *, is_way: bool = False) -> Node:
        """Return the name of a decision in the scope of a question."""
        return named(side, self.models[side].model.decisions[own].decision.name, is_way=is_way)

    def keys(self, side: int, own: Sequence[str]) -> list[Node]:
        """Return the ways that some decisions are told apart by."""
        return [self.name(side, id_, is_way=True) for id_ in own if self.whole.ids[side][id_] in self.whole.ways]

    def settled_otherwise(self, search: Search, old: _State, new: _State) -> Iterator[Change]:
        """Yield the changes from one outcome to another, by what settles the one that is not granted."""
        side, told = (0, old) if new.outcome is Outcome.ELIGIBLE else (1, new)
        keys = self.keys(side, [told.settled_by])
        for leaf in self.leaves(search, (*old.conditions, *new.conditions), keys):
            yield from self.judged(leaf, (old.settled_by, new.settled_by))

    def given_otherwise(self, search: Search, conditions: tuple[Node, ...]) -> tuple[list[Change], list[Extreme]]:
        """Return the changes in what is given, and the greatest loss and gain."""
        values = [model.policy.result_id or model.policy.amount_id for model in self.models]
        if values[0] is None or values[1] is None or self.settles(0)[2:] != self.settles(1)[2:]:
            self.reasons += [OTHER_GIFT] if self.settles(0)[2:] != self.settles(1)[2:] else []
            return [], []
        fronts = [model.policy.front for model in self.models]
        if self.models[0].policy.result_id is None and fronts[0].rounding != fronts[1].rounding:
            self.reasons.append(OTHER_ROUNDING)
        goals = (values[0], values[1])
        keys = [key for side in (0, 1) for key in self.keys(side, list(tables_beneath(self.models[side], goals[side])))]
        names = [self.name(side, goals[side]) for side in (0, 1)]
        if self.models[1].policy.result_id is not None:
            leaves = self.leaves(search, (*conditions, compared("!=", *names)), keys)
            return [change for leaf in leaves for change in self.judged(leaf, goals)], []
        changes: list[Change] = []
        extremes: list[Extreme] = []
        for operator, more, less in (("<", 0, 1), (">", 1, 0)):
            asked = (*conditions, compared(operator, names[1], names[0]))
            changes += [change for leaf in self.leaves(search, asked, keys) for change in self.judged(leaf, goals)]
            found = search.greatest(Arithmetic(NOWHERE, "-", names[more], names[less]), asked)
            if found is not None:
                _, hit, is_greatest = found
                extremes += [Extreme(change, is_greatest) for change in self.judged(Leaf(hit, search, asked), goals)]
        return changes, extremes

    # --- decisions of one name -----------------------------------------------------------------------------------------

    def decision(self, ids: tuple[str, str], name: str) -> Compared:
        """Compare one decision that both versions have."""
        search = self.search(name, ([ids[0]], [ids[1]]))
        self.reasons, self.left = [], MAX_DECISION_CHANGES
        names = [self.name(side, ids[side]) for side in (0, 1)]
        keys = [key for side in (0, 1) for key in self.keys(side, [ids[side]])]
        changes = []
        for leaf in self.leaves(search, (compared("!=", *names),), keys):
            hit = leaf.hit
            said = [said_of(model, hit.facts, id_) for model, id_ in zip(self.models, ids, strict=True)]
            if equal(said[0].value, said[1].value) is not True and all(find_unknown(each.value) is None for each in said):
                changes.append(Change(Kind.VALUE, said[0], said[1], hit.facts, hit.origin, hit.is_unusual))
            else:
                self.reasons.append(NOT_SHOWN)
        return self.compared(name, changes)

    def compared(self, name: str, changes: Sequence[Change], extremes: Sequence[Extreme] = ()) -> Compared:
        """Return what a comparison came to."""
        reasons = tuple(dict.fromkeys(self.reasons))
        kinds = list(Kind)
        ordered = sorted(changes, key=lambda change: (kinds.index(change.kind), change.is_unusual, *_order(change)))
        verdict = Verdict.REFUTED if changes else Verdict.UNDECIDED if reasons else Verdict.PROVED
        return Compared(name, tuple(ordered), verdict, not reasons, reasons, tuple(extremes))

    # --- one subject after the other -------------------------------------------------------------------------------

    def leaves(self, search: Search, conditions: tuple[Node, ...], keys: Sequence[Node], first: Hit | None = None) -> Iterator["Leaf"]:
        """Yield one subject for each combination of ways under some conditions; why there may be more is kept."""
        if not keys:
            hit = first or search.solve(conditions)
            if hit.verdict is Verdict.UNDECIDED:
                self.reasons.append(hit.reason)
            elif hit.verdict is Verdict.REFUTED:
                self.left -= 1
                yield Leaf(hit, search, conditions)
            return
        excluded: tuple[Node, ...] = ()
        while True:
            if self.left <= 0:
                self.reasons.append(TOO_MANY)
                return
            hit = first or search.solve((*conditions, *excluded))
            first = None
            if hit.verdict is not Verdict.REFUTED:
                self.reasons += [hit.reason] if hit.verdict is Verdict.UNDECIDED else []
                return
            way = search.value(keys[0], hit.facts)
            if not is_number(way):
                self.reasons.append(NOT_SHOWN)
                return
            yield from self.leaves(search, (*conditions, compared("=", keys[0], way)), keys[1:], hit)
            excluded = (*excluded, compared("!=", keys[0], way))

    def judged(self, leaf: "Leaf", deciders: tuple[str, str]) -> Iterator[Change]:
        """Yield what both versions say for a subject, where they do not say the same.

        What is odd on the way (a null that no rule names) makes both say that a person must decide: then a subject without
        nulls is looked for.
        """
        for hit in leaf.hits():
            said = [answer_of(model, hit.facts, decider) for model, decider in zip(self.models, deciders, strict=True)]
            old, new = said[0].answer, said[1].answer
            if old is None or new is None or Outcome.UNDETERMINED in {old.outcome, new.outcome}:
                self.reasons.append(NOT_SHOWN)
                return
            kind = _kind(old, new)
            if kind is not None:
                yield Change(kind, said[0], said[1], hit.facts, hit.origin, hit.is_unusual)
                return
            if Outcome.REVIEW not in {old.outcome, new.outcome}:
                self.reasons.append(NOT_SHOWN)
                return
        self.reasons.append(BOTH_TO_REVIEW)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A subject that was found, and what it was looked for by."""

    hit: Hit
    """The subject."""
    search: Search
    """The search."""
    conditions: tuple[Node, ...]
    """What holds of it."""

    def hits(self) -> Iterator[Hit]:
        """Yield the subject, then others of which fewer facts are absent, as long as that changes anything."""
        hit, conditions = self.hit, self.conditions
        for _ in range(MAX_TRIES):
            yield hit
            absent = [name for name, value in hit.facts.items() if value is None and self.search.asks(name)]
            if not absent:
                return
            conditions = (*conditions, *(compared("!=", fact(name), None) for name in absent))
            hit = self.search.solve(conditions)
            if hit.verdict is not Verdict.REFUTED:
                return


def _order(change: Change) -> tuple[Decimal, bool, int, int]:
    """Return what sorts changes of one kind: the greatest difference first, then who was eligible, then as the tables list it."""
    gain = change.gain
    was_eligible = change.old.answer is not None and change.old.answer.outcome is Outcome.ELIGIBLE
    return Decimal(0) if gain is None else -abs(gain), not was_eligible, change.new.place, change.old.place


def _kind(old: Answer, new: Answer) -> Kind | None:
    """Return what a change of answers means, or None where there is none."""
    before, after = old.outcome, new.outcome
    if before is after:
        if old.amount is not None and new.amount is not None and old.amount != new.amount:
            return Kind.DOWN if new.amount < old.amount else Kind.UP
        return None if equal(old.result, new.result) is True and old.amount == new.amount else Kind.RESULT
    match before, after:
        case Outcome.ELIGIBLE, Outcome.INELIGIBLE:
            return Kind.LOSES
        case Outcome.ELIGIBLE, Outcome.NOT_APPLICABLE:
            return Kind.LEAVES
        case _, Outcome.ELIGIBLE:
            return Kind.GAINS
        case _, Outcome.REVIEW:
            return Kind.TO_REVIEW
        case Outcome.REVIEW, _:
            return Kind.FROM_REVIEW
    return Kind.SCOPE


# --- what is said of one subject ---------------------------------------------------------------------------------------


def answer_of(model: PolicyModel, facts: Mapping[str, Value], decider: str) -> Said:
    """Return what a version answers for a subject, and what that comes down to.

    Args:
        model: The version.
        facts: The subject.
        decider: The decision to explain it by, where that was asked for; else the last one that was.
    """
    evaluator = Evaluator(model.model, inputs_of(model, facts), as_of=model.as_of)
    judgement = judge(model, evaluator)
    told_by = decider if decider in evaluator.trace else judgement.goals[-1] if judgement.goals else ""
    said = _said(model, evaluator, told_by) if told_by in evaluator.trace else Said(None, None, "", "", "", -1, "", "", ())
    return replace(said, answer=judgement.answer)


def said_of(model: PolicyModel, facts: Mapping[str, Value], decision_id: str) -> Said:
    """Return what a version decides for a subject, and what that comes down to."""
    evaluator = Evaluator(model.model, inputs_of(model, facts), as_of=model.as_of)
    evaluator.value(decision_id)
    return _said(model, evaluator, decision_id)


def _said(model: PolicyModel, evaluator: Evaluator, id_: str) -> Said:
    compiled, trace = model.model.decisions[id_], evaluator.trace[id_]
    rule, place, article, note = "", -1, compiled.decision.span.article, ""
    if trace.table is not None and trace.table.matched:
        fired = [trace.table.table.rules[place].rule for place in trace.table.matched]
        rule, place = "、".join(each.number for each in fired), trace.table.matched[0]
        article = "；".join(dict.fromkeys(each.article for each in fired if each.article))
        note = "；".join(text for each in fired for name, text in each.annotations.items() if name != ARTICLE_COLUMN and text)
    unit = format_unit(compiled.shape.unit) if compiled.shape.unit else ""
    grounds = _Grounds(model, evaluator)
    grounds.take(id_)
    told = tuple(grounds.found.values())
    return Said(None, trace.value, "" if unit == "1" else unit, compiled.decision.name, rule, place, article, note, told)


class _Grounds:
    """Goes down from a decision to the facts that it comes down to, those nearest to it first."""

    def __init__(self, model: PolicyModel, evaluator: Evaluator) -> None:
        self.model = model
        self.evaluator = evaluator
        self.found: dict[str, Ground] = {}
        self.waiting: list[str] = []
        self.deep: set[str] = set()

    def take(self, id_: str) -> None:
        """Take all that a decision comes down to."""
        self.waiting = [id_]
        for each in self.waiting:  # which grows on the way
            self.take_one(each)

    def take_one(self, id_: str) -> None:
        """Take what one decision rests on directly."""
        compiled, trace = self.model.model.decisions[id_], self.evaluator.trace[id_]
        if trace.table is None or not trace.table.matched:
            asked = _asked(compiled.body, trace.value)
            for required in trace.read:
                self.below(required, asked, id_)
            return
        fired = trace.table.table.rules[trace.table.matched[0]].rule
        for place, clause in enumerate(trace.table.table.table.inputs):
            test = fired.input_entries[place].text
            if test == "-":
                continue
            text = clause.expression.text
            required_id = next((compiled.requirements[name] for name in (text, rule_name(text)) if name in compiled.requirements), None)
            if required_id is None:
                unit = unit_of(compiled, text, self.model.model)
                self.found.setdefault(text, Ground(text, test, trace.table.inputs[place], unit))
            else:
                self.below(required_id, test, id_)

    def below(self, id_: str, test: str, reader: str) -> None:
        """Take a fact, or a number that rules compute, or what another decision rests on."""
        name = next((name for name, required in self.model.model.decisions[reader].requirements.items() if required == id_), id_)
        value = self.evaluator.value(id_)
        is_own = id_ in self.evaluator.trace and id_.startswith(f"{self.model.policy.id}#")
        is_shown = not is_own or (is_number(value) and bool(test))
        is_deep = reader in self.deep
        if is_own and id_ not in self.waiting:
            self.waiting.append(id_)
            if is_shown or is_deep:
                self.deep.add(id_)
        if not is_shown:
            return
        unit = unit_of(self.model.model.decisions[reader], name, self.model.model)
        known = self.found.get(name)
        if known is None or (test and not known.test):
            self.found[name] = Ground(name, test, value, unit, is_deep)


def rule_name(text: str) -> str:
    """Return the name in FEEL that a column's head of one year is compiled to; the head itself where it is none.

    >>> rule_name("研发费用(1)")
    '研发费用 前1年'
    """
    base, offset = parse_given(text)
    return offset_name(base, offset) if isinstance(offset, int) else text


def _asked(body: Body, value: Value) -> str:
    """Return what an expression that compares one name with a literal found of it; empty for any other."""
    while isinstance(body, syntax.If) and isinstance(body.then, syntax.Literal):
        body = body.otherwise
    if not isinstance(body, syntax.Comparison) or not isinstance(value, bool):
        return ""
    if not isinstance(body.left, syntax.Name) or not isinstance(body.right, syntax.Literal) or body.right.value is None:
        return ""
    operator = body.operator if value else OPPOSITES[body.operator]
    return f"{operator} {literal(body.right.value)}" if operator not in {"=", "!="} else ""
