"""Notices as rows: what changed for whom, each with the sentence that changed.

    Changes ──each kind once──> Teller.tell ──> sentences with marks where an amount stands ──each row──> frame

How a change is worded is given from outside (`zhida.report.notices`), once for each kind; amounts are put in for each row.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from zhida.assess.assessment import Outcome
from zhida.entitle.notices.changes import Change, Changes
from zhida.entitle.notices.pairs import Event, Pair
from zhida.entitle.notices.runs import NAME, NO_NUMBER


class Kind(StrEnum):
    """What a notice is about; what a subject gains comes first."""

    GAINED = "gained"
    MORE = "more"
    STATUS = "status"
    LACKING = "lacking"
    LESS_LACKING = "less-lacking"
    OPENED = "opened"
    CLOSING = "closing"
    WAY = "way"
    POSSIBLE = "possible"
    REVIEW = "review"
    LESS = "less"
    LOST = "lost"
    REFUSED = "refused"
    OUT_OF_SCOPE = "out-of-scope"
    CLOSED = "closed"


EVENTS: Mapping[Event, Kind] = {Event.OPENED: Kind.OPENED, Event.CLOSING: Kind.CLOSING, Event.CLOSED: Kind.CLOSED}
"""The kinds of what becomes of a window."""


def kind_of(change: Change) -> Kind:
    """Return what a change is about."""
    former, now = change.former, change.now
    if change.event is not None:
        return EVENTS[change.event]
    was = None if former is None else former.outcome
    if now is None:
        return Kind.LOST if was is Outcome.ELIGIBLE else Kind.OUT_OF_SCOPE
    match now.outcome:
        case Outcome.ELIGIBLE if former is None or was is not Outcome.ELIGIBLE:
            return Kind.GAINED
        case Outcome.ELIGIBLE:
            assert former is not None, "it was eligible"
            if former.result != now.result:
                return Kind.STATUS
            return Kind.MORE if change.amounts > 0 else Kind.LESS if change.amounts < 0 else Kind.WAY
        case Outcome.REVIEW:
            return Kind.REVIEW
        case Outcome.UNDETERMINED:
            if now.is_nothing and former is not None and not former.is_nothing:
                return Kind.LOST if was is Outcome.ELIGIBLE else Kind.REFUSED
            if former is None or was is not Outcome.UNDETERMINED:
                return Kind.LACKING
            if former.missing != now.missing:
                return Kind.LESS_LACKING if set(now.missing) < set(former.missing) else Kind.LACKING
            return Kind.WAY if former.delivery != now.delivery else Kind.POSSIBLE
    if was is Outcome.ELIGIBLE:
        return Kind.LOST
    return Kind.REFUSED if now.outcome is Outcome.INELIGIBLE else Kind.OUT_OF_SCOPE


# --- words ---------------------------------------------------------------------------------------------------------

NOW, BEFORE, LOW, HIGH, LOW_BEFORE, HIGH_BEFORE, BY = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07"
"""Marks that stand in a sentence for the amount, the former amount, what is possible at least and at most now and before, and the
difference."""

MARKS = re.compile("([\x01-\x07])")
"""Finds them."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a change; amounts are marks."""

    about: str
    """What it is about."""
    causes: str
    """What differs between the runs."""
    before: str
    """What was said before."""
    now: str
    """What is said now."""
    sentence: str
    """The notice."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Words for changes, in one language."""

    tell: Callable[[Change, Kind], Told]
    """Words a change."""
    amount: Callable[[int], str]
    """Words an amount of fen."""


TEXTS = {"事由": "about", "变动": "causes", "原来": "before", "现在": "now", "通知语": "sentence"}
"""The columns of words of a notice, and what of `Told` stands in each."""

CHANGE = "增减（元）"
"""The column of how much more there is, or less."""

HEADS = (NAME, "政策", "政策名称", "事由", "变动", "原来", "现在", CHANGE, "通知语")
"""The columns of a notice, after the key."""

KIND = "kind"
"""The column of what a notice is about, as a code."""


@dataclass(frozen=True, slots=True)
class PairNotices:
    """The notices of one pair in one range of keys."""

    frame: pl.DataFrame
    """`row`, `HEADS` but the name, and `KIND`."""
    counts: Mapping[Kind, int]
    """How many there are of each kind."""
    more_fen: int
    """By how much amounts are greater, those that are new among them."""
    less_fen: int
    """By how much they are less, those that are lost among them."""


def notices_of(pair: Pair, changes: Changes, teller: Teller) -> PairNotices | None:
    """Return the notices of a pair; None where nothing changed.

    Args:
        pair: The policy.
        changes: What changed.
        teller: The words.
    """
    if not len(changes.rows):
        return None
    kinds = [kind_of(change) for change in changes.kinds]
    told = [teller.tell(change, kind) for change, kind in zip(changes.kinds, kinds, strict=True)]
    places = pl.Series(changes.kind_of)
    amounts = {mark: changes.now[cell] for mark, cell in ((NOW, "amount_fen"), (LOW, "low_fen"), (HIGH, "high_fen"))}
    amounts |= {mark: changes.former[cell] for mark, cell in ((BEFORE, "amount_fen"), (LOW_BEFORE, "low_fen"), (HIGH_BEFORE, "high_fen"))}
    amounts = {mark: np.where(values == NO_NUMBER, 0, values) for mark, values in amounts.items()}
    difference = amounts[NOW] - amounts[BEFORE]
    amounts[BY] = np.abs(difference)
    texts = {head: _filled([getattr(each, name) for each in told], places, amounts, teller) for head, name in TEXTS.items()}
    counted = np.bincount(changes.kind_of, minlength=len(kinds)).tolist()
    counts: dict[Kind, int] = {}
    for kind, count in zip(kinds, counted, strict=True):
        counts[kind] = counts.get(kind, 0) + count
    frame = pl.DataFrame({
        "row": changes.rows,
        "政策": pl.repeat(pair.policy, len(places), eager=True),
        "政策名称": pl.repeat(pair.title, len(places), eager=True),
        **texts,
        CHANGE: _yuan(pl.Series(difference)),
        KIND: pl.Series([kind.value for kind in kinds], dtype=pl.String).gather(places),
    })  # fmt: skip
    return PairNotices(frame, counts, _sum(difference[difference > 0]), -_sum(difference[difference < 0]))


def _sum(values: np.ndarray) -> int:
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _yuan(fen: pl.Series) -> pl.Series:
    """Return integer fen as yuan with two decimals; null where there is no difference."""
    yuan = pl.col("fen").cast(pl.Decimal(38, 2)).truediv(pl.lit(100)).cast(pl.Decimal(38, 2))
    return fen.to_frame("fen").select(pl.when(pl.col("fen") != 0).then(yuan).alias("fen"))["fen"]


def _filled(texts: Sequence[str], places: pl.Series, amounts: Mapping[str, np.ndarray], teller: Teller) -> pl.Series:
    """Return the text of each row, its marks replaced by its amounts."""
    if not any(mark in text for text in texts for mark in amounts):
        return pl.Series(texts, dtype=pl.String).gather(places)
    cut = [[part for part in re.split(MARKS, text) if part] for text in texts]
    most = max(map(len, cut))
    columns = []
    for place in range(most):
        parts = [parts[place] if place < len(parts) else "" for parts in cut]
        columns.append(_part(parts, places, amounts, teller).alias(str(place)))
    return pl.DataFrame(columns).select(pl.concat_str(pl.all()).alias("text"))["text"]


def _part(parts: Sequence[str], places: pl.Series, amounts: Mapping[str, np.ndarray], teller: Teller) -> pl.Series:
    """Return one part of the text of each row: words, or an amount where a mark stands."""
    found = pl.Series(["" if part in amounts else part for part in parts], dtype=pl.String).gather(places)
    for mark in sorted(amounts.keys() & set(parts)):
        rows = pl.Series([part == mark for part in parts]).gather(places)
        values = pl.Series(amounts[mark]).filter(rows)
        met = values.unique()
        words = pl.Series([teller.amount(fen) for fen in met.to_list()], dtype=pl.String)
        found = found.scatter(rows.arg_true(), values.replace_strict(met, words))
    return found
