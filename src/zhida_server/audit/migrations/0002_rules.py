"""What the database holds of the audit: rows stay, and each is chained to the one before when its transaction commits."""

from django.db.migrations import Migration as Base
from django.db.migrations.operations import RunSQL

from zhida_server.database import append_only

# Each column after its length in bytes, so that no two records have the same text; `audit.service.hash_of` is its twin.
TEXT = """
CREATE FUNCTION zhida_audit_part(content text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN content IS NULL THEN '-' ELSE octet_length(convert_to(content, 'UTF8')) || ':' || content END
$$;
CREATE FUNCTION zhida_audit_hash(previous text, seq bigint, told audit_record) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(
        previous
        || zhida_audit_part(seq::text)
        || zhida_audit_part((extract(epoch FROM told.at) * 1000000)::bigint::text)
        || zhida_audit_part(told.actor)
        || zhida_audit_part(told.act)
        || zhida_audit_part(told.object)
        || zhida_audit_part(told.purpose)
        || zhida_audit_part(told.before)
        || zhida_audit_part(told.after), 'UTF8')), 'hex')
$$;
"""

# A record's time is the database's, whatever the statement says.
STAMP = """
CREATE FUNCTION zhida_audit_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER audit_record_is_stamped BEFORE INSERT ON audit_record FOR EACH ROW EXECUTE FUNCTION zhida_audit_stamp();
"""

# One transaction after the other adds to the chain, and only while it commits: nobody holds the lock while they work.
LINK = """
CREATE FUNCTION zhida_audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last audit_link;
    told audit_record;
    expected audit_link;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('zhida audit', 0));
    SELECT * INTO last FROM audit_link ORDER BY seq DESC LIMIT 1;
    SELECT * INTO told FROM audit_record WHERE id = NEW.record_id;
    expected.seq := coalesce(last.seq, 0) + 1;
    expected.hash := zhida_audit_hash(coalesce(last.hash, repeat('0', 64)), expected.seq, told);
    IF NEW.seq <> expected.seq OR NEW.hash <> expected.hash THEN
        RAISE EXCEPTION 'the next record is number % with hash %, not number % with hash %', expected.seq, expected.hash, NEW.seq, NEW.hash
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'insert into audit_record alone: the chain is made here';
    END IF;
    NEW.seq := expected.seq;
    NEW.hash := expected.hash;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_link_is_next BEFORE INSERT ON audit_link FOR EACH ROW EXECUTE FUNCTION zhida_audit_link();

CREATE FUNCTION zhida_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit_link WHERE record_id = NEW.id) THEN
        INSERT INTO audit_link (record_id) VALUES (NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_record_is_chained AFTER INSERT ON audit_record
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zhida_audit_chain();
"""


class Migration(Base):
    """The triggers."""

    dependencies = [("audit", "0001_initial")]
    operations = [
        RunSQL(TEXT, "DROP FUNCTION zhida_audit_hash(text, bigint, audit_record); DROP FUNCTION zhida_audit_part(text);"),
        RunSQL(STAMP, "DROP TRIGGER audit_record_is_stamped ON audit_record; DROP FUNCTION zhida_audit_stamp();"),
        RunSQL(
            LINK,
            """DROP TRIGGER audit_record_is_chained ON audit_record; DROP FUNCTION zhida_audit_chain();
            DROP TRIGGER audit_link_is_next ON audit_link; DROP FUNCTION zhida_audit_link();""",
        ),
        append_only("audit_record"),
        append_only("audit_link"),
    ]
