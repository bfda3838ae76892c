"""Coded answers: the answer of a policy as one more code, made of those of its decisions.

    codes of decisions ──join──> one code for all ──judge──> an answer for what is known: ending, value, rules, what was odd

What an answer is `zhida.columnar.answers.judge` says, once for each combination of what the decisions come to.
"""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from zhida.columnar.answers import Questions, judge
from zhida.columnar.coded import Codes, Entry, Looked, Program, UncodedError, first_of, taken
from zhida.columnar.columns import Array, full
from zhida.columnar.execute import Results
from zhida.columnar.plan import NULLS, Step
from zhida.columnar.tables import DENSE_LIMIT


class KnownAnswer(NamedTuple):
    """What the questions come to for what is known."""

    ending: int
    """HELD, OPEN, ODD, or FAILED + n."""
    value: tuple[int, int] | None
    """Where it is HELD and a value was asked for: that, as columns keep it, and its denominator."""
    codes: frozenset[str]
    """What was odd in what it rests on."""
    fired: tuple[tuple[int, bool], ...]
    """For each table: the firing, -1 where the answer does not rest on it; and whether its value is null."""
    came_to: tuple[int, ...]
    """For each table that the answer rests on: its value, as columns keep it."""
    is_bad: bool
    """Whether only the interpreter can tell."""

    @property
    def key(self) -> tuple[int, tuple[int, int] | None]:
        """What makes two answers the same."""
        return self.ending, self.value


class Join(Looked):
    """Combinations of the codes of two sources, as far as anything above tells them apart."""

    def __init__(self, place: int, sources: tuple[int, int], answer: "AnswerNode") -> None:
        super().__init__(place, NULLS, sources, answer.program, answer.operands)
        self.answer = answer
        self.pairs: dict[tuple[int, int], int] = {}

    def local(self, source: int) -> tuple[Array, int]:
        """Return the numbers of a source's entries among those that the answer tells apart."""
        return self.answer.told_apart(source)

    def learn(self, columns: Sequence[Array]) -> Array:
        """Return the codes of pairs."""
        found = []
        for pair in zip(*(column.tolist() for column in columns), strict=True):
            if pair not in self.pairs:
                self.pairs[pair] = len(self.pairs)
                self.entries.append(Entry(0, len(self.pairs), 1, frozenset(), frozenset(), is_bad=False, firing=None))
            found.append(self.pairs[pair])
        if len(self.pairs) > 60_000:
            raise UncodedError("too many combinations")
        return np.array(found, np.int64)


class AnswerNode(Looked):
    """The answer for what is known, by the codes of all decisions."""

    def __init__(self, program: Program, questions: Questions) -> None:
        self.questions = questions
        self.steps: Sequence[Step] = program.plan.steps
        self.tables = [step.id for step in self.steps if step.is_table]
        self.operands = [step.operation for step in self.steps]
        self.answers: list[KnownAnswer] = []
        self.by_answer: dict[KnownAnswer, int] = {}
        self.groups: dict[int, tuple[dict[tuple[Any, ...], int], list[int], list[int]]] = {}
        self.told: dict[int, Array] = {}
        self.seen: tuple[int, ...] = ()
        self.leaves = sources = sorted({source for place in self.operands if (source := program.nodes[place].source) is not None})
        super().__init__(len(program.plan.operations), NULLS, sources, program, self.operands)
        self.follow()

    def follow(self) -> None:
        """Follow what the decisions have learned; sources are joined where all together make too many combinations."""
        seen = tuple(len(self.program.nodes[source].entries) for source in (*self.leaves, *self.sources))
        if seen != self.seen:
            with self.program.lock:
                for node in self.beneath:
                    node.update()
                while self.join_two():
                    pass
                self.seen = tuple(len(self.program.nodes[source].entries) for source in (*self.leaves, *self.sources))
        super().follow()

    def join_two(self) -> bool:
        """Join the two sources that tell least apart, if all together make too many combinations."""
        sizes = {source: self.told_apart(source)[1] for source in self.sources}
        if len(sizes) < 2 or prod(2 * size for size in sizes.values()) <= DENSE_LIMIT:  # twice: some room to grow
            return False
        one, two = sorted(sizes, key=lambda source: (sizes[source], source))[:2]
        self.join(one, two)
        return True

    def join(self, one: int, two: int) -> None:
        """Join two sources to one."""
        place = len(self.program.plan.operations) + 1 + sum(isinstance(node, Join) for node in self.program.nodes.values())
        node = Join(place, (one, two), self)
        self.program.nodes[place] = node
        node.follow()
        self.sources = (*(source for source in self.sources if source not in {one, two}), place)
        self.shape, self.known = (), ()

    def told_apart(self, source: int) -> tuple[Array, int]:
        """Return for each entry of a source its number among those that differ in any decision, and how many these are."""
        node = self.program.nodes[source]
        if isinstance(node, Join):
            return np.arange(len(node.entries)), max(len(node.entries), 1)
        numbers, members, told = self.groups.setdefault(source, ({}, [], []))
        if len(told) < len(node.entries):
            steps = [self.program.nodes[place] for place in self.operands if self.program.nodes[place].source == source]
            for code in range(len(told), len(node.entries)):
                said = tuple([step.entries.list[code] for step in steps])
                number = numbers.setdefault(said, len(numbers))
                if number == len(members):
                    members.append(code)
                told.append(number)
            self.told[source] = np.array(told, np.int64)
        found = self.told.get(source, np.zeros(0, np.int64))
        return found, max(len(numbers), 1)

    def local(self, source: int) -> tuple[Array, int]:
        """Return the numbers of a source's entries."""
        return self.told_apart(source)

    def one_of_each(self, source: int, numbers: Array) -> dict[int, Array]:
        """Return codes that some numbers of a source stand for, by the source that they are codes of."""
        node = self.program.nodes[source]
        if not isinstance(node, Join):
            return {source: np.array(self.groups[source][1], np.int64)[numbers]}
        pairs = np.array(list(node.pairs), np.int64)[numbers]
        return self.one_of_each(node.sources[0], pairs[:, 0]) | self.one_of_each(node.sources[1], pairs[:, 1])

    def learn(self, columns: Sequence[Array]) -> Array:
        """Return the codes of the answers for combinations that are new."""
        rows = len(columns[0]) if columns else 1  # without any, one answer is that of all
        codes: dict[int, Array] = {}
        for source, column in zip(self.sources, columns, strict=True):
            codes |= self.one_of_each(source, column)
        found = {}
        for step in self.steps:
            node = self.program.nodes[step.operation]
            entries = node.entries.column
            found[step.id] = first_of(entries) if node.source is None else taken(entries, codes[node.source])
        results = Results(self.program.plan, rows, found, self.program.executor.vocabulary)
        numbers = []
        for answer in self.judged(results):
            if answer not in self.by_answer:
                self.by_answer[answer] = len(self.answers)
                self.answers.append(answer)
                self.entries.append(Entry(0, len(self.answers), 1, frozenset(), frozenset(), is_bad=False, firing=None))
            numbers.append(self.by_answer[answer])
        return np.array(numbers, np.int64)

    def judged(self, results: Results) -> list[KnownAnswer]:
        """Return the answers of some rows."""
        rows = results.rows
        judged = judge(self.questions, results)
        held = judged.endings == 0
        codes = results.codes_beneath(judged.demanded)
        value = None if self.questions.value is None else results.columns[self.questions.value]
        values = np.zeros(rows, np.int64) if value is None else full(value.values, rows)
        divisors = np.ones(rows, np.int64) if value is None or value.divisors is None else full(value.divisors, rows)
        fired, came_to = [], []
        for id_ in self.tables:
            column, mask = results.columns[id_], judged.demanded.get(id_)
            if mask is None or column.firing is None:
                fired.append([(-1, False)] * rows)
                came_to.append([0] * rows)
            else:
                firing = np.where(full(mask, rows), full(column.firing, rows), -1)
                fired.append(list(zip(firing.tolist(), full(np.asarray(column.null | column.unknown), rows).tolist(), strict=True)))
                came_to.append(np.where((firing >= 0) & column.known, full(column.values, rows), 0).tolist())
        return [
            KnownAnswer(
                int(judged.endings[row]),
                (int(values[row]), int(divisors[row])) if held[row] and value is not None else None,
                frozenset(code for code, mask in codes.items() if full(mask, rows)[row]),
                tuple(each[row] for each in fired),
                tuple(each[row] for each in came_to),
                bool(judged.bad[row]),
            )
            for row in range(rows)
        ]

    def states(self, codes: Codes, rows: Array) -> list[Array]:
        """Return columns of numbers that are alike in two of some rows where all decisions come to the same."""
        return [self.told_apart(source)[0][codes[source][rows]] for source in self.leaves]

    def run(self, codes: dict[int, Array], rows: int) -> Array:
        """Return the number of the answer of each row, given the codes of all facts."""
        if not self.leaves:
            if not self.answers:
                self.learn([])
            return np.zeros(rows, np.uint8)  # there is one answer
        self.follow()
        while not all(source in codes for source in self.sources):  # what was learned on the way may ask for one more join
            self.program.run(codes, self.sources)
            self.follow()
        return self.look_up(codes)
