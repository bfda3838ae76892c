"""A registry by columns: what each cell says, that the interpreter says the same, and what the counts come to."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from tests.engine.policy_texts import AS_OF, Value, block, packs_with
from tests.engine.registry_frames import KEY, registry_of
from tests.stories.small_district import DEMO, plant_district, the_few_packs
from zhida.assess import columns as columns_module
from zhida.assess.assessment import Outcome
from zhida.assess.cells import cells_of
from zhida.assess.columns import RegistryColumns, assess_registry, open_run
from zhida.assess.columns_tally import Tally
from zhida.assess.registry import PolicySummary, RunSummary, known_at, registry_findings
from zhida.cli.registry import import_files
from zhida.columnar.spread import ResultColumns
from zhida.policy.pack import Packs
from zhida.registry_io.engine import engine_version
from zhida.registry_io.registry import Registry, read_registry
from zhida.registry_io.synthetic import write_district
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry
from zhida.values.temporal import Date

ELIGIBLE = block("符合: boolean", "人 >= 30")
AMOUNT = {"amount": "金额"}
STATUS = {"gives": "status", "eligible": "", "result": "规模"}
PARAMETERS = {
    "demo/parameters.md": "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    "| 均线 | number | 元 | | 2020-01-01/.. | 统计年鉴 | |\n"
}
DEMO_AS_OF = Date(2026, 6, 30)

Cells = dict[str, Any]


@pytest.fixture(autouse=True)
def few_rows_are_decided_by_codes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs decide by codes as they would over many rows."""
    monkeypatch.setattr(columns_module, "CODED_FROM", 0)


def cells(packs: Packs, *subjects: Mapping[str, Value], as_of: Date = AS_OF) -> list[Cells]:
    """Return what the columns say of each subject, which must be what the interpreter says."""
    run = open_run(packs, ["demo/a"], as_of=as_of, key=KEY)
    registry = registry_of(packs, *subjects)
    rows = run.decide(registry.frame).to_pylist()
    assert list(differences(run, registry, rows)) == []
    return [{name.removeprefix("demo/a:"): value for name, value in row.items()} for row in rows]


def differences(run: RegistryColumns, registry: Registry, rows: list[Cells]) -> Iterator[str]:
    """Yield each cell of which the columns and the interpreter do not say the same."""
    for code, facts, row in zip(registry.codes, registry.iter_subjects(), rows, strict=True):
        for layout in run.layouts:
            for cell, wanted in cells_of(layout, facts).items():
                found = row[f"{layout.policy}:{cell}"]
                if found != wanted:
                    yield f"{code} {layout.policy}:{cell}: the interpreter says {wanted!r}, the columns {found!r}"


def summary(packs: Packs, *subjects: Mapping[str, Value]) -> PolicySummary:
    return counted(packs, ["demo/a"], assess_registry(packs, ["demo/a"], registry_of(packs, *subjects), as_of=AS_OF)).rows[0]


def counted(packs: Packs, policies: list[str], *parts: pa.Table, as_of: Date = AS_OF) -> RunSummary:
    tally = Tally(packs, policies, as_of=as_of, is_synthetic=False, registry="库")
    for part in parts:
        tally.add(ResultColumns.of(part))
    return tally.summary()


# --- cells ---------------------------------------------------------------------------------------------------------


def test_possible_amounts_are_told_from_the_least_to_the_greatest_as_the_policy_rounds_them(tmp_path: Path) -> None:
    body = ELIGIBLE + '| F | 类型 | **金额** |\n|---|---|---|\n| 1 | "企业" | 1000 / 3 |\n| 否则 | - | 20000 |\n'
    packs = packs_with(tmp_path, body, rounding="{scale: 1, mode: up}", **AMOUNT)
    (row,) = cells(packs, {"人": Decimal(30)})
    assert (row["outcome"], row["possible"], row["low_fen"], row["high_fen"]) == ("UNDETERMINED", "ELIGIBLE", 33_340, 2_000_000)


def test_possible_statuses_are_listed_as_the_policy_lists_them(tmp_path: Path) -> None:
    body = '| F | 人 | **规模: string** |\n|---|---|---|\n| 1 | >= 300 | "大型" |\n| 2 | >= 20 | "中型" |\n| 3 | - | "微型" |\n'
    (row,) = cells(packs_with(tmp_path, body, **STATUS), {})
    assert (row["possible"], row["low_fen"], row["missing"]) == ("大型、中型、微型", None, 1)


def test_possible_answers_that_may_go_on_end_with_and_so_on(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", "收入 / 3"), **AMOUNT)
    assert [row["possible"] for row in cells(packs, {}, {"人": Decimal(30)})] == ["INELIGIBLE等", "等"]


def test_a_near_miss_names_the_line_and_its_unit(tmp_path: Path) -> None:
    rows = cells(packs_with(tmp_path, ELIGIBLE), {"人": Decimal(29)}, {"人": Decimal(20)}, {"人": Decimal(30)})
    assert [row["near"] for row in rows] == ["人 → 30 人", None, None]


def test_the_rule_of_each_table_is_told_and_the_default_is_named(tmp_path: Path) -> None:
    body = '| F | 类型 | **符合: boolean** |\n|---|---|---|\n| 甲 | "企业" | true |\n| 乙 | "高校" | null |\n| 否则 | - | false |\n'
    rows = cells(packs_with(tmp_path, body), {"类型": "企业"}, {"类型": "高校"}, {"类型": "其他"}, {})
    assert [row["符合"] for row in rows] == ["甲", "乙", "否则", None]


def test_a_table_that_is_called_like_a_cell_has_a_cell_of_its_own(tmp_path: Path) -> None:
    body = '| F | 类型 | **result: boolean** |\n|---|---|---|\n| 1 | "企业" | true |\n| 否则 | - | false |\n'
    (row,) = cells(packs_with(tmp_path, body, eligible="result"), {"类型": "企业"})
    assert (row["result"], row["rules:result"]) == (None, "1")


def test_review_names_the_rule_that_leaves_the_case_open(tmp_path: Path) -> None:
    body = (
        '## 第二条\n\n| F | 类型 | **符合: boolean** | *依据* |\n|---|---|---|---|\n| 1 | "企业" | true | 第二条 |\n'
        '| 2 | "高校" | null | 第二条（二） |\n| 否则 | - | null | |\n'
    )
    rows = cells(packs_with(tmp_path, body), {"类型": "高校"}, {"类型": "其他"})
    assert {row["outcome"] for row in rows} == {"REVIEW"}
    assert [row["review"] for row in rows] == ["符合：第二条（二）（规则 2）", "符合：第二条（没有规则可用）"]


def test_review_names_the_facts_that_a_person_judges(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "重点 and 创新"))
    rows = cells(packs, {}, {"创新": True}, {"创新": False})
    assert [row["review"] for row in rows] == ["须人工认定：创新、重点", "须人工认定：重点", None]


def test_review_tells_what_was_odd_but_for_the_words_of_the_row(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "收入 / 面积 > 3"))
    (row,) = cells(packs, {"收入": Decimal(7), "面积": Decimal(0)})
    assert (row["diagnostics"], row["review"]) == ("feel-division-by-zero,feel-null-operand", "… 除以零：结果为空值")


def test_delivery_hangs_on_whether_the_subject_may_state_what_is_missing(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "人 >= 30 and 面积 > 3"))
    rows = cells(packs, {"人": Decimal(30), "面积": Decimal(4)}, {"面积": Decimal(4)}, {"人": Decimal(30)}, {}, {"人": Decimal(3)})
    assert [row["delivery"] for row in rows] == ["免申即享", "即申即享", "申报审核", "申报审核", None]


def test_outside_of_the_days_on_which_it_is_law_a_policy_applies_to_nobody(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE)
    rows = cells(packs, {"人": Decimal(30)}, {}, as_of=Date(2024, 12, 31))
    assert {row["outcome"] for row in rows} == {"NOT_APPLICABLE"}
    assert [(row["missing"], row["delivery"], row["diagnostics"]) for row in rows] == [(0, None, None)] * 2


def test_more_than_64_facts_that_may_be_missing_take_a_second_cell(tmp_path: Path) -> None:
    names = [f"事实{place}" for place in range(70)]
    dictionary = "| 属性 | 类型 |\n|---|---|\n" + "".join(f"| {name} | boolean |\n" for name in names)
    files = {"demo/registry/enterprise.md": f"# 企业\n\n{dictionary}"}
    packs = packs_with(tmp_path, block("符合: boolean", " and ".join(names)), files)
    known = dict.fromkeys(names, True)
    rows = cells(packs, known, {name: True for name in names if name not in {"事实3", "事实65"}}, known | {"事实69": False})
    assert [row["outcome"] for row in rows] == ["ELIGIBLE", "UNDETERMINED", "INELIGIBLE"]
    layout = open_run(packs, ["demo/a"], as_of=AS_OF).layouts[0]
    places = [place for place, name in enumerate(layout.missing) if name in {"事实3", "事实65"}]
    assert rows[1]["missing"] + (rows[1]["missing:1"] << 64) == sum(1 << place for place in places)
    found = counted(packs, ["demo/a"], assess_registry(packs, ["demo/a"], registry_of(packs, known, {}), as_of=AS_OF))
    assert len(found.rows[0].missing) == 70


# --- rows that the columns cannot tell ------------------------------------------------------------------------------

HUGE = {"收入": Decimal(10) ** 18, "人": Decimal(30)}
"""Whose product does not fit 64 bits."""


def test_a_row_that_the_columns_cannot_tell_is_interpreted_and_filled_in(tmp_path: Path) -> None:
    body = ELIGIBLE + block("产出: number", "收入 * 收入")
    body += "| F | 产出 | 人 | **金额** |\n|---|---|---|---|\n| 1 | > 100 | > 40 | 3 |\n| 2 | > 10 | - | 2 |\n| 否则 | - | - | 1 |\n"
    packs = packs_with(tmp_path, body, **AMOUNT)
    small = {"收入": Decimal(1), "人": Decimal(30)}
    run = open_run(packs, ["demo/a"], as_of=AS_OF, key=KEY)
    registry = registry_of(packs, small, HUGE, HUGE | {"人": Decimal(50)}, {"收入": Decimal(10) ** 18}, small)
    table = run.decide(registry.frame)
    assert run.interpreted == 3
    assert list(differences(run, registry, table.to_pylist())) == []
    assert table.column("demo/a:amount_fen").to_pylist() == [100, 200, 300, None, 100]
    assert table.column("demo/a:金额").to_pylist()[:3] == ["否则", "2", "1"]


# --- tables --------------------------------------------------------------------------------------------------------


def ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_a_table_does_not_hang_on_what_was_decided_before(tmp_path: Path) -> None:
    body = '| F | 人 | 类型 | **规模: string** |\n|---|---|---|---|\n| 1 | >= 300 | - | "大型" |\n| 2 | >= 20 | "企业" | "中型" |\n'
    body += '| 3 | - | "企业" | "微型" |\n| 4 | - | - | null |\n'
    packs = packs_with(tmp_path, body, **STATUS)
    subjects = [{"人": Decimal(count), "类型": kind} for count in (1, 19, 20, 400) for kind in ("企业", "高校")] + [{}, {"类型": "其他"}]
    frame = registry_of(packs, *subjects).frame
    first, other = frame.slice(0, 5), frame.reverse()
    fresh = open_run(packs, ["demo/a"], as_of=AS_OF, key=KEY)
    used = open_run(packs, ["demo/a"], as_of=AS_OF, key=KEY)
    used.decide(other)
    assert ipc(used.decide(first)) == ipc(fresh.decide(first))
    assert used.decide(frame).to_pylist() == used.decide(first).to_pylist() + used.decide(frame.slice(5)).to_pylist()


def test_a_registry_without_subjects_has_the_same_columns(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE)
    run = open_run(packs, ["demo/a"], as_of=AS_OF, key=KEY)
    table = run.decide(registry_of(packs).frame)
    assert (table.num_rows, table.schema) == (0, run.schema)


def test_tables_say_what_they_were_made_of_and_how_to_read_them(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "收入 < 均线 and 人 > 3"), PARAMETERS)
    table = assess_registry(packs, ["demo/a"], registry_of(packs, {}, metadata={"zhida.synthetic": "true"}), as_of=AS_OF)
    said = {name.decode(): value.decode() for name, value in table.schema.metadata.items()}
    assert json.loads(said["zhida.policies"]) == {"demo/a": packs.policies["demo/a"].sha256}
    assert (said["zhida.as_of"], said["zhida.engine_version"], said["zhida.synthetic"]) == ("2026-03-01", engine_version(), "true")
    assert said["zhida.known_at"] == ""
    assert json.loads(said["zhida.parameters"]) == {"parameter:均线": ""}
    names = json.loads(said["zhida.missing"])["demo/a"]
    (bits,) = table.column("demo/a:missing").to_pylist()
    assert {name for place, name in enumerate(names) if bits >> place & 1} == {"收入", "均线", "人"}
    assert len(said["zhida.dictionary_sha256"]) == 64


def test_key_and_name_come_first(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE)
    frame = registry_of(packs, {"人": Decimal(30)}).frame.with_columns(pl.lit("某厂").alias("企业名称"))
    table = open_run(packs, ["demo/a"], as_of=AS_OF, key=KEY).decide(frame)
    assert table.column_names[:3] == [KEY, "名称", "demo/a:outcome"]
    assert [table.column(place).to_pylist() for place in (0, 1)] == [["A0001"], ["某厂"]]


# --- counts --------------------------------------------------------------------------------------------------------


def test_statuses_are_counted_in_the_order_of_their_table(tmp_path: Path) -> None:
    body = '| F | 人 | **规模: string** |\n|---|---|---|\n| 1 | >= 300 | "大型" |\n| 2 | >= 20 | "中型" |\n| 3 | - | "微型" |\n'
    found = summary(packs_with(tmp_path, body, **STATUS), *({"人": Decimal(count)} for count in (1, 20, 21, 300)))
    assert list(found.results.items()) == [("大型", 1), ("中型", 2), ("微型", 1)]
    assert not found.gives_amount


def test_whether_a_policy_gives_an_amount_does_not_hang_on_what_came_out(tmp_path: Path) -> None:
    money = packs_with(tmp_path / "a", ELIGIBLE + block("金额: number", "1"), **AMOUNT)
    service = packs_with(tmp_path / "b", ELIGIBLE, gives="service")
    assert [summary(packs).gives_amount for packs in (money, service)] == [True, False]


def test_a_parameter_of_the_place_is_no_missing_fact_of_anybody(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "收入 < 均线 and 人 > 3"), PARAMETERS)
    found = summary(packs, {"收入": Decimal(1), "人": Decimal(9)}, {"收入": Decimal(1)})
    assert found.counts[Outcome.UNDETERMINED] == 2
    assert found.missing == (("人", 1),)
    assert [(item.name, item.source, count) for item, count in found.missing_parameters] == [("均线", "统计年鉴", 2)]


def test_sums_of_amounts_are_exact_beyond_64_bits(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", "999999999999999"), **AMOUNT)
    part = assess_registry(packs, ["demo/a"], registry_of(packs, *[{"人": Decimal(30)}] * 200), as_of=AS_OF)
    assert counted(packs, ["demo/a"], part).rows[0].amount_fen == 200 * 99_999_999_999_999_900 > 2**63


def test_parts_add_up(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", "2"), **AMOUNT)
    subjects = [{"人": Decimal(count)} for count in range(25, 40)] + [{}, {"人": Decimal(2)}]
    frame = registry_of(packs, *subjects).frame
    run = open_run(packs, ["demo/a"], as_of=AS_OF, key=KEY)
    whole = counted(packs, ["demo/a"], run.decide(frame))
    assert counted(packs, ["demo/a"], *(run.decide(frame.slice(start, 4)) for start in range(0, 17, 4))) == whole
    assert (whole.subjects, whole.rows[0].near, whole.rows[0].delivery) == (17, 3, {"免申即享": 10, "即申即享": 1})


def test_a_registry_is_known_by_what_it_was_imported_from() -> None:
    digests = {known_at({"zhida.sources": sources, "zhida.synthetic": "true"}) for sources in ("[1]", "[2]")}
    assert len(digests) == 2
    assert all(digest.startswith("sha256:") for digest in digests)
    assert known_at({"zhida.sources": "[1]", "zhida.known_at": "2026-06-30"}) == "2026-06-30"
    assert not known_at({})


@pytest.mark.parametrize("differs", [True, False])
def test_a_registry_of_another_dictionary_is_warned_of(differs: bool) -> None:
    metadata = {"zhida.dictionary_sha256": "0123456789abcdef" * 4}
    registry = Registry("城市", pl.DataFrame({"城市": []}), metadata, dictionary_differs=differs)
    found = registry_findings(registry)
    assert [item.code for item in found] == (["registry-dictionary-differs"] if differs else [])
    assert all("（sha256 0123456789ab）" in item.message("zh") for item in found)


# --- every enterprise of the demonstration --------------------------------------------------------------------------


def about_enterprises(packs: Packs) -> list[str]:
    return [id_ for id_, policy in packs.policies.items() if policy.front.subject == "enterprise"]


def demonstrated(folder: Path, packs: Packs, enterprises: int | None) -> Registry:
    """Return the demonstration's district; with another number of enterprises where that is given."""
    parameters = DEMO if enterprises is None else plant_district(folder / "parameters", enterprises)
    (folder / "sources").mkdir()
    paths = list(write_district(read_district(parameters / "district.yaml"), folder / "sources"))
    write_registry(import_files(packs, parameters / "mapping.yaml", paths, "zh"), folder / "registry")
    return read_registry(folder / "registry", packs.dictionaries["enterprise"])


def test_every_cell_of_a_small_district_is_what_the_interpreter_says(tmp_path: Path) -> None:
    packs = the_few_packs()
    registry = demonstrated(tmp_path, packs, 80)
    run = open_run(packs, about_enterprises(packs), as_of=DEMO_AS_OF)
    assert list(differences(run, registry, run.decide(registry.frame).to_pylist())) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_enterprises_made_of_pieces_of_others_have_the_same_cells_too(tmp_path: Path, seed: int) -> None:
    packs = the_few_packs()
    whole = demonstrated(tmp_path, packs, 300)
    names = whole.frame.columns[1:]
    holes = pl.int_range(pl.len()).shuffle(seed=seed)  # another eighth of each attribute is unknown
    mixed = [
        pl.when(holes.shuffle(seed=place) % 8 > 0).then(pl.col(name).shuffle(seed=seed * 100 + place)) for place, name in enumerate(names)
    ]
    registry = replace(whole, frame=whole.frame.select(pl.first(), *mixed).head(30))
    run = open_run(packs, about_enterprises(packs), as_of=DEMO_AS_OF)
    rows = run.decide(registry.frame).to_pylist()
    assert list(differences(run, registry, rows)) == []
    assert {row[f"{policy}:outcome"] for row in rows for policy in about_enterprises(packs)} >= {"UNDETERMINED", "ELIGIBLE", "INELIGIBLE"}


@pytest.mark.long
def test_every_cell_of_the_demonstration_is_what_the_interpreter_says(tmp_path: Path) -> None:
    packs = the_few_packs()
    registry = demonstrated(tmp_path, packs, None)
    run = open_run(packs, about_enterprises(packs), as_of=DEMO_AS_OF)
    table = run.decide(registry.frame)
    assert list(differences(run, registry, table.to_pylist())) == []
    found = {row.policy: (tuple(row.counts.values()), row.amount_fen) for row in counted(packs, about_enterprises(packs), table).rows}
    assert (
        found.items()
        >= {
            "hangzhou/compute-voucher": ((280, 8_194, 519, 7, 0), 7_953_617_500),
            "national/disability-levy": ((0, 230, 7_235, 5, 1_530), 0),
            "national/small-profit-tax": ((5_459, 616, 1_395, 0, 1_530), 19_090_300_000),
            "national/sme-size": ((8_188, 0, 479, 23, 310), 0),
        }.items()
    )
