"""Agreement: one subject decided once more, by columns, and looked up in results, to be held against the interpreter.

    facts ──cells_of──> cells ─┐
    row   ──columns───> row  ──┼──> Agreement: the cells that differ
    results.parquet ──> row  ──┘

The interpreter is right by definition; whatever says something else is at fault.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhida.assess.cells import FIELDS, Layout, cells_of, missing_cells, names_of
from zhida.assess.columns import open_run, run_metadata
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.results import read_row, results_metadata
from zhida.values.temporal import Date

NOTHING = "–"
"""Stands for an empty cell."""

WHAT: Mapping[str, tuple[str, str]] = {
    "zhida.as_of": ("评估日", "date"),
    "zhida.policies": ("政策", "policy"),
    "zhida.used_policies": ("所引用的政策", "policy that is used"),
    "zhida.parameters": ("地方参数", "parameter of the place"),
    "zhida.dictionary_sha256": ("数据字典", "data dictionary"),
    "zhida.engine_version": ("引擎版本", "version of the engine"),
}
"""What results must have in common with today's packs to be compared, in Chinese and in English."""

WHAT_REGISTRY = ("登记册", "registry")
"""They must be of the same registry too."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell of which two say different things."""

    policy: str
    """`pack/name`."""
    cell: str
    """The cell: `outcome`, `amount_fen`, … or the name of a table."""
    interpreted: str
    """What the interpreter says."""
    found: str
    """What the other says."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What comes of holding an explanation against the columns and against results."""

    policy: str
    """`pack/name`."""
    differences: tuple[Difference, ...]
    """Where the columns say something else."""
    is_interpreted: bool
    """Whether the columns left the subject to the interpreter."""
    results: str
    """The results that it was looked up in; empty where there are none."""
    in_results: tuple[Difference, ...]
    """Where these say something else."""

    def diagnostics(self, code: str) -> Iterator[Diagnostic]:
        """Yield every difference as a finding about the subject with this code.

        Codes: columns-differ.
        """
        places = (("by the columns", "按列计算", self.differences), (f"in {self.results}", f"结果文件 {self.results} 中", self.in_results))
        for where, where_zh, found in places:
            for item in found:
                words = {"cell": f"{item.policy}:{item.cell}", "expected": item.interpreted, "found": item.found}
                yield diagnostic("columns-differ", None, key=code, where=where, where_zh=where_zh, **words)


def agreement(  # noqa: PLR0913 - each says one thing about what is compared
    packs: Packs, policy: str, registry: Registry, code: str, *, as_of: Date, results: Path | None = None
) -> Agreement:
    """Decide a subject by the interpreter and by columns, look it up in results, and say where they differ.

    Args:
        packs: The packs.
        policy: The policy's id.
        registry: Where the subject stands.
        code: Its code.
        as_of: The date of the business fact.
        results: The results of the same registry, policy and day (`other_run`); None where there are none.

    Raises:
        InputError: registry-unknown-subject, file-not-found, results-unreadable.
    """
    run = open_run(packs, [policy], as_of=as_of, key=registry.key)
    layout = run.layouts[0]
    cells = cells_of(layout, registry.subject(code))
    said = _told(layout, {f"{policy}:{cell}": value for cell, value in cells.items()}, layout.told_missing)
    row = run.decide(registry.row(code)).to_pylist()[0]
    differences = tuple(_differences(policy, said, _told(layout, row, layout.told_missing)))
    if results is None:
        return Agreement(policy, differences, run.interpreted > 0, "", ())
    missing = json.loads(results_metadata(results)["zhida.missing"])[policy]
    kept = read_row(results, code, policy)
    looked_up = _differences(policy, said, _told(layout, kept, missing)) if kept else [Difference(policy, registry.key, code, NOTHING)]
    return Agreement(policy, differences, run.interpreted > 0, str(results), tuple(looked_up))


def _told(layout: Layout, row: Mapping[str, Any], missing: Sequence[str]) -> dict[str, str]:
    """Return the cells of a policy in a row as texts, missing facts by name."""
    head = f"{layout.policy}:"
    bits = [row.get(head + cell) or 0 for cell in missing_cells(len(missing))]
    cells = {cell: row.get(head + cell) for field in FIELDS for cell in [field] if field != "missing"}
    cells |= {"missing": "、".join(names_of(missing, bits))} | {cell: row.get(head + cell) for cell in layout.tables.values()}
    return {cell: NOTHING if value in {None, ""} else str(value) for cell, value in cells.items()}


def _differences(policy: str, said: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Difference]:
    for cell, value in said.items():
        if found[cell] != value:
            yield Difference(policy, cell, value, found[cell])


def other_run(packs: Packs, policy: str, registry: Registry, *, as_of: Date, results: Path) -> Diagnostic | None:
    """Return why results cannot be compared with today's packs and registry; None where they can.

    Args:
        packs: The packs.
        policy: The policy's id.
        registry: The registry.
        as_of: The date of the business fact.
        results: The results.

    Codes: results-of-another-run.

    Raises:
        InputError: file-not-found, results-unreadable.
    """
    found = results_metadata(results)
    mine = run_metadata(packs, [Layout(packs.model_of(policy, as_of), (), {})], as_of)
    # A policy that another one uses may have been decided in the same run; then it stands among the policies of the results.
    told = found | {"zhida.used_policies": _joined(found.get("zhida.used_policies"), found.get("zhida.policies"))}
    differing = [name for name in WHAT if not _holds(told.get(name), mine[name])]
    # What a registry says of itself stands in its results too, but for its dictionary, of which they name the one they used.
    if not all(found.get(name) == value for name, value in registry.metadata.items() if name not in mine):
        differing.append("")
    if not differing:
        return None
    what_zh, what = WHAT.get(differing[0], WHAT_REGISTRY)
    return diagnostic("results-of-another-run", None, name=results, what=what, what_zh=what_zh)


def _joined(*found: str | None) -> str:
    """Return the policies of several entries of a run's metadata as one entry."""
    return json.dumps({id_: sha256 for entry in found if entry for id_, sha256 in json.loads(entry).items()})


def _holds(found: str | None, mine: str) -> bool:
    """Say whether a run's metadata says what is said now; of several policies and parameters, of those that are asked for."""
    if found is None or not mine.startswith("{"):
        return found == mine
    theirs = json.loads(found)
    return all(theirs.get(name) == value for name, value in json.loads(mine).items())
