"""`zhida check` runs the examples on pages of stacking like those of policies."""

import json
from pathlib import Path

import pytest

from tests.engine.policy_texts import DICTIONARY
from tests.engine.test_entitle_examples import GROUPS, POLICIES, table
from tests.house.tree import plant
from tests.stories.small_district import Zhida

ROWS = "| 甲 | 择高 | demo/a、demo/b | |"


def planted(root: Path, *rows: str) -> Path:
    page = f"# 叠加\n\n{GROUPS}{ROWS}\n\n## 例\n\n{table('人 | 收入 | **demo/a** | **合计**', *rows)}\n"
    return plant(root, {"demo/registry/enterprise.md": DICTIONARY, **POLICIES, "demo/stacking.md": page})


@pytest.mark.parametrize(("lang", "words"), [("zh", "叠加页的例：通过 1，未过 0"), ("en", "examples of stacking: 1 passed, 0 failed")])
def test_examples_of_stacking_are_counted(zhida: Zhida, tmp_path: Path, lang: str, words: str) -> None:
    root = planted(tmp_path, "10 | 200 | 300 | 300")
    answer = zhida("check", root, "--as-of", "2026-03-01", "--lang", lang)
    assert answer.code == 0
    assert words in answer.out.splitlines()
    data = json.loads(zhida("check", root, "--as-of", "2026-03-01", "--json").out)
    assert data["stacking"] == {"passed": 1, "failed": 0, "not_run": 0}


def test_an_example_of_stacking_that_comes_out_otherwise_fails_the_check_with_its_place(zhida: Zhida, tmp_path: Path) -> None:
    root = planted(tmp_path, "10 | 200 | 300 | 300", "10 | 200 | 300 | 500")
    answer = zhida("check", root, "--as-of", "2026-03-01")
    assert answer.code == 1
    assert f"{root}/demo/stacking.md:12:24: 错误[stacking-example-failed]: 例 2：“合计”应为 500，实际是 300" in answer.err
    assert "叠加页的例：通过 1，未过 1" in answer.out
    assert json.loads(zhida("check", root, "--as-of", "2026-03-01", "--json").out)["stacking"] == {"passed": 1, "failed": 1, "not_run": 0}


def test_only_examples_about_the_chosen_policies_are_run(zhida: Zhida, tmp_path: Path) -> None:
    root = planted(tmp_path, "10 | 200 | 300 | 300")
    counts = {}
    for policy in ("demo/a", "demo/c"):
        data = json.loads(zhida("check", root, "--as-of", "2026-03-01", "--policy", policy, "--json").out)
        counts[policy] = data["stacking"]["passed"]
    assert counts == {"demo/a": 1, "demo/c": 0}


def test_examples_that_cannot_be_run_are_told(zhida: Zhida, tmp_path: Path) -> None:
    root = planted(tmp_path, "10 | 200 | 300 | 300")
    path = root / "demo/policies/b.md"
    path.write_text(path.read_text(encoding="utf-8").replace("收入", "收人"), encoding="utf-8")
    data = json.loads(zhida("check", root, "--as-of", "2026-03-01", "--json").out)
    assert data["stacking"] == {"passed": 0, "failed": 0, "not_run": 1}
