"""What changed in the rules: decisions matched by name, the rows of tables by what they say, blocks by their text.

decisions ──match──> same | renamed | changed ──> rows and cells, or the text of a block | added | removed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zhida.dmn.compiled import CompiledDecision
from zhida.dmn.model import BusinessKnowledgeModel, Decision, DecisionTable, HitPolicy, LiteralExpression, OutputClause, Rule
from zhida.feel.units import format_unit
from zhida.policy.pack import Policy
from zhida.policy.tangle import APPLIES, ARTICLE_COLUMN, OTHERWISE
from zhida.proof.difference.text import SAME, likeness

ALIKE = 750
"""How much alike two bodies must be for one to be the other under a new name, in thousandths."""

ROWS_ALIKE = 500
"""How many cells of two rows must be the same for one to be the other, changed, in thousandths."""

ANY_VALUE = "-"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table that says something."""

    column: str
    """The head of its column; empty for the result of a table that has but one."""
    text: str
    """What it says, in FEEL."""
    unit: str = ""
    """The unit of what it tests or gives."""
    is_output: bool = False
    """Whether it gives a result."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell that says something else."""

    column: str
    """The head of its column; empty for the result of a table that has but one."""
    old: str
    """What it said; `-` where it asked nothing."""
    new: str
    """What it says."""
    unit: str = ""
    """The unit of what it tests or gives."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a decision table."""

    number: str
    """What the table calls it; 否则 for the results where no rule matches."""
    cells: tuple[Cell, ...]
    """Its cells, those left out that ask nothing."""
    note: str = ""
    """The words beside it."""
    article: str = ""
    """The article that it rests on."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that is in both versions."""

    old: Row
    """In the old version."""
    new: Row
    """In the new version."""
    cells: tuple[CellChange, ...]
    """The cells that say something else; none where it only moved."""
    has_moved: bool = False
    """Whether it stands before a row now that it stood behind, where the order matters."""


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """A decision, or a business knowledge model, that changed."""

    name: str
    """Its name in the new version; in the old one where it is gone."""
    old_name: str
    """Its name in the old version; empty where it is new."""
    kind: str
    """`changed`, `renamed`, `added` or `removed`."""
    old_text: str = ""
    """The old expression, where it is one."""
    new_text: str = ""
    """The new expression, where it is one."""
    old_form: str = ""
    """`table F`, `expression` …; told where it is another in the new version."""
    new_form: str = ""
    """The new form."""
    columns_added: tuple[str, ...] = ()
    """Columns that were not there before."""
    columns_removed: tuple[str, ...] = ()
    """Columns that are gone."""
    rows: tuple[RowChange, ...] = ()
    """Rows that changed or moved."""
    rows_added: tuple[Row, ...] = ()
    """New rows."""
    rows_removed: tuple[Row, ...] = ()
    """Rows that are gone."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What changed in the rules."""

    decisions: tuple[DecisionChange, ...]
    """Decisions that changed, then new ones, then those that are gone."""
    unchanged: tuple[str, ...]
    """Names of decisions that say the same."""
    pairs: tuple[tuple[str, str], ...]
    """Names of the decisions that are in both versions, old and new."""
    facts_added: tuple[str, ...] = ()
    """Facts that are asked for now and were not before."""
    facts_removed: tuple[str, ...] = ()
    """Facts that are asked for no longer."""
    parameters: tuple[tuple[str, str, str], ...] = ()
    """Parameters with another figure on the other day, or in one version only: name, old and new figure."""
    uses: tuple[tuple[str, str], ...] = ()
    """Policies that are used by another version or in one only: old and new; empty where there is none."""


Element = Decision | BusinessKnowledgeModel


def rule_changes(old: Policy, new: Policy) -> Rules:
    """Return what changed in the decisions and business knowledge models of a policy."""
    before, after = _elements(old), _elements(new)
    pairs = [(name, name) for name in after if name in before]
    taken = {name for name, _ in pairs}
    pairs += _renamed({n: e for n, e in before.items() if n not in taken}, {n: e for n, e in after.items() if n not in taken})
    by_new = {name: old_name for old_name, name in pairs}
    changed: list[DecisionChange] = []
    unchanged = []
    for name, element in after.items():
        if name not in by_new:
            continue
        change = _change(_Versions(old, new), before[by_new[name]], element)
        if change is None:
            unchanged.append(name)
        else:
            changed.append(change)
    changed += [_alone(new, element, "added") for name, element in after.items() if name not in by_new]
    changed += [_alone(old, element, "removed") for name, element in before.items() if name not in by_new.values()]
    return Rules(tuple(changed), tuple(unchanged), tuple(pairs))


def _elements(policy: Policy) -> dict[str, Element]:
    """Return decisions and business knowledge models by name, in the order of the text."""
    decisions: list[Element] = [each for each in policy.tangled.decisions if each.name != APPLIES]
    return {each.name: each for each in [*decisions, *policy.tangled.knowledge_models]}


def _renamed(before: Mapping[str, Element], after: Mapping[str, Element]) -> list[tuple[str, str]]:
    """Return which decisions have a new name: those that say much the same."""
    scored = []
    for name, element in before.items():
        for new_name, new_element in after.items():
            alike = likeness(_said(element), _said(new_element))
            if alike >= ALIKE:
                scored.append((-alike, name, new_name))
    pairs: list[tuple[str, str]] = []
    for _, name, new_name in sorted(scored):
        if all(name != left and new_name != right for left, right in pairs):
            pairs.append((name, new_name))
    return pairs


def _said(element: Element) -> list[str]:
    """Return what an element says, by words, for comparing it with others."""
    expression = element.expression
    if isinstance(expression, DecisionTable):
        cells = [entry.text for rule in expression.rules for entry in (*rule.input_entries, *rule.output_entries)]
        return [*(clause.expression.text for clause in expression.inputs), *cells]
    return _text(element).split()


def _text(element: Element) -> str:
    """Return the text of an expression on one line; empty for a table."""
    expression = element.expression
    return " ".join(expression.text.text.split()) if isinstance(expression, LiteralExpression) else ""


@dataclass(frozen=True, slots=True)
class _Versions:
    """Both versions of a policy."""

    old: Policy
    new: Policy

    def unit(self, element: Element, name: str) -> str:
        """Return the unit of a column of the new version; empty where it has none."""
        return unit_of(self.new, element, name) or unit_of(self.old, element, name)


def unit_of(policy: Policy, element: Element, name: str) -> str:
    """Return the unit of a name in a policy; empty where it has none."""
    data = next((each for each in policy.compiled.inputs.values() if each.name == name), None)
    if data is not None:
        return "" if data.item.unit == "1" else data.item.unit
    found: CompiledDecision | None = policy.compiled.decisions.get(f"{policy.id}#{name}") or policy.compiled.decisions.get(
        element.id if name == element.name else ""
    )
    unit = format_unit(found.shape.unit) if found is not None and found.shape.unit else ""
    return "" if unit == "1" else unit


def _form(element: Element) -> str:
    expression = element.expression
    return f"table {expression.hit_policy.value}" if isinstance(expression, DecisionTable) else "expression"


def _alone(policy: Policy, element: Element, kind: str) -> DecisionChange:
    """Return a decision that is in one version only."""
    expression = element.expression
    rows = tuple(_rows(_Versions(policy, policy), element, expression)) if isinstance(expression, DecisionTable) else ()
    is_added = kind == "added"
    return DecisionChange(
        element.name,
        "" if is_added else element.name,
        kind,
        old_text="" if is_added else _text(element),
        new_text=_text(element) if is_added else "",
        rows_added=rows if is_added else (),
        rows_removed=() if is_added else rows,
    )


def _change(versions: _Versions, old: Element, new: Element) -> DecisionChange | None:
    """Return how a decision changed, or None where it says the same under the same name."""
    kind = "changed" if old.name == new.name else "renamed"
    before, after = old.expression, new.expression
    if isinstance(before, DecisionTable) and isinstance(after, DecisionTable):
        change = _table_change(versions, (old, before), (new, after), kind)
    else:
        forms = ("", "") if _form(old) == _form(new) else (_form(old), _form(new))
        rows_added = tuple(_rows(versions, new, after)) if isinstance(after, DecisionTable) else ()
        rows_removed = tuple(_rows(versions, old, before)) if isinstance(before, DecisionTable) else ()
        change = DecisionChange(new.name, old.name, kind, _text(old), _text(new), *forms, rows_added=rows_added, rows_removed=rows_removed)
    is_same = change.old_text == change.new_text and not change.old_form
    is_same = is_same and not (change.columns_added or change.columns_removed or change.rows or change.rows_added or change.rows_removed)
    return None if is_same and kind == "changed" else change


def _table_change(versions: _Versions, old: tuple[Element, DecisionTable], new: tuple[Element, DecisionTable], kind: str) -> DecisionChange:
    """Return how a table changed: columns, rows and cells."""
    before, after = list(_rows(versions, *old)), list(_rows(versions, *new))
    pairs = match_rows(before, after)
    rows = []
    is_ordered = HitPolicy.FIRST in {old[1].hit_policy, new[1].hit_policy}
    for place, (left, right) in enumerate(pairs):
        cells = _cell_changes(before[left], after[right])
        has_moved = is_ordered and any(other > left for other, _ in pairs[:place])
        if cells or has_moved:
            rows.append(RowChange(before[left], after[right], cells, has_moved=has_moved))
    forms = ("", "") if _form(old[0]) == _form(new[0]) else (_form(old[0]), _form(new[0]))
    heads = [[clause.expression.text for clause in table.inputs] for table in (old[1], new[1])]
    return DecisionChange(
        new[0].name,
        old[0].name,
        kind,
        old_form=forms[0],
        new_form=forms[1],
        columns_added=tuple(head for head in heads[1] if head not in heads[0]),
        columns_removed=tuple(head for head in heads[0] if head not in heads[1]),
        rows=tuple(rows),
        rows_added=tuple(row for place, row in enumerate(after) if all(place != right for _, right in pairs)),
        rows_removed=tuple(row for place, row in enumerate(before) if all(place != left for left, _ in pairs)),
    )


def _rows(versions: _Versions, element: Element, table: DecisionTable) -> list[Row]:
    """Return the rows of a table, the default results last."""
    rows = [row_of(versions.new, element, table, rule) for rule in table.rules]
    defaults = tuple(
        Cell(_head(table, clause), clause.default.text, versions.unit(element, clause.name or element.name), is_output=True)
        for clause in table.outputs
        if clause.default is not None
    )
    return [*rows, Row(OTHERWISE, defaults)] if defaults else rows


def row_of(policy: Policy, element: Element, table: DecisionTable, rule: Rule) -> Row:
    """Return a rule as it is told to people."""
    tested = [
        Cell(clause.expression.text, entry.text, unit_of(policy, element, clause.expression.text))
        for clause, entry in zip(table.inputs, rule.input_entries, strict=True)
        if entry.text != ANY_VALUE
    ]
    given = [
        Cell(_head(table, clause), entry.text, unit_of(policy, element, clause.name or element.name), is_output=True)
        for clause, entry in zip(table.outputs, rule.output_entries, strict=True)
    ]
    note = "；".join(text for name, text in rule.annotations.items() if name != ARTICLE_COLUMN and text)
    return Row(rule.number, (*tested, *given), note, rule.article)


def _head(table: DecisionTable, clause: OutputClause) -> str:
    return clause.name if len(table.outputs) > 1 else ""


def match_rows(old: Sequence[Row], new: Sequence[Row]) -> list[tuple[int, int]]:
    """Return which rows are the same, changed or not: those with the same cells first, then the most alike; in the new order.

    A row keeps what it gives: rows with other results and other conditions are no partners, whatever their numbers are.
    """
    scored = []
    for left, row in enumerate(old):
        for right, other in enumerate(new):
            alike = _rows_alike(row, other)
            if alike >= ROWS_ALIKE:
                scored.append((-alike, row.note != other.note, row.number != other.number, abs(left - right), left, right))
    pairs: list[tuple[int, int]] = []
    for *_, left, right in sorted(scored):
        if all(left != known and right != other for known, other in pairs):
            pairs.append((left, right))
    return sorted(pairs, key=lambda pair: pair[1])


def _rows_alike(row: Row, other: Row) -> int:
    if (row.number == OTHERWISE) != (other.number == OTHERWISE):
        return 0
    if row.number == OTHERWISE:
        return SAME
    cells, others = _by_column(row), _by_column(other)
    columns = dict.fromkeys((*cells, *others))
    same = sum(cells.get(column) == others.get(column) for column in columns)
    shared = sum(column in cells and column in others for column in columns)
    same_results = [cell.text for cell in row.cells if cell.is_output] == [cell.text for cell in other.cells if cell.is_output]
    alike = SAME * (same + shared) // (2 * len(columns)) if columns else SAME
    tested = {cell.column for cell in row.cells if not cell.is_output} & {cell.column for cell in other.cells if not cell.is_output}
    has_other = any(not cell.is_output for cell in (*row.cells, *other.cells)) and not tested
    if has_other or (not same_results and same < len(columns) - 1):
        return 0
    return alike


def _by_column(row: Row) -> dict[str, str]:
    return {cell.column: cell.text for cell in row.cells}


def _cell_changes(old: Row, new: Row) -> tuple[CellChange, ...]:
    """Return the cells in which two rows differ, in the order of the new one."""
    before, after = _by_column(old), _by_column(new)
    units = {cell.column: cell.unit for cell in (*old.cells, *new.cells)}
    columns = dict.fromkeys((*after, *before))
    return tuple(
        CellChange(column, before.get(column, ANY_VALUE), after.get(column, ANY_VALUE), units[column])
        for column in columns
        if before.get(column) != after.get(column)
    )
