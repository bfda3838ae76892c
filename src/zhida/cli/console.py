"""What all commands share: options, exit codes, messages, progress and tables.

Data goes to standard output, everything else to standard error, so that every command pipes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from zhida.cli.plan_cache import cache_folder
from zhida.errors import CompileError, Diagnostic, InputError, Language, diagnostic, nearest
from zhida.errors.code import Severity
from zhida.policy.pack import Packs, Policy
from zhida.registry_io.pack_cache import kept_packs
from zhida.registry_io.replacing import replacing, write_failed
from zhida.values.temporal import Date, parse_date

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
"""Settings of every command: how one asks for help."""

OK, FOUND_ERRORS, MISUSE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: no errors; errors found in what was read; wrong use of the command; interrupted."""


class Lang(StrEnum):
    """The language of what is printed."""

    zh = "zh"
    en = "en"


LangOption = Annotated[Lang, typer.Option("--lang", help="输出语言 | language of the output")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON（便于程序读取）| print JSON")]
SubjectOption = Annotated[str | None, typer.Option("--subject", metavar="KIND", help="主体种类 | the kind of subject")]
PacksOption = Annotated[Path, typer.Option("--packs", help="政策包所在文件夹 | folder of the packs")]
AS_OF_FORM = "YYYY-MM-DD"
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar=AS_OF_FORM, help="评估日，默认今天 | date of the business fact, today by default")
]


def read_as_of(text: str | None) -> Date:
    """Return the date that `--as-of` names; today in Shanghai where it is left out."""
    if text is None:
        today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        return Date(today.year, today.month, today.day)
    date = parse_date(text)
    if date is None:
        raise misuse(f"--as-of：“{text}”不是日期，写法如 2026-11-20", f"--as-of: '{text}' is no date; write it as 2026-11-20")
    return date


YUAN = {"": 1, "元": 1, "万": 10_000, "万元": 10_000, "亿": 100_000_000, "亿元": 100_000_000}
"""What an amount of money may be given in, in yuan."""


def read_fen(text: str, option: str) -> int:
    """Return the fen that an amount of yuan writes.

    Args:
        text: The amount; 元, 万 or 亿 may stand behind it.
        option: The option it was given for.

    >>> read_fen("2.5亿", "--budget"), read_fen("1,200.05", "--budget")
    (25000000000, 120005)

    Raises:
        BadParameter: it is no amount.
    """
    found = re.fullmatch(r"\s*([0-9][0-9,]{0,20}(?:\.[0-9]{1,10})?)\s*(元|万元|亿元|万|亿)?\s*", text)
    fen = Decimal(found[1].replace(",", "")) * YUAN[found[2] or ""] * 100 if found else Decimal("0.5")
    if fen != int(fen) or fen >= 10**18:
        raise misuse(
            f"{option}：“{text}”不是金额，写法如 250000000、5000万、2.5亿", f"{option}: '{text}' is no amount; write it as 250000000"
        )
    return int(fen)


def misuse(zh: str, en: str) -> typer.BadParameter:
    """Return what is raised where a command was called with what cannot be; `zhida.cli.misuse` words it."""
    return typer.BadParameter(f"{zh} | {en}")


DEFAULT_SUBJECT = "enterprise"
"""The kind of subject where nothing else is said."""


def words(language: Language, zh: str, en: str) -> str:
    """Return one of two wordings."""
    return zh if language == "zh" else en


def width() -> int:
    """Return the width of the terminal in cells; 80 where there is none."""
    return Console().width


def print_table(table: Table) -> None:
    """Print a table that fits the terminal."""
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(table)
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


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


def plural(count: int, one: str, many: str = "") -> str:
    """Return a number of things in English.

    >>> plural(1, "table"), plural(0, "table"), plural(2, "policy", "policies")
    ('1 table', '0 tables', '2 policies')
    """
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def count_severities(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    """Return how many findings there are of each gravity."""
    counts = {"errors": 0, "warnings": 0, "information": 0}
    names = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFORMATION: "information"}
    for item in diagnostics:
        counts[names[item.severity]] += 1
    return counts


def read_packs(root: Path, cache: Path | None = None) -> Packs:
    """Load packs, sound or not.

    Args:
        root: Their folder.
        cache: The folder that may have kept them as they were read before; None for none.

    Raises:
        BadParameter: there is no such folder.
        InputError: policy-no-policies.
    """
    if not root.exists():
        raise misuse(
            f"没有文件夹“{root}”：请到放着政策包的地方运行，或指明政策包所在的文件夹",
            f"there is no folder '{root}': run this where the packs are, or name their folder",
        )
    return kept_packs(root, cache)


def sound_packs(root: Path) -> Packs:
    """Load packs that something is to be done with; errors in them stop it.

    Raises:
        BadParameter, InputError: as `read_packs`.
        CompileError: all errors that were found.
    """
    packs = read_packs(root, cache_folder())
    errors = [item for item in packs.diagnostics if item.severity is Severity.ERROR]
    if errors:
        raise CompileError(errors)
    return packs


def chosen_policies(packs: Packs, chosen: Iterable[str], subject: str | None = None) -> list[str]:
    """Return the ids of the policies that are meant, each once: the chosen ones, or all about this kind of subject.

    Raises:
        InputError: policy-unknown.
    """
    names = list(chosen)
    if names:
        return list(dict.fromkeys(find_policy(packs, name, subject) for name in names))
    return [policy.id for policy in _about(packs, subject)]


def meant_subject(packs: Packs, chosen: Iterable[str], stated: str | None) -> str:
    """Return the kind of subject that a command is about: the stated one, else that of the chosen policies, else enterprises.

    Raises:
        InputError: policy-unknown.
    """
    if stated:
        return stated
    kinds = {packs.policies[find_policy(packs, name)].front.subject for name in chosen}
    return kinds.pop() if len(kinds) == 1 else DEFAULT_SUBJECT


def find_policy(packs: Packs, name: str, subject: str | None = None) -> str:
    """Return the id of the policy that a name means: its id, its title, or a part of either that fits only one.

    Args:
        packs: The packs.
        name: What was asked for.
        subject: The kind of subject that the policy must be about; None for any.

    Raises:
        InputError: policy-unknown.
    """
    policies = _about(packs, subject)
    ids = [policy.id for policy in policies]
    if name in ids:
        return name
    fitting = [policy.id for policy in policies if name in policy.id or name in policy.front.title]
    if len(fitting) == 1:
        return fitting[0]
    spellings = {spelling: policy.id for policy in policies for spelling in (policy.id, policy.id.partition("/")[2], policy.front.title)}
    near = "" if fitting else spellings.get(nearest(name, spellings), "")
    raise InputError([diagnostic("policy-unknown", None, name=name, near=near, known="、".join(fitting or ids))])


def _about(packs: Packs, subject: str | None) -> list[Policy]:
    return [policy for policy in packs.policies.values() if subject in {None, policy.front.subject}]


def folder_beside(source: str, name: str) -> Path:
    """Return the folder for what is made of a source, where none is named: beside a file, in a folder, or here for a database.

    >>> folder_beside("build/demo/registry.parquet", "results").as_posix(), folder_beside("postgresql://db/district", "results").as_posix()
    ('build/demo/results', 'results')
    """
    path = Path() if "://" in source else Path(source)
    return (path if path.is_dir() else path.parent) / name


def made_folder(path: Path) -> Path:
    """Return a folder for results, made where there is none.

    Raises:
        InputError: registry-write-failed.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failed(path, error) from error
    return path


@contextmanager
def folder_for(path: Path) -> Iterator[Path]:
    """Give a folder for results, made where there is none; what was made is removed again where nothing came of it.

    Raises:
        InputError: registry-write-failed.
    """
    new = [each for each in (path, *path.parents) if not each.exists()]
    try:
        yield made_folder(path)
    except BaseException:
        for each in new:
            with suppress(OSError):  # it holds something by now, or was never made
                each.rmdir()
        raise


def write_text(path: Path, text: str, *, is_fixed: bool = False) -> Path:
    """Write a text in the place of what a file held before, whole or not at all.

    Args:
        path: The file.
        text: The text.
        is_fixed: Whether it cannot be written elsewhere.

    Raises:
        InputError: registry-write-failed.
    """
    with replacing(path, is_fixed=is_fixed) as new:
        new.write_text(text, encoding="utf-8", newline="\n")
    return path


STAGES: dict[str, tuple[str, str]] = {
    "read": ("读取", "reading"),
    "convert": ("换算", "converting"),
    "join": ("合并", "joining"),
    "lists": ("清单", "lists"),
}
"""What the stages of an import are called."""


@contextmanager
def progress_bar(language: Language, zh: str, en: str) -> Iterator["Bar"]:
    """Show progress with the time left on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), CountColumn(), TimeRemainingColumn())
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bar(progress, language, words(language, zh, en))


class CountColumn(ProgressColumn):
    """How much is done of how much, as people write numbers: 12,345/1,000,000."""

    def render(self, task: Task) -> Text:
        """Return the words of a bar."""
        total = "?" if task.total is None else f"{task.total:,.0f}"
        return Text(f"{task.completed:{len(total)},.0f}/{total}", style="progress.download")


class Bar:
    """A progress bar that starts when its total is known."""

    def __init__(self, progress: Progress, language: Language, label: str) -> None:
        """Keep where to show it."""
        self._progress = progress
        self._language: Language = language
        self._label = label
        self._task: TaskID | None = None

    def start(self, total: int) -> None:
        """Show the bar."""
        self._task = self._progress.add_task(self._label, total=total)

    def advance(self, done: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._progress.advance(self._task, done)

    def stage(self, stage: str, done: int, total: int) -> None:
        """Show how far a named stage is, in the one bar that all stages share."""
        if done == 0 and self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
        if self._task is None:
            self._task = self._progress.add_task(words(self._language, *STAGES[stage]), total=total)
        self._progress.update(self._task, completed=done)
