"""What the forms of staff have in common: sent once however often they are clicked, read strictly, answered with a message.

Every form carries a key (`{% form_key %}`). The first time a key comes in, the act is done, and key and act are committed together; a
second click waits for the first and changes nothing. What a form says is read here into dates and whole fen, or refused with the reason.
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from django.contrib import messages
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from zhida_server.people.data import NotAllowed, NotFound, Refused
from zhida_server.web.errors import status_of
from zhida_server.web.guards import actor_on
from zhida_server.web.public import language

Done = TypeVar("Done")
KEPT_S = 24 * 3600
"""How long a key is remembered: longer than anybody stays logged in."""
TEXT_LIMIT = 2_000
"""Characters of a field, at most."""
YUAN = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?")
"""An amount in yuan, without the commas that people write into it."""


def once(request: HttpRequest, act: Callable[[], Done]) -> Done | None:
    """Do what a form asks for, unless the same form was sent before; nothing then, with a message that says so.

    Args:
        request: The form, with its key.
        act: What it asks for.

    Raises:
        Refused: `form-key` where it has no key of ours, and whatever the act refuses; the key counts as not used then.
        DatabaseError: where the key could not be kept: the disk is full, or the database went away. Nothing was done.
    """
    key = f"form:{actor_on(request).name}:{key_of(request)}"
    with transaction.atomic():
        if cache.add(key, 1, KEPT_S):
            return act()
        if cache.get(key) is None:  # a cache keeps silent about what its database refuses; this key was not sent before
            raise DatabaseError("the key of a form could not be kept")
    said(request, "这张表单已经提交过，没有再办一次。", "This form had been sent before; nothing was done twice.", is_warning=True)
    return None


def key_of(request: HttpRequest) -> str:
    """Return the key of a form.

    Raises:
        Refused: `form-key` where it has none of ours.
    """
    try:
        return str(uuid.UUID(request.POST.get("key", "")))
    except ValueError:
        raise Refused("form-key", "表单不完整：请重新打开页面再提交", "the form is incomplete: open the page again and send it") from None


def said(request: HttpRequest, zh: str, en: str, *, is_warning: bool = False) -> None:
    """Leave a message for the next page."""
    messages.add_message(request, messages.WARNING if is_warning else messages.SUCCESS, en if language() == "en" else zh)


def form_again(request: HttpRequest, template: str, known: Mapping[str, Any], refused: Refused) -> HttpResponse:
    """Show a form again with what was entered and why it was refused; what is not about the form goes on to its own page.

    Args:
        request: The form as it was sent.
        template: Of the form.
        known: What the template needs besides.
        refused: Why.
    """
    if isinstance(refused, NotAllowed | NotFound):
        raise refused
    lines = (refused.en if language() == "en" else refused.zh).splitlines()
    return render(request, template, {**known, "entered": request.POST, "fault_lines": lines}, status=status_of(refused))


def text_in(request: HttpRequest, name: str) -> str:
    """Return what stands in a field, without blanks around it."""
    return request.POST.get(name, "").strip()[:TEXT_LIMIT]


def needed(found: object, zh: str, en: str) -> None:
    """Refuse a form that lacks something.

    Raises:
        Refused: `form-incomplete` where there is nothing.
    """
    if not found:
        raise Refused("form-incomplete", zh, en)


def one_of(text: str, values: Collection[str], zh: str, en: str) -> str:
    """Return a text that is one of some values.

    Raises:
        Refused: `form-incomplete` where it is none of them.
    """
    needed(text in values, zh, en)
    return text


def date_of(text: str) -> dt.date:
    """Return a date like 2026-06-30.

    Raises:
        Refused: `not-a-date`.
    """
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise Refused("not-a-date", f"“{text}”不是 2026-06-30 这样的日期", f"'{text}' is no date like 2026-06-30") from None


def fen_of(text: str) -> int:
    """Return the fen of an amount in yuan: digits, two decimals at most, commas left out.

    Raises:
        Refused: `not-an-amount`.

    >>> fen_of("1,234,567.8")
    123456780
    """
    found = YUAN.fullmatch(re.sub(r"[\s,，¥]", "", text))
    if found is None:
        raise Refused("not-an-amount", f"“{text}”不是金额：写成 500000 或 500000.00（元）", f"'{text}' is no amount like 500000.00 yuan")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def whole_of(text: str, name_zh: str, name_en: str) -> int:
    """Return a whole number of at most four digits.

    Raises:
        Refused: `not-a-number`.
    """
    if not re.fullmatch(r"[0-9]{1,4}", text.strip()):
        raise Refused("not-a-number", f"“{name_zh}”应当是整数，不是“{text}”", f"{name_en} takes a whole number, not '{text}'")
    return int(text)


def file_in(request: HttpRequest, name: str) -> tuple[str, bytes]:
    """Return the name and the bytes of an uploaded file.

    Raises:
        Refused: `no-file` where none was chosen.
    """
    found = request.FILES.get(name)
    if not isinstance(found, UploadedFile):
        raise Refused("no-file", "没有选择文件", "no file was chosen")
    return str(found.name), found.read()


def downloaded(name: str, content: bytes, kind: str) -> HttpResponse:
    """Return a file to be kept by the browser.

    Args:
        name: Its name, in plain letters.
        content: Its bytes.
        kind: What it is, as `text/csv; charset=utf-8`.
    """
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
