"""`zhida next`: who is one step from what, for a district; what lies before one subject, with its ladder."""

from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.population import with_population
from zhida.assess.registry import registry_findings
from zhida.cli.console import (
    HELP_OPTIONS,
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    SubjectOption,
    chosen_policies,
    folder_for,
    meant_subject,
    misuse,
    print_diagnostics,
    print_json,
    progress_bar,
    read_as_of,
    sound_packs,
    words,
    write_text,
)
from zhida.cli.explain import refuse_other_sources
from zhida.cli.taking import taken_registry
from zhida.entitle.next.district import ranked_lists
from zhida.entitle.next.ladder import goals_of, with_rungs
from zhida.entitle.next.outlook import Outlook, outlook
from zhida.entitle.next.ranked import Listed, Ranking, list_frame
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.writing import write_csv
from zhida.report.ladder import ladder_svg
from zhida.report.next_steps import District, district_data, district_html, district_text
from zhida.report.outlook import outlook_data, outlook_html, outlook_text
from zhida.report.step_words import steps_sentence
from zhida.values.temporal import Date

LIST_FILE, PAGE_FILE = "next-steps.csv", "next-steps.html"
"""The lists of a district: whole, and the first of each for people."""

app = typer.Typer(rich_markup_mode="markdown", add_completion=False, context_settings=HELP_OPTIONS)


@app.command("next", short_help="离什么差一步，差在哪 | one step from what, and what is lacking")
def next_(
    source: Annotated[Path, typer.Argument(help="登记册或其文件夹 | registry or its folder", metavar="SOURCE")],
    code: Annotated[
        str | None, typer.Argument(help="主体代码：只看这一户 | the code of one subject", metavar="CODE", show_default=False)
    ] = None,
    *,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy", help="只看这项政策或这一级（可重复），默认阶梯各级 | only this policy or rung (repeatable)", metavar="POLICY"
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results", help="assess 的结果，免得再算 | results of assess, to be taken over", metavar="FOLDER", show_default=False
        ),
    ] = None,
    ladder: Annotated[bool, typer.Option("--ladder", help="一户：只要阶梯 | of one subject: only its ladders")] = False,
    top: Annotated[int, typer.Option("--top", min=0, help="网页每张名单列几户 | how many of each list the page shows", metavar="N")] = 30,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="结果文件夹，默认登记册旁的 next | folder; `next` beside the registry", metavar="FOLDER", show_default=False
        ),
    ] = None,
    subject: SubjectOption = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""全区：离高企、专精特新、升规等差一步的名单，从近到远，差在哪、要投入多少。一户：它的阶梯、下一步，和再多一点反而少得的地方。

    A district: ranked lists of who is one step from each rung of the ladders, with what is lacking (next-steps.csv, next-steps.html).
    One subject: its ladders as a picture, the smallest change for each policy that says no, and the cliffs ahead.

    例 Examples:

        zhida next build/demo/registry --results build/demo/results \
            --as-of 2026-06-30

        zhida next build/demo/registry --policy 高新技术企业 --out build/next

        zhida next build/demo/registry 91990001HC0001422K --as-of 2026-06-30

        zhida next build/demo/registry 91990001HC0001422K --ladder --out build

        zhida next build/demo/registry --json --lang en | python -m json.tool
    """
    language: Language = lang.value
    day = read_as_of(as_of)
    refuse_other_sources(source)
    if code is None and ladder:
        raise misuse("--ladder：请指明一户的代码", "--ladder: name the code of a subject")
    if code is not None and results is not None:
        raise misuse("--results：只用于全区的名单", "--results: for the lists of a district only")
    loaded = sound_packs(packs)
    rungs = {rung.name: rung.policy for rung_ladder in loaded.ladders for rung in rung_ladder.rungs if rung.policy}
    named = [rungs.get(name, name) for name in policy or ()]
    kind = meant_subject(loaded, named, subject)
    chosen = chosen_policies(loaded, named, kind) if named else []
    registry = taken_registry(source, loaded, kind)
    print_diagnostics(registry_findings(registry), language)
    order = _Order(loaded, kind, tuple(chosen), registry, day, language)
    if code is not None:
        return order.subject(code, out, is_ladder_only=ladder, is_json=json)
    return order.district(source, results, out, most=top, is_json=json)


class _Order:
    """What was asked for."""

    def __init__(self, packs: Packs, kind: str, chosen: tuple[str, ...], registry: Registry, as_of: Date, language: Language) -> None:
        self.packs = with_rungs(packs)
        self.kind = kind
        self.chosen = chosen
        self.registry = registry
        self.as_of = as_of
        self.language = language

    def sentence(self, ranking: Ranking, listed: Listed) -> str:
        """Return what a subject on a list lacks, in Chinese: files say the same in every language."""
        return steps_sentence(listed.steps, "zh", self.packs.model_of(ranking.goal.policy, self.as_of))

    def said(self, ranking: Ranking, listed: Listed) -> str:
        """Return the same in the language of the page."""
        return steps_sentence(listed.steps, self.language, self.packs.model_of(ranking.goal.policy, self.as_of))

    def district(self, source: Path, results: Path | None, out: Path | None, *, most: int, is_json: bool) -> int:
        """Write and tell the lists of a district."""
        goals = goals_of(self.packs, self.as_of, self.kind, self.chosen)
        if not goals:
            raise misuse(
                "这一天没有可列的目标：政策包里没有这类主体的阶梯（ladder.md），或者政策没有施行；请用 --policy 指明，或换 --as-of",
                "there is no goal on this day: no ladder (ladder.md) for this kind, or nothing in force; use --policy or --as-of",
            )
        registry, _ = with_population(self.packs, [goal.policy for goal in goals], self.registry, self.as_of)
        with progress_bar(self.language, "找差一步", "seeking steps") as bar:
            bar.start(len(registry))
            lists = ranked_lists(self.packs, goals, registry, as_of=self.as_of, results=results, advance=bar.advance)
        print_diagnostics(lists.diagnostics, self.language)
        if results is not None and len(lists.taken) < len(goals):
            anew = len(goals) - len(lists.taken)
            typer.echo(words(self.language, f"{anew} 项政策没有照抄，重新判定", f"{anew} policies were decided anew"), err=True)
        name = source.name if source.is_file() else source.resolve().name
        found = District(name, self.as_of, len(registry), registry.is_synthetic, lists.rankings, lists.interpreted, most)
        folder = out or (source if source.is_dir() else source.parent).parent / "next"
        with folder_for(folder) as made:
            write_csv(list_frame(found.rankings, self.sentence, is_synthetic=registry.is_synthetic), made / LIST_FILE)
            write_text(made / PAGE_FILE, district_html(found, self.language, self.said))
        paths = [folder / LIST_FILE, folder / PAGE_FILE]
        if is_json:
            print_json(district_data(found) | {"files": [str(path) for path in paths]})
            return OK
        typer.echo(f"{district_text(found, self.language)}\n")
        for path in paths:
            typer.echo(str(path))
        return OK

    def subject(self, code: str, out: Path | None, *, is_ladder_only: bool, is_json: bool) -> int:
        """Tell, and write where a folder is named, what lies before one subject."""
        policies = () if is_ladder_only else self.chosen or tuple(chosen_policies(self.packs, (), self.kind))
        policies = tuple(id_ for id_ in policies if not id_.startswith("ladder/"))
        registry, _ = with_population(self.packs, policies, self.registry, self.as_of)
        facts = registry.subject(code)
        with progress_bar(self.language, "逐项看", "policy by policy") as bar:
            bar.start(len(policies))
            found = outlook(
                self.packs,
                code,
                facts,
                policies,
                as_of=self.as_of,
                subject=self.kind,
                name=str(facts.get("企业名称") or ""),
                is_synthetic=registry.is_synthetic,
                advance=bar.advance,
            )
        written = [] if out is None else self.written(found, out, is_ladder_only=is_ladder_only)
        if is_json:
            print_json(outlook_data(found) | {"files": [str(path) for path in written]})
        else:
            typer.echo(outlook_text(found, self.packs, self.language, is_ladder_only=is_ladder_only))
        for path in written:
            typer.echo(words(self.language, f"已写出 {path}", f"written {path}"), err=True)
        return OK

    def written(self, found: Outlook, out: Path, *, is_ladder_only: bool) -> list[Path]:
        """Write the page of one subject and its ladders as pictures; returns their paths."""
        with folder_for(out) as folder:
            page = outlook_html(found, self.packs, self.language, is_ladder_only=is_ladder_only)
            paths = [write_text(folder / f"next-{found.code}.html", page)]
            for place, each in enumerate(found.ladders, 1):
                picture = ladder_svg(
                    each,
                    self.language,
                    lambda rung: (
                        steps_sentence(rung.steps, self.language, self.packs.model_of(rung.policy, self.as_of)) if rung.steps else ""
                    ),
                )
                paths.append(write_text(folder / f"ladder-{found.code}-{place}.svg", f"{picture}\n"))
        return paths
