"""Budgets are never spent over by a fen, whatever the claims: each order of service against a short one written out."""

import hashlib
from fractions import Fraction
from random import Random

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.budget_files import claims_frame, terms_of
from zhida.entitle.budgets.allocation import allocate
from zhida.entitle.budgets.claims import SET_ASIDE, Claims
from zhida.entitle.budgets.record import Origin, claims_files, read_claims, record_of
from zhida.entitle.budgets.service import in_turn, pro_rata
from zhida.policy.front_matter import ORDERS

SMALL = st.lists(st.integers(1, 500), max_size=12)
LARGE = st.lists(st.integers(2**60, 2**63 - 1), max_size=12)
AMOUNTS = st.one_of(SMALL, LARGE, st.lists(st.one_of(st.integers(1, 9), st.integers(2**62, 2**63 - 1)), max_size=8))


def fen(amounts: list[int]) -> np.ndarray:
    return np.array(amounts, dtype=np.int64)


def available_of(amounts: list[int], thousandth: int) -> int:
    return sum(amounts) * thousandth // 1000


@given(AMOUNTS, st.integers(0, 1100))
def test_in_turn_the_last_fen_is_spent_and_never_one_more(amounts: list[int], thousandth: int) -> None:
    available, left, expected = available_of(amounts, thousandth), available_of(amounts, thousandth), []
    for amount in amounts:
        expected.append(min(amount, left))
        left -= expected[-1]
    paid = in_turn(fen(amounts), available, last="part").tolist()
    assert paid == expected
    assert sum(paid) == min(available, sum(amounts))


@given(AMOUNTS, st.integers(0, 1100))
def test_where_the_last_waits_nobody_is_paid_in_part_or_overtaken(amounts: list[int], thousandth: int) -> None:
    available = available_of(amounts, thousandth)
    paid = in_turn(fen(amounts), available, last="wait").tolist()
    served = sum(1 for each in paid if each)
    assert paid == amounts[:served] + [0] * (len(amounts) - served)
    assert sum(paid) <= available
    assert served == len(amounts) or sum(amounts[: served + 1]) > available


@given(AMOUNTS, st.integers(0, 1100))
def test_pro_rata_is_within_a_fen_of_the_exact_share_and_spends_all(amounts: list[int], thousandth: int) -> None:
    available, total = available_of(amounts, thousandth), sum(amounts)
    paid = pro_rata(fen(amounts), available).tolist()
    if available >= total:
        assert paid == amounts
        return
    shares = [Fraction(amount * available, total) for amount in amounts]
    expected = [int(share) for share in shares]
    by_remainder = sorted(range(len(amounts)), key=lambda place: (expected[place] - shares[place], place))
    for place in by_remainder[: available - sum(expected)]:
        expected[place] += 1
    assert paid == expected
    assert sum(paid) == available
    assert all(each <= amount for each, amount in zip(paid, amounts, strict=True))


CLAIM = st.tuples(
    st.integers(1, 10**6),
    st.sampled_from(["", "2026-03-01", "2026-03-02", "2026-06-30"]),
    st.sampled_from([None, 0, 34_200, 86_399]),
    st.sampled_from(["", "9", "10", "9.5", "9.50", "-1.000001"]),
)


@given(st.lists(CLAIM, max_size=14), st.sampled_from(ORDERS), st.sampled_from(["part", "wait"]), st.integers(0, 1100), st.randoms())
def test_an_allocation_is_the_short_one_whatever_the_order_of_the_rows(
    drawn: list[tuple[int, str, int | None, str]],
    order: str,
    last: str,
    thousandth: int,
    dice: Random,
) -> None:
    rows = [(f"K{place:02d}", amount, day, time, points) for place, (amount, day, time, points) in enumerate(drawn)]
    available = sum(row[1] for row in rows) * thousandth // 1000
    terms = terms_of(available, order, last=last, seed="2026")

    def rank(row: tuple[str, int, str, int | None, str]) -> tuple[object, ...]:
        when = (row[2] or "9999", 86_400 if row[3] is None or not row[2] else row[3], row[0])
        if order == "score":
            return (-Fraction(row[4]) if row[4] else Fraction(10**9), *when)
        return (
            (hashlib.sha256(f"2026\n{row[0]}".encode()).hexdigest(),) if order == "lottery" else when if order == "first-come" else row[:1]
        )

    shuffled = list(rows)
    dice.shuffle(shuffled)
    found = allocate(claims_frame(shuffled), terms)
    assert found.frame["key"].to_list() == [row[0] for row in sorted(rows, key=rank)]
    assert found.frame.equals(allocate(claims_frame(rows), terms).frame)
    assert found.paid_fen == sum(found.frame["paid_fen"].to_list()) <= available
    if last == "part" or order == "pro-rata":
        assert found.paid_fen == min(available, found.claimed_fen)
    assert sum(count for count, _, _ in found.counts.values()) == len(rows)
    assert sum(paid for _, _, paid in found.counts.values()) == found.paid_fen


@given(st.lists(CLAIM, max_size=8), st.sampled_from(ORDERS))
def test_claims_survive_the_way_through_their_file(drawn: list[tuple[int, str, int | None, str]], order: str) -> None:
    rows = [(f"={place:02d}", amount, day, time, score) for place, (amount, day, time, score) in enumerate(drawn)]
    claims = Claims(claims_frame(rows), pl.DataFrame(schema=SET_ASIDE), (0, 0), 0)
    files = claims_files(claims, is_synthetic=True)
    read = read_claims(files["claims.csv"])
    assert read.drop("key", "name").equals(claims.frame.drop("key", "name"))
    again = claims_files(Claims(read, claims.set_aside, (0, 0), 0), is_synthetic=True)
    assert again == files
    origin = Origin("sum", {}, {}, "", is_synthetic=True, engine_version="0", idle=(0, 0), open_subjects=0)
    terms = terms_of(10**6, order, seed="7")
    assert record_of(files, terms, origin).files == record_of(again, terms, origin).files
