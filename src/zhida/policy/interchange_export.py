"""A policy as DMN definitions, for `zhida.dmn.xml_write` and so for every other DMN tool.

    decisions, business knowledge models ──> the same, with their requirements as arrows
    attributes and parameters            ──> input data and item definitions; unit, source, … as extension elements
    articles, the document, its issuers  ──> knowledge sources, authority requirements
    used policies                        ──> imports without a name, so that their decisions keep theirs
    all else of the text                 ──> extension elements (`interchange_extensions`)

A model so made is decided by DMN alone, and `interchange_import` makes the same text of it again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import relpath

from zhida.dmn.compiled import AS_OF, CompiledDecision, CompiledKnowledge
from zhida.dmn.free_names import body_names
from zhida.dmn.model import (
    NO_NOTES,
    BusinessKnowledgeModel,
    Decision,
    DecisionTable,
    Definitions,
    Import,
    InputData,
    ItemDefinition,
    KnowledgeSource,
    LiteralExpression,
    Notes,
    Requirement,
    RequirementKind,
)
from zhida.dmn.xml_names import made_id
from zhida.dmn.xml_schema import MODEL
from zhida.errors import Diagnostic, diagnostic, has_errors
from zhida.policy.document import Heading, Table
from zhida.policy.interchange_extensions import FORBIDDEN, ISSUER, Part, digest, part, written
from zhida.policy.interchange_extensions import NAMESPACE as EXTENSIONS
from zhida.policy.interchange_markdown import BETWEEN, Logic, Piece, cut, decision_text, knowledge_text
from zhida.policy.pack import Packs, Policy
from zhida.policy.parameters import Parameter
from zhida.policy.tangle import ARTICLE_COLUMN, OTHERWISE
from zhida.policy.years import parse_offset
from zhida.source import Source, Span, snippet
from zhida.values.text import literal
from zhida.values.types import ANY, DATE, SIMPLE_TYPES, Type
from zhida.values.unknown import Unknown

NAMESPACE = "urn:zhida:policy:"
"""What the namespace of a policy begins with; `pack/name` follows."""
LAW = "law"
"""The type of knowledge sources that are articles or documents."""
Compiled = CompiledDecision | CompiledKnowledge
PARAMETER = "parameter:"
"""What the id of a parameter begins with."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A policy as definitions."""

    definitions: Definitions
    """The model."""
    diagnostics: tuple[Diagnostic, ...]
    """What keeps it from being written, or what a reader should know."""


def export(policy: Policy, packs: Packs) -> Exported:
    """Return a sound policy as DMN definitions.

    Args:
        policy: The policy; it must have no errors.
        packs: What it was compiled with.

    Returns:
        The definitions; codes: interchange-character.
    """
    return _Exporter(policy, packs).export()


def namespace_of(policy_id: str) -> str:
    """Return the namespace of a policy's model.

    >>> namespace_of("hangzhou/compute-voucher")
    'urn:zhida:policy:hangzhou/compute-voucher'
    """
    return f"{NAMESPACE}{policy_id}"


def _ids(policy: Policy) -> dict[str, str]:
    """Return the ids in XML of a policy's decisions and business knowledge models: names as XML allows them."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    elements: tuple[Logic, ...] = (*policy.tangled.decisions, *policy.tangled.knowledge_models)
    for element in elements:
        ids[element.id] = made_id(element.name, taken)
        taken.add(ids[element.id])
    return ids


class _Exporter:
    """Makes the definitions of one policy."""

    def __init__(self, policy: Policy, packs: Packs) -> None:
        self.policy = policy
        self.packs = packs
        self.front = policy.front
        self.pieces = cut(policy.document, policy.tangled)
        self.ids = _ids(policy)
        self.taken = set(self.ids.values())
        self.items: dict[str, ItemDefinition] = {}
        self.diagnostics: list[Diagnostic] = []

    def id(self, name: str) -> str:
        """Return a new id for a name."""
        made = made_id(name, self.taken)
        self.taken.add(made)
        return made

    def export(self) -> Exported:
        """Return the whole model."""
        source = self.policy.document.source
        if found := FORBIDDEN.search(source.text):
            span = Span(source, found.start(), found.end())
            self.diagnostics.append(diagnostic("interchange-character", span, character=f"U+{ord(found[0]):04X}"))
        compiled = self.policy.compiled
        inputs = [self.input_data(id_, data) for id_, data in (*compiled.inputs.items(), *self.named_by_examples())]
        elements: tuple[Compiled, ...] = (*compiled.decisions.values(), *compiled.knowledge.values())
        if any(map(self.mentions_as_of, elements)):
            self.ids[AS_OF] = self.id(AS_OF)
            inputs.append(InputData(self.ids[AS_OF], ItemDefinition(AS_OF, DATE)))
        issuers = [KnowledgeSource(self.id(name), name, ISSUER) for name in self.front.issuer]
        sources = self.knowledge_sources(issuers)
        articles = self.article_sources(sources)
        document = self.document(articles)
        tangled = self.policy.tangled
        definitions = Definitions(
            self.policy.id,
            tuple(self.decision(each, articles) for each in tangled.decisions),
            tuple(self.knowledge_model(each, articles) for each in tangled.knowledge_models),
            tuple(inputs),
            id=self.id("definitions"),
            namespace=namespace_of(self.policy.id),
            models=tuple(self.imports()),
            items=(),
            sources=(*issuers, *sources, *(source for _, source in articles)),
            attributes=(("exporter", "zhida"),),
            notes=Notes(label=self.front.title, extensions=written([document])),
        )
        if not has_errors(self.diagnostics):
            self.tell_what_is_kept()
        return Exported(replace(definitions, items=tuple(self.items.values())), tuple(self.diagnostics))

    def tell_what_is_kept(self) -> None:
        """Tell what of the policy only our own extension elements hold."""
        tangled = self.policy.tangled
        counts = [(len(tangled.examples), "examples", "个例"), (len(tangled.caveats), "caveats", "处待确认")]
        said = [(f"{en} ({count})", f"{count} {zh}") for count, en, zh in counts if count]
        what = ", ".join(("the front matter, prose, units and sources", *(en for en, _ in said)))
        what_zh = "、".join(("文件头、正文、单位和来源", *(zh for _, zh in said)))
        whole = Span(Source(self.policy.document.source.name, ""), 0, 0)
        self.diagnostics.append(diagnostic("interchange-kept", whole, namespace=EXTENSIONS, what=what, what_zh=what_zh))

    def imports(self) -> Iterator[Import]:
        """Yield an import for each used policy; its file is where it would stand in a folder of packs."""
        here = self.policy.id.partition("/")[0]
        for used in self.front.uses:
            pack, _, name = used.text.partition("/")
            location = relpath(f"{pack}/policies/{name}.dmn", f"{here}/policies")
            yield Import("", namespace_of(used.text), MODEL, location)

    # --- types and facts -------------------------------------------------------------------------------------------

    def type(self, type_: Type) -> Type:
        """Return the name of a type; one that is more than a name becomes an item definition."""
        if type_ == ANY or SIMPLE_TYPES.get(type_.name) == type_:
            return type_
        name = made_id(f"t_{type_}", ())
        match type_.name:
            case "list":
                self.items.setdefault(name, ItemDefinition(name, self.type(type_.arguments[0]), is_collection=True))
            case "context":
                entries = tuple(ItemDefinition(entry, self.type(inner)) for entry, inner in type_.fields)
                self.items.setdefault(name, ItemDefinition(name, components=entries))
            case _:
                return type_
        return Type(name)

    def input_data(self, id_: str, data: InputData) -> InputData:
        """Return an attribute or a parameter as input data; a code list becomes allowed values."""
        item = data.item
        self.ids[id_] = self.id(item.name)
        type_ = self.type(item.type)
        if item.allowed_values and not item.type.fields:
            allowed = snippet(", ".join(map(literal, item.allowed_values)))
            is_list = item.type.name == "list"
            element = self.type(item.type.arguments[0] if is_list else item.type)
            name = f"t_{item.name}"
            self.items[name] = ItemDefinition(name, element, is_collection=is_list, allowed=allowed)
            type_ = Type(name)
        parts = [_fact(item, "parameter" if id_.startswith(PARAMETER) else "attribute")]
        if id_.startswith(PARAMETER):
            parts += [_parameter(row) for row in self.packs.parameters.get(item.name, ())]
        notes = Notes(description=item.description, extensions=written(parts))
        return InputData(self.ids[id_], ItemDefinition(item.name, type_), notes)

    def named_by_examples(self) -> Iterator[tuple[str, InputData]]:
        """Yield the attributes that examples name though no rule reads them, here or in a used policy."""
        dictionary = self.packs.dictionaries.get(self.front.subject)
        items = dictionary.items if dictionary else {}
        read: set[str] = set()
        waiting, seen = [self.policy], {self.policy.id}
        while waiting:
            policy = waiting.pop()
            read |= {data.name for data in policy.compiled.inputs.values()}
            used = [self.packs.policies[each.text] for each in policy.front.uses if each.text not in seen]
            seen |= {each.id for each in used}
            waiting += used
        for name in dict.fromkeys(name for example in self.policy.tangled.examples for name in example.inputs):
            if name in items and name not in read:
                yield name, InputData(name, items[name])

    # --- articles --------------------------------------------------------------------------------------------------

    def knowledge_sources(self, issuers: Sequence[KnowledgeSource]) -> list[KnowledgeSource]:
        """Return the documents that the policy rests on; these rest on who issued them.

        An issuer is a knowledge source too, and no organization unit: there are tools that cannot read one.
        """
        rests_on = tuple(Requirement(RequirementKind.AUTHORITY, f"#{issuer.id}") for issuer in issuers)
        names = [name.strip() for name in self.front.document.replace("；", ";").split(";") if name.strip()]
        return [KnowledgeSource(self.id(name), name, LAW, "", name, rests_on) for name in names]

    def article_sources(self, documents: Sequence[KnowledgeSource]) -> list[tuple[Piece, KnowledgeSource]]:
        """Return each heading of an article and the knowledge source that it becomes; the words below it are its description."""
        found = []
        for place, piece in enumerate(self.pieces):
            if piece.kind != "article":
                continue
            assert isinstance(piece.block, Heading)
            document = next((each for each in documents if piece.block.span.article.startswith(each.name)), None)
            document = document or (documents[0] if documents else None)
            words = "\n\n".join(each.text for each in self.first_words(place))
            parts = [part("level", str(piece.block.level))]
            plain = article_text(piece.block.level, piece.block.text, words)
            if plain != (stands := self.region(place)):
                parts.append(part("written", stands, of=digest(plain)))
            rests_on = (Requirement(RequirementKind.AUTHORITY, f"#{document.id}"),) if document else ()
            notes = Notes(description=words, extensions=written(parts))
            location = document.location if document else ""
            source = KnowledgeSource(self.id(piece.block.text), piece.block.text, LAW, "", location, rests_on, notes)
            found.append((piece, source))
        return found

    def first_words(self, place: int) -> list[Piece]:
        """Return the prose directly below a heading."""
        found = []
        for piece in self.pieces[place + 1 :]:
            if piece.kind != "prose":
                break
            found.append(piece)
        return found

    def region(self, place: int) -> str:
        """Return a heading and its first words as they stand."""
        inner = "".join("\n" * piece.before + piece.text for piece in self.first_words(place))
        return self.pieces[place].text + inner

    def authorities(self, element: Logic, articles: Sequence[tuple[Piece, KnowledgeSource]]) -> Iterator[Requirement]:
        """Yield what an element rests on: the article that it stands under, and those that its rules name."""
        above = [source for piece, source in articles if piece.start < element.span.start]
        numbers = {piece.block.span.article: source for piece, source in reversed(articles) if piece.block is not None}
        found = [above[-1]] if above and element.span.article else []
        if isinstance(element.expression, DecisionTable):
            for rule in element.expression.rules:
                said = rule.annotations.get(ARTICLE_COLUMN, "")
                near = max((number for number in numbers if said.startswith(number)), key=len, default="")
                if near and not any(self.is_of(near, source, articles) for source in found):
                    found.append(numbers[near])
        for source in found:
            yield Requirement(RequirementKind.AUTHORITY, f"#{source.id}")

    def is_of(self, number: str, source: KnowledgeSource, articles: Sequence[tuple[Piece, KnowledgeSource]]) -> bool:
        """Say whether a knowledge source is an article of this number: a document may treat one under several headings."""
        return any(each is source and piece.block is not None and piece.block.span.article == number for piece, each in articles)

    # --- decisions -------------------------------------------------------------------------------------------------

    def decision(self, decision: Decision, articles: Sequence[tuple[Piece, KnowledgeSource]]) -> Decision:
        """Return a decision with its arrows, its types by name, and how it stood in the text."""
        compiled = self.policy.compiled.decisions[decision.id]
        arrows = (*self.arrows(compiled), *self.authorities(decision, articles))
        parts = self.kept_of(decision, compiled.decision)
        if decision.id == self.policy.applies_id:
            parts += [part("applies"), *self.scope_as_written(compiled.decision)]
        decision = compiled.decision
        expression = decision.expression
        if isinstance(expression, DecisionTable):
            expression = self.table(expression)
        notes = Notes(extensions=written(parts)) if parts else NO_NOTES
        id_ = self.ids[decision.id]
        return replace(decision, id=id_, type=self.type(decision.type), expression=expression, requirements=arrows, notes=notes)

    def knowledge_model(self, model: BusinessKnowledgeModel, articles: Sequence[tuple[Piece, KnowledgeSource]]) -> BusinessKnowledgeModel:
        """Return a business knowledge model with its arrows, its types by name, and how it stood in the text."""
        compiled = self.policy.compiled.knowledge[model.id]
        for name, id_ in compiled.requirements.items():
            if self.kind_of(id_) is not RequirementKind.KNOWLEDGE:
                self.diagnostics.append(diagnostic("interchange-knowledge-facts", model.span, name=model.name, read=name))
        arrows = (*self.arrows(compiled), *self.authorities(model, articles))
        parameters = tuple((name, self.type(type_)) for name, type_ in model.parameters)
        parts = self.kept_of(model, compiled.model)
        notes = Notes(extensions=written(parts)) if parts else NO_NOTES
        model = compiled.model
        id_ = self.ids[model.id]
        return replace(model, id=id_, type=self.type(model.type), parameters=parameters, requirements=arrows, notes=notes)

    def table(self, table: DecisionTable) -> DecisionTable:
        """Return a table with its types by name; a rule whose number is not its place keeps it."""
        outputs = tuple(replace(clause, type=self.type(clause.type)) for clause in table.outputs)
        rules = tuple(
            rule if rule.number == str(place) else replace(rule, notes=Notes(extensions=written([part("rule", number=rule.number)])))
            for place, rule in enumerate(table.rules, start=1)
        )
        return replace(table, outputs=outputs, rules=rules, gap_reason="")

    def scope_as_written(self, scope: Decision) -> Iterator[Part]:
        """Yield how the front matter says who is in scope, where years are written out in the decision."""
        now = scope.expression.text.text if isinstance(scope.expression, LiteralExpression) else ""
        if self.front.applies is not None and self.front.applies.text != now:
            yield part("written", self.front.applies.text, of=digest(now))

    def kept_of(self, element: Logic, now: Logic) -> list[Part]:
        """Return what DMN has no place for in an element, which is `now` that its years are written out."""
        piece = next((piece for piece in self.pieces if piece.logic is element), None)
        if piece is None:
            return []
        parts = []
        otherwise = otherwise_words(piece)
        gap = piece.block.gap_reason if isinstance(piece.block, Table) else ""
        if otherwise:
            parts.append(part("otherwise", "", (part("note", words, column=column) for column, words in otherwise.items())))
        if gap:
            parts.append(part("gap", gap))
        plain = decision_text(now, otherwise, gap) if isinstance(now, Decision) else knowledge_text(now)
        if plain != piece.text:
            parts.append(part("written", piece.text, of=digest(plain)))
        return parts

    def arrows(self, compiled: Compiled) -> Iterator[Requirement]:
        """Yield what an element requires, input data before decisions before knowledge."""
        found: dict[RequirementKind, list[str]] = {RequirementKind.INPUT: [], RequirementKind.DECISION: [], RequirementKind.KNOWLEDGE: []}
        for id_ in compiled.requirements.values():
            found[self.kind_of(id_)].append(self.href(id_))
        if self.mentions_as_of(compiled):
            found[RequirementKind.INPUT].append(f"#{self.ids[AS_OF]}")
        for kind, hrefs in found.items():
            yield from (Requirement(kind, href) for href in dict.fromkeys(hrefs))

    def kind_of(self, id_: str) -> RequirementKind:
        """Return what kind of element an id names."""
        if id_ in self.policy.compiled.inputs:
            return RequirementKind.INPUT
        return RequirementKind.KNOWLEDGE if id_ in self.policy.compiled.knowledge else RequirementKind.DECISION

    def href(self, id_: str) -> str:
        """Return the href of an element, of this policy or of one that it uses."""
        if id_ in self.ids:
            return f"#{self.ids[id_]}"
        used = id_.partition("#")[0]
        return f"{namespace_of(used)}#{_ids(self.packs.policies[used])[id_]}"

    def mentions_as_of(self, compiled: Compiled) -> bool:
        """Say whether an element names the date of the business fact, which other tools must be given."""
        return AS_OF in body_names(compiled.body)

    # --- the text around the elements ------------------------------------------------------------------------------

    def document(self, articles: Sequence[tuple[Piece, KnowledgeSource]]) -> Part:
        """Return the text of the policy, with references in the place of what elements hold."""
        sources = {id(piece): source for piece, source in articles}
        parts: list[Part] = []
        waiting: list[tuple[str, int]] = []
        is_told = False

        def settle() -> None:
            if waiting:
                text = "".join(("\n" * before if place else "") + words for place, (words, before) in enumerate(waiting))
                parts.append(part("text", text, before=_before(waiting[0][1])))
                waiting.clear()

        for piece in self.pieces:
            is_told = is_told and piece.kind == "prose"
            if piece.kind == "front":
                parts.append(part("front", piece.text))
            elif piece.kind == "article":
                settle()
                source = sources[id(piece)]
                parts.append(part("article", ref=source.id, name=source.name, before=_before(piece.before)))
                is_told = True
            elif piece.logic is not None:
                settle()
                logic = piece.logic
                parts.append(part("element", ref=self.ids[logic.id], name=logic.name, before=_before(piece.before)))
            elif not is_told:
                waiting.append((piece.text, piece.before))
        settle()
        return part("document", "", parts, subject=self.front.subject)


def article_text(level: int, heading: str, words: str) -> str:
    """Return the heading and the first words of an article in their plainest form."""
    return f"{'#' * level} {heading}" + (f"\n\n{words}" if words else "")


def otherwise_words(piece: Piece) -> dict[str, str]:
    """Return the words in the annotation columns of a table's row of defaults, by column."""
    if not isinstance(piece.block, Table) or not piece.block.rows or piece.block.rows[-1][0].text != OTHERWISE:
        return {}
    cells = zip(piece.block.header, piece.block.rows[-1], strict=True)
    return {head.text: cell.text for head, cell in cells if head.style == "italic" and cell.text}


def _before(count: int) -> str:
    return "" if count == BETWEEN else str(count)


def _fact(item: ItemDefinition, kind: str) -> Part:
    """Return what a dictionary says of an attribute and DMN cannot."""
    usual = ""
    if item.usual_range is not None:
        usual = "..".join("" if end is None else f"{end}" for end in item.usual_range)
    flags: Mapping[str, bool] = {"nullable": item.is_nullable, "selfReported": item.is_self_reported, "sensitive": item.is_sensitive}
    words = {name: "true" for name, is_set in flags.items() if is_set}
    base, offset = parse_offset(item.name)
    words |= {"movable": item.movable} if item.movable else {}
    words |= {"price": f"{item.price}"} if item.price is not None else {}
    if item.is_yearly:
        words |= {"yearly": "true"} | ({"yearOf": base, "offset": str(offset)} if offset else {})
    if kind == "entry":
        words |= {"name": item.name, "values": "\n".join(item.allowed_values or ()), "description": item.description}
    scale = "" if item.scale is None else str(item.scale)
    entries = [_fact(each, "entry") for each in item.components] if kind == "attribute" else []
    return part("fact", "", entries, kind=kind, unit=item.unit, scale=scale, usual=usual, source=item.department, **words)


def _parameter(row: Parameter) -> Part:
    value = "" if isinstance(row.value, Unknown) else literal(row.value)
    more = {"settledBy": row.settled_by} if row.settled_by else {}
    return part("parameter", value=value, valid=str(row.valid), source=row.source, confidence=row.confidence, **more)
