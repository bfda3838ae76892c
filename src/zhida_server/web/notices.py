"""Public notices (公示): what is about to be paid, to whom, how much and why; anybody may read them and object.

A notice shows names, amounts and articles. Facts of enterprises are never on it.
"""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Notice, NoticeState
from zhida_server.people.data import Actor
from zhida_server.people.service import may
from zhida_server.web.errors import error_page
from zhida_server.web.guards import POST, page
from zhida_server.web.limits import is_too_often
from zhida_server.web.public import SEARCH_LIMIT, language

PAGE_LINES = 100
"""Enterprises on one page of a notice."""
MOST_OBJECTIONS, WINDOW_S = 10, 3600
"""Objections that one address may make in an hour."""


@page()
def notices(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """List the notices, those that are open first."""
    found = sorted(delivery.notices(), key=lambda each: each.state is NoticeState.CLOSED)
    return render(request, "public/notices.html", {"notices": found})


@page()
def notice(request: HttpRequest, actor: Actor, notice: UUID) -> HttpResponse:
    """Show a notice, page by page, with the form to object to a line."""
    found = delivery.notice(notice)
    text = request.GET.get("q", "").strip()[:SEARCH_LIMIT]
    after = int(given) if (given := request.GET.get("after", "0")).isdecimal() and len(given) < 9 else 0
    lines = delivery.notice_lines(notice, text, after=after, limit=PAGE_LINES)
    known = {
        "notice": found,
        "is_open": is_open(found) and may(actor, "objection.make"),
        "lines": lines,
        "text": text,
        "about": request.GET.get("about", "")[:18],
        "first": "?" + urlencode({"q": text}) if after else "",
        "further": "?" + urlencode({"q": text, "after": lines[-1].position}) if len(lines) == PAGE_LINES else "",
    }
    return render(request, "public/notice_lines.html" if request.htmx else "public/notice.html", known)  # type: ignore[attr-defined]


@page(act="objection.make", methods=POST)
def object_to(request: HttpRequest, actor: Actor, notice: UUID) -> HttpResponse:
    """Take an objection to a line of a notice."""
    if is_too_often(request, "objection", most=MOST_OBJECTIONS, seconds=WINDOW_S):
        return error_page(request, 429)
    code, who, reason = (request.POST.get(name, "") for name in ("code", "who", "reason"))
    made = delivery.object_to(notice, code.strip().upper(), who, reason, on=timezone.localdate(), actor=actor)
    zh = f"已收到对“{made.name}”的异议，公示结束前会有结论；在此之前这一笔不会拨付。"
    en = f"Your objection about {made.name} was received. Nothing is paid on that line before it is decided."
    messages.success(request, en if language() == "en" else zh)
    return redirect("notice", notice)


def is_open(found: Notice) -> bool:
    """Say whether somebody may object today."""
    return found.state is NoticeState.OPEN and found.opened_on <= timezone.localdate() <= found.closes_on
