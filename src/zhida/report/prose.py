"""Running text of policies, written in Markdown, as HTML.

The one place that knows the Markdown renderer. HTML in the text is shown as text, an image is told by its words, and a link
never runs anything.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from zhida.report.page import Markup
from zhida.report.words import join_chinese


def _words_of_image(_: RendererHTML, tokens: Sequence[Token], place: int, *_rest: Any) -> str:  # noqa: ANN401 - what the renderer hands on
    """Return what stands in for an image: the words that describe it."""
    return escape(tokens[place].content)


_RENDERER = MarkdownIt("commonmark", {"html": False}).disable(["lheading", "html_block", "html_inline"])
_RENDERER.add_render_rule("image", _words_of_image)


def render_prose(text: str) -> Markup:
    """Return Markdown text as HTML.

    >>> print(render_prose("最高 **50%**。<script>"))
    <p>最高 <strong>50%</strong>。&lt;script&gt;</p>
    """
    return Markup(_RENDERER.render(join_chinese(text)))


def render_line(text: str) -> Markup:
    """Return one line of Markdown, as stands in a cell or a caveat, as HTML without a paragraph around it.

    >>> print(render_line("`a` <b>"))
    <code>a</code> &lt;b&gt;
    """
    return Markup(_RENDERER.renderInline(join_chinese(text)))
