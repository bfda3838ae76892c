"""HTML pages that stand alone: elements that escape what they hold, the frame of a page, and its style.

A page needs no script and fetches nothing: its style is inside, and a content security policy says so to the browser.
Invariant: text becomes HTML only through `element`, `join` or `page`, which escape everything that is not `Markup`.
"""

from collections.abc import Iterable, Sequence
from html import escape

from zhida.errors import Language

VOID = frozenset(("br", "col", "hr", "meta"))
"""Elements without an end tag."""

BLOCK = frozenset(
    (
        *("article", "aside", "body", "div", "footer", "head", "header", "html", "main"),
        *("nav", "ol", "section", "table", "tbody", "thead", "tr", "ul"),
    )
)
"""Elements after which a line ends, so that a page can be read and compared as text."""


class Markup(str):
    """HTML that is ready: its text is escaped."""

    __slots__ = ()


def join(parts: Iterable[str], separator: str = "") -> Markup:
    """Return parts one after the other as HTML; those that are no `Markup` are escaped.

    >>> join(["<b>", Markup("<i>x</i>")])
    '&lt;b&gt;<i>x</i>'
    """
    return Markup(_ready(separator).join(_ready(part) for part in parts))


def element(tag: str, *children: str, **attributes: str | bool) -> Markup:
    """Return an element; children and attributes are escaped, an empty or false attribute is left out.

    Args:
        tag: Its name.
        children: Text, which is escaped, or `Markup`, which is taken as it is.
        attributes: By name; a trailing underscore is dropped, as in `class_`, and others are hyphens.

    >>> element("p", "a < b", class_="note", hidden=False)
    '<p class="note">a &lt; b</p>'
    """
    stated = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for name, value in attributes.items()
        if value
    )
    end = "\n" if tag in BLOCK else ""
    if tag in VOID:
        return Markup(f"<{tag}{stated}>")
    return Markup(f"<{tag}{stated}>{''.join(_ready(child) for child in children)}</{tag}>{end}")


def _ready(part: str) -> str:
    return part if isinstance(part, Markup) else escape(part)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], class_: str = "") -> Markup:
    """Return a table with one row of headings and plain rows below it."""
    heading = element("thead", element("tr", *(element("th", cell, scope="col") for cell in head))) if head else Markup()
    body = element("tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows))
    return element("table", heading, body, class_=class_)


def figures_table(head: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str], class_: str = "outcomes") -> Markup:
    """Return a table whose first column names the rows and whose other columns have kinds.

    Args:
        head: The headings.
        rows: The cells.
        kinds: The class of each column, such as `number`; empty for plain text.
        class_: That of the table.

    >>> figures_table(["项", "户"], [["甲", "0"]], ["", "number"]).count("zero")
    1
    """
    heading = (element("th", name, scope="col", class_=kind) for name, kind in zip(head, kinds, strict=True))
    body = (
        element(
            "tr",
            element("th", row[0], scope="row", class_=kinds[0]),
            *(
                element("td", cell, class_=f"{kind} zero" if kind and cell == "0" else kind)
                for cell, kind in zip(row[1:], kinds[1:], strict=True)
            ),
        )
        for row in rows
    )
    return element("table", element("thead", element("tr", *heading)), element("tbody", *body), class_=class_)


def facts(rows: Iterable[tuple[str, str]], class_: str = "facts") -> Markup:
    """Return labels and values as a table of two columns."""
    return element(
        "table",
        element("tbody", *(element("tr", element("th", name, scope="row"), element("td", value)) for name, value in rows)),
        class_=class_,
    )


def page(title: str, body: Markup, *, language: Language, style: str = "") -> str:
    """Return a whole HTML document.

    Args:
        title: For the browser's tab.
        body: What is shown.
        language: Of the labels.
        style: Rules beside the common ones.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        element("title", title),
        element("style", Markup(STYLE + style)),
    )
    lang = "zh-CN" if language == "zh" else "en"
    return "<!doctype html>\n" + element("html", head, element("body", body), lang=lang)


STYLE = """
:root {
  color-scheme: light;
  --ink: #1c2330; --quiet: #5b6472; --line: #d8dde4; --faint: #f5f7f9; --paper: #fff;
  --accent: #174a7c; --accent-faint: #eaf1f8;
  --good: #1b6e3c; --good-faint: #e9f5ee; --bad: #a8201a; --bad-faint: #fcecea;
  --doubt: #8a5a00; --doubt-faint: #fff6e0; --doubt-line: #e3b341;
  --sans: "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Hiragino Sans GB", "WenQuanYi Micro Hei",
    system-ui, sans-serif;
  --serif: "Noto Serif CJK SC", "Source Han Serif SC", "Songti SC", "STSong", "SimSun", serif;
  --mono: "JetBrains Mono", "SFMono-Regular", "Consolas", "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "PingFang SC",
    "Microsoft YaHei", monospace;
}
* { box-sizing: border-box; }
html { background: #eef1f4; -webkit-text-size-adjust: 100%; }
body { margin: 0; color: var(--ink); font: 15px/1.75 var(--sans); overflow-wrap: anywhere; }
main { background: var(--paper); margin: 0 auto; }
h1, h2, h3 { font-family: var(--serif); line-height: 1.35; font-weight: 700; margin: 0; break-after: avoid; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
p, ul, ol { margin: 0 0 .7em; }
code, pre { font-family: var(--mono); font-size: .92em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35em .6em; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.facts th { color: var(--quiet); font-weight: 400; white-space: nowrap; padding-left: 0; width: 1%; padding-right: 1.6em; }
.facts td { padding-right: 0; }
.quiet { color: var(--quiet); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.synthetic { background: var(--doubt-faint); color: var(--doubt); border: 1px solid var(--doubt-line); text-align: center;
  padding: .4em 1em; font-weight: 700; letter-spacing: .04em; }
.badge { display: inline-block; border: 1px solid var(--line); border-radius: 3px; padding: 0 .45em; font: 12px/1.6 var(--sans);
  color: var(--quiet); background: var(--paper); }
@page { size: A4; margin: 16mm 14mm 18mm; @bottom-center { content: counter(page) " / " counter(pages); font-size: 8pt;
  color: #5b6472; } }
@media print {
  html { background: none; }
  body { font-size: 9.5pt; line-height: 1.6; }
  main { margin: 0; }
  a { color: inherit; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
"""What every page looks like: dark on light, calm, for A4."""
