"""The delivery part of the program that is killed: notices, objections, claims, reviews, batches, return files, and runs.

A round delivers one policy to everybody of a town, and lets some of them claim others: such as are answered at once, and one that a person
judges. Claims, their review, and the signing, bank file and return of every other batch go over the site's pages; the lines of a notice are
granted by the site's worker, which decides everybody anew once in a round besides; all else goes through the doors of the services.
Whatever a round does is asked of what stands in the database, or may be done twice; so a round that was cut short is begun again from its
beginning, and one that is done may be repeated. Chance hangs on a seed and on what it is about, never on when: the same return file is
made again for the same batch. What was answered is written to a journal: it may never be lost again.
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
from django.utils import timezone
from polars.exceptions import ComputeError
from procrastinate.exceptions import ConnectorException

from tests.server import small_town
from tests.server.delivery_orders import LI, OFFICER, WANG, return_file
from tests.server.kill_pages import COUNTER, JUDGE, MAKER, PASSWORD, SIGNER, Pages
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Batch, BatchState, NothingPayable, Notice, NoticeIsOver, NoticeState, OrderState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import RunState
from zhida_server.ledger import service as ledger
from zhida_server.people import service as accounts
from zhida_server.people.data import Role, job_actor
from zhida_server.people.models import User
from zhida_server.registry import service as registry

Answer = TypeVar("Answer")

SETUP = job_actor("setup")
CLOSER = job_actor("delivery")
AS_OF = dt.date(2026, 6, 30)
OPENED = dt.date(2026, 7, 1)
BUDGET = "budget/2026/town"
FAIL, CANCEL, OBJECT, UPHOLD = 0.35, 0.1, 0.1, 0.5
"""How often a payment fails, an order is cancelled, somebody objects, and rightly."""
AT_ONCE, JUDGED = tuple(f"town/lamps-{each}" for each in range(4)), "town/judged"
"""Policies that are claimed: answered at once, and judged by a person."""
ROUND = 5
"""With how many acts of the ledger one round of delivery comes."""
CLAIMED, PAID = 3, 5
"""How many claims of a round are answered at once; one more is judged, as long as there are enterprises; and after how many
rounds claims are paid."""
SHARE = 2
"""One batch of so many is signed, fetched and returned on the site's pages, the others through the doors of the services."""
WORKER_SECONDS, FIRST_SECONDS = 20.0, 240.0
"""How long the worker is waited for to grant the lines of a notice, and those of the first; after that it is done here."""
EARLIER = dt.date(2025, 6, 30)
"""The day of the runs of a round: as of another year, so that they overtake none."""
YES, NO, TEN = 5, 8, 10
"""Of ten claims that a person judges so many are granted, up to so many refused; what is left is withdrawn."""
FEN = 20_000
"""What each of the claimed policies gives."""
JUDGED_FACT, TOLD_FACT = "示范企业", "依托大模型"
"""What a person judges, and what is asked of whoever claims for the first time."""
DICTIONARY = small_town.DICTIONARY + f"| {JUDGED_FACT} | boolean | | | 人工认定 | 否 | 否 | 否 | | | | |\n"


def policy(number: int) -> str:
    """Return the name of a policy."""
    return f"town/garden-{number}" if number else "town/garden"


def answered(act: Callable[[], Answer]) -> Answer:
    """Do an act until the database has answered."""
    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError, ConnectorException, OSError, ComputeError):  # the last two of a disk that is full
            connection.close()
            time.sleep(0.02)


def set_up(policies: int, firms: int, pages: Pages) -> None:
    """Make the town: its packs, its registry, its budget, everybody's account, and the run that decides."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {f"policies__garden-{each}": _text(each) for each in range(1, policies)}
        texts |= {f"policies__{each.partition('/')[2]}": _claimed(each, TOLD_FACT) for each in AT_ONCE}
        texts |= {"policies__judged": _claimed(JUDGED, JUDGED_FACT)}
        packs = small_town.packs(Path(folder), _text(0), registry__enterprise=DICTIONARY, **texts)
        (packs / "national").mkdir()
        years = range(EARLIER.year, timezone.localdate().year + 2)  # as many as the site's own clock may need
        rows = "".join(f"| {year} | 元旦 | {year}-01-01 | |\n" for year in years)
        (packs / "national" / "calendar.md").write_text(
            f"# 工作日历\n\n| 年 | 节日 | 放假 | 上班 |\n|---|---|---|---|\n{rows}", encoding="utf-8"
        )
        catalogue.take_packs(SETUP, packs)
    rows = "".join(f"{code},第{at}企业,湖墅街道,{12 + at},100,国产\n" for at, code in enumerate(codes(firms)))
    base = small_town.BASE.splitlines(keepends=True)[0] + rows
    proposed = registry.propose_import(OFFICER, ("mapping.yaml", small_town.MAPPING.encode()), [("base.csv", base.encode())])
    registry.take_import(OFFICER, proposed.id)
    ledger.open_budget(LI, BUDGET, "花园", [policy(each) for each in range(policies)], AS_OF.year, 10**11, key="open")
    for year in (timezone.localdate().year, timezone.localdate().year + 1):  # pages claim on the day that it is
        claims = f"budget/{year}/town/claims"
        ledger.open_budget(LI, claims, "申领", [*AT_ONCE, JUDGED], year, 10**11, key=f"open/{year}")
    people = (
        (COUNTER, Role.SERVICE, "政务中心"),
        (JUDGE, Role.SERVICE, "政务中心"),
        (MAKER, LI.role, LI.office),
        (SIGNER, WANG.role, WANG.office),
    )
    for name, role, office in people:
        accounts.create_staff(SETUP, name, PASSWORD, role, office)
    User.objects.update(has_initial_password=False)
    for code in codes(firms):
        delivery.set_payee(LI, code, f"企业{code}", "示例银行杭州分行", "6222 0000 0000 0001", on=OPENED, document="开户证明 1")
    pages.log_in()
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


def claims_of(number: int, firms: int) -> list[tuple[str, str]]:
    """Return what is claimed in a round, and by whom."""
    places = range(number * CLAIMED, min((number + 1) * CLAIMED, len(AT_ONCE) * firms))
    at_once = [(AT_ONCE[place // firms], codes(firms)[place % firms]) for place in places]
    return at_once + [(JUDGED, code) for code in codes(firms)[number : number + 1]]


def _text(number: int) -> str:
    return small_town.POLICY.replace("town/garden", policy(number)).replace("花园补助", f"花园补助之{number}")


def _claimed(name: str, fact: str) -> str:
    """Return the text of a policy that is claimed."""
    text = small_town.POLICY.replace("town/garden", name).replace("花园补助", name).replace("免申即享", "即申即享").split("## 例")[0]
    text = text.replace("/2026-12-31", "/2999-12-31").replace("1000", str(FEN // 100))
    return text.replace(TABLE, f"```feel 可补助: boolean\n从业人员 < 300 and {fact}\n```\n")


class Delivery:
    """Rounds of delivery, with a journal of what was answered."""

    def __init__(self, seed: int, journal: Path, pages: Pages) -> None:
        self._seed, self._journal, self._pages, self._on = seed, journal, pages, OPENED

    def deliver(self, number: int) -> None:
        """Deliver one policy to everybody: put on notice, granted, closed, some cancelled, paid or sent back, until nothing is left."""
        run = answered(partial(entitlements.latest_run_of, AS_OF.year))
        assert run is not None
        opened = answered(partial(delivery.open_notice, OFFICER, run.id, policy(number), on=OPENED, days=2))
        self._keep("opened", [opened.id])
        self.order_runs(number)
        granted = self._granted(opened.id, WORKER_SECONDS if number else FIRST_SECONDS)
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
        for each in self._batches(policy(number))[-1:]:
            if each.state is BatchState.RECONCILED:
                self._advance(each)  # the same files again change nothing
        while self._pay(policy(number)):
            pass

    def _granted(self, notice_id: UUID, seconds: float) -> Notice:
        """Wait until the worker has granted the lines of a notice; where it does not, because its database died, do it here."""
        deadline = time.monotonic() + seconds
        while (found := answered(partial(delivery.notice, notice_id))).state is NoticeState.GRANTING:
            if time.monotonic() > deadline:
                self._keep("here", [notice_id])
                return answered(partial(delivery.grant_lines, notice_id))
            time.sleep(0.02)
        self._keep("worker", [notice_id])
        return found

    def claim(self, number: int, firms: int) -> None:
        """Let enterprises claim: what is answered at once, and what a person judges, grants, refuses, or sees withdrawn."""
        for name, code in claims_of(number, firms):
            is_granted, id_ = self._pages.claim(code, name, f"{name}/{code}")
            place = int(code[1:]) % TEN
            assert is_granted or name == JUDGED, f"{code} claims {name}, and is not answered"
            assert not is_granted or name != JUDGED or place < YES, f"{code} claims {name}, and is granted it without a person"
            self._keep("granted" if is_granted else "claimed", [id_])
            if not is_granted:  # of what was judged before, the grant is shown
                if place < NO:
                    self._pages.decide(id_, {JUDGED_FACT: "true"}, is_granted=place < YES)
                else:
                    self._pages.withdraw(code, id_)
                self._keep("decided", [id_])

    def pay_claims(self) -> None:
        """Pay what was claimed."""
        for name in (*AT_ONCE, JUDGED):
            while self._pay(name):
                pass

    def order_runs(self, number: int) -> None:
        """Let the worker decide everybody: anew, or once more the run that counts."""
        run = answered(partial(entitlements.latest_run_of, AS_OF.year))
        assert run is not None
        if number % 2:
            answered(partial(entitlements.start_run, OFFICER, EARLIER))
        else:
            answered(partial(entitlements.start_repeat, OFFICER, run.id))

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
        on_pages = int(found.number.partition("-")[2]) % SHARE == 0
        if on_pages:
            self._pages.sign(found.id)
            content = self._pages.bank_file(found.id)
        else:
            answered(partial(delivery.sign_batch, WANG, found.id, on=self._on))
            content = answered(partial(delivery.bank_file, LI, found.id))[1]
        name, again = answered(partial(delivery.bank_file, LI, found.id))
        assert content == again
        whole = answered(partial(delivery.batch, LI, found.id))
        results = ["失败" if self._lot(line.order_id, whole.number) < FAIL else "成功" for line in whole.lines]
        half = [result if at % 2 else "处理中" for at, result in enumerate(results)]
        for part in (half, results):
            file = return_file(whole, *part, reason="户名不符")
            if on_pages:
                self._pages.load_return(found.id, name, file)
            else:
                answered(partial(delivery.load_return, LI, found.id, name, file, on=self._on))
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
