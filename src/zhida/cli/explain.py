"""`zhida explain`: one subject and one policy, with reasons that an official can sign."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.assessment import Assessment
from zhida.assess.subject import assess_subject
from zhida.cli.console import (
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    chosen_policies,
    json_text,
    read_as_of,
    sound_packs,
    words,
)
from zhida.cli.registry import dictionary_of
from zhida.errors import Language
from zhida.registry_io.registry import read_registry
from zhida.registry_io.writing import replacing
from zhida.report.explanation import explanation_data, explanation_text
from zhida.report.explanation_html import explanation_html


class Format(StrEnum):
    """The form of an explanation."""

    text = "text"
    json = "json"
    html = "html"


def explain(
    code: Annotated[str, typer.Argument(help="主体代码（统一社会信用代码）| the subject's code", metavar="CODE")],
    policy: Annotated[
        list[str] | None, typer.Argument(help="政策，默认全部 | policies, all by default: id or a part of the title", metavar="POLICY...")
    ] = None,
    *,
    registry: Annotated[Path, typer.Option("--registry", help="登记库：registry.parquet 或其文件夹 | the registry", metavar="FILE")],
    form: Annotated[Format, typer.Option("--format", help="文本、JSON 或 HTML | text, JSON or HTML")] = Format.text,
    out: Annotated[Path | None, typer.Option("--out", help="写到文件 | write to a file")] = None,
    subject: Annotated[str, typer.Option("--subject", help="主体种类 | the kind of subject")] = "enterprise",
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """说明一户对一项政策的结论和理由：条款、规则、遇到的事实、缺什么、差一步、待确认。

    Explain what a policy says for a subject, and why.

    例 Examples:

        zhida explain --registry build/demo/registry 91990001HC0000017X 中小企业划型

        zhida explain --registry build/demo/registry 91990001HC0000017X hangzhou/compute-voucher --format html --out answer.html
    """
    language: Language = lang.value
    loaded = sound_packs(packs)
    taken = read_registry(registry, dictionary_of(loaded, subject))
    facts = taken.subject(code)
    name = str(facts.get("企业名称") or "")
    day = read_as_of(as_of)
    assessments = [assess_subject(loaded, id_, facts, as_of=day) for id_ in chosen_policies(loaded, policy or (), subject)]
    form = Format.json if json else form
    text = _rendered(assessments, form, language, name, code, is_synthetic=taken.is_synthetic)
    if out is None:
        typer.echo(text)
    else:
        with replacing(out) as new:
            new.write_text(text + "\n", encoding="utf-8", newline="\n")
        typer.echo(words(language, f"已写出 {out}", f"written {out}"), err=True)
    return OK


def _rendered(assessments: list[Assessment], form: Format, language: Language, name: str, code: str, *, is_synthetic: bool) -> str:
    """Return the explanations in the form that was asked for."""
    if form is Format.json:
        data = [explanation_data(item, subject_name=name, subject_code=code, is_synthetic=is_synthetic) for item in assessments]
        return json_text(data[0] if len(data) == 1 else data)
    if form is Format.html:
        return "\n".join(
            explanation_html(item, language=language, subject_name=name, subject_code=code, is_synthetic=is_synthetic)
            for item in assessments
        )
    return "\n\n".join(
        explanation_text(item, language=language, subject_name=name, subject_code=code, is_synthetic=is_synthetic) for item in assessments
    )
