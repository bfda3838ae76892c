"""Who fails a condition, told by codes before anything else is asked of a policy.

    frame ──codes of the conditions──> in scope? eligible?      false, and nothing odd about it: that is the answer, whatever else is known

Most subjects are not eligible for most policies; their amounts, with everything these rest on, need not be looked at. Invariant: who is
told to fail here is who fails when everything is asked; of all others nothing is said.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.assess.feeds import frame_at
from zhida.assess.settle import MAX_COMBINATIONS
from zhida.columnar.answers import FAILED, Questions
from zhida.columnar.coded import UncodedError
from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.columns import Array, either
from zhida.columnar.execute import Executor
from zhida.columnar.frames import column_names
from zhida.columnar.lower import lower
from zhida.columnar.settle import Settler
from zhida.policy.pack import PolicyModel
from zhida.values.unknown import Unknown

PASSED = -1
"""Said of rows that fail no condition for certain."""

ROWS = 65_536
"""Rows whose codes are made together."""

LEAST_FAILING = 4
"""Asking first is worth its time where at least one of so many rows fails."""


class Conditions:
    """The conditions of a policy, ready for batches; one thread at a time uses them."""

    def __init__(self, model: PolicyModel, coded: CodedPolicy) -> None:
        """Keep what decides them."""
        self.model, self.coded = model, coded
        self.is_worth = True

    def failed(self, frame: pl.DataFrame) -> NDArray[np.int8]:
        """Return for each row the place of the condition that it fails for certain, or `PASSED`."""
        found = np.full(frame.height, PASSED, np.int8)
        if not self.is_worth or not frame.height:
            return found
        frame = frame_at(frame, self.model.as_of)
        names = [name for name in column_names(self.coded.plan.facts) if name in frame.columns]
        narrow = frame.select(names) if names else frame
        try:
            for start in range(0, frame.height, ROWS):
                found[start : start + ROWS] = self._of_block(narrow.slice(start, ROWS))
        except UncodedError:  # more different values than there are codes
            self.is_worth = False
            return np.full(frame.height, PASSED, np.int8)
        self.is_worth = int((found != PASSED).sum()) * LEAST_FAILING >= frame.height
        return found

    def _of_block(self, frame: pl.DataFrame) -> NDArray[np.int8]:
        codes: dict[int, Array] = {}
        odd = None
        for fact in self.coded.facts:
            encoded = fact.encode(frame)
            codes[fact.place] = encoded.codes
            odd = either(odd, encoded.bad)
        known = self.coded.answer.run(codes, frame.height)
        endings = [PASSED if each.is_bad or each.ending < FAILED else each.ending - FAILED for each in self.coded.answer.answers]
        found: NDArray[np.int8] = np.array(endings, np.int8)[known]
        return found if odd is None else np.where(odd, np.int8(PASSED), found)


def conditions_of(model: PolicyModel) -> Conditions | None:
    """Return the conditions of a policy that is law; None where it has none, or codes do not tell them.

    Args:
        model: The policy, linked for a day.
    """
    goals = tuple(goal for goal in (model.policy.applies_id, model.policy.eligible_id) if goal is not None)
    if not goals or model.as_of not in model.in_force:
        return None
    known = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
    executor = Executor(lower(model.model, goals, as_of=model.as_of, constants=known))
    try:
        return Conditions(model, CodedPolicy(Settler(executor, Questions(goals, None), limit=MAX_COMBINATIONS)))
    except UncodedError:
        return None
