"""What the tests of interchange share: models in DMN XML, and what a model and its Markdown come to for the same inputs."""

from collections.abc import Mapping
from typing import Any

from zhida.dmn.compile import compile_definitions, compile_models
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.evaluate import evaluate
from zhida.dmn.model import Definitions, InputData
from zhida.dmn.xml import read
from zhida.policy.dictionary import parse_dictionary
from zhida.policy.document import parse
from zhida.policy.interchange_import import Imported, import_definitions
from zhida.policy.tangle import tangle
from zhida.source import Source
from zhida.values.temporal import Date

DAY = Date(2026, 6, 30)
NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def model(body: str) -> Definitions:
    """Return a model whose elements are written in XML."""
    text = f'<definitions xmlns="{NAMESPACE}" name="模型" namespace="urn:m">{body}</definitions>'
    return read(text.encode(), "m.dmn").definitions


def input_data(name: str, type_: str = "") -> str:
    declared = f' typeRef="{type_}"' if type_ else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{declared}/></inputData>'


def decision(name: str, logic: str, *inputs: str, type_: str = "", further: str = "") -> str:
    """Return a decision that requires some input data."""
    arrows = "".join(f'<informationRequirement><requiredInput href="#{each}"/></informationRequirement>' for each in inputs)
    declared = f' typeRef="{type_}"' if type_ else ""
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{declared}/>{arrows}{further}{logic}</decision>'


def feel(text: str, type_: str = "") -> str:
    declared = f' typeRef="{type_}"' if type_ else ""
    return f"<literalExpression{declared}><text>{text}</text></literalExpression>"


def imported(definitions: Definitions) -> Imported:
    return import_definitions(definitions, "demo/m")


def codes(found: Imported) -> list[str]:
    return [item.code for item in found.diagnostics]


def markdown_model(found: Imported) -> DecisionModel:
    """Return what a model's Markdown and dictionary are compiled to, as lenient as a DMN file."""
    tangled = tangle(parse(Source("m.md", found.text)))
    assert {item.code for item in tangled.diagnostics} <= {"policy-missing-key"}
    items = parse_dictionary(Source("d.md", found.dictionary), "m").items if found.dictionary else {}
    inputs = tuple(InputData(name, item) for name, item in items.items())
    compiled = compile_definitions(Definitions("demo/m", tangled.decisions, tangled.knowledge_models, inputs), {})
    return DecisionModel(compiled.decisions, compiled.knowledge, compiled.inputs)


def value_of(decided: DecisionModel, name: str, inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any FEEL value
    """Return what a decision comes to, for inputs by name."""
    id_ = next(id_ for id_, each in decided.decisions.items() if each.decision.name == name)
    given = {data_id: inputs[data.name] for data_id, data in decided.inputs.items() if data.name in inputs}
    return evaluate(decided, id_, given, as_of=DAY).value


def both(definitions: Definitions, name: str, **inputs: Any) -> tuple[Any, Any]:  # noqa: ANN401 - any FEEL value
    """Return what a decision comes to in DMN and in Markdown."""
    return value_of(compile_models(definitions), name, inputs), value_of(markdown_model(imported(definitions)), name, inputs)
