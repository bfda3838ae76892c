"""Blocks to decisions: what a policy document executes.

    tables, fenced blocks ──> decisions, business knowledge models      each keeps its article
    tables of 例           ──> examples
    quotes of 待确认        ──> caveats

What each kind of table is, is told by its top-left cell: a hit policy, `例`, or something else (a table for readers).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from zhida.dmn.model import (
    BusinessKnowledgeModel,
    Decision,
    DecisionTable,
    HitPolicy,
    InputClause,
    LiteralExpression,
    OutputClause,
    Rule,
)
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.document import ARTICLE_HEADING, Cell, Fence, Heading, PolicyDocument, Quote, Table
from zhida.policy.front_matter import FrontMatter, read_front_matter
from zhida.policy.naming import name_faults
from zhida.source import Snippet, Span
from zhida.values.types import ANY, SIMPLE_TYPES, Type, parse_type

ARTICLE_COLUMN = "依据"
"""The annotation column that overrides the article of a rule."""
OTHERWISE = "否则"
"""The first cell of the row that holds default outputs."""
EXAMPLE_WORDS = ("例", "Example")
"""Top-left cells of a table of examples."""
OUTCOME_COLUMN = "结果"
"""The bold column of an examples table that expects an outcome."""
AS_OF_COLUMN = "评估日"
"""The column of an examples table that sets `as_of`."""
CAVEAT = "待确认"
"""What a quote begins with that is a caveat."""
SETTLED_BY = re.compile(r"^\s*[*_]{0,3}核对[*_]{0,3}\s*[:：]\s*[*_]{0,3}\s*", re.MULTILINE)
"""What the line of a caveat begins with that says what would settle it."""
CORNER = re.compile(r"(C[+<>#]|[UAPFROC])(?:\s+([^\s+<>#].*))?")
"""The corner of a decision table: its hit policy, and the name of the decision."""
CORNER_WORDS = (
    dict.fromkeys(("例", "例子", "例如", "样例", "示例", "例表"), "例")
    | dict.fromkeys(("example", "examples"), "Example")
    | {letter.lower(): letter for letter in ("U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#")}
    | {"unique": "U", "any": "A", "priority": "P", "first": "F", "rule order": "R", "output order": "O", "collect": "C"}
)
"""What is likely to stand in the corner of a table, in small letters, and how it is written."""


MAX_LEVEL = 6
"""The lowest level of a heading."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row of an examples table: what is given and what is expected."""

    id: str
    """Its first cell, as `19#4`."""
    inputs: Mapping[str, Snippet]
    """Given values by name; `?` stands for unknown."""
    expectations: Mapping[str, Snippet]
    """Expected values by name; `结果` expects an outcome."""
    columns: tuple[Cell, ...]
    """The headers of its inputs and expectations, filled in or not."""
    as_of: Snippet | None
    """The date, where a column sets it."""
    span: Span
    """The row."""


@dataclass(frozen=True, slots=True)
class Caveat:
    """A reservation: kept with its article and shown wherever something rests on it."""

    text: str
    """What is to be confirmed."""
    settled_by: str
    """What would settle it: a document, an office, an answer; empty where it does not say."""
    span: Span
    """Where it stands; its article is the one it is about."""
    section: Span | None = None
    """The stretch of text under its heading, which holds the decisions it is about; None where it is about the whole document."""

    def is_about(self, place: Span) -> bool:
        """Say whether it is about what stands at `place`."""
        return self.section is None or self.section.start <= place.start < self.section.end


@dataclass(frozen=True, slots=True)
class Article:
    """An article of the document."""

    number: str
    """`第三条`, `Article 3`; behind the name of its document where the policy rests on several."""
    heading: str
    """The words of its heading."""
    span: Span
    """The heading."""


@dataclass(frozen=True, slots=True)
class TangledPolicy:
    """What a policy document executes."""

    front: FrontMatter
    """What it says of itself."""
    decisions: tuple[Decision, ...]
    """Decisions, in the order of the text."""
    knowledge_models: tuple[BusinessKnowledgeModel, ...]
    """Business knowledge models."""
    examples: tuple[Example, ...]
    """Examples."""
    caveats: tuple[Caveat, ...]
    """Reservations."""
    articles: tuple[Article, ...]
    """Articles, in the order of the text."""
    headings: tuple[Heading, ...]
    """Headings, those of articles among them, in the order of the text."""
    diagnostics: tuple[Diagnostic, ...]
    """What could not be read."""

    def section_at(self, place: Span) -> str:
        """Return the words of the heading that something stands under; empty at the head of the document."""
        above = [heading.text for heading in self.headings[1:] if heading.span.start <= place.start]
        return above[-1] if above else ""


APPLIES = "applies"
"""The name, in its id, of the decision that the front matter's `applies` makes."""


def tangle(document: PolicyDocument) -> TangledPolicy:
    """Return the decisions, examples and caveats of a policy document.

    Args:
        document: What `zhida.policy.document.parse` returned.
    """
    return _Tangler(document).tangle()


class _Tangler:
    """Goes through the blocks once."""

    def __init__(self, document: PolicyDocument) -> None:
        self.document = document
        self.diagnostics: list[Diagnostic] = list(document.diagnostics)
        self.front = read_front_matter(document, self.diagnostics)
        self.decisions: list[Decision] = []
        self.knowledge_models: list[BusinessKnowledgeModel] = []
        self.examples: list[Example] = []

    def tangle(self) -> TangledPolicy:
        """Read every block."""
        caveats = []
        articles = []
        if self.front.applies is not None:
            text = self.front.applies
            self.decisions.append(Decision(self.id(APPLIES), APPLIES, ANY, LiteralExpression(text), text.span()))
        for block in self.document.blocks:
            match block:
                case Table():
                    self.table(block)
                case Fence():
                    self.fence(block)
                case Quote():
                    words = caveat_words(block.text)
                    if words is not None:
                        caveats.append(Caveat(*split_caveat(words), block.span))
                    elif CAVEAT in block.text:
                        self.diagnostics.append(diagnostic("policy-caveat-place", block.span))
                case Heading() if ARTICLE_HEADING.match(block.text):
                    articles.append(Article(block.span.article, block.text, block.span))
        return TangledPolicy(
            self.front,
            tuple(self.decisions),
            tuple(self.knowledge_models),
            tuple(self.examples),
            tuple(replace(each, section=self.section_of(each.span)) for each in caveats),
            tuple(articles),
            tuple(block for block in self.document.blocks if isinstance(block, Heading)),
            tuple(self.diagnostics),
        )

    def section_of(self, span: Span) -> Span | None:
        """Return the stretch under the nearest heading above that holds a decision; None at the head of the document, or without one.

        A section ends at the next heading of its level or above; what stands in a section without any rule is about the one around it.
        An article of which no rule makes anything stays by itself: no answer rests on it.
        """
        headings = [block for block in self.document.blocks if isinstance(block, Heading)]
        elements = [each.span for each in self.decisions] + [each.span for each in self.knowledge_models]
        found, level = None, MAX_LEVEL + 1
        for place, heading in reversed([*enumerate(headings)][1:]):
            if heading.span.start > span.start or heading.level >= level:
                continue
            level = heading.level
            below = (each.span.start for each in headings[place + 1 :] if each.level <= level)
            section = replace(span, start=heading.span.start, end=next(below, len(span.source.text)))
            if any(section.start <= each.start < section.end for each in elements):
                return section
            found = found or section
        return found if span.article and all(each.article != span.article for each in elements) else None

    def id(self, name: str) -> str:
        """Return the id of an element of this policy."""
        return f"{self.front.policy}#{name}"

    # --- fenced blocks -------------------------------------------------------------------------------------------

    def fence(self, block: Fence) -> None:
        """Read a literal expression or a business knowledge model; other languages are for readers."""
        info = block.info.text
        found = re.match(r"feel\b\s*", info, re.IGNORECASE)
        if found is None:
            return
        head = re.fullmatch(r"([^(:]+)(?:\((.*)\)\s*)?(?::(.+))?", info[found.end() :])
        if head is None:
            self.diagnostics.append(diagnostic("policy-fence-info", block.info.span(), found=info))
            return
        name, parameters, type_name = (part and part.strip() for part in head.groups())
        type_ = self.type(type_name, block.info, info.rfind(type_name)) if type_name else ANY
        start = found.end()
        span = block.info.span(start, start + len(name))
        self.declare(name, span)
        expression = LiteralExpression(block.body)
        if parameters is None:
            self.decisions.append(Decision(self.id(name), name, type_, expression, span))
            return
        declared = []
        for part in re.finditer(r"\s*([^:,]+?)\s*(?::\s*((?:[^,<]|<[^>]*>)+?))?\s*(?:,|$)", parameters):
            place = start + info[start:].find("(") + 1 + part.start(2) if part[2] else 0
            declared.append((part[1], self.type(part[2], block.info, place) if part[2] else ANY))
            self.declare(part[1], block.info.span())
        self.knowledge_models.append(BusinessKnowledgeModel(self.id(name), name, tuple(declared), type_, expression, span))

    def declare(self, name: str, span: Span) -> None:
        """Check the spelling of a name; the reserved name of the date is told when decisions are compiled."""
        self.diagnostics.extend(item for item in name_faults(name, span) if item.code != "dmn-reserved-name")

    def type(self, name: str, snippet: Snippet, start: int) -> Type:
        """Return the type that a text names, or `Any` with a complaint."""
        type_ = parse_type(name)
        if type_ is None:
            near = nearest(name, SIMPLE_TYPES)
            self.diagnostics.append(diagnostic("feel-unknown-type", snippet.span(start, start + len(name)), name=name, near=near))
            return ANY
        return type_

    # --- tables --------------------------------------------------------------------------------------------------

    def table(self, block: Table) -> None:
        """Read a decision table or a table of examples; others are for readers, but none that looks like one of these."""
        corner = block.header[0].text.replace("\\", "")
        letters = CORNER.fullmatch(corner)
        has_output = any(cell.style == "bold" for cell in block.header[1:])
        if corner in EXAMPLE_WORDS:
            self.example_table(block)
        elif letters and has_output:
            self.decision_table(block, HitPolicy(letters[1]), letters[2] or "")
        elif letters:
            self.diagnostics.append(diagnostic("policy-no-output", block.header[0].span, name=corner))
        elif (near := near_corner(corner)) or has_output:
            self.diagnostics.append(diagnostic("policy-corner", block.header[0].span, found=corner, near=near))

    def decision_table(self, block: Table, hit_policy: HitPolicy, name: str) -> None:
        """Read a decision table."""
        kinds = [cell.style for cell in block.header]
        inputs = [place for place, kind in enumerate(kinds) if kind == "plain" and place > 0]
        outputs = [place for place, kind in enumerate(kinds) if kind == "bold" and place > 0]
        self.one_column_each(block.header[1:])
        rows = list(block.rows)
        allowed = rows.pop(0) if rows and self.is_allowed_values(rows[0], inputs, outputs) else None
        otherwise = rows.pop() if rows and rows[-1][0].text == OTHERWISE else None
        self.otherwise_rows(rows, otherwise, [(place, block.header[place]) for place in inputs])
        self.one_number_each(rows)
        heads = [self.output_head(block.header[place]) for place in outputs]
        if not name:
            name = heads[0][0] if len(heads) == 1 else ""
        else:
            self.declare(name, block.header[0].span)
        if not name:
            self.diagnostics.append(diagnostic("policy-table-name", block.header[0].span))
            return
        if len(heads) > 1 and hit_policy.value in {"C+", "C<", "C>", "C#"}:
            self.diagnostics.append(diagnostic("policy-many-aggregated", block.header[0].span, name=name, hit_policy=hit_policy.value))
        clauses = tuple(InputClause(block.header[place].snippet, allowed_values=_stated(allowed, place)) for place in inputs)
        results = tuple(
            OutputClause(head, type_, _stated(allowed, place), _stated(otherwise, place) if otherwise else None, block.header[place].span)
            for place, (head, type_) in zip(outputs, heads, strict=True)
        )
        rules = tuple(self.rule(row, number, block.header) for number, row in enumerate(rows, 1) if row[0].text != OTHERWISE)
        table = DecisionTable(hit_policy, clauses, results, rules, block.span, block.gap_reason)
        type_ = heads[0][1] if len(heads) == 1 and hit_policy.value in {"U", "A", "P", "F"} else ANY
        self.decisions.append(Decision(self.id(name), name, type_, table, block.header[outputs[0] if len(outputs) == 1 else 0].span))

    def one_column_each(self, header: Iterable[Cell]) -> None:
        """Complain of two columns of one kind and one name."""
        seen: set[tuple[str, str]] = set()
        for cell in header:
            name = cell.text.partition(":")[0].strip() if cell.style == "bold" else cell.text
            if name and (cell.style, name) in seen:
                self.diagnostics.append(diagnostic("policy-duplicate-column", cell.span, name=name))
            seen.add((cell.style, name))

    def one_number_each(self, rows: Iterable[tuple[Cell, ...]]) -> None:
        """Complain of two rules of one number."""
        seen: set[str] = set()
        for row in rows:
            number = row[0].text
            if number and number != OTHERWISE and number in seen:
                self.diagnostics.append(diagnostic("policy-duplicate-rule", row[0].span, number=number))
            seen.add(number)

    def is_allowed_values(self, row: tuple[Cell, ...], inputs: Iterable[int], outputs: Iterable[int]) -> bool:
        """Say whether a first row lists allowed values: one with nothing but single results is a rule that lost its number."""
        results = [row[place].text for place in outputs if row[place].text not in {"", "-"}]
        limits = any(row[place].text not in {"", "-"} for place in inputs) and not results
        return not row[0].text and (limits or any(_lists_values(text) for text in results))

    def otherwise_rows(
        self, rows: Iterable[tuple[Cell, ...]], otherwise: tuple[Cell, ...] | None, inputs: Iterable[tuple[int, Cell]]
    ) -> None:
        """Check that the row of defaults is the last one and tests nothing."""
        for row in rows:
            if row[0].text == OTHERWISE:
                self.diagnostics.append(diagnostic("policy-otherwise-place", row[0].span))
        for place, head in inputs if otherwise else ():
            if otherwise and otherwise[place].text not in {"", "-"}:
                cell = otherwise[place]
                self.diagnostics.append(diagnostic("policy-otherwise-cell", cell.span, value=cell.text, column=head.text))

    def output_head(self, cell: Cell) -> tuple[str, Type]:
        """Return the name and type of an output column."""
        name, colon, type_name = cell.text.partition(":")
        self.declare(name.strip(), cell.span)
        if not colon:
            return cell.text, ANY
        start = len(name) + 1 + len(type_name) - len(type_name.lstrip())
        return name.strip(), self.type(type_name.strip(), cell.snippet, start)

    def rule(self, row: tuple[Cell, ...], number: int, header: tuple[Cell, ...]) -> Rule:
        """Read one row of a decision table; an empty cell, or a rule without a number, is a complaint."""
        inputs: list[Snippet] = []
        outputs: list[Snippet] = []
        annotations: dict[str, str] = {}
        for head, cell in zip(header[1:], row[1:], strict=True):
            if head.style == "italic":
                annotations |= {head.text: cell.text} if cell.text else {}
                continue
            (outputs if head.style == "bold" else inputs).append(self.entry(cell, head))
        span = Span(row[0].span.source, row[0].span.start, row[-1].span.end, row[0].span.article)
        if not row[0].text:
            self.diagnostics.append(diagnostic("policy-rule-number", span))
        article = annotations.get(ARTICLE_COLUMN) or row[0].span.article
        return Rule(row[0].text or str(number), tuple(inputs), tuple(outputs), annotations, article, span)

    def entry(self, cell: Cell, head: Cell) -> Snippet:
        """Return what stands in an entry of a rule; an empty one is a complaint, and from then on any value, or null."""
        if cell.text:
            return cell.snippet
        hint, hint_zh, text = "'-' stands for any value", "任意值请写“-”", "-"
        if head.style == "bold":
            hint, hint_zh, text = "write null where there is no result", "没有结果请写 null", "null"
        self.diagnostics.append(diagnostic("policy-empty-cell", cell.span, column=head.text, hint=hint, hint_zh=hint_zh))
        return replace(cell.snippet, text=text)

    def example_table(self, block: Table) -> None:
        """Read a table of examples."""
        self.one_column_each(cell for cell in block.header[1:] if cell.style != "italic")
        for row in block.rows:
            span = Span(row[0].span.source, row[0].span.start, row[-1].span.end)
            cells = list(zip(block.header, row, strict=True))[1:]
            given = [(head.text, cell) for head, cell in cells if head.style == "plain" and cell.text]
            inputs = {name: cell.snippet for name, cell in given if name != AS_OF_COLUMN}
            expectations = {head.text: cell.snippet for head, cell in cells if head.style == "bold" and cell.text}
            as_of = next((self.as_of(cell, row[0].text) for name, cell in given if name == AS_OF_COLUMN), None)
            special = {("plain", AS_OF_COLUMN), ("bold", OUTCOME_COLUMN)}
            columns = tuple(head for head, _ in cells if head.style != "italic" and (head.style, head.text) not in special)
            self.example_id(row[0], span)
            if not expectations:
                self.diagnostics.append(diagnostic("policy-example-empty", span, name=row[0].text))
            self.examples.append(Example(row[0].text, inputs, expectations, columns, as_of, span))

    def example_id(self, cell: Cell, span: Span) -> None:
        """Check that an example has an id of its own: messages and results name it by that."""
        first = next((example for example in self.examples if example.id == cell.text), None)
        if not cell.text:
            self.diagnostics.append(diagnostic("policy-example-id", span))
        elif first is not None:
            self.diagnostics.append(diagnostic("policy-duplicate-example", cell.span, name=cell.text, first=first.span.place))

    def as_of(self, cell: Cell, example: str) -> Snippet | None:
        """Return the date of an example; it can be neither unknown nor absent."""
        if cell.text not in {"?", "null"}:
            return cell.snippet
        self.diagnostics.append(diagnostic("policy-example-day", cell.span, name=example, value=cell.text))
        return None


def caveats_in(document: PolicyDocument) -> list[Caveat]:
    """Return the caveats of a page."""
    quotes = ((caveat_words(block.text), block.span) for block in document.blocks if isinstance(block, Quote))
    return [Caveat(*split_caveat(words), span) for words, span in quotes if words is not None]


def caveat_words(text: str) -> str | None:
    """Return what a quote says is to be confirmed, or None where it is no caveat.

    >>> caveat_words("**待确认**：条款号"), caveat_words("只是引文")
    ('条款号', None)
    """
    found = re.match(rf"([*_]{{0,3}})\s*{CAVEAT}\s*([*_]{{0,3}})\s*[:：]?\s*([*_]{{0,3}})\s*", text)
    if found is None:
        return None
    words = text[found.end() :]
    return words.removesuffix(found[1]) if found[1] and not found[2] and not found[3] else words


def split_caveat(words: str) -> tuple[str, str]:
    r"""Return what is to be confirmed, and what would settle it; empty where the caveat does not say.

    >>> split_caveat("口径\n核对：税务局的答复")
    ('口径', '税务局的答复')
    """
    found = SETTLED_BY.search(words)
    return (words[: found.start()].rstrip(), words[found.end() :].strip()) if found else (words, "")


def near_corner(corner: str) -> str:
    """Return what the corner of a table was probably meant to be, or an empty text.

    >>> near_corner("例："), near_corner("First"), near_corner("C＋ 加成"), near_corner("项目")
    ('例', 'F', 'C+ 加成', '')
    """
    words = unicodedata.normalize("NFKC", corner).strip(" .:。、*_`").lower()
    if near := CORNER_WORDS.get(words) or CORNER_WORDS.get(words.replace(" ", "")):
        return near
    first, _, name = unicodedata.normalize("NFKC", corner).strip().partition(" ")
    letter = CORNER_WORDS.get(first.strip(".:。、").lower(), "")
    return f"{letter} {name.strip()}" if letter and CORNER.fullmatch(letter) and name.strip() else ""


def _lists_values(text: str) -> bool:
    """Say whether a cell lists values that are allowed: several of them, or a range."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    if re.fullmatch(r"[\[(\]][^\[\]()]*\.\.[^\[\]()]*[\])\[]|[<>].*|not\s*\(.*\)", bare):
        return True
    return "," in re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", bare)


def _stated(row: tuple[Cell, ...] | None, place: int) -> Snippet | None:
    """Return what a row says in a column, or None where it says nothing (empty or `-`)."""
    return row[place].snippet if row and row[place].text not in {"", "-"} else None
