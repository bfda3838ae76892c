"""`zhida registry import` and `zhida registry synthesize`: take in what districts hand over."""

from pathlib import Path
from typing import Annotated

import typer

from zhida.cli.console import OK, JsonOption, Lang, LangOption, PacksOption, print_json, progress_bar, sound_packs, words
from zhida.errors import InputError, Language, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.synthetic import synthesize, write_synthetic
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry

app = typer.Typer(help="主体登记库：导入、合成 | registries: import, synthesize", no_args_is_help=True)


@app.command("import")
def import_(
    mapping: Annotated[Path, typer.Argument(help="映射文件（YAML）| the mapping file", metavar="MAP")],
    paths: Annotated[list[Path], typer.Argument(help="数据文件（CSV、Parquet）| source files", metavar="PATH...")],
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the result")],
    packs: PacksOption = Path("packs"),
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """按映射文件导入数据文件，写出登记库和质量报告。

    Import source files by a mapping; writes registry.parquet, set-aside.csv and a quality report. Faulty rows are set aside
    and listed, never silently dropped.

    例 Examples:

        zhida registry import examples/demo/mapping.yaml build/demo/*-synthetic.csv --out build/registry

        zhida registry import map.yaml a.csv b.csv --out registry --json > quality.json
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
    dictionary = dictionary_of(packs, mapping.subject)
    with progress_bar(words(language, "导入", "importing")) as bar:
        return import_registry(mapping, paths, dictionary, progress=bar.stage)


def dictionary_of(packs: Packs, subject: str) -> Dictionary:
    """Return the data dictionary of a kind of subject.

    Raises:
        InputError: policy-unknown-subject.
    """
    if subject not in packs.dictionaries:
        near = nearest(subject, packs.dictionaries)
        raise InputError([diagnostic("policy-unknown-subject", None, name=subject, near=near)])
    return packs.dictionaries[subject]


@app.command("synthesize")
def synthesize_(
    district: Annotated[Path, typer.Argument(help="合成区的参数（YAML）| the district's parameters", metavar="DISTRICT")],
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the result")],
    seed: Annotated[int | None, typer.Option("--seed", help="随机种子，默认取参数文件中的 | seed, the file's by default")] = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """生成一个合成的区（虚构企业，用于演示和测试；处处标明合成数据）。

    Make a synthetic district: invented enterprises for demonstrations and tests, marked as such everywhere.

    例 Examples:

        zhida registry synthesize examples/demo/district.yaml --out build/synthetic

        zhida registry synthesize examples/demo/district.yaml --out build/other --seed 7
    """
    language: Language = lang.value
    out.mkdir(parents=True, exist_ok=True)
    rows = synthesize(read_district(district), seed)
    paths = write_synthetic(rows, out)
    if json:
        print_json({"synthetic": True, "rows": len(rows), "files": [str(path) for path in paths]})
        return OK
    typer.echo(words(language, f"合成数据 synthetic：{len(rows)} 行", f"synthetic 合成数据: {len(rows)} rows"))
    for path in paths:
        typer.echo(str(path))
    return OK
