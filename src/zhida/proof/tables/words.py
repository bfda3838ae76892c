"""Boxes in words: 职工人数 = 300 且 营业收入 ≥ 2000 万元.

A column of which every value is meant says nothing. Sums are told in 万元 and 亿元 where that is exact, as documents tell them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType
from typing import Any

from zhida.dmn.compiled import AS_OF
from zhida.dmn.model import ItemDefinition
from zhida.errors import Language
from zhida.proof.findings import Witness
from zhida.proof.tables.axes import Atom, AtomKind, Domain, axis_of
from zhida.proof.tables.boxes import Box, bits
from zhida.proof.tables.cells import Column
from zhida.values.numbers import feel_context, format_number
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.text import excerpt
from zhida.values.unknown import find_unknown

Value = Any

_YUAN: dict[str, tuple[tuple[int, str], ...]] = {
    "zh": ((8, " 亿元"), (4, " 万元"), (0, " 元")),
    "en": ((9, " billion yuan"), (6, " million yuan"), (0, " yuan")),
}
_LANGUAGES: tuple[Language, ...] = ("zh", "en")

_PLACES = 4
"""With more decimal places a large unit reads no better than yuan."""


def describe_box(columns: Sequence[Column], box: Box, within: Box, asked: Sequence[tuple[str, str]] = ()) -> tuple[str, str]:
    """Return a box in Chinese and in English.

    Args:
        columns: The columns of the table.
        box: The box.
        within: The box of all that is asked about: a column that takes in all of it says nothing.
        asked: Conditions beside the box, in Chinese and in English.
    """
    zh, en = [zh for zh, _ in asked], [en for _, en in asked]
    return _box(columns, box, within, "zh", zh), _box(columns, box, within, "en", en)


def _box(columns: Sequence[Column], box: Box, within: Box, language: Language, asked: Sequence[str]) -> str:
    said = [
        describe_atoms(column, atoms, language) for column, atoms, all_of_it in zip(columns, box, within, strict=True) if all_of_it & ~atoms
    ]
    said += asked
    if not said:
        return "任何输入" if language == "zh" else "any input"
    return (" 且 " if language == "zh" else " and ").join(said)


def describe_atoms(column: Column, atoms: int, language: Language) -> str:
    """Return what it means that the value of a column lies in some of its atoms."""
    words = _Words(column, language)
    named = [atom for atom in column.axis.chosen(atoms) if atom.kind is not AtomKind.NULL]
    said = list(words.line(atoms) if column.axis.is_ordered else words.named(named))
    if atoms & column.axis.null:
        said.append(f"{words.title} 为空" if language == "zh" else f"{words.title} is null")
    text = (" 或 " if language == "zh" else " or ").join(said)
    return f"（{text}）" if len(said) > 1 and language == "zh" else f"({text})" if len(said) > 1 else text


@dataclass(frozen=True, slots=True)
class _Words:
    """Says what lies in a column."""

    column: Column
    """The column."""
    language: Language
    """The language."""

    @property
    def title(self) -> str:
        """What the column is called; in brackets where it is an expression."""
        title = self.column.axis.domain.title
        return title if " " not in title else f"（{title}）" if self.language == "zh" else f"({title})"

    def value(self, value: Value) -> str:
        """Return a value as people write it."""
        if self.column.beside is not None:
            return self.column.beside.name
        return self.plain(value)

    def plain(self, value: Value) -> str:
        """Return a value as people write it, whatever the column compares its own with."""
        if value is None:
            return "空" if self.language == "zh" else "null"
        if isinstance(value, bool):
            return ("是" if value else "否") if self.language == "zh" else str(value).lower()
        if isinstance(value, Decimal):
            return describe_number(value, self.column.axis.domain.unit, self.language)
        if isinstance(value, DaysDuration | MonthsDuration):
            return describe_duration(value, self.language)
        return str(value) if isinstance(value, Date) else excerpt(value)

    def named(self, atoms: Sequence[Atom]) -> Iterator[str]:
        """Yield what single values say."""
        points = [self.value(atom.value) for atom in atoms if atom.kind is AtomKind.POINT]
        if points:
            yield f"{self.title} = {('、' if self.language == 'zh' else ', ').join(points)}"
        for atom in atoms:
            if atom.kind is AtomKind.OTHER and self.column.axis.is_blind:
                yield f"{self.title} 为任意值" if self.language == "zh" else f"{self.title} is anything"
            elif atom.kind is AtomKind.OTHER:
                names = [excerpt(text) for text in atom.excluded]
                outside = "、".join(names) if self.language == "zh" else ", ".join(names)
                yield f"{self.title} 不是 {outside}" if self.language == "zh" else f"{self.title} is none of {outside}"

    def line(self, atoms: int) -> Iterator[str]:
        """Yield what stretches of a line say."""
        axis = self.column.axis
        places = list(bits(atoms & ~axis.null))
        for _, run in groupby(enumerate(places), key=lambda item: item[1] - item[0]):
            stretch = [place for _, place in run]
            yield self.stretch(axis.atoms[stretch[0]], axis.atoms[stretch[-1]])

    def stretch(self, low: Atom, high: Atom) -> str:
        """Return what the atoms from one to another say."""
        least = low.value if low.kind is AtomKind.POINT else low.low
        greatest = high.value if high.kind is AtomKind.POINT else high.high
        if low is high and low.kind is AtomKind.POINT:
            return f"{self.title} = {self.value(least)}"
        below = ("≤" if low.kind is AtomKind.POINT else "<") if least is not None else ""
        above = ("≤" if high.kind is AtomKind.POINT else "<") if greatest is not None else ""
        if below and above:
            return f"{self.value(least)} {below} {self.title} {above} {self.value(greatest)}"
        if below:
            return f"{self.title} {'≥' if below == '≤' else '>'} {self.value(least)}"
        if above:
            return f"{self.title} {above} {self.value(greatest)}"
        return f"{self.title} 不为空" if self.language == "zh" else f"{self.title} is not null"


def describe_number(value: Decimal, unit: str, language: Language) -> str:
    """Return a number; a sum of yuan in the largest unit in which it is short.

    >>> [describe_number(Decimal(number), "元", "zh") for number in (20000000, 50)], describe_number(Decimal(300), "人", "zh")
    (['2000 万元', '50 元'], '300')
    """
    if unit != "元":
        return format_number(value)
    for places, name in _YUAN[language]:
        scaled = value.scaleb(-places, feel_context())
        if places == 0 or (scaled.copy_abs() >= 1 and len(format_number(scaled).partition(".")[2]) <= _PLACES):
            return format_number(scaled) + (name if value or not places else "")
    return format_number(value)


_STRETCHES: dict[str, tuple[str, str]] = {
    "year": ("年", "year"),
    "month": ("个月", "month"),
    "day": ("天", "day"),
    "hour": ("小时", "hour"),
    "minute": ("分钟", "minute"),
    "second": ("秒", "second"),
}
"""The parts of a duration, in Chinese and in English."""


def describe_duration(value: DaysDuration | MonthsDuration, language: Language) -> str:
    """Return a duration as documents say it.

    >>> [describe_duration(MonthsDuration(months), "zh") for months in (12, 6)], describe_duration(MonthsDuration(-14), "en")
    (['1 年', '6 个月'], 'minus 1 year 2 months')
    >>> describe_duration(DaysDuration(30 * 86_400 * 10**9), "zh"), describe_duration(DaysDuration(0), "en")
    ('30 天', '0 days')
    """
    if isinstance(value, MonthsDuration):
        is_negative, whole = value.months < 0, abs(value.months)
        counts = {"year": Decimal(whole // 12), "month": Decimal(whole % 12)}
        nothing = "month"
    else:
        is_negative, nanoseconds = value.nanoseconds < 0, abs(value.nanoseconds)
        seconds, below = divmod(nanoseconds, 10**9)
        days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
        exact = Decimal(seconds % 60) + Decimal(below).scaleb(-9)
        counts = {"day": Decimal(days), "hour": Decimal(hours), "minute": Decimal(minutes), "second": exact}
        nothing = "day"
    kept = {part: count for part, count in counts.items() if count} or {nothing: Decimal(0)}
    if language == "zh":
        return ("负 " if is_negative else "") + " ".join(f"{format_number(count)} {_STRETCHES[part][0]}" for part, count in kept.items())
    words = (f"{format_number(count)} {_STRETCHES[part][1]}{'' if count == 1 else 's'}" for part, count in kept.items())
    return ("minus " if is_negative else "") + " ".join(words)


def describe_rules(numbers: Iterable[str], language: Language) -> str:
    """Return the numbers of rules as they are enumerated."""
    return ("、" if language == "zh" else ", ").join(numbers)


def describe_witness(
    columns: Sequence[Column], witness: Witness, beside: Mapping[str, ItemDefinition] = MappingProxyType({})
) -> tuple[str, str]:
    """Return who shows a finding, by the values of the clauses, in Chinese and in English.

    Args:
        columns: The columns of the table.
        witness: The subject; its clauses are those of the table.
        beside: Facts that are told as well where they are known.
    """
    said = []
    for language in _LANGUAGES:
        words = [_Words(column, language) for column in columns]
        known = [(word, value) for word, (_, value) in zip(words, witness.clauses, strict=True) if find_unknown(value) is None]
        parts = [f"{word.title} = {word.plain(value)}" for word, value in known]
        for name, item in beside.items():
            if name in witness.facts:
                word = _Words(Column(axis_of(Domain(item.type, name, item.unit), ()), ()), language)
                parts.append(f"{name} = {word.plain(witness.facts[name])}")
        if witness.as_of is not None and all(text != AS_OF for text, _ in witness.clauses):
            parts.append(f"{AS_OF} = {witness.as_of}")
        said.append(("，" if language == "zh" else ", ").join(parts))
    return said[0], said[1]
