"""`zhida check --proof`: every table's verdict, the cliffs, and each finding with the subject that shows it."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from zhida.assess.examples import ExampleResult
from zhida.cli.console import count_severities, diagnostic_data, print_table, progress_bar, words
from zhida.cli.processes import over_processes
from zhida.errors import SEVERITY_WORDS, Language
from zhida.errors.code import Severity
from zhida.policy.pack import Packs, PolicyModel
from zhida.proof.cliffs import Cliff
from zhida.proof.findings import Finding, Verdict, Witness
from zhida.proof.policies import PacksProof, PolicyProof, prove_packs, verdicts_of
from zhida.proof.tables import TableProof
from zhida.report.witness import MARKS, QUESTIONS, VERDICTS, cliff_rows, example_words, is_shown, reasons, verdict_words
from zhida.report.words import listed, printable, word
from zhida.values.temporal import Date
from zhida.values.text import literal

R = TypeVar("R")

PROVED = (Verdict.PROVED,) * len(QUESTIONS)
"""The verdicts of a table of which nothing is open."""

TOLD_ABOVE = frozenset(("proof-undecided", "proof-cliff"))
"""Findings that stand in the table of verdicts or in that of cliffs."""

SHOWN_OF_A_KIND = 3
"""Findings of one kind that are no warnings, of which this many are shown where not all are asked for."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof, and how long it took."""

    proof: PacksProof
    """The proof."""
    seconds: str
    """For a reader; the proof does not depend on it."""

    @property
    def by_policy(self) -> dict[str, PolicyProof]:
        """What was proved of each policy, by id."""
        return {each.policy.id: each for each in self.proof.policies}


def timed_proof(
    packs: Packs, chosen: Sequence[str] | None, results: Mapping[str, Sequence[ExampleResult]], as_of: Date, language: Language
) -> Proved:
    """Prove policies with a progress bar on a terminal.

    Args:
        packs: The packs.
        chosen: Ids of policies; all where that is None.
        results: The examples of policies as they were run.
        as_of: The day.
        language: Of the bar's label.
    """
    began = time.monotonic()
    with progress_bar(language, "证明", "proving") as bar:

        def over(function: Callable[[str], R], ids: Sequence[str]) -> Iterator[R]:
            bar.start(len(ids))
            for result in over_processes(function, ids):
                bar.advance(1)
                yield result

        proof = prove_packs(packs, chosen, as_of=as_of, shown=results, over=over)
    return Proved(proof, f"{time.monotonic() - began:.1f}")


# --- JSON ----------------------------------------------------------------------------------------------------------


def proof_data(proof: PacksProof) -> dict[str, object]:
    """Return a proof for `--json`: every table is named; facts are literals of FEEL."""
    return {
        "policies": [_policy_data(each) for each in proof.policies],
        "left_out": [item.arguments["name"] for item in proof.left_out],
        "findings": [_finding_data(each) for each in proof.findings],
    }


def _policy_data(proof: PolicyProof) -> dict[str, object]:
    return {
        "policy": proof.policy.id,
        "as_of": str(proof.as_of),
        "tables": [_table_data(proof, each) for each in proof.tables],
        "findings": [_finding_data(each) for each in proof.findings],
        "cliffs": [_cliff_data(each) for each in proof.cliffs],
        "no_other_cliffs": list(proof.climbed.proved),
        "cliffs_not_decided": [{"fact": fact, "en": en, "zh": zh} for fact, zh, en in proof.climbed.undecided],
        "nodes": proof.nodes,
    }


def _table_data(proof: PolicyProof, table: TableProof) -> dict[str, object]:
    return {
        "decision": _name(proof, table),
        "complete": table.completeness.value,
        "no_overlap": table.consistency.value,
        "none_masked": table.masked.value,
        "not_decided": [{"en": en, "zh": zh} for zh, en in table.undecided],
        "nodes": table.nodes,
    }


def _finding_data(finding: Finding) -> dict[str, object]:
    decision = finding.decision_id.rpartition("#")[2] if finding.decision_id else None
    witness = {"witness": _witness_data(finding.witness)} if finding.witness else {}
    return {**diagnostic_data(finding.diagnostic), "decision": decision, "rules": list(finding.rules), **witness}


def _witness_data(witness: Witness) -> dict[str, object]:
    return {
        "facts": {name: literal(value) for name, value in witness.facts.items()},
        "clauses": [{"clause": text, "value": literal(value)} for text, value in witness.clauses],
        "as_of": str(witness.as_of) if witness.as_of else None,
    }


def _cliff_data(cliff: Cliff) -> dict[str, object]:
    return {
        "fact": cliff.fact,
        "unit": cliff.unit,
        "tested": cliff.tested,
        "line": literal(cliff.line),
        "at": literal(cliff.place),
        "step": literal(cliff.step),
        "amount": cliff.amount_name,
        "before": literal(cliff.before),
        "after": literal(cliff.after),
        "loss": literal(cliff.loss),
        "grows_with": list(cliff.grows_with),
        "place": cliff.span.place,
        "facts": {name: literal(value) for name, value in cliff.facts.items()},
    }


def _name(proof: PolicyProof, table: TableProof) -> str:
    return proof.policy.compiled.decisions[table.decision_id].decision.name


# --- what is printed -----------------------------------------------------------------------------------------------


def print_proof(proved: Proved, language: Language, *, shows_all: bool) -> None:
    """Print a proof: what is not proved first, then the cliffs, the findings and the totals.

    Args:
        proved: The proof.
        language: Of the words around it.
        shows_all: Whether every table and every finding is shown on a line of its own.
    """
    proof = proved.proof
    typer.echo(words(language, "\n证明：每张判定表", "\nProof: every decision table"))
    _print_tables(proof, language, shows_all=shows_all)
    _print_cliffs(proof, language)
    _print_findings(proof, language, shows_all=shows_all)
    _print_totals(proved, language)


def _print_tables(proof: PacksProof, language: Language, *, shows_all: bool) -> None:
    """Print the tables of which something is open, each on a line; the others policy by policy."""
    open_ = [(policy, table) for policy in proof.policies for table in policy.tables if shows_all or verdicts_of(table) != PROVED]
    if open_:
        shown = Table(box=None, pad_edge=False)
        shown.add_column(words(language, "政策 · 决策", "policy · decision"), overflow="fold", ratio=3)
        for zh, en in QUESTIONS:
            shown.add_column(words(language, zh, en), no_wrap=True)
        shown.add_column(words(language, "说明", "note"), overflow="fold", ratio=4)
        for policy, table in open_:
            name = f"{policy.policy.id} · {_name(policy, table)}"
            signs = (verdict_words(verdict, language) for verdict in verdicts_of(table))
            shown.add_row(escape(name), *signs, escape(_note(policy, table, language)))
        print_table(shown)
    if shows_all:
        return
    whole = [(policy, [table for table in policy.tables if verdicts_of(table) == PROVED]) for policy in proof.policies]
    whole = [(policy, tables) for policy, tables in whole if tables]
    names = listed((words(language, *question) for question in QUESTIONS), language)
    count = sum(len(tables) for _, tables in whole)
    typer.echo(
        words(
            language, f"{MARKS[Verdict.PROVED]} 已证明{names}的 {count} 张表：", f"{MARKS[Verdict.PROVED]} proved {names}, {count} tables:"
        )
    )
    for policy, tables in whole:
        typer.echo(f"  {policy.policy.id}: {listed((_name(policy, table) for table in tables), language)}")


def _note(policy: PolicyProof, table: TableProof, language: Language) -> str:
    """Return why a table is not decided, or how grave what refutes it is."""
    severities = Counter(item.diagnostic.severity for item in policy.findings if item.decision_id == table.decision_id)
    found = [f"{SEVERITY_WORDS[language][severity]} {severities[severity]}" for severity in Severity if severities[severity]]
    why = reasons(table, language) if Verdict.UNDECIDED in verdicts_of(table) else ()
    return words(language, "；", "; ").join([*found, *why])


def _print_cliffs(proof: PacksProof, language: Language) -> None:
    cliffs = proof.cliffs
    if not cliffs:
        typer.echo(words(language, "\n悬崖：没有找到多一个单位反而少得的地方", "\nCliffs: nowhere does one unit more lose money"))
        return
    typer.echo(
        words(language, f"\n悬崖：多一个单位，反而少得（{len(cliffs)} 处）", f"\nCliffs: one unit more, and one gets less ({len(cliffs)})")
    )
    shown = Table(box=None, pad_edge=False)
    for zh, en in (("政策 / 事实", "policy / fact"), ("线", "line")):
        shown.add_column(words(language, zh, en), overflow="fold")
    shown.add_column(words(language, "少得", "lost"), justify="right", no_wrap=True)
    for policy in proof.policies:
        if policy.cliffs:
            shown.add_row(escape(policy.policy.id), escape(policy.cliffs[0].amount_name), "")
        for fact, line, loss, _ in cliff_rows(policy.cliffs, policy.model, language):
            shown.add_row(*map(escape, (f"  {fact}", line, loss)))
    print_table(shown)
    _print_open_cliffs(proof, language)


def _print_open_cliffs(proof: PacksProof, language: Language) -> None:
    """Say of how many facts it is proved that they have no other cliffs, and of which it is not known."""
    count = sum(len(policy.climbed.proved) for policy in proof.policies)
    open_ = [(policy.policy.id, *each) for policy in proof.policies for each in policy.climbed.undecided]
    typer.echo(
        words(
            language,
            f"{count} 项事实已证明没有别的悬崖；{len(open_)} 项未能判定（例的周围没有）",
            f"{count} facts are proved to have no others; {len(open_)} are not decided (there are none around the examples)",
        )
    )
    reasons_ = Counter(words(language, zh, en) for _, _, zh, en in open_)
    for reason, times in reasons_.most_common(SHOWN_OF_A_KIND):
        typer.echo(f"  {times} × {printable(reason)}")


def _print_findings(proof: PacksProof, language: Language, *, shows_all: bool) -> None:
    """Print errors and warnings in full, information on a line each; what is not shown is counted."""
    found = [*_findings(proof)]
    minor = [(finding, model) for finding, model in found if is_told_apart(finding)]
    for finding, model in found:
        if finding.diagnostic.severity is not Severity.INFORMATION:
            example = "" if is_shown(finding) else example_words(finding, model, language)
            typer.echo(finding.diagnostic.render(language), err=True)
            typer.echo(f"   = {printable(example)}\n" if example else "", err=True)
    for item in proof.left_out:
        typer.echo(f"{item.render(language)}\n", err=True)
    if not minor:
        return
    typer.echo(words(language, f"\n提示（{len(minor)} 条）", f"\nInformation ({len(minor)})"))
    kinds: dict[str, list[tuple[Finding, PolicyModel | None]]] = {}
    for finding, model in minor:
        kinds.setdefault(finding.diagnostic.code, []).append((finding, model))
    for code, several in sorted(kinds.items(), key=lambda kind: len(kind[1])):
        for finding, model in several if shows_all else several[:SHOWN_OF_A_KIND]:
            _print_minor(finding, model, language)
        rest = len(several) - SHOWN_OF_A_KIND
        if rest > 0 and not shows_all:
            typer.echo(words(language, f"  … 还有 {rest} 条 [{code}]", f"  … {rest} more [{code}]"))
    if len(minor) > SHOWN_OF_A_KIND and not shows_all:
        typer.echo(words(language, "  --all 全部列出，--policy 只看一份政策", "  --all shows all of them, --policy those of one policy"))


def _print_minor(finding: Finding, model: PolicyModel | None, language: Language) -> None:
    item = finding.diagnostic
    place = f"{item.span.place}: " if item.span else ""
    typer.echo(f"  {place}{item.message(language)} [{item.code}]")
    if example := example_words(finding, model, language):
        typer.echo(f"      {printable(example)}")


def is_told_apart(finding: Finding) -> bool:
    """Say whether a finding is information that the tables of verdicts and of cliffs do not tell already."""
    return finding.diagnostic.severity is Severity.INFORMATION and finding.diagnostic.code not in TOLD_ABOVE


def _findings(proof: PacksProof) -> Iterator[tuple[Finding, PolicyModel | None]]:
    for policy in proof.policies:
        for finding in policy.findings:
            yield finding, policy.model
    for finding in proof.findings:
        yield finding, None


def _print_totals(proved: Proved, language: Language) -> None:
    proof = proved.proof
    tables = proof.tables
    parts = []
    for place, question in enumerate(QUESTIONS):
        counts = Counter(verdicts_of(table)[place] for table in tables)
        said = listed((f"{word(VERDICTS, verdict, language)} {counts[verdict]}" for verdict in Verdict if counts[verdict]), language)
        parts.append(f"{words(language, *question)}: {said}" if language == "en" else f"{question[0]} {said}")
    severities = count_severities(proof.diagnostics)
    zh = f"\n{len(proof.policies)} 份政策，{len(tables)} 张表：{'；'.join(parts)}；悬崖 {len(proof.cliffs)} 处；"
    en = f"\n{len(proof.policies)} policies, {len(tables)} tables: {'; '.join(parts)}; {len(proof.cliffs)} cliffs; "
    zh += f"错误 {severities['errors']}，警告 {severities['warnings']}，提示 {severities['information']}；用时 {proved.seconds} 秒"
    en += f"{severities['errors']} errors, {severities['warnings']} warnings, {severities['information']} information; {proved.seconds} s"
    typer.echo(words(language, zh, en))
