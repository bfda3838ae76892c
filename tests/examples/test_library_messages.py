"""What the doors of the library say of odd frames and arguments: the whole message, in both languages, as golden files.

Each file of tests/examples/library/ holds a call, in which there are `zhida`, `pl`, `pa`, `pd`, `packs` (of the policies demo/a and
demo/b), `rows` (a dict of columns), `day`, and `results` (Arrow) of these rows:

    === call                    a Python expression
    === expected                what it raises, or puts into `findings`, once in Chinese and once in English

`expected` is written anew with ZHIDA_BLESS=1.
"""

import os
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import zhida
from tests.engine.test_library_frames import AS_OF, POLICIES, ROWS, packs_in
from tests.examples.test_registry_examples import sections
from zhida.errors import Diagnostic

FOLDER = Path(__file__).parent / "library"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    packs = packs_in(tmp_path_factory.mktemp("packs"))
    results = zhida.assess_frame(packs, POLICIES, pa.table(ROWS), as_of=AS_OF)
    return {"zhida": zhida, "pl": pl, "pa": pa, "pd": pd, "packs": packs, "rows": ROWS, "day": AS_OF, "results": results}


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, names: dict[str, Any]) -> None:
    path = FOLDER / name
    text = path.read_text(encoding="utf-8")
    parts = sections(text)
    found: list[Diagnostic] = []
    try:
        eval(parts["call"].strip(), {**names, "findings": found})  # noqa: S307 - the golden files are our own
    except zhida.InputError as error:
        found += error.diagnostics
    said = "\n\n".join(item.render(language) for language in ("zh", "en") for item in found) + "\n"
    if os.environ.get("ZHIDA_BLESS"):
        path.write_text(text.partition("=== expected\n")[0] + "=== expected\n" + said, encoding="utf-8")
    else:
        assert said == parts["expected"]
