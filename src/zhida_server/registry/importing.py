"""Imports: files are read by the engine, its quality report is looked at, and only then they are what the registry says.

mapping, files ──import_registry──▶ Parquet, report, rows set aside ──proposed──▶ taken │ refused
                └─ diagnostics: nothing is kept
"""

import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl
from django.db import connection, transaction

from zhida.errors import Diagnostic, InputError, ZhidaError
from zhida.registry_io.importing import import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.writing import QUALITY_FILE, QUALITY_TEXTS, REGISTRY_FILE, SET_ASIDE_FILE, write_registry
from zhida_server import files
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people import service as people
from zhida_server.people.data import CODE, Actor, Conflict, NotFound, Refused
from zhida_server.registry import data, lines, models

SUFFIX = ".parquet"
"""What kept registries end in."""

MAPPING_SUFFIX, QUALITY_SUFFIX, ASIDE_SUFFIX = ".yaml", ".json", ".csv"
"""What the other kept files of an import end in."""

SHOWN = 50
"""Mistakes that a refusal shows; it counts all."""

NAME_BYTES = 255
"""Bytes of a file name, at most: what file systems take."""

SHOWN_OF_EACH = 10
"""Findings of one kind that the report in the database holds; the kept file holds all."""

SUBJECT = "enterprise"
"""The kind of subject that the site's registry is of."""

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('zhida registry take', 0))"
"""Imports are taken one after the other, so that the list of enterprises is that of the last one."""

Progress = Callable[[str, int, int], None]
"""See `zhida.registry_io.importing.Progress`."""


def propose(actor: Actor, mapping: tuple[str, bytes], uploaded: Sequence[tuple[str, bytes]]) -> data.Import:
    """See `service.propose_import`."""
    people.require(actor, "registry.import")
    folder = Path(tempfile.mkdtemp(prefix="zhida-import-"))
    try:
        names = [base_name(name) for name, _ in (mapping, *uploaded)]
        refuse_same_names(names)
        paths = [folder / name for name in names]
        for path, (_, content) in zip(paths, (mapping, *uploaded), strict=True):
            path.write_bytes(content)
        return propose_paths(actor, paths[0], paths[1:], shown_without=f"{folder}/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def propose_paths(
    actor: Actor, mapping: Path, paths: Sequence[Path], *, shown_without: str = "", progress: Progress | None = None
) -> data.Import:
    """See `service.propose_import_paths`."""
    people.require(actor, "registry.import")
    return import_of(actor, propose_row(read(actor.name, mapping, paths, shown_without, progress)))


def read(by: str, mapping: Path, paths: Sequence[Path], shown_without: str, progress: Progress | None) -> models.Import:
    """Read files as a mapping says, keep what came of it as files, and return the row of the import, which is not written yet.

    Args:
        by: Who handed them in.
        mapping: The mapping file.
        paths: The files that it reads.
        shown_without: What paths begin with that whoever handed them in does not know.
        progress: Told how far it is.

    Raises:
        ImportRefused, Refused, NotFound: as `service.propose_import`.
    """
    _, packs = catalogue.current_packs()
    with tempfile.TemporaryDirectory(prefix="zhida-import-") as made:
        try:
            result = import_registry(read_mapping(mapping), paths, packs.dictionaries[SUBJECT], progress=progress)
            written = write_registry(result, made)
        except ZhidaError as error:
            raise _refusal(error, shown_without) from None
        _check_codes(result.frame.to_series(0))
        quality = json.loads(written[QUALITY_FILE].read_text(encoding="utf-8"))
        return models.Import(
            rows=result.frame.height,
            sha256=keep_copy(written[REGISTRY_FILE], SUFFIX),
            mapping_sha256=keep_copy(mapping, MAPPING_SUFFIX),
            quality_sha256=keep_copy(written[QUALITY_FILE], QUALITY_SUFFIX),
            set_aside_sha256=keep_copy(written[SET_ASIDE_FILE], ASIDE_SUFFIX),
            report=_brief(quality),
            sources={each["name"]: list(each["files"]) for each in quality["attributes"] if each["files"]},
            report_text_zh=written[QUALITY_TEXTS["zh"]].read_text(encoding="utf-8"),
            report_text_en=written[QUALITY_TEXTS["en"]].read_text(encoding="utf-8"),
            by=by,
        )


def propose_row(row: models.Import, id_: uuid.UUID | None = None) -> uuid.UUID:
    """Write the row of an import, with its record, and return its id.

    Args:
        row: As `read` returns it.
        id_: The id that it takes; one of its own where it is None.
    """
    row.id = id_ or row.id
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record(row.by, "registry.import", str(row.id), after={"rows": row.rows, "sha256": row.sha256})
    return row.id


def refuse_same_names(names: Sequence[str]) -> None:
    """Refuse files of which two have one name."""
    if len(set(names)) < len(names):
        raise Refused(
            "import-same-name", "有两个文件同名，请改名后重新提交", "two files have the same name; rename one and hand them in again"
        )


def _check_codes(codes: pl.Series) -> None:
    """Refuse keys that are no codes: with one of them a grant could not be written, nor those that are written with it."""
    unfit = [code for code in codes if len(code) > models.CODE or not CODE.fullmatch(code)]
    if unfit:
        shown = "、".join(f"“{code[: models.CODE]}”" for code in unfit[:SHOWN_OF_EACH])
        raise Refused(
            "import-unfit-codes",
            f"有 {len(unfit)} 家企业的代码不合格式：{shown}。只用数字、大写字母和中间的连字符；改正源文件或映射文件后重新提交",
            f"{len(unfit)} enterprises have codes that do not fit: {shown}. Digits, capitals and hyphens between them; "
            "mend the files or the mapping, and hand them in again",
        )


def keep_copy(path: Path, suffix: str) -> str:
    """Keep the bytes of a file and return their sha256; they are copied and not loaded."""
    return files.keep(lambda place: shutil.copyfile(path, place), suffix)


def base_name(name: str) -> str:
    """Return the name of an uploaded file without folders, whichever system it comes from."""
    base = name.replace("\\", "/").rpartition("/")[2].replace("\x00", "")
    if base in {"", ".", ".."}:
        raise Refused("import-no-name", f"文件没有名字：“{name}”", f"a file has no name: '{name}'")
    if len(base) > models.NAME or len(base.encode(errors="replace")) > NAME_BYTES:
        raise Refused(
            "import-long-name",
            f"文件名太长：“{base[:SHOWN]}……”。至多 {models.NAME} 个字符、{NAME_BYTES} 个字节（一个汉字 3 个字节）：请改名后重新提交",
            f"a file name is too long: '{base[:SHOWN]}…'. It has at most {models.NAME} characters and {NAME_BYTES} bytes "
            "(a Chinese character has 3): rename it and hand it in again",
        )
    return base


def _refusal(error: ZhidaError, shown_without: str) -> data.ImportRefused:
    """Return the refusal of an import, with paths as whoever handed the files in knows them."""
    assert isinstance(error, InputError), "reading files raises nothing else on purpose"
    found: tuple[Diagnostic, ...] = error.diagnostics
    zh, en = ([_rendered(item, language, shown_without) for item in found[:SHOWN]] for language in ("zh", "en"))
    return data.ImportRefused(found, zh, en)


def _rendered(item: Diagnostic, language: str, shown_without: str) -> str:
    text = item.render("zh" if language == "zh" else "en")
    return text.replace(shown_without, "") if shown_without else text


def _brief(quality: Mapping[str, object]) -> dict[str, object]:
    """Return the quality report without all but the first findings of each kind."""
    found = quality["findings"]
    assert isinstance(found, list)
    examples: dict[str, list[object]] = {}
    for each in found:
        of_kind = examples.setdefault(each["code"], [])
        if len(of_kind) < SHOWN_OF_EACH:
            of_kind.append(each)
    rest = {name: value for name, value in quality.items() if name not in {"findings", "finding_counts"}}
    return {**rest, "findings": quality["finding_counts"], "examples": examples}


# --- taken or refused ----------------------------------------------------------------------------------------------


def take(actor: Actor, import_id: uuid.UUID) -> data.Import:
    """See `service.take_import`."""
    people.require(actor, "registry.take")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        row = _undecided(import_id)
        models.Decision.objects.create(offer=row, is_taken=True, by=actor.name)
        lines.refresh(pl.scan_parquet(files.checked(row.sha256, SUFFIX)))
        audit.record(actor.name, "registry.take", str(row.id), before={"state": "proposed"}, after={"state": "taken", "rows": row.rows})
    return import_of(actor, import_id)


def refuse(actor: Actor, import_id: uuid.UUID, reason: str) -> data.Import:
    """See `service.refuse_import`."""
    people.require(actor, "registry.take")
    if not reason.strip():
        raise Refused("import-refused-without-reason", "请写明不收的理由", "say why it is not taken")
    with transaction.atomic():
        row = _undecided(import_id)
        models.Decision.objects.create(offer=row, is_taken=False, reason=reason.strip(), by=actor.name)
        audit.record(
            actor.name, "registry.refuse", str(row.id), before={"state": "proposed"}, after={"state": "refused", "reason": reason.strip()}
        )
    return import_of(actor, import_id)


def _undecided(import_id: uuid.UUID) -> models.Import:
    """Return an import that nobody decided on yet, locked so that nobody else does."""
    row = models.Import.objects.select_for_update().filter(id=import_id).first()
    if row is None:
        raise _no_import(import_id)
    if models.Decision.objects.filter(offer=row).exists():
        raise Conflict(
            "import-decided", "这次导入已经有人处理过了，请刷新页面", "somebody decided on this import already; load the page again"
        )
    return row


def _no_import(import_id: uuid.UUID) -> NotFound:
    return NotFound("no-import", f"没有这次导入：{import_id}", f"there is no such import: {import_id}")


# --- what is kept --------------------------------------------------------------------------------------------------


def import_of(actor: Actor, import_id: uuid.UUID) -> data.Import:
    """See `service.import_`."""
    people.require(actor, "registry.read")
    row = models.Import.objects.select_related("decision").filter(id=import_id).first()
    if row is None:
        raise _no_import(import_id)
    return _told(row)


def imports(actor: Actor, limit: int) -> tuple[data.Import, ...]:
    """See `service.imports`."""
    people.require(actor, "registry.read")
    return tuple(_told(row) for row in models.Import.objects.select_related("decision").order_by("-at", "id")[:limit])


def kept_file(actor: Actor, import_id: uuid.UUID, kind: str) -> Path:
    """See `service.import_file`."""
    people.require(actor, "registry.read")
    row = models.Import.objects.filter(id=import_id).first()
    if row is None:
        raise _no_import(import_id)
    sums = {
        "mapping": (row.mapping_sha256, MAPPING_SUFFIX),
        "quality": (row.quality_sha256, QUALITY_SUFFIX),
        "set-aside": (row.set_aside_sha256, ASIDE_SUFFIX),
    }
    if kind not in sums:
        raise NotFound("no-import-file", f"导入没有这种文件：{kind}", f"an import has no such file: {kind}")
    audit.record(actor.name, "registry.read", str(row.id), purpose=kind)
    return files.checked(*sums[kind])


def newest_taken() -> models.Import:
    """Return the import that was taken last.

    Raises:
        NotFound: none was.
    """
    last = models.Decision.objects.filter(is_taken=True).select_related("offer").order_by("-id").first()
    if last is None:
        raise NotFound(
            "no-import-taken", "还没有收下任何导入：先导入登记数据并收下", "no import was taken yet: import a registry and take it"
        )
    return last.offer


def _told(row: models.Import) -> data.Import:
    decision = models.Decision.objects.filter(offer=row).first() if not hasattr(row, "decision") else row.decision
    state = data.ImportState.PROPOSED
    if decision is not None:
        state = data.ImportState.TAKEN if decision.is_taken else data.ImportState.REFUSED
    return data.Import(
        id=row.id,
        state=state,
        rows=row.rows,
        sha256=row.sha256,
        report=row.report,
        report_text_zh=row.report_text_zh,
        report_text_en=row.report_text_en,
        at=row.at,
        by=row.by,
        decided_at=decision.at if decision else None,
        decided_by=decision.by if decision else "",
        reason=decision.reason if decision else "",
    )
