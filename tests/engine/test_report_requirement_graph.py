import re
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from tests.engine.pack_policies import cases
from tests.engine.report_fixtures import HOSTILE, Page, town
from tests.packs import the_packs
from zhida.errors.code import Severity
from zhida.policy.pack import Packs
from zhida.report.graph_layout import BETWEEN, Box, Layout, layout
from zhida.report.requirement_graph import Mark, requirement_graph

LITTLE_GIANT = "national/little-giant"


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def boxes(*names: str) -> list[Box]:
    return [Box(name, 60, 20) for name in names]


def crossings(found: Layout) -> int:
    """Return how many pairs of arrows between two neighbouring columns cross."""
    lines: dict[int, set[tuple[int, int]]] = {}
    for start, end, trunk in found.arrows:
        for left, right in pairwise((found.places[start], *trunk, found.places[end])):
            lines.setdefault(right.x, set()).add((left.middle, right.middle))
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for each in lines.values() for a, b in combinations(sorted(each), 2))


def no_two_overlap(found: Layout) -> bool:
    return all(
        one.x + one.width <= other.x or other.x + other.width <= one.x or one.y + one.height <= other.y or other.y + other.height <= one.y
        for one, other in combinations(found.places.values(), 2)
    )


# --- places --------------------------------------------------------------------------------------------------------


def test_what_is_required_stands_left_of_what_requires_it() -> None:
    found = layout(boxes("c", "b", "a"), {"c": ["b", "a"], "b": ["a"]})
    assert found.places["a"].x < found.places["b"].x < found.places["c"].x


def test_a_fact_stands_beside_the_first_that_requires_it() -> None:
    found = layout(boxes("d", "c", "b", "a", "late"), {"d": ["c", "late"], "c": ["b"], "b": ["a"]})
    assert found.places["late"].x == found.places["c"].x


def test_arrows_that_need_not_cross_do_not() -> None:
    found = layout(boxes("x", "y", "1", "2", "3", "4"), {"x": ["2", "4"], "y": ["1", "3"]})
    assert crossings(found) == 0


def test_an_arrow_past_a_column_has_a_trunk_there_and_all_arrows_of_an_element_share_it() -> None:
    found = layout(boxes("d", "c", "b", "a"), {"d": ["c", "a"], "c": ["b", "a"], "b": ["a"]})
    trunks = {(need, by): trunk for need, by, trunk in found.arrows}
    assert not trunks["a", "b"]
    assert trunks["a", "c"] == trunks["a", "d"][:1]
    assert len(trunks["a", "d"]) == 2


def test_elements_in_a_circle_are_placed_all_the_same() -> None:
    found = layout(boxes("a", "b"), {"a": ["b"], "b": ["a"]})
    assert set(found.places) == {"a", "b"}


def test_no_elements_take_no_room() -> None:
    assert layout([], {}) == Layout({}, (), 0, 0)


@pytest.mark.parametrize("policy_id", cases())
def test_no_two_elements_overlap_and_the_places_are_the_same_each_time(packs: Packs, policy_id: str) -> None:
    policy = packs.policies[policy_id]
    compiled = policy.compiled
    needs = {id_: list(dict.fromkeys(each.requirements.values())) for id_, each in compiled.decisions.items()}
    given = dict.fromkeys(each for several in needs.values() for each in several if each not in needs)
    found = layout([Box(id_, 80, 30) for id_ in (*needs, *given)], needs)
    assert no_two_overlap(found)
    assert all(place.y >= 0 for place in found.places.values())
    assert found == layout([Box(id_, 80, 30) for id_ in (*needs, *given)], needs)
    columns: dict[int, list[tuple[int, int]]] = {}
    for place in found.places.values():
        columns.setdefault(place.x, []).append((place.y, place.y + place.height))
    assert all(lower[0] - upper[1] >= BETWEEN for each in columns.values() for upper, lower in pairwise(sorted(each)))


# --- the drawing ---------------------------------------------------------------------------------------------------


def test_every_element_is_drawn_once_with_its_name(packs: Packs) -> None:
    policy = packs.policies[LITTLE_GIANT]
    text = requirement_graph(policy, packs, {}, "zh")
    count = len(policy.compiled.decisions) + len(policy.compiled.inputs) + 1  # and one decision of another policy
    assert len(re.findall(r'<g class="node is-', text.partition("<figcaption>")[0])) == count
    words = re.sub(r"\s", "", Page(text).words)
    for decision in policy.compiled.decisions.values():
        assert re.sub(r"\s", "", decision.decision.name.replace("applies", "适用范围")) in words


def test_the_conclusions_stand_out_and_say_what_they_are_for(packs: Packs) -> None:
    text = requirement_graph(packs.policies["hangzhou/compute-voucher"], packs, {}, "zh")
    goals = re.findall(r'<g class="node is-goal">.*?</g>', text.partition("<figcaption>")[0])
    assert len(goals) == 3
    assert [word for word in ("资格", "金额", "适用范围") if any(word in goal for goal in goals)] == ["资格", "金额", "适用范围"]


def test_a_decision_of_another_policy_leads_to_it_and_names_it(packs: Packs) -> None:
    text = requirement_graph(packs.policies["hangzhou/compute-voucher"], packs, {}, "zh")
    used = re.findall(r'<g class="node is-used">.*?</g>', text)[0]
    assert 'href="#used-national-sme-size"' in used
    assert "中小企业划型标准" in used


def test_findings_stand_on_their_decision_with_number_gravity_and_words(packs: Packs) -> None:
    id_ = f"{LITTLE_GIANT}#增长符合"
    mark = Mark({Severity.WARNING: 1, Severity.INFORMATION: 2}, 1, ("没有规则：<甲>",))
    text = requirement_graph(packs.policies[LITTLE_GIANT], packs, {id_: mark}, "zh")
    node = next(each for each in text.split('<g class="node ') if "增长符合" in each)
    assert 'class="badge-of warning"' in node
    assert ">3</text>" in node
    assert 'class="badge-of undecided"' in node
    assert "没有规则：&lt;甲&gt;" in node
    assert "未能判定" in text.partition("<figcaption>")[2]


def test_the_legend_shows_what_occurs_and_nothing_else(packs: Packs) -> None:
    legend = requirement_graph(packs.policies["national/energy-level"], packs, {}, "en").partition("<figcaption>")[2]
    assert "fact" in legend
    assert "parameter" not in legend
    assert "warning" not in legend


def test_a_graph_says_what_it_shows_to_one_who_cannot_see_it(packs: Packs) -> None:
    text = requirement_graph(packs.policies[LITTLE_GIANT], packs, {}, "zh")
    assert 'role="group"' in text
    assert '<title id="graph-title">需求图</title>' in text
    assert "决策 18" in re.findall(r'<desc id="graph-about">(.*?)</desc>', text)[0]


def test_a_policy_that_decides_nothing_has_no_graph(packs: Packs) -> None:
    policy = packs.policies[LITTLE_GIANT]
    empty = replace(policy, compiled=replace(policy.compiled, decisions={}, knowledge={}))
    assert not requirement_graph(empty, packs, {}, "zh")


def test_words_of_a_policy_cannot_become_markup(tmp_path: Path) -> None:
    hostile = town(tmp_path)
    mark = Mark({Severity.ERROR: 1}, 0, (HOSTILE,))
    text = requirement_graph(hostile.policies["town/grant"], hostile, {"town/grant#可补助": mark}, "en")
    assert "<script>" not in text
