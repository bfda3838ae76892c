"""What lies before one subject: its ladders, the smallest change for each policy that says no, and the cliffs ahead.

Each policy of the subject's kind is asked once; what it says is kept, so that a page can tell where it stands. Policies that a ladder
shows are not told a second time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.assess.feeds import facts_at
from zhida.assess.subject import assess_subject
from zhida.entitle.next.ahead import CliffAhead, cliffs_ahead
from zhida.entitle.next.ladder import LadderStanding, stand_on
from zhida.entitle.next.steps import Step, next_steps
from zhida.policy.pack import Packs, in_force
from zhida.values.temporal import Date


@dataclass(frozen=True, slots=True)
class Opening:
    """A policy that says no today, and what would make it say yes."""

    policy: str
    """The version of the policy that is law on the day."""
    title: str
    """Its title."""
    steps: tuple[Step, ...]
    """The smallest change: one step, or two that are needed together."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What lies before one subject."""

    code: str
    """The subject's code."""
    name: str
    """What it is called; may be empty."""
    as_of: Date
    """The day."""
    is_synthetic: bool
    """Whether the subject is invented."""
    ladders: tuple[LadderStanding, ...]
    """Where it stands on each ladder."""
    openings: tuple[Opening, ...]
    """Policies that no ladder shows, the nearest first."""
    cliffs: tuple[CliffAhead, ...]
    """Where a little more would lose it money."""
    asked: int
    """How many policies were asked, beside those of ladders."""


def outlook(  # noqa: PLR0913 - each says one thing about the subject
    packs: Packs,
    code: str,
    facts: Mapping[str, Any],
    policies: Sequence[str],
    *,
    as_of: Date,
    subject: str,
    name: str = "",
    is_synthetic: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Outlook:
    """Return what lies before one subject.

    Args:
        packs: The packs, as `zhida.entitle.next.ladder.with_rungs` made them.
        code: The subject's code.
        facts: What is known of it.
        policies: Ids of the policies that are asked; where there are none, only ladders are.
        as_of: The day.
        subject: The kind of subject.
        name: What it is called.
        is_synthetic: Whether it is invented.
        advance: Told of each policy that is done.

    Raises:
        CompileError: a policy has errors.
        InputError: as `assess_subject`.
    """
    ladders = stand_on(packs, facts, as_of=as_of, subject=subject, steps=steps_of)
    shown = {rung.policy for ladder in ladders for rung in ladder.rungs}
    versions = dict.fromkeys(version for each in policies if (version := in_force(packs, each, as_of)) is not None)
    openings: list[Opening] = []
    cliffs: list[CliffAhead] = []
    for version in versions:
        if version not in shown:
            assessment = assess_subject(packs, version, facts, as_of=as_of)
            steps = steps_of(packs, version, facts, as_of) if assessment.outcome is Outcome.INELIGIBLE else ()
            openings += [Opening(version, assessment.title, steps)] if steps else []
        cliffs += cliffs_ahead(packs, version, facts, as_of=as_of)
        advance(1)
    openings.sort(key=lambda each: (len(each.steps), sum(step.share for step in each.steps), each.policy))
    cliffs.sort(key=lambda each: (-each.cliff.loss, each.cliff.policy, each.cliff.fact))
    asked = sum(version not in shown for version in versions)
    return Outlook(code, name, as_of, is_synthetic, ladders, tuple(openings), tuple(cliffs), asked)


def steps_of(packs: Packs, policy: str, facts: Mapping[str, Any], as_of: Date) -> tuple[Step, ...]:
    """Return the smallest change after which a policy would say yes to a subject."""
    return next_steps(packs.model_of(policy, as_of), facts_at(facts, as_of))
