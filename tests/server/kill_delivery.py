"""The delivery part of the program that is killed: notices, grants, batches, return files, cancellations, all through delivery's doors.

A round delivers one policy to everybody of a town. Whatever a round does is asked of what stands in the database, or may be done twice;
so a round that was cut short is begun again from its beginning, and one that is done may be repeated. Chance hangs on a seed and on what
it is about, never on when: the same return file is made again for the same batch. What was answered is written to a journal: it may
never be lost again.
"""

import datetime as dt
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection
from procrastinate.exceptions import ConnectorException

from tests.house.tree import ROOT
from tests.server import small_town
from tests.server.delivery_orders import LI, OFFICER, WANG, return_file
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Batch, BatchState, NothingPayable, NoticeState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import RunState
from zhida_server.ledger import service as ledger
from zhida_server.people.data import job_actor
from zhida_server.registry import service as registry

Answer = TypeVar("Answer")

SETUP = job_actor("setup")
CLOSER = job_actor("delivery")
AS_OF = dt.date(2026, 6, 30)
OPENED = dt.date(2026, 7, 1)
BUDGET = "budget/2026/town"
FAIL, CANCEL = 0.35, 0.1
"""How often a payment fails, and how often an order is cancelled."""


def policy(number: int) -> str:
    """Return the name of a policy."""
    return f"town/garden-{number}" if number else "town/garden"


def answered(act: Callable[[], Answer]) -> Answer:
    """Do an act until the database has answered."""
    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError, ConnectorException):
            connection.close()
            time.sleep(0.02)


def set_up(policies: int, firms: int) -> None:
    """Make the town: its packs, its registry, its budget, everybody's account, and the run that decides."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {f"policies__garden-{each}": _text(each) for each in range(1, policies)}
        packs = small_town.packs(Path(folder), _text(0), **texts)
        (packs / "national").mkdir()
        (packs / "national" / "calendar.md").write_bytes((ROOT / "packs" / "national" / "calendar.md").read_bytes())
        catalogue.take_packs(SETUP, packs)
    rows = "".join(f"{code},第{at}企业,湖墅街道,{12 + at},100,国产\n" for at, code in enumerate(codes(firms)))
    base = small_town.BASE.splitlines(keepends=True)[0] + rows
    proposed = registry.propose_import(OFFICER, ("mapping.yaml", small_town.MAPPING.encode()), [("base.csv", base.encode())])
    registry.take_import(OFFICER, proposed.id)
    ledger.open_budget(LI, BUDGET, "花园", [policy(each) for each in range(policies)], AS_OF.year, 10**11, key="open")
    for code in codes(firms):
        delivery.set_payee(LI, code, f"企业{code}", "示例银行杭州分行", "6222 0000 0000 0001", on=OPENED)
    run = entitlements.start_run(OFFICER, AS_OF)
    while run.state is not RunState.DONE:  # the site's worker does it
        assert run.state is not RunState.FAILED
        time.sleep(0.1)
        run = entitlements.run(OFFICER, run.id)


def codes(firms: int) -> list[str]:
    """Return the codes of the town's enterprises."""
    return [f"F{each:04}" for each in range(firms)]


def _text(number: int) -> str:
    return small_town.POLICY.replace("town/garden", policy(number)).replace("花园补助", f"花园补助之{number}")


class Delivery:
    """Rounds of delivery, with a journal of what was answered."""

    def __init__(self, seed: int, journal: Path) -> None:
        self._seed, self._journal, self._on = seed, journal, OPENED

    def deliver(self, number: int) -> None:
        """Deliver one policy to everybody: put on notice, granted, closed, some cancelled, paid or sent back, until nothing is left."""
        run = answered(entitlements.latest_run)
        assert run is not None
        opened = answered(partial(delivery.open_notice, OFFICER, run.id, policy(number), on=OPENED, days=2))
        self._keep("opened", [opened.id])
        granted = answered(partial(delivery.grant_lines, opened.id))
        assert (granted.state is not NoticeState.GRANTING, granted.waiting) == (True, 0)
        lines = answered(partial(delivery.notice_lines, opened.id, limit=10_000))
        ids = [line.order_id for line in lines if line.order_id is not None]
        assert len(ids) == len(lines)
        self._keep("granted", ids)
        self._on = granted.closes_on + dt.timedelta(1)  # of the driver's day, or of the worker's, whoever granted the last line
        answered(partial(delivery.close_notices, CLOSER, self._on))
        for order_id in ids:
            if self._lot(order_id) < CANCEL:
                answered(partial(delivery.cancel_order, LI, order_id, "试验", on=self._on))
                self._keep("voided", [order_id])
        for each in self._batches(number):
            if each.state is BatchState.RECONCILED:
                self._advance(each)  # the same files again change nothing
        while self._pay(number):
            pass

    def _batches(self, number: int) -> list[Batch]:
        return [each for each in answered(partial(delivery.batches, LI)) if each.policy == policy(number)]

    def _pay(self, number: int) -> bool:
        """Bring the batches of a policy to their end, let be tried again what is held, and make the next; says whether there was any."""
        is_moved = False
        for each in self._batches(number):
            if each.state is not BatchState.RECONCILED:
                self._advance(each)
                is_moved = True
        for order in answered(partial(delivery.held_orders, LI)):
            if order.policy == policy(number):
                answered(partial(delivery.requeue_order, LI, order.id, "账号已核对", on=self._on))
        try:
            answered(partial(delivery.make_batch, LI, policy(number), on=self._on))
        except NothingPayable:  # or it was made, and its answer was lost
            return is_moved or any(each.state is not BatchState.RECONCILED for each in self._batches(number))
        return True

    def _advance(self, found: Batch) -> None:
        """Sign a batch, fetch its file and load what the bank says of it: first of one half, then of the whole."""
        answered(partial(delivery.sign_batch, WANG, found.id, on=self._on))
        name, content = answered(partial(delivery.bank_file, LI, found.id))
        assert content == answered(partial(delivery.bank_file, LI, found.id))[1]
        whole = answered(partial(delivery.batch, LI, found.id))
        results = ["失败" if self._lot(line.order_id, whole.number) < FAIL else "成功" for line in whole.lines]
        half = [result if at % 2 else "处理中" for at, result in enumerate(results)]
        for part in (half, results):
            answered(partial(delivery.load_return, LI, found.id, name, return_file(whole, *part, reason="户名不符"), on=self._on))
            self._keep("paid", [line.order_id for line, result in zip(whole.lines, part, strict=True) if result == "成功"])
        assert answered(partial(delivery.batch, LI, found.id)).state is BatchState.RECONCILED

    def _lot(self, *about: object) -> float:
        """Draw a lot about something: always the same."""
        return random.Random(f"{self._seed}/{about}").random()  # noqa: S311 - its lots are drawn from a seed

    def _keep(self, kind: str, ids: Iterable[UUID]) -> None:
        """Write down what was answered, and see to it that it is on the disk."""
        with self._journal.open("a", encoding="utf-8") as file:
            file.writelines(f"{kind} {each}\n" for each in ids)
            file.flush()
            os.fsync(file.fileno())
