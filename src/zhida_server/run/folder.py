"""A site's folder: what is in it, how it is made, and who may use it at a time.

DIR/site.toml        what the site says of itself            DIR/files/      kept files, named by their sha256
DIR/secret           the key that signs cookies (0600)       DIR/static/     styles and scripts, collected at each start
DIR/database/        the embedded PostgreSQL                 DIR/logs/       what the processes said
DIR/serve.lock       held while the site is served           DIR/logins.txt  of a demonstration only (0600)
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from zhida_server.run.options import SITE_TOML, read_options
from zhida_server.run.said import SiteError


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """The folder of a site."""

    path: Path
    """Where it is, absolute."""

    @property
    def database(self) -> Path:
        """Where the embedded database is."""
        return self.path / "database"

    @property
    def logs(self) -> Path:
        """Where the processes' words are kept."""
        return self.path / "logs"

    @property
    def logins(self) -> Path:
        """Where the logins of a demonstration are written."""
        return self.path / "logins.txt"

    def options(self) -> dict[str, Any]:
        """Return what `site.toml` says.

        Raises:
            SiteError: it cannot be read, or says what no site understands.
        """
        return read_options(self.path / "site.toml")


def opened_folder(path: Path) -> SiteFolder:
    """Return the folder of a site that exists.

    Raises:
        SiteError: there is none at that place, or its `site.toml` says what no site understands.
    """
    if not (path / "site.toml").exists():
        raise SiteError(
            f"“{path}”不是站点文件夹（没有 site.toml）：先运行 zhida site init {path}",
            f"'{path}' is no site's folder (there is no site.toml): run zhida site init {path} first",
            is_misuse=True,
        )
    folder = SiteFolder(path.resolve())
    folder.options()  # told before anything starts
    return folder


def made_site(path: Path, *, is_demo: bool = False, name: str = "政策直达") -> SiteFolder:
    """Return the folder of a site; what it lacks is made: the folder, `site.toml`, the secret, the logs.

    Args:
        path: The folder; it may exist, but then it must be a site's or empty.
        is_demo: Whether a new site is a demonstration.
        name: What a new site is called.

    Raises:
        SiteError: it cannot be written, or holds something else.
    """
    path = path.resolve()
    try:
        if path.exists() and not (path / "site.toml").exists() and any(path.iterdir()):
            raise SiteError(
                f"“{path}”里已有别的东西，又没有 site.toml：请指一个新的或空的文件夹",
                f"'{path}' holds something else and no site.toml: name a new or an empty folder",
                is_misuse=True,
            )
        path.mkdir(parents=True, exist_ok=True)
        if not (path / "site.toml").exists():
            path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            text = SITE_TOML.format(
                name=re.sub(r'["\\\x00-\x1f]', "", name),
                is_demo=_toml(is_demo),
                nightly="" if is_demo else "01:30",  # a demonstration stays on its day
                is_behind_https=_toml(not is_demo),
                requires_second_factor=_toml(not is_demo),
            )
            write_whole(path / "site.toml", text, mode=0o644)
        if not (path / "secret").exists():
            write_whole(path / "secret", secrets.token_urlsafe(48) + "\n", mode=0o600)
        for inner in ("files", "logs", "static"):
            (path / inner).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SiteError(
            f"文件夹“{path}”写不进去：{error.strerror}；请换一个文件夹，或改它的权限",
            f"the folder '{path}' cannot be written: {error.strerror}; name another folder, or change its permissions",
        ) from error
    folder = SiteFolder(path)
    folder.options()  # told before anything starts
    return folder


def _toml(value: bool) -> str:
    return "true" if value else "false"


def write_whole(path: Path, text: str, *, mode: int) -> None:
    """Write a file whole or not at all; nobody but its owner sees it before its mode is set."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def served_alone(folder: SiteFolder) -> Iterator[None]:
    """Hold the right to serve a folder; one process has it at a time, and it ends with the process.

    Raises:
        SiteError: somebody serves it already.
    """
    with _opened_lock(folder.path / "serve.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip() or "?"
            raise SiteError(
                f"这个站点已在运行（进程 {holder}）：先停下它，再启动",
                f"this site is being served already (process {holder}): stop it first",
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def _opened_lock(path: Path) -> Iterator[IO[str]]:
    """Open a lock file, made where there is none."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        yield file
