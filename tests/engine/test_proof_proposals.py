"""`zhida examples`: what is proposed shows what was not shown, and what is accepted is a file that holds."""

import json
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, block, packs_with
from tests.packs import the_packs
from zhida.assess.examples import run_examples
from zhida.cli import run
from zhida.policy.pack import Packs, load_packs, with_policy
from zhida.proof.findings import Verdict
from zhida.proof.proposals.accept import accepted_text
from zhida.proof.proposals.propose import Proposals, Wanted, propose
from zhida.proof.proposals.rows import identified, markdown
from zhida.proof.proposals.shown import shown_by_examples
from zhida.proof.proposals.targets import BOUNDARIES, TargetKind, targets_of
from zhida.proof.solver.encoding import Encoding, Solution
from zhida.source import Source
from zhida.values.temporal import Date

TABLE = """| F | 人 | 类型 | **金额: number** |
|---|---|---|---|
| 1 | [20..300) | "企业" | 1000 |
| 2 | >= 300 | - | 5000 |
| 否则 | - | - | 0 |

"""
ELIGIBLE = block("符合: boolean", "收入 > 0")
BODY = ELIGIBLE + TABLE
KEYS = {"amount": "金额", "applies": '城市 = "杭州市"', "in_force": "2025-01-01/2026-12-31"}


def proposed(packs: Packs, **wanted: object) -> Proposals:
    return propose(packs, packs.policies["demo/a"], as_of=AS_OF, wanted=Wanted(**wanted))  # type: ignore[arg-type]


def failing(packs: Packs, text: str, old: str, new: str, *, as_of: Date = AS_OF) -> list[str]:
    """Return the ids of the examples of an accepted text that fail once something in it is changed."""
    assert text.count(old) >= 1
    policy = packs.policies["demo/a"]
    path = Path(policy.document.source.name)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    changed = load_packs(path.parents[2])
    path.write_text(policy.document.source.text, encoding="utf-8")
    assert [item.render() for item in changed.diagnostics if item.severity == "error"] == []
    return [result.example.id for result in run_examples(changed, changed.policies["demo/a"], as_of=as_of) if not result.passed]


MUTANTS = [
    ("[20..300)", "[21..300)"),
    ("[20..300)", "(20..300)"),
    ("[20..300)", "[20..300]"),
    ("[20..300)", "[20..299)"),
    (">= 300", "> 300"),
    (">= 300", ">= 301"),
    ("| 1000 |", "| 1001 |"),
    ("| 5000 |", "| 50000000 |"),
    ("| 否则 | - | - | 0 |", "| 否则 | - | - | 1 |"),
    ('| 1 | [20..300) | "企业" | 1000 |\n', ""),
    ("| 2 | >= 300 | - | 5000 |\n", ""),
    ('"企业" | 1000', '"高校" | 1000'),
    ("收入 > 0", "收入 >= 0"),
    ("收入 > 0", "收入 > 1"),
    ('"杭州市"', '"宁波市"'),
    ("2025-01-01/2026-12-31", "2025-01-02/2026-12-31"),
    ("2025-01-01/2026-12-31", "2024-12-31/2026-12-31"),
    ("2025-01-01/2026-12-31", "2025-01-01/2026-12-30"),
    ("2025-01-01/2026-12-31", "2025-01-01/2027-01-01"),
]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Packs, str]:
    packs = packs_with(tmp_path_factory.mktemp("packs"), BODY, **KEYS)
    return packs, accepted_text(packs, packs.policies["demo/a"], proposed(packs))


def test_accepted_examples_pass(accepted: tuple[Packs, str]) -> None:
    packs, text = accepted
    policy = with_policy(packs, "demo/a", Source("a.md", text))
    assert policy.is_sound
    assert len(policy.tangled.examples) > 5
    assert all(result.passed for result in run_examples(packs, policy, as_of=AS_OF))


@pytest.mark.parametrize(("old", "new"), MUTANTS)
def test_accepted_examples_fail_as_soon_as_a_rule_is_changed(accepted: tuple[Packs, str], old: str, new: str) -> None:
    assert failing(*accepted, old, new)


def test_where_everything_is_accepted_nothing_is_proposed(accepted: tuple[Packs, str]) -> None:
    packs, text = accepted
    policy = with_policy(packs, "demo/a", Source("a.md", text))
    assert propose(packs, policy, as_of=AS_OF).rows == ()


def test_the_rest_of_the_file_stays_byte_for_byte(accepted: tuple[Packs, str]) -> None:
    packs, _ = accepted
    policy = packs.policies["demo/a"]
    raw = "\ufeff" + policy.document.source.text.replace("\n", "\r\n") + "\r\n\r\n## 附则\r\n\r\n无。"
    policy = with_policy(packs, "demo/a", Source("a.md", raw[1:].replace("\r\n", "\n")))
    text = accepted_text(packs, policy, propose(packs, policy, as_of=AS_OF), raw)
    assert text.startswith(raw)
    assert "\n" not in text.replace("\r\n", "")
    assert "## 例\r\n" in text


def test_rows_stand_behind_the_last_table_of_examples_with_ids_of_their_own(tmp_path: Path) -> None:
    examples = '## 例\n\n| 例 | 人 | 类型 | **金额** |\n|---|---|---|---|\n| p7 | 20 | "企业" | 1000 |\n\n## 附则\n\n无。\n'
    packs = packs_with(tmp_path, BODY + examples, **KEYS)
    policy = packs.policies["demo/a"]
    text = accepted_text(packs, policy, proposed(packs))
    before, _, behind = text.partition("| p7 |")
    assert policy.document.source.text.startswith(before)
    assert behind.endswith("\n## 附则\n\n无。\n")
    assert "| p8 |" in behind
    assert "| p1 |" not in behind


def test_a_line_is_shown_by_a_row_on_it_and_one_a_step_past_it(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, BODY, **KEYS)
    rows = [row for row in proposed(packs, kinds=BOUNDARIES, decision="金额").rows if row.decision_id.endswith("金额")]
    assert {int(row.facts["人"]) for row in rows} == {19, 20, 299, 300}
    assert all(row.purposes[0][0].startswith(("恰在线上：", "刚过线：")) for row in rows)


def test_what_examples_show_already_is_not_proposed(tmp_path: Path) -> None:
    told = ((19, "企业", 0), (20, "企业", 1000), (299, "企业", 1000), (299, "高校", 0), (300, "企业", 5000))
    shown = "".join(f'| {place} | {number} | "{kind}" | {value} |\n' for place, (number, kind, value) in enumerate(told))
    packs = packs_with(tmp_path, BODY + "| 例 | 人 | 类型 | **金额** |\n|---|---|---|---|\n" + shown, **KEYS)
    assert proposed(packs, kinds=BOUNDARIES, decision="金额").rows == ()


def test_what_a_decision_shows_through_another_counts(tmp_path: Path) -> None:
    body = BODY + block("两倍: number", "金额 * 2")
    example = '| 例 | 人 | 类型 | **两倍** |\n|---|---|---|---|\n| 1 | 20 | "企业" | 2000 |\n'
    packs = packs_with(tmp_path, body + example, **KEYS)
    policy = packs.policies["demo/a"]
    (shown,) = shown_by_examples(packs, policy, as_of=AS_OF)
    model = packs.model_of(policy.id, AS_OF)
    on = next(target for target in targets_of(model, "demo/a#金额") if target.kind is TargetKind.ON)
    assert shown.shows(on.decision_id, on.other)


def test_an_expectation_that_is_not_filled_in_is_refused(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, BODY, **KEYS)
    policy = packs.policies["demo/a"]
    found = proposed(packs)
    text = policy.document.source.text + "\n" + markdown(identified(found.rows, policy), found.order, is_filled=False)
    pasted = with_policy(packs, "demo/a", Source("a.md", text))
    results = list(run_examples(packs, pasted, as_of=AS_OF))
    assert len(results) == len(found.rows)
    assert not any(result.passed for result in results)
    assert {item.code for result in results for item in result.diagnostics} <= {"policy-example-value", "policy-example-outcome"}


def test_several_outputs_are_expected_one_by_one(tmp_path: Path) -> None:
    table = (
        '| U 待遇 | 人 | **标准: number** | **档: string** |\n|---|---|---|---|\n| 1 | <= 20 | 10 | "甲" |\n| 2 | > 20 | 20 | "乙\\|丙" |\n'
    )
    packs = packs_with(tmp_path, ELIGIBLE + table)
    text = accepted_text(packs, packs.policies["demo/a"], proposed(packs))
    assert "| **待遇.标准** | **待遇.档** |" in text
    assert failing(packs, text, '"甲"', '"丁"')
    assert failing(packs, text, "| 10 |", "| 11 |")
    assert failing(packs, text, '"乙\\|丙"', '"丁"')


FIGURES = "min(收入 * 0.30 + 100, if 收入 > 50000 then 8000 else 4000)"


def test_figures_in_expressions_are_shown(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", FIGURES), amount="金额")
    text = accepted_text(packs, packs.policies["demo/a"], proposed(packs))
    figures = (("0.30", "0.31"), ("+ 100", "+ 101"), ("8000", "8001"), ("4000", "3999"))
    for old, new in (*figures, ("> 50000", ">= 50000"), ("> 50000", "> 50001")):
        assert failing(packs, text, old, new), (old, new)


def test_columns_that_were_exchanged_are_found(tmp_path: Path) -> None:
    rows = "| 1 | true | false | 3 |\n| 2 | true | true | 2 |\n| 否则 | - | - | 0 |\n"
    packs = packs_with(tmp_path, ELIGIBLE + "| F | 重点 | 创新 | **金额: number** |\n|---|---|---|---|\n" + rows)
    text = accepted_text(packs, packs.policies["demo/a"], proposed(packs))
    assert failing(packs, text, "重点 | 创新", "创新 | 重点")


def test_a_condition_that_never_decides_is_told_and_not_proposed(tmp_path: Path) -> None:
    packs = packs_with(
        tmp_path,
        ELIGIBLE + '| F | 人 | **档: string** |\n|---|---|---|\n| 1 | >= 300 | "中" |\n| 2 | >= 500 | "大" |\n| 否则 | - | "小" |\n',
    )
    found = proposed(packs, decision="档")
    told = [item.arguments["target_zh"] for item in found.told if item.code == "proof-example-impossible"]
    assert "规则 2" in told
    assert found.tally.undecided == 0


def test_without_a_solver_rows_are_found_by_trying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undecided = Solution(Verdict.UNDECIDED, reason=("未安装", "not installed"))
    monkeypatch.setattr(Encoding, "solve", lambda *_, **__: undecided)
    packs = packs_with(tmp_path, BODY, **KEYS)
    text = accepted_text(packs, packs.policies["demo/a"], proposed(packs))
    for old, new in MUTANTS[:6]:
        assert failing(packs, text, old, new), (old, new)


@pytest.mark.parametrize("name", ["national/small-profit-tax", pytest.param("hangzhou/compute-voucher", marks=pytest.mark.long)])
def test_the_packs_accept_their_rows_and_then_lack_none(name: str) -> None:
    packs = the_packs()
    policy = packs.policies[name]
    day = Date(2026, 11, 20)
    found = propose(packs, policy, as_of=day)
    written = with_policy(packs, name, Source(policy.document.source.name, accepted_text(packs, policy, found)))
    assert len(written.tangled.examples) == len(policy.tangled.examples) + len(found.rows)
    again = propose(packs, written, as_of=day)
    assert again.rows == ()
    assert again.tally.shown == found.tally.shown + found.tally.added


# --- the command ---------------------------------------------------------------------------------------------------------


def test_the_command_prints_tables_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packs_with(tmp_path, BODY, **KEYS)
    before = (tmp_path / "demo/policies/a.md").read_bytes()
    assert run(["examples", "demo/a", "--packs", str(tmp_path), "--as-of", "2026-03-01"]) == 0
    said = capsys.readouterr()
    assert '| p1 | @"2026-03-01" |' in said.out
    assert "待填" in said.out
    assert "原有的例显示 0 处" in said.err
    assert (tmp_path / "demo/policies/a.md").read_bytes() == before


def test_the_command_accepts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packs_with(tmp_path, BODY, **KEYS)
    path = tmp_path / "demo/policies/a.md"
    before = path.read_text(encoding="utf-8")
    arguments = ["examples", "--all", "--accept", "--packs", str(tmp_path), "--as-of", "2026-03-01", "--lang", "en"]
    assert run(arguments) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(path)
    assert "NOTE:" in said.err
    text = path.read_text(encoding="utf-8")
    assert text.startswith(before)
    assert run(arguments) == 0
    assert "nothing to add" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == text


def test_the_command_gives_all_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packs_with(tmp_path, BODY, **KEYS)
    assert run(["examples", "demo/a", "--packs", str(tmp_path), "--as-of", "2026-03-01", "--json", "--only", "boundaries"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["policies"]
    assert found["targets"] == found["shown_with_rows"] + found["impossible"] + found["undecided"]
    assert found["rows"][0]["id"] == "p1"
    assert set(found["rows"][0]) >= {"facts", "computed", "purpose_zh", "as_of", "decision"}


@pytest.mark.parametrize("arguments", [["examples"], ["examples", "demo/a", "--all"], ["examples", "demo/a", "--decision", "没有"]])
def test_the_command_refuses_what_cannot_be_meant(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packs_with(tmp_path, BODY, **KEYS)
    assert run([*arguments, "--packs", str(tmp_path)]) in {1, 2}
    assert capsys.readouterr().err
