"""Cells: what one policy says for one subject, as text and integers, the way the interpreter comes to it.

The columns (`zhida.assess.columns`) fill the same cells for all rows at once; the words of both are made here, from what
both know of a row: its ending, what it lacks, what was odd and which rules fired. Nothing here depends on a row's own values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Either, NearMiss, Outcome, Reason
from zhida.assess.explain import NULL_MET, delivery_of, reasons_of
from zhida.assess.near import near_misses
from zhida.assess.settle import Settled, settle
from zhida.assess.subject import inputs_of
from zhida.dmn.compiled import CompiledTable, Typed
from zhida.errors import CODES
from zhida.feel.syntax import Literal
from zhida.policy.pack import PolicyModel
from zhida.policy.years import machine_name
from zhida.values.numbers import format_number
from zhida.values.temporal import Date
from zhida.values.text import format_value
from zhida.values.unknown import find_unknown

NEAR_SHARE = Decimal("0.1")
"""A near miss is listed for a registry if it is within this share of its line."""

ETC = "等"
"""Stands behind possible answers where there may be others."""

NEAR_MARK = " → "
"""Stands between a fact and the line that it would have to reach."""

AMOUNT_UNUSABLE = "金额太大（超出以分计的整数），或为空"
"""Said of an amount that cannot be given though nothing was odd on the way to it."""

DEFAULT_FIRED = "否则"
"""Said of a table of which no rule fired, and whose value is none the less not null."""

FIELDS = (
    *("outcome", "result", "amount_fen", "missing", "possible", "low_fen", "high_fen"),
    *("near", "delivery", "diagnostics", "review"),
)
"""The cells of each policy, beside one for each of its tables."""

WORD = 64
"""Missing facts that one integer holds."""

Cells = dict[str, Any]
"""Cell → text, integer or None."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cells one policy has."""

    model: PolicyModel
    """The policy, linked for a day."""
    missing: tuple[str, ...]
    """The facts and parameters that may be missing; the n-th is bit n."""
    tables: Mapping[str, str]
    """The cell of each decision that a table of the policy decides, by id."""
    order: tuple[str, ...] = ()
    """The ids of all decisions, those that others rest on first."""

    @property
    def policy(self) -> str:
        """`pack/name`."""
        return self.model.policy.id

    @property
    def told_missing(self) -> tuple[str, ...]:
        """The same as machines are told: a yearly fact of an earlier year by its column, `研发费用@2024`."""
        return tuple(machine_name(name, self.model.as_of) for name in self.missing)

    @property
    def missing_cells(self) -> tuple[str, ...]:
        """The cells that hold bits of missing facts."""
        return missing_cells(len(self.missing))


def table_cells(model: PolicyModel) -> dict[str, str]:
    """Return the cell of each of a policy's own tables, by the decision's id: its name, which no other cell may have."""
    found = {}
    for id_, compiled in model.policy.compiled.decisions.items():
        if isinstance(compiled.body, CompiledTable):
            name = compiled.decision.name
            found[id_] = f"rules:{name}" if name in FIELDS else name
    return found


def cells_of(layout: Layout, facts: Mapping[str, Any]) -> Cells:
    """Return what the interpreter says of one subject, as cells.

    Args:
        layout: The cells.
        facts: What is known of the subject.
    """
    model = layout.model
    settled = settle(model, inputs_of(model, facts))
    judgement, goals = settled.judgement, settled.judgement.goals
    answer = judgement.answer
    missing = tuple(sorted(judgement.missing))
    reasons = reasons_of(settled.evaluator, goals, settled.completions)
    by_id = {f"{reason.policy}#{reason.decision}": reason for reason in reasons}
    odd = (settled.completions[0] if settled.completions else settled.evaluator).diagnostics_beneath(goals)
    codes = tuple(sorted({item.code for item in odd}))
    delivery, _ = delivery_of(model.policy, model.model, answer.outcome, judgement.missing)
    near = near_misses(model, settled, NEAR_SHARE)
    nulls = {id_: by_id[id_].rule for id_ in layout.order if id_ in by_id and is_table(model, id_) and not _is_certain(by_id[id_])}
    told = sorted(machine_name(name, model.as_of) for name in missing)
    return {
        "outcome": answer.outcome.value,
        "result": None if answer.result is None else format_value(answer.result),
        "amount_fen": answer.amount_fen,
        **missing_bits(layout, missing),
        **_possible(settled),
        "near": near_told(near_words(near[0]), model.as_of) if near else None,
        "delivery": None if delivery is None else delivery.value,
        "diagnostics": ",".join(codes) or None,
        "review": review_words(model, told, codes, nulls) if answer.outcome is Outcome.REVIEW else None,
        **{cell: rule_cell(by_id[id_]) if id_ in by_id else None for id_, cell in layout.tables.items()},
    }


def rule_cell(reason: Reason) -> str | None:
    """Return what a cell says of a table: the rules that fired, `否则` for the default, nothing where neither is certain."""
    return reason.rule or (DEFAULT_FIRED if _is_certain(reason) else None)


def _is_certain(reason: Reason) -> bool:
    """Say whether a decision has a value, and it is known which and by which rule."""
    return not (reason.value is None or isinstance(reason.value, Either) or find_unknown(reason.value) is not None or reason.either_rules)


def missing_cells(count: int) -> tuple[str, ...]:
    """Return the cells that hold the bits of some number of facts.

    >>> missing_cells(3), missing_cells(65)
    (('missing',), ('missing', 'missing:1'))
    """
    return tuple(f"missing:{place}" if place else "missing" for place in range(max(-(-count // WORD), 1)))


def names_of(names: Sequence[str], bits: Iterable[int]) -> tuple[str, ...]:
    """Return the names of some bits, sorted.

    >>> names_of(["人", "收入"], [3])
    ('人', '收入')
    """
    return tuple(sorted(names[word * WORD + place] for word, set_ in enumerate(bits) for place in range(WORD) if set_ >> place & 1))


def missing_bits(layout: Layout, missing: Sequence[str]) -> dict[str, int]:
    """Return the cells of missing facts: one bit for each."""
    bits = sum(1 << layout.missing.index(name) for name in missing)
    return {cell: bits >> place * WORD & (1 << WORD) - 1 for place, cell in enumerate(layout.missing_cells)}


def _possible(settled: Settled) -> Cells:
    """Return the cells of possible answers: each outcome or status once, `等` behind where there may be others."""
    if settled.judgement.answer.outcome is not Outcome.UNDETERMINED:
        return {"possible": None, "low_fen": None, "high_fen": None}
    words = [answer.outcome.value if answer.result is None else format_value(answer.result) for answer in settled.possible]
    fens = [answer.amount_fen for answer in settled.possible if answer.amount_fen is not None]
    said = "、".join(dict.fromkeys(words)) + ("" if settled.is_minimal or not settled.open else ETC)
    return {"possible": said or None, "low_fen": min(fens, default=None), "high_fen": max(fens, default=None)}


# --- words ---------------------------------------------------------------------------------------------------------


def near_words(miss: NearMiss) -> str:
    """Return a near miss in words: what, and the line that it would have to reach, `从业人员 → 300 人`."""
    if isinstance(miss.line, Date):
        return f"{miss.name}{NEAR_MARK}{miss.line}"
    unit = f" {miss.unit}" if miss.unit not in {"", "1"} else ""
    return f"{miss.name}{NEAR_MARK}{format_number(miss.line)}{unit}"


def near_told(words: str, as_of: Date) -> str:
    """Return a near miss in words in which a yearly fact is called as machines are told.

    >>> near_told("研发费用 前1年 → 300 元", Date(2026, 6, 30))
    '研发费用@2024 → 300 元'
    """
    name, mark, line = words.partition(NEAR_MARK)
    return machine_name(name, as_of) + mark + line


def review_words(model: PolicyModel, missing: Sequence[str], codes: Sequence[str], nulls: Mapping[str, str]) -> str:
    """Return why a person must look, in words.

    Facts that a person judges; else the rule whose own word is null, as the law leaves the case open; else what was odd;
    else the table that has no rule for the case.

    Args:
        model: The policy.
        missing: What the answer lacks.
        codes: What was odd beneath it.
        nulls: The tables beneath it that came to null, those that others rest on first, with the numbers of the rules that
            fired, joined by `、`; none fired where that is empty.
    """
    if missing:
        return f"须人工认定：{'、'.join(missing)}"
    for id_, fired in reversed(list(nulls.items())):
        for number in filter(None, fired.split("、")):
            article = open_article(model, id_, number)
            if article is not None:
                return f"{model.model.decisions[id_].decision.name}{f'：{article}' if article else ''}（规则 {number}）"
    told = [code for code in codes if code not in NULL_MET]
    if told:
        return code_words(told[0])
    for id_, fired in nulls.items():
        if not fired:
            decision = model.model.decisions[id_].decision
            article = f"：{decision.span.article}" if decision.span.article else ""
            return f"{decision.name}{article}（没有规则可用）"
    if codes:
        return code_words(codes[0])
    return "结果为空" if model.policy.amount_id is None else AMOUNT_UNUSABLE


def open_article(model: PolicyModel, id_: str, number: str) -> str | None:
    """Return the article of a rule that says null and nothing else, so that a person must decide; None for any other rule."""
    table = table_of(model, id_)
    rule = next((rule for rule in table.rules if rule.rule.number == number), None) if table is not None else None
    if rule is None or not all(isinstance(node, Literal) and node.value is None for node in rule.outputs):
        return None
    return rule.rule.article


def code_words(code: str) -> str:
    """Return what a diagnostic says, but for the words that hang on the row.

    >>> code_words("feel-division-by-zero")
    '… 除以零：结果为空值'
    """
    return CODES[code].zh.format_map(_Left())


class _Left(dict[str, str]):
    """Stands for the words of a message that are left out."""

    def __missing__(self, key: str) -> str:
        return "…"


def is_table(model: PolicyModel, id_: str) -> bool:
    """Say whether a decision is decided by a table."""
    return table_of(model, id_) is not None


def table_of(model: PolicyModel, id_: str) -> CompiledTable | None:
    """Return the table of a decision, behind a declared type; None where there is none."""
    body = model.model.decisions[id_].body if id_ in model.model.decisions else None
    body = body.body if isinstance(body, Typed) else body
    return body if isinstance(body, CompiledTable) else None


def way_of(layout: Layout, outcome: Outcome, missing: Sequence[str]) -> str | None:
    """Return the way of delivery of all rows with an outcome that lack the same facts, or others of the same kind."""
    way, _ = delivery_of(layout.model.policy, layout.model.model, outcome, frozenset(missing))
    return None if way is None else way.value


def is_self_reported(layout: Layout, name: str) -> bool:
    """Say whether a fact is one that the subject may state; a figure of the place is none."""
    return any(data.item.is_self_reported for data in layout.model.model.inputs.values() if data.name == name)
