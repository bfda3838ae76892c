"""Writing and reading back: whole files or none, the same bytes each time, no formulas, values as the engine has them."""

import errno
import io
import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import polars as pl
import pytest

from tests.engine.registry_fixtures import DICTIONARY, codes_of, dictionary, import_texts
from zhida.errors import InputError
from zhida.policy.dictionary import parse_dictionary
from zhida.registry_io import writing
from zhida.registry_io.importing import ImportResult
from zhida.registry_io.registry import Registry, read_registry
from zhida.registry_io.replacing import replacing
from zhida.registry_io.writing import write_csv, write_parquet, write_registry
from zhida.source import Source
from zhida.values.temporal import Date

FILES = """- name: base
  key: code
  columns:
    企业名称: name
    从业人员: n
    研发占比: {column: r, unit: "%"}
    证书到期日: {column: d, absent: 无}
    依托大模型: b
    季末人数: {columns: [q1, q2]}
"""
TEXT = "code,name,n,r,d,b,q1,q2\n2,乙,120,12.5,无,否,1,2\n1,甲,,,2030-01-31,是,,\n"


def imported(tmp_path: Path) -> ImportResult:
    return import_texts(tmp_path, FILES, base=TEXT)


def written(tmp_path: Path) -> Registry:
    write_registry(imported(tmp_path), tmp_path / "out")
    return read_registry(tmp_path / "out", dictionary())


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o640)
    with replacing(path) as new:
        new.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(InputError) as refused, replacing(path) as new:
            new.write_text("new", encoding="utf-8")
        assert codes_of(refused.value) == ["registry-write-failed"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "link"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as new:
        new.write_text("new", encoding="utf-8")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "new"


def half_write(path: Path, blow: type[BaseException]) -> NoReturn:
    with replacing(path) as new:
        new.write_text("half", encoding="utf-8")
        raise blow


@pytest.mark.parametrize("blow", [KeyboardInterrupt, SystemExit, ValueError])
def test_the_old_file_survives_an_interruption(tmp_path: Path, blow: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(blow):
        half_write(path, blow)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def full_disk(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("moment", ["write", "settle"])
def test_the_old_set_survives_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    result = imported(tmp_path)
    write_registry(result, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    if moment == "write":
        monkeypatch.setattr(Path, "write_bytes", full_disk)
    else:
        monkeypatch.setattr(writing, "settle", full_disk)
    other = import_texts(tmp_path, FILES, base=TEXT.replace("甲", "丙"))
    with pytest.raises(InputError) as caught:
        write_registry(other, tmp_path / "out")
    assert codes_of(caught.value) == ["registry-write-failed"]
    assert os.strerror(errno.ENOSPC) in caught.value.diagnostics[0].message("en")
    assert "磁盘已满" in caught.value.diagnostics[0].message("zh")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_registry(imported(tmp_path), tmp_path / "out")
    assert codes_of(caught.value) == ["registry-write-failed"]


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        write_registry(imported(tmp_path), folder)
    names = sorted(path.name for path in first.iterdir())
    assert names == ["quality.en.txt", "quality.json", "quality.zh.txt", "registry.parquet", "set-aside.csv"]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_facts_come_back_as_the_engine_s_values(tmp_path: Path) -> None:
    registry = written(tmp_path)
    assert list(registry.iter_subjects()) == [
        {"代码": "1", "企业名称": "甲", "证书到期日": Date(2030, 1, 31), "依托大模型": True},
        {
            "代码": "2",
            "企业名称": "乙",
            "从业人员": Decimal(120),
            "研发占比": Decimal("0.125"),
            "证书到期日": None,
            "依托大模型": False,
            "季末人数": (Decimal(1), Decimal(2)),
        },
    ]
    assert str(registry.subject("2")["研发占比"]) == "0.125"
    assert (len(registry), registry.codes, registry.is_synthetic) == (2, ["1", "2"], False)
    assert registry.attributes[:2] == ("代码", "企业名称")


def test_a_subject_that_is_not_there_is_said_with_one_that_is_near(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    result = import_texts(tmp_path, FILES, base=TEXT.replace("2,乙", "330100,乙"))
    write_registry(result, tmp_path / "out")
    with pytest.raises(InputError) as caught:
        read_registry(tmp_path / "out" / "registry.parquet", dictionary()).subject("330101")
    assert codes_of(caught.value) == ["registry-unknown-subject"]
    assert caught.value.diagnostics[0].arguments["near"] == "330100"


def test_another_dictionary_is_noticed(tmp_path: Path) -> None:
    write_registry(imported(tmp_path), tmp_path / "out")
    longer = parse_dictionary(Source("d.md", DICTIONARY + "| 备注 | string | | | | | |\n"), "enterprise")
    assert read_registry(tmp_path / "out", longer).dictionary_differs
    assert not read_registry(tmp_path / "out", dictionary()).dictionary_differs
    changed = parse_dictionary(Source("d.md", DICTIONARY.replace("| 企业名称 | string", "| 企业名称 | number")), "enterprise")
    with pytest.raises(InputError) as caught:
        read_registry(tmp_path / "out", changed)
    assert codes_of(caught.value) == ["registry-column-differs"]
    with pytest.raises(InputError) as caught:
        read_registry(tmp_path / "out", parse_dictionary(Source("d.md", DICTIONARY), "resident"))
    assert codes_of(caught.value) == ["registry-subject-differs"]


def test_what_is_no_registry_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(out)
    for name, data in (("a.parquet", out.getvalue()), ("b.parquet", b"not parquet")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as caught:
            read_registry(tmp_path / name, dictionary())
        assert codes_of(caught.value) == ["registry-not-a-registry"]
    with pytest.raises(InputError) as caught:
        read_registry(tmp_path / "none.parquet", dictionary())
    assert codes_of(caught.value) == ["file-not-found"]


def test_csv_for_people_holds_no_formulas(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "-1.5", "-1+2", "@SUM(A1)", "\tx", "\rx", "＝1", "甲", None]
    write_csv(pl.DataFrame({"=说明": texts}), tmp_path / "a.csv")
    back = pl.read_csv(tmp_path / "a.csv", infer_schema=False)
    assert back.columns == ["'=说明"]
    assert back.to_series().to_list() == ["'=1+1", "'+1", "-1", "-1.5", "'-1+2", "'@SUM(A1)", "'\tx", "'\rx", "'＝1", "甲", None]


def test_csv_for_people_opens_in_spreadsheets_with_chinese(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"名称": ["甲,乙"], "数": pl.Series([Decimal("-12.50")], dtype=pl.Decimal(38, 2)), "列": [[Decimal(1), Decimal(2)]], "是": [True]}
    )
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbf" + '名称,数,列,是\n"甲,乙",-12.50,1; 2,true\n'.encode()


def test_parquet_carries_its_metadata(tmp_path: Path) -> None:
    write_parquet(pl.DataFrame({"a": [1]}), tmp_path / "a.parquet", {"zhida.policy": "中"})
    assert pl.read_parquet_metadata(tmp_path / "a.parquet")["zhida.policy"] == "中"
