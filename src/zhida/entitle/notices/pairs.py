"""Which policy of one run is held against which of the other, and what differs between the runs for all subjects alike.

A policy is held against itself, or, where it took the place of another between the two dates, against that one: the versions along
`replaces` are one policy. Where a policy was not decided, or was no law on the date, there is no answer of it in that run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from zhida.assess.assessment import Outcome, WindowMet
from zhida.assess.cells import Layout, is_self_reported, table_cells, table_of
from zhida.assess.explain import window_met
from zhida.entitle.notices.runs import Run
from zhida.errors import InputError, diagnostic
from zhida.policy.front_matter import EveryYear, WindowState, window_on
from zhida.policy.pack import Packs, PolicyModel
from zhida.policy.versions import version_on
from zhida.policy.years import machine_name
from zhida.values.temporal import Date, to_days

WORD = 64
"""Missing facts that one integer holds."""


class Event(StrEnum):
    """What became of the window of a policy between two dates."""

    OPENED = "opened"
    CLOSING = "closing"
    CLOSED = "closed"


class Cause(StrEnum):
    """What differs between two runs for a subject and a policy."""

    NEW_POLICY = "new-policy"
    GONE_POLICY = "gone-policy"
    NEW_SUBJECT = "new-subject"
    GONE_SUBJECT = "gone-subject"
    SUCCEEDED = "succeeded"
    TEXT = "text"
    USED = "used"
    PARAMETERS = "parameters"
    DICTIONARY = "dictionary"
    FACTS = "facts"
    DATE = "date"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Pair:
    """A policy, as it is held against itself or against what it took the place of."""

    policy: str
    """Its id; that of the former run where it is gone."""
    former: str
    """Its id in the former run; empty where that has no answer of it."""
    now: str
    """Its id in the run of today; empty where that has no answer of it."""
    title: str
    """What it is called."""
    former_title: str
    """What it was called."""
    gives_amount: bool
    """Whether it gives money."""
    causes: tuple[Cause, ...]
    """What differs for all subjects alike."""
    otherwise: tuple[Cause, ...]
    """What is told to differ where nothing else does: the date, the engine."""
    model: PolicyModel | None
    """The policy, linked for the date of today; None where its text is not that of the run, or nobody has it."""
    tables: Mapping[str, str]
    """The cell of each of its goals that is a table, by id."""
    rules: Mapping[str, Mapping[str, str]]
    """For each of these the articles of its rules, by number."""
    window: WindowMet | None
    """When one may apply, seen from today; None where it does not say."""
    event: Event | None
    """What became of that since the former run."""
    missing: tuple[str, ...]
    """The names of all facts that may be missing, in either run; the n-th is bit n."""
    former_bits: tuple[int, ...]
    """For each missing fact of the former run its bit here."""
    now_bits: tuple[int, ...]
    """For each missing fact of the run of today its bit here."""
    stated: np.ndarray
    """Words of 64 bits: the missing facts that a subject may state; none where nobody has the text."""

    @property
    def words(self) -> int:
        """How many integers the missing facts take."""
        return max(-(-len(self.missing) // WORD), 1)

    @property
    def is_new(self) -> bool:
        """Whether the former run has no answer of it."""
        return not self.former

    @property
    def way_ordered(self) -> str:
        """The way of delivery that the document orders; empty where it orders none, or nobody has its text."""
        return "" if self.model is None else self.model.policy.front.delivery


def pairs_of(  # noqa: PLR0913 - each says one thing
    packs: Packs, former: Run, now: Run, *, policies: Sequence[str] = (), closing: int = 14, as_if_new: str | None = None
) -> tuple[Pair, ...]:
    """Return which policies are compared, in the order of the run of today, those that are gone last.

    Args:
        packs: The packs; articles, windows and orders of delivery come from texts that are those of the run.
        former: The run before.
        now: The run of today.
        policies: Ids of those that are meant; all where none are named.
        closing: In how many days a window closes when that is told.
        as_if_new: A policy that is taken as new, whatever the former run says of it; no other is then compared.

    Raises:
        InputError: notices-not-decided, of `as_if_new`.
    """
    found: list[Pair] = []
    met: set[str] = set()
    for policy in now.policies:
        if not _is_law(packs, policy, now.as_of):
            continue
        before = _before(packs, policy, former)
        met.add(before)
        found.append(_pair(packs, former, now, ("" if policy == as_if_new else before, policy), closing))
    gone = [policy for policy in former.policies if policy not in met and _is_law(packs, policy, former.as_of)]
    found += [_pair(packs, former, now, (policy, ""), closing) for policy in gone]
    if as_if_new is not None:
        known = [pair.now for pair in found if pair.now]
        if as_if_new not in known:
            words = {"name": as_if_new, "day": now.as_of, "known": "、".join(known)}
            raise InputError([diagnostic("notices-not-decided", None, **words)])
        return tuple(pair for pair in found if pair.now == as_if_new)
    wanted = set(policies)
    return tuple(pair for pair in found if not wanted or {pair.policy, pair.former} & wanted)


def _is_law(packs: Packs, policy: str, day: Date) -> bool:
    """Say whether a policy is law on a day; of one that nobody has the results alone speak."""
    return policy not in packs.in_force or day in packs.in_force[policy]


def _before(packs: Packs, policy: str, former: Run) -> str:
    """Return the policy of the former run that a policy is held against; empty where there is none."""
    if policy in former.policies and _is_law(packs, policy, former.as_of):
        return policy
    if policy not in packs.policies:
        return ""
    fronts = {id_: each.front for id_, each in packs.policies.items()}
    version = version_on(fronts, packs.in_force, policy, former.as_of)
    return version if version is not None and version in former.policies else ""


def _pair(packs: Packs, former: Run, now: Run, ids: tuple[str, str], closing: int) -> Pair:
    """Return one pair: the ids in the former run and in that of today, one of them perhaps empty."""
    before, policy = ids
    model = _model(packs, policy, now)
    goals = () if model is None else (model.policy.applies_id, model.policy.eligible_id, model.policy.result_id, model.policy.amount_id)
    cells = {} if model is None else table_cells(model)
    tables = {goal: cells[goal] for goal in goals if goal in cells}
    window = None if model is None else window_met(model, Outcome.ELIGIBLE)
    then, today = former.missing.get(before, ()), now.missing.get(policy, ())
    names = tuple(dict.fromkeys((*today, *then)))
    return Pair(
        policy=policy or before,
        former=before,
        now=policy,
        title=now.titles[policy] if policy else former.titles[before],
        former_title=former.titles[before] if before else "",
        gives_amount=policy in now.gives_amount or before in former.gives_amount,
        causes=tuple(_causes(former, now, before, policy, model)),
        otherwise=tuple(_otherwise(former, now)),
        model=model,
        tables=tables,
        rules={} if model is None else {goal: _rule_articles(model, goal) for goal in tables},
        window=window,
        event=None if model is None else _event(model, former.as_of, now.as_of, closing),
        missing=names,
        former_bits=tuple(names.index(name) for name in then),
        now_bits=tuple(range(len(today))),
        stated=_stated(model, names),
    )


def _model(packs: Packs, policy: str, run: Run) -> PolicyModel | None:
    """Return a policy linked for the date of a run, if its text is the one that the run was made with."""
    known = packs.policies.get(policy)
    if known is None or not known.is_sound or run.said("policies").get(policy) != known.sha256:
        return None
    return packs.model_of(policy, run.as_of)


def _stated(model: PolicyModel | None, names: Sequence[str]) -> np.ndarray:
    """Return the bits of the missing facts that a subject may state."""
    words = np.zeros(max(-(-len(names) // WORD), 1), np.uint64)
    if model is not None:
        layout = Layout(model, tuple(names), {})
        told = {machine_name(data.name, model.as_of): data.name for data in model.model.inputs.values()}
        for place, name in enumerate(names):
            if is_self_reported(layout, told.get(name, name)):
                words[place // WORD] |= np.uint64(1 << place % WORD)
    return words


def _causes(former: Run, now: Run, before: str, policy: str, model: PolicyModel | None) -> list[Cause]:
    """Return what differs for all subjects alike."""
    if not before or not policy:
        return [Cause.GONE_POLICY if before else Cause.NEW_POLICY]
    then, today = _digests(former), _digests(now)
    found = [Cause.SUCCEEDED] if before != policy else [Cause.TEXT] if then.get(before) != today.get(policy) else []
    used = {part.id for part in model.used_policies} if model is not None else then.keys() | today.keys()
    if any(then.get(id_) != today.get(id_) for id_ in used - {policy, before}):
        found.append(Cause.USED)
    figures, figures_now = former.said("parameters"), now.said("parameters")
    needed = model.model.inputs.keys() & model.parameters.keys() if model is not None else figures.keys() | figures_now.keys()
    if any(figures.get(id_) != figures_now.get(id_) for id_ in needed):
        found.append(Cause.PARAMETERS)
    if former.said("dictionary") != now.said("dictionary"):
        found.append(Cause.DICTIONARY)
    return found


def _otherwise(former: Run, now: Run) -> Iterator[Cause]:
    """Yield what is told to differ where nothing else does."""
    if former.as_of != now.as_of:
        yield Cause.DATE
    if former.said("engine") != now.said("engine"):
        yield Cause.ENGINE


def _rule_articles(model: PolicyModel, goal: str) -> Mapping[str, str]:
    """Return the article of each rule of a goal's table, by number."""
    table = table_of(model, goal)
    return {} if table is None else {rule.rule.number: rule.rule.article for rule in table.rules}


def _digests(run: Run) -> Mapping[str, str]:
    return {**run.said("used"), **run.said("policies")}


def _event(model: PolicyModel, then: Date, today: Date, closing: int) -> Event | None:
    """Return what became of a policy's window between two days: the last thing, once.

    That it closes soon is told when it begins to be soon, and not again in later runs.
    """
    window = model.policy.front.window
    if window is None:
        return None
    before, days_before = window_on(window, then)
    now, days = window_on(window, today)
    if now is WindowState.OPEN:
        is_same = before is WindowState.OPEN and days_before == days
        if days.end is not None and to_days(days.end) - to_days(today) <= closing:
            was_soon = is_same and to_days(days.end) - to_days(then) <= closing
            return None if was_soon else Event.CLOSING
        return None if is_same else Event.OPENED
    is_over = before is WindowState.OPEN or (before is WindowState.NOT_YET and now is WindowState.CLOSED)
    if isinstance(window, EveryYear) and before is WindowState.CLOSED and now is WindowState.CLOSED:
        is_over = days.start != days_before.start  # a whole year's window lay between the two days
    return Event.CLOSED if is_over else None
