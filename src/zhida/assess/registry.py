"""A whole registry: every subject against every policy, one row each (house.md, the main job).

The interpreter decides, one subject at a time; workers take stretches of subjects and give them back in order, so the
same policies, registry and `as_of` give the same rows on every machine and with any number of workers.
"""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from zhida.assess.assessment import LISTED_AMOUNTS, Answer, Assessment, Extent, MissingParameter, NearMiss, Outcome
from zhida.assess.explain import open_reason, told_by_diagnostic
from zhida.assess.statuses import status_rank
from zhida.assess.subject import assess_model, gives_amount, missing_parameters
from zhida.dmn.compiled import CompiledTable
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.pack import Packs, Policy, PolicyModel, load_packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.results import PolicyColumns, ResultCells
from zhida.values.numbers import format_number
from zhida.values.temporal import Date

BATCH = 200
"""Subjects that a worker takes at a time."""

NEAR_SHARE = Decimal("0.1")
"""A near miss is listed for a registry if it is within this share of its line."""

SHA_DIGITS = 12
"""Digits of a digest that people compare."""

ETC = "等"
"""Stands behind possible answers where there may be others."""

AT_MOST = "（至多是这些）"
"""Stands behind possible answers that hold all there are, and perhaps some that cannot come about."""

NO_RANGE = "金额无法给出范围：含计算"
NO_RANGE_CUT = "金额无法给出范围：组合太多"
"""Said instead of possible amounts where none can be named."""

Progress = Callable[[int], None]
"""Told how many more subjects are done."""

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """What one policy came to over a registry."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    counts: Mapping[Outcome, int]
    """How many subjects have each outcome."""
    amount_fen: int
    """The sum of all amounts, in fen."""
    gives_amount: bool
    """Whether the policy gives an amount of money."""
    subject_kind: str
    """The kind of subject that it is for: `enterprise`, …"""
    results: Mapping[str, int]
    """How many subjects have each status, where the policy gives one; as its table lists them."""
    missing: tuple[tuple[str, int], ...]
    """Missing facts of the subjects with the number of subjects, most missed first."""
    missing_parameters: tuple[tuple[MissingParameter, int], ...]
    """Parameters that the place has not filled in, with the number of subjects that lack them, most missed first."""
    near: int
    """How many subjects are one step away."""
    delivery: Mapping[str, int]
    """How many benefits can go out in each way."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run over a registry came to."""

    as_of: Date
    """The date of the business fact."""
    subjects: int
    """How many subjects there are."""
    rows: tuple[PolicySummary, ...]
    """One for each policy."""
    is_synthetic: bool
    """Whether the registry is invented."""
    registry: str
    """What the registry is called."""


def registry_findings(registry: Registry) -> tuple[Diagnostic, ...]:
    """Return what should be known of a registry before its subjects are assessed.

    Codes: registry-dictionary-differs.
    """
    if not registry.dictionary_differs:
        return ()
    digest = registry.metadata.get("zhida.dictionary_sha256", "")
    return (diagnostic("registry-dictionary-differs", None, found=digest[:SHA_DIGITS] or "?"),)


def policy_columns(packs: Packs, policies: Iterable[str]) -> tuple[PolicyColumns, ...]:
    """Return the columns of the result frame for some policies, in order."""
    return tuple(_columns(packs.policies[id_]) for id_ in policies)


def _columns(policy: Policy) -> PolicyColumns:
    tables = [item.decision.name for item in policy.compiled.decisions.values() if isinstance(item.body, CompiledTable)]
    return PolicyColumns(policy.id, policy.front.title, tuple(tables))


def assess_registry(  # noqa: PLR0913 - each says one thing about the run
    packs: Packs,
    policies: Sequence[str],
    subjects: Iterable[Facts],
    *,
    as_of: Date,
    packs_root: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[tuple[ResultCells, ...]]:
    """Yield, for each subject in order, what each policy says.

    Args:
        packs: The packs.
        policies: Ids of the policies, in the order of the columns.
        subjects: Facts of each subject, as `assess_subject` takes them.
        as_of: The date of the business fact.
        packs_root: The folder that `packs` were loaded from; workers load them again from there.
        workers: Processes; with one, everything is done in this process.
        progress: Told of every batch that is done.

    Raises:
        InputError, CompileError: as `assess_subject`.
    """
    models = [packs.model_of(policy, as_of) for policy in policies]
    if workers <= 1 or packs_root is None:
        columns = policy_columns(packs, policies)
        for facts in subjects:
            yield tuple(_cells(model, column, facts) for model, column in zip(models, columns, strict=True))
            if progress is not None:
                progress(1)
        return
    yield from _in_workers((packs_root, tuple(policies), as_of), subjects, workers, progress)


def _in_workers(
    start: tuple[Path, tuple[str, ...], Date], subjects: Iterable[Facts], workers: int, progress: Progress | None
) -> Iterator[tuple[ResultCells, ...]]:
    """Hand stretches of subjects to processes, which begin with `start`, and take the rows back in order."""
    # Not forked: a fork of a process with threads (polars has some) may hang.
    context = multiprocessing.get_context("spawn")
    remaining = iter(subjects)
    batches = iter(lambda: list(islice(remaining, BATCH)), [])
    with ProcessPoolExecutor(workers, context, _start_worker, start) as pool:
        waiting: list[Future[list[tuple[ResultCells, ...]]]] = [pool.submit(_assess_batch, batch) for batch in islice(batches, workers * 3)]
        try:
            while waiting:
                rows = waiting.pop(0).result()
                if (batch := next(batches, None)) is not None:
                    waiting.append(pool.submit(_assess_batch, batch))
                yield from rows
                if progress is not None:
                    progress(len(rows))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_worker: list[tuple[list[PolicyModel], tuple[PolicyColumns, ...]]] = []
"""What this process works with, where it is a worker."""


def _start_worker(packs_root: Path, policies: tuple[str, ...], as_of: Date) -> None:
    packs = load_packs(packs_root)
    _worker.append(([packs.model_of(policy, as_of) for policy in policies], policy_columns(packs, policies)))


def _assess_batch(batch: Sequence[Facts]) -> list[tuple[ResultCells, ...]]:
    models, columns = _worker[0]
    return [tuple(_cells(model, column, facts) for model, column in zip(models, columns, strict=True)) for facts in batch]


def _cells(model: PolicyModel, columns: PolicyColumns, facts: Facts) -> ResultCells:
    """Return one assessment as the frame's cells."""
    assessment = assess_model(model, facts, near_within=NEAR_SHARE)
    rules = {
        reason.decision: reason.rule or ("否则" if reason.value is not None else None)
        for reason in assessment.reasons
        if reason.policy == model.policy.id
    }
    return ResultCells(
        outcome=assessment.outcome.value,
        result=None if assessment.result is None else str(assessment.result),
        amount_fen=assessment.amount_fen,
        missing=assessment.missing,
        possible=_possible(assessment),
        near=near_words(assessment.near[0]) if assessment.near else None,
        delivery=assessment.delivery.value if assessment.delivery else None,
        diagnostics=tuple(dict.fromkeys(item.code for item in assessment.diagnostics)),
        review=review_words(assessment),
        rules=tuple(rules.get(table) for table in columns.tables),
    )


def _possible(assessment: Assessment) -> tuple[str, ...]:
    """Return the answers that are possible, many amounts as a range; behind them `等` where there may be others."""
    if not assessment.missing:
        return ()
    fens = [answer.amount_fen for answer in assessment.possible if answer.amount_fen is not None]
    others = assessment.possible
    known: tuple[str, ...] = ()
    if len(set(fens)) > LISTED_AMOUNTS:
        known = (f"{yuan_words(min(fens))} 至 {yuan_words(max(fens))}",)
        others = tuple(answer for answer in others if answer.amount_fen is None)
    known = tuple(dict.fromkeys((*known, *map(possible_words, others))))
    if assessment.possible_are is Extent.EXACTLY:
        return known
    if known:
        return (*known, AT_MOST if assessment.possible_are is Extent.AT_MOST else ETC)
    return (NO_RANGE_CUT if assessment.is_cut else NO_RANGE,) if assessment.gives_amount else ()


def review_words(assessment: Assessment) -> str | None:
    """Return why a person must look, in words.

    Facts that a person judges, else what was odd, else the decision and the rule of law that leave the answer open.
    """
    if assessment.outcome is not Outcome.REVIEW:
        return None
    if assessment.missing:
        return f"须人工认定：{'、'.join(assessment.missing)}"
    odd = told_by_diagnostic(assessment)
    if odd is not None:
        return odd.message("zh")
    reason = open_reason(assessment.reasons)
    if reason is None:
        return "结果为空"
    said = f"{reason.decision}：{reason.article}" if reason.article else reason.decision
    return f"{said}（规则 {reason.rule}）" if reason.rule else said


def possible_words(answer: Answer) -> str:
    """Return a possible answer in a few words: the status, the amount in yuan and fen, or the outcome."""
    if answer.result is not None:
        return str(answer.result)
    if answer.amount_fen is not None:
        return yuan_words(answer.amount_fen)
    return answer.outcome.value


def yuan_words(amount_fen: int) -> str:
    """Return an amount of fen in yuan, to the fen.

    >>> yuan_words(1984000), yuan_words(-5)
    ('19840.00 元', '-0.05 元')
    """
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{yuan}.{fen:02d} 元"


def near_words(miss: NearMiss) -> str:
    """Return a near miss in words.

    The value, then the line, both in the unit of the value: `从业人员 312 人，线为 300 人`.
    """
    unit = f" {miss.unit}" if miss.unit not in {"", "1"} else ""
    value, line = (f"{format_number(item)}{unit}" if isinstance(item, Decimal) else str(item) for item in (miss.value, miss.line))
    return f"{miss.name} {value}，线为 {line}"


def summarize(  # noqa: PLR0913 - each says one thing about the run
    packs: Packs, policies: Sequence[str], rows: Iterable[Sequence[ResultCells]], *, as_of: Date, is_synthetic: bool, registry: str
) -> RunSummary:
    """Count what a run came to.

    Args:
        packs: The packs.
        policies: Ids of the policies, in the order of the columns.
        rows: The rows that `assess_registry` gave.
        as_of: The date of the business fact.
        is_synthetic: Whether the registry is invented.
        registry: What it is called.
    """
    tallies = [_Tally(packs.model_of(policy, as_of)) for policy in policies]
    subjects = 0
    for row in rows:
        subjects += 1
        for tally, cells in zip(tallies, row, strict=True):
            tally.add(cells)
    return RunSummary(as_of, subjects, tuple(tally.summary() for tally in tallies), is_synthetic, registry)


class _Tally:
    """Counts one policy's results."""

    def __init__(self, model: PolicyModel) -> None:
        self.model = model
        self.outcomes: Counter[str] = Counter()
        self.results: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.delivery: Counter[str] = Counter()
        self.amount_fen = 0
        self.near = 0

    def add(self, cells: ResultCells) -> None:
        """Count one subject."""
        self.outcomes[cells.outcome] += 1
        self.amount_fen += cells.amount_fen or 0
        self.missing.update(cells.missing)
        self.near += cells.near is not None
        if cells.result is not None:
            self.results[cells.result] += 1
        if cells.delivery is not None:
            self.delivery[cells.delivery] += 1

    def summary(self) -> PolicySummary:
        """Return the counts."""
        model, front = self.model, self.model.policy.front
        rank = status_rank(model)
        missing = sorted(self.missing.items(), key=lambda item: (-item[1], item[0]))
        parameters = {item.name: item for item in missing_parameters(model, self.missing)}
        return PolicySummary(
            policy=model.policy.id,
            title=front.title,
            counts={outcome: self.outcomes[outcome.value] for outcome in Outcome},
            amount_fen=self.amount_fen,
            gives_amount=gives_amount(model),
            subject_kind=front.subject,
            results=dict(sorted(self.results.items(), key=lambda item: rank(item[0]))),
            missing=tuple((name, count) for name, count in missing if name not in parameters),
            missing_parameters=tuple((parameters[name], count) for name, count in missing if name in parameters),
            near=self.near,
            delivery=dict(sorted(self.delivery.items())),
        )
