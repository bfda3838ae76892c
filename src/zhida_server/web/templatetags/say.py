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
from collections.abc import Mapping
from functools import lru_cache

from django import template
from django.template.base import FilterExpression, Parser, Token, Variable, token_kwargs
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


class SayNode(template.Node):
    """Writes the one of two texts that is in the page's language, with values put into it."""

    def __init__(self, zh: FilterExpression, en: FilterExpression, values: Mapping[str, FilterExpression]) -> None:
        """Keep what is said; texts that are written in the template are resolved once, for a page says many."""
        self.zh = zh
        self.en = en
        self.values = values
        written = not values and all(not isinstance(each.var, Variable) and not each.filters for each in (zh, en))
        self.written = (str(zh.var), str(en.var)) if written else None

    def render(self, context: template.Context) -> str:
        """Return the text."""
        is_english = bool(context.get("is_english"))
        if self.written is not None:
            return self.written[is_english]
        text = (self.en if is_english else self.zh).resolve(context)
        if self.values:
            return format_html(str(text), **{name: value.resolve(context) for name, value in self.values.items()})
        return conditional_escape(text)


@register.tag
def say(parser: Parser, token: Token) -> SayNode:
    """Read `{% say "中文" "English" name=value %}`."""
    _, *words = token.split_contents()
    values = token_kwargs(words[2:], parser)
    if len(words) != 2 + len(values):
        raise template.TemplateSyntaxError(f"'{token.contents}': two texts, then values with names")
    return SayNode(parser.compile_filter(words[0]), parser.compile_filter(words[1]), values)


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
    return _chip(kind, str(value), is_english=bool(context.get("is_english")))


@lru_cache(maxsize=512)
def _chip(kind: str, value: str, *, is_english: bool) -> SafeString:
    tone, zh, en = chip_words(kind, value)
    return format_html('<span class="chip {}">{}</span>', tone, en if is_english else zh)


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
