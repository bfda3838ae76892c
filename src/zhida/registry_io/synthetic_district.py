"""The parameters of a synthetic district: every share, median and count that the generator uses, read from data.

Owns the shape of `district.yaml` (see examples/demo/district.yaml, which explains each key) and its checks: all mistakes
are found at once, each named by its path in the file. No figure of the district stands in Python. Numbers become exact
decimals as they are written.

    district.yaml ──read_district──> mapping ──parse_district──> District ──> synthetic_population
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import yaml

from zhida.errors import InputError, diagnostic, nearest
from zhida.policy.document import read_source
from zhida.registry_io.synthetic_applications import Applying, parse_applying
from zhida.registry_io.synthetic_draws import LogNormal, Normal, Weighted
from zhida.registry_io.synthetic_life_parameters import Life, parse_life
from zhida.registry_io.synthetic_reading import Node
from zhida.source import Span

HOLDABLE = ("从事限制或禁止行业", "年度智算合同实际额", "依托备案大模型", "生成式多模态基础大模型企业")
"""The facts whose number of holders can be calibrated; for an amount, a holder is whoever has more than none."""


@dataclass(frozen=True, slots=True)
class UnitType:
    """A kind of organisation, by the certificate under which it is registered."""

    name: str
    """A value of the attribute 单位类型."""
    authority: str
    """The first two digits of its social credit code."""
    suffixes: Weighted[str]
    """The last words of its invented names."""


@dataclass(frozen=True, slots=True)
class SizeClass:
    """A class of headcount, such as statisticians publish; it is no policy's size class."""

    name: str
    """What the class is called, also in `calibrate`."""
    minimum: int
    """The fewest employees."""
    maximum: int
    """The most employees."""
    headcount: LogNormal
    """Employees, before the industry's factor and the cut at both ends."""
    productivity: Decimal
    """What revenue per head is multiplied by."""
    age: Decimal
    """What the age is multiplied by: large firms are older."""
    dormant: Decimal
    """Share of firms without revenue."""
    unit_types: dict[str, Decimal]
    """What the weight of a kind of organisation is multiplied by; 1 where it is not named."""
    disabled_employers: Decimal
    """Share of firms that employ anyone with a disability."""
    compute: Decimal
    """What the share of buyers of computing power is multiplied by."""


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry and its joint distributions."""

    name: str
    """What the industry is called, also in the streets' affinities."""
    share: Decimal
    """Its weight among the enterprises."""
    codes: Weighted[str]
    """Codes of GB/T 4754-2017: divisions, groups or classes."""
    sizes: tuple[Decimal, ...]
    """The weight of each size class, in the district's order."""
    unit_types: dict[str, Decimal]
    """The weight of each kind of organisation."""
    words: Weighted[str]
    """The trade's words in invented names."""
    headcount_factor: Decimal
    """What the median headcount of a size class is multiplied by."""
    revenue_per_head: LogNormal
    """元 a year and head."""
    assets_per_revenue: LogNormal
    """Total assets as a multiple of a year's usual revenue."""
    margin: Normal
    """Taxable income as a share of revenue."""
    wage: LogNormal
    """元 a year and head."""
    growth: Normal
    """Growth of headcount over the year."""
    age: LogNormal
    """Years since foundation."""
    restricted: Decimal
    """Share of firms in a restricted or forbidden trade."""
    compute_buyers: Decimal
    """Share of buyers of computing power, before the size class's factor."""
    foundation_models: Decimal
    """Share of makers of foundation models among the buyers of computing power."""


@dataclass(frozen=True, slots=True)
class Street:
    """A street of the district, invented."""

    name: str
    """A value of the attribute 街道."""
    weight: Decimal
    """Its weight for an industry that it has no affinity to."""
    affinity: dict[str, Decimal]
    """What its weight is multiplied by for an industry: software firms sit together."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Distributions that all industries share."""

    productivity_to_wage: Decimal
    """How much of the logarithm of a firm's productivity, relative to its industry, goes into its wages."""
    quarter_noise: Decimal
    """Standard deviation of a quarter's headcount and assets around the straight line through the year, as a share."""
    asset_growth: Normal
    """Growth of assets over the year beyond that of headcount."""
    on_payroll: Normal
    """Share of the year's average headcount that is on the payroll: the others are agency staff."""
    disabled_ratio: LogNormal
    """Employees with a disability as a share of the payroll, where there are any."""
    severe_share: Decimal
    """Share of severe grades among employees with a disability."""
    severe_counts_as: int
    """How many persons an employee of severe grade is counted as."""
    minimum_age_days: int
    """The fewest days between foundation and the end of the reporting year."""
    maximum_age_days: int
    """The most days."""
    idle_assets: LogNormal
    """元 per head: total assets of a firm without revenue."""


@dataclass(frozen=True, slots=True)
class Compute:
    """What the buyers of computing power buy."""

    contract_ratio: LogNormal
    """The year's contracts as a share of revenue."""
    contract_minimum: int
    """元: the smallest sum of a year's contracts."""
    contract_cap: Decimal
    """The largest share of revenue."""
    facilities: Weighted[str]
    """Where the computing happens; the word for none is what the mapping calls absent."""
    registered_models: Decimal
    """Share of buyers whose service rests on a registered model."""
    vouchers: Weighted[str]
    """`比例%/方式` of the vouchers that buyers hold."""


@dataclass(frozen=True, slots=True)
class Unknowns:
    """Which share of the cells is empty."""

    share: Decimal
    """Share of each attribute's cells, for attributes that are not named below."""
    shares: dict[str, Decimal]
    """Share by attribute."""
    other_files: Decimal
    """Share of the cells of earlier years, titles and other facts, for attributes that are not named above."""


@dataclass(frozen=True, slots=True)
class Dirt:
    """How many rows go wrong on the way to the registry, so that a quality report has something to show."""

    exact_duplicates: dict[str, int]
    """By file: rows that stand twice."""
    conflicting_duplicates: dict[str, int]
    """By file: rows that stand twice with different content."""
    bad_check_digits: int
    """Enterprises whose code is mistyped, alike in both files."""
    unmatched_rows: int
    """Rows of the finance file whose code is not in the enterprise file."""
    negative_headcounts: int
    """Headcounts with a minus sign: out of the usual range."""
    wages_in_wan: int
    """Wages given in 万元 instead of 元: out of the usual range."""
    unparsable: dict[str, str]
    """By column of the finance file: a text that somebody wrote where a figure should stand."""
    not_in_code_list: dict[str, str]
    """By column of the enterprise file: a word that the code list does not know."""


@dataclass(frozen=True, slots=True)
class District:
    """A synthetic district: all that the generator needs but the seed of another run."""

    city: str
    """A value of the attribute 注册地市."""
    name: str
    """A value of the attribute 注册区县."""
    seed: int
    """The seed that is used where no other is given."""
    as_of: int
    """The year in which the registry is looked at; its facts are those of the year before."""
    enterprises: int
    """How many enterprises there are."""
    region: str
    """Six digits of the social credit codes: a region that does not exist."""
    organisation: str
    """The beginning of every organisation's number: a range that is not given out."""
    roots: Weighted[str]
    """The first words of invented names, after 合成."""
    unit_types: dict[str, UnitType]
    """Kinds of organisation by name."""
    size_classes: tuple[SizeClass, ...]
    """Classes of headcount, in order."""
    industries: tuple[Industry, ...]
    """Industries, in order."""
    streets: tuple[Street, ...]
    """Streets, in order."""
    habits: Habits
    """Distributions that all industries share."""
    compute: Compute
    """What buyers of computing power buy."""
    unknowns: Unknowns
    """Which cells are empty."""
    dirt: Dirt
    """Which rows go wrong."""
    target_sizes: tuple[int, ...] | None
    """The exact number of enterprises by size class, in order; None leaves it to the industries' shares."""
    target_holders: dict[str, int]
    """The exact number of enterprises that hold a fact, by attribute; facts that are not named follow their shares."""
    life: Life | None
    """What they did over the years; None for a district of a single year."""
    applying: tuple[Applying, ...]
    """Who applies for which policy; none where the file does not say."""


def read_district(path: Path | str) -> Mapping[str, object]:
    """Read the text of a district file into a mapping for `synthesize`.

    Raises:
        InputError: file-not-found, file-is-directory, file-unreadable, file-not-utf8, file-empty, file-too-large, district-yaml.
    """
    source = read_source(Path(path))
    try:
        found = yaml.safe_load(source.text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = min(mark.index if mark else 0, max(len(source.text) - 1, 0))
        span = Span(source, place, place + 1)
        raise InputError([diagnostic("district-yaml", span, reason=error.problem or "YAML")]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError([diagnostic("district-yaml", Span(source, 0, 0), reason=reason)]) from error
    if not isinstance(found, dict):
        raise InputError([diagnostic("district-yaml", Span(source, 0, 0), reason="no keys")])
    return found


def parse_district(data: Mapping[str, object]) -> District:
    """Check the parameters of a district and return them typed.

    Args:
        data: The content of a district file.

    Raises:
        InputError: district-key, district-value, district-target; all that are found.
    """
    root = Node(data, "", [])
    district = _district(root)
    if not root.faults:
        _check_targets(district, root)
    if root.faults:
        raise InputError(root.faults)
    return district


def _district(root: Node) -> District:
    calibrate = root.at("calibrate")
    names = root.at("names")
    code = root.at("code")
    sizes = tuple(_size_class(node) for node in root.at("size_classes").list())
    district = District(
        city=root.at("city").text(),
        name=root.at("district").text(),
        seed=root.at("seed").integer(),
        as_of=root.at("as_of").integer(1990, 2999),
        enterprises=root.at("enterprises").integer(1, 900_000),
        region=code.at("region").digits(6),
        organisation=code.at("organisation").text(),
        roots=names.at("roots").weights(),
        unit_types={key: _unit_type(key, node) for key, node in root.at("unit_types").map().items()},
        size_classes=sizes,
        industries=tuple(_industry(node) for node in root.at("industries").list()),
        streets=tuple(_street(node) for node in root.at("streets").list()),
        habits=_habits(root.at("habits")),
        compute=_compute(root.at("compute")),
        unknowns=_unknowns(root.at("unknown")),
        dirt=_dirt(root.at("dirt")),
        target_sizes=_target_sizes(calibrate, sizes),
        target_holders={key: node.integer() for key, node in calibrate.at("holders").map().items()} if calibrate.has("holders") else {},
        life=parse_life(root),
        applying=parse_applying(root),
    )
    for node in (calibrate, names, code, root):
        node.done()
    return district


def _target_sizes(calibrate: Node, sizes: Sequence[SizeClass]) -> tuple[int, ...] | None:
    if not calibrate.has("size_classes"):
        return None
    node = calibrate.at("size_classes")
    targets = tuple(node.at(size.name).integer() for size in sizes)
    node.done()
    return targets


def _unit_type(name: str, node: Node) -> UnitType:
    found = UnitType(name, node.at("authority").text(), node.at("suffixes").weights())
    node.done()
    return found


def _size_class(node: Node) -> SizeClass:
    maximum = node.at("maximum")
    low, high = node.at("minimum").integer(1, 10**6), maximum.integer(1, 10**6)
    if low > high:
        maximum.complain("no less than the minimum", "不小于 minimum")
    found = SizeClass(
        name=node.at("name").text(),
        minimum=low,
        maximum=high,
        headcount=node.at("headcount").lognormal(),
        productivity=node.at("productivity").decimal(),
        age=node.at("age").decimal(),
        dormant=node.at("dormant").share(),
        unit_types=node.at("unit_types").decimals(),
        disabled_employers=node.at("disabled_employers").share(),
        compute=node.at("compute").decimal(),
    )
    node.done()
    return found


def _industry(node: Node) -> Industry:
    found = Industry(
        name=node.at("name").text(),
        share=node.at("share").decimal(),
        codes=node.at("codes").weights(),
        sizes=tuple(item.decimal() for item in node.at("sizes").list()),
        unit_types=node.at("unit_types").decimals(),
        words=node.at("words").weights(),
        headcount_factor=node.at("headcount_factor").decimal(),
        revenue_per_head=node.at("revenue_per_head").lognormal(),
        assets_per_revenue=node.at("assets_per_revenue").lognormal(),
        margin=node.at("margin").normal(),
        wage=node.at("wage").lognormal(),
        growth=node.at("growth").normal(),
        age=node.at("age").lognormal(),
        restricted=node.at("restricted").share(),
        compute_buyers=node.at("compute_buyers").share(),
        foundation_models=node.at("foundation_models").share(),
    )
    node.done()
    return found


def _street(node: Node) -> Street:
    found = Street(node.at("name").text(), node.at("weight").decimal(), node.at("affinity").decimals() if node.has("affinity") else {})
    node.done()
    return found


def _habits(node: Node) -> Habits:
    found = Habits(
        productivity_to_wage=node.at("productivity_to_wage").decimal(),
        quarter_noise=node.at("quarter_noise").share(),
        asset_growth=node.at("asset_growth").normal(),
        on_payroll=node.at("on_payroll").normal(),
        disabled_ratio=node.at("disabled_ratio").lognormal(),
        severe_share=node.at("severe_share").share(),
        severe_counts_as=node.at("severe_counts_as").integer(1, 10),
        minimum_age_days=node.at("minimum_age_days").integer(1, 36500),
        maximum_age_days=node.at("maximum_age_days").integer(1, 36500),
        idle_assets=node.at("idle_assets").lognormal(),
    )
    node.done()
    return found


def _compute(node: Node) -> Compute:
    found = Compute(
        contract_ratio=node.at("contract_ratio").lognormal(),
        contract_minimum=node.at("contract_minimum").integer(),
        contract_cap=node.at("contract_cap").decimal(),
        facilities=node.at("facilities").weights(),
        registered_models=node.at("registered_models").share(),
        vouchers=node.at("vouchers").weights(),
    )
    if not all(word.count("/") == 1 for word in found.vouchers.values):
        node.at("vouchers").complain("texts such as 30/免审配套", "形如 30/免审配套 的文本")
    node.done()
    return found


def _unknowns(node: Node) -> Unknowns:
    share = node.at("share").share()
    found = Unknowns(
        share=share,
        other_files=node.at("other_files").share() if node.has("other_files") else share,
        shares={key: item.share() for key, item in node.at("shares").map().items()} if node.has("shares") else {},
    )
    node.done()
    return found


def _dirt(node: Node) -> Dirt:
    found = Dirt(
        exact_duplicates={key: item.integer() for key, item in node.at("exact_duplicates").map().items()},
        conflicting_duplicates={key: item.integer() for key, item in node.at("conflicting_duplicates").map().items()},
        bad_check_digits=node.at("bad_check_digits").integer(),
        unmatched_rows=node.at("unmatched_rows").integer(),
        negative_headcounts=node.at("negative_headcounts").integer(),
        wages_in_wan=node.at("wages_in_wan").integer(),
        unparsable={key: item.text() for key, item in node.at("unparsable").map().items()},
        not_in_code_list={key: item.text() for key, item in node.at("not_in_code_list").map().items()},
    )
    node.done()
    return found


def _check_targets(district: District, root: Node) -> None:
    """Complain of names that refer to nothing and of totals that do not add up."""
    industries = {industry.name for industry in district.industries}
    for place, industry in enumerate(district.industries):
        node = Node(list(industry.sizes), f"industries[{place}].sizes", root.faults)
        if len(industry.sizes) != len(district.size_classes) or not any(industry.sizes):
            node.complain(f"{len(district.size_classes)} weights", f"{len(district.size_classes)} 个权重")
    used = [("industries", industry.unit_types) for industry in district.industries]
    for where, weights in [*used, *(("size_classes", size.unit_types) for size in district.size_classes)]:
        _known(weights, f"{where}[].unit_types", district.unit_types, root)
    for street in district.streets:
        _known(street.affinity, "streets[].affinity", industries, root)
    _known(district.target_holders, "calibrate.holders", HOLDABLE, root)
    if district.target_sizes is not None and sum(district.target_sizes) != district.enterprises:
        total = sum(district.target_sizes)
        fault = diagnostic("district-target", path="calibrate.size_classes", target=total, reachable=district.enterprises)
        root.faults.append(fault)


def _known(names: Mapping[str, object], path: str, known: "Sequence[str] | set[str] | dict[str, UnitType]", root: Node) -> None:
    for name in names:
        if name not in known:
            root.faults.append(diagnostic("district-key", path=f"{path}.{name}", near=nearest(name, known)))
