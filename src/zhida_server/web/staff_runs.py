"""Runs: ordered for a day, watched, tallied, and repeated to the byte; and the versions of packs that they decide by."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from zhida.assess.assessment import Outcome
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import Repetition, RunState
from zhida_server.people.data import Actor, NotFound
from zhida_server.people.service import may
from zhida_server.web.guards import POST, page
from zhida_server.web.staff_forms import date_of, once, said, text_in

MONEY = frozenset({"cash", "voucher"})
"""What a policy gives that is paid out."""
SHOWN = 5
"""Repetitions that are shown of a run."""
OFFERED = frozenset({"", "免申即享", "免审即享"})
"""Ways of delivery by which a notice can be opened."""


@page(act="run.read")
def runs(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List runs, with the form that orders one."""
    return render(request, "staff/runs.html", {"runs": entitlements.runs(actor), "today": timezone.localdate()})


@page(act="run.start", methods=POST)
def start(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Order a run."""
    as_of = date_of(text_in(request, "as_of"))
    made = once(request, lambda: entitlements.start_run(actor, as_of))
    if made is None:
        return redirect("staff_runs")
    said(request, "运行已经排队，完成后结果即生效。", "The run is queued; its answers count once it is done.")
    return redirect("staff_run", made.id)


@page(act="run.read")
def run(request: HttpRequest, actor: Actor, run: UUID) -> HttpResponse:
    """Show a run; for the part that is asked again and again, only how far it is."""
    found = entitlements.run(actor, run)
    working = found.state in {RunState.QUEUED, RunState.RUNNING}
    if request.htmx:  # type: ignore[attr-defined]
        answer = render(request, "staff/run_progress.html", {"run": found, "is_working": working})
        if not working:
            answer.headers["HX-Refresh"] = "true"
        return answer
    done = found.state is RunState.DONE
    tallies = entitlements.tallies(actor, run) if done else ()
    ways = {each.policy: each.delivery for each in catalogue.policies()}
    opened = {each.policy: each for each in delivery.notices() if each.run_id == run}
    lines = [
        {
            "tally": each,
            "counts": [(each.outcomes.get(outcome.value, 0), outcome.value) for outcome in Outcome],
            "notice": opened.get(each.policy),
            "can_open": each.gives in MONEY and ways.get(each.policy, "") in OFFERED and each.paid_fen > 0,
        }
        for each in tallies
    ]
    known = {
        "run": found,
        "is_working": working,
        "lines": lines,
        "outcomes": [outcome.value for outcome in Outcome],
        "amount_fen": sum(each.amount_fen for each in tallies),
        "paid_fen": sum(each.paid_fen for each in tallies),
        "may_open": may(actor, "notice.open"),
    } | _repeated(entitlements.repetitions(actor, run))
    return render(request, "staff/run.html", known)


@page(act="run.repeat", methods=POST)
def repeat(request: HttpRequest, actor: Actor, run: UUID) -> HttpResponse:
    """Let a run be decided again from its record, in the background; its page says how far that is, and whether every byte is the same."""
    if once(request, lambda: entitlements.start_repeat(actor, run)) is not None:
        said(
            request,
            "复算已经排队，做完后这一页会写明是否逐字节相同。",
            "It is queued; once done, this page says whether every byte is the same.",
        )
    return redirect("staff_run", run)


@page(act="run.read")
def repetitions(request: HttpRequest, actor: Actor, run: UUID) -> HttpResponse:
    """Show how far deciding a run again is, as the part of its page that is asked for again and again."""
    found = entitlements.repetitions(actor, run)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("staff_run", run)
    return render(request, "staff/run_repetitions.html", {"run": entitlements.run(actor, run)} | _repeated(found))


def _repeated(found: tuple[Repetition, ...]) -> dict[str, object]:
    working = any(each.state in {RunState.QUEUED, RunState.RUNNING} for each in found)
    return {"repetitions": found[:SHOWN], "is_repeating": working}


@page(act="run.read")
def packs(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """List the versions of packs that were taken, and the policies that hold now."""
    try:
        current = catalogue.current_sha256()
    except NotFound:
        current = ""
    known = {"versions": tuple(reversed(catalogue.pack_versions())), "current": current, "policies": catalogue.policies(subject="")}
    return render(request, "staff/packs.html", known)
