"""Polars: `when/then` by hand, and the same rules as bit vectors, in a frame whose strings are an Enum."""

import sys
from functools import reduce
from operator import and_

import numpy as np
import polars as pl
from drawn import SUM, Attribute, Cell, DrawnTable, mask
from frames import Array, Decider, Rows, serve_tables

WORD, BYTE = 64, 8


def frame_of(table: DrawnTable, values: Rows) -> pl.DataFrame:
    """Return the rows as one keeps them in Polars."""
    columns = []
    for each in table.attributes:
        column = pl.Series(each.name, values[each.name])
        columns.append(pl.Series(each.name, each.words).gather(column).cast(pl.Enum(each.words)) if each.kind == "string" else column)
    return pl.DataFrame(columns)


def test(cell: Cell, attribute: Attribute) -> pl.Expr:
    """Return a cell as an expression."""
    column = pl.col(attribute.name)
    if cell.words:
        found = column.is_in(pl.Series(cell.words, dtype=pl.Enum(attribute.words)).implode())
        return ~found if cell.is_negated else found
    if cell.flag is not None:
        return column if cell.flag else ~column
    if cell.low is None:
        return column < cell.high
    return column >= cell.low if cell.high is None else column.is_between(cell.low, cell.high, closed="left")


def by_when(table: DrawnTable, values: Rows) -> Decider:
    """Return the table as one chain of `when` and `then`, or as a sum of them."""
    frame = frame_of(table, values)
    conditions = []
    for rule in table.rules:
        tests = [test(cell, each) for cell, each in zip(rule.cells, table.attributes, strict=True) if not cell.is_any]
        conditions.append(reduce(and_, tests) if tests else pl.lit(True))
    outputs = [pl.lit(rule.output, pl.Int64) for rule in table.rules]
    if table.hit_policy == SUM:
        found = pl.sum_horizontal(pl.when(hit).then(output).otherwise(0) for hit, output in zip(conditions, outputs, strict=True))
    else:
        found = pl.lit(0, pl.Int64)
        for hit, output in reversed(list(zip(conditions, outputs, strict=True))):
            found = pl.when(hit).then(output).otherwise(found)
    return lambda: frame.select(found.alias("found"))["found"]


def by_bits(table: DrawnTable, values: Rows) -> Decider:
    """Return the table as masks of rules for each interval or word; the lowest common bit is the first rule."""
    frame = frame_of(table, values)
    words = -(-len(table.rules) // WORD)
    codes, masks = [], []
    for place, each in enumerate(table.attributes):
        cells = [rule.cells[place] for rule in table.rules]
        if all(cell.is_any for cell in cells):
            continue
        code, points = _codes(each, cells)
        codes.append(code.alias(f"code {each.name}"))
        masks.append((f"code {each.name}", _masks(cells, each, points, words)))
    outputs = np.array([rule.output for rule in table.rules], np.int64)
    found = [
        reduce(and_, [pl.lit(pl.Series(of[:, word])).gather(pl.col(name)) for name, of in masks]).alias(f"word {word}")
        for word in range(words)
    ]
    last = (_sum if table.hit_policy == SUM else _first)(words, outputs).alias("found")
    return lambda: frame.select(codes).select(found).select(last)["found"]


def _codes(attribute: Attribute, cells: list[Cell]) -> tuple[pl.Expr, Array]:
    """Return the place of each value among those that cells tell apart, and one value of each place."""
    column = pl.col(attribute.name)
    if attribute.kind == "string":
        return column.to_physical().cast(pl.UInt32), np.arange(len(attribute.words))
    if attribute.kind == "boolean":
        return column.cast(pl.UInt32), np.array([False, True])
    bounds = sorted({bound for cell in cells for bound in (cell.low, cell.high) if bound is not None})
    return pl.lit(pl.Series(bounds)).search_sorted(column, side="right"), np.array([attribute.low - 1, *bounds])


def _masks(cells: list[Cell], attribute: Attribute, points: Array, words: int) -> Array:
    """Return for each place the rules whose cell it passes, 64 in a word."""
    bits = np.zeros((len(points), words * WORD), np.uint8)
    for place, cell in enumerate(cells):
        bits[:, place] = True if cell.is_any else mask(cell, attribute, points)
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)


def _first(words: int, outputs: Array) -> pl.Expr:
    """Return the output of the first rule."""
    places = pl.lit(len(outputs) - 1, pl.UInt32)
    for word in reversed(range(words)):
        bits = pl.col(f"word {word}")
        places = pl.when(bits != 0).then(bits.bitwise_trailing_zeros() + word * WORD).otherwise(places)
    return pl.lit(pl.Series(outputs)).gather(places)


def _sum(words: int, outputs: Array) -> pl.Expr:
    """Return the sum of the outputs of all rules, byte by byte."""
    padded = np.zeros(words * WORD, np.int64)
    padded[: len(outputs)] = outputs
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
    parts = []
    for place in range(-(-len(outputs) // BYTE)):
        sums = pl.lit(pl.Series(bits @ padded[place * BYTE : place * BYTE + BYTE]))
        shifted = pl.col(f"word {place // BYTE}") // (1 << place % BYTE * BYTE) & 255
        parts.append(sums.gather(shifted.cast(pl.UInt32)))
    return pl.sum_horizontal(parts)


serve_tables({"when": by_when, "bits": by_bits}[sys.argv[1]], lambda found: found.to_numpy())
