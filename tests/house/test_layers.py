"""Who may import whom: downwards only. The table is the rule, and it has no exceptions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import FUNCTION, ROOT, at, imports, last_name, modules, nodes, plant, report

# From high to low. `a | b` are neighbours: neither may import the other.
LAYERS = {
    "zhida": "cli | lsp | spark > report > entitle > proof > assess > registry_io | columnar"
    " > policy > dmn > feel > values > errors > source",
    "zhida_server": "run > web > notices > delivery > cases | projects > entitlements > registry > catalogue | ledger > people > audit"
    " > files | bigrams | database > settings",
}
KNOWS = {"zhida": {"zhida"}, "zhida_server": {"zhida", "zhida_server"}}
DOORS = {"service", "data"}  # what one app of the site may see of another
OPEN = {"files", "bigrams", "database", "settings"}  # below the apps: single modules without tables, open to all
FOREIGN_WORDS = ("django", "zhida_server")  # they never occur in the engine, not even in a comment
# What loads slowly and is seldom needed: the only imports that may come late, and where.
LATE = {
    "src/zhida/feel/builtins/pattern.py": {"regex", "elementpath.regex"},
    "src/zhida/entitle/best/solver.py": {"ortools.sat.python.cp_model"},
}
LOADER = "src/zhida/cli/__init__.py"  # the one import by a call: it loads the module of the command that is asked for


def ranks(table: str) -> dict[str, int]:
    """Return each layer's height."""
    return {name.strip(): height for height, level in enumerate(reversed(table.split(">"))) for name in level.split("|")}


def layer_faults(root: Path) -> list[str]:
    """Return each module in no layer, and each import that points up, sideways, to the root package or through a closed door."""
    return [
        fault for package in LAYERS for path, tree in modules(root / "src", package) for fault in module_faults(root, package, path, tree)
    ]


def module_faults(root: Path, package: str, path: Path, tree: ast.Module) -> Iterator[str]:
    rank = ranks(LAYERS[package])
    here = path.relative_to(root / "src" / package).parts[0].removesuffix(".py")
    if here == "__init__":
        return  # the public API: it names what it offers, and tests/house/test_public_api.py holds it
    if here not in rank:
        yield f"{at(root, path)}: '{here}' is in no layer; give it a place in {LAYERS[package]}"
        return
    for line, module in imports(tree):
        if module.startswith("."):
            yield f"{at(root, path, line)}: a relative import hides the layer; write the whole name"
            continue
        top, *rest = module.split(".")
        if top in LAYERS and top not in KNOWS[package]:
            yield f"{at(root, path, line)}: the engine must not know {top}"
        elif top == package:
            yield from own_import_faults(at(root, path, line), package, here, rest)
    yield from late_import_faults(root, path, tree)


def own_import_faults(place: str, package: str, here: str, rest: list[str]) -> Iterator[str]:
    rank = ranks(LAYERS[package])
    if not rest or rest[0] not in rank:
        yield f"{place}: {'.'.join([package, *rest])} comes from the root package; import it from the module that defines it"
    elif rest[0] != here and rank[rest[0]] >= rank[here]:
        yield f"{place}: {here} may not import {rest[0]}: it is not below"
    elif rest[0] not in {here, *OPEN} and package == "zhida_server" and (len(rest) < 2 or rest[1] not in DOORS):
        yield f"{place}: {'.'.join([package, *rest])} is private to {rest[0]}; import its service or data"


def late_import_faults(root: Path, path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield each import inside a function or through a call: a layering mistake hides there."""
    imported = list(imports(tree))
    for node in nodes(tree):
        if isinstance(node, FUNCTION):
            for line, module in (each for each in imported if node.lineno <= each[0] <= (node.end_lineno or 0)):
                if module not in LATE.get(path.relative_to(root).as_posix(), ()):
                    yield f"{at(root, path, line)}: {module} is imported inside {node.name}(); import it at the top"
        elif path != root / LOADER and isinstance(node, ast.Call) and last_name(node.func) in {"import_module", "__import__"}:
            yield f"{at(root, path, node.lineno)}: an import by a call hides the layer; write an import at the top"


def foreign_word_faults(root: Path) -> list[str]:
    """Return each place in the engine where the site or its framework is named."""
    return [
        f"{at(root, path, number)}: the engine never speaks of '{word}'"
        for path in sorted((root / "src/zhida").rglob("*"))
        if path.is_file() and path.suffix not in {".pyc", ".so", ".pyd"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for word in FOREIGN_WORDS
        if word in line.lower()
    ]


def test_every_module_is_in_a_layer_and_imports_only_downwards() -> None:
    faults = layer_faults(ROOT)
    assert not faults, report(faults)


def test_the_engine_never_names_the_site() -> None:
    faults = foreign_word_faults(ROOT)
    assert not faults, report(faults)


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("zhida/feel/parse.py", "from zhida.policy.document import parse\n", "feel may not import policy"),
        ("zhida/feel/parse.py", "import zhida.dmn\n", "feel may not import dmn"),
        ("zhida/registry_io/reading.py", "from zhida.columnar import plan\n", "registry_io may not import columnar"),
        ("zhida/errors.py", "from zhida.values.unknown import Unknown\n", "errors may not import values"),
        ("zhida/cli/check.py", "from zhida import assess_registry\n", "comes from the root package"),
        ("zhida/cli/check.py", "import zhida\n", "comes from the root package"),
        ("zhida/cli/check.py", "from ..policy import pack\n", "relative import"),
        ("zhida/tools.py", "", "'tools' is in no layer"),
        ("zhida/tools/deep/inside.py", "", "'tools' is in no layer"),
        ("zhida/__main__.py", "", "'__main__' is in no layer"),
        ("zhida/assess/outcome.py", "def f():\n    from zhida.policy import pack\n", "imported inside f()"),
        ("zhida/assess/outcome.py", "class A:\n    async def f(self):\n        import json\n", "imported inside f()"),
        ("zhida/feel/builtins/string.py", "def f():\n    import regex\n", "imported inside f()"),
        ("zhida/feel/builtins/pattern.py", "def f():\n    import json\n", "imported inside f()"),
        ("zhida/feel/builtins/pattern.py", "def f():\n    from ortools.sat.python import cp_model\n", "imported inside f()"),
        ("zhida/assess/outcome.py", "import importlib\nm = importlib.import_module('zhida.report')\n", "import by a call"),
        ("zhida/report/weave.py", "import zhida_server.people.service\n", "must not know zhida_server"),
        ("zhida_server/people/service.py", "from zhida_server.audit.models import Entry\n", "private to audit"),
        ("zhida_server/people/service.py", "from zhida_server.web import data\n", "people may not import web"),
        ("zhida_server/files.py", "from zhida_server.audit.service import record\n", "files may not import audit"),
        ("zhida_server/tools.py", "", "'tools' is in no layer"),
    ],
)
def test_layer_rule_finds(tmp_path: Path, path: str, text: str, reason: str) -> None:
    faults = layer_faults(plant(tmp_path, {f"src/{path}": text}))
    assert len(faults) == 1, report(faults)
    assert reason in faults[0]
    assert f"src/{path}" in faults[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "zhida/policy/pack.py",
            "from zhida.policy.document import parse\nfrom zhida.dmn.model import Definitions\nfrom zhida import errors\n",
        ),
        ("zhida/__init__.py", "from zhida.report.weave import weave\n"),
        ("zhida/feel/builtins/pattern.py", "def engines():\n    import elementpath.regex\n    import regex\n"),
        ("zhida/entitle/best/solver.py", "def library():\n    from ortools.sat.python import cp_model\n"),
        (
            "zhida_server/people/service.py",
            "from zhida_server.audit.service import record\nfrom zhida_server.audit import data\nimport zhida\n",
        ),
        ("zhida_server/registry/service.py", "from zhida_server.files import keep\nfrom zhida_server import settings\n"),
    ],
)
def test_layer_rule_allows(tmp_path: Path, path: str, text: str) -> None:
    assert layer_faults(plant(tmp_path, {f"src/{path}": text})) == []


def test_foreign_word_rule_finds_a_comment(tmp_path: Path) -> None:
    faults = foreign_word_faults(plant(tmp_path, {"src/zhida/cli/serve.py": "x = 1\n# as Django does\n"}))
    assert faults == ["src/zhida/cli/serve.py:2: the engine never speaks of 'django'"]
