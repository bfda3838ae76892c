"""`zhida tck`: run the DMN conformance kit."""

import csv
import io
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from zhida.cli.console import (
    FOUND_ERRORS,
    OK,
    AsOfOption,
    Bar,
    JsonOption,
    Lang,
    LangOption,
    diagnostic_data,
    misuse,
    print_json,
    print_table,
    progress_bar,
    read_as_of,
    words,
    write_text,
)
from zhida.dmn.conformance import CaseResult, Closeness, KitFolder, NodeResult, PlannedCase, Tally, plan, run_case, stale_disputes, tally
from zhida.errors import Language
from zhida.registry_io.engine import engine_version
from zhida.report.conformance_page import conformance_page
from zhida.values.temporal import Date

KIT_ADDRESS = "https://github.com/dmn-tck/tck"
LEVEL_START = "compliance-level-"
"""How the names of the folders begin whose cases count."""


def tck(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="测试包、其中一级或一个测试的文件夹 | the kit, one level, or one test folder", metavar="DIR", envvar="ZHIDA_TCK"
        ),
    ] = None,
    *,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="GLOB", help="只运行名称相符的 | only folders or folder/case that match")
    ] = None,
    failures: Annotated[bool, typer.Option("--failures", help="逐个说明未过的 | explain each failure")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="错误标志也要一致 | error flags must agree too")] = False,
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="写出供提交的结果 | write the rows to submit")] = None,
    properties: Annotated[
        Path | None, typer.Option("--properties", metavar="FILE", help="写出供提交的产品说明 | write the properties to submit")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE", help="写出符合性报告 | write the report as Markdown")] = None,
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""运行 DMN 符合性测试包（TCK）：逐级给出通过与未过，错误标志是否一致。

    Run the DMN conformance kit (TCK): passed and failed by level, and whether error flags agree.

    例 Examples:

        zhida tck TestCases

        zhida tck TestCases --only '0068*' --failures

        zhida tck TestCases --csv tck_results.csv \
            --properties tck_results.properties
    """
    language: Language = lang.value
    day = read_as_of(as_of)
    root = _root(folder)
    paths, left_out = find_folders(root)
    planned = [case for path in paths for case in plan(read_folder(path)) if _is_wanted(case, only)]
    if not planned:
        raise misuse(*_nothing_found(root, only))
    with progress_bar(language, "符合性测试", "conformance") as bar:
        results = list(_run(planned, day, bar))
    if csv_file is not None:
        write_text(csv_file, csv_text(results))
    if properties is not None:
        write_text(properties, properties_text(day))
    if report is not None:
        write_text(report, conformance_page(results))
    failed = [result for result in results if not result.passed or (strict and not result.flags_agree)]
    if json:
        print_json(_data(results, strict=strict))
    else:
        if left_out:
            typer.echo(words(language, f"不计入的文件夹：{left_out}", f"folders that do not count: {left_out}"), err=True)
        _print_results(results, failed if failures else [], language)
        if failed and not failures:
            typer.echo(words(language, "逐个说明：加 --failures", "--failures explains each"), err=True)
        typer.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return FOUND_ERRORS if failed or (strict and stale_disputes(results)) else OK


# --- the kit on the disk ---------------------------------------------------------------------------------------------------


def find_folders(root: Path) -> tuple[list[Path], int]:
    """Return the test folders below a folder, or itself, and how many were left out because they do not count.

    A test folder holds models and test files. Where any stands in a `compliance-level-*`, only those count.
    """
    found = []
    for path, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        endings = {Path(name).suffix for name in files}
        if {".dmn", ".xml"} <= endings:
            found.append(Path(path).resolve())
    counted = [path for path in found if path.parent.name.startswith(LEVEL_START)]
    chosen = counted or found
    return sorted(chosen, key=lambda path: (path.parent.name, path.name)), len(found) - len(chosen)


def read_folder(path: Path) -> KitFolder:
    """Read the models and test files of a test folder."""
    files = {entry.name: entry.read_bytes() for entry in sorted(path.iterdir()) if entry.suffix in {".dmn", ".xml"} and entry.is_file()}
    return KitFolder(path.parent.name, path.name, files)


def _root(folder: Path | None) -> Path:
    if folder is None:
        raise misuse(
            f"请指明测试包的文件夹，或设环境变量 ZHIDA_TCK；测试包在 {KIT_ADDRESS} 的 TestCases",
            f"name the folder of the kit, or set ZHIDA_TCK; the kit is TestCases of {KIT_ADDRESS}",
        )
    if not folder.is_dir():
        raise misuse(
            f"没有文件夹“{folder}”；测试包在 {KIT_ADDRESS} 的 TestCases",
            f"there is no folder '{folder}'; the kit is TestCases of {KIT_ADDRESS}",
        )
    return folder


def _nothing_found(root: Path, only: list[str] | None) -> tuple[str, str]:
    if only:
        patterns = " ".join(only)
        return (
            f"“{root}”中没有与 {patterns} 相符的测试用例；例如 --only '0068*' 或 '0068*/range_*'",
            f"no test case in '{root}' matches {patterns}; write for instance --only '0068*' or '0068*/range_*'",
        )
    return (
        f"“{root}”中没有测试用例：找的是同时含有 .dmn 与 .xml（testCases）的文件夹；测试包在 {KIT_ADDRESS} 的 TestCases",
        f"no test case in '{root}': looked for folders with .dmn and .xml (testCases) files; the kit is TestCases of {KIT_ADDRESS}",
    )


def _is_wanted(planned: PlannedCase, only: list[str] | None) -> bool:
    folder, case = planned.folder, planned.case.id
    names = (folder.level, folder.name, folder.path, f"{folder.name}/{case}", planned.path)
    return not only or any(fnmatchcase(name, pattern) for pattern in only for name in names)


def _run(planned: list[PlannedCase], day: Date, bar: Bar) -> Iterator[CaseResult]:
    bar.start(len(planned))
    for case in planned:
        yield run_case(case, as_of=day)
        bar.advance(1)


# --- what a vendor submits -------------------------------------------------------------------------------------------------


def csv_text(results: Iterable[CaseResult]) -> str:
    """Return the rows that a vendor submits: level/folder, file, case, SUCCESS or ERROR, and what differs."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for result in results:
        detail = "; ".join(_difference(node) for node in result.nodes if not node.passed)
        writer.writerow(
            (f"{result.level}/{result.folder}", result.file, result.id, "SUCCESS" if result.passed else "ERROR", " ".join(detail.split()))
        )
    return out.getvalue()


def _difference(node: NodeResult) -> str:
    if node.crash:
        return f"{node.name}: {node.crash.strip().splitlines()[-1]}"
    reasons = "" if node.found else f" ({', '.join(item.message() for item in node.diagnostics[:1])})"
    return f"{node.name}: expected {node.expected}, found {node.found or 'nothing'}{reasons}"


def properties_text(day: Date) -> str:
    """Return what a vendor says of the product; the addresses are filled in by whoever submits."""
    entries = {
        "vendor.name": "zhida",
        "vendor.url": "",
        "product.name": "zhida",
        "product.url": "",
        "product.version": engine_version(),
        "product.comment": "DMN 1.5 and FEEL in Python, with exact decimal numbers; open source (Apache-2.0)",
        "last.update": str(day),
        "instructions.url": "",
    }
    return "".join(f"{name}={value}\n" for name, value in entries.items())


# --- what is shown ---------------------------------------------------------------------------------------------------------


def _levels(results: list[CaseResult]) -> dict[str, list[CaseResult]]:
    levels: dict[str, list[CaseResult]] = {}
    for result in results:
        levels.setdefault(result.level, []).append(result)
    return dict(sorted(levels.items()))


def _print_results(results: list[CaseResult], explained: list[CaseResult], language: Language) -> None:
    for result in explained:
        for node in result.nodes:
            if not node.passed or node.flag_agrees == (node.dispute is not None):
                typer.echo(f"{_explained(result, node, language)}\n")
    table = Table(box=None, pad_edge=False)
    table.add_column(words(language, "级别", "level"))
    for zh, en in (
        ("用例", "cases"),
        ("通过", "passed"),
        ("未过", "failed"),
        ("有值", "values"),
        ("空值", "nulls"),
        ("错误标志", "error flags"),
    ):
        table.add_column(words(language, zh, en), justify="right", no_wrap=True)
    levels = _levels(results)
    for level, own in levels.items():
        table.add_row(level, *_row(tally(own)))
    whole = tally(results)
    if len(levels) > 1:
        table.add_row(words(language, "合计", "in all"), *_row(whole))
    print_table(table)
    typer.echo(
        words(
            language,
            f"\n含数字的结果：逐位相同 {whole.exact}，按预期的位数舍入后相同 {whole.rounded}，仅在 1e-8 之内 {whole.near}",
            f"\nresults with numbers: {whole.exact} exact, {whole.rounded} when rounded as expected, {whole.near} within 1e-8 only",
        )
    )
    _print_flags(results, whole, language)


def _row(counts: Tally) -> tuple[str, ...]:
    return (
        *(str(number) for number in (counts.cases, counts.passed, counts.failed)),
        f"{counts.values_passed}/{counts.values}",
        f"{counts.nulls_passed}/{counts.nulls}",
        f"{counts.flags_agree}/{counts.flags}",
    )


def _print_flags(results: list[CaseResult], whole: Tally, language: Language) -> None:
    differing = whole.flags - whole.flags_agree
    if differing:
        typer.echo(
            words(
                language,
                f"错误标志不符 {differing} 个，其中 {whole.flags_disputed} 个有标准条款为据（见 docs/conformance.md）",
                f"{differing} error flags differ, {whole.flags_disputed} of them for a clause of the standard (docs/conformance.md)",
            )
        )
    for path in stale_disputes(results):
        typer.echo(
            words(language, f"列为有争议的标志其实一致：{path}", f"an error flag that is listed as disputed agrees: {path}"), err=True
        )


def _explained(result: CaseResult, node: NodeResult, language: Language) -> str:
    """Return everything there is to say of one result that is not as expected."""
    flag = {True: words(language, "错误", "error"), False: words(language, "无错误", "no error")}
    lines = [f"{result.level}/{result.folder}/{result.file}/{result.id}: {node.name}"]
    lines += [f"   | {line}" for line in node.text.splitlines()[:12]]
    lines.append(
        words(
            language, f"   预期 {node.expected}（{flag[node.expects_error]}）", f"   expected {node.expected} ({flag[node.expects_error]})"
        )
    )
    if node.found:
        lines.append(words(language, f"   实际 {node.found}（{flag[node.is_error]}）", f"   found    {node.found} ({flag[node.is_error]})"))
    lines += [f"   {line}" for item in node.diagnostics for line in item.render(language).splitlines()]
    lines += [f"   {line}" for line in node.crash.splitlines()]
    return "\n".join(lines)


def _data(results: list[CaseResult], *, strict: bool) -> dict[str, object]:
    return {
        "engine": engine_version(),
        "levels": {level: _counts(tally(own)) for level, own in _levels(results).items()},
        "all": _counts(tally(results)),
        "failures": [_case_data(result) for result in results if not result.passed or (strict and not result.flags_agree)],
        "flags_that_differ": [
            {
                "case": result.path,
                "result": node.name,
                "kit": node.expects_error,
                "zhida": node.is_error,
                "clause": node.dispute and node.dispute.clause,
            }
            for result in results
            for node in result.nodes
            if not node.flag_agrees
        ],
        "stale_disputes": stale_disputes(results),
    }


def _counts(counts: Tally) -> dict[str, int]:
    return {name: getattr(counts, name) for name in counts.__dataclass_fields__} | {"failed": counts.failed}


def _case_data(result: CaseResult) -> dict[str, object]:
    return {
        "case": result.path,
        "file": result.file,
        "results": [
            {
                "name": node.name,
                "text": node.text,
                "expected": node.expected,
                "found": node.found,
                "passed": node.passed,
                "closeness": Closeness(node.closeness).name.lower(),
                "expects_error": node.expects_error,
                "is_error": node.is_error,
                "diagnostics": [diagnostic_data(item) for item in node.diagnostics],
                "crash": node.crash,
            }
            for node in result.nodes
        ],
    }
