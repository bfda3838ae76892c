"""A companion: a process that decides policies of a part beside the run's own, where a run is a single part.

    policies, the longest first ──┬──> this process, one after the other ──> columns of results ──> results of all
                                  └──> the companion, once it is ready ────────┘

Each takes the next policy that nobody has begun. What comes out is the same, whoever decided which: what a policy says of a batch
depends on the batch alone. A companion that is lost is not replaced: what it was at is done here.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from zhida.assess.columns import Columns, RegistryColumns
from zhida.assess.processes import ProcessWorker
from zhida.columnar.spread import ResultColumns
from zhida.registry_io.tables import Frame

PATIENCE = 1
"""Seconds after which whoever waits for the companion looks whether the run goes on."""


class Companion:
    """A process, and the thread that speaks with it."""

    def __init__(self, worker: ProcessWorker, begin: Callable[[ProcessWorker], bool], go_on: Callable[[], None]) -> None:
        """Let it make itself ready.

        Args:
            worker: The process, which was just started.
            begin: Tells it what the run is about; says whether it understood.
            go_on: Called between policies; raises where the run is over.
        """
        self.worker = worker
        self.begin = begin
        self.go_on = go_on
        self._waiting: SimpleQueue[_Shared | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def results(self, columns: RegistryColumns, frame: Frame) -> ResultColumns:
        """Return what `RegistryColumns.results` does."""
        shared = _Shared(columns, frame, self.go_on)
        self._waiting.put(shared)
        return shared.results()

    def close(self) -> None:
        """End the process; nobody waits for an answer any more."""
        self.worker.end()
        self._waiting.put(None)
        self._thread.join()

    def keep(self) -> None:
        """Have it keep what it learned for other runs, if it has decided anything; nobody is to be at work."""
        if self.worker.has_decided:
            self.worker.keep()

    def _work(self) -> None:
        """Work on what is shared, as long as the process is there and nothing goes wrong in it: what is wrong is met here as well."""
        try:
            is_ready = self.begin(self.worker)
            if is_ready:
                self.worker.prepare()
        except Exception:  # noqa: BLE001 - whatever it is, the run goes on without
            is_ready = False
        while is_ready:
            shared = self._waiting.get()
            if shared is None:
                return
            is_ready = shared.work_there(self.worker)
            del shared  # with all its columns, while the next is waited for


class _Shared:
    """A batch whose policies two processes decide."""

    def __init__(self, columns: RegistryColumns, frame: Frame, go_on: Callable[[], None]) -> None:
        self.columns = columns
        self.frame = frame
        self.go_on = go_on
        costs = columns.costs()
        self.found: list[Columns | None] = [None] * len(costs)
        self.left = deque(sorted(range(len(costs)), key=lambda place: -costs[place]))
        self.interpreted = 0
        """Rows that the interpreter decided in the other process."""
        self._is_over = threading.Event()

    def results(self) -> ResultColumns:
        """Decide what nobody has begun, wait for the others, and return all."""
        try:
            batch = self.columns.ready(self.frame)
            self._work_here(batch)
            while None in self.found:
                self.go_on()
                if self._is_over.wait(PATIENCE):
                    self._work_here(batch)
        finally:
            self.left.clear()
        self.columns.interpreted += self.interpreted
        return self.columns.together(batch, [columns for columns in self.found if columns is not None])

    def work_there(self, worker: ProcessWorker) -> bool:
        """Have the other process decide policies until none is left; says whether it is still of use.

        What it is lost over, or fails at, is left to this process: what is wrong with the policy is met there again, and told once.
        """
        place = None
        try:
            if self.left:
                worker.take(self.frame)
            while (place := self._next()) is not None:
                found, interpreted = worker.one(place)
                self.interpreted += interpreted
                self.found[place] = found
        except Exception:  # noqa: BLE001 - of whatever kind: the other process does it
            if place is not None:
                self.left.append(place)
            return False
        finally:
            self._is_over.set()
        return True

    def _work_here(self, batch: Frame) -> None:
        while (place := self._next()) is not None:
            self.go_on()
            self.found[place] = self.columns.one(place, batch)

    def _next(self) -> int | None:
        """Return the place of a policy that nobody has begun, if there is any."""
        try:
            return self.left.popleft()
        except IndexError:
            return None
