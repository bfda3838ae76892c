"""Two versions of a policy: what changed in its words, its rules and its answers."""

import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import block, front
from tests.engine.proof_versions import TODAY, compare, packs_around, version
from tests.packs import the_packs
from zhida.assess.assessment import Outcome
from zhida.assess.judge import judge
from zhida.assess.subject import inputs_of
from zhida.cli import run
from zhida.dmn.evaluate import Evaluator
from zhida.policy.front_matter import Interval
from zhida.policy.pack import Packs, load_packs
from zhida.proof.difference.answers import OTHER_GIFT, OTHER_ROUNDING, Change, Kind
from zhida.proof.difference.text import stretches
from zhida.proof.difference.versions import Version, days_for, difference, solver_of
from zhida.proof.findings import Verdict
from zhida.proof.solver.encoding import NOT_INSTALLED, Encoding, Extreme, Solution
from zhida.report.difference import difference_text
from zhida.report.difference_words import Style
from zhida.values.temporal import Date

SIZE = """## 第一条 人数

职工 {line} 人以上。

| F | 人 | **符合: boolean** | *说明* |
|---|---|---|---|
| 1 | >= {line} | true | |
| 2 | < {line} | false | 人数不够 |
"""

MONEY = (
    SIZE
    + """
## 第二条 金额

按收入的 {rate} 给，最多 {cap} 元。

```feel 金额: number
min(收入 * {rate}, {cap})
```
"""
)


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_around(tmp_path_factory.mktemp("packs"))


@pytest.fixture(scope="module")
def real() -> Packs:
    return the_packs()


def shows(change: Change, versions: tuple[Version, Version], days: tuple[Date, Date]) -> bool:
    """Say whether both versions answer a subject as a change says."""
    for item, day, said in zip(versions, days, (change.old, change.new), strict=True):
        model = item.packs.model_of(item.policy.id, day)
        answer = judge(model, Evaluator(model.model, inputs_of(model, change.facts), as_of=day)).answer
        if said.answer is None or answer != said.answer:
            return False
    return True


def test_the_same_text_does_not_differ(packs: Packs) -> None:
    body = SIZE.format(line=20)
    found = compare(packs, body, body)
    assert found.is_empty
    assert found.answers is not None
    assert (found.answers.policy.verdict, found.answers.policy.changes) == (Verdict.PROVED, ())
    assert difference_text(found, Style())[-1] == "两个版本没有不同。"


def test_a_moved_line_is_told_with_a_subject_between_the_lines_and_the_proof_that_nobody_else_changes(packs: Packs) -> None:
    found = compare(packs, SIZE.format(line=20), SIZE.format(line=30))
    assert found.answers is not None
    policy = found.answers.policy
    assert policy.is_complete
    [change] = policy.changes
    assert change.kind is Kind.LOSES
    assert 20 <= change.facts["人"] < 30
    assert (change.old.rule, change.new.rule, change.new.note) == ("1", "2", "人数不够")
    assert shows(change, (found.old, found.new), found.days)


def test_the_same_rules_in_other_words_are_proved_to_answer_the_same(packs: Packs) -> None:
    turned = "| F | 人 | **符合: boolean** |\n|---|---|---|\n| 1 | < 20 | false |\n| 2 | >= 20 | true |\n"
    found = compare(packs, SIZE.format(line=20), turned)
    assert found.answers is not None
    assert found.answers.policy.verdict is Verdict.PROVED
    assert found.answers.policy.is_complete


def test_amounts_down_and_up_are_told_apart_with_the_difference_in_yuan(packs: Packs) -> None:
    old, new = MONEY.format(line=20, rate="0.1", cap=1000), MONEY.format(line=20, rate="0.2", cap=800)
    found = compare(packs, old, new, solver=solver_of, amount="金额")
    assert found.answers is not None
    policy = found.answers.policy
    assert {change.kind for change in policy.changes} == {Kind.DOWN, Kind.UP}
    for change in policy.changes:
        assert shows(change, (found.old, found.new), found.days)
        assert change.gain is not None
        assert (change.gain < 0) is (change.kind is Kind.DOWN)


def test_without_a_solver_what_cannot_be_enumerated_is_compared_on_examples_and_that_is_said(packs: Packs) -> None:
    example = "\n| 例 | 人 | 收入 | **金额** |\n|---|---|---|---|\n| b1 | 30 | 1000 | 100 |\n"
    old, new = MONEY.format(line=20, rate="0.1", cap=1000) + example, MONEY.format(line=20, rate="0.2", cap=1000)
    found = compare(packs, old, new, amount="金额")
    assert found.answers is not None
    policy = found.answers.policy
    assert not policy.is_complete
    [change] = policy.changes
    assert (change.origin.example, change.gain) == ("b1", Decimal(100))
    assert any("没有求解器" in line for line in difference_text(found, Style()))


FIGURES = ((20, "2025-01-01/2025-12-31"), (30, "2026-01-01/.."))
"""A parameter that changes with the year."""


class Absent(Encoding):
    """A solver that is not installed."""

    def solve(self, *_: object, **__: object) -> Solution:
        return Solution(Verdict.UNDECIDED, reason=NOT_INSTALLED)

    def greatest(self, *_: object, **__: object) -> Extreme:
        return Extreme(self.solve())


def test_where_the_solver_is_not_installed_that_is_the_reason_and_no_other(packs: Packs) -> None:
    old, new = MONEY.format(line=20, rate="0.1", cap=1000), MONEY.format(line=20, rate="0.2", cap=1000)
    found = compare(packs, old, new, solver=lambda model: Absent([model]), amount="金额")
    assert found.answers is not None
    assert found.answers.policy.reasons == (NOT_INSTALLED,)


def test_what_is_given_in_another_form_is_said_not_to_be_compared(packs: Packs) -> None:
    body = MONEY.format(line=20, rate="0.1", cap=1000)
    versions = (version(packs, body), version(packs, body, amount="金额"))
    found = difference(*versions, days=(TODAY, TODAY))
    assert found.answers is not None
    assert OTHER_GIFT in found.answers.policy.reasons
    versions = (version(packs, body, amount="金额"), version(packs, body, amount="金额", rounding="{scale: 0, mode: down}"))
    found = difference(*versions, days=(TODAY, TODAY))
    assert found.answers is not None
    assert OTHER_ROUNDING in found.answers.policy.reasons


def test_a_parameter_with_another_figure_on_the_other_day_changes_answers(tmp_path: Path) -> None:
    packs_around(tmp_path)
    rows = "".join(f"| 人数线 | number | 人 | {figure} | {days} | 甲 | official |\n" for figure, days in FIGURES)
    head = "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    written(tmp_path, "demo/parameters.md", f"# 参数\n\n{head}{rows}")
    loaded = load_packs(tmp_path)
    body = block("符合: boolean", "人 >= 人数线")
    versions = (version(loaded, body, in_force="2025-01-01/2025-12-31"), version(loaded, body, in_force="2026-01-01/.."))
    found = difference(*versions, days=(Date(2025, 12, 31), Date(2026, 1, 1)), solver=solver_of)
    assert found.rules.parameters == (("人数线", "20", "30"),)
    assert found.answers is not None
    [change] = found.answers.policy.changes
    assert change.kind is Kind.LOSES
    assert 20 <= change.facts["人"] < 30
    assert found.answers.policy.is_complete


def test_a_fact_that_only_the_new_version_asks_for_may_be_anything(packs: Packs) -> None:
    rows = "| 1 | < 20 | - | false |\n| 2 | - | false | false |\n| 3 | - | - | true |\n"
    new = "| F | 人 | 重点 | **符合: boolean** |\n|---|---|---|---|\n" + rows
    found = compare(packs, SIZE.format(line=20), new)
    assert found.answers is not None
    [change] = found.answers.policy.changes
    assert change.facts["重点"] is False
    assert found.rules.facts_added == ("重点",)
    assert found.answers.policy.is_complete


def test_a_scope_that_shrinks_puts_subjects_out_of_it(packs: Packs) -> None:
    body = SIZE.format(line=20)
    versions = (version(packs, body), version(packs, body, applies='类型 = "企业"'))
    found = difference(*versions, days=(TODAY, TODAY))
    assert found.answers is not None
    assert Kind.LEAVES in {change.kind for change in found.answers.policy.changes}
    assert ("applies", "", '类型 = "企业"') in {(key.name, key.old, key.new) for key in found.front}


def test_each_version_is_judged_on_a_day_of_its_own() -> None:
    old, new = Interval(Date(2022, 8, 1), Date(2026, 3, 31)), Interval(Date(2026, 4, 1), None)
    assert days_for(old, new, None, Date(2026, 11, 20)) == (Date(2026, 3, 31), Date(2026, 4, 1))
    assert days_for(old, new, Date(2026, 6, 1), Date(2026, 11, 20)) == (Date(2026, 3, 31), Date(2026, 6, 1))
    assert days_for(new, new, None, Date(2026, 11, 20)) == (Date(2026, 11, 20), Date(2026, 11, 20))


def test_the_day_in_a_rule_is_the_day_of_its_version(packs: Packs) -> None:
    body = block("符合: boolean", "成立 <= 评估日")
    versions = (version(packs, body, in_force="2025-01-01/2025-12-31"), version(packs, body, in_force="2026-01-01/.."))
    days = days_for(versions[0].in_force, versions[1].in_force, None, TODAY)
    found = difference(*versions, days=days)
    assert found.answers is not None
    [change] = found.answers.policy.changes
    assert (change.kind, change.facts["成立"]) == (Kind.GAINS, Date(2026, 1, 1))
    assert found.answers.policy.is_complete


def test_articles_are_matched_by_title_and_compared_by_figures(packs: Packs) -> None:
    found = compare(packs, SIZE.format(line=20), "## 第九条 面积\n\n另写。\n\n" + SIZE.format(line=30).replace("第一条", "第三条"))
    [change] = found.law.changed
    assert change.old is not None
    assert change.new is not None
    assert (change.old.heading, change.new.heading) == ("第一条 人数", "第三条 人数")
    assert [(each.old, each.new) for each in change.stretches if each.old != each.new] == [("20", "30")]
    assert [each.new.heading for each in found.law.added if each.new] == ["第九条 面积"]


def test_a_figure_is_never_cut_in_two() -> None:
    assert [(each.old, each.new) for each in stretches("营收 1000 万元", "营收 1500 万元") if each.old != each.new] == [("1000", "1500")]


def test_rows_are_matched_by_what_they_say_whatever_their_numbers_are(packs: Packs) -> None:
    new = "| F | 人 | **符合: boolean** |\n|---|---|---|\n| 1 | > 900 | false |\n| 2 | >= 20 | true |\n| 3 | < 20 | false |\n"
    found = compare(packs, SIZE.format(line=20), new)
    [change] = found.rules.decisions
    assert [row.number for row in change.rows_added] == ["1"]
    assert not change.rows_removed
    assert not change.rows, "a row with a new number says the same"


def test_a_decision_with_a_new_name_and_the_same_rules_is_renamed(packs: Packs) -> None:
    old = block("大: boolean", "人 >= 20 and 收入 > 5") + block("符合: boolean", "大")
    new = block("够大: boolean", "人 >= 20 and 收入 > 5") + block("符合: boolean", "够大")
    found = compare(packs, old, new)
    assert ("大", "够大", "renamed") in {(each.old_name, each.name, each.kind) for each in found.rules.decisions}
    assert found.answers is not None
    assert found.answers.policy.verdict is Verdict.PROVED


def test_a_version_with_errors_still_has_its_words_and_rules_compared(packs: Packs) -> None:
    versions = (version(packs, SIZE.format(line=20)), version(packs, SIZE.format(line=30).replace("| 人 |", "| 人口 |")))
    found = difference(*versions, days=(TODAY, TODAY))
    assert found.answers is None
    assert "人口" in found.reason[0]
    assert found.law.changed
    assert found.rules.decisions


@pytest.mark.long
def test_the_measures_for_specialized_enterprises_of_2022_and_2026(real: Packs) -> None:
    versions = tuple(Version(real.policies[name], real) for name in ("national/specialized-sme-2022", "national/specialized-sme"))
    days = days_for(versions[0].in_force, versions[1].in_force, None, TODAY)
    found = difference(versions[0], versions[1], days=days)
    assert found.answers is not None
    lost = {change.new.note for change in found.answers.policy.changes if change.kind is Kind.LOSES}
    assert {"称号或年限不够", "营收和融资不够", "研发投入不够", "没有Ⅰ类知识产权", "平台得分不够"} <= lost
    for change in found.answers.policy.changes:
        assert shows(change, (versions[0], versions[1]), days)
    text = "\n".join(difference_text(found, Style(is_whole=True, cells=10_000)))
    assert "营业收入 ≥ 1,000 万元 → ≥ 1,500 万元" in text
    assert "上年度营业收入 【1000 → 1500】 万元以上" in text
    assert "近两年新增股权融资" in found.answers.unchanged


def test_stable_jobs_lose_the_higher_share_in_2026(real: Packs) -> None:
    versions = tuple(Version(real.policies[name], real) for name in ("national/stable-jobs-2025", "national/stable-jobs-2026"))
    days = days_for(versions[0].in_force, versions[1].in_force, None, TODAY)
    found = difference(versions[0], versions[1], days=days, solver=solver_of)
    assert found.answers is not None
    policy = found.answers.policy
    assert policy.is_complete or NOT_INSTALLED in policy.reasons
    assert not policy.changes
    share = next(each for each in found.answers.decisions if each.name == "返还比例")
    assert share.is_complete or NOT_INSTALLED in share.reasons
    assert {(str(change.old.value), str(change.new.value)) for change in share.changes} == {("0.5", "0.3"), ("0.9", "0.6")}


# --- the command ---------------------------------------------------------------------------------------------------------


def written(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    packs_around(tmp_path / "packs")
    written(tmp_path, "packs/demo/policies/a.md", front() + SIZE.format(line=30))
    written(tmp_path, "old.md", front() + SIZE.format(line=20))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_command_tells_differences_and_leaves_with_nought_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "old.md", "demo/a"]) == 0
    said = capsys.readouterr().out
    assert "失去 1 种情形" in said
    assert "\x1b" not in said
    assert run(["diff", "old.md", "demo/a", "--exit-code"]) == 1
    assert run(["diff", "demo/a", "demo/a", "--exit-code"]) == 0


@pytest.mark.usefixtures("folder")
def test_the_command_speaks_english_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "old.md", "demo/a", "--lang", "en"]) == 0
    assert "Lost: eligible before, not eligible now" in capsys.readouterr().out
    assert run(["diff", "old.md", "demo/a", "--json"]) == 0
    assert '"kind": "loses"' in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_what_is_no_version_is_misuse(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["diff", "demo/b", "demo/a"]) == 2
    assert run(["diff", "nowhere.md", "demo/a"]) == 2
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert run(["diff", "HEAD~3:packs/demo/policies/a.md", "demo/a"]) == 2
    assert "找不到 git" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_revision_of_git_is_a_version(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    path = folder / "packs/demo/policies/a.md"
    new = path.read_text(encoding="utf-8")
    path.write_text((folder / "old.md").read_text(encoding="utf-8"), encoding="utf-8")
    for arguments in (["init", "-q"], ["add", "packs"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    path.write_text(new, encoding="utf-8")
    assert run(["diff", "HEAD:packs/demo/policies/a.md", "packs/demo/policies/a.md"]) == 0
    assert "失去 1 种情形" in capsys.readouterr().out
    assert run(["diff", "HEAD:packs/demo/policies/none.md", "demo/a"]) == 2
    assert "git 里没有" in capsys.readouterr().err


def test_outcomes_of_a_change_are_never_undetermined(real: Packs) -> None:
    versions = tuple(Version(real.policies[name], real) for name in ("national/trade-in-car-2025", "national/trade-in-car"))
    days = days_for(versions[0].in_force, versions[1].in_force, None, TODAY)
    found = difference(versions[0], versions[1], days=days)
    assert found.answers is not None
    assert found.answers.policy.changes
    for change in found.answers.policy.changes:
        assert all(said.answer is not None and said.answer.outcome is not Outcome.UNDETERMINED for said in (change.old, change.new))
