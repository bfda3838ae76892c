"""`zhida weave`: one self-contained page per policy, law beside rule."""

from pathlib import Path
from typing import Annotated

import typer

from zhida.cli.check import check_examples
from zhida.cli.console import OK, AsOfOption, JsonOption, Lang, LangOption, PacksOption, find_policy, print_json, read_as_of, sound_packs
from zhida.errors import Language
from zhida.registry_io.writing import replacing
from zhida.report.weave import weave as weave_page


def weave(
    policy: Annotated[list[str] | None, typer.Argument(help="政策，默认全部 | policies, all by default", metavar="POLICY...")] = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the pages")] = Path("build/weave"),
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """把政策织成网页：左边条文，右边规则；一份一页，可打印，不依赖网络。

    Weave policies into self-contained, printable pages: law beside rule.

    例 Examples:

        zhida weave 中小企业划型

        zhida weave national/sme-size hangzhou/compute-voucher --out pages --lang en
    """
    language: Language = lang.value
    loaded = sound_packs(packs)
    chosen = [find_policy(loaded, name) for name in policy] if policy else list(loaded.policies)
    results = check_examples(loaded, read_as_of(as_of))
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for id_ in chosen:
        path = out / f"{id_.replace('/', '-')}.html"
        page = weave_page(loaded.policies[id_], loaded, results.get(id_, ()), language=language)
        with replacing(path) as new:
            new.write_text(page, encoding="utf-8", newline="\n")
        paths.append(str(path))
    if json:
        print_json({"pages": paths})
    else:
        typer.echo("\n".join(paths))
    return OK
