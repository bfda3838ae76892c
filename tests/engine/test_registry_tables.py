"""Source files: every row knows its line, and what is not quite a table is refused with the place."""

import io
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.registry_fixtures import codes_of, mapping
from zhida.errors import InputError
from zhida.registry_io.tables import SourceTable, read_table


def table(tmp_path: Path, data: str | bytes, options: str = "") -> SourceTable:
    path = tmp_path / "企业.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_table(path, mapping(f"- name: 甲\n  key: code\n{options}  columns: {{}}\n").files[0])


def refused(tmp_path: Path, data: str | bytes, options: str = "") -> InputError:
    with pytest.raises(InputError) as caught:
        table(tmp_path, data, options)
    return caught.value


def test_rows_are_read_as_text_in_order(tmp_path: Path) -> None:
    found = table(tmp_path, "code,数\n001,1.0\n002, 2\n")
    assert found.frame.to_dict(as_series=False) == {"code": ["001", "002"], "数": ["1.0", " 2"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_know_the_line_on_which_they_start(tmp_path: Path, end: str) -> None:
    text = 'code,说明\n1,"两\n行"\n\n2,一行\n'.replace("\n", end)
    assert table(tmp_path, text).lines == (2, 5)


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert table(tmp_path, b"\xef\xbb\xbf" + "代码\n1\n".encode()).frame.columns == ["代码"]


def test_the_stated_encoding_is_used_and_a_wrong_one_is_said(tmp_path: Path) -> None:
    data = "代码,名称\n1,甲公司\n".encode("gb18030")
    assert table(tmp_path, data, "  encoding: gb18030\n").frame["名称"].to_list() == ["甲公司"]
    error = refused(tmp_path, data)
    assert codes_of(error) == ["registry-encoding"]
    assert error.diagnostics[0].arguments["line"] == "1"


def test_another_separator_can_be_stated(tmp_path: Path) -> None:
    assert table(tmp_path, "a;b\n1;2,5\n", '  separator: ";"\n').frame["b"].to_list() == ["2,5"]


def test_cells_can_be_pointed_at_behind_quotes_and_chinese(tmp_path: Path) -> None:
    found = table(tmp_path, 'code,名称,数\n1,"甲, ""乙""", 错 \n')
    span = found.span(0, "数")
    assert span is not None
    assert (span.line, span.column, span.text) == (2, 15, "错")
    name = found.span(0, "名称")
    assert name is not None
    assert name.text == '甲, ""乙""'


def test_all_ragged_rows_are_found(tmp_path: Path) -> None:
    error = refused(tmp_path, "a,b\n1,2\n1\n1,2,3\n")
    assert [(item.code, item.span and item.span.line) for item in error.diagnostics] == [
        ("registry-ragged-row", 3),
        ("registry-ragged-row", 4),
    ]


def test_ragged_rows_beyond_twenty_are_counted(tmp_path: Path) -> None:
    error = refused(tmp_path, "a,b\n" + "1\n" * 50)
    assert codes_of(error) == ["registry-ragged-row"] * 20 + ["registry-more-ragged"]
    assert error.diagnostics[-1].arguments["count"] == "30"


def test_a_quote_that_never_ends_is_found_where_its_record_begins(tmp_path: Path) -> None:
    error = refused(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n')
    assert codes_of(error) == ["registry-csv-syntax"]
    assert error.diagnostics[0].span is not None
    assert error.diagnostics[0].span.line == 3


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "registry-file-empty"),
        (b" \n\n", "registry-file-empty"),
        (b"PK\x03\x04 a workbook", "registry-not-a-table"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "registry-not-a-table"),
        (b"a,b\n\x00,1\n", "registry-not-a-table"),
        (b"PAR1 but not whole", "file-unreadable"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    assert codes_of(refused(tmp_path, data)) == [code]


def test_a_folder_and_a_lacking_file_are_said(tmp_path: Path) -> None:
    file = mapping("- name: 甲\n  key: code\n  columns: {}\n").files[0]
    for path, code in ((tmp_path, "file-is-directory"), (tmp_path / "none.csv", "file-not-found")):
        with pytest.raises(InputError) as caught:
            read_table(path, file)
        assert codes_of(caught.value) == [code]


def test_parquet_gives_the_same_text_as_csv(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "code": ["1", None],
            "n": pl.Series([Decimal("12.50"), None], dtype=pl.Decimal(10, 2)),
            "i": [7, None],
            "f": [117.1705, None],
            "d": [date(2015, 1, 31), None],
            "t": [datetime(2015, 1, 31), None],  # noqa: DTZ001 - a column without a zone
            "b": [True, None],
        }
    )
    out = io.BytesIO()
    frame.write_parquet(out)
    found = table(tmp_path, out.getvalue())
    assert found.frame.row(0) == ("1", "12.50", "7", "117.1705", "2015-01-31", "2015-01-31 00:00:00", "true")
    assert set(found.frame.row(1)) == {""}
    assert (found.row_number(1), found.span(1)) == (2, None)


def test_parquet_columns_that_are_no_text_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    pl.DataFrame({"a": [[1, 2]]}).write_parquet(out)
    assert codes_of(refused(tmp_path, out.getvalue())) == ["registry-parquet-type"]


TEXT = st.text(alphabet=st.sampled_from(',;"\n\r\t 12甲（ab\x00\ufeff'), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(TEXT.map(str.encode), st.binary(max_size=40)))
def test_any_bytes_are_a_table_or_are_refused(tmp_path: Path, data: bytes) -> None:
    try:
        found = table(tmp_path, data)
    except InputError:
        return
    for row, column in product(range(found.frame.height), found.frame.columns):
        span = found.span(row, column)
        assert span is not None
        assert found.frame[column][row].strip() in {span.text, span.text.replace('""', '"')}


def test_a_file_whose_rows_name_nothing_else_gives_no_facts(tmp_path: Path) -> None:
    found = table(tmp_path, "code\n1\n2\n")
    assert found.frame.shape == (2, 1)
    assert found.record(1) == "2"
