"""`zhida convert`: a policy from one form to another: Markdown, DMN, Excel."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zhida.cli.console import (
    FOUND_ERRORS,
    MISUSE,
    OK,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    count_severities,
    diagnostic_data,
    made_folder,
    misuse,
    print_diagnostics,
    print_json,
    progress_bar,
    words,
)
from zhida.dmn.xml import read as read_dmn
from zhida.dmn.xml_write import write as write_dmn
from zhida.errors import Diagnostic, DiagnosticsError, InputError, Language, diagnostic, has_errors
from zhida.policy.interchange import NO_PACKS, Form, PolicyText, read_text, with_pages, write_text
from zhida.policy.interchange_dictionary import joined
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.replacing import replacing
from zhida.source import Source, Span

POLICIES = "policies"
"""The folder of a pack that holds its policies."""
REGISTRY = "registry"
"""The folder of a pack that holds its dictionaries."""
CODES = "codes"
"""The folder of a pack that holds its code lists."""
PARAMETERS = "parameters.md"
"""The page of a pack that holds its parameters."""
STACKING, LADDER, CALENDAR = "stacking.md", "ladder.md", "calendar.md"
"""The page of a pack that says which benefits go together."""
STANDARD_OUTPUT = "-"
MAX_BYTES = 20_000_000
"""Bytes of a file that is converted."""


class DmnVersion(StrEnum):
    """The versions of DMN that are written."""

    V1_3 = "1.3"
    V1_4 = "1.4"
    V1_5 = "1.5"


@dataclass(frozen=True, slots=True)
class Task:
    """One file, and what becomes of it."""

    source: Path
    """The file."""
    target: Path | None
    """The new file; None for the standard output."""
    form: Form
    """What the new file is."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of one file."""

    task: Task
    """What was to be done."""
    data: bytes | None
    """The new file; None where there are errors."""
    pages: tuple[tuple[Path, str], ...]
    """Pages that stand beside it."""
    diagnostics: tuple[Diagnostic, ...]
    """What was found."""


def convert(
    given: Annotated[Path, typer.Argument(help="政策文件或文件夹 | a policy, or a folder of them", metavar="IN")],
    out: Annotated[Path | None, typer.Argument(help="新文件或文件夹，- 为标准输出 | where to; - is stdout", metavar="OUT")] = None,
    *,
    to: Annotated[Form | None, typer.Option("--to", help="要哪种，默认看 OUT | the form, by OUT")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--out", help="同 OUT | the same as OUT", metavar="OUT")] = None,
    version: Annotated[DmnVersion, typer.Option("--dmn", help="写出的 DMN 版本 | version of DMN to write")] = DmnVersion.V1_5,
    packs: PacksOption = Path("packs"),
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的文件 | overwrite files")] = False,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """在 Markdown、DMN、Excel 之间转换政策；种类看文件名：md、dmn、xlsx。

    Convert policies between Markdown, DMN and Excel, told by the ends of the names: md, dmn, xlsx.

    例 Examples:

        zhida convert packs/national/policies/sme-size.md build/sme-size.dmn

        zhida convert build/sme-size.dmn - --to md

        zhida convert packs/national/policies/sme-size.md build/sme-size.dmn --dmn 1.3

        zhida convert packs build/excel --to xlsx

        zhida convert build/excel build/packs --to md --force
    """
    language: Language = lang.value
    target = _one_target(out, output)
    tasks = list(_tasks(given, target, to))
    _refuse_overwriting(tasks, is_forced=force)
    context = _Context(packs, version)
    done: list[Converted] = []
    copied = list(_copy_pages(given, target, is_forced=force)) if given.is_dir() and target is not None else []
    pages = _Pages()
    with progress_bar(language, "转换", "converting") as bar:
        if len(tasks) > 1:
            bar.start(len(tasks))
        for task in tasks:
            done.append(_convert(task, context))
            _write(done[-1], pages)
            bar.advance(1)
    _report(done, [*copied, *pages.written], language, is_json=json)
    if len(done) == 1 and done[0].data is None and all(item.code == "file-not-found" for item in done[0].diagnostics):
        return MISUSE
    return FOUND_ERRORS if has_errors(item for each in done for item in each.diagnostics) else OK


# --- what is asked for ---------------------------------------------------------------------------------------------------


def _one_target(out: Path | None, output: Path | None) -> Path | None:
    if out is not None and output is not None:
        raise misuse("OUT 与 -o 只能给一个", "give OUT or -o, not both")
    return out if out is not None else output


def form_of(path: Path) -> Form | None:
    """Return what a file is by the end of its name, or None.

    >>> form_of(Path("a.DMN"))
    <Form.DMN: 'dmn'>
    """
    suffix = path.suffix.lower().removeprefix(".")
    return Form(suffix) if suffix in set(Form) else None


def _tasks(given: Path, target: Path | None, to: Form | None) -> Iterator[Task]:
    """Yield what is to be done.

    Raises:
        BadParameter: it is not told what is wanted, or that is what is there.
    """
    if not given.exists():
        raise InputError([diagnostic("file-not-found", None, name=given)])
    form = to or (form_of(target) if target is not None else None)
    if form is None:
        raise misuse("没有说明要转成什么：写 --to md、dmn 或 xlsx", "say what to convert to: --to md, dmn or xlsx")
    if given.is_dir():
        yield from _tasks_of_folder(given, target, form)
        return
    own = form_of(given)
    if own is None:
        raise misuse(f"“{given}”不是 .md、.dmn 或 .xlsx", f"'{given}' is no .md, .dmn or .xlsx")
    if own is form and form is not Form.DMN:
        raise misuse(f"“{given}”已经是 {form.value}", f"'{given}' is {form.value} already")
    if target is not None and str(target) == STANDARD_OUTPUT:
        if form is Form.EXCEL:
            raise misuse("工作簿不能写到标准输出，请给出文件名", "a workbook cannot go to the standard output: name a file")
        yield Task(given, None, form)
        return
    beside = given.with_suffix(f".{form.value}")
    path = beside if target is None else target / beside.name if target.is_dir() else target
    if path.resolve() == given.resolve():
        raise misuse("新文件就是原文件，请另给一个文件名", "the new file is the old one: name another")
    yield Task(given, path, form)


def _tasks_of_folder(given: Path, target: Path | None, form: Form) -> Iterator[Task]:
    """Yield a task for each policy below a folder; its place below the new folder is the same."""
    if target is None or str(target) == STANDARD_OUTPUT or form_of(target) is not None:
        raise misuse("转换整个文件夹时，OUT 也要是文件夹", "where IN is a folder, OUT must be one")
    seen: set[Path] = set()
    for path in sorted(given.rglob("*")):
        own = form_of(path)
        is_policy = own is not Form.MARKDOWN or path.parent.name == POLICIES
        if own is None or own is form or not is_policy or path.name.startswith(("~$", ".")) or not path.is_file():
            continue
        new = target / path.relative_to(given).with_suffix(f".{form.value}")
        if new in seen:
            raise misuse(f"有两个文件都要写成“{new}”", f"two files would become '{new}'")
        seen.add(new)
        yield Task(path, new, form)
    if not seen:
        raise misuse(f"“{given}”下没有可转换的政策", f"there is nothing to convert below '{given}'")


def _refuse_overwriting(tasks: Iterable[Task], *, is_forced: bool) -> None:
    for task in tasks:
        if task.target is not None and task.target.exists() and not is_forced:
            raise misuse(f"“{task.target}”已经存在；要覆盖请加 --force", f"'{task.target}' is there already; --force overwrites it")


# --- one file ------------------------------------------------------------------------------------------------------------


class _Context:
    """The packs that policies stand in, each read once, and the version of DMN that is written."""

    def __init__(self, default: Path, version: str) -> None:
        self.default = default
        self.version = version
        self.known: dict[Path, Packs] = {}

    def packs(self, path: Path) -> Packs:
        """Return the packs that a file stands among, or those that were named; none where there are none."""
        place = path.resolve().parent
        root = place.parent.parent if place.name == POLICIES else self.default
        if root not in self.known:
            try:
                self.known[root] = load_packs(root)
            except InputError:
                named = load_packs(self.default) if root != self.default and _has_policies(self.default) else NO_PACKS
                self.known[root] = named
        return self.known[root]


def _has_policies(root: Path) -> bool:
    return any(root.glob(f"*/{POLICIES}/*.md")) or any(root.glob(f"{POLICIES}/*.md"))


def policy_id(path: Path) -> str:
    """Return `pack/name` as the place of a file says it.

    >>> policy_id(Path("packs/national/policies/sme-size.md"))
    'national/sme-size'
    """
    folder = path.absolute().parent
    pack = folder.parent.name if folder.name == POLICIES else folder.name
    return f"{pack or 'pack'}/{path.stem}"


def _convert(task: Task, context: _Context) -> Converted:
    """Convert one file; what is wrong with it is kept, so that the others are converted all the same."""
    own = form_of(task.source)
    assert own is not None
    name = str(task.source)
    try:
        data = _read(task.source)
        if own is task.form:
            document = read_dmn(data, name)
            return Converted(task, write_dmn(document.definitions, version=context.version), (), document.diagnostics)
        text = read_text(data, own, name, policy_id(task.target or task.source))
        if not text.is_complete:
            return Converted(task, None, (), text.diagnostics)
        written = write_text(text, task.form, with_pages(context.packs(task.source), text), context.version)
    except DiagnosticsError as error:
        return Converted(task, None, (), error.diagnostics)
    pages = tuple(_pages(task, text)) if written.data is not None else ()
    return Converted(task, written.data, pages, (*text.diagnostics, *written.diagnostics))


def _read(path: Path) -> bytes:
    nowhere = Span(Source(str(path), ""), 0, 0)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError([diagnostic("file-too-large", nowhere, name=path, size=f"{size:,}", limit=f"{MAX_BYTES:,}")])
        return path.read_bytes()
    except OSError as error:
        raise InputError([diagnostic("file-unreadable", nowhere, name=path, reason=error.strerror or str(error))]) from error


def _pages(task: Task, text: PolicyText) -> Iterator[tuple[Path, str]]:
    """Yield the pages that a model brings along: into its pack, or beside its policy."""
    if task.target is None:
        return
    folder = task.target.parent
    for place, page in text.pages.items():
        if folder.name == POLICIES:
            yield folder.parent / place, page
        else:
            yield task.target.with_suffix(f".{Path(place).parts[0].removesuffix('.md')}.md"), page


class _Pages:
    """Writes the pages that models bring along.

    A kind of subject has one dictionary among all packs that see each other: one that is there already stays as it is and
    is enough; those of one run are joined.
    """

    def __init__(self) -> None:
        self.written: dict[Path, str] = {}

    def write(self, path: Path, page: str) -> None:
        """Write a page, or what it adds to one that was written before."""
        for known in (path, *sorted(_neighbours(path))):
            if known in self.written:
                path, page = known, joined(self.written[known], page)
                break
            if known.exists():
                return
        self.written[path] = page
        _write_file(path, page.encode())


def _neighbours(path: Path) -> Iterator[Path]:
    """Yield the same page of the packs beside the pack that a page stands in."""
    place = Path(path.parent.name) / path.name if path.parent.name == REGISTRY else Path(path.name)
    pack = path.parents[len(place.parts) - 1]
    if place.name == PARAMETERS or place.parts[0] == REGISTRY:
        yield from pack.parent.glob(f"*/{place.as_posix()}")


def _write(converted: Converted, pages: _Pages) -> None:
    """Write a new file, and the pages beside it."""
    if converted.data is None:
        return
    if converted.task.target is None:
        typer.echo(converted.data.decode(), nl=False)
        return
    _write_file(converted.task.target, converted.data)
    for path, page in converted.pages:
        pages.write(path, page)


def _write_file(path: Path, data: bytes) -> None:
    made_folder(path.parent)
    with replacing(path) as new:
        new.write_bytes(data)


def _copy_pages(given: Path, target: Path, *, is_forced: bool) -> Iterator[Path]:
    """Copy the pages of packs that are no policies, so that the new folder holds whole packs; yield what is new."""
    beside = {PARAMETERS, STACKING, LADDER, CALENDAR}
    pages = [path for path in sorted(given.rglob("*.md")) if path.name in beside or path.parent.name in {REGISTRY, CODES}]
    for path in pages:
        new = target / path.relative_to(given)
        if new.resolve() != path.resolve() and (is_forced or not new.exists()):
            _write_file(new, path.read_bytes())
            yield new


# --- what is said --------------------------------------------------------------------------------------------------------


def _report(done: Sequence[Converted], pages: Sequence[Path], language: Language, *, is_json: bool) -> None:
    """Say what was written, each file once, and what was found."""
    diagnostics = [item for each in done for item in each.diagnostics]
    if is_json and all(each.task.target is not None for each in done):
        print_json(
            {
                "written": [str(each.task.target) for each in done if each.data is not None],
                "pages": [str(path) for path in pages],
                "not_written": [str(each.task.source) for each in done if each.data is None],
                **count_severities(diagnostics),
                "diagnostics": [diagnostic_data(item) for item in diagnostics],
            }
        )
        return
    print_diagnostics(diagnostics, language)
    for each in done:
        if each.data is None:
            told = words(language, f"没有转换：{each.task.source}", f"not converted: {each.task.source}")
            typer.echo(told, err=True)
        elif each.task.target is not None:
            typer.echo(str(each.task.target))
    for path in pages:
        typer.echo(str(path))
