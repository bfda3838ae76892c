"""OpenFisca: a tax and benefit system with a variable for each attribute and a formula that selects, over an array of persons."""

import numpy as np
from drawn import SUM, Attribute, Cell, DrawnTable
from frames import Array, Decider, Rows, serve_tables
from openfisca_core.entities import Entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PERIOD = "2026"
TYPES = {"number": int, "boolean": bool, "string": Enum}


def test(cell: Cell, attribute: Attribute, column: Array, words: type[Enum] | None) -> Array:
    """Return which persons pass a cell, written as its formulas are."""
    if words is not None:
        found = np.logical_or.reduce([column == words[f"word_{attribute.words.index(word)}"] for word in cell.words])
        return ~found if cell.is_negated else found
    if cell.flag is not None:
        return column if cell.flag else ~column
    if cell.low is None:
        return column < cell.high
    return column >= cell.low if cell.high is None else (column >= cell.low) * (column < cell.high)


def prepare(table: DrawnTable, values: Rows) -> Decider:
    """Return a calculation of the table."""
    person = Entity("person", "persons", "", "")
    system = TaxBenefitSystem([person])
    enums: dict[str, type[Enum]] = {}
    for each in table.attributes:
        about = {
            "entity": person,
            "definition_period": DateUnit.YEAR,
            "value_type": {"number": int, "boolean": bool, "string": Enum}[each.kind],
        }
        if each.kind == "string":
            enums[each.name] = Enum(each.name, {f"word_{place}": word for place, word in enumerate(each.words)})
            about |= {"possible_values": enums[each.name], "default_value": enums[each.name]["word_0"]}
        system.add_variable(type(each.name, (Variable,), about))

    def formula(persons: Array, period: Array, parameters: Array) -> Array:  # noqa: ARG001 - its signature
        columns = {each.name: persons(each.name, period) for each in table.attributes}
        hits = []
        for rule in table.rules:
            pairs = zip(rule.cells, table.attributes, strict=True)
            masks = [test(cell, each, columns[each.name], enums.get(each.name)) for cell, each in pairs if not cell.is_any]
            hits.append(np.logical_and.reduce(masks) if masks else np.ones(persons.count, np.bool_))
        outputs = [rule.output for rule in table.rules]
        if table.hit_policy == SUM:
            return sum(np.where(hit, output, 0) for hit, output in zip(hits, outputs, strict=True))
        return np.select(hits, outputs)

    about = {"entity": person, "definition_period": DateUnit.YEAR, "value_type": int, "formula": formula}
    system.add_variable(type("found", (Variable,), about))
    rows = len(next(iter(values.values())))
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("person", np.arange(rows))
    simulation = builder.build(system)
    for each in table.attributes:
        column = values[each.name]
        given = enums[each.name].encode(column.astype(np.int16)) if each.kind == "string" else column
        simulation.set_input(each.name, PERIOD, given)

    def decide() -> Array:
        simulation.delete_arrays("found", PERIOD)
        return simulation.calculate("found", PERIOD)

    return decide


serve_tables(prepare)
