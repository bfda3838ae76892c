"""`zhida demo`: the main job from end to end on a synthetic district."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.order import RunOrder, plan_parts
from zhida.cli import run
from zhida.cli.assess import assess_into
from zhida.cli.console import (
    AS_OF_FORM,
    OK,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    chosen_policies,
    made_folder,
    print_json,
    read_as_of,
    sound_packs,
    width,
    words,
    write_text,
)
from zhida.cli.demo_walk import Walk, take
from zhida.cli.over_policies import check_examples
from zhida.cli.plan_cache import cache_folder
from zhida.cli.registry import import_files
from zhida.cli.taking import dictionary_of
from zhida.cli.weave import page_name
from zhida.errors import Language
from zhida.registry_io.quality import QualityReport
from zhida.registry_io.results import first_near_miss
from zhida.registry_io.sources import open_source
from zhida.registry_io.synthetic import published_totals, write_applications, write_district
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry
from zhida.report.registry_report import summary_data, summary_text
from zhida.report.weave import weave
from zhida.values.temporal import Date

DEMO_AS_OF = Date(2026, 6, 30)
"""The date of the demonstration: fixed, so that it gives the same bytes on every day."""


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the results")] = Path("build/demo"),
    district: Annotated[Path, typer.Option("--district", help="合成区的参数文件夹 | folder of the district's parameters")] = Path(
        "examples/demo"
    ),
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="线程数，默认为处理器数 | threads")] = None,
    packs: PacksOption = Path("packs"),
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar=AS_OF_FORM, help=f"评估日，默认 {DEMO_AS_OF} | date of the business fact, {DEMO_AS_OF} by default"),
    ] = None,
    site: Annotated[
        bool,
        typer.Option("--site", help="再装成站点并启动 | go on to a site, and serve it where there is a terminal"),
    ] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="装好站点就停 | make the site and end")] = False,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """从头到尾走一遍：合成一个区，导入，逐户判定，织网页，再到组合、预算、差一步、模拟、通知（全部为合成数据）。

    The whole walk on synthetic data: make a district, import it, decide every policy for everyone, weave the pages, and go on
    to combinations, a budget, next steps, a simulation and notices; each step says which command it is. With --site it ends in a
    running site filled with all of it.

    例 Examples:

        zhida demo

        zhida demo --out build/other --lang en

        zhida demo --site
    """
    language: Language = lang.value
    day = DEMO_AS_OF if as_of is None else read_as_of(as_of)
    loaded = sound_packs(packs)
    invented = read_district(district / "district.yaml")
    results = check_examples(loaded, day)
    _say(language, "生成合成的区 …", "making a synthetic district …")
    paths = write_district(invented, made_folder(out / "sources"))
    applications = write_applications(invented, out / "applications.csv")  # it says nothing of what an enterprise is: no source
    imported = import_files(loaded, district / "mapping.yaml", list(paths), language)
    write_registry(imported, out / "registry")
    quality = imported.quality
    _tell_imported(language, quality, out / "registry")
    dictionary = dictionary_of(loaded, "enterprise")
    policies = tuple(chosen_policies(loaded, (), "enterprise"))
    order = RunOrder(loaded, policies, dictionary, day, workers, cache=cache_folder(), registry="registry")
    plan = plan_parts(order)
    with closing(open_source(str(out / "registry"), dictionary, rows_per_part=plan.rows_per_part)) as source:
        done = assess_into(order, plan, source, made_folder(out / "results"), language, quality)
    summary, written, pages = done.summary, list(done.paths), made_folder(out / "pages")
    woven = [
        write_text(pages / page_name(policy.id), weave(policy, loaded, results[policy.id], language=language))
        for policy in loaded.policies.values()
    ]
    walk = Walk.through(loaded, out=out, place=packs, as_of=day, applications=applications)
    if json:
        code = take(walk, language, is_quiet=True)
        print_json(summary_data(summary) | {"files": [str(path) for path in (*written, *woven)]})
    else:
        typer.echo(summary_text(summary, language, width=width(), is_brief=True))
        _tell_published(language, invented)
        _tell_set_aside(language, quality, out / "registry" / "set-aside.csv")
        _tell_files(language, written, pages, len(woven))
        code = take(walk, language)
        subject, asked = first_near_miss(written[0], order.policies) or (source.parts[0].first_key, order.policies[-1])
        _say_next(language, ["explain", "--registry", str(out / "registry"), subject, asked, "--as-of", str(day)], packs)
    return _go_on_to_site(out, packs, district, language, is_served=not no_serve) if (site or no_serve) and code == OK else code


def _go_on_to_site(out: Path, packs: Path, district: Path, language: Language, *, is_served: bool) -> int:
    """Fill a site with the demonstration, and serve it where there is somebody to end it."""
    write_text(out / "mapping.yaml", (district / "mapping.yaml").read_text(encoding="utf-8"))  # by which the site imports it
    stays = is_served and sys.stdin.isatty() and not os.environ.get("NO_SERVE")
    given = ["serve", str(out / "site"), "--demo", str(out), "--packs", str(packs), "--next-port", "--lang", language]
    return run(given if stays else [*given, "--no-serve"])


def _say(language: Language, zh: str, en: str) -> None:
    typer.echo(words(language, zh, en), err=True)


def _tell_imported(language: Language, quality: QualityReport, folder: Path) -> None:
    _say(
        language,
        f"导入 {quality.subjects:,} 户，质量问题 {len(quality.findings)} 条 → {folder / 'quality.zh.txt'}",
        f"imported {quality.subjects:,} subjects, {len(quality.findings)} findings → {folder / 'quality.en.txt'}",
    )


def _tell_files(language: Language, written: Sequence[Path], pages: Path, count: int) -> None:
    for path in written:
        typer.echo(str(path))
    typer.echo(words(language, f"{pages}{os.sep}  政策网页 {count} 页", f"{pages}{os.sep}  {count} pages of policies"))


def _tell_published(language: Language, district: Mapping[str, object]) -> None:
    """Say which totals of the district are published ones; all else is invented."""
    totals = published_totals(district)
    if totals:
        zh = "、".join(f"{title} {count:,} 户（{source}公布）" for title, (count, source) in totals.items())
        en = ", ".join(f"{title} {count:,} ({source})" for title, (count, source) in totals.items())
        typer.echo(
            words(language, f"只有这些总数是公布的：{zh}；其余全部虚构。", f"Published are these totals only: {en}; all else is invented.")
        )


def _tell_set_aside(language: Language, quality: QualityReport, path: Path) -> None:
    """Say how many subjects were not assessed, for nobody knows which of their rows are right."""
    count = quality.subjects_set_aside
    if count:
        zh = f"另有 {count:,} 户搁置，未作判定（数据自相矛盾）：{path}"
        en = f"{count:,} more set aside, not assessed (contradictory data): {path}"
        typer.echo(f"{words(language, zh, en)}\n")


def _say_next(language: Language, arguments: list[str], packs: Path) -> None:
    """Say what to try next."""
    arguments = [*arguments, "--packs", str(packs)] if packs != Path("packs") else arguments
    program = sys.argv[0] if Path(sys.argv[0]).name == "zhida" else "zhida"
    command = shlex.join([program, *arguments])
    _say(language, f"\n下一步：{command}", f"\nnext: {command} --lang en")
