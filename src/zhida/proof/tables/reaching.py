"""Reaching: whether some subject gets into a box of a table, and who.

    box ──its clauses are facts──> facts ──┐
        └─else: asked of the solver──> facts ┴──replay──> Reached

The clauses of a table are decisions over the same facts, so a box may be one that nobody gets into. Whoever is shown was
decided by the interpreter first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Protocol

from zhida.assess.subject import inputs_of
from zhida.dmn.compiled import AS_OF
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.policy.front_matter import Interval
from zhida.policy.pack import PolicyModel
from zhida.proof.findings import Verdict, Witness
from zhida.proof.solver.days import days_of, on_day
from zhida.proof.solver.encoding import Holds, Lies, Question, Solution, lies_in
from zhida.proof.tables.axes import Atom, AtomKind, Axis
from zhida.proof.tables.boxes import Box
from zhida.proof.tables.columns import TableInAtoms
from zhida.proof.tables.unread import as_condition, unread_cells
from zhida.values.unknown import Unknown

Value = Any

NO_SOLVER = ("没有求解器，不知道这些条件能否同时出现", "without a solver it is not known whether these conditions can come together")
NOT_CONFIRMED = ("求得的对象经解释器复算并不如此", "the subject that was found turned out otherwise when the interpreter decided it")


class Solver(Protocol):
    """What answers questions about all subjects; `zhida.proof.solver.encoding.Encoding` is one."""

    def solve(self, questions: Sequence[Question], /, *, realistic: bool = True, polish: bool = True) -> Solution:
        """Return a subject that answers all questions at once, or that there is none."""

    def on_any_day(self, questions: Sequence[Question], /, *, realistic: bool = True, polish: bool = True) -> Solution:
        """Return a subject that does on some day on which the policy is law; asked where there is none on the day of the model."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether some subject gets into a box."""

    verdict: Verdict
    """PROVED: nobody does; REFUTED: the witness does; UNDECIDED: neither could be shown."""
    witness: Witness | None = None
    """Of REFUTED, who."""
    reason: tuple[str, str] = ("", "")
    """Of UNDECIDED, why, in Chinese and English."""
    is_unusual: bool = False
    """Whether only subjects outside of the usual range of some fact do."""


Shows = Callable[[ElementTrace], bool]
"""Says of how the table was decided whether it shows what is looked for."""


@dataclass(slots=True)
class Reach:
    """Asks who gets into the boxes of one table."""

    model: PolicyModel
    """The policy."""
    read: TableInAtoms
    """The table."""
    solver: Solver | None
    """What decides about clauses that are no facts."""
    plain: tuple[str, ...] | None = field(init=False)
    """The names of the facts that its clauses are, if all are facts, or the day, and no two the same."""
    days: Interval | None = field(init=False)
    """The days on which nothing that the table rests on is otherwise, but for the day itself; None where that is not known."""

    def __post_init__(self) -> None:
        """Look at what the clauses are."""
        compiled = self.model.model.decisions[self.read.decision_id]
        names = [node.name if isinstance(node, syntax.Name) else "" for node in self.read.table.inputs]
        ids = [compiled.requirements.get(name, AS_OF if name == AS_OF else "") for name in names]
        inputs, figures = self.model.model.inputs, self.model.parameters
        are_facts = all(id_ == AS_OF or (id_ in inputs and isinstance(figures.get(id_, _FREE), Unknown)) for id_ in ids)
        are_read = all(column.beside is None and not column.axis.is_blind for column in self.read.columns)
        is_plain = are_facts and are_read and len(set(ids)) == len(ids)
        self.plain = tuple(inputs[id_].name if id_ in inputs else AS_OF for id_ in ids) if is_plain else None
        self.days = days_of(self.model, [self.read.decision_id])

    def ask(self, box: Box, shows: Shows, more: Sequence[Question] = ()) -> Reached:
        """Say whether some subject gets into a box.

        Args:
            box: The box.
            shows: What its witness must show when it is decided.
            more: What must hold beside.
        """
        if self.plain is not None:
            facts, are_usual = self.likely(box)
            witness = self.replay(facts, shows)
            if witness is not None:
                return Reached(Verdict.REFUTED, witness, is_unusual=not are_usual)
        if self.solver is None:
            return Reached(Verdict.UNDECIDED, reason=NO_SOLVER)
        questions = [*self.questions(box), *more]
        solution = self.solver.solve(questions)
        if solution.verdict is Verdict.PROVED and solution.minds_day:
            solution = self.solver.on_any_day(questions)
        if solution.verdict is not Verdict.REFUTED:
            return Reached(solution.verdict, reason=solution.reason)
        witness = self.replay(solution.facts if solution.as_of is None else {**solution.facts, AS_OF: solution.as_of}, shows)
        if witness is None:
            return Reached(Verdict.UNDECIDED, reason=NOT_CONFIRMED)
        return Reached(Verdict.REFUTED, witness, is_unusual=solution.is_unusual)

    def nobody(self, box: Box) -> bool:
        """Say whether it is proved that nobody gets into a box; who does is not asked."""
        if self.plain is not None and self.replay(self.likely(box)[0], lambda _: True) is not None:
            return False
        if self.solver is None:
            return False
        questions = self.questions(box)
        solution = self.solver.solve(questions, realistic=False, polish=False)
        if solution.verdict is Verdict.PROVED and solution.minds_day:
            solution = self.solver.on_any_day(questions, realistic=False, polish=False)
        return solution.verdict is Verdict.PROVED

    def likely(self, box: Box) -> tuple[dict[str, Value], bool]:
        """Return facts that lie in a box of plain facts, and whether all of them are usual."""
        assert self.plain is not None
        chosen = [_usual(column.axis, atoms) for column, atoms in zip(self.read.columns, box, strict=True)]
        facts = {name: atom.value for name, (atom, _) in zip(self.plain, chosen, strict=True)}
        if AS_OF in facts:  # the day of the model, where it will do
            column = self.plain.index(AS_OF)
            if any(lies_in(self.model.as_of, atom) for atom in self.read.columns[column].axis.chosen(box[column])):
                facts[AS_OF] = self.model.as_of
        return facts, all(is_usual for _, is_usual in chosen)

    def replay(self, facts: Mapping[str, Value], shows: Shows) -> Witness | None:
        """Return a subject as a witness if the interpreter shows by it what is looked for, on its day where it names one."""
        told = {name: value for name, value in facts.items() if name != AS_OF}
        as_of = facts.get(AS_OF, self.model.as_of)
        if as_of != self.model.as_of and (self.days is None or as_of not in self.days):
            return None
        evaluator = Evaluator(self.model.model, inputs_of(on_day(self.model, as_of), told), as_of=as_of)
        evaluator.value(self.read.decision_id)
        trace = evaluator.trace[self.read.decision_id]
        if trace.table is None or not shows(trace):
            return None
        texts = [clause.expression.text for clause in self.read.table.table.inputs]
        clauses = tuple(zip(texts, trace.table.inputs, strict=True))
        return Witness(told, clauses, None if as_of == self.model.as_of else as_of)

    def questions(self, box: Box) -> list[Question]:
        """Return what a solver is asked to find a subject in a box."""
        found: list[Question] = []
        for node, column, atoms in zip(self.read.table.inputs, self.read.columns, box, strict=True):
            if atoms == column.axis.everything or column.axis.is_blind:
                continue
            if column.beside is None:
                found.append(Lies(node, self.read.decision_id, column.axis.chosen(atoms)))
            else:
                found.append(Holds(_compared(node, column.beside, column.axis.chosen(atoms)), self.read.decision_id))
        return found

    def matching(self, places: Sequence[int]) -> list[Question]:
        """Return that the cells of some rules which could not be read hold."""
        return [Holds(node, self.read.decision_id) for place in places for node in self._unread(place)]

    def failing(self, places: Sequence[int]) -> list[Question]:
        """Return that of each of some rules a cell which could not be read does not hold."""
        found: list[Question] = []
        for place in places:
            cells = self._unread(place)
            if cells:
                span = cells[0].span
                every = reduce(lambda left, right: syntax.Conjunction(left.span, left, right), cells)
                fails = syntax.If(span, every, syntax.Literal(span, value=False), syntax.Literal(span, value=True))
                found.append(Holds(fails, self.read.decision_id))
        return found

    def _unread(self, place: int) -> list[Node]:
        return [as_condition(clause, cell) for clause, cell in unread_cells(self.read.table, self.read.columns, place)]


_FREE = Unknown(frozenset())


def _usual(axis: Axis, atoms: int) -> tuple[Atom, bool]:
    """Return the atom of some that a witness had best lie in, and whether its values are usual."""
    chosen = [(place, atom) for place, atom in enumerate(axis.atoms) if atoms >> place & 1]

    def rank(item: tuple[int, Atom]) -> tuple[bool, bool, int]:
        place, atom = item
        return (not axis.usual >> place & 1, atom.kind in {AtomKind.NULL, AtomKind.OTHER}, place)

    place, atom = min(chosen, key=rank)
    return atom, bool(axis.usual >> place & 1)


def _compared(node: Node, beside: Node, atoms: Sequence[Atom]) -> Node:
    """Return that a value lies below, at or above another, or that one of the two is null."""
    span, parts = node.span, list[Node]()
    for atom in atoms:
        if atom.kind is AtomKind.NULL:
            parts += [syntax.Comparison(span, "=", each, syntax.Literal(span, None)) for each in (node, beside)]
        else:
            sign = "=" if atom.kind is AtomKind.POINT else "<" if atom.low is None else ">"
            parts.append(syntax.Comparison(span, sign, node, beside))
    return reduce(lambda left, right: syntax.Disjunction(span, left, right), parts)
