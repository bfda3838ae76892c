"""The small town as a site: packs, registry, a run, a budget and people, for tests of its pages."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.test import Client

from tests.house.tree import ROOT
from tests.server import small_town
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Notice
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import Run
from zhida_server.ledger import service as ledger
from zhida_server.people import service as people
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.people.models import User
from zhida_server.registry import service as registry

AS_OF = dt.date(2026, 6, 30)
TODAY = dt.date(2026, 7, 1)
POLICY, BUDGET = "town/garden", "budget/2026/town/garden"
SENTENCE = "a long sentence of 2026"
OFFICER, FINANCE, SECOND = Actor("li", Role.POLICY), Actor("qian", Role.FINANCE), Actor("sun", Role.FINANCE)
SET_UP = job_actor("setup")
NEAR = small_town.BASE + "D4,合成近旁商店,湖墅街道,301,3,\n"


@dataclass(frozen=True)
class Town:
    """What there is."""

    run: Run
    """The run that is done."""

    def client(self, name: str = "") -> Client:
        """Return a browser: of nobody, or of somebody who is logged in."""
        browser = Client(SERVER_NAME="localhost")
        if name:
            browser.force_login(User.objects.get(username=name))
        return browser

    def notice(self, *, on: dt.date = TODAY) -> Notice:
        """Open a notice of what the run found."""
        return delivery.grant_lines(delivery.open_notice(OFFICER, self.run.id, POLICY, on=on, days=5).id)


def town(folder: Path, amount_fen: int = 10_000_000) -> Town:
    """Make the town: A1 is eligible, B2 has a fact that nobody knows, C3 and D4 are too large, D4 by one person."""
    packs = small_town.packs(folder / "packs")
    (packs / "national").mkdir()
    (packs / "national/calendar.md").write_bytes((ROOT / "packs/national/calendar.md").read_bytes())
    catalogue.take_packs(SET_UP, packs)
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(OFFICER, registry.propose_import(OFFICER, mapping, [("base.csv", NEAR.encode())]).id)
    run = entitlements.run_now(entitlements.start_run(OFFICER, AS_OF).id)
    ledger.open_budget(FINANCE, BUDGET, "花园", [POLICY], 2026, amount_fen, key="open")
    people.bind_representative(SET_UP, "boss", SENTENCE, "A1")
    people.bind_representative(SET_UP, "tea", SENTENCE, "B2")
    for role in (Role.POLICY, Role.SERVICE, Role.LEADER, Role.AUDITOR, Role.FINANCE):
        people.create_staff(SET_UP, f"the-{role.value}", SENTENCE, role, "园林局")
    User.objects.update(has_initial_password=False)
    return Town(run)
