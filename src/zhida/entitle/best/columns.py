"""The best lawful combinations of a batch: a table of results in, a table of entitlements out.

    results ──claims──> arrays ─┐
    batch ──caps as policies────┼──> Situations ──filling──> paid, taken ──reasons──> why          all rows
    received ──payments─────────┘                 ──missing──> possible_fen, decides               rows in which something is open

The columns of the table that comes out: the key and `名称` (string); `total_fen`, `possible_fen` (int64), `decides` and `subject_decides`
(words: which fact decides, and which does among the subject's own, where no parameter is told that the place has not filled in);
then for each policy, headed `<policy>:`, `paid_fen` (int64), `taken` (bool) and `why` (words: empty where it is paid in full, or
nothing is claimed). Invariant: row for row the same as the specification (`entitle.best.lawful`), whatever the batch.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from zhida.assess.columns import NAME, WORDS, default_key, open_run
from zhida.entitle.best.claims import Claim, Claims, claims_of, limits_of, missing_names
from zhida.entitle.best.filling import Combined, combined
from zhida.entitle.best.lawful import MOST_FEN
from zhida.entitle.best.missing import Gap, Outlook, Sure, outlook, outlook_of_subject
from zhida.entitle.best.payments import POLICY, payments_of
from zhida.entitle.best.reasons import Stopped, stopped
from zhida.entitle.best.situations import NO_LIMIT, Fen, Mask, Rows, Situations, received_this_year
from zhida.entitle.best.supports import ties_of
from zhida.entitle.stacking.caps import with_caps
from zhida.entitle.stacking.structure import Structure, refuse_left_out, structure_of
from zhida.errors import InputError, diagnostic
from zhida.policy.pack import Packs
from zhida.registry_io.engine import engine_version
from zhida.registry_io.parts import sorted_words
from zhida.values.temporal import Date

OPEN = "待核定"
"""Said of what a person decides."""
UNSURE = "待核定：还缺事实"
"""Said of what would be held only if missing facts turned out well."""
CAP_ODD = "待核定：{group}的上限"
"""Said of what a cap limits that a person has to tell."""
CLOSED = "错过期限"
"""Said of what is held, but can no longer be applied for."""
RECEIVED = "本年已领"
"""Said of what was received this year already, whole or in part."""
JOINED = "、"
"""Stands between several reasons."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How many rows needed what."""

    rows: int = 0
    """Rows that were combined."""
    solved: int = 0
    """Rows that went to the solver, counted for each tie."""
    distinct: int = 0
    """How many different situations these were."""
    endless: int = 0
    """Rows of which more may be possible than is known."""

    def __add__(self, other: "Figures") -> "Figures":
        """Return both together."""
        return Figures(self.rows + other.rows, self.solved + other.solved, self.distinct + other.distinct, self.endless + other.endless)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, combined."""

    table: pa.Table
    """The columns; see the module."""
    situations: Situations
    """What was combined."""
    found: Combined
    """The best combinations."""
    possible: Fen
    """The possible sum of each row."""
    short: tuple[Stopped, ...]
    """Why policies are not paid in full."""
    figures: Figures
    """How many rows needed what."""


class Combiner:
    """Finds the best combinations of batches; one thread at a time may use it."""

    def __init__(self, packs: Packs, policies: Sequence[str], *, as_of: Date, key: str | None = None, cache: Path | None = None) -> None:
        """Make everything ready that does not depend on rows.

        Args:
            packs: The packs, whose rows of stacking count.
            policies: Ids of the policies, in the order of the results; their order is the last tie-breaker.
            as_of: The date of the business fact.
            key: The attribute that names a subject; the first of the dictionary by default.
            cache: The folder that keeps what was learned of caps in other runs; None for none.

        Raises:
            CompileError: a policy, or one that it uses, has errors.
        """
        self.packs = packs
        self.policies = tuple(policies)
        self.as_of = as_of
        self.key = key or default_key(packs, policies)
        self.structure = structure_of(packs, policies, as_of)
        self.ties = ties_of(self.structure)
        wider, self.caps = with_caps(packs, self.structure.caps, as_of)
        self.limits = open_run(wider, self.caps, as_of=as_of, key=self.key, cache=cache) if self.caps else None
        self.groups = _groups_of_caps(self.structure)
        self.figures = Figures()
        fields = [pa.field(self.key, pa.string()), pa.field(NAME, pa.string())]
        fields += [pa.field("total_fen", pa.int64()), pa.field("possible_fen", pa.int64())]
        fields += [pa.field("decides", WORDS), pa.field("subject_decides", WORDS)]
        for policy in self.policies:
            fields += [
                pa.field(f"{policy}:paid_fen", pa.int64()),
                pa.field(f"{policy}:taken", pa.bool_()),
                pa.field(f"{policy}:why", WORDS),
            ]
        self.schema = pa.schema(fields, metadata=self.metadata())

    def metadata(self) -> dict[str, str]:
        """Return what entitlements say of themselves."""
        digests = {policy: self.packs.policies[policy].sha256 for policy in self.policies}
        titles = {policy: self.packs.policies[policy].front.title for policy in self.policies}
        return {
            "zhida.as_of": str(self.as_of),
            "zhida.policies": json.dumps(digests, ensure_ascii=False),
            "zhida.titles": json.dumps(titles, ensure_ascii=False),
            "zhida.stacking_sha256": self.structure.sha256,
            "zhida.engine_version": engine_version(),
        }

    def decide(self, batch: pl.DataFrame, results: pa.Table, received: pl.DataFrame | None = None) -> pa.Table:
        """Return the best combinations of a batch, one row for each of its rows, in order; see the module for the columns.

        Args:
            batch: The subjects: columns by the names of attributes, as `zhida.assess.columns` takes them; only what caps name
                is looked at.
            results: What `zhida.assess.columns` says of the same rows.
            received: What was received earlier (`zhida.entitle.best.payments`); of other subjects too.

        Raises:
            InputError: received-not-combined, combination-too-great.
        """
        return self.combine(batch, results, received).table

    def keep(self) -> None:
        """Keep what was learned of the caps for other runs."""
        if self.limits is not None:
            self.limits.keep()

    def combine(self, batch: pl.DataFrame, results: pa.Table, received: pl.DataFrame | None = None) -> "Batch":
        """Return the same with what it was made of."""
        assert batch.height == results.num_rows, "results of the same rows"
        if received is not None:
            refuse_left_out(self.packs, self.policies, received[POLICY].unique())
        claims = claims_of(self.structure, results)
        self._refuse_too_great(claims)
        limits, lacking = self._limits(batch, claims)
        claims, odd = self._without_odd(claims, limits)
        payments = payments_of(self.structure, self.packs, received, results.column(0)) if received is not None else None
        caps = np.stack([limit.sure for limit in limits]) if limits else np.zeros((0, batch.height), np.int64)
        closed = np.array(self.structure.is_closed, np.bool_)[:, None]
        situations = Situations(claims.sure, claims.is_sure & ~closed, caps, claims.efforts, payments)
        found = combined(self.structure, self.ties, situations, self.as_of)
        gaps = self._gaps(claims, limits, missing_names(results), lacking)
        sure = Sure(self.structure, self.ties, situations, found.paid, self.as_of)
        more = outlook(sure, gaps)
        own = outlook_of_subject(sure, gaps, more, self.packs.parameters)
        figures = Figures(batch.height, found.solved, found.distinct, int(more.is_endless.sum()))
        self.figures += figures
        short = stopped(self.structure, self.ties, situations, found, self.as_of)
        table = self._table(results, found, (more, own), self._why(claims, situations, odd, short))
        return Batch(table, situations, found, more.possible, tuple(short), figures)

    def _refuse_too_great(self, claims: Claims) -> None:
        """See that sums stay far within 64 bits.

        Raises:
            InputError: combination-too-great.
        """
        greatest = [int(amounts.max(initial=0)) for amounts in claims.sure]
        for position, claim in claims.open:
            greatest[position] = max(greatest[position], int(claim.possible.max(initial=0)))
        for policy, fen in zip(self.policies, greatest, strict=True):
            if fen > MOST_FEN:
                yuan, most = f"{fen // 100:,}", f"{MOST_FEN // 100:,}"
                raise InputError([diagnostic("combination-too-great", policy=policy, yuan=yuan, most=most)])

    def _gaps(
        self, claims: Claims, limits: Sequence[Claim], names: Mapping[str, Sequence[str]], lacking: Mapping[str, Sequence[str]]
    ) -> list[Gap]:
        """Return what is open: claims of which more is possible than is sure, and caps."""
        gaps = [
            Gap(position, is_cap=False, claim=claim, names=names[self.policies[position]])
            for position, claim in claims.open
            if not self.structure.is_closed[position]
        ]
        gaps += [
            Gap(place, is_cap=True, claim=limit, names=lacking[self.caps[place]])
            for place, limit in enumerate(limits)
            if limit.is_open.any()
        ]
        return gaps

    # --- caps ------------------------------------------------------------------------------------------------------

    def _limits(self, batch: pl.DataFrame, claims: Claims) -> tuple[tuple[Claim, ...], dict[str, list[str]]]:
        """Return the amounts of the caps, which are worked out where any of their policies may pay; elsewhere they limit nothing."""
        if self.limits is None:
            return (), {}
        members = sorted({position for positions in self.groups for position in positions})
        may_pay = (claims.sure[members] > 0).any(axis=0)
        for position, claim in claims.open:
            if position in members:
                may_pay |= claim.is_possible
        rows = np.flatnonzero(may_pay)
        told = self.limits.decide(batch if len(rows) == batch.height else batch[rows])
        return tuple(_spread(limit, rows, batch.height) for limit in limits_of(told, self.caps)), missing_names(told)

    def _without_odd(self, claims: Claims, limits: Sequence[Claim]) -> tuple[Claims, list["_Odd"]]:
        """Leave out what is limited by a cap that a person has to tell; returns in which rows that takes something away."""
        odd = [
            _Odd(position, self.structure.caps[place].name, limit.is_review & (claims.is_sure[position] | claims.is_unsure[position]))
            for place, limit in enumerate(limits)
            if limit.is_review.any()
            for position in self.groups[place]
        ]
        if not odd:
            return claims, odd
        sure, is_sure, is_unsure = claims.sure.copy(), claims.is_sure.copy(), claims.is_unsure.copy()
        open_ = dict(claims.open)
        for each in odd:
            for array in (sure, is_sure, is_unsure):
                array[each.position, each.rows] = 0
            if each.position in open_:
                open_[each.position] = _not_open(open_[each.position], each.rows)
        return replace(claims, sure=sure, is_sure=is_sure, is_unsure=is_unsure, open=tuple(open_.items())), odd

    # --- words -----------------------------------------------------------------------------------------------------

    def _why(self, claims: Claims, situations: Situations, odd: Sequence["_Odd"], short: Sequence[Stopped]) -> list["_Said"]:
        """Return for each policy why it is not paid in full."""
        said = [_Said(situations.count) for _ in self.policies]
        this_year = received_this_year(self.structure, situations, self.as_of)
        for position in range(len(self.policies)):
            said[position].add(np.flatnonzero(claims.is_review[position]), OPEN)
            said[position].add(np.flatnonzero(claims.is_unsure[position]), UNSURE)
            if self.structure.is_closed[position]:
                gives = claims.sure[position] > 0 if self.structure.is_money[position] else claims.is_sure[position]
                said[position].add(np.flatnonzero(gives), CLOSED)
            if this_year is not None:
                is_less = situations.held[position] & (situations.amounts[position] > 0) & (this_year[position] > 0)
                said[position].add(np.flatnonzero(is_less), RECEIVED)
        for each in odd:
            said[each.position].add(np.flatnonzero(each.rows), CAP_ODD.format(group=each.group))
        for stop in short:
            self._say(said[stop.position], stop)
        return said

    def _say(self, said: "_Said", each: Stopped) -> None:
        for bits in np.unique(each.by).tolist():
            rows = [self.structure.restrictions[place] for at, place in enumerate(each.restrictions) if bits >> at & 1]
            words = JOINED.join(f"{row.rule.value} {row.group}" for row in rows)
            said.add(each.rows[each.by == bits], words)

    def _table(self, results: pa.Table, found: Combined, outlooks: tuple[Outlook, Outlook], why: Sequence["_Said"]) -> pa.Table:
        """Return the columns."""
        decides = []
        for each in outlooks:
            rows: dict[str, list[int]] = {}
            for row, words in each.decides:
                rows.setdefault(words, []).append(row)
            decides.append(_Said(results.num_rows))
            for words, places in sorted(rows.items()):
                decides[-1].add(np.array(places, np.int64), words)
        arrays = [
            results.column(0).cast(pa.string()),
            results.column(1).cast(pa.string()),
            pa.array(found.totals),
            pa.array(outlooks[0].possible),
            *(words.column() for words in decides),
        ]
        for position in range(len(self.policies)):
            arrays += [pa.array(found.paid[position]), pa.array(found.taken[position]), why[position].column()]
        own = {name: value for name, value in (results.schema.metadata or {}).items() if name in KEPT}
        table = pa.Table.from_arrays(arrays, schema=self.schema)
        return sorted_words(table).replace_schema_metadata({**own, **self.schema.metadata})


@dataclass(frozen=True, slots=True)
class _Odd:
    """A policy that is left to a person because of a cap, in some rows."""

    position: int
    """The policy."""
    group: str
    """The group whose cap a person has to tell."""
    rows: Mask
    """The rows in which it would be held, or might be."""


KEPT = (b"zhida.known_at", b"zhida.synthetic", b"zhida.sources", b"zhida.mapping_sha256", b"zhida.query")
"""What entitlements keep of what the results say of the registry."""


class _Said:
    """Words for some rows, gathered one after another."""

    def __init__(self, count: int) -> None:
        self.places: NDArray[np.int32] | None = None
        self.count = count
        self.words: dict[str, int] = {}

    def add(self, rows: Rows, words: str) -> None:
        """Say something of some rows, behind what was said of them before."""
        if not len(rows):
            return
        if self.places is None:
            self.places = np.full(self.count, -1, np.int32)
        before = self.places[rows]
        for place in np.unique(before).tolist():
            first = "" if place < 0 else next(word for word, at in self.words.items() if at == place)
            joined = f"{first}{JOINED}{words}" if first else words
            self.places[rows[before == place]] = self.words.setdefault(joined, len(self.words))

    def column(self) -> pa.Array:
        """Return a column of words; nothing where nothing was said."""
        if self.places is None:
            return pa.DictionaryArray.from_arrays(pa.nulls(self.count, pa.int32()), pa.array([], pa.string()))
        return pa.DictionaryArray.from_arrays(pa.array(self.places, mask=self.places < 0), pa.array(list(self.words), pa.string()))


def _groups_of_caps(structure: Structure) -> tuple[tuple[int, ...], ...]:
    """Return the positions of the policies of each cap."""
    found: dict[int, tuple[int, ...]] = {each.cap: each.members for each in structure.restrictions if each.cap is not None}
    return tuple(found.get(place, ()) for place in range(len(structure.caps)))


def _spread(limit: Claim, rows: Rows, count: int) -> Claim:
    """Return the amounts of a cap in some rows as amounts in all, with no limit elsewhere."""
    if len(rows) == count:
        return limit

    def mask(values: Mask, *, default: bool) -> Mask:
        whole = np.full(count, default, np.bool_)
        whole[rows] = values
        return whole

    def fen(values: Fen) -> Fen:
        whole = np.full(count, NO_LIMIT, np.int64)
        whole[rows] = values
        return whole

    missing = np.zeros((len(limit.missing), count), np.uint64)
    missing[:, rows] = limit.missing
    held = (mask(limit.is_sure, default=True), mask(limit.is_possible, default=True))
    return Claim(
        fen(limit.sure), fen(limit.possible), *held, mask(limit.is_review, default=False), mask(limit.is_endless, default=False), missing
    )


def _not_open(claim: Claim, rows: Mask) -> Claim:
    """Return a claim that is not held in some rows."""
    sure, possible = np.where(rows, 0, claim.sure), np.where(rows, 0, claim.possible)
    return replace(
        claim,
        sure=sure,
        possible=possible,
        is_sure=claim.is_sure & ~rows,
        is_possible=claim.is_possible & ~rows,
        is_endless=claim.is_endless & ~rows,
    )
