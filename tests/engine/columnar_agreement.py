"""How the tests compare columns with the interpreter: the same rows through both, every part of the answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from zhida.assess.assessment import Assessment, Extent, Outcome
from zhida.assess.cells import DEFAULT_FIRED, near_words, rule_cell
from zhida.assess.judge import MAX_AMOUNT
from zhida.assess.settle import MAX_COMBINATIONS
from zhida.assess.statuses import status_order
from zhida.assess.subject import assess_model
from zhida.columnar.answers import HELD
from zhida.columnar.columns import column_of, is_bad_at, value_at, with_lists
from zhida.columnar.elements import column_of_lists
from zhida.columnar.execute import Block, Executor, Results
from zhida.columnar.lower import form_of_item, lower
from zhida.columnar.plan import Kind, Plan
from zhida.columnar.policies import ETC, PolicyColumns, Words, open_policy
from zhida.columnar.settle import Answers
from zhida.dmn.compiled import CompiledTable, DecisionModel
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.model import DecisionTable
from zhida.policy.pack import PolicyModel
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown

Value = Any


@dataclass
class Agreement:
    """What a comparison found."""

    rows: int = 0
    differences: list[str] = field(default_factory=list)
    bad: int = 0
    """Rows that the columns left to the interpreter."""


def block_of(plan: Plan, rows: Sequence[Mapping[str, Value]], executor: Executor) -> Block:
    """Return rows as a block; what a row does not give is unknown."""
    facts = {}
    for id_, item in plan.facts.items():
        form = form_of_item(item)
        values = [row.get(id_, Unknown(frozenset((item.name,)))) for row in rows]
        if form.kind is Kind.ELEMENTS:
            facts[id_] = column_of_lists(values, item, executor.vocabulary)
        else:
            packed = with_lists if form.kind is Kind.LIST else column_of
            facts[id_] = packed(values, form, executor.vocabulary)
    return Block(len(rows), facts)


def told(value: Value) -> str:
    return f"unknown {sorted(value.missing)}" if isinstance(value, Unknown) else literal(value)


Told = tuple[str, list[str], dict[str, tuple[int, ...]]]
"""A value, what was odd, and the rules that fired by decision."""


def by_interpreter(model: DecisionModel, goal: str, inputs: Mapping[str, Value], as_of: Date) -> Told:
    evaluator = Evaluator(model, inputs, as_of=as_of)
    value = evaluator.value(goal)
    codes = sorted({item.code for item in evaluator.diagnostics_beneath([goal])})
    fired = {}
    for id_ in evaluator.beneath([goal]) & evaluator.trace.keys():
        table = evaluator.trace[id_].table
        if table is not None:
            fired[id_] = () if table.possible else table.matched
    return told(value), codes, fired


def by_columns(results: Results, executor: Executor, goal: str, row: int, demanded: Mapping[str, Any]) -> Told:
    codes = results.codes_beneath(demanded)
    said = sorted(code for code, mask in codes.items() if (mask if mask.ndim == 0 else mask[row]))
    fired = {}
    for id_, mask in demanded.items():
        firing = results.columns[id_].firing
        if (mask if mask.ndim == 0 else mask[row]) and firing is not None and firing[row] >= 0:
            fired[id_] = executor.firings.list[firing[row]].rules
    return told(results.value(goal, row)), said, fired


def agreement(
    model: DecisionModel,
    goal: str,
    rows: Sequence[Mapping[str, Value]],
    *,
    as_of: Date,
    constants: Mapping[str, Value] | None = None,
    executor: Executor | None = None,
) -> Agreement:
    """Compare the columns with the interpreter, row for row: value, missing facts, what was odd, rules that fired."""
    executor = executor or Executor(lower(model, [goal], as_of=as_of, constants=constants))
    results = executor.execute(block_of(executor.plan, rows, executor))
    demanded = results.demanded({goal: np.ones(len(rows), np.bool_)})
    found = Agreement(len(rows))
    names = {id_: item.name for id_, item in executor.plan.facts.items()}
    for place, row in enumerate(rows):
        if is_bad_at(results.columns[goal], place):
            found.bad += 1
            continue
        lacking = {id_: Unknown(frozenset((name,))) for id_, name in names.items()}
        wanted = by_interpreter(model, goal, {**(constants or {}), **lacking, **row}, as_of)
        met = by_columns(results, executor, goal, place, demanded)
        if met != wanted:
            given = {name: told(value) for name, value in row.items()}
            found.differences.append(f"{given}: the interpreter says {wanted}, the columns {met}")
    return found


NEAR = Decimal("0.25")
"""How near a line must be, as a share of it: more than runs ask for, so that there is more to compare."""


@dataclass(frozen=True)
class Said:
    """What both engines must say of a row."""

    outcome: str
    amount: Any
    result: Any
    missing: list[str]
    codes: list[str]
    rules: dict[str, str | None]
    possible: tuple[list[str], int | None, int | None] | None
    """What is possible and the least and greatest amount in fen; None where nothing is open, or it cannot be told exactly."""
    near: str | None
    """The nearest miss."""


def by_assessment(model: PolicyModel, assessment: Assessment) -> Said:
    rules = {
        reason.decision: rule_cell(reason) for reason in assessment.reasons if f"{reason.policy}#{reason.decision}" in tables_of(model)
    }
    codes = sorted({item.code for item in assessment.diagnostics})
    possible = None
    if assessment.outcome is Outcome.UNDETERMINED and assessment.possible_are is Extent.EXACTLY:
        words = dict.fromkeys(str(answer.outcome if answer.result is None else answer.result) for answer in assessment.possible)
        fens = [answer.amount_fen for answer in assessment.possible if answer.amount_fen is not None]
        possible = (list(words), min(fens, default=None), max(fens, default=None))
    near = near_words(assessment.near[0]) if assessment.near else None
    return Said(assessment.outcome.value, assessment.amount, assessment.result, list(assessment.missing), codes, rules, possible, near)


def tables_of(model: PolicyModel) -> dict[str, DecisionTable]:
    """Return the decisions of a policy, and of those that it uses, that are decided by tables."""
    bodies = {id_: compiled.body for id_, compiled in model.model.decisions.items()}
    return {id_: body.table for id_, body in bodies.items() if isinstance(body, CompiledTable)}


def policy_columns(model: PolicyModel, *, near_within: Decimal | None = None) -> PolicyColumns:
    words = Words(statuses=status_order(model))
    return open_policy(model, below=Decimal(MAX_AMOUNT), limit=MAX_COMBINATIONS, words=words, near_within=near_within)


def said_by_columns(columns: PolicyColumns, answers: Answers) -> list[Said | None]:
    """Return what the columns say of each row; None for a row that goes to the interpreter."""
    policy, executor = columns.model.policy, columns.executor
    endings = ["ELIGIBLE", "UNDETERMINED", "REVIEW"]
    endings += [word for goal, word in ((policy.applies_id, "NOT_APPLICABLE"), (policy.eligible_id, "INELIGIBLE")) if goal]
    tables = tables_of(columns.model)
    batch = columns.batch(answers).select(["possible", "low_fen", "high_fen", "near"]).to_pylist()
    found: list[Said | None] = []
    for row, ending in enumerate(answers.endings.tolist()):
        if answers.bad[row]:
            found.append(None)
            continue
        value = None
        if ending == HELD and answers.value is not None:
            value = value_at(answers.value, row, executor.vocabulary)
        rules = {}
        for id_, fired in answers.tables.items():
            if fired.firing[row] >= 0:
                numbers = [tables[id_].rules[place].number for place in executor.firings.list[fired.firing[row]].rules]
                name = columns.model.model.decisions[id_].decision.name
                rules[name] = "、".join(numbers) or (None if fired.is_null[row] else DEFAULT_FIRED)
        missing = sorted(name for name, mask in answers.missing.items() if mask[row])
        codes = sorted(code for code, mask in answers.codes.items() if mask[row])
        is_result = policy.result_id is not None
        cells = batch[row]
        possible = None
        if cells["possible"] is not None and not cells["possible"].endswith(ETC):
            possible = (cells["possible"].split("、"), cells["low_fen"], cells["high_fen"])
        given = (None, value) if is_result else (value, None)
        found.append(Said(endings[ending], *given, missing, codes, rules, possible, cells["near"]))
    return found


def differences_of(model: PolicyModel, rows: Iterable[Mapping[str, Value]], met: Iterable[Said | None]) -> Iterator[str | None]:
    """Yield for each row how what the columns say differs from what assess says, empty where it does not; None for a bad row."""
    for row, said in zip(rows, met, strict=True):
        if said is None:
            yield None
            continue
        assessment = assess_model(model, row, near_within=NEAR)
        wanted = by_assessment(model, assessment)
        if wanted.possible is not None and said.possible is None and not assessment.is_minimal:
            wanted = replace(wanted, possible=None)  # known by other ways than enumeration
        yield "" if said == wanted else f"{ {name: told(value) for name, value in row.items()} }: assess says {wanted}, the columns {said}"


def policy_agreement(model: PolicyModel, rows: Sequence[Mapping[str, Value]]) -> Agreement:
    """Compare the columns with assess, row for row: outcome, amount, result, missing facts, codes, rules, possible answers, near misses."""
    columns = policy_columns(model, near_within=NEAR)
    answers = columns.decide(block_of(columns.plan, rows, columns.executor))
    told_of = list(differences_of(model, rows, said_by_columns(columns, answers)))
    return Agreement(len(rows), [each for each in told_of if each], sum(each is None for each in told_of))
