"""What `zhida` offers is one list of lazy names, and an import costs what is used of it."""

import ast
import json
import subprocess
import sys

import pytest

from tests.house.tree import ROOT

ROOT_MODULE = ROOT / "src/zhida/__init__.py"
MODULES_AFTER = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_by(module: str) -> set[str]:
    """Return the modules that a fresh interpreter loads for an import."""
    done = subprocess.run([sys.executable, "-c", MODULES_AFTER.format(module=module)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def third_parties(names: set[str]) -> set[str]:
    """Return the libraries of others among loaded modules."""
    tops = {name.split(".")[0] for name in names}
    return {top for top in tops if top not in sys.stdlib_module_names and top != "zhida" and not top.startswith("_")}


def lazy_names(text: str) -> set[str]:
    """Return the keys of the one table that says which module each lazy name comes from."""
    tables = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Dict)
        and node.values
        and all(isinstance(value, ast.Constant) and str(value.value).startswith("zhida.") for value in node.values)
    ]
    assert len(tables) == 1, f"{len(tables)} tables of lazy names; there must be one: name -> 'zhida.module'"
    return {ast.literal_eval(key) for key in tables[0].keys if key is not None}


def run(code: str) -> object:
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_is_exactly_the_lazy_names() -> None:
    offered = run("import json, zhida; print(json.dumps(list(zhida.__all__)))")
    assert isinstance(offered, list)
    assert offered == sorted(offered), "__all__ is sorted, so that a difference reads well"
    assert set(offered) == lazy_names(ROOT_MODULE.read_text(encoding="utf-8"))


def test_every_offered_name_resolves_and_is_listed_by_dir() -> None:
    missing = run("import json, zhida; print(json.dumps([n for n in zhida.__all__ if not hasattr(zhida, n) or n not in dir(zhida)]))")
    assert missing == []


def test_no_offered_name_is_loaded_before_it_is_used() -> None:
    assert run("import json, zhida; print(json.dumps([n for n in zhida.__all__ if n in vars(zhida)]))") == []


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    assert run("import json, zhida; print(json.dumps(hasattr(zhida, 'no_such_name')))") is False


def test_importing_zhida_loads_nothing_else() -> None:
    loaded = loaded_by("zhida")
    assert third_parties(loaded) == set()
    assert {name for name in loaded if name.startswith("zhida")} == {"zhida"}


@pytest.mark.parametrize("module", ["zhida.source", "zhida.errors", "zhida.values", "zhida.feel", "zhida.dmn"])
def test_importing_a_language_layer_loads_no_library(module: str) -> None:
    assert third_parties(loaded_by(module)) == set()


@pytest.mark.parametrize("module", ["parse", "evaluate"])
def test_importing_the_working_parts_of_feel_loads_no_library(module: str) -> None:
    assert third_parties(loaded_by(f"zhida.feel.{module}")) == set()


def test_third_parties_are_told_from_the_standard_library() -> None:
    assert third_parties({"json", "json.decoder", "zhida.feel", "_yaml", "yaml", "polars.io"}) == {"yaml", "polars"}


def test_loaded_modules_are_seen() -> None:
    assert "yaml" in third_parties(loaded_by("yaml"))


def test_lazy_names_are_the_keys_of_the_table() -> None:
    assert lazy_names('A = 1\nB: dict[str, str] = {"a": "zhida.x", "b": "zhida.y.z"}\nC = {"c": "other"}\n') == {"a", "b"}
