"""DMN 1.5 to older versions, for tools that read no newer one: other namespaces, and a refusal of what they did not have.

The editors of bpmn.io and what is built on them read DMN 1.3 only.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from zhida.dmn.xml_kept import DECLARATION
from zhida.dmn.xml_markup import Kept, Markup, walk
from zhida.dmn.xml_schema import DMNDI, FEEL, MODEL
from zhida.dmn.xml_source import TOKEN
from zhida.errors import CompileError, Diagnostic, diagnostic

NEWEST = "1.5"
"""The version that is written where none is asked for."""
NAMESPACES: Mapping[str, Mapping[str, str]] = {
    "1.3": {
        MODEL: "https://www.omg.org/spec/DMN/20191111/MODEL/",
        FEEL: "https://www.omg.org/spec/DMN/20191111/FEEL/",
        DMNDI: "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    },
    "1.4": {
        MODEL: "https://www.omg.org/spec/DMN/20211108/MODEL/",
        FEEL: "https://www.omg.org/spec/DMN/20211108/FEEL/",
        DMNDI: "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    },
    NEWEST: {},
}
"""Versions that are written, and their namespaces by those of DMN 1.5."""
SINCE: Mapping[str, str] = {**dict.fromkeys(("conditional", "filter", "for", "some", "every"), "1.4"), "typeConstraint": "1.5"}
"""Elements that DMN 1.3 did not have, and the version that brought them."""
NEW_IN_DIAGRAMS = re.compile(r'\suseAlternativeInputDataShape="[^"]*"')
"""What DMN 1.5 added to diagrams; older versions draw input data their way."""


def in_version(root: Markup, version: str) -> Markup:
    """Return a model in the namespaces of a version.

    Raises:
        CompileError: dmn-xml-newer.
    """
    names = NAMESPACES[version]
    if not names:
        return root
    faults = list(_newer(root, version))
    if faults:
        raise CompileError(faults)
    return _renamed(root, names)


def _newer(root: Markup, version: str) -> Iterator[Diagnostic]:
    """Yield what a version did not have."""
    for element in root.children:
        for each in walk(element):
            if isinstance(each, Markup) and isinstance(element, Markup) and SINCE.get(each.name, version) > version:
                snippet = next((part.snippet for part in walk(each) if isinstance(part, Markup) and part.snippet), None)
                words = {"element": each.name, "name": element.attributes.get("name", ""), "since": SINCE[each.name]}
                yield diagnostic("dmn-xml-newer", snippet.span() if snippet is not None else None, **words, version=version)


def _renamed(each: Markup, names: Mapping[str, str]) -> Markup:
    """Return an element with the namespaces in its attributes renamed, and all inside it."""
    attributes = {name: names.get(value, value) for name, value in each.attributes.items()}
    children = tuple(_renamed(child, names) if isinstance(child, Markup) else _redeclared(child, names) for child in each.children)
    return replace(each, attributes=attributes, children=children)


def _redeclared(each: Kept, names: Mapping[str, str]) -> Kept:
    """Return kept XML with the namespaces that it declares renamed."""

    def declaration(found: re.Match[str]) -> str:
        return f'{found[1]}{names.get(found[2], found[2])}"'

    def tag(found: re.Match[str]) -> str:
        return NEW_IN_DIAGRAMS.sub("", DECLARATION.sub(declaration, found[0])) if found["open"] else found[0]

    return Kept(TOKEN.sub(tag, each.text))
