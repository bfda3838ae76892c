"""`zhida combine`: the best lawful combination of everybody, and the letter to one enterprise."""

import json as json_module
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from zhida.assess.order import Plan, RunOrder, plan_parts, processors
from zhida.assess.run import Progress as RunProgress
from zhida.cli.assess import CsvOption, PolicyOption, SourceArgument, WorkersOption, assess_into, opened_for
from zhida.cli.console import (
    FOUND_ERRORS,
    OK,
    AsOfOption,
    CountColumn,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    SubjectOption,
    chosen_policies,
    folder_beside,
    folder_for,
    made_folder,
    meant_subject,
    misuse,
    print_diagnostics,
    print_json,
    read_as_of,
    sound_packs,
    words,
    write_text,
)
from zhida.cli.plan_cache import cache_folder
from zhida.cli.run_progress import stopping_gently
from zhida.cli.taking import dictionary_of
from zhida.entitle.best.letter import Letter, letter_of
from zhida.entitle.best.payments import read_received
from zhida.entitle.best.registry import CombineRun, Outputs, facts_of, fitting_results, payments_to
from zhida.entitle.best.tally import CombinationSummary
from zhida.errors import InputError, Language
from zhida.policy.pack import Packs
from zhida.registry_io.replacing import replacing
from zhida.registry_io.sources import Source
from zhida.registry_io.tables import Frame
from zhida.report.combination import combination_data, combination_html, combination_text
from zhida.report.combination_letter import letter_data, letter_html, letter_text

ENTITLEMENTS_FILE, CSV_FILE, PAGE_FILE, DATA_FILE = "entitlements.parquet", "entitlements.csv", "combinations.html", "combinations.json"
"""What a run writes."""

ResultsOption = Annotated[
    Path | None,
    typer.Option("--results", help="判定过的结果 | results of zhida assess; without them it is assessed first", metavar="FOLDER"),
]
ReceivedOption = Annotated[
    Path | None, typer.Option("--received", help="已领表：主体,政策,金额（元）,日期 | payments received before, CSV", metavar="FILE")
]
CodeArgument = Annotated[
    str | None,
    typer.Argument(help="主体代码：只给这一户写信 | the code of one subject: a letter to it", metavar="CODE", show_default=False),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="结果文件夹 | folder for the results; `entitlements` beside the source by default", metavar="FOLDER"),
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", help="给一户的信写成网页 | write the letter to one subject as a page", metavar="FILE")
]


def combine(
    source: SourceArgument,
    code: CodeArgument = None,
    *,
    results: ResultsOption = None,
    received: ReceivedOption = None,
    policy: PolicyOption = None,
    html: HtmlOption = None,
    out: OutOption = None,
    csv: CsvOption = None,
    workers: WorkersOption = None,
    subject: SubjectOption = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""给每一户算出最优合法组合：叠加规则允许的最多的钱，每户一行，并说明各项为什么少给或不给。

    The best lawful combination of everybody: the most that stacking allows, to the fen, and why anything is cut. With
    CODE the letter to one subject, with a certificate that was checked.

    例 Examples:

        zhida combine build/demo/registry --as-of 2026-06-30

        zhida combine build/demo/registry --results build/demo/results \
            --received received.csv --out build/demo/entitlements

        zhida combine build/demo/registry 91990001HC0000585H --as-of 2026-06-30

        zhida combine build/demo/registry 91990001HC0000585H \
            --html letter.html --lang en
    """
    _refuse_what_does_not_go_together(code, html, out, is_csv=csv)
    language: Language = lang.value
    day = read_as_of(as_of)
    loaded = sound_packs(packs)
    kind = meant_subject(loaded, policy or (), subject)
    places = {id_: place for place, id_ in enumerate(loaded.policies)}
    chosen = tuple(sorted(chosen_policies(loaded, policy or (), kind), key=places.__getitem__))
    paid = None if received is None else read_received(received, loaded)
    dictionary = dictionary_of(loaded, kind)
    order = RunOrder(loaded, chosen, dictionary, day, workers, cache=cache_folder())
    plan = plan_parts(order)
    with opened_for(order, plan, source, language) as opened:
        if code is not None:
            if results is not None:
                fitting_results(order, opened, results)
            return _letter(order, opened, code, paid, html, language, is_json=json)
        with folder_for(out or folder_beside(source, "entitlements")) as folder:
            done = _run(Work(order, plan, opened, folder, paid, language), results, is_csv=csv)
        print_diagnostics(opened.diagnostics(), language)
    if json:
        print_json(combination_data(done.summary) | {"files": [str(path) for path in done.paths]})
    else:
        typer.echo(combination_text(done.summary, language))
        for path in done.paths:
            typer.echo(str(path))
    return OK


def _refuse_what_does_not_go_together(code: str | None, html: Path | None, out: Path | None, *, is_csv: bool | None) -> None:
    """Say which options are about one enterprise, and which about everybody.

    Raises:
        BadParameter: they were given together.
    """
    if code is None and html is not None:
        raise misuse("--html 是给一户的信用的：请指明主体代码", "--html is for the letter to one subject: name its code")
    if code is not None and (out is not None or is_csv is not None):
        raise misuse(
            "--out 和 --csv 是给整册用的；一户的信写成网页用 --html",
            "--out and --csv are for everybody; the letter to one subject becomes a page with --html",
        )


@dataclass(frozen=True, slots=True)
class Work:
    """What a run works on."""

    order: RunOrder
    """What is to be decided."""
    plan: Plan
    """How the source is cut."""
    source: Source
    """The subjects."""
    folder: Path
    """Where results go."""
    received: Frame | None
    """What was received before."""
    language: Language
    """The language of what is said."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run that has come to its end."""

    summary: CombinationSummary
    """What it came to."""
    paths: tuple[Path, ...]
    """The files that were written."""


def _run(work: Work, results: Path | None, *, is_csv: bool | None) -> Done:
    """Combine everybody, after an assessment where there is none yet."""
    found = _results(work, results)
    threads = work.order.workers or processors()
    is_csv = len(work.source.parts) <= 1 if is_csv is None else is_csv
    names = [ENTITLEMENTS_FILE, *([CSV_FILE] if is_csv else []), PAGE_FILE, DATA_FILE]
    with ExitStack() as stack, _bar(work.language) as progress, stopping_gently(progress):
        new = {name: stack.enter_context(replacing(work.folder / name)) for name in names}
        run = CombineRun(work.order, work.source, found, work.received, threads, progress)
        summary = run.run(Outputs(new[ENTITLEMENTS_FILE], new.get(CSV_FILE)))
        new[PAGE_FILE].write_text(combination_html(summary, work.language), encoding="utf-8", newline="\n")
        data = json_module.dumps(combination_data(summary), ensure_ascii=False, indent=1)
        new[DATA_FILE].write_text(f"{data}\n", encoding="utf-8", newline="\n")
    if not is_csv:
        (work.folder / CSV_FILE).unlink(missing_ok=True)  # of an earlier run
    return Done(summary, tuple(work.folder / name for name in names))


def _results(work: Work, results: Path | None) -> Path:
    """Return results that fit: those that were named, those of an earlier run, or new ones."""
    if results is not None:
        fitting_results(work.order, work.source, results)
        return results
    own = work.folder / "results"
    try:
        former = fitting_results(work.order, work.source, own)
    except InputError:
        former = None
    if former is not None and former.words.get("zhida.known_at"):  # else nobody can tell whether the rows are still the same
        typer.echo(words(work.language, f"用已有的结果 {own}", f"using the results in {own}"), err=True)
        return own
    assess_into(work.order, work.plan, work.source, made_folder(own), work.language, is_csv=False)
    return own


@contextmanager
def _bar(language: Language) -> Iterator[RunProgress]:
    """Show how far a run is on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), CountColumn())
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task(words(language, "组合", "combining"), total=None)
        yield RunProgress(tell=lambda progress: display.update(task, total=progress.rows, completed=progress.rows_done))


# --- one enterprise ------------------------------------------------------------------------------------------------


def _letter(
    order: RunOrder, source: Source, code: str, received: Frame | None, html: Path | None, language: Language, *, is_json: bool
) -> int:
    """Write the letter to one enterprise."""
    facts, name = facts_of(order, source, code)
    letter = _written(order.packs, order, facts, code, name, received, is_synthetic=source.metadata.get("zhida.synthetic") == "true")
    if html is not None:
        write_text(html, letter_html(letter, language))
    if is_json:
        print_json(letter_data(letter))
    elif html is None:
        typer.echo(letter_text(letter, language))
    else:
        typer.echo(str(html))
    return FOUND_ERRORS if letter.faults or not letter.is_alike else OK


def _written(
    packs: Packs, order: RunOrder, facts: dict[str, Any], code: str, name: str, received: Frame | None, *, is_synthetic: bool
) -> Letter:
    return letter_of(
        packs,
        order.policies,
        facts,
        code=code,
        name=name,
        as_of=order.as_of,
        received=payments_to(received, code),
        is_synthetic=is_synthetic,
    )
