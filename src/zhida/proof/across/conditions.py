"""Conditions that can never hold together: rules that no subject reaches, choices that are none, goals that nobody meets.

What an example shows is not asked. The rest is asked of the solver, on the day of the proof, and where the day matters on
the first and the last day in force too: only what holds on all of them is said. A rule or branch that comes to null, or a
default, guards against facts that do not fit together: that nobody reaches it is worth knowing and no more.
"""

from collections.abc import Iterator, Sequence

from zhida.dmn.compiled import AS_OF, CompiledDecision, CompiledTable
from zhida.dmn.evaluate import ElementTrace
from zhida.dmn.graph import closure
from zhida.dmn.model import HitPolicy
from zhida.errors import diagnostic
from zhida.feel import syntax
from zhida.feel.evaluate import evaluate
from zhida.feel.syntax import Node
from zhida.policy.pack import Packs, PolicyModel
from zhida.proof.across.extended import Extension, all_of, compared, equals, fires, literal, name
from zhida.proof.across.shown import Shown
from zhida.proof.findings import Finding, Verdict
from zhida.proof.solver.encoding import Encoding, Holds, Solution
from zhida.source import Span
from zhida.values.text import shortened

BUDGET = 200_000
"""How much may be spent on one question, in z3's resource units."""

DAY = frozenset((AS_OF, "today", "now"))
"""Names that stand for the day."""


class Asker:
    """Asks about a policy on the day of the proof, and where the day matters on the first and the last day in force."""

    def __init__(self, packs: Packs, model: PolicyModel) -> None:
        """Begin with nothing asked."""
        self.packs = packs
        self.models = [model]
        self.undecided: list[tuple[str, tuple[str, str]]] = []

    def never(self, what: str, body: Node | CompiledTable, scope: CompiledDecision | None, goals: Sequence[str] = ()) -> bool:
        """Say whether something holds for no subject; where that is not known, it is kept with the reason.

        Args:
            what: What is asked, for people.
            body: What is asked: a condition, or a table that says so.
            scope: The decision whose requirements its names are; None where they are ids of goals.
            goals: Decisions that it is about.
        """
        required = dict(scope.requirements) if scope is not None else {goal: goal for goal in goals}
        for model in self.on_days(tuple(required.values()), body):
            solution = _asked(model, body, required)
            if solution.verdict is Verdict.UNDECIDED:
                self.undecided.append((what, solution.reason))
            if solution.verdict is not Verdict.PROVED:
                return False
        return True

    def on_days(self, ids: tuple[str, ...], body: Node | CompiledTable) -> list[PolicyModel]:
        """Return the policy on each day on which it is asked."""
        if len(self.models) == 1 and self.minds_day(ids, body):
            model = self.models[0]
            days = [day for day in (model.in_force.start, model.in_force.end) if day is not None and day != model.as_of]
            self.models += [self.packs.model_of(model.policy.id, day) for day in days]
        return self.models if self.minds_day(ids, body) else self.models[:1]

    def minds_day(self, ids: tuple[str, ...], body: Node | CompiledTable) -> bool:
        """Say whether something rests on the day."""
        decisions = self.models[0].model.decisions
        bodies = [body, *(decisions[id_].body for id_ in closure(self.models[0].model.requirements, ids) if id_ in decisions)]
        return any(_minds_day(each) for each in bodies) or len(self.models[0].used_policies) > 0


def _minds_day(body: object) -> bool:
    nodes = [body] if isinstance(body, Node) else list(body.nodes) if isinstance(body, CompiledTable) else []
    return any(each.name in DAY for node in nodes for each in syntax.free_names(node))


def _asked(model: PolicyModel, body: Node | CompiledTable, required: dict[str, str]) -> Solution:
    extension = Extension(model)
    asked = extension.add("asked", body, required)
    scope = extension.add("question", literal(None), {"asked": asked})
    encoding = Encoding([extension.model()])
    questions = [Holds(equals("asked", value=True), scope)]
    found = encoding.solve(questions, budget=BUDGET, polish=False)
    if found.verdict is Verdict.PROVED and found.minds_day:  # another day may be another matter
        return encoding.on_any_day(questions, budget=BUDGET, polish=False)
    return found


def goal_findings(asker: Asker, shown: Sequence[Shown]) -> Iterator[Finding]:
    """Yield the goals of a policy that no subject meets: proof-never-applies, proof-never-eligible, proof-never-result."""
    policy = asker.models[0].policy
    front = policy.front
    met: list[str] = []
    for goal, snippet, code in (
        (policy.applies_id, front.applies, "proof-never-applies"),
        (policy.eligible_id, front.eligible, "proof-never-eligible"),
        (policy.result_id, front.result, "proof-never-result"),
    ):
        if goal is None or snippet is None or goal not in policy.compiled.decisions:
            continue
        is_result = goal == policy.result_id
        met.append(goal)
        if any(_is_met(each, met, goal if is_result else "") for each in shown):
            continue
        conditions = [equals(each, value=True) for each in met if each != goal or not is_result]
        if is_result:
            conditions.append(compared("!=", name(goal), literal(None)))
        if asker.never(snippet.text, all_of(conditions), None, met):
            yield Finding(diagnostic(code, snippet.span(), name=snippet.text), goal)
            return


def _is_met(shown: Shown, goals: Sequence[str], result: str) -> bool:
    values = {goal: shown.evaluator.value(goal) for goal in goals}
    applies = shown.model.policy.applies_id
    return all(
        isinstance(value, str) if goal == result else value is True or (goal == applies and value is not False)
        for goal, value in values.items()
    )


def condition_findings(asker: Asker, shown: Sequence[Shown]) -> Iterator[Finding]:
    """Yield rules that no subject reaches and choices that always come out the same, in a policy's own decisions.

    Codes: proof-rule-unreachable, proof-rule-guard, proof-choice-constant, proof-choice-guard.
    """
    model = asker.models[0]
    for id_, compiled in model.policy.compiled.decisions.items():
        if isinstance(compiled.body, CompiledTable):
            yield from _rules(asker, id_, compiled, compiled.body, shown)
        elif isinstance(compiled.body, Node):
            yield from _choices(asker, id_, compiled, compiled.body, shown)


def _rules(asker: Asker, id_: str, compiled: CompiledDecision, table: CompiledTable, shown: Sequence[Shown]) -> Iterator[Finding]:
    fired: set[int] = set()
    for each in shown:
        trace = each.evaluator.trace.get(id_)
        if trace is not None and trace.table is not None:
            matched = trace.table.matched
            fired.update(matched[:1] if table.table.hit_policy is HitPolicy.FIRST else matched)
    for place, rule in enumerate(table.rules):
        if place in fired or not any(tests.tests for tests in rule.tests):
            continue
        words = {"name": compiled.decision.name, "rule": rule.rule.number}
        if asker.never(f"{compiled.decision.name} {rule.rule.number}", fires(table, place), compiled):
            is_guard = all(isinstance(node, syntax.Literal) and node.value in (None, False) for node in rule.outputs)
            code = "proof-rule-guard" if is_guard else "proof-rule-unreachable"
            yield Finding(diagnostic(code, rule.rule.span, **words), id_, (place,))


def _choices(asker: Asker, id_: str, compiled: CompiledDecision, body: Node, shown: Sequence[Shown]) -> Iterator[Finding]:
    """Yield the conditions of `if` that are always true or never."""
    for node in sorted(_ifs(body, compiled), key=lambda each: each.span.start):
        seen = set()
        for each in shown:
            if id_ in each.evaluator.trace:
                frame = each.evaluator.frame(each.model.model.decisions[id_], ElementTrace())
                seen.add(evaluate(node.condition, frame) is True)
        for side, lost in ((True, node.then), (False, node.otherwise)):
            asked = node.condition if side else compared("!=", node.condition, literal(value=True))
            text = shortened(node.condition.span.text, 60)
            if side in seen or not asker.never(f"{compiled.decision.name}: {text}", asked, compiled):
                continue
            is_guard = isinstance(lost, syntax.Literal) and lost.value is None
            words = {"name": compiled.decision.name, "condition": text}
            words |= {"always": "never" if side else "always", "always_zh": "永远不成立" if side else "永远成立"}
            code = "proof-choice-guard" if is_guard else "proof-choice-constant"
            yield Finding(diagnostic(code, node.condition.span, **words), id_)


def _ifs(body: Node, compiled: CompiledDecision) -> Iterator[syntax.If]:
    """Yield the choices whose conditions are made of nothing but what the decision requires."""
    for node in syntax.descendants(body):
        if isinstance(node, syntax.If):
            names = {each.name for each in syntax.free_names(node.condition)}
            if names and names <= {*compiled.requirements, AS_OF}:
                yield node


def undecided_finding(span: Span | None, undecided: Sequence[tuple[str, tuple[str, str]]]) -> Iterator[Finding]:
    """Yield what was not decided of a policy, as one finding: proof-not-decided.

    Args:
        span: Where the policy stands.
        undecided: What was asked, and why it was not decided in Chinese and English.
    """
    if undecided:
        parts = list(dict.fromkeys(undecided))
        chinese = "；".join(f"{what}（{reason[0]}）" for what, reason in parts)
        english = "; ".join(f"{what} ({reason[1]})" for what, reason in parts)
        yield Finding(
            diagnostic("proof-not-decided", span, count=len(parts), what=shortened(english, 400), what_zh=shortened(chinese, 400))
        )
