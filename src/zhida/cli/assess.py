"""`zhida assess`: every subject of a registry against every policy."""

import json as json_module
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.registry import RunSummary, assess_registry, policy_columns, summarize
from zhida.cli.console import (
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    chosen_policies,
    print_json,
    progress_bar,
    read_as_of,
    sound_packs,
    words,
)
from zhida.cli.registry import dictionary_of
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.registry_io.importing import engine_version
from zhida.registry_io.quality import QualityReport
from zhida.registry_io.registry import Registry, read_registry
from zhida.registry_io.results import results_frame, write_results
from zhida.registry_io.writing import replacing
from zhida.report.registry_report import summary_html, summary_text
from zhida.report.words import OUTCOMES
from zhida.values.temporal import Date


def assess(
    registry: Annotated[Path, typer.Argument(help="登记库：registry.parquet 或其文件夹 | the registry", metavar="REGISTRY")],
    *,
    policy: Annotated[list[str] | None, typer.Option("--policy", help="只算这项政策（可重复）| only this policy (repeatable)")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹，默认在登记库旁的 results | folder for the results")] = None,
    subject: Annotated[str, typer.Option("--subject", help="主体种类 | the kind of subject")] = "enterprise",
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="进程数，默认为处理器数 | processes")] = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """对登记库中每一户逐项政策作出判定，写出 results.parquet、results.csv、report.html、summary.json。

    Decide every policy for every subject of a registry.

    例 Examples:

        zhida assess build/registry --out build/results

        zhida assess build/registry --policy national/sme-size --as-of 2026-06-30

        zhida assess build/registry --json | python -m json.tool
    """
    language: Language = lang.value
    loaded = sound_packs(packs)
    taken = read_registry(registry, dictionary_of(loaded, subject))
    folder = out or (registry if registry.is_dir() else registry.parent) / "results"
    order = RunOrder(loaded, packs, tuple(chosen_policies(loaded, policy or (), subject)), read_as_of(as_of), workers, language)
    summary, paths = assess_into(order, taken, str(registry), folder)
    if json:
        print_json(summary_data(summary) | {"files": [str(path) for path in paths]})
    else:
        typer.echo(summary_text(summary, language))
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
    """Processes; as many as there are processors where it is None."""
    language: Language
    """The language of the report."""


def assess_into(
    order: RunOrder, registry: Registry, name: str, folder: Path, quality: QualityReport | None = None
) -> tuple[RunSummary, list[Path]]:
    """Assess a registry and write all results into a folder; returns the summary and the paths."""
    columns = policy_columns(order.packs, order.policies)
    with progress_bar(words(order.language, "判定", "assessing")) as bar:
        bar.start(len(registry))
        rows = list(
            assess_registry(
                order.packs,
                order.policies,
                registry.iter_subjects(),
                as_of=order.as_of,
                packs_root=order.packs_root,
                workers=order.workers or os.cpu_count() or 1,
                progress=bar.advance,
            )
        )
    summary = summarize(columns, rows, as_of=order.as_of, is_synthetic=registry.is_synthetic, registry=name)
    names = registry.frame["企业名称"].to_list() if "企业名称" in registry.frame.columns else [None] * len(registry)
    frame = results_frame(registry.key, registry.codes, names, columns, rows)
    digests = {id_: order.packs.policies[id_].sha256 for id_ in order.policies}
    metadata = {
        **registry.metadata,
        "zhida.as_of": str(order.as_of),
        "zhida.engine_version": engine_version(),
        "zhida.policies": json_module.dumps(digests, ensure_ascii=False),
    }
    outcome_words = {outcome: words_["zh"] for outcome, words_ in OUTCOMES.items()}
    folder.mkdir(parents=True, exist_ok=True)
    written = list(write_results(frame, columns, folder, metadata, outcome_words=outcome_words))
    texts = {
        folder / "report.html": summary_html(summary, order.language, quality),
        folder / "summary.json": json_module.dumps(summary_data(summary), ensure_ascii=False, indent=1) + "\n",
    }
    for path, text in texts.items():
        with replacing(path) as new:
            new.write_text(text, encoding="utf-8", newline="\n")
    return summary, [*written, *texts]


def summary_data(summary: RunSummary) -> dict[str, object]:
    """Return what a run came to as plain data; amounts in fen."""
    return {
        "as_of": str(summary.as_of),
        "subjects": summary.subjects,
        "synthetic": summary.is_synthetic,
        "registry": summary.registry,
        "policies": [
            {
                "policy": row.policy,
                "title": row.title,
                "outcomes": {outcome.value: count for outcome, count in row.counts.items()},
                "amount_fen": row.amount_fen,
                "results": dict(row.results),
                "missing": dict(row.missing),
                "near": row.near,
                "delivery": dict(row.delivery),
            }
            for row in summary.rows
        ],
    }
