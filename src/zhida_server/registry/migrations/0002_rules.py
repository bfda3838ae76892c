"""What the database holds of the registry: rows stay, a snapshot begins with what was taken, and no two told facts hold on one day."""

from django.db.migrations import Migration as Base
from django.db.migrations.operations import RunSQL

from zhida_server.database import append_only, frozen_columns

TABLES = ("registry_import", "registry_decision", "registry_attribute", "registry_snapshot")

# A fact that others replace holds until the day before the first of them begins. Whoever tells facts of the same attribute of the same
# enterprise waits for the other, so that neither misses what the other tells.
FITS = """
CREATE FUNCTION registry_attribute_last_day(until date, next_since date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT least(coalesce(until, 'infinity'::date), coalesce(next_since - 1, 'infinity'::date))
$$;
CREATE FUNCTION registry_attribute_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    former registry_attribute;
    other_id bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('registry_attribute/' || NEW.code || '/' || NEW.name, 0));
    IF NEW.replaces_id IS NOT NULL THEN
        SELECT * INTO former FROM registry_attribute WHERE id = NEW.replaces_id;
        IF former.code IS DISTINCT FROM NEW.code OR former.name IS DISTINCT FROM NEW.name THEN
            RAISE EXCEPTION 'a told fact replaces one of the same attribute of the same enterprise'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_attribute_replaces_its_like';
        END IF;
    END IF;
    SELECT other.id INTO other_id
    FROM registry_attribute other
        CROSS JOIN LATERAL (SELECT min(since) AS since FROM registry_attribute WHERE replaces_id = other.id) next
    WHERE other.code = NEW.code AND other.name = NEW.name AND other.id IS DISTINCT FROM NEW.replaces_id
        AND other.since <= registry_attribute_last_day(other.until, next.since)
        AND other.since <= coalesce(NEW.until, 'infinity'::date)
        AND NEW.since <= registry_attribute_last_day(other.until, next.since)
    LIMIT 1;
    IF other_id IS NOT NULL THEN
        RAISE EXCEPTION 'the told fact % holds on some of the same days', other_id
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'registry_attribute_does_not_overlap',
                HINT = 'say that the new fact replaces it';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_attribute_fits BEFORE INSERT ON registry_attribute FOR EACH ROW EXECUTE FUNCTION registry_attribute_fits();
"""
UNFITS = """
DROP TRIGGER registry_attribute_fits ON registry_attribute;
DROP FUNCTION registry_attribute_fits();
DROP FUNCTION registry_attribute_last_day(date, date);
"""

TAKEN = """
CREATE FUNCTION registry_snapshot_of_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM registry_decision WHERE import_id = NEW.import_id AND is_taken) THEN
        RAISE EXCEPTION 'the import % was not taken', NEW.import_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'registry_snapshot_of_taken';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_snapshot_of_taken BEFORE INSERT ON registry_snapshot
    FOR EACH ROW EXECUTE FUNCTION registry_snapshot_of_taken();
"""
UNTAKEN = "DROP TRIGGER registry_snapshot_of_taken ON registry_snapshot; DROP FUNCTION registry_snapshot_of_taken();"


class Migration(Base):
    """Rules beside the tables."""

    dependencies = [("registry", "0001_initial")]
    operations = [
        *(append_only(table) for table in TABLES),
        frozen_columns("registry_upload", "id", "mapping", "names", "by", "at"),
        RunSQL(FITS, UNFITS),
        RunSQL(TAKEN, UNTAKEN),
    ]
