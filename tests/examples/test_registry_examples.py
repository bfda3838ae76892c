"""Bad mappings and files: the whole message, in both languages, as golden files.

Each file of tests/examples/registry/ holds its inputs and, last, what is said about them:

    === mapping.yaml        === base.csv        === expected

A file `base.csv` is given to the mapping as it stands; `expected` is written anew with ZHIDA_BLESS=1. An import that
succeeds says its findings, one that fails its errors.
"""

import os
import re
from pathlib import Path

import pytest

from zhida.errors import Diagnostic, InputError
from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.registry_io.importing import import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.source import Source

FOLDER = Path(__file__).parent / "registry"
DICTIONARY = """
| 属性 | 类型 | 单位 | 常见范围 | 可空 | 取值 |
|---|---|---|---|---|---|
| 统一社会信用代码 | string | | | | |
| 企业名称 | string | | | | |
| 单位类型 | string | | | | 企业、其他 |
| 从业人员 | number | 人 | 0..1000000 | | |
| 营业收入 | number | 元 | 0..1000000000000 | | |
| 成立日期 | date | | | | |
| 季末从业人数 | list<number> | 人 | | | |
"""


def dictionary() -> Dictionary:
    return parse_dictionary(Source("registry/enterprise.md", DICTIONARY), "enterprise")


def sections(text: str) -> dict[str, str]:
    """Return the parts of a golden file by their names."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def said(folder: Path, inputs: dict[str, str]) -> str:
    """Return everything that is said about the inputs, once in Chinese and once in English."""
    for name, text in inputs.items():
        (folder / name).write_text(text, encoding="utf-8")
    diagnostics: tuple[Diagnostic, ...]
    try:
        paths = [folder / name for name in inputs if not name.endswith(".yaml")]
        result = import_registry(read_mapping(folder / "mapping.yaml"), paths, dictionary())
    except InputError as error:
        diagnostics = error.diagnostics
    else:
        diagnostics = tuple(finding.diagnostic for finding in result.quality.findings)
    messages = [item.render("zh") for item in diagnostics] + [item.render("en") for item in diagnostics]
    return "\n\n".join(messages).replace(f"{folder}{os.sep}", "") + "\n"


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.txt")))
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    parts = sections(path.read_text(encoding="utf-8"))
    expected = parts.pop("expected", "")
    found = said(tmp_path, parts)
    if os.environ.get("ZHIDA_BLESS"):
        path.write_text("".join(f"=== {part}\n{text}" for part, text in (*parts.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == expected
