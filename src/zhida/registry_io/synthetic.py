"""The synthetic district as a district would hand it over: two CSV files with gaps and mistakes, every row marked synthetic.

    district.yaml ──> District ──synthetic_population──> true enterprises ──synthesize──> rows ──write_synthetic──> two CSV files
                                                              └──synthetic_life──> earlier years, titles, lists ──> a CSV file each

Owns the columns of the two files, which cells are empty and which rows go wrong. examples/demo/mapping.yaml maps the
files back to the dictionary. Same parameters and same seed: the same bytes, on every machine.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from zhida.errors import InputError, diagnostic
from zhida.registry_io.replacing import replacing
from zhida.registry_io.synthetic_applications import COLUMNS, draw_applications
from zhida.registry_io.synthetic_codes import mistyped, social_credit_code
from zhida.registry_io.synthetic_district import District, parse_district
from zhida.registry_io.synthetic_draws import CONTEXT, Draws, whole
from zhida.registry_io.synthetic_life import Table, attributes_of, live
from zhida.registry_io.synthetic_population import MONEY_STEP, Enterprise, populate

KEY = "统一社会信用代码"
"""The column on which the two files are joined."""
MARK_COLUMN = "数据性质"
"""The column that says in every row what the data are."""
MARK = "合成数据 synthetic"
"""What it says."""

ENTERPRISES = ("企业名称", "单位类型", "注册地市", "注册区县", "街道", "成立日期", "行业代码")
"""Columns of the enterprise file, besides the key and the mark."""
FINANCE_FACTS: dict[str, tuple[str, ...]] = {
    "从业人员": ("期末从业人员",),
    "营业收入": ("营业收入（万元）",),
    "资产总额": ("年末资产总额（万元）",),
    "应纳税所得额": ("应纳税所得额（万元）",),
    "季初从业人数": tuple(f"{quarter}季度初从业人数" for quarter in "一二三四"),
    "季末从业人数": tuple(f"{quarter}季度末从业人数" for quarter in "一二三四"),
    "季初资产总额": tuple(f"{quarter}季度初资产总额（万元）" for quarter in "一二三四"),
    "季末资产总额": tuple(f"{quarter}季度末资产总额（万元）" for quarter in "一二三四"),
    "从事限制或禁止行业": ("从事限制或禁止行业",),
    "上年在职职工人数": ("上年在职职工人数",),
    "上年安排残疾人数": ("上年安排残疾人数",),
    "上年职工年平均工资": ("上年职工年平均工资（元）",),
    "年度智算合同实际额": ("年度智算合同实际额（万元）",),
    "设施类型": ("设施类型",),
    "依托备案大模型": ("依托备案大模型",),
    "智能券比例": ("智能券比例（%）",),
    "智能券配套方式": ("智能券配套方式",),
    "生成式多模态基础大模型企业": ("生成式多模态基础大模型企业",),
}
"""Attribute → columns of the finance file, besides the key and the mark."""
FACTS: dict[str, tuple[str, ...]] = {**{name: (name,) for name in ENTERPRISES}, **FINANCE_FACTS}
"""Attribute → its columns in either file; a list attribute has four, which are unknown together."""
FILES: dict[str, tuple[str, ...]] = {
    "enterprises": (KEY, *ENTERPRISES, MARK_COLUMN),
    "finance": (KEY, *(column for columns in FINANCE_FACTS.values() for column in columns), MARK_COLUMN),
}
"""File → its columns in order. The file's name is `<file>-synthetic.csv`."""
NONE = "无"
"""The word for a known absence."""


def synthesize(district: Mapping[str, object], seed: int | None = None) -> list[dict[str, str]]:
    """Return the rows of a synthetic district, all cells as text.

    Args:
        district: The content of a district file, as `read_district` returns it.
        seed: Another seed than the file's.

    Returns:
        A row for each enterprise with the columns of both files (`FILES`), in random order; then rows that hold the columns of
        one file only: duplicates, and finances of enterprises that are not in the other file. A row belongs in every file for
        which it has columns. An empty cell is unknown.

    Raises:
        InputError: district-key, district-value or district-target; all that are found.
    """
    parameters = parse_district(district)
    chosen = parameters.seed if seed is None else seed
    return _rows(parameters, populate(parameters, chosen), chosen)


def _rows(district: District, enterprises: Sequence[Enterprise], seed: int) -> list[dict[str, str]]:
    rows = [_row(district, enterprise) for enterprise in enterprises]
    _forget(district, rows, Draws(seed, 20))
    _soil(district, rows, Draws(seed, 21))
    return rows


def write_synthetic(rows: Sequence[Mapping[str, str]], directory: Path | str) -> tuple[Path, ...]:
    """Write the rows as CSV files (UTF-8) and return their paths, the enterprise file first; other files there are left alone.

    Args:
        rows: What `synthesize` returned.
        directory: Made if it does not exist.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, columns in FILES.items():
        cells = ([row[column] for column in columns] for row in rows if columns[1] in row)
        paths.append(_write(folder / f"{name}-synthetic.csv", columns, cells))
    return tuple(paths)


def write_district(district: Mapping[str, object], directory: Path | str, seed: int | None = None) -> tuple[Path, ...]:
    """Make a synthetic district and write all its files; return their paths, enterprises and finances first.

    Args:
        district: The content of a district file, as `read_district` returns it.
        directory: Made if it does not exist.
        seed: Another seed than the file's.

    Raises:
        InputError: district-key, district-value or district-target; all that are found.
    """
    parameters = parse_district(district)
    chosen = parameters.seed if seed is None else seed
    enterprises = populate(parameters, chosen)
    rows = _rows(parameters, enterprises, chosen)
    paths = list(write_synthetic(rows, directory))
    if parameters.life is None:
        return tuple(paths)
    keys = [row[KEY] for row in rows[: len(enterprises)]]  # as the two files have them, mistyped ones too
    tables = live(parameters, parameters.life, enterprises, chosen, _contradicted(rows, len(enterprises)))
    lists = {listed.file for listed in parameters.life.lists}
    draws = Draws(chosen, 22)
    for name, table in tables.items():
        cells = _owned(table, keys) if name in lists else _gaps(parameters, table, keys, draws)
        paths.append(_write(Path(directory) / f"{name}-synthetic.csv", (KEY, *table.columns, MARK_COLUMN), cells))
    return tuple(paths)


def write_applications(district: Mapping[str, object], path: Path | str, seed: int | None = None) -> Path | None:
    """Make the sheet of applications of a synthetic district, and return its path; None where nobody applies for anything.

    Args:
        district: The content of a district file, as `read_district` returns it.
        path: The file to write; its folder must exist. It is no source of the registry.
        seed: Another seed than the file's.

    Raises:
        InputError: district-key, district-value or district-target; all that are found.
    """
    parameters = parse_district(district)
    if not parameters.applying:
        return None
    chosen = parameters.seed if seed is None else seed
    enterprises = populate(parameters, chosen)
    keys = [row[KEY] for row in _rows(parameters, enterprises, chosen)[: len(enterprises)]]
    is_buyer = [enterprise.contracts.amount > 0 for enterprise in enterprises]
    rows = [row for applying in parameters.applying for row in draw_applications(applying, keys, is_buyer, chosen)]
    return _write(Path(path), (*COLUMNS, MARK_COLUMN), ((*row, MARK) for row in rows))


def published_totals(district: Mapping[str, object]) -> dict[str, tuple[int, str]]:
    """Return the totals of a district that are not invented: by title, how many hold it and who published that.

    Args:
        district: The content of a district file, as `read_district` returns it.

    Raises:
        InputError: district-key, district-value or district-target; all that are found.
    """
    life = parse_district(district).life
    return {title.name: (title.holders, title.source) for title in (life.titles if life else ()) if title.source}


def _contradicted(rows: Sequence[Mapping[str, str]], count: int) -> set[int]:
    """Return the places of enterprises of which the enterprise file has two rows that differ: they do not reach the registry."""
    places = {row[KEY]: place for place, row in enumerate(rows[:count])}
    return {
        places[row[KEY]]
        for row in rows[count:]
        if "企业名称" in row and any(row[column] != rows[places[row[KEY]]][column] for column in ENTERPRISES)
    }


def _owned(table: Table, keys: Sequence[str]) -> Iterator[list[str]]:
    for owner, *cells in table.rows:
        yield [keys[int(owner)], *cells, MARK]


def _gaps(district: District, table: Table, keys: Sequence[str], draws: Draws) -> Iterator[list[str]]:
    """Yield rows with the stated share of each column's cells empty: an exact number, whose they are is random."""
    rows = [[key, *cells, MARK] for key, cells in zip(keys, table.rows, strict=True)]
    unknowns = district.unknowns
    for place, column in enumerate(table.columns, 1):
        share = unknowns.shares.get(column.rstrip("0123456789"), unknowns.other_files)
        for row in draws.some(len(rows), whole(CONTEXT.multiply(share, Decimal(len(rows))))):
            rows[row][place] = ""
    yield from rows


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    with replacing(path) as beside:
        beside.write_bytes(text.getvalue().encode())
    return path


def _row(district: District, enterprise: Enterprise) -> dict[str, str]:
    staff, money, contracts = enterprise.staff, enterprise.money, enterprise.contracts
    facts: dict[str, tuple[str, ...]] = {
        "企业名称": (enterprise.name,),
        "单位类型": (enterprise.unit_type,),
        "注册地市": (district.city,),
        "注册区县": (district.name,),
        "街道": (enterprise.street,),
        "成立日期": (enterprise.founded.isoformat(),),
        "行业代码": (enterprise.industry_code,),
        "从业人员": (str(staff.headcounts[-1]),),
        "营业收入": (in_wan(money.revenue),),
        "资产总额": (in_wan(money.assets[-1]),),
        "应纳税所得额": (in_wan(money.taxable_income),),
        "季初从业人数": tuple(str(count) for count in staff.headcounts[:4]),
        "季末从业人数": tuple(str(count) for count in staff.headcounts[1:]),
        "季初资产总额": tuple(in_wan(amount) for amount in money.assets[:4]),
        "季末资产总额": tuple(in_wan(amount) for amount in money.assets[1:]),
        "从事限制或禁止行业": (_yes_no(enterprise.is_restricted),),
        "上年在职职工人数": (str(staff.on_payroll),),
        "上年安排残疾人数": (str(staff.disabled),),
        "上年职工年平均工资": (str(staff.wage),),
        "年度智算合同实际额": (in_wan(contracts.amount),),
        "设施类型": (contracts.facility or NONE,),
        "依托备案大模型": (_yes_no(contracts.is_on_registered_model),),
        "智能券比例": (contracts.voucher_percent,),
        "智能券配套方式": (contracts.voucher_manner or NONE,),
        "生成式多模态基础大模型企业": (_yes_no(contracts.makes_foundation_model),),
    }
    row = {KEY: enterprise.code, MARK_COLUMN: MARK}
    for attribute, columns in FACTS.items():
        row.update(zip(columns, facts[attribute], strict=True))
    return row


def in_wan(amount: int) -> str:
    """Return whole 元 as 万元, without trailing zeros.

    >>> in_wan(1234500), in_wan(-70000), in_wan(0)
    ('123.45', '-7', '0')
    """
    whole_part, rest = divmod(abs(amount), 10_000)
    digits = f"{whole_part}.{rest:04d}".rstrip("0").rstrip(".")
    return f"-{digits}" if amount < 0 else digits


def _yes_no(flag: bool) -> str:
    return "是" if flag else "否"


def _forget(district: District, rows: Sequence[dict[str, str]], draws: Draws) -> None:
    """Empty the stated share of each attribute's cells: an exact number, whose they are is random."""
    unknown = set(district.unknowns.shares) - set(FACTS) - (attributes_of(district.life) if district.life else set())
    if unknown:
        raise InputError([diagnostic("district-key", path=f"unknown.shares.{name}", near="") for name in sorted(unknown)])
    for attribute, columns in FACTS.items():
        share = district.unknowns.shares.get(attribute, district.unknowns.share)
        count = whole(CONTEXT.multiply(share, Decimal(len(rows))))
        for place in draws.order(len(rows))[:count]:
            for column in columns:
                rows[place][column] = ""


def _soil(district: District, rows: list[dict[str, str]], draws: Draws) -> None:
    """Spoil some rows in place and append duplicates and unmatched rows, each time another enterprise's."""
    dirt = district.dirt
    victims = _Victims(rows, draws)
    for row in victims.take(dirt.bad_check_digits, KEY):
        row[KEY] = mistyped(row[KEY])
    for row in victims.take(dirt.negative_headcounts, "期末从业人员"):
        row["期末从业人员"] = f"-{row['期末从业人员']}"
    for row in victims.take(dirt.wages_in_wan, "上年职工年平均工资（元）"):
        row["上年职工年平均工资（元）"] = in_wan(whole(Decimal(row["上年职工年平均工资（元）"]), MONEY_STEP))
    for where, words in (("unparsable", dirt.unparsable), ("not_in_code_list", dirt.not_in_code_list)):
        for column, word in words.items():
            _column_known(f"dirt.{where}.{column}", column)
            for row in victims.take(1, column):
                row[column] = word
    added = [*_duplicates(dirt.exact_duplicates, victims, "exact_duplicates")]
    added += _conflicts(dirt.conflicting_duplicates, victims)
    added += _unmatched(district, victims)
    rows.extend(added)


class _Victims:
    """Takes enterprises in a random order, none twice."""

    def __init__(self, rows: Sequence[dict[str, str]], draws: Draws) -> None:
        self._waiting = [rows[place] for place in draws.order(len(rows))]

    def take(self, count: int, column: str) -> list[dict[str, str]]:
        """Return the next enterprises whose cell in the column is known."""
        taken = [place for place, row in enumerate(self._waiting) if row[column]][:count]
        found = [self._waiting[place] for place in taken]
        for place in reversed(taken):
            del self._waiting[place]
        return found


def _column_known(path: str, column: str) -> None:
    if not any(column in columns for columns in FILES.values()):
        raise InputError([diagnostic("district-key", path=path, near="")])


def _part(row: Mapping[str, str], file: str, path: str) -> dict[str, str]:
    """Return the cells of one file."""
    if file not in FILES:
        raise InputError([diagnostic("district-key", path=path, near="、".join(FILES))])
    return {column: row[column] for column in FILES[file]}


def _duplicates(counts: Mapping[str, int], victims: _Victims, path: str) -> Iterator[dict[str, str]]:
    for file, count in counts.items():
        for row in victims.take(count, KEY):
            yield _part(row, file, f"dirt.{path}.{file}")


def _conflicts(counts: Mapping[str, int], victims: _Victims) -> Iterator[dict[str, str]]:
    """Yield second versions of rows: another street, or a revenue with a figure too many."""
    for file, count in counts.items():
        column = "街道" if file == "enterprises" else "营业收入（万元）"
        for row in victims.take(count, column):
            part = _part(row, file, f"dirt.conflicting_duplicates.{file}")
            part[column] = f"{part[column]}（原）" if file == "enterprises" else f"1{part[column]}"
            yield part


def _unmatched(district: District, victims: _Victims) -> Iterator[dict[str, str]]:
    """Yield finances under codes that no enterprise has: serial numbers beyond the last."""
    for place, row in enumerate(victims.take(district.dirt.unmatched_rows, KEY)):
        part = _part(row, "finance", "")
        organisation = f"{district.organisation}{district.enterprises + place + 1:06d}"
        part[KEY] = social_credit_code(part[KEY][:2], district.region, organisation)
        yield part
