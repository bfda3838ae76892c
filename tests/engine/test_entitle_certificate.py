"""Certificates: an argument that can be followed, a checker that needs no solver, and nothing that can be changed."""

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.engine.test_entitle_lawful import AS_OF, bound, situation
from zhida.entitle.best.argument import Bound, Case, Cases, Certificate, Term, data, read, sealed
from zhida.entitle.best.certificate import prove
from zhida.entitle.best.checker import check
from zhida.entitle.best.lawful import Combination, Situation
from zhida.entitle.best.linear import Row, greatest
from zhida.entitle.best.solver import best
from zhida.entitle.stacking.structure import Structure, Unit
from zhida.errors import InputError
from zhida.policy.stacking import Times


def proved(structure: Structure, told: Situation) -> Certificate:
    certificate = prove(structure, told, best(structure, told, AS_OF), AS_OF)
    assert check(structure, told, certificate, AS_OF) == ()
    return certificate


def anew(certificate: Certificate) -> Certificate:
    """Return a certificate with a seal that fits: what somebody does who knows how seals are made."""
    return replace(certificate, seal=sealed(certificate))


def test_a_cap_is_one_line_of_the_argument() -> None:
    certificate = proved(bound("封顶", "0", "1", count=3), situation(5, 8, 4, cap=10))
    tied, alone = certificate.parts
    assert (tied.policies, tied.total_fen) == (("p/0", "p/1"), 10)
    assert tied.argument == Bound((Term("sum", 0, "组", "第一条", Fraction(1), 10),), 10)
    assert (alone.policies, alone.total_fen) == (("p/2",), 4)
    assert alone.argument == Bound((Term("policy", 2, "p/2", "", Fraction(1), 4),), 4)


def test_of_the_highest_each_unit_is_worth_the_greatest() -> None:
    certificate = proved(bound("择高", "0", "1", "2", count=3), situation(5, 8, 3))
    (part,) = certificate.parts
    assert part.argument == Bound((Term("choice", 0, "组", "第一条", Fraction(8), 1),), 8)


def circles(*caps: int) -> tuple[Structure, Situation]:
    """Return circles of three policies, of which any two neighbours are capped together; a last cap holds all of them."""
    structure = bound("封顶", "0", "1", count=3 * len(caps))
    (row,) = structure.restrictions
    pairs = [(first + at, first + (at + 1) % 3) for first in range(0, 3 * len(caps), 3) for at in range(3)]
    rows = [replace(row, group=f"组{cap}", cap=cap, units=(Unit("甲", (one,)), Unit("乙", (two,)))) for cap, (one, two) in enumerate(pairs)]
    everyone = tuple(Unit(name, (each,)) for each, name in enumerate(structure.policies))
    rows.append(replace(row, group="全部", cap=len(rows), units=everyone))
    limits = tuple(cap for cap in caps for _ in range(3))
    amounts = tuple(cap for cap in caps for _ in range(3))
    total = sum(amounts) - 1
    told = Situation(amounts, (True,) * len(amounts), (*limits, total), (0,) * len(amounts))
    return replace(structure, restrictions=tuple(rows)), told


def test_caps_that_cross_count_half_and_the_half_fen_is_dropped() -> None:
    structure, told = circles(1)
    (part,) = proved(structure, told).parts
    assert isinstance(part.argument, Bound)
    assert [each.times for each in part.argument.terms] == [Fraction(1, 2)] * 3
    assert part.total_fen == part.argument.limit_fen == 1


def test_where_halves_add_up_to_a_fen_amounts_are_told_apart() -> None:
    structure, told = circles(1, 3)
    (part,) = proved(structure, told).parts
    assert part.total_fen == 5
    assert isinstance(part.argument, Cases)
    assert (part.argument.on, [each.kind for each in part.argument.cases]) == ("amount", ["at_most", "at_least"])


def test_what_is_required_and_excluded_makes_cases() -> None:
    structure = bound("前提", "0", "1", count=3)
    (row,) = structure.restrictions
    choice = replace(bound("择一", "0", "2", count=3).restrictions[0], group="二选一")
    structure = replace(structure, restrictions=(row, choice))
    certificate = proved(structure, situation(1, 5, 7))
    (part,) = certificate.parts
    assert part.total_fen == 7
    assert isinstance(part.argument, Cases)
    assert (part.argument.on, part.argument.name, part.argument.article) == ("requirement", "组", "第一条")
    assert [(each.kind, each.names) for each in part.argument.cases] == [("without", ("单元1",)), ("with", ("p/0",))]


def test_of_a_worse_combination_there_is_no_certificate() -> None:
    structure, told = bound("择高", "0", "1", count=2), situation(5, 8)
    with pytest.raises(AssertionError, match="pays more than 5 fen"):
        prove(structure, told, Combination((5, 0), (True, False)), AS_OF)
    with pytest.raises(AssertionError, match="not lawful"):
        prove(structure, told, Combination((5, 8), (True, True)), AS_OF)


def test_a_certificate_comes_back_from_json() -> None:
    certificate = proved(*circles(1, 3))
    assert read(data(certificate)) == certificate


@pytest.mark.parametrize(
    ("name", "value"), [("total_fen", "8"), ("is_taken", [1, 0]), ("parts", None), ("seal", None), ("parts", [{"policies": ["p/0"]}])]
)
def test_what_is_no_certificate_is_said(name: str, value: object) -> None:
    told = data(proved(bound("择高", "0", "1", count=2), situation(5, 8))) | {name: value}
    with pytest.raises(InputError) as caught:
        read(told)
    assert [each.code for each in caught.value.diagnostics] == ["certificate-unreadable"]


def test_a_certificate_is_about_one_subject_one_day_and_these_rows() -> None:
    structure, told = bound("择高", "0", "1", count=2), situation(5, 8)
    certificate = proved(structure, told)
    assert check(structure, situation(5, 9), certificate, AS_OF)
    assert check(structure, situation(5, 7), certificate, AS_OF)
    assert check(structure, told, certificate, replace(AS_OF, day=29))
    (row,) = structure.restrictions
    assert check(replace(structure, restrictions=(replace(row, sha256="other"),)), told, certificate, AS_OF)


def test_a_worse_combination_in_the_certificate_of_the_best_fails_with_a_fitting_seal_too() -> None:
    structure, told = bound("择高", "0", "1", count=2), situation(5, 8)
    certificate = proved(structure, told)
    (part,) = certificate.parts
    worse = replace(certificate, paid_fen=(5, 0), is_taken=(True, False), total_fen=5, parts=(replace(part, total_fen=5),))
    assert check(structure, told, anew(worse), AS_OF) == ("上限 8 分推不出合计最多 5 分",)


def test_a_case_that_is_left_out_or_narrowed_is_missed() -> None:
    structure, told = circles(1, 3)
    certificate = proved(structure, told)
    (part,) = certificate.parts
    assert isinstance(part.argument, Cases)
    first, last = part.argument.cases
    for cases in ((first,), (last,), (), (first, first), (first, replace(last, fen=last.fen + 1)), (replace(first, names=("p/5",)), last)):
        argument = replace(part.argument, cases=cases)
        spoilt = anew(replace(certificate, parts=(replace(part, argument=argument),)))
        assert check(structure, told, spoilt, AS_OF), cases


def test_a_choice_with_more_cases_than_anybody_can_list_is_refused_at_once() -> None:
    structure = bound("限次", *"0123456789", count=60, times=Times(30, "年"))
    (row,) = structure.restrictions
    structure = replace(structure, restrictions=(replace(row, units=tuple(Unit(f"单元{each}", (each,)) for each in range(60))),))
    told = situation(*range(1, 61))
    certificate = proved(structure, told)
    (part,) = certificate.parts
    spoilt = replace(part, argument=Cases("choice", 0, "组", "第一条", ()))
    assert check(structure, told, anew(replace(certificate, parts=(spoilt,))), AS_OF) == ("组：情形不全或与规则不符",)


@pytest.mark.parametrize("times", ["1e999999999", "0.5", " 1", "1/0", "1/2/3", "", "9" * 401])
def test_how_often_is_a_whole_number_or_a_fraction(times: str) -> None:
    told = data(proved(bound("择高", "0", "1", count=2), situation(5, 8)))
    told["parts"][0]["argument"]["terms"][0]["times"] = times
    with pytest.raises(InputError) as caught:
        read(told)
    assert [each.code for each in caught.value.diagnostics] == ["certificate-unreadable"]


@pytest.mark.parametrize(
    "argument",
    [
        Bound((), 0),
        Bound((Term("choice", 0, "组", "第一条", Fraction(7), 1),), 7),
        Bound((Term("choice", 0, "组", "第一条", Fraction(8), 0),), 0),
        Bound((Term("choice", 0, "别的组", "第一条", Fraction(8), 1),), 8),
        Bound((Term("choice", 0, "组", "第二条", Fraction(8), 1),), 8),
        Bound((Term("choice", 1, "组", "第一条", Fraction(8), 1),), 8),
        Bound((Term("choice", -1, "组", "第一条", Fraction(8), 1),), 8),
        Bound((Term("sum", 0, "组", "第一条", Fraction(8), 1),), 8),
        Bound((Term("choice", 0, "组", "第一条", Fraction(-8), 1),), 8),
        Cases("choice", 0, "组", "第一条", (Case("only", ("单元0",), 0, Bound((Term("policy", 0, "p/0", "", Fraction(1), 5),), 5)),)),
        Cases("choice", 3, "组", "第一条", ()),
        Cases("sum", 0, "组", "第一条", ()),
        Cases("requirement", 0, "组", "第一条", ()),
    ],
)
def test_an_argument_that_proves_nothing_fails(argument: Bound | Cases) -> None:
    structure, told = bound("择高", "0", "1", count=2), situation(5, 8)
    certificate = proved(structure, told)
    (part,) = certificate.parts
    assert check(structure, told, anew(replace(certificate, parts=(replace(part, argument=argument),))), AS_OF)


def test_cases_of_a_choice_prove_it_too() -> None:
    structure, told = bound("择高", "0", "1", count=2), situation(5, 8)
    certificate = proved(structure, told)
    (part,) = certificate.parts
    amounts = (5, 8)
    cases = tuple(
        Case("only", (f"单元{each}",), 0, Bound((Term("policy", each, f"p/{each}", "", Fraction(1), amounts[each]),), amounts[each]))
        for each in range(2)
    )
    other = replace(certificate, parts=(replace(part, argument=Cases("choice", 0, "组", "第一条", cases)),))
    assert check(structure, told, anew(other), AS_OF) == ()


def test_parts_name_each_policy_once() -> None:
    structure, told = bound("封顶", "0", "1", count=3), situation(5, 8, 4, cap=10)
    certificate = proved(structure, told)
    tied, alone = certificate.parts
    for parts in ((tied,), (alone,), (tied, alone, alone), (tied, replace(alone, policies=("p/9",)))):
        assert check(structure, told, anew(replace(certificate, parts=parts)), AS_OF), parts


def test_the_greatest_sum_under_limits_is_exact() -> None:
    one = Fraction(1)
    rows = [Row({0: one, 1: one}, Fraction(1)), Row({1: one, 2: one}, Fraction(1)), Row({0: one, 2: one}, Fraction(1))]
    found = greatest(rows, dict.fromkeys(range(3), 0), dict.fromkeys(range(3), 1))
    assert found.amounts == dict.fromkeys(range(3), Fraction(1, 2))
    assert found.multipliers == (Fraction(1, 2),) * 3


def test_limits_that_cannot_be_kept_are_shown_to_be_so() -> None:
    one = Fraction(1)
    found = greatest([Row({0: one, 1: one}, Fraction(3))], {0: 2, 1: 2}, {0: 5, 1: 5})
    assert (found.amounts, found.multipliers) == (None, (one,))
