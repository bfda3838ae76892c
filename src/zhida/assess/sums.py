"""What is counted of the results of some parts, apart from the policies: it can be sent to another process and added up."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class PolicySums:
    """What was counted of one policy."""

    words: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in ("outcome", "result", "delivery")})
    """How often each word stands in the columns of words that are counted."""
    missing: Counter[str] = field(default_factory=Counter)
    """How many subjects lack a fact."""
    amount_fen: int = 0
    """The sum of the amounts."""
    near: int = 0
    """How many subjects are one step away."""

    def merge(self, other: "PolicySums") -> None:
        """Add what was counted elsewhere."""
        for name, counter in self.words.items():
            counter.update(other.words[name])
        self.missing.update(other.missing)
        self.amount_fen += other.amount_fen
        self.near += other.near


@dataclass(frozen=True, slots=True)
class TallySums:
    """What was counted of some parts: it can be sent to another process."""

    subjects: int
    """Subjects."""
    policies: tuple[PolicySums, ...]
    """For each policy, in the order of the columns."""
