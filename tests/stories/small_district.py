"""What the stories share: the command line as a function, and a synthetic district small enough to walk through in seconds."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.house.tree import ROOT
from zhida.policy.pack import Packs, load_packs

DEMO = ROOT / "examples/demo"
ALL_PACKS = ROOT / "packs"
FEW = ("national/sme-size", "national/small-profit-tax", "national/disability-levy", "hangzhou/compute-voucher")
"""The policies that most stories are told with: the commands are the same with all of them, and take much longer."""
AS_OF = "2026-06-30"
ENTERPRISES = 120
MADE = 9001
"""Enterprises that the demonstration's district makes."""

COMMAND = (sys.executable, "-c", "from zhida.cli import main; main()")
"""The command line as a program of its own."""

ENVIRONMENT = {**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}


def few_packs(folder: Path) -> Path:
    """Write packs that hold `FEW` with all dictionaries, code lists and parameters; nothing is computed from other policies."""
    for kept in (*ALL_PACKS.glob("*/registry/*.md"), *ALL_PACKS.glob("*/codes/*.md"), *ALL_PACKS.glob("*/parameters.md")):
        path = folder / kept.relative_to(ALL_PACKS)
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not _STATISTIC.search(line)), encoding="utf-8")
    for policy in FEW:
        path = folder / policy.replace("/", "/policies/")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ALL_PACKS / f"{policy.replace('/', '/policies/')}.md", f"{path}.md")
    return folder


_STATISTIC = re.compile(r"\| (平均|合计|中位|户数|名次|分位)\(.*\|$", re.MULTILINE)
_TEMPORARY = tempfile.TemporaryDirectory()
PACKS = few_packs(Path(_TEMPORARY.name) / "packs")


@cache
def the_few_packs() -> Packs:
    """Return what is in `PACKS`, read once: they cannot change while the tests run."""
    return load_packs(PACKS)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Zhida = Callable[..., Answer]


def district_of(enterprises: int) -> str:
    """Return the parameters of the demonstration's district with another number of enterprises, calibrated to nothing.

    Titles have fewer holders in the same proportion.
    """
    text, _, rest = (DEMO / "district.yaml").read_text(encoding="utf-8").partition("\ncalibrate:")
    _, _, life = rest.partition("\nresearch:\n")
    text, count = re.subn(r"^enterprises: (\d+)$", f"enterprises: {enterprises}", text, flags=re.MULTILINE)
    assert count == 1
    life = re.sub(r"\bholders: (\d+)", lambda found: f"holders: {int(found[1]) * enterprises // MADE}", life)
    return f"{text}\ncalibrate: {{}}\n\nresearch:\n{life}"


def plant_district(folder: Path, enterprises: int = ENTERPRISES) -> Path:
    """Write the parameters of a small district, and the mapping of its files, into a new folder."""
    folder.mkdir()
    (folder / "district.yaml").write_text(district_of(enterprises), encoding="utf-8")
    (folder / "mapping.yaml").write_bytes((DEMO / "mapping.yaml").read_bytes())
    return folder


@dataclass(frozen=True)
class District:
    """A small district, made and imported."""

    parameters: Path
    sources: tuple[Path, ...]
    registry: Path

    @property
    def mapping(self) -> Path:
        return self.parameters / "mapping.yaml"


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the content of each file below a folder, hidden ones too, by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
