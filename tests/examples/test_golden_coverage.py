"""What `zhida check` says of what examples do not show: the whole message, in both languages, as golden files.

Each file of tests/examples/coverage/ says in its first lines what it shows, and then holds sections:

    === demo/policies/a.md     the policy; a file below the folder of packs
    === expected               everything that is said, once in Chinese and once in English

With ZHIDA_BLESS=1 `expected` is written anew.
"""

from pathlib import Path

import pytest

from tests.examples.test_golden import AS_OF, agree, plant, sections
from zhida.assess.examples import run_examples
from zhida.policy.pack import load_packs
from zhida.proof.coverage.findings import coverage_findings
from zhida.proof.coverage.measure import coverage

FOLDER = Path(__file__).parent / "coverage"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    _, parts = sections(path.read_text(encoding="utf-8"))
    root = tmp_path / "packs"
    root.mkdir()
    plant(root, {head: text for head, text in parts.items() if head != "expected"})
    packs = load_packs(root)
    assert not packs.diagnostics
    policy = packs.policies["demo/a"]
    results = list(run_examples(packs, policy, as_of=AS_OF))
    assert all(result.passed for result in results)
    told = coverage_findings(policy, coverage(packs, policy, results, as_of=AS_OF))
    agree(path, told, root)
