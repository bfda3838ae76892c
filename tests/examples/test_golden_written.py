"""Models that cannot be written as DMN: the whole message, in both languages, as golden files.

Each file of tests/examples/written/ says in its first lines what it shows, and then holds sections:

    === input NAME                  input data
    === knowledge NAME(PARAMETER)   a business knowledge model and its expression
    === decision NAME               a decision and its expression; 〈U+FFFE〉 stands for a character
    === type NAME                   a type and the unary tests that its values must pass
    === version                     the version of DMN to write
    === expected                    everything that is said, once in Chinese and once in English

Names wire the model. With ZHIDA_BLESS=1 `expected` is written anew.
"""

import os
import re
from pathlib import Path

import pytest

from tests.examples.test_golden import sections
from zhida.dmn.compile import compile_definitions
from zhida.dmn.model import BusinessKnowledgeModel, Decision, Definitions, InputData, ItemDefinition, LiteralExpression
from zhida.dmn.xml_write import write
from zhida.errors import CompileError
from zhida.source import Snippet, Source
from zhida.values.types import ANY

FOLDER = Path(__file__).parent / "written"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))


def model(parts: dict[str, str]) -> Definitions:
    """Return the definitions of a case."""
    inputs, decisions, models, items = [], [], [], []
    for head, written in parts.items():
        kind, _, name = head.partition(" ")
        text = re.sub(r"〈U\+([0-9A-F]+)〉", lambda found: chr(int(found[1], 16)), written.rstrip("\n"))
        expression = LiteralExpression(Snippet(text, Source("a.md", text), 0))
        span = expression.text.span()
        if kind == "input":
            inputs.append(InputData(name, ItemDefinition(name)))
        elif kind == "type":
            items.append(ItemDefinition(name, constraint=expression.text))
        elif kind == "decision":
            decisions.append(Decision(name, name, ANY, expression, span))
        elif kind == "knowledge":
            name, _, parameter = name.rstrip(")").partition("(")
            models.append(BusinessKnowledgeModel(name, name, ((parameter, ANY),), ANY, expression, span))
    return Definitions("a", tuple(decisions), tuple(models), tuple(inputs), items=tuple(items))


def said(parts: dict[str, str]) -> str:
    """Return all messages of a case."""
    definitions = model(parts)
    compiled = compile_definitions(definitions, {})
    elements = {**compiled.decisions, **compiled.knowledge}
    requirements = {id_: tuple(each.requirements.values()) for id_, each in elements.items()}
    with pytest.raises(CompileError) as refused:
        write(definitions, requirements=requirements, version=parts.get("version", "1.5").strip())
    found = [*compiled.diagnostics, *refused.value.diagnostics]
    return "\n\n".join([*(item.render("zh") for item in found), *(item.render("en") for item in found)]) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_about_a_model_that_cannot_be_written_is_as_it_was_read_and_agreed(name: str) -> None:
    path = FOLDER / name
    title, parts = sections(path.read_text(encoding="utf-8"))
    found = said(parts)
    if os.environ.get("ZHIDA_BLESS"):
        kept = {head: text for head, text in parts.items() if head != "expected"}
        path.write_text(title + "".join(f"=== {head}\n{text}" for head, text in (*kept.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == parts.get("expected")
