"""The tree of files that the house rules look at: the project's own, or a small one made up to show that a rule can fail."""

import ast
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE_OR_FETCHED = {".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "build", "dist"}
CODE_FOLDERS = ("src", "tests", "benchmarks")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def plant(root: Path, files: Mapping[str, str]) -> Path:
    """Write a made-up tree and return its root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def project_files(root: Path) -> list[Path]:
    """Return what belongs to the project: what git keeps or would keep; in a tree without git, all but what is made or fetched."""
    if (root / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode().split("\0")
        return sorted(path for name in set(listed) if name and (path := root / name).is_file())
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in MADE_OR_FETCHED and not name.endswith(".egg-info")]
        found += [Path(folder) / name for name in names]
    return sorted(found)


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each text file of the project; what is not UTF-8 is data (or a bad-input example) and speaks no words."""
    for path in project_files(root):
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules(root: Path, *folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Yield each Python file under the folders, parsed."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path, parsed(path, path.stat().st_mtime_ns)


def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return all nodes of a tree, as `ast.walk` yields them; of a whole module they are looked up once."""
    return _nodes(tree) if isinstance(tree, ast.Module) else tuple(ast.walk(tree))


@cache
def _nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@cache
def parsed(path: Path, _written: int) -> ast.Module:
    """Return a Python file as a tree, parsed once as long as nobody writes it."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def last_name(node: ast.AST) -> str:
    """Return the last part of a dotted name, or of what is called by one: `c` of `a().b.c`; nothing for all else."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def at(root: Path, path: Path, line: int = 0) -> str:
    """Return a place that an editor can jump to."""
    return f"{path.relative_to(root)}:{line}" if line else str(path.relative_to(root))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of each import; `from a.b import c` counts as a.b.c, so a module is seen either way it is written."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names)


def report(faults: list[str]) -> str:
    """Return the faults one below the other, as an assertion's message."""
    return "\n" + "\n".join(faults)
