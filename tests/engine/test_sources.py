"""Sources of a run: files are cut into parts, each part is typed exactly, and odd cells are told in the order of the rows."""

import os
import random
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from tests.engine.registry_fixtures import HEAD, dictionary, import_texts
from zhida.errors import InputError
from zhida.registry_io import sources_csv, writing
from zhida.registry_io.registry import read_registry
from zhida.registry_io.sources import Source, lacking_columns, open_source
from zhida.registry_io.sources_parts import Forward
from zhida.registry_io.writing import write_registry

FILES = """
  - name: 甲
    path: a.csv
    key: 代码
    columns: {企业名称: {column: 企业名称}, 从业人员: {column: 从业人员}, 营业收入: {column: 营业收入}, 成立日期: {column: 成立日期},
      证书到期日: {column: 证书到期日, absent: 无}, 依托大模型: {column: 依托大模型}}
"""
HEADER = "代码,企业名称,从业人员,营业收入,成立日期,证书到期日,依托大模型\n"


def opened(path: Path | str, rows: int = 3) -> Source:
    return open_source(str(path), dictionary(), rows_per_part=rows)


def whole(source: Source) -> pl.DataFrame:
    return pl.concat([source.read(part) for part in source.parts])


def put(path: Path, table: pa.Table, **options: object) -> Path:
    pq.write_table(table, path, **options)
    return path


def some(rows: int) -> pa.Table:
    return pa.table({"代码": [f"K{row:05}" for row in range(rows)], "从业人员": pa.array(range(rows), pa.int64())})


def codes_of(source: Source) -> list[str]:
    return [item.code for item in source.diagnostics()]


# --- Parquet -------------------------------------------------------------------------------------------------------


def test_a_registry_is_read_as_it_was_imported(tmp_path: Path) -> None:
    rows = "".join(f"K{row},名{row},{row},{row}.5,2020-01-0{row + 1},{'无' if row % 2 else '2030-01-01'},是\n" for row in range(7))
    result = import_texts(tmp_path, FILES, a=HEADER + rows)
    write_registry(result, tmp_path / "registry")
    source = opened(tmp_path / "registry")
    registry = read_registry(tmp_path / "registry", dictionary())
    assert_frame_equal(whole(source), registry.frame)
    assert source.metadata == registry.metadata
    assert (source.key, source.rows, source.is_registry, source.dictionary_differs) == ("代码", 7, True, False)
    assert [(part.start, part.rows, part.first_key, part.last_key) for part in source.parts] == [
        (0, 3, "K0", "K2"),
        (3, 3, "K3", "K5"),
        (6, 1, "K6", "K6"),
    ]
    assert codes_of(source) == []


def test_a_registry_is_written_in_row_groups_with_checksums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROWS_PER_GROUP", 2)
    write_registry(import_texts(tmp_path, FILES, a=HEADER + "".join(f"K{row},名,,,,,\n" for row in range(5))), tmp_path)
    path = tmp_path / "registry.parquet"
    assert [part.rows for part in opened(path, 100).parts] == [2, 2, 1]
    footer = pq.ParquetFile(path).metadata
    data = bytearray(path.read_bytes())
    column = footer.row_group(1).column(0)
    data[column.dictionary_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(data)
    source = opened(path, 100)
    assert_frame_equal(source.read(source.parts[0])[:, :1], pl.DataFrame({"代码": ["K0", "K1"]}))
    with pytest.raises(InputError, match=r"row group 2 .* \(rows 3 to 4\)"):
        source.read(source.parts[1])


def test_a_large_row_group_is_cut_and_its_parts_may_be_asked_for_in_any_order(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", some(1000), row_group_size=400)
    source = opened(path, 30)
    assert [part.rows for part in source.parts] == [*[30] * 13, 10, *[30] * 13, 10, *[30] * 6, 20]
    order = list(source.parts) * 2
    random.Random(5).shuffle(order)  # noqa: S311 - nothing is secret
    with ThreadPoolExecutor(4) as pool:
        frames = list(pool.map(source.read, order))
    for part, frame in zip(order, frames, strict=True):
        assert frame["代码"].to_list() == [f"K{row:05}" for row in range(part.start, part.start + part.rows)]


def test_numbers_texts_and_dates_of_other_types_are_taken_exactly(tmp_path: Path) -> None:
    table = pa.table(
        {
            "成立日期": pa.array([date(1, 1, 1), None, date(9999, 12, 31)], pa.date64()),
            "代码": pa.array(["A", "B", "C"], pa.string_view()),
            "企业名称": pa.array(["甲", " 乙 ", ""]).dictionary_encode(),
            "从业人员": pa.array([2**64 - 1, 0, None], pa.uint64()),
            "营业收入": pa.array([Decimal("12345678901234567890.1"), None, Decimal("-0.5")], pa.decimal128(30, 1)),
            "研发占比": pa.array(["0.000001", " -3 ", "１２"], pa.large_string()),
            "依托大模型": pa.array([1, 0, None], pa.int8()),
            "季末人数": pa.array([[1, 2], [], [3, None]], pa.list_(pa.int16())),
        }
    )
    frame = whole(opened(put(tmp_path / "a.parquet", table)))
    assert frame.columns[0] == "代码"
    assert frame["企业名称"].to_list() == ["甲", "乙", None]
    assert frame["从业人员"].to_list() == [Decimal(2**64 - 1), 0, None]
    assert frame["营业收入"].to_list() == [Decimal("12345678901234567890.10"), None, Decimal("-0.50")]
    assert frame["研发占比"].to_list() == [Decimal("0.000001"), -3, 12]
    assert frame["依托大模型"].to_list() == [True, False, None]
    assert frame["成立日期"].to_list() == [date(1, 1, 1), None, date(9999, 12, 31)]
    assert frame["季末人数"].to_list() == [[1, 2], [], None]  # a list with an unknown element is unknown
    assert frame.schema["季末人数"] == pl.List(pl.Decimal(38, 0))
    assert frame.schema["营业收入"] == pl.Decimal(38, 2)


def test_only_the_columns_that_are_asked_for_are_read_with_the_key_before_them(tmp_path: Path) -> None:
    source = opened(put(tmp_path / "a.parquet", some(2).append_column("企业名称", [["甲", "乙"]])))
    assert source.read(source.parts[0], ["企业名称", "营业收入"]).columns == ["代码", "企业名称"]
    assert source.attributes == ("代码", "从业人员", "企业名称")
    assert [item.arguments["names"] for item in lacking_columns(source, ["营业收入", "从业人员", "成立日期"])] == ["营业收入、成立日期"]
    assert not lacking_columns(source, ["从业人员"])


def test_a_known_absence_is_kept_where_the_dictionary_allows_one(tmp_path: Path) -> None:
    table = pa.table(
        {"代码": ["A", "B"], "证书到期日": pa.nulls(2, pa.date32()), "证书到期日:absent": [True, None], "从业人员:absent": [False, True]}
    )
    source = opened(put(tmp_path / "a.parquet", table))
    frame = whole(source)
    assert frame["证书到期日:absent"].to_list() == [True, False]
    assert "从业人员:absent" not in frame.columns
    assert codes_of(source) == ["source-all-unknown", "registry-absent-not-allowed"]


def test_a_folder_of_files_is_one_source(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    table = some(10)
    put(folder / "part-1.parquet", table.slice(4))
    put(folder / "part-0.parquet", table.slice(0, 4).append_column("企业名称", [["甲"] * 4]))
    source = opened(folder, 5)
    assert [(part.start, part.rows) for part in source.parts] == [(0, 4), (4, 5), (9, 1)]
    assert [source.read(part).width for part in source.parts] == [3, 2, 2]
    put(folder / "part-0.parquet", table.slice(0, 5))
    with pytest.raises(InputError, match=r"part-1\.parquet:1:1: .*K00004 stands"):
        opened(folder, 5)


def test_keys_that_the_footer_may_have_shortened_are_read_from_their_column(tmp_path: Path) -> None:
    long = "统一社会信用代码" * 40
    table = pa.table({"代码": [f"{long}{row}" for row in range(6)]})
    source = opened(put(tmp_path / "a.parquet", table, row_group_size=3))
    assert [part.last_key for part in source.parts] == [f"{long}2", f"{long}5"]
    assert whole(source).height == 6


def test_the_fingerprint_of_a_parquet_part_changes_with_the_file(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", some(6), row_group_size=3)
    first = [opened(path).fingerprint(part) for part in opened(path).parts]
    assert first == [opened(path).fingerprint(part) for part in opened(path).parts]
    assert len(set(first)) == 2
    os.utime(path, ns=(1, 1))
    assert not set(first) & {opened(path).fingerprint(part) for part in opened(path).parts}


def test_a_file_that_is_replaced_while_it_is_read_stays_as_it_was(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", some(6), row_group_size=3)
    source = opened(path)
    source.read(source.parts[0])
    put(tmp_path / "b.parquet", some(2)).replace(path)
    assert source.read(source.parts[1])["从业人员"].to_list() == [3, 4, 5]


def test_invented_data_are_known_by_their_mark(tmp_path: Path) -> None:
    table = some(2).append_column("数据性质", [["合成数据", "合成数据"]])
    assert opened(put(tmp_path / "a.parquet", table)).metadata == {"zhida.synthetic": "true"}
    (tmp_path / "a.csv").write_text("代码,数据性质\nA,合成数据（演示）\n", encoding="utf-8")
    assert opened(tmp_path / "a.csv").metadata == {"zhida.synthetic": "true"}


def test_what_is_odd_is_told_in_the_order_of_the_rows_whatever_the_order_of_the_parts(tmp_path: Path) -> None:
    table = pa.table({"代码": [f"K{row}" for row in range(8)], "单位类型": ["甲", "企业", "乙", "丙", "丁", "企业", "戊", "己"]})
    path = put(tmp_path / "a.parquet", table)
    forwards, backwards = opened(path, 2), opened(path, 2)
    for part in forwards.parts:
        forwards.read(part)
    for part in reversed(backwards.parts):
        backwards.read(part)
        backwards.read(part, ["单位类型"]) if part.number == 9 else None
    assert [item.render() for item in forwards.diagnostics()] == [item.render() for item in backwards.diagnostics()]
    assert [(item.code, item.arguments.get("value"), item.arguments.get("count")) for item in forwards.diagnostics()] == [
        ("registry-not-in-list", "甲", None),
        ("registry-not-in-list", "乙", None),
        ("registry-not-in-list", "丙", None),
        ("source-more-cells", None, "3"),
    ]


def test_what_is_odd_is_told_once_however_often_and_in_whatever_columns_a_part_is_read(tmp_path: Path) -> None:
    columns = {
        "代码": [f"K{row}" for row in range(6)],
        "单位类型": ["甲", "乙", "丙", "丁", "戊", "企业"],
        "从业人员": pa.nulls(6, pa.int8()),
    }
    path = put(tmp_path / "a.parquet", pa.table(columns))
    once, often = opened(path, 2), opened(path, 2)
    for part in once.parts:
        once.read(part)
    for names in (["单位类型"], ["单位类型"], None):
        for part in often.parts:
            often.read(part, names)
        assert [item for item in codes_of(often) if item == "source-all-unknown"] == ["source-all-unknown"] * (names is None)
    assert [item.render() for item in often.diagnostics()] == [item.render() for item in once.diagnostics()]


def test_what_holds_for_a_whole_column_is_told_only_when_all_was_read(tmp_path: Path) -> None:
    source = opened(put(tmp_path / "a.parquet", pa.table({"代码": ["A", "B"], "从业人员": pa.nulls(2, pa.int8())})), 1)
    source.read(source.parts[0])
    assert codes_of(source) == []
    source.read(source.parts[1])
    assert codes_of(source) == ["source-all-unknown"]


# --- CSV -----------------------------------------------------------------------------------------------------------

ODD_CSV = (
    '\ufeff代码,"企业名称",从业人员,季末人数\r\n\r\nA,"甲""一""",１２,1; 2\r\nB,"乙\n二",,\n\n\n'
    '"C","","1,200",\r\nD,丁, 7 ,1;2;3\nE,戊,+5,;'
)


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 16, 1 << 20])
@pytest.mark.parametrize("rows", [1, 2, 5, 100])
def test_a_csv_is_cut_at_the_same_places_whatever_is_looked_at_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, rows: int
) -> None:
    monkeypatch.setattr(sources_csv, "CHUNK", chunk)
    path = tmp_path / "a.csv"
    path.write_bytes(ODD_CSV.encode())
    source = opened(path, rows)
    assert [part.rows for part in source.parts] == [min(rows, 5 - start) for start in range(0, 5, rows)]
    frame = whole(source)
    assert frame["代码"].to_list() == list("ABCDE")
    assert frame["企业名称"].to_list() == ['甲"一"', "乙\n二", None, "丁", "戊"]
    assert frame["从业人员"].to_list() == [12, None, 1200, 7, 5]
    assert frame["季末人数"].to_list() == [[1, 2], None, None, [1, 2, 3], None]
    assert codes_of(source) == []


def test_a_cell_of_a_later_part_is_pointed_at_by_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('代码,企业名称,从业人员\nA,"甲\n甲",1\n\nB,"乙\n乙",x\nC,丙,y\n', encoding="utf-8")
    source = opened(path, 1)
    for part in source.parts:
        source.read(part)
    spans = [item.span for item in source.diagnostics()]
    assert [(span.place.removeprefix(str(path)), span.text) for span in spans if span] == [(":6:4", "x"), (":7:5", "y")]


def test_a_csv_is_read_as_an_import_reads_it(tmp_path: Path) -> None:
    cells = {
        "从业人员": ["1", " 12 ", "1,200", "１２", "+5", "-3", "1e3", "12人", "", "9" * 38, "9" * 39, "2.5", "3.5", "0x1", "1_000", "٣"],
        "营业收入": ["0.1", "0.125", "0.135", "-0.005", "1.", ".5", "00.50", "9" * 36, "9" * 37, "−3", "NaN", "1,23", "inf", "1" * 70],
        "成立日期": [
            "2020-02-29",
            "2021-02-29",
            "2020/1/2",
            "2020年1月2日",
            "0001-01-01",
            "10000-01-01",
            "2020-01-01 00:00:00",
            "20200101",
        ],
        "依托大模型": ["是", "否", "TRUE", "y", "1", "0", "也许", "Ｙ"],
        "单位类型": ["企业", "其他 ", "公司", "　企业"],
    }
    rows = max(map(len, cells.values()))
    columns = {name: [*values, *[""] * (rows - len(values))] for name, values in cells.items()}
    frame = pl.DataFrame({"代码": [f"K{row:02}" for row in range(rows)], **columns})
    mapped = "".join(f"      {name}: {{column: {name}}}\n" for name in cells)
    result = import_texts(tmp_path, f"  - name: 甲\n    path: a.csv\n    key: 代码\n    columns:\n{mapped}", HEAD, a=frame.write_csv())
    source = opened(tmp_path / "a.csv", 5)
    assert_frame_equal(whole(source).select(result.frame.columns), result.frame)
    met = {(finding.attribute, finding.value) for finding in result.quality.findings if finding.code != "registry-out-of-range"}
    told = {(item.arguments["name"], item.arguments["value"]) for item in source.diagnostics() if "value" in item.arguments}
    assert told <= met
    lacking = sum(int(item.arguments["count"]) for item in source.diagnostics() if item.code == "source-more-cells")
    assert lacking + len(told) == len(met)


def test_the_fingerprint_of_a_csv_part_changes_with_its_bytes_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("代码,从业人员\nA,1\nB,2\n", encoding="utf-8")
    before = [opened(path, 1).fingerprint(part) for part in opened(path, 1).parts]
    path.write_text("代码,从业人员\nA,1\nB,3\n", encoding="utf-8")
    after = [opened(path, 1).fingerprint(part) for part in opened(path, 1).parts]
    assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"\xef\xbb\xbf", "registry-file-empty"),
        (b"\n\n", "registry-file-empty"),
        ("代码".encode("utf-16"), "registry-encoding"),
        ("代码\nA\x00\n".encode(), "registry-not-a-table"),
        ("代码\rA\rB\r".encode(), "registry-csv-syntax"),
        ('代码\n"A"x\n'.encode(), "source-csv-quote"),
        (b"PK\x03\x04....", "registry-not-a-table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: bytes, code: str) -> None:
    (tmp_path / "a.csv").write_bytes(text)
    with pytest.raises(InputError) as error:
        opened(tmp_path / "a.csv")
    assert [item.code for item in error.value.diagnostics] == [code]


def test_a_later_part_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("代码,企业名称\nA,甲\nB,乙\nC,丙\nD,丁\n".encode() + "E,戊\n".encode("gb18030") + "F,己\n".encode())
    source = opened(path, 3)
    source.read(source.parts[0])
    with pytest.raises(InputError, match=r"line 6, byte 47"):
        source.read(source.parts[1])


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_row_without_a_key_is_told_wherever_it_stands_in_its_part(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "a.csv"
    path.write_text("代码,从业人员\nA,1\n ,2\nC,3\n", encoding="utf-8")
    table = pa.table({"代码": ["A", None, "C"], "从业人员": [1, 2, 3]})
    for place, line in ((path, 3), (put(tmp_path / "a.parquet", table), 2)):
        with pytest.raises(InputError) as error:
            whole(opened(place, rows))
        assert [(item.code, item.span.line if item.span else 0) for item in error.value.diagnostics] == [("source-key-lacking", line)]


# --- streams -------------------------------------------------------------------------------------------------------


def test_a_stream_that_is_read_forwards_is_opened_once_and_anew_where_it_must_be() -> None:
    opens: list[int] = []

    def open_at(number: int) -> Generator[int, None, None]:
        opens.append(number)
        yield from range(number, min(number + 20, 30))

    stream = Forward(open_at)
    assert [stream.take(number) for number in (0, 2, 1, 3, 6, 5, 4)] == [0, 2, 1, 3, 6, 5, 4]
    assert opens == [0]
    assert [stream.take(number) for number in (15, 16, 2)] == [15, 16, 2]
    assert opens == [0, 15, 2]
    assert [stream.take(number) for number in range(3, 25)] == list(range(3, 25))
    assert opens == [0, 15, 2, 22]
    with pytest.raises(ValueError, match="ends before"):
        stream.take(30)


# --- damage --------------------------------------------------------------------------------------------------------


def damaged_files() -> list[bytes]:
    """Return the bytes of one table, written in several ways."""
    table = pa.table(
        {
            "代码": [f"K{row:03}" for row in range(90)],
            "企业名称": [f"名{row % 7}" for row in range(90)],
            "从业人员": pa.array(range(90), pa.int64()),
            "营业收入": pa.array([Decimal(row) / 4 for row in range(90)], pa.decimal128(20, 2)),
            "成立日期": pa.array([date(2000, 1, 1 + row % 28) for row in range(90)]),
            "季末人数": pa.array([[row, row + 1] for row in range(90)], pa.list_(pa.int32())),
        }
    )
    own = {"zhida.key": "代码", "zhida.subject": "enterprise"}
    ways: list[dict[str, object]] = [
        {"compression": "none", "use_dictionary": False},
        {"compression": "snappy"},
        {"compression": "zstd", "write_page_checksum": True},
    ]
    registry = import_frame(table).to_arrow(compat_level=pl.CompatLevel.oldest()).replace_schema_metadata(own)
    files = []
    for each in (table, registry):
        for way in ways:
            out = BytesIO()
            pq.write_table(each, out, row_group_size=40, **way)
            files.append(out.getvalue())
    return files


def import_frame(table: pa.Table) -> pl.DataFrame:
    """Return a table with the types of a registry."""
    frame = pl.DataFrame(pl.from_arrow(table))
    return frame.with_columns(
        pl.col("从业人员").cast(pl.Decimal(38, 0)),
        pl.col("营业收入").cast(pl.Decimal(38, 2)),
        pl.col("季末人数").cast(pl.List(pl.Decimal(38, 0))),
    )


@pytest.mark.long
def test_a_damaged_file_is_refused_or_read_and_never_anything_else(tmp_path: Path) -> None:
    files = damaged_files()
    path = tmp_path / "a.parquet"
    outcomes = {"refused": 0, "read": 0}
    for seed in range(200):
        lots = random.Random(seed)  # noqa: S311 - as above
        data = bytearray(files[seed % len(files)])
        is_footer = lots.random() < 0.4
        for _ in range(lots.choice([1, 1, 3, 30])):
            data[lots.randrange(len(data) - 1500, len(data)) if is_footer else lots.randrange(len(data))] = lots.randrange(256)
        if lots.random() < 0.1:
            del data[lots.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            source = opened(path, lots.choice([15, 100]))
            for part in source.parts:
                source.read(part)
                source.fingerprint(part)
            source.diagnostics()
        except InputError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert outcomes["refused"] > 100
    assert outcomes["read"] > 10
