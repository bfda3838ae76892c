"""The comparison of a sheet of facts with the packs (tests/facts.py)."""

from pathlib import Path

import pytest

from tests.facts import main, worked_examples

SHEET = """# 一、国家级
## 1 划型
| # | 行业 | 大型 |
|---|---|---|
| 1 | 农业 | 20000 |

| # | 输入 | 期望 |
|---|---|---|
| 1 | 300 人 | 中型 |
| 2 | 299 人 | 小型 |

### 1.1 续
| # | 输入（2026） | 期望 |
|---|---|---|
| 3 | 1000 人 / 999 人 | 大型 / 中型 |
# 二、数据
| # | 输入 | 期望 |
|---|---|---|
| 9 | 不属于任何一节 | – |
"""

POLICY = """---
policy: here/size
title: 划型（虚构）
in_force: 2026-01-01/..
subject: enterprise
gives: status
result: 规模
checked: {on: 2026-01-15, by: official}
---

| U | 从业人员 | **规模: string** |
|---|---|---|
| 1 | >= 300 | "中型" |
| 2 | < 300 | "小型" |

| 例 | 从业人员 | **规模** |
|---|---|---|
| 1#1 | 300 | "中型" |
| 1#3a | 1000 | "中型" |
| 1#3b | 999 | "中型" |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in {
        "sheet.md": SHEET,
        "packs/here/policies/size.md": POLICY,
        "packs/here/registry/enterprise.md": "| 属性 | 类型 | 单位 |\n|---|---|---|\n| 从业人员 | number | 人 |\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, reasons: str = "") -> int:
    (folder / "packs/facts.md").write_text(f"| 事实 | 理由 |\n|---|---|\n{reasons}", encoding="utf-8")
    return main([str(folder / "sheet.md"), "--packs", str(folder / "packs")])


def test_worked_examples_are_the_numbered_rows_of_tables_of_inputs_in_a_numbered_section() -> None:
    assert [(item.id, item.line) for item in worked_examples(SHEET)] == [("1#1", 9), ("1#2", 10), ("1#3", 15)]


def test_a_worked_example_without_an_example_is_named_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("sheet.md:10: 1#2 没有例 / has no example: 299 人 → 小型")
    assert told[1].startswith("3 个算例：2 个有例，0 个有理由，1 个缺")


def test_a_reason_excuses_what_it_is_about(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "| 1#2 | 不是政策 |\n") == 0
    assert "1#2" in capsys.readouterr().out


@pytest.mark.parametrize("id_", ["1#1", "7#7"])
def test_a_reason_that_nothing_needs_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str], id_: str) -> None:
    assert run(folder, f"| 1#2 | 不是政策 |\n| {id_} | 不是政策 |\n") == 1
    assert f"{id_} 的理由已无用" in capsys.readouterr().out


def test_an_empty_reason_excuses_nothing(folder: Path) -> None:
    assert run(folder, "| 1#2 | |\n") == 1


def test_a_sheet_that_cannot_be_read_or_holds_nothing_is_misuse(folder: Path) -> None:
    assert main([str(folder / "none.md")]) == 2
    (folder / "sheet.md").write_text("# 空\n", encoding="utf-8")
    assert run(folder) == 2
