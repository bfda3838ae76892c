"""Range functions: the examples of the standard's table, and laws between the functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.builtin_calls import Value, at, call, feel, refusal
from zhida.values.range import Range

SHAPES = {"[": True, "(": False, "]": True, ")": False}


def side(text: str) -> Value:
    """Return a range of whole numbers as `[1..5)`, or a number."""
    if text[0] not in SHAPES:
        return int(text)
    low, high = text[1:-1].split("..")
    return Range(feel(int(low)), feel(int(high)), SHAPES[text[0]], SHAPES[text[-1]])


TABLE = """
    before       1 10 yes, 10 1 no, 1 [1..10] no, 1 (1..10] yes, 1 [5..10] yes, [1..10] 10 no, [1..10) 10 yes, [1..10] 15 yes
    before       [1..10] [15..20] yes, [1..10] [10..20] no, [1..10) [10..20] yes, [1..10] (10..20] yes
    after        10 5 yes, 5 10 no, 12 [1..10] yes, 10 [1..10) yes, 10 [1..10] no, [11..20] 12 no, [11..20] 10 yes, (11..20] 11 yes
    after        [11..20] 11 no, [11..20] [1..10] yes, [1..10] [11..20] no, [11..20] [1..11) yes, (11..20] [1..11] yes
    meets        [1..5] [5..10] yes, [1..5) [5..10] no, [1..5] (5..10] no, [1..5] [6..10] no
    met~by       [5..10] [1..5] yes, [5..10] [1..5) no, (5..10] [1..5] no, [6..10] [1..5] no
    overlaps     [1..5] [3..8] yes, [3..8] [1..5] yes, [1..8] [3..5] yes, [3..5] [1..8] yes, [1..5] [6..8] no, [6..8] [1..5] no
    overlaps     [1..5] [5..8] yes, [1..5] (5..8] no, [1..5) [5..8] no, [1..5) (5..8] no, [5..8] [1..5] yes, (5..8] [1..5) no
    overlaps~before [1..5] [3..8] yes, [1..5] [6..8] no, [1..5] [5..8] yes, [1..5] (5..8] no, [1..5) [5..8] no, [1..5) (1..5] yes
    overlaps~before [1..5] (1..5] yes, [1..5) [1..5] no, [1..5] [1..5] no
    overlaps~after [3..8] [1..5] yes, [6..8] [1..5] no, [5..8] [1..5] yes, (5..8] [1..5] no, [5..8] [1..5) no, (1..5] [1..5) yes
    overlaps~after (1..5] [1..5] yes, [1..5] [1..5) no, [1..5] [1..5] no
    finishes     10 [1..10] yes, 10 [1..10) no, [5..10] [1..10] yes, [5..10) [1..10] no, [5..10) [1..10) yes, (1..10] [1..10] yes
    finished~by  [1..10] 10 yes, [1..10) 10 no, [1..10] [5..10] yes, [1..10] [5..10) no, [1..10) [5..10) yes, [1..10] (1..10] yes
    includes     [1..10] 5 yes, [1..10] 12 no, [1..10] 1 yes, [1..10] 10 yes, (1..10] 1 no, [1..10) 10 no, [1..10] [4..6] yes
    includes     (1..10] (1..5] yes, [1..10] (1..10) yes, [1..10) [5..10) yes, (1..10] [1..5] no, [1..10) [5..10] no
    during       5 [1..10] yes, 12 [1..10] no, 1 (1..10] no, 10 [1..10) no, [4..6] [1..10] yes, (1..5] (1..10] yes, [1..10] (1..10] no
    starts       1 [1..10] yes, 1 (1..10] no, 2 [1..10] no, [1..5] [1..10] yes, (1..5] (1..10] yes, (1..5] [1..10] no, [1..10) [1..10] yes
    started~by   [1..10] 1 yes, (1..10] 1 no, [1..10] 2 no, [1..10] [1..5] yes, [1..10] (1..5] no, [1..10] [1..10) yes, [1..10) [1..10] no
    coincides    5 5 yes, 3 4 no, [1..5] [1..5] yes, (1..5) [1..5] no, [1..5] [2..6] no
"""
EXAMPLES = [
    (name.replace("~", " "), *example.split())
    for name, examples in (line.split(maxsplit=1) for line in TABLE.strip().splitlines())
    for example in examples.split(",")
]


@pytest.mark.parametrize(("name", "left", "right", "answer"), EXAMPLES)
def test_relations_are_those_of_the_standard(name: str, left: str, right: str, answer: str) -> None:
    assert call(name, side(left), side(right)) is (answer == "yes")


def test_relations_hold_for_every_ordered_type() -> None:
    year = Range(at("2026-01-01"), at("2026-12-31"))
    assert call("includes", year, at("2026-06-30")) is True
    assert call("before", "a", Range("b", "c")) is True
    assert call("during", at("PT5H"), Range(at("PT1H"), at("P1D"))) is True


def test_arguments_can_be_named() -> None:
    assert call("before", named={"point": 1, "range": side("[5..10]")}) is True
    assert call("before", named={"range1": side("[1..2]"), "range2": side("[5..10]")}) is True
    assert call("after", named={"point1": 2, "point2": 1}) is True


def test_a_unary_test_is_a_range_without_one_end() -> None:
    above_ten = Range(feel(10), None, low_closed=False, high_closed=False, operator=">")
    below_ten = Range(None, feel(10), low_closed=False, high_closed=False, operator="<")
    assert call("before", below_ten, above_ten) is True
    assert call("includes", above_ten, 11) is True
    assert call("includes", above_ten, side("[11..12]")) is True
    assert call("overlaps", above_ten, below_ten) is False
    assert call("coincides", above_ten, above_ten) is True
    assert call("before", above_ten, 10**6) is False
    assert call("coincides", Range(feel(5), None, operator="="), side("[5..5]")) is True


@pytest.mark.parametrize(
    "range_", [Range(feel(1), None), Range(None, feel(1)), Range(feel(1), None, operator="!="), Range(None, None, operator="=")]
)
def test_a_range_that_lost_an_end_or_is_none_is_refused(range_: Range) -> None:
    assert refusal("before", range_, 5).code == "feel-bad-argument"


def test_points_of_different_types_are_refused() -> None:
    assert refusal("before", 1, "2").code == "feel-incomparable"
    assert refusal("coincides", 1, side("[1..2]")).code == "feel-incomparable"
    assert refusal("includes", side("[1..2]"), at("2026-01-01")).code == "feel-incomparable"
    assert refusal("before", None, 1).code == "feel-null-argument"


_RANGES = st.builds(
    lambda low, length, low_closed, high_closed: Range(feel(low), feel(low + length), low_closed, high_closed),
    st.integers(0, 4),
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
)


@given(_RANGES, _RANGES)
def test_of_two_ranges_one_is_before_or_behind_the_other_or_they_overlap(left: Range, right: Range) -> None:
    assert [call(name, left, right) for name in ("before", "after", "overlaps")].count(True) == 1


@given(_RANGES, _RANGES)
def test_exchanged_arguments_answer_the_opposite_relation(left: Range, right: Range) -> None:
    pairs = [("before", "after"), ("meets", "met by"), ("overlaps", "overlaps"), ("overlaps before", "overlaps after")]
    pairs += [("finishes", "finished by"), ("includes", "during"), ("starts", "started by"), ("coincides", "coincides")]
    for name, opposite in pairs:
        assert call(name, left, right) is call(opposite, right, left)
