"""Unknown as a fourth value: an operator settles it only where every value, null included, gives the same result."""

from decimal import Decimal

import pytest

from tests.engine.feel_texts import Value, outcome, passes, value_of
from zhida.values.unknown import Unknown, unknown

A, B = unknown("a"), unknown("b")
SCOPE = {"a": A, "b": B, "x": Decimal(1)}


def lacks(*names: str) -> Unknown:
    return Unknown(frozenset(names))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("false and a", False),
        ("a and false", False),
        ("true or a", True),
        ("a or true", True),
        ("false and a = b", False),
        ("if a then 1 else 1", Decimal(1)),
        ("if a then [x] else [1]", (Decimal(1),)),
        ("some v in [1, a] satisfies v = 1", True),
        ("every v in [2, a] satisfies v = 1", False),
        ("1 in [1, a]", True),
        ("count([1, a])", Decimal(2)),
        ("{k: a, m: 2}.m", Decimal(2)),
        ("[a, 2][2]", Decimal(2)),
        ("(function(v) 1)(a)", Decimal(1)),
        ("{k: a}.k = null and false", False),
    ],
)
def test_what_the_unknown_cannot_change_is_settled(text: str, expected: Value) -> None:
    assert value_of(text, SCOPE) == expected


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("a", "a"),
        ("a + 1", "a"),
        ("a * 0", "a"),
        ("-a", "a"),
        ("a = a", "a"),
        ("a > 5 or a <= 5", "a"),
        ("a and b", "ab"),
        ("a and null", "a"),
        ("null or a", "a"),
        ("a and true", "a"),
        ("a = null", "a"),
        ("a = b", "ab"),
        ("[a, 1] = [2, 2]", "a"),
        ("if a then 1 else 2", "a"),
        ("if a then b else 1", "ab"),
        ("if a then 1 / 0 else null", "a"),
        ("5 between 7 and a", "a"),
        ("a between 1 and b", "ab"),
        ("5 in [1..a]", "a"),
        ("a in [1, 2]", "a"),
        ("1 in [2, a]", "a"),
        ("a instance of number", "a"),
        ("a[1]", "a"),
        ("[1, 2][a]", "a"),
        ("[][a]", "a"),
        ("[1, a][item = 1]", "a"),
        ("[1, 2][item > a]", "a"),
        ("a.year", "a"),
        ("a(1)", "a"),
        ("abs(a)", "a"),
        ("max(1, a)", "a"),
        ("for v in a return 1", "a"),
        ("for v in 1..a return 1", "a"),
        ("some v in [2, a] satisfies v = 1", "a"),
        ("not(a)", "a"),
    ],
)
def test_what_the_unknown_could_change_is_unknown_and_names_all_it_lacks(text: str, missing: str) -> None:
    value, codes = outcome(text, SCOPE)
    assert value == lacks(*missing)
    assert codes == []


def test_an_unknown_stays_inside_of_the_list_or_context_that_holds_it() -> None:
    assert value_of("[a, x]", SCOPE) == (A, Decimal(1))
    assert value_of("{k: a}", SCOPE) == {"k": A}
    assert value_of("for v in [1, a] return v + 1", SCOPE) == (Decimal(2), A)


def test_a_branch_that_may_not_be_taken_leaves_no_diagnostic() -> None:
    assert outcome("(if a then 1 / 0 > 1 else false) and false", SCOPE) == (False, [])


def test_a_branch_that_is_odd_is_not_what_both_agree_on() -> None:
    assert outcome("if a then (if 1 / 0 > 1 then 1 else 2) else 2", SCOPE) == (A, [])


@pytest.mark.parametrize(
    ("cell", "tested", "expected"),
    [
        ("-", A, True),
        ("> 5", A, A),
        ("not(> 5)", A, A),
        ("null", A, A),
        ("a", Decimal(1), A),
        (">= a", Decimal(1), A),
        ("1, >= a", Decimal(1), True),
        ("not(1, a)", Decimal(1), False),
        ("2, a", Decimal(1), A),
        ("? > b", A, lacks("a", "b")),
        ("[1..a]", Decimal(5), A),
    ],
)
def test_a_cell_over_an_unknown(cell: str, tested: Value, expected: Value) -> None:
    assert passes(cell, tested, SCOPE) == expected


def test_an_unknown_is_neither_true_nor_false_in_python() -> None:
    with pytest.raises(TypeError):
        bool(A)
