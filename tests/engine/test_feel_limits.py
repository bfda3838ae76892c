"""What would go on for ever, grow without end or stand too deep: it ends soon, with a reason and never with an exception."""

from decimal import Decimal

import pytest

from tests.engine.feel_texts import TODAY, mistake, null_because, outcome, parse, shown, value_of
from zhida.errors import CompileError
from zhida.feel.check import Checker
from zhida.feel.evaluate import evaluate
from zhida.feel.run import MAX_LEVELS, MAX_SIZE, MAX_STEPS, Frame, Run, weigh
from zhida.feel.syntax import children, free_names
from zhida.values.equality import distinct
from zhida.values.temporal import Date
from zhida.values.types import ANY, NULL, NUMBER, STRING, Type, is_assignable, list_of, parse_type

DEEP = 5_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * DEEP + "1" + ")" * DEEP,
        "[" * DEEP,
        "[>" * DEEP,
        "(>" * DEEP,
        "f(>" * DEEP,
        "not(" * DEEP,
        "-" * DEEP + "1",
        "{a:" * DEEP,
        "if true then " * DEEP + "1",
        "if true then 1 else " * DEEP + "1",
        "for x in " * DEEP,
        "function(x) " * DEEP,
        "1 in (" * DEEP,
        "1 instance of " + "list<" * DEEP,
        "1 instance of " + "function<>->" * DEEP,
        "f" + "(1)" * DEEP,
        "f" + "[1]" * DEEP,
        "f" + ".f" * DEEP,
        "1 " + "in (1) " * DEEP,
        "+".join("f" * 50_000),
        " or ".join("f" * DEEP),
        "for " + ", ".join(f"x{number} in [1]" for number in range(DEEP)) + " return 1",
        "some " + ", ".join(f"x{number} in [1]" for number in range(DEEP)) + " satisfies true",
    ],
    ids=lambda text: text[:24],
)
def test_what_stands_too_deep_is_refused_when_it_is_read(text: str) -> None:
    assert mistake(text, "f").code == "feel-too-nested"


@pytest.mark.parametrize(
    "text",
    ["+".join("1" * 140), "(" * 45 + "1" + ")" * 45, "-" * 45 + "1", "if true then " * 45 + "1" + " else 2" * 45, "[" * 45 + "]" * 45],
)
def test_what_may_be_read_can_be_walked_checked_and_evaluated(text: str) -> None:
    node = parse(text)
    assert list(free_names(node)) == []
    assert list(children(node)) or text
    checker = Checker({})
    checker.infer(node)
    assert checker.diagnostics == []
    assert outcome(text)[1] == []


def test_variables_of_nested_iterations_count_together() -> None:
    many = "for " + ", ".join(f"x{number} in [1]" for number in range(30)) + " return "
    assert value_of(many + "1") == (1,)
    with pytest.raises(CompileError):
        parse(many + many.replace("x", "y") + "1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"for i in 1..{MAX_STEPS} return for j in 1..10 return j", "feel-too-many-steps"),
        (f"some i in 1..1000, j in 1..{MAX_STEPS // 1000 + 1} satisfies false", "feel-too-many-steps"),
        ("for i in 1..1000 return sum(for j in 1..1000 return j)", "feel-too-many-steps"),
        ("(for i in 1..2000 return i)[count((for j in 1..2000 return j)[item > 3]) > 1]", "feel-too-many-steps"),
        ("for i in 1..100 return if i = 1 then [1, 1] else concatenate(partial[-1], partial[-1])", "feel-too-many-steps"),
        ("for i in 1..100 return [partial, partial]", "feel-too-large"),
        ("for i in 1..500 return if i = 1 then [] else [partial[-1]]", "feel-too-large"),
        ("for i in 1..500 return if i = 1 then {a: 1} else {a: partial[-1]}", "feel-too-large"),
    ],
)
def test_what_takes_too_long_or_grows_too_large_is_null_with_its_reason(text: str, code: str) -> None:
    value, codes = outcome(text)
    assert value is None or None in value
    assert code in codes


def test_calls_that_multiply_end_with_a_reason() -> None:
    run = Run(TODAY, steps=10_000)
    node = parse("{f: function(f, n) if n = 0 then 0 else f(f, n - 1) + f(f, n - 1), r: f(f, 45)}.r")
    assert evaluate(node, Frame({}, run)) is None
    assert run.diagnostics[0].code == "feel-too-many-steps"
    assert len(run.diagnostics) < 200


def test_a_text_that_doubles_ends_with_a_reason() -> None:
    value, codes = outcome('(for i in 1..60 return if i = 1 then "ab" else partial[-1] + partial[-1])[-1]')
    assert value is None
    assert codes[0] == "feel-too-large"


@pytest.mark.parametrize(
    "text",
    [
        'string join(for i in 1..2000 return "a", string join(for i in 1..2000 return "b"))',
        'replace(string join(for i in 1..2000 return "a"), "a", string join(for i in 1..2000 return "b"))',
        'context put({}, for i in 1..5000 return "a", 1)',
    ],
)
def test_a_builtin_does_not_even_build_what_is_too_large(text: str) -> None:
    assert null_because(text) == ["feel-too-large"]


def test_ordinary_sizes_are_far_from_the_limits() -> None:
    assert value_of("count(for i in 1..100000 return i)") == 100_000
    assert value_of("count(for i in 1..2000 return if i = 1 then 1 else partial[-1] + 1)") == 2000
    assert value_of("count((for i in 1..3000 return {a: i, b: 1})[a > b])") == 2999
    assert value_of('distinct values(for i in 1..50000 return @"2020-01-01" + duration("P1D") * modulo(i, 2))[1]') == Date(2020, 1, 2)


@pytest.mark.parametrize("text", ["10 ** 100000", "1.0000000001 ** 1e30", "exp(1e9)"])
def test_a_number_beyond_all_numbers_is_null_at_once(text: str) -> None:
    assert null_because(text) == ["feel-number-overflow"]


def test_every_part_of_one_run_draws_on_the_same_budget() -> None:
    run = Run(Date(2026, 1, 1))
    assert run.spend(MAX_STEPS)
    assert not run.spend(1)
    assert [item.code for item in run.diagnostics] == ["feel-too-many-steps"]


def test_a_value_weighs_what_its_reader_meets() -> None:
    shared = ("ab", Decimal(1))
    assert weigh((shared, shared)) == 10
    assert weigh({"a": "abc", "b": None}) == 5
    assert weigh("a" * MAX_SIZE) == MAX_SIZE
    assert weigh("a" * (MAX_SIZE + 1)) is None
    nested: tuple[object, ...] = ()
    for _ in range(MAX_LEVELS):
        nested = (nested,)
    assert weigh(nested) is None


def test_partial_is_kept_wherever_the_body_names_it() -> None:
    assert shown("for i in 1..3 return count(partial)") == "[0, 1, 2]"
    assert shown("for i in 1..2 return for j in 1..2 return count(partial)") == "[[0, 1], [0, 1]]"


def test_distinct_values_are_the_first_of_their_kind() -> None:
    assert distinct((Decimal(1), True, "1", Decimal("1.0"), None, (Decimal(1),), True, (Decimal("1.0"),), {}, None)) == (
        Decimal(1), True, "1", None, (Decimal(1),), {},
    )  # fmt: skip


# --- types ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["list<" * 100_000 + "number" + ">" * 100_000, "function<>->" * 20_000 + "number", "context<a: " * 3000 + "number" + ">" * 3000]
)
def test_a_type_that_stands_too_deep_is_no_type(text: str) -> None:
    assert parse_type(text) is None


def test_types_inside_each_other_are_read() -> None:
    assert str(parse_type("list<" * 40 + "number" + ">" * 40)) == "list<" * 40 + "number" + ">" * 40


@pytest.mark.parametrize(
    ("found", "declared", "fits"),
    [
        ("number", "number", True),
        ("number", "string", False),
        ("number", "Any", True),
        ("Any", "number", True),
        ("Null", "number", True),
        ("list<number>", "list", True),
        ("list", "list<number>", True),
        ("list<number>", "list<string>", False),
        ("number", "list<number>", False),
        ("context<a: number, b: string>", "context<a: number>", True),
        ("context<a: number>", "context<a: number, b: string>", False),
        ("context<a: string>", "context<a: number>", False),
        ("context", "context<a: number>", True),
        ("list<context<a: number, b: number>>", "list<context<a: number>>", True),
        ("range<number>", "range<date>", False),
        ("function<number> -> context<a: number>", "function<number> -> context", True),
        ("function<number> -> string", "function<number> -> number", False),
        ("function<number> -> number", "function<number, number> -> number", False),
        ("function<context> -> number", "function<context<a: number>> -> number", True),
        ("function", "function<number> -> number", True),
    ],
)
def test_what_is_assignable(found: str, declared: str, *, fits: bool) -> None:
    left, right = parse_type(found), parse_type(declared)
    assert left is not None
    assert right is not None
    assert is_assignable(left, right) is fits


def test_null_and_any_go_with_every_type() -> None:
    assert all(is_assignable(type_, STRING) for type_ in (ANY, NULL))
    assert is_assignable(list_of(ANY), list_of(NUMBER))
    assert not is_assignable(Type("range", (NUMBER,)), NUMBER)
