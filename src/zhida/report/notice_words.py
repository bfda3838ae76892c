"""The sentence that changed: what a notice says to one subject, in Chinese or in English.

Worded from what results hold and from the rules' own articles, once for each kind of change; where an amount stands there is a mark,
which `zhida.entitle.notices.told` replaces row by row. Nothing is decided here.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from zhida.assess.assessment import Delivery, Outcome
from zhida.assess.cells import ETC, NEAR_MARK
from zhida.entitle.notices.changes import AnswerKind, Change
from zhida.entitle.notices.pairs import Cause, Pair
from zhida.entitle.notices.told import BEFORE, BY, HIGH, HIGH_BEFORE, LOW, LOW_BEFORE, NOW, Kind, Teller, Told
from zhida.errors import Language
from zhida.policy.front_matter import WindowState
from zhida.report.words import (
    DELIVERIES,
    DELIVERY_STEPS,
    OUTCOMES,
    Words,
    bracketed,
    capitalized,
    choose,
    format_amount,
    format_date,
    format_interval,
    format_unit,
    group_digits,
    listed,
    word,
)
from zhida.values.temporal import parse_date, to_days

KINDS: Words = {
    Kind.GAINED: {"zh": "新可享受", "en": "newly eligible"},
    Kind.MORE: {"zh": "金额增加", "en": "amount raised"},
    Kind.STATUS: {"zh": "身份变了", "en": "status changed"},
    Kind.LACKING: {"zh": "还缺事实", "en": "facts are lacking"},
    Kind.LESS_LACKING: {"zh": "缺的少了", "en": "fewer facts are lacking"},
    Kind.OPENED: {"zh": "开始申报", "en": "applications open"},
    Kind.CLOSING: {"zh": "申报将截止", "en": "applications close soon"},
    Kind.WAY: {"zh": "兑付方式变了", "en": "another way of delivery"},
    Kind.POSSIBLE: {"zh": "可能的结果变了", "en": "other answers are possible"},
    Kind.REVIEW: {"zh": "转人工", "en": "for review"},
    Kind.LESS: {"zh": "金额减少", "en": "amount reduced"},
    Kind.LOST: {"zh": "不再享受", "en": "no longer eligible"},
    Kind.REFUSED: {"zh": "确定不符合", "en": "not eligible"},
    Kind.OUT_OF_SCOPE: {"zh": "不在范围", "en": "out of scope"},
    Kind.CLOSED: {"zh": "申报已截止", "en": "applications closed"},
}
"""What a notice is about."""

CAUSES: Words = {
    Cause.NEW_POLICY: {"zh": "新增政策", "en": "new policy"},
    Cause.GONE_POLICY: {"zh": "政策停用", "en": "policy gone"},
    Cause.NEW_SUBJECT: {"zh": "新在册", "en": "newly on file"},
    Cause.GONE_SUBJECT: {"zh": "已不在册", "en": "no longer on file"},
    Cause.SUCCEEDED: {"zh": "新旧文件接替", "en": "a document took the place of another"},
    Cause.TEXT: {"zh": "政策条文", "en": "text of the policy"},
    Cause.USED: {"zh": "所引用的政策", "en": "policies it uses"},
    Cause.PARAMETERS: {"zh": "地方参数", "en": "figures of the place"},
    Cause.DICTIONARY: {"zh": "数据字典", "en": "data dictionary"},
    Cause.FACTS: {"zh": "企业的事实", "en": "facts of the subject"},
    Cause.DATE: {"zh": "评估日", "en": "date"},
    Cause.ENGINE: {"zh": "引擎版本", "en": "version of the engine"},
}
"""What differs between two runs."""

WINDOWS: Mapping[WindowState, tuple[str, str]] = {
    WindowState.OPEN: ("正在申报", "applications are open"),
    WindowState.NOT_YET: ("尚未开始", "not open yet"),
    WindowState.CLOSED: ("已经截止", "closed"),
}
"""Whether one may apply."""

STEPS = ((10**10, "亿元"), (10**6, "万元"))
"""Sums of fen from which Chinese counts in larger units."""

TOLD_MISSING = 6
"""Missing facts that a notice names."""


def teller(language: Language) -> Teller:
    """Return the words of notices in one language."""
    sentences = _Sentences(language)
    return Teller(sentences.tell, lambda fen: amount_words(fen, language))


def amount_words(fen: int, language: Language) -> str:
    """Return an amount as a notice says it.

    >>> amount_words(20_000_000, "zh"), amount_words(1_234_567, "zh"), amount_words(20_000_000, "en")
    ('20 万元', '12,345.67 元', '¥200,000.00')
    """
    if language == "en":
        return format_amount(fen)
    for step, name in STEPS:
        if abs(fen) >= step and not fen % (step // 100):
            whole, hundredths = divmod(abs(fen) // (step // 100), 100)
            decimals = f".{hundredths:02d}".rstrip("0") if hundredths else ""
            return f"{'-' if fen < 0 else ''}{whole:,}{decimals} {name}"
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}{f'.{rest:02d}' if rest else ''} 元"


def near_words(near: str, language: Language) -> str:
    """Return what was nearly met as a clause.

    >>> near_words("研发费用 → 5000000 元", "zh"), near_words("从业人员 → 300 人", "en"), near_words("到期日 → 2026-11-20", "zh")
    ('研发费用（线 5,000,000 元）', '从业人员 (line: 300 persons)', '到期日（线 2026年11月20日）')
    """
    name, _, line = near.partition(NEAR_MARK)
    if day := parse_date(line):
        line = format_date(day, language)
    elif found := re.fullmatch(r"(-?[0-9.]+)(?: (\S+))?", line):
        line = f"{group_digits(Decimal(found[1]))} {format_unit(found[2] or '', language)}".rstrip()
    return name + bracketed(choose(language, f"线 {line}", f"line: {line}"), language)


class _Sentences:
    """Words changes in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def say(self, zh: str, en: str) -> str:
        """Return one of two wordings."""
        return choose(self.language, zh, en)

    def tell(self, change: Change, kind: Kind) -> Told:
        """Return what is said of a change."""
        clauses = [clause for clause in (self.main(change, kind), self.formerly(change, kind)) if clause]
        sentences = [self.say("；", "; ").join(clauses), self.way(change, kind), self.window(change, kind)]
        stop = self.say("。", ". ")
        sentence = "".join(capitalized(text) + stop for text in sentences if text).rstrip()
        causes = self.say("、", ", ").join(word(CAUSES, cause, self.language) for cause in change.causes)
        marks, before = (NOW, LOW, HIGH), (BEFORE, LOW_BEFORE, HIGH_BEFORE)
        with_way = kind is Kind.WAY
        return Told(
            about=word(KINDS, kind, self.language),
            causes=causes,
            before=self.answer(change.pair, change.former, before, with_way=with_way),
            now=self.answer(change.pair, change.now, marks, with_way=with_way),
            sentence=sentence,
        )

    # --- the answer, short -------------------------------------------------------------------------------------

    def answer(self, pair: Pair, answer: AnswerKind | None, marks: tuple[str, str, str], *, with_way: bool = False) -> str:
        """Return an answer in a few words."""
        if answer is None:
            return self.say("无", "none")
        way = self.say("，", ", ") + word(DELIVERIES, answer.delivery, self.language) if with_way and answer.delivery else ""
        outcome = word(OUTCOMES, answer.outcome, self.language)
        match answer.outcome:
            case Outcome.ELIGIBLE:
                return (answer.result or outcome + (f" {marks[0]}" if answer.has_amount else "")) + way
            case Outcome.UNDETERMINED:
                lacking = bracketed(self.say("缺 ", "lacking ") + self.names(answer.missing), self.language) if answer.missing else ""
                possible = self.possible(pair, answer, marks)
                return outcome + lacking + (self.say("，可能：", ", possible: ") + possible if possible else "") + way
            case Outcome.REVIEW:
                return outcome + (bracketed(self.names(answer.missing), self.language) if answer.missing else "") + way
            case _:
                near = answer.near if answer.outcome is Outcome.INELIGIBLE else ""
                return outcome + (self.say("，差：", ", short of: ") + near_words(near, self.language) if near else "")

    def names(self, missing: tuple[str, ...]) -> str:
        """Return missing facts, the first of them by name."""
        more = len(missing) - TOLD_MISSING
        rest = self.say(f"等 {len(missing)} 项", f" and {more} more") if more > 0 else ""
        return listed(missing[:TOLD_MISSING], self.language) + rest

    def possible(self, pair: Pair, answer: AnswerKind, marks: tuple[str, str, str]) -> str:
        """Return what is possible: amounts in place of being eligible where money is given."""
        known = [text for text in answer.possible.removesuffix(ETC).split("、") if text]
        told = [word(OUTCOMES, text, self.language) for text in known if not (text == Outcome.ELIGIBLE and pair.gives_amount)]
        if answer.has_range:
            _, low, high = marks
            told.insert(0, low if answer.is_single else self.say(f"{low}至 {high}", f"{low} to {high}"))
        elif pair.gives_amount and Outcome.ELIGIBLE.value in known:
            told.insert(0, word(OUTCOMES, Outcome.ELIGIBLE, self.language))
        etc = self.say("等", " and others") if answer.possible.endswith(ETC) and told else ""
        return listed(told, self.language) + etc

    # --- the sentence ------------------------------------------------------------------------------------------

    def ground(self, answer: AnswerKind | None) -> str:
        """Return the articles that an answer rests on, in brackets."""
        if answer is None or not answer.articles:
            return ""
        return bracketed(self.say("依据 ", "under ") + listed(answer.articles, self.language), self.language)

    def main(self, change: Change, kind: Kind) -> str:
        """Return what is so now."""
        pair, now = change.pair, change.now
        title = f"《{pair.title}》"
        ground = self.ground(now)
        match kind:
            case Kind.GAINED:
                assert now is not None, "what is gained is there"
                return self.gained(title, now, ground)
            case Kind.MORE | Kind.LESS:
                zh, en = ("增加到", "rises to") if kind is Kind.MORE else ("减少到", "falls to")
                by = ("多", "more") if kind is Kind.MORE else ("少", "less")
                return self.say(
                    f"{title}的金额由 {BEFORE}{zh} {NOW}，{by[0]} {BY}{ground}",
                    f"the amount of {title} {en} {NOW} from {BEFORE}, {BY} {by[1]}{ground}",
                )
            case Kind.STATUS:
                assert now is not None, "there is a status"
                assert change.former is not None, "there was a status"
                was = change.former.result or self.answer(pair, change.former, (BEFORE, LOW_BEFORE, HIGH_BEFORE))
                status = now.result or self.answer(pair, now, (NOW, LOW, HIGH))
                return self.say(
                    f"您在{title}中由“{was}”变为“{status}”{ground}", f"by {title} you are now '{status}', before '{was}'{ground}"
                )
            case Kind.LOST:
                return self.lost(change, title, ground)
            case Kind.REFUSED if now is not None and now.missing:
                return self.whatever(now) + self.say(f"您都不能享受{title}", f"you cannot have {title}")
            case Kind.REFUSED:
                return self.say(f"现已确定您不符合{title}{ground}", f"it is settled that you are not eligible for {title}{ground}")
            case Kind.OUT_OF_SCOPE:
                return self.say(f"您不在{title}的适用范围内{ground}", f"you are not in the scope of {title}{ground}")
            case Kind.OPENED | Kind.CLOSING | Kind.CLOSED:
                return self.of_window(change, kind)
        assert now is not None, "all kinds that are left say something of today"
        return self.open(change, kind, title, now)

    def gained(self, title: str, now: AnswerKind, ground: str) -> str:
        """Return what one has now."""
        if now.result:
            return self.say(f"您现在属于{title}中的“{now.result}”{ground}", f"by {title} you are now '{now.result}'{ground}")
        if now.has_amount:
            return self.say(f"您现在可以享受{title}，{NOW}{ground}", f"you are now eligible for {title}: {NOW}{ground}")
        if not now.delivery:
            return self.say(f"您现在符合{title}{ground}", f"you now meet {title}{ground}")
        return self.say(f"您现在可以享受{title}{ground}", f"you are now eligible for {title}{ground}")

    def lost(self, change: Change, title: str, ground: str) -> str:
        """Return what one no longer has."""
        former, now = change.former, change.now
        assert former is not None, "what is lost was there"
        if former.result:
            return self.say(f"您不再属于{title}中的“{former.result}”{ground}", f"by {title} you are no longer '{former.result}'{ground}")
        was = self.say(f"，原来 {BEFORE}", f", before {BEFORE}") if former.has_amount else ""
        whatever = self.whatever(now) if now is not None and now.outcome is Outcome.UNDETERMINED else ""
        ever = "都" if whatever else ""
        return whatever + self.say(f"您{ever}不再享受{title}{was}{ground}", f"you are no longer eligible for {title}{was}{ground}")

    def whatever(self, now: AnswerKind) -> str:
        """Return that what is missing makes no difference to one who cannot have anything."""
        lacking = self.names(now.missing)
        return self.say(f"不论{lacking}如何，", f"whatever {lacking} may be, ") if lacking else ""

    def open(self, change: Change, kind: Kind, title: str, now: AnswerKind) -> str:
        """Return what is not settled, and what that hangs on."""
        lacking = self.names(now.missing)
        possible = self.possible(change.pair, now, (NOW, LOW, HIGH))
        may = self.say(f"，可能：{possible}", f"; possible: {possible}") if possible else ""
        match kind:
            case Kind.REVIEW:
                what = self.say(f"须认定：{lacking}", f"to be judged: {lacking}") if lacking else ""
                is_still = change.former is not None and change.former.outcome is Outcome.REVIEW
                goes = (
                    ("仍由人工核对", "is still with a person for review") if is_still else ("转由人工核对", "goes to a person for review")
                )
                return self.say(f"{title}{goes[0]}", f"{title} {goes[1]}") + bracketed(what, self.language)
            case Kind.WAY:
                way = word(DELIVERIES, now.delivery, self.language) or self.say("不再兑付", "none")
                was = word(DELIVERIES, change.former.delivery, self.language) if change.former else ""
                if change.former and change.former.delivery == now.delivery:
                    answer = self.answer(change.pair, now, (NOW, LOW, HIGH))
                    return self.say(f"{title}的结果有变，现在：{answer}", f"the answer of {title} is another one, now: {answer}")
                if not was:
                    return self.say(f"{title}现在的兑付方式是“{way}”", f"{title} now goes out {way}")
                return self.say(f"{title}的兑付方式由“{was}”变为“{way}”", f"{title} now goes out {way}; before {was}")
            case Kind.POSSIBLE:
                what = possible or self.say("说不出", "nobody can say")
                return self.say(f"{title}还没有确定，现在可能：{what}", f"{title} is still open; possible now: {what}")
        if not lacking:
            return self.say(f"{title}还不能确定{may}", f"{title} is not settled{may}")
        match kind:
            case Kind.LESS_LACKING:
                return self.say(f"{title}只还缺：{lacking}{may}", f"{title} now lacks only {lacking}{may}")
        if now.delivery == Delivery.ON_CONFIRMATION:
            return self.say(f"{title}只要您补充：{lacking}，就能确定{may}", f"{title} can be settled as soon as you state {lacking}{may}")
        return self.say(f"{title}还不能确定，缺：{lacking}{may}", f"{title} is not settled; lacking: {lacking}{may}")

    def formerly(self, change: Change, kind: Kind) -> str:
        """Return what was in the way before, or is now: the facts that decided, as far as the results tell."""
        if change.event is not None or kind in {Kind.MORE, Kind.LESS, Kind.STATUS, Kind.WAY}:
            return self.succession(change)
        former, now = change.former, change.now
        if former is None:
            new = Cause.NEW_POLICY in change.causes
            return self.say("这是新施行的政策" if new else "您新近在册", "the policy is new" if new else "you are newly on file")
        if now is None:
            gone = Cause.GONE_POLICY in change.causes
            return self.say("政策已停用" if gone else "您已不在册", "the policy is gone" if gone else "you are no longer on file")
        told = [self.succession(change), "" if kind is Kind.LOST else self.before(change.pair, former, now)]
        if now.outcome is Outcome.INELIGIBLE and now.near:
            told.append(self.say("现在差：", "short now of: ") + near_words(now.near, self.language))
        elif now.outcome is Outcome.NOT_APPLICABLE and kind is Kind.LOST:
            told.append(self.say("现在不在适用范围内", "now out of its scope"))
        return self.say("；", "; ").join(text for text in told if text)

    def before(self, pair: Pair, former: AnswerKind, now: AnswerKind) -> str:
        """Return what was said before, in the words that show best what became of it."""
        settled = tuple(name for name in former.missing if name not in now.missing)
        match former.outcome:
            case Outcome.REVIEW:
                judged = self.names(settled or former.missing)
                if now.outcome is Outcome.REVIEW and not settled:
                    return ""
                return self.say("此前须认定：", "to be judged before: ") + judged if judged else self.say("此前转人工", "for review before")
            case Outcome.UNDETERMINED if settled:
                return self.say("此前缺：", "lacking before: ") + self.names(settled)
            case Outcome.UNDETERMINED if former.missing and now.missing != former.missing and now.outcome is Outcome.UNDETERMINED:
                return self.say("此前只缺：", "before, only this was lacking: ") + self.names(former.missing)
            case Outcome.UNDETERMINED:
                possible = self.possible(pair, former, (BEFORE, LOW_BEFORE, HIGH_BEFORE))
                return self.say("此前可能：", "possible before: ") + possible if possible else ""
            case Outcome.INELIGIBLE if former.near:
                return self.say("此前差：", "short before of: ") + near_words(former.near, self.language)
            case Outcome.NOT_APPLICABLE:
                return self.say("此前不在适用范围内", "out of its scope before")
        return self.say("此前：", "before: ") + self.answer(pair, former, (BEFORE, LOW_BEFORE, HIGH_BEFORE))

    def succession(self, change: Change) -> str:
        """Return which document took the place of which, where one did."""
        pair = change.pair
        if Cause.SUCCEEDED not in change.causes or pair.former_title == pair.title:
            return ""
        return self.say(f"它接替《{pair.former_title}》", f"it took the place of 《{pair.former_title}》")

    # --- how and when ------------------------------------------------------------------------------------------

    def way(self, change: Change, kind: Kind) -> str:
        """Return how it goes out, where there is news to go out."""
        now = change.now
        told = {Kind.GAINED, Kind.OPENED, Kind.CLOSING, Kind.WAY}
        if now is None or kind not in told or now.outcome is not Outcome.ELIGIBLE or not now.delivery:
            return ""
        step = word(DELIVERY_STEPS, now.delivery, self.language)
        return self.say(f"{now.delivery}：{step}", step)

    def window(self, change: Change, kind: Kind) -> str:
        """Return when one may apply, where that matters and the sentence does not say so yet."""
        window = change.pair.window
        told = {Kind.GAINED, Kind.MORE, Kind.LACKING, Kind.LESS_LACKING}
        is_turn = change.pair.event is not None and change.event is None and change.now is not None and not change.now.is_nothing
        if window is None or not (kind in told or is_turn):
            return ""
        zh, en = WINDOWS[window.state]
        days = format_interval(window.days, self.language)
        return self.say(f"申报时间：{days}（{zh}）", f"when to apply: {days} ({en})")

    def of_window(self, change: Change, kind: Kind) -> str:
        """Return what became of a window, and what one has there."""
        pair = change.pair
        assert pair.window is not None, "something became of it"
        assert pair.model is not None, "its text is known"
        days = pair.window.days
        has = self.answer(pair, change.now, (NOW, LOW, HIGH))
        title = f"《{pair.title}》"
        whole = format_interval(days, self.language)
        yours = self.say(f"（您：{has}）", f" (you: {has})")
        if kind is Kind.OPENED:
            return self.say(f"{title}开始申报：{whole}{yours}", f"applications for {title} are open, {whole}{yours}")
        if kind is Kind.CLOSED:
            return self.say(f"{title}的申报已经截止{yours}", f"applications for {title} are closed{yours}")
        assert days.end is not None, "it closes"
        left = to_days(days.end) - to_days(pair.model.as_of)
        last = format_date(days.end, self.language)
        when = self.say(f"还有 {left} 天" if left else "今天", f"in {left} days" if left else "today")
        return self.say(f"{title}{when}截止（{last}）{yours}", f"applications for {title} close {when}, on {last}{yours}")
