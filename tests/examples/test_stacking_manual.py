"""docs/stacking.md teaches each rule by a small example: every one comes out as the page says."""

import re

import pytest

from tests.examples.tutorials import Tutorial
from tests.house.tree import ROOT
from zhida.policy.stacking import StackingRule

PAGE = (ROOT / "docs/stacking.md").read_text(encoding="utf-8")
DICTIONARY = """| 属性 | 类型 | 单位 | 来源 |
|---|---|---|---|
| 统一社会信用代码 | string | | 市场监督管理局 |
| 用工补助额 | number | 元 | 人力资源和社会保障局 |
| 租金补贴额 | number | 元 | 住房保障和房产管理局 |
| 减税额 | number | 元 | 税务局 |
| 租金支出 | number | 元 | 税务局 |
| 样板企业 | boolean | | 经济和信息化局 |
"""
PARAMETERS = """| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |
|---|---|---|---|---|---|---|
| 两项补贴就高 | boolean | | | 2026-01-01/.. | 示例 | |
"""
GRANT = """---
policy: yunshang/{slug}
title: {name}（虚构）
in_force: 2026-01-01/..
subject: enterprise
gives: {gives}
delivery: {delivery}
eligible: {name}可得
amount: {name}应得
checked: {{on: 2026-01-15, by: official}}
---

```feel {name}可得: boolean
{fact} > 0
```

```feel {name}应得: number
{fact}
```
"""
STATUS = """---
policy: yunshang/model-firm
title: 样板企业（虚构）
in_force: 2026-01-01/..
subject: enterprise
gives: service
eligible: 是样板企业
checked: {on: 2026-01-15, by: official}
---

```feel 是样板企业: boolean
样板企业
```
"""
POLICIES = {
    "hire-grant": GRANT.format(slug="hire-grant", name="用工补助", gives="cash", delivery="申报审核", fact="用工补助额"),
    "rent-grant": GRANT.format(slug="rent-grant", name="租金补贴", gives="cash", delivery="即申即享", fact="租金补贴额"),
    "tax-relief": GRANT.format(slug="tax-relief", name="减税", gives="tax", delivery="即申即享", fact="减税额"),
    "model-firm": STATUS,
}


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Tutorial:
    followed = Tutorial(tmp_path_factory.mktemp("stacking"))
    folder = followed.root / "packs/yunshang"
    for name, text in {
        "registry/enterprise.md": DICTIONARY,
        "parameters.md": PARAMETERS,
        **{f"policies/{slug}.md": text for slug, text in POLICIES.items()},
        "stacking.md": "# 云上市政策的叠加（虚构）\n\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    followed.follow(PAGE)
    return followed


def test_every_example_of_the_page_comes_out_as_it_says(tutorial: Tutorial) -> None:
    assert tutorial.found == tutorial.expected == [""] * len(tutorial.expected)
    assert len(tutorial.expected) == len(re.findall(r"^```text 检查$", PAGE, re.MULTILINE)) > len(StackingRule)


def test_every_rule_is_shown_and_every_policy_named_is_told_of() -> None:
    shown = {cells.split("|")[2].strip() for cells in re.findall(r"^\| .+ \| .+ \| .*yunshang/.+$", PAGE, re.MULTILINE)}
    assert {rule.value for rule in StackingRule} <= shown
    assert set(re.findall(r"yunshang/([a-z-]+)", PAGE)) - {"stacking"} == set(POLICIES)
