"""The notebook of docs runs: its cells in order, in one fresh namespace, and what they print is what it shows.

With ZHIDA_BLESS=1 the outputs are written anew. Nothing of Jupyter is needed: a notebook is JSON.
"""

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT

NOTEBOOK = ROOT / "docs/library.ipynb"


def shown(text: str) -> list[dict[str, Any]]:
    """Return what a cell printed as the notebook keeps it."""
    return [{"name": "stdout", "output_type": "stream", "text": text.splitlines(keepends=True)}] if text else []


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook with what its cells print."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, number = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            number += 1
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile("".join(cell["source"]), f"cell {number}", "exec"), names)  # noqa: S102 - the notebook is our own
            cell = {**cell, "execution_count": number, "outputs": shown(out.getvalue())}  # noqa: PLW2901 - the same cell, run
        cells.append(cell)
    return {**notebook, "cells": cells}


def test_the_notebook_shows_what_its_cells_print(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    found = run(notebook)
    if os.environ.get("ZHIDA_BLESS"):
        NOTEBOOK.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    else:
        for cell, stored in zip(found["cells"], notebook["cells"], strict=True):
            assert cell == stored


def test_the_notebook_names_every_door() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    for door in ("assess_frame", "best_combinations", "next_steps", "allocate", "simulate", "notices"):
        assert f"zhida.{door}(" in text
