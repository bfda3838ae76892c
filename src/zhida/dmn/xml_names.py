"""Ids that XML and other tools allow: names of plain letters without colons, each once in a document."""

import hashlib
import re
from collections.abc import Collection, Iterable

NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")
"""What made ids do not hold: XML allows letters of other scripts, but some editions of it not all, and some tools none."""
VALID = re.compile(r"[^\W\d][\w.\-·]*")
"""Ids that are kept as they are."""


def made_id(name: str, taken: Collection[str]) -> str:
    """Return an id for a name that is none of those taken.

    >>> made_id("pack/policy#level of risk", {"level_of_risk"})
    'level_of_risk_2'
    >>> made_id("补贴金额", set())
    'id_c49e578d'
    >>> made_id("2nd", set())
    '_2nd'
    """
    return _free(_allowed(name), taken, 1)[0]


class NewIds:
    """Makes many ids, of many equal names too."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.numbers: dict[str, int] = {}

    def new(self, name: str) -> str:
        """Return an id for a name that is none of those taken, and take it."""
        made = _allowed(name)
        wanted, self.numbers[made] = _free(made, self.taken, self.numbers.get(made, 1))
        self.taken.add(wanted)
        return wanted


def _allowed(name: str) -> str:
    """Return a name as XML allows it; letters that are lost count in a digest, so that other names make other ids."""
    name = name.rpartition("#")[2]
    made = NOT_ALLOWED.sub("_", name).strip("_.-")
    if not name.isascii():
        made = f"{made or 'id'}_{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    made = made or "element"
    return made if VALID.fullmatch(made) else f"_{made}"


def _free(made: str, taken: Collection[str], number: int) -> tuple[str, int]:
    """Return a name with the first number from `number` on with which it is not taken, and that number."""
    wanted = made if number == 1 else f"{made}_{number}"
    while wanted in taken:
        number += 1
        wanted = f"{made}_{number}"
    return wanted, number
