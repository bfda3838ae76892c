"""What FEEL means beyond the kit's cases: the kit in other clothes, and expressions whose values follow from the standard's text.

The golden files in variations/ hold one expression a row: what it comes to, worked out from the clause that is named, and the
diagnostic that tells why it is null (`any`: some diagnostic; with `or` between: one of these). `␤` stands for a line break.
"""

import os
import random
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conformance.vary_kit import WRAPPING, WRITTEN, disagreements
from tests.engine.feel_texts import PROPERTIES, TODAY
from zhida.cli.tck import find_folders, read_folder
from zhida.dmn.compile import compile_models
from zhida.dmn.conformance import KitFolder
from zhida.dmn.conformance_cases import read_cases
from zhida.dmn.evaluate import evaluate as evaluate_decision
from zhida.dmn.xml import read
from zhida.errors import CODES, CompileError
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.source import snippet
from zhida.values.equality import identical
from zhida.values.text import literal

FILES = sorted((Path(__file__).parent / "variations").glob("*.md"))
ROW = re.compile(r"\| `(?P<expression>.*)` \| `(?P<expected>.*)` \| (?P<codes>.*?) ?\| (?P<clause>.+) \|")
KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
SAMPLE = 200
SEEDS = ("一", "二")


class Row(NamedTuple):
    id: str
    expression: str
    expected: str
    codes: tuple[str, ...]
    clause: str


def read_rows(name: str, text: str) -> list[Row]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if number < 5 or not line:
            continue
        found = ROW.fullmatch(line)
        assert found, f"{name}:{number} is no row"
        expression, expected = (found[part].replace(r"\|", "|").replace("␤", "\n") for part in ("expression", "expected"))
        rows.append(Row(f"{name}:{number}", expression, expected, tuple(filter(None, found["codes"].split(" or "))), found["clause"]))
    return rows


ROWS = [row for path in FILES for row in read_rows(path.name, path.read_text(encoding="utf-8"))]


SCOPE = Scope(NameSet(BUILTINS), properties=NameSet([*PROPERTIES, "start included", "end included"]))


def outcome(text: str) -> tuple[Any, list[str]]:
    """Return the value of an expression and the codes of what was odd; what is no FEEL is null."""
    run = Run(TODAY)
    try:
        value = evaluate(parse_expression(snippet(text), SCOPE), Frame({}, run))
    except CompileError as error:
        return None, [item.code for item in error.diagnostics]
    return value, [item.code for item in run.diagnostics]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_an_expression_comes_to_what_the_standard_says(row: Row) -> None:
    value, codes = outcome(row.expression)
    expected, strange = outcome(row.expected)
    assert not strange, row.expected
    assert identical(value, expected), f"{row.expression} is {literal(value)}, not {row.expected}: {row.clause}"
    if not row.codes:
        assert not codes, f"{row.expression}: {codes}"
    elif row.codes == ("any",):
        assert codes, f"{row.expression}: nothing was told"
    else:
        assert len(codes) == 1, f"{row.expression}: {codes}"
        assert codes[0] in row.codes, row.expression


def test_every_row_is_there_once_and_every_builtin_is_called_and_every_code_is_one() -> None:
    expressions = [row.expression for row in ROWS]
    assert len(expressions) > 1_000
    assert len(set(expressions)) == len(expressions), sorted({each for each in expressions if expressions.count(each) > 1})
    assert {name for name in BUILTINS if not any(f"{name}(" in each for each in expressions)} == set()
    assert {code for row in ROWS for code in row.codes} - {"any"} <= set(CODES)


def folders() -> list[KitFolder]:
    return [read_folder(path) for path in find_folders(KIT)[0]] if KIT.is_dir() else []


def cases_of(folder: KitFolder) -> list[str]:
    files = [read_cases(data, name) for name, data in sorted(folder.files.items()) if name.endswith(".xml")]
    return [case.id for file in files if file for case in file.cases]


@pytest.mark.conformance
@pytest.mark.parametrize("seed", SEEDS)
def test_two_hundred_cases_of_the_kit_in_other_clothes_come_to_the_same(seed: str) -> None:
    found = folders()
    if not found:
        pytest.skip("ZHIDA_TCK names no folder of the conformance kit")
    random_ = random.Random(seed)  # noqa: S311 - reproducible, not secret
    paths = [(folder, f"{folder.path}/{id_}") for folder in found for id_ in cases_of(folder)]
    chosen = random_.sample(paths, SAMPLE)
    count, faults = 0, []
    for folder in found:
        only = {path for other, path in chosen if other is folder}
        names = [random_.choice(WRAPPING), *random_.sample(WRITTEN, 3)]
        if only:
            run, differ = disagreements(folder, names, seed, only)
            count, faults = count + run, [*faults, *differ]
    assert not faults, "\n" + "\n".join(faults)
    assert count == SAMPLE


JAVA_CONTEXT = """<context>
  <contextEntry><variable name="class"/><literalExpression><text>"{class_}"</text></literalExpression></contextEntry>
  <contextEntry><variable name="method signature"/><literalExpression><text>"{signature}"</text></literalExpression></contextEntry>
</context>"""
PARAMETERS = """<formalParameter name="甲 值" typeRef="number"/><formalParameter name="b" typeRef="number"/>"""
JAVA_MODEL = f"""<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">
<businessKnowledgeModel name="larger of" id="k">
  <encapsulatedLogic kind="Java">{PARAMETERS}{{java}}</encapsulatedLogic>
</businessKnowledgeModel>
<decision name="by knowledge" id="d1">
  <knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement>
  <literalExpression><text>larger of(b: {{b}}, 甲 值: {{a}})</text></literalExpression>
</decision>
<decision name="by box" id="d2"><context>
  <contextEntry><variable name="f"/><functionDefinition kind="Java">{PARAMETERS}{{java}}</functionDefinition></contextEntry>
  <contextEntry><literalExpression><text>f({{a}}, {{b}})</text></literalExpression></contextEntry>
</context></decision>
<decision name="by text" id="d3"><literalExpression><text>
  {{{{f: function(甲 值: number, b: number) external {{{{java: {{{{class: "{{class_}}", method signature: "{{signature}}"}}}}}}}},
   r: f({{a}}, {{b}})}}}}.r
</text></literalExpression></decision>
</definitions>"""


@pytest.mark.parametrize("id_", ["d1", "d2", "d3"])
@pytest.mark.parametrize(
    ("class_", "signature", "given", "expected"),
    [
        ("java.lang.Math", "max(int, int)", ("3", "8"), "8"),
        ("java.lang.Math", "max( double,double )", ("-1.5", "-2"), "-1.5"),
        ("java.lang.Math", "max(int, int)", ('"3"', "8"), "null"),
        ("java.lang.Math", "max(int, int)", ("null", "8"), "null"),
        ("java.lang.Math", "pow(double, double)", ("2", "3"), "null"),
        ("java.lang.Maths", "max(int, int)", ("3", "8"), "null"),
        ("java.lang.Math", "max(int)", ("3", "8"), "null"),
    ],
)
def test_foreign_functions_are_one_in_knowledge_models_boxes_and_texts(
    id_: str, class_: str, signature: str, given: tuple[str, str], expected: str
) -> None:
    java = JAVA_CONTEXT.format(class_=class_, signature=signature)
    text = JAVA_MODEL.format(java=java, class_=class_, signature=signature, a=given[0], b=given[1])
    model = compile_models(read(text.encode(), "m.dmn").definitions)
    found = evaluate_decision(model, f"urn:m#{id_}", {}, as_of=TODAY)
    assert literal(found.value) == expected
    assert bool(found.diagnostics) == (expected == "null")


KEYS_MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">
<decision name="订 单" id="d1"><literalExpression>
  <text>[{order size: 1, "unit-price": 5}, {order size: 2, "unit-price": 7}]</text>
</literalExpression></decision>
<decision name="filtered" id="d2">
  <informationRequirement><requiredDecision href="#d1"/></informationRequirement>
  <filter><in><literalExpression><text>订 单</text></literalExpression></in>
    <match><literalExpression><text>order size = 2</text></literalExpression></match></filter>
</decision>
<decision name="followed" id="d3">
  <informationRequirement><requiredDecision href="#d2"/></informationRequirement>
  <literalExpression><text>filtered[1].unit-price - filtered[1].order size</text></literalExpression>
</decision>
<decision name="called" id="d4">
  <invocation><literalExpression><text>date</text></literalExpression>
    <binding><parameter name="year"/><literalExpression><text>2020</text></literalExpression></binding>
    <binding><parameter name="month"/><literalExpression><text>2</text></literalExpression></binding>
    <binding><parameter name="day"/><literalExpression><text>29</text></literalExpression></binding>
  </invocation>
</decision>
</definitions>"""


@pytest.mark.parametrize(("id_", "expected"), [("d2", '[{order size: 2, "unit-price": 7}]'), ("d3", "5"), ("d4", '@"2020-02-29"')])
def test_names_that_another_decision_writes_are_known_and_boxes_call_builtins_by_any_signature(id_: str, expected: str) -> None:
    model = compile_models(read(KEYS_MODEL.encode(), "m.dmn").definitions)
    found = evaluate_decision(model, f"urn:m#{id_}", {}, as_of=TODAY)
    assert (literal(found.value), found.diagnostics) == (expected, ())
