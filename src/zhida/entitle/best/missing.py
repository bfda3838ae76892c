"""What decides: the missing fact that raises the best sum most, if it turns out well; else the smallest set of facts that does.

    open claims, and caps ──what each lacks──> one fact: all that lack nothing else become possible ──> the sum again
                                               several: unions of what is lacked, the fewest facts first, then by name

A claim that may give more than is known (its possible amounts have no end) counts as more than any sum. A parameter that the place
has not filled in counts like a fact; as no subject can tell it, what decides among the facts of the subject is told beside it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zhida.entitle.best.claims import WORD_BITS, Claim, Words
from zhida.entitle.best.filling import raised_sums
from zhida.entitle.best.situations import Fen, Mask, Rows, Situations
from zhida.entitle.best.supports import Tie
from zhida.entitle.stacking.structure import Structure
from zhida.values.temporal import Date

JOINED = "、"
"""Stands between facts that decide together."""

MOST_UNIONS = 500
"""Unions of missing facts that are tried for rows that lack the same; with more, all that is missing is told."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A claim, or a cap, that is open in some rows."""

    place: int
    """The position of the policy, or the place of the cap."""
    is_cap: bool
    """Whether it is a cap."""
    claim: Claim
    """What is sure and what is possible, in the rows that are looked at."""
    names: Sequence[str]
    """The names of the bits of what it lacks."""

    def take(self, rows: Rows) -> "Gap":
        """Return some rows."""
        return replace(self, claim=self.claim.take(rows))

    def without(self, names: Collection[str]) -> "Gap":
        """Return the gap as it is where nobody tells some of what may be lacking: closed in the rows that lack any of it."""
        bits = np.zeros((len(self.claim.missing), 1), np.uint64)
        for place, name in _named(self.claim.missing, self.names):
            if name in names:
                bits[place // WORD_BITS] |= np.uint64(1 << place % WORD_BITS)
        if not bits.any():
            return self
        lacks: Mask = np.logical_or.reduce((self.claim.missing & bits) != 0, axis=0)
        return replace(self, claim=self.claim.closed(lacks))


def one_gap(  # noqa: PLR0913 - each says one thing about the row
    place: int, fen: tuple[int, int], held: tuple[bool, bool], missing: Sequence[str], *, is_cap: bool, is_endless: bool
) -> Gap:
    """Return a gap of one row.

    Args:
        place: The position of the policy, or the place of the cap.
        fen: What it gives for sure, and what it gives at most.
        held: Whether it is held for sure, and whether it may be held.
        missing: What it lacks.
        is_cap: Whether it is a cap.
        is_endless: Whether it may give more than is known.
    """
    names = sorted(missing)
    bits = [sum(1 << bit for bit in range(len(names[start : start + WORD_BITS]))) for start in range(0, len(names) or 1, WORD_BITS)]
    words = np.array(bits, np.uint64).reshape(-1, 1)
    sure, possible = (np.array([each], np.int64) for each in fen)
    is_sure, is_possible, is_review, endless = (np.array([each], np.bool_) for each in (*held, False, is_endless))
    return Gap(place, is_cap, Claim(sure, possible, is_sure, is_possible, is_review, endless, words), names)


@dataclass(frozen=True, slots=True)
class Sure:
    """What is sure of the rows that are looked at."""

    structure: Structure
    """What binds the policies together."""
    ties: Sequence[Tie]
    """Its ties."""
    situations: Situations
    """What is held for sure."""
    paid: Fen
    """(policies, rows): the best combinations of that."""
    as_of: Date
    """The day."""

    def raised(self, gaps: Sequence[tuple[Gap, Mask]]) -> Fen:
        """Return the best sum of each row if some claims turned out well where a mask says so."""
        amounts, held, caps = self.situations.amounts.copy(), self.situations.held.copy(), self.situations.caps.copy()
        for gap, well in gaps:
            if gap.is_cap:
                caps[gap.place] = np.where(well, gap.claim.possible, caps[gap.place])
            else:
                amounts[gap.place] = np.where(well, gap.claim.possible, amounts[gap.place])
                held[gap.place] |= well & gap.claim.is_possible
        changed = replace(self.situations, amounts=amounts, held=held, caps=caps)
        positions = {gap.place for gap, _ in gaps if not gap.is_cap}
        limits = {gap.place for gap, _ in gaps if gap.is_cap}
        return raised_sums(self.structure, self.ties, changed, self.paid, (positions, limits), self.as_of)

    def take(self, rows: Rows) -> "Sure":
        """Return some rows."""
        return replace(self, situations=self.situations.take(rows), paid=self.paid[:, rows])


@dataclass(frozen=True, slots=True)
class Outlook:
    """What more is possible than is sure."""

    possible: Fen
    """The best sum of each row if everything turned out well."""
    is_endless: Mask
    """Whether even more may be possible than is known."""
    decides: tuple[tuple[int, str], ...]
    """The rows of which more is possible, ascending, with the fact that decides, or several joined by `、`."""


def outlook(sure: Sure, gaps: Sequence[Gap]) -> Outlook:
    """Return what more is possible, and which fact decides.

    Args:
        sure: What is sure.
        gaps: What is open in any row.
    """
    possible, nobody = sure.paid.sum(axis=0), np.zeros(sure.situations.count, np.bool_)
    is_endless: Mask = np.logical_or.reduce([nobody, *(gap.claim.is_endless for gap in gaps if not gap.is_cap)])
    rows = np.flatnonzero(np.logical_or.reduce([nobody, *(gap.claim.is_open for gap in gaps)]))
    if not len(rows):
        return Outlook(possible, is_endless, ())
    some, own = sure.take(rows), [gap.take(rows) for gap in gaps]
    sums = some.raised([(gap, gap.claim.is_open) for gap in own])
    kept = np.flatnonzero((sums > possible[rows]) | is_endless[rows])
    possible[rows] = sums
    words = deciding(some.take(kept), [gap.take(kept) for gap in own]) if len(kept) else []
    return Outlook(possible, is_endless, tuple(zip(rows[kept].tolist(), words, strict=True)))


def outlook_of_subject(sure: Sure, gaps: Sequence[Gap], whole: Outlook, parameters: Collection[str]) -> Outlook:
    """Return the same as far as the subject's own facts go: no parameter that the place has not filled in is ever told.

    Args:
        sure: What is sure.
        gaps: What is open in any row.
        whole: What more is possible with the parameters.
        parameters: The names of the parameters.
    """
    own = [gap.without(parameters) for gap in gaps]
    return whole if all(one is other for one, other in zip(own, gaps, strict=True)) else outlook(sure, own)


def deciding(sure: Sure, gaps: Sequence[Gap]) -> list[str]:
    """Return for each row the fact that decides, or several joined by `、`; empty where nothing does.

    Args:
        sure: What is sure, in rows in which more is possible.
        gaps: What is open in any of them.
    """
    count = sure.situations.count
    base = sure.paid.sum(axis=0)
    found = np.full(count, -1, np.int64)
    most, endless = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    single = _singles(gaps)
    names = sorted(single)
    for place, name in enumerate(names):
        rows = np.flatnonzero(np.logical_or.reduce([mask for _, mask in single[name]]))
        part = sure.take(rows)
        gains = part.raised([(gap.take(rows), mask[rows]) for gap, mask in single[name]]) - base[rows]
        opens = np.logical_or.reduce([mask[rows] & gap.claim.is_endless[rows] & (not gap.is_cap) for gap, mask in single[name]])
        is_more = (opens & ~endless[rows]) | ((opens == endless[rows]) & (gains > most[rows]))
        better = rows[is_more]
        most[better], endless[better], found[better] = gains[is_more], opens[is_more], place
    words = [names[place] if place >= 0 else "" for place in found.tolist()]
    for rows, sets in _alike(gaps, np.flatnonzero(found < 0)):
        for row, said in _together(sure, gaps, rows, sets):
            words[row] = said
    return words


def _singles(gaps: Sequence[Gap]) -> Mapping[str, list[tuple[Gap, Mask]]]:
    """Return for each fact what lacks it alone, and in which rows."""
    found: dict[str, list[tuple[Gap, Mask]]] = {}
    for gap in gaps:
        words = gap.claim.missing
        is_one = gap.claim.is_open & (np.bitwise_count(words).sum(axis=0) == 1)
        if not is_one.any():
            continue
        for place, name in _named(words[:, is_one], gap.names):
            found.setdefault(name, []).append((gap, is_one & (words[place // WORD_BITS] == np.uint64(1 << place % WORD_BITS))))
    return found


def _named(words: Words, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the places and the names of the bits that are set in any row."""
    used = [int(word) for word in np.bitwise_or.reduce(words, axis=1)]
    told = names[: len(used) * WORD_BITS]  # a claim that is open in no row has one word, however many names there are
    return ((place, name) for place, name in enumerate(told) if used[place // WORD_BITS] >> place % WORD_BITS & 1)


Lacks = tuple[frozenset[str] | None, ...]
"""What each gap lacks in some rows; None where it is not open."""


def _alike(gaps: Sequence[Gap], rows: Rows) -> Iterable[tuple[Rows, Lacks]]:
    """Yield rows whose claims lack the same, with what each lacks."""
    if not len(rows):
        return
    is_open = [gap.claim.is_open for gap in gaps]  # once: each is as long as the batch, and there are many parts
    columns = [
        np.where(opened[rows], word[rows], np.uint64(0)) for gap, opened in zip(gaps, is_open, strict=True) for word in gap.claim.missing
    ]
    columns += [opened[rows].astype(np.uint64) for opened in is_open]
    order: NDArray[np.int64] = np.lexsort(columns)
    stacked = np.stack(columns)[:, order]
    changes = np.flatnonzero((np.diff(stacked, axis=1) != 0).any(axis=0)) + 1
    for part in np.split(order, changes):
        row = int(rows[part[0]])
        yield rows[part], tuple(frozenset(_names(gap, row)) if opened[row] else None for gap, opened in zip(gaps, is_open, strict=True))


def _names(gap: Gap, row: int) -> Iterable[str]:
    return (name for _, name in _named(gap.claim.missing[:, row : row + 1], gap.names))


def _together(sure: Sure, gaps: Sequence[Gap], rows: Rows, lacks: Lacks) -> Iterable[tuple[int, str]]:
    """Yield for each of some rows, whose claims lack the same, the smallest set of facts that raises the sum."""
    unions: set[frozenset[str]] = {frozenset()}
    for lack in lacks:
        if lack is not None and len(unions) <= MOST_UNIONS:
            unions |= {union | lack for union in unions}
    everything = frozenset().union(*(lack for lack in lacks if lack))
    ordered = sorted(unions - {frozenset()}, key=lambda union: (len(union), sorted(union)))
    if len(unions) > MOST_UNIONS:
        ordered = []
    for union in ordered:
        if not len(rows):
            return
        part = sure.take(rows)
        own = [gap.take(rows) for gap, lack in zip(gaps, lacks, strict=True) if lack is not None and lack <= union]
        raised = part.raised([(gap, np.ones(len(rows), np.bool_)) for gap in own]) > part.paid.sum(axis=0)
        raised |= np.logical_or.reduce([np.zeros(len(rows), np.bool_), *(gap.claim.is_endless & (not gap.is_cap) for gap in own)])
        yield from ((row, JOINED.join(sorted(union))) for row in rows[raised].tolist())
        rows = rows[~raised]
    yield from ((row, JOINED.join(sorted(everything))) for row in rows.tolist())
