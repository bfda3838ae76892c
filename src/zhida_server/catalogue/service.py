"""The door of the catalogue: versions of packs, the policies in them, and each policy as a page.

What the catalogue says of policies is public: only taking packs in asks who acts.
"""

from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida_server.bigrams import bigrams, searched, words_of
from zhida_server.catalogue import models
from zhida_server.catalogue.data import PackVersion, PolicyCard, PolicyPage, PolicyVersion
from zhida_server.catalogue.kept_packs import file_of, folder_of, packs_of
from zhida_server.catalogue.taking import take_packs, version_of
from zhida_server.catalogue.woven import page_of, style
from zhida_server.people.data import NotFound

__all__ = (
    "current_packs",
    "current_sha256",
    "pack_file",
    "pack_versions",
    "packs_folder",
    "packs_of",
    "policies",
    "policy_card",
    "policy_page",
    "take_packs",
    "versions",
    "woven_style",
)


def current_sha256() -> str:
    """Return the name of the packs that hold now: those that were taken last.

    Raises:
        NotFound: none were taken yet.
    """
    last = models.Taking.objects.order_by("-id").first()
    if last is None:
        raise NotFound("no-packs-yet", "还没有收下任何政策包：先收下一版", "no packs were taken yet: take some first")
    return last.pack_id


def current_packs() -> tuple[str, Packs]:
    """Return the packs that hold now, with their name; read once a process.

    Raises:
        NotFound: none were taken yet.
    """
    sha256 = current_sha256()
    return sha256, packs_of(sha256)


def pack_versions() -> tuple[PackVersion, ...]:
    """Return all versions of packs, the one that was taken first last."""
    return tuple(version_of(row) for row in models.PackVersion.objects.order_by("-taken_at", "sha256"))


def pack_file(sha256: str, path: str) -> bytes:
    """Return the bytes of one file of packs, such as `national/calendar.md`, after they were checked.

    Raises:
        NotFound: there are no such packs, or they have no such file.
    """
    return file_of(sha256, path).read_bytes()


def policies(text: str = "", *, gives: str = "", subject: str = "enterprise") -> tuple[PolicyCard, ...]:
    """Return the policies of the packs that hold now; none where no packs were taken.

    Args:
        text: Words that title, summary, number, issuer or place must have, all of them; those with the words in the title come first.
        gives: Only what gives this; empty for all.
        subject: Only what is for this kind of subject; empty for all.
    """
    last = models.Taking.objects.order_by("-id").first()
    if last is None:
        return ()
    rows = models.PackPolicy.objects.filter(pack_id=last.pack_id).select_related("version").order_by("position")
    rows = rows.filter(version__gives=gives) if gives else rows
    rows = rows.filter(version__subject=subject) if subject else rows
    words = words_of(text)
    for word in words:
        pairs = bigrams(word)
        rows = rows.filter(searched__contains=word)
        rows = rows.filter(bigrams__contains=pairs) if pairs else rows
    found = sorted(rows, key=lambda row: not all(word in searched([row.version.title]) for word in words))
    return tuple(_card(row) for row in found)


def policy_card(policy_id: str) -> PolicyCard:
    """Return what the packs that hold now say of one policy.

    Raises:
        NotFound: they do not have it.
    """
    rows = models.PackPolicy.objects.filter(pack_id=current_sha256(), policy=policy_id).select_related("version")
    row = rows.first()
    if row is None:
        raise NotFound("no-policy", f"政策目录里没有“{policy_id}”", f"the catalogue has no policy '{policy_id}'")
    return _card(row)


def policy_page(policy_id: str, language: Language) -> PolicyPage:
    """Return a policy woven, law beside rule, ready to stand inside of another page; woven on first use, then kept.

    Args:
        policy_id: `pack/name`.
        language: Of the labels.

    Raises:
        NotFound: the packs that hold now do not have it.
    """
    return page_of(policy_card(policy_id), language)


def woven_style() -> tuple[str, str, str]:
    """Return the rules of all woven pages, their sha256 in hexadecimal digits, and as a content security policy names it."""
    return style()


def versions(policy_id: str) -> tuple[PolicyVersion, ...]:
    """Return every text of a policy that was ever taken, the latest first.

    Raises:
        NotFound: it never was.
    """
    rows = models.PackPolicy.objects.filter(policy=policy_id).select_related("version", "pack").order_by("pack__taken_at", "pack_id")
    current = current_sha256()
    first: dict[str, models.PackPolicy] = {}
    holds = ""
    for row in rows:
        first.setdefault(row.version.sha256, row)
        holds = row.version.sha256 if row.pack_id == current else holds
    if not first:
        raise NotFound("no-policy", f"政策目录里从来没有“{policy_id}”", f"the catalogue never had a policy '{policy_id}'")
    return tuple(
        PolicyVersion(
            policy_id, sha256, row.version.title, row.version.document, row.pack.taken_at, row.pack_id, is_current=sha256 == holds
        )
        for sha256, row in reversed(first.items())
    )


def packs_folder(sha256: str) -> str:
    """Return the folder of packs that were read, for programs that read it themselves, such as processes of a run."""
    packs_of(sha256)
    return str(folder_of(sha256))


def _card(row: models.PackPolicy) -> PolicyCard:
    version = row.version
    return PolicyCard(
        policy=row.policy,
        sha256=version.sha256,
        packs_sha256=row.pack_id,
        title=version.title,
        document=version.document,
        issuer=tuple(version.issuer),
        effective=row.effective,
        expires=row.expires,
        gives=version.gives,
        delivery=version.delivery,
        subject=version.subject,
        place=row.place,
        summary_zh=version.summary_zh,
        summary_en=version.summary_en,
    )
