"""A folder of results is worked in by one run at a time, whoever removes and makes its work folder meanwhile, and only if it is ours."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from zhida.errors import InputError
from zhida.registry_io import parts
from zhida.registry_io.parts import work_folder

fcntl = pytest.importorskip("fcntl")
DIGEST = "0123456789abcdef"


def without_the_lock(folder: Path) -> None:
    (folder / "lock").unlink()


@pytest.mark.parametrize("remove", [shutil.rmtree, without_the_lock])
def test_a_lock_that_was_removed_before_it_was_taken_keeps_others_away_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remove: Callable[[Path], None]
) -> None:
    """Another run that has just ended removes its work folder between the opening of the lock and the taking of it."""
    take, taken = fcntl.flock, []

    def late(descriptor: int, operation: int) -> None:
        if not taken:
            remove(tmp_path / f".results-{DIGEST}")
        taken.append(descriptor)
        take(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with work_folder(tmp_path, DIGEST) as work:
        (work.path / "marks/x").touch()
        assert len(taken) == 2
        with pytest.raises(InputError) as raised, work_folder(tmp_path, DIGEST):
            pass
        assert [item.code for item in raised.value.diagnostics] == ["run-in-progress"]


def test_a_lock_that_never_stands_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_is_there", lambda _descriptor, _path: False)
    with pytest.raises(InputError) as raised, work_folder(tmp_path, DIGEST):
        pass
    assert [item.code for item in raised.value.diagnostics] == ["run-in-progress"]


def test_a_work_folder_that_somebody_else_removes_is_not_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / ".results-fedcba9876543210"
    (other / "marks").mkdir(parents=True)
    (other / "lock").touch()
    take = fcntl.flock

    def late(descriptor: int, operation: int) -> None:
        shutil.rmtree(other, ignore_errors=True)
        take(descriptor, operation)

    with work_folder(tmp_path, DIGEST) as work:
        (work.path / "commit.json").write_text("{}", encoding="utf-8")
        monkeypatch.setattr(fcntl, "flock", late)
    assert list(tmp_path.iterdir()) == []


def test_results_that_are_a_folder_of_somebody_else_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    theirs = tmp_path / "results.parquet/mine.txt"
    theirs.parent.mkdir()
    theirs.write_text("hi", encoding="utf-8")
    with pytest.raises(InputError, match="folder with other files"), work_folder(tmp_path, DIGEST):
        pytest.fail("it would be decided and then refused")
    assert [path.name for path in tmp_path.iterdir()] == ["results.parquet"]
    assert theirs.read_text(encoding="utf-8") == "hi"
