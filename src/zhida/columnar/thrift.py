"""Thrift's compact protocol, as far as Parquet needs it to be written (Apache Thrift, `thrift-compact-protocol.md`).

Struct().number(1, 4).words(2, b"name").end() -> bytes
"""

from collections.abc import Sequence
from typing import Self

TRUE, BYTE, I16, I32, I64, BINARY, LIST, STRUCT = 1, 3, 4, 5, 6, 8, 9, 12
"""What a field or an item is."""

_SEVEN, _MORE, _FIFTEEN = 0x7F, 0x80, 15


def varint(number: int) -> bytes:
    """Return a natural number, seven bits in each byte, the least first.

    >>> varint(300).hex()
    'ac02'
    """
    if number <= _SEVEN:
        return bytes((number,))
    found = bytearray()
    while number > _SEVEN:
        found.append(number & _SEVEN | _MORE)
        number >>= 7
    found.append(number)
    return bytes(found)


def zigzag(number: int) -> bytes:
    """Return an integer of at most 64 bits so that small ones are short, whatever their sign.

    >>> [zigzag(number).hex() for number in (0, -1, 1, -2)]
    ['00', '01', '02', '03']
    """
    return varint((number << 1) ^ (number >> 63))


def binary(data: bytes) -> bytes:
    """Return bytes with their length before them."""
    return varint(len(data)) + data


class Struct:
    """A struct that is being written, field by field, in the order of their numbers."""

    __slots__ = ("_last", "_out")

    def __init__(self) -> None:
        """Begin without fields."""
        self._out = bytearray()
        self._last = 0

    def number(self, field: int, number: int, kind: int = I32) -> Self:
        """Add an integer; `kind` says of how many bits: I16, I32 or I64."""
        self._head(field, kind)
        self._out += zigzag(number)
        return self

    def byte(self, field: int, number: int) -> Self:
        """Add a byte."""
        self._head(field, BYTE)
        self._out.append(number & 0xFF)
        return self

    def truth(self, field: int, value: bool) -> Self:
        """Add a truth value, which its head tells."""
        self._head(field, TRUE if value else TRUE + 1)
        return self

    def words(self, field: int, data: bytes) -> Self:
        """Add bytes."""
        self._head(field, BINARY)
        self._out += binary(data)
        return self

    def struct(self, field: int, data: bytes) -> Self:
        """Add a struct that was ended."""
        self._head(field, STRUCT)
        self._out += data
        return self

    def items(self, field: int, kind: int, items: Sequence[bytes]) -> Self:
        """Add a list of items, each as it is written."""
        self._head(field, LIST)
        count = len(items)
        self._out += bytes((count << 4 | kind,)) if count < _FIFTEEN else bytes((_FIFTEEN << 4 | kind,)) + varint(count)
        for item in items:
            self._out += item
        return self

    def end(self) -> bytes:
        """Return the struct."""
        self._out.append(0)
        return bytes(self._out)

    def _head(self, field: int, kind: int) -> None:
        step, self._last = field - self._last, field
        if 0 < step <= _FIFTEEN:
            self._out.append(step << 4 | kind)
        else:
            self._out.append(kind)
            self._out += zigzag(field)
