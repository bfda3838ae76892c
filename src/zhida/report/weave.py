"""A policy as one page: law beside rule.

    blocks ──sections──> passages (law | rule) ──> HTML
    front matter, dictionary, parameters, used policies, results of examples ──> card and appendices

A section begins at each heading. Within it, prose opens a passage and the tables and expressions that follow execute it;
caveats stay with the law that they are about. Every block of the document appears, in its order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zhida.assess.examples import ExampleResult
from zhida.dmn.model import BusinessKnowledgeModel, Decision, DecisionTable, LiteralExpression
from zhida.errors import Language
from zhida.policy.document import Block, Fence, Heading, Prose, Quote, Table
from zhida.policy.pack import Packs, Policy
from zhida.policy.tangle import CAVEAT, EXAMPLE_WORDS, caveat_words, split_caveat
from zhida.proof.policies import PolicyProof
from zhida.report.inside import Inside, inside
from zhida.report.page import Markup, element, join, page
from zhida.report.prose import render_prose
from zhida.report.requirement_graph import STYLE as GRAPH_STYLE
from zhida.report.requirement_graph import requirement_graph
from zhida.report.weave_coverage import STYLE as COVERAGE_STYLE
from zhida.report.weave_coverage import coverage_by_decision, coverage_line
from zhida.report.weave_facts import Ground, card, facts_table, findings, ground_of, names_of, parameters_table, used_table
from zhida.report.weave_proof import STYLE as PROOF_STYLE
from zhida.report.weave_proof import marks_of, proof_part, under_table
from zhida.report.weave_rules import (
    Names,
    anchor,
    column_count,
    decision_table,
    examples_table,
    knowledge_model,
    literal_expression,
    plain_table,
)
from zhida.report.weave_style import STYLE
from zhida.report.words import choose

BRIEF_RULES = 12
"""Rules that are kept on one sheet with their law."""

GRAPH = ("需求图：结论由什么得出", "Requirement graph: what rests on what")
"""What the graph is called, in Chinese and in English."""

EXAMPLE_HEADINGS = ("例", "Examples")
"""What the examples of a policy are called, in Chinese and in English."""

WIDE_COLUMNS = 10
"""A table with more columns stands below its law rather than beside it."""

WOVEN_STYLE = STYLE + GRAPH_STYLE + COVERAGE_STYLE + PROOF_STYLE
"""Rules beside those of every page."""


@dataclass(slots=True)
class Passage:
    """A stretch of law and what executes it."""

    law: list[Markup] = field(default_factory=list)
    """Prose, and tables for readers."""
    caveats: list[Markup] = field(default_factory=list)
    """Reservations about it."""
    rules: list[Markup] = field(default_factory=list)
    """Decision tables and expressions."""
    tables: list[DecisionTable] = field(default_factory=list)
    """The decision tables among them."""


@dataclass(slots=True)
class Section:
    """What stands under one heading."""

    title: str
    """The words of the heading; empty above the first."""
    level: int
    """Of the heading."""
    id: str
    """Its anchor."""
    rules: int = 0
    """Rules of the decision tables in it."""
    passages: list[Passage] = field(default_factory=list)
    """In the order of the text."""
    examples: list[Markup] = field(default_factory=list)
    """Tables of examples with the prose between them."""


def weave(policy: Policy, packs: Packs, results: Sequence[ExampleResult], *, language: Language, proof: PolicyProof | None = None) -> str:
    """Return a policy as one self-contained HTML page: its law by article, beside it what executes it.

    Args:
        policy: The policy; one with errors is shown too, with its findings.
        packs: The packs that it stands in: its dictionary, its parameters, the policies that it uses.
        results: What came out of its examples; those without a result are shown as not run.
        language: Of the labels; the policy's own words stay as they are.
        proof: What was proved of it, where that is to be shown.
    """
    body = element("main", *_parts(policy, packs, results, proof, language))
    return page(_title(policy), body, language=language, style=WOVEN_STYLE)


def weave_inside(
    policy: Policy, packs: Packs, results: Sequence[ExampleResult], *, language: Language, proof: PolicyProof | None = None
) -> Inside:
    """Return what `weave` shows as an article of class `woven` that stands inside of another page, and its style apart.

    The arguments are those of `weave`; the style is the same for every policy and language.
    """
    return inside(_title(policy), "woven", _parts(policy, packs, results, proof, language), WOVEN_STYLE)


def _title(policy: Policy) -> str:
    return policy.front.title or policy.id


def _parts(
    policy: Policy, packs: Packs, results: Sequence[ExampleResult], proof: PolicyProof | None, language: Language
) -> tuple[Markup, ...]:
    """Return what the page shows, from top to bottom."""
    ground = ground_of(policy, packs)
    names = names_of(policy, ground)
    sections = list(_Weaver(policy, names, results, proof, language).sections())
    graph = requirement_graph(policy, packs, marks_of(proof, language), language)
    appendices = [*_proved(proof, language), *_appendices(policy, packs, ground, language)]
    return (
        element(
            "header",
            element("p", choose(language, "政策与规则对照", "Law beside rule"), class_="kind"),
            element("h1", _title(policy)),
            card(policy, results, language),
        ),
        _contents(sections, appendices, language, has_graph=bool(graph)),
        element("section", element("h2", choose(language, *GRAPH)), graph, id="graph", class_="overview") if graph else Markup(),
        *(_section(section, language) for section in sections),
        *(element("section", element("h2", title), _scrolled(title, "appendix", content), id=id_) for id_, title, content in appendices),
    )


class _Weaver:
    """Goes through the blocks once."""

    def __init__(
        self, policy: Policy, names: Names, results: Sequence[ExampleResult], proof: PolicyProof | None, language: Language
    ) -> None:
        self.policy = policy
        self.names = names
        self.proof = proof
        self.language: Language = language
        self.results = {result.example.span.start: result for result in results}
        self.shown = coverage_by_decision(results) if policy.is_sound else {}
        self.explains = True
        self.decisions: Mapping[int, Decision] = {_start(item): item for item in policy.tangled.decisions if item.id != policy.applies_id}
        self.models: Mapping[int, BusinessKnowledgeModel] = {_start(item): item for item in policy.tangled.knowledge_models}

    def sections(self) -> Iterator[Section]:
        """Yield the sections in order; the title of the document is that of the page."""
        blocks = self.policy.document.blocks
        taken: set[str] = set()
        section = Section("", 1, "preamble")
        for block, text in _merged(blocks):
            if isinstance(block, Heading):
                if block.level == 1 and not section.passages and not section.title:
                    continue
                if section.title or section.passages or section.examples:
                    yield section
                id_ = anchor("article" if block.span.article else "section", block.text)
                id_ = id_ if id_ not in taken else f"{id_}-{block.span.line}"
                taken.add(id_)
                section = Section(_heading(block.text, self.language), block.level, id_)
            else:
                self.block(section, block, text)
        if section.title or section.passages or section.examples:
            yield section

    def block(self, section: Section, block: Block, text: str) -> None:
        """Put one block where it belongs."""
        is_examples = isinstance(block, Table) and block.header[0].text in EXAMPLE_WORDS
        if is_examples or section.examples:
            section.examples.append(self.example_part(block, text))
            return
        rule = self.rule(section, block)
        if not section.passages or (section.passages[-1].rules and rule is None and not isinstance(block, Quote)):
            section.passages.append(Passage())
        passage = section.passages[-1]
        if rule is not None:
            passage.rules.append(rule)
            passage.tables += self.tables(block)
        elif isinstance(block, Quote):
            passage.caveats.append(_quote(block, self.language))
        else:
            passage.law.append(_law(block, text))

    def tables(self, block: Block) -> list[DecisionTable]:
        """Return the decision table that a block holds, if it holds one."""
        decision = self.decisions.get(block.span.start)
        return [decision.expression] if decision is not None and isinstance(decision.expression, DecisionTable) else []

    def rule(self, section: Section, block: Block) -> Markup | None:
        """Return what a table or fenced block executes, or None where it executes nothing."""
        if isinstance(block, Table):
            decision = self.decisions.get(block.span.start)
            if decision is None or not isinstance(decision.expression, DecisionTable):
                return None
            section.rules += len(decision.expression.rules)
            shown = decision_table(decision, decision.expression, self.names, self.language, self.shown.get(decision.id))
            return join([shown, *self.feet(decision.id)])
        if isinstance(block, Fence):
            decision = self.decisions.get(block.body.start)
            if decision is not None and isinstance(decision.expression, LiteralExpression):
                shown = literal_expression(decision, decision.expression, self.names, self.language)
                return join([shown, *self.feet(decision.id)])
            model = self.models.get(block.body.start)
            return knowledge_model(model, self.names, self.language) if model is not None else None
        return None

    def feet(self, decision_id: str) -> Iterator[Markup]:
        """Yield what is said under a decision: what examples show of it, and what was proved."""
        shown = self.shown.get(decision_id)
        yield coverage_line(shown, self.language, explains=self.explains)
        self.explains = self.explains and shown is None
        yield under_table(self.proof, decision_id, self.language)

    def example_part(self, block: Block, text: str) -> Markup:
        """Return a part of the examples."""
        if isinstance(block, Table) and block.header[0].text in EXAMPLE_WORDS:
            return _scrolled(choose(self.language, *EXAMPLE_HEADINGS), "scroll", examples_table(block, self.results, self.language))
        return _quote(block, self.language) if isinstance(block, Quote) else _law(block, text)


def _start(item: Decision | BusinessKnowledgeModel) -> int:
    """Return the offset at which the block of a decision stands."""
    expression = item.expression
    if isinstance(expression, LiteralExpression):
        return expression.text.start
    return expression.span.start if expression is not None else item.span.start


def _merged(blocks: Sequence[Block]) -> Iterator[tuple[Block, str]]:
    """Yield each block with its text; paragraphs that follow each other are one, so that a list stays a list."""
    place = 0
    while place < len(blocks):
        first = last = blocks[place]
        while isinstance(first, Prose) and place + 1 < len(blocks) and isinstance(blocks[place + 1], Prose):
            place += 1
            last = blocks[place]
        yield first, first.span.source.text[first.span.start : last.span.end]
        place += 1


def _heading(text: str, language: Language) -> str:
    """Return the words of a heading; that of the examples is no law, and is told in the page's language."""
    return choose(language, *EXAMPLE_HEADINGS) if text in (*EXAMPLE_WORDS, *EXAMPLE_HEADINGS) else text


def _law(block: Block, text: str) -> Markup:
    """Return prose, or a block that is there for readers."""
    match block:
        case Table():
            return plain_table(block)
        case Fence():
            return element("pre", element("code", block.body.text))
    return render_prose(text)


def _quote(block: Quote, language: Language) -> Markup:
    words = caveat_words(block.text)
    if words is None:
        return element("blockquote", render_prose(block.text))
    text, settled_by = split_caveat(words)
    label = element("strong", choose(language, CAVEAT, "To be confirmed"))
    settles = choose(language, f"核对：{settled_by}", f"To be settled by: {settled_by}")
    return element("aside", label, render_prose(text), element("p", settles, class_="quiet") if settled_by else Markup(), class_="caveat")


# --- the page ------------------------------------------------------------------------------------------------------


def _contents(sections: Sequence[Section], appendices: Sequence[tuple[str, str, Markup]], language: Language, *, has_graph: bool) -> Markup:
    """Return the table of contents."""
    graph = element("a", choose(language, *GRAPH), href="#graph")
    items = [element("li", graph, class_="level2")] if has_graph else []
    for section in sections:
        is_part_of_examples = bool(section.examples) and section.level > 2
        if section.title and not is_part_of_examples:
            count = choose(language, f"{section.rules} 条规则", f"{section.rules} rules") if section.rules else ""
            link = element("a", section.title, href=f"#{section.id}")
            items.append(element("li", link, element("span", count, class_="quiet"), class_=f"level{section.level}"))
    items += [element("li", element("a", title, href=f"#{id_}"), class_="level2") for id_, title, _ in appendices]
    return element("nav", element("h2", choose(language, "目录", "Contents")), element("ol", *items), class_="contents")


def _section(section: Section, language: Language) -> Markup:
    heading = element(f"h{min(max(section.level, 2), 6)}", section.title) if section.title else Markup()
    examples = element("div", *section.examples, class_="examples-part") if section.examples else Markup()
    return element(
        "section",
        heading,
        *(_passage(passage, section.title, language) for passage in section.passages),
        examples,
        id=section.id,
        class_="examples-section" if section.examples else "",
    )


def _passage(passage: Passage, title: str, language: Language) -> Markup:
    """Return law on the left and rule on the right; without a rule, the caveats take its place."""
    right = passage.rules or passage.caveats
    left = [*passage.law, *passage.caveats] if passage.rules else passage.law
    lead = Markup()
    if passage.rules and not left:
        lead = element("p", choose(language, "（由规则直接表达）", "(said by the rule itself)"), class_="quiet")
    kinds = ["passage"]
    if passage.tables:
        is_brief = sum(len(table.rules) for table in passage.tables) <= BRIEF_RULES
        is_wide = any(column_count(table) > WIDE_COLUMNS for table in passage.tables)
        kinds += ["tabled", *(["brief"] if is_brief else []), *(["wide"] if is_wide else [])]
    elif not passage.rules:
        kinds += ["words"] if passage.caveats else ["words", "alone"]
    return element(
        "div",
        element("div", element("div", lead, *left, class_="sticky"), class_="law"),
        _scrolled(choose(language, f"{title} 规则".strip(), f"{title} rules".strip()), "rule-side", *right)
        if passage.rules
        else element("div", join(right), class_="rule-side"),
        class_=" ".join(kinds),
    )


def _scrolled(title: str, class_: str, *content: Markup) -> Markup:
    """Return what may be wider than the window in a box of its own, which the keyboard reaches and which says what it is."""
    return element("div", *content, class_=class_, role="region", aria_label=title, tabindex="0")


def _proved(proof: PolicyProof | None, language: Language) -> Iterator[tuple[str, str, Markup]]:
    """Yield the part about the proof, where there is one."""
    if proof is not None:
        yield "proof", choose(language, "证明：完备、重叠与悬崖", "Proof: gaps, overlaps and cliffs"), proof_part(proof, language)


def _appendices(policy: Policy, packs: Packs, ground: Ground, language: Language) -> Iterator[tuple[str, str, Markup]]:
    """Yield the anchors, titles and contents of what stands behind the document."""
    if ground.facts:
        yield "facts", choose(language, "用到的事实（数据字典）", "Facts used (data dictionary)"), facts_table(ground, language)
    if ground.parameters:
        yield "parameters", choose(language, "用到的参数", "Parameters used"), parameters_table(ground.parameters, language)
    if ground.used:
        yield "used", choose(language, "引用的政策", "Policies used"), used_table(ground.used, packs, language)
    if policy.diagnostics:
        yield "findings", choose(language, "检查发现", "Findings"), findings(policy, language)
