"""Seeded mutants: policies with one wrong thing in each, and whether publication would have stopped them.

    python -m tests.mutants --seed 1 --count 480 --jobs 2 --cache build/mutants
    python -m tests.mutants --seed 1 --number 17                   one again, with its change and all that is known of it

Found is what shows an error (`zhida check --proof`) or fails an example, once `zhida examples --accept` was run on the original.
Mutants that answer as the original does, by brute force, do not count. Exit code 0: all others are found and no original shows
an error, 1: not so. A run follows from its seed alone, and goes on where it was stopped while neither program nor packs change.
"""

import argparse
import hashlib
import json
import multiprocessing
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from multiprocessing.pool import Pool
from pathlib import Path
from typing import TypeVar

from tests.mutants.accepting import Accepting
from tests.mutants.brute import Standing, Trial
from tests.mutants.drawing import Mutant, draw
from tests.mutants.judging import Judgement, Workshop
from tests.mutants.places import KINDS

PROGRESS_SECONDS = 10
ROOT = Path("packs")

Each = TypeVar("Each")

_shops: list[Workshop] = []


def workshop(arguments: argparse.Namespace) -> Workshop:
    """Return the workshop of a process."""
    accepting = Accepting(arguments.cache, is_on=not arguments.own_examples, is_stale=arguments.stale)
    return Workshop(ROOT, accepting, is_proved=not arguments.no_proof, is_always_proved=arguments.both)


def accept(policy_id: str) -> tuple[str, list[str]]:
    """Return what is wrong with an original."""
    try:
        return policy_id, _shops[0].faults_of_original(policy_id)
    except Exception:  # noqa: BLE001 - one that breaks must not hide the others
        return policy_id, [traceback.format_exc(limit=-4)]


def judge(mutant: Mutant) -> Judgement | str:
    """Return what becomes of a mutant, or the trace of a crash."""
    try:
        return _shops[0].judge(mutant)
    except Exception:  # noqa: BLE001 - one that breaks must not hide the others
        return f"{mutant.words}\n{traceback.format_exc(limit=-6)}"


# --- what was judged before ----------------------------------------------------------------------------------------


def program() -> str:
    """Return a digest of all that a judgement rests on."""
    digest = hashlib.sha256()
    for path in sorted([*Path("src/zhida").rglob("*.py"), *Path("tests/mutants").rglob("*.py"), *ROOT.rglob("*.md")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Notes:
    """Judgements in a file, one a line, under the digest of all that they rest on."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        proved = "plain" if arguments.no_proof else "both" if arguments.both else "proved"
        how = f"{arguments.seed}-{'own' if arguments.own_examples else 'accepted'}-{proved}"
        self.path = arguments.cache / f"judged-{how}-{program()}.jsonl" if arguments.cache is not None else None

    def read(self) -> dict[int, Judgement]:
        """Return what was judged before."""
        if self.path is None or not self.path.exists():
            return {}
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            data = json.loads(line)
            trial = data.pop("trial")
            known = None if trial is None else Trial(Standing(trial["standing"]), trial["witness"], trial["tried"])
            found[data["number"]] = Judgement(**{**data, "errors": tuple(data["errors"])}, trial=known)
        return found

    def add(self, judgement: Judgement) -> None:
        """Keep one."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(judgement), ensure_ascii=False) + "\n")


# --- what is printed -----------------------------------------------------------------------------------------------


def table(mutants: Sequence[Mutant], judged: dict[int, Judgement]) -> Iterator[str]:
    """Yield the table by kind."""
    heads = ("made", "equivalent", "by error", "by example", "by both", "not found")
    yield f"{'kind':18}" + "".join(f"{head:>12}" for head in heads)
    total = Counter[str]()
    for kind in KINDS:
        counts = Counter(_place(judged[each.number]) for each in mutants if each.kind == kind and each.number in judged)
        counts["made"] = sum(counts.values())
        total += counts
        yield f"{kind:18}" + "".join(f"{counts[head]:>12}" for head in heads)
    yield f"{'all':18}" + "".join(f"{total[head]:>12}" for head in heads)
    standing = total["made"] - total["equivalent"]
    if standing:
        found = standing - total["not found"]
        yield f"found: {found} of {standing} ({100 * found // standing if found < standing else 100} %)"


def _place(judgement: Judgement) -> str:
    if judgement.is_equal:
        return "equivalent"
    if judgement.errors:
        return "by both" if judgement.example else "by error"
    return "by example" if judgement.example else "not found"


def report(mutants: Sequence[Mutant], judged: dict[int, Judgement]) -> Iterator[str]:
    """Yield what is printed at the end: the table, the codes, how equivalence was shown, what was not found."""
    yield from table(mutants, judged)
    codes = Counter(code for each in judged.values() for code in each.errors if not each.is_equal)
    yield "errors: " + (", ".join(f"{code} {count}" for code, count in codes.most_common()) or "none")
    shown = Counter(each.trial.standing.value for each in judged.values() if each.trial is not None)
    yield "brute force, where no example fails: " + ", ".join(f"{name} {count}" for name, count in sorted(shown.items()))
    own = sum(each.own for each in judged.values())
    yield f"by an example that the packs had already: {own}"
    for mutant in mutants:
        each = judged.get(mutant.number)
        if each is not None and each.trial is not None and each.trial.standing is Standing.UNUSUAL and not each.is_found:
            yield f"different outside of usual ranges only, so counted as equivalent: {mutant.words}\n    {each.trial.witness}"
    for mutant in mutants:
        each = judged.get(mutant.number)
        if each is not None and each.is_equal and each.errors:
            yield f"an error, though it answers as the original: {mutant.words}: {', '.join(each.errors)}"
    for mutant in mutants:
        each = judged.get(mutant.number)
        if each is not None and not each.is_equal and not each.is_found:
            told = each.trial.witness or each.trial.standing.value if each.trial is not None else ""
            yield f"!!! not found: {mutant.words}\n    {told}"


# --- the run -------------------------------------------------------------------------------------------------------


def run(arguments: argparse.Namespace) -> int:
    """Make, judge and report."""
    shop = workshop(arguments)
    _shops.append(shop)  # the processes have it from here
    made = draw(shop.packs, arguments.seed, max(arguments.count, arguments.number or 0))
    wanted = [each for each in made if _is_wanted(each, arguments)]
    notes = Notes(arguments)
    judged = {number: each for number, each in notes.read().items() if number in {mutant.number for mutant in wanted}}
    faults = [f"!!! the packs together: {code}" for code in sorted(shop.known_errors_of_packs)]
    broken: list[str] = []
    with _pool(arguments.jobs) as pool:
        policies = sorted({each.policy for each in wanted if each.kind != "stacking"})
        if arguments.originals:
            policies = list(shop.packs.policies)
        for policy_id, found in _told(pool.imap(accept, policies), len(policies), "originals"):
            faults += [f"!!! the original {policy_id}: {fault}" for fault in found]
        waiting = [each for each in wanted if each.number not in judged]
        waiting.sort(key=lambda each: each.policy)
        for each in _told(pool.imap_unordered(judge, waiting), len(waiting), "mutants"):
            if isinstance(each, str):
                broken.append(each)
            else:
                judged[each.number] = each
                notes.add(each)
    print("\n".join([*report(wanted, judged), *faults, *broken]))
    if arguments.number is not None:
        print("\n".join(f"{each.words}\n{judged.get(each.number)}" for each in wanted))
    missed = [each for each in judged.values() if not each.is_equal and not each.is_found]
    return 1 if missed or faults or broken else 0


def _is_wanted(mutant: Mutant, arguments: argparse.Namespace) -> bool:
    is_number = arguments.number in (None, mutant.number)
    is_kind = arguments.only in (None, mutant.kind)
    return is_number and is_kind and (arguments.policy is None or arguments.policy in mutant.policy) and mutant.number > arguments.start


def _told(items: Iterator[Each], count: int, what: str) -> Iterator[Each]:
    """Yield what comes, and say from time to time how far it is."""
    told = time.monotonic()
    for number, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - told > PROGRESS_SECONDS or number == count:
            told = time.monotonic()
            print(f"{what} {number} of {count}", file=sys.stderr, flush=True)


def _pool(jobs: int) -> Pool:
    return multiprocessing.get_context("fork").Pool(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))


def read_arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Seeded mutants of the packs.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300, help="mutants to be made")
    parser.add_argument("--start", type=int, default=0, help="leave out the first so many")
    parser.add_argument("--number", type=int, help="this one only")
    parser.add_argument("--only", choices=KINDS, help="one kind")
    parser.add_argument("--policy", help="policies whose id holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("build/mutants"), help="where accepted texts and judgements are kept")
    parser.add_argument("--own-examples", action="store_true", help="without accepted examples: the baseline")
    parser.add_argument("--stale", action="store_true", help="take accepted texts that are kept, whatever program made them")
    parser.add_argument("--no-proof", action="store_true", help="without the errors of proofs")
    parser.add_argument("--both", action="store_true", help="prove even those that fail an example: which are found by both")
    parser.add_argument("--originals", action="store_true", help="look at every original, not only at those that have a mutant")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(run(read_arguments()))
