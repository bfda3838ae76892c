"""The text of a policy that is made of a model which is none: a front matter with blanks, and its sections.

Words of a stranger stand in quotes (`>`), where nothing is carried out, whatever they look like.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence

from zhida.dmn.model import Decision, Definitions, KnowledgeSource, RequirementKind
from zhida.dmn.xml_source import parse as parse_xml
from zhida.policy.document import ARTICLE_HEADING
from zhida.policy.front_matter import EXAMPLES_OF_KEYS
from zhida.policy.interchange_extensions import ISSUER
from zhida.policy.interchange_markdown import Logic

PLAIN = re.compile(r"[^\W_][^:#\n\"'\[\]{},&*!|>%@`]*(?<!\s)")
"""What YAML reads as the text that it is."""
BLANKS = ("in_force", "gives", "eligible", "checked")
"""Keys that a policy must have and no model says."""


def made_front(definitions: Definitions, policy_id: str, subject: str) -> tuple[str, list[str]]:
    """Return a front matter of what a model says, with a comment for each key that it does not say; and these keys."""
    documents = [source for source in definitions.sources if not ARTICLE_HEADING.match(source.name) and source.type != ISSUER]
    organisations = _organisations(definitions)
    owners = [organisations[source.owner] for source in documents if source.owner in organisations]
    issuers = list(dict.fromkeys([source.name for source in definitions.sources if source.type == ISSUER] + owners))
    lines = [
        f"policy: {yaml_text(policy_id)}",
        f"title: {yaml_text(_line(definitions.notes.label or definitions.name))}",
    ]
    if documents:
        lines.append(f"document: {yaml_text('；'.join(_line(source.name) for source in documents))}")
    if issuers:
        lines.append(f"issuer: [{', '.join(map(_item, issuers))}]")
    lines.append(f"subject: {yaml_text(subject)}")
    names = "、".join(decision.name for decision in definitions.decisions if decision.expression is not None)
    hints = {key: f"如 {EXAMPLES_OF_KEYS[key]}" for key in BLANKS} | {"eligible": f"从这些判定中选一个：{_line(names)}"}
    lines += [f"# {key}: 待填 to fill in（{hints[key]}）" for key in BLANKS]
    return "\n".join(lines), list(BLANKS)


def made_sections(definitions: Definitions, elements: Sequence[Logic], write: Callable[[Logic], str]) -> Iterator[str]:
    """Yield the title, and each element below its article, or below a heading of its own.

    Args:
        definitions: The model.
        elements: Its elements as Markdown has them.
        write: Returns the text of one.
    """
    yield f"# {_line(definitions.notes.label or definitions.name)}"
    if definitions.notes.description.strip():
        yield quote(definitions.notes.description)
    articles = {f"#{source.id}": source for source in definitions.sources if ARTICLE_HEADING.match(source.name)}
    told: set[str] = set()
    for href, source in articles.items():
        yield from _head(source)
        for element in elements:
            if _first_article(element, articles) == href:
                told.add(element.id)
                yield from _section(element, write)
    for element in elements:
        if element.id not in told:
            yield f"## {_line(element.name)}"
            yield from _section(element, write)


def _head(source: KnowledgeSource) -> Iterator[str]:
    yield f"## {_line(source.name)}"
    if source.notes.description.strip():
        yield quote(source.notes.description)


def _section(element: Logic, write: Callable[[Logic], str]) -> Iterator[str]:
    words = [element.notes.description]
    if isinstance(element, Decision):
        words += [element.question, element.allowed_answers]
    said = "\n\n".join(each.strip() for each in words if each.strip())
    if said:
        yield quote(said)
    yield write(element)


def _first_article(element: Logic, articles: dict[str, KnowledgeSource]) -> str:
    hrefs = (each.href for each in element.requirements or () if each.kind is RequirementKind.AUTHORITY)
    return next((href for href in hrefs if href in articles), "")


def quote(text: str) -> str:
    r"""Return words as a quote.

    >>> quote("a\n\n| F | **b** |")
    '> a\n>\n> | F | **b** |'
    """
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def yaml_text(text: str) -> str:
    """Return a text as a value of YAML, in quotes where it needs them.

    >>> print(yaml_text("杭州市算力券"), yaml_text("a: b"))
    杭州市算力券 "a: b"
    """
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _item(text: str) -> str:
    return yaml_text(_line(text))


def _line(text: str) -> str:
    return " ".join(text.split())


def _organisations(definitions: Definitions) -> dict[str, str]:
    """Return the names of the organisations in a model, by what refers to them."""
    found = {}
    for text in definitions.others:
        element = parse_xml(text.encode(), definitions.name)
        if element.name == "organizationUnit" and element.attributes.get("id"):
            found[f"#{element.attributes['id']}"] = element.attributes.get("name", "")
    return found
