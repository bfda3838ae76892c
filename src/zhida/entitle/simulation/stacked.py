"""What is left after stacking, on both sides, worked out only where it can differ.

    before: who gets anything          after: of these, rows of which anything differs; for all others what is left is what was left before

The latter holds where the same policies are tied by the same rows of stacking up to the same amounts; else it is worked out twice. Of
whom no policy gives anything for sure, nothing is left: nobody has to work that out.
"""

import json
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from zhida.entitle.simulation.deciding import sure_and_possible
from zhida.entitle.simulation.scenario import Scenario
from zhida.entitle.stacking.structure import MONEY, Structure, structure_of
from zhida.feel.syntax import free_names
from zhida.policy.pack import Packs
from zhida.policy.stacking import Cap
from zhida.values.temporal import Date

WORDS = ("outcome", "possible", "delivery")
NUMBERS = ("amount_fen", "low_fen", "high_fen", "missing")
"""The cells of a policy that what is left of it rests on; further bits of missing facts among them."""

MOST_ROWS = 2
"""Where one row of so many differs, everybody is worked out again: to look for the others is no longer worth it."""


class Combining(Protocol):
    """What says how much of what policies give is left where they may not all be enjoyed together."""

    def decide(self, batch: pl.DataFrame, results: pa.Table) -> pa.Table:
        """Return for each row `<policy>:paid_fen`.

        Args:
            batch: The rows.
            results: What the policies say of them, as `zhida.assess.columns` tells it.
        """
        ...

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        ...


OpenCombining = Callable[[Packs, Sequence[str], Date, str], Combining]
"""Makes one for some policies of packs on a day; last comes the attribute that names a subject."""


class Stacked:
    """What is left on both sides; one thread at a time may use it."""

    def __init__(self, scenario: Scenario, open_: OpenCombining, key: str) -> None:
        """Make everything ready that does not depend on rows."""
        self.scenario = scenario
        self.policies = scenario.policies(is_after=False)
        sides = ((scenario.before, self.policies), (scenario.after, scenario.policies(is_after=True)))
        self.before, self.after = (Left(open_(packs, policies, scenario.as_of, key), packs, policies) for packs, policies in sides)
        self.is_alike = is_alike(scenario)

    def left(self, frames: tuple[pl.DataFrame, pl.DataFrame], tables: tuple[pa.Table, pa.Table]) -> tuple[pa.Table, pa.Table]:
        """Return for each side `<policy>:paid_fen` of each row.

        Args:
            frames: The rows, as each side reads them.
            tables: The results of each side.
        """
        before = self.before.of(frames[0], tables[0])
        differs = differing(tables, [each.policy for each in self.scenario.touched]) if self.is_alike else None
        if differs is None or int(differs.sum()) * MOST_ROWS > len(differs):
            return before, self.after.of(frames[1], tables[1])
        places = np.flatnonzero(differs)
        some = self.after.of(frames[1][places], tables[1].take(pa.array(places)))
        return before, _written_over(before, some, places)

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        self.before.combining.keep()
        self.after.combining.keep()


class Left:
    """What is left after stacking with some packs; one thread at a time may use it."""

    def __init__(self, combining: Combining, packs: Packs, policies: Sequence[str]) -> None:
        """Keep what says how much is left, and which policies give money."""
        self.combining, self.policies = combining, policies
        self.money = tuple(policy for policy in policies if packs.policies[policy].front.gives in MONEY)

    def of(self, frame: pl.DataFrame, table: pa.Table) -> pa.Table:
        """Return `<policy>:paid_fen` of each row; worked out for those to whom any policy gives something for sure."""
        gets = np.zeros(table.num_rows, np.bool_)
        for policy in self.money:
            gets |= sure_and_possible(table, policy)[0] > 0
        places = np.flatnonzero(gets)
        nothing = pa.array(np.zeros(table.num_rows, np.int64))
        left = pa.table({f"{policy}:paid_fen": nothing for policy in self.policies})
        if not len(places):
            return left
        if len(places) == table.num_rows:
            return self.combining.decide(frame, table).select(left.column_names)
        return _written_over(left, self.combining.decide(frame[places], table.take(pa.array(places))), places)


def _written_over(table: pa.Table, some: pa.Table, places: NDArray[np.int64]) -> pa.Table:
    """Return a table of integers in which some rows are others."""
    columns = {}
    for name in table.column_names:
        values = table.column(name).to_numpy().copy()
        values[places] = some.column(name).to_numpy()
        columns[name] = pa.array(values)
    return pa.table(columns)


def is_alike(scenario: Scenario) -> bool:
    """Say whether both sides tie the same policies by the same rows up to amounts that no change can move."""
    sides = [(packs, scenario.policies(is_after=bool(place))) for place, packs in enumerate((scenario.before, scenario.after))]
    if sides[0][1] != sides[1][1] or scenario.groups:
        return False
    if _ties(structure_of(*sides[0], scenario.as_of)) != _ties(structure_of(*sides[1], scenario.as_of)):
        return False
    moved = {name for name, _, _ in scenario.figures}
    for each in scenario.touched:
        for packs, _ in sides:
            moved |= set(packs.policies[each.policy].published)
    moved |= set(scenario.dictionary.statistics)
    caps = [group.figure for group in scenario.before.stacking if isinstance(group.figure, Cap)]
    return not any(name.name in moved for cap in caps for name in free_names(cap.node))


def _ties(structure: Structure) -> tuple[object, ...]:
    dates = tuple(str(each) for each in structure.deadlines)
    return structure.sha256, structure.is_money, structure.is_public_funds, dates, structure.is_closed, structure.versions


def differing(tables: tuple[pa.Table, pa.Table], policies: Sequence[str]) -> NDArray[np.bool_] | None:
    """Return the rows of which some policies say something else on one side; None where that cannot be told row by row."""
    missing = [json.loads((table.schema.metadata or {}).get(b"zhida.missing", b"{}")) for table in tables]
    found = np.zeros(tables[0].num_rows, np.bool_)
    for policy in policies:
        if missing[0].get(policy) != missing[1].get(policy):
            return None
        for name in tables[0].column_names:
            head, _, cell = name.removeprefix(f"{policy}:").partition(":")
            if not name.startswith(f"{policy}:") or head not in WORDS + NUMBERS or (cell and head != "missing"):
                continue
            columns = [table.column(name) for table in tables]
            if head in WORDS:
                found |= np.not_equal(*_codes(columns))
            else:
                left, right = (column.fill_null(0).to_numpy() for column in columns)
                found |= left != right
    return found


def _codes(columns: Sequence[pa.ChunkedArray]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the words of both columns as numbers, the same word with the same number; -1 for none."""
    numbers: dict[str, int] = {}
    found = []
    for column in columns:
        chunks = []
        for chunk in column.chunks:
            places = np.array([numbers.setdefault(word, len(numbers)) for word in chunk.dictionary.to_pylist()] + [-1], np.int64)
            chunks.append(places[chunk.indices.fill_null(len(places) - 1).to_numpy(zero_copy_only=False)])
        found.append(np.concatenate(chunks) if chunks else np.zeros(0, np.int64))
    return found[0], found[1]
