"""A policy to DMN and back: the same text, the same answers; what was changed in between is changed in the text, and no more."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.engine.interchange_models import DAY, codes, decision, feel, imported, input_data, model
from tests.engine.pack_policies import LARGE, cases
from tests.engine.policy_texts import front, packs_of
from tests.packs import the_packs
from zhida.assess.examples import day_of, run_examples
from zhida.dmn.compile import compile_models
from zhida.dmn.compiled import AS_OF, DecisionModel
from zhida.dmn.evaluate import evaluate
from zhida.dmn.model import Decision, DecisionTable, Definitions, LiteralExpression, RequirementKind
from zhida.dmn.xml import read
from zhida.dmn.xml_write import write
from zhida.errors import has_errors
from zhida.policy.interchange import Form, PolicyText, read_text, with_pages, write_text
from zhida.policy.interchange_dictionary import joined
from zhida.policy.interchange_export import export
from zhida.policy.interchange_import import import_definitions
from zhida.policy.pack import Packs, Policy, with_policy
from zhida.policy.tangle import Example
from zhida.policy.years import input_name
from zhida.source import Source, snippet
from zhida.values.temporal import Date
from zhida.values.types import ANY


@cache
def exported(policy_id: str) -> Definitions:
    """Return a policy of the packs, written as DMN and read again."""
    return there(the_packs().policies[policy_id], the_packs())


def there(policy: Policy, packs: Packs) -> Definitions:
    assert not has_errors(policy.diagnostics), [item.render() for item in policy.diagnostics]
    return read(write(export(policy, packs).definitions), "x.dmn").definitions


def back(definitions: Definitions) -> str:
    found = import_definitions(definitions, "demo/a")
    assert not found.diagnostics, [item.render() for item in found.diagnostics]
    return found.text


# --- the same text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy_id", cases())
def test_each_policy_of_the_packs_comes_back_to_the_byte(policy_id: str) -> None:
    assert back(exported(policy_id)) == the_packs().policies[policy_id].document.source.text


ODD = (
    front(applies="'人 > 1 and 城市 = \"杭州市\"'")
    + """# 各种写法


<!-- 注释
不显示 -->
第一条 写法
---

正文 & <b>标签</b>，「引号」。

| U  |  类型 | 人   | **符合: boolean** | *说明*  |
|:---|-------|:---:|---|---|
| a1 | "企业" | - | true | 竖线 \\| 在此 |
| b2 | not("企业") | >= 1 | false | |
| 否则 | - | - | null | 其余 |

缺口：没有别的类型

缺口之后的话。

~~~feel 乘(甲: number, 乙): number
甲 * 乙
~~~

### 第二条 别的

| C+ 总额 | 人 | *注* | **得: number** |
|---|---|---|---|
|  | [0..10] | | |
| 1 | > 1 | 中间的列 | 乘(人, 2) |
| 2 | > 2 | | 1 |

| 给人看的表 | 一 |
|---|---|
| 甲 | 乙 |

```text
给人看的块
```

> 待确认：某事
> 两行

| F | 人 | **甲** | **乙: string** |
|---|---|---|---|
| 1 | - | 1 | "x" |

## 例

| 例 | 人 | **总额** |
|---|---|---|
| 1 | 3 | 7 |
"""
).replace("| F | 人 |", "| F 两个 | 人 |")


def odd_policy(folder: Path, text: str = ODD) -> tuple[Policy, Packs]:
    packs = packs_of(folder, {"demo/policies/a.md": text})
    return packs.policies["demo/a"], packs


def test_unusual_ways_of_writing_come_back_as_they_stood(tmp_path: Path) -> None:
    assert back(there(*odd_policy(tmp_path))) == ODD


def with_used(policy_id: str) -> Iterator[str]:
    """Yield a policy and those that it uses: its examples give the facts of all of them."""
    yield policy_id
    for used in the_packs().policies[policy_id].front.uses:
        yield from with_used(used.text)


@cache
def come_back(policy_id: str) -> PolicyText:
    return read_text(write(exported(policy_id)), Form.DMN, "x.dmn", "demo/a")


@pytest.mark.parametrize("policy_id", cases())
def test_what_came_back_runs_in_a_pack_of_its_own_with_the_pages_that_came_along(policy_id: str) -> None:
    pages: dict[str, str] = {}
    for each in dict.fromkeys(with_used(policy_id)):
        for place, page in come_back(each).pages.items():
            pages[place] = joined(pages[place], page) if place in pages else page
    text = replace(come_back(policy_id), pages=pages)
    packs = with_pages(replace(the_packs(), dictionaries={}, parameters={}), text)
    policy = with_policy(packs, policy_id, text.source)
    assert not has_errors(policy.diagnostics), [item.render() for item in policy.diagnostics]
    with_it = replace(packs, policies={**packs.policies, policy_id: policy}, _linked={})
    results = list(run_examples(with_it, policy, as_of=DAY))
    assert results
    assert [item.render() for result in results for item in result.diagnostics] == []


# --- the same answers --------------------------------------------------------------------------------------------------------


def given_of(example: Example, day: Date) -> Iterator[tuple[str, Any]]:
    """Yield the values that an example gives, by their names on a day; a value that nobody knows is left out."""
    for head, cell in example.inputs.items():
        name = input_name(head, day)
        if cell.text != "?" and name is not None:
            definitions = Definitions("", (Decision("v", "v", ANY, LiteralExpression(cell), cell.span()),))
            value = evaluate(compile_models(replace(definitions, namespace="urn:v")), "urn:v#v", {}, as_of=DAY).value
            yield name, value


def values_by_id(decided: DecisionModel, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return given values by the ids of input data and of the decisions that they stand for."""
    by_id = {id_: named.get(data.name) for id_, data in decided.inputs.items()}
    return by_id | {id_: named[each.decision.name] for id_, each in decided.decisions.items() if each.decision.name in named}


@pytest.mark.parametrize("policy_id", cases())
def test_dmn_alone_answers_each_example_as_markdown_does(policy_id: str) -> None:
    packs = the_packs()
    policy = packs.policies[policy_id]
    decided = compile_models(exported(policy_id), [exported(each) for each in with_used(policy_id) if each != policy_id])
    assert decided.diagnostics == ()
    day = day_of(packs.in_force[policy_id], Date(2026, 6, 30))
    linked = packs.model_of(policy_id, day)
    namespace = exported(policy_id).namespace
    ids = {each.decision.name: id_ for id_, each in decided.decisions.items() if id_.startswith(f"{namespace}#")}
    parameters = {each.item.name: each.value for rows in packs.parameters.values() for each in rows}
    known = {AS_OF: day} | {name: value for name, value in parameters.items() if not hasattr(value, "missing")}
    compared = 0
    for example in policy.tangled.examples:
        named = {**known, **dict(given_of(example, day))}
        mine, theirs = values_by_id(linked.model, named), values_by_id(decided, named)
        for id_, each in policy.compiled.decisions.items():
            expected = evaluate(linked.model, id_, mine, as_of=day).value
            assert evaluate(decided, ids[each.decision.name], theirs, as_of=day).value == expected, (example.id, each.decision.name)
            compared += 1
    assert compared >= len(policy.tangled.examples) > 0
    assert compared > 100 or policy_id not in LARGE


# --- what DMN carries ----------------------------------------------------------------------------------------------------------


def test_articles_documents_and_issuers_are_what_decisions_rest_on() -> None:
    definitions = exported("national/disability-levy")
    names = {f"#{source.id}": source.name for source in definitions.sources}
    table = next(each for each in definitions.decisions if each.name == "缴纳比例")
    authorities = [each.href for each in table.requirements or () if each.kind is RequirementKind.AUTHORITY]
    assert [names[href] for href in authorities] == [
        "第一条 分档减缴（财政部公告2023年第8号）",
        "第二条 三十人以下企业免缴（财政部公告2023年第8号）",
    ]
    article = next(source for source in definitions.sources if source.name.startswith("第八条"))
    assert article.type == "law"
    assert article.location == "财税〔2015〕72号"
    assert article.notes.description.startswith("应缴额等于差额人数乘以")
    assert [names[each.href] for each in article.requirements] == ["财税〔2015〕72号"]
    document = next(source for source in definitions.sources if source.name == "财税〔2015〕72号")
    issuers = [names[each.href] for each in document.requirements]
    assert issuers == [source.name for source in definitions.sources if source.type == "issuer"]
    assert len(issuers) == 3


def test_used_policies_are_imports_without_a_name_and_their_decisions_are_required_by_their_own_ids() -> None:
    definitions = exported("hangzhou/compute-voucher")
    (used,) = definitions.models
    assert (used.name, used.namespace, used.location) == (
        "",
        "urn:zhida:policy:national/sme-size",
        "../../national/policies/sme-size.dmn",
    )
    table = next(each for each in definitions.decisions if each.name == "基本比例")
    size = next(each for each in exported("national/sme-size").decisions if each.name == "企业规模")
    assert f"{used.namespace}#{size.id}" in [each.href for each in table.requirements or ()]


def test_code_lists_are_allowed_values_and_the_rest_of_the_dictionary_comes_back() -> None:
    definitions = exported("hangzhou/compute-voucher")
    item = next(each for each in definitions.items if each.name == "t_设施类型")
    assert item.allowed is not None
    assert item.allowed.text == '"国产", "其他"'
    found = import_definitions(definitions, "demo/a")
    assert "| 设施类型 | string | | | 经济和信息化局 | 是 | 是 | 否 | 国产、其他 |" in found.dictionary
    assert "| 年度智算合同实际额 | number | 元 | 0..1000000000 |" in found.dictionary
    levy = import_definitions(exported("national/disability-levy"), "demo/a")
    assert "| 残保金安排比例 | number | 1 | 0.015 | 2023-01-01/.. |" in levy.parameters
    assert "| 当地社会平均工资 | number | 元/人 | | 2023-01-01/.. |" in levy.parameters


def test_what_the_elements_of_a_list_hold_comes_back_as_a_table_of_its_own() -> None:
    page = import_definitions(exported("national/hnte-recognition"), "demo/a").dictionary
    assert "| 知识产权 | list | | | 市场监督管理局 |" in page
    assert "\n\n| 属性：知识产权 | 类型 | 单位 | 常见范围 | 可空 | 取值 | 说明 | 小数位 |\n" in page
    assert "\n| 权属方式 | string | | | 否 | 自主研发、受让、受赠、并购、独占许可 | | |\n" in page
    assert joined(page, page) == page
    head, _, entries = page.partition("\n\n| 属性：知识产权")
    more = joined(head, f"# 另一页\n\n| 属性 | 类型 |\n|---|---|\n| 别的 | string |\n\n| 属性：知识产权{entries}")
    assert more == f"{head}\n| 别的 | string |\n\n| 属性：知识产权{entries}"


def test_a_fact_that_only_examples_name_is_input_data_too() -> None:
    names = [data.name for data in exported("national/trade-in-car-2025").inputs]
    assert names.count("新车价格") == 1


def test_the_reserved_date_is_input_data_for_other_tools(tmp_path: Path) -> None:
    text = front() + "```feel 符合: boolean\n评估日 > 成立\n```\n"
    definitions = there(*odd_policy(tmp_path, text))
    assert AS_OF in {data.name for data in definitions.inputs}
    assert back(definitions) == text


def test_a_business_knowledge_model_that_reads_facts_is_refused(tmp_path: Path) -> None:
    text = front() + "```feel 加(甲): number\n甲 + 人\n```\n\n```feel 符合: boolean\n加(1) > 2\n```\n"
    found = export(*odd_policy(tmp_path, text)).diagnostics
    assert [item.code for item in found if item.severity == "error"] == ["interchange-knowledge-facts"]
    assert found[0].arguments["read"] == "人"


def test_a_character_that_xml_cannot_hold_is_refused(tmp_path: Path) -> None:
    text = front() + "\x0b\n\n```feel 符合: boolean\n人 > 1\n```\n"
    found = export(*odd_policy(tmp_path, text)).diagnostics
    assert [item.code for item in found if item.severity == "error"] == ["interchange-character"]
    assert found[0].span is not None
    assert found[0].span.text == "\x0b"


def test_a_policy_with_errors_is_not_written_as_dmn(tmp_path: Path) -> None:
    policy, packs = odd_policy(tmp_path, front() + "```feel 符合: boolean\n没有的 > 1\n```\n")
    text = read_text(policy.document.source.text.encode(), Form.MARKDOWN, "a.md", "demo/a")
    written = write_text(text, Form.DMN, packs)
    assert written.data is None
    assert [item.code for item in written.diagnostics] == ["feel-unknown-name"]


# --- what was changed in between -------------------------------------------------------------------------------------------------


def changed(definitions: Definitions, name: str, **fields: object) -> Definitions:
    decisions = tuple(replace(each, **fields) if each.name == name else each for each in definitions.decisions)
    return replace(definitions, decisions=decisions)


def test_a_rule_that_was_changed_is_changed_in_the_text_and_nothing_else(tmp_path: Path) -> None:
    definitions = there(*odd_policy(tmp_path))
    found = next(each for each in definitions.decisions if each.name == "总额")
    assert isinstance(found.expression, DecisionTable)
    first, *others = found.expression.rules
    rules = (replace(first, output_entries=(snippet("乘(人, 3)"),)), *others)
    text = back(changed(definitions, "总额", expression=replace(found.expression, rules=rules)))
    plain = "| C+ 总额 | 人 | **得: number** | *注* |\n|---|---|---|---|\n| | [0..10] | | |\n"
    plain += "| 1 | > 1 | 乘(人, 3) | 中间的列 |\n| 2 | > 2 | 1 | |"
    before, _, rest = ODD.partition("| C+ 总额")
    assert text == before + plain + "\n\n" + rest.partition("| 2 | > 2 | | 1 |\n\n")[2]


def test_a_rule_that_was_added_gets_its_place_for_a_number_and_keeps_the_words_of_the_defaults(tmp_path: Path) -> None:
    definitions = there(*odd_policy(tmp_path))
    found = next(each for each in definitions.decisions if each.name == "符合")
    assert isinstance(found.expression, DecisionTable)
    first = found.expression.rules[0]
    added = replace(
        first, number="3", input_entries=(snippet('"高校"'), snippet("-")), annotations={"说明": "新"}, notes=type(first.notes)()
    )
    table = replace(found.expression, rules=(*found.expression.rules, added))
    text = back(changed(definitions, "符合", expression=table))
    assert (
        '| b2 | not("企业") | >= 1 | false | |\n| 3 | "高校" | - | true | 新 |\n| 否则 | - | - | null | 其余 |\n\n缺口: 没有别的类型\n'
        in text
    )


def test_what_applies_says_now_stands_in_the_front_matter(tmp_path: Path) -> None:
    definitions = there(*odd_policy(tmp_path))
    text = back(changed(definitions, "applies", expression=LiteralExpression(snippet('城市 = "宁波市"'))))
    assert text == ODD.replace("applies: '人 > 1 and 城市 = \"杭州市\"'", 'applies: "城市 = \\"宁波市\\""')


def test_an_article_that_was_renamed_is_renamed(tmp_path: Path) -> None:
    definitions = there(*odd_policy(tmp_path))
    sources = tuple(replace(each, name="第二条 新的名称") if each.name == "第二条 别的" else each for each in definitions.sources)
    assert back(replace(definitions, sources=sources)) == ODD.replace("第二条 别的", "第二条 新的名称")


def test_what_was_added_and_what_was_taken_away_are_told(tmp_path: Path) -> None:
    definitions = there(*odd_policy(tmp_path))
    more = replace(definitions.decisions[-1], id="新", name="新", expression=LiteralExpression(snippet("1 + 1")), requirements=())
    kept = tuple(each for each in definitions.decisions if each.name != "总额")
    found = import_definitions(replace(definitions, decisions=(*kept, more)), "demo/a")
    assert codes(found) == ["interchange-gone", "interchange-new"]
    assert "C+ 总额" not in found.text
    assert found.text.index("```feel 新") > found.text.index("| F 两个")
    assert found.text.index("```feel 新") < found.text.index("## 例")


def test_an_element_that_got_another_id_is_found_by_its_name(tmp_path: Path) -> None:
    definitions = there(*odd_policy(tmp_path))
    assert back(changed(definitions, "总额", id="other")) == ODD


# --- models of others ------------------------------------------------------------------------------------------------------------


def test_a_model_of_others_becomes_a_policy_with_blanks_and_a_dictionary() -> None:
    items = '<itemDefinition name="tKind"><typeRef>string</typeRef><allowedValues><text>"a","b"</text></allowedValues></itemDefinition>'
    words = '<knowledgeSource id="k" name="第三条 标准"><description>| F | **x** |\n|---|---|</description></knowledgeSource>'
    arrow = '<authorityRequirement><requiredAuthority href="#k"/></authorityRequirement>'
    body = items + decision("d", feel("x + 1"), "x", further=arrow) + input_data("x", "number") + input_data("y", "tKind") + words
    found = imported(model(body))
    assert codes(found) == ["interchange-blank"]
    assert found.text.startswith("---\npolicy: demo/m\ntitle: 模型\nsubject: m\n# in_force: 待填 to fill in")
    assert "## 第三条 标准\n\n> | F | **x** |\n> |---|---|\n\n```feel d\nx + 1\n```\n" in found.text
    assert "| x | number | | | | 否 | 是 | 否 | | | |" in found.dictionary
    assert "| y | string | | | | 否 | 是 | 否 | a、b | | |" in found.dictionary


def test_a_decision_without_logic_is_a_fact_that_is_given() -> None:
    found = imported(model(decision("d", "", type_="number") + decision("e", feel("d"))))
    assert "| d | number |" in found.dictionary
    assert "feel d" not in found.text


def test_limits_and_drawings_that_are_left_out_are_told() -> None:
    items = '<itemDefinition name="t"><typeRef>number</typeRef><allowedValues><text>[0..9]</text></allowedValues></itemDefinition>'
    body = items + input_data("x", "t") + decision("d", feel("x"), "x") + '<textAnnotation id="a"><text>b</text></textAnnotation>'
    assert codes(imported(model(body))) == ["interchange-lost", "interchange-lost", "interchange-blank"]


def test_a_text_of_any_form_is_named_by_what_it_says_of_itself() -> None:
    data = the_packs().policies["national/sme-size"].document.source.text.encode()
    assert read_text(data, Form.MARKDOWN, "x.md", "a/x").policy_id == "national/sme-size"
    assert Source("x", "").text == ""
