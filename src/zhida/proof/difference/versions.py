"""Two versions of a policy: what changed in its words, in its rules, and in what it answers.

    old policy, its packs ──┐                 ┌─ front matter, law      text
                            ├──> difference ──┼─ rules                  rules
    new policy, its packs ──┘                 └─ answers, with proofs   answers

Each version is judged on a day of its own, for the same facts. Words and rules are told even where a version has errors;
answers are compared only where both can be evaluated, and else it is said why not.
"""

from dataclasses import dataclass, replace

from zhida.assess.examples import day_of
from zhida.errors import CompileError, has_errors
from zhida.policy.front_matter import Interval
from zhida.policy.pack import Packs, Policy, PolicyModel, with_policy
from zhida.policy.versions import effective_intervals
from zhida.proof.difference.answers import Answers, compare_answers
from zhida.proof.difference.joint import names_of
from zhida.proof.difference.rules import Rules, rule_changes
from zhida.proof.difference.search import Solver, told_by_examples
from zhida.proof.difference.text import Key, Law, front_changes, law_changes
from zhida.proof.solver.encoding import Encoding
from zhida.source import Source
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a policy, among the packs that it is judged in."""

    policy: Policy
    """The policy."""
    packs: Packs
    """The packs, with it among them."""

    @property
    def in_force(self) -> Interval:
        """The days on which it is law, what replaces it considered."""
        return self.packs.in_force[self.policy.id]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different between two versions."""

    old: Version
    """The old version."""
    new: Version
    """The new version."""
    days: tuple[Date, Date]
    """The day on which each is judged."""
    front: tuple[Key, ...]
    """What changed in the front matter."""
    law: Law
    """What changed in the words of the articles."""
    rules: Rules
    """What changed in the rules."""
    answers: Answers | None
    """What changed in the answers; None where they could not be compared."""
    reason: tuple[str, str] = ("", "")
    """Why answers could not be compared, in Chinese and English."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different."""
        law, rules = self.law, self.rules
        has_words = self.front or law.changed or law.added or law.removed or law.caveats_added or law.caveats_removed
        return not (has_words or rules.decisions or rules.parameters or rules.uses)


def version_among(packs: Packs, policy_id: str, source: Source) -> Version:
    """Return a version that is no policy of the packs: a file, or the text of another day.

    Args:
        packs: The packs, whose dictionaries, parameters and policies it may use; a policy of this name is not looked at.
        policy_id: `pack/name`.
        source: Its text.
    """
    policy = with_policy(packs, policy_id, source)
    policies = {**packs.policies, policy_id: policy}
    in_force = effective_intervals({id_: each.front for id_, each in policies.items()})
    return Version(policy, replace(packs, policies=policies, in_force=in_force, _linked={}))


def days_for(old: Interval, new: Interval, as_of: Date | None, today: Date) -> tuple[Date, Date]:
    """Return the day on which each version is judged: the same one where both are law on it, else as near as can be.

    Args:
        old: The days on which the old version is law.
        new: Those of the new one.
        as_of: The day that was asked for; None for the old version's last day and the new one's first.
        today: The day for what has neither a first nor a last one.

    >>> days_for(Interval(Date(2022, 8, 1), Date(2026, 3, 31)), Interval(Date(2026, 4, 1), None), None, Date(2026, 11, 20))
    (Date(year=2026, month=3, day=31), Date(year=2026, month=4, day=1))
    """
    if as_of is not None:
        return _nearest(old, as_of), _nearest(new, as_of)
    common = next((day for day in (today, new.start, old.start) if day is not None and day in old and day in new), None)
    if common is not None:
        return common, common
    return old.end or _nearest(old, today), new.start or _nearest(new, today)


def _nearest(interval: Interval, day: Date) -> Date:
    """Return a day, or where it lies outside of an interval the end of that which is nearest."""
    if day in interval:
        return day
    is_after = interval.end is not None and (interval.end.year, interval.end.month, interval.end.day) < (day.year, day.month, day.day)
    return interval.end if is_after and interval.end is not None else day_of(interval, day)


def difference(old: Version, new: Version, *, days: tuple[Date, Date], solver: Solver | None = None) -> Difference:
    """Return what is different between two versions.

    Args:
        old: The old version.
        new: The new version.
        days: The day on which each is judged.
        solver: What makes a solver for a model, where enumeration does not suffice; None to do without.
    """
    rules = rule_changes(old.policy, new.policy)
    found = Difference(old, new, days, front_changes(old.policy, new.policy), law_changes(old.policy, new.policy), rules, None)
    if old.policy.front.subject != new.policy.front.subject:
        return replace(found, reason=("两个版本说的不是同一类对象", "the versions are about different kinds of subjects"))
    try:
        models = (old.packs.model_of(old.policy.id, days[0]), new.packs.model_of(new.policy.id, days[1]))
    except CompileError as error:
        message = next(item for item in error.diagnostics if has_errors([item]))
        zh, en = (f"{message.span.place if message.span else ''} {message.message(language)}" for language in ("zh", "en"))
        return replace(found, reason=(f"有错误：{zh}", f"there are errors: {en}"))
    told = (
        told_by_examples(0, old.packs, old.policy, days[0]),
        told_by_examples(1, new.packs, new.policy, days[1]),
    )
    answers = compare_answers(models, rules.pairs, told, solver)
    return replace(found, rules=_with_names(rules, models), answers=answers)


def solver_of(model: PolicyModel) -> Encoding:
    """Return the solver for a model."""
    return Encoding([model])


def _with_names(rules: Rules, models: tuple[PolicyModel, PolicyModel]) -> Rules:
    """Return what changed in the rules with the facts, parameters and policies that they rest on."""
    goals = [[id_ for id_ in model.model.decisions if id_.startswith(f"{model.policy.id}#")] for model in models]
    names = [names_of(model, own) for model, own in zip(models, goals, strict=True)]
    facts = [[name for name in found if name not in model.parameter_rows] for model, found in zip(models, names, strict=True)]
    figures = [
        {name: _figure(model.parameters.get(data.id)) for name, data in found.items() if name in model.parameter_rows}
        for model, found in zip(models, names, strict=True)
    ]
    parameters = dict.fromkeys((*figures[1], *figures[0]))
    used = [dict(model.used) for model in models]
    kept = dict.fromkeys((*used[1], *used[0]))
    return replace(
        rules,
        facts_added=tuple(name for name in facts[1] if name not in facts[0]),
        facts_removed=tuple(name for name in facts[0] if name not in facts[1]),
        parameters=tuple(
            (name, figures[0].get(name, ""), figures[1].get(name, ""))
            for name in parameters
            if figures[0].get(name, "") != figures[1].get(name, "")
        ),
        uses=tuple((used[0].get(name, ""), used[1].get(name, "")) for name in kept if used[0].get(name, "") != used[1].get(name, "")),
    )


def _figure(value: object) -> str:
    """Return the figure of a parameter; a lacking one is `?`."""
    return "?" if isinstance(value, Unknown) else literal(value)
