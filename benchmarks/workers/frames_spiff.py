"""SpiffWorkflow: a DMN file of ours whose cells are Python, which is the language of its tables.

It has no FIRST: its UNIQUE takes the first rule that holds. Of COLLECT it gives lists, which are summed here.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

from drawn import SUM, DrawnTable, records
from frames import Decider, Rows, serve_tables
from lxml import etree
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.parser.DMNParser import DMNParser


def prepare(table: DrawnTable, values: Rows) -> Decider:
    """Return the evaluation of all rows, each as the data of a task."""
    root = etree.parse(Path(sys.argv[1]) / f"{table.name}.python.dmn").getroot()
    for number, element in enumerate(root.iter()):  # its reader wants an id of each
        element.set("id", element.get("id", f"element{number}"))
    parser = DMNParser(None, root, {"dmn": etree.QName(root).namespace})
    parser.parse()
    engine = DMNEngine(parser.decision.decisionTables[0])
    workflow = SimpleNamespace(script_engine=PythonScriptEngine())
    tasks = [SimpleNamespace(workflow=workflow, data=each) for each in records(table.attributes, values)]
    if table.hit_policy == SUM:
        return lambda: [sum(engine.result(task)["found"]) for task in tasks]
    return lambda: [engine.result(task)["found"] for task in tasks]


serve_tables(prepare)
