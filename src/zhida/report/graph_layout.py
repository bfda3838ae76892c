"""Where the elements of a requirement graph stand: columns from what is given on the left to what is decided on the right.

    requirements ──> columns ──> order within each, few crossings ──> heights, arrows nearly straight

The method is that of Sugiyama, Tagawa and Toda (1981). An element stands just left of the first that requires it, so that a
fact is beside its decision. What is required further to the right goes on as a *trunk* through the columns between; all
arrows from one element share it. The same graph gives the same places, to the unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from zhida.dmn.graph import sort_requirements

GAP, NARROW_GAP = 46, 30
"""Between two columns, and where there are many."""

MANY = 8
"""Columns from which on they stand closer."""

BETWEEN = 8
"""Between two elements of a column."""

THIN = 4
"""Height that a trunk takes."""

SWEEPS = 12
"""How often the order is improved from either side."""


@dataclass(frozen=True, slots=True)
class Box:
    """An element and the room that it takes."""

    id: str
    """What it is called in the graph."""
    width: int
    """Its width, at least."""
    height: int
    """Its height."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands."""

    x: int
    """Its left edge."""
    y: int
    """Its upper edge."""
    width: int
    """Its width."""
    height: int
    """Its height."""

    @property
    def middle(self) -> int:
        """Half its height."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph that can be drawn."""

    places: Mapping[str, Place]
    """Of each element, in the order in which they stand: column by column, from above."""
    arrows: tuple[tuple[str, str, tuple[Place, ...]], ...]
    """What is required, who requires it, and the stretches of trunk between the two."""
    width: int
    """Of all."""
    height: int
    """Of all."""
    gap: int = GAP
    """Between two columns."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """An element or a stretch of trunk in one column."""

    id: str
    column: int
    is_trunk: bool


def layout(boxes: Sequence[Box], requirements: Mapping[str, Sequence[str]]) -> Layout:
    """Return where each element stands.

    Args:
        boxes: The elements, each id once; those that come first stand further up where nothing speaks against it.
        requirements: For each element that requires others, these; ids that are no boxes are not drawn.

    >>> found = layout([Box("b", 50, 20), Box("a", 40, 20)], {"b": ["a"]})
    >>> found.places["a"], found.places["b"]
    (Place(x=0, y=0, width=40, height=20), Place(x=86, y=0, width=50, height=20))
    """
    known = {box.id: box for box in boxes}
    required = {id_: tuple(dict.fromkeys(each for each in requirements.get(id_, ()) if each in known and each != id_)) for id_ in known}
    columns = _columns(required)
    edges, trunks = _edges(required, columns)
    rows = _ordered(_first_rows(required, columns, trunks), edges)
    widths = [max((known[stop.id].width for stop in row if not stop.is_trunk), default=0) for row in rows]
    heights = {stop: THIN if stop.is_trunk else known[stop.id].height for row in rows for stop in row}
    tops = _tops(rows, edges, heights)
    places: dict[_Stop, Place] = {}
    gap = GAP if len(rows) < MANY else NARROW_GAP
    x = 0
    for row, width in zip(rows, widths, strict=True):
        places |= {stop: Place(x, tops[stop], width, heights[stop]) for stop in row}
        x += width + gap
    arrows = []
    for id_, needs in required.items():
        for need in needs:
            between = range(columns[need] + 1, columns[id_])
            arrows.append((need, id_, tuple(places[_Stop(need, column, is_trunk=True)] for column in between)))
    below = max((place.y + place.height for place in places.values()), default=0)
    found = {stop.id: place for stop, place in places.items() if not stop.is_trunk}
    return Layout(found, tuple(arrows), max(x - gap, 0), below, gap)


def _columns(required: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the column of each element: the last that lets it stand left of all that require it."""
    order, _ = sort_requirements(required)
    depths: dict[str, int] = {}
    for id_ in order:
        depths[id_] = max((depths.get(each, -1) + 1 for each in required[id_]), default=0)
    last = max(depths.values(), default=0)
    columns: dict[str, int] = {}
    for id_ in reversed(order):
        columns.setdefault(id_, last)
        for each in required[id_]:
            columns[each] = min(columns.get(each, last), columns[id_] - 1)
    return columns


Edges = tuple[dict[_Stop, list[_Stop]], dict[_Stop, list[_Stop]]]
"""What each stop leads to in the next column, and what leads to it from the one before."""


def _edges(required: Mapping[str, Sequence[str]], columns: Mapping[str, int]) -> tuple[Edges, list[_Stop]]:
    """Return how the stops are joined, and the stretches of trunk."""
    after: dict[_Stop, list[_Stop]] = {}
    before: dict[_Stop, list[_Stop]] = {}
    trunks: dict[_Stop, None] = {}
    joined: set[tuple[_Stop, _Stop]] = set()
    for id_, needs in required.items():
        for need in needs:
            way = [_Stop(need, column, is_trunk=column > columns[need]) for column in range(columns[need], columns[id_])]
            trunks |= dict.fromkeys(stop for stop in way if stop.is_trunk)
            for left, right in pairwise([*way, _Stop(id_, columns[id_], is_trunk=False)]):
                if (left, right) not in joined:
                    joined.add((left, right))
                    after.setdefault(left, []).append(right)
                    before.setdefault(right, []).append(left)
    return (after, before), list(trunks)


Rows = list[list[_Stop]]


def _first_rows(required: Mapping[str, Sequence[str]], columns: Mapping[str, int], trunks: Sequence[_Stop]) -> Rows:
    """Return the stops of each column in the order in which one meets them from the goals back."""
    asked = {each for needs in required.values() for each in needs}
    met: dict[str, None] = {}
    waiting = [id_ for id_ in reversed(list(required)) if id_ not in asked]
    while waiting:
        id_ = waiting.pop()
        if id_ not in met:
            met[id_] = None
            waiting.extend(reversed(required[id_]))
    met |= dict.fromkeys(required)
    places = {id_: place for place, id_ in enumerate(met)}
    stops = [*(_Stop(id_, columns[id_], is_trunk=False) for id_ in met), *trunks]
    rows: Rows = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for stop in sorted(stops, key=lambda stop: places[stop.id]):
        rows[stop.column].append(stop)
    return rows


def _ordered(rows: Rows, edges: Edges) -> Rows:
    """Return the columns in the order with the fewest crossings that was met."""
    after, before = edges
    best, fewest = rows, _crossings(rows, after)
    current = rows
    for sweep in range(SWEEPS):
        if not fewest:
            break
        current = _swept(current, before, range(1, len(rows))) if sweep % 2 else _swept(current, after, range(len(rows) - 2, -1, -1))
        current = _exchanged(current, after)
        count = _crossings(current, after)
        if count < fewest:
            best, fewest = current, count
    return best


def _swept(rows: Rows, neighbours: Mapping[_Stop, Sequence[_Stop]], columns: range) -> Rows:
    """Return the columns, each ordered by the mean place of its neighbours on one side."""
    found = [list(row) for row in rows]
    for column in columns:
        side = found[column + (columns.step < 0) - (columns.step > 0)]
        places = {stop: place for place, stop in enumerate(side)}
        own = {stop: place for place, stop in enumerate(found[column])}

        def mean(stop: _Stop, places: Mapping[_Stop, int] = places, own: Mapping[_Stop, int] = own) -> tuple[int, int]:
            near = [places[each] for each in neighbours.get(stop, ()) if each in places]
            return (1000 * sum(near) // len(near) if near else 1000 * own[stop], own[stop])

        found[column].sort(key=mean)
    return found


def _exchanged(rows: Rows, after: Mapping[_Stop, Sequence[_Stop]]) -> Rows:
    """Return the columns with those neighbours exchanged that cross less the other way round."""
    found = [list(row) for row in rows]
    for column, row in enumerate(found):
        sides = [side for side in (column - 1, column + 1) if 0 <= side < len(found)]
        links = [_links(found, column, side, after) for side in sides]
        for place in range(len(row) - 1):
            upper, lower = row[place], row[place + 1]
            now = sum(_inversions(link.get(upper, []), link.get(lower, [])) for link in links)
            other = sum(_inversions(link.get(lower, []), link.get(upper, [])) for link in links)
            if other < now:
                row[place], row[place + 1] = lower, upper
    return found


def _links(rows: Rows, column: int, side: int, after: Mapping[_Stop, Sequence[_Stop]]) -> dict[_Stop, list[int]]:
    """Return the places on one side that the stops of a column are joined with."""
    left = min(column, side)
    places = {stop: place for place, stop in enumerate(rows[side])}
    found: dict[_Stop, list[int]] = {}
    for start in rows[left]:
        for end in after.get(start, ()):
            own, other = (start, end) if left == column else (end, start)
            found.setdefault(own, []).append(places[other])
    return found


def _inversions(upper: Sequence[int], lower: Sequence[int]) -> int:
    return sum(one > other for one in upper for other in lower)


def _crossings(rows: Rows, after: Mapping[_Stop, Sequence[_Stop]]) -> int:
    """Return how many pairs of arrows cross."""
    count = 0
    for left, right in pairwise(rows):
        places = {stop: place for place, stop in enumerate(right)}
        ends = [(place, places[end]) for place, stop in enumerate(left) for end in after.get(stop, ())]
        count += sum((one[0] - other[0]) * (one[1] - other[1]) < 0 for one, other in combinations(ends, 2))
    return count


# --- heights -------------------------------------------------------------------------------------------------------


def _tops(rows: Rows, edges: Edges, heights: Mapping[_Stop, int]) -> dict[_Stop, int]:
    """Return the upper edge of each stop, so that arrows are as straight as the order and the room allow."""
    after, before = edges
    middles: dict[_Stop, int] = {}
    for row in rows:
        y = 0
        for stop in row:
            middles[stop] = y + heights[stop] // 2
            y += heights[stop] + BETWEEN
    last = len(rows) - 1
    for sweep in range(2 * SWEEPS):
        is_back = sweep % 2 == 0
        for column in range(last, -1, -1) if is_back else range(last + 1):
            near = [_near(stop, after, before, is_back=is_back, is_settled=sweep >= SWEEPS) for stop in rows[column]]
            wished = [
                (_mean([middles[each] for each in stops], middles[stop]), 1 + 3 * len(stops))
                for stop, stops in zip(rows[column], near, strict=True)
            ]
            settled = _apart(wished, [heights[stop] for stop in rows[column]])
            middles |= dict(zip(rows[column], settled, strict=True))
    top = min((middles[stop] - heights[stop] // 2 for row in rows for stop in row), default=0)
    return {stop: middle - heights[stop] // 2 - top for stop, middle in middles.items()}


def _near(
    stop: _Stop,
    after: Mapping[_Stop, Sequence[_Stop]],
    before: Mapping[_Stop, Sequence[_Stop]],
    *,
    is_back: bool,
    is_settled: bool,
) -> list[_Stop]:
    """Return the neighbours that a stop would like to stand level with: of one side at first, of both in the end."""
    one, other = (after, before) if is_back else (before, after)
    found = list(one.get(stop, ()))
    return [*found, *other.get(stop, ())] if is_settled or not found else found


def _mean(values: Sequence[int], otherwise: int) -> int:
    return sum(values) // len(values) if values else otherwise


def _apart(wished: Sequence[tuple[int, int]], heights: Sequence[int]) -> list[int]:
    """Return middles near the wished ones that keep their order and leave room: the least squares under that condition.

    Args:
        wished: The wished middle of each and the weight of the wish.
        heights: Of each.

    >>> _apart([(10, 1), (10, 1)], [20, 20])
    [-4, 24]
    """
    offsets = [0]
    for upper, lower in pairwise(heights):
        offsets.append(offsets[-1] + (upper + lower + 1) // 2 + BETWEEN)
    blocks: list[list[int]] = []  # total of weighted wishes, weight, how many
    for (middle, weight), offset in zip(wished, offsets, strict=True):
        blocks.append([(middle - offset) * weight, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            total, load, count = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + load, blocks[-1][2] + count]
    levels = [total // weight for total, weight, count in blocks for _ in range(count)]
    return [level + offset for level, offset in zip(levels, offsets[: len(levels)], strict=True)]
