"""Registries are believed as far as they can be: days and words that cannot be are told and unknown, as in any other file."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from zhida.assess.registry import registry_findings
from zhida.errors import InputError
from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.registry_io.registry import read_registry
from zhida.registry_io.sources import open_source
from zhida.registry_io.sources_trust import Trust
from zhida.source import Source as Text

TEXT = """
| 属性 | 类型 | 单位 | 常见范围 | 可空 | 取值 |
|---|---|---|---|---|---|
| 代码 | string | | | | |
| 单位类型 | string | | | | 企业、其他 |
| 成立日期 | date | | | 是 | |
| 从业人员 | number | 人 | | | |
| 营业收入 | number | 元 | | | |
| 检查日期 | list<date> | | | | |
| 专利 | list | | | | |

| 属性：专利 | 类型 | 单位 | 可空 | 取值 |
|---|---|---|---|---|
| 类别 | string | | | Ⅰ类、Ⅱ类 |
| 取得日期 | date | | | |
"""
WORDS = {"zhida.key": "代码", "zhida.subject": "enterprise"}
BEFORE, BEYOND = -719_929, 40_000_000
"""Days of the year -2 and of the year 111485, counted from 1970-01-01."""


def dictionary() -> Dictionary:
    return parse_dictionary(Text("registry/enterprise.md", TEXT), "enterprise")


def days(*values: int | None) -> pa.Array:
    return pa.array(values, pa.int32()).cast(pa.date32())


def columns() -> dict[str, pa.Array]:
    one, other = {"类别": "Ⅰ类", "取得日期": date(2020, 1, 1)}, {"类别": "Ⅱ类", "取得日期": None}
    return {
        "代码": pa.array(["A", "B", "C"]),
        "单位类型": pa.array(["企业", "其他", None]),
        "成立日期": pa.array([date(1, 1, 1), date(9999, 12, 31), None]),
        "成立日期:absent": pa.array([False, False, True]),
        "从业人员": pa.array([Decimal(1), None, Decimal(3)], pa.decimal128(38, 0)),
        "营业收入": pa.array([Decimal("1.5"), None, Decimal(3)], pa.decimal128(38, 2)),
        "检查日期": pa.array([[date(2020, 1, 1)], None, []], pa.large_list(pa.date32())),
        "专利": pa.array([[one, other], [], None], pa.large_list(pa.struct([("类别", pa.string()), ("取得日期", pa.date32())]))),
    }


def put(folder: Path, changes: dict[str, pa.Array], **words: str) -> Path:
    """Write a registry with some columns changed."""
    path = folder / "registry.parquet"
    table = pa.table(columns() | changes).replace_schema_metadata(WORDS | words)
    pq.write_table(table, path, write_page_checksum=True, row_group_size=2)
    return path


def plain(path: Path) -> Path:
    """Write the same without the words of a registry."""
    other = path.with_name("plain.parquet")
    pq.write_table(pq.read_table(path).replace_schema_metadata({}), other, row_group_size=2)
    return other


def read(path: Path) -> tuple[pl.DataFrame, list[tuple[str, str, int]]]:
    """Return what a run reads of a file, and what it says: each code with its value and row."""
    source = open_source(str(path), dictionary(), rows_per_part=100)
    frame = pl.concat([source.read(part) for part in source.parts])
    return frame, [(item.code, item.arguments.get("value", ""), item.span.line if item.span else 0) for item in source.diagnostics()]


ODD = {
    "a day before year 1": {"成立日期": days(BEFORE, 0, 1)},
    "a day beyond 9999": {"成立日期": days(0, 1, BEYOND)},
    "a word of no list": {"单位类型": pa.array(["企业", "火星企业", None])},
    "a word with blanks": {"单位类型": pa.array(["企业", " 其他 ", ""])},
    "a day in a list": {"检查日期": pa.array([[1], [2, BEYOND], None], pa.large_list(pa.int32())).cast(pa.large_list(pa.date32()))},
    "a column without a type": {"从业人员": pa.nulls(3)},
    "a column of days without a type": {"成立日期": pa.nulls(3), "成立日期:absent": pa.nulls(3)},
}


@pytest.mark.parametrize("name", ODD)
def test_a_registry_says_and_means_the_same_as_a_plain_file(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, ODD[name])
    frame, said = read(path)
    expected, expected_said = read(plain(path))
    assert_frame_equal(frame, expected)
    assert said == expected_said
    assert said or name == "a word with blanks"
    registry = read_registry(path, dictionary())
    assert_frame_equal(registry.frame, expected)
    assert [item.code for item in registry_findings(registry)][1:] == [code for code, _, _ in said]  # the first: another dictionary
    assert [len(registry.subject(key)) for key in "ABC"]  # no day that Python does not have


def test_elements_of_lists_are_looked_at_too(tmp_path: Path) -> None:
    type_ = pa.large_list(pa.struct([("类别", pa.string()), ("取得日期", pa.date32())]))
    raw = pa.large_list(pa.struct([("类别", pa.string()), ("取得日期", pa.int32())]))
    lists = [[{"类别": "Ⅲ类", "取得日期": BEFORE}, {"类别": "Ⅰ类", "取得日期": 0}], None, []]
    path = put(tmp_path, {"专利": pa.array(lists, raw).cast(type_)})
    frame, said = read(path)
    expected = [[{"类别": None, "取得日期": None}, {"类别": "Ⅰ类", "取得日期": date(1970, 1, 1)}], None, []]
    assert frame["专利"].to_list() == expected
    assert said == [("registry-not-in-list", "Ⅲ类", 1), ("source-date-beyond", str(BEFORE), 1)]
    assert read_registry(path, dictionary()).frame["专利"].to_list() == expected


def test_a_sound_registry_is_taken_as_it_is(tmp_path: Path) -> None:
    path = put(tmp_path, {})
    frame, said = read(path)
    assert said == []
    assert_frame_equal(frame, pl.DataFrame(pl.from_arrow(pa.table(columns()))))
    assert read_registry(path, dictionary()).diagnostics == ()


def test_only_odd_parts_and_columns_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[list[str]] = []
    look = Trust.odd_fields

    def noted(self: Trust, table: pa.Table, fields: list) -> list:  # type: ignore[type-arg]
        odd = look(self, table, fields)
        found.append([field.name for field in odd])
        return odd

    monkeypatch.setattr(Trust, "odd_fields", noted)
    read(put(tmp_path, {"成立日期": days(0, 1, BEYOND)}))
    assert found == [[], ["成立日期"]]


@pytest.mark.parametrize("is_registry", [True, False])
@pytest.mark.parametrize("name", ["从业人员", "别的"])
def test_a_column_that_stands_twice_is_named(tmp_path: Path, name: str, is_registry: bool) -> None:
    table = pa.table(columns())
    for _ in range(2 if name == "别的" else 1):
        table = table.append_column(name, pa.nulls(3))
    path = tmp_path / "registry.parquet"
    pq.write_table(table.replace_schema_metadata(WORDS if is_registry else {}), path, write_page_checksum=True)
    readers = [lambda: open_source(str(path), dictionary(), rows_per_part=100), lambda: read_registry(path, dictionary())]
    for reader in readers[: 2 if is_registry else 1]:
        with pytest.raises(InputError) as raised:
            reader()
        assert [(item.code, item.arguments["name"]) for item in raised.value.diagnostics] == [("registry-duplicate-column", name)]


@pytest.mark.parametrize(
    ("array", "en", "zh"),
    [
        (pa.array(["1", "2", "3"]), "holds text; the dictionary asks for a number with 2 decimals", "是文字，数据字典要求带 2 位小数的数"),
        (pa.array([1, 2, 3]), "holds a binary whole number; the dictionary", "是二进制整数，"),
        (days(1, 2, 3), "holds a date; the dictionary", "是日期，"),
        (pa.array([1, 2, 3], pa.decimal128(20, 2)), "a number with 2 decimals of 20 digits;", "带 2 位小数的数（共 20 位），"),
        (pa.array([[1], [2], [3]], pa.list_(pa.decimal128(38, 0))), "a list, each element a whole number;", "清单，每项为整数，"),
        (pa.array([{"a": True}] * 3), "(a: true or false);", "（a：是或否），"),
    ],
)
def test_the_kind_of_a_column_is_said_in_words(tmp_path: Path, array: pa.Array, en: str, zh: str) -> None:
    with pytest.raises(InputError) as raised:
        read_registry(put(tmp_path, {"营业收入": array}), dictionary())
    (found,) = raised.value.diagnostics
    assert en in found.render("en")
    assert zh in found.render("zh")


def test_a_column_of_no_attribute_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_registry(put(tmp_path, {"别的": days(1, 2, 3)}), dictionary())
    (found,) = raised.value.diagnostics
    assert "'别的' holds a date; the dictionary has no such column" in found.render("en")
    assert "数据字典没有这一列" in found.render("zh")
