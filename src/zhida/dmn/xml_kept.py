"""XML that has no meaning for a decision and is kept for its readers: extension elements, diagrams, artifacts.

It is kept as canonical XML (exclusive C14N), each element with the namespaces that it needs, so that it can be compared and
put anywhere. Blanks between elements are not kept; texts are. Prefixes that only occur in values, as `ns1:Decision`, count
as needed.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from lxml import etree

from zhida.dmn.xml_schema import RENAMED
from zhida.dmn.xml_source import TOKEN, Element

DECLARATION = re.compile(r'(\sxmlns(?::[^\s="]+)?=")([^"]*)"')
PREFIX = re.compile(r"(?<![\w.:-])([^\W\d][\w.-]*):(?!//)")
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
UNPREFIXED = re.compile(r"<[^\s:/>!?]+[\s/>]")


def kept(element: Element) -> str:
    """Return an element of DMN as canonical XML, in the namespaces of DMN 1.5."""
    return TOKEN.sub(lambda token: DECLARATION.sub(_renamed, token[0]) if token["open"] else token[0], foreign(element))


def _renamed(declaration: re.Match[str]) -> str:
    return f'{declaration[1]}{RENAMED.get(declaration[2], declaration[2])}"'


def foreign(element: Element) -> str:
    """Return an element as canonical XML, in its own namespaces."""
    tree = element.tree
    tree.tail = None
    prefixes = _drop_blanks(tree)
    try:
        return etree.tostring(tree, method="c14n", exclusive=True, inclusive_ns_prefixes=sorted(prefixes)).decode()
    except etree.C14NError:  # C14N 1 refuses relative namespaces such as `xmlns:x="mine"`, which occur; C14N 2 takes them
        return str(etree.canonicalize(etree.tostring(tree, encoding="unicode")))


def _drop_blanks(tree: etree._Element) -> set[str]:
    """Drop the blanks between elements where nothing else stands between them; return the prefixes of names and in values."""
    mentioned: set[str] = set()
    for each in tree.iter("*"):
        mentioned.update([each.prefix] if each.prefix else [])
        values = [str(value) for value in each.attrib.values()]
        between = [each.text or "", *(child.tail or "" for child in each)]
        if len(each) and not "".join(between).strip() and not _is_preserved(each):
            each.text = None
            for child in each:
                child.tail = None
        for value in (*values, *between):
            if ":" in value:
                mentioned.update(prefix for prefix in PREFIX.findall(value) if prefix in each.nsmap)
    return mentioned


def _is_preserved(tree: etree._Element) -> bool:
    """Say whether blanks count in an element, by its `xml:space` or that of what it stands in."""
    asked = next((value for each in (tree, *tree.iterancestors()) if (value := each.get(SPACE))), "")
    return asked == "preserve"


def indented(canonical: str, indent: str, default_namespace: str) -> Iterator[str]:
    """Yield the lines of canonical XML at a place with a default namespace, one element in a line where no text stands between.

    >>> list(indented('<a xmlns="urn:m"><b>1</b><c></c></a>', "  ", "urn:m"))
    ['  <a>', '    <b>1</b>', '    <c/>', '  </a>']
    """
    for depth, text in _lines(canonical, default_namespace):
        yield f"{indent}{'  ' * depth}{text}"


def _lines(canonical: str, default_namespace: str) -> Iterator[tuple[int, str]]:
    """Yield depth and text of what stands in a line of its own: a tag, or a whole element that holds text."""
    tokens = list(TOKEN.finditer(canonical))
    depth, position = 0, 0
    while position < len(tokens):
        token = tokens[position]
        if token["close"]:
            depth -= 1
            yield depth, token[0]
            position += 1
            continue
        close = _closing(tokens, position)
        tag = _rooted(token[0], canonical, default_namespace) if depth == 0 else token[0]
        inner = canonical[token.end() : tokens[close].start()]
        if not inner:
            yield depth, f"{tag[:-1]}/>"
            position = close + 1
        elif _has_text(tokens[position : close + 1]) or " xml:space=" in tag:
            yield depth, f"{tag}{inner}{tokens[close][0]}"
            position = close + 1
        else:
            yield depth, tag
            depth += 1
            position += 1


def _closing(tokens: list[re.Match[str]], position: int) -> int:
    """Return the place of the end tag of the start tag at `position`."""
    open_tags = 0
    for place in range(position, len(tokens)):
        open_tags += 1 if tokens[place]["open"] else -1
        if open_tags == 0:
            return place
    raise AssertionError("canonical XML is sound")


def _has_text(tokens: list[re.Match[str]]) -> bool:
    """Say whether text stands directly in the element that these tags make up."""
    depth = 0
    for token, following in pairwise(tokens):
        depth += 1 if token["open"] else -1
        if depth == 1 and token.end() != following.start():
            return True
    return False


def _rooted(tag: str, canonical: str, default_namespace: str) -> str:
    """Return the first tag as it must be below a default namespace: it may drop the same, and must shed another."""
    if ' xmlns="' in tag:
        return tag.replace(f' xmlns="{default_namespace}"', "", 1)
    if not UNPREFIXED.search(canonical):
        return tag
    return re.sub(r"^<[^\s/>]+", lambda name: f'{name[0]} xmlns=""', tag)


def together(pieces: Iterable[str]) -> str:
    """Return several canonical elements as one text."""
    return "".join(pieces)


def apart(canonical: str) -> list[str]:
    """Return the elements of a text of several.

    >>> apart("<a><b></b></a><c></c>")
    ['<a><b></b></a>', '<c></c>']
    """
    tokens = list(TOKEN.finditer(canonical))
    pieces, position = [], 0
    while position < len(tokens):
        close = _closing(tokens, position)
        pieces.append(canonical[tokens[position].start() : tokens[close].end()])
        position = close + 1
    return pieces
