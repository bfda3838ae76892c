"""Engines are told apart by what their files hold, on every machine alike; what a machine keeps, by its libraries and kernel too."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house.test_third_parties import LIBRARIES as TABLED
from tests.house.tree import ROOT, imports, modules
from zhida.registry_io import engine
from zhida.registry_io.engine import BUILT, LIBRARIES, PACKAGE, TEXTS, engine_digest, engine_version, files_digests

TOLD = "from zhida.registry_io.engine import engine_digest, engine_version; print(engine_version(), engine_digest())"
FEW = {
    "__init__.py": b"# nothing\n",
    "assess/order.py": b"ROWS = 1\n# the rows\n",
    "assess/run.py": b"",
    "columnar/kernel/native.c": b"int rows;\n",
    "columnar/kernel/_native.abi3.so": b"\x7fELF\r\n",
}


def package_in(folder: Path) -> Path:
    for name, data in FEW.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def told_by(source: Path) -> tuple[str, str]:
    """Return the version and the digest of the engine that a folder of sources holds, as it says itself."""
    environment = os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run([sys.executable, "-c", TOLD], check=True, capture_output=True, text=True, env=environment, cwd=source)
    version, digest = said.stdout.split()
    return version, digest


def add_to(path: Path, data: bytes) -> None:
    path.write_bytes(path.read_bytes() + data)


# --- the whole engine ----------------------------------------------------------------------------------------------


def test_a_changed_comment_makes_another_engine_and_a_copy_or_a_touch_does_not(tmp_path: Path) -> None:
    copied = tmp_path / "zhida"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copied.rglob("*"):
        os.utime(path, (1, 1))
    first = told_by(tmp_path)
    for path in copied.rglob("*.py"):
        path.touch()
    assert told_by(tmp_path) == first
    add_to(copied / "feel/evaluate.py", b"# mended\n")
    changed = told_by(tmp_path)
    assert changed[0] != first[0]
    assert changed[1] != first[1]


def test_the_version_begins_with_that_of_the_distribution_and_tells_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    version, _, digits = engine_version().partition("+")
    assert version[0].isdecimal()
    assert len(digits) == engine.SHOWN_DIGITS
    monkeypatch.setattr(engine, "_own_files", lambda: ("ab" * 32, ""))
    assert engine_version() == f"{version}+abababababab"


# --- what counts of its files --------------------------------------------------------------------------------------

SAME: dict[str, Callable[[Path], object]] = {
    "written again": package_in,
    "line ends of another system": lambda root: (root / "assess/order.py").write_bytes(b"ROWS = 1\r\n# the rows\r\n"),
    "what Python compiled": lambda root: package_in(root / "assess/__pycache__"),
    "what an editor left": lambda root: (root / "assess/.#order.py").symlink_to("nowhere"),
    "a file of another kind": lambda root: (root / "assess/notes.txt").write_bytes(b"1"),
    "another folder": lambda root: root.rename(root.with_name("elsewhere")),
}
OTHERS: dict[str, Callable[[Path], object]] = {
    "a byte in a comment": lambda root: (root / "assess/order.py").write_bytes(b"ROWS = 1\n# the row?\n"),
    "a byte in the kernel's text": lambda root: (root / "columnar/kernel/native.c").write_bytes(b"int row5;\n"),
    "another name": lambda root: (root / "assess/order.py").rename(root / "assess/orders.py"),
    "another place": lambda root: (root / "assess/order.py").rename(root / "order.py"),
    "a file that is gone": lambda root: (root / "assess/run.py").unlink(),
    "a file that is new": lambda root: (root / "assess/plan.py").write_bytes(b""),
    "a line that went to the next file": lambda root: (
        (root / "assess/order.py").write_bytes(b"ROWS = 1\n"),
        (root / "assess/run.py").write_bytes(b"# the rows\n"),
    ),
}


@pytest.mark.parametrize("change", SAME)
def test_what_does_not_count(tmp_path: Path, change: str) -> None:
    first = files_digests(package_in(tmp_path / "zhida"))
    SAME[change](tmp_path / "zhida")
    (folder,) = tmp_path.iterdir()
    assert files_digests(folder) == first


@pytest.mark.parametrize("change", OTHERS)
def test_what_counts(tmp_path: Path, change: str) -> None:
    texts, built = files_digests(package_in(tmp_path))
    OTHERS[change](tmp_path)
    found = files_digests(tmp_path)
    assert found[0] != texts
    assert found[1] == built


@pytest.mark.parametrize("change", ["built anew", "not built"])
def test_a_kernel_that_was_built_otherwise_is_the_same_engine_but_keeps_its_own(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_own_files", lambda: files_digests(tmp_path))
    kernel = package_in(tmp_path) / "columnar/kernel/_native.abi3.so"
    told, kept = engine_version(), engine_digest.__wrapped__()
    kernel.unlink() if change == "not built" else add_to(kernel, b"-O2")
    assert engine_version() == told
    assert engine_digest.__wrapped__() != kept


def test_every_text_of_the_engine_is_installed_with_it() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    for path in PACKAGE.rglob("*"):
        if path.suffix not in TEXTS or path.suffix == ".py":
            continue
        patterns = data.get(".".join(path.relative_to(PACKAGE.parent).parent.parts), [])
        assert any(fnmatch(path.name, pattern) for pattern in patterns), f"{path} is in no wheel: engines would differ by how they came"


# --- libraries -----------------------------------------------------------------------------------------------------

BELOW = ("values", "feel", "dmn", "columnar", "policy", "registry_io", "assess")
NOT_RESTED_ON = {
    "adbc_driver_manager": "brings rows, which are told apart by themselves",
    "adbc_driver_postgresql": "the same",
    "stdnum": "checks keys as a registry is imported",
    "lxml": "reads DMN files, which are not packs",
    "xlsxwriter": "writes workbooks",
}


@pytest.mark.long
def test_all_libraries_on_which_what_is_kept_rests_are_counted() -> None:
    used = {module.split(".")[0] for _, tree in modules(PACKAGE, *BELOW) for _, module in imports(tree)} & TABLED.keys()
    assert NOT_RESTED_ON.keys() <= used
    assert {TABLED[name].distribution for name in used - NOT_RESTED_ON.keys()} | {"tzdata"} == set(LIBRARIES)


@pytest.mark.parametrize("changed", [*LIBRARIES, "zhida"])
def test_another_version_of_a_library_keeps_its_own(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told, kept, version = engine_version(), engine_digest(), engine.version
    monkeypatch.setattr(engine, "version", lambda name: "99" if name == changed else version(name))
    assert engine_digest.__wrapped__() != kept
    assert (engine_version() == told) == (changed != "zhida")


def test_another_python_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = engine_digest()
    monkeypatch.setattr(sys, "version", "3.99")
    assert engine_digest.__wrapped__() != kept


def test_texts_and_what_is_built_of_them_are_told_by_their_names() -> None:
    assert not set(TEXTS) & set(BUILT)
