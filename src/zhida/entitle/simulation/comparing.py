"""Comparing a registry before and after a change.

    Scenario + Source ──compare_sides──> Simulation      one pass over the registry: each part is read once
                                            └── parts, handed to `sink` one after the other

Decided are the touched policies on both sides, and once those that stacking ties to them; after the change only for those whom it can
touch (`zhida.entitle.simulation.touching`). Where former results serve, the side before is read instead. Invariant: the same scenario and
the same source give the same figures, with any number of threads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from zhida.assess.columns import NAME
from zhida.assess.order import processors, read_attributes
from zhida.assess.registry import known_at
from zhida.assess.renewing import fact_columns
from zhida.assess.run import rarely_collected
from zhida.entitle.simulation.deciding import Reuse, Side, joined, overlaid, population_of, words_of
from zhida.entitle.simulation.groupings import Groupings
from zhida.entitle.simulation.scenario import Scenario
from zhida.entitle.simulation.stacked import OpenCombining, Stacked
from zhida.entitle.simulation.tally import Compared, Tally, compare
from zhida.entitle.simulation.touching import Difference, Touching, difference_of, touched_rows
from zhida.entitle.simulation.walking import in_order
from zhida.entitle.stacking.structure import MONEY
from zhida.policy.pack import PolicyModel
from zhida.registry_io.sources import Source
from zhida.registry_io.sources_parts import Part
from zhida.registry_io.tables import Frame

MOST_TOUCHED = 2
"""Where more than one of so many is touched, all are decided again: that is as quick."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a change comes to over a registry."""

    scenario: Scenario
    """What was compared."""
    tally: Tally
    """The figures."""
    registry: str
    """What the registry is called."""
    known_at: str
    """Which knowledge it holds; empty where it does not say."""
    is_synthetic: bool
    """Whether its data are invented."""
    is_stacked: bool
    """Whether it was considered what may be enjoyed together."""
    reused: tuple[str, ...] = ()
    """Policies whose answers before were read from former results."""
    not_reused: Mapping[str, str] = field(default_factory=dict)
    """Policies whose former results did not serve, and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a comparison is done; nothing of it changes what comes out."""

    threads: int = 0
    """How many parts are worked on at a time; 0 for one on each processor."""
    cache: Path | None = None
    """The folder that keeps what was learned of policies; None for none."""
    tell: Callable[[int], None] = lambda _: None
    """Told of the rows of each part that is done."""

    @property
    def workers(self) -> int:
        """How many parts are worked on at a time."""
        return self.threads or processors()


def compare_sides(  # noqa: PLR0913 - each says one thing of how it is done
    scenario: Scenario,
    source: Source,
    groupings: Groupings,
    *,
    open_combining: OpenCombining | None = None,
    reuse: tuple[Reuse | None, Mapping[str, str]] = (None, {}),
    settings: Settings | None = None,
    detailed: Sequence[str] = (),
    sink: Callable[[Compared], None] = lambda _: None,
) -> Simulation:
    """Return what a change comes to.

    Args:
        scenario: What is compared.
        source: The subjects.
        groupings: How they are grouped.
        open_combining: Makes what takes away what may not be enjoyed together; None where each policy is to stand alone.
        reuse: Former results that serve for the side before, and why others do not.
        settings: How it is done.
        detailed: Policies of which `sink` is to be told what each subject gets.
        sink: Given each part, in order, once it was counted.

    Raises:
        InputError: what the source finds.
    """
    settings = settings or Settings()
    if scenario.is_empty:
        return _simulation(scenario, source, Tally(groupings, subjects=source.rows or 0), reuse, is_stacked=False)
    plan = _Plan(scenario, source, groupings, reuse[0], settings, open_combining, tuple(detailed))
    tally = Tally(groupings)
    with rarely_collected():
        for part in in_order(source.parts, plan.worker, _Worker.compare, threads=settings.workers):
            tally.add(part)
            sink(part)
            settings.tell(part.rows.height)
    for worker in plan.workers[:1]:  # what the others have learned is much the same
        worker.keep()
    return _simulation(scenario, source, tally, reuse, is_stacked=plan.is_stacked)


def _simulation(
    scenario: Scenario, source: Source, tally: Tally, reuse: tuple[Reuse | None, Mapping[str, str]], *, is_stacked: bool
) -> Simulation:
    """Return figures with what they are about."""
    metadata = source.metadata
    return Simulation(
        scenario,
        tally,
        source.name,
        known_at(metadata),
        metadata.get("zhida.synthetic") == "true",
        is_stacked,
        reuse[0].policies if reuse[0] is not None else (),
        reuse[1],
    )


class _Plan:
    """What all workers share."""

    def __init__(  # noqa: PLR0913, PLR0917 - what `compare_sides` was given
        self,
        scenario: Scenario,
        source: Source,
        groupings: Groupings,
        reuse: Reuse | None,
        settings: Settings,
        open_combining: OpenCombining | None,
        detailed: tuple[str, ...],
    ) -> None:
        self.detailed = detailed
        self.scenario, self.source, self.groupings, self.reuse, self.settings = scenario, source, groupings, reuse, settings
        touched = {each.policy for each in scenario.touched}
        served = set(reuse.policies) if reuse is not None else set()
        sides = [scenario.policies(is_after=is_after) for is_after in (False, True)]
        self.policies = tuple(dict.fromkeys((*sides[0], *sides[1])))
        fronts = {id_: policy.front for packs in (scenario.before, scenario.after) for id_, policy in packs.policies.items()}
        self.is_money = {id_: fronts[id_].gives in MONEY for id_ in self.policies}
        self.size = groupings.size_policy
        extra = (self.size,) if self.size and self.size not in sides[0] else ()
        wanted = (*sides[0], *extra)
        self.before = scenario.order([id_ for id_ in wanted if id_ not in served], is_after=False)
        self.after = scenario.order([id_ for id_ in sides[1] if id_ in touched], is_after=True)
        self.sides = sides
        self.open_combining = open_combining if any(self.is_money.values()) else None
        self.is_stacked = self.open_combining is not None
        self.columns = (source.key, *fact_columns(scenario.columns((*groupings.attributes, *_read(scenario, extra))), source.key))
        self.populations = tuple(
            population_of(scenario.order(policies, is_after=is_after), source) for is_after, policies in ((False, wanted), (True, sides[1]))
        )
        self.differences = self._differences()
        self.workers: list[_Worker] = []

    def _differences(self) -> tuple[tuple[PolicyModel, Difference], ...] | None:
        """Return how each policy that is decided after the change differs; None where everybody must be decided again."""
        found = []
        packs, as_of = (self.scenario.before, self.scenario.after), self.scenario.as_of
        if self.populations[0].digest != self.populations[1].digest:
            return None
        for id_ in self.after.policies:
            models = [each.model_of(id_, as_of) for each in packs if id_ in each.policies]
            difference = difference_of(models[0], models[1]) if len(models) == 2 else None
            if difference is None:
                return None
            found.append((models[0], difference))
        return tuple(found)

    def worker(self) -> "_Worker":
        """Return what one thread works with."""
        self.workers.append(_Worker(self))
        return self.workers[-1]


def _read(scenario: Scenario, policies: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that some policies before rest on."""
    order = scenario.order(policies, is_after=False)
    return read_attributes(order) if policies else ()


class _Worker:
    """What one thread works with: policies that are ready on both sides."""

    def __init__(self, plan: _Plan) -> None:
        self.plan = plan
        key, cache = plan.source.key, plan.settings.cache
        self.before = Side(plan.before, key, plan.populations[0], cache)
        self.after = Side(plan.after, key, plan.populations[1], cache)
        self.touching = None if plan.differences is None else [Touching(model, difference) for model, difference in plan.differences]
        self.whole: Side | None = None  # where former results turn out not to hold the same subjects
        open_ = plan.open_combining
        self.stacked = None if open_ is None else Stacked(plan.scenario, open_, key)

    def compare(self, part: Part) -> Compared:
        """Read a part, decide it on both sides, and compare."""
        plan = self.plan
        frame = plan.source.read(part, plan.columns)
        filled = self.before.filled(frame), self.after.filled(frame)
        before = self.results_before(filled[0])
        after = self.results_after(filled[1], before)
        beside = [id_ for id_ in plan.sides[1] if id_ not in plan.after.policies]
        after = joined([after, _only(before, beside)])
        paid = None if self.stacked is None else self.stacked.left(filled, (before, after))
        sizes = words_of(before, f"{plan.size}:result") if plan.size else None
        groups = plan.groupings.of(frame, sizes)
        return compare(before, after, paid, groups, plan.policies, plan.is_money, plan.detailed)

    def results_before(self, frame: Frame) -> pa.Table:
        """Return the results of the side before: read where former ones serve, else decided."""
        plan, reuse = self.plan, self.plan.reuse
        if reuse is None:
            return self.before.decide(frame)
        read = reuse.table(frame[plan.source.key])
        if read is not None:
            return joined([self.before.decide(frame), read])
        if self.whole is None:
            order = plan.scenario.order((*plan.before.policies, *reuse.policies), is_after=False)
            self.whole = Side(order, plan.source.key, plan.populations[0], plan.settings.cache)
        return self.whole.decide(frame)

    def results_after(self, frame: Frame, before: pa.Table) -> pa.Table:
        """Return the results of the side after: of whom the change cannot touch, those of before."""
        if not self.touching:
            return self.after.decide(frame)
        places = touched_rows(self.touching, frame, before)
        if len(places) * MOST_TOUCHED <= frame.height:
            found = overlaid(before, self.after.decide(frame[places]), places)
            if found is not None:  # former results do not tell what subjects are called
                return found if NAME in before.column_names else joined([self.after.named(frame), found])
        return self.after.decide(frame)

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        self.before.keep()
        self.after.keep()
        if self.stacked is not None:
            self.stacked.keep()


def _only(table: pa.Table, policies: list[str]) -> pa.Table:
    """Return the columns of some policies."""
    names = [name for name in table.column_names if any(name.startswith(f"{policy}:") for policy in policies)]
    return table.select(names)
