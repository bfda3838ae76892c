"""Nothing crashes, and what is said in spite of unknown facts is true whatever they turn out to be."""

import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.dmn_models import decision, model, table
from tests.engine.policy_texts import block, packs_with
from tests.properties.feel_strategies import VARIABLES, cells, expressions, scribbles, values, variables
from zhida.assess.assessment import Answer, Extent, Outcome
from zhida.assess.possible import possible_answers
from zhida.assess.settle import settle
from zhida.assess.subject import inputs_of
from zhida.dmn.evaluate import evaluate as evaluate_model
from zhida.dmn.model import ItemDefinition
from zhida.errors import CompileError
from zhida.feel.builtins import BUILTINS
from zhida.feel.check import Checker
from zhida.feel.evaluate import evaluate
from zhida.feel.evaluate import test as passes
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.run import Frame, Run
from zhida.feel.shape import Shape
from zhida.policy.document import parse
from zhida.policy.pack import PolicyModel
from zhida.policy.tangle import tangle
from zhida.source import Source, snippet
from zhida.values.equality import identical
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import BOOLEAN, NUMBER, STRING, Type
from zhida.values.unknown import Unknown, find_unknown, unknown

Value = Any

TODAY = Date(2026, 3, 1)
SCOPE = Scope(NameSet([*BUILTINS, *VARIABLES]))


# --- nothing crashes ------------------------------------------------------------------------------------------------------


@given(text=scribbles)
def test_reading_any_text_gives_nodes_or_a_diagnostic_whose_place_is_in_the_text(text: str) -> None:
    for read in (parse_expression, parse_unary_tests):
        try:
            node = read(snippet(text), SCOPE)
        except CompileError as error:
            spans = [item.span for item in error.diagnostics]
        else:
            spans = [node.span]
        assert all(span is not None and 0 <= span.start <= span.end <= len(text) for span in spans)


@given(text=expressions, given_values=variables)
def test_evaluating_never_raises_and_repeats_itself(text: str, given_values: Mapping[str, Value]) -> None:
    node = parse_expression(snippet(text), SCOPE)
    Checker(dict.fromkeys(VARIABLES, Shape())).infer(node)
    first, second = Run(TODAY), Run(TODAY)
    found, again = evaluate(node, Frame(given_values, first)), evaluate(node, Frame(given_values, second))
    assert literal(found) == literal(again)
    assert first.diagnostics == second.diagnostics
    assert not isinstance(found, Decimal) or found.is_finite()
    assert all(item.render("zh") and item.render("en") for item in first.diagnostics)


@given(text=cells, tested=values, given_values=variables)
def test_testing_never_raises_and_comes_to_a_truth(text: str, tested: Value, given_values: Mapping[str, Value]) -> None:
    tests = parse_unary_tests(snippet(text), SCOPE)
    found = passes(tests, tested, Frame(given_values, Run(TODAY)))
    assert found is None or isinstance(found, bool | Unknown)


LINES_OF_MARKDOWN = (
    *("| F | a | **b** |", "|---|---|---|", "| 1 | - | 2 |", "| 例 | **x** |", "\\|", "---", "a: ["),
    *("```feel x", "```", "# 第一条", "> 待确认", "", "话"),
)


@given(text=st.lists(st.sampled_from(LINES_OF_MARKDOWN), max_size=12))
def test_any_lines_can_be_read_as_a_policy(text: list[str]) -> None:
    tangle(parse(Source("a.md", "\n".join(text))))


# --- unknown is sound -----------------------------------------------------------------------------------------------------

POOL: dict[str, tuple[Value, ...]] = {
    "n": (Decimal(-1), Decimal(0), Decimal(1), Decimal(2), Decimal(5), None),
    "m": (Decimal(0), Decimal(1), Decimal(3), None),
    "s": ("甲", "乙", "", None),
    "t": (True, False, None),
}
"""What each fact may turn out to be, null included."""

NUMBERS = st.sampled_from(
    ("n", "m", "0", "1", "2", "3", "n + 1", "m * 2", "n - m", "abs(n)", "max(n, m)", "count([n, m])", "(if t then n else 1)")
)
TRUTHS = st.one_of(
    st.builds("{} {} {}".format, NUMBERS, st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), NUMBERS),
    st.builds("{} between {} and {}".format, NUMBERS, NUMBERS, NUMBERS),
    st.builds("{} in ({}, > {}, [{}..{}])".format, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.sampled_from(("t", "not(t)", 's = "甲"', 's in ["甲", "乙"]', "n = null", "s = null", "true", "null", "n instance of number")),
    st.builds("(some v in [{}, {}] satisfies v > {})".format, NUMBERS, NUMBERS, NUMBERS),
    st.builds("([{}, {}][item > {}] = [2])".format, NUMBERS, NUMBERS, NUMBERS),
)
CONDITIONS = st.recursive(
    TRUTHS,
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("not({})".format, inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
    ),
    max_leaves=4,
)
RESULTS = st.one_of(CONDITIONS, st.builds("[{}, {}]".format, NUMBERS, CONDITIONS), st.builds("{{k: {}, l: {}}}".format, NUMBERS, NUMBERS))


def completions(facts: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    """Yield everything that facts could turn out to be."""
    lacking = [name for name, value in facts.items() if isinstance(value, Unknown)]
    for chosen in product(*(POOL[name] for name in lacking)):
        yield {**facts, **dict(zip(lacking, chosen, strict=True))}


def partly_known() -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries({name: st.sampled_from((*pool, unknown(name))) for name, pool in POOL.items()})


def value_of(text: str, facts: Mapping[str, Value]) -> Value:
    return evaluate(parse_expression(snippet(text), Scope(NameSet([*BUILTINS, *POOL]))), Frame(facts, Run(TODAY)))


@given(text=RESULTS, facts=partly_known())
def test_what_an_expression_says_in_spite_of_unknown_facts_holds_for_every_completion(text: str, facts: dict[str, Value]) -> None:
    found = value_of(text, facts)
    lacking = find_unknown(found)
    if lacking is None:
        assert all(identical(value_of(text, completed), found) for completed in completions(facts))
    else:
        assert lacking.missing <= {name for name, value in facts.items() if isinstance(value, Unknown)}


TYPES: dict[str, Type] = {"n": NUMBER, "m": NUMBER, "s": STRING, "t": BOOLEAN}
FACTS = {name: ItemDefinition(name, type_, is_nullable=True) for name, type_ in TYPES.items()}
CELLS = st.one_of(
    st.just("-"),
    st.builds("{} {}".format, st.sampled_from((">", ">=", "<", "<=", "=", "!=")), NUMBERS),
    st.builds("[{}..{})".format, st.sampled_from(("0", "1", "m")), st.sampled_from(("2", "5", "m"))),
    st.builds("{}, {}".format, NUMBERS, NUMBERS),
    st.builds("not({})".format, NUMBERS),
    st.builds("? > {} and {}".format, NUMBERS, TRUTHS),
    st.sampled_from(("null", "not(null)")),
)
TABLES = st.tuples(
    st.sampled_from(("U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#")),
    st.lists(st.tuples(CELLS, st.sampled_from(("-", '"甲"', '"乙"', "null", 'not("甲")')), NUMBERS), min_size=1, max_size=4),
    st.sampled_from(("", "0", "1", "m")),
)


def table_value(parts: Any, facts: Mapping[str, Value]) -> Value:  # noqa: ANN401 - what `TABLES` draws
    hit_policy, rules, default = parts
    body = table(hit_policy, ["n", "s"], ["出"], rules, listed=["2,1,0"], default=[default])
    return evaluate_model(model(decision("问", body), items=FACTS), "问", facts, as_of=TODAY).value


@given(parts=TABLES, facts=partly_known())
def test_what_a_table_says_in_spite_of_unknown_facts_holds_for_every_completion(parts: Any, facts: dict[str, Value]) -> None:  # noqa: ANN401
    found = table_value(parts, facts)
    if find_unknown(found) is None:
        assert all(identical(table_value(parts, completed), found) for completed in completions(facts))


# --- enumeration is sound, and what is missing is exactly what matters -------------------------------------------------------

GRID: dict[str, tuple[Value, ...]] = {
    "人": tuple(map(Decimal, range(-1, 9))),
    "面积": tuple(Decimal(value) / 2 for value in range(-1, 15)),
    "类型": ("企业", "高校", "其他"),
    "限制": (True, False),
    "证书": (Date(2026, 2, 28), *(Date(2026, 3, day) for day in range(1, 6)), None),
}
"""Values that lie in, between and beyond all bounds that the policies below draw."""

LINES = st.sampled_from(("0", "2", "3", "5", "6"))
DAYS = st.sampled_from(("评估日", '@"2026-03-03"', '@"2026-03-04"'))
SIGNS = st.sampled_from((">", ">=", "<", "<=", "="))
ASKED = st.one_of(
    st.builds("人 {} {}".format, SIGNS, LINES),
    st.builds("{} {} 面积".format, LINES, SIGNS),
    st.builds("人 between {} and {}".format, LINES, LINES),
    st.builds("面积 in ({}..{}]".format, LINES, LINES),
    st.builds("人 in [{}, {}]".format, LINES, LINES),
    st.builds("证书 {} {}".format, SIGNS, DAYS),
    st.builds("some 线 in [{}, {}] satisfies 人 > 线".format, LINES, LINES),
    st.sampled_from(
        ("限制", "not(限制)", '类型 = "企业"', 'contains(类型, "高")', "证书 = null", "面积 * 2 > 6", '类型 in ["高校", "其他"]')
    ),
)
QUESTIONS = st.recursive(
    ASKED,
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("(if {} then {} else {})".format, inner, inner, inner),
    ),
    max_leaves=4,
)
STEPS = st.lists(
    st.tuples(
        st.builds("{} {}".format, SIGNS, LINES) | st.just("-"), st.sampled_from(("-", '"企业"', 'not("企业")')), st.sampled_from("12")
    ),
    min_size=1,
    max_size=3,
)
FACTS_GIVEN = st.fixed_dictionaries({name: st.sampled_from((*grid, unknown(name), unknown(name))) for name, grid in GRID.items()})


def policy_model(question: str, steps: list[tuple[str, str, str]], hit_policy: str) -> PolicyModel:
    rows = "".join(f"| {number} | {' | '.join(cells)} |\n" for number, cells in enumerate(steps, 1))
    body = f"| {hit_policy} | 人 | 类型 | **金额** |\n|---|---|---|---|\n{rows}| 否则 | - | - | 0 |\n\n" + block("符合: boolean", question)
    with tempfile.TemporaryDirectory() as folder:
        return packs_with(Path(folder), body, amount="金额").model_of("demo/a", TODAY)


def answer_of(found: PolicyModel, facts: Mapping[str, Value]) -> Answer:
    return settle(found, inputs_of(found, facts)).judgement.answer


def grid_answers(found: PolicyModel, facts: Mapping[str, Value], lacking: list[str]) -> dict[tuple[Value, ...], Answer]:
    """Return the answer for every value on the grid of what is lacking."""
    return {
        chosen: answer_of(found, {**facts, **dict(zip(lacking, chosen, strict=True))})
        for chosen in product(*(GRID[name] for name in lacking))
    }


def that_matter(answers: Mapping[tuple[Value, ...], Answer], lacking: list[str]) -> set[str]:
    """Return the facts of which another value alone changes an answer."""
    found = set()
    for place, name in enumerate(lacking):
        groups: dict[tuple[Value, ...], set[Answer]] = {}
        for chosen, answer in answers.items():
            groups.setdefault(chosen[:place] + chosen[place + 1 :], set()).add(answer)
        if any(len(group) > 1 for group in groups.values()):
            found.add(name)
    return found


@settings(max_examples=max(settings().max_examples // 2, 1))
@given(question=QUESTIONS, steps=STEPS, hit_policy=st.sampled_from(("F", "U", "C+", "C>")), facts=FACTS_GIVEN)
def test_a_settled_answer_holds_for_all_values_and_missing_are_exactly_the_facts_that_matter(
    question: str, steps: list[tuple[str, str, str]], hit_policy: str, facts: dict[str, Value]
) -> None:
    found = policy_model(question, steps, hit_policy)
    lacking = [name for name, value in facts.items() if isinstance(value, Unknown) and name in found.model.inputs][:3]
    facts = {name: value for name, value in facts.items() if not isinstance(value, Unknown)} | {
        name: GRID[name][0] for name, value in facts.items() if isinstance(value, Unknown) and name not in lacking
    }
    settled = settle(found, inputs_of(found, facts))
    answers = grid_answers(found, facts, lacking)
    matter, missing = that_matter(answers, lacking), set(settled.judgement.missing)
    if settled.judgement.answer.outcome is Outcome.UNDETERMINED:
        assert matter <= missing <= set(lacking)
        if settled.is_minimal:
            assert matter == missing
            assert set(settled.possible) == set(answers.values())
        possible, extent = possible_answers(found, settled)
        if extent is not Extent.AT_LEAST:
            assert set(answers.values()) <= set(possible)
    else:
        # A null that cannot change the value may still be odd enough for a person to look at it.
        odd = {answer for chosen, answer in answers.items() if None in chosen and answer.outcome is Outcome.REVIEW}
        assert set(answers.values()) - odd <= {settled.judgement.answer}
