"""Who may open which page: one decorator, whose data can be read from every view, so that a test can list it.

    @page(act="budget.read")
    def budgets(request: HttpRequest, actor: Actor) -> HttpResponse: ...

    @page(act="batch.sign", methods=POST)
    def sign(request: HttpRequest, actor: Actor, batch: UUID) -> HttpResponse: ...

A view so guarded is given the actor, refuses other methods (405), sends a visitor who may not to the login page and anybody else a page
that says why (403), and turns a refusal of a service into its page (404, 409, 422; see `zhida_server.web.errors`). `view.guard` holds
the act and the methods. Views of the login library are wrapped by `foreign`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from zhida_server.database import is_doubled
from zhida_server.people.data import VISITOR, Actor, NotAllowed, Refused
from zhida_server.people.service import actor_of, require
from zhida_server.web.errors import error_page, refusal_page

LOG = logging.getLogger(__name__)
PUBLIC = ""
"""The act of a page that everybody may open."""
GET = ("GET",)
"""A page that is only read."""
POST = ("POST",)
"""An act without a page of its own."""
FORM = ("GET", "POST")
"""A form: shown, and sent."""

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase]
Guarded = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Guard:
    """What a view asks of whoever opens it."""

    act: str
    """The act of the table of permissions; empty where everybody may."""
    methods: tuple[str, ...]
    """The methods it answers; what answers GET answers HEAD."""


def page(act: str = PUBLIC, methods: tuple[str, ...] = GET) -> Callable[[View[P]], Guarded]:
    """Return the decorator that lets a view be opened by those who may.

    Args:
        act: As in `zhida_server.people.permissions`.
        methods: As in `Guard`.
    """
    guard = Guard(act, methods)

    def decorate(view: View[P]) -> Guarded:
        @wraps(view)
        def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            return _answer(guard, request, lambda actor: view(request, actor, *args, **kwargs))

        answer.guard = guard  # type: ignore[attr-defined]  # read by the test of the access table
        return answer

    return decorate


def foreign(view: Callable[..., HttpResponseBase], act: str = PUBLIC, methods: tuple[str, ...] = FORM) -> Guarded:
    """Return a view of a library under our guard; it is not given the actor."""

    def shown(request: HttpRequest, actor: Actor, /, *args: object, **kwargs: object) -> HttpResponseBase:  # noqa: ARG001 - it asks the request itself
        return view(request, *args, **kwargs)

    return page(act, methods)(wraps(view)(shown))


def actor_on(request: HttpRequest) -> Actor:
    """Return who asks, found once for a request."""
    found: Actor | None = getattr(request, "actor", None)
    if found is None:
        user = getattr(request, "user", None)
        found = actor_of(user) if user is not None and user.is_authenticated else VISITOR
        request.actor = found  # type: ignore[attr-defined]  # kept for the frame of the page
    return found


def _answer(guard: Guard, request: HttpRequest, view: Callable[[Actor], HttpResponseBase]) -> HttpResponseBase:
    """Answer with a view, or say why not.

    An address may answer with a page or with a part of it; a browser is told, or going back would show it the part alone. Pages of
    somebody are kept by no cache; a view that says of itself how long it is kept, such as a sheet of style, is believed.
    """
    method = "GET" if request.method == "HEAD" else request.method
    response: HttpResponseBase
    if method not in guard.methods:
        response = error_page(request, 405)
        response.headers["Allow"] = ", ".join(guard.methods)
        return response
    actor = actor_on(request)
    try:
        if guard.act != PUBLIC:
            require(actor, guard.act)
        response = view(actor)
    except NotAllowed as refused:
        if actor == VISITOR:
            return _to_login(guard, request)
        return refusal_page(request, refused)
    except Refused as refused:
        return refusal_page(request, refused)
    except IntegrityError as error:  # two did the same at once, the database let one of them, and this is the other
        if not is_doubled(error):
            raise
        LOG.warning("%s %s: %s", request.method, request.path, error)
        return error_page(request, 409)
    patch_vary_headers(response, ["HX-Request"])
    if actor != VISITOR and not response.has_header("Cache-Control"):
        patch_cache_control(response, private=True, no_store=True)
    return response


def _to_login(guard: Guard, request: HttpRequest) -> HttpResponseBase:
    """Lead to the login page, and back to where one was, or to the desk from an act without a page of its own.

    Where a part of a page was asked for after somebody was logged out, the whole page goes there.
    """
    to_login = redirect_to_login(request.get_full_path() if "GET" in guard.methods else reverse("staff_home"))
    return led_to(request, to_login.url)


def led_to(request: HttpRequest, address: str) -> HttpResponse:
    """Lead to another page: the whole page goes there, though only a part of it was asked for."""
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", False) else HttpResponseRedirect(address)
