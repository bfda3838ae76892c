"""Coded decisions beside the interpreter: the same rows as a typed frame, decided by looking up codes.

Compared are the text of each value, nothing where it is unknown, and the numbers of the rules that fired.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from tests.columnar.models import ITEMS
from zhida.columnar.columns import Array
from zhida.columnar.decisions import Decisions
from zhida.columnar.plan import Plan
from zhida.dmn.compiled import CompiledTable, DecisionModel, Typed
from zhida.dmn.evaluate import Evaluator
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING, list_of
from zhida.values.unknown import find_unknown

Value = Any

PLACES = 8
"""Decimal places of the frames: more than any attribute keeps, so that some cells are too fine for their columns."""
_TYPES = {
    NUMBER: pl.Decimal(38, PLACES),
    BOOLEAN: pl.Boolean(),
    STRING: pl.String(),
    DATE: pl.Date(),
    list_of(NUMBER): pl.List(pl.Decimal(38, PLACES)),
}


def frame_of(rows: Sequence[Mapping[str, Value]]) -> pl.DataFrame:
    """Return rows as a typed frame, with companions that say of an empty cell that it is known to be absent."""
    series = []
    for name in rows[0]:
        values = [row[name] for row in rows]
        cells = [None if value is None or find_unknown(value) is not None else _cell(value) for value in values]
        series.append(pl.Series(name, cells, _TYPES[ITEMS[name].type], strict=True))
        series.append(pl.Series(f"{name}:absent", [value is None for value in values], pl.Boolean))
    return pl.DataFrame(series)


def _cell(value: Value) -> object:
    if isinstance(value, Date):
        return date(value.year, value.month, value.day)
    if isinstance(value, tuple):
        return [_cell(element) for element in value]
    return value if isinstance(value, bool | str) else Decimal(value)


Words = tuple[str | None, str]
"""The text of a value, and the numbers of the rules that fired."""


def words_of(model: DecisionModel, evaluator: Evaluator, goal: str) -> Words:
    """Return what is compared of a decision that the interpreter has decided."""
    value = evaluator.value(goal)
    body = model.decisions[goal].body
    body = body.body if isinstance(body, Typed) else body
    table = evaluator.trace[goal].table if goal in evaluator.trace else None
    numbers = ""
    if isinstance(body, CompiledTable) and table is not None and not table.possible:
        numbers = "、".join(body.table.rules[place].number for place in table.matched)
    unknown = find_unknown(value) is not None
    return (None if unknown else value if type(value) is str else literal(value)), numbers


def by_codes(
    plan: Plan, goals: Sequence[str], frame: pl.DataFrame, places: Array, expected: Mapping[str, Sequence[Words]]
) -> tuple[dict[str, Array], int, dict[str, Sequence[Words]]]:
    """Decide rows by codes and compare.

    Args:
        plan: How the decisions are computed.
        goals: The decisions.
        frame: The different rows.
        places: Which of them are decided, in order.
        expected: What the interpreter says of the different rows.

    Returns:
        For each decision the places in `places` of which another thing is said; how many rows went to the interpreter; and
        what was said of these places.
    """
    decisions = Decisions(plan, tuple(goals))
    differing: dict[str, Array] = {}
    said: dict[str, Sequence[Words]] = {}
    found = pl.from_arrow(decisions.decide(frame[places.tolist()], workers=1))
    assert isinstance(found, pl.DataFrame), "a table"
    for goal in goals:
        words: dict[Words, int] = {}
        wanted = np.array([words.setdefault(each, len(words)) for each in expected[goal]])[places]
        pairs = pl.DataFrame({"value": found[goal].cast(pl.String), "rules": found[f"rules:{goal}"].cast(pl.String)})
        distinct = pairs.unique(maintain_order=True).with_row_index("number")
        numbers = pairs.join(distinct, on=["value", "rules"], how="left", nulls_equal=True, maintain_order="left")["number"].to_numpy()
        met = np.array([words.get((row[1], row[2]), -1) for row in distinct.iter_rows()])[numbers]
        differing[goal] = np.flatnonzero(met != wanted)
        said[goal] = [pairs.row(int(place)) for place in differing[goal][:1]]
    return differing, decisions.interpreted, said
