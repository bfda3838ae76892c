"""What `zhida check --columnar` says, in both languages and as JSON, as a golden file.

Each file of tests/examples/columnar/ says in its first lines what it shows, and then holds the files of a folder of packs and,
last, what is printed about them. With ZHIDA_BLESS=1 `expected` is written anew.
"""

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.test_golden import plant, sections
from tests.house.tree import ROOT
from zhida.cli import main
from zhida.cli.over_columns import why
from zhida.columnar.costs import MIXED

FOLDER = Path(__file__).parent / "columnar"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))


def said(capsys: pytest.CaptureFixture[str], root: Path, *options: str, code: int = 0) -> str:
    """Return what the command prints."""
    with pytest.raises(SystemExit) as ended:
        main(["check", str(root), "--columnar", "--as-of", "2026-06-30", *options])
    assert ended.value.code == code
    return capsys.readouterr().out


@pytest.mark.parametrize("name", CASES)
def test_what_has_no_column_form_is_listed_with_its_reason_and_cost(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    path = FOLDER / name
    title, parts = sections(path.read_text(encoding="utf-8"))
    files = {head: text for head, text in parts.items() if head != "expected"}
    plant(tmp_path / "packs", files)
    texts = [said(capsys, tmp_path / "packs", "--lang", language).rpartition("\n\n")[2] for language in ("zh", "en")]
    data = json.loads(said(capsys, tmp_path / "packs", "--json"))["by_policy"][0]["columnar"]
    lines = [json.dumps(item, ensure_ascii=False) for item in data]
    found = "\n".join([*("\n".join(line.rstrip() for line in text.splitlines()) + "\n" for text in texts), *lines]) + "\n"
    if os.environ.get("ZHIDA_BLESS"):
        path.write_text(title + "".join(f"=== {head}\n{text}" for head, text in (*files.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == parts.get("expected")


def reasons() -> Iterator[str]:
    """Yield all that the lowering says of what has no column form, with words in the places of what it fills in."""
    for path in (ROOT / "src/zhida/columnar").glob("lower*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "UnlowerableError":
                text = node.args[0]
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "number" for part in parts)


def test_every_reason_is_said_in_chinese_too() -> None:
    found = list(reasons())
    assert len(found) > 30
    assert [reason for reason in [*found, MIXED] if why("zh", reason) == reason] == []
    assert why("zh", "'matches' has no column form") == "“matches”没有列形式"


def test_the_exit_code_is_that_of_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, parts = sections((FOLDER / CASES[0]).read_text(encoding="utf-8"))
    files = {head: text.replace("营业收入 + 1", "营业收人 + 1") for head, text in parts.items() if head != "expected"}
    plant(tmp_path / "packs", files)
    assert "demo/a" in said(capsys, tmp_path / "packs", code=1)
