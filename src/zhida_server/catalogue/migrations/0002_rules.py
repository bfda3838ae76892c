"""What the database holds of the catalogue: what was taken stays as it was."""

from django.db.migrations import Migration as Base

from zhida_server.database import append_only

TABLES = (
    "catalogue_pack_version",
    "catalogue_pack_file",
    "catalogue_taking",
    "catalogue_policy_version",
    "catalogue_pack_policy",
    "catalogue_woven_page",
)


class Migration(Base):
    """Rows are only added."""

    dependencies = [("catalogue", "0001_initial")]
    operations = [append_only(table) for table in TABLES]
