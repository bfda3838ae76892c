"""All that was found out about a change, as it is told."""

from dataclasses import dataclass

from zhida.entitle.simulation.comparing import Simulation
from zhida.entitle.simulation.costing import Curve, Sought
from zhida.entitle.simulation.effects import Effects
from zhida.entitle.simulation.money import BudgetTally
from zhida.entitle.simulation.relief import Relief
from zhida.values.temporal import Date

NO_EFFECTS = Effects((), (), is_complete=True)
"""Nothing but sums."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is told of a change."""

    as_of: Date
    """The date of the business fact."""
    registry: str
    """What the registry is called."""
    is_synthetic: bool
    """Whether its data are invented."""
    subjects: int | None
    """How many subjects there are; None where nobody counted."""
    changes: tuple[str, ...]
    """What was changed, as the user named it."""
    simulation: Simulation | None = None
    """Before and after; None where nothing was changed."""
    budgets: tuple[BudgetTally, ...] = ()
    """Budgets before and after."""
    effects: Effects = NO_EFFECTS
    """What no sum shows."""
    curves: tuple[Curve, ...] = ()
    """Costs of thresholds."""
    sought: Sought | None = None
    """The value that spends a sum."""
    relief: Relief | None = None
    """What relief saves."""

    @property
    def change_fen(self) -> int:
        """How much more is given after than before, after stacking where that was considered."""
        if self.simulation is None:
            return 0
        tally = self.simulation.tally
        return tally.gained_fen - tally.lost_fen
