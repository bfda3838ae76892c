"""Figures beside their goals: printed, told to whoever runs the program, and shown in docs/performance.md."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

GOALS_FILE = "ZHIDA_BENCH_GOALS"
"""The variable of the environment that names the file to which goals are also told; each is a line of JSON."""


@dataclass(frozen=True)
class Goal:
    """A figure beside its goal."""

    what: str
    seconds: float
    goal: float
    unit: tuple[float, str]
    what_en: str

    @property
    def line(self) -> str:
        """The figure as the terminal shows it."""
        mark = "" if self.seconds <= self.goal else "   <-- above the goal"
        return f"{self.what_en:<72}{self._in_unit(self.seconds):>10.2f} {self.unit[1]:<2} goal {self._in_unit(self.goal):>6,.4g}{mark}"

    @property
    def cells(self) -> str:
        """The figure as a row of the page."""
        what = self.what if self.what == self.what_en else f"{self.what}<br>{self.what_en}"
        mark = "" if self.seconds <= self.goal else " ✗"
        unit = self.unit[1]
        return f"| {what} | {self._in_unit(self.seconds):,.1f} {unit}{mark} | ≤ {self._in_unit(self.goal):,.4g} {unit} |"

    def _in_unit(self, seconds: float) -> float:
        return seconds / self.unit[0]


def tell(goal: Goal) -> None:
    """Print a goal, and tell it to whoever runs the program."""
    print(goal.line, flush=True)
    path = os.environ.get(GOALS_FILE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(goal), ensure_ascii=False) + "\n")
