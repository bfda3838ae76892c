"""Models to plans: each decision in the order of requirement, its names bound to columns.

    DecisionModel + goals ──lower──> Plan

A decision whose body has no column form is interpreted whole, once for each distinct combination of what it may read. What
the plan leaves to the interpreter is in `plan.fallbacks`, by name and reason; nothing falls back silently.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from zhida.columnar import plan as ops
from zhida.columnar.columns import form_of
from zhida.columnar.lower_cells import UnlowerableError, bounds_of_cell, with_values
from zhida.columnar.lower_elements import Entry, lower_entries
from zhida.columnar.lower_expressions import Lowering, Scope
from zhida.columnar.lower_relations import Related, related, relations
from zhida.columnar.plan import BOOLEANS, DEFAULT, LISTS, STRINGS, VALUES, Fallback, Form, Kind, Plan, Step, placeholder, token
from zhida.columnar.scales import DEFAULT_SCALE, Entries, elements_of, joint_form, number_scale
from zhida.dmn.compiled import (
    AS_OF,
    Body,
    CompiledConditional,
    CompiledContext,
    CompiledDecision,
    CompiledFunction,
    CompiledInvocation,
    CompiledRule,
    CompiledTable,
    DecisionModel,
    Typed,
)
from zhida.dmn.graph import closure, sort_requirements
from zhida.dmn.model import HitPolicy, ItemDefinition
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Literal, Name, Node, Path, free_names
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, Type, coerce, conforms, list_of
from zhida.values.unknown import Unknown

Value = Any

MAX_INLINED = 20
"""How many calls of business knowledge models may stand inside each other."""

_FORMS = {BOOLEAN: Form(Kind.BOOLEAN), STRING: STRINGS, DATE: Form(Kind.DATE)}
_ONE_RULE = {HitPolicy.UNIQUE, HitPolicy.FIRST}
_SINGLE = {HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY}
_SUMS = {HitPolicy.COLLECT_SUM, HitPolicy.COLLECT_MIN, HitPolicy.COLLECT_MAX}
_MANY = {HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER}


def lower(  # noqa: PLR0913 - each says one thing of what is lowered
    model: DecisionModel,
    goals: Iterable[str],
    *,
    as_of: Date,
    constants: Mapping[str, Value] | None = None,
    given: Mapping[str, ItemDefinition] | None = None,
    base: Plan | None = None,
) -> Plan:
    """Return the plan of some decisions and all that they require.

    Args:
        model: A compiled model.
        goals: Ids of the decisions that are asked for.
        as_of: The date of the business fact.
        constants: Input data that is the same for every row, by id; the parameters of a policy.
        given: Decisions that rows give as they give input data, by id; they are not decided.
        base: The plan of the same goals in which these are decided: what does not rest on them is taken from it, at its places.
    """
    items = dict(given or {})
    lowering = _ModelLowering(model, dict(constants or {}), as_of, items)
    requirements = {id_: () if id_ in items else required for id_, required in model.requirements.items()}
    needed = closure(requirements, goals)
    order, _ = sort_requirements({id_: requirements.get(id_, ()) for id_ in sorted(needed)})
    kept = {} if base is None else {step.id: step for step in base.steps}
    if base is not None:
        lowering.begin(base)
    above = set(items)
    for id_ in order:
        if not above.isdisjoint(model.requirements.get(id_, ())):
            above.add(id_)
        if id_ in model.decisions and id_ not in items:
            if id_ in kept and id_ not in above:
                lowering.steps[id_] = kept[id_]
            else:
                lowering.step(model.decisions[id_])
    facts = {id_: data.item for id_, data in model.inputs.items() if id_ in needed and id_ not in lowering.constants}
    facts |= {id_: item for id_, item in items.items() if id_ in needed}
    needed_operations = reachable(lowering.operations, (step.operation for step in lowering.steps.values()))
    nothing = ops.Constant(None, ops.NULLS)
    operations = tuple(operation if place in needed_operations else nothing for place, operation in enumerate(lowering.operations))
    fallbacks = tuple(item for item in dict.fromkeys(lowering.fallbacks) if item.operation in needed_operations)
    return Plan(model, as_of, lowering.constants, operations, tuple(lowering.steps.values()), facts, fallbacks)


def reachable(operations: Sequence[ops.Operation], goals: Iterable[int]) -> set[int]:
    """Return the places of what some goals need; the others are parts of what fell back after all."""
    needed: set[int] = set()
    waiting = [*goals]
    while waiting:
        place = waiting.pop()
        if place not in needed:
            needed.add(place)
            waiting += ops.operands_of(operations[place])
    return needed


def form_of_item(item: ItemDefinition) -> Form:
    """Return how the values of an input datum are kept.

    >>> form_of_item(ItemDefinition("营业收入", NUMBER, "元", 2))
    Form(kind=<Kind.NUMBER: 'number'>, scale=2)
    """
    scale = DEFAULT_SCALE if item.scale is None else item.scale
    if item.components:
        return Form(Kind.ELEMENTS)
    if item.type == NUMBER:
        return Form(Kind.NUMBER, scale)
    if item.type == list_of(NUMBER):
        return Form(Kind.LIST, scale)
    return _FORMS.get(item.type, VALUES)


class _ModelLowering(Lowering):
    """Lowers the decisions of one model."""

    def __init__(self, model: DecisionModel, constants: dict[str, Value], as_of: Date, given: Mapping[str, ItemDefinition]) -> None:
        super().__init__(constants, as_of)
        self.model = model
        self.given = given
        self.steps: dict[str, Step] = {}

    def begin(self, base: Plan) -> None:
        """Begin with the operations of another plan."""
        self.operations += base.operations
        self.fallbacks += base.fallbacks
        for place, operation in enumerate(base.operations):
            if not isinstance(operation, ops.Decide):  # there only once anyway
                with suppress(TypeError):
                    self.places.setdefault(operation, place)

    def step(self, compiled: CompiledDecision) -> None:
        """Lower one decision; those that it requires are lowered already."""
        decision = compiled.decision
        self.decision = decision.name
        before = len(self.fallbacks)
        try:
            place = self.body(compiled)
        except UnlowerableError as reason:
            del self.fallbacks[before:]
            place = self.whole(compiled)
            self.fallbacks.append(Fallback(decision.name, "", str(reason), place))
        body = compiled.body.body if isinstance(compiled.body, Typed) else compiled.body
        self.steps[decision.id] = Step(decision.id, decision.name, place, isinstance(body, CompiledTable))

    def body(self, compiled: CompiledDecision) -> int:
        """Return the operation of a decision's body."""
        if AS_OF in compiled.requirements:
            raise UnlowerableError(f"'{AS_OF}' is an element here")
        scope = self.scope(compiled.requirements, {}, 0)
        decision = compiled.decision
        body, type_ = compiled.body, decision.type
        if isinstance(body, Typed) and isinstance(body.body, CompiledTable) and (type_ is ANY or type_ == body.type):
            type_, body = body.type, body.body
        if isinstance(body, CompiledTable):
            parameters = self.parameters(compiled.requirements)
            return self.table(decision.id, in_cells(body, parameters), scope, type_, partial(self.whole_as, compiled))
        return self.as_declared(self.boxed(body, scope, self.parameters(compiled.requirements)), type_)

    def boxed(self, body: Body, scope: Scope, parameters: Mapping[str, Value]) -> int:
        """Return the operation of a body that is no table.

        Raises:
            UnlowerableError: it has no column form.
        """
        match body:
            case Node():
                return self.expression(with_values(body, values=parameters), scope)
            case Typed():
                return self.as_declared(self.boxed(body.body, scope, parameters), body.type)
            case CompiledContext() if body.result is not None and len({key for key, _ in body.entries}) == len(body.entries):
                return self.boxed_context(body, body.result, scope, parameters)
            case CompiledConditional():
                condition = self.convert(self.boxed(body.condition, scope, parameters), BOOLEANS)
                return self.chosen(condition, self.boxed(body.then, scope, parameters), self.boxed(body.otherwise, scope, parameters))
            case CompiledInvocation(function=Name(name=name)) if name in scope.knowledge:
                given = dict(body.arguments)
                if len(given) < len(body.arguments) or set(given) != set(dict(scope.knowledge[name].model.parameters)):
                    raise UnlowerableError(f"'{name}' is called with other arguments")
                return self.called(name, {each: self.boxed(part, scope, parameters) for each, part in given.items()}, scope)
        raise UnlowerableError(f"a boxed expression: {type(body).__name__.removeprefix('Compiled').lower()}")

    def boxed_context(self, body: CompiledContext, result: Body, scope: Scope, parameters: Mapping[str, Value]) -> int:
        """Return the operation of a boxed context that comes to its result: all entries are evaluated before."""
        hidden = {key for key, _ in body.entries}
        if any(isinstance(entry, CompiledFunction) for _, entry in body.entries) or hidden & parameters.keys():
            raise UnlowerableError("a boxed context with functions, or that hides a parameter")
        places, inner = self.entries(body.entries, scope, lambda entry, its: self.boxed(entry, its, parameters))
        return self.after(places, self.boxed(result, inner, parameters))

    def called(self, name: str, given: Mapping[str, int], scope: Scope) -> int:
        """Return the operation of a call of a business knowledge model: its body, with the arguments in it."""
        knowledge = scope.knowledge[name]
        if scope.depth >= MAX_INLINED:
            raise UnlowerableError(f"'{name}' is not inlined")
        arguments = {each: self.fitted(given[each], type_) for each, type_ in knowledge.model.parameters}
        bare = {each: self.emit(ops.Bare(place, self.form(place))) for each, place in arguments.items()}
        inner = self.scope(knowledge.requirements, bare, scope.depth + 1)
        constants = {each: value for each, value in self.parameters(knowledge.requirements).items() if each not in bare}
        if isinstance(knowledge.body, CompiledTable):
            body = self.table("", in_cells(knowledge.body, constants), inner, knowledge.model.type, None)
        else:
            body = self.fitted(self.boxed(knowledge.body, inner, constants), knowledge.model.type)
        return self.after(arguments.values(), body)

    def whole(self, compiled: CompiledDecision) -> int:
        """Return the operation of a decision that is interpreted whole."""
        known = compiled.decision.type if compiled.decision.type is not ANY else compiled.shape.type
        form = _FORMS.get(known, VALUES)
        body = compiled.body
        if form is VALUES and isinstance(body, Node):
            scale = number_scale(body, self.names_in(self.scope(compiled.requirements, {}, 0)))
            form = form if scale is None else Form(Kind.NUMBER, scale)
        return self.emit(ops.InterpretDecision(compiled.decision.id, self.readable(compiled), form))

    def entries_of(self, id_: str) -> Entries | None:
        """Return the entries of the contexts in a list that an element of the model comes to; None for anything else."""
        item = self.given.get(id_) or (self.model.inputs[id_].item if id_ in self.model.inputs else None)
        if item is not None:
            return {each.name: each for each in item.components} or None
        compiled = self.model.decisions.get(id_)
        if compiled is None or not isinstance(compiled.body, Node):
            return None
        return elements_of(compiled.body, self.names_in(self.scope(compiled.requirements, {}, 0)))

    def of_elements(self, node: syntax.Filter | syntax.For, scope: Scope) -> int:
        """Return the operation of the elements of which a condition holds, or of a number that each comes to."""
        if isinstance(node, syntax.Filter):
            place, told = self.told_of_each(node.value, node.condition, scope, None)
            if told.operations[-1].form.kind is not Kind.BOOLEAN:
                raise UnlowerableError("not known beforehand to be a truth value")
            return self.append(ops.Filter(place, told, Form(Kind.ELEMENTS)))
        if len(node.iterations) != 1 or node.iterations[0].last is not None:
            raise UnlowerableError("For has no column form")
        place, told = self.told_of_each(node.iterations[0].domain, node.body, scope, node.iterations[0].name)
        form = told.operations[-1].form
        if form.kind is not Kind.NUMBER:
            raise UnlowerableError("For has no column form")
        return self.append(ops.Iterate(place, told, Form(Kind.LIST, form.scale)))

    def told_of_each(self, list_: Node, node: Node, scope: Scope, variable: str | None) -> tuple[int, Plan]:
        """Return the operation of a list of elements, and the plan of what is said of each."""
        place = self.expression(list_, scope)
        entries = self.entries_behind(place)
        if entries is None or not entries.keys().isdisjoint({*scope.names, *scope.knowledge}):
            raise UnlowerableError(f"{'Filter' if variable is None else 'For'} has no column form")
        return place, lower_entries(node, Entry(entries, form_of_item, variable), self.model, self.as_of)

    def entries_behind(self, place: int) -> Entries | None:
        """Return the entries of the elements that the lists of an operation hold; None for what holds none."""
        operation = self.operations[place]
        if operation.form.kind is not Kind.ELEMENTS:
            return None
        match operation:
            case ops.Fact():
                return self.entries_of(operation.id)
            case ops.Read() | ops.Bare() | ops.After() | ops.Filter():
                return self.entries_behind(operation.operand)
        return None

    def unit_of(self, id_: str) -> str:
        """Return the unit of an input datum."""
        return self.given[id_].unit if id_ in self.given else self.model.inputs[id_].item.unit

    def output(self, id_: str, node: Path) -> int | None:
        """Return the operation of one of several outputs of a decision table; None where that is what it is not."""
        compiled = self.model.decisions.get(id_)
        body = compiled.body.body if compiled is not None and isinstance(compiled.body, Typed) else compiled and compiled.body
        if compiled is None or id_ not in self.steps or not isinstance(body, CompiledTable) or body.table.hit_policy not in _SINGLE:
            return None
        column = next((place for place, clause in enumerate(body.table.outputs) if clause.name == node.name), None)
        if column is None or len(body.table.outputs) == 1:
            return None
        form = self.form_of_output(body, column, compiled)
        if form.kind in {Kind.VALUE, Kind.RATIO, *LISTS}:
            return None
        part = replace(node, value=Name(node.span, placeholder(0)))
        place = self.steps[id_].operation
        operation = self.operations[place]
        if isinstance(operation, ops.InterpretDecision):
            part_of = self.emit(replace(operation, form=form, path=part))
            self.fallbacks.append(Fallback(self.decision, node.span.text, "an output of a table that is interpreted", part_of))
            return self.emit(ops.Read(id_, part_of, form, is_part=True))
        whole = self.emit(ops.Read(id_, place, self.form(place)))
        return self.emit(ops.Interpret(part, ((placeholder(0), whole),), form))

    def form_of_output(self, table: CompiledTable, column: int, compiled: CompiledDecision) -> Form:
        """Return the form of one of several outputs of a table, as far as the text tells; what does not fit it is bad."""
        scope, type_ = self.scope(compiled.requirements, {}, 0), table.table.outputs[column].type
        forms = []
        values = self.parameters(compiled.requirements)
        for node in [*(rule.outputs[column] for rule in table.rules), table.defaults[column]]:
            put = None if node is None else with_values(node, values=values)
            if put is None or is_static(put):
                value = None if put is None else evaluate(put, Frame({AS_OF: self.as_of}, Run(self.as_of)))
                forms.append(form_of(coerce(value, type_)[0]))
            else:
                forms.append(self.form(self.expression(put, scope)))
        return joint_form(forms)

    def readable(self, compiled: CompiledDecision) -> tuple[tuple[str, int], ...]:
        """Return the ids of what a decision may read, through business knowledge models too, each with its value."""
        found: dict[str, int] = {}
        waiting = list(compiled.requirements.values())
        seen: set[str] = set()
        while waiting:
            id_ = waiting.pop(0)
            if id_ in seen or id_ in self.constants:
                continue
            seen.add(id_)
            if id_ in self.model.knowledge:
                waiting += self.model.knowledge[id_].requirements.values()
            elif id_ in self.steps or id_ in self.model.inputs or id_ in self.given:
                found[id_] = self.element(id_)
        used = self.used(compiled)
        return tuple((id_, place) for id_, place in found.items() if id_ in used)

    def used(self, compiled: CompiledDecision) -> set[str]:
        """Return the ids that a decision requires, through business knowledge models too: not every name in its scope."""
        reach = {
            id_: self.model.requirements.get(id_, ()) if id_ in self.model.knowledge or id_ == compiled.decision.id else ()
            for id_ in self.model.requirements
        }
        return closure(reach, [compiled.decision.id])

    # --- names -----------------------------------------------------------------------------------------------------------

    def element(self, id_: str) -> int:
        """Return the operation of the value of an input datum or decision."""
        if id_ in self.constants:
            return self.constant(self.constants[id_])
        if id_ in self.given:
            return self.emit(ops.Fact(id_, form_of_item(self.given[id_])))
        if id_ in self.steps:
            place = self.steps[id_].operation
            return self.emit(ops.Read(id_, place, self.form(place)))
        if id_ in self.model.inputs:
            return self.emit(ops.Fact(id_, form_of_item(self.model.inputs[id_].item)))
        if id_ in self.model.services:
            raise UnlowerableError(f"'{self.model.services[id_].service.name}' is a decision service")
        raise UnlowerableError(f"'{id_}' is not to be had on this day")

    def scope(self, requirements: Mapping[str, str], local: Mapping[str, int], depth: int) -> Scope:
        """Return what names mean, those of parameters first."""
        functions = {
            name: self.model.knowledge[id_] for name, id_ in requirements.items() if id_ in self.model.knowledge and name not in local
        }
        names: dict[str, Callable[[], int]] = {
            name: partial(self.element, id_) for name, id_ in requirements.items() if name not in functions
        }
        names |= {name: partial(int, place) for name, place in local.items()}
        return Scope(names, functions, depth, {name: id_ for name, id_ in requirements.items() if name not in local})

    # --- tables ----------------------------------------------------------------------------------------------------------

    def table(self, id_: str, table: CompiledTable, scope: Scope, type_: Type, whole_as: Callable[[Form], int] | None) -> int:
        """Return the operation of a decision table.

        Args:
            id_: The decision.
            table: Its table.
            scope: What names mean in it.
            type_: The declared type of its value.
            whole_as: Gives the operation by which the interpreter decides hard rows; None where there is none.
        """
        own = len(table.inputs)
        moved = related(counted(table), frozenset({*BUILTINS, AS_OF} - scope.names.keys()))
        table = moved.table
        inputs = [self.expression(node, scope) for node in table.inputs]
        operands = self.compared(moved, inputs, scope)
        bounds = []
        for column, place in enumerate(inputs):
            found, inputs[column] = self.column(table, column, place)
            bounds.append(found)
        forms, outputs = self.outputs(table, scope)
        if operands and whole_as is None:
            raise UnlowerableError(f"a cell names '{moved.comparisons[0][1].right.span.text}'")
        if outputs and whole_as is None:
            raise UnlowerableError("outputs of a function that are no constants")
        form = self.form_of_table(table, forms, type_)
        if outputs:
            outputs = {place: self.convert(output, form) for place, output in outputs.items()}
            table = with_tokens(table, {place for place in outputs if is_varying(table, place)})
        hard = whole_as(form) if (outputs or operands) and whole_as is not None else None
        marks = tuple(Name(node.span, placeholder(place)) for place, node in enumerate(table.inputs))
        return self.append(
            ops.Decide(
                id_,
                replace(table, inputs=marks),
                tuple(inputs),
                tuple(bounds),
                tuple(outputs.items()),
                type_,
                form,
                hard,
                relations(moved, operands, own),
            )
        )

    def compared(self, moved: Related, inputs: Sequence[int], scope: Scope) -> tuple[int, ...]:
        """Return the operations of what the cells of a table compare with that became columns.

        Raises:
            UnlowerableError: it is not known that both sides are of one kind, and as declared.
        """
        for place, (column, _) in enumerate(moved.comparisons, len(inputs) - len(moved.comparisons)):
            self.fitted(inputs[column], moved.table.table.inputs[column].type)
            if self.form(inputs[place]).kind is not Kind.BOOLEAN:
                raise UnlowerableError("compares values whose kind is not known beforehand")
        return tuple(self.expression(node.right, scope) for _, node in moved.comparisons)

    def whole_as(self, compiled: CompiledDecision, form: Form) -> int:
        """Return the operation by which the interpreter decides rows of a table."""
        return self.emit(ops.InterpretDecision(compiled.decision.id, self.readable(compiled), form))

    def parameters(self, requirements: Mapping[str, str]) -> dict[str, Value]:
        """Return the values of the names that are the same for every row."""
        return {name: self.constants[id_] for name, id_ in requirements.items() if id_ in self.constants}

    def column(self, table: CompiledTable, column: int, place: int) -> tuple[tuple[Value, ...] | None, int]:
        """Return the constants that a column's cells compare with, and its input in a form that has codes for them.

        The constants are None where the cells do anything else with what they test, so that each value is tested by itself.
        """
        form = self.form(place)
        allowed = table.allowed[column]
        cells = [*(rule.tests[column] for rule in table.rules), *([] if allowed is None else [allowed])]
        for cell in cells:
            for node in free_names(cell):
                if node.name != "?" and node.name not in BUILTINS and node.name != AS_OF:
                    raise UnlowerableError(f"a cell names '{node.name}'")
        clause = table.table.inputs[column]
        if clause.type is not ANY:
            place = self.as_declared(place, clause.type)
            form = self.form(place)
        if form.kind in {Kind.STRING, Kind.BOOLEAN, Kind.NULL}:
            return (), place
        if form.kind in LISTS:
            return None, self.convert(place, VALUES)
        try:
            found = [bound for cell in cells for bound in bounds_of_cell(cell, self.as_of)]
        except UnlowerableError as reason:
            if form.kind is Kind.VALUE:
                return None, place
            numbered = self.convert(place, VALUES)
            why = f"{reason}: each value has a code of its own"
            self.fallbacks.append(Fallback(self.decision, clause.expression.text, why, numbered))
            return None, numbered
        return tuple(dict.fromkeys(found)), place

    def outputs(self, table: CompiledTable, scope: Scope) -> tuple[list[Form], dict[int, int]]:
        """Return the forms of all outputs, and the operations of those that are no constants, by the place of their rule."""
        entries: list[tuple[int, tuple[Node | None, ...]]] = [(place, rule.outputs) for place, rule in enumerate(table.rules)]
        entries.append((DEFAULT, table.defaults))
        varying = {place: nodes for place, nodes in entries if any(node is not None and not is_static(node) for node in nodes)}
        forms: list[Form] = []
        if varying:
            self.check_tokens(table)
            if table.table.hit_policy in _SUMS:
                varying = {place: nodes for place, nodes in entries if nodes[0] is not None}
        found: dict[int, int] = {}
        for place, nodes in entries:
            if varying and place not in varying:
                value, form = self.fixed(table, nodes[0])
                forms.append(form)
                if table.table.hit_policy is HitPolicy.FIRST:  # while it is unknown which rule fires, it may be this one, odd as it is
                    found[place] = self.constant(value) if nodes[0] is None else self.expression(nodes[0], scope)
            elif place in varying:
                assert nodes[0] is not None, "what is not static is an expression"
                found[place] = self.as_declared(self.expression(nodes[0], scope), table.table.outputs[0].type)
                forms.append(self.form(found[place]))
            else:
                forms += [self.constant_form(table, place, column, node) for column, node in enumerate(nodes)]
        if found and table.table.hit_policy in _SUMS and joint_form(forms).kind is not Kind.NUMBER:
            raise UnlowerableError("gathers what is not known beforehand to be numbers")
        return forms, found

    def check_tokens(self, table: CompiledTable) -> None:
        """Refuse a table whose outputs are no constants, where they are compared with each other or put together."""
        policy = table.table.hit_policy
        if len(table.table.outputs) != 1:
            raise UnlowerableError("several outputs that are no constants")
        if policy not in _ONE_RULE | _SUMS:
            raise UnlowerableError(f"outputs that are no constants under the hit policy {policy}")
        if any(allowed is not None for allowed in table.listed):
            raise UnlowerableError("outputs that are no constants, of which allowed values are listed")

    def fixed(self, table: CompiledTable, node: Node | None) -> tuple[Value, Form]:
        """Return the value of a constant output beside others that are none, and its form."""
        value = None if node is None else evaluate(node, Frame({AS_OF: self.as_of}, Run(self.as_of)))
        type_ = table.table.outputs[0].type
        if not isinstance(value, Unknown) and not conforms(value, type_):
            raise UnlowerableError(f"an output that is not of the type {type_}")
        return value, form_of(value)

    def constant_form(self, table: CompiledTable, place: int, column: int, node: Node | None) -> Form:
        """Return the form of a constant output."""
        value = None if node is None else evaluate(node, Frame({AS_OF: self.as_of}, Run(self.as_of)))
        typed, fits = coerce(value, table.table.outputs[column].type)
        if not fits and place != DEFAULT:
            return VALUES
        return form_of(typed)

    def form_of_table(self, table: CompiledTable, forms: list[Form], type_: Type) -> Form:
        """Return the form of what a table comes to."""
        policy = table.table.hit_policy
        if len(table.table.outputs) != 1 or policy in _MANY:
            return VALUES
        form = joint_form([Form(Kind.NUMBER), *forms[-1:]]) if policy is HitPolicy.COLLECT_COUNT else joint_form(forms)
        if form.kind in LISTS:
            raise UnlowerableError("outputs that are lists")
        wanted = _FORMS.get(type_, form if type_ in {ANY, NUMBER} else VALUES)
        return form if form.kind in {wanted.kind, Kind.NULL} or (type_ == NUMBER and form.kind in {Kind.NUMBER, Kind.RATIO}) else VALUES


def is_static(node: Node) -> bool:
    """Say whether an expression names nothing that a row gives."""
    return all(name.name in BUILTINS or name.name == AS_OF for name in free_names(node))


def is_varying(table: CompiledTable, place: int) -> bool:
    """Say whether a table decides by the column of an output: it is no constant, or is added up with such."""
    node = table.defaults[0] if place == DEFAULT else table.rules[place].outputs[0]
    return node is not None and (table.table.hit_policy in _SUMS or not is_static(node))


def with_tokens(table: CompiledTable, outputs: AbstractSet[int]) -> CompiledTable:
    """Return a table with tokens in place of the outputs that have columns; types are known to fit already."""
    rules = tuple(
        replace(rule, outputs=(Literal(rule.outputs[0].span, token(place)),)) if place in outputs else rule
        for place, rule in enumerate(table.rules)
    )
    defaults = table.defaults
    if DEFAULT in outputs and defaults[0] is not None:
        defaults = (Literal(defaults[0].span, token(DEFAULT)),)
    clauses = tuple(replace(clause, type=ANY) for clause in table.table.outputs)
    return replace(table, rules=rules, defaults=defaults, table=replace(table.table, outputs=clauses))


def counted(table: CompiledTable) -> CompiledTable:
    """Return a table that only counts its rules without their outputs, which nobody looks at; any other table as it is."""
    if table.table.hit_policy is not HitPolicy.COLLECT_COUNT:
        return table
    rules = tuple(replace(rule, outputs=tuple(Literal(node.span, None) for node in rule.outputs)) for rule in table.rules)
    return replace(table, rules=rules)


def in_cells(table: CompiledTable, values: Mapping[str, Value]) -> CompiledTable:
    """Return a table with values in place of some names, wherever they stand."""
    if not values:
        return table
    put = partial(with_values, values=values)
    rules = tuple(CompiledRule(rule.rule, tuple(map(put, rule.tests)), tuple(map(put, rule.outputs))) for rule in table.rules)
    return replace(
        table,
        inputs=tuple(map(put, table.inputs)),
        rules=rules,
        allowed=tuple(None if tests is None else put(tests) for tests in table.allowed),
        listed=tuple(None if tests is None else put(tests) for tests in table.listed),
        defaults=tuple(None if node is None else put(node) for node in table.defaults),
        priorities=tuple(tuple(map(put, nodes)) for nodes in table.priorities),
    )
