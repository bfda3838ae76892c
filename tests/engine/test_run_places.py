"""New results take the places of old ones together: whatever goes wrong, and whenever, no mixture stays."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.stories.small_district import files_below
from zhida.columnar.parquet import parquet_bytes
from zhida.columnar.spread import ResultColumns
from zhida.errors import InputError
from zhida.registry_io.parts import RESULTS_FILE, PartMark, WorkFolder, work_folder

DIGEST = "0123456789abcdef"
NAMES = ("report.html", "summary.json")


def table(word: str) -> pa.Table:
    words = pa.array([word] * 2).dictionary_encode()
    return pa.table({"key": [f"{word}{place}" for place in range(2)], "word": words})


def write_part(work: WorkFolder, place: int, word: str) -> None:
    data = parquet_bytes(ResultColumns.of(table(word)))
    work.write(place, data, PartMark(f"{word}{place}", rows=2, size=len(data), interpreted=0, taken_over=0))


def write(work: WorkFolder, word: str, parts: int, *more: str) -> None:
    for place in range(parts):
        write_part(work, place, word)
    for name in (*NAMES, *more):
        (work.beside / name).write_text(f"{word} {name}\n", encoding="utf-8")


def publish(target: Path, word: str, parts: int, *more: str) -> list[Path]:
    with work_folder(target, DIGEST) as work:
        write(work, word, parts, *more)
        return work.publish(parts)


@pytest.mark.parametrize("new_parts", [1, 3])
@pytest.mark.parametrize("old_parts", [1, 2])
def test_a_file_and_a_folder_take_each_others_place(tmp_path: Path, old_parts: int, new_parts: int) -> None:
    publish(tmp_path, "old", old_parts, "results.csv")
    (tmp_path / "mine.txt").write_text("mine\n", encoding="utf-8")
    paths = publish(tmp_path, "new", new_parts)
    assert [path.name for path in paths] == [RESULTS_FILE, *NAMES]
    assert {path.name for path in tmp_path.iterdir()} == {RESULTS_FILE, *NAMES, "mine.txt"}  # an old results.csv is gone
    assert not any(b"old" in data for data in files_below(tmp_path).values())
    assert (tmp_path / RESULTS_FILE).is_dir() == (new_parts > 1)


def test_parts_that_are_left_over_from_a_longer_source_are_dropped(tmp_path: Path) -> None:
    with work_folder(tmp_path, DIGEST) as work:
        write(work, "new", 5)
        work.publish(3)
    assert len(list((tmp_path / RESULTS_FILE).iterdir())) == 3


def test_a_folder_with_files_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / RESULTS_FILE).mkdir()
    (tmp_path / RESULTS_FILE / "thesis.txt").write_text("mine\n", encoding="utf-8")
    before = files_below(tmp_path)
    with pytest.raises(InputError) as raised:
        publish(tmp_path, "new", 1)
    assert raised.value.diagnostics[0].code == "registry-write-failed"
    assert {name: data for name, data in files_below(tmp_path).items() if not name.startswith(".")} == before


def failing_replace(fail_at: int, error: BaseException) -> Callable[[Path, Path], Path]:
    """Return a `Path.replace` that fails at the n-th change of places that comes to pass after the commit."""
    replace, seen = Path.replace, [0]

    def stand_in(path: Path, target: Path) -> Path:
        if seen[0] or Path(target).name == "commit.json":
            seen[0] += 1
        if seen[0] == fail_at + 2:
            raise error
        return replace(path, target)

    return stand_in


@pytest.mark.parametrize("fail_at", range(7))
@pytest.mark.parametrize("error", [OSError(errno.EACCES, os.strerror(errno.EACCES)), KeyboardInterrupt()], ids=["refused", "interrupted"])
def test_where_one_change_does_not_come_to_pass_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail_at: int, error: BaseException
) -> None:
    publish(tmp_path, "old", 2, "results.csv")
    before = files_below(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing_replace(fail_at, error))
        with pytest.raises((InputError, KeyboardInterrupt)) as raised:
            publish(tmp_path, "new", 1)
    if isinstance(raised.value, InputError):
        assert raised.value.diagnostics[0].code == "registry-write-failed"
    assert {name: data for name, data in files_below(tmp_path).items() if not name.startswith(".")} == before
    with work_folder(tmp_path, DIGEST) as work:
        assert work.done(0) is not None  # the part is kept
        write(work, "new", 1)
        work.publish(1)
    assert not any(b"old" in data for data in files_below(tmp_path).values())


class Killed(BaseException):
    """Stands for the end of the process: nothing is put back."""


@pytest.mark.parametrize("fail_at", range(7))
def test_changes_that_a_power_cut_stopped_are_brought_to_their_end_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail_at: int
) -> None:
    publish(tmp_path, "old", 2, "results.csv")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing_replace(fail_at, Killed()))
        with pytest.raises(Killed):
            publish(tmp_path, "new", 1)
    with work_folder(tmp_path, "f" * 16):
        found = {name: data for name, data in files_below(tmp_path).items() if not name.startswith(".")}
    assert set(found) == {RESULTS_FILE, *NAMES}
    assert not any(b"old" in data for data in found.values())
    assert not list(tmp_path.glob(".results-*"))


def test_a_refusal_before_any_part_is_done_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("zhida.registry_io.parts.os.fsync", refuse)
    with pytest.raises(InputError) as raised:
        publish(tmp_path, "new", 1)
    assert raised.value.diagnostics[0].arguments["path"] == str(tmp_path)
    assert raised.value.diagnostics[0].message("zh").endswith("：磁盘已满")
    assert raised.value.diagnostics[0].hint("zh").startswith("请腾出空间，或用 --out 写到别的盘，再运行一次")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_the_parts_that_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, "old", 1)
    before = files_below(tmp_path)
    with work_folder(tmp_path, DIGEST) as work:
        write_part(work, 0, "new")
        with monkeypatch.context() as patch:
            patch.setattr("zhida.registry_io.parts.os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
            with pytest.raises(InputError):
                write_part(work, 1, "new")
    assert {name: data for name, data in files_below(tmp_path).items() if not name.startswith(".")} == before
    with work_folder(tmp_path, DIGEST) as work:
        assert work.done(0) is not None
        assert work.done(1) is None
        assert not list(work.path.glob("new-*"))
