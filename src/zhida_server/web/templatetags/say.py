"""How templates speak: two languages side by side, amounts, figures and days.

    {% load say %}
    {% say "可享政策" "What you can have" %}
    {% say "共 {n} 家" "{n} enterprises" n=count %}
    {{ amount_fen|money }}     ¥12,345.00
    {{ count|figure }}         12,345
    {{ when|day }}             2026年6月30日 / 30 June 2026

What is put into a text is escaped; the texts themselves are written in templates and are not.
"""

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from zhida_server.web.styles import style_address
from zhida_server.web.words import chip_words

register = template.Library()
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@register.simple_tag(takes_context=True)
def say(context: template.Context, zh: str, en: str, **values: object) -> str:
    """Return the one of two texts that is in the page's language, with values put into it."""
    text = en if context.get("is_english") else zh
    return format_html(text, **values) if values else conditional_escape(text)


@register.filter
def money(fen: int | None) -> str:
    """Return an amount of fen in yuan, to the fen, with thousands.

    >>> money(1234567)
    '¥12,345.67'
    >>> money(-5)
    '−¥0.05'
    """
    if fen is None:
        return "—"
    yuan, rest = divmod(abs(fen), 100)
    return f"{'−' if fen < 0 else ''}¥{yuan:,}.{rest:02}"


@register.filter
def figure(number: int | str | None) -> str:
    """Return a whole number with thousands.

    >>> figure(100000)
    '100,000'
    """
    return f"{number:,}" if isinstance(number, int) else "—"


@register.filter
def day(when: dt.date | dt.datetime | None) -> str:
    """Return a day in the words of the page's language; of a moment, the day it has here."""
    if when is None:
        return "—"
    if isinstance(when, dt.datetime):
        when = timezone.localtime(when).date()
    if get_language() == "en":
        return f"{when.day} {MONTHS[when.month - 1]} {when.year}"
    return f"{when.year}年{when.month}月{when.day}日"


@register.filter
def moment(when: dt.datetime | None) -> str:
    """Return a moment to the minute, in the time of the place."""
    return "—" if when is None else f"{timezone.localtime(when):%Y-%m-%d %H:%M}"


@register.filter
def short(digest: object) -> str:
    """Return the first digits of a sha256 or of a number, enough to tell it from others.

    >>> short("0123456789abcdef")
    '0123456789'
    """
    return str(digest)[:10]


@register.simple_tag(takes_context=True)
def chip(context: template.Context, kind: str, value: object) -> SafeString:
    """Return a status in words and a tone; the words alone say it, too.

    Args:
        kind: What the value is of, such as `outcome`, `delivery`, `order`: see `zhida_server.web.words`.
        value: The value.
    """
    tone, zh, en = chip_words(kind, value)
    return format_html('<span class="chip {}">{}</span>', tone, en if context.get("is_english") else zh)


@register.simple_tag(takes_context=True)
def word(context: template.Context, kind: str, value: object) -> str:
    """Return the words of a status or kind without a frame."""
    _, zh, en = chip_words(kind, value)
    return conditional_escape(en if context.get("is_english") else zh)


@register.simple_tag
def sheet(name: str) -> str:
    """Return the address of a sheet of the engine's style: `woven` or `explained`."""
    return style_address(name)


@register.filter
def prepared(html: str) -> SafeString:
    """Return HTML that our own engine made, which escapes what it holds, as it is."""
    return mark_safe(html)  # noqa: S308 - `zhida.report.page` escapes every text
