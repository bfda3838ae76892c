"""zhida: expressions from text and compiled; tables and graphs with their trace, which we always keep."""

from collections.abc import Callable
from decimal import Decimal

from serving import Json, serve

from zhida.dmn.compile import compile_definitions, link
from zhida.dmn.evaluate import evaluate as evaluate_decision
from zhida.dmn.model import (
    Decision,
    DecisionTable,
    Definitions,
    HitPolicy,
    InputClause,
    InputData,
    ItemDefinition,
    OutputClause,
    Rule,
)
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.source import snippet
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, NUMBER, STRING

AS_OF = Date(2026, 6, 30)
BASE = Scope(NameSet(BUILTINS))
ITEMS = {"staff": NUMBER, "revenue": NUMBER, "kind": STRING, "restricted": BOOLEAN}


def value_of(value: Json) -> Json:
    """Return a value of FEEL."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        return tuple(map(value_of, value))
    if isinstance(value, dict):
        return {name: value_of(entry) for name, entry in value.items()}
    return Decimal(value)


def expression(task: Json) -> Callable[[], object]:
    """Return the evaluation of an expression, each with its own diagnostics."""
    text, variables = task["text"], value_of(task["variables"])

    def from_text() -> object:
        node = parse_expression(snippet(text), BASE.inner(variables))
        return evaluate(node, Frame(variables, Run(AS_OF)))

    if task["mode"] == "text":
        return from_text
    node = parse_expression(snippet(text), BASE.inner(variables))
    return lambda: evaluate(node, Frame(variables, Run(AS_OF)))


def decision(table: Json) -> Decision:
    """Return a table of the workload as a decision."""
    rules = [
        Rule(str(number), tuple(map(snippet, cells[:-1])), (snippet(cells[-1]),), {}, "", snippet("").span())
        for number, cells in enumerate(table["rules"], 1)
    ]
    clauses = tuple(InputClause(snippet(text)) for text in table["inputs"])
    outputs = (OutputClause("", NUMBER),)
    name = table["name"]
    body = DecisionTable(HitPolicy.FIRST, clauses, outputs, tuple(rules), snippet(name).span())
    return Decision(name, name, ANY, body, snippet(name).span())


def definitions(tables: Json) -> Definitions:
    """Return some tables as definitions."""
    inputs = tuple(InputData(name, ItemDefinition(name, type_)) for name, type_ in ITEMS.items())
    return Definitions("bench", tuple(map(decision, tables)), inputs=inputs)


def prepare(task: Json) -> Callable[[], object]:
    """Return what is to be timed."""
    if "text" in task:
        return expression(task)
    if "compile" in task:
        made = definitions(task["compile"])
        return lambda: len(link([compile_definitions(made, {})]).decisions)
    tables = task["graph"] if "graph" in task else [task["table"]]
    model, goal = link([compile_definitions(definitions(tables), {})]), tables[-1]["name"]
    facts = [value_of(each) for each in task["facts"]]
    return lambda: [evaluate_decision(model, goal, each, as_of=AS_OF).value for each in facts]


serve(prepare)
