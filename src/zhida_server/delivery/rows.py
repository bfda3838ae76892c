"""Many rows at once: one INSERT of columns as arrays, which is what makes a batch of twenty thousand a matter of seconds."""

from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import connection

PART = 5_000
"""Rows of one statement."""


def insert(table: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows, in their order.

    Args:
        table: The table; never a name from outside.
        columns: Name and type of each column that is given.
        rows: The values, one for each column.
    """
    names = ", ".join(name for name, _ in columns)
    arrays = ", ".join(f"%s::{type_}[]" for _, type_ in columns)
    statement = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of ours
    rest = iter(rows)
    with connection.cursor() as cursor:
        while part := list(islice(rest, PART)):
            cursor.execute(statement, [list(column) for column in zip(*part, strict=True)])
