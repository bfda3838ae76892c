"""What of a table examples can show at all: a rule that is never reached, or a line behind an earlier rule, cannot be shown.

Asked of the values of the input clauses alone, over the table in atoms: whether its clauses can come together is not
looked at, so that what is called impossible here is so for every subject, and some that is impossible is not called so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from zhida.dmn.compiled import CompiledTable, Typed
from zhida.feel import syntax
from zhida.feel.evaluate import evaluate, test
from zhida.feel.run import Frame
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.proof.coverage.conditions import Condition, ConditionKind
from zhida.proof.coverage.effects import ABOVE, EITHER
from zhida.proof.tables.axes import AtomKind, Axis
from zhida.proof.tables.boxes import Box, Budget, Grid, Logic, different_boxes, is_redundant, uncovered
from zhida.proof.tables.columns import NO_RULE, VIOLATED, Nulls, TableInAtoms, scope_of, table_in_atoms
from zhida.values.equality import equal
from zhida.values.text import literal
from zhida.values.unknown import Unknown, find_unknown, unknown

Value = Any

NODES = 2_000
"""How many boxes are looked at for one question; where that is not enough, the answer is that it is possible."""

NOTHING = ("value", "null")
"""The answer null."""


class Possible:
    """Says what examples of a policy can show."""

    def __init__(self, model: PolicyModel) -> None:
        """Begin with nothing looked at.

        Args:
            model: The policy, linked for a day.
        """
        self.model = model
        self.nulls = Nulls(model)
        self._tables: dict[str, TableInAtoms | None] = {}

    def table(self, decision_id: str) -> TableInAtoms | None:
        """Return a table in atoms; None where the decision is none."""
        if decision_id not in self._tables:
            body = self.model.model.decisions[decision_id].body
            found = table_in_atoms(self.model, decision_id, nulls=self.nulls) if isinstance(body, CompiledTable) else None
            self._tables[decision_id] = replace(found, logic=_by_value(found.logic)) if found is not None and found.columns else None
        return self._tables[decision_id]

    def fires(self, condition: Condition) -> bool:
        """Say whether a rule, or the default outputs, can have a say."""
        table = self.table(condition.decision_id)
        if table is None or condition.rule is None:
            return True
        if condition.kind is ConditionKind.OTHERWISE:
            return _is_open(table.must, table.must.everything, table.must.all_rules)
        return _is_open(table.must, table.may.rules[condition.rule], _before(table, condition.rule))

    def decides(self, condition: Condition, *, is_true: bool) -> bool:
        """Say whether the value of the table can turn on a condition where it holds, or where it does not."""
        table = self.table(condition.decision_id)
        if table is None or condition.rule is None:
            return True
        if condition.kind is ConditionKind.OTHERWISE:
            return table.logic.default != NOTHING and self.fires(condition)
        if condition.kind is ConditionKind.RULE:
            if not table.is_exact:
                return self.fires(condition)
            return all(table.must.rules[condition.rule]) and not is_redundant(table.must, table.logic, condition.rule, Budget(NODES))
        turned = self._turned(table, condition)
        if turned is None:
            return True
        cell, is_negated = turned[condition.column or 0], self._cell(condition).is_negated
        own = table.may.rules[condition.rule][condition.column or 0]
        where = own & ~cell if is_true is not is_negated else cell & ~own
        return self._differs(table, condition, turned, where)

    def on_line(self, condition: Condition, line: Value) -> bool:
        """Say whether the value of a decision can turn on a condition for who stands on its line.

        Args:
            condition: A threshold.
            line: The value of its line where that is the same for every subject.
        """
        if not isinstance(self.model.model.decisions[condition.decision_id].body, CompiledTable):
            return not condition.is_fixed or self._turns_at(condition, line)
        return self._beside(condition, line, (0,))

    def _turns_at(self, condition: Condition, line: Value) -> bool:
        """Say whether an expression can turn on a condition where what it compares has a value: in a share of nothing it cannot."""
        compiled = self.model.model.decisions[condition.decision_id]
        bodies = (compiled.body, condition.flipped)
        if not isinstance(condition.tested, syntax.Name):
            return True
        scope = scope_of(self.nulls, compiled)
        names = {name.name for body in bodies if isinstance(body, Node) for name in syntax.free_names(body)}
        free = {name: unknown(name) for name in names if not scope.is_fixed(name)}
        frame = scope.frame.inner({**free, condition.tested.name: line})
        before = len(frame.run.diagnostics)
        values = [at_point(body, frame) if isinstance(body, Node) else unknown("") for body in bodies]
        del frame.run.diagnostics[before:]
        return any(find_unknown(value) is not None for value in values) or equal(values[0], values[1]) is not True

    def past_line(self, condition: Condition, line: Value) -> bool:
        """Say whether the value of the table can turn on a condition for who stands just past its line."""
        if condition.operator in EITHER:
            return self.decides(condition, is_true=condition.operator == "!=")
        return self._beside(condition, line, (1,) if condition.operator in ABOVE else (-1,))

    def _beside(self, condition: Condition, line: Value, steps: Sequence[int]) -> bool:
        """Say whether the value can turn on a condition in the atoms so many steps from its line."""
        table = self.table(condition.decision_id)
        if table is None or condition.rule is None or condition.column is None:
            return True
        column = table.columns[condition.column]
        atoms = column.axis.atoms
        if column.beside is not None:  # the atoms are what is below the line, on it and above it
            is_line = isinstance(condition.line, syntax.Name) and condition.line.name == column.beside.name
            line = atoms[1].value if is_line else None
        place = next((place for place, atom in enumerate(atoms) if atom.kind is AtomKind.POINT and atom.value == line), None)
        if place is None or not self._tests_clause(table, condition):
            return True
        turned = self._turned(table, condition)
        if turned is None:
            return True
        where = sum(1 << place + step for step in steps if self._is_value(column.axis, place + step))
        is_point = steps == (0,) and column.beside is None
        return self._differs(self._at(table, condition, line) if is_point else table, condition, turned, where)

    def _at(self, table: TableInAtoms, condition: Condition, line: Value) -> TableInAtoms:
        """Return a table with the outputs that its rules have on a line, whatever else is: a share of nothing is null."""
        clause = table.table.inputs[condition.column or 0]
        if not isinstance(clause, syntax.Name):
            return table
        scope = scope_of(self.nulls, self.model.model.decisions[condition.decision_id])
        outputs = []
        for rule, known in zip(table.table.rules, table.logic.outputs, strict=True):
            names = {name.name for node in rule.outputs for name in syntax.free_names(node)}
            free = {name: unknown(name) for name in names if not scope.is_fixed(name)}
            answer = known
            if len(rule.outputs) == 1 and clause.name in free:
                before = len(scope.frame.run.diagnostics)
                value = at_point(rule.outputs[0], scope.frame.inner({**free, clause.name: line}))
                del scope.frame.run.diagnostics[before:]
                answer = known if find_unknown(value) is not None else ("value", literal(value))
            outputs.append(answer)
        return replace(table, logic=replace(table.logic, outputs=tuple(outputs)))

    def _is_value(self, axis: Axis, place: int) -> bool:
        """Say whether there is a usual value in a place."""
        return 0 <= place < len(axis.atoms) and axis.atoms[place].kind is not AtomKind.NULL and bool(axis.usual >> place & 1)

    def _tests_clause(self, table: TableInAtoms, condition: Condition) -> bool:
        """Say whether a condition compares the clause itself, not something made of it."""
        return condition.tested is table.table.inputs[condition.column or 0]

    def _cell(self, condition: Condition, *, is_flipped: bool = False) -> syntax.UnaryTests:
        body = condition.flipped if is_flipped else self.model.model.decisions[condition.decision_id].body
        table = body.body if isinstance(body, Typed) else body
        assert isinstance(table, CompiledTable)
        return table.rules[condition.rule or 0].tests[condition.column or 0]

    def _turned(self, table: TableInAtoms, condition: Condition) -> Box | None:
        """Return the cells of the rule with the condition the other way; None where that is not told by its column alone."""
        place, rule = condition.column, condition.rule
        if place is None or rule is None or table.may.rules[rule][place] != table.must.rules[rule][place]:
            return None
        if any(isinstance(item, syntax.Condition) for item in self._cell(condition).tests):
            return None
        compiled = self.model.model.decisions[condition.decision_id]
        frame = scope_of(self.nulls, compiled).frame
        flipped = self._cell(condition, is_flipped=True)
        column = table.columns[place]
        atoms = column.axis.atoms
        if column.beside is not None:
            frame = frame.inner({column.beside.name: atoms[1].value})
        cell = sum(1 << at for at, atom in enumerate(atoms) if test(flipped, atom.value, frame) is True)
        return tuple(cell if column == place else own for column, own in enumerate(table.must.rules[rule]))

    def _differs(self, table: TableInAtoms, condition: Condition, turned: Box, where: int) -> bool:
        """Say whether some values of the clauses, those of one column among some atoms, are answered otherwise."""
        rule, column = condition.rule or 0, condition.column or 0
        own = table.may.rules[rule]
        where &= own[column] ^ turned[column]
        start = tuple(_with(own, column, where))
        if not all(start):
            return False
        if not table.is_exact:  # then only that earlier rules have the first word is certain
            return _is_open(table.must, start, _before(table, rule))
        other = Grid(table.must.sizes, tuple(_with(table.must.rules, rule, turned)))
        budget = Budget(NODES)
        found = different_boxes((table.must, table.logic), (other, table.logic), start, budget)
        return next(found, None) is not None or budget.is_spent


def _before(table: TableInAtoms, place: int) -> int:
    """Return the rules that have the first word before one, as bits; none where rules are combined."""
    order = table.logic.order
    return sum(1 << other for other in order[: order.index(place)]) if table.logic.combine is None else 0


def _is_open(grid: Grid, start: Box, rules: int) -> bool:
    """Say whether some of a box is met by none of some rules; so it is where that takes too long to find out."""
    if not all(start):
        return False
    budget = Budget(NODES)
    return next(uncovered(grid, start, rules, budget), None) is not None or budget.is_spent


def at_point(node: Node, frame: Frame) -> Value:
    """Return the value of an expression where one thing is known and all else is not.

    More exact than evaluation, where an unknown could be null and is unknown with all that it meets: what is null whatever
    the unknown is, is null here. A share of nothing is.
    """
    match node:
        case syntax.Arithmetic():
            left, right = at_point(node.left, frame), at_point(node.right, frame)
            if left is None or right is None or (node.operator == "/" and right == 0):
                return None
            return unknown("") if any(isinstance(each, Unknown) for each in (left, right)) else evaluate(node, frame)
        case syntax.If():
            condition = at_point(node.condition, frame)
            if not isinstance(condition, Unknown):
                return at_point(node.then if condition is True else node.otherwise, frame)
            one, other = at_point(node.then, frame), at_point(node.otherwise, frame)
            is_same = find_unknown(one) is None and find_unknown(other) is None and equal(one, other) is True
            return one if is_same else condition
        case syntax.Conjunction():
            sides = at_point(node.left, frame), at_point(node.right, frame)
            return False if False in sides else evaluate(node, frame)
    return evaluate(node, frame)


def _by_value(logic: Logic) -> Logic:
    """Return what a table comes to as a value, whatever is said of it: null where no rule matches, or several that must not."""
    combine = logic.combine
    default = NOTHING if logic.default == NO_RULE else logic.default
    if combine is None:
        return replace(logic, default=default)
    return replace(logic, default=default, combine=lambda said: NOTHING if combine(said) == VIOLATED else combine(said))


def _with(values: Sequence[Any], place: int, value: object) -> Iterator[Any]:
    return (value if at == place else each for at, each in enumerate(values))
