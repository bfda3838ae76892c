"""Every error code is said somewhere, and nothing is said by a code that is not in the catalogue."""

import ast
import re
from collections.abc import Collection
from pathlib import Path

from tests.house.tree import ROOT, last_name, modules, nodes, plant, report
from zhida.errors import CODES

CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")
SPEAKERS = {"diagnostic", "note", "Refused", "Refusal"}
"""What is called with a code as its first argument."""


def use_faults(root: Path, codes: Collection[str]) -> list[str]:
    """Return each code that nothing under src uses, and each use of a code that is not there."""
    used: set[str] = set()
    faults = []
    for path, tree in modules(root, "src/zhida"):
        if "errors" in path.relative_to(root).parts:
            continue
        for node in nodes(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
            if isinstance(node, ast.Call) and node.args and last_name(node.func) in SPEAKERS:
                first = node.args[0]
                code = first.value if isinstance(first, ast.Constant) else ""
                if isinstance(code, str) and CODE.fullmatch(code) and code not in codes:
                    faults.append(f"{path.relative_to(root)}:{node.lineno}: '{code}' is no code of zhida.errors.CODES")
    return faults + [f"src/zhida/errors: nothing says '{code}'" for code in codes if code not in used]


def test_every_code_is_used_and_every_code_that_is_used_is_in_the_catalogue() -> None:
    faults = use_faults(ROOT, CODES)
    assert not faults, report(faults)


def test_a_code_without_use_and_a_use_without_a_code_are_found(tmp_path: Path) -> None:
    text = 'run.note("feel-here", span)\ndiagnostic("feel-nowhere")\ncode = "feel-there" if odd else "feel-here"\n'
    root = plant(tmp_path, {"src/zhida/a.py": text, "src/zhida/errors/feel.py": 'CODES = {"feel-idle": 1}\n'})
    assert use_faults(root, ["feel-here", "feel-there", "feel-idle"]) == [
        "src/zhida/a.py:2: 'feel-nowhere' is no code of zhida.errors.CODES",
        "src/zhida/errors: nothing says 'feel-idle'",
    ]
