"""Backups: one file that holds the whole site, and the way back, which checks what came back against what was there.

    OUT.tar   database.dump    of pg_dump, taken from one moment of the database
              files/…          kept files; copied after the dump, and as they are only ever added, all that the dump names are there
              site.toml, secret
              manifest.json    the head of the audit chain and all balances at that moment, and the sha256 of every member above

It is written beside and renamed, so there is a whole backup or none. Whoever has it has the site: it is readable for its owner only.
"""

import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from zhida.registry_io.engine import engine_version
from zhida_server.run.folder import SiteFolder, opened_folder
from zhida_server.run.place import at_work
from zhida_server.run.said import SiteError

FORMAT = 1
"""The form of a backup; it grows when a backup can no longer be read by what came before."""
SETTINGS = ("site.toml", "secret")
MEMBER = re.compile(r"site\.toml|secret|database\.dump|manifest\.json|files/[0-9a-f]{2}/[0-9a-f]{64}(\.[a-z0-9.]+)?")
"""What a backup may hold; anything else in it is refused, so that no name leads out of the folder."""


def back_up(folder: SiteFolder, out: Path) -> dict[str, Any]:
    """Write a backup of a site, which may be running.

    Args:
        folder: The site.
        out: The file to write; it must not be there.

    Raises:
        SiteError: it cannot be written.
    """
    if out.exists():
        raise SiteError(f"“{out}”已经存在：请换一个文件名", f"'{out}' is there already: name another file", is_misuse=True)
    beside = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=out.parent) as held, at_work(folder) as place:
            dump = Path(held) / "database.dump"
            manifest = place.do("dump", out=str(dump))
            sums: dict[str, str] = {}
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w") as archive:
                    _add(archive, sums, "database.dump", dump)
                    for path in sorted((folder.path / "files").glob("[0-9a-f][0-9a-f]/*")):
                        _add(archive, sums, path.relative_to(folder.path).as_posix(), path)
                    for name in SETTINGS:
                        if (folder.path / name).exists():
                            _add(archive, sums, name, folder.path / name)
                    manifest |= {
                        "format": FORMAT,
                        "version": engine_version(),
                        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                        "members": sums,
                    }
                    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
                    member = tarfile.TarInfo("manifest.json")
                    member.size, member.mode = len(text), 0o600
                    archive.addfile(member, io.BytesIO(text))
                file.flush()
                os.fsync(file.fileno())
        beside.rename(out)
    except OSError as error:
        raise SiteError(f"备份写不了：{error.strerror} {out}", f"the backup cannot be written: {error.strerror} {out}") from error
    finally:
        beside.unlink(missing_ok=True)
    return _figures(manifest, out)


def restore(source: Path, target: Path) -> dict[str, Any]:
    """Restore a backup into a new or empty folder (and, where DATABASE_URL is set, into that database, which must be empty).

    Args:
        source: The backup.
        target: The folder; made beside and renamed once all is checked.

    Raises:
        SiteError: the backup is damaged, the place is not empty, or what came back is not what was there.
    """
    target = target.resolve()
    if target.exists() and any(target.iterdir()):
        raise SiteError(
            f"“{target}”不是空的：恢复只写进新的或空的文件夹",
            f"'{target}' is not empty: restore into a new or empty folder",
            is_misuse=True,
        )
    with _beside(target) as made:
        manifest = _unpack(source, made)
        with at_work(opened_folder(made)) as place:
            place.do("undump", source=str(made / "database.dump"))
            try:
                _compare(place.do("state"), manifest)
            except SiteError:
                if place.database is None:  # the folder goes by itself, and an embedded database with it
                    place.do("discard")
                raise
            place.do("prepare")
        (made / "database.dump").unlink()
        if target.exists():
            target.rmdir()
        made.rename(target)
    return _figures(manifest, target)


def _compare(found: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Compare what came back with what was there."""
    for part in ("head", "records", "balances"):
        if found[part] != manifest[part]:
            raise SiteError(
                f"恢复后的{part}与备份时不同：{found[part]} ≠ {manifest[part]}；没有留下任何东西",
                f"{part} is not what it was when the backup was made: {found[part]} ≠ {manifest[part]}; nothing was left",
            )


def _figures(manifest: Mapping[str, Any], path: Path) -> dict[str, Any]:
    return {
        "path": str(path),
        "head": manifest["head"],
        "records": manifest["records"],
        "accounts": len(manifest["balances"]),
        "files": sum(name.startswith("files/") for name in manifest["members"]),
        "made_at": manifest["made_at"],
    }


def _add(archive: tarfile.TarFile, sums: dict[str, str], name: str, path: Path) -> None:
    with path.open("rb") as file:
        sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        member = archive.gettarinfo(arcname=name, fileobj=file)
        member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
        archive.addfile(member, file)


def _unpack(source: Path, made: Path) -> dict[str, Any]:
    """Unpack a backup and check every member against the manifest, which is returned."""
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                if not member.isreg() or not MEMBER.fullmatch(member.name):
                    raise SiteError(f"备份里有不该有的“{member.name}”", f"the backup holds '{member.name}', which does not belong there")
                path = made / PurePosixPath(member.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                content = archive.extractfile(member)
                assert content is not None, "a regular file has content"
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    shutil.copyfileobj(content, file, 1024 * 1024)
        manifest: dict[str, Any] = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, tarfile.TarError, ValueError, EOFError) as error:
        raise SiteError(f"备份“{source}”读不了：{error}", f"the backup '{source}' cannot be read: {error}") from error
    if manifest["format"] != FORMAT:
        raise SiteError(f"备份的格式 {manifest['format']} 这一版读不了", f"this version cannot read backups of format {manifest['format']}")
    for name, expected in manifest["members"].items():
        path = made / name
        found = hashlib.sha256()
        if path.exists():
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256")
        if found.hexdigest() != expected:
            raise SiteError(f"备份里的“{name}”损坏或缺失", f"'{name}' in the backup is damaged or missing")
    (made / "manifest.json").unlink()
    return manifest


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a folder beside the target; what was not renamed to it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    made.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700)
    try:
        for inner in ("files", "logs", "static"):
            (made / inner).mkdir(mode=0o700)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
