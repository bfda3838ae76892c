"""Elements of XML on their way out: what is written is made of these, and becomes text in one place.

The text is UTF-8, one element in a line, two blanks to a level; a text stands unaltered between its tags. The same elements
make the same bytes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from zhida.dmn.xml_kept import apart, indented
from zhida.dmn.xml_schema import MODEL
from zhida.errors import CompileError, Diagnostic, diagnostic
from zhida.source import Snippet

FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold."""
IN_TEXT = {"&": "&amp;", "<": "&lt;", "\r": "&#13;"}
IN_ATTRIBUTE = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
XML = "{http://www.w3.org/XML/1998/namespace}"


@dataclass(frozen=True, slots=True)
class Kept:
    """Canonical XML that goes out as it came in."""

    text: str
    """One element."""


@dataclass(frozen=True, slots=True)
class Markup:
    """An element."""

    name: str
    """Its name, in the namespace of DMN's models or with a prefix that it or one around it declares."""
    attributes: Mapping[str, str]
    """Attributes in the order in which they are written: `name`, or `{namespace}name`."""
    children: tuple["Markup | Kept", ...] = ()
    """Elements inside it."""
    text: str | None = None
    """Its text, where it has no elements."""
    snippet: Snippet | None = None
    """Where the text came from."""


Child = Markup | Kept | None


def markup(name: str, attributes: Mapping[str, str | None], *children: Child, more: Iterable[Child] = ()) -> Markup:
    """Return an element; attributes and children that are None are left out."""
    given = {key: value for key, value in attributes.items() if value is not None}
    return Markup(name, given, tuple(child for child in (*children, *more) if child is not None))


def text_markup(name: str, text: str | Snippet, attributes: Mapping[str, str] | None = None) -> Markup:
    """Return an element that holds a text."""
    if isinstance(text, Snippet):
        return Markup(name, attributes or {}, text=text.text, snippet=text)
    return Markup(name, attributes or {}, text=text)


def kept(texts: str) -> list[Kept]:
    """Return elements that were kept as one text."""
    return [Kept(text) for text in apart(texts)]


def document(root: Markup, namespace: str = MODEL) -> bytes:
    """Return the bytes of a document whose elements are of a namespace.

    Raises:
        CompileError: dmn-xml-character.
    """
    faults = list(_forbidden(root))
    if faults:
        raise CompileError(faults)
    prefixes = _prefixes(root)
    declared = {f"xmlns:{prefix}": uri for uri, prefix in prefixes.items()}
    root = Markup(root.name, {"xmlns": namespace, **declared, **root.attributes}, root.children)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, "", prefixes, namespace)]
    return ("\n".join(lines) + "\n").encode()


def walk(root: Markup | Kept) -> Iterator[Markup | Kept]:
    """Yield an element and all inside it, in the order of the document."""
    waiting: list[Markup | Kept] = [root]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, Markup):
            waiting.extend(reversed(each.children))


def _forbidden(root: Markup) -> Iterator[Diagnostic]:
    """Yield each character that XML cannot hold."""
    for each in walk(root):
        if isinstance(each, Kept):
            continue
        for text, place in (*((value, None) for value in each.attributes.values()), (each.text or "", each.snippet)):
            if found := FORBIDDEN.search(text):
                code = ord(found[0])
                around = FORBIDDEN.sub("\ufffd", text[max(found.start() - 20, 0) : found.start() + 20])
                escape = f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:06X}"
                span = place.span(found.start(), found.end()) if place is not None else None
                yield diagnostic("dmn-xml-character", span, character=f"U+{code:04X}", text=around, escape=escape)


def _prefixes(root: Markup) -> dict[str, str]:
    """Return a prefix for each namespace of attributes; none that what is kept may mean something by."""
    parts = list(walk(root))
    namespaces = {
        name[1:].partition("}")[0]
        for each in parts
        if isinstance(each, Markup)
        for name in each.attributes
        if name.startswith("{") and not name.startswith(XML)
    }
    taken = {prefix for each in parts if isinstance(each, Kept) for prefix in re.findall(r"ns[0-9]+(?=:)", each.text)}
    free = (prefix for number in count(1) if (prefix := f"ns{number}") not in taken)
    return dict(zip(sorted(namespaces), free, strict=False))


def _lines(each: Markup | Kept, indent: str, prefixes: Mapping[str, str], namespace: str) -> Iterator[str]:
    """Yield the lines of an element."""
    if isinstance(each, Kept):
        yield from indented(each.text, indent, namespace)
        return
    attributes = "".join(f' {_qualified(name, prefixes)}="{_escaped(value, IN_ATTRIBUTE)}"' for name, value in each.attributes.items())
    tag = f"{indent}<{each.name}{attributes}"
    if each.children:
        yield f"{tag}>"
        for child in each.children:
            yield from _lines(child, indent + "  ", prefixes, namespace)
        yield f"{indent}</{each.name}>"
    elif each.text is not None:
        yield f"{tag}>{_escaped(each.text, IN_TEXT).replace(']]>', ']]&gt;')}</{each.name}>"
    else:
        yield f"{tag}/>"


def _qualified(name: str, prefixes: Mapping[str, str]) -> str:
    if not name.startswith("{"):
        return name
    namespace, _, local = name[1:].partition("}")
    return f"xml:{local}" if name.startswith(XML) else f"{prefixes[namespace]}:{local}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text) if any(each in text for each in table) else text
