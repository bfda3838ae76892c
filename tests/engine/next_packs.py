"""Packs for tests of the next step: attributes that move and what they cost, one policy, and its table of steps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.engine.policy_texts import AS_OF, block, front, packs_of
from tests.engine.registry_frames import registry_of
from zhida.assess.columns import open_run
from zhida.entitle.next.finder import StepFinder
from zhida.entitle.next.steps import Step, next_steps
from zhida.policy.pack import Packs

Value = Any

DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 | 可空 | 取值 | 小数位 | 历史 | 可动 | 单价 |
|---|---|---|---|---|---|---|---|---|---|---|---|
| 人 | number | 人 | 0..1000000 | 统计局 | 是 | | | 0 | | 升降 | |
| 技 | number | 人 | 0..1000000 | 统计局 | 是 | | | 0 | | 升 | |
| 收入 | number | 元 | 0..1000000000000 | 税务局 | 是 | | | 2 | 年 | 升 | |
| 研发费用 | number | 元 | 0..1000000000000 | 税务局 | 是 | 是 | | 2 | | 升 | 1 |
| 设备 | number | 元 | 0..1000000000000 | 税务局 | 是 | | | 2 | | 升 | 2.5 |
| 负债 | number | 元 | 0..1000000000000 | 税务局 | 是 | | | 2 | | 降 | |
| 资产 | number | 元 | | 税务局 | 是 | | | 2 | | | |
| 成立 | date | | | 市场监督管理局 | | | | | | | |
| 类型 | string | | | 市场监督管理局 | | | 企业、高校 | | | | |
| 失信 | boolean | | | 信用平台 | | | | | | | |
| 上云 | boolean | | | 经信局 | 是 | | | | | 升降 | |
| 专家 | boolean | | | 人工认定 | | | | | | | |
| 季度 | list<number> | 人 | | 税务局 | | | | 0 | | | |
"""


def policy_packs(root: Path, body: str, **keys: str) -> Packs:
    """Return packs whose policy demo/a has this body; it must be sound."""
    files = {
        "demo/registry/enterprise.md": DICTIONARY,
        "demo/policies/a.md": front(amount="金额", **keys) + body + block("金额: number", "100"),
    }
    packs = packs_of(root, files)
    assert [item.render() for item in packs.diagnostics if item.severity == "error"] == []
    return packs


def condition(text: str) -> str:
    """Return the body of a policy that asks for one condition."""
    return f"## 第一条\n\n{block('符合: boolean', text)}"


def steps_of(root: Path, body: str, facts: Mapping[str, Value], *, wanted: str | None = None, **keys: str) -> tuple[Step, ...]:
    """Return the steps of one subject; the columns must say the same."""
    packs = policy_packs(root, body, **keys)
    found = next_steps(packs.model_of("demo/a", AS_OF), facts, wanted=wanted)
    told = table_of(packs, facts, wanted=wanted)[0].to_pylist()[0]
    assert told["demo/a:steps"] == (len(found) or None)
    assert [told["demo/a:attribute"], told["demo/a:attribute2"]][: len(found)] == [step.attribute for step in found]
    return found


def table_of(packs: Packs, *subjects: Mapping[str, Value], wanted: str | None = None, workers: int = 1) -> tuple[pa.Table, StepFinder]:
    """Return the columns of some subjects, and what found them."""
    registry = registry_of(packs, *subjects)
    results = open_run(packs, ["demo/a"], as_of=AS_OF, key=registry.key).decide(registry.frame)
    finder = StepFinder(packs, ["demo/a"], as_of=AS_OF, wanted={} if wanted is None else {"demo/a": wanted})
    return finder.find(registry.frame, results, workers=workers), finder
