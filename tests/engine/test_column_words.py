"""Columns of words: numbers of words from several parts become one dictionary, and results are sorted before they are spread over rows."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.policy_texts import block, packs_with
from zhida.assess import columns
from zhida.assess.columns import open_run
from zhida.columnar.arrays import numbers, values_of
from zhida.columnar.decisions import Called
from zhida.columnar.parquet import parquet_bytes
from zhida.columnar.policies import Part, PolicyColumns, dictionary
from zhida.columnar.spread import ResultColumns, Spread, spread
from zhida.registry_io.parts import sorted_words
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)


def said(called: Called, parts: list[list[int]], told: list[int]) -> pa.DictionaryArray:
    """Return the column of entries, part after part, of which the first ones were told when the part was decided."""
    return called.column([called.of_entries[: told[place]][np.array(entries)] for place, entries in enumerate(parts)])


def test_words_that_occur_stand_behind_the_static_ones_sorted_and_none_is_null() -> None:
    called = Called(["乙", "甲"])
    called.extend(["丁", None, "甲", "丙", "丁", "己"])
    found = said(called, [[0, 1, 2], [3, 4, 0]], [6, 6])
    assert found.to_pylist() == ["丁", None, "甲", "丙", "丁", "丁"]
    assert found.dictionary.to_pylist() == ["乙", "甲", *sorted(["丁", "丙"])]
    assert said(called, [[2, 2]], [6]).dictionary.to_pylist() == ["乙", "甲"]


def test_parts_of_before_and_after_words_became_many_say_the_same_and_in_one_order() -> None:
    called = Called(["0"])
    called.extend([None, *(f"{word:03}" for word in range(200, 0, -1))])
    first = called.of_entries
    called.extend([f"{word:03}" for word in range(900, 200, -1)])
    assert (first.dtype, called.of_entries.dtype) == (np.uint8, np.uint16)
    parts = [first[[0, 1, 200]], called.of_entries[[0, 900, 201, 1]]]
    found = called.column(parts)
    assert found.to_pylist() == [None, "200", "001", None, "201", "900", "200"]
    assert found.dictionary.to_pylist() == ["0", "001", "200", "201", "900"]
    assert found.indices.type == pa.uint8()
    whole = called.column([called.of_entries])
    assert whole.indices.type == pa.uint16()
    assert whole.to_pylist() == [None, *(f"{word:03}" for word in range(200, 0, -1)), *(f"{word:03}" for word in range(900, 200, -1))]
    assert whole.dictionary.to_pylist() == ["0", *(f"{word:03}" for word in range(1, 901))]


def test_an_array_is_spread_with_its_nulls_whatever_slice_it_is() -> None:
    given = numbers(np.arange(5), np.array([False, True, False, False, True]))
    places = np.array([2, 1, 0, 2])
    for start in range(3):
        part = given.slice(start, 3)
        assert spread(part, places).equals(part.take(pa.array(places)))
    values, lacking = values_of(given.slice(2, 2))
    assert (values.tolist(), lacking) == ([2, 3], None)
    words = dictionary(np.array([1, -1, 0]), "甲乙".__getitem__)
    assert spread(words, places).to_pylist() == ["甲", None, "乙", "甲"]


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Give subjects whose numbers and words are met by rules, by none, and unknown."""
    draw = np.random.Generator(np.random.PCG64(5))
    people = [None if each == 0 else int(each) for each in draw.integers(0, 90, 700)]
    return pl.DataFrame({"code": [f"E{row:04}" for row in range(700)], "人": people}, schema={"code": pl.String, "人": pl.Decimal(38, 0)})


@pytest.mark.parametrize("coded_from", [0, 1_000])
@pytest.mark.parametrize("rows", [None, 64])
def test_results_are_written_as_they_are_told(
    tmp_path: Path, frame: pl.DataFrame, rows: int | None, coded_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "CODED_FROM", coded_from)
    rules = "\n".join(f"| {rule} | >= {90 - 10 * rule} | {rule * 100} |" for rule in range(1, 8))
    table = f"| F | 人 | **金额: number** |\n|---|---|---|\n{rules}\n| 否则 | - | 0 |\n"
    packs = packs_with(tmp_path, f"{table}\n{block('符合: boolean', '人 < 62')}", amount="金额")
    policies = list(packs.policies)
    run = open_run(packs, policies, as_of=AS_OF, key="code")
    run.block = rows
    outside = open_run(packs, policies, as_of=Date(1990, 1, 1), key="code")
    for each in (run, outside):
        results = each.results(frame)
        written = parquet_bytes(results)
        assert pq.read_table(pa.BufferReader(written)).equals(sorted_words(results.table()))
        assert parquet_bytes(ResultColumns.of(results.table())) == written


def test_rows_that_the_interpreter_decides_are_told_as_their_codes_tell_them(
    tmp_path: Path, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "\n".join(f"| {rule} | >= {90 - 10 * rule} | {rule * 100} |" for rule in range(1, 8))
    table = f"| F | 人 | **金额: number** |\n|---|---|---|\n{rules}\n| 否则 | - | 0 |\n"
    packs = packs_with(tmp_path, f"{table}\n{block('符合: boolean', '人 < 62')}", amount="金额")
    monkeypatch.setattr(columns, "CODED_FROM", 0)
    run = open_run(packs, list(packs.policies), as_of=AS_OF, key="code")
    told = run.results(frame)
    assert run.interpreted == 0
    assert any(isinstance(column, Spread) for column in told.columns), "rows share answers where codes tell them"
    parts = PolicyColumns.parts

    def distrusted(self: PolicyColumns, frame: pl.DataFrame, *, block: int | None = None) -> Iterator[Part]:
        for part in parts(self, frame, block=block):
            bad = np.arange(len(part.answers.bad)) % 3 == 0
            yield replace(part, answers=replace(part.answers, bad=bad))

    monkeypatch.setattr(PolicyColumns, "parts", distrusted)
    again = run.results(frame)
    assert run.interpreted > 100
    assert again.table().to_pylist() == told.table().to_pylist()
    assert parquet_bytes(again) == parquet_bytes(told)


def test_the_rules_of_a_table_over_figures_of_the_place_alone_are_told_by_codes_as_by_values(
    tmp_path: Path, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    figures = {"demo/parameters.md": f"{head}| 线 | number | 人 | 800 | 2020-01-01/.. | 甲 | official |\n"}
    tables = (("符合: boolean", "线", "> 500", "true", "false"), ("金额: number", "人", ">= 20", "1000", "0"))
    body = "".join(
        f"| F | {on} | **{name}** |\n|---|---|---|\n| 1 | {test} | {yes} |\n| 否则 | - | {no} |\n\n" for name, on, test, yes, no in tables
    )
    packs = packs_with(tmp_path, body, figures, amount="金额")
    told = {}
    for coded_from in (0, 1_000):
        monkeypatch.setattr(columns, "CODED_FROM", coded_from)
        told[coded_from] = open_run(packs, list(packs.policies), as_of=AS_OF, key="code").decide(frame)
    assert told[0].equals(told[1_000])
    (rules,) = (told[0].column(name) for name in told[0].column_names if name.endswith("符合"))
    assert rules.to_pylist() == ["1"] * frame.height


@pytest.mark.long
def test_a_command_does_not_load_what_arrow_looks_for_on_the_way() -> None:
    program = (
        "import sys; from zhida.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as left:\n    assert not left.code\n"
        "import pyarrow\n"
        "pyarrow.array([1])\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, "assess", "--help"], check=True, capture_output=True)
