"""Coded decision tables: dense where there are few combinations of codes, else by the rules that match.

    local codes ──cells──> rules that match for certain, rules that may ──key──> entry

A table is decided by the interpreter once for each set of rules that matches (`zhida.columnar.tables`); a row in which an
input is unknown has two such sets, the rules that match whatever it is and those that may. Only combinations with null, or
with anything odd in a cell, are decided one by one.
"""

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.coded import Codes, Entry, Looked, Program, UncodedError
from zhida.columnar.coded_split import ODD, Cells, Half, Pairs, halves_of
from zhida.columnar.columns import ALL, KNOWN, NULL, UNKNOWN, Array, Mask, distinct, pack
from zhida.columnar.kernel import WORD
from zhida.columnar.plan import Decide, placeholder
from zhida.columnar.tables import DENSE_LIMIT, OF_NULL, OF_UNKNOWN, Outcome, TableDecider
from zhida.dmn.model import HitPolicy
from zhida.feel.syntax import Literal
from zhida.values.text import literal
from zhida.values.types import conforms
from zhida.values.unknown import Unknown

_FALSE, _TRUE, _OPEN, _ODD = 0, 1, 2, 3
"""What a cell says of a code."""


class TableNode(Looked):
    """A decision table whose inputs are coded."""

    def __init__(self, place: int, operation: Decide, sources: Sequence[int], program: Program) -> None:
        super().__init__(place, operation.form, sources, program, operation.inputs)
        self.operation = operation
        forms = [program.nodes[each].entries.form for each in operation.inputs]
        executor = program.executor
        if place not in program.deciders:
            lessons = executor.learned.of(place)
            program.deciders[place] = TableDecider(operation, forms, program.plan.as_of, executor.vocabulary, executor.firings, lessons)
        self.decider = program.deciders[place]
        self.is_first = operation.table.table.hit_policy is HitPolicy.FIRST
        self.rules = len(operation.table.rules)
        self.words = max(-(-self.rules // WORD), 1)
        self.certain: list[NDArray[np.uint64]] = []
        self.possible: list[NDArray[np.uint64]] = []
        self.plain: list[Mask] = []
        self.by_key: dict[tuple[object, ...], int] = {}
        self.is_dense = True
        self.inputs: list[Array] = []
        self.masks: list[NDArray[np.uint64]] = []
        self.hidden: list[Mask] = []
        self.halves: tuple[Half, Half] | None = None
        self.pairs = Pairs()
        self.by_rule: Array = np.full(self.rules + 2, -1, np.int64)
        self.of_output = self.outputs_told_apart() if self.is_first else None
        self.reads: frozenset[str] = frozenset()

    # --- codes of a source to numbers of the table ------------------------------------------------------------------------

    def layout(self) -> None:
        """Give the inputs' entries numbers by what is told apart, and make the dense table or the masks anew."""
        self.inputs = []
        for place, encoder in zip(self.operation.inputs, self.decider.encoders, strict=True):
            column = self.program.nodes[place].entries.column
            if any(mask.any() for mask in column.codes.values()) or column.bad is not None:
                raise UncodedError("an input that may be odd")
            codes, bad = encoder.encode(column, len(column.values))
            if bad is not None and bad.any():
                raise UncodedError("an input beyond 64 bits")
            self.inputs.append(codes)
        read = [name for place in self.operation.inputs for name in self.program.nodes[place].entries.column.reads]
        self.reads = frozenset(read)
        self.extend_cells()
        counts = [max(encoder.count, 2) for encoder in self.decider.encoders]
        self.is_dense = prod(counts) <= DENSE_LIMIT
        self.halves = None
        if self.is_dense:
            self.layout_dense(counts)
        else:
            self.layout_masks()

    def by_source(self, numbers: Sequence[Array]) -> list[Array]:
        """Return for each source what its inputs' numbers add up to; inputs of one source count together."""
        found: dict[int, Array] = {}
        for place, column in zip(self.operation.inputs, numbers, strict=True):
            source = self.program.nodes[place].source
            if source is None:  # a constant: its one number counts in every row
                found[self.sources[0]] = found.get(self.sources[0], np.zeros((), np.int64)) + column[0]
            else:
                found[source] = found[source] + column if source in found else column
        return [found[source] for source in self.sources]

    def layout_dense(self, counts: list[int]) -> None:
        """Make the dense table, if any input has more numbers than before."""
        strides = [prod(counts[place + 1 :]) for place in range(len(counts))]
        self.maps = [each.astype(np.uint32) for each in self.by_source([n * s for n, s in zip(self.inputs, strides, strict=True)])]
        if tuple(counts) != self.shape:
            self.shape = tuple(counts)
            self.table = np.full(prod(counts), self.fresh, self.dtype)

    def layout_masks(self) -> None:
        """Make the masks of the sources' codes: none at all where an input is unknown or odd."""
        if not self.is_first and self.layout_halves():
            return
        by_source: dict[int, NDArray[np.uint64]] = {}
        hidden: dict[int, Mask] = {}
        for place, numbers, certain, plain in zip(self.operation.inputs, self.inputs, self.certain, self.plain, strict=True):
            source = self.program.nodes[place].source
            if source is None:
                raise UncodedError("a constant input of a large table")
            is_plain = plain[numbers] & (numbers != OF_UNKNOWN)
            mask = np.where(is_plain[:, None], certain[numbers], np.uint64(0))
            by_source[source] = by_source[source] & mask if source in by_source else mask
            hidden[source] = hidden.get(source, ~ALL) | ~is_plain
        self.masks = [self.with_last(np.ascontiguousarray(by_source[source]), ~hidden[source]) for source in self.sources]
        self.hidden = [hidden[source] for source in self.sources]

    def layout_halves(self) -> bool:
        """Cut the table in two halves, and say whether that can be done."""
        cells: dict[int, Cells] = {}
        said = zip(self.certain, self.possible, self.plain, strict=True)
        for place, numbers, (certain, possible, plain) in zip(self.operation.inputs, self.inputs, said, strict=True):
            source = self.program.nodes[place].source
            if source is None:
                return False
            mine = Cells(certain[numbers], possible[numbers], plain[numbers])
            other = cells.get(source)
            if other is not None:
                mine = Cells(mine.certain & other.certain, mine.possible & other.possible, mine.plain & other.plain)
            cells[source] = mine
        self.halves, self.pairs = halves_of(cells), Pairs()
        return self.halves is not None

    def by_halves(self, halves: tuple[Half, Half], pairs: Pairs, codes: Codes) -> Array:
        """Return the codes of all rows by the sets of rules that two halves of the inputs leave."""
        left, right = (half.numbers(codes) for half in halves)
        keys = left.astype(np.int64) * halves[1].sets + right
        with self.program.lock:
            found, is_fresh = pairs.look_up(keys)
            if is_fresh.any():
                fresh = np.flatnonzero(is_fresh)
                learned = self.learn(self.numbers_at([codes[source] for source in self.sources], fresh))
                found[fresh] = learned
                told = (left[fresh] != ODD) & (right[fresh] != ODD)  # what is odd is not told by rules alone
                pairs.learn(keys[fresh[told]], learned[told])
            return found.astype(self.dtype)

    def look_up(self, codes: Codes) -> Array:
        """Return the codes of all rows."""
        self.follow()
        if self.is_dense:
            return super().look_up(codes)
        with self.program.lock:
            halves, pairs = self.halves, self.pairs
        if halves is not None:
            return self.by_halves(halves, pairs, codes)
        given = [codes[source] for source in self.sources]
        none, rest = self.rules, self.rules + 1
        if self.is_first:
            rules = kernel.decide_masks(given, self.masks, True, rest, rest)
        else:
            rules = kernel.decide_masks(given, self.masks, False, none, rest)
            places = np.flatnonzero(rules == none)
            is_hidden = np.zeros(len(places), np.bool_)
            for column, hidden in zip(given, self.hidden, strict=True):
                is_hidden |= hidden[column[places]]
            rules[places[is_hidden]] = rest
        while True:
            with self.program.lock:
                dtype = self.dtype
                table = np.where(self.by_rule < 0, self.fresh, self.by_rule).astype(dtype)
            found: Array = kernel.translate(rules, table)
            if not len(found) or found.max() != np.iinfo(dtype).max:
                return found
            with self.program.lock:
                is_rest = rules == rest
                self.learn_rules(given, rules, np.flatnonzero((found == np.iinfo(dtype).max) & ~is_rest))
                if is_rest.any():
                    places = np.flatnonzero(is_rest)
                    learned = self.learn(self.numbers_at(given, places))
                    found = np.where(is_rest, 0, self.by_rule[np.where(is_rest, 0, rules)]).astype(self.dtype)
                    found[places] = learned
                    return found

    def with_last(self, mask: NDArray[np.uint64], is_plain: Mask) -> NDArray[np.uint64]:
        """Return masks with one rule more, behind all others, that every code matches which is not hidden: the rule of no rule."""
        if not self.is_first:
            return mask
        wide = np.zeros((len(mask), self.rules // WORD + 1), np.uint64)
        wide[:, : mask.shape[1]] = mask
        wide[:, self.rules // WORD] |= np.where(is_plain, np.uint64(1 << (self.rules % WORD)), np.uint64(0))
        return wide

    def numbers_at(self, given: Sequence[Array], places: Array) -> list[Array]:
        """Return the inputs' own numbers in some rows."""
        columns = dict(zip(self.sources, given, strict=True))
        sources = [self.program.nodes[place].source for place in self.operation.inputs]
        return [numbers[columns[source][places]] for numbers, source in zip(self.inputs, sources, strict=True) if source is not None]

    def learn_rules(self, given: Sequence[Array], rules: Array, fresh: Array) -> None:
        """Learn what the table comes to where one rule, or none, decides, in some rows in which that was not met before."""
        met, places = np.unique(rules[fresh], return_index=True)
        for rule, place in zip(met.tolist(), fresh[places].tolist(), strict=True):
            self.by_rule[rule] = self.learn(self.numbers_at(given, np.array([place])))[0]

    # --- combinations that are new -----------------------------------------------------------------------------------------

    def learn(self, columns: Sequence[Array]) -> Array:
        """Return the codes of combinations of the inputs' own numbers."""
        found = np.empty(len(columns[0]), np.int64)
        is_plain = np.ones(len(found), np.bool_)
        for column, plain in zip(columns, self.plain, strict=True):
            is_plain &= plain[column]
        places = np.flatnonzero(is_plain)
        if len(places):
            found[places] = self.by_matches([column[places] for column in columns])
        places = np.flatnonzero(~is_plain)
        if len(places):
            chosen = [column[places] for column in columns]
            found[places] = self.by_keys("codes", chosen, lambda row: self.decided([int(column[row]) for column in chosen]))
        return found

    def by_matches(self, columns: Sequence[Array]) -> Array:
        """Return the codes of combinations by the rules that match for certain and those that may."""
        certain = kernel.intersect(columns, self.certain)
        open_ = kernel.intersect(columns, self.possible) & ~certain
        if not self.is_first:
            return self.by_sets(certain, open_)
        first = kernel.first(certain)
        if open_.any():  # only what stands before the first certain rule may still fire
            reach = np.where(first < 0, self.rules, first)
            for word in range(self.words):
                left = np.clip(reach - WORD * word, 0, WORD).astype(np.uint64)
                keep = np.where(left >= WORD, ~np.uint64(0), (np.uint64(1) << (left & np.uint64(WORD - 1))) - np.uint64(1))
                open_[:, word] &= keep

        def decide(row: int) -> int:
            return self.entry_of(self.decider.outcome_of([int(first[row])] if first[row] >= 0 else [], places_of(open_[row])))

        return self.by_keys("first", self.what_is_left(first, open_), decide)

    def by_sets(self, certain: NDArray[np.uint64], open_: NDArray[np.uint64]) -> Array:
        """Return the codes of combinations by all rules that match, and all that may.

        Of several that may it does not matter which, unless they are asked whether they say the same (hit policy A): two rules
        that may match leave the value unknown.
        """
        many = np.zeros(len(certain), np.bool_)
        if self.operation.table.table.hit_policy is not HitPolicy.ANY:
            many = np.bitwise_count(open_).sum(axis=1) > 1

        def decide(row: int) -> int:
            return self.entry_of(self.decider.outcome_of(places_of(certain[row]), places_of(open_[row])))

        sets = [np.where(many[:, None], np.uint64(0), words) for words in (certain, open_)]
        return self.by_keys("rules", [many.astype(np.int64), *(column for words in sets for column in words.view(np.int64).T)], decide)

    def what_is_left(self, first: Array, open_: NDArray[np.uint64]) -> list[Array]:
        """Return keys that are alike where a table of hit policy F comes to the same.

        Where it is unknown which rule fires, that is one of three: the rule, the output that all of them give, or nothing known.

        Args:
            first: The first rule that matches for certain; -1 for none.
            open_: The rules before it that may match.
        """
        if self.of_output is None:
            return [first, *open_.view(np.int64).T]
        outputs, masks = self.of_output
        mine = outputs[first]  # -1, for none, is the default, which stands last
        is_open = open_.any(axis=1)
        is_one = ~(open_ & ~masks[mine]).any(axis=1)
        return [np.where(is_open, np.where(is_one, -2, -3), first), np.where(is_open & is_one, mine, -1)]

    def outputs_told_apart(self) -> tuple[Array, NDArray[np.uint64]] | None:
        """Return for each rule, and last the default, the number of its output, and the rules of each; None where they are not plain."""
        table = self.operation.table
        if len(table.table.outputs) != 1:
            return None
        numbers: dict[tuple[str, str], int] = {}
        found = []
        for node in [*(rule.outputs[0] for rule in table.rules), table.defaults[0] if table.defaults else None]:
            if not isinstance(node, Literal) or not node.is_valid or not conforms(node.value, table.table.outputs[0].type):
                if node is not None:
                    return None
                found.append(-1)
                continue
            found.append(numbers.setdefault((type(node.value).__name__, literal(node.value)), len(numbers)))
        outputs = np.array([len(numbers) if number < 0 else number for number in found], np.int64)
        rules = outputs[:-1, None] == np.arange(len(numbers) + 1)
        return outputs, words_of(rules.T, self.words)

    def by_keys(self, kind: str, keys: Sequence[Array], decide: Callable[[int], int]) -> Array:
        """Return the codes of combinations that are the same for the same keys.

        Args:
            kind: What the keys say.
            keys: Columns of them.
            decide: Returns the code of a row that has keys which were not met before.
        """
        first, places = distinct([np.ascontiguousarray(key) for key in keys])
        told = np.empty(len(first), np.int64)
        for number, row in enumerate(first.tolist()):
            key = (kind, *(int(column[row]) for column in keys))
            if key not in self.by_key:
                self.by_key[key] = decide(row)
            told[number] = self.by_key[key]
        return told[places]

    def decided(self, codes: Sequence[int]) -> int:
        """Let the interpreter decide one combination of the inputs' numbers."""
        return self.entry_of(self.decider.outcomes[self.decider.outcome(codes)])

    def entry_of(self, outcome: Outcome) -> int:
        """Return the code of what the table comes to."""
        value, is_open = outcome.value, isinstance(outcome.value, Unknown)
        is_known = value is not None and not is_open
        number = pack(value, self.operation.form, self.program.executor.vocabulary) if is_known else 0
        firing = self.program.plain_firing(outcome.firing)
        state = KNOWN if is_known else UNKNOWN if is_open else NULL
        return self.entries.number(Entry(state, number or 0, 1, self.reads, outcome.codes, is_bad=number is None, firing=firing))

    def extend_cells(self) -> None:
        """Note what the cells say of numbers that are new."""
        if not self.certain:
            self.certain = [np.zeros((0, self.words), np.uint64) for _ in self.decider.encoders]
            self.possible = [np.zeros((0, self.words), np.uint64) for _ in self.decider.encoders]
            self.plain = [np.zeros(0, np.bool_) for _ in self.decider.encoders]
        for place, encoder in enumerate(self.decider.encoders):
            start = len(self.plain[place])
            cells = [self.cells(place, number) for number in range(start, max(encoder.count, 2))]
            if not cells:
                continue
            said = np.array(cells, np.uint8).reshape(len(cells), -1)
            plain = (said[:, : self.rules] != _ODD).all(axis=1) & (said[:, self.rules :] == _TRUE).all(axis=1)
            self.plain[place] = np.concatenate((self.plain[place], plain))
            for masks, mask in (
                (self.certain, said[:, : self.rules] == _TRUE),
                (self.possible, (said[:, : self.rules] == _TRUE) | (said[:, : self.rules] == _OPEN)),
            ):
                masks[place] = np.concatenate((masks[place], words_of(mask, self.words)))

    def cells(self, place: int, number: int) -> list[int]:
        """Return what each cell of an input says of one of its numbers."""
        encoder = self.decider.encoders[place]
        cells = self.rules + (self.operation.table.allowed[place] is not None)
        if number == OF_NULL:
            return [_ODD] * cells
        told = encoder.told[number] if number != OF_UNKNOWN else encoder.tell(Unknown(frozenset((placeholder(place),))))
        return [_said(cell) for cell in told]


_PLAIN: dict[object, int] = {(True, ()): _TRUE, (False, ()): _FALSE}


def _said(cell: object) -> int:
    """Return what a cell says: a truth without anything odd, unknown, or something odd."""
    found = _PLAIN.get(cell)
    if found is not None:
        return found
    assert isinstance(cell, tuple), "a cell says a truth and what was odd"
    return _OPEN if isinstance(cell[0], Unknown) and not cell[1] else _ODD


def places_of(words: NDArray[np.uint64]) -> list[int]:
    """Return the places of the bits that are set.

    >>> places_of(np.array([5, 1], np.uint64))
    [0, 2, 64]
    """
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    found: list[int] = np.flatnonzero(bits).tolist()
    return found


def words_of(mask: Mask, words: int) -> NDArray[np.uint64]:
    """Return rows of truth values as words of bits.

    >>> words_of(np.array([[True, False, True]]), 1).tolist()
    [[5]]
    """
    packed = np.packbits(mask, axis=1, bitorder="little")
    padded = np.zeros((len(mask), 8 * words), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u8").astype(np.uint64)
