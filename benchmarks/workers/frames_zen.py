"""zen-engine: the table that its static loader compiled, for each row by itself or for all of them as one batch.

It has no UNIQUE, so the first rule counts there; of COLLECT it gives a list, which is summed here.
"""

import sys

import zen
from drawn import SUM, Attribute, Cell, DrawnTable, feel, records
from frames import Decider, Rows, serve_tables
from zen_tables import content


def cell_text(cell: Cell, attribute: Attribute) -> str:
    """Return a cell in its own language."""
    words = ", ".join(f'"{word}"' for word in cell.words)
    return f"$ not in [{words}]" if cell.is_negated else feel(cell, attribute)


def prepare(table: DrawnTable, values: Rows) -> Decider:
    """Return the evaluation of all rows."""
    rules = []
    for rule in table.rules:
        cells = [cell_text(cell, each) for cell, each in zip(rule.cells, table.attributes, strict=True)]
        rules.append([*cells, str(rule.output)])
    model = content({"inputs": [each.name for each in table.attributes], "rules": rules})
    if table.hit_policy == SUM:
        model["nodes"][1]["content"]["hitPolicy"] = "collect"
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"table": model}}})
    facts = records(table.attributes, values)
    if sys.argv[1] == "batch":
        requests = [{"key": "table", "context": each} for each in facts]
        return lambda: [each["data"]["result"] for each in engine.evaluate_batch(requests)]
    return lambda: [engine.evaluate("table", each)["result"] for each in facts]


def told(found: list[dict[str, int] | list[dict[str, int]]]) -> list[int]:
    """Return the answers as numbers."""
    return [sum(each["value"] for each in result) if isinstance(result, list) else result["value"] for result in found]


serve_tables(prepare, told)
