"""Uploads: files that are handed in are read in the background, once however often that is begun, and a refusal names every mistake."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.server import small_town
from zhida_server import settings
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people.data import Actor, NotAllowed, NotFound, Refused, Role, job_actor
from zhida_server.registry import importing, tasks
from zhida_server.registry import service as registry
from zhida_server.registry.data import ImportState, Upload, UploadState

LI, WANG = Actor("li", Role.POLICY), Actor("wang", Role.FINANCE)
MAPPING = ("mapping.yaml", small_town.MAPPING.encode())

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _town(database: None, tmp_path: Path) -> None:
    assert database is None
    catalogue.take_packs(job_actor("setup"), small_town.packs(tmp_path / "packs"))


def ordered(mapping: tuple[str, bytes] = MAPPING) -> Upload:
    return registry.order_import(LI, mapping, [("C:\\data\\base.csv", small_town.BASE.encode())])


def folder(upload: Upload) -> Path:
    return settings.SITE / "uploads" / str(upload.id)


def test_what_is_handed_in_waits_and_is_read_by_the_job() -> None:
    upload = ordered()
    assert (upload.state, upload.files, upload.by) == (UploadState.QUEUED, ("mapping.yaml", "base.csv"), "li")
    assert registry.uploads(LI) == (upload,)
    assert registry.imports(LI) == ()
    tasks.read_upload(str(upload.id))
    found = registry.upload(LI, upload.id)
    assert (found.state, found.tries, found.phase) == (UploadState.DONE, 1, "join")
    made = registry.import_(LI, upload.id)
    assert (made.state, made.rows, made.by) == (ImportState.PROPOSED, 3, "li")
    assert registry.uploads(LI) == ()
    assert not folder(upload).exists()
    assert [each.act for each in audit.records(object=str(upload.id))] == ["registry.import", "registry.upload"]


def test_reading_it_again_makes_no_second_import() -> None:
    upload = ordered()
    registry.read_upload(upload.id)
    registry.read_upload(upload.id)
    assert len(registry.imports(LI)) == 1
    assert registry.upload(LI, upload.id).tries == 1


def test_reading_that_was_cut_short_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = ordered()
    monkeypatch.setattr(importing, "write_registry", _out_of_space)
    with pytest.raises(OSError, match="No space"):
        registry.read_upload(upload.id)
    assert registry.upload(LI, upload.id).state is UploadState.READING
    monkeypatch.undo()
    registry.read_upload(upload.id)
    assert (registry.upload(LI, upload.id).state, registry.upload(LI, upload.id).tries) == (UploadState.DONE, 2)
    assert len(registry.imports(LI)) == 1


def test_what_was_cut_short_after_the_import_was_written_is_only_marked_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = ordered()
    monkeypatch.setattr("zhida_server.registry.uploads.shutil.rmtree", _out_of_space)
    with pytest.raises(OSError, match="No space"):
        registry.read_upload(upload.id)
    monkeypatch.undo()
    registry.read_upload(upload.id)
    assert len(registry.imports(LI)) == 1


def _out_of_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_cannot_be_read_is_refused_for_good_with_every_mistake_and_the_names_that_were_handed_in() -> None:
    upload = ordered(("mapping.yaml", small_town.MAPPING.replace("人数", "没有的列").encode()))
    tasks.read_upload(str(upload.id))
    found = registry.upload(LI, upload.id)
    assert found.state is UploadState.FAILED
    assert "没有的列" in found.fault_zh
    assert "cannot be imported" in found.fault_en
    assert str(settings.SITE) not in found.fault_zh
    assert not folder(upload).exists()
    assert registry.imports(LI) == ()
    assert registry.uploads(LI) == (found,)


def test_files_that_are_not_there_any_more_are_asked_for_again() -> None:
    upload = ordered()
    (folder(upload) / "base.csv").unlink()
    registry.read_upload(upload.id)
    assert "重新上传" in registry.upload(LI, upload.id).fault_zh


def test_what_can_be_no_upload_is_refused_at_once() -> None:
    with pytest.raises(Refused, match="同名"):
        registry.order_import(LI, MAPPING, [("a/mapping.yaml", b"")])
    with pytest.raises(Refused, match="没有名字"):
        registry.order_import(LI, MAPPING, [("a/", b"")])
    with pytest.raises(NotAllowed):
        registry.order_import(WANG, MAPPING, [("base.csv", b"")])
    with pytest.raises(NotAllowed):
        registry.uploads(WANG)
    with pytest.raises(NotFound):
        registry.upload(LI, uuid4())
    assert registry.uploads(LI) == ()
