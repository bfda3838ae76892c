"""Findings: what a proof says of a table, a decision or a policy, and the subject that shows it.

A question is *proved*, *refuted* with a witness, or *not decided*, and then the reason is said; there is no silence.
Invariant: a witness was replayed through the interpreter and shows what its finding says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from zhida.errors import Diagnostic
from zhida.values.temporal import Date

Value = Any


class Verdict(StrEnum):
    """How a question came out."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Witness:
    """A subject that shows a finding."""

    facts: Mapping[str, Value]
    """What is known of it, by the names of facts and parameters; what does not matter is left out. Empty where only the values
    of a table's input clauses are known, because its facts could not be solved for."""
    clauses: tuple[tuple[str, Value], ...] = ()
    """What the input clauses of the table ask for, in order: text and value."""
    as_of: Date | None = None
    """The day, where it matters."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, where, and who shows it."""

    diagnostic: Diagnostic
    """What is wrong, where, why and what to do."""
    decision_id: str | None = None
    """The decision that it is about; None where it is about a whole policy or several."""
    rules: tuple[int, ...] = ()
    """Places of the rules that it is about, in their table."""
    witness: Witness | None = None
    """A subject that shows it; None where there is none to show."""
