"""Changes: files that are tried out, and the packs as they would be with them.

    packs/                    file, folder, figures         the packs after
    ├── hangzhou/policies/*  <──────────────────────────    only what a change touches is compiled anew, where it changes
    ├── hangzhou/parameters.md                              nothing but rules and figures; else all of it is read again
    └── ...

Owns what "after" means. A change is a file of a pack: a policy takes the place of the one of that id, or is new; `parameters.md`,
`stacking.md`, a dictionary or a code list takes the place of that of its pack. Nothing of the packs' own folder is written to.
Invariant: the packs after a change are those that reading the changed files from the folder itself would give.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from zhida.dmn.graph import closure, sort_requirements
from zhida.errors import CompileError, Diagnostic, InputError, diagnostic, has_errors, nearest
from zhida.feel.evaluate import evaluate
from zhida.feel.names import Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.policy.document import parse, read_source
from zhida.policy.front_matter import FrontMatter, Interval
from zhida.policy.pack import Packs, Policy, load_packs, with_policy
from zhida.policy.parameters import Parameter
from zhida.policy.tangle import tangle
from zhida.source import Source, Span, snippet
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import conforms
from zhida.values.unknown import Unknown

FOLDERS = ("policies", "registry", "codes")
"""The folders of a pack."""

PAGES = ("parameters.md", "stacking.md")
"""The pages of a pack."""

PAGE_PARTS = 2
"""Parts of the path of a page of a pack: the pack, and the page."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it would be."""

    path: str
    """Its place below the folder of the packs: `hangzhou/policies/compute-voucher.md`."""
    source: Source
    """Its text, named as the user named it."""

    @property
    def policy(self) -> str:
        """The id of the policy; empty where it is none."""
        parts = self.path.removesuffix(".md").split("/")
        return f"{parts[0]}/{parts[2]}" if len(parts) > PAGE_PARTS and parts[1] == FOLDERS[0] else ""


def read_changes(paths: Iterable[Path], packs: Packs) -> tuple[Change, ...]:
    """Read the files that changes name; a later one takes the place of an earlier one.

    Args:
        paths: Files, folders of one pack, or folders of packs.
        packs: The packs before, whose ids tell which pack a page is of.

    Raises:
        InputError: simulation-change-unknown, or a file cannot be read.
    """
    found: dict[str, Change] = {}
    for path in paths:
        for each in _folder(path) if path.is_dir() else [_file(path, packs)]:
            found[each.path] = each
    return tuple(found[path] for path in sorted(found))


def _file(path: Path, packs: Packs) -> Change:
    """Return the change that one file is."""
    source = read_source(path)
    parent = path.resolve().parent
    if path.name in PAGES:
        if parent.name not in {id_.partition("/")[0] for id_ in packs.policies}:
            raise _unknown(source, path)
        return Change(f"{parent.name}/{path.name}", source)
    if parent.name in FOLDERS[1:]:
        return Change(f"{parent.parent.name}/{parent.name}/{path.name}", source)
    front = tangle(parse(source)).front
    id_ = front.policy or (f"{parent.parent.name}/{path.stem}" if parent.name == FOLDERS[0] else "")
    if not id_ or not front.subject or id_.count("/") != 1 or not path.name.endswith(".md"):
        raise _unknown(source, path)
    pack, name = id_.split("/")
    return Change(f"{pack}/{FOLDERS[0]}/{name}.md", source)


def _unknown(source: Source, path: Path) -> InputError:
    return InputError([diagnostic("simulation-change-unknown", Span(source, 0, 0), name=path)])


def _folder(path: Path) -> Iterator[Change]:
    """Yield the changes of a folder: of one pack, or of several."""
    marks = (*FOLDERS[:1], *PAGES)
    packs = [path] if any((path / mark).exists() for mark in marks) else sorted(each for each in path.iterdir() if each.is_dir())
    files = [(pack, file) for pack in packs for file in files_of(pack)]
    if not files:
        raise InputError([diagnostic("policy-no-policies", name=path)])
    for pack, file in files:
        yield Change(f"{pack.resolve().name}/{file.relative_to(pack).as_posix()}", read_source(file))


def files_of(pack: Path) -> tuple[Path, ...]:
    """Return the files that a pack is made of, in the order in which they are read."""
    pages = [pack / page for page in PAGES if (pack / page).is_file()]
    return (*(file for folder in FOLDERS for file in sorted((pack / folder).glob("*.md"))), *pages)


def packs_after(packs: Packs, root: Path, changes: Sequence[Change]) -> Packs:
    """Return packs as they would be with some changes.

    Args:
        packs: The packs before.
        root: The folder that they were read from.
        changes: The files, each once.

    Raises:
        CompileError: what the changes bring has errors.
    """
    if all(each.policy in packs.policies and _is_quiet(packs.policies[each.policy], each) for each in changes):
        after, recompiled = with_policies(packs, {each.policy: each.source for each in changes})
        if all(_publishes_alike(packs.policies[id_], after.policies[id_]) for id_ in recompiled):
            return checked(after)
    return checked(_read_again(root, changes))


def checked(packs: Packs) -> Packs:
    """Return packs that have no errors.

    Raises:
        CompileError: all errors that were found.
    """
    errors = [item for item in packs.diagnostics if has_errors([item])]
    if errors:
        raise CompileError(errors)
    return packs


def _is_quiet(policy: Policy, change: Change) -> bool:
    """Say whether a change leaves alone what other files know of a policy: then it is enough to compile it and those that use it."""
    front = tangle(parse(change.source)).front
    return _face(front) == _face(policy.front)


def _face(front: FrontMatter) -> tuple[object, ...]:
    words = (tuple(each.text for each in group) for group in (front.uses, front.publishes, front.replaces))
    return (front.policy, front.subject, front.gives, str(front.in_force), *words)


def _publishes_alike(old: Policy, new: Policy) -> bool:
    return {name: each.shape for name, each in old.published.items()} == {name: each.shape for name, each in new.published.items()}


def with_policies(packs: Packs, texts: Mapping[str, Source]) -> tuple[Packs, tuple[str, ...]]:
    """Return packs with other texts of some of their policies, and which policies were compiled: these, and those that use them.

    Args:
        packs: The packs.
        texts: The new texts, by id; what they say of themselves to others is what the old ones say.
    """
    uses = {id_: [used.text for used in policy.front.uses] for id_, policy in packs.policies.items()}
    order, _ = sort_requirements(uses)
    recompiled: dict[str, Policy] = {}
    current = packs
    for id_ in order:
        if id_ in texts or any(used in recompiled for used in uses[id_]):
            recompiled[id_] = with_policy(current, id_, texts.get(id_, packs.policies[id_].document.source))
            current = replace(current, policies={**current.policies, id_: recompiled[id_]}, _linked={})
    own = {policy.document.source.name for id_, policy in packs.policies.items() if id_ in recompiled}
    kept = [item for item in packs.diagnostics if item.span is None or item.span.source.name not in own]
    fresh = [item for policy in recompiled.values() for item in policy.diagnostics]
    return replace(current, diagnostics=(*kept, *fresh), _linked={}), tuple(recompiled)


def users_of(packs: Packs, policies: Iterable[str]) -> tuple[str, ...]:
    """Return the policies that use some policies, directly or through others, those themselves among them, in the order of the packs."""
    wanted = set(policies)
    uses = {id_: [used.text for used in policy.front.uses] for id_, policy in packs.policies.items()}
    return tuple(id_ for id_ in packs.policies if id_ in wanted or wanted & set(closure(uses, uses[id_])))


def _read_again(root: Path, changes: Sequence[Change]) -> Packs:
    """Read all packs with the changed files among them, from a folder of their own that is removed again."""
    is_pack = (root / FOLDERS[0]).is_dir()
    with tempfile.TemporaryDirectory(prefix="zhida-") as folder:
        copy = Path(folder) / "packs"
        names: dict[str, str] = {}
        for pack in [root] if is_pack else sorted(each for each in root.iterdir() if each.is_dir()):
            for file in files_of(pack):
                new = copy / pack.resolve().name / file.relative_to(pack)
                new.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, new)
                names[str(new)] = str(file)
        for change in changes:
            new = copy / change.path
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(change.source.text, encoding="utf-8", newline="\n")
            names[str(new)] = change.source.name
        found = load_packs(copy / root.resolve().name if is_pack else copy)
    return replace(found, diagnostics=tuple(renamed(item, names) for item in found.diagnostics))


def renamed(item: Diagnostic, names: Mapping[str, str]) -> Diagnostic:
    """Return a finding that names the files as the user knows them.

    Args:
        item: What was found in a copy.
        names: The path that the user knows, by the path of the copy.
    """
    span = item.span
    if span is not None and span.source.name in names:
        span = replace(span, source=Source(names[span.source.name], span.source.text))
    arguments = {name: _renamed_word(value, names) for name, value in item.arguments.items()}
    return replace(item, span=span, arguments=arguments)


def _renamed_word(value: str, names: Mapping[str, str]) -> str:
    path, mark, rest = value.partition(".md")
    return f"{names.get(path + mark, path + mark)}{rest}" if mark else value


# --- figures -------------------------------------------------------------------------------------------------------


def with_figures(packs: Packs, figures: Mapping[str, str], as_of: Date) -> Packs:
    """Return packs with other figures of some parameters.

    Args:
        packs: The packs.
        figures: The figures in FEEL, by the names of parameters: numbers in base units (`0.3`, not 30 %).
        as_of: The day for which they hold.

    Raises:
        InputError: simulation-parameter-unknown, simulation-parameter-value.
    """
    rows = dict(packs.parameters)
    for name, text in figures.items():
        if name not in rows:
            raise InputError([diagnostic("simulation-parameter-unknown", None, name=name, near=nearest(name, rows))])
        rows[name] = _with_value(rows[name], _figure(rows[name][0], text), as_of)
    return replace(packs, parameters=rows, _linked={})


def with_figure(packs: Packs, name: str, value: Decimal, as_of: Date) -> Packs:
    """Return packs with another number as a parameter."""
    return replace(packs, parameters={**packs.parameters, name: _with_value(packs.parameters[name], value, as_of)}, _linked={})


def _with_value(rows: tuple[Parameter, ...], value: object, as_of: Date) -> tuple[Parameter, ...]:
    """Return the rows of a parameter with another value on a day."""
    if any(as_of in row.valid for row in rows):
        return tuple(replace(row, value=value) if as_of in row.valid else row for row in rows)
    return (*rows, replace(rows[0], value=value, valid=Interval(as_of, as_of)))


def _figure(parameter: Parameter, text: str) -> object:
    """Return a figure that was written in FEEL."""
    unit = "" if parameter.item.unit in {None, "1"} else parameter.item.unit
    now = "" if isinstance(parameter.value, Unknown) else literal(parameter.value)
    words = {"name": parameter.item.name, "value": text, "type": parameter.item.type, "unit": unit, "now": now}
    fault = InputError([diagnostic("simulation-parameter-value", None, **words)])
    try:
        node = parse_expression(snippet(text), Scope())
    except CompileError as error:
        raise fault from error
    run = Run(Date(2000, 1, 1))
    value = evaluate(node, Frame({}, run))
    if run.diagnostics or value is None or not conforms(value, parameter.item.type):
        raise fault
    return value
