"""What is measured, as plain data: the same texts, tables and values for us and for our peers.

Nothing here knows who runs it. Every expected result is written out, and every answer is held against it before anything is timed.
"""

from dataclasses import dataclass
from typing import Any

Json = Any

FIVE = [1, 2, 3, 4, 5]


@dataclass(frozen=True)
class Expression:
    """A FEEL expression with its variables and what it comes to."""

    text: str
    variables: dict[str, Json]
    result: Json


EXPRESSIONS = (
    Expression("a + b * 2 + c / 4", {"a": 1, "b": 2, "c": 3}, 5.75),
    Expression("age in [18..65]", {"age": 30}, True),
    Expression("staff between 20 and 300", {"staff": 30}, True),
    Expression("(staff < 300 or revenue < 20000) and age > 18", {"staff": 400, "revenue": 10000, "age": 30}, True),
    Expression('starts with(name, "Hang") and contains(name, "zhou")', {"name": "Hangzhou"}, True),
    Expression('date("2024-01-01") < date("2025-01-01")', {}, True),
    Expression("some x in [1,2,3,4] satisfies x > 3", {}, True),
    Expression("[1,2,3,4][item > 2]", {}, [3, 4]),
    Expression("count([1,2,3])", {}, 3),
    Expression('list contains(["a","b"], k)', {"k": "a"}, True),
    Expression("sum(items)", {"items": FIVE}, 15),
    Expression("sum(items[item > 2])", {"items": FIVE}, 12),
    Expression('firm.city = "Hangzhou"', {"firm": {"city": "Hangzhou"}}, True),
    Expression('industry in ("6510", "6520")', {"industry": "6520"}, True),
    Expression("for x in items return x * 2", {"items": FIVE}, [2, 4, 6, 8, 10]),
    Expression('if income >= 30000 then "high" else "low"', {"income": 40000}, "high"),
)
"""From the plainest to what only some peers can do."""


@dataclass(frozen=True)
class Table:
    """A decision table of hit policy F: cells of inputs, then the output."""

    name: str
    inputs: tuple[str, ...]
    rules: tuple[tuple[str, ...], ...]


TABLE = Table(
    "grade",
    ("staff", "revenue", "kind", "restricted"),
    (
        ("-", "-", "-", "true", "0"),
        (">= 1000", ">= 400000000", '"firm"', "false", "1"),
        ("[300..1000)", ">= 20000000", '"firm","lab"', "false", "2"),
        ("[20..300)", "[3000000..20000000)", '"firm"', "false", "3"),
        ("[20..300)", "-", '"school"', "false", "4"),
        ("< 20", "-", "-", "false", "5"),
    ),
)
"""Six rules of four inputs; written so that FEEL and the language of zen-engine read it alike."""

TABLE_FACTS = (
    ({"staff": 25, "revenue": 5000000, "kind": "school", "restricted": False}, 4),
    ({"staff": 100, "revenue": 5000000, "kind": "firm", "restricted": False}, 3),
    ({"staff": 5, "revenue": 100000, "kind": "lab", "restricted": False}, 5),
    ({"staff": 2000, "revenue": 500000000, "kind": "firm", "restricted": False}, 1),
    ({"staff": 2000, "revenue": 500000000, "kind": "firm", "restricted": True}, 0),
)
"""Facts, and the output for them; one evaluation goes through all of them."""

GRAPH_FACTS = {"staff": 120, "revenue": 5000000, "kind": "firm", "restricted": False}


def graph() -> tuple[Table, ...]:
    """Return ten tables of six rules and four inputs; each but the first rests on the one before it and on three facts."""
    tables = []
    for place in range(10):
        first = f"t{place - 1}" if place else "revenue"
        rules = (
            ("-", "-", "-", "true", "0"),
            ("> 1000", "> 500", '"firm"', "false", f"{place} + 1"),
            ("[300..1000]", "-", '"school","lab"', "false", f"{place} + 2"),
            ("[20..300)", "< 0", '"firm"', "false", f"{place} + 3"),
            ("< 20", "-", "-", "false", f"{place} + 4"),
            ("[20..300)", ">= 0", 'not("school")', "false", f"staff + {place}"),
        )
        tables.append(Table(f"t{place}", ("staff", first, "kind", "restricted"), rules))
    return tuple(tables)


def thousand_rules() -> Table:
    """Return a table of a thousand rules."""
    rules = tuple(
        (f"[{step * 10}..{step * 10 + 10})", f">= {step * 1000}", f'"{6500 + step}","{8500 + step}"', "false", f"{step} * 12 + staff")
        for step in range(1000)
    )
    return Table("large", ("staff", "revenue", "kind", "restricted"), rules)
