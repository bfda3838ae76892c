"""Blocks to decisions, knowledge models, examples and caveats; each keeps its article and leads back to its place."""

from decimal import Decimal

import pytest

from tests.engine.policy_texts import block, document, front, tangled
from zhida.dmn.model import DecisionTable, HitPolicy, LiteralExpression
from zhida.policy.front_matter import parse_interval
from zhida.policy.tangle import TangledPolicy, tangle
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, NUMBER, STRING, Type, list_of

TABLE = """## 第二条 标准

| F | 人 | 类型 | **比例: number** | *依据* | *说明* |
|---|---|---|---|---|---|
| | - | "企业","高校" | 0.5,0.3,0 | | |
| 1 | (0..50] | "企业" | 0.5 | 第二条（三） | 小企业 |
| 乙 | > 50 | - | 0.3 | | |
| 否则 | - | - | 0 | | |

缺口：零人企业不在范围
"""


def body_of(policy: TangledPolicy, name: str) -> DecisionTable:
    (found,) = (decision for decision in policy.decisions if decision.name == name)
    assert isinstance(found.expression, DecisionTable)
    return found.expression


def codes(body: str, **keys: str) -> list[str]:
    return [item.code for item in tangled(body, **keys).diagnostics]


# --- decision tables -------------------------------------------------------------------------------------------------


def test_a_table_becomes_a_decision_with_all_that_stands_in_it() -> None:
    policy = tangled(TABLE)
    assert policy.diagnostics == ()
    (decision,) = policy.decisions
    assert (decision.id, decision.name, decision.type, decision.span.article) == ("demo/a#比例", "比例", NUMBER, "第二条")
    table = body_of(policy, "比例")
    assert table.hit_policy is HitPolicy.FIRST
    assert [clause.expression.text for clause in table.inputs] == ["人", "类型"]
    assert [clause.allowed_values and clause.allowed_values.text for clause in table.inputs] == [None, '"企业","高校"']
    (output,) = table.outputs
    assert output.allowed_values is not None
    assert output.default is not None
    assert (output.name, output.type, output.allowed_values.text, output.default.text) == ("比例", NUMBER, "0.5,0.3,0", "0")
    assert table.gap_reason == "零人企业不在范围"


def test_a_rule_keeps_its_number_its_words_and_the_article_that_it_names() -> None:
    first, second = body_of(tangled(TABLE), "比例").rules
    assert [entry.text for entry in first.input_entries] == ["(0..50]", '"企业"']
    assert [entry.text for entry in first.output_entries] == ["0.5"]
    assert (first.number, first.article, dict(first.annotations)) == ("1", "第二条（三）", {"依据": "第二条（三）", "说明": "小企业"})
    assert (second.number, second.article, dict(second.annotations)) == ("乙", "第二条", {})
    assert second.span.line == first.span.line + 1


@pytest.mark.parametrize("letters", ["U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#", "C\\#"])
def test_every_hit_policy_may_stand_in_the_corner(letters: str) -> None:
    policy = tangled(f"| {letters} | 人 | **出** |\n|---|---|---|\n| 1 | - | 1 |\n")
    assert body_of(policy, "出").hit_policy.value == letters.replace("\\", "")


def test_a_name_in_the_corner_names_the_decision() -> None:
    policy = tangled("| U 补贴 标准 | 人 | **甲** | **乙: string** |\n|---|---|---|---|\n| 1 | - | 1 | 2 |\n")
    (decision,) = policy.decisions
    assert (decision.name, decision.type) == ("补贴 标准", ANY)
    assert [(clause.name, clause.type) for clause in body_of(policy, "补贴 标准").outputs] == [("甲", ANY), ("乙", STRING)]


@pytest.mark.parametrize(("letters", "type_"), [("U", NUMBER), ("A", NUMBER), ("P", NUMBER), ("F", NUMBER), ("C", ANY), ("C#", ANY)])
def test_the_declared_type_is_that_of_the_decision_where_one_rule_says_the_value(letters: str, type_: Type) -> None:
    assert tangled(f"| {letters} | 人 | **出: number** |\n|---|---|---|\n| 1 | - | 1 |\n").decisions[0].type == type_


def test_columns_may_stand_in_any_order() -> None:
    policy = tangled("| F | **出** | *注* | 人 |\n|---|---|---|---|\n| 1 | 5 | 话 | > 3 |\n")
    (rule,) = body_of(policy, "出").rules
    assert ([entry.text for entry in rule.input_entries], [entry.text for entry in rule.output_entries]) == (["> 3"], ["5"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("| F | 人 | 出 |\n|---|---|---|\n| 1 | - | 1 |\n", "policy-no-output"),
        ("| F | 人 | **甲** | **乙** |\n|---|---|---|---|\n| 1 | - | 1 | 2 |\n", "policy-table-name"),
        ("| C+ 表 | 人 | **甲** | **乙** |\n|---|---|---|---|\n| 1 | - | 1 | 2 |\n", "policy-many-aggregated"),
        ("| F | 人 | **甲** |\n|---|---|---|\n| 1 |  | 1 |\n", "policy-empty-cell"),
        ("| F | 人 | **甲** |\n|---|---|---|\n| 1 | - |  |\n", "policy-empty-cell"),
        ("| F | 人 | **甲: numbre** |\n|---|---|---|\n| 1 | - | 1 |\n", "feel-unknown-type"),
        ("| F | 人 | **甲** |\n|---|---|---|\n| 1 | - | 1 |\n|  | - | 2 |\n", "policy-rule-number"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_tables_for_readers_are_left_alone() -> None:
    assert tangled("| 档 | **额** |\n|---|---|\n| 一 | |\n\n| X | **额** |\n|---|---|\n| 1 | 2 |\n").decisions == ()


# --- fenced blocks -----------------------------------------------------------------------------------------------------


def test_a_fenced_block_is_a_literal_expression_under_its_article() -> None:
    policy = tangled("## 第三条\n\n" + block("算力券 金额: number", "min(收入,\n  8000000)"))
    (decision,) = policy.decisions
    assert (decision.name, decision.type, decision.span.text, decision.span.article) == ("算力券 金额", NUMBER, "算力券 金额", "第三条")
    assert isinstance(decision.expression, LiteralExpression)
    assert decision.expression.text.text == "min(收入,\n  8000000)"


@pytest.mark.parametrize(
    ("head", "parameters", "type_"),
    [
        ("算(x: number, 名 称: string): boolean", (("x", NUMBER), ("名 称", STRING)), BOOLEAN),
        ("算(x, y)", (("x", ANY), ("y", ANY)), ANY),
        ("算()", (), ANY),
        ("算(x: list<number>): list<number>", (("x", list_of(NUMBER)),), list_of(NUMBER)),
        (
            "算(x: context<a: number, b: string>, y: number)",
            (("x", Type("context", (), (("a", NUMBER), ("b", STRING)))), ("y", NUMBER)),
            ANY,
        ),
    ],
)
def test_parameters_make_a_business_knowledge_model(head: str, parameters: object, type_: Type) -> None:
    policy = tangled(block(head, "1"))
    assert policy.diagnostics == ()
    (model,) = policy.knowledge_models
    assert (model.name, model.parameters, model.type) == ("算", parameters, type_)


def test_blocks_in_other_languages_are_for_readers_and_a_feel_block_needs_a_name() -> None:
    assert tangled("```python\n1\n```\n\n```\n2\n```\n\n```feeling 甲\n3\n```\n").decisions == ()
    assert codes("```feel\n1\n```\n") == ["policy-fence-info"]
    assert codes(block("甲: numbre", "1")) == ["feel-unknown-type"]
    assert codes(block("甲(x: numbre)", "1")) == ["feel-unknown-type"]


# --- examples, caveats, articles, applies ------------------------------------------------------------------------------


def test_examples_tell_what_is_given_from_what_is_expected() -> None:
    rows = (
        "| 例 | 人 | 评估日 | **比例** | **结果** | *注* |\n|---|---|---|---|---|---|\n"
        '| 5#2 | ? | @"2025-03-01" | 0.5 | ELIGIBLE | 话 |\n| b | | | | | |\n'
    )
    policy = tangled(rows)
    first, second = policy.examples
    assert (first.id, {name: cell.text for name, cell in first.inputs.items()}) == ("5#2", {"人": "?"})
    assert {name: cell.text for name, cell in first.expectations.items()} == {"比例": "0.5", "结果": "ELIGIBLE"}
    assert first.as_of is not None
    assert first.as_of.text == '@"2025-03-01"'
    assert (second.inputs, second.expectations, second.as_of) == ({}, {}, None)
    assert [item.code for item in policy.diagnostics] == ["policy-example-empty"]


def test_a_quote_that_begins_with_the_word_is_a_caveat_of_its_article() -> None:
    policy = tangled("> 待确认：总的\n\n## 第一条 甲\n\n> 待确认: 这条\n\n> 只是引文\n")
    assert [(caveat.text, caveat.span.article) for caveat in policy.caveats] == [("总的", ""), ("这条", "第一条")]


def test_articles_are_listed_with_their_headings() -> None:
    articles = tangled("## 第一条 对象\n\n### 细则\n\n## 第二条 标准\n").articles
    assert [(article.number, article.heading) for article in articles] == [("第一条", "第一条 对象"), ("第二条", "第二条 标准")]


def test_applies_becomes_a_decision() -> None:
    (decision,) = tangled("", applies='城市 = "杭州市"').decisions
    assert decision.id == "demo/a#applies"


# --- front matter ----------------------------------------------------------------------------------------------------------


def test_the_front_matter_is_read_whole() -> None:
    found = tangled(
        "",
        in_force="2025-06-13/2027-12-31",
        issuer="[甲局, 乙局]",
        rounding="{scale: 0, mode: down}",
        budget="{year: 2026, amount: 250000000.5, order: pro-rata}",
        uses="[a/b]",
        publishes="符合",
        window="2026-09-01/..",
        checked="{on: 2026-11-20, by: repost, note: 以原文为准}",
    )
    front_ = found.front
    assert found.diagnostics == ()
    assert str(front_.in_force) == "2025-06-13/2027-12-31"
    assert front_.issuer == ("甲局", "乙局")
    assert (front_.rounding.scale, front_.rounding.mode) == (0, "down")
    assert front_.budget is not None
    assert (front_.budget.year, front_.budget.amount, front_.budget.order) == (2026, Decimal("250000000.5"), "pro-rata")
    assert front_.budget.last == "part"
    assert [name.text for name in (*front_.uses, *front_.publishes)] == ["a/b", "符合"]
    assert (front_.checked.by, front_.checked.note) == ("repost", "以原文为准")


@pytest.mark.parametrize("key", ["policy", "title", "in_force", "subject", "gives", "checked", "eligible"])
def test_a_key_that_must_be_there_is_missed(key: str) -> None:
    found = tangle(document(front(**{key: ""}) if key != "policy" else front("").replace("policy: \n", ""))).diagnostics
    assert [item.code for item in found] == ["policy-missing-key"]
    assert found[0].arguments["name"] == key


def test_a_status_needs_a_result_instead_of_who_is_eligible() -> None:
    assert codes("", gives="status", eligible="", result="规模") == []
    assert "policy-missing-key" in codes("", gives="status", eligible="")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("in_force", "2025"),
        ("in_force", "2025-02-30/.."),
        ("in_force", "2026-01-01/2025-01-01"),
        ("gives", "money"),
        ("rounding", "{scale: 3, mode: down}"),
        ("rounding", "{scale: 2, mode: sideways}"),
        ("rounding", "down"),
        ("budget", "{year: 26, amount: 1}"),
        ("budget", "{year: 2026}"),
        ("budget", "{year: 2026, amount: 1, last: none}"),
        ("checked", "{on: 2026-01-01}"),
        ("checked", "{on: 2026-01-01, by: somebody}"),
        ("title", "[a]"),
        ("uses", "{a: b}"),
    ],
)
def test_a_value_that_a_key_cannot_have_is_said(key: str, value: str) -> None:
    found = tangled("", **{key: value}).diagnostics
    assert [item.code for item in found] == ["policy-bad-value"]
    assert found[0].span is not None
    assert found[0].span.line > 1


def test_an_unknown_key_is_said_with_a_near_one() -> None:
    (found,) = tangled("", elligible="甲").diagnostics
    assert (found.code, found.arguments["near"]) == ("policy-unknown-key", "eligible")
    (inner,) = tangled("", rounding="{scale: 2, mod: down}").diagnostics
    assert (inner.code, inner.arguments["near"]) == ("policy-unknown-key", "mode")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2025-06-13/2025-06-30", ["2025-06-13", "2025-06-30"], ["2025-06-12", "2025-07-01"]),
        ("2025-06-13/..", ["2025-06-13", "9999-12-31"], ["2025-06-12"]),
        ("../2025-06-30", ["0001-01-01", "2025-06-30"], ["2025-07-01"]),
        ("../..", ["2025-06-13"], []),
        ("2025-06-13/2025-06-13", ["2025-06-13"], ["2025-06-12", "2025-06-14"]),
    ],
)
def test_both_ends_of_an_interval_belong_to_it(text: str, inside: list[str], outside: list[str]) -> None:
    interval = parse_interval(text)
    assert interval is not None
    for days, belongs in ((inside, True), (outside, False)):
        assert all((Date(*map(int, day.split("-"))) in interval) is belongs for day in days)


def test_articles_of_one_number_in_two_documents_keep_their_caveats_and_blocks_apart() -> None:
    parts = (
        "## 第二条 甲（一号）\n\n> 待确认：甲的\n",
        block("子", "1"),
        "## 第二条 乙（二号）\n\n> 待确认：乙的\n",
        block("丑", "2"),
    )
    policy = tangled("\n".join(parts), document="一号；二号")
    assert [(caveat.text, caveat.span.article) for caveat in policy.caveats] == [("甲的", "一号第二条"), ("乙的", "二号第二条")]
    assert [decision.span.article for decision in policy.decisions] == ["一号第二条", "二号第二条"]
    assert [article.number for article in policy.articles] == ["一号第二条", "二号第二条"]
