"""Uploads: files that are handed in are read in the background, once however often that is begun, and a refusal names every mistake."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.server import small_town
from tests.server.job_contexts import tried
from zhida_server import settings
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people.data import Actor, NotAllowed, NotFound, Refused, Role, job_actor
from zhida_server.registry import importing, tasks, uploads
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
    tasks.read_upload(tried(), str(upload.id))
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
    tasks.read_upload(tried(), str(upload.id))
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


def test_reading_that_fails_each_time_is_given_up_and_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = ordered()
    monkeypatch.setattr(importing, "write_registry", _out_of_space)
    for attempts in (0, tasks.TRIES - 1, tasks.TRIES):
        assert registry.upload(LI, upload.id).state in {UploadState.QUEUED, UploadState.READING}
        with pytest.raises(OSError, match="No space"):
            tasks.read_upload(tried(attempts), str(upload.id))
    found = registry.upload(LI, upload.id)
    assert (found.state, found.tries) == (UploadState.FAILED, 3)
    assert "No space left on device" in found.fault_zh
    assert not folder(upload).exists()


@pytest.mark.parametrize("is_refused", [True, False])
def test_of_two_readers_the_one_that_comes_too_late_changes_nothing(monkeypatch: pytest.MonkeyPatch, *, is_refused: bool) -> None:
    upload = ordered(("mapping.yaml", small_town.MAPPING.replace("人数", "没有的列").encode()) if is_refused else MAPPING)
    gone = uploads._refuse_what_is_gone

    def after_another(place: Path, names: list[str]) -> None:
        monkeypatch.setattr(uploads, "_refuse_what_is_gone", gone)
        registry.read_upload(upload.id)
        gone(place, names)

    monkeypatch.setattr(uploads, "_refuse_what_is_gone", after_another)
    registry.read_upload(upload.id)
    found = registry.upload(LI, upload.id)
    assert (found.state, "没有的列" in found.fault_zh) == ((UploadState.FAILED, True) if is_refused else (UploadState.DONE, False))
    assert len(registry.imports(LI)) == (0 if is_refused else 1)
    uploads.give_up(upload.id, OSError(28, "No space left on device"))
    assert registry.upload(LI, upload.id) == found


@pytest.mark.parametrize("name", ["长" * 100 + ".csv", "b" * 210 + ".csv", "\U00020000" * 70])
@pytest.mark.parametrize("is_mapping", [True, False])
def test_a_name_that_no_file_can_have_is_refused_at_once(name: str, *, is_mapping: bool) -> None:
    mapping, files = (name, MAPPING[1]) if is_mapping else MAPPING, [("base.csv" if is_mapping else name, b"y")]
    for act in (registry.order_import, registry.propose_import):
        with pytest.raises(Refused, match="文件名太长"):
            act(LI, mapping, files)
    assert registry.uploads(LI) == ()


@pytest.mark.parametrize("name", ["base" + "长" * 81 + ".csv", "base" + "b" * 192 + ".csv"])
def test_a_name_that_is_just_short_enough_is_read(name: str) -> None:
    upload = registry.order_import(LI, MAPPING, [(f"C:\\data\\{name}", small_town.BASE.encode())])
    registry.read_upload(upload.id)
    found = registry.upload(LI, upload.id)
    assert (found.state, found.files) == (UploadState.DONE, ("mapping.yaml", name))


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
