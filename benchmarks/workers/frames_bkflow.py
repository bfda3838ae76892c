"""bkflow-feel: it has no tables, so the conditions of the rules one after another, from text, as its public interface has it."""

import logging

from bkflow_feel.api import parse_expression
from drawn import SUM, DrawnTable, condition, records
from frames import Decider, Rows, serve_tables

logging.disable(logging.CRITICAL)


def prepare(table: DrawnTable, values: Rows) -> Decider:
    """Return the evaluation of all rows."""
    rules = [(condition(rule, table.attributes), rule.output) for rule in table.rules]
    facts = records(table.attributes, values)
    if table.hit_policy == SUM:
        return lambda: [sum(output for text, output in rules if parse_expression(text, each)) for each in facts]
    return lambda: [next(output for text, output in rules if parse_expression(text, each)) for each in facts]


serve_tables(prepare)
