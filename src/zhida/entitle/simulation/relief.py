"""减负: what tax and fee relief saves, by measure and by enterprise.

    policies that give tax relief ──decide──> amounts ──stacking──> saved: a sum for each measure, and for each subject

Counted is what is certain: of whom a fact is missing counts with the least that is possible, and is counted apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from zhida.assess.columns import NAME
from zhida.assess.order import NAME_ATTRIBUTE, RunOrder, read_attributes
from zhida.assess.renewing import fact_columns
from zhida.entitle.simulation.comparing import Settings
from zhida.entitle.simulation.deciding import Side, amounts, outcome_codes, population_of, sure_and_possible
from zhida.entitle.simulation.stacked import Left, OpenCombining
from zhida.entitle.simulation.tally import LEFT, exact_sum
from zhida.entitle.simulation.walking import in_order
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.sources import Source
from zhida.registry_io.sources_parts import Part
from zhida.values.temporal import Date

RELIEF = "tax"
"""What a policy gives that saves taxes or fees."""

TOTAL = "total_fen"
"""The column of what a subject saves in all."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure."""

    policy: str
    """Its id."""
    title: str
    """Its title."""
    subjects: int
    """How many it saves something."""
    gross_fen: int
    """What it saves by itself."""
    net_fen: int
    """What is left of it where measures may not all be enjoyed together; the same as gross where that was not considered."""
    open_subjects: int
    """How many are undetermined, or for a person to look at."""


@dataclass(frozen=True, slots=True)
class Relief:
    """What relief saves over a registry."""

    measures: tuple[Measure, ...]
    """The measures that are law on the day, by what they save, greatest first."""
    subjects: int
    """How many subjects save anything."""
    total_fen: int
    """What they save in all: the sum of `net_fen`."""
    is_stacked: bool
    """Whether it was considered what may be enjoyed together."""


def relief_policies(packs: Packs, subject: str, as_of: Date) -> tuple[str, ...]:
    """Return the policies that save taxes or fees and are law on a day, in the order of the packs."""
    return tuple(
        id_
        for id_, policy in packs.policies.items()
        if policy.front.subject == subject and policy.front.gives == RELIEF and as_of in packs.in_force[id_]
    )


def relief_of(  # noqa: PLR0913 - each says one thing of how it is done
    packs: Packs,
    policies: Sequence[str],
    source: Source,
    *,
    dictionary: Dictionary,
    as_of: Date,
    open_combining: OpenCombining | None = None,
    settings: Settings | None = None,
    sink: Callable[[pl.DataFrame], None] = lambda _: None,
) -> Relief:
    """Return what relief saves.

    Args:
        packs: The packs.
        policies: The measures.
        source: The subjects.
        dictionary: Their attributes.
        as_of: The date of the business fact.
        open_combining: Makes what takes away what may not be enjoyed together; None where each measure is to stand alone.
        settings: How it is done.
        sink: Given of each part who saves anything: key, `名称`, fen by policy, `total_fen`.
    """
    settings = settings or Settings()
    order = RunOrder(packs, tuple(policies), dictionary, as_of)
    population = population_of(order, source)
    columns = (source.key, *fact_columns(read_attributes(order), source.key))

    def open_worker() -> tuple[Side, Left | None]:
        side = Side(order, source.key, population, settings.cache)
        return side, None if open_combining is None else Left(open_combining(packs, policies, as_of, source.key), packs, policies)

    def work(worker: tuple[Side, Left | None], part: Part) -> tuple[pl.DataFrame, dict[str, tuple[int, int, int, int]]]:
        side, left = worker
        frame = side.filled(source.read(part, columns))
        table = side.decide(frame)
        paid = left.of(frame, table) if left is not None else None
        own: dict[str, tuple[int, int, int, int]] = {}
        saved: dict[str, pl.Series] = {}
        for policy in policies:
            codes = outcome_codes(table, policy)
            gross, _ = sure_and_possible(table, policy)
            net = gross if paid is None else amounts(paid, f"{policy}:paid_fen")
            own[policy] = (int((net > 0).sum()), exact_sum(gross), exact_sum(net), int(np.isin(codes, LEFT).sum()))
            saved[policy] = pl.Series(policy, net)
        names = frame[NAME_ATTRIBUTE] if NAME_ATTRIBUTE in frame.columns else pl.repeat(None, frame.height, dtype=pl.String, eager=True)
        rows = pl.DataFrame([frame[source.key], names.alias(NAME), *saved.values()])
        return rows.with_columns(pl.sum_horizontal(*policies).alias(TOTAL)).filter(pl.col(TOTAL) > 0), own

    sums: dict[str, tuple[int, ...]] = dict.fromkeys(policies, (0, 0, 0, 0))
    subjects = 0
    for rows, own in in_order(source.parts, open_worker, work, threads=settings.workers):
        sums = {policy: tuple(map(sum, zip(sums[policy], own[policy], strict=True))) for policy in policies}
        subjects += rows.height
        sink(rows)
    titles = {policy: packs.policies[policy].front.title for policy in policies}
    measures = [Measure(policy, titles[policy], each[0], each[1], each[2], each[3]) for policy, each in sums.items()]
    measures.sort(key=lambda each: -each.net_fen)
    return Relief(tuple(measures), subjects, sum(each.net_fen for each in measures), open_combining is not None)
