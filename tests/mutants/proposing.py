"""Proposing: `zhida examples --accept` on one policy, in process."""

import hashlib
from functools import cache
from pathlib import Path

from zhida.policy.pack import Packs, Policy
from zhida.proof.proposals import propose as proposals
from zhida.proof.proposals.accept import accepted_text
from zhida.proof.proposals.propose import propose
from zhida.values.temporal import Date

PARTS = ("proposals", "rows", "conditions", "coverage", "symbolic", "lines", "axes", "cells")
"""What the names of the modules begin with that a proposal rests on."""


@cache
def program() -> str:
    """Return a digest of the program that proposes."""
    digest = hashlib.sha256()
    for path in sorted(Path(proposals.__file__).parent.glob("*.py")):
        if path.name.startswith(PARTS):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def text_with_proposals(packs: Packs, policy: Policy, day: Date) -> str:
    """Return the text of a policy with the examples that are proposed for it, as they were accepted."""
    return accepted_text(packs, policy, propose(packs, policy, as_of=day))
