"""The ranked lists of a whole registry, block by block: outcomes, who has what, steps, ranked.

    registry ──block──> outcomes (results, or decided here) + who has it + steps ──Ranker of each goal──> Ranking

Memory is that of a block and of what is listed. Invariant: the lists do not depend on the size of blocks or on threads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.assess.agreement import WHAT_REGISTRY, other_run
from zhida.assess.columns import NAME, RegistryColumns, open_run
from zhida.assess.order import NAME_ATTRIBUTE
from zhida.entitle.next.finder import StepFinder
from zhida.entitle.next.ladder import Goal
from zhida.entitle.next.ranked import DISTRICT, STREET, Ranker, Ranking
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.results import result_files
from zhida.values.temporal import Date

BLOCK = 100_000
"""Subjects that are looked at together."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of a registry."""

    rankings: tuple[Ranking, ...]
    """One for each goal."""
    interpreted: int
    """Rows whose steps were sought one by one."""
    taken: tuple[str, ...]
    """Policies whose answers were taken from results."""
    diagnostics: tuple[Diagnostic, ...]
    """Why the answers of others could not be: results-of-another-run."""


def ranked_lists(  # noqa: PLR0913 - each says one thing about the lists
    packs: Packs,
    goals: Sequence[Goal],
    registry: Registry,
    *,
    as_of: Date,
    results: Path | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Lists:
    """Return who is how near to each goal.

    Args:
        packs: The packs, as `zhida.entitle.next.ladder.with_rungs` made them.
        goals: The goals.
        registry: The registry, with what is computed of all subjects.
        as_of: The day.
        results: Results of the same registry; what they do not have, or have of another run, is decided here.
        advance: Told how many subjects are done.

    Raises:
        CompileError: a policy has errors.
        InputError: file-not-found, results-unreadable.
    """
    policies = [goal.policy for goal in goals]
    others = {policy: other_run(packs, policy, registry, as_of=as_of, results=results) for policy in policies} if results else {}
    taken = [policy for policy in others if others[policy] is None]
    kept = _kept(results, taken, registry) if results is not None and taken else {}
    if len(kept) < len(taken):
        what_zh, what = WHAT_REGISTRY
        others[taken[0]] = diagnostic("results-of-another-run", None, name=results, what=what, what_zh=what_zh)
    taken = list(kept)
    run = open_run(packs, [policy for policy in policies if policy not in kept], as_of=as_of, key=registry.key)
    rungs = [goal.held_by for goal in goals if goal.held_by]
    having = open_run(packs, rungs, as_of=as_of, key=registry.key)
    finder = StepFinder(packs, policies, as_of=as_of)
    rankers = [Ranker(goal, packs.model_of(goal.policy, as_of)) for goal in goals]
    for start in range(0, len(registry), BLOCK):
        batch = registry.frame.slice(start, BLOCK)
        answers = _answers(run, kept, batch, start)
        held = having.decide(batch)
        found = finder.find(batch, answers)
        subjects = _subjects(batch, registry.key)
        for ranker in rankers:
            has = held.column(f"{ranker.goal.held_by}:result").to_pylist() if ranker.goal.held_by else None
            ranker.add(subjects, answers.column(f"{ranker.goal.policy}:outcome").to_pylist(), has, found)
        advance(batch.height)
    told = {item.render(): item for item in others.values() if item is not None}
    return Lists(tuple(ranker.ranking() for ranker in rankers), finder.interpreted, tuple(taken), tuple(told.values()))


def _answers(run: RegistryColumns, kept: Mapping[str, pa.Table], batch: pl.DataFrame, start: int) -> pa.Table:
    """Return what the policies say of a block: what was taken from results beside what is decided here."""
    table = run.decide(batch)
    for columns in kept.values():
        for name in columns.column_names:
            table = table.append_column(name, columns.column(name).slice(start, batch.height).combine_chunks())
    return table


def _kept(results: Path, policies: Sequence[str], registry: Registry) -> dict[str, pa.Table]:
    """Return the answers that results have of some policies; nothing where they are not about the same subjects, one by one."""
    names = [f"{policy}:{cell}" for policy in policies for cell in ("outcome", "result")]
    tables = [pq.read_table(file, columns=[registry.key, *names]) for file in result_files(results)]
    table = pa.concat_tables([part.replace_schema_metadata() for part in tables]).unify_dictionaries()
    if table.column(registry.key).to_pylist() != registry.codes:
        return {}
    return {policy: table.select([f"{policy}:outcome", f"{policy}:result"]) for policy in policies}


def _subjects(batch: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return who the subjects of a block are and where they are to be found, as texts."""

    def column(name: str, called: str) -> pl.Expr:
        is_there = name in batch.columns
        return (pl.col(name).cast(pl.String) if is_there else pl.lit(None, pl.String)).alias(called)

    told = ((key, key), (NAME_ATTRIBUTE, NAME), (DISTRICT, DISTRICT), (STREET, STREET))
    return batch.select([column(name, called) for name, called in told])
