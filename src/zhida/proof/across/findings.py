"""Across tables and policies: what no table shows by itself.

    one policy     goals that nobody meets, rules that nobody reaches, what is wrong with its amount, decisions without use
    all packs      stacking that contradicts itself, caps, days without law or with two laws, facts that nobody supplies

What an example shows is not asked of the solver. What it cannot decide is said as one finding, with the reasons.
"""

from collections.abc import Iterator

from zhida.policy.pack import Packs, PolicyModel
from zhida.proof.across.amounts import amount_findings, cap_findings
from zhida.proof.across.conditions import Asker, condition_findings, goal_findings, undecided_finding
from zhida.proof.across.moved import moved_of
from zhida.proof.across.shown import Examples, gives_money
from zhida.proof.across.stacks import stacking_findings
from zhida.proof.across.supply import figure_findings, supply_findings, unused_findings
from zhida.proof.across.versions import version_findings
from zhida.proof.findings import Finding
from zhida.proof.solver.encoding import Encoding
from zhida.source import Span
from zhida.values.temporal import Date


def findings_of_policy(
    packs: Packs, model: PolicyModel, encoding: Encoding | None, coverage: object = None, *, examples: Examples | None = None
) -> Iterator[Finding]:
    """Yield what is found across the tables of one policy.

    Args:
        packs: The packs that it stands in.
        model: The policy, linked for a day; it has no errors.
        encoding: What answers questions about all subjects; None asks nothing but what the examples show.
        coverage: What its examples show, where that is known already; not needed.
        examples: The examples of all policies, where they were evaluated before.
    """
    del coverage
    examples = examples or Examples(packs, as_of=model.as_of)
    shown = examples.of(model.policy.id)
    yield from unused_findings(model)
    yield from figure_findings(model, shown)
    if encoding is None:
        return
    asker = Asker(packs, model)
    goals = list(goal_findings(asker, shown))
    yield from goals
    if not goals:
        yield from condition_findings(asker, shown)
        if gives_money(model):
            yield from amount_findings(moved_of(packs, model, examples), examples, asker.undecided)
    yield from undecided_finding(Span(model.policy.document.source, 0, 0), asker.undecided)


def findings_of_packs(packs: Packs, as_of: Date | None = None) -> Iterator[Finding]:
    """Yield what is found over all policies at once.

    Args:
        packs: The packs.
        as_of: The day for caps over several policies; any day on which these are all law where it is left out.
    """
    yield from stacking_findings(packs)
    yield from version_findings(packs)
    yield from supply_findings(packs)
    yield from cap_findings(packs, as_of)
