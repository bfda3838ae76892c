"""`zhida diff`: two versions of a policy, what changed in law, in rules and in answers."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from zhida.cli.console import (
    FOUND_ERRORS,
    OK,
    AsOfOption,
    JsonOption,
    Lang,
    LangOption,
    PacksOption,
    find_policy,
    misuse,
    print_json,
    read_as_of,
    read_packs,
    width,
)
from zhida.errors import Language
from zhida.policy.document import MAX_FILE_BYTES, parse, read_source
from zhida.policy.pack import Packs
from zhida.policy.tangle import tangle
from zhida.proof.difference.versions import Version, days_for, difference, solver_of, version_among
from zhida.report.difference import difference_data, difference_text
from zhida.report.difference_words import Style
from zhida.source import Source

LEAST_CELLS, MOST_CELLS = 80, 120
"""How narrow and how wide the lines are that are printed."""

HEADING = re.compile(r"\S.*")
MARK = re.compile(r"【[^】]*】?|[^【】]*】")

PolicyArgument = "政策编号、名称，文件，或 git 的 修订:路径 | a policy's id or title, a file, or git's REV:PATH"


def diff(
    old: Annotated[str, typer.Argument(help=f"旧版：{PolicyArgument}", metavar="OLD")],
    new: Annotated[str, typer.Argument(help="新版：写法相同 | the new version, written the same way", metavar="NEW")],
    *,
    packs: PacksOption = Path("packs"),
    everything: Annotated[bool, typer.Option("--all", help="不省略 | leave nothing out")] = False,
    solver: Annotated[
        bool, typer.Option("--solver/--no-solver", help="是否求解，默认求解 | look for subjects with the solver, by default")
    ] = True,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="有不同则退出码为 1 | exit with 1 where they differ")] = False,
    as_of: AsOfOption = None,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    r"""比较一项政策的两个版本：条文、规则，以及谁的答案变了，各举一户；能证明的，说明其余各户不变。

    旧版按它的最后一天、新版按它的第一天判定（--as-of 另定）；两版在同一天都有效的，按同一天。

    Compare two versions of a policy: its law, its rules, and who is answered otherwise, with a subject for each and, where it
    can be proved, that everybody else keeps the same answer.

    例 Examples:

        zhida diff national/specialized-sme-2022 national/specialized-sme

        zhida diff HEAD~3:packs/national/policies/sme-size.md \
            packs/national/policies/sme-size.md --all
    """
    language: Language = lang.value
    loaded = read_packs(packs)
    versions = [_version(loaded, text) for text in (old, new)]
    asked = None if as_of is None else read_as_of(as_of)
    days = days_for(versions[0].in_force, versions[1].in_force, asked, read_as_of(None))
    found = difference(versions[0], versions[1], days=days, solver=solver_of if solver else None)
    if json:
        print_json(difference_data(found))
    else:
        style = Style(language, everything, min(max(width(), LEAST_CELLS), MOST_CELLS))
        for line in difference_text(found, style):
            typer.echo(_coloured(line))
    subjects = {version.policy.front.subject for version in versions}
    has_errors = found.answers is None and len(subjects) == 1  # then one of them does not compile; the text says where
    return FOUND_ERRORS if has_errors or (exit_code and not found.is_empty) else OK


def _coloured(line: str) -> str:
    """Return a line with its headings and marks in colour; where there is no terminal, the colours are taken out again."""
    if HEADING.match(line):
        return typer.style(line, bold=True)
    return MARK.sub(lambda found: typer.style(found[0], fg="yellow"), line) if "【" in line or "】" in line else line


def _version(packs: Packs, text: str) -> Version:
    """Return the version that was named: a file, a file in git, or a policy of the packs.

    Raises:
        BadParameter: git cannot show what was named.
        InputError: policy-unknown, or the file cannot be read.
    """
    revision = re.fullmatch(r"([^:]+):(.+)", text)
    if Path(text).is_file():
        return _among(packs, read_source(Path(text)))
    if revision is not None and not Path(revision[1]).drive:
        return _among(packs, Source(text, _shown_by_git(text)))
    if text.endswith(".md"):
        return _among(packs, read_source(Path(text)))  # which says that there is none
    id_ = find_policy(packs, text)
    return Version(packs.policies[id_], packs)


def _among(packs: Packs, source: Source) -> Version:
    """Return a text as a version among packs, called as it calls itself."""
    front = tangle(parse(source)).front
    name = front.policy or f"{Path(source.name).resolve().parent.parent.name}/{Path(source.name).stem}"
    return version_among(packs, name, source)


def _shown_by_git(text: str) -> str:
    """Return a file of a revision.

    Raises:
        BadParameter: git is not installed, or has no such file.
    """
    git = shutil.which("git")
    if git is None:
        raise misuse(
            f"“{text}”是 git 里的文件，但找不到 git：请安装 git，或写文件的路径",
            f"'{text}' is a file in git, but git was not found: install it, or name a file",
        )
    revision, _, path = text.partition(":")
    for named in (f"./{path}", path):  # from here, as paths are meant, then from the top, as git means them
        done = subprocess.run([git, "show", f"{revision}:{named}"], capture_output=True, check=False)  # noqa: S603 - no shell
        if done.returncode == 0:
            break
    else:
        reason = next(iter(done.stderr.decode("utf-8", "replace").splitlines()), "")
        raise misuse(f"git 里没有“{text}”：{reason}", f"git has no '{text}': {reason}")
    if len(done.stdout) > MAX_FILE_BYTES:
        raise misuse(f"“{text}”太大，不是政策文件", f"'{text}' is too large for a policy")
    try:
        return done.stdout.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise misuse(f"“{text}”不是 UTF-8 文本", f"'{text}' is no UTF-8 text") from None
