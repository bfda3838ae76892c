"""Words and figures as people read them, in Chinese and in English.

Owns the labels of every enumeration and the form of every value: amounts, quantities with their unit, dates, durations,
lists. Figures are exact: nothing is rounded but a decimal of more than eight places, and that is marked with ≈.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from zhida.assess.assessment import Delivery, Either, Outcome
from zhida.errors import Language
from zhida.policy.front_matter import EveryYear, Interval, Rounding, Window
from zhida.values.numbers import feel_context, format_number, round_amount
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.text import literal
from zhida.values.types import Type
from zhida.values.unknown import Unknown

T = TypeVar("T")
Words = Mapping[str, Mapping[Language, str]]

SHOWN_PLACES = 8
"""Decimal places of a number that are shown."""

GLOSS_PLACES = 2
"""Decimal places of a sum in 万元 or 亿元: with more, it reads no better than in yuan."""

OUTCOMES: Words = {
    Outcome.ELIGIBLE: {"zh": "符合", "en": "eligible"},
    Outcome.INELIGIBLE: {"zh": "不符合", "en": "not eligible"},
    Outcome.UNDETERMINED: {"zh": "待定", "en": "undetermined"},
    Outcome.REVIEW: {"zh": "转人工", "en": "for review"},
    Outcome.NOT_APPLICABLE: {"zh": "不适用", "en": "not applicable"},
}
"""What a policy says for a subject."""

STATUS_KNOWN: Mapping[Language, str] = {"zh": "已确定", "en": "decided"}
"""What ELIGIBLE is called where a policy gives a status: large is no less decided than small."""

DELIVERIES: Words = {
    Delivery.WITHOUT_APPLICATION: {"zh": "免申即享", "en": "without application (免申即享)"},
    Delivery.WITHOUT_REVIEW: {"zh": "免审即享", "en": "without further review (免审即享)"},
    Delivery.ON_CONFIRMATION: {"zh": "即申即享", "en": "on confirming the facts (即申即享)"},
    Delivery.BY_DECLARATION: {"zh": "申报即享", "en": "by declaring it in one's own return (申报即享)"},
    Delivery.THROUGH_BANK: {"zh": "银行经办", "en": "through a bank (银行经办)"},
    Delivery.ON_REVIEW: {"zh": "申报审核", "en": "on application and review (申报审核)"},
}
"""How a benefit goes out."""

DELIVERY_STEPS: Words = {
    Delivery.WITHOUT_APPLICATION: {
        "zh": "不用申请，由主管部门按登记的数据发放",
        "en": "no application is needed; it goes out on what is on file",
    },
    Delivery.WITHOUT_REVIEW: {"zh": "前一项已经审核过，不再审核", "en": "what was reviewed before is not reviewed again"},
    Delivery.ON_CONFIRMATION: {"zh": "申请时确认事实，随即办结", "en": "confirm the facts when applying, and it is settled at once"},
    Delivery.BY_DECLARATION: {
        "zh": "申报时自行填报享受，有关资料留存备查",
        "en": "claim it in the return, and keep the papers for inspection",
    },
    Delivery.THROUGH_BANK: {"zh": "向经办银行提出，由银行办理", "en": "ask the bank that handles it"},
    Delivery.ON_REVIEW: {"zh": "按申报通知提出申请，由主管部门审核", "en": "apply as the notice says; the department in charge reviews it"},
}
"""What is to be done for each."""

GIVES: Words = {
    "status": {"zh": "身份认定", "en": "a status"},
    "cash": {"zh": "资金", "en": "cash"},
    "tax": {"zh": "税费优惠", "en": "tax relief"},
    "voucher": {"zh": "券", "en": "a voucher"},
    "loan": {"zh": "贷款", "en": "a loan"},
    "points": {"zh": "积分", "en": "points"},
    "service": {"zh": "服务", "en": "a service"},
}
"""What a policy gives."""

CHECKED_BY: Words = {
    "official": {"zh": "官方原文", "en": "the official text"},
    "repost": {"zh": "转载件", "en": "a repost"},
    "recalled": {"zh": "凭记忆", "en": "memory"},
}
"""What figures were checked against."""

ORDERS: Words = {
    "first-come": {"zh": "先到先得", "en": "first come, first served"},
    "pro-rata": {"zh": "按比例分配", "en": "pro rata"},
    "score": {"zh": "按得分排序", "en": "by score"},
    "lottery": {"zh": "摇号", "en": "by lot"},
}
"""Who is served first where a budget does not suffice."""

SUBJECTS: Words = {
    "enterprise": {"zh": "企业", "en": "enterprise"},
    "resident": {"zh": "居民", "en": "resident"},
    "dwelling": {"zh": "住房", "en": "dwelling"},
    "space": {"zh": "空间", "en": "space"},
}
"""Kinds of subjects."""

ROUNDING_MODES: Words = {
    "down": {"zh": "向下取整", "en": "rounded down"},
    "up": {"zh": "向上取整", "en": "rounded up"},
    "half_up": {"zh": "四舍五入", "en": "rounded half up"},
    "half_even": {"zh": "四舍六入五成双", "en": "rounded half to even"},
    "half_down": {"zh": "五舍六入", "en": "rounded half down"},
}
"""How an amount is rounded."""

HIT_POLICIES: Words = {
    "U": {"zh": "唯一：至多一条规则命中", "en": "unique: one rule at most matches"},
    "A": {"zh": "任一：命中的规则结果相同", "en": "any: all that match agree"},
    "P": {"zh": "优先：取优先级最高的结果", "en": "priority: the result of highest priority"},
    "F": {"zh": "首个：从上往下，先命中的先算", "en": "first: the first rule that matches, from the top"},
    "R": {"zh": "按规则顺序列出全部结果", "en": "rule order: all results in the order of the rules"},
    "O": {"zh": "按优先级列出全部结果", "en": "output order: all results by priority"},
    "C": {"zh": "汇集：列出全部结果", "en": "collect: all results"},
    "C+": {"zh": "求和：命中的结果相加", "en": "sum of all results"},
    "C<": {"zh": "取小：命中结果中最小的", "en": "least of all results"},
    "C>": {"zh": "取大：命中结果中最大的", "en": "greatest of all results"},
    "C#": {"zh": "计数：命中的结果个数", "en": "number of results"},
}
"""How the rules of a table combine."""

TYPES: Words = {
    "number": {"zh": "数", "en": "number"},
    "string": {"zh": "文字", "en": "text"},
    "boolean": {"zh": "是否", "en": "yes or no"},
    "date": {"zh": "日期", "en": "date"},
    "time": {"zh": "时刻", "en": "time"},
    "date and time": {"zh": "日期和时刻", "en": "date and time"},
    "days and time duration": {"zh": "时长", "en": "duration"},
    "years and months duration": {"zh": "年月时长", "en": "years and months"},
    "context": {"zh": "多项", "en": "several values"},
    "Any": {"zh": "", "en": ""},
}
"""Types of values."""

UNITS: Mapping[str, tuple[str, str]] = {
    "元": ("yuan", "yuan"),
    "人": ("person", "persons"),
    "m2": ("m²", "m²"),
    "天": ("day", "days"),
    "月": ("month", "months"),
    "年": ("year", "years"),
    "件": ("item", "items"),
    "项": ("item", "items"),
    "户": ("household", "households"),
    "次": ("time", "times"),
    "台": ("unit", "units"),
    "千瓦时": ("kWh", "kWh"),
    "吨": ("tonne", "tonnes"),
    "分": ("point", "points"),
}
"""Base units in English: one, and many."""

MONTHS: Sequence[str] = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""The months in English."""


def choose(language: Language, zh: T, en: T) -> T:
    """Return the words of one language."""
    return zh if language == "zh" else en


def word(words: Words, key: str, language: Language) -> str:
    """Return the label of `key`; a key that has none stands for itself."""
    return words[key][language] if key in words else key


def bracketed(text: str, language: Language) -> str:
    """Return `text` in the brackets of a language, with the space that English wants before them; nothing for nothing.

    >>> "条" + bracketed("二", "zh"), "Article" + bracketed("2", "en")
    ('条（二）', 'Article (2)')
    """
    return choose(language, f"（{text}）", f" ({text})") if text else ""


def capitalized(text: str) -> str:
    """Return a sentence with a capital letter, where it begins with a letter that has one.

    >>> capitalized("apply"), capitalized("申报 a")
    ('Apply', '申报 a')
    """
    return text[:1].upper() + text[1:]


def tidy(text: str) -> str:
    """Return a sentence without the space that a figure leaves behind a full-width bracket.

    >>> tidy("研发费用（2024 年） 3 元")
    '研发费用（2024 年）3 元'
    """
    return text.replace("） ", "）")


def listed(items: Iterable[str], language: Language) -> str:
    """Return items as a sentence lists them.

    >>> listed(["小型", "微型"], "zh"), listed(["a", "b"], "en")
    ('小型、微型', 'a, b')
    """
    return choose(language, "、", ", ").join(items)


CHINESE = "\u2018-\u201d\u2026\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
"""Chinese characters and their marks, as a class of a regular expression; quotation marks and the ellipsis among them."""


def unbroken(text: str) -> str:
    r"""Return text without the line breaks of its source; between Chinese characters a break leaves no space.

    >>> unbroken("线上\n算达到 a\nb")
    '线上算达到 a b'
    """
    return " ".join(join_chinese(text).split())


def printable(text: str) -> str:
    r"""Return text that stays on its line and cannot steer a terminal: control characters and line ends are shown as �.

    >>> printable("甲\n\x1b[2J")
    '甲��[2J'
    """
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", "\ufffd", text)


def join_chinese(text: str) -> str:
    """Return text in which no line break stands between two Chinese characters; others stay."""
    return re.sub(rf"(?<=[{CHINESE}])[ \t]*\n[ \t]*(?=[{CHINESE}])", "", text)


# --- figures -------------------------------------------------------------------------------------------------------


def format_amount(amount_fen: int) -> str:
    """Return an amount of integer fen in yuan.

    >>> format_amount(1234567), format_amount(-5)
    ('¥12,345.67', '-¥0.05')
    """
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}¥{yuan:,}.{fen:02d}"


def format_yuan(amount: Decimal) -> str:
    """Return an unrounded amount in yuan: two decimals, or as many as it has.

    >>> format_yuan(Decimal("250000")), format_yuan(Decimal("249999.995"))
    ('¥250,000.00', '¥249,999.995')
    """
    text = group_digits(amount.copy_abs())
    approximate = "≈ " if text.startswith("≈") else ""
    whole, _, decimals = text.removeprefix("≈ ").partition(".")
    return f"{approximate}{'-' if amount < 0 else ''}¥{whole}.{decimals:0<2}"


def group_digits(value: Decimal) -> str:
    """Return a number with its digits in groups of three.

    >>> group_digits(Decimal("25000000")), group_digits(Decimal("0.30")), group_digits(Decimal(1) / 3)
    ('25,000,000', '0.3', '≈ 0.33333333')
    """
    exact = format_number(value)
    mark = ""
    if len(exact.partition(".")[2]) > SHOWN_PLACES:
        exact = format_number(round_amount(value, SHOWN_PLACES, "half_even"))
        mark = "≈ "
    whole, point, decimals = exact.removeprefix("-").partition(".")
    return f"{mark}{'-' if exact.startswith('-') else ''}{int(whole):,}{point}{decimals}"


def format_unit(unit: str, language: Language, *, is_one: bool = False) -> str:
    """Return a unit as people write it; nothing for a bare ratio.

    >>> format_unit("元/人", "zh"), format_unit("元/人", "en"), format_unit("1", "zh")
    ('元/人', 'yuan/person', '')
    """
    if unit in {"", "1", "?"}:
        return ""
    if language == "zh":
        return unit.replace("*", "·").replace("m2", "m²")
    above, *below = unit.split("/")
    factors = [UNITS.get(part, (part, part))[0 if is_one else 1] for part in above.split("*")]
    return "/".join(("·".join(factors), *(UNITS.get(part, (part, part))[0] for part in below)))


def format_quantity(value: Decimal, unit: str, language: Language) -> str:
    """Return a number with its unit.

    >>> format_quantity(Decimal(312), "人", "zh"), format_quantity(Decimal(1), "人", "en")
    ('312 人', '1 person')
    """
    return f"{group_digits(value)} {format_unit(unit, language, is_one=value.copy_abs() == 1)}".rstrip()


def gloss_yuan(value: Decimal, language: Language) -> str:
    """Return a large sum of yuan in the words of documents, where that is exact and shorter; else an empty text.

    >>> gloss_yuan(Decimal(20000000), "zh"), gloss_yuan(Decimal(400000000), "zh"), gloss_yuan(Decimal(20000000), "en")
    ('2,000 万元', '4 亿元', '20 million yuan')
    """
    steps = ((8, "亿元"), (4, "万元")) if language == "zh" else ((9, "billion yuan"), (6, "million yuan"))
    for places, name in steps:
        scaled = value.scaleb(-places, feel_context())
        if scaled.copy_abs() >= 1 and len(format_number(scaled).partition(".")[2]) <= GLOSS_PLACES:
            return f"{group_digits(scaled)} {name}"
    return ""


# --- values --------------------------------------------------------------------------------------------------------


def format_date(date: Date, language: Language) -> str:
    """Return a day as it is written out.

    >>> format_date(Date(2026, 1, 5), "zh"), format_date(Date(2026, 1, 5), "en")
    ('2026年1月5日', '5 January 2026')
    """
    return choose(language, f"{date.year}年{date.month}月{date.day}日", f"{date.day} {MONTHS[date.month - 1]} {date.year}")


def format_interval(interval: Interval, language: Language) -> str:
    """Return a stretch of days, both ends included.

    >>> format_interval(Interval(Date(2023, 1, 1), Date(2027, 12, 31)), "zh")
    '2023年1月1日至2027年12月31日'
    >>> format_interval(Interval(Date(2011, 6, 18), None), "en")
    'from 18 June 2011'
    """
    start = format_date(interval.start, language) if interval.start else ""
    end = format_date(interval.end, language) if interval.end else ""
    if start and end:
        return choose(language, f"{start}至{end}", f"{start} to {end}")
    if start or end:
        return choose(language, f"{start}起" if start else f"至{end}止", f"from {start}" if start else f"until {end}")
    return choose(language, "不限", "unlimited")


def format_window(window: Window, language: Language) -> str:
    """Return when one may apply.

    >>> format_window(EveryYear((6, 1), (8, 31)), "zh"), format_window(EveryYear((6, 1), (8, 31)), "en")
    ('每年 6月1日至8月31日', 'every year, 1 June to 31 August')
    """
    if not isinstance(window, EveryYear):
        return format_interval(window, language)
    (month, day), (last_month, last_day) = window.start, window.end
    next_year = window.end < window.start
    return choose(
        language,
        f"每年 {month}月{day}日至{'次年' if next_year else ''}{last_month}月{last_day}日",
        f"every year, {day} {MONTHS[month - 1]} to {last_day} {MONTHS[last_month - 1]}" + (" of the next" if next_year else ""),
    )


def format_rounding(rounding: Rounding, language: Language) -> str:
    """Return how an amount is rounded."""
    mode = word(ROUNDING_MODES, rounding.mode, language)
    return choose(language, f"保留 {rounding.scale} 位小数，{mode}", f"{mode} to {rounding.scale} decimal places of a yuan")


def format_value(value: object, unit: str, language: Language) -> str:
    """Return any value of FEEL as people read it.

    Args:
        value: The value; an unknown says so, null says that there is none.
        unit: Unit of its numbers; empty where they have none.
        language: Of the words around it; names and texts stay as they are.

    >>> format_value((Decimal(280), Decimal(320)), "人", "zh"), format_value(True, "", "zh"), format_value(None, "", "en")
    ('280、320 人', '是', 'none')
    """
    match value:
        case None:
            return choose(language, "无", "none")
        case bool():
            return choose(language, "是" if value else "否", "yes" if value else "no")
        case str():
            return value or choose(language, "（空）", "(empty)")
        case Unknown():
            return choose(language, "未知", "unknown")
        case Either():
            shown = choose(language, "或", " or ").join(format_value(each, unit, language) for each in value.values)
            return choose(language, f"{shown}（不影响结论）", f"{shown} (it does not matter which)")
        case Decimal():
            return format_quantity(value, unit, language)
        case Date():
            return format_date(value, language)
        case Time() | DateTime() | DaysDuration() | MonthsDuration():
            return str(value)
        case tuple():
            if not value:
                return choose(language, "（空列表）", "(empty list)")
            if all(isinstance(item, dict) for item in value):
                return _format_things(value, language)
            shown = listed((format_value(item, "", language) for item in value), language)
            suffix = format_unit(unit, language) if any(isinstance(item, Decimal) for item in value) else ""
            return f"{shown} {suffix}".rstrip()
        case dict():
            colon = choose(language, "：", ": ")
            return choose(language, "；", "; ").join(f"{key}{colon}{format_value(entry, unit, language)}" for key, entry in value.items())
    return literal(value)


YEARS = range(1900, 2101)
"""Numbers that are calendar years where their name or unit says so; a year has no thousands."""

THINGS_TOLD = 3
"""How many different kinds of things of a list a letter describes."""


def format_named(name: str, value: object, unit: str, language: Language) -> str:
    """Return the value of a named thing, short: a year without a comma, a list by how much it holds.

    >>> format_named("房屋建成年份", Decimal(2025), "年", "zh"), format_named("知识产权", ({"类别": "Ⅰ类"},), "", "zh")
    ('2025 年', '1 项')
    """
    if isinstance(value, Decimal) and value in YEARS and (unit == "年" or name.endswith(("年", "年份", "年度"))):
        return choose(language, f"{value:f} {unit}".rstrip(), f"{value:f}")
    if isinstance(value, tuple) and value and all(isinstance(item, Mapping) for item in value):
        return _count(len(value), language)
    return format_value(value, unit, language)


def format_list(name: str, things: Sequence[Mapping[str, object]], language: Language) -> str:
    """Return what a list holds, equal things once.

    >>> format_list("知识产权", ({"类别": "Ⅱ类", "取得日期": None}, {"类别": "Ⅱ类", "取得日期": None}), "zh")
    '知识产权 2 项：类别 Ⅱ类（2 项）'
    """
    told = [
        listed(
            (
                f"{key} {format_value(entry, '', language)}"
                for key, entry in thing.items()
                if entry is not None and not isinstance(entry, Unknown)
            ),
            language,
        )
        for thing in things
    ]
    kinds = {text: told.count(text) for text in told if text}
    shown = [text + (bracketed(_count(number, language), language) if number > 1 else "") for text, number in kinds.items()]
    more = (
        choose(language, f"；另 {len(shown) - THINGS_TOLD} 种", f"; {len(shown) - THINGS_TOLD} more kinds")
        if len(shown) > THINGS_TOLD
        else ""
    )
    said = choose(language, "；", "; ").join(shown[:THINGS_TOLD]) + more
    head = f"{name} {_count(len(things), language)}"
    return head + choose(language, "：", ": ") + said if said else head


def _count(number: int, language: Language) -> str:
    return choose(language, f"{number} 项", "1 item" if number == 1 else f"{number} items")


SHOWN_THINGS = 5
"""How many things of a list are told one by one."""


def _format_things(things: Sequence[Mapping[str, object]], language: Language) -> str:
    """Return a list of things (patents, hires): how many, and what is known of the first ones.

    >>> _format_things(({"类别": "Ⅰ类", "用于主导产品": True},), "zh")
    '1 项（类别 Ⅰ类、用于主导产品 是）'
    """
    told = [
        listed((f"{name} {format_value(entry, '', language)}" for name, entry in thing.items() if not isinstance(entry, Unknown)), language)
        for thing in things[:SHOWN_THINGS]
    ]
    more = " …" if len(things) > SHOWN_THINGS else ""
    said = choose(language, "；", "; ").join(filter(None, told)) + more
    return _count(len(things), language) + bracketed(said, language)


def format_type(type_: Type, language: Language) -> str:
    """Return a type as people call it.

    >>> from zhida.values.types import NUMBER, list_of
    >>> format_type(list_of(NUMBER), "zh"), format_type(list_of(NUMBER), "en")
    ('多个数', 'list of number')
    """
    if type_.name == "list" and type_.arguments:
        inner = format_type(type_.arguments[0], language)
        return choose(language, f"多个{inner}", f"list of {inner}".rstrip())
    return word(TYPES, type_.name, language)


def format_missing_parameter(name: str, source: str, subject: str, language: Language) -> str:
    """Return a parameter that nobody has filled in, and who is to fill it in.

    Args:
        name: The parameter.
        source: Where its figure is to come from; may be empty.
        subject: The kind of subject, which could not tell it.
        language: Of the words around it.

    >>> format_missing_parameter("当地社会平均工资", "", "enterprise", "zh")
    '当地社会平均工资（不是企业的事实；由主管部门填写）'
    """
    whose = word(SUBJECTS, subject, language) or choose(language, "对象", "subject")
    zh = f"不是{whose}的事实；由主管部门填写" + (f"，来源：{source}" if source else "")
    en = f"no fact of the {whose}; the department in charge fills it in" + (f", from: {source}" if source else "")
    return name + bracketed(choose(language, zh, en), language)


def format_parameter_source(source: str, language: Language) -> str:
    """Return where an assessment's parameter comes from: its source and how sure it is.

    >>> format_parameter_source("《企业所得税法》第四条 (recalled)", "zh")
    '《企业所得税法》第四条（凭记忆）'
    """
    if found := re.fullmatch(r"(.*?) ?\((\w*)\)", source, re.DOTALL):
        return found[1] + bracketed(word(CHECKED_BY, found[2], language), language)
    if source.startswith("未填写"):
        return choose(language, "未填写", "not filled in")
    return source
