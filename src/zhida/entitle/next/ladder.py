"""Where a subject stands on a ladder: the rungs that it has, the next one with what is lacking, and those above.

    ladder.md ──a made-up policy for each rung──> held or not, until when ─┐
    the rung's own policy ──assess──> met, for a person, open, lacking ────┼──> Standing of each rung
    the rungs before it ───────────────────────────────────────────────────┘

Whether a rung is held is asked of the same engine that decides policies, for one subject and for all: its condition and its last
day become the status of a policy that stands among the packs for as long as it is asked. Invariant: a rung is `NEXT` or `LATER`
only where its policy says no for certain.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from zhida.assess.assessment import Assessment, Outcome
from zhida.assess.subject import assess_subject
from zhida.entitle.next.steps import Step
from zhida.policy.ladder import Ladder, Rung
from zhida.policy.pack import Packs, Policy, in_force, with_policy
from zhida.source import Source
from zhida.values.temporal import Date, parse_date

Value = Any

HELD, NOT_HELD = "有", "无"
"""The words that a made-up policy begins its status with; behind them stands the last day."""

NO_DAY = "-"
"""Stands for a last day that nobody has set."""

MOST_LACKING = 4
"""Conditions that fail and are named."""


class Standing(StrEnum):
    """How a subject stands to a rung."""

    HELD = "held"
    """It has it."""
    MET = "met"
    """It does not have it and meets all conditions."""
    REVIEW = "review"
    """All that can be computed is met; the rest is for a person to judge."""
    OPEN = "open"
    """It depends on facts that are not known."""
    NEXT = "next"
    """It lacks something, and stands on a rung before it."""
    LATER = "later"
    """It lacks something, and stands on no rung before it."""
    OUT = "out"
    """The rung is not for this subject, or not law on the day."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A condition that fails."""

    name: str
    """The decision."""
    article: str
    """The article that it rests on; may be empty."""


@dataclass(frozen=True, slots=True)
class RungStanding:
    """One rung as a subject sees it."""

    rung: Rung
    """The rung."""
    standing: Standing
    """How the subject stands to it."""
    is_known: bool
    """Whether it is known if the subject has it; where it is not, it counts as not held."""
    until: Date | None
    """The last day on which the subject has it, or had it; None where there is none."""
    policy: str
    """The version of its policy that is law on the day; empty where there is none."""
    assessment: Assessment | None
    """What that policy says; None where there is no policy, or the rung is held."""
    steps: tuple[Step, ...]
    """The smallest change after which it would be met; empty where nothing is lacking, or none was found."""
    lacks: tuple[Lack, ...]
    """Conditions that fail, where something is lacking."""


@dataclass(frozen=True, slots=True)
class LadderStanding:
    """A ladder as a subject sees it."""

    ladder: Ladder
    """The ladder."""
    as_of: Date
    """The day."""
    rungs: tuple[RungStanding, ...]
    """Its rungs, in the order of the text."""


# --- who has a rung ------------------------------------------------------------------------------------------------------


def rung_policy_id(ladder: int, rung: int) -> str:
    """Return the id of the made-up policy that says who has a rung.

    >>> rung_policy_id(0, 2)
    'ladder/1-3'
    """
    return f"ladder/{ladder + 1}-{rung + 1}"


def with_rungs(packs: Packs) -> Packs:
    """Return packs with a made-up policy for each rung of their ladders, whose status says whether and until when it is held."""
    made = {
        rung_policy_id(place, number): _made(packs, rung_policy_id(place, number), ladder.subject, rung)
        for place, ladder in enumerate(packs.ladders)
        for number, rung in enumerate(ladder.rungs)
    }
    policies = {**packs.policies, **made}
    days = {**packs.in_force, **{id_: policy.front.in_force for id_, policy in made.items()}}
    return replace(packs, policies=policies, in_force=days)


def _made(packs: Packs, id_: str, subject: str, rung: Rung) -> Policy:
    uses = f"uses: [{rung.policy}]\n" if rung.policy else ""
    until = rung.until.text if rung.until is not None else "null"
    text = (
        f"---\npolicy: {id_}\ntitle: {rung.name}\nin_force: ../..\nsubject: {subject}\ngives: status\nresult: 阶梯称号\n{uses}"
        f"checked: {{on: 2026-01-01, by: official}}\n---\n\n# {rung.name}\n\n"
        f"```feel 阶梯已获得: boolean\n{rung.held.text}\n```\n\n"
        f"```feel 阶梯到期: date\n{until}\n```\n\n"
        f'```feel 阶梯末日: string\nif 阶梯到期 = null then "{NO_DAY}" else string(阶梯到期)\n```\n\n'
        f'```feel 阶梯称号: string\nif 阶梯已获得 = null then null else (if 阶梯已获得 then "{HELD}" else "{NOT_HELD}") + 阶梯末日\n```\n'
    )
    return with_policy(packs, id_, Source(f"{id_}.md", text))


def read_status(status: object) -> tuple[bool, Date | None] | None:
    """Return whether a rung is held and until when, as the status of its made-up policy says; None where that is not known.

    >>> read_status("有2027-06-30"), read_status("无-"), read_status(None)
    ((True, Date(year=2027, month=6, day=30)), (False, None), None)
    """
    if not isinstance(status, str) or status[:1] not in {HELD, NOT_HELD}:
        return None
    return status[0] == HELD, parse_date(status[1:])


# --- one subject ---------------------------------------------------------------------------------------------------------


Steps = Callable[[Packs, str, Mapping[str, Value], Date], tuple[Step, ...]]
"""Finds the smallest change after which a policy would say yes: packs, policy, facts, day."""


def stand_on(packs: Packs, facts: Mapping[str, Value], *, as_of: Date, subject: str, steps: Steps) -> tuple[LadderStanding, ...]:
    """Return where a subject stands on each ladder of its kind.

    Args:
        packs: The packs, as `with_rungs` made them.
        facts: What is known of the subject, as for `assess_subject`.
        as_of: The day.
        subject: The kind of subject.
        steps: Finds what is lacking.

    Raises:
        CompileError: a policy of a ladder has errors.
        InputError: as `assess_subject`.
    """
    found = []
    for place, ladder in enumerate(packs.ladders):
        if ladder.subject != subject:
            continue
        held = [
            read_status(assess_subject(packs, rung_policy_id(place, number), facts, as_of=as_of).result)
            for number in range(len(ladder.rungs))
        ]
        had = {rung.name for rung, status in zip(ladder.rungs, held, strict=True) if status is not None and status[0]}
        told = tuple(
            _standing(packs, rung, status, had, lambda policy: steps(packs, policy, facts, as_of), (facts, as_of))
            for rung, status in zip(ladder.rungs, held, strict=True)
        )
        found.append(LadderStanding(ladder, as_of, told))
    return tuple(found)


def _standing(  # noqa: PLR0913, PLR0917 - each is one thing that the answer rests on
    packs: Packs,
    rung: Rung,
    status: tuple[bool, Date | None] | None,
    had: set[str],
    steps: Callable[[str], tuple[Step, ...]],
    told: tuple[Mapping[str, Value], Date],
) -> RungStanding:
    """Return how a subject stands to one rung."""
    until = status[1] if status is not None else None
    policy = (in_force(packs, rung.policy, told[1]) or "") if rung.policy else ""
    stands = RungStanding(rung, Standing.OUT, status is not None, until, policy, None, (), ())
    if status is not None and status[0]:
        return replace(stands, standing=Standing.HELD)
    if not policy:
        return replace(stands, standing=Standing.OUT if rung.policy else Standing.LATER)
    assessment = assess_subject(packs, policy, told[0], as_of=told[1])
    standing = _BY_OUTCOME.get(assessment.outcome)
    stands = replace(stands, assessment=assessment)
    if standing is not None:
        return replace(stands, standing=standing)
    is_next = not rung.before or not had.isdisjoint(rung.before)
    lacks = tuple(_lacks(assessment))[:MOST_LACKING]
    return replace(stands, standing=Standing.NEXT if is_next else Standing.LATER, steps=steps(policy), lacks=lacks)


_BY_OUTCOME: Mapping[Outcome, Standing] = {
    Outcome.ELIGIBLE: Standing.MET,
    Outcome.REVIEW: Standing.REVIEW,
    Outcome.UNDETERMINED: Standing.OPEN,
    Outcome.NOT_APPLICABLE: Standing.OUT,
}
"""What an outcome means for a rung; INELIGIBLE is left, which depends on the rungs before it."""


def _lacks(assessment: Assessment) -> Iterator[Lack]:
    """Yield the conditions that fail and that the answer rests on, but for the answer itself."""
    steps = [step for step in assessment.steps if not step.is_goal and step.reason.value is False]
    for step in steps or [step for step in assessment.steps if step.is_goal and step.reason.value is False]:
        yield Lack(step.reason.decision, step.reason.article)


# --- what a district looks at --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that subjects of a district may be one step away from."""

    name: str
    """What it is called: the rung, or the policy's title."""
    policy: str
    """The version of the policy that is law on the day."""
    held_by: str
    """The made-up policy that says who has it already; empty where no ladder has it."""


def goals_of(packs: Packs, as_of: Date, subject: str, chosen: Sequence[str] = ()) -> tuple[Goal, ...]:
    """Return the goals of a district: the rungs of its ladders, or the chosen policies; only what is law on the day.

    Args:
        packs: The packs.
        as_of: The day.
        subject: The kind of subject.
        chosen: Ids of policies; all rungs that a policy recognises where it is empty.
    """
    rungs: dict[str, Goal] = {}
    for place, ladder in enumerate(packs.ladders):
        for number, rung in enumerate(ladder.rungs):
            policy = in_force(packs, rung.policy, as_of) if rung.policy and ladder.subject == subject else None
            if policy is not None:
                rungs.setdefault(policy, Goal(rung.name, policy, rung_policy_id(place, number)))
    if not chosen:
        return tuple(rungs.values())
    versions = dict.fromkeys(version for each in chosen if (version := in_force(packs, each, as_of)) is not None)
    return tuple(rungs.get(version) or Goal(packs.policies[version].front.title, version, "") for version in versions)
