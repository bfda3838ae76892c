"""A small town for the tests of the site: packs with one policy, and files of three enterprises."""

from pathlib import Path

DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 | 可空 | 敏感 | 取值 | 说明 | 小数位 | 历史 |
|---|---|---|---|---|---|---|---|---|---|---|---|
| 代码 | string | | | 市场局 | 否 | 否 | 否 | | 主键 | | |
| 企业名称 | string | | | 市场局 | 否 | 否 | 否 | | | | |
| 街道 | string | | | 市场局 | 否 | 否 | 否 | | | | |
| 从业人员 | number | 人 | 0..100000 | 统计局 | 是 | 否 | 否 | | | 0 | |
| 营业收入 | number | 元 | 0..1000000000 | 税务局 | 是 | 否 | 是 | | | 2 | 年 |
| 设施类型 | string | | | 经信局 | 是 | 是 | 否 | 国产、其他 | | | |
| 成立日期 | date | | | 市场局 | 是 | 否 | 否 | | | | |
| 依托大模型 | boolean | | | 经信局 | 是 | 否 | 否 | | | | |
| 季末人数 | list<number> | 人 | | 统计局 | 是 | 否 | 否 | | | 0 | |
"""

POLICY = """---
policy: town/garden
title: 花园补助
document: 文〔2026〕1号
issuer: [园林局, 财政局]
in_force: 2026-01-01/2026-12-31
subject: enterprise
gives: cash
delivery: 免申即享
eligible: 可补助
amount: 补助金额
rounding: {scale: 2, mode: down}
publishes: [补助金额]
checked: {on: 2026-11-20, by: official, note: 虚构}
---

# 花园补助

有花园的小企业
每年给一点钱。

*Small firms with
a garden get some money.*

## 第一条 对象

| U | 从业人员 | **可补助: boolean** |
|---|---|---|
| 1 | < 300 | true |
| 2 | >= 300 | false |

## 第二条 数额

```feel 补助金额: number
if 可补助 and 从业人员 > 0 then 1000 else 0
```

## 例

| 例 | 从业人员 | **可补助** | **补助金额** |
|---|---|---|---|
| a1 | 10 | true | 1000 |
| a2 | 300 | false | 0 |
"""

MAPPING = """subject: enterprise
key: {attribute: 代码, check: none}
files:
- name: 登记
  path: base*.csv
  key: 代码
  columns:
    企业名称: 名称
    街道: 街道
    从业人员: 人数
    营业收入@2025: {column: 收入, unit: 万元}
    设施类型: {column: 设施, absent: 无}
"""

BASE = """代码,名称,街道,人数,收入,设施
A1,杭州智算科技有限公司,湖墅街道,12,100,国产
B2,西湖茶叶店,灵隐街道,,5,无
C3,智慧农业合作社,湖墅街道,400,,
"""


def packs(folder: Path, policy: str = POLICY, **others: str) -> Path:
    """Write the packs below a folder and return it; others are more files of the pack, by their names with / as __."""
    files = {"README.md": "# 小镇政策包 · Town pack\n", "registry/enterprise.md": DICTIONARY, "policies/garden.md": policy}
    for name, text in {**files, **{name.replace("__", "/") + ".md": text for name, text in others.items()}}.items():
        path = folder / "town" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
