"""Policies as pages: woven once for each version of packs and each language, then kept as files."""

import base64
import hashlib
from functools import lru_cache

from django.db import transaction

from zhida.assess.examples import run_examples
from zhida.errors import Language
from zhida.registry_io.engine import engine_version
from zhida.report.inside import scoped
from zhida.report.page import STYLE
from zhida.report.weave import WOVEN_STYLE, weave_inside
from zhida_server import files
from zhida_server.catalogue import data, models
from zhida_server.catalogue.kept_packs import packs_of
from zhida_server.catalogue.taking import engine_date

SUFFIX = ".html"
"""What kept pages end in."""


@lru_cache(maxsize=1)
def style() -> tuple[str, str, str]:
    """Return the rules of woven pages, their sha256 in hexadecimal digits, and as a content security policy names it."""
    rules = scoped(STYLE + WOVEN_STYLE, ".woven")
    digest = hashlib.sha256(rules.encode()).digest()
    return rules, digest.hex(), f"'sha256-{base64.b64encode(digest).decode()}'"


def page_of(card: data.PolicyCard, language: Language) -> data.PolicyPage:
    """Return a policy woven, from the kept file where there is one.

    Args:
        card: The policy.
        language: Of the labels.

    Raises:
        DamagedFileError: the kept page is missing or damaged.
    """
    rules, digest, source = style()
    form = hashlib.sha256(f"{engine_version()}/{digest}".encode()).hexdigest()
    asked = {"pack_id": card.packs_sha256, "policy": card.policy, "language": language, "form": form}
    row = models.WovenPage.objects.filter(**asked).first()
    if row is not None and files.path_of(row.body_sha256, SUFFIX).exists():
        body = files.checked(row.body_sha256, SUFFIX).read_text(encoding="utf-8")
    else:
        body = _weave(card, language)
        kept = files.keep_bytes(body.encode(), SUFFIX)
        if row is None:
            with transaction.atomic():
                models.WovenPage.objects.bulk_create([models.WovenPage(**asked, body_sha256=kept)], ignore_conflicts=True)
    return data.PolicyPage(card, language, body, rules, digest, source)


def _weave(card: data.PolicyCard, language: Language) -> str:
    packs = packs_of(card.packs_sha256)
    policy = packs.policies[card.policy]
    day = models.PackVersion.objects.get(sha256=card.packs_sha256).taken_at.date()
    results = tuple(run_examples(packs, policy, as_of=engine_date(day))) if policy.is_sound else ()
    return weave_inside(policy, packs, results, language=language).body
