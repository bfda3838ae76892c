"""What the tests of registries share: a small dictionary, and an import from texts."""

from pathlib import Path

from zhida.errors import InputError
from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping import Mapping
from zhida.registry_io.mapping_reading import parse_mapping
from zhida.source import Source

DICTIONARY = """
| 属性 | 类型 | 单位 | 常见范围 | 可空 | 取值 | 小数位 |
|---|---|---|---|---|---|---|
| 代码 | string | | | | | |
| 企业名称 | string | | | | | |
| 单位类型 | string | | | | 企业、其他 | |
| 从业人员 | number | 人 | 0..100000 | | | |
| 营业收入 | number | 元 | 0..1000000000 | | | 2 |
| 研发占比 | number | 1 | 0..1 | | | 6 |
| 成立日期 | date | | | | | |
| 证书到期日 | date | | | 是 | | |
| 依托大模型 | boolean | | | | | |
| 季末人数 | list<number> | 人 | | | | |
"""

HEAD = "subject: enterprise\nkey: {attribute: 代码, check: none}\nfiles:\n"


def dictionary() -> Dictionary:
    found = parse_dictionary(Source("registry/enterprise.md", DICTIONARY), "enterprise")
    assert not found.diagnostics
    return found


def mapping(files: str, head: str = HEAD) -> Mapping:
    return parse_mapping(Source("mapping.yaml", head + files))


def import_texts(tmp_path: Path, files: str, head: str = HEAD, **texts: str) -> ImportResult:
    """Write each text as NAME.csv, give them in that order, and import them."""
    paths = []
    for name, text in texts.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        paths.append(path)
    return import_registry(mapping(files, head), paths, dictionary())


def codes_of(error: InputError) -> list[str]:
    return [item.code for item in error.diagnostics]
