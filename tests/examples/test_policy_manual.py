"""docs/policy-format.md teaches by two policies: every step really does what the page says, and the tables leave nothing out."""

import re

import pytest

from tests.examples.tutorials import AS_OF, Tutorial
from tests.house.tree import ROOT
from zhida.assess.assessment import Delivery, Outcome
from zhida.assess.examples import run_examples
from zhida.dmn.model import HitPolicy
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.policy.codes import COLUMNS as CODE_COLUMNS
from zhida.policy.dictionary import BASE_UNITS, COLUMNS
from zhida.policy.front_matter import CHECKED_BY, EXAMPLES_OF_KEYS, GIVES, ORDERS, REQUIRED
from zhida.policy.pack import load_packs
from zhida.policy.parameters import COLUMNS as PARAMETER_COLUMNS
from zhida.policy.stacking import COLUMNS as STACKING_COLUMNS
from zhida.policy.stacking import PERIODS, StackingRule
from zhida.policy.stacking_examples import SUMS
from zhida.policy.statistics import StatisticFunction
from zhida.source import snippet
from zhida.values.equality import equal
from zhida.values.numbers import ROUNDING_MODES

PAGE = (ROOT / "docs/policy-format.md").read_text(encoding="utf-8")
TUTORIAL, _, REFERENCE = PAGE.partition("\n# 速查")


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Tutorial:
    followed = Tutorial(tmp_path_factory.mktemp("tutorial"))
    followed.follow(TUTORIAL)
    return followed


def test_every_check_of_the_tutorial_says_what_the_page_shows(tutorial: Tutorial) -> None:
    assert tutorial.found == tutorial.expected
    assert [bool(said) for said in tutorial.expected] == [True, False, True, False, False, False, False, False]


def test_the_finished_policies_have_no_faults_and_all_their_examples_pass(tutorial: Tutorial) -> None:
    packs = load_packs(tutorial.root / "packs")
    assert packs.diagnostics == ()
    assert {id_.partition("/")[2] for id_ in packs.policies} == {"firm-size", "garden-care", "roof-garden", "roof-garden-2028"}
    results = [result for policy in packs.policies.values() for result in run_examples(packs, policy, as_of=AS_OF)]
    assert len(results) == 30
    assert all(result.passed for result in results)


def test_the_tutorial_writes_to_the_files_that_it_announces(tutorial: Tutorial) -> None:
    written = {str(path.relative_to(tutorial.root)) for path in tutorial.root.rglob("*.md")}
    announced = set(re.findall(r"^(packs/\S+\.md)  ", PAGE, re.MULTILINE))
    assert announced < written
    assert all(f"`{name}`" in PAGE for name in written)


@pytest.mark.parametrize(
    "words",
    [
        EXAMPLES_OF_KEYS.values(),
        GIVES,
        CHECKED_BY,
        ORDERS,
        [mode for mode in ROUNDING_MODES if mode != "half_down"],
        HitPolicy,
        Outcome,
        Delivery,
        COLUMNS,
        PARAMETER_COLUMNS,
        BASE_UNITS,
        CODE_COLUMNS,
        StatisticFunction,
        STACKING_COLUMNS,
        SUMS,
        StackingRule,
        PERIODS,
    ],
    ids=[
        *("keys", "gives", "checked", "orders", "rounding", "hit policies", "outcomes", "delivery", "dictionary", "parameters", "units"),
        *("codes", "statistics", "stacking", "sums", "rules of stacking", "periods"),
    ],
)
def test_the_reference_leaves_nothing_out(words: list[str]) -> None:
    assert not [str(word) for word in words if f"`{word}`" not in REFERENCE]


def test_the_keys_that_must_be_there_are_starred() -> None:
    starred = set(re.findall(r"^\| `(\w+)` \* \| `\w+: ", REFERENCE, re.MULTILINE))
    assert starred == {*REQUIRED, "eligible", "result"}


@pytest.mark.parametrize(
    ("written", "value"), re.findall(r"^\| `(.+?)` \| `(.+?)` \| .+ \|$", REFERENCE.partition("## 算式一览")[2], re.MULTILINE)
)
def test_each_expression_at_a_glance_is_what_the_page_says(written: str, value: str) -> None:
    run = Run(AS_OF)
    scope = Scope(NameSet(BUILTINS), properties=NameSet(["面积", "单价"]))
    left, right = (evaluate(parse_expression(snippet(text), scope), Frame({}, run)) for text in (written, value))
    assert equal(left, right) is True
    assert run.diagnostics == []
