"""Budgets, reservations and settlements through the services: each act once, all or nothing, with the reason where it is refused."""

import datetime as dt
import doctest
import random
from collections.abc import Callable
from types import ModuleType
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhida_server.audit import service as audit
from zhida_server.ledger import data, exports
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import (
    AlreadySettled,
    BelowPromised,
    BudgetUnfit,
    KeyReused,
    Kind,
    NoSuchAccount,
    NoSuchTransaction,
    Overdrawn,
    Posting,
    Reservation,
    Settlement,
    State,
    act_id,
)
from zhida_server.people.data import VISITOR, Actor, NotAllowed, Role, job_actor

pytestmark = pytest.mark.usefixtures("database")

FINANCE = Actor("caiwu", Role.FINANCE)
POLICY = "hangzhou/compute-voucher"
BUDGET = "budget/2026/hangzhou/compute-voucher"
OTHER = "budget/2026/hangzhou/stable-jobs"


def opened(amount_fen: int, code: str = BUDGET, policy: str = POLICY) -> None:
    ledger.open_budget(FINANCE, code, "算力券", [policy], 2026, amount_fen, key=f"open/{code}")


def grant(key: str, amount_fen: int, budget: str = BUDGET, enterprise: str = "") -> Reservation:
    return Reservation(key, budget, enterprise or key.upper(), amount_fen, "算力券")


def left(code: str = BUDGET) -> int:
    budget = ledger.budget(code)
    assert budget is not None
    return budget.available_fen


def rules_hold() -> None:
    """Have what is checked when a transaction commits be checked now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert ledger.check_books() == ()


def test_a_budget_is_opened_filled_reserved_paid_and_given_back() -> None:
    opened(100_000)
    assert ledger.appropriate(FINANCE, BUDGET, 50_000, key="more").appropriated_fen == 150_000
    first, second, third = ledger.reserve_many([grant("a", 10_000), grant("b", 20_000), grant("c", 30_000)], by="li")
    ledger.post_many([Settlement(first, "pay/a")], by="wang")
    ledger.void_many([Settlement(second, "void/b")], "公示有异议", by="li")
    (budget,) = ledger.budgets(FINANCE)
    assert (budget.code, budget.year, budget.policies, budget.name) == (BUDGET, 2026, (POLICY,), "算力券")
    assert (budget.appropriated_fen, budget.reserved_fen, budget.paid_fen, budget.available_fen) == (150_000, 30_000, 10_000, 110_000)
    assert ledger.states([first, second, third, uuid4()]) == {first: State.POSTED, second: State.VOIDED, third: State.PENDING}
    rules_hold()


def test_a_transaction_tells_what_it_did_and_what_became_of_it() -> None:
    opened(100_000)
    (reserved,) = ledger.reserve_many([grant("a", 10_000, enterprise="A1")], by="li")
    ledger.void_many([Settlement(reserved, "void/a")], "公示有异议", by="wang")
    found, void = ledger.transaction(reserved), ledger.transaction(act_id("void/a"))
    assert (found.key, found.kind, found.state, found.about, found.by) == ("a", Kind.PENDING, State.VOIDED, "算力券", "li")
    assert found.postings == (Posting(BUDGET, 10_000, 0), Posting("enterprise/A1", 0, 10_000)) == void.postings
    assert (found.settled_by, void.settles, void.about, void.by) == (void.id, found.id, "公示有异议", "wang")
    assert found.at.tzinfo is not None
    assert found.at.date() >= dt.date(2026, 1, 1)
    assert {(move.id, move.kind) for move in ledger.movements(FINANCE, "enterprise/A1")} == {(reserved, Kind.PENDING), (void.id, Kind.VOID)}


def test_movements_of_an_account_come_page_by_page() -> None:
    opened(100_000)
    ledger.reserve_many([grant(f"k{number}", 100) for number in range(5)])
    whole = ledger.movements(FINANCE, BUDGET)
    assert {move.others for move in whole} == {("appropriation/2026",), *((f"enterprise/K{number}",) for number in range(5))}
    assert sum(move.credit_fen - move.debit_fen for move in whole) == left()
    first = ledger.movements(FINANCE, BUDGET, limit=4)
    assert first + ledger.movements(FINANCE, BUDGET, after=first[-1].id, limit=4) == whole


def test_what_was_drawn_leaves_out_what_was_given_back() -> None:
    opened(100_000)
    opened(100_000, OTHER, "hangzhou/stable-jobs")
    first, second, _ = ledger.reserve_many([grant("a", 10), grant("b", 20), grant("c", 40)])
    ledger.post_many([Settlement(first, "pay/a")])
    ledger.void_many([Settlement(second, "void/b")], "撤回")
    begun = ledger.transaction(first).at
    assert ledger.drawn(FINANCE, begun - dt.timedelta(days=1)) == {BUDGET: (50, begun)}
    later = ledger.drawn(FINANCE, begun + dt.timedelta(days=1))
    assert {code: fen for code, (fen, _) in later.items() if fen} == {}


def test_the_same_act_again_changes_nothing() -> None:
    opened(100_000)
    asked = [grant("a", 10_000), grant("b", 20_000)]
    ids = ledger.reserve_many(asked)
    paying, voiding = [Settlement(ids[0], "pay/a")], [Settlement(ids[1], "void/b")]
    ledger.post_many(paying)
    ledger.void_many(voiding, "撤回")
    before = ledger.account_totals()
    opened(100_000)
    assert ledger.reserve_many(asked) == ids == ledger.reserve_within(BUDGET, asked)[0]
    assert ledger.reserve_many([asked[0], asked[0]]) == (ids[0], ids[0])
    ledger.post_many([*paying, *paying, Settlement(ids[0], "pay/a/2")])
    ledger.void_many(voiding, "撤回")
    ledger.reserve_many([])
    ledger.post_many([])
    assert ledger.account_totals() == before


def test_a_part_of_a_set_that_is_known_is_not_taken_again() -> None:
    opened(100)
    ledger.reserve_many([grant("a", 60)])
    ledger.reserve_many([grant("b", 40), grant("a", 60)])
    assert left() == 0


@pytest.mark.parametrize(
    "other",
    [grant("a", 10_001), grant("a", 10_000, enterprise="B"), grant("a", 10_000, OTHER), Reservation("a", BUDGET, "A", 10_000, "another")],
)
def test_a_key_with_other_content_is_refused(other: Reservation) -> None:
    opened(100_000)
    opened(100_000, OTHER, "hangzhou/stable-jobs")
    with pytest.raises(KeyReused):
        ledger.reserve_many([grant("a", 10_000), other])
    ledger.reserve_many([grant("a", 10_000)])
    before = ledger.account_totals()
    with pytest.raises(KeyReused, match="'a'"):
        ledger.reserve_many([grant("z", 1, other.budget), other])
    with pytest.raises(KeyReused):
        ledger.reserve_within(other.budget, [other])
    assert ledger.account_totals() == before


def test_keys_are_one_space_for_all_acts() -> None:
    opened(100_000)
    first, second = ledger.reserve_many([grant("a", 100), grant("b", 100)])
    for act in (
        lambda: ledger.appropriate(FINANCE, BUDGET, 100, key="a"),
        lambda: ledger.appropriate(FINANCE, BUDGET, 100, key=f"open/{BUDGET}"),
        lambda: ledger.reserve_many([grant(f"open/{BUDGET}", 100_000)]),
        lambda: ledger.post_many([Settlement(first, "b")]),
        lambda: ledger.post_many([Settlement(first, "same"), Settlement(second, "same")]),
    ):
        with pytest.raises(KeyReused):
            act()
    assert left() == 99_800


def test_what_a_budget_has_not_is_refused_and_says_what_is_left() -> None:
    opened(1_000)
    opened(5_000, OTHER, "hangzhou/stable-jobs")
    ledger.reserve_many([grant("a", 300)])
    with transaction.atomic(), pytest.raises(Overdrawn) as refusal:  # whoever is in a transaction of their own goes on with it
        ledger.reserve_many([grant("x", 1, OTHER), grant("b", 400), grant("c", 301)])
    assert (refusal.value.budget, refusal.value.left_fen, refusal.value.asked_fen) == (BUDGET, 700, 701)
    assert "只剩 7.00 元，要留出 7.01 元" in refusal.value.words("zh-hans")
    assert (left(), left(OTHER)) == (700, 5_000), "all or nothing"
    ledger.reserve_many([grant("b", 400), grant("c", 300)])
    assert left() == 0


def test_what_was_given_back_can_be_given_to_another() -> None:
    opened(500)
    (first,) = ledger.reserve_many([grant("a", 500)])
    with pytest.raises(Overdrawn):
        ledger.reserve_many([grant("b", 500)])
    ledger.void_many([Settlement(first, "void/a")], "撤回")
    ledger.reserve_many([grant("b", 500)])
    assert left() == 0
    rules_hold()


def test_first_come_takes_what_fits_and_nobody_is_overtaken() -> None:
    opened(1_000)
    queue = [grant("a", 400), grant("b", 500), grant("c", 200), grant("d", 100)]
    ids, rest = ledger.reserve_within(BUDGET, queue)
    assert (ids, rest) == ((act_id("a"), act_id("b")), 100), "c does not fit; d would, but it does not pass by c"
    ledger.appropriate(FINANCE, BUDGET, 200, key="more")
    assert ledger.reserve_within(BUDGET, queue) == (tuple(one.id for one in queue), 0), "to the last fen"
    assert ledger.reserve_within(BUDGET, [grant("e", 1)]) == ((), 0)
    rules_hold()


def test_what_is_settled_one_way_is_not_settled_the_other() -> None:
    opened(1_000)
    paid, back, kept = ledger.reserve_many([grant("a", 100), grant("b", 100), grant("c", 100)])
    ledger.post_many([Settlement(paid, "pay/a")])
    ledger.void_many([Settlement(back, "void/b")], "撤回")
    with pytest.raises(AlreadySettled, match="was voided and cannot be paid") as refusal:
        ledger.post_many([Settlement(kept, "pay/c"), Settlement(back, "pay/b")])
    assert refusal.value.ids == (back,)
    with pytest.raises(AlreadySettled, match="已付清"):
        ledger.void_many([Settlement(kept, "void/c"), Settlement(paid, "void/a")], "撤回")
    assert ledger.states([kept]) == {kept: State.PENDING}, "all or nothing"


def test_what_does_not_exist_is_said() -> None:
    opened(1_000)
    nowhere = uuid4()
    (reserved,) = ledger.reserve_many([grant("a", 100)])
    ledger.post_many([Settlement(reserved, "pay/a")])
    with pytest.raises(NoSuchAccount, match="budget/2026/none"):
        ledger.reserve_many([grant("a", 1, "budget/2026/none")])
    with pytest.raises(NoSuchAccount):
        ledger.reserve_many([grant("b", 1, "enterprise/A")])
    with pytest.raises(NoSuchAccount):
        ledger.appropriate(FINANCE, "budget/2026/none", 1, key="k")
    for id in (nowhere, act_id("pay/a"), act_id(f"open/{BUDGET}")):  # noqa: A001 - its own word
        with pytest.raises(NoSuchTransaction, match=str(id)):
            ledger.post_many([Settlement(id, "k")])
    with pytest.raises(NoSuchTransaction):
        ledger.transaction(nowhere)


def test_what_is_free_of_a_budget_is_taken_back_and_nothing_else() -> None:
    opened(1_000)
    ledger.reserve_many([grant("g1", 300), grant("g2", 200)])
    ledger.post_many([Settlement(act_id("g1"), "p1")])
    with pytest.raises(BelowPromised) as refused:
        ledger.reduce(FINANCE, BUDGET, 501, "财预〔2026〕9号", key="less")
    assert "可用 5.00 元" in refused.value.zh
    found = ledger.reduce(FINANCE, BUDGET, 400, " 财预〔2026〕9号 ", key="less")
    assert (found.appropriated_fen, found.reserved_fen, found.paid_fen, found.available_fen, found.reduced_fen) == (600, 200, 300, 100, 400)
    assert ledger.reduce(FINANCE, BUDGET, 400, "财预〔2026〕9号", key="less") == found
    for amount, reason, budget in ((401, "财预〔2026〕9号", BUDGET), (400, "另一件", BUDGET)):
        with pytest.raises(KeyReused):
            ledger.reduce(FINANCE, budget, amount, reason, key="less")
    for amount, reason in ((0, "x"), (-5, "x"), (10**16 + 1, "x"), (5, "  ")):
        with pytest.raises(BudgetUnfit):
            ledger.reduce(FINANCE, BUDGET, amount, reason, key="other")
    with pytest.raises(NoSuchAccount):
        ledger.reduce(FINANCE, OTHER, 1, "x", key="other")
    assert ledger.reduce(FINANCE, BUDGET, 100, "全部收回", key="rest").available_fen == 0
    with pytest.raises(Overdrawn):
        ledger.reserve_many([grant("g3", 1)])
    ledger.appropriate(FINANCE, BUDGET, 7, key="again")
    assert left() == 7
    kinds = [(one.kind, one.debit_fen, one.about) for one in ledger.movements(FINANCE, BUDGET) if one.kind is Kind.REDUCE]
    assert sorted(kinds) == [(Kind.REDUCE, 100, "全部收回"), (Kind.REDUCE, 400, "财预〔2026〕9号")]
    assert ledger.transaction(act_id("less")).state is State.POSTED
    told = [(record.before, record.after) for record in audit.records(object=BUDGET, act="budget.reduce")]
    assert [after and after["appropriated_fen"] for _, after in told] == [500, 600]
    rules_hold()


def test_a_policy_draws_on_one_budget_a_year() -> None:
    opened(1_000)
    assert ledger.budget_for(POLICY, 2026) == BUDGET
    assert ledger.budget_for(POLICY, 2027) is None is ledger.budget_for("other", 2026)
    with pytest.raises(BudgetUnfit, match="ledger-policy-has-budget"):
        ledger.open_budget(FINANCE, OTHER, "又一个", [POLICY], 2026, 0, key="k")
    ledger.open_budget(FINANCE, "budget/2027/hangzhou/compute-voucher", "明年", [POLICY], 2027, 0, key="k")
    assert ledger.budget_for(POLICY, 2027) == "budget/2027/hangzhou/compute-voucher"
    assert [budget.year for budget in ledger.budgets(FINANCE)] == [2027, 2026]


@pytest.mark.parametrize(
    "code", ["", "compute-voucher", "budget/2025/x", "budget/2026", "budget/2026/", "budget/2026/算力券", "budget/2026/A"]
)
def test_a_budgets_code_speaks(code: str) -> None:
    with pytest.raises(BudgetUnfit, match="ledger-budget-code"):
        ledger.open_budget(FINANCE, code, "算力券", [POLICY], 2026, 100, key="k")


def test_a_policy_that_is_named_twice_draws_once() -> None:
    for policies in ([POLICY, POLICY], [POLICY]):
        assert ledger.open_budget(FINANCE, BUDGET, "预算", policies, 2026, 100, key="first").policies == (POLICY,)


def test_a_budget_is_not_opened_again_as_another() -> None:
    opened(1_000)
    with pytest.raises(BudgetUnfit, match="ledger-budget-exists"):
        ledger.open_budget(FINANCE, BUDGET, "别的名字", [POLICY], 2026, 1_000, key=f"open/{BUDGET}")
    with pytest.raises(KeyReused):
        ledger.open_budget(FINANCE, BUDGET, "算力券", [POLICY], 2026, 2_000, key=f"open/{BUDGET}")


@pytest.mark.parametrize("amount_fen", [0, -1, 10**16 + 1])
def test_an_appropriation_is_an_amount(amount_fen: int) -> None:
    opened(0)
    with pytest.raises(BudgetUnfit, match="ledger-amount"):
        ledger.appropriate(FINANCE, BUDGET, amount_fen, key="k")


@pytest.mark.parametrize(
    "actor", [VISITOR, Actor("shenji", Role.AUDITOR), Actor("zhengce", Role.POLICY), Actor("qiye", Role.REPRESENTATIVE)]
)
def test_only_finance_keeps_budgets(actor: Actor) -> None:
    opened(1_000)
    acts: list[Callable[[], object]] = [
        lambda: ledger.open_budget(actor, OTHER, "稳岗", ["x"], 2026, 1, key="k"),
        lambda: ledger.appropriate(actor, BUDGET, 1, key="k"),
        lambda: ledger.reduce(actor, BUDGET, 1, "x", key="k"),
    ]
    if actor.role in {Role.VISITOR, Role.REPRESENTATIVE}:
        acts += [lambda: ledger.budgets(actor), lambda: ledger.movements(actor, BUDGET), lambda: ledger.access_ledger(actor)]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()


def test_what_is_done_to_a_budget_is_recorded_once() -> None:
    opened(1_000)
    opened(1_000)
    ledger.appropriate(job_actor("demo"), BUDGET, 5, key="more")
    ledger.appropriate(job_actor("demo"), BUDGET, 5, key="more")
    told = [(record.actor, record.act, record.after and record.after.get("appropriated_fen")) for record in audit.records(object=BUDGET)]
    assert told == [
        ("job:demo", "budget.appropriate", 1_005),
        ("caiwu", "budget.appropriate", 1_000),
        ("caiwu", "budget.open", None),
    ]


@pytest.mark.parametrize("module", [data, exports], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


class Model:
    """The ledger as plain arithmetic: what every sequence of acts must come to."""

    def __init__(self) -> None:
        self.appropriated = {BUDGET: 0, OTHER: 0}
        self.reserved: dict[str, tuple[str, int]] = {}
        self.settled: dict[str, State] = {}

    def sum_of(self, budget: str, *states: State) -> int:
        return sum(fen for key, (of, fen) in self.reserved.items() if of == budget and self.settled.get(key, State.PENDING) in states)

    def left(self, budget: str) -> int:
        return self.appropriated[budget] - self.sum_of(budget, State.PENDING, State.POSTED)


@settings(max_examples=settings.default.max_examples // 2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), acts=st.lists(st.sampled_from(["fill", "less", "many", "within", "post", "void", "again"]), max_size=12))
def test_whatever_is_done_sums_stay_zero_and_nothing_is_below_nothing(seed: int, acts: list[str]) -> None:
    lots = random.Random(seed)  # noqa: S311 - nothing is secret
    with transaction.atomic():
        opened(0)
        opened(0, OTHER, "hangzhou/stable-jobs")
        model, done = Model(), list[Callable[[], object]]()
        for number, act in enumerate(["fill", "many", *acts]):
            step(model, act, number, lots, done)
            for budget in ledger.budgets(FINANCE):
                assert budget.appropriated_fen == model.appropriated[budget.code]
                assert budget.reserved_fen == model.sum_of(budget.code, State.PENDING)
                assert budget.paid_fen == model.sum_of(budget.code, State.POSTED)
                assert budget.available_fen == model.left(budget.code) >= 0
        totals = ledger.account_totals()
        assert sum(one.debits_posted_fen - one.credits_posted_fen for one in totals) == 0
        assert sum(one.debits_pending_fen - one.credits_pending_fen for one in totals) == 0
        rules_hold()
        transaction.set_rollback(True)


def step(model: Model, act: str, number: int, lots: random.Random, done: list[Callable[[], object]]) -> None:
    """Do one act in the ledger and in the model."""
    budget = lots.choice([BUDGET, OTHER])
    asked = [grant(f"k{number}x{one}", lots.randint(1, 60), budget, f"E{lots.randint(0, 4)}") for one in range(lots.randint(1, 4))]
    chosen = lots.sample(sorted(model.reserved), min(len(model.reserved), 3))
    if act == "fill":
        amount = lots.randint(1, 200)
        done.append(lambda: ledger.appropriate(FINANCE, budget, amount, key=f"fill{number}"))
        done[-1]()
        model.appropriated[budget] += amount
    elif act == "less":
        amount = lots.randint(1, 200)
        if amount > model.left(budget):
            with pytest.raises(BelowPromised):
                ledger.reduce(FINANCE, budget, amount, "调整", key=f"less{number}")
            return
        done.append(lambda: ledger.reduce(FINANCE, budget, amount, "调整", key=f"less{number}"))
        done[-1]()
        model.appropriated[budget] -= amount
    elif act == "many":
        if sum(one.amount_fen for one in asked) > model.left(budget):
            with pytest.raises(Overdrawn):
                ledger.reserve_many(asked)
            return
        done.append(lambda: ledger.reserve_many(asked))
        done[-1]()
        model.reserved |= {one.key: (budget, one.amount_fen) for one in asked}
    elif act == "within":
        ids, rest = ledger.reserve_within(budget, asked)
        model.reserved |= {one.key: (budget, one.amount_fen) for one in asked[: len(ids)]}
        assert rest == model.left(budget)
        assert len(ids) == len(asked) or asked[len(ids)].amount_fen > rest
    elif act in {"post", "void"}:
        settlements = [Settlement(act_id(key), f"{act}/{number}/{key}") for key in chosen]
        state = State.POSTED if act == "post" else State.VOIDED
        settle = ledger.post_many if act == "post" else lambda these: ledger.void_many(these, "撤回")
        if any(model.settled.get(key, state) != state for key in chosen):
            with pytest.raises(AlreadySettled):
                settle(settlements)
            return
        done.append(lambda: settle(settlements))
        done[-1]()
        model.settled |= dict.fromkeys(chosen, state)
    else:
        for again in done:
            again()
