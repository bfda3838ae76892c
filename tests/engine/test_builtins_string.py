"""String functions and patterns."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.builtin_calls import RecordingHost, Value, call, refusal
from zhida.feel.builtins import pattern
from zhida.feel.builtins.signature import Refused

HORSE = "\U0001f40e"


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["foobar", 3], "obar"),
        (["foobar", 3, 3], "oba"),
        (["foobar", -2, 1], "a"),
        (["foobar", -6, 6], "foobar"),
        ([HORSE + "ab", 2], "ab"),
        (["营业收入", 2, 2], "业收"),
        (["foobar", 3, None], "obar"),
    ],
)
def test_substring_counts_characters_from_either_end(arguments: list[Value], result: str) -> None:
    assert call("substring", *arguments) == result


def test_substring_cuts_fractions_of_positions() -> None:
    assert call("substring", "foobar", call("sum", 3, 0), call("mean", 3, 4)) == "oba"


@pytest.mark.parametrize(
    "arguments", [["foobar", 0], ["foobar", 7], ["foobar", -7], ["", 1], ["foobar", 3, 0], ["foobar", 3, 5], ["foobar", 3, -1]]
)
def test_substring_refuses_what_is_not_there(arguments: list[Value]) -> None:
    assert refusal("substring", *arguments).code == "feel-bad-argument"


def test_string_length_counts_code_points() -> None:
    assert [call("string length", text) for text in ("", "foo", HORSE + "ab", "企业")] == [0, 3, 3, 2]


def test_case_changes_letters_only() -> None:
    assert call("upper case", "aBc4 企") == "ABC4 企"
    assert call("lower case", "aBc4?@{") == "abc4?@{"


@pytest.mark.parametrize(
    ("string", "match", "before", "after"),
    [
        ("foobar", "ob", "fo", "ar"),
        ("foobar", "o", "f", "obar"),
        ("foobar", "xyz", "", ""),
        ("abc", "a", "", "bc"),
        ("abc", "c", "ab", ""),
        ("", "a", "", ""),
        ("", "", "", ""),
        ("abc", "", "", "abc"),
    ],
)
def test_before_and_after_are_parted_by_the_first_match(string: str, match: str, before: str, after: str) -> None:
    assert (call("substring before", string, match), call("substring after", string, match)) == (before, after)


def test_strings_hold_begin_and_end_with_others() -> None:
    assert [call(name, "foobar", "o") for name in ("contains", "starts with", "ends with")] == [True, False, False]
    assert [call(name, "foobar", "") for name in ("contains", "starts with", "ends with")] == [True, True, True]
    assert [call("starts with", "foobar", "fo"), call("ends with", "foobar", "r")] == [True, True]


def test_string_join_leaves_nulls_out() -> None:
    assert call("string join", ["a", "b", "c"], "_and_") == "a_and_b_and_c"
    assert call("string join", ["a", None, "c"], "X") == "aXc"
    assert call("string join", ["a", "c"], None) == call("string join", ["a", "c"]) == "ac"
    assert call("string join", [], "X") == call("string join", [None], "X") == ""
    assert call("string join", named={"list": "a", "delimiter": "X"}) == "a"


@pytest.mark.parametrize(
    ("text", "expression", "flags"),
    [
        ("foobar", "^fo*b", None),
        ("abracadabra", "bra", ""),
        ("hello world", " hello[ ]world ", "x"),
        ("hello world", r"\p{ IsBasicLatin}+", "x"),
        ("x", "[A-Z-[OI]]", "i"),
        ("\u212a", "k", "i"),
        ("aA", r"(a)\1", "i"),
        ("a\nb", "a.b", "s"),
        ("a\nb", "^b$", "m"),
        ("企业", r"^\p{Lo}{2}$", None),
        ("a#b", "a # b", "x"),
    ],
)
def test_patterns_find_as_xpath_says(text: str, expression: str, flags: str | None) -> None:
    assert call("matches", text, expression, flags) is True


@pytest.mark.parametrize(
    ("text", "expression", "flags"),
    [
        ("Mary\rJones", "Mary.Jones", None),
        ("i", "[A-Z-[OI]]", "i"),
        ("q", "[^Q]", "i"),
        ("foobar", "^bar", None),
        ("a\nb", "^b", None),
        ("ab\n", "b$", None),
    ],
)
def test_patterns_do_not_find_what_xpath_denies(text: str, expression: str, flags: str | None) -> None:
    assert call("matches", text, expression, flags) is False


@pytest.mark.parametrize(
    ("expression", "flags"),
    [
        ("bra", "p"),
        ("bra", " "),
        ("bra", "X"),
        (r"(.)\3", ""),
        (r"\3", ""),
        (r"(asd)[\1]", ""),
        ("(", ""),
        ("[a", ""),
        ("a**", ""),
        ("*a", ""),
        (r"\bword", ""),
        (r"\X", ""),
        (r"\N{BULLET}", ""),
        ("(?<a>b)", ""),
        ("(?i)a", ""),
        ("a{e<=1}", ""),
        (r"\p{Nope}", ""),
        ("a\\", ""),
        ("a++", ""),
    ],
)
def test_what_is_no_pattern_or_flag_of_xpath_is_refused(expression: str, flags: str) -> None:
    assert refusal("matches", "abracadabra", expression, flags).code == "feel-bad-pattern"


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["banana", "a", "o"], "bonono"),
        (["abcd", "(ab)|(a)", "[1=$1][2=$2]"], "[1=ab][2=]cd"),
        (["0123456789", r"(\d{3})(\d{3})(\d{4})", "($1) $2-$3"], "(012) 345-6789"),
        (["facetiously", "[iouy]", "[$0]"], "facet[i][o][u]sl[y]"),
        (["abracadabra", "a.*?a", "*"], "*c*bra"),
        (["abc", "[A-Z]", "#", "i"], "###"),
        (["a", "(a)", "$10"], "a0"),
        (["a", "a", "$1"], ""),
        (["a", "a", r"\$\\"], "$\\"),
        (["abc", "x", "y"], "abc"),
    ],
)
def test_replace_fills_in_what_groups_held(arguments: list[str], result: str) -> None:
    assert call("replace", *arguments) == result


@pytest.mark.parametrize(
    ("expression", "replacement"), [("a*", "x"), ("x?", "y"), ("^", "y"), ("a", "$"), ("a", "\\"), ("a", r"\a"), ("a", "$x")]
)
def test_replace_refuses_patterns_that_match_nothing_and_odd_replacements(expression: str, replacement: str) -> None:
    assert refusal("replace", "abc", expression, replacement).code == "feel-bad-pattern"


def test_split_keeps_empty_parts() -> None:
    assert call("split", "a;b;c;;", ";") == ("a", "b", "c", "", "")
    assert call("split", "John Doe", r"\s") == ("John", "Doe")
    assert call("split", "", ";") == ("",)
    assert call("split", "a1b22c", "([0-9])+") == ("a", "b", "c")
    assert refusal("split", "abc", "x*").code == "feel-bad-pattern"


def test_a_pattern_that_runs_away_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern, "TRIES", ((1, 50), (2, 100)))
    runaway, text = "^(a|aa|b?a)+$", "a" * 5_000 + "c"
    host = RecordingHost()
    with pytest.raises(Refused) as refused:
        pattern.search(host, text, runaway, "")
    assert refused.value.code == "feel-pattern-timeout"
    assert host.spent == len(runaway) + 50 + 100


@pytest.mark.long
def test_a_pattern_too_long_to_be_read_is_refused() -> None:
    assert refusal("matches", "a", "a" * (pattern.MAX_LENGTH + 1)).code == "feel-pattern-too-long"
    assert call("matches", "a" * pattern.MAX_LENGTH, "a" * pattern.MAX_LENGTH) is True
    assert refusal("matches", "a", "(" * 990 + "a" + ")" * 990).code == "feel-bad-pattern"


def test_the_pattern_engines_are_loaded_by_the_first_pattern_only() -> None:
    program = "import sys, zhida.feel.builtins; assert not {'regex', 'elementpath'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", program], check=True)


@given(st.text("ab;", max_size=12))
def test_what_was_split_can_be_joined_again(text: str) -> None:
    assert call("string join", list(call("split", text, ";")), ";") == text


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_string_is_what_stands_before_and_after_a_match_and_the_match(left: str, right: str) -> None:
    text = f"{left}\x00{right}"
    before = call("substring before", text, "\x00")
    assert f"{before}\x00{call('substring after', text, chr(0))}" == text
