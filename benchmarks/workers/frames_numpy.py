"""numpy.select, and plain Python: a table as one writes it by hand. Strings are numbers for numpy, which is quickest for it."""

import sys

import numpy as np
from drawn import SUM, DrawnTable, mask, python_source
from frames import Array, Decider, Rows, serve_tables


def by_select(table: DrawnTable, values: Rows) -> Decider:
    """Return the table as conditions and choices."""

    def hits() -> list[Array]:
        found = []
        for rule in table.rules:
            pairs = zip(rule.cells, table.attributes, strict=True)
            masks = [mask(cell, each, values[each.name]) for cell, each in pairs if not cell.is_any]
            found.append(np.logical_and.reduce(masks) if masks else np.ones(rows, np.bool_))
        return found

    def summed() -> Array:
        total = np.zeros(rows, np.int64)
        for hit, output in zip(hits(), outputs, strict=True):
            total += np.where(hit, output, 0)
        return total

    rows = len(next(iter(values.values())))
    outputs = [rule.output for rule in table.rules]
    return summed if table.hit_policy == SUM else lambda: np.select(hits(), outputs)


def by_hand(table: DrawnTable, values: Rows) -> Decider:
    """Return the table as a function with an `if` for each rule, called for each row."""
    names: dict[str, Decider] = {}
    exec(compile(python_source(table), table.name, "exec"), names)  # noqa: S102 - our own text
    decide: Decider = names["decide"]
    columns = []
    for each in table.attributes:
        column = values[each.name].tolist()
        columns.append([each.words[place] for place in column] if each.kind == "string" else column)
    rows = list(zip(*columns, strict=True))
    return lambda: [decide(*row) for row in rows]


serve_tables({"select": by_select, "python": by_hand}[sys.argv[1]])
