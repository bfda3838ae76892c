"""Coverage: what counts as a condition, and what examples show of it; checked against plain evaluation of the other body."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, block, packs_with
from tests.packs import the_packs
from zhida.assess.examples import run_examples
from zhida.assess.settle import settle
from zhida.cli import run
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.errors import Diagnostic, Language
from zhida.feel.evaluate import evaluate
from zhida.policy.pack import Packs, load_packs
from zhida.proof.coverage import measure as module
from zhida.proof.coverage.conditions import Condition, ConditionKind, conditions_of, with_body
from zhida.proof.coverage.effects import differ
from zhida.proof.coverage.findings import coverage_findings
from zhida.proof.coverage.lines import Lines
from zhida.proof.coverage.measure import Coverage, Measure, Trial, coverage, new_trial, trial_of
from zhida.report.weave import weave

TABLE = """| F | 人 | 类型 | **金额: number** |
|---|---|---|---|
| 1 | [20..300) | not("高校") | 1000 |
| 2 | >= 300 | - | 5000 |
| 否则 | - | - | 0 |

"""
ELIGIBLE = block("符合: boolean", "收入 > 0 and 重点")


def examples(*rows: str, head: str = "| 例 | 人 | 类型 | **金额** |") -> str:
    return "\n".join((head, "|---" * (head.count("|") - 1) + "|", *rows)) + "\n"


def packs_of(root: Path, body: str, **keys: str) -> Packs:
    packs = packs_with(root, body, None, **keys)
    assert not packs.diagnostics, [item.render() for item in packs.diagnostics]
    return packs


def covered(packs: Packs, policy: str = "demo/a") -> Coverage:
    results = list(run_examples(packs, packs.policies[policy], as_of=AS_OF))
    assert all(result.passed for result in results), [item.render() for result in results for item in result.diagnostics]
    return coverage(packs, packs.policies[policy], results, as_of=AS_OF)


def conditions(packs: Packs, decision: str) -> tuple[Condition, ...]:
    return conditions_of(packs.model_of("demo/a", AS_OF), f"demo/a#{decision}")


def texts(found: tuple[Condition, ...]) -> list[str]:
    return [condition.text[0] for condition in found]


# --- what a condition is -------------------------------------------------------------------------------------------


def test_a_table_has_each_end_each_value_each_rule_and_its_defaults(tmp_path: Path) -> None:
    found = conditions(packs_of(tmp_path, ELIGIBLE + TABLE), "金额")
    assert texts(found) == ["规则 1", "人 >= 20", "人 < 300", '类型 = "高校"', "规则 2", "人 >= 300", "否则"]
    assert [condition.rule for condition in found] == [0, 0, 0, 0, 1, 1, 2]
    assert [condition.column for condition in found] == [None, 0, 0, 1, None, 0, None]
    assert [condition.is_threshold for condition in found] == [False, True, True, False, False, True, False]
    assert [condition.span.text for condition in found[1:4]] == ["20", "300", '"高校"']


def test_an_expression_has_its_comparisons_its_bare_truths_and_the_arguments_that_are_chosen(tmp_path: Path) -> None:
    body = block("符合: boolean", "收入 between 1 and 5 and (重点 or not(限制))") + block("金额: number", "min(收入 * 2, 8000, 收入)")
    packs = packs_of(tmp_path, body)
    assert texts(conditions(packs, "符合")) == ["收入 >= 1", "收入 <= 5", "重点", "限制"]
    found = conditions(packs, "金额")
    assert texts(found) == ["min(…) 取 收入 * 2", "min(…) 取 8000", "min(…) 取 收入"]
    assert {condition.kind for condition in found} == {ConditionKind.CHOICE}
    assert all(condition.sides == (True,) for condition in found)


def test_what_is_compared_stands_on_the_left_of_its_line(tmp_path: Path) -> None:
    (found,) = conditions(packs_of(tmp_path, block("符合: boolean", "20 < 人")), "符合")
    assert (found.operator, found.is_fixed) == (">", True)
    assert found.tested is not None
    assert found.tested.span.text == "人"


def test_a_line_that_differs_from_subject_to_subject_is_told(tmp_path: Path) -> None:
    (found,) = conditions(packs_of(tmp_path, block("符合: boolean", "人 > 季度[1] * 10")), "符合")
    assert found.is_threshold
    assert not found.is_fixed


def test_a_condition_inside_of_a_filter_is_local(tmp_path: Path) -> None:
    (found,) = conditions(packs_of(tmp_path, block("符合: boolean", "count(季度[item > 5]) > 2")), "符合")[1:]
    assert found.is_local
    assert not found.is_threshold


def evaluated(packs: Packs, condition: Condition, facts: dict[str, object], decision: str) -> tuple[object, object]:
    model = packs.model_of("demo/a", AS_OF)
    trial = new_trial("", model, facts, [(f"demo/a#{decision}", "")])
    other = with_body(model, condition.decision_id, condition.flipped)
    return trial.evaluator.value(f"demo/a#{decision}"), Evaluator(other.model, trial.inputs, as_of=AS_OF).value(f"demo/a#{decision}")


@pytest.mark.parametrize(
    ("text", "people", "values"),
    [
        ("规则 1", 100, (1000, 0)),
        ("人 >= 20", 100, (1000, 0)),
        ("人 >= 20", 19, (0, 1000)),
        ("人 < 300", 300, (5000, 1000)),
        ("人 < 300", 299, (1000, 0)),
        ('类型 = "高校"', 100, (1000, 0)),
        ("否则", 19, (0, None)),
        ("人 >= 300", 299, (1000, 1000)),
    ],
)
def test_the_other_body_has_just_that_condition_the_other_way(
    tmp_path: Path, text: str, people: int, values: tuple[int | None, int | None]
) -> None:
    packs = packs_of(tmp_path, ELIGIBLE + TABLE)
    condition = next(each for each in conditions(packs, "金额") if each.text[0] == text)
    assert evaluated(packs, condition, {"人": Decimal(people), "类型": "企业"}, "金额") == values


# --- lines ---------------------------------------------------------------------------------------------------------


def test_near_is_a_step_of_the_scale_or_a_thousandth(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, block("符合: boolean", '人 > 300 and 收入 > 500000 and 成立 > @"2020-01-01" and 收入 / 人 > 7'))
    lines = Lines(packs.model_of("demo/a", AS_OF))
    reaches = []
    for condition in conditions(packs, "符合"):
        assert condition.tested is not None
        assert condition.line is not None
        line = lines.value(condition.line, "demo/a#符合")
        reaches.append([str(reach.normalize()) for reach in lines.reach(condition.tested, "demo/a#符合", line)])
    assert reaches == [["1", "1"], ["5E+2", "5E+2"], ["1", "1"], ["0.007", "0.007"]]


def test_of_a_score_the_next_number_of_points_is_near(tmp_path: Path) -> None:
    points = "| F | 人 | **分: number** |\n|---|---|---|\n| 1 | > 10 | 40 |\n| 否则 | - | 15 |\n\n"
    packs = packs_of(tmp_path, points + block("符合: boolean", "分 + 20 >= 60"))
    lines = Lines(packs.model_of("demo/a", AS_OF))
    (condition,) = conditions(packs, "符合")
    assert condition.tested is not None
    assert lines.reach(condition.tested, "demo/a#符合", Decimal(60)) == (Decimal(25), Decimal(0))


# --- what examples show --------------------------------------------------------------------------------------------


def test_an_example_shows_a_condition_only_where_just_that_changes_what_it_expects(tmp_path: Path) -> None:
    body = ELIGIBLE + TABLE + examples('| a | 300 | "高校" | 5000 |', '| b | 299 | "高校" | 0 |', '| c | 20 | "企业" | 1000 |')
    found = {shown.condition.text[0]: (shown.true, shown.false) for shown in covered(packs_of(tmp_path, body)).conditions}
    assert found["人 >= 300"] == (("a",), ("b",))
    assert found["人 < 300"] == (("c",), ()), "b has the wrong type as well: the bound alone would change nothing"
    assert found['类型 = "高校"'] == (("b",), ("c",))
    assert found["规则 1"] == (("c",), ())
    assert found["否则"] == (("b",), ())


def test_nothing_is_shown_that_is_not_expected(tmp_path: Path) -> None:
    body = ELIGIBLE + TABLE + examples("| a | 300 | 1 | true | true |", head="| 例 | 人 | 收入 | 重点 | **符合** |")
    found = covered(packs_of(tmp_path, body))
    assert {shown.condition.decision_id for shown in found.conditions if shown.true or shown.false} == {"demo/a#符合"}
    assert found.rules_fired == (0, 3)


def test_an_effect_reaches_what_is_expected_further_on(tmp_path: Path) -> None:
    body = ELIGIBLE + TABLE + block("两倍: number", "min(金额 * 2, 3000)")
    body += examples('| a | 300 | "高校" | 3000 |', '| b | 20 | "企业" | 2000 |', head="| 例 | 人 | 类型 | **两倍** |")
    found = {shown.condition.text[0]: (shown.true, shown.false) for shown in covered(packs_of(tmp_path, body)).conditions}
    assert found["人 >= 20"] == (("b",), ())
    assert found["人 >= 300"] == (("a",), ()), "in b the first rule has the first word"


def test_applies_is_seen_by_the_outcome(tmp_path: Path) -> None:
    body = block("符合: boolean", "收入 > 0")
    body += examples('| a | "杭州市" | 1 | ELIGIBLE |', '| b | "宁波市" | 1 | NOT_APPLICABLE |', head="| 例 | 城市 | 收入 | **结果** |")
    found = covered(packs_of(tmp_path, body, applies='城市 = "杭州市"'))
    shown = next(shown for shown in found.conditions if shown.condition.text[0] == '城市 = "杭州市"')
    assert (shown.true, shown.false) == (("a",), ("b",))


@pytest.mark.parametrize(
    ("condition", "rows", "sides"),
    [
        ("人 >= 20", ("20 | true", "19 | false"), (True, True)),
        ("人 >= 20", ("20 | true", "18 | false"), (True, False)),
        ("人 >= 20", ("21 | true", "19 | false"), (False, True)),
        ("人 > 20", ("20 | false", "21 | true"), (True, True)),
        ("人 > 20", ("20 | false", "19 | false"), (True, False)),
        ("人 <= 5000", ("5000 | true", "5005 | false"), (True, True)),
        ("人 <= 5000", ("5000 | true", "5006 | false"), (True, False)),
        ("人 = 20", ("20 | true", "500 | false"), (True, True)),
        ("人 / 2 > 20.05", ("40 | false", "41 | true"), (False, True)),
        ("人 / 2 > 20", ("40 | false", "41 | true"), (True, True)),
        ("人 / 2 > 20", ("40 | false", "39 | false"), (True, False)),
        ("人 > 20.5", ("20 | false", "21 | true"), (True, True)),
    ],
)
def test_a_threshold_has_both_sides_with_one_on_the_line_and_one_just_past_it(
    tmp_path: Path, condition: str, rows: tuple[str, str], sides: tuple[bool, bool]
) -> None:
    written = (f"| {id_} | {row} |" for id_, row in zip("ab", rows, strict=True))
    body = block("符合: boolean", condition) + examples(*written, head="| 例 | 人 | **符合** |")
    (found,) = covered(packs_of(tmp_path, body)).thresholds
    assert (found.has_on, found.has_past) == sides


def test_a_comparison_of_two_facts_is_a_condition_and_no_threshold(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= count(季度)") + examples("| a | 2 | [1] | true |", head="| 例 | 人 | 季度 | **符合** |")
    found = covered(packs_of(tmp_path, body))
    assert not found.thresholds
    assert [shown.condition.text[0] for shown in found.conditions] == ["人 >= count(季度)"]


def test_standing_on_a_line_is_enough_where_nothing_turns_on_it(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= 20 or 重点")
    rows = ("| a | 20 | true | true |", "| b | 19 | true | true |")
    (found,) = covered(packs_of(tmp_path, body + examples(*rows, head="| 例 | 人 | 重点 | **符合** |"))).thresholds
    assert (found.on, found.past) == (("a",), ("b",))


def test_a_side_on_which_nobody_usually_stands_is_not_asked_for(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= 0 or 重点") + examples("| a | 0 | false | true |", head="| 例 | 人 | 重点 | **符合** |")
    found = covered(packs_of(tmp_path, body)).thresholds
    assert [(each.needs_on, each.needs_past) for each in found] == [(True, False)]
    assert found[0].has_both


BANDS = """| F | 人 | **档: string** |
|---|---|---|
| 1 | < 20 | "微" |
| 2 | [20..300) | "小" |
| 3 | >= 300 | "大" |

"""


def test_a_line_behind_an_earlier_rule_is_not_asked_for_twice(tmp_path: Path) -> None:
    body = block("符合: boolean", "收入 > 0") + BANDS
    body += examples('| a | 19 | "微" |', '| b | 20 | "小" |', '| c | 299 | "小" |', '| d | 300 | "大" |', head="| 例 | 人 | **档** |")
    found = [each for each in covered(packs_of(tmp_path, body)).thresholds if each.condition.decision_id == "demo/a#档"]
    assert all(each.has_both for each in found)
    assert [each.needs_past or bool(each.past) for each in found if each.condition.text[0] == "人 >= 20"] == [True]


def test_a_rule_that_is_never_reached_is_not_counted(tmp_path: Path) -> None:
    body = block("符合: boolean", "收入 > 0") + BANDS.replace('| 3 | >= 300 | "大" |', '| 3 | >= 300 | "大" |\n| 4 | > 500 | "特大" |')
    found = covered(packs_of(tmp_path, body + examples('| a | 300 | "大" |', head="| 例 | 人 | **档** |")))
    assert [rule.can_fire for rule in found.rules] == [True, True, True, False]
    assert found.rules_fired == (1, 3)
    assert not any(item.code == "proof-rule-not-shown" and item.arguments["rule"] == "rule 4" for item in findings(tmp_path))


def findings(root: Path) -> tuple[Diagnostic, ...]:
    packs = load_packs(root)
    results = list(run_examples(packs, packs.policies["demo/a"], as_of=AS_OF))
    return coverage_findings(packs.policies["demo/a"], coverage(packs, packs.policies["demo/a"], results, as_of=AS_OF))


# --- the whole of a policy -----------------------------------------------------------------------------------------


def told_by_evaluation(trial: Trial, condition: Condition) -> Iterator[bool]:
    """Yield how a condition stands in a trial that shows it, told by evaluating all of the policy with its other body."""
    id_ = condition.decision_id
    bases = [trial.evaluator, *([trial.settled.evaluator] if trial.settled else [])]
    base = next((each for each in bases if id_ in each.trace), None)
    if base is None:
        return
    model = with_body(trial.model, id_, condition.flipped)
    other = Evaluator(model.model, trial.inputs, as_of=model.as_of)
    parts = [(module._part(trial.evaluator.value(goal), name), module._part(other.value(goal), name)) for goal, name in trial.expected]
    changes = any(differ(*pair) for pair in parts)
    if not changes and trial.settled is not None:
        changes = settle(model, trial.inputs).judgement.answer.outcome is not trial.settled.judgement.answer.outcome
    if changes:
        truth = True if len(condition.sides) == 1 else evaluate(condition.node, base.frame(base.model.decisions[id_], ElementTrace()))
        yield from (truth,) if isinstance(truth, bool) else ()


@pytest.mark.parametrize(
    "policy_id",
    [
        "hangzhou/rd-subsidy",
        pytest.param("hangzhou/compute-voucher", marks=pytest.mark.long),
        pytest.param("national/disability-levy", marks=pytest.mark.long),
    ],
)
def test_what_is_shown_is_so_by_plain_evaluation(policy_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENOUGH", 10_000)
    monkeypatch.setattr(module, "ENOUGH_ODD", 10_000)
    packs = the_packs()
    trials = [trial_of(result.run) for result in run_examples(packs, packs.policies[policy_id], as_of=AS_OF) if result.run]
    measure = Measure(trials[0].model)
    for trial in trials:
        measure.add(trial)
    unknown_only = 0
    for shown in measure.coverage().conditions:
        sides: dict[bool, set[str]] = {True: set(), False: set()}
        for trial in trials:
            for side in told_by_evaluation(trial, shown.condition):
                sides[side].add(trial.id)
        assert set(shown.true) <= sides[True], shown.condition.text
        assert set(shown.false) <= sides[False], shown.condition.text
        unknown_only += len(sides[True] - set(shown.true)) + len(sides[False] - set(shown.false))
    assert unknown_only <= 5, "an effect that only shows in what is odd about a null is not looked for"


def test_check_counts_warns_and_tells_json_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = ELIGIBLE + TABLE + examples('| a | 300 | "高校" | 5000 |', '| b | 299 | "企业" | 1000 |')
    packs_of(tmp_path, body)
    assert run(["check", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "规则触发 2/3，条件独立显示" in said.out
    assert "门槛 人 >= 20：没有恰在线上的例，也没有刚过线的例" in said.err
    assert "zhida examples demo/a" in said.err
    assert run(["check", str(tmp_path), "--json"]) == 0
    (policy,) = json.loads(capsys.readouterr().out)["by_policy"]
    assert policy["coverage"]["rules_fired"] == {"count": 2, "of": 3}
    line = next(each for each in policy["coverage"]["thresholds"] if each["threshold"] == "人 >= 300")
    assert (line["on"], line["past"]) == (["a"], ["b"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_woven_page_names_the_examples_beside_each_rule_and_marks_each_line(tmp_path: Path, language: Language) -> None:
    body = ELIGIBLE + TABLE + examples('| a | 300 | "企业" | 5000 |', '| b | 299 | "企业" | 1000 |')
    packs = packs_of(tmp_path, body)
    policy = packs.policies["demo/a"]
    text = weave(policy, packs, list(run_examples(packs, policy, as_of=AS_OF)), language=language)
    first = text[text.index('id="rule-金额-1"') : text.index('id="rule-金额-2"')]
    assert 'href="#example-b"' in first
    assert 'id="example-b"' in text
    assert [first.count(f"side {kind}") for kind in ("both", "one", "none")] == [1, 0, 1]
    assert ("没有例" if language == "zh" else "no example") in text
    assert text.count('class="legend"') == 1
