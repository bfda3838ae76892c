"""Pages that stand inside of other pages: what is shown, and its style, apart.

A site that forbids inline styles serves the style as a file or names it by its digest. So what is inside holds no `style` attribute,
and its rules are limited to what is within it: they change nothing around it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from zhida.report.page import STYLE, Markup, element

PAGE_ELEMENTS = re.compile(r"(:root|html|body|main)(?![\w-])")
"""What begins a selector that speaks of the page as a whole."""

BETWEEN_SELECTORS = re.compile(r",\s*(?![^()]*\))")
"""What stands between selectors of the same rule."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What a page shows, without the page."""

    title: str
    """What it is called."""
    body: Markup
    """An `article` of the class that its style is limited to."""
    style: str
    """Rules for what is within the article, and for nothing else."""


def inside(title: str, class_: str, parts: tuple[Markup, ...], style: str) -> Inside:
    """Return parts of a page as one article with its style.

    Args:
        title: What it is called.
        class_: Of the article; no other element of the page around it may have it.
        parts: What the page shows.
        style: Rules beside the common ones of all pages.
    """
    return Inside(title, element("article", *parts, class_=class_), scoped(STYLE + style, f".{class_}"))


def scoped(style: str, root: str) -> str:
    r"""Return rules that hold within an element only; what speaks of the page as a whole speaks of that element.

    Args:
        style: Rules as pages have them: plain rules, and `@media` around some; `@page` is left out.
        root: The selector of the element.

    >>> print(scoped("body { margin: 0; } h1, .a > b { x: y; } @page { size: A4; } @media print { main { p: q; } }", ".in"), end="")
    .in { margin: 0; }
    .in h1, .in .a > b { x: y; }
    @media print {
    .in { p: q; }
    }
    """
    return "".join(_rule(prelude, body, root) for prelude, body in _blocks(style))


def _rule(prelude: str, body: str, root: str) -> str:
    if prelude.startswith("@page"):
        return ""
    if prelude.startswith("@"):
        return f"{prelude} {{\n{scoped(body, root)}}}\n"
    selectors = (_within(selector, root) for selector in BETWEEN_SELECTORS.split(prelude))
    return f"{', '.join(selectors)} {{{body}}}\n"


def _within(selector: str, root: str) -> str:
    found = PAGE_ELEMENTS.match(selector)
    return root + selector[found.end() :] if found else f"{root} {selector}"


def _blocks(style: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and within each outermost pair of braces."""
    start = depth = opened = 0
    for found in re.finditer(r"[{}]", style):
        if found[0] == "{":
            opened = found.start() if depth == 0 else opened
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield style[start:opened].strip(), style[opened + 1 : found.start()]
                start = found.end()
