"""Varies the conformance kit: each case in other clothes, which must come to the same.

    ZHIDA_TCK=/path/to/kit python -m tests.conformance.vary_kit [--seed N] [--only NAME] [--folder GLOB]

A variation changes how a model is written, not what it means: names, ids, order, prefixes, versions, encodings, white space;
or it wraps the logic of every decision into something that hands it on (a boxed context, a call of a function, of a business
knowledge model, of a decision service ...). What a case came to before, value and error flag, it must come to afterwards.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from lxml import etree

from tests.conformance.kit_files import (
    CASES,
    MODEL,
    Trees,
    children,
    literal_expression,
    local,
    logic_of,
    make,
    read_trees,
    written,
)
from tests.conformance.kit_names import has_overridden_decision, rename
from zhida.cli.tck import find_folders, read_folder
from zhida.dmn.conformance import CaseResult, KitFolder, plan, run_case
from zhida.feel.names import skip_space
from zhida.feel.tokens import STRING
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
OLDER = {
    "1.4": (("20230324/MODEL", "20211108/MODEL"), ("20230324/FEEL", "20211108/FEEL"), ("20230324/DMNDI", "20191111/DMNDI")),
    "1.3": (("20230324/MODEL", "20191111/MODEL"), ("20230324/FEEL", "20191111/FEEL"), ("20230324/DMNDI", "20191111/DMNDI")),
}
"""What namespaces were called in older versions."""
W = "zwrap 包 of it"
"""A name that no model of the kit has."""

Variation = Callable[[Trees], bool]
"""Changes the trees; says whether there was anything to change."""


# --- how a model is written ------------------------------------------------------------------------------------------------


def new_ids(trees: Trees) -> bool:
    """Give every element another id, and let every reference follow."""
    give_ids(trees)
    new: dict[str, str] = {}
    for root in trees.models:
        for element in [*root.iter("{*}DMNDI")]:
            root.remove(element)
        for element in root.iter("{*}*"):
            if element.get("id"):
                old = element.get("id", "")
                new.setdefault(old, f"id_{trees.random.getrandbits(48):x}.{len(new)}")
                element.set("id", new[old])
    for root in trees.models:
        for element in root.iter("{*}*"):
            document, mark, old = element.get("href", "").partition("#")
            if mark:
                element.set("href", f"{document}#{new.get(old, old)}")
    return bool(new)


def give_ids(trees: Trees) -> None:
    """Give an id to each element of the requirement graph that has none."""
    for root in trees.models:
        for number, element in enumerate(children(root)):
            if not element.get("id") and local(element) != "import":
                element.set("id", f"_zgiven{number}")


def absolute_references(trees: Trees) -> bool:
    """Write every `#id` with the namespace of its model before it."""
    found = 0
    for root in trees.models:
        for element in root.iter("{*}*"):
            if element.get("href", "").startswith("#"):
                element.set("href", f"{root.get('namespace')}{element.get('href')}")
                found += 1
    return found > 0


def another_order(trees: Trees) -> bool:
    """Shuffle the elements of a model, its types and the requirements of each element."""
    elements = {"decision", "inputData", "businessKnowledgeModel", "decisionService", "knowledgeSource"}
    for root in trees.models:
        _shuffle(root, {"itemDefinition"}, trees.random)
        _shuffle(root, elements, trees.random)
        for element in children(root, "decision", "businessKnowledgeModel"):
            _shuffle(element, {"informationRequirement"}, trees.random)
            _shuffle(element, {"knowledgeRequirement"}, trees.random)
    return True


def _shuffle(parent: etree._Element, tags: set[str], random_: random.Random) -> None:
    found = children(parent, *tags)
    if len(found) < 2:
        return
    places = sorted(parent.index(child) for child in found)
    random_.shuffle(found)
    for child in found:
        parent.remove(child)
    for place, child in zip(places, found, strict=True):
        parent.insert(place, child)


def prefixed(trees: Trees) -> bool:
    """Write `dmn:` before every element of the standard."""
    for name, root in trees.roots.items():
        if name.endswith(".dmn"):
            spaces = {"dmn": MODEL, **{prefix: uri for prefix, uri in root.nsmap.items() if prefix and uri != MODEL}}
            renewed = etree.Element(root.tag, dict(root.attrib), nsmap=spaces)
            renewed.extend(list(root))
            trees.roots[name] = renewed
    return True


def older_version(version: str) -> Variation:
    """Return the variation that writes the namespaces of an older version."""

    def vary(trees: Trees) -> bool:
        for name, root in trees.roots.items():
            if name.endswith(".dmn"):
                text = etree.tostring(root).decode()
                for now, then in OLDER[version]:
                    text = text.replace(f"https://www.omg.org/spec/DMN/{now}/", f"https://www.omg.org/spec/DMN/{then}/")
                trees.roots[name] = etree.fromstring(text)
        return True

    return vary


def in_encoding(encoding: str) -> Variation:
    """Return the variation that writes models in another encoding; ASCII makes character references of the rest."""

    def vary(trees: Trees) -> bool:
        trees.encoding = encoding
        return True

    return vary


def in_sections(trees: Trees) -> bool:
    """Write every FEEL text as a CDATA section, but those that another encoding could not spell."""
    for text in trees.texts():
        if "]]>" not in (text.text or "") and (text.text or "").isascii():
            text.text = etree.CDATA(text.text or "")
    return True


def wide_spaces(trees: Trees) -> bool:
    """Put comments around every FEEL text, and more white space where there is some."""
    for text in trees.texts():
        text.text = f'/* " ( */{_widened(text.text or "")} // ] "'
    return True


def _widened(text: str) -> str:
    parts, position = [], 0
    while position < len(text):
        end = skip_space(text, position)
        if end > position:
            parts.append(f" \u00a0{text[position:end]}\n\t\u3000")
        elif literal := STRING.match(text, position):
            end = literal.end()
            parts.append(text[position:end])
        else:
            end = position + 1
            parts.append(text[position])
        position = end
    return "".join(parts)


# --- what hands a value on -------------------------------------------------------------------------------------------------

Wrap = Callable[[etree._Element], etree._Element]


def entry(expression: etree._Element, name: str = "") -> etree._Element:
    return make("contextEntry", *([make("variable", name=name)] if name else []), expression)


def context_with_result(logic: etree._Element) -> etree._Element:
    return make("context", entry(literal_expression("1 + 1"), f"{W} 0"), entry(logic, W), entry(literal_expression(W)))


def only_result(logic: etree._Element) -> etree._Element:
    return make("context", entry(literal_expression('"unused"'), W), entry(logic))


def element_of_list(logic: etree._Element) -> etree._Element:
    return make("context", entry(make("list", literal_expression("0"), logic), W), entry(literal_expression(f"{W}[2]")))


def function_without_parameters(logic: etree._Element) -> etree._Element:
    return make("context", entry(make("functionDefinition", logic), W), entry(literal_expression(f"{W}()")))


def boxed_call(logic: etree._Element) -> etree._Element:
    function = make("functionDefinition", make("formalParameter", name=f"{W} 1", typeRef="number"), logic)
    binding = make("binding", make("parameter", name=f"{W} 1"), literal_expression("2"))
    return make("context", entry(function, W), entry(make("invocation", literal_expression(W), binding)))


def chosen(logic: etree._Element) -> etree._Element:
    return make("conditional", make("if", literal_expression("1 < 2")), make("then", logic), make("else", literal_expression("0")))


def not_chosen(logic: etree._Element) -> etree._Element:
    return make("conditional", make("if", literal_expression("null")), make("then", literal_expression("0")), make("else", logic))


def one_iteration(logic: etree._Element) -> etree._Element:
    loop = make("for", make("in", literal_expression("[7]")), make("return", logic), iteratorVariable=f"{W} 2")
    return make("context", entry(loop, W), entry(literal_expression(f"{W}[1]")))


def cell_of_relation(logic: etree._Element) -> etree._Element:
    relation = make("relation", make("column", name=f"{W} 1"), make("column", name="b"), make("row", logic, literal_expression("1")))
    return make("context", entry(relation, W), entry(literal_expression(f"{W}[-1].{W} 1")))


def wrapped(wrap: Wrap) -> Variation:
    """Return the variation that wraps the logic of every decision and business knowledge model."""

    def vary(trees: Trees) -> bool:
        found = [element for root in trees.models for element in _with_logic(root)]
        for element in found:
            logic = logic_of(element)
            if logic is None or (local(element) == "encapsulatedLogic" and element.get("kind", "FEEL") != "FEEL"):
                continue
            place = element.index(logic)
            element.insert(place, wrap(logic))
        return bool(found)

    return vary


def _with_logic(root: etree._Element) -> Iterator[etree._Element]:
    yield from children(root, "decision")
    for knowledge in children(root, "businessKnowledgeModel"):
        yield from children(knowledge, "encapsulatedLogic")


def in_text(form: str) -> Variation:
    """Return the variation that puts every literal expression into another; `{}` stands for it."""

    def vary(trees: Trees) -> bool:
        found = [text for text in trees.texts() if _is_free_text(text)]
        for text in found:
            text.text = form.replace("{}", f"{text.text}\n")
        return bool(found)

    return vary


def _is_free_text(text: etree._Element) -> bool:
    """Say whether a text is an expression that may be wrapped: no foreign code, no name of a function to be called."""
    expression = text.getparent()
    assert expression is not None
    foreign = any(above.get("kind", "FEEL") != "FEEL" for above in text.iterancestors())
    return local(expression) in {"literalExpression", "outputEntry", "inputExpression"} and not foreign


# --- what is called --------------------------------------------------------------------------------------------------------


def through_knowledge_model(trees: Trees) -> bool:
    """Move the logic of every decision into a business knowledge model, which the decision calls."""
    if any(children(root, "import") for root in trees.models):
        return False
    for root in trees.models:
        names = {element.get("id", ""): element.get("name", "") for element in children(root)}
        for number, decision in enumerate(children(root, "decision")):
            logic = logic_of(decision)
            if logic is None:
                continue
            required = [names[href] for href in _required(decision, "requiredInput", "requiredDecision")]
            name, id_ = f"{W} {number}", f"_zwrap{number}"
            decision.replace(logic, literal_expression(f"{name}({', '.join(required)})"))
            parameters = [make("formalParameter", name=each) for each in required]
            knowledge = [
                make("knowledgeRequirement", make("requiredKnowledge", href=f"#{href}"))
                for href in _required(decision, "requiredKnowledge")
            ]
            body = make("encapsulatedLogic", *parameters, logic)
            root.append(make("businessKnowledgeModel", make("variable", name=name), body, *knowledge, id=id_, name=name))
            _require(decision, make("knowledgeRequirement", make("requiredKnowledge", href=f"#{id_}")))
    return True


def through_decision_service(trees: Trees) -> bool:
    """Ask not for a decision but for one that calls a decision service, which decides it."""
    if any(children(root, "import") for root in trees.models) or has_overridden_decision(trees):
        return False
    give_ids(trees)
    new: dict[str, str] = {}
    for root in trees.models:
        elements = {element.get("id", ""): element for element in children(root)}
        for number, decision in enumerate(children(root, "decision")):
            inputs, decisions = _closure(decision, elements)
            service, caller = f"{W} {number}", f"{W} {number} called"
            names = [elements[each].get("name", "") for each in inputs]
            references = [("outputDecision", decision.get("id", "")), *(("encapsulatedDecision", each) for each in decisions)]
            references += [("inputData", each) for each in inputs]
            parts = [make(tag, href=f"#{each}") for tag, each in references]
            root.append(make("decisionService", make("variable", name=service), *parts, id=f"_zservice{number}", name=service))
            arguments = ", ".join(f"{name}: {name}" for name in names) if number % 2 else ", ".join(names)
            requirements = [make("informationRequirement", make("requiredInput", href=f"#{each}")) for each in inputs]
            requirements.append(make("knowledgeRequirement", make("requiredKnowledge", href=f"#_zservice{number}")))
            call = literal_expression(f"{service}({arguments})")
            root.append(make("decision", make("variable", name=caller), *requirements, call, id=f"_zcaller{number}", name=caller))
            new[decision.get("name", "")] = caller
    for root in trees.tests:
        for case in root.iter(f"{{{CASES}}}testCase"):
            for node in case.iter(f"{{{CASES}}}resultNode"):
                if case.get("type", "decision") == "decision":
                    node.set("name", new.get(node.get("name", ""), node.get("name", "")))
    return bool(new)


def _required(element: etree._Element, *tags: str) -> list[str]:
    """Return the ids that an element requires, each once."""
    parts = [part for requirement in children(element) for part in children(requirement, *tags)]
    return list(dict.fromkeys(part.get("href", "").partition("#")[2] for part in parts))


def _require(decision: etree._Element, requirement: etree._Element) -> None:
    logic = logic_of(decision)
    assert logic is not None
    decision.insert(decision.index(logic), requirement)


def _closure(decision: etree._Element, elements: dict[str, etree._Element]) -> tuple[list[str], list[str]]:
    """Return the ids of input data and of decisions that a decision rests on."""
    inputs: dict[str, None] = {}
    decisions: dict[str, None] = {}
    waiting = [decision]
    while waiting:
        element = waiting.pop()
        inputs |= dict.fromkeys(_required(element, "requiredInput"))
        for id_ in _required(element, "requiredDecision"):
            if id_ not in decisions and id_ != decision.get("id"):
                decisions[id_] = None
                waiting.append(elements[id_])
    return list(inputs), list(decisions)


VARIATIONS: dict[str, Variation] = {
    "names": rename,
    "ids": new_ids,
    "references": absolute_references,
    "order": another_order,
    "prefix": prefixed,
    "version 1.4": older_version("1.4"),
    "version 1.3": older_version("1.3"),
    "utf-16": in_encoding("UTF-16"),
    "ascii": in_encoding("ASCII"),
    "sections": in_sections,
    "spaces": wide_spaces,
    **{
        wrap.__name__.replace("_", " "): wrapped(wrap)
        for wrap in (
            context_with_result,
            only_result,
            element_of_list,
            function_without_parameters,
            boxed_call,
            chosen,
            not_chosen,
            one_iteration,
            cell_of_relation,
        )
    },
    "in parentheses": in_text("({})"),
    "in if": in_text("if 1 = 1 then {} else 0"),
    "in list": in_text("[0, {}][2]"),
    "in context": in_text(f"{{ {W} 0: 1, {W}: {{}} }}.{W}"),
    "in function": in_text("(function() {})()"),
    "in function of one": in_text("(function(zwrap: number) {})(1)"),
    "in for": in_text("(for zwrap in [1] return {})[1]"),
    "in get value": in_text('get value({ "zwrap": {} }, "zwrap")'),
    "knowledge model": through_knowledge_model,
    "decision service": through_decision_service,
}
"""By name."""
WRITTEN = ("names", "ids", "references", "order", "prefix", "version 1.4", "version 1.3", "utf-16", "ascii", "sections", "spaces")
"""Those that change only how a model is written: several can be combined."""
WRAPPING = tuple(name for name in VARIATIONS if name not in WRITTEN)
"""Those that hand on what the logic comes to."""
LAST = ("version 1.4", "version 1.3")
"""Those that others do not understand the result of."""


def vary(folder: KitFolder, names: Sequence[str], seed: str) -> KitFolder | None:
    """Return a folder after some variations, or None where none of them finds anything to change."""
    trees = read_trees(folder, random.Random(f"{seed} {folder.path}"))  # noqa: S311 - reproducible, not secret
    ordered = sorted(names, key=lambda name: name in LAST)
    did = [VARIATIONS[name](trees) for name in ordered]
    return written(trees) if any(did) else None


def disagreements(folder: KitFolder, names: Sequence[str], seed: str, only: set[str] | None = None) -> tuple[int, list[str]]:
    """Return how many cases of a folder were run after variations, and each that came to something else than before."""
    varied = vary(folder, names, seed)
    if varied is None:
        return 0, []
    before = results(folder, only)
    after = results(varied, only)
    faults = [fault for old, new in zip(before, after, strict=True) for fault in _differences(old, new, names)]
    return len(after), faults


def results(folder: KitFolder, only: set[str] | None = None) -> list[CaseResult]:
    return [run_case(planned, as_of=AS_OF) for planned in plan(folder) if only is None or planned.path in only]


def _differences(before: CaseResult, after: CaseResult, names: Iterable[str]) -> Iterator[str]:
    for old, new in zip(before.nodes, after.nodes, strict=True):
        same = (old.passed, old.is_error) == (new.passed, new.is_error)
        if not same or new.crash:
            told = " ".join(item.message() for item in new.diagnostics) or new.crash
            yield (
                f"{before.path} ({', '.join(names)}): {new.name}: {new.text}\n"
                f"    was {old.found} (error: {old.is_error}), is {new.found} (error: {new.is_error}), should be {new.expected}; {told}"
            )


def main() -> int:
    """Run all variations over all folders and print how many cases still agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default="*", help="names of variations")
    parser.add_argument("--folder", default="*", help="names of folders")
    options = parser.parse_args()
    kit = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
    folders = [read_folder(path) for path in (find_folders(kit)[0] if kit.is_dir() else []) if fnmatch(path.name, options.folder)]
    if not folders:
        sys.stderr.write("ZHIDA_TCK names no folder of the conformance kit\n")
        return 2
    total = failed = 0
    for name in (name for name in VARIATIONS if fnmatch(name, options.only)):
        start, counts = time.monotonic(), Counter[str]()
        for folder in folders:
            count, faults = disagreements(folder, [name], options.seed)
            counts.update(run=count, failed=len(faults))
            sys.stdout.writelines(f"{fault}\n" for fault in faults)
        sys.stdout.write(f"{name:<30} {counts['run']:>5} cases, {counts['failed']:>3} differ  {time.monotonic() - start:4.1f} s\n")
        sys.stdout.flush()
        total, failed = total + counts["run"], failed + counts["failed"]
    sys.stdout.write(f"{total} cases, {failed} differ\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
