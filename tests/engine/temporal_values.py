"""Temporal values for tests, written as FEEL writes them and shown as FEEL prints them."""

from zhida.values.temporal import Temporal, parse_at_literal


def at(text: str) -> Temporal:
    """Read an at-literal that the test knows to be one."""
    value = parse_at_literal(text)
    assert value is not None, text
    return value


def show(value: object) -> str | None:
    """Print a value, or pass null on."""
    return None if value is None else str(value)
