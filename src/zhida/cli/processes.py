"""Work that is spread over processes: the same results in the same order, sooner where there are several processors.

A process is a copy of this one, so that what was read and compiled need not be read again; only results travel back. Where
copies are not to be had (other systems than Linux), or the work is small, all is done here.
"""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

from zhida.assess.order import processors

T = TypeVar("T")
R = TypeVar("R")

FEWEST = 6
"""Things for which a process of its own is worth it."""

MOST = 8
"""Processes at most."""

_function: list[Callable[[Any], Any]] = []


def over_processes(function: Callable[[T], R], things: Sequence[T]) -> Iterator[R]:
    """Yield what a function returns for each thing, in their order.

    Args:
        function: It may rest on whatever is in memory; what it returns can be pickled.
        things: Can be pickled.
    """
    workers = min(processors(), MOST, len(things) // FEWEST)
    if workers < 2 or sys.platform != "linux":
        yield from map(function, things)
        return
    with ProcessPoolExecutor(workers, get_context("fork"), _keep, (function,)) as pool:
        try:
            yield from pool.map(_call, things)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _keep(function: Callable[[Any], Any]) -> None:
    """Keep the function in a new process, which has it by being a copy; what was read before is no garbage and not looked at again."""
    _function[:] = [function]
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _call(thing: Any) -> Any:  # noqa: ANN401 - whatever the function takes and returns
    return _function[0](thing)
