"""How fast the ledger reserves, pays and gives back, and what draws on one budget from several processes cost.

    python benchmarks/ledger_timed.py               20,000 reservations; 1,000 draws from eight processes
    python benchmarks/ledger_timed.py --count N     another number of reservations

It starts the site's own embedded PostgreSQL in a folder of its own, as it is in use: every commit reaches the disk. The ledger holds
a budget of 100,000,000 yuan; each enterprise gets an amount drawn from a seed. Reservations are written in one transaction, and in
transactions of 500, as a notice is opened. Then everything is paid, checked and exported.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PART = 500
PROCESSES, DRAWS, LARGEST_FEN = 8, 1_000, 9
ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    SITE = Path(tempfile.mkdtemp(prefix="zhida-ledger-"))
    (SITE / "site.toml").write_text("is_demo = true\n", encoding="utf-8")
    (SITE / "secret").write_text("only for measurements", encoding="utf-8")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "zhida_server.settings", "ZHIDA_SITE": str(SITE)}

    from zhida_server.run.postgres import Postgres

    SERVER = Postgres(SITE / "database")
    os.environ["DATABASE_URL"] = SERVER.address
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()

    from django.core.management import call_command
    from django.db import connection

    from tests.server import ledger_draws
    from zhida_server.ledger import service as ledger
    from zhida_server.ledger.data import Reservation, Settlement
    from zhida_server.people.data import Actor, Role


def timed(name: str, count: int, act: Callable[[], object]) -> None:
    """Do something once and print how long it took."""
    start = time.perf_counter()
    act()
    seconds = time.perf_counter() - start
    print(f"{name:<58}{seconds:>8.2f} s{count / seconds:>12,.0f} /s")


def drawn(count: int, year: int) -> Iterator["Reservation"]:
    """Yield reservations of a year."""
    lots = random.Random(year)  # noqa: S311 - amounts are drawn from a seed
    for number in range(count):
        fen = lots.randrange(1, 400_000)
        yield Reservation(f"grant/a/{year}/{number}", f"budget/{year}/a", f"91330100MA{number:08}", fen, "算力券")


def reserve(count: int, year: int, part: int) -> None:
    """Reserve in transactions of a size."""
    asked = list(drawn(count, year))
    for start in range(0, count, part):
        ledger.reserve_many(asked[start : start + part], by="job:notice")


def settle(count: int, year: int, part: int, verb: str) -> None:
    """Pay or give back in transactions of a size."""
    asked = [Settlement(one.id, f"{verb}/{one.key}") for one in drawn(count, year)]
    for start in range(0, count, part):
        if verb == "pay":
            ledger.post_many(asked[start : start + part])
        else:
            ledger.void_many(asked[start : start + part], "撤回")


def contend(processes: int) -> int:
    """Let some processes draw at the same time; how many draws there were."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ledger_draws.PROGRAM, f"{processes}-{number}", str(DRAWS // processes), str(LARGEST_FEN)],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(processes)
    ]
    for process in running:
        assert process.stdout
        process.stdout.readline()
    start = time.perf_counter()
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    outcomes = [[int(part) for part in process.communicate()[0].split()] for process in running]
    seconds = time.perf_counter() - start
    draws = sum(granted + refused for _, granted, refused in outcomes)
    print(f"{f'draws on one budget, processes: {processes}':<58}{seconds:>8.2f} s{draws / seconds:>12,.0f} /s")
    return sum(fen for fen, _, _ in outcomes)


def measure(count: int) -> None:
    """Measure everything."""
    finance = Actor("caiwu", Role.FINANCE)
    for year in (2024, 2025):
        ledger.open_budget(finance, f"budget/{year}/a", "算力券", ["a"], year, 10_000_000_000, key=f"open/{year}")
    timed(f"reserve {count:,} in one transaction, accounts new", count, lambda: reserve(count, 2024, count))
    timed(f"reserve {count:,} in transactions of {PART}, accounts known", count, lambda: reserve(count, 2025, PART))
    timed(f"the same again: nothing changes, transactions of {PART}", count, lambda: reserve(count, 2025, PART))
    timed(f"pay {count:,} in transactions of {PART}", count, lambda: settle(count, 2025, PART, "pay"))
    timed(f"give back {count:,} in one transaction", count, lambda: settle(count, 2024, count, "void"))
    rows = 4 * count
    timed(f"check the books of {rows:,} transactions", rows, lambda: print(*ledger.check_books(), end=""))
    for export in (ledger.export_beancount, ledger.export_journal, ledger.export_csv):
        with (SITE / "export").open("w", encoding="utf-8") as file:
            timed(f"{export.__name__} of {rows:,} transactions", rows, lambda export=export, file=file: export(file.write))
    one = next(drawn(1, 2025))
    singles = [Reservation(f"single/{number}", one.budget, one.enterprise, 1, "") for number in range(200)]
    timed("reserve one at a time", len(singles), lambda: [ledger.reserve_many([single]) for single in singles])
    connection.close()
    ledger.open_budget(finance, ledger_draws.BUDGET, "抽取", ["draws"], 2026, 4_001, key="open/draws/1")
    got = contend(1)
    ledger.appropriate(finance, ledger_draws.BUDGET, 4_001, key="open/draws/8")
    got += contend(PROCESSES)
    budget = ledger.budget(ledger_draws.BUDGET)
    assert budget
    assert (budget.available_fen, budget.reserved_fen) == (0, got)
    assert ledger.check_books() == ()


def main() -> None:
    """Start the database and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    assert SERVER.start()
    try:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        measure(count)
    finally:
        connection.close()
        SERVER.stop(is_hasty=True)


if __name__ == "__main__":
    main()
