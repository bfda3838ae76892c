"""How fast a budget is shared out among a million claims: each order of service, and the record with all its files.

    python benchmarks/budgets_timed.py               1,000,000 claims
    python benchmarks/budgets_timed.py --claims N    another number

Claims are drawn from a seed: amounts up to 8,000,000 yuan, days of half a year, points with a decimal. The budget suffices for a
sixteenth. A turn is from claims in random order to who is paid what; the record is from the claims to the bytes of its four files.
"""

import argparse
import datetime as dt
import random
import time
from collections.abc import Iterator

import polars as pl
from goals import Goal, tell

from zhida.entitle.budgets.allocation import Terms, allocate
from zhida.entitle.budgets.claims import SET_ASIDE, Claims
from zhida.entitle.budgets.record import Origin, claims_files, record_of
from zhida.policy.front_matter import ORDERS
from zhida.values.temporal import Date

CLAIMS = 1_000_000
TURNS = 3
GOAL, RECORD_GOAL = 2.0, 10.0
SEED = 2026
MOST_FEN = 800_000_000
AS_OF = Date(2026, 6, 30)
WORDS = {"first-come": "先到先得", "pro-rata": "按比例", "score": "按得分", "lottery": "摇号"}


def drawn(count: int) -> pl.DataFrame:
    """Return claims in random order."""
    dice = random.Random(SEED)  # noqa: S311 - claims are drawn from a seed
    first = dt.date(2026, 1, 1)
    frame = pl.DataFrame(
        {
            "key": [f"91990001{place:09d}X" for place in range(count)],
            "name": [f"合成企业{place:06d}" for place in range(count)],
            "amount_fen": [dice.randrange(1, MOST_FEN) for _ in range(count)],
            "date": [first + dt.timedelta(dice.randrange(180)) for _ in range(count)],
            "time": pl.Series([dice.randrange(86_400) for _ in range(count)], dtype=pl.Int32),
            "score": [f"{dice.randrange(40, 100)}.{dice.randrange(10)}" for _ in range(count)],
        }
    )
    return frame.sample(fraction=1, shuffle=True, seed=SEED)


def terms_of(order: str, claims: pl.DataFrame) -> Terms:
    """Return terms whose money suffices for a sixteenth."""
    return Terms("demo/a", "甲", 2026, sum(claims["amount_fen"].to_list()) // 16, 0, order, "part", "2026-07-01", AS_OF)


def goals(count: int = CLAIMS) -> Iterator[Goal]:
    """Measure each order, and the record of the slowest."""
    claims = drawn(count)
    for order in ORDERS:
        terms = terms_of(order, claims)
        times = []
        for _ in range(TURNS):
            start = time.perf_counter()
            assert allocate(claims, terms).paid_fen == terms.available_fen
            times.append(time.perf_counter() - start)
        yield Goal(f"{count:,} 件申请，{WORDS[order]}", sorted(times)[TURNS // 2], GOAL, (1.0, "s"), f"{count:,} claims, {order}")
    origin = Origin("sum", {}, {}, "", is_synthetic=True, engine_version="0", idle=(0, 0), open_subjects=0)
    start = time.perf_counter()
    files = claims_files(Claims(claims, pl.DataFrame(schema=SET_ASIDE), (0, 0), 0), is_synthetic=True)
    record_of(files, terms_of("lottery", claims), origin)
    taken = time.perf_counter() - start
    yield Goal(f"{count:,} 件申请，摇号，连同全部记录", taken, RECORD_GOAL, (1.0, "s"), f"{count:,} claims, lottery, with the whole record")


def main() -> None:
    """Measure what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--claims", type=int, default=CLAIMS)
    for goal in goals(asked.parse_args().claims):
        tell(goal)


if __name__ == "__main__":
    main()
