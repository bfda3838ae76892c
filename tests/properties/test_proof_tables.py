"""Proofs of tables against exhaustive enumeration: every point of small random tables, decided by the interpreter.

Gaps, overlaps, rules without a say, answers, redundant rules and differences of two versions agree exactly, or a test fails.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.properties.drawn_tables import DrawnTable, changed, decided, draw
from zhida.dmn.evaluate import Evaluation
from zhida.policy.pack import PolicyModel
from zhida.proof.findings import Verdict
from zhida.proof.tables.axes import Atom, AtomKind, Axis
from zhida.proof.tables.boxes import Box, Budget, bits, concise, different_boxes, is_redundant, merged, overlapping, uncovered
from zhida.proof.tables.columns import NO_RULE, VIOLATED, TableInAtoms, side_by_side, table_in_atoms
from zhida.proof.tables.proving import prove_table
from zhida.values.equality import equal, less
from zhida.values.text import literal

Value = Any

SEED = 20261121
MOST_POINTS = 160


def atom_of(axis: Axis, value: Value) -> int:
    """Return the place of the one atom in which a value lies."""
    found = [place for place, atom in enumerate(axis.atoms) if lies(value, atom)]
    assert len(found) == 1, (value, axis.atoms)
    return found[0]


def lies(value: Value, atom: Atom) -> bool:
    match atom.kind:
        case AtomKind.NULL:
            return value is None
        case AtomKind.POINT:
            return value is not None and equal(value, atom.value) is True
        case AtomKind.OTHER:
            return value is not None and value not in atom.excluded
    above = atom.low is None or less(atom.low, value) is True
    return value is not None and above and (atom.high is None or less(value, atom.high) is True)


def within(point: Sequence[int], box: Box) -> bool:
    return all(atoms >> place & 1 for place, atoms in zip(point, box, strict=True))


def any_within(point: Sequence[int], boxes: Sequence[Box]) -> bool:
    return any(within(point, box) for box in boxes)


def answer_of(found: Evaluation) -> tuple[str, object]:
    """Return what a table came to, null apart by why it is null."""
    codes = {item.code for item in found.diagnostics}
    if "dmn-no-rule" in codes:
        return NO_RULE, None  # type: ignore[return-value]
    if codes & {"dmn-unique-violated", "dmn-any-violated"}:
        return VIOLATED, None  # type: ignore[return-value]
    return "value", literal(found.value)


def told(read: TableInAtoms, point: Sequence[int]) -> object:
    """Return what the atoms of a table say that it comes to, in the same form."""
    rules = sum(1 << place for place, box in enumerate(read.may.rules) if within(point, box))
    answer = read.logic.answer(rules, rules)
    assert answer is not None
    match answer[0]:
        case ("count", count):
            return "value", literal(Decimal(count))
        case ("list", said):
            return "value", f"[{', '.join(text for _, text in said)}]"
        case ("no rule",) | ("violated",):
            return answer[0], None
    return answer[0]


def check(drawn: DrawnTable, number: int) -> bool:
    """Compare all that is said of a table with the interpreter; False where it does not compile or has too many points."""
    model, points = drawn.model, drawn.points(MOST_POINTS)
    if model is None or not points:
        return False
    read = table_in_atoms(model, "问")
    assert read.is_exact
    grid = read.may
    places = [tuple(atom_of(column.axis, value) for column, value in zip(read.columns, point, strict=True)) for point in points]
    for column, size in enumerate(grid.sizes):
        assert {place[column] for place in places} == set(range(size)), "an atom without a point"
    matches = [set(decided(model, "全", point).trace["全"].table.matched) for point in points]  # type: ignore[union-attr]
    found = [decided(model, "问", point) for point in points]
    for place, matched in zip(places, matches, strict=True):
        assert matched == {rule for rule, box in enumerate(grid.rules) if within(place, box)}

    gaps = list(uncovered(grid, grid.everything, grid.all_rules, Budget()))
    few = concise(grid, gaps, grid.everything, grid.all_rules)
    for place, matched in zip(places, matches, strict=True):
        assert any_within(place, gaps) == any_within(place, few) == (not matched)
    pairs = {(one, other) for one, others in enumerate(overlapping(grid)) for other in bits(others)}
    assert pairs == {(one, other) for matched in matches for one in matched for other in matched if one != other}
    for place, evaluation in zip(places, found, strict=True):
        assert told(read, place) == answer_of(evaluation)
    check_proof(drawn, read, model, list(zip(points, places, matches, strict=True)))
    check_version(drawn, number, points, found)
    return True


def check_proof(drawn: DrawnTable, read: TableInAtoms, model: PolicyModel, points: Sequence[Any]) -> None:
    """Compare the verdicts, and the rules that never have a say."""
    proof = prove_table(model, "问")
    assert not proof.undecided
    named = read.table.names_null
    asked = [
        matched for point, _, matched in points if all(value is not None or is_named for value, is_named in zip(point, named, strict=True))
    ]
    is_complete = bool(drawn.default) or all(asked)
    assert (proof.completeness is Verdict.PROVED) == is_complete
    first = {next(rule for rule in read.logic.order if rule in matched) for _, _, matched in points if matched}
    heard = first if drawn.policy in {"F", "P"} else set().union(*(matched for _, _, matched in points))
    silent = {finding.rules[0] for finding in proof.findings if finding.diagnostic.code in {"proof-masked", "proof-never"}}
    assert silent == set(range(len(drawn.rules))) - heard
    outputs = [rule[-1] for rule in drawn.rules]
    at_once = [matched for _, _, matched in points if len(matched) > 1]
    is_wrong = (
        bool(at_once) if drawn.policy == "U" else drawn.policy == "A" and any(len({outputs[rule] for rule in each}) > 1 for each in at_once)
    )
    assert (proof.consistency is Verdict.REFUTED) == is_wrong
    for finding in proof.findings:
        if finding.diagnostic.severity == "error":
            assert finding.witness is not None
    for finding in proof.findings:
        if finding.diagnostic.code == "proof-mergeable":
            one, other = finding.rules
            both = {one, other}
            assert any(
                all(
                    read.logic.answer(mask(matched), mask(matched)) == read.logic.answer(*[mask(matched - both | {kept})] * 2)
                    for _, _, matched in points
                    if matched & both
                )
                for kept in both
            ), "rules that were put together answer otherwise"
    for place in range(len(drawn.rules)):
        rest = [{rule for rule in matched if rule != place} for _, _, matched in points]
        same = all(
            read.logic.answer(mask(matched), mask(matched)) == read.logic.answer(mask(less_one), mask(less_one))
            for (_, _, matched), less_one in zip(points, rest, strict=True)
        )
        if all(read.may.rules[place]):
            assert is_redundant(read.may, read.logic, place, Budget()) == same


def mask(places: set[int]) -> int:
    return sum(1 << place for place in places)


def check_version(drawn: DrawnTable, number: int, points: Sequence[Any], found: Sequence[Evaluation]) -> None:
    """Compare where another version of the table answers differently."""
    model = drawn.model
    other = changed(drawn, f"{SEED}/{number}/changed")
    later = other.model
    if later is None:
        return
    assert model is not None
    both = side_by_side((model, "问"), (later, "问"))
    assert both is not None
    left, right = both
    boxes = list(different_boxes((left.may, left.logic), (right.may, right.logic), left.may.everything, Budget()))
    few = merged(boxes)
    for point, before in zip(points, found, strict=True):
        place = tuple(atom_of(column.axis, value) for column, value in zip(left.columns, point, strict=True))
        differs = answer_of(before) != answer_of(decided(later, "问", point))
        assert any_within(place, boxes) == any_within(place, few) == differs, other


def checked(numbers: range) -> int:
    """Check tables one after the other, and say which one fails."""
    count = 0
    for number in numbers:
        drawn = draw(f"{SEED}/{number}")
        try:
            count += check(drawn, number)
        except AssertionError as error:
            error.add_note(f"table {number} of seed {SEED}\n{drawn}")
            raise
    return count


def test_proofs_of_small_tables_agree_with_exhaustive_enumeration() -> None:
    assert checked(range(150)) >= 120


@pytest.mark.long
@pytest.mark.parametrize("first", range(1_000, 12_900, 1_190))
def test_proofs_of_ten_thousand_small_tables_agree_with_exhaustive_enumeration(first: int) -> None:
    assert checked(range(first, first + 1_190)) >= 1_000
