"""Laws of chance for facts that need no more than a line of data each: `facts` and `lists` of a district file.

A fact belongs to a group of enterprises (`among`), is held by a share of them and follows one law; whoever does not hold it has
`otherwise`. A fact with several `cases` follows the first whose group an enterprise is in. Nothing here knows what a fact
means: a new attribute of the dictionary is a new line of the file.

    {chance: 0.02}                        是 or 否
    {choice: {一般纳税人: 70, …}}          one of some words
    {amount: {median, sigma}, step: 100}  a figure; step and `least` and `most` are optional
    {ratio: {median, sigma}, of: 营业收入}  a figure that follows another one
    {days: [30, 900]}                     a day so many days before the day of looking
    {by: 种类, values: {发明专利: Ⅰ类}}     what another field of the same row decides
    {value: "0"}                          always the same
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from zhida.registry_io.synthetic_draws import CONTEXT, ONE, Draws, LogNormal, Weighted, whole
from zhida.registry_io.synthetic_reading import Node

YES, NO = "是", "否"
"""How truth values are written in the files."""
LAWS = ("chance", "choice", "amount", "ratio", "days", "by", "value")
"""The keys that name a law; a case has exactly one of them."""
POOL = 500
"""So many figures of a law are drawn anew for a column; further ones are drawn from these, which is much faster."""
DECIMAL_STEPS = frozenset(Decimal(1).scaleb(-places) for places in range(7))
"""Steps of whole decimals, to which a figure is rounded at once."""


@dataclass(frozen=True, slots=True)
class Law:
    """How one fact comes about."""

    kind: str
    """One of `LAWS`."""
    share: Decimal = ONE
    """Of `chance`: how many are 是."""
    words: Weighted[str] | None = None
    """Of `choice`."""
    figure: LogNormal | None = None
    """Of `amount`, in the attribute's unit, and of `ratio`."""
    of: str = ""
    """Of `ratio`, the figure that is followed; of `by`, the field that decides."""
    step: Decimal = ONE
    """What a figure is rounded to."""
    ends: tuple[Decimal | None, Decimal | None] = (None, None)
    """The least and the greatest figure."""
    days: tuple[int, int] = (0, 0)
    """Of `days`: the fewest and the most days before the day of looking."""
    values: tuple[tuple[str, str], ...] = ()
    """Of `by`: pairs of what is met and what follows."""
    value: str = ""
    """Of `value`."""


@dataclass(frozen=True, slots=True)
class Among:
    """A group of enterprises: those who meet every condition."""

    unit_types: tuple[str, ...] = ()
    """Kinds of organisation; any where it is empty."""
    industries: tuple[str, ...] = ()
    """Industries of the district; any where it is empty."""
    titles: tuple[str, ...] = ()
    """Titles, all of which are held."""
    is_researching: bool | None = None
    """Whether it spends on research; None where that does not matter."""
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Facts given before, each with the words that it may have."""
    between: tuple[tuple[str, Decimal | None, Decimal | None], ...] = ()
    """Figures, each with the least that it may be and what it must stay below."""


@dataclass(frozen=True, slots=True)
class Case:
    """How a fact comes about for a group of enterprises."""

    law: Law
    """The law."""
    among: Among
    """The group."""
    share: Decimal
    """How many of the group hold the fact."""
    otherwise: str
    """What stands in the cell of whoever does not hold it; an empty cell is unknown."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One column of a file, or one for each of some years."""

    name: str
    """The attribute, or the field of a list."""
    years: int
    """For how many years there are columns, the reporting year first; 0 for a fact that has no years."""
    cases: tuple[Case, ...]
    """The first whose group an enterprise is in decides; of an enterprise that is in none, `otherwise` of the last one."""


def parse_fact(name: str, node: Node) -> Fact:
    """Read one line of `facts` or of the fields of a list."""
    years = node.at("years").integer(1, 20) if node.has("years") else 0
    if node.has("cases"):
        cases = tuple(_case(item) for item in node.at("cases").list())
        node.done()
    else:
        cases = (_case(node),)
    return Fact(name, years, cases)


def _case(node: Node) -> Case:
    law = _law(node)
    among = parse_among(node.at("among")) if node.has("among") else Among()
    share = node.at("share").share() if node.has("share") else ONE
    otherwise = node.at("otherwise").text() if node.has("otherwise") else NO if law.kind == "chance" else "0"
    node.done()
    return Case(law, among, share, "" if otherwise == "?" else otherwise)


def parse_among(node: Node) -> Among:
    """Read the conditions of a group."""
    researching = node.at("research").value if node.has("research") else None
    if researching not in {None, True, False}:
        node.at("research").complain("true or false", "true 或 false")
    unit_types, industries, titles = (
        tuple(item.text() for item in node.at(key).list()) if node.has(key) else () for key in ("unit_types", "industries", "titles")
    )
    when = {key: tuple(word.text() for word in item.list()) for key, item in node.at("when").map().items()} if node.has("when") else {}
    between = {key: _ends(item) for key, item in node.at("between").map().items()} if node.has("between") else {}
    found = Among(
        unit_types,
        industries,
        titles,
        researching if isinstance(researching, bool) else None,
        tuple(when.items()),
        tuple((name, low, high) for name, (low, high) in between.items()),
    )
    node.done()
    return found


def _ends(node: Node) -> tuple[Decimal | None, Decimal | None]:
    ends = [None if item.value is None else item.decimal("-1e12") for item in node.list()]
    if len(ends) != 2 or ends == [None, None]:
        node.complain("two figures, of which one may be null", "两个数，其中一个可以是 null")
        return None, None
    return ends[0], ends[1]


def _law(node: Node) -> Law:
    kinds = [kind for kind in LAWS if node.has(kind)]
    if len(kinds) != 1:
        node.complain(f"exactly one of {', '.join(LAWS)}", f"恰好一种：{'、'.join(LAWS)}")
        node.used.update(kinds)
        return Law("value")
    kind = kinds[0]
    at = node.at(kind)
    match kind:
        case "chance":
            return Law(kind, share=at.share())
        case "choice":
            return Law(kind, words=at.weights())
        case "days":
            ends = [item.integer(-20000, 20000) for item in at.list()]
            if len(ends) != 2 or ends[0] > ends[1]:
                at.complain("two numbers of days, the smaller first", "两个天数，小的在前")
                ends = [0, 0]
            return Law(kind, days=(ends[0], ends[1]))
        case "by":
            values = {key: item.text() for key, item in node.at("values").map().items()}
            return Law(kind, of=at.text(), values=tuple(values.items()))
        case "value":
            return Law(kind, value=at.text())
    step = node.at("step").decimal("0.000001") if node.has("step") else ONE
    ends_ = tuple(node.at(key).decimal("-1e12") if node.has(key) else None for key in ("least", "most"))
    of = node.at("of").text() if kind == "ratio" else ""
    return Law(kind, figure=at.lognormal(), of=of, step=step, ends=(ends_[0], ends_[1]))


class Pools:
    """Figures of the laws of one column: drawn anew at first, then from those that were drawn."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._pools: dict[LogNormal, list[Decimal]] = {}

    def draw(self, law: LogNormal) -> Decimal:
        """Return a draw of a lognormal quantity."""
        pool = self._pools.setdefault(law, [])
        if len(pool) == POOL:
            return pool[self._draws.below(POOL)]
        pool.append(self._draws.of_lognormal(law))
        return pool[-1]


def draw(law: Law, row: Mapping[str, str], day: dt.date, draws: Draws, pools: Pools) -> str:
    """Return a cell that follows a law; a ratio is left to whoever knows the figure that it follows.

    Args:
        law: The law.
        row: The cells of the same row that are there already.
        day: The day of looking.
        draws: The stream of chance.
        pools: Its figures.
    """
    match law.kind:
        case "chance":
            return YES if draws.is_below(law.share) else NO
        case "choice":
            assert law.words is not None, "a choice has words"
            return draws.choice(law.words)
        case "days":
            low, high = law.days
            return (day - dt.timedelta(days=low + draws.below(high - low + 1))).isoformat()
        case "by":
            return dict(law.values).get(row[law.of], "")
        case "value":
            return law.value
    assert law.kind == "amount", law.kind
    assert law.figure is not None, "a figure has a law"
    return figure(pools.draw(law.figure), law.step, law.ends)


def figure(value: Decimal, step: Decimal, ends: tuple[Decimal | None, Decimal | None] = (None, None)) -> str:
    """Return a figure as a multiple of `step` between two ends, without trailing zeros.

    >>> figure(Decimal("1234.567"), Decimal("0.01")), figure(Decimal("7"), Decimal(5), (None, Decimal(5)))
    ('1234.57', '5')
    """
    low, high = ends
    if step in DECIMAL_STEPS:
        rounded = value.quantize(step, context=CONTEXT)
    else:
        rounded = CONTEXT.multiply(Decimal(whole(CONTEXT.divide(value, step))), step)
    rounded = max(rounded, low) if low is not None else rounded
    rounded = min(rounded, high) if high is not None else rounded
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
