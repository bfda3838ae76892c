"""How a worker is asked: a line of JSON in, a line of JSON out.

    {"prepare": 3, "task": {…}}          →   {"value": …, "first": seconds of the first time} or {"refused": "why"}
    {"run": 3, "loops": 100, "goes": 3}  →   {"seconds": of one loop, on average of the quickest go}
    {"forget": true}                     →   {}; the tasks before are gone, and what they held

Needs nothing but the standard library, so that it runs in the environment of every peer.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Json = Any
"""What stands in a message."""


def plain(value: Json) -> Json:
    """Return a value as JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple):
        return [plain(element) for element in value]
    return value


def seconds(action: Callable[[], object], loops: int) -> float:
    """Return the seconds that an action takes on average of some loops."""
    rounds = range(loops)
    start = time.perf_counter()
    for _ in rounds:
        action()
    return (time.perf_counter() - start) / loops


def serve(prepare: Callable[[Json], Callable[[], Json]], tell: Callable[[Json], Json] = plain) -> None:
    """Answer until the input ends.

    Args:
        prepare: Takes a task and returns what is to be timed; raises where the engine cannot do it.
        tell: What is said of the value that it comes to; this is not timed.
    """
    prepared: dict[int, Callable[[], object]] = {}
    for line in sys.stdin:
        message = json.loads(line)
        if "prepare" in message:
            try:
                action = prepare(message["task"])
                start = time.perf_counter()
                found = action()
                answer = {"first": time.perf_counter() - start, "value": tell(found)}
                prepared[message["prepare"]] = action
            except Exception as error:  # noqa: BLE001 - whatever a peer raises means that it cannot do it
                answer = {"refused": f"{type(error).__name__}: {error}".splitlines()[0][:80]}
        elif "forget" in message:
            prepared.clear()
            answer = {}
        else:
            action = prepared[message["run"]]
            gc.collect()
            answer = {"seconds": min(seconds(action, message["loops"]) for _ in range(message["goes"]))}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
