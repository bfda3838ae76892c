"""What the enterprises of a synthetic district did over the years: earlier years, research, titles, other facts, lists.

    enterprises ──> figures of each year ──> who researches ──> who holds titles ──> other facts ──> lists
                    history-synthetic.csv                        standing-synthetic.csv             a file for each list

Each part draws from streams of its own: a district with these files has the same enterprises as one without. Nothing is invented
in Python: shares, medians and the counts that published totals give stand in the district file.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.registry_io.synthetic_district import District
from zhida.registry_io.synthetic_draws import CONTEXT, ONE, ZERO, Draws, Normal, whole
from zhida.registry_io.synthetic_facts import Known, draw_facts, fields_of, row_of
from zhida.registry_io.synthetic_laws import NO, YES, figure
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

DERIVED = ("从业人员", "平均工资", "应纳税所得额", "年龄", "三年研发强度", "科技人员占比", "高新收入占比", "资产负债率")
"""Further figures of the reporting year that laws may speak of; 年龄 in years on the day of looking."""
DAYS_OF_YEAR = Decimal("365.25")
"""What days are divided by to have years."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file of a district."""

    columns: tuple[str, ...]
    """Its columns."""
    rows: tuple[tuple[str, ...], ...]
    """Its rows."""


def live(district: District, life: Life, enterprises: Sequence[Enterprise], seed: int, barred: Collection[int] = ()) -> dict[str, Table]:
    """Return the files, by name without `-synthetic.csv`, without key and mark.

    Rows of `history` and `standing` are those of the enterprises; rows of lists begin with the place of their owner.

    Args:
        district: The parameters of the district.
        life: Those of its years.
        enterprises: The enterprises.
        seed: The seed.
        barred: Places of enterprises that hold no title: they will not be in the registry, where the totals must come out.

    Raises:
        InputError: district-key, district-target.
    """
    _check_titles(life)
    intensities = _intensities(life, enterprises, seed)
    last = district.as_of - 1
    draws = Draws(seed, 32)
    years = [_of_years(life, enterprise, intensity, last, draws) for enterprise, intensity in zip(enterprises, intensities, strict=True)]
    figures = {(name, ago): [found[ago][name] for found in years] for name in OF_YEARS for ago in range(life.years.count)}
    known = Known(
        enterprises, [intensity > 0 for intensity in intensities], figures | _derived(life, enterprises, years), [{} for _ in enterprises]
    )
    _give_titles(life, known, seed, frozenset(barred))
    columns = [*known.cells, *draw_facts(life.facts, known, last=last, day=life.day, seed=seed)]
    tables = {
        "history": Table(history_columns(life, last), tuple(tuple(_cells(found)) for found in years)),
        "standing": Table(tuple(columns), tuple(zip(*(known.cells[column] for column in columns), strict=True))),
    }
    for number, listed in enumerate(life.lists):
        tables[listed.file] = _list(life, listed, known, Draws(seed, 40 + number))
    return tables


def _derived(
    life: Life, enterprises: Sequence[Enterprise], years: Sequence[Sequence[Mapping[str, Decimal]]]
) -> dict[tuple[str, int], list[Decimal]]:
    """Return further figures of the reporting year, on which groups and laws may rest (`DERIVED`)."""
    found: dict[tuple[str, int], list[Decimal]] = {(name, 0): [] for name in DERIVED}
    for enterprise, figures in zip(enterprises, years, strict=True):
        now = figures[0]
        three = [sum((year[name] for year in figures[:3]), ZERO) for name in ("研发费用", "营业收入")]
        for name, value in zip(
            DERIVED,
            (
                Decimal(enterprise.staff.headcounts[-1]),
                Decimal(enterprise.staff.wage),
                Decimal(enterprise.money.taxable_income),
                CONTEXT.divide(Decimal((life.day - enterprise.founded).days), DAYS_OF_YEAR),
                _ratio(*three),
                _ratio(now["科技人员数"], now["职工总数"]),
                _ratio(now["高新技术产品收入"], now["收入总额"]),
                _ratio(now["负债总额"], now["资产总额"]),
            ),
            strict=True,
        ):
            found[name, 0].append(value)
    return found


def _ratio(part: Decimal, whole_: Decimal) -> Decimal:
    return CONTEXT.divide(part, whole_) if whole_ else ZERO


def attributes_of(life: Life) -> set[str]:
    """Return the attributes that the files of earlier years, titles and other facts have."""
    return {*OF_YEARS, *(name for title in life.titles for name in _columns_of(title)), *(fact.name for fact in life.facts)}


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


def _check_titles(life: Life) -> None:
    """Complain of titles that refer to titles that are not given before them."""
    known: list[str] = []
    faults: list[Diagnostic] = []

    def check(where: str, names: Sequence[str]) -> None:
        faults.extend(
            diagnostic("district-key", path=f"{where}.titles.{name}", near=nearest(name, known)) for name in names if name not in known
        )

    for title in life.titles:
        for among in (title.among, *title.prefer):
            check(f"titles.{title.name}.among", among.titles)
        known.append(title.name)
    for fact in life.facts:
        for case in fact.cases:
            check(f"facts.{fact.name}.among", case.among.titles)
    for item in life.lists:
        check(f"lists.{item.name}.among", (*item.owners.titles, *item.surely))
        for fact in item.fields:
            for case in fact.cases:
                check(f"lists.{item.name}.fields.{fact.name}.among", case.among.titles)
    if faults:
        raise InputError(faults)


def _give_titles(life: Life, known: Known, seed: int, barred: frozenset[int]) -> None:
    """Give titles to exactly the stated number of holders, those of most merit first, and write the cells that say so."""
    draws = Draws(seed, 33)
    merits = _merits(life, known.enterprises, seed)
    oldest = life.day - dt.timedelta(days=400)
    for title in life.titles:
        group = known.group(title.among)
        preferred = [any(places) for places in zip(*(known.group(among) for among in title.prefer), strict=True)] or [True] * len(group)
        candidates: tuple[list[tuple[Decimal, int]], ...] = ([], [])
        for place, enterprise in enumerate(known.enterprises):
            luck = draws.normal()
            if enterprise.founded < oldest and group[place] and place not in barred:
                candidates[not preferred[place]].append((-CONTEXT.fma(Decimal("0.6"), luck, merits[place]), place))
        chosen = _chosen(title, candidates)
        cells: dict[str, list[str]] = {name: [] for name in _columns_of(title)}
        for place, enterprise in enumerate(known.enterprises):
            known.held[place][title.name] = place in chosen
            for name, cell in (_title_cells(title, enterprise, life.day, draws) if place in chosen else _no_title(title)).items():
                cells[name].append(cell)
        known.cells |= cells


def _chosen(title: Title, candidates: Sequence[list[tuple[Decimal, int]]]) -> set[int]:
    """Return the places of the holders: the stated share of those who are preferred, the others fill up."""
    first, others = (sorted(found) for found in candidates)
    if len(first) + len(others) < title.holders:
        reachable = len(first) + len(others)
        raise InputError([diagnostic("district-target", path=f"titles.{title.name}", target=title.holders, reachable=reachable)])
    count = min(len(first), whole(CONTEXT.multiply(title.preferred, Decimal(title.holders))))
    count = max(count, title.holders - len(others))
    return {place for _, place in (*first[:count], *others[: title.holders - count])}


def _columns_of(title: Title) -> list[str]:
    return [name for name in (title.flag, title.start, title.end, title.first) if name]


def _no_title(title: Title) -> dict[str, str]:
    return {name: NO if name == title.flag else NONE for name in _columns_of(title)}


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


def _list(life: Life, listed: List, known: Known, draws: Draws) -> Table:
    """Return the rows of a list; the first cell of each is the place of its owner."""
    rows: list[tuple[str, ...]] = []
    fields = fields_of(listed.fields, known, draws)
    for place, is_owner in enumerate(known.group(listed.owners)):
        is_sure = any(known.held[place][title] for title in listed.surely)
        if not is_sure and (not is_owner or not draws.is_below(listed.share)):
            continue
        for _ in range(min(max(whole(draws.of_lognormal(listed.count)), 1), listed.most)):
            rows.append((str(place), f"{len(rows) + 1:06d}", *row_of(fields, place, life.day, draws)))
    return Table((f"{listed.name}编号", *(fact.name for fact in listed.fields)), tuple(rows))
