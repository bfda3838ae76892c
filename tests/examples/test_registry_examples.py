"""Bad mappings, files and registries: the whole message, in both languages, as golden files.

Each file of tests/examples/registry/ holds its inputs and, last, what is said about them:

    === mapping.yaml            how the files are read; without it, the file that is given is to be a registry already
    === base.csv                a file that is given to the mapping as it stands; `base.csv | gb18030` has that encoding
    === base.parquet            another, of which each row is written as JSON
    === registry                a file where the folder of the registry is to be
    === later.md                the data dictionary when the registry is read, if it is no longer that of the import
    === asked                   a subject that is asked for, by its key
    〈U+0003〉                  in any of them: a character
    === expected                everything that is said, once in Chinese and once in English

An import that succeeds says its findings, is written, and is read again. `expected` is written anew with ZHIDA_BLESS=1.
"""

import io
import os
import re
from pathlib import Path

import polars as pl
import pytest

from zhida.assess.registry import registry_findings
from zhida.errors import Diagnostic, InputError
from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.registry_io.importing import import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.registry import read_registry
from zhida.registry_io.writing import write_registry
from zhida.source import Source

FOLDER = Path(__file__).parent / "registry"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))
SOURCES = (".csv", ".parquet")
DICTIONARY = """
| 属性 | 类型 | 单位 | 常见范围 | 可空 | 取值 | 历史 | 统计 |
|---|---|---|---|---|---|---|---|
| 统一社会信用代码 | string | | | | | | |
| 企业名称 | string | | | | | | |
| 单位类型 | string | | | | 企业、其他 | | |
| 从业人员 | number | 人 | 0..1000000 | | | | |
| 营业收入 | number | 元 | 0..1000000000000 | | | | |
| 成立日期 | date | | | | | | |
| 开门时间 | time | | | | | | |
| 季末从业人数 | list<number> | 人 | | | | | |
| 研发费用 | number | 元 | 0..1000000000 | | | 年 | |
| 专利 | list | | | | | | |
| 收入名次 | number | | | | | | 名次(营业收入) |

| 属性：专利 | 类型 | 单位 | 可空 | 取值 |
|---|---|---|---|---|
| 编号 | string | | | |
| 类别 | string | | | Ⅰ类、Ⅱ类 |
| 费用 | number | 元 | | |
| 受理时刻 | time | | | |
"""


def dictionary(text: str = DICTIONARY) -> Dictionary:
    return parse_dictionary(Source("registry/enterprise.md", text), "enterprise")


def sections(text: str) -> dict[str, str]:
    """Return the parts of a golden file by their names."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def put(folder: Path, head: str, written: str) -> Path:
    """Write the file that a section asks for."""
    name, _, encoding = head.partition(" | ")
    text = re.sub(r"〈U\+([0-9A-F]+)〉", lambda found: chr(int(found[1], 16)), written)
    if name.endswith(".parquet"):
        pl.read_ndjson(io.StringIO(text)).write_parquet(folder / name)
    else:
        (folder / name).write_bytes(text.encode(encoding or "utf-8"))
    return folder / name


def said_of(folder: Path, inputs: dict[str, str]) -> tuple[Diagnostic, ...]:
    """Return everything that is said on the way from the inputs to what is asked of the registry.

    Raises:
        InputError: what stops on the way.
    """
    given = {head: text for head, text in inputs.items() if head not in {"later.md", "asked"}}
    paths = [put(folder, head, text) for head, text in given.items()]
    sources = [path for path in paths if path.suffix in SOURCES]
    place = folder / "registry" if "mapping.yaml" in given else sources[0]
    findings: tuple[Diagnostic, ...] = ()
    if "mapping.yaml" in given:
        result = import_registry(read_mapping(folder / "mapping.yaml"), sources, dictionary())
        findings = tuple(finding.diagnostic for finding in result.quality.findings)
        write_registry(result, place)
    registry = read_registry(place, dictionary(inputs.get("later.md", DICTIONARY)))
    if "asked" in inputs:
        registry.subject(inputs["asked"].strip())
    return (*findings, *registry_findings(registry))


def said(folder: Path, inputs: dict[str, str]) -> str:
    """Return everything that is said about the inputs, once in Chinese and once in English."""
    try:
        diagnostics = said_of(folder, inputs)
    except InputError as error:
        diagnostics = error.diagnostics
    messages = [item.render("zh") for item in diagnostics] + [item.render("en") for item in diagnostics]
    return "\n\n".join(messages).replace(f"{folder}{os.sep}", "") + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    parts = sections(path.read_text(encoding="utf-8"))
    expected = parts.pop("expected", "")
    found = said(tmp_path, parts)
    if os.environ.get("ZHIDA_BLESS"):
        path.write_text("".join(f"=== {part}\n{text}" for part, text in (*parts.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == expected
