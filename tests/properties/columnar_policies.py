"""What random policies for the columns are made of: values of facts, cells, amounts, parameters."""

from decimal import Decimal
from typing import Any

from tests.engine.policy_texts import DICTIONARY
from zhida.values.temporal import Date

Value = Any

GRID: dict[str, tuple[Value, ...]] = {
    "人": (Decimal(0), Decimal(5), Decimal(19), Decimal(20), Decimal(300)),
    "面积": (Decimal(-1), Decimal("0.5"), Decimal(100), Decimal(10) ** 11),
    "收入": (Decimal(0), Decimal("99.99"), Decimal(2_000_000), Decimal(10) ** 13),
    "类型": ("企业", "高校", "其他"),
    "行业": ("01", "51", "6510", "A1"),
    "证书": (Date(2026, 2, 28), Date(2026, 3, 1), None),
    "重点": (True, False),
    "限制": (True, False),
    "季度": ((Decimal(1), Decimal(40)), (), (Decimal(20), Decimal(20), Decimal(20))),
}
COLUMNS = {
    "人": (">= 20", "< 20", "300", "-"),
    "类型": ('"企业"', 'not("企业")', "-"),
    "大类": ('"51"', '["01".."60"]', "null", "-"),
    "证书": ('>= @"2026-03-01"', "null", "<= 评估日", "-"),
    "重点": ("true", "false", "-"),
    "均人": ("> 20", "<= 20", "-"),
    "收入 / 面积": ("> 100", "[0..100]", "-"),
    "收入": ("> 线", "<= 线", "-"),
    "线": ("> 500", "<= 1000", "-"),
}
AMOUNTS = ("1000", "面积 * 100", "收入 * 0.05", "max(收入 - 线, 0) / 8", "人 * 补贴", "收入 / 面积", "null", "基数 * 2")
BASES = ("if 限制 then 面积 else 收入", "sum(季度)", "补贴 + 1", "min(收入, 面积, 100)", "if 人 > 20 then 均人 else 5")
PARAMETERS = (
    "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    "| 线 | number | | 1000 | 2020-01-01/.. | 甲 | official |\n| 补贴 | number | | | 2020-01-01/.. | 乙 | official |\n"
)
DICTIONARY_WITHOUT_UNITS = "".join(
    "|".join(cell if place != 3 else "" for place, cell in enumerate(line.split("|")))
    if line.startswith("| ") and "单位" not in line
    else line
    for line in DICTIONARY.splitlines(keepends=True)
)
