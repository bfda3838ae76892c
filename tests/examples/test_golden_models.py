"""Bad DMN files and conformance tests: the whole message, in both languages, as golden files.

Each file of tests/examples/models/ says in its first lines what it shows, and then holds sections:

    === a.dmn               a DMN file; the first one is the model, the others are what it may import
    === a.dmn | size        a file of so many bytes, without anything in it
    === a.dmn | utf-16      the same in another encoding
    === a-test.xml          a test file of a conformance kit: it is run instead of the decisions
    === facts               a FEEL context: values of input data by their names; without it, nothing is given
    === expected            everything that is said, once in Chinese and once in English

All decisions of the model are evaluated. With ZHIDA_BLESS=1 `expected` is written anew.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.test_golden import sections
from zhida.dmn.compile import compile_models
from zhida.dmn.conformance import KitFolder, plan, run_case
from zhida.dmn.evaluate import evaluate
from zhida.dmn.xml import read
from zhida.errors import CompileError, Diagnostic
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate as evaluate_node
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.source import snippet
from zhida.values.temporal import Date

FOLDER = Path(__file__).parent / "models"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))
AS_OF = Date(2026, 1, 1)


def data_of(parts: dict[str, str]) -> dict[str, bytes]:
    """Return the files of a case by their names."""
    found = {}
    for head, text in parts.items():
        name, _, kind = head.partition(" | ")
        if "." in name:
            found[name] = b" " * int(text) if kind == "size" else text.encode(kind or "utf-8")
    return found


def found_in(files: dict[str, bytes], facts: str) -> Iterator[Diagnostic]:
    """Yield what is said on reading, on compiling and on evaluating, each once."""
    has_tests = any(name.endswith(".xml") for name in files)
    try:
        yield from run_tests(KitFolder("kit", "folder", files)) if has_tests else evaluated(files, facts)
    except CompileError as error:
        yield from error.diagnostics


def evaluated(files: dict[str, bytes], facts: str) -> Iterator[Diagnostic]:
    documents = [read(data, name) for name, data in files.items()]
    for document in documents:
        yield from document.diagnostics
    definitions = documents[0].definitions
    model = compile_models(definitions, [document.definitions for document in documents[1:]])
    yield from model.diagnostics
    given = evaluate_node(parse_expression(snippet(facts or "{}"), Scope(NameSet(BUILTINS))), Frame({}, Run(AS_OF)))
    inputs = {f"{definitions.namespace}#{data.id}": given[data.name] for data in definitions.inputs if data.name in given}
    for decision in definitions.decisions:
        id_ = f"{definitions.namespace}#{decision.id}"
        yield from (item for item in evaluate(model, id_, inputs, as_of=AS_OF).diagnostics if item not in model.diagnostics)


def run_tests(folder: KitFolder) -> Iterator[Diagnostic]:
    for planned in plan(folder):
        for node in run_case(planned, as_of=AS_OF).nodes:
            yield from node.diagnostics


def said(parts: dict[str, str]) -> str:
    """Return all messages of a case."""
    diagnostics = list(
        dict.fromkeys((item.code, item.render("zh"), item.render("en")) for item in found_in(data_of(parts), parts.get("facts", "")))
    )
    return "\n\n".join([*(chinese for _, chinese, _ in diagnostics), *(english for _, _, english in diagnostics)]) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_about_a_model_is_as_it_was_read_and_agreed(name: str) -> None:
    path = FOLDER / name
    title, parts = sections(path.read_text(encoding="utf-8"))
    found = said(parts)
    if os.environ.get("ZHIDA_BLESS"):
        kept = {head: text for head, text in parts.items() if head != "expected"}
        path.write_text(title + "".join(f"=== {head}\n{text}" for head, text in (*kept.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == parts.get("expected")
