"""`zhida weave`: one self-contained page per policy, law beside rule."""

from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.examples import run_examples
from zhida.cli.console import (
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    chosen_policies,
    made_folder,
    print_json,
    read_as_of,
    sound_packs,
    write_text,
)
from zhida.cli.models import model_as_policy
from zhida.cli.over_policies import check_examples
from zhida.cli.over_proof import timed_proof
from zhida.errors import Language
from zhida.policy.interchange import NO_PACKS
from zhida.report.weave import weave as weave_page


def page_name(policy: str) -> str:
    """Return what the page of a policy is called.

    >>> page_name("national/sme-size")
    'national-sme-size.html'
    """
    return f"{policy.replace('/', '-')}.html"


def weave(
    policy: Annotated[list[str] | None, typer.Argument(help="政策，默认全部 | policies, all by default", metavar="POLICY...")] = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 | folder for the pages")] = Path("build/weave"),
    proof: Annotated[bool, typer.Option("--proof/--no-proof", help="页上是否给出证明 | whether the page shows the proof")] = True,
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

        zhida weave build/sme-size.dmn
    """
    language: Language = lang.value
    day = read_as_of(as_of)
    models = [Path(name) for name in policy or () if name.lower().endswith(".dmn") and Path(name).is_file()]
    named = [name for name in policy or () if Path(name) not in models]
    loaded = sound_packs(packs) if named or not models or packs.exists() else NO_PACKS
    chosen = chosen_policies(loaded, named) if named or not models else []
    folder = made_folder(out)
    results = check_examples(loaded, day, chosen)
    proofs = timed_proof(loaded, chosen, results, day, language).by_policy if proof and chosen else {}
    paths = []
    for path in models:
        model, around = model_as_policy(path, loaded)
        results_of_model = tuple(run_examples(around, model, as_of=day)) if model.is_sound else ()
        page = weave_page(model, around, results_of_model, language=language)
        paths.append(str(write_text(folder / page_name(model.id), page)))
    for id_ in chosen:
        page = weave_page(loaded.policies[id_], loaded, results.get(id_, ()), language=language, proof=proofs.get(id_))
        paths.append(str(write_text(folder / page_name(id_), page)))
    if json:
        print_json({"pages": paths})
    else:
        typer.echo("\n".join(paths))
    return OK
