"""The progress of a run on the terminal: how far, how fast, how long still; and what to say when it does not come to its end."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Display

from zhida.assess.run import Progress
from zhida.cli.console import CountColumn, print_diagnostics, words
from zhida.errors import Diagnostic, InputError, Language, diagnostic

MINUTE, HOUR = 60, 3_600


class RunBar:
    """Shows a run on standard error, where that is a terminal."""

    def __init__(self, display: Display, language: Language) -> None:
        """Keep where to show it."""
        self._display = display
        self._language: Language = language
        self._task: TaskID | None = None
        self._began = 0.0
        self.progress = Progress(tell=self._tell, begin=self._begin)
        """What the run is given, and fills in."""

    def stop(self) -> None:
        """Take the bar away and show the cursor again, before anything else is said."""
        self._display.stop()

    def _begin(self, progress: Progress) -> None:
        """Say what an earlier try had done, and show the bar."""
        self._began = time.monotonic()
        if progress.parts_found:
            done = f"{progress.parts_found:,}/{progress.parts:,}"
            said = words(self._language, f"接着上次：已完成 {done} 块", f"going on: {done} parts were done before")
            typer.echo(said, err=True)
        label = words(self._language, "判定", "assessing")
        self._task = self._display.add_task(label, total=progress.rows, completed=progress.rows_done, pace="")

    def _tell(self, progress: Progress) -> None:
        """Move the bar on, with the rate and the time left."""
        seconds = time.monotonic() - self._began
        rate = (progress.rows_done - progress.rows_found) / seconds if seconds else 0.0
        left = None if progress.rows is None or not rate else (progress.rows - progress.rows_done) / rate
        if self._task is not None:
            self._display.update(self._task, completed=progress.rows_done, pace=pace_words(rate, left, self._language))


@contextmanager
def run_bar(language: Language) -> Iterator[RunBar]:
    """Show the progress of a run on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), CountColumn(), TextColumn("{task.fields[pace]}"))
    console = Console(stderr=True, highlight=False)
    with Display(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        yield RunBar(display, language)


@contextmanager
def telling_what_is_kept(bar: RunBar, language: Language) -> Iterator[None]:
    """Say, where a run does not come to its end, which parts are kept and how to go on.

    Raises:
        InputError: what stopped the run, and run-parts-kept.
    """
    progress = bar.progress
    try:
        with stopping_gently(progress):
            yield
    except InputError as error:
        if not progress.parts_done:
            raise
        raise InputError([*error.diagnostics, _kept(progress)]) from error
    except KeyboardInterrupt:
        bar.stop()
        if progress.parts_done:
            print_diagnostics([_kept(progress)], language)
        raise


@contextmanager
def stopping_gently(progress: Progress) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop a run where it waits for its threads, and raise at once everywhere else.

    Raised in the midst of a lock that threads share, an interruption would leave it locked for ever. A second one is raised
    wherever it comes.
    """
    if threading.current_thread() is not threading.main_thread():  # only that one hears of signals
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not progress.is_waiting or progress.is_asked_to_stop:
            raise KeyboardInterrupt
        progress.is_asked_to_stop = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _kept(progress: Progress) -> Diagnostic:
    return diagnostic("run-parts-kept", None, done=f"{progress.parts_done:,}", parts=f"{progress.parts:,}")


def pace_words(rate: float, left: float | None, language: Language) -> str:
    """Return how fast a run is and how long it still takes.

    >>> pace_words(12345.6, 75.0, "zh"), pace_words(50.0, None, "en")
    ('12,346 户/秒，剩余 1:15', '50 rows/s')
    """
    fast = words(language, f"{rate:,.0f} 户/秒", f"{rate:,.0f} rows/s")
    if left is None:
        return fast
    return fast + words(language, f"，剩余 {clock(left)}", f", {clock(left)} left")


def clock(seconds: float) -> str:
    """Return a number of seconds as minutes and seconds, with hours where there are any.

    >>> clock(75.2), clock(3725)
    ('1:15', '1:02:05')
    """
    whole = round(seconds)
    if whole >= HOUR:
        return f"{whole // HOUR}:{whole % HOUR // MINUTE:02}:{whole % MINUTE:02}"
    return f"{whole // MINUTE}:{whole % MINUTE:02}"
