"""What `zhida check --proof` finds: the whole message, in both languages, as golden files.

Each file of tests/examples/proof/ says in its first lines what it shows, and then holds sections:

    === demo/policies/a.md     a file below the folder of packs
    === expected               everything that is found, once in Chinese and once in English

With ZHIDA_BLESS=1 `expected` is written anew.
"""

from pathlib import Path

import pytest

from tests.examples.test_golden import AS_OF, agree, plant, sections
from zhida.policy.pack import load_packs
from zhida.proof.policies import prove_packs

FOLDER = Path(__file__).parent / "proof"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    _, parts = sections(path.read_text(encoding="utf-8"))
    root = tmp_path / "packs"
    root.mkdir()
    plant(root, {head: text for head, text in parts.items() if head != "expected"})
    packs = load_packs(root)
    proof = prove_packs(packs, as_of=AS_OF)
    assert bool(proof.left_out) == (name == "policy-left-out.md"), [item.render() for item in packs.diagnostics]
    told = proof.diagnostics
    agree(path, told, root)
