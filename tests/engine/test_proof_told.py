"""What `zhida check --proof` says in a terminal: what is not decided, for which day, on what a finding rests, one last line."""

import re
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, block, packs_with
from tests.engine.test_proof_policies import BROKEN, CLOSED, GRANT, packs_of
from zhida.cli import run
from zhida.policy.pack import Packs, load_packs
from zhida.proof.across.cliffs import prove_cliffs
from zhida.proof.findings import Finding
from zhida.proof.policies import prove, prove_packs
from zhida.proof.solver import encoding as symbolic
from zhida.proof.solver.encoding import NOT_INSTALLED
from zhida.proof.tables.words import describe_duration
from zhida.report.weave import weave
from zhida.report.witness import example_words, is_explained, is_shown
from zhida.values.temporal import DaysDuration, MonthsDuration

pytest.importorskip("z3")

_ONE_AMOUNT = CLOSED.replace("| 1 | <= 1000000 | 5000 |\n", "").replace("| 2 | - | 2000 |", "| 1 | > -1 | 2000 |")
_FOR_ALL = _ONE_AMOUNT.replace("| 1 | < 300 | true |\n| 2 | >= 300 | false |", "| 1 | - | true |").replace("true | 5000", "true | 2000")
FLAT = _FOR_ALL.replace("| b | 301 | 1000000.01 | false", "| b | 301 | 1 | true")
"""All get the same: nothing is lost anywhere by one unit more."""

MEANT = GRANT.replace("| 2 | > 300 | false |", "| 2 | > 300 | false |\n\n缺口: 三百人的另行规定")
PARAMETERS = """| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |
|---|---|---|---|---|---|---|
| 最高额 | number | 元 | | 2025-01-01/.. | 示例 | |
"""


def printed(capsys: pytest.CaptureFixture[str], folder: Path, *more: str, code: int = 0) -> str:
    """Run the check with a proof and return what it prints."""
    assert run(["check", str(folder), "--proof", "--as-of", "2026-06-30", *more]) == code
    return capsys.readouterr().out


# --- cliffs --------------------------------------------------------------------------------------------------------


def test_without_a_solver_each_number_is_not_decided_and_how_to_get_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbolic, "IS_INSTALLED", False)
    packs = load_packs(packs_of(tmp_path, grant=CLOSED))
    found = prove(packs, "town/grant", as_of=AS_OF).climbed
    assert not found.proved
    assert set(found.undecided) == {("从业人员", *NOT_INSTALLED), ("营业收入", *NOT_INSTALLED)}


def test_where_nobody_asks_a_solver_nothing_is_proved_of_cliffs(tmp_path: Path) -> None:
    packs = load_packs(packs_of(tmp_path, grant=CLOSED))
    found = prove_cliffs(packs, packs.model_of("town/grant", AS_OF), None, as_of=AS_OF)
    assert [fact for fact, *_ in found.undecided] == ["从业人员", "营业收入"]
    assert not found.proved


@pytest.mark.parametrize(
    ("lang", "around", "nowhere"), [("zh", "例的周围没有找到", "没有多一个单位"), ("en", "around the examples", "nowhere")]
)
def test_no_cliff_is_claimed_only_where_it_is_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lang: str, around: str, nowhere: str
) -> None:
    folder = packs_of(tmp_path, grant=FLAT)
    assert nowhere in printed(capsys, folder, "--lang", lang)
    monkeypatch.setattr(symbolic, "IS_INSTALLED", False)
    said = printed(capsys, folder, "--lang", lang)
    assert nowhere not in said
    assert around in said
    assert "pip install" in said
    assert "营业收入" in said[said.index("pip install") :]


def test_facts_proved_to_have_no_cliffs_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = packs_of(tmp_path, grant=CLOSED)
    assert "✓ 2 项事实已证明没有别的悬崖" in printed(capsys, folder)
    assert "✓ 2 facts are proved to have no other cliffs" in printed(capsys, folder, "--lang", "en")


def test_all_shows_who_loses_at_a_cliff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = packs_of(tmp_path, grant=CLOSED)
    assert "5,000 元 → 2,000 元" not in printed(capsys, folder)
    said = printed(capsys, folder, "--all")
    assert "例如：营业收入 = 100 万元：5,000 元 → 2,000 元（从业人员 = " in said


# --- the day, DMN files, the last line ---------------------------------------------------------------------------------


def test_the_day_of_the_proof_is_said_and_that_of_a_policy_that_is_no_law_then(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    older = CLOSED.replace("town/grant", "town/older").replace("2026-01-01/2026-12-31", "2024-01-01/2024-12-31")
    folder = packs_of(tmp_path, grant=CLOSED)
    assert "\n按 2026-06-30 证明\n" in printed(capsys, folder)
    (folder / "town/policies/older.md").write_text(older, encoding="utf-8")
    said = printed(capsys, folder)
    assert "按 2026-06-30 证明；不在施行期内的，按其首日或末日：town/older 2024-01-01\n" in said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_proof_of_a_dmn_file_is_refused_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str) -> None:
    model = tmp_path / "a.dmn"
    model.write_text("<definitions/>", encoding="utf-8")
    assert run(["check", str(model), "--proof", "--lang", lang]) == 2
    assert f"zhida convert {model}" in capsys.readouterr().err


def test_the_last_line_counts_all_that_the_exit_code_rests_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = printed(capsys, packs_of(tmp_path, grant=GRANT), code=1)
    assert said.rstrip().splitlines()[-1] == "1 份政策；2 个例：通过 2，未过 0；错误 1，警告 2"
    assert said.count("错误 1，") == 1


def test_empty_parts_are_not_printed_and_one_is_singular(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = block("符合: boolean", "人 > 0") + "| 例 | 人 | **符合** |\n|---|---|---|\n| a | 1 | true |\n| b | 0 | false |\n"
    packs_with(tmp_path, body, gives="points")
    said = printed(capsys, tmp_path, "--lang", "en")
    assert "table" not in said[said.index("Proved for") :]
    assert "0 cliffs" not in said
    assert "✓" not in said
    assert said.rstrip().splitlines()[-1] == "1 policy; 2 examples: 2 passed, 0 failed; 0 errors, 0 warnings"


def test_gaps_that_the_document_means_are_no_red_cross(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = packs_of(tmp_path, grant=MEANT)
    said = printed(capsys, folder)
    assert "○ 有缺口（已说明）" in said
    assert "✗" not in said
    assert "2 张表：完备 已证明 1、有缺口（已说明） 1；" in said
    packs = load_packs(folder)
    proof = prove(packs, "town/grant", as_of=AS_OF)
    assert [is_explained(table) for table in proof.tables] == [True, False]
    page = weave(packs.policies["town/grant"], packs, [], language="zh", proof=proof)
    assert '<span class="bad">' not in page
    assert "○ 有缺口（已说明）" in page


def test_a_refuted_table_tells_why_the_rest_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GRANT.replace("| 2 | > 300 | false |", '| 2 | > 400 | false |\n| 3 | ends with(string(?), "7") | true |')
    said = re.sub(r"\s+", "", printed(capsys, packs_of(tmp_path, grant=text), code=1))
    assert "✗有反例" in said
    assert "？" in said or "?未能判定" in said
    assert "endswith" in said[: said.index("已证明完备")]


def test_a_policy_that_is_left_out_is_named_with_its_file(tmp_path: Path) -> None:
    proof = prove_packs(load_packs(packs_of(tmp_path, grant=CLOSED, broken=BROKEN)), as_of=AS_OF)
    span = proof.left_out[0].span
    assert span is not None
    assert span.place.endswith("town/policies/broken.md:1:1")


# --- parameters without a figure -----------------------------------------------------------------------------------------


def open_figure(root: Path, amount: str, example: str = "", **keys: str) -> tuple[Packs, list[Finding]]:
    """Return a policy whose amount rests on a parameter without a figure, and what is found of it."""
    body = block("符合: boolean", "收入 >= 0") + block("金额: number", amount) + example
    packs = packs_with(root, body, {"demo/parameters.md": PARAMETERS}, amount="金额", **keys)
    return packs, list(prove(packs, "demo/a", as_of=AS_OF).findings)


def test_a_parameter_without_a_figure_is_told_once(tmp_path: Path) -> None:
    _, found = open_figure(tmp_path, "min(收入, 最高额)")
    told = [each.diagnostic for each in found if each.diagnostic.code == "proof-parameter-open"]
    assert [item.message("zh") for item in told] == ["参数 最高额 在 2026-03-01 没有数值，证明把它当作任意值"]
    assert told[0].severity == "information"


def test_an_amount_over_the_budget_for_a_made_up_figure_only_is_information_and_says_so(tmp_path: Path) -> None:
    packs, found = open_figure(tmp_path, "min(收入, 最高额)", budget="{year: 2026, amount: 5000, order: first-come}")
    (finding,) = (each for each in found if "budget" in each.diagnostic.code)
    assert (finding.diagnostic.code, finding.diagnostic.severity) == ("proof-amount-over-budget-supposed", "information")
    assert "最高额 = " in finding.diagnostic.message("zh")
    assert "最高额 = " in finding.diagnostic.message("en")
    model = packs.model_of("demo/a", AS_OF)
    assert "（假设：参数没有数值）" in example_words(finding, model, "zh")
    assert "made up" in example_words(finding, model, "en")


def test_a_figure_that_an_example_supposes_is_taken_at_its_word(tmp_path: Path) -> None:
    example = "| 例 | 收入 | 最高额 | **金额** |\n|---|---|---|---|\n| a | 9000 | 6000 | 6000 |\n"
    _, found = open_figure(tmp_path, "min(收入, 最高额)", example, budget="{year: 2026, amount: 5000, order: first-come}")
    assert [each.diagnostic.severity for each in found if each.diagnostic.code == "proof-amount-over-budget"] == ["warning"]
    (told,) = (each.diagnostic for each in found if each.diagnostic.code == "proof-parameter-open")
    assert told.message("zh").endswith("证明把它当作任意值；金额和悬崖按例中假设的数值")


def test_an_amount_below_nothing_for_a_made_up_figure_only_is_information(tmp_path: Path) -> None:
    _, found = open_figure(tmp_path, "5000 - 最高额")
    codes = [each.diagnostic.code for each in found]
    assert "proof-amount-negative-supposed" in codes
    assert "proof-amount-negative" not in codes


def test_a_fault_that_needs_no_figure_stays_an_error(tmp_path: Path) -> None:
    _, found = open_figure(tmp_path, "if 收入 > 最高额 + 收入 then 1 else -5")
    assert "proof-parameter-open" in [each.diagnostic.code for each in found]
    _, found = open_figure(tmp_path, "min(收入, 5000) - 1000")
    assert "proof-amount-negative" in [each.diagnostic.code for each in found]
    assert "proof-parameter-open" not in [each.diagnostic.code for each in found]


def test_a_gap_whose_witness_needs_a_made_up_figure_says_so(tmp_path: Path) -> None:
    body = "| U | 收入 | **符合: boolean** |\n|---|---|---|\n| 1 | <= 最高额 | true |\n| 2 | > 100 | false |\n"
    packs = packs_with(tmp_path, body, {"demo/parameters.md": PARAMETERS})
    (gap,) = (each for each in prove(packs, "demo/a", as_of=AS_OF).findings if each.diagnostic.code == "proof-gap")
    model = packs.model_of("demo/a", AS_OF)
    assert re.search(r"最高额 = .*（假设：参数没有数值）", example_words(gap, model, "zh"))
    assert not is_shown(gap, model)


# --- words ---------------------------------------------------------------------------------------------------------


def test_durations_are_worded() -> None:
    day = 86_400 * 10**9
    assert describe_duration(DaysDuration(30 * day), "zh") == "30 天"
    assert describe_duration(DaysDuration(-(day + 3_600 * 10**9)), "zh") == "负 1 天 1 小时"
    assert describe_duration(DaysDuration(1_500_000_000), "en") == "1.5 seconds"
    assert [describe_duration(MonthsDuration(months), "zh") for months in (6, 12, 14, 0)] == ["6 个月", "1 年", "1 年 2 个月", "0 个月"]


def test_a_box_of_durations_is_told_as_documents_do(tmp_path: Path) -> None:
    body = block("年限: years and months duration", "years and months duration(成立, 评估日)")
    body += '| U | 年限 | **符合: boolean** |\n|---|---|---|\n| 1 | < @"P6M" | true |\n| 2 | > @"P1Y" | false |\n'
    packs = packs_with(tmp_path, body)
    (gap,) = (each for each in prove(packs, "demo/a", as_of=AS_OF).findings if each.diagnostic.code == "proof-gap")
    assert "6 个月 ≤ 年限 ≤ 1 年" in gap.diagnostic.message("zh")
    assert "6 months ≤ 年限 ≤ 1 year" in gap.diagnostic.message("en")
    assert "P6M" not in gap.diagnostic.render("zh").replace('< @"P6M"', "")


def test_a_witness_across_policies_has_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = CLOSED.replace("town/grant", "town/second").replace("可补助", "可奖").replace("补助金额", "奖励金额")
    folder = packs_of(tmp_path, grant=CLOSED, second=second)
    stacking = (
        "| 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |\n|---|---|---|---|---|---|\n| 两项 | 封顶 | town/grant、town/second | 6000 | | |\n"
    )
    (folder / "town/stacking.md").write_text(stacking, encoding="utf-8")
    said = printed(capsys, folder)
    assert "proof-cap-binds" in said
    assert re.search(r"例如：.*从业人员 = \d+ 人", said[said.index("proof-cap-binds") :])


def test_a_policy_file_that_cannot_be_written_is_not_sent_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = packs_of(tmp_path, grant=CLOSED.partition("## 例")[0])
    file = folder / "town/policies/grant.md"
    file.chmod(0o444)
    assert run(["examples", "town/grant", "--accept", "--packs", str(folder), "--as-of", "2026-06-30"]) == 1
    said = capsys.readouterr().err
    assert "registry-write-failed" in said
    assert "请改权限" in said
    assert "--out" not in said


def test_a_decision_that_no_policy_has_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = packs_of(tmp_path, grant=CLOSED)
    assert run(["examples", "town/grant", "--decision", "补助金", "--packs", str(folder)]) == 2
    assert "是否想写“补助金额”" in capsys.readouterr().err
    assert run(["examples", "town/grant", "--decision", "没有", "--packs", str(folder), "--lang", "en"]) == 2
    assert "there is no decision '没有'" in capsys.readouterr().err
