"""`zhida notices`: whose answer changed between two runs, and the sentence for each; how much goes out without being asked for."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.order import processors
from zhida.cli.console import (
    OK,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    find_policy,
    folder_for,
    json_text,
    misuse,
    print_diagnostics,
    print_json,
    progress_bar,
    sound_packs,
)
from zhida.entitle.notices.pairs import pairs_of
from zhida.entitle.notices.runs import Run, open_run
from zhida.entitle.notices.sheet import BYTE_ORDER_MARK, NOTICES_FILE, Sample, sheet_of
from zhida.entitle.notices.telling import Tally, findings, notices_between
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.registry_io.replacing import replacing
from zhida.report.notice_words import teller
from zhida.report.notices import SHOWN, NoticeReport, notices_data, notices_html, notices_text

PAGE_FILE, SUMMARY_FILE = "notices.html", "notices.json"

FormerArgument = Annotated[Path, typer.Argument(help="上次的结果 | the former results", metavar="OLD", show_default=False)]
NowArgument = Annotated[Path, typer.Argument(help="这次的结果 | today's results", metavar="NEW", show_default=False)]
PolicyOption = Annotated[
    list[str] | None, typer.Option("--policy", help="只比这项（可重复） | only this policy (repeatable)", metavar="POLICY")
]
NewOption = Annotated[
    str | None,
    typer.Option("--new-policy", help="只通知这一项，当作新政策 | only this policy, taken as new, whatever OLD says", metavar="POLICY"),
]
ClosingOption = Annotated[
    int, typer.Option("--closing", min=0, help="几天内截止就提醒 | tell of windows closing in so many days", metavar="DAYS")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="写到哪里，默认在 NEW 旁的 notices | folder; `notices` beside NEW by default", metavar="FOLDER")
]
CsvOption = Annotated[bool, typer.Option("--csv", help="只把清单输出到标准输出 | only print the list as CSV, write no files")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="线程数 | threads, one for each processor by default", metavar="N")
]


def notices(
    old: FormerArgument,
    new: NowArgument,
    *,
    policy: PolicyOption = None,
    new_policy: NewOption = None,
    closing: ClosingOption = 14,
    out: OutOption = None,
    csv: CsvOption = False,
    workers: WorkersOption = None,
    packs: PacksOption = Path("packs"),
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""比较两次结果，列出答案变了的户和该说的那句话，写出 notices.csv、notices.html、notices.json。

    Hold two runs of `zhida assess` against each other: exactly those whose answer changed, or whose window opened or is closing,
    each with the sentence that changed; and how much goes out without application or review. The dates are those of the runs.

    例 Examples:

        zhida notices build/results-june build/results-july

        zhida notices old new --policy compute-voucher --closing 7

        zhida notices old new --new-policy hangzhou/compute-voucher --out r

        zhida notices old new --csv --lang en | head

        zhida notices old new --json | python -m json.tool
    """
    language: Language = lang.value
    if csv and (json or out is not None):
        raise misuse("--csv 只输出清单，不与 --json、--out 同用", "--csv prints the list alone, and goes with neither --json nor --out")
    loaded = sound_packs(packs)
    former, now = open_run(old), open_run(new)
    chosen = [_id(loaded, former, now, name) for name in policy or ()]
    as_if_new = None if new_policy is None else _id(loaded, former, now, new_policy)
    pairs = pairs_of(loaded, former, now, policies=chosen, closing=closing, as_if_new=as_if_new)
    print_diagnostics(findings(former, now, pairs), language)
    job = _Job(former, now, Tally.of(pairs), closing, workers or processors(), language)
    if csv:
        for piece in job.sheet():
            sys.stdout.buffer.write(piece.removeprefix(BYTE_ORDER_MARK))
        sys.stdout.flush()
        return OK
    with folder_for(out or _beside(new)) as folder:
        report, paths = job.write(folder)
    if json:
        print_json(notices_data(report) | {"files": [str(path) for path in paths]})
    else:
        typer.echo(notices_text(report, language))
        for path in paths:
            typer.echo(str(path))
    return OK


@dataclass(frozen=True, slots=True)
class _Job:
    """One comparison."""

    former: Run
    """The run before."""
    now: Run
    """The run of today."""
    tally: Tally
    """The policies, as they are compared; adds up what is found."""
    closing: int
    """In how many days a window closes when that is told."""
    workers: int
    """Threads."""
    language: Language
    """Of the words."""
    sample: Sample = field(default_factory=lambda: Sample(SHOWN))
    """The first notices of each kind."""

    def sheet(self) -> Iterator[bytes]:
        """Yield the list, piece by piece, showing progress."""
        is_synthetic = self.former.is_synthetic or self.now.is_synthetic
        with progress_bar(self.language, "比对", "comparing") as bar:
            bar.start(sum(stretch.rows for stretch in self.now.stretches))
            found = notices_between(self.former, self.now, teller(self.language), self.tally, self.workers, bar.advance)
            yield from sheet_of(found, self.sample, is_synthetic=is_synthetic)

    def write(self, folder: Path) -> tuple[NoticeReport, list[Path]]:
        """Write all files; those that were there stay until these are whole."""
        paths = [folder / name for name in (NOTICES_FILE, PAGE_FILE, SUMMARY_FILE)]
        with ExitStack() as stack:
            sheet, page, summary = (stack.enter_context(replacing(path)) for path in paths)
            with sheet.open("wb") as file:
                for piece in self.sheet():
                    file.write(piece)
            report = NoticeReport.of(self.former, self.now, self.tally, self.closing)
            page.write_text(notices_html(report, self.sample.rows, self.language), encoding="utf-8", newline="\n")
            summary.write_text(f"{json_text(notices_data(report))}\n", encoding="utf-8", newline="\n")
        return report, paths


def _id(packs: Packs, former: Run, now: Run, name: str) -> str:
    """Return the id of the policy that a name means; one of which only results are left is named by its id."""
    known = {*former.policies, *now.policies}
    return name if name in known else find_policy(packs, name)


def _beside(results: Path) -> Path:
    """Return the folder of the notices where none is named: `notices` beside that of the results."""
    folder = results if results.is_dir() and results.suffix != ".parquet" else results.parent
    return folder.resolve().parent / "notices"
