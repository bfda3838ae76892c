"""Error flags of the conformance kit that we do not share, each with the clause of the standard that we follow.

The kit marks a null that comes from an error with `errorResult="true"`. No published runner compares that mark, so it was
never put right where it is wrong. An entry whose mark agrees after all is told by the runner: this list can only be true.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dispute:
    """Why the error flag of one result is not ours."""

    clause: str
    """The clause of DMN 1.5 that decides it."""
    reason: str
    """What it says, in English."""
    reason_zh: str
    """The same in Chinese."""


_OPERANDS = Dispute(
    "10.3.2, tables 56 to 59",
    "An operand that is none of the listed types makes the result null. The kit marks the same expression as an error elsewhere: "
    "0100-arithmetic, error_when_*_null.",
    "操作数不是表中所列的类型，结果即为空值。同样的式子测试包在 0100-arithmetic 的 error_when_*_null 中标为错误。",
)
_ZERO = Dispute(
    "10.3.2, table 59",
    "A divisor of zero makes the result null. The kit marks the same as an error elsewhere: 0100-arithmetic, "
    "divide_lhs_number_by_rhs_number_002.",
    "除数为零，结果即为空值。测试包在 0100-arithmetic 的 divide_lhs_number_by_rhs_number_002 中把同样的除法标为错误。",
)
_CONVERSION = Dispute(
    "10.3.2.9.4",
    "A value that does not conform to the declared type becomes null. The kit marks the same as an error elsewhere: 0082-feel-coercion, "
    "decision_005.",
    "值不合所声明的类型，即变为空值。测试包在同一文件夹的 decision_005 中把同样的情形标为错误。",
)

DISPUTES: Mapping[str, Dispute] = {
    "compliance-level-2/0105-feel-math/025": _OPERANDS,
    "compliance-level-2/0105-feel-math/028": _OPERANDS,
    "compliance-level-2/0105-feel-math/029": _OPERANDS,
    "compliance-level-2/0105-feel-math/030": _OPERANDS,
    "compliance-level-3/0077-feel-nan/decision_001": _ZERO,
    "compliance-level-3/0078-feel-infinity/decision_001": _ZERO,
    "compliance-level-3/0078-feel-infinity/decision_002": _ZERO,
    "compliance-level-3/0082-feel-coercion/decision_context_03": _CONVERSION,
}
"""By `level/folder/case`, or `level/folder/case:result` where a case has several results."""
