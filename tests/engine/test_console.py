"""What all commands share: sums of money as officials write them."""

import pytest
import typer

from zhida.cli.console import read_fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("250000000", 25 * 10**9),
        ("2.5亿", 25 * 10**9),
        ("2.5 亿元", 25 * 10**9),
        ("25,000万元", 25 * 10**9),
        ("0.01", 1),
        ("0", 0),
        ("0.000001万", 1),
        ("9999999999999999.99元", 10**18 - 1),
    ],
)
def test_a_sum_is_read_to_the_fen(text: str, fen: int) -> None:
    assert read_fen(text, "--spend") == fen


@pytest.mark.parametrize("text", ["", "很多", "-1", "0.001", "1e6", "10000000000000000", "2.5 千万", "1.2.3"])
def test_what_is_no_sum_is_refused_with_the_option_that_it_was_given_for(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--spend") as caught:
        read_fen(text, "--spend")
    assert text in str(caught.value)
