"""Groupings: by what costs are broken down: industry, division, size, street.

    行业代码 "3922" ──前两位 39──> 大类 39 计算机、通信…… ──门类──> 行业 C 制造业
    企业规模                        the status that a policy of the packs gives
    街道                            as the registry says

Which division is of which section stands in the packs' code lists; nothing is known here. What is not known of a subject is
`UNKNOWN`, a group of its own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from zhida.policy.document import Table, parse
from zhida.policy.pack import Packs, in_force
from zhida.values.temporal import Date

UNKNOWN = ""
"""The group of those of whom it is not known."""

INDUSTRY, DIVISION, SIZE, STREET = "行业", "大类", "规模", "街道"
GROUPINGS = (INDUSTRY, DIVISION, SIZE, STREET)
"""What costs can be broken down by."""

DEFAULT_GROUPINGS = (INDUSTRY, SIZE, STREET)
"""What they are broken down by where nobody says."""

CODE_ATTRIBUTE, STREET_ATTRIBUTE, SIZE_STATUS = "行业代码", "街道", "企业规模"
"""Attributes of the dictionary, and the status, that groups are told by."""

DIVISIONS, SECTIONS = "gb4754-divisions", "gb4754-sections"
"""The code lists of industries."""

DIGITS = 2
"""Digits of a division."""

SECTION = re.compile(r"门类\s*([A-Z])\b")
"""How the list of divisions says of which section each is."""


@dataclass(frozen=True, slots=True)
class Groupings:
    """How subjects are put into groups."""

    names: tuple[str, ...]
    """What they are grouped by."""
    sections: Mapping[str, str]
    """By the digits of a division, its section with its name."""
    divisions: Mapping[str, str]
    """By the digits of a division, the same with its name."""
    size_policy: str
    """The id of the policy that says how large a subject is; empty where there is none, or nobody asks."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """The columns of a source that groups are told by."""
        industry = (CODE_ATTRIBUTE,) if {INDUSTRY, DIVISION} & set(self.names) else ()
        return industry + ((STREET_ATTRIBUTE,) if STREET in self.names else ())

    def of(self, frame: pl.DataFrame, sizes: pl.Series | None) -> list[pl.Series]:
        """Return the group of each row, a column for each grouping.

        Args:
            frame: The rows, with the attributes that are known of them.
            sizes: How large each is; None where nobody knows.
        """
        found = []
        nothing = pl.repeat(UNKNOWN, frame.height, dtype=pl.String, eager=True)
        for name in self.names:
            column = nothing
            if name in {INDUSTRY, DIVISION} and CODE_ATTRIBUTE in frame.columns:
                labels = self.sections if name == INDUSTRY else self.divisions
                codes = frame[CODE_ATTRIBUTE].str.slice(0, DIGITS)
                column = codes.replace_strict(list(labels), list(labels.values()), default=UNKNOWN, return_dtype=pl.String)
            elif name == STREET and STREET_ATTRIBUTE in frame.columns:
                column = frame[STREET_ATTRIBUTE]
            elif name == SIZE and sizes is not None:
                column = sizes
            found.append(column.fill_null(UNKNOWN).alias(name))
        return found


def groupings_of(packs: Packs, names: Sequence[str], *, subject: str, as_of: Date) -> Groupings:
    """Return how subjects are put into groups.

    Args:
        packs: The packs before a change: groups are the same before and after.
        names: Some of `GROUPINGS`.
        subject: The kind of subject.
        as_of: The date of the business fact.
    """
    attributes = packs.dictionaries[subject].items
    size = _size_policy(packs, subject, as_of) if SIZE in names else ""
    needed = {INDUSTRY: CODE_ATTRIBUTE in attributes, DIVISION: CODE_ATTRIBUTE in attributes, SIZE: bool(size)}
    needed[STREET] = STREET_ATTRIBUTE in attributes
    sections, divisions = _industries(packs)
    return Groupings(tuple(name for name in names if needed[name]), sections, divisions, size)


def _size_policy(packs: Packs, subject: str, as_of: Date) -> str:
    for id_, policy in packs.policies.items():
        front = policy.front
        if front.subject == subject and front.gives == "status" and front.result is not None and front.result.text == SIZE_STATUS:
            return in_force(packs, id_, as_of) or ""
    return ""


def _industries(packs: Packs) -> tuple[dict[str, str], dict[str, str]]:
    """Return the section and the name of each division, as the code lists say."""
    if DIVISIONS not in packs.codes:
        return {}, {}
    listed = packs.codes[DIVISIONS]
    names = packs.codes[SECTIONS].names if SECTIONS in packs.codes else {}
    sections: dict[str, str] = {}
    for block in parse(listed.source).blocks:
        for row in block.rows if isinstance(block, Table) else ():
            letter = SECTION.search(row[-1].text)
            if letter is not None:
                sections[row[0].text] = f"{letter[1]} {names.get(letter[1], '')}".strip()
    return sections, {code: f"{code} {name}" for code, name in listed.names.items()}
