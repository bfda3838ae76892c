"""Runs of a single part, whose policies two processes share: the same bytes whoever decides which, whatever becomes of the other."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine import run_sources as shared
from tests.engine.run_sources import ROWS, opened, order_of, packs_in, write_source
from tests.engine.test_run_processes import of_engine, run_in, workers_of
from tests.stories.small_district import files_below
from zhida.assess import processes, workers
from zhida.assess.columns import Columns, RegistryColumns
from zhida.assess.order import Plan
from zhida.assess.processes import ProcessWorker
from zhida.assess.run import run
from zhida.policy.pack import Packs
from zhida.registry_io import engine

SECONDS = 60
"""How long a test waits for the other process at most."""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_in(tmp_path_factory.mktemp("packs"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a registry that is one part."""
    return write_source(tmp_path_factory.mktemp("source") / "registry.parquet", shared.frame(), ROWS)


@pytest.fixture(scope="module")
def alone(packs: Packs, file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a run of one process."""
    folder = tmp_path_factory.mktemp("alone")
    run(order_of(packs), Plan(100_000, 1), opened(order_of(packs), file), folder)
    return files_below(folder)


@pytest.fixture(autouse=True)
def _shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have little be shared, with a process of this engine though its files are written meanwhile."""
    monkeypatch.setattr(workers, "SHARED", 1)
    monkeypatch.setattr(processes, "START", of_engine(engine._own_files()))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the policies that the other process is asked for; this one decides nothing before the first."""
    found: list[int] = []
    is_asked = threading.Event()
    there, here = ProcessWorker.one, RegistryColumns.one

    def one_there(self: ProcessWorker, place: int) -> tuple[Columns, int]:
        found.append(place)
        is_asked.set()
        return there(self, place)

    def one_here(self: RegistryColumns, *given: object, **named: object) -> Columns:
        assert is_asked.wait(SECONDS)
        return here(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ProcessWorker, "one", one_there)
    monkeypatch.setattr(RegistryColumns, "one", one_here)
    return found


def test_a_single_part_is_shared_and_comes_to_the_same_bytes(
    packs: Packs, file: Path, tmp_path: Path, alone: dict[str, bytes], asked: list[int]
) -> None:
    (tmp_path / "cache").mkdir()
    order = order_of(packs, cache=tmp_path / "cache")
    progress = run_in(order, opened(order, file), tmp_path / "out")
    assert asked
    assert (progress.processes, progress.parts_done, progress.rows_done) == (1, 1, ROWS)
    assert files_below(tmp_path / "out") == alone
    assert workers_of(os.getpid()) == []
    assert any((tmp_path / "cache").rglob("plans/*"))


@pytest.mark.usefixtures("asked")
def test_what_a_companion_was_at_when_it_is_killed_is_done_here(
    packs: Packs, file: Path, tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ProcessWorker.one

    def one(self: ProcessWorker, place: int) -> tuple[Columns, int]:
        for worker in workers_of(os.getpid()):
            os.kill(worker, signal.SIGKILL)
        return whole(self, place)

    monkeypatch.setattr(ProcessWorker, "one", one)
    order = order_of(packs)
    run_in(order, opened(order, file), tmp_path / "out")
    assert files_below(tmp_path / "out") == alone


@pytest.mark.parametrize("start", [lambda: "raise SystemExit(3)", lambda: of_engine(("another", ""))])
def test_a_companion_that_does_not_begin_is_done_without(
    packs: Packs, file: Path, tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, start: Callable[[], str]
) -> None:
    monkeypatch.setattr(processes, "START", start())
    order = order_of(packs)
    assert run_in(order, opened(order, file), tmp_path / "out").processes == 0
    assert files_below(tmp_path / "out") == alone


@pytest.mark.usefixtures("asked")
def test_what_goes_wrong_there_alone_is_done_here_and_nobody_is_left(
    packs: Packs, file: Path, tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ProcessWorker.one
    monkeypatch.setattr(ProcessWorker, "one", lambda self, _: whole(self, 1_000))
    order = order_of(packs)
    run_in(order, opened(order, file), tmp_path / "out")
    assert files_below(tmp_path / "out") == alone
    assert workers_of(os.getpid()) == []
    assert not [thread for thread in threading.enumerate() if "_work" in thread.name]


def test_what_goes_wrong_while_it_makes_itself_ready_is_not_told(
    packs: Packs, file: Path, tmp_path: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(_: ProcessWorker) -> None:
        raise MemoryError

    monkeypatch.setattr(ProcessWorker, "prepare", fail)
    order = order_of(packs)
    run_in(order, opened(order, file), tmp_path / "out")
    assert files_below(tmp_path / "out") == alone
    assert capfd.readouterr().err == ""


def test_an_error_that_both_meet_is_raised_once_as_it_is(packs: Packs, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Columns:
        raise ZeroDivisionError

    monkeypatch.setattr(ProcessWorker, "one", fail)
    monkeypatch.setattr(RegistryColumns, "one", fail)
    order = order_of(packs)
    with pytest.raises(ZeroDivisionError):
        run_in(order, opened(order, file), tmp_path / "out")
    assert workers_of(os.getpid()) == []


def test_little_is_not_shared(packs: Packs, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SHARED", ROWS * len(packs.policies) + 1)
    order = order_of(packs)
    assert run_in(order, opened(order, file), tmp_path / "out").processes == 0
