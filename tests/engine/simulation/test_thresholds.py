"""Thresholds: what each costs at other values, and which value spends a sum, is what the interpreter decides."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.simulation.simulated_packs import (
    AWARD,
    DAY,
    ROWS,
    SIZE,
    VOUCHER,
    changed,
    costing_of,
    facts_of_all,
    sure_fen,
    voucher,
)
from zhida.assess.subject import assess_subject
from zhida.entitle.simulation.costing import Sought
from zhida.entitle.simulation.findings import Findings
from zhida.entitle.simulation.thresholds import Threshold, costed, find_threshold, thresholds_of, varied
from zhida.errors import CompileError, InputError, diagnostic
from zhida.policy.pack import Packs
from zhida.registry_io.sources import Source
from zhida.report.simulation_verdict import sought_words
from zhida.values.temporal import Date


def test_a_line_that_stands_in_several_cells_is_one_threshold(packs: Packs) -> None:
    found = {each.address: each for each in thresholds_of(packs, VOUCHER, DAY)}
    lines = [(str(each.value), each.rule, each.column, len(each.places), each.unit) for each in found.values()]
    assert lines == [
        ("500000", "1", "合同额", 2, "元"),
        ("0.5", "1", "券比例", 1, ""),
        ("0.3", "2", "券比例", 1, ""),
        ("0.2", "否则", "券比例", 1, ""),
        ("800000", "", "", 1, ""),
    ]
    for address, each in found.items():
        assert each.span is not None
        assert each.span.text == str(each.value)
        assert address == f"{VOUCHER}:{each.span.line}:{each.span.column}"
    assert next(iter(found.values())).article == "第三条（一）"


def test_a_threshold_is_found_by_place_rule_and_parameter(packs: Packs) -> None:
    first = thresholds_of(packs, VOUCHER, DAY)[0]
    assert find_threshold(packs, first.address, DAY) == first
    other = first.places[1]
    assert find_threshold(packs, f"{VOUCHER}:{other.line}:{other.column}", DAY) == first
    assert find_threshold(packs, f"{VOUCHER}:1:合同额", DAY) == first
    assert find_threshold(packs, "减免比例", DAY).is_parameter
    for address in (VOUCHER, f"{VOUCHER}:9:9", "demo/nobody", "示例文字"):
        with pytest.raises(InputError, match="simulation-threshold-unknown"):
            find_threshold(packs, address, DAY)


def test_a_threshold_is_varied_in_all_its_places_and_nothing_else_is(packs: Packs) -> None:
    line = thresholds_of(packs, VOUCHER, DAY)[0]
    text = varied(packs, line, Decimal(600000), DAY).policies[VOUCHER].document.source.text
    assert text == packs.policies[VOUCHER].document.source.text.replace("(0..500000]", "(0..600000]").replace("> 500000", "> 600000")


def test_points_of_a_curve_are_at_least_eleven_with_the_present_one_among_them(packs: Packs) -> None:
    for policy in packs.policies:
        for each in thresholds_of(packs, policy, DAY):
            points = each.points()
            assert len(points) >= 11
            assert each.rounded(each.value) in points
            assert list(points) == sorted(points)
            assert len({point.as_tuple().exponent for point in points}) == 1
    small = Threshold("p:1:1", "p", Decimal(3), "", (), "d", "", "", "", is_test=True)
    assert small.points() == tuple(map(Decimal, range(1, 12)))


def test_a_parameter_costs_what_rests_on_it(packs: Packs) -> None:
    assert costed(packs, find_threshold(packs, "奖励标准", DAY), DAY) == (AWARD,)
    assert costed(packs, thresholds_of(packs, SIZE, DAY)[0], DAY) == (VOUCHER,)


@pytest.mark.long
def test_each_point_of_a_curve_is_what_the_interpreter_decides(packs: Packs, source: Source) -> None:
    line = thresholds_of(packs, VOUCHER, DAY)[0]
    curve = costing_of(packs, source).curve(packs, line)
    for point in (curve.points[0], curve.present, curve.points[-1]):
        side = varied(packs, line, point.value, DAY)
        found = [assess_subject(side, VOUCHER, facts, as_of=DAY) for _, facts in facts_of_all()]
        amounts = [sure_fen(each) for each in found]
        assert (point.fen, point.subjects) == (sum(amounts), sum(amount > 0 for amount in amounts))
    assert not curve.is_flat


def test_the_value_that_is_sought_is_the_last_that_does_not_spend_more(packs: Packs, source: Source) -> None:
    ratio = find_threshold(packs, f"{VOUCHER}:1:券比例", DAY)
    costing = costing_of(packs, source)
    present = costing.at(packs, ratio, ratio.value, (VOUCHER,)).fen
    assert present is not None
    target = present * 9 // 10
    sought = costing.seek(packs, ratio, target)
    assert sought.is_monotone
    assert sought.found is not None
    assert sought.beyond is not None
    assert sought.beyond.value - sought.found.value == ratio.step == Decimal("0.0001")
    assert (sought.found.fen or 0) <= target < (sought.beyond.fen or 0)


@pytest.mark.long
def test_what_cannot_be_spent_is_told_with_what_was_tried(packs: Packs, source: Source) -> None:
    sought = costing_of(packs, source).seek(packs, find_threshold(packs, f"{VOUCHER}:1:券比例", DAY), 10**15)
    assert sought.found is None
    assert sought.beyond is None
    assert max(each.value for each in sought.tried) == 1


@pytest.mark.long
def test_a_cost_that_goes_up_and_down_is_told(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    """The line up to which 50 % is given moves people between two ratios: with `0.2` below it, more is not always more."""
    text = voucher("0.25").replace("| 2 | - | > 500000 | 0.3 |", "| 2 | - | > 500000 | if 合同额 < 1500000 then 0.1 else 0.3 |")
    after = changed(packs, root, tmp_path, {"voucher.md": text})
    sought = costing_of(after, source).seek(after, find_threshold(after, f"{VOUCHER}:1:合同额", DAY), 10**9)
    assert not sought.is_monotone


@pytest.mark.long
def test_values_with_which_the_policy_has_errors_are_told_and_none_of_them_is_found(
    packs: Packs, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratio = find_threshold(packs, f"{VOUCHER}:1:券比例", DAY)
    costing = costing_of(packs, source)
    present = costing.at(packs, ratio, ratio.value, (VOUCHER,)).fen
    assert present is not None

    def faulty(packs: Packs, threshold: Threshold, value: Decimal, as_of: Date) -> Packs:
        if Decimal("0.46") < value < ratio.value:
            raise CompileError([diagnostic("policy-no-policies", name="0.49")])
        return varied(packs, threshold, value, as_of)

    monkeypatch.setattr("zhida.entitle.simulation.costing.varied", faulty)
    sought = costing.seek(packs, ratio, present - 1)
    assert (sought.found, sought.beyond) == (None, None)
    faults = [each for each in sought.tried if each.fen is None]
    assert faults
    assert all("0.49" in each.fault for each in faults)
    assert "政策不成立" in sought_words(found_of(sought), "zh")
    assert "has errors" in sought_words(found_of(sought), "en")


@pytest.mark.long
@pytest.mark.parametrize(("target", "zh"), [(10**15, "花不到"), (0, "降不到")])
def test_a_sum_out_of_reach_is_told_as_too_much_or_too_little(packs: Packs, source: Source, target: int, zh: str) -> None:
    sought = costing_of(packs, source).seek(packs, find_threshold(packs, f"{VOUCHER}:1:券比例", DAY), target)
    assert sought.found is None
    assert zh in sought_words(found_of(sought), "zh")


def found_of(sought: Sought) -> Findings:
    return Findings(DAY, "r", is_synthetic=True, subjects=ROWS, changes=(), sought=sought)


def test_a_registry_that_is_too_large_to_be_kept_is_read_again(packs: Packs, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    line = thresholds_of(packs, VOUCHER, DAY)[1]
    kept = costing_of(packs, source).at(packs, line, Decimal("0.4"), (VOUCHER,))
    monkeypatch.setattr("zhida.entitle.simulation.costing.MOST_KEPT_ROWS", 1)
    again = costing_of(packs, source)
    assert again.at(packs, line, Decimal("0.4"), (VOUCHER,)) == kept
    assert not again.kept
