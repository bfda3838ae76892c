"""Exactly those whose answer changed have a notice, whatever the runs, however they are cut into parts."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine.notice_results import Answers, Given, left_in, results_of, told
from tests.engine.policy_texts import front, packs_of
from zhida.policy.pack import Packs

POLICIES = ("made/p", "made/q", "made/r")
NAMES = ("人", "收入", "面积")
POSSIBLE = (None, "INELIGIBLE、NOT_APPLICABLE", "INELIGIBLE、REVIEW", "ELIGIBLE、INELIGIBLE", "INELIGIBLE等")
Run = tuple[Answers, dict[str, list[str]]]


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_of(tmp_path_factory.mktemp("packs"), {"demo/policies/a.md": front() + "```feel 符合\n人 >= 1\n```\n"})


def outcomes() -> st.SearchStrategy[Given]:
    amounts = st.sampled_from((None, 0, 100, 20_000_000, 2**62))
    return st.one_of(
        st.builds(Given, st.sampled_from(("INELIGIBLE", "NOT_APPLICABLE")), near=st.sampled_from((None, "人 → 3 人", "人 → 4 人"))),
        st.builds(Given, st.just("ELIGIBLE"), amounts, st.sampled_from((None, "小型")), delivery=st.sampled_from(("免申即享", "申报审核"))),
        st.builds(
            Given,
            st.sampled_from(("UNDETERMINED", "REVIEW")),
            missing=st.frozensets(st.sampled_from(NAMES), max_size=2),
            possible=st.sampled_from(POSSIBLE),
            low_fen=st.sampled_from((None, 0)),
            high_fen=st.sampled_from((None, 500)),
            delivery=st.sampled_from(("即申即享", "申报审核")),
        ),
    )


@st.composite
def runs(draw: st.DrawFn) -> tuple[Run, Run]:
    """Draw a run, and another in which much is the same."""
    keys = draw(st.lists(st.sampled_from([f"A{place}" for place in range(9)]), unique=True).map(sorted))
    missing = {policy: list(draw(st.permutations(NAMES))) for policy in draw(st.sets(st.sampled_from(POLICIES), min_size=1))}
    former = {key: {policy: draw(outcomes()) for policy in missing} for key in keys}
    kept = [key for key in keys if draw(st.integers(0, 4))]
    added = draw(st.sets(st.sampled_from([f"A{place}" for place in range(9)]), max_size=2))
    there = {policy: list(draw(st.permutations(NAMES))) for policy in POLICIES if draw(st.booleans()) or policy == "made/p"}
    now: dict[str, dict[str, Given]] = {}
    for key in sorted({*kept, *added}):
        same = former.get(key, {})
        now[key] = {policy: same[policy] if policy in same and draw(st.booleans()) else draw(outcomes()) for policy in there}
    return (former, missing), (now, there)


def expected(former: Run, now: Run) -> set[tuple[str, str]]:
    """Say who has a notice of what, by the words of docs/notices.md alone."""
    found = set()
    for key in {*former[0], *now[0]}:
        for policy in POLICIES:
            before, after = former[0].get(key, {}).get(policy), now[0].get(key, {}).get(policy)
            if before is not None and after is not None:
                is_told = before != after
            else:
                is_told = any(each is not None and each.may_hold for each in (before, after))
            if is_told:
                found.add((key, policy))
    return found


ONE = ({"A1": {"made/p": Given("ELIGIBLE", 2**62)}}, {"made/p": ["人"]})
NONE: Run = ({}, {"made/p": ["人"]})


SOME = settings(max_examples=max(settings().max_examples // 3, 1))
"""An example is two whole runs, told twice."""


@SOME
@given(pair=runs(), cuts=st.lists(st.integers(0, 9), max_size=4), other_cuts=st.lists(st.integers(0, 9), max_size=4))
@example(pair=(ONE, NONE), cuts=[], other_cuts=[])
@example(pair=(NONE, ONE), cuts=[1], other_cuts=[])
def test_exactly_those_whose_answer_changed_have_a_notice(
    packs: Packs, pair: tuple[Run, Run], cuts: list[int], other_cuts: list[int]
) -> None:
    former, now = pair
    tables = results_of(*former), results_of(*now)
    whole, tally = told(packs, *tables)
    rows = list(zip(whole["代码"], whole["政策"], strict=True))
    assert sorted(rows) == sorted(expected(former, now))
    assert [key for key, _ in rows] == sorted(key for key, _ in rows)
    assert tally.notices == len(rows)
    assert tally.told == len({key for key, _ in rows})
    assert (tally.former_subjects, tally.subjects) == (len(former[0]), len(now[0]))
    assert not whole["通知语"].str.contains("[\\x00-\\x1f]").any()
    assert not whole["通知语"].str.contains("：[，；。]|“”|（）|（您：）").any(), "no sentence has a hole in it"
    assert tally.changed == tally.told, "nothing here has a window"
    with tempfile.TemporaryDirectory() as folder:
        opened = [left_in(Path(folder) / name, table, at) for name, table, at in zip("ab", tables, (cuts, other_cuts), strict=True)]
        in_parts, again = told(packs, *opened, threads=2)
    assert in_parts.equals(whole)
    assert [row.coverage for row in again.rows] == [row.coverage for row in tally.rows]


def answers_of(run: Run) -> list[tuple[str, str, Given]]:
    return [(key, policy, given) for key, row in run[0].items() for policy, given in row.items()]


@SOME
@given(pair=runs())
def test_coverage_counts_each_entitlement_once(packs: Packs, pair: tuple[Run, Run]) -> None:
    former, now = pair
    _, tally = told(packs, results_of(*former), results_of(*now))
    for row in tally.rows:
        held = [given for _, policy, given in answers_of(now) if policy == row.pair.now and given.may_hold]
        sure = [given for given in held if given.outcome == "ELIGIBLE"]
        assert row.coverage.all.sure == len(sure)
        assert row.coverage.all.open == len(held) - len(sure)
        assert row.coverage.all.sure_fen == sum(given.amount_fen or 0 for given in sure)
        for way, share in row.coverage.ways.items():
            assert share.entitlements == sum(given.delivery == way for given in held)
