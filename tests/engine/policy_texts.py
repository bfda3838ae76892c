"""How the tests of policies write one: the body of a policy goes in, packs on disk come out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zhida.assess.assessment import Assessment
from zhida.assess.subject import assess_subject
from zhida.policy.document import PolicyDocument, parse
from zhida.policy.pack import Packs, load_packs
from zhida.policy.tangle import TangledPolicy, tangle
from zhida.source import Source
from zhida.values.temporal import Date

Value = Any

AS_OF = Date(2026, 3, 1)

DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 | 可空 | 取值 |
|---|---|---|---|---|---|---|---|
| 城市 | string | | | 市场监督管理局 | | | |
| 人 | number | 人 | 0..1000000 | 统计局 | 是 | | |
| 收入 | number | 元 | | 税务局 | 是 | | |
| 面积 | number | m2 | | 住建局 | | | |
| 类型 | string | | | 市场监督管理局 | | | 企业、高校、其他 |
| 行业 | string | | | 统计局 | | | |
| 成立 | date | | | 市场监督管理局 | | | |
| 证书 | date | | | 科技局 | | 是 | |
| 重点 | boolean | | | 人工认定 | | | |
| 创新 | boolean | | | 人工认定 | | | |
| 限制 | boolean | | | 税务局 | 是 | | |
| 季度 | list<number> | 人 | | 税务局 | | | |
"""


def front(name: str = "demo/a", **keys: str) -> str:
    """Return a front matter; a key whose value is empty is left out."""
    merged = {
        "policy": name,
        "title": "示例",
        "in_force": "2025-01-01/..",
        "subject": "enterprise",
        "gives": "cash",
        "eligible": "符合",
        "checked": "{on: 2026-01-01, by: official}",
    } | keys
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in merged.items() if value) + "---\n\n"


def block(head: str, text: str) -> str:
    return f"```feel {head}\n{text}\n```\n\n"


def document(text: str) -> PolicyDocument:
    return parse(Source("a.md", text))


def tangled(body: str, **keys: str) -> TangledPolicy:
    return tangle(document(front(**keys) + body))


def packs_of(root: Path, files: Mapping[str, str]) -> Packs:
    """Write packs and read them; a pack `demo` with a dictionary is there anyway."""
    for name, text in {"demo/registry/enterprise.md": DICTIONARY, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_packs(root)


def packs_with(root: Path, body: str, files: Mapping[str, str] | None = None, **keys: str) -> Packs:
    """Return packs whose policy demo/a has this body; it must be sound."""
    packs = packs_of(root, {"demo/policies/a.md": front(**keys) + body, **(files or {})})
    assert [item.render() for item in packs.diagnostics if item.severity == "error"] == []
    return packs


def codes(packs: Packs) -> list[str]:
    return [item.code for item in packs.diagnostics]


def assessed(root: Path, body: str, facts: Mapping[str, Value], *, as_of: Date = AS_OF, **keys: str) -> Assessment:
    """Assess one subject by a policy with this body."""
    return assess_subject(packs_with(root, body, **keys), "demo/a", facts, as_of=as_of)
