"""Libraries that are installed, that nothing here needs, and that others load by themselves."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class Unneeded:
    """Finds no module: the first of `sys.meta_path`, it says of those that a run does not need that they are not there.

    pyarrow loads pandas, where it is installed, for the first array that it makes of a list, to see whether the list is one of
    pandas' own: a third of a second of a process that takes one or two. Commands that may come to the solver do need pandas.
    """

    NAMES = frozenset(("pandas",))

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        """Return None, so that others look for the module.

        Raises:
            ModuleNotFoundError: a run does not need it.
        """
        if name in self.NAMES:
            raise ModuleNotFoundError(f"a run does not need {name}", name=name)
        return None


def leave_unneeded() -> None:
    """Load none of them in this process from now on: it does nothing but a run, or a part of one."""
    sys.meta_path.insert(0, Unneeded())
