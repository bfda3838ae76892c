"""The conformance kit's test cases, run: what each came to beside what the kit expects.

    KitFolder ──parse_folder──> ParsedFolder ──run_case──> CaseResult ── NodeResult
      (bytes)                    (models read)                      └──tally──> Tally

Owns the comparison. A case has passed when every value that it expects was found. Numbers may differ by less than 1e-8, as in
all published runners; how closely they agree is counted apart. `errorResult` marks a null that an error made; whether ours
was made by one (a null beside a finding) is compared too, and counted apart.
"""

import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from enum import IntEnum
from typing import Any

from zhida.dmn.compile import compile_models
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.conformance_cases import Given, KitCase, KitFile, Wanted, read_cases, typed
from zhida.dmn.conformance_disputes import DISPUTES, Dispute
from zhida.dmn.evaluate import Evaluation, evaluate, invoke
from zhida.dmn.model import BusinessKnowledgeModel, Decision, DecisionService, Definitions, Expression, LiteralExpression
from zhida.dmn.xml import read
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.source import Span
from zhida.values.equality import identical
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import ANY, Type

Value = Any

TOLERANCE = Decimal("1e-8")
"""By less than this two numbers may differ and still agree (as in the runners of Drools, Camunda and Quantum)."""
HARMLESS = frozenset(("dmn-null-in-table",))
"""Findings that are told of a model, not of the value that was found."""
TEXT_LIMIT = 2_000
"""How much of an expression or value is kept for a message."""


# --- what is run -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KitFolder:
    """A folder of the kit: models and the test files about them."""

    level: str
    """The folder that it stands in, as `compliance-level-3`."""
    name: str
    """Its own name, as `0068-feel-equality`."""
    files: Mapping[str, bytes]
    """Its `.dmn` and `.xml` files by name."""
    place: str = ""
    """Its path as its reader knows it, for messages; `level/name` where none is given."""

    @property
    def path(self) -> str:
        """Return `level/name`."""
        return f"{self.level}/{self.name}"


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a model that a test case may name."""

    id: str
    """Its id in the compiled model."""
    type: Type
    """The declared type of its value."""
    parameters: tuple[tuple[str, Type], ...] | None = None
    """Of what can be invoked, names and types of its parameters."""
    outputs: tuple[str, ...] = ()
    """Of a decision service, the names of the decisions that it answers."""
    expression: Expression | None = None
    """The logic."""


@dataclass(frozen=True, slots=True)
class TestedModel:
    """A compiled model whose elements can be found by name."""

    __test__ = False  # no class of tests

    model: DecisionModel
    """The compiled model."""
    main: str
    """The namespace of the model that the test file is about."""
    elements: Mapping[tuple[str, str], Element]
    """Decisions and input data by namespace and name."""
    invocables: Mapping[tuple[str, str], Element]
    """Business knowledge models and decision services by namespace and name."""


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """A test case and what it is to be run on."""

    folder: KitFolder
    """Its folder."""
    file: KitFile
    """Its file."""
    case: KitCase
    """The test case."""
    model: TestedModel | None
    """Its model, None where that could not be read."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Why the model could not be read."""

    @property
    def path(self) -> str:
        """Return `level/folder/case`."""
        return f"{self.folder.path}/{self.case.id}"


# --- what comes of it ------------------------------------------------------------------------------------------------------


class Closeness(IntEnum):
    """How closely a value agrees with the one that is expected, worst first."""

    DIFFERENT = 0
    """It does not."""
    NEAR = 1
    """Its numbers differ by less than the tolerance."""
    ROUNDED = 2
    """Its numbers are the expected ones when they are rounded to as many places as those have."""
    EXACT = 3
    """To the last of 34 digits."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What one result of a test case came to."""

    name: str
    """The name of the decision, or of what was invoked."""
    text: str
    """Its FEEL, or what else it is decided by."""
    expected: str
    """What the kit expects, as FEEL."""
    found: str
    """What was found, as FEEL."""
    closeness: Closeness
    """How closely the two agree."""
    has_numbers: bool
    """Whether a number is among what is expected."""
    expects_null: bool
    """Whether null is expected."""
    expects_error: bool
    """Whether the kit marks the null as made by an error."""
    is_error: bool
    """Whether null was found, and made by an error."""
    diagnostics: tuple[Diagnostic, ...]
    """What was odd on the way."""
    dispute: Dispute | None = None
    """Why the kit's mark is not ours, where that is written down."""
    crash: str = ""
    """What Python said where the engine itself broke."""

    @property
    def passed(self) -> bool:
        """Whether the value was found."""
        return self.closeness is not Closeness.DIFFERENT

    @property
    def flag_agrees(self) -> bool:
        """Whether kit and engine say the same of an error."""
        return self.expects_error == self.is_error


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a test case came to."""

    level: str
    """Its level."""
    folder: str
    """Its folder."""
    file: str
    """Its file, without `.xml`."""
    id: str
    """Its id."""
    labels: tuple[str, ...]
    """What its file says that it is about."""
    nodes: tuple[NodeResult, ...]
    """Its results."""

    @property
    def path(self) -> str:
        """Return `level/folder/case`."""
        return f"{self.level}/{self.folder}/{self.id}"

    @property
    def passed(self) -> bool:
        """Whether all its values were found."""
        return all(node.passed for node in self.nodes)

    @property
    def flags_agree(self) -> bool:
        """Whether all its error flags agree, or are disputed and known to differ."""
        return all(node.flag_agrees == (node.dispute is None) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over test cases, and over the results that these expect."""

    cases: int = 0
    """Test cases."""
    passed: int = 0
    """Those that passed."""
    values: int = 0
    """Results that expect a value."""
    values_passed: int = 0
    """Those that found it."""
    nulls: int = 0
    """Results that expect null."""
    nulls_passed: int = 0
    """Those that found it."""
    flags: int = 0
    """Results: each is marked as an error or not."""
    flags_agree: int = 0
    """Those that the engine marks alike."""
    flags_disputed: int = 0
    """Those that differ for a reason that is written down."""
    exact: int = 0
    """Results with numbers that agree in all digits."""
    rounded: int = 0
    """Those that agree when rounded to the places that are expected."""
    near: int = 0
    """Those that agree by the tolerance alone."""

    @property
    def failed(self) -> int:
        """Test cases that did not pass."""
        return self.cases - self.passed


def tally(results: Iterable[CaseResult]) -> Tally:
    """Count what test cases came to."""
    counts: Counter[str] = Counter()
    for result in results:
        counts["cases"] += 1
        counts["passed"] += result.passed
        for node in result.nodes:
            kind = "nulls" if node.expects_null else "values"
            counts[kind] += 1
            counts[f"{kind}_passed"] += node.passed
            counts["flags"] += 1
            counts["flags_agree"] += node.flag_agrees
            counts["flags_disputed"] += node.dispute is not None and not node.flag_agrees
            if node.has_numbers and node.passed:
                counts[node.closeness.name.lower()] += 1
    return Tally(**counts)


def stale_disputes(results: Iterable[CaseResult]) -> list[str]:
    """Return the disputed error flags that agree after all, each as `level/folder/case: result`."""
    return [f"{result.path}: {node.name}" for result in results for node in result.nodes if node.dispute and node.flag_agrees]


# --- reading ---------------------------------------------------------------------------------------------------------------


def plan(folder: KitFolder) -> tuple[PlannedCase, ...]:
    """Read the test files of a folder and the models that they are about.

    A model that cannot be read, or is not there, fails its cases and says why.

    Raises:
        CompileError: dmn-xml-*, dmn-kit-malformed, where a test file cannot be read.
    """
    place = folder.place or folder.path
    planned: list[PlannedCase] = []
    for name in sorted(name for name in folder.files if name.endswith(".xml")):
        file = read_cases(folder.files[name], f"{place}/{name}")
        if file is None:
            continue
        model: TestedModel | None = None
        found: tuple[Diagnostic, ...] = ()
        try:
            model = _tested_model(folder, place, file.model)
        except CompileError as error:
            found = error.diagnostics
        planned += [PlannedCase(folder, file, case, model, found) for case in file.cases]
    return tuple(planned)


def _tested_model(folder: KitFolder, place: str, name: str) -> TestedModel:
    """Read a model with all the others of its folder, which it may import.

    Raises:
        CompileError: dmn-xml-*, dmn-kit-no-model.
    """
    if name not in folder.files:
        near = nearest(name, (other for other in folder.files if other.endswith(".dmn")))
        raise CompileError([diagnostic("dmn-kit-no-model", None, name=f"{place}/{name}", near=near)])
    main = read(folder.files[name], f"{place}/{name}").definitions
    others = [
        read(data, f"{place}/{other}").definitions
        for other, data in sorted(folder.files.items())
        if other.endswith(".dmn") and other != name
    ]
    compiled = compile_models(main, others)
    elements: dict[tuple[str, str], Element] = {}
    invocables: dict[tuple[str, str], Element] = {}
    for model in (main, *others):
        _collect(model, compiled, elements, invocables)
    for each in main.models:
        # An imported element may be named as the main model names it.
        for index in (elements, invocables):
            index.update({(main.namespace, f"{each.name}.{own}"): one for (uri, own), one in index.items() if uri == each.namespace})
    return TestedModel(compiled, main.namespace, elements, invocables)


def _collect(
    model: Definitions,
    compiled: DecisionModel,
    elements: dict[tuple[str, str], Element],
    invocables: dict[tuple[str, str], Element],
) -> None:
    """Note the elements of one model by namespace and name."""
    parts: tuple[Decision | BusinessKnowledgeModel | DecisionService, ...] = (*model.decisions, *model.knowledge_models, *model.services)
    for data in model.inputs:
        id_ = f"{model.namespace}#{data.id}"
        known = compiled.inputs.get(id_)
        elements[model.namespace, data.name] = Element(id_, known.item.type if known else ANY)
    for part in parts:
        id_, key = f"{model.namespace}#{part.id}", (model.namespace, part.name)
        if id_ in compiled.decisions:
            decision = compiled.decisions[id_].decision
            elements[key] = Element(id_, decision.type, expression=decision.expression)
        elif id_ in compiled.knowledge:
            knowledge = compiled.knowledge[id_].model
            invocables[key] = Element(id_, knowledge.type, knowledge.parameters, expression=knowledge.expression)
        elif id_ in compiled.services:
            service = compiled.services[id_]
            invocables[key] = Element(id_, service.service.type, service.parameters, service.output_names)


# --- running ---------------------------------------------------------------------------------------------------------------


def run_case(planned: PlannedCase, *, as_of: Date) -> CaseResult:
    """Run a test case and compare what was found with what is expected.

    Args:
        planned: The test case and its model.
        as_of: The date of the business fact; `today()`.
    """
    case = planned.case
    nodes = []
    for wanted in case.wanted:
        node = _run_node(planned, wanted, as_of)
        path = planned.path if len(case.wanted) == 1 else f"{planned.path}:{wanted.name}"
        nodes.append(replace(node, dispute=DISPUTES.get(path)))
    return CaseResult(planned.folder.level, planned.folder.name, planned.file.stem, case.id, planned.file.labels, tuple(nodes))


def _run_node(planned: PlannedCase, wanted: Wanted, as_of: Date) -> NodeResult:
    if planned.model is None:
        return _node(wanted, wanted.value, "", planned.diagnostics)
    try:
        return _evaluate(planned.model, planned.case, wanted, as_of)
    except Exception:  # noqa: BLE001 - a case that breaks the engine must not hide what the others come to
        return replace(_node(wanted, wanted.value, "", ()), crash=traceback.format_exc(limit=-3))


def _evaluate(tested: TestedModel, case: KitCase, wanted: Wanted, as_of: Date) -> NodeResult:
    """Evaluate what one result is about."""
    if case.kind == "decision":
        element = _find(tested.elements, tested, wanted)
        if element is None:
            return _node(wanted, wanted.value, "", (_unknown(wanted.name, wanted.span, tested.elements),))
        inputs, strange = _inputs(tested, case, wanted.span)
        evaluation = evaluate(tested.model, element.id, inputs, as_of=as_of)
        return _compared(wanted, element, evaluation, evaluation.value, strange)
    name = case.invocable or wanted.name
    element = tested.invocables.get((wanted.namespace or tested.main, name))
    if element is None:
        return _node(wanted, wanted.value, "", (_unknown(name, wanted.span, tested.invocables),))
    types = dict(element.parameters or ())
    arguments = {given.name: typed(given.value, types.get(given.name, ANY)) for given in case.given}
    known = {("", parameter): element for parameter in types}
    strange = tuple(_unknown(parameter, wanted.span, known) for parameter in arguments if parameter not in types)
    evaluation = invoke(tested.model, element.id, arguments, as_of=as_of)
    value = evaluation.value
    if len(element.outputs) > 1 and wanted.name in element.outputs and isinstance(value, dict):
        value = value.get(wanted.name)
    return _compared(wanted, element, evaluation, value, strange)


def _find(index: Mapping[tuple[str, str], Element], tested: TestedModel, named: Given | Wanted) -> Element | None:
    """Return the element of a name: of the namespace that is told, of the main model, or the only one of all models."""
    if found := index.get((named.namespace or tested.main, named.name)):
        return found
    others = [element for (_, name), element in index.items() if name == named.name]
    return others[0] if len(others) == 1 and not named.namespace else None


def _inputs(tested: TestedModel, case: KitCase, span: Span) -> tuple[dict[str, Value], tuple[Diagnostic, ...]]:
    """Return what a case is given by the ids of the elements, and what is given for none."""
    inputs: dict[str, Value] = {}
    strange = []
    for given in case.given:
        element = _find(tested.elements, tested, given)
        if element is None:
            strange.append(_unknown(given.name, span, tested.elements))
        else:
            inputs[element.id] = typed(given.value, element.type)
    return inputs, tuple(strange)


def _unknown(name: str, span: Span, index: Mapping[tuple[str, str], Element]) -> Diagnostic:
    return diagnostic("dmn-kit-element", span, name=name, near=nearest(name, (own for _, own in index)))


def _compared(wanted: Wanted, element: Element, evaluation: Evaluation, value: Value, strange: Sequence[Diagnostic]) -> NodeResult:
    expected = typed(wanted.value, element.type)
    node = _node(wanted, expected, literal(value), (*strange, *evaluation.diagnostics))
    is_error = value is None and any(item.code not in HARMLESS for item in evaluation.diagnostics)
    return replace(node, text=_text(element.expression), closeness=closeness(value, expected), is_error=is_error)


def _node(wanted: Wanted, expected: Value, found: str, diagnostics: tuple[Diagnostic, ...]) -> NodeResult:
    """Return the result of what was not found, to be completed where it was."""
    return NodeResult(
        name=wanted.name,
        text="",
        expected=literal(expected)[:TEXT_LIMIT],
        found=found[:TEXT_LIMIT],
        closeness=Closeness.DIFFERENT,
        has_numbers=_has_numbers(expected),
        expects_null=expected is None,
        expects_error=wanted.is_error,
        is_error=False,
        diagnostics=diagnostics,
    )


def _text(expression: Expression | None) -> str:
    """Return the FEEL of an expression; of another one, the text that it stands in."""
    if expression is None:
        return ""
    text = expression.text.text if isinstance(expression, LiteralExpression) else expression.span.text
    return text.strip()[:TEXT_LIMIT]


# --- comparing -------------------------------------------------------------------------------------------------------------


def closeness(found: Value, expected: Value) -> Closeness:
    """Return how closely a value agrees with the one that is expected.

    >>> closeness((Decimal("0.3333333333"), "a"), (Decimal("0.33"), "a")).name, closeness(Decimal("0.33333333"), Decimal(1) / 3).name
    ('DIFFERENT', 'NEAR')
    """
    if type(found) is not type(expected):
        return Closeness.DIFFERENT
    match found:
        case Decimal():
            return _closeness_of_numbers(found, expected)
        case tuple() if len(found) == len(expected):
            return min(map(closeness, found, expected), default=Closeness.EXACT)
        case dict() if found.keys() == expected.keys():
            return min((closeness(found[key], expected[key]) for key in found), default=Closeness.EXACT)
        case tuple() | dict():
            return Closeness.DIFFERENT
    return Closeness.EXACT if identical(found, expected) else Closeness.DIFFERENT


_WIDE = Context(prec=7_000)
"""Holds every difference of two FEEL numbers in full."""


def _closeness_of_numbers(found: Decimal, expected: Decimal) -> Closeness:
    if found == expected:
        return Closeness.EXACT
    difference = abs(_WIDE.subtract(found, expected))
    if difference >= TOLERANCE:
        return Closeness.DIFFERENT
    places = expected.as_tuple().exponent
    assert isinstance(places, int), "FEEL has no infinite numbers"
    half = Decimal(5).scaleb(places - 1)
    return Closeness.ROUNDED if difference <= half else Closeness.NEAR


def _has_numbers(value: Value) -> bool:
    match value:
        case Decimal():
            return True
        case tuple():
            return any(map(_has_numbers, value))
        case dict():
            return any(map(_has_numbers, value.values()))
    return False
