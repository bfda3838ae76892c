"""`zhida explain`: one subject and one policy, with reasons that an official can sign."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.agreement import Agreement, agreement, other_run
from zhida.assess.assessment import Assessment
from zhida.assess.population import input_names, notes_of, with_population
from zhida.assess.registry import registry_findings
from zhida.assess.subject import assess_subject
from zhida.cli.console import (
    FOUND_ERRORS,
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    SubjectOption,
    chosen_policies,
    json_text,
    made_folder,
    meant_subject,
    misuse,
    print_diagnostics,
    read_as_of,
    sound_packs,
    words,
    write_text,
)
from zhida.cli.taking import taken_registry
from zhida.cli.weave import page_name
from zhida.errors import InputError, Language
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.results import RESULTS_FILE
from zhida.report.explanation import explanation_data, explanation_text
from zhida.report.explanation_html import explanation_html
from zhida.values.temporal import Date


class Format(StrEnum):
    """The form of an explanation."""

    text = "text"
    json = "json"
    html = "html"


def explain(
    code: Annotated[str, typer.Argument(help="主体代码 | the subject's code", metavar="CODE")],
    policy: Annotated[
        list[str] | None, typer.Argument(help="政策，默认全部 | policies, all by default: id or a part of the title", metavar="POLICY...")
    ] = None,
    *,
    registry: Annotated[Path, typer.Option("--registry", help="登记册或其文件夹 | registry or its folder", metavar="FILE")],
    form: Annotated[Format, typer.Option("--format", help="文本、JSON 或 HTML | text, JSON or HTML")] = Format.text,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="写到文件；多项政策的 HTML 写到文件夹 | write to a file; HTML of several policies, to a folder", metavar="PATH"
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            help="核对这些结果，默认登记册旁的 | results to check against, by default those beside it",
            metavar="FILE",
        ),
    ] = None,
    subject: SubjectOption = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""说明一户对一项政策的结论和理由：条款、规则、事实、缺什么、差多少、什么待确认。

    这一户还按列再算一遍，并与结果文件核对；不一致的，说明里会写明，退出码为 1。

    Explain what a policy says for a subject, and why. The subject is decided a second time by columns, as `zhida assess` does, and
    looked up in its results; where these differ, the explanation says so and the exit code is 1.

    例 Examples:

        zhida explain --registry build/demo/registry 91990001HC0000585H 小型微利 \
            --as-of 2026-06-30

        zhida explain --registry build/demo/registry 91990001HC0000585H 算力券 \
            --format html --out answer.html

        zhida explain --registry build/demo/registry 91990001HC0000585H \
            --results build/demo/results --json
    """
    language: Language = lang.value
    day = read_as_of(as_of)
    loaded = sound_packs(packs)
    kind = meant_subject(loaded, policy or (), subject)
    refuse_other_sources(registry)
    taken = taken_registry(registry, loaded, kind)
    print_diagnostics(registry_findings(taken), language)
    chosen = chosen_policies(loaded, policy or (), kind)
    taken, population = with_population(loaded, chosen, taken, day)
    facts = taken.subject(code)
    notes = [notes_of(population, taken, code, input_names(loaded, id_, day)) for id_ in chosen]
    assessments = [
        replace(assess_subject(loaded, id_, facts, as_of=day), population=tuple(each)) for id_, each in zip(chosen, notes, strict=True)
    ]
    order = Check(loaded, taken, day, _beside(registry) if results is None else [results], language, is_asked=results is not None)
    checked = [order.of(id_, code) for id_ in chosen]
    explained = Explained(taken, code, str(facts.get("企业名称") or ""), tuple(assessments), tuple(checked), language)
    written = _write(explained, Format.json if json else form, out)
    for path in written:
        typer.echo(words(language, f"已写出 {path}", f"written {path}"), err=True)
    differing = [item for each in checked for item in each.diagnostics(code)]
    print_diagnostics(differing, language)
    return FOUND_ERRORS if differing else OK


def refuse_other_sources(registry: Path) -> None:
    """Say, where a database or a CSV file was given, what a registry is and how to come by one.

    Raises:
        BadParameter: what was given is no registry.
    """
    if str(registry).startswith(("postgresql:", "postgres:")):  # which may hold a password: it is not repeated
        raise misuse(
            "--registry：这里要登记册，不是数据库。数据库可直接用 zhida assess 判定；"
            "要逐户说明，请导出为 CSV，再用 zhida registry import 生成登记册",
            "--registry: a registry is needed here, not a database. zhida assess reads it as it is; "
            "to explain, export CSV and make a registry with zhida registry import",
        )
    if registry.suffix.lower() in {".csv", ".xlsx"} and registry.is_file():
        raise misuse(
            f"--registry：这里要登记册，“{registry}”不是。CSV 可直接用 zhida assess 判定；"
            "要逐户说明，请先用 zhida registry import 生成登记册",
            f"--registry: a registry is needed here, and '{registry}' is none. zhida assess reads CSV as it is; "
            "to explain, make a registry with zhida registry import",
        )


def _beside(registry: Path) -> list[Path]:
    """Return the results that may belong to a registry: below its folder, where `zhida assess` puts them, or beside it."""
    folder = registry if registry.is_dir() else registry.parent
    places = (folder / "results", (folder.parent if folder.name else folder / "..") / "results")
    return [place / RESULTS_FILE for place in places if (place / RESULTS_FILE).exists()]


@dataclass(frozen=True, slots=True)
class Check:
    """What explanations are held against."""

    packs: Packs
    """The packs."""
    registry: Registry
    """The registry."""
    as_of: Date
    """The date of the business fact."""
    results: list[Path]
    """Results that may be of the same run."""
    language: Language
    """The language of what is said."""
    is_asked: bool
    """Whether the results were named by the user, who is told if they are of another run."""

    def of(self, policy: str, code: str) -> Agreement:
        """Hold one explanation against the columns and the first results that are of the same policies and data."""
        for results in self.results:
            try:
                other = other_run(self.packs, policy, self.registry, as_of=self.as_of, results=results)
            except InputError:
                if self.is_asked:
                    raise
                continue
            if other is None:
                return agreement(self.packs, policy, self.registry, code, as_of=self.as_of, results=results)
            print_diagnostics([other] if self.is_asked else [], self.language)
        return agreement(self.packs, policy, self.registry, code, as_of=self.as_of)


@dataclass(frozen=True, slots=True)
class Explained:
    """What is to be explained, to whom."""

    registry: Registry
    """Where the subject stands."""
    code: str
    """The subject's code."""
    name: str
    """What it is called; empty where that is not known."""
    assessments: tuple[Assessment, ...]
    """One for each policy."""
    checked: tuple[Agreement, ...]
    """For each, whether the columns and results say the same."""
    language: Language
    """The language of the explanation."""

    def texts(self, form: Format) -> list[str]:
        """Return the explanations in a form: one text each; JSON is one text for all."""
        said = {"subject_name": self.name, "subject_code": self.code}
        is_synthetic = self.registry.is_synthetic
        each = list(zip(self.assessments, self.checked, strict=True))
        if form is Format.json:
            data = [explanation_data(item, is_synthetic=is_synthetic, agreement=check, **said) for item, check in each]
            return [json_text(data[0] if len(data) == 1 else data)]
        write = explanation_html if form is Format.html else explanation_text
        return [write(item, language=self.language, is_synthetic=is_synthetic, agreement=check, **said) for item, check in each]


def _write(explained: Explained, form: Format, out: Path | None) -> list[Path]:
    """Print the explanations or write them; returns the paths of what was written."""
    texts = explained.texts(form)
    if form is Format.html and len(texts) > 1:
        if out is None:
            raise misuse(
                "一个网页只说一项政策：请指明一项，或用 --out 指明放网页的文件夹",
                "a page is about one policy: name one, or name a folder for the pages with --out",
            )
        folder = made_folder(out)
        pages = zip(explained.assessments, texts, strict=True)
        return [write_text(folder / f"{explained.code}-{page_name(item.policy)}", f"{text}\n") for item, text in pages]
    text = "\n\n".join(texts)
    if out is None:
        typer.echo(text)
        return []
    return [write_text(out, f"{text}\n")]
