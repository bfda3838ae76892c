"""Other facts of a synthetic district, column by column: the `facts` of a district file, drawn by their laws.

    people, figures of years ──> each fact in the order of the file ──> columns of standing-synthetic.csv

A fact may rest on facts that stand before it: as a condition (`when`, `between`) or as the figure that a ratio follows. Every
column draws from a stream of its own, named after it: a further line of the file leaves all other columns as they were.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from zhida.errors import InputError, diagnostic, nearest
from zhida.registry_io.synthetic_draws import CONTEXT, ONE, ZERO, Draws
from zhida.registry_io.synthetic_laws import Among, Case, Fact, Pools, draw, figure
from zhida.registry_io.synthetic_population import Enterprise

STREAM = 34
"""The number of the streams of facts."""
WOBBLE = Decimal("0.08")
"""How far the ratio of an earlier year lies from that of the reporting year: the deviation of a normal."""


@dataclass(slots=True)
class Known:
    """What is known so far of the enterprises, each place the same enterprise everywhere."""

    enterprises: Sequence[Enterprise]
    """The enterprises."""
    is_researching: Sequence[bool]
    """Whether each spends on research."""
    figures: dict[tuple[str, int], list[Decimal]]
    """By name and years ago: a figure of each."""
    held: list[dict[str, bool]]
    """Which titles each holds."""
    cells: dict[str, list[str]] = field(default_factory=dict)
    """By column: a cell of each."""
    _groups: dict[Among, list[bool]] = field(default_factory=dict)

    def group(self, among: Among) -> list[bool]:
        """Say of each whether it belongs to a group; what a group rests on never changes once it is known."""
        if among not in self._groups:
            self._groups[among] = [self._belongs(among, place) for place in range(len(self.enterprises))]
        return self._groups[among]

    def _belongs(self, among: Among, place: int) -> bool:
        enterprise = self.enterprises[place]
        return (
            (not among.unit_types or enterprise.unit_type in among.unit_types)
            and (not among.industries or enterprise.industry in among.industries)
            and among.is_researching in {None, self.is_researching[place]}
            and all(self.held[place][title] for title in among.titles)
            and all(self.cells[name][place] in words for name, words in among.when)
            and all(_lies(self.figures[name, 0][place], low, high) for name, low, high in among.between)
        )


def _lies(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is None or value >= low) and (high is None or value < high)


def draw_facts(facts: Sequence[Fact], known: Known, *, last: int, day: dt.date, seed: int) -> list[str]:
    """Draw the facts into `known.cells` and return the names of their columns, in order.

    Args:
        facts: The facts.
        known: What is known before; figures on which later facts rest are added.
        last: The reporting year.
        day: The day of looking.
        seed: The seed.

    Raises:
        InputError: district-key, where a fact rests on one that is not known before it.
    """
    wanted = _check(facts, known)
    names = []
    for fact in facts:
        columns = _columns(fact, known, day, Draws.named(seed, STREAM, fact.name))
        for ago, cells in enumerate(columns):
            names.append(f"{fact.name}{last - ago}" if fact.years else fact.name)
            known.cells[names[-1]] = cells
            if fact.name in wanted:
                known.figures[fact.name, ago] = [_number(cell) for cell in cells]
    return names


def _number(cell: str) -> Decimal:
    return Decimal(cell) if cell[:1].isdigit() or cell[:1] == "-" else ZERO


def _columns(fact: Fact, known: Known, day: dt.date, draws: Draws) -> list[list[str]]:
    """Return the cells of a fact, a column for each year."""
    years = max(fact.years, 1)
    columns: list[list[str]] = [[] for _ in range(years)]
    groups = [(known.group(case.among), case, _followed(case, known, years)) for case in fact.cases]
    fallback = fact.cases[-1].otherwise
    pools = Pools(draws)
    for place in range(len(known.enterprises)):
        for group, case, followed in groups:
            if group[place]:
                if case.share == ONE or draws.is_below(case.share):
                    for column, cell in zip(columns, _cells(case, place, followed, day, (draws, pools)), strict=True):
                        column.append(cell)
                else:
                    for column in columns:
                        column.append(case.otherwise)
                break
        else:
            for column in columns:
                column.append(fallback)
    return columns


def _followed(case: Case, known: Known, years: int) -> list[list[Decimal]]:
    """Return the figure that a ratio follows, by years ago; one that is known of the reporting year only stays the same."""
    if case.law.kind != "ratio":
        return [[]] * years
    return [known.figures.get((case.law.of, ago), known.figures[case.law.of, 0]) for ago in range(years)]


def _cells(case: Case, place: int, followed: Sequence[Sequence[Decimal]], day: dt.date, chance: tuple[Draws, Pools]) -> Iterator[str]:
    law, (draws, pools) = case.law, chance
    if law.kind != "ratio":
        for _ in followed:
            yield draw(law, {}, day, draws, pools)
        return
    assert law.figure is not None, "a ratio has a law"
    ratio = pools.draw(law.figure)
    for ago, column in enumerate(followed):
        share = CONTEXT.multiply(ratio, CONTEXT.fma(WOBBLE, draws.normal(), ONE)) if ago else ratio
        yield figure(CONTEXT.multiply(share, column[place]), law.step, law.ends) if column[place] else "0"


def _check(facts: Sequence[Fact], known: Known) -> set[str]:
    """Complain of names that are not known before they are needed; return those whose figures are needed."""
    figures = {name for name, _ in known.figures}
    cells = set(known.cells)
    faults = []
    wanted: set[str] = set()
    for fact in facts:
        for case in fact.cases:
            needed = [*(name for name, _, _ in case.among.between), *([case.law.of] if case.law.kind == "ratio" else [])]
            wanted.update(needed)
            for name, there in [*((name, figures) for name in needed), *((name, cells) for name, _ in case.among.when)]:
                if name not in there:
                    faults.append(diagnostic("district-key", path=f"facts.{fact.name}: {name}", near=nearest(name, sorted(there))))
        cells.add(fact.name)
        figures.add(fact.name)
    if faults:
        raise InputError(faults)
    return wanted


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a list, ready to be drawn."""

    fact: Fact
    """Its laws."""
    groups: tuple[list[bool], ...]
    """Of each case: who is in its group."""
    pools: Pools
    """Its figures."""


def fields_of(facts: Sequence[Fact], known: Known, draws: Draws) -> list[Field]:
    """Return the fields of a list."""
    return [Field(fact, tuple(known.group(case.among) for case in fact.cases), Pools(draws)) for fact in facts]


def row_of(fields: Sequence[Field], place: int, day: dt.date, draws: Draws) -> list[str]:
    """Return one row of a list: its fields in order.

    Args:
        fields: The fields; the first case whose group the owner is in decides.
        place: The owner.
        day: The day of looking.
        draws: The stream of chance.
    """
    cells: dict[str, str] = {}
    for field_ in fields:
        fact = field_.fact
        case = next((case for case, group in zip(fact.cases, field_.groups, strict=True) if group[place]), None)
        if case is None:
            cells[fact.name] = fact.cases[-1].otherwise
        elif case.share == ONE or draws.is_below(case.share):
            cells[fact.name] = draw(case.law, cells, day, draws, field_.pools)
        else:
            cells[fact.name] = case.otherwise
    return list(cells.values())
