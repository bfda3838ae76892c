"""The command line: one file per command; the only engine package that prints.

Other packages add commands by the entry points of the group `zhida.commands`: each names a typer app, loaded when it is called.

Exit codes: 0 no errors, 1 errors found in what was read, 2 misuse, 130 interrupted.
"""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from zhida.cli.console import FOUND_ERRORS, HELP_OPTIONS, INTERRUPTED, MISUSE, OK, diagnostic_data, print_diagnostics, print_json, words
from zhida.cli.misuse import misuse_text
from zhida.errors import Diagnostic, DiagnosticsError, InputError, Language
from zhida.registry_io.engine import engine_version
from zhida.registry_io.unneeded import leave_unneeded

COMMANDS = {
    "check": "检查政策，运行其中的例 | check policies, run their examples",
    "assess": "逐户判定各项政策 | every policy for every subject",
    "explain": "一户的结论和理由 | one subject: the answer and why",
    "weave": "政策织成网页，条文旁是规则 | pages: law beside rule",
    "convert": "Markdown、DMN、Excel 互转 | between Markdown, DMN and Excel",
    "examples": "补上缺的边界例和条件例 | propose the examples a policy lacks",
    "diff": "两个版本：条文、规则、谁的答案变了 | two versions: law, rules, answers",
    "combine": "各户的最优合法组合 | the best lawful combination",
    "allocate": "预算：谁先得、谁等、哪天用完 | budgets: who is paid, who waits",
    "next": "离什么差一步，差在哪 | one step from what, what is lacking",
    "simulate": "改动测算：花多少、谁得谁失 | what a change would cost, who wins",
    "notices": "谁的答案变了，该说哪句话 | whose answer changed, and what to say",
    "registry": "登记册：导入与合成 | registries: import and synthesize",
    "tck": "运行 DMN 符合性测试包 | run the DMN conformance kit",
    "demo": "用合成数据从头走到尾 | the whole walk on synthetic data",
}
"""The commands, each in a module of its own name that is loaded when it is called: a start costs what the command needs."""

THRESHOLDS = 200_000, 20, 100
"""When a command looks for garbage: after so many new objects; among older and oldest ones, after so many looks at younger ones."""

ADDED = "zhida.commands"
"""The group of entry points by which other packages add commands."""


class _Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - the library's own settings
        super().__init__(**settings)
        self.commands = dict.fromkeys(COMMANDS, TyperCommand("not loaded yet"))

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002 - the library's own face
        """Return the names of the commands, those of other packages last."""
        return [*COMMANDS, *(name for name in _added() if name not in COMMANDS)]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | TyperGroup | None:  # type: ignore[override]  # noqa: ARG002
        """Return a command, loading its module."""
        if cmd_name not in COMMANDS:
            added = _added().get(cmd_name)
            return None if added is None else _added_command(added)
        module = _loaded(cmd_name)
        commands: typer.Typer | None = getattr(module, "app", None)
        if commands is None:
            commands = typer.Typer(rich_markup_mode="markdown", add_completion=False, context_settings=HELP_OPTIONS)
            commands.command(cmd_name, short_help=COMMANDS[cmd_name])(getattr(module, cmd_name))
        return _named(commands, cmd_name)


def _loaded(name: str) -> ModuleType:
    """Return the module of a command; while it is loaded nobody looks for garbage, of which modules leave next to none."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"zhida.cli.{name}")
    finally:
        if is_collecting:
            gc.enable()


def _named(commands: typer.Typer, name: str) -> TyperCommand | TyperGroup:
    command = typer.main.get_command(commands)
    command.name = name
    return command  # type: ignore[return-value]  # one of the two kinds


def _added() -> dict[str, EntryPoint]:
    """Return the commands of other packages by their names."""
    return {point.name: point for point in sorted(entry_points(group=ADDED), key=lambda each: each.name)}


def _added_command(point: EntryPoint) -> TyperCommand | TyperGroup:
    """Return a command of another package, or one that says what to install where a package that it needs is missing."""
    try:
        return _named(point.load(), point.name)
    except ModuleNotFoundError as error:
        missing = error.name

    def lacking(context: typer.Context) -> int:
        """Say what to install."""
        zh = f"错误：zhida {point.name} 还需要软件包 {missing}：请运行 pip install 'zhida[server]'"
        en = f"error: zhida {point.name} needs the package {missing}: run pip install 'zhida[server]'"
        typer.echo(words(_language(context.args), zh, en), err=True)
        return FOUND_ERRORS

    commands = typer.Typer(add_completion=False)
    anything = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    help_text = "需要先 pip install 'zhida[server]' | needs it"
    commands.command(point.name, context_settings=anything, short_help=help_text)(lacking)
    return _named(commands, point.name)


app = typer.Typer(
    cls=_Commands,
    name="zhida",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    context_settings=HELP_OPTIONS,
)

ARGUMENT_CODES = frozenset((
    *("file-not-found", "file-is-directory", "policy-unknown", "policy-no-policies", "policy-unknown-subject"),
    *("registry-unknown-subject", "registry-not-a-registry", "registry-subject-differs", "run-memory-too-small", "run-kernel-unknown"),
    *("source-is-results", "allocation-no-budget", "allocation-no-seed", "allocation-amounts-lacking"),
))  # fmt: skip
"""Findings that say, where they point at no text, that the command was called with what does not exist or does not fit."""

GIVEN_FILES_CODES = frozenset(("registry-file-lacking", "registry-file-unexpected", "registry-file-ambiguous"))
"""Findings that say that the command was called with other files than the mapping asks for."""


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"zhida {engine_version()}")
        raise typer.Exit


@app.callback()
def describe(
    *,
    version: Annotated[bool, typer.Option("--version", help="版本 | the version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """政策直达：政策文件进，逐户有依据的答案出。

    Policies in, an explained answer for every subject out.

    例 Examples:

        zhida demo

        zhida check packs

        zhida explain --help
    """
    assert not version, "answered before any command runs"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if set(given[:1]) <= COMMANDS.keys():
        collect_rarely()
        if arguments is None and given[:1] == ["assess"]:  # the process is the command's own
            leave_unneeded()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is asked to end ends as it does on Ctrl-C
    sys.exit(run(given))


def collect_rarely() -> None:
    """Let Python look for garbage rarely: a command lives for seconds or minutes, and most of what it makes stays to the end.

    Commands of other packages may serve for months; they keep what Python does by itself.
    """
    gc.set_threshold(*THRESHOLDS)


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code."""
    language = _language(arguments)
    try:
        return _run(list(arguments), language)
    except (BrokenPipeError, SystemExit):  # the library leaves so, too, when the reader of our output has read enough
        _drop_output()
        return OK
    except OSError as error:
        _drop_output()
        reason = " ".join(str(part) for part in (error.strerror or error, error.filename) if part)
        typer.echo(words(language, f"错误：操作系统拒绝了：{reason}", f"error: the operating system refused: {reason}"), err=True)
        return FOUND_ERRORS


def _run(arguments: list[str], language: Language) -> int:
    try:
        result = typer.main.get_command(app).main(arguments, prog_name="zhida", standalone_mode=False)
    except DiagnosticsError as error:
        if "--json" in arguments:
            print_json({"diagnostics": [diagnostic_data(item) for item in error.diagnostics]})
        else:
            print_diagnostics(error.diagnostics, language)
        return MISUSE if isinstance(error, InputError) and all(map(_is_misuse, error.diagnostics)) else FOUND_ERRORS
    except TyperException as error:
        if text := misuse_text(error, language):
            typer.echo(text, err=True)
        return MISUSE
    except (typer.Abort, KeyboardInterrupt):
        result = INTERRUPTED
    if result == INTERRUPTED:
        typer.echo(words(language, "已中断；原有的结果未动", "interrupted; earlier results are untouched"), err=True)
    return result if isinstance(result, int) else OK


def _is_misuse(item: Diagnostic) -> bool:
    points_at_text = item.span is not None and bool(item.span.source.text)
    return item.code in GIVEN_FILES_CODES or (item.code in ARGUMENT_CODES and not points_at_text)


def _drop_output() -> None:
    """Send what is still buffered nowhere, so that leaving does not fail over it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)


def _language(arguments: Sequence[str]) -> Language:
    given = list(arguments)
    if "--lang" in given[:-1]:
        return "en" if given[given.index("--lang") + 1] == "en" else "zh"
    return "en" if "--lang=en" in given else "zh"
