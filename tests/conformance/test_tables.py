"""The project's own suite of decision tables: golden files that any engine can run, expected from the standard's text.

tests/conformance/tables/README.md tells the format and the choices made where the standard is silent.
"""

from functools import cache

import pytest

from tests.conformance.table_suite import AS_OF, SUFFIXES, Case, read_all, read_golden
from zhida.dmn.compile import compile_definitions, link
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.evaluate import evaluate
from zhida.dmn.model import HitPolicy
from zhida.values.equality import identical
from zhida.values.text import literal

GOLDEN = {golden.name: golden for golden in read_all()}
CASES = [case for golden in GOLDEN.values() for case in golden.cases]
FOR_EVERY_POLICY = (
    *("hit-policies", "nulls", "dates", "negation-and-disjunction", "question-mark", "other-inputs", "lists", "ranges", "contexts"),
    *("defaults", "allowed-values", "shapes", "types"),
)
"""Themes that meet all hit policies; the others are about some of them."""


@cache
def model(name: str) -> DecisionModel:
    return link([compile_definitions(GOLDEN[name].definitions, {})])


def verdict(case: Case, compiled: DecisionModel) -> str:
    """Return what is wrong with what a case came to; empty where nothing is."""
    found = evaluate(compiled, case.decision, case.inputs, as_of=AS_OF)
    codes = tuple(sorted(item.code for item in found.diagnostics))
    if identical(found.value, case.expected) and codes == case.codes:
        return ""
    return f"{literal(found.value)} {codes} instead of {literal(case.expected)} {case.codes}: {case.basis}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_table_comes_to_what_the_standard_says(case: Case) -> None:
    wrong = verdict(case, model(case.id.partition("#")[0]))
    assert not wrong, wrong


# --- the suite itself ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOLDEN)
def test_every_table_has_cases(name: str) -> None:
    assert {decision.name for decision in GOLDEN[name].definitions.decisions} == {case.decision for case in GOLDEN[name].cases}


@pytest.mark.parametrize("name", FOR_EVERY_POLICY)
def test_every_hit_policy_meets_every_theme(name: str) -> None:
    met = {case.id.partition(".")[2] for case in GOLDEN[name].cases}
    assert met >= set(HitPolicy)


SMALL = """
| Input | Type |
|---|---|
| x | number |

| U C< out | x | **out: number** |
|---|---|---|
| 1 | > 0 | 1 |

| Case | x | **U** | **C<** | *Diagnostics* | *Basis* |
|---|---|---|---|---|---|
| 1 | 1 | 1 | 1 | | as it is |
| 2 | 1 | 2 | | | it is 1 |
| 3 | 0 | null | | | it is reported |
| 4 | 0 | null | null | dmn-no-rule; C<: dmn-bad-aggregation | C< reports no more |
"""


def test_a_value_or_a_diagnostic_that_differs_is_told() -> None:
    golden = read_golden("small", SMALL)
    compiled = link([compile_definitions(golden.definitions, {})])
    told = {case.id: bool(verdict(case, compiled)) for case in golden.cases}
    assert told == {"small#1.U": False, "small#1.C<": False, "small#2.U": True, "small#3.U": True, "small#4.U": False, "small#4.C<": True}
    assert [decision.name for decision in golden.definitions.decisions] == ["out U", f"out {SUFFIXES['C<']}"]


@pytest.mark.parametrize(
    ("text", "instead"),
    [("| as it is |", "| |"), ("| 2 | 1 | 2 |", "| 1 | 1 | 2 |"), ("| x | number |", "| x | numbers |"), ("| U C< out |", "| X out |")],
)
def test_a_golden_file_that_is_badly_written_is_refused(text: str, instead: str) -> None:
    with pytest.raises(AssertionError):
        read_golden("small", SMALL.replace(text, instead, 1))
