"""A plain diagram of a requirement graph: what rests on nothing stands below, what rests on it above (DMN 1.5, chapter 13).

Every element is a box in the row of its depth, every arrow a straight line. The layout is the same for the same graph. It
is there so that other tools show a model that nobody has drawn; they let a person move the boxes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zhida.dmn.graph import sort_requirements
from zhida.dmn.xml_markup import Markup, markup
from zhida.dmn.xml_schema import DC, DI, DMNDI
from zhida.source import display_width

HEIGHT = 60
"""Height of a box."""
ROW = 130
"""From one row to the next."""
GAP = 40
"""Between boxes of a row."""
MARGIN = 40
"""Around the diagram."""
NARROWEST, WIDEST, CELL, PADDING = 120, 320, 8, 30
"""Width of a box: by its name, within bounds."""


@dataclass(frozen=True, slots=True)
class Box:
    """An element of the graph."""

    id: str
    """Its id in XML."""
    name: str
    """Its name."""
    tag: str
    """The name of its XML element."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A requirement."""

    id: str
    """Its id in XML."""
    of: str
    """Who requires."""
    target: str
    """What is required; not drawn where it is of another model."""
    tag: str
    """The name of its XML element."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box stands."""

    x: int
    """Its left edge."""
    y: int
    """Its upper edge."""
    width: int
    """Its width."""


def diagram(boxes: Sequence[Box], arrows: Sequence[Arrow], new_id: Callable[[str], str]) -> Markup:
    """Return the DMNDI of a graph.

    Args:
        boxes: The elements, each id once.
        arrows: Their requirements.
        new_id: Returns an id that the document does not have yet.
    """
    places = layout(boxes, arrows)
    drawn = [arrow for arrow in arrows if arrow.target in places]
    right = max(place.x + place.width for place in places.values()) + MARGIN
    below = max(place.y for place in places.values()) + HEIGHT + MARGIN
    size = markup("dmndi:Size", {"width": str(right), "height": str(below)})
    shapes = [_shape(box, places[box.id], new_id) for box in boxes]
    edges = [_edge(arrow, places, new_id) for arrow in drawn]
    page = markup("dmndi:DMNDiagram", {"id": new_id("diagram")}, size, more=[*shapes, *edges])
    return markup("dmndi:DMNDI", {"xmlns:dmndi": DMNDI, "xmlns:dc": DC, "xmlns:di": DI}, page)


def layout(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> dict[str, Place]:
    """Return where each box stands.

    >>> a, b = layout([Box("a", "a", "inputData"), Box("b", "b", "decision")], [Arrow("r", "b", "a", "")]).values()
    >>> (a.x, a.y), (b.x, b.y)
    ((40, 170), (40, 40))
    """
    required: dict[str, list[str]] = {box.id: [] for box in boxes}
    for arrow in arrows:
        if arrow.target in required:
            required[arrow.of].append(arrow.target)
    order, _ = sort_requirements(required)
    depths: dict[str, int] = {}
    for id_ in order:
        depths[id_] = max((depths.get(each, -1) for each in required[id_]), default=-1) + 1
    widths = {box.id: min(max(display_width(box.name) * CELL + PADDING, NARROWEST), WIDEST) for box in boxes}
    rows: list[list[str]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for box in boxes:
        rows[depths[box.id]].append(box.id)
    return _placed(rows, widths, required)


def _placed(rows: list[list[str]], widths: Mapping[str, int], required: Mapping[str, Sequence[str]]) -> dict[str, Place]:
    """Return the places of boxes in rows, the lowest first; a box stands over the middle of what it requires where it can."""
    widest = max((sum(widths[id_] + GAP for id_ in row) - GAP for row in rows), default=0)
    middles: dict[str, int] = {}
    found: dict[str, Place] = {}
    for depth, row in enumerate(rows):
        if depth:
            row.sort(key=lambda id_: _mean([middles[each] for each in required[id_] if each in middles]))
        x = MARGIN + (widest - (sum(widths[id_] + GAP for id_ in row) - GAP)) // 2
        for id_ in row:
            found[id_] = Place(x, MARGIN + (len(rows) - 1 - depth) * ROW, widths[id_])
            middles[id_] = x + widths[id_] // 2
            x += widths[id_] + GAP
    return found


def _mean(values: Sequence[int]) -> int:
    return sum(values) // len(values) if values else 0


def _shape(box: Box, place: Place, new_id: Callable[[str], str]) -> Markup:
    bounds = {"x": str(place.x), "y": str(place.y), "width": str(place.width), "height": str(HEIGHT)}
    collapsed = "true" if box.tag == "decisionService" else None  # its decisions are drawn where they stand in the graph
    attributes = {"id": new_id(f"shape_{box.id}"), "dmnElementRef": box.id, "isCollapsed": collapsed}
    return markup("dmndi:DMNShape", attributes, markup("dc:Bounds", bounds))


def _edge(arrow: Arrow, places: Mapping[str, Place], new_id: Callable[[str], str]) -> Markup:
    """Return a line from what is required up to who requires it."""
    start, end = places[arrow.target], places[arrow.of]
    points = ((start.x + start.width // 2, start.y), (end.x + end.width // 2, end.y + HEIGHT))
    waypoints = [markup("di:waypoint", {"x": str(x), "y": str(y)}) for x, y in points]
    return markup("dmndi:DMNEdge", {"id": new_id(f"edge_{arrow.id}"), "dmnElementRef": arrow.id}, more=waypoints)
