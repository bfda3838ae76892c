"""How the tests of budgets write what `zhida allocate` reads: a policy with a budget, entitlements and results of a few subjects."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from tests.engine.policy_texts import front, packs_of
from zhida.entitle.budgets.allocation import Terms
from zhida.policy.pack import Packs
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
POLICY = "demo/a"
BUDGET = "{year: 2026, amount: 1000, order: first-come}"
BODY = "```feel 符合: boolean\n人 >= 30\n```\n\n```feel 金额: number\n收入 * 0.1\n```\n"


def budget_packs(folder: Path, **keys: str) -> Packs:
    """Write packs whose policy demo/a has a budget of 1,000 yuan; another policy, demo/b, has none."""
    text = front(**({"amount": "金额", "budget": BUDGET, "window": "2026-03-01/2026-10-31"} | keys)) + BODY
    without = front("demo/b", title="另一项", amount="金额") + BODY
    return packs_of(folder, {"demo/policies/a.md": text, "demo/policies/b.md": without})


def write_entitlements(path: Path, paid_fen: Mapping[str, int], why: Mapping[str, str] | None = None, **metadata: str) -> Path:
    """Write entitlements of demo/a, as the best combination leaves them."""
    keys = list(paid_fen)
    frame = pl.DataFrame(
        {
            "代码": keys,
            "名称": [f"{key}公司" for key in keys],
            "total_fen": pl.Series(list(paid_fen.values()), dtype=pl.Int64),
            f"{POLICY}:paid_fen": pl.Series(list(paid_fen.values()), dtype=pl.Int64),
            f"{POLICY}:why": [(why or {}).get(key, "") for key in keys],
        }
    )
    told = {"zhida.as_of": str(AS_OF), "zhida.policies": json.dumps({}), "zhida.stacking_sha256": "ab", "zhida.engine_version": "0"}
    frame.write_parquet(path, metadata=told | metadata)
    return path


def write_results(path: Path, amounts_fen: Mapping[str, int | None], outcomes: Mapping[str, str], **metadata: str) -> Path:
    """Write results of demo/a, as an assessment leaves them."""
    keys = list(amounts_fen)
    frame = pl.DataFrame(
        {
            "代码": keys,
            "名称": [f"{key}公司" for key in keys],
            f"{POLICY}:outcome": pl.Series([outcomes.get(key, "ELIGIBLE") for key in keys], dtype=pl.Categorical),
            f"{POLICY}:amount_fen": pl.Series(list(amounts_fen.values()), dtype=pl.Int64),
        }
    )
    frame.write_parquet(path, metadata={"zhida.as_of": str(AS_OF), "zhida.policies": "{}"} | metadata)
    return path


def claims_frame(rows: Sequence[tuple[str, int, str, int | None, str]]) -> pl.DataFrame:
    """Return claims of rows: key, fen, day (may be empty), second of the day, points."""
    return pl.DataFrame(
        {
            "key": [row[0] for row in rows],
            "name": [f"{row[0]}公司" for row in rows],
            "amount_fen": pl.Series([row[1] for row in rows], dtype=pl.Int64),
            "date": pl.Series([dt.date.fromisoformat(row[2]) if row[2] else None for row in rows], dtype=pl.Date),
            "time": pl.Series([row[3] for row in rows], dtype=pl.Int32),
            "score": pl.Series([row[4] for row in rows], dtype=pl.String),
        }
    )


def terms_of(budget_fen: int, order: str, *, last: str = "part", seed: str = "", spent_fen: int = 0, as_of: Date = AS_OF) -> Terms:
    return Terms(POLICY, "示例", 2026, budget_fen, spent_fen, order, last, seed, as_of)
