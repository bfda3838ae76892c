"""What `zhida allocate` says of odd files and calls: the whole message, in both languages, as golden files.

Each file of tests/examples/allocate/ is as tests/examples/commands.py says. There are entitlements.parquet and results.parquet of
A1 (600 yuan) and A2 (500 yuan) under the policy demo/a, which has a budget of 1,000 yuan; one section more is

    === policies                the digests of the policies that results.parquet was made with, as JSON
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engine.budget_files import budget_packs, write_entitlements, write_results
from tests.examples.commands import agree_commands

FOLDER = Path(__file__).parent / "allocate"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))
AMOUNTS = {"A1": 60_000, "A2": 50_000}


def prepare(folder: Path, parts: Mapping[str, str]) -> None:
    budget_packs(folder / "packs")
    write_entitlements(folder / "entitlements.parquet", AMOUNTS)
    write_results(folder / "results.parquet", AMOUNTS, {}, **{"zhida.policies": parts.get("policies", "{}").strip()})


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    agree_commands(FOLDER / name, "allocate", tmp_path, prepare, monkeypatch, capsys)
