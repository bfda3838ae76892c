"""Scenarios: what a change touches, and what must be decided to tell before from after.

    packs before ─┐  digests of each policy with all it rests on      touched: decided twice
                  ├──────────────────────────────────────────────>
    packs after  ─┘  rows of stacking that tie policies together      beside: decided once, for what may be enjoyed together

A policy that is in neither is not looked at: its answers cannot differ.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from zhida.assess.feeds import feeding_columns
from zhida.assess.order import RunOrder, policy_digest, population_plan, read_attributes
from zhida.entitle.stacking.structure import MONEY, structure_of
from zhida.feel.syntax import free_names
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.policy.stacking import Cap
from zhida.registry_io.engine import engine_version
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown


class Reason(StrEnum):
    """Why the answers of a policy may differ."""

    NEW = "new"
    """It is not among the packs before."""
    REMOVED = "removed"
    """It is not among the packs after."""
    TEXT = "text"
    """Its own text differs."""
    USED = "used"
    """A policy that it uses differs."""
    FIGURES = "figures"
    """A figure of the place that it rests on differs."""
    TIME = "time"
    """The days on which it is law differ."""
    AROUND = "around"
    """Something else that it rests on differs: the dictionary, code lists, facts of the whole population."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A policy whose answers may differ."""

    policy: str
    """Its id."""
    reason: Reason
    """Why."""
    title: str
    """Its title, that after the change where it is there then."""
    gives: str
    """What it gives."""
    is_law: tuple[bool, bool]
    """Whether it is law on the day, before and after."""

    @property
    def is_money(self) -> bool:
        """Whether it gives money."""
        return self.gives in MONEY


@dataclass(frozen=True, slots=True)
class Scenario:
    """Two sets of packs, and what is different between them."""

    before: Packs
    """The packs as they are."""
    after: Packs
    """The packs as they would be."""
    as_of: Date
    """The date of the business fact."""
    dictionary: Dictionary
    """The attributes of the subjects, those of both sides."""
    touched: tuple[Touched, ...]
    """The policies whose answers may differ, in the order of the packs."""
    beside: tuple[str, ...]
    """Policies whose own answers are the same, but that rows of stacking tie to what differs; in the order of the packs."""
    groups: tuple[str, ...]
    """Rows of stacking that differ, by name."""
    figures: tuple[tuple[str, str, str], ...]
    """Parameters that differ: name, figure before, figure after; `?` where there is none."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing can come out otherwise."""
        return not self.touched and not self.groups

    def policies(self, *, is_after: bool) -> tuple[str, ...]:
        """Return the policies of one side that are decided, in the order of the packs."""
        packs = self.after if is_after else self.before
        wanted = {each.policy for each in self.touched} | set(self.beside)
        return tuple(id_ for id_ in packs.policies if id_ in wanted)

    def order(self, policies: Sequence[str], *, is_after: bool) -> RunOrder:
        """Return the order to decide some policies on one side."""
        return RunOrder(self.after if is_after else self.before, tuple(policies), self.dictionary, self.as_of)

    def columns(self, others: Iterable[str]) -> tuple[str, ...]:
        """Return the columns of a source that are read: what both sides and the amounts of their caps rest on, and others."""
        found: dict[str, None] = dict.fromkeys(others)
        for is_after, packs in enumerate((self.before, self.after)):
            policies = self.policies(is_after=bool(is_after))
            found |= dict.fromkeys(read_attributes(self.order(policies, is_after=bool(is_after))))
            found |= dict.fromkeys(feeding_columns(_cap_names(packs, policies), self.dictionary, self.as_of))
        return tuple(found)


def _cap_names(packs: Packs, policies: Sequence[str]) -> list[str]:
    """Return the names in the amounts of the caps that some policies share."""
    caps = [group.figure for group in packs.stacking if isinstance(group.figure, Cap) and set(group.policies) & set(policies)]
    return [name.name for cap in caps for name in free_names(cap.node)]


def plan_scenario(before: Packs, after: Packs, *, subject: str, as_of: Date) -> Scenario:
    """Return what is different between two sets of packs.

    Args:
        before: The packs as they are; they have no errors.
        after: The packs as they would be; they have none either.
        subject: The kind of subject whose policies are compared.
        as_of: The date of the business fact.
    """
    dictionary = _joined(before.dictionaries[subject], after.dictionaries.get(subject))
    scenario = Scenario(before, after, as_of, dictionary, (), (), (), _figures(before, after, as_of))
    touched = []
    for id_ in _in_order(before, after):
        reason = _reason(scenario, id_, subject)
        if reason is not None:
            packs = after if id_ in after.policies else before
            front = packs.policies[id_].front
            is_law = tuple(id_ in each.policies and as_of in each.in_force[id_] for each in (before, after))
            touched.append(Touched(id_, reason, front.title, front.gives, (is_law[0], is_law[1])))
    groups = _groups(before, after)
    starts = {each.policy for each in touched}
    starts |= {id_ for packs in (before, after) for group in packs.stacking if group.name in groups for id_ in group.policies}
    tied = _tied(before, after, starts, subject, as_of)
    own = {each.policy for each in touched}
    beside = tuple(id_ for id_ in before.policies if id_ in tied and id_ not in own and id_ in after.policies)
    return replace(scenario, touched=tuple(touched), beside=beside, groups=groups)


def _joined(before: Dictionary, after: Dictionary | None) -> Dictionary:
    """Return a dictionary with the attributes of both sides: a registry that was imported by either can be read."""
    if after is None or after.items.keys() == before.items.keys():
        return before
    return replace(after, items={**before.items, **after.items}, statistics={**before.statistics, **after.statistics})


def _in_order(before: Packs, after: Packs) -> tuple[str, ...]:
    ids = {*before.policies, *after.policies}
    return tuple(sorted(ids, key=lambda id_: id_.split("/")))


def _reason(scenario: Scenario, id_: str, subject: str) -> Reason | None:
    """Return why the answers of a policy may differ; None where they cannot."""
    before, after = scenario.before, scenario.after
    if not any(id_ in packs.policies and packs.policies[id_].front.subject == subject for packs in (before, after)):
        return None
    if id_ not in before.policies or id_ not in after.policies:
        return Reason.NEW if id_ in after.policies else Reason.REMOVED
    orders = [scenario.order((id_,), is_after=is_after) for is_after in (False, True)]
    told = [(policy_digest(order, id_), _rests_on(order)) for order in orders]
    if told[0] == told[1]:
        return None
    if before.policies[id_].sha256 != after.policies[id_].sha256:
        return Reason.TEXT
    old, new = before.model_of(id_, scenario.as_of), after.model_of(id_, scenario.as_of)
    if [each.sha256 for each in old.used_policies] != [each.sha256 for each in new.used_policies]:
        return Reason.USED
    if any(_figure(old.parameters[each]) != _figure(new.parameters.get(each)) for each in old.model.inputs if each in old.parameters):
        return Reason.FIGURES
    return Reason.TIME if str(old.in_force) != str(new.in_force) else Reason.AROUND


def _rests_on(order: RunOrder) -> tuple[str, ...]:
    """Return the digests of the policies by which those facts of the whole population are computed that an order rests on."""
    bases = [planned.base.goal.partition("#")[0] for planned in population_plan(order) if planned.base is not None]
    return tuple(policy_digest(order, base) for base in bases if base in order.packs.policies)


def _groups(before: Packs, after: Packs) -> tuple[str, ...]:
    """Return the rows of stacking that differ."""
    told = [{group.name: group.span.text for group in packs.stacking} for packs in (before, after)]
    return tuple(sorted(name for name in {**told[0], **told[1]} if told[0].get(name) != told[1].get(name)))


def _tied(before: Packs, after: Packs, starts: set[str], subject: str, as_of: Date) -> set[str]:
    """Return policies with all that rows of stacking, before or after, tie to them directly or through others."""
    found = set(starts)
    for packs in (before, after) * 2:  # what one side ties may be tied to more on the other
        ids = tuple(id_ for id_, policy in packs.policies.items() if policy.front.subject == subject)
        for component in structure_of(packs, ids, as_of).components():
            members = {ids[place] for place in component}
            found |= members if members & found else set()
    return found


def _figures(before: Packs, after: Packs, as_of: Date) -> tuple[tuple[str, str, str], ...]:
    """Return the parameters that differ on the day."""
    told = [{id_.partition(":")[2]: _figure(value) for id_, value in packs.figures(as_of).items()} for packs in (before, after)]
    names = sorted({**told[0], **told[1]})
    return tuple((name, told[0].get(name, "?"), told[1].get(name, "?")) for name in names if told[0].get(name) != told[1].get(name))


def _figure(value: object) -> str:
    """Return a figure in words; one that is lacking is `?`."""
    return "?" if value is None or isinstance(value, Unknown) else literal(value)


def titles_of(scenario: Scenario) -> Mapping[str, str]:
    """Return the title of each policy that is decided, by id."""
    packs = (*scenario.before.policies.items(), *scenario.after.policies.items())
    return {id_: policy.front.title for id_, policy in packs}


def metadata_of(scenario: Scenario) -> dict[str, str]:
    """Return what the data of a simulation say of themselves: day, engine, and the digests of the policies on both sides."""
    sides = {"zhida.policies_before": (scenario.before, False), "zhida.policies_after": (scenario.after, True)}
    digests = {
        name: {id_: packs.policies[id_].sha256 for id_ in scenario.policies(is_after=is_after)} for name, (packs, is_after) in sides.items()
    }
    words = {name: json.dumps(value, ensure_ascii=False) for name, value in digests.items()}
    return {"zhida.as_of": str(scenario.as_of), "zhida.engine_version": engine_version(), **words}
