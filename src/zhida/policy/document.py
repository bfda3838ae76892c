r"""A Markdown policy as blocks: front matter, headings, prose, tables, fenced blocks and quotes, each with its span.

    text ──> front matter │ heading │ prose │ table │ fence │ quote          (one pass over the lines)

Cells are cut from the source line by this scanner and not by a Markdown renderer, which eats `*` and pads short rows:
only `\|` is unescaped. Every block knows the article that it stands under. Nothing here knows what a table means.

What a viewer shows as a table or a block is one, and what it hides (`<!-- -->`) or shows as code (four spaces) is none: a
reader must see all that is carried out, and nothing that looks so may be left out without a word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.policy.front_values import FrontValue, read_front_values
from zhida.source import Snippet, Source, Span

MAX_FILE_BYTES = 4_000_000
"""A larger file is not read: a policy is a text of some pages."""

ARTICLE_HEADING = re.compile(
    r"(第[〇零一二三四五六七八九十百千0-9]+条(?:之[一二三四五六七八九十]+)?|举措[一二三四五六七八九十百]+(?:（[一二三四五六七八九十]+）)?|Article\s+\d+[a-z]?)"
)
"""A heading that begins with this opens an article; measures (举措) are what plans have instead of articles."""

NAMED_BEHIND = re.compile(r"[（(]([^（）()]+)[）)]\s*$")
"""What may end the heading of an article: the name of the document that it belongs to."""

HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
"""What a heading begins with."""
UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
"""A line that makes a heading of the text above it."""
LIST_ITEM = re.compile(r" *(?:[-*+]|\d{1,9}[.)]) +")
"""What an item of a list begins with."""
GAP = re.compile(r"\s*缺口\s*[:：]\s*(\S.*)")
"""A line that justifies a gap of the table above it."""
CODE_INDENT = 4
"""Lines that are indented by as many spaces are code to a viewer."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    snippet: Snippet
    """Its text, trimmed, without the marks of emphasis."""
    style: str = "plain"
    """`bold`, `italic` or `plain`; told for header cells only."""

    @property
    def text(self) -> str:
        """What stands in the cell."""
        return self.snippet.text

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.snippet.span()


@dataclass(frozen=True, slots=True)
class Table:
    """A GFM table."""

    header: tuple[Cell, ...]
    """The cells of its first line."""
    rows: tuple[tuple[Cell, ...], ...]
    """The cells below the line of dashes; each row has as many as the header."""
    span: Span
    """The whole table."""
    gap_reason: str = ""
    """The justification of a line `缺口: …` below the table; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block."""

    info: Snippet
    """What follows the opening fence."""
    body: Snippet
    """The lines between the fences."""
    span: Span
    """The whole block with its fences."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading line."""

    level: int
    """1 to 6."""
    text: str
    """Its words."""
    span: Span
    """The line; its article is the one that the heading opens."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Lines of running text, lists and whatever else is no other block."""

    text: str
    """The lines."""
    span: Span
    """Where they stand."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines that begin with `>`."""

    text: str
    """The words without the marks."""
    span: Span
    """Where they stand."""


Block = Table | Fence | Heading | Prose | Quote


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A Markdown file in blocks."""

    source: Source
    """The text."""
    front: dict[str, FrontValue]
    """The front matter by key, in order; empty where there is none."""
    blocks: tuple[Block, ...]
    """All that follows."""
    diagnostics: tuple[Diagnostic, ...]
    """What could not be read."""


def read_source(path: Path, name: str | None = None) -> Source:
    """Read a text file strictly.

    Args:
        path: The file.
        name: What diagnostics call it; the path as given by default.

    Raises:
        InputError: file-not-found, file-is-directory, file-too-large, file-unreadable, file-not-utf8 or file-empty.
    """
    shown = name or str(path)
    nowhere = Span(Source(shown, ""), 0, 0)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InputError([diagnostic("file-is-directory", nowhere, name=shown)])
        if size > MAX_FILE_BYTES:
            raise InputError([diagnostic("file-too-large", nowhere, name=shown, size=f"{size:,}", limit=f"{MAX_FILE_BYTES:,}")])
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError([diagnostic("file-not-found", nowhere, name=shown)]) from None
    except OSError as error:
        raise InputError([diagnostic("file-unreadable", nowhere, name=shown, reason=error.strerror or str(error))]) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError([diagnostic("file-not-utf8", nowhere, name=shown, byte=error.start + 1)]) from None
    if not text.strip():
        raise InputError([diagnostic("file-empty", nowhere, name=shown)])
    return Source(shown, text.replace("\r\n", "\n").replace("\r", "\n"))


def parse(source: Source) -> PolicyDocument:
    r"""Cut a Markdown text into blocks.

    >>> document = parse(Source("a.md", "# 甲\n\n## 第一条 乙\n\n| F | **丙** |\n|---|---|\n| 1 | 2 |\n"))
    >>> [type(block).__name__ for block in document.blocks], document.blocks[2].span.article
    (['Heading', 'Heading', 'Table'], '第一条')
    """
    scanner = _Scanner(source)
    front = scanner.front_matter()
    blocks = tuple(scanner.blocks())
    return PolicyDocument(source, front, blocks, tuple(scanner.diagnostics))


class _Scanner:
    """One pass over the lines; `number` is the line to be read next (1-based)."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.number = 1
        self.articles: list[tuple[int, str]] = []
        self.documents: tuple[str, ...] = ()
        self.lists: list[int] = []
        self.diagnostics: list[Diagnostic] = []

    @property
    def article(self) -> str:
        """The innermost article that is open."""
        return self.articles[-1][1] if self.articles else ""

    def line(self) -> str | None:
        """Return the line to be read next, or None behind the last."""
        return self.source.line(self.number) if self.number <= self.source.line_count else None

    def span(self, first: int, last: int) -> Span:
        """Return the span of the lines `first` to `last`."""
        return Span(self.source, self.source.line_start(first), self.source.line_start(last) + len(self.source.line(last)), self.article)

    def front_matter(self) -> dict[str, FrontValue]:
        """Read the front matter at the very top."""
        front, self.number = read_front_values(self.source, self.diagnostics)
        named = front["document"].value if "document" in front else ""
        if isinstance(named, str):
            self.documents = tuple(name.strip() for name in re.split("[；;]", named) if name.strip())
        return front

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks one after the other."""
        while (line := self.line()) is not None:
            if not line.strip():
                self.number += 1
                continue
            stripped = line.lstrip()
            if self.is_code(line):
                yield self.code()
            elif found := HEADING.match(line):
                yield self.heading(self.number, len(found[1]), _without_closing_hashes(line[found.end() :]))
            elif stripped.startswith("<!--"):
                self.comment()
            elif stripped.startswith(("```", "~~~")):
                yield self.fence(line)
            elif stripped.startswith(">"):
                yield self.quote()
            elif stripped.startswith("|") or self.is_table(self.number):
                yield from self.table()
            else:
                yield self.prose()

    def is_code(self, line: str) -> bool:
        """Say whether a viewer shows a line as code, for it is indented four spaces more than the list around it, if any."""
        expanded = line.expandtabs(4)
        indent = len(expanded) - len(expanded.lstrip())
        while self.lists and indent < self.lists[-1]:
            self.lists.pop()
        if indent - (self.lists[-1] if self.lists else 0) >= CODE_INDENT:
            return True
        if found := LIST_ITEM.match(expanded):
            self.lists.append(found.end())
        return False

    def is_table(self, number: int) -> bool:
        """Say whether a line is the header of a table: it has a bar, and the next one is of dashes and bars."""
        if number >= self.source.line_count or len(_cut(self.source.line(number))) < 2:
            return False
        below = self.source.line(number + 1)
        return "|" in below and _is_rule(below)

    def code(self) -> Prose:
        """Take indented lines as code for readers; a table or a fenced block among them is not carried out, and that is said."""
        first = self.number
        while (line := self.line()) is not None and line.strip() and (self.number == first or self.is_code(line)):
            self.number += 1
        span = self.span(first, self.number - 1)
        self.not_executed(span.text, span, "code that is indented four spaces", "缩进四格的代码里")
        return Prose(span.text, span)

    def comment(self) -> None:
        """Skip an HTML comment up to the line that ends it; what follows it on that line is hidden as well."""
        first = self.number
        while (line := self.line()) is not None and "-->" not in line:
            self.number += 1
        if line is None:
            self.diagnostics.append(diagnostic("policy-comment-open", self.span(first, first)))
        last = min(self.number, self.source.line_count)
        self.number += 1
        span = self.span(first, last)
        self.not_executed(span.text, span, "an HTML comment, which viewers hide", "查看器不显示的 HTML 注释里")

    def not_executed(self, text: str, span: Span, place: str, place_zh: str) -> None:
        """Warn of a table or a fenced block that stands where nothing is carried out."""
        lines = [line.strip() for line in re.sub("<!--|-->", "\n", text).split("\n")]
        if any(line.startswith(("|", "```", "~~~")) or (_is_rule(line) and "|" in line) for line in lines):
            self.diagnostics.append(diagnostic("policy-not-executed", span, place=place, place_zh=place_zh))

    def heading(self, first: int, level: int, text: str) -> Heading:
        """Read a heading whose last line is the next one; it closes all of its own level or below, and may open an article."""
        self.lists.clear()
        while self.articles and level <= self.articles[-1][0]:
            self.articles.pop()
        if found := ARTICLE_HEADING.match(text):
            self.articles.append((level, self.document_of(text) + found[1]))
        self.number += 1
        return Heading(level, text, self.span(first, self.number - 1))

    def document_of(self, heading: str) -> str:
        """Return the document that a heading names in brackets at its end, where the policy rests on several: numbers recur in them."""
        found = NAMED_BEHIND.search(heading)
        name = found[1].strip() if found else ""
        return name if len(self.documents) > 1 and name in self.documents else ""

    def fence(self, line: str) -> Fence:
        """Read a fenced block up to its closing fence."""
        first = self.number
        indent = len(line) - len(line.lstrip())
        mark = line[indent]
        length = len(line) - indent - len(line[indent:].lstrip(mark))
        info_start = self.source.line_start(first) + indent + length
        info = line[indent + length :]
        info_start += len(info) - len(info.lstrip())
        self.number += 1
        while (inner := self.line()) is not None and not (inner.strip().startswith(mark * length) and not inner.strip().strip(mark)):
            self.number += 1
        if inner is None:
            self.diagnostics.append(diagnostic("policy-fence-open", self.span(first, first)))
        last = min(self.number, self.source.line_count)
        self.number += 1
        start = self.source.line_start(first + 1) if first < self.source.line_count else len(self.source.text)
        end = self.source.line_start(last) if inner is not None else len(self.source.text)
        body = Snippet(self.source.text[start:end].rstrip(), self.source, start, self.article)
        return Fence(Snippet(info.strip(), self.source, info_start, self.article), body, self.span(first, last))

    def quote(self) -> Quote:
        """Read the lines that begin with `>`."""
        first = self.number
        words = []
        while (line := self.line()) is not None and line.lstrip().startswith(">"):
            words.append(line.lstrip()[1:].strip())
            self.number += 1
        span = self.span(first, self.number - 1)
        self.not_executed("\n".join(words), span, "a quote", "引用（>）里")
        return Quote(_without_comments("\n".join(words)), span)

    def prose(self) -> Prose | Heading:
        """Read running text up to an empty line or another block; a line of `=` or `-` below makes it a heading."""
        first = self.number
        is_list = LIST_ITEM.match(self.source.line(first)) is not None
        while (line := self.line()) is not None and line.strip():
            if self.number > first:
                if not is_list and (found := UNDERLINE.fullmatch(line)):
                    text = " ".join(self.source.line(number).strip() for number in range(first, self.number))
                    return self.heading(first, 1 if found[1][0] == "=" else 2, text)
                if HEADING.match(line) or line.lstrip().startswith(("```", "~~~", "|", ">", "<!--")) or self.is_table(self.number):
                    break
                if LIST_ITEM.match(line):
                    self.is_code(line)
            self.full_width(self.number)
            self.number += 1
        span = self.span(first, self.number - 1)
        return Prose(_without_comments(span.text), span)

    def full_width(self, number: int) -> None:
        """Complain of a line that was meant to be part of a table: full-width bars stand at its ends, or between dashes."""
        line = self.source.line(number).strip()
        if line.startswith("｜") or line.endswith("｜") or ("｜" in line and re.fullmatch(r"[\s:|｜-]+", line)):
            self.diagnostics.append(diagnostic("policy-full-width-bar", self.span(number, number)))

    def table(self) -> Iterator[Block]:
        """Read a table; rows whose cells do not match the header are diagnostics."""
        first = self.number
        header = self.cells(header=True)
        if not header or (line := self.line()) is None or not _is_rule(line):
            self.number = first
            yield self.lone_bar()
            return
        if len(self.cells()) != len(header):
            self.diagnostics.append(diagnostic("policy-row-cells", self.span(first + 1, first + 1), **_misfit(header, (), _cut(line))))
        rows: list[tuple[Cell, ...]] = []
        misfits: list[tuple[int, tuple[Cell, ...]]] = []
        while (line := self.line()) is not None and self.is_row(line):
            number = self.number
            row = self.cells()
            if len(row) == len(header) and "|" in line:
                rows.append(row)
            elif "｜" in line:
                self.diagnostics.append(diagnostic("policy-full-width-bar", self.span(number, number)))
            else:
                misfits.append((number, row))
        for number, row in misfits:
            self.diagnostics.append(diagnostic("policy-row-cells", self.span(number, number), **_misfit(header, rows, row)))
        span = self.span(first, self.number - 1)
        yield Table(header, tuple(rows), span, self.gap_reason())

    def is_row(self, line: str) -> bool:
        """Say whether a line directly below a table belongs to it: it holds a bar, be it a full-width one."""
        if not line.strip() or GAP.match(line) or HEADING.match(line) or line.lstrip().startswith((">", "```", "~~~", "<!--")):
            return False
        return "｜" in line or len(_cut(line)) > 1 or line.lstrip().startswith("|")

    def lone_bar(self) -> Prose:
        """Take lines that begin with a bar but are no table as prose."""
        first = self.number
        while (line := self.line()) is not None and line.lstrip().startswith("|"):
            self.number += 1
        self.diagnostics.append(diagnostic("policy-table-rule", self.span(first, first)))
        span = self.span(first, self.number - 1)
        return Prose(span.text, span)

    def gap_reason(self) -> str:
        """Return the justification of a line `缺口: …` that stands below the table, if any."""
        ahead = self.number
        while ahead <= self.source.line_count and not self.source.line(ahead).strip():
            ahead += 1
        found = GAP.match(self.source.line(ahead)) if ahead <= self.source.line_count else None
        return found[1].strip() if found else ""

    def cells(self, *, header: bool = False) -> tuple[Cell, ...]:
        """Cut the next line into cells."""
        line = self.source.line(self.number)
        start = self.source.line_start(self.number)
        self.number += 1
        return tuple(self.cell(line, start, begin, end, header=header) for begin, end in _cut(line))

    def cell(self, line: str, line_start: int, begin: int, end: int, *, header: bool) -> Cell:
        r"""Trim one cell, take off its emphasis and unescape `\|`."""
        text = line[begin:end]
        begin += len(text) - len(text.lstrip())
        text = text.strip()
        style = "plain"
        if header:
            for mark, name in (("**", "bold"), ("__", "bold"), ("*", "italic"), ("_", "italic")):
                if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
                    begin, text, style = begin + len(mark), text[len(mark) : -len(mark)], name
                    break
        pieces = text.split("\\|")
        dropped, position = [], 0
        for piece in pieces[:-1]:
            position += len(piece)
            dropped.append(position)
            position += 1
        return Cell(Snippet("|".join(pieces), self.source, line_start + begin, self.article, tuple(dropped)), style)


def _misfit(header: Sequence[Cell], rows: Sequence[Sequence[Cell]], row: Sequence[object]) -> dict[str, object]:
    """Return the words about a row that has not as many cells as the header."""
    names = [cell.text for cell in header] if len(row) < len(header) else []
    lacking = _lacking(header, rows, [cell.text for cell in row if isinstance(cell, Cell)])
    words = {"lacking": lacking, "columns": ", ".join(names), "columns_zh": "、".join(names), "bar": "" if names else r"\|"}
    return {"found": len(row), "expected": len(header), **words}


def _lacking(header: Sequence[Cell], rows: Sequence[Sequence[Cell]], row: Sequence[str]) -> str:
    """Return the column that a row with one cell too few lacks, going by the kinds of cells of the other rows; else an empty text."""
    if len(row) != len(header) - 1 or not rows:
        return ""
    kinds = [{_kind(line[place].text) for line in rows} for place in range(len(header))]
    scores = [sum(_kind(cell) in kinds[place + (place >= hole)] for place, cell in enumerate(row)) for hole in range(len(header))]
    return header[scores.index(max(scores))].text if scores.count(max(scores)) == 1 else ""


def _kind(cell: str) -> str:
    """Return what a cell begins with, as far as that tells columns apart.

    >>> _kind(">= 30"), _kind('"企业"'), _kind("20000"), _kind("三十人以上")
    ('<', '"', '0', '字')
    """
    for kind, begins in (("0", "0123456789"), ("<", "<>=[]("), ('"', '"'), ("-", "-")):
        if cell[:1] and cell[0] in begins:
            return kind
    return "b" if cell in {"true", "false"} else "字"


def _cut(line: str) -> list[tuple[int, int]]:
    r"""Return the begin and end of each cell of a table line: between bars that no backslash escapes."""
    bars = [found.start() for found in re.finditer(r"(?<!\\)\|", line)]
    stripped_end = len(line.rstrip())
    if not bars or line[: bars[0]].strip():
        bars.insert(0, -1)
    if bars[-1] != stripped_end - 1:
        bars.append(stripped_end)
    return [(left + 1, right) for left, right in pairwise(bars)]


def _is_rule(line: str) -> bool:
    """Say whether a line is the one of dashes below a table's header."""
    cells = line.strip().removeprefix("|").removesuffix("|").split("|")
    return all(re.fullmatch(r":?-+:?", cell.strip()) for cell in cells)


def _without_closing_hashes(text: str) -> str:
    """Return the words of a heading without the hashes that may end it."""
    text = text.strip()
    words = text.rstrip("#")
    return words.rstrip() if words != text and words[-1:] in {"", " ", "\t"} else text


def _without_comments(text: str) -> str:
    """Return a text without the HTML comments in it, as a viewer shows it."""
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
