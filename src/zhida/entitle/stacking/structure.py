"""What binds the policies of a list together: the rows of `stacking.md`, with positions in the list instead of names.

    packs.stacking ──structure_of──> Structure      policies 0, 1, 2, …  restrictions over units of them, caps, shares

A *unit* is a policy or a nested group. The versions of a policy along `replaces` count as one: a unit of one policy holds the
positions of all its versions that are in the list, and a row that names two versions has one unit of them. Rows of which no
policy is in the list are left out; 可叠加 restricts nothing and is left out too. What is lawful within a structure is the
business of `entitle.best.lawful`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zhida.errors import InputError, diagnostic
from zhida.policy.front_matter import WindowState, window_on
from zhida.policy.pack import Packs
from zhida.policy.stacking import Cap, Share, Shares, StackingGroup, StackingRule, Times
from zhida.policy.versions import first_version
from zhida.values.temporal import Date

MONEY = frozenset(("cash", "tax", "voucher"))
"""What a policy gives where it gives money."""

PUBLIC_FUNDS = frozenset(("cash", "voucher"))
"""What of it is paid out of a budget."""

UNRESTRICTING = frozenset((StackingRule.SHARES, StackingRule.FREE))
"""Rules that restrict nothing."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a row names once: a policy with its versions, or a nested group."""

    name: str
    """The id of the policy, or the name of the group, as the row names it."""
    members: tuple[int, ...]
    """Positions of its policies, ascending; nothing where none of them is in the list."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A row that restricts what may be enjoyed together."""

    group: str
    """What the group is called."""
    rule: StackingRule
    """择高, 择一, 封顶, 补差, 前提 or 限次."""
    units: tuple[Unit, ...]
    """What the row names, in the order of the text."""
    cap: int | None
    """Of 封顶: the place of its amount among the caps of the structure."""
    times: Times | None
    """Of 限次: how often, and for what."""
    article: str
    """Where that is ordered; empty where the row does not say."""
    place: str
    """`file:line:column` of the row."""
    sha256: str
    """Digest of the text of the row."""

    @property
    def members(self) -> tuple[int, ...]:
        """Positions of all its policies, ascending, each once."""
        return tuple(sorted({each for unit in self.units for each in unit.members}))


@dataclass(frozen=True, slots=True)
class Sharing:
    """A row of 分担: who bears how much of what its policies pay."""

    group: str
    """What the group is called."""
    members: tuple[int, ...]
    """Positions of its policies, ascending."""
    shares: tuple[Share, ...]
    """The parties, in the order of the text; their parts make 1."""
    article: str
    """Where that is ordered; empty where the row does not say."""
    place: str
    """`file:line:column` of the row."""
    sha256: str
    """Digest of the text of the row."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A list of policies, and what binds them together on a day."""

    policies: tuple[str, ...]
    """Their ids; everything else names them by their place in here."""
    is_money: tuple[bool, ...]
    """Of each, whether it gives money; what others give counts as 0 yuan, but is held."""
    is_public_funds: tuple[bool, ...]
    """Of each, whether it is paid out of a budget: tax relief leaves none."""
    deadlines: tuple[Date | None, ...]
    """Of each, the last day of the window seen from the day; None where there is no window, or no end."""
    is_closed: tuple[bool, ...]
    """Of each, whether the window is closed on the day."""
    versions: tuple[tuple[int, ...], ...]
    """Of each, the positions of all its versions in the list, itself among them."""
    restrictions: tuple[Restriction, ...]
    """The rows that restrict, in the order of the packs."""
    shares: tuple[Sharing, ...]
    """The rows of 分担, in the order of the packs."""
    caps: tuple[StackingGroup, ...]
    """The groups of 封顶, in the order of the packs: their amounts are to be worked out for each subject."""

    def components(self) -> tuple[tuple[int, ...], ...]:
        """Return the positions that restrictions tie together, ascending; a policy that nothing ties stands alone."""
        components: list[set[int]] = []
        for tied in [{each} for each in range(len(self.policies))] + [set(each.members) for each in self.restrictions]:
            touched = [each for each in components if each & tied]
            components = [each for each in components if not each & tied] + [tied.union(*touched)]
        return tuple(sorted(tuple(sorted(each)) for each in components))

    @property
    def sha256(self) -> str:
        """Digest of the text of all rows that matter here."""
        digests = [each.sha256 for each in self.restrictions] + [each.sha256 for each in self.shares]
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def structure_of(packs: Packs, policies: Sequence[str], as_of: Date) -> Structure:
    """Return what binds policies together.

    Args:
        packs: The packs whose rows of stacking count.
        policies: Ids of policies of the packs, each once; their order is the last tie-breaker.
        as_of: The day from which windows are seen.
    """
    fronts = {id_: policy.front for id_, policy in packs.policies.items()}
    roots = [first_version(fronts, id_) for id_ in policies]
    positions: dict[str, tuple[int, ...]] = {}
    for position, root in enumerate(roots):
        positions[root] = (*positions.get(root, ()), position)
    by_id = {id_: positions.get(first_version(fronts, id_), ()) for group in packs.stacking for id_ in group.policies}
    groups = [group for group in packs.stacking if any(by_id[id_] for id_ in group.policies)]
    caps = tuple(group for group in groups if isinstance(group.figure, Cap))
    windows = [fronts[id_].window for id_ in policies]
    seen = [window_on(window, as_of) if window else None for window in windows]
    return Structure(
        tuple(policies),
        tuple(fronts[id_].gives in MONEY for id_ in policies),
        tuple(fronts[id_].gives in PUBLIC_FUNDS for id_ in policies),
        tuple(each[1].end if each else None for each in seen),
        tuple(each is not None and each[0] is WindowState.CLOSED for each in seen),
        tuple(positions[root] for root in roots),
        tuple(_restriction(group, by_id, caps) for group in groups if group.rule not in UNRESTRICTING),
        tuple(_sharing(group, group.figure, by_id) for group in groups if isinstance(group.figure, Shares)),
        caps,
    )


def left_out(packs: Packs, policies: Sequence[str], received: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what was received that is not combined and yet restricts what is: its id, a policy that it restricts, and the group.

    Args:
        packs: The packs whose rows of stacking count.
        policies: Ids of the policies that are combined.
        received: Ids of policies of which something was received; whatever version is meant.
    """
    fronts = {id_: policy.front for id_, policy in packs.policies.items()}
    listed = {first_version(fronts, id_): id_ for id_ in policies}
    groups = [group for group in packs.stacking if group.rule not in UNRESTRICTING]
    for name in sorted(set(received)):
        root = first_version(fronts, name)
        if root in listed:
            continue
        for group in groups:
            roots = {first_version(fronts, id_) for id_ in group.policies}
            if root in roots and not roots.isdisjoint(listed):
                yield name, next(id_ for own, id_ in listed.items() if own in roots), group.name
                break


def refuse_left_out(packs: Packs, policies: Sequence[str], received: Iterable[str]) -> None:
    """See that nothing was received that restricts what is combined, and would be lost; arguments as of `left_out`.

    Raises:
        InputError: received-not-combined.
    """
    if lost := [*left_out(packs, policies, received)]:
        raise InputError([diagnostic("received-not-combined", name=name, policy=policy, group=group) for name, policy, group in lost])


def _restriction(group: StackingGroup, by_id: Mapping[str, tuple[int, ...]], caps: Sequence[StackingGroup]) -> Restriction:
    units: list[Unit] = []
    for unit in group.units:
        members = _members(unit.policies, by_id)
        own = tuple(each for each in members if all(each not in before.members for before in units))
        if own or not members:
            units.append(Unit(unit.name, own))
    cap = next((place for place, each in enumerate(caps) if each is group), None)
    times = group.figure if isinstance(group.figure, Times) else None
    return Restriction(group.name, group.rule, tuple(units), cap, times, group.article, group.span.place, _sha256(group))


def _sharing(group: StackingGroup, figure: Shares, by_id: Mapping[str, tuple[int, ...]]) -> Sharing:
    members = _members(group.policies, by_id)
    return Sharing(group.name, members, figure.shares, group.article, group.span.place, _sha256(group))


def _members(policies: Sequence[str], by_id: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sorted({position for id_ in policies for position in by_id[id_]}))


def _sha256(group: StackingGroup) -> str:
    return hashlib.sha256(group.span.text.encode()).hexdigest()
