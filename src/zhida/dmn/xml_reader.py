"""What all parts of the XML reader share: finding children and attributes, types, notes, and what is wrong.

What the standard does not know is told once, over the whole tree, by `unknown`; the readers of the parts take what they know.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from zhida.dmn.model import NO_NOTES, Notes, Variable
from zhida.dmn.xml_kept import foreign, together
from zhida.dmn.xml_schema import CONTENTS, FEEL_URIS, MODEL, RENAMED
from zhida.dmn.xml_source import Element
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.source import Snippet, Span
from zhida.values.types import ANY, SIMPLE_TYPES, Type, parse_type

LONGEST_GUESS, MOST_GUESSED, MOST_GUESSES = 60, 300, 20
"""Bounds on guesses of what was meant: length of a word, how many words it is compared with, how often."""


class Reader:
    """Reads the parts of one model, collecting what is wrong."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.diagnostics: list[Diagnostic] = []
        self.namespace = root.attributes.get("namespace", "")
        self.language = root.attributes.get("expressionLanguage", "")
        self.guesses = MOST_GUESSES
        self.imports: dict[str, str] = {}
        """Names of imports by their namespaces, for types that are spelled with a prefix."""

    def note(self, code: str, span: Span, **words: object) -> None:
        """Keep a diagnostic."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def near(self, word: str, candidates: Iterable[str]) -> str:
        """Return the candidate that is spelled most like a word; looked for some times only, and among some, for it takes long."""
        self.guesses -= 1
        likely = (each for each in candidates if len(each) <= LONGEST_GUESS)
        return nearest(word, islice(likely, MOST_GUESSED)) if self.guesses >= 0 and len(word) <= LONGEST_GUESS else ""

    # --- elements and attributes -----------------------------------------------------------------------------------

    def all(self, element: Element, *names: str) -> list[Element]:
        """Return the children of the model's namespace that have one of these names."""
        return [child for child in element.children if child.name in names and is_model(child)]

    def one(self, element: Element, *names: str) -> Element | None:
        """Return the only child that has one of these names; more are left out, and told."""
        found = self.all(element, *names)
        for extra in found[1:]:
            self.note("dmn-xml-extra-element", extra.span, parent=element.name, name=extra.name)
        return found[0] if found else None

    def needed(self, element: Element, name: str) -> Element | None:
        """Return the only child of a name; None is told."""
        found = self.one(element, name)
        if found is None:
            self.note("dmn-xml-missing-element", element.span, element=element.name, name=name)
        return found

    def text(self, element: Element, name: str) -> str:
        """Return the text of the only child of a name, or an empty one."""
        found = self.one(element, name)
        return found.text if found is not None else ""

    def attribute(self, element: Element, name: str) -> str:
        """Return an attribute that must be there; white space in a name means no more than one space (DMN 1.5, 10.3.1.4)."""
        value = element.attributes.get(name, "")
        value = " ".join(value.split()) if name == "name" else value
        if not value.strip():
            self.note("dmn-xml-missing-attribute", element.span, element=element.name, name=name)
        return value

    def choice(self, element: Element, name: str, values: Iterable[str], default: str) -> str:
        """Return an attribute that is one of several values; another value is told."""
        value = element.attributes.get(name, default)
        values = list(values)
        if value not in values and value != default:
            near = self.near(value, values)
            self.note("dmn-xml-bad-value", element.attribute_span(name), value=value, name=name, near=near, expected=", ".join(values))
            return default
        return value

    def is_true(self, element: Element, name: str) -> bool:
        """Return a boolean attribute; false where it is not there."""
        return self.choice(element, name, ("true", "false", "1", "0"), "false").strip() in {"true", "1"}

    def href(self, element: Element | None) -> str:
        """Return what a reference leads to; a whole address within this model becomes `#id`."""
        if element is None:
            return ""
        href = self.attribute(element, "href").strip()
        return href.removeprefix(self.namespace) if self.namespace and href.startswith(f"{self.namespace}#") else href

    def hrefs(self, element: Element, name: str) -> tuple[str, ...]:
        """Return what the references of a name lead to."""
        return tuple(self.href(child) for child in self.all(element, name))

    # --- what all elements have ------------------------------------------------------------------------------------

    def notes(self, element: Element | None, *further: str, with_id: bool = True) -> Notes:
        """Return what an element says beside its meaning.

        Args:
            element: The element.
            further: Its attributes that the model has no other place for.
            with_id: False for elements whose id has a place of its own.
        """
        if element is None:
            return NO_NOTES
        attributes = tuple(
            (name, value) for name, value in element.attributes.items() if name.startswith("{") or (name in further and value)
        )
        extensions = self.one(element, "extensionElements")
        notes = Notes(
            element.attributes.get("id", "") if with_id else "",
            element.attributes.get("label", ""),
            self.text(element, "description"),
            together(foreign(child) for child in extensions.children) if extensions is not None else "",
            attributes,
        )
        return NO_NOTES if notes == NO_NOTES else notes

    def variable(self, element: Element) -> Variable:
        """Return a name and its type."""
        return Variable(self.attribute(element, "name"), self.type(element), self.notes(element))

    def variable_of(self, element: Element) -> Variable:
        """Return the variable of an element, which has the same name; without one, it is of any type."""
        found = self.one(element, "variable")
        name = element.attributes.get("name", "")
        if found is None:
            return Variable(name)
        called = found.attributes.get("name", "")
        if " ".join(called.split()) != " ".join(name.split()):
            self.note("dmn-xml-variable-name", found.span, name=name, variable=called)
        return Variable(name, self.type(found), self.notes(found))

    def snippet(self, element: Element, *, is_cell: bool = True) -> Snippet:
        """Return the expression in the `text` of an element."""
        language = element.attributes.get("expressionLanguage", "")
        if is_cell and language and language not in FEEL_URIS:
            self.note("dmn-xml-language", element.attribute_span("expressionLanguage"), language=language)
        found = self.one(element, "text")
        if found is None:
            return Snippet("", element.source, element.end, whole=element.end)
        return found.snippet()

    def tests(self, element: Element | None) -> Snippet | None:
        """Return unary tests that limit values; None where they are blank, as some tools write what is not limited."""
        found = self.snippet(element) if element is not None else None
        return found if found is not None and found.text.strip() else None

    # --- types -----------------------------------------------------------------------------------------------------

    def type(self, element: Element, name: str = "typeRef") -> Type:
        """Return the type that an attribute declares; `ANY` where there is none."""
        return self.type_of(element.attributes.get(name, ""), element.namespaces)

    def type_of(self, spelled: str, namespaces: Mapping[str, str]) -> Type:
        """Return the type that is spelled so: FEEL's own, or one by its name."""
        spelled = " ".join(spelled.split())
        if not spelled:
            return ANY

        def named(name: str) -> Type:
            prefix, colon, local = name.partition(":")
            namespace = RENAMED.get(namespaces.get(prefix, ""), namespaces.get(prefix, "")) if colon else ""
            if namespace in FEEL_URIS or (colon and prefix == "feel"):
                return SIMPLE_TYPES.get(local, Type(local))
            if namespace and namespace in {self.namespace, *self.imports}:
                imported = self.imports.get(namespace, "")
                return Type(f"{imported}.{local}" if imported else local)
            return Type(name)

        return parse_type(spelled, named) or Type(spelled)


def is_model(element: Element) -> bool:
    """Say whether an element is of DMN's model, in any of its versions."""
    return RENAMED.get(element.namespace) == MODEL


def unknown(reader: Reader) -> Iterator[Diagnostic]:
    """Yield what the standard does not know; what stands in extension elements and diagrams is not looked at."""
    waiting = [reader.root]
    while waiting:
        element = waiting.pop()
        content = CONTENTS[element.name]
        for name in element.attributes:
            if name not in content.attributes and not name.startswith("{"):
                near = reader.near(name, sorted(content.attributes))
                yield diagnostic("dmn-xml-unknown-attribute", element.attribute_span(name), name=name, parent=element.name, near=near)
        for child in element.children:
            if is_model(child) and child.name in content.elements:
                if child.name != "extensionElements":
                    waiting.append(child)
            elif not (element is reader.root and child.name == "DMNDI"):
                near = reader.near(child.name, sorted(content.elements))
                yield diagnostic("dmn-xml-unknown-element", child.span, name=child.name, parent=element.name, near=near)
