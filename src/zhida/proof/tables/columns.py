"""Columns of a policy's table: what each input clause can be, and its cells in atoms.

    PolicyModel, decision ──domains, scope──> columns ──> may, must: Grid      conditions
                          └─outputs──> Logic                                   answers

What a clause can be comes from the dictionary where it names a fact, and from what the decision can come to where it names
one. That is cautious: a decision may be null here that never is; whether some subject gets there is the solver's to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from zhida.dmn.compiled import AS_OF, CompiledDecision, CompiledRule, CompiledTable, DecisionModel
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.graph import closure
from zhida.dmn.model import HitPolicy, ItemDefinition
from zhida.dmn.table import decide_table
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate, test
from zhida.feel.syntax import Node, UnaryTests
from zhida.feel.units import format_unit
from zhida.policy.pack import PolicyModel
from zhida.proof.solver.days import clause_minds_day, minds_day
from zhida.proof.tables.axes import MANY_CODES, Domain
from zhida.proof.tables.boxes import Answer, Budget, Grid, Logic, overlapping, uncovered
from zhida.proof.tables.cells import Column, Scope, column_of, ends_of_column
from zhida.proof.tables.extent import Limits, limits_of, limits_of_node, output_nodes, type_of_node, values_of
from zhida.values.equality import less
from zhida.values.numbers import feel_context
from zhida.values.text import literal
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, list_of, unconstrained
from zhida.values.unknown import Unknown

Value = Any

NO_RULE: Answer = ("no rule",)
"""The answer where no rule matches and there is no default."""

VIOLATED: Answer = ("violated",)
"""The answer where rules match at once that must not."""

_FEW_NODES = 2_000
"""How many boxes are looked at to see that a table is never null."""

_CLOSED = frozenset(("count", "min", "max", "floor", "ceiling", "abs", "round up", "round down", "round half up", "round half down", "not"))
"""Builtins that are not null where none of their arguments is."""


@dataclass(frozen=True, slots=True)
class TableInAtoms:
    """A decision table in atoms."""

    decision_id: str
    """The decision."""
    table: CompiledTable
    """Its table."""
    columns: tuple[Column, ...]
    """Its columns of conditions."""
    may: Grid
    """What each rule may take in."""
    must: Grid
    """What each rule takes in for certain."""
    logic: Logic
    """Its answers."""
    is_constant: tuple[bool, ...]
    """Of each rule, whether its outputs are the same for every subject."""

    @property
    def is_exact(self) -> bool:
        """Whether every cell could be read."""
        return self.may.rules == self.must.rules


def table_in_atoms(
    model: PolicyModel, decision_id: str, ends: Sequence[Sequence[Value]] = (), nulls: "Nulls | None" = None
) -> TableInAtoms:
    """Return the table of a decision in atoms.

    Args:
        model: The policy, linked for a day.
        decision_id: A decision whose body is a table.
        ends: Further values at which its columns are cut, column by column: those of another version.
        nulls: What was found before of what could be null.
    """
    nulls = nulls or Nulls(model)
    compiled = model.model.decisions[decision_id]
    table = compiled.body
    assert isinstance(table, CompiledTable)
    scope = scope_of(nulls, compiled)
    columns = []
    for place in range(len(table.inputs)):
        domain = domain_of(nulls, compiled, place)
        more = ends[place] if ends else ()
        columns.append(column_of(domain, [rule.tests[place] for rule in table.rules], scope, table.allowed[place], more))
    sizes = tuple(len(column.axis.atoms) for column in columns)
    cells = [[column.cells[place] for column in columns] for place in range(len(table.rules))]
    may = Grid(sizes, tuple(tuple(cell.may for cell in row) for row in cells))
    is_exact = all(cell.may == cell.must for row in cells for cell in row)
    must = may if is_exact else Grid(sizes, tuple(tuple(cell.must for cell in row) for row in cells))
    logic, is_constant = logic_of(table, scope)
    return TableInAtoms(decision_id, table, tuple(columns), may, must, logic, is_constant)


def side_by_side(left: tuple[PolicyModel, str], right: tuple[PolicyModel, str]) -> tuple[TableInAtoms, TableInAtoms] | None:
    """Return two tables over the same atoms, or None where they do not ask about the same things in the same order.

    Args:
        left: A policy, and the id of a decision in it whose body is a table.
        right: The other.
    """
    found = []
    for model, id_ in (left, right):
        compiled = model.model.decisions[id_]
        table = compiled.body
        assert isinstance(table, CompiledTable)
        nulls = Nulls(model)
        scope = scope_of(nulls, compiled)
        domains = [domain_of(nulls, compiled, place) for place in range(len(table.inputs))]
        cells = [(*(rule.tests[place] for rule in table.rules), *filter(None, (table.allowed[place],))) for place in range(len(domains))]
        ends = [ends_of_column(column, scope, domain) for column, domain in zip(cells, domains, strict=True)]
        found.append(([clause.expression.text for clause in table.table.inputs], ends))
    if found[0][0] != found[1][0]:
        return None
    one, other = table_in_atoms(*left, found[1][1]), table_in_atoms(*right, found[0][1])
    same = all(
        a.axis.atoms == b.axis.atoms and (a.beside and a.beside.name) == (b.beside and b.beside.name)
        for a, b in zip(one.columns, other.columns, strict=True)
    )
    return (one, other) if same else None


def scope_of(nulls: "Nulls", compiled: CompiledDecision) -> Scope:
    """Return what the cells of a decision may name: parameters that are known on the day, and what rests on nothing else.

    The day itself is one, unless the table asks about it: then it is each of the days on which the policy is law.
    """
    model = nulls.model
    known = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
    evaluator = Evaluator(model.model, known, as_of=model.as_of)
    is_any_day = clause_minds_day(model.model, compiled)

    def is_fixed(name: str) -> bool:
        if is_any_day and minds_day(model.model, [name], dict(compiled.requirements)):
            return False
        id_ = compiled.requirements.get(name)
        if id_ is None:
            return name == AS_OF or name in BUILTINS
        needed = closure(model.model.requirements, [id_])
        return all(each in known or each in model.model.decisions or each in model.model.knowledge for each in needed)

    def can_be_null(name: str) -> bool:
        return nulls.named(compiled.requirements.get(name, name))

    return Scope(evaluator.frame(compiled, ElementTrace()), is_fixed, can_be_null)


# --- what a clause can be ----------------------------------------------------------------------------------------------------


def domain_of(nulls: "Nulls", compiled: CompiledDecision, place: int) -> Domain:
    """Return what an input clause of a decision's table can be.

    Args:
        nulls: What could be null in the policy.
        compiled: The decision.
        place: The place of the clause.
    """
    table, model = compiled.body, nulls.model.model
    assert isinstance(table, CompiledTable)
    node, clause = table.inputs[place], table.table.inputs[place]
    declared = unconstrained(clause.type)
    title = clause.expression.text
    domain = Domain(declared, title)
    if isinstance(node, syntax.Name):
        id_ = compiled.requirements.get(node.name, node.name)
        if id_ in model.inputs:
            domain = _of_item(model.inputs[id_].item, title)
        elif id_ in model.decisions:
            domain = replace(_of_decision(model, model.decisions[id_], title), is_nullable=nulls.decision(id_))
        elif id_ == AS_OF:
            days = nulls.model.in_force
            domain = Domain(DATE, title, is_nullable=False, days=(days.start, days.end))
        if declared not in {ANY, domain.type}:
            domain = replace(domain, type=declared, values=None)
    elif isinstance(node, syntax.Comparison | syntax.Conjunction | syntax.Disjunction | syntax.Between | syntax.In):
        domain = replace(domain, type=BOOLEAN if declared == ANY else declared, is_nullable=nulls.node(compiled, node))
    elif (type_ := type_of_node(model, compiled, node)) != ANY and declared in {ANY, type_}:
        limits = limits_of_node(model, compiled, node) if type_ == NUMBER else Limits()
        domain = Domain(type_, title, is_nullable=nulls.node(compiled, node))
        domain = replace(domain, scale=limits.scale, least=limits.least, greatest=limits.greatest)
    return domain


def _of_item(item: ItemDefinition, title: str) -> Domain:
    """Return what a fact or parameter can be."""
    if item.is_collection or item.components:
        return Domain(list_of(unconstrained(item.type)), title, is_nullable=item.is_nullable)
    limits = (item.unit, item.scale, item.usual_range, item.allowed_values, item.allowed_beginnings)
    return Domain(unconstrained(item.type), title, *limits, is_nullable=item.is_nullable)


def _of_decision(model: DecisionModel, compiled: CompiledDecision, title: str) -> Domain:
    """Return what a decision can be."""
    shape = compiled.shape
    unit = format_unit(shape.unit) if shape.unit else ""
    type_ = unconstrained(shape.type)
    domain = Domain(type_, title, unit, usual_range=shape.usual_range, allowed_values=shape.allowed_values)
    values = values_of(model, compiled)
    if values is not None and type_ in {STRING, NUMBER} and len(values) <= MANY_CODES:
        return replace(domain, values=tuple(sorted(values) if type_ == NUMBER else values))
    limits = limits_of(model, compiled) if type_ == NUMBER else Limits()
    return replace(domain, scale=limits.scale, least=limits.least, greatest=limits.greatest)


@dataclass(slots=True)
class Nulls:
    """Says what could be null, as far as its form tells; each decision is looked at once."""

    model: PolicyModel
    """The policy, linked for a day."""
    known: dict[str, bool] = field(default_factory=dict)
    """What was found of decisions, by id."""

    def decision(self, id_: str) -> bool:
        """Say whether the value of a decision could be null."""
        if id_ not in self.known:
            compiled = self.model.model.decisions[id_]
            if isinstance(compiled.body, CompiledTable):
                self.known[id_] = self.table(id_, compiled, compiled.body)
            else:
                self.known[id_] = not isinstance(compiled.body, Node) or self.node(compiled, compiled.body)
        return self.known[id_]

    def named(self, id_: str) -> bool:
        """Say whether an element could be null."""
        data = self.model.model.inputs.get(id_)
        if data is not None:
            return data.item.is_nullable
        return id_ != AS_OF and (id_ not in self.model.model.decisions or self.decision(id_))

    def table(self, id_: str, compiled: CompiledDecision, table: CompiledTable) -> bool:
        """Say whether the value of a table could be null: an output, no rule, or rules that match at once and must not."""
        nodes = output_nodes(table)
        if nodes is None or any(table.listed) or any(self.node(compiled, node) for node in nodes):
            return True
        read = table_in_atoms(self.model, id_, nulls=self)
        if table.table.hit_policy in {HitPolicy.UNIQUE, HitPolicy.ANY} and any(overlapping(read.may)):
            return True
        if read.logic.default != NO_RULE:
            return False
        grid, budget = read.must, Budget(_FEW_NODES)
        return next(uncovered(grid, grid.everything, grid.all_rules, budget), None) is not None or budget.is_spent

    def node(self, compiled: CompiledDecision, node: Node) -> bool:
        """Say whether an expression in the scope of a decision could be null."""
        match node:
            case syntax.Literal():
                return node.value is None
            case syntax.Name():
                return self.named(compiled.requirements.get(node.name, node.name))
            case syntax.Comparison() | syntax.Conjunction() | syntax.Disjunction() | syntax.Negation() | syntax.Between():
                parts: Iterable[Node] = syntax.children(node)
            case syntax.Arithmetic():
                is_by_literal = isinstance(node.right, syntax.Literal) and node.right.value != 0
                if node.operator == "**" or (node.operator == "/" and not is_by_literal):
                    return True
                parts = (node.left, node.right)
            case syntax.If():
                parts = (node.then, node.otherwise)
            case syntax.Filter(condition=syntax.Comparison() | syntax.Conjunction() | syntax.Disjunction()):  # a list, whatever passes
                parts = (node.value,)
            case syntax.Call(function=syntax.Name(name=name), named=()) if name in _CLOSED and name not in compiled.requirements:
                parts = node.positional
            case _:
                return True
        return any(self.node(compiled, part) for part in parts)


# --- answers -----------------------------------------------------------------------------------------------------------------


def logic_of(table: CompiledTable, scope: Scope) -> tuple[Logic, tuple[bool, ...]]:
    """Return the answers of a table, and of each rule whether its outputs are the same for every subject."""
    values: dict[Answer, Value] = {}
    outputs, is_constant = [], []
    for rule in table.rules:
        answer = _answer(table, rule.outputs, scope, values)
        outputs.append(answer)
        is_constant.append(answer in values)
    has_default = any(node is not None for node in table.defaults)
    default = NO_RULE
    if has_default:
        nodes = tuple(node if node is not None else syntax.Literal(table.table.span, None) for node in table.defaults)
        default = _answer(table, nodes, scope, values)
    policy = table.table.hit_policy
    order = tuple(range(len(table.rules)))
    if policy in {HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}:
        order = tuple(sorted(order, key=lambda place: _rank(table, table.rules[place], scope)))
    first = policy in {HitPolicy.FIRST, HitPolicy.PRIORITY}
    combine = None if first else lambda said: combined(policy, said, values)
    return Logic(order, tuple(outputs), default, combine), tuple(is_constant)


def _answer(table: CompiledTable, nodes: tuple[Node, ...], scope: Scope, values: dict[Answer, Value]) -> Answer:
    """Return what outputs come to; where that differs from subject to subject, their text stands for it."""
    names = {name.name for node in nodes for name in syntax.free_names(node)}
    if not all(map(scope.is_fixed, names)):
        return "text", tuple("".join(node.span.text.split()) for node in nodes)
    rule = CompiledRule(table.rules[0].rule, (), nodes)
    alone = replace(table, inputs=(), allowed=(), rules=(rule,), table=replace(table.table, inputs=(), hit_policy=HitPolicy.FIRST))
    before = len(scope.frame.run.diagnostics)
    value, _ = decide_table(alone, scope.frame, "")
    del scope.frame.run.diagnostics[before:]
    answer = "value", literal(value)
    values[answer] = value
    return answer


def _rank(table: CompiledTable, rule: CompiledRule, scope: Scope) -> tuple[int, ...]:
    """Return where the outputs of a rule stand in the order of their allowed values."""
    found = []
    before = len(scope.frame.run.diagnostics)
    for node, listed in zip(rule.outputs, table.priorities, strict=True):
        if listed:
            value = evaluate(node, scope.frame)
            passed = (place for place, item in enumerate(listed) if test(UnaryTests(item.span, (item,)), value, scope.frame) is True)
            found.append(next(passed, len(listed)))
    del scope.frame.run.diagnostics[before:]
    return tuple(found)


def combined(policy: HitPolicy, said: Sequence[Answer], values: Mapping[Answer, Value]) -> Answer:
    """Return the one answer of what several rules say."""
    match policy:
        case HitPolicy.UNIQUE:
            return said[0] if len(said) == 1 else VIOLATED
        case HitPolicy.ANY:
            return said[0] if len(set(said)) == 1 else VIOLATED
        case HitPolicy.COLLECT_COUNT:
            return "count", len(said)
        case HitPolicy.COLLECT_SUM | HitPolicy.COLLECT_MIN | HitPolicy.COLLECT_MAX:
            numbers = [values.get(answer) for answer in said]
            if not all(isinstance(number, Decimal) for number in numbers):
                return "all", tuple(sorted(map(str, said)))
            return "value", literal(_aggregated(policy, numbers))
    return "list", tuple(said)


def _aggregated(policy: HitPolicy, numbers: Sequence[Any]) -> Decimal:
    found: Decimal = numbers[0]
    for number in numbers[1:]:
        if policy is HitPolicy.COLLECT_SUM:
            found = feel_context().add(found, number)
        elif (less(found, number) is True) == (policy is HitPolicy.COLLECT_MAX):
            found = number
    return found
