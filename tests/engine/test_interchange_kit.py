"""Every model of the conformance kit as Markdown: it answers the kit's cases as the model does, or is refused by name."""

import os
from pathlib import Path

import pytest

from tests.engine.interchange_models import DAY, imported, markdown_model
from zhida.dmn.compile import compile_models
from zhida.dmn.conformance_cases import read_cases, typed
from zhida.dmn.evaluate import evaluate
from zhida.dmn.xml import read
from zhida.errors import has_errors
from zhida.values.function import Function

KIT = Path(os.environ.get("ZHIDA_TCK", "no kit"))
MODELS = sorted(KIT.glob("compliance-level-*/*/*.dmn"))
REFUSED = {
    "0014-loan-comparison": "policy-reserved-name",  # a parameter is named like a builtin function
    "1130-feel-interval": "policy-reserved-name",  # so are decisions
    "0070-feel-instance-of": "interchange-no-form",  # a test of a type with limits
    "0082-feel-coercion": "interchange-no-form",  # calls of decision services
    "0085-decision-services": "interchange-no-form",
    "0092-feel-lambda": "interchange-no-form",
}


@pytest.mark.conformance
@pytest.mark.skipif(not MODELS, reason="ZHIDA_TCK names no conformance kit")
@pytest.mark.parametrize("path", MODELS or [KIT], ids=lambda path: path.stem)
def test_a_model_answers_its_cases_in_markdown_too(path: Path) -> None:
    definitions = read(path.read_bytes(), path.name).definitions
    found = imported(definitions)
    refused = {item.code for item in found.diagnostics if has_errors([item])}
    if definitions.models or path.stem in REFUSED:
        assert refused == {REFUSED.get(path.stem, "interchange-no-form")}
        return
    assert not refused
    model, markdown = compile_models(definitions), markdown_model(found)
    names = {each.decision.name: id_ for id_, each in model.decisions.items()}
    mine = {each.decision.name: id_ for id_, each in markdown.decisions.items()}
    types = {data.name: data.item.type for data in model.inputs.values()}
    types |= {each.decision.name: each.decision.type for each in model.decisions.values()}
    for file in sorted(path.parent.glob("*.xml")):
        kit = read_cases(file.read_bytes(), file.name)
        for case in kit.cases if kit is not None and kit.model == path.name else ():
            given = {each.name: typed(each.value, types[each.name]) for each in case.given if each.name in types}
            there = {id_: given[data.name] for id_, data in model.inputs.items() if data.name in given}
            there |= {names[name]: value for name, value in given.items() if name in names}
            here = {id_: given[data.name] for id_, data in markdown.inputs.items() if data.name in given}
            here |= {mine[name]: value for name, value in given.items() if name in mine}
            for wanted in case.wanted if case.kind == "decision" else ():
                expected = evaluate(model, names[wanted.name], there, as_of=DAY).value
                value = evaluate(markdown, mine[wanted.name], here, as_of=DAY).value
                assert value == expected or isinstance(value, Function), (case.id, wanted.name)
