"""Who bears how much of what a policy pays: the rows of 分担, to the fen."""

from fractions import Fraction

from zhida.entitle.stacking.structure import Sharing, Structure


def sharing_of(structure: Structure, position: int) -> Sharing | None:
    """Return the row by which a policy is shared; None where there is none, or rows that differ (`is_disputed`).

    Args:
        structure: What binds the policies together.
        position: The policy.
    """
    rows = _rows(structure, position)
    return rows[0] if rows and not is_disputed(structure, position) else None


def is_disputed(structure: Structure, position: int) -> bool:
    """Return whether rows share a policy differently, so that only the agreement that is applied can say who bears what."""
    return len({tuple((each.party, each.part) for each in row.shares) for row in _rows(structure, position)}) > 1


def split_fen(sharing: Sharing, amount_fen: int) -> tuple[tuple[str, int], ...]:
    """Return what each party bears of an amount, in the order of the text.

    Each is rounded down to a fen; the fen that are left go one by one to the parties with the largest remainders, of equal ones
    to those named first.

    Args:
        sharing: The parties and their parts.
        amount_fen: The amount.
    """
    exact = [Fraction(each.part) * amount_fen for each in sharing.shares]
    fen = [each.numerator // each.denominator for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda number: fen[number] - exact[number])
    for number in by_remainder[: amount_fen - sum(fen)]:
        fen[number] += 1
    return tuple((each.party, amount) for each, amount in zip(sharing.shares, fen, strict=True))


def _rows(structure: Structure, position: int) -> list[Sharing]:
    return [each for each in structure.shares if position in each.members]
