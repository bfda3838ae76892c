"""A demonstration is made from nothing, made again without changing anything, and gone on with where it was cut short."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.server.sites import ENVIRONMENT, ZHIDA, command, processes_of, short_folder
from tests.stories.small_district import ROOT, plant_district
from zhida_server.run.folder import opened_folder
from zhida_server.run.postgres import used

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with the parameters of a small district."""
    with short_folder() as place:
        plant_district(place / "parameters")
        yield place


def demo(folder: Path) -> list[str]:
    return [*ZHIDA, "demo", "--district", str(folder / "parameters"), "--out", str(folder / "demo"), "--no-serve", "--lang", "en"]


def test_a_demonstration_that_was_cut_short_is_gone_on_with_and_made_again_changes_nothing(folder: Path) -> None:
    site = folder / "demo" / "site"
    with subprocess.Popen(demo(folder), cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        deadline = time.monotonic() + 200
        while not (site / "logins.txt").exists():
            assert first.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(3)
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 130
    assert processes_of(site.resolve()) == {}
    logins = (site / "logins.txt").read_text(encoding="utf-8")

    made = subprocess.run(demo(folder), check=False, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert made.returncode == 0, made.stderr[-3_000:]
    whole = json.loads(command("site", "verify", site, "--json").stdout)
    assert whole["faults"] == []
    assert (site / "logins.txt").read_text(encoding="utf-8") == logins
    people = json.loads(command("site", "staff", site, "--json").stdout)["people"]
    roles = {person["role"] for person in people}
    assert {"policy", "finance", "service", "leader", "auditor", "administrator"} <= roles
    assert logins.strip() in made.stderr, "whoever made it without a terminal is told the logins as well"
    assert f"serve it: zhida serve {site.resolve()}" in made.stderr
    assert "then open http://127.0.0.1:8000/" in made.stderr
    awaited = [person["name"] for person in people if person["is_awaited"]]
    assert awaited == ["qiye3"], "a second person has still to confirm one representative"
    assert not [person["name"] for person in people if not person["is_active"] and person["name"] not in awaited]

    before = counted(site)
    again = command("serve", site, "--demo", folder / "demo", "--packs", ROOT / "packs", "--no-serve")
    assert again.returncode == 0, again.stderr[-3_000:]
    assert counted(site) == before
    after = json.loads(command("site", "verify", site, "--json").stdout)
    assert after["accounts"] == whole["accounts"]
    assert after["files"] == whole["files"]


def counted(site: Path) -> dict[str, int]:
    """Return how many rows there are of what a demonstration makes."""
    tables = ("ledger_transaction", "delivery_notice", "delivery_batch", "entitlements_run", "registry_import", "people_user")
    with used(opened_folder(site)) as server, psycopg.connect(server.address) as connection:
        return {
            name: int(connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchall()[0][0])
            for name in tables
        }
