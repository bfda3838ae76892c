"""Coded knowledge: what is known of rows whose answer rests on missing facts. It is the same for all of which the same is known.

    codes of the facts that a row has ──cells──> rules that these let pass ─┐
    facts that it lacks, or that are null ─────────────────────────────────┼──> a key: rows that share it come to the same
    states of the decisions ───────────────────────────────────────────────┘

A table asks of a value that says a plain yes or no in each of its cells nothing but which rules are left
(`zhida.columnar.tables`). So rows that lack the same facts, have null in the same ones, and are left the same rules by their
other facts, come to the same in each table, whatever is tried for what they lack; and values of a missing fact that let the
same of these rules pass come to the same too: one of them is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.columnar.coded import Codes, Looked
from zhida.columnar.coded_answers import AnswerNode, Join
from zhida.columnar.coded_facts import OF_NULL, OF_UNKNOWN, CodedFact
from zhida.columnar.coded_tables import TableNode
from zhida.columnar.columns import Array, Mask, different, scale_of
from zhida.columnar.kernel import WORD
from zhida.columnar.plan import Fact, Kind
from zhida.columnar.settle import Settler
from zhida.dmn.elementary import FEW_VALUES
from zhida.feel.syntax import Literal
from zhida.values.types import BOOLEAN, STRING

Value = Any
Words = NDArray[np.uint64]

_ALL = ~np.uint64(0)
_CODE = 16
"""Bits of a code."""
_IN_ORDER = {Kind.NUMBER, Kind.DATE}
"""Kinds of facts whose neighbouring codes are neighbouring values."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some rows."""

    keys: Words
    """For each row its key."""
    rules: Words
    """For each row the rules of all tables that its facts let pass."""
    is_told: Mask
    """Whether the key tells all: no value of the row says anything odd in a cell."""

    def take(self, rows: Array) -> "Known":
        """Return what is known of some of the rows."""
        return Known(self.keys[rows], self.rules[rows], self.is_told[rows])


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a fact is compared with, as far as its values are counted by it."""

    base: int
    """Values that it has without any bound."""
    more: NDArray[np.int64]
    """For each bound the values that it adds at most."""
    rules: Words
    """For each bound the rules whose cells have it; all, where it stands elsewhere."""

    def count(self, rules: Words) -> NDArray[np.int64]:
        """Return how many values there are at most in the rules that are left, row by row."""
        found = np.full(len(rules), self.base, np.int64)
        for more, mine in zip(self.more.tolist(), self.rules, strict=True):
            found += more * ((rules & mine) != 0).any(axis=1)
        return found


class Knowledge:
    """Tells what is known of rows."""

    def __init__(self, answer: AnswerNode, facts: Sequence[CodedFact]) -> None:
        """Note which fact says what of which table.

        Args:
            answer: The answer.
            facts: All facts that it rests on.
        """
        self.answer, self.facts = answer, facts
        nodes = [answer.program.nodes[place] for place in answer.program.needed(answer.sources)]
        self.tables = [node for node in nodes if isinstance(node, TableNode)]
        ends = np.cumsum([0, *(table.words for table in self.tables)]).tolist()
        self.spans = [slice(start, stop) for start, stop in pairwise(ends)]
        self.words = ends[-1]
        read = {source for node in nodes if isinstance(node, Looked) and not isinstance(node, TableNode | Join) for source in node.sources}
        self.bare = [fact for fact in facts if fact.place in read]
        self.whole = read | set(answer.leaves)  # more is made of these than tables tell
        self.sizes: tuple[int, ...] = ()
        self.masks: list[Words] = []
        self.is_plain: list[Mask] = []
        self.bounds: dict[int, Bounds | None] = {}

    def follow(self) -> None:
        """Follow what was learned of facts."""
        for table in self.tables:
            table.follow()
        sizes = tuple([len(fact.entries) for fact in self.facts])
        if sizes != self.sizes:
            told = [self.told(fact, size) for fact, size in zip(self.facts, sizes, strict=True)]
            self.masks, self.is_plain, self.sizes = [masks for masks, _ in told], [plain for _, plain in told], sizes

    def told(self, fact: CodedFact, count: int) -> tuple[Words, Mask]:
        """Return for each code of a fact the rules that it lets pass, and whether no cell says anything else of it than yes or no."""
        masks = np.full((count, self.words), _ALL)
        is_plain = np.ones(count, np.bool_)
        for table, span in zip(self.tables, self.spans, strict=True):
            for number, place in enumerate(table.operation.inputs):
                if self.answer.program.nodes[place].source == fact.place:
                    numbers = table.inputs[number][:count]
                    certain, possible = table.certain[number], table.possible[number]
                    masks[:, span] &= certain[numbers]
                    is_plain &= (table.plain[number] & (certain == possible).all(axis=1))[numbers]
        masks[~is_plain] = _ALL
        masks[[OF_NULL, OF_UNKNOWN]] = _ALL  # the key itself tells these
        return masks, is_plain

    def of(self, codes: Codes, rows: Array) -> Known:
        """Return what is known of some rows, given the codes of all facts and decisions."""
        self.follow()
        rules, is_told = np.full((len(rows), self.words), _ALL), np.ones(len(rows), np.bool_)
        marks: list[tuple[Array, int]] = []
        for fact, masks, is_plain in zip(self.facts, self.masks, self.is_plain, strict=True):
            mine = codes[fact.place][rows]
            rules &= masks[mine]
            is_told &= is_plain[mine] | (mine <= OF_UNKNOWN)
            marks += [(mine == OF_NULL, 1), (mine == OF_UNKNOWN, 1)]
        marks += [(column, _CODE) for column in self.answer.states(codes, rows)]
        marks += [(codes[fact.place][rows], _CODE) for fact in self.bare]
        return Known(np.column_stack([*packed(marks), rules]), rules, is_told)

    def one_of_each(self, number: int, domain: NDArray[np.int64], known: Known) -> Mask:
        """Return for each row and value of a missing fact whether it is to be tried: one of those that come to the same.

        Args:
            number: The place of the fact.
            domain: The codes of its values.
            known: What is known of the rows.
        """
        found = np.ones((len(known.rules), len(domain)), np.bool_)
        plain = np.flatnonzero(self.is_plain[number][domain])
        rows = np.flatnonzero(known.is_told)
        if self.facts[number].place in self.whole or len(plain) < 2 or not len(rows):
            return found
        left = self.masks[number][domain[plain]][None] & known.rules[rows][:, None]
        if self.facts[number].entries.form.kind in _IN_ORDER:
            kept = np.ones(left.shape[:2], np.bool_)
            kept[:, 1:] = (left[:, 1:] != left[:, :-1]).any(axis=2)
        else:
            kept = first_of_each(left)
        found[np.ix_(rows, plain)] = kept
        return found

    # --- how many values the settler tries ---------------------------------------------------------------------------------

    def most(self, settler: Settler, number: int, size: int, rules: Words) -> NDArray[np.int64]:
        """Return how many values of a missing fact the settler tries at most, row by row.

        Args:
            settler: The settler.
            number: The place of the fact.
            size: How many values there are, whatever is known.
            rules: For each row the rules that have a say.
        """
        if number not in self.bounds:
            self.bounds[number] = self.bounds_of(settler, self.facts[number])
        bounds = self.bounds[number]
        return np.full(len(rules), size, np.int64) if bounds is None else np.minimum(bounds.count(rules), size)

    def bounds_of(self, settler: Settler, fact: CodedFact) -> Bounds | None:
        """Return what the values of a fact are counted by; None where it is not by bounds that are written as they are."""
        item, operation = fact.item, settler.plan.operations[fact.place]
        assert isinstance(operation, Fact), "the facts of a program are facts of its plan"
        use = settler.domains.uses.get(operation.id)
        is_listed = item.type is STRING and item.allowed_values is not None and 0 < len(item.allowed_values) <= FEW_VALUES
        if use is None or item.type is BOOLEAN or is_listed or fact.place in self.whole:
            return None
        masks: dict[Value, Words] = {}
        for bound in use.bounds:
            if not isinstance(bound.node, Literal) or not bound.node.is_valid:
                return None
            value = bound.node.value
            if value is not None:
                masks[value] = masks.get(value, np.zeros(self.words, np.uint64)) | self.rule(settler, bound.decision_id, bound.rule)
        scale = 6 if item.scale is None else item.scale
        more = [3 if isinstance(value, Decimal) and scale_of(value) > scale else 2 for value in masks]  # the value, and one behind it
        return Bounds(1 + item.is_nullable, np.array(more, np.int64), np.array(list(masks.values()), np.uint64).reshape(-1, self.words))

    def rule(self, settler: Settler, decision: str, rule: int | None) -> Words:
        """Return a rule of a decision as a set; all rules where it is none of a table that is told of here."""
        found = np.full(self.words, _ALL)
        for table, span in zip(self.tables, self.spans, strict=True):
            if rule is not None and any(step.id == decision and step.operation == table.place for step in settler.plan.steps):
                found[:] = 0
                found[span][rule // WORD] = np.uint64(1) << np.uint64(rule % WORD)
        return found

    def with_say(self, known: Array, rules: Words) -> Words:
        """Return the rules that have a say: where the answer does not rest on a table, the settler takes all of its rules to have one.

        Args:
            known: For each row its answer for what is known.
            rules: For each row the rules that are left.
        """
        answer = self.answer
        steps = {step.operation: answer.tables.index(step.id) for step in answer.steps if step.is_table}
        found = rules.copy()
        for number in different(known).tolist():
            fired = answer.answers[number].fired
            for table, span in zip(self.tables, self.spans, strict=True):
                if table.place not in steps or fired[steps[table.place]][0] < 0:
                    found[known == number, span] = _ALL
        return found


def packed(columns: Sequence[tuple[Array, int]]) -> list[Words]:
    """Return columns of small numbers as few words for each row.

    >>> [word.tolist() for word in packed([(np.array([1, 0]), 1), (np.array([2, 3]), 16), (np.array([0, 7]), 64)])]
    [[5, 6], [0, 7]]

    Args:
        columns: The columns, each with the bits that its numbers have.
    """
    found: list[Words] = []
    used = WORD
    for column, bits in columns:
        if used + bits > WORD:
            found.append(np.zeros(len(column), np.uint64))
            used = 0
        found[-1] |= column.astype(np.uint64) << np.uint64(used)
        used += bits
    return found


def first_of_each(sets: Words) -> Mask:
    """Return for each row which of its sets are not there before.

    Args:
        sets: Rows × sets × words.

    >>> first_of_each(np.array([[[5], [0], [5], [0]]], np.uint64)).tolist()
    [[True, True, False, False]]
    """
    mixed = sets[:, :, 0].copy()
    for word in range(1, sets.shape[2]):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + sets[:, :, word]
    order = np.argsort(mixed, axis=1, kind="stable")
    moved = np.take_along_axis(sets, order[:, :, None], axis=1)
    is_new = np.ones(order.shape, np.bool_)
    is_new[:, 1:] = (moved[:, 1:] != moved[:, :-1]).any(axis=2)
    found = np.empty_like(is_new)
    np.put_along_axis(found, order, is_new, axis=1)
    return found
