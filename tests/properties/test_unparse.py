"""What is written reads back as the same nodes, in one line and in several."""

import os
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.feel_texts import scope as scope_of
from tests.fuzz import nodes
from tests.properties.feel_strategies import VARIABLES, cells, expressions
from zhida.errors import CompileError
from zhida.feel.builtins import BUILTINS
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.syntax import Literal, Node, UnaryTests
from zhida.feel.tokens import Cursor
from zhida.feel.unparse import is_same, quoted, unparse
from zhida.source import snippet
from zhida.values.types import ANY

WIDTHS = (None, 100, 30, 1)


def read(text: str, *, is_cell: bool = False, scope: Scope | None = None) -> Node:
    return (parse_unary_tests if is_cell else parse_expression)(snippet(text), scope or nodes.scope())


def written(node: Node, width: int | None = None, scope: Scope | None = None) -> str:
    """Return the text of a node after it has been seen to read back as the same."""
    text = unparse(node, scope=scope or nodes.scope(), width=width)
    again = read(text, is_cell=isinstance(node, UnaryTests), scope=scope)
    assert is_same(again, node), f"{text!r} reads as {unparse(again)!r}"
    return text


@given(random=st.randoms(use_true_random=False), size=st.integers(1, 25), width=st.sampled_from(WIDTHS))
def test_a_random_tree_reads_back(random: Random, size: int, width: int | None) -> None:
    written(nodes.expression(random, size), width)


@given(random=st.randoms(use_true_random=False), width=st.sampled_from(WIDTHS))
def test_a_random_cell_reads_back(random: Random, width: int | None) -> None:
    written(nodes.unary_tests(random), width)


@given(text=st.one_of(expressions, cells), width=st.sampled_from(WIDTHS))
def test_whatever_was_read_is_written_and_read_again(text: str, width: int | None) -> None:
    scope = Scope(NameSet([*BUILTINS, *VARIABLES]))
    try:
        node = read(text, is_cell=True, scope=scope)
    except CompileError:  # a call `not()` of nothing: in a cell, tests must stand there
        assert "not()" in text.replace(" ", "")
        node = read(text, scope=scope)
    written(node, width, scope)


def test_a_call_of_not_without_arguments_is_no_cell_but_an_expression() -> None:
    with pytest.raises(CompileError):
        read("not()", is_cell=True)
    assert written(read("not()")) == "not()"


@given(text=st.text())
def test_any_text_is_a_string_literal_of_one_line_that_xml_can_hold(text: str) -> None:
    written_text = quoted(text)
    assert Cursor(snippet(written_text), Scope()).string() == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert "\n" not in written_text
    ET.fromstring(f"<a>{written_text.replace('&', '').replace('<', '')}</a>")  # noqa: S314 - our own text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("( ( 1 ) )", "1"),
        ("1+(2*3)", "1 + 2 * 3"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a ** b) ** c", "a ** b ** c"),
        ("a ** (b ** c)", "a ** (b ** c)"),
        ("-(a ** b)", "-(a ** b)"),
        ("(-a) ** b", "-a ** b"),
        ("(a or b) and c", "(a or b) and c"),
        ("a or (b and c)", "a or b and c"),
        ("(if a then b else c) + 1", "(if a then b else c) + 1"),
        ("if a then b else (c + 1)", "if a then b else c + 1"),
        ("(function(x: list < number >) x)(1)", "(function(x: list<number>) x)(1)"),
        ("a in (b)", "a in b"),
        ("a in ((b + c) * 2)", "a in ((b + c) * 2)"),
        ("a in ( > 1 )", "a in > 1"),
        ("a in (1 .. 2]", "a in (1..2]"),
        ("a in ]1 .. 2[", "a in (1..2)"),
        ("(> 1)", "(> 1)"),
        ("f(> 1, (< 2))", "f(> 1, < 2)"),
        ("(a instance of list) < b", "(a instance of list) < b"),
        ("a instance of number", "a instance of number"),
        ("(a) - b", "(a) - (b)"),
        ("a - b", "a - b"),
        ("(a)and b", "(a) and (b)"),
        ('{"a": 1, "if": 2, "x y": 3, "1": 4, "": 5, "x:y": 6}', '{a: 1, if: 2, x y: 3, "1": 4, "": 5, "x:y": 6}'),
        ('@"2024-02-29"', '@"2024-02-29"'),
        ('@"tomorrow"', '@"tomorrow"'),
        ('@ "tomorrow"', '@ "tomorrow"'),
        ("1e99999", "1e99999"),
        ("1.50e3", "1500"),
        ("1e100", "1e100"),
        ('"a\\u0041\n"', '"aA\\n"'),
        ("for x in 1 .. 3, y in [x] return x + y", "for x in 1..3, y in [x] return x + y"),
        ("every x in (> 1) satisfies x", "every x in > 1 satisfies x"),
        ("a between (b) and (c and 1)", "a between b and (c and 1)"),
        ("date(2020, 1, 1).time offset", "date(2020, 1, 1).time offset"),
        ("f ( a : 1 )", "f(a: 1)"),
        ("function() external {a: 1}", "function() external {a: 1}"),
    ],
)
def test_parentheses_stand_only_where_they_are_needed(text: str, expected: str) -> None:
    assert written(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-", "-"),
        ("(-a)", "-a"),
        ("not(1,>2)", "not(1, > 2)"),
        ("(not(a))", "(not(a))"),
        ("not(a) and b", "not(a) and b"),
        ("? > 1,<2,[1..2)", "? > 1, < 2, [1..2)"),
        ("not(? in (1))", "not(? in 1)"),
    ],
)
def test_cells_are_told_from_expressions(text: str, expected: str) -> None:
    assert written(read(text, is_cell=True)) == expected


def test_an_invalid_literal_without_a_text_of_its_own_is_written_as_one_that_says_nothing() -> None:
    assert unparse(Literal(nodes.NOWHERE, None, is_valid=False)) == '@""'


def test_long_lists_calls_and_conditions_go_over_several_lines() -> None:
    text = written(read("if a = 1 then [1111, 2222, 3333] else sum(for v in L return {a: v, k k: 22222})"), width=23)
    assert text == (
        "if a = 1\n  then [1111, 2222, 3333]\n  else sum(\n    for v in L\n      return {\n        a: v,\n        k k: 22222\n      }\n  )"
    )


KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")


@pytest.mark.conformance
@pytest.mark.parametrize("path", sorted(KIT.rglob("*.dmn")), ids=lambda path: path.stem)
def test_every_literal_expression_of_the_kit_reads_back(path: Path) -> None:
    model = ET.parse(path)  # noqa: S314 - the kit is trusted
    texts = [element.text or "" for element in model.iter() if element.tag.endswith("}text")]
    names = [element.get("name", "") for element in model.iter() if element.get("name")]
    types = {element.get("name", ""): ANY for element in model.iter() if element.tag.endswith("}itemDefinition")}
    for text, is_cell in product(texts, (False, True)):
        scope = replace(scope_of(*names), types=types)
        try:
            node = read(text, is_cell=is_cell, scope=scope)
        except CompileError:  # a cell that is no expression, or prose
            continue
        written(node, scope=scope)
