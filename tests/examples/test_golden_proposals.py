"""What `zhida examples` says of what no row can show: the whole message, in both languages, as golden files.

Each file of tests/examples/proposals/ says in its first lines what it shows, and then holds sections:

    === demo/policies/a.md     the policy; a file below the folder of packs
    === changed                what the file of the policy holds once its rows are to be written
    === expected               everything that is said, once in Chinese and once in English

With ZHIDA_BLESS=1 `expected` is written anew.
"""

from pathlib import Path

import pytest

from tests.examples.test_golden import AS_OF, agree, plant, sections
from zhida.errors import Diagnostic, InputError
from zhida.policy.pack import load_packs
from zhida.proof.proposals.accept import accepted_text
from zhida.proof.proposals.propose import propose, told_again

FOLDER = Path(__file__).parent / "proposals"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))


def told(folder: Path, parts: dict[str, str]) -> list[Diagnostic]:
    """Return all that is said of a case."""
    root = folder / "packs"
    root.mkdir()
    plant(root, {head: text for head, text in parts.items() if head not in {"changed", "expected"}})
    packs = load_packs(root)
    assert [item.render() for item in packs.diagnostics if item.severity == "error"] == []
    policy = packs.policies["demo/a"]
    proposals = propose(packs, policy, as_of=AS_OF)
    if "changed" not in parts:
        return list(told_again(proposals.told))
    with pytest.raises(InputError) as refused:
        accepted_text(packs, policy, proposals, parts["changed"])
    return list(refused.value.diagnostics)


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    _, parts = sections(path.read_text(encoding="utf-8"))
    diagnostics = told(tmp_path, parts)
    agree(path, diagnostics, tmp_path / "packs")
