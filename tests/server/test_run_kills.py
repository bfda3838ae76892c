"""The processes of a site are killed at random moments while a program grants and pays: nothing is lost, nothing is paid twice."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress

import psycopg
import pytest

from tests.server.kill_books import Driver, ended_well
from tests.server.kill_delivery import ROUND
from tests.server.sites import RunningSite, kill, processes_of, short_folder, until
from zhida_server.run.folder import made_site
from zhida_server.run.postgres import Postgres

SEED = 20260630
SITE_KILLS = {"web": 14, "worker": 12, "database": 21, "everybody": 3}
"""How often each part of a site is killed, and all of it at once."""
OTHERS = {"connection": 2, "driver": 3}
"""What is killed besides: one connection of the database, and the program itself."""
DOING = """
SELECT id, attempts FROM procrastinate_jobs
WHERE status = 'doing' AND attempts < 5 AND task_name LIKE ANY(ARRAY['delivery.%', 'entitlements.%'])
"""
"""What the worker is at: each job, and its try; after ten it would give up, so that not every kill may meet the same."""
SPREAD_SECONDS = 0.03
"""Over how long a time of a request, or a job, kills are spread."""


@pytest.fixture
def site() -> Iterator[RunningSite]:
    """A site of the test's own."""
    with short_folder() as folder:
        made = made_site(folder / "site", is_demo=True).path
        with (made / "site.toml").open("a", encoding="utf-8") as file:
            file.write("grant_chunk = 5\n")  # so that one may be killed between many
        running = RunningSite(made)
        yield running
        running.end()
        kill([pid for pid, line in processes_of(running.folder).items() if "kill_driver" in line])


class Killer:
    """Kills the processes of a site: those that answer and work, while they do."""

    def __init__(self, site: RunningSite, driver: Driver, *, spares_jobs: bool) -> None:
        """Keep whom to kill; a job whose database dies waits half a minute for its next try, unless those are spared."""
        self._site, self._driver, self._spares_jobs = site, driver, spares_jobs
        self._chance = random.Random(driver.seed)  # noqa: S311 - its lots are drawn from a seed
        self._address = Postgres(site.folder / "database").address
        self._met: set[tuple[int, int]] = set()
        """Jobs, and their tries, that were cut short by a kill."""
        self._steps = driver.steps()

    def pause(self, longest: float) -> None:
        """Let them work for a while."""
        time.sleep(self._chance.uniform(0.02, longest))

    def shuffled(self, kills: Mapping[str, int]) -> list[str]:
        """Return what is to be killed, in some order."""
        cards = [kind for kind, count in kills.items() for _ in range(count)]
        self._chance.shuffle(cards)
        return cards

    def strike(self, kind: str) -> bool:
        """Kill one process of a kind, and see to it that the site comes back; says whether it was killed, and at work."""
        strikes = {"web": self._web, "worker": self._worker, "database": self._database, "everybody": self._everybody}
        if self._driver.steps() == self._steps:
            return False  # nothing was answered since the last one
        is_struck = (strikes | {"connection": self._connection, "driver": self._restart})[kind]()
        if is_struck:
            self._steps = self._driver.steps()
        return is_struck

    def _web(self) -> bool:
        """Kill what answers requests, or what looks after that, while the program waits for the answer to a form that it sent."""
        pids = self._site.pids("zhida_server.run.web")
        if len(pids) < 2 or not self._site.is_well():
            return False
        former, deadline = self._driver.waits_for(), time.monotonic() + 2
        while not (asked := self._driver.waits_for()).startswith("web POST") or asked == former:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        time.sleep(self._chance.uniform(0, SPREAD_SECONDS))
        is_killed = kill([self._chance.choice(pids)]) > 0
        return is_killed and self._driver.waits_for() == asked  # it was not answered before

    def _worker(self) -> bool:
        """Kill the worker while it does something."""
        pids, doing = self._site.pids("zhida_server.run.worker"), self._fresh()
        if not pids or not doing:
            return False
        time.sleep(self._chance.uniform(0, SPREAD_SECONDS))
        is_killed = kill(pids) > 0
        left = doing & self._doing()
        self._met |= left
        return is_killed and bool(left)  # it had not come to its end before

    def _database(self) -> bool:
        """Kill the database's first process, and by that all of them."""
        pid = self._site.database_pid
        if pid is None or not self._answers():
            return False
        doing = self._doing()
        if self._spares_jobs and doing:
            return False
        self._met |= doing
        return kill([pid]) > 0

    def _connection(self) -> bool:
        """Kill the process of one connection."""
        found = self._site.pids("postgres: ")
        return bool(found) and kill([self._chance.choice(found)]) > 0

    def _everybody(self) -> bool:
        """Kill all processes of the site and the program, and start them again."""
        site, numbers = self._site, sorted(processes_of(self._site.folder))
        if not (site.is_well() and site.pids("zhida_server.run.worker")):
            return False
        self._met |= self._doing()
        site.send(signal.SIGKILL)
        site.ended()
        count = kill([pid for pid in numbers if pid in processes_of(site.folder)])
        until(lambda: not any("postgres" in line for line in processes_of(site.folder).values()))
        self._driver.kill()
        site.start()
        self._driver.start()
        return count > 0

    def _restart(self) -> bool:
        self._driver.kill()
        self._driver.start()
        return True

    def _answers(self) -> bool:
        with suppress(psycopg.Error), psycopg.connect(self._address):
            return True
        return False

    def _fresh(self) -> set[tuple[int, int]]:
        """Return what the worker is at, and was not when something was killed; a short while is waited for it."""
        deadline = time.monotonic() + 0.5
        with suppress(psycopg.Error), psycopg.connect(self._address, autocommit=True) as connection:
            while time.monotonic() < deadline:
                if doing := set(connection.execute(DOING).fetchall()) - self._met:
                    return doing
                time.sleep(0.01)
        return set()

    def _doing(self) -> set[tuple[int, int]]:
        with suppress(psycopg.Error), psycopg.connect(self._address) as connection:
            return set(connection.execute(DOING).fetchall())
        return set()


def struck(site: RunningSite, driver: Driver, kills: Mapping[str, int], longest: float, *, spares_jobs: bool = False) -> Counter[str]:
    """Let the driver work while processes are killed, and then to its end; returns how many of each kind were killed at work."""
    killer, counts = Killer(site, driver, spares_jobs=spares_jobs), Counter[str]()
    site.start()
    driver.start()
    until(lambda: driver.journal.exists() or not driver.is_running())  # the town is made, and the driver at work
    left, deadline = killer.shuffled(kills), time.monotonic() + 1_200
    while left:
        assert time.monotonic() < deadline, f"{left} were never found at work: {site.log()[-5_000:]}"
        killer.pause(longest)
        if not driver.is_running():
            assert driver.has_finished(), "the driver ended by itself, and not well"
            driver.acts += 3 * ROUND  # more to do while there is more to kill
            driver.start()
        kind = next((kind for kind in dict.fromkeys(left) if killer.strike(kind)), None)
        if kind is not None:
            left.remove(kind)
            counts[kind] += 1
    until(lambda: not driver.is_running() or not site.is_served(), 600)
    assert site.is_served(), site.out.read_text(encoding="utf-8")
    assert driver.has_finished()
    until(site.is_well)
    return counts


@pytest.mark.long
def test_three_kills_while_granting_and_paying_lose_nothing_and_pay_nothing_twice(site: RunningSite) -> None:
    driver = Driver(site, 10, SEED, policies=2, firms=12)
    kills = {"database": 1, "web": 1, "worker": 1}
    assert struck(site, driver, kills, 0.3, spares_jobs=True) == kills
    figures = ended_well(site, driver)
    assert figures["orders"] == 2 * 12 + figures["claimed"] + figures["judged"]
    assert figures["worker"] > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", [SEED + int(os.environ.get("ZHIDA_KILL_SEED", "1"))])
def test_fifty_kills_while_granting_and_paying_lose_nothing_and_pay_nothing_twice(site: RunningSite, seed: int) -> None:
    begun = time.monotonic()
    driver = Driver(site, 20 * ROUND, seed, policies=30, firms=20)
    counts = struck(site, driver, SITE_KILLS | OTHERS, 1.0)
    figures = ended_well(site, driver)
    assert counts == SITE_KILLS | OTHERS
    assert sum(counts[kind] for kind in SITE_KILLS) >= 50
    assert min(counts[kind] for kind in ("web", "worker", "database")) >= 10
    assert min(figures.values()) > 0
    seconds = time.monotonic() - begun
    print(f"\n{sum(counts.values())} kills {dict(counts)}, {driver.acts:,} ledger acts, {figures}, {seconds:.0f} s")  # noqa: T201 - the figures of the note
