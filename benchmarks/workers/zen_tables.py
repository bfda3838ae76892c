"""A table as zen-engine's JSON has it."""

from serving import Json


def content(table: Json) -> Json:
    """Return a table as zen-engine's JSON has it."""
    columns = [{"id": f"i{place}", "name": name, "field": name} for place, name in enumerate(table["inputs"])]
    ids = [*(column["id"] for column in columns), "o"]
    rules = [
        {"_id": str(place), **{id_: "" if cell == "-" else cell for id_, cell in zip(ids, cells, strict=True)}}
        for place, cells in enumerate(table["rules"])
    ]
    grid = {"hitPolicy": "first", "inputs": columns, "outputs": [{"id": "o", "name": "o", "field": "value"}], "rules": rules}
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": grid},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [{"id": "1", "sourceId": "in", "targetId": "table"}, {"id": "2", "sourceId": "table", "targetId": "out"}],
    }
