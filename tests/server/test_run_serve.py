"""A site from its start to its end, as a program: what it says, what it survives, and that nothing of it stays behind."""

import os
import random
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import zhida.cli
from tests.server.kill_books import Driver, ended_well
from tests.server.kill_delivery import ROUND
from tests.server.sites import RunningSite, command, copied, free_port, kill, processes_of, short_folder, until
from zhida_server.run.folder import made_site
from zhida_server.run.postgres import Postgres, used
from zhida_server.run.said import SiteError

INTERRUPTED = 10
"""How often Ctrl-C is pressed while a program grants and pays."""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """The folder of a site that was made and is not served."""
    with short_folder() as folder:
        site = made_site(folder / "site", is_demo=True)
        answer = command("serve", site.path, "--no-serve")
        assert answer.returncode == 0, answer.stderr
        yield site.path


@pytest.fixture
def site(made: Path) -> Iterator[RunningSite]:
    """A site of the test's own."""
    with short_folder() as folder:
        running = RunningSite(copied(made, folder / "site"))
        yield running
        running.end()


def test_a_folder_that_was_made_holds_what_a_site_needs_and_hides_what_nobody_may_read(made: Path) -> None:
    assert {"site.toml", "secret", "database", "files", "logs", "static"} <= {path.name for path in made.iterdir()}
    modes = {name: stat.S_IMODE((made / name).stat().st_mode) for name in ("secret", "files", "database", "logs")}
    assert modes == {"secret": 0o600, "files": 0o700, "database": 0o700, "logs": 0o700}
    assert len((made / "secret").read_text(encoding="utf-8")) > 50
    assert list((made / "static").rglob("*.css*"))
    assert processes_of(made) == {}


def test_a_folder_of_something_else_is_not_taken_for_a_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "novel.txt").write_text("once", encoding="utf-8")
    assert zhida.cli.run(["serve", str(tmp_path), "--lang", "en"]) == 2
    assert f"'{tmp_path}' holds something else" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["novel.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    assert zhida.cli.run(["serve", str(tmp_path / "site"), "--lang", "en"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_in_the_way_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert zhida.cli.run(["serve", str(tmp_path / "file" / "site"), "--lang", "en"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_broken_site_toml_is_told_and_nothing_starts(tmp_path: Path) -> None:
    site = made_site(tmp_path / "site")
    (site.path / "site.toml").write_text('name = "half', encoding="utf-8")
    with pytest.raises(SiteError, match="not well formed"):
        site.options()


def test_a_port_in_use_is_told_before_anything_starts(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert zhida.cli.run(["serve", str(made), "--port", str(port), "--lang", "en"]) == 1
    assert re.search(rf"127\.0\.0\.1:{port} is in use.*--port", capsys.readouterr().err)
    assert processes_of(made) == {}


@pytest.mark.long
def test_a_database_that_does_not_start_says_its_last_words(made: Path) -> None:
    with short_folder() as folder:
        broken = copied(made, folder / "site")
        (broken / "database" / "global" / "pg_control").write_bytes(b"nothing")
        answer = command("serve", broken, "--port", free_port(), "--lang", "en")
        assert answer.returncode == 1
        assert "the database did not start" in answer.stderr
        assert "pg_control" in answer.stderr
        assert processes_of(broken) == {}


def test_a_database_is_taken_as_it_runs_and_stopped_by_the_last_who_uses_it(made: Path) -> None:
    with short_folder() as folder:
        site = made_site(copied(made, folder / "site"))
        with used(site) as first:
            pid = first.pid()
            with used(site) as second:
                assert second.pid() == pid
            assert first.answers()
            with psycopg.connect(first.address) as connection:
                assert connection.execute("SHOW fsync").fetchone() == ("on",)
                assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
                assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert processes_of(site.path) == {}


def test_a_database_that_lets_nobody_in_because_the_disk_is_full_says_so_soon(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with short_folder() as folder, used(made_site(copied(made, folder / "site"))) as server:

        def refused(*_address: object, **_options: object) -> None:
            raise psycopg.OperationalError("FATAL:  could not write init file: No space left on device")

        waiting = Postgres(server.data)
        with monkeypatch.context() as full:
            full.setattr(psycopg, "connect", refused)
            begun = time.monotonic()
            with pytest.raises(SiteError, match="Free the disk"):
                waiting.start(30.0)
            assert time.monotonic() - begun < 25
        assert waiting.start()  # there is room again


@pytest.mark.long
@pytest.mark.parametrize("seconds", ["0", "60"], ids=["ended_and_not_asked_how", "at_work"])
def test_a_killed_database_recovers_what_was_committed_and_marks_that_name_another_process_are_no_hindrance(
    made: Path, seconds: str
) -> None:
    with short_folder() as folder:
        site = made_site(copied(made, folder / "site"))
        with used(site) as server:
            with psycopg.connect(server.address, autocommit=True) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
            assert kill([server.pid() or 0])
            until(lambda: not server.is_alive())
            until(lambda: processes_of(site.path) == {})
            other = subprocess.Popen(["sleep", seconds], user=site.database.stat().st_uid)  # noqa: S607 - PostgreSQL sees them
            until(lambda: seconds == "60" or Path(f"/proc/{other.pid}/cmdline").read_bytes() == b"")
            for mark in (site.database / "postmaster.pid", site.database / ".s.PGSQL.5432.lock"):
                lines = mark.read_text(encoding="utf-8").splitlines()
                mark.write_text("\n".join([str(other.pid), *lines[1:], ""]), encoding="utf-8")  # the number is now another's
            try:
                again = Postgres(site.database)
                assert again.start()
                with psycopg.connect(server.address) as connection:
                    assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
                again.stop()  # whoever started it hears of its end
            finally:
                other.kill()
                other.wait()


def test_a_socket_finds_a_place_where_the_folder_has_a_long_path(tmp_path: Path) -> None:
    long = Postgres(tmp_path / ("long" * 30) / "database")
    assert long.socket_folder != long.data
    assert len(str(long.socket_folder)) < 60


def test_a_site_is_served_until_ctrl_c_and_leaves_nobody_behind(site: RunningSite) -> None:
    site.start()
    assert site.database_pid in processes_of(site.folder)
    refused = command("serve", site.folder, "--port", free_port(), "--lang", "en")
    assert refused.returncode == 1
    assert "served already" in refused.stderr
    begun = time.monotonic()
    site.send(signal.SIGINT)
    assert site.ended() == 0
    assert time.monotonic() - begun < 60
    assert processes_of(site.folder) == {}
    assert "web and worker have ended" in site.log()


@pytest.mark.long
def test_a_second_ctrl_c_ends_at_once(site: RunningSite) -> None:
    site.start()
    (worker,) = site.pids("zhida_server.run.worker")
    os.kill(worker, signal.SIGSTOP)  # it will not end by being asked, once that has reached it
    until(lambda: Path(f"/proc/{worker}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T")
    begun = time.monotonic()
    site.send(signal.SIGINT)
    time.sleep(1)
    site.send(signal.SIGINT)
    assert site.ended() == 130
    assert time.monotonic() - begun < 12  # the time that the worker has to end by itself
    assert processes_of(site.folder) == {}


@pytest.mark.long
def test_what_dies_is_started_again_and_what_is_orphaned_ends(site: RunningSite) -> None:
    site.start()
    for words in ("postgres", "zhida_server.run.worker", "zhida_server.run.web"):
        before = set(site.pids(words))
        victim = site.database_pid if words == "postgres" else min(before)
        assert kill([victim or 0])
        until(lambda words=words, before=before: bool(set(site.pids(words)) - before))  # type: ignore[misc]
        until(site.is_well)
    site.kill()
    until(lambda: not site.pids("zhida_server.run"), 30)
    site.start()  # the database that was left is taken as it is
    site.send(signal.SIGTERM)
    assert site.ended() == 0
    assert processes_of(site.folder) == {}


@pytest.mark.long
@pytest.mark.parametrize("seed", [20260630 + int(os.environ.get("ZHIDA_KILL_SEED", "1"))])
def test_ctrl_c_while_granting_and_paying_loses_nothing_and_pays_nothing_twice(site: RunningSite, seed: int) -> None:
    with (site.folder / "site.toml").open("a", encoding="utf-8") as file:
        file.write("grant_chunk = 5\n")  # so that one may be interrupted between many
    begun, chance = time.monotonic(), random.Random(seed)  # noqa: S311 - its lots are drawn from a seed
    driver = Driver(site, 12 * ROUND, seed, policies=12, firms=20)
    site.start()
    driver.start()
    until(lambda: driver.journal.exists() or not driver.is_running())
    codes = []
    try:
        for number in range(INTERRUPTED):
            steps = driver.steps()
            until(lambda steps=steps: driver.steps() > steps or not driver.is_running())  # type: ignore[misc]
            time.sleep(chance.uniform(0, 1.5))
            if not driver.is_running():
                assert driver.has_finished(), "the driver ended by itself, and not well"
                driver.acts += 3 * ROUND  # more to do while there is more to interrupt
                driver.start()
            codes.append(interrupted(site, chance, is_twice=number % 3 == 2))
            site.start()
        until(lambda: not driver.is_running() or not site.is_served(), 300)
        assert driver.has_finished()
        figures = ended_well(site, driver)
    finally:
        driver.kill()
    seconds = time.monotonic() - begun
    print(f"\n{len(codes)} times Ctrl-C, exit codes {codes}, {driver.acts} ledger acts, {figures}, {seconds:.0f} s")  # noqa: T201 - the figures of the note


def interrupted(site: RunningSite, chance: random.Random, *, is_twice: bool) -> int:
    """Press Ctrl-C, once or twice in a row, and wait for the end, which leaves nobody behind; returns the exit code.

    A second one may come once all has ended and only the interpreter goes on: a shell says 130 of that as well.
    """
    site.send(signal.SIGINT)
    if is_twice:
        time.sleep(chance.uniform(0, 0.8))
        site.send(signal.SIGINT)
    code = site.ended(90)
    assert code in ({0, 130, -signal.SIGINT} if is_twice else {0}), site.out.read_text(encoding="utf-8")
    until(lambda: all("kill_driver" in line for line in processes_of(site.folder).values()), 30 if is_twice else 1)
    return code
