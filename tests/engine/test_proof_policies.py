import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from tests.engine.pack_policies import cases
from tests.engine.report_fixtures import AS_OF, Page
from tests.packs import the_packs
from zhida.cli import run
from zhida.cli.over_proof import proof_data
from zhida.cli.processes import FEWEST, over_processes
from zhida.errors import has_errors
from zhida.policy.pack import Packs, load_packs
from zhida.proof.findings import Verdict
from zhida.proof.policies import PolicyProof, prove, prove_packs, verdicts_of
from zhida.proof.solver.encoding import Encoding, Question, Solution
from zhida.report.weave import weave

DICTIONARY = """
| 属性 | 类型 | 单位 | 常见范围 | 来源 |
|---|---|---|---|---|
| 从业人员 | number | 人 | 0..1000000 | 统计局 |
| 营业收入 | number | 元 | 0..1000000000000 | 税务局 |
"""

GRANT = """---
policy: town/grant
title: 补助
document: 文〔2026〕1号
issuer: 机关
in_force: 2026-01-01/2026-12-31
subject: enterprise
gives: cash
delivery: 申报审核
eligible: 可补助
amount: 补助金额
checked: {on: 2026-11-20, by: official}
---

# 补助

## 第一条 对象

| U | 从业人员 | **可补助: boolean** |
|---|---|---|
| 1 | < 300 | true |
| 2 | > 300 | false |

## 第二条 数额

| F | 营业收入 | **补助金额: number** |
|---|---|---|
| 1 | <= 1000000 | 5000 |
| 2 | - | 2000 |

## 例

| 例 | 从业人员 | 营业收入 | **可补助** | **补助金额** |
|---|---|---|---|---|
| a | 299 | 1000000 | true | 5000 |
| b | 301 | 1000000.01 | false | 2000 |
"""
"""A table with a gap at 300 persons, one without any, and a line at which 3,000 yuan are lost."""

CLOSED = GRANT.replace("| > 300 |", "| >= 300 |")
BROKEN = GRANT.replace("town/grant", "town/broken").replace("营业收入", "营业的收入", 1).replace("| F | 营业收入", "| F | 营业之收入")


def packs_of(folder: Path, **policies: str) -> Path:
    (folder / "town/registry").mkdir(parents=True)
    (folder / "town/registry/enterprise.md").write_text(DICTIONARY, encoding="utf-8")
    (folder / "town/policies").mkdir()
    for name, text in policies.items():
        (folder / f"town/policies/{name}.md").write_text(text, encoding="utf-8")
    return folder


def proved(folder: Path, text: str) -> PolicyProof:
    return prove(load_packs(packs_of(folder, grant=text)), "town/grant", as_of=AS_OF)


# --- one policy ----------------------------------------------------------------------------------------------------


def test_each_own_table_is_proved_in_the_order_of_the_text(tmp_path: Path) -> None:
    proof = proved(tmp_path, CLOSED)
    assert [table.decision_id for table in proof.tables] == ["town/grant#可补助", "town/grant#补助金额"]
    assert {verdict for table in proof.tables for verdict in verdicts_of(table)} == {Verdict.PROVED}
    assert not has_errors(finding.diagnostic for finding in proof.findings)


def test_a_gap_is_an_error_at_its_table_with_the_subject_that_falls_into_it(tmp_path: Path) -> None:
    proof = proved(tmp_path, GRANT)
    gap = next(finding for finding in proof.findings if finding.diagnostic.code == "proof-gap")
    assert gap.decision_id == "town/grant#可补助"
    assert gap.witness is not None
    assert gap.witness.facts["从业人员"] == Decimal(300)
    assert proof.by_decision["town/grant#可补助"].completeness is Verdict.REFUTED


def test_a_cliff_is_found_with_its_amounts(tmp_path: Path) -> None:
    cliff = next(each for each in proved(tmp_path, CLOSED).cliffs if each.fact == "营业收入")
    assert (cliff.place, cliff.before, cliff.after, cliff.loss) == (1000000, 5000, 2000, 3000)


def test_findings_stand_in_the_order_of_the_text(tmp_path: Path) -> None:
    text = GRANT.replace("| 2 | - | 2000 |", "| 2 | > 2000000 | 2000 |")
    starts = [finding.diagnostic.span.start for finding in proved(tmp_path, text).findings if finding.diagnostic.span]
    assert starts == sorted(starts)
    assert len(starts) > 1


def test_what_an_example_shows_is_not_asked_of_the_solver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table asks for a decision, so that no box of its clauses is a subject by itself; one example falls into its gap."""
    clause = "双倍: number\n营业收入 * 2"
    text = CLOSED.replace("## 第二条 数额\n", f"## 第二条 数额\n\n```feel {clause}\n```\n")
    text = text.replace("| F | 营业收入 |", "| U | 双倍 |").replace("| 1 | <= 1000000 |", "| 1 | <= 2000000 |")
    text = text.replace("| 2 | - |", "| 2 | > 2000000.02 |").replace("| false | 2000 |", "| false | null |")

    def refuse(_self: Encoding, questions: Sequence[Question], **_settings: object) -> Solution:
        return Solution(Verdict.UNDECIDED, reason=("不许问", f"not to be asked {len(questions)}"))

    monkeypatch.setattr(Encoding, "solve", refuse)
    gap = next(finding for finding in proved(tmp_path, text).findings if finding.diagnostic.code == "proof-gap")
    assert gap.witness is not None
    assert gap.witness.facts == {"营业收入": Decimal("1000000.01")}


# --- packs ---------------------------------------------------------------------------------------------------------


def test_a_policy_with_errors_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    proof = prove_packs(load_packs(packs_of(tmp_path, grant=CLOSED, broken=BROKEN)), as_of=AS_OF)
    assert [each.policy.id for each in proof.policies] == ["town/grant"]
    assert [item.code for item in proof.left_out] == ["proof-policy-left-out"]
    assert "town/broken" in proof.left_out[0].message("zh")


@pytest.mark.long
def test_policies_proved_in_other_processes_come_out_the_same(packs: Packs) -> None:
    several = ["national/energy-level", "gongshu/michelin-award-2023"] * FEWEST
    here = prove_packs(packs, several, as_of=AS_OF)
    there = prove_packs(packs, several, as_of=AS_OF, over=over_processes)
    assert [proof_data(here)] == [proof_data(there)]


def test_of_chosen_policies_only_what_is_theirs_is_proved(tmp_path: Path) -> None:
    packs = load_packs(packs_of(tmp_path, grant=CLOSED, broken=BROKEN))
    proof = prove_packs(packs, ["town/grant"], as_of=AS_OF)
    assert [each.policy.id for each in proof.policies] == ["town/grant"]
    assert not proof.left_out
    assert not proof.findings


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


@cache
def proof_of(policy_id: str) -> PolicyProof:
    return prove(the_packs(), policy_id, as_of=AS_OF)


@pytest.mark.parametrize("policy_id", cases())
def test_no_policy_of_the_packs_has_an_error_and_each_table_has_its_verdicts(policy_id: str) -> None:
    proof = proof_of(policy_id)
    assert not has_errors(finding.diagnostic for finding in proof.findings)
    for table in proof.tables:
        assert table.undecided or Verdict.UNDECIDED not in verdicts_of(table)


@pytest.mark.parametrize(
    ("policy_id", "fact", "line"),
    [("national/small-profit-tax", "应纳税所得额", 3_000_000), ("hangzhou/compute-voucher", "年度智算合同实际额", 500_000)],
)
def test_the_cliffs_that_officials_know_are_found(policy_id: str, fact: str, line: int) -> None:
    cliff = next(each for each in proof_of(policy_id).cliffs if each.fact == fact and each.place == line)
    assert cliff.loss > 0


# --- the command ---------------------------------------------------------------------------------------------------


def test_the_command_names_what_is_not_proved_first_and_counts_at_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(packs_of(tmp_path, grant=GRANT)), "--proof", "--as-of", "2026-06-30"]) == 1
    printed = capsys.readouterr()
    assert "proof-gap" in printed.err
    tables = printed.out[printed.out.index("证明：每张判定表") :]
    assert tables.index("town/grant · 可补助") < tables.index("town/grant: 补助金额")
    assert "✗ 有反例" in tables
    assert "超过 100 万元" in tables
    assert "3,000 元" in tables
    assert "2 张表：完备 已证明 1、有反例 1；不重叠 已证明 2；无遮盖 已证明 2" in tables


def test_the_command_shows_every_table_on_its_line_where_that_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", str(packs_of(tmp_path, grant=CLOSED)), "--proof", "--all", "--as-of", "2026-06-30", "--lang", "en"])
    printed = capsys.readouterr().out
    assert printed.count("✓ proved") == 6
    assert "town/grant · 补助金额" in printed


def test_json_names_every_table_with_its_verdicts_and_facts_as_literals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(packs_of(tmp_path, grant=GRANT)), "--proof", "--json", "--as-of", "2026-06-30"]) == 1
    data = json.loads(capsys.readouterr().out)["proof"]["policies"][0]
    assert [(table["decision"], table["complete"]) for table in data["tables"]] == [("可补助", "refuted"), ("补助金额", "proved")]
    assert next(each for each in data["findings"] if each["code"] == "proof-gap")["witness"]["facts"] == {"从业人员": "300"}
    assert [each["loss"] for each in data["cliffs"] if each["fact"] == "营业收入"] == ["3000"]


def test_the_same_policies_give_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(packs_of(tmp_path, grant=GRANT))
    texts = []
    for _ in range(2):
        run(["check", folder, "--proof", "--json", "--as-of", "2026-06-30"])
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_a_check_of_one_policy_is_silent_about_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(packs_of(tmp_path, grant=CLOSED, broken=BROKEN)), "--policy", "town/grant", "--as-of", "2026-06-30"]) == 0
    printed = capsys.readouterr()
    assert "town/broken" not in printed.out
    assert "broken.md" not in printed.err


# --- the page ------------------------------------------------------------------------------------------------------


def test_the_page_tells_the_verdicts_under_each_table_and_the_cliffs_at_the_end(tmp_path: Path) -> None:
    packs = load_packs(packs_of(tmp_path, grant=GRANT))
    text = weave(packs.policies["town/grant"], packs, [], language="zh", proof=prove(packs, "town/grant", as_of=AS_OF))
    words = Page(text).words
    assert "完备 ✗ 有反例" in words
    assert "从业人员 = 300" in words
    assert "✓ 完备、不重叠、无遮盖" in words
    assert "悬崖：多一个单位，反而少得" in words
    assert 'class="badge-of error"' in text


def test_a_page_without_a_proof_says_nothing_of_one(tmp_path: Path) -> None:
    packs = load_packs(packs_of(tmp_path, grant=GRANT))
    text = weave(packs.policies["town/grant"], packs, [], language="zh")
    assert "有反例" not in text
    assert 'class="badge-of' not in text
    assert 'id="graph"' in text
