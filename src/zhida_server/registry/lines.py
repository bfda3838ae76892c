"""The list of enterprises: code, name and sub-district of everybody in the import that was taken last, found by bigrams."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from django.db import connection
from django.db.models import Q

from zhida.assess.order import NAME_ATTRIBUTE
from zhida_server.bigrams import bigrams, searched, words_of
from zhida_server.people import service as people
from zhida_server.people.data import Actor
from zhida_server.registry import data, models

STREET_ATTRIBUTE = "街道"
"""The sub-district of an enterprise, where its dictionary has it."""

MOST = 500
"""Lines of one page at most."""

COLUMNS = "code, name, street, searched, bigrams"

REFRESH = f"""
DELETE FROM registry_enterprise old WHERE NOT EXISTS (SELECT FROM registry_line new WHERE new.code = old.code);
INSERT INTO registry_enterprise ({COLUMNS}) SELECT {COLUMNS} FROM registry_line
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, street = excluded.street, searched = excluded.searched, bigrams = excluded.bigrams
    WHERE (registry_enterprise.name, registry_enterprise.street) IS DISTINCT FROM (excluded.name, excluded.street);
DROP TABLE registry_line;
"""  # noqa: S608 - the names of columns stand above


def refresh(registry: pl.LazyFrame) -> None:
    """Let the list say what a registry says; what did not change is not written.

    Args:
        registry: As an import wrote it; its first column is the key.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE registry_line (LIKE registry_enterprise) ON COMMIT DROP")
        with cursor.copy(f"COPY registry_line ({COLUMNS}) FROM STDIN") as copy:
            for row in _rows(registry):
                copy.write_row(row)
        cursor.execute(REFRESH)


def _rows(registry: pl.LazyFrame) -> Iterator[tuple[str, str, str, str, list[str]]]:
    columns = registry.collect_schema().names()
    wanted = [pl.col(name) if name in columns else pl.lit("").alias(name) for name in (columns[0], NAME_ATTRIBUTE, STREET_ATTRIBUTE)]
    for code, name, street in registry.select(wanted).collect().iter_rows():
        text = searched([name or ""])
        yield code, name or "", street or "", text, bigrams(text)


def enterprises(actor: Actor, text: str, *, after: str, limit: int) -> tuple[data.EnterpriseLine, ...]:
    """See `service.enterprises`."""
    people.require(actor, "enterprise.search")
    rows = models.Enterprise.objects.filter(code__gt=after).order_by("code")
    for word in words_of(text):
        pairs = bigrams(word)
        in_name = Q(searched__contains=word, bigrams__contains=pairs) if pairs else Q(searched__contains=word)
        rows = rows.filter(in_name | Q(code__startswith=word.upper()))
    found = rows.values_list("code", "name", "street")[: max(1, min(limit, MOST))]
    return tuple(data.EnterpriseLine(*row) for row in found)


def line_of(code: str) -> data.EnterpriseLine | None:
    """Return the line of one enterprise; None where the registry does not have it."""
    row = models.Enterprise.objects.filter(code=code).values_list("code", "name", "street").first()
    return None if row is None else data.EnterpriseLine(*row)


def names_of(codes: Sequence[str]) -> Mapping[str, str]:
    """Return the names of enterprises, by code; codes that the registry does not have are left out."""
    return dict(models.Enterprise.objects.filter(code__in=codes).values_list("code", "name"))
