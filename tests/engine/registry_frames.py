"""Registries for tests: facts go in, a registry with typed columns comes out."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.attributes import ABSENT_SUFFIX
from zhida.registry_io.facts import polars_type
from zhida.registry_io.registry import Registry
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

KEY = "代码"
"""Names a subject; no attribute of the dictionary."""


def registry_of(packs: Packs, *subjects: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> Registry:
    """Return subjects A0001, A0002, … as a registry; a fact that a subject does not give is unknown, None is known to be absent."""
    (dictionary,) = packs.dictionaries.values()
    codes = [f"A{place:04}" for place in range(1, len(subjects) + 1)]
    columns = [pl.Series(KEY, codes, pl.String), *columns_of(dictionary, subjects)]
    return Registry(KEY, pl.DataFrame(columns), metadata or {}, dictionary_differs=False)


def columns_of(dictionary: Dictionary, subjects: tuple[Mapping[str, Any], ...]) -> list[pl.Series]:
    found = []
    for name, item in dictionary.items.items():
        found.append(pl.Series(name, [plain(facts.get(name)) for facts in subjects], dtype=polars_type(item)))
        absent = [name in facts and facts[name] is None for facts in subjects]
        if any(absent):
            found.append(pl.Series(name + ABSENT_SUFFIX, absent, dtype=pl.Boolean))
    return found


def plain(value: object) -> object:
    """Return a value of the engine as polars takes it."""
    if isinstance(value, Date):
        return pl.Series([str(value)]).str.to_date()[0]
    if isinstance(value, dict):
        absent = {f"{name}{ABSENT_SUFFIX}": True for name, entry in value.items() if entry is None}
        return {name: plain(entry) for name, entry in value.items()} | absent
    if isinstance(value, Unknown):
        return None
    return [plain(element) for element in value] if isinstance(value, tuple) else value
