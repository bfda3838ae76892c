"""What a policy says and DMN has no place for, as extension elements of our own namespace.

    z:document   on the model: the Markdown text around its elements, piece by piece
      z:front      the front matter
      z:text       text that no element holds
      z:article    the heading and first words of an article: the name and description of a knowledge source
      z:element    the place of a decision or business knowledge model
    z:written    on an element: how it stood in the text, and the digest of what it said; used while it still says that
    z:otherwise  on a decision: words beside the row of defaults          z:gap   why some inputs match no rule
    z:rule       on a rule: its number, where that is not its place       z:applies   on the decision that `applies:` makes
    z:fact       on input data: unit, places, usual range, source, …      z:parameter   a row of a parameter
                 inside it, one for each entry of the elements of a list

Everything here is text: it is read from XML that `zhida.dmn.xml` has hardened, and read again with the same bounds.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zhida.dmn.model import Notes
from zhida.dmn.xml_kept import apart
from zhida.dmn.xml_source import Element, parse

NAMESPACE = "urn:zhida:policy:1"
"""The namespace of these elements; its last part is their version."""

_IN_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_IN_ATTRIBUTE = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
ISSUER = "issuer"
"""The type of a knowledge source that is who issued a document."""
FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold."""


@dataclass(frozen=True, slots=True)
class Part:
    """An extension element."""

    name: str
    """Its name."""
    attributes: Mapping[str, str]
    """Its attributes; empty ones are not written."""
    text: str = ""
    """Its text, where it has no parts."""
    parts: tuple["Part", ...] = ()
    """Parts inside it."""


def part(name: str, text: str = "", parts: Iterable[Part] = (), /, **attributes: str) -> Part:
    """Return an extension element."""
    return Part(name, {key: value for key, value in attributes.items() if value}, text, tuple(parts))


def written(parts: Iterable[Part]) -> str:
    """Return extension elements as canonical XML.

    >>> written([part("gap", "a < b")])
    '<z:gap xmlns:z="urn:zhida:policy:1">a &lt; b</z:gap>'
    """
    return "".join(_element(each, f' xmlns:z="{NAMESPACE}"') for each in parts)


def _element(each: Part, declared: str = "") -> str:
    attributes = "".join(f' {key}="{_escaped(each.attributes[key], _IN_ATTRIBUTE)}"' for key in sorted(each.attributes))
    inner = "".join(map(_element, each.parts)) if each.parts else _escaped(each.text, _IN_TEXT)
    return f"<z:{each.name}{declared}{attributes}>{inner}</z:{each.name}>"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)


def attribute(text: str) -> str:
    """Return a text as it stands in an attribute of canonical XML."""
    return _escaped(text, _IN_ATTRIBUTE)


def read(notes: Notes) -> dict[str, list[Part]]:
    """Return our extension elements among those of an element, by name."""
    found: dict[str, list[Part]] = {}
    for text in apart(notes.extensions) if NAMESPACE in notes.extensions else ():
        element = parse(text.encode(), "extensionElements")
        if element.namespace == NAMESPACE:
            found.setdefault(element.name, []).append(_part(element))
    return found


def others(notes: Notes) -> str:
    """Return the extension elements that are not ours."""
    return "".join(text for text in apart(notes.extensions) if NAMESPACE not in text)


def _part(element: Element) -> Part:
    parts = tuple(_part(child) for child in element.children if child.namespace == NAMESPACE)
    return Part(element.name, element.attributes, "" if parts else element.text, parts)


def first(found: Mapping[str, Sequence[Part]], name: str) -> Part | None:
    """Return the first extension element of a name."""
    return next(iter(found.get(name, ())), None)


def digest(text: str) -> str:
    """Return a short name of a text: whether an element still says what it said."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
