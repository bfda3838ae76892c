import hashlib
import os
from pathlib import Path

import pytest

from zhida_server import files, settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SITE", tmp_path)


def test_a_file_is_kept_once_under_the_digest_of_its_bytes() -> None:
    first, second = (files.keep_bytes("政策".encode(), ".txt") for _ in range(2))
    assert first == second == hashlib.sha256("政策".encode()).hexdigest()
    assert files.checked(first, ".txt").read_text(encoding="utf-8") == "政策"
    assert [path.name for path in (settings.SITE / "files").rglob("*") if path.is_file()] == [f"{first}.txt"]


def test_what_cannot_be_written_leaves_nothing() -> None:
    def write(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space"):
        files.keep(write, ".txt")
    assert not [path for path in (settings.SITE / "files").rglob("*") if path.is_file()]


def test_a_missing_or_damaged_file_is_told_and_keeping_it_again_mends_it() -> None:
    with pytest.raises(files.DamagedFileError, match="missing"):
        files.checked("0" * 64, ".txt")
    sha256 = files.keep_bytes(b"whole", ".txt")
    files.path_of(sha256, ".txt").write_bytes(b"hole")
    with pytest.raises(files.DamagedFileError, match="other bytes"):
        files.checked(sha256, ".txt")
    files.keep_bytes(b"whole", ".txt")
    assert files.checked(sha256, ".txt").read_bytes() == b"whole"


def test_bytes_and_names_are_on_the_disk_before_anything_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda opened: flushed.append(Path(f"/proc/self/fd/{opened}").readlink().name))
    sha256 = files.keep_bytes(b"x", ".txt")
    assert (flushed[0], flushed[1][0], flushed[2]) == ("files", ".", sha256[:2])


def test_what_a_killed_process_left_half_written_is_swept_once_it_is_old() -> None:
    sha256 = files.keep_bytes(b"whole", ".txt")
    old, young = settings.SITE / "files" / ".0123456789abcdef.parquet", settings.SITE / "files" / ".fedcba9876543210.parquet"
    folder = settings.SITE / "packs" / ".00112233445566ff"
    others = [
        settings.SITE / "files" / ".hidden",
        settings.SITE / "packs" / ".damaged-00112233445566ff",
        settings.SITE / "runs" / "results-ab",
    ]
    (folder / "national").mkdir(parents=True)
    (settings.SITE / "runs" / "results-ab").mkdir(parents=True)
    for path in (old, young, folder / "national" / "README.md", *others[:2]):
        path.write_bytes(b"half")
    long_ago = young.stat().st_mtime - files.LEFT_SECONDS - 60
    for path in (old, files.path_of(sha256, ".txt"), folder, folder / "national", *others):
        os.utime(path, (long_ago, long_ago))
    assert files.sweep() == 1  # in the folder something was written just now
    os.utime(folder / "national" / "README.md", (long_ago, long_ago))
    assert files.sweep() == 1
    assert not old.exists()
    assert not folder.exists()
    assert young.exists()
    assert all(path.exists() for path in others)
    assert files.checked(sha256, ".txt").read_bytes() == b"whole"


def test_a_folder_that_is_not_there_is_swept_as_well() -> None:
    assert files.sweep() == 0
