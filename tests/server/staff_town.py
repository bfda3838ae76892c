"""A small town in the middle of its work: a run, an open notice with an objection, a claim, a batch at the bank, another one to be made.

Everything is made through the services, as the pages would make it.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from tests.house.tree import ROOT
from tests.server import small_town
from tests.server.delivery_orders import return_file
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.people import service as people
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.people.models import User
from zhida_server.registry import service as registry

AS_OF = dt.date(2026, 6, 30)
PASSWORD = "a long sentence of 2026"  # noqa: S105 - of a test
OWN, OTHER = "A1", "B2"
GARDEN, LAMPS, SHOP, STALLS = "town/garden", "town/lamps", "town/shop", "town/stalls"
GARDEN_BUDGET = "budget/2026/town/garden"
SETUP = job_actor("setup")
ROLES = {
    "zhao": Role.POLICY,
    "li": Role.FINANCE,
    "wang": Role.FINANCE,
    "qian": Role.SERVICE,
    "zhou": Role.LEADER,
    "sun": Role.AUDITOR,
    "wu": Role.ADMINISTRATOR,
}
ZHAO, LI, WANG, QIAN = (Actor(name, ROLES[name], "镇政府") for name in ("zhao", "li", "wang", "qian"))
FIRM = Actor("firm", Role.REPRESENTATIVE, "", OWN)
LAMPS_TEXT = small_town.POLICY.replace(GARDEN, LAMPS).replace("花园补助", "路灯补助").replace("免申即享", "即申即享").replace("1000", "200")
SHOP_TEXT = small_town.POLICY.replace(GARDEN, SHOP).replace("花园补助", "店铺补助").replace("1000", "300")
STALLS_TEXT = (
    small_town.POLICY.replace(GARDEN, STALLS).replace("花园补助", "摊位补助").replace("免申即享", "申报审核").replace("1000", "400")
)
BASE = small_town.BASE.replace("西湖茶叶店,灵隐街道,,5,无", "西湖茶叶店,灵隐街道,8,5,无")
MAPPING = ("mapping.yaml", small_town.MAPPING.encode())


@dataclass(frozen=True)
class Town:
    """What the pages are about."""

    run: UUID
    notice: UUID
    objection: UUID
    order: UUID
    batch: UUID
    import_id: UUID
    upload: UUID
    claim: UUID


def town(folder: Path) -> Town:
    """Let the town come to where it is, and return what its pages are about."""
    for name, role in ROLES.items():
        people.create_staff(SETUP, name, PASSWORD, role, "镇政府")
    for name, code in (("firm", OWN), ("rival", OTHER)):
        people.bind_representative(SETUP, name, PASSWORD, code)
    User.objects.update(has_initial_password=False)
    packs = small_town.packs(folder / "packs", policies__lamps=LAMPS_TEXT, policies__shop=SHOP_TEXT, policies__stalls=STALLS_TEXT)
    (packs / "national").mkdir()
    (packs / "national" / "README.md").write_text("# 全国 · Nation\n", encoding="utf-8")
    (packs / "national" / "calendar.md").write_bytes((ROOT / "packs" / "national" / "calendar.md").read_bytes())
    catalogue.take_packs(SETUP, packs)
    registry.take_import(ZHAO, registry.propose_import(ZHAO, MAPPING, [("base.csv", BASE.encode())]).id)
    this_year = timezone.localdate().year
    for name, year in (("garden", AS_OF.year), ("lamps", this_year), ("shop", AS_OF.year), ("stalls", this_year)):
        ledger.open_budget(LI, f"budget/{year}/town/{name}", f"{name} 预算", [f"town/{name}"], year, 1_000_000, key=f"open {name}")
    run = entitlements.run_now(entitlements.start_run(ZHAO, AS_OF).id).id
    today = timezone.localdate()
    for code in (OWN, OTHER):
        delivery.set_payee(LI, code, f"企业{code}", "示例银行杭州分行", "6222 0000 0000 0001", on=today, document="开户证明 1")
    order = delivery.claim(FIRM, OWN, LAMPS, {}, on=today, key="first").entitlement
    assert order is not None
    batch = sent(delivery.make_batch(LI, on=today).id)
    notice = delivery.grant_lines(delivery.open_notice(ZHAO, run, GARDEN, on=today).id).id
    objection = delivery.object_to(notice, OWN, "邻居 123", "没有花园", on=today).id
    imported = registry.propose_import(QIAN, MAPPING, [("base.csv", (BASE + "D4,新企业,湖墅街道,3,1,国产\n").encode())])
    upload = registry.order_import(QIAN, MAPPING, [("base.csv", BASE.encode())])
    claim = delivery.claim(FIRM, OWN, STALLS, {}, on=today, key="stalls").id
    assert claim is not None
    audit.record("sun", "run.read", str(run))
    return Town(run, notice, objection, order, batch, imported.id, upload.id, claim)


def sent(batch: UUID) -> UUID:
    """Sign a batch and fetch its file."""
    delivery.sign_batch(WANG, batch, on=timezone.localdate())
    delivery.bank_file(LI, batch)
    return batch


def answer_of_bank(batch: UUID, *results: str, reason: str = "") -> bytes:
    """Return the bank's return file of a batch."""
    return return_file(delivery.batch(LI, batch), *results, reason=reason)
