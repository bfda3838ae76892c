"""Slips of the pen in FEEL, and what to write instead: the advice that goes with a feel-syntax diagnostic.

Owns what people write who know the law and a spreadsheet but no FEEL: full-width punctuation, `==`, `20,000`, `500 万元`,
`3%`, `20 人以上`.
Nothing here decides what is FEEL, but for numbers with separators, which would pass for several; where there is no advice,
the diagnostic stands alone.
"""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from zhida.feel.names import PART

FULL_WIDTH: Mapping[str, str] = {
    "，": ",", "、": ",", "；": ",", "（": "(", "）": ")", "【": "[", "】": "]", "［": "[", "］": "]", "〔": "[", "〕": "]",
    "｛": "{", "｝": "}",
    "“": '"', "”": '"', "‘": '"', "’": '"', "＂": '"', "「": '"', "」": '"',
    "：": ":", "。": ".", "．": ".", "～": "..", "…": "..",
    "＝": "=", "＜": "<", "＞": ">", "≥": ">=", "≤": "<=", "≠": "!=", "≧": ">=", "≦": "<=",
    "×": "*", "＊": "*", "÷": "/", "／": "/", "＋": "+", "－": "-", "–": "-", "—": "-", "−": "-",
    "＠": "@",
}  # fmt: skip
"""Characters that are typed by mistake, and what FEEL writes instead."""

DOUBLED: Mapping[str, str] = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!=", "&": "and", "|": "or"}
"""Operators of other languages, and FEEL's."""

THOUSANDS = re.compile(r"[0-9]+(?:,[0-9]{3}){0,9}?,0[0-9]{2,}(?:,[0-9]{3}){0,9}")
"""A number with separators for sure: a group of three digits that begins with 0. FEEL would read `> 3,000` as `> 3` or `= 0`."""

PERHAPS_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){1,9}(?![0-9])")
"""A number with separators, or else several numbers with nothing between them but commas."""

BEFORE_NUMBER: Mapping[str, str] = {
    "不低于": ">=", "不少于": ">=", "不小于": ">=", "至少": ">=", "最少": ">=", "达到": ">=",
    "不超过": "<=", "不高于": "<=", "不多于": "<=", "不大于": "<=", "至多": "<=", "最多": "<=",
    "超过": ">", "高于": ">", "多于": ">", "大于": ">",
    "低于": "<", "少于": "<", "小于": "<", "不满": "<", "不足": "<",
    "不等于": "!=", "等于": "=",
}  # fmt: skip
"""Words of comparison that stand before a number, and FEEL's operators."""

BEHIND_NUMBER: Mapping[str, str] = {"以上": ">=", "以下": "<=", "以内": "<=", "以外": ">"}
"""Those that stand behind it; in statutes 以上, 以下 and 以内 include the figure."""

# Every repetition is bounded: a stranger's text may be long.
_FIGURE = r"(?<![0-9.])(?P<{0}>[0-9]{{1,15}}(?:\.[0-9]{{1,9}})?)(?![0-9.]) ?(?P<{0}_times>[万亿]?) ?"
_NUMBER = _FIGURE.format("number")
_UNIT = r"[^\W\d_]{0,4}? ?"
_INCLUSIVE = "[（(]含[）)]"
_BEHIND = re.compile(rf"{_NUMBER}{_UNIT}(?:及|或|{_INCLUSIVE})?(?P<words>{'|'.join(BEHIND_NUMBER)})(?:{_INCLUSIVE})?")
_BEFORE = re.compile(rf"(?P<words>{'|'.join(BEFORE_NUMBER)}) ?{_NUMBER}{_UNIT}(?:{_INCLUSIVE})?")
_FROM_TO = re.compile(rf"{_NUMBER}{_UNIT}(?:至|到|～|~|—|－|…){{1,2}} ?{_FIGURE.format('end')}")
_TIMES = {"": 1, "万": 10_000, "亿": 100_000_000}

WITHOUT_SEPARATORS = "a number without separators"
"""What is expected where a number has them."""


def advice(text: str, position: int, expected: str) -> tuple[str, str]:
    """Return what to write instead, in English and in Chinese; empty texts where nothing is known.

    Args:
        text: The FEEL text.
        position: Where it is no longer FEEL.
        expected: What the parser would have read there.

    >>> advice("从业人员 == 30", 6, "an expression")[0]
    'write = instead of =='
    """
    here, before = text[position : position + 1], text[:position].rstrip()
    if instead := _figures(text, position):
        return f"write {instead}", f"请写作 {instead}"
    if here in FULL_WIDTH:
        instead = FULL_WIDTH[here]
        is_narrow = unicodedata.normalize("NFKC", here) == instead
        return f"write {instead} instead of {here}", f"请把{quoted_zh(here)}改为{'半角的' if is_narrow else ''} {instead}"
    for written in (before[-1:] + here, here):
        if here and written in DOUBLED:
            return f"write {DOUBLED[written]} instead of {written}", f"请把“{written}”改为 {DOUBLED[written]}"
    if here in {"%", "％"}:
        return "write / 100 instead of %, or the share as a decimal", "百分数请写成小数，或除以 100"
    if expected == "a closing quote":
        return 'a text stands between two straight quotes: "…"', '文字放在一对英文双引号之间："…"'
    if expected == WITHOUT_SEPARATORS and (grouped := THOUSANDS.match(text, position)):
        number = grouped[0].replace(",", "")
        return f"write {number} without separators", f"请写作 {number}，不加千位逗号"
    if here == "'":
        return 'a text stands between two straight quotes: "…"', "文字请用英文双引号"
    if expected == "'else'":
        return "every if has a then and an else", "有 if 就要有 then 和 else"
    if not text.strip():
        return "write an expression", "请写出表达式"
    if expected == "the end":
        return _leftover(before, here, text[position + 1 : position + 2])
    return "", ""


def in_words(text: str) -> str:
    """Return the FEEL of a comparison that is written in words, or an empty text where `text` is none.

    >>> in_words("20人以上"), in_words("不超过500万元"), in_words("大型")
    ('>= 20', '<= 5000000', '')
    """
    found = _BEHIND.fullmatch(text.strip()) or _BEFORE.fullmatch(text.strip())
    return _compared(found) if found else ""


def quoted_zh(text: str) -> str:
    """Return a text in Chinese quotation marks: in others where it holds quotation marks itself.

    >>> quoted_zh("大"), quoted_zh("“")
    ('“大”', '「“」')
    """
    return f"「{text}」" if re.search("[“”‘’\"']", text) else f"“{text}”"


def _compared(found: re.Match[str]) -> str:
    words = found["words"]
    return f"{BEFORE_NUMBER.get(words) or BEHIND_NUMBER[words]} {_number(found['number'], found['number_times'])}"


def _number(digits: str, times: str) -> str:
    """Return `500`, `万` as 5000000."""
    number = format(Decimal(digits) * _TIMES[times], "f")
    return number.rstrip("0").rstrip(".") if "." in number else number


def _figures(text: str, position: int) -> str:
    """Return the FEEL of figures that are written as people write them, of which something stands at `position`."""
    for pattern in (_FROM_TO, _BEHIND, _BEFORE):
        found = next((found for found in pattern.finditer(text) if found.start() <= position < found.end()), None)
        if found and pattern is _FROM_TO:
            low = _number(found["number"], found["number_times"] or found["end_times"])
            return f"[{low}..{_number(found['end'], found['end_times'])}]"
        if found:
            return _compared(found)
    share = re.search(_FIGURE.format("share") + "$", text[max(position - 40, 0) : position])
    if share and text[position : position + 1] in {"%", "％"}:
        return _number(str(Decimal(share["share"]).scaleb(-2)), "")
    return ""


def _leftover(before: str, here: str, after: str) -> tuple[str, str]:
    """Return what is to be said where an expression is whole, but the text goes on."""
    is_number = re.search(r"(?:^|[^\w.])([0-9]+(?:\.[0-9]+)?)$", before[-40:])
    if is_number and here == "," and after.isdigit():
        return "a number has no commas: 20000", "数字里不写千位逗号：20000"
    if is_number and here in _TIMES:
        number = _number(is_number[1], here)
        return f"a number stands without its unit and without {here}: {number}", f"数字后面不写单位，也不写“{here}”：请写作 {number}"
    if is_number and PART.match(here):
        return "a number stands without its unit, which the dictionary tells", "数字后面不写单位；单位在数据字典里，一律用基本单位"
    if re.match(r'[\w"(]', here) and re.search(r'[\w")\]]$', before):
        return "an operator is lacking here, or a name is not spelled as it is declared", "此处缺少运算符，或者名称与登记的写法不一致"
    return "", ""
