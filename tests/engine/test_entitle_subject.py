"""One subject by the interpreter and the same subject in a registry by columns: the same combination, the same reasons."""

from itertools import product
from pathlib import Path

import pytest

from tests.engine.policy_texts import codes, packs_of
from tests.engine.registry_frames import KEY, registry_of
from tests.engine.test_entitle_examples import GROUPS, POLICIES, grant
from zhida.assess.columns import assess_registry
from zhida.entitle.best.columns import Combiner
from zhida.entitle.best.lawful import Received
from zhida.entitle.best.subject import combine_subject
from zhida.entitle.stacking.caps import AMOUNT, with_caps
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.policy.stacking import Cap
from zhida.values.temporal import Date
from zhida.values.unknown import unknown

AS_OF = Date(2026, 3, 1)
POLICY_IDS = ("demo/a", "demo/b", "demo/c")
FACTS = {
    "人": (10, 9, None),
    "收入": (400, 0, None),
    "限制": (True, False, None),
    "重点": (True, None),
}
"""Facts of subjects; None is not known."""


def packs_with(root: Path, *rows: str) -> Packs:
    page = f"# 叠加\n\n{GROUPS}" + "".join(f"| {row} |\n" for row in rows)
    packs = packs_of(root, {**POLICIES, "demo/stacking.md": page})
    assert codes(packs) == []
    return packs


@pytest.mark.parametrize(
    "rows",
    [
        ("甲 | 择高 | demo/a、demo/b、demo/c |",),
        ("甲 | 择一 | demo/a、demo/b |", "乙 | 封顶 | demo/a、demo/c | if 重点 then 700 else 50"),
        ("甲 | 封顶 | demo/a、demo/b | 0.5 * b额 + 100", "乙 | 前提 | demo/b、demo/c |"),
        ("甲 | 补差 | demo/a、demo/b |", "乙 | 封顶 | demo/b、demo/c | if 收入 > 100 then 600 else null"),
    ],
)
def test_the_columns_and_the_interpreter_agree_on_every_combination_of_facts(tmp_path: Path, rows: tuple[str, ...]) -> None:
    packs = packs_with(tmp_path, *rows)
    subjects = [
        {name: value for name, value in zip(FACTS, values, strict=True) if value is not None} for values in product(*FACTS.values())
    ]
    registry = registry_of(packs, *subjects)
    results = assess_registry(packs, POLICY_IDS, registry, as_of=AS_OF)
    found = Combiner(packs, POLICY_IDS, as_of=AS_OF, key=KEY).decide(registry.frame, results).to_pylist()
    wider, _ = with_caps(packs, [group for group in packs.stacking if isinstance(group.figure, Cap)], AS_OF)
    for facts, row in zip(subjects, found, strict=True):
        told = {name: facts.get(name, unknown(name)) for name in FACTS}
        one = combine_subject(wider, POLICY_IDS, told, as_of=AS_OF)
        assert one.sure.total_fen == row["total_fen"], facts
        assert list(one.sure.paid_fen) == [row[f"{policy}:paid_fen"] for policy in POLICY_IDS], facts
        assert list(one.sure.is_taken) == [row[f"{policy}:taken"] for policy in POLICY_IDS], facts
        assert one.possible.total_fen == row["possible_fen"], facts
        assert "、".join(one.decides) == (row["decides"] or ""), facts


def test_what_one_can_no_longer_apply_for_decides_nothing(tmp_path: Path) -> None:
    closed = {**POLICIES, "demo/policies/b.md": grant("b", "收入", window="2026-01-01/2026-01-31")}
    packs = packs_of(tmp_path, {**closed, "demo/stacking.md": f"# 叠加\n\n{GROUPS}| 甲 | 择高 | demo/a、demo/b |\n"})
    one = combine_subject(packs, ("demo/a", "demo/b"), {"人": 10}, as_of=AS_OF)
    assert (one.sure.total_fen, one.possible.total_fen, one.is_open, one.decides) == (30000, 30000, False, ())
    registry = registry_of(packs, {"人": 10})
    results = assess_registry(packs, ("demo/a", "demo/b"), registry, as_of=AS_OF)
    (row,) = Combiner(packs, ("demo/a", "demo/b"), as_of=AS_OF, key=KEY).decide(registry.frame, results).to_pylist()
    assert (row["total_fen"], row["possible_fen"], row["decides"]) == (30000, 30000, None)


def test_caps_are_compiled_once_and_packs_that_hold_them_stay_as_they_are(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, "甲 | 封顶 | demo/a、demo/b | 0.5 * 收入", "乙 | 封顶 | demo/a、demo/b | 0.5 * 收入")
    wider, ids = with_caps(packs, packs.stacking, AS_OF)
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert wider.policies[ids[0]].published.keys() == {AMOUNT}
    assert with_caps(wider, packs.stacking, AS_OF) == (wider, ids)
    assert set(packs.policies) == set(POLICIES_READ)


def test_what_a_cap_names_of_a_policy_that_is_no_law_on_the_day_counts_as_nothing(tmp_path: Path) -> None:
    later = grant("b", "收入", in_force="2026-07-01/..")
    files = {
        **POLICIES,
        "demo/policies/b.md": later,
        "demo/stacking.md": f"# 叠加\n\n{GROUPS}| 甲 | 封顶 | demo/a、demo/b | max(120, b额) |\n",
    }
    packs = packs_of(tmp_path, files)
    ids, facts = ("demo/a", "demo/b"), {"人": 10, "收入": 1000}
    one = combine_subject(packs, ids, facts, as_of=AS_OF)
    assert (one.sure.total_fen, one.review) == (12000, ())
    registry = registry_of(packs, facts)
    results = assess_registry(packs, ids, registry, as_of=AS_OF)
    (row,) = Combiner(packs, ids, as_of=AS_OF, key=KEY).decide(registry.frame, results).to_pylist()
    assert row["total_fen"] == 12000


POLICIES_READ = ("demo/a", "demo/b", "demo/c", "demo/size")
"""What the packs hold without caps."""


def test_a_cap_over_a_fact_that_a_person_judges_is_missing_rather_than_left_to_a_person(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, "甲 | 封顶 | demo/a | if 重点 then 200 else 50")
    one = combine_subject(packs, ("demo/a",), {"人": 10}, as_of=AS_OF)
    assert (one.sure.total_fen, one.possible.total_fen, one.decides, one.review) == (5000, 20000, ("重点",), ())


def test_a_policy_that_is_not_law_on_the_day_gives_nothing(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, "甲 | 择高 | demo/a、demo/b |")
    one = combine_subject(packs, ("demo/a", "demo/b"), {"人": 10}, as_of=Date(2024, 12, 31))
    assert (one.sure.total_fen, one.possible.total_fen, one.decides, one.is_open) == (0, 0, (), False)


def test_what_decides_among_many_missing_facts_is_the_same_in_columns(tmp_path: Path) -> None:
    """A policy that lacks eleven facts beside one that lacks two of them: these two decide, and not all eleven."""
    names = [f"事实{letter}" for letter in "甲乙丙丁戊己庚辛壬癸子"]
    book = "# 企业\n\n| 属性 | 类型 | 单位 | 来源 |\n|---|---|---|---|\n" + "".join(f"| {name} | boolean | | 示例 |\n" for name in names)
    texts = {
        "demo/registry/enterprise.md": book,
        "demo/policies/a.md": grant("a", f"if {' and '.join(names)} then 900 else 0"),
        "demo/policies/b.md": grant("b", f"if {names[3]} and {names[7]} then 100 else 0"),
        "demo/stacking.md": f"# 叠加\n\n{GROUPS}| 甲 | 择高 | demo/a、demo/b | |\n",
    }
    packs = packs_of(tmp_path, texts)
    assert codes(packs) == []
    policies = ("demo/a", "demo/b")
    one = combine_subject(packs, policies, {}, as_of=AS_OF)
    assert (one.sure.total_fen, one.possible.total_fen, one.decides) == (0, 90000, tuple(sorted((names[3], names[7]))))
    registry = registry_of(packs, {})
    results = assess_registry(packs, policies, registry, as_of=AS_OF)
    (row,) = Combiner(packs, policies, as_of=AS_OF, key=KEY).decide(registry.frame, results).to_pylist()
    assert row["decides"] == "、".join(one.decides)


def test_what_was_received_of_a_policy_that_is_not_combined_is_not_lost(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, "甲 | 择一 | demo/a、demo/b |", "乙 | 可叠加 | demo/a、demo/c |")
    paid = Received(-1, 10000, Date(2026, 2, 1))
    with pytest.raises(InputError) as caught:
        combine_subject(packs, ("demo/a",), {"人": 10}, as_of=AS_OF, received=[("demo/b", paid)])
    (item,) = caught.value.diagnostics
    assert item.code == "received-not-combined"
    assert (item.arguments["name"], item.arguments["policy"], item.arguments["group"]) == ("demo/b", "demo/a", "甲")
    assert combine_subject(packs, ("demo/a", "demo/b"), {"人": 10}, as_of=AS_OF, received=[("demo/b", paid)]).sure.total_fen == 0
    assert combine_subject(packs, ("demo/a",), {"人": 10}, as_of=AS_OF, received=[("demo/c", paid)]).sure.total_fen == 30000
