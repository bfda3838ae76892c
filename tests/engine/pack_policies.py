"""Which policies of the packs a test looks at: a few in every run, all of them with `make check`."""

from typing import Any

import pytest

from tests.house.tree import ROOT

PACKS = ROOT / "packs"
LARGE = ("national/sme-size", "national/small-profit-tax", "national/disability-levy", "hangzhou/compute-voucher")
"""Policies with many examples."""
QUICK = ("national/small-profit-tax", "hangzhou/compute-voucher", "national/tech-sme", "zhejiang/stable-jobs-zhejiang-2026")
"""The policies that every run looks at; among them are lists, years, statistics and windows."""


def cases() -> list[Any]:
    """Return the id of each policy as an argument of a test; all but `QUICK` are marked as long."""
    known = sorted(f"{path.parent.parent.name}/{path.stem}" for path in PACKS.glob("*/policies/*.md"))
    assert set(QUICK) <= set(known)
    return [pytest.param(each, marks=() if each in QUICK else pytest.mark.long) for each in known]
