"""Workers in processes of their own: where most of the time is Python's, two threads are no faster than one.

    run's process                                        worker's process
    ProcessWorker ──job, scene, rows (pickled)──> stdin ──> serve ──> Worker
                  <──what it returns or raises─── stdout ──┘

A process is started anew, not copied: no lock, thread or connection of this process is there, and a script that asks for a run is not run
again. It is in a group of its own, so that Ctrl-C reaches only the run's process, and ends as soon as nobody holds the other end of its
input: whether the run is over, was interrupted, or its process was killed.
"""

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from zhida.assess.columns import Columns
from zhida.assess.population import Sums
from zhida.assess.working import DonePart, Job, PartRows, Scene, Worker
from zhida.registry_io.engine import engine_digest
from zhida.registry_io.tables import Frame
from zhida.registry_io.unneeded import leave_unneeded

START = "import gc, sys; gc.disable(); sys.path[:] = sys.argv[1:]; from zhida.assess.processes import serve; serve()"
"""What a process runs: it looks for modules where this one does, and not for garbage among them."""

READY, DONE, FAILED = "ready", "done", "failed"

UNPICKLED = (pickle.PicklingError, TypeError, AttributeError, RecursionError, RuntimeError)
"""What pickling raises where something cannot be sent, or changes meanwhile."""

GARBAGE_THRESHOLDS = (100_000, 50, 100)
"""How rarely a process looks for garbage: what is learned is kept, in many small objects that hold no cycles."""


class LostError(Exception):
    """A worker's process has ended before it answered."""

    def __init__(self, status: int) -> None:
        """Keep how it ended: its exit code, or the negative number of the signal."""
        super().__init__(status)
        self.status = status


def can_start() -> bool:
    """Say whether there can be processes: on POSIX, where the program that runs is Python itself."""
    return os.name == "posix" and Path(sys.executable or "").name.startswith("python")


def packed(job: Job) -> bytes | None:
    """Return a job as it is sent to processes; None where something in it cannot be sent."""
    try:
        return pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
    except UNPICKLED:
        return None


class ProcessWorker:
    """A worker in a process of its own; used by one thread at a time."""

    def __init__(self) -> None:
        """Start the process.

        Raises:
            OSError: the operating system refuses.
        """
        command = [sys.executable, "-P", "-c", START, *map(str, sys.path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)  # noqa: S603 - Python itself
        self._scene: Scene | None = None
        self.has_decided = False
        """Whether it was asked for a policy by itself."""

    def begin(self, job: bytes) -> bool:
        """Say what the run is about, and whether the process understood it and is of the same engine: its files may have changed meanwhile.

        Raises:
            LostError: somebody ended it.
        """
        try:
            self._send(job)
            return bool(self._receive() == (READY, engine_digest()))
        except LostError as error:
            if error.status < 0:
                raise
            return False

    def settle(self, scene: Scene) -> None:
        """Tell how far the run is, unless that was told."""
        if scene is not self._scene:
            self._ask("settle", scene)
            self._scene = scene

    def look(self, step: int, frame: Frame) -> list[Sums]:
        """Return what `Worker.look` returns."""
        found: list[Sums] = self._ask("look", step, frame)
        return found

    def decide(self, rows: PartRows) -> DonePart:
        """Return what `Worker.decide` returns."""
        found: DonePart = self._ask("decide", rows)
        return found

    def prepare(self) -> None:
        """Do what `Worker.prepare` does."""
        self._ask("prepare")

    def take(self, frame: Frame) -> None:
        """Do what `Worker.take` does."""
        self._ask("take", frame)

    def one(self, place: int) -> tuple[Columns, int]:
        """Return what `Worker.one` returns."""
        self.has_decided = True
        found: tuple[Columns, int] = self._ask("one", place)
        return found

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        self._ask("keep")

    def end(self) -> None:
        """End the process at once; may be called from any thread: who waits for an answer gets none."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process and let go of it; nobody waits for an answer any more."""
        self.end()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(OSError):
                stream.close()

    def _ask(self, name: str, *given: object) -> Any:  # noqa: ANN401 - what the method of that name returns
        """Have the process call a method of its worker.

        Raises:
            LostError: the process is no more.
        """
        self._send(pickle.dumps((name, given), pickle.HIGHEST_PROTOCOL))
        kind, answer = self._receive()
        if kind == FAILED:
            raise answer
        return answer

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError as error:
            raise LostError(self._status()) from error

    def _receive(self) -> tuple[str, Any]:
        assert self._process.stdout is not None
        try:
            found: tuple[str, Any] = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise LostError(self._status()) from error
        return found

    def _status(self) -> int:
        """Return how the process ended; one that does not speak any more is ended."""
        try:
            return self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


# --- the worker's process ------------------------------------------------------------------------------------------


def serve() -> None:
    """Do in this process what the run's process asks for, until it asks no more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # it ends with its input, and then at once
        signal.signal(number, signal.SIG_IGN)
    leave_unneeded()
    requests, answers = sys.stdin.buffer, _answers()
    gc.disable()
    try:
        worker = Worker(pickle.load(requests))  # noqa: S301 - from the process that started this one
    except EOFError:  # which is no more
        return
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    gc.enable()
    inbox: SimpleQueue[tuple[str, tuple[Any, ...]]] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    _answer(answers, READY, engine_digest())
    while True:
        name, given = inbox.get()
        _answer(answers, *_called(getattr(worker, name), given))


def _answers() -> IO[bytes]:
    """Return where answers go: the output of this process; what libraries print there by themselves goes nowhere."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return answers


def _listen(requests: IO[bytes], inbox: SimpleQueue[tuple[str, tuple[Any, ...]]]) -> None:
    """Take in what is asked; once nobody is there any more, end the process, whatever it does."""
    while True:
        try:
            inbox.put(pickle.load(requests))  # noqa: S301 - from the process that started this one
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)


def _called(method: Callable[..., object], given: tuple[Any, ...]) -> tuple[str, object]:
    """Return what a method returns, or what it raises with the place where it did."""
    try:
        return DONE, method(*given)
    except Exception as error:  # noqa: BLE001 - it is raised in the run's process
        error.add_note("".join(traceback.format_exception(error)))
        return FAILED, error


def _answer(answers: IO[bytes], kind: str, answer: object) -> None:
    """Send an answer; an error that cannot be sent is told in words."""
    try:
        data = pickle.dumps((kind, answer), pickle.HIGHEST_PROTOCOL)
    except UNPICKLED:
        data = pickle.dumps((FAILED, RuntimeError(f"{type(answer).__name__}: {answer}")), pickle.HIGHEST_PROTOCOL)
    try:
        answers.write(data)
        answers.flush()
    except OSError:
        os._exit(0)
