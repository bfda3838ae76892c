"""What a policy has become in a run is taken up by the next, which says what it would say without; what is damaged is left."""

import pickle
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from threading import RLock

import polars as pl
import pyarrow as pa
import pytest

from tests.engine.policy_texts import AS_OF, block, packs_with
from zhida.columnar import kept, policies
from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.columns import ALL, Vocabulary
from zhida.columnar.elements import Contexts
from zhida.columnar.learned import Learned
from zhida.columnar.plan import VALUES
from zhida.columnar.policies import PolicyColumns, open_policy
from zhida.dmn.model import ItemDefinition
from zhida.policy.pack import PolicyModel
from zhida.values.types import NUMBER

BODY = (
    block("大类: string", "substring(行业, 1, 2)")
    + block("分: number", "收入 / 人")
    + "| F | 大类 | 人 | 分 | **符合: boolean** |\n|---|---|---|---|---|\n"
    + '| 1 | "51" | >= 20 | - | true |\n| 2 | not("01", "02") | [5..9] | >= 6 | true |\n| 否则 | - | - | - | false |\n\n'
)
PLAIN = (
    "| U | 行业 | 人 | **档: string** |\n|---|---|---|---|\n"
    '| 1 | "5101" | >= 20 | "大" |\n| 2 | "5101" | < 20 | "小" |\n| 3 | not("5101") | [5..9] | "中" |\n| 4 | not("5101") | > 9 | "大" |\n\n'
    "| F | 档 | 收入 | **符合: boolean** |\n|---|---|---|---|\n"
    '| 1 | "大" | - | true |\n| 2 | "中" | >= 100 | true |\n| 否则 | - | - | false |\n\n'
)
"""A policy that codes tell all of."""


def rows(industries: Sequence[str | None], people: Sequence[int | None], revenues: Sequence[int | None]) -> pl.DataFrame:
    """Return subjects; what is none is unknown."""
    money = [None if each is None else Decimal(each) for each in revenues]
    return pl.DataFrame({
        "行业": pl.Series(industries, dtype=pl.String),
        "人": pl.Series(people, dtype=pl.Int64),
        "收入": pl.Series(money, dtype=pl.Decimal(38, 2)),
    })  # fmt: skip


FIRST = rows(["5101", "0100", None, "5111"], [20, 19, 5, None], [100, 100, 40, 90])
OTHERS = rows(["5101", "0200", "3300", None, "5101"], [8, 7, None, 6, None], [100, None, 40, 36, 5])


def opened(model: PolicyModel, learned: Learned | None, *, limit: int = 4_096) -> PolicyColumns:
    return open_policy(model, below=Decimal(10**15), limit=limit, near_within=Decimal("0.5"), learned=learned)


def said(columns: PolicyColumns, frame: pl.DataFrame) -> list[pa.RecordBatch]:
    return [columns.told(part) for part in columns.parts(frame)]


def again(columns: PolicyColumns) -> Learned:
    """Return what another run finds of what one has learned."""
    found = Learned.from_bytes(columns.executor.learned.to_bytes())
    assert found is not None
    return found


def unbuilt(*_: object) -> None:
    raise AssertionError("nothing is lowered or built that was kept")


@pytest.mark.parametrize("is_coded", [True, False])
@pytest.mark.parametrize("body", [BODY, PLAIN])
def test_a_kept_policy_is_not_lowered_again_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, *, is_coded: bool
) -> None:
    model = packs_with(tmp_path, body).model_of("demo/a", AS_OF)
    first, fresh = opened(model, Learned()), opened(model, None)
    for columns in (first, fresh):
        if not is_coded:
            columns.leave_codes()
    before, others = said(first, FIRST), said(fresh, OTHERS)
    assert (first.codes is not None) is (is_coded and body == PLAIN)
    with monkeypatch.context() as patched:
        patched.setattr(policies, "lower", unbuilt)
        if first.codes is not None:
            patched.setattr(policies, "CodedPolicy", unbuilt)
        learned = again(first)
        second = opened(model, learned)
        assert said(second, FIRST) == before
        assert said(second, OTHERS) == others
    assert second.model is model
    assert learned.become == b"", "whoever begins anew begins with the lessons alone"


def test_a_policy_that_left_codes_tries_them_again_in_the_next_run(tmp_path: Path) -> None:
    model = packs_with(tmp_path, PLAIN).model_of("demo/a", AS_OF)
    first = opened(model, Learned())
    first.leave_codes()
    before = said(first, FIRST)
    second = opened(model, again(first))
    assert not second.is_without_codes
    assert said(second, FIRST) == before
    assert second.codes is not None


def test_a_kept_policy_is_not_written_again_until_it_learns(tmp_path: Path) -> None:
    model = packs_with(tmp_path, BODY).model_of("demo/a", AS_OF)
    first = opened(model, Learned())
    said(first, FIRST)
    learned = again(first)
    said(opened(model, learned), FIRST)
    assert not learned.is_new
    said(opened(model, again(first)), OTHERS)
    third = again(first)
    said(opened(model, third), OTHERS)
    assert third.is_new


def test_what_goes_by_identity_goes_by_that_of_what_was_read(tmp_path: Path) -> None:
    model = packs_with(tmp_path, BODY).model_of("demo/a", AS_OF)
    first = opened(model, Learned())
    said(first, FIRST)
    second = opened(model, again(first))
    for executor in (second.executor, *(settler.executor for settler in (second.finder.given.values() if second.finder else ()))):
        operations = {id(each) for each in (*executor.plan.operations, *executor.interpreter.stand_ins.values())}
        for by_identity in (executor.interpreter.told, executor.interpreter.lessons, executor.interpreter.computable):
            assert by_identity.keys() <= operations
    assert second.executor.interpreter.told
    assert second.settler.same_domains == {}
    assert second.executor.interpreter.texts == {}


def test_a_policy_that_is_opened_in_another_way_begins_with_the_lessons(tmp_path: Path) -> None:
    model = packs_with(tmp_path, BODY).model_of("demo/a", AS_OF)
    first = opened(model, Learned())
    before = said(first, FIRST)
    learned = again(first)
    other = opened(model, learned, limit=4_000)
    assert other.settler.limit == 4_000
    assert learned.is_new, "what it becomes takes the place of what is kept"
    assert said(other, FIRST) == before


@pytest.mark.parametrize("damage", [b"", b"nothing", pickle.dumps((1, "a")), pickle.dumps(["a"]), pickle.dumps((0, Path("a")))])
def test_bytes_that_are_none_of_ours_are_left(tmp_path: Path, damage: bytes) -> None:
    model = packs_with(tmp_path, BODY).model_of("demo/a", AS_OF)
    before = said(opened(model, None), FIRST)
    learned = Learned(become=damage)
    assert said(opened(model, learned), FIRST) == before


def test_bytes_of_another_policy_are_left(tmp_path: Path) -> None:
    one = packs_with(tmp_path / "one", BODY).model_of("demo/a", AS_OF)
    two = packs_with(tmp_path / "two", PLAIN).model_of("demo/a", AS_OF)
    first = opened(one, Learned())
    learned = again(first)
    assert kept.from_bytes(learned.become, one, learned) is not None
    assert kept.from_bytes(learned.become, two, learned) is None


def test_bytes_that_would_run_something_are_not_read(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (eval, ("1/0",))

    model = packs_with(tmp_path, BODY).model_of("demo/a", AS_OF)
    count = len(list(kept.parts_of(model)))
    for thing in (Evil(), kept.to_bytes, Path("a"), CodedPolicy.decide):
        assert kept.from_bytes(pickle.dumps((count, thing)), model, Learned()) is None


def test_what_there_is_only_once_is_only_once(tmp_path: Path) -> None:
    model = packs_with(tmp_path, BODY).model_of("demo/a", AS_OF)
    lock, learned = RLock(), Learned()
    lessons = learned.of(3, "demo/a#分")
    things = (ALL, VALUES, type(None), model, model.model, lessons, learned, lock, lock)
    found = kept.from_bytes(kept.to_bytes(things, model, learned), model, learned)
    assert all(one is other for one, other in zip(found[:5], things, strict=False))
    assert found[5].by_key is lessons.by_key
    assert found[6] is learned
    assert found[7] is found[8]


def test_what_belongs_to_rows_or_has_become_too_much_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = packs_with(tmp_path, BODY).model_of("demo/a", AS_OF)
    elements = Contexts(ItemDefinition("人", NUMBER), [], Vocabulary())
    assert kept.to_bytes(elements, model, Learned()) == b""
    assert kept.to_bytes(lambda: None, model, Learned()) == b""
    first = opened(model, Learned())
    said(first, FIRST)
    monkeypatch.setattr(policies, "MOST_KEPT", 1)
    assert again(first).become == b""
    monkeypatch.setattr(policies, "MOST_KEPT", 50_000)
    assert again(first).become
    monkeypatch.setattr(kept, "MOST_BYTES", 1_000)
    assert again(first).become == b""
