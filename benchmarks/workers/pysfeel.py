"""pySFeel: from text only, it keeps no tree; its variables are assigned beforehand, so that no call pays for them."""

from collections.abc import Callable

import pySFeel
from serving import Json, serve


def literal(value: Json) -> str:
    """Return a value as FEEL writes it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(entry)}" for name, entry in value.items()) + "}"
    return str(value)


def prepare(task: Json) -> Callable[[], object]:
    """Return the evaluation of an expression."""
    if task["mode"] != "text":
        raise NotImplementedError("keeps no tree")
    parser, text = pySFeel.SFeelParser(), task["text"]
    for name, value in task["variables"].items():
        parser.sFeelParse(f"{name} <- {literal(value)}")
    status, _ = parser.sFeelParse(text)
    if "errors" in status:
        raise ValueError(status["errors"][0])
    return lambda: parser.sFeelParse(text)[1]


serve(prepare)
