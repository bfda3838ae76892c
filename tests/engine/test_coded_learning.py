"""What coded decisions learn, and how: of a few rows first, of words by their categories, once for tables of one kind."""

import gc
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.engine.coded_agreement import decisions_differ
from tests.engine.dmn_models import AS_OF, decision, model, table
from tests.engine.kernel_arrays import PATHS
from zhida.columnar import kernel
from zhida.columnar.coded import SAMPLE, uncollected
from zhida.columnar.coded_facts import MOST_ENTRIES, OF_UNKNOWN, CodedFact
from zhida.columnar.columns import Vocabulary
from zhida.columnar.decisions import open_decisions
from zhida.columnar.plan import Form, Kind
from zhida.columnar.tables import Outcome, TableDecider
from zhida.columnar.told import FALSE, TRUE, CellsOfColumn
from zhida.dmn.compiled import CompiledTable, DecisionModel, Typed
from zhida.dmn.model import ItemDefinition
from zhida.values.types import NUMBER, STRING
from zhida.values.unknown import unknown

ITEMS = {f"x{place}": ItemDefinition(f"x{place}", NUMBER, "", 0) for place in range(5)} | {"词": ItemDefinition("词", STRING)}


def fact() -> CodedFact:
    return CodedFact(0, ITEMS["词"], Form(Kind.STRING), np.zeros(0, np.int64), Vocabulary())


def codes_of(found: CodedFact, series: pl.Series) -> list[int]:
    codes: list[int] = found.encode(pl.DataFrame({"词": series})).codes.tolist()
    return codes


def rows_of(count: int, seed: int) -> list[dict[str, Any]]:
    draw = random.Random(seed)  # noqa: S311 - the same draws every time

    def value(name: str) -> Any:  # noqa: ANN401 - a FEEL value
        return draw.choice([None, unknown(name)]) if draw.random() < 0.05 else Decimal(draw.randrange(0, 100))

    return [{f"x{place}": value(f"x{place}") for place in range(5)} for _ in range(count)]


# --- words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("physical", [None, pl.UInt8, pl.UInt16, pl.UInt32])
def test_categories_have_the_codes_of_their_texts(path: str, physical: Any) -> None:  # noqa: ANN401 - a type of polars
    lots = np.random.default_rng(5)
    for turn, (rows, count) in enumerate([(0, 1), (1, 1), (70, 3), (SAMPLE, 200), (SAMPLE + 1, 200), (3 * SAMPLE, 150)]):
        words = [None if lot == 0 else f"词{turn}-{lot}" for lot in lots.integers(0, count, rows).tolist()]
        if rows > SAMPLE:
            words[-2:] = ["后来的", None]  # behind those that are looked at first
        kind = pl.Categorical() if physical is None else pl.Categorical(pl.Categories(f"词{turn}{physical}", physical=physical))
        series = pl.Series("词", words, dtype=pl.String).cast(kind)
        found = fact()
        with kernel.use(path):
            for start, part in ((0, series), (rows // 3, series[rows // 3 :]), (0, pl.concat([series, series], rechunk=False))):
                codes = codes_of(found, part)
                assert codes[: rows - start] == [OF_UNKNOWN if word is None else found.words[word] for word in words[start:]]
        assert set(found.words) == set(words) - {None}  # not the words of other columns


def test_words_of_other_columns_are_not_learned_and_too_many_are_told_apart_all_the_same() -> None:
    kind = pl.Categorical(pl.Categories("许多词"))
    others = pl.Series("他", [f"他{place}" for place in range(MOST_ENTRIES + 5)], dtype=pl.String).cast(kind)
    series = pl.Series("词", ["甲", "他3", None, "甲"], dtype=pl.String).cast(kind)
    found = fact()
    assert found.of_categories(series) is None  # the number of 甲 is too great for a table
    codes = codes_of(found, series)
    assert found.words == {"甲": codes[0], "他3": codes[1]}
    assert codes == [codes[0], codes[1], OF_UNKNOWN, codes[0]]
    assert codes_of(found, others[3:4]) == [codes[1]]


def cells_of(*cells: str) -> CellsOfColumn:
    body = decisions_of("F", [[cell, "1"] for cell in cells], ["词"]).decisions["问"].body
    compiled = body.body if isinstance(body, Typed) else body
    assert isinstance(compiled, CompiledTable)
    return CellsOfColumn([rule.tests[0] for rule in compiled.rules], AS_OF)


def decisions_of(hit_policy: str, rules: Sequence[Sequence[str]], inputs: Sequence[str]) -> DecisionModel:
    return model(decision("问", table(hit_policy, inputs, ["值"], rules)), items=ITEMS)


def test_cells_that_list_words_say_of_a_word_what_each_alone_says() -> None:
    cells = cells_of(
        '"甲"', '"甲", "乙"', 'not("甲")', 'not("乙", "丙")', "-", '"甲"', 'starts with(?, "乙")', '"丙", starts with(?, "甲")', "null"
    )
    for word in ("甲", "乙", "丙", "乙丁", "", "丁"):
        alone = [cells.asked(place, word) for place in range(len(cells.some))]
        assert cells.tell(word).numbers.tolist() == [alone[place] for place in cells.kind_of.tolist()], word
    assert cells.tell("甲").numbers.tolist()[:5] == [TRUE, TRUE, FALSE, TRUE, TRUE]


# --- tables ----------------------------------------------------------------------------------------------------------------


def masked(name: str, seed: int, outputs: Sequence[str], hit_policy: str = "F") -> Any:  # noqa: ANN401 - a decision
    """Return a table with more combinations of codes than a dense table holds."""
    draw = random.Random(seed)  # noqa: S311 - the same draws every time

    def cell() -> str:
        low, high = sorted(draw.sample(range(5, 95, 5), 2))
        return draw.choice(["-", f">= {low}", f"< {high}", f"[{low}..{high})"])

    rows = [[*(cell() for _ in range(5)), output] for output in outputs]
    return decision(name, table(hit_policy, [f"x{place}" for place in range(5)], ["值"], rows))


def test_what_a_rule_alone_comes_to_is_asked_once_for_all_tables_that_write_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, list[int]]] = []
    outcome_of = TableDecider.outcome_of

    def counted(self: TableDecider, certain: Sequence[int], possible: Sequence[int]) -> Outcome:
        if len(certain) == 1 and not possible:
            asked.append((id(self), list(certain)))
        return outcome_of(self, certain, possible)

    monkeypatch.setattr(TableDecider, "outcome_of", counted)
    outputs = [str(place % 40) for place in range(60)]
    several = model(
        masked("一", 1, outputs), masked("二", 2, outputs[::-1]), masked("三", 3, [f'"{each}"' for each in outputs]), items=ITEMS
    )
    found, _ = decisions_differ(several, ["一", "二", "三"], rows_of(300, 4), as_of=AS_OF)
    assert not found, found[0]
    assert 20 < len(asked) <= 80  # 40 numbers and 40 texts, instead of 180 rules


@pytest.mark.parametrize("hit_policy", ["F", "U", "C+", "A", "C"])
def test_tables_side_by_side_that_write_the_same_are_what_the_interpreter_says(hit_policy: str) -> None:
    outputs = [str(place % 7) for place in range(50)]
    limited = decision(
        "限", table(hit_policy, ["x0", "x1"], ["值"], [[f"> {place}", "-", str(place % 7)] for place in range(6)], listed=["1, 2, 3"])
    )
    several = model(masked("一", 1, outputs, hit_policy), masked("二", 2, outputs, hit_policy), limited, items=ITEMS)
    found, _ = decisions_differ(several, ["一", "二", "限"], rows_of(200, 6), as_of=AS_OF)
    assert not found, found[0]


def test_what_is_new_behind_the_first_rows_is_learned_too() -> None:
    """The sets and combinations of the first rows are learned first; all others follow in the same call."""
    dense = decision("密", table("F", ["x0", "x1"], ["值"], [[f"< {each}", f">= {each}", str(each)] for each in range(5, 95, 9)]))
    summed = masked("和", 8, [str(2**place) for place in range(30)], "C+")
    several = model(masked("一", 7, [str(place) for place in range(60)]), summed, dense, items=ITEMS)
    lots = np.random.default_rng(9)
    values = lots.integers(0, 100, (5, 3 * SAMPLE))
    values[:, :SAMPLE] = 50  # nothing is to be learned of them but one combination
    frame = pl.DataFrame({f"x{place}": column for place, column in enumerate(values)})
    goals = ["一", "和", "密"]
    whole = open_decisions(several, goals, as_of=AS_OF).decide(frame, workers=1)
    other = open_decisions(several, goals, as_of=AS_OF)
    parts = [other.decide(frame[start : start + 700], workers=1) for start in range(0, frame.height, 700)]
    for name in whole.schema.names:
        assert whole.column(name).to_pylist() == [word for part in parts for word in part.column(name).to_pylist()], name


# --- garbage ---------------------------------------------------------------------------------------------------------------


def test_garbage_is_looked_for_again_when_the_last_has_learned() -> None:
    assert gc.isenabled()
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()

    def learn(_: int) -> bool:
        with uncollected():
            return gc.isenabled()

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(learn, range(400)))
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()  # whoever wants none gets none
    finally:
        gc.enable()
