"""`zhida assess`: every subject of a registry against every policy."""

import json as json_module
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from zhida.assess.registry import BATCH, RunSummary, assess_registry, policy_columns, registry_findings, summarize
from zhida.cli.console import (
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    chosen_policies,
    folder_for,
    print_diagnostics,
    print_json,
    progress_bar,
    read_as_of,
    sound_packs,
    width,
    write_text,
)
from zhida.cli.registry import taken_registry
from zhida.errors import InputError, Language, diagnostic
from zhida.policy.pack import Packs
from zhida.registry_io.engine import engine_version
from zhida.registry_io.quality import QualityReport
from zhida.registry_io.registry import Registry
from zhida.registry_io.results import PolicyColumns, ResultCells, results_frame, write_results
from zhida.report.registry_report import summary_data, summary_html, summary_text
from zhida.report.words import OUTCOMES
from zhida.values.temporal import Date


def assess(
    registry: Annotated[Path, typer.Argument(help="登记册：registry.parquet 或其文件夹 | the registry", metavar="REGISTRY")],
    *,
    policy: Annotated[list[str] | None, typer.Option("--policy", help="只算这项政策（可重复）| only this policy (repeatable)")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="结果文件夹，默认是登记册旁的 results | folder for the results, `results` beside the registry by default"
        ),
    ] = None,
    subject: Annotated[str, typer.Option("--subject", help="主体种类 | the kind of subject")] = "enterprise",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="进程数，默认看户数和处理器数 | processes, by subjects and processors")
    ] = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """对登记册中每一户逐项政策作出判定，写出 results.parquet、results.csv、report.html、summary.json。

    Decide every policy for every subject of a registry; the files are replaced together, or not at all.

    例 Examples:

        zhida assess build/registry --out build/results

        zhida assess build/registry --policy national/sme-size --as-of 2026-06-30

        zhida assess build/registry --json | python -m json.tool
    """
    language: Language = lang.value
    day = read_as_of(as_of)
    loaded = sound_packs(packs)
    chosen = tuple(chosen_policies(loaded, policy or (), subject))
    taken = taken_registry(registry, loaded, subject)
    print_diagnostics(registry_findings(taken), language)
    with folder_for(out or (registry if registry.is_dir() else registry.parent) / "results") as folder:
        summary, paths = assess_into(RunOrder(loaded, packs, chosen, day, workers, language), taken, str(registry), folder)
    if json:
        print_json(summary_data(summary) | {"files": [str(path) for path in paths]})
    else:
        typer.echo(summary_text(summary, language, width=width()))
        for path in paths:
            typer.echo(str(path))
    return OK


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What is to be assessed, and how."""

    packs: Packs
    """The packs."""
    packs_root: Path
    """Where they were loaded from."""
    policies: tuple[str, ...]
    """Ids of the policies, in the order of the columns."""
    as_of: Date
    """The date of the business fact."""
    workers: int | None
    """Processes; None for as many as there are processors and batches to keep them busy."""
    language: Language
    """The language of the report."""


def assess_into(
    order: RunOrder, registry: Registry, name: str, folder: Path, quality: QualityReport | None = None
) -> tuple[RunSummary, list[Path]]:
    """Assess a registry and write all results into a folder that exists; returns the summary and the paths."""
    columns = policy_columns(order.packs, order.policies)
    rows = _assessed(order, registry)
    summary = summarize(order.packs, order.policies, rows, as_of=order.as_of, is_synthetic=registry.is_synthetic, registry=name)
    with _replacing_together(folder) as new:
        _write_frames(order, registry, columns, rows, new)
        texts = {
            "report.html": summary_html(summary, order.language, quality),
            "summary.json": json_module.dumps(summary_data(summary), ensure_ascii=False, indent=1) + "\n",
        }
        for file, text in texts.items():
            write_text(new / file, text)
    return summary, [folder / file for file in ("results.parquet", "results.csv", *texts)]


def _assessed(order: RunOrder, registry: Registry) -> list[tuple[ResultCells, ...]]:
    """Return the results of each subject, showing progress."""
    workers = order.workers or min(os.cpu_count() or 1, -(-len(registry) // BATCH))
    with progress_bar(order.language, "判定", "assessing") as bar:
        bar.start(len(registry))
        rows = assess_registry(
            order.packs,
            order.policies,
            registry.iter_subjects(),
            as_of=order.as_of,
            packs_root=order.packs_root,
            workers=workers,
            progress=bar.advance,
        )
        with _deaf_children():
            first = list(islice(rows, 1))
        return [*first, *rows]


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Keep Ctrl-C from the processes that are started meanwhile: the terminal sends it to all, and this one stops them."""
    if not hasattr(signal, "pthread_sigmask"):  # not on Windows
        yield
        return
    resource_tracker.ensure_running()  # beforehand: some versions of Python let Ctrl-C through again when they start it
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _write_frames(
    order: RunOrder, registry: Registry, columns: tuple[PolicyColumns, ...], rows: list[tuple[ResultCells, ...]], folder: Path
) -> None:
    """Write results.parquet and results.csv, with what they were made of."""
    names = registry.frame["企业名称"].to_list() if "企业名称" in registry.frame.columns else [None] * len(registry)
    frame = results_frame(registry.key, registry.codes, names, columns, rows)
    digests = {id_: order.packs.policies[id_].sha256 for id_ in order.policies}
    metadata = {
        **registry.metadata,
        "zhida.as_of": str(order.as_of),
        "zhida.engine_version": engine_version(),
        "zhida.policies": json_module.dumps(digests, ensure_ascii=False),
    }
    outcome_words = {outcome: words["zh"] for outcome, words in OUTCOMES.items()}
    write_results(frame, columns, folder, metadata, outcome_words=outcome_words)


@contextmanager
def _replacing_together(folder: Path) -> Iterator[Path]:
    """Give a folder whose files take the places of those of `folder` when the block ends well: all of them, or none.

    Raises:
        InputError: registry-write-failed, where the operating system refuses.
    """
    try:
        with TemporaryDirectory(prefix=".new-", dir=folder) as new:
            try:
                yield Path(new)
            except InputError as error:  # tell of the file that was to be, not of the one that nobody will see
                found = [{name: word.replace(new, str(folder)) for name, word in item.arguments.items()} for item in error.diagnostics]
                raise InputError([replace(item, arguments=words) for item, words in zip(error.diagnostics, found, strict=True)]) from error
            for file in sorted(Path(new).iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        raise InputError([diagnostic("registry-write-failed", None, path=folder, reason=error.strerror or str(error))]) from error
