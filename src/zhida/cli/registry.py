"""`zhida registry import` and `zhida registry synthesize`: take in what districts hand over."""

from pathlib import Path
from typing import Annotated

import typer

from zhida.cli.console import (
    HELP_OPTIONS,
    OK,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    made_folder,
    print_json,
    progress_bar,
    sound_packs,
    words,
)
from zhida.cli.taking import dictionary_of
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.synthetic import write_applications, write_district
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry

app = typer.Typer(
    help="登记册：导入、合成 | registries: import, synthesize",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    context_settings=HELP_OPTIONS,
)


@app.command("import", short_help="按映射文件导入 | import source files by a mapping")
def import_(
    mapping: Annotated[Path, typer.Argument(help="映射文件（YAML）| the mapping file", metavar="MAP")],
    paths: Annotated[list[Path], typer.Argument(help="数据文件（CSV、Parquet）| source files", metavar="PATH...")],
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the result")],
    packs: PacksOption = Path("packs"),
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""按映射文件导入数据文件，写出登记册和质量报告；有问题的行搁置并列出，不会悄悄丢掉。

    Import source files by a mapping; writes registry.parquet, set-aside.csv and a quality report. Faulty rows are set aside
    and listed, never silently dropped.

    例 Examples:

        zhida registry import map.yaml a.csv b.csv --out build/registry

        zhida registry import map.yaml *.csv --out build/registry --json

        zhida registry import --out build/registry \
            examples/demo/mapping.yaml build/demo/sources/*.csv
    """
    language: Language = lang.value
    result = import_files(sound_packs(packs), mapping, paths, language)
    written = write_registry(result, out)
    if json:
        typer.echo(result.quality.to_json(), nl=False)
    else:
        typer.echo(result.quality.to_text(language))
        for path in written.values():
            typer.echo(words(language, f"已写出 {path}", f"written {path}"), err=True)
    return OK


def import_files(packs: Packs, mapping_path: Path, paths: list[Path], language: Language) -> ImportResult:
    """Import source files, showing progress."""
    mapping = read_mapping(mapping_path)
    dictionary = dictionary_of(packs, mapping.subject, mapping.subject_span)
    with progress_bar(language, "导入", "importing") as bar:
        return import_registry(mapping, paths, dictionary, progress=bar.stage)


@app.command("synthesize", short_help="生成合成的区 | make a synthetic district")
def synthesize_(
    district: Annotated[Path, typer.Argument(help="合成区的参数（YAML）| the district's parameters", metavar="DISTRICT")],
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the result")],
    seed: Annotated[int | None, typer.Option("--seed", help="随机种子，默认按参数文件 | seed; the file's")] = None,
    applications: Annotated[
        Path | None, typer.Option("--applications", help="另写一份虚构的申请表 | also write invented applications", metavar="FILE")
    ] = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """生成一个合成的区（虚构企业，用于演示和测试；处处标明合成数据）。

    Make a synthetic district: invented enterprises for demonstrations and tests, marked as such everywhere.

    例 Examples:

        zhida registry synthesize examples/demo/district.yaml --out build/synthetic

        zhida registry synthesize examples/demo/district.yaml --out build/other --seed 7

        zhida registry synthesize examples/demo/district.yaml --out s --applications a.csv
    """
    language: Language = lang.value
    parameters = read_district(district)
    paths = list(write_district(parameters, made_folder(out), seed))
    if applications is not None:
        made_folder(applications.parent)
        sheet = write_applications(parameters, applications, seed)
        paths += [sheet] if sheet else []
    if json:
        print_json({"synthetic": True, "files": [str(path) for path in paths]})
        return OK
    typer.echo(words(language, f"合成数据 synthetic：{len(paths)} 个文件", f"synthetic 合成数据: {len(paths)} files"))
    for path in paths:
        typer.echo(str(path))
    return OK
