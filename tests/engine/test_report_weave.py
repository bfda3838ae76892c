import re
from pathlib import Path

import pytest

from tests.engine.pack_policies import cases
from tests.engine.report_fixtures import AS_OF, HOSTILE, POLICY, Page, assert_stands_alone, town
from tests.packs import the_packs
from zhida.assess.examples import run_examples
from zhida.dmn.model import DecisionTable
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.report.weave import weave
from zhida.report.weave_rules import anchor

BOTH: tuple[Language, ...] = ("zh", "en")
POLICIES = cases()


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def woven(packs: Packs, policy_id: str = "town/grant", language: Language = "zh", *, run: bool = True) -> str:
    policy = packs.policies[policy_id]
    return weave(policy, packs, list(run_examples(packs, policy, as_of=AS_OF)) if run else [], language=language)


def section(text: str, heading: str) -> str:
    """Return the section of the page under a heading."""
    start = text.index(f"<h2>{heading}")
    return text[start : text.index("</section>", start)]


# --- nothing is lost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy_id", POLICIES)
def test_every_article_and_every_rule_appears(packs: Packs, policy_id: str) -> None:
    text = woven(packs, policy_id, run=False)
    words = Page(text).words
    policy = packs.policies[policy_id]
    for article in policy.tangled.articles:
        assert article.heading in words
    for decision in policy.tangled.decisions:
        if isinstance(decision.expression, DecisionTable):
            table = text[text.index(f'id="{anchor("decision", decision.name)}"') :]
            table = table[: table.index("</table>")]
            for rule in decision.expression.rules:
                row = table[table.index(f'id="{anchor("rule", f"{decision.name}-{rule.number}")}"') :]
                cells = Page(row[: row.index("</tr>")]).words
                assert rule.article in cells
                for entry in (*rule.input_entries, *rule.output_entries):
                    assert entry.text == "-" or entry.text in cells
        elif decision.id != policy.applies_id:
            assert decision.expression.text.text in words
    for caveat in policy.tangled.caveats:
        assert re.sub(r"\s", "", caveat.text) in re.sub(r"\s", "", words)


@pytest.mark.parametrize("policy_id", POLICIES)
def test_every_example_appears_with_its_mark(packs: Packs, policy_id: str) -> None:
    text = woven(packs, policy_id)
    assert text.count("✓ 相符") == len(packs.policies[policy_id].tangled.examples)
    assert "✗" not in text


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("policy_id", POLICIES)
def test_the_page_stands_alone_and_its_links_lead_somewhere(packs: Packs, policy_id: str, language: Language) -> None:
    text = woven(packs, policy_id, language, run=False)
    assert_stands_alone(text)
    attributes = Page(text).attributes
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in attributes if name == "href" and value.startswith("#")} <= set(ids)


def test_law_and_rule_of_an_article_stand_side_by_side(tmp_path: Path) -> None:
    first = section(woven(town(tmp_path)), "第一条")
    law, rules = first.index("小企业。"), first.index('id="decision-可补助"')
    assert 0 < law < rules
    assert "补助金额" not in first[rules:]


def test_an_article_without_rules_appears_too(tmp_path: Path) -> None:
    assert "只有文字。" in section(woven(town(tmp_path)), "第三条 没有规则的一条")
    assert "仅供阅读" in woven(town(tmp_path))


# --- what the page says of the policy ------------------------------------------------------------------------------


def test_the_card_says_number_validity_and_how_well_it_was_checked(tmp_path: Path) -> None:
    packs = town(tmp_path)
    words = Page(woven(packs)).words
    for stated in (
        "文〔2026〕1号",
        "2026年1月1日至2026年12月31日",
        "资金",
        "申报审核",
        "核对依据：转载件（2026-11-20）",
        "保留 2 位小数，向下取整",
    ):
        assert stated in words
    assert packs.policies["town/grant"].sha256 in words


def test_the_card_is_told_in_english_too(tmp_path: Path) -> None:
    words = Page(woven(town(tmp_path), language="en")).words
    for stated in (
        "1 January 2026 to 31 December 2026",
        "Checked against a repost (2026-11-20)",
        "Facts used",
        "Parameters used",
        "rounded down",
    ):
        assert stated in words


def test_caveats_and_the_examples_are_headed_in_the_page_s_language(packs: Packs) -> None:
    for language, caveat, examples in (("zh", "待确认", "例"), ("en", "To be confirmed", "Examples")):
        text = woven(packs, "national/disability-levy", language, run=False)  # type: ignore[arg-type]
        assert f"<strong>{caveat}</strong>" in text
        assert f"<h2>{examples}</h2>" in text
        assert f">{examples}</a>" in text


def test_figures_from_memory_are_not_called_checked(tmp_path: Path) -> None:
    packs = town(tmp_path, POLICY.replace("by: repost", "by: recalled"))
    assert "未对照文本：凭记忆（2026-11-20）" in Page(woven(packs)).words
    assert "From memory, not checked against a text" in Page(woven(packs, language="en")).words


def test_facts_and_parameters_are_listed_with_their_source(tmp_path: Path) -> None:
    text = woven(town(tmp_path))
    words = Page(section(text, "用到的事实")).words
    for stated in ("营业收入", "税务局", "统计局", "人工认定", "0 至 10,000 亿元"):
        assert stated in words
    parameters = Page(section(text, "用到的参数")).words
    assert "补助比例" in parameters
    assert "0.3" in parameters
    assert "凭记忆" in parameters
    assert "上限" not in parameters


def test_a_parameter_without_a_figure_stands_out(packs: Packs) -> None:
    text = section(woven(packs, "national/disability-levy", run=False), "用到的参数")
    row = text[text.index('id="parameter-当地社会平均工资"') :]
    assert '<td class="open">未填写</td>' in row[: row.index("</tr>")]


def test_used_policies_are_named_with_what_is_taken(packs: Packs) -> None:
    words = Page(section(woven(packs, "hangzhou/compute-voucher", run=False), "引用的政策")).words
    for stated in (
        "中小企业划型标准（national/sme-size）",
        "工信部联企业〔2011〕300号",
        "企业规模",
        packs.policies["national/sme-size"].sha256[:12],
    ):
        assert stated in words
    assert "划型行业" not in words


def test_large_sums_are_also_told_in_the_words_of_documents(packs: Packs) -> None:
    text = woven(packs, "national/sme-size", run=False)
    assert '<code class="whole">&gt;= 20000000</code><span class="gloss">≥ 2,000 万元</span>' in text
    assert "&gt;= 300</code></td>" in text


def test_names_in_rules_lead_to_where_they_are_defined(tmp_path: Path) -> None:
    text = woven(town(tmp_path))
    code = text[text.index('id="decision-补助金额"') :]
    assert '<a href="#fact-营业收入">营业收入</a> * <a href="#parameter-补助比例">补助比例</a> / 3' in code


def test_a_text_that_reads_like_a_name_is_no_link(tmp_path: Path) -> None:
    packs = town(tmp_path, POLICY.replace('"<b>" = "<b>"', '"从业人员" = "从业人员"'))
    text = woven(packs, run=False)
    assert "if &quot;从业人员&quot; = &quot;从业人员&quot; then" in text


# --- examples ------------------------------------------------------------------------------------------------------


def test_a_failing_example_says_what_came_out(tmp_path: Path) -> None:
    text = woven(town(tmp_path))
    assert text.count("✓ 相符") == 1
    assert text.count("✗ 不符") == 1
    failed = text[text.index("✗ 不符") :]
    assert "3000000" in failed
    assert "false" in Page(failed).words
    assert "1 个相符，1 个不符" in Page(text).words


def test_examples_that_were_not_run_are_not_called_passed(tmp_path: Path) -> None:
    text = woven(town(tmp_path), run=False)
    assert text.count('<td class="mark quiet">未运行</td>') == 2
    assert "✓" not in text
    assert "2 个未运行" in Page(text).words


# --- hostile words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", BOTH)
def test_hostile_words_are_shown_and_never_run(tmp_path: Path, language: Language) -> None:
    text = woven(town(tmp_path), language=language)
    assert_stands_alone(text)
    assert HOSTILE not in text
    places = POLICY.count(HOSTILE)
    assert Page(text).words.count(HOSTILE) >= places
    assert "接着写。图" in Page(text).words
    assert "example.org" not in text


def test_a_policy_with_errors_is_shown_with_its_findings(tmp_path: Path) -> None:
    packs = town(tmp_path, POLICY.replace("< 300 |", "< 职工 |"))
    policy = packs.policies["town/grant"]
    assert not policy.is_sound
    for language, heading in (("zh", "检查发现"), ("en", "Findings")):
        words = Page(section(weave(policy, packs, [], language=language), heading)).words  # type: ignore[arg-type]
        assert "feel-unknown-name" in words
        assert "职工" in words


def test_two_headings_of_one_name_have_two_anchors(tmp_path: Path) -> None:
    packs = town(tmp_path, POLICY.replace("## 第三条 没有规则的一条", "## 第二条 数额"))
    ids = [value for name, value in Page(woven(packs, run=False)).attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_paragraphs_of_a_list_stay_one_list(tmp_path: Path) -> None:
    packs = town(tmp_path, POLICY.replace("只有文字。", "1. 甲\n\n2. 乙\n\n3. 丙"))
    part = section(woven(packs, run=False), "第三条")
    assert part.count("<ol>") == 1
    assert part.count("<li>") == 3
