"""Drawing: which of all changes are made, evenly over kinds and policies.

Mutant n of a seed is the same whatever is asked for beside it: kinds take turns, within a kind policies do, and within a policy
the places are shuffled.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.mutants.places import KINDS, Change, changes_of, stacking_changes
from zhida.policy.pack import Packs


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one text."""

    number: int
    """Its place in the drawing."""
    kind: str
    """One of `KINDS`."""
    policy: str
    """The id of the policy; of stacking, the name of the page's file."""
    place: int
    """Its place among the changes of its kind that the text offers."""
    change: Change
    """The change, in the text as it stands in the packs."""

    @property
    def words(self) -> str:
        """What was changed, in one line."""
        change = self.change
        old, new = (text.strip().replace("\n", "⏎") for text in (change.old, change.new))
        return f"#{self.number} {self.kind} {self.policy}:{change.place} [{change.element}] {old} → {new or '(dropped)'}"


def draw(packs: Packs, seed: int, count: int) -> list[Mutant]:
    """Return the first mutants of a seed.

    Args:
        packs: The packs.
        seed: Names the drawing.
        count: How many; fewer where there are not as many places.
    """
    queues = {kind: _queue(packs, kind, seed) for kind in KINDS}
    found: list[Mutant] = []
    while queues and len(found) < count:
        for kind in list(queues):
            drawn = next(queues[kind], None)
            if drawn is None:
                del queues[kind]
            elif len(found) < count:
                policy, place, change = drawn
                found.append(Mutant(len(found) + 1, kind, policy, place, change))
    return found


def _queue(packs: Packs, kind: str, seed: int) -> Iterator[tuple[str, int, Change]]:
    """Yield the changes of one kind: one of each policy in turn."""
    random = Random(f"{seed}/{kind}")
    waiting: list[tuple[str, Iterator[tuple[int, Change]]]] = []
    offered = _stacking(packs) if kind == "stacking" else None
    names = list(offered if offered is not None else packs.policies)
    random.shuffle(names)
    for name in names:
        changes = offered[name] if offered is not None else changes_of(packs.policies[name], kind)
        places = list(enumerate(changes))
        random.shuffle(places)
        # Of swapped columns, those that read well come first, two of three.
        likely = [each for each in places if each[1].is_likely]
        others = [each for each in places if not each[1].is_likely]
        ordered = []
        while likely or others:
            ordered += likely[:2] + others[:1]
            likely, others = likely[2:], others[1:]
        waiting.append((name, iter(ordered)))
    while waiting:
        name, places_left = waiting.pop(0)
        drawn = next(places_left, None)
        if drawn is not None:
            yield name, *drawn
            waiting.append((name, places_left))


def _stacking(packs: Packs) -> Mapping[str, list[Change]]:
    """Return the changes that each page of stacking offers."""
    pages = dict.fromkeys(group.span.source.name for group in packs.stacking)
    return {page: stacking_changes([group for group in packs.stacking if group.span.source.name == page]) for page in pages}
