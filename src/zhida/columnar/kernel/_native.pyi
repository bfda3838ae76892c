from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

PATHS: tuple[str, ...]

def encode(path: int, values: object, thresholds: object, codes: object, valid: object, unknown: int, out: NDArray[Any], /) -> None: ...
def translate(path: int, indices: object, codes: object, valid: object, unknown: int, out: NDArray[Any], /) -> None: ...
def translate_bits(
    path: int, bits: object, offset: int, code_false: int, code_true: int, valid: object, unknown: int, out: NDArray[Any], /
) -> None: ...
def decide_dense(path: int, codes: Sequence[object], maps: Sequence[object], table: object, out: NDArray[Any], /) -> None: ...
def decide_masks(
    path: int,
    codes: Sequence[object],
    masks: Sequence[object],
    first: bool,
    none: int,
    many: int,
    words: object,
    out: NDArray[Any],
    /,
) -> None: ...
def match(path: int, codes: Sequence[object], masks: Sequence[object], out: NDArray[Any], /) -> None: ...
def sum_masks(
    path: int, codes: Sequence[object], masks: Sequence[object], numbers: object, none: int, empty: int, out: NDArray[Any], /
) -> None: ...
def count(path: int, places: object, out: NDArray[Any], /) -> None: ...
def pack(path: int, places: object, numbers: object, bits: int, packed: NDArray[Any], present: NDArray[Any], /) -> int: ...
