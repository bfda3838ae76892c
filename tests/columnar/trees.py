"""Random expressions, drawn from a seed: trees that are text when they are used and can be cut down when they are not agreed on.

Every kind of value that a registry holds, each bound hit exactly or missed by one in the last place, and every construct that
policies use, whether it has a column form or is left to the interpreter.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

NUMBER, BOOLEAN, STRING, DATE, LIST = "number", "boolean", "string", "date", "list"
DAYS, MONTHS, MIXED = "days", "months", "mixed"
KINDS = (NUMBER, BOOLEAN, STRING, DATE, LIST, DAYS, MONTHS, MIXED)

FACTS = {
    "收": NUMBER,
    "数": NUMBER,
    "率": NUMBER,
    "大": NUMBER,
    "业": STRING,
    "类": STRING,
    "真": BOOLEAN,
    "限": BOOLEAN,
    "日": DATE,
    "末": DATE,
    "列": LIST,
    "金": LIST,
}
CONSTANTS = {"参": NUMBER, "缺": NUMBER, "词": STRING, "期": DATE}
"""Parameters: the same in every row; of one the figure is lacking."""

BOUNDS = ("0", "1", "2", "2.5", "3", "10", "0.005", "-1", "300", "0.333333", "100", "1000000", "-0.5", "9223372036854775807", "1e17")
DATES = ("2026-03-01", "2024-02-29", "2000-01-01", "2025-12-31")
WORDS = ("甲", "乙", "01", "05", "09", "0105", "")
DURATIONS = ("P1Y", "P6M", "-P1M", "P30D", "P1D", "P0D", "P1Y6M")


@dataclass(frozen=True)
class Tree:
    """An expression."""

    kind: str
    """The kind of its values."""
    template: str
    """Its text, with `{}` for each part."""
    parts: tuple["Tree", ...] = ()
    """What it is made of."""
    construct: str = ""
    """What the tally calls it; empty for a leaf."""

    @property
    def text(self) -> str:
        return self.template.format(*(part.text for part in self.parts))

    @property
    def constructs(self) -> set[str]:
        found = {self.construct} if self.construct else set()
        return found.union(*(part.constructs for part in self.parts))

    @property
    def size(self) -> int:
        return 1 + sum(part.size for part in self.parts)


def smaller(tree: Tree) -> Iterator[Tree]:
    """Yield trees of the same kind that are smaller: a part in place of the whole, then parts made smaller."""
    for part in tree.parts:
        if part.kind == tree.kind:
            yield part
    for leaf in ("1", "0") if tree.kind == NUMBER and tree.parts else ():
        yield Tree(NUMBER, leaf)
    for place, part in enumerate(tree.parts):
        for less in smaller(part):
            yield Tree(tree.kind, tree.template, (*tree.parts[:place], less, *tree.parts[place + 1 :]), tree.construct)


@dataclass(frozen=True)
class Shape:
    """One way to make an expression."""

    kind: str
    """What comes out."""
    construct: str
    """Its name in the tally."""
    templates: tuple[str, ...]
    """Texts, with `{}` for each part."""
    parts: tuple[str, ...]
    """The kinds of the parts."""
    weight: float = 1


def _shapes() -> Iterator[Shape]:
    n, b, s, d, li = NUMBER, BOOLEAN, STRING, DATE, LIST
    comparisons = tuple("({} " + sign + " {})" for sign in ("=", "!=", "<", "<=", ">", ">="))
    yield Shape(n, "+ -", ("({} + {})", "({} - {})"), (n, n), 6)
    yield Shape(n, "*", ("({} * {})",), (n, n), 3)
    yield Shape(n, "/", ("({} / {})",), (n, n), 4)
    yield Shape(n, "-x", ("(-{})",), (n,))
    yield Shape(n, "min max sum", ("min({}, {})", "max({}, {})", "sum({}, {})", "sum([{}, {}])"), (n, n), 4)
    yield Shape(n, "min max of three", ("min({}, {}, {})", "max([{}, {}, {}])"), (n, n, n))
    yield Shape(n, "abs floor ceiling", ("abs({})", "floor({})", "ceiling({})"), (n,), 3)
    yield Shape(n, "if", ("(if {} then {} else {})",), (b, n, n), 5)
    yield Shape(n, "function", ("税({}, {})", "税(乙额: {}, 甲额: {})"), (n, n), 2)
    yield Shape(n, "function of functions", ("折({})",), (n,))
    yield Shape(n, "function by table", ("级({}, {})",), (n, s))
    yield Shape(n, "fold of a list", ("sum({})", "count({})", "min({})", "max({})"), (li,), 3)
    yield Shape(n, "context", ("{{甲: {}, 乙: 甲 + {}}}.乙", "{{甲: {}, 乙: {}}}.甲"), (n, n), 1.5)
    yield Shape(n, "rounding", ("round half up({}, 2)", "decimal({}, 1)", "round down({}, 0)", "floor({}, 1)"), (n,))
    yield Shape(n, "modulo **", ("modulo({}, 7)", "({} ** 2)"), (n,), 0.5)
    yield Shape(n, "part of a date", ("{}.year", "{}.month", "{}.day", "{}.weekday"), (d,), 1.5)
    yield Shape(n, "days between", ("({} - {}).days",), (d, d))
    yield Shape(n, "months between", ("years and months duration({}, {}).months", "years and months duration({}, {}).years"), (d, d))
    yield Shape(n, "length of text", ("string length({})",), (s,), 0.7)
    yield Shape(n, "number of text", ("number({})",), (s,), 0.3)
    yield Shape(n, "element", ("{}[1]", "{}[-1]"), (li,), 0.5)
    yield Shape(n, "for", ("sum(for 个 in {} return 个 * {})",), (li, n), 0.3)
    yield Shape(b, "compare numbers", comparisons, (n, n), 8)
    yield Shape(b, "compare dates", comparisons, (d, d), 4)
    yield Shape(b, "compare words", ("({} = {})", "({} != {})", "({} < {})"), (s, s), 2)
    yield Shape(b, "compare truths", ("({} = {})", "({} != {})"), (b, b), 0.5)
    yield Shape(b, "between", ("({} between {} and {})",), (n, n, n), 2)
    yield Shape(b, "between dates", ("({} between {} and {})",), (d, d, d))
    yield Shape(b, "and or", ("({} and {})", "({} or {})"), (b, b), 5)
    yield Shape(b, "not", ("not({})",), (b,), 2)
    yield Shape(b, "= null", ("({} = null)", "(null != {})"), (n,))
    yield Shape(b, "= null of a date", ("({} = null)", "({} != null)"), (d,))
    yield Shape(
        b, "text functions", ('starts with({}, "0")', 'contains({}, "1")', 'matches({}, "^[0-9]{{2}}$")', 'ends with({}, "5")'), (s,)
    )
    yield Shape(b, "instance of", ("({} instance of number)", "not({} instance of string)"), (n,), 0.5)
    yield Shape(b, "some every", ("(some 个 in {} satisfies 个 > {})", "(every 个 in {} satisfies 个 > {})"), (li, n), 0.5)
    yield Shape(b, "list contains", ("list contains({}, {})",), (li, n), 0.3)
    yield Shape(b, "if of truths", ("(if {} then {} else {})",), (b, b, b))
    yield Shape(b, "compare durations", ('(({} - {}) > @"P30D")', '(({} - {}) <= duration("P1D"))'), (d, d))
    yield Shape(b, "compare months", ('(years and months duration({}, {}) >= @"P1Y")',), (d, d))
    yield Shape(s, "substring", ("substring({}, 1, 2)", "substring({}, 2)", "upper case({})"), (s,), 2)
    yield Shape(s, "join words", ("({} + {})",), (s, s))
    yield Shape(s, "if of words", ("(if {} then {} else {})",), (b, s, s), 3)
    yield Shape(s, "string", ("string({})",), (n,), 0.3)
    yield Shape(d, "if of dates", ("(if {} then {} else {})",), (b, d, d), 2)
    yield Shape(d, "date and duration", tuple(f'({{}} {sign} @"{each}")' for sign in "+-" for each in DURATIONS), (d,), 4)
    yield Shape(d, "duration()", ('({} + duration("P1Y"))', '({} - duration("P90D"))'), (d,))
    yield Shape(d, "min max of dates", ("min({}, {})", "max({}, {})"), (d, d))
    yield Shape(d, "date()", ("date({}, 1, 1)", "date(2024, {}, 1)"), (n,), 0.7)
    yield Shape(DAYS, "date - date", ("({} - {})",), (d, d), 4)
    yield Shape(DAYS, "durations of days", ("({} + {})", "({} - {})"), (DAYS, DAYS))
    yield Shape(DAYS, "if of days", ("(if {} then {} else {})",), (b, DAYS, DAYS))
    yield Shape(MONTHS, "years and months", ("years and months duration({}, {})",), (d, d), 4)
    yield Shape(MONTHS, "durations of months", ("({} + {})", "({} - {})"), (MONTHS, MONTHS))
    yield Shape(MONTHS, "if of months", ("(if {} then {} else {})",), (b, MONTHS, MONTHS))
    yield Shape(d, "date and days", ("({} + {})", "({} - {})"), (d, DAYS))
    yield Shape(d, "date and months", ("({} + {})", "({} - {})"), (d, MONTHS))
    yield Shape(n, "part of a duration", ("{}.days",), (DAYS,))
    yield Shape(n, "part of months", ("{}.years", "{}.months"), (MONTHS,))
    yield Shape(b, "compare days", comparisons, (DAYS, DAYS))
    yield Shape(b, "compare months of columns", comparisons, (MONTHS, MONTHS))
    yield Shape(MIXED, "if of several kinds", ("(if {} then {} else {})",), (b, n, s), 2)
    yield Shape(MIXED, "number or nothing", ("(if {} then {} else null)",), (b, n))
    yield Shape(MIXED, "date or number", ("(if {} then {} else {})",), (b, d, n))
    yield Shape(li, "list of two", ("[{}, {}]",), (n, n), 2)
    yield Shape(li, "filter", ("{}[item > {}]",), (li, n), 0.5)


SHAPES = {kind: [shape for shape in _shapes() if shape.kind == kind] for kind in KINDS}


_LENGTHS = {
    f'@"{text}"': months * 30 * 24 + hours
    for text, months, hours in (
        *(("P0D", 0, 0), ("P1D", 0, 24), ("P30D", 0, 720), ("-P1D", 0, -24), ("P365D", 0, 8760), ("PT36H", 0, 36), ("P3D", 0, 72)),
        *(("P0M", 0, 0), ("P1M", 1, 0), ("P1Y", 12, 0), ("-P1M", -1, 0), ("P1Y6M", 18, 0), ("P10Y", 120, 0)),
    )
}
"""How long durations are, to put them in order."""


class Lots:
    """Draws trees from a seed."""

    def __init__(self, random: Random, names: Sequence[tuple[str, str]] = ()) -> None:
        """Keep the seed, and the decisions that an expression may name, each with the kind of its values."""
        self.random = random
        self.names = list(names)
        self.bounds = random.sample(BOUNDS, 5)

    def leaf(self, kind: str) -> Tree:
        """Draw a name or a constant."""
        choose = self.random.choice
        named = [name for name, its in (*FACTS.items(), *self.names, *self.names) if its == kind]
        if kind == MIXED:
            return self.tree(kind, 1) if not named else Tree(kind, choose(named))
        if not named:
            return Tree(kind, self.constant(kind))
        if self.random.random() < 0.6:
            return Tree(kind, choose(named))
        if self.random.random() < 0.1:
            given = [name for name, its in CONSTANTS.items() if its == kind]
            return Tree(kind, choose([*given, "null"]))
        match kind:
            case "number":
                return Tree(kind, choose(self.bounds))
            case "boolean":
                return Tree(kind, choose(("true", "false", "真")))
            case "string":
                return Tree(kind, f'"{choose(WORDS)}"')
            case "date":
                return Tree(kind, choose(("评估日", f'@"{choose(DATES)}"', f'date("{choose(DATES)}")')))
        return Tree(kind, choose(named))

    def tree(self, kind: str, depth: int) -> Tree:
        """Draw an expression whose parts stand at most so deep."""
        if (depth <= 0 and kind != MIXED) or self.random.random() < 0.12:
            return self.leaf(kind)
        if kind == BOOLEAN and self.random.random() < 0.15:
            return self.membership(depth)
        shapes = SHAPES[kind]
        (shape,) = self.random.choices(shapes, [each.weight for each in shapes])
        parts = tuple(self.tree(each, depth - 1) for each in shape.parts)
        return Tree(kind, self.random.choice(shape.templates), parts, shape.construct)

    def membership(self, depth: int) -> Tree:
        """Draw a test with `in`."""
        kind = self.random.choice((NUMBER, NUMBER, STRING, DATE))
        tests = ", ".join(self.test(kind) for _ in range(self.random.choice((1, 2, 3))))
        tests = tests.replace("{", "{{").replace("}", "}}")
        return Tree(BOOLEAN, f"({{}} in ({tests}))", (self.tree(kind, depth - 1),), "in")

    def constant(self, kind: str) -> str:
        choose = self.random.choice
        match kind:
            case "number":
                return str(choose(self.bounds))
            case "string":
                return f'"{choose(WORDS)}"'
            case "date":
                return f'@"{choose(DATES)}"'
            case "days":
                return f'@"{choose(("P0D", "P1D", "P30D", "-P1D", "P365D", "PT36H", "P3D"))}"'
            case "months":
                return f'@"{choose(("P0M", "P1M", "P1Y", "-P1M", "P1Y6M", "P10Y"))}"'
            case "mixed":
                return self.constant(choose((NUMBER, STRING, DATE)))
        return str(choose(("true", "false")))

    def test(self, kind: str) -> str:
        """Draw one test of a constant."""
        one, two = self.constant(kind), self.constant(kind)
        if kind in {BOOLEAN, MIXED} or self.random.random() < 0.35:
            return one
        if kind == STRING and self.random.random() < 0.5:
            return f'["{self.random.choice(("01", "0"))}".."{self.random.choice(("05", "09"))}"]'
        if self.random.random() < 0.4:
            ordering = {NUMBER: float, DAYS: _LENGTHS.get, MONTHS: _LENGTHS.get}.get(kind, str)
            low, high = sorted((one, two), key=ordering)
            return f"{self.random.choice('[(')}{low}..{high}{self.random.choice('])')}"
        return f"{self.random.choice(('<', '<=', '>', '>='))} {one}"

    def cell(self, kind: str, *, blank: float) -> str:
        """Draw a cell of a decision table."""
        chance = self.random.random
        if chance() < blank:
            return "-"
        draws: list[Callable[[], str]] = [
            lambda: self.test(kind),
            lambda: self.test(kind),
            lambda: self.test(kind),
            lambda: f"{self.test(kind)}, {self.test(kind)}",
            lambda: f"not({self.test(kind)})",
        ]
        if chance() < 0.12:
            draws = [
                lambda: "null",
                lambda: f"not({self.constant(kind)}, null)",
                lambda: "? = null" if chance() < 0.5 else f"? != null and ? != {self.constant(kind)}",
            ]
            if kind == NUMBER:
                draws += [lambda: "> 参", lambda: "<= 缺", lambda: f"? * 2 > {self.constant(kind)}"]
                draws += [
                    lambda: f"? > {self.constant(kind)} and not(? = {self.constant(kind)})",
                    lambda: "> 数" if chance() < 0.1 else "-",
                ]
            if kind == STRING:
                draws += [lambda: 'starts with(?, "0")', lambda: "词", lambda: 'matches(?, "^0.$")']
            if kind == DATE:
                draws += [lambda: "<= 评估日", lambda: "期", lambda: '>= 评估日 - @"P1Y"']
        return self.random.choice(draws)()
