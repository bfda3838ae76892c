"""Simulations: what is told of a change is what the interpreter says of both sides, and nothing is decided that cannot differ."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from tests.engine.simulation.simulated_packs import (
    AWARD,
    DAY,
    KEY,
    PARAMETERS,
    RELIEF,
    ROWS,
    SIZE,
    SIZES,
    STACKING,
    VOUCHER,
    changed,
    costing_of,
    facts_of_all,
    registry_in,
    source_of,
    sure_fen,
    texts,
    voucher,
)
from tests.house.tree import plant
from zhida.assess.assessment import Outcome
from zhida.assess.order import RunOrder, plan_parts
from zhida.assess.run import run
from zhida.assess.subject import assess_subject
from zhida.entitle.best.columns import Combiner
from zhida.entitle.budgets.applications import read_applications
from zhida.entitle.simulation.changes import (
    packs_after,
    read_changes,
    users_of,
    with_figures,
)
from zhida.entitle.simulation.comparing import Settings, Simulation, compare_sides
from zhida.entitle.simulation.deciding import Reuse, reuse_of
from zhida.entitle.simulation.effects import effects_of
from zhida.entitle.simulation.groupings import GROUPINGS, groupings_of
from zhida.entitle.simulation.money import Budgets
from zhida.entitle.simulation.relief import relief_of, relief_policies
from zhida.entitle.simulation.scenario import Reason, Scenario, plan_scenario
from zhida.entitle.simulation.stacked import Combining, is_alike
from zhida.entitle.simulation.tally import Compared, Pair
from zhida.entitle.simulation.thresholds import thresholds_of
from zhida.entitle.simulation.walking import in_order
from zhida.errors import CompileError, InputError
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.sources import Source
from zhida.values.temporal import Date


def open_combining(packs: Packs, policies: Sequence[str], as_of: Date, key: str) -> Combining:
    return Combiner(packs, policies, as_of=as_of, key=key)


def scenario_of(packs: Packs, after: Packs) -> Scenario:
    return plan_scenario(packs, after, subject="enterprise", as_of=DAY)


def simulate(scenario: Scenario, source: Source, *, is_stacked: bool = False, threads: int = 2) -> tuple[Simulation, pl.DataFrame]:
    """Return the figures and the changes."""
    parts: list[Compared] = []
    groupings = groupings_of(scenario.before, GROUPINGS, subject="enterprise", as_of=DAY)
    simulation = compare_sides(
        scenario,
        source,
        groupings,
        open_combining=open_combining if is_stacked else None,
        settings=Settings(threads),
        sink=parts.append,
    )
    return simulation, pl.concat([part.changes for part in parts]) if parts else pl.DataFrame()


# --- changes -------------------------------------------------------------------------------------------------------


def test_a_changed_file_and_reading_the_folder_with_it_give_the_same_packs(packs: Packs, root: Path, tmp_path: Path) -> None:
    after = changed(packs, root, tmp_path / "new", {"demo/policies/voucher.md": voucher("0.6")})
    read = load_packs(plant(tmp_path / "whole", {**texts(), "demo/policies/voucher.md": voucher("0.6")}))
    assert {id_: policy.sha256 for id_, policy in after.policies.items()} == {id_: policy.sha256 for id_, policy in read.policies.items()}
    assert list(after.policies) == list(read.policies)
    assert scenario_of(read, after).is_empty


def test_a_new_policy_and_new_pages_are_read_from_beside_the_packs(packs: Packs, root: Path, tmp_path: Path) -> None:
    new = texts()["demo/policies/award.md"].replace(AWARD, "demo/bonus").replace("示例奖", "新奖")
    files = {
        "any/bonus.md": new,
        "demo/parameters.md": PARAMETERS.replace("50000", "60000"),
        "demo/stacking.md": STACKING.replace("0.4", "0.3"),
    }
    after = changed(packs, root, tmp_path, files)
    scenario = scenario_of(packs, after)
    assert {each.policy: each.reason for each in scenario.touched} == {"demo/bonus": Reason.NEW, AWARD: Reason.FIGURES}
    assert scenario.groups == ("券与奖",)
    assert scenario.beside == (VOUCHER,)
    assert scenario.figures == (("奖励标准", "50000", "60000"),)


def test_a_folder_of_packs_is_a_change(packs: Packs, root: Path, tmp_path: Path) -> None:
    folder = plant(tmp_path / "new", {"demo/policies/voucher.md": voucher("0.6")})
    found = read_changes([folder], packs)
    assert [(change.path, change.policy) for change in found] == [("demo/policies/voucher.md", VOUCHER)]
    assert read_changes([folder / "demo"], packs)[0].path == found[0].path
    assert [each.policy for each in scenario_of(packs, packs_after(packs, root, found)).touched] == [VOUCHER]


@pytest.mark.parametrize(
    ("name", "text"), [("notes.md", "# 随手记\n"), ("elsewhere/parameters.md", PARAMETERS), ("a.txt", voucher()), ("stacking.md", STACKING)]
)
def test_a_file_that_belongs_to_no_pack_is_refused(packs: Packs, tmp_path: Path, name: str, text: str) -> None:
    plant(tmp_path, {name: text})
    with pytest.raises(InputError, match="simulation-change-unknown"):
        read_changes([tmp_path / name], packs)


def test_an_empty_folder_is_refused(packs: Packs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="policy-no-policies"):
        read_changes([tmp_path], packs)


@pytest.mark.parametrize(
    "text",
    [voucher("0.6 +"), voucher().replace("min(合同额", "min(合同"), voucher(more="\nreplaces: demo/nobody")],
    ids=["syntax", "name", "replaces"],
)
def test_a_change_with_errors_is_told_at_its_place(packs: Packs, root: Path, tmp_path: Path, text: str) -> None:
    with pytest.raises(CompileError) as caught:
        changed(packs, root, tmp_path, {"voucher.md": text})
    assert all(item.span is not None and item.span.source.name == str(tmp_path / "voucher.md") for item in caught.value.diagnostics)


def test_users_of_a_policy_are_those_that_rest_on_it(packs: Packs) -> None:
    assert users_of(packs, [SIZE]) == (SIZE, VOUCHER)


def test_a_figure_is_set_for_the_day(packs: Packs) -> None:
    after = with_figures(packs, {"奖励标准": "60000"}, DAY)
    assert after.figures(DAY)["parameter:奖励标准"] == Decimal(60000)
    assert packs.figures(DAY)["parameter:奖励标准"] == Decimal(50000)
    earlier = with_figures(packs, {"奖励标准": "1"}, Date(2025, 5, 5))
    assert (earlier.figures(DAY)["parameter:奖励标准"], earlier.figures(Date(2025, 5, 5))["parameter:奖励标准"]) == (50000, 1)


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        ({"奖励标": "1"}, "simulation-parameter-unknown"),
        ({"奖励标准": '"多"'}, "simulation-parameter-value"),
        ({"奖励标准": "1 +"}, "simulation-parameter-value"),
        ({"奖励标准": "1 / 0"}, "simulation-parameter-value"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(packs: Packs, figures: dict[str, str], code: str) -> None:
    with pytest.raises(InputError, match=code):
        with_figures(packs, figures, DAY)


# --- what is touched -----------------------------------------------------------------------------------------------


def test_only_what_a_change_touches_is_decided(packs: Packs, root: Path, tmp_path: Path) -> None:
    scenario = scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.6")}))
    assert [(each.policy, each.reason) for each in scenario.touched] == [(VOUCHER, Reason.TEXT)]
    assert scenario.beside == (AWARD,), "a cap ties it to the voucher"
    assert scenario.policies(is_after=True) == (AWARD, VOUCHER)


def test_who_uses_a_changed_policy_is_touched(packs: Packs, root: Path, tmp_path: Path) -> None:
    size = texts()["demo/policies/size.md"].replace("300", "200")
    scenario = scenario_of(packs, changed(packs, root, tmp_path, {"demo/policies/size.md": size}))
    assert {each.policy: each.reason for each in scenario.touched} == {SIZE: Reason.TEXT, VOUCHER: Reason.USED}


def test_a_policy_that_is_gone_or_in_force_otherwise_is_touched(packs: Packs, tmp_path: Path) -> None:
    files = texts()
    del files["demo/policies/relief.md"]
    files["demo/policies/award.md"] = files["demo/policies/award.md"].replace("2025-01-01/..", "2025-01-01/2025-12-31")
    scenario = scenario_of(packs, load_packs(plant(tmp_path, files)))
    touched = {each.policy: each for each in scenario.touched}
    assert touched[RELIEF].reason is Reason.REMOVED
    assert touched[AWARD].is_law == (True, False)


def test_nothing_is_touched_where_nothing_changed(packs: Packs, source: Source) -> None:
    scenario = scenario_of(packs, packs)
    assert scenario.is_empty
    simulation, changes = simulate(scenario, source)
    assert simulation.tally.subjects == ROWS
    assert changes.is_empty()


# --- figures -------------------------------------------------------------------------------------------------------


def test_the_figures_of_a_change_are_those_of_the_interpreter(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    size = texts()["demo/policies/size.md"].replace(SIZES, SIZES.replace("300", "301"))
    after = changed(packs, root, tmp_path, {"demo/policies/size.md": size, "demo/policies/voucher.md": voucher("0.45")})
    simulation, changes = simulate(scenario_of(packs, after), source)
    told = {(row[KEY], row["policy"]): row for row in changes.iter_rows(named=True)}
    gross, moves = {"before": 0, "after": 0}, {Outcome.ELIGIBLE: 0, Outcome.UNDETERMINED: 0}
    gained = lost = winners = losers = 0
    for key, facts in facts_of_all():
        both = [assess_subject(each, VOUCHER, facts, as_of=DAY) for each in (packs, after)]
        amounts = [sure_fen(each) for each in both]
        gross["before"] += amounts[0]
        gross["after"] += amounts[1]
        moves[Outcome.ELIGIBLE] += both[0].outcome is Outcome.ELIGIBLE
        moves[Outcome.UNDETERMINED] += both[1].outcome is Outcome.UNDETERMINED
        change = amounts[1] - amounts[0]
        gained, lost = gained + max(change, 0), lost - min(change, 0)
        winners, losers = winners + (change > 0), losers + (change < 0)
        row = told.pop((key, VOUCHER), None)
        assert (row is None) == (both[0].outcome == both[1].outcome and amounts[0] == amounts[1]), key
        if row is not None:
            assert [row["gross_fen_before"], row["gross_fen_after"]] == amounts
            assert [row["outcome_before"], row["outcome_after"]] == [each.outcome for each in both]
    assert all(policy == SIZE for _, policy in told)
    tally = simulation.tally
    assert tally.policies[VOUCHER].gross_fen == Pair(gross["before"], gross["after"])
    assert (tally.gained_fen, tally.lost_fen, tally.winners, tally.losers) == (gained, lost, winners, losers)
    assert winners
    assert losers
    assert tally.policies[VOUCHER].count(0).before == moves[Outcome.ELIGIBLE]
    assert tally.policies[VOUCHER].count(2).after == moves[Outcome.UNDETERMINED]


def test_groups_add_up_to_the_whole(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    tally = simulate(scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.6")})), source)[0].tally
    assert list(tally.groups) == list(GROUPINGS)
    for groups in tally.groups.values():
        assert sum(each.subjects for each in groups.values()) == ROWS
        total = sum((each.gross_fen for each in groups.values()), Pair(0, 0))
        assert total == sum((each.gross_fen for each in tally.policies.values()), Pair(0, 0))
        assert sum(each.winners for each in groups.values()) == tally.winners
    assert set(tally.groups["行业"]) == {"C 制造业", "I 信息业", ""}
    assert set(tally.groups["规模"]) == {"大型", "小型", ""}
    assert set(tally.groups["街道"]) == {"东街", "西街", ""}


def test_who_gains_most_stands_first_and_ties_go_by_the_code(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    simulation, changes = simulate(scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.6")})), source)
    gain = pl.col("net_fen_after") - pl.col("net_fen_before")
    expected = changes.select(KEY, gain=gain).filter(pl.col("gain") > 0).sort([-pl.col("gain"), pl.col(KEY)]).head(20)
    assert [(each.key, each.fen.change) for each in simulation.tally.most] == list(expected.iter_rows())
    assert simulation.tally.least == []


@pytest.mark.parametrize("ratio", ["0.6", pytest.param("0.1", marks=pytest.mark.long)])
def test_after_stacking_the_cap_takes_away_what_it_takes_from_everybody(
    packs: Packs, root: Path, source: Source, tmp_path: Path, ratio: str
) -> None:
    after = changed(packs, root, tmp_path, {"voucher.md": voucher(ratio)})
    parts: list[Compared] = []
    groupings = groupings_of(packs, (), subject="enterprise", as_of=DAY)
    found = compare_sides(scenario_of(packs, after), source, groupings, open_combining=open_combining, sink=parts.append)
    assert found.is_stacked
    told = {row[0]: row[1:] for part in parts for row in part.rows.select(KEY, "net:before", "net:after").iter_rows()}
    met = 0
    for key, facts in facts_of_all():
        contract = facts.get("合同额")
        if not isinstance(contract, Decimal) or not {"从业人员", "高新企业"} <= facts.keys():
            continue  # of whom something is not known, only the least counts
        sums = []
        for side in (packs, after):
            both = [assess_subject(side, policy, facts, as_of=DAY) for policy in (VOUCHER, AWARD)]
            sums.append(sum(map(sure_fen, both)))
        met += sums[0] > contract * 40
        assert told[key] == tuple(min(fen, int(contract * 40)) for fen in sums), key
    assert met > 10, "the cap does something"
    changes = pl.concat([part.changes for part in parts])
    assert (changes["net_fen_before"] <= changes["gross_fen_before"]).all()
    assert (changes["net_fen_after"] <= changes["gross_fen_after"]).all()
    assert all(each.net_fen.after <= each.gross_fen.after for each in found.tally.policies.values()), "stacking adds nothing"
    ratio_line = thresholds_of(after, VOUCHER, DAY)[1]
    assert costing_of(after, source).curve(after, ratio_line).present.fen == found.tally.policies[VOUCHER].gross_fen.after


def test_what_is_left_is_worked_out_only_for_those_who_get_anything(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    asked: list[int] = []

    class Counting:
        def __init__(self, combining: Combining) -> None:
            self.combining = combining

        def decide(self, batch: pl.DataFrame, results: pa.Table) -> pa.Table:
            asked.append(batch.height)
            return self.combining.decide(batch, results)

        def keep(self) -> None:
            self.combining.keep()

    def counting(packs: Packs, policies: Sequence[str], as_of: Date, key: str) -> Combining:
        return Counting(open_combining(packs, policies, as_of, key))

    scenario = scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.6")}))
    groupings = groupings_of(packs, (), subject="enterprise", as_of=DAY)
    parts: list[Compared] = []
    compare_sides(scenario, source, groupings, open_combining=counting, settings=Settings(1), sink=parts.append)
    rows = pl.concat([part.rows for part in parts])
    getting = rows.filter(pl.col("gross:before") > 0).height
    differing = rows.filter((pl.col("gross:after") > 0) & (pl.col("gross:before") != pl.col("gross:after"))).height
    assert 0 < differing < getting < ROWS
    assert getting + differing <= sum(asked) < ROWS * 2
    assert (rows.filter(pl.col("gross:before") == 0)["net:before"] == 0).all()


@pytest.mark.long
def test_what_is_left_is_the_same_where_only_changed_rows_are_worked_out_again(
    packs: Packs, root: Path, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.6")}))
    assert is_alike(scenario)
    few = simulate(scenario, source, is_stacked=True)
    monkeypatch.setattr("zhida.entitle.simulation.stacked.is_alike", lambda _: False)
    whole = simulate(scenario, source, is_stacked=True)
    assert few[1].equals(whole[1])
    assert few[0].tally.policies == whole[0].tally.policies


def test_where_stacking_itself_changes_everybody_is_worked_out_again(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    after = changed(packs, root, tmp_path, {"demo/stacking.md": STACKING.replace("0.4", "0.1")})
    scenario = scenario_of(packs, after)
    assert not is_alike(scenario)
    assert not scenario.touched
    simulation, _ = simulate(scenario, source, is_stacked=True)
    assert simulation.tally.losers > 0
    assert not simulation.tally.winners


@pytest.mark.long
@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_threads_gives_the_same_figures(packs: Packs, root: Path, source: Source, tmp_path: Path, threads: int) -> None:
    scenario = scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.6")}))
    one, two = simulate(scenario, source, threads=1), simulate(scenario, source, threads=threads)
    assert one[1].equals(two[1])
    assert replace(one[0].tally, groupings=two[0].tally.groupings) == two[0].tally


def test_a_new_policy_has_nobody_before(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    new = texts()["demo/policies/award.md"].replace(AWARD, "demo/bonus")
    tally = simulate(scenario_of(packs, changed(packs, root, tmp_path, {"bonus.md": new})), source)[0].tally
    bonus = tally.policies["demo/bonus"]
    assert bonus.gross_fen.before == 0 < bonus.gross_fen.after
    assert sum(bonus.moves[5]) == ROWS


# --- former results ------------------------------------------------------------------------------------------------


@contextmanager
def assessed(packs: Packs, registry: Path, folder: Path) -> Iterator[Path]:
    """Give the results of a run over the registry."""
    folder.mkdir()
    order = RunOrder(packs, tuple(packs.policies), packs.dictionaries["enterprise"], DAY, 1)
    opened = source_of(packs, registry)
    run(order, plan_parts(order), opened, folder)
    opened.close()
    yield folder


@pytest.mark.long
def test_former_results_serve_for_the_side_before(packs: Packs, root: Path, registry: Path, source: Source, tmp_path: Path) -> None:
    scenario = scenario_of(packs, changed(packs, root, tmp_path / "new", {"voucher.md": voucher("0.6")}))
    decided = simulate(scenario, source)
    with assessed(packs, registry, tmp_path / "results") as folder:
        order = scenario.order(scenario.policies(is_after=False), is_after=False)
        reuse = reuse_of(folder, order, source)
        assert reuse[0] is not None
        assert reuse[0].policies == order.policies
        assert not reuse[1]
        groupings = groupings_of(packs, GROUPINGS, subject="enterprise", as_of=DAY)
        parts: list[Compared] = []
        found = compare_sides(scenario, source, groupings, reuse=reuse, sink=parts.append)
    assert found.tally.policies == decided[0].tally.policies
    assert pl.concat([part.changes for part in parts]).equals(decided[1])


def test_former_results_of_another_day_text_or_registry_do_not_serve(packs: Packs, registry: Path, source: Source, tmp_path: Path) -> None:
    with assessed(packs, registry, tmp_path / "results") as folder:
        order = RunOrder(packs, (VOUCHER,), packs.dictionaries["enterprise"], Date(2026, 7, 1))
        assert reuse_of(folder, order, source) == (None, {VOUCHER: "differs"})
        other = registry_in(tmp_path / "other", packs)
        text = (other / "registry.parquet").read_bytes()
        assert text
        opened = source_of(packs, other)
        opened.metadata = {**opened.metadata, "zhida.known_at": "2026-07-01"}
        assert reuse_of(folder, replace(order, as_of=DAY), opened) == (None, {VOUCHER: "registry"})
        opened.metadata = {name: word for name, word in opened.metadata.items() if name != "zhida.known_at"}
        assert reuse_of(folder, replace(order, as_of=DAY), opened) == (None, {VOUCHER: "unknown"})
        opened.close()


def test_former_results_of_other_subjects_are_not_read(packs: Packs, registry: Path, source: Source, tmp_path: Path) -> None:
    with assessed(packs, registry, tmp_path / "results") as folder:
        order = RunOrder(packs, (VOUCHER,), packs.dictionaries["enterprise"], DAY)
        reuse = reuse_of(folder, order, source)[0]
        assert isinstance(reuse, Reuse)
        keys = source.read(source.parts[1])[KEY]
        table = reuse.table(keys)
        assert table is not None
        assert table.num_rows == keys.len()
        assert reuse.table(keys.head(5).append(pl.Series([f"{keys[5]}x"]))) is None


# --- relief, budgets, effects --------------------------------------------------------------------------------------


def test_relief_is_what_each_measure_saves_each_subject(packs: Packs, source: Source) -> None:
    rows: list[pl.DataFrame] = []
    policies = relief_policies(packs, "enterprise", DAY)
    assert policies == (RELIEF,)
    found = relief_of(packs, policies, source, dictionary=packs.dictionaries["enterprise"], as_of=DAY, sink=rows.append)
    expected = {}
    for key, facts in facts_of_all():
        each = assess_subject(packs, RELIEF, facts, as_of=DAY)
        if each.outcome is Outcome.ELIGIBLE and each.amount_fen:
            expected[key] = each.amount_fen
    told = pl.concat(rows)
    assert dict(told.select(KEY, RELIEF).iter_rows()) == expected
    assert (found.subjects, found.total_fen) == (len(expected), sum(expected.values()))
    assert (found.measures[0].gross_fen, found.measures[0].open_subjects > 0) == (found.total_fen, True)


def test_a_budget_is_told_before_and_after(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    scenario = scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.9").replace("10000000", "9000000")}))
    simulation, _ = simulate(scenario, source)
    told = Budgets(scenario, {}).told(simulation.tally.policies)
    assert [(each.policy, each.budget_fen, each.claimed) for each in told] == [(VOUCHER, (10**9, 9 * 10**8), (None, None))]
    net = simulation.tally.policies[VOUCHER].net_fen
    assert [told[0].lacking_fen(is_after=is_after) for is_after in (False, True)] == [net.before - 10**9, net.after - 9 * 10**8]


def test_with_applications_it_is_told_when_the_money_is_gone(packs: Packs, root: Path, source: Source, tmp_path: Path) -> None:
    scenario = scenario_of(packs, changed(packs, root, tmp_path / "new", {"voucher.md": voucher("0.9")}))
    sheet = tmp_path / "applications.csv"
    lines = [f"91330100MA{place:08},{VOUCHER},2026-{1 + place % 6:02}-{1 + place % 28:02}" for place in range(0, ROWS, 2)]
    sheet.write_text("\n".join(["主体,政策,申请日期", *lines, ""]), encoding="utf-8")
    budgets = Budgets(scenario, {VOUCHER: read_applications(sheet, VOUCHER, "示例券")})
    groupings = groupings_of(packs, (), subject="enterprise", as_of=DAY)
    simulation = compare_sides(scenario, source, groupings, detailed=budgets.detailed, sink=budgets.add)
    before, after = budgets.told(simulation.tally.policies)[0].claimed
    assert before is not None
    assert after is not None
    days = [each.run_out.gone_on for each in (before, after)]
    assert days[0] is not None
    assert days[1] is not None
    assert str(days[1]) <= str(days[0])
    assert before.subjects == after.subjects
    assert before.idle[0] > 0


def test_new_cliffs_and_failing_examples_are_told(packs: Packs, root: Path, tmp_path: Path) -> None:
    effects = effects_of(scenario_of(packs, changed(packs, root, tmp_path, {"voucher.md": voucher("0.9")})))
    assert [(each.policy, each.examples) for each in effects.failing] == [(VOUCHER, ("1#1",))]
    assert effects.cliffs[0].policy == VOUCHER
    assert effects.is_complete
    assert effects_of(scenario_of(packs, packs)).cliffs == ()


# --- walking -------------------------------------------------------------------------------------------------------


def test_what_goes_wrong_in_a_thread_is_raised_and_nothing_more_is_done() -> None:
    done: list[int] = []

    def work(_: object, part: int) -> int:
        if part == 2:
            raise ValueError(part)
        done.append(part)
        return part

    with pytest.raises(ValueError, match="2"):
        list(in_order(range(1000), object, work, threads=2))
    assert len(done) < 1000
