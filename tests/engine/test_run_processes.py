"""Runs whose parts are decided in processes of their own: the same bytes, the same errors, and nobody left behind."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from tests.engine import run_sources as shared
from tests.engine.pack_policies import PACKS
from tests.engine.run_sources import GROUP, ROWS, opened, order_of, packs_in, texts, write_source
from tests.house.tree import plant
from tests.stories.small_district import files_below
from zhida.assess import processes, workers
from zhida.assess.order import Plan, RunOrder, plan_parts, policy_digest, population_plan, read_attributes
from zhida.assess.processes import ProcessWorker, packed
from zhida.assess.run import Progress, run
from zhida.assess.working import DonePart, Job, PartRows
from zhida.errors import InputError
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io import engine
from zhida.registry_io.sources import Source
from zhida.registry_io.sources_parts import Part

PARTS = ROWS // GROUP
RANK = """```feel 前列: boolean
名次 <= 20 or 规模 > 90
```
"""
STATISTICS = """
| 属性 | 类型 | 单位 | 可空 | 统计 |
|---|---|---|---|---|
| 规模 | number | 人 | 是 | 平均(从业人员) 按 单位类型 当 高新企业 |
| 名次 | number | | 是 | 名次(营业收入) 当 从业人员 > 规模 |
"""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    """Return policies two of which read facts of the subject alone, and one that reads population facts of two steps."""
    folder = tmp_path_factory.mktemp("packs")
    files = texts() | {"demo/policies/rank.md": shared.HEAD.format(name="rank", goals="eligible: 前列") + RANK}
    files["demo/registry/enterprise.md"] += STATISTICS
    packs = load_packs(plant(folder, files))
    assert not packs.diagnostics, packs.diagnostics
    return packs


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "registry.parquet", shared.frame())


@pytest.fixture(scope="module")
def undisturbed(packs: Packs, file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a run in one thread of this process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run(order_of(packs), Plan(100_000, 1), opened(order_of(packs), file), folder)
    return files_below(folder)


@pytest.fixture(autouse=True)
def _much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have little be enough for processes, and have them be of this engine though its files are written meanwhile."""
    monkeypatch.setattr(workers, "MUCH", 1)
    monkeypatch.setattr(processes, "START", of_engine(engine._own_files()))


def of_engine(digests: tuple[str, str], start: str = processes.START) -> str:
    """Return what a process runs that takes itself for an engine of these files."""
    return start.replace("; serve()", f"; from zhida.registry_io import engine; engine._own_files = lambda: {digests}; serve()")


def run_in(order: RunOrder, source: object, folder: Path, count: int = 2) -> Progress:
    """Run an order in some processes."""
    folder.mkdir(exist_ok=True)
    progress = Progress()
    run(order, Plan(100_000, 1, count), source, folder, progress)  # type: ignore[arg-type]
    return progress


class Watched:
    """A source that does something before a part is read."""

    def __init__(self, source: Source, act: dict[int, object]) -> None:
        self._source, self._act = source, act

    def __getattr__(self, name: str) -> object:
        return getattr(self._source, name)

    def read(self, part: Part, columns: Sequence[str] | None = None) -> pl.DataFrame:
        act = self._act.pop(part.number, None)
        frame = self._source.read(part, columns)
        return act(frame) if callable(act) else frame


def children(of: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == of and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def workers_of(pid: int) -> list[int]:
    """Return those of its processes that are workers."""
    commands = {child: Path(f"/proc/{child}/cmdline") for child in children(pid)}
    return [child for child, command in commands.items() if command.exists() and b"zhida.assess.processes" in command.read_bytes()]


# --- what comes out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, pytest.param(3, marks=pytest.mark.long)])
def test_any_number_of_processes_gives_the_same_bytes(
    packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes], count: int
) -> None:
    order = order_of(packs)
    progress = run_in(order, opened(order, file), tmp_path / "out", count)
    assert files_below(tmp_path / "out") == undisturbed
    assert (progress.processes, progress.parts_done, progress.rows_done) == (count, PARTS, ROWS)
    assert workers_of(os.getpid()) == []


@pytest.mark.long
def test_the_summary_is_the_same_and_what_was_learned_is_kept(packs: Packs, file: Path, tmp_path: Path) -> None:
    found = []
    for place, plan in enumerate([Plan(100_000, 1), Plan(100_000, 1, 2)]):
        order = order_of(packs, cache=tmp_path / f"cache{place}")
        (tmp_path / f"cache{place}").mkdir()
        (tmp_path / str(place)).mkdir()
        found.append(run(order, plan, opened(order, file), tmp_path / str(place))[0])
        assert any((tmp_path / f"cache{place}").rglob("*"))
    assert found[0] == found[1]


@pytest.mark.long
def test_former_results_are_taken_over_by_processes_too(packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    run_in(order_of(packs), opened(order_of(packs), file), tmp_path / "then")
    order = order_of(packs, changed_since=tmp_path / "then")
    progress = run_in(order, opened(order, file), tmp_path / "now")
    assert (progress.processes, progress.taken_over) == (2, ROWS)
    assert files_below(tmp_path / "now") == undisturbed


@pytest.mark.long
def test_little_is_done_in_this_process(packs: Packs, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = order_of(packs)
    monkeypatch.setattr(workers, "MUCH", ROWS * len(packs.policies) + 1)
    assert run_in(order, opened(order, file), tmp_path / "out").processes == 0
    monkeypatch.setattr(workers, "MUCH", ROWS * len(packs.policies))
    assert run_in(order, opened(order, file), tmp_path / "out").processes == 2


@pytest.mark.long
def test_where_processes_cannot_be_had_threads_do_the_same(
    packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = order_of(packs)
    cases = [
        (sys, "executable", "/usr/sbin/uwsgi"),
        (sys, "executable", "/bin/no/python"),
        (processes, "START", "raise SystemExit(3)"),
        (processes, "START", of_engine(("another", ""))),  # its files were written since this process began
    ]
    for place, (where, name, value) in enumerate(cases):
        with monkeypatch.context() as changed:
            changed.setattr(where, name, value)
            progress = run_in(order, opened(order, file), tmp_path / str(place))
        assert progress.processes == 0
        assert files_below(tmp_path / str(place)) == undisturbed


@pytest.mark.long
def test_all_our_packs_can_be_sent_and_are_the_same_there() -> None:
    whole = load_packs(PACKS)
    policies = tuple(id_ for id_, policy in whole.policies.items() if policy.front.subject == "enterprise")
    order = RunOrder(whole, policies, whole.dictionaries["enterprise"], shared.DAY)
    planned, digests = population_plan(order), [policy_digest(order, policy) for policy in policies]
    sent = packed(Job(order, shared.KEY, None))
    assert sent is not None
    there = pickle.loads(sent).order  # noqa: S301 - our own
    assert [policy_digest(there, policy) for policy in policies] == digests
    assert [(each.item.name, each.step, each.names) for each in population_plan(there)] == [
        (each.item.name, each.step, each.names) for each in planned
    ]
    assert read_attributes(there) == read_attributes(order)


def test_processes_take_memory_of_their_own(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhida.assess.order.used_memory", lambda: 100_000_000)
    order = order_of(packs, workers=4)
    plans = [plan_parts(order_of(packs, workers=4, memory=size)) for size in (400_000_000, 1_200_000_000, 4_000_000_000)]
    assert [plan.processes for plan in plans] == [0, 2, 4]
    monkeypatch.setattr("zhida.assess.order.free_memory", lambda: 16_000_000_000)
    assert plan_parts(order) == Plan(131_072, 4, 4)
    assert plan_parts(order_of(packs, workers=1)).processes == 0


# --- what goes wrong -----------------------------------------------------------------------------------------------


def test_a_worker_that_is_killed_is_replaced(packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    killed: list[int] = []

    def kill(frame: pl.DataFrame) -> pl.DataFrame:
        killed.extend(workers_of(os.getpid()))
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        return frame

    order = order_of(packs)
    progress = run_in(order, Watched(opened(order, file), {5: kill}), tmp_path / "out")
    assert killed
    assert progress.processes > 2 or len(killed) == 1
    assert files_below(tmp_path / "out") == undisturbed


@pytest.mark.long
def test_a_part_whose_workers_are_always_killed_is_an_error_and_the_others_are_kept(
    packs: Packs, file: Path, tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    order, whole = order_of(packs), ProcessWorker.decide

    def decide(self: ProcessWorker, rows: PartRows) -> DonePart:
        if rows.number == 6:
            self.end()
        return whole(self, rows)

    monkeypatch.setattr(ProcessWorker, "decide", decide)
    with pytest.raises(InputError) as caught:
        run_in(order, opened(order, file), tmp_path / "out")
    (found,) = caught.value.diagnostics
    assert (found.code, found.arguments["status"]) == ("run-worker-lost", "-9")
    assert workers_of(os.getpid()) == []
    monkeypatch.setattr(ProcessWorker, "decide", whole)
    progress = run_in(order, opened(order, file), tmp_path / "out")
    assert 0 < progress.parts_found < PARTS
    assert files_below(tmp_path / "out") == undisturbed


@pytest.mark.long
def test_what_is_wrong_in_a_process_is_told_as_it_is_in_a_thread(packs: Packs, file: Path, tmp_path: Path) -> None:
    def told(plan: Plan, folder: Path) -> str:
        former = folder / "former"
        former.mkdir(parents=True)
        run(order_of(packs), Plan(100_000, 1), opened(order_of(packs), file), former)
        order = order_of(packs, changed_since=former)

        def damage(frame: pl.DataFrame) -> pl.DataFrame:
            (former / "results.parquet/part-00004.parquet").write_bytes(b"PAR1")
            return frame

        source = Watched(opened(order, file), {0: damage})
        (folder / "out").mkdir()
        with pytest.raises(InputError) as caught:
            run(order, plan, source, folder / "out")  # type: ignore[arg-type]
        assert [item.code for item in caught.value.diagnostics] == ["run-former-unusable"]
        return str(caught.value).replace(str(folder), "")

    assert told(Plan(100_000, 1, 2), tmp_path / "processes") == told(Plan(100_000, 1), tmp_path / "thread")


@pytest.mark.long
def test_a_fault_of_ours_comes_with_the_place_where_it_was(packs: Packs, file: Path, tmp_path: Path) -> None:
    order = order_of(packs)
    with pytest.raises(AttributeError) as caught:
        run_in(order, Watched(opened(order, file), {3: lambda _: "no frame"}), tmp_path / "out")
    assert "zhida/assess/working.py" in "".join(caught.value.__notes__)
    assert workers_of(os.getpid()) == []


# --- interruptions -------------------------------------------------------------------------------------------------

SCRIPT = """
import signal
import sys
import time
from pathlib import Path
from zhida.assess import processes, workers
from zhida.assess.order import Plan
from zhida.assess.run import Progress, run
from zhida.assess.working import DonePart, Job, PartRows
from zhida.policy.pack import load_packs
from zhida.registry_io import engine
from zhida.registry_io.sources import open_source
from tests.engine.run_sources import order_of

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background has it ignored
workers.MUCH = 1
digests = {digests}
engine._own_files = lambda: digests
processes.START = {start!r}
packs, source, out = map(Path, sys.argv[1:])
order = order_of(load_packs(packs))
opened = open_source(str(source), order.dictionary, rows_per_part=4)

def tell(progress):
    print(progress.parts_done, flush=True)
    if progress.parts_done == 9:
        time.sleep(3)  # it is interrupted meanwhile, however quick the rest would be

progress = Progress(tell=tell)
run(order, Plan(4, 1, 2), opened, out, progress)
print("done", progress.processes, flush=True)
"""
"""Asks for a run as people do who are in a hurry: at the top of the file, without looking for `__main__`."""


def started(packs: Path, file: Path, out: Path) -> subprocess.Popen[str]:
    """Start the script in a group of its own, as a terminal does."""
    out.mkdir(exist_ok=True)
    script = out.parent / "script.py"
    script.write_text(SCRIPT.format(digests=engine._own_files(), start=processes.START), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    command = [sys.executable, str(script), str(packs), str(file), str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)


def until_gone(pids: Sequence[int]) -> bool:
    """Say whether processes end within a while."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if not any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_nobody_and_is_gone_on_with(tmp_path: Path, file: Path, number: signal.Signals) -> None:
    packs_in(tmp_path / "packs")
    with started(tmp_path / "packs", file, tmp_path / "out") as script:
        assert script.stdout is not None
        while script.stdout.readline().strip() != "9":
            assert script.poll() is None, script.stderr and script.stderr.read()
        found = workers_of(script.pid)
        os.killpg(script.pid, number)
        script.wait(20)
    assert script.returncode in {-number, 130, 1}
    assert found
    assert until_gone(found)
    done = {path.name for path in tmp_path.glob("out/.results-*/marks/*")}
    assert 9 <= len(done) < ROWS // 4
    with started(tmp_path / "packs", file, tmp_path / "out") as script:
        said, complaint = script.communicate(timeout=120)
    assert script.returncode == 0, complaint
    assert said.splitlines()[-1] == "done 2"
    assert said.splitlines()[0] == str(len(done) + 1)
    order = order_of(load_packs(tmp_path / "packs"))
    (tmp_path / "whole").mkdir()
    run(order, Plan(4, 1), opened(order, file, 4), tmp_path / "whole")
    assert files_below(tmp_path / "out") == files_below(tmp_path / "whole")
