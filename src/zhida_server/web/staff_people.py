"""Accounts: made and ended by administrators, read by auditors. A role never changes: nobody raises anybody, themselves least of all.

Who represents an enterprise is bound by one person and confirmed by another.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from zhida_server.people import service as people
from zhida_server.people.data import STAFF, Actor, Refused, Role
from zhida_server.web.guards import FORM, POST, page
from zhida_server.web.staff_forms import form_again, once, one_of, said, text_in

PAGE_PEOPLE = 100
"""Accounts on one page."""
ACTS: Mapping[str, tuple[Callable[[Actor, str], None], str, str]] = {
    "deactivate": (people.deactivate, "账号“{name}”已停用，正在使用的登录立即失效。", "'{name}' was ended, and is logged out."),
    "reactivate": (people.reactivate, "账号“{name}”已恢复。", "'{name}' can be used again."),
    "reset-factor": (people.reset_second_factor, "“{name}”的动态口令已清除，下次登录重新绑定。", "'{name}' has no second factor now."),
}
"""What an administrator does with an account: the act, and what is said then."""


@page(act="people.read")
def accounts(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List accounts."""
    text, after = request.GET.get("q", "").strip()[:100], request.GET.get("after", "")[:150]
    found = people.people(actor, text, after=after, limit=PAGE_PEOPLE)
    known = {
        "people": found,
        "text": text,
        "first": "?" + urlencode({"q": text}) if after else "",
        "further": "?" + urlencode({"q": text, "after": found[-1].name}) if len(found) == PAGE_PEOPLE else "",
    }
    return render(request, "staff/people.html", known)


@page(act="people.manage", methods=FORM)
def create(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make an account of staff."""
    known = {"roles": sorted(STAFF)}
    if request.method == "GET":
        return render(request, "staff/person_create.html", known)
    try:
        asked = one_of(text_in(request, "role"), {role.value for role in STAFF}, "请选择岗位", "choose a role")
        name, password, office = text_in(request, "name"), request.POST.get("password", ""), text_in(request, "office")
        made = once(request, lambda: people.create_staff(actor, name, password, Role(asked), office))
    except Refused as refused:
        return form_again(request, "staff/person_create.html", known, refused)
    if made is not None:
        zh = f"账号“{made.name}”已建立；第一次登录要改密码。"
        said(request, zh, f"'{made.name}' was made; the password is changed at the first login.")
    return redirect("staff_people")


@page(act="people.bind", methods=FORM)
def bind(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make the account of an enterprise's representative."""
    if request.method == "GET":
        return render(request, "staff/person_bind.html")
    try:
        name, password, code = text_in(request, "name"), request.POST.get("password", ""), text_in(request, "code").upper()
        document = text_in(request, "document")
        made = once(request, lambda: people.bind_representative(actor, name, password, code, document))
    except Refused as refused:
        return form_again(request, "staff/person_bind.html", {}, refused)
    if made is not None:
        zh = f"账号“{made.name}”已登记为企业 {made.enterprise_code} 的代表，由另一位工作人员确认后才能登录。"
        en = f"'{made.name}' is entered for the enterprise {made.enterprise_code}, and can log in once another person has confirmed it."
        said(request, zh, en)
    return redirect("staff_bindings")


@page(act="people.confirm")
def bindings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the representatives who wait for a second person."""
    found = people.bindings(actor)
    is_bound_to_office = actor.role == Role.SERVICE
    lines = [
        {"binding": each, "is_own": each.asked_by == actor.name, "is_elsewhere": is_bound_to_office and each.asked_office != actor.office}
        for each in found
    ]
    return render(request, "staff/bindings.html", {"lines": lines})


@page(act="people.confirm", methods=POST)
def decide_binding(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Confirm a representative as the second person, or refuse one."""
    decision, name, reason = (text_in(request, field) for field in ("decision", "name", "reason"))
    one_of(decision, {"confirmed", "refused"}, "请选择确认或不予确认", "confirm or refuse")
    if decision == "confirmed":
        made = once(request, lambda: people.confirm_binding(actor, name))
        zh, en = f"“{name}”已确认，可以登录。", f"'{name}' is confirmed and can log in."
    else:
        made = once(request, lambda: people.refuse_binding(actor, name, reason))
        zh, en = f"“{name}”没有获准，账号不会启用。", f"'{name}' was refused; the account is never used."
    if made is not None:
        said(request, zh, en)
    return redirect("staff_bindings")


@page(act="people.manage", methods=POST)
def change(request: HttpRequest, actor: Actor) -> HttpResponse:
    """End an account, let it be used again, or remove a lost second factor."""
    act, name = text_in(request, "act"), text_in(request, "name")
    if act not in ACTS:
        raise Refused("no-such-act", "没有这种操作", "there is no such act")
    does, zh, en = ACTS[act]
    if once(request, lambda: (does(actor, name), True)) is not None:
        said(request, zh.format(name=name), en.format(name=name))
    return redirect("staff_people")


@page(act="people.manage", methods=FORM)
def reset_password(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Give somebody a first password again."""
    name = (request.POST if request.method == "POST" else request.GET).get("name", "").strip()[:150]
    if request.method == "GET":
        return render(request, "staff/person_password.html", {"name": name})
    try:
        made = once(request, lambda: (people.reset_password(actor, name, request.POST.get("password", "")), True))
    except Refused as refused:
        return form_again(request, "staff/person_password.html", {"name": name}, refused)
    if made is not None:
        said(request, f"“{name}”的密码已重置，下次登录要改。", f"The password of '{name}' was reset; it is changed at the next login.")
    return redirect("staff_people")
