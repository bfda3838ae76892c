"""How a contestant decides a table over a frame: it makes its own rows from the seed, and tells a digest of its answers.

{"size": "small", "hit_policy": "F", "rows": 1000000}  →  {"value": digest}
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import numpy as np
from drawn import DrawnTable, draw_rows, table_of
from serving import Json, serve

Array = Any
Rows = dict[str, Array]
Decider = Callable[[], Any]


def digest(found: Array | Iterable[int]) -> str:
    """Return the digest of answers; the same numbers, the same digest."""
    return sha256(np.ascontiguousarray(found, dtype="<i8").tobytes()).hexdigest()[:16]


def serve_tables(
    prepare: Callable[[DrawnTable, Rows], Decider], tell: Callable[[Any], Array | Iterable[int]] = lambda found: found
) -> None:
    """Answer until the input ends.

    Args:
        prepare: Takes a table and the values of its rows, strings as places of their words; returns what is to be timed.
        tell: Makes whole numbers of what was decided; this is not timed.
    """

    def prepared(task: Json) -> Decider:
        table = table_of(task["size"], task["hit_policy"])
        return prepare(table, draw_rows(table.attributes, task["rows"]))

    serve(prepared, lambda found: digest(tell(found)))
