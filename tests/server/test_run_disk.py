"""A full disk: what cannot be written does not count, nothing half-written stays, and what was paid is paid once."""

import logging
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.server import small_town
from tests.server.kill_books import Driver, ended_well
from tests.server.kill_delivery import ROUND
from tests.server.sites import RunningSite, command, short_folder, until
from zhida_server import files
from zhida_server.run.folder import made_site
from zhida_server.run.processes import opened_log

MEGABYTE = 1024 * 1024
SEED = 11 + int(os.environ.get("ZHIDA_KILL_SEED", "0"))
FILLED = 4
"""How often the disk is filled."""
FULL_SECONDS = 15.0
"""How long it stays full at most before something is tried besides."""
FULL = "No space left"
KEPT = re.compile(r"[0-9a-f]{64}(\.[a-z0-9.]+)?")
"""The name of a kept file."""


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a small disk in memory at a folder; skipped where that is not allowed."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(folder)]
    mounted = subprocess.run(mounting, check=False, capture_output=True, text=True) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode:
        pytest.skip(f"!!! no small disk could be mounted, a full one was not tried: {mounted.stderr if mounted else 'not root'}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607 - the system's own


def filled(disk: Path) -> Path:
    """Fill a disk to its last byte, and return the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096, 1):
            with pytest.raises(OSError, match="No space left"):  # noqa: PT012 - the write that does not fit ends it
                while True:
                    file.write(b"x" * size)
    return ballast


def test_a_kept_file_that_does_not_fit_leaves_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with short_folder() as folder, small_disk(folder / "disk", 2) as disk:
        monkeypatch.setattr(files.settings, "SITE", disk)
        kept = files.keep_bytes(b"before", ".csv")
        with pytest.raises(OSError, match="No space left"):
            files.keep_bytes(b"x" * 3 * MEGABYTE, ".csv")
        assert [path.name for path in (disk / "files").rglob("*") if path.is_file()] == [f"{kept}.csv"]
        assert files.checked(kept, ".csv").read_bytes() == b"before"


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.settings, "SITE", tmp_path)

    def cut_short(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.keep(cut_short, ".csv")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_line_that_does_not_fit_into_the_log_is_left_out_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = opened_log(tmp_path / "logs")
    handler = log.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    with suppress(OSError), Path("/dev/full").open("w", encoding="utf-8") as full:  # what is left in it does not fit either
        handler.stream, kept = full, handler.stream
        log.info("this does not fit")
        handler.stream = kept
    assert capsys.readouterr().err == ""
    log.info("this does")
    assert "this does" in (tmp_path / "logs" / "site.log").read_text(encoding="utf-8")
    handler.close()
    log.handlers.clear()


@pytest.mark.long
def test_a_full_disk_under_the_whole_site_loses_nothing_and_is_overcome_once_there_is_room() -> None:
    begun = time.monotonic()
    with short_folder() as folder, small_disk(folder / "disk", 400) as disk:
        site = RunningSite(made_site(disk / "site", is_demo=True).path)
        site.out = folder / "out"
        (folder / "mapping.yaml").write_text(small_town.MAPPING, encoding="utf-8")
        (folder / "base.csv").write_text(small_town.BASE, encoding="utf-8")
        try:
            site.start()
            driver = Driver(site, 16 * ROUND, SEED, policies=16, firms=20)
            driver.journal = folder / "journal"
            driver.start()
            until(lambda: driver.done() > 0 or not driver.is_running())
            chance = random.Random(SEED)  # noqa: S311 - its lots are drawn from a seed
            refusals = 0
            for _ in range(FILLED):
                time.sleep(chance.uniform(0.5, 4))
                refusals += refused_while_full(site, driver, disk)
            until(lambda: not driver.is_running() or not site.is_served(), 400)
            assert driver.has_finished(), site.log()[-5_000:]
            until(site.is_well)
            figures = ended_well(site, driver)
            assert halves_of(site) == []
        finally:
            site.end()
        filled(disk)
        refused_at_rest(site, disk)
        seconds = time.monotonic() - begun
        print(f"\n{FILLED} times full, {refusals} acts refused meanwhile, {driver.acts} ledger acts, {figures}, {seconds:.0f} s")  # noqa: T201 - the figures of the note


def refused_while_full(site: RunningSite, driver: Driver, disk: Path) -> int:
    """Fill the disk under the site, and let people try what takes room once something did not fit; returns how much was refused."""
    ballast = filled(disk)
    try:
        said, stuck = database_log(site).count(FULL), driver.done()
        deadline = time.monotonic() + FULL_SECONDS  # the log of the database may be what does not fit
        while time.monotonic() < deadline and database_log(site).count(FULL) == said and driver.done() < stuck + 50:
            time.sleep(0.1)
        assert site.is_served()
        before = set(disk.iterdir())
        acts = (
            ("backup", site.folder, disk / "backup.tar"),
            ("export", site.folder, disk / "books.csv", "--format", "csv"),
            ("import", site.folder, disk.parent / "mapping.yaml", disk.parent / "base.csv"),
        )
        for act in acts:
            answer = command("site", *act, "--lang", "en")
            assert answer.returncode == 1, (act, answer.stdout, answer.stderr)
            assert said_clearly(answer.stderr), (act, answer.stderr)
        assert set(disk.iterdir()) == before
    finally:
        ballast.unlink()
    return len(acts)


def said_clearly(text: str) -> bool:
    """Whether a command ended with an error in words, and not with the trace of a program."""
    return bool(text.rpartition("error: ")[2].strip()) and "error: " in text and "Traceback" not in text


def refused_at_rest(site: RunningSite, disk: Path) -> None:
    """See to it that what takes room on a full disk is refused where the site is not served either."""
    for act in (("export", site.folder, disk / "books.csv", "--format", "csv"), ("backup", site.folder, disk / "backup.tar")):
        refused = command("site", *act, "--lang", "en")
        assert refused.returncode == 1, refused.stderr
        assert said_clearly(refused.stderr), refused.stderr
    assert {path.name for path in disk.iterdir()} == {"site", "ballast"}


def halves_of(site: RunningSite) -> list[str]:
    """Return what is left half-written: files that are not named by their bytes, folders of uploads and runs that are over."""
    kept = [path for path in (site.folder / "files").rglob("*") if path.is_file() and not KEPT.fullmatch(path.name)]
    aside = [path for name in ("uploads", "runs") for path in (site.folder / name).glob("*")]
    return [path.relative_to(site.folder).as_posix() for path in (*kept, *aside)]


def database_log(site: RunningSite) -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in (site.folder / "database" / "log").glob("*.log"))
