"""Runs that do not come to their end: the whole message, in both languages, as golden files.

Each file of tests/examples/run/ says what is odd about a run over a small registry, and last what is said about it:

    === memory              bytes that the run may take, where the process has 100 MB already
    === meanwhile           another run of the same order is begun when all parts of this one are done
    === killed              the process that decides a part is killed whenever it begins
    === kernel              the path of the kernel that is asked for
    === packs/FILE          a file of the packs, instead of what stands there
    === former/NAME         a file in the folder of former results
    === expected            everything that is said, once in Chinese and once in English; written anew with ZHIDA_BLESS=1
"""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine import run_sources as shared
from tests.examples.test_registry_examples import sections
from tests.house.tree import plant
from zhida.assess.order import plan_parts
from zhida.assess.processes import ProcessWorker
from zhida.assess.run import Results, run
from zhida.assess.working import DonePart, PartRows
from zhida.cli.run_progress import run_bar, telling_what_is_kept
from zhida.columnar import kernel
from zhida.errors import Diagnostic, InputError
from zhida.policy.pack import load_packs

FOLDER = Path(__file__).parent / "run"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))


def said_of(folder: Path, parts: dict[str, str]) -> tuple[Diagnostic, ...]:
    """Return what is said of a run."""
    if "kernel" in parts:
        with pytest.raises(InputError) as raised, kernel.use(parts["kernel"].strip()):
            pass
        return raised.value.diagnostics
    packs = shared.packs_in(folder / "packs")
    changed = {name: text for name, text in parts.items() if name.startswith("packs/")}
    if changed:
        packs = load_packs(plant(folder, changed) / "packs")
        assert not packs.diagnostics, packs.diagnostics
    for name, text in parts.items():
        if name.startswith("former/"):
            (folder / "former").mkdir()
            (folder / name).write_text(text, encoding="utf-8")
    former = folder / "former" if (folder / "former").exists() else None
    memory = int(parts["memory"]) if "memory" in parts else None
    order = shared.order_of(packs, memory=memory, changed_since=former)
    path = shared.write_source(folder / "registry.parquet", shared.frame(2 * shared.GROUP if "killed" in parts else 20))

    def again(_: Results) -> None:
        if "meanwhile" in parts:
            run(order, plan_parts(order), shared.opened(order, path), folder / "results")

    def killed(self: ProcessWorker, rows: PartRows) -> DonePart:
        self.end()
        return decide(self, rows)

    decide, processes = ProcessWorker.decide, 2 if "killed" in parts else 0
    (folder / "results").mkdir()
    with ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr("zhida.assess.order.used_memory", lambda: 100_000_000)
        if "killed" in parts:
            stack.enter_context(pytest.MonkeyPatch.context()).setattr(ProcessWorker, "decide", killed)
            stack.enter_context(pytest.MonkeyPatch.context()).setattr("zhida.assess.workers.MUCH", 0)
        bar = stack.enter_context(run_bar("zh"))
        with pytest.raises(InputError) as raised, telling_what_is_kept(bar, "zh"):
            run(order, replace(plan_parts(order), processes=processes), shared.opened(order, path), folder / "results", bar.progress, again)
    return raised.value.diagnostics


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    parts = sections(path.read_text(encoding="utf-8"))
    expected = parts.pop("expected", "")
    diagnostics = said_of(tmp_path, parts)
    messages = [item.render("zh") for item in diagnostics] + [item.render("en") for item in diagnostics]
    found = "\n\n".join(messages).replace(f"{tmp_path}{os.sep}", "") + "\n"
    if os.environ.get("ZHIDA_BLESS"):
        path.write_text("".join(f"=== {part}\n{text}" for part, text in (*parts.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == expected
