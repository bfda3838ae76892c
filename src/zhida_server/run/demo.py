"""The demonstration: a site filled with a synthetic district, by the services alone, so that every page has something to show.

    people ─> packs ─> import ─> run ─> budgets ─> notice 1 ─> closed ─> batch 1: signed, sent, paid but for two ─> batch 2: waits for
                                         │                                                                          a signature
                                         └─> notice 2: open          representatives: one who can claim, one who is a step away

Each step looks first whether it was done: cut short and started again, it goes on where it stopped. Nothing of it is real.
"""

import csv
import datetime as dt
import hashlib
import io
import itertools
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from zhida.assess.assessment import Outcome
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Batch, BatchState, NoCalendar, Question
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import Run, RunState
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import yuan
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound, Refused, Role, job_actor
from zhida_server.registry import service as registry
from zhida_server.registry.data import ImportState
from zhida_server.run.filling import actor_named
from zhida_server.run.folder import write_whole

AS_OF = dt.date(2026, 6, 30)
"""The day of the business facts, as in `zhida demo`."""

OPENED = dt.date(2026, 7, 1)
"""The day on which the first notice is opened."""

FIRST, SECOND = "national/hiring-expansion-2026", "zhejiang/stable-jobs-zhejiang-2026"
"""The policies that are put on notice: one is paid already, one is still open."""

BUDGETS = (
    ("hangzhou/compute-voucher", "算力券（文件写明的年度总额）", "hangzhou/compute-voucher", 25_000_000_000),
    ("national/hiring-expansion", "一次性扩岗补助（演示拨款）", FIRST, 100_000_000),
    ("zhejiang/stable-jobs", "稳岗返还（演示拨款）", SECOND, 8_000_000_000),
)
"""Budgets: name of the code, title, policy, fen. But for the voucher's, which its document states, the amounts are made up and named so."""

STAFF = (
    ("zhengce", Role.POLICY, "政策处"),
    ("caiwu", Role.FINANCE, "财务处"),
    ("fuhe", Role.FINANCE, "财务处"),
    ("fuwu", Role.SERVICE, "企业服务中心"),
    ("lingdao", Role.LEADER, "办公室"),
    ("shenji", Role.AUDITOR, "审计处"),
    ("guanli", Role.ADMINISTRATOR, "信息中心"),
)
"""The offices' people: login, role, office. Two of finance, as one makes a batch and another signs it."""

CLAIMANT, NEARLY, AWAITED = "qiye", "qiye2", "qiye3"
"""The representatives: of an enterprise that can claim at once, of one that is a step away from something, and one who was bound by
the counter and waits for a second person."""

PAID_SHARE = 2 / 3
"""The share of the first notice's enterprises whose accounts are known for the first batch."""

JOB = job_actor("demo")
Say = Callable[[str, str], None]


def fill(folder: str, packs: str, language: str) -> dict[str, Any]:
    """Fill the site; what is there already stays.

    Args:
        folder: The folder of `zhida demo`'s results, with the district's sources.
        packs: The folder of the packs.
        language: What progress is told in.
    """

    def say(zh: str, en: str) -> None:
        print(zh if language == "zh" else en, file=sys.stderr, flush=True)

    passwords = _passwords()
    for name, role, office in STAFF:
        if name not in _names():
            people.create_staff(JOB, name, passwords[name], role, office)
    say("收下政策包 …", "taking the packs …")
    catalogue.take_packs(JOB, Path(packs))
    _import(Path(folder), say)
    run = _run(say)
    for year in sorted({AS_OF.year, _today().year}):
        for name, title, policy, amount_fen in BUDGETS:
            code = f"budget/{year}/{name}"
            ledger.open_budget(actor_named("caiwu"), code, f"{year} 年{title}", [policy], year, amount_fen, key=f"demo/{code}")
    known = catalogue.current_packs()[1].policies
    if FIRST in known:
        _first_notice(run, say)
    if SECOND in known:
        _second_notice(run, say)
    _representatives(passwords, say)
    return {"run": str(run.id)}


# --- people --------------------------------------------------------------------------------------------------------


def _names() -> set[str]:
    return {person.name for person in people.people(JOB)}


def _passwords() -> dict[str, str]:
    """Return the logins, which are written to the site's folder before anybody has one; made at random, once a site."""
    path = settings.SITE / "logins.txt"
    if not path.exists():
        lines = [f"{name}\t{secrets.token_urlsafe(12)}\t{role.zh} {role.en}\t{office}" for name, role, office in STAFF]
        for name, what in ((CLAIMANT, "可以即申即享"), (NEARLY, "差一步")):
            lines.append(f"{name}\t{secrets.token_urlsafe(12)}\t{Role.REPRESENTATIVE.zh} {Role.REPRESENTATIVE.en}\t{what}")
        head = "# 演示账号（只在本机有效，数据是合成的）：登录名、密码、角色、说明 · logins of this demonstration"
        write_whole(path, "\n".join([head, *lines]) + "\n", mode=0o600)
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


def _representatives(passwords: dict[str, str], say: Say) -> None:
    names = _names()
    if {CLAIMANT, NEARLY, AWAITED} <= names:
        return
    say("挑选几家企业的代表 …", "choosing enterprises to be represented …")
    claimant = None if CLAIMANT in names else _claimant()
    if claimant is not None:
        _bind(CLAIMANT, passwords[CLAIMANT], claimant)
        _tell_account(claimant)
    if NEARLY not in names:
        nearly = next((code for code in _codes() if code != claimant and _is_nearly(code)), None)
        if nearly is not None:
            _bind(NEARLY, passwords[NEARLY], nearly)
    if AWAITED not in names and (code := next(_codes(), None)) is not None:
        people.bind_representative(actor_named("fuwu"), AWAITED, secrets.token_urlsafe(12), code, "授权委托书 演示-003")


def _bind(name: str, password: str, code: str) -> None:
    """Bind a representative as the offices do: the counter, having seen the letter, and the administrator as the second person."""
    with transaction.atomic():
        people.bind_representative(actor_named("fuwu"), name, password, code, f"授权委托书 演示-{code[-3:]}")
        people.confirm_binding(actor_named("guanli"), name)


def _codes() -> Iterator[str]:
    """Yield the codes of all enterprises, in order."""
    after = ""
    while lines := registry.enterprises(JOB, after=after, limit=200):
        yield from (line.code for line in lines)
        after = lines[-1].code


def _is_nearly(code: str) -> bool:
    answers = entitlements.answers_of(JOB, code, purpose="演示")
    return any(answer.near for answer in answers) and any(answer.outcome is Outcome.ELIGIBLE and answer.paid_fen for answer in answers)


def _claimant() -> str | None:
    """Return an enterprise that is paid at once when it says what is missing; None where the district has none."""
    counter = actor_named("fuwu")
    for code in _codes():
        for answer in entitlements.answers_of(JOB, code, purpose="演示"):
            if answer.policy not in {FIRST, SECOND} or answer.outcome is not Outcome.UNDETERMINED:
                continue
            try:
                questions = delivery.claim_questions(counter, code, answer.policy, on=_today())
            except Refused:
                continue
            if 1 <= len(questions) <= 3 and _is_paid(code, answer.policy, questions):
                return code
    return None


def _is_paid(code: str, policy: str, questions: Sequence[Question]) -> bool:
    """Whether some likely answers lead to money."""
    for values in itertools.product(*map(_likely, questions)):
        told = registry.read_facts(dict(zip((each.name for each in questions), values, strict=True)), on=_today(), is_own=True)
        found = entitlements.decide_now(JOB, code, policy, told, on=_today(), purpose="演示")
        if found.outcome is Outcome.ELIGIBLE and found.paid_fen > 0:
            return True
    return False


def _likely(question: Question) -> tuple[str, ...]:
    """Return a few answers that somebody might give."""
    if question.choices:
        return question.choices[:2]
    return {"boolean": ("true", "false"), "number": ("20", "1"), "date": ("2020-01-01",)}.get(question.kind, ("无",))


# --- registry and run ----------------------------------------------------------------------------------------------


def _import(folder: Path, say: Say) -> None:
    if any(each.state is ImportState.TAKEN for each in registry.imports(JOB)):
        return
    say("导入合成的登记册 …", "importing the synthetic registry …")
    mapping = folder / "mapping.yaml"
    if not mapping.exists():
        raise NotFound(
            "demo-not-made",
            f"“{folder}”里没有演示的来源文件：先运行 zhida demo --no-serve --out {folder}",
            f"'{folder}' holds no demonstration: run zhida demo --no-serve --out {folder} first",
        )
    proposed = registry.propose_import_paths(JOB, mapping, sorted((folder / "sources").glob("*.csv")))
    registry.take_import(JOB, proposed.id)
    say(f"  {proposed.rows:,} 户", f"  {proposed.rows:,} enterprises")


def _run(say: Say) -> Run:
    """Return the run as of the demonstration's day, made or gone on with where it is not done."""
    former = next((each for each in entitlements.runs(JOB) if each.as_of == AS_OF and each.state is not RunState.FAILED), None)
    if former is not None and former.state is RunState.DONE:
        return former
    say("对全部企业评估全部政策 …", "every policy for every enterprise …")
    return entitlements.run_now((former or entitlements.start_run(JOB, AS_OF)).id)


# --- notices and payments ------------------------------------------------------------------------------------------


def _today() -> dt.date:
    """Return the day on which the second notice is opened and claims are made: as on the pages, it is today."""
    return timezone.localdate()


def _first_notice(run: Run, say: Say) -> None:
    say("公示一项免申即享政策，到期、支付、对账 …", "one policy on notice, closed, paid and reconciled …")
    notice = delivery.open_notice(actor_named("zhengce"), run.id, FIRST, on=OPENED)
    delivery.grant_lines(notice.id)
    closed = notice.closes_on + dt.timedelta(days=1)
    delivery.close_notices(JOB, closed)
    codes = [line.code for line in entitlements.eligible(run.id, FIRST) if line.paid_fen > 0]
    if not codes:  # a small district may have nobody
        return
    known = max(1, int(len(codes) * PAID_SHARE))
    for code in codes[:known]:
        _tell_account(code)
    maker, signer = actor_named("caiwu"), actor_named("fuhe")
    made = delivery.batches(maker)
    first = min(made, key=lambda batch: batch.number) if made else delivery.make_batch(maker, FIRST, on=closed)
    _pay(delivery.batch(maker, first.id), maker, signer, on=closed)
    for code in codes[known:]:
        _tell_account(code)
    if len(delivery.batches(maker)) < 2:
        delivery.make_batch(maker, FIRST, on=closed + dt.timedelta(days=2))


def _pay(batch: Batch, maker: Actor, signer: Actor, *, on: dt.date) -> None:
    """Sign a batch, hand it to the bank, and load what the bank says: all paid, but for two."""
    if batch.state is BatchState.MADE:
        batch = delivery.sign_batch(signer, batch.id, on=on)
    if batch.state is BatchState.SIGNED:
        delivery.bank_file(maker, batch.id)
    if not batch.paid:
        name, content = return_file(batch, failed=2)
        delivery.load_return(maker, batch.id, name, content, on=on + dt.timedelta(days=1))


def return_file(batch: Batch, *, failed: int) -> tuple[str, bytes]:
    """Return what an invented bank says of a batch: the first few lines failed, the others were paid.

    Args:
        batch: The batch, with its lines.
        failed: How many lines failed.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(("批次号", "支付编号", "金额（元）", "结果", "原因"))
    for place, line in enumerate(batch.lines):
        said = ("失败", "账号户名不符（合成）") if place < failed else ("成功", "")
        table.writerow((batch.number, line.order_id, yuan(line.amount_fen), *said))
    return f"return-{batch.number}.csv", text.getvalue().encode("utf-8-sig")


def _tell_account(code: str) -> None:
    """Invent an enterprise's bank account, always the same."""
    number = f"9999{int(hashlib.sha256(code.encode()).hexdigest(), 16) % 10**12:012}"
    line = next(iter(registry.enterprises(JOB, code, limit=1)), None)
    delivery.set_payee(JOB, code, (line.name if line else "") or code, "合成银行（演示）", number, on=AS_OF)


def _second_notice(run: Run, say: Say) -> None:
    say("另一项政策公示中 …", "another policy on notice …")
    try:
        notice = delivery.open_notice(actor_named("zhengce"), run.id, SECOND, on=_today(), days=10)
    except NoCalendar:  # the official calendar of a later year is not published yet
        notice = delivery.open_notice(actor_named("zhengce"), run.id, SECOND, on=OPENED, days=10)
    delivery.grant_lines(notice.id)
