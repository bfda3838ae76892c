"""Accepting: the text of a policy with the examples that `zhida examples --accept` adds, made once and kept.

Kept by the digest of the packs and of the program that proposes, so that a change of either makes it anew.
"""

import hashlib
from pathlib import Path

from tests.mutants.proposing import program, text_with_proposals
from zhida.policy.pack import Packs, Policy
from zhida.values.temporal import Date


class Accepting:
    """A folder of accepted texts."""

    def __init__(self, cache: Path | None, *, is_on: bool, is_stale: bool = False) -> None:
        """Look for what is there.

        Args:
            cache: Where texts are kept; none are where there is none.
            is_on: Whether examples are accepted at all; else texts are taken as they are.
            is_stale: Whether the newest text that is kept of the policy will do, whatever program made it and whatever stood around it.
        """
        self.cache = cache
        self.is_on = is_on
        self.is_stale = is_stale

    def text(self, packs: Packs, policy: Policy, day: Date) -> str:
        """Return the text of a policy with accepted examples."""
        if not self.is_on:
            return policy.document.source.text
        if self.cache is None:
            return text_with_proposals(packs, policy, day)
        name = f"{policy.id.replace('/', '-')}-{policy.sha256[:8]}"
        known = sorted(self.cache.glob(f"{name}-*.md"), key=lambda each: each.stat().st_mtime)
        if self.is_stale and known:
            return known[-1].read_text(encoding="utf-8")
        path = self.cache / f"{name}-{self.digest(packs, policy)}.md"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            beside = path.with_suffix(".part")
            beside.write_text(text_with_proposals(packs, policy, day), encoding="utf-8")
            beside.replace(path)
        return path.read_text(encoding="utf-8")

    def digest(self, packs: Packs, policy: Policy) -> str:
        """Return a digest of what an accepted text rests on: the policy, those around it, and the program."""
        around = sorted(each.sha256 for each in packs.policies.values())
        pages = sorted(each.source.text for each in packs.dictionaries.values())
        parameters = [repr(row.value) for rows in packs.parameters.values() for row in rows]
        return hashlib.sha256(repr((policy.sha256, around, pages, parameters, program())).encode()).hexdigest()[:16]
