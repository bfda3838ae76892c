"""docs/writing-policies.md goes from a document to a policy in eight steps: what it writes is sound, and its examples pass."""

import re
from pathlib import Path

import pytest

from tests.examples.tutorials import AS_OF, Tutorial
from tests.house.tree import ROOT
from zhida.assess.examples import run_examples
from zhida.errors import has_errors
from zhida.policy.doubts import DoubtKind, doubts
from zhida.policy.pack import Packs, load_packs

PAGE = (ROOT / "docs/writing-policies.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Tutorial:
    tutorial = Tutorial(tmp_path_factory.mktemp("writing"))
    tutorial.follow(PAGE)
    return tutorial


@pytest.fixture(scope="module")
def packs(followed: Tutorial) -> Packs:
    return load_packs(followed.root / "packs")


def test_the_check_at_the_end_finds_nothing(followed: Tutorial, packs: Packs) -> None:
    assert followed.found == [""]
    assert not has_errors(packs.diagnostics, strict=True)


def test_all_nineteen_examples_pass(packs: Packs) -> None:
    (policy,) = packs.policies.values()
    results = list(run_examples(packs, policy, as_of=AS_OF))
    assert [result.passed for result in results] == [True] * 19


def test_the_one_doubt_and_the_one_empty_figure_say_what_would_settle_them(packs: Packs) -> None:
    found = doubts(packs)
    assert [(doubt.kind, doubt.settled_by) for doubt in found] == [
        (DoubtKind.CAVEAT, "云上市科技局的实施细则，或书面答复。"),
        (DoubtKind.NO_FIGURE, "云上市科技局的实施细则"),
    ]


def test_there_are_eight_steps_and_each_file_is_announced(followed: Tutorial) -> None:
    assert re.findall(r"^## 第(.)步 ", PAGE, re.MULTILINE) == list("一二三四五六七八")
    written = {str(path.relative_to(followed.root)) for path in Path(followed.root).rglob("*.md")}
    assert written == {name for name in written if f"`{name}`" in PAGE}
