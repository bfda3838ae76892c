"""What `zhida check` says of examples: how many rules fire in them, which conditions and thresholds they show."""

from collections.abc import Iterable, Mapping, Sequence

from zhida.assess.examples import ExampleResult
from zhida.cli.console import words
from zhida.errors import Diagnostic, Language
from zhida.policy.pack import Packs
from zhida.proof.coverage import Coverage, RuleShown, Shown, ThresholdShown, coverage
from zhida.proof.coverage_findings import coverage_findings
from zhida.values.temporal import Date

COLUMNS = (("规则\n触发", "rules\nfired"), ("条件\n独立", "tests\nshown"), ("门槛\n两侧", "both\nsides"))
"""The columns of the summary, in Chinese and English."""


def coverages_of(packs: Packs, results: Mapping[str, Sequence[ExampleResult]], as_of: Date) -> dict[str, Coverage]:
    """Return what the examples of each policy show of it, by its id.

    Args:
        packs: The packs.
        results: The examples of policies without errors, as they were run.
        as_of: The day.
    """
    return {id_: coverage(packs, packs.policies[id_], found, as_of=as_of) for id_, found in results.items()}


def findings_of(packs: Packs, covered: Mapping[str, Coverage]) -> list[Diagnostic]:
    """Return what examples leave open."""
    return [item for id_, found in covered.items() for item in coverage_findings(packs.policies[id_], found)]


def totals(found: Coverage) -> tuple[tuple[int, int], ...]:
    """Return how many rules fired, conditions are shown and thresholds have both sides, each of how many."""
    return found.rules_fired, found.conditions_shown, found.thresholds_shown


def coverage_cells(found: Coverage | None) -> tuple[str, ...]:
    """Return the cells of the summary: `12/12`; a dash where there is nothing to show, or the policy has errors."""
    if found is None:
        return ("–",) * len(COLUMNS)
    return tuple(f"{part}/{whole}" if whole else "–" for part, whole in totals(found))


def coverage_line(covered: Iterable[Coverage], language: Language) -> str:
    """Return what the examples of all policies show together."""
    sums = [tuple(map(sum, zip(*each, strict=True))) for each in zip(*map(totals, covered), strict=True)]
    if not sums:
        return ""
    rules, conditions, thresholds = (f"{part}/{whole}" for part, whole in sums)
    return words(
        language,
        f"例的覆盖：规则触发 {rules}，条件独立显示 {conditions}，门槛两侧都有 {thresholds}",
        f"examples: {rules} rules fired, {conditions} conditions shown by themselves, {thresholds} thresholds with both sides",
    )


def coverage_data(found: Coverage) -> dict[str, object]:
    """Return what the examples of a policy show of it, for `--json`."""
    names = ("rules_fired", "conditions_shown", "thresholds_with_both_sides")
    return {
        **{name: {"count": part, "of": whole} for name, (part, whole) in zip(names, totals(found), strict=True)},
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
