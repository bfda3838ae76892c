"""What an answer means: every outcome, missing facts that are minimal, null that is never silently a no, amounts, delivery."""

from decimal import Context, Decimal, localcontext
from pathlib import Path

import pytest

from tests.engine.policy_texts import Value, assessed, block, packs_with
from zhida.assess.assessment import Assessment, Delivery, Outcome
from zhida.assess.settle import MAX_COMBINATIONS
from zhida.assess.subject import assess_subject
from zhida.errors import InputError
from zhida.values.temporal import Date
from zhida.values.unknown import unknown

ELIGIBLE = block("符合: boolean", "人 >= 30")
AMOUNT = {"amount": "金额"}


def amounts(expression: str) -> str:
    return ELIGIBLE + block("金额: number", expression)


def people(count: int) -> dict[str, Value]:
    return {"人": Decimal(count)}


def short(found: Assessment) -> tuple[str, tuple[str, ...]]:
    return found.outcome.value, found.missing


def answers(found: Assessment) -> list[tuple[str, Value]]:
    return [(answer.outcome.value, answer.amount if answer.result is None else answer.result) for answer in found.possible]


# --- the outcomes -------------------------------------------------------------------------------------------------------------


def test_eligible_where_the_condition_holds_and_the_amount_is_known(tmp_path: Path) -> None:
    found = assessed(tmp_path, amounts("if 人 > 50 then 50000 else 30000"), people(30), **AMOUNT)
    assert (found.outcome, found.amount, found.amount_fen, found.missing) == (Outcome.ELIGIBLE, Decimal(30_000), 3_000_000, ())
    assert (found.is_minimal, found.diagnostics, found.result_name) == (True, (), "金额")


def test_eligible_without_an_amount_where_the_policy_gives_none(tmp_path: Path) -> None:
    found = assessed(tmp_path, ELIGIBLE, people(30), gives="service")
    assert (found.outcome, found.amount, found.amount_fen) == (Outcome.ELIGIBLE, None, None)


def test_ineligible_where_the_condition_fails_and_then_no_amount_is_told(tmp_path: Path) -> None:
    found = assessed(tmp_path, amounts("if 人 > 50 then 50000 else 30000"), people(29), **AMOUNT)
    assert (found.outcome, found.amount, found.amount_fen, found.delivery) == (Outcome.INELIGIBLE, None, None, None)


def test_an_amount_of_zero_is_an_amount(tmp_path: Path) -> None:
    found = assessed(tmp_path, amounts("收入 * 0"), people(30) | {"收入": Decimal(5)}, **AMOUNT)
    assert (found.outcome, found.amount, found.amount_fen) == (Outcome.ELIGIBLE, Decimal(0), 0)


def test_undetermined_where_the_condition_rests_on_unknown(tmp_path: Path) -> None:
    found = assessed(tmp_path, ELIGIBLE, {})
    assert short(found) == ("UNDETERMINED", ("人",))
    assert answers(found) == [("ELIGIBLE", None), ("INELIGIBLE", None)]
    assert found.is_minimal


def test_undetermined_where_the_amount_rests_on_unknown_with_all_amounts_that_are_possible(tmp_path: Path) -> None:
    body = ELIGIBLE + '| F | 类型 | **金额** |\n|---|---|---|\n| 1 | "企业" | 500 |\n| 2 | "高校" | 200 |\n| 否则 | - | 200 |\n'
    found = assessed(tmp_path, body, people(30), **AMOUNT)
    assert short(found) == ("UNDETERMINED", ("类型",))
    assert answers(found) == [("ELIGIBLE", Decimal(200)), ("ELIGIBLE", Decimal(500))]


@pytest.mark.parametrize(("city", "outcome"), [("杭州市", "ELIGIBLE"), ("宁波市", "NOT_APPLICABLE"), (unknown("城市"), "UNDETERMINED")])
def test_not_applicable_out_of_scope(tmp_path: Path, city: Value, outcome: str) -> None:
    found = assessed(tmp_path, ELIGIBLE, people(30) | {"城市": city}, applies='城市 = "杭州市"')
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        (Date(2025, 6, 12), "NOT_APPLICABLE"),
        (Date(2025, 6, 13), "ELIGIBLE"),
        (Date(2026, 6, 30), "ELIGIBLE"),
        (Date(2026, 7, 1), "NOT_APPLICABLE"),
    ],
)
def test_not_applicable_outside_of_the_days_in_force_both_ends_of_which_belong_to_it(tmp_path: Path, day: Date, outcome: str) -> None:
    found = assessed(tmp_path, ELIGIBLE, people(30), as_of=day, in_force="2025-06-13/2026-06-30")
    assert found.outcome == outcome
    assert not found.missing


def test_out_of_scope_nothing_else_matters(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "1 / 0 > 人"), {"城市": "宁波市"}, applies='城市 = "杭州市"')
    assert (found.outcome, found.diagnostics, found.missing) == (Outcome.NOT_APPLICABLE, (), ())


# --- status -----------------------------------------------------------------------------------------------------------------------

SIZES = """| F | 收入 | 人 | **规模: string** |
|---|---|---|---|
| 1 | < 3000000 | - | "微型" |
| 2 | - | < 20 | "微型" |
| 3 | < 20000000 | - | "小型" |
| 4 | - | < 300 | "小型" |
| 5 | - | - | "中型" |
"""
STATUS = {"gives": "status", "eligible": "", "result": "规模"}


def test_a_status_is_the_result(tmp_path: Path) -> None:
    found = assessed(tmp_path, SIZES, {"收入": Decimal(2_500_000)}, **STATUS)
    assert (found.outcome, found.result, found.result_name, found.delivery) == (Outcome.ELIGIBLE, "微型", "规模", None)


def test_a_status_that_a_missing_fact_could_change_names_it_and_the_results_that_are_possible(tmp_path: Path) -> None:
    found = assessed(tmp_path, SIZES, {"收入": Decimal(5_000_000)}, **STATUS)
    assert short(found) == ("UNDETERMINED", ("人",))
    assert {result for _, result in answers(found)} == {"微型", "小型"}
    both = assessed(tmp_path, SIZES, {}, **STATUS)
    assert short(both) == ("UNDETERMINED", ("人", "收入"))
    assert {result for _, result in answers(both)} == {"微型", "小型", "中型"}


def test_a_status_of_null_must_be_looked_at(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("规模: string", 'if 人 > 3 then "大" else null'), people(1), **STATUS)
    assert (found.outcome, found.result) == (Outcome.REVIEW, None)


def test_a_status_may_be_a_context(tmp_path: Path) -> None:
    body = '| F 规模 | 人 | **级: string** | **档: number** |\n|---|---|---|---|\n| 1 | > 3 | "大" | 1 |\n| 2 | - | "小" | 2 |\n'
    assert assessed(tmp_path, body, people(1), **STATUS).result == {"级": "小", "档": Decimal(2)}
    assert short(assessed(tmp_path, body, {}, **STATUS)) == ("UNDETERMINED", ("人",))


# --- enumeration: nothing is called missing that could not change the answer ---------------------------------------------


@pytest.mark.parametrize(
    ("condition", "facts", "outcome", "missing"),
    [
        ("人 > 5 or 人 <= 5", {}, "ELIGIBLE", ()),
        ("人 > 5 and 人 < 3", {}, "INELIGIBLE", ()),
        ("人 < 6 and 人 > 5", {}, "INELIGIBLE", ()),
        ("收入 < 6 and 收入 > 5", {}, "UNDETERMINED", ("收入",)),
        ("(人 > 5 and 收入 > 3) or 人 <= 5 or 收入 <= 3", {}, "ELIGIBLE", ()),
        ("(人 > 5 and 收入 > 3) or 人 <= 5", {}, "UNDETERMINED", ("人", "收入")),
        ("(人 > 5 and 收入 > 3) or (人 <= 5 and 收入 > 3)", {}, "UNDETERMINED", ("收入",)),
        ('类型 = "企业" or 类型 = "高校" or 类型 = "其他"', {}, "ELIGIBLE", ()),
        ('contains(类型, "a")', {}, "INELIGIBLE", ()),
        ("限制 or not(限制)", {}, "ELIGIBLE", ()),
        ("人 > 5 or 人 < 9 or 面积 + 1 > 3", {}, "ELIGIBLE", ()),
        ("if 人 > 5 then 收入 > 3 else false", {}, "UNDETERMINED", ("人", "收入")),
        ("if 人 > 5 then 收入 > 3 else false", {"人": Decimal(5)}, "INELIGIBLE", ()),
        ("成立 < 评估日 or 成立 >= 评估日", {}, "ELIGIBLE", ()),
        ('行业 < "47" or 行业 >= "47"', {}, "ELIGIBLE", ()),
        ('行业 in ["47", "65"]', {}, "UNDETERMINED", ("行业",)),
        ("some 线 in [3, 9] satisfies 人 > 线", {}, "UNDETERMINED", ("人",)),
        ("人 in (0..1000000] or 人 <= 0 or 人 > 1000000", {}, "ELIGIBLE", ()),
        ("人 >= 0", {}, "UNDETERMINED", ("人",)),  # the usual range begins at 0, and a value outside of it is odd, not wrong
    ],
)
def test_missing_facts_are_enumerated(
    tmp_path: Path, condition: str, facts: dict[str, Value], outcome: str, missing: tuple[str, ...]
) -> None:
    assert short(assessed(tmp_path, block("符合: boolean", condition), facts)) == (outcome, missing)


def test_the_last_fact_that_shows_only_once_another_is_known_is_found(tmp_path: Path) -> None:
    body = '| F | 类型 | **符合: boolean** |\n|---|---|---|\n| 1 | "企业" | 人 > 5 |\n| 2 | "高校" | 面积 > 9 |\n| 3 | "其他" | false |\n'
    assert assessed(tmp_path, body, {}).missing == ("人", "类型", "面积")
    assert assessed(tmp_path, body, {"类型": "高校"}).missing == ("面积",)
    assert assessed(tmp_path, body, {"类型": "高校", "人": Decimal(1)}).missing == ("面积",)
    assert short(assessed(tmp_path, body, {"类型": "其他"})) == ("INELIGIBLE", ())


def test_a_fact_that_reaches_arithmetic_is_missing_but_not_proved_so(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "收入 * 2 > 10 or 收入 * 2 <= 10"), {})
    assert (*short(found), found.is_minimal) == ("UNDETERMINED", ("收入",), False)


def test_beyond_4096_combinations_the_answer_is_undetermined_and_not_minimal(tmp_path: Path) -> None:
    few = " or ".join(f"人 = {n}" for n in range(0, 60, 3))
    many = " or ".join(f"面积 = {n}" for n in range(0, 300, 3))
    found = assessed(tmp_path, block("符合: boolean", f"({few}) and ({many})"), {})
    assert MAX_COMBINATIONS == 4_096
    assert (*short(found), found.is_minimal) == ("UNDETERMINED", ("人", "面积"), False)
    fewer = assessed(tmp_path, block("符合: boolean", f"({few}) and (面积 = 1)"), {})
    assert (*short(fewer), fewer.is_minimal) == ("UNDETERMINED", ("人", "面积"), True)


def test_where_a_fact_cannot_be_enumerated_what_is_asked_behind_it_is_named_as_well(tmp_path: Path) -> None:
    body = block("符合: boolean", "收入 * 2 > 10") + block("金额: number", 'if 类型 = "企业" then 1 else 2')
    found = assessed(tmp_path, body, {}, **AMOUNT)
    assert (*short(found), found.is_minimal) == ("UNDETERMINED", ("收入", "类型"), False)


def test_a_fact_that_turned_out_not_to_matter_leaves_an_explanation_without_it(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "人 > 5 or 人 <= 5"), {})
    assert found.outcome == "ELIGIBLE"
    assert [reason.value for reason in found.reasons] == [True]


def test_a_list_with_an_unknown_in_it_is_unknown_as_far_as_it_is_read(tmp_path: Path) -> None:
    body = block("符合: boolean", "季度[1] > 3")
    assert assessed(tmp_path, body, {"季度": (Decimal(4), unknown("季度"))}).outcome == "ELIGIBLE"
    assert short(assessed(tmp_path, body, {"季度": (unknown("季度"), Decimal(4))})) == ("UNDETERMINED", ("季度",))


# --- what a person judges ---------------------------------------------------------------------------------------------------


def test_review_where_the_answer_hangs_only_on_facts_that_a_person_judges(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "人 >= 30 and 重点"), people(30))
    assert (*short(found), found.delivery) == ("REVIEW", ("重点",), Delivery.ON_REVIEW)
    assert answers(found) == [("ELIGIBLE", None), ("INELIGIBLE", None)]
    assert assessed(tmp_path, block("符合: boolean", "重点 and 创新"), {}).outcome == "REVIEW"


def test_undetermined_where_it_hangs_on_another_fact_as_well_and_decided_where_the_judgement_does_not_matter(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= 30 and 重点")
    assert short(assessed(tmp_path, body, {})) == ("UNDETERMINED", ("人", "重点"))
    assert short(assessed(tmp_path, body, people(29))) == ("INELIGIBLE", ())
    assert short(assessed(tmp_path, body, people(30) | {"重点": True})) == ("ELIGIBLE", ())


# --- null is never silently a no -------------------------------------------------------------------------------------------

NULLS = [
    block("符合: boolean", "证书 > 评估日"),
    block("符合: boolean", "if 证书 > 评估日 then true else false"),
    block("符合: boolean", "not(证书 > 评估日)"),
    block("符合: boolean", '证书 between @"2020-01-01" and 评估日'),
    block("符合: boolean", '证书 + duration("P1Y") > 评估日'),
    block("符合: boolean", "every 日 in [评估日, 证书] satisfies 日 >= 评估日"),
    block("有效: boolean", "证书 > 评估日") + block("符合: boolean", "有效 = true"),
    "| F | 证书 | **符合: boolean** |\n|---|---|---|\n| 1 | > 评估日 | true |\n| 否则 | - | false |\n",
    "| F | 成立 | **符合: boolean** |\n|---|---|---|\n| 1 | < 证书 | true |\n| 否则 | - | false |\n",
    "| U | 证书 | **符合: boolean** |\n|---|---|---|\n| 1 | > 评估日 | true |\n| 2 | <= 评估日 | false |\n",
    "| C# 数 | 证书 | **中** |\n|---|---|---|\n| 1 | > 评估日 | 1 |\n\n" + block("符合: boolean", "数 > 0"),
]


@pytest.mark.parametrize("body", NULLS)
def test_a_null_beneath_the_condition_must_be_looked_at(tmp_path: Path, body: str) -> None:
    found = assessed(tmp_path, body, {"证书": None, "成立": Date(2020, 1, 1)})
    assert found.outcome is Outcome.REVIEW
    assert found.diagnostics or "有效" in body


@pytest.mark.parametrize(
    "body",
    [
        block("符合: boolean", "证书 != null"),
        block("符合: boolean", "证书 != null and 证书 > 评估日"),
        block("符合: boolean", "if 证书 = null then false else 证书 > 评估日"),
        "| F | 证书 | **符合: boolean** |\n|---|---|---|\n| 1 | null | false |\n| 2 | > 评估日 | true |\n| 否则 | - | false |\n",
    ],
)
def test_a_policy_that_says_what_null_means_decides_it(tmp_path: Path, body: str) -> None:
    found = assessed(tmp_path, body, {"证书": None})
    assert (found.outcome, found.diagnostics) == (Outcome.INELIGIBLE, ())


@pytest.mark.parametrize("expression", ["null", "收入 / 0", "if 证书 > 评估日 then 1 else 2", 'number("x")'])
def test_a_null_or_a_diagnostic_beneath_the_amount_must_be_looked_at(tmp_path: Path, expression: str) -> None:
    found = assessed(tmp_path, amounts(expression), people(30) | {"证书": None, "收入": Decimal(1)}, **AMOUNT)
    assert (found.outcome, found.amount, found.amount_fen) == (Outcome.REVIEW, None, None)


def test_an_amount_that_is_no_number_must_be_looked_at(tmp_path: Path) -> None:
    found = assessed(tmp_path, ELIGIBLE + block("金额", 'if 人 > 50 then 1 else "面议"'), people(30), **AMOUNT)
    assert (found.outcome, found.amount) == (Outcome.REVIEW, None)


def test_two_rules_that_match_under_unique_must_be_looked_at(tmp_path: Path) -> None:
    body = "| U | 人 | **符合: boolean** |\n|---|---|---|\n| 1 | > 3 | true |\n| 2 | > 5 | true |\n"
    assert assessed(tmp_path, body, people(4)).outcome == "ELIGIBLE"
    found = assessed(tmp_path, body, people(6))
    assert (found.outcome, [item.code for item in found.diagnostics]) == (Outcome.REVIEW, ["dmn-unique-violated"])
    assert {answer.outcome.value for answer in assessed(tmp_path, body, {}).possible} == {"ELIGIBLE", "REVIEW"}


def test_what_is_odd_in_a_branch_that_was_not_taken_does_not_matter(tmp_path: Path) -> None:
    body = block("坏", "1 / 0") + block("符合: boolean", "if 人 > 3 then true else 坏 > 1")
    assert assessed(tmp_path, body, people(30)).outcome == "ELIGIBLE"
    assert assessed(tmp_path, body, people(1)).outcome == "REVIEW"


def test_a_null_among_the_possible_values_of_a_missing_fact_counts(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "证书 > 评估日 or 证书 <= 评估日"), {})
    assert found.outcome is Outcome.UNDETERMINED
    assert [answer.outcome.value for answer in found.possible] == ["ELIGIBLE", "REVIEW"]


# --- amounts ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "mode", "scale", "fen"),
    [
        ("1234.567", "down", 2, 123456),
        ("1234.561", "up", 2, 123457),
        ("1234.565", "half_up", 2, 123457),
        ("1234.565", "half_even", 2, 123456),
        ("1234.5", "half_even", 0, 123400),
        ("1234.99", "down", 0, 123400),
        ("1234.01", "up", 1, 123410),
        ("162000 / 3 * 1 / 3 * 3", "down", 2, 5400000),
        ("100 / 3 * 3", "down", 2, 10000),
        ("2 / 3 * 3", "up", 2, 200),
        ("0.07 * 100 / 7", "down", 2, 100),
        ("0.0000000000004", "up", 2, 0),
        ("0.000000000001", "up", 2, 1),
    ],
)
def test_an_amount_is_rounded_once_at_the_border(tmp_path: Path, expression: str, mode: str, scale: int, fen: int) -> None:
    found = assessed(tmp_path, amounts(expression), people(30), rounding=f"{{scale: {scale}, mode: {mode}}}", **AMOUNT)
    assert found.amount_fen == fen


def test_the_amount_itself_stays_unrounded(tmp_path: Path) -> None:
    found = assessed(tmp_path, amounts("100 / 3"), people(30), rounding="{scale: 0, mode: down}", **AMOUNT)
    assert found.amount == Decimal("33." + "3" * 32)


def test_round_inputs_of_a_formula_with_divisions_lose_no_fen(tmp_path: Path) -> None:
    body = block("符合: boolean", "true") + block("金额: number", "(人 * 0.015 - 2) / (人 * 0.015) * (收入 / 人) * 人")
    packs = packs_with(tmp_path, body, rounding="{scale: 2, mode: down}", **AMOUNT)
    for count in range(200, 400):
        facts = {"人": Decimal(count), "收入": Decimal(count * 3 * 1_000)}
        found = assess_subject(packs, "demo/a", facts, as_of=Date(2026, 1, 1))
        exact = (Decimal(count) * 15 - 2_000) * 3_000 * count  # the same without a division: this, by 15 times the number of people
        assert found.amount_fen == exact * 100 // (15 * count)


def test_the_thread_s_own_decimal_context_changes_no_answer(tmp_path: Path) -> None:
    body, facts = amounts("收入 / 3 * 30"), people(30) | {"收入": Decimal("123456789.12")}
    expected = assessed(tmp_path, body, facts, **AMOUNT)
    with localcontext(Context(prec=4, rounding="ROUND_UP")):
        found = assessed(tmp_path, body, facts, **AMOUNT)
        unknowns = assessed(tmp_path, block("符合: boolean", "收入 > 12345678.91"), {})
    assert (found.amount, found.amount_fen) == (expected.amount, expected.amount_fen) == (Decimal("1234567891.2"), 123456789120)
    assert unknowns.missing == ("收入",)


# --- time --------------------------------------------------------------------------------------------------------------------------


def test_today_is_the_day_of_the_business_fact(tmp_path: Path) -> None:
    body = block("符合: boolean", 'today() = 评估日 and 成立 + duration("P1Y") <= today()')
    packs = packs_with(tmp_path, body)
    facts = {"成立": Date(2025, 5, 5)}
    assert assess_subject(packs, "demo/a", facts, as_of=Date(2026, 5, 4)).outcome == "INELIGIBLE"
    assert assess_subject(packs, "demo/a", facts, as_of=Date(2026, 5, 5)).outcome == "ELIGIBLE"


# --- delivery --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "ordered", "delivery", "note"),
    [
        ({"人": Decimal(30), "面积": Decimal(1)}, "", Delivery.WITHOUT_APPLICATION, ""),
        ({"人": Decimal(30), "面积": Decimal(1)}, "免申即享", Delivery.WITHOUT_APPLICATION, ""),
        ({"人": Decimal(30), "面积": Decimal(1)}, "申报审核", Delivery.ON_REVIEW, "免申即享"),
        ({"人": Decimal(30), "面积": Decimal(1)}, "即申即享", Delivery.ON_CONFIRMATION, "免申即享"),
        ({"面积": Decimal(1)}, "", Delivery.ON_CONFIRMATION, ""),
        ({"面积": Decimal(1)}, "免申即享", Delivery.ON_CONFIRMATION, ""),
        ({"人": Decimal(30)}, "", Delivery.ON_REVIEW, ""),
        ({}, "", Delivery.ON_REVIEW, ""),
        ({"人": Decimal(29)}, "申报审核", None, ""),
    ],
)
def test_delivery_is_computed_and_a_stricter_order_holds_and_is_reported(
    tmp_path: Path, facts: dict[str, Value], ordered: str, delivery: Delivery | None, note: str
) -> None:
    found = assessed(tmp_path, block("符合: boolean", "人 >= 30 and 面积 > 0"), facts, delivery=ordered)
    assert (found.delivery, found.delivery_note) == (delivery, note)


# --- explanation ---------------------------------------------------------------------------------------------------------------


def test_a_caveat_belongs_to_the_section_it_stands_in(tmp_path: Path) -> None:
    body = (
        "> 待确认：全文\n\n## 对象\n\n" + block("符合: boolean", "人 >= 30 and 合意") + "> 待确认：对象的\n\n"
        "## 别的\n\n" + block("合意: boolean", "人 < 500") + "### 细处\n\n> 待确认：细处的\n"
    )
    assert assessed(tmp_path, body, people(40)).caveats == ("全文", "对象的", "细处的")
    assert assessed(tmp_path, body, people(10)).caveats == ("全文", "对象的")


def test_the_explanation_names_rules_articles_and_values_from_the_answer_down(tmp_path: Path) -> None:
    body = (
        "## 第一条 对象\n\n" + block("符合: boolean", '规模 != "大型"') + "> 待确认：口径\n\n## 第二条 规模\n\n"
        '| F | 人 | **规模** | *依据* |\n|---|---|---|---|\n| 1 | >= 300 | "大型" | |\n| 2 | - | "小型" | 第二条（二） |\n\n'
        "## 第三条 别的\n\n> 待确认：无关\n"
    )
    found = assessed(tmp_path, body, people(30))
    assert [(reason.decision, reason.article, reason.rule, reason.value) for reason in found.reasons] == [
        ("符合", "第一条", "", True),
        ("规模", "第二条（二）", "2", "小型"),
    ]
    assert found.reasons[0].expression == '规模 != "大型"'
    assert found.caveats == ("口径",)
    assert len(found.policy_sha256) == 64


# --- facts ------------------------------------------------------------------------------------------------------------------------


def test_plain_python_is_taken_and_what_the_dictionary_does_not_know_is_refused_all_at_once(tmp_path: Path) -> None:
    assert assessed(tmp_path, ELIGIBLE, {"人": 30}).outcome == "ELIGIBLE"
    with pytest.raises(InputError) as caught:
        assessed(tmp_path, ELIGIBLE, {"人": "三十", "职工": 1, "收入": 3.5})
    assert [item.code for item in caught.value.diagnostics] == ["feel-type-expected", "feel-unknown-name", "feel-type-expected"]


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({"人数": 3}, ["feel-unknown-name"]),
        ({"人": "3"}, ["feel-type-expected"]),
        ({"人": 2.5}, ["feel-type-expected"]),
        ({"人": Decimal("2.5")}, ["fact-too-fine"]),
        ({"人": None}, ["fact-not-nullable"]),
        ({"类型": "公司"}, ["fact-not-in-list"]),
        ({"人数": 3, "人": None, "类型": "公司"}, ["fact-not-in-list", "fact-not-nullable", "feel-unknown-name"]),
    ],
)
def test_facts_that_the_dictionary_does_not_allow_are_refused_all_at_once(
    tmp_path: Path, facts: dict[str, Value], codes: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        assessed(tmp_path, ELIGIBLE, facts)
    assert sorted(item.code for item in caught.value.diagnostics) == codes


def test_a_decision_that_missing_facts_leave_open_is_not_explained_by_one_of_its_values(tmp_path: Path) -> None:
    body = """
| F | 人 | **档: string** |
|---|---|---|
| 1 | > 10 | "大" |
| 2 | - | "小" |

```feel 符合: boolean
档 = "大" or 档 = "小"
```
"""
    found = assessed(tmp_path, body, {})
    assert short(found) == ("ELIGIBLE", ())
    values = {reason.decision: reason.value for reason in found.reasons}
    assert values["符合"] is True
    assert set(values["档"].values) == {"大", "小"}


def test_a_cell_that_names_its_input_can_be_nearly_met(tmp_path: Path) -> None:
    body = """
| F | 人 | **符合: boolean** |
|---|---|---|
| 1 | ? > 5 and ? < 10 | true |
| 否则 | - | false |
"""
    found = assessed(tmp_path, body, {"人": Decimal(12)})
    assert found.outcome == "INELIGIBLE"
    assert [(miss.name, miss.line) for miss in found.near] == [("人", Decimal(10))]


def test_an_amount_beyond_all_reason_does_not_end_the_run(tmp_path: Path) -> None:
    body = block("符合: boolean", "true") + "\n" + block("金额: number", "10 ** 100")
    found = assessed(tmp_path, body, {}, amount="金额")
    assert (found.outcome, found.amount_fen) == ("REVIEW", None)
