"""`zhida allocate`: who is paid out of a budget now, who waits, and when the money runs out; and the same from the record alone."""

import hashlib
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from zhida.cli.console import (
    AS_OF_FORM,
    FOUND_ERRORS,
    OK,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    diagnostic_data,
    find_policy,
    folder_for,
    misuse,
    print_diagnostics,
    print_json,
    progress_bar,
    read_as_of,
    read_fen,
    sound_packs,
    words,
)
from zhida.entitle.budgets.allocation import FIRST_COME, LOTTERY, SCORE, Terms
from zhida.entitle.budgets.applications import Applications, read_applications
from zhida.entitle.budgets.claims import OWN, Admission, Claims, Entitled, claims_of, last_day, read_entitled
from zhida.entitle.budgets.record import CLAIMS_FILE, RECORD_FILE, Origin, Record, claims_files, record_of, replay, write_files
from zhida.errors import Diagnostic, InputError, Language, diagnostic
from zhida.policy.front_matter import Budget
from zhida.policy.pack import Packs, Policy
from zhida.registry_io.engine import engine_version
from zhida.report.allocation import allocation_html, allocation_text
from zhida.values.temporal import Date, parse_date, to_days

PAGE_FILE = "allocation.html"
"""The page for people; it is no part of the record."""
KEPT = ("zhida.as_of", "zhida.engine_version", "zhida.known_at", "zhida.stacking_sha256")
"""What the record keeps of what the entitlements say of themselves."""


class Amounts(StrEnum):
    """What a claim amounts to."""

    sum = "sum"
    own = "own"


class Order(StrEnum):
    """Who is served first."""

    first_come = "first-come"
    pro_rata = "pro-rata"
    score = "score"
    lottery = "lottery"


class Last(StrEnum):
    """What happens at the edge."""

    part = "part"
    wait = "wait"


EntitlementsArgument = Annotated[
    Path | None,
    typer.Argument(help="combine 或 assess 的结果 | results of combine or assess", metavar="ENTITLEMENTS", show_default=False),
]
PolicyArgument = Annotated[
    str | None, typer.Argument(help="政策的编号或名称 | id or title of the policy", metavar="POLICY", show_default=False)
]
ApplicationsOption = Annotated[
    Path | None, typer.Option("--applications", help="申请表（CSV）| who applied, and when (CSV)", metavar="FILE")
]
AmountsOption = Annotated[
    Amounts | None,
    typer.Option("--amounts", help="sum 组合后实得，own 单独应得 | after stacking, or by itself; what the file has", show_default=False),
]
OrderOption = Annotated[Order | None, typer.Option("--order", help="次序，默认按政策 | order, the policy's by default", show_default=False)]
LastOption = Annotated[
    Last | None, typer.Option("--last", help="末位不够时：给剩下的，或等 | at the edge: part or wait", show_default=False)
]
SeedOption = Annotated[str, typer.Option("--seed", help="摇号的种子 | published seed of the lottery", metavar="TEXT")]
BudgetOption = Annotated[
    str | None, typer.Option("--budget", help="预算（元），如 5000万 | yuan, the policy's by default", metavar="YUAN", show_default=False)
]
SpentOption = Annotated[str, typer.Option("--spent", help="此前已付（元）| yuan spent before", metavar="YUAN")]
ListOption = Annotated[bool, typer.Option("--list", help="只出名单和摘要，不分配 | only the list and its digest")]
ListDigestOption = Annotated[
    str, typer.Option("--list-sha256", help="公布过的名单摘要，须相同 | digest of the list as published", metavar="HEX")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="结果文件夹 | folder for the record", metavar="FOLDER", show_default=False)]
DayOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar=AS_OF_FORM, help="核算日，默认同结果的评估日 | the day, that of the results by default", show_default=False
    ),
]
ReplayOption = Annotated[
    Path | None, typer.Option("--replay", help="只凭记录重算并核对 | compute a record again, and compare", metavar="RECORD")
]


def allocate(
    entitlements: EntitlementsArgument = None,
    policy: PolicyArgument = None,
    *,
    applications: ApplicationsOption = None,
    amounts: AmountsOption = None,
    order: OrderOption = None,
    last: LastOption = None,
    seed: SeedOption = "",
    budget: BudgetOption = None,
    spent: SpentOption = "0",
    list_: ListOption = False,
    list_sha256: ListDigestOption = "",
    out: OutOption = None,
    replay_: ReplayOption = None,
    packs: PacksOption = Path("packs"),
    as_of: DayOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""按先后、比例、得分或摇号分配一项政策的预算：谁现在付、谁等候、钱哪天用完；结果可只凭记录重算。

    Share out a policy's budget: who is paid now, who waits, when the money runs out. The day of the calculation is that of
    the entitlements unless `--as-of` names another.

    例 Examples:

        zhida allocate build/entitlements hangzhou/compute-voucher \
            --applications applications.csv --out build/vouchers

        zhida allocate build/results 杭州市算力券 --budget 5000万 --out v

        zhida allocate build/results 杭州市算力券 --order pro-rata --out v

        zhida allocate build/results 杭州市算力券 --order lottery --list --out v

        zhida allocate build/results 杭州市算力券 --order lottery --seed 615 --out v

        zhida allocate --replay build/vouchers
    """
    language: Language = lang.value
    if replay_ is not None:
        return _replay(replay_, language, is_json=json)
    entitlements, policy, out = _whole_call(entitlements, policy, out, is_list=list_)
    loaded = sound_packs(packs)
    chosen = loaded.policies[find_policy(loaded, policy)]
    if chosen.front.budget is None and budget is None:
        raise InputError([diagnostic("allocation-no-budget", None, policy=chosen.id)])
    kind = order.value if order else (chosen.front.budget.order if chosen.front.budget else FIRST_COME)
    entitled, sheet = _read(entitlements, chosen, amounts, applications, language, is_scored=kind == SCORE)
    terms = _terms(chosen, _day(entitled, as_of), kind, last, seed, budget, spent)
    print_diagnostics(_said(entitled, loaded, entitlements, applications, sheet, terms), language)
    claims = claims_of(entitled, sheet, Admission(terms.year, to_days(terms.as_of), chosen.front.window))
    files = claims_files(claims, is_synthetic=entitled.is_synthetic)
    digest = hashlib.sha256(files[CLAIMS_FILE]).hexdigest()
    if list_sha256 and list_sha256.strip().lower() != digest:
        raise InputError([diagnostic("allocation-list-differs", None, found=digest, stated=list_sha256)])
    with folder_for(out) as folder, progress_bar(language, "分配", "allocating") as bar:
        if list_:
            return _tell_list(write_files(files, folder), digest, claims.frame.height, language, is_json=json)
        bar.start(claims.frame.height)
        record = record_of(files, terms, _origin(entitled, chosen, claims, sheet))
        bar.advance(claims.frame.height)
        paths = write_files({**record.files, PAGE_FILE: allocation_html(record, language).encode()}, folder)
    _tell(record, paths, language, is_json=json)
    return OK


def _whole_call(entitlements: Path | None, policy: str | None, out: Path | None, *, is_list: bool) -> tuple[Path, str, Path]:
    """Return what a call must name.

    Raises:
        BadParameter: something is lacking, or a list would spoil a record.
    """
    if entitlements is None or policy is None or out is None:
        raise misuse(
            "请写明结果文件、政策和 --out；核对已有的记录用 --replay",
            "name the entitlements, a policy and --out, or a record with --replay",
        )
    if is_list and (out / RECORD_FILE).exists():
        raise misuse(
            f"“{out}”里已经有一次分配的记录：名单请另写一个文件夹", f"'{out}' holds the record of an allocation: write the list elsewhere"
        )
    return entitlements, policy, out


def _read(
    place: Path, policy: Policy, amounts: Amounts | None, path: Path | None, language: Language, *, is_scored: bool
) -> tuple[Entitled, Applications | None]:
    """Read what everybody is to have, and who applied, showing progress."""
    with progress_bar(language, "读取", "reading") as bar:
        bar.start(2)
        entitled = read_entitled(place, policy.id, amounts.value if amounts else None)
        bar.advance(1)
        return entitled, read_applications(path, policy.id, policy.front.title, is_scored=is_scored) if path else None


def _origin(entitled: Entitled, policy: Policy, claims: Claims, sheet: Applications | None) -> Origin:
    """Return where the claims come from."""
    return Origin(
        amounts=entitled.amounts,
        policies={policy.id: policy.sha256},
        entitlements={name.removeprefix("zhida."): entitled.metadata[name] for name in KEPT if name in entitled.metadata}
        | {"policy_sha256": entitled.policies.get(policy.id, "")},
        applications_sha256=sheet.sha256 if sheet else "",
        is_synthetic=entitled.is_synthetic,
        engine_version=engine_version(),
        idle=claims.idle,
        open_subjects=claims.open_subjects,
    )


def _day(entitled: Entitled, as_of: str | None) -> Date:
    if as_of is not None:
        return read_as_of(as_of)
    day = parse_date(entitled.metadata["zhida.as_of"])
    return day if day is not None else read_as_of(None)


def _terms(policy: Policy, day: Date, kind: str, last: Last | None, seed: str, budget: str | None, spent: str) -> Terms:
    """Return what the allocation goes by: what was asked for, else what the policy says.

    Raises:
        BadParameter: an amount or the seed cannot be read.
    """
    if "\n" in seed or "\r" in seed:
        raise misuse("--seed：种子要写在一行里", "--seed: a seed is one line")
    stated = policy.front.budget or Budget(day.year, Decimal(0), kind)
    return Terms(
        policy=policy.id,
        title=policy.front.title,
        year=stated.year,
        budget_fen=int(stated.amount.scaleb(2)) if budget is None else read_fen(budget, "--budget"),
        spent_fen=read_fen(spent, "--spent"),
        order=kind,
        last=last.value if last else stated.last,
        seed=seed if kind == LOTTERY else "",
        as_of=day,
        until=last_day(policy.front.window, stated.year),
    )


def _said(entitled: Entitled, packs: Packs, place: Path, path: Path | None, sheet: Applications | None, terms: Terms) -> list[Diagnostic]:
    """Return what must be known before anybody is served.

    Raises:
        InputError: applications-no-scores.
    """
    policy = packs.policies[terms.policy]
    found = [*sheet.diagnostics, *_of_no_policy(sheet, path, packs)] if sheet else []
    if terms.order == SCORE and not (sheet and sheet.has_scores):
        raise InputError([*found, diagnostic("applications-no-scores", None, name=path or "–")])
    if entitled.amounts == OWN:
        found.append(diagnostic("allocation-stacking-ignored", None, policy=policy.id))
    if entitled.policies.get(policy.id, policy.sha256) != policy.sha256:
        found.append(diagnostic("allocation-policy-changed", None, name=place, policy=policy.id))
    return found


def _of_no_policy(sheet: Applications, path: Path | None, packs: Packs) -> list[Diagnostic]:
    """Return what the sheet asks for that is no policy at all, so that nobody drops out of sight by a misspelling."""
    known = {name for policy in packs.policies.values() for name in (policy.id, policy.front.title)}
    unknown = {name: count for name, count in sheet.others.items() if name not in known}
    if not unknown or sheet.frame.is_empty():  # that none is for the policy is told with what they say
        return []
    met = "、".join(f"{name or '–'} {count:,}" for name, count in list(unknown.items())[:5])
    return [diagnostic("applications-policy-unknown", None, name=path, count=sum(unknown.values()), met=met)]


def _tell_list(paths: list[Path], digest: str, count: int, language: Language, *, is_json: bool) -> int:
    """Say what the list is, and what to do with its digest."""
    if is_json:
        print_json({"claims": count, "list_sha256": digest, "files": [str(path) for path in paths]})
        return OK
    typer.echo(words(language, f"名单 {count:,} 户，SHA-256 {digest}", f"{count:,} claims, SHA-256 {digest}"))
    for path in paths:
        typer.echo(str(path))
    zh = "先公布这个摘要，再当众得出种子，然后用 --seed 和 --list-sha256 分配"
    typer.echo(words(language, zh, "publish this digest, then draw the seed in public, then use --seed and --list-sha256"), err=True)
    return OK


def _tell(record: Record, paths: list[Path], language: Language, *, is_json: bool) -> None:
    if is_json:
        print_json(record.data | {"files": [str(path) for path in paths]})
        return
    typer.echo(allocation_text(record, language))
    for path in paths:
        typer.echo(str(path))


def _replay(place: Path, language: Language, *, is_json: bool) -> int:
    """Compute a record again and say whether it is the same."""
    found = replay(place)
    data: dict[str, Any] = {"record": str(place), "is_same": not found.differences, "list_sha256": found.record.data["sha256"][CLAIMS_FILE]}
    if is_json:
        print_json(data | {"diagnostics": [diagnostic_data(item) for item in found.differences]})
    elif found.differences:
        print_diagnostics(found.differences, language)
    else:
        allocation = found.record.allocation
        count, digest = allocation.frame.height, data["list_sha256"]
        zh = f"与记录逐字节相同：{count:,} 户，名单 SHA-256 {digest}"
        typer.echo(words(language, zh, f"the same to the byte: {count:,} claims, list SHA-256 {digest}"))
    return FOUND_ERRORS if found.differences else OK
