"""What the database holds of people: who somebody is never changes, and nobody is removed; the cache that counts logins is a table."""

from django.db.migrations import Migration as Base
from django.db.migrations.operations import RunSQL

from zhida_server.database import frozen_columns

# The cache of `settings.CACHES`, as Django's own command makes it: lock-outs are counted there, for all processes together.
CACHE = """
CREATE TABLE IF NOT EXISTS cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS cache_expires ON cache (expires);
"""


class Migration(Base):
    """The triggers, and the table of the cache."""

    dependencies = [("people", "0001_initial")]
    operations = [
        RunSQL(CACHE, "DROP TABLE cache;"),
        frozen_columns("people_user", "username", "role", "enterprise_code"),
    ]
