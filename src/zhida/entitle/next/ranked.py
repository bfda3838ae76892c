"""Ranked lists of a district: who is one step from a goal, the nearest first, with the step that is lacking and where to go (街道).

    results (assess) ─┐
    who has it (ladder) ├──> one row for each subject and goal that is near ──> ranked ──> next-steps.csv, and the first of each goal
    steps (StepFinder) ─┘

Near is who could have it: all conditions met but not applied for, then one step away, then two; among these the smallest share of
the line first, then the least cost, then the order of the registry. A single step may be a long way (no equity at all, and 5,000,000
yuan are asked): *close* is who is within a fifth of the line, and is told apart. Subjects that have it already, are out of scope, or
are further away are counted and not listed. Invariant: every subject of the registry is counted in exactly one place of each goal.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import Any

import polars as pl
import pyarrow as pa

from zhida.assess.assessment import Outcome
from zhida.entitle.next.columns import EPOCH, FIELDS
from zhida.entitle.next.ladder import Goal, read_status
from zhida.entitle.next.lines import MILLION, NEVER, share_of
from zhida.entitle.next.steps import MOVE, SWITCH, YEAR, Step, Tested
from zhida.policy.pack import PolicyModel
from zhida.registry_io.results import SYNTHETIC_COLUMN, SYNTHETIC_WORD
from zhida.values import temporal

STREET, DISTRICT = "街道", "注册区县"
"""Attributes that say where to find a subject."""


class Place(StrEnum):
    """How a subject stands to a goal."""

    HELD = "held"
    """It has it."""
    MET = "met"
    """All conditions are met, and it does not have it."""
    REVIEW = "review"
    """All that can be computed is met; the rest is for a person."""
    ONE = "one"
    """One step away."""
    TWO = "two"
    """Two steps away."""
    FAR = "far"
    """Further away."""
    OPEN = "open"
    """It depends on facts that are not known; or all conditions are met, and nobody knows whether it has it already."""
    OUT = "out"
    """Out of scope."""


LISTED = (Place.MET, Place.ONE, Place.TWO)
"""Who is listed, in this order."""

HEADS = (
    "目标",
    "政策",
    "名次",
    "主体",
    "名称",
    "注册区县",
    "街道",
    "状态",
    "差在哪",
    "需投入（元）",
    "离线（%）",
    "两成以内",
    "几步",
    "要动的",
    "变动",
    "单位",
)
"""The columns of the list for people."""

CLOSE = MILLION // 5
"""How near a line is close, in millionths of it; of two steps, of both lines together."""

STATES: Mapping[Place, str] = {Place.MET: "已符合条件，还没有", Place.ONE: "差一步", Place.TWO: "差两步"}
"""What the list says of a place."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A subject near a goal."""

    code: str
    """Its code."""
    name: str
    """What it is called; may be empty."""
    district: str
    """The district that it is registered in; may be empty."""
    street: str
    """The street that looks after it; may be empty."""
    place: Place
    """How near it is."""
    words: str
    """What must change, in few words; empty where nothing must."""
    steps: tuple[Step, ...]
    """The changes."""
    cost_fen: int | None
    """What they cost, where all of it is priced."""

    @property
    def share(self) -> int:
        """How far from its lines, in millionths of them."""
        return min(sum(step.share for step in self.steps), NEVER)

    @property
    def is_close(self) -> bool:
        """Whether something is lacking, and no more than a fifth of the line."""
        return self.place is not Place.MET and self.share <= CLOSE


@dataclass(frozen=True, slots=True)
class Ranking:
    """One goal: who is where, and the list of who is near."""

    goal: Goal
    """The goal."""
    counts: Mapping[Place, int]
    """How many subjects stand in each place."""
    close: Mapping[Place, int]
    """How many of those one step away, and of those two, are close."""
    lacking: tuple[tuple[str, int], ...]
    """What those one step away and close lack, in few words, the most frequent first."""
    lacking_far: tuple[tuple[str, int], ...]
    """What the others one step away lack."""
    streets: tuple[tuple[str, int], ...]
    """How many are one step away and close in each street, the most first."""
    cost_fen: int
    """What all priced single steps of those who are close cost together."""
    priced: int
    """How many of these steps are priced."""
    listed: tuple[Listed, ...]
    """Who is near, the nearest first."""


class Ranker:
    """Gathers the ranking of one goal, block after block."""

    def __init__(self, goal: Goal, model: PolicyModel) -> None:
        """Begin with nobody.

        Args:
            goal: The goal.
            model: Its policy, linked for the day.
        """
        self.goal = goal
        self.model = model
        self.counts: Counter[Place] = Counter()
        self.listed: list[Listed] = []

    def add(self, subjects: pl.DataFrame, outcomes: Sequence[str | None], held: Sequence[str | None] | None, found: pa.Table) -> None:
        """Take a block of subjects, in the order of the registry.

        Args:
            subjects: One row for each: its key first, then 名称, 注册区县, 街道 (strings).
            outcomes: In the same order what the policy says.
            held: In the same order the status of the made-up policy that says who has it; None where nobody keeps that.
            found: In the same order what `StepFinder` found.
        """
        head = f"{self.goal.policy}:"
        steps = found.column(f"{head}steps").to_pylist()
        has = [False] * len(outcomes) if held is None else [_has(status) for status in held]
        places = [_place(outcome, has[row], steps[row]) for row, outcome in enumerate(outcomes)]
        self.counts.update(places)
        near = [row for row, place in enumerate(places) if place in LISTED]
        own = found.select([f"{head}{name}" for name in FIELDS]).rename_columns(list(FIELDS)).take(pa.array(near, pa.int64())).to_pylist()
        for row, step, told in zip(near, own, subjects[near].rows(), strict=True):
            place = places[row]
            lacks = step if place is not Place.MET else {}
            code, name, district, street = (word or "" for word in told)
            words, cost = lacks.get("step") or "", lacks.get("cost_fen")
            self.listed.append(Listed(code, name, district, street, place, words, _steps(self.model, lacks), cost))

    def ranking(self) -> "Ranking":
        """Return what was gathered, the nearest first; ties stay in the order of the registry."""
        listed = sorted(self.listed, key=_nearness)
        one = [each for each in listed if each.place is Place.ONE]
        close = [each for each in one if each.is_close]
        costs = [each.cost_fen for each in close if each.cost_fen is not None]
        return Ranking(
            goal=self.goal,
            counts={place: self.counts[place] for place in Place},
            close={place: sum(each.is_close for each in listed if each.place is place) for place in (Place.ONE, Place.TWO)},
            lacking=_tally(each.words for each in close),
            lacking_far=_tally(each.words for each in one if not each.is_close),
            streets=_tally(each.street for each in close),
            cost_fen=sum(costs),
            priced=len(costs),
            listed=tuple(listed),
        )


def _nearness(listed: Listed) -> tuple[int, int, int]:
    """Return what a list is sorted by: how near, the share of the line, the cost."""
    return LISTED.index(listed.place), listed.share, NEVER if listed.cost_fen is None else listed.cost_fen


def _has(status: str | None) -> bool | None:
    """Return whether a subject has a rung; None where that is not known."""
    known = read_status(status)
    return None if known is None else known[0]


def _place(outcome: str | None, has: bool | None, steps: int | None) -> Place:
    """Return how a subject stands to a goal, by the outcome, whether it has it, and how many steps were found."""
    if has:
        return Place.HELD
    if has is None and outcome == Outcome.ELIGIBLE:  # it may have it already
        return Place.OPEN
    if outcome == Outcome.INELIGIBLE:
        return Place.FAR if not steps else Place.ONE if steps == 1 else Place.TWO
    assert outcome is not None, "every row has an outcome"
    return _BY_OUTCOME[Outcome(outcome)]


_BY_OUTCOME: Mapping[Outcome, Place] = {
    Outcome.ELIGIBLE: Place.MET,
    Outcome.REVIEW: Place.REVIEW,
    Outcome.UNDETERMINED: Place.OPEN,
    Outcome.NOT_APPLICABLE: Place.OUT,
}


def _tally(words: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return how often each word occurs, the most frequent first, ties in the order of the words."""
    return tuple(sorted(Counter(words).items(), key=lambda each: (-each[1], each[0])))


# --- what was found, as steps --------------------------------------------------------------------------------------------


def _steps(model: PolicyModel, row: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return what was found for one row as steps."""
    slots = [slot for slot in ("", "2") if row.get(f"kind{slot}") is not None]
    return tuple(_step(model, row, slot, is_alone=len(slots) == 1) for slot in slots)


def _step(model: PolicyModel, row: Mapping[str, Any], slot: str, *, is_alone: bool) -> Step:
    """Return one step; what both of two cost is known of them together only."""
    kind, attribute, value, change = (row[f"{name}{slot}"] for name in ("kind", "attribute", "value", "change"))
    item = model.item(attribute)
    met, line = (_figure(row[f"{name}{slot}"]) for name in ("met", "line"))
    tested = Tested(row[f"tested{slot}"] or attribute, met, line)
    then, cost = Outcome(row["then"]), row["cost_fen"] if is_alone else None
    if kind == SWITCH:
        return Step(kind, attribute, bool(value), not value, Decimal(1), "", tested, "", None, MILLION, then)
    if kind != MOVE:
        day = temporal.from_days(value + EPOCH)
        until = temporal.from_days(temporal.to_days(model.as_of) + change)
        return Step(kind, attribute, day, until, Decimal(change), "天", tested, "", None, min(change * MILLION // YEAR, NEVER), then)
    scale = 6 if item is None or item.scale is None else item.scale
    here, by = Decimal(value).scaleb(-scale), Decimal(change).scaleb(-scale)
    return Step(kind, attribute, here, here + by, by, item.unit if item else "", tested, "", cost, share_of(met, line), then)


def _figure(millionths: int | None) -> Decimal | None:
    return None if millionths is None else Decimal(millionths).scaleb(-6).normalize(_PLAIN)


_PLAIN = Context(prec=40)


# --- the list for people -------------------------------------------------------------------------------------------------


def list_frame(rankings: Sequence[Ranking], sentence: Callable[[Ranking, Listed], str], *, is_synthetic: bool) -> pl.DataFrame:
    """Return the lists of all goals, one after the other, with the columns `HEADS`: texts, integers, decimals.

    Args:
        rankings: The goals.
        sentence: Says what a subject lacks.
        is_synthetic: Whether the subjects are invented; then a last column says so.
    """
    rows = []
    for ranking in rankings:
        met = ranking.counts[Place.MET]  # they stand first, and have no rank: nothing is lacking
        for place, listed in enumerate(ranking.listed, 1 - met):
            rows.append(_row(ranking, place if listed.steps else None, listed, sentence(ranking, listed) if listed.steps else None))
    types: dict[str, Any] = dict.fromkeys(HEADS, pl.String)
    types |= {"名次": pl.Int64, "几步": pl.Int64, "需投入（元）": pl.Decimal(38, 2), "离线（%）": pl.Decimal(38, 2)}
    frame = pl.DataFrame(rows, schema=types, orient="row")
    return frame.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN)) if is_synthetic else frame


def _row(ranking: Ranking, place: int | None, listed: Listed, said: str | None) -> tuple[Any, ...]:
    """Return one row of the list."""
    cost = None if listed.cost_fen is None else Decimal(listed.cost_fen).scaleb(-2)
    share = Decimal(listed.share).scaleb(-4).quantize(Decimal("0.01")) if listed.steps and listed.share < NEVER else None
    moved = [step for step in listed.steps if step.kind != SWITCH]
    return (
        *(ranking.goal.name, ranking.goal.policy, place, listed.code, listed.name, listed.district, listed.street),
        *(STATES[listed.place], said, cost, share, ("是" if listed.is_close else "否") if listed.steps else None, len(listed.steps)),
        *(
            "；".join(step.attribute for step in listed.steps) or None,
            "；".join(str(step.change) for step in moved) or None,
            "；".join(step.unit for step in moved) or None,
        ),
    )
