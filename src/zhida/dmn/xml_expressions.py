"""Boxed expressions and decision tables of DMN XML to the model (DMN 1.5, 7.3 and 10.2.2)."""

from collections.abc import Mapping

from zhida.dmn.model import (
    NO_NOTES,
    Binding,
    Conditional,
    Context,
    ContextEntry,
    DecisionTable,
    Expression,
    Filter,
    FunctionDefinition,
    HitPolicy,
    InputClause,
    Invocation,
    Iteration,
    ListExpression,
    LiteralExpression,
    Notes,
    OutputClause,
    Relation,
    Rule,
)
from zhida.dmn.xml_kept import kept
from zhida.dmn.xml_reader import Reader
from zhida.dmn.xml_schema import EXPRESSIONS, FEEL_URIS
from zhida.dmn.xml_source import Element
from zhida.source import Snippet, Span

HIT_POLICIES: Mapping[str, HitPolicy] = {
    "UNIQUE": HitPolicy.UNIQUE,
    "ANY": HitPolicy.ANY,
    "PRIORITY": HitPolicy.PRIORITY,
    "FIRST": HitPolicy.FIRST,
    "RULE ORDER": HitPolicy.RULE_ORDER,
    "OUTPUT ORDER": HitPolicy.OUTPUT_ORDER,
    "COLLECT": HitPolicy.COLLECT,
}
"""Hit policies by the words of the XML."""
AGGREGATIONS: Mapping[str, HitPolicy] = {
    "SUM": HitPolicy.COLLECT_SUM,
    "MIN": HitPolicy.COLLECT_MIN,
    "MAX": HitPolicy.COLLECT_MAX,
    "COUNT": HitPolicy.COLLECT_COUNT,
}
"""Those that collect and aggregate, by the words of the XML."""
ORIENTATIONS = ("Rule-as-Row", "Rule-as-Column", "CrossTable")
"""How a table is drawn."""
FUNCTION_KINDS = ("FEEL", "Java", "PMML")
"""Languages of functions."""
MAX_NESTING = 60
"""How many expressions may stand inside each other."""


def read_expression(reader: Reader, parent: Element, *, is_needed: bool = True, level: int = 0) -> Expression | None:
    """Return the expression inside an element; None where there is none, or none that can be read."""
    found = reader.one(parent, *EXPRESSIONS)
    if found is None:
        if is_needed:
            reader.note("dmn-xml-missing-element", parent.span, element=parent.name, name="expression")
        return None
    return read(reader, found, level)


def read(reader: Reader, element: Element, level: int) -> Expression | None:
    """Return the expression that an element is; `level` of them stand around it."""
    if level == MAX_NESTING:
        reader.note("dmn-xml-too-deep", element.span, limit=MAX_NESTING)
        return None
    match element.name:
        case "literalExpression":
            return _literal(reader, element)
        case "decisionTable":
            return _table(reader, element)
        case "context":
            return _context(reader, element, level)
        case "list":
            return _list(reader, element, level)
        case "relation":
            return _relation(reader, element, level)
        case "invocation":
            return _invocation(reader, element, level)
        case "functionDefinition":
            return read_function(reader, element, level)
        case "conditional":
            return _conditional(reader, element, level)
        case "filter":
            return _filter(reader, element, level)
    return _iteration(reader, element, level)


def _literal(reader: Reader, element: Element) -> LiteralExpression:
    """Return an expression in FEEL, or in the language that it or the model declares."""
    language = element.attributes.get("expressionLanguage", reader.language)
    imported = reader.one(element, "importedValues")
    return LiteralExpression(
        reader.snippet(element, is_cell=False),
        reader.type(element),
        "" if language in FEEL_URIS else language,
        reader.notes(element),
        kept(imported) if imported is not None else "",
    )


# --- boxed expressions -------------------------------------------------------------------------------------------------


def _context(reader: Reader, element: Element, level: int) -> Context:
    entries = []
    for child in reader.all(element, "contextEntry"):
        variable = reader.one(child, "variable")
        value = read_expression(reader, child, level=level + 1)
        if value is not None:
            entries.append(ContextEntry(reader.variable(variable) if variable is not None else None, value, reader.notes(child)))
    return Context(tuple(entries), span=element.whole, type=reader.type(element), notes=reader.notes(element))


def _list(reader: Reader, element: Element, level: int) -> ListExpression:
    found = [read(reader, child, level + 1) for child in reader.all(element, *EXPRESSIONS)]
    elements = tuple(each for each in found if each is not None)
    return ListExpression(elements, span=element.whole, type=reader.type(element), notes=reader.notes(element))


def _relation(reader: Reader, element: Element, level: int) -> Relation:
    columns = tuple(reader.variable(child) for child in reader.all(element, "column"))
    rows = []
    for child in reader.all(element, "row"):
        count = len(reader.all(child, *EXPRESSIONS))
        if count != len(columns):
            reader.note("dmn-xml-row-cells", child.span, found=count, name="expression", expected=len(columns))
        rows.append(_list(reader, child, level))
    return Relation(columns, tuple(rows), span=element.whole, type=reader.type(element), notes=reader.notes(element))


def _invocation(reader: Reader, element: Element, level: int) -> Invocation | None:
    function = read_expression(reader, element, level=level + 1)
    bindings = []
    for child in reader.all(element, "binding"):
        parameter = reader.needed(child, "parameter")
        value = read_expression(reader, child, is_needed=False, level=level + 1)
        if parameter is not None:
            bindings.append(Binding(reader.variable(parameter), value))
    if function is None:
        return None
    return Invocation(function, tuple(bindings), span=element.whole, type=reader.type(element), notes=reader.notes(element))


def read_function(reader: Reader, element: Element, level: int = 0) -> FunctionDefinition:
    """Return a function definition, of whichever name the element is."""
    return FunctionDefinition(
        tuple(reader.variable(child) for child in reader.all(element, "formalParameter")),
        read_expression(reader, element, is_needed=False, level=level + 1),
        reader.choice(element, "kind", FUNCTION_KINDS, "FEEL"),
        span=element.whole,
        type=reader.type(element),
        notes=reader.notes(element),
    )


def _conditional(reader: Reader, element: Element, level: int) -> Conditional | None:
    (condition, then, otherwise), ids = _parts(reader, element, ("if", "then", "else"), level)
    if condition is None or then is None or otherwise is None:
        return None
    return Conditional(condition, then, otherwise, span=element.whole, type=reader.type(element), notes=reader.notes(element), part_ids=ids)


def _filter(reader: Reader, element: Element, level: int) -> Filter | None:
    (value, condition), ids = _parts(reader, element, ("in", "match"), level)
    if value is None or condition is None:
        return None
    return Filter(value, condition, span=element.whole, type=reader.type(element), notes=reader.notes(element), part_ids=ids)


def _iteration(reader: Reader, element: Element, level: int) -> Iteration | None:
    (domain, body), ids = _parts(reader, element, ("in", "return" if element.name == "for" else "satisfies"), level)
    variable = reader.attribute(element, "iteratorVariable")
    within = reader.one(element, "in")
    if domain is None or body is None or within is None:
        return None
    return Iteration(
        element.name,
        variable,
        domain,
        body,
        reader.type(within),
        span=element.whole,
        type=reader.type(element),
        notes=reader.notes(element),
        part_ids=ids,
    )


def _parts(reader: Reader, element: Element, names: tuple[str, ...], level: int) -> tuple[tuple[Expression | None, ...], tuple[str, ...]]:
    """Return the expressions of the children of these names, and the ids of these children where any has one."""
    found = [reader.needed(element, name) for name in names]
    expressions = tuple(read_expression(reader, child, level=level + 1) if child is not None else None for child in found)
    ids = tuple(child.attributes.get("id", "") if child is not None else "" for child in found)
    return expressions, ids if any(ids) else ()


# --- decision tables ---------------------------------------------------------------------------------------------------


def _table(reader: Reader, element: Element) -> DecisionTable | None:
    inputs = [_input(reader, child) for child in reader.all(element, "input")]
    found = reader.all(element, "output")
    outputs = tuple(_output(reader, child, is_only=len(found) == 1) for child in found)
    if not outputs:
        reader.note("dmn-xml-missing-element", element.span, element=element.name, name="output")
    names = _annotation_names(reader, element)
    rules = tuple(
        _rule(reader, child, str(number), (len(inputs), len(outputs)), names)
        for number, child in enumerate(reader.all(element, "rule"), start=1)
    )
    clauses = tuple(clause for clause in inputs if clause is not None)
    if len(clauses) < len(inputs) or not outputs:
        return None
    orientation = reader.choice(element, "preferredOrientation", ORIENTATIONS, "")
    return DecisionTable(
        _hit_policy(reader, element),
        clauses,
        outputs,
        rules,
        element.whole,
        type=reader.type(element),
        annotation_names=names,
        output_label=element.attributes.get("outputLabel", ""),
        orientation=orientation,
        notes=reader.notes(element),
    )


def _hit_policy(reader: Reader, element: Element) -> HitPolicy:
    policy = reader.choice(element, "hitPolicy", HIT_POLICIES, "UNIQUE")
    aggregation = reader.choice(element, "aggregation", AGGREGATIONS, "")
    if not aggregation:
        return HIT_POLICIES[policy]
    if policy != "COLLECT":
        reader.note("dmn-xml-aggregation", element.attribute_span("aggregation"), aggregation=aggregation, policy=policy)
    return AGGREGATIONS[aggregation]


def _input(reader: Reader, element: Element) -> InputClause | None:
    expression = reader.needed(element, "inputExpression")
    values = reader.one(element, "inputValues")
    if expression is None:
        return None
    allowed = reader.tests(values)
    return InputClause(
        reader.snippet(expression),
        reader.type(expression),
        allowed,
        reader.notes(element),
        reader.notes(expression, "expressionLanguage"),
        _cell_notes(reader, values) if allowed is not None else NO_NOTES,
    )


def _output(reader: Reader, element: Element, *, is_only: bool) -> OutputClause:
    values, default = reader.one(element, "outputValues"), reader.one(element, "defaultOutputEntry")
    allowed, fallback = reader.tests(values), reader.tests(default)
    return OutputClause(
        element.attributes.get("name", "") if is_only else reader.attribute(element, "name"),
        reader.type(element),
        allowed,
        fallback,
        element.span,
        reader.notes(element),
        _cell_notes(reader, values) if allowed is not None else NO_NOTES,
        _cell_notes(reader, default) if fallback is not None else NO_NOTES,
    )


def _annotation_names(reader: Reader, element: Element) -> tuple[str, ...]:
    """Return the names of the annotation columns; those without one, or with that of another, get one."""
    most = max((len(reader.all(rule, "annotationEntry")) for rule in reader.all(element, "rule")), default=0)
    given = [child.attributes.get("name", "").strip() for child in reader.all(element, "annotation")]
    names: list[str] = []
    for place, name in enumerate([*given, *[""] * (most - len(given))], start=1):
        wanted, number = name or f"annotation {place}", 1
        while wanted in names:
            number += 1
            wanted = f"{name or 'annotation'} {place if number == 2 else f'{place}.{number}'}"
        names.append(wanted)
    return tuple(names)


def _rule(reader: Reader, element: Element, number: str, counts: tuple[int, int], annotations: tuple[str, ...]) -> Rule:
    inputs, outputs = reader.all(element, "inputEntry"), reader.all(element, "outputEntry")
    for found, count, name in ((inputs, counts[0], "inputEntry"), (outputs, counts[1], "outputEntry")):
        if len(found) != count:
            reader.note("dmn-xml-row-cells", element.span, found=len(found), name=name, expected=count)
    words = [reader.text(child, "text") for child in reader.all(element, "annotationEntry")]
    notes = tuple(_cell_notes(reader, cell) for cell in (*inputs, *outputs))
    return Rule(
        number,
        tuple(_any_if_blank(reader.snippet(cell)) for cell in inputs),
        tuple(reader.snippet(cell) for cell in outputs),
        {name: text for name, text in zip(annotations, words, strict=False) if text},
        "",
        Span(element.source, element.start, element.close),
        reader.notes(element),
        notes if any(each != NO_NOTES for each in notes) else (),
    )


def _any_if_blank(cell: Snippet) -> Snippet:
    """Return a cell of inputs; some tools leave it blank where they mean `-`."""
    if cell.text.strip():
        return cell
    span = cell.span()
    return Snippet("-", cell.source, span.start, whole=span.end)


def _cell_notes(reader: Reader, element: Element | None) -> Notes:
    return reader.notes(element, "typeRef", "expressionLanguage")
