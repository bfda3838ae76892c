"""Questions about all subjects at once: what is impossible, who can, and what is honestly not decided."""

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, DICTIONARY, block, packs_with
from zhida.dmn.compiled import CompiledTable
from zhida.feel.builtins import BUILTINS
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.proof.findings import Verdict
from zhida.proof.solver import encoding as symbolic
from zhida.proof.solver.encoding import Differs, Encoding, Holds, Lies, Question, Unlike
from zhida.proof.tables.axes import Atom, AtomKind
from zhida.source import snippet
from zhida.values.temporal import Date

pytest.importorskip("z3")

D = Decimal
MORE = (
    DICTIONARY
    + """| 营收 | number | 元 | 0..1000000 | 税务局 | | | |
| 代码 | string | | | 统计局 | | | 代码表 divisions 前2位 |
| 专利 | list<context<类别: string, 件: number>> | | | 知识产权局 | | | |
"""
)
DIVISIONS = "# 大类\n\n| 代码 | 名称 |\n|---|---|\n" + "".join(f"| {number:02d} | 第{number}类 |\n" for number in range(1, 98))


def linked(root: Path, body: str) -> PolicyModel:
    files = {"demo/registry/enterprise.md": MORE, "demo/codes/divisions.md": DIVISIONS}
    if "专利" not in body:
        files["demo/registry/enterprise.md"] = "".join(line for line in MORE.splitlines(keepends=True) if "专利" not in line)
    return packs_with(root, body, files).model_of("demo/a", AS_OF)


def expression(model: PolicyModel, text: str) -> Node:
    names = [compiled.decision.name for compiled in model.model.decisions.values()]
    names += [data.name for data in model.policy.compiled.definitions.inputs]
    return parse_expression(snippet(text), Scope(NameSet([*names, *BUILTINS])))


class Asked:
    """A policy of which questions are asked as texts."""

    def __init__(self, root: Path, body: str) -> None:
        self.model = linked(root, body)
        self.encoding = Encoding([self.model])

    def holds(self, text: str) -> Holds:
        return Holds(expression(self.model, text), "demo/a#符合")

    def solve(self, *texts: str, budget: int = symbolic.BUDGET) -> symbolic.Solution:
        questions: list[Question] = [self.holds(text) for text in texts]
        found = self.encoding.solve(questions, budget=budget)
        if found.verdict is Verdict.REFUTED:
            assert self.encoding.answers(questions, found.facts), "a subject that is shown was replayed"
        return found


SIMPLE = block("符合: boolean", "人 >= 300 and 收入 > 100")


def test_what_no_subject_can_do_is_proved_impossible(tmp_path: Path) -> None:
    asked = Asked(tmp_path, SIMPLE)
    assert asked.solve("符合", "人 < 300").verdict is Verdict.PROVED


def test_what_a_subject_can_do_comes_with_the_facts_that_were_read(tmp_path: Path) -> None:
    found = Asked(tmp_path, SIMPLE).solve("符合", "人 = 300")
    assert found.verdict is Verdict.REFUTED
    assert found.facts.keys() == {"人", "收入"}
    assert found.facts["人"] == 300


def test_without_a_budget_nothing_is_decided_and_the_reason_is_said(tmp_path: Path) -> None:
    found = Asked(tmp_path, SIMPLE).solve("符合", budget=0)
    assert found.verdict is Verdict.UNDECIDED
    assert "预算" in found.reason[0]
    assert "budget" in found.reason[1]


def test_without_a_solver_nothing_is_decided_and_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbolic, "IS_INSTALLED", False)
    asked = Asked(tmp_path, SIMPLE)
    assert asked.solve("符合") == symbolic.Solution(Verdict.UNDECIDED, reason=symbolic.NOT_INSTALLED)
    assert asked.encoding.greatest(expression(asked.model, "人"), "demo/a#符合").solution.reason == symbolic.NOT_INSTALLED


def test_a_subject_outside_of_the_usual_range_is_found_last_and_marked(tmp_path: Path) -> None:
    asked = Asked(tmp_path, SIMPLE)
    assert not asked.solve("符合", "人 >= 1000000").is_unusual
    assert asked.solve("符合", "人 > 1000000").is_unusual
    assert asked.solve("人 > 1000000").facts["人"] > 1000000


def test_whole_numbers_are_whole(tmp_path: Path) -> None:
    asked = Asked(tmp_path, SIMPLE)
    assert asked.solve("人 > 300 and 人 < 301").verdict is Verdict.PROVED
    assert asked.solve("收入 > 300 and 收入 < 300.01").verdict is Verdict.PROVED, "元 has two decimal places"
    assert asked.solve("收入 > 300 and 收入 < 301").verdict is Verdict.REFUTED


def test_null_is_a_value_of_its_own(tmp_path: Path) -> None:
    asked = Asked(tmp_path, block("符合: boolean", '证书 + @"P1Y" > 评估日'))
    point = Atom(AtomKind.NULL, None)
    found = asked.encoding.solve([Lies(expression(asked.model, "符合"), "demo/a#符合", (point,))])
    assert (found.verdict, found.facts) == (Verdict.REFUTED, {"证书": None})
    assert asked.solve("符合", "证书 = null").verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("atom", "is_possible"),
    [
        (Atom(AtomKind.POINT, D(300)), True),
        (Atom(AtomKind.BETWEEN, D(350), D(300), D(400)), True),
        (Atom(AtomKind.BETWEEN, D(10), None, D(299)), False),
        (Atom(AtomKind.NULL, None), False),
    ],
)
def test_a_value_lies_in_an_atom_or_never_does(tmp_path: Path, atom: Atom, *, is_possible: bool) -> None:
    asked = Asked(tmp_path, SIMPLE)
    found = asked.encoding.solve([asked.holds("符合"), Lies(expression(asked.model, "人"), "demo/a#符合", (atom,))])
    assert (found.verdict is Verdict.REFUTED) is is_possible


def test_any_other_text_is_one_that_nobody_names(tmp_path: Path) -> None:
    asked = Asked(tmp_path, block("符合: boolean", '城市 in ("甲", "乙")'))
    other = Atom(AtomKind.OTHER, "x", excluded=("甲", "乙"))
    found = asked.encoding.solve([Lies(expression(asked.model, "城市"), "demo/a#符合", (other,))])
    assert found.facts["城市"] not in {"甲", "乙"}
    assert asked.solve("符合", '城市 != "甲" and 城市 != "乙"').verdict is Verdict.PROVED


TABLE = """| F | 人 | 收入 | **符合: boolean** | *依据* |
|---|---|---|---|---|
| 1 | >= 300 | - | true | 一 |
| 2 | >= 400 | - | false | 二 |
| 3 | < 300 | > 100 | false | 三 |
| 否则 | - | - | null | |

"""


def test_a_masked_rule_makes_no_difference_and_any_other_does(tmp_path: Path) -> None:
    asked = Asked(tmp_path, TABLE)
    body = asked.model.model.decisions["demo/a#符合"].body
    assert isinstance(body, CompiledTable)
    others = [replace(body, rules=(*body.rules[:place], *body.rules[place + 1 :])) for place in range(len(body.rules))]
    verdicts = [asked.encoding.solve([Differs("demo/a#符合", other)]).verdict for other in others]
    assert verdicts == [Verdict.REFUTED, Verdict.PROVED, Verdict.REFUTED]


def test_two_decisions_with_the_same_value_are_never_unlike(tmp_path: Path) -> None:
    body = SIMPLE + block("又一: boolean", "not(人 < 300 or 收入 <= 100)") + block("再一: boolean", "人 >= 300 and 收入 >= 100")
    asked = Asked(tmp_path, body)
    assert asked.encoding.solve([Unlike((0, "demo/a#符合"), (0, "demo/a#又一"))]).verdict is Verdict.PROVED
    found = asked.encoding.solve([Unlike((0, "demo/a#符合"), (0, "demo/a#再一"))])
    assert found.facts["收入"] == 100


def test_facts_of_one_name_are_one_variable_in_all_models(tmp_path: Path) -> None:
    old, new = linked(tmp_path / "old", SIMPLE), linked(tmp_path / "new", SIMPLE.replace("300", "200"))
    encoding = Encoding([old, new])
    found = encoding.solve([Unlike((0, "demo/a#符合"), (1, "demo/a#符合"))])
    assert 200 <= found.facts["人"] < 300
    assert encoding.solve([Unlike((0, "demo/a#符合"), (1, "demo/a#符合")), Holds(expression(old, "人 >= 300"), "demo/a#符合")]).verdict is (
        Verdict.PROVED
    )


def test_a_quotient_of_facts_is_compared_exactly_and_null_where_its_divisor_is_zero(tmp_path: Path) -> None:
    asked = Asked(tmp_path, block("符合: boolean", "收入 / 面积 >= 0.3") + block("空: boolean", "符合 = null"))
    assert asked.solve("符合", "面积 > 0", "收入 < 0.3 * 面积").verdict is Verdict.PROVED
    assert asked.solve("空", "面积 != 0").verdict is Verdict.PROVED
    assert asked.solve("空").facts["面积"] == 0


def test_dates_move_by_the_calendar(tmp_path: Path) -> None:
    asked = Asked(tmp_path, block("符合: boolean", '成立 + @"P1Y" <= 评估日') + block("年: number", "成立.year"))
    assert asked.solve("符合", '成立 > @"2025-03-01"').verdict is Verdict.PROVED
    assert asked.solve("符合", '成立 >= @"2025-03-01"').facts["成立"] == Date(2025, 3, 1)
    assert asked.solve("年 = 2024", '成立 < @"2024-01-01"').verdict is Verdict.PROVED
    assert asked.solve("years and months duration(成立, 评估日).years = 18").verdict is Verdict.REFUTED


def test_codes_are_told_apart_by_their_first_digits(tmp_path: Path) -> None:
    body = block("大类: string", 'if matches(代码, "^[0-9]{2,4}$") then substring(代码, 1, 2) else null')
    body += block("符合: boolean", '大类 in ["06".."46"] and substring(代码, 1, 3) != "071"')
    asked = Asked(tmp_path, body)
    found = asked.solve("符合", '大类 = "07"')
    assert found.facts["代码"][:2] == "07"
    assert asked.solve("符合", '代码 = "071"').verdict is Verdict.PROVED
    assert asked.solve("符合", '大类 = "47"').verdict is Verdict.PROVED


def test_a_code_that_only_a_question_names_is_told_apart(tmp_path: Path) -> None:
    asked = Asked(tmp_path, block("符合: boolean", 'substring(代码, 1, 2) = "07"'))
    assert asked.solve("符合").verdict is Verdict.REFUTED
    assert asked.solve("符合", '代码 = "0712"').facts == {"代码": "0712"}
    assert asked.solve('代码 = "0812"', "符合").verdict is Verdict.PROVED


def test_lists_of_things_are_counted_and_what_few_elements_cannot_do_is_not_said_to_be_impossible(tmp_path: Path) -> None:
    asked = Asked(tmp_path, block("一类: number", 'count(专利[类别 = "一"])') + block("符合: boolean", "一类 >= 15"))
    found = asked.solve("符合")
    assert sum(each["类别"] == "一" for each in found.facts["专利"]) >= 15
    assert asked.solve("一类 < 0").verdict is Verdict.PROVED
    many = asked.solve("一类 > 100")
    assert many.verdict is Verdict.UNDECIDED
    assert "专利" in many.reason[0]


def test_what_has_no_terms_is_named_where_it_keeps_from_a_verdict(tmp_path: Path) -> None:
    asked = Asked(tmp_path, block("长: number", "string length(城市)") + block("符合: boolean", "长 = 7 and 人 > 5"))
    found = asked.solve("符合")
    assert found.verdict is Verdict.UNDECIDED
    assert "string length" in found.reason[0]
    assert asked.solve("符合", "人 <= 5").verdict is Verdict.PROVED, "what is free there cannot help here"


def test_the_same_question_has_the_same_answer_whatever_was_asked_elsewhere(tmp_path: Path) -> None:
    first = Asked(tmp_path, SIMPLE).solve("符合")
    other = Asked(tmp_path, block("符合: boolean", "收入 / 面积 > 3"))
    other.solve("符合")
    assert Asked(tmp_path, SIMPLE).solve("符合") == first


def test_the_greatest_value_of_an_amount_is_attained_approached_or_unbounded(tmp_path: Path) -> None:
    body = block("符合: boolean", "营收 < 200") + block("补贴: number", "min(营收 * 0.5, 80) + 7") + block("无限: number", "收入 * 2")
    asked = Asked(tmp_path, body)

    def greatest(text: str, *conditions: str) -> symbolic.Extreme:
        return asked.encoding.greatest(expression(asked.model, text), "demo/a#符合", [asked.holds(each) for each in conditions])

    found = greatest("补贴")
    assert (found.value, found.is_attained) == (87, True)
    assert found.solution.facts["营收"] >= 160
    assert greatest("补贴", "营收 <= 100").value == 57
    assert greatest("无限").is_unbounded
    below = greatest("营收", "符合")
    assert (below.value, below.is_attained) in [(D(200), False), (D("199.99"), True)]
    assert greatest("补贴", "营收 < 0 and 营收 > 0").solution.verdict is Verdict.PROVED


@pytest.mark.long
def test_the_solver_is_optional() -> None:
    program = "import sys; sys.modules['z3'] = None; from zhida.proof.solver import encoding; print(encoding.IS_INSTALLED)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
