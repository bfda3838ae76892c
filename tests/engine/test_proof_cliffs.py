"""Cliffs: one unit more of a fact loses money, found around the examples and beyond them."""

from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, DICTIONARY, block, packs_with
from tests.packs import the_packs
from zhida.assess.examples import day_of
from zhida.assess.subject import inputs_of
from zhida.dmn.evaluate import Evaluator
from zhida.policy.pack import Packs
from zhida.proof.across.cliffs import Cliff, CliffProof, finding_of, prove_cliffs
from zhida.proof.across.shown import Examples, gain_of
from zhida.proof.solver.encoding import Encoding
from zhida.values.temporal import Date

pytest.importorskip("z3")

ELIGIBLE = block("符合: boolean", "人 > 0")


def proof_of(packs: Packs, policy_id: str = "demo/a", *, solver: bool = True, as_of: Date = AS_OF) -> CliffProof:
    model = packs.model_of(policy_id, day_of(packs.in_force[policy_id], as_of))
    return prove_cliffs(packs, model, Encoding([model]) if solver else None, as_of=as_of)


def proof(root: Path, body: str, example: str, *, solver: bool = True) -> CliffProof:
    return proof_of(packs_with(root, body + "\n" + example, amount="金额"), solver=solver)


def short(cliff: Cliff) -> tuple[str, str, str]:
    return cliff.fact, str(cliff.place), str(cliff.loss.normalize())


ONE = "| 例 | 人 | 收入 | **金额** |\n|---|---|---|---|\n| b1 | {people} | {income} | {amount} |\n"


def test_a_cliff_is_found_from_an_example_on_its_near_side(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "if 收入 <= 1000 then 收入 * 0.5 else 收入 * 0.3")
    found = proof(tmp_path, body, ONE.format(people=5, income=400, amount=200), solver=False)
    assert [short(each) for each in found.cliffs] == [("收入", "1000", "2E+2")]
    assert (found.cliffs[0].before, found.cliffs[0].after) == (Decimal(500), Decimal("300.00"))


def test_an_open_end_puts_the_cliff_one_step_earlier(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "if 人 < 300 then 5000 else 0")
    found = proof(tmp_path, body, ONE.format(people=5, income=1, amount=5000), solver=False)
    assert [short(each) for each in found.cliffs] == [("人", "299", "5E+3")]


def test_a_line_on_what_is_made_of_facts_is_found(tmp_path: Path) -> None:
    body = ELIGIBLE + block("人均: number", "收入 / 人") + block("金额: number", "if 人均 <= 100 then 5000 else 0")
    found = proof(tmp_path, body, ONE.format(people=3, income=150, amount=5000), solver=False)
    assert [short(each) for each in found.cliffs] == [("收入", "300.00", "5E+3")]
    assert found.cliffs[0].tested == "人均"


def test_lost_eligibility_counts(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 <= 300") + block("金额: number", "收入")
    found = proof(tmp_path, body, ONE.format(people=10, income=900, amount=900), solver=False)
    assert [short(each) for each in found.cliffs] == [("人", "300", "9E+2")]
    assert found.cliffs[0].grows_with == ("收入",)


def test_other_facts_climb_to_where_the_loss_is_greatest(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 <= 300 and 收入 <= 2000") + block("金额: number", "收入")
    found = proof(tmp_path, body, ONE.format(people=10, income=900, amount=900), solver=False)
    assert {short(each) for each in found.cliffs} == {("人", "300", "2E+3"), ("收入", "2000", "2E+3")}


def test_a_slope_is_no_cliff(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "max(10000 - 收入 * 0.5, 0) + (if 人 > 10 then 100 else 0)")
    found = proof(tmp_path, body, ONE.format(people=5, income=1000, amount=9500))
    assert found.cliffs == ()
    assert set(found.proved) == {"人", "收入"}


def test_a_person_who_must_look_is_no_loss(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "if 人 <= 300 then 5000 else null")
    assert proof(tmp_path, body, ONE.format(people=10, income=5, amount=5000)).cliffs == ()


def test_a_cliff_that_no_example_is_near_is_found_by_the_solver(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", 'if 类型 = "高校" and 人 >= 40 and 收入 > 700 then 1000 else 2000')
    examples = '| 例 | 类型 | 人 | 收入 | **金额** |\n|---|---|---|---|---|\n| b1 | "企业" | 5 | 10 | 2000 |\n'
    assert proof(tmp_path / "one", body, examples, solver=False).cliffs == ()
    found = proof(tmp_path / "two", body, examples)
    assert {(each.fact, each.place) for each in found.cliffs} == {("人", Decimal(39)), ("收入", Decimal(700))}
    assert set(found.proved) == {"人", "收入"}


def test_a_used_policy_s_facts_are_crossed_too(tmp_path: Path) -> None:
    files = {
        "demo/policies/size.md": "---\npolicy: demo/size\ntitle: 规模\nin_force: 2025-01-01/..\nsubject: enterprise\ngives: status\n"
        "result: 规模\npublishes: [规模]\nchecked: {on: 2026-01-01, by: official}\n---\n\n"
        '| U | 人 | **规模: string** |\n|---|---|---|\n| 1 | < 300 | "小" |\n| 2 | >= 300 | "大" |\n\n'
        '| 例 | 人 | **规模** |\n|---|---|---|\n| b1 | 299 | "小" |\n| b2 | 300 | "大" |\n',
    }
    body = block("符合: boolean", "收入 > 0") + block("金额: number", 'if 规模 = "小" then 收入 * 0.5 else 收入 * 0.3')
    body += '\n| 例 | 规模 | 收入 | **金额** |\n|---|---|---|---|\n| b1 | "小" | 1000 | 500 |\n'
    packs = packs_with(tmp_path, body, files, amount="金额", uses="[demo/size]")
    found = proof_of(packs, solver=False)
    assert [short(each) for each in found.cliffs] == [("人", "299", "2E+2")]


def test_a_list_moves_as_a_whole(tmp_path: Path) -> None:
    body = block("平均: number", "mean(季度)") + block("符合: boolean", "平均 <= 300") + block("金额: number", "收入")
    examples = "| 例 | 季度 | 收入 | **金额** |\n|---|---|---|---|\n| b1 | [290, 290] | 1000 | 1000 |\n"
    found = proof(tmp_path, body, examples)
    assert [(each.fact, each.place) for each in found.cliffs] == [("季度", (Decimal(300), Decimal(300)))]
    assert [each[0] for each in found.undecided] == ["季度"]


def test_a_cliff_is_worded_for_people(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "if 收入 <= 3000000 then 收入 * 0.2 else 0")
    (cliff,) = proof(tmp_path, body, ONE.format(people=5, income=3000000, amount=600000), solver=False).cliffs
    assert (
        finding_of(cliff).diagnostic.message("zh") == "“收入”从 3,000,000 到 3,000,000.01 元：“金额”从 600,000 元降到 0 元，少 600,000 元"
    )


@cache
def found_in_packs(policy_id: str) -> tuple[Cliff, ...]:
    return proof_of(the_packs(), policy_id, solver=False, as_of=Date(2026, 11, 20)).cliffs


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


@pytest.mark.parametrize(
    ("policy_id", "fact", "place", "loss"),
    [
        ("national/small-profit-tax", "应纳税所得额", "3000000", "600000"),
        ("hangzhou/compute-voucher", "年度智算合同实际额", "500000", "150000"),
        ("hangzhou/compute-voucher", "从业人员", "299", "150000"),
        ("national/disability-levy", "上年在职职工人数", "30", "80997"),
    ],
)
def test_the_cliffs_of_the_packs_are_found_and_replayed(packs: Packs, policy_id: str, fact: str, place: str, loss: str) -> None:
    found = found_in_packs(policy_id)
    (cliff,) = (each for each in found if each.fact == fact and each.place == Decimal(place))
    assert cliff.loss == Decimal(loss)
    model = packs.model_of(policy_id, Date(2026, 11, 20))
    for more, expected in ((Decimal(0), cliff.before), (cliff.step, cliff.after)):
        inputs = inputs_of(model, {**cliff.facts, fact: cliff.place + more})
        assert gain_of(model, Evaluator(model.model, inputs, as_of=model.as_of)) == expected


@pytest.mark.long
def test_the_same_packs_give_the_same_cliffs(packs: Packs) -> None:
    as_of = Date(2026, 11, 20)
    model = packs.model_of("national/vat-small-scale", as_of)
    first, second = (prove_cliffs(packs, model, Encoding([model]), as_of=as_of, examples=Examples(packs, as_of=as_of)) for _ in range(2))
    assert first == second


def test_a_steep_slope_that_begins_at_a_line_is_no_cliff(tmp_path: Path) -> None:
    files = {"demo/registry/enterprise.md": DICTIONARY + "| 比率 | number | 1 | 0..1 | 税务局 | | | |\n"}
    body = ELIGIBLE + block("金额: number", "收入 * (if 比率 < 0.5 then 9.9 else max(10 - 6000000 * (比率 - 0.5), 0))")
    body += "\n| 例 | 人 | 收入 | 比率 | **金额** |\n|---|---|---|---|---|\n| b1 | 5 | 1 | 0.5 | 10 |\n"
    assert proof_of(packs_with(tmp_path, body, files, amount="金额"), solver=False).cliffs == ()
