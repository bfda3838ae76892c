"""Random policies, drawn from a seed: columns beside `assess`, and coded policies beside columns.

Different rows are asked of `assess` once, and compared with all that the columns say of them: outcome, amount, missing facts,
what was odd, rules, possible answers, near misses. The same rows many times over, in another order and in blocks of several
sizes, must then give the same record batch, and so must the policy by codes.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa

from tests.engine.columnar_agreement import NEAR, block_of, differences_of, policy_columns, said_by_columns, tables_of
from tests.engine.policy_texts import AS_OF, block, front, packs_of
from tests.properties.columnar_policies import AMOUNTS, BASES, COLUMNS, DICTIONARY_WITHOUT_UNITS, GRID, PARAMETERS
from zhida.errors import has_errors
from zhida.policy.pack import PolicyModel
from zhida.values.unknown import unknown

Value = Any
NEAR_BY = ("人 > 0", '类型 != "其他"', "限制", "", "")


@dataclass
class PolicyFinding:
    """What the comparison of one policy found."""

    compared: int = 0
    """Rows and tables of the policy that were compared."""
    distinct: int = 0
    """Those of different rows, which `assess` was asked."""
    bad: int = 0
    """Rows that the columns left to the interpreter."""
    policies: int = 0
    """How many of them there were: one, or none where what was drawn has errors."""
    differences: list[str] = field(default_factory=list)


def draw_policy(random: Random) -> str:
    """Draw the text of a policy: who is eligible by a table, how much by another, with decisions between."""
    parts = []
    for name, outputs, default, letters in (
        ("符合: boolean", ("true", "false", "重点"), random.choice(("false", "null")), "FU"),
        ("金额: number", AMOUNTS, "0", ("F", "F", "U", "C+", "C>")),
    ):
        clauses = random.sample(list(COLUMNS), random.choice((1, 2, 3)))
        cells = [[random.choice(COLUMNS[each]) for each in clauses] for _ in range(random.choice((1, 2, 3, 4, 8)))]
        head = f"| {random.choice(letters)} | {' | '.join(clauses)} | **{name}** |\n|{'---|' * (len(clauses) + 2)}\n"
        rules = "".join(f"| {place} | {' | '.join((*row, random.choice(outputs)))} |\n" for place, row in enumerate(cells, 1))
        parts.append(f"{head}{rules}| 否则 | {'- | ' * len(clauses)}{default} |\n\n")
    parts.append(block("基数: number", random.choice(BASES)))
    parts.append(block("大类: string", 'if matches(行业, "^[0-9]{2,4}$") then substring(行业, 1, 2) else null'))
    parts.append(block("均人: number", "sum(季度) / count(季度)"))
    applies = random.choice(NEAR_BY)
    return front(amount="金额", applies=f"'{applies}'" if applies else "") + "".join(parts)


def draw_rows(random: Random, count: int) -> list[Mapping[str, Value]]:
    """Draw different rows; a few facts are unknown."""
    found: dict[tuple[int, ...], Mapping[str, Value]] = {}
    for _ in range(count * 3):
        places = tuple(random.randrange(len(grid)) if random.random() > 0.06 else -1 for grid in GRID.values())
        cells = zip(GRID.items(), places, strict=True)
        found[places] = {name: unknown(name) if place < 0 else grid[place] for (name, grid), place in cells}
        if len(found) == count:
            break
    return list(found.values())


def opened(text: str) -> PolicyModel | None:
    """Return a policy that is ready to be asked; None where its text has errors: a rule that can never fire, say."""
    files = {"demo/registry/enterprise.md": DICTIONARY_WITHOUT_UNITS, "demo/parameters.md": PARAMETERS, "demo/policies/a.md": text}
    with tempfile.TemporaryDirectory() as folder:
        packs = packs_of(Path(folder), files)
    return None if has_errors(packs.diagnostics) else packs.model_of("demo/a", AS_OF)


def compare_policy(seed: str, *, rows: int, repeats: int) -> PolicyFinding:
    """Compare one policy, drawn from a seed."""
    random = Random(seed)
    text = draw_policy(random)
    model = opened(text)
    if model is None:
        return PolicyFinding()
    drawn = draw_rows(random, rows)
    columns = policy_columns(model, near_within=NEAR)
    every = block_of(columns.plan, drawn, columns.executor)
    answers = columns.decide(every)
    told = list(differences_of(model, drawn, said_by_columns(columns, answers)))
    tables = len(tables_of(model))
    found = PolicyFinding(policies=1, bad=sum(each is None for each in told), differences=[f"{text}\n{each}" for each in told if each])
    is_plain = np.array([each is not None for each in told])
    found.distinct = int(is_plain.sum()) * tables
    places = np.repeat(np.arange(len(drawn)), repeats)
    np.random.default_rng(random.randrange(2**32)).shuffle(places)
    wanted = plain_batch(columns.batch(answers))
    for chosen in blocks(places):
        again = plain_batch(columns.batch(columns.decide(every.take(chosen))))
        if not again.equals(wanted.take(pa.array(chosen))):
            found.differences.append(f"{text}\nrows {chosen[:10].tolist()}…: in another order they come to something else")
        found.compared += int(is_plain[chosen].sum()) * tables
    return found


def blocks(places: Any) -> Iterator[Any]:  # noqa: ANN401 - an array
    """Yield places in blocks of several sizes."""
    yield from (places[:1], places[1:30], places[30:])


def plain_batch(batch: pa.RecordBatch) -> pa.Table:
    """Return a batch with its words written out, so that batches with other dictionaries compare."""
    table = pa.Table.from_batches([batch])
    for place, field_ in enumerate(table.schema):
        if pa.types.is_dictionary(field_.type):
            table = table.set_column(place, field_.name, table.column(place).cast(field_.type.value_type))
    return table
