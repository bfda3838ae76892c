"""Where a piece of text came from: sources, spans and excerpts.

Owns positions. A position is an offset in code points into a `Source`; lines and columns are 1-based and counted in
code points, so that an editor finds them. An excerpt places its caret by display width, so that it also lines up under
中文 (two cells a character). Nothing here knows what the text means.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A text and the name that its reader knows it by."""

    name: str
    """A path as the user gave it, or a word in angle brackets such as `<expression>`."""
    text: str
    """The whole text, with line feeds only."""
    first_line: int = 1
    """The number of its first line, where it is a stretch of a longer text."""
    _line_starts: tuple[int, ...] = field(init=False, repr=False)
    """Offset of the first character of each line."""

    def __post_init__(self) -> None:
        """Index the lines once."""
        starts = (0, *(found.end() for found in re.finditer("\n", self.text))) if "\n" in self.text else (0,)
        object.__setattr__(self, "_line_starts", starts)

    def position(self, offset: int) -> tuple[int, int]:
        r"""Return the 1-based line and column of `offset`.

        >>> Source("a.md", "第一行\n第二行").position(5)
        (2, 2)
        """
        line = bisect_right(self._line_starts, offset)
        return line + self.first_line - 1, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return the text of line `number` (1-based), without its line feed."""
        start = self.line_start(number)
        after = number - self.first_line + 1
        end = self._line_starts[after] - 1 if after < len(self._line_starts) else len(self.text)
        return self.text[start:end]

    def line_start(self, number: int) -> int:
        """Return the offset at which line `number` (1-based) begins."""
        return self._line_starts[number - self.first_line]

    @property
    def line_count(self) -> int:
        """How many lines the text has; a text that ends in a line feed has an empty last one."""
        return len(self._line_starts)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source, and the article of law that it belongs to."""

    source: Source
    """The text."""
    start: int
    """Offset of the first character."""
    end: int
    """Offset behind the last character."""
    article: str = ""
    """The article that this text executes, as `第三条`; empty outside of any article."""

    def __reduce__(self) -> tuple[type["Span"], tuple[object, ...]]:
        """Return what it is made of, for pickles, which hold tens of thousands."""
        return Span, (self.source, self.start, self.end, self.article)

    @property
    def line(self) -> int:
        """1-based line on which the span begins."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """1-based column at which the span begins."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The stretch itself."""
        return self.source.text[self.start : self.end]

    @property
    def place(self) -> str:
        """`file:line:column`, as editors and terminals understand it."""
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"

    def excerpt(self, width: int = 100) -> str:
        """Return two lines: the source line and carets under the span.

        Args:
            width: Display cells that the source line may take; a longer line is cut around the span.

        >>> print(Span(Source("a.md", "若 职工人数 >= 30"), 2, 6).excerpt())
           | 若 职工人数 >= 30
           |    ^^^^^^^^
        """
        line_number, column = self.source.position(self.start)
        line = self.source.line(line_number).expandtabs(1)
        begin = column - 1
        end = max(min(begin + self.end - self.start, len(line)), begin)
        left, right = _window(line, begin, end, width)
        end = min(end, right)
        before = ("…" if left else "") + line[left:begin]
        after = line[end:right] + ("…" if right < len(line) else "")
        carets = "^" * max(display_width(line[begin:end]), 1)
        return f"   | {before}{line[begin:end]}{after}\n   | {' ' * display_width(before)}{carets}".rstrip()


def _window(line: str, begin: int, end: int, width: int) -> tuple[int, int]:
    """Return the part of a long line to show: the span, or as much of its beginning as fits, and as much around it as fits."""
    if len(line) <= 4 * width and display_width(line) <= width:  # a file may be one line of megabytes
        return 0, len(line)
    left, right, used = begin, begin, 0
    while used < width and right < end:
        used += display_width(line[right])
        right += 1
    while used < width and (left > 0 or right < len(line)):
        if left > 0 and (begin - left <= right - end or right == len(line)):
            left -= 1
            used += display_width(line[left])
        else:
            used += display_width(line[right])
            right += 1
    return left, right


def display_width(text: str) -> int:
    """Return how many terminal cells `text` takes: two for a wide character, none for a combining one.

    >>> display_width("a中文")
    5
    """
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1 for character in text
    )


@dataclass(frozen=True, slots=True)
class Snippet:
    r"""A stretch of a source that is read in another language: a table cell, a fenced block, a front-matter value.

    `text` is what its parser sees. It may differ from the source in two ways: a backslash before `|` was dropped, and stretches
    stand for others (`replaced`). Where it differs by more, as a text with escapes does, its spans cannot be told apart and
    are all the whole of it.
    """

    text: str
    """The text to parse."""
    source: Source
    """Where it stands."""
    start: int
    """Offset of its first character in the source."""
    article: str = ""
    """The article it stands under."""
    dropped: tuple[int, ...] = ()
    """Offsets in `text` of the characters before which one backslash was dropped, ascending."""
    whole: int | None = None
    """Offset behind its last character in the source, where the text differs by more than that."""
    replaced: tuple[tuple[int, int, int], ...] = ()
    """Stretches of `text` that stand for others: begin, end, and how many characters they stand for; ascending."""

    def __reduce__(self) -> tuple[type["Snippet"], tuple[object, ...]]:
        """Return what it is made of, for pickles, which hold thousands."""
        return Snippet, (self.text, self.source, self.start, self.article, self.dropped, self.whole, self.replaced)

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """Return the span in the source of `text[start:end]`."""
        if self.whole is not None:
            return Span(self.source, self.start, self.whole, self.article)
        end = len(self.text) if end is None else end
        if self.replaced:
            start, end = self._before(start, is_end=False), self._before(end, is_end=True)
        if not self.dropped:
            return Span(self.source, self.start + start, self.start + end, self.article)
        return Span(self.source, self._offset(start), self._offset(end), self.article)

    def part(self, start: int, end: int) -> "Snippet":
        """Return `text[start:end]` as a snippet of its own; nothing in it may have been replaced."""
        assert not self.replaced, "what was replaced is not cut"
        if self.whole is not None:
            return Snippet(self.text[start:end], self.source, self.start, self.article, whole=self.whole)
        dropped = tuple(place - start for place in self.dropped if start <= place < end)
        return Snippet(self.text[start:end], self.source, self._offset(start), self.article, dropped)

    def _before(self, position: int, *, is_end: bool) -> int:
        """Return a position as it was before stretches were replaced; one inside of such a stretch is its begin or its end."""
        shift = 0
        for begin, end, length in self.replaced:
            if position <= begin:
                break
            if position < end:
                return begin + shift + (length if is_end else 0)
            shift += length - (end - begin)
        return position + shift

    def _offset(self, position: int) -> int:
        return self.start + position + bisect_right(self.dropped, position)


def snippet(text: str, name: str = "<expression>") -> Snippet:
    """Return a snippet that is a whole source of its own, for expressions that come from no file."""
    return Snippet(text, Source(name, text), 0)
