"""Near misses of rows that were decided by codes: moved to a line, a row has another code for one fact, and is looked up again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import polars as pl

from zhida.columnar import kernel
from zhida.columnar.answers import HELD, ODD, OPEN
from zhida.columnar.cases import packed
from zhida.columnar.coded_facts import FIRST_CODE, OF_UNKNOWN, CodedFact
from zhida.columnar.coded_policies import CodedPolicy, Decided
from zhida.columnar.columns import Array, Column, Mask, different, distinct, full
from zhida.columnar.frames import ABSENT, read_block, read_column
from zhida.columnar.groups import EXPANDED, members_of
from zhida.columnar.near import NearFinder, NearRows, Tried
from zhida.columnar.near_lines import NearName, Positions
from zhida.columnar.near_values import ValueRows
from zhida.columnar.plan import Fact, Kind
from zhida.columnar.spread import entries_at


class CodedRows(NearRows):
    """Rows that were decided by codes."""

    def __init__(self, finder: NearFinder, policy: CodedPolicy, frame: pl.DataFrame, decided: Decided) -> None:
        """Keep what they came to.

        Args:
            finder: Says what is asked of them.
            policy: Decided them.
            frame: The rows.
            decided: What it said.
        """
        self.finder = finder
        self.policy = policy
        self.frame = frame
        self.decided = decided
        self.endings = entries_at(decided.answers.endings, decided.places)
        self.bad = entries_at(decided.answers.bad, decided.places)
        self.words = policy.settler.executor.vocabulary
        plan = policy.plan
        self.facts = {operation.id: fact for fact in policy.facts if isinstance(operation := plan.operations[fact.place], Fact)}

    def column(self, id_: str, rows: Array) -> Column:
        """Return what some rows have of an input datum or decision."""
        executor = self.policy.settler.executor
        if id_ in self.facts:
            name = self.facts[id_].item.name
            kept = [column for column in (name, name + ABSENT) if column in self.frame.columns]
            return read_column(self.frame.select(kept)[rows], self.facts[id_].item, executor.vocabulary)
        block = read_block(self.frame[rows], self.policy.plan, executor.vocabulary)
        return executor.execute(block).columns[id_]

    def inside(self, name: NearName) -> Mask | None:
        """Return the rows whose value may be near a line; None where that takes more than a look."""
        if name.id in self.policy.plan.facts and name.id not in self.facts:
            return np.zeros(len(self.bad), np.bool_)  # nothing reads it
        fact = self.facts.get(name.id)
        if fact is None or name.scale < name.form.scale or not name.fits or fact.entries.form != name.form:
            return None
        edges, flags = name.merged(name.form.scale)
        edged = CodedFact(fact.place, fact.item, name.form, edges, fact.vocabulary)
        found = edged.encode(self.frame)
        near = np.zeros(FIRST_CODE + len(flags), np.uint8)
        near[FIRST_CODE:] = flags
        inside = kernel.translate(found.codes, near).view(np.bool_)
        return inside if found.bad is None else inside | found.bad

    def cuts(self, name: NearName) -> Array | None:
        """Return the values that are told from those before them."""
        return self.facts[name.id].thresholds if name.id in self.facts else None

    # --- settling again ------------------------------------------------------------------------------------------------

    def tried(self, parts: Sequence[Positions]) -> Tried:
        """Return what rows come to at positions of facts, part after part."""
        rows = np.concatenate([part.rows for part in parts])
        moved = {}
        for fact in self.policy.facts:
            moved[fact.place] = self.decided.codes[fact.place][rows]
        start = 0
        for part in parts:
            fact, stop = self.facts[part.name.id], start + len(part.rows)
            moved[fact.place][start:stop] = FIRST_CODE + np.searchsorted(fact.thresholds, part.values, side="right")
            start = stop
        answer = self.policy.answer
        met = answer.run(moved, len(rows)).astype(np.int64)
        endings = np.array([each.ending for each in answer.answers])[met]
        slow = np.array([each.is_bad for each in answer.answers])[met]
        if self.decided.unfit is not None:
            slow |= self.decided.unfit[rows]
        is_open = np.flatnonzero((endings == OPEN) & ~slow)
        if len(is_open):
            met[is_open] = self.enumerated({place: column[is_open] for place, column in moved.items()}, len(is_open))
        slow |= met < 0
        told = answer.answers
        is_better = np.array([each.ending == HELD for each in told])[met]
        value = self.decided.answers.value
        if value is not None:
            is_status = is_better & (self.endings[rows] == HELD)
            old = full(value.values, len(self.decided.answers.endings))[self.decided.places[rows]]
            if value.form.kind in {Kind.STRING, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE}:
                is_better &= ~is_status | (np.array([(each.value or (0, 1))[0] for each in told])[met] != old)
            else:
                slow |= is_status
        return self.corrected(Tried(is_better, np.zeros(len(rows), np.bool_)), parts, np.flatnonzero(slow))

    def enumerated(self, codes: Mapping[int, Array], rows: int) -> Array:
        """Return for rows that lack facts the answer that all combinations come to; their own where these differ, else -1."""
        policy, answer = self.policy, self.policy.answer
        found = np.full(rows, -1, np.int64)
        lacks = {fact.place: codes[fact.place] == OF_UNKNOWN for fact in policy.facts}
        first, groups = distinct(packed(list(lacks.values()), np.arange(rows)))
        for number, members in enumerate(members_of(groups, len(first))):
            lacking = [fact for fact in policy.facts if lacks[fact.place][first[number]]]
            domains = [domain for fact in lacking if (domain := policy.domain(fact)) is not None]
            if len(domains) < len(lacking) or prod(policy.sizes[fact.place] for fact in lacking) > policy.settler.limit:
                continue
            mesh = [each.ravel() for each in np.meshgrid(*domains, indexing="ij")]
            varied = dict(zip((fact.place for fact in lacking), mesh, strict=True))
            cases = prod(map(len, domains))
            for start in range(0, len(members), max(EXPANDED // cases, 1)):
                some = members[start : start + max(EXPANDED // cases, 1)]
                expanded = {
                    fact.place: np.tile(varied[fact.place].astype(fact.dtype), len(some))
                    if fact.place in varied
                    else np.repeat(codes[fact.place][some], cases)
                    for fact in policy.facts
                }
                met = answer.run(expanded, len(some) * cases).astype(np.int64).reshape(len(some), cases)
                keys: dict[Any, int] = {}
                key_of = np.array([keys.setdefault(each.key, len(keys)) for each in answer.answers])[met]
                is_odd = np.array([each.is_bad or each.ending in {OPEN, ODD} for each in answer.answers])[met].any(axis=1)
                is_same = (key_of == key_of[:, :1]).all(axis=1)
                found[some] = np.where(is_odd, -1, np.where(is_same, met[:, 0], self.undecided))
        return found

    @property
    def undecided(self) -> int:
        """An answer that does not hold, for rows whose combinations come to different answers."""
        return next(number for number, each in enumerate(self.policy.answer.answers) if each.ending == OPEN)

    def corrected(self, tried: Tried, parts: Sequence[Positions], slow: Array) -> Tried:
        """Return what came of positions, some of which are settled value by value."""
        if not len(slow):
            return tried
        ends = np.cumsum([0, *(len(part.rows) for part in parts)])
        some = [part.some(slow[(slow >= start) & (slow < stop)] - start) for part, start, stop in zip(parts, ends, ends[1:], strict=False)]
        source, moved = self.by_values(some)
        again = source.tried([part for part in moved if len(part.rows)])
        tried.is_better[slow], tried.bad[slow] = again.is_better, again.bad
        return tried

    def by_values(self, parts: Sequence[Positions]) -> tuple[ValueRows, list[Positions]]:
        """Return the rows of some positions as rows that were decided value by value, and the positions in these."""
        rows = different(np.concatenate([part.rows for part in parts]))
        settler = self.policy.settler
        block = read_block(self.frame[rows], self.policy.plan, settler.executor.vocabulary)
        results = settler.executor.execute(block)
        source = ValueRows(self.finder, results, settler.settled(block, results))
        return source, [replace(part, rows=np.searchsorted(rows, part.rows)) for part in parts]

    def tried_given(self, part: Positions) -> Tried:
        """Return what rows come to at positions of a decision."""
        source, (moved,) = self.by_values([part])
        return source.tried_given(moved)
