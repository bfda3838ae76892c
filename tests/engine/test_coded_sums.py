"""Large tables of hit policy C+ in one pass: what the interpreter says, in the words of the general way, however many there are."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.engine.coded_agreement import decisions_differ
from tests.engine.dmn_models import AS_OF, decision, model, table
from tests.engine.kernel_arrays import PATHS
from tests.engine.test_coded import BOUNDS, ITEMS, drawn
from zhida.columnar import coded, coded_flat, coded_sums, coded_tables, kernel
from zhida.columnar.coded_sums import Sums
from zhida.columnar.coded_tables import TableNode
from zhida.columnar.decisions import Decisions, open_decisions
from zhida.dmn.compiled import DecisionModel
from zhida.values.text import literal

Value = Any
NAMES = [f"x{place}" for place in range(5)]
OUTPUTS = {
    "whole": [str(place) for place in range(50)],
    "both signs": [str(place - 20) for place in range(40)],
    "nothing": ["0"],
    "one": ["7"],
    "cents": ["0.25", "-3.5", "1000000.01", "0", "12"],
    "far apart": ["123456789012", "-98765432101", "1", "0.001"],
}
"""What the rules of a table add, by a word for it."""


def sums(name: str = "whole", rules: int = 70, default: str = "", seed: int = 1) -> DecisionModel:
    """Return a model of one table with more combinations of codes than a dense table holds; some rows no rule of it matches."""
    draw = random.Random(f"{name} {seed}")  # noqa: S311 - the same draws every time

    def cell() -> str:
        low, high = sorted(draw.sample(BOUNDS, 2))
        return draw.choice(["-", f">= {low}", f"< {high}", f"[{low}..{high})", f"[{low}..{high})"])

    cells = [[*(cell() for _ in NAMES), draw.choice(OUTPUTS[name])] for _ in range(rules)]
    return model(decision("问", table("C+", NAMES, ["值"], cells, default=[default])), items=ITEMS)


def frame(count: int, seed: int = 2, lacking: float = 0.0) -> pl.DataFrame:
    rows = drawn(count, seed=seed, lacking=lacking)
    columns = {name: [int(value) if isinstance(value := row[name], Decimal) else None for row in rows] for name in NAMES}
    return pl.DataFrame([pl.Series(name, values, pl.Int64) for name, values in columns.items()])


def opened(model_: DecisionModel) -> tuple[Decisions, Decisions]:
    """Return decisions in one pass, and in the general way."""
    one, general = (open_decisions(model_, ["问"], as_of=AS_OF) for _ in range(2))
    assert one.sums is not None, "a table of hit policy C+ over facts alone"
    one.sums.has_many = True
    general.sums = None
    return one, general


def node(decisions: Decisions) -> TableNode:
    assert decisions.sums is not None
    return decisions.sums.node


@pytest.mark.parametrize(
    ("name", "default"), [("whole", ""), ("both signs", "-100"), ("nothing", "3"), ("one", ""), ("cents", "3"), ("far apart", "")]
)
def test_sums_in_one_pass_are_what_the_interpreter_says(name: str, default: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sums, "is_varied", lambda *_: True)
    monkeypatch.setattr(coded_tables, "DENSE_LIMIT", 1)
    for rules in (4, 90):
        found, decisions = decisions_differ(sums(name, rules, default), ["问"], drawn(100, seed=rules, lacking=0.08), as_of=AS_OF)
        assert not found, found[0]
        assert not node(decisions).is_dense


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("most_places", [0, coded_sums.MOST_PLACES])
def test_one_pass_has_the_words_of_the_general_way_in_their_order(most_places: int, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_sums, "MOST_PLACES", most_places)
    for name, rules, lacking in (
        ("whole", 90, 0.0),
        ("both signs", 63, 0.1),
        ("cents", 90, 0.02),
        ("far apart", 130, 0.0),
        ("nothing", 60, 0.1),
    ):
        one, general = opened(sums(name, rules, "5" if name == "cents" else ""))
        given = frame(300, lacking=lacking)
        with kernel.use(path):
            for start, wanted in ((0, {"rules": False}), (13, {}), (0, {"values": False}), (299, {})):
                some = given[start:]
                found, expected = one.decide(some, workers=2, **wanted), general.decide(some, workers=1, **wanted)
                assert found.equals(expected), (name, start)
                assert found.schema.equals(expected.schema), (name, start)


def test_rows_that_are_settled_ask_neither_the_table_nor_for_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    one, general = opened(sums(rules=130))
    given = frame(3_000)
    expected = general.decide(given)
    asked = []
    block = Decisions.block
    monkeypatch.setattr(Decisions, "block", lambda self, some, *how: asked.append(some.height) or block(self, some, *how))
    assert one.decide(given).equals(expected)
    assert asked == [1]  # what is said where no rule matches
    assert len(node(one).entries) <= 1
    assert len(general.program.nodes[general.coded["问"]].entries) > 300


def test_an_input_that_a_sum_does_not_rest_on_may_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded_tables, "DENSE_LIMIT", 1)
    cells = [[f">= {low}", f"< {high}", "-", "-", "-", str(low + high)] for low in BOUNDS for high in BOUNDS]
    cells += [["-", "-", f">= {bound}", f"< {bound}", "-", "0"] for bound in BOUNDS]
    one, general = opened(model(decision("问", table("C+", NAMES, ["值"], cells)), items=ITEMS))
    given = frame(2_000).with_columns(x4=None, x3=pl.when(pl.col("x0") > 50).then(None).otherwise(pl.col("x3")))
    asked = []
    told = TableNode.entry_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TableNode, "entry_of", lambda self, outcome: asked.append(outcome) or told(self, outcome))
        found = one.decide(given)
    assert found.equals(general.decide(given))
    assert found.column("问").null_count < 1_000
    assert len(asked) < 30


def test_cells_that_no_column_holds_are_decided_by_the_interpreter() -> None:
    one, general = opened(sums())
    given = frame(300).with_columns(
        pl.Series("x1", [Decimal(10 * row + (row % 3 == 0)) / 10 for row in range(300)], pl.Decimal(38, 1)),
        pl.Series("x2", [Decimal(2**70 if row == 5 else row) for row in range(300)], pl.Decimal(38, 0)),
    )
    assert one.decide(given).equals(general.decide(given))
    assert 0 < one.interpreted == general.interpreted


@pytest.mark.long
def test_threads_add_up_what_one_thread_does(monkeypatch: pytest.MonkeyPatch) -> None:
    one, general = opened(sums("cents", 200))
    given = frame(4_000, lacking=0.01)
    expected = general.decide(given, workers=1)
    for module in (coded_sums, coded_flat):
        monkeypatch.setattr(module, "FEWEST", 100)
    for workers in (1, 3, 8):
        assert one.decide(given, workers=workers).equals(expected), workers


def bits_table() -> DecisionModel:
    """Return a table of twenty rules, each of which adds another power of two: five numbers below 16 give every sum there can be."""
    cells = [
        [", ".join(str(n) for n in range(16) if n >> bit & 1) if place == column else "-" for place in range(5)]
        + [str(1 << 4 * column + bit)]
        for column in range(5)
        for bit in range(4)
    ]
    return model(decision("问", table("C+", NAMES, ["值"], cells)), items=ITEMS)


def all_sums(numbers: np.ndarray[Any, np.dtype[np.int64]]) -> pl.DataFrame:
    return pl.DataFrame({name: numbers >> 4 * place & 15 for place, name in enumerate(NAMES)})


@pytest.mark.long
def test_there_may_be_more_sums_and_sets_than_codes() -> None:
    numbers = np.random.Generator(np.random.PCG64(3)).permutation(1 << 17)
    decisions = open_decisions(bits_table(), ["问"], as_of=AS_OF)
    found = decisions.decide(all_sums(numbers))
    values, rules = found.columns
    assert values.to_pylist() == ["null" if number == 0 else str(number) for number in numbers.tolist()]
    static = [*(str(1 << bit) for bit in range(20)), "null"]
    assert values.dictionary.to_pylist() == [*static, *sorted({str(number) for number in range(1, 1 << 17)} - set(static))]
    listed = ["、".join(str(bit + 1) for bit in range(20) if number >> bit & 1) for number in numbers.tolist()]
    assert rules.to_pylist() == listed
    first = ["", *(str(bit + 1) for bit in range(20))]
    assert rules.dictionary.to_pylist() == [*first, *sorted(set(listed) - set(first))]
    assert (str(values.type.index_type), str(rules.type.index_type)) == ("int32", "int32")
    assert not decisions.uncoded


def test_where_codes_run_out_sums_are_still_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded, "MOST_ENTRIES", 40)
    monkeypatch.setattr(Sums, "is_varied", lambda self, _: self.has_many)
    numbers = np.arange(300)
    decisions = open_decisions(bits_table(), ["问"], as_of=AS_OF)
    monkeypatch.setattr(Decisions, "of_columns", lambda *_: pytest.fail("computed value by value"))
    for _ in range(2):
        found = decisions.decide(all_sums(numbers))
        assert found.column("问").to_pylist() == ["null", *map(str, range(1, 300))]
        assert found.column("rules:问")[5].as_py() == "1、3"


@pytest.mark.parametrize(("rules", "is_varied"), [(2, False), (130, True)])
def test_a_few_rows_tell_whether_there_are_many_sets(rules: int, is_varied: bool) -> None:
    decisions = open_decisions(sums(rules=rules), ["问"], as_of=AS_OF)
    assert decisions.sums is not None
    assert not decisions.sums.is_varied(frame(300))
    assert decisions.sums.is_varied(frame(2_000)) is is_varied


def test_tables_of_other_hit_policies_and_dense_ones_are_not_added_up() -> None:
    given = frame(50)
    other = open_decisions(model(decision("问", table("C", NAMES, ["值"], [["> 20"] * 5 + ["1"]])), items=ITEMS), ["问"], as_of=AS_OF)
    assert other.sums is None
    dense = open_decisions(
        model(decision("问", table("C+", NAMES[:1], ["值"], [["> 20", "1"], ["-", "2"]])), items=ITEMS), ["问"], as_of=AS_OF
    )
    assert dense.by_sums(given, values=True, rules=False, workers=1) is None
    assert dense.decide(given).column("问").to_pylist() == [literal(Decimal(3 if n > 20 else 2)) for n in given["x0"]]


@pytest.mark.parametrize("outputs", [["1", "null"], ["9223372036854775807", "1"]])
def test_outputs_that_cannot_be_added_up_are_decided_in_the_general_way(outputs: Sequence[str]) -> None:
    cells = [[f">= {low}", f"< {high}", "-", "-", f"[{low}..100]", outputs[(low + high) // 10 % 2]] for low in BOUNDS for high in BOUNDS]
    cells += [["-", "-", f">= {bound}", f"< {bound}", "-", "1"] for bound in BOUNDS]
    found, decisions = decisions_differ(
        model(decision("问", table("C+", NAMES, ["值"], cells)), items=ITEMS), ["问"], drawn(60), as_of=AS_OF
    )
    assert not found, found[0]
    assert decisions.by_sums(frame(20), values=True, rules=False, workers=1) is None
