"""Plans to coded programs: which operations are coded, and the bounds between which their facts make no difference."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from zhida.columnar import plan as ops
from zhida.columnar.coded import Looked, Mapped, Node, Program, UncodedError
from zhida.columnar.coded_facts import FIRST_CODE, CodedFact, kept, thresholds_of
from zhida.columnar.coded_tables import TableNode
from zhida.columnar.columns import Array
from zhida.columnar.execute import Executor
from zhida.columnar.plan import LISTS, Kind, Operation, Plan, operands_of
from zhida.columnar.tables import TableDecider

_BY_STRETCH = {Kind.NUMBER, Kind.DATE}
"""Kinds of facts that have a code for each stretch between bounds."""


def build(executor: Executor) -> Program:
    """Return the coded operations of a plan; `Program.reasons` says of the others why they are not.

    Stretches that no operation tells apart are one code: the program is made once with all bounds, then with those at
    which anything changes.
    """
    plan = executor.plan
    bounds = bounds_of_facts(plan)
    thresholds = {place: thresholds_of(found, plan.operations[place].form) for place, found in bounds.items()}
    first = assembled(executor, thresholds)
    told = told_apart(first)
    thresholds = {place: kept(found, told.get(place, [])) for place, found in thresholds.items() if place in first.nodes}
    return assembled(executor, thresholds, first.deciders)


def stretch_of(plan: Plan, place: int) -> int | None:
    """Return the fact that an operation hands on as it is, where that has a code for each stretch; else None."""
    operation = plan.operations[place]
    match operation:
        case ops.Fact():
            return place if operation.form.kind in _BY_STRETCH else None
        case ops.Bare() | ops.Convert() if operation.form.kind in _BY_STRETCH:
            return stretch_of(plan, operation.operand)
        case ops.After() if operation.form.kind in _BY_STRETCH:
            return stretch_of(plan, operation.operand)
    return None


def bounds_of_facts(plan: Plan) -> dict[int, list[object]]:
    """Return, for each number or date that rows give, what it is compared with."""
    found: dict[int, list[object]] = {place: [] for place in range(len(plan.operations)) if stretch_of(plan, place) == place}
    for operation in plan.operations:
        for place, bounds in observed(plan, operation):
            found[place] += bounds
    return found


def observed(plan: Plan, operation: Operation) -> list[tuple[int, list[object]]]:
    """Return the facts that an operation compares with constants, and these."""

    def of(operand: int, *others: int) -> list[tuple[int, list[object]]]:
        place = stretch_of(plan, operand)
        constants = [plan.operations[other] for other in others]
        if place is None or not all(isinstance(other, ops.Constant) for other in constants):
            return []
        return [(place, [other.value for other in constants if isinstance(other, ops.Constant)])]

    match operation:
        case ops.Decide():
            found = []
            for operand, bounds in zip(operation.inputs, operation.bounds, strict=True):
                place = stretch_of(plan, operand)
                if place is not None and bounds is not None:
                    found.append((place, list(bounds)))
            return found
        case ops.Test():
            place = stretch_of(plan, operation.operand)
            return [] if place is None else [(place, list(operation.bounds))]
        case ops.Compare():
            return of(operation.left, operation.right) + of(operation.right, operation.left)
        case ops.Between():
            return of(operation.value, operation.low, operation.high)
    return []


def assembled(executor: Executor, thresholds: dict[int, NDArray[np.int64]], deciders: dict[int, TableDecider] | None = None) -> Program:
    """Return a program of all operations that are coded with some thresholds of the facts.

    Args:
        executor: Says what operations mean.
        thresholds: Where the stretches of numbers and dates begin.
        deciders: Tables that are ready already: they do not depend on the thresholds.
    """
    program = Program(executor)
    program.deciders |= deciders or {}
    for place, operation in enumerate(executor.plan.operations):
        try:
            program.nodes[place] = node_of(program, place, operation, thresholds)
        except UncodedError as reason:
            program.reasons[place] = str(reason)
    return program


def node_of(program: Program, place: int, operation: Operation, thresholds: dict[int, NDArray[np.int64]]) -> Node:
    """Return the coded form of an operation.

    Raises:
        UncodedError: it has none.
    """
    plan = program.plan
    if isinstance(operation, ops.Fact):
        if operation.form.kind in LISTS:
            raise UncodedError("a list")
        marks = thresholds.get(place, np.zeros(0, np.int64))
        return CodedFact(place, plan.facts[operation.id], operation.form, marks, program.executor.vocabulary, program.lock)
    operands = operands_of(operation)
    if isinstance(operation, ops.Decide) and (operation.outputs or operation.relations):
        raise UncodedError("outputs that are no constants, or cells that name others")
    for operand in operands:
        if operand not in program.nodes:
            raise UncodedError(program.reasons.get(operand, "what it is made of is not"))
    watched = {fact for fact, _ in observed(plan, operation)}
    for operand in operands:
        fact = stretch_of(plan, operand)
        if fact is not None and fact not in watched and stretch_of(plan, place) is None:
            raise UncodedError(f"computes with '{plan.facts[plan.operations[fact].id].name}'")  # type: ignore[union-attr]
    sources = sorted({source for operand in operands if (source := program.nodes[operand].source) is not None})
    if isinstance(operation, ops.Decide) and sources:
        node: Node = TableNode(place, operation, sources, program)
        assert isinstance(node, Looked), "a table is looked up"
        node.follow()
        return node
    if len(sources) <= 1:
        return Mapped(place, operation, sources[0] if sources else None, program)
    looked = Looked(place, operation.form, sources, program, operands)
    looked.follow()
    return looked


def told_apart(program: Program) -> dict[int, list[Array]]:
    """Return, for each fact, what each operation tells apart of its stretches."""
    found: dict[int, list[Array]] = {}
    for node in program.nodes.values():
        if isinstance(node, TableNode):
            for operand, numbers in zip(node.operation.inputs, node.inputs, strict=True):
                source = program.nodes[operand].source
                if source is not None:
                    found.setdefault(source, []).append(numbers[FIRST_CODE:])
        elif isinstance(node, Mapped) and node.source is not None and stretch_of(program.plan, node.place) is None:
            numbers = np.array([node.entries.numbers.setdefault(entry, place) for place, entry in enumerate(node.entries.list)])
            found.setdefault(node.source, []).append(numbers[FIRST_CODE:])
        elif isinstance(node, Looked) and (fact := stretch_of(program.plan, node.place)) is not None:
            # it hands the fact on beside others, and what is made of it is told apart by its codes, not by those of the fact
            found.setdefault(fact, []).append(np.arange(len(program.nodes[fact].entries.list))[FIRST_CODE:])
    return found


def sources_of(program: Program, places: Iterable[int]) -> set[int]:
    """Return the sources whose codes say what some operations come to."""
    return {source for place in places if (source := program.nodes[place].source) is not None}
