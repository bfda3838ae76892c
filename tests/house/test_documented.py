"""Undocumented is failing: names, fields, error codes, commands, verbs and links."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.house.tree import FUNCTION, ROOT, at, modules, plant, project_files, report
from zhida.errors import CODES

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"^(```+|~~~+).*?^\1|`[^`\n]+`", re.MULTILINE | re.DOTALL)
VERB = re.compile(r"^([a-z][a-z-]*):(?!=)(.*)$", re.MULTILINE)
LIST_COMMANDS = """
import json, typer, zhida.cli
def paths(command, *before):
    below = getattr(command, "commands", {})
    return [" ".join(before)] if not below else [path for name, inner in below.items() for path in paths(inner, *before, name)]
print(json.dumps(paths(typer.main.get_command(zhida.cli.app))))
"""


def docstring_faults(root: Path) -> list[str]:
    """Return each public module, class, function, method and dataclass field of the engine that says nothing of itself."""
    faults = []
    for path, tree in modules(root, "src"):
        if path.parent.name == "migrations":
            continue  # written by a program
        if ast.get_docstring(tree) is None:
            faults.append(f"{at(root, path, 1)}: the module says nothing of what it owns")
        faults += [f"{at(root, path, line)}: {what} is not documented" for line, what in undocumented(tree)]
    return faults


def undocumented(node: ast.Module | ast.ClassDef) -> Iterator[tuple[int, str]]:
    for inner in node.body:
        if not isinstance(inner, (*FUNCTION, ast.ClassDef)) or inner.name.startswith("_"):
            continue
        if ast.get_docstring(inner) is None and not is_accessory(inner):
            yield inner.lineno, f"{inner.name}{'()' if isinstance(inner, FUNCTION) else ''}"
        if isinstance(inner, ast.ClassDef):
            yield from undocumented(inner)
            if decorators(inner) & {"dataclass"}:
                yield from undocumented_fields(inner)


def decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """Return the last names of the decorators: `dataclasses.dataclass(frozen=True)` is a `dataclass`."""
    return {ast.unparse(item.func if isinstance(item, ast.Call) else item).split(".")[-1] for item in node.decorator_list}


def is_accessory(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether what it does is said at another place of the same name."""
    return bool(decorators(node) & {"overload", "setter", "override"})


def undocumented_fields(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    for field, following in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name) or field.target.id.startswith("_"):
            continue
        if "ClassVar" in ast.unparse(field.annotation):
            continue
        documented = (
            isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant) and isinstance(following.value.value, str)
        )
        if not documented:
            yield field.lineno, f"the field {node.name}.{field.target.id}"


def code_faults(codes: Collection[str], catalogue: str) -> list[str]:
    """Return each error code without a section `## code` in the catalogue, each section without a code, each section without words."""
    sections = dict(re.findall(r"^## +`?([a-z0-9-]+)`? *$\n(.*?)(?=^## |\Z)", catalogue, re.MULTILINE | re.DOTALL))
    faults = [f"docs/errors.md: there is no section '## {code}'" for code in sorted(set(codes) - set(sections))]
    faults += [f"docs/errors.md: '## {code}' is no code of zhida.errors.CODES" for code in sorted(set(sections) - set(codes))]
    return faults + [f"docs/errors.md: the section '## {code}' is empty" for code, text in sections.items() if not text.strip()]


def command_faults(commands: Collection[str], page: str, text: str) -> list[str]:
    """Return each command of the command line that the page does not show as `zhida COMMAND`."""
    return [f"{page}: there is no 'zhida {command}'" for command in commands if not re.search(rf"\bzhida {re.escape(command)}\b", text)]


def verb_faults(makefile: str, listed: str, contributing: str) -> list[str]:
    """Return each verb of the Makefile that is not phony, has no words in both languages, is not listed or not taught."""
    phony = set(" ".join(re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)).split())
    faults = [f"Makefile: '{verb}' is phony but not there" for verb in sorted(phony - {verb for verb, _ in VERB.findall(makefile)})]
    for verb, rest in VERB.findall(makefile):
        if verb not in phony:
            faults.append(f"Makefile: '{verb}' is not in .PHONY")
        if not re.search(r"## .*[\u4e00-\u9fff].* \| .*[a-z]", rest):
            faults.append(f"Makefile: '{verb}' is not described as '## 中文 | English'")
        if not re.search(rf"^ *make {verb} ", listed, re.MULTILINE):
            faults.append(f"Makefile: bare `make` does not list '{verb}'")
        if not re.search(rf"`make {verb}\b", contributing):
            faults.append(f"CONTRIBUTING.md: there is no `make {verb}`")
    return faults


def link_faults(root: Path) -> list[str]:
    """Return each relative link of a page that leads nowhere; links to other sites are not followed."""
    faults = []
    for path in project_files(root):
        if path.suffix != ".md" or path.relative_to(root).parts[0] == "tests":
            continue
        text = CODE_SPAN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), path.read_text(encoding="utf-8"))
        for match in LINK.finditer(text):
            target = (match[1] or match[2]).partition("#")[0]
            if target and not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                faults.append(f"{at(root, path, text.count(chr(10), 0, match.start()) + 1)}: '{target}' is not there")
    return faults


def test_every_public_name_is_documented() -> None:
    faults = docstring_faults(ROOT)
    assert not faults, report(faults)


def test_every_error_code_has_a_section() -> None:
    catalogue = ROOT / "docs/errors.md"
    assert catalogue.is_file(), "docs/errors.md is not there"
    faults = code_faults(CODES, catalogue.read_text(encoding="utf-8"))
    assert not faults, report(faults)


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_every_command_is_in_the_readme(page: str) -> None:
    listing = subprocess.run([sys.executable, "-c", LIST_COMMANDS], check=False, capture_output=True, text=True)
    assert listing.returncode == 0, listing.stderr
    commands = json.loads(listing.stdout)
    assert commands
    faults = command_faults(commands, page, (ROOT / page).read_text(encoding="utf-8"))
    assert not faults, report(faults)


def test_every_verb_is_listed_and_taught() -> None:
    listed = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607
    faults = verb_faults(
        (ROOT / "Makefile").read_text(encoding="utf-8"),
        listed,
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    )
    assert not faults, report(faults)


def test_every_relative_link_leads_somewhere() -> None:
    faults = link_faults(ROOT)
    assert not faults, report(faults)


DOCUMENTED = '''"""Owns a."""

from dataclasses import dataclass


@dataclass(frozen=True)
class A:
    """An a."""

    b: int
    """A b."""
    _cache: int = 0

    def c(self) -> None:
        """Do c."""

    def _d(self) -> None:
        def inner() -> None: ...


class _Private:
    def e(self) -> None: ...
'''


def test_docstring_rule_leaves_private_and_inner_names_alone(tmp_path: Path) -> None:
    assert docstring_faults(plant(tmp_path, {"src/zhida/a.py": DOCUMENTED})) == []


@pytest.mark.parametrize("silence", ['"""Owns a."""', '    """An a."""', '    """A b."""', '        """Do c."""'])
def test_docstring_rule_finds_what_is_silent(tmp_path: Path, silence: str) -> None:
    assert silence in DOCUMENTED
    silent = DOCUMENTED.replace(silence, silence.partition('"')[0] + "...")
    faults = docstring_faults(plant(tmp_path, {"src/zhida/a.py": silent}))
    assert len(faults) == 1, report(faults)


def test_docstring_rule_finds_the_last_field_of_a_class(tmp_path: Path) -> None:
    text = '"""M."""\nimport dataclasses\n\n\n@dataclasses.dataclass(frozen=True)\nclass A:\n    """A."""\n\n    b: int\n'
    assert docstring_faults(plant(tmp_path, {"src/a.py": text})) == ["src/a.py:9: the field A.b is not documented"]


def test_code_rule_compares_both_ways() -> None:
    catalogue = "# Errors\n\n## one\n\nWords.\n\n## `two`\n\nWords.\n\n## three\n"
    assert code_faults(["one", "two", "three", "four"], catalogue) == [
        "docs/errors.md: there is no section '## four'",
        "docs/errors.md: the section '## three' is empty",
    ]
    assert code_faults(["one", "three"], catalogue)[0] == "docs/errors.md: '## two' is no code of zhida.errors.CODES"


def test_command_rule_wants_the_whole_path_of_a_command() -> None:
    text = "zhida check packs; zhida registry import m.yaml"
    assert command_faults(["check", "registry import", "registry"], "README.md", text) == []
    assert command_faults(["assess", "import"], "README.md", text) == [
        "README.md: there is no 'zhida assess'",
        "README.md: there is no 'zhida import'",
    ]


def test_verb_rule_finds_each_kind_of_fault() -> None:
    good = ".PHONY: test\nX := 1\n.venv/ready: a\ntest: setup  ## 测试 | run the tests\n"
    assert verb_faults(good, "  make test   测试\n", "Run `make test`.") == []
    assert len(verb_faults(good.replace("PHONY: test", "PHONY: rest"), "  make test   测试\n", "`make test`")) == 2
    assert len(verb_faults(good.replace("测试 | ", ""), "  make test   测试\n", "`make test`")) == 1
    assert len(verb_faults(good, "", "")) == 2


def test_link_rule_follows_links_but_not_code(tmp_path: Path) -> None:
    page = "[a](b.md) [c](d.md#e)\n`[x](no.md)`\n```\n[x](no.md)\n```\n[s](https://example.org/x) ![p](p.png) [h](#h)\n"
    faults = link_faults(plant(tmp_path, {"docs/a.md": page, "docs/b.md": ""}))
    assert faults == ["docs/a.md:1: 'd.md' is not there", "docs/a.md:6: 'p.png' is not there"]


def test_the_architecture_names_every_folder_of_the_engine_and_of_the_tests() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    parts = {path.relative_to(ROOT).parts for path in project_files(ROOT) if path.suffix == ".py"}
    folders = {f"{part[2]}/" for part in parts if part[:2] == ("src", "zhida") and len(part) > 3}
    modules = {part[2] for part in parts if part[:2] == ("src", "zhida") and len(part) == 3 and part[2] != "__init__.py"}
    tests = {f"{part[1]}/" for part in parts if part[0] == "tests" and len(part) > 2}
    assert {name for name in folders | modules | tests if f"`{name}`" not in page} == set()
    named = set(re.findall(r"^\| `([a-z_]+(?:/|\.py))` \|", page.partition("自上而下")[2].partition("\n## ")[0], re.MULTILINE))
    assert named == folders | modules
