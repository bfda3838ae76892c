"""Open rows of coded policies: rows that come to the same are tried once, and say what is settled value by value."""

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.engine.coded_agreement import policies_differ
from tests.engine.dmn_models import AS_OF
from tests.engine.policy_texts import DICTIONARY, front, packs_of
from zhida.assess.judge import MAX_AMOUNT
from zhida.columnar import coded_policies
from zhida.columnar.coded_combinations import Combinations, Values
from zhida.columnar.coded_known import first_of_each
from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.frames import ABSENT
from zhida.columnar.policies import PolicyColumns, open_policy

MANY = 4096
CELLS = {
    "人": [">= 10", "< 30", "[10..50)", "[30..300)", "30", "> 2.5", "not(30)", "-", "-"],
    "收入": [">= 1000", "< 5000", "[1000..9000]", "not(>= 9000)", "0.125", "-", "-"],
    "类型": ['"企业"', '"高校"', 'not("企业")', '"企业", "其他"', "-", "-"],
    "行业": ['"C13"', '"C26", "C35"', 'not("C13", "I65")', '"I65"', '"C13", "C35"', "-", "-"],
    "成立": ['>= date("2020-01-01")', '< date("2024-06-30")', '[date("2021-01-01")..date("2023-01-01")]', "-"],
    "证书": ['>= date("2020-01-01")', "null", "not(null)", '< date("2022-01-01")', "-", "-"],
    "重点": ["true", "false", "-", "-"],
    "级": ['"高"', '"低"', "null", "-", "-"],
}
GRID: dict[str, Sequence[Any]] = {
    "人": [*map(Decimal, (0, 9, 10, 29, 30, 31, 49, 50, 299, 300))],
    "收入": [*map(Decimal, ("0", "0.125", "999.99", "1000", "4999", "5000", "9000", "9000.01"))],
    "类型": ["企业", "高校", "其他", "别的"],
    "行业": ["C13", "C26", "C35", "I65", "A01", "Z99"],
    "成立": [date(2019, 5, 1), date(2020, 1, 1), date(2021, 6, 1), date(2023, 1, 1), date(2024, 6, 30)],
    "证书": [date(2019, 5, 1), date(2021, 1, 1), date(2022, 1, 1)],
    "重点": [True, False],
}
TYPES: dict[str, pl.DataType] = {
    "人": pl.Decimal(38, 0),
    "收入": pl.Decimal(38, 3),
    "类型": pl.String(),
    "行业": pl.String(),
    "成立": pl.Date(),
    "证书": pl.Date(),
    "重点": pl.Boolean(),
}


def body(draw: random.Random, *, is_single: bool) -> str:
    """Return the tables of a policy: whether, and how much; and one before both, unless there is to be a single one."""
    parts = []
    for name, outputs, default in (
        ("级: string", ('"高"', '"低"', "null"), draw.choice(['"低"', "null"])),
        ("金额: number", ("1000", "20.005", "0", "70000"), "0"),
        ("符合: boolean", ("true", "false"), "false"),
    ):
        if name.startswith("符合") and is_single:
            parts.append("```feel 符合: boolean\n金额 > 0\n```\n\n")
            continue
        if name.startswith("级") and is_single:
            continue
        clauses = draw.sample(list(GRID), draw.randint(1, 6 if is_single else 4))
        clauses += ["级"] if not name.startswith("级") and not is_single and draw.random() < 0.6 else []
        rows = [[*(draw.choice(CELLS[each]) for each in clauses), draw.choice(outputs)] for _ in range(draw.randint(1, 14))]
        hit_policy = draw.choice("FFUA" if "金额" not in name else ["F", "U", "C+", "C>"])
        lines = [f"| {number} | {' | '.join(cells)} |\n" for number, cells in enumerate(rows, 1)]
        head = f"| {hit_policy} | {' | '.join(clauses)} | **{name}** |\n|{'---|' * (len(clauses) + 2)}\n"
        parts.append(f"{head}{''.join(lines)}| 否则 | {'- | ' * len(clauses)}{default} |\n\n")
    return "".join(parts)


def frame_of(draw: random.Random, rows: int, lacking: float) -> pl.DataFrame:
    """Return rows that lack some of their facts."""
    columns = {"#": pl.Series("#", range(rows), dtype=pl.Int64)}
    for name, grid in GRID.items():
        values = [None if draw.random() < lacking else draw.choice(grid) for _ in range(rows)]
        columns[name] = pl.Series(name, values, dtype=TYPES[name])
        absent = [value is None and draw.random() < 0.2 for value in values]
        columns[name + ABSENT] = pl.Series(name + ABSENT, absent, dtype=pl.Boolean)
    return pl.DataFrame(columns)


def opened(folder: Path, text: str, limit: int) -> list[PolicyColumns]:
    """Return a policy twice, each opened for itself; nothing where the text says nothing that could be opened."""
    files = {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": front(amount="金额") + text}
    packs = packs_of(folder, files)
    return [open_policy(packs.model_of("demo/a", AS_OF), below=Decimal(MAX_AMOUNT), limit=limit) for _ in range(2)]


def coded(folder: Path, text: str, limit: int) -> tuple[CodedPolicy, PolicyColumns]:
    one, other = opened(folder, text, limit)
    return CodedPolicy(one.settler), other


@pytest.mark.parametrize("limit", [1, 7, 40, MANY])
@pytest.mark.parametrize("seed", range(6))
def test_open_rows_come_to_what_is_settled_value_by_value(tmp_path: Path, seed: int, limit: int) -> None:
    draw = random.Random(100 * seed + limit)  # noqa: S311 - the same draws every time
    policy, columns = coded(tmp_path, body(draw, is_single=seed % 2 == 0), limit)
    for lacking in (0.15, 0.4):
        found = policies_differ(policy, columns, frame_of(draw, 150, lacking))
        assert not found, found[0]


TABLE = """| F | 人 | 行业 | **金额: number** |
|---|---|---|---|
| 1 | >= 300 | "C13" | 500 |
| 2 | >= 50 | "C26" | 400 |
| 3 | >= 30 | "C35" | 300 |
| 否则 | - | - | 0 |

```feel 符合: boolean
金额 > 0
```
"""


def of(**values: Sequence[Any]) -> pl.DataFrame:
    """Return rows of some facts."""
    columns = {name: pl.Series(name, given, dtype=TYPES[name]) for name, given in values.items()}
    return pl.DataFrame(columns).with_columns(pl.lit(value=False).alias(name + ABSENT) for name in values)


def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that tells how many combinations are tried from now on, time after time."""
    found: list[int] = []
    begin = Combinations.__init__

    def count(self: Combinations, values: Sequence[Values]) -> None:
        begin(self, values)
        found.append(self.count)

    monkeypatch.setattr(Combinations, "__init__", count)
    return found


def test_rows_that_are_left_the_same_rules_are_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, columns = coded(tmp_path, TABLE, MANY)
    counts = tried(monkeypatch)
    people = [*map(Decimal, (300, 301, 999, 30, 31, 49))]  # three are left all rules, three the last one
    rows = of(人=people, 行业=[None] * 6)
    assert not policies_differ(policy, columns, rows)
    assert counts == [6]  # four words and any other for three rules, and of the last rule its own word and any other


def test_what_a_decision_makes_of_a_fact_beside_the_tables_tells_rows_apart(tmp_path: Path) -> None:
    policy, columns = coded(tmp_path, TABLE.replace("\n金额 > 0\n", "\n金额 > 0 and 重点\n"), MANY)
    assert not policies_differ(policy, columns, of(人=[Decimal(300)] * 3, 行业=[None] * 3, 重点=[True, False, None]))
    policy, columns = coded(tmp_path / "alone", TABLE.replace("\n金额 > 0\n", "\n重点\n"), MANY)
    assert not policies_differ(policy, columns, of(人=[Decimal(300)] * 3, 行业=[None] * 3, 重点=[True, False, None]))


def test_what_was_tried_is_remembered_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, columns = coded(tmp_path, TABLE, MANY)
    policy.decide(of(人=[Decimal(300), Decimal(30)], 行业=[None, None]))
    counts = tried(monkeypatch)
    assert not policies_differ(policy, columns, of(人=[Decimal(31), Decimal(800)], 行业=[None, None]))
    assert counts == []


def test_a_number_beyond_64_bits_spoils_no_other_row_that_comes_to_the_same(tmp_path: Path) -> None:
    rules = "| 1 | < 20 | true | true |\n| 2 | < 20 | false | true |\n| 否则 | - | - | false |\n"
    either = f"| F | 人 | 重点 | **符合: boolean** |\n|---|---|---|---|\n{rules}"
    amount = "| F | 收入 | 人 | **金额: number** |\n|---|---|---|---|\n| 1 | > 500 | >= 20 | 1000 |\n| 否则 | - | - | 0 |\n"
    policy, columns = coded(tmp_path, f"{either}\n{amount}", MANY)
    rows = of(人=[Decimal(0)] * 2, 收入=[Decimal(0)] * 2, 重点=[None] * 2)
    # whole yuan fit 64 bits, so that they have a code; the fen, by which values are decided, do not
    large, small = (rows.with_columns(pl.lit(amount, pl.Int64).alias("收入")) for amount in (10**18, 0))
    assert policy.decide(large).unfit is None
    assert policy.decide(large).answers.bad.tolist() == [True]
    for _ in range(2):  # once more, by what was remembered
        assert policy.decide(small).answers.bad.tolist() == [False]
        assert not policies_differ(policy, columns, small)


def test_no_more_is_remembered_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(5)  # noqa: S311 - the same draws every time
    monkeypatch.setattr(coded_policies, "MOST_OPEN", 20)
    policy, columns = coded(tmp_path, body(draw, is_single=True), MANY)
    for _ in range(4):
        found = policies_differ(policy, columns, frame_of(draw, 80, 0.3))
        assert not found, found[0]
        assert policy.told_open.count * policy.told_open.words <= 20


def test_facts_are_tried_together_where_few_of_their_values_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(3)  # noqa: S311 - the same draws every time
    rules = [f'| {place} | >= {10 * place} | "C{place}" | {draw.choice(["true", "false"])} | {place} |\n' for place in range(1, 41)]
    head = "| F | 人 | 行业 | 重点 | **金额: number** |\n|---|---|---|---|---|\n"
    text = f"{head}{''.join(rules)}| 否则 | - | - | - | 0 |\n\n```feel 符合: boolean\n金额 > 0\n```\n"
    policy, columns = coded(tmp_path, text, 300)
    by_values: list[int] = []
    by_values_before = policy.by_values
    monkeypatch.setattr(policy, "by_values", lambda frame: by_values.append(frame.height) or by_values_before(frame))
    few = of(人=[Decimal(30)], 行业=[None], 重点=[None])  # 81 words for 2 truth values
    assert not policies_differ(policy, columns, few)
    assert not by_values
    many = of(人=[None], 行业=[None], 重点=[True])  # 81 numbers for 81 words: more than 300, even among the rules that are left
    assert not policies_differ(policy, columns, many)
    assert by_values == [1]
    left = of(人=[None, None], 行业=["C1", "C40"], 重点=[None, None])
    assert not policies_differ(policy, columns, left)
    assert by_values == [1]


def test_combinations_are_those_of_each_row_by_itself() -> None:
    lacks = np.array([[True, False, True], [True, True, False]])
    domains = [np.array([5, 6, 7]), np.array([8, 9])]
    shown = [np.array([[1, 1, 1], [0, 1, 1]], np.bool_), np.array([[1, 1], [1, 0]], np.bool_)]
    values = [Values.of(*each) for each in zip(lacks, domains, shown, strict=True)]
    cases = Combinations(values)
    one, varied = cases.column(0, np.array([1, 2, 1], np.uint8))
    other, _ = cases.column(1, np.array([1, 1, 3], np.uint8))
    wanted = [*product([5, 6, 7], [8, 9]), (2, 8), (6, 3), (7, 3)]
    assert list(zip(one.tolist(), other.tolist(), strict=True)) == wanted
    assert [bits.tolist() for bits in cases.sets(np.array([0, 1, 0, 1, 0, 1, 2, 3, 63]), 64)] == [[3, 4, 8], [0, 0, 2]]
    assert varied is not None
    assert cases.changes(np.array([0, 1, 0, 1, 0, 1, 2, 3, 4]), varied).tolist() == [False, False, True]
    assert cases.are_alike(np.array([4, 4, 4, 4, 4, 4, 2, 3, 4])).tolist() == [True, True, False]


def test_of_sets_that_are_alike_the_first_is_kept() -> None:
    sets = np.array([[[1, 2], [1, 3], [1, 2]], [[0, 0], [0, 0], [7, 0]]], np.uint64)
    assert first_of_each(sets).tolist() == [[True, True, False], [True, False, True]]


def test_open_rows_of_far_more_answers_than_were_known_before_keep_their_own(tmp_path: Path) -> None:
    """Numbers of answers are kept as narrow as there are answers: what open rows come to may take wider ones."""
    rules = "".join(f"| {place} | {place} | {1000 + place} |\n" for place in range(400))
    text = f"| F | 人 | **金额: number** |\n|---|---|---|\n{rules}| 否则 | - | 0 |\n\n```feel 符合: boolean\n重点\n```\n\n"
    policy, columns = coded(tmp_path, text, MANY)
    frame = pl.DataFrame(
        {
            "#": pl.Series(range(400), dtype=pl.Int64),
            "人": pl.Series([Decimal(place) for place in range(400)], dtype=TYPES["人"]),
            "重点": pl.Series([None] * 400, dtype=pl.Boolean),
        }
    )
    assert not policies_differ(policy, columns, frame)
    assert len(policy.records) > 400


def test_a_policy_that_rests_on_no_facts_says_the_same_of_every_row_from_the_first_block_on(tmp_path: Path) -> None:
    text = "```feel 金额: number\n1000\n```\n\n```feel 符合: boolean\ntrue\n```\n\n"
    policy, columns = coded(tmp_path, text, MANY)
    draw = random.Random(5)  # noqa: S311 - the same draws every time
    for _ in range(2):
        assert not policies_differ(policy, columns, frame_of(draw, 40, 0.2))
