"""The delivery part of the program that is killed: notices, objections, claims, reviews, batches, return files, through delivery's doors.

A round delivers one policy to everybody of a town, and lets some of them claim two others: one that is answered at once, and one that a
person judges. Whatever a round does is asked of what stands in the database, or may be done twice;
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
from contextlib import suppress
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
from zhida_server.delivery.data import Batch, BatchState, NothingPayable, NoticeIsOver, NoticeState, OrderState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import RunState
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.registry import service as registry

Answer = TypeVar("Answer")

SETUP = job_actor("setup")
CLOSER = job_actor("delivery")
AS_OF = dt.date(2026, 6, 30)
OPENED = dt.date(2026, 7, 1)
BUDGET = "budget/2026/town"
FAIL, CANCEL, OBJECT, UPHOLD = 0.35, 0.1, 0.1, 0.5
"""How often a payment fails, an order is cancelled, somebody objects, and rightly."""
AT_ONCE, JUDGED = "town/lamps", "town/judged"
"""Policies that are claimed: answered at once, and judged by a person."""
YES, NO = 0.5, 0.8
"""Up to which lot a claim is granted, and from there to which it is refused; what is left is withdrawn."""
FEN = 20_000
"""What each of the claimed policies gives."""
CLERK = Actor("qian", Role.SERVICE, "政务中心")
JUDGED_FACT = "示范企业"
DICTIONARY = small_town.DICTIONARY + f"| {JUDGED_FACT} | boolean | | | 人工认定 | 否 | 否 | 否 | | | | |\n"


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
        texts |= {"policies__lamps": _claimed(AT_ONCE, ""), "policies__judged": _claimed(JUDGED, f" and {JUDGED_FACT}")}
        packs = small_town.packs(Path(folder), _text(0), registry__enterprise=DICTIONARY, **texts)
        (packs / "national").mkdir()
        (packs / "national" / "calendar.md").write_bytes((ROOT / "packs" / "national" / "calendar.md").read_bytes())
        catalogue.take_packs(SETUP, packs)
    rows = "".join(f"{code},第{at}企业,湖墅街道,{12 + at},100,国产\n" for at, code in enumerate(codes(firms)))
    base = small_town.BASE.splitlines(keepends=True)[0] + rows
    proposed = registry.propose_import(OFFICER, ("mapping.yaml", small_town.MAPPING.encode()), [("base.csv", base.encode())])
    registry.take_import(OFFICER, proposed.id)
    ledger.open_budget(LI, BUDGET, "花园", [*(policy(each) for each in range(policies)), AT_ONCE, JUDGED], AS_OF.year, 10**11, key="open")
    for code in codes(firms):
        delivery.set_payee(LI, code, f"企业{code}", "示例银行杭州分行", "6222 0000 0000 0001", on=OPENED, document="开户证明 1")
    run = entitlements.start_run(OFFICER, AS_OF)
    while run.state is not RunState.DONE:  # the site's worker does it
        assert run.state is not RunState.FAILED
        time.sleep(0.1)
        run = entitlements.run(OFFICER, run.id)


def codes(firms: int) -> list[str]:
    """Return the codes of the town's enterprises."""
    return [f"F{each:04}" for each in range(firms)]


TABLE = """| U | 从业人员 | **可补助: boolean** |
|---|---|---|
| 1 | < 300 | true |
| 2 | >= 300 | false |
"""
"""What says who is eligible, in the policy of the small town."""


def _text(number: int) -> str:
    return small_town.POLICY.replace("town/garden", policy(number)).replace("花园补助", f"花园补助之{number}")


def _claimed(name: str, more: str) -> str:
    """Return the text of a policy that is claimed."""
    text = small_town.POLICY.replace("town/garden", name).replace("花园补助", name).replace("免申即享", "即申即享").split("## 例")[0]
    return text.replace(TABLE, f"```feel 可补助: boolean\n从业人员 < 300{more}\n```\n").replace("1000", str(FEN // 100))


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
        for line in lines:
            self._object(opened.id, line.code)
        self._on = granted.closes_on + dt.timedelta(1)  # of the driver's day, or of the worker's, whoever granted the last line
        answered(partial(delivery.close_notices, CLOSER, self._on))
        for order_id in ids:
            if self._lot(order_id) < CANCEL and answered(partial(delivery.order, LI, order_id, purpose="test")).state is OrderState.PAYABLE:
                answered(partial(delivery.cancel_order, LI, order_id, "试验", on=self._on))
                self._keep("voided", [order_id])
        for each in self._batches(policy(number)):
            if each.state is BatchState.RECONCILED:
                self._advance(each)  # the same files again change nothing
        while self._pay(policy(number)):
            pass

    def claim(self, codes: Iterable[str]) -> None:
        """Let enterprises claim: what is answered at once, and what a person judges, grants, refuses, or sees withdrawn."""
        for code in codes:
            firm = Actor(f"firm-{code}", Role.REPRESENTATIVE, "", code)
            claim = answered(partial(delivery.claim, firm, code, AT_ONCE, {}, on=OPENED, key=f"{AT_ONCE}/{code}"))
            assert claim.entitlement is not None
            self._keep("granted", [claim.entitlement])
            asked = answered(partial(delivery.claim, firm, code, JUDGED, {}, on=OPENED, key=f"{JUDGED}/{code}"))
            assert asked.id is not None
            lot = self._lot(code, JUDGED)
            if lot < NO:
                facts = {JUDGED_FACT: "true"}
                shown = answered(partial(delivery.review, CLERK, asked.id, facts))
                yes = {"is_granted": lot < YES, "reason": "材料齐全", "on": OPENED, "facts": facts, "seen": shown.seen}
                decided = answered(partial(delivery.decide_claim, CLERK, asked.id, **yes))
            else:
                decided = answered(partial(delivery.withdraw_claim, firm, asked.id, on=OPENED))
            assert (decided.entitlement is not None) == (lot < YES)
            self._keep("granted", [decided.entitlement] if decided.entitlement else [])
            self._keep("decided", [asked.id])

    def pay_claims(self) -> None:
        """Pay what was claimed."""
        for claimed in (AT_ONCE, JUDGED):
            while self._pay(claimed):
                pass

    def _object(self, notice_id: UUID, code: str) -> None:
        """Let somebody object to a line, and the officer decide it; once the notice is over, it was decided before."""
        if self._lot(notice_id, code) >= OBJECT:
            return
        with suppress(NoticeIsOver):
            made = answered(partial(delivery.object_to, notice_id, code, "邻居", "没有花园", on=OPENED))
            is_upheld = self._lot(notice_id, code, "upheld") < UPHOLD
            answered(partial(delivery.decide_objection, OFFICER, made.id, is_upheld=is_upheld, reason="查过了", on=OPENED))
            self._keep("heard", [made.id])

    def _batches(self, name: str) -> list[Batch]:
        return [each for each in answered(partial(delivery.batches, LI)) if each.policy == name]

    def _pay(self, name: str) -> bool:
        """Bring the batches of a policy to their end, let be tried again what is held, and make the next; says whether there was any."""
        is_moved = False
        for each in self._batches(name):
            if each.state is not BatchState.RECONCILED:
                self._advance(each)
                is_moved = True
        for order in answered(partial(delivery.held_orders, LI)):
            if order.policy == name:
                answered(partial(delivery.requeue_order, LI, order.id, "账号已核对", on=self._on))
        try:
            answered(partial(delivery.make_batch, LI, name, on=self._on))
        except NothingPayable:  # or it was made, and its answer was lost
            return is_moved or any(each.state is not BatchState.RECONCILED for each in self._batches(name))
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
