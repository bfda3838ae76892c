"""Symbolic evaluation: questions about all subjects at once, answered by a solver or not at all.

    Questions ──encode──> z3 terms ──solve──> facts ──replay──> Solution

The terms say exactly what the interpreter says, null included, but for one thing: z3 computes with exact rationals where
FEEL rounds to 34 digits. What cannot be put in terms is *opaque*: a free value of its type. So "impossible" holds of the
policy as it is, because more is allowed than can be; and "possible" is believed only after the interpreter has replayed it.

Without z3-solver (`pip install zhida[proof]`) every answer is UNDECIDED, and says so.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from zhida.dmn.compiled import AS_OF, Body, CompiledTable
from zhida.feel.syntax import Comparison, Literal, Node, descendants
from zhida.policy.front_matter import Interval
from zhida.policy.pack import PolicyModel
from zhida.policy.years import machine_name
from zhida.proof.findings import Verdict
from zhida.proof.solver.days import days_of, on_day, only_for
from zhida.proof.solver.replay import Replay, polished
from zhida.proof.tables.axes import Atom, AtomKind
from zhida.source import Span
from zhida.values.equality import equal, less
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.types import Type
from zhida.values.unknown import find_unknown

try:  # z3-solver is optional, and these modules need it
    from zhida.proof.solver import algebra, reading, terms, values
    from zhida.proof.solver import queries as solver
    from zhida.proof.solver import scope as scopes

    IS_INSTALLED = True
    """Whether there is a solver to ask."""
except Exception:  # z3 raises its own where its library cannot be loaded
    if sys.modules.get("z3") is not None:
        raise
    IS_INSTALLED = False

Value = Any

BUDGET = 150_000
"""How much z3 may spend on a question, in its own resource units: no clock, so that the answer is the same everywhere."""

NOT_INSTALLED = (
    "未安装 z3-solver，或它不能使用（pip install zhida[proof]）",
    "z3-solver is not installed or not usable (pip install zhida[proof])",
)


@dataclass(frozen=True, slots=True)
class Holds:
    """An expression is true."""

    node: Node
    """The expression."""
    scope: str
    """The decision whose requirements its names are."""
    model: int = 0
    """The place of the model."""


@dataclass(frozen=True, slots=True)
class Lies:
    """The value of an expression lies in one of some atoms."""

    node: Node
    """The expression."""
    scope: str
    """The decision whose requirements its names are."""
    atoms: tuple[Atom, ...]
    """The atoms; null is one."""
    model: int = 0
    """The place of the model."""


@dataclass(frozen=True, slots=True)
class Differs:
    """The value of a decision is another by another body."""

    decision_id: str
    """The decision."""
    body: Body
    """The other body; it has the same requirements."""
    model: int = 0
    """The place of the model."""


@dataclass(frozen=True, slots=True)
class Unlike:
    """Two decisions have different values."""

    left: tuple[int, str]
    """The place of the model, and the id of a decision in it."""
    right: tuple[int, str]
    """The other."""


Question = Holds | Lies | Differs | Unlike


@dataclass(frozen=True, slots=True)
class Solution:
    """Whether some subject answers all questions at once."""

    verdict: Verdict
    """PROVED: no subject can; REFUTED: `facts` does, replayed; UNDECIDED: neither could be shown."""
    facts: Mapping[str, Value] = field(default_factory=dict)
    """Of REFUTED, what was read of the subject, and lacking parameters, by their names in FEEL."""
    reason: tuple[str, str] = ("", "")
    """Of UNDECIDED, why, in Chinese and English."""
    is_unusual: bool = False
    """Whether only subjects outside of the usual range of some fact do that."""
    minds_day: bool = False
    """Of PROVED, whether that was shown for the day of the models only, and rests on it."""
    as_of: Date | None = None
    """Of REFUTED, the day on which the subject does it, where it may be another than that of the models."""


@dataclass(frozen=True, slots=True)
class Extreme:
    """The greatest value of a number."""

    solution: Solution
    """PROVED: no subject answers the questions or has such a number; REFUTED: a subject that has `value`, or comes near it."""
    value: Value = None
    """The greatest value, or the least that no subject exceeds; None where there is none or it is not known."""
    is_attained: bool = False
    """Whether the subject of `solution` has exactly this value."""
    is_unbounded: bool = False
    """Whether no value is the greatest."""


class Encoding:
    """Some linked models as terms, made as far as they are asked for; facts of one name are one variable in all of them."""

    def __init__(self, models: Sequence[PolicyModel], *, expects_none: bool = False, days: Interval | None = None) -> None:
        """Begin with nothing encoded.

        Args:
            models: The models; questions name them by their place.
            expects_none: Whether for most questions there is no subject: then all subjects are asked about before the usual ones,
                which comes to the same and is mostly enough.
            days: The days of which each may be that of the question, which is then a fact among others; that of the models where
                this is left out.
        """
        self.models = tuple(models)
        self.days = days
        self.expects_none = expects_none
        self.texts: dict[str, int] = {"": 0}  # zero is what a string is that does not matter
        self._begun: dict[bool, Any] = {}
        self._moving: dict[str, Encoding] = {}

    @cached_property
    def _named(self) -> dict[str, None]:
        """The strings that the models name, and questions so far."""
        bodies = [compiled.body for model in self.models for compiled in model.model.decisions.values()]
        bodies += [compiled.body for model in self.models for compiled in model.model.knowledge.values()]
        return dict.fromkeys(text for body in bodies for text in strings_in(body))

    def _encoder(self, *, with_lists: bool) -> Any:  # noqa: ANN401 - its module may be lacking
        """Return an encoder, of a few elements in lists or of any number, begun when it is first needed: each begins a z3 of its own."""
        if with_lists not in self._begun:
            self._begun[with_lists] = terms.Encoder(self.models, self.texts, tuple(self._named), with_lists=with_lists, days=self.days)
        return self._begun[with_lists]

    def _learn(self, questions: Sequence[Question]) -> None:
        """Tell codes apart that a question names and the models do not: then all is encoded anew."""
        new = [text for question in questions for text in _strings_asked(question) if text not in self._named]
        items = [data.item for model in self.models for data in model.model.inputs.values() if data.item.allowed_beginnings is not None]
        if any(item.allows(text) for item in items for text in new):
            self._named |= dict.fromkeys(new)
            self._begun = {}

    @property
    def opaque(self) -> Mapping[str, str]:
        """The decisions met so far that are free values, by id, and why, in Chinese."""
        return {id_: reason[0] for encoder in self._begun.values() for id_, reason in encoder.opaque.items()}

    def solve(self, questions: Sequence[Question], *, budget: int = BUDGET, realistic: bool = True, polish: bool = True) -> Solution:
        """Return a subject that answers all questions at once, or that there is none.

        Args:
            questions: What must hold together.
            budget: How much may be spent on each attempt, in z3's resource units.
            realistic: Whether to look first among the usual values of facts.
            polish: Whether rounder values are tried for the subject.
        """
        return self._solve(questions, budget, (True, False) if realistic else (False,), polish=polish)

    def on_any_day(self, questions: Sequence[Question], *, budget: int = BUDGET, realistic: bool = True, polish: bool = True) -> Solution:
        """Return a subject that answers all questions on some day on which the policy is law, or that there is none on any of them.

        It is UNDECIDED where more than 评估日 itself may be another on another day: figures with several rows, what others publish.
        """
        model = self.models[0]
        days = days_of(model, _decisions_asked(questions)) if len(self.models) == 1 else None
        if days is None:
            return Solution(Verdict.UNDECIDED, reason=only_for(model.as_of))
        key = str(days)
        if key not in self._moving:
            self._moving[key] = Encoding(self.models, expects_none=self.expects_none, days=days)
        found = self._moving[key].solve(questions, budget=budget, realistic=realistic, polish=polish)
        if found.verdict is Verdict.UNDECIDED:
            return replace(found, reason=_after(only_for(model.as_of), found.reason))
        facts = {name: value for name, value in found.facts.items() if name != AS_OF}
        return replace(found, facts=facts, as_of=found.facts.get(AS_OF, model.as_of) if found.verdict is Verdict.REFUTED else None)

    def _solve(self, questions: Sequence[Question], budget: int, tiers: Sequence[bool], *, polish: bool) -> Solution:
        """Return a subject from the first tier that has one; a tier is that of usual subjects, or of all."""
        if not IS_INSTALLED:
            return Solution(Verdict.UNDECIDED, reason=NOT_INSTALLED)
        self._learn(questions)
        asked = _Asked(self._encoder(with_lists=True), questions)
        found = _Search(self, asked, budget).found(tiers, polish=polish)
        if found.verdict is Verdict.PROVED and asked.ground.minds_day:
            found = replace(found, minds_day=True)
        if found.verdict is not Verdict.PROVED or not asked.ground.lists:
            return found
        far = self._encoder(with_lists=False)
        loosely = _Asked(far, questions)  # a few elements cannot: then any number of them, each free
        terms_ = loosely.terms(are_usual=all(tiers))
        if loosely.fault is None and solver.ask(far.space, terms_, budget).status is solver.Status.IMPOSSIBLE:
            return found
        names = "、".join(sorted(asked.ground.lists))
        return Solution(Verdict.UNDECIDED, reason=(f"“{names}”只考察了少数几种元素", f"only a few elements of {names} were looked at"))

    def greatest(  # noqa: PLR0913 - what is asked, where, of whom and at what cost
        self,
        node: Node,
        scope: str,
        questions: Sequence[Question] = (),
        *,
        model: int = 0,
        budget: int = BUDGET,
        realistic: bool = True,
    ) -> Extreme:
        """Return the greatest value that a number can have under some questions.

        Args:
            node: The number.
            scope: The decision whose requirements its names are.
            questions: What must hold as well.
            model: The place of the model.
            budget: How much may be spent on each attempt, in z3's resource units.
            realistic: Whether only subjects count whose facts have usual values.
        """
        tiers = (realistic,)
        a_number = Holds(Comparison(node.span, "!=", node, Literal(node.span, None)), scope, model)
        asked_of = (*questions, a_number)
        first = self._solve(asked_of, budget, tiers, polish=False)
        if first.verdict is not Verdict.REFUTED:
            return Extreme(first)
        encoder = self._encoder(with_lists=True)
        asked = _Asked(encoder, asked_of)
        number = encoder.value(node, encoder.scope(model, scope))
        if number.sort is not algebra.Sort.NUMBER:
            return Extreme(Solution(Verdict.UNDECIDED, reason=("所问的不是数", "what is asked for is no number")))
        lists = asked.ground.lists  # of these only few elements are looked at: no value is certainly the greatest
        found = solver.bound(asked.encoder.space, asked.terms(are_usual=realistic), number.term, budget, is_climbing=not lists)
        if found.status is not solver.Status.POSSIBLE:
            return Extreme(Solution(Verdict.UNDECIDED, reason=_out_of_budget(budget)))

        def beyond(operator: str, value: Decimal) -> Solution:
            test = Holds(Comparison(node.span, operator, node, Literal(node.span, value)), scope, model)
            return self._solve((*questions, test), budget, tiers, polish=operator != ">")

        if found.value is None:
            return Extreme(beyond(">=", _HUGE), is_unbounded=True)
        value = feel_context().divide(Decimal(found.value.numerator), Decimal(found.value.denominator))
        above = beyond(">", value)
        if above.verdict is not Verdict.PROVED:
            return Extreme(Solution(Verdict.UNDECIDED, reason=above.reason if any(above.reason) else _out_of_budget(budget)))
        attained = beyond(">=", value)
        return Extreme(attained, value, is_attained=True) if attained.verdict is Verdict.REFUTED else Extreme(first, value)

    def answers(self, questions: Sequence[Question], facts: Mapping[str, Value]) -> bool:
        """Say whether a subject answers all questions, by the interpreter; what is not known does not."""
        if self.days is not None and AS_OF in facts and facts[AS_OF] not in self.days:
            return False
        replay = self._replay(facts)
        return all(_is_answered(replay, question) for question in questions)

    def _replay(self, facts: Mapping[str, Value]) -> Replay:
        """Return a subject as the interpreter decides it, on its day where that is a fact among others."""
        if self.days is None or AS_OF not in facts:
            return Replay(self.models, facts)
        others = {name: value for name, value in facts.items() if name != AS_OF}
        return Replay([on_day(model, facts[AS_OF]) for model in self.models], others)

    def facts_read(self, questions: Sequence[Question], facts: Mapping[str, Value]) -> set[str]:
        """Return the names of the facts that the interpreter reads to answer questions."""
        replay = self._replay(facts)
        for question in questions:
            _is_answered(replay, question)
        years_apart = len({model.as_of.year for model in self.models}) > 1
        names = {AS_OF} if self.days is not None else set()
        for place, id_ in replay.facts_read():
            model = self.models[place]
            name = model.model.inputs[id_].name
            names.add(machine_name(name, model.as_of) if years_apart else name)
        return names


# --- questions as terms and as replays -------------------------------------------------------------------------------


def _is_answered(replay: Replay, question: Question) -> bool:
    """Say whether a subject answers a question."""
    match question:
        case Holds():
            return replay.value(question.node, question.scope, question.model) is True
        case Lies():
            value = replay.value(question.node, question.scope, question.model)
            return find_unknown(value) is None and any(lies_in(value, atom) for atom in question.atoms)
        case Differs():
            left = replay.decided(question.model, question.decision_id)
            right = replay.by_body(question.model, question.decision_id, question.body)
        case Unlike():
            left, right = replay.decided(*question.left), replay.decided(*question.right)
    return find_unknown(left) is None and find_unknown(right) is None and equal(left, right) is not True


def strings_in(body: Body) -> Iterator[str]:
    """Yield the strings that a body names."""
    for node in _nodes_in(body):
        for each in descendants(node):
            if isinstance(each, Literal) and isinstance(each.value, str):
                yield each.value


def _nodes_in(part: object) -> Iterator[Node]:
    """Yield the expressions in a body, however deep it is boxed."""
    if isinstance(part, Node):
        yield part
    elif isinstance(part, CompiledTable):
        yield from part.nodes
    elif isinstance(part, tuple):
        for each in part:
            yield from _nodes_in(each)
    elif is_dataclass(part) and not isinstance(part, Span | Type):
        for each in fields(part):
            yield from _nodes_in(getattr(part, each.name))


def _strings_asked(question: Question) -> Iterator[str]:
    """Yield the strings that a question names."""
    match question:
        case Holds():
            yield from strings_in(question.node)
        case Lies():
            yield from strings_in(question.node)
            for atom in question.atoms:
                yield from (text for text in (atom.value, *atom.excluded) if isinstance(text, str))
        case Differs():
            yield from strings_in(question.body)


def _decisions_asked(questions: Sequence[Question]) -> set[str]:
    """Return the decisions that questions are about, by their ids; those of the scopes in which they are asked."""
    found: set[str] = set()
    for question in questions:
        match question:
            case Holds() | Lies():
                found.add(question.scope)
            case Differs():
                found.add(question.decision_id)
            case Unlike():
                found |= {question.left[1], question.right[1]}
    return found


def _after(first: tuple[str, str], then: tuple[str, str]) -> tuple[str, str]:
    return (f"{first[0]}：{then[0]}", f"{first[1]}: {then[1]}") if any(then) else first


def lies_in(value: Value, atom: Atom) -> bool:
    """Say whether a known value lies in an atom.

    >>> lies_in(None, Atom(AtomKind.NULL, None)), lies_in("c", Atom(AtomKind.OTHER, "x", excluded=("a", "b")))
    (True, True)
    """
    match atom.kind:
        case AtomKind.NULL:
            return value is None
        case AtomKind.POINT:
            return equal(value, atom.value) is True
        case AtomKind.OTHER:
            return isinstance(value, str) and value not in atom.excluded
    if value is None or type(value) is not type(atom.value):
        return False
    return (atom.low is None or less(atom.low, value) is True) and (atom.high is None or less(value, atom.high) is True)


class _Asked:
    """Questions as terms, or why they have none."""

    def __init__(self, encoder: Any, questions: Sequence[Question]) -> None:  # noqa: ANN401 - its module may be lacking
        self.encoder = encoder
        self.questions = tuple(questions)
        outer, encoder.ground = encoder.ground, scopes.Ground()
        self.ground = encoder.ground
        self.fault: tuple[str, str] | None = None
        self.own: list[Any] = []
        try:
            self.own = [self.term(question) for question in questions]
        except values.Opaque as fault:
            self.fault = fault.reason
        finally:
            encoder.ground = outer

    def term(self, question: Question) -> Any:  # noqa: ANN401 - a term
        """Return a question as a term."""
        encoder = self.encoder
        match question:
            case Holds():
                return values.holds(encoder.value(question.node, encoder.scope(question.model, question.scope)))
            case Lies():
                symbol = encoder.value(question.node, encoder.scope(question.model, question.scope))
                return algebra.either(*(reading.lies(encoder, symbol, atom) for atom in question.atoms))
            case Differs():
                other = encoder.of_body(question.model, question.decision_id, question.body)
                return values.differ(encoder.element(question.model, question.decision_id), other)
        return values.differ(encoder.element(*question.left), encoder.element(*question.right))

    def terms(self, *, are_usual: bool = False) -> list[Any]:
        """Return all that must hold."""
        facts = self.ground.facts.values()
        limits = [term for fact in facts for term in fact.limits]
        return [*self.own, *limits, *(term for fact in facts if are_usual for term in fact.usual)]

    def opaque(self) -> tuple[str, str]:
        """Return what is not in terms, as a reason."""
        if not self.ground.opaque:
            return "解释器的结果与求解器不同（舍入）", "the interpreter came to something else (rounding)"
        text, (chinese, english) = next(iter(self.ground.opaque.items()))
        return f"“{text}”未作分析：{chinese}", f"'{text}' is not analysed: {english}"


class _Search:
    """The search for one subject."""

    def __init__(self, encoding: Encoding, asked: _Asked, budget: int) -> None:
        self.encoding = encoding
        self.asked = asked
        self.budget = budget

    def found(self, tiers: Sequence[bool], *, polish: bool) -> Solution:
        """Return what was found in the first tier that has something."""
        reason = self.asked.fault
        if reason is not None:
            return Solution(Verdict.UNDECIDED, reason=reason)
        has_usual = any(fact.usual for fact in self.asked.ground.facts.values())
        tiers = tuple(tiers) if has_usual else (False,)
        found: dict[bool, tuple[dict[str, Value] | None, tuple[str, str] | None]] = {}
        if self.encoding.expects_none and False in tiers:
            found[False] = self.facts(self.asked.terms())
        for are_usual in () if found.get(False) == _NOBODY else tiers:
            if are_usual not in found:
                found[are_usual] = self.facts(self.asked.terms(are_usual=are_usual))
            facts = found[are_usual][0]
            if facts is not None:
                is_unusual = has_usual and not are_usual and True in tiers
                return self.shown(facts, is_unusual=is_unusual, polish=polish)
        reason = found[tiers[-1]][1]  # what no subject at all can do, no usual one can
        return Solution(Verdict.PROVED) if reason is None else Solution(Verdict.UNDECIDED, reason=reason)

    def facts(self, base: list[Any]) -> tuple[dict[str, Value] | None, tuple[str, str] | None]:
        """Return a replayed subject, or None; and then why none was found, or None where there can be none."""
        more: list[Any] = []
        reason: tuple[str, str] | None = None
        is_on_grid = False
        for attempt in range(_TRIES):
            answer = solver.ask(self.asked.encoder.space, [*base, *more], self.budget)
            if answer.status is solver.Status.IMPOSSIBLE:
                return None, None if attempt == is_on_grid else reason  # only that numbers are as fine as they are kept was added
            if answer.status is solver.Status.UNKNOWN:
                return None, reason or _out_of_budget(self.budget)
            facts, misfits = reading.read(self.asked.encoder, self.asked.ground, answer.model)
            if self.encoding.answers(self.asked.questions, facts):
                return facts, None
            reason = self.asked.opaque()
            if misfits and attempt == 0:
                is_on_grid = True
                more += reading.on_grid(self.asked.ground)
            else:
                more.append(reading.elsewhere(self.asked.ground, answer.model))
        return None, reason

    def shown(self, facts: dict[str, Value], *, is_unusual: bool, polish: bool) -> Solution:
        """Return a subject as it is shown: what was read of it, with rounder values."""
        questions = self.asked.questions
        read = self.encoding.facts_read(questions, facts)
        kept = {name: value for name, value in facts.items() if name in read}
        if not self.encoding.answers(questions, kept):
            kept = facts
        if polish:
            items = {name: fact.item for name, fact in self.asked.ground.facts.items()}
            kept = polished(kept, items, lambda tried: self.encoding.answers(questions, tried))
        return Solution(Verdict.REFUTED, kept, is_unusual=is_unusual)


def _out_of_budget(budget: int) -> tuple[str, str]:
    return f"求解器在预算 {budget} 内没有得出结论", f"the solver came to no conclusion within its budget of {budget}"


_HUGE = Decimal(10) ** 15
"""What a number without bound exceeds where it is shown."""

_NOBODY = (None, None)
"""What a search comes to where there is no subject."""

_TRIES = 6
"""How many subjects are replayed before a question is given up."""
