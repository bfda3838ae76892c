"""What every request meets before its page: what a page may load, what may be sent and how much, and what must be set up first."""

from collections.abc import Callable
from itertools import chain

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control

from zhida_server.people.data import STAFF, SetUp
from zhida_server.people.service import set_up_left
from zhida_server.web.errors import error_page
from zhida_server.web.guards import actor_on

Answer = Callable[[HttpRequest], HttpResponse]
FIRST_ERROR = 400
"""From this status on, an answer is an error page."""

CONTENT_SECURITY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""What a page may load, by kind."""

FIRST_PAGES = {SetUp.NEW_PASSWORD: "account_change_password", SetUp.SECOND_FACTOR: "mfa_activate_totp"}
"""The page on which somebody does what must be done first."""
ALWAYS_OPEN = frozenset({"account_logout", "account_reauthenticate", "mfa_reauthenticate", "set_language", "style"})
"""The addresses that stay open meanwhile, beside the page itself."""


def content_security(get_response: Answer) -> Answer:
    """Add the content security policy to each answer; a view may name more in the header itself, such as the hash of one style.

    Errors and answers to what was sent are kept by no cache: they hold for one moment, and may repeat what somebody entered. Pages of
    somebody are marked so where they are guarded.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_fleeting = response.status_code >= FIRST_ERROR or request.method not in {"GET", "HEAD"}
        if is_fleeting and not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        response.headers.setdefault("Content-Security-Policy", "; ".join(f"{kind} {places}" for kind, places in CONTENT_SECURITY.items()))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return answer


def upload_limit(get_response: Answer) -> Answer:
    """Refuse what is too long before a byte of it is read: files come from staff alone, and are limited as well."""

    def answer(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            limit = settings.UPLOAD_LIMIT_BYTES if actor_on(request).role in STAFF else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            if not length.isdecimal() or int(length) > limit:
                return error_page(request, 413)
        return get_response(request)

    return answer


class TextOnly:
    """Refuses what has a character zero in it, wherever it is sent: no database keeps one, and nobody types one."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the page does."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Answer instead of the page where something unreadable was sent; forms are read after their token was checked."""
        pairs = chain(request.GET.lists(), request.POST.lists())
        sent = chain([request.path], chain.from_iterable((name, *values) for name, values in pairs))
        return error_page(request, 400) if any("\0" in str(text) for text in sent) else None


class SetUpFirst:
    """Sends somebody who must change a password or set up a second factor to that page, whatever page they ask for."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the page does."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Answer instead of the page where something else comes first."""
        asked = request.resolver_match.url_name if request.resolver_match else None
        if asked in ALWAYS_OPEN or not request.user.is_authenticated:
            return None
        first = FIRST_PAGES.get(set_up_left(request.user))
        return redirect(first) if first and asked != first else None
