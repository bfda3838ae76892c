"""What changed in rules, law and front matter, in words; of each no more than a reader takes in, unless all is asked for."""

from collections.abc import Iterator, Sequence

from zhida.proof.difference.rules import Cell, DecisionChange, Row, RowChange
from zhida.proof.difference.text import SectionChange, Stretch
from zhida.report.difference_words import Speaker
from zhida.report.words import Words, bracketed, listed, unbroken, word

KEYS: Words = {
    "policy": {"zh": "编号", "en": "id"},
    "title": {"zh": "名称", "en": "title"},
    "document": {"zh": "文号", "en": "document"},
    "issuer": {"zh": "发文机关", "en": "issuer"},
    "in_force": {"zh": "施行期", "en": "in force"},
    "subject": {"zh": "对象", "en": "subject"},
    "applies": {"zh": "适用范围", "en": "scope"},
    "gives": {"zh": "给什么", "en": "gives"},
    "delivery": {"zh": "办理方式", "en": "delivery"},
    "eligible": {"zh": "资格看", "en": "eligibility"},
    "result": {"zh": "结果看", "en": "result"},
    "amount": {"zh": "金额看", "en": "amount"},
    "rounding": {"zh": "取整", "en": "rounding"},
    "window": {"zh": "申报时间", "en": "window"},
    "budget": {"zh": "预算", "en": "budget"},
    "uses": {"zh": "引用", "en": "uses"},
    "publishes": {"zh": "供别处引用", "en": "publishes"},
    "replaces": {"zh": "取代", "en": "replaces"},
    "checked": {"zh": "核对", "en": "checked"},
}
"""The keys of the front matter."""

SHOWN_ROWS = 6
"""Rows of one decision that are shown unless all are asked for."""

SHOWN_WORDS = 60
"""Characters of a new or old section that are shown unless all are asked for."""

SAID_BEFORE = frozenset(("policy", "title", "document", "in_force", "checked"))
"""Keys of the front matter that the head of the text says, or that say nothing of the policy itself."""

AROUND = 12
"""Characters that are shown around a stretch that changed."""


class RuleWords(Speaker):
    """Says what changed in rules, law and front matter."""

    def rules(self) -> Iterator[str]:
        """Yield what changed in each decision."""
        rules = self.found.rules
        for change in rules.decisions:
            if self.style.is_whole or change.kind in {"changed", "renamed"}:
                yield from self.decision(change)
        if not self.style.is_whole:
            for label, kind in ((self.say("增", "added"), "added"), (self.say("删", "removed"), "removed")):
                names = [change.name for change in rules.decisions if change.kind == kind]
                if names:
                    yield from self.lines(f"  {label} ", listed(names, self.language) + self.more())
        for name, old, new in rules.parameters:
            none = self.say("无", "none")
            yield from self.lines("  ", self.say("参数 ", "parameter ") + f"{name}{self.say('：', ': ')}{old or none} → {new or none}")
        for old, new in rules.uses:
            none = self.say("不引用", "not used")
            yield from self.lines("  ", self.say("引用：", "uses: ") + f"{old or none} → {new or none}")

    def decision(self, change: DecisionChange) -> Iterator[str]:
        """Yield what changed in one decision."""
        labels = {"changed": ("改", "changed"), "renamed": ("改名", "renamed"), "added": ("增", "added"), "removed": ("删", "removed")}
        name = f"{change.old_name} → {change.name}" if change.kind == "renamed" else change.name
        count = len(change.rows_added) + len(change.rows_removed) if change.kind in {"added", "removed"} else 0
        articles = listed(dict.fromkeys(row.article for row in (*change.rows_added, *change.rows_removed) if row.article), self.language)
        rules = self.say(f"{count} 条规则", f"{count} rules") if count else ""
        about = bracketed(self.say("，", ", ").join(filter(None, (articles, rules))), self.language) if count else ""
        yield from self.lines(f"  {self.say(*labels[change.kind])} ", name + about)
        if change.old_form:
            yield from self.lines("     ", self.say("写法：", "form: ") + f"{change.old_form} → {change.new_form}")
        if change.old_text != change.new_text:
            if change.old_text and change.new_text:
                yield from self.lines(self.say("     旧 ", "     old "), change.old_text)
                yield from self.lines(self.say("     新 ", "     new "), change.new_text)
            else:
                yield from self.lines("     ", change.old_text or change.new_text)
        for label, columns in (
            (self.say("增栏：", "new columns: "), change.columns_added),
            (self.say("删栏：", "columns gone: "), change.columns_removed),
        ):
            if columns:
                yield from self.lines("     ", label + listed(map(self.name, columns), self.language))
        yield from self.rows(change)

    def rows(self, change: DecisionChange) -> Iterator[str]:
        """Yield the rows of a table that changed, new ones, and those that are gone."""
        told = [self.changed_row(each) for each in change.rows]
        is_alone = change.kind in {"added", "removed"}
        told += [("" if is_alone else self.say("增 ", "new ")) + self.row(row) for row in change.rows_added]
        told += [("" if is_alone else self.say("删 ", "gone ")) + self.row(row) for row in change.rows_removed]
        shown = told if self.style.is_whole else told[:SHOWN_ROWS]
        for said in shown:
            yield from self.lines("     ", said)
        if len(told) > len(shown):
            yield self.say(f"     另有 {len(told) - len(shown)} 条：--all", f"     {len(told) - len(shown)} more: --all")

    def changed_row(self, change: RowChange) -> str:
        """Return a row that changed: its cells, old and new."""
        number = change.new.number if change.old.number == change.new.number else f"{change.old.number} → {change.new.number}"
        cells = [f"{self.column(cell.column)} {self.cell(cell.old, cell.unit)} → {self.cell(cell.new, cell.unit)}" for cell in change.cells]
        moved = [self.say("顺序变了", "moved")] if change.has_moved else []
        said = self.say("，", ", ").join([*cells, *moved])
        note = bracketed(change.new.note, self.language) if cells else ""
        return f"{self.rule_name(number)}{self.say('：', ': ')}{said}{note}"

    def row(self, row: Row) -> str:
        """Return a row as a sentence."""
        asked = [f"{self.name(cell.column)} {self.test(cell.text, cell.unit)}" for cell in row.cells if not cell.is_output]
        given = [self.output(cell) for cell in row.cells if cell.is_output]
        said = (
            f"{self.say('，', ', ').join(asked)} → {self.say('，', ', ').join(given)}" if asked else f"→ {self.say('，', ', ').join(given)}"
        )
        return f"{self.rule_name(row.number)}{self.say('：', ': ')}{said}{bracketed(row.note, self.language)}"

    def output(self, cell: Cell) -> str:
        """Return a result."""
        return self.cell(cell.text, cell.unit)

    def law(self) -> Iterator[str]:
        """Yield what changed in the words of each section."""
        law = self.found.law
        for change in law.changed:
            yield from self.section(change)
        for label, changes in ((self.say("增", "new"), law.added), (self.say("删", "gone"), law.removed)):
            if changes and not self.style.is_whole:
                headings = [section.heading for change in changes if (section := change.new or change.old)]
                yield from self.lines(f"  {label} ", listed(headings, self.language) + self.more())
                continue
            for change in changes:
                section = change.new or change.old
                assert section is not None
                yield from self.lines(f"  {label} ", section.heading)
                yield from self.lines("     ", self.cut(section.text))
        yield from self.caveats()

    def caveats(self) -> Iterator[str]:
        """Yield the reservations that came and went."""
        law = self.found.law
        told = ((self.say("增", "new"), law.caveats_added), (self.say("删", "gone"), law.caveats_removed))
        counted = listed([f"{label} {len(texts)}" for label, texts in told if texts], self.language)
        if counted:
            said = self.say("待确认事项：", "reservations: ") + counted + self.say(" 条", "")
            yield from self.lines("  ", said + ("" if self.style.is_whole else self.more()))
        for label, texts in told if self.style.is_whole else ():
            for text in texts:
                yield from self.lines(f"     {label} ", text)

    def cut(self, text: str) -> str:
        """Return the words of a section, or how they begin."""
        said = unbroken(text.replace("\n", " "))
        return said if self.style.is_whole or len(said) <= SHOWN_WORDS else said[:SHOWN_WORDS] + "…"

    def section(self, change: SectionChange) -> Iterator[str]:
        """Yield the words of a section that changed."""
        assert change.old is not None
        assert change.new is not None
        heading = change.new.heading if change.old.heading == change.new.heading else f"{change.old.heading} → {change.new.heading}"
        yield from self.lines(self.say("  改 ", "  changed "), heading)
        if not change.stretches:
            yield from self.lines(self.say("     旧 ", "     old "), self.cut(change.old.text))
            yield from self.lines(self.say("     新 ", "     new "), self.cut(change.new.text))
            return
        for line in self.marked(change.stretches):
            yield from self.lines("     ", line)

    def marked(self, stretches: Sequence[Stretch]) -> list[str]:
        """Return the paragraphs in which something changed, with what was cut away and what was put in."""
        parts = []
        for place, stretch in enumerate(stretches):
            if stretch.old == stretch.new:
                parts.append(self.common(stretch.new, is_first=place == 0, is_last=place == len(stretches) - 1))
            elif not stretch.old.strip():
                parts.append(self.mark("增", "new", stretch.new))
            elif not stretch.new.strip():
                parts.append(self.mark("删", "gone", stretch.old))
            else:
                parts.append(f"【{_one_line(stretch.old)} → {_one_line(stretch.new)}】")
        return [line for line in "".join(parts).split("\n") if "【" in line]

    def mark(self, zh: str, en: str, text: str) -> str:
        """Return a stretch that is in one version only."""
        lead = "\n" if text.startswith("\n") else ""
        tail = "\n" if text.endswith("\n") else ""
        return f"{lead}【{self.say(zh + '：', en + ': ')}{_one_line(text)}】{tail}"

    def common(self, text: str, *, is_first: bool, is_last: bool) -> str:
        """Return words that are the same, a long stretch cut to what stands beside the changes."""
        if self.style.is_whole or "\n" in text or len(text) <= 3 * AROUND:
            return text
        before = "" if is_first else text[:AROUND]
        after = "" if is_last else text[-AROUND:]
        return f"{before}…{after}"

    def front(self) -> Iterator[str]:
        """Yield the keys of the front matter that changed; what the head says already, and how it was checked, only if all is asked for."""
        none = self.say("无", "none")
        for key in self.found.front:
            if key.name not in SAID_BEFORE or self.style.is_whole:
                label = word(KEYS, key.name, self.language)
                yield from self.lines("  ", f"{label}{self.say('：', ': ')}{key.old or none} → {key.new or none}")


def _one_line(text: str) -> str:
    return " ".join(text.split())
