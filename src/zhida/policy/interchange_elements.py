"""Decisions and business knowledge models of any DMN model, in the forms that Markdown has.

A decision is a decision table or one FEEL expression, a business knowledge model one FEEL expression of its parameters.
Types are told by structure: Markdown defines none of its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from zhida.dmn.compiled import AS_OF
from zhida.dmn.model import (
    BusinessKnowledgeModel,
    Context,
    Decision,
    DecisionTable,
    Definitions,
    Expression,
    InputClause,
    InputData,
    ItemDefinition,
    LiteralExpression,
    Relation,
    Rule,
)
from zhida.errors import Diagnostic, diagnostic
from zhida.feel.builtins import BUILTINS
from zhida.feel.names import NameSet, Scope
from zhida.policy import interchange_extensions as extensions
from zhida.policy.interchange_feel import FeelWriter
from zhida.policy.interchange_markdown import SINGLE_HIT, Logic
from zhida.source import Snippet, Source, Span, snippet
from zhida.values import temporal
from zhida.values.types import ANY, Type, unconstrained


class ElementWriter:
    """Writes the elements of one model."""

    def __init__(
        self,
        definitions: Definitions,
        types: Mapping[str, Type],
        elements: Sequence[Logic],
        inputs: Sequence[InputData],
        diagnostics: list[Diagnostic],
    ) -> None:
        """Keep what is known around the elements.

        Args:
            definitions: The model.
            types: The types that it defines, by structure.
            elements: Its elements, with their types by structure.
            inputs: Its input data, the same.
            diagnostics: Takes what has no form.
        """
        self.diagnostics = diagnostics
        self.texts = "\n".join(texts_of(definitions))
        self.types = {data.name: unconstrained(data.item.type) for data in inputs}
        self.types |= {element.name: unconstrained(element.type) for element in elements if isinstance(element, Decision)}
        names = [*BUILTINS, AS_OF, *self.types, *(element.name for element in elements), *_imported(definitions)]
        properties = NameSet([name for names in temporal.PROPERTIES.values() for name in names])
        for name in _entries(definitions, elements):
            properties.add(name)
        self.scope = Scope(NameSet(names), properties=properties, types=types)

    def element(self, element: Logic) -> Logic:
        """Return an element in a form that Markdown has."""

        def refuse(what: str, what_zh: str, advice: str, advice_zh: str) -> None:
            words = {"name": element.name, "what": what, "what_zh": what_zh, "advice": advice, "advice_zh": advice_zh}
            self.diagnostics.append(diagnostic("interchange-no-form", element.span, **words))

        name = " ".join(element.name.split())
        if isinstance(element, Decision):
            writer = FeelWriter(self.scope, self.types, self.texts, refuse)
            return self.decision(replace(element, name=name), writer)
        parameters = tuple((" ".join(each.split()), unconstrained(type_)) for each, type_ in element.parameters)
        types = {**self.types, **dict(parameters)}
        writer = FeelWriter(self.scope.inner(each for each, _ in parameters), types, self.texts, refuse)
        if element.kind != "FEEL":
            refuse(f"a function in {element.kind}", f"{element.kind} 函数", "write it in FEEL", "请改用 FEEL 书写")
        return self.knowledge_model(replace(element, name=name, parameters=parameters), writer)

    # --- business knowledge models and expressions -------------------------------------------------------------------------

    def knowledge_model(self, model: BusinessKnowledgeModel, writer: FeelWriter) -> BusinessKnowledgeModel:
        """Return a business knowledge model whose logic is one expression; one without logic is null."""
        body = model.expression if model.kind == "FEEL" else None
        text, type_ = self.expression(body, model.type, writer)
        self.tell_table(model, writer)
        return replace(model, type=type_, expression=LiteralExpression(snippet(text)))

    def expression(self, expression: Expression | None, declared: Type, writer: FeelWriter) -> tuple[str, Type]:
        """Return an expression as FEEL, and the type that its element declares."""
        own = ANY if expression is None else unconstrained(expression.type)
        declared = unconstrained(declared)
        if declared == ANY:
            declared = own
        if isinstance(expression, LiteralExpression) and own in {ANY, declared}:
            text = writer.literal(expression)
            whole = expression.text.text.strip("\n")
            return whole if whole.strip() == text else text, declared
        return writer.text(expression, declared), declared

    def tell_table(self, element: Logic, writer: FeelWriter) -> None:
        """Tell where a table inside of an element became an expression."""
        if writer.has_table:
            self.diagnostics.append(diagnostic("interchange-table-inside", element.span, name=element.name))

    # --- decisions -----------------------------------------------------------------------------------------------------------

    def decision(self, decision: Decision, writer: FeelWriter) -> Decision:
        """Return a decision whose logic is a table or one expression."""
        if isinstance(decision.expression, DecisionTable):
            return self.table(decision, decision.expression, writer)
        text, type_ = self.expression(decision.expression, decision.type, writer)
        self.tell_table(decision, writer)
        return replace(decision, type=type_, expression=LiteralExpression(snippet(text)))

    def table(self, decision: Decision, table: DecisionTable, writer: FeelWriter) -> Decision:
        """Return a decision whose logic is a table: the type of its only output is that of the decision."""
        outputs = [replace(clause, type=unconstrained(clause.type), name=" ".join(clause.name.split())) for clause in table.outputs]
        declared = [unconstrained(each) for each in (decision.type, table.type) if each != ANY]
        if len(outputs) == 1 and table.hit_policy in SINGLE_HIT:
            declared = [*([] if outputs[0].type == ANY else [outputs[0].type]), *declared]
            outputs[0] = replace(outputs[0], type=declared[0] if declared else ANY)
            if any(each != declared[0] for each in declared):
                self.lost_type(decision)
        elif any(not _is_result_of(each, table) for each in declared):
            self.lost_type(decision)
        inputs = tuple(self.input_clause(clause, writer) for clause in table.inputs)
        rules = tuple(self.rule(rule, writer) for rule in table.rules)
        expression = replace(table, inputs=inputs, outputs=tuple(outputs), rules=rules)
        return replace(decision, type=outputs[0].type if len(outputs) == 1 else ANY, expression=expression)

    def lost_type(self, decision: Decision) -> None:
        """Tell that the declared type of a table's result is left out."""
        words = {"what": f"the type of its result, {unconstrained(decision.type)}", "what_zh": f"结果的类型 {unconstrained(decision.type)}"}
        self.diagnostics.append(diagnostic("interchange-lost", decision.span, name=decision.name, **words))

    def input_clause(self, clause: InputClause, writer: FeelWriter) -> InputClause:
        """Return an input clause; a type that its expression does not have anyway is written into the expression."""
        type_ = unconstrained(clause.type)
        text = writer.without_named_types(clause.expression.text.strip())
        typed = writer.typed(text, type_)
        is_same = typed == clause.expression.text.strip()
        return replace(clause, type=ANY, expression=clause.expression if is_same else snippet(typed))

    def rule(self, rule: Rule, writer: FeelWriter) -> Rule:
        """Return a rule with its number, where it kept one; a blank result is null."""
        kept = extensions.first(extensions.read(rule.notes), "rule")
        number = kept.attributes.get("number", "") if kept is not None else ""
        outputs = tuple(writer.cell(entry) if entry.text.strip() else replace(entry, text="null") for entry in rule.output_entries)
        return replace(
            rule,
            number=number or rule.number,
            input_entries=tuple(map(without_comments, rule.input_entries)),
            output_entries=tuple(map(without_comments, outputs)),
        )


def without_comments(cell: Snippet) -> Snippet:
    r"""Return a cell that means the same in one line: a comment up to the end of its line becomes one in brackets.

    >>> without_comments(snippet('1 // "one"\n+ 2')).text
    '1 /* "one" */\n+ 2'
    """
    if "//" not in cell.text:
        return cell
    text, place = "", 0
    while place < len(cell.text):
        if cell.text[place] == '"':
            end = _end_of_string(cell.text, place)
        elif cell.text.startswith("/*", place):
            end = (cell.text + "*/").find("*/", place) + 2
        elif cell.text.startswith("//", place):
            end = (cell.text + "\n").find("\n", place)
            text, place = f"{text}/* {cell.text[place + 2 : end].strip().replace('*/', '* /')} */", end
            continue
        else:
            end = place + 1
        text, place = text + cell.text[place:end], end
    return snippet(text)


def _end_of_string(text: str, place: int) -> int:
    """Return where the string that begins at a place ends."""
    place += 1
    while place < len(text) and text[place] != '"':
        place += 2 if text[place] == "\\" else 1
    return place + 1


def _is_result_of(declared: Type, table: DecisionTable) -> bool:
    """Say whether a declared type says no more of a table's result than its outputs do."""
    outputs = {clause.name: unconstrained(clause.type) for clause in table.outputs}
    inner = declared
    if table.hit_policy not in SINGLE_HIT and declared.name == "list" and declared.arguments:
        inner = declared.arguments[0]
    if len(outputs) == 1:
        return inner in {ANY, next(iter(outputs.values()))}
    return inner == ANY or all(outputs.get(name) == type_ for name, type_ in inner.fields)


def _imported(definitions: Definitions) -> Iterator[str]:
    """Yield what stands before the names of imported elements."""
    yield from (each.name for each in definitions.models if each.name)


def _entries(definitions: Definitions, elements: Iterable[Logic]) -> Iterator[str]:
    """Yield the names that may follow a dot: entries of types, of contexts and of tables."""
    waiting: list[object] = [*definitions.items, *(element.expression for element in elements)]
    while waiting:
        thing = waiting.pop()
        match thing:
            case ItemDefinition():
                yield thing.name
                waiting.extend(thing.components)
                continue
            case DecisionTable():
                yield from (clause.name for clause in thing.outputs if clause.name)
            case Relation():
                yield from (column.name for column in thing.columns)
            case Context():
                yield from (entry.variable.name for entry in thing.entries if entry.variable is not None)
        waiting.extend(_inside(thing))


def _inside(thing: object) -> Iterator[object]:
    """Yield what a part of an expression holds."""
    for name in getattr(thing, "__dataclass_fields__", ()):
        value = getattr(thing, name)
        for each in value if isinstance(value, tuple) else (value,):
            if hasattr(each, "__dataclass_fields__") and not isinstance(each, Source | Span | Snippet | Type):
                yield each


def texts_of(definitions: Definitions) -> Iterator[str]:
    """Yield every name and FEEL text in a model."""
    waiting: list[object] = [*definitions.decisions, *definitions.knowledge_models, *definitions.inputs, *definitions.items]
    while waiting:
        thing = waiting.pop()
        for name in getattr(thing, "__dataclass_fields__", ()):
            value = getattr(thing, name)
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, Snippet):
                    yield each.text
                elif isinstance(each, str):
                    yield each
                elif isinstance(each, tuple):
                    yield from (word for word in each if isinstance(word, str))
                elif hasattr(each, "__dataclass_fields__") and not isinstance(each, Source | Span | Type):
                    waiting.append(each)
