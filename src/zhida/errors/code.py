"""One kind of finding: its gravity and its words in two languages."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How grave a finding is: with an error, nothing may be published."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding: its gravity and its words."""

    severity: Severity
    """How grave it is."""
    en: str
    """The message in English, a template."""
    zh: str
    """The message in Chinese, a template."""
    hint_en: tuple[str, ...] = ()
    """What to do, in parts; a part is left out when a word that it needs is empty."""
    hint_zh: tuple[str, ...] = ()
    """The same in Chinese."""
