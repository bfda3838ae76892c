"""The workers of a run: in threads of its process, or, where there is much to do, in processes of their own.

parts ──spread──> threads, as many as workers ──> each reads a part and hands its rows to a worker that is free ──> taken in as they come
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TypeVar

from zhida.assess.companion import Companion
from zhida.assess.order import Plan
from zhida.assess.processes import LostError, ProcessWorker, can_start, packed
from zhida.assess.working import Job, Scene, Worker
from zhida.errors import InputError, diagnostic
from zhida.registry_io.sources_parts import Part

T = TypeVar("T")

PATIENCE = 1
"""Seconds after which whoever waits looks whether it is to stop."""

MUCH = 2_000_000
"""Decisions, each of one policy for one subject, from which on processes of their own are worth it: to start one takes about two seconds
of a processor, and so many decisions take five to thirty."""

SHARED = 400_000
"""Decisions from which on a run that is a single part is shared with a process of its own, policy by policy."""

TRIES = 2
"""How often a part is handed to a process: one that somebody ended may have been an accident."""

AnyWorker = Worker | ProcessWorker


class StoppedError(Exception):
    """Raised in a thread whose part nobody waits for any more."""


def _stop_where_asked(is_stopping: Callable[[], bool]) -> None:
    if is_stopping():
        raise KeyboardInterrupt


class Workers:
    """The workers of one run; they keep what they learn from one part to the next."""

    def __init__(self, job: Job, plan: Plan) -> None:
        """Keep what they need; each begins when it is first needed."""
        self.job, self.plan = job, plan
        self.processes = 0
        """How many processes were started."""
        self._is_spread = False
        self._idle: list[AnyWorker] = []
        self._all: list[AnyWorker] = []
        self._lock, self._packing = threading.Lock(), threading.Lock()
        self._packed: list[bytes | None] = []
        self._is_stopped = threading.Event()
        self._companion: Companion | None = None
        self._starters = ThreadPoolExecutor(max(plan.processes, 1))
        self._starting: list[Future[ProcessWorker | None]] = []

    def begin(self, parts: Sequence[Part]) -> None:
        """Start a process that decides policies beside this one, where there is a single part and enough to do.

        Args:
            parts: The parts of the source.
        """
        is_single = len(parts) == 1 and self.job.former is None and self.plan.processes > 1 and can_start()
        if not is_single or parts[0].rows * len(self.job.order.policies) < SHARED:
            return
        with suppress(Exception):  # it only helps: whatever keeps it from that, the run does without
            worker = ProcessWorker()
            self._all.append(worker)
            self._packed.append(packed(self.job))  # here, where nothing changes meanwhile
            self._companion = Companion(worker, self._begin, self.go_on)

    def spread(
        self, parts: Sequence[Part], do: Callable[[Part], T], take: Callable[[T], None], is_stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """Do something for each of some parts, several at a time.

        Args:
            parts: The parts.
            do: Is called in a thread.
            take: Is given, in this thread, what that returned, in any order.
            is_stopping: Whether to stop; then this raises KeyboardInterrupt.
        """
        rows = sum(part.rows for part in parts)
        is_much = len(parts) > 1 and rows * len(self.job.order.policies) >= MUCH
        self._is_spread = self._is_spread or (is_much and self.plan.processes > 1 and can_start())
        remaining, count = iter(parts), min(self.plan.processes if self._is_spread else self.plan.threads, len(parts))
        self._start(count if self._is_spread else 0)
        with ThreadPoolExecutor(max(count, 1)) as pool:
            try:
                pending = {pool.submit(do, part) for part in islice(remaining, count)}
                while pending:
                    done = wait(pending, PATIENCE, FIRST_COMPLETED).done
                    _stop_where_asked(is_stopping)
                    for future in done:
                        found = future.result()
                        pending.remove(future)
                        pending |= {pool.submit(do, part) for part in islice(remaining, 1)}
                        take(found)
            except BaseException:
                self.stop()
                raise
            finally:
                pool.shutdown(cancel_futures=True)

    def stop(self) -> None:
        """Have all of them leave what they are at."""
        self._is_stopped.set()
        with self._lock:
            for worker in self._all:
                if isinstance(worker, ProcessWorker):
                    worker.end()

    def close(self) -> None:
        """Let go of all of them."""
        self._is_stopped.set()  # whoever is still being started is not wanted any more
        if self._companion is not None:
            self._companion.close()
        with self._lock:
            for worker in self._all:
                if isinstance(worker, ProcessWorker):
                    worker.end()
        self._starters.shutdown()
        for worker in self._all:
            if isinstance(worker, ProcessWorker):
                worker.close()

    def go_on(self) -> None:
        """Leave the part if the run has ended.

        Raises:
            StoppedError: it has.
        """
        if self._is_stopped.is_set():
            raise StoppedError

    def ask(self, scene: Scene, question: Callable[[AnyWorker], T]) -> T:
        """Ask a worker that is free, or a new one, once it knows how far the run is.

        Raises:
            InputError: run-worker-lost.
        """
        for is_last in (*[False] * (TRIES - 1), True):
            self.go_on()
            try:
                with self._borrowed() as worker:
                    worker.settle(scene)
                    return question(worker)
            except LostError as error:
                self.go_on()
                if is_last:
                    raise InputError([diagnostic("run-worker-lost", None, status=error.status)]) from error
        raise AssertionError("the last try returns or raises")

    def keep(self) -> None:
        """Keep what was learned for other runs; what others have learned is much the same as what the first has."""
        with suppress(LostError):
            for worker in self._idle[:1]:
                worker.keep()
            if self._companion is not None:
                self._companion.keep()

    @contextmanager
    def _borrowed(self) -> Iterator[AnyWorker]:
        """Give a worker for this thread alone; one that is lost does not come back."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
            starting = self._starting.pop() if worker is None and self._starting else None
        worker = worker or (None if starting is None else starting.result()) or self._new()
        try:
            yield worker
        except LostError:
            assert isinstance(worker, ProcessWorker)
            self._drop(worker)
            raise
        except BaseException:
            self._give_back(worker)
            raise
        self._give_back(worker)

    def _give_back(self, worker: AnyWorker) -> None:
        with self._lock:
            self._idle.append(worker)

    def _new(self) -> AnyWorker:
        """Return a new worker: in this process where others are not worth it, or cannot be had."""
        worker = self._new_process() if self._is_spread else None
        if worker is not None:
            return worker
        here = Worker(self.job, self.go_on, None if self._companion is None else self._companion.results)
        with self._lock:
            self._all.append(here)
        return here

    def _start(self, count: int) -> None:
        """Start processes until there are as many as are going to be asked, so that they are ready when their first rows are."""
        missing = 0 if self._starting else count - len(self._all)
        self._starting += [self._starters.submit(self._prepared) for _ in range(missing)]

    def _prepared(self) -> ProcessWorker | None:
        """Return a new process that has made all policies ready; None where there can be none."""
        worker = self._new_process()
        if worker is not None:
            try:
                worker.prepare()
            except BaseException:
                self._drop(worker)
                raise
        return worker

    def _new_process(self) -> ProcessWorker | None:
        try:
            worker = ProcessWorker()
        except OSError:
            return None
        with self._lock:
            self._all.append(worker)
        try:
            self.go_on()
            if self._begin(worker):
                return worker
        except BaseException:
            self._drop(worker)
            raise
        self._drop(worker)
        self.go_on()
        return None

    def _begin(self, worker: ProcessWorker) -> bool:
        """Say whether a process was told what the run is about, and understood it."""
        with self._packing:
            if not self._packed:
                self._packed.append(packed(self.job))
        job = self._packed[0]
        if job is None or not worker.begin(job):
            return False
        with self._lock:
            self.processes += 1
        return True

    def _drop(self, worker: ProcessWorker) -> None:
        """Let go of a process that is of no use any more."""
        with self._lock:
            self._all.remove(worker)
        worker.close()
