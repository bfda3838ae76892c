"""Random models and rows for the columns: every hit policy, bounds hit exactly and missed by a fen, nulls and unknowns."""

from decimal import Decimal

from hypothesis import strategies as st

from tests.engine.dmn_models import decision, knowledge, table
from zhida.dmn.model import BusinessKnowledgeModel, Decision, ItemDefinition
from zhida.values.temporal import Date, from_days, to_days
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING, list_of
from zhida.values.unknown import unknown

ITEMS = {
    "收": ItemDefinition("收", NUMBER, "", 2),
    "数": ItemDefinition("数", NUMBER, "", 0),
    "业": ItemDefinition("业", STRING),
    "真": ItemDefinition("真", BOOLEAN),
    "日": ItemDefinition("日", DATE),
    "列": ItemDefinition("列", list_of(NUMBER), "", 0),
    "参": ItemDefinition("参", NUMBER, "", 2),
    "缺": ItemDefinition("缺", NUMBER, "", 2),
}
CONSTANTS = {"参": Decimal("2.5"), "缺": unknown("缺")}
"""Parameters: the same in every row; of one the figure is lacking."""

BOUNDS = [Decimal(text) for text in ("0", "1", "2.5", "3", "10", "0.005", "-1", "300")]
DAYS = [Date(2026, 3, 1), Date(2024, 2, 29), Date(2000, 1, 1)]
WORDS = ["甲", "乙", "01", "05", "09", ""]

numbers = st.one_of(
    st.sampled_from(BOUNDS),
    st.sampled_from(BOUNDS),
    st.integers(-200, 40_000).map(lambda fen: Decimal(fen).scaleb(-2)),
    st.builds(lambda bound, step: bound + step, st.sampled_from(BOUNDS), st.sampled_from([Decimal("0.01"), Decimal("-0.01")])),
    st.sampled_from([Decimal(10) ** 17, -(Decimal(10) ** 16), Decimal(9) * 10**16, Decimal(10) ** 19]),
)
whole = st.one_of(
    st.integers(-3, 12).map(Decimal),
    st.integers(-3, 400).map(Decimal),
    st.integers(-3, 3).map(Decimal),
    st.sampled_from([Decimal(300), Decimal(2) ** 62, -(Decimal(2) ** 63)]),
)
days = st.builds(lambda day, step: from_days(to_days(day) + step), st.sampled_from(DAYS), st.integers(-1, 1))


def lacking(values: st.SearchStrategy[object], name: str) -> st.SearchStrategy[object]:
    """Return values, among which null and unknown are not rare."""
    return st.one_of(values, values, values, st.sampled_from([None, unknown(name)]))


rows = st.fixed_dictionaries(
    {
        "收": lacking(numbers, "收"),
        "数": lacking(whole, "数"),
        "业": lacking(st.sampled_from([*WORDS, "丙", "99"]), "业"),
        "真": lacking(st.booleans(), "真"),
        "日": lacking(days, "日"),
        "列": lacking(st.lists(whole, max_size=3).map(tuple), "列"),
    }
)

bounds = st.sampled_from([str(bound) for bound in BOUNDS])
operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
sums = st.recursive(
    st.one_of(st.sampled_from(["收", "数", "参", "缺", "null", "sum(列)", "count(列)", "max(列)"]), bounds),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max", "sum"]), inner, inner),
        st.builds("{}({})".format, st.sampled_from(["abs", "floor", "ceiling", "-"]), inner),
        st.builds("(if {} {} {} then {} else {})".format, inner, operators, inner, inner, inner),
        st.builds("税({}, {})".format, inner, inner),
    ),
    max_leaves=4,
)
dates = st.one_of(st.just("日"), st.sampled_from([f'@"{day}"' for day in DAYS]), st.just("评估日"))
conditions = st.recursive(
    st.one_of(
        st.builds("{} {} {}".format, sums, operators, sums),
        st.builds("{} {} {}".format, dates, operators, dates),
        st.builds("{} between {} and {}".format, sums, sums, sums),
        st.builds('业 {} "{}"'.format, st.sampled_from(["=", "!=", "<"]), st.sampled_from(WORDS)),
        st.builds("{} in ({}, > {}, [{}..{}))".format, sums, bounds, bounds, bounds, bounds),
        st.sampled_from(["真", '业 in (["01".."05"], "甲")', 'starts with(业, "0")', "数 = null", "null", "收 instance of number"]),
    ),
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("not({})".format, inner),
    ),
    max_leaves=3,
)

number_tests = st.one_of(
    bounds,
    st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">="]), bounds),
    st.builds("{}{}..{}{}".format, st.sampled_from("[("), bounds, bounds, st.sampled_from("])")),
    st.builds("? > {} and ? != {}".format, bounds, bounds),
    st.builds("? * 2 > {}".format, bounds),
    st.sampled_from(["null", "> 参", "> 缺", "? = null"]),
)
number_cells = st.one_of(
    st.just("-"),
    number_tests,
    st.builds("{}, {}".format, bounds, number_tests),
    st.builds("not({})".format, number_tests),
)
word_cells = st.one_of(
    st.just("-"),
    st.sampled_from([f'"{word}"' for word in WORDS]),
    st.sampled_from(['["01".."05"]', 'not("甲")', '"甲", "乙"', "null", 'not("甲", null)', 'starts with(?, "0")', '< "05"']),
)
truth_cells = st.sampled_from(["-", "true", "false", "null", "not(true)"])
day_cells = st.one_of(
    st.just("-"), st.builds('{} @"{}"'.format, st.sampled_from([">=", "<", ">"]), st.sampled_from(DAYS)), st.just("<= 评估日")
)
CLAUSES = {
    "收": number_cells,
    "数": number_cells,
    "业": word_cells,
    "真": truth_cells,
    "日": day_cells,
    "收 / 数": number_cells,
    "中": number_cells,
}
POLICIES = ["U", "A", "F", "P", "R", "O", "C", "C+", "C<", "C>", "C#"]


@st.composite
def tables(draw: st.DrawFn, name: str = "问") -> Decision:
    """Draw a decision table."""
    clauses = draw(st.lists(st.sampled_from(list(CLAUSES)), min_size=1, max_size=4, unique=True))
    policy = draw(st.sampled_from(POLICIES))
    outputs = draw(
        st.sampled_from(
            [
                st.sampled_from(["1", "2", "0.5", "null"]),
                st.sampled_from(["1", "2", "收", "收 * 2", "参", "中"]),
                st.sampled_from(['"甲"', '"乙"']),
            ]
        )
    )
    cells = draw(
        st.lists(st.tuples(*(CLAUSES[clause] for clause in clauses), outputs), min_size=1, max_size=draw(st.sampled_from([3, 5, 8])))
    )
    default = draw(st.sampled_from(["", "", "0"])) if "甲" not in cells[0][-1] else ""
    listed = draw(st.sampled_from(["", "2, 1"])) if policy in {"P", "O"} else ""
    return decision(name, table(policy, clauses, [""], cells, default=[default], listed=[listed]))


def others() -> tuple[Decision | BusinessKnowledgeModel, ...]:
    """Return what random bodies may use: a decision in the middle, and a function."""
    return (
        decision("中", "if 真 then 收 + 数 else 收"),
        knowledge("税", {"甲额": NUMBER, "乙额": NUMBER}, "if 甲额 > 参 then 甲额 - 参 else 乙额", NUMBER),
    )


@st.composite
def expressions(draw: st.DrawFn, name: str = "问") -> Decision:
    """Draw a decision by an expression."""
    return decision(name, draw(st.one_of(sums, conditions)))
