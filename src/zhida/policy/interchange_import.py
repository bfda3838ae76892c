"""DMN definitions as a Markdown policy.

    definitions with our extension elements ──> the text that they were made of, with what was changed since
    any other definitions                   ──> a front matter with blanks, a section for each decision, and beside it
                                                a data dictionary of the input data

What has no form in Markdown is refused by name; what is left out is told. Nothing is invented: what the model does not
say about the policy (since when it is in force, what it gives) is a line to fill in, and `zhida check` asks for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhida.dmn.compiled import AS_OF
from zhida.dmn.item_types import named_types, resolve_types
from zhida.dmn.model import Decision, Definitions, InputData, ItemDefinition, KnowledgeSource, Notes, RequirementKind
from zhida.errors import Diagnostic, diagnostic
from zhida.policy import interchange_extensions as extensions
from zhida.policy.document import parse
from zhida.policy.interchange_dictionary import Fact, code_list, dictionary_text, is_parameter, parameters_text, yearly_names
from zhida.policy.interchange_elements import ElementWriter
from zhida.policy.interchange_export import NAMESPACE, article_text
from zhida.policy.interchange_extensions import Part, digest
from zhida.policy.interchange_markdown import BETWEEN, Logic, decision_text, front_text, join, knowledge_text
from zhida.policy.interchange_sections import made_front, made_sections, yaml_text
from zhida.policy.naming import name_faults
from zhida.policy.years import called
from zhida.source import Source, Span
from zhida.values.types import Type

Place = tuple[str, int]
"""A text, and the line feeds before it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A model as Markdown."""

    text: str
    """The policy."""
    dictionary: str
    """A data dictionary of its input data; empty where it has none."""
    parameters: str
    """A page of the parameters that it was given; empty where it has none."""
    subject: str
    """The kind of subject that the dictionary is about."""
    diagnostics: tuple[Diagnostic, ...]
    """What has no form, what was left out, what is to be filled in."""


def import_definitions(definitions: Definitions, policy_id: str) -> Imported:
    """Return a model as a Markdown policy.

    Args:
        definitions: The model.
        policy_id: `pack/name`, as the place of the new file says it; used where the model does not say its own.

    Returns:
        The text, with a dictionary and parameters beside it; codes: interchange-no-form, interchange-lost, interchange-blank,
        interchange-gone, interchange-new, interchange-table-inside. With an error among them the text is not complete.
    """
    return _Importer(definitions, policy_id).run()


class _Importer:
    """Makes the text of one model."""

    def __init__(self, definitions: Definitions, policy_id: str) -> None:
        self.definitions = definitions
        self.policy_id = policy_id
        self.diagnostics: list[Diagnostic] = []
        self.kept = extensions.first(extensions.read(definitions.notes), "document")
        types = named_types(definitions, {}, [])

        def unknown(_name: str, _span: Span | None) -> None:
            """Say nothing: whoever compiles the model is told."""

        decisions = [resolve_types(each, types, unknown) for each in definitions.decisions]
        models = [resolve_types(each, types, unknown) for each in definitions.knowledge_models]
        self.inputs = [resolve_types(each, types, unknown) for each in definitions.inputs if each.name != AS_OF]
        self.inputs += [_as_fact(each) for each in decisions if each.expression is None]
        elements: tuple[Logic, ...] = (*(each for each in decisions if each.expression is not None), *models)
        writer = ElementWriter(definitions, types.types, elements, self.inputs, self.diagnostics)
        self.elements: dict[str, Logic] = {each.id: writer.element(each) for each in elements}
        self.yearly: list[str] = []

    def note(self, code: str, span: Span | None = None, **words: object) -> None:
        """Keep a diagnostic."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def run(self) -> Imported:
        """Return everything."""
        facts = [(data, extensions.read(data.notes)) for data in self.inputs]
        self.yearly = yearly_names(facts)
        self.refuse_names()
        self.refuse_what_has_no_form()
        self.tell_what_is_left_out(facts)
        if self.kept is not None:
            subject = self.kept.attributes.get("subject", "")
            text = self.text_kept(self.kept)
        else:
            subject = self.policy_id.partition("/")[2]
            text = self.text_made(subject)
        return Imported(text, dictionary_text(subject, facts), parameters_text(facts), subject, tuple(self.diagnostics))

    # --- what is not carried over --------------------------------------------------------------------------------------

    def refuse_names(self) -> None:
        """Refuse names that Markdown cannot have: it knows one scope, in which a name means one thing."""
        first: dict[str, Span | None] = {}
        named = [(data.name, data.item.span) for data in self.inputs]
        named += [(each.name, each.span) for each in self.elements.values() if not _is_applies(each.notes)]
        for name, span in named:
            self.diagnostics.extend(name_faults(name, span))
            if name in first:
                where = first[name]
                self.note("dmn-duplicate-name", span, name=name, first=where.place if where else "")
            first.setdefault(name, span)
        for element in self.elements.values():
            for name, _ in element.parameters if not isinstance(element, Decision) else ():
                self.diagnostics.extend(name_faults(name, element.span))

    def refuse_what_has_no_form(self) -> None:
        """Refuse imports of models that are no policies, and decision services that something calls."""
        for each in self.definitions.models:
            if each.name or not each.namespace.startswith(NAMESPACE):
                words = {"what": f"an import of {each.namespace}", "what_zh": f"对 {each.namespace} 的导入（import）"}
                advice = {
                    "advice": "convert that model as well, and name its policy in `uses`",
                    "advice_zh": "请把那个模型也转换过来，写进 uses",
                }
                self.note("interchange-no-form", None, name=each.name or self.definitions.name, **words, **advice)
        services = {f"#{service.id}": service for service in self.definitions.services}
        for service in services.values():
            self.note("interchange-lost", service.span, name=service.name, what="the decision service", what_zh="决策服务")
        elements: tuple[Logic, ...] = (*self.definitions.decisions, *self.definitions.knowledge_models)
        for element in elements:
            for requirement in element.requirements or ():
                if requirement.kind is RequirementKind.KNOWLEDGE and requirement.href in services:
                    words = {"what": "a call of a decision service", "what_zh": "对决策服务的调用"}
                    advice = {"advice": "use the decisions themselves", "advice_zh": "请直接使用那些决策"}
                    self.note("interchange-no-form", element.span, name=element.name, **words, **advice)

    def tell_what_is_left_out(self, facts: Sequence[Fact]) -> None:
        """Tell which constraints of types, and what other things of a model that is no policy of ours, are left out."""
        for fact in facts:
            data = fact[0]
            if _is_constrained(data.item.type) and (is_parameter(fact) or not code_list(data.item.type)):
                self.note("interchange-lost", data.item.span, name=data.name, what="what its values must be", what_zh="取值的限制")
        for element in self.elements.values():
            parameters = element.parameters if not isinstance(element, Decision) else ()
            if any(_is_constrained(type_) for type_ in (element.type, *(type_ for _, type_ in parameters))):
                self.note("interchange-lost", element.span, name=element.name, what="what its values must be", what_zh="取值的限制")
        if self.kept is None:
            others = len(self.definitions.others)
            said = [("the diagrams", "图形")] if self.definitions.diagrams else []
            said += [(f"{others} annotations, groups and organisations", f"{others} 项注释、分组和组织")] if others else []
            if said:
                what, what_zh = ", ".join(en for en, _ in said), "、".join(zh for _, zh in said)
                self.note("interchange-lost", None, name=self.definitions.name, what=what, what_zh=what_zh)

    # --- the text of a policy that was ours ------------------------------------------------------------------------------

    def text_kept(self, kept: Part) -> str:
        """Return the text around the elements, with what they say now in their places."""
        sources = {source.id: source for source in self.definitions.sources}
        names = {element.name: id_ for id_, element in self.elements.items()}
        places: list[Place] = []
        behind = 0
        told: set[str] = set()
        for each in kept.parts:
            before = each.attributes.get("before", "")
            feeds = int(before) if before.isdigit() and len(before) < 4 else BETWEEN
            reference = each.attributes.get("ref", "")
            if each.name == "element" and reference not in self.elements:  # a tool that gave it another id kept its name
                reference = names.get(each.attributes.get("name", ""), reference)
            match each.name:
                case "front":
                    places.append((front_text(self.front_now(each.text)), 0))
                case "text":
                    places.append((each.text, feeds))
                case "article" if reference in sources:
                    places.append((_article_now(sources[reference]), feeds))
                case "element" if reference in self.elements:
                    places.append((self.element_text(self.elements[reference]), feeds))
                    told.add(reference)
                    behind = len(places)
                case "article" | "element":
                    self.note("interchange-gone", None, name=each.attributes.get("name") or reference)
        places[behind or len(places) : behind or len(places)] = self.new_elements(told)
        return join(places)

    def new_elements(self, told: set[str]) -> Iterator[Place]:
        """Yield the elements that had no place in the text."""
        for id_, element in self.elements.items():
            if id_ not in told and not _is_applies(element.notes):
                self.note("interchange-new", element.span, name=element.name)
                yield self.element_text(element), BETWEEN

    def element_text(self, element: Logic) -> str:
        """Return the text of an element: as it stood, while it still says the same."""
        found = extensions.read(element.notes)
        otherwise = extensions.first(found, "otherwise")
        words = {each.attributes.get("column", ""): each.text for each in otherwise.parts} if otherwise else {}
        gap = extensions.first(found, "gap")
        plain = decision_text(element, words, gap.text if gap else "") if isinstance(element, Decision) else knowledge_text(element)
        text = _as_written(plain, found)
        return called(plain, self.yearly) if text == plain else text

    def front_now(self, text: str) -> str:
        """Return the front matter; its `applies` as the decision says it now."""
        applies = next((each for each in self.elements.values() if _is_applies(each.notes)), None)
        if not isinstance(applies, Decision):
            return text
        source = Source("front matter", front_text(text))
        value = parse(source).front.get("applies")
        expression = element_expression(applies)
        if _as_written(expression, extensions.read(applies.notes)) != expression:
            return text
        now = " ".join(called(expression, self.yearly).split())
        if value is None:
            return f"{text}\napplies: {yaml_text(now)}"
        if " ".join(str(value.value).split()) == now:
            return text
        span = value.snippet.span()
        quoted = source.text[span.start - 1 : span.start] in {"'", '"'}
        start, end = (span.start - 1, span.end + 1) if quoted else (span.start, span.end)
        changed = source.text[:start] + yaml_text(now) + source.text[end:]
        return changed.removeprefix("---\n").removesuffix("\n---")

    # --- the text of any other model --------------------------------------------------------------------------------------

    def text_made(self, subject: str) -> str:
        """Return a front matter with blanks, and a section for each decision and business knowledge model."""
        front, blanks = made_front(self.definitions, self.policy_id, subject)
        self.note("interchange-blank", None, keys=", ".join(blanks), keys_zh="、".join(blanks))
        sections = made_sections(self.definitions, list(self.elements.values()), self.element_text)
        return join([(front_text(front), 0), *((text, BETWEEN) for text in sections)])


def element_expression(decision: Decision) -> str:
    """Return the FEEL of a decision whose logic is one expression."""
    text = getattr(decision.expression, "text", None)
    return text.text if text is not None else ""


def _as_fact(decision: Decision) -> InputData:
    """Return a decision without logic as input data: its value is given from outside."""
    item = ItemDefinition(decision.name, decision.type, span=decision.span)
    return InputData(decision.id, item, Notes(description=decision.notes.description or decision.question))


def _is_applies(notes: Notes) -> bool:
    return "applies" in extensions.read(notes)


def _article_now(source: KnowledgeSource) -> str:
    """Return the heading and first words of an article: as they stood, while the knowledge source still says the same."""
    found = extensions.read(source.notes)
    level = extensions.first(found, "level")
    hashes = int(level.text) if level is not None and level.text in {"1", "2", "3", "4", "5", "6"} else 2
    return _as_written(article_text(hashes, " ".join(source.name.split()), source.notes.description), found)


def _as_written(plain: str, found: dict[str, list[Part]]) -> str:
    stood = extensions.first(found, "written")
    return stood.text if stood is not None and stood.attributes.get("of") == digest(plain) else plain


def _is_constrained(type_: Type) -> bool:
    """Say whether values of a type must be more than its structure says."""
    return type_.constraint is not None or any(map(_is_constrained, (*type_.arguments, *(each for _, each in type_.fields))))
