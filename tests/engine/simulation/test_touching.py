"""Whom a change touches: what is taken over from before is what deciding everybody again would say, and it is most of them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.engine.simulation.simulated_packs import AWARD, DAY, KEY, RELIEF, ROWS, VOUCHER, changed, frame, texts, voucher
from tests.house.tree import plant
from zhida.assess.columns import OUTCOMES, open_run
from zhida.entitle.best.columns import Combiner
from zhida.entitle.simulation import comparing, deciding
from zhida.entitle.simulation.comparing import Settings, compare_sides
from zhida.entitle.simulation.deciding import outcome_codes
from zhida.entitle.simulation.failing import PASSED, conditions_of
from zhida.entitle.simulation.groupings import GROUPINGS, groupings_of
from zhida.entitle.simulation.scenario import plan_scenario
from zhida.entitle.simulation.stacked import Combining
from zhida.entitle.simulation.tally import Compared, Tally
from zhida.entitle.simulation.thresholds import thresholds_of, with_numbers
from zhida.entitle.simulation.touching import Touching, difference_of, is_same
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.sources import Source
from zhida.values.temporal import Date

LINES = {
    "a line of the condition": {"合同额 > 0": "合同额 > 300000"},
    "the same line, elsewhere": {"合同额 > 0": "合同额 >= 500000"},
    "a line of the table": {"(0..500000]": "(0..600000]"},
    "a line of the table, lower": {"> 500000": "> 50000"},
    "another word": {'| 1 | "小型" |': '| 1 | "大型" |'},
    "a ratio": {"0.3 | 第三条（二）": "0.25 | 第三条（二）"},
    "the ratio of all others": {"| 否则 | - | - | 0.2 |": "| 否则 | - | - | 0.1 |"},
    "a limit": {"800000": "100000"},
    "a line and a ratio": {"合同额 > 0": "合同额 > 40000", "0.3 | 第三条（二）": "0.35 | 第三条（二）"},
    "a cell that tested nothing": {"| 2 | - | > 500000 |": '| 2 | "大型" | > 500000 |'},
    "another expression": {"合同额 > 0": "合同额 > 0 and 高新企业"},
}
"""What is written for what in the voucher."""

SOON = {"a line of the condition", "another word", "a line and a ratio"}
"""Those that are not left to the long run."""


def open_combining(packs: Packs, policies: Sequence[str], as_of: Date, key: str) -> Combining:
    return Combiner(packs, policies, as_of=as_of, key=key)


def compared(packs: Packs, after: Packs, source: Source) -> tuple[Tally, list[Compared]]:
    """Return the figures and the parts."""
    parts: list[Compared] = []
    scenario = plan_scenario(packs, after, subject="enterprise", as_of=DAY)
    groupings = groupings_of(packs, GROUPINGS, subject="enterprise", as_of=DAY)
    found = compare_sides(scenario, source, groupings, open_combining=open_combining, settings=Settings(2), sink=parts.append)
    return found.tally, parts


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what lets everybody be decided on both sides, with everything."""

    def make() -> None:
        monkeypatch.setattr(comparing, "difference_of", lambda *_: None)
        monkeypatch.setattr(deciding, "conditions_of", lambda _: None)

    return make


def edited(packs: Packs, root: Path, folder: Path, words: dict[str, str]) -> Packs:
    """Return the packs with some words of the voucher as they would be."""
    text = voucher()
    for old, new in words.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return changed(packs, root, folder, {"voucher.md": text})


def same(found: tuple[Tally, list[Compared]], expected: tuple[Tally, list[Compared]]) -> bool:
    """Say whether two comparisons tell the same, row for row."""
    if found[0] != expected[0] or len(found[1]) != len(expected[1]):
        return False
    return all(
        one.policies == two.policies and one.rows.equals(two.rows) and one.changes.equals(two.changes)
        for one, two in zip(found[1], expected[1], strict=True)
    )


@pytest.mark.parametrize(
    "words", [pytest.param(words, id=name, marks=[] if name in SOON else pytest.mark.long) for name, words in LINES.items()]
)
def test_what_is_taken_over_is_what_deciding_all_again_says(
    packs: Packs, root: Path, source: Source, tmp_path: Path, plainly: Callable[[], None], words: dict[str, str]
) -> None:
    after = edited(packs, root, tmp_path, words)
    found = compared(packs, after, source)
    plainly()
    expected = compared(packs, after, source)
    assert same(found, expected)
    assert expected[0].subjects == ROWS
    assert expected[0].winners + expected[0].losers, "the change does something"


@pytest.mark.long
def test_every_threshold_moved_either_way_says_the_same(packs: Packs, source: Source, plainly: Callable[[], None]) -> None:
    moved = []
    for policy in (VOUCHER, AWARD, RELIEF):
        for threshold in thresholds_of(packs, policy, DAY):
            moved += [with_numbers(packs, [(threshold, value)], DAY) for value in threshold.points()[:: len(threshold.points()) - 1]]
    found = [compared(packs, after, source) for after in moved]
    plainly()
    assert len(moved) > 10
    assert all(same(one, compared(packs, after, source)) for one, after in zip(found, moved, strict=True))


@pytest.mark.long
def test_cells_that_name_null_are_asked_as_their_table_asks_them(
    packs: Packs, root: Path, source: Source, tmp_path: Path, plainly: Callable[[], None]
) -> None:
    words = {'| 1 | "小型" |': "| 1 | not(null) |"}
    before = edited(packs, root, tmp_path / "before", words)
    after = edited(packs, root, tmp_path / "after", words | {"0.5 | 第三条（一）": "0.1 | 第三条（一）"})
    found = compared(before, after, source)
    plainly()
    assert found[0].losers > 50
    assert same(found, compared(before, after, source))


def touched(packs: Packs, after: Packs) -> tuple[int, int]:
    """Return of how many subjects the voucher is decided again, and how many there are."""
    difference = difference_of(packs.model_of(VOUCHER, DAY), after.model_of(VOUCHER, DAY))
    assert difference is not None
    rows = frame()
    table = open_run(packs, [VOUCHER], as_of=DAY, key=KEY).decide(rows)
    found = Touching(packs.model_of(VOUCHER, DAY), difference).rows(rows, outcome_codes(table, VOUCHER), OUTCOMES)
    return len(found), rows.height


def test_a_moved_line_is_asked_again_only_of_those_between_and_of_whom_the_fact_is_lacking(
    packs: Packs, root: Path, tmp_path: Path
) -> None:
    after = edited(packs, root, tmp_path, {"合同额 > 0": "合同额 > 60000"})
    contracts = frame()["合同额"]
    expected = contracts.is_null() | ((contracts > 0) & (contracts <= 60_000))
    assert touched(packs, after) == (expected.sum(), ROWS)


def test_who_fell_at_a_condition_that_is_the_same_is_not_asked_again(packs: Packs, root: Path, tmp_path: Path) -> None:
    after = edited(packs, root, tmp_path, {"800000": "700000"})
    contracts = frame()["合同额"]
    assert touched(packs, after) == (ROWS - (contracts == 0).sum(), ROWS)


def test_a_ratio_is_asked_again_of_those_whose_rule_it_is(packs: Packs, root: Path, tmp_path: Path) -> None:
    after = edited(packs, root, tmp_path, {"0.3 | 第三条（二）": "0.25 | 第三条（二）"})
    contracts = frame()["合同额"]
    assert touched(packs, after) == ((contracts.is_null() | (contracts > 500_000)).sum(), ROWS)


@pytest.mark.parametrize(
    "files",
    [
        {"voucher.md": voucher(more="\nwindow: 2026-01-01/2026-12-31")},
        {"voucher.md": voucher().replace("可领: boolean", "可以领: boolean").replace("eligible: 可领", "eligible: 可以领")},
        {"demo/policies/size.md": texts()["demo/policies/size.md"].replace("第一条 划型", "第一条 划型\n\n```feel 另: number\n1\n```\n")},
    ],
)
def test_where_more_than_decisions_differs_everybody_is_asked_again(
    packs: Packs, root: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    after = changed(packs, root, tmp_path, files)
    assert difference_of(packs.model_of(VOUCHER, DAY), after.model_of(VOUCHER, DAY)) is None


def test_words_beside_the_rules_are_no_difference(packs: Packs, root: Path, tmp_path: Path) -> None:
    after = edited(packs, root, tmp_path, {"## 第二条 支持对象": "## 第二条 支持对象\n\n这一条说的是谁。\n"})
    difference = difference_of(packs.model_of(VOUCHER, DAY), after.model_of(VOUCHER, DAY))
    assert difference is not None
    assert not difference.decisions
    assert touched(packs, after)[0] < ROWS


def test_a_policy_that_is_no_law_on_the_day_has_no_difference(packs: Packs) -> None:
    before = Date(2024, 6, 30)
    assert difference_of(packs.model_of(VOUCHER, before), packs.model_of(VOUCHER, before)) is None


def test_numbers_that_are_written_otherwise_are_not_the_same() -> None:
    assert is_same(Decimal("0.5"), Decimal("0.5"))
    assert not is_same(Decimal("0.5"), Decimal("0.50"))
    assert not is_same({"a": (1, 2)}, {"a": (1, 3)})
    assert not is_same((True,), (1,))


# --- conditions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [VOUCHER, AWARD, RELIEF])
def test_who_is_told_to_fail_is_who_fails_when_everything_is_asked(packs: Packs, policy: str) -> None:
    conditions = conditions_of(packs.model_of(policy, DAY))
    assert conditions is not None
    rows = frame()
    failed = conditions.failed(rows) != PASSED
    codes = outcome_codes(open_run(packs, [policy], as_of=DAY, key=KEY).decide(rows), policy)
    assert (failed == (codes == OUTCOMES.index("INELIGIBLE"))).all()


def test_conditions_by_which_hardly_anybody_falls_are_not_asked_first_again(packs: Packs) -> None:
    conditions = conditions_of(packs.model_of(VOUCHER, DAY))
    assert conditions is not None
    rows = frame().filter(pl.col("合同额") > 0)
    assert (conditions.failed(rows) == PASSED).all()
    assert not conditions.is_worth


def test_a_policy_without_conditions_has_none(packs: Packs, tmp_path: Path) -> None:
    size = load_packs(plant(tmp_path, texts())).model_of("demo/size", DAY)
    assert conditions_of(size) is None
    assert conditions_of(packs.model_of(VOUCHER, Date(2024, 6, 30))) is None
