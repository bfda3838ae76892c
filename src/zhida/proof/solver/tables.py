"""Decision tables in terms: which rules match and what they come to, as `dmn.table` does it for known values."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from zhida.dmn.compiled import CompiledTable
from zhida.dmn.model import HitPolicy
from zhida.feel.syntax import Node, UnaryTests
from zhida.proof.solver.algebra import Sort, Term, below, both, choose_number, either, opposite, plus
from zhida.proof.solver.builtins import added
from zhida.proof.solver.scope import Reader, Scope
from zhida.proof.solver.values import NULL, NUMERIC, Opaque, Part, Symbol, choose, differ, holds

_ZERO, _ONE = Fraction(0), Fraction(1)


def table_value(reader: Reader, table: CompiledTable, scope: Scope) -> Symbol:
    """Return the value of a table."""
    matches = rule_matches(reader, table, scope)
    combine = _HIT_POLICIES[table.table.hit_policy]
    return combine(_Table(reader, table, scope), matches)


def rule_matches(reader: Reader, table: CompiledTable, scope: Scope) -> list[Term]:
    """Return for each rule whether it matches."""
    inputs = []
    allowed: list[Term] = []
    for node, clause, tests in zip(table.inputs, table.table.inputs, table.allowed, strict=True):
        value = reader.fitted(reader.value_kept(node, scope), clause.type)
        inputs.append(value)
        if tests is not None:
            allowed.append(either(value.null, holds(reader.passes_kept(tests, value, scope))))
    are_allowed = both(*allowed)
    return [both(are_allowed, reader.rule_kept(rule, inputs, scope).term) for rule in table.rules]


class _Table:
    """A table in a scope, whose outputs are evaluated as they are asked for."""

    def __init__(self, reader: Reader, table: CompiledTable, scope: Scope) -> None:
        self.reader = reader
        self.table = table
        self.scope = scope

    def outputs(self, place: int) -> Symbol:
        """Return what a rule says."""
        return self.shaped(self.table.rules[place].outputs)

    def default(self) -> Symbol:
        """Return what the table says where no rule matches."""
        return NULL if all(node is None for node in self.table.defaults) else self.shaped(self.table.defaults)

    def shaped(self, nodes: Sequence[Node | None]) -> Symbol:
        """Return outputs as one value; one that does not fit or is not allowed is null."""
        values = []
        for place, (node, clause) in enumerate(zip(nodes, self.table.table.outputs, strict=True)):
            value = NULL if node is None else self.reader.fitted(self.reader.value_kept(node, self.scope), clause.type)
            listed = self.table.listed[place] if self.table.listed else None
            if listed is not None and value.null is not True:
                is_allowed = holds(self.reader.passes(listed, value, self.scope))
                value = Symbol(value.sort, value.term, either(value.null, opposite(is_allowed)))
            values.append(value)
        if len(values) == 1:
            return values[0]
        return Symbol(Sort.CONTEXT, dict(zip((clause.name for clause in self.table.table.outputs), values, strict=True)))

    def rank(self, place: int) -> list[int]:
        """Return the place of a rule's outputs among the listed values, column by column; lower comes first."""
        ranks = []
        for node, clause, listed in zip(self.table.rules[place].outputs, self.table.table.outputs, self.table.priorities, strict=True):
            if not listed:
                continue
            value = self.reader.fitted(self.reader.value(node, self.scope), clause.type)
            passed = [holds(self.reader.passes(UnaryTests(item.span, (item,)), value, self.scope)) for item in listed]
            if any(not isinstance(each, bool) for each in passed):
                raise Opaque("按输出优先级取值，而输出不定", "outputs that are not known are ordered by priority")
            ranks.append(next((number for number, each in enumerate(passed) if each), len(listed)))
        return ranks


def _first(table: _Table, matches: Sequence[Term]) -> Symbol:
    return _in_order(table, matches, range(len(matches)))


def _in_order(table: _Table, matches: Sequence[Term], order: Sequence[int]) -> Symbol:
    value = None
    for place in reversed(order):
        if matches[place] is not False:
            value = choose(matches[place], table.outputs(place), table.default() if value is None else value)
    return table.default() if value is None else value


def _priority(table: _Table, matches: Sequence[Term]) -> Symbol:
    return _in_order(table, matches, sorted(range(len(matches)), key=table.rank))


def _unique(table: _Table, matches: Sequence[Term]) -> Symbol:
    value = _first(table, matches)
    return Symbol(value.sort, value.term, either(value.null, _two(matches)))


def _two(matches: Sequence[Term]) -> Term:
    """Return whether more than one rule matches."""
    before: Term = False
    found: list[Term] = []
    for match in matches:
        found.append(both(before, match))
        before = either(before, match)
    return either(*found)


def _any(table: _Table, matches: Sequence[Term]) -> Symbol:
    value = _first(table, matches)
    clash = either(*(both(match, differ(table.outputs(place), value)) for place, match in enumerate(matches) if match is not False))
    return Symbol(value.sort, value.term, either(value.null, clash))


def _collect(table: _Table, matches: Sequence[Term]) -> Symbol:
    parts = tuple(
        Part(choose_number(match, _ONE, _ZERO), table.outputs(place)) for place, match in enumerate(matches) if match is not False
    )
    return choose(either(*matches), Symbol(Sort.LIST, parts), table.default())


def _aggregated(aggregate: Callable[[Sequence[Part]], Symbol]) -> Callable[[_Table, Sequence[Term]], Symbol]:
    """Return a hit policy that makes one value of the outputs of all matching rules."""

    def combine(table: _Table, matches: Sequence[Term]) -> Symbol:
        met = [(match, table.outputs(place)) for place, match in enumerate(matches) if match is not False]
        nulls = either(*(both(match, output.null) for match, output in met))
        parts = [Part(choose_number(match, _ONE, _ZERO), output) for match, output in met if output.null is not True]
        value = aggregate(parts) if parts else NULL
        return choose(either(*matches), Symbol(value.sort, value.term, either(value.null, nulls)), table.default())

    return combine


def _sum(parts: Sequence[Part]) -> Symbol:
    if any(part.value.sort is not Sort.NUMBER for part in parts):
        raise Opaque("不是数的输出求和", "outputs that are no numbers are added")
    return Symbol(Sort.NUMBER, added(parts))


def _extreme(parts: Sequence[Part], *, greatest: bool) -> Symbol:
    if len({part.value.sort for part in parts}) > 1 or parts[0].value.sort not in NUMERIC:
        raise Opaque("求数和日期之外的最大、最小值", "the extreme of what is no number and no date")
    best, is_any = parts[0].value.term, below(_ZERO, parts[0].times)
    for part in parts[1:]:
        is_there = below(_ZERO, part.times)
        is_better = below(best, part.value.term) if greatest else below(part.value.term, best)
        best = choose_number(both(is_there, either(opposite(is_any), is_better)), part.value.term, best)
        is_any = either(is_any, is_there)
    return Symbol(parts[0].value.sort, best)


def _count(table: _Table, matches: Sequence[Term]) -> Symbol:
    total: Term = _ZERO
    for match in matches:
        total = plus(total, choose_number(match, _ONE, _ZERO))
    return choose(either(*matches), Symbol(Sort.NUMBER, total), table.default())


def _output_order(_table: _Table, _matches: Sequence[Term]) -> Symbol:
    raise Opaque("按输出次序排列的列表", "a list in the order of its outputs")


_HIT_POLICIES: dict[HitPolicy, Callable[[_Table, Sequence[Term]], Symbol]] = {
    HitPolicy.UNIQUE: _unique,
    HitPolicy.ANY: _any,
    HitPolicy.PRIORITY: _priority,
    HitPolicy.FIRST: _first,
    HitPolicy.RULE_ORDER: _collect,
    HitPolicy.OUTPUT_ORDER: _output_order,
    HitPolicy.COLLECT: _collect,
    HitPolicy.COLLECT_SUM: _aggregated(_sum),
    HitPolicy.COLLECT_MIN: _aggregated(lambda parts: _extreme(parts, greatest=False)),
    HitPolicy.COLLECT_MAX: _aggregated(lambda parts: _extreme(parts, greatest=True)),
    HitPolicy.COLLECT_COUNT: _count,
}
