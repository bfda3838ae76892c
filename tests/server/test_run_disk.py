"""A full disk: what cannot be written does not count, nothing half-written stays, and what was paid is paid once."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server.sites import RunningSite, command, short_folder, until
from tests.server.test_run_kills import Driver, faults_after
from zhida_server import files
from zhida_server.run.folder import made_site

MEGABYTE = 1024 * 1024


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


@pytest.mark.long
def test_a_full_disk_under_the_whole_site_loses_nothing_and_is_overcome_once_there_is_room() -> None:
    with short_folder() as folder, small_disk(folder / "disk", 400) as disk:
        site = RunningSite(made_site(disk / "site", is_demo=True).path)
        site.out = folder / "out"
        try:
            site.start()
            driver = Driver(site, 400, 11)
            driver.journal = folder / "journal"
            driver.start()
            for more in (40, 120):
                until(lambda more=more: driver.done() >= more)  # type: ignore[misc]
                ballast = filled(disk)
                stuck = driver.done()
                until(lambda stuck=stuck: "No space left" in database_log(site) or driver.done() > stuck + 200, 60)  # type: ignore[misc]
                assert site.is_served()
                ballast.unlink()
            until(lambda: not driver.is_running() or not site.is_served(), 200)
            assert driver.has_finished(), site.out.read_text(encoding="utf-8")
            until(site.is_well)
            assert faults_after(site, driver) == []
        finally:
            site.end()
        verified = command("site", "verify", site.folder)
        assert verified.returncode == 0, verified.stdout
        filled(disk)
        refused = command("site", "export", site.folder, disk / "books.csv", "--format", "csv", "--lang", "en")
        assert refused.returncode == 1
        backup = command("site", "backup", site.folder, disk / "backup.tar", "--lang", "en")
        assert backup.returncode == 1
        assert {path.name for path in disk.iterdir()} == {"site", "ballast"}


def database_log(site: RunningSite) -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in (site.folder / "database" / "log").glob("*.log"))
