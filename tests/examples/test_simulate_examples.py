"""What `zhida simulate` says of odd changes and calls: the whole message, in both languages, as golden files.

Each file of tests/examples/simulate/ is as tests/examples/commands.py says. There are the packs and, in the folder `registry`, the
registry of tests/engine/simulated_packs.py.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engine.simulation.simulated_packs import packs_in, registry_in
from tests.examples.commands import agree_commands

FOLDER = Path(__file__).parent / "simulate"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))


def prepare(folder: Path, _: Mapping[str, str]) -> None:
    registry_in(folder / "registry", packs_in(folder / "packs"), 20)


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    agree_commands(FOLDER / name, "simulate", tmp_path, prepare, monkeypatch, capsys)
