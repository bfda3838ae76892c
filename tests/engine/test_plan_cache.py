"""What plans have learned is kept between runs; whatever is wrong with the cache, the run goes on."""

import io
import pickle
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from tests.engine.policy_texts import AS_OF, block, packs_with
from zhida.columnar import learned as learned_module
from zhida.columnar.learned import Learned, Lesson, key_of
from zhida.columnar.policies import PolicyColumns, open_policy
from zhida.registry_io import plan_cache
from zhida.registry_io.plan_cache import plan_digest, read_plan, write_plan
from zhida.values.unknown import unknown

BODY = (
    block("大类: string", "substring(行业, 1, 2)")
    + "| F | 大类 | 人 | **符合: boolean** |\n|---|---|---|---|\n"
    + '| 1 | "51" | >= 20 | true |\n| 否则 | - | - | false |\n\n'
    + block("金额: number", "收入 / 10")
)
ROWS = pl.DataFrame(
    {
        "行业": ["5101", "0100", None, "5111"],
        "人": pl.Series([20, 19, 5, None], dtype=pl.Int64),
        "收入": pl.Series([Decimal(100)] * 4, dtype=pl.Decimal(38, 2)),
    }
)


def opened(tmp_path: Path, learned: Learned | None) -> PolicyColumns:
    model = packs_with(tmp_path, BODY, amount="金额").model_of("demo/a", AS_OF)
    return open_policy(model, below=Decimal(10**15), limit=4_096, learned=learned)


def test_a_second_run_asks_the_interpreter_nothing_and_says_the_same(tmp_path: Path) -> None:
    first = opened(tmp_path, Learned())
    (said,) = [first.batch(answers) for answers in first.settle(ROWS)]
    assert first.executor.learned.is_new
    assert first.executor.interpreter.evaluations > 0
    write_plan(tmp_path / "cache", "a", first.executor.learned.to_bytes())
    learned = Learned.from_bytes(read_plan(tmp_path / "cache", "a") or b"")
    assert learned is not None
    second = opened(tmp_path, learned)
    (again,) = [second.batch(answers) for answers in second.settle(ROWS)]
    assert again == said
    assert second.executor.interpreter.evaluations == 0
    assert not learned.is_new


def test_a_few_lessons_more_are_not_worth_writing_all() -> None:
    learned = Learned()
    for number in range(32):
        learned.of(0).keep((str(number),), Lesson(None, frozenset()))
    assert learned.is_new
    again = Learned.from_bytes(learned.to_bytes())
    assert again is not None
    for number in range(32, 34):
        again.of(0).keep((str(number),), Lesson(None, frozenset()))
        assert not again.is_new
    again.of(0).keep(("33",), Lesson(None, frozenset()))
    assert not again.is_new, "it was known"
    again.of(1).keep(("34",), Lesson(None, frozenset()))
    assert again.is_new


@pytest.mark.parametrize("name", ["re.enum.bltns.eval", "literal"])
def test_nothing_is_called_that_kept_bytes_name(name: str) -> None:
    text = pickle.SHORT_BINUNICODE
    words = [text + bytes((len(word),)) + word.encode() for word in ("zhida.values.text", name, "1")]
    call = pickle.PROTO + b"\x04" + words[0] + words[1] + pickle.STACK_GLOBAL + words[2] + pickle.TUPLE1 + pickle.REDUCE + pickle.STOP
    with pytest.raises(pickle.UnpicklingError, match=name):
        learned_module._Unpickler(io.BytesIO(call)).load()
    assert Learned.from_bytes(call) is None


def test_near_misses_ask_the_interpreter_nothing_either(tmp_path: Path) -> None:
    body = (
        block("分: number", "收入 / 人")
        + "| F | 分 | 行业 | **符合: boolean** |\n|---|---|---|---|\n"
        + '| 1 | >= 6 | "5101" | true |\n| 2 | >= 8 | - | true |\n| 否则 | - | - | false |\n\n'
    )
    model = packs_with(tmp_path, body).model_of("demo/a", AS_OF)

    def decided(learned: Learned) -> tuple[PolicyColumns, list[pa.RecordBatch]]:
        found = open_policy(model, below=Decimal(10**15), limit=4_096, near_within=Decimal("0.5"), learned=learned)
        found.leave_codes()
        return found, [found.batch(answers) for answers in found.settle(ROWS)]

    first, said = decided(Learned())
    assert first.finder is not None
    assert "demo/a#分" in first.finder.given, "a decision is given, to try other values of it"
    assert {given for given, _ in first.executor.learned.lessons} == {"", "demo/a#分"}
    learned = Learned.from_bytes(first.executor.learned.to_bytes())
    assert learned is not None
    assert decided(learned)[1] == said
    assert not learned.is_new


def test_lessons_hold_every_value_of_feel() -> None:
    learned = Learned()
    lesson = Lesson((Decimal("1.50"), "甲", None, unknown("人")), frozenset({"feel-null-operand"}))
    learned.of(3).keep(key_of([Decimal(1), True]), lesson)
    found = Learned.from_bytes(learned.to_bytes())
    assert found is not None
    assert found.of(3).get(key_of([Decimal(1), True])) == lesson
    assert found.of(3).get(key_of([True, Decimal(1)])) is None


@pytest.mark.parametrize("data", [b"", b"nothing", pickle.dumps((99, {})), pickle.dumps(["a"]), pickle.dumps((1, Path("/")))])
def test_bytes_that_are_none_of_ours_are_not_read(data: bytes) -> None:
    assert Learned.from_bytes(data) is None


def test_bytes_that_would_run_something_are_not_read() -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (eval, ("1/0",))

    assert Learned.from_bytes(pickle.dumps((1, {0: Evil()}))) is None


def test_without_a_folder_nothing_is_kept() -> None:
    write_plan(None, "a", b"1")
    assert read_plan(None, "a") is None


def test_a_folder_that_cannot_be_made_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    write_plan(tmp_path / "file", "a", b"1")
    assert read_plan(tmp_path / "file", "a") is None


def test_only_the_plans_used_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plan_cache.MOST_KEPT, plan_cache.PLANS, 2)
    for name in "abc":
        write_plan(tmp_path, name, b"1")
    assert len(list((tmp_path / "plans").iterdir())) == 2


def test_another_engine_or_another_text_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    one = plan_digest(["policy", "2026-06-30"])
    assert plan_digest(["policy", "2026-07-01"]) != one
    monkeypatch.setattr(plan_cache, "engine_digest", lambda: "another")
    assert plan_digest(["policy", "2026-06-30"]) != one
