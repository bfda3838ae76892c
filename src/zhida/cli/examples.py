"""`zhida examples`: the boundary and MC/DC rows that the examples of a policy lack, to be filled in or accepted."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zhida.assess.examples import day_of
from zhida.cli.console import (
    OK,
    AsOfOption,
    Bar,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    chosen_policies,
    diagnostic_data,
    misuse,
    plural,
    print_json,
    progress_bar,
    read_as_of,
    read_packs,
    words,
    write_text,
)
from zhida.errors import CompileError, Diagnostic, Language, nearest
from zhida.policy.pack import Packs, Policy
from zhida.proof.proposals.accept import accepted_rows, accepted_text
from zhida.proof.proposals.propose import CONDITIONS, EVERYTHING, Proposals, Wanted, propose, told_again
from zhida.proof.proposals.rows import Row, cell_of, header_of, identified, markdown, purpose_text
from zhida.proof.proposals.targets import BOUNDARIES
from zhida.registry_io.replacing import write_failed
from zhida.report.words import listed
from zhida.values.temporal import Date
from zhida.values.text import literal


class Only(StrEnum):
    """What rows are limited to."""

    boundaries = "boundaries"
    conditions = "conditions"


KINDS = {None: EVERYTHING.kinds, Only.boundaries: BOUNDARIES, Only.conditions: CONDITIONS}
"""What targets each limit stands for."""


def examples(
    policy: Annotated[list[str] | None, typer.Argument(help="政策：编号、名称或其一部分 | policies", metavar="POLICY...")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="所有政策 | all policies")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="写进政策文件 | write them into the file")] = False,
    decision: Annotated[str | None, typer.Option("--decision", metavar="NAME", help="只看一个决策 | one decision only")] = None,
    only: Annotated[Only | None, typer.Option("--only", help="只要边界，或只要条件 | boundaries or conditions only")] = None,
    packs: PacksOption = Path("packs"),
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """提出一份政策还缺的例：每条线的两侧、每个条件单独起作用、每条规则。

    Propose the examples that a policy lacks: both sides of each line, each condition by itself, each rule.

    输入已经求出；期望写着“待填”，填好再贴进政策文件。--accept 直接写入，期望是 zhida 今天算出的值：写完请用 git diff 逐行核对。

    例 Examples:

        zhida examples hangzhou/compute-voucher

        zhida examples hangzhou/compute-voucher --decision 基本比例 --only boundaries

        zhida examples hangzhou/compute-voucher --accept
    """
    language: Language = lang.value
    if bool(policy) == all_:
        raise misuse("请写政策的编号或名称，或者 --all，二者取一", "name a policy, or say --all, one of the two")
    day = read_as_of(as_of)
    loaded = read_packs(packs)
    chosen = _sound(loaded, chosen_policies(loaded, policy or ()), day, is_all=all_)
    if decision is not None:
        chosen = _with_decision(chosen, decision)
    done = list(_each(loaded, chosen, day, Wanted(KINDS[only], decision), language, accept=accept))
    passed = [id_ for id_ in loaded.policies if id_ not in {each.id for each in chosen}] if all_ else []
    if json:
        print_json({"policies": [_data(loaded.policies[each.proposals.policy], each) for each in done], "left_out": passed})
    else:
        for each in done:
            _print(loaded.policies[each.proposals.policy], each, language, is_many=len(done) > 1)
        if passed:
            names = listed(passed, language)
            typer.echo(
                words(language, f"没有提出例（有错误，先看 zhida check）：{names}", f"left out (errors; see zhida check): {names}"),
                err=True,
            )
    if accept and not json:
        _warn(done, language)
    return OK


@dataclass(frozen=True, slots=True)
class _Done:
    """What was proposed for one policy."""

    proposals: Proposals
    """The rows."""
    written: Path | None
    """The file that they were written into; None where they were not."""
    rows: int = 0
    """How many of them it took."""


def _sound(packs: Packs, chosen: list[str], day: Date, *, is_all: bool) -> list[Policy]:
    """Return the chosen policies; one that has errors stops it, but among all of them it is passed over.

    Raises:
        CompileError: a policy that was named, or one that it uses, has errors.
    """
    found = []
    for id_ in chosen:
        try:
            packs.model_of(id_, day_of(packs.in_force[id_], day))
        except CompileError:
            if not is_all:
                raise
        else:
            found.append(packs.policies[id_])
    return found


def _each(packs: Packs, chosen: list[Policy], day: Date, wanted: Wanted, language: Language, *, accept: bool) -> Iterator[_Done]:
    """Work the policies one after the other, each written as soon as it is done."""
    for policy in chosen:
        with progress_bar(language, policy.id, policy.id) as bar:
            proposals = propose(packs, policy, as_of=day, wanted=wanted, tell=_Advance(bar).tell)
        yield _write(packs, policy, proposals, language) if accept and proposals.rows else _Done(proposals, None)


def _with_decision(policies: list[Policy], name: str) -> list[Policy]:
    """Return the policies that have a decision of some name.

    Raises:
        BadParameter: none has.
    """
    found = [policy for policy in policies if name in _decisions(policy)]
    if not found:
        names = list(dict.fromkeys(each for policy in policies for each in _decisions(policy)))
        near = nearest(name, names)
        zh, en = (f"是否想写“{near}”？", f"did you mean '{near}'? ") if near else ("", "")
        some, more = names[:MOST_NAMED], "…" if len(names) > MOST_NAMED else ""
        raise misuse(
            f"--decision：没有决策“{name}”；{zh}有：{'、'.join(some)}{more}",
            f"--decision: there is no decision '{name}'; {en}there are: {', '.join(some)}{more}",
        )
    return found


def _decisions(policy: Policy) -> list[str]:
    return [compiled.decision.name for compiled in policy.compiled.decisions.values()]


class _Advance:
    """Moves a bar on that is told how far it is."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar
        self.done: int | None = None

    def tell(self, done: int, total: int) -> None:
        """Show how many targets are settled."""
        if self.done is None:
            self.bar.start(total)
        self.bar.advance(done - (self.done or 0))
        self.done = done


def _write(packs: Packs, policy: Policy, proposals: Proposals, language: Language) -> _Done:
    """Write rows into the file of their policy.

    Raises:
        InputError: proof-example-file-changed, registry-write-failed.
    """
    path = Path(policy.document.source.name)
    if not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):  # a new file could take its place all the same
        raise write_failed(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)), is_fixed=True)
    raw = path.read_bytes().decode("utf-8")
    text = accepted_text(packs, policy, proposals, raw, language=language)
    return _Done(proposals, write_text(path, text, is_fixed=True), accepted_rows(policy, text))


# --- what is said --------------------------------------------------------------------------------------------------------


def _print(policy: Policy, done: _Done, language: Language, *, is_many: bool) -> None:
    """Print the rows to standard output, and what there is to say of them to standard error."""
    proposals, tally = done.proposals, done.proposals.tally
    if done.written is not None:
        typer.echo(str(done.written))
    elif proposals.rows:
        head = f"<!-- {policy.id} -->\n\n" if is_many else ""
        typer.echo(head + markdown(identified(proposals.rows, policy), proposals.order, language, is_filled=False))
    for line in _told(proposals, language):
        typer.echo(line, err=True)
    after = tally.shown + tally.added
    typer.echo(
        words(
            language,
            f"{policy.id}：要显示的 {tally.targets} 处，原有的例显示 {tally.shown} 处，加上这 {len(proposals.rows)} 个例是 {after} 处；"
            f"不可能 {tally.impossible} 处，未能判定 {tally.undecided} 处",
            f"{policy.id}: {tally.shown} of {plural(tally.targets, 'thing')} to show {'is' if tally.shown == 1 else 'are'} shown by its "
            f"examples, {after} with {plural(len(proposals.rows), 'more example')}; "
            f"{tally.impossible} impossible, {tally.undecided} not decided",
        ),
        err=True,
    )


MOST_NAMED = 12
"""Names of decisions that are told to whoever named none of them."""

MOST_TOLD = 4
"""How many things of one kind are named in one line; the rest are counted."""

TOLD: dict[str, tuple[str, str]] = {
    "proof-example-impossible": ("显不出来，没有主体在那里得到不同的结果", "cannot be shown: nobody who is there is answered otherwise"),
    "proof-example-undecided": ("没有找到例，也没有证明不可能", "no example was found, and none was excluded"),
    "proof-example-unwritable": ("能显出它们的例，值写不进格子", "the value of what would show them cannot be written in a cell"),
}
"""What is said of each kind of thing that no row shows."""


def _told(proposals: Proposals, language: Language) -> Iterator[str]:
    """Yield a line for each decision about what no row shows; one by one it is in the JSON."""
    groups: dict[tuple[str, str], list[Diagnostic]] = {}
    for item in told_again(proposals.told):
        groups.setdefault((str(item.arguments["decision"]), item.code), []).append(item)
    for (decision, code), items in groups.items():
        first = items[0].span
        place = first.place if first is not None else proposals.policy
        named = [str(item.arguments["target_zh" if language == "zh" else "target"]) for item in items[:MOST_TOLD]]
        rest = len(items) - len(named)
        what = words(language, *TOLD[code])
        if language == "zh":
            yield f"{place}: 提示[{code}]: {decision}：{what}：{'；'.join(named)}{f' 等 {len(items)} 处' if rest else ''}"
        else:
            yield f"{place}: information[{code}]: {decision}: {what}: {'; '.join(named)}{f' and {rest} more' if rest else ''}"


def _warn(done: list[_Done], language: Language) -> None:
    """Say loudly what was accepted."""
    written = [each for each in done if each.written is not None]
    rows, proposed = sum(each.rows for each in written), sum(len(each.proposals.rows) for each in written)
    if rows < proposed:
        lost = proposed - rows
        typer.echo(
            words(language, f"有 {lost} 个例写下来读回去不符，没有写入", f"{plural(lost, 'row')} did not hold once read back: left out"),
            err=True,
        )
    if not written:
        typer.echo(words(language, "没有要补的例：文件没有动", "nothing to add: no file was touched"), err=True)
        return
    typer.echo(
        words(
            language,
            f"\n注意：写入了 {rows} 个例，期望是 zhida 今天算出的值，不是文件的意思。请对照公文逐行核对（git diff），算得不对的，改规则。",
            f"\nNOTE: {plural(rows, 'example')} written. What is expected is what zhida computes today, not what the document says, until "
            "somebody has read it: read git diff line by line, and mend the rules where a line is wrong.",
        ),
        err=True,
    )


def _data(policy: Policy, done: _Done) -> dict[str, object]:
    """Return what was proposed for one policy as data."""
    proposals, tally = done.proposals, done.proposals.tally
    return {
        "policy": policy.id,
        "as_of": str(proposals.as_of),
        "targets": tally.targets,
        "shown": tally.shown,
        "shown_with_rows": tally.shown + tally.added,
        "impossible": tally.impossible,
        "undecided": tally.undecided,
        "written": None if done.written is None else str(done.written),
        "rows_written": done.rows,
        "rows": [_row_data(id_, row) for id_, row in identified(proposals.rows, policy).items()],
        "diagnostics": [diagnostic_data(item) for item in told_again(proposals.told)],
    }


def _row_data(id_: str, row: Row) -> dict[str, object]:
    whole = replace(row, is_unusual=False)
    return {
        "id": id_,
        "decision": row.decision_id.partition("#")[2],
        "as_of": literal(row.as_of),
        "facts": {header_of(name): cell_of(value) for name, value in row.facts.items()},
        "computed": dict(row.expected),
        "purpose": purpose_text(whole, "en"),
        "purpose_zh": purpose_text(whole, "zh"),
        "purposes": [{"zh": zh, "en": en} for zh, en in row.purposes],
        "is_unusual": row.is_unusual,
    }
