"""The packs of the project, read and compiled once in a process: they cannot change while the tests run."""

from functools import cache

from tests.house.tree import ROOT
from zhida.policy.pack import Packs, load_packs

PACKS = ROOT / "packs"


@cache
def the_packs() -> Packs:
    """Return all packs of the project. Whatever was linked before stays linked, which is what a program does with them too."""
    return load_packs(PACKS)
