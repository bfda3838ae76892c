"""Mappings: how the columns of somebody's files become the attributes of a dictionary.

Owns the frozen data of a mapping file and its check against a dictionary. A mapping says for each file which column is
the key, how the file joins the others, and for each attribute the column, the unit it is given in, its code table, the
rate of a foreign currency, the form of dates and the word for a known absence. Reading the YAML is `mapping_reading`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import attribute_of, form_faults, item_of, year_faults
from zhida.registry_io.units import is_currency, known_units, split_unit
from zhida.source import Source, Span
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING, Type, list_of

SUPPORTED_TYPES = (NUMBER, STRING, BOOLEAN, DATE, list_of(NUMBER), list_of(STRING), list_of(BOOLEAN), list_of(DATE))
"""Types of attributes that a registry can hold, beside lists of elements."""

ELEMENT_TYPES = SUPPORTED_TYPES[:4]
"""Types that the attributes of a list's elements can have."""

EXACT = Context(prec=200)
"""Wide enough that no product of a cell, a unit's factor and a rate is ever rounded."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A stated rate of exchange; there is no default one."""

    currency: str
    """The currency that is converted, by its ISO 4217 code."""
    to: str
    """The base unit that it becomes."""
    value: Decimal
    """How much of `to` one unit of the currency is."""
    on: date
    """The day whose rate it is."""
    source: str
    """Where the rate was published."""
    span: Span
    """Where it is stated."""


@dataclass(frozen=True, slots=True)
class ColumnName:
    """The name of a column in a file, and where the mapping says it."""

    name: str
    """As it stands in the file's first line."""
    span: Span
    """Where the mapping names it."""


@dataclass(frozen=True, slots=True)
class CodeTable:
    """What the words of a column mean."""

    entries: dict[str, str | None]
    """Word → value; None for a word that is deliberately left unknown."""
    spans: dict[str, Span]
    """Where each entry stands."""
    refuses_others: bool
    """Whether a word that is not listed stops the import; otherwise the cell becomes unknown and is listed."""


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """How one attribute is read from one file."""

    attribute: str
    """The attribute, as the dictionary names it."""
    columns: tuple[ColumnName, ...]
    """The column; several for a list, in the list's order; none for a constant."""
    span: Span
    """Where the attribute is named."""
    constant: str | None = None
    """The same value for every row."""
    unit: str = ""
    """The unit of the column; empty means the dictionary's own."""
    unit_span: Span | None = None
    """Where the unit is stated."""
    rate: Rate | None = None
    """The rate of a foreign currency."""
    codes: CodeTable | None = None
    """What the column's words mean; None where they stand for themselves."""
    date_format: str = ""
    """Form of dates in `%Y`, `%m`, `%d` and other characters; empty means year, month and day with a usual separator."""
    absent: str | None = None
    """The word that says: known to be absent."""
    options: tuple[tuple[str, Span], ...] = ()
    """The keys that were stated, and where."""


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How one file is read."""

    name: str
    """What reports call the file."""
    path: str
    """A pattern for the base name; empty: files are taken in the order they are given."""
    span: Span
    """Where the file is named."""
    key: tuple[ColumnName, ...]
    """The column that holds the key; the texts of several are joined by `, `."""
    columns: tuple[AttributeMapping, ...]
    """The attributes that it gives."""
    join: str = "left"
    """`left`: subjects of the first file only; `outer`: new subjects too; `inner`: subjects that lack here are left out."""
    encoding: str = "utf-8"
    """`utf-8` (a byte order mark does not matter) or `gb18030`."""
    separator: str = ","
    """What stands between the cells of a CSV file."""
    ignore: tuple[ColumnName, ...] = ()
    """Columns that do not count when two rows are compared, such as a running number."""
    unknown: frozenset[str] = frozenset()
    """Words that, like an empty cell, say: not told."""


@dataclass(frozen=True, slots=True)
class ListMapping:
    """How one file gives the elements of a list, a row for each."""

    attribute: str
    """The list, as the dictionary names it."""
    span: Span
    """Where it is named."""
    file: FileMapping
    """How the file is read; its attributes are those of the elements."""
    unique: tuple[ColumnName, ...] = ()
    """Attributes of the elements of which no two of a subject have the same."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How files become a registry."""

    subject: str
    """The kind of subject: the name of the dictionary."""
    subject_span: Span
    """Where it is stated."""
    key_attribute: str
    """The attribute that names a subject."""
    key_span: Span
    """Where it is stated."""
    key_check: str
    """`uscc`: keys are unified social credit codes with a check digit; `none`: they are not."""
    files: tuple[FileMapping, ...]
    """The files; the first is the base that the others join."""
    source: Source
    """The mapping file."""
    sha256: str
    """Digest of its text as UTF-8 with line feeds, so that a checkout with other line ends is the same mapping."""
    lists: tuple[ListMapping, ...] = ()
    """The files that hold the elements of lists."""

    @property
    def all_files(self) -> tuple[FileMapping, ...]:
        """All files: those of subjects, then those of elements."""
        return (*self.files, *(each.file for each in self.lists))


def factor_of(column: AttributeMapping) -> Decimal | None:
    """Return what a number of the column is multiplied by to get the dictionary's base unit; None for unusable units."""
    if not column.unit:
        return Decimal(1)
    found = split_unit(column.unit)
    if found is None:
        return None
    base, factor = found
    if not is_currency(base):
        return factor
    if column.rate is None:
        return None
    return EXACT.multiply(factor, EXACT.multiply(column.rate.value, (split_unit(column.rate.to) or ("", Decimal(1)))[1]))


def check_mapping(mapping: Mapping, dictionary: Dictionary) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a mapping for a dictionary: subject, attributes, types and units."""
    return tuple(_check(mapping, dictionary))


def _check(mapping: Mapping, dictionary: Dictionary) -> Iterator[Diagnostic]:
    if mapping.subject != dictionary.subject:
        yield diagnostic("registry-subject-differs", mapping.subject_span, name=mapping.subject, expected=dictionary.subject)
    key = dictionary.items.get(mapping.key_attribute)
    if key is None:
        yield _unknown_attribute(mapping.key_attribute, mapping.key_span, dictionary)
    elif key.type != STRING:
        yield diagnostic("registry-key-type", mapping.key_span, name=key.name, type=key.type)
    told: set[tuple[str, Span]] = set()
    for file in mapping.files:
        for column in file.columns:
            item = item_of(dictionary, column.attribute)
            faults = year_faults(column.attribute, column.span, dictionary)
            if faults:
                yield from [fault for fault in faults if (fault.code, column.span) not in told]  # once of a series of years
                told |= {(fault.code, column.span) for fault in faults}
            elif item is None:
                yield _unknown_attribute(column.attribute, column.span, dictionary)
            elif column.attribute == mapping.key_attribute:
                yield diagnostic("registry-key-mapped", column.span, name=column.attribute)
            elif item.statistic is not None:
                yield diagnostic("population-given", column.span, name=item.name)
            elif item.components:
                yield diagnostic("registry-list-mapped", column.span, name=item.name)
            elif item.type not in SUPPORTED_TYPES:
                yield diagnostic("registry-type", column.span, name=item.name, type=item.type)
            else:
                yield from _check_options(column, item)
                yield from _check_unit(column, item)
    yield from form_faults(((column.attribute, column.span) for file in mapping.files for column in file.columns), dictionary)
    for each in mapping.lists:
        yield from _check_list(each, dictionary)


def _check_list(mapping: ListMapping, dictionary: Dictionary) -> Iterator[Diagnostic]:
    """Complain of what is no list, and of attributes that its elements do not have."""
    item = dictionary.items.get(mapping.attribute)
    if item is None:
        yield _unknown_attribute(mapping.attribute, mapping.span, dictionary)
        return
    elements = elements_of(item)
    if not elements:
        yield diagnostic("registry-no-elements", mapping.span, name=item.name, type=item.type, dictionary=dictionary.source.name)
        return
    for column in mapping.file.columns:
        element = elements.get(column.attribute)
        if element is None:
            yield _unknown_element(item, column.attribute, column.span, elements)
        elif element.type not in ELEMENT_TYPES:
            yield diagnostic("registry-type", column.span, name=element.name, type=element.type)
        else:
            yield from _check_options(column, element)
            yield from _check_unit(column, element)
    given = [column.attribute for column in mapping.file.columns if column.columns]
    for name in mapping.unique:
        if name.name not in given:
            yield diagnostic("registry-mapping-value", name.span, name="unique", value=name.name, expected=" | ".join(given))


def _unknown_element(item: ItemDefinition, name: str, span: Span, known: dict[str, ItemDefinition]) -> Diagnostic:
    words = {"near": nearest(name, known), "known": "、".join(known)}
    return diagnostic("registry-unknown-element", span, name=name, list=item.name, **words)


def elements_of(item: ItemDefinition) -> dict[str, ItemDefinition]:
    """Return what is known of the attributes of a list's elements, by their own names; each is called `<list>.<name>`.

    >>> one = ItemDefinition("种类", STRING)
    >>> elements_of(ItemDefinition("知识产权", components=(one,)))["种类"].name
    '知识产权.种类'
    """
    return {element.name: replace(element, name=f"{item.name}.{element.name}") for element in item.components}


def is_held(item: ItemDefinition) -> bool:
    """Say whether a registry can hold an attribute."""
    if item.components:
        return item.type.name == "list" and all(element.type in ELEMENT_TYPES for element in item.components)
    return item.type in SUPPORTED_TYPES


def _unknown_attribute(name: str, span: Span, dictionary: Dictionary) -> Diagnostic:
    return diagnostic(
        "registry-unknown-attribute",
        span,
        name=name,
        subject=dictionary.subject,
        near=nearest(attribute_of(name), dictionary.items),
        dictionary=dictionary.source.name,
    )


def element_type(item: ItemDefinition) -> Type:
    """Return the type of one cell of an attribute: the type of a list's elements, else the attribute's own."""
    return item.type.arguments[0] if item.type.name == "list" else item.type


def _check_options(column: AttributeMapping, item: ItemDefinition) -> Iterator[Diagnostic]:
    """Complain of options that do not fit the attribute's type."""
    element = element_type(item)
    fits = {
        "unit": element == NUMBER,
        "rate": element == NUMBER,
        "format": element == DATE,
        "columns": item.type.name == "list",
        "column": item.type.name != "list",
        "constant": item.type.name != "list",
        "absent": item.type.name != "list",
    }
    for option, span in column.options:
        if not fits.get(option, True):
            yield diagnostic("registry-option", span, option=option, name=item.name, type=item.type)


def _check_unit(column: AttributeMapping, item: ItemDefinition) -> Iterator[Diagnostic]:
    """Complain of a unit that is unknown, that is not the attribute's, or that lacks its rate."""
    if not column.unit or element_type(item) != NUMBER:
        return
    span = column.unit_span
    found = split_unit(column.unit)
    if found is None:
        near = nearest(column.unit, known_units())
        yield diagnostic("registry-unknown-unit", span, unit=column.unit, near=near, units="、".join(known_units()[:9]))
        return
    base = found[0]
    if is_currency(base):
        if column.rate is None:
            yield diagnostic("registry-rate-missing", span, unit=column.unit, base=item.unit or "1")
            return
        if column.rate.currency != base:
            yield diagnostic("registry-rate-currency", column.rate.span, currency=column.rate.currency, unit=column.unit)
            return
        base = (split_unit(column.rate.to) or (column.rate.to, 0))[0]
    elif column.rate is not None:
        yield diagnostic("registry-rate-needless", column.rate.span, unit=column.unit)
    if base != (item.unit or "1"):
        yield diagnostic("registry-unit-mismatch", span, unit=column.unit, name=item.name, base=item.unit or "1")
