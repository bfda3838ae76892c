"""Runs part by part: taken up again where they stopped, the same bytes however they came about, and nothing half-written."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine import run_sources as shared
from tests.engine.run_sources import DAY, GROUP, KEY, ROWS, opened, order_of, packs_in, run_into, write_source
from tests.stories.small_district import files_below
from zhida.assess.order import LEAST_ROWS_PER_PART, ROWS_PER_PART, plan_parts
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.registry_io import memory
from zhida.registry_io.former import FACTS_COLUMN
from zhida.registry_io.parts import sorted_words, work_folder
from zhida.registry_io.sources import Source
from zhida.registry_io.sources_parts import Part
from zhida.values.temporal import Date

PARTS = ROWS // GROUP


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_in(tmp_path_factory.mktemp("packs"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "registry.parquet", shared.frame())


@pytest.fixture(scope="module")
def undisturbed(packs: Packs, file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    order = order_of(packs)
    run_into(order, opened(order, file), folder)
    return files_below(folder)


class Watched:
    """A source that counts what is read of it, and fails where it is told to."""

    def __init__(self, source: Source, *, fail_at: int | None = None, error: BaseException | None = None) -> None:
        self._source, self._fail_at, self._error = source, fail_at, error
        self.read_parts: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)

    def read(self, part: Part, columns: Sequence[str] | None = None) -> pl.DataFrame:
        if part.number == self._fail_at:
            assert self._error is not None
            raise self._error
        self.read_parts.append(part.number)
        return self._source.read(part, columns)


def stop_at(packs: Packs, file: Path, folder: Path, part: int, **changes: object) -> None:
    """Leave a run that is interrupted when it comes to a part."""
    order = order_of(packs, **changes)
    with pytest.raises(KeyboardInterrupt):
        run_into(order, Watched(opened(order, file), fail_at=part, error=KeyboardInterrupt()), folder)  # type: ignore[arg-type]


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


# --- what comes out ------------------------------------------------------------------------------------------------


def test_a_source_of_many_parts_becomes_a_folder_of_parts_in_order(undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    assert set(undisturbed) == {*(f"results.parquet/part-{place:05}.parquet" for place in range(PARTS)), "summary.json"}
    for name, data in undisturbed.items():
        (tmp_path / Path(name).name).write_bytes(data)
    whole = pl.read_parquet(tmp_path / "part-*.parquet")
    assert whole[KEY].to_list() == shared.frame()[KEY].to_list()
    assert undisturbed["summary.json"] == b"240\n"


def test_a_source_of_one_part_becomes_one_file(packs: Packs, tmp_path: Path) -> None:
    order = order_of(packs)
    path = write_source(tmp_path / "registry.parquet", shared.frame(), ROWS)
    run_into(order, opened(order, path), tmp_path / "out")
    assert (tmp_path / "out/results.parquet").is_file()
    assert pq.read_metadata(tmp_path / "out/results.parquet").num_rows == ROWS


@pytest.mark.parametrize("workers", [2, 5])
def test_any_number_of_threads_gives_the_same_bytes(
    packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes], workers: int
) -> None:
    order = order_of(packs, workers=workers)
    run_into(order, opened(order, file), tmp_path / "out")
    assert files_below(tmp_path / "out") == undisturbed


@pytest.mark.long
def test_a_row_has_the_same_results_in_parts_of_any_size(packs: Packs, file: Path, tmp_path: Path) -> None:
    order = order_of(packs)
    found = []
    for rows in (9, 100_000):
        run_into(order, opened(order, file, rows), tmp_path / str(rows))
        found.append(pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / str(rows) / "results.parquet").iterdir())]))
    assert found[0].cast({pl.Categorical: pl.String}).equals(found[1].cast({pl.Categorical: pl.String}))


def test_results_say_what_they_rest_on(packs: Packs, file: Path, tmp_path: Path) -> None:
    order = order_of(packs)
    run_into(order, opened(order, file), tmp_path / "out")
    metadata = pl.read_parquet_metadata(tmp_path / "out/results.parquet/part-00003.parquet")
    assert metadata["zhida.as_of"] == str(DAY)
    assert {"zhida.policies", "zhida.missing", "zhida.facts", "zhida.digests"} <= metadata.keys()
    assert str(file) not in "".join(metadata.values())


# --- taken up again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0, 1, 5, PARTS - 1])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_interrupted_run_goes_on_where_it_stopped(
    packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes], part: int, workers: int
) -> None:
    stop_at(packs, file, tmp_path / "out", part, workers=workers)
    assert visible(tmp_path / "out") == set()
    order = order_of(packs, workers=2)
    source = Watched(opened(order, file))
    progress = run_into(order, source, tmp_path / "out")  # type: ignore[arg-type]
    assert progress.parts_found + len(source.read_parts) == PARTS
    assert progress.parts_found == part if workers == 1 else progress.parts_found >= max(part - workers + 1, 0)
    assert progress.rows_found == progress.parts_found * GROUP
    assert files_below(tmp_path / "out") == undisturbed


def test_beginning_anew_drops_the_parts_that_are_there(packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    stop_at(packs, file, tmp_path / "out", 9)
    order = order_of(packs, is_fresh=True)
    assert run_into(order, opened(order, file), tmp_path / "out").parts_found == 0
    assert files_below(tmp_path / "out") == undisturbed


def test_another_order_does_not_go_on_with_the_parts_and_removes_them_when_it_is_done(packs: Packs, file: Path, tmp_path: Path) -> None:
    stop_at(packs, file, tmp_path / "out", 9)
    for changes in ({"as_of": Date(2026, 7, 1)}, {"policies": ("demo/size",)}):
        order = replace(order_of(packs), **changes)  # type: ignore[arg-type]
        with pytest.raises(KeyboardInterrupt):
            run_into(order, Watched(opened(order, file), fail_at=2, error=KeyboardInterrupt()), tmp_path / "out")  # type: ignore[arg-type]
    assert len(list((tmp_path / "out").glob(".results-*"))) == 3
    assert run_into(order, opened(order, file), tmp_path / "out").parts_found == 2
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"results.parquet", "summary.json"}


def test_a_policy_that_changed_begins_anew(packs: Packs, file: Path, tmp_path: Path) -> None:
    stop_at(packs, file, tmp_path / "out", 9)
    order = order_of(packs_in(tmp_path / "packs", rate=2000))
    assert run_into(order, opened(order, file), tmp_path / "out").parts_found == 0


@pytest.mark.parametrize(
    ("place", "another"),
    [
        ("zhida.registry_io.engine._own_files", lambda: ("another", "")),  # an engine of the same version that was mended
        ("zhida.assess.order.engine_digest", lambda: "another"),  # the same one with other libraries
    ],
)
def test_parts_of_another_engine_are_not_gone_on_with(
    packs: Packs, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, another: Callable[[], object]
) -> None:
    stop_at(packs, file, tmp_path / "out", 9)
    monkeypatch.setattr(place, another)
    order = order_of(packs)
    assert run_into(order, opened(order, file), tmp_path / "out").parts_found == 0
    assert visible(tmp_path / "out") == {"results.parquet", "summary.json"}


def test_a_source_that_changed_is_decided_anew_where_it_changed(packs: Packs, tmp_path: Path) -> None:
    rows = shared.frame()
    folder = tmp_path / "registry"
    folder.mkdir()
    for place in range(6):
        write_source(folder / f"{place}.parquet", rows.slice(place * 40, 40), 40)
    stop_at(packs, folder, tmp_path / "out", 4)
    write_source(folder / "1.parquet", rows.slice(40, 40).with_columns(pl.lit("改名").alias("企业名称")), 40)
    order = order_of(packs)
    source = Watched(opened(order, folder))
    run_into(order, source, tmp_path / "out")  # type: ignore[arg-type]
    assert source.read_parts == [1, 4, 5]
    assert pl.read_parquet(tmp_path / "out/results.parquet/part-00001.parquet")["名称"].unique().to_list() == ["改名"]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def make_other(path: Path) -> None:
    path.write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("parts/part-00003.parquet", cut_short),
        ("parts/part-00003.parquet", Path.unlink),
        ("marks/part-00003.json", Path.unlink),
        ("marks/part-00003.json", cut_short),
        ("marks/part-00003.json", make_other),
    ],
)
def test_a_part_that_is_not_whole_is_done_again(
    packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes], name: str, harm: Callable[[Path], None]
) -> None:
    stop_at(packs, file, tmp_path / "out", 9)
    (work,) = (tmp_path / "out").glob(".results-*")
    harm(work / name)
    (work / "new-part-00005.parquet").write_bytes(b"half-wr")
    order = order_of(packs)
    source = Watched(opened(order, file))
    run_into(order, source, tmp_path / "out")  # type: ignore[arg-type]
    assert source.read_parts == [3, *range(9, PARTS)]
    assert files_below(tmp_path / "out") == undisturbed


def test_a_bad_row_group_stops_the_run_and_the_others_are_kept(
    packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    harmed = tmp_path / "registry.parquet"
    data = bytearray(file.read_bytes())
    column = pq.read_metadata(file).row_group(7).column(0)
    start = column.dictionary_page_offset or column.data_page_offset
    data[start : start + column.total_compressed_size] = bytes(column.total_compressed_size)
    harmed.write_bytes(data)
    order = order_of(packs)
    with pytest.raises(InputError) as raised:
        run_into(order, opened(order, harmed), tmp_path / "out")
    (found,) = raised.value.diagnostics
    assert found.code == "source-part-damaged"
    assert (found.arguments["name"], found.arguments["group"]) == (str(harmed), "8")
    assert visible(tmp_path / "out") == set()
    assert len(list((tmp_path / "out").glob(".results-*/marks/*.json"))) == 7
    harmed.write_bytes(file.read_bytes())
    run_into(order, opened(order, harmed), tmp_path / "out")
    assert files_below(tmp_path / "out") == undisturbed


def test_two_runs_do_not_write_the_same_results(packs: Packs, file: Path, tmp_path: Path) -> None:
    with work_folder(tmp_path, "0123456789abcdef0") as work:
        (work.path / "marks/x").touch()
        with pytest.raises(InputError) as raised, work_folder(tmp_path, "0123456789abcdef0"):
            pass
    assert [item.code for item in raised.value.diagnostics] == ["run-in-progress"]
    with work_folder(tmp_path, "0123456789abcdef0"):
        order = order_of(packs)
        run_into(order, opened(order, file), tmp_path)  # another order: it leaves the first one's folder alone
        assert len(list(tmp_path.glob(".results-*"))) == 1


# --- memory --------------------------------------------------------------------------------------------------------


def test_little_memory_makes_parts_smaller_and_less_is_refused(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhida.assess.order.used_memory", lambda: 100_000_000)
    plans = [plan_parts(order_of(packs, workers=8, memory=size)) for size in (260_000_000, 300_000_000, 2_000_000_000)]
    assert [plan.rows_per_part for plan in plans] == sorted(plan.rows_per_part for plan in plans)
    assert LEAST_ROWS_PER_PART < plans[0].rows_per_part < plans[2].rows_per_part == ROWS_PER_PART
    assert plans[0].threads < plans[2].threads == 8
    with pytest.raises(InputError) as raised:
        plan_parts(order_of(packs, memory=240_000_000))
    (found,) = raised.value.diagnostics
    assert (found.code, found.arguments["given"]) == ("run-memory-too-small", "240 MB")


def test_without_a_limit_parts_are_the_same_on_every_machine(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    for free in (0, 10**8, 10**12):
        monkeypatch.setattr("zhida.assess.order.free_memory", lambda free=free: free)
        plan = plan_parts(order_of(packs, workers=4))
        assert plan.rows_per_part == ROWS_PER_PART
        assert plan.threads == (4 if free == 10**12 else 1)


def test_the_limit_of_a_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable:  8000000 kB\n", encoding="ascii")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    assert memory.free_memory() == 8_000_000 * 1024
    for most, expected in (("max", 8_000_000 * 1024), ("5000000", 2_000_000), ("1000000", 0)):
        (tmp_path / "memory.max").write_text(f"{most}\n", encoding="ascii")
        (tmp_path / "memory.current").write_text("3000000\n", encoding="ascii")
        assert memory.free_memory() == expected


def test_where_nothing_tells_of_memory_a_modest_machine_is_assumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEMINFO", "STATUS", "GROUP"):
        monkeypatch.setattr(memory, name, tmp_path / "nothing")
    assert memory.free_memory() == memory.ASSUMED_FREE
    assert memory.used_memory() == memory.most_used_memory() == memory.ASSUMED_USED


# --- the same bytes ------------------------------------------------------------------------------------------------


def test_words_of_a_table_are_those_that_occur_in_order() -> None:
    indices = pa.array([2, None, 0, 2], pa.int32())
    words = pa.DictionaryArray.from_arrays(indices, pa.array(["乙", "不出现", "丙"]))
    table = sorted_words(pa.table({"a": words, "b": [1, 2, 3, 4], "c": pa.DictionaryArray.from_arrays(pa.nulls(4, pa.int32()), ["甲"])}))
    assert table.column("a").to_pylist() == ["丙", None, "乙", "丙"]
    assert table.column("a").chunk(0).dictionary.to_pylist() == ["丙", "乙"]
    assert table.column("c").to_pylist() == [None] * 4
    assert table.column("c").chunk(0).dictionary.to_pylist() == []


@pytest.mark.parametrize("start", [0, 1, 13])
@pytest.mark.parametrize("is_null", [False, True])
def test_words_keep_their_rows_when_they_are_put_in_order(start: int, is_null: bool) -> None:
    values = ["丁", "甲", None if is_null else "丙", "丙", "乙"] * 7
    words = pa.array(values, pa.string()).dictionary_encode()[start:]
    table = sorted_words(pa.table({"a": words}))
    assert table.column("a").to_pylist() == values[start:]
    assert table.column("a").chunk(0).dictionary.to_pylist() == sorted({word for word in values if word})
    assert sorted_words(table).equals(table)


def test_a_table_of_several_chunks_has_one_dictionary() -> None:
    chunks = [pa.array(values, pa.string()).dictionary_encode() for values in (["乙"], ["丙", "乙"], [None])]
    table = sorted_words(pa.table({"a": pa.chunked_array(chunks)}))
    assert table.column("a").num_chunks == 1
    assert table.column("a").to_pylist() == ["乙", "丙", "乙", None]


def test_facts_stand_in_the_last_column(packs: Packs, file: Path, tmp_path: Path) -> None:
    order = order_of(packs)
    run_into(order, opened(order, file), tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out/results.parquet/part-00000.parquet")
    assert schema.names[-1] == FACTS_COLUMN
    assert schema.field(FACTS_COLUMN).type == pa.uint64()
