"""The enterprises of a synthetic district: whole, consistent and true, before anything is handed over.

Owns the joint distribution. Draws follow one another as causes do: industry and size class (exact counts), kind of
organisation, age, headcount, productivity, then from these revenue, assets, income, wages, disabled employees and
computing contracts. Money is whole 元, rounded to what a table in 万元 with two decimals can hold. Each part draws from a
stream of its own, so that a change to the contracts leaves the headcounts alone.

Nobody here exists: codes lie in a region and a range of organisations that are not given out, names begin with 合成.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from zhida.errors import InputError, diagnostic
from zhida.registry_io.synthetic_codes import social_credit_code
from zhida.registry_io.synthetic_district import HOLDABLE, District, Industry, SizeClass, Street
from zhida.registry_io.synthetic_draws import CONTEXT, ONE, ZERO, Draws, LogNormal, Weighted, apportion, apportion_table, weighted, whole

MONEY_STEP = 100
"""元: two decimals of 万元."""
NAME_MARK = "合成"
"""What every invented name begins with."""


Place = tuple[Industry, SizeClass]
"""Where an enterprise stands in the table of industries and size classes."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works there. The five points of a series are the year's beginning and the ends of its four quarters."""

    headcounts: tuple[int, ...]
    """人 at the five points; the last is the headcount of the enterprise."""
    on_payroll: int
    """人: average of the reporting year on the payroll."""
    disabled: int
    """人: employees with a disability, severe grades counted as the district says."""
    wage: int
    """元: average wage of the reporting year."""


@dataclass(frozen=True, slots=True)
class Money:
    """What it earns and owns in the reporting year, all in 元."""

    revenue: int
    """Revenue."""
    assets: tuple[int, ...]
    """Total assets at the five points; the last is the year's end."""
    taxable_income: int
    """Taxable income; negative is a loss."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """What computing power it buys."""

    amount: int
    """元: the year's contracts; 0 for none."""
    facility: str
    """Where the computing happens; empty where there is none."""
    is_on_registered_model: bool
    """Whether its service rests on a registered model."""
    voucher_percent: str
    """Its voucher as a percentage of the contracts; `0` for none."""
    voucher_manner: str
    """How its voucher goes together with others; empty for none."""
    makes_foundation_model: bool
    """Whether it makes a multimodal generative foundation model."""


@dataclass(frozen=True, slots=True)
class Enterprise:
    """One enterprise with all its facts; nothing is unknown here."""

    code: str
    """Unified social credit code, with a right check digit."""
    name: str
    """Invented name."""
    unit_type: str
    """Kind of organisation."""
    street: str
    """Street."""
    founded: dt.date
    """Date of foundation."""
    industry: str
    """The industry's name in the district."""
    industry_code: str
    """GB/T 4754-2017."""
    size_class: str
    """The size class's name in the district."""
    staff: Staff
    """Who works there."""
    money: Money
    """What it earns and owns."""
    is_restricted: bool
    """Whether its trade is restricted or forbidden."""
    contracts: Contracts
    """What computing power it buys."""


def populate(district: District, seed: int) -> tuple[Enterprise, ...]:
    """Return the enterprises of the district in the order of their files; counts under `calibrate` are met exactly.

    Args:
        district: The parameters.
        seed: Another seed gives another district of the same shape.

    Raises:
        InputError: district-target where a count under `calibrate` cannot be reached.
    """
    places = _places(district, seed)
    identities = _identities(district, places, seed)
    staff_draws, money_draws = Draws(seed, 2), Draws(seed, 3)
    staff: list[Staff] = []
    money: list[Money] = []
    for place, identity in zip(places, identities, strict=True):
        edge = money_draws.normal()  # the firm's productivity beside its industry's: pay follows it
        people = _staff(district, place, identity.founded, edge, staff_draws)
        staff.append(people)
        money.append(_money(district, place, people.headcounts, edge, money_draws))
    restricted = _holders(district, HOLDABLE[0], [industry.restricted for industry, _ in places], Draws(seed, 4))
    contracts = _contracts(district, places, money, seed)
    return tuple(
        Enterprise(
            identity.code,
            identity.name,
            identity.unit_type,
            identity.street,
            identity.founded,
            industry.name,
            identity.industry_code,
            size.name,
            people,
            sums,
            is_restricted,
            bought,
        )
        for (industry, size), identity, people, sums, is_restricted, bought in zip(
            places, identities, staff, money, restricted, contracts, strict=True
        )
    )


def _places(district: District, seed: int) -> list[Place]:
    """Return industry and size class of each enterprise: exact counts in a random order."""
    counts = apportion(district.enterprises, [industry.share for industry in district.industries])
    if district.target_sizes is None:
        table: list[list[int]] | None = [
            apportion(count, industry.sizes) for count, industry in zip(counts, district.industries, strict=True)
        ]
    else:
        table = apportion_table(counts, district.target_sizes, [industry.sizes for industry in district.industries])
    if table is None:
        raise InputError([diagnostic("district-target", path="calibrate.size_classes", target=district.target_sizes, reachable="?")])
    places = [
        (industry, size)
        for industry, row in zip(district.industries, table, strict=True)
        for size, count in zip(district.size_classes, row, strict=True)
        for _ in range(count)
    ]
    return [places[place] for place in Draws(seed, 0).order(len(places))]


@dataclass(frozen=True, slots=True)
class _Identity:
    code: str
    name: str
    unit_type: str
    street: str
    founded: dt.date
    industry_code: str


def _identities(district: District, places: Sequence[Place], seed: int) -> list[_Identity]:
    draws = Draws(seed, 1)
    serials = draws.order(len(places))
    streets = {industry.name: _streets(industry, district.streets) for industry in district.industries}
    kinds = {(industry.name, size.name): _kinds(industry, size) for industry in district.industries for size in district.size_classes}
    year_end = dt.date(district.as_of - 1, 12, 31)
    found = []
    for serial, (industry, size) in zip(serials, places, strict=True):
        kind = district.unit_types[draws.choice(kinds[industry.name, size.name])]
        words = (draws.choice(district.roots), draws.choice(industry.words), f"{serial + 1:06d}", draws.choice(kind.suffixes))
        years = CONTEXT.multiply(draws.of_lognormal(industry.age), size.age)
        days = whole(CONTEXT.multiply(years, Decimal("365.25")))
        days = min(max(days, district.habits.minimum_age_days), district.habits.maximum_age_days)
        found.append(
            _Identity(
                code=social_credit_code(kind.authority, district.region, f"{district.organisation}{serial + 1:06d}"),
                name=NAME_MARK + "".join(words),
                unit_type=kind.name,
                street=draws.choice(streets[industry.name]),
                founded=year_end - dt.timedelta(days=days),
                industry_code=draws.choice(industry.codes),
            )
        )
    return found


def _streets(industry: Industry, streets: Sequence[Street]) -> Weighted[str]:
    return weighted({street.name: CONTEXT.multiply(street.weight, street.affinity.get(industry.name, ONE)) for street in streets})


def _kinds(industry: Industry, size: SizeClass) -> Weighted[str]:
    weights = {kind: CONTEXT.multiply(weight, size.unit_types.get(kind, ONE)) for kind, weight in industry.unit_types.items()}
    return weighted(weights if any(weights.values()) else industry.unit_types)


def _staff(district: District, place: Place, founded: dt.date, edge: Decimal, draws: Draws) -> Staff:
    habits = district.habits
    industry, size = place
    headcount = _headcount(industry, size, draws)
    year_start = CONTEXT.divide(Decimal(headcount), max(CONTEXT.add(ONE, draws.of_normal(industry.growth)), Decimal("0.3")))
    points = _series(year_start, headcount, _points_before(founded, district.as_of - 1), habits.quarter_noise, draws)
    average = CONTEXT.divide(Decimal(points[0] + 2 * sum(points[1:4]) + points[4]), Decimal(8))
    share = min(draws.of_normal(habits.on_payroll), ONE)
    payroll = max(whole(CONTEXT.multiply(average, share)), 1)
    lift = CONTEXT.multiply(CONTEXT.multiply(edge, industry.revenue_per_head.sigma), habits.productivity_to_wage)
    return Staff(points, payroll, _disabled(district, size, payroll, draws), whole(draws.of_lognormal(industry.wage, lift)))


def _headcount(industry: Industry, size: SizeClass, draws: Draws) -> int:
    """Draw a headcount within the size class: anew where it falls outside, at most thirty times."""
    law = LogNormal(CONTEXT.multiply(size.headcount.median, industry.headcount_factor), size.headcount.sigma)
    headcount = size.minimum
    for _ in range(30):
        headcount = whole(draws.of_lognormal(law))
        if size.minimum <= headcount <= size.maximum:
            break
    return min(max(headcount, size.minimum), size.maximum)


def _points_before(founded: dt.date, year: int) -> int:
    """Return how many of the year's five points lie before the foundation."""
    return 0 if founded.year < year else (founded.month + 2) // 3


def _series(start: Decimal, end: int, before: int, noise: Decimal, draws: Draws) -> tuple[int, ...]:
    """Return five points from `start` to exactly `end`: none for those `before` the foundation, at least one after it."""
    points = []
    for place in range(4):
        along = CONTEXT.divide(CONTEXT.fma(Decimal(4 - place), start, Decimal(end * place)), Decimal(4))
        wobble = CONTEXT.fma(noise, draws.normal(), ONE) if place else ONE
        points.append(0 if place < before else max(whole(CONTEXT.multiply(along, wobble)), 1))
    return (*points, end)


def _disabled(district: District, size: SizeClass, payroll: int, draws: Draws) -> int:
    if draws.uniform() >= size.disabled_employers:
        return 0
    persons = min(max(whole(CONTEXT.multiply(Decimal(payroll), draws.of_lognormal(district.habits.disabled_ratio))), 1), payroll)
    severe = sum(draws.uniform() < district.habits.severe_share for _ in range(persons))
    return persons + severe * (district.habits.severe_counts_as - 1)


def _money(district: District, place: Place, headcounts: Sequence[int], edge: Decimal, draws: Draws) -> Money:
    industry, size = place
    law = industry.revenue_per_head
    per_head = CONTEXT.multiply(CONTEXT.multiply(law.median, size.productivity), CONTEXT.exp(CONTEXT.multiply(law.sigma, edge)))
    average = CONTEXT.divide(Decimal(sum(headcounts)), Decimal(5))
    revenue = whole(CONTEXT.multiply(per_head, average), MONEY_STEP)
    margin = draws.of_normal(industry.margin)
    # A year's revenue of a firm founded within it is not yet a year's: assets follow the headcount that it has now.
    usual = CONTEXT.multiply(per_head, Decimal(headcounts[-1]))
    assets = CONTEXT.multiply(usual, draws.of_lognormal(industry.assets_per_revenue))
    idle = draws.of_lognormal(district.habits.idle_assets)
    if draws.uniform() < size.dormant:
        revenue, assets = 0, CONTEXT.multiply(idle, Decimal(headcounts[-1]))
        margin = ZERO
    end = max(whole(CONTEXT.divide(assets, Decimal(MONEY_STEP))), 1)  # counted in steps, as all points are
    before = sum(count == 0 for count in headcounts)
    growth = CONTEXT.add(ONE, draws.of_normal(district.habits.asset_growth))
    staff_growth = CONTEXT.divide(Decimal(headcounts[-1]), Decimal(headcounts[before]))
    start = CONTEXT.divide(Decimal(end), max(CONTEXT.multiply(growth, staff_growth), Decimal("0.3")))
    points = _series(start, end, before, district.habits.quarter_noise, draws)
    in_yuan = tuple(point * MONEY_STEP for point in points)
    return Money(revenue, in_yuan, whole(CONTEXT.multiply(Decimal(revenue), margin), MONEY_STEP))


def _holders(district: District, attribute: str, shares: Sequence[Decimal], draws: Draws) -> list[bool]:
    """Say who holds a fact: each with the probability of its share, or exactly the number that `calibrate` states.

    Every enterprise has one draw; divided by its share it is the enterprise's rank, and those with a rank below one hold
    the fact. A stated number moves that line and leaves the ranks alone (sequential Poisson sampling).
    """
    ranks = [(CONTEXT.divide(draws.uniform(), share) if share else None) for share in shares]
    target = district.target_holders.get(attribute)
    if target is None:
        return [rank is not None and rank < 1 for rank in ranks]
    order = sorted((rank, place) for place, rank in enumerate(ranks) if rank is not None)
    if len(order) < target:
        raise InputError([diagnostic("district-target", path=f"calibrate.holders.{attribute}", target=target, reachable=len(order))])
    chosen = {place for _, place in order[:target]}
    return [place in chosen for place in range(len(shares))]


def _contracts(district: District, places: Sequence[Place], money: Sequence[Money], seed: int) -> list[Contracts]:
    compute = district.compute
    buyer_shares = [
        CONTEXT.multiply(industry.compute_buyers, size.compute) if sums.revenue else ZERO
        for (industry, size), sums in zip(places, money, strict=True)
    ]
    buys = _holders(district, HOLDABLE[1], buyer_shares, Draws(seed, 5))
    on_models = _holders(district, HOLDABLE[2], [compute.registered_models if bought else ZERO for bought in buys], Draws(seed, 6))
    model_shares = [industry.foundation_models if bought else ZERO for (industry, _), bought in zip(places, buys, strict=True)]
    makers = _holders(district, HOLDABLE[3], model_shares, Draws(seed, 7))
    draws = Draws(seed, 8)
    nothing = Contracts(0, "", is_on_registered_model=False, voucher_percent="0", voucher_manner="", makes_foundation_model=False)
    found = []
    for bought, on_model, maker, sums in zip(buys, on_models, makers, money, strict=True):
        if not bought:
            found.append(nothing)
            continue
        ratio = min(draws.of_lognormal(compute.contract_ratio), compute.contract_cap)
        amount = max(whole(CONTEXT.multiply(Decimal(sums.revenue), ratio), MONEY_STEP), compute.contract_minimum)
        percent, manner = draws.choice(compute.vouchers).split("/")
        found.append(Contracts(amount, draws.choice(compute.facilities), on_model, percent, manner, maker))
    return found


def count_by(enterprises: Sequence[Enterprise]) -> Mapping[tuple[str, str], int]:
    """Return how many enterprises there are by industry and size class, for comparison with published tables."""
    counts: dict[tuple[str, str], int] = {}
    for enterprise in enterprises:
        place = (enterprise.industry, enterprise.size_class)
        counts[place] = counts.get(place, 0) + 1
    return counts
