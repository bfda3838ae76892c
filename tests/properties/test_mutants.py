"""Seeded mutants: how they are drawn, what brute force says of them, and that a sample of them is found.

`python -m tests.mutants` judges hundreds and prints the table by kind; here a few dozen of them, with `make check`.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, packs_with
from tests.mutants.accepting import Accepting
from tests.mutants.brute import Standing, Trial, Versions, compare
from tests.mutants.drawing import draw
from tests.mutants.judging import Workshop, replaced
from tests.mutants.places import KINDS, changes_of, mutated
from tests.packs import the_packs
from zhida.policy.pack import Packs, with_policy
from zhida.source import Source

SAMPLE = 40

BODY = """
```feel 人均收入: number
收入 / 人
```

| F | 人 | 人均收入 | **符合: boolean** |
|---|---|---|---|
| 1 | < 30 | - | false |
| 2 | >= 30 | >= 10000 | true |
| 3 | - | - | false |
| 否则 | - | - | false |

## 例

| 例 | 人 | 收入 | **符合** |
|---|---|---|---|
| 1 | 40 | 500000 | true |
"""


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def trial_of(packs: Packs, kind: str, old: str, new: str) -> Trial:
    """Return what brute force says of one change of the policy above."""
    policy = packs.policies["demo/a"]
    change = next(each for each in changes_of(policy, kind) if (each.old, each.new) == (old, new))
    source = Source(policy.document.source.name, mutated(policy.document.source.text, change))
    changed = replaced(packs, with_policy(packs, "demo/a", source))
    return compare(Versions(packs, changed, "demo/a", f"demo/a#{change.element}"), AS_OF, "seed")


@pytest.mark.long
def test_a_mutant_follows_from_its_seed_and_number(packs: Packs) -> None:
    few, many = draw(packs, 7, 30), draw(packs, 7, 60)
    assert few == many[:30]
    assert few != draw(packs, 8, 30)


@pytest.mark.long
def test_mutants_are_spread_over_kinds_and_policies(packs: Packs) -> None:
    drawn = draw(packs, 1, 300)
    by_kind = Counter(each.kind for each in drawn)
    assert set(by_kind) == set(KINDS)
    assert max(by_kind.values()) <= 40
    assert len({each.policy for each in drawn}) > 70
    assert max(Counter((each.kind, each.policy) for each in drawn if each.kind != "stacking").values()) <= 2


def test_a_change_touches_nothing_but_its_place(packs: Packs) -> None:
    for mutant in draw(packs, 3, 200):
        if mutant.kind == "stacking":
            continue
        before = packs.policies[mutant.policy].document.source.text
        after = mutated(before, mutant.change)
        first, last = mutant.change.edits[0], mutant.change.edits[-1]
        assert before != after
        assert before[: first.start] == after[: first.start]
        assert after.endswith(before[last.end :])


def test_a_bound_that_is_moved_shows_on_the_line(tmp_path: Path) -> None:
    trial = trial_of(packs_with(tmp_path, BODY), "moved-bound", "30", "31")
    assert trial.standing is Standing.DIFFERENT
    assert "人 = 30" in trial.witness


def test_a_line_on_what_is_computed_is_met_by_bisection(tmp_path: Path) -> None:
    trial = trial_of(packs_with(tmp_path, BODY), "comparison", ">=", ">")
    assert trial.standing is Standing.DIFFERENT


def test_a_rule_that_others_stand_in_for_is_dropped_without_a_difference(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, BODY)
    row = next(each.old for each in changes_of(packs.policies["demo/a"], "dropped-rule") if each.old.startswith("| 1 "))
    assert trial_of(packs, "dropped-rule", row, "").standing is Standing.LOCALLY_EQUAL


def test_a_mutant_that_no_example_meets_is_not_found_and_brute_force_says_who_would_meet_it(tmp_path: Path) -> None:
    packs_with(tmp_path, BODY)
    shop = Workshop(tmp_path, Accepting(None, is_on=False), is_proved=False)
    mutants = [each for each in draw(shop.packs, 1, 500) if each.kind == "moved-bound"]
    judged = {(each.change.old, each.change.new): shop.judge(each) for each in mutants}
    missed = judged["30", "31"]
    assert not missed.is_found
    assert missed.trial is not None
    assert "人 = 30" in missed.trial.witness
    assert not replace(missed, example="1").is_equal


@pytest.mark.long
def test_mutants_are_found_by_an_error_or_an_accepted_example(tmp_path: Path) -> None:
    shop = Workshop(Path("packs"), Accepting(tmp_path, is_on=True))
    drawn = draw(shop.packs, 20, SAMPLE)
    originals = sorted({each.policy for each in drawn if each.kind != "stacking"})
    assert {id_: faults for id_ in originals if (faults := shop.faults_of_original(id_))} == {}
    judged = {each.words: shop.judge(each) for each in drawn}
    assert [words for words, each in judged.items() if not each.is_found and not each.is_equal] == []
    assert sum(each.is_found for each in judged.values()) > SAMPLE // 2
