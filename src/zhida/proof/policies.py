"""Proof of whole policies: every table, what lies across them, the cliffs, and what was not decided.

    packs ──> PolicyProof for each policy ──> PacksProof
              tables       every decision table: complete, without overlap, without masked rules
              findings     all that was found, in the order of the text, each with the subject that shows it
              cliffs       where one unit more of a fact loses money

A policy with errors is left out, and that is said. Invariant: the same packs and the same day give the same proof.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from zhida.assess.examples import ExampleResult, day_of, run_examples
from zhida.dmn.compiled import CompiledTable
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.proof.across.cliffs import Cliff, CliffProof, finding_of, prove_cliffs
from zhida.proof.across.findings import findings_of_packs, findings_of_policy
from zhida.proof.across.shown import Examples
from zhida.proof.findings import Finding, Verdict
from zhida.proof.solver.recalled import Recalling
from zhida.proof.tables.proving import TableProof, prove_table
from zhida.source import Span
from zhida.values.temporal import Date

NEVER_BY_TABLE = frozenset(("proof-masked", "proof-never", "proof-only-null"))
"""What a table says of a rule that never has a say."""

NEVER_BY_MODEL = frozenset(("proof-rule-unreachable", "proof-rule-guard"))
"""What the whole model says of a rule that nobody reaches; once is enough."""


@dataclass(frozen=True)
class PolicyProof:
    """What was proved of one policy, and what was found."""

    policy: Policy
    """The policy."""
    model: PolicyModel
    """The policy with what it uses, on the day."""
    tables: tuple[TableProof, ...]
    """Of each of its own decision tables, in the order of the text."""
    findings: tuple[Finding, ...]
    """All that was found, in the order of the text."""
    climbed: CliffProof
    """Where one unit more of a fact loses money, and of which facts that is not known."""

    @property
    def as_of(self) -> Date:
        """The day for which it was proved."""
        return self.model.as_of

    @property
    def cliffs(self) -> tuple[Cliff, ...]:
        """Where one unit more of a fact loses money, the greatest loss first."""
        return self.climbed.cliffs

    @cached_property
    def by_decision(self) -> dict[str, TableProof]:
        """The tables by the id of their decision."""
        return {table.decision_id: table for table in self.tables}

    @property
    def nodes(self) -> int:
        """The work that its tables took, in boxes looked at."""
        return sum(table.nodes for table in self.tables)


@dataclass(frozen=True, slots=True)
class PacksProof:
    """What was proved of all policies of packs."""

    policies: tuple[PolicyProof, ...]
    """Of each policy that has no errors, in the order of the files."""
    left_out: tuple[Diagnostic, ...]
    """The policies that were not proved."""
    findings: tuple[Finding, ...]
    """What was found over all policies at once: stacking, versions."""

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """All that was found."""
        found = (finding.diagnostic for proof in self.policies for finding in proof.findings)
        return [*self.left_out, *found, *(finding.diagnostic for finding in self.findings)]

    @property
    def tables(self) -> list[TableProof]:
        """Every table."""
        return [table for proof in self.policies for table in proof.tables]

    @property
    def cliffs(self) -> list[Cliff]:
        """Every cliff, policy by policy."""
        return [cliff for proof in self.policies for cliff in proof.cliffs]


def verdicts_of(table: TableProof) -> tuple[Verdict, Verdict, Verdict]:
    """Return the verdicts of a table: is it complete, without overlap, without masked rules."""
    return (table.completeness, table.consistency, table.masked)


def prove(
    packs: Packs, policy_id: str, *, as_of: Date, shown: Sequence[ExampleResult] | None = None, examples: Examples | None = None
) -> PolicyProof:
    """Prove one policy.

    Args:
        packs: The packs that it stands in.
        policy_id: Its id; neither it nor what it uses has errors.
        as_of: The day; the policy's own first or last day where it is not in force then.
        shown: Its examples as they were run, where that was done already.
        examples: The examples of all policies, as far as they were evaluated before.

    Raises:
        CompileError: it, or a policy that it uses, has errors.
    """
    model = _model(packs, policy_id, as_of)
    results = run_examples(packs, model.policy, as_of=as_of) if shown is None else shown
    found = _found(packs, model, tuple(results), Examples(packs, as_of=as_of) if examples is None else examples)
    return PolicyProof(model.policy, model, *found)


Found = tuple[tuple[TableProof, ...], tuple[Finding, ...], CliffProof]
"""What is found of a policy: all of its proof that is not the policy itself; it can be pickled."""


def _found(packs: Packs, model: PolicyModel, results: Sequence[ExampleResult], examples: Examples) -> Found:
    """Return what is found of a policy."""
    examples.know(model.policy.id, results)
    encoding = Recalling(model, results)
    tables = tuple(prove_table(model, id_, solver=encoding) for id_ in _tables(model))
    of_tables = [finding for table in tables for finding in table.findings]
    silent = {(finding.decision_id, finding.rules[:1]) for finding in of_tables if finding.diagnostic.code in NEVER_BY_TABLE}
    across = (
        finding
        for finding in findings_of_policy(packs, model, encoding, examples=examples)
        if finding.diagnostic.code not in NEVER_BY_MODEL or (finding.decision_id, finding.rules[:1]) not in silent
    )
    climbed = prove_cliffs(packs, model, encoding, as_of=examples.as_of, examples=examples)
    return tables, in_order_of_text((*of_tables, *across, *map(finding_of, climbed.cliffs))), climbed


def _model(packs: Packs, policy_id: str, as_of: Date) -> PolicyModel:
    return packs.model_of(policy_id, day_of(packs.in_force[policy_id], as_of))


class Proving:
    """Proves policies of packs one by one, so that it may be done in several processes; each keeps the examples that it evaluated."""

    def __init__(self, packs: Packs, *, as_of: Date) -> None:
        """Begin with nothing proved.

        Args:
            packs: The packs.
            as_of: The day.
        """
        self.packs = packs
        self.as_of = as_of
        self.examples = Examples(packs, as_of=as_of)

    def found(self, policy_id: str, results: Sequence[ExampleResult] | None = None) -> Found:
        """Return what is found of one policy, which can be proved.

        Args:
            policy_id: Its id.
            results: Its examples as they were run, where that was done already.
        """
        model = _model(self.packs, policy_id, self.as_of)
        known = tuple(run_examples(self.packs, model.policy, as_of=self.as_of) if results is None else results)
        return _found(self.packs, model, known, self.examples)

    def proof(self, found: Mapping[str, Found], asked: Iterable[str] | None = None) -> PacksProof:
        """Return what was found as a proof, with what lies over all policies where all were asked for.

        Args:
            found: What was found of each policy.
            asked: Ids of the policies that were asked for; all where that is left out.
        """
        packs, ids = self.packs, list(self.packs.policies if asked is None else asked)
        proofs = tuple(PolicyProof(packs.policies[id_], _model(packs, id_, self.as_of), *found[id_]) for id_ in ids if id_ in found)
        left_out = tuple(diagnostic("proof-policy-left-out", _top(packs.policies[id_]), name=id_) for id_ in ids if id_ not in found)
        across = in_order_of_text(findings_of_packs(packs, self.as_of)) if asked is None else ()
        return PacksProof(proofs, left_out, across)


Over = Callable[[Callable[[str], Found], Sequence[str]], Iterable[Found]]
"""How policies are gone through: like `map`."""


def prove_packs(
    packs: Packs,
    chosen: Iterable[str] | None = None,
    *,
    as_of: Date,
    shown: Mapping[str, Sequence[ExampleResult]] = MappingProxyType({}),
    over: Over = map,
) -> PacksProof:
    """Prove the policies of packs, and what holds over all of them.

    Args:
        packs: The packs.
        chosen: Ids of the policies to prove; all where that is left out. What lies over all policies is then left out, too.
        as_of: The day.
        shown: The examples of policies as they were run, by id, as far as that was done already.
        over: Calls a function for each policy, returns what it returns in their order, and may do so in other processes.
    """
    asked = None if chosen is None else list(chosen)
    proving = Proving(packs, as_of=as_of)
    ids = [id_ for id_ in (packs.policies if asked is None else asked) if can_be_proved(packs, packs.policies[id_])]
    found = over(lambda id_: proving.found(id_, shown.get(id_)), ids)
    return proving.proof(dict(zip(ids, found, strict=True)), asked)


def _top(policy: Policy) -> Span:
    """Return where a policy begins."""
    return Span(policy.document.source, 0, 0)


def can_be_proved(packs: Packs, policy: Policy) -> bool:
    """Say whether neither a policy nor anything that it uses, directly or through others, has errors."""
    waiting, seen = [policy.id], set[str]()
    while waiting:
        id_ = waiting.pop()
        if id_ in seen:
            continue
        seen.add(id_)
        other = packs.policies.get(id_)
        if other is None or not other.is_sound:
            return False
        waiting += [name.text for name in (*other.front.uses, *other.front.replaces)]
    return True


def in_order_of_text(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of the text; what stands at no place comes last."""
    found = list(findings)
    ends = {id(finding): place for place, finding in enumerate(found)}

    def place(finding: Finding) -> tuple[bool, str, int, int]:
        span = finding.diagnostic.span
        return (span is None, span.source.name if span else "", span.start if span else 0, ends[id(finding)])

    return tuple(sorted(found, key=place))


def _tables(model: PolicyModel) -> Iterator[str]:
    """Yield the ids of a policy's own decisions that are tables, in the order of the text."""
    compiled = model.policy.compiled.decisions
    for decision in model.policy.tangled.decisions:
        if decision.id in compiled and isinstance(compiled[decision.id].body, CompiledTable):
            yield decision.id
