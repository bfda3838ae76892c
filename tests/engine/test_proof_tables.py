"""Tables of policies are proved complete and consistent, or a subject shows that they are not."""

import importlib
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.engine.policy_texts import AS_OF, DICTIONARY, packs_with
from tests.house.tree import ROOT
from zhida.dmn.evaluate import Evaluator
from zhida.policy.pack import PolicyModel
from zhida.proof.findings import Finding, Verdict
from zhida.proof.solver.encoding import Holds, Lies, Question, Solution
from zhida.proof.tables.axes import AtomKind, Domain, axis_of
from zhida.proof.tables.boxes import Budget, Grid, different_boxes, groups, overlapping, pairs, uncovered
from zhida.proof.tables.columns import side_by_side, table_in_atoms
from zhida.proof.tables.proving import TableProof, prove_table
from zhida.proof.tables.reaching import Solver
from zhida.values.temporal import Date
from zhida.values.types import DATE, NUMBER, STRING

Value = Any

ELIGIBLE = "```feel 符合: boolean\ntrue\n```\n\n"
PROVED, REFUTED, UNDECIDED = Verdict.PROVED, Verdict.REFUTED, Verdict.UNDECIDED


class Answering:
    """A solver that gives one answer to every question, and keeps the questions."""

    def __init__(self, solution: Solution) -> None:
        self.solution = solution
        self.asked: list[tuple[Question, ...]] = []

    def solve(self, questions: Sequence[Question], **_: object) -> Solution:
        self.asked.append(tuple(questions))
        return self.solution

    def on_any_day(self, questions: Sequence[Question], **given: object) -> Solution:
        return self.solve(questions, **given)


def table_text(policy: str, inputs: Sequence[str], rules: Sequence[str], after: str = "") -> str:
    """Return a table `档` in a policy, its rules numbered."""
    head = f"| {policy} | {' | '.join(inputs)} | **档: number** |\n|{'---|' * (len(inputs) + 2)}\n"
    rows = "".join(f"| {'' if rule.startswith('否则') else f'{number} | '}{rule} |\n" for number, rule in enumerate(rules, 1))
    return f"{ELIGIBLE}{head}{rows}\n{after}\n\n"


RESEARCH = "| 研发 | number | 元 | | 税务局 | | | |\n"


def model_of(root: Path, body: str) -> PolicyModel:
    files = {"demo/registry/enterprise.md": DICTIONARY + RESEARCH}
    return packs_with(root, body, files).model_of("demo/a", AS_OF)


def proof_of(root: Path, body: str, solver: Solver | None = None, **budget: int) -> TableProof:
    return prove_table(model_of(root, body), "demo/a#档", solver=solver, **budget)


def found(proof: TableProof, code: str) -> Finding:
    """Return the one finding of a code."""
    matching = [finding for finding in proof.findings if finding.diagnostic.code == code]
    assert len(matching) == 1, [finding.diagnostic.message() for finding in proof.findings]
    return matching[0]


def codes(proof: TableProof) -> list[str]:
    return [finding.diagnostic.code for finding in proof.findings]


# --- gaps ------------------------------------------------------------------------------------------------------------------


def test_a_gap_is_told_in_the_smallest_words_and_a_subject_shows_it(tmp_path: Path) -> None:
    body = table_text("U", ["人", "收入"], ["< 300 | - | 1", "300 | < 20000000 | 2", "> 300 | - | 3"])
    model = model_of(tmp_path, body)
    proof = prove_table(model, "demo/a#档")
    gap = found(proof, "proof-gap")
    assert gap.diagnostic.message("zh") == "表“档”：人 = 300 且 收入 ≥ 2000 万元：没有规则"
    assert gap.diagnostic.message("en") == "no rule of table '档' is for 人 = 300 and 收入 ≥ 20 million yuan"
    assert gap.witness is not None
    assert gap.witness.facts == {"人": Decimal(300), "收入": Decimal(20000000)}
    assert gap.witness.clauses == (("人", Decimal(300)), ("收入", Decimal(20000000)))
    assert "例如 人 = 300，收入 = 2000 万元" in gap.diagnostic.hint("zh")
    evaluator = Evaluator(model.model, dict(gap.witness.facts), as_of=AS_OF)
    assert evaluator.value("demo/a#档") is None
    assert [item.code for item in evaluator.diagnostics_beneath(["demo/a#档"])] == ["dmn-no-rule"]
    assert (proof.completeness, proof.consistency, proof.masked) == (REFUTED, PROVED, PROVED)
    assert gap.diagnostic.severity == "error"


def test_whole_persons_leave_no_gap_between_two_numbers(tmp_path: Path) -> None:
    assert proof_of(tmp_path, table_text("U", ["人"], ["<= 300 | 1", ">= 301 | 2"])).completeness is PROVED
    assert proof_of(tmp_path, table_text("U", ["面积"], ["<= 300 | 1", ">= 301 | 2"])).completeness is REFUTED


def test_a_gap_outside_of_the_usual_range_is_information(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["人"], [">= 0 | 1"]))
    assert found(proof, "proof-gap-unusual").diagnostic.message("zh") == "表“档”：人 < 0：没有规则；这在常见范围之外"
    assert found(proof, "proof-gap-unusual").diagnostic.severity == "information"


def test_a_gap_that_the_table_gives_a_reason_for_is_information(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["类型"], ['"企业" | 1'], "缺口: 高校另有办法。"))
    gap = found(proof, "proof-gap-justified").diagnostic
    assert gap.message("zh") == '表“档”：类型 = "高校"、"其他"：没有规则；表中已说明理由：高校另有办法。'
    assert gap.severity == "information"


def test_a_default_closes_every_gap(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("F", ["人"], ["> 300 | 1", "否则 | - | 0"]))
    assert (proof.completeness, proof.findings) == (PROVED, ())


def test_a_gap_of_a_table_that_collects_is_information(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, ELIGIBLE + "| C+ 档 | 重点 | **值: number** |\n|---|---|---|\n| 1 | true | 5 |\n\n")
    assert found(proof, "proof-gap-collect").diagnostic.message("zh") == "汇总表“档”：重点 = 否：没有规则，结果为空值"


def test_null_that_no_cell_names_is_for_a_person_and_no_gap(tmp_path: Path) -> None:
    rules = ['<= date("2025-12-31") | 1', '> date("2025-12-31") | 2']
    proof = proof_of(tmp_path, table_text("U", ["证书"], rules))
    assert proof.completeness is PROVED
    null = found(proof, "proof-gap-null")
    assert null.witness is not None
    assert null.witness.facts == {"证书": None}
    assert null.diagnostic.severity == "information"


def test_null_is_a_gap_where_the_column_names_it_elsewhere(tmp_path: Path) -> None:
    proof = proof_of(
        tmp_path,
        table_text("U", ["证书", "重点"], ["null | true | 1", 'date("2025-12-31") | - | 1', 'not(date("2025-12-31"), null) | - | 2']),
    )
    assert found(proof, "proof-gap").diagnostic.message("zh") == "表“档”：证书 为空 且 重点 = 否：没有规则"


def test_days_between_two_dates_are_counted(tmp_path: Path) -> None:
    rules = ['< date("2020-01-01") | 1', '[date("2020-01-01")..date("2024-12-31")] | 2', '> date("2025-01-01") | 3']
    gap = found(proof_of(tmp_path, table_text("U", ["成立"], rules)), "proof-gap")
    assert gap.diagnostic.message("zh") == "表“档”：成立 = 2025-01-01：没有规则"
    assert gap.witness is not None
    assert gap.witness.facts == {"成立": Date(2025, 1, 1)}


def test_texts_that_nobody_named_are_one_more_value(tmp_path: Path) -> None:
    gap = found(proof_of(tmp_path, table_text("U", ["城市"], ['"杭州" | 1', '"宁波" | 2'])), "proof-gap")
    assert gap.diagnostic.message("zh") == '表“档”：城市 不是 "宁波"、"杭州"：没有规则'
    assert proof_of(tmp_path, table_text("U", ["城市"], ['"杭州" | 1', 'not("杭州") | 2'])).completeness is PROVED


# --- overlaps --------------------------------------------------------------------------------------------------------------


def test_rules_of_a_unique_table_that_match_at_once_are_an_error(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["人"], ["<= 300 | 1", "[300..500] | 2", ">= 500 | 3"]))
    overlaps = [finding for finding in proof.findings if finding.diagnostic.code == "proof-overlap"]
    assert [finding.rules for finding in overlaps] == [(0, 1), (1, 2)]
    assert overlaps[0].diagnostic.message("zh") == "表“档”要求唯一命中（U），但 人 = 300 时规则 1、2 同时命中"
    assert overlaps[0].witness is not None
    assert overlaps[0].witness.facts == {"人": Decimal(300)}
    assert proof.consistency is REFUTED


def test_rules_that_overlap_all_at_once_are_told_once(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["人", "重点"], ["<= 300 | - | 1", "- | true | 2", "> 200 | - | 3", "- | false | 4"]))
    assert [finding.rules for finding in proof.findings if finding.diagnostic.code == "proof-overlap"] == [(0, 1, 2), (0, 2, 3)]


def test_an_overlap_outside_of_the_usual_range_is_information(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["人"], ["< 0 | 1", "< -5 | 2", ">= 0 | 3"]))
    assert found(proof, "proof-overlap-unusual").rules == (0, 1)


def test_rules_of_an_any_table_contradict_each_other_only_if_their_outputs_differ(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("A", ["人"], ["<= 300 | 1", ">= 300 | 1", ">= 500 | 2"]))
    conflict = found(proof, "proof-conflict")
    assert conflict.rules == (1, 2)
    assert conflict.diagnostic.message("zh") == "表“档”为 A（任意），但 人 ≥ 500 时规则 2、3 同时命中且结果不同"
    unusual = proof_of(tmp_path, table_text("A", ["人"], ["<= 300 | 1", "> 300 | 2", "< 0 | 3"]))
    assert found(unusual, "proof-conflict-unusual").rules == (0, 2)


def test_rules_that_collect_may_match_at_once(tmp_path: Path) -> None:
    text = "| C+ 档 | 人 | **值: number** |\n|---|---|---|\n| 1 | < 300 | 5 |\n| 2 | >= 100 | 6 |\n\n"
    proof = proof_of(tmp_path, ELIGIBLE + text)
    assert proof.consistency is PROVED
    assert (
        found(proof, "proof-overlap-collect").diagnostic.message("zh") == "汇总表“档”中有 1 对规则会同时命中，如规则 1、2：100 ≤ 人 < 300"
    )


# --- rules without a say ---------------------------------------------------------------------------------------------------


def test_a_rule_that_several_before_it_cover_together_is_masked(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("F", ["人"], ["<= 300 | 1", "> 300 | 2", "[200..400] | 3", "否则 | - | 0"]))
    masked = found(proof, "proof-masked")
    assert masked.rules == (2, 0, 1)
    assert masked.diagnostic.message("zh") == "表“档”的规则 3 永远轮不到：凡它命中之处，都已由规则 1、2 先行命中"
    assert proof.masked is REFUTED


def test_a_rule_for_null_that_never_comes_about_is_told(tmp_path: Path) -> None:
    body = "```feel 比: number\n收入 / 面积\n```\n\n" + table_text("F", ["比"], ["<= 3 | 1", "> 3 | 2", "null | 3"])
    assert codes(proof_of(tmp_path, body)) == []
    assert found(proof_of(tmp_path, body, Answering(Solution(PROVED))), "proof-only-null").rules == (2,)
    assert codes(proof_of(tmp_path, body, Answering(Solution(UNDECIDED, reason=("不知", "unknown"))))) == []


def test_a_cell_that_no_value_passes_is_told(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("F", ["人"], ["300.5 | 1", "- | 2"]))
    assert found(proof, "proof-never").diagnostic.message("zh") == "表“档”的规则 1 永远不会命中：“人”没有任何值满足 300.5"


def test_a_text_that_a_decision_never_comes_to_is_told(tmp_path: Path) -> None:
    head = '```feel 规模: string\nif 人 > 300 then "大型" else "小型"\n```\n\n'
    proof = proof_of(tmp_path, head + table_text("F", ["规模"], ['"大型" | 1', '"小型", "小型企业" | 2']))
    value = found(proof, "proof-value-never").diagnostic
    assert value.message("zh") == '表“档”的规则 2 要求“规模”为 "小型企业"，但它没有这个取值'
    assert value.hint("zh") == "它的取值有：大型、小型"
    assert proof.completeness is PROVED


def test_a_rule_without_which_all_answers_stay_is_told(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("F", ["人"], ["<= 300 | 1", "> 500 | 0", "否则 | - | 0"]))
    assert found(proof, "proof-redundant").rules == (1,)


def test_rules_that_could_be_one_are_told(tmp_path: Path) -> None:
    proof = proof_of(
        tmp_path, table_text("U", ["人", "重点"], ["<= 300 | true | 1", "(300..500] | true | 1", "> 500 | - | 2", "<= 500 | false | 3"])
    )
    merge = found(proof, "proof-mergeable")
    assert merge.rules == (0, 1)
    assert merge.diagnostic.message("zh") == "表“档”的规则 1、2 可以合并：只有“人”不同，合起来就是：人 ≤ 500"


def test_rules_between_which_another_one_stands_are_not_put_together(tmp_path: Path) -> None:
    rules = ["<= 300 | - | 1", "- | true | 2", "(300..500] | - | 1", "否则 | - | - | 0"]
    assert "proof-mergeable" not in codes(proof_of(tmp_path, table_text("F", ["人", "重点"], rules)))


# --- what is not decided ---------------------------------------------------------------------------------------------------

LINE = "```feel 线: number\n人 * 2\n```\n\n```feel 员工: number\n人 + 1\n```\n\n"


def test_columns_that_compare_with_one_other_value_are_read(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, LINE + table_text("U", ["员工"], ["<= 线 | 1", "> 线 | 2"]))
    assert (proof.completeness, proof.consistency) == (PROVED, PROVED)
    solver = Answering(Solution(PROVED))
    assert proof_of(tmp_path, LINE + table_text("U", ["员工"], ["< 线 | 1", "> 线 | 2"]), solver).completeness is PROVED
    (question,) = solver.asked[0]
    assert isinstance(question, Holds)
    assert getattr(question.node, "operator", "") == "="


def test_a_cell_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, LINE + table_text("U", ["员工"], ["< 线 | 1", "[线..1000) | 2", ">= 1000 | 3"]))
    assert (proof.completeness, proof.consistency) == (UNDECIDED, UNDECIDED)
    said = [finding.diagnostic.message("zh") for finding in proof.findings if finding.diagnostic.code == "proof-undecided"]
    assert any("单元格（规则 1，列 员工）" in text and "单元格（规则 2，列 员工）" in text for text in said), said
    assert len(proof.undecided) <= len(said)


def test_what_the_solver_calls_impossible_is_left_out_and_counted(tmp_path: Path) -> None:
    body = LINE + table_text("U", ["员工", "线"], ["< 300 | - | 1", ">= 300 | > 100 | 2"])
    solver = Answering(Solution(PROVED))
    proof = proof_of(tmp_path, body, solver)
    assert (proof.completeness, proof.excluded, proof.findings) == (PROVED, 1, ())
    assert [type(question) for question in solver.asked[0]] == [Lies, Lies]
    alone = proof_of(tmp_path, body)
    assert alone.completeness is UNDECIDED
    assert alone.undecided[0][0].startswith("是否有规则（员工 ≥ 300 且 线 ≤ 100）：没有求解器")


def test_a_subject_that_the_interpreter_does_not_confirm_is_no_witness(tmp_path: Path) -> None:
    body = LINE + table_text("U", ["员工"], ["< 300 | 1"])
    wrong = Answering(Solution(REFUTED, {"人": Decimal(1)}))
    proof = proof_of(tmp_path, body, wrong)
    assert (proof.completeness, codes(proof)) == (UNDECIDED, ["proof-undecided"])
    right = Answering(Solution(REFUTED, {"人": Decimal(299)}))
    gap = found(proof_of(tmp_path, body, right), "proof-gap")
    assert gap.witness is not None
    assert gap.witness.clauses == (("员工", Decimal(300)),)
    unusual = Answering(Solution(REFUTED, {"人": Decimal(299)}, is_unusual=True))
    assert "proof-gap-unusual" in codes(proof_of(tmp_path, body, unusual))


def test_outputs_that_are_worked_out_are_asked_of_the_solver(tmp_path: Path) -> None:
    body = LINE + table_text("A", ["员工"], ["<= 300 | 线", ">= 300 | 员工"])
    solver = Answering(Solution(PROVED))
    assert proof_of(tmp_path, body, solver).consistency is PROVED
    assert [type(question) for question in solver.asked[-1]] == [Lies, Holds]


def test_a_budget_that_is_spent_is_said(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["面积", "收入"], ["< 300 | - | 1", ">= 300 | > 5 | 2"]), budget=1)
    assert proof.completeness is UNDECIDED
    assert any("超出运算预算" in zh for zh, _ in proof.undecided)


def test_a_list_is_not_analysed_and_that_is_said(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["季度"], ["count(?) > 2 | 1", "count(?) <= 2 | 2"]))
    assert proof.completeness is UNDECIDED
    assert any("这种类型的值（list<number>）不作分析" in zh for zh, _ in proof.undecided)


def test_a_null_of_what_a_column_compares_with_is_thought_of(tmp_path: Path) -> None:
    body = "```feel 线: number\n面积 * 人 / 人\n```\n\n" + table_text("U", ["面积"], ["<= 线 | 1", "> 线 | 2"])
    solver = Answering(Solution(REFUTED, {"人": Decimal(0), "面积": Decimal(5)}))
    null = found(proof_of(tmp_path, body, solver), "proof-gap-null")
    assert null.diagnostic.message("zh").startswith("“面积 / 线”可能为空")
    assert null.witness is not None
    (question,) = solver.asked[0]
    assert isinstance(question, Holds)


# --- the solver of the project -----------------------------------------------------------------------------------------------


def test_clauses_that_are_decisions_over_the_same_fact_are_solved(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    encoding = importlib.import_module("zhida.proof.solver.encoding").Encoding
    model = model_of(tmp_path, LINE + table_text("U", ["员工", "线"], ["< 300 | - | 1", ">= 300 | >= 700 | 2"]))
    proof = prove_table(model, "demo/a#档", solver=encoding([model]))
    gap = found(proof, "proof-gap")
    assert gap.witness is not None
    assert 299 <= gap.witness.facts["人"] < 350
    never = model_of(tmp_path, LINE + table_text("U", ["员工", "线"], ["< 300 | - | 1", ">= 300 | > 100 | 2"]))
    assert prove_table(never, "demo/a#档", solver=encoding([never])).completeness is PROVED


def test_cells_that_cannot_be_read_are_solved(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    encoding = importlib.import_module("zhida.proof.solver.encoding").Encoding
    model = model_of(tmp_path, LINE + table_text("U", ["员工"], ["< 线 | 1", "[线..1000) | 2", ">= 1000 | 3"]))
    proof = prove_table(model, "demo/a#档", solver=encoding([model]))
    assert (proof.completeness, proof.consistency) == (PROVED, REFUTED)
    overlap = found(proof, "proof-overlap")
    assert overlap.rules == (0, 2)
    assert overlap.witness is not None
    assert overlap.witness.facts["人"] >= 999
    apart = model_of(tmp_path, LINE + table_text("U", ["员工"], ["< 线 | 1", "[线..1000) | 2", "[线..1000] | 3"]))
    assert prove_table(apart, "demo/a#档", solver=encoding([apart])).consistency is REFUTED


def solved(root: Path, body: str) -> TableProof:
    pytest.importorskip("z3")
    model = model_of(root, body)
    return prove_table(model, "demo/a#档", solver=importlib.import_module("zhida.proof.solver.encoding").Encoding([model]))


def test_cells_that_compare_facts_are_told_in_their_own_words(tmp_path: Path) -> None:
    proof = solved(tmp_path / "both", table_text("U", ["研发"], [">= 收入 * 0.05 | 1", "<= 收入 * 0.05 | 2"]))
    overlap = found(proof, "proof-overlap").diagnostic
    assert overlap.message("zh") == "表“档”要求唯一命中（U），但 研发 >= 收入 * 0.05 且 研发 <= 收入 * 0.05 时规则 1、2 同时命中"
    assert "收入 = " in overlap.hint("zh")
    gap = found(
        solved(tmp_path / "neither", table_text("U", ["研发"], [">= 收入 * 0.05 | 1", "< 收入 * 0.04 | 2"])), "proof-gap"
    ).diagnostic
    assert gap.message("zh") == "表“档”：“研发 >= 收入 * 0.05”不成立 且 “研发 < 收入 * 0.04”不成立：没有规则"
    assert gap.message("en") == "no rule of table '档' is for not(研发 >= 收入 * 0.05) and not(研发 < 收入 * 0.04)"


@pytest.mark.parametrize("rules", [["? > 收入 | 1", "? < 收入 | 2"], ["? >= 收入 * 0.05 | 1", "? < 收入 * 0.05 - 1 | 2"]])
def test_cells_that_name_their_input_are_solved(tmp_path: Path, rules: Sequence[str]) -> None:
    proof = solved(tmp_path, table_text("U", ["研发"], rules))
    assert (proof.completeness, proof.consistency, proof.undecided) == (REFUTED, PROVED, ())


def test_a_function_that_keeps_a_cell_from_being_read_is_named(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["城市"], ['"杭州市" | 1', 'starts with(?, "宁波") | 2']))
    assert proof.consistency is UNDECIDED
    assert any("单元格（规则 2，列 城市）：它调用了函数 starts with；没有求解器" in zh for zh, _ in proof.undecided), proof.undecided


def test_a_reason_that_several_cells_share_is_said_once(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, table_text("U", ["研发"], [">= 收入 * 0.05 | 1", "<= 收入 * 0.05 | 2"]))
    shared = next(zh for zh, _ in proof.undecided if "同时命中" in zh)
    assert shared.count("它不只是把输入与固定的值相比") == 1
    assert "单元格（规则 1，列 研发）、单元格（规则 2，列 研发）" in shared


@pytest.mark.parametrize("clause", ["人 + 0", "-人", "(if 重点 then 人 else 1)", "floor(人 / 2)", "成立.year"])
def test_what_is_worked_out_of_numbers_is_a_number(tmp_path: Path, clause: str) -> None:
    proof = solved(tmp_path, table_text("U", [clause], ["<= 10 | 1", "> 10 | 2"]))
    assert (proof.completeness, proof.findings) == (PROVED, ())


def test_days_between_two_dates_are_a_duration(tmp_path: Path) -> None:
    proof = solved(tmp_path, table_text("U", ["证书 - 成立"], ['< @"P365D" | 1', '> @"P365D" | 2']))
    assert proof.completeness is REFUTED
    assert not any("类型没有写明" in zh for zh, _ in proof.undecided)


def test_a_masked_rule_of_a_priority_table_is_told_by_priority(tmp_path: Path) -> None:
    head = '| P | 行业 | **档: string** |\n|---|---|---|\n| | | "高","低" |\n'
    body = ELIGIBLE + head + '| 1 | "制造" | "低" |\n| 2 | "制造","农业" | "高" |\n\n'
    proof = proof_of(tmp_path, body)
    masked = found(proof, "proof-masked").diagnostic
    assert masked.message("zh") == "表“档”的规则 1 永远轮不到：凡它命中之处，都已由规则 2 以更高的优先次序命中"
    assert "先行" not in masked.message("zh")


# --- axes and versions -------------------------------------------------------------------------------------------------------


def test_atoms_hold_values_of_their_scale_only() -> None:
    persons = axis_of(Domain(NUMBER, scale=0, is_nullable=True), [Decimal("300.5"), Decimal(301)])
    assert [(atom.kind, atom.value) for atom in persons.atoms] == [
        (AtomKind.BETWEEN, Decimal(300)),
        (AtomKind.POINT, Decimal(301)),
        (AtomKind.BETWEEN, Decimal(400)),
        (AtomKind.NULL, None),
    ]
    days = axis_of(Domain(DATE, is_nullable=False), [Date(2026, 1, 1), Date(2026, 1, 2)])
    assert [atom.value for atom in days.atoms] == [Date(2025, 12, 31), Date(2026, 1, 1), Date(2026, 1, 2), Date(2026, 1, 3)]
    texts = axis_of(Domain(STRING, is_nullable=False), ["乙", "甲"])
    assert texts.atoms[-1].excluded == ("乙", "甲")


def test_a_count_is_a_whole_number_from_nought(tmp_path: Path) -> None:
    body = "```feel 数: number\ncount(季度[item > 5])\n```\n\n" + table_text("U", ["数"], ["0 | 1", ">= 1 | 2"])
    assert proof_of(tmp_path, body).completeness is PROVED


def test_two_versions_of_a_table_differ_where_their_answers_do(tmp_path: Path) -> None:
    old = model_of(tmp_path / "old", table_text("F", ["人"], ["<= 300 | 1", "> 300 | 2"]))
    new = model_of(tmp_path / "new", table_text("F", ["人"], ["< 300 | 1", "否则 | - | 2"]))
    both = side_by_side((old, "demo/a#档"), (new, "demo/a#档"))
    assert both is not None
    left, right = both
    boxes = list(different_boxes((left.may, left.logic), (right.may, right.logic), left.may.everything, Budget()))
    (box,) = boxes
    assert [atom.value for atom in left.columns[0].axis.chosen(box[0])] == [Decimal(300)]


def test_what_a_cell_compares_with_may_be_a_parameter_or_the_day(tmp_path: Path) -> None:
    model = model_of(tmp_path, table_text("U", ["成立"], ["<= 评估日 | 1", "> 评估日 | 2"]))
    read = table_in_atoms(model, "demo/a#档")
    assert [atom.value for atom in read.columns[0].axis.atoms if atom.kind is AtomKind.POINT] == [AS_OF]
    assert prove_table(model, "demo/a#档").completeness is PROVED


# --- the core ----------------------------------------------------------------------------------------------------------------


def test_rules_that_overlap_two_by_two_but_not_at_once_are_told_apart() -> None:
    grid = Grid((3,), ((0b011,), (0b110,), (0b101,)))
    assert [group for group, _ in groups(grid, overlapping(grid), Budget())] == [(0, 1), (0, 2), (1, 2)]


def test_the_published_sweep_finds_the_same_gaps_and_overlaps() -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        timed = importlib.import_module("proof_timed")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    rules = timed.partition(60, 3, 7)
    sweep = timed.Sweep(rules, float("inf"))
    grid = timed.grid_of(rules)
    assert sweep.overlaps() == {frozenset(group) for group, _ in timed.our_overlaps(rules)}
    assert {frozenset(pair) for pair in pairs(overlapping(grid))} == {
        frozenset((one, other)) for group in sweep.overlaps() for one in group for other in group if one != other
    }
    gaps = sweep.gaps()
    assert gaps
    assert sum(map(volume, gaps)) == timed.SPACE**3 - sum(map(volume, rules)) + overlap_volume(rules)
    ends = [sorted({0, timed.SPACE, *(end for rule in rules for end in rule[column])}) for column in range(3)]
    ours = list(uncovered(grid, grid.everything, grid.all_rules, Budget()))
    assert sum(length(box, ends) for box in ours) == sum(map(volume, gaps))


def volume(rule: Sequence[tuple[int, int]]) -> int:
    """Return how many points of whole numbers a box holds."""
    total = 1
    for low, high in rule:
        total *= high - low
    return total


def overlap_volume(rules: Sequence[Sequence[tuple[int, int]]]) -> int:
    """Return how many points are counted more than once, each as often as too much."""
    cuts = [sorted({end for rule in rules for end in rule[column]}) for column in range(3)]
    total = 0
    for one in zip(cuts[0], cuts[0][1:], strict=False):
        first = [rule for rule in rules if rule[0][0] <= one[0] < rule[0][1]]
        for two in zip(cuts[1], cuts[1][1:], strict=False):
            second = [rule for rule in first if rule[1][0] <= two[0] < rule[1][1]]
            for three in zip(cuts[2], cuts[2][1:], strict=False) if len(second) > 1 else ():
                count = sum(rule[2][0] <= three[0] < rule[2][1] for rule in second)
                total += max(0, count - 1) * volume((one, two, three))
    return total


def length(box: Sequence[int], ends: Sequence[Sequence[int]]) -> int:
    """Return how many points of whole numbers a box of atoms holds: each end, and what lies between two of them."""
    total = 1
    for atoms, column in zip(box, ends, strict=True):
        points = 0
        for place in range(2 * len(column) - 2):
            if atoms >> place & 1:
                points += 1 if place % 2 == 0 else column[place // 2 + 1] - column[place // 2] - 1
        total *= points
    return total
