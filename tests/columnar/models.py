"""Random models and rows, drawn from a seed: chains of decisions, tables of every hit policy, rows that meet their bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.columnar.trees import (
    BOOLEAN,
    BOUNDS,
    CONSTANTS,
    DATE,
    DATES,
    DAYS,
    FACTS,
    LIST,
    MIXED,
    MONTHS,
    NUMBER,
    STRING,
    WORDS,
    Lots,
    Tree,
)
from tests.engine.dmn_models import decision, knowledge, model, table
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.model import Context as BoxedContext
from zhida.dmn.model import ContextEntry, Decision, DecisionTable, ItemDefinition, LiteralExpression, Variable
from zhida.source import snippet
from zhida.values import types
from zhida.values.temporal import Date, from_days, parse_date, to_days
from zhida.values.unknown import unknown

Value = Any

SCALES = {"收": 2, "数": 0, "率": 6, "大": 0, "列": 0, "金": 2, "参": 2, "缺": 2}
_TYPES = {
    NUMBER: types.NUMBER,
    BOOLEAN: types.BOOLEAN,
    STRING: types.STRING,
    DATE: types.DATE,
    LIST: types.list_of(types.NUMBER),
    DAYS: types.DAYS_DURATION,
    MONTHS: types.MONTHS_DURATION,
}
ITEMS = {name: ItemDefinition(name, _TYPES[kind], "", SCALES.get(name), is_nullable=True) for name, kind in {**FACTS, **CONSTANTS}.items()}
GIVEN: Mapping[str, Value] = {"参": Decimal("2.5"), "缺": unknown("缺"), "词": "甲", "期": Date(2024, 2, 29)}
"""What the parameters are."""

POLICIES = ("U", "A", "F", "P", "R", "O", "C", "C+", "C<", "C>", "C#")
_NUMBERS = ("1", "2", "0.5")


@dataclass(frozen=True)
class Table:
    """A decision table."""

    policy: str
    clauses: tuple[Tree, ...]
    outputs: tuple[str, ...]
    """Names; one without a name where there is one."""
    rules: tuple[tuple[str | Tree, ...], ...]
    listed: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def constructs(self) -> set[str]:
        found = {f"table {self.policy}", f"inputs {'1-2' if len(self.clauses) < 3 else '3-8'}"}
        found.add(f"rules {'1-8' if len(self.rules) < 9 else '9-40'}")
        found.update(*(clause.constructs for clause in self.clauses))
        for cell in (cell for rule in self.rules for cell in rule):
            found |= cell.constructs if isinstance(cell, Tree) else set()
        if any(isinstance(cell, Tree) for rule in self.rules for cell in rule):
            found.add("outputs that are no constants")
        return found | ({"several outputs"} if len(self.outputs) > 1 else set())

    def expression(self) -> DecisionTable:
        cells = [[cell.text if isinstance(cell, Tree) else cell for cell in rule] for rule in self.rules]
        clauses = [clause.text for clause in self.clauses]
        return table(self.policy, clauses, self.outputs, cells, allowed=self.allowed, listed=self.listed, default=self.default)


@dataclass(frozen=True)
class Context:
    """A boxed context with a result."""

    entries: tuple[tuple[str, Tree], ...]
    result: Tree

    @property
    def constructs(self) -> set[str]:
        return {"boxed context", *self.result.constructs}.union(*(tree.constructs for _, tree in self.entries))


@dataclass(frozen=True)
class Drawn:
    """A decision as it was drawn."""

    name: str
    kind: str
    body: Tree | Table | Context
    is_typed: bool = False
    """Whether its type is declared."""

    @property
    def constructs(self) -> set[str]:
        return self.body.constructs | ({"declared type"} if self.is_typed else set())

    def decision(self) -> Decision:
        type_ = _TYPES[self.kind] if self.is_typed and self.kind in _TYPES else types.ANY
        match self.body:
            case Tree():
                return decision(self.name, self.body.text, type_)
            case Table():
                return decision(self.name, self.body.expression(), type_)
        return replace(decision(self.name, "1", type_), expression=_boxed(self.body))


def _boxed(context: Context) -> BoxedContext:
    def literal(tree: Tree) -> LiteralExpression:
        return LiteralExpression(snippet(tree.text))

    entries = [ContextEntry(Variable(name), literal(tree)) for name, tree in context.entries]
    return BoxedContext((*entries, ContextEntry(None, literal(context.result))), span=snippet("").span())


@dataclass(frozen=True)
class DrawnModel:
    """Decisions, each of which may name those before it, and the rows that they are decided for."""

    decisions: tuple[Drawn, ...]
    rows: tuple[Mapping[str, Value], ...]

    def compiled(self) -> DecisionModel:
        """Return the model; CompileError where what was drawn means nothing."""
        return model(*FUNCTIONS, *(each.decision() for each in self.decisions), items=ITEMS)


_n = types.NUMBER
FUNCTIONS = (
    knowledge("税", {"甲额": _n, "乙额": _n}, "if 甲额 > 参 then 甲额 - 参 else 乙额", _n),
    knowledge("折", {"价": _n}, "税(价 * 0.5, max(价, 0)) + 1", _n),
    knowledge(
        "级",
        {"额": _n, "类别": types.STRING},
        table("F", ["额", "类别"], [""], [("> 100", '"甲"', "3"), ("> 0", "-", "2"), ("-", 'not("乙")', "额")], default=["0"]),
        _n,
    ),
)


def draw(seed: str, *, rows: int) -> DrawnModel:
    """Draw a model and its rows.

    Args:
        seed: What all of it follows from.
        rows: How many different rows are wanted.
    """
    random = Random(seed)
    names: list[tuple[str, str]] = []
    found: list[Drawn] = []
    lots = Lots(random, names)
    for place in range(random.choice((1, 2, 3))):
        kind = random.choice((NUMBER, NUMBER, NUMBER, BOOLEAN, BOOLEAN, STRING, DATE, DATE, DAYS, MONTHS, MIXED))
        drawn = Drawn(f"中{place}", kind, _expression(lots, kind), is_typed=random.random() < 0.4)
        found.append(drawn)
        lots.names.append((drawn.name, kind))
    for place in range(random.choice((3, 4, 5))):
        body, kind = _table(lots)
        found.append(Drawn(f"表{place}", kind, body))
        if kind in FACTS.values() and random.random() < 0.4:
            lots.names.append((f"表{place}", kind))
    for place in range(random.choice((2, 3, 4))):
        kind = random.choice((NUMBER, NUMBER, NUMBER, BOOLEAN, BOOLEAN, BOOLEAN, STRING, DATE, DATE, DAYS, MONTHS, MIXED))
        found.append(Drawn(f"式{place}", kind, _expression(lots, kind), is_typed=random.random() < 0.3))
    return DrawnModel(tuple(found), tuple(_rows(random, lots.bounds, rows)))


def _expression(lots: Lots, kind: str) -> Tree | Context:
    if lots.random.random() < 0.12:
        first = lots.tree(NUMBER, 1)
        inner = Lots(lots.random, [*lots.names, ("项", NUMBER), ("项", NUMBER), ("项", NUMBER)])
        return Context((("项", first), ("次", inner.tree(NUMBER, 1))), inner.tree(kind, 2))
    return lots.tree(kind, lots.random.choice((1, 2, 2, 3, 3, 4)))


def _table(lots: Lots) -> tuple[Table, str]:
    """Draw a table, and the kind of its values; `any` where they are of no one kind."""
    random = lots.random
    width = random.choice((1, 1, 2, 2, 3, 3, 4, 6, 8))
    clauses = []
    for _ in range(width):
        kind = random.choice((*(NUMBER, NUMBER, NUMBER, STRING, BOOLEAN, DATE) * 3, DAYS, MONTHS, MIXED))
        is_plain = kind in FACTS.values() and random.random() < 0.75
        clauses.append(lots.leaf(kind) if is_plain else lots.tree(kind, random.choice((1, 1, 2))))
    clauses = [lots.tree(clause.kind, 1) if clause.text == "null" else clause for clause in clauses]
    policy = random.choice(POLICIES)
    count = random.choice((1, 2, 3, 4, 5, 6, 8, 8, 12, 20, 40))
    kind, outputs = _outputs(lots, policy, count)
    blank = random.choice((0.2, 0.4, 0.6, 0.8))
    rules = tuple((*(lots.cell(clause.kind, blank=blank) for clause in clauses), *cells) for cells in outputs)
    width_out = len(outputs[0])
    values = [cells[0] for cells in outputs]
    listed: tuple[str, ...] = ()
    if policy in {"P", "O"}:
        listed = tuple(
            ", ".join(random.sample(sorted({str(cells[place]) for cells in outputs}), k=len({cells[place] for cells in outputs})))
            for place in range(width_out)
        )
    default = ("0",) * width_out if kind == NUMBER and random.random() < 0.5 else ()
    if kind == BOOLEAN and random.random() < 0.5:
        default = ("false",)
    allowed = ("",) * len(clauses)
    if clauses[0].kind == NUMBER and random.random() < 0.08:
        allowed = ("[0..1000]", *allowed[1:])
    if policy in {"C", "R", "O"}:
        kind = "any"
    if policy == "C#":
        kind = NUMBER
    if width_out > 1 or "null" in values:
        kind = "any"
    names = ("果", "因") if width_out > 1 else ("",)
    return Table(policy, tuple(clauses), names, rules, listed, default, allowed), kind


def _outputs(lots: Lots, policy: str, count: int) -> tuple[str, list[tuple[str | Tree, ...]]]:
    """Draw the outputs of all rules, and their kind."""
    random = lots.random
    choose = random.choice
    chance = random.random()
    sums = policy in {"C+", "C<", "C>"}
    if chance < 0.3 or (sums and chance < 0.6):
        few = _NUMBERS[: choose((1, 2, 3))]
        return NUMBER, [(choose(few),) for _ in range(count)]
    if (chance < 0.6 and policy in {"F", "U"}) or sums:
        trees = [lots.tree(NUMBER, choose((0, 1, 1, 2))) for _ in range(choose((1, 2, 3)))]
        return NUMBER, [(choose([*trees, Tree(NUMBER, choose(_NUMBERS))]),) for _ in range(count)]
    if chance < 0.68:
        return "any", [(choose(_NUMBERS), f'"{choose("甲乙")}"') for _ in range(count)]
    if chance < 0.76:
        few = (*_NUMBERS[:2], "null")
        return NUMBER, [(choose(few),) for _ in range(count)]
    if chance < 0.88:
        return STRING, [(choose(('"甲"', '"乙"')),) for _ in range(count)]
    return BOOLEAN, [(choose(("true", "false")),) for _ in range(count)]


# --- rows ------------------------------------------------------------------------------------------------------------------


def _rows(random: Random, bounds: Sequence[str], count: int) -> list[Mapping[str, Value]]:
    """Draw different rows: most of them from small pools of values, the others from anywhere."""
    pools = {name: _pool(random, name, bounds) for name in FACTS}
    found: dict[tuple[int, ...], Mapping[str, Value]] = {}
    for _ in range(count * 3):
        places = tuple(random.randrange(len(pool)) for pool in pools.values())
        found[places] = {name: pool[place] for (name, pool), place in zip(pools.items(), places, strict=True)}
        if len(found) >= count * 3 // 4:
            break
    rows = list(found.values())
    while len(rows) < count:
        rows.append({name: random.choice(_pool(random, name, BOUNDS)) for name in FACTS})
    return rows


def _pool(random: Random, name: str, bounds: Sequence[str]) -> list[Value]:
    """Draw the values that an attribute has in most rows; null and unknown among them."""
    kind = FACTS[name]
    if kind == LIST:
        values: list[Value] = [tuple(_number(random, name, bounds) for _ in range(random.randrange(4))) for _ in range(5)]
    elif kind == NUMBER:
        values = [_number(random, name, bounds) for _ in range(random.choice((3, 6, 10)))]
    elif kind == DATE:
        values = [_day(random) for _ in range(random.choice((2, 4, 6)))]
    elif kind == STRING:
        values = [random.choice((*WORDS, *WORDS, "丙", "99", "0" * 40, "甲 ", "😀")) for _ in range(random.choice((2, 4)))]
    else:
        values = [True, False]
    lacking = [[], [None], [unknown(name)], [None, unknown(name)]]
    return [*values, *values, *random.choice(lacking)]


def _number(random: Random, name: str, bounds: Sequence[str]) -> Decimal:
    """Draw a number: a bound, one next to it, a small, a random or a huge one."""
    scale = SCALES[name]
    last = Decimal(1).scaleb(-scale)
    chance = random.random()
    if name == "大" and chance < 0.15:
        return random.choice(
            (Decimal(2) ** 63 - 1, -(Decimal(2) ** 63), Decimal(10) ** 19, Decimal(2) ** 62, Decimal(10) ** 17, -(Decimal(10) ** 18))
        )
    if chance < 0.55:
        bound = Decimal(random.choice(bounds))
        bound += random.choice((0, 0, 0, last, -last))
        return bound if bound.as_tuple().exponent >= -scale or random.random() < 0.05 else round(bound, scale)
    if chance < 0.75:
        return Decimal(random.randrange(-3, 12))
    if chance < 0.98:
        return Decimal(random.randrange(-300, 100_000)).scaleb(-scale)
    return random.choice((Decimal(9) * 10**16, Decimal(10) ** 15, -(Decimal(10) ** 16), Decimal(10) ** 19))


def _day(random: Random) -> Date:
    day = parse_date(random.choice((*DATES, *DATES, "9999-12-31", "0001-01-01", "1969-12-31", "2024-01-31")))
    assert day is not None
    days = to_days(day) + random.choice((0, 0, 1, -1))
    return day if str(day) in {"9999-12-31", "0001-01-01"} else from_days(days)
