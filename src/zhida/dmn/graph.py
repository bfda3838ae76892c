"""The requirement graph: who requires whom, in which order all can be decided, and where it bites its own tail."""

from collections.abc import Iterable, Mapping


def sort_requirements(requirements: Mapping[str, Iterable[str]]) -> tuple[list[str], list[list[str]]]:
    """Return the elements with those that they require before them, and the cycles that stand in the way.

    Args:
        requirements: For each element, what it requires; what is not a key itself is taken as given.

    >>> sort_requirements({"c": ["b"], "b": ["a"], "a": []})
    (['a', 'b', 'c'], [])
    >>> sort_requirements({"a": ["b"], "b": ["a"]})[1]
    [['a', 'b', 'a']]
    """
    order: list[str] = []
    cycles: list[list[str]] = []
    done: set[str] = set()
    for start in requirements:
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            element, is_left = stack.pop()
            if is_left:
                path.pop()
                on_path.discard(element)
                if element not in done:
                    done.add(element)
                    order.append(element)
            elif element in on_path:
                cycles.append([*path[path.index(element) :], element])
            elif element not in done:
                path.append(element)
                on_path.add(element)
                stack.append((element, True))
                stack.extend((required, False) for required in reversed(list(requirements[element])) if required in requirements)
    return order, cycles


def closure(requirements: Mapping[str, Iterable[str]], goals: Iterable[str]) -> set[str]:
    """Return `goals` with all that they require, directly or through others.

    >>> sorted(closure({"c": ["b"], "b": ["a"], "d": ["a"]}, ["c"]))
    ['a', 'b', 'c']
    """
    found: set[str] = set()
    waiting = list(goals)
    while waiting:
        element = waiting.pop()
        if element not in found:
            found.add(element)
            waiting.extend(requirements.get(element, ()))
    return found
