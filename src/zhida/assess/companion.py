"""A companion: a process that decides policies of a part beside the run's own, where a run is a single part.

    policies, the longest first ──┬──> this process, one after the other ──> columns of results ──> table
                                  └──> the companion, once it is ready ────────┘

Each takes the next policy that nobody has begun. What comes out is the same, whoever decided which: what a policy says of a batch
depends on the batch alone. A companion that is lost is not replaced: what it was at is done here.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from zhida.assess.columns import Columns, RegistryColumns, Table
from zhida.assess.processes import LostError, ProcessWorker
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

    def table(self, columns: RegistryColumns, frame: Frame) -> Table:
        """Return what `RegistryColumns.decide` does, sorted."""
        shared = _Shared(columns, frame, self.go_on)
        self._waiting.put(shared)
        return shared.table()

    def close(self) -> None:
        """End the process; nobody waits for an answer any more."""
        self.worker.end()
        self._waiting.put(None)
        self._thread.join()

    def keep(self) -> None:
        """Have it keep what it learned for other runs, if it has decided anything; nobody is to be at work."""
        if self.worker.has_batch:
            self.worker.keep()

    def _work(self) -> None:
        """Work on what is shared, as long as the process is there."""
        try:
            is_ready = self.begin(self.worker)
            if is_ready:
                self.worker.prepare()
        except LostError:
            is_ready = False
        while is_ready and (shared := self._waiting.get()) is not None:
            is_ready = shared.work_there(self.worker)


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
        self.error: Exception | None = None
        self._is_over = threading.Event()

    def table(self) -> Table:
        """Decide what nobody has begun, wait for the others, and return all."""
        try:
            batch = self.columns.ready(self.frame)
            self._work_here(batch)
            while None in self.found and self.error is None:
                self.go_on()
                if self._is_over.wait(PATIENCE):
                    self._work_here(batch)
        finally:
            self.left.clear()
        if self.error is not None:
            raise self.error
        self.columns.interpreted += self.interpreted
        return self.columns.table(batch, [columns for columns in self.found if columns is not None])

    def work_there(self, worker: ProcessWorker) -> bool:
        """Have the other process decide policies until none is left; says whether it is still there."""
        try:
            if self.left:
                worker.take(self.frame)
            while (place := self._next()) is not None:
                try:
                    found, interpreted = worker.one(place)
                except LostError:
                    self.left.append(place)
                    raise
                self.interpreted += interpreted
                self.found[place] = found
        except LostError:
            return False
        except Exception as error:  # noqa: BLE001 - it is raised where the table is waited for
            self.error = error
        finally:
            self._is_over.set()
        return True

    def _work_here(self, batch: Frame) -> None:
        while self.error is None and (place := self._next()) is not None:
            self.go_on()
            self.found[place] = self.columns.one(place, batch, is_sorted=True)

    def _next(self) -> int | None:
        """Return the place of a policy that nobody has begun, if there is any."""
        try:
            return self.left.popleft()
        except IndexError:
            return None
