"""The program that grants and pays while something dies, as a test starts it; and the books after it, compared with what was to be done."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.server.kill_delivery import JUDGED, ROUND, claims_of
from tests.server.sites import ENVIRONMENT, RunningSite, command, until
from zhida_server.run.postgres import Postgres

DRIVER = Path(__file__).with_name("kill_driver.py")
ROOT = DRIVER.parents[2]


class Driver:
    """The program that grants and pays."""

    def __init__(self, site: RunningSite, acts: int, seed: int, policies: int = 0, firms: int = 0) -> None:
        self.site, self.acts, self.seed, self.policies, self.firms = site, acts, seed, policies, firms
        self.journal = site.folder.parent / "journal"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _answers(self) -> Path:
        return self.journal.with_name(f"{self.journal.name}.delivery")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, DRIVER, *map(str, (self.acts, self.seed, self.journal, self.policies, self.firms, self.site.port))],
            cwd=ROOT,
            env=ENVIRONMENT
            | {
                "ZHIDA_SITE": str(self.site.folder),
                "DATABASE_URL": Postgres(self.site.folder / "database").address,
                "DJANGO_SETTINGS_MODULE": "zhida_server.settings",
                "PYTHONPATH": str(ROOT),
            },
        )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def rounds(self) -> int:
        """How often it delivers and claims."""
        return -(-self.acts // ROUND) if self.policies else 0

    def waits_for(self) -> str:
        """What it waits for just now: `web` and a method, its own number and that of the wait; empty where it waits for no page."""
        with suppress(OSError):
            return self.journal.with_name(f"{self.journal.name}.now").read_text(encoding="utf-8").strip()
        return ""

    def steps(self) -> int:
        """How much it has written down of what was answered."""
        return sum(path.stat().st_size for path in (self.journal, self._answers) if path.exists())

    def has_finished(self) -> bool:
        return self._process is not None and self._process.poll() == 0

    def done(self) -> int:
        return self.journal.read_text(encoding="utf-8").count("\n") if self.journal.exists() else 0

    def answers(self, kind: str) -> set[str]:
        """Return what delivery has answered: the ids of a kind, `opened`, `granted`, `voided` or `paid`."""
        path = self._answers
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return {id_ for each, id_ in (line.split() for line in lines) if each == kind}


def faults_after(site: RunningSite, driver: Driver) -> list[str]:
    """Compare the books with what was to be done, and return every difference."""
    faults = []
    with psycopg.connect(Postgres(site.folder / "database").address) as connection:
        written = connection.execute(
            """SELECT made.key, made.id::text, sum(posting.credit_fen), settling.kind, count(DISTINCT settling.id)
            FROM ledger_transaction made JOIN ledger_posting posting ON posting.transaction_id = made.id
            LEFT JOIN ledger_transaction settling ON settling.settles_id = made.id
            WHERE made.kind = 'pending' AND made.key LIKE 'kill/%' GROUP BY made.key, made.id, settling.kind"""
        ).fetchall()
        records = dict(
            connection.execute(
                "SELECT act, count(DISTINCT object) FROM audit_record WHERE actor = 'job:kill-driver' GROUP BY act"
            ).fetchall()
        )
    found = {key: (identity, int(fen), kind, settled) for key, identity, fen, kind, settled in written}
    journal = dict(line.split() for line in driver.journal.read_text(encoding="utf-8").splitlines())
    faults += [f"number {number} was answered and is lost" for number in journal if f"kill/{number}" not in found]
    faults += [f"{len(found)} reservations, {driver.acts} were asked for"] if len(found) != driver.acts else []
    faults += [f"{key} is settled {settled} times" for key, (_, _, _, settled) in found.items() if settled != 1]
    if records.get("entitlement.grant") != driver.acts:
        faults.append(f"{records.get('entitlement.grant')} grants are in the audit, {driver.acts} were made")
    paid = sum(kind == "post" for _, _, kind, _ in found.values())
    if records.get("batch.return", 0) != paid:
        faults.append(f"{records.get('batch.return')} payments are in the audit, {paid} were made")
    return faults


WITHOUT_ITS_LIKE = """
SELECT coalesce(granted.id, ordered.id, reserved.id)::text FROM entitlements_entitlement granted
FULL JOIN delivery_order ordered ON ordered.id = granted.id
FULL JOIN (SELECT id FROM ledger_transaction WHERE kind = 'pending' AND key NOT LIKE 'kill/%') reserved
    ON reserved.id = coalesce(granted.id, ordered.id)
WHERE granted.id IS NULL OR ordered.id IS NULL OR reserved.id IS NULL
"""
"""Grants, orders and reservations that do not have the other two."""

ORDERS = """
SELECT ordered.id::text, ordered.amount_fen,
    (SELECT kind FROM delivery_event WHERE order_id = ordered.id ORDER BY seq DESC LIMIT 1),
    (SELECT count(*) FROM delivery_event WHERE order_id = ordered.id AND kind = 'paid'),
    (SELECT count(*) FROM delivery_line WHERE order_id = ordered.id AND outcome = 'paid'),
    (SELECT count(*) FROM delivery_event WHERE order_id = ordered.id AND kind = 'failed'),
    (SELECT count(*) FROM delivery_event WHERE order_id = ordered.id AND kind = 'held'),
    ARRAY(SELECT kind FROM ledger_transaction WHERE settles_id = ordered.id)
FROM delivery_order ordered
"""
"""Each order: what it pays, where it stands, how often it was paid, by lines and by events, and how the ledger settled it."""

CLAIMS = """
SELECT claim.id::text, claim.outcome, decision.outcome, coalesce(claim.order_id, decision.order_id)::text,
    (SELECT count(*) FROM audit_record WHERE act = 'claim' AND object = claim.id::text),
    (SELECT count(*) FROM audit_record WHERE act IN ('claim.decide', 'claim.withdraw') AND object = claim.id::text)
FROM delivery_claim claim LEFT JOIN delivery_claim_decision decision ON decision.claim_id = claim.id
"""
"""Each claim: its answer, what a person decided, its order, and how often both are in the audit."""

OBJECTIONS = """
SELECT objection.id::text, decision.is_upheld, (SELECT kind FROM delivery_event WHERE order_id = ordered.id ORDER BY seq DESC LIMIT 1),
    (SELECT count(*) FROM audit_record WHERE act = 'objection.decide' AND object = objection.id::text)
FROM delivery_objection objection LEFT JOIN delivery_objection_decision decision ON decision.objection_id = objection.id
LEFT JOIN delivery_order ordered ON ordered.notice_id = objection.notice_id AND ordered.code = objection.code
"""
"""Each objection: how it was decided, where the order stands that it is about, and how often its decision is in the audit."""

CONFIRMED = "SELECT count(*) FROM registry_attribute WHERE name = '示范企业' AND replaces_id IS NULL"

TOLD = "SELECT count(*), count(DISTINCT code) FROM registry_attribute WHERE name = '依托大模型' AND replaces_id IS NULL"

BOOKS = "SELECT sum(debits_posted_fen)::bigint, sum(debits_pending_fen)::bigint FROM ledger_account WHERE code LIKE 'budget/%/town%'"

RUNS = """
SELECT progress.fault, (SELECT count(*) FROM entitlements_result WHERE run_id = run.id),
    (SELECT count(*) FROM audit_record WHERE act = 'run.start' AND object = run.id::text),
    (SELECT count(*) FROM audit_record WHERE act = 'run.done' AND object = run.id::text)
FROM entitlements_run run JOIN entitlements_progress progress ON progress.run_id = run.id
"""
"""Each run: what was wrong with it, and how often it has a result, was ordered and was done."""


def delivery_after(site: RunningSite, driver: Driver) -> tuple[list[str], dict[str, int]]:
    """Compare what was delivered with what was to be delivered, and the books with both; returns every difference, and figures."""
    with psycopg.connect(Postgres(site.folder / "database").address) as connection:
        faults = [f"{row[0]} lacks its grant, order or reservation" for row in connection.execute(WITHOUT_ITS_LIKE)]
        orders = connection.execute(ORDERS).fetchall()
        books = connection.execute(BOOKS).fetchone()
    states: dict[str, set[str]] = {"paid": set(), "voided": set()}
    for id_, _, state, events, lines, _, _, settled in orders:
        states.setdefault(state, set()).add(id_)
        if (events, lines, settled) != {"paid": (1, 1, ["post"]), "voided": (0, 0, ["void"])}.get(state):
            faults.append(f"{id_} is {state}, paid by {events} events and {lines} lines, and settled by {settled}")
    claimed, figures = claims_after(site, driver)
    decided, runs = runs_after(site)
    faults += claimed + decided
    expected = min(driver.policies, driver.rounds()) * driver.firms + figures["claimed"] + figures["judged"]
    faults += [f"{len(orders)} orders, {expected} were to be"] * (len(orders) != expected)
    for kind, found in {"granted": {row[0] for row in orders}, **states}.items():
        faults += [f"{id_} was answered as {kind} and is not" for id_ in driver.answers(kind) - found]
    paid = sum(int(fen) for _, fen, state, *_ in orders if state == "paid")
    faults += [f"the budget has {books} paid and pending, orders {paid}"] * (books != (paid, 0))
    return faults, figures | runs | {
        "worker": len(driver.answers("worker") - driver.answers("here")),
        "orders": len(orders),
        "paid": len(states["paid"]),
        "voided": len(states["voided"]),
        "failures": sum(row[5] for row in orders),
        "held": sum(row[6] for row in orders),
    }


def claims_after(site: RunningSite, driver: Driver) -> tuple[list[str], dict[str, int]]:
    """Compare what was claimed, judged and objected to with what was to be; returns every difference, and figures."""
    with psycopg.connect(Postgres(site.folder / "database").address) as connection:
        claims = connection.execute(CLAIMS).fetchall()
        objections = connection.execute(OBJECTIONS).fetchall()
        ((told,),) = connection.execute(CONFIRMED).fetchall()
        ((asked, firms),) = connection.execute(TOLD).fetchall()
    expected = [each for number in range(driver.rounds()) for each in claims_of(number, driver.firms)]
    faults = [f"{len(claims)} claims, {len(expected)} were to be"] * (len(claims) != len(expected))
    wanted = len({code for name, code in expected if name != JUDGED})
    faults += [f"{asked} facts of {firms} were told, of {wanted} they were asked"] * ((asked, firms) != (wanted, wanted))
    for id_, answer, decision, order, claimed, decided in claims:
        is_whole = (claimed, decided) == (1, answer == "REVIEW") and (decision is None) == (answer != "REVIEW")
        if not is_whole or (order is not None) != (answer == "ELIGIBLE" or decision == "granted"):
            faults.append(f"claim {id_} is {answer}, {decision}, order {order}, {claimed} and {decided} times in the audit")
    for id_, is_upheld, state, decided in objections:
        if is_upheld is None or decided != 1 or (is_upheld and state != "voided"):
            faults.append(f"objection {id_} is decided {decided} times as {is_upheld}, its order is {state}")
    outcomes = [decision for _, _, decision, *_ in claims]
    granted = outcomes.count("granted")
    faults += [f"{told} facts were judged, {granted} claims were granted"] * (told != granted)
    faults += [f"{each} was answered as decided and is not" for each in driver.answers("decided") - {row[0] for row in claims if row[2]}]
    faults += [f"{each} was answered as claimed and is not" for each in driver.answers("claimed") - {row[0] for row in claims}]
    faults += [f"{each} was answered as heard and is not" for each in driver.answers("heard") - {row[0] for row in objections}]
    return faults, {
        "claimed": outcomes.count(None),
        "judged": granted,
        "refused": outcomes.count("refused"),
        "withdrawn": outcomes.count("withdrawn"),
        "upheld": sum(row[1] is True for row in objections),
    }


def runs_after(site: RunningSite) -> tuple[list[str], dict[str, int]]:
    """See to it that what was left to the worker is done, once, and the same each time; returns faults, and figures."""
    address = Postgres(site.folder / "database").address
    until(lambda: not left_to_the_worker(address), 300)
    with psycopg.connect(address) as connection:
        runs = connection.execute(RUNS).fetchall()
        repeated = connection.execute("SELECT fault, state, is_same FROM entitlements_repetition").fetchall()
    faults = [f"a run is {row}" for row in runs if row[1:] != (1, 1, 1)]
    faults += [f"a repetition is {row}" for row in repeated if row[1:] != ("done", True)]
    return faults, {"runs": len(runs), "repetitions": len(repeated)}


def left_to_the_worker(address: str) -> int:
    """Return how many runs and repetitions are not over."""
    with psycopg.connect(address) as connection:
        ((count,),) = connection.execute(
            """SELECT (SELECT count(*) FROM entitlements_run run
                WHERE NOT EXISTS (SELECT FROM entitlements_result WHERE run_id = run.id)
                AND (SELECT state FROM entitlements_progress WHERE run_id = run.id) <> 'failed')
            + (SELECT count(*) FROM entitlements_repetition WHERE state IN ('queued', 'running'))"""
        ).fetchall()
    return int(count)


def ended_well(site: RunningSite, driver: Driver) -> dict[str, int]:
    """See to it that nothing was lost or paid twice, that the chain is whole and the books balance; returns figures."""
    faults, figures = delivery_after(site, driver)
    faults = faults_after(site, driver) + faults
    assert not faults, "\n".join(faults)
    site.send(signal.SIGTERM)
    code = site.ended()
    assert code == 0, f"it ended with {code}: {site.out.read_text(encoding='utf-8')[-2_000:]}"
    verified = command("site", "verify", site.folder)
    assert verified.returncode == 0, verified.stdout
    return figures
