"""What a policy executes, as HTML: its decision tables, expressions and examples, each beside the law it stands for.

A cell shows the FEEL that runs, character for character; where it holds a large sum of yuan, the words of documents stand
below it (`>= 20000000`, ≥ 2,000 万元), so that a reader need not count zeros. Names lead to where they are defined.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from zhida.assess.examples import ExampleResult
from zhida.dmn.model import BusinessKnowledgeModel, Decision, DecisionTable, LiteralExpression, Rule
from zhida.errors import Language
from zhida.policy.document import Table
from zhida.policy.tangle import ARTICLE_COLUMN, OTHERWISE
from zhida.report.conditions import gloss_test
from zhida.report.page import Markup, element, join
from zhida.report.prose import render_line
from zhida.report.weave_coverage import DecisionCoverage, example_anchor, fired_cell, line_marks
from zhida.report.words import HIT_POLICIES, choose, format_type, word
from zhida.source import Snippet
from zhida.values.types import ANY

STRING = r'"(?:\\.|[^"\\])*"'
"""A text in FEEL; names inside of it are no names."""


WHOLE = 14
"""Characters of a cell that are not broken over two lines."""

WHOLE_ARTICLE = 9
"""Characters of an article's number that are not broken over two lines."""

HEAD_CLASSES = {"bold": "output", "italic": "note"}
"""How a heading of an examples table looks, by its emphasis."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names that stand for something on the page, and where."""

    anchors: Mapping[str, str]
    """The anchor of each name."""
    units: Mapping[str, str]
    """The unit of each attribute, parameter and decision that has one."""

    def linked(self, code: str) -> Markup:
        """Return FEEL with each known name as a link."""
        if not self.anchors:
            return _breakable(code)
        longest_first = sorted(self.anchors, key=len, reverse=True)
        pattern = re.compile(rf"{STRING}|(?<![\w.])(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
        parts: list[str] = []
        end = 0
        for found in pattern.finditer(code):
            parts.append(_breakable(code[end : found.start()]))
            anchor = self.anchors.get(found[0])
            parts.append(element("a", found[0], href=f"#{anchor}") if anchor else found[0])
            end = found.end()
        return join([*parts, _breakable(code[end:])])


def _breakable(code: str) -> Markup:
    """Return FEEL that may be broken behind a comma, which a browser would not do by itself."""
    return join(code.split(","), Markup(",<wbr>"))


def anchor(kind: str, name: str) -> str:
    """Return the id of a place on the page.

    >>> anchor("decision", "企业 规模")
    'decision-企业-规模'
    """
    return f"{kind}-" + re.sub(r"[^\w（）〔〕.]+", "-", name).strip("-")


# --- decision tables -----------------------------------------------------------------------------------------------


def decision_table(
    decision: Decision, table: DecisionTable, names: Names, language: Language, shown: DecisionCoverage | None = None
) -> Markup:
    """Return a decision table: a row for each rule, with the article it rests on, and the examples in which it fires.

    Args:
        decision: The decision.
        table: Its table.
        names: What leads where.
        language: Of the words around it.
        shown: What examples show of it; None where that is not told.
    """
    notes = [note for note in _annotations(table) if note != ARTICLE_COLUMN]
    caption = element(
        "caption",
        element("strong", decision.name, class_="decision"),
        _type_badge(decision, language),
        element("span", f"{table.hit_policy.value} {word(HIT_POLICIES, table.hit_policy.value, language)}", class_="badge"),
    )
    head = element(
        "tr",
        element("th", choose(language, "规则", "Rule"), scope="col", class_="rule"),
        *(
            element("th", names.linked(clause.expression.text), line_marks(shown, None, column, language), scope="col")
            for column, clause in enumerate(table.inputs)
        ),
        *(element("th", clause.name or decision.name, scope="col", class_="output") for clause in table.outputs),
        element("th", choose(language, "依据", "Article"), scope="col", class_="article"),
        *(element("th", note, scope="col", class_="note") for note in notes),
        *([element("th", choose(language, "触发的例", "Examples"), scope="col", class_="fired")] if shown else []),
    )
    rows = []
    units = _units(decision, table, names)
    before = ""
    for place, rule in enumerate(table.rules):
        marks = [line_marks(shown, place, column, language) for column in range(len(rule.input_entries))]
        cells = _rule_cells(rule, units, notes, names, language, marks)
        cells += [fired_cell(shown, place, language)] if shown else []
        is_first = rule.article != before
        rows.append(element("tr", *cells, id=anchor("rule", f"{decision.name}-{rule.number}"), class_="first" if is_first else ""))
        before = rule.article
    if any(clause.default is not None for clause in table.outputs):
        rows.append(_otherwise(table, notes, names, language, shown))
    allowed = [_allowed_row(table, len(notes) + (1 if shown else 0), language)] if any(_allowed(table)) else []
    return element(
        "table",
        caption,
        element("thead", head, *allowed),
        element("tbody", *rows),
        class_="rules",
        id=anchor("decision", decision.name),
    )


def column_count(table: DecisionTable) -> int:
    """Return how many columns a decision table takes on the page."""
    return len(table.inputs) + len(table.outputs) + len(set(_annotations(table)) - {ARTICLE_COLUMN}) + 2


def _annotations(table: DecisionTable) -> list[str]:
    return list(dict.fromkeys(name for rule in table.rules for name in rule.annotations))


def _type_badge(element_: Decision | BusinessKnowledgeModel, language: Language) -> Markup:
    if element_.type is ANY:
        return Markup()
    return element("span", format_type(element_.type, language), class_="badge")


def _units(decision: Decision, table: DecisionTable, names: Names) -> list[str]:
    """Return the unit of each column, inputs first; empty where it has none."""
    asked = [clause.expression.text for clause in table.inputs] + [clause.name or decision.name for clause in table.outputs]
    return [names.units.get(name, "") for name in asked]


def _rule_cells(  # noqa: PLR0913, PLR0917 - all that a row shows
    rule: Rule, units: list[str], notes: list[str], names: Names, language: Language, marks: list[Markup]
) -> list[Markup]:
    cells = [element("th", rule.number, scope="row", class_="rule")]
    for entry, unit, mark in zip(rule.input_entries, units, marks, strict=False):
        if entry.text == "-":
            cells.append(element("td", "–", class_="any", title=choose(language, "不论", "any")))
        else:
            cells.append(element("td", _cell(entry, unit, names, language, mark)))
    for entry, unit in zip(rule.output_entries, units[len(rule.input_entries) :], strict=True):
        cells.append(element("td", _cell(entry, unit, names, language), class_="output"))
    cells.append(element("td", rule.article, class_="article whole" if len(rule.article) <= WHOLE_ARTICLE else "article"))
    cells += [element("td", render_line(rule.annotations.get(note, "")), class_="note") for note in notes]
    return cells


def _cell(entry: Snippet, unit: str, names: Names, language: Language, mark: Markup = Markup()) -> Markup:  # noqa: B008 - nothing
    code = element("code", names.linked(entry.text), class_="whole" if len(entry.text) <= WHOLE else "")
    gloss = gloss_test(entry.text, language) if unit == "元" else ""
    return join([code, mark, element("span", gloss, class_="gloss")]) if gloss else join([code, mark])


def _otherwise(table: DecisionTable, notes: list[str], names: Names, language: Language, shown: DecisionCoverage | None) -> Markup:
    """Return the row of what holds where no rule matches."""
    any_input = [element("td", "–", class_="any") for _ in table.inputs]
    defaults = [
        element("td", element("code", names.linked(clause.default.text)) if clause.default else "", class_="output")
        for clause in table.outputs
    ]
    rest = [element("td", "") for _ in range(len(notes) + 1)]
    return element(
        "tr",
        element("th", choose(language, OTHERWISE, "else"), scope="row", class_="rule"),
        *any_input,
        *defaults,
        *rest,
        *([fired_cell(shown, len(table.rules), language)] if shown else []),
        class_="first otherwise",
    )


def _allowed(table: DecisionTable) -> list[Snippet | None]:
    return [clause.allowed_values for clause in table.inputs] + [clause.allowed_values for clause in table.outputs]


def _allowed_row(table: DecisionTable, notes: int, language: Language) -> Markup:
    """Return the row of allowed values, those of an output in their priority."""
    cells = [element("td", element("code", _breakable(values.text)) if values else "") for values in _allowed(table)]
    rest = [element("td", "") for _ in range(notes + 1)]
    return element("tr", element("td", choose(language, "取值", "values"), class_="rule"), *cells, *rest, class_="allowed")


# --- expressions ---------------------------------------------------------------------------------------------------


def literal_expression(decision: Decision, expression: LiteralExpression, names: Names, language: Language) -> Markup:
    """Return a decision that is one expression."""
    head = (element("strong", decision.name, class_="decision"), _type_badge(decision, language))
    return _expression(anchor("decision", decision.name), head, expression, names)


def knowledge_model(model: BusinessKnowledgeModel, names: Names, language: Language) -> Markup:
    """Return a function with its parameters."""
    parameters = [f"{name}: {type_}" if type_ is not ANY else name for name, type_ in model.parameters]
    head = (
        element("strong", model.name, class_="decision"),
        element("code", f"({', '.join(parameters)})"),
        _type_badge(model, language),
        element("span", choose(language, "算法", "function"), class_="badge"),
    )
    assert isinstance(model.expression, LiteralExpression), "policies write functions as one expression"
    return _expression(anchor("decision", model.name), head, model.expression, names)


def _expression(id_: str, head: tuple[Markup, ...], expression: LiteralExpression, names: Names) -> Markup:
    code = element("pre", element("code", names.linked(expression.text.text)))
    return element("div", element("div", *head, class_="name"), code, class_="expression", id=id_)


# --- examples ------------------------------------------------------------------------------------------------------


def examples_table(block: Table, results: Mapping[int, ExampleResult], language: Language) -> Markup:
    """Return a table of examples, each marked as passed or failed; what failed says how.

    Args:
        block: The table.
        results: What came out, by the offset at which the example stands in its source.
        language: Of the words around it.
    """
    head = element(
        "tr",
        element("th", choose(language, "例", "Example"), scope="col"),
        element("th", choose(language, "结论", "Came out"), scope="col", class_="mark"),
        *(element("th", cell.text, scope="col", class_=HEAD_CLASSES.get(cell.style, "")) for cell in block.header[1:]),
    )
    rows: list[Markup] = []
    for row in block.rows:
        result = results.get(row[0].span.start)
        cells = [
            element("td", render_line(cell.text))
            if head_.style == "italic"
            else element("td", _example_value(cell.text), class_="output" if head_.style == "bold" else "")
            for head_, cell in zip(block.header[1:], row[1:], strict=True)
        ]
        failed = result is not None and not result.passed
        rows.append(
            element(
                "tr",
                element("th", row[0].text, scope="row"),
                _mark(result, language),
                *cells,
                class_="failed" if failed else "",
                id=example_anchor(row[0].text),
            )
        )
        if result is not None and failed:
            said = [element("p", item.message(language)) for item in result.diagnostics]
            rows.append(element("tr", element("td", *said, colspan=str(len(block.header) + 1)), class_="failed why"))
    return element("table", element("thead", head), element("tbody", *rows), class_="examples")


def _example_value(text: str) -> Markup:
    return element("code", text) if text else Markup()


def _mark(result: ExampleResult | None, language: Language) -> Markup:
    if result is None:
        return element("td", choose(language, "未运行", "not run"), class_="mark quiet")
    if result.passed:
        return element("td", choose(language, "✓ 相符", "✓ as expected"), class_="mark good")
    return element("td", choose(language, "✗ 不符", "✗ otherwise"), class_="mark bad")


def plain_table(block: Table) -> Markup:
    """Return a table that is there for readers only."""
    head = element("tr", *(element("th", render_line(cell.text), scope="col") for cell in block.header))
    rows = (element("tr", *(element("td", render_line(cell.text)) for cell in row)) for row in block.rows)
    return element("table", element("thead", head), element("tbody", *rows), class_="plain")
