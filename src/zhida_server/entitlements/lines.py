"""The lines of a run: which enterprises a policy gives something to, in the order of the registry, and by which article."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import polars as pl

from zhida.assess.assessment import Outcome
from zhida.assess.cells import DEFAULT_FIRED, table_cells
from zhida.dmn.compiled import CompiledTable
from zhida.policy.pack import PolicyModel
from zhida.registry_io.former import FACTS_COLUMN
from zhida.values.temporal import Date
from zhida_server.catalogue import service as catalogue
from zhida_server.entitlements import kept, records
from zhida_server.entitlements.data import EligibleLine, NoAnswer, Run
from zhida_server.entitlements.subjects import engine_date

JOINED = "、"
"""Stands between the numbers of rules that fired together."""


def eligible(run_id: UUID, policy: str) -> Iterator[EligibleLine]:
    """Yield the enterprises to which a policy gives money in a run, in the order of the registry.

    Raises:
        NoRun: there is no such run.
        RunNotDone: it is not done yet.
        NoAnswer: the run did not decide the policy.
    """
    yield from _lines(records.done_run(run_id), policy).values()


def lines_by_code(run: Run, policy: str) -> Mapping[str, EligibleLine]:
    """Return the same of a run that is done, by the enterprise's code."""
    return _lines(run, policy)


def decision_of(run: Run, policy: str, line: EligibleLine | None) -> dict[str, Any]:
    """Return what a grant keeps of the decision of a run: the outcome, and the digests of everything it was decided by."""
    found = catalogue.packs_of(run.packs_sha256).policies[policy]
    return {
        "outcome": Outcome.ELIGIBLE.value,
        "title": found.front.title,
        "claimed_fen": 0 if line is None else line.amount_fen,
        "as_of": run.as_of.isoformat(),
        "packs_sha256": run.packs_sha256,
        "snapshot_sha256": run.snapshot_sha256,
        "results_sha256": run.results_sha256,
        "policy_sha256": found.sha256,
        "facts": "" if line is None else line.facts,
        "engine_version": run.engine_version,
    }


def _lines(run: Run, policy: str) -> Mapping[str, EligibleLine]:
    if policy not in run.policies:
        raise NoAnswer("no-answer", f"这次运行没有判定“{policy}”", f"the run did not decide '{policy}'")
    return _read(run.results_sha256, run.packs_sha256, engine_date(run.as_of), policy)


@lru_cache(maxsize=64)
def _read(results_sha256: str, packs_sha256: str, as_of: Date, policy: str) -> Mapping[str, EligibleLine]:
    """Read the lines of a policy from the files of a run."""
    model = catalogue.packs_of(packs_sha256).model_of(policy, as_of)
    cell, articles, otherwise = _articles(model)
    names = [f"{policy}:{name}" for name in ("outcome", "amount_fen", "delivery", *([cell] if cell else []))]
    frame = kept.read_columns(kept.kept_of(results_sha256), [*names, FACTS_COLUMN], [f"{policy}:paid_fen"])
    if f"{policy}:paid_fen" not in frame.columns:
        return {}
    given = frame.filter(pl.col(f"{policy}:outcome") == Outcome.ELIGIBLE.value, pl.col(f"{policy}:paid_fen") > 0)
    rules = given[f"{policy}:{cell}"] if cell else pl.Series([None] * given.height, dtype=pl.String)
    columns = (given["code"], *(given[f"{policy}:{name}"] for name in ("amount_fen", "paid_fen", "delivery")), rules, given[FACTS_COLUMN])
    return {
        code: EligibleLine(code, amount, paid, delivery or "", _article(rule, articles, otherwise), f"{facts:016x}")
        for code, amount, paid, delivery, rule, facts in zip(*columns, strict=True)
    }


def _articles(model: PolicyModel) -> tuple[str, Mapping[str, str], str]:
    """Return the cell that says which rule an answer rests on, the article of each rule, and that of an answer without one.

    It is the table that gives the amount, or else the one that says who is eligible; of an expression, the article it stands under.
    Where a document has no numbered articles, it is the document.
    """
    policy, cells = model.policy, table_cells(model)
    for id_ in (policy.amount_id, policy.eligible_id):
        decided = None if id_ is None else model.model.decisions[id_]
        if decided is None:
            continue
        stated = decided.decision.span.article
        if isinstance(decided.body, CompiledTable) and id_ in cells:
            return cells[id_], {rule.rule.number: rule.rule.article for rule in decided.body.rules}, stated or policy.front.document
        if stated:
            return "", {}, stated
    return "", {}, policy.front.document


def _article(rule: str | None, articles: Mapping[str, str], otherwise: str) -> str:
    """Return the articles of the rules that fired, each once."""
    if not rule or rule == DEFAULT_FIRED:
        return otherwise
    found = dict.fromkeys(articles.get(number, "") for number in rule.split(JOINED))
    return "；".join(article for article in found if article) or otherwise
