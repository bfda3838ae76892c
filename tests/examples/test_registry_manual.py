"""The manual of mapping files: the mapping that it builds up works on the files that it shows."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.packs import the_packs
from zhida.policy.dictionary import parse_dictionary
from zhida.policy.document import read_source
from zhida.registry_io.importing import import_registry
from zhida.registry_io.mapping_reading import read_mapping

ROOT = Path(__file__).parents[2]


def test_years_and_lists_of_the_manual_are_imported(tmp_path: Path) -> None:
    text = (ROOT / "docs/registry-mapping.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"```csv (\S+)\n(.*?)```", text, re.DOTALL))
    mapping = next(block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "lists:" in block)
    for name, content in {**files, "mapping.yaml": mapping}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    dictionary = the_packs().dictionaries["enterprise"]
    result = import_registry(read_mapping(tmp_path / "mapping.yaml"), [tmp_path / name for name in files], dictionary)
    first, second = result.frame.rows(named=True)
    assert (first["研发费用@2024"], second["研发费用@2023"], second["失业保险参保人数@2024"]) == (Decimal(955_000), None, Decimal(5))
    assert [element["编号"] for element in first["知识产权"]] == ["ZL01", "ZL02"]
    assert second["知识产权"] == []
    assert [item.code for item in result.quality.findings] == ["registry-duplicate-exact"]


def test_the_mapping_of_the_manual_imports_the_files_of_the_manual(tmp_path: Path) -> None:
    text = (ROOT / "docs/registry-mapping.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"`(\S+\.csv)`\n\n```\n(.*?)```", text, re.DOTALL))
    mapping = next(block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "subject" in block and "营业收入" in block)
    for name, content in {**files, "mapping.yaml": mapping}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    dictionary = parse_dictionary(read_source(ROOT / "packs/national/registry/enterprise.md"), "enterprise")
    result = import_registry(read_mapping(tmp_path / "mapping.yaml"), [tmp_path / name for name in files], dictionary)
    assert result.frame.rows(named=True) == [
        {
            "统一社会信用代码": "91110000600037341L",
            "企业名称": "甲公司",
            "成立日期": date(2015, 1, 31),
            "行业代码": "48",
            "营业收入": Decimal(12_345_000),
            "资产总额": Decimal(8_000_000),
            "从业人员": Decimal(12),
        }
    ]
    assert not result.quality.findings
