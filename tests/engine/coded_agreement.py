"""How the tests compare codes with the interpreter, and coded policies with those that are settled value by value."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from typing import Any

import polars as pl

from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.decisions import BETWEEN, Decisions, open_decisions
from zhida.columnar.frames import ABSENT, read_block
from zhida.columnar.policies import PolicyColumns
from zhida.dmn.compiled import CompiledTable, DecisionModel, Typed
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.model import ItemDefinition
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING, list_of
from zhida.values.unknown import Unknown, find_unknown

Value = Any
_EXACT = Context(prec=7_000)


def plain(value: Value) -> Value:
    """Return a FEEL value as a frame takes it."""
    if isinstance(value, Unknown) or value is None:
        return None
    if isinstance(value, Date):
        return date(value.year, value.month, value.day)
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def fits(value: Value, item: ItemDefinition) -> bool:
    """Say whether a frame of the attribute's type holds a value."""
    if isinstance(value, tuple):
        return all(fits(each, item) for each in value)
    if isinstance(value, Date):
        return 1 <= value.year <= 9999
    if isinstance(value, Decimal):
        scale = 6 if item.scale is None else item.scale
        moved = value.scaleb(scale, _EXACT)
        return moved == moved.to_integral_value() and abs(moved) < 10**37
    return True


def frame_of(items: Sequence[ItemDefinition], rows: Sequence[Mapping[str, Value]]) -> pl.DataFrame:
    """Return rows of FEEL values, by the names of attributes, as a frame; what a row does not give is unknown."""
    columns = {"#": pl.Series("#", range(len(rows)), dtype=pl.Int64)}
    for item in items:
        number = pl.Decimal(38, 6 if item.scale is None else item.scale)
        kinds = {NUMBER: number, STRING: pl.String(), BOOLEAN: pl.Boolean(), DATE: pl.Date(), list_of(NUMBER): pl.List(number)}
        values = [row.get(item.name, Unknown(frozenset((item.name,)))) for row in rows]
        columns[item.name] = pl.Series(item.name, [plain(value) for value in values], dtype=kinds[item.type])
        columns[item.name + ABSENT] = pl.Series(item.name + ABSENT, [value is None for value in values], dtype=pl.Boolean)
    return pl.DataFrame(columns)


def told(value: Value) -> str | None:
    if find_unknown(value) is not None:
        return None
    return value if type(value) is str else literal(value)


def rules_of(evaluator: Evaluator, goal: str) -> str:
    body = evaluator.model.decisions[goal].body
    body = body.body if isinstance(body, Typed) else body
    trace = evaluator.trace[goal].table
    if not isinstance(body, CompiledTable) or trace is None or trace.possible:
        return ""
    return BETWEEN.join(body.table.rules[place].number for place in trace.matched)


def decisions_differ(
    model: DecisionModel,
    goals: Sequence[str],
    rows: Sequence[Mapping[str, Value]],
    *,
    as_of: Date,
    constants: Mapping[str, Value] | None = None,
    repeat: int = 1,
) -> tuple[list[str], Decisions]:
    """Return where decisions over a frame are not what the interpreter says of its rows, and the decisions."""
    known = {id_: value for id_, value in (constants or {}).items() if not isinstance(value, Unknown)}
    decisions = open_decisions(model, goals, as_of=as_of, constants=known)
    items = {id_: item for id_, item in decisions.plan.facts.items() if item.type in {NUMBER, STRING, BOOLEAN, DATE, list_of(NUMBER)}}
    kept = [row for row in rows if all(fits(row.get(item.name), item) for item in items.values())]
    frame = frame_of(list(items.values()), list(kept) * repeat)
    batch = decisions.decide(frame, workers=1)
    found = []
    for place, row in enumerate(list(kept) * repeat):
        lacking = {id_: Unknown(frozenset((item.name,))) for id_, item in decisions.plan.facts.items()}
        given = {id_: row[item.name] for id_, item in items.items() if item.name in row}
        evaluator = Evaluator(model, {**known, **lacking, **given}, as_of=as_of)
        for goal in goals:
            value = told(evaluator.value(goal))
            wanted = (value, rules_of(evaluator, goal))
            met = (batch.column(goal)[place].as_py(), batch.column(f"rules:{goal}")[place].as_py())
            if met != wanted:
                found.append(f"{goal} {dict(row)}: the interpreter says {wanted}, the codes {met}")
    lean = lean_of(frame)
    for start in (0, min(3, frame.height)):  # once more, by what was learned, and from within a column
        again = decisions.decide(lean.slice(start), workers=2)
        found += [
            f"{name}: in another frame of the same rows, from {start}, {told} and not {wanted}"
            for name in batch.schema.names
            for told, wanted in zip(again.column(name).to_pylist(), batch.column(name)[start:].to_pylist(), strict=True)
            if told != wanted
        ]
    return found, decisions


def lean_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the same rows without columns that mark no absence, and texts as words of an Enum."""
    idle = [name for name in frame.columns if name.endswith(ABSENT) and not frame[name].any()]
    texts = [name for name, type_ in frame.schema.items() if type_ == pl.String and frame[name].n_unique() < 200]
    words = {name: pl.Enum(frame[name].drop_nulls().unique().sort()) for name in texts}
    return frame.drop(idle).with_columns(pl.col(name).cast(type_) for name, type_ in words.items())


def policies_differ(coded: CodedPolicy, columns: PolicyColumns, frame: pl.DataFrame) -> list[str]:
    """Return where a coded policy does not say what the same policy says value by value.

    Args:
        coded: The coded policy.
        columns: The same policy, opened for itself.
        frame: The rows.
    """
    decided = coded.decide(frame)
    mine = coded.settler, decided.answers
    others = columns.batch(columns.settler.settle(read_block(frame, columns.plan, columns.executor.vocabulary))).to_pylist()
    words = PolicyColumns(columns.model, mine[0].plan, mine[0].questions, mine[0].executor, mine[0], columns.words)
    found = words.batch(mine[1]).to_pylist()
    return [
        f"{frame.row(row, named=True)}: value by value {other}, by codes {found[place]}"
        for row, (place, other) in enumerate(zip(decided.places.tolist(), others, strict=True))
        if not other["bad"] and found[place] != other  # codes also tell of numbers that are beyond 64 bits
    ]
