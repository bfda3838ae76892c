"""A program that grants and pays in many small acts, each repeated until the ledger has answered; it may be killed at any moment.

    python tests/server/kill_driver.py ACTS SEED JOURNAL [POLICIES FIRMS PORT]      (with the site's folder and database in the environment)

For each number it reserves an amount under the key `kill/<number>`, and then pays it (two of three) or gives it back; and where it is
given policies, it delivers one of them with every fifth number, and lets some claim (`kill_delivery.py`), by the site's pages at a port.
What the ledger has answered is written to the journal and flushed to the disk before the next act: it may never be lost again. Started
again, it begins a little before where the journal ends, so that acts that were done are done again.
"""

import os
import random
import sys
from functools import partial
from pathlib import Path

import django

django.setup()

from django.db import transaction  # noqa: E402 - the framework is set up first

from tests.server.kill_delivery import PAID, ROUND, Delivery, answered, set_up  # noqa: E402
from tests.server.kill_pages import Pages, Waiting  # noqa: E402
from zhida_server.audit import service as audit  # noqa: E402
from zhida_server.ledger import service as ledger  # noqa: E402
from zhida_server.ledger.data import Reservation, Settlement, act_id  # noqa: E402
from zhida_server.people.data import job_actor  # noqa: E402

BUDGET, YEAR = "budget/2026/test/kills", 2026
REPEATED = 4
"""How many acts are done again after a restart."""

ACTOR = job_actor("kill-driver")


def content_of(number: int, seed: int) -> tuple[Reservation, bool]:
    """Return what is reserved for a number, and whether it is paid in the end; always the same."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - its lots are drawn from a seed
    reservation = Reservation(f"kill/{number}", BUDGET, f"9133{chance.randrange(40):014}", chance.randrange(1, 500_00), f"第 {number} 笔")
    return reservation, chance.random() < 2 / 3


def act(number: int, seed: int) -> None:
    """Reserve, then pay or give back; each act with its audit record in one transaction."""
    reservation, is_paid = content_of(number, seed)
    with transaction.atomic():
        ledger.reserve_many([reservation], by=ACTOR.name)
        audit.record(ACTOR.name, "entitlement.grant", str(reservation.id))
    with transaction.atomic():
        settlement = Settlement(reservation.id, f"kill/{number}/{'pay' if is_paid else 'void'}")
        if is_paid:
            ledger.post_many([settlement], by=ACTOR.name)
        else:
            ledger.void_many([settlement], "试验", by=ACTOR.name)
        audit.record(ACTOR.name, "batch.return" if is_paid else "order.cancel", str(reservation.id))


def round_(delivery: Delivery, number: int, policies: int, firms: int) -> None:
    """Deliver a policy, as long as there is one left, and let some claim; the worker has something to do all the while."""
    if number < policies:
        delivery.deliver(number)
    else:
        delivery.order_runs(number)
    delivery.claim(number, firms)
    if number % PAID == PAID - 1:
        delivery.pay_claims()


def main() -> None:
    """Do what is left to do."""
    acts, seed, journal = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    policies, firms, port = (int(each) for each in sys.argv[4:7]) if sys.argv[4:] else (0, 0, 0)
    pages = Pages(port, journal, Waiting(journal.with_name(f"{journal.name}.now")))
    if policies and not journal.exists():
        set_up(policies, firms, pages)
    answered(partial(ledger.open_budget, ACTOR, BUDGET, "试验", ["test/kills"], YEAR, 10**12, key="kill/budget"))
    delivery = Delivery(seed, journal.with_name(f"{journal.name}.delivery"), pages)
    done = journal.read_text(encoding="utf-8").count("\n") if journal.exists() else 0
    with journal.open("a", encoding="utf-8") as file:
        for number in range(max(0, done - REPEATED), acts):
            answered(partial(act, number, seed))
            if policies and number % ROUND == 0:
                round_(delivery, number // ROUND, policies, firms)
            if number >= done:
                file.write(f"{number} {act_id(f'kill/{number}')}\n")
                file.flush()
                os.fsync(file.fileno())
    if policies:
        delivery.pay_claims()


if __name__ == "__main__":
    main()
