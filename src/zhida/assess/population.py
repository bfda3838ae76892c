"""Population facts: what is computed of all subjects of a snapshot, once, before any policy is decided.

    dictionary ──plan_population──> statistics, in the order in which they rest on each other
    parts      ──one pass for each step──> totals of groups ──> Population
    rows       ──Filler──> the same rows with a column for each population fact

Everything is exact: sums have all their digits, a mean is divided with 34 digits, and all is kept at the attribute's scale. What
is computed depends on who is in the snapshot alone: not on the order of rows, on parts, or on threads.

Takes part who meets the condition for certain, whose group is known and whose value is a known number. Means, sums, medians and
numbers are those of a group, so that all of it have them; a rank has only who takes part. A rank is null for those who do not
meet the condition or of whom there is no value, and unknown where that is not known.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.assess.assessment import PopulationNote
from zhida.assess.feeds import frame_at
from zhida.assess.population_columns import NOBODY, Askers, Question, Told, groups_of, question_of_base, question_of_feel
from zhida.dmn.graph import sort_requirements
from zhida.dmn.model import ItemDefinition
from zhida.errors import InputError, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.policy.statistics import Statistic, StatisticFunction
from zhida.registry_io.attributes import ABSENT_SUFFIX
from zhida.registry_io.cells import DIGITS, scale_of
from zhida.registry_io.facts import polars_type
from zhida.registry_io.registry import Registry
from zhida.registry_io.results import SYNTHETIC_COLUMN, SYNTHETIC_WORD
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown

Value = Any
Group = tuple[Value, ...]

EXACT = Context(prec=7_000)
"""Wide enough that no sum loses a digit."""

WHOLE = frozenset({StatisticFunction.MEDIAN, StatisticFunction.RANK, StatisticFunction.QUANTILE})
"""Functions that need every value of a group, not only their sum."""

RANKS = frozenset({StatisticFunction.RANK, StatisticFunction.QUANTILE})
"""Functions that say of each subject where it stands."""

OUT, IN, OPEN = 0, 1, 2
"""Whether a subject meets the condition: no, yes, nobody knows."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A statistic that is to be computed."""

    statistic: Statistic
    """How it is computed."""
    item: ItemDefinition
    """The attribute that it is the value of."""
    base: Question | None
    """What it is computed of; None where that is not to be had on the day, or where subjects are counted."""
    condition: Question | None
    """Who takes part; None for everybody."""
    step: int
    """How many passes over the snapshot come before its own."""

    @property
    def is_bare_count(self) -> bool:
        """Whether subjects are counted whatever is known of them."""
        return not self.statistic.base

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the input data that it rests on."""
        questions = [question for question in (self.base, self.condition) if question is not None]
        return tuple(dict.fromkeys([*self.statistic.by, *(name for question in questions for name in question.names)]))


def plan_population(packs: Packs, names: Iterable[str], dictionary: Dictionary, as_of: Date) -> tuple[Planned, ...]:
    """Return the statistics that some input data rests on, those that others rest on first.

    Args:
        packs: The packs.
        names: The names of input data.
        dictionary: The attributes.
        as_of: The date of the business fact.

    Raises:
        InputError: population-cycle, population-base-twice.
        CompileError: a policy that publishes what is computed with has errors.
    """
    found: dict[str, Planned] = {}
    asked: dict[tuple[bool, str], Question | None] = {}  # the same words are the same question
    waiting = [name for name in names if name in dictionary.statistics]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        statistic = dictionary.statistics[name]
        base, condition = (True, statistic.base), (False, "" if statistic.condition is None else statistic.condition.text)
        if base not in asked:
            asked[base] = question_of_base(statistic, packs, dictionary, as_of) if statistic.base else None
        if condition not in asked:
            asked[condition] = None if statistic.condition is None else question_of_feel(statistic.condition, dictionary, as_of)
        found[name] = Planned(statistic, dictionary.items[name], asked[base], asked[condition], 0)
        waiting += [other for other in found[name].names if other in dictionary.statistics]
    rests_on = {name: [other for other in sorted(each.names) if other in found] for name, each in sorted(found.items())}
    order, cycles = sort_requirements(rests_on)
    if cycles:
        span = found[cycles[0][0]].statistic.text.span()
        raise InputError([diagnostic("population-cycle", span, cycle=" → ".join(cycles[0]))])
    steps: dict[str, int] = {}
    for name in order:
        steps[name] = max((steps[other] + 1 for other in rests_on[name]), default=0)
    planned = [Planned(each.statistic, each.item, each.base, each.condition, steps[name]) for name, each in found.items()]
    return tuple(sorted(planned, key=lambda each: (each.step, each.item.name)))


# --- totals --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Totals:
    """What a group comes to."""

    members: int = 0
    """Subjects that take part."""
    unknown: int = 0
    """Subjects that may take part, or do, but of whose value nothing is known."""
    total: Decimal = Decimal(0)
    """The sum of their values."""
    values: Counter[Decimal] = field(default_factory=Counter)
    """How often each value occurs, where that matters."""
    ranks: dict[Decimal, int] = field(default_factory=dict)
    """The rank of each value, once all are known."""

    def add(self, other: "Totals") -> None:
        """Add what other rows of the group come to."""
        self.members += other.members
        self.unknown += other.unknown
        self.total = EXACT.add(self.total, other.total)
        self.values.update(other.values)

    def finish(self) -> None:
        """Find the rank of each value: 1 for the greatest; equal values share one."""
        if self.ranks:
            return
        rank = 1
        for value in sorted(self.values, reverse=True):
            self.ranks[value] = rank
            rank += self.values[value]


Sums = dict[Group, Totals]
"""What groups come to, by the values that make the group."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A statistic with the totals of its groups."""

    planned: Planned
    """The statistic."""
    groups: Sums
    """By the values that make the group."""

    def of_group(self, group: Value) -> Value:
        """Return what a group as a whole comes to: a number, None where there is none, an `Unknown` where that is not known."""
        name = self.planned.item.name
        if group is NOBODY or (self.planned.base is None and not self.planned.is_bare_count):
            return Unknown(frozenset((name,)))
        totals = self.groups.get(group, Totals())
        function = self.planned.statistic.function
        if function is StatisticFunction.COUNT:
            return Decimal(totals.members)
        if function is StatisticFunction.SUM:
            return totals.total
        if not totals.members:
            return Unknown(frozenset((name,))) if totals.unknown else None
        if function is StatisticFunction.MEAN:
            return feel_context().divide(totals.total, Decimal(totals.members))
        return median(totals)

    def of_subject(self, group: Value, part: int, value: Value) -> Value:
        """Return what is true of one subject.

        Args:
            group: Its group; `NOBODY` where it is not known.
            part: Whether it meets the condition: OUT, IN or OPEN.
            value: The value that is computed with.
        """
        function = self.planned.statistic.function
        if function not in RANKS:
            return self.of_group(group)
        if part == OUT or (part == IN and value is None):
            return None
        if part == OPEN or group is NOBODY or type(value) is not Decimal:
            return Unknown(frozenset((self.planned.item.name,)))
        totals = self.groups[group]
        rank = Decimal(totals.ranks[value])
        return rank if function is StatisticFunction.RANK else feel_context().divide(rank, Decimal(totals.members))


def median(totals: Totals) -> Decimal:
    """Return the value in the middle, or the mean of the two that are.

    >>> median(Totals(4, values=Counter({Decimal(1): 2, Decimal(4): 1, Decimal(9): 1})))
    Decimal('2.5')
    """
    middle = []
    for place in ((totals.members - 1) // 2, totals.members // 2):
        passed = 0
        for value in sorted(totals.values):
            passed += totals.values[value]
            if passed > place:
                middle.append(value)
                break
    return feel_context().divide(EXACT.add(middle[0], middle[1]), Decimal(2))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one statistic sees of some rows."""

    groups: Told
    """Their groups."""
    parts: NDArray[np.int64]
    """OUT, IN or OPEN."""
    values: Told
    """What is computed with."""


class _Looker:
    """Looks at rows for one statistic; for one thread at a time."""

    def __init__(self, planned: Planned, askers: Askers) -> None:
        self.planned = planned
        self.base = askers.of(planned.base)
        self.condition = askers.of(planned.condition)

    def look(self, frame: pl.DataFrame) -> _Seen:
        """Return what there is to see of rows whose columns are called as rules call them."""
        rows = frame.height
        parts = np.full(rows, IN, np.int64)
        if self.condition is not None:
            told = self.condition.ask(frame)
            kinds = [IN if value is True else OPEN if isinstance(value, Unknown) else OUT for value in told.values]
            parts = np.array([*kinds, OUT], np.int64)[told.places]
        if self.base is not None:
            values = self.base.ask(frame, np.flatnonzero(parts != OUT))  # what the others have is never looked at
        else:
            same = Decimal(1) if self.planned.is_bare_count else Unknown(frozenset((self.planned.statistic.base,)))
            values = Told([same], np.zeros(rows, np.int64))
        return _Seen(groups_of(frame, self.planned.statistic.by), parts, values)

    def count(self, seen: _Seen, groups: Sums) -> None:
        """Add what was seen to the totals of groups."""
        counts_all = self.planned.statistic.function is StatisticFunction.COUNT
        width = len(seen.values.values) * 3
        codes = (seen.groups.places * 3 + seen.parts) * len(seen.values.values) + seen.values.places
        for code, number in zip(*(each.tolist() for each in np.unique(codes, return_counts=True)), strict=True):
            group = seen.groups.values[code // width]
            part, place = divmod(code % width, len(seen.values.values))
            value = seen.values.values[place]
            if group is NOBODY or part == OUT or value is None:
                continue
            totals = groups.setdefault(group, Totals())
            if part == OPEN or not (type(value) is Decimal or (counts_all and not isinstance(value, Unknown))):
                totals.unknown += number
                continue
            totals.members += number
            if type(value) is Decimal and not counts_all:
                totals.total = EXACT.add(totals.total, EXACT.multiply(value, Decimal(number)))
                if self.planned.statistic.function in WHOLE:
                    totals.values[value] += number


# --- the whole -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Population:
    """The population facts of one snapshot."""

    as_of: Date
    """The date of the business fact."""
    computed: tuple[Computed, ...] = ()
    """The statistics, those that others rest on first."""

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that are computed."""
        return tuple(each.planned.item.name for each in self.computed)

    @property
    def digest(self) -> str:
        """The digest of all totals; empty where nothing is computed."""
        if not self.computed:
            return ""
        return sha256(json.dumps(list(map(_data, self.computed)), ensure_ascii=False).encode()).hexdigest()


def _data(computed: Computed) -> list[object]:
    """Return a statistic and its totals as JSON has them, whatever the order in which they were counted."""
    rows = []
    for group, totals in computed.groups.items():
        values = [[literal(value), totals.values[value]] for value in sorted(totals.values)]
        rows.append([[literal(part) for part in group], totals.members, totals.unknown, literal(totals.total), values])
    return [computed.planned.item.name, computed.planned.statistic.text.text, sorted(rows, key=lambda row: json.dumps(row[0]))]


class Counting:
    """Counts rows for the statistics of one step; for one thread at a time."""

    def __init__(self, planned: Sequence[Planned], population: Population, step: int, askers: Askers | None = None) -> None:
        """Make ready what looks at rows.

        Args:
            planned: All that is to be computed.
            population: What the steps before came to.
            step: The step.
            askers: What asks questions, where others ask them too.
        """
        askers = askers or Askers()
        self.lookers = [_Looker(each, askers) for each in planned if each.step == step]
        self.filler = Filler(population, askers)
        self.as_of = population.as_of

    def count(self, rows: pl.DataFrame) -> list[Sums]:
        """Return for each statistic of the step what its groups come to in some rows."""
        frame = frame_at(self.filler.fill(rows), self.as_of)
        found: list[Sums] = [{} for _ in self.lookers]
        for looker, sums in zip(self.lookers, found, strict=True):
            looker.count(looker.look(frame), sums)
        return found


def compute_steps(planned: Sequence[Planned], as_of: Date, counted: Callable[[Population, int], Iterable[Sequence[Sums]]]) -> Population:
    """Compute population facts, step by step.

    Args:
        planned: What is to be computed.
        as_of: The date of the business fact.
        counted: Is given what the steps before came to, and the step; returns for each part of the snapshot, in any order, what
            `Counting.count` says of it.
    """
    population = Population(as_of)
    for step in range(max((each.step + 1 for each in planned), default=0)):
        of_step = [each for each in planned if each.step == step]
        sums: list[Sums] = [{} for _ in of_step]
        for part in counted(population, step):
            for groups, more in zip(sums, part, strict=True):
                for group, totals in more.items():
                    groups.setdefault(group, Totals()).add(totals)
        population = population_of(
            as_of, (*((each.planned, each.groups) for each in population.computed), *zip(of_step, sums, strict=True))
        )
    return population


def population_of(as_of: Date, counted: Iterable[tuple[Planned, Sums]]) -> Population:
    """Return population facts whose groups are counted."""
    computed = tuple(Computed(planned, groups) for planned, groups in counted)
    for each in computed:
        for totals in each.groups.values():
            totals.finish()
    return Population(as_of, computed)


def compute_population(planned: Sequence[Planned], frames: Callable[[], Iterable[pl.DataFrame]], as_of: Date) -> Population:
    """Compute population facts over a snapshot.

    Args:
        planned: What is to be computed.
        frames: Yields all rows of the snapshot, in parts: columns by the names of attributes and of their years. It is asked
            once for each step.
        as_of: The date of the business fact.
    """
    return compute_steps(planned, as_of, lambda population, step: map(Counting(planned, population, step).count, frames()))


def with_population(packs: Packs, policies: Iterable[str], registry: Registry, as_of: Date) -> tuple[Registry, Population]:
    """Return a registry in memory with the population facts that policies rest on, and how these came about.

    Raises:
        InputError: population-cycle, population-base-twice.
    """
    policies = list(policies)
    kinds = dict.fromkeys(packs.policies[policy].front.subject for policy in policies)
    names = {name for policy in policies for name in input_names(packs, policy, as_of)}
    dictionaries = [packs.dictionaries[kind] for kind in kinds if kind in packs.dictionaries]
    planned = [each for dictionary in dictionaries for each in plan_population(packs, names, dictionary, as_of)]
    frame = registry.frame
    population = compute_population(planned, lambda: frame.iter_slices(ROWS), as_of)
    return replace(registry, frame=Filler(population).fill(frame)), population


def input_names(packs: Packs, policy: str, as_of: Date) -> tuple[str, ...]:
    """Return the names of the input data that a policy, and what it uses, rest on."""
    return tuple(data.name for data in packs.model_of(policy, as_of).model.inputs.values())


ROWS = 131_072
"""Rows of a registry in memory that are looked at together."""


class Filler:
    """Adds the columns of population facts to rows; for one thread at a time."""

    def __init__(self, population: Population, askers: Askers | None = None) -> None:
        self.population = population
        askers = askers or Askers()
        self.lookers = [_Looker(each.planned, askers) for each in population.computed]

    def fill(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows with a column for each population fact, and companions where one is known not to be."""
        if not self.lookers:
            return frame
        called = frame_at(frame, self.population.as_of)
        for computed, looker in zip(self.population.computed, self.lookers, strict=True):
            columns = _columns(computed, looker.look(called))
            called, frame = called.with_columns(columns), frame.with_columns(columns)
        return frame


def _columns(computed: Computed, seen: _Seen) -> list[pl.Series]:
    """Return the column of a population fact, and its companion where it is null for some."""
    item = computed.planned.item
    count = len(seen.values.values)
    codes = (seen.groups.places * 3 + seen.parts) * count + seen.values.places
    met, places = np.unique(codes, return_inverse=True)
    said = []
    for code in met.tolist():
        group, rest = divmod(code, 3 * count)
        part, place = divmod(rest, count)
        said.append(kept(computed.of_subject(seen.groups.values[group], part, seen.values.values[place]), item))
    values = pl.Series(item.name, [value if type(value) is Decimal else None for value in said], dtype=polars_type(item))
    columns = [values.gather(places)]
    if None in said:
        columns.append(pl.Series(item.name + ABSENT_SUFFIX, [value is None for value in said], dtype=pl.Boolean).gather(places))
    return columns


def kept(value: Value, item: ItemDefinition) -> Value:
    """Return a number at the scale of an attribute; one that no registry holds is unknown.

    >>> kept(Decimal("1.25"), ItemDefinition("均", scale=1))
    Decimal('1.2')
    """
    if type(value) is not Decimal:
        return value
    found = value.quantize(Decimal(1).scaleb(-scale_of(item)), ROUND_HALF_EVEN, EXACT)
    return found if found.adjusted() < DIGITS - scale_of(item) else Unknown(frozenset((item.name,)))


# --- for people ----------------------------------------------------------------------------------------------------


def notes_of(population: Population, registry: Registry, code: str, names: Iterable[str]) -> Iterator[PopulationNote]:
    """Yield how population facts of one subject came about.

    Args:
        population: The facts of the snapshot.
        registry: The snapshot.
        code: The subject.
        names: The attributes that are asked for.

    Raises:
        InputError: registry-unknown-subject.
    """
    wanted = set(names)
    called, askers = frame_at(registry.row(code), population.as_of), Askers()
    for computed in population.computed:
        looker = _Looker(computed.planned, askers)
        seen = looker.look(called)
        called = called.with_columns(_columns(computed, seen))
        item, statistic = computed.planned.item, computed.planned.statistic
        if item.name not in wanted:
            continue
        group = seen.groups.values[seen.groups.places[0]]
        value = computed.of_subject(group, int(seen.parts[0]), seen.values.values[seen.values.places[0]])
        totals = computed.groups.get(group, Totals()) if group is not NOBODY else Totals()
        pairs = tuple(zip(statistic.by, group, strict=True)) if group is not NOBODY else ()
        is_grouped = group is not NOBODY
        yield PopulationNote(
            item.name, item.unit, statistic.text.text, kept(value, item), pairs, is_grouped, totals.members, totals.unknown
        )


GROUP_WORDS: Mapping[Value, str] = {None: "无", True: "是", False: "否"}
"""How values that make groups are said that are no texts."""


def table_of(population: Population, *, is_synthetic: bool) -> pl.DataFrame:
    """Return what groups come to, for people: 属性, 算法, 分组, 参加户数, 未知户数, 值, 最大, 最小; one row for each group, all text.

    Args:
        population: The population facts.
        is_synthetic: Whether the subjects are invented: every row says so then, in `SYNTHETIC_COLUMN`.
    """
    rows: list[tuple[str, ...]] = []
    for computed in population.computed:
        item, statistic = computed.planned.item, computed.planned.statistic
        found = []
        for group, totals in computed.groups.items():
            named = "、".join(f"{name}={GROUP_WORDS.get(value, value)}" for name, value in zip(statistic.by, group, strict=True))
            value = "" if statistic.function in RANKS else _shown(kept(computed.of_group(group), item))
            ends = [_shown(each) for each in (max(totals.values), min(totals.values))] if totals.values else ["", ""]
            found.append((item.name, statistic.text.text, named or "全体", str(totals.members), str(totals.unknown), value, *ends))
        rows += sorted(found)
    heads = ("属性", "算法", "分组", "参加户数", "未知户数", "值", "最大", "最小")
    table = pl.DataFrame({head: pl.Series([row[place] for row in rows], dtype=pl.String) for place, head in enumerate(heads)})
    return table.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN)) if is_synthetic else table


def _shown(value: Value) -> str:
    return f"{value:f}" if type(value) is Decimal else "" if value is None else "?"


def population_data(population: Population) -> Mapping[str, str]:
    """Return what results say of the population facts that they rest on: how each is computed, and the digest of all."""
    if not population.computed:
        return {}
    return {each.planned.item.name: each.planned.statistic.text.text for each in population.computed} | {"": population.digest}
