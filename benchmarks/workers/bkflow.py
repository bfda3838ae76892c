"""bkflow-feel: from text as its users call it, and with the tree that its parser returned kept from one call to the next."""

import logging
from collections.abc import Callable

from bkflow_feel import parser, transformer
from bkflow_feel.api import parse_expression
from serving import Json, serve

logging.disable(logging.CRITICAL)


def prepare(task: Json) -> Callable[[], object]:
    """Return the evaluation of an expression."""
    text, variables = task["text"], task["variables"]
    if task["mode"] == "text":
        return lambda: parse_expression(text, variables)
    tree = transformer.transform(parser.parse(text))
    return lambda: tree.evaluate(variables)


serve(prepare)
