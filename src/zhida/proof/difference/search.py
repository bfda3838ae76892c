"""Looking for subjects that two versions answer differently: by enumeration, among examples, and with a solver.

    question ──> every combination of elementary values    where these are few: complete
             ──> examples of both versions, and what is one fact away from them
             ──> the solver                                where nothing was found before, or to say that there is nothing

All three look at the joint model; who asks does not see which of them answered, but is told where a subject comes from.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from zhida.assess.examples import given_facts
from zhida.dmn.compiled import AS_OF
from zhida.dmn.elementary import Use, representatives, uses
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.dmn.graph import closure
from zhida.errors import Diagnostic
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Node
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import Example
from zhida.proof.difference.joint import FACT, Joint, is_free
from zhida.proof.findings import Verdict
from zhida.proof.solver.encoding import NOT_INSTALLED, Encoding, Holds, Solution
from zhida.values.temporal import Date, parse_date
from zhida.values.types import conforms, is_number
from zhida.values.unknown import Unknown, find_unknown, unknown

Value = Any

MAX_COMBINATIONS = 4_096
"""Combinations of elementary values that are enumerated at most."""

MAX_SUBJECTS = 2_500
"""Subjects around examples that are looked at at most."""

MAX_BASES = 12
"""Examples of which each fact is moved."""

MAX_PARTNERS = 2
"""Examples of the other version from which each one takes what it does not tell."""

MAX_SOLVED = 240
"""Questions that are put to the solver at most."""

MAX_UNDECIDED = 8
"""Questions that the solver may leave open before it is asked no more."""

MAX_CONFIRMED = 16
"""Subjects of which it is asked whether they can be as they are given, at most."""

TOO_MANY = ("要解的问题太多，没有全部查完", "there are too many questions to solve; not all were looked at")
NO_SOLVER = ("没有求解器，只比了例和例的邻近情形", "without a solver only examples and what is one fact away from them were compared")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a subject comes from; nothing of it is filled in where it was worked out."""

    side: int | None = None
    """The version whose example it is: 0 the old one, 1 the new one."""
    example: str = ""
    """The example."""
    moved: str = ""
    """The fact that is another than in the example."""
    is_filled: bool = False
    """Whether facts that the example does not tell were taken from one of the other version."""


@dataclass(frozen=True, slots=True)
class Case:
    """One subject, and what is compared of it."""

    facts: Mapping[str, Value]
    """What is known of it."""
    values: Mapping[str, Value]
    """What the question names, by name."""
    origin: Origin = Origin()
    """Where it comes from."""
    is_unusual: bool = False
    """Whether a fact of it lies outside of its usual range."""


def joint_inputs(joint: Joint, models: Sequence[PolicyModel], facts: Mapping[str, Value]) -> dict[str, Value]:
    """Return the inputs of the joint model by id; decisions of used policies may be given by name."""
    inputs: dict[str, Value] = dict(joint.model.parameters)
    for id_, data in joint.model.model.inputs.items():
        if data.name in facts:
            value = facts[data.name]
            inputs[id_] = value if find_unknown(value) is not None or conforms(value, data.item.type) else None
        else:
            inputs.setdefault(id_, unknown(data.name))
    for side, model in enumerate(models):
        for used in model.used.values():
            for own, here in joint.ids[side].items():
                compiled = joint.model.model.decisions.get(here)
                if own.startswith(f"{used}#") and compiled is not None and compiled.decision.name in facts:
                    inputs[here] = facts[compiled.decision.name]
    return inputs


class Cases:
    """Subjects of which all that a question names is known beforehand."""

    def __init__(self, cases: Iterable[Case], *, is_complete: bool) -> None:
        """Keep them, the usual ones first.

        Args:
            cases: The subjects.
            is_complete: Whether they stand for all subjects.
        """
        self.cases = sorted(cases, key=lambda case: case.is_unusual)
        self.is_complete = is_complete
        self.masks: dict[Node, int] = {}

    def mask(self, node: Node) -> int:
        """Return the cases for which a condition holds, as bits."""
        if node not in self.masks:
            run = Run(Date(2000, 1, 1))
            found = (place for place, case in enumerate(self.cases) if evaluate(node, Frame(case.values, run)) is True)
            self.masks[node] = sum(1 << place for place in found)
        return self.masks[node]

    def fitting(self, nodes: Iterable[Node]) -> int:
        """Return the cases for which all conditions hold, as bits."""
        bits = (1 << len(self.cases)) - 1
        for node in nodes:
            bits &= self.mask(node)
        return bits

    def first(self, nodes: Iterable[Node]) -> Case | None:
        """Return the first case for which all conditions hold."""
        bits = self.fitting(nodes)
        return self.cases[(bits & -bits).bit_length() - 1] if bits else None

    def greatest(self, node: Node, nodes: Iterable[Node]) -> tuple[Decimal, Case] | None:
        """Return the case with the greatest value of a number under some conditions."""
        bits, run = self.fitting(nodes), Run(Date(2000, 1, 1))
        kept = [case for place, case in enumerate(self.cases) if bits >> place & 1]
        told = [(evaluate(node, Frame(case.values, run)), case) for case in kept]
        numbers = [(value, case) for value, case in told if is_number(value)]
        return max(numbers, key=lambda item: item[0]) if numbers else None


def enumerated(joint: Joint, scope: str) -> Cases | None:
    """Return one case for each combination of elementary values, or None where these are too many or no values stand for all."""
    model = joint.model.model
    needed = closure(model.requirements, [scope])
    inputs = joint_inputs(joint, (), {})
    missing = [id_ for id_ in model.inputs if id_ in needed and isinstance(inputs.get(id_), Unknown)]
    used = uses(model, [scope])
    evaluator = Evaluator(model, inputs, as_of=joint.model.as_of)
    domains: dict[str, tuple[Value, ...]] = {}
    for id_ in missing:
        values = representatives(model.inputs[id_].item, used.get(id_) or Use(), evaluator)
        if values is None or prod(map(len, domains.values())) * len(values) > MAX_COMBINATIONS:
            return None
        domains[id_] = tuple(sorted(values, key=_plainness))
    shared = Shared(model)
    found = []
    for combination in product(*domains.values()):
        given = dict(zip(domains, combination, strict=True))
        facts = {model.inputs[id_].name: value for id_, value in given.items()}
        values_by_name = _values(joint, scope, {**inputs, **given}, shared)
        found.append(Case(facts, values_by_name, is_unusual=_is_unusual(joint, given)))
    return Cases(found, is_complete=True)


def _values(joint: Joint, scope: str, inputs: Mapping[str, Value], shared: Shared | None = None) -> dict[str, Value]:
    evaluator = Evaluator(joint.model.model, inputs, as_of=joint.model.as_of, shared=shared)
    return {name: evaluator.value(id_) for name, id_ in joint.model.model.decisions[scope].requirements.items()}


def _plainness(value: Value) -> tuple[bool, int, str]:
    """Return what sorts values by how plain they look: null last, few digits first."""
    text = f"{value:f}" if is_number(value) else str(value)
    return value is None, len(text.replace(".", "").strip("0-")), text


def _is_unusual(joint: Joint, given: Mapping[str, Value]) -> bool:
    """Say whether a fact lies outside of its usual range."""
    for id_, value in given.items():
        item = joint.model.model.inputs[id_].item
        if is_number(value) and item.usual_range is not None:
            low, high = item.usual_range
            if (low is not None and value < low) or (high is not None and value > high):
                return True
        if value == "" and item.type.name == "string":
            return True
    return False


# --- examples ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What an example tells of a subject."""

    facts: Mapping[str, Value]
    """Facts by the names of rules; what is told to be unknown is left out."""
    origin: Origin
    """The example."""


def told_by_examples(side: int, packs: Packs, policy: Policy, day: Date) -> list[Told]:
    """Return what the examples of a version tell; those whose cells cannot be read are left out."""
    found = []
    for example in policy.tangled.examples:
        faults: list[Diagnostic] = []
        facts = given_facts(packs.model_of(policy.id, _day(example, day)), example, faults)
        if not faults:
            known = {name: value for name, value in facts.items() if find_unknown(value) is None}
            found.append(Told(known, Origin(side, example.id)))
    return found


def _day(example: Example, day: Date) -> Date:
    stated = parse_date(example.as_of.text.strip('@" ')) if example.as_of is not None else None
    return stated or day


def sampled(joint: Joint, models: Sequence[PolicyModel], scope: str, told: Sequence[Sequence[Told]]) -> Cases:
    """Return the subjects of examples, each with what the longest examples of the other version tell, and some around these."""
    found: list[Case] = []
    shared = Shared(joint.model.model)

    def take(facts: Mapping[str, Value], origin: Origin) -> Case:
        inputs = joint_inputs(joint, models, facts)
        given = {id_: value for id_, value in inputs.items() if id_ in joint.model.model.inputs}
        case = Case(facts, _values(joint, scope, inputs, shared), origin, _is_unusual(joint, given))
        found.append(case)
        return case

    for side, examples in enumerate(told):
        partners = sorted(told[1 - side], key=lambda each: -len(each.facts))[:MAX_PARTNERS]
        for example in examples[: MAX_SUBJECTS // 4]:
            for facts in [{**other.facts, **example.facts} for other in partners] or [dict(example.facts)]:
                take(facts, replace(example.origin, is_filled=len(facts) > len(example.facts)))
            for other in partners[:1]:  # what the longest example of the other version says goes first here
                facts = {**example.facts, **other.facts}
                take(facts, replace(other.origin, is_filled=len(facts) > len(other.facts)))
    bases: dict[tuple[Any, ...], Case] = {}
    for case in found:
        decided = _decided(case)
        if not any(find_unknown(value) is not None for value in decided):
            bases.setdefault(tuple(map(str, decided)), case)
    plain = list(found)
    best: list[Case] = []
    for base in sorted(bases.values(), key=_badness)[:MAX_BASES]:
        for name, value in _moves(joint, models, scope, base):
            if len(found) < MAX_SUBJECTS:
                moved = take({**base.facts, name: value}, replace(base.origin, moved=name))
                (plain if _badness(base) else best).append(moved)
    return Cases([*best, *plain], is_complete=False)  # a subject that one fact alone costs everything says most


def _badness(case: Case) -> int:
    """Return how many of the values that are compared are no or nothing: a subject that gets what it can get is moved first."""
    return sum(1 for value in _decided(case) if value is False or value is None)


def _decided(case: Case) -> list[Value]:
    """Return what was decided of a subject, its facts left out."""
    return [value for name, value in case.values.items() if not name.startswith(FACT)]


def _moves(joint: Joint, models: Sequence[PolicyModel], scope: str, base: Case) -> Iterator[tuple[str, Value]]:
    """Yield each fact of a subject with each other elementary value that it could have."""
    model = joint.model.model
    evaluator = Evaluator(model, joint_inputs(joint, models, base.facts), as_of=joint.model.as_of)
    needed = closure(model.requirements, [scope])
    used = uses(model, [scope])
    for id_, data in model.inputs.items():
        if id_ in needed and data.name in base.facts:
            for value in representatives(data.item, used.get(id_) or Use(), evaluator) or ():
                if value != base.facts[data.name]:
                    yield data.name, value


# --- all of them -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """What a search came to."""

    verdict: Verdict
    """PROVED: there is no such subject; REFUTED: there is one."""
    facts: Mapping[str, Value] = field(default_factory=dict)
    """The subject."""
    reason: tuple[str, str] = ("", "")
    """Of UNDECIDED, why, in Chinese and English."""
    origin: Origin = Origin()
    """Where the subject comes from."""
    is_unusual: bool = False
    """Whether some fact of it lies outside of its usual range."""


Solver = Callable[[PolicyModel], Encoding]
"""What makes a solver for a model."""


@dataclass(slots=True)
class Purse:
    """The solver, and what may still be spent on it over all questions of a difference."""

    solver: Solver | None
    """What makes one for a model; None to do without."""
    solved: int = MAX_SOLVED
    """Questions."""
    undecided: int = MAX_UNDECIDED
    """Questions that may be left open."""
    confirmed: int = MAX_CONFIRMED
    """Subjects that may be asked for once more, where decisions of other policies are given."""


class Search:
    """The search for subjects under one question."""

    def __init__(self, joint: Joint, scope: str, models: Sequence[PolicyModel], told: Sequence[Sequence[Told]], purse: Purse) -> None:
        """Look at what can be looked at without a solver.

        Args:
            joint: Both versions, with the question.
            scope: The id of the question.
            models: Each of the versions.
            told: What the examples of each tell.
            purse: The solver, and what may be spent on it.
        """
        self.joint = joint
        self.models = models
        self.scope = scope
        self.purse = purse
        abstract = joint.abstract([model.policy.id for model in models])
        self.cases = (
            enumerated(joint, scope)
            or (enumerated(abstract, scope) if abstract is not None and is_free(joint, abstract, scope) else None)
            or sampled(joint, models, scope, told)
        )
        self.exact: Encoding | None = None
        self.loose: Encoding | None = None
        if purse.solver is not None and not self.cases.is_complete:
            self.exact = purse.solver(joint.model)
            self.loose = None if abstract is None else purse.solver(abstract.model)

    def solve(self, nodes: Sequence[Node]) -> Hit:
        """Return a subject for which all conditions hold, or that there is none."""
        case = self.cases.first(nodes)
        if case is not None:
            return Hit(Verdict.REFUTED, case.facts, origin=case.origin, is_unusual=case.is_unusual)
        if self.cases.is_complete:
            return Hit(Verdict.PROVED)
        if self.exact is None:
            return Hit(Verdict.UNDECIDED, reason=NO_SOLVER)
        if self.purse.solved <= 0 or self.purse.undecided <= 0:
            return Hit(Verdict.UNDECIDED, reason=TOO_MANY)
        self.purse.solved -= 1
        hit = self.put(nodes)
        if hit.verdict is Verdict.UNDECIDED and hit.reason != NOT_INSTALLED:
            self.purse.undecided -= 1
        return hit

    def put(self, nodes: Sequence[Node]) -> Hit:
        """Put a question to the solver: first with what other policies say given, then, where that leaves it open, as it is."""
        assert self.exact is not None
        questions = [Holds(node, self.scope) for node in nodes]
        loose = None if self.loose is None else self.loose.solve(questions)
        if loose is not None and loose.verdict is Verdict.PROVED:
            return _hit(loose)
        if loose is not None and loose.verdict is Verdict.REFUTED and self.purse.confirmed <= 0:
            return _hit(loose)
        self.purse.confirmed -= loose is not None
        exact = self.exact.solve(questions)
        if loose is None or loose.verdict is Verdict.UNDECIDED or exact.verdict is Verdict.PROVED:
            return _hit(exact)
        return _hit(loose)

    def asks(self, name: str) -> bool:
        """Say whether a fact can be named in a condition."""
        return FACT + name in self.joint.model.model.decisions[self.scope].requirements

    def value(self, node: Node, facts: Mapping[str, Value]) -> Value:
        """Return what a name of the question is for a subject."""
        inputs = joint_inputs(self.joint, self.models, facts)
        evaluator = Evaluator(self.joint.model.model, inputs, as_of=self.joint.model.as_of)
        frame = Frame(_Lazy(evaluator, self.joint.model.model.decisions[self.scope].requirements), evaluator.run)
        return evaluate(node, frame)

    def greatest(self, node: Node, nodes: Sequence[Node]) -> tuple[Decimal, Hit, bool] | None:
        """Return the greatest value of a number under conditions that was found, who has it, and whether nobody has more."""
        found = self.cases.greatest(node, nodes)
        if self.exact is not None and self.purse.solved > 0 and self.purse.undecided > 0:
            self.purse.solved -= 1
            extreme = (self.loose or self.exact).greatest(node, self.scope, [Holds(each, self.scope) for each in nodes])
            if extreme.solution.verdict is Verdict.REFUTED and extreme.is_attained and is_number(extreme.value):
                hit = Hit(Verdict.REFUTED, extreme.solution.facts, is_unusual=extreme.solution.is_unusual)
                return extreme.value, hit, True
            self.purse.undecided -= extreme.solution.verdict is Verdict.UNDECIDED
        if found is None:
            return None
        value, case = found
        return value, Hit(Verdict.REFUTED, case.facts, origin=case.origin, is_unusual=case.is_unusual), self.cases.is_complete


def _hit(solution: Solution) -> Hit:
    return Hit(solution.verdict, solution.facts, solution.reason, is_unusual=solution.is_unusual)


class _Lazy(dict[str, Value]):
    """The names of a question, each evaluated when it is read."""

    def __init__(self, evaluator: Evaluator, requirements: Mapping[str, str]) -> None:
        super().__init__({AS_OF: evaluator.as_of})
        self._evaluator = evaluator
        self._requirements = requirements

    def get(self, name: str, default: Value = None) -> Value:
        """Return the value that a name stands for."""
        if name in self._requirements:
            return self._evaluator.value(self._requirements[name])
        return super().get(name, default)
