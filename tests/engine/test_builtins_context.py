"""Context functions."""

import pytest

from tests.engine.builtin_calls import Value, call, feel, refusal


def test_get_value_returns_an_entry_or_null() -> None:
    assert call("get value", {"key1": "value1"}, "key1") == "value1"
    assert call("get value", {"key1": "value1"}, "other") is None
    assert call("get value", {"a": None}, "a") is None


def test_entries_come_apart_and_together_in_their_order() -> None:
    context = {"b": 1, "a": None}
    entries = call("get entries", context)
    assert entries == feel([{"key": "b", "value": 1}, {"key": "a", "value": None}])
    assert list(call("context", list(entries)).items()) == list(feel(context).items())
    assert call("get entries", {}) == ()


def test_context_ignores_further_entries() -> None:
    assert call("context", [{"key": "a", "value": 1, "something": "else"}]) == {"a": 1}
    assert call("context", {"key": "a", "value": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([{"key": "a", "value": 1}, {"key": "b"}], "feel-bad-argument"),
        ([{"key": 1, "value": 1}], "feel-bad-argument"),
        ([{"key": None, "value": 1}], "feel-bad-argument"),
        ([None], "feel-null-argument"),
        ([1], "feel-bad-argument"),
        ([{"key": "a", "value": 1}, {"key": "a", "value": 2}], "feel-duplicate-key"),
    ],
)
def test_context_refuses_entries_without_key_or_value_and_two_of_one_key(entries: list[Value], code: str) -> None:
    assert refusal("context", entries).code == code


def test_context_put_replaces_in_place_and_adds_at_the_end() -> None:
    original = feel({"x": 1, "y": 0, "z": 0})
    changed = call("context put", original, "y", 2)
    assert list(changed.items()) == [("x", 1), ("y", 2), ("z", 0)]
    assert original == {"x": 1, "y": 0, "z": 0}
    assert list(call("context put", {"x": 1}, "", 2)) == ["x", ""]


def test_context_put_follows_a_path_of_keys() -> None:
    context = {"x": 1, "y": {"a": 0}}
    assert call("context put", context, ["y", "a"], 2) == {"x": 1, "y": {"a": 2}}
    assert call("context put", context, ["y", "b"], 2) == {"x": 1, "y": {"a": 0, "b": 2}}
    assert call("context put", {"x": 1}, ["y"], 2) == {"x": 1, "y": 2}
    assert call("context put", named={"context": context, "keys": ["y", "a"], "value": None}) == {"x": 1, "y": {"a": None}}


@pytest.mark.parametrize("keys", [[], ["y", "a", "b"], [1]])
def test_context_put_refuses_a_path_that_leads_nowhere(keys: Value) -> None:
    assert refusal("context put", {"x": 1, "y": {"a": 0}}, keys, 2).code == "feel-bad-argument"


@pytest.mark.parametrize("keys", [[None], [None, "a"], ["y", None], ["z", "a"], None])
def test_context_put_refuses_a_path_with_null_in_it(keys: Value) -> None:
    assert refusal("context put", {"x": 1, "y": {"a": 0}}, keys, 2).code == "feel-null-argument"


def test_context_put_does_not_take_a_path_for_a_key() -> None:
    named = {"context": {"y": {}}, "key": ["y", "a"], "value": 2}
    assert refusal("context put", named=named).arguments["parameter"] == "key"


def test_context_merge_is_shallow_and_the_last_wins() -> None:
    assert call("context merge", [{"x": 1}, {"y": 2}]) == {"x": 1, "y": 2}
    assert list(call("context merge", [{"a": 1, "b": 1}, {"c": 3, "a": 2}]).items()) == [("a", 2), ("b", 1), ("c", 3)]
    assert call("context merge", [{"a": {"aa": 1}}, {"a": {"bb": 2}}]) == {"a": {"bb": 2}}
    assert call("context merge", []) == {}


@pytest.mark.parametrize("contexts", [[1, 2], [{"a": 1}, 2]])
def test_context_merge_refuses_what_is_no_context(contexts: Value) -> None:
    assert refusal("context merge", contexts).code == "feel-bad-argument"
    assert refusal("context merge", None).code == refusal("context merge", [None]).code == "feel-null-argument"
