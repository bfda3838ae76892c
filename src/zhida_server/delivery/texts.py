"""Words that people enter, read within limits: nothing empty, nothing endless, no characters that nobody sees."""

import unicodedata

from zhida_server.delivery.data import NotUnderstood

REASON_LIMIT = 2_000
"""Characters of a reason, at most."""

NAME_LIMIT = 200
"""Characters of a name, at most."""


def text_of(text: str, zh: str, en: str, limit: int) -> str:
    """Return what somebody wrote, trimmed.

    Args:
        text: What was entered.
        zh: What the field is called, in Chinese.
        en: The same in English.
        limit: Characters, at most.

    Raises:
        NotUnderstood: where it is empty, too long, or has control characters other than line ends.
    """
    trimmed = text.replace("\r\n", "\n").strip()
    if not trimmed:
        raise NotUnderstood("text-empty", f"“{zh}”不能空着", f"'{en}' cannot be empty")
    if len(trimmed) > limit:
        raise NotUnderstood(
            "text-long",
            f"“{zh}”最多 {limit} 个字，现在是 {len(trimmed)} 个",
            f"'{en}' takes {limit} characters at most, these are {len(trimmed)}",
        )
    if any(unicodedata.category(each) == "Cc" and each != "\n" for each in trimmed):
        raise NotUnderstood("text-control", f"“{zh}”里有看不见的控制字符，请重新输入", f"'{en}' holds control characters; type it again")
    return trimmed


def reason_of(text: str) -> str:
    """Return the reason that somebody gives for an act."""
    return text_of(text, "理由", "reason", REASON_LIMIT)


def line_of(text: str, zh: str, en: str) -> str:
    """Return what somebody wrote on one line, such as a name."""
    found = text_of(text, zh, en, NAME_LIMIT)
    if "\n" in found:
        raise NotUnderstood("text-lines", f"“{zh}”只能写一行", f"'{en}' takes one line")
    return found
