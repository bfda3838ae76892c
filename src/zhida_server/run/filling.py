"""What fills a site from its own machine: people, a registry, packs, a run; each through the services, as on its pages."""

import dataclasses
import getpass
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model

from zhida_server.catalogue import service as catalogue
from zhida_server.entitlements import service as entitlements
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound, Role, job_actor
from zhida_server.registry import service as registry


def actor_named(name: str) -> Actor:
    """Return who acts: somebody by their login, or a job of whoever is at this machine.

    Raises:
        NotFound: nobody is called so.
    """
    if not name:
        return job_actor(f"console/{getpass.getuser()}")
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise NotFound("no-such-person", f"没有在用的账号“{name}”", f"there is no active account '{name}'")
    return people.actor_of(user)


def staff(actor: str, name: str, password: str, role: str, office: str) -> dict[str, Any]:
    """Add a member of staff."""
    return _people(people.create_staff(actor_named(actor), name, password, Role(role), office))


def representative(actor: str, name: str, password: str, code: str, document: str) -> dict[str, Any]:
    """Add a representative of an enterprise; in somebody's name it waits for a second person."""
    return _people(people.bind_representative(actor_named(actor), name, password, code, document))


def everybody(actor: str) -> dict[str, Any]:
    """List everybody who can log in, or could."""
    return _people(*people.people(actor_named(actor)))


def _people(*found: object) -> dict[str, Any]:
    return {"people": [dataclasses.asdict(each) | {"role": str(each.role)} for each in found]}  # type: ignore[call-overload, attr-defined]


def import_files(actor: str, mapping: str, files: list[str], take: bool) -> dict[str, Any]:
    """Read source files, and take them where that was asked for.

    Args:
        actor: In whose name.
        mapping: The mapping's file.
        files: The files.
        take: Whether to take them at once.
    """
    who = actor_named(actor)
    found = registry.propose_import_paths(who, Path(mapping), [Path(path) for path in files])
    if take:
        found = registry.take_import(who, found.id)
    return {
        "id": str(found.id),
        "state": found.state.value,
        "rows": found.rows,
        "sha256": found.sha256,
        "report_zh": found.report_text_zh,
        "report_en": found.report_text_en,
    }


def packs(actor: str, folder: str) -> dict[str, Any]:
    """Take a version of the packs."""
    found = catalogue.take_packs(actor_named(actor), Path(folder))
    return {"sha256": found.sha256, "policies": found.policies}


def run(actor: str, as_of: str) -> dict[str, Any]:
    """Decide every policy for every enterprise, and wait until it is done."""
    who = actor_named(actor)
    started = entitlements.start_run(who, date.fromisoformat(as_of))
    entitlements.run_now(started.id)
    done = entitlements.run(who, started.id)
    return {"id": str(done.id), "as_of": str(done.as_of), "state": done.state.value, "results_sha256": done.results_sha256}
