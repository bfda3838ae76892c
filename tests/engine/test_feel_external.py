"""Functions that a model names in Java: a whitelist is done, everything else is refused."""

from decimal import Decimal

import pytest

from tests.engine.feel_texts import null_because, value_of

MATH = "java.lang.Math"


def external(class_: str, signature: str, parameters: str, arguments: str) -> str:
    return f'(function({parameters}) external {{java: {{class: "{class_}", method signature: "{signature}"}}}})({arguments})'


@pytest.mark.parametrize(
    ("class_", "signature", "parameters", "arguments", "expected"),
    [
        (MATH, "cos(double)", "angle", "0", Decimal(1)),
        (MATH, "cos(double)", "angle", "123", Decimal("-0.88796890669185543")),
        (MATH, "max(int, int)", "a, b", "1, 2", Decimal(2)),
        (MATH, "max(long,long)", "a, b", "3, 2", Decimal(3)),
        (MATH, "max( float , float )", "a, b", "1.5, 2.25", Decimal("2.25")),
        (MATH, "max(double,double)", "a, b", "-1.5, -2.25", Decimal("-1.5")),
        ("java.lang.Byte", "valueOf(byte)", "a", "123", Decimal(123)),
        ("java.lang.Byte", "valueOf(byte)", "a", "200", Decimal(-56)),
        ("java.lang.Short", "valueOf(short)", "a", "123", Decimal(123)),
        ("java.lang.Integer", "valueOf(int)", "a", "2147483648", Decimal(-2147483648)),
        ("java.lang.Float", "valueOf(float)", "a", "123.25", Decimal("123.25")),
        ("java.lang.Double", "valueOf(double)", "a", "123.456", Decimal("123.456")),
        ("java.lang.String", "valueOf(char)", "a", '"a"', "a"),
        ("java.lang.String", "format( java.lang.String, [Ljava.lang.Object; )", "a, b", '"%s is %05.1f%%", ["x", 2.25]', "x is 002.3%"),
        ("java.lang.String", "format(java.lang.String, [Ljava.lang.Object;)", "a, b", '"%2$s %1$s %-3d|", [1, "b"]', "b 1 1  |"),
    ],
)
def test_a_function_of_the_whitelist_is_done(class_: str, signature: str, parameters: str, arguments: str, expected: object) -> None:
    assert value_of(external(class_, signature, parameters, arguments)) == expected


@pytest.mark.parametrize(
    ("class_", "signature", "parameters", "arguments", "code"),
    [
        (MATH, "random()", "", "", "feel-external"),
        (MATH, "cos(double", "a", "1", "feel-external"),
        ("java.lang.System", "exit(int)", "a", "1", "feel-external"),
        (MATH, "cos(double)", "a", '"1"', "feel-bad-argument"),
        (MATH, "cos(double)", "a", "1e300", "feel-bad-argument"),
        (MATH, "cos(double)", "a, b", "1, 2", "feel-bad-call"),
        ("java.lang.String", "valueOf(char)", "a", '"ab"', "feel-bad-argument"),
        ("java.lang.String", "format(java.lang.String, [Ljava.lang.Object;)", "a, b", '"%s %s", ["x"]', "feel-bad-argument"),
        ("java.lang.String", "format(java.lang.String, [Ljava.lang.Object;)", "a, b", '"%99999999s", ["x"]', "feel-bad-argument"),
        ("java.lang.String", "format(java.lang.String, [Ljava.lang.Object;)", "a, b", '"%q", ["x"]', "feel-bad-argument"),
        ("java.lang.Integer", "valueOf(int)", "a", "1e6000", "feel-bad-argument"),
    ],
)
def test_what_is_not_on_the_whitelist_or_does_not_fit_is_null_and_told(
    class_: str, signature: str, parameters: str, arguments: str, code: str
) -> None:
    assert null_because(external(class_, signature, parameters, arguments)) == [code]
