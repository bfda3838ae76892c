"""What rests on 评估日 is proved for each day on which a policy is law, or said to be proved for one day only."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, block, packs_with
from tests.engine.test_proof_tables import codes, found, table_text
from zhida.policy.pack import Packs
from zhida.proof.across.findings import findings_of_policy
from zhida.proof.findings import Verdict
from zhida.proof.proposals.propose import propose
from zhida.proof.proposals.rows import Row
from zhida.proof.solver.encoding import Encoding
from zhida.proof.tables.proving import TableProof, prove_table
from zhida.values.temporal import Date

PROVED, REFUTED, UNDECIDED = Verdict.PROVED, Verdict.REFUTED, Verdict.UNDECIDED
BEFORE_AND_AFTER = table_text("U", ["评估日"], ['< @"2026-06-30" | 1', '> @"2026-06-30" | 2'])
YEAR = block("年份: number", "评估日.year")
FIGURE = "# 参数\n\n| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
TWO_ROWS = (
    FIGURE + "| 加年 | number | 1 | 0 | ../2026-12-31 | 示例 | recalled |\n| 加年 | number | 1 | 5 | 2027-01-01/.. | 示例 | recalled |\n"
)
ONE_ROW = FIGURE + "| 加年 | number | 1 | 0 | ../2026-12-31 | 示例 | recalled |\n"


def proof_of(packs: Packs, *, solves: bool = True) -> TableProof:
    model = packs.model_of("demo/a", AS_OF)
    return prove_table(model, "demo/a#档", solver=Encoding([model]) if solves else None)


@pytest.mark.parametrize("solves", [True, False])
def test_a_gap_on_another_day_is_found(tmp_path: Path, *, solves: bool) -> None:
    proof = proof_of(packs_with(tmp_path, BEFORE_AND_AFTER), solves=solves)
    gap = found(proof, "proof-gap")
    assert gap.diagnostic.message("zh") == "表“档”：评估日 = 2026-06-30：没有规则"
    assert gap.witness is not None
    assert (gap.witness.facts, gap.witness.as_of) == ({}, Date(2026, 6, 30))
    assert "例如 评估日 = 2026-06-30。" in gap.diagnostic.hint("zh")


def test_only_days_in_force_are_asked_about(tmp_path: Path) -> None:
    body = table_text("U", ["评估日"], ['[@"2025-01-01"..@"2025-12-31"] | 1', '> @"2025-12-31" | 2'])
    assert proof_of(packs_with(tmp_path, body), solves=False).completeness is PROVED
    ended = table_text("U", ["评估日"], ['<= @"2025-12-31" | 1', '[@"2026-01-01"..@"2026-12-31"] | 2'])
    assert proof_of(packs_with(tmp_path / "ended", ended, in_force="2025-01-01/2026-12-31"), solves=False).completeness is PROVED
    assert found(proof_of(packs_with(tmp_path / "open", ended), solves=False), "proof-gap").diagnostic.message("zh") == (
        "表“档”：评估日 > 2026-12-31：没有规则"
    )


def test_the_day_stands_beside_facts_and_cells_that_compare_with_it(tmp_path: Path) -> None:
    rules = ['< @"2026-06-30" | < 评估日 | 1', '>= @"2026-06-30" | <= 评估日 | 2', "- | > 评估日 | 3"]
    gap = found(proof_of(packs_with(tmp_path, table_text("U", ["评估日", "成立"], rules))), "proof-gap")
    assert gap.witness is not None
    assert gap.witness.facts["成立"] == (gap.witness.as_of or AS_OF)
    assert (gap.witness.as_of or AS_OF).year <= 2026


def test_what_rests_on_the_day_through_a_decision_is_asked_on_every_day(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    body = YEAR + table_text("U", ["年份"], ["2025 | 1", "2026 | 2"])
    proof = proof_of(packs_with(tmp_path, body, in_force="2025-01-01/2026-12-31"))
    assert (proof.completeness, proof.findings) == (PROVED, ())
    assert proof.excluded > 0
    open_ended = proof_of(packs_with(tmp_path / "open", body))
    gap = found(open_ended, "proof-gap")
    assert gap.witness is not None
    assert gap.witness.as_of is not None
    assert gap.witness.as_of.year >= 2027
    assert f"评估日 = {gap.witness.as_of}" in gap.diagnostic.hint("zh")


def test_where_figures_change_with_the_day_only_one_day_is_proved_and_that_is_said(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    body = block("年份: number", "评估日.year + 加年") + table_text("U", ["年份"], ["<= 2026 | 1", "2027 | 2"])
    proof = proof_of(packs_with(tmp_path / "two", body, {"demo/parameters.md": TWO_ROWS}))
    assert (proof.completeness, codes(proof)) == (UNDECIDED, ["proof-undecided"])
    assert "只对 2026-03-01 证明，其他日子未判定" in proof.undecided[0][0]
    one = proof_of(packs_with(tmp_path / "one", body, {"demo/parameters.md": ONE_ROW}))
    assert one.completeness is PROVED  # after 2026 there is no figure, and nothing is decided


def test_what_another_policy_publishes_keeps_the_proof_to_one_day(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    other = (
        packs_with(tmp_path / "x", YEAR + block("符合: boolean", "年份 > 0"), publishes="[年份]").policies["demo/a"].document.source.text
    )
    files = {"demo/policies/b.md": other.replace("policy: demo/a", "policy: demo/b")}
    packs = packs_with(tmp_path / "y", table_text("U", ["年份"], ["<= 2026 | 1", "2027 | 2"]), files, uses="[demo/b]")
    assert proof_of(packs).completeness is UNDECIDED


# --- examples, and what nobody reaches ------------------------------------------------------------------------------------


def rows_of(packs: Packs) -> tuple[list[Row], list[str]]:
    proposals = propose(packs, packs.policies["demo/a"], as_of=AS_OF)
    return [row for row in proposals.rows if row.decision_id == "demo/a#档"], [item.code for item in proposals.told]


def test_examples_stand_on_the_days_that_a_line_asks_for(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    rows, told = rows_of(packs_with(tmp_path, BEFORE_AND_AFTER))
    assert {str(row.as_of) for row in rows} >= {"2026-06-30", "2026-07-01"}
    assert told == []


def test_an_example_of_another_day_is_not_said_to_be_impossible_where_that_is_not_known(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    body = block("年份: number", "评估日.year + 加年") + table_text("U", ["年份"], ["<= 2026 | 1", "> 2026 | 2"])
    _, told = rows_of(packs_with(tmp_path, body, {"demo/parameters.md": TWO_ROWS}))
    assert "proof-example-undecided" in told
    assert "proof-example-impossible" not in told


def test_a_rule_for_some_days_between_is_not_said_to_be_unreachable(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    body = block("早晚: number", 'if 评估日 < @"2026-06-01" then 1 else if 评估日 < @"2026-07-01" then 2 else 3')
    packs = packs_with(tmp_path, body + table_text("F", ["早晚"], ["1 | 1", "2 | 2", "3 | 3"]), in_force="2025-01-01/2027-12-31")
    model = packs.model_of("demo/a", AS_OF)
    told = [finding.diagnostic.code for finding in findings_of_policy(packs, model, Encoding([model]))]
    assert "proof-rule-unreachable" not in told
    assert "proof-choice-constant" not in told


# --- without a solver -------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("fault", ["raise ImportError('no library')", "raise RuntimeError('libz3.so not found')", "import no_such_module"])
def test_a_solver_that_cannot_be_loaded_is_none(tmp_path: Path, fault: str) -> None:
    (tmp_path / "z3.py").write_text(fault + "\n", encoding="utf-8")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from zhida.proof.solver import encoding; print(encoding.IS_INSTALLED)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
