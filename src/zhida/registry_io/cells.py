"""Cells of a file: text to exact values, and what was odd about it.

    text ──trim──> unknown │ absent │ code table ──> number │ boolean │ date │ string ──> value, problems, liberties

Owns the conversion of one cell. Money never passes through a binary float. What is tolerated (a thousands separator,
full-width digits, another date separator) is counted; what cannot be read becomes unknown and is listed; nothing is
guessed: `1.2E+05` and `(120)` may have lost digits or mean something else, so they are not numbers here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from zhida.dmn.model import ItemDefinition
from zhida.policy.dictionary import DEFAULT_SCALES
from zhida.registry_io.mapping import EXACT, AttributeMapping, element_type, factor_of
from zhida.values.types import BOOLEAN, DATE, NUMBER, Type

CellValue = Decimal | str | bool | date

DIGITS = 38
"""Decimal digits of a number column; those behind the point are the attribute's scale."""

EXPECTED = {
    "number": ("a number such as 1234.5", "数字，如 1234.5"),
    "boolean": ("是 or 否, true or false", "“是”或“否”"),
    "date": ("a date such as 2015-01-31", "日期，如 2015-01-31"),
}
"""What a cell should hold, in English and Chinese, by the name of its type."""

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2212: 0x2D}
"""Full-width forms, the wide space and the minus sign, to ASCII; other compatibility forms (10²) stay as they are."""

PLAIN_NUMBER = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?")
GROUPED_NUMBER = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3}){1,19}(\.[0-9]{1,60})?")
SIGNED_NUMBER = re.compile(r"\+[0-9]{1,60}(\.[0-9]{1,60})?")
ISO_DATE = re.compile(r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})")
USUAL_DATE = re.compile(r"(?P<Y>[0-9]{4})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})日?([ T]00:00(:00(\.0+)?)?)?")

TRUE_WORDS = frozenset({"是", "true", "1", "yes", "y"})
FALSE_WORDS = frozenset({"否", "false", "0", "no", "n"})


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says."""

    value: CellValue | None = None
    """The value; None where it is unknown or known to be absent."""
    is_absent: bool = False
    """Whether the cell says that there is no value."""
    problems: tuple[str, ...] = ()
    """Codes of what is wrong with it."""
    liberties: tuple[str, ...] = ()
    """What was tolerated: `full_width`, `thousands`, `plus_sign`, `date_form`, `rounded`, `left_unknown`."""


UNKNOWN_CELL = Cell()
ABSENT_CELL = Cell(is_absent=True)
LEFT_UNKNOWN_CELL = Cell(liberties=("left_unknown",))


def converter(column: AttributeMapping, item: ItemDefinition, unknown_words: frozenset[str] = frozenset()) -> Callable[[str], Cell]:
    """Return the function that reads a cell of a column; it remembers the texts that it has met.

    Args:
        column: What the mapping says; its unit has been checked.
        item: The attribute; for a list the function reads one element.
        unknown_words: Words that, like an empty cell, say: not told.

    >>> from zhida.source import Source, Span
    >>> column = AttributeMapping("营业收入", (), Span(Source("", ""), 0, 0), unit="万元")
    >>> read = converter(column, ItemDefinition("营业收入", NUMBER, "元", 2))
    >>> read("1,234.5").value, read("１２").value, read("12万").problems
    (Decimal('12345000.00'), Decimal('120000.00'), ('registry-unparsable',))
    """
    read_typed = _typed_reader(column, item)
    seen: dict[str, Cell] = {}

    def read(text: str) -> Cell:
        cell = seen.get(text)
        if cell is None:
            cell = seen[text] = _read(text.strip(), column, item, unknown_words, read_typed)
        return cell

    return read


def _read(
    text: str, column: AttributeMapping, item: ItemDefinition, unknown_words: frozenset[str], read_typed: Callable[[str], Cell]
) -> Cell:
    """Sort out unknown, absent and coded cells; `read_typed` does the rest."""
    if not text or text in unknown_words:
        return UNKNOWN_CELL
    if column.absent is not None and text == column.absent:
        return ABSENT_CELL if item.is_nullable else Cell(problems=("registry-absent-not-allowed",))
    if column.codes is not None:
        if text not in column.codes.entries:
            return Cell(problems=("registry-value-refused" if column.codes.refuses_others else "registry-not-in-list",))
        target = column.codes.entries[text]
        if target is None:
            return LEFT_UNKNOWN_CELL
        text = target
    return read_typed(text)


def _typed_reader(column: AttributeMapping, item: ItemDefinition) -> Callable[[str], Cell]:
    type_ = element_type(item)
    if type_ == NUMBER:
        return _number_reader(column, item)
    if type_ == DATE:
        form = date_pattern(column.date_format) if column.date_format else None
        return lambda text: _read_date(text, form)
    if type_ == BOOLEAN:
        return _read_boolean
    return lambda text: _read_string(text, item)


def scale_of(item: ItemDefinition) -> int:
    """Return the decimal places that a registry keeps of a number."""
    return DEFAULT_SCALES.get(item.unit, 6) if item.scale is None else item.scale


def _number_reader(column: AttributeMapping, item: ItemDefinition) -> Callable[[str], Cell]:
    """Return the function that reads a number in the column's unit as one in the attribute's, exactly."""
    factor = factor_of(column)
    assert factor is not None, "the mapping's units are checked before cells are read"
    place = Decimal(f"1E-{scale_of(item)}")
    limit = Decimal(f"1E{DIGITS - scale_of(item)}")
    # A rate of exchange always leaves digits behind the fen: that is no news about the file.
    rounded = () if column.rate else ("registry-rounded",)

    def read(text: str) -> Cell:
        liberties: tuple[str, ...] = ()
        if not PLAIN_NUMBER.fullmatch(text):
            narrow = text.translate(FULL_WIDTH).strip()
            liberties = _number_liberties(text, narrow)
            if not liberties:
                return Cell(problems=("registry-unparsable",))
            text = narrow.replace(",", "")
        exact = EXACT.multiply(Decimal(text), factor)
        value = exact.quantize(place, ROUND_HALF_EVEN, EXACT)
        problems: tuple[str, ...] = ()
        if value.copy_abs() >= limit:
            return Cell(problems=("registry-unparsable",))
        if value != exact:
            liberties += ("rounded",)
            problems += rounded
        if not _is_usual(value, item):
            problems += ("registry-out-of-range",)
        return Cell(value, problems=problems, liberties=liberties)

    return read


def _number_liberties(text: str, narrow: str) -> tuple[str, ...]:
    """Return what must be tolerated to read `text` (`narrow` in ASCII) as a number; nothing where it is none."""
    width = ("full_width",) if narrow != text else ()
    if GROUPED_NUMBER.fullmatch(narrow):
        return (*width, "thousands")
    if SIGNED_NUMBER.fullmatch(narrow):
        return (*width, "plus_sign")
    return width if PLAIN_NUMBER.fullmatch(narrow) else ()


def _is_usual(value: Decimal, item: ItemDefinition) -> bool:
    low, high = item.usual_range or (None, None)
    return (low is None or low <= value) and (high is None or value <= high)


def _read_boolean(text: str) -> Cell:
    word = text.translate(FULL_WIDTH).lower()
    if word in TRUE_WORDS:
        return Cell(value=True)
    if word in FALSE_WORDS:
        return Cell(value=False)
    return Cell(problems=("registry-unparsable",))


def _read_string(text: str, item: ItemDefinition) -> Cell:
    if not item.allows(text):
        return Cell(problems=("registry-not-in-list",))
    return Cell(text)


def _read_date(text: str, form: re.Pattern[str] | None) -> Cell:
    narrow = text.translate(FULL_WIDTH).strip()
    liberties: tuple[str, ...] = ("full_width",) if narrow != text else ()
    found = (form or ISO_DATE).fullmatch(narrow)
    if found is None and form is None:
        found = USUAL_DATE.fullmatch(narrow)
        liberties += ("date_form",)
    if found is None:
        return Cell(problems=("registry-unparsable",))
    try:
        return Cell(date(int(found["Y"]), int(found["m"]), int(found["d"])), liberties=liberties)
    except ValueError:  # 2015-02-30
        return Cell(problems=("registry-unparsable",))


def date_pattern(form: str) -> re.Pattern[str]:
    """Return the pattern of a form of dates; parts that touch each other have all their digits.

    >>> date_pattern("%d/%m/%Y").fullmatch("3/12/2015")["d"], date_pattern("%Y%m%d").fullmatch("2015123")
    ('3', None)
    """
    few = "{2}" if re.search(r"%.%", form) else "{1,2}"
    digits = {"%Y": "(?P<Y>[0-9]{4})", "%m": f"(?P<m>[0-9]{few})", "%d": f"(?P<d>[0-9]{few})"}
    return re.compile("".join(digits.get(part) or re.escape(part) for part in re.findall(r"%[Ymd]|.", form, re.DOTALL)))


def expected_of(type_: Type) -> tuple[str, str]:
    """Return what a cell of this type should hold, in English and in Chinese."""
    return EXPECTED.get(type_.name, ("a text", "文字"))
