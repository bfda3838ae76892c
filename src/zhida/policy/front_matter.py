"""The front matter of a policy: its keys, what each may hold, and what must be there."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.document import PolicyDocument
from zhida.policy.front_values import FrontValue
from zhida.source import Snippet, Span
from zhida.values.numbers import ROUNDING_MODES
from zhida.values.temporal import Date, parse_date

EXAMPLES_OF_KEYS: Mapping[str, str] = {
    "policy": "policy: hangzhou/compute-voucher",
    "title": "title: 杭州市算力券",
    "document": "document: 杭政函〔2025〕65号",
    "issuer": "issuer: [杭州市人民政府]",
    "in_force": "in_force: 2025-06-13/..",
    "subject": "subject: enterprise",
    "applies": 'applies: 注册地市 = "杭州市"',
    "gives": "gives: voucher",
    "delivery": "delivery: 申报审核",
    "eligible": "eligible: 支持对象",
    "result": "result: 企业规模",
    "amount": "amount: 算力券金额",
    "rounding": "rounding: {scale: 2, mode: down}",
    "window": "window: 2026-09-01/2026-10-31",
    "budget": "budget: {year: 2026, amount: 250000000, order: first-come}",
    "uses": "uses: [national/sme-size]",
    "publishes": "publishes: [算力券金额]",
    "replaces": "replaces: hangzhou/compute-voucher-2024",
    "checked": "checked: {on: 2026-11-20, by: repost, note: 以原文为准}",
}
"""Every key, with a line that shows how it is written."""

REQUIRED = ("policy", "title", "in_force", "subject", "gives", "checked")
GIVES = ("status", "cash", "tax", "voucher", "loan", "points", "service")
CHECKED_BY = ("official", "repost", "recalled")
ORDERS = ("first-come", "pro-rata", "score", "lottery")
LASTS = ("part", "wait")


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of days; both ends belong to it."""

    start: Date | None
    """First day, or None where it has none."""
    end: Date | None
    """Last day, or None where it has none."""

    def __contains__(self, day: Date) -> bool:
        """Say whether a day lies in it."""
        key = (day.year, day.month, day.day)
        after = self.start is None or (self.start.year, self.start.month, self.start.day) <= key
        return after and (self.end is None or key <= (self.end.year, self.end.month, self.end.day))

    def __str__(self) -> str:
        """Return it as ISO 8601 writes it."""
        return f"{self.start or '..'}/{self.end or '..'}"


class WindowState(StrEnum):
    """Whether one may apply on a day."""

    OPEN = "open"
    NOT_YET = "not-yet"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class EveryYear:
    """Days of every year: from a day to a day, which is one of the next year where it comes first in the calendar."""

    start: tuple[int, int]
    """Month and day of the first day."""
    end: tuple[int, int]
    """Month and day of the last day."""

    def begun_in(self, year: int) -> Interval:
        """Return the stretch that begins in a year; 29 February is the last of the month."""
        return Interval(_day_of(year, self.start), _day_of(year + (self.end < self.start), self.end))

    def __str__(self) -> str:
        """Return it as the front matter writes it."""
        return "/".join(f"--{month:02d}-{day:02d}" for month, day in (self.start, self.end))


Window = Interval | EveryYear
"""When one may apply: once, or every year."""


def window_on(window: Window, day: Date) -> tuple[WindowState, Interval]:
    """Return whether one may apply on a day, and the stretch of days that this is told by.

    Of a yearly window that is the stretch that the day lies in, else the one of the day's own year.

    >>> state, days = window_on(EveryYear((6, 1), (8, 31)), Date(2026, 9, 1))
    >>> state.value, str(days)
    ('closed', '2026-06-01/2026-08-31')
    """
    days = window
    if isinstance(window, EveryYear):
        days = next((each for each in map(window.begun_in, (day.year, day.year - 1)) if day in each), window.begun_in(day.year))
    assert isinstance(days, Interval)
    if day in days:
        return WindowState.OPEN, days
    is_early = days.start is not None and (day.year, day.month, day.day) < (days.start.year, days.start.month, days.start.day)
    return WindowState.NOT_YET if is_early else WindowState.CLOSED, days


def _day_of(year: int, day: tuple[int, int]) -> Date:
    return Date(year, day[0], min(day[1], monthrange(year, day[0])[1]))


@dataclass(frozen=True, slots=True)
class Rounding:
    """How an amount is rounded at the border."""

    scale: int = 2
    """Decimal places of a yuan."""
    mode: str = "half_up"
    """`down`, `up`, `half_up` or `half_even`."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The money that a policy may spend."""

    year: int
    """The year it is for."""
    amount: Decimal
    """Yuan."""
    order: str
    """Who is served first when it does not suffice: `first-come`, `pro-rata`, `score` or `lottery`."""
    last: str = "part"
    """Of the one whom the rest does not suffice for: `part` pays what is left, `wait` pays in full or not at all."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How well the figures of a policy were checked against its source."""

    on: str
    """The day, ISO 8601."""
    by: str
    """`official`, `repost` or `recalled`."""
    note: str = ""
    """What a reader should know."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a policy says of itself."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    document: str
    """The number of the document that it comes from."""
    issuer: tuple[str, ...]
    """Who issued it."""
    in_force: Interval
    """The days on which it is law."""
    subject: str
    """The kind of subject: the name of a data dictionary."""
    applies: Snippet | None
    """The condition for being in its scope; None where all are."""
    gives: str
    """What it gives."""
    delivery: str
    """The way of delivery that the document orders."""
    eligible: Snippet | None
    """The name of the decision that says who is eligible."""
    result: Snippet | None
    """The name of the decision that is the status, where it gives one."""
    amount: Snippet | None
    """The name of the decision that is the amount in yuan."""
    rounding: Rounding
    """How the amount is rounded."""
    window: Window | None
    """When one may apply."""
    budget: Budget | None
    """What it may spend."""
    uses: tuple[Snippet, ...]
    """Policies whose published decisions are in scope."""
    publishes: tuple[Snippet, ...]
    """Its decisions that others may use."""
    replaces: tuple[Snippet, ...]
    """Policies that it takes the place of."""
    checked: Checked
    """How well its figures were checked."""


def read_front_matter(document: PolicyDocument, diagnostics: list[Diagnostic]) -> FrontMatter:
    """Read the front matter of a policy.

    Args:
        document: The policy in blocks.
        diagnostics: Where mistakes are put: policy-unknown-key, policy-missing-key, policy-bad-value,
            policy-front-matter-missing.
    """
    return _Reader(document, diagnostics).read()


class _Reader:
    """Reads the keys one by one."""

    def __init__(self, document: PolicyDocument, diagnostics: list[Diagnostic]) -> None:
        self.front = document.front
        self.diagnostics = diagnostics
        self.top = Span(document.source, 0, min(3, len(document.source.text)))
        if not self.front:
            if not document.diagnostics:
                diagnostics.append(diagnostic("policy-front-matter-missing", self.top))
            return
        for key, value in self.front.items():
            if key not in EXAMPLES_OF_KEYS:
                near = nearest(key, EXAMPLES_OF_KEYS)
                diagnostics.append(diagnostic("policy-unknown-key", value.key_span, name=key, near=near, keys=", ".join(EXAMPLES_OF_KEYS)))
        for key in REQUIRED:
            self.require(key)
        gives = self.front["gives"].value if "gives" in self.front else ""
        if gives == "status":
            self.require("result")
        elif gives in GIVES or "result" not in self.front:  # who names a result meant a status, and is told of `gives` alone
            self.require("eligible")

    def require(self, key: str) -> None:
        """Complain where a key is lacking."""
        if key not in self.front:
            self.diagnostics.append(diagnostic("policy-missing-key", self.top, name=key, example=EXAMPLES_OF_KEYS[key]))

    def bad(self, value: FrontValue, name: str, expected: str, expected_zh: str) -> None:
        """Complain of a value."""
        shown = value.snippet.text if len(value.snippet.text) < 60 else value.snippet.text[:60] + "…"
        self.diagnostics.append(
            diagnostic("policy-bad-value", value.snippet.span(), value=shown, name=name, expected=expected, expected_zh=expected_zh)
        )

    def read(self) -> FrontMatter:
        """Return all that is there, with defaults where something is lacking or wrong."""
        return FrontMatter(
            policy=self.text("policy"),
            title=self.text("title"),
            document=self.text("document"),
            issuer=tuple(item.text for item in self.names("issuer")),
            in_force=self.interval("in_force") or Interval(None, None),
            subject=self.text("subject"),
            applies=self.snippet("applies"),
            gives=self.choice("gives", GIVES),
            delivery=self.text("delivery"),
            eligible=self.snippet("eligible"),
            result=self.snippet("result"),
            amount=self.snippet("amount"),
            rounding=self.rounding(),
            window=self.window(),
            budget=self.budget(),
            uses=self.names("uses"),
            publishes=self.names("publishes"),
            replaces=self.names("replaces"),
            checked=self.checked(),
        )

    def text(self, key: str) -> str:
        """Return a value that is plain text."""
        snippet = self.snippet(key)
        return str(self.front[key].value) if snippet else ""

    def snippet(self, key: str) -> Snippet | None:
        """Return a value that is plain text, as it stands in the source."""
        value = self.front.get(key)
        if value is None:
            return None
        if not isinstance(value.value, str) or not value.value:
            self.bad(value, key, f"a text, as in  {EXAMPLES_OF_KEYS[key]}", f"文字，例如  {EXAMPLES_OF_KEYS[key]}")
            return None
        return value.snippet

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        """Return a value that must be one of a few words."""
        text = self.text(key)
        if text and text not in allowed:
            self.bad(self.front[key], key, " | ".join(allowed), "、".join(allowed))
        return text

    def names(self, key: str) -> tuple[Snippet, ...]:
        """Return a list of texts; a single text is a list of one."""
        value = self.front.get(key)
        if value is None:
            return ()
        items = value.value if isinstance(value.value, tuple) else (value,)
        if isinstance(value.value, dict) or any(not isinstance(item.value, str) for item in items):
            self.bad(value, key, f"a list, as in  {EXAMPLES_OF_KEYS[key]}", f"列表，例如  {EXAMPLES_OF_KEYS[key]}")
            return ()
        return tuple(item.snippet for item in items if item.value)

    def interval(self, key: str) -> Interval | None:
        """Return an interval of days."""
        text = self.text(key)
        if not text:
            return None
        interval = parse_interval(text)
        if interval is None:
            self.bad(
                self.front[key], key, "FIRST/LAST with ISO dates, .. for an open end", "“开始日/结束日”，日期如 2026-01-01，不限的一端写 .."
            )
        return interval

    def window(self) -> Window | None:
        """Return when one may apply: an interval of days, or days of every year."""
        text = self.text("window")
        window = parse_window(text) if text else None
        if text and window is None:
            expected = "FIRST/LAST with ISO dates, or every year --MM-DD/--MM-DD"
            expected_zh = "“开始日/结束日”，如 2026-09-01/2026-10-31；每年都有的写 --09-01/--10-31"
            self.bad(self.front["window"], "window", expected, expected_zh)
        return window

    def mapping(self, key: str, entries: Mapping[str, str]) -> dict[str, str] | None:
        """Return a mapping of texts whose keys are among `entries`."""
        value = self.front.get(key)
        if value is None:
            return None
        if not isinstance(value.value, dict) or any(not isinstance(item.value, str) for item in value.value.values()):
            self.bad(value, key, f"a mapping, as in  {EXAMPLES_OF_KEYS[key]}", f"映射，例如  {EXAMPLES_OF_KEYS[key]}")
            return None
        for name, item in value.value.items():
            if name not in entries:
                near = nearest(name, entries)
                self.diagnostics.append(diagnostic("policy-unknown-key", item.key_span, name=name, near=near, keys=", ".join(entries)))
            elif entries[name] and not re.fullmatch(entries[name], str(item.value)):
                words = entries[name].split("|") if "|" in entries[name] else []
                example = EXAMPLES_OF_KEYS[key]
                self.bad(item, f"{key}.{name}", " | ".join(words) or f"such as  {example}", "、".join(words) or f"形如  {example}")
                return None
        return {name: str(item.value) for name, item in value.value.items()}

    def rounding(self) -> Rounding:
        """Return how the amount is rounded."""
        found = self.mapping("rounding", {"scale": "[0-2]", "mode": "|".join(ROUNDING_MODES)}) or {}
        return Rounding(int(found.get("scale", "2")), found.get("mode", "half_up"))

    def budget(self) -> Budget | None:
        """Return what the policy may spend."""
        entries = {"year": r"\d{4}", "amount": r"\d+(\.\d+)?", "order": "|".join(ORDERS), "last": "|".join(LASTS)}
        found = self.mapping("budget", entries)
        if not found:
            return None
        if "year" not in found or "amount" not in found:
            self.bad(self.front["budget"], "budget", f"such as  {EXAMPLES_OF_KEYS['budget']}", f"形如  {EXAMPLES_OF_KEYS['budget']}")
            return None
        try:
            return Budget(int(found["year"]), Decimal(found["amount"]), found.get("order", "first-come"), found.get("last", "part"))
        except InvalidOperation:
            return None

    def checked(self) -> Checked:
        """Return how well the figures were checked."""
        found = self.mapping("checked", {"on": r"\d{4}-\d{2}-\d{2}", "by": "|".join(CHECKED_BY), "note": ""}) or {}
        if found and (not {"on", "by"} <= set(found) or parse_date(found["on"]) is None):
            example = EXAMPLES_OF_KEYS["checked"]
            self.bad(self.front["checked"], "checked", f"such as  {example}", f"形如  {example}")
        return Checked(found.get("on", ""), found.get("by", ""), found.get("note", ""))


def parse_interval(text: str) -> Interval | None:
    """Return the interval that `first/last` writes, or None where it writes none.

    >>> str(parse_interval("2025-06-13/.."))
    '2025-06-13/..'
    """
    first, slash, last = text.strip().partition("/")
    ends = [None if end.strip() in {"", ".."} else parse_date(end.strip()) or "bad" for end in (first, last)]
    if not slash or "bad" in ends:
        return None
    start, end = (item if isinstance(item, Date) else None for item in ends)
    if start and end and (start.year, start.month, start.day) > (end.year, end.month, end.day):
        return None
    return Interval(start, end)


MONTH_DAY = re.compile(r"--([0-9]{2})-([0-9]{2})")
"""A day of every year, as ISO 8601 wrote it."""


def parse_window(text: str) -> Window | None:
    """Return the window that a text writes, or None where it writes none.

    >>> str(parse_window("--06-01/--08-31")), parse_window("--06-31/--08-31")
    ('--06-01/--08-31', None)
    """
    found = [MONTH_DAY.fullmatch(end.strip()) for end in text.split("/")]
    ends = [(int(each[1]), int(each[2])) for each in found if each]
    if len(ends) != 2 or len(found) != 2:
        return parse_interval(text)
    leap = 2000  # the year in which every day there is can be written
    if any(not 1 <= month <= 12 or not 1 <= day <= monthrange(leap, month)[1] for month, day in ends):
        return None
    return EveryYear(ends[0], ends[1])
