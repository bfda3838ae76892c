"""The processes of a site are killed at random moments while a program grants and pays: nothing is lost, nothing is paid twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.server.sites import ENVIRONMENT, RunningSite, command, kill, processes_of, short_folder, until
from zhida_server.run.folder import made_site
from zhida_server.run.postgres import Postgres

DRIVER = Path(__file__).with_name("kill_driver.py")
ROOT = DRIVER.parents[2]
SEED = 20260630


@pytest.fixture
def site() -> Iterator[RunningSite]:
    """A site of the test's own."""
    with short_folder() as folder:
        running = RunningSite(made_site(folder / "site", is_demo=True).path)
        yield running
        running.end()
        kill([pid for pid, line in processes_of(running.folder).items() if "kill_driver" in line])


class Driver:
    """The program that grants and pays."""

    def __init__(self, site: RunningSite, acts: int, seed: int) -> None:
        self.site, self.acts, self.seed = site, acts, seed
        self.journal = site.folder.parent / "journal"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER), str(self.acts), str(self.seed), str(self.journal)],
            cwd=ROOT,
            env=ENVIRONMENT
            | {
                "ZHIDA_SITE": str(self.site.folder),
                "DATABASE_URL": Postgres(self.site.folder / "database").address,
                "DJANGO_SETTINGS_MODULE": "zhida_server.settings",
                "PYTHONPATH": str(ROOT),
            },
        )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def has_finished(self) -> bool:
        return self._process is not None and self._process.poll() == 0

    def done(self) -> int:
        return self.journal.read_text(encoding="utf-8").count("\n") if self.journal.exists() else 0


def strike(kind: str, site: RunningSite, driver: Driver, chance: random.Random) -> bool:
    """Kill one process of a kind, and see to it that the site comes back; says whether there was one to kill."""
    if kind == "driver":
        driver.kill()
        driver.start()
        return True
    if kind == "everybody":
        numbers = sorted(processes_of(site.folder))
        site.send(signal.SIGKILL)
        site.ended()
        count = kill([pid for pid in numbers if pid in processes_of(site.folder)])
        until(lambda: not any("postgres" in line for line in processes_of(site.folder).values()))
        driver.kill()
        site.start()
        driver.start()
        return count > 0
    if kind == "database":
        return kill([site.database_pid or 0] if site.database_pid else []) > 0
    words = {"connection": "postgres: ", "web": "zhida_server.run.web", "worker": "zhida_server.run.worker"}[kind]
    found = site.pids(words)
    return bool(found) and kill([chance.choice(found)]) > 0


def struck(site: RunningSite, kills: int, acts: int, kinds: list[str], seed: int) -> tuple[Driver, dict[str, int]]:
    """Let the driver work while processes are killed, and then to its end."""
    chance = random.Random(seed)  # noqa: S311 - its lots are drawn from a seed
    site.start()
    driver, counts = Driver(site, acts, seed), dict.fromkeys(kinds, 0)
    driver.start()
    while sum(counts.values()) < kills:
        time.sleep(chance.uniform(0.05, 1.5))
        if not driver.is_running():
            assert driver.has_finished(), "the driver ended by itself, and not well"
            driver.acts += acts // 2  # more to do while there is more to kill
            driver.start()
        kind = chance.choice(kinds)
        counts[kind] += strike(kind, site, driver, chance)
    until(lambda: not driver.is_running() or not site.is_served(), 300)
    assert site.is_served(), site.out.read_text(encoding="utf-8")
    assert driver.has_finished()
    until(site.is_well)
    return driver, counts


def faults_after(site: RunningSite, driver: Driver) -> list[str]:
    """Compare the books with what was to be done, and return every difference."""
    faults = []
    with psycopg.connect(Postgres(site.folder / "database").address) as connection:
        written = connection.execute(
            """SELECT made.key, made.id::text, sum(posting.credit_fen), settling.kind, count(DISTINCT settling.id)
            FROM ledger_transaction made JOIN ledger_posting posting ON posting.transaction_id = made.id
            LEFT JOIN ledger_transaction settling ON settling.settles_id = made.id
            WHERE made.kind = 'pending' GROUP BY made.key, made.id, settling.kind"""
        ).fetchall()
        records = dict(connection.execute("SELECT act, count(DISTINCT object) FROM audit_record GROUP BY act").fetchall())
    found = {key: (identity, int(fen), kind, settled) for key, identity, fen, kind, settled in written}
    journal = dict(line.split() for line in driver.journal.read_text(encoding="utf-8").splitlines())
    faults += [f"number {number} was answered and is lost" for number in journal if f"kill/{number}" not in found]
    faults += [f"{len(found)} reservations, {driver.acts} were asked for"] if len(found) != driver.acts else []
    faults += [f"{key} is settled {settled} times" for key, (_, _, _, settled) in found.items() if settled != 1]
    if records.get("entitlement.grant") != driver.acts:
        faults.append(f"{records.get('entitlement.grant')} grants are in the audit, {driver.acts} were made")
    paid = sum(kind == "post" for _, _, kind, _ in found.values())
    if records.get("batch.return", 0) != paid:
        faults.append(f"{records.get('batch.return')} payments are in the audit, {paid} were made")
    return faults


def shown(driver: Driver, counts: dict[str, int], seconds: float) -> None:
    print(f"\n{sum(counts.values())} kills {counts}, {driver.acts:,} grants, {seconds:.0f} s")  # noqa: T201 - the figures of the note


def test_five_kills_lose_nothing_and_pay_nothing_twice(site: RunningSite) -> None:
    driver, _ = struck(site, 5, 60, ["database", "connection", "worker", "driver"], SEED)
    assert faults_after(site, driver) == []
    site.send(signal.SIGTERM)
    assert site.ended() == 0
    verified = command("site", "verify", site.folder)
    assert verified.returncode == 0, verified.stdout


@pytest.mark.long
@pytest.mark.parametrize("seed", [SEED + int(os.environ.get("ZHIDA_KILL_SEED", "1"))])
def test_fifty_kills_lose_nothing_and_pay_nothing_twice(site: RunningSite, seed: int) -> None:
    begun = time.monotonic()
    driver, counts = struck(site, 50, 1_500, ["database", "database", "connection", "worker", "web", "driver", "everybody"], seed)
    assert sum(counts.values()) >= 50
    assert faults_after(site, driver) == []
    site.send(signal.SIGTERM)
    assert site.ended() == 0
    verified = command("site", "verify", site.folder)
    assert verified.returncode == 0, verified.stdout
    shown(driver, counts, time.monotonic() - begun)
