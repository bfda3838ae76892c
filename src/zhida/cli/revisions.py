"""Packs as they were: the folder of the packs at a revision of git, for as long as it is looked at.

Nothing of the working tree is touched: git writes an archive, which is unpacked elsewhere and removed again.
"""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from zhida.cli.console import misuse
from zhida.entitle.simulation.changes import checked, files_of, renamed
from zhida.policy.pack import Packs, load_packs


@contextmanager
def packs_at(revision: str, root: Path) -> Iterator[Path]:
    """Give the folder of the packs as it was at a revision.

    Args:
        revision: A commit, branch or tag: `HEAD~3`, `origin/main`.
        root: The folder of the packs in the working tree.

    Raises:
        BadParameter: git is not installed, or has no such revision, or no such folder in it.
    """
    git = shutil.which("git")
    if git is None:
        raise misuse(
            f"没有“{revision}”这个文件；若是 git 的修订，找不到 git：请安装 git，或写文件的路径",
            f"there is no file '{revision}'; if it is a revision of git, git was not found: install it, or name a file",
        )
    command = [git, "-C", str(root), "archive", "--format=tar", "--end-of-options", revision, "."]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        reason = next(iter(done.stderr.decode("utf-8", "replace").splitlines()), "")
        raise misuse(f"没有“{revision}”这个文件，git 里也没有：{reason}", f"there is no file '{revision}', and git has none: {reason}")
    with tempfile.TemporaryDirectory(prefix="zhida-") as folder:
        place = Path(folder) / root.resolve().name
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(place, filter="data")
        if not any(place.rglob("*.md")):
            raise misuse(f"“{revision}”里没有“{root}”这个文件夹", f"'{revision}' has no folder '{root}'")
        yield place


def read_at(place: Path, root: Path, revision: str) -> Packs:
    """Read the packs of a revision; what is wrong with them is told by the paths of the working tree.

    Args:
        place: The folder of the packs as it was.
        root: The folder of the packs in the working tree.
        revision: The revision.

    Raises:
        InputError: policy-no-policies.
        CompileError: they have errors.
    """
    found = load_packs(place)
    packs = [place] if (place / "policies").is_dir() else [each for each in place.iterdir() if each.is_dir()]
    names = {str(file): f"{revision}:{root / file.relative_to(place)}" for pack in packs for file in files_of(pack)}
    return checked(replace(found, diagnostics=tuple(renamed(item, names) for item in found.diagnostics)))
