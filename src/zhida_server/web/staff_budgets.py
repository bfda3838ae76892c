"""Budgets: appropriated, reserved, paid, available, and until when the rest lasts at the pace of the last days.

Also the whole ledger as a file, for whoever checks it with a program of their own.
"""

import codecs
import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from zhida_server.catalogue import service as catalogue
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Budget, NoSuchAccount, yuan
from zhida_server.people.data import Actor, Refused
from zhida_server.web.guards import FORM, POST, page
from zhida_server.web.staff_forms import fen_of, form_again, key_of, needed, once, said, text_in, whole_of

PACE_DAYS, LEAST_DAYS = 90, 7
"""Days whose draws give the pace; with fewer days than these nothing is estimated."""
PAGE_MOVEMENTS = 100
"""Movements on one page."""
EXPORTS: Mapping[str, tuple[Callable[[Callable[[str], object]], None], str, str]] = {
    "beancount": (ledger.export_beancount, "ledger.beancount", "text/plain; charset=utf-8"),
    "hledger": (ledger.export_journal, "ledger.journal", "text/plain; charset=utf-8"),
    "csv": (ledger.export_csv, "ledger.csv", "text/csv; charset=utf-8"),
}
"""The ledger for other programs: what writes it, its name, and what it is."""
MONEY = ("cash", "voucher")
"""What a policy gives that a budget pays."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget as the page shows it."""

    budget: Budget
    """The budget."""
    days: int
    """Days whose draws were counted; 0 where nobody drew on it."""
    drawn_fen: int
    """What was drawn in these days."""
    runs_out: dt.date | None
    """The day on which it is spent at that pace; None where nothing can be said, or it lasts the year."""

    @property
    def used_percent(self) -> int:
        """How much of it is promised or paid, in whole percent."""
        used = self.budget.reserved_fen + self.budget.paid_fen
        return 0 if not self.budget.appropriated_fen else used * 100 // self.budget.appropriated_fen

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.budget.available_fen == 0

    @property
    def is_known(self) -> bool:
        """Whether there are enough days to speak of a pace."""
        return self.days >= LEAST_DAYS and self.drawn_fen > 0


def standing(budget: Budget, drawn: Mapping[str, tuple[int, dt.datetime | None]], now: dt.datetime) -> Standing:
    """Return how a budget stands, and when it is spent if it is drawn on as in the last days.

    Args:
        budget: The budget.
        drawn: What was drawn on budgets in the last days, and when for the first time.
        now: The moment from which one counts.
    """
    fen, first = drawn.get(budget.code, (0, None))
    days = 0 if first is None else min(PACE_DAYS, (now.date() - timezone.localtime(first).date()).days + 1)
    runs_out = None
    if days >= LEAST_DAYS and fen > 0 and budget.available_fen > 0:
        day = now.date() + dt.timedelta(days=min(-(-budget.available_fen * days // fen), 3_660))
        runs_out = day if day <= dt.date(budget.year, 12, 31) else None
    return Standing(budget, days, fen, runs_out)


@page(act="budget.read")
def budgets(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List budgets."""
    now = timezone.localtime()
    drawn = ledger.drawn(actor, now - dt.timedelta(days=PACE_DAYS))
    found = tuple(standing(each, drawn, now) for each in ledger.budgets(actor))
    known = {"budgets": found, "pace_days": PACE_DAYS, "least_days": LEAST_DAYS, "exports": tuple(EXPORTS)}
    return render(request, "staff/budgets.html", known)


@page(act="ledger.read")
def budget(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show one budget with what moved on it."""
    found = ledger.budget(code)
    if found is None:
        raise NoSuchAccount([code])
    known = {"budget": found, "movements": ledger.movements(actor, code, limit=PAGE_MOVEMENTS), "most": PAGE_MOVEMENTS}
    return render(request, "staff/budget.html", known)


@page(act="ledger.export")
def export(request: HttpRequest, actor: Actor, kind: str) -> FileResponse:  # noqa: ARG001 - the face of a view
    """Hand out the whole ledger as a file; it is written to the disk first and sent from there, however long it is."""
    if kind not in EXPORTS:
        raise Http404
    write, name, content_type = EXPORTS[kind]
    ledger.access_ledger(actor, "ledger.export")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it, once it is sent
    try:
        write(codecs.getwriter("utf-8")(file).write)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)


@page(act="budget.open", methods=FORM)
def open_budget(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Open a budget for policies of a year."""
    known: dict[str, object] = {
        "policies": [each for each in catalogue.policies() if each.gives in MONEY],
        "year": timezone.localdate().year,
    }
    if request.method == "GET":
        return render(request, "staff/budget_open.html", known)
    policies = request.POST.getlist("policies")
    known["chosen"] = policies
    try:
        key = key_of(request)
        year, amount_fen = whole_of(text_in(request, "year"), "年度", "the year"), fen_of(text_in(request, "amount"))
        code, name = text_in(request, "code"), text_in(request, "name")
        needed(name and policies, "请写名称，并至少选一项政策", "give it a name and at least one policy")
        made = once(request, lambda: ledger.open_budget(actor, code, name, policies, year, amount_fen, key=f"appropriate/{key}"))
    except Refused as refused:
        return form_again(request, "staff/budget_open.html", known, refused)
    if made is not None:
        said(request, f"预算“{made.name}”已设立。", f"The budget '{made.name}' was opened.")
    return redirect("staff_budgets")


@page(act="budget.appropriate", methods=POST)
def appropriate(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Put an amount into a budget."""
    key, code, amount_fen = key_of(request), text_in(request, "code"), fen_of(text_in(request, "amount"))
    made = once(request, lambda: ledger.appropriate(actor, code, amount_fen, key=f"appropriate/{key}"))
    if made is not None:
        said(request, f"“{made.name}”已追加拨款。", f"The amount was put into '{made.name}'.")
    return redirect("staff_budgets")


@page(act="budget.reduce", methods=POST)
def reduce(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take back what is free of a budget."""
    key, code, amount_fen, reason = (
        key_of(request),
        text_in(request, "code"),
        fen_of(text_in(request, "amount")),
        text_in(request, "reason"),
    )
    made = once(request, lambda: ledger.reduce(actor, code, amount_fen, reason, key=f"reduce/{key}"))
    if made is not None:
        said(
            request,
            f"“{made.name}”已调减，可用 {yuan(made.available_fen)} 元。",
            f"'{made.name}' has {yuan(made.available_fen)} yuan left.",
        )
    return redirect("staff_budgets")
