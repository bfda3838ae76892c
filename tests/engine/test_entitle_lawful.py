"""What binds policies together, which combinations are lawful, and which of them is preferred."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.policy_texts import block, front, packs_of
from tests.house.tree import ROOT
from zhida.entitle.best.lawful import Combination, Received, Situation, faults, laws, parts, preference
from zhida.entitle.best.solver import best
from zhida.entitle.stacking.shares import is_disputed, sharing_of, split_fen
from zhida.entitle.stacking.structure import Restriction, Structure, Unit, structure_of
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.policy.stacking import StackingRule, Times
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
THIS_YEAR, LAST_YEAR = Date(2026, 3, 1), Date(2025, 3, 1)
HEAD = "| 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |\n|---|---|---|---|---|---|\n"
RULE = block("符合: boolean", "人 > 0")


def packs(root: Path, *rows: str, **fronts: dict[str, str]) -> Packs:
    """Return packs with demo/a to demo/d; a front matter may be given more keys."""
    texts = {name: front(f"demo/{name}", amount="", **fronts.get(name, {})) + RULE for name in "abcd"}
    page = "# 叠加\n\n" + HEAD + "".join(f"| {row} |\n" for row in rows)
    found = packs_of(root, {f"demo/policies/{name}.md": text for name, text in texts.items()} | {"demo/stacking.md": page})
    assert [each.render() for each in found.diagnostics if each.severity == "error"] == []
    return found


def bound(rule: str, *units: str, count: int = 4, times: Times | None = None) -> Structure:
    """Return a structure of money policies 0, 1, … with one row; a unit is written as the positions of its members."""
    row = Restriction(
        "组",
        StackingRule(rule),
        tuple(Unit(f"单元{unit}", tuple(map(int, unit))) for unit in units),
        0 if rule == "封顶" else None,
        times,
        "第一条",
        "stacking.md:5:3",
        "digest",
    )
    everyone = range(count)
    return Structure(
        tuple(f"p/{each}" for each in everyone),
        (True,) * count,
        (True,) * count,
        (None,) * count,
        (False,) * count,
        tuple((each,) for each in everyone),
        (row,),
        (),
        (),
    )


def situation(*amounts: int, cap: int = 0, received: tuple[Received, ...] = ()) -> Situation:
    return Situation(amounts, (True,) * len(amounts), (cap,), (0,) * len(amounts), received)


def paid(structure: Structure, told: Situation) -> tuple[int, ...]:
    return best(structure, told, AS_OF).paid_fen


# --- structure -------------------------------------------------------------------------------------------------------------


def test_rows_are_told_by_positions(tmp_path: Path) -> None:
    structure = structure_of(packs(tmp_path, "甲 | 择高 | demo/d、demo/b | | 第三条 | "), ["demo/b", "demo/c", "demo/d"], AS_OF)
    (row,) = structure.restrictions
    assert row.units == (Unit("demo/d", (2,)), Unit("demo/b", (0,)))
    assert (row.group, row.rule, row.article, row.members) == ("甲", StackingRule.HIGHEST, "第三条", (0, 2))
    assert row.place.endswith("stacking.md:5:3")
    assert structure.components() == ((0, 2), (1,))


def test_a_group_may_name_a_group(tmp_path: Path) -> None:
    rows = ("丙 | 择高 | 乙、demo/d | | | ", "乙 | 封顶 | demo/a、demo/b | 100 | | ")
    structure = structure_of(packs(tmp_path, *rows), ["demo/a", "demo/b", "demo/d"], AS_OF)
    assert structure.restrictions[0].units == (Unit("乙", (0, 1)), Unit("demo/d", (2,)))
    assert [(each.group, each.cap) for each in structure.restrictions] == [("丙", None), ("乙", 0)]
    assert [each.name for each in structure.caps] == ["乙"]


def test_what_frees_or_shares_restricts_nothing_and_rows_about_others_are_left_out(tmp_path: Path) -> None:
    rows = ("甲 | 可叠加 | demo/a、demo/b | | | ", "乙 | 分担 | demo/a | 省 0.4、市 0.6 | | ", "丙 | 封顶 | demo/c、demo/d | 1 | | ")
    structure = structure_of(packs(tmp_path, *rows), ["demo/a", "demo/b"], AS_OF)
    assert (structure.restrictions, structure.caps) == ((), ())
    assert [each.group for each in structure.shares] == ["乙"]


def test_versions_of_a_policy_count_as_one(tmp_path: Path) -> None:
    newer = {"b": {"replaces": "demo/a", "in_force": "2026-01-01/.."}}
    rows = ("甲 | 限次 | demo/a、demo/b | 1 次/年 | | ", "乙 | 择高 | demo/a、demo/c | | | ")
    structure = structure_of(packs(tmp_path, *rows, **newer), ["demo/a", "demo/b", "demo/c"], AS_OF)
    assert [[unit.members for unit in row.units] for row in structure.restrictions] == [[(0, 1)], [(0, 1), (2,)]]
    assert structure.versions == ((0, 1), (0, 1), (2,))


def test_windows_money_and_public_funds_are_seen_from_the_day(tmp_path: Path) -> None:
    fronts = {
        "a": {"gives": "tax", "window": "--09-01/--10-31"},
        "b": {"gives": "service", "window": "2026-01-01/2026-03-31"},
        "c": {"gives": "voucher"},
    }
    structure = structure_of(packs(tmp_path, **fronts), ["demo/a", "demo/b", "demo/c"], AS_OF)
    assert structure.is_money == (True, False, True)
    assert structure.is_public_funds == (False, False, True)
    assert structure.deadlines == (Date(2026, 10, 31), Date(2026, 3, 31), None)
    assert structure.is_closed == (False, True, False)


def test_the_digest_changes_with_the_rows_that_matter(tmp_path: Path) -> None:
    one = packs(tmp_path / "1", "甲 | 择高 | demo/a、demo/b | | | ", "乙 | 择高 | demo/c、demo/d | | | ")
    other = packs(tmp_path / "2", "甲 | 择高 | demo/a、demo/b | | | ", "乙 | 择一 | demo/c、demo/d | | | ")
    digests = [structure_of(each, ids, AS_OF).sha256 for each in (one, other) for ids in (["demo/a"], ["demo/a", "demo/c"])]
    assert digests[0] == digests[2]
    assert len(set(digests)) == 3


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(1000, (200, 200, 600)), (101, (20, 20, 61)), (1, (0, 0, 1)), (3, (1, 0, 2)), (0, (0, 0, 0))],
)
def test_shares_are_split_to_the_fen_largest_remainders_first(tmp_path: Path, amount: int, expected: tuple[int, ...]) -> None:
    found = structure_of(packs(tmp_path, "乙 | 分担 | demo/a | 银行 0.2、农担 0.2、省 0.6 | | "), ["demo/a", "demo/b"], AS_OF)
    sharing = sharing_of(found, 0)
    assert sharing is not None
    assert split_fen(sharing, amount) == tuple(zip(("银行", "农担", "省"), expected, strict=True))
    assert sharing_of(found, 1) is None


def test_two_different_shares_are_not_split(tmp_path: Path) -> None:
    rows = ("乙 | 分担 | demo/a | 银行 0.2、农担 0.8 | | ", "丙 | 分担 | demo/a | 银行 0.4、农担 0.6 | | ")
    found = structure_of(packs(tmp_path, *rows), ["demo/a"], AS_OF)
    assert is_disputed(found, 0)
    assert sharing_of(found, 0) is None


# --- rules -----------------------------------------------------------------------------------------------------------------


def test_of_the_highest_only_one_is_paid_and_the_others_may_be_held() -> None:
    structure, told = bound("择高", "0", "1", count=2), situation(5, 8)
    assert paid(structure, told) == (0, 8)
    assert faults(structure, told, Combination((0, 8), (True, True)), AS_OF) == ()
    assert faults(structure, told, Combination((1, 7), (True, True)), AS_OF) == ("择高 组：选了 单元0、单元1，最多 1 项",)


def test_of_a_choice_only_one_is_taken() -> None:
    structure, told = bound("择一", "0", "1", count=2), situation(5, 8)
    assert best(structure, told, AS_OF) == Combination((0, 8), (False, True))
    assert faults(structure, told, Combination((0, 8), (True, True)), AS_OF) == ("择一 组：选了 单元0、单元1，最多 1 项",)


def test_a_nested_unit_counts_as_one() -> None:
    assert paid(bound("择高", "01", "2", count=3), situation(5, 6, 9)) == (5, 6, 0)


@pytest.mark.parametrize("rule", ["择一", "择高"])
def test_what_was_received_this_year_is_chosen_already(rule: str) -> None:
    structure = bound(rule, "0", "1", count=2)
    assert paid(structure, situation(5, 8, received=(Received(0, 3, THIS_YEAR),))) == (2, 0)
    assert paid(structure, situation(5, 8, received=(Received(0, 3, LAST_YEAR),))) == (0, 8)


def test_what_was_received_for_nothing_is_chosen_but_not_paid() -> None:
    received = (Received(0, 0, THIS_YEAR),)
    assert paid(bound("择一", "0", "1", count=2), situation(5, 8, received=received)) == (5, 0)
    assert paid(bound("择高", "0", "1", count=2), situation(5, 8, received=received)) == (0, 8)


@pytest.mark.parametrize(
    ("per", "day", "item", "counts"),
    [
        ("年", Date(2026, 1, 1), "", True),
        ("年", Date(2025, 12, 31), "", False),
        ("半年", Date(2026, 1, 1), "", True),
        ("季度", Date(2026, 4, 1), "", True),
        ("季度", Date(2026, 3, 31), "", False),
        ("月", Date(2026, 6, 1), "", True),
        ("月", Date(2025, 6, 1), "", False),
        ("户", Date(2000, 1, 1), "甲", True),
        ("终身", Date(2000, 1, 1), "", True),
        ("人", Date(2000, 1, 1), "", True),
        ("项", Date(2026, 6, 1), "甲", False),
    ],
)
def test_times_are_counted_for_the_calendar_period_or_the_item(per: str, day: Date, item: str, *, counts: bool) -> None:
    structure = bound("限次", "0", count=2, times=Times(1, per))
    assert paid(structure, situation(5, 8, received=(Received(0, 0, day, item),))) == (0 if counts else 5, 8)


def test_so_many_units_may_be_taken() -> None:
    structure = bound("限次", "0", "1", "2", times=Times(2, "年"))
    assert paid(structure, situation(5, 8, 3, 1)) == (5, 8, 0, 1)
    assert paid(structure, situation(5, 8, 3, 1, received=(Received(2, 3, THIS_YEAR),))) == (0, 8, 0, 1)


def test_a_cap_counts_what_was_received_this_year_and_never_takes_back() -> None:
    structure = bound("封顶", "0", "1", count=2)
    assert paid(structure, situation(5, 8, cap=10)) == (5, 5)
    assert paid(structure, situation(5, 8, cap=10, received=(Received(0, 5, THIS_YEAR),))) == (0, 5)
    assert paid(structure, situation(5, 8, cap=10, received=(Received(0, 50, THIS_YEAR),))) == (0, 0)


@pytest.mark.parametrize(
    ("amounts", "received", "expected"),
    [((20, 50), 0, (20, 30)), ((20, 50), 20, (0, 30)), ((50, 20), 0, (50, 0)), ((20, 50), 60, (0, 0)), ((20, 0), 0, (20, 0))],
)
def test_a_higher_one_pays_the_difference(amounts: tuple[int, int], received: int, expected: tuple[int, int]) -> None:
    past = (Received(0, received, LAST_YEAR),) if received else ()
    assert paid(bound("补差", "0", "1", count=2), situation(*amounts, received=past)) == expected


def test_what_is_required_is_taken_or_was_received() -> None:
    structure = bound("前提", "0", "1", count=2)
    told = replace(situation(0, 8), is_held=(False, True))
    assert best(structure, told, AS_OF) == Combination((0, 0), (False, False))
    assert best(structure, replace(told, received=(Received(0, 0, LAST_YEAR),)), AS_OF).paid_fen == (0, 8)
    assert best(structure, replace(told, is_held=(True, True)), AS_OF) == Combination((0, 8), (True, True))
    assert faults(structure, told, Combination((0, 8), (False, True)), AS_OF) == ("前提 组：享受 单元1 以前应先有 单元0",)


def test_what_is_required_and_not_in_the_list_is_never_had() -> None:
    assert paid(bound("前提", "", "1", count=2), situation(3, 8)) == (3, 0)


def test_a_closed_window_gives_nothing() -> None:
    structure = replace(bound("择高", "0", "1", count=2), is_closed=(False, True))
    assert best(structure, situation(5, 8), AS_OF) == Combination((5, 0), (True, False))


def test_versions_share_what_was_received() -> None:
    structure = replace(bound("择高", "01", "2", count=3), versions=((0, 1), (0, 1), (2,)))
    assert paid(structure, situation(0, 8, 1, received=(Received(0, 5, THIS_YEAR),))) == (0, 3, 0)


@pytest.mark.parametrize(
    ("combination", "expected"),
    [
        (Combination((0, 0), (False, False)), ()),
        (Combination((6, 0), (True, False)), ("p/0：付 6 分，应在 0 至 5 分之间",)),
        (Combination((-1, 0), (True, False)), ("p/0：付 -1 分，应在 0 至 5 分之间",)),
        (Combination((5, 0), (False, False)), ("p/0：没有享受却付了钱",)),
        (Combination((0, 0), (False, True)), ("p/1：不能享受",)),
        (Combination((5,), (True,)), ("项数不符",)),
    ],
)
def test_what_is_unlawful_is_said(combination: Combination, expected: tuple[str, ...]) -> None:
    structure = bound("封顶", "0", "1", count=2)
    told = replace(situation(5, 8, cap=10), is_held=(True, False))
    assert faults(structure, told, combination, AS_OF) == expected


def test_laws_that_hold_nothing_back_tie_nothing() -> None:
    structure = bound("封顶", "0", "1", count=3)
    assert parts(laws(structure, situation(5, 8, 1, cap=13), AS_OF)) == [(0,), (1,), (2,)]
    assert parts(laws(structure, situation(5, 8, 1, cap=12), AS_OF)) == [(0, 1), (2,)]


# --- preference ------------------------------------------------------------------------------------------------------------


def chosen(structure: Structure, told: Situation) -> Combination:
    """Return the best of two that exclude each other, and hold the comparison to it."""
    found = best(structure, told, AS_OF)
    for position in range(2):
        paid_fen = tuple(told.amounts_fen[each] if each == position and structure.is_money[each] else 0 for each in range(2))
        other = Combination(paid_fen, tuple(each == position for each in range(2)))
        assert other == found or preference(structure, told, other) < preference(structure, told, found)
    return found


CHOICE = bound("择一", "0", "1", count=2)
EVEN = situation(5, 5)


@pytest.mark.parametrize(
    ("structure", "told", "expected"),
    [
        pytest.param(CHOICE, situation(5, 6), 1, id="the greater sum"),
        pytest.param(replace(CHOICE, is_money=(True, False)), situation(0, 0), 1, id="a benefit without money"),
        pytest.param(replace(CHOICE, deadlines=(None, Date(2027, 1, 1))), EVEN, 1, id="what ends at all"),
        pytest.param(replace(CHOICE, deadlines=(Date(2027, 1, 1), Date(2026, 12, 31))), EVEN, 1, id="what ends earlier"),
        pytest.param(CHOICE, replace(EVEN, efforts=(2, 1)), 1, id="less paperwork"),
        pytest.param(replace(CHOICE, is_public_funds=(True, False)), EVEN, 1, id="fewer public funds"),
        pytest.param(CHOICE, EVEN, 0, id="the order of the list"),
        pytest.param(replace(CHOICE, is_money=(False, False)), EVEN, 0, id="the order of the list, without money"),
        pytest.param(replace(CHOICE, is_public_funds=(True, False)), replace(EVEN, efforts=(1, 2)), 0, id="paperwork before funds"),
        pytest.param(
            replace(CHOICE, deadlines=(Date(2026, 8, 1), Date(2026, 9, 1))), replace(EVEN, efforts=(2, 1)), 0, id="ends before paperwork"
        ),
    ],
)
def test_ties_are_broken_by_stated_rules(structure: Structure, told: Situation, expected: int) -> None:
    assert chosen(structure, told).is_taken == (expected == 0, expected == 1)


def test_nothing_is_taken_in_vain() -> None:
    assert best(bound("择高", "0", "1", count=3), situation(5, 8, 0), AS_OF).is_taken == (False, True, False)


def test_amounts_of_a_hundred_billion_yuan_are_exact() -> None:
    structure = bound("封顶", "0", "1", "2", count=3)
    amounts = (10**13 + 1, 10**13 - 1, 10**13 + 7)
    assert best(structure, situation(*amounts, cap=2 * 10**13 + 3), AS_OF).total_fen == 2 * 10**13 + 3


def test_caps_that_cross_in_a_circle_lose_no_fen() -> None:
    base = bound("封顶", "0", "1", count=3)
    (row,) = base.restrictions
    circle = [replace(row, cap=cap, units=(Unit("甲", (cap,)), Unit("乙", ((cap + 1) % 3,)))) for cap in range(3)]
    told = Situation((10**13,) * 3, (True,) * 3, (10**13 - 1,) * 3, (0,) * 3)
    found = best(replace(base, restrictions=tuple(circle)), told, AS_OF)
    assert found.total_fen == (3 * (10**13 - 1)) // 2


# --- what goes beyond what can be added up -----------------------------------------------------------------------------------


def test_amounts_that_cannot_be_added_up_are_an_error_that_says_which() -> None:
    structure = bound("封顶", "0", "1", count=3)
    assert paid(structure, situation(10**15, 10**15, 5, cap=10**15)) == (10**15, 0, 5)
    with pytest.raises(InputError) as caught:
        best(structure, situation(5, 10**16, 5, cap=10**15), AS_OF)
    (item,) = caught.value.diagnostics
    assert (item.code, item.arguments["policy"]) == ("combination-too-great", "p/1")


def test_a_cap_beyond_all_amounts_limits_nothing_beside_one_that_does() -> None:
    structure = bound("封顶", "0", "1", count=3)
    (row,) = structure.restrictions
    wide = replace(row, cap=1, units=(Unit("甲", (1,)), Unit("乙", (2,))))
    told = Situation((5, 5, 5), (True,) * 3, (7, 10**20), (0,) * 3)
    assert paid(replace(structure, restrictions=(row, wide)), told) == (5, 2, 5)


@pytest.mark.long
def test_the_library_that_solves_is_loaded_only_where_something_is_to_be_solved() -> None:
    program = """
import sys
from tests.engine.test_entitle_lawful import AS_OF, best, bound, situation
best(bound("封顶", "0", "1"), situation(1, 2, 3, 4, cap=3), AS_OF)
assert "ortools" not in sys.modules
best(bound("封顶", "0", "1"), situation(1, 2, 3, 4, cap=2), AS_OF)
assert "ortools" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
