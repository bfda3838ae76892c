"""Random FEEL: expressions that are well formed by construction, and values of every kind, unknown among them."""

from decimal import Decimal

from hypothesis import strategies as st

from zhida.feel.builtins import BUILTINS
from zhida.values.range import Range
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.unknown import unknown

VARIABLES = ("a", "b", "职工 人数", "x-y")
ATOMS = ("1", "0", "-2.5", "1e30", '"字"', '""', "true", "false", "null", "[]", "{}", '@"2024-02-29"', '@"P1M"', '@"PT5H"', '@"T10:00:00"')
OPERATORS = ("+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", " and ", " or ")
TYPES = ("number", "string", "list<number>", "context<a: number>", "Any", "range<number>", "date")
NAMED_TESTS = ("> {0}", "<= {0}", "[{0}..{1}]", "({0}..{1})", "{0}, {1}", "not({0})", "-", "? > {0}", "? = {0} or {1} = ?", "[{0}, {1}]")
SHAPES = (
    "({0})",
    "-({0})",
    "if {0} then {1} else {2}",
    "[{0}, {1}]",
    "{{a: {0}, k k: {1}}}",
    "({0})[{1}]",
    "({0})[item = {1}]",
    "({0})[a > 1]",
    "({0}).a",
    "({0}).year",
    "for v in {0} return {1}",
    "for v in {0}, w in [v, {1}] return w",
    "for v in 1..3 return [v, {0}, partial]",
    "some v in {0} satisfies {1}",
    "every v in {0} satisfies v = {1}",
    "({0}) between ({1}) and ({2})",
    "({0}) in ({1})",
    "({0}) in (> ({1}), [({1})..({2})])",
    "({0}) instance of {type}",
    "[({0})..({1})]",
    "(function(p) [p, {0}])({1})",
    "(function(p: number) p)({0})",
    "{{f: function(n) if n > 2 then n else f(n + 1), r: f({0})}}.r",
    "({0})({1})",
)


def _call(name: str, arguments: list[str]) -> str:
    return f"{name}({', '.join(arguments)})"


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    shapes = st.builds(
        lambda shape, one, two, three, type_: shape.format(one, two, three, type=type_),
        st.sampled_from(SHAPES),
        inner,
        inner,
        inner,
        st.sampled_from(TYPES),
    )
    infix = st.builds(lambda left, operator, right: f"({left}){operator}({right})", inner, st.sampled_from(OPERATORS), inner)
    calls = st.builds(_call, st.sampled_from(sorted(BUILTINS)), st.lists(inner, max_size=3))
    return st.one_of(shapes, infix, calls)


expressions = st.recursive(st.sampled_from((*ATOMS, *VARIABLES)), _compound, max_leaves=8)
"""Texts that are FEEL and use nothing but builtins and `VARIABLES`."""

cells = st.builds(lambda test, one, two: test.format(f"({one})", f"({two})"), st.sampled_from(NAMED_TESTS), expressions, expressions)
"""Texts that are unary tests."""

numbers = st.one_of(st.integers(-5, 5), st.integers(), st.decimals(allow_nan=False, allow_infinity=False, places=2)).map(Decimal)
dates = st.builds(Date, st.integers(-999_999_999, 999_999_999), st.integers(1, 12), st.integers(1, 28))
times = st.builds(Time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999_999_999), st.none())
scalars = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.text(max_size=3),
    dates,
    times,
    st.builds(DateTime, dates, times),
    st.builds(DaysDuration, st.integers(-(10**25), 10**25)),
    st.builds(MonthsDuration, st.integers(-(10**10), 10**10)),
    st.builds(Range, numbers, numbers, st.booleans(), st.booleans()),
    st.sampled_from(("u", "w")).map(unknown),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.dictionaries(st.sampled_from(("a", "b", "item")), inner, max_size=2)
    ),
    max_leaves=5,
)
"""Values of every kind but functions."""

variables = st.fixed_dictionaries(dict.fromkeys(VARIABLES, values))
"""A value for each of `VARIABLES`."""

KEYWORDS = "not and or if then else for in return some every satisfies between instance of function external null true number"
SIGNS = '( ) [ ] { } , : . .. + - * ** / < >= = != @ ? " \\ // /* */ list< 1 2.5 a'
ALPHABET = (*KEYWORDS.split(), *SIGNS.split(), "职工 人数", " ", "\n", "，", "\ud800", "\x00", "𠮷")

scribbles = st.one_of(
    st.text(max_size=30), st.lists(st.sampled_from(ALPHABET), max_size=25).map("".join), expressions.map(lambda text: text[:-1])
)
"""Texts that may be anything."""
