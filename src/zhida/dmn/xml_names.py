"""Ids that XML allows: names without colons, each once in a document."""

import re
from collections.abc import Collection

NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.\-一-龥]+")
"""What made ids do not hold: letters of other scripts are allowed by some editions of XML only."""
VALID = re.compile(r"[^\W\d][\w.\-·]*")
"""Ids that are kept as they are."""


def made_id(name: str, taken: Collection[str]) -> str:
    """Return an id for a name that is none of those taken.

    >>> made_id("pack/policy#补贴 金额", {"补贴_金额"})
    '补贴_金额_2'
    >>> made_id("2nd", set())
    '_2nd'
    """
    made = NOT_ALLOWED.sub("_", name.rpartition("#")[2]).strip("_.-") or "element"
    made = made if VALID.fullmatch(made) else f"_{made}"
    wanted, number = made, 1
    while wanted in taken:
        number += 1
        wanted = f"{made}_{number}"
    return wanted
