"""`zhida simulate`: what a change of policies would cost, who wins, who loses, and when the money would be gone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from zhida.assess.order import ROWS_PER_PART, processors
from zhida.assess.registry import known_at, registry_findings
from zhida.cli.assess import CsvOption, SourceArgument, WorkersOption
from zhida.cli.console import (
    FOUND_ERRORS,
    OK,
    AsOfOption,
    Bar,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    SubjectOption,
    find_policy,
    folder_beside,
    folder_for,
    meant_subject,
    misuse,
    print_diagnostics,
    print_json,
    progress_bar,
    read_as_of,
    read_fen,
    sound_packs,
)
from zhida.cli.plan_cache import cache_folder
from zhida.cli.revisions import packs_at, read_at
from zhida.cli.simulated_files import SimulatedFiles
from zhida.cli.taking import dictionary_of
from zhida.entitle.best.columns import Combiner
from zhida.entitle.budgets.applications import Applications, read_applications
from zhida.entitle.simulation.changes import checked, packs_after, read_changes, with_figures
from zhida.entitle.simulation.comparing import Settings, Simulation, compare_sides
from zhida.entitle.simulation.costing import GRID, Costing, Curve, Sought
from zhida.entitle.simulation.deciding import Reuse, reuse_of
from zhida.entitle.simulation.effects import effects_of
from zhida.entitle.simulation.findings import Findings
from zhida.entitle.simulation.groupings import DEFAULT_GROUPINGS, GROUPINGS, groupings_of
from zhida.entitle.simulation.money import Budgets, BudgetTally, budgets_in, fen_of
from zhida.entitle.simulation.relief import Relief, relief_of, relief_policies
from zhida.entitle.simulation.scenario import Scenario, metadata_of, plan_scenario, titles_of
from zhida.entitle.simulation.stacked import Combining
from zhida.entitle.simulation.tally import Compared
from zhida.entitle.simulation.thresholds import Threshold, find_threshold, thresholds_of, with_numbers
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.registry_io.sources import Source, lacking_columns, open_source
from zhida.report.simulation import simulation_data, simulation_text
from zhida.report.simulation_words import place_words, threshold_words, value_words
from zhida.values.temporal import Date

ALL = "all"
"""Names all policies that a change touches, after `--curve`."""

ChangeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--change",
        help="改动：政策等文件、文件夹或 git 修订（可重复） | a file, a folder or a revision of git (repeatable)",
        metavar="CHANGE",
    ),
]
BaseOption = Annotated[
    str | None,
    typer.Option("--base", help="与哪个 git 修订比，默认现在的文件 | the side before: a revision of git", metavar="REV"),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="参数或线改成（可重复） | another figure, by name or address", metavar="NAME=VALUE")
]
ResultsOption = Annotated[
    Path | None, typer.Option("--results", help="变前的判定结果，能用的不重算 | former results, for the side before", metavar="FOLDER")
]
ByOption = Annotated[
    list[str] | None, typer.Option("--by", help="分组：行业、大类、规模、街道（可重复） | break down by (repeatable)", metavar="GROUPING")
]
CurveOption = Annotated[
    list[str] | None,
    typer.Option("--curve", help="花费曲线：线的地址、政策或 all | costs of a threshold", metavar="ADDRESS"),
]
ListOption = Annotated[
    list[str] | None,
    typer.Option("--thresholds", help="只列出政策里的线 | only list the thresholds of a policy", metavar="POLICY"),
]
SeekOption = Annotated[
    str | None,
    typer.Option("--seek", help="反求：定多少，花到 --spend | which value of it spends --spend", metavar="ADDRESS"),
]
SpendOption = Annotated[str | None, typer.Option("--spend", help="要花的钱，元；默认预算 | yuan; the budget by default", metavar="YUAN")]
ReliefOption = Annotated[bool, typer.Option("--relief", help="减负：逐措施、逐户 | what tax and fee relief saves")]
ApplicationsOption = Annotated[Path | None, typer.Option("--applications", help="申请表，算哪天用完 | who applied when", metavar="FILE")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="写到这里 | folder; `simulation` beside the source by default", metavar="FOLDER")
]
FailOption = Annotated[
    str | None, typer.Option("--fail-over", help="多花超过这么多元时退出码为 1 | exit with 1 where it costs more by this", metavar="YUAN")
]


def simulate(
    source: SourceArgument,
    *,
    change: ChangeOption = None,
    base: BaseOption = None,
    set_: SetOption = None,
    results: ResultsOption = None,
    by: ByOption = None,
    curve: CurveOption = None,
    thresholds: ListOption = None,
    seek: SeekOption = None,
    spend: SpendOption = None,
    relief: ReliefOption = False,
    applications: ApplicationsOption = None,
    out: OutOption = None,
    csv: CsvOption = None,
    fail_over: FailOption = None,
    workers: WorkersOption = None,
    subject: SubjectOption = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""改动一项政策会多花多少、谁得益、谁受损、预算哪天用完；每条线值多少钱，定多少正好花完。

    写出 simulation.html、verdict.md（可贴进合并请求）、simulation.json、changes.parquet 等。只重算改动涉及的政策。

    What a change of policies would cost, who wins and loses, and when the money would be gone; what each threshold costs, and which
    value spends a sum. Only what the change touches is decided.

    例 Examples:

        zhida simulate build/registry --change new/compute-voucher.md

        zhida simulate build/registry --base origin/main --fail-over 1000000

        zhida simulate build/registry --curve hangzhou/compute-voucher:63:46

        zhida simulate build/registry \
            --seek hangzhou/compute-voucher:63:46 --spend 250000000

        zhida simulate build/registry --set 企业所得税法定税率=0.2 --relief
    """
    language: Language = lang.value
    asked = _Asked(tuple(change or ()), base, dict(map(_setting, set_ or ())), tuple(by or DEFAULT_GROUPINGS), tuple(curve or ()), seek)
    _check(asked, is_relief=relief, is_listing=bool(thresholds))
    limit = None if fail_over is None else read_fen(fail_over, "--fail-over")
    target = None if spend is None else read_fen(spend, "--spend")
    day = read_as_of(as_of)
    with _sides(asked, packs, day) as (before, after):
        kind = meant_subject(before, (), subject)
        dictionary_of(before, kind)
        if thresholds:
            return _list_thresholds(after, thresholds, day, language, is_json=json)
        scenario = plan_scenario(before, after, subject=kind, as_of=day)
        settings = Settings(workers or processors(), cache_folder())
        with closing(open_source(source, scenario.dictionary, rows_per_part=ROWS_PER_PART)) as opened:
            job = _Job(asked, scenario, kind, opened, settings, language)
            with folder_for(out or folder_beside(source, "simulation")) as folder:
                found, paths = job.run(folder, results, applications, target, is_relief=relief, is_csv=csv)
            print_diagnostics(opened.diagnostics(), language)
    if json:
        print_json(simulation_data(found) | {"files": [str(path) for path in paths]})
    else:
        typer.echo(simulation_text(found, language))
        for path in paths:
            typer.echo(str(path))
    return FOUND_ERRORS if limit is not None and found.change_fen > limit else OK


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for."""

    changes: tuple[str, ...]
    """Files, folders, revisions."""
    base: str | None
    """The revision that is compared with."""
    figures: dict[str, str]
    """Other figures of parameters."""
    by: tuple[str, ...]
    """Groupings."""
    curves: tuple[str, ...]
    """Thresholds that are drawn."""
    seek: str | None
    """The threshold that is sought."""

    @property
    def is_change(self) -> bool:
        """Whether there are two sides."""
        return bool(self.changes or self.base or self.figures)

    @property
    def names(self) -> tuple[str, ...]:
        """What is changed, as it was named."""
        figures = (f"{name}={value}" for name, value in self.figures.items())
        return (*self.changes, *([f"{self.base}.."] if self.base else []), *figures)


def _check(asked: _Asked, *, is_relief: bool, is_listing: bool) -> None:
    """See that something was asked for, and nothing that there is not."""
    if not (asked.is_change or asked.curves or asked.seek or is_relief or is_listing):
        raise misuse(
            "没有说要测算什么：请用 --change、--base 或 --set 给出改动，或用 --curve、--seek、--relief",
            "nothing to simulate: name a change with --change, --base or --set, or use --curve, --seek or --relief",
        )
    unknown = [name for name in asked.by if name not in GROUPINGS]
    if unknown:
        known = "、".join(GROUPINGS)
        raise misuse(f"--by：没有“{unknown[0]}”，可以是 {known}", f"--by: there is no '{unknown[0]}'; it is one of {known}")
    if asked.curves and ALL in asked.curves and not asked.is_change:
        raise misuse("--curve all 画改动涉及的政策：请写政策的编号", "--curve all is for what a change touches: name a policy")


def _setting(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name.strip() or not value.strip():
        raise misuse(f"--set：“{text}”的写法应是 参数=值", f"--set: write '{text}' as PARAMETER=VALUE")
    return name.strip(), value.strip()


@contextmanager
def _sides(asked: _Asked, root: Path, as_of: Date) -> Iterator[tuple[Packs, Packs]]:
    """Give the packs before and after.

    Raises:
        BadParameter: a change is neither a file nor a revision.
        CompileError: one side has errors.
    """
    with ExitStack() as stack:
        now = sound_packs(root)
        before, after, place = now, now, root
        if asked.base is not None:
            before = read_at(stack.enter_context(packs_at(asked.base, root)), root, asked.base)
        files = []
        for change in asked.changes:
            if Path(change).exists() or change.endswith(".md"):
                files.append(Path(change))
            else:
                place = stack.enter_context(packs_at(change, root))
                after = read_at(place, root, change)
        if files:
            after = packs_after(after, place, read_changes(files, after))
        if asked.figures:
            after = checked(_with_figures(after, asked.figures, as_of))
        yield before, after


def _with_figures(packs: Packs, figures: Mapping[str, str], as_of: Date) -> Packs:
    """Return packs with other figures: parameters by their names, numbers of the law by their addresses."""
    addresses = [name for name in figures if ":" in name]
    numbers = [(find_threshold(packs, name, as_of), _number(name, figures[name])) for name in addresses]
    parameters = {name: value for name, value in figures.items() if name not in addresses}
    return with_figures(with_numbers(packs, numbers, as_of), parameters, as_of)


def _number(name: str, text: str) -> Decimal:
    if re.fullmatch(r"-?[0-9]{1,20}(?:\.[0-9]{1,12})?", text) is None:
        raise misuse(
            f"--set：{name} 要改成一个数，写法如 0.6 或 500000，不是“{text}”", f"--set: write {name} as a number such as 0.6, not '{text}'"
        )
    return Decimal(text)


def _list_thresholds(packs: Packs, names: Sequence[str], as_of: Date, language: Language, *, is_json: bool) -> int:
    """Print the numbers of policies that could be others."""
    listed = [each for name in names for each in thresholds_of(packs, find_policy(packs, name), as_of)]
    if is_json:
        data = [{"address": each.address, "value": str(each.value), "article": each.article, "text": each.text} for each in listed]
        print_json({"thresholds": data})
        return OK
    for each in listed:
        place = place_words(each, language)
        typer.echo(f"{each.address}\t{value_words(each, each.value, language)}\t{threshold_words(each, language)}\t{place}")
    return OK


class _Job:
    """A simulation over one source."""

    def __init__(self, asked: _Asked, scenario: Scenario, kind: str, source: Source, settings: Settings, language: Language) -> None:
        self.asked, self.scenario, self.kind, self.source, self.language = asked, scenario, kind, source, language
        self.settings = settings

    def run(
        self, folder: Path, results: Path | None, sheet: Path | None, target: int | None, *, is_relief: bool, is_csv: bool | None
    ) -> tuple[Findings, tuple[Path, ...]]:
        """Do all that was asked for, and write it; returns what was found and the paths."""
        found = Findings(
            self.scenario.as_of,
            self.source.name,
            self.source.metadata.get("zhida.synthetic") == "true",
            self.source.rows,
            self.asked.names,
        )
        print_diagnostics(registry_findings(self.source), self.language)
        lines = self.thresholds()
        sought = None if self.asked.seek is None else find_threshold(self.scenario.after, self.asked.seek, self.scenario.as_of)
        target = self.target(sought, target)
        is_long = len(self.source.parts) > 1 if is_csv is None else not is_csv
        with SimulatedFiles(folder, self.source.key, titles_of(self.scenario), metadata=self.metadata(), is_csv=not is_long) as files:
            if self.asked.is_change:
                with ThreadPoolExecutor(1) as beside:  # while the registry is read
                    effects = beside.submit(effects_of, self.scenario)
                    simulation, budgets = self.compare(results, sheet, files)
                    found = replace(found, simulation=simulation, budgets=budgets, subjects=simulation.tally.subjects)
                    found = replace(found, effects=effects.result())
            curves, value = self.cost(lines, sought, target)
            found = replace(found, curves=curves, sought=value)
            if is_relief:
                found = replace(found, relief=self.relief(files))
            paths = files.finish(found, self.language)
        return found, paths

    def metadata(self) -> dict[str, str]:
        """Return what the files for machines say of themselves."""
        words = self.source.metadata
        return {**metadata_of(self.scenario), "zhida.known_at": known_at(words), "zhida.synthetic": words.get("zhida.synthetic", "false")}

    def thresholds(self) -> list[Threshold]:
        """Return the thresholds that are drawn."""
        packs, day = self.scenario.after, self.scenario.as_of
        found: list[Threshold] = []
        for name in self.asked.curves:
            if name == ALL:
                ids = [each.policy for each in self.scenario.touched if each.policy in packs.policies]
                found += [each for id_ in ids for each in thresholds_of(packs, id_, day)]
            elif name in packs.policies:
                found += thresholds_of(packs, name, day)
            else:
                found.append(find_threshold(packs, name, day))
        return list({each.address: each for each in found}.values())

    def target(self, sought: Threshold | None, target: int | None) -> int | None:
        """Return the sum that is to be spent: the stated one, else the budget of the policy."""
        if sought is None or target is not None:
            return target
        policy = self.scenario.after.policies.get(sought.policy)
        if policy is None or policy.front.budget is None:
            raise misuse("--seek 要和 --spend 一起用：花到多少元", "--seek wants --spend: the sum in yuan")
        return fen_of(policy.front.budget.amount)

    def compare(self, results: Path | None, sheet: Path | None, files: SimulatedFiles) -> tuple[Simulation, tuple[BudgetTally, ...]]:
        """Compare both sides, writing the changes on the way."""
        scenario, source = self.scenario, self.source
        columns = (*scenario.columns(()),)
        print_diagnostics(lacking_columns(source, columns), self.language)
        groupings = groupings_of(scenario.before, self.asked.by, subject=self.kind, as_of=scenario.as_of)
        reuse: tuple[Reuse | None, Any] = (None, {})
        if results is not None:
            wanted = dict.fromkeys((*scenario.policies(is_after=False), *filter(None, [groupings.size_policy])))
            reuse = reuse_of(results, scenario.order(tuple(wanted), is_after=False), source)
        budgets = Budgets(scenario, self.applications(sheet))
        with progress_bar(self.language, "测算", "simulating") as bar:
            if source.rows:
                bar.start(source.rows)

            def sink(part: Compared) -> None:
                files.add_changes(part.changes)
                budgets.add(part)

            simulation = compare_sides(
                scenario,
                source,
                groupings,
                open_combining=self.open_combining,
                reuse=reuse,
                settings=replace(self.settings, tell=bar.advance),
                detailed=budgets.detailed,
                sink=sink,
            )
        return simulation, budgets.told(simulation.tally.policies)

    def applications(self, sheet: Path | None) -> dict[str, Applications]:
        """Return who applied, by policy."""
        found: dict[str, Applications] = {}
        for policy in budgets_in(self.scenario) if sheet is not None else ():
            packs = self.scenario.after if policy in self.scenario.after.policies else self.scenario.before
            assert sheet is not None, "there is a sheet"
            read = read_applications(sheet, policy, packs.policies[policy].front.title)
            print_diagnostics(read.diagnostics, self.language)
            if read.frame.height:
                found[policy] = read
        return found

    def open_combining(self, packs: Packs, policies: Sequence[str], as_of: Date, key: str) -> Combining:
        """Return what takes away what may not be enjoyed together."""
        return Combiner(packs, policies, as_of=as_of, key=key, cache=self.settings.cache)

    def cost(self, lines: Sequence[Threshold], sought: Threshold | None, target: int | None) -> tuple[tuple[Curve, ...], Sought | None]:
        """Return the curves, and the value that spends a sum."""
        if not lines and sought is None:
            return (), None
        scenario = self.scenario
        with progress_bar(self.language, "逐点测算", "deciding values") as bar:
            total = sum(len(each.points()) for each in lines) + (0 if sought is None else len(GRID) + sought.scale * 4)
            costing = self.costing(bar, total)
            curves = tuple(costing.curve(scenario.after, each) for each in lines)
            if sought is None or target is None:
                return curves, None
            return curves, costing.seek(scenario.after, sought, target)

    def costing(self, bar: Bar, total: int) -> Costing:
        """Return what decides costs, with its progress shown."""
        bar.start(total)
        scenario, settings = self.scenario, self.settings
        return Costing(self.source, scenario.dictionary, scenario.as_of, settings.workers, tell=bar.advance)

    def relief(self, files: SimulatedFiles) -> Relief:
        """Return what relief saves after the change, writing who saves what on the way."""
        scenario = self.scenario
        with progress_bar(self.language, "减负", "relief") as bar:
            if self.source.rows:
                bar.start(self.source.rows)
            return relief_of(
                scenario.after,
                relief_policies(scenario.after, self.kind, scenario.as_of),
                self.source,
                dictionary=scenario.dictionary,
                as_of=scenario.as_of,
                open_combining=self.open_combining,
                settings=replace(self.settings, tell=bar.advance),
                sink=files.add_relief,
            )
