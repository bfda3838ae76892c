"""The fuzzer: random inputs until the time is over; what goes wrong is kept with its input.

    python -m tests.fuzz --seconds 600 --out build/fuzz
    python -m tests.fuzz --replay build/fuzz/text-0123abcd.json

Exit code 0: no findings, 1: some. Inputs follow from the seed alone, so a run can be repeated.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.queues import Queue
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from tests.fuzz.targets import TARGETS, Target, failure

NAMES = {target.name: target for target in TARGETS}
PROGRESS_SECONDS = 10
BATCH = 50
MOST_OF_ONE_KIND = 5


def drawn(seed: str, targets: tuple[Target, ...]) -> tuple[Target, str]:
    """Return the target and the input of a seed.

    >>> drawn("1/0/7", TARGETS) == drawn("1/0/7", TARGETS)
    True
    """
    random = Random(seed)
    (target,) = random.choices(targets, [target.weight for target in targets])
    return target, target.make(random)


def work(worker: int, seed: int, targets: tuple[Target, ...], ends: float, current: Any, found: "Queue[tuple[int, list[Any]]]") -> None:  # noqa: ANN401 - shared memory
    """Try inputs until the time is over; tell of counts and findings in batches."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    number, findings = 0, []
    while time.monotonic() < ends:
        current[worker] = number
        target, text = drawn(f"{seed}/{worker}/{number}", targets)
        told = failure(target, text)
        if told:
            findings.append((target.name, f"{seed}/{worker}/{number}", text, told))
        number += 1
        if number % BATCH == 0:
            found.put((BATCH, findings))
            findings = []
    found.put((number % BATCH, findings))


def keep(folder: Path, name: str, seed: str, text: str, told: str) -> Path:
    """Write a finding to a file and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{crc32(text.encode('utf-8', 'surrogatepass')):08x}.json"
    path.write_text(json.dumps({"target": name, "seed": seed, "told": told, "input": text}, indent=1), encoding="ascii")
    return path


def report(folder: Path, finding: tuple[str, str, str, str], kinds: dict[str, int]) -> None:
    """Keep a finding and print how to see it again; of one kind only the first few."""
    name, seed, text, told = finding
    kind = f"{name} {told.split(': ')[0]}"
    kinds[kind] = kinds.get(kind, 0) + 1
    if kinds[kind] <= MOST_OF_ONE_KIND:
        print(f"\n!!! {name}: {told}\n    {sys.executable} -m tests.fuzz --replay {keep(folder, name, seed, text, told)}", flush=True)


def fuzz(arguments: argparse.Namespace) -> int:
    """Run the workers, print how it goes, and return how many findings there are."""
    targets = tuple(NAMES[name] for name in arguments.only) if arguments.only else TARGETS
    begin = time.monotonic()
    ends = begin + arguments.seconds
    context = multiprocessing.get_context("fork")
    current = context.Array("q", arguments.jobs)
    found = context.Queue()
    workers = [
        context.Process(target=work, args=(worker, arguments.seed, targets, ends, current, found), daemon=True)
        for worker in range(arguments.jobs)
    ]
    for worker in workers:
        worker.start()
    inputs, kinds, told = 0, dict[str, int](), begin
    crashed: set[int] = set()
    while any(worker.is_alive() for worker in workers) or not found.empty():
        if not found.empty():
            count, findings = found.get()
            inputs += count
            for finding in findings:
                report(arguments.out, finding, kinds)
        else:
            time.sleep(0.05)
        for place, worker in enumerate(workers):
            if worker.exitcode and place not in crashed:
                crashed.add(place)
                seed = f"{arguments.seed}/{place}/{current[place]}"
                target, text = drawn(seed, targets)
                report(arguments.out, (target.name, seed, text, f"the process ended with {worker.exitcode}: crash"), kinds)
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            _print_progress(inputs, kinds, told - begin, max(0, ends - told))
    _print_progress(inputs, kinds, time.monotonic() - begin, 0)
    return sum(kinds.values())


def _print_progress(inputs: int, kinds: dict[str, int], seconds: float, left: float) -> None:
    print(
        f"{inputs:>9,} inputs  {inputs / max(seconds, 0.1):>7,.0f} per second  {left:>5,.0f} s left  "
        f"{sum(kinds.values())} findings of {len(kinds)} kinds",
        flush=True,
    )


def replay(path: Path) -> int:
    """Try a kept input again, outside of all handling, so that its exception shows; return 1 where it still goes wrong."""
    finding = json.loads(path.read_text(encoding="ascii"))
    target = NAMES[finding["target"]]
    print(f"{finding['target']} {finding['seed']}: {finding['told']}\n{finding['input']!r}")
    told = failure(target, finding["input"])
    print(told or "nothing goes wrong any more")
    if told and not told.startswith("Hang"):
        target.check(finding["input"])
    return 1 if told else 0


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: 600)")
    parser.add_argument("--seed", type=int, default=1, help="where the inputs come from (default: 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one for each core)")
    parser.add_argument("--only", nargs="*", choices=tuple(NAMES), help="targets (default: all)")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="folder for findings (default: build/fuzz)")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try one kept input again")
    arguments = parser.parse_args()
    if arguments.replay:
        return replay(arguments.replay)
    return 1 if fuzz(arguments) else 0


if __name__ == "__main__":
    sys.exit(main())
