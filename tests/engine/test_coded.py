"""Coded decisions: large tables by masks, joins of many codes, words in a fixed order, what is beyond a column."""

import random
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.engine.coded_agreement import decisions_differ
from tests.engine.dmn_models import AS_OF, decision, model, table
from tests.engine.kernel_arrays import PATHS
from zhida.columnar import kernel
from zhida.columnar.coded import Entries, Entry, column_of_entries
from zhida.columnar.coded_sets import SetCodes
from zhida.columnar.coded_sums import Sums
from zhida.columnar.coded_tables import TableNode
from zhida.columnar.columns import KNOWN, NULL, UNKNOWN
from zhida.columnar.decisions import BLOCK, Decisions, open_decisions
from zhida.columnar.plan import Form, Kind
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.model import Decision, ItemDefinition
from zhida.errors import InputError
from zhida.values.types import NUMBER, STRING
from zhida.values.unknown import unknown

Value = Any
ITEMS = {f"x{place}": ItemDefinition(f"x{place}", NUMBER, "", 0) for place in range(5)} | {"词": ItemDefinition("词", STRING)}
BOUNDS = [10, 20, 30, 40, 50, 60, 70, 80, 90]


def large(hit_policy: str, rules: int = 70, seed: int = 1) -> DecisionModel:
    """Return a model of one table with more combinations of codes than a dense table holds."""
    draw = random.Random(seed)  # noqa: S311 - the same draws every time

    def cell() -> str:
        low, high = sorted(draw.sample(BOUNDS, 2))
        return draw.choice(["-", f">= {low}", f"< {high}", f"[{low}..{high})", f"[{low}..{high})"])

    rows = [[*(cell() for _ in range(5)), str(place % 50)] for place in range(rules)]
    listed = [", ".join(map(str, range(50)))] if hit_policy in {"P", "O"} else []
    return model(decision("问", table(hit_policy, [f"x{place}" for place in range(5)], ["值"], rows, listed=listed)), items=ITEMS)


def small(inputs: Sequence[str], *rules: Sequence[str]) -> Decision:
    """Return a small table of hit policy F."""
    return decision("问", table("F", inputs, ["值"], rules))


def drawn(count: int, seed: int = 2, lacking: float = 0.05) -> list[Mapping[str, Value]]:
    draw = random.Random(seed)  # noqa: S311 - the same draws every time

    def value(name: str) -> Value:
        if draw.random() < lacking:
            return draw.choice([None, unknown(name)])
        return Decimal(draw.choice([bound + step for bound in BOUNDS for step in (-1, 0, 1)]))

    return [{f"x{place}": value(f"x{place}") for place in range(5)} for _ in range(count)]


def node(decisions: Decisions) -> TableNode:
    found = decisions.program.nodes[decisions.coded["问"]]
    assert isinstance(found, TableNode)
    return found


@pytest.mark.parametrize("hit_policy", ["F", "U", "A", "P", "R", "O", "C", "C+", "C>", "C#"])
def test_large_tables_by_masks_are_what_the_interpreter_says(hit_policy: str) -> None:
    found, decisions = decisions_differ(large(hit_policy), ["问"], drawn(150), as_of=AS_OF)
    assert not found, found[0]
    assert not node(decisions).is_dense


@pytest.mark.parametrize("path", kernel.PATHS)
def test_every_path_of_the_kernel_gives_the_same(path: str) -> None:
    rows = drawn(120, seed=5)
    with kernel.use(path):
        found, _ = decisions_differ(large("F", rules=130), ["问"], rows, as_of=AS_OF)
    assert not found, found[0]


def frame(rows: Sequence[Mapping[str, Value]]) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(name, [row.get(name) for row in rows], dtype=pl.Int64) for name in ("x0", "x1", "x2", "x3", "x4")})


def test_words_do_not_depend_on_what_was_decided_before() -> None:
    rows = [{name: int(value) for name, value in row.items()} for row in drawn(500, lacking=0)]
    fresh, used = (open_decisions(large("C"), ["问"], as_of=AS_OF) for _ in range(2))
    used.decide(frame(rows[::-1]))
    assert fresh.decide(frame(rows[:200])).equals(used.decide(frame(rows[:200])))


def test_many_blocks_and_threads_say_the_same_in_order() -> None:
    rows = [{name: int(value) for name, value in row.items()} for row in drawn(1_000, lacking=0)]
    once = open_decisions(large("F"), ["问"], as_of=AS_OF).decide(frame(rows), workers=1)
    many = pl.concat([frame(rows)] * (BLOCK * 3 // 1_000))
    found = open_decisions(large("F"), ["问"], as_of=AS_OF).decide(many, workers=3)
    assert found.num_rows > 2 * BLOCK
    assert found.column("问").to_pylist() == once.column("问").to_pylist() * (BLOCK * 3 // 1_000)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("hit_policy", ["F", "U", "C+"])
def test_one_pass_over_the_columns_says_what_the_general_way_says(hit_policy: str, path: str) -> None:
    for rules, lacking in ((3, 0.0), (3, 0.02), (70, 0.0), (70, 0.02), (200, 0.001)):
        rows = [
            {name: None if type(value) is not Decimal else int(value) for name, value in row.items()}
            for row in drawn(700, seed=rules, lacking=lacking)
        ]
        flat, general = (open_decisions(large(hit_policy, rules), ["问"], as_of=AS_OF) for _ in range(2))
        assert flat.flat_values is not None
        general.flat_values = general.sums = None
        with kernel.use(path):
            for start in (0, 13, 0):
                given = frame(rows)[start:]
                found, wanted = flat.decide(given, workers=2), general.decide(given, workers=1)
                assert found.equals(wanted), (rules, lacking, start)


def test_one_pass_decides_every_row_once_it_has_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{name: int(value) for name, value in row.items()} for row in drawn(3_000, lacking=0)]
    for hit_policy, rules in (("F", 3), ("F", 70), ("C+", 3)):
        decisions = open_decisions(large(hit_policy, rules), ["问"], as_of=AS_OF)
        decisions.decide(frame(rows))
        first = decisions.decide(frame(rows))
        monkeypatch.setattr(Decisions, "block", lambda *_: pytest.fail("the general way was asked"))
        monkeypatch.setattr(TableNode, "look_up", lambda *_: pytest.fail("the table was asked"))
        assert decisions.decide(frame(rows)).equals(first), (hit_policy, rules)
        monkeypatch.undo()


@pytest.mark.long
def test_threads_that_meet_new_words_at_once_say_what_one_thread_says() -> None:
    draw = random.Random(3)  # noqa: S311 - the same draws every time
    words = [f"h{draw.randrange(12_000)}" for _ in range(4 * BLOCK)]
    bodies = (decision("问", 'if starts with(词, "h1") then "甲" else "乙"'), decision("字", "词"))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        found = open_decisions(model(*bodies, items=ITEMS), ["问", "字"], as_of=AS_OF).decide(pl.DataFrame({"词": words}), workers=4)
    finally:
        sys.setswitchinterval(before)
    assert found.column("字").to_pylist() == words
    assert found.column("问").to_pylist() == ["甲" if word.startswith("h1") else "乙" for word in words]


def test_numbers_of_every_column_type_have_the_same_codes() -> None:
    compiled = model(small(["x0"], ["< 20", "1"], ["20", "2"], ["> 20", "3"]), items=ITEMS)
    values = [19, 20, 21, None]
    wanted = ["1", "2", "3", None]
    for dtype in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt32, pl.Decimal(38, 0), pl.Decimal(38, 0), pl.UInt64, pl.Int128):
        given = pl.DataFrame({"x0": pl.Series(values, dtype=dtype)})
        for some in (given, pl.concat([given, given]).slice(4), given.slice(0)):
            assert open_decisions(compiled, ["问"], as_of=AS_OF).decide(some).column("问").to_pylist() == wanted, dtype


@pytest.mark.parametrize("handed_on", ["{甲: x0, 乙: x1}.甲", "{甲: {乙: x1, 丙: x0}.丙, 丁: 词}.甲"])
def test_a_number_that_is_handed_on_beside_others_keeps_its_stretches(handed_on: str) -> None:
    compiled = model(small([handed_on], ["< 20", "1"], [">= 40", "2"], ["-", "3"]), items=ITEMS)
    given = pl.DataFrame({"x0": [19, 20, 39, 40, None, 20], "x1": [1, 2, None, 4, 5, None], "词": ["甲", None, "乙", "甲", "乙", "甲"]})
    decisions = open_decisions(compiled, ["问"], as_of=AS_OF)
    assert decisions.decide(given).column("问").to_pylist() == ["1", "3", "3", "2", None, "3"]
    assert decisions.interpreted == 0
    assert node(decisions).source is not None


@pytest.mark.parametrize("form", [Form(Kind.NUMBER, 2), Form(Kind.RATIO), Form(Kind.BOOLEAN)])
def test_entries_that_come_one_by_one_are_the_column_of_all(form: Form) -> None:
    said = frozenset({"a"}), frozenset({"b"}), frozenset[str]()
    plain = Entry(KNOWN, 1, 1, said[2], said[2], is_bad=False, firing=None)
    odd = Entry(UNKNOWN, 0, 3, said[0], said[1], is_bad=True, firing=4)
    other = Entry(NULL, 0, 1, said[1], said[2], is_bad=False, firing=None)
    for order in ([plain, odd, other], [odd, plain, other], [plain, plain, plain], [other, plain, odd, plain]):
        grown = Entries(form)
        for entry in order:
            grown.append(entry)
            assert len(grown.column.values) == len(grown)
        one, all_ = grown.column, column_of_entries(order, form)
        for name in ("values", "states", "bad", "divisors", "firing"):
            assert np.array_equal(getattr(one, name), getattr(all_, name)), name
            assert getattr(one, name) is None or getattr(one, name).dtype == getattr(all_, name).dtype
        for name in ("reads", "codes"):
            ours, theirs = getattr(one, name), getattr(all_, name)
            assert {key: mask.tolist() for key, mask in ours.items()} == {key: mask.tolist() for key, mask in theirs.items()}


def test_a_number_finer_than_its_scale_is_decided_by_the_interpreter() -> None:
    compiled = model(small(["x0"], ["20", "1"], ["> 20", "2"], ["-", "3"]), items=ITEMS)
    decisions = open_decisions(compiled, ["问"], as_of=AS_OF)
    given = pl.DataFrame({"x0": pl.Series([Decimal("20.5"), Decimal("20.0"), Decimal("19.9")], dtype=pl.Decimal(38, 1))})
    assert decisions.decide(given).column("问").to_pylist() == ["2", "1", "3"]
    assert decisions.interpreted == 2


def test_a_number_beyond_64_bits_is_decided() -> None:
    compiled = model(small(["x0"], ["> 20", "1"], ["-", "2"]), items=ITEMS)
    given = pl.DataFrame({"x0": pl.Series([Decimal(10) ** 30, -(Decimal(10) ** 30)], dtype=pl.Decimal(38, 0))})
    assert open_decisions(compiled, ["问"], as_of=AS_OF).decide(given).column("问").to_pylist() == ["1", "2"]


def test_an_absent_column_is_unknown_and_a_marked_absence_is_null() -> None:
    compiled = model(small(["x0"], ["null", "1"], ["-", "2"]), items=ITEMS)
    decisions = open_decisions(compiled, ["问"], as_of=AS_OF)
    given = pl.DataFrame({"x0": pl.Series([None, None, 5], dtype=pl.Int64), "x0:absent": [True, False, False]})
    assert decisions.decide(given).column("问").to_pylist() == ["1", None, "2"]
    assert decisions.decide(pl.DataFrame({"y": [1, 2]})).column("问").to_pylist() == [None, None]


def test_texts_of_every_kind_of_column_are_the_same() -> None:
    compiled = model(small(["词"], ['"甲"', "1"], ['"乙"', "2"], ["-", "3"]), items=ITEMS)
    words = ["甲", "乙", "丙", None, "甲"]
    for dtype in (pl.String, pl.Categorical, pl.Enum(["丙", "乙", "甲"])):
        given = pl.DataFrame({"词": pl.Series(words, dtype=pl.String).cast(dtype)})
        found = open_decisions(compiled, ["问"], as_of=AS_OF).decide(given)
        assert found.column("问").to_pylist() == ["1", "2", "3", None, "1"], dtype


def test_what_is_not_coded_is_said_and_decided_all_the_same() -> None:
    compiled = model(decision("问", "x0 * 2 + 1"), decision("级", table("F", ["问"], ["值"], [["> 20", "1"], ["-", "2"]])), items=ITEMS)
    decisions = open_decisions(compiled, ["级"], as_of=AS_OF)
    assert decisions.uncoded == {"级": "computes with 'x0'"}
    assert decisions.decide(pl.DataFrame({"x0": [9, 10]})).column("级").to_pylist() == ["2", "1"]


@pytest.mark.long
def test_sets_of_rules_are_added_up_and_the_interpreter_is_asked_of_rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn(400, seed=7)
    monkeypatch.setattr(Sums, "of", lambda *_: None)
    found, decisions = decisions_differ(large("C+", rules=130), ["问"], rows, as_of=AS_OF)
    assert not found, found[0]
    asked = [key for key in decisions.executor.learned.of(decisions.coded["问"]).by_key if key[0] == "rules"]
    assert len(node(decisions).entries) > 200
    assert len(asked) < 2 * 130 + 2


def test_sums_that_may_be_too_large_are_asked_of_the_interpreter() -> None:
    rows = [*(["-" if place else f">= {bound}"] + ["-"] * 4 + [str(9 * 10**18 + place)] for place, bound in enumerate(BOUNDS))]
    cells = [["-"] * 5 + ["1"], *rows, *([f"< {low}" for low in BOUNDS[:5]] + ["1"] for _ in range(3))]
    model_ = model(decision("问", table("C+", [f"x{place}" for place in range(5)], ["值"], cells)), items=ITEMS)
    found, _ = decisions_differ(model_, ["问"], drawn(60), as_of=AS_OF)
    assert not found, found[0]


def test_sets_of_rules_keep_their_codes_however_many_there_are() -> None:
    sets = np.random.Generator(np.random.PCG64(5)).integers(0, 1 << 20, (30_000, 2), np.uint64)
    sets = np.unique(sets, axis=0)
    known = SetCodes(2)
    for start in range(0, len(sets), 1_000):
        known.learn(sets[start : start + 1_000], np.arange(start, min(start + 1_000, len(sets))))
    assert (known.look_up(sets) == np.arange(len(sets))).all()
    assert (known.look_up(sets + np.uint64(1 << 21)) == -1).all()


def test_an_empty_frame_has_the_columns() -> None:
    found = open_decisions(large("F"), ["问"], as_of=AS_OF).decide(frame([]))
    assert (found.num_rows, found.schema.names) == (0, ["问", "rules:问"])


@pytest.mark.parametrize(
    ("name", "column", "code"),
    [
        ("x0", pl.Series([20.25]), "source-float"),
        ("x0", pl.Series(["20"]), "source-column-type"),
        ("词", pl.Series([1]), "source-column-type"),
    ],
)
def test_a_column_of_another_type_is_refused(name: str, column: pl.Series, code: str) -> None:
    compiled = model(small(["x0", "词"], ["> 20", '"甲"', "1"], ["-", "-", "2"]), items=ITEMS)
    with pytest.raises(InputError) as refused:
        open_decisions(compiled, ["问"], as_of=AS_OF).decide(pl.DataFrame({name: column}))
    assert [item.code for item in refused.value.diagnostics] == [code]
