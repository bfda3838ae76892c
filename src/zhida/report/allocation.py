"""An allocation as people read it: who is paid, who waits, when the money runs out, and how anybody checks it.

    Record ──> text    for the terminal
           └─> HTML    allocation.html, with the run-out as a picture

Owns no figures but positions in the picture, which are whole numbers.
"""

from collections.abc import Iterator

from zhida.entitle.budgets.allocation import FIRST_COME, LOTTERY, PAID, PART, PRO_RATA, SCORE, SHARE, WAITING, Allocation, Terms, edge
from zhida.entitle.budgets.claims import OUTCOMES, OWN, REASONS
from zhida.entitle.budgets.record import CLAIMS_FILE, RECORD_FILE, Record
from zhida.entitle.budgets.run_out import Rate, RunOut
from zhida.errors import Language
from zhida.report.page import Markup, element, facts, join, page
from zhida.report.registry_report import SYNTHETIC
from zhida.report.run_out_chart import CHART_STYLE, run_out_chart
from zhida.report.words import ORDERS, Words, choose, format_amount, format_date, listed, word
from zhida.values.temporal import Date, to_days

STATES: Words = {
    PAID: {"zh": "付清", "en": "Paid in full"},
    PART: {"zh": "付一部分", "en": "Paid in part"},
    SHARE: {"zh": "按比例付", "en": "Paid a share"},
    WAITING: {"zh": "等候", "en": "Waiting"},
}
"""What a claim comes to."""

GROUND_SHOWN = 19
"""So much of a lot is shown; a day with its time fits."""

REASONS_EN = {
    REASONS["future"]: "after the day of the calculation",
    REASONS["year"]: "not in the budget's year",
    REASONS["early"]: "before the window opened",
    REASONS["late"]: "after the window closed",
    REASONS["stranger"]: "not on the list",
    REASONS["nothing"]: "nothing is due",
    REASONS["twice"]: "applied before",
    REASONS["open"]: "not decided yet",
    "错过期限": "the window has closed",
    "本年已领": "received this year already",
    OUTCOMES["INELIGIBLE"]: "not eligible",
    OUTCOMES["UNDETERMINED"]: "not decided yet: facts are lacking",
    OUTCOMES["REVIEW"]: "not decided yet: a person must look",
    OUTCOMES["NOT_APPLICABLE"]: "not applicable",
}
"""Why an application is set aside, in English; what stacking took away is told by the group's own name."""

RULES: Words = {
    FIRST_COME: {
        "zh": "按申请日期和时刻先后；同一天没有时刻的排在当日最后，没有日期的排在最后；仍相同的按主体代码。",
        "en": "By day and time of application; without a time, last of that day; without a day, last of all; ties by the code.",
    },
    PRO_RATA: {
        "zh": "各户所得＝应得×可用金额÷应得合计，向下取到分；剩下的分，从余数最大的起每户一分，余数相同的按主体代码。",
        "en": "Amount × available ÷ sum of amounts, rounded down; the fen left over go to the largest remainders, ties by the code.",
    },
    SCORE: {
        "zh": "按得分从高到低；同分的先申请的在前，仍相同的按主体代码；没有得分的排在最后。",
        "en": "By descending points; of equal points the earlier application, then the subject's code; without points last.",
    },
    LOTTERY: {
        "zh": "签号＝SHA-256（种子、换行、主体代码），从小到大；任何人都能照样算出。",
        "en": "The lot is the SHA-256 of the seed, a line feed and the subject's code; ascending. Anybody can draw it again.",
    },
}
"""How the order of service is made."""

EDGES: Words = {
    "part": {"zh": "轮到最后一户，剩多少给多少。", "en": "Whom the rest does not suffice for gets the rest."},
    "wait": {
        "zh": "剩下的不够付一户的，这一户和后面的都等，不插队。",
        "en": "Whom the rest does not suffice for waits, and so do all behind: nobody is overtaken.",
    },
}
"""What happens at the edge."""


def allocation_text(record: Record, language: Language) -> str:
    """Return an allocation in a few lines for the terminal."""
    lines = [_title(record.allocation, language)]
    if record.origin.is_synthetic:
        lines.append(choose(language, f"【{SYNTHETIC['zh']}】", f"[{SYNTHETIC['en']}]"))
    colon = choose(language, "：", ": ")
    lines += [f"{label}{colon}{value}" for label, value in _rows(record, language)]
    lines += [*_run_out_words(record.allocation, language), *_notes(record, language)]
    return "\n".join(lines) + "\n"


def allocation_html(record: Record, language: Language) -> str:
    """Return an allocation as one self-contained HTML page."""
    allocation = record.allocation
    title = choose(language, f"{allocation.terms.title}：预算怎样分", f"{allocation.terms.title}: who is paid")
    notes = _notes(record, language)
    body = element(
        "main",
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if record.origin.is_synthetic else Markup(),
        element("header", element("h1", title), element("p", _title(allocation, language), class_="quiet")),
        element(
            "section",
            element("h2", choose(language, "分得怎样", "What it comes to")),
            _bar(allocation, language),
            facts(_rows(record, language)),
            element("ul", *(element("li", note) for note in notes)) if notes else Markup(),
        ),
        element(
            "section",
            element("h2", choose(language, "钱什么时候用完", "When the money runs out")),
            *(element("p", line) for line in _run_out_words(allocation, language)),
            run_out_chart(allocation.run_out, allocation.terms, language),
        ),
        _edge(allocation, language),
        _check(record, language),
    )
    return page(title, body, language=language, style=STYLE + CHART_STYLE)


def _title(allocation: Allocation, language: Language) -> str:
    terms = allocation.terms
    order, day = word(ORDERS, terms.order, language), format_date(terms.as_of, language)
    return choose(
        language,
        f"{terms.title}：{terms.year} 年预算 {format_amount(terms.budget_fen)}，{order}，截至 {day}",
        f"{terms.title}: budget of {terms.year} {format_amount(terms.budget_fen)}, {order}, as of {day}",
    )


def _rows(record: Record, language: Language) -> list[tuple[str, str]]:
    """Return the figures of an allocation with their labels."""
    allocation = record.allocation

    def told(count: int, fen: int) -> str:
        return choose(language, f"{count:,} 户，{format_amount(fen)}", f"{count:,}, {format_amount(fen)}")

    rows = []
    if allocation.terms.spent_fen:
        rows.append((choose(language, "此前已付", "Spent before"), format_amount(allocation.terms.spent_fen)))
    rows += [
        (choose(language, "可用金额", "Available"), format_amount(allocation.terms.available_fen)),
        (choose(language, "申请应得", "Claimed"), told(allocation.frame.height, allocation.claimed_fen)),
        (choose(language, "本次实付", "Paid now"), format_amount(allocation.paid_fen)),
        (choose(language, "待付", "Not paid now"), format_amount(allocation.waiting_fen)),
    ]
    if allocation.unspent_fen:
        said = choose(language, "，不够付给下一户", ": less than the next is to have")
        rows.append((choose(language, "还没有付出去", "Left over"), format_amount(allocation.unspent_fen) + said))
    for state, (count, fen, paid) in allocation.counts.items():
        some = choose(language, f"，其中实付 {format_amount(paid)}", f", of which paid {format_amount(paid)}")
        rows.append((word(STATES, state, language), told(count, fen) + (some if 0 < paid < fen else "")))
    reasons = record.data["outcome"]["set_aside"]
    if reasons:
        said = listed((f"{choose(language, reason, _in_english(reason))} {count:,}" for reason, count in reasons.items()), language)
        rows.append(
            (
                choose(language, "不受理", "Set aside"),
                choose(language, f"{record.set_aside.height:,} 件：{said}", f"{record.set_aside.height:,}: {said}"),
            )
        )
    if record.origin.idle[0]:
        rows.append((choose(language, "该得而没有申请", "Entitled, did not apply"), told(*record.origin.idle)))
    if record.origin.open_subjects:
        count = record.origin.open_subjects
        rows.append((choose(language, "还没有定下来", "Not decided yet"), choose(language, f"{count:,} 户", f"{count:,}")))
    return rows


def _in_english(reason: str) -> str:
    unreadable = reason.removeprefix(f"{REASONS['fault']}：")
    return REASONS_EN.get(reason, reason) if unreadable == reason else f"cannot be read: {unreadable}"


def _notes(record: Record, language: Language) -> list[str]:
    """Return what a reader must know before the figures are used."""
    allocation, notes = record.allocation, []
    terms = allocation.terms
    if record.origin.amounts == OWN:
        notes.append(
            choose(
                language,
                "金额是这项政策单独应得的，没有考虑与别的政策怎样叠加。",
                "Amounts are what the policy gives by itself; how it goes together with others was not considered.",
            )
        )
    if terms.spent_fen > terms.budget_fen:
        over = format_amount(terms.spent_fen - terms.budget_fen)
        notes.append(choose(language, f"此前已付超出预算 {over}，没有可用的钱。", f"{over} more than the budget was spent before."))
    if allocation.undated and terms.order != LOTTERY:
        count, is_all = allocation.undated, allocation.undated == allocation.frame.height
        ends = {FIRST_COME: ("，排在最后", ": they come last"), SCORE: ("，同分时排在后面", ": of equal points they come last")}
        if is_all:
            ends = dict.fromkeys((FIRST_COME, SCORE), ("，没有先后之分，按主体代码排", ": none is earlier, they stand by the code"))
        zh, en = ends.get(terms.order, ("", ""))
        who = (f"{count:,} 户都没有", f"All {count:,} claims have no") if is_all else (f"有 {count:,} 户没有", f"{count:,} claims have no")
        notes.append(choose(language, f"{who[0]}申请日期{zh}。", f"{who[1]} day of application{en}."))
    if allocation.unscored and terms.order == SCORE:
        notes.append(
            choose(
                language,
                f"有 {allocation.unscored:,} 户没有得分，排在最后。",
                f"{allocation.unscored:,} claims have no points: they come last.",
            )
        )
    return notes


def _run_out_words(allocation: Allocation, language: Language) -> list[str]:
    """Return when the money is gone, in sentences."""
    money, terms = allocation.run_out, allocation.terms
    if not money.available_fen:
        return [choose(language, "没有可用的钱。", "There is no money.")]
    if money.gone_on:
        day = format_date(money.gone_on, language)
        if terms.order == FIRST_COME:
            return [choose(language, f"按申请日累计，{day}用完。", f"By the days of application the money was gone on {day}.")]
        return [choose(language, f"申请累计，{day}达到可用金额。", f"The claims reached what is available on {day}.")]
    if money.is_gone:
        return [
            choose(
                language,
                "申请已经达到可用金额；有的申请没有日期，说不出是哪一天。",
                "The claims have reached what is available; some have no day, which leaves open when.",
            )
        ]
    left = format_amount(money.left_fen)
    if to_days(terms.last_day) <= to_days(money.as_of):
        last = format_date(terms.last_day, language)
        return [choose(language, f"还剩 {left}；申请到{last}为止，用不完。", f"{left} is left, and stays: applications ended on {last}.")]
    if not allocation.frame.height:
        return [choose(language, f"还剩 {left}；还没有算数的申请。", f"{left} is left; no application counts so far.")]
    if money.present is None:
        return [
            choose(language, f"还剩 {left}；申请没有日期，算不出速度。", f"{left} is left; without days of application there is no rate.")
        ]
    return list(_rates(money, terms, left, language))


def _rates(money: RunOut, terms: Terms, left: str, language: Language) -> Iterator[str]:
    present = money.present
    assert present is not None
    pace = format_amount(present.fen // present.days)
    when = _when(present, terms, language)
    yield choose(
        language,
        f"还剩 {left}。最近 {present.days} 天平均每天约 {pace}，照这个速度{when}。",
        f"{left} is left. At about {pace} a day over the last {present.days} days it {when}.",
    )
    if money.slowest is None or money.fastest is None:
        yield choose(language, "整月的数据不足两个月，没有快慢的范围。", "Less than two whole months of data: no range of rates.")
        return
    slow, fast = money.slowest, money.fastest
    yield choose(
        language,
        f"照申请最少的月（{slow.first.year} 年 {slow.first.month} 月）的速度{_when(slow, terms, language)}；"
        f"照最多的月（{fast.first.year} 年 {fast.first.month} 月）的速度{_when(fast, terms, language)}。",
        f"At the rate of the slowest month ({slow.first.year}-{slow.first.month:02d}) it {_when(slow, terms, language)}; "
        f"at that of the fastest ({fast.first.year}-{fast.first.month:02d}) it {_when(fast, terms, language)}.",
    )


def _when(rate: Rate, terms: Terms, language: Language) -> str:
    """Return when the money is gone at a rate."""
    if rate.gone_on is None or to_days(rate.gone_on) > to_days(terms.last_day):
        if terms.until in {None, Date(terms.year, 12, 31)}:
            return choose(language, f"，{terms.year} 年用不完", f"lasts beyond {terms.year}")
        last = format_date(terms.last_day, language)
        return choose(language, f"，到{last}申请截止时用不完", f"lasts beyond {last}, when applications end")
    day = format_date(rate.gone_on, language)
    return choose(language, f"，{day}用完", f"runs out on {day}")


def _bar(allocation: Allocation, language: Language) -> Markup:
    """Return how the claimed money divides, as a bar."""
    paid, waiting = allocation.paid_fen, allocation.waiting_fen
    if not allocation.claimed_fen:
        return element("p", choose(language, "没有一户可付。", "There is nobody to pay."))
    parts = ((paid, "paid", choose(language, "本次实付", "paid now")), (waiting, "waiting", choose(language, "待付", "not paid now")))
    shown = [(fen * 1000 // allocation.claimed_fen, fen, tone, label) for fen, tone, label in parts if fen]
    spans = (
        element("span", "", class_=tone, style=f"flex-grow: {max(share, 1)}", title=f"{label} {format_amount(fen)}")
        for share, fen, tone, label in shown
    )
    legend = (element("li", element("i", "", class_=tone), f"{label} {format_amount(fen)}") for _, fen, tone, label in shown)
    return join([element("div", *spans, class_="bar", role="img"), element("ul", *legend, class_="legend")])


def _edge(allocation: Allocation, language: Language) -> Markup:
    """Return the claims around the edge of the money."""
    places = edge(allocation)
    if not places:
        return Markup()
    grounds = {SCORE: choose(language, "得分", "Points"), LOTTERY: choose(language, "签号", "Lot")}
    ground = grounds.get(allocation.terms.order, choose(language, "申请时间", "Applied"))
    heads = choose(language, ("次序", "名称", ground, "应得", "实付"), ("Turn", "Name", ground, "Claimed", "Paid"))
    rows = (
        element(
            "tr",
            element("td", f"{place.turn:,}", class_="number"),
            element("th", place.name, scope="row"),
            element("td", place.ground[:GROUND_SHOWN] + ("…" if place.ground[GROUND_SHOWN:] else "") or "–"),
            element("td", format_amount(place.amount_fen), class_="number"),
            element("td", format_amount(place.paid_fen), class_="number" if place.paid_fen else "number zero"),
        )
        for place in places
    )
    heading = (element("th", head, scope="col", class_="number" if number in {0, 3, 4} else "") for number, head in enumerate(heads))
    return element(
        "section",
        element("h2", choose(language, "钱到哪一户为止", "Where the money ends")),
        element("table", element("thead", element("tr", *heading)), element("tbody", *rows), class_="edge"),
    )


def _check(record: Record, language: Language) -> Markup:
    """Return how the order was made and how anybody checks it."""
    terms, digests = record.allocation.terms, record.data["sha256"]
    rule = word(RULES, terms.order, language)
    if terms.order != PRO_RATA:
        rule += choose(language, "", " ") + word(EDGES, terms.last, language)
    rows = [(choose(language, "次序", "Order"), rule)]
    if terms.order == LOTTERY:
        rows.append((choose(language, "种子", "Seed"), terms.seed))
    rows.append((choose(language, "名单摘要", "Digest of the list"), f"{CLAIMS_FILE}  SHA-256 {digests[CLAIMS_FILE]}"))
    rows += [
        (choose(language, "政策文本摘要", "Digest of the policy"), f"{name}  SHA-256 {digest}")
        for name, digest in record.origin.policies.items()
    ]
    rows.append((choose(language, "记录摘要", "Seal of the record"), f"{RECORD_FILE}  {record.data['seal']}"))
    rows.append((choose(language, "引擎版本", "Engine"), record.origin.engine_version))
    rows.append(
        (
            choose(language, "重算一遍", "Compute it again"),
            choose(language, "zhida allocate --replay 本记录的文件夹", "zhida allocate --replay FOLDER"),
        )
    )
    return element("section", element("h2", choose(language, "怎样核对", "How to check it")), facts(rows))


STYLE = """
main { max-width: 1080px; padding: 36px 44px 56px; }
h1 { font-size: 26px; margin-bottom: 6px; } .synthetic { margin-bottom: 20px; }
h2 { font-size: 19px; padding-bottom: 7px; border-bottom: 2px solid var(--accent); margin-bottom: 14px; }
section { margin-top: 32px; }
.bar { display: flex; height: 16px; gap: 1px; background: var(--faint); }
.bar span { flex-basis: 0; min-width: 2px; }
.paid { background: #2f7d5b; } .waiting { background: #e3b341; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 22px; padding: 0; margin: 8px 0 14px; font-size: 14px; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; }
.edge { font-size: 14px; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
.edge thead th { background: var(--faint); border-bottom: 1px solid var(--line); }
.edge td, .edge tbody th { border-bottom: 1px solid #e8ecf0; font-weight: 400; } .zero { color: #a9b1bc; }
.edge td:nth-child(3) { white-space: nowrap; }
@media screen and (max-width: 900px) {
  main { padding: 20px 16px; } .facts th { white-space: normal; width: 30%; } .edge { font-size: 12.5px; }
}
@media print { main { max-width: none; padding: 0; } h1 { font-size: 17pt; } h2 { font-size: 13pt; } }
"""
"""What the page looks like beside the common style."""
