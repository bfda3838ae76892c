"""Running text of policies, written in Markdown, as HTML.

The one place that knows the Markdown renderer. HTML in the text is shown as text, images are not fetched, and a link
leads only where a reader would expect it to.
"""

from markdown_it import MarkdownIt

from zhida.report.page import Markup
from zhida.report.words import join_chinese

_RENDERER = MarkdownIt("commonmark", {"html": False}).disable(["image", "lheading", "html_block", "html_inline"])


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
