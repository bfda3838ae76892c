"""A night of a site, measured from inside: `nightly_run.py` starts it with the site's folder and database in its environment."""

import datetime as dt
import logging
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from uuid import UUID

import django

django.setup()

from busy import busy_seconds  # noqa: E402
from django.core.management import call_command  # noqa: E402 - the framework is set up first
from django.db import transaction  # noqa: E402
from goals import Goal, tell  # noqa: E402

from zhida_server.catalogue import service as catalogue  # noqa: E402
from zhida_server.delivery import orders  # noqa: E402
from zhida_server.delivery.data import OrderState  # noqa: E402
from zhida_server.entitlements import records, service  # noqa: E402
from zhida_server.entitlements.data import EligibleLine, GrantRequest  # noqa: E402
from zhida_server.ledger import service as ledger  # noqa: E402
from zhida_server.people.data import Actor, NotFound, Role, job_actor  # noqa: E402
from zhida_server.registry import service as registry  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
DATABASE = Path(os.environ["ZHIDA_SITE"]).resolve() / "database"
AS_OF = dt.date(2026, 6, 30)
JOB, OFFICER, FINANCE = job_actor("night"), Actor("officer", Role.POLICY), Actor("finance", Role.FINANCE)
NIGHT_GOAL, GRANTS_GOAL, ANSWERS_GOAL = 60, 60, Decimal("0.005")
CHUNK = 500
"""Grants of one transaction, as a notice makes them."""
ASKED, EXPLAINED = 500, 20
"""Enterprises whose answers, and whose explanations, are asked for."""


@contextmanager
def timed(what: str, goal: Decimal | int | None = None) -> Iterator[list[float]]:
    """Print how long something took, and what this process, those of its workers and the database used of the processors.

    Yields:
        A list, to which the seconds are added at the end.
    """
    start, busy, found = time.perf_counter(), busy_seconds(os.getpid(), DATABASE), list[float]()
    yield found
    seconds, busy = time.perf_counter() - start, busy_seconds(os.getpid(), DATABASE) - busy
    found.append(seconds)
    said = f"   goal {goal} s{'' if seconds <= goal else '   <-- above the goal'}" if goal is not None else ""
    print(f"{what:<64}{seconds:>9.2f} s {busy:>8.2f} s of processors{said}", flush=True)


def each(what: str, act: Callable[[str], object], given: Sequence[str], goal: Decimal | None = None) -> None:
    """Print how long an act takes for one enterprise: the median and the 95th percentile."""
    act(given[0])
    times = []
    for one in given:
        start = time.perf_counter()
        act(one)
        times.append(time.perf_counter() - start)
    times.sort()
    median, slow = statistics.median(times), times[len(times) * 95 // 100]
    said = f"   goal {goal * 1000} ms{'' if slow <= goal else '   <-- above the goal'}" if goal is not None else ""
    print(f"{what:<64}{median * 1000:>8.2f} ms {slow * 1000:>8.2f} ms at the 95th percentile{said}", flush=True)


def prepare(sources: Path) -> None:
    """Fill the site, unless that was done before."""
    with timed("migrate"):
        call_command("migrate", verbosity=0)
    try:
        registry.latest_snapshot()
    except NotFound:
        with timed("take the packs"):
            catalogue.take_packs(JOB, ROOT / "packs")
        with timed("import"):
            paths = sorted(sources.glob("*.csv"))
            taken = registry.take_import(JOB, registry.propose_import_paths(JOB, ROOT / "examples/demo/mapping.yaml", paths).id)
        print(f"{taken.rows:,} enterprises")


def grants_of(run_id: UUID, count: int) -> tuple[str, list[EligibleLine]]:
    """Return a policy with so many lines, or the one that has most, and the first of them."""
    paid = [tally for tally in service.tallies(OFFICER, run_id) if tally.paid_fen > 0]
    paid.sort(key=lambda tally: -tally.outcomes["ELIGIBLE"])
    lines = list(islice(service.eligible(run_id, paid[0].policy), count))
    return paid[0].policy, lines


def grant(run_id: UUID, policy: str, lines: Sequence[EligibleLine], *, is_new: bool) -> None:
    """Grant lines of a run, with their orders where they are new, a chunk in each transaction."""
    for start in range(0, len(lines), CHUNK):
        with transaction.atomic():
            requests = [GrantRequest(policy, line.code, line.paid_fen) for line in lines[start : start + CHUNK]]
            granted = service.grant_many(JOB, run_id, requests, on=AS_OF)
            if is_new:
                orders.place(JOB.name, granted, notice_id=None, kind=OrderState.PAYABLE, on=AS_OF)


def main() -> None:
    """Measure a night."""
    logging.disable(logging.INFO)
    sources, count, turns, *options = sys.argv[1:]
    prepare(Path(sources))
    print(f"load {' '.join(f'{each:.1f}' for each in os.getloadavg())} on {os.cpu_count()} processors", flush=True)
    nights = []
    for _ in range(int(turns)):
        with timed("the night: snapshot, assess, combine, answers on the pages", NIGHT_GOAL) as night:
            with timed("  snapshot and order"):
                ordered = service.start_run(JOB, AS_OF)
            done = service.run_now(ordered.id)
        nights += night
    milliseconds = {**records.figures_of(done.id)["milliseconds"], "all": done.progress.seconds * 1000}
    print(f"  {done.subjects:,} enterprises × {len(done.policies)} policies; milliseconds {milliseconds}; peak memory {peak()}", flush=True)
    size = f"{done.subjects:,} 户 × {len(done.policies)} 项政策", f"{done.subjects:,} enterprises × {len(done.policies)} policies"
    zh, en = f"站点一夜：{size[0]}，从快照到页面上的答复", f"a night of the site: {size[1]}, from the snapshot to the answers on the pages"
    tell(Goal(zh, statistics.median(nights), NIGHT_GOAL, (1.0, "s"), en))
    codes = [line.code for line in service.eligible(done.id, grants_of(done.id, 1)[0])]
    dice = random.Random(7)  # noqa: S311 - a sample
    some = dice.sample(codes, min(ASKED, len(codes)))
    said = "answers of an enterprise"
    each(f"{said}, without the audit record", lambda code: service.answers_of(JOB, code, purpose="test"), some, ANSWERS_GOAL)
    each(f"{said}, with it, kept on the disk", lambda code: service.answers_of(OFFICER, code, purpose="test"), some)
    policy, lines = grants_of(done.id, int(count))
    asked = some[:EXPLAINED]
    each(f"explain {policy}", lambda code: service.explain(OFFICER, code, policy, purpose="test"), asked)
    each(f"decide {policy} at once", lambda code: service.decide_now(OFFICER, code, policy, {}, on=AS_OF), asked)
    if ledger.budget_for(policy, AS_OF.year) is None:
        ledger.open_budget(FINANCE, f"budget/{AS_OF.year}/{policy}", policy, [policy], AS_OF.year, 10**13, key="night")
    with timed(f"grant {len(lines):,} of {policy}, with ledger, orders and audit", GRANTS_GOAL) as granting:
        grant(done.id, policy, lines, is_new=True)
    zh, en = f"发放 {len(lines):,} 笔，连同账、订单与记录（一次）", f"{len(lines):,} grants with ledger, orders and records (once)"
    tell(Goal(zh, granting[0], GRANTS_GOAL, (1.0, "s"), en))
    with timed("grant the same again, which changes nothing"):
        grant(done.id, policy, lines, is_new=False)
    if "--repeat" in options:
        with timed("repeat the run from its record"):
            print(f"the same bytes: {service.repeat(OFFICER, done.id).is_same}")


def peak() -> str:
    """Return the most memory that this process has had, and the most that a worker's process has."""
    most = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return f"{Decimal(most[0]) / 1_000_000:.2f} GB, of a worker {Decimal(most[1]) / 1_000_000:.2f} GB"


if __name__ == "__main__":
    main()
