"""Examples on pages of stacking: what is given, what is expected, and what the best lawful combination pays.

    facts, what was received ──combine_subject──> paid by policy, sums, what decides ──compare──> nothing, or what came out otherwise

The amounts come from the policies themselves and the caps from their figures: nothing but facts is typed in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from zhida.assess.examples import cell_value, day_of, given_facts
from zhida.dmn.compiled import AS_OF
from zhida.entitle.best.lawful import Received
from zhida.entitle.best.subject import Claim, SubjectCombination, combine_subject
from zhida.entitle.stacking.caps import with_caps
from zhida.errors import Diagnostic, diagnostic, has_errors
from zhida.policy.pack import Packs, in_force
from zhida.policy.stacking import Cap
from zhida.policy.stacking_examples import DECIDING, POSSIBLE, RECEIVED, TOTAL, ReceivedBefore, StackingExample
from zhida.source import Snippet
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.types import ANY, DATE, NUMBER, is_number
from zhida.values.unknown import Unknown

NOTHING = ("无", "none")
"""What a cell of 关键事实 says where nothing is missing that matters."""


@dataclass(frozen=True, slots=True)
class StackingResult:
    """How one example of stacking came out."""

    example: StackingExample
    """The example."""
    diagnostics: tuple[Diagnostic, ...]
    """What is wrong with it or came out otherwise; none where it passed."""

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.diagnostics


def run_stacking_examples(packs: Packs, *, as_of: Date) -> Iterator[StackingResult]:
    """Run the examples on pages of stacking; those that rest on policies or pages with errors are left out.

    Args:
        packs: The packs.
        as_of: The date for examples that set none; the first or last day of their first policy where it is not in force then.
    """
    odd = {item.span.source.name for item in packs.diagnostics if item.span is not None and has_errors([item])}
    caps = [group for group in packs.stacking if isinstance(group.figure, Cap)]
    if not odd and all(policy.is_sound for policy in packs.policies.values()):
        packs, _ = with_caps(packs, caps, as_of)  # once, and not for each example
    for example in packs.stacking_examples:
        together = {id_ for group in packs.stacking if not set(group.policies).isdisjoint(example.policies) for id_ in group.policies}
        if example.example.span.source.name not in odd and all(_is_sound(packs, id_) for id_ in together | {*example.policies}):
            yield _run(packs, example, day_of(packs.in_force[example.policies[0]], as_of))


def _is_sound(packs: Packs, policy_id: str) -> bool:
    """Say whether a policy and all that it uses, in any version, can be evaluated."""
    waiting, seen = [policy_id], {policy_id}
    while waiting:
        policy = packs.policies.get(waiting.pop())
        if policy is None or not policy.is_sound:
            return False
        named = {name.text for name in (*policy.front.uses, *policy.front.replaces)} - seen
        seen |= named
        waiting += named
    return True


def _run(packs: Packs, example: StackingExample, day: Date) -> StackingResult:
    """Run one example; what is wrong with its cells keeps it from being run."""
    found: list[Diagnostic] = []
    if example.example.as_of is not None:
        stated = cell_value(example.example.as_of, AS_OF, example.example, found, DATE)
        day = stated if isinstance(stated, Date) else day
    meant = in_force(packs, example.policies[0], day) or example.policies[0]
    facts = given_facts(packs.model_of(meant, day), example.example, found)
    received = [(each.policy, payment) for each in example.received if (payment := _payment(example, each, day, found)) is not None]
    if found:
        return StackingResult(example, tuple(found))
    combined = combine_subject(packs, example.policies, facts, as_of=day, received=received)
    for name, cell in example.example.expectations.items():
        position = _position(packs, combined, name, day)
        found += _compared(example, combined, name, cell, position)
    return StackingResult(example, tuple(found))


def _payment(example: StackingExample, received: ReceivedBefore, day: Date, found: list[Diagnostic]) -> Received | None:
    """Return what was received before, or None where its cell says no sum of money."""
    yuan = cell_value(received.yuan, RECEIVED, example.example, [], NUMBER)
    fen = yuan.scaleb(2, feel_context()) if is_number(yuan) else None
    if fen is None or fen < 0 or fen != int(fen):
        found.append(diagnostic("stacking-example-yuan", received.yuan.span(), name=example.id, value=received.yuan.text))
        return None
    on = received.on or (Date(day.year - 1, 12, 31) if received.is_earlier else day)
    return Received(0, int(fen), on)  # where the policy stands is for what combines to say


def _position(packs: Packs, combined: SubjectCombination, name: str, day: Date) -> int | None:
    """Return which of the combined policies the head of a column means: the version that is law; None for a sum."""
    return combined.structure.policies.index(in_force(packs, name, day) or name) if name in packs.policies else None


def _compared(
    example: StackingExample, combined: SubjectCombination, name: str, cell: Snippet, position: int | None
) -> Iterator[Diagnostic]:
    """Yield that something came out otherwise than a cell expects, or that it expects nothing that could come out."""
    if name == DECIDING:
        told = "、".join(combined.decides) or NOTHING[0]
        expected = {part.strip() for part in cell.text.replace("，", "、").split("、")}
        if expected != (set(combined.decides) or {NOTHING[0]}) and not (cell.text in NOTHING and not combined.decides):
            yield _failed(example, combined, name, cell, told)
        return
    found: list[Diagnostic] = []
    expected_value = cell_value(cell, name, example.example, found, ANY)
    yield from found
    if found:
        return
    if position is None:
        combination = combined.sure if name == TOTAL else combined.possible
        is_open = name == POSSIBLE and combined.is_open
        fen = combination.total_fen
        if isinstance(expected_value, Unknown) != is_open or (not is_open and not _is(expected_value, fen)):
            yield _failed(example, combined, name, cell, "?" if is_open else yuan_of(fen))
        return
    taken = combined.sure.is_taken[position]
    if isinstance(expected_value, bool):
        if expected_value is not taken:
            yield _failed(example, combined, name, cell, "true" if taken else "false")
    elif not _is(expected_value, combined.sure.paid_fen[position]):
        yield _failed(example, combined, name, cell, yuan_of(combined.sure.paid_fen[position]))


def _is(expected: object, fen: int) -> bool:
    """Say whether a cell expects exactly so much."""
    return is_number(expected) and expected.scaleb(2, feel_context()) == fen


def _failed(example: StackingExample, combined: SubjectCombination, name: str, cell: Snippet, told: str) -> Diagnostic:
    """Say what came out otherwise, with what each policy comes to by itself."""
    claims = [(claim.policy, claim) for claim in combined.claims if not claim.is_review]
    caps = [(group.name, cap) for group, cap in zip(combined.structure.caps, combined.caps, strict=True)]
    missing = sorted(frozenset().union(*(claim.missing for claim in (*combined.claims, *combined.caps))))
    words: Mapping[str, str] = {
        "money": ", ".join(f"{name} {_range(claim, 'or more')}" for name, claim in claims),
        "money_zh": "，".join(f"{name} {_range(claim, '以上')}" for name, claim in claims),
        "caps": ", ".join(f"{name} {_range(cap, 'or more')}" for name, cap in caps),
        "caps_zh": "，".join(f"{name} {_range(cap, '以上')}" for name, cap in caps),
        "missing": "、".join(missing),
        "review": "、".join(combined.review),
    }
    return diagnostic("stacking-example-failed", cell.span(), name=example.id, what=name, expected=cell.text, found=told, **words)


def _range(claim: Claim, endless: str) -> str:
    """Return what a claim comes to, from the least to the greatest; `endless` is said where there is no greatest."""
    low, high = yuan_of(claim.low_fen), yuan_of(claim.high_fen)
    return f"{low} {endless}" if claim.is_open else low if low == high else f"{low}..{high}"


def yuan_of(fen: int) -> str:
    """Return fen as yuan, without decimals that say nothing.

    >>> yuan_of(15000000), yuan_of(1234), yuan_of(10)
    ('150000', '12.34', '0.1')
    """
    text = f"{Decimal(fen).scaleb(-2, feel_context()):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
