"""Results that say something else, or are of something else: the whole message, in both languages, as golden files.

Each file of tests/examples/results/ holds a policy, what its results are made to be, and, last, what is said when the subject
A0001, who employs 30, is held against them:

    === policy.md               the policy demo/a
    === row                     cells of the subject's row that are other than the run left them, as JSON
    === metadata                metadata that is other than the run left it, as JSON; null for none
    === file                    results.parquet itself
    === expected                everything that is said, once in Chinese and once in English

`expected` is written anew with ZHIDA_BLESS=1.
"""

import json
import os
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.policy_texts import AS_OF, packs_of
from tests.engine.registry_frames import registry_of
from tests.examples.test_registry_examples import sections
from zhida.assess.agreement import agreement, other_run
from zhida.assess.columns import assess_registry
from zhida.errors import Diagnostic, InputError

FOLDER = Path(__file__).parent / "results"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))
METADATA = {"zhida.mapping_sha256": "4567"}


def doctored(table: pa.Table, parts: dict[str, str]) -> pa.Table:
    """Return results with other cells in their one row, or other metadata."""
    for name, value in json.loads(parts.get("row", "{}")).items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        table = table.set_column(place, field, pa.array([value], field.type))
    metadata = {name.decode(): value.decode() for name, value in table.schema.metadata.items()}
    metadata |= json.loads(parts.get("metadata", "{}"))
    return table.replace_schema_metadata({name: value for name, value in metadata.items() if value is not None})


def said_of(folder: Path, parts: dict[str, str]) -> tuple[Diagnostic, ...]:
    """Return what is said of the results.

    Raises:
        InputError: they cannot be read.
    """
    packs = packs_of(folder / "packs", {"demo/policies/a.md": parts["policy.md"]})
    registry = registry_of(packs, {"人": Decimal(30)}, metadata=METADATA)
    results = folder / "results.parquet"
    if "file" in parts:
        results.write_text(parts["file"], encoding="utf-8")
    else:
        pq.write_table(doctored(assess_registry(packs, ["demo/a"], registry, as_of=AS_OF), parts), results)
    other = other_run(packs, "demo/a", registry, as_of=AS_OF, results=results)
    if other is not None:
        return (other,)
    return tuple(agreement(packs, "demo/a", registry, "A0001", as_of=AS_OF, results=results).diagnostics("A0001"))


def said(folder: Path, parts: dict[str, str]) -> str:
    """Return what is said, once in Chinese and once in English."""
    try:
        diagnostics = said_of(folder, parts)
    except InputError as error:
        diagnostics = error.diagnostics
    messages = [item.render("zh") for item in diagnostics] + [item.render("en") for item in diagnostics]
    return "\n\n".join(messages).replace(f"{folder}{os.sep}", "") + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    parts = sections(path.read_text(encoding="utf-8"))
    expected = parts.pop("expected", "")
    found = said(tmp_path, parts)
    if os.environ.get("ZHIDA_BLESS"):
        path.write_text("".join(f"=== {part}\n{text}" for part, text in (*parts.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == expected
