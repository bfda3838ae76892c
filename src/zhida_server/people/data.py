"""Who acts, in which role, and what is said to somebody who may not."""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here for; one role each."""

    POLICY = "policy"
    """Keeps policies, starts runs, opens notices."""
    FINANCE = "finance"
    """Keeps budgets, makes and signs payment batches."""
    SERVICE = "service"
    """Serves enterprises at the window and on the telephone."""
    LEADER = "leader"
    """Sees how it goes, in totals."""
    AUDITOR = "auditor"
    """Sees everything and changes nothing."""
    ADMINISTRATOR = "administrator"
    """Makes and ends accounts; sees no facts of enterprises."""
    REPRESENTATIVE = "representative"
    """Acts for one enterprise."""
    VISITOR = "visitor"
    """Nobody who logged in."""
    JOB = "job"
    """Background work."""

    @property
    def zh(self) -> str:
        """The role in Chinese."""
        return _ZH[self]

    @property
    def en(self) -> str:
        """The role in English."""
        return self.value.capitalize()


_ZH = {
    Role.POLICY: "政策",
    Role.FINANCE: "财务",
    Role.SERVICE: "服务",
    Role.LEADER: "领导",
    Role.AUDITOR: "审计",
    Role.ADMINISTRATOR: "管理员",
    Role.REPRESENTATIVE: "企业代表",
    Role.VISITOR: "访客",
    Role.JOB: "后台作业",
}
STAFF = frozenset({Role.POLICY, Role.FINANCE, Role.SERVICE, Role.LEADER, Role.AUDITOR, Role.ADMINISTRATOR})
"""The roles of the offices' own people."""


CODE = re.compile(r"[0-9A-Z]+(-[0-9A-Z]+)*")
"""How the code of an enterprise is written. Its account of the ledger is named by it, which the database checks as well."""


@dataclass(frozen=True)
class Actor:
    """Whoever acts."""

    name: str
    """The name that they log in with; `job:…` for background work."""
    role: Role
    """What they are here for."""
    office: str = ""
    """The office they belong to."""
    enterprise_code: str = ""
    """The one enterprise that a representative acts for."""

    @property
    def is_staff(self) -> bool:
        """Whether they belong to an office."""
        return self.role in STAFF


VISITOR = Actor("visitor", Role.VISITOR)
"""Nobody who logged in."""


def job_actor(name: str) -> Actor:
    """Return the actor of a background job.

    >>> job_actor("nightly").name
    'job:nightly'
    """
    return Actor(f"job:{name}", Role.JOB)


@dataclass(frozen=True)
class Person:
    """Somebody who can log in, or could."""

    name: str
    """The name that they log in with."""
    role: Role
    """What they are here for."""
    office: str
    """The office they belong to; empty for representatives."""
    enterprise_code: str
    """The enterprise they act for; empty for staff."""
    is_active: bool
    """Whether they can log in."""
    has_second_factor: bool
    """Whether they set up a second factor."""
    is_awaited: bool = False
    """Whether they represent an enterprise once a second person has confirmed it, and cannot log in before."""


@dataclass(frozen=True)
class Binding:
    """A representative whom somebody bound to an enterprise, and whom a second person has still to confirm."""

    name: str
    """The name that they log in with."""
    enterprise_code: str
    """The enterprise."""
    document: str
    """The document that their authority rests on."""
    asked_by: str
    """Who bound them."""
    asked_office: str
    """The office of whoever did."""
    asked_at: dt.datetime
    """When."""


class SetUp(StrEnum):
    """What somebody who logged in must do before anything else."""

    NOTHING = ""
    """They may go on."""
    NEW_PASSWORD = "new-password"  # noqa: S105 - a word, no password
    """Change the password that an administrator gave them."""
    SECOND_FACTOR = "second-factor"
    """Set up a second factor."""


class Refused(Exception):
    """An act that is not done, with the reason: what, why, and what to do.

    Every refusal of a service derives from it; only `web` knows which status of HTTP it becomes.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        """Keep the reason.

        Args:
            code: Names the kind of refusal for programs and tests: `batch-signer-is-maker`.
            zh: The reason in Chinese.
            en: The reason in English.
        """
        super().__init__(f"{code}: {zh} / {en}")
        self.code = code
        self.zh = zh
        self.en = en

    def words(self, language: str) -> str:
        """Return the reason in a language: Chinese, or English for `en`.

        >>> Refused("x", "不行", "no").words("zh-hans")
        '不行'
        """
        return self.en if language.startswith("en") else self.zh


class NotAllowed(Refused):
    """Whoever acts has no permission for it, whatever the object."""


class NotFound(Refused):
    """What is asked for does not exist, or not for whoever asks."""


class Conflict(Refused):
    """The act does not fit what has been done already."""
