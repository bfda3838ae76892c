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
from zhida.cli.console import diagnostic_data, plural, print_table, progress_bar, words
from zhida.cli.processes import over_processes
from zhida.errors import SEVERITY_WORDS, Language
from zhida.errors.code import Severity
from zhida.policy.pack import Packs
from zhida.proof.across.cliffs import Cliff
from zhida.proof.findings import Finding, Verdict, Witness
from zhida.proof.policies import PacksProof, PolicyProof, prove_packs, verdicts_of
from zhida.proof.tables.proving import TableProof
from zhida.report.witness import (
    EXPLAINED,
    MARKS,
    QUESTIONS,
    VERDICTS,
    Models,
    cliff_examples,
    cliff_rows,
    example_words,
    is_shown,
    reasons,
    said_of,
    signed,
)
from zhida.report.words import listed, printable, word
from zhida.values.temporal import Date
from zhida.values.text import literal

R = TypeVar("R")

PROVED = (Verdict.PROVED,) * len(QUESTIONS)
"""The verdicts of a table of which nothing is open."""

TOLD_ABOVE = frozenset(("proof-undecided", "proof-cliff"))
"""Findings that stand in the table of verdicts or in that of cliffs."""

NAMED_OF_MANY = 6
"""Names of many that are said where not all are asked for."""

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


def print_proof(proved: Proved, language: Language, *, as_of: Date, shows_all: bool) -> None:
    """Print a proof: what is not proved first, then the cliffs, the findings and the totals.

    Args:
        proved: The proof.
        language: Of the words around it.
        as_of: The day that was asked for.
        shows_all: Whether every table and every finding is shown on a line of its own.
    """
    proof = proved.proof
    typer.echo(f"\n{_day(proof, as_of, language, shows_all=shows_all)}")
    _print_tables(proof, language, shows_all=shows_all)
    _print_cliffs(proof, language, shows_all=shows_all)
    _print_findings(proof, language, shows_all=shows_all)
    _print_totals(proved, language)


def _day(proof: PacksProof, as_of: Date, language: Language, *, shows_all: bool) -> str:
    """Return for which day policies were proved: the day that was asked for, or the nearest on which they are law."""
    others = [f"{each.policy.id} {each.as_of}" for each in proof.policies if each.as_of != as_of]
    line = words(language, f"按 {as_of} 证明", f"Proved for {as_of}")
    if not others:
        return line
    named = _few(others, language, shows_all=shows_all)
    zh, en = f"；不在施行期内的，按其首日或末日：{named}", f"; policies that are not in force then, for their first or last day: {named}"
    return line + words(language, zh, en)


def _few(names: Sequence[str], language: Language, *, shows_all: bool) -> str:
    """Return names one after the other; of many only the first, and how many there are."""
    if shows_all or len(names) <= NAMED_OF_MANY + 1:
        return listed(names, language)
    rest = len(names) - NAMED_OF_MANY
    return listed(names[:NAMED_OF_MANY], language) + words(language, f" 等 {len(names)} 项", f" and {rest} more")


def _print_tables(proof: PacksProof, language: Language, *, shows_all: bool) -> None:
    """Print the tables of which something is open, each on a line; the others policy by policy."""
    open_ = [(policy, table) for policy in proof.policies for table in policy.tables if shows_all or verdicts_of(table) != PROVED]
    if proof.tables:
        typer.echo(words(language, "\n证明：每张判定表", "\nProof: every decision table"))
    if open_:
        shown = Table(box=None, pad_edge=False)
        shown.add_column(words(language, "政策 · 决策", "policy · decision"), overflow="fold", ratio=3)
        for zh, en in QUESTIONS:
            shown.add_column(words(language, zh, en), no_wrap=True)
        shown.add_column(words(language, "说明", "note"), overflow="fold", ratio=4)
        for policy, table in open_:
            name = f"{policy.policy.id} · {_name(policy, table)}"
            shown.add_row(escape(name), *signed(table, language), escape(_note(policy, table, language)))
        print_table(shown)
    if shows_all:
        return
    whole = [(policy, [table for table in policy.tables if verdicts_of(table) == PROVED]) for policy in proof.policies]
    whole = [(policy, tables) for policy, tables in whole if tables]
    if not whole:
        return
    names = listed((words(language, *question) for question in QUESTIONS), language)
    count = sum(len(tables) for _, tables in whole)
    mark = MARKS[Verdict.PROVED]
    typer.echo(words(language, f"{mark} 已证明{names}的 {count} 张表：", f"{mark} proved {names}, {plural(count, 'table')}:"))
    for policy, tables in whole:
        typer.echo(f"  {policy.policy.id}: {listed((_name(policy, table) for table in tables), language)}")


def _note(policy: PolicyProof, table: TableProof, language: Language) -> str:
    """Return why a table is not decided, or how grave what refutes it is."""
    severities = Counter(item.diagnostic.severity for item in policy.findings if item.decision_id == table.decision_id)
    found = [f"{SEVERITY_WORDS[language][severity]} {severities[severity]}" for severity in Severity if severities[severity]]
    return words(language, "；", "; ").join([*found, *reasons(table, language)])  # what is refuted can have open questions, too


def _print_cliffs(proof: PacksProof, language: Language, *, shows_all: bool) -> None:
    """Print the cliffs, of how many facts it is proved that they have no others, and of which it is not known."""
    cliffs = proof.cliffs
    proved = sum(len(policy.climbed.proved) for policy in proof.policies)
    open_ = [(policy.policy.id, *each) for policy in proof.policies for each in policy.climbed.undecided]
    if not cliffs and not proved and not open_:
        return  # no policy gives money by a number
    count = len(cliffs)
    if cliffs:
        zh, en = f"多一个单位，反而少得（{count} 处）", f"one unit more, and one gets less ({count})"
    elif open_:
        zh, en = "例的周围没有找到多一个单位反而少得的地方", "none were found around the examples"
    else:
        zh, en = "没有多一个单位反而少得的地方", "nowhere does one unit more lose money"
    typer.echo(words(language, f"\n悬崖：{zh}", f"\nCliffs: {en}"))
    if cliffs and shows_all:
        _print_shown(proof, language)
    elif cliffs:
        _print_rows(proof, language)
    if proved:
        zh, en = ("没有别的悬崖", "no other cliffs") if cliffs else ("没有悬崖", "no cliffs")
        facts = f"{plural(proved, 'fact')} {'is' if proved == 1 else 'are'}"
        mark = MARKS[Verdict.PROVED]
        typer.echo(words(language, f"{mark} {proved} 项事实已证明{zh}", f"{mark} {facts} proved to have {en}"))
    _print_open_cliffs(open_, language, shows_all=shows_all)


def _print_shown(proof: PacksProof, language: Language) -> None:
    """Print the cliffs, each with a subject that shows it."""
    for policy in proof.policies:
        if not policy.cliffs:
            continue
        typer.echo(f"{policy.policy.id} · {policy.cliffs[0].amount_name}")
        examples = cliff_examples(policy.cliffs, policy.model, language)
        for (fact, line, loss, _), example in zip(cliff_rows(policy.cliffs, policy.model, language), examples, strict=True):
            typer.echo(printable(words(language, f"  {fact} {line}：少得 {loss}", f"  {fact} {line}: {loss} less")))
            typer.echo(printable(words(language, f"      例如：{example}", f"      for example: {example}")))


def _print_rows(proof: PacksProof, language: Language) -> None:
    """Print the cliffs as a table, those that are alike on one line."""
    shown = Table(box=None, pad_edge=False)
    for zh, en in (("政策 / 事实", "policy / fact"), ("线", "line")):
        shown.add_column(words(language, zh, en), overflow="fold")
    shown.add_column(words(language, "少得", "lost"), justify="right", no_wrap=True)
    for policy in proof.policies:
        if policy.cliffs:
            shown.add_row(escape(policy.policy.id), escape(policy.cliffs[0].amount_name))
        for fact, line, loss, _ in cliff_rows(policy.cliffs, policy.model, language):
            shown.add_row(*map(escape, (f"  {fact}", line, loss)))
    print_table(shown)


def _print_open_cliffs(open_: Sequence[tuple[str, str, str, str]], language: Language, *, shows_all: bool) -> None:
    """Say of which facts it is not known whether they have cliffs that no example shows, reason by reason."""
    if not open_:
        return
    mark, count = MARKS[Verdict.UNDECIDED], len(open_)
    facts = f"{plural(count, 'fact')} {'is' if count == 1 else 'are'}"
    zh, en = f"{count} 项事实未能判定（例的周围没有）：", f"{facts} not decided (none around the examples):"
    typer.echo(f"{mark} {words(language, zh, en)}")
    groups: dict[str, dict[str, list[str]]] = {}
    for policy, fact, zh, en in open_:
        groups.setdefault(words(language, zh, en), {}).setdefault(policy, []).append(fact)
    for reason, by_policy in sorted(groups.items(), key=lambda each: -sum(map(len, each[1].values()))):
        times = sum(map(len, by_policy.values()))
        typer.echo(f"  {times} × {printable(reason)}")
        named = [f"{policy} {listed(facts, language)}" for policy, facts in by_policy.items()]
        kept = named if shows_all else named[:SHOWN_OF_A_KIND]
        for line in kept:
            typer.echo(f"      {line}")
        if len(kept) < len(named):
            rest = len(named) - len(kept)
            typer.echo(words(language, f"      … 还有 {rest} 份政策", f"      … {plural(rest, 'more policy', 'more policies')}"))


def _print_findings(proof: PacksProof, language: Language, *, shows_all: bool) -> None:
    """Print errors and warnings in full, information on a line each; what is not shown is counted."""
    found = [*_findings(proof)]
    minor = [(finding, model) for finding, model in found if is_told_apart(finding)]
    for finding, model in found:
        if finding.diagnostic.severity is not Severity.INFORMATION:
            example = "" if is_shown(finding, model) else example_words(finding, model, language)
            typer.echo(finding.diagnostic.render(language), err=True)
            typer.echo(f"   = {printable(example)}\n" if example else "", err=True)
    for item in proof.left_out:
        typer.echo(f"{item.render(language)}\n", err=True)
    if not minor:
        return
    typer.echo(words(language, f"\n提示（{len(minor)} 条）", f"\nInformation ({len(minor)})"))
    kinds: dict[str, list[tuple[Finding, Models]]] = {}
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


def _print_minor(finding: Finding, model: Models, language: Language) -> None:
    item = finding.diagnostic
    place = f"{item.span.place}: " if item.span else ""
    typer.echo(f"  {place}{item.message(language)} [{item.code}]")
    if example := example_words(finding, model, language):
        typer.echo(f"      {printable(example)}")


def is_told_apart(finding: Finding) -> bool:
    """Say whether a finding is information that the tables of verdicts and of cliffs do not tell already."""
    return finding.diagnostic.severity is Severity.INFORMATION and finding.diagnostic.code not in TOLD_ABOVE


def _findings(proof: PacksProof) -> Iterator[tuple[Finding, Models]]:
    for policy in proof.policies:
        for finding in policy.findings:
            yield finding, policy.model
    models = [policy.model for policy in proof.policies]
    for finding in proof.findings:
        yield finding, models


def _print_totals(proved: Proved, language: Language) -> None:
    """Print how many tables came out how, and how many cliffs there are; how grave it all is stands in the last line of the check."""
    proof = proved.proof
    parts = []
    said = [said_of(table, language) for table in proof.tables]
    for place, question in enumerate(QUESTIONS):
        counts = Counter(each[place] for each in said)
        named = listed((f"{words_} {count}" for words_, count in sorted(counts.items(), key=_by_verdict(language))), language)
        parts.append(f"{question[1]}: {named}" if language == "en" else f"{question[0]} {named}")
    tables, cliffs = len(proof.tables), len(proof.cliffs)
    of_tables = words(language, f"{tables} 张表：", f"{plural(tables, 'table')}: ") + words(language, "；", "; ").join(parts)
    told = [of_tables] if tables else []
    told += [words(language, f"悬崖 {cliffs} 处", plural(cliffs, "cliff"))] if cliffs else []
    told.append(words(language, f"用时 {proved.seconds} 秒", f"{proved.seconds} s"))
    typer.echo("\n" + words(language, "；", "; ").join(told))


def _by_verdict(language: Language) -> Callable[[tuple[str, int]], int]:
    """Return what sorts verdicts in words: proved, explained, refuted, not decided."""
    order = [word(VERDICTS, verdict, language) for verdict in Verdict]
    order.insert(1, words(language, *EXPLAINED[1:]))
    return lambda each: order.index(each[0])
