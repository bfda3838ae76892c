"""Results as Parquet: what is written is read back by others, and depends on the values of the rows alone."""

import io
from collections.abc import Callable

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhida.columnar import kernel, parquet
from zhida.columnar.parquet import parquet_bytes
from zhida.columnar.spread import Places, ResultColumns, Spread

WORDS = pa.dictionary(pa.int32(), pa.string())


def read(data: bytes) -> pa.Table:
    """Return what Arrow reads, every page held against its checksum."""
    return pq.read_table(pa.BufferReader(data), page_checksum_verification=True)


def results_of(**columns: pa.Array | Spread) -> ResultColumns:
    """Return columns as results."""
    schema = pa.schema([pa.field(name, column.type) for name, column in columns.items()], metadata={"谁": "直达", "空": ""})
    return ResultColumns(schema, tuple(columns.values()), len(next(iter(columns.values()))))


def worded(values: list[str | None]) -> pa.Array:
    """Return words in a dictionary."""
    return pa.array(values, WORDS)


def spread_over(values: pa.Array, places: list[int]) -> Spread:
    """Return a column of few values."""
    return Spread(values, Places.of(np.array(places, np.int64), len(values)))


COLUMNS: dict[str, Callable[[int], pa.Array | Spread]] = {
    "words": lambda rows: worded([("甲", "乙", None, "丁丁")[row % 4] for row in range(rows)]),
    "one word": lambda rows: worded(["甲"] * rows),
    "one word or none": lambda rows: worded(["甲" if row % 3 else None for row in range(rows)]),
    "no words": lambda rows: pa.nulls(rows, WORDS),
    "many words": lambda rows: worded([f"词{row % 70_000}" for row in range(rows)]),
    "texts": lambda rows: pa.array(
        [None if row % 4 == 2 else f"{('', 'a', '', '企业')[row % 4]}{row}" for row in range(rows)], pa.string()
    ),
    "no texts": lambda rows: pa.nulls(rows, pa.string()),
    "few amounts": lambda rows: pa.array([(5, None, -(2**63), 2**63 - 1)[row % 4] for row in range(rows)], pa.int64()),
    "many amounts": lambda rows: pa.array([None if row % 5 == 1 else row * 999_983 for row in range(rows)], pa.int64()),
    "no amounts": lambda rows: pa.nulls(rows, pa.int64()),
    "few bits": lambda rows: pa.array([2**64 - 1 - row % 3 for row in range(rows)], pa.uint64()),
    "many bits": lambda rows: pa.array([2**64 - 1 - row for row in range(rows)], pa.uint64()),
    "spread words": lambda rows: spread_over(worded(["丙", "甲", None, "甲", "不"]), [row * row % 4 for row in range(rows)]),
    "spread amounts": lambda rows: spread_over(pa.array([7, 7, None, -3], pa.int64()), [row * row % 4 for row in range(rows)]),
    "spread bits": lambda rows: spread_over(pa.array([2**63, 0, 5], pa.uint64()), [row % 2 for row in range(rows)]),
    "spread nothing": lambda rows: spread_over(pa.nulls(300, pa.int64()), [row % 300 for row in range(rows)]),
    "spread widely": lambda rows: spread_over(pa.array(range(70_000), pa.int64()), [row * 7 % 70_000 for row in range(rows)]),
}


@pytest.mark.parametrize("path", kernel.PATHS)
@pytest.mark.parametrize("rows", [0, 1, 7, 8, 65, 6_000])
def test_what_is_written_is_read_by_arrow_and_by_polars(path: str, rows: int) -> None:
    results = results_of(**{name: column(rows) for name, column in COLUMNS.items()})
    with kernel.use(path):
        data = parquet_bytes(results)
    back = read(data)
    expected = results.table()
    assert back.schema.equals(expected.schema, check_metadata=True)
    for name in COLUMNS:
        assert back.column(name).to_pylist() == expected.column(name).to_pylist(), name
    frame = pl.read_parquet(io.BytesIO(data))
    for name in COLUMNS:
        assert frame[name].to_list() == expected.column(name).to_pylist(), name


def test_the_same_bytes_are_written_on_every_path() -> None:
    results = results_of(**{name: column(6_000) for name, column in COLUMNS.items()})
    written = set()
    for path in kernel.PATHS:
        with kernel.use(path):
            written.add(parquet_bytes(results))
    assert len(written) == 1


def test_a_column_longer_than_a_page_has_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "PAGE_ROWS", 64)
    columns = {name: column(500) for name, column in COLUMNS.items()}
    columns["a page without a word"] = spread_over(worded(["甲", None, "乙"]), [0] * 64 + [1] * 64 + [2, 0] * 186)
    columns["a page without the word"] = spread_over(worded(["甲", None]), [0] * 64 + [1] * 64 + [0] * 372)
    results = results_of(**columns)
    data, expected = parquet_bytes(results), results.table()
    back, frame = read(data), pl.read_parquet(io.BytesIO(data))
    for name in columns:
        assert back.column(name).to_pylist() == expected.column(name).to_pylist(), name
        assert frame[name].to_list() == expected.column(name).to_pylist(), name


def test_dictionaries_hold_just_the_words_that_occur_in_order() -> None:
    few = pa.DictionaryArray.from_arrays(pa.array([2, None, 0, 1], pa.int32()), ["乙", "无人", "丙"])
    column = Spread(few, Places.of(np.array([0, 1, 2, 0, 2, 2]), 4))
    back = read(parquet_bytes(results_of(a=column))).column("a").chunk(0)
    assert back.dictionary.to_pylist() == ["丙", "乙"]
    assert back.to_pylist() == ["丙", None, "乙", "丙", "乙", "乙"]


@given(st.lists(st.sampled_from(["甲", "乙", "丙", None]), max_size=60), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_bytes_depend_on_the_values_of_the_rows_alone(values: list[str | None], random: object) -> None:
    plain = parquet_bytes(results_of(a=worded(values)))
    entries: list[str | None] = ["没有", "丙", None, "乙", "甲", "乙"]
    random.shuffle(entries)  # type: ignore[attr-defined]
    spread = spread_over(worded(entries), [entries.index(value) for value in values])
    assert parquet_bytes(results_of(a=spread)) == plain
    assert read(plain).column("a").to_pylist() == values


def test_a_slice_is_written_as_the_rows_it_holds() -> None:
    whole = {name: column(100) for name, column in COLUMNS.items() if not name.startswith("spread")}
    sliced = {name: column.slice(13, 51) for name, column in whole.items()}
    back = read(parquet_bytes(results_of(**sliced)))
    for name, column in sliced.items():
        assert back.column(name).to_pylist() == column.to_pylist(), name


def test_of_the_key_the_least_and_the_greatest_are_said_and_of_others_nothing() -> None:
    results = results_of(key=pa.array(["乙", "甲", None, "E1"]), other=pa.array(["a", "b", "c", "d"]))
    group = pq.read_metadata(pa.BufferReader(parquet_bytes(results, with_statistics=["key"]))).row_group(0)
    said = group.column(0).statistics
    assert (said.min, said.max, said.null_count) == ("E1", "甲", 1)
    assert group.column(1).statistics is None


def test_the_key_finds_the_parts_that_can_hold_it() -> None:
    results = results_of(key=pa.array([f"E{row:05}" for row in range(1_000)]))
    data = io.BytesIO(parquet_bytes(results, with_statistics=["key"]))
    assert pq.read_table(data, filters=[("key", "==", "E00500")]).num_rows == 1
    assert pq.ParquetFile(data).metadata.row_group(0).column(0).statistics.max == "E00999"


def test_what_pays_is_compressed_and_nothing_else() -> None:
    draw = np.random.Generator(np.random.PCG64(3))
    results = results_of(
        alike=pa.array([f"共同的开头{row // 100}" for row in range(5_000)]),
        noise=pa.array(draw.integers(0, 2**63, 5_000)),
    )
    group = pq.read_metadata(pa.BufferReader(parquet_bytes(results))).row_group(0)
    assert [group.column(place).compression for place in range(2)] == ["ZSTD", "UNCOMPRESSED"]
    assert group.column(0).total_compressed_size < group.column(0).total_uncompressed_size / 10


def test_a_long_dictionary_is_compressed_though_its_places_are_not() -> None:
    places = np.random.Generator(np.random.PCG64(3)).permutation(20_000).tolist()
    results = results_of(a=spread_over(worded([f"一段很长而且大同小异的文字，第{row}条" for row in range(20_000)]), places))
    data = parquet_bytes(results)
    assert read(data).column("a").to_pylist() == results.table().column("a").to_pylist()
    assert len(data) < 500_000


def test_a_changed_byte_of_a_page_is_found_by_its_checksum() -> None:
    data = bytearray(parquet_bytes(results_of(a=pa.array(range(5_000), pa.int64()))))
    data[2_000] ^= 1
    with pytest.raises(OSError, match="CRC"):
        read(bytes(data))


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="double"):
        parquet_bytes(results_of(a=pa.array([0.5])))
