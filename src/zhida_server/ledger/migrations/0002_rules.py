"""What the database holds of the ledger, whoever writes to it.

    a transaction has at least two postings, and all of them come in one statement      so none can be added later, ever
    its debits are its credits                                                          checked in the statement that adds them
    money flows one way: appropriation ▶ budget ▶ enterprise                            by the kinds of the accounts
    what settles has exactly the postings of the pending one that it settles            in full; at most once by UNIQUE (settles_id)
    totals of an account follow from its postings, and nothing else changes them        with CHECKs: no overdraft, nothing below nothing
    no row is edited, removed or emptied

A statement that adds postings to many transactions is checked and counted as a whole, and each account is updated once. Accounts are
locked in the order of their codes, so that two statements cannot wait for each other in a circle.
"""

from django.db.migrations import Migration as Base
from django.db.migrations.operations import RunSQL

from zhida_server.database import append_only, frozen_columns

# Checked at once and not when a transaction commits: foreign keys hold in every statement that follows.
KEYS = """
ALTER TABLE ledger_posting
    ADD CONSTRAINT ledger_posting_transaction FOREIGN KEY (transaction_id) REFERENCES ledger_transaction (id),
    ADD CONSTRAINT ledger_posting_account FOREIGN KEY (account_id) REFERENCES ledger_account (code);
ALTER TABLE ledger_transaction
    ADD CONSTRAINT ledger_transaction_settles FOREIGN KEY (settles_id) REFERENCES ledger_transaction (id),
    ADD CONSTRAINT ledger_transaction_kind CHECK (kind IN ('pending', 'post', 'void', 'direct'));
ALTER TABLE ledger_budget ADD CONSTRAINT ledger_budget_code CHECK (account_id LIKE 'budget/' || year::text || '/%');
ALTER TABLE ledger_budget_policy ADD CONSTRAINT ledger_budget_policy_year CHECK (budget_id LIKE 'budget/' || year::text || '/%');
"""
NO_KEYS = """
ALTER TABLE ledger_budget_policy DROP CONSTRAINT ledger_budget_policy_year;
ALTER TABLE ledger_budget DROP CONSTRAINT ledger_budget_code;
ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_settles, DROP CONSTRAINT ledger_transaction_kind;
ALTER TABLE ledger_posting DROP CONSTRAINT ledger_posting_transaction, DROP CONSTRAINT ledger_posting_account;
"""

# Totals begin at nothing and are changed from within the trigger of the postings alone: outside of it the depth is 0.
TOTALS = """
CREATE FUNCTION zhida_ledger_totals_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the totals of the account % follow from its postings: they are not written', NEW.code
        USING ERRCODE = 'integrity_constraint_violation', HINT = 'write a transaction with its postings';
END $$;
CREATE TRIGGER ledger_account_totals_follow BEFORE UPDATE ON ledger_account FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION zhida_ledger_totals_follow();
CREATE TRIGGER ledger_account_begins_at_nothing BEFORE INSERT ON ledger_account FOR EACH ROW
    WHEN (NEW.debits_posted_fen <> 0 OR NEW.credits_posted_fen <> 0 OR NEW.debits_pending_fen <> 0 OR NEW.credits_pending_fen <> 0)
    EXECUTE FUNCTION zhida_ledger_totals_follow();
"""
NO_TOTALS = """
DROP TRIGGER ledger_account_begins_at_nothing ON ledger_account;
DROP TRIGGER ledger_account_totals_follow ON ledger_account;
DROP FUNCTION zhida_ledger_totals_follow();
"""

# The settings keep the plans to lookups by index: a plan that was kept when the tables were small must serve when they are large,
# and one that was kept after a statement of ten thousand rows must serve a statement of two.
POSTINGS = """
CREATE FUNCTION zhida_ledger_add_postings() RETURNS trigger LANGUAGE plpgsql
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    fault record;
BEGIN
    SELECT added.transaction_id AS id, count(*) AS lines, sum(debit_fen) AS debits, sum(credit_fen) AS credits,
           (SELECT count(*) FROM ledger_posting kept WHERE kept.transaction_id = added.transaction_id) AS kept
    INTO fault FROM added GROUP BY added.transaction_id
    HAVING count(*) < 2 OR sum(debit_fen) <> sum(credit_fen)
        OR count(*) <> (SELECT count(*) FROM ledger_posting kept WHERE kept.transaction_id = added.transaction_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the transaction % gets % postings (% in all), debits %, credits %', fault.id, fault.lines, fault.kept,
                fault.debits, fault.credits
            USING ERRCODE = 'integrity_constraint_violation',
                  HINT = 'all postings of a transaction are added in one statement: at least two, debits equal to credits';
    END IF;

    SELECT made.id, made.kind, account.code, account.kind AS account_kind INTO fault
    FROM added JOIN ledger_transaction made ON made.id = added.transaction_id JOIN ledger_account account ON account.code = added.account_id
    WHERE account.kind <> CASE
        WHEN made.kind = 'direct' AND added.debit_fen > 0 THEN 'appropriation'
        WHEN made.kind = 'direct' OR added.debit_fen > 0 THEN 'budget'
        ELSE 'enterprise' END LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the % transaction % cannot use the account % on that side', fault.kind, fault.id, fault.code
            USING ERRCODE = 'integrity_constraint_violation',
                  HINT = 'direct: debit an appropriation, credit a budget; others: debit a budget, credit an enterprise';
    END IF;

    SELECT made.id, made.settles_id INTO fault
    FROM added JOIN ledger_transaction made ON made.id = added.transaction_id
        JOIN ledger_transaction settled ON settled.id = made.settles_id
        LEFT JOIN ledger_posting twin ON twin.transaction_id = made.settles_id AND twin.account_id = added.account_id
            AND twin.debit_fen = added.debit_fen AND twin.credit_fen = added.credit_fen
    GROUP BY made.id, made.settles_id, settled.kind
    HAVING settled.kind <> 'pending' OR count(twin.transaction_id) <> count(*)
        OR count(*) <> (SELECT count(*) FROM ledger_posting kept WHERE kept.transaction_id = made.settles_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the transaction % does not settle % in full', fault.id, fault.settles_id
            USING ERRCODE = 'integrity_constraint_violation',
                  HINT = 'what posts or voids has the same postings as the pending transaction that it settles';
    END IF;

    PERFORM FROM ledger_account WHERE code IN (SELECT account_id FROM added) ORDER BY code FOR NO KEY UPDATE;
    UPDATE ledger_account account
    SET debits_posted_fen = account.debits_posted_fen + change.debits_posted,
        credits_posted_fen = account.credits_posted_fen + change.credits_posted,
        debits_pending_fen = account.debits_pending_fen + change.debits_pending,
        credits_pending_fen = account.credits_pending_fen + change.credits_pending
    FROM (
        SELECT added.account_id,
               sum(CASE WHEN made.kind IN ('post', 'direct') THEN debit_fen ELSE 0 END) AS debits_posted,
               sum(CASE WHEN made.kind IN ('post', 'direct') THEN credit_fen ELSE 0 END) AS credits_posted,
               sum(CASE made.kind WHEN 'pending' THEN debit_fen WHEN 'direct' THEN 0 ELSE -debit_fen END) AS debits_pending,
               sum(CASE made.kind WHEN 'pending' THEN credit_fen WHEN 'direct' THEN 0 ELSE -credit_fen END) AS credits_pending
        FROM added JOIN ledger_transaction made ON made.id = added.transaction_id GROUP BY added.account_id
    ) change WHERE account.code = change.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_posting_are_added AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION zhida_ledger_add_postings();
"""
NO_POSTINGS = "DROP TRIGGER ledger_posting_are_added ON ledger_posting; DROP FUNCTION zhida_ledger_add_postings();"

# A transaction's time is the database's, whatever the statement says; and nobody commits one that moves nothing.
TRANSACTIONS = """
CREATE FUNCTION zhida_ledger_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_transaction_is_stamped BEFORE INSERT ON ledger_transaction FOR EACH ROW EXECUTE FUNCTION zhida_ledger_stamp();

CREATE FUNCTION zhida_ledger_has_postings() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_posting WHERE transaction_id = NEW.id) THEN
        RAISE EXCEPTION 'the transaction % has no postings', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'add its postings, all in one statement, before committing';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transaction_has_postings AFTER INSERT ON ledger_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zhida_ledger_has_postings();
"""
NO_TRANSACTIONS = """
DROP TRIGGER ledger_transaction_has_postings ON ledger_transaction;
DROP FUNCTION zhida_ledger_has_postings();
DROP TRIGGER ledger_transaction_is_stamped ON ledger_transaction;
DROP FUNCTION zhida_ledger_stamp();
"""


class Migration(Base):
    """The constraints and triggers."""

    dependencies = [("ledger", "0001_initial")]
    operations = [
        RunSQL(KEYS, NO_KEYS),
        RunSQL(TOTALS, NO_TOTALS),
        RunSQL(POSTINGS, NO_POSTINGS),
        RunSQL(TRANSACTIONS, NO_TRANSACTIONS),
        append_only("ledger_transaction"),
        append_only("ledger_posting"),
        append_only("ledger_budget"),
        append_only("ledger_budget_policy"),
        frozen_columns("ledger_account", "code", "name", "kind"),
    ]
