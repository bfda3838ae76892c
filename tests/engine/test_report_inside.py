import re
from pathlib import Path

import pytest

from tests.engine.pack_policies import cases
from tests.engine.report_fixtures import Page, town
from tests.packs import the_packs
from zhida.policy.pack import Packs
from zhida.report.inside import scoped
from zhida.report.page import STYLE
from zhida.report.requirement_graph import requirement_graph
from zhida.report.weave import WOVEN_STYLE, weave, weave_inside


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def test_a_policy_inside_of_a_page_says_what_its_own_page_says(tmp_path: Path) -> None:
    found = town(tmp_path)
    policy = found.policies["town/grant"]
    inside = weave_inside(policy, found, (), language="zh")
    assert (
        Page(inside.body).words.strip() == Page(re.sub(r"(?s)<head>.*</head>", "", weave(policy, found, (), language="zh"))).words.strip()
    )
    assert inside.body.startswith('<article class="woven">')
    assert inside.title == policy.front.title


@pytest.mark.parametrize("policy_id", cases())
def test_no_woven_policy_states_a_style_in_an_element(packs: Packs, policy_id: str) -> None:
    names = {name for name, _ in Page(weave_inside(packs.policies[policy_id], packs, (), language="zh").body).attributes}
    assert not [name for name in names if name == "style" or name.startswith("on")]


def test_a_wide_graph_stays_legible_without_a_style_of_its_own(packs: Packs) -> None:
    graph = requirement_graph(packs.policies["national/little-giant"], packs, {}, "zh")
    (width,) = re.findall(r'<svg viewBox="[^"]*" width="(\d+)" height="\d+" role="group"', graph)
    (least,) = re.findall(r'<svg width="(\d+)" height="0" class="least"', graph)
    assert int(least) == int(width) * 18 // 25
    assert ".graph .sheet > .least { max-width: none;" in WOVEN_STYLE


def test_every_rule_of_a_scoped_style_speaks_of_what_is_inside_alone() -> None:
    style = scoped(STYLE + WOVEN_STYLE, ".woven")
    assert "@page" not in style
    selectors = [part.strip() for line in re.findall(r"(?m)^([^@{}\n][^{}]*)\{", style) for part in re.split(r",(?![^()]*\))", line)]
    assert len(selectors) > 100
    assert {part for part in selectors if not part.startswith(".woven")} == set()
    assert style.count("{") == style.count("}")
