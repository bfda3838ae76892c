"""What the catalogue gives: a version of all packs, a policy's card, its woven page, and why packs are refused."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from zhida.errors import Diagnostic
from zhida_server.people.data import Refused


class InForce(StrEnum):
    """Whether a policy is law on a day."""

    NOT_YET = "not-yet"
    """It will be."""
    NOW = "now"
    """It is."""
    OVER = "over"
    """It was."""


@dataclass(frozen=True)
class PackVersion:
    """All packs as they were taken once; named by what is in their files."""

    sha256: str
    """Of the sorted list of paths, each with the sha256 of its file."""
    taken_at: dt.datetime
    """When they were taken for the first time."""
    taken_by: str
    """By whom."""
    policies: int
    """How many policies there are."""
    files: int
    """How many files there are."""


@dataclass(frozen=True)
class PolicyCard:
    """What a list of policies shows of one."""

    policy: str
    """`pack/name`."""
    sha256: str
    """Of its text: names exactly this version."""
    packs_sha256: str
    """The packs that it stands in."""
    title: str
    """Its title."""
    document: str
    """The number of the document that it comes from."""
    issuer: tuple[str, ...]
    """Who issued it."""
    effective: dt.date | None
    """The first day on which it is law; None where nobody says."""
    expires: dt.date | None
    """The last day, what replaces it considered; None where there is none."""
    gives: str
    """`cash`, `voucher`, `tax`, `loan`, `points`, `service` or `status`."""
    delivery: str
    """The way of delivery that the document orders; may be empty."""
    subject: str
    """The kind of subject: `enterprise`, `resident`, …"""
    place: str
    """The place whose pack it stands in."""
    summary_zh: str
    """What it is about, in plain words."""
    summary_en: str
    """The same in English; may be empty."""

    def in_force(self, on: dt.date) -> InForce:
        """Say whether it is law on a day."""
        if self.effective is not None and on < self.effective:
            return InForce.NOT_YET
        return InForce.OVER if self.expires is not None and on > self.expires else InForce.NOW

    def summary(self, language: str) -> str:
        """Return what it is about; in Chinese where there is no English."""
        return (self.summary_en if language.startswith("en") else "") or self.summary_zh


@dataclass(frozen=True)
class PolicyVersion:
    """One text of a policy, which never changes."""

    policy: str
    """`pack/name`."""
    sha256: str
    """Of its text."""
    title: str
    """Its title."""
    document: str
    """The number of the document."""
    taken_at: dt.datetime
    """When packs with this text were taken first."""
    packs_sha256: str
    """Those packs."""
    is_current: bool
    """Whether the packs that hold now have this text."""


@dataclass(frozen=True)
class PolicyPage:
    """A policy woven: law beside rule, ready to stand inside of another page."""

    card: PolicyCard
    """What it is."""
    language: str
    """`zh` or `en`: of the labels; the policy's own words stay as they are."""
    body_html: str
    """An `article` of class `woven`, without scripts, inline styles or event handlers."""
    style: str
    """Rules for what is within `.woven`, and for nothing else; the same for every policy and language."""
    style_sha256: str
    """Of the rules, in hexadecimal digits."""
    style_source: str
    """The same as a content security policy names it: `'sha256-…'`."""


class PacksRefused(Refused):
    """Packs with mistakes are not taken; nothing of them was kept."""

    def __init__(self, diagnostics: Sequence[Diagnostic], lines_zh: Sequence[str], lines_en: Sequence[str]) -> None:
        """Keep every mistake.

        Args:
            diagnostics: All errors, in the order in which the files are read.
            lines_zh: Each with its file, line and hint, in Chinese.
            lines_en: The same in English.
        """
        count = len(diagnostics)
        super().__init__(
            "packs-refused",
            f"政策包有 {count} 处错误，没有收下；改正后重新提交。\n" + "\n".join(lines_zh),
            f"the packs have {count} mistakes and were not taken; mend them and hand them in again.\n" + "\n".join(lines_en),
        )
        self.diagnostics = tuple(diagnostics)
        self.lines_zh = tuple(lines_zh)
        self.lines_en = tuple(lines_en)
