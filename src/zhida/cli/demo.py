"""`zhida demo`: the main job from end to end on a synthetic district."""

from pathlib import Path
from typing import Annotated

import typer

from zhida.cli.assess import RunOrder, assess_into, summary_data
from zhida.cli.check import check_examples
from zhida.cli.console import OK, JsonOption, Lang, LangOption, PacksOption, print_json, sound_packs, words
from zhida.cli.registry import dictionary_of, import_files
from zhida.errors import Language
from zhida.registry_io.registry import read_registry
from zhida.registry_io.synthetic import synthesize, write_synthetic
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import replacing, write_registry
from zhida.report.registry_report import summary_text
from zhida.report.weave import weave
from zhida.values.temporal import Date

DEMO_AS_OF = Date(2026, 6, 30)
"""The date of the demonstration: fixed, so that it gives the same bytes on every day."""


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the results")] = Path("build/demo"),
    district: Annotated[Path, typer.Option("--district", help="合成区的参数 | the district's parameters")] = Path("examples/demo"),
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="进程数，默认为处理器数 | processes")] = None,
    packs: PacksOption = Path("packs"),
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """从头到尾走一遍：合成一个区，导入，逐户判定，写出结果和网页（全部为合成数据）。

    The whole walk on synthetic data: make a district, import it, decide every policy for everyone, weave the pages.

    例 Examples:

        zhida demo

        zhida demo --out /tmp/demo --lang en
    """
    language: Language = lang.value
    loaded = sound_packs(packs)
    results = check_examples(loaded, DEMO_AS_OF)
    _say(language, "生成合成区 …", "making a synthetic district …")
    sources = out / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    paths = write_synthetic(synthesize(read_district(district / "district.yaml")), sources)
    imported = import_files(loaded, district / "mapping.yaml", list(paths), language)
    write_registry(imported, out / "registry")
    quality = imported.quality
    _say(
        language,
        f"导入 {quality.subjects} 户，质量问题 {len(quality.findings)} 条 → {out / 'registry' / 'quality.zh.txt'}",
        f"imported {quality.subjects} subjects, {len(quality.findings)} findings → {out / 'registry' / 'quality.en.txt'}",
    )
    registry = read_registry(out / "registry", dictionary_of(loaded, "enterprise"))
    order = RunOrder(loaded, packs, tuple(loaded.policies), DEMO_AS_OF, workers, language)
    summary, written = assess_into(order, registry, "registry", out / "results", quality)
    (out / "pages").mkdir(exist_ok=True)
    for policy in loaded.policies.values():
        page = out / "pages" / f"{policy.id.replace('/', '-')}.html"
        with replacing(page) as new:
            new.write_text(weave(policy, loaded, results[policy.id], language=language), encoding="utf-8", newline="\n")
        written.append(page)
    if json:
        print_json(summary_data(summary) | {"files": [str(path) for path in written]})
    else:
        typer.echo(summary_text(summary, language))
        for path in written:
            typer.echo(str(path))
        _say_next(language, out, registry.codes[0])
    return OK


def _say(language: Language, zh: str, en: str) -> None:
    typer.echo(words(language, zh, en), err=True)


def _say_next(language: Language, out: Path, code: str) -> None:
    """Say what to try next."""
    command = f"zhida explain --registry {out / 'registry'} {code}"
    _say(language, f"\n下一步：.venv/bin/{command} 中小企业划型", f"\nnext: .venv/bin/{command} 中小企业划型 --lang en")
