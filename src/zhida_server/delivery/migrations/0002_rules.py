"""What the database itself holds of delivery: where an order may go, what a batch may become, and that no money moves beside them."""

from django.db import migrations

from zhida_server.database import append_only, frozen_columns

ORDER_IS_ITS_ENTITLEMENT = """
ALTER TABLE delivery_order ADD CONSTRAINT delivery_order_entitlement FOREIGN KEY (id) REFERENCES entitlements_entitlement (id);
ALTER TABLE delivery_order ADD CONSTRAINT delivery_order_sum UNIQUE (id, amount_fen);
ALTER TABLE delivery_line ADD CONSTRAINT delivery_line_sum FOREIGN KEY (order_id, amount_fen) REFERENCES delivery_order (id, amount_fen);

CREATE FUNCTION delivery_order_is_its_entitlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM entitlements_entitlement granted
        WHERE granted.id = NEW.id AND granted.policy = NEW.policy AND granted.period = NEW.period AND granted.code = NEW.code
            AND granted.amount_fen = NEW.amount_fen
    ) THEN
        RAISE EXCEPTION 'order % is refused: its policy, period, enterprise or amount are not those of its entitlement', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_order_is_its_entitlement BEFORE INSERT ON delivery_order
    FOR EACH ROW EXECUTE FUNCTION delivery_order_is_its_entitlement();

CREATE FUNCTION delivery_granted_is_ordered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM delivery_event WHERE order_id = NEW.id) THEN
        RAISE EXCEPTION 'entitlement % is refused: there is no order to pay it', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'decision, reservation and order are one act';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER delivery_granted_is_ordered AFTER INSERT ON entitlements_entitlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION delivery_granted_is_ordered();
"""
"""An order is the order of one entitlement, to the fen; an entitlement without an order, or an order without an event, is not committed."""

ORDERS_DROPPED = """
DROP FUNCTION delivery_granted_is_ordered CASCADE;
DROP FUNCTION delivery_order_is_its_entitlement CASCADE;
"""

OBJECTIONS_COUNT = """
CREATE VIEW delivery_disputed AS
SELECT objected.policy, objected.period, objection.code, objection.id AS objection_id, decision.is_upheld IS NOT NULL AS is_upheld
FROM delivery_objection objection JOIN delivery_notice objected ON objected.id = objection.notice_id
LEFT JOIN delivery_objection_decision decision ON decision.objection_id = objection.id
WHERE decision.is_upheld IS DISTINCT FROM false
    AND NOT EXISTS (SELECT FROM delivery_objection_lift lift WHERE lift.decision_id = objection.id);
"""
"""An objection counts for the policy, year and enterprise, whatever notice it was made on: upheld and not lifted, or not decided yet."""

EVENTS_FOLLOW = """
CREATE FUNCTION delivery_event_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    former record;
    entry record;
    ordered record;
BEGIN
    SELECT seq, kind, batch_id INTO former FROM delivery_event WHERE order_id = NEW.order_id ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(former.seq, 0) + 1;
    IF NOT coalesce(former.kind, 'nothing') || ' ' || NEW.kind = ANY (ARRAY[
        'nothing noticed', 'nothing payable', 'noticed payable', 'noticed voided', 'payable batched', 'payable voided',
        'batched paid', 'batched failed', 'batched released', 'failed payable', 'failed held', 'released payable',
        'held payable', 'held voided'
    ]) THEN
        RAISE EXCEPTION 'order %: % after % is refused', NEW.order_id, NEW.kind, coalesce(former.kind, 'nothing')
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.batch_id IS NOT NULL) <> (NEW.kind IN ('batched', 'paid', 'failed', 'released')) THEN
        RAISE EXCEPTION 'order %: % names a batch, or lacks one', NEW.order_id, NEW.kind USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.batch_id IS NOT NULL THEN
        SELECT line.outcome, batch.state INTO entry FROM delivery_line line JOIN delivery_batch batch ON batch.id = line.batch_id
        WHERE line.batch_id = NEW.batch_id AND line.order_id = NEW.order_id;
        IF NOT FOUND OR coalesce(entry.outcome, 'batched') <> NEW.kind
            OR (NEW.kind = 'batched' AND entry.state <> 'made')
            OR (NEW.kind <> 'batched' AND former.batch_id IS DISTINCT FROM NEW.batch_id)
        THEN
            RAISE EXCEPTION 'order %: % is not what its line in batch % says', NEW.order_id, NEW.kind, NEW.batch_id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF NEW.kind = 'payable' AND coalesce(former.kind, 'noticed') = 'noticed' THEN
        SELECT notice_id INTO ordered FROM delivery_order WHERE id = NEW.order_id;
        IF (ordered.notice_id IS NOT NULL OR former.kind = 'noticed')
            AND NOT EXISTS (SELECT FROM delivery_notice WHERE id = ordered.notice_id AND state = 'closed')
        THEN
            RAISE EXCEPTION 'order %: it is on notice', NEW.order_id USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_event_follows BEFORE INSERT ON delivery_event FOR EACH ROW EXECUTE FUNCTION delivery_event_follows();

CREATE FUNCTION delivery_event_is_undisputed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT new_rows.order_id, new_rows.kind INTO wrong
    FROM delivery_disputed disputed
    JOIN delivery_order ordered ON (ordered.policy, ordered.period, ordered.code) = (disputed.policy, disputed.period, disputed.code)
    JOIN new_rows ON new_rows.order_id = ordered.id
    WHERE new_rows.kind = 'batched' OR new_rows.kind = 'payable' AND (new_rows.seq = 1 OR EXISTS (
        SELECT FROM delivery_event former WHERE former.order_id = ordered.id AND former.seq = new_rows.seq - 1 AND former.kind = 'noticed'))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'order %: % is refused, because somebody objects to it', wrong.order_id, wrong.kind
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'the objection has to be decided first, or lifted';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_event_is_undisputed AFTER INSERT ON delivery_event
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION delivery_event_is_undisputed();
"""
"""An order goes one lawful step at a time; what happens to it in a batch is what its line there says; while somebody objects to it, it is
neither let go nor put into a batch."""

EVENTS_DROPPED = "DROP FUNCTION delivery_event_is_undisputed CASCADE; DROP FUNCTION delivery_event_follows CASCADE;"

MONEY_FOLLOWS = """
CREATE FUNCTION delivery_event_is_in_the_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_transaction settling
        WHERE settling.settles_id = NEW.order_id AND settling.kind = CASE NEW.kind WHEN 'paid' THEN 'post' ELSE 'void' END
    ) THEN
        RAISE EXCEPTION 'order %: % is refused, because the ledger does not say so', NEW.order_id, NEW.kind
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER delivery_event_is_in_the_ledger AFTER INSERT ON delivery_event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind IN ('paid', 'voided')) EXECUTE FUNCTION delivery_event_is_in_the_ledger();

CREATE FUNCTION delivery_settled_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM delivery_order WHERE id = NEW.settles_id) AND NOT EXISTS (
        SELECT FROM delivery_event event
        WHERE event.order_id = NEW.settles_id AND event.kind = CASE NEW.kind WHEN 'post' THEN 'paid' ELSE 'voided' END
    ) THEN
        RAISE EXCEPTION 'transaction % is refused: no event of order % says so', NEW.id, NEW.settles_id
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'money follows a return file of the bank, or a voided order';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER delivery_settled_is_told AFTER INSERT ON ledger_transaction DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.settles_id IS NOT NULL) EXECUTE FUNCTION delivery_settled_is_told();
"""
"""An order is paid exactly where the ledger posted it, and voided exactly where the ledger voided it."""

MONEY_DROPPED = "DROP FUNCTION delivery_settled_is_told CASCADE; DROP FUNCTION delivery_event_is_in_the_ledger CASCADE;"

BATCHES_MOVE_ON = """
CREATE FUNCTION delivery_batch_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'made' THEN
        RAISE EXCEPTION 'batch % is refused: a batch begins as made', NEW.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_batch_begins BEFORE INSERT ON delivery_batch FOR EACH ROW EXECUTE FUNCTION delivery_batch_begins();

CREATE FUNCTION delivery_batch_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT OLD.state || ' ' || NEW.state = ANY (ARRAY['made signed', 'made withdrawn', 'signed sent', 'sent reconciled'])
        OR (OLD.signed_by IS NOT NULL AND (NEW.signed_by, NEW.signed_on, NEW.file_sha256)
            IS DISTINCT FROM (OLD.signed_by, OLD.signed_on, OLD.file_sha256))
        OR (OLD.sent_by IS NOT NULL AND NEW.sent_by IS DISTINCT FROM OLD.sent_by)
    THEN
        RAISE EXCEPTION 'batch %: from % to % is refused', OLD.number, OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state = 'signed' AND EXISTS (
        SELECT FROM delivery_disputed disputed
        JOIN delivery_order ordered ON (ordered.policy, ordered.period, ordered.code) = (disputed.policy, disputed.period, disputed.code)
        JOIN delivery_line line ON line.order_id = ordered.id AND line.batch_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'batch % is not signed: somebody objects to one of its orders', NEW.number
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'withdraw it and make another';
    END IF;
    IF NEW.state = 'reconciled' AND EXISTS (SELECT FROM delivery_line WHERE batch_id = NEW.id AND outcome IS NULL) THEN
        RAISE EXCEPTION 'batch % is refused: it has open lines', NEW.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_batch_moves_on BEFORE UPDATE ON delivery_batch FOR EACH ROW EXECUTE FUNCTION delivery_batch_moves_on();

CREATE FUNCTION delivery_batch_is_its_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    SELECT count(*) AS lines, coalesce(sum(amount_fen), 0) AS fen INTO found FROM delivery_line WHERE batch_id = NEW.id;
    IF found.lines <> NEW.count OR found.fen <> NEW.amount_fen THEN
        RAISE EXCEPTION 'batch % is refused: it says % lines and % fen, its lines are % and %',
            NEW.number, NEW.count, NEW.amount_fen, found.lines, found.fen USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER delivery_batch_is_its_lines AFTER INSERT ON delivery_batch DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION delivery_batch_is_its_lines();
"""
"""A batch goes one way, nobody signs what an objection forbids to pay, and its totals are the sums of its lines."""

BATCHES_DROPPED = """
DROP FUNCTION delivery_batch_is_its_lines CASCADE;
DROP FUNCTION delivery_batch_moves_on CASCADE;
DROP FUNCTION delivery_batch_begins CASCADE;
"""

LINES_FIT = """
CREATE FUNCTION delivery_line_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    batch record;
    ordered record;
BEGIN
    SELECT * INTO batch FROM delivery_batch WHERE id = NEW.batch_id;
    SELECT * INTO ordered FROM delivery_order WHERE id = NEW.order_id;
    IF batch.state <> 'made' OR NEW.outcome IS NOT NULL OR NEW.number < 1 OR NEW.number > batch.count THEN
        RAISE EXCEPTION 'line % of batch % is refused: it is no place of a batch that is being made', NEW.number, batch.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF batch.policy NOT IN ('', ordered.policy) OR NOT EXISTS (SELECT FROM delivery_payee WHERE id = NEW.payee_id AND code = ordered.code) THEN
        RAISE EXCEPTION 'line % of batch % is refused: another policy, or the account of another enterprise', NEW.number, batch.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_line_fits BEFORE INSERT ON delivery_line FOR EACH ROW EXECUTE FUNCTION delivery_line_fits();

CREATE FUNCTION delivery_line_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome IS NOT NULL OR NEW.outcome IS NULL OR NOT EXISTS (
        SELECT FROM delivery_batch WHERE id = NEW.batch_id AND state = CASE NEW.outcome WHEN 'released' THEN 'withdrawn' ELSE 'sent' END
    ) THEN
        RAISE EXCEPTION 'order % in batch %: from % to % is refused', NEW.order_id, NEW.batch_id, OLD.outcome, NEW.outcome
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_line_ends BEFORE UPDATE ON delivery_line FOR EACH ROW EXECUTE FUNCTION delivery_line_ends();

CREATE FUNCTION delivery_line_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM delivery_event
        WHERE order_id = NEW.order_id AND batch_id = NEW.batch_id AND kind = coalesce(NEW.outcome, 'batched')
    ) THEN
        RAISE EXCEPTION 'order % in batch %: no event says that it is %', NEW.order_id, NEW.batch_id, coalesce(NEW.outcome, 'batched')
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER delivery_line_is_told AFTER INSERT OR UPDATE ON delivery_line DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION delivery_line_is_told();
"""
"""A line stands in a batch that is being made, ends once, and its order's events say the same."""

LINES_DROPPED = """
DROP FUNCTION delivery_line_is_told CASCADE;
DROP FUNCTION delivery_line_ends CASCADE;
DROP FUNCTION delivery_line_fits CASCADE;
"""

NOTICES_RUN_THEIR_DAYS = """
CREATE FUNCTION delivery_notice_moves_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT OLD.state || ' ' || NEW.state = ANY (ARRAY['granting open', 'open closed']) THEN
        RAISE EXCEPTION 'notice %: from % to % is refused', OLD.id, OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.closes_on < OLD.closes_on OR (NEW.closes_on > OLD.closes_on AND OLD.state <> 'granting') THEN
        RAISE EXCEPTION 'notice %: its last day stays, or comes later where its lines were late', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_notice_moves_on BEFORE UPDATE ON delivery_notice FOR EACH ROW EXECUTE FUNCTION delivery_notice_moves_on();

CREATE FUNCTION delivery_notice_line_is_granted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ordered record;
BEGIN
    IF TG_OP = 'INSERT' AND NOT EXISTS (SELECT FROM delivery_notice WHERE id = NEW.notice_id AND state = 'granting') THEN
        RAISE EXCEPTION 'a line for % is refused: notice % is complete', NEW.code, NEW.notice_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT notice_id, code, amount_fen INTO ordered FROM delivery_order WHERE id = NEW.order_id;
    IF TG_OP = 'UPDATE' AND (OLD.order_id IS NOT NULL OR NEW.order_id IS NULL)
        OR NEW.order_id IS NOT NULL
            AND (ordered.notice_id, ordered.code, ordered.amount_fen) IS DISTINCT FROM (NEW.notice_id, NEW.code, NEW.amount_fen)
    THEN
        RAISE EXCEPTION 'the line for % on notice % is refused: order % is not what it says', NEW.code, NEW.notice_id, NEW.order_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_notice_line_is_granted BEFORE INSERT OR UPDATE ON delivery_notice_line
    FOR EACH ROW EXECUTE FUNCTION delivery_notice_line_is_granted();

CREATE FUNCTION delivery_objection_is_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM delivery_notice notice JOIN delivery_notice_line line ON line.notice_id = notice.id AND line.code = NEW.code
        WHERE notice.id = NEW.notice_id AND notice.state <> 'closed' AND NEW.made_on BETWEEN notice.opened_on AND notice.closes_on
    ) THEN
        RAISE EXCEPTION 'an objection to % on notice % is refused: no such line, or not in its days', NEW.code, NEW.notice_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_objection_is_in_time BEFORE INSERT ON delivery_objection
    FOR EACH ROW EXECUTE FUNCTION delivery_objection_is_in_time();
"""
"""A notice runs its days out, its lines are granted once, and objections come in its days."""

NOTICES_DROPPED = """
DROP FUNCTION delivery_objection_is_in_time CASCADE;
DROP FUNCTION delivery_notice_line_is_granted CASCADE;
DROP FUNCTION delivery_notice_moves_on CASCADE;
"""


OBJECTIONS_HOLD = """
CREATE FUNCTION delivery_order_is_not_barred() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT new_rows.id, new_rows.policy, new_rows.period, new_rows.code INTO wrong
    FROM delivery_disputed disputed
    JOIN new_rows ON (new_rows.policy, new_rows.period, new_rows.code) = (disputed.policy, disputed.period, disputed.code)
    WHERE disputed.is_upheld
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'order % is refused: an objection to % for % in % was upheld', wrong.id, wrong.policy, wrong.code, wrong.period
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'somebody with the right has to lift it first, with a reason';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_order_is_not_barred AFTER INSERT ON delivery_order
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION delivery_order_is_not_barred();

CREATE FUNCTION delivery_objection_lift_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM delivery_objection_decision WHERE objection_id = NEW.decision_id AND is_upheld) THEN
        RAISE EXCEPTION 'objection % is not lifted: it was not upheld', NEW.decision_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_objection_lift_fits BEFORE INSERT ON delivery_objection_lift
    FOR EACH ROW EXECUTE FUNCTION delivery_objection_lift_fits();
"""
"""What an upheld objection was about is not granted again in its year, by whatever way, until somebody lifts that."""

OBJECTIONS_DROPPED = """
DROP FUNCTION delivery_objection_lift_fits CASCADE;
DROP FUNCTION delivery_order_is_not_barred CASCADE;
"""

CLAIMS_ARE_DECIDED = """
CREATE FUNCTION delivery_claim_decision_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    claim record;
BEGIN
    SELECT policy, code, extract(year FROM claimed_on) AS period, outcome, claimed_by INTO claim
    FROM delivery_claim WHERE id = NEW.claim_id;
    IF claim.outcome <> 'REVIEW' THEN
        RAISE EXCEPTION 'claim % is refused: nobody has to decide it', NEW.claim_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.outcome <> 'withdrawn' AND NEW.decided_by = claim.claimed_by THEN
        RAISE EXCEPTION 'claim % is refused: who entered it does not decide it', NEW.claim_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.order_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM delivery_order ordered
        WHERE ordered.id = NEW.order_id AND ordered.notice_id IS NULL AND ordered.policy = claim.policy AND ordered.code = claim.code
            AND ordered.period = claim.period AND ordered.amount_fen = NEW.amount_fen
    ) THEN
        RAISE EXCEPTION 'claim % is refused: order % is not what it asks for', NEW.claim_id, NEW.order_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT FROM delivery_claim WHERE order_id = NEW.order_id) THEN
        RAISE EXCEPTION 'claim % is refused: order % was made at once for another claim', NEW.claim_id, NEW.order_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_claim_decision_fits BEFORE INSERT ON delivery_claim_decision
    FOR EACH ROW EXECUTE FUNCTION delivery_claim_decision_fits();
"""
"""A claim that waits for a person is decided once, by another than who entered it, and granted with an order of its own."""


class Migration(migrations.Migration):
    """Rows that stay, steps that follow each other, totals that add up, money that moves with its order."""

    dependencies = [("delivery", "0001_initial"), ("entitlements", "0002_rules"), ("ledger", "0001_initial")]
    operations = [
        append_only("delivery_order"),
        append_only("delivery_event"),
        append_only("delivery_objection"),
        append_only("delivery_objection_decision"),
        append_only("delivery_objection_lift"),
        append_only("delivery_payee"),
        append_only("delivery_return"),
        append_only("delivery_claim"),
        append_only("delivery_claim_decision"),
        frozen_columns(
            "delivery_notice",
            *("id", "policy", "title", "period", "run_id", "budget", "opened_on", "days", "opened_by", "opened_at"),
        ),
        frozen_columns("delivery_notice_line", "notice_id", "position", "code", "name", "amount_fen", "article", "since", "place"),
        frozen_columns("delivery_batch", "id", "number", "policy", "made_on", "count", "amount_fen", "made_by", "made_at"),
        frozen_columns("delivery_line", "batch_id", "number", "order_id", "amount_fen", "payee_id"),
        migrations.RunSQL(ORDER_IS_ITS_ENTITLEMENT, ORDERS_DROPPED),
        migrations.RunSQL(OBJECTIONS_COUNT, "DROP VIEW delivery_disputed;"),
        migrations.RunSQL(EVENTS_FOLLOW, EVENTS_DROPPED),
        migrations.RunSQL(BATCHES_MOVE_ON, BATCHES_DROPPED),
        migrations.RunSQL(LINES_FIT, LINES_DROPPED),
        migrations.RunSQL(NOTICES_RUN_THEIR_DAYS, NOTICES_DROPPED),
        migrations.RunSQL(OBJECTIONS_HOLD, OBJECTIONS_DROPPED),
        migrations.RunSQL(CLAIMS_ARE_DECIDED, "DROP FUNCTION delivery_claim_decision_fits CASCADE;"),
        migrations.RunSQL(MONEY_FOLLOWS, MONEY_DROPPED),
    ]
