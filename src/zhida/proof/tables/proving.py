"""Tables: whether a decision table is complete, free of contradiction and free of rules that never have a say.

    table ──columns──> Grid ──boxes──> gaps, overlaps, masked rules ──reaching──> findings with witnesses

Each question comes out proved, refuted with a witness, or not decided for a reason that is said. Of error level is only what
some subject with usual facts gets into.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from typing import Any

from zhida.dmn.compiled import CompiledTable
from zhida.dmn.evaluate import ElementTrace
from zhida.dmn.model import HitPolicy
from zhida.errors import Diagnostic, diagnostic
from zhida.feel import syntax
from zhida.policy.pack import PolicyModel
from zhida.proof.findings import Finding, Verdict, Witness
from zhida.proof.solver.encoding import Holds, Question
from zhida.proof.tables.axes import AtomKind
from zhida.proof.tables.boxes import (
    NODES,
    Box,
    Budget,
    bits,
    common,
    concise,
    groups,
    is_redundant,
    overlapping,
    pairs,
    search,
    uncovered,
    usual_first,
)
from zhida.proof.tables.columns import NO_RULE, TableInAtoms, table_in_atoms
from zhida.proof.tables.merging import beside, merged_pairs
from zhida.proof.tables.reaching import Reach, Reached, Shows, Solver
from zhida.proof.tables.unread import compared_with, describe_unread
from zhida.proof.tables.words import describe_atoms, describe_box, describe_rules, describe_witness

Value = Any

MOST = 24
"""How many boxes of one kind are looked into for a table; what is beyond is counted."""

FEW_NODES = 2_000
"""How many boxes are looked at outside of what is usual."""

_OVERLAP = ("proof-overlap", "proof-overlap-unusual")
_CONFLICT = ("proof-conflict", "proof-conflict-unusual")

COLLECTING = frozenset(
    (
        HitPolicy.COLLECT,
        HitPolicy.RULE_ORDER,
        HitPolicy.OUTPUT_ORDER,
        HitPolicy.COLLECT_SUM,
        HitPolicy.COLLECT_MIN,
        HitPolicy.COLLECT_MAX,
        HitPolicy.COLLECT_COUNT,
    )
)
"""Hit policies under which all matching rules count."""

Reason = tuple[str, str]

SPENT = ("超出运算预算", "the budget is spent")


@dataclass(frozen=True, slots=True)
class TableProof:
    """What was shown of a table."""

    decision_id: str
    """The decision."""
    completeness: Verdict
    """PROVED: each subject meets a rule or the default, but for what is null and named by no cell; REFUTED: some do not."""
    consistency: Verdict
    """PROVED: no rules match at once that must not; REFUTED: some do."""
    masked: Verdict
    """PROVED: each rule has a say somewhere; REFUTED: some rule never has."""
    findings: tuple[Finding, ...]
    """What was found."""
    undecided: tuple[Reason, ...]
    """What could not be said, and why, in Chinese and English."""
    nodes: int
    """How many boxes were looked at."""
    excluded: int = 0
    """How many boxes were left out because their conditions can never come together."""


def prove_table(model: PolicyModel, decision_id: str, *, solver: Solver | None = None, budget: int = NODES) -> TableProof:
    """Say what can be shown of the table of a decision.

    Args:
        model: The policy, linked for a day.
        decision_id: A decision whose body is a table.
        solver: What decides about clauses that are no facts; its first model is this one.
        budget: How many boxes may be looked at.

    Codes: proof-gap, proof-overlap, proof-conflict, proof-masked and those around them.
    """
    read = table_in_atoms(model, decision_id)
    prover = _Prover(model, read, Reach(model, read, solver), Budget(budget))
    completeness = prover.complete()
    consistency = prover.consistent()
    masked = prover.unmasked()
    prover.tidy()
    return TableProof(
        decision_id,
        completeness,
        consistency,
        masked,
        tuple(prover.findings),
        _by_reason(prover.undecided),
        prover.budget.spent,
        prover.excluded,
    )


def _shows_gap(trace: ElementTrace) -> bool:
    table = trace.table
    return table is not None and not table.matched and not table.possible and _noted(trace, "dmn-no-rule")


def _noted(trace: ElementTrace, code: str) -> bool:
    return any(item.code == code for item in trace.diagnostics)


@dataclass(slots=True)
class _Prover:
    """Proves one table; each method answers one question and keeps what it finds."""

    model: PolicyModel
    read: TableInAtoms
    reach: Reach
    budget: Budget
    findings: list[Finding] = field(default_factory=list)
    undecided: list[tuple[Reason, Reason]] = field(default_factory=list)
    excluded: int = 0
    silent: set[int] = field(default_factory=set)

    @property
    def table(self) -> CompiledTable:
        return self.read.table

    @property
    def name(self) -> str:
        return self.model.model.decisions[self.read.decision_id].decision.name

    @property
    def within(self) -> Box:
        """The box of what rules must be there for: null is a person's, where no cell of a column names it."""
        named = zip(self.read.columns, self.table.names_null, strict=True)
        return tuple(column.axis.everything & (-1 if is_named else ~column.axis.null) for column, is_named in named)

    # --- saying ------------------------------------------------------------------------------------------------------

    def find(self, code: str, places: Sequence[int], words: Mapping[str, object], witness: Witness | None = None) -> None:
        """Keep a finding."""
        span = self.table.rules[places[0]].rule.span if places else self.table.table.span
        numbers = [self.table.rules[place].rule.number for place in places]
        said: dict[str, object] = {"name": self.name, "rules": describe_rules(numbers, "en"), "rules_zh": describe_rules(numbers, "zh")}
        if witness is not None:
            said["witness_zh"], said["witness"] = describe_witness(self.read.columns, witness, compared_with(self.model, self.read))
        item: Diagnostic = diagnostic(code, span, **(said | dict(words)))
        self.findings.append(Finding(item, self.read.decision_id, tuple(places), witness))

    def box_words(self, box: Box, within: Box, places: Sequence[int] = (), *, holds: bool = True) -> dict[str, str]:
        """Return a box as the words of a message, with what cells of some rules ask for that could not be read."""
        asked = describe_unread(self.table, self.read.columns, places, holds=holds)
        zh, en = describe_box(self.read.columns, box, within, asked)
        return {"box": en, "box_zh": zh}

    def leave_open(self, question: Reason, reason: Reason) -> None:
        """Keep that a question was not decided, and why."""
        self.undecided.append((question, reason))
        zh, en = question[0], question[1]
        self.find("proof-undecided", (), {"question": en, "question_zh": zh, "reason": reason[1], "reason_zh": reason[0]})

    def reason_words(self, places: Sequence[int], reason: Reason) -> Reason:
        """Return which cells of some rules could not be read, and why, each reason once, and why that could not be solved."""
        cells: dict[Reason, list[Reason]] = {}
        for place in places:
            number = self.table.rules[place].rule.number
            for column, cell in enumerate(self.read.columns):
                why = cell.cells[place].reason
                if why is not None:
                    title = self.table.table.inputs[column].expression.text
                    cells.setdefault(why, []).append((f"单元格（规则 {number}，列 {title}）", f"cell (rule {number}, column {title})"))
        zh = ["、".join(cell[0] for cell in where) + "：" + why[0] for why, where in cells.items()]
        en = [", ".join(cell[1] for cell in where) + ": " + why[1] for why, where in cells.items()]
        return "；".join([*zh, reason[0]]), "; ".join([*en, reason[1]])

    # --- gaps --------------------------------------------------------------------------------------------------------

    def complete(self) -> Verdict:
        """Say whether each subject meets a rule."""
        if self.read.logic.default != NO_RULE:
            return Verdict.PROVED
        grid, within = self.read.may, self.within
        if not all(within):
            return Verdict.PROVED
        boxes = self.gap_boxes(within)
        large = concise(grid, boxes, within, grid.all_rules)
        verdict = Verdict.PROVED
        for box in large[:MOST]:
            verdict = _worse(verdict, self.gap(box, within, ()))
        for box, places in self.possible_gaps(within):
            verdict = _worse(verdict, self.gap(box, within, places))
        if len(large) > MOST:
            count = len(large) - MOST
            self.leave_open((f"另有 {count} 处空档", f"{count} more gaps"), ("过多，不再逐一查看", "too many to look into one by one"))
            verdict = _worse(verdict, Verdict.UNDECIDED)
        self.null_gaps(within)
        for place, column in enumerate(self.read.columns):
            if column.is_guessed:
                title = self.table.table.inputs[place].expression.text
                reason = (
                    f"它的类型没有写明，只按 {column.axis.domain.type} 看",
                    f"its type is not known and was taken for {column.axis.domain.type}",
                )
                self.leave_open((f"“{title}”的其他取值", f"other values of '{title}'"), reason)
                verdict = _worse(verdict, Verdict.UNDECIDED)
        if self.budget.is_spent:
            self.leave_open(("是否完整", "whether it is complete"), SPENT)
            verdict = _worse(verdict, Verdict.UNDECIDED)
        return verdict

    def gap_boxes(self, within: Box) -> list[Box]:
        """Return the boxes that no rule meets: all among what is usual, and some of those beyond, of which there may be very many."""
        grid = self.read.may
        inside, *beyond = usual_first(within, tuple(column.axis.usual for column in self.read.columns))
        found = list(uncovered(grid, inside, grid.all_rules, self.budget))
        budget = Budget(max(0, min(FEW_NODES, self.budget.left)))
        unusual = (box for part in beyond for box in uncovered(grid, part, grid.all_rules, budget))
        found += islice(unusual, MOST)
        if budget.is_spent or next(unusual, None) is not None:
            self.leave_open(("常见范围之外的其余空档", "further gaps outside of the usual values"), SPENT)
        self.budget.take(budget.spent)
        return found

    def gap(self, box: Box, within: Box, places: Sequence[int]) -> Verdict:
        """Look into a box that no rule meets, or that rules meet only in cells which could not be read."""
        reached = self.reach.ask(box, _shows_gap, self.reach.failing(places))
        words = self.box_words(box, within, places, holds=False)
        if reached.verdict is Verdict.REFUTED:
            reason = self.table.table.gap_reason
            if reason:
                self.find("proof-gap-justified", (), {"reason": reason, **words}, reached.witness)
            elif self.table.table.hit_policy in COLLECTING:
                self.find("proof-gap-collect", (), words, reached.witness)
            else:
                self.find("proof-gap-unusual" if reached.is_unusual else "proof-gap", (), words, reached.witness)
        elif reached.verdict is Verdict.PROVED:
            self.excluded += 1
            return Verdict.PROVED
        else:
            question = (f"是否有规则（{words['box_zh']}）", f"whether a rule is for {words['box']}")
            self.leave_open(question, self.reason_words(places, reached.reason))
        return reached.verdict

    def possible_gaps(self, within: Box) -> Iterator[tuple[Box, tuple[int, ...]]]:
        """Yield boxes that rules meet only in cells which could not be read, with these rules."""
        if self.read.is_exact:
            return
        both = beside(self.read)

        def leaf(active: int, whole: int) -> bool | None:
            may, must = active & both.mask, active >> both.shift
            may_whole, must_whole = whole & both.mask, whole >> both.shift
            if must_whole or not may:
                return False
            return True if may == may_whole and not must else None

        for count, box in enumerate(search(both.grid, within, both.grid.all_rules, leaf, self.budget)):
            if count >= MOST:
                question = ("其余可能的空档", "further gaps that are possible")
                self.leave_open(question, ("过多，不再逐一查看", "too many to look into one by one"))
                return
            met = reduce(lambda left, right: left & right, [self.read.may.met(column, atoms) for column, atoms in enumerate(box)])
            yield box, tuple(bits(met))

    def null_gaps(self, within: Box) -> None:
        """Tell which clauses can be null while no rule says what that means."""
        if self.table.table.gap_reason:
            return
        grid = self.read.may
        for place, column in enumerate(self.read.columns):
            null = column.axis.null
            if self.table.names_null[place] or not null or column.axis.is_blind:
                continue
            start = (*within[:place], null, *within[place + 1 :])
            if not all(start):
                continue
            boxes = concise(grid, list(uncovered(grid, start, grid.all_rules, self.budget)), start, grid.all_rules)
            title = self.table.table.inputs[place].expression.text
            title = title if column.beside is None else f"{title} / {column.beside.name}"
            for reached in map(self.null_reached, boxes[:MOST]):
                if reached.verdict is Verdict.REFUTED:
                    self.find("proof-gap-null", (), {"clause": title}, reached.witness)
                    break
                if reached.verdict is Verdict.UNDECIDED:
                    self.undecided.append(((f"“{title}”是否可能为空", f"whether '{title}' can be null"), reached.reason))
                    break
                self.excluded += 1

    def null_reached(self, box: Box) -> Reached:
        return self.reach.ask(box, lambda trace: trace.table is not None and not trace.table.matched and not trace.table.possible)

    # --- overlaps ----------------------------------------------------------------------------------------------------

    def consistent(self) -> Verdict:
        """Say whether rules match at once that must not."""
        policy = self.table.table.hit_policy
        if policy in {HitPolicy.FIRST, HitPolicy.PRIORITY}:
            return Verdict.PROVED
        others = overlapping(self.read.may)
        if not any(others):
            return Verdict.PROVED
        if policy in COLLECTING:
            self.collected(others)
            return Verdict.PROVED
        if policy is HitPolicy.ANY:
            return self.conflicts(others)
        verdict = Verdict.PROVED
        looked_into = 0
        waiting = groups(self.read.may, others, self.budget)
        known: set[tuple[int, ...]] = set()
        while waiting:
            places, box = waiting.pop(0)
            if places in known:
                continue
            known.add(places)
            looked_into += 1
            if looked_into > MOST:
                count = len(waiting) + 1
                question = (f"另有 {count} 组可能重叠的规则", f"{count} more sets of rules that may overlap")
                self.leave_open(question, ("过多，不再逐一查看", "too many to look into one by one"))
                return _worse(verdict, Verdict.UNDECIDED)
            found = self.overlap(places, box, _OVERLAP, lambda trace: _noted(trace, "dmn-unique-violated"))
            if found is not Verdict.REFUTED and len(places) > 2:
                found = Verdict.PROVED
                for pair in _pairs_of(places):
                    shared = common([self.read.may.rules[place] for place in pair])
                    assert shared is not None
                    waiting.append((pair, shared))
            verdict = _worse(verdict, found)
        return verdict

    def overlap(self, places: tuple[int, ...], box: Box, codes: tuple[str, str], shows: Shows, more: Sequence[Question] = ()) -> Verdict:
        """Look into what some rules have in common; of two codes the second is for what is unusual."""
        reached = self.reach.ask(box, shows, [*self.reach.matching(places), *more])
        everything = self.read.may.everything
        if reached.verdict is Verdict.REFUTED:
            self.find(codes[reached.is_unusual], places, self.box_words(box, everything, places), reached.witness)
        elif reached.verdict is Verdict.PROVED:
            self.excluded += 1
        elif len(places) == 2:
            numbers = [self.table.rules[place].rule.number for place in places]
            words = self.box_words(box, everything, places)
            question = (
                f"{words['box_zh']} 时规则 {describe_rules(numbers, 'zh')} 是否同时命中",
                f"whether rules {describe_rules(numbers, 'en')} match at once where {words['box']}",
            )
            self.leave_open(question, self.reason_words(places, reached.reason))
        return reached.verdict

    def conflicts(self, others: Sequence[int]) -> Verdict:
        """Look into pairs of rules that match at once with different outputs."""
        verdict = Verdict.PROVED
        outputs = self.read.logic.outputs
        different = [(left, right) for left, right in pairs(others) if outputs[left] != outputs[right]]
        for pair in different[:MOST]:
            shared = common([self.read.may.rules[place] for place in pair])
            assert shared is not None
            more = [] if all(self.read.is_constant[place] for place in pair) else self.unlike(*pair)
            found = self.overlap(pair, shared, _CONFLICT, lambda trace: _noted(trace, "dmn-any-violated"), more)
            verdict = _worse(verdict, found)
        if len(different) > MOST:
            count = len(different) - MOST
            question = (f"另有 {count} 对可能矛盾的规则", f"{count} more pairs of rules that may contradict each other")
            self.leave_open(question, ("过多，不再逐一查看", "too many to look into one by one"))
            verdict = _worse(verdict, Verdict.UNDECIDED)
        return verdict

    def unlike(self, left: int, right: int) -> list[Question]:
        """Return that two rules have different outputs, where each has one."""
        one, other = (self.table.rules[place].outputs for place in (left, right))
        if len(one) != 1:
            return []
        return [Holds(syntax.Comparison(one[0].span, "!=", one[0], other[0]), self.read.decision_id)]

    def collected(self, others: Sequence[int]) -> None:
        """Tell that rules of a table which collects match at once, by one pair that does."""
        found = list(pairs(others))
        for left, right in found[:MOST]:
            shared = common([self.read.may.rules[place] for place in (left, right)])
            assert shared is not None

            def both(trace: ElementTrace, wanted: frozenset[int] = frozenset((left, right))) -> bool:
                return trace.table is not None and wanted.issubset(trace.table.matched)

            reached = self.reach.ask(shared, both, self.reach.matching((left, right)))
            if reached.verdict is Verdict.REFUTED:
                words = self.box_words(shared, self.read.may.everything, (left, right))
                self.find("proof-overlap-collect", (left, right), {"count": len(found), **words}, reached.witness)
                return

    # --- masked, redundant, mergeable ----------------------------------------------------------------------------------

    def unmasked(self) -> Verdict:
        """Say whether each rule has a say somewhere; under F and P also that no others come before it everywhere."""
        verdict = Verdict.PROVED
        before = 0
        by_order = self.table.table.hit_policy in {HitPolicy.FIRST, HitPolicy.PRIORITY}
        for place in self.read.logic.order:
            box = self.read.may.rules[place]
            if not all(box):
                self.silent.add(place)
                self.never(place, box.index(0))
                verdict = Verdict.REFUTED
            elif by_order and self.is_masked(place, before):
                self.silent.add(place)
                verdict = Verdict.REFUTED
            elif by_order and (column := self.null_in_vain(place, before)) is not None:
                self.silent.add(place)
                self.find("proof-only-null", (place,), {"clause": self.table.table.inputs[column].expression.text})
                verdict = Verdict.REFUTED
            before |= 1 << place
        if self.budget.is_spent:
            self.leave_open(("各规则是否都轮得到", "whether each rule has a say"), SPENT)
            verdict = _worse(verdict, Verdict.UNDECIDED)
        self.values_never()
        return verdict

    def is_masked(self, place: int, before: int) -> bool:
        """Say whether rules that come before one match wherever it may, and tell it."""
        if next(uncovered(self.read.must, self.read.may.rules[place], before, self.budget), None) is not None or self.budget.is_spent:
            return False
        found = self.masking(place, before)
        numbers = [self.table.rules[other].rule.number for other in found]
        number = self.table.rules[place].rule.number
        others = {"others": describe_rules(numbers, "en"), "others_zh": describe_rules(numbers, "zh")}
        is_ranked = self.table.table.hit_policy is HitPolicy.PRIORITY
        first = ("by priority", "以更高的优先次序命中") if is_ranked else ("in the table", "先行命中")
        others |= {"first": first[0], "first_zh": first[1]}
        self.find("proof-masked", (place, *found), {"rules": number, "rules_zh": number, **others})
        return True

    def null_in_vain(self, place: int, before: int) -> int | None:
        """Return the column that must be null where a rule has a say, if the solver says that it never is; else None."""
        found: set[int] = set()
        columns = self.read.columns
        for count, rest in enumerate(uncovered(self.read.must, self.read.may.rules[place], before, self.budget)):
            nulls = [column for column, atoms in enumerate(rest) if atoms == columns[column].axis.null]
            if not nulls or count >= MOST or not self.reach.nobody(rest):
                return None
            found.add(nulls[0])
        return None if self.budget.is_spent else min(found, default=None)

    def masking(self, place: int, before: int) -> list[int]:
        """Return few of the rules before one that are enough to mask it."""
        box = self.read.may.rules[place]
        needed = reduce(lambda left, right: left & right, [self.read.must.met(column, atoms) for column, atoms in enumerate(box)], before)
        for other in reversed(list(bits(needed))):
            without = needed & ~(1 << other)
            if next(uncovered(self.read.must, box, without, self.budget), None) is None and not self.budget.is_spent:
                needed = without
        return list(bits(needed))

    def never(self, place: int, column: int) -> None:
        """Tell that no value passes a cell."""
        clause, cell = self.table.table.inputs[column].expression.text, self.table.rules[place].rule.input_entries[column].text
        self.find("proof-never", (place,), {"clause": clause, "cell": cell})

    def values_never(self) -> None:
        """Tell which texts cells ask for that their clause never is; facts are checked against the dictionary where cells are read."""
        for place, column in enumerate(self.read.columns):
            axis = column.axis
            points = [atom.value for atom in axis.atoms if atom.kind is AtomKind.POINT]
            is_listed = axis.domain.values is not None or self.table.allowed[place] is not None
            if (
                not is_listed
                or any(atom.kind is AtomKind.OTHER for atom in axis.atoms)
                or not all(isinstance(each, str) for each in points)
            ):
                continue
            for number, rule in enumerate(self.table.rules):
                named = [node.value for node in syntax.descendants(rule.tests[place]) if isinstance(node, syntax.Literal)]
                for value in named:
                    if isinstance(value, str) and value not in points and number not in self.silent:
                        words = {"values": ", ".join(points), "values_zh": "、".join(points)}
                        clause = self.table.table.inputs[place].expression.text
                        self.find("proof-value-never", (number,), {"clause": clause, "value": f'"{value}"', **words})

    def tidy(self) -> None:
        """Tell which rules could be left out or put together."""
        if not self.read.is_exact or self.budget.is_spent:
            return
        grid, logic = self.read.may, self.read.logic
        idle = set(self.silent)
        for place in range(len(self.table.rules)):
            if place not in idle and is_redundant(grid, logic, place, self.budget):
                idle.add(place)
                self.find("proof-redundant", (place,), {})
        for left, right, column, atoms in merged_pairs(self.read, idle, self.budget):
            zh, en = (describe_atoms(self.read.columns[column], atoms, language) for language in ("zh", "en"))
            clause = self.table.table.inputs[column].expression.text
            self.find("proof-mergeable", (left, right), {"clause": clause, "cell": en, "cell_zh": zh})


def _by_reason(undecided: Sequence[tuple[Reason, Reason]]) -> tuple[Reason, ...]:
    """Return what was not decided and why, each reason once, behind all that it keeps from being decided."""
    found: dict[Reason, dict[Reason, None]] = {}
    for question, reason in undecided:
        found.setdefault(reason, {})[question] = None
    return tuple(
        ("、".join(zh for zh, _ in questions) + f"：{reason[0]}", ", ".join(en for _, en in questions) + f": {reason[1]}")
        for reason, questions in found.items()
    )


def _worse(left: Verdict, right: Verdict) -> Verdict:
    """Return the verdict on two questions together."""
    if Verdict.REFUTED in {left, right}:
        return Verdict.REFUTED
    return Verdict.UNDECIDED if Verdict.UNDECIDED in {left, right} else Verdict.PROVED


def _pairs_of(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    for index, left in enumerate(places):
        for right in places[index + 1 :]:
            yield left, right
