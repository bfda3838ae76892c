"""`zhida assess`: every subject of a registry against every policy."""

import json as json_module
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from zhida.assess.order import Plan, RunOrder, plan_parts, read_attributes
from zhida.assess.registry import RunSummary, registry_findings
from zhida.assess.run import Progress, Results, run
from zhida.cli.console import (
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    SubjectOption,
    chosen_policies,
    folder_beside,
    folder_for,
    meant_subject,
    misuse,
    print_diagnostics,
    print_json,
    read_as_of,
    sound_packs,
    width,
    words,
    write_text,
)
from zhida.cli.plan_cache import cache_folder
from zhida.cli.run_progress import run_bar, telling_what_is_kept
from zhida.cli.taking import dictionary_of
from zhida.columnar import kernel
from zhida.errors import Language
from zhida.registry_io.quality import QualityReport
from zhida.registry_io.results import write_long
from zhida.registry_io.sources import Source, lacking_columns, open_source
from zhida.report.registry_report import summary_data, summary_html, summary_text
from zhida.report.words import OUTCOMES

UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
"""Bytes of the units that `--memory` knows."""


SourceArgument = Annotated[
    str,
    typer.Argument(
        help="登记册或其文件夹、Parquet、CSV、数据库 | a registry or its folder, Parquet, CSV, a database",
        metavar="SOURCE",
    ),
]
PolicyOption = Annotated[
    list[str] | None, typer.Option("--policy", help="只算这项（可重复） | only this policy (repeatable)", metavar="POLICY")
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="结果文件夹 | folder for the results; `results` beside the source by default", metavar="FOLDER"),
]
ChangedOption = Annotated[
    Path | None,
    typer.Option(
        "--changed-since",
        help="上次的结果： 只算变了的，其余照抄 | former results: decide only what changed, take over the rest",
        metavar="FOLDER",
    ),
]
CsvOption = Annotated[
    bool | None,
    typer.Option("--csv/--no-csv", help="同时写成 CSV | a CSV as well; by default where there is one part", show_default=False),
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="从头开始 | begin anew instead of going on")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="线程数 | threads, one for each processor by default", metavar="N")
]
MemoryOption = Annotated[
    str | None,
    typer.Option("--memory", help="内存上限，如 1GB | memory at most, such as 512MiB; half of what is free by default", metavar="SIZE"),
]


def assess(
    source: SourceArgument,
    *,
    policy: PolicyOption = None,
    out: OutOption = None,
    changed_since: ChangedOption = None,
    csv: CsvOption = None,
    fresh: FreshOption = False,
    workers: WorkersOption = None,
    memory: MemoryOption = None,
    subject: SubjectOption = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""对登记册中每一户逐项政策作出判定，写出 results.parquet、report.html、summary.json（和 results.csv）。

    Decide every policy for every subject of a source, part by part. New files take the place of old ones together, or not at
    all; after an interruption the same command goes on where it stopped.

    例 Examples:

        zhida assess build/registry --out build/results

        zhida assess enterprises.csv --policy sme-size --as-of 2026-06-30

        zhida assess build/registry --changed-since build/results

        zhida assess big.parquet --memory 1GB --workers 2 --no-csv

        zhida assess 'postgresql://me@db/district?table=enterprise' --out r

        zhida assess build/registry --json --lang en | python -m json.tool
    """
    language: Language = lang.value
    day = read_as_of(as_of)
    loaded = sound_packs(packs)
    kind = meant_subject(loaded, policy or (), subject)
    chosen = tuple(chosen_policies(loaded, policy or (), kind))
    dictionary = dictionary_of(loaded, kind)
    size = None if memory is None else read_size(memory)
    order = RunOrder(loaded, chosen, dictionary, day, workers, size, fresh, changed_since, cache_folder())
    plan = plan_parts(order)
    with opened_for(order, plan, source, language) as opened:
        with folder_for(out or folder_beside(source, "results")) as folder:
            done = assess_into(order, plan, opened, folder, language, is_csv=csv)
        print_diagnostics(opened.diagnostics(), language)
    if json:
        print_json(summary_data(done.summary) | {"run": done.figures, "files": [str(path) for path in done.paths]})
    else:
        typer.echo(summary_text(done.summary, language, width=width()))
        typer.echo(f"{run_words(done.figures, language)}\n")
        for path in done.paths:
            typer.echo(str(path))
    return OK


@contextmanager
def opened_for(order: RunOrder, plan: Plan, source: str, language: Language) -> Iterator[Source]:
    """Open what a run reads, and say what is odd about it or lacking."""
    with closing(open_source(source, order.dictionary, rows_per_part=plan.rows_per_part)) as opened:
        print_diagnostics([*registry_findings(opened), *lacking_columns(opened, read_attributes(order))], language)
        yield opened


def read_size(text: str) -> int:
    """Return the bytes that `--memory` names.

    >>> read_size("1.5GB"), read_size("512 MiB"), read_size("300000000")
    (1500000000, 536870912, 300000000)
    """
    found = re.fullmatch(r"\s*([0-9]{1,12})(?:\.([0-9]{1,6}))?\s*([A-Za-z]*)\s*", text)
    unit = UNITS.get(found[3].upper()) if found else None
    if found is None or unit is None:
        raise misuse(f"--memory：“{text}”不是大小，写法如 1GB、512MiB", f"--memory: '{text}' is no size; write it as 1GB or 512MiB")
    decimals = found[2] or ""
    size: int = int(f"{found[1]}{decimals}") * unit // 10 ** len(decimals)
    return size


@dataclass(frozen=True, slots=True)
class Done:
    """A run that has come to its end."""

    summary: RunSummary
    """What it came to."""
    paths: tuple[Path, ...]
    """The files that were written, results first."""
    figures: dict[str, Any]
    """How it went: seconds, rate, parts, rows that were interpreted. For the terminal: they differ from run to run."""


def assess_into(  # each says one thing about the run
    order: RunOrder,
    plan: Plan,
    source: Source,
    folder: Path,
    language: Language,
    quality: QualityReport | None = None,
    *,
    is_csv: bool | None = None,
) -> Done:
    """Assess a source and write all results into a folder that exists, showing progress.

    Args:
        order: What is to be decided, and how.
        plan: How the source is cut, and how many parts are worked on at a time.
        source: The subjects.
        folder: Where the results go.
        language: That of the report, and of what is said meanwhile.
        quality: What the import met, for the report.
        is_csv: Whether results.csv is written too; None for where there is one part.
    """

    def finish(results: Results) -> None:
        write_text(results.beside / "report.html", summary_html(results.summary, language, quality))
        data = json_module.dumps(summary_data(results.summary), ensure_ascii=False, indent=1)
        write_text(results.beside / "summary.json", f"{data}\n")
        if results.parts == 1 if is_csv is None else is_csv:
            said = {outcome: each["zh"] for outcome, each in OUTCOMES.items()}
            write_long(results.file, results.beside / "results.csv", outcome_words=said)

    start = time.monotonic()
    with run_bar(language) as bar, telling_what_is_kept(bar, language):
        summary, paths = run(order, plan, source, folder, bar.progress, finish)
    return Done(summary, tuple(paths), _figures(order, plan, bar.progress, time.monotonic() - start))


def _figures(order: RunOrder, plan: Plan, progress: Progress, seconds: float) -> dict[str, Any]:
    """Return how a run went."""
    decided = progress.rows_done - progress.rows_found
    return {
        "rows": progress.rows_done,
        "rows_decided": decided,
        "rows_taken_over": progress.taken_over,
        "policies_decided_anew": progress.changes,
        "former_as_of": progress.former_date,
        "rows_interpreted": progress.interpreted,
        "policies": len(order.policies),
        "parts": progress.parts_done,
        "parts_found": progress.parts_found,
        "seconds": round(seconds, 3),
        "rows_per_second": round(decided / seconds) if seconds else 0,
        "threads": plan.threads,
        "processes": progress.processes,
        "kernel": kernel.path(),
    }


CHANGE_WORDS: dict[str, tuple[str, str]] = {
    "new": ("上次没有算", "not decided then"),
    "date": ("评估日不同", "another date"),
    "engine": ("引擎版本不同", "another version of the engine"),
    "text": ("政策文本变了", "the policy's text changed"),
    "dictionary": ("数据字典变了", "the data dictionary changed"),
    "around": ("地方参数、引用的政策或施行期间变了", "parameters, policies that it uses, or its time in force changed"),
}
"""Why a policy is decided anew for everybody, in Chinese and in English."""


def taken_over_words(figures: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return what was taken over from former results, and what was not and why, in Chinese and in English."""
    anew, rows = figures["policies_decided_anew"], figures["rows_taken_over"]
    kept = figures["policies"] - len(anew)
    zh, en = ["没有可照抄的"], ["nothing taken over"]
    if kept and rows:
        zh, en = [f"{kept} 项政策 × {rows:,} 户照抄"], [f"{kept} policies × {rows:,} subjects taken over"]
    elif kept:
        zh, en = ["没有可照抄的：各户的事实都变了"], ["nothing taken over: the facts of every subject changed"]
    for change in dict.fromkeys(anew.values()):
        count = list(anew.values()).count(change)
        why_zh, why = CHANGE_WORDS[change]
        if change == "date":
            why_zh, why = f"{why_zh}，上次为 {figures['former_as_of']}", f"{why}, then {figures['former_as_of']}"
        zh.append(f"{count} 项重新判定（{why_zh}）")
        en.append(f"{count} decided anew ({why})")
    return zh, en


def run_words(figures: dict[str, Any], language: Language) -> str:
    """Return how a run went, in a line."""
    rows, seconds, rate = figures["rows"], figures["seconds"], figures["rows_per_second"]
    zh = [f"{rows:,} 户 × {figures['policies']} 项，{seconds:.1f} 秒，每秒 {rate:,} 户"]
    en = [f"{rows:,} subjects × {figures['policies']} policies in {seconds:.1f} s, {rate:,} a second"]
    if figures.get("policies_decided_anew") is not None:
        said_zh, said_en = taken_over_words(figures)
        zh += said_zh
        en += said_en
    if figures["rows_interpreted"]:
        zh.append(f"交给解释器 {figures['rows_interpreted']:,} 次")
        en.append(f"{figures['rows_interpreted']:,} left to the interpreter")
    zh.append(f"内核 {figures['kernel']}")
    en.append(f"kernel {figures['kernel']}")
    return words(language, "；".join(zh), "; ".join(en))
