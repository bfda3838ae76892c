"""Two engines and a file on the disk, held against each other: what agrees, what differs, and who decided."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.policy_texts import AS_OF, block, front, packs_with
from tests.engine.registry_frames import registry_of
from zhida.assess import agreement as module
from zhida.assess.agreement import Difference, agreement, other_run
from zhida.assess.cells import Cells, Layout, cells_of
from zhida.assess.columns import assess_registry
from zhida.policy.pack import Packs

BODY = block("符合: boolean", "收入 * 收入 > 100") + block("金额: number", "7")


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return packs_with(tmp_path / "packs", BODY, amount="金额")


def test_a_row_that_the_columns_can_tell_agrees(packs: Packs) -> None:
    found = agreement(packs, "demo/a", registry_of(packs, {"收入": Decimal(11)}), "A0001", as_of=AS_OF)
    assert (found.differences, found.is_interpreted, found.results, found.in_results) == ((), False, "", ())


def test_a_row_that_the_columns_cannot_tell_agrees_because_it_is_interpreted(packs: Packs) -> None:
    found = agreement(packs, "demo/a", registry_of(packs, {"收入": Decimal(10) ** 18}), "A0001", as_of=AS_OF)
    assert (found.differences, found.is_interpreted) == ((), True)


def test_an_amount_that_is_too_large_is_told_so_by_both(tmp_path: Path) -> None:
    packs = packs_with(
        tmp_path / "packs", block("符合: boolean", "收入 > 100") + block("金额: number", "收入 * 1000000000000000"), amount="金额"
    )
    registry = registry_of(packs, {"收入": Decimal(10) ** 6})
    assert agreement(packs, "demo/a", registry, "A0001", as_of=AS_OF).differences == ()
    row = assess_registry(packs, ["demo/a"], registry, as_of=AS_OF).to_pylist()[0]
    assert (row["demo/a:outcome"], row["demo/a:review"]) == ("REVIEW", "金额太大（超出以分计的整数），或为空")


def test_columns_that_say_something_else_are_told_with_both_values(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(layout: Layout, facts: dict[str, Any]) -> Cells:
        return cells_of(layout, facts) | {"amount_fen": 1, "missing": 1}

    monkeypatch.setattr(module, "cells_of", altered)
    registry = registry_of(packs, {"收入": Decimal(11)})
    found = agreement(packs, "demo/a", registry, "A0001", as_of=AS_OF)
    assert found.differences == (Difference("demo/a", "amount_fen", "1", "700"), Difference("demo/a", "missing", "收入", "–"))
    assert [item.code for item in found.diagnostics("A0001")] == ["columns-differ"] * 2


def test_missing_facts_are_compared_by_name_whatever_bits_they_have(packs: Packs, tmp_path: Path) -> None:
    registry = registry_of(packs, {})
    table = assess_registry(packs, ["demo/a"], registry, as_of=AS_OF)
    assert table.column("demo/a:missing").to_pylist() == [1]
    metadata = table.schema.metadata | {b"zhida.missing": '{"demo/a": ["人", "收入"]}'.encode()}
    place = table.schema.get_field_index("demo/a:missing")
    for bits, told in ((2, []), (1, [Difference("demo/a", "missing", "收入", "人")])):
        column = pa.array([bits], pa.uint64())
        other = table.set_column(place, table.schema.field(place), column).replace_schema_metadata(metadata)
        pq.write_table(other, tmp_path / "results.parquet")
        found = agreement(packs, "demo/a", registry, "A0001", as_of=AS_OF, results=tmp_path / "results.parquet")
        assert list(found.in_results) == told


def test_results_of_the_same_texts_and_registry_can_be_compared(packs: Packs, tmp_path: Path) -> None:
    registry = registry_of(packs, {"收入": Decimal(11)}, metadata={"zhida.sources": "[1]", "zhida.dictionary_sha256": "older"})
    pq.write_table(assess_registry(packs, ["demo/a"], registry, as_of=AS_OF), tmp_path / "results.parquet")
    assert other_run(packs, "demo/a", registry, as_of=AS_OF, results=tmp_path) is None
    later = registry_of(packs, {"收入": Decimal(11)}, metadata={"zhida.sources": "[2]"})
    other = other_run(packs, "demo/a", later, as_of=AS_OF, results=tmp_path)
    assert other is not None
    assert other.arguments["what"] == "registry"


def test_a_policy_that_another_uses_may_have_been_decided_in_the_same_run(tmp_path: Path) -> None:
    body = block("合格: boolean", "符合 and 收入 < 100") + block("另给: number", "5")
    other = {"demo/policies/b.md": front("demo/b", uses="[demo/a]", eligible="合格", amount="另给") + body}
    packs = packs_with(tmp_path / "packs", BODY, other, amount="金额", publishes="[符合]")
    registry = registry_of(packs, {"收入": Decimal(11)})
    pq.write_table(assess_registry(packs, ["demo/a", "demo/b"], registry, as_of=AS_OF), tmp_path / "results.parquet")
    assert other_run(packs, "demo/b", registry, as_of=AS_OF, results=tmp_path) is None
    changed = packs_with(tmp_path / "later", BODY.replace("> 100", "> 101"), other, amount="金额", publishes="[符合]")
    found = other_run(changed, "demo/b", registry, as_of=AS_OF, results=tmp_path)
    assert found is not None
    assert found.arguments["what"] == "policy that is used"
