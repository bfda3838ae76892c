"""Groups: rows that lack facts, put together where the same combinations stand for what they lack.

    open rows ──by what they lack, and what is excluded──> groups ──joined where their combinations are the same──> batches

Settling costs by the group, hardly by the row: rows that lack different facts are settled together once the same values are
tried in them. What told them apart is kept (`Group.sources`), for the facts that may still join.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from zhida.columnar.columns import UNKNOWN, Array, Column, rows_of
from zhida.columnar.domains import Domain

EXPANDED = 131_072
"""Combinations of rows that are decided together."""

Excluded = Mapping[str, frozenset[int]]
"""The rules of each table that what is known excludes."""


@dataclass(slots=True)
class Group:
    """Rows with the same combinations."""

    rows: Array
    """Their places."""
    missing: frozenset[str]
    """The facts that they lack by now."""
    sources: tuple[Excluded, ...]
    """The rules of each table that what is known excludes: one, but for groups that were joined."""
    source_of: Array | None = None
    """For each row which of these is its own; None where there is one."""
    domains: dict[str, Domain] = field(default_factory=dict)
    """The values of each fact that is enumerated, by id."""
    given_up: set[str] = field(default_factory=set)
    """The facts that cannot be."""
    is_new: bool = False
    """Whether another fact joined in the last round."""
    facts: Mapping[str, Column] = field(default_factory=dict)
    """The input data of the block."""
    cases: int = 1
    """How many combinations there are."""

    @property
    def excluded(self) -> Excluded:
        """The rules that are excluded in all rows, of a group that was not joined."""
        assert len(self.sources) == 1, "what was joined is settled before it is asked"
        return self.sources[0]

    def lacks(self, id_: str) -> bool:
        """Say whether all of the rows lack an input datum."""
        states = self.facts[id_].states if id_ in self.facts else None
        return states is not None and bool((rows_of(states, self.rows) == UNKNOWN).all())

    def join(self, id_: str, domain: Domain) -> None:
        """Let a fact take part in the combinations."""
        self.domains[id_] = domain
        self.cases *= len(domain)
        self.is_new = True

    def part(self, rows: Array) -> "Group":
        """Return some of the rows, whose combinations may become others."""
        return replace(self, rows=rows, domains=dict(self.domains), given_up=set(self.given_up))

    def piece(self, piece: slice) -> "Group":
        """Return rows one after another, whose combinations stay as they are."""
        return replace(self, rows=self.rows[piece], source_of=None if self.source_of is None else self.source_of[piece])

    def behind(self, id_: str) -> int:
        """Return how many combinations there are of the facts behind one, which vary faster."""
        names = list(self.domains)
        return prod(len(self.domains[name]) for name in names[names.index(id_) + 1 :])


def joined(groups: Sequence[Group]) -> Iterator[Group]:
    """Yield groups, those put together in which the same facts have the very same domains."""
    alike: dict[object, list[Group]] = {}
    for group in groups:
        domains = tuple([(id_, id(domain)) for id_, domain in group.domains.items()])
        alike.setdefault((domains, frozenset(group.given_up), group.is_new), []).append(group)
    for some in alike.values():
        first = some[0]
        if len(some) > 1:
            sources = tuple([group.excluded for group in some])
            source_of = np.repeat(np.arange(len(some)), [len(group.rows) for group in some])
            first = replace(first, rows=np.concatenate([group.rows for group in some]), sources=sources, source_of=source_of)
        yield first


def batches(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """Yield groups in batches of about `EXPANDED` combinations; a group that is too large is cut."""
    batch: list[Group] = []
    size = 0
    for group in groups:
        step = max(EXPANDED // group.cases, 1)
        for start in range(0, len(group.rows), step):
            part = group if len(group.rows) <= step else group.piece(slice(start, start + step))
            if batch and size + len(part.rows) * group.cases > EXPANDED:
                yield batch
                batch, size = [], 0
            batch.append(part)
            size += len(part.rows) * group.cases
    if batch:
        yield batch


def members_of(places: Array, count: int) -> list[Array]:
    """Return for each of `count` groups the places of its members.

    >>> [members.tolist() for members in members_of(np.array([1, 0, 1]), 2)]
    [[1], [0, 2]]
    """
    if count == 1:
        return [np.arange(len(places))]
    order = np.argsort(places, kind="stable")
    return np.split(order, np.cumsum(np.bincount(places, minlength=count))[:-1])
