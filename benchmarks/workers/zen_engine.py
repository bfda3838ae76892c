"""zen-engine: a table that its static loader compiled beforehand, facts as a dictionary, no trace.

Of its ways to be called this is the quickest by far: `create_decision` takes more than ten times as long for each evaluation.
"""

from collections.abc import Callable

import zen
from serving import Json, serve
from zen_tables import content


def prepare(task: Json) -> Callable[[], object]:
    """Return the evaluation of a table for each of some facts."""
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"table": content(task["table"])}}})
    evaluate, facts = engine.evaluate, task["facts"]
    return lambda: [evaluate("table", each)["result"]["value"] for each in facts]


serve(prepare)
