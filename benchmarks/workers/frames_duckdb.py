"""DuckDB: a CASE over a table in memory, whose strings are an ENUM; the answers come out as Arrow.

Several threads give them in any order: each comes with the number of its row, and they are put in order once the time is taken.
"""

import duckdb
import pyarrow as pa
from drawn import SUM, Attribute, Cell, DrawnTable
from frames import Decider, Rows, serve_tables


def test(cell: Cell, attribute: Attribute) -> str:
    """Return a cell as SQL."""
    name = attribute.name
    if cell.words:
        words = ", ".join(f"'{word}'" for word in cell.words)
        return f"{name} {'NOT IN' if cell.is_negated else 'IN'} ({words})"
    if cell.flag is not None:
        return name if cell.flag else f"NOT {name}"
    bounds = [] if cell.low is None else [f"{name} >= {cell.low}"]
    return " AND ".join([*bounds, *([] if cell.high is None else [f"{name} < {cell.high}"])])


def prepare(table: DrawnTable, values: Rows) -> Decider:
    """Return the table as a query."""
    connection = duckdb.connect()
    columns = {}
    for each in table.attributes:
        column = values[each.name]
        is_string = each.kind == "string"
        columns[each.name] = pa.DictionaryArray.from_arrays(pa.array(column), pa.array(each.words)) if is_string else pa.array(column)
    rows = pa.table(columns)
    connection.register("given", rows)
    names = []
    for each in table.attributes:
        if each.kind == "string":
            connection.execute(f"CREATE TYPE {each.name}_word AS ENUM ({', '.join(repr(word) for word in each.words)})")
        names.append(f"{each.name}::{each.name}_word AS {each.name}" if each.kind == "string" else each.name)
    connection.execute("SET threads = 1")  # so that the rows stand in the table as they were drawn
    connection.execute(f"CREATE TABLE facts AS SELECT {', '.join(names)} FROM given")  # noqa: S608 - our own names
    connection.execute("RESET threads")
    hits = []
    for rule in table.rules:
        tests = [test(cell, each) for cell, each in zip(rule.cells, table.attributes, strict=True) if not cell.is_any]
        hits.append(f"WHEN {' AND '.join(tests) or 'true'} THEN {rule.output}")
    each_alone = " + ".join(f"CASE {hit} ELSE 0 END" for hit in hits)
    found = each_alone if table.hit_policy == SUM else f"CASE {' '.join(hits)} END"
    query = f"SELECT ({found})::BIGINT AS found, rowid AS place FROM facts"  # noqa: S608 - the same
    return lambda: connection.execute(query).to_arrow_table()


serve_tables(prepare, lambda found: found["found"].to_numpy()[found["place"].to_numpy().argsort()])
