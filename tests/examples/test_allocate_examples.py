"""What `zhida allocate` says of odd files and calls: the whole message, in both languages, as golden files.

Each file of tests/examples/allocate/ holds commands, one a line, and files to put beside them. There are entitlements.parquet and
results.parquet of A1 (600 yuan) and A2 (500 yuan) under the policy demo/a, which has a budget of 1,000 yuan:

    === applications.csv        a file, by its name
    === commands                what is called; `change FILE: OLD -> NEW` changes a file in between
    === expected                what the last command says, once in Chinese and once in English

`expected` is written anew with ZHIDA_BLESS=1.
"""

import os
import shlex
from pathlib import Path

import pytest

from tests.engine.budget_files import budget_packs, write_entitlements, write_results
from tests.examples.test_registry_examples import put, sections
from zhida.cli import run

FOLDER = Path(__file__).parent / "allocate"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))
AMOUNTS = {"A1": 60_000, "A2": 50_000}


def said(commands: list[str], capsys: pytest.CaptureFixture[str], language: str) -> str:
    """Return what the last command says."""
    for command in commands:
        capsys.readouterr()
        if command.startswith("change "):
            name, _, change = command.removeprefix("change ").partition(": ")
            old, _, new = change.partition(" -> ")
            text = Path(name).read_text(encoding="utf-8")
            assert old in text
            Path(name).write_text(text.replace(old, new, 1), encoding="utf-8")
        else:
            run(["allocate", *shlex.split(command), "--lang", language])
    return capsys.readouterr().err.strip("\n")


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = FOLDER / name
    parts = sections(path.read_text(encoding="utf-8"))
    expected = parts.pop("expected", "")
    budget_packs(tmp_path / "packs")
    write_entitlements(tmp_path / "entitlements.parquet", AMOUNTS)
    write_results(tmp_path / "results.parquet", AMOUNTS, {}, **{"zhida.policies": parts.pop("policies", "{}").strip()})
    monkeypatch.chdir(tmp_path)
    commands = parts["commands"].splitlines()
    for head, text in parts.items():
        if head != "commands":
            put(tmp_path, head, text)
    found = "\n\n".join(said(commands, capsys, language) for language in ("zh", "en")) + "\n"
    if os.environ.get("ZHIDA_BLESS"):
        head = path.read_text(encoding="utf-8").partition("=== expected\n")[0]
        path.write_text(f"{head}=== expected\n{found}", encoding="utf-8")
    else:
        assert found == expected
