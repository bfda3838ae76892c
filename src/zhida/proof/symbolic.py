"""Symbolic evaluation: questions about all subjects at once, answered by a solver or not at all.

    Questions ──encode──> z3 terms ──solve──> facts ──replay──> Solution

The terms say exactly what the interpreter says, null included, but for one thing: z3 computes with exact rationals where
FEEL rounds to 34 digits. What cannot be put in terms is *opaque*: a free value of its type. So "impossible" holds of the
policy as it is, because more is allowed than can be; and "possible" is believed only after the interpreter has replayed it.

Without z3-solver (`pip install zhida[proof]`) every answer is UNDECIDED, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhida.dmn.compiled import Body
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.policy.years import machine_name
from zhida.proof.axes import Atom, AtomKind
from zhida.proof.findings import Verdict
from zhida.proof.symbolic_replay import Replay, polished
from zhida.values.equality import equal, less
from zhida.values.unknown import find_unknown

try:  # z3-solver is optional, and these modules need it
    from zhida.proof import symbolic_solver as solver
    from zhida.proof import symbolic_terms as terms
except ImportError:
    solver = terms = None  # type: ignore[assignment]

Value = Any

BUDGET = 2_000_000
"""How much z3 may spend on a question, in its own resource units: no clock, so that the answer is the same everywhere."""

NOT_INSTALLED = ("未安装 z3-solver（pip install zhida[proof]）", "z3-solver is not installed (pip install zhida[proof])")


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

    def __init__(self, models: Sequence[PolicyModel]) -> None:
        """Begin with nothing encoded.

        Args:
            models: The models; questions name them by their place.
        """
        self.models = tuple(models)
        self.texts: dict[str, int] = {}
        self._encoders = () if terms is None else tuple(terms.Encoder(self.models, self.texts, with_lists=each) for each in (True, False))

    @property
    def opaque(self) -> Mapping[str, str]:
        """The decisions met so far that are free values, by id, and why, in Chinese."""
        return {id_: reason[0] for encoder in self._encoders for id_, reason in encoder.opaque.items()}

    def solve(
        self, questions: Sequence[Question], *, budget: int = BUDGET, realistic: bool = True, polish: bool = True
    ) -> Solution:
        """Return a subject that answers all questions at once, or that there is none.

        Args:
            questions: What must hold together.
            budget: How much may be spent on each attempt, in z3's resource units.
            realistic: Whether to look first among the usual values of facts.
            polish: Whether rounder values are tried for the subject.
        """
        if not self._encoders:
            return Solution(Verdict.UNDECIDED, reason=NOT_INSTALLED)
        near, far = self._encoders
        asked = _Asked(near, questions)
        found = _Search(self, asked, budget).found(realistic=realistic, polish=polish)
        if found.verdict is not Verdict.PROVED or not asked.ground.lists:
            return found
        loosely = _Asked(far, questions)  # a few elements cannot: then any number of them, each free
        if loosely.fault is None and solver.ask(loosely.terms(), budget).status is solver.Status.IMPOSSIBLE:
            return found
        names = "、".join(sorted(asked.ground.lists))
        return Solution(Verdict.UNDECIDED, reason=(f"“{names}”只考察了少数几种元素", f"only a few elements of {names} were looked at"))

    def answers(self, questions: Sequence[Question], facts: Mapping[str, Value]) -> bool:
        """Say whether a subject answers all questions, by the interpreter; what is not known does not."""
        replay = Replay(self.models, facts)
        return all(_is_answered(replay, question) for question in questions)

    def facts_read(self, questions: Sequence[Question], facts: Mapping[str, Value]) -> set[str]:
        """Return the names of the facts that the interpreter reads to answer questions."""
        replay = Replay(self.models, facts)
        for question in questions:
            _is_answered(replay, question)
        years_apart = len({model.as_of.year for model in self.models}) > 1
        names = set()
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
        outer, encoder.ground = encoder.ground, terms.Ground()
        self.ground = encoder.ground
        self.fault: tuple[str, str] | None = None
        self.own: list[Any] = []
        try:
            self.own = [self.term(question) for question in questions]
        except terms.Opaque as fault:
            self.fault = fault.reason
        finally:
            encoder.ground = outer

    def term(self, question: Question) -> Any:  # noqa: ANN401 - a term
        """Return a question as a term."""
        encoder = self.encoder
        match question:
            case Holds():
                return terms.holds(encoder.value(question.node, encoder.scope(question.model, question.scope)))
            case Lies():
                symbol = encoder.value(question.node, encoder.scope(question.model, question.scope))
                return terms.either(*(encoder.lies(symbol, atom) for atom in question.atoms))
            case Differs():
                other = encoder.of_body(question.model, question.decision_id, question.body)
                return terms.differ(encoder.element(question.model, question.decision_id), other)
        return terms.differ(encoder.element(*question.left), encoder.element(*question.right))

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
        self.reason: tuple[str, str] | None = asked.fault

    def found(self, *, realistic: bool, polish: bool) -> Solution:
        """Return what was found: first among usual subjects, then among all."""
        if self.reason is not None:
            return Solution(Verdict.UNDECIDED, reason=self.reason)
        has_usual = any(fact.usual for fact in self.asked.ground.facts.values())
        for are_usual in (True, False) if realistic and has_usual else (False,):
            self.reason = None
            facts = self.facts(self.asked.terms(are_usual=are_usual))
            if facts is not None:
                is_unusual = realistic and has_usual and not are_usual
                return self.shown(facts, is_unusual=is_unusual, polish=polish)
            # what no subject at all can do, no usual one can; so the last attempt decides
        return Solution(Verdict.PROVED) if self.reason is None else Solution(Verdict.UNDECIDED, reason=self.reason)

    def facts(self, base: list[Any]) -> dict[str, Value] | None:
        """Return a replayed subject, or None: then none can be where no reason is kept."""
        more: list[Any] = []
        is_on_grid = False
        for attempt in range(_TRIES):
            answer = solver.ask([*base, *more], self.budget)
            if answer.status is solver.Status.IMPOSSIBLE:
                self.reason = None if attempt == 0 or (attempt == 1 and is_on_grid) else self.asked.opaque()
                return None
            if answer.status is solver.Status.UNKNOWN:
                self.reason = self.reason or (f"求解器在预算 {self.budget} 内没有得出结论", f"the solver came to nothing within {self.budget}")
                return None
            facts, misfits = self.asked.encoder.read(self.asked.ground, answer.model)
            if self.encoding.answers(self.asked.questions, facts):
                return facts
            self.reason = self.asked.opaque()
            if misfits and not is_on_grid:
                is_on_grid = True
                more += self.asked.encoder.on_grid(self.asked.ground)
            else:
                more.append(self.asked.encoder.elsewhere(self.asked.ground, answer.model))
        return None

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


_TRIES = 6
"""How many subjects are replayed before a question is given up."""
