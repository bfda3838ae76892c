"""Markdown in pieces, and the Markdown of decisions: what every way in and out of a policy shares.

    PolicyDocument ──cut──> pieces ──join──> the same text
    Decision, BusinessKnowledgeModel ──decision_text, knowledge_text──> a table or a fenced block, in its plainest form

A piece is a block as it stands, with the line feeds before it; cutting and joining is identity. The plainest form of a
table has one blank at each side of a cell, its inputs before its outputs and its annotations last.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zhida.dmn.model import BusinessKnowledgeModel, Decision, DecisionTable, HitPolicy, LiteralExpression, OutputClause
from zhida.policy.document import ARTICLE_HEADING, GAP, Block, Fence, Heading, PolicyDocument, Prose, Quote, Table
from zhida.policy.tangle import EXAMPLE_WORDS, OTHERWISE, TangledPolicy
from zhida.source import Source
from zhida.values.types import ANY, Type

Logic = Decision | BusinessKnowledgeModel

BETWEEN = 2
"""Line feeds between two pieces, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a Markdown text as it stands."""

    kind: str
    """`front`, `article`, `heading`, `prose`, `quote`, `decision`, `knowledge`, `examples`, `table`, `fence` or `raw`."""
    text: str
    """The text without the line feeds around it; of the front matter, what stands between its lines of dashes."""
    before: int = BETWEEN
    """Line feeds before it."""
    block: Block | None = None
    """The block that it is; None for the front matter and for what is no block."""
    logic: Logic | None = None
    """The decision or business knowledge model that it holds."""
    start: int = 0
    """Where it begins in the source."""


def cut(document: PolicyDocument, tangled: TangledPolicy) -> list[Piece]:
    """Return a policy's text in pieces.

    Args:
        document: Its blocks.
        tangled: What they execute.
    """
    source = document.source
    logic = _by_place(tangled)
    pieces: list[Piece] = []
    end = 0
    if front := _front(source):
        pieces.append(Piece("front", front[0], 0))
        end = front[1]
    for block in document.blocks:
        start, last = block.span.start, _end(block, source)
        if last <= end:
            continue  # the line that justifies a gap, which is prose as well
        if start < end:
            start = end + len(source.text[end:last]) - len(source.text[end:last].lstrip("\n"))
        pieces.extend(_between(source, end, start, is_first=not pieces))
        before = _line_feeds(source, start) if pieces else 0
        found = logic.get(_place(block))
        pieces.append(Piece(_kind(block, found), source.text[start:last], before, block, found, start))
        end = last
    pieces.extend(_between(source, end, len(source.text), is_first=not pieces))
    return pieces


def join(pieces: Iterable[tuple[str, int]]) -> str:
    r"""Return texts, each with its line feeds before it, as one that ends in a line feed.

    >>> join([("a", 0), ("b", 2)])
    'a\n\nb\n'
    """
    return "".join("\n" * before + text for text, before in pieces).lstrip("\n") + "\n"


def front_text(text: str) -> str:
    """Return a front matter with its lines of dashes."""
    return f"---\n{text}\n---"


def _front(source: Source) -> tuple[str, int] | None:
    """Return what stands between the dashes at the top, and where the second line of dashes ends."""
    if source.line(1).rstrip() != "---":
        return None
    last = next((n for n in range(2, source.line_count + 1) if source.line(n).rstrip() == "---"), None)
    if last is None:
        return None
    end = source.line_start(last)
    return source.text[source.line_start(2) : end].rstrip("\n"), end + len(source.line(last))


def _by_place(tangled: TangledPolicy) -> dict[int, Logic]:
    """Return decisions and business knowledge models by where their logic begins."""
    found: dict[int, Logic] = {}
    every: tuple[Logic, ...] = (*tangled.decisions, *tangled.knowledge_models)
    for each in every:
        match each.expression:
            case DecisionTable():
                found[each.expression.span.start] = each
            case LiteralExpression():
                found[each.expression.text.start] = each
    return found


def _place(block: Block) -> int:
    return block.body.start if isinstance(block, Fence) else block.span.start


def _end(block: Block, source: Source) -> int:
    """Return where a block ends; a line that justifies the gap of a table belongs to the table."""
    if not isinstance(block, Table) or not block.gap_reason:
        return block.span.end
    found = GAP.search(source.text, block.span.end)
    assert found is not None, "the reason was read from there"
    end = source.text.find("\n", found.start(1))
    return len(source.text) if end < 0 else end


def _kind(block: Block, logic: Logic | None) -> str:
    match block:
        case Table() | Fence() if logic is not None:
            return "decision" if isinstance(logic, Decision) else "knowledge"
        case Table():
            return "examples" if block.header and block.header[0].text in EXAMPLE_WORDS else "table"
        case Heading():
            return "article" if ARTICLE_HEADING.match(block.text) else "heading"
        case Quote():
            return "quote"
        case Prose():
            return "prose"
    return "fence"


def _between(source: Source, start: int, end: int, *, is_first: bool) -> Iterator[Piece]:
    """Yield what stands between two blocks and is none: a comment. A gap's line stood in the prose behind its table."""
    text = source.text[start:end]
    if text.strip():
        before = 0 if is_first else len(text) - len(text.lstrip("\n"))
        yield Piece("raw", text.strip("\n"), before, start=start + len(text) - len(text.lstrip("\n")))


def _line_feeds(source: Source, start: int) -> int:
    return len(source.text[:start]) - len(source.text[:start].rstrip("\n"))


# --- decisions to Markdown -----------------------------------------------------------------------------------------------


def decision_text(decision: Decision, otherwise: Mapping[str, str] | None = None, gap_reason: str = "") -> str:
    """Return the table or fenced block of a decision whose logic is a decision table or FEEL.

    Args:
        decision: The decision; its types are spelled as Markdown spells them.
        otherwise: Words in the annotation columns of the row of defaults, by the name of the column.
        gap_reason: Why some inputs match no rule.
    """
    if isinstance(decision.expression, DecisionTable):
        text = table_text(table_rows(decision, otherwise or {}))
        return f"{text}\n\n缺口: {gap_reason}" if gap_reason else text
    assert isinstance(decision.expression, LiteralExpression), "boxed expressions were made FEEL before"
    return fence_text(f"{decision.name}{_typed(decision.type)}", decision.expression.text.text)


def knowledge_text(model: BusinessKnowledgeModel) -> str:
    """Return the fenced block of a business knowledge model whose logic is FEEL."""
    assert isinstance(model.expression, LiteralExpression), "boxed expressions were made FEEL before"
    return fence_text(f"{model.name}({parameters_text(model)}){_typed(model.type)}", model.expression.text.text)


def parameters_text(model: BusinessKnowledgeModel) -> str:
    """Return the parameters of a business knowledge model as they stand in the head of its block."""
    return ", ".join(f"{name}{_typed(type_)}" for name, type_ in model.parameters)


def _typed(type_: Type) -> str:
    return "" if type_ == ANY else f": {type_}"


def fence_text(head: str, body: str) -> str:
    """Return a fenced block of FEEL."""
    longest = max((len(marks) for marks in re.findall(r"^\s*(`{3,})", body, re.MULTILINE)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}feel {head}\n{body}\n{fence}"


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in its plainest form; the first row is its header.

    >>> print(table_text([["F", "a"], ["1", ""]]))
    | F | a |
    |---|---|
    | 1 | |
    """
    header, *rest = ("|" + "".join(f" {cell} |" if cell else " |" for cell in map(_cell, row)) for row in rows)
    return "\n".join((header, "|" + "---|" * len(rows[0]), *rest))


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text.strip()).replace("|", "\\|")


def table_rows(decision: Decision, otherwise: Mapping[str, str]) -> list[list[str]]:
    """Return the cells of a decision table as they stand in Markdown, unescaped; the first row is its header."""
    table = decision.expression
    assert isinstance(table, DecisionTable)
    annotations = annotation_columns(table, otherwise)
    header = [corner(decision, table), *(_input_head(clause.expression.text) for clause in table.inputs)]
    header += [f"**{_output_head(clause, decision)}**" for clause in table.outputs]
    rows = [[*header, *(f"*{name}*" for name in annotations)]]
    allowed = [clause.allowed_values.text if clause.allowed_values else "" for clause in table.inputs]
    listed = [_listed(clause) for clause in table.outputs]
    blank = [""] * len(annotations)
    if any(allowed) or any(listed):
        rows.append(["", *allowed, *listed, *blank])
    for rule in table.rules:
        cells = [cell.text for cell in (*rule.input_entries, *rule.output_entries)]
        rows.append([rule.number, *cells, *(rule.annotations.get(name, "") for name in annotations)])
    defaults = [clause.default.text if clause.default else "" for clause in table.outputs]
    if any(defaults) or otherwise:
        rows.append([OTHERWISE, *("-" for _ in table.inputs), *defaults, *(otherwise.get(name, "") for name in annotations)])
    return rows


def annotation_columns(table: DecisionTable, otherwise: Mapping[str, str]) -> list[str]:
    """Return the names of the annotation columns of a table, in order."""
    named = (*table.annotation_names, *(name for rule in table.rules for name in rule.annotations), *otherwise)
    return list(dict.fromkeys(named))


def corner(decision: Decision, table: DecisionTable) -> str:
    """Return what stands in the corner of a table: its hit policy and, where no single output says it, the decision's name."""
    says_it = len(table.outputs) == 1 and table.outputs[0].name in {"", decision.name}
    return table.hit_policy.value if says_it else f"{table.hit_policy.value} {decision.name}"


SINGLE_HIT = (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST)
"""Hit policies whose single output has the type of the decision."""


def _output_head(clause: OutputClause, decision: Decision) -> str:
    return f"{clause.name or decision.name}{_typed(clause.type)}"


def _input_head(text: str) -> str:
    """Return the head of an input column; what would be taken for emphasis stands in parentheses."""
    return f"({text})" if re.fullmatch(r"([*_]).+\1", text.strip(), re.DOTALL) else text


def _listed(clause: OutputClause) -> str:
    """Return the allowed values of an output; a single one is said twice, or it would be taken for a result."""
    text = clause.allowed_values.text.strip() if clause.allowed_values else ""
    is_single = text and not re.search(r",|\.\.|^[<>]|^not\b", re.sub(r'"(?:[^"\\]|\\.)*"', '""', text))
    return f"{text}, {text}" if is_single else text
