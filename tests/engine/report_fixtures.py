"""A small pack for the tests of reports: hostile words in every place that a page shows."""

from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

from zhida.assess.assessment import Assessment
from zhida.assess.subject import assess_subject
from zhida.policy.pack import Packs, load_packs
from zhida.values.temporal import Date

ROOT = Path(__file__).resolve().parents[2]
AS_OF = Date(2026, 11, 20)
HOSTILE = "<script>alert(1)</script>"

DICTIONARY = f"""
| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 | 可空 | 说明 |
|---|---|---|---|---|---|---|---|
| 营业收入 | number | 元 | 0..1000000000000 | 税务局 {HOSTILE} | 是 | 否 | 年度 {HOSTILE} |
| 从业人员 | number | 人 | 0..1000000 | 统计局 | 是 | 否 | |
| 人工判断 | boolean | | | 人工认定 | 否 | 否 | |
"""

PARAMETERS = f"""
| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |
|---|---|---|---|---|---|---|
| 补助比例 | number | 1 | 0.3 | 2020-01-01/.. | 通知 {HOSTILE} | recalled |
| 上限 | number | 元 | | 2020-01-01/.. | 待公布 | |
"""

POLICY = f"""---
policy: town/grant
title: 补助 {HOSTILE}
document: 文〔2026〕1号 {HOSTILE}
issuer: ["机关 {HOSTILE}"]
in_force: 2026-01-01/2026-12-31
subject: enterprise
applies: 营业收入 > 0
gives: cash
delivery: 申报审核
eligible: 可补助
amount: 补助金额
rounding: {{scale: 2, mode: down}}
publishes: [补助金额]
checked: {{on: 2026-11-20, by: repost, note: "以原文为准 {HOSTILE}"}}
---

# 补助

前言 {HOSTILE}，
接着写。![图](http://example.org/a.png)

> 待确认：口径 {HOSTILE}

## 第一条 对象 {HOSTILE}

小企业。

| F | 营业收入 | 从业人员 | 人工判断 | **可补助: boolean** | *说明* |
|---|---|---|---|---|---|
| 1 | <= 20000000 | < 300 | true | true | 对 {HOSTILE} |
| 2 | > 20000000 | - | - | false | |
| 3 | - | >= 300 | - | false | |
| 4 | - | - | false | false | |

## 第二条 数额

按收入。

```feel 补助金额: number
if "<b>" = "<b>" then 营业收入 * 补助比例 / 3 else 0
```

## 第三条 没有规则的一条

只有文字。

| 甲 | 乙 |
|---|---|
| 仅供阅读 | {HOSTILE} |

## 例

| 例 | 营业收入 | 从业人员 | 人工判断 | **可补助** | **补助金额** | *说明* |
|---|---|---|---|---|---|---|
| a1 | 10000 | 10 | true | true | 1000 | 对的例 {HOSTILE} |
| a2 | 30000000 | 10 | true | true | 3000000 | 错的例 |
"""


def town(folder: Path, policy: str = POLICY) -> Packs:
    """Write the pack below a folder and load it."""
    files = {"registry/enterprise.md": DICTIONARY, "parameters.md": PARAMETERS, "policies/grant.md": policy}
    for name, text in files.items():
        path = folder / "town" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_packs(folder)


def assessed(packs: Packs, policy: str = "town/grant", **facts: object) -> Assessment:
    """Assess facts given by keyword; whole numbers are numbers of FEEL."""
    values = {name: Decimal(value) if type(value) is int else value for name, value in facts.items()}
    return assess_subject(packs, policy, values, as_of=AS_OF)


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def assert_stands_alone(text: str) -> None:
    """Assert that a page holds no script, nothing that acts and nothing that is fetched."""
    page = Page(text)
    assert not {"script", "img", "link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "srcset", "background"}]
    assert all(value.startswith(("#", "http://", "https://")) for name, value in page.attributes if name == "href")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "http" not in style
    assert "url(" not in style
    assert "@import" not in style
