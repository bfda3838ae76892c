"""What `zhida check` says of examples: how many rules fire in them, which conditions and thresholds they show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zhida.assess.examples import ExampleResult
from zhida.cli.console import words
from zhida.errors import Diagnostic, Language
from zhida.policy.pack import Packs
from zhida.proof.coverage.findings import coverage_findings
from zhida.proof.coverage.measure import Coverage, RuleShown, Shown, ThresholdShown, coverage
from zhida.values.temporal import Date

COLUMNS = (("规则\n触发", "rules\nfired"), ("条件\n独立", "tests\nshown"), ("门槛\n两侧", "both\nsides"))
"""The columns of the summary, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What the examples of one policy show of it, as it is told; it can be pickled."""

    totals: tuple[tuple[int, int], ...]
    """How many rules fired, conditions are shown and thresholds have both sides, each of how many."""
    data: Mapping[str, object]
    """All of it, for `--json`."""
    findings: tuple[Diagnostic, ...]
    """What they leave open."""


def covered_by(packs: Packs, policy_id: str, results: Sequence[ExampleResult], as_of: Date) -> Covered:
    """Return what the examples of a policy show of it.

    Args:
        packs: The packs.
        policy_id: The id of the policy; it has no errors.
        results: Its examples, as they were run.
        as_of: The day.
    """
    policy = packs.policies[policy_id]
    found = coverage(packs, policy, results, as_of=as_of)
    totals = found.rules_fired, found.conditions_shown, found.thresholds_shown
    return Covered(totals, coverage_data(found, totals), coverage_findings(policy, found))


def coverage_cells(found: Covered | None) -> tuple[str, ...]:
    """Return the cells of the summary: `12/12`; a dash where there is nothing to show, or the policy has errors."""
    if found is None:
        return ("–",) * len(COLUMNS)
    return tuple(f"{part}/{whole}" if whole else "–" for part, whole in found.totals)


def coverage_line(covered: Iterable[Covered], language: Language) -> str:
    """Return what the examples of all policies show together."""
    sums = [tuple(map(sum, zip(*each, strict=True))) for each in zip(*(found.totals for found in covered), strict=True)]
    if not sums:
        return ""
    rules, conditions, thresholds = (f"{part}/{whole}" for part, whole in sums)
    return words(
        language,
        f"例的覆盖：规则触发 {rules}，条件独立显示 {conditions}，门槛两侧都有 {thresholds}",
        f"examples: rules {rules}, conditions {conditions}, both sides of thresholds {thresholds}",
    )


def coverage_data(found: Coverage, totals: Sequence[tuple[int, int]]) -> dict[str, object]:
    """Return what the examples of a policy show of it, for `--json`."""
    names = ("rules_fired", "conditions_shown", "thresholds_with_both_sides")
    return {
        **{name: {"count": part, "of": whole} for name, (part, whole) in zip(names, totals, strict=True)},
        "rules": [_rule(rule) for rule in found.rules],
        "conditions": [_condition(shown) for shown in found.conditions],
        "thresholds": [_threshold(threshold) for threshold in found.thresholds],
        "nothing_to_show": list(found.left_out),
    }


def _rule(rule: RuleShown) -> dict[str, object]:
    return {"decision": rule.decision_id, "rule": rule.text[0], "place": rule.span.place, "fired": list(rule.fired)}


def _condition(shown: Shown) -> dict[str, object]:
    condition = shown.condition
    return {
        "decision": condition.decision_id,
        "condition": condition.text[0],
        "kind": condition.kind.value,
        "place": condition.span.place,
        "is_shown": shown.is_shown,
        "true": list(shown.true),
        "false": list(shown.false) if False in condition.sides else None,
    }


def _threshold(threshold: ThresholdShown) -> dict[str, object]:
    condition = threshold.condition
    return {
        "decision": condition.decision_id,
        "threshold": condition.text[0],
        "place": condition.span.place,
        "on": list(threshold.on) if threshold.needs_on else None,
        "past": list(threshold.past) if threshold.needs_past else None,
    }
