"""Renames all that a folder of the kit names, consistently, in models, in their FEEL and in the test files.

A name is the same word wherever it occurs, so one table of names serves for all scopes: a text is read token by token, the
longest known name first, as FEEL itself reads it. What FEEL or a builtin gives a meaning to keeps its name, and so does what
also stands in a string, for a string may be a key.
"""

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from tests.conformance.kit_files import CASES, Trees, children, local
from zhida.feel.builtins import BUILTINS
from zhida.feel.names import PART, NameSet, skip_space, split_name
from zhida.feel.tokens import KEYWORDS, NUMBER, STRING
from zhida.values import temporal

NAMED = frozenset(
    (
        *("decision", "inputData", "businessKnowledgeModel", "decisionService", "variable", "formalParameter", "parameter"),
        *("parameters", "itemComponent", "itemDefinition", "output", "column", "informationItem", "import"),
    )
)
"""Elements whose `name` is a name of FEEL."""
TYPES = ("Any", "Null", "number", "string", "boolean", "date", "time", "date and time", "list", "context", "range", "function")
MEANING = frozenset(
    (
        *KEYWORDS,
        *TYPES,
        *("days and time duration", "years and months duration", "days and time", "dateTime", "dayTimeDuration", "yearMonthDuration"),
        *("item", "partial", "?", "key", "value", "java", "class", "method signature", "pmml", "start included", "end included", "of"),
        *BUILTINS,
        *(parameter.name for builtin in BUILTINS.values() for form in builtin.signatures for parameter in form.parameters),
        *(name for names in temporal.PROPERTIES.values() for name in names),
        *("start", "end"),
    )
)
"""Names that mean something."""
DECLARED_IN_FEEL = re.compile(r"[{,(]\s*([^\W\d]\w*)\s*:|\b(?:for|some|every)\s+([^\W\d]\w*)\s+in\b|,\s*([^\W\d]\w*)\s+in\b")
"""Where a text itself declares a name of one word."""
MANY_WORDS = (
    "rate{} of tax",
    "a{}-b/c",
    "税率{}",
    "🐎{}",
    "Profit{} and loss",
    "if{} then what",
    "o{}'Brien+son*2",
    "days{} in a month",
    "for{} every one",
    "x{}.y",
    "between{} 1 and 2",
    "字段{} 甲 or 乙",
    "not{} null",
    "ÄÖ{}  ß",
    "line{}\nend",
)
"""Names for what XML declares."""
FEW_WORDS = ("v{} w", "甲{}", "🐄{}", "p{}-q", "and{} so on", "if{} then", "é{}/2", "a{} or b")
"""Names for what a text declares; a variable of an iteration ends where `in` stands."""


def rename(trees: Trees) -> bool:
    """Give new names to everything that has one; say whether there was anything."""
    declared = dict.fromkeys(_declared(trees))
    local_names = dict.fromkeys(_declared_in_feel(trees))
    kept = MEANING | _strings(trees)
    new: dict[str, str] = {}
    for forms, names in ((FEW_WORDS, local_names), (MANY_WORDS, declared)):
        offset = trees.random.randrange(len(forms))
        for place, name in enumerate(names):
            is_path = "." in name and name.partition(".")[0] in declared  # the model means a path in one scope, a name in another
            if name.strip() and name not in kept and name not in new and not is_path:
                new[name] = forms[(place + offset) % len(forms)].format(len(new) + 1)
    if not new:
        return False
    names = NameSet([*MEANING - {"of"}, *new])
    for root in trees.models:
        _rename_elements(root, names, new)
    for text in trees.texts():
        assert text.text
        text.text = renamed(text.text, names, new)
    for root in trees.tests:
        _rename_cases(root, new)
    return True


def _declared(trees: Trees) -> Iterator[str]:
    for root in trees.models:
        for element in root.iter("{*}*"):
            if local(element) in NAMED and element.get("name"):
                yield element.get("name", "")
            if element.get("iteratorVariable"):
                yield element.get("iteratorVariable", "")


def _declared_in_feel(trees: Trees) -> Iterator[str]:
    for text in trees.texts():
        for found in DECLARED_IN_FEEL.finditer(STRING.sub('""', text.text or "")):
            yield found[1] or found[2] or found[3]


def _strings(trees: Trees) -> set[str]:
    """Return what stands in strings, of the models and of the test files."""
    found = {match[1] for text in trees.texts() for match in STRING.finditer(text.text or "")}
    found |= {(value.text or "").strip() for root in trees.tests for value in root.iter(f"{{{CASES}}}value")}
    return found


def _rename_elements(root: etree._Element, names: NameSet, new: Mapping[str, str]) -> None:
    for element in root.iter("{*}*"):
        name = element.get("name", "")
        if local(element) in NAMED and name:
            element.set("name", new.get(name) or (renamed(name, names, new) if "." in name else name))
        if element.get("iteratorVariable", "") in new:
            element.set("iteratorVariable", new[element.get("iteratorVariable", "")])
        for attribute in ("typeRef", "outputTypeRef"):
            if element.get(attribute):
                element.set(attribute, _renamed_type(element.get(attribute, ""), new))
        if local(element) == "typeRef" and element.text:
            element.text = _renamed_type(element.text.strip(), new)
        if local(element) == "decisionTable" and element.get("outputLabel", "") in new:
            element.set("outputLabel", new[element.get("outputLabel", "")])


def _renamed_type(reference: str, new: Mapping[str, str]) -> str:
    if reference in new:
        return new[reference]
    model, dot, name = reference.partition(".")
    return f"{new.get(model, model)}{dot}{new.get(name, name)}"


def renamed(text: str, names: NameSet, new: Mapping[str, str]) -> str:
    """Return a FEEL text with its names exchanged."""
    parts, position = [], 0
    while position < len(text):
        end = skip_space(text, position)
        if end == position:
            if literal := STRING.match(text, position) or NUMBER.match(text, position):
                end = literal.end()
            elif found := names.match(text, position):
                parts.append(new.get(found[0], text[position : found[1]]))
                position = found[1]
                continue
            else:
                word = PART.match(text, position)
                end = word.end() if word else position + 1
        parts.append(text[position:end])
        position = end
    return "".join(parts)


def _rename_cases(root: etree._Element, new: Mapping[str, str]) -> None:
    """Rename what a test file gives and expects; names are the same when their parts are."""
    by_parts = {split_name(old): name for old, name in new.items()}
    for element in root.iter("{*}*"):
        for attribute, tags in (("name", {"inputNode", "resultNode", "component"}), ("invocableName", {"testCase"})):
            name = element.get(attribute)
            if name and local(element) in tags:
                element.set(attribute, by_parts.get(split_name(name), name))


def has_overridden_decision(trees: Trees) -> bool:
    """Say whether a test file gives a value to what the model decides."""
    decisions = {element.get("name") for root in trees.models for element in children(root, "decision")}
    return any(node.get("name") in decisions for root in trees.tests for node in root.iter(f"{{{CASES}}}inputNode"))
