"""Bad sources of a run: the whole message, in both languages, as golden files.

Each file of tests/examples/sources/ holds a source and, last, everything that is said about it when all of it is read:

    === source                  the path or address; 〈server〉 stands for a PostgreSQL server that is started for it
    === rows 2                  how many rows a part has, if not 4
    === asked                   the attributes that policies ask for, one a line
    === plain.csv               a file as it stands; `plain.csv | gb18030` has that encoding
    === plain.parquet | 2       a file with row groups of 2 rows: its columns as `name: type`, a blank line, each row as JSON
    === results.parquet         the same, with the words of results
    === rewritten.parquet       the same, with the words of a registry and without checksums
    === damage                  `cut plain.parquet 9` drops its last bytes, `spoil plain.parquet 2` overwrites its second row group
    === change                  the same, between the opening of the source and the reading of its first part
    === statements              what is run on the server first, one statement a line
    === no driver               the driver for databases is not installed
    === expected                everything that is said, once in Chinese and once in English

`expected` is written anew with ZHIDA_BLESS=1.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.postgresql_server import run, running_server
from zhida.errors import Diagnostic, InputError
from zhida.policy.dictionary import parse_dictionary
from zhida.registry_io import sources_postgresql
from zhida.registry_io.sources import lacking_columns, open_source
from zhida.source import Source

FOLDER = Path(__file__).parent / "sources"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))
SERVER = "〈server〉"
DICTIONARY = """
| 属性 | 类型 | 单位 | 常见范围 | 可空 | 取值 | 历史 | 统计 |
|---|---|---|---|---|---|---|---|
| 代码 | string | | | | | | |
| 单位类型 | string | | | | 企业、其他 | | |
| 从业人员 | number | 人 | 0..1000000 | | | | |
| 营业收入 | number | 元 | 0..1000000000 | | | | |
| 成立日期 | date | | | | | | |
| 依托大模型 | boolean | | | | | | |
| 季末人数 | list<number> | 人 | | | | | |
| 研发费用 | number | 元 | 0..1000000000 | | | 年 | |
| 专利 | list | | | | | | |
| 收入名次 | number | | | | | | 名次(营业收入) |

| 属性：专利 | 类型 | 单位 | 可空 | 取值 |
|---|---|---|---|---|
| 编号 | string | | | |
| 类别 | string | | | Ⅰ类、Ⅱ类 |
| 费用 | number | 元 | | |
"""
SPECIAL = {
    "float64": pa.float64(),
    "date32": pa.date32(),
    "list<float64>": pa.list_(pa.float64()),
    "list<int32>": pa.list_(pa.int32()),
    "timestamp": pa.timestamp("us"),
    "timestamp UTC": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            address = stack.enter_context(running_server())
        except OSError as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        yield address


def sections(text: str) -> dict[str, str]:
    """Return the parts of a golden file by their names."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def put(folder: Path, head: str, text: str) -> None:
    """Write the file that a section asks for."""
    name, _, option = head.partition(" | ")
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if not name.endswith(".parquet") or "\n\n" not in text:
        path.write_bytes(text.encode(option or "utf-8"))
        return
    columns, _, rows = text.partition("\n\n")
    types = dict(line.split(": ") for line in columns.splitlines())
    data = [json.loads(line) for line in rows.splitlines()]
    words = {"results.parquet": {"zhida.missing": "{}"}, "rewritten.parquet": {"zhida.key": "代码", "zhida.subject": "enterprise"}}.get(
        name
    )
    arrays = [pa.array([value_of(row[place], type_) for row in data], type_of(type_)) for place, type_ in enumerate(types.values())]
    table = pa.Table.from_arrays(arrays, names=list(types)).replace_schema_metadata(words)
    pq.write_table(table, path, row_group_size=int(option or 100), write_page_checksum=name != "rewritten.parquet")


def type_of(name: str) -> pa.DataType:
    if found := re.fullmatch(r"decimal\((\d+), (\d+)\)", name):
        digits, scale = int(found[1]), int(found[2])
        return pa.decimal256(digits, scale) if digits > 38 else pa.decimal128(digits, scale)
    return SPECIAL.get(name) or pa.type_for_alias(name)


def value_of(value: object, type_: str) -> object:
    if value is None or not isinstance(value, str):
        return value
    if type_.startswith("decimal"):
        return Decimal(value)
    if type_.startswith("timestamp"):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if type_ == "date32" else value


def damage(folder: Path, line: str) -> None:
    """Damage a file as a line says."""
    verb, name, number = line.split()
    path = folder / name
    data = bytearray(path.read_bytes())
    if verb == "cut":
        data = data[: -int(number)]
    else:
        column = pq.ParquetFile(path).metadata.row_group(int(number) - 1).column(0)
        end = (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size
        data[end - 4 : end] = b"\x00\xff\x00\xff"
    path.write_bytes(data)


def said_of(inputs: dict[str, str], spec: str) -> list[Diagnostic]:
    """Return everything that is said while a source is opened and read."""
    dictionary = parse_dictionary(Source("registry/enterprise.md", DICTIONARY), "enterprise")
    rows = next((int(head.split()[1]) for head in inputs if head.startswith("rows ")), 4)
    try:
        source = open_source(spec, dictionary, rows_per_part=rows)
    except InputError as error:
        return list(error.diagnostics)
    found = list(lacking_columns(source, inputs.get("asked", "").split()))
    for line in inputs.get("change", "").splitlines():
        damage(Path(), line)
    for part in source.parts:
        try:
            source.read(part)
        except InputError as error:
            found += error.diagnostics
    return [*found, *source.diagnostics()]


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    path = FOLDER / name
    parts = sections(path.read_text(encoding="utf-8"))
    expected = parts.pop("expected", "")
    spec = parts["source"].strip()
    address = ""
    if SERVER in spec:
        address = request.getfixturevalue("server")
        run(address, *parts.get("statements", "").splitlines())
        spec = spec.replace(SERVER, address)
    if "no driver" in parts:
        monkeypatch.setattr(sources_postgresql, "HAS_DRIVER", False)
    for head, text in parts.items():
        if "." in head:
            put(tmp_path, head, text)
    for line in parts.get("damage", "").splitlines():
        damage(tmp_path, line)
    monkeypatch.chdir(tmp_path)
    diagnostics = said_of(parts, spec)
    messages = [item.render("zh") for item in diagnostics] + [item.render("en") for item in diagnostics]
    found = "\n\n".join(messages) + "\n"
    found = found.replace(address.partition("?")[2], "host=〈folder〉") if address else found
    if os.environ.get("ZHIDA_BLESS"):
        path.write_text("".join(f"=== {part}\n{text}" for part, text in (*parts.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == expected
