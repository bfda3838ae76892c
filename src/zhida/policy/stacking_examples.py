"""Examples of stacking: what one subject gets of several policies together (tables with 例 top-left in `stacking.md`).

    | 例 | 评估日 | 单位类型 | 已领 town/grant | **town/grant** | **town/award** | **合计** | **可能合计** | **关键事实** | *说明* |

Plain columns are given: attributes, parameters, decisions of used policies, the day, and what was received before. Bold ones are
expected of the best lawful combination. What one of the policies decides is never given: it would be worked out for one and
taken as told for another. Reads and checks only; `zhida.entitle.examples` runs them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.document import Cell, PolicyDocument, Table
from zhida.policy.stacking import StackingGroup, Surroundings
from zhida.policy.tangle import AS_OF_COLUMN, EXAMPLE_WORDS, Example, near_corner
from zhida.policy.years import parse_given
from zhida.source import Snippet, Span
from zhida.values.temporal import Date

POLICIES_COLUMN = "政策"
"""The plain column that names policies, or groups of the page, which no other column names."""
RECEIVED = "已领"
"""What the head of a column begins with that gives what was received before."""
EARLIER = "往年"
"""What such a head ends with where that was in an earlier year; else a day, or nothing for the year of the example's day."""
TOTAL = "合计"
"""The bold column that expects the sum of the best sure combination, in yuan."""
POSSIBLE = "可能合计"
"""The bold column that expects the sum of the best possible one."""
DECIDING = "关键事实"
"""The bold column that expects which missing facts decide between them, with 、 between them; `无` where none does."""

SUMS = (TOTAL, POSSIBLE, DECIDING)
"""The bold columns that are no policies."""


@dataclass(frozen=True, slots=True)
class ReceivedBefore:
    """What the subject received of a policy before."""

    policy: str
    """The policy."""
    on: Date | None
    """The day; None for the day of the example itself."""
    is_earlier: bool
    """Whether it was in an earlier year, no matter when."""
    yuan: Snippet
    """How much."""


@dataclass(frozen=True, slots=True)
class StackingExample:
    """One row of an examples table on a page of stacking."""

    example: Example
    """What is given and what is expected, as in a policy; expectations are headed by policies and by `SUMS`."""
    policies: tuple[str, ...]
    """Ids of the policies that are combined, in the order of the packs."""
    received: tuple[ReceivedBefore, ...]
    """What was received before, in the order of the columns."""

    @property
    def id(self) -> str:
        """Its first cell."""
        return self.example.id


@dataclass(frozen=True, slots=True)
class Decided:
    """The names of what a policy decides."""

    own: frozenset[str]
    """Its own decisions: they are worked out, never given."""
    lent: frozenset[str]
    """Those of the policies that it uses: they may be given instead."""


def read_stacking_examples(
    document: PolicyDocument,
    groups: Sequence[StackingGroup],
    around: Surroundings,
    decided: Mapping[str, Decided],
    diagnostics: list[Diagnostic],
) -> list[StackingExample]:
    """Read the examples of a page; one with a mistake in what it names is left out.

    Args:
        document: The page in blocks.
        groups: The groups of the page, which 政策 may name.
        around: What there is: subjects, dictionaries, parameters.
        decided: What policies decide, by their ids.
        diagnostics: Where mistakes are put: stacking-policy, stacking-example-column, stacking-example-received,
            stacking-example-policies, stacking-example-subjects, feel-not-yearly, policy-corner, policy-duplicate-column,
            policy-duplicate-example, policy-example-day, policy-example-empty, policy-example-id.
    """
    reader = _Reader({group.name: group for group in groups}, around, decided, diagnostics)
    for table in (block for block in document.blocks if isinstance(block, Table)):
        corner = table.header[0].text
        if corner in EXAMPLE_WORDS:
            reader.table(table)
        elif near_corner(corner) in EXAMPLE_WORDS:
            diagnostics.append(diagnostic("policy-corner", table.header[0].span, found=corner, near=near_corner(corner)))
    return reader.found


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the columns of one table are."""

    facts: Mapping[int, Cell]
    """Heads of facts, by their places."""
    received: Mapping[int, ReceivedBefore]
    """Heads of what was received before, by their places."""
    expected: Mapping[int, Cell]
    """Bold heads, by their places."""
    policies: tuple[str, ...]
    """The policies that heads name."""
    as_of: int | None
    """The place of the day."""
    named: int | None
    """The place of the column that names policies."""


class _Reader:
    """Reads the examples of one page."""

    def __init__(
        self,
        groups: Mapping[str, StackingGroup],
        around: Surroundings,
        decided: Mapping[str, Decided],
        diagnostics: list[Diagnostic],
    ) -> None:
        self.groups = groups
        self.around = around
        self.decided = decided
        self.diagnostics = diagnostics
        self.found: list[StackingExample] = []
        self.spans: dict[str, Span] = {}

    def note(self, code: str, span: Span, **words: object) -> None:
        """Keep what is wrong."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def table(self, table: Table) -> None:
        """Read a table of examples."""
        before = len(self.diagnostics)
        columns = self.columns(table.header)
        rows = [(row, self.concerned(columns, row)) for row in table.rows]
        self.facts(columns, {id_ for _, policies in rows for id_ in policies})
        is_sound = len(self.diagnostics) == before
        for row, policies in rows:
            example = self.row(columns, row, policies)
            if example is not None and is_sound:
                self.found.append(example)

    def columns(self, header: Sequence[Cell]) -> _Columns:
        """Return what the columns are, all but whether facts can be given."""
        facts: dict[int, Cell] = {}
        received: dict[int, ReceivedBefore] = {}
        expected: dict[int, Cell] = {}
        places: dict[str, int] = {}
        seen: set[tuple[str, str]] = set()
        for place, cell in enumerate(header[1:], 1):
            if cell.style == "italic":
                continue
            if (cell.style, cell.text) in seen:
                self.note("policy-duplicate-column", cell.span, name=cell.text)
            seen.add((cell.style, cell.text))
            if cell.style == "bold":
                expected[place] = cell
            elif cell.text in (AS_OF_COLUMN, POLICIES_COLUMN):
                places[cell.text] = place
            elif cell.text == RECEIVED or cell.text.startswith(f"{RECEIVED} "):
                head = self.received(cell)
                received |= {place: head} if head else {}
            else:
                facts[place] = cell
        policies = [cell.text for cell in expected.values() if self.is_policy(cell)]
        policies += [head.policy for head in received.values()]
        return _Columns(facts, received, expected, tuple(policies), places.get(AS_OF_COLUMN), places.get(POLICIES_COLUMN))

    def is_policy(self, cell: Cell) -> bool:
        """Say whether a bold head names a policy; complain where it is no sum either."""
        if cell.text in self.around.subjects:
            return True
        if cell.text not in SUMS:
            near = nearest(cell.text, [*self.around.subjects, *SUMS])
            use = f"neither a policy nor one of {', '.join(SUMS)}, so nothing that can be expected"
            use_zh = f"既不是政策，也不是{'、'.join(SUMS)}，不能作为期望"
            self.note("stacking-example-column", cell.span, name=cell.text, near=near, use=use, use_zh=use_zh, hint="", hint_zh="")
        return False

    def received(self, cell: Cell) -> ReceivedBefore | None:
        """Return what the head `已领 town/grant`, `已领 town/grant 往年` or `已领 town/grant 2026-03-01` says."""
        words = cell.text.split()[1:]
        when = words[1] if len(words) == 2 else ""
        day = _day(when)
        if len(words) not in (1, 2) or (when and when != EARLIER and day is None):
            self.note("stacking-example-received", cell.span, found=cell.text)
        elif words[0] not in self.around.subjects:
            self.note("stacking-policy", cell.span, name=words[0], near=nearest(words[0], self.around.subjects))
        else:
            return ReceivedBefore(words[0], day, when == EARLIER, cell.snippet)
        return None

    def concerned(self, columns: _Columns, row: Sequence[Cell]) -> tuple[str, ...]:
        """Return the policies that a row is about, in the order of the packs."""
        found = set(columns.policies)
        cell = row[columns.named] if columns.named is not None else None
        for part in re.finditer(r"[^、,，;；\s]+", cell.text) if cell else ():
            if part[0] in self.groups:
                found.update(self.groups[part[0]].policies)
            elif part[0] in self.around.subjects:
                found.add(part[0])
            elif cell:
                near = nearest(part[0], [*self.around.subjects, *self.groups])
                self.note("stacking-policy", cell.snippet.span(part.start(), part.end()), name=part[0], near=near)
        return tuple(id_ for id_ in self.around.subjects if id_ in found)

    def facts(self, columns: _Columns, policies: Iterable[str]) -> None:
        """Complain of each column of facts that none of the policies could be given."""
        concerned = sorted(policies)
        subjects = {self.around.subjects[id_] for id_ in concerned}
        items = {name: item for subject in subjects if (book := self.around.dictionaries.get(subject)) for name, item in book.items.items()}
        lent = {name for id_ in concerned for name in self.decided[id_].lent}
        known = {*items, *self.around.parameters, *lent} - {name for id_ in concerned for name in self.decided[id_].own}
        for cell in columns.facts.values() if concerned else ():
            base, _ = parse_given(cell.text)
            if base != cell.text and base in items:
                if not items[base].is_yearly:
                    self.note("feel-not-yearly", cell.span, name=base)
            elif cell.text not in known:
                self.not_given(cell, concerned, known)

    def not_given(self, cell: Cell, concerned: Iterable[str], known: Iterable[str]) -> None:
        """Complain of a column that cannot be given."""
        use = "no fact, no parameter and no decision of a used policy, so nothing that can be given"
        use_zh = "不是事实、参数，也不是所引用政策的决策，不能给出"
        hint = hint_zh = near = ""
        by = next((id_ for id_ in concerned if cell.text in self.decided[id_].own), "")
        if cell.text in (*SUMS, *self.around.subjects):
            hint, hint_zh = f"what is expected stands in bold: **{cell.text}**", f"期望的值，表头加粗：**{cell.text}**"
        elif by:
            hint, hint_zh = f"{by} works it out: give the facts that it rests on", f"由 {by} 算出，请给出它所依据的事实"
        else:
            near = nearest(cell.text, sorted(known))
        self.note("stacking-example-column", cell.span, name=cell.text, near=near, use=use, use_zh=use_zh, hint=hint, hint_zh=hint_zh)

    def row(self, columns: _Columns, row: Sequence[Cell], policies: tuple[str, ...]) -> StackingExample | None:
        """Return the example of a row, or None where something in it is wrong."""
        before = len(self.diagnostics)
        span = Span(row[0].span.source, row[0].span.start, row[-1].span.end, row[0].span.article)
        name = row[0].text
        if not name:
            self.note("policy-example-id", span)
        elif name in self.spans:
            self.note("policy-duplicate-example", row[0].span, name=name, first=self.spans[name].place)
        self.spans.setdefault(name, span)
        as_of = row[columns.as_of] if columns.as_of is not None else None
        if as_of is not None and as_of.text in {"?", "null"}:
            self.note("policy-example-day", as_of.span, name=name, value=as_of.text)
        expectations = {head.text: row[place].snippet for place, head in columns.expected.items() if row[place].text}
        if not expectations:
            self.note("policy-example-empty", span, name=name)
        subjects = {self.around.subjects[id_] for id_ in policies}
        if not policies:
            self.note("stacking-example-policies", span, name=name)
        elif len(subjects) > 1:
            self.note("stacking-example-subjects", span, name=name, subjects="、".join(sorted(subjects)))
        if len(self.diagnostics) > before:
            return None
        inputs = {head.text: row[place].snippet for place, head in columns.facts.items() if row[place].text}
        heads = (*columns.facts.values(), *columns.expected.values())
        day = as_of.snippet if as_of is not None and as_of.text else None
        example = Example(name, inputs, expectations, heads, day, span)
        return StackingExample(example, policies, tuple(_received(columns, row)))


def _received(columns: _Columns, row: Sequence[Cell]) -> Iterator[ReceivedBefore]:
    """Yield what a row says was received before."""
    for place, head in columns.received.items():
        if row[place].text:
            yield ReceivedBefore(head.policy, head.on, head.is_earlier, row[place].snippet)


def _day(text: str) -> Date | None:
    """Return the day that an ISO text names, or None.

    >>> _day("2026-03-01") == Date(2026, 3, 1), _day("2026-02-30"), _day("三月")
    (True, None, None)
    """
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        return None
    return None if found is None else Date(found.year, found.month, found.day)
