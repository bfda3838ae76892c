"""Bank accounts of enterprises: told, never edited; the latest counts, and a batch keeps the one that it was made with."""

import datetime as dt
import re

from django.db import connection, transaction

from zhida_server.audit import service as audit
from zhida_server.delivery import models
from zhida_server.delivery.data import NotUnderstood, Payee
from zhida_server.delivery.texts import line_of
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotAllowed, Role

ACCOUNT = re.compile(r"[0-9]{6,32}")
"""The number of an account, without the blanks that people write into it."""

SHOWN = 4
"""How many digits of an account a record of the audit shows."""


def set_payee(  # noqa: PLR0913 - what an account consists of
    actor: Actor, code: str, account_name: str, bank: str, account_number: str, *, on: dt.date, document: str = ""
) -> Payee:
    """Tell the account of an enterprise; the same again changes nothing.

    Money goes where this says. Staff who tell it for an enterprise name the document that they have seen, which stands in the audit.

    Args:
        actor: Who tells it: the enterprise's representative, or staff.
        code: The enterprise.
        account_name: The name of the account.
        bank: The bank and branch.
        account_number: Its digits; blanks are left out.
        on: The day from which on it counts.
        document: What staff has seen, such as the number of the bank's certificate of the account.

    Raises:
        NotUnderstood: where a field is empty or the number is none, or staff names no document.
    """
    people.require(actor, "payee.tell")
    if actor.role is Role.REPRESENTATIVE and actor.enterprise_code != code:
        raise NotAllowed("enterprise-not-yours", "只能填写自己代表的企业的账户", "you can tell the account of your own enterprise only")
    name, branch = line_of(account_name, "户名", "account name"), line_of(bank, "开户银行", "bank")
    number = re.sub(r"[\s-]", "", account_number)
    if not ACCOUNT.fullmatch(number):
        raise NotUnderstood(
            "payee-number",
            "“账号”应当是 6 至 32 位数字，可以有空格",
            "'account number' takes 6 to 32 digits; blanks may stand between them",
        )
    seen = line_of(document, "凭据", "document") if actor.is_staff else ""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('payee/' || %s, 0))", [code])
        last = latest(code)
        if last is not None and (last.account_name, last.bank, last.account_number) == (name, branch, number):
            return last
        models.Payee.objects.create(code=code, account_name=name, bank=branch, account_number=number, since=on, told_by=actor.name)
        before = None if last is None else _shown(last)
        found = Payee(code, name, branch, number, actor.name, on)
        audit.record(actor.name, "payee.tell", code, before=before, after=_shown(found) | ({"document": seen} if seen else {}))
        return found


def payee_of(actor: Actor, code: str, *, purpose: str) -> Payee | None:
    """Return the account that counts for an enterprise; None where nobody told one.

    Args:
        actor: Who asks.
        code: The enterprise.
        purpose: What for.
    """
    people.access_enterprise(actor, code, purpose=purpose)
    return latest(code)


def latest(code: str) -> Payee | None:
    """Return the account that counts, for whoever was let in already."""
    row = models.Payee.objects.filter(code=code).order_by("-id").first()
    return None if row is None else Payee(row.code, row.account_name, row.bank, row.account_number, row.told_by, row.since)


def _shown(payee: Payee) -> dict[str, object]:
    """Return what the audit keeps of an account."""
    return {"account_name": payee.account_name, "bank": payee.bank, "account_number": f"…{payee.account_number[-SHOWN:]}"}
