"""A registry and a pack drawn from a seed: 31 columns, 100 tables of real policies, as many rows as are asked for.

    ATTRIBUTES ──write_registry──> Parquet in row groups of 131,072, typed as `zhida registry import` types it
    TABLES     ──write_pack──────> a pack of 100 policies of one table each, and its dictionary

About one value in a hundred is unknown, of every attribute but the key. A larger registry begins with the rows of a smaller one.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from drawn import FIRST, SUM, UNIQUE, Attribute, DrawnTable, _grid, draw_table, feel

Array = Any

GROUP = 131_072
"""Rows in a row group."""
UNKNOWN_SHARE = 0.01
KEY = "code"
SMALL, MEDIUM = (50, 6, 4), (50, 40, 6)
"""How many tables, of how many rules and inputs."""
AS_OF = "2026-06-30"


def _words(stem: str, count: int) -> tuple[str, ...]:
    return tuple(f"{stem}{place:02d}" for place in range(count))


STAFF, MONEY, WORDS = (500, 2_000, 100_000), (10**6, 10**7, 10**8, 10**9, 10**11), (6, 6, 6, 12, 12, 12, 30, 30, 90, 90)
ATTRIBUTES = (
    *(Attribute(f"staff{place}", "number", 0, high, unit="人", step=high // 100) for place, high in enumerate(STAFF)),
    *(Attribute(f"money{place}", "number", 0, high * 100, 2, unit="元", step=high) for place, high in enumerate(MONEY)),
    *(Attribute(f"share{place}", "number", 0, 10**6, 6, unit="1", step=10**4) for place in range(2)),
    *(Attribute(f"day{place}", "date", 7_305, 20_454, step=365) for place in range(4)),
    *(Attribute(f"flag{place}", "boolean") for place in range(6)),
    *(Attribute(f"word{place}", "string", words=_words(f"w{place}-", count)) for place, count in enumerate(WORDS)),
)
"""All but the key; a day counts from 1970-01-01."""
STRINGS = [each.name for each in ATTRIBUTES if each.kind == "string"]


def tables() -> list[DrawnTable]:
    """Return the tables of the pack: mostly FIRST, some UNIQUE, some COLLECT (sum)."""
    random = Random("a hundred tables")  # noqa: S311 - drawn from a seed, and nothing is secret
    numbers = [each for each in ATTRIBUTES if each.kind == "number"]
    words = [each for each in ATTRIBUTES if each.kind == "string" and len(each.words) >= 6]
    found = []
    for count, rules, inputs in (SMALL, MEDIUM):
        for place in range(count):
            name = f"t{len(found):02d}"
            if place % 6 == 5:  # a grid: two numbers and a text are tested, the others are there
                chosen = [*random.sample(numbers, 2), random.choice(words)]
                rest = [each for each in ATTRIBUTES if each not in chosen]
                given = (*chosen, *random.sample(rest, inputs - len(chosen)))
                parts = (3, 1, 2) if rules == SMALL[1] else (5, 4, 2)
                found.append(DrawnTable(name, UNIQUE, given, _grid(random, given, parts)))
            else:
                found.append(draw_table(random, name, SUM if place % 20 == 0 else FIRST, random.sample(ATTRIBUTES, inputs), rules))
    return found


# --- the registry --------------------------------------------------------------------------------------------------------


def registry_path(folder: Path, rows: int) -> Path:
    """Return where a registry of so many rows is kept; a change of what is drawn has another name."""
    text = f"{ATTRIBUTES} {GROUP} {UNKNOWN_SHARE} 2"
    return folder / f"registry-{rows}-{sha256(text.encode()).hexdigest()[:8]}.parquet"


def write_registry(folder: Path, rows: int) -> Path:
    """Write a registry where it is not there yet; return its path."""
    path = registry_path(folder, rows)
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    meta = {"zhida.key": KEY, "zhida.subject": "enterprise", "zhida.synthetic": "true"}
    schema = pa.schema([(KEY, pa.string()), *((each.name, arrow_type(each)) for each in ATTRIBUTES)], metadata=meta)
    narrow = [*STRINGS, "staff0", "staff1"]
    with pq.ParquetWriter(new, schema, compression="zstd", use_dictionary=narrow) as writer:
        for start in range(0, rows, GROUP):
            writer.write_table(group(start, min(GROUP, rows - start)).cast(schema), row_group_size=GROUP)
    new.replace(path)
    return path


def group(start: int, rows: int) -> pa.Table:
    """Return one row group."""
    keys = np.char.add("E", np.char.zfill(np.arange(start, start + rows).astype(str), 9))
    columns: dict[str, pa.Array] = {KEY: pa.array(keys)}
    for place, attribute in enumerate(ATTRIBUTES):
        generator = np.random.Generator(np.random.PCG64([4, place, start // GROUP]))
        unknown = generator.random(rows) < UNKNOWN_SHARE
        columns[attribute.name] = _column(attribute, generator, rows, unknown)
    return pa.table(columns)


def _column(attribute: Attribute, generator: np.random.Generator, rows: int, unknown: Array) -> pa.Array:
    if attribute.kind == "boolean":
        return pa.array(generator.integers(0, 2, rows).astype(np.bool_), mask=unknown)
    if attribute.kind == "string":
        places = pa.array(generator.integers(0, len(attribute.words), rows, dtype=np.int32), mask=unknown)
        return pa.DictionaryArray.from_arrays(places, pa.array(attribute.words))
    numbers = generator.integers(attribute.low, attribute.high, rows, dtype=np.int64)
    if attribute.kind == "date":
        return pa.array(numbers.astype(np.int32), pa.date32(), mask=unknown)
    halves = np.empty((rows, 2), np.int64)  # a decimal of 128 bits: the lower half, and the sign in the upper one
    halves[:, 0], halves[:, 1] = numbers, 0
    known = pa.py_buffer(np.packbits(~unknown, bitorder="little"))
    return pa.Array.from_buffers(arrow_type(attribute), rows, [known, pa.py_buffer(halves)])


def arrow_type(attribute: Attribute) -> pa.DataType:
    """Return the type of a column, as a registry has it."""
    return {"number": pa.decimal128(38, attribute.scale), "date": pa.date32(), "boolean": pa.bool_(), "string": pa.string()}[attribute.kind]


# --- the pack ------------------------------------------------------------------------------------------------------------


def write_pack(folder: Path) -> Path:
    """Write the pack, and return the folder that holds it."""
    for below in ("policies", "registry"):
        (folder / "bench" / below).mkdir(parents=True, exist_ok=True)
    (folder / "bench/registry/enterprise.md").write_text("\n".join(_dictionary()), encoding="utf-8")
    for table in tables():
        (folder / f"bench/policies/{table.name}.md").write_text("\n".join(_policy(table)), encoding="utf-8")
    return folder


def _dictionary() -> Iterator[str]:
    """Yield the lines of the dictionary."""
    yield "# 生成的数据字典 · A generated dictionary\n"
    yield "| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 | 可空 | 敏感 | 取值 | 说明 | 小数位 |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    yield f"| {KEY} | string | | | 测试 | 否 | 否 | 否 | | 主键 | |"
    for each in ATTRIBUTES:
        scale = each.scale if each.kind == "number" else ""
        yield f"| {each.name} | {each.kind} | {each.unit} | | 测试 | 是 | 否 | 否 | {'、'.join(each.words)} | 生成 | {scale} |"
    yield ""


def _policy(table: DrawnTable) -> Iterator[str]:
    """Yield the lines of a policy of one table, whose output is an amount of money."""
    facts = {
        "policy": f"bench/{table.name}",
        "title": f"生成的政策 {table.name}",
        "document": f"测试〔2026〕{table.name}",
        "issuer": "[测试]",
        "in_force": "2026-01-01/..",
        "subject": "enterprise",
        "gives": "cash",
        "delivery": "申报审核",
        "eligible": f"eligible_{table.name}",
        "amount": f"amount_{table.name}",
        "rounding": "{scale: 2, mode: down}",
        "checked": "{on: 2026-06-30, by: recalled, note: 生成的数据}",
    }
    yield from (
        "---",
        *(f"{key}: {value}" for key, value in facts.items()),
        "---\n",
        f"# {facts['title']}\n",
        "## 第一条\n",
        "生成的表。\n",
    )
    names = " | ".join(each.name for each in table.attributes)
    yield f"| {table.hit_policy} | {names} | **{facts['amount']}: number** |"
    yield "|" + "---|" * (len(table.attributes) + 2)
    for number, rule in enumerate(table.rules, 1):
        cells = " | ".join(feel(cell, each) for cell, each in zip(rule.cells, table.attributes, strict=True))
        yield f"| {number} | {cells} | {rule.output} |"
    yield f"| 否则 | {' | '.join('-' for _ in table.attributes)} | 0 |"
    yield f"\n```feel {facts['eligible']}: boolean\n{facts['amount']} > 0\n```\n"


def digest_of(folder: Path) -> str:
    """Return the digest of a folder of results: of the names of the files and what stands in them."""
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
    return sha256(json.dumps(found).encode()).hexdigest()[:16]
