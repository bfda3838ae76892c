"""Taking packs in: read, check, run all examples; then keep every file, or nothing.

folder ──files──▶ SITE/packs/<sha256> ──load, examples──▶ errors? refused, the folder removed
                                                      └─▶ files kept, versions written, current from now on
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from zhida.assess.examples import run_examples
from zhida.entitle.examples import run_stacking_examples
from zhida.errors import Diagnostic, InputError, has_errors
from zhida.policy.document import MAX_FILE_BYTES, Heading, Prose
from zhida.policy.pack import Packs, Policy
from zhida.values.temporal import Date
from zhida_server import files
from zhida_server.audit import service as audit
from zhida_server.bigrams import bigrams, searched
from zhida_server.catalogue import data, models
from zhida_server.catalogue.kept_packs import SUFFIX, drop, folder_of, lay_out, packs_of
from zhida_server.people import service as people
from zhida_server.people.data import Actor, Refused

MAX_FILES = 5_000
"""More files are no packs: somebody named the wrong folder."""

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('zhida catalogue take', 0))"
"""Who takes the same packs at the same moment waits, and finds them known."""

SHOWN = 50
"""Mistakes that a refusal shows; it counts all."""


def take_packs(actor: Actor, folder: Path) -> data.PackVersion:
    """Take packs in: from now on they are the current ones.

    Packs that were taken before are not checked again. What was taken stays, so earlier runs can be repeated.

    Args:
        actor: Who takes them.
        folder: A folder of packs, or one pack.

    Raises:
        NotAllowed: the actor may not.
        PacksRefused: a file cannot be read, a policy has errors or an example does not come out; nothing was kept.
        Refused: packs-too-large.
    """
    people.require(actor, "catalogue.take")
    content = _content(folder)
    sha256 = lay_out(content)
    is_known = models.PackVersion.objects.filter(sha256=sha256).exists()
    if not is_known:
        try:
            packs = _checked(sha256)
        except data.PacksRefused:
            drop(sha256)
            raise
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        if not is_known and not models.PackVersion.objects.filter(sha256=sha256).exists():
            _write(actor, sha256, packs, {path: files.keep_bytes(each, SUFFIX) for path, each in content.items()})
        models.Taking.objects.create(pack_id=sha256, by=actor.name)
        audit.record(actor.name, "catalogue.take", sha256, after={"files": len(content)})
    return version_of(models.PackVersion.objects.get(sha256=sha256))


def version_of(row: models.PackVersion) -> data.PackVersion:
    """Return a row as others see it."""
    return data.PackVersion(row.sha256, row.taken_at, row.taken_by, row.policies, row.files)


def _content(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their paths in it; of one pack, below its name."""
    root = folder.resolve()
    base = root.parent if (root / "policies").is_dir() else root
    found: dict[str, bytes] = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(base)
        if any(part.startswith(".") for part in relative.parts) or path.is_symlink() or not path.is_file():
            continue
        if len(found) == MAX_FILES or path.stat().st_size > MAX_FILE_BYTES:
            raise Refused(
                "packs-too-large",
                f"“{folder}”不像政策包：文件多于 {MAX_FILES} 个，或有大于 {MAX_FILE_BYTES:,} 字节的文件（{relative}）",
                f"'{folder}' does not look like packs: it has more than {MAX_FILES} files, or a file of more than "
                f"{MAX_FILE_BYTES:,} bytes ({relative})",
            )
        found[relative.as_posix()] = path.read_bytes()
    return found


def _checked(sha256: str) -> Packs:
    """Return packs in which nothing is wrong, all examples included.

    Raises:
        PacksRefused: something is.
    """
    try:
        packs = packs_of(sha256)
    except InputError as error:
        raise _refusal(sha256, error.diagnostics) from None
    errors = [item for item in packs.diagnostics if has_errors([item])]
    if not errors:
        errors = list(_wrong_examples(packs))
    if errors:
        raise _refusal(sha256, errors)
    return packs


def _wrong_examples(packs: Packs) -> Iterator[Diagnostic]:
    """Yield what came out otherwise than an example says."""
    day = engine_date(timezone.localdate())  # only for examples that set none, and then their policy's own days are preferred
    for policy in packs.policies.values():
        for result in run_examples(packs, policy, as_of=day):
            yield from (item for item in result.diagnostics if has_errors([item]))
    for stacked in run_stacking_examples(packs, as_of=day):
        yield from (item for item in stacked.diagnostics if has_errors([item]))


def _refusal(sha256: str, diagnostics: Sequence[Diagnostic]) -> data.PacksRefused:
    """Return the refusal of packs, with paths as whoever wrote them knows them."""
    inside = f"{folder_of(sha256)}/"
    shown = diagnostics[:SHOWN]
    zh, en = ([item.render(language).replace(inside, "") for item in shown] for language in ("zh", "en"))
    return data.PacksRefused(diagnostics, zh, en)


def engine_date(day: dt.date) -> Date:
    """Return a day as the engine has it."""
    return Date(day.year, day.month, day.day)


def _plain(day: Date | None) -> dt.date | None:
    return None if day is None else dt.date(day.year, day.month, day.day)


def _write(actor: Actor, sha256: str, packs: Packs, sums: dict[str, str]) -> None:
    """Write the rows of packs that are new."""
    models.PackVersion.objects.create(sha256=sha256, policies=len(packs.policies), files=len(sums), taken_by=actor.name)
    models.PackFile.objects.bulk_create(models.PackFile(pack_id=sha256, path=path, sha256=each) for path, each in sums.items())
    models.PolicyVersion.objects.bulk_create([_version(policy) for policy in packs.policies.values()], ignore_conflicts=True)
    ids = {(row.policy, row.sha256): row.id for row in models.PolicyVersion.objects.filter(policy__in=list(packs.policies))}
    places = {pack: _place(folder_of(sha256) / pack / "README.md", pack) for pack in {id_.partition("/")[0] for id_ in packs.policies}}
    rows = []
    for position, policy in enumerate(packs.policies.values()):
        days, place = packs.in_force[policy.id], places[policy.id.partition("/")[0]]
        text = searched([policy.front.title, *_summaries(policy), policy.front.document, *policy.front.issuer, place, policy.id])
        rows.append(
            models.PackPolicy(
                pack_id=sha256,
                version_id=ids[policy.id, policy.sha256],
                policy=policy.id,
                position=position,
                effective=_plain(days.start),
                expires=_plain(days.end),
                place=place,
                searched=text,
                bigrams=bigrams(text),
            )
        )
    models.PackPolicy.objects.bulk_create(rows)


def _version(policy: Policy) -> models.PolicyVersion:
    front = policy.front
    zh, en = _summaries(policy)
    return models.PolicyVersion(
        policy=policy.id,
        sha256=policy.sha256,
        title=front.title,
        document=front.document,
        issuer=list(front.issuer),
        gives=front.gives,
        delivery=front.delivery,
        subject=front.subject,
        summary_zh=zh,
        summary_en=en,
    )


def _summaries(policy: Policy) -> tuple[str, str]:
    """Return what a policy says of itself before its first article: the first paragraph, and the first in italics, which is English."""
    zh = en = ""
    titles = 0
    for block in policy.document.blocks:
        if isinstance(block, Heading):
            titles += 1
            if titles > 1:
                break
        elif isinstance(block, Prose):
            text = "".join(_joined(line) for line in block.text.splitlines()).strip()
            if text.startswith("*") and text.endswith("*") and not text.startswith("**"):
                en = en or text.strip("*").strip()
            else:
                zh = zh or text
    return zh, en


def _joined(line: str) -> str:
    """Return a line with what stands between it and the next: nothing after a Chinese character, else a blank."""
    return line if not line or ord(line[-1]) > 0x2E7F else f"{line} "


def _place(readme: Path, pack: str) -> str:
    """Return what a pack is called: the Chinese words of the title of its README, without the word for packs."""
    title = readme.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").partition(" · ")[0].strip() if readme.exists() else ""
    return title.removesuffix("政策包") or pack
