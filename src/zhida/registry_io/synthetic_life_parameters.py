"""The parameters of what enterprises did over the years: the sections `research`, `titles`, `facts` and `lists` of a district file.

All four are optional together: a district without them is one of a single year.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from zhida.registry_io.synthetic_draws import LogNormal, Normal
from zhida.registry_io.synthetic_laws import Among, Fact, parse_among, parse_fact
from zhida.registry_io.synthetic_reading import Node


@dataclass(frozen=True, slots=True)
class Years:
    """How figures move from year to year, and how they hang together within one."""

    count: int
    """Years up to the reporting year, that one included."""
    revenue_growth: Normal
    """Growth of revenue a year."""
    main_business: Normal
    """Revenue of the main business as a share of all revenue."""
    debt: Normal
    """Debts as a share of assets."""
    cost: Normal
    """Costs as a share of revenue."""
    premium: Decimal
    """Unemployment insurance of employer and employees as a share of wages."""
    claimants: Decimal
    """Of those who left, how many draw unemployment benefit."""


@dataclass(frozen=True, slots=True)
class Research:
    """Who spends on research, and how much."""

    spenders: Mapping[str, Decimal]
    """Share of firms that do, by industry."""
    others: Decimal
    """Share in industries that are not named."""
    holders: int | None
    """Exactly so many, where it is stated."""
    intensity: LogNormal
    """Research as a share of revenue."""
    most: Decimal
    """The greatest such share."""
    growth: Normal
    """Growth of that share a year."""
    domestic: Normal
    """Share of research within the country."""
    staff: LogNormal
    """Research staff as a share of all staff."""
    new_products: Normal
    """Share of revenue that comes from the results."""
    equity_share: Decimal
    """Of those who do, how many find investors in a year."""
    equity: LogNormal
    """元 that these pay in."""
    merit_of_size: Decimal
    """How much a firm's size, as the logarithm of its headcount, counts beside chance for who holds titles."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title that a firm may hold: a certificate, an entry in a list."""

    name: str
    """What it is called in `among`."""
    holders: int
    """Exactly so many hold it on the day of looking."""
    among: Among
    """Who may hold it."""
    years: int
    """How many years it is valid; 0 where it has no dates."""
    flag: str
    """The attribute that says whether it is held; may be empty."""
    start: str
    """The attribute of its first day; may be empty."""
    end: str
    """The attribute of its last day; may be empty."""
    first: str
    """The attribute of the day of the first recognition; may be empty."""
    renewed: Decimal
    """Share of holders whose first recognition lies before the present period."""
    prefer: tuple[Among, ...]
    """Groups from which holders come first: those who meet the conditions of the recognition, as far as they are figures."""
    preferred: Decimal
    """Share of holders who are in one of these groups, as far as there are so many."""
    source: str
    """Who published the number of holders; empty where it is invented."""


@dataclass(frozen=True, slots=True)
class List:
    """Rows of which an enterprise may have several, in a file of their own."""

    name: str
    """The attribute."""
    file: str
    """The file, without `-synthetic.csv`."""
    owners: Among
    """Who may have rows."""
    share: Decimal
    """How many of these have any."""
    surely: tuple[str, ...]
    """Titles of which every holder has rows."""
    count: LogNormal
    """How many rows each has."""
    most: int
    """The most rows."""
    fields: tuple[Fact, ...]
    """The columns, in order."""


@dataclass(frozen=True, slots=True)
class Life:
    """What enterprises did over the years."""

    day: dt.date
    """The day of looking: titles are valid on it, days of facts lie before it."""
    years: Years
    """Figures from year to year."""
    research: Research
    """Research."""
    titles: tuple[Title, ...]
    """Titles, in the order in which they are given."""
    facts: tuple[Fact, ...]
    """Other facts."""
    lists: tuple[List, ...]
    """Lists."""


def parse_life(root: Node) -> Life | None:
    """Read the four sections, or None where the file has none of them."""
    if not root.has("research"):
        return None
    node = root.at("research")
    found = Life(
        day=_day(node.at("day")),
        years=_years(node.at("years")),
        research=_research(node),
        titles=tuple(_title(name, item) for name, item in root.at("titles").map().items()),
        facts=tuple(parse_fact(name, item) for name, item in root.at("facts").map().items()),
        lists=tuple(_list(name, item) for name, item in root.at("lists").map().items()),
    )
    node.done()
    return found


def _day(node: Node) -> dt.date:
    if isinstance(node.value, dt.date):
        return node.value
    node.complain("a date such as 2026-06-30", "日期，如 2026-06-30")
    return dt.date(2000, 1, 1)


def _years(node: Node) -> Years:
    found = Years(
        count=node.at("count").integer(1, 20),
        revenue_growth=node.at("revenue_growth").normal(),
        main_business=node.at("main_business").normal(),
        debt=node.at("debt").normal(),
        cost=node.at("cost").normal(),
        premium=node.at("premium").share(),
        claimants=node.at("claimants").share(),
    )
    node.done()
    return found


def _research(node: Node) -> Research:
    return Research(
        spenders={key: item.share() for key, item in node.at("spenders").map().items()},
        others=node.at("others").share(),
        holders=node.at("holders").integer() if node.has("holders") else None,
        intensity=node.at("intensity").lognormal(),
        most=node.at("most").decimal(),
        growth=node.at("growth").normal(),
        domestic=node.at("domestic").normal(),
        staff=node.at("staff").lognormal(),
        new_products=node.at("new_products").normal(),
        equity_share=node.at("equity_share").share(),
        equity=node.at("equity").lognormal(),
        merit_of_size=node.at("merit_of_size").decimal(),
    )


def _title(name: str, node: Node) -> Title:
    words = {key: node.at(key).text() if node.has(key) else "" for key in ("flag", "start", "end", "first")}
    found = Title(
        name=name,
        holders=node.at("holders").integer(),
        among=parse_among(node.at("among")) if node.has("among") else Among(),
        years=node.at("years").integer(0, 20) if node.has("years") else 0,
        **words,
        renewed=node.at("renewed").share() if node.has("renewed") else Decimal(0),
        prefer=tuple(parse_among(item) for item in node.at("prefer").list()) if node.has("prefer") else (),
        preferred=node.at("preferred").share() if node.has("preferred") else Decimal(1),
        source=node.at("source").text() if node.has("source") else "",
    )
    node.done()
    return found


def _list(name: str, node: Node) -> List:
    fields = node.at("fields")
    found = List(
        name=name,
        file=node.at("file").text(),
        owners=parse_among(node.at("among")) if node.has("among") else Among(),
        share=node.at("share").share(),
        surely=tuple(item.text() for item in node.at("surely").list()) if node.has("surely") else (),
        count=node.at("count").lognormal(),
        most=node.at("most").integer(1, 1000),
        fields=tuple(parse_fact(key, item) for key, item in fields.map().items()),
    )
    node.done()
    return found
