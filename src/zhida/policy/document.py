r"""A Markdown policy as blocks: front matter, headings, prose, tables, fenced blocks and quotes, each with its span.

    text ──> front matter │ heading │ prose │ table │ fence │ quote          (one pass over the lines)

Cells are cut from the source line by this scanner and not by a Markdown renderer, which eats `*` and pads short rows:
only `\|` is unescaped. Every block knows the article that it stands under. Nothing here knows what a table means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.source import Snippet, Source, Span

MAX_FILE_BYTES = 4_000_000
"""A larger file is not read: a policy is a text of some pages."""

YAML_REASONS = {
    "mapping values are not allowed here": "此处多了一个冒号",
    "could not find expected ':'": "此处缺少冒号",
    "expected ',' or ']'": "方括号没有合上，或缺少逗号",
    "expected ',' or '}'": "花括号没有合上，或缺少逗号",
    "expected <block end>": "缩进不齐，或一行里多写了内容",
    "found character '\\t'": "缩进用了制表符，请用空格",
    "found unexpected end of stream": "引号没有合上",
    "found character": "值以不能打头的符号开头",
    "character U+": "有不可见的控制字符",
    "brackets": "括号套得太深",
    "keys with values": "应为“键: 值”",
    "anchors and aliases": "这里不用 YAML 的锚与别名（&、*）",
    "expected alphabetic": "值以 & 或 * 开头",
}
"""What is wrong with a front matter, by the beginning of the words in English."""

ARTICLE_HEADING = re.compile(
    r"(第[〇零一二三四五六七八九十百千0-9]+条(?:之[一二三四五六七八九十]+)?|举措[一二三四五六七八九十百]+(?:（[一二三四五六七八九十]+）)?|Article\s+\d+[a-z]?)"
)
"""A heading that begins with this opens an article; measures (举措) are what plans have instead of articles."""


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
class FrontValue:
    """A value of the front matter."""

    value: "str | tuple[FrontValue, ...] | dict[str, FrontValue]"
    """Text, a list or a mapping."""
    snippet: Snippet
    """Its text in the source."""
    key_span: Span
    """Where its key stands."""


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
        self.article = ""
        self.article_level = 0
        self.diagnostics: list[Diagnostic] = []

    def line(self) -> str | None:
        """Return the line to be read next, or None behind the last."""
        return self.source.line(self.number) if self.number <= self.source.line_count else None

    def span(self, first: int, last: int) -> Span:
        """Return the span of the lines `first` to `last`."""
        return Span(self.source, self.source.line_start(first), self.source.line_start(last) + len(self.source.line(last)), self.article)

    def front_matter(self) -> dict[str, FrontValue]:
        """Read the YAML between two lines `---` at the very top."""
        if self.line() != "---":
            return {}
        last = next((n for n in range(2, self.source.line_count + 1) if self.source.line(n).rstrip() == "---"), None)
        if last is None:
            self.diagnostics.append(diagnostic("policy-front-matter-open", self.span(1, 1)))
            self.number = self.source.line_count + 1
            return {}
        self.number = last + 1
        start = self.source.line_start(2)
        text = self.source.text[start : self.source.line_start(last)]
        try:
            root = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            return self.no_front_matter(start + (mark.index if mark else 0), error.problem or "YAML")
        except yaml.reader.ReaderError as error:
            return self.no_front_matter(start + error.position, f"character U+{ord(text[error.position]):04X} is not allowed")
        except RecursionError:
            return self.no_front_matter(start, "brackets stand too deep inside each other")
        if not isinstance(root, yaml.MappingNode):
            return self.no_front_matter(start, "keys with values were expected")
        aliases = (token for token in yaml.scan(text, Loader=yaml.BaseLoader) if isinstance(token, yaml.AliasToken | yaml.AnchorToken))
        if (alias := next(aliases, None)) is not None:
            return self.no_front_matter(start + alias.start_mark.index, "anchors and aliases are not used here")
        return self.mapping(root, start)

    def no_front_matter(self, place: int, reason: str) -> dict[str, FrontValue]:
        """Complain of a front matter that cannot be read, and return what can be known of it: nothing."""
        reason_zh = next((zh for en, zh in YAML_REASONS.items() if reason.startswith(en)), "此处不合“键: 值”的写法")
        span = Span(self.source, place, min(place + 1, len(self.source.text)))
        self.diagnostics.append(diagnostic("policy-front-matter-yaml", span, reason=reason, reason_zh=reason_zh))
        return {}

    def mapping(self, node: yaml.MappingNode, base: int) -> dict[str, FrontValue]:
        """Return the entries of a YAML mapping; a key that stands twice is a diagnostic."""
        entries: dict[str, FrontValue] = {}
        for key, value in node.value:
            key_span = Span(self.source, base + key.start_mark.index, base + key.end_mark.index)
            if str(key.value) in entries:
                self.diagnostics.append(diagnostic("policy-duplicate-key", key_span, name=key.value))
            else:
                entries[str(key.value)] = self.value(value, key_span, base)
        return entries

    def value(self, node: yaml.Node, key_span: Span, base: int) -> FrontValue:
        """Return one YAML value with the snippet that it stands in."""
        quoted = isinstance(node, yaml.ScalarNode) and node.style in {"'", '"'}
        start = base + node.start_mark.index + quoted
        end = base + node.end_mark.index - quoted
        snippet = Snippet(self.source.text[start:end].rstrip(), self.source, start)
        match node:
            case yaml.MappingNode():
                return FrontValue(self.mapping(node, base), snippet, key_span)
            case yaml.SequenceNode():
                return FrontValue(tuple(self.value(item, key_span, base) for item in node.value), snippet, key_span)
        return FrontValue(str(node.value), snippet, key_span)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks one after the other."""
        while (line := self.line()) is not None:
            stripped = line.lstrip()
            if not stripped:
                self.number += 1
            elif found := re.match(r"(#{1,6})\s+(.*?)\s*#*$", line):
                yield self.heading(len(found[1]), found[2])
            elif stripped.startswith(("```", "~~~")):
                yield self.fence(line)
            elif stripped.startswith("|"):
                yield from self.table()
            elif stripped.startswith(">"):
                yield self.quote()
            else:
                yield self.prose()

    def heading(self, level: int, text: str) -> Heading:
        """Read a heading; it may open an article, and closes one of its own level or below."""
        if found := ARTICLE_HEADING.match(text):
            self.article, self.article_level = found[1], level
        elif level <= self.article_level:
            self.article, self.article_level = "", 0
        self.number += 1
        return Heading(level, text, self.span(self.number - 1, self.number - 1))

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
        return Quote("\n".join(words), self.span(first, self.number - 1))

    def prose(self) -> Prose:
        """Read running text up to an empty line or another block."""
        first = self.number
        while (line := self.line()) is not None and line.strip():
            if self.number > first and re.match(r"#{1,6}\s|\s*(```|~~~|\||>)", line):
                break
            self.number += 1
        span = self.span(first, self.number - 1)
        return Prose(span.text, span)

    def table(self) -> Iterator[Block]:
        """Read a table; rows whose cells do not match the header are diagnostics."""
        first = self.number
        header = self.cells(header=True)
        if (line := self.line()) is None or not re.fullmatch(r"\s*\|?(\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*", line) or "-" not in line:
            self.number = first
            yield self.lone_bar()
            return
        if len(self.cells()) != len(header):
            self.diagnostics.append(
                diagnostic("policy-row-cells", self.span(first + 1, first + 1), found=len(_cut(line)), expected=len(header))
            )
        rows = []
        while (line := self.line()) is not None and line.lstrip().startswith("|"):
            number = self.number
            row = self.cells()
            if len(row) == len(header):
                rows.append(row)
            else:
                self.diagnostics.append(diagnostic("policy-row-cells", self.span(number, number), found=len(row), expected=len(header)))
        span = self.span(first, self.number - 1)
        yield Table(header, tuple(rows), span, self.gap_reason())

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
        found = re.match(r"\s*缺口\s*[:：]\s*(.+)", self.source.line(ahead)) if ahead <= self.source.line_count else None
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


def _cut(line: str) -> list[tuple[int, int]]:
    r"""Return the begin and end of each cell of a table line: between bars that no backslash escapes."""
    bars = [found.start() for found in re.finditer(r"(?<!\\)\|", line)]
    stripped_end = len(line.rstrip())
    if not bars or line[: bars[0]].strip():
        bars.insert(0, -1)
    if bars[-1] != stripped_end - 1:
        bars.append(stripped_end)
    return [(left + 1, right) for left, right in pairwise(bars)]
