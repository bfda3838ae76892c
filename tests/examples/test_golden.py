"""Bad policies, dictionaries and parameters: the whole message, in both languages, as golden files.

Each file of tests/examples/bad/ says in its first lines what it shows, and then holds sections:

    === demo/policies/a.md              a file below the folder of packs, as it stands
    === demo/policies/a.md | gb18030    the same in another encoding
    === demo/registry/x.md | folder     a folder where a file belongs
    === demo/policies/a.md | link       a link to the file that the section names
    === demo/policies/a.md | size       a file of so many bytes, without anything in it
    === demo/policies/a.md | long       a file in which 〈1, × 90〉 stands for ninety times `1, `
    === load                            what is loaded instead of the folder of packs
    === facts                           a FEEL context: the policy demo/a is assessed for it as well
    === asked                           names that policies are asked for by on the command line, one in a line
    === expected                        everything that is said, once in Chinese and once in English

A case without a dictionary gets the one of `DICTIONARY`. With ZHIDA_BLESS=1 `expected` is written anew.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from zhida.assess.examples import run_examples
from zhida.assess.subject import assess_subject
from zhida.cli.console import find_policy
from zhida.entitle.examples import run_stacking_examples
from zhida.errors import CompileError, Diagnostic, InputError
from zhida.feel.builtins import BUILTINS
from zhida.feel.builtins.pattern import __name__ as pattern_module
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.policy.pack import Packs, load_packs
from zhida.source import snippet
from zhida.values.temporal import Date

FOLDER = Path(__file__).parent / "bad"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))
AS_OF = Date(2026, 1, 1)
DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可空 | 取值 |
|---|---|---|---|---|---|---|
| 从业人员 | number | 人 | 0..1000000 | 统计局 | 是 | |
| 营业收入 | number | 元 | 0..1000000000000 | 税务局 | | |
| 成立日期 | date | | | 市场监督管理局 | | |
| 单位类型 | string | | | 市场监督管理局 | | 企业、其他 |
| 注册地市 | string | | | 市场监督管理局 | | |
| 季末人数 | list<number> | 人 | | 税务局 | | |
"""


def sections(text: str) -> tuple[str, dict[str, str]]:
    """Return what a golden file says of itself, and its sections by their heads."""
    title, *parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    return title, dict(zip(parts[0::2], parts[1::2], strict=True))


def agree(path: Path, told: Sequence[Diagnostic], root: Path) -> None:
    """Compare all that is said, in Chinese and then in English, with what a golden file expects; with ZHIDA_BLESS=1 write it anew.

    Args:
        path: The golden file.
        told: What is said.
        root: The folder that the case was planted in; its path is left out of the messages.
    """
    messages = [item.render("zh") for item in told] + [item.render("en") for item in told]
    agree_text(path, "\n\n".join(messages).replace(f"{root}{os.sep}", "") + "\n")


def agree_text(path: Path, found: str) -> None:
    """Compare a text with what a golden file expects; with ZHIDA_BLESS=1 write it anew."""
    title, parts = sections(path.read_text(encoding="utf-8"))
    if os.environ.get("ZHIDA_BLESS"):
        kept = {head: text for head, text in parts.items() if head != "expected"}
        path.write_text(title + "".join(f"=== {head}\n{text}" for head, text in (*kept.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == parts.get("expected")


def plant(root: Path, parts: dict[str, str]) -> None:
    """Write the files of a case below a folder of packs."""
    paths = {head.partition(" | ")[0] for head in parts}
    if not any(path.endswith("registry/enterprise.md") for path in paths):
        parts = {**parts, "demo/registry/enterprise.md": DICTIONARY}
    for head, text in parts.items():
        name, _, kind = head.partition(" | ")
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match kind:
            case "folder":
                path.mkdir()
            case "link":
                path.symlink_to(text.strip())
            case "size":
                with path.open("wb") as file:
                    file.truncate(int(text))
            case "long":
                path.write_text(re.sub(r"〈(.+?)× ([0-9]+)〉", lambda found: found[1] * int(found[2]), text), encoding="utf-8")
            case _:
                path.write_bytes(text.encode(kind or "utf-8"))


def found_in(root: Path, facts: str, asked: str) -> Iterator[Diagnostic]:
    """Yield what is said about all that stands below `root`: on loading, by the examples, on assessing, and on asking."""
    try:
        packs = load_packs(root)
    except InputError as error:
        yield from error.diagnostics
        return
    yield from packs.diagnostics
    for policy in packs.policies.values():
        if policy.is_sound:
            try:
                for result in run_examples(packs, policy, as_of=AS_OF):
                    yield from result.diagnostics
            except CompileError as error:  # of a policy that it uses: said on loading
                yield from (item for item in error.diagnostics if item not in packs.diagnostics)
    for stacked in run_stacking_examples(packs, as_of=AS_OF):
        yield from stacked.diagnostics
    if facts:
        yield from assessed(packs, facts)
    for name in asked.splitlines():
        with pytest.raises(InputError) as refused:
            find_policy(packs, name)
        yield from refused.value.diagnostics


def assessed(packs: Packs, facts: str) -> tuple[Diagnostic, ...]:
    run = Run(AS_OF)
    given = evaluate(parse_expression(snippet(facts.strip()), Scope(NameSet(BUILTINS))), Frame({}, run))
    assert not run.diagnostics
    try:
        return assess_subject(packs, "demo/a", given, as_of=AS_OF).diagnostics
    except InputError as error:
        return error.diagnostics


def said(folder: Path, parts: dict[str, str]) -> str:
    """Return all messages of a case, without the name of the folder that it was written to."""
    files = {head: text for head, text in parts.items() if head not in {"facts", "asked", "load", "expected"}}
    root = folder / "packs"
    root.mkdir()
    plant(root, files)
    diagnostics = list(found_in(folder / parts.get("load", "packs").strip(), parts.get("facts", ""), parts.get("asked", "")))
    messages = [item.render("zh") for item in diagnostics] + [item.render("en") for item in diagnostics]
    return "\n\n".join(messages).replace(f"{folder}{os.sep}", "") + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{pattern_module}.TRIES", ((20, 50),))
    path = FOLDER / name
    _, parts = sections(path.read_text(encoding="utf-8"))
    agree_text(path, said(tmp_path, parts))
