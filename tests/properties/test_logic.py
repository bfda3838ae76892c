"""Laws of the four-valued logic: what unknown could be settles what may be said of it."""

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhida.values.logic import Truth, conjunction, disjunction, negation
from zhida.values.unknown import Unknown, unknown

CERTAIN: tuple[Truth, ...] = (True, False, None)
"""What an unknown truth could turn out to be."""

VALUES: tuple[Truth, ...] = (*CERTAIN, unknown("a"), unknown("b"))

truths = st.lists(st.sampled_from(VALUES), max_size=6)


def completions(values: list[Truth]) -> list[tuple[Truth, ...]]:
    """Return what values could turn out to be, each unknown for itself."""
    return list(product(*(CERTAIN if isinstance(value, Unknown) else (value,) for value in values)))


@pytest.mark.parametrize("operation", [conjunction, disjunction])
@given(values=truths)
def test_an_answer_is_known_exactly_where_every_completion_gives_it(operation: Callable[[list[Truth]], Truth], values: list[Truth]) -> None:
    answers = {operation(list(completed)) for completed in completions(values)}
    found = operation(values)
    if isinstance(found, Unknown):
        assert len(answers) > 1
        assert found.missing == frozenset().union(*(value.missing for value in values if isinstance(value, Unknown)))
    else:
        assert answers == {found}


@given(values=truths)
def test_de_morgan(values: list[Truth]) -> None:
    assert negation(conjunction(values)) == disjunction([negation(value) for value in values])
    assert negation(disjunction(values)) == conjunction([negation(value) for value in values])


@pytest.mark.parametrize(("operation", "neutral", "settles"), [(conjunction, True, False), (disjunction, False, True)])
@given(values=truths, order=st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter_and_there_is_a_neutral_and_a_settling_value(
    operation: Callable[[list[Truth]], Truth],
    values: list[Truth],
    order: st.DataObject,
    *,
    neutral: bool,
    settles: bool,
) -> None:
    shuffled = list(values)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    found = operation(values)
    assert operation(shuffled) == operation([*values, *values]) == operation([neutral, *values]) == found
    assert operation([*values, settles]) is settles


@given(values=truths, other=truths)
def test_grouping_does_not_matter(values: list[Truth], other: list[Truth]) -> None:
    assert conjunction([conjunction(values), conjunction(other)]) == conjunction([*values, *other])
    assert disjunction([disjunction(values), disjunction(other)]) == disjunction([*values, *other])


@given(value=st.sampled_from(VALUES))
def test_a_double_negation_is_none(value: Truth) -> None:
    assert negation(negation(value)) == value


@given(value=st.one_of(st.integers(), st.text(max_size=2), st.tuples(st.booleans())))
def test_what_is_no_boolean_counts_as_null(value: object) -> None:
    assert conjunction([value, True]) is None
    assert disjunction([value, False]) is None
    assert negation(value) is None
