"""A policy from one form to another: Markdown, DMN XML, Excel. Markdown stands between the other two.

    .md ────────────────────────────┐            ┌──> .md
    .dmn ──interchange_import───────┼──> text ───┼──interchange_export──> .dmn
    .xlsx ─excel_read───────────────┘            └──excel_write─────────> .xlsx

Bytes in, bytes out: files are the caller's. With an error among the diagnostics of a step nothing is made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from zhida.dmn.xml import read as read_dmn
from zhida.dmn.xml_versions import NEWEST
from zhida.dmn.xml_write import write as write_dmn
from zhida.errors import CompileError, Diagnostic, InputError, diagnostic, has_errors
from zhida.policy.dictionary import parse_dictionary
from zhida.policy.document import parse
from zhida.policy.excel_read import read_policy
from zhida.policy.excel_write import write_workbook
from zhida.policy.front_matter import FrontMatter
from zhida.policy.interchange_export import export
from zhida.policy.interchange_import import import_definitions
from zhida.policy.pack import Packs, in_reading_order, with_policy
from zhida.policy.parameters import parse_parameters
from zhida.policy.tangle import tangle
from zhida.source import Source, Span


class Form(StrEnum):
    """What a policy can be written as: the ending of its file."""

    MARKDOWN = "md"
    DMN = "dmn"
    EXCEL = "xlsx"


LEFT_TO_CHECK = frozenset(("policy-missing-key", "policy-unknown-subject"))
"""What a text may lack while it is on its way: a model does not say it, and `zhida check` asks for it."""
NO_PACKS = Packs({}, {}, {}, {}, ())
"""No packs: a policy that stands alone."""


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy as Markdown, whatever it was read from."""

    source: Source
    """The text, by the name of the file that it came from; of a model, with `.md` behind it, for its places are others."""
    policy_id: str
    """`pack/name`: what the text says of itself, or where it stands."""
    diagnostics: tuple[Diagnostic, ...]
    """What was found on the way; with errors the text is not complete."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """Pages that a pack needs beside it, by their place in the pack: a data dictionary, parameters."""
    locate: Callable[[Diagnostic], Diagnostic] = lambda item: item
    """Brings a diagnostic about the text back to where it came from: a cell of a workbook."""
    form: Form = Form.MARKDOWN
    """What it was read from."""

    @property
    def is_complete(self) -> bool:
        """Whether all of it could be read."""
        return not has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Written:
    """A policy in another form."""

    data: bytes | None
    """The file; None where there are errors."""
    diagnostics: tuple[Diagnostic, ...]
    """What keeps it from being written, and what a reader should know."""


def read_text(data: bytes, form: Form, name: str, policy_id: str) -> PolicyText:
    """Read a policy of any form as Markdown.

    Args:
        data: The file.
        form: What it is.
        name: What messages call it.
        policy_id: `pack/name`, by its place.

    Raises:
        InputError: file-not-utf8, file-empty, excel-not-a-workbook.
        CompileError: dmn-xml-*.
    """
    match form:
        case Form.DMN:
            document = read_dmn(data, name)
            imported = import_definitions(document.definitions, policy_id)
            pages = {f"registry/{imported.subject}.md": imported.dictionary, "parameters.md": imported.parameters}
            source = Source(f"{name}.md", imported.text)
            kept = {place: text for place, text in pages.items() if text}
            diagnostics = (*document.diagnostics, *imported.diagnostics)
            return PolicyText(source, _own_id(source, policy_id), diagnostics, kept, form=form)
        case Form.EXCEL:
            workbook = read_policy(data, name)
            source = Source(name, workbook.text)
            return PolicyText(source, _own_id(source, policy_id), workbook.diagnostics, locate=workbook.cell_of, form=form)
    nowhere = Span(Source(name, ""), 0, 0)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError([diagnostic("file-not-utf8", nowhere, name=name, byte=error.start + 1)]) from None
    if not text.strip():
        raise InputError([diagnostic("file-empty", nowhere, name=name)])
    source = Source(name, text.replace("\r\n", "\n").replace("\r", "\n"))
    return PolicyText(source, _own_id(source, policy_id), ())


def write_text(text: PolicyText, form: Form, packs: Packs, version: str = NEWEST) -> Written:
    """Write a policy in any form.

    Args:
        text: The policy, complete.
        form: What is wanted.
        packs: What it may use; for DMN its subject's dictionary must be among them.
        version: The version of DMN that is written: `1.5`, or `1.4` or `1.3` for tools that read no newer one.

    Returns:
        The file, or None with errors. For DMN these are all errors of the policy, and so they are for the Markdown of a workbook
        whose dictionary and used policies are known; else what is wrong with its blocks.
    """
    assert text.is_complete
    if form is Form.DMN:
        return _dmn(text, packs, version)
    document = parse(text.source)
    tangled = tangle(document)
    found: Sequence[Diagnostic] = in_reading_order(tangled.diagnostics)
    if text.form is Form.EXCEL and _is_grounded(tangled.front, packs):
        found = with_policy(packs, text.policy_id, text.source).diagnostics
    errors = tuple(text.locate(item) for item in found if has_errors([item]) and item.code not in LEFT_TO_CHECK)
    if errors:
        return Written(None, errors)
    if form is Form.MARKDOWN:
        return Written(text.source.text.encode(), ())
    dictionary = packs.dictionaries.get(tangled.front.subject)
    items = dict(dictionary.items) if dictionary else {}
    items |= {name: rows[0].item for name, rows in packs.parameters.items()}
    try:
        return Written(write_workbook(document, tangled, items), ())
    except InputError as error:
        return Written(None, tuple(map(text.locate, error.diagnostics)))


def _is_grounded(front: FrontMatter, packs: Packs) -> bool:
    """Say whether all is known that the names of a policy come from."""
    return front.subject in packs.dictionaries and all(used.text in packs.policies for used in front.uses)


def _dmn(text: PolicyText, packs: Packs, version: str) -> Written:
    """Write a policy as DMN; one with errors is not written."""
    policy = with_policy(packs, text.policy_id, text.source)
    errors = [item for item in policy.diagnostics if has_errors([item])]
    if errors:
        return Written(None, tuple(map(text.locate, errors)))
    exported = export(policy, packs)
    diagnostics = tuple(map(text.locate, exported.diagnostics))
    if has_errors(diagnostics):
        return Written(None, diagnostics)
    try:
        return Written(write_dmn(exported.definitions, version=version), diagnostics)
    except CompileError as error:
        return Written(None, (*diagnostics, *error.diagnostics))


def with_pages(packs: Packs, text: PolicyText) -> Packs:
    """Return packs with the pages that a model brought along, where they have none of their own."""
    dictionaries = dict(packs.dictionaries)
    parameters = dict(packs.parameters)
    for place, page in text.pages.items():
        folder, _, name = place.rpartition("/")
        subject = name.removesuffix(".md")
        if folder and subject not in dictionaries:
            dictionaries[subject] = parse_dictionary(Source(place, page), subject)
        elif not folder:
            for row in parse_parameters(Source(place, page), []):
                if row.item.name not in packs.parameters:
                    parameters[row.item.name] = (*parameters.get(row.item.name, ()), row)
    return Packs(dictionaries, parameters, packs.policies, packs.in_force, packs.diagnostics)


def _own_id(source: Source, policy_id: str) -> str:
    """Return what a policy calls itself, or what its place calls it."""
    value = parse(source).front.get("policy")
    return value.value if value is not None and isinstance(value.value, str) and "/" in value.value else policy_id
