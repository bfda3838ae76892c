"""A run over a registry: what each cell says, and what the counts come to."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.engine.policy_texts import AS_OF, Value, block, packs_with
from zhida.assess.assessment import Outcome
from zhida.assess.registry import PolicySummary, assess_registry, registry_findings, summarize, yuan_words
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.results import ResultCells

ELIGIBLE = block("符合: boolean", "人 >= 30")
AMOUNT = {"amount": "金额"}
STATUS = {"gives": "status", "eligible": "", "result": "规模"}
PARAMETERS = {
    "demo/parameters.md": "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    "| 均线 | number | 元 | | 2020-01-01/.. | 统计年鉴 | |\n"
}


def cells(packs: Packs, *subjects: Mapping[str, Value]) -> list[ResultCells]:
    return [row[0] for row in assess_registry(packs, ["demo/a"], subjects, as_of=AS_OF)]


def summary(packs: Packs, *subjects: Mapping[str, Value]) -> PolicySummary:
    rows = assess_registry(packs, ["demo/a"], subjects, as_of=AS_OF)
    return summarize(packs, ["demo/a"], rows, as_of=AS_OF, is_synthetic=False, registry="库").rows[0]


def test_possible_amounts_are_yuan_with_two_decimals_as_the_policy_rounds_them(tmp_path: Path) -> None:
    body = ELIGIBLE + '| F | 类型 | **金额** |\n|---|---|---|\n| 1 | "企业" | 1000 / 3 |\n| 否则 | - | 20000 |\n'
    packs = packs_with(tmp_path, body, rounding="{scale: 1, mode: up}", **AMOUNT)
    assert cells(packs, {"人": Decimal(30)})[0].possible == ("333.40 元", "20000.00 元")


def test_many_possible_amounts_are_a_range(tmp_path: Path) -> None:
    rules = "".join(f"| {n} | >= {n}0 | {900 - n} |\n" for n in range(9, 1, -1))
    table = f"| F | 收入 | **金额** |\n|---|---|---|\n{rules}| 否则 | - | 0 |\n"
    packs = packs_with(tmp_path, block("符合: boolean", "true") + table, **AMOUNT)
    assert cells(packs, {})[0].possible == ("0.00 元 至 898.00 元",)


def test_a_list_of_possible_answers_that_may_go_on_ends_with_and_so_on(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", "收入 / 3"), **AMOUNT)
    assert cells(packs, {})[0].possible == ("INELIGIBLE", "等")


def test_amounts_of_which_nothing_can_be_told_say_so(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", "收入 / 3"), **AMOUNT)
    assert cells(packs, {"人": Decimal(30)})[0].possible == ("金额无法给出范围：含计算",)
    status = packs_with(tmp_path / "status", block("规模: string", 'if 收入 * 2 > 3 then "大" else "小"'), **STATUS)
    assert cells(status, {})[0].possible == ()


def test_too_many_combinations_are_not_called_a_computation(tmp_path: Path) -> None:
    few = " or ".join(f"人 = {n}" for n in range(0, 60, 3))
    many = " or ".join(f"面积 = {n}" for n in range(0, 300, 3))
    body = block("符合: boolean", "true") + block("金额: number", f"if ({few}) = ({many}) then 1 else 2")
    packs = packs_with(tmp_path, body, **AMOUNT)
    assert cells(packs, {})[0].possible == ("金额无法给出范围：组合太多",)


@pytest.mark.parametrize(("fen", "words"), [(0, "0.00 元"), (5, "0.05 元"), (-105, "-1.05 元"), (1_984_000, "19840.00 元")])
def test_fen_are_told_in_yuan(fen: int, words: str) -> None:
    assert yuan_words(fen) == words


def test_the_nearest_miss_carries_its_unit(tmp_path: Path) -> None:
    assert cells(packs_with(tmp_path, ELIGIBLE), {"人": Decimal(29)})[0].near == "人 29 人，线为 30 人"


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


@pytest.mark.parametrize("differs", [True, False])
def test_a_registry_of_another_dictionary_is_warned_of(differs: bool) -> None:
    metadata = {"zhida.dictionary_sha256": "0123456789abcdef" * 4}
    registry = Registry("城市", pl.DataFrame({"城市": []}), metadata, dictionary_differs=differs)
    found = registry_findings(registry)
    assert [item.code for item in found] == (["registry-dictionary-differs"] if differs else [])
    assert all("（sha256 0123456789ab）" in item.message("zh") for item in found)
