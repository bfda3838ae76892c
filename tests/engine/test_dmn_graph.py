"""The requirement graph: an order in which all can be decided, every cycle said once, and what lies beneath."""

from itertools import permutations

import pytest

from zhida.dmn.graph import closure, sort_requirements


def test_requirements_come_before_those_that_require_them_in_any_order_of_the_text() -> None:
    graph = {"d": ["b", "c"], "b": ["a"], "c": ["a", "b"], "a": []}
    for names in permutations(graph):
        order, cycles = sort_requirements({name: graph[name] for name in names})
        assert cycles == []
        assert all(order.index(required) < order.index(name) for name in graph for required in graph[name])


def test_independent_elements_keep_the_order_of_the_text() -> None:
    assert sort_requirements({"c": [], "a": [], "b": []})[0] == ["c", "a", "b"]


def test_what_is_required_but_not_defined_is_taken_as_given() -> None:
    assert sort_requirements({"a": ["人", "b"], "b": ["收入"]}) == (["b", "a"], [])


@pytest.mark.parametrize(
    ("graph", "cycles"),
    [
        ({"a": ["a"]}, [["a", "a"]]),
        ({"a": ["b"], "b": ["a"]}, [["a", "b", "a"]]),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}, [["a", "b", "c", "a"]]),
        ({"x": ["a"], "a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [["a", "b", "a"], ["c", "d", "c"]]),
    ],
)
def test_each_cycle_is_said_once_from_where_it_is_met(graph: dict[str, list[str]], cycles: list[list[str]]) -> None:
    assert sort_requirements(graph)[1] == cycles


def test_a_cycle_does_not_lose_an_element() -> None:
    order, _ = sort_requirements({"x": ["a"], "a": ["b"], "b": ["a"]})
    assert sorted(order) == ["a", "b", "x"]


def test_a_long_chain_does_not_exhaust_the_stack() -> None:
    chain = {str(n): [str(n + 1)] for n in range(20_000)}
    assert len(sort_requirements(chain)[0]) == 20_000
    assert len(closure(chain, ["0"])) == 20_001


def test_what_lies_beneath_holds_the_goals_and_all_that_they_require() -> None:
    graph = {"d": ["b"], "b": ["a"], "c": ["a"], "a": ["d"]}
    assert closure(graph, ["d"]) == {"d", "b", "a"}
    assert closure(graph, []) == set()
    assert closure(graph, ["人"]) == {"人"}
