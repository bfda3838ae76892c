"""A folder of the conformance kit as XML trees: what the variations of `vary_kit.py` change."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from zhida.dmn.conformance import KitFolder
from zhida.dmn.conformance_cases import NAMESPACE as CASES

MODEL = "https://www.omg.org/spec/DMN/20230324/MODEL/"
LOGIC = frozenset(
    (
        *("literalExpression", "decisionTable", "context", "list", "relation", "invocation", "functionDefinition"),
        *("conditional", "filter", "for", "some", "every"),
    )
)
"""Elements that are expressions."""


@dataclass
class Trees:
    """The files of one folder."""

    level: str
    name: str
    roots: dict[str, etree._Element]
    """Models and test files, by file name."""
    random: random.Random
    """Decides what a variation may choose."""
    encoding: str = "UTF-8"
    """How the models are written."""

    @property
    def models(self) -> list[etree._Element]:
        return [root for name, root in sorted(self.roots.items()) if name.endswith(".dmn")]

    @property
    def tests(self) -> list[etree._Element]:
        return [root for root in self.roots.values() if root.tag == f"{{{CASES}}}testCases"]

    def texts(self) -> Iterator[etree._Element]:
        """Yield the elements that hold FEEL."""
        for root in self.models:
            for text in root.iter(model("text")):
                parent = text.getparent()
                if parent is not None and local(parent) not in {"textAnnotation", "annotationEntry"} and text.text:
                    yield text


def model(tag: str) -> str:
    return f"{{{MODEL}}}{tag}"


def local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def children(element: etree._Element, *tags: str) -> list[etree._Element]:
    """Return the children that are elements of the model, all or those with these tags."""
    return [child for child in element if isinstance(child.tag, str) and (not tags or local(child) in tags)]


def logic_of(element: etree._Element) -> etree._Element | None:
    return next(iter(children(element, *LOGIC)), None)


def make(tag: str, *parts: etree._Element, text: str = "", **attributes: str) -> etree._Element:
    """Return an element of the model."""
    made = etree.Element(model(tag), attributes)
    made.extend(parts)
    if text:
        made.text = text
    return made


def literal_expression(text: str) -> etree._Element:
    return make("literalExpression", make("text", text=text))


def read_trees(folder: KitFolder, random_: random.Random) -> Trees:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False)
    roots = {name: etree.fromstring(data, parser) for name, data in folder.files.items() if name.endswith((".dmn", ".xml"))}
    return Trees(folder.level, folder.name, roots, random_)


def written(trees: Trees) -> KitFolder:
    """Return the folder as files again."""
    files = {
        name: etree.tostring(root, xml_declaration=True, encoding=trees.encoding if name.endswith(".dmn") else "UTF-8")
        for name, root in trees.roots.items()
    }
    return KitFolder(trees.level, trees.name, files)
