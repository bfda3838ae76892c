"""Cells: which atoms of its column each cell of a decision table takes in.

    a column's cells ──ends──> axis ──test each atom's value with the interpreter──> Cell: must, may

What a cell says of a value is asked of the interpreter, on the value that stands for an atom. That it says the same of all
values of the atom is read from its form first: literals, ranges, lists, `not(…)` and comparisons of `?` with what is the same
for every subject. A column whose cells compare with one other value (`<= 免征上限`, `> 免征上限`) has that value for its only
end. A cell of any other form *may* match wherever it is asked and *must* match nowhere, and says why.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from zhida.feel import syntax
from zhida.feel.evaluate import evaluate, test
from zhida.feel.run import Frame
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.proof.tables.axes import Atom, AtomKind, Axis, Domain, axis_of
from zhida.values.range import Range
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, type_of
from zhida.values.unknown import find_unknown

Value = Any

UNREAD = ("它不只是把输入与固定的值相比", "it does not only compare its input with fixed values")
UNTYPED = ("不知道该列的值是什么类型", "the type of the column's values is not known")
UNSUPPORTED = ("这种类型的值（{type}）不作分析", "values of this type ({type}) are not analysed")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell takes in."""

    may: int
    """Atoms of which it may take in values, as bits."""
    must: int
    """Atoms of which it takes in every value, as bits."""
    reason: tuple[str, str] | None = None
    """Where the two differ, why, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of conditions in atoms."""

    axis: Axis
    """Its atoms."""
    cells: tuple[Cell, ...]
    """What the cell of each rule takes in."""
    beside: syntax.Name | None = None
    """What its values are compared with where that is another value, no constant: the atoms are then below it, it, above it, and
    where one of the two is null."""
    is_guessed: bool = False
    """Whether nothing but its cells tells the type of its values."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a cell may name."""

    frame: Frame
    """Its variables."""
    is_fixed: Callable[[str], bool]
    """Says of a name whether it stands for the same value for every subject."""
    can_be_null: Callable[[str], bool] = lambda _: True
    """Says of a name whether it can be null."""


class _Unread(Exception):  # noqa: N818 - no error: a form that is not read
    """A cell has a form that is not read."""


def ends_of_column(cells: Sequence[UnaryTests], scope: Scope, domain: Domain) -> list[Value]:
    """Return the values at which the cells of a column begin or end, as far as these are read."""
    domain = _guessed(domain, cells, scope)
    return [end for tests in cells for end in _ends_and_form(tests, scope, domain)[0]]


def column_of(
    domain: Domain, cells: Sequence[UnaryTests], scope: Scope, allowed: UnaryTests | None = None, ends: Sequence[Value] = ()
) -> Column:
    """Return a column in atoms.

    Args:
        domain: What its input clause can be.
        cells: Its cells, rule by rule.
        scope: What they may name.
        allowed: What its values must pass for any rule to match; atoms that do not pass are left out.
        ends: Further values at which it is cut.
    """
    is_guessed = domain.type == ANY
    domain = _guessed(domain, cells, scope)
    forms = [_ends_and_form(tests, scope, domain) for tests in cells]
    limits, is_limit_read = ([], False) if allowed is None else _ends_and_form(allowed, scope, domain)
    found = [*ends, *limits, *(end for form in forms for end in form[0])]
    if not found and not all(is_read for _, is_read in forms):
        beside = _beside(cells, scope, domain)
        if beside is not None:
            return _relative(domain, cells, scope, beside)
    axis = axis_of(domain, found)
    if allowed is not None and is_limit_read and not axis.is_blind:
        kept = [place for place, atom in enumerate(axis.atoms) if atom.kind is AtomKind.NULL or _takes(allowed, atom.value, scope.frame)]
        usual = sum(1 << new for new, old in enumerate(kept) if axis.usual >> old & 1)
        axis = replace(axis, atoms=tuple(axis.atoms[place] for place in kept), usual=usual)
    known: dict[str, Cell] = {}  # cells with the same text take in the same
    for tests, (_, is_read) in zip(cells, forms, strict=True):
        if tests.span.text not in known:
            known[tests.span.text] = _cell(tests, axis, scope, is_read)
    return Column(axis, tuple(known[tests.span.text] for tests in cells), is_guessed=is_guessed and not axis.is_blind)


def _ends_and_form(tests: UnaryTests, scope: Scope, domain: Domain) -> tuple[list[Value], bool]:
    """Return the values at which a cell begins or ends, and whether its form could be read."""
    try:
        return [end for value in _ends(tests, scope, domain) for end in _flat(value)], True
    except _Unread:
        return _ends_that_are_read(tests, scope), False


def _guessed(domain: Domain, cells: Iterable[UnaryTests], scope: Scope) -> Domain:
    """Return a domain whose type nothing tells with that of what its cells name, if it is one."""
    if domain.type != ANY:
        return domain
    types = {type_of(value) for tests in cells for value in _ends_that_are_read(tests, scope) if value is not None}
    return replace(domain, type=types.pop()) if len(types) == 1 else domain


def _takes(tests: UnaryTests, value: Value, frame: Frame) -> bool:
    """Say whether a value passes; what is odd about it is not noted."""
    before = len(frame.run.diagnostics)
    passed = test(tests, value, frame)
    del frame.run.diagnostics[before:]
    return passed is True


def _cell(tests: UnaryTests, axis: Axis, scope: Scope, is_read: bool) -> Cell:
    if not tests.tests:
        return Cell(axis.everything, axis.everything)
    if axis.is_blind:
        words = UNTYPED if axis.domain.type == ANY else tuple(text.format(type=axis.domain.type) for text in UNSUPPORTED)
        return Cell(axis.everything, 0, (words[0], words[1]))
    if is_read or _is_exhausted(tests, axis, scope):
        atoms = _taken(tests, axis, scope.frame)
        return Cell(atoms, atoms)
    must = 0
    may = axis.everything
    if not tests.is_negated:
        may = 0
        for item in tests.tests:
            alone = UnaryTests(tests.span, (item,))
            if _is_read(alone, scope, axis.domain):
                atoms = _taken(alone, axis, scope.frame)
                must |= atoms
                may |= atoms
            else:
                may |= _bounded(item, axis, scope)
    return Cell(may, must, _unread(tests))


def _unread(tests: UnaryTests) -> tuple[str, str]:
    """Return why a cell could not be read: by the functions that it calls, where it does."""
    calls = (node.function for node in syntax.descendants(tests) if isinstance(node, syntax.Call))
    names = dict.fromkeys(name.name for name in calls if isinstance(name, syntax.Name) and name.name != "not")
    if not names:
        return UNREAD
    return f"它调用了函数 {'、'.join(names)}", f"it calls {', '.join(names)}"


def _taken(tests: UnaryTests, axis: Axis, frame: Frame) -> int:
    return sum(1 << place for place, atom in enumerate(axis.atoms) if _takes(tests, atom.value, frame))


def _is_exhausted(tests: UnaryTests, axis: Axis, scope: Scope) -> bool:
    """Say whether each atom is one value and the cell names nothing but that: then every form is read by trying it."""
    are_points = all(atom.kind in {AtomKind.POINT, AtomKind.NULL} for atom in axis.atoms)
    return are_points and all(name.name == INPUT or scope.is_fixed(name.name) for name in syntax.free_names(tests))


def _bounded(item: Node, axis: Axis, scope: Scope) -> int:
    """Return the atoms that a test may take in, by those of its ends that are fixed."""
    atoms = axis.everything
    if isinstance(item, syntax.RangeLiteral) and not item.operator:
        for end, is_low in ((item.low, True), (item.high, False)):
            if end is not None and _is_fixed(end, scope) and axis.is_ordered:
                closed = item.low_closed if is_low else item.high_closed
                operator = (">" if is_low else "<") + ("=" if closed else "")
                half = syntax.RangeLiteral(
                    item.span, end if is_low else None, None if is_low else end, low_closed=closed, high_closed=closed, operator=operator
                )
                atoms &= _taken(UnaryTests(item.span, (half,)), axis, scope.frame)
    return atoms


# --- what a cell compares with -----------------------------------------------------------------------------------------------


def _is_fixed(node: Node, scope: Scope) -> bool:
    return all(scope.is_fixed(name.name) for name in syntax.free_names(node))


def _fixed(node: Node, scope: Scope) -> Value:
    """Return the value of an expression that is the same for every subject, or raise _Unread."""
    if not _is_fixed(node, scope):
        raise _Unread
    before = len(scope.frame.run.diagnostics)
    value = evaluate(node, scope.frame)
    del scope.frame.run.diagnostics[before:]
    if find_unknown(value) is not None:
        raise _Unread
    return value


def _ends(tests: UnaryTests, scope: Scope, domain: Domain) -> Iterator[Value]:
    """Yield the values with which a cell compares its input; raise _Unread where it does anything else with it."""
    for item in tests.tests:
        yield from _ends_of(item, scope, domain)


def _ends_of(item: Node, scope: Scope, domain: Domain) -> Iterator[Value]:
    match item:
        case syntax.RangeLiteral():
            _refuse_order(item.operator or "<", domain)
            yield from (_fixed(end, scope) for end in (item.low, item.high) if end is not None)
        case syntax.Condition():
            yield from _ends_in(item.expression, scope, domain)
        case _:
            value = _fixed(item, scope)
            if domain.type == STRING and any(isinstance(each, Range) for each in (value if isinstance(value, tuple) else (value,))):
                raise _Unread
            yield value


def _refuse_order(operator: str, domain: Domain) -> None:
    """Raise _Unread where texts are put in order: those that are not named lie on either side of one that is."""
    if operator not in {"=", "!="} and domain.type in {STRING, ANY}:
        raise _Unread


def _is_input(node: Node) -> bool:
    return isinstance(node, syntax.Name) and node.name == INPUT


def _ends_in(node: Node, scope: Scope, domain: Domain) -> Iterator[Value]:
    """Yield what a condition compares `?` with."""
    match node:
        case syntax.Conjunction() | syntax.Disjunction():
            yield from _ends_in(node.left, scope, domain)
            yield from _ends_in(node.right, scope, domain)
        case syntax.Comparison() if _is_input(node.left) != _is_input(node.right):
            _refuse_order(node.operator, domain)
            yield _fixed(node.right if _is_input(node.left) else node.left, scope)
        case syntax.Between() if _is_input(node.value):
            _refuse_order("<", domain)
            yield _fixed(node.low, scope)
            yield _fixed(node.high, scope)
        case syntax.In() if _is_input(node.value):
            yield from _ends(node.tests, scope, domain)
        case syntax.Call(function=syntax.Name(name="not"), positional=(inner,), named=()):
            yield from _ends_in(inner, scope, domain)
        case _ if not syntax.mentions_input(node):
            _fixed(node, scope)
        case _ if _is_input(node) and domain.type == BOOLEAN:
            return
        case _:
            raise _Unread


def _flat(value: Value) -> Iterator[Value]:
    """Yield the values at which a value that is tested against begins or ends."""
    match value:
        case tuple():
            for element in value:
                yield from _flat(element)
        case Range():
            yield value.low
            yield value.high
        case _:
            yield value


def _is_read(tests: UnaryTests, scope: Scope, domain: Domain) -> bool:
    try:
        for _ in _ends(tests, scope, domain):
            pass
    except _Unread:
        return False
    return True


def _ends_that_are_read(tests: UnaryTests, scope: Scope) -> list[Value]:
    """Return the fixed ends of a cell that has others too."""
    found: list[Value] = []
    for item in tests.tests:
        ends = (item.low, item.high) if isinstance(item, syntax.RangeLiteral) else (item,)
        for end in ends:
            if end is not None and not isinstance(end, syntax.Condition) and _is_fixed(end, scope):
                try:
                    found += _flat(_fixed(end, scope))
                except _Unread:
                    continue
    return found


# --- columns that compare with one other value ---------------------------------------------------------------------------------


def _beside(cells: Iterable[UnaryTests], scope: Scope, domain: Domain) -> syntax.Name | None:
    """Return the one name with which all cells of a column compare its values, or None."""
    found: dict[str, syntax.Name] = {}
    for tests in cells:
        for item in tests.tests:
            end = item.operand if isinstance(item, syntax.RangeLiteral) and item.operator else item
            if isinstance(end, syntax.Literal) and end.value is None:
                continue
            if not isinstance(end, syntax.Name) or scope.is_fixed(end.name) or end.name == INPUT:
                return None
            found.setdefault(end.name, end)
    return next(iter(found.values())) if len(found) == 1 and domain.type in {NUMBER, DATE} else None


def _relative(domain: Domain, cells: Sequence[UnaryTests], scope: Scope, beside: syntax.Name) -> Column:
    """Return a column in the atoms below another value, that value, above it, and where one of the two is null."""
    numbers: list[Value] = [Decimal(-1), Decimal(0), Decimal(1)]
    low, here, high = numbers if domain.type == NUMBER else [Date(2026, 1, day) for day in (1, 2, 3)]
    atoms = [Atom(AtomKind.BETWEEN, low, None, here), Atom(AtomKind.POINT, here), Atom(AtomKind.BETWEEN, high, here, None)]
    if domain.is_nullable or scope.can_be_null(beside.name):
        atoms.append(Atom(AtomKind.NULL, None))
    axis = Axis(domain, tuple(atoms), (1 << len(atoms)) - 1, is_ordered=True)
    known, absent = (scope.frame.inner({beside.name: value}) for value in (here, None))
    found = []
    for tests in cells:
        taken = _taken(tests, axis, known)
        same = all(_takes(tests, value, absent) == bool(taken & axis.null) for value in (low, None))
        found.append(Cell(taken, taken) if same or not axis.null else Cell(taken | axis.null, taken & ~axis.null, UNREAD))
    return Column(axis, tuple(found), beside)
