"""Rows of several columns put together, and rows of a column put where they belong among others.

columns of some rows ──scattered──> columns of all rows ──merge_rows──> one column, each row from the one that was chosen for it
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from zhida.columnar.columns import Array, Column, Marks, Mask, either, full, limited, mask_of, union, within
from zhida.columnar.plan import Form, Kind


def merge_rows(columns: Mapping[int, Column], choice: Array, form: Form) -> Column:
    """Return for each row the row of one of several columns.

    Args:
        columns: The columns by number; all of one form.
        choice: For each row the number of its column.
    """
    count = len(choice)
    boolean = form.kind is Kind.BOOLEAN
    values: Array = np.zeros(count, np.bool_ if boolean else np.int64)
    divisors: Array | None = np.ones(count, np.int64) if form.kind is Kind.RATIO else None
    firing: Array | None = None
    states: Array | None = None
    marks: list[tuple[Marks, Marks, Marks]] = []
    bad: Mask | None = None
    for number, column in columns.items():
        mask = choice == number
        if not mask.any():
            continue
        np.copyto(values, column.values, where=mask)
        if divisors is not None and column.divisors is not None:
            np.copyto(divisors, column.divisors, where=mask)
        if column.states is not None:
            states = np.zeros(count, np.uint8) if states is None else states
            np.copyto(states, column.states, where=mask)
        if column.firing is not None:
            firing = np.zeros(count, np.int64) if firing is None else firing
            np.copyto(firing, column.firing, where=mask)
        marks.append((limited(column.missing, mask), limited(column.reads, mask), limited(column.codes, mask)))
        bad = either(bad, within(column.bad, mask))
    missing, reads, codes = (union(*each) for each in zip(*marks, strict=True)) if marks else ({}, {}, {})
    return Column(form, values, states, missing, reads, codes, bad, divisors, firing=firing)


def scattered(column: Column, places: Array, rows: int) -> Column:
    """Return a column of some rows as one of all, with nothing in the others."""
    mask = mask_of(places, rows)

    def spread(array: Array) -> Array:
        whole = np.zeros(rows, array.dtype)
        whole[mask] = array
        return whole

    def spread_marks(marks: Marks) -> Marks:
        return {name: spread(full(each, len(places))) for name, each in marks.items()}

    return replace(
        column,
        values=spread(column.values),
        states=None if column.states is None else spread(column.states),
        missing=spread_marks(column.missing),
        reads=spread_marks(column.reads),
        codes=spread_marks(column.codes),
        bad=None if column.bad is None else spread(column.bad),
        divisors=None if column.divisors is None else spread(column.divisors),
        firing=None if column.firing is None else spread(column.firing),
    )
