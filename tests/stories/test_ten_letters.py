"""Ten letters, in Chinese and in English: ten subjects, ten policies, every outcome.

Each golden file below tests/examples/letters/ holds what the letter says in both languages; with ZHIDA_BLESS=1 it is written anew. Read
it as the official who signs it and as whoever receives it. The digest of the policy's text is left out: it changes with every comma.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT
from tests.packs import the_packs
from tests.stories.small_district import ALL_PACKS, Zhida
from zhida.assess.assessment import Outcome
from zhida.assess.subject import assess_subject
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.report.explanation import explanation_text
from zhida.source import display_width
from zhida.values.temporal import Date

FOLDER = ROOT / "tests/examples/letters"
LANGUAGES: tuple[Language, ...] = ("zh", "en")
MOST_LINES = 80
"""A letter that is longer is not read."""

DAY = Date(2026, 6, 30)


@dataclass(frozen=True)
class Letter:
    policy: str
    outcome: Outcome
    name: str
    code: str
    facts: Mapping[str, Any]
    as_of: Date = DAY


def patent(kind: str, granted: Date, **more: object) -> dict[str, object]:
    return {"类别": kind, "权属方式": "自主研发", "取得日期": granted, **more}


SOUND = {"列入严重失信名单": False}
HNTE = {
    "单位类型": "企业",
    "成立日期": Date(2015, 3, 2),
    "科技人员数@2025": 20,
    "职工总数@2025": 100,
    **{f"营业收入@{year}": value for year, value in ((2025, 15_000_000), (2024, 12_000_000), (2023, 10_000_000))},
    **{f"净资产@{year}": value for year, value in ((2025, 15_000_000), (2024, 12_000_000), (2023, 10_000_000))},
    **{f"{name}@{year}": 1_000_000 for name in ("研发费用", "境内研发费用") for year in (2025, 2024, 2023)},
    **{f"科技成果转化数@{year}": 5 for year in (2025, 2024, 2023)},
    "高新技术产品收入@2025": 12_000_000,
    "收入总额@2025": 15_000_000,
    "不征税收入@2025": 0,
    "重大安全质量环境事故": False,
    "知识产权": [patent("Ⅰ类", Date(2024, 1, 15), 用于主导产品=True, 用于高企申报次数=0)],
    "核心知识产权认定": True,
    "核心技术属重点领域": True,
}

LETTERS = {
    "eligible-with-an-amount": Letter(
        "hangzhou/hnte-award",
        Outcome.ELIGIBLE,
        "杭州云岫软件有限公司",
        "91990001MA0000001A",
        {
            "注册地市": "杭州市",
            "高企首次认定日期": Date(2026, 3, 15),
            "高企证书起始日": Date(2026, 3, 15),
            "高企证书到期日": Date(2029, 3, 14),
        },
    ),
    "refused": Letter(
        "national/specialized-sme",
        Outcome.INELIGIBLE,
        "杭州青禾精密机械有限公司",
        "91990001MA0000002B",
        {
            "行业代码": "3411",
            "从业人员": 60,
            "优质中小企业共同前提": True,
            "创新型中小企业到期日": Date(2027, 11, 30),
            "科技型中小企业入库到期日": None,
            "细分市场年限": 4,
            "营业收入@2025": 12_500_000,
            "营业收入@2024": 12_000_000,
            "研发费用@2025": 1_200_000,
            "研发费用@2024": 1_000_000,
            "新增股权融资额@2025": 0,
            "新增股权融资额@2024": 0,
            "主营业务收入@2025": 11_000_000,
            "负债总额@2025": 4_000_000,
            "资产总额@2025": 10_000_000,
            "知识产权": [patent("Ⅰ类", Date(2023, 3, 1), 用于主导产品=True)],
            "近三年国家级科技奖励名次": None,
            "近三年省部级科技奖励名次": None,
            "省部级以上研发机构": False,
            "市场占有率较为靠前": True,
            "申报类型": "新申请",
            "平台评价得分@2025": 62,
            "平台评价得分@2024": 58,
        },
    ),
    "one-fact-missing": Letter(
        "hangzhou/compute-voucher",
        Outcome.UNDETERMINED,
        "杭州拱墅智算应用有限公司",
        "91990001MA0000003C",
        {
            "注册地市": "杭州市",
            "单位类型": "企业",
            "行业代码": "6510",
            "从业人员": 420,
            "营业收入": 260_000_000,
            "年度智算合同实际额": 10_000_000,
            "依托备案大模型": False,
            "智能券配套方式": "无",
            "智能券比例": 0,
            "生成式多模态基础大模型企业": False,
        },
    ),
    "for-review": Letter(
        "national/hnte-recognition", Outcome.REVIEW, "杭州望山新材料有限公司", "91990001MA0000004D", HNTE, Date(2026, 6, 26)
    ),
    "not-applicable": Letter(
        "national/small-profit-tax",
        Outcome.NOT_APPLICABLE,
        "拱墅区老王便利店",
        "92990001MA0000005E",
        {"单位类型": "个体工商户", "应纳税所得额": 300_000},
    ),
    "patents-counted": Letter(
        "national/tech-sme",
        Outcome.INELIGIBLE,
        "杭州半山仪器有限公司",
        "91990001MA0000006F",
        {
            "单位类型": "企业",
            "职工总数": 100,
            "科技人员数": 10,
            "营业收入": 10_000_000,
            "资产总额": 20_000_000,
            "研发费用": 400_000,
            "成本费用支出": 9_000_000,
            "知识产权": [patent("Ⅱ类", Date(2024, 1, 15))] * 3 + [patent("Ⅱ类", Date(2025, 9, 1))],
            "产品属禁止限制淘汰类": False,
            "重大安全质量环境事故": False,
            "科研严重失信": False,
            "列入经营异常名录": False,
            **SOUND,
            "高企证书起始日": None,
            "高企证书到期日": None,
            "近五年国家级科技奖励前三": False,
            "省部级以上研发机构": False,
            "近五年主导制定标准": False,
        },
    ),
    "years-compared": Letter(
        "zhejiang/stable-jobs-zhejiang-2026",
        Outcome.ELIGIBLE,
        "杭州湖墅服装有限公司",
        "91990001MA0000007G",
        {
            "注册地市": "杭州市",
            "单位类型": "企业",
            "行业代码": "1810",
            "从业人员": 98,
            "营业收入": 30_000_000,
            "失业保险足额缴费月数": 12,
            **SOUND,
            "僵尸企业": False,
            "失业保险参保人数@2025": 94,
            "失业保险参保人数@2024": 100,
            "失业保险年初参保人数": 100,
            "领取失业保险金人数@2025": 5,
            "失业保险费实缴额@2025": 80_000,
            "派遣机关事业单位失业保险费@2025": 0,
        },
    ),
    "loan-interest": Letter(
        "national/startup-loan-interest",
        Outcome.ELIGIBLE,
        "杭州大关餐饮有限公司",
        "LOAN-2026-0008",
        {
            "贷款用途": "创业担保",
            "借款人类型": "小微企业",
            "借款企业职工人数": 40,
            "借款企业新招人数": 5,
            "欠薪欠保等严重违法": False,
            "贷款本金": 3_000_000,
            "贷款年利率": Decimal("0.04"),
            "贷款月数": 24,
            "创业担保贷款累计次数": 1,
            "展期或逾期": False,
        },
    ),
    "template-without-figures": Letter(
        "baiyang/growth-award",
        Outcome.UNDETERMINED,
        "杭州白杨生物技术有限公司",
        "91990001MA0000009J",
        {"街道": "白杨街道", "营业收入@2025": 30_000_000, "营业收入@2024": 20_000_000, "白杨成长奖名次": 3},
    ),
}
RESIDENT = "resident-on-the-command-line"


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def without_digest(text: str) -> str:
    """Return a letter without what changes with every comma of a policy."""
    return re.sub(r"sha256 [0-9a-f]{12}", "sha256 …", text)


def held_against(name: str, letters: Mapping[Language, str]) -> None:
    """Compare both letters with the golden file, or write it."""
    said = "".join(f"=== {language}\n{without_digest(letters[language])}\n" for language in LANGUAGES)
    path = FOLDER / f"{name}.txt"
    if os.environ.get("ZHIDA_BLESS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_says_what_its_golden_file_says(packs: Packs, name: str) -> None:
    letter = LETTERS[name]
    assessment = assess_subject(packs, letter.policy, letter.facts, as_of=letter.as_of)
    assert assessment.outcome is letter.outcome
    letters = {
        language: explanation_text(assessment, language=language, subject_name=letter.name, subject_code=letter.code)
        for language in LANGUAGES
    }
    held_against(name, letters)


@pytest.mark.long
def test_a_letter_to_a_resident_comes_from_a_file_of_purchases(tmp_path: Path, zhida: Zhida) -> None:
    (tmp_path / "buyers.csv").write_text("code,kind,grade,price,used\nR1,冰箱,一级,12000,0\n", encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(
        "subject: resident\nkey: {attribute: 居民编号, check: none}\nfiles:\n"
        "  - name: 购买\n    key: code\n    columns:\n      以旧换新品类: kind\n      能效标识: grade\n"
        "      商品成交价: {column: price, unit: 元}\n      本年同类已补件数: {column: used, unit: 件}\n",
        encoding="utf-8",
    )
    registry = tmp_path / "registry"
    zhida("registry", "import", tmp_path / "mapping.yaml", tmp_path / "buyers.csv", "--out", registry, "--packs", ALL_PACKS)
    order = ("explain", "--registry", registry, "R1", "national/trade-in-appliance", "--as-of", DAY, "--packs", ALL_PACKS)
    told = {language: zhida(*order, "--lang", language) for language in LANGUAGES}
    assert [answer.code for answer in told.values()] == [0, 0]
    held_against(RESIDENT, {language: f"{answer.out.rstrip()}\n" for language, answer in told.items()})


def test_there_are_ten_letters_with_every_outcome_and_no_other_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted([*LETTERS, RESIDENT])
    assert len(LETTERS) == 9
    assert {letter.outcome for letter in LETTERS.values()} == set(Outcome)
    assert len({letter.policy for letter in LETTERS.values()}) == len(LETTERS)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_letter_is_short_gives_its_grounds_in_order_and_repeats_no_sentence(path: Path) -> None:
    for letter in path.read_text(encoding="utf-8").split("=== ")[1:]:
        lines = letter.splitlines()[1:]
        assert len(lines) <= MOST_LINES
        assert all(display_width(line) <= 80 for line in lines)
        numbers = [int(found[1]) for line in lines if (found := re.match(r" +(\d+)\. ", line))]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) <= 8
        points = [line for line in lines if line.startswith("  · ")]
        assert len(points) == len(set(points))
        for year in ("2,024", "2,025", "2,026"):
            assert year not in letter
