"""Uploads: files that are handed in on a page are kept aside, and read by the worker; the page sees how far it is.

    files ──order──> upload, a folder of its own ──job──> proposed import (with the upload's id)
                                                      └──> refused: every mistake, and nothing is kept

Reading may be cut short at any moment and is begun again: an import has the id of its upload, so that there is one of it.
"""

import os
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from procrastinate.contrib.django import app

from zhida_server import settings
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound, Refused
from zhida_server.registry import data, importing, models

JOB = "registry.read_upload"
"""The job that reads what was handed in."""

LEFT_SECONDS = 24 * 3600.0
"""A folder that no upload names, and that nobody has written to for so long, is left from a process that was killed."""

SHOWN = 100
"""Uploads that are listed at once."""

PATIENCE = 1.0
"""Seconds between two times that somebody is told how far reading is."""


def order(actor: Actor, mapping: tuple[str, bytes], uploaded: Sequence[tuple[str, bytes]]) -> data.Upload:
    """See `service.order_import`."""
    people.require(actor, "registry.import")
    catalogue.current_packs()
    names = [importing.base_name(name) for name, _ in (mapping, *uploaded)]
    importing.refuse_same_names(names)
    _sweep()
    id_ = uuid.uuid4()
    folder = _folder(id_)
    try:
        folder.mkdir(parents=True)
        for name, (_, content) in zip(names, (mapping, *uploaded), strict=True):
            with (folder / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        with transaction.atomic():
            models.Upload.objects.create(id=id_, mapping=names[0], names=names[1:], by=actor.name)
            audit.record(actor.name, "registry.upload", str(id_), after={"files": names})
            app.configure_task(JOB, queueing_lock=f"{JOB}/{id_}").defer(upload_id=str(id_))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return upload_of(actor, id_)


def read(upload_id: uuid.UUID) -> None:
    """Read what was handed in; what was read or refused already stays so, though another that was taken for dead still reads it.

    Raises:
        NotFound: there is no such upload.
    """
    row = _row(upload_id)
    if not _tell(upload_id, state=data.UploadState.READING, tries=F("tries") + 1):
        return
    folder = _folder(upload_id)
    if not _is_read(upload_id):
        try:
            _refuse_what_is_gone(folder, (row.mapping, *row.names))
            found = importing.read(row.by, folder / row.mapping, [folder / name for name in row.names], f"{folder}/", _Progress(upload_id))
        except Refused as refused:
            if _fail(upload_id, refused.zh, refused.en):
                return
        else:
            importing.propose_row(found, upload_id)
    models.Upload.objects.filter(id=upload_id).update(told_at=Now(), state=data.UploadState.DONE)
    shutil.rmtree(folder, ignore_errors=True)


def give_up(upload_id: uuid.UUID, error: Exception) -> None:
    """Say of an upload that reading it failed each time, so that nobody waits for it any more."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    zh = f"读了多次都没有成功，不再重试：{said}。排除故障后请重新上传"
    en = f"it was tried in vain, and is not tried any more: {said}. Mend that, and hand the files in again"
    _fail(upload_id, zh, en)


def _fail(upload_id: uuid.UUID, zh: str, en: str) -> bool:
    """Say of an upload that nothing came of it, and drop its files; return False where an import did, which another reader has made."""
    if _is_read(upload_id):
        return False
    _tell(upload_id, state=data.UploadState.FAILED, fault_zh=zh, fault_en=en)
    shutil.rmtree(_folder(upload_id), ignore_errors=True)
    return True


def _is_read(upload_id: uuid.UUID) -> bool:
    """Say whether there is an import of an upload."""
    return models.Import.objects.filter(id=upload_id).exists()


def _refuse_what_is_gone(folder: Path, names: Sequence[str]) -> None:
    """Refuse an upload whose files are not there any more: after a restore, which brings back no files that were not read yet."""
    if not all((folder / name).is_file() for name in names):
        raise Refused("upload-gone", "上传的文件已经不在了：请重新上传", "the files are not there any more: hand them in again")


class _Progress:
    """Tells in the database how far reading is, now and then."""

    def __init__(self, upload_id: uuid.UUID) -> None:
        self._upload_id, self._phase, self._told = upload_id, "", 0.0

    def __call__(self, phase: str, done: int, of: int) -> None:
        """Say how far a phase is."""
        now = time.monotonic()
        if phase != self._phase or now - self._told >= PATIENCE:
            self._phase, self._told = phase, now
            _tell(self._upload_id, phase=phase[:32], done=done, of=of)


def _tell(upload_id: uuid.UUID, **values: object) -> bool:
    """Say something of an upload of which nothing came yet; return whether that is so."""
    under_way = models.Upload.objects.filter(id=upload_id, state__in=[data.UploadState.QUEUED, data.UploadState.READING])
    return under_way.update(told_at=Now(), **values) > 0


# --- what there is -------------------------------------------------------------------------------------------------


def upload_of(actor: Actor, upload_id: uuid.UUID) -> data.Upload:
    """See `service.upload`."""
    people.require(actor, "registry.read")
    return _told(_row(upload_id))


def uploads(actor: Actor) -> tuple[data.Upload, ...]:
    """See `service.uploads`."""
    people.require(actor, "registry.read")
    return tuple(_told(row) for row in models.Upload.objects.exclude(state=data.UploadState.DONE).order_by("-at")[:SHOWN])


def _row(upload_id: uuid.UUID) -> models.Upload:
    row = models.Upload.objects.filter(id=upload_id).first()
    if row is None:
        raise NotFound("no-upload", f"没有这次上传：{upload_id}", f"there is no such upload: {upload_id}")
    return row


def _told(row: models.Upload) -> data.Upload:
    return data.Upload(
        id=row.id,
        state=data.UploadState(row.state),
        files=(row.mapping, *row.names),
        phase=row.phase,
        done=row.done,
        of=row.of,
        tries=row.tries,
        fault_zh=row.fault_zh,
        fault_en=row.fault_en,
        by=row.by,
        at=row.at,
    )


def _folder(upload_id: uuid.UUID) -> Path:
    return settings.SITE / "uploads" / str(upload_id)


def _sweep() -> None:
    """Remove folders of uploads that were never ordered, because their process was killed."""
    before = time.time() - LEFT_SECONDS
    for path in (settings.SITE / "uploads").glob("*-*-*-*-*"):
        if path.is_dir() and path.stat().st_mtime < before and not models.Upload.objects.filter(id=path.name).exists():
            shutil.rmtree(path, ignore_errors=True)
