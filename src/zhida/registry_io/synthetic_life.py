"""What the enterprises of a synthetic district did over the years: earlier years, research, titles, other facts, lists.

    enterprises ──> figures of each year ──> who researches ──> who holds titles ──> other facts ──> lists
                    history-synthetic.csv                        standing-synthetic.csv             a file for each list

Each part draws from streams of its own: a district with these files has the same enterprises as one without. Nothing is invented
in Python: shares, medians and the counts that published totals give stand in the district file.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from zhida.errors import InputError, diagnostic
from zhida.registry_io.synthetic_district import District
from zhida.registry_io.synthetic_draws import CONTEXT, ONE, ZERO, Draws, Normal, whole
from zhida.registry_io.synthetic_laws import NO, YES, Among, Fact, draw, figure
from zhida.registry_io.synthetic_life_parameters import Life, List, Title
from zhida.registry_io.synthetic_population import Enterprise

NONE = "无"
"""The word for a known absence."""
CENT = Decimal("0.01")
"""What money is rounded to, 元."""
TENTH = Decimal("0.1")
"""What averages of staff are rounded to, 人."""
SHARES = (Decimal("0.02"), ONE)
"""Ends of a share that is drawn from a normal."""

MONEY_OF_YEARS = (
    "营业收入", "资产总额", "主营业务收入", "研发费用", "境内研发费用", "净资产", "负债总额",
    "成本费用支出", "收入总额", "不征税收入", "投资收益", "高新技术产品收入", "新增股权融资额", "失业保险费实缴额",
)  # fmt: skip
"""Attributes with a figure in 元 for each year."""
STAFF_OF_YEARS = ("职工总数", "科技人员数", "失业保险参保人数", "领取失业保险金人数")
"""Attributes with a figure in 人 for each year."""
OF_YEARS = (*MONEY_OF_YEARS, *STAFF_OF_YEARS)
"""All attributes with a figure for each year."""
ELSEWHERE = ("营业收入", "资产总额")
"""Those whose figure of the reporting year stands in the finance file."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file of a district."""

    columns: tuple[str, ...]
    """Its columns."""
    rows: tuple[tuple[str, ...], ...]
    """Its rows."""


def live(district: District, life: Life, enterprises: Sequence[Enterprise], seed: int) -> dict[str, Table]:
    """Return the files, by name without `-synthetic.csv`, without key and mark.

    Rows of `history` and `standing` are those of the enterprises; rows of lists begin with the place of their owner.

    Args:
        district: The parameters of the district.
        life: Those of its years.
        enterprises: The enterprises.
        seed: The seed.

    Raises:
        InputError: district-key, district-target.
    """
    _check_titles(life)
    intensities = _intensities(life, enterprises, seed)
    merits = _merits(life, enterprises, seed)
    last = district.as_of - 1
    history: list[tuple[str, ...]] = []
    figures: list[dict[str, Decimal]] = []
    draws = Draws(seed, 32)
    for enterprise, intensity in zip(enterprises, intensities, strict=True):
        of_years = _of_years(life, enterprise, intensity, last, draws)
        figures.append({name: of_years[0][name] for name in OF_YEARS} | {"从业人员": Decimal(enterprise.staff.headcounts[-1])})
        history.append(tuple(_cells(of_years)))
    held, standing = _titles(life, enterprises, intensities, merits, seed)
    columns = list(_title_columns(life))
    draws = Draws(seed, 34)
    for fact in life.facts:
        _check_of(fact, f"facts.{fact.name}", figures[0])
        columns.append(fact.name)
    rows = []
    for place, enterprise in enumerate(enterprises):
        cells = dict(standing[place])
        for fact in life.facts:
            belongs = _belongs(fact.among, enterprise, held[place], is_researching=intensities[place] > 0)
            holds = belongs and (fact.share == ONE or draws.uniform() < fact.share)
            cells[fact.name] = draw(fact.law, figures[place], cells, life.day, draws) if holds else _blank(fact.otherwise)
        rows.append(tuple(cells[column] for column in columns))
    tables = {"history": Table(history_columns(life, last), tuple(history)), "standing": Table(tuple(columns), tuple(rows))}
    for number, listed in enumerate(life.lists):
        owners = [
            _belongs(listed.owners, enterprise, titles, is_researching=intensity > 0)
            for enterprise, titles, intensity in zip(enterprises, held, intensities, strict=True)
        ]
        tables[listed.file] = _list(life, listed, owners, figures, Draws(seed, 40 + number))
    return tables


def history_columns(life: Life, last: int) -> tuple[str, ...]:
    """Return the columns of the file of earlier years: an attribute and a year, as `研发费用2024`.

    Args:
        life: The parameters.
        last: The reporting year.
    """
    return tuple(f"{name}{last - ago}" for ago in range(life.years.count) for name in OF_YEARS if ago or name not in ELSEWHERE)


def _cells(of_years: Sequence[Mapping[str, Decimal]]) -> list[str]:
    cells = []
    for ago, figures in enumerate(of_years):
        for name in OF_YEARS:
            if ago or name not in ELSEWHERE:
                step = CENT if name in MONEY_OF_YEARS else TENTH if name in {"职工总数", "科技人员数"} else ONE
                cells.append(figure(figures[name], step))
    return cells


def _blank(word: str) -> str:
    return "" if word == "?" else word


def _intensities(life: Life, enterprises: Sequence[Enterprise], seed: int) -> list[Decimal]:
    """Return research as a share of revenue for each enterprise; zero where there is none."""
    draws = Draws(seed, 30)
    research = life.research
    ranks: list[tuple[Decimal, int]] = []
    drawn: list[Decimal] = []
    for place, enterprise in enumerate(enterprises):
        share = research.spenders.get(enterprise.industry, research.others)
        uniform, intensity = draws.uniform(), min(draws.of_lognormal(research.intensity), research.most)
        drawn.append(intensity)
        if share and enterprise.unit_type == "企业" and enterprise.money.revenue:
            ranks.append((CONTEXT.divide(uniform, share), place))
    ranks.sort()
    count = sum(rank < 1 for rank, _ in ranks) if research.holders is None else research.holders
    if count > len(ranks):
        raise InputError([diagnostic("district-target", path="research.holders", target=count, reachable=len(ranks))])
    chosen = {place for _, place in ranks[:count]}
    return [intensity if place in chosen else ZERO for place, intensity in enumerate(drawn)]


def _merits(life: Life, enterprises: Sequence[Enterprise], seed: int) -> list[Decimal]:
    """Return what makes a firm likely to hold titles: chance, and its size."""
    draws = Draws(seed, 31)
    weight = life.research.merit_of_size
    logarithms = [CONTEXT.ln(Decimal(enterprise.staff.headcounts[-1])) for enterprise in enterprises]
    return [CONTEXT.fma(weight, logarithm, draws.normal()) for logarithm in logarithms]


def _of_years(life: Life, enterprise: Enterprise, intensity: Decimal, last: int, draws: Draws) -> list[dict[str, Decimal]]:
    """Return the figures of each year, the reporting year first; a firm that did not exist yet has zeros."""
    years, research = life.years, life.research
    money, staff = enterprise.money, enterprise.staff
    shares = {
        "main": _share(years.main_business, draws),
        "debt": _share(years.debt, draws),
        "cost": min(max(draws.of_normal(years.cost), Decimal("0.3")), Decimal("1.6")),
        "domestic": _share(research.domestic, draws),
        "new": _share(research.new_products, draws) if intensity else ZERO,
        "staff": min(draws.of_lognormal(research.staff), Decimal("0.9")) if intensity else ZERO,
    }
    revenue, assets, people = Decimal(money.revenue), Decimal(money.assets[-1]), Decimal(staff.on_payroll)
    insured, left = whole(people), ZERO
    found = []
    for ago in range(years.count):
        year = last - ago
        if enterprise.founded.year > year:
            found.append(dict.fromkeys(OF_YEARS, ZERO))
            continue
        grown = max(CONTEXT.add(ONE, draws.of_normal(years.revenue_growth)), Decimal("0.4"))
        before = max(
            whole(CONTEXT.divide(people, max(CONTEXT.add(ONE, CONTEXT.divide(CONTEXT.subtract(grown, ONE), Decimal(2))), Decimal("0.6")))),
            1,
        )
        left = Decimal(max(before - insured, 0))
        spent = CONTEXT.multiply(revenue, intensity)
        debts = CONTEXT.multiply(assets, shares["debt"])
        found.append(
            {
                "营业收入": revenue,
                "资产总额": assets,
                "主营业务收入": CONTEXT.multiply(revenue, shares["main"]),
                "研发费用": spent,
                "境内研发费用": CONTEXT.multiply(spent, shares["domestic"]),
                "净资产": CONTEXT.subtract(assets, debts),
                "负债总额": debts,
                "成本费用支出": CONTEXT.multiply(revenue, shares["cost"]),
                "收入总额": revenue,
                "不征税收入": ZERO,
                "投资收益": ZERO,
                "高新技术产品收入": CONTEXT.multiply(revenue, shares["new"]),
                "新增股权融资额": _equity(life, intensity, draws),
                "失业保险费实缴额": CONTEXT.multiply(CONTEXT.multiply(Decimal(insured * staff.wage), years.premium), ONE),
                "职工总数": people,
                "科技人员数": CONTEXT.multiply(people, shares["staff"]),
                "失业保险参保人数": Decimal(insured),
                "领取失业保险金人数": Decimal(whole(CONTEXT.multiply(left, years.claimants))),
            }
        )
        revenue = Decimal(whole(CONTEXT.divide(revenue, grown), 100))
        assets = Decimal(whole(CONTEXT.divide(assets, max(grown, Decimal("0.8"))), 100))
        people, insured = Decimal(before), before
        intensity = min(CONTEXT.divide(intensity, max(CONTEXT.add(ONE, draws.of_normal(research.growth)), Decimal("0.5"))), research.most)
    return found


def _equity(life: Life, intensity: Decimal, draws: Draws) -> Decimal:
    """Return what investors paid in during a year; only firms that research find any."""
    lucky = intensity > 0 and draws.uniform() < life.research.equity_share
    return Decimal(whole(draws.of_lognormal(life.research.equity), 100)) if lucky else ZERO


def _share(law: Normal, draws: Draws) -> Decimal:
    return min(max(draws.of_normal(law), SHARES[0]), SHARES[1])


def _belongs(among: Among, enterprise: Enterprise, held: Mapping[str, bool], *, is_researching: bool) -> bool:
    return (
        (not among.unit_types or enterprise.unit_type in among.unit_types)
        and (not among.industries or enterprise.industry in among.industries)
        and all(held[title] for title in among.titles)
        and among.is_researching in {None, is_researching}
    )


def _check_titles(life: Life) -> None:
    """Complain of titles that refer to titles that are not given before them, and of industries' names that nothing has."""
    known: list[str] = []
    faults = []
    for title in life.titles:
        faults += [
            diagnostic("district-key", path=f"titles.{title.name}.among.titles.{name}", near="")
            for name in title.among.titles
            if name not in known
        ]
        known.append(title.name)
    for where, among in [
        *((f"facts.{fact.name}", fact.among) for fact in life.facts),
        *((f"lists.{item.name}", item.owners) for item in life.lists),
    ]:
        faults += [diagnostic("district-key", path=f"{where}.among.titles.{name}", near="") for name in among.titles if name not in known]
    if faults:
        raise InputError(faults)


def _check_of(fact: Fact, path: str, figures: Mapping[str, Decimal]) -> None:
    if fact.law.kind == "ratio" and fact.law.of not in figures:
        raise InputError([diagnostic("district-key", path=f"{path}.of.{fact.law.of}", near="")])


def _title_columns(life: Life) -> list[str]:
    return [name for title in life.titles for name in (title.flag, title.start, title.end, title.first) if name]


def _titles(
    life: Life, enterprises: Sequence[Enterprise], intensities: Sequence[Decimal], merits: Sequence[Decimal], seed: int
) -> tuple[list[dict[str, bool]], list[dict[str, str]]]:
    """Return who holds which title, and the cells that say so: exactly the stated number of holders, those of most merit first."""
    draws = Draws(seed, 33)
    held: list[dict[str, bool]] = [{} for _ in enterprises]
    cells: list[dict[str, str]] = [{} for _ in enterprises]
    for title in life.titles:
        candidates = []
        for place, enterprise in enumerate(enterprises):
            luck = draws.normal()
            is_old_enough = enterprise.founded < life.day - dt.timedelta(days=400)
            if is_old_enough and _belongs(title.among, enterprise, held[place], is_researching=intensities[place] > 0):
                candidates.append((-CONTEXT.fma(Decimal("0.6"), luck, merits[place]), place))
        if len(candidates) < title.holders:
            raise InputError([diagnostic("district-target", path=f"titles.{title.name}", target=title.holders, reachable=len(candidates))])
        chosen = {place for _, place in sorted(candidates)[: title.holders]}
        for place, enterprise in enumerate(enterprises):
            held[place][title.name] = place in chosen
            cells[place] |= _title_cells(title, enterprise, life.day, draws) if place in chosen else _no_title(title)
    return held, cells


def _no_title(title: Title) -> dict[str, str]:
    dates = {name: NONE for name in (title.start, title.end, title.first) if name}
    return dates | ({title.flag: NO} if title.flag else {})


def _title_cells(title: Title, enterprise: Enterprise, day: dt.date, draws: Draws) -> dict[str, str]:
    found = {title.flag: YES} if title.flag else {}
    if not title.years:
        return found
    length = 365 * title.years
    earliest = max(day - dt.timedelta(days=length - 1), enterprise.founded + dt.timedelta(days=365))
    start = earliest + dt.timedelta(days=draws.below((day - earliest).days + 1))
    first = start
    if draws.uniform() < title.renewed and start - dt.timedelta(days=length) > enterprise.founded + dt.timedelta(days=365):
        first = start - dt.timedelta(days=length)
    end = _years_later(start, title.years) - dt.timedelta(days=1)
    for name, date in ((title.start, start), (title.end, end), (title.first, first)):
        if name:
            found[name] = date.isoformat()
    return found


def _years_later(day: dt.date, years: int) -> dt.date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if is_leap_day else day.day)


def _list(life: Life, listed: List, owners: Sequence[bool], figures: Sequence[Mapping[str, Decimal]], draws: Draws) -> Table:
    """Return the rows of a list; the first cell of each is the place of its owner."""
    rows: list[tuple[str, ...]] = []
    for place, is_owner in enumerate(owners):
        if not is_owner or draws.uniform() >= listed.share:
            continue
        for _ in range(min(max(whole(draws.of_lognormal(listed.count)), 1), listed.most)):
            cells: dict[str, str] = {}
            for fact in listed.fields:
                holds = fact.share == ONE or draws.uniform() < fact.share
                cells[fact.name] = draw(fact.law, figures[place], cells, life.day, draws) if holds else _blank(fact.otherwise)
            rows.append((str(place), f"{len(rows) + 1:06d}", *cells.values()))
    return Table((f"{listed.name}编号", *(fact.name for fact in listed.fields)), tuple(rows))
