"""pyDMNrules: a workbook as it reads them; facts as a dictionary of the names of its glossary."""

import sys
from pathlib import Path
from typing import Any

from drawn import DrawnTable, records
from frames import Decider, Rows, serve_tables
from pyDMNrules import DMN

ENGINE = DMN()  # to make one takes ten seconds


def prepare(table: DrawnTable, values: Rows) -> Decider:
    """Return the evaluation of all rows."""
    status = ENGINE.load(str(Path(sys.argv[1]) / f"{table.name}.xlsx"))
    if "errors" in status:
        raise ValueError(status["errors"][0])
    facts = records(table.attributes, values)

    def decide(given: dict[str, Any]) -> int:
        status, decisions = ENGINE.decide(given)
        if "errors" in status:
            raise ValueError(status["errors"][0])
        last = decisions[-1] if isinstance(decisions, list) else decisions
        return int(last["Result"]["found"])

    return lambda: [decide(each) for each in facts]


serve_tables(prepare)
