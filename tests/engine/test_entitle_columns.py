"""Combinations of a registry: the table, the words in it, and that it says of each row what the single subject is told."""

import datetime as dt
import json
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from tests.engine.combination_packs import DAY, KEY, packs_in, received_frame, registry_of
from zhida.assess.columns import assess_registry
from zhida.entitle.best.columns import Combiner
from zhida.entitle.best.lawful import Received
from zhida.entitle.best.letter import letter_of
from zhida.entitle.best.registry import combine_registry
from zhida.entitle.best.subject import combine_subject
from zhida.errors import InputError
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.registry import row_facts
from zhida.report.combination_letter import letter_html, letter_text
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

ROWS = 60


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_in(tmp_path_factory.mktemp("packs"))


@pytest.fixture(scope="module")
def table(packs: Packs) -> pa.Table:
    return combine_registry(packs, tuple(packs.policies), registry_of(packs, ROWS), as_of=DAY)


def one(packs: Packs, **facts: object) -> dict[str, Any]:
    """Return the entitlements of one subject."""
    registry = registry_of(packs, 1)
    frame = registry.frame.with_columns(pl.lit(value).cast(registry.frame.schema[name]).alias(name) for name, value in facts.items())
    given = type(registry)(KEY, frame, registry.metadata, dictionary_differs=False)
    (row,) = combine_registry(packs, tuple(packs.policies), given, as_of=DAY).to_pylist()
    found: dict[str, Any] = row
    return found


ALL: dict[str, object] = {"合同额": 1000, "研发费用": 300, "人数": 20, "高新": True, "突出贡献": False, "成立日期": dt.date(2026, 1, 1)}


def test_a_cap_by_figure_cuts_the_policy_with_the_later_deadline(packs: Packs) -> None:
    row = one(packs, **ALL)
    assert row["demo/match:paid_fen"] == 40000
    assert row["demo/voucher:paid_fen"] == 20000
    assert row["demo/voucher:why"] == "封顶 券合计"
    assert row["demo/match:why"] is None


def test_the_greater_of_two_that_exclude_each_other_is_taken(packs: Packs) -> None:
    row = one(packs, **ALL)
    assert row["demo/small:paid_fen"] == 20000
    assert not row["demo/high:taken"]
    assert row["demo/high:why"] == "择一 税收择一"


def test_a_higher_award_pays_the_difference(packs: Packs) -> None:
    row = one(packs, **ALL)
    assert (row["demo/first:paid_fen"], row["demo/second:paid_fen"]) == (10000, 15000)
    assert row["demo/second:why"] == "补差 奖励补差"


def test_a_prerequisite_without_money_is_held(packs: Packs) -> None:
    row = one(packs, **ALL)
    assert row["demo/title:taken"]
    assert row["demo/title:paid_fen"] == 0
    assert row["demo/bonus:paid_fen"] == 30000
    assert row["demo/founded:why"] == "择高 初创择高"


def test_what_requires_a_title_that_is_not_held_is_given_up(packs: Packs) -> None:
    row = one(packs, **ALL | {"人数": 4})
    assert row["demo/bonus:why"] == "前提 先有称号、择高 初创择高"
    assert row["demo/founded:paid_fen"] == 6000


def test_a_closed_window_is_told(packs: Packs) -> None:
    row = one(packs, **ALL)
    assert row["demo/late:why"] == "错过期限"
    assert not row["demo/late:taken"]


def test_what_a_person_decides_is_in_neither_sum(packs: Packs) -> None:
    row = one(packs, **ALL | {"突出贡献": None, "成立日期": dt.date(2020, 1, 1)})
    assert row["demo/award:why"] == "待核定"
    assert row["demo/founded:why"] == "待核定"
    assert row["total_fen"] == row["possible_fen"]
    assert row["decides"] is None


def test_a_cap_that_is_null_leaves_its_policies_to_a_person(packs: Packs) -> None:
    row = one(packs, **ALL | {"高新": False})
    assert row["demo/free:why"] == "待核定：贡献上限的上限"
    assert row["demo/award:why"] is None
    assert not row["demo/free:taken"]


def test_the_fact_that_raises_the_sum_most_decides(packs: Packs) -> None:
    row = one(packs, **ALL | {"合同额": None})
    assert row["decides"] == "合同额"
    assert row["demo/voucher:why"] == "待核定：还缺事实"


def test_facts_that_decide_only_together_are_told_together(packs: Packs) -> None:
    registry = registry_of(packs, 1)
    unknown = [pl.lit(None).cast(registry.frame.schema[name]).alias(name) for name in ("高新", "研发费用")]
    given = type(registry)(KEY, registry.frame.with_columns(unknown), registry.metadata, dictionary_differs=False)
    (row,) = combine_registry(packs, ("demo/high",), given, as_of=DAY).to_pylist()
    assert row["decides"] == "研发费用、高新"


def test_columns_say_of_each_row_what_the_single_subject_is_told(packs: Packs, table: pa.Table) -> None:
    registry, policies = registry_of(packs, ROWS), tuple(packs.policies)
    for place, row in enumerate(table.to_pylist()):
        facts = row_facts(registry.frame.columns, registry.frame.row(place))
        found = combine_subject(packs, policies, facts, as_of=DAY)
        assert row["total_fen"] == found.sure.total_fen, place
        assert row["possible_fen"] == found.possible.total_fen, place
        assert (row["decides"] or "") == "、".join(found.decides), place
        assert tuple(row[f"{policy}:paid_fen"] for policy in policies) == found.sure.paid_fen, place
        assert tuple(row[f"{policy}:taken"] for policy in policies) == found.sure.is_taken, place


@pytest.mark.long
def test_payments_count_for_rows_as_they_do_for_the_single_subject(packs: Packs) -> None:
    registry, policies = registry_of(packs, ROWS), tuple(packs.policies)
    paid = [
        (f"E{place:05}", policies[place % len(policies)], 1500 * (place % 5), dt.date(2025 + place % 2, 3, 1), "") for place in range(ROWS)
    ]
    paid.append(("没有这一户", policies[0], 1, dt.date(2026, 1, 1), ""))
    table = combine_registry(packs, policies, registry, as_of=DAY, received=received_frame(paid))
    for place, row in enumerate(table.to_pylist()):
        facts = row_facts(registry.frame.columns, registry.frame.row(place))
        _, policy, amount, day, _ = paid[place]
        received = [(policy, Received(-1, amount, Date(day.year, day.month, day.day)))]
        found = combine_subject(packs, policies, facts, as_of=DAY, received=received)
        assert tuple(row[f"{each}:paid_fen"] for each in policies) == found.sure.paid_fen, place
        assert row["possible_fen"] == found.possible.total_fen, place


def test_what_was_received_this_year_is_told(packs: Packs) -> None:
    registry, policies = registry_of(packs, ROWS), tuple(packs.policies)
    plain = combine_registry(packs, policies, registry, as_of=DAY).to_pylist()
    place = next(place for place, row in enumerate(plain) if row["demo/first:paid_fen"])
    received = received_frame([(f"E{place:05}", "demo/first", 4000, dt.date(2026, 2, 1), "")])
    row = combine_registry(packs, policies, registry, as_of=DAY, received=received).to_pylist()[place]
    assert row["demo/first:paid_fen"] == 6000
    assert row["demo/first:why"].startswith("本年已领")


def test_a_payment_that_restricts_what_is_combined_but_is_not_combined_itself_is_refused(packs: Packs) -> None:
    tied = next(group.policies for group in packs.stacking if group.rule.value == "择一")
    registry, received = registry_of(packs, 3), received_frame([("E00001", tied[1], 100, dt.date(2026, 2, 1), "")])
    with pytest.raises(InputError, match="received-not-combined"):
        combine_registry(packs, (tied[0],), registry, as_of=DAY, received=received)


def test_an_amount_beyond_all_proportion_is_refused_rather_than_wrapped(packs: Packs) -> None:
    registry, policies = registry_of(packs, ROWS), tuple(packs.policies)
    results = assess_registry(packs, policies, registry, as_of=DAY)
    name = f"{policies[0]}:amount_fen"
    place = results.schema.get_field_index(name)
    amounts = pa.array([None if value is None else 10**16 + 1 for value in results.column(name).to_pylist()], pa.int64())
    assert amounts.null_count < len(amounts)
    with pytest.raises(InputError, match="combination-too-great"):
        Combiner(packs, policies, as_of=DAY).decide(registry.frame, results.set_column(place, name, amounts))


def test_a_table_does_not_depend_on_how_it_is_cut(packs: Packs, table: pa.Table) -> None:
    registry, policies = registry_of(packs, ROWS), tuple(packs.policies)
    results = assess_registry(packs, policies, registry, as_of=DAY)
    combiner = Combiner(packs, policies, as_of=DAY, key=KEY)
    parts = [combiner.decide(registry.frame.slice(start, 25), results.slice(start, 25)) for start in range(0, ROWS, 25)]
    assert pa.concat_tables([part.replace_schema_metadata(None) for part in parts]).to_pylist() == table.to_pylist()


def test_the_table_says_what_it_was_made_of(packs: Packs, table: pa.Table) -> None:
    metadata = {name.decode(): value.decode() for name, value in table.schema.metadata.items()}
    assert metadata["zhida.as_of"] == str(DAY)
    assert list(json.loads(metadata["zhida.policies"])) == list(packs.policies)
    assert len(metadata["zhida.stacking_sha256"]) == 64
    assert metadata["zhida.known_at"] == "2026-06-30"
    assert table.schema.field("total_fen").type == pa.int64()
    assert table.schema.field("demo/voucher:why").type == pa.dictionary(pa.int32(), pa.string())


def test_no_rows_give_an_empty_table(packs: Packs, table: pa.Table) -> None:
    found = combine_registry(packs, tuple(packs.policies), registry_of(packs, 0), as_of=DAY)
    assert found.num_rows == 0
    assert found.schema.names == table.schema.names


# --- parameters that the place has not filled in --------------------------------------------------------------------


PLACE = """---
policy: demo/place
title: 地方补助
in_force: 2025-01-01/..
subject: enterprise
gives: cash
eligible: 符合
amount: 金额
rounding: {scale: 2, mode: down}
checked: {on: 2026-01-01, by: recalled}
---

```feel 符合: boolean
人数 > 3
```

```feel 金额: number
if 地方加倍 then 10000 * 人数 else 1
```
"""
PARAMETERS = """# 参数

| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |
|---|---|---|---|---|---|---|
| 地方加倍 | boolean | | | 2025-01-01/.. | 区里的通知 | recalled |
"""


@pytest.fixture(scope="module")
def with_place(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    folder = tmp_path_factory.mktemp("place")
    packs_in(folder)
    (folder / "packs" / "demo" / "parameters.md").write_text(PARAMETERS, encoding="utf-8")
    (folder / "packs" / "demo" / "policies" / "place.md").write_text(PLACE, encoding="utf-8")
    packs = load_packs(folder / "packs")
    assert not [item for item in packs.diagnostics if item.severity.value == "error"], [item.render() for item in packs.diagnostics]
    return packs


def test_what_the_subject_itself_can_tell_is_named_beside_a_parameter_of_the_place(with_place: Packs) -> None:
    row = one(with_place, **ALL | {"高新": None})
    assert (row["decides"], row["subject_decides"]) == ("地方加倍", "高新")


def test_where_only_a_parameter_lacks_there_is_nothing_that_the_subject_can_tell(with_place: Packs) -> None:
    row = one(with_place, **ALL)
    assert row["total_fen"] < row["possible_fen"]
    assert (row["decides"], row["subject_decides"]) == ("地方加倍", None)


def test_a_fact_that_decides_only_with_a_parameter_is_none_that_the_subject_can_settle(with_place: Packs) -> None:
    registry = registry_of(with_place, 1)
    frame = registry.frame.with_columns(pl.lit(None).cast(registry.frame.schema["人数"]).alias("人数"))
    given = type(registry)(KEY, frame, registry.metadata, dictionary_differs=False)
    (row,) = combine_registry(with_place, ("demo/place",), given, as_of=DAY).to_pylist()
    assert row["decides"] == "人数、地方加倍"
    assert row["subject_decides"] is None


def test_without_parameters_the_subject_can_tell_all_that_decides(table: pa.Table) -> None:
    rows = table.to_pylist()
    assert any(row["decides"] for row in rows)
    assert all(row["decides"] == row["subject_decides"] for row in rows)


def test_a_letter_says_who_can_tell_what_is_lacking(with_place: Packs) -> None:
    registry, policies = registry_of(with_place, 1), tuple(with_place.policies)
    facts = row_facts(registry.frame.columns, registry.frame.row(0)) | ALL | {"高新": Unknown(frozenset({"高新"}))}
    letter = letter_of(with_place, policies, facts, code="E0", name="", as_of=DAY)
    assert letter.is_alike
    assert (letter.decides, letter.own_decides) == (("地方加倍",), ("高新",))
    assert letter.sure.total_fen < letter.own_possible_fen < letter.possible_fen
    assert letter.lacking["地方加倍"].is_parameter
    assert not letter.lacking["高新"].is_parameter
    text = letter_text(letter, "zh")
    assert "取决于：地方加倍（不是企业的事实；由主管部门填写）" in text
    assert "本户能补的：高新；都有利时合计" in text


def test_a_letter_says_in_sentences_what_is_given_up_and_what_is_chosen_instead(packs: Packs) -> None:
    registry, policies = registry_of(packs, 1), tuple(packs.policies)
    facts = row_facts(registry.frame.columns, registry.frame.row(0)) | ALL
    letter = letter_of(packs, policies, facts, code="E0", name="", as_of=DAY)
    text, english = letter_text(letter, "zh"), letter_text(letter, "en")
    assert "“税收择一”只能选一项，选了《小微优惠》，依据：第二条" in text
    assert "“券合计”合计最多 ¥600.00，另有《配套券》，依据：第一条" in text
    assert "“奖励补差”只补足与较低一项的差额" in text
    assert "税收择一 allows only one" in english
    assert text.count("加起来：") == 1
    assert "可以自己补报" not in text
    assert letter_html(letter, "zh").count("核对通过") == 1


def test_a_cap_that_nobody_knows_yet_is_no_limit_of_the_law(packs: Packs) -> None:
    registry, policies = registry_of(packs, 1), tuple(packs.policies)
    facts = row_facts(registry.frame.columns, registry.frame.row(0)) | ALL | {"人数": Unknown(frozenset({"人数"})), "突出贡献": True}
    letter = letter_of(packs, policies, facts, code="E0", name="", as_of=DAY)
    assert "“贡献上限”的上限还没有定（缺人数），先按最低的" in letter_text(letter, "zh")
