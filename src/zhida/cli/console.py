"""What all commands share: options, exit codes, messages, progress and tables.

Data goes to standard output, everything else to standard error, so that every command pipes.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from zhida.errors import Diagnostic, InputError, Language, diagnostic
from zhida.errors.code import Severity
from zhida.policy.pack import Packs, load_packs
from zhida.values.temporal import Date, parse_date

OK, FOUND_ERRORS, MISUSE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: no errors; errors found in what was read; wrong use of the command; interrupted."""


class Lang(StrEnum):
    """The language of what is printed."""

    zh = "zh"
    en = "en"


LangOption = Annotated[Lang, typer.Option("--lang", help="输出语言 | language of the output")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON（便于程序读取）| print JSON")]
PacksOption = Annotated[Path, typer.Option("--packs", help="政策包所在文件夹 | folder of the packs")]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help="评估日，默认今天 | date of the business fact, today by default")
]


def read_as_of(text: str | None) -> Date:
    """Return the date that `--as-of` names; today in Shanghai where it is left out."""
    if text is None:
        today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        return Date(today.year, today.month, today.day)
    date = parse_date(text)
    if date is None:
        raise typer.BadParameter(f"'{text}' 不是日期（写法 2026-11-20）| no date, write 2026-11-20", param_hint="--as-of")
    return date


def words(language: Language, zh: str, en: str) -> str:
    """Return one of two wordings."""
    return zh if language == "zh" else en


def err() -> Console:
    """Return the console of standard error."""
    return Console(stderr=True, highlight=False)


def out() -> Console:
    """Return the console of standard output."""
    return Console(highlight=False)


def json_text(data: object) -> str:
    """Return data as JSON, for people and programs."""
    return json.dumps(data, ensure_ascii=False, indent=1)


def print_json(data: object) -> None:
    """Print data as JSON."""
    typer.echo(json_text(data))


def print_diagnostics(diagnostics: Iterable[Diagnostic], language: Language) -> None:
    """Print diagnostics to standard error, each with its excerpt."""
    for item in diagnostics:
        typer.echo(item.render(language), err=True)
        typer.echo(err=True)


def diagnostic_data(item: Diagnostic) -> dict[str, object]:
    """Return a diagnostic as data."""
    place = {"file": item.span.source.name, "line": item.span.line, "column": item.span.column} if item.span else {}
    return {
        "code": item.code,
        "severity": item.severity.value,
        **place,
        "article": item.span.article if item.span else "",
        "message": item.message("en"),
        "message_zh": item.message("zh"),
        "hint": item.hint("en"),
        "hint_zh": item.hint("zh"),
    }


def count_severities(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    """Return how many findings there are of each gravity."""
    counts = {"errors": 0, "warnings": 0, "information": 0}
    names = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFORMATION: "information"}
    for item in diagnostics:
        counts[names[item.severity]] += 1
    return counts


def sound_packs(root: Path) -> Packs:
    """Load packs that something is to be done with; errors in them stop it.

    Raises:
        InputError: all errors that were found.
    """
    packs = load_packs(root)
    errors = [item for item in packs.diagnostics if item.severity is Severity.ERROR]
    if errors:
        raise InputError(errors)
    return packs


def chosen_policies(packs: Packs, chosen: Iterable[str], subject: str) -> list[str]:
    """Return the ids of the policies that are meant: the chosen ones, or all about this kind of subject.

    A policy may be named by its id, its title, or a part of either that fits only one.

    Raises:
        InputError: policy-unknown.
    """
    ids = [policy.id for policy in packs.policies.values() if policy.front.subject == subject]
    names = list(chosen)
    return [find_policy(packs, name) for name in names] if names else ids


def find_policy(packs: Packs, name: str) -> str:
    """Return the id of the policy that a name means.

    Raises:
        InputError: policy-unknown.
    """
    if name in packs.policies:
        return name
    fitting = [policy.id for policy in packs.policies.values() if name in policy.id or name in policy.front.title]
    if len(fitting) == 1:
        return fitting[0]
    raise InputError([diagnostic("policy-unknown", None, name=name, known="、".join(fitting or packs.policies))])


@contextmanager
def progress_bar(label: str) -> Iterator["Bar"]:
    """Show progress with the time left on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bar(progress, label)


class Bar:
    """A progress bar that starts when its total is known."""

    def __init__(self, progress: Progress, label: str) -> None:
        """Keep where to show it."""
        self._progress = progress
        self._label = label
        self._task: TaskID | None = None
        self._stage = label

    def start(self, total: int) -> None:
        """Show the bar."""
        self._task = self._progress.add_task(self._label, total=total)

    def advance(self, done: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._progress.advance(self._task, done)

    def stage(self, stage: str, done: int, total: int) -> None:
        """Show how far a named stage is."""
        if self._task is None or stage != self._stage:
            self._stage = stage
            self._task = self._progress.add_task(f"{self._label} {stage}", total=total)
        self._progress.update(self._task, completed=done, total=total)
