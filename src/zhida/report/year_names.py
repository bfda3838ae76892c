"""The names of yearly facts as people and machines are told them: 研发费用（2024 年）, 研发费用@2024.

Inside, the value of an earlier year is input data named `研发费用 前1年` (`zhida.policy.years`); an assessment is full of such
names, also within tests and expressions. They are replaced here, once, before anything is put into words.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from zhida.assess.assessment import Assessment, ConditionMet, NextStatus, Reason, Step
from zhida.errors import Language
from zhida.policy.years import machine_name, offset_name, spoken_name
from zhida.values.unknown import Unknown

OFFSET = re.compile(r"([^\s\"()\[\],{}:<>=!?+*/-]+(?:[ ./'+*-][^\s\"()\[\],{}:<>=!?+*/-]+)*?) 前[1-9][0-9]*年(?![\w·])")
"""A name of an earlier year within a text."""


def spoken(assessment: Assessment, language: Language) -> Assessment:
    """Return an assessment in which each year is said in words; a bare name too, where an earlier year of it is told beside it."""

    def rename(base: str, offset: int) -> str:
        return spoken_name(offset_name(base, offset), assessment.as_of, language, is_yearly=True)

    return _renamed(assessment, rename)


def told_to_machines(assessment: Assessment) -> Assessment:
    """Return an assessment in which the names of earlier years are those of registry columns."""
    return _renamed(assessment, lambda base, offset: machine_name(offset_name(base, offset), assessment.as_of))


def _renamed(assessment: Assessment, rename: Callable[[str, int], str]) -> Assessment:
    """Return an assessment with every name of a yearly fact replaced."""
    bases = sorted({found for text in _texts(assessment) for found in OFFSET.findall(text)}, key=len, reverse=True)
    if not bases:
        return assessment
    names = re.compile(rf"(?<![\w·])({'|'.join(map(re.escape, bases))})(?: 前([1-9][0-9]*)年)?(?![\w·]| 前[1-9])")

    def named(text: str) -> str:
        return names.sub(lambda found: rename(found[1], int(found[2] or 0)), text)

    def value(each: Any) -> Any:  # noqa: ANN401 - any FEEL value
        return Unknown(frozenset(map(named, each.missing))) if isinstance(each, Unknown) else each

    def condition(met: ConditionMet) -> ConditionMet:
        return replace(met, what=named(met.what), test=named(met.test), value=value(met.value))

    def reason(each: Reason) -> Reason:
        conditions = tuple(map(condition, each.conditions))
        return replace(each, expression=named(each.expression), conditions=conditions, value=value(each.value))

    def status(up: NextStatus) -> NextStatus:
        return replace(up, conditions=tuple(map(condition, up.conditions)))

    def step(each: Step) -> Step:
        return replace(each, reason=reason(each.reason), reads={name: condition(met) for name, met in each.reads.items()})

    return replace(
        assessment,
        missing=tuple(map(named, assessment.missing)),
        reasons=tuple(map(reason, assessment.reasons)),
        steps=tuple(map(step, assessment.steps)),
        told_by=tuple(replace(fact, name=named(fact.name)) for fact in assessment.told_by),
        near=tuple(replace(miss, name=named(miss.name)) for miss in assessment.near),
        next_status=None if assessment.next_status is None else status(assessment.next_status),
    )


def _texts(assessment: Assessment) -> Iterator[str]:
    """Yield every text of an assessment in which the name of an earlier year may stand."""
    yield from assessment.missing
    yield from (miss.name for miss in assessment.near)
    yield from (met.what for step in assessment.steps for met in step.reads.values())
    for reason in assessment.reasons:
        yield reason.expression
        for met in reason.conditions:
            yield from (met.what, met.test)
    for met in assessment.next_status.conditions if assessment.next_status is not None else ():
        yield from (met.what, met.test)
