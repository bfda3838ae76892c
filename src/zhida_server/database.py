"""What the database itself holds of every app: rows that nobody edits, written as operations of migrations; and what its errors mean.

The rules of the site that must survive a mistake in Python, or somebody with a prompt of SQL, are triggers and constraints. Here are
the two that several apps share; what belongs to one app stands in its own migrations.
"""

import errno
import os

from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.migrations.operations import RunSQL

UNIQUE = "23505"
"""What the database calls a row that is there already."""
DISK_FULL = "53100"
"""What it calls a disk without room."""


def is_doubled(error: IntegrityError) -> bool:
    """Say whether a row was refused because another of its name was there already, as when two people do the same at once."""
    return getattr(error.__cause__, "sqlstate", "") == UNIQUE


def is_without_room(error: BaseException | None) -> bool:
    """Say whether something failed because a disk is full, the database's or that of files; libraries say so in errors of their own."""
    while error is not None:
        if getattr(error, "sqlstate", "") == DISK_FULL or getattr(error, "errno", 0) in {errno.ENOSPC, errno.EDQUOT}:
            return True
        if os.strerror(errno.ENOSPC) in str(error):
            return True
        error = error.__cause__
    return False


def is_away(error: BaseException | None) -> bool:
    """Say whether something failed because the database cannot be asked at this moment."""
    return isinstance(error, OperationalError | InterfaceError)


REFUSE = """
CREATE OR REPLACE FUNCTION zhida_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: its rows are kept as they were written', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', HINT = 'write a new row that says what changed';
END $$;
"""


def append_only(table: str) -> RunSQL:
    """Return the operation after which no row of a table can be changed, removed or emptied, whoever asks."""
    return RunSQL(
        f"""{REFUSE}
        CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION zhida_refuse();
        CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION zhida_refuse();
        """,
        f"DROP TRIGGER {table}_rows_stay ON {table}; DROP TRIGGER {table}_is_never_emptied ON {table};",
    )


def frozen_columns(table: str, *columns: str) -> RunSQL:
    """Return the operation after which some columns of a table keep their first value, and no row is removed; others may move on."""
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return RunSQL(
        f"""{REFUSE}
        CREATE TRIGGER {table}_columns_stay BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION zhida_refuse();
        CREATE TRIGGER {table}_rows_stay BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION zhida_refuse();
        CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION zhida_refuse();
        """,
        f"""DROP TRIGGER {table}_columns_stay ON {table}; DROP TRIGGER {table}_rows_stay ON {table};
        DROP TRIGGER {table}_is_never_emptied ON {table};""",
    )
