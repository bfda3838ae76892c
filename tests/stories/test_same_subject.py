"""One subject on two days: the law changed in between, and so does the answer, by nothing but the date."""

import json
from pathlib import Path

import pytest

from tests.packs import the_packs
from tests.stories.small_district import ALL_PACKS, Zhida
from zhida.assess.examples import run_examples
from zhida.policy.pack import Packs
from zhida.policy.tangle import Example
from zhida.values.temporal import Date

DAYS = {"t2025": Date(2025, 6, 30), "t2026": Date(2026, 6, 30)}
AS_OF = Date(2026, 11, 21)

PAIRS = {
    "national/vat-small-scale": ("national/vat-small-scale-2023", "应纳增值税", "0", "1000"),
    "national/specialized-sme": ("national/specialized-sme-2022", "结果", "ELIGIBLE", "INELIGIBLE"),
    "national/trade-in-appliance": ("national/trade-in-appliance-2025", "家电补贴金额", "2000", "1500"),
    "national/trade-in-digital": ("national/trade-in-digital-2025", "结果", "NOT_APPLICABLE", "ELIGIBLE"),
    "national/trade-in-car": ("national/trade-in-car-2025", "汽车补贴金额", "20000", "18000"),
    "national/equipment-loan-2026": ("national/equipment-loan-2024", "设备更新贴息金额", "200000", "300000"),
    "zhejiang/stable-jobs-zhejiang-2026": ("zhejiang/stable-jobs-zhejiang-2025", "稳岗返还金额", "48000", "0"),
}
"""New version → old version, what is asked, the answer of 2025-06-30, that of 2026-06-30."""


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def example(packs: Packs, policy: str, id_: str) -> Example:
    (found,) = (item for item in packs.policies[policy].tangled.examples if item.id == id_)
    return found


@pytest.mark.parametrize("new", PAIRS)
def test_the_same_facts_get_another_answer_a_year_later(packs: Packs, new: str) -> None:
    old, asked, before, after = PAIRS[new]
    first, second = example(packs, old, "t2025"), example(packs, new, "t2026")
    assert [item.as_of and item.as_of.text for item in (first, second)] == [f'@"{day}"' for day in DAYS.values()]
    shared = {name: (first.inputs[name].text, second.inputs[name].text) for name in first.inputs.keys() & second.inputs.keys()}
    assert shared
    assert {name: texts for name, texts in shared.items() if texts[0] != texts[1]} == {}
    assert (first.expectations[asked].text, second.expectations[asked].text) == (before, after)
    for policy, id_ in ((old, "t2025"), (new, "t2026")):
        passed = {result.example.id: result.passed for result in run_examples(packs, packs.policies[policy], as_of=AS_OF)}
        assert passed[id_]
    last, first_day = packs.in_force[old].end, packs.in_force[new].start
    assert last is not None
    assert first_day is not None
    assert str(last) < str(first_day)


@pytest.mark.long
def test_one_refrigerator_on_the_command_line(tmp_path: Path, zhida: Zhida) -> None:
    (tmp_path / "buyers.csv").write_text("code,kind,grade,price,used\nR1,冰箱,一级,12000,0\n", encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(
        "subject: resident\nkey: {attribute: 居民编号, check: none}\nfiles:\n"
        "  - name: 购买\n    key: code\n    columns:\n      以旧换新品类: kind\n      能效标识: grade\n"
        "      商品成交价: {column: price, unit: 元}\n      本年同类已补件数: {column: used, unit: 件}\n",
        encoding="utf-8",
    )
    zhida("registry", "import", tmp_path / "mapping.yaml", tmp_path / "buyers.csv", "--out", tmp_path / "registry", "--packs", ALL_PACKS)
    amounts = []
    for version, day in (("trade-in-appliance-2025", "2025-06-30"), ("trade-in-appliance", "2026-06-30")):
        asked = ("R1", f"national/{version}", "--registry", tmp_path / "registry", "--as-of", day, "--packs", ALL_PACKS)
        told = zhida("explain", *asked, "--json")
        amounts.append(json.loads(told.out)["amount_fen"])
    assert amounts == [200000, 150000]
