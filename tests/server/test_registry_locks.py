from pathlib import Path
from threading import Barrier, Thread

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from tests.server import small_town
from zhida.policy.pack import Packs
from zhida_server.catalogue import service as catalogue
from zhida_server.catalogue import taking
from zhida_server.people.data import job_actor
from zhida_server.registry import lines
from zhida_server.registry import service as registry

TELL = "INSERT INTO registry_attribute (code, name, value, source, since, by) VALUES ('A1', '甲', '1', 'x', '2026-01-01', 'x')"
JOB = job_actor("setup")


def test_two_who_tell_the_same_at_once_wait_for_each_other(own_database: str) -> None:
    with psycopg.connect(own_database) as one, psycopg.connect(own_database) as other:
        one.execute(TELL)
        other.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(TELL)
        other.rollback()
        one.commit()
        with pytest.raises(psycopg.errors.ExclusionViolation):
            other.execute(TELL)


def test_two_imports_are_taken_one_after_the_other(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_database
    catalogue.take_packs(JOB, small_town.packs(tmp_path / "packs"))
    mapping, base = ("mapping.yaml", small_town.MAPPING.encode()), ("base.csv", small_town.BASE.encode())
    first, second = (registry.propose_import(JOB, mapping, [base]).id for _ in range(2))
    monkeypatch.setattr(lines, "refresh", lambda _registry: None)  # the moment between the decision and the list
    met: list[Exception] = []

    def take_second() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '50ms'")
                registry.take_import(JOB, second)
        except OperationalError as error:
            met.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        registry.take_import(JOB, first)
        other = Thread(target=take_second)
        other.start()
        other.join()
    assert len(met) == 1


def test_the_same_packs_taken_twice_at_once_are_one_version(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_database
    town, both_checked, check = small_town.packs(tmp_path / "packs"), Barrier(2, timeout=120), taking._checked
    met: list[Exception] = []

    def checked(sha256: str) -> Packs:
        found = check(sha256)
        both_checked.wait()
        return found

    def take() -> None:
        try:
            catalogue.take_packs(JOB, town)
        except Exception as error:  # noqa: BLE001 - it is looked at below
            met.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(taking, "_checked", checked)
    threads = [Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []
    assert len(catalogue.pack_versions()) == 1
