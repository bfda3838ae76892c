"""Tables whose cells compare with what other names stand for: by columns where both sides are known, else by the interpreter.

    rows ──both sides of every relation known?──┬── yes: the table, its relations as columns of truth values
                                                └── no:  the interpreter, the whole decision

What the interpreter reads depends on how far it gets: it leaves a rule at the first cell that says no to a value that is there,
and under FIRST the table at the first rule that matches. What only a cell names is read where that cell is come to.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from zhida.columnar.columns import KNOWN, UNKNOWN, Array, Column, Marks, Mask, full, limited, take, union
from zhida.columnar.encoders import FIRST_CODE, Encoder
from zhida.columnar.merging import merge_rows, scattered
from zhida.columnar.plan import Decide
from zhida.columnar.tables import TableDecider
from zhida.dmn.model import HitPolicy


def decide_related(  # noqa: PLR0913, PLR0917 - what a table is made of
    decider: TableDecider,
    inputs: Sequence[Column],
    outputs: dict[int, Column],
    named: Sequence[Column],
    rows: int,
    interpret: Callable[[Array], Column],
) -> Column:
    """Return the column of a table.

    Args:
        decider: Decides it.
        inputs: What is tested, the relations behind the others.
        outputs: The outputs that are no constants, by the place of their rule.
        named: For each relation what its cell names.
        rows: How many rows there are.
        interpret: Decides some rows by the interpreter, by their places.
    """
    operation = decider.operation
    relations = {relation.input for relation in operation.relations}
    is_hard = np.zeros(rows, np.bool_)
    for place, column in enumerate(inputs):
        if column.states is not None:
            is_hard |= (column.states != KNOWN) if place in relations else (column.states == UNKNOWN)
    easy, hard = np.flatnonzero(~is_hard), np.flatnonzero(is_hard)
    if not len(easy):
        return interpret(hard)
    if len(hard):
        inputs, named = [take(column, easy) for column in inputs], [take(column, easy) for column in named]
        outputs = {place: take(column, easy) for place, column in outputs.items()}
    bare = [replace(column, reads={}, codes={}) if place in relations else column for place, column in enumerate(inputs)]
    found = decider.decide(bare, outputs, len(easy), lambda some: interpret(easy[some]))
    met = come_to(decider, operation, bare, len(easy))
    reads: Marks = union(*(limited(column.reads, mask) for column, mask in zip(named, met, strict=True)))
    found = replace(found, reads=union(found.reads, reads))
    if not len(hard):
        return found
    columns = {0: scattered(found, easy, rows), 1: scattered(interpret(hard), hard, rows)}
    return merge_rows(columns, is_hard.astype(np.int64), operation.form)


def come_to(decider: TableDecider, operation: Decide, inputs: Sequence[Column], rows: int) -> list[Mask]:
    """Return for each relation the rows in which its cell is come to, none of whose inputs are unknown."""
    codes = [full(encoder.encode(column, rows)[0], rows) for encoder, column in zip(decider.encoders, inputs, strict=True)]
    moved = {(relation.rule, relation.column): relation.input for relation in operation.relations}
    own = min(moved.values())
    met: dict[tuple[int, int], Mask] = {}
    goes_on = np.ones(rows, np.bool_)
    for rule in range(len(decider.table.rules)):
        here, matches = goes_on.copy(), goes_on.copy()
        for column in range(own):
            place = moved.get((rule, column), column)
            if place != column:
                met[rule, column] = here.copy()
            passes, denies = said(decider.encoders[place], rule)
            here &= ~denies[codes[place]]
            matches &= passes[codes[place]]
        if decider.table.table.hit_policy is HitPolicy.FIRST:
            goes_on &= ~matches
    return [met[relation.rule, relation.column] for relation in operation.relations]


def said(encoder: Encoder, rule: int) -> tuple[Mask, Mask]:
    """Return the codes of an input that a rule's cell passes, and those of values that it denies; null is no value."""
    truths = [encoder.tell(None)[rule], *(told[rule] for told in encoder.told[FIRST_CODE:])]
    passed = [truth[0] if isinstance(truth, tuple) else None for truth in truths]
    passes = np.array([passed[0] is True, False, *(each is True for each in passed[1:])])
    denies = np.array([False, False, *(each is False for each in passed[1:])])
    return passes, denies
