"""The greatest sums as HiGHS finds them: laws as JSON on standard input, sums as JSON on standard output.

A program of its own: HiGHS and OR-tools cannot be loaded into one process, each brings libraries of the other's name.
"""

import json
import sys
from typing import Any

import highspy


def second_opinion(law: dict[str, Any]) -> int:
    """Return the greatest sum that laws leave."""
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0), ("mip_feasibility_tolerance", 1e-9)):
        model.setOptionValue(option, value)
    whole = highspy.HighsVarType.kInteger
    paid = [model.addVariable(lb=0, ub=limit, obj=-1, type=whole) for limit in law["limits_fen"]]
    taken = [model.addVariable(lb=0, ub=int(can), type=whole) for can in law["can_take"]]
    for fen, is_taken, limit in zip(paid, taken, law["limits_fen"], strict=True):
        model.addConstr(fen - limit * is_taken <= 0)
    for each in law["sums"]:
        model.addConstr(sum((paid[member] for member in each["members"]), start=0 * paid[0]) <= each["limit_fen"])
    for choice in law["choices"]:
        chosen = 0 * paid[0]
        for unit in choice["units"]:
            is_chosen = model.addVariable(lb=0, ub=1, type=whole)
            chosen += is_chosen
            for member in unit["members"]:
                if choice["is_of_paid"]:
                    model.addConstr(paid[member] - law["limits_fen"][member] * is_chosen <= 0)
                else:
                    model.addConstr(taken[member] - is_chosen <= 0)
        model.addConstr(chosen <= choice["count"])
    for need in law["requirements"]:
        required = sum((taken[each] for each in need["required"]["members"]), start=0 * taken[0])
        for member in need["unit"]["members"]:
            model.addConstr(taken[member] - required <= 0)
    model.run()
    assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -round(model.getInfo().objective_function_value)


if __name__ == "__main__":
    sys.stdout.write(json.dumps([second_opinion(law) for law in json.load(sys.stdin)]))
