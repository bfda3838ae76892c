"""Two versions of a policy, made from their bodies, for the tests of differences."""

from pathlib import Path

from tests.engine.policy_texts import front, packs_of
from zhida.policy.pack import Packs
from zhida.proof.difference.search import Solver
from zhida.proof.difference.versions import Difference, Version, days_for, difference, version_among
from zhida.source import Source
from zhida.values.temporal import Date

TODAY = Date(2026, 3, 1)

SCOPE = "## 第一条 对象\n\n有职工的。\n\n```feel 起点: number\n1\n```\n"
"""A policy that has nothing to do with what is compared: packs hold at least one."""


def packs_around(root: Path) -> Packs:
    """Return packs with a dictionary, for versions that stand in none of their files."""
    text = front("demo/other", eligible="起点符合") + SCOPE + "\n```feel 起点符合: boolean\n人 > 起点\n```\n"
    return packs_of(root, {"demo/policies/other.md": text})


def version(packs: Packs, body: str, **keys: str) -> Version:
    """Return a version of demo/a with a body."""
    return version_among(packs, "demo/a", Source("a.md", front(**keys) + body))


def compare(packs: Packs, old: str, new: str, *, solver: Solver | None = None, **keys: str) -> Difference:
    """Return what is different between two bodies under the same front matter."""
    versions = [version(packs, body, **keys) for body in (old, new)]
    days = days_for(versions[0].in_force, versions[1].in_force, None, TODAY)
    found = difference(versions[0], versions[1], days=days, solver=solver)
    assert found.answers is not None, found.reason
    return found
