"""Two versions of a policy in words: first what it comes to, then answers, rules, the law and the front matter.

    Difference ──difference_text──> lines for people, each part as long as it may be
               ──difference_data──> everything, for JSON

A case is told as an official reads it: who, what it was, what it is, by which rule and article, and one subject that shows it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.policy.tangle import APPLIES
from zhida.proof.difference.answers import Change, Compared, Extreme, Ground, Kind, Said
from zhida.proof.difference.versions import Difference, Version
from zhida.proof.findings import Verdict
from zhida.report.difference_rules import RuleWords
from zhida.report.difference_words import Speaker, Style
from zhida.report.explanation import value_data
from zhida.report.words import OUTCOMES, Words, bracketed, format_date, format_interval, listed, word
from zhida.values.temporal import Date

KINDS: Words = {
    Kind.LOSES: {"zh": "失去：原来符合，现在不符合", "en": "Lost: eligible before, not eligible now"},
    Kind.LEAVES: {"zh": "移出范围：原来符合，现在不适用", "en": "Out of scope: eligible before, not applicable now"},
    Kind.GAINS: {"zh": "新得：原来不能享受，现在符合", "en": "Gained: not granted before, eligible now"},
    Kind.DOWN: {"zh": "金额减少", "en": "Less money"},
    Kind.UP: {"zh": "金额增加", "en": "More money"},
    Kind.RESULT: {"zh": "给的不同", "en": "Another result"},
    Kind.TO_REVIEW: {"zh": "改为转人工", "en": "A person decides now"},
    Kind.FROM_REVIEW: {"zh": "不再转人工", "en": "No person decides any more"},
    Kind.SCOPE: {"zh": "适用范围不同，都不能享受", "en": "Other scope; not granted either way"},
    Kind.VALUE: {"zh": "值不同", "en": "Another value"},
}
"""What a change means."""

SHORT_KINDS: Words = {
    Kind.LOSES: {"zh": "失去", "en": "lost"},
    Kind.LEAVES: {"zh": "移出范围", "en": "out of scope"},
    Kind.GAINS: {"zh": "新得", "en": "gained"},
    Kind.DOWN: {"zh": "金额减少", "en": "less money"},
    Kind.UP: {"zh": "金额增加", "en": "more money"},
    Kind.RESULT: {"zh": "给的不同", "en": "another result"},
    Kind.TO_REVIEW: {"zh": "改为转人工", "en": "to a person"},
    Kind.FROM_REVIEW: {"zh": "不再转人工", "en": "from a person"},
    Kind.SCOPE: {"zh": "范围不同", "en": "other scope"},
    Kind.VALUE: {"zh": "值不同", "en": "another value"},
}
"""The same in a word."""

SHOWN_CASES = 7
"""Cases of one kind that are shown unless all are asked for."""

SHOWN_LIGHT_CASES = 2
"""The same of kinds that take nothing from anybody and give nothing."""

GRAVE = frozenset((Kind.LOSES, Kind.LEAVES, Kind.GAINS, Kind.DOWN, Kind.UP, Kind.RESULT))
"""Kinds of changes that take something or give something."""

SHOWN_VALUES = 5
"""Changes of a decision on the way that are shown unless all are asked for."""

SHOWN_FACTS = 4
"""Facts of one case that are shown unless all are asked for."""


def difference_text(found: Difference, style: Style) -> list[str]:
    """Return what is different between two versions, line by line."""
    words, rules = AnswerWords(found, style), RuleWords(found, style)
    lines = [*words.head()]
    if found.is_empty:
        return [*lines, "", style.say("两个版本没有不同。", "The versions do not differ.")]
    parts = [
        (style.say("概要", "In short"), words.summary()),
        (style.say("一、答案", "1 Answers"), words.answers()),
        (style.say("二、规则", "2 Rules"), rules.rules()),
        (style.say("三、条文", "3 Law"), rules.law()),
        (style.say("四、文件头", "4 Front matter"), rules.front()),
    ]
    for heading, part in parts:
        told = list(part)
        if told:
            lines += ["", heading, *told]
    return lines


class AnswerWords(Speaker):
    """Says which versions are compared, what it comes to, and who is answered otherwise."""

    def head(self) -> Iterator[str]:
        """Yield which versions are compared, and on which days."""
        old, new = self.found.old, self.found.new
        title = old.policy.front.title
        yield from self.lines("", title if title == new.policy.front.title else f"{title} → {new.policy.front.title}")
        for label, version, day in zip((self.say("旧", "old"), self.say("新", "new")), (old, new), self.found.days, strict=True):
            yield from self.lines(f"  {label}  ", self.version(version, day))
        if self.found.days[0] != self.found.days[1]:
            said = self.say(
                "两个版本各按自己的日子，用同样的事实判定；“上年度”“前 1 年”各从自己的日子算起",
                "each version is judged on its own day for the same facts; 'last year' counts from that day",
            )
        else:
            said = self.say("两个版本在同一天、用同样的事实判定", "both are judged on the same day for the same facts")
        yield from self.lines("      ", said)

    def version(self, version: Version, day: Date) -> str:
        """Return a version: what it is, when it is law, and the day on which it is judged."""
        front = version.policy.front
        told = format_interval(version.in_force, self.language)
        place = version.policy.document.source.name
        where = "" if place.endswith(f"{version.policy.id.replace('/', '/policies/')}.md") and ":" not in place else f"  {place}"
        judged = format_date(day, self.language)
        said = self.say(f"{front.document}；施行期 {told}；按 {judged} 判定", f"{front.document}; in force {told}; judged on {judged}")
        return f"{version.policy.id}{where}  {said.removeprefix('；').removeprefix('; ')}"

    def summary(self) -> Iterator[str]:
        """Yield what it comes to: answers, rules, facts, words."""
        answers, rules, law = self.found.answers, self.found.rules, self.found.law
        if answers is None:
            yield from self.lines(
                self.say("  答案  ", "  answers  "), self.say("没有比较：", "not compared: ") + self.because(self.found.reason)
            )
        else:
            kinds = [change.kind for change in self.usual(answers.policy.changes)]
            counted = [f"{word(SHORT_KINDS, kind, self.language)} {kinds.count(kind)}" for kind in dict.fromkeys(kinds)]
            ways = listed(counted, self.language) + self.say(" 种情形", " ways") if counted else ""
            said = self.say("；", "; ").join(filter(None, (ways, self.certainty(answers.policy))))
            yield from self.lines(self.say("  答案  ", "  answers  "), said)
            others = [compared.name for compared in answers.decisions if compared.verdict is not Verdict.PROVED]
            if others:
                count = self.say(f"中间各项有 {len(others)} 项不同：", "on the way these differ too: ")
                yield from self.lines(self.say("        ", "           "), count + listed(others, self.language))
        kinds_of = [change.kind for change in rules.decisions]
        labels = (("changed", "改", "changed"), ("renamed", "改名", "renamed"), ("added", "增", "added"), ("removed", "删", "removed"))
        counted = [f"{self.say(zh, en)} {kinds_of.count(kind)}" for kind, zh, en in labels if kind in kinds_of]
        counted.append(f"{self.say('未变', 'unchanged')} {len(rules.unchanged)}")
        yield from self.lines(self.say("  规则  ", "  rules  "), listed(counted, self.language) + self.say(" 项", ""))
        for label, names in (
            (self.say("新要的事实", "facts asked for now"), rules.facts_added),
            (self.say("不再要的事实", "facts asked for no longer"), rules.facts_removed),
        ):
            if names:
                yield from self.lines(
                    "        ", f"{label} {len(names)}{self.say(' 项：', ': ')}{listed(map(self.name, names), self.language)}"
                )
        told = ((self.say("改", "changed"), law.changed), (self.say("增", "added"), law.added), (self.say("删", "removed"), law.removed))
        counted = [f"{label} {len(sections)}" for label, sections in told if sections]
        counted.append(f"{self.say('未变', 'unchanged')} {law.unchanged}")
        yield from self.lines(self.say("  条文  ", "  law  "), listed(counted, self.language) + self.say(" 节", " sections"))

    def certainty(self, compared: Compared) -> str:
        """Return what is known of those that are not shown."""
        if compared.is_complete and not compared.changes:
            return self.say("没有一户的答案不同：已证明", "nobody is answered otherwise: proved")
        if compared.is_complete:
            return self.say("这些情形以外的各户，答案不变：已证明", "everybody else keeps the same answer: proved")
        reasons = self.say("；", "; ").join(self.because(reason) for reason in compared.reasons)
        if compared.changes:
            return self.say(f"此外还有没有，未能判定：{reasons}", f"whether there is more is not decided: {reasons}")
        return self.say(f"没有找到不同，但未能判定：{reasons}", f"no difference was found, but it is not decided: {reasons}")

    def answers(self) -> Iterator[str]:
        """Yield who is answered otherwise, the gravest first."""
        answers = self.found.answers
        if answers is None:
            return
        changes = self.usual(answers.policy.changes)
        for kind in dict.fromkeys(change.kind for change in changes):
            own = [change for change in changes if change.kind is kind]
            count = self.say(f"（{len(own)} 种情形）", f" ({len(own)})")
            yield f"  {word(KINDS, kind, self.language)}{count}"
            most = SHOWN_CASES if kind in GRAVE else SHOWN_LIGHT_CASES
            shown = own if self.style.is_whole else own[:most]
            for number, change in enumerate(shown, 1):
                yield from self.case(number, change)
            if len(own) > len(shown):
                yield self.say(f"     另有 {len(own) - len(shown)} 种：--all", f"     {len(own) - len(shown)} more: --all")
        left = len(answers.policy.changes) - len(changes)
        if left:
            said = self.say(
                f"另有 {left} 种情形，只在事实超出常见范围时出现", f"{left} more only where a fact lies outside of its usual range"
            )
            yield from self.lines("  ", said + self.say("：--all", ": --all"))
        for extreme in answers.policy.extremes:
            if self.style.is_whole or not extreme.change.is_unusual:
                yield from self.lines("  ", self.extreme(extreme))
        yield from self.lines("  ", self.certainty(answers.policy) + self.say("。", "."))
        if answers.policy.is_complete:
            said = self.say(
                "证明说的是规则得出的值。事实空缺而规则没有说到空缺的，转人工。",
                "What is proved is what the rules come to. Where a fact is absent and no rule says what that means, a person decides.",
            )
            yield from self.lines("  ", said)
        yield from self.decisions(answers.decisions)
        same = [each.name for each in answers.decisions if each.verdict is Verdict.PROVED]
        if same:
            said = self.say("写法变了、结果对每一户都不变（已证明）：", "worded otherwise, the same for everybody (proved): ")
            yield from self.lines("  ", said + listed(same, self.language))
        if answers.unchanged:
            said = self.say("规则和所依据的都没有变：", "neither rules nor what they rest on changed: ")
            yield from self.lines("  ", said + listed(answers.unchanged, self.language))

    def usual(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes that are shown: those that only odd facts bring about, only if all is asked for."""
        return [change for change in changes if self.style.is_whole or not change.is_unusual]

    def case(self, number: int, change: Change) -> Iterator[str]:
        """Yield one change of the policy's answer."""
        side = change.old if change.kind is Kind.GAINS else change.new
        head = self.headline(change, side)
        yield from self.lines(f"  {number:>3}  ", head)
        if change.kind in {Kind.DOWN, Kind.UP, Kind.RESULT}:
            for label, said in ((self.say("旧：", "old: "), change.old), (self.say("新：", "new: "), change.new)):
                told = listed(filter(None, (self.given(said), self.ground(said))), self.language)
                yield from self.lines(f"       {label}", told)
        facts = self.grounds(change)
        if facts:
            yield from self.lines(self.say("       例如 ", "       for example "), facts + self.origin(change))
        figures = [name for name in change.facts if name in self.found.new.packs.parameters]
        if figures:
            told = listed([f"{name} {self.shown(name, change.facts[name])}" for name in figures], self.language)
            yield from self.lines(
                "       ", self.say(f"其中地方参数没有填，这里按 {told} 算", f"parameters that nobody filled in are taken as {told}")
            )
        if self.style.is_whole:
            every = [f"{self.name(name)} {self.shown(name, value)}" for name, value in change.facts.items()]
            yield from self.lines(self.say("       全部事实：", "       all facts: "), self.say("；", "; ").join(every))

    def headline(self, change: Change, side: Said) -> str:
        """Return what a change is about: the words beside the rule that settles it, and where that stands."""
        gain = change.gain
        if change.kind in {Kind.DOWN, Kind.UP} and gain is not None:
            if not gain:
                return self.say("取整后相同", "the same once it is rounded")
            less = self.say("少得" if gain < 0 else "多得", "less by" if gain < 0 else "more by")
            return f"{less} {self.money(abs(gain))}"
        if change.kind is Kind.RESULT:
            return f"{self.given(change.old)} → {self.given(change.new)}"
        failed = self.say("不成立", "does not hold") if side.value is False else self.say("没有结论", "has no result")
        note = side.note or f"{side.decision} {failed}"
        if side.decision == APPLIES:
            note = self.say("不在适用范围", "out of scope") if side.value is False else f"{self.say('适用范围', 'the scope')} {failed}"
        version = self.say("旧办法", "old") if side is change.old else self.say("新办法", "new")
        where = self.ground(side)
        said = note + bracketed(f"{version} {where}" if where else version, self.language)
        if change.kind is Kind.GAINS and change.old.answer is not None:
            was = word(OUTCOMES, change.old.answer.outcome, self.language)
            said = self.say(f"原来{was}：{said}", f"{was} before: {said}")
        if change.kind in {Kind.TO_REVIEW, Kind.FROM_REVIEW, Kind.SCOPE} and change.old.answer and change.new.answer:
            outcomes = [word(OUTCOMES, each.outcome, self.language) for each in (change.old.answer, change.new.answer)]
            said = f"{outcomes[0]} → {outcomes[1]}{self.say('：', ': ')}{said}"
        if gain is not None and gain:
            said += self.say(
                f"，{'少得' if gain < 0 else '多得'} {self.money(abs(gain))}",
                f", {'less' if gain < 0 else 'more'} by {self.money(abs(gain))}",
            )
        return said

    def given(self, said: Said) -> str:
        """Return what a version gives."""
        answer = said.answer
        if answer is None or answer.outcome is not Outcome.ELIGIBLE:
            return word(OUTCOMES, answer.outcome, self.language) if answer else ""
        if answer.amount_fen is not None:
            return self.money(Decimal(answer.amount_fen).scaleb(-2))
        return self.shown("", answer.result) if answer.result is not None else word(OUTCOMES, answer.outcome, self.language)

    def ground(self, said: Said) -> str:
        """Return the article and the rule that something rests on."""
        rule = self.say(f"规则 {said.rule}", f"rule {said.rule}") if said.rule else ""
        return self.say("，", ", ").join(filter(None, (said.article, rule)))

    def grounds(self, change: Change) -> str:
        """Return the facts that a change comes down to, with what each version asks of them."""
        sides = (change.old, change.new) if change.kind is Kind.GAINS else (change.new, change.old)
        decisive = {ground.name: ground for ground in sides[0].grounds}
        if change.kind in {Kind.DOWN, Kind.UP, Kind.RESULT, Kind.VALUE}:
            decisive |= {ground.name: ground for ground in sides[1].grounds if ground.name not in decisive}
        told = [self.fact(ground, change) for ground in decisive.values()]
        most = SHOWN_FACTS if change.gain is None or change.kind is Kind.GAINS else 2 * SHOWN_FACTS
        shown = told if self.style.is_whole else told[:most]
        more = self.say(f"，等 {len(told)} 项", f", {len(told)} in all") if len(told) > len(shown) else ""
        return self.say("，", ", ").join(shown) + more

    def fact(self, ground: Ground, change: Change) -> str:
        """Return a fact, and the cells of the rules of either version that it meets."""
        asked = []
        for label, said in ((self.say("旧规则", "old rule"), change.old), (self.say("新规则", "new rule"), change.new)):
            tests = [self.test(each.test, each.unit) for each in said.grounds if each.name == ground.name and each.test]
            asked += [f"{label} {test}" for test in tests if ground.value is not None and re.match("[≥≤<>≠]", test)]
        told = f"{self.name(ground.name)} {self.shown(ground.name, ground.value, ground.unit)}"
        return told + bracketed(self.say("，", ", ").join(asked), self.language)

    def origin(self, change: Change) -> str:
        """Return where a subject comes from, and that it is unusual."""
        said = [
            self.from_example(change),
            self.say("少见：有事实超出常见范围", "unusual: a fact lies outside of its usual range") if change.is_unusual else "",
        ]
        return bracketed(self.say("；", "; ").join(filter(None, said)), self.language)

    def from_example(self, change: Change) -> str:
        """Return the example that a subject comes from; nothing where it was worked out."""
        origin = change.origin
        if origin.side is None:
            return ""
        version = self.say("旧" if origin.side == 0 else "新", "old" if origin.side == 0 else "new")
        said = self.say(f"{version}例 {origin.example}", f"{version} example {origin.example}")
        if origin.is_filled:
            said = self.say(f"据{said} 补全", f"{said}, filled up")
        if any(origin.moved == ground.name for ground in (*change.old.grounds, *change.new.grounds)):
            said += self.say(f"，只改{self.name(origin.moved)}", f", with another {self.name(origin.moved)}")
        return said

    def extreme(self, extreme: Extreme) -> str:
        """Return the greatest loss or gain."""
        gain = extreme.change.gain or Decimal(0)
        amounts = f"{self.given(extreme.change.old)} → {self.given(extreme.change.new)}"
        told = f"{self.money(abs(gain))}{bracketed(amounts, self.language)}"
        facts = self.grounds(extreme.change)
        word_ = self.say("少得" if gain < 0 else "多得", "loss" if gain < 0 else "gain")
        if extreme.is_greatest:
            said = self.say(f"事实在常见范围内，最多{word_} {told}，已证明", f"greatest {word_} within the usual ranges: {told}, proved")
        else:
            said = self.say(f"所见最多{word_} {told}", f"greatest {word_} that was seen: {told}")
        return said + (self.say("：", ": ") + facts if facts else "")

    def decisions(self, decisions: Sequence[Compared]) -> Iterator[str]:
        """Yield the decisions of one name that come out otherwise."""
        differing = [each for each in decisions if each.verdict is not Verdict.PROVED]
        if differing:
            yield self.say("  中间各项", "  Decisions on the way")
        for compared in differing:
            yield from self.lines("    ", compared.name + self.say("：", ": ") + self.certainty_of_decision(compared))
            shown = compared.changes if self.style.is_whole else compared.changes[:SHOWN_VALUES]
            for change in shown:
                values = f"{self.shown('', change.old.value, change.old.unit)} → {self.shown('', change.new.value, change.new.unit)}"
                yield from self.lines("      ", f"{values}{self.say('：', ': ')}{self.who(change)}{self.where(change)}")
            if len(compared.changes) > len(shown):
                more = len(compared.changes) - len(shown)
                yield self.say(f"      另有 {more} 种：--all", f"      {more} more: --all")

    def certainty_of_decision(self, compared: Compared) -> str:
        """Return what is known of those that a decision comes out the same for."""
        if compared.is_complete:
            return self.say("下列各户不同，其余不变（已证明）", "different for these, the same for everybody else (proved)")
        if compared.changes:
            return self.say("至少下列各户不同", "different for these at least")
        return self.certainty(compared)

    def who(self, change: Change) -> str:
        """Return whom a change meets, by the cells of both rules."""
        told: dict[str, list[str]] = {}
        grounds = [ground for ground in (*change.old.grounds, *change.new.grounds) if not ground.is_beneath]
        for ground in grounds:
            test = self.test(ground.test, ground.unit) if ground.test else ""
            tests = told.setdefault(ground.name, [])
            if test and test not in tests:
                tests.append(test)
        values = {ground.name: ground for ground in grounds}
        parts = [f"{self.name(name)} {self.say(' 且 ', ' and ').join(tests)}" for name, tests in told.items() if tests]
        others = [values[name] for name, tests in told.items() if not tests]
        if others:
            facts = [f"{self.name(each.name)} {self.shown(each.name, each.value, each.unit)}" for each in others]
            parts.append(self.say("如 ", "such as ") + listed(facts, self.language))
        return self.say("，", ", ").join(parts)

    def where(self, change: Change) -> str:
        """Return the rules that fired."""
        rules = [said.rule for said in (change.old, change.new)]
        if not all(rules):
            return ""
        return bracketed(self.say(f"旧规则 {rules[0]}，新规则 {rules[1]}", f"old rule {rules[0]}, new rule {rules[1]}"), self.language)


# --- data ------------------------------------------------------------------------------------------------------------------

Data = dict[str, Any]


def difference_data(found: Difference) -> Data:
    """Return everything that is different, as a dictionary for JSON; reasons are in Chinese and English."""
    versions = {}
    for label, version, day in zip(("old", "new"), (found.old, found.new), found.days, strict=True):
        policy = version.policy
        versions[label] = {
            "policy": policy.id,
            "title": policy.front.title,
            "document": policy.front.document,
            "sha256": policy.sha256,
            "source": policy.document.source.name,
            "in_force": str(version.in_force),
            "as_of": str(day),
        }
    return {
        **versions,
        "differs": not found.is_empty,
        "front": _plain(found.front),
        "law": _plain(found.law),
        "rules": _plain(found.rules),
        "answers": _plain(found.answers),
        "reason": _plain(found.reason),
    }


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON has
    """Return findings as what JSON has; values of FEEL keep their type beside them."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Change):
        own = {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name != "facts"}
        return {**own, "facts": {name: value_data(each) for name, each in value.facts.items()}, "gain": _plain(value.gain)}
    if isinstance(value, Said):
        own = {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name not in {"value", "answer"}}
        answer = None if value.answer is None else {"outcome": value.answer.outcome.value, **_amounts(value)}
        return {"value": value_data(value.value), "answer": answer, **own}
    if isinstance(value, Ground):
        return {
            "name": value.name,
            "test": value.test,
            "value": value_data(value.value),
            "unit": value.unit,
            "is_beneath": value.is_beneath,
        }
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return f"{value:f}" if isinstance(value, Decimal) else value


def _amounts(said: Said) -> Data:
    answer = said.answer
    assert answer is not None
    return {
        "result": None if answer.result is None else value_data(answer.result),
        "amount": None if answer.amount is None else f"{answer.amount:f}",
        "amount_fen": answer.amount_fen,
    }
