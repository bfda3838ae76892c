"""Walking over a source, part by part, with threads: what each part comes to is handed on in the order of the registry.

    parts ──┬── thread 1: its own workers ──┐
            └── thread 2: its own workers ──┴──> results, in order

No more parts are under way than there are threads and one more, so that memory depends on the parts, not on the registry.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Part = TypeVar("Part")
Worker = TypeVar("Worker")
Result = TypeVar("Result")

PATIENCE = 1
"""Seconds after which it is looked whether a key was pressed."""


def in_order(
    parts: Iterable[Part], open_worker: Callable[[], Worker], work: Callable[[Worker, Part], Result], *, threads: int
) -> Iterator[Result]:
    """Yield what each part comes to, in the order of the parts.

    Args:
        parts: What is worked on.
        open_worker: Makes what a thread works with; it is used by that thread alone.
        work: Does one part.
        threads: How many parts are worked on at a time.

    >>> list(in_order([1, 2, 3], list, lambda own, part: part * part, threads=2))
    [1, 4, 9]
    """
    own = threading.local()
    remaining = iter(parts)
    is_stopped = threading.Event()

    def do(part: Part) -> Result | None:
        if is_stopped.is_set():
            return None
        if not hasattr(own, "worker"):
            own.worker = open_worker()
        return work(own.worker, part)

    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[Result | None]] = deque(pool.submit(do, part) for part in islice(remaining, threads + 1))
    try:
        while waiting:
            result = _patiently(waiting[0])
            waiting.popleft()
            waiting.extend(pool.submit(do, part) for part in islice(remaining, 1))
            assert result is not None, "nothing is stopped before all is done"
            yield result
    finally:
        is_stopped.set()
        pool.shutdown(cancel_futures=True)


def _patiently(future: Future[Result | None]) -> Result | None:
    """Return a result, looking from time to time whether somebody wants to stop."""
    while True:
        try:
            return future.result(PATIENCE)
        except TimeoutError:
            if future.done():
                raise
