"""What examples leave open, as findings: a threshold without both sides, a rule that never fires, a condition nobody shows."""

from collections.abc import Iterator

from zhida.errors import Diagnostic, diagnostic
from zhida.policy.pack import Policy
from zhida.proof.coverage.measure import Coverage, ThresholdShown
from zhida.source import Span

MOST_NAMED = 6
"""How many conditions are named in one message; the rest are counted."""


def coverage_findings(policy: Policy, coverage: Coverage) -> tuple[Diagnostic, ...]:
    """Return what the examples of a policy leave open, in the order of the text.

    Args:
        policy: The policy.
        coverage: What its examples show of it.

    Gives proof-no-examples where there are none, and nothing else then; else proof-threshold-side, proof-rule-not-shown and
    proof-condition-not-shown.
    """
    if not coverage.examples:
        has_any = bool(coverage.rules or coverage.conditions) and not policy.tangled.examples
        head = Span(policy.document.source, 0, 0)
        return (diagnostic("proof-no-examples", head, name=policy.id),) if has_any else ()
    found = [*_sides(policy, coverage), *_rules(policy, coverage), *_conditions(policy, coverage)]
    return tuple(sorted(found, key=lambda item: item.span.start if item.span else 0))


def lacks(threshold: ThresholdShown) -> tuple[str, str]:
    """Return what no example shows of a threshold, in Chinese and English; empty where nothing is lacking."""
    match threshold.has_on, threshold.has_past:
        case True, True:
            return "", ""
        case False, True:
            return "没有恰在线上的例", "no example stands on the line"
        case True, False:
            return "没有刚过线的例", "no example stands just past the line"
    return "没有恰在线上的例，也没有刚过线的例", "no example stands on the line, and none just past it"


def _sides(policy: Policy, coverage: Coverage) -> Iterator[Diagnostic]:
    for threshold in coverage.thresholds:
        zh, en = lacks(threshold)
        if zh:
            condition = threshold.condition
            words = {"text": condition.text[0], "lacks": en, "lacks_zh": zh, "policy": policy.id}
            yield diagnostic("proof-threshold-side", condition.span, **words)


def _rules(policy: Policy, coverage: Coverage) -> Iterator[Diagnostic]:
    for rule in coverage.rules:
        if not rule.fired and rule.can_fire:
            name = policy.compiled.decisions[rule.decision_id].decision.name
            yield diagnostic("proof-rule-not-shown", rule.span, name=name, rule=rule.text[1], rule_zh=rule.text[0])


def _conditions(policy: Policy, coverage: Coverage) -> Iterator[Diagnostic]:
    for id_, compiled in policy.compiled.decisions.items():
        own = [shown for shown in coverage.conditions if shown.condition.decision_id == id_]
        open_ = [shown.condition for shown in own if not shown.is_shown]
        if open_:
            named, rest = open_[:MOST_NAMED], len(open_) - MOST_NAMED
            zh = "；".join(condition.text[0] for condition in named) + (f" 等 {len(open_)} 个" if rest > 0 else "")
            en = "; ".join(condition.text[1] for condition in named) + (f" and {rest} more" if rest > 0 else "")
            counts = {"count": len(open_), "total": len(own)}
            words = {"name": compiled.decision.name, "conditions": en, "conditions_zh": zh}
            yield diagnostic("proof-condition-not-shown", open_[0].span, **words, **counts)
