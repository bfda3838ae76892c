"""Two runs, held against each other range by range: notices as they are found, and what they come to.

    former ─┐                ┌─ pair ─┐
            ├─ range of keys ┼─ pair ─┼──> notices of the range, by key, then policy ──> next range
    now ────┘                └─ pair ─┘         └──> Tally

The pairs of a range are compared in threads; what comes out depends on the runs, the packs and the words alone.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from zhida.entitle.notices.changes import OUTCOMES, Aligned, align, changes_of, facts_changed, side_of
from zhida.entitle.notices.coverage import PolicyCoverage, coverage_of
from zhida.entitle.notices.pairs import Pair
from zhida.entitle.notices.runs import NAME, Cut, Run
from zhida.entitle.notices.told import EVENTS, HEADS, KIND, Kind, PairNotices, Teller, notices_of
from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.values.temporal import to_days


@dataclass(slots=True)
class PairTally:
    """What the notices of one policy come to."""

    pair: Pair
    """The policy."""
    coverage: PolicyCoverage
    """How its entitlements go out today."""
    coverage_before: PolicyCoverage
    """How they went out in the former run."""
    counts: Counter[Kind] = field(default_factory=Counter)
    """Its notices by kind."""
    more_fen: int = 0
    """By how much amounts are greater, those that are new among them."""
    less_fen: int = 0
    """By how much they are less, those that are lost among them."""

    @property
    def notices(self) -> int:
        """How many notices there are."""
        return sum(self.counts.values())


@dataclass(slots=True)
class Tally:
    """What all notices come to."""

    rows: tuple[PairTally, ...]
    """One for each policy."""
    subjects: int = 0
    """Subjects of the run of today."""
    former_subjects: int = 0
    """Subjects of the former run."""
    told: int = 0
    """Subjects that have a notice."""
    changed: int = 0
    """Those of them that have another answer; of the others a window alone is told."""

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> "Tally":
        """Return the tally of nothing yet."""

        def nothing(pair: Pair) -> PolicyCoverage:
            return PolicyCoverage(pair.policy, pair.title, pair.way_ordered)

        return cls(tuple(PairTally(pair, nothing(pair), nothing(pair)) for pair in pairs))

    @property
    def notices(self) -> int:
        """How many notices there are."""
        return sum(row.notices for row in self.rows)


def findings(former: Run, now: Run, pairs: Sequence[Pair]) -> tuple[Diagnostic, ...]:
    """Return what should be known of two runs before they are compared.

    Codes: notices-order, notices-text-differs.

    Raises:
        InputError: notices-keys-differ.
    """
    if former.key != now.key:
        raise InputError([diagnostic("notices-keys-differ", None, former=former.key, now=now.key)])
    found = []
    if to_days(former.as_of) > to_days(now.as_of):
        found.append(diagnostic("notices-order", None, former=former.as_of, now=now.as_of))
    lacking = [pair.policy for pair in pairs if pair.model is None and pair.now]
    if lacking:
        found.append(diagnostic("notices-text-differs", None, names="、".join(lacking)))
    return tuple(found)


def notices_between(  # noqa: PLR0913, PLR0917 - each says one thing
    former: Run,
    now: Run,
    teller: Teller,
    tally: Tally,
    threads: int = 1,
    tell: Callable[[int], None] = lambda _: None,
) -> Iterator[pl.DataFrame]:
    """Yield the notices by ranges of keys: the key, `HEADS` and `KIND`, sorted by key and then by policy, as the pairs are.

    Args:
        former: The run before.
        now: The run of today.
        teller: The words.
        tally: The policies, as they are compared; adds up what is found.
        threads: How many pairs are compared at a time.
        tell: Told of the subjects of today of each range that is done.

    Raises:
        InputError: results-unreadable, where a part cannot be read.
    """
    bounds: list[str | None] = [stretch.high for stretch in max((now, former), key=lambda run: len(run.stretches)).stretches]
    bounds[-1:] = [None]
    low: str | None = None
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        for high in bounds or [None]:
            cuts = former.cut(low, high), now.cut(low, high)
            yield _range(_Range((former, now), cuts, align(*cuts), teller), tally, pool)
            tell(len(cuts[1].keys))
            low = high


@dataclass(frozen=True, slots=True)
class _Range:
    """The rows of both runs between two keys."""

    runs: tuple[Run, Run]
    """The former run and that of today."""
    cuts: tuple[Cut, Cut]
    """Their rows."""
    aligned: Aligned
    """The keys of both."""
    teller: Teller
    """The words."""

    def compare(self, pair: Pair, facts: np.ndarray | None) -> tuple[PairNotices | None, PolicyCoverage, PolicyCoverage]:
        """Return the notices of a pair, and how its entitlements go out today and went out before."""
        vocabulary = dict(OUTCOMES)
        former, now = self.cuts
        then, today = self.runs
        before = side_of(former, then, pair.former, pair.former_bits, pair, self.aligned.former, vocabulary)
        after = side_of(now, today, pair.now, pair.now_bits, pair, self.aligned.now, vocabulary)
        changes = changes_of(pair, before, after, vocabulary, facts)
        coverages = (coverage_of(pair, side, vocabulary) for side in (after, before))
        return notices_of(pair, changes, self.teller), *coverages  # type: ignore[return-value]  # these are two

    def names(self) -> pl.Series:
        """Return what the subjects are called: as today, or, where they are gone, as before."""
        found = pl.DataFrame({"key": self.aligned.keys})
        for place in (1, 0):
            cut = self.cuts[place]
            table = cut.read([NAME])
            texts = pl.Series(pl.from_arrow(table.column(0)), dtype=pl.String) if table.num_columns else pl.Series([None] * len(cut.keys))
            named = pl.DataFrame({"key": cut.keys, f"name {place}": texts.cast(pl.String)})
            found = found.join(named, on="key", how="left", maintain_order="left")
        return found.select(pl.coalesce("name 1", "name 0").alias(NAME))[NAME]


def _range(range_: _Range, tally: Tally, pool: ThreadPoolExecutor) -> pl.DataFrame:
    """Return the notices of a range of keys, counted."""
    facts = facts_changed(*range_.cuts, range_.runs, range_.aligned)
    frames = []
    compared = pool.map(lambda row: range_.compare(row.pair, facts), tally.rows)
    for place, (row, (found, after, before)) in enumerate(zip(tally.rows, compared, strict=True)):
        row.coverage.add(after)
        row.coverage_before.add(before)
        if found is not None:
            row.counts.update(found.counts)
            row.more_fen += found.more_fen
            row.less_fen += found.less_fen
            frames.append(found.frame.with_columns(pl.lit(place, pl.Int32).alias("pair")))
    tally.former_subjects += len(range_.cuts[0].keys)
    tally.subjects += len(range_.cuts[1].keys)
    key = range_.runs[1].key
    if not frames:
        return pl.DataFrame(schema=schema(key))
    together = pl.concat(frames).sort("row", "pair")
    tally.told += together["row"].n_unique()
    tally.changed += together.filter(~pl.col(KIND).is_in(list(EVENTS.values())))["row"].n_unique()
    rows = together["row"]
    named = together.with_columns(range_.aligned.keys.gather(rows).alias(key), range_.names().gather(rows).alias(NAME))
    return named.select(key, *HEADS, KIND)


def schema(key: str) -> dict[str, pl.DataType]:
    """Return the columns of notices and their types."""
    texts = dict.fromkeys((key, *HEADS, KIND), pl.String())
    return {name: pl.Decimal(38, 2) if name == "增减（元）" else type_ for name, type_ in texts.items()}
