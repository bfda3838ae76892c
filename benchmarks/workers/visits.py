"""Fill a demonstration site and log representatives in: `page_times.py` starts it with the site's folder and database in its environment.

It prints the address of each one's page and the cookie that says who they are, as JSON. What is there already is left as it is.
"""

import datetime as dt
import json
import logging
import os
import random
import sys
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402 - the framework is set up first
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402

from zhida_server.catalogue import service as catalogue  # noqa: E402
from zhida_server.entitlements import service as entitlements  # noqa: E402
from zhida_server.people import service as people  # noqa: E402
from zhida_server.people.data import job_actor  # noqa: E402
from zhida_server.people.models import User  # noqa: E402
from zhida_server.registry import service as registry  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
AS_OF = dt.date(2026, 6, 30)
JOB = job_actor("pages")


def fill(sources: Path) -> None:
    """Fill the site, unless that was done before."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    if entitlements.latest_run() is None:
        catalogue.take_packs(JOB, ROOT / "packs")
        found = registry.propose_import_paths(JOB, ROOT / "examples/demo/mapping.yaml", sorted(sources.glob("*.csv")))
        registry.take_import(JOB, found.id)
        entitlements.run_now(entitlements.start_run(JOB, AS_OF).id)


def cookie_of(name: str, code: str) -> str:
    """Return the cookie of a representative who is logged in; the account is made where there is none."""
    if not User.objects.filter(username=name).exists():
        people.bind_representative(JOB, name, os.urandom(16).hex(), code)
    user = User.objects.get(username=name)
    User.objects.filter(id=user.id).update(has_initial_password=False)
    visit = SessionStore()
    visit[SESSION_KEY] = str(user.id)
    visit[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    visit[HASH_SESSION_KEY] = user.get_session_auth_hash()
    visit.create()
    return f"{settings.SESSION_COOKIE_NAME}={visit.session_key}"


def main() -> None:
    """Print whose pages are asked for."""
    logging.disable(logging.INFO)
    sources, users = Path(sys.argv[1]), int(sys.argv[2])
    fill(sources)
    run = entitlements.latest_run()
    assert run is not None
    paid = max(entitlements.tallies(JOB, run.id), key=lambda tally: tally.outcomes["ELIGIBLE"] if tally.paid_fen else 0)
    codes = random.Random(5).sample([line.code for line in entitlements.eligible(run.id, paid.policy)], users)  # noqa: S311 - a sample
    print(json.dumps([{"path": reverse("enterprise", args=[code]), "cookie": cookie_of(f"pages-{code}", code)} for code in codes]))


if __name__ == "__main__":
    main()
