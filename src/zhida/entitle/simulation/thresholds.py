"""Thresholds: the numbers of a policy that could be others, and where the law says them.

    | 2 | (0..500000] | "中型","小型","微型" | 0.5 |  举措一（一）      500000, a line;  0.5, what is given
    min(年度智算合同实际额 * 券比例, 8000000)                           8000000
    小微税率 (parameters.md)                                            the figure of a place

A line is one threshold though it is written in several cells (`<= 500000`, `> 500000`): the same number in one column of a table,
and the amount of four digits or more that a row gives at its own line. All its places are varied together.

A threshold is addressed by `POLICY:LINE:COLUMN` or, in a table, by `POLICY:RULE:COLUMN NAME`; a parameter by its name. Numbers that
are no figures of law are left out: the place of an element, the digits of a rounding. A 0 has nothing to be varied by.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from zhida.dmn.compiled import CompiledDecision, CompiledTable, Typed
from zhida.entitle.simulation.changes import users_of, with_figure, with_policies
from zhida.entitle.stacking.structure import MONEY
from zhida.errors import CompileError, InputError, diagnostic, has_errors, nearest
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.feel.units import format_unit
from zhida.policy.pack import Packs, Policy, parameter_id
from zhida.policy.tangle import APPLIES, OTHERWISE
from zhida.source import Source, Span
from zhida.values.numbers import feel_context, format_number
from zhida.values.temporal import Date
from zhida.values.types import is_number

ARITHMETIC = frozenset(("min", "max", "sum", "mean", "product", "abs", "floor", "ceiling"))
"""Builtins whose arguments are quantities; those of others (digits, places, parts of dates) are no figures of law."""

RATIO_SCALE = 4
"""Decimal places to which a ratio is varied and sought at least: hundredths of a per cent."""

STEPS = tuple(range(-50, 51, 10))
"""The points of a curve, in per cent of the present value."""

POINTS = len(STEPS)
"""The least number of points of a curve."""

NEIGHBOURS = 4
"""Lines of the law beside a threshold that become points of its curve."""

LONG = 1000
"""From this on, what a row gives is taken to be the line that it stands at, where the numbers are the same."""

TOLD = 12
"""Thresholds that are named where an address names none, or several."""

NO_THRESHOLD = {"found": "no threshold", "found_zh": "不是一条线的地址"}
"""What an address names that is none, in both languages."""

NEAR = 4
"""How many times greater or smaller such a line may be."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number of a policy, or a parameter, that could be another."""

    address: str
    """By what it is named: `POLICY:LINE:COLUMN`, or the name of a parameter."""
    policy: str
    """The policy it stands in, or that was asked for; empty for a parameter that was named alone."""
    value: Decimal
    """What it is now."""
    unit: str
    """Its unit, where that is known; else empty."""
    places: tuple[Span, ...]
    """Where the law says it, in the order of the text; none for what stands in no text."""
    decision: str
    """The decision it stands in; empty for a parameter."""
    rule: str
    """The rule it stands in; empty where it stands in none."""
    column: str
    """The column of the rule; empty where there is none."""
    text: str
    """What stands around it: the cell, or the line of an expression."""
    is_test: bool
    """Whether something is compared with it; else it is what is given, or part of it."""
    neighbours: tuple[Decimal, ...] = ()
    """Other numbers of the same column, or of the same decision."""

    @property
    def span(self) -> Span | None:
        """Where the law says it first; None for what stands in no text."""
        return self.places[0] if self.places else None

    @property
    def is_parameter(self) -> bool:
        """Whether it is a figure of a place."""
        return not self.decision

    @property
    def is_ratio(self) -> bool:
        """Whether it reads as a share: 0.5 is 50 %."""
        return abs(self.value) < 1 and self.unit in {"", "1"}

    @property
    def scale(self) -> int:
        """Decimal places to which it is varied."""
        exponent = self.value.normalize(feel_context()).as_tuple().exponent
        own = max(-exponent, 0) if isinstance(exponent, int) else 0
        return max(own, RATIO_SCALE) if self.is_ratio else own

    @property
    def step(self) -> Decimal:
        """The smallest step by which it is varied."""
        return Decimal(1).scaleb(-self.scale)

    @property
    def article(self) -> str:
        """The article it executes; empty where it stands in none."""
        return self.span.article if self.span is not None else ""

    def rounded(self, value: Decimal) -> Decimal:
        """Return a value at the scale of this one."""
        return value.quantize(self.step, rounding=ROUND_HALF_EVEN)

    def points(self) -> tuple[Decimal, ...]:
        """Return values for a curve, ascending: around the present one, itself and neighbouring lines of the law among them.

        >>> Threshold("p:1:1", "p", Decimal("0.5"), "", (), "d", "", "", "", is_test=False).points()[:2]
        (Decimal('0.2500'), Decimal('0.3000'))
        """
        found = {self.rounded(self.value * (100 + step) / 100) for step in STEPS} | {self.rounded(self.value)}
        distance = 1
        while len(found) < POINTS:  # its own scale is coarse: whole steps to both sides
            found |= {each for each in (self.value + distance * self.step, self.value - distance * self.step) if each * self.value > 0}
            distance += 1
        near = [each for each in self.neighbours if abs(self.value) / NEAR <= abs(each) <= abs(self.value) * NEAR and each * self.value > 0]
        near.sort(key=lambda each: (abs(each - self.value), each))
        return tuple(sorted({each + 0 for each in found} | {self.rounded(each) for each in near[:NEIGHBOURS]}))


def thresholds_of(packs: Packs, policy_id: str, as_of: Date) -> tuple[Threshold, ...]:
    """Return the numbers of a policy that could be others, in the order of the text, then the parameters that it rests on.

    Args:
        packs: The packs.
        policy_id: The policy.
        as_of: The day, for the figures of parameters.
    """
    policy = packs.policies[policy_id]
    found = [each for id_, compiled in policy.compiled.decisions.items() for each in _in_decision(policy, id_, compiled)]
    found = [replace(each, unit=_unit_of(packs, policy, each)) for each in found if each.value]
    literals = _joined(sorted(found, key=_place))
    model = packs.model_of(policy_id, as_of)
    parameters = [parameter_of(packs, name, as_of) for name in packs.parameters if parameter_id(name) in model.model.inputs]
    return (*literals, *(replace(each, policy=policy_id) for each in parameters if each is not None and each.value))


def _unit_of(packs: Packs, policy: Policy, threshold: Threshold) -> str:
    """Return the unit of what a number is compared with: an attribute, a decision or a parameter; empty where that is not known."""
    if not threshold.is_test or not threshold.column:
        return ""
    units = {data.item.name: data.item.unit or "" for data in policy.compiled.definitions.inputs}
    units |= {each.decision.name: format_unit(each.shape.unit) for each in policy.compiled.decisions.values()}
    units |= {
        name: format_unit(each.shape.unit)
        for used in policy.front.uses
        if used.text in packs.policies
        for name, each in packs.policies[used.text].published.items()
    }
    return units.get(threshold.column, "")


def _place(threshold: Threshold) -> int:
    return threshold.span.start if threshold.span is not None else 0


def _joined(found: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return numbers, those that are one line of the law as one."""
    columns = {(each.decision, each.value): each.column for each in reversed(found) if each.rule and each.is_test}
    lines: dict[tuple[object, ...], list[Threshold]] = {}
    for each in found:
        column = each.column if each.is_test else columns.get((each.decision, each.value)) if abs(each.value) >= LONG else None
        key = (each.decision, column, each.value) if each.rule and column is not None else (each.address,)
        lines.setdefault(key, []).append(each)
    return tuple(replace(same[0], places=tuple(span for each in same for span in each.places)) for same in lines.values())


def parameter_of(packs: Packs, name: str, as_of: Date) -> Threshold | None:
    """Return a parameter as what could be another; None where it is no number, or has no figure on the day."""
    rows = packs.parameters.get(name, ())
    row = next((row for row in rows if as_of in row.valid), None)
    if row is None or not is_number(row.value):
        return None
    others = tuple(each.value for each in rows if each is not row and is_number(each.value))
    return Threshold(
        name,
        "",
        row.value,
        row.item.unit or "",
        (row.item.span,) if row.item.span else (),
        "",
        "",
        "",
        name,
        is_test=False,
        neighbours=others,
    )


def _in_decision(policy: Policy, id_: str, compiled: CompiledDecision) -> Iterator[Threshold]:
    """Yield the numbers of one decision."""
    body = compiled.body.body if isinstance(compiled.body, Typed) else compiled.body
    name = APPLIES if id_ == policy.applies_id else compiled.decision.name
    if isinstance(body, CompiledTable):
        yield from _in_table(policy, name, body)
    elif isinstance(body, Node):
        numbers = list(_numbers(policy, body, is_test=False))
        for number in numbers:
            line = policy.document.source.line(number.span.line).strip()
            yield _threshold(policy, number, (name, "", "", line), [each.value for each in numbers])


def _in_table(policy: Policy, name: str, body: CompiledTable) -> Iterator[Threshold]:
    """Yield the numbers of a decision table."""
    heads = [clause.expression.text for clause in body.table.inputs] + [clause.name or name for clause in body.table.outputs]
    inputs = len(body.inputs)
    cells = [
        (rule.rule.number, rule.rule.article, place, cell) for rule in body.rules for place, cell in enumerate((*rule.tests, *rule.outputs))
    ]
    cells += [(OTHERWISE, "", inputs + place, cell) for place, cell in enumerate(body.defaults) if cell is not None]
    found = [(cell, number) for cell in cells for number in _numbers(policy, cell[3], is_test=cell[2] < inputs)]
    for (rule, article, place, node), number in found:
        column = [each.value for (_, _, other, _), each in found if other == place]
        told = number if not article else replace(number, span=replace(number.span, article=article))
        yield _threshold(policy, told, (name, rule, heads[place], node.span.text), column)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number in a text."""

    value: Decimal
    """What it is."""
    span: Span
    """Where it stands."""
    is_test: bool
    """Whether something is compared with it."""


def _threshold(policy: Policy, number: _Number, words: tuple[str, str, str, str], others: Iterable[Decimal]) -> Threshold:
    decision, rule, column, text = words
    neighbours = tuple(sorted({each for each in others if each not in {number.value, 0}}))
    span = number.span
    address = f"{policy.id}:{span.line}:{span.column}"
    return Threshold(address, policy.id, number.value, "", (span,), decision, rule, column, text, number.is_test, neighbours)


def _numbers(policy: Policy, node: Node, *, is_test: bool) -> Iterator[_Number]:
    """Yield the numbers below a node that are figures of law."""
    if isinstance(node, syntax.Literal):
        if is_number(node.value) and node.span.source is policy.document.source and _says(node.span.text, node.value):
            yield _Number(node.value, node.span, is_test)
        return
    is_compared = isinstance(node, syntax.Comparison | syntax.Between | syntax.In | syntax.RangeLiteral)
    for child in syntax.children(node):
        is_index = isinstance(node, syntax.Filter) and isinstance(child, syntax.Literal)
        is_digit = isinstance(node, syntax.Call) and isinstance(child, syntax.Literal) and not _is_arithmetic(node)
        if not is_index and not is_digit:
            yield from _numbers(policy, child, is_test=is_test or is_compared)


def _is_arithmetic(call: syntax.Call) -> bool:
    return isinstance(call.function, syntax.Name) and call.function.name in ARITHMETIC


def _says(text: str, value: Decimal) -> bool:
    """Say whether a stretch of text is exactly one number."""
    try:
        return Decimal(text.strip()) == value
    except ArithmeticError:
        return False


# --- finding and varying --------------------------------------------------------------------------------------------


def find_threshold(packs: Packs, address: str, as_of: Date) -> Threshold:
    """Return the number that an address names.

    Args:
        packs: The packs.
        address: `POLICY:LINE:COLUMN`, `POLICY:RULE:COLUMN NAME`, a policy with one number, or a parameter.
        as_of: The day, for the figures of parameters.

    Raises:
        InputError: simulation-threshold-unknown.
        CompileError: the policy has errors.
    """
    parameter = parameter_of(packs, address, as_of)
    if parameter is not None:
        return parameter
    id_, *rest = address.split(":", 2)
    listed = thresholds_of(packs, id_, as_of) if id_ in packs.policies else ()
    fitting = [each for each in listed if not rest or address in _names(each)]
    if len(fitting) == 1:
        return fitting[0]
    there = [f"{each.address}（{_shown(each)}）" for each in fitting or listed]
    words = {"known": "；".join(there[:TOLD] + ["…"] * (len(there) > TOLD)), "policy": id_ if listed else ""}
    words |= {"found": f"{len(fitting)} thresholds", "found_zh": f"有 {len(fitting)} 条线，不知道是哪一条"} if fitting else NO_THRESHOLD
    near = "" if listed else nearest(id_, [each for each in (*packs.parameters, *packs.policies) if each != id_])
    raise InputError([diagnostic("simulation-threshold-unknown", None, name=address, near=near, **words)])


def _names(threshold: Threshold) -> tuple[str, ...]:
    places = (f"{threshold.policy}:{span.line}:{span.column}" for span in threshold.places)
    return (*places, f"{threshold.policy}:{threshold.rule}:{threshold.column}")


def _shown(threshold: Threshold) -> str:
    where = f"{threshold.decision} {threshold.rule} {threshold.column}".split()
    return " ".join([*where, format_number(threshold.value)])


def varied(packs: Packs, threshold: Threshold, value: Decimal, as_of: Date) -> Packs:
    """Return packs in which a number is another.

    Raises:
        CompileError: with it the policy has errors.
    """
    return with_numbers(packs, [(threshold, value)], as_of)


def with_numbers(packs: Packs, numbers: Sequence[tuple[Threshold, Decimal]], as_of: Date) -> Packs:
    """Return packs in which some numbers are others; places that two of them share take the last.

    Args:
        packs: The packs.
        numbers: Thresholds of these packs, and what each is to be.
        as_of: The day, for the figures of parameters.

    Raises:
        CompileError: with them a policy has errors.
    """
    written: dict[str, dict[Span, Decimal]] = {}
    for threshold, value in numbers:
        if threshold.is_parameter:
            packs = with_figure(packs, threshold.address, value, as_of)
        else:
            written.setdefault(threshold.policy, {}).update(dict.fromkeys(threshold.places, value))
    if not written:
        return packs
    found, recompiled = with_policies(packs, {id_: _rewritten(places) for id_, places in written.items()})
    errors = [item for id_ in recompiled for item in found.policies[id_].diagnostics if has_errors([item])]
    if errors:
        raise CompileError(errors)
    return found


def _rewritten(places: Mapping[Span, Decimal]) -> Source:
    """Return a text with other numbers in some places."""
    source, end, pieces = next(iter(places)).source, 0, []
    for span in sorted(places, key=lambda span: span.start):
        pieces += [source.text[end : span.start], format_number(places[span])]
        end = span.end
    return Source(source.name, "".join([*pieces, source.text[end:]]))


def costed(packs: Packs, threshold: Threshold, as_of: Date) -> tuple[str, ...]:
    """Return the policies that give money and rest on a number, in the order of the packs."""
    if threshold.is_parameter:
        id_ = parameter_id(threshold.address)
        users: Sequence[str] = [each for each in packs.policies if id_ in packs.model_of(each, as_of).model.inputs]
    else:
        users = users_of(packs, [threshold.policy])
    return tuple(each for each in users if packs.policies[each].front.gives in MONEY)
