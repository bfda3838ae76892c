"""Runs over a small town: what they come to, that they can be repeated to the byte, what a page shows, and why."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from tests.server import small_town
from tests.server.job_contexts import tried
from zhida.assess import workers
from zhida.assess.assessment import Outcome
from zhida.assess.processes import ProcessWorker
from zhida.errors import InputError
from zhida.registry_io.replacing import write_failed
from zhida_server import files, settings
from zhida_server.audit import models as audit_models
from zhida_server.catalogue import service as catalogue
from zhida_server.entitlements import models, records, runs, service, tasks
from zhida_server.entitlements.data import GrantRequest, NoAnswer, NoRun, NothingToRun, NotOfTheRun, RunInProgress, RunNotDone, RunState
from zhida_server.files import DamagedFileError
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Settlement
from zhida_server.people.data import VISITOR, Actor, NotAllowed, NotFound, Role, job_actor
from zhida_server.registry import service as registry

LI, FINANCE, AUDITOR = Actor("li", Role.POLICY), Actor("qian", Role.FINANCE), Actor("sun", Role.AUDITOR)
FIRM = Actor("firm", Role.REPRESENTATIVE, "", "A1")
AS_OF = dt.date(2026, 6, 30)
SHOP = (
    small_town.POLICY.replace("town/garden", "town/shop")
    .replace("花园补助", "店铺补助")
    .replace("if 可补助 and 从业人员 > 0 then 1000 else 0", "if 可补助 then 0.0005 * 营业收入 else 0")
    .split("## 例")[0]
    .replace("publishes: [补助金额]\n", "")
)
STACKING = """# 叠加

| 叠加 | 规则 | 政策 | 数额 | 依据 |
|---|---|---|---|---|
| 两项合计 | 封顶 | town/garden、town/shop | 1200 | 第三条 |
"""

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _town(database: None, tmp_path: Path) -> None:  # noqa: ARG001 - it comes first
    folder = small_town.packs(tmp_path / "packs", policies__shop=SHOP, stacking=STACKING)
    catalogue.take_packs(job_actor("setup"), folder)
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(LI, registry.propose_import(LI, mapping, [("base.csv", small_town.BASE.encode())]).id)


def done() -> UUID:
    return service.run_now(service.start_run(LI, AS_OF).id).id


def budget(amount_fen: int = 1_000_000) -> None:
    ledger.open_budget(FINANCE, "budget/2026/town/garden", "花园", ["town/garden"], 2026, amount_fen, key="open")


# --- running ---------------------------------------------------------------------------------------------------------


def test_a_run_is_ordered_as_a_job_and_counts_once_it_is_done() -> None:
    ordered = service.start_run(LI, AS_OF)
    assert (ordered.state, ordered.results_sha256, service.latest_run()) == (RunState.QUEUED, "", None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args->>'run_id', lock FROM procrastinate_jobs")
        assert cursor.fetchall() == [("entitlements.run", str(ordered.id), "entitlements.run")]
    with pytest.raises(RunNotDone):
        list(service.eligible(ordered.id, "town/garden"))
    found = service.run_now(ordered.id)
    assert (found.state, found.subjects, found.progress.phase) == (RunState.DONE, 3, "answers")
    assert service.latest_run() == found == service.run(AUDITOR, found.id)
    assert [each.id for each in service.runs(LI)] == [found.id]
    assert not (settings.SITE / "runs" / str(found.id)).exists()
    assert [each.act for each in audit_models.Record.objects.filter(object=str(found.id))] == ["run.start", "run.done"]


def test_a_run_tallies_every_policy_by_itself_and_in_the_best_lawful_combination() -> None:
    garden, shop = service.tallies(LI, done())
    assert (garden.policy, garden.title, garden.gives) == ("town/garden", "花园补助", "cash")
    assert garden.outcomes == {"ELIGIBLE": 1, "INELIGIBLE": 1, "UNDETERMINED": 1}
    assert (garden.amount_fen, shop.amount_fen) == (100_000, 50_000)
    assert garden.paid_fen + shop.paid_fen == 120_000


def test_who_is_eligible_comes_with_the_article_of_the_rule_and_the_fingerprint_of_the_facts() -> None:
    (line,) = service.eligible(done(), "town/garden")
    assert (line.code, line.amount_fen, line.article, line.delivery) == ("A1", 100_000, "第二条", "免申即享")
    assert len(line.facts) == 16
    with pytest.raises(NoAnswer):
        list(service.eligible(done(), "town/nothing"))


def test_a_run_that_is_done_stays_as_it_is() -> None:
    first = done()
    assert service.run_now(first).results_sha256 == service.run(LI, first).results_sha256
    assert models.Result.objects.count() == 1


def test_a_run_repeated_from_its_record_gives_the_same_bytes_with_any_number_of_threads() -> None:
    first = done()
    registry.tell(Actor("zhao", Role.SERVICE), "B2", {"从业人员": 3}, source="统计局", on=AS_OF)  # what is known later changes nothing
    for count in (1, 2):
        found = service.repeat(AUDITOR, first, workers=count)
        assert found.is_same
        assert found.sha256 == found.expected == service.run(LI, first).results_sha256
    again = service.run(LI, done())
    assert again.results_sha256 != found.expected


def test_a_run_in_many_parts_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = done()
    said = {code: service.answers_of(LI, code, purpose="test") for code in ("A1", "B2", "C3")}
    monkeypatch.setattr(runs, "ROWS_PER_PART", 1)
    parts = done()
    assert service.run(LI, parts).results_sha256 != service.run(LI, whole).results_sha256
    assert service.tallies(LI, parts) == service.tallies(LI, whole)
    assert list(service.eligible(parts, "town/shop")) == list(service.eligible(whole, "town/shop"))
    assert {code: service.answers_of(LI, code, purpose="test") for code in said} == said
    assert service.explain(LI, "B2", "town/garden", purpose="test").differences == ()
    assert service.repeat(LI, parts).is_same


@pytest.mark.long
def test_a_run_whose_parts_are_decided_in_processes_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "ROWS_PER_PART", 1)
    first, begun, begin = done(), list[bool](), ProcessWorker.begin

    def counted(self: ProcessWorker, job: bytes) -> bool:
        begun.append(begin(self, job))
        return begun[-1]

    monkeypatch.setattr(workers, "MUCH", 1)
    monkeypatch.setattr(ProcessWorker, "begin", counted)
    assert service.repeat(LI, first, workers=2).is_same
    assert begun == [True, True]
    assert service.run_now(service.start_run(LI, AS_OF).id).results_sha256 == service.run(LI, first).results_sha256
    assert service.answers_of(LI, "A1", purpose="test")  # the connection is as it was


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = service.start_run(LI, AS_OF)
    monkeypatch.setattr(runs, "_finish", _out_of_space)
    with pytest.raises(OSError, match="No space"):
        service.run_now(ordered.id)
    assert service.run(LI, ordered.id).state is RunState.RUNNING
    assert service.latest_run() is None
    monkeypatch.undo()
    monkeypatch.setattr(runs, "run", _out_of_space)  # what was assessed is not assessed again
    found = service.run_now(ordered.id)
    assert (found.state, found.progress.tries) == (RunState.DONE, 2)


def _out_of_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def _unwritten(*_arguments: object, **_options: object) -> None:
    raise write_failed(Path("results"), OSError(28, "No space left on device"))


def test_a_run_is_decided_again_in_the_background_and_says_whether_every_byte_is_the_same() -> None:
    run_id = done()
    asked = service.start_repeat(AUDITOR, run_id)
    assert (asked.state, asked.outcome, asked.asked_by) == (RunState.QUEUED, None, AUDITOR.name)
    assert service.start_repeat(LI, run_id) == asked  # while one is under way, nobody begins another
    found = service.repeat_now(asked.id)
    assert found.outcome is not None
    assert (found.state, found.outcome.is_same, found.outcome.sha256) == (RunState.DONE, True, service.run(LI, run_id).results_sha256)
    assert service.repeat_now(asked.id) == found
    assert service.repetitions(LI, run_id) == (found,)
    assert service.start_repeat(LI, run_id).id != asked.id
    assert not list((settings.SITE / "runs").glob(f"repeat-{asked.id}"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entitlements_repetition SET is_same = false",
        "UPDATE entitlements_repetition SET state = 'failed', is_same = NULL",
        "UPDATE entitlements_repetition SET results_sha256 = ''",
        "UPDATE entitlements_repetition SET engine_version = 'x'",
    ],
)
def test_what_came_of_deciding_again_is_said_once(statement: str) -> None:
    found = service.repeat_now(service.start_repeat(AUDITOR, done()).id)
    assert found.state is RunState.DONE
    with pytest.raises(DatabaseError, match="kept as they were written"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_deciding_again_that_was_cut_short_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = service.start_repeat(AUDITOR, done())
    monkeypatch.setattr(runs.kept, "digest_of", _out_of_space)
    with pytest.raises(OSError, match="No space"):
        tasks.repeat(tried(), str(asked.id))
    (under_way,) = service.repetitions(LI, asked.run_id)
    assert (under_way.state, under_way.outcome) == (RunState.RUNNING, None)
    monkeypatch.undo()
    monkeypatch.setattr(runs, "run", _out_of_space)  # what was assessed is not assessed again
    tasks.repeat(tried(), str(asked.id))
    (found,) = service.repetitions(LI, asked.run_id)
    assert found.outcome is not None
    assert (found.outcome.is_same, found.progress.tries) == (True, 2)


def test_deciding_again_that_fails_each_time_is_given_up_and_can_be_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = service.start_repeat(AUDITOR, done())
    monkeypatch.setattr(runs.kept, "digest_of", _out_of_space)
    for attempts, state in ((tasks.TRIES - 1, RunState.RUNNING), (tasks.TRIES, RunState.FAILED)):
        with pytest.raises(OSError, match="No space"):
            tasks.repeat(tried(attempts), str(asked.id))
        (found,) = service.repetitions(LI, asked.run_id)
        assert found.state is state
    assert "No space left on device" in found.fault
    assert not list((settings.SITE / "runs").glob(f"repeat-{asked.id}"))
    monkeypatch.undo()
    again = service.start_repeat(AUDITOR, asked.run_id)
    assert again.id != asked.id
    assert service.repeat_now(again.id).state is RunState.DONE


def test_a_run_that_fails_each_time_is_given_up_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = service.start_run(LI, AS_OF)
    monkeypatch.setattr(runs, "_finish", _out_of_space)
    for attempts, state in ((0, RunState.RUNNING), (tasks.TRIES, RunState.FAILED)):
        with pytest.raises(OSError, match="No space"):
            tasks.run(tried(attempts), str(ordered.id))
        assert service.run(LI, ordered.id).state is state
    assert "No space left on device" in service.run(LI, ordered.id).fault
    monkeypatch.undo()
    found = service.run_now(ordered.id)
    assert (found.state, found.fault) == (RunState.DONE, "")


def test_what_does_not_fit_on_the_disk_is_tried_again_whatever_the_engine_calls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ordered, asked = service.start_run(LI, AS_OF), service.start_repeat(AUDITOR, done())
    monkeypatch.setattr(runs, "_decided", _unwritten)
    for task, id_ in ((tasks.run, ordered.id), (tasks.repeat, asked.id)):
        with pytest.raises(InputError, match="No space"):
            task(tried(), str(id_))
    assert service.run(LI, ordered.id).state is RunState.RUNNING
    assert service.repetitions(LI, asked.run_id)[0].state is RunState.RUNNING
    monkeypatch.undo()
    tasks.run(tried(), str(ordered.id))
    tasks.repeat(tried(), str(asked.id))
    assert service.run(LI, ordered.id).state is RunState.DONE
    assert service.repetitions(LI, asked.run_id)[0].state is RunState.DONE


def test_a_job_waits_for_another_run_as_long_as_it_takes_and_tries_all_else_so_often() -> None:
    for task in (tasks.run, tasks.repeat):
        for attempts in (0, tasks.TRIES - 1, tasks.TRIES, tasks.TRIES * 10):
            job = tried(attempts).job
            assert task.get_retry_exception(RunInProgress("run-in-progress", "等", "wait"), job) is not None
            assert (task.get_retry_exception(OSError(28, "full"), job) is None) == (attempts >= tasks.TRIES)


def test_what_is_under_way_without_a_job_gets_one_when_it_is_asked_for_again() -> None:
    asked = service.start_repeat(AUDITOR, done())
    ended = "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status WHERE task_name = 'entitlements.repeat'"
    left = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'entitlements.repeat' AND status = 'todo'"
    for status, jobs in (("todo", 1), ("doing", 0), ("failed", 1)):
        with connection.cursor() as cursor:
            cursor.execute(ended, [status])
            assert service.start_repeat(LI, asked.run_id).id == asked.id
            cursor.execute(left)
            assert cursor.fetchone() == (jobs,)
    assert service.repeat_now(asked.id).state is RunState.DONE


def test_deciding_again_what_cannot_be_read_has_failed_and_says_why() -> None:
    asked = service.start_repeat(AUDITOR, done())
    path = registry.snapshot_path(service.run(LI, asked.run_id).snapshot_sha256)
    kept_bytes = path.read_bytes()
    path.write_bytes(b"damaged")
    tasks.repeat(tried(), str(asked.id))
    path.write_bytes(kept_bytes)
    (found,) = service.repetitions(LI, asked.run_id)
    assert (found.state, found.outcome) == (RunState.FAILED, None)
    assert "restore it from a backup" in found.fault


def test_a_run_that_cannot_be_decided_has_failed_and_says_why() -> None:
    ordered = service.start_run(LI, AS_OF)
    path = registry.snapshot_path(ordered.snapshot_sha256)
    kept = path.read_bytes()
    path.write_bytes(b"damaged")
    with pytest.raises(DamagedFileError):
        service.run_now(ordered.id)
    path.write_bytes(kept)
    found = service.run(LI, ordered.id)
    assert found.state is RunState.FAILED
    assert "restore it from a backup" in found.fault


def test_nothing_is_run_without_policies_about_enterprises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "about_enterprises", lambda _: ())
    with pytest.raises(NothingToRun):
        service.start_run(LI, AS_OF)


def test_only_those_who_may_see_runs_and_answers() -> None:
    run_id = done()
    for act in (
        lambda: service.start_run(FINANCE, AS_OF),
        lambda: service.run(VISITOR, run_id),
        lambda: service.tallies(FIRM, run_id),
        lambda: service.repeat(FINANCE, run_id),
        lambda: service.start_repeat(FINANCE, run_id),
        lambda: service.answers_of(VISITOR, "A1", purpose="test"),
        lambda: service.answers_of(FIRM, "B2", purpose="test"),
        lambda: service.explain(FIRM, "B2", "town/garden", purpose="test"),
        lambda: service.decide_now(FIRM, "B2", "town/garden", {}, on=AS_OF),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- answers ---------------------------------------------------------------------------------------------------------


def test_an_enterprise_sees_what_it_gets_and_why_it_is_less() -> None:
    assert service.answers_of(FIRM, "A1", purpose="own page") == ()
    done()
    garden, shop = service.answers_of(FIRM, "A1", purpose="own page")
    assert (garden.outcome, garden.amount_fen, garden.delivery) == (Outcome.ELIGIBLE, 100_000, "免申即享")
    assert (shop.outcome, shop.amount_fen) == (Outcome.ELIGIBLE, 50_000)
    assert garden.paid_fen + shop.paid_fen == 120_000
    assert [each.why_less for each in (garden, shop) if each.paid_fen < each.amount_fen] == ["封顶 两项合计"]
    read = audit_models.Record.objects.filter(act="enterprise.read", object="A1").latest("id")
    assert (read.actor, read.purpose) == ("firm", "own page")


def test_an_enterprise_sees_what_it_would_have_to_tell() -> None:
    done()
    garden, _ = service.answers_of(LI, "B2", purpose="test")
    assert (garden.outcome, garden.missing, garden.amount_fen, garden.paid_fen) == (Outcome.UNDETERMINED, ("从业人员",), 0, 0)
    assert garden.high_fen == 100_000


def test_what_is_not_met_and_far_from_it_is_not_shown() -> None:
    done()
    assert service.answers_of(LI, "C3", purpose="test") == ()


def test_a_newer_run_takes_the_place_of_the_answers_and_leaves_the_record() -> None:
    first = done()
    registry.tell(Actor("zhao", Role.SERVICE), "B2", {"从业人员": 3}, source="统计局", on=AS_OF)
    second = done()
    assert [each.outcome for each in service.answers_of(LI, "B2", purpose="test")] == [Outcome.ELIGIBLE, Outcome.ELIGIBLE]
    assert models.Answer.objects.exclude(result__run_id=second).count() == 0
    assert service.tallies(LI, first) != service.tallies(LI, second)
    assert [line.code for line in service.eligible(first, "town/garden")] == ["A1"]
    assert [line.code for line in service.eligible(second, "town/garden")] == ["A1", "B2"]


# --- explanations ----------------------------------------------------------------------------------------------------


def test_an_answer_is_explained_by_replaying_it_from_the_record_of_its_run() -> None:
    first = done()
    registry.tell(Actor("zhao", Role.SERVICE), "A1", {"从业人员": 900}, source="统计局", on=AS_OF)
    done()
    said = service.explain(FIRM, "A1", "town/garden", purpose="own page", run_id=first)
    assert (said.assessment.outcome, said.assessment.amount_fen, said.article, said.as_of) == (Outcome.ELIGIBLE, 100_000, "第二条", AS_OF)
    assert said.differences == ()
    assert said.html.startswith('<article class="explained">')
    assert "style=" not in said.html
    assert ".explained" in said.style
    assert said.data["amount_fen"] == 100_000
    now = service.explain(FIRM, "A1", "town/garden", purpose="own page", language="en")
    assert now.assessment.outcome is Outcome.INELIGIBLE
    assert now.differences == ()


def test_an_explanation_tells_where_the_run_says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    first = done()
    registry.tell(Actor("zhao", Role.SERVICE), "A1", {"从业人员": 900}, source="统计局", on=AS_OF)
    other = records.done_run(done())
    mixed = records.done_run(first)
    monkeypatch.setattr(records, "done_run", lambda _: replace(mixed, results_sha256=other.results_sha256))
    said = service.explain(LI, "A1", "town/garden", purpose="test", run_id=first)
    assert any("outcome" in each for each in said.differences)


def test_what_cannot_be_explained_is_told() -> None:
    with pytest.raises(NoRun):
        service.explain(LI, "A1", "town/garden", purpose="test")
    run_id = done()
    with pytest.raises(NoAnswer):
        service.explain(LI, "A1", "town/nothing", purpose="test")
    with pytest.raises(NotFound):
        service.explain(LI, "Z9", "town/garden", purpose="test")
    with pytest.raises(NoRun):
        service.explain(LI, "A1", "town/garden", purpose="test", run_id=UUID(int=1))
    path = files.path_of(records.done_run(run_id).results_sha256, ".json")
    assert path.exists()


# --- decisions at once -----------------------------------------------------------------------------------------------


def test_a_decision_at_once_takes_told_facts_in_the_place_of_known_ones_and_keeps_nothing() -> None:
    done()
    before = service.decide_now(LI, "B2", "town/garden", {}, on=AS_OF)
    assert (before.outcome, before.missing, before.paid_fen) == (Outcome.UNDETERMINED, ("从业人员",), 0)
    said = service.decide_now(LI, "B2", "town/garden", {"从业人员": 3}, on=AS_OF)
    assert (said.outcome, said.amount_fen, said.paid_fen, said.article) == (Outcome.ELIGIBLE, 100_000, 100_000, "第二条")
    assert said.reason_zh
    assert said.reason_en
    assert said.decision["told"] == ["从业人员"]
    assert said.decision["facts_sha256"] != before.decision["facts_sha256"]
    assert service.decide_now(LI, "B2", "town/garden", {}, on=AS_OF).outcome is Outcome.UNDETERMINED


def test_a_decision_at_once_takes_a_yearly_fact_with_its_year_or_without() -> None:
    done()
    for name in ("营业收入", "营业收入@2025"):
        said = service.decide_now(LI, "A1", "town/shop", {name: 400_000}, on=AS_OF)
        assert said.amount_fen == 20_000


def test_a_decision_at_once_counts_what_stacking_and_former_grants_leave() -> None:
    budget()
    run_id = done()
    (line,) = service.eligible(run_id, "town/garden")
    service.grant_many(LI, run_id, [GrantRequest("town/garden", "A1", line.paid_fen)], on=AS_OF)
    assert service.decide_now(LI, "A1", "town/garden", {}, on=AS_OF).paid_fen == 100_000 - line.paid_fen
    shop = service.decide_now(LI, "A1", "town/shop", {}, on=AS_OF)
    assert (shop.amount_fen, shop.paid_fen) == (50_000, min(50_000, 120_000 - line.paid_fen))


def test_what_was_granted_at_once_is_decided_again_by_what_was_known_then() -> None:
    budget()
    done()
    registry.tell(Actor("zhao", Role.SERVICE), "B2", {"从业人员": 3}, source="企业自报", on=AS_OF)
    said = service.decide_now(LI, "B2", "town/garden", {"从业人员": 3}, on=AS_OF)
    (granted,) = service.grant_many(LI, None, [GrantRequest("town/garden", "B2", said.paid_fen, said.article, said.decision)], on=AS_OF)
    registry.tell(Actor("zhao", Role.SERVICE), "B2", {"从业人员": 900}, source="统计局", on=AS_OF)
    done()
    again = service.decide_again(AUDITOR, granted.id, purpose="test")
    assert (again.decision, again.paid_fen, again.article) == (said.decision, granted.amount_fen, granted.article)
    with pytest.raises(NoAnswer):
        service.decide_again(AUDITOR, service.grant_many(LI, *of_the_run(), on=AS_OF)[0].id, purpose="test")


def of_the_run() -> tuple[UUID, list[GrantRequest]]:
    run = service.latest_run()
    assert run is not None
    return run.id, [GrantRequest("town/garden", line.code, line.paid_fen) for line in service.eligible(run.id, "town/garden")]


def test_a_told_fact_that_cannot_be_is_refused() -> None:
    done()
    with pytest.raises(InputError):
        service.decide_now(LI, "B2", "town/garden", {"从业人员": "many"}, on=AS_OF)
    with pytest.raises(NoAnswer):
        service.decide_now(LI, "B2", "town/nothing", {}, on=AS_OF)


# --- grants of a run -------------------------------------------------------------------------------------------------


def test_a_grant_of_a_run_keeps_everything_it_was_decided_by() -> None:
    budget()
    found = service.run(LI, done())
    (line,) = service.eligible(found.id, "town/garden")
    (granted,) = service.grant_many(LI, found.id, [GrantRequest("town/garden", "A1", line.paid_fen)], on=dt.date(2026, 7, 1))
    assert (granted.article, granted.title, granted.period, granted.run_id) == ("第二条", "花园补助", 2026, found.id)
    assert granted.decision == {
        "outcome": "ELIGIBLE",
        "title": "花园补助",
        "claimed_fen": 100_000,
        "amount_fen": line.paid_fen,
        "article": "第二条",
        "as_of": "2026-06-30",
        "packs_sha256": found.packs_sha256,
        "snapshot_sha256": found.snapshot_sha256,
        "results_sha256": found.results_sha256,
        "policy_sha256": catalogue.policy_card("town/garden").sha256,
        "facts": line.facts,
        "engine_version": found.engine_version,
    }


@pytest.mark.parametrize(("code", "amount_fen"), [("A1", 1), ("B2", 100_000), ("C3", 100_000)])
def test_nothing_is_granted_that_the_run_does_not_give(code: str, amount_fen: int) -> None:
    budget()
    run_id = done()
    with pytest.raises(NotOfTheRun):
        service.grant_many(LI, run_id, [GrantRequest("town/garden", code, amount_fen)], on=AS_OF)


def test_a_later_run_does_not_promise_a_second_time_what_was_granted_unless_it_was_voided() -> None:
    budget()
    first = done()
    (line,) = service.eligible(first, "town/garden")
    (granted,) = service.grant_many(LI, first, [GrantRequest("town/garden", "A1", line.paid_fen)], on=AS_OF)
    second = done()
    assert sum(each.paid_fen for each in service.eligible(second, "town/garden")) == 100_000 - line.paid_fen
    assert "本年已领" in service.answers_of(LI, "A1", purpose="test")[0].why_less
    ledger.void_many([Settlement(granted.id, "void")], "异议成立")
    assert [each.paid_fen for each in service.eligible(done(), "town/garden")] == [line.paid_fen]
