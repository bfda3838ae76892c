"""The command line: one file per command; the only engine package that prints.

Exit codes: 0 no errors, 1 errors found in what was read, 2 misuse, 130 interrupted.
"""

import os
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from zhida.cli import assess, check, demo, explain, registry, weave
from zhida.cli.console import FOUND_ERRORS, INTERRUPTED, MISUSE, print_diagnostics
from zhida.errors import DiagnosticsError, Language

app = typer.Typer(
    name="zhida",
    help="政策直达：政策文件进，逐户有依据的答案出。\n\nPolicies in, an explained answer for every subject out.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check.check)
app.command("assess")(assess.assess)
app.command("explain")(explain.explain)
app.command("weave")(weave.weave)
app.add_typer(registry.app, name="registry")
app.command("demo")(demo.demo)

ARGUMENT_CODES = frozenset(("file-not-found", "policy-unknown", "registry-unknown-subject"))
"""Findings that say that the command was called with what does not exist."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code."""
    try:
        result = typer.main.get_command(app).main(list(arguments), prog_name="zhida", standalone_mode=False)
    except DiagnosticsError as error:
        print_diagnostics(error.diagnostics, _language(arguments))
        is_misuse = all(item.code in ARGUMENT_CODES and not (item.span and item.span.source.text) for item in error.diagnostics)
        return MISUSE if is_misuse else FOUND_ERRORS
    except TyperException as error:
        # Shown by the library itself, with the usage of the command, where it knows how.
        show = getattr(error, "show", None)
        if show is None:
            typer.echo(error.format_message(), err=True)
        else:
            show()
        return MISUSE
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("已中断，旧的结果未动 | interrupted; earlier results are untouched", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _language(arguments: Sequence[str]) -> Language:
    given = list(arguments)
    if "--lang" in given[:-1]:
        return "en" if given[given.index("--lang") + 1] == "en" else "zh"
    return "en" if "--lang=en" in given else "zh"
