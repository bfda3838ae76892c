"""Budgets can be reduced: a kind of transaction of its own, from a budget to the account of what was taken back of it.

a reduction takes only what is free      by the CHECK that no account is overdrawn: credits ≥ reserved + paid + taken back
and goes to its own budget's account     checked in the statement that adds its postings
"""

from django.db import migrations, models

# The same function as before, with the new kind: reductions count at once, and which accounts they use is checked.
POSTINGS = """
CREATE OR REPLACE FUNCTION zhida_ledger_add_postings() RETURNS trigger LANGUAGE plpgsql
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
        WHEN made.kind = 'reduce' THEN 'reduction'
        ELSE 'enterprise' END LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the % transaction % cannot use the account % on that side', fault.kind, fault.id, fault.code
            USING ERRCODE = 'integrity_constraint_violation',
                  HINT = 'direct: debit an appropriation, credit a budget; reduce: debit a budget, credit its reduction; '
                         'others: debit a budget, credit an enterprise';
    END IF;

    SELECT made.id, credit.account_id AS code, debit.account_id AS budget INTO fault
    FROM added debit JOIN ledger_transaction made ON made.id = debit.transaction_id AND made.kind = 'reduce'
        JOIN added credit ON credit.transaction_id = debit.transaction_id AND credit.credit_fen > 0
    WHERE debit.debit_fen > 0 AND credit.account_id <> 'reduction/' || substr(debit.account_id, 8) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the transaction % reduces %, but credits %', fault.id, fault.budget, fault.code
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'each budget has a reduction account of its own, of the same name';
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
               sum(CASE WHEN made.kind IN ('post', 'direct', 'reduce') THEN debit_fen ELSE 0 END) AS debits_posted,
               sum(CASE WHEN made.kind IN ('post', 'direct', 'reduce') THEN credit_fen ELSE 0 END) AS credits_posted,
               sum(CASE made.kind WHEN 'pending' THEN debit_fen WHEN 'direct' THEN 0 WHEN 'reduce' THEN 0 ELSE -debit_fen END) AS debits_pending,
               sum(CASE made.kind WHEN 'pending' THEN credit_fen WHEN 'direct' THEN 0 WHEN 'reduce' THEN 0 ELSE -credit_fen END) AS credits_pending
        FROM added JOIN ledger_transaction made ON made.id = added.transaction_id GROUP BY added.account_id
    ) change WHERE account.code = change.account_id;
    RETURN NULL;
END $$;
"""
KINDS = """
ALTER TABLE ledger_transaction DROP CONSTRAINT ledger_transaction_kind,
    ADD CONSTRAINT ledger_transaction_kind CHECK (kind IN ('pending', 'post', 'void', 'direct', 'reduce'));
"""


class Migration(migrations.Migration):
    """The constraints, widened; the trigger's function, replaced."""

    dependencies = [("ledger", "0002_rules")]
    operations = [
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.TextField(
                choices=[
                    ("appropriation", "appropriation"),
                    ("budget", "budget"),
                    ("enterprise", "enterprise"),
                    ("reduction", "reduction"),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="transaction",
            name="kind",
            field=models.TextField(
                choices=[("pending", "pending"), ("post", "post"), ("void", "void"), ("direct", "direct"), ("reduce", "reduce")]
            ),
        ),
        migrations.RemoveConstraint(model_name="account", name="ledger_account_code_speaks"),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code__regex", "^appropriation/[0-9]{4}$"), ("kind", "appropriation")),
                    models.Q(("code__regex", "^budget/[0-9]{4}(/[a-z0-9]+(-[a-z0-9]+)*)+$"), ("kind", "budget")),
                    models.Q(("code__regex", "^enterprise/[0-9A-Z]+(-[0-9A-Z]+)*$"), ("kind", "enterprise")),
                    models.Q(("code__regex", "^reduction/[0-9]{4}(/[a-z0-9]+(-[a-z0-9]+)*)+$"), ("kind", "reduction")),
                    _connector="OR",
                ),
                name="ledger_account_code_speaks",
            ),
        ),
        migrations.RemoveConstraint(model_name="transaction", name="ledger_transaction_settles_by_kind"),
        migrations.AddConstraint(
            model_name="transaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["post", "void"]), ("settles__isnull", False)),
                    models.Q(("kind__in", ["pending", "direct", "reduce"]), ("settles__isnull", True)),
                    _connector="OR",
                ),
                name="ledger_transaction_settles_by_kind",
            ),
        ),
        migrations.RunSQL(KINDS, migrations.RunSQL.noop),
        migrations.RunSQL(POSTINGS, migrations.RunSQL.noop),
    ]
