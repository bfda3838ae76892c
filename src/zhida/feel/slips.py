"""Slips of the pen in FEEL, and what to write instead: the advice that goes with a feel-syntax diagnostic.

Owns what people write who know the law and a spreadsheet but no FEEL: full-width punctuation, `==`, `20,000`, `500 万元`.
Nothing here decides what is FEEL, but for numbers with separators, which would pass for several; where there is no advice,
the diagnostic stands alone.
"""

import re
from collections.abc import Mapping

from zhida.feel.names import PART

FULL_WIDTH: Mapping[str, str] = {
    "，": ",", "、": ",", "；": ",", "（": "(", "）": ")", "【": "[", "】": "]", "［": "[", "］": "]", "〔": "[", "〕": "]",
    "｛": "{", "｝": "}",
    "“": '"', "”": '"', "‘": '"', "’": '"', "＂": '"', "「": '"', "」": '"',
    "：": ":", "。": ".", "．": ".", "～": "..", "…": "..",
    "＝": "=", "＜": "<", "＞": ">", "≥": ">=", "≤": "<=", "≠": "!=", "≧": ">=", "≦": "<=",
    "×": "*", "＊": "*", "÷": "/", "／": "/", "＋": "+", "－": "-", "–": "-", "—": "-", "−": "-",
    "％": "/ 100", "%": "/ 100", "＠": "@",
}  # fmt: skip
"""Characters that are typed by mistake, and what FEEL writes instead."""

DOUBLED: Mapping[str, str] = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!=", "&": "and", "|": "or"}
"""Operators of other languages, and FEEL's."""

THOUSANDS = re.compile(r"[0-9]+(?:,[0-9]{3}){0,9}?,0[0-9]{2,}(?:,[0-9]{3}){0,9}")
"""A number with separators for sure: a group of three digits that begins with 0. FEEL would read `> 3,000` as `> 3` or `= 0`."""

PERHAPS_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){1,9}(?![0-9])")
"""A number with separators, or else several numbers with nothing between them but commas."""

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
    if here in FULL_WIDTH:
        return f"write {FULL_WIDTH[here]} instead of {here}", f"请把“{here}”改为半角的 {FULL_WIDTH[here]}"
    for written in (before[-1:] + here, here):
        if here and written in DOUBLED:
            return f"write {DOUBLED[written]} instead of {written}", f"请把“{written}”改为 {DOUBLED[written]}"
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


def _leftover(before: str, here: str, after: str) -> tuple[str, str]:
    """Return what is to be said where an expression is whole, but the text goes on."""
    is_number = re.search(r"(?:^|[^\w])[0-9.]*[0-9]$", before)
    if is_number and here == "," and after.isdigit():
        return "a number has no commas: 20000", "数字里不写千位逗号：20000"
    if is_number and PART.match(here):
        return "a number stands without its unit, which the dictionary tells", "数字后面不写单位；单位在数据字典里，一律用基本单位"
    if re.match(r'[\w"(]', here) and re.search(r'[\w")\]]$', before):
        return "an operator is lacking here, or a name is not spelled as it is declared", "此处缺少运算符，或者名称与登记的写法不一致"
    return "", ""
