"""Statuses: the order in which a policy lists them, and why a subject has not the next one up.

The order is the table's own: of its allowed values where it lists them, else of its rules; the first is the highest. No
order is made up: a status that no table lists has none.
"""

from collections.abc import Callable, Iterator
from typing import Any

from zhida.assess.assessment import ConditionMet, NextStatus
from zhida.assess.explain import unit_of
from zhida.dmn.compiled import CompiledDecision, CompiledRule, CompiledTable
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.model import HitPolicy
from zhida.feel.evaluate import test
from zhida.feel.run import Frame
from zhida.feel.syntax import Literal, Name, Node
from zhida.policy.pack import PolicyModel
from zhida.values.temporal import Date
from zhida.values.text import format_value
from zhida.values.types import is_number
from zhida.values.unknown import Unknown

Value = Any

ONE_RESULT = frozenset((HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST))
"""Hit policies under which one rule gives the status."""


def status_order(model: PolicyModel) -> tuple[str, ...]:
    """Return the statuses that a policy can give, as its table lists them; nothing where no table does."""
    found = _table_of(model)
    return () if found is None else _listed(found[1])


def status_rank(model: PolicyModel) -> Callable[[Value], tuple[int, str]]:
    """Return a key to sort statuses by: their place in the table, those that it does not list behind them."""
    places = {status: place for place, status in enumerate(status_order(model))}
    return lambda status: (places.get(format_value(status), len(places)), format_value(status))


def next_status(model: PolicyModel, evaluator: Evaluator, status: Value) -> NextStatus | None:
    """Return why a subject has its status and not the next one up; None where nothing stands between them.

    Of the rules for a better status those count that fail only on numbers, dates and yes or no: a firm of another
    industry is no larger firm. The nearest status comes first, then the rule that fails in the fewest cells.

    Args:
        model: The policy.
        evaluator: The evaluation of what is known.
        status: The status that came out.
    """
    found = _table_of(model)
    if found is None:
        return None
    compiled, table = found
    trace = evaluator.trace.get(compiled.decision.id)
    order = _listed(table)
    if trace is None or trace.table is None or table.table.hit_policy not in ONE_RESULT or format_value(status) not in order:
        return None
    rank = order.index(format_value(status))
    frame = evaluator.frame(compiled, ElementTrace())
    better: list[tuple[int, int, int, CompiledRule, list[int]]] = []
    for place, rule in enumerate(table.rules):
        given = _literal(rule.outputs[0])
        columns = _failing(rule, trace.table.inputs, frame) if given in order[:rank] else None
        if given is not None and columns:
            better.append((-order.index(given), len(columns), place, rule, columns))
    evaluator.run.diagnostics.clear()
    if not better:
        return None
    _, _, _, rule, columns = min(better, key=lambda item: item[:3])
    conditions = tuple(_conditions(compiled, table, rule, columns, (evaluator, trace.table.inputs)))
    return NextStatus(_literal(rule.outputs[0]), rule.rule.article, rule.rule.number, conditions)


def _table_of(model: PolicyModel) -> tuple[CompiledDecision, CompiledTable] | None:
    """Return the decision table that gives the status, behind bare names that stand for it; None where there is none."""
    id_ = model.policy.result_id
    while id_ is not None and id_ in model.model.decisions:
        compiled = model.model.decisions[id_]
        body = compiled.body
        if isinstance(body, CompiledTable):
            return compiled, body
        id_ = compiled.requirements.get(body.name) if isinstance(body, Name) else None
    return None


def _listed(table: CompiledTable) -> tuple[str, ...]:
    """Return the statuses of a table with one output, in its own order."""
    if len(table.table.outputs) != 1:
        return ()
    nodes: list[Node | None] = list(table.priorities[0]) or [*(rule.outputs[0] for rule in table.rules), *table.defaults]
    named = (_literal(node) for node in nodes)
    return tuple(dict.fromkeys(status for status in named if status is not None))


def _literal(node: Node | None) -> str | None:
    """Return a status that is written out."""
    return format_value(node.value) if isinstance(node, Literal) and node.value is not None else None


def _failing(rule: CompiledRule, inputs: tuple[Value, ...], frame: Frame) -> list[int] | None:
    """Return the columns in which a rule is known to fail; None where one of them tells the kind of subject and no size."""
    found = []
    for column, (tests, value) in enumerate(zip(rule.tests, inputs, strict=True)):
        if not tests.tests:
            continue
        passed = test(tests, value, frame)
        if passed is True:
            continue
        if is_number(value) or isinstance(value, Date | bool):
            if passed is not False:
                return None
            found.append(column)
        elif not isinstance(value, Unknown) or not _is_measured(tests.tests):
            return None
    return found


def _is_measured(tests: tuple[Node, ...]) -> bool:
    """Say whether a cell asks for no text: what is not known of it is then a matter of size."""
    return not any(isinstance(item, Literal) and isinstance(item.value, str) for item in tests)


def _conditions(
    compiled: CompiledDecision, table: CompiledTable, rule: CompiledRule, columns: list[int], met: tuple[Evaluator, tuple[Value, ...]]
) -> Iterator[ConditionMet]:
    """Yield the cells of a rule in some columns, with the values met."""
    evaluator, inputs = met
    for column in columns:
        name = table.table.inputs[column].expression.text
        unit = unit_of(compiled, name, evaluator.model)
        yield ConditionMet(name, rule.rule.input_entries[column].text, inputs[column], unit)
