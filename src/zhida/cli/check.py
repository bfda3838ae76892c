"""`zhida check`: read packs, find what is wrong, run the examples."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from zhida.assess.examples import ExampleResult, day_of
from zhida.cli.console import (
    FOUND_ERRORS,
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    chosen_policies,
    count_severities,
    diagnostic_data,
    misuse,
    plural,
    print_diagnostics,
    print_json,
    print_table,
    read_as_of,
    read_packs,
    words,
)
from zhida.cli.models import check_model
from zhida.cli.over_columns import cost_data, costs_of_policy, print_costs
from zhida.cli.over_coverage import COLUMNS, Covered, coverage_cells, coverage_line
from zhida.cli.over_policies import Looked, look
from zhida.cli.over_proof import print_proof, proof_data
from zhida.cli.over_sources import doubt_data, print_doubts
from zhida.columnar.costs import Cost
from zhida.errors import Diagnostic, Language, has_errors
from zhida.errors.code import Severity
from zhida.policy.doubts import Doubt, doubts
from zhida.policy.pack import Packs, Policy


def check(
    packs: Annotated[Path, typer.Argument(help="政策包，或含有多个政策包的文件夹 | a pack, or a folder of packs", metavar="PACKS")] = Path(
        "packs"
    ),
    *,
    strict: Annotated[bool, typer.Option("--strict", help="警告也算错误 | warnings count as errors")] = False,
    columnar: Annotated[bool, typer.Option("--columnar", help="没有列形式的部分及代价 | what has no column form, and its cost")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="待核之处和依据 | what is not confirmed")] = False,
    proof: Annotated[bool, typer.Option("--proof", help="证明完备、不重叠，找出悬崖 | prove gaps, overlaps, cliffs")] = False,
    policy: Annotated[list[str] | None, typer.Option("--policy", metavar="POLICY", help="只看这份政策，可多次 | only this one")] = None,
    every: Annotated[bool, typer.Option("--all", help="证明的每一项都列出 | list all that was proved")] = False,
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """检查政策：格式、名称、类型、单位，并运行政策中的例。

    Check policies: format, names, types, units; and run their examples.

    例 Examples:

        zhida check packs

        zhida check packs --strict --lang en

        zhida check packs --json | python -m json.tool

        zhida check packs --columnar

        zhida check packs --sources

        zhida check packs --proof --policy hangzhou/compute-voucher

        zhida check build/sme-size.dmn
    """
    language: Language = lang.value
    if packs.suffix.lower() == ".dmn" and packs.is_file():
        if proof:
            raise _no_policy(packs)
        return check_model(packs, language, strict=strict, is_json=json, columnar_on=read_as_of(as_of) if columnar else None)
    day = read_as_of(as_of)
    loaded = read_packs(packs)
    chosen = chosen_policies(loaded, policy) if policy else None
    seen = _narrowed(loaded, chosen)
    looked = look(loaded, chosen, day, language, proves=proof)
    results, covered, proved = looked.results, looked.covered, looked.proved
    diagnostics = [*seen.diagnostics, *(item for wrong in looked.wrong for item in wrong)]
    if not has_errors(diagnostics):  # what examples leave open matters once nothing is wrong
        diagnostics += [item for each in covered.values() for item in each.findings]
    left = {id_: costs_of_policy(loaded.model_of(id_, day_of(loaded.in_force[id_], day))) for id_ in results} if columnar else None
    unconfirmed = doubts(seen) if sources else None
    shown = proved.proof.diagnostics if proved is not None else ()
    if json:
        extra = {} if proved is None else {"proof": proof_data(proved.proof)}
        print_json({**_data(seen, looked, diagnostics, left, unconfirmed), **extra})
    else:
        print_diagnostics((item for item in diagnostics if item.severity is not Severity.INFORMATION), language)
        _print_summary(seen, results, covered, language)
        _print_stacking(looked, language)
        if proved is None:
            _print_totals(seen, looked, diagnostics, language)
        if left is not None:
            print_costs(left, language)
        if unconfirmed is not None:
            print_doubts(unconfirmed, language)
        if proved is not None:
            print_proof(proved, language, as_of=day, shows_all=every)
            _print_totals(seen, looked, [*diagnostics, *shown], language)
        _point_to_neighbours(packs, diagnostics, language)
    return FOUND_ERRORS if has_errors((*diagnostics, *shown), strict=strict) else OK


def _no_policy(model: Path) -> typer.BadParameter:
    """Return what is raised where a DMN file is to be proved."""
    policy = f"packs/town/policies/{model.stem}.md"
    return misuse(
        f"--proof 证明的是政策，不是 DMN 文件；请先转成政策：zhida convert {model} {policy}，再运行 zhida check packs --proof",
        f"--proof is for policies, not for DMN files; convert it first: zhida convert {model} {policy}, then zhida check packs --proof",
    )


def _narrowed(packs: Packs, chosen: Sequence[str] | None) -> Packs:
    """Return packs as if they held no other policies than the chosen ones, for what is told of them."""
    if chosen is None:
        return packs
    others = {policy.document.source.name for id_, policy in packs.policies.items() if id_ not in chosen}
    told = tuple(item for item in packs.diagnostics if item.span is None or item.span.source.name not in others)
    return replace(packs, policies={id_: packs.policies[id_] for id_ in chosen}, diagnostics=told)


def _counts(looked: Looked) -> tuple[int, int]:
    passed = [not wrong for wrong in looked.wrong]
    return sum(passed), len(passed) - sum(passed)


def _data(
    packs: Packs,
    looked: Looked,
    diagnostics: list[Diagnostic],
    left: dict[str, tuple[Cost, ...]] | None,
    unconfirmed: tuple[Doubt, ...] | None,
) -> dict[str, object]:
    results, covered = looked.results, looked.covered
    stacked = sum(result.passed for result in looked.stacking)
    stacking = {"passed": stacked, "failed": len(looked.stacking) - stacked, "not_run": looked.stacking_not_run}
    passed, failed = _counts(looked)
    passed, failed = passed - stacking["passed"], failed - stacking["failed"]
    return {
        "policies": len(packs.policies),
        "examples": {"passed": passed, "failed": failed, "not_run": _not_run(packs, looked) - stacking["not_run"]},
        "stacking": stacking,
        **count_severities(diagnostics),
        "by_policy": [
            {
                "policy": policy.id,
                "title": policy.front.title,
                "sha256": policy.sha256,
                "decisions": len(policy.tangled.decisions) - (policy.front.applies is not None),
                "rules": _rules(policy),
                "examples": {"passed": sum(item.passed for item in found), "failed": sum(not item.passed for item in found)},
                "caveats": len(policy.tangled.caveats),
                **({"coverage": covered[policy.id].data} if policy.id in covered else {}),
                **({} if left is None else {"columnar": cost_data(left.get(policy.id, ()))}),
            }
            for policy in packs.policies.values()
            for found in (results.get(policy.id, ()),)
        ],
        "diagnostics": [diagnostic_data(item) for item in diagnostics],
        **({} if unconfirmed is None else {"sources": doubt_data(unconfirmed)}),
    }


def _not_run(packs: Packs, looked: Looked) -> int:
    left = sum(len(policy.tangled.examples) for policy in packs.policies.values() if policy.id not in looked.results)
    return left + looked.stacking_not_run


def _rules(policy: Policy) -> int:
    tables = (getattr(decision.expression, "rules", ()) for decision in policy.tangled.decisions)
    return sum(len(rules) for rules in tables)


def _print_summary(
    packs: Packs,
    results: Mapping[str, tuple[ExampleResult, ...]],
    covered: Mapping[str, Covered],
    language: Language,
) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column(words(language, "政策", "policy"), overflow="fold")
    table.add_column(words(language, "名称", "title"), overflow="fold", max_width=16)
    for zh, en in (("例\n通过", "examples\npassed"), *COLUMNS, ("待\n确认", "caveats")):
        table.add_column(words(language, zh, en), justify="right", no_wrap=True)
    for policy in packs.policies.values():
        found = results.get(policy.id)
        passed = "–" if found is None else f"{sum(item.passed for item in found)}/{len(found)}"
        table.add_row(
            policy.id,
            policy.front.title,
            passed,
            *coverage_cells(covered.get(policy.id)),
            str(len(policy.tangled.caveats)),
        )
    print_table(table)
    line = coverage_line(covered.values(), language)
    if line:
        typer.echo(f"\n{line}")


def _print_stacking(looked: Looked, language: Language) -> None:
    """Print how the examples on pages of stacking came out, where there are any."""
    passed = sum(result.passed for result in looked.stacking)
    failed = len(looked.stacking) - passed
    if looked.stacking:
        typer.echo(words(language, f"叠加页的例：通过 {passed}，未过 {failed}", f"examples of stacking: {passed} passed, {failed} failed"))


def _print_totals(packs: Packs, looked: Looked, diagnostics: Sequence[Diagnostic], language: Language) -> None:
    """Print the last line: policies, examples, and all errors and warnings, so that it agrees with the exit code."""
    all_passed, failed = _counts(looked)
    severities = count_severities(diagnostics)
    not_run = _not_run(packs, looked)
    skipped = words(language, f"，{not_run} 个未运行（政策有错误）", f", {not_run} not run (their policies have errors)") if not_run else ""
    typer.echo(
        words(
            language,
            f"\n{len(packs.policies)} 份政策；{all_passed + failed} 个例：通过 {all_passed}，未过 {failed}{skipped}；"
            f"错误 {severities['errors']}，警告 {severities['warnings']}",
            f"\n{plural(len(packs.policies), 'policy', 'policies')}; {plural(all_passed + failed, 'example')}: {all_passed} passed, "
            f"{failed} failed{skipped}; {plural(severities['errors'], 'error')}, {plural(severities['warnings'], 'warning')}",
        )
    )


def _point_to_neighbours(root: Path, diagnostics: list[Diagnostic], language: Language) -> None:
    """Say, where one pack was checked alone and has faults, that it may rest on packs that were not read."""
    folder = root.resolve()
    has_neighbours = any(path.parent != folder for path in folder.parent.glob("*/policies"))
    if has_errors(diagnostics) and (folder / "policies").is_dir() and has_neighbours:
        typer.echo(
            words(
                language,
                f"只检查了这一个政策包；它引用的名称若在别的包里，请一起检查：zhida check {root.parent}",
                f"only this pack was checked; where it rests on others, check them together: zhida check {root.parent}",
            ),
            err=True,
        )
