"""Values of a district file by their paths: typed, with all mistakes collected.

A `Node` hands out what a key holds as a text, a number, a choice or a law of chance, and complains in a list that all nodes of a
file share. Numbers become exact decimals as they are written.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.registry_io.synthetic_draws import LogNormal, Normal, Weighted, weighted

SHOWN_VALUE = 80
"""Characters of a wrong value that a message shows."""


class Node:
    """One value of the file with its path; hands out typed values and collects what is wrong in a list that all nodes share."""

    def __init__(self, value: object, path: str, faults: list[Diagnostic]) -> None:
        self.value = value
        self.path = path
        self.faults = faults
        self.used: set[str] = set()

    def complain(self, expected: str, expected_zh: str) -> None:
        """Complain of a value; one that is lacking was complained of when it was asked for."""
        if self.value is not _MISSING:
            shown = _shown(self.value)
            self.faults.append(diagnostic("district-value", path=self.path, value=shown, expected=expected, expected_zh=expected_zh))

    def at(self, key: str) -> "Node":
        """Return the value of a key; a missing one is complained of once and reads as nothing."""
        self.used.add(key)
        path = f"{self.path}.{key}" if self.path else key
        if isinstance(self.value, Mapping) and key in self.value:
            return Node(self.value[key], path, self.faults)
        if self.value is not _MISSING:
            self.faults.append(diagnostic("district-key", path=path, near=""))
        return Node(_MISSING, path, self.faults)

    def has(self, key: str) -> bool:
        """Say whether an optional key is there."""
        return isinstance(self.value, Mapping) and key in self.value

    def done(self) -> None:
        """Complain of keys that nobody asked for."""
        if isinstance(self.value, Mapping):
            for key in self.value:
                if key not in self.used:
                    path = f"{self.path}.{key}" if self.path else str(key)
                    near = nearest(str(key), sorted(self.used))
                    self.faults.append(diagnostic("district-key", path=path, near=near))

    def list(self) -> "list[Node]":
        """Return the nodes of a list."""
        if isinstance(self.value, Sequence) and not isinstance(self.value, str) and self.value:
            return [Node(item, f"{self.path}[{place}]", self.faults) for place, item in enumerate(self.value)]
        self.complain("a list", "列表")
        return []

    def text(self) -> str:
        """Return a text."""
        if isinstance(self.value, str) and self.value:
            return self.value
        self.complain("a text (figures in quotes)", "文本（数字请加引号）")
        return "?"

    def digits(self, length: int) -> str:
        """Return a text of so many digits."""
        text = self.text()
        if text != "?" and not (len(text) == length and text.isascii() and text.isdigit()):
            self.complain(f"{length} digits in quotes", f"带引号的 {length} 位数字")
        return text

    def integer(self, low: int = 0, high: int = 10**12) -> int:
        """Return a whole number between two ends."""
        if isinstance(self.value, int) and not isinstance(self.value, bool) and low <= self.value <= high:
            return self.value
        self.complain(f"a whole number from {low} to {high}", f"{low} 至 {high} 的整数")
        return low

    def decimal(self, low: str = "0", high: str = "1e12") -> Decimal:
        """Return a number between two ends."""
        if isinstance(self.value, int | float | str) and not isinstance(self.value, bool):
            try:
                found = Decimal(str(self.value))
            except InvalidOperation:
                found = Decimal("NaN")
            if not found.is_nan() and Decimal(low) <= found <= Decimal(high):
                return found
        self.complain(f"a number from {low} to {high}", f"{low} 至 {high} 的数")
        return Decimal(low)

    def share(self) -> Decimal:
        """Return a number from 0 to 1."""
        return self.decimal("0", "1")

    def map(self) -> "dict[str, Node]":
        """Return the nodes of a mapping whose keys are free."""
        if isinstance(self.value, Mapping):
            self.used.update(str(key) for key in self.value)
            return {str(key): Node(item, f"{self.path}.{key}", self.faults) for key, item in self.value.items()}
        self.complain("keys with values", "“键: 值”的形式")
        return {}

    def decimals(self) -> dict[str, Decimal]:
        """Return a mapping of numbers."""
        return {key: node.decimal() for key, node in self.map().items()}

    def weights(self) -> Weighted[str]:
        """Return a choice: `{word: weight}`, or a list of words of equal weight."""
        if isinstance(self.value, Sequence) and not isinstance(self.value, str):
            weights = {node.text(): Decimal(1) for node in self.list()}
        else:
            weights = self.decimals()
        if not any(weights.values()):
            self.complain("words with weights above 0", "带正权重的词")
            weights = {"?": Decimal(1)}
        return weighted(weights)

    def lognormal(self) -> LogNormal:
        """Return a law: median and sigma."""
        found = LogNormal(self.at("median").decimal("0.000001"), self.at("sigma").decimal("0", "5"))
        self.done()
        return found

    def normal(self) -> Normal:
        """Return a law: mean and deviation."""
        found = Normal(self.at("mean").decimal("-10"), self.at("deviation").decimal("0", "10"))
        self.done()
        return found


_MISSING = object()


def _shown(value: object) -> str:
    """Return a value of the file as it may have been written, cut where it is long.

    >>> _shown({"a": [Decimal("0.5"), True, None]})
    '{a: [0.5, true, null]}'
    """
    match value:
        case None:
            text = "null"
        case bool():
            text = str(value).lower()
        case Mapping():
            text = "{" + ", ".join(f"{_shown(key)}: {_shown(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            text = "[" + ", ".join(map(_shown, value)) + "]"
        case _:
            text = str(value)
    return text if len(text) <= SHOWN_VALUE else f"{text[: SHOWN_VALUE - 1]}…"
