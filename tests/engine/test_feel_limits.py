"""What would go on for ever, grow without end or stand too deep: it ends soon, with a reason and never with an exception."""

import sys
from decimal import Decimal

import pytest

from tests.engine.feel_texts import TODAY, mistake, null_because, outcome, parse, parse_cell, shown, value_of
from zhida.errors import CompileError
from zhida.feel.check import Checker
from zhida.feel.evaluate import evaluate
from zhida.feel.parse import MAX_LENGTH
from zhida.feel.run import MAX_LEVELS, MAX_SIZE, MAX_STEPS, Frame, Run, weigh
from zhida.feel.syntax import children, free_names
from zhida.values.equality import distinct
from zhida.values.range import Range
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
        pytest.param(f"some i in 1..1000, j in 1..{MAX_STEPS // 1000 + 1} satisfies false", "feel-too-many-steps", marks=pytest.mark.long),
        pytest.param("for i in 1..1000 return sum(for j in 1..1000 return j)", "feel-too-many-steps", marks=pytest.mark.long),
        pytest.param(
            "(for i in 1..2000 return i)[count((for j in 1..2000 return j)[item > 3]) > 1]", "feel-too-many-steps", marks=pytest.mark.long
        ),
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


LIST = "for i in 1..20000 return i"
TEXT = 'string join(for i in 1..20000 return "aaaaaaaaaa")'


@pytest.mark.parametrize(
    "body",
    [
        "t = t",
        "t != t",
        "t in t",
        "1 in t",
        "t in (t, 1)",
        "t in (= t)",
        "t + 1",
        "1 - t",
        "t between 1 and 2",
        "t instance of list<number>",
        "f(t)",
        "t[1]",
        "t[i]",
        "t.a",
        "[t..t]",
        "(= t)",
        "is(t, t)",
        "count([t, t])",
        "list contains([t], t)",
        "index of([t], t)",
        "min([t, t])",
        'get value({a: t}, "a")',
        "distinct values([t, t, t])",
        "product(t)",
    ],
)
@pytest.mark.long
def test_what_goes_through_a_long_list_again_and_again_takes_as_many_steps(body: str) -> None:
    text = f"{{t: {LIST}, f: function(x: list<number>) 1, r: for i in 1..100000 return {body}}}.r"
    run = Run(TODAY)
    evaluate(parse(text), Frame({}, run))
    assert "feel-too-many-steps" in {item.code for item in run.diagnostics}
    assert run.steps > -100_000
    assert len(run.diagnostics) < MAX_STEPS // 5


@pytest.mark.parametrize("body", ['contains(t, "b")', "string length(upper case(t))", 't = t + ""', 'ends with(t, "b")'])
def test_what_goes_through_a_long_text_again_and_again_takes_steps(body: str) -> None:
    codes = outcome(f"{{t: {TEXT}, r: for i in 1..100000 return {body}}}.r")[1]
    assert "feel-too-many-steps" in codes


def test_the_values_of_an_iteration_are_made_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def from_days(day: int) -> Date:
        made.append(day)
        return Date(2020, 1, 1)

    monkeypatch.setattr("zhida.values.temporal.from_days", from_days)
    assert outcome('for d in @"0001-01-01"..@"2700-01-01", w in null return 1')[0] is None
    assert len(made) == 1


def test_two_parameters_of_one_name_have_two_types() -> None:
    assert value_of("(function(a, a) 1) instance of function<number, number> -> number") is True


def test_every_diagnostic_takes_steps_so_their_number_has_an_end() -> None:
    run = Run(TODAY)
    evaluate(parse("for i in 1..1000000 return null + i"), Frame({}, run))
    assert run.diagnostics[-1].code == "feel-too-many-steps"
    assert 50_000 < len(run.diagnostics) < MAX_STEPS // 10


@pytest.mark.parametrize("text", ["string(for i in 1..1000 return 1e6144)", "string({a: for i in 1..300 return 1e6144})"])
def test_a_text_of_a_value_that_would_be_too_long_is_not_put_together(text: str) -> None:
    assert null_because(text) == ["feel-too-large"]


def test_a_message_shows_the_beginning_of_a_large_value_only() -> None:
    run = Run(TODAY)
    evaluate(parse(f"({LIST}) + 1"), Frame({}, run))
    evaluate(parse(f"{{f: function(x) x, r: f(({LIST}), context(for i in 1..500 return {{key: string(i), value: i}}))}}.r"), Frame({}, run))
    assert [item.code for item in run.diagnostics] == ["feel-bad-operand", "feel-bad-call"]
    assert all(len(item.message("zh")) < 400 for item in run.diagnostics)


@pytest.mark.long
def test_ranges_inside_each_other_are_weighed() -> None:
    assert weigh(Range((Decimal(1), Decimal(2)), None, operator="=")) == 4
    assert "feel-too-large" in outcome("for i in 1..500 return if i = 1 then [1] else [(= partial[-1])]")[1]


@pytest.mark.parametrize(
    "text",
    ["1" * (MAX_LENGTH + 1), '"' + "a" * MAX_LENGTH, " " * (MAX_LENGTH + 1), "[" + "1," * MAX_LENGTH + "1]"],
    ids=lambda text: text[:5],
)
def test_a_text_beyond_all_reason_is_not_read(text: str) -> None:
    assert mistake(text).code == "feel-text-too-long"
    with pytest.raises(CompileError) as caught:
        parse_cell(text)
    assert [item.code for item in caught.value.diagnostics] == ["feel-text-too-long"]


@pytest.mark.parametrize(
    "text",
    [
        "{" + "a/*" * 60_000 + ": 1}",
        "{" + "a " * 90_000 + ": 1}",
        "1 instance of " + "a" * 190_000,
        '"' + '\\"' * 90_000,
        "a" * 190_000 + " 1",
    ],
    ids=lambda text: text[:16],
)
def test_a_message_about_a_long_text_is_short(text: str) -> None:
    found = mistake(text)
    assert len(found.render("en")) < 1_000
    assert len(found.render("zh")) < 1_000


@pytest.mark.long
def test_a_long_list_and_a_large_context_are_read_in_one_go() -> None:
    assert len(list(children(parse("[" + "1," * 50_000 + "1]")))) == 50_001
    node = parse("{" + ",".join(f"a{number}: a{max(number - 1, 0)}" for number in range(8_000)) + "}")
    assert [name.name for name in free_names(node)] == ["a0"]
    checker = Checker({})
    checker.infer(parse("[" + "b, " * 20_000 + "b]"))
    assert len(checker.diagnostics) == 20_001


def test_reading_from_deep_inside_of_a_program_is_refused_and_does_not_crash() -> None:
    def from_below(levels: int) -> str:
        if levels:
            return from_below(levels - 1)
        return mistake("(" * 45 + "1" + ")" * 45).code

    assert from_below(sys.getrecursionlimit() - 350) == "feel-too-nested"


@pytest.mark.long
def test_a_pattern_that_would_take_long_on_many_texts_runs_out_of_steps() -> None:
    text = 'string join(for j in 1..200 return "a") + "c"'
    codes = outcome(f'for i in 1..1000 return matches({text}, "^(a|aa|b?a)+$")')[1]
    assert "feel-too-many-steps" in codes


@pytest.mark.parametrize(
    ("text", "expected"), [('@"P1D" * 1e-6000', '@"PT0S"'), ('@"P1D" / 1e6000', '@"PT0S"'), ('@"PT0S" * 1e6000', '@"PT0S"')]
)
def test_a_duration_beyond_all_scales_costs_no_more_than_another(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_sums_are_exact_whatever_the_order_and_the_size() -> None:
    assert shown("sum([1e6000, 1, -1e6000, 1e-6000, 2, -1e-6000])") == "3"
    assert shown("sum([1e40, 1, -1e40])") == "1"


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


@pytest.mark.long
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
