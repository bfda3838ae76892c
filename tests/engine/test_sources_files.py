"""Files of sources are read where they stand: whoever writes into one is told of, and never ends the process or mixes two versions."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.registry_fixtures import dictionary
from tests.engine.run_sources import KEY, frame, opened, order_of, packs_in, run_into, write_source
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.registry_io import sources_csv, sources_parquet
from zhida.registry_io.sources import Source, open_source
from zhida.registry_io.sources_files import SourceFile

ROWS = 60_000
"""Enough for several pages of the operating system in each part: a mapped one would be gone where the file is cut short."""

Change = Callable[[Path], None]


def numbers(rows: int, first: int = 0) -> pa.Table:
    random = Random(5)  # noqa: S311 - nothing is secret
    codes = [f"K{first + row:07}" for row in range(rows)]
    return pa.table({"代码": codes, "从业人员": pa.array([random.randrange(10**6) for _ in range(rows)], pa.int64())})


def parquet(folder: Path) -> Path:
    path = folder / "a.parquet"
    pq.write_table(numbers(ROWS), path, row_group_size=ROWS // 4, compression="none", use_dictionary=False)
    return path


def csv(folder: Path) -> Path:
    path = folder / "a.csv"
    pl.DataFrame(pl.from_arrow(numbers(ROWS))).write_csv(path)
    return path


def emptied(path: Path) -> None:
    path.open("wb").close()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def written_over(path: Path) -> None:
    before = path.stat()
    with path.open("r+b") as file:
        file.write(file.read(4)[:4])
        file.seek(0)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))


def appended_to(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"K9999999,1\n")


@pytest.mark.parametrize("change", [emptied, cut, written_over, appended_to])
@pytest.mark.parametrize("rows", [ROWS // 4, ROWS // 12])
@pytest.mark.parametrize("make", [parquet, csv])
def test_a_file_that_is_written_into_is_told_and_no_part_is_read_of_it(
    tmp_path: Path, make: Callable[[Path], Path], rows: int, change: Change
) -> None:
    path = make(tmp_path)
    source = open_source(str(path), dictionary(), rows_per_part=rows)
    assert source.read(source.parts[0]).height == rows
    source.check()
    change(path)
    for part in source.parts:
        with pytest.raises(InputError) as raised:
            source.read(part)
        assert [(item.code, item.arguments["name"]) for item in raised.value.diagnostics] == [("source-changed", str(path))]
    with pytest.raises(InputError, match="changed, cut short or removed"):
        source.check()


@pytest.mark.parametrize("make", [parquet, csv])
def test_a_file_that_is_replaced_or_removed_is_read_to_its_end(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    source = open_source(str(path), dictionary(), rows_per_part=ROWS // 4)
    other = tmp_path / "new"
    other.write_bytes(b"another file")
    other.replace(path)
    assert_reads_all(source)
    path.unlink()
    assert_reads_all(source)
    source.check()


def assert_reads_all(source: Source) -> None:
    found = pl.concat([source.read(part) for part in source.parts])
    assert found["代码"].to_list() == numbers(ROWS)["代码"].to_pylist()


def test_a_folder_of_many_files_does_not_hold_them_all_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_parquet, "KEPT_OPEN", 2)
    for place in range(6):
        pq.write_table(numbers(10, place * 10), tmp_path / f"part-{place:05}.parquet")
    before = descriptors()
    source = open_source(str(tmp_path), dictionary(), rows_per_part=10)
    assert pl.concat([source.read(part) for part in source.parts])["代码"].to_list() == numbers(60)["代码"].to_pylist()
    assert descriptors() <= before + 2
    (tmp_path / "part-00001.parquet").unlink()
    assert source.read(source.parts[1]).height == 10
    (tmp_path / "part-00004.parquet").unlink()
    pq.write_table(numbers(10, 50), tmp_path / "new.parquet")
    (tmp_path / "new.parquet").replace(tmp_path / "part-00005.parquet")
    for place in (4, 5):
        with pytest.raises(InputError, match=rf"part-0000{place}.*removed while it was read"):
            source.read(source.parts[place])


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def test_a_file_gives_no_bytes_that_it_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    file = SourceFile(path)
    assert (file.size, file.read(2, 5), file.read(8, 99), file.read(20, 30)) == (10, b"234", b"89", b"")
    with pytest.raises(InputError, match=r"cannot (be )?read"):
        SourceFile(tmp_path / "none")


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 50])
def test_a_table_is_cut_alike_however_little_of_it_is_looked_at_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('\ufeff代码,企业名称\r\n\r\nA,"甲 ""乙"",\r\n丙"\r\n\nB,""\n"C","丁"\r\nD,x'.encode())
    whole = parts_of(path)
    monkeypatch.setattr(sources_csv, "CHUNK", chunk)
    assert parts_of(path) == whole
    assert [row for _, rows in whole for row in rows] == [("A", '甲 "乙",\r\n丙'), ("B", None), ("C", "丁"), ("D", "x")]


def parts_of(path: Path) -> list[tuple[object, list[tuple[object, ...]]]]:
    source = open_source(str(path), dictionary(), rows_per_part=3)
    return [(part, source.read(part).rows()) for part in source.parts]


@pytest.mark.parametrize(
    "text", ['代码,企业名称\nA,甲\nB,a"b\n', '代码,企业名称\nA,"甲"x\n', "代码,企业名称\nA,甲\rB\n", '代码,企业名称\nA,"甲\n']
)
def test_what_is_wrong_with_a_table_is_told_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8", newline="")
    told = []
    for chunk in (1 << 25, 1, 5):
        monkeypatch.setattr(sources_csv, "CHUNK", chunk)
        with pytest.raises(InputError) as raised:
            parts_of(path)
        told.append([item.render("en") for item in raised.value.diagnostics])
    assert told[0] == told[1] == told[2]


# --- runs ----------------------------------------------------------------------------------------------------------


class Changing:
    """A source whose file is written into after some of its parts were read."""

    def __init__(self, source: Source, path: Path, after: int) -> None:
        self._source, self._path, self._left = source, path, after

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)

    def read(self, *arguments: object) -> pl.DataFrame:
        """Read a part, and write into the file before or after it."""
        if not self._left:
            emptied(self._path)
        self._left -= 1
        found = self._source.read(*arguments)  # type: ignore[arg-type]
        if not self._left and arguments[0] == self._source.parts[-1]:
            emptied(self._path)
        return found


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return packs_in(tmp_path / "packs")


@pytest.mark.parametrize("after", [5, 12])
def test_a_run_whose_file_is_written_into_is_refused_and_its_parts_are_kept(packs: Packs, tmp_path: Path, after: int) -> None:
    rows = frame()
    path, out, order = write_source(tmp_path / "registry.parquet", rows), tmp_path / "out", order_of(packs)
    stat = path.stat()
    with pytest.raises(InputError) as raised:
        run_into(order, Changing(opened(order, path), path, after), out)  # type: ignore[arg-type]
    assert [item.code for item in raised.value.diagnostics] == ["source-changed"]
    assert [item.name for item in out.iterdir() if not item.name.startswith(".")] == []
    assert len(list(out.glob(".results-*/marks/*.json"))) == after
    write_source(path, rows)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    progress = run_into(order, opened(order, path), out)
    assert (progress.parts_found, progress.parts_done) == (after, 12)
    assert pl.read_parquet(out / "results.parquet")[KEY].n_unique() == rows.height
