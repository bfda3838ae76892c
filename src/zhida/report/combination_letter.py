"""The letter to one enterprise: what it can have, what it gives up and why, what is still open and who can tell it, and the proof.

    Letter ──> data, text, HTML

Owns no figures: it adds up nothing but what the certificate adds up.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from zhida.entitle.best.argument import data as certificate_data
from zhida.entitle.best.letter import Letter, LetterLine
from zhida.entitle.stacking.structure import Restriction
from zhida.errors import Language
from zhida.policy.stacking import StackingRule
from zhida.policy.years import parse_column
from zhida.report.certificate_words import Step, certificate_steps
from zhida.report.page import Markup, element, facts, figures_table, page
from zhida.report.registry_report import STYLE, SYNTHETIC
from zhida.report.words import (
    DELIVERIES,
    DELIVERY_STEPS,
    SUBJECTS,
    bracketed,
    choose,
    format_amount,
    format_date,
    format_missing_parameter,
    listed,
    word,
)

SHOWN_STEPS = 400
"""Steps of a certificate that are shown; the data hold all."""


def letter_data(letter: Letter) -> dict[str, Any]:
    """Return a letter as a dictionary for JSON, with the certificate: `zhida.entitle.best.argument.read` reads it."""
    return {
        "as_of": str(letter.as_of),
        "code": letter.code,
        "name": letter.name,
        "is_synthetic": letter.is_synthetic,
        "total_fen": letter.sure.total_fen,
        "possible_fen": letter.possible_fen,
        "is_open_ended": letter.is_endless,
        "decides": list(letter.decides),
        "subject_decides": list(letter.own_decides),
        "subject_possible_fen": letter.own_possible_fen,
        "lacking": {
            name: {
                "is_parameter": each.is_parameter,
                "is_judged": each.is_judged,
                "is_self_reported": each.is_self_reported,
                "source": each.source,
            }
            for name, each in letter.lacking.items()
        },
        "policies": [_line_data(line) for line in letter.lines],
        "certificate": certificate_data(letter.certificate),
        "is_checked": not letter.faults,
        "faults": list(letter.faults),
        "columns_agree": letter.is_alike,
    }


def _line_data(line: LetterLine) -> dict[str, Any]:
    return {
        "policy": line.policy,
        "title": line.title,
        "gives_money": line.is_money,
        "claimed_fen": line.claimed_fen,
        "paid_fen": line.paid_fen,
        "is_taken": line.is_taken,
        "is_held": line.is_held,
        "is_review": line.is_review,
        "is_closed": line.is_closed,
        "missing": list(line.missing),
        "received_fen": line.received_fen,
        "deadline": str(line.deadline) if line.deadline else "",
        "delivery": line.delivery.value if line.delivery else "",
        "stopped_by": [{"rule": row.rule.value, "group": row.group, "article": row.article, "place": row.place} for row in line.stopped_by],
    }


def letter_text(letter: Letter, language: Language) -> str:
    """Return a letter for the terminal."""
    lines = [letter_title(letter, language)]
    if letter.is_synthetic:
        lines.append(choose(language, f"【{SYNTHETIC['zh']}】", f"[{SYNTHETIC['en']}]"))
    words = _Words(letter, language)
    colon, comma = choose(language, "：", ": "), choose(language, "，", ", ")
    lines += ["", *(f"{label}{colon}{value}" for label, value in words.figures())]
    for section in words.sections():
        if section.rows or section.items:
            rows = [comma.join(cell for cell in row if cell) for row in section.rows]
            lines += ["", section.heading, *(f"  {item}" for item in (*rows, *section.items))]
    lines += ["", words.why_no_more, f"  {words.how_to_follow}"]
    lines += [f"  {'  ' * step.depth}{step.text}" for step in words.steps()]
    lines += ["", checked_words(letter, language)]
    return "\n".join(lines) + "\n"


def letter_html(letter: Letter, language: Language) -> str:
    """Return a letter as one self-contained HTML page."""
    words = _Words(letter, language)
    (label, total), *figures = words.figures()
    steps = [element("p", step.text, class_=f"step depth{min(step.depth, 9)}") for step in words.steps()]
    title = letter_title(letter, language)
    body = element(
        "main",
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if letter.is_synthetic else Markup(),
        element("header", element("h1", choose(language, "能享受的最优组合", "The best combination")), element("p", title, class_="quiet")),
        element("p", element("span", label, class_="quiet"), element("strong", total), class_="total"),
        facts(figures) if figures else Markup(),
        *(_section(section, words.heads) for section in words.sections() if section.rows or section.items),
        element("section", element("h2", words.why_no_more), element("p", words.how_to_follow, class_="quiet"), *steps),
        element("p", checked_words(letter, language), class_="checked" if _is_sound(letter) else "failed"),
    )
    return page(title, body, language=language, style=STYLE + LETTER_STYLE)


def _section(section: "_Section", heads: tuple[str, ...]) -> Markup:
    parts = [element("h2", section.heading)]
    if section.rows:
        shown = len(heads) if any(row[-1] for row in section.rows) else len(heads) - 1  # no column of days without any
        kinds = ("", "number", "", "when")[:shown]
        parts.append(figures_table(heads[:shown], (row[:shown] for row in section.rows), kinds))
    if section.items:
        parts.append(element("ul", *(element("li", item) for item in section.items)))
    return element("section", *parts)


def letter_title(letter: Letter, language: Language) -> str:
    """Return who the letter is for, and of which day."""
    day = format_date(letter.as_of, language)
    who = f"{letter.name}{bracketed(letter.code, language)}" if letter.name else letter.code
    return choose(language, f"{who}，截至 {day}", f"{who}, as of {day}")


def checked_words(letter: Letter, language: Language) -> str:
    """Return what the check came to."""
    if letter.faults:
        found = "；".join(letter.faults)
        return choose(
            language,
            f"核对不通过：{found}。请不要采用，并报告给维护者。",
            f"The check failed: {found}. Do not rely on it; please report this.",
        )
    if not letter.is_alike:
        zh = "核对通过，但与整册计算的组合不同：请不要采用，并报告给维护者。"
        return choose(language, zh, "Checked, but the whole registry is combined otherwise: do not rely on it; please report this.")
    return choose(language, "核对通过：组合合法，合计没有更多的可能。", "Checked: the combination is lawful, and no lawful one pays more.")


def _is_sound(letter: Letter) -> bool:
    return not letter.faults and letter.is_alike


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of a letter."""

    heading: str
    """What it is about."""
    items: tuple[str, ...] = ()
    """Sentences."""
    rows: tuple[tuple[str, str, str, str], ...] = ()
    """What is paid: the policy, the amount, what is to be done, until when."""


class _Words:
    """Words a letter."""

    def __init__(self, letter: Letter, language: Language) -> None:
        """Keep what is worded."""
        self.letter, self.language = letter, language

    def say(self, zh: str, en: str) -> str:
        """Return the words of the language."""
        return choose(self.language, zh, en)

    # --- figures ---------------------------------------------------------------------------------------------------

    def figures(self) -> list[tuple[str, str]]:
        """Return the sum, what more is possible, and who can tell what decides."""
        letter = self.letter
        rows = [(self.say("合计", "Sum"), format_amount(letter.sure.total_fen))]
        if not letter.decides:
            return rows
        rows.append((self.say("还可能", "Possible"), self._possible(letter.possible_fen, is_endless=letter.is_endless)))
        rows.append((self.say("取决于", "Decided by"), self._names(letter.decides)))
        if letter.own_decides != letter.decides:
            none = self.say("没有；单靠本户自己的事实，合计不会增加", "nothing; its own facts alone do not raise the sum")
            rows.append((self.say("本户能补的", "Of its own facts"), self._own() if letter.own_decides else none))
        return rows

    def _own(self) -> str:
        """Return what the subject can tell, and what that may come to."""
        letter = self.letter
        names = self._names(letter.own_decides)
        if letter.own_possible_fen <= letter.sure.total_fen:
            return names
        most = format_amount(letter.own_possible_fen)
        return self.say(f"{names}；都有利时合计 {most}", f"{names}; {most} in all if that turns out well")

    def _possible(self, fen: int, *, is_endless: bool) -> str:
        if fen <= self.letter.sure.total_fen:
            return self.say("更多，多多少现在还算不出", "more; how much cannot be told yet")
        most = format_amount(fen)
        return self.say(f"至少 {most}", f"at least {most}") if is_endless else self.say(f"最多 {most}", f"up to {most}")

    def _names(self, names: Iterable[str]) -> str:
        """Return what is lacking, each with who is to tell it."""
        return listed([self._name(name) for name in names], self.language)

    def _name(self, name: str) -> str:
        base, year = parse_column(name)
        spoken = base if year is None else f"{base}{bracketed(self.say(f'{year} 年', str(year)), self.language)}"
        who = self.letter.lacking.get(name)
        if who is None:
            return spoken
        if who.is_parameter:
            return format_missing_parameter(spoken, "", self.letter.kind, self.language)
        if who.is_judged:
            return spoken + bracketed(self.say("由主管部门认定", "for the department in charge to judge"), self.language)
        if who.is_self_reported:
            whose = word(SUBJECTS, self.letter.kind, self.language)
            return spoken + bracketed(self.say(f"{whose}可以自己补报", f"the {whose} can tell it"), self.language)
        source = self.say(f"由{who.source}提供", f"from {who.source}") if who.source else ""
        return spoken + bracketed(source, self.language)

    # --- sections --------------------------------------------------------------------------------------------------

    @property
    def heads(self) -> tuple[str, ...]:
        """Return the heads of what is paid."""
        return (self.say("政策", "Policy"), self.say("金额", "Amount"), self.say("怎样拿到", "How"), self.say("截止", "Until"))

    def sections(self) -> Iterator[_Section]:
        """Yield the parts of the letter."""
        lines = self.letter.lines
        taken = [line for line in lines if line.is_taken]
        yield _Section(
            self.say("能拿到或省下的钱", "Money to be had or saved"), rows=tuple(self._paid(line) for line in taken if line.paid_fen)
        )
        held = tuple(self._held(line) for line in taken if not line.paid_fen)
        yield _Section(self.say("已经符合、本身不给钱的", "Met, without money of their own"), held)
        stopped = tuple(self._given_up(line) for line in lines if line.is_held and not line.is_closed and line.stopped_by)
        yield _Section(self.say("放弃或减少的，以及为什么", "Given up or cut, and why"), stopped)
        received = tuple(f"{line.title}{self.say('：', ': ')}{format_amount(line.received_fen)}" for line in lines if line.received_fen)
        yield _Section(self.say("本年已经领过的（已从应得里减去）", "Received this year (taken off what is due)"), received)
        yield _Section(self.say("错过期限的", "Too late for"), tuple(line.title for line in lines if line.is_held and line.is_closed))
        review = tuple(line.title for line in lines if line.is_review)
        yield _Section(self.say("要由人核定、没有算在合计里的", "For a person to decide, not in the sum"), review)
        lacking = tuple(self._lacks(line) for line in lines if line.missing)
        yield _Section(self.say("还缺事实、没有算在合计里的", "Open for lack of facts, not in the sum"), lacking)

    def _paid(self, line: LetterLine) -> tuple[str, str, str, str]:
        way = step = ""
        if line.delivery is not None:
            way, step = word(DELIVERIES, line.delivery, self.language), word(DELIVERY_STEPS, line.delivery, self.language)
        how = self.say(f"{way}：{step}", f"{way}: {step}") if step else way
        return line.title, format_amount(line.paid_fen), how, self._until(line)

    def _until(self, line: LetterLine) -> str:
        if line.deadline is None:
            return ""
        day = format_date(line.deadline, self.language)
        return self.say(f"{day}截止", f"until {day}")

    def _held(self, line: LetterLine) -> str:
        said = [line.title]
        if line.is_money:
            said.append(
                self.say("不领钱，作为别的政策的前提", "unpaid, as another asks for it")
                if line.claimed_fen
                else self.say("这次没有金额", "no amount this time")
            )
        return self.say("，", ", ").join(each for each in (*said, self._until(line)) if each)

    def _lacks(self, line: LetterLine) -> str:
        names = self._names(line.missing)
        return self.say(f"{line.title}：缺{names}", f"{line.title}: lacks {names}")

    # --- why -------------------------------------------------------------------------------------------------------

    def _given_up(self, line: LetterLine) -> str:
        why = self.say("；", "; ").join(self._why(line, row) for row in line.stopped_by)
        if not line.is_money:
            return self.say(f"{line.title}：{why}", f"{line.title}: {why}")
        claimed, paid = format_amount(line.claimed_fen), format_amount(line.paid_fen)
        if not line.paid_fen:
            return self.say(f"{line.title}：单算 {claimed}，不领。{why}", f"{line.title}: {claimed} by itself, not taken. {why}")
        return self.say(f"{line.title}：单算 {claimed}，实得 {paid}。{why}", f"{line.title}: {claimed} by itself, {paid} paid. {why}")

    def _why(self, line: LetterLine, row: Restriction) -> str:
        """Return why a row of stacking leaves no more to a policy, and where that is ordered."""
        by = self.say(f"，依据：{row.article}", f" ({row.article})") if row.article else ""
        return f"{self.say(f'“{row.group}”', row.group)}{self._rule(line, row)}{by}"

    def _rule(self, line: LetterLine, row: Restriction) -> str:
        """Return what a row of stacking says, after its name."""
        others = self._others(line, row)
        chosen = self.say(f"，选了{others}", f"; {others} is chosen") if others else ""
        match row.rule:
            case StackingRule.CHOICE:
                return self.say(f"只能选一项{chosen}", f" allows only one{chosen}")
            case StackingRule.HIGHEST:
                return self.say(f"只给最高的一项{chosen}", f" pays only the highest{chosen}")
            case StackingRule.TIMES:
                times = row.times
                zh, en = (
                    (f"限 {times.count} 次/{times.per}", f" allows {times.count} per {times.per}") if times else ("限次", " is limited")
                )
                return self.say(f"{zh}{chosen}", f"{en}{chosen}")
            case StackingRule.REQUIRES:
                return self.say("要先有排在它前面的几项", " asks for what comes before it first")
            case StackingRule.TOP_UP:
                return self.say("只补足与较低一项的差额", " pays only the difference to the lower award")
            case _:
                return self._cap(row, others)

    def _cap(self, row: Restriction, others: str) -> str:
        assert row.cap is not None, "a cap has an amount"
        most = format_amount(self.letter.situation.caps_fen[row.cap])
        if missing := self.letter.caps_missing[row.cap]:
            names = self._names(missing)
            return self.say(
                f"的上限还没有定（缺{names}），先按最低的 {most} 算",
                f" has no known limit yet (lacks {names}); the least it can be is {most}",
            )
        used = self.say(f"，另有{others}", f", with {others}") if others else ""
        return self.say(f"合计最多 {most}{used}", f": {most} at most together{used}")

    def _others(self, line: LetterLine, row: Restriction) -> str:
        """Return the other policies of a row that are taken."""
        structure = self.letter.structure
        taken = {each.policy: each.title for each in self.letter.lines if each.is_taken and (each.paid_fen or not each.is_money)}
        ids = [structure.policies[position] for position in row.members]
        titles = [taken[id_] for id_ in ids if id_ in taken and id_ != line.policy]
        return self.say("、".join(f"《{title}》" for title in titles), ", ".join(f'"{title}"' for title in titles))

    # --- the proof -------------------------------------------------------------------------------------------------

    @property
    def why_no_more(self) -> str:
        """Return the heading of the proof."""
        return self.say("为什么没有更多", "Why there is no more")

    @property
    def how_to_follow(self) -> str:
        """Return how the proof is to be read."""
        return self.say(
            "下面逐项说最多能给多少，加起来正好是上面的合计，所以没有别的选法能拿到更多。",
            "Below is the most that each can pay; it adds up to the sum above, so no other choice pays more.",
        )

    def steps(self) -> list[Step]:
        """Return the steps of the proof, as many as are shown."""
        letter = self.letter
        steps = certificate_steps(letter.certificate, letter.titles, self.language)
        if len(steps) > SHOWN_STEPS:
            more = f"{len(steps) - SHOWN_STEPS:,}"
            steps = [*steps[:SHOWN_STEPS], Step(0, self.say(f"…… 另有 {more} 步，见 --json", f"… {more} more steps: see --json"))]
        sums = [format_amount(part.total_fen) for part in letter.certificate.parts if part.total_fen]
        if len(sums) > 1:
            added, total = " + ".join(sums), format_amount(letter.certificate.total_fen)
            steps.append(Step(0, self.say(f"加起来：{added} = {total}", f"Added up: {added} = {total}")))
        return steps


LETTER_STYLE = """
main { max-width: 900px; } li { margin-bottom: 4px; }
.total { margin: 18px 0 8px; } .total strong { font: 700 34px/1.3 var(--serif); margin-left: 14px; color: var(--accent); }
td.number, th.number { padding-right: 1.6em; } .when { white-space: nowrap; }
.step { margin: 0 0 2px; } .depth0 { font-weight: 600; margin-top: 10px; }
.depth1 { padding-left: 1.6em; } .depth2 { padding-left: 3.2em; } .depth3 { padding-left: 4.8em; } .depth4 { padding-left: 6.4em; }
.depth5 { padding-left: 8em; } .depth6 { padding-left: 9.6em; } .depth7 { padding-left: 11.2em; } .depth8 { padding-left: 12.8em; }
.depth9 { padding-left: 14.4em; }
.checked { margin-top: 28px; color: var(--good); background: var(--good-faint); padding: .5em 1em; font-weight: 600; }
.failed { margin-top: 28px; color: var(--bad); background: var(--bad-faint); padding: .5em 1em; font-weight: 600; }
"""
"""What the letter looks like beside the report."""
