"""Versions of a policy: what `replaces` makes of several documents, and which of them is law on a day.

    demo/2023 <──replaces── demo/2024 <──replaces── demo/2025       one line; each ends the day before the next begins

A document with an open end stays law only until one that replaces it begins, whatever its own front matter says.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations

from zhida.dmn.graph import closure, sort_requirements
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.front_matter import FrontMatter, Interval
from zhida.source import Span
from zhida.values.temporal import Date, from_days, to_days


def effective_intervals(fronts: Mapping[str, FrontMatter]) -> dict[str, Interval]:
    """Return the days on which each document is law: its own, up to the day before one that replaces it begins.

    Args:
        fronts: The front matter of each policy, by id.
    """
    replaced_by = successors(fronts)
    intervals = {}
    for id_, front in fronts.items():
        later = closure(replaced_by, replaced_by.get(id_, ())) - {id_}
        starts = [to_days(start) for start in (fronts[item].in_force.start for item in later) if start is not None]
        ends = [start - 1 for start in starts] + ([to_days(front.in_force.end)] if front.in_force.end else [])
        intervals[id_] = Interval(front.in_force.start, from_days(min(ends)) if ends else None)
    return intervals


def successors(fronts: Mapping[str, FrontMatter]) -> dict[str, list[str]]:
    """Return the policies that replace each policy directly."""
    found: dict[str, list[str]] = {}
    for id_, front in fronts.items():
        for item in front.replaces:
            if item.text in fronts:
                found.setdefault(item.text, []).append(id_)
    return found


def version_on(fronts: Mapping[str, FrontMatter], intervals: Mapping[str, Interval], policy_id: str, day: Date) -> str | None:
    """Return the version of a policy that is law on a day, or None.

    Of several that could be meant the nearest in kin is: itself, what replaced it, what it replaced, and what else
    replaced that. What was merged into a successor from elsewhere is no version of it.

    Args:
        fronts: The front matter of each policy, by id.
        intervals: The days on which each is law.
        policy_id: Any version of it.
        day: The day.
    """
    replaced_by = successors(fronts)
    replaced = {id_: [item.text for item in front.replaces] for id_, front in fronts.items()}
    later = closure(replaced_by, [policy_id])
    earlier = closure(replaced, [policy_id])
    kin = [[policy_id], later, earlier, closure(replaced_by, earlier)]
    return next((id_ for ids in kin for id_ in fronts if id_ in ids and day in intervals[id_]), None)


def first_version(fronts: Mapping[str, FrontMatter], policy_id: str) -> str:
    """Return the first version of a policy along `replaces`: the name of its line.

    Args:
        fronts: The front matter of each policy, by id.
        policy_id: Any version of it.
    """
    at, seen = policy_id, {policy_id}
    while at in fronts and (replaced := fronts[at].replaces) and replaced[0].text not in seen and replaced[0].text in fronts:
        at = replaced[0].text
        seen.add(at)
    return at


def version_faults(fronts: Mapping[str, FrontMatter], intervals: Mapping[str, Interval]) -> Iterator[tuple[str, Diagnostic]]:
    """Yield what is wrong with who replaces whom, and the policy in which it is.

    Codes: dmn-cycle, policy-replaces-start, policy-two-successors.
    """
    for cycle in sort_requirements({id_: [item.text for item in front.replaces] for id_, front in fronts.items()})[1]:
        yield cycle[0], diagnostic("dmn-cycle", _replaces(fronts, cycle[0], cycle[1]), cycle=" → ".join(cycle))
    for name, ids in successors(fronts).items():
        for id_ in ids:
            if fronts[id_].in_force.start is None:
                yield id_, diagnostic("policy-replaces-start", _replaces(fronts, id_, name), name=name)
        for first, second in combinations(ids, 2):
            if _overlap(intervals[first], intervals[second]):
                words = {"name": name, "first": first, "second": second}
                yield second, diagnostic("policy-two-successors", _replaces(fronts, second, name), **words)


def _replaces(fronts: Mapping[str, FrontMatter], id_: str, name: str) -> Span:
    """Return the place where a policy says that it replaces another."""
    return next(item.span() for item in fronts[id_].replaces if item.text == name)


def _overlap(left: Interval, right: Interval) -> bool:
    return common_day(left, right) is not None


def common_day(left: Interval, right: Interval) -> Date | None:
    """Return a day that two intervals share, the first where there is one; None where they share none.

    >>> str(common_day(Interval(None, Date(2025, 6, 30)), Interval(Date(2025, 6, 30), None)))
    '2025-06-30'
    """
    starts = [to_days(item.start) for item in (left, right) if item.start]
    ends = [to_days(item.end) for item in (left, right) if item.end]
    if starts and ends and max(starts) > min(ends):
        return None
    return from_days(max(starts) if starts else min(ends) if ends else 0)
