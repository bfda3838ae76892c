"""Who may do what at which address: every address of the site is asked by every role, and compared with a table that people read.

`ZHIDA_BLESS=1` writes the table anew; then read what changed. The table stands in access_table.md.
"""

import copy
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.server import staff_town
from zhida_server.people.data import Role
from zhida_server.people.models import User
from zhida_server.people.permissions import PERMISSIONS
from zhida_server.web.guards import Guard

TABLE = Path(__file__).with_name("access_table.md")
COLUMNS = {
    "访客": "",
    "代表·自己": "firm",
    "代表·别家": "rival",
    "政策": "zhao",
    "财务": "li",
    "服务": "qian",
    "领导": "zhou",
    "审计": "sun",
    "管理员": "wu",
}
HEAD = """# 访问表 · Who may open what

每个网址 × 每种身份 × GET/POST，由 `tests/server/test_access_table.py` 逐格问出来；`ZHIDA_BLESS=1` 重写。
“自己”“别家”：网址里的企业、付款单、决定都是甲企业的，“自己”是甲的代表，“别家”是乙的代表。
✓ 可以 · 登录 先去登录 · 403 无权 · 404 没有 · 405 没有这种操作

*Each address × role × method, asked one by one. “自己” represents the enterprise that the address is about, “别家” another one.
✓ allowed · 登录 to the login page · 403 refused · 404 not there · 405 no such method.*

"""
SENT = {
    "as_of": "2026-06-30",
    "reason": "理由",
    "days": "5",
    "decision": "upheld",
    "amount": "1",
    "account_name": "企业",
    "bank": "示例银行",
    "account_number": "622200000000",
    "code": "A1",
    "who": "邻居",
    "act": "deactivate",
    "name": "qian",
    "role": "leader",
    "password": staff_town.PASSWORD,
    "language": "en",
    "policies": "town/garden",
    "year": "2026",
}
SENT_TO = {f"/desk/budgets/{act}/": {"code": staff_town.GARDEN_BUDGET} for act in ("appropriate", "reduce")}
"""What an address is sent besides."""


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the site with its name."""
    for pattern in get_resolver().url_patterns:
        assert not isinstance(pattern, URLResolver), f"{pattern}: addresses stand in one list, so that none is forgotten"
        yield pattern.name or "", pattern


def arguments(name: str, pattern: URLPattern, town: staff_town.Town) -> dict[str, object]:
    """Return what an address is about: something of the first enterprise."""
    of = {
        "code": staff_town.GARDEN_BUDGET if name == "staff_budget" else staff_town.OWN,
        "policy": staff_town.SHOP if name == "staff_notice_open" else staff_town.LAMPS if name == "claim" else staff_town.GARDEN,
        "name": "woven",
        "kind": "csv" if name == "staff_ledger_export" else "mapping",
        "entitlement": town.order,
        "notice": town.notice,
        "run": town.run,
        "objection": town.objection,
        "order": town.order,
        "batch": town.batch,
        "import_id": town.import_id,
        "upload": town.upload,
        "claim": town.claim,
    }
    return {each: of[each] for each in pattern.pattern.converters}


def client_of(user: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    if user:
        client.force_login(User.objects.get(username=user))
    return client


def answer(client: Client, method: str, address: str) -> str:
    """Ask, take back whatever it did, and say in one word what came."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        got = (
            client.get(address) if method == "GET" else client.post(address, {**SENT, **SENT_TO.get(address, {}), "key": str(uuid.uuid4())})
        )
        if getattr(got, "streaming", False):
            assert b"".join(got.streaming_content)  # type: ignore[attr-defined]  # a file, which is closed when it was sent
        transaction.set_rollback(True)
    client.cookies = cookies
    if got.status_code == 302 and got["Location"].startswith(reverse("account_login")):
        return "登录"
    assert got.status_code < 500, (method, address, got.status_code)
    return str(got.status_code) if got.status_code in {403, 404, 405} else "✓"


def asked(town: staff_town.Town) -> str:
    """Return the table as the site answers now."""
    clients = {column: client_of(user) for column, user in COLUMNS.items()}
    lines = [f"| 名称 | 网址 | | {' | '.join(COLUMNS)} |", f"|{'---|' * (3 + len(COLUMNS))}"]
    for name, pattern in addresses():
        address = reverse(name, kwargs=arguments(name, pattern, town)) + (f"?number={town.order}" if name == "staff_follow" else "")
        for method in ("GET", "POST"):
            cells = [answer(client, method, address) for client in clients.values()]
            lines.append(f"| {name} | `/{pattern.pattern!s}` | {method} | {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


@pytest.mark.long
def test_the_table_is_what_every_address_answers_to_every_role(town: staff_town.Town) -> None:
    now = asked(town)
    if os.environ.get("ZHIDA_BLESS"):
        TABLE.write_text(now, encoding="utf-8")
    kept = TABLE.read_text(encoding="utf-8")
    differs = [f"{line}\n   kept: {old}" for line, old in zip(now.splitlines(), kept.splitlines(), strict=False) if line != old]
    assert now == kept, "the site answers otherwise than access_table.md says; bless it if it is meant:\n" + "\n".join(differs)


def test_every_address_has_one_name_and_a_guard_whose_act_is_in_the_table_of_permissions() -> None:
    found = list(addresses())
    names = [name for name, _ in found]
    assert all(names)
    assert len(set(names)) == len(names)
    for name, pattern in found:
        guard = getattr(pattern.callback, "guard", None)
        assert isinstance(guard, Guard), f"{name}: its view has no guard"
        assert guard.act == "" or guard.act in PERMISSIONS, name
        assert set(guard.methods) <= {"GET", "POST"}, name


def cells_kept() -> dict[tuple[str, str], list[str]]:
    """Return the table as it is kept: the cells of each address and method."""
    rows = [line.strip("| ").split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines() if "| `/" in line]
    return {(row[0], row[2]): row[3:] for row in rows}


def test_the_table_says_of_every_address_what_its_guard_says() -> None:
    kept = cells_kept()
    assert set(kept) == {(name, method) for name, _ in addresses() for method in ("GET", "POST")}
    for name, pattern in addresses():
        guard = pattern.callback.guard
        for method in ("GET", "POST"):
            for cell, user in zip(kept[name, method], COLUMNS.values(), strict=True):
                role = staff_town.ROLES.get(user, Role.REPRESENTATIVE if user else Role.VISITOR)
                if method not in guard.methods:
                    assert cell == "405", (name, method, user)
                elif guard.act and role not in PERMISSIONS[guard.act]:
                    assert cell == ("403" if user else "登录"), (name, method, user)
                elif user != "rival" and guard.act:
                    assert cell in {"✓", "404"}, (name, method, user)


def test_every_address_about_an_enterprise_is_closed_to_anothers_representative(town: staff_town.Town) -> None:
    client = client_of("rival")
    for name, pattern in addresses():
        about = {"code", "entitlement", "order", "objection", "batch", "run", "import_id", "upload", "claim"}
        if about.isdisjoint(pattern.pattern.converters):
            continue
        address = reverse(name, kwargs=arguments(name, pattern, town))
        for method in ("GET", "POST"):
            assert answer(client, method, address) in {"403", "404", "405"}, (name, method)


def test_a_form_without_its_token_is_refused_everywhere(town: staff_town.Town) -> None:
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="li"))
    for name, pattern in addresses():
        got = client.post(reverse(name, kwargs=arguments(name, pattern, town)), SENT)
        assert got.status_code == 403, (name, got.status_code)


def test_leaders_see_no_enterprise_on_any_page(town: staff_town.Town) -> None:
    client = client_of("zhou")
    seen = []
    for name, pattern in addresses():
        if not name.startswith("staff_"):
            continue
        with transaction.atomic():
            got = client.get(reverse(name, kwargs=arguments(name, pattern, town)))
            transaction.set_rollback(True)
        text = b"" if getattr(got, "streaming", False) else got.content
        if got.status_code == 200:
            seen.append(name)
            assert "杭州智算".encode() not in text, name
            assert b"6222" not in text, name
            assert "企业A1".encode() not in text, name
    assert {"staff_home", "staff_runs", "staff_budgets", "staff_batch", "staff_payments"} <= set(seen)


def test_the_table_asks_every_role_that_somebody_can_have() -> None:
    roles = {*staff_town.ROLES.values(), Role.REPRESENTATIVE, Role.VISITOR, Role.JOB}
    assert roles == set(Role)
    assert {"", "firm", "rival", *staff_town.ROLES} - set(COLUMNS.values()) == {"wang"}
