"""What the database itself holds of entitlements."""

from django.db import migrations

from zhida_server.database import REFUSE, append_only, frozen_columns

ONE_TRANSACTION = """
ALTER TABLE entitlements_entitlement ADD CONSTRAINT entitlements_entitlement_transaction
    FOREIGN KEY (id) REFERENCES ledger_transaction (id) DEFERRABLE INITIALLY DEFERRED;
"""
"""A grant without the reservation of its money is refused when it is committed."""

GRANTED = """
CREATE VIEW entitlements_granted AS
SELECT entitlement.*, CASE settling.kind WHEN 'post' THEN 'paid' WHEN 'void' THEN 'voided' ELSE 'reserved' END AS state
FROM entitlements_entitlement entitlement LEFT JOIN ledger_transaction settling ON settling.settles_id = entitlement.id;
"""
"""Entitlements with what became of them, which only the ledger says."""

ONCE = """
CREATE FUNCTION entitlements_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT new_rows.policy, new_rows.period, new_rows.code, new_rows.attempt INTO wrong FROM new_rows
    WHERE new_rows.attempt > 1 AND NOT EXISTS (
        SELECT FROM entitlements_granted former
        WHERE former.policy = new_rows.policy AND former.period = new_rows.period AND former.code = new_rows.code
            AND former.attempt = new_rows.attempt - 1 AND former.state = 'voided'
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'attempt % of % in % for % is refused: attempt % was not voided',
            wrong.attempt, wrong.policy, wrong.period, wrong.code, wrong.attempt - 1
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'void the former grant first';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entitlements_entitlement_once AFTER INSERT ON entitlements_entitlement
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION entitlements_once();
"""
"""A policy is granted to an enterprise once a year, and again only after the former grant was voided."""

LIKE_ITS_RESERVATION = """
CREATE FUNCTION entitlements_like_its_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_transaction reserved
        WHERE reserved.id = NEW.id AND reserved.kind = 'pending'
            AND NEW.amount_fen = (SELECT sum(debit_fen) FROM ledger_posting WHERE transaction_id = NEW.id)
    ) THEN
        RAISE EXCEPTION 'entitlement % is refused: its % fen are not what its transaction reserves', NEW.id, NEW.amount_fen
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entitlements_entitlement_like_its_reservation AFTER INSERT ON entitlements_entitlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entitlements_like_its_reservation();
"""
"""What is granted is what is set aside, to the fen."""

DONE_STAYS = f"""{REFUSE}
CREATE TRIGGER entitlements_repetition_done_stays BEFORE UPDATE ON entitlements_repetition FOR EACH ROW
    WHEN (OLD.state = 'done') EXECUTE FUNCTION zhida_refuse();
"""
"""Whether a run came out the same when it was decided again is said once."""


class Migration(migrations.Migration):
    """Rows that stay, one grant a year, and the reservation behind each."""

    dependencies = [("entitlements", "0001_initial"), ("ledger", "0001_initial")]
    operations = [
        append_only("entitlements_run"),
        append_only("entitlements_result"),
        append_only("entitlements_policyresult"),
        append_only("entitlements_entitlement"),
        frozen_columns("entitlements_repetition", "id", "run_id", "asked_by", "asked_at"),
        migrations.RunSQL(DONE_STAYS, "DROP TRIGGER entitlements_repetition_done_stays ON entitlements_repetition;"),
        migrations.RunSQL(ONE_TRANSACTION, "ALTER TABLE entitlements_entitlement DROP CONSTRAINT entitlements_entitlement_transaction;"),
        migrations.RunSQL(GRANTED, "DROP VIEW entitlements_granted;"),
        migrations.RunSQL(ONCE, "DROP FUNCTION entitlements_once CASCADE;"),
        migrations.RunSQL(LIKE_ITS_RESERVATION, "DROP FUNCTION entitlements_like_its_reservation CASCADE;"),
    ]
