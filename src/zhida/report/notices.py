"""What the notices of a day come to, and how much is delivered without being asked for: text, data and a page.

    Tally ──> data    for JSON
          ├─> text    for the terminal
          └─> HTML    notices.html: counts, the first notices of each kind, coverage

Owns no figures: shares are the counts of the tally, told to a tenth of a per cent.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Delivery
from zhida.entitle.notices.coverage import Coverage, PushRate, Share, coverage_over, push_rate
from zhida.entitle.notices.runs import Run
from zhida.entitle.notices.sheet import SUBJECT
from zhida.entitle.notices.telling import PairTally, Tally
from zhida.entitle.notices.told import Kind
from zhida.errors import Language
from zhida.report.notice_words import KINDS, amount_words
from zhida.report.page import Markup, element, facts, figures_table, join, page, table
from zhida.report.registry_report import SYNTHETIC
from zhida.report.words import DELIVERIES, choose, format_date, listed, word
from zhida.values.numbers import feel_context, format_number
from zhida.values.temporal import Date

DIRECT = (Delivery.WITHOUT_APPLICATION, Delivery.WITHOUT_REVIEW, Delivery.ON_CONFIRMATION)
"""免申, 免审 and 即申: the ways that spare the subject something."""

SHOWN = 8
"""Notices of each kind that the page shows."""


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """What the notices of a day come to."""

    former_as_of: Date
    """The date of the former run."""
    as_of: Date
    """The date of today's."""
    tally: Tally
    """The counts."""
    closing: int
    """In how many days a window closes when that is told."""
    is_synthetic: bool
    """Whether the registry is invented."""
    coverage: Coverage
    """How today's entitlements go out."""
    coverage_before: Coverage
    """How those of the former run went out."""
    push: PushRate
    """How far what new policies give can be told without being asked."""

    @classmethod
    def of(cls, former: Run, now: Run, tally: Tally, closing: int) -> "NoticeReport":
        """Return the report of a comparison that has come to its end."""
        rows = [row for row in tally.rows if row.pair.now]
        return cls(
            former_as_of=former.as_of,
            as_of=now.as_of,
            tally=tally,
            closing=closing,
            is_synthetic=now.is_synthetic or former.is_synthetic,
            coverage=coverage_over(row.coverage for row in rows if is_benefit(row)),
            coverage_before=coverage_over(row.coverage_before for row in tally.rows if row.pair.former and is_benefit(row)),
            push=push_rate(row.coverage for row in rows if row.pair.is_new),
        )


def is_benefit(row: PairTally) -> bool:
    """Say whether a policy gives something; of one whose text nobody has, the deliveries alone can tell."""
    return row.pair.model is None or row.pair.model.policy.front.gives != "status"


def percent(part: int, whole: int) -> str:
    """Return a share to a tenth of a per cent, halves up; a dash where there is nothing to share.

    >>> percent(1, 3), percent(2, 2), percent(0, 0)
    ('33.3 %', '100.0 %', '—')
    """
    if not whole:
        return "—"
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


# --- data ----------------------------------------------------------------------------------------------------------


def notices_data(report: NoticeReport) -> dict[str, Any]:
    """Return the report for JSON: keys are stable, amounts are integer fen and decimal strings of yuan."""
    tally = report.tally
    return {
        "former_as_of": str(report.former_as_of),
        "as_of": str(report.as_of),
        "closing_days": report.closing,
        "is_synthetic": report.is_synthetic,
        "subjects": tally.subjects,
        "former_subjects": tally.former_subjects,
        "subjects_told": tally.told,
        "subjects_changed": tally.changed,
        "notices": tally.notices,
        "kinds": _kinds(tally),
        "policies": [_policy(row) for row in tally.rows],
        "new_policies": _push(report.push),
        "coverage": _coverage(report.coverage),
        "coverage_before": _coverage(report.coverage_before),
    }


def _kinds(tally: Tally) -> dict[str, int]:
    counts = {kind: sum(row.counts.get(kind, 0) for row in tally.rows) for kind in Kind}
    return {kind.value: count for kind, count in counts.items() if count}


def _policy(row: PairTally) -> dict[str, Any]:
    pair = row.pair
    return {
        "policy": pair.policy,
        "title": pair.title,
        "former": pair.former or None,
        "is_new": pair.is_new,
        "is_gone": not pair.now,
        "differs": [cause.value for cause in pair.causes],
        "window": None if pair.event is None else pair.event.value,
        "has_articles": pair.model is not None,
        "notices": row.notices,
        "kinds": {kind.value: row.counts[kind] for kind in Kind if row.counts.get(kind)},
        **_money("more", row.more_fen),
        **_money("less", row.less_fen),
    }


def _money(name: str, fen: int) -> dict[str, Any]:
    return {f"{name}_fen": fen, name: format_number(Decimal(fen).scaleb(-2, feel_context()))}


def _share(share: Share) -> dict[str, Any]:
    return {
        "entitlements": share.entitlements,
        "sure": share.sure,
        "open": share.open,
        "sure_fen": share.sure_fen,
        "open_fen_at_most": share.open_fen,
        "open_of_unknown_amount": share.unknown,
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "policies": coverage.policies,
        "policies_without_entitlements": list(coverage.idle),
        **_share(coverage.all),
        "ways": [
            {
                "way": way.way,
                "policies_all": way.policies_all,
                "policies_some": way.policies_some,
                **_share(way.share),
                "share_of_policies": percent(way.policies_some, coverage.policies),
                "share_of_entitlements": percent(way.share.entitlements, coverage.all.entitlements),
                "share_of_money": percent(way.share.fen, coverage.all.fen),
            }
            for way in coverage.ways
        ],
        "stricter_than_the_data_allow": [
            {"policy": row.policy, "title": row.title, "ordered": row.ordered, "data_allow": way, **_share(share)}
            for row, way, share in coverage.stricter
        ],
    }


def _push(push: PushRate) -> dict[str, Any]:
    return {
        "policies": push.policies,
        "policies_pushed": push.pushed_policies,
        "entitlements": push.all.entitlements,
        "entitlements_pushed": push.pushed.entitlements,
        "fen": push.all.fen,
        "fen_pushed": push.pushed.fen,
        "share_of_policies": percent(push.pushed_policies, push.policies),
        "share_of_entitlements": percent(push.pushed.entitlements, push.all.entitlements),
        "share_of_money": percent(push.pushed.fen, push.all.fen),
    }


# --- text ----------------------------------------------------------------------------------------------------------


def notices_text(report: NoticeReport, language: Language) -> str:
    """Return the report for the terminal."""
    tally = report.tally
    lines = [_head(report, language)]
    if report.is_synthetic:
        lines.append(choose(language, f"【{SYNTHETIC['zh']}】", f"[{SYNTHETIC['en']}]"))
    lines += [f"  {name} {count:,}" for name, count in _kind_rows(tally, language)]
    for row in sorted((row for row in tally.rows if row.notices), key=lambda row: -row.notices):
        lines.append(f"{row.pair.title or row.pair.policy}{choose(language, '：', ': ')}{_policy_words(row, language)}")
    lines += ["", *(f"{name}{choose(language, '：', ': ')}{value}" for name, value in _coverage_rows(report, language))]
    return "\n".join(lines) + "\n"


def _head(report: NoticeReport, language: Language) -> str:
    tally = report.tally
    then, now = (format_date(day, language) for day in (report.former_as_of, report.as_of))
    return choose(
        language,
        f"{then} → {now}：{tally.subjects:,} 户中 {tally.changed:,} 户的答案有变；该通知 {tally.told:,} 户，通知 {tally.notices:,} 条",
        f"{then} → {now}: {tally.notices:,} notices for {tally.told:,} of {tally.subjects:,} subjects; "
        f"{tally.changed:,} have another answer",
    )


def _kind_rows(tally: Tally, language: Language) -> list[tuple[str, int]]:
    return [(word(KINDS, kind, language), count) for kind, count in _kinds(tally).items()]


def _policy_words(row: PairTally, language: Language) -> str:
    parts = [f"{word(KINDS, kind, language)} {row.counts[kind]:,}" for kind in Kind if row.counts.get(kind)]
    if row.more_fen:
        parts.append(choose(language, "金额合计增 ", "amounts rise by ") + amount_words(row.more_fen, language))
    if row.less_fen:
        parts.append(choose(language, "合计减 ", "fall by ") + amount_words(row.less_fen, language))
    return listed(parts, language)


def _coverage_rows(report: NoticeReport, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the rates in a line each, with what they are shares of."""
    coverage, push = report.coverage, report.push
    for way in coverage.ways:
        if way.way in DIRECT:
            yield (
                choose(language, f"{way.way}覆盖面", word(DELIVERIES, way.way, "en")),
                _of_three(
                    (way.policies_some, coverage.policies),
                    (way.share.entitlements, coverage.all.entitlements),
                    (way.share.fen, coverage.all.fen),
                    language,
                ),
            )
    if push.policies:
        yield (
            choose(language, "新增政策主动推送率", "New policies that can be pushed"),
            _of_three(
                (push.pushed_policies, push.policies),
                (push.pushed.entitlements, push.all.entitlements),
                (push.pushed.fen, push.all.fen),
                language,
            ),
        )
    if coverage.stricter:
        count = sum(share.entitlements for _, _, share in coverage.stricter)
        policies = len({row.policy for row, _, _ in coverage.stricter})
        yield (
            choose(language, "文件要求比数据允许的严", "Documents stricter than the data allow"),
            choose(language, f"{policies} 项政策，{count:,} 份权益", f"{policies} policies, {count:,} entitlements"),
        )


def _of_three(policies: tuple[int, int], entitlements: tuple[int, int], money: tuple[int, int], language: Language) -> str:
    shares = [percent(*pair) for pair in (policies, entitlements, money)]
    return choose(
        language,
        f"按政策 {shares[0]}（{policies[0]}/{policies[1]} 项），按权益 {shares[1]}（{entitlements[0]:,}/{entitlements[1]:,} 份），"
        f"按金额 {shares[2]}（{amount_words(money[0], 'zh')}/{amount_words(money[1], 'zh')}）",
        f"{shares[0]} of policies ({policies[0]}/{policies[1]}), {shares[1]} of entitlements ({entitlements[0]:,}/{entitlements[1]:,}), "
        f"{shares[2]} of money ({amount_words(money[0], 'en')}/{amount_words(money[1], 'en')})",
    )


# --- page ----------------------------------------------------------------------------------------------------------


def notices_html(report: NoticeReport, sample: Mapping[str, Sequence[Mapping[str, str]]], language: Language) -> str:
    """Return the report as one self-contained page.

    Args:
        report: The counts.
        sample: The first notices of each kind, by the heads of notices.csv.
        language: Of the labels; sentences are as they were worded.
    """
    title = choose(language, "谁的答案变了：通知清单", "Whose answer changed: notices")
    parts = [
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if report.is_synthetic else Markup(),
        element("header", element("h1", title), element("p", _head(report, language), class_="quiet")),
        _section(choose(language, "按事由", "By what they are about"), _counts(report, language)),
        _section(choose(language, "按政策", "By policy"), _policies(report, language)),
        _section(choose(language, "直达覆盖面", "What goes out without being asked for"), *_coverage_part(report, language)),
    ]
    notices = [_notices(kind, sample[kind], language) for kind in map(str, Kind) if sample.get(kind)]
    if notices:
        heading = choose(language, "通知语（每种前几条，全部见 notices.csv）", "The first of each kind; all are in notices.csv")
        parts.append(_section(heading, *notices))
    return page(title, element("main", *parts), language=language, style=STYLE)


def _section(heading: str, *parts: Markup) -> Markup:
    return element("section", element("h2", heading), *parts)


def _counts(report: NoticeReport, language: Language) -> Markup:
    rows = [(name, f"{count:,}") for name, count in _kind_rows(report.tally, language)]
    if not rows:
        return element("p", choose(language, "没有要通知的。", "There is nothing to tell anybody."))
    return facts(rows)


def _policies(report: NoticeReport, language: Language) -> Markup:
    told = [row for row in report.tally.rows if row.notices]
    head = choose(
        language,
        ("政策", "通知", "其中", "金额增", "金额减"),
        ("Policy", "Notices", "Of these", "More", "Less"),
    )
    rows = [
        (
            row.pair.title or row.pair.policy,
            f"{row.notices:,}",
            listed((f"{word(KINDS, kind, language)} {row.counts[kind]:,}" for kind in Kind if row.counts.get(kind)), language),
            amount_words(row.more_fen, language) if row.more_fen else "",
            amount_words(row.less_fen, language) if row.less_fen else "",
        )
        for row in sorted(told, key=lambda row: -row.notices)
    ]
    quiet = len(report.tally.rows) - len(told)
    note = choose(language, f"另有 {quiet} 项政策没有要通知的。", f"Under {quiet} other policies there is nothing to tell.")
    return join([_table(head, rows, numbers={1, 3, 4}) if rows else "", element("p", note, class_="quiet") if quiet else ""])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Container[int]) -> Markup:
    return figures_table(head, rows, ["number" if place in numbers else "" for place in range(len(head))], "lines")


def _notices(kind: str, rows: Sequence[Mapping[str, str]], language: Language) -> Markup:
    head = choose(language, ("主体", "变动", "原来", "现在", "通知语"), ("Subject", "What differs", "Before", "Now", "Notice"))
    body = [
        (f"{row['名称']} {row[SUBJECT]}".strip(), row["变动"], row["原来"], row["现在"], row["通知语"])
        for row in rows
    ]  # fmt: skip
    return join([element("h3", word(KINDS, kind, language)), table(head, body, class_="lines notices")])


def _coverage_part(report: NoticeReport, language: Language) -> Iterator[Markup]:
    coverage, before = report.coverage, report.coverage_before
    yield element("p", _denominators(coverage, language), class_="quiet")
    head = choose(
        language,
        ("兑付方式", "按政策", "全部由此", "按权益", "上次", "按金额", "上次"),
        ("Way of delivery", "Of policies", "All of it", "Of entitlements", "Before", "Of money", "Before"),
    )
    rows = []
    for way, was in zip(coverage.ways, before.ways, strict=True):
        if way.policies_some or was.policies_some or way.way in DIRECT:
            rows.append((
                word(DELIVERIES, way.way, language),
                f"{percent(way.policies_some, coverage.policies)} ({way.policies_some})",
                str(way.policies_all),
                f"{percent(way.share.entitlements, coverage.all.entitlements)} ({way.share.entitlements:,})",
                percent(was.share.entitlements, before.all.entitlements),
                f"{percent(way.share.fen, coverage.all.fen)} ({amount_words(way.share.fen, language)})",
                percent(was.share.fen, before.all.fen),
            ))  # fmt: skip
    yield _table(head, rows, numbers=range(1, 7))
    pushed = [
        row
        for row in _coverage_rows(report, language)
        if row[0] == choose(language, "新增政策主动推送率", "New policies that can be pushed")
    ]
    if pushed:
        yield facts(pushed)
    if coverage.stricter:
        yield element("h3", choose(language, "文件要求比数据允许的严", "Where a document is stricter than the data allow"))
        columns = choose(
            language, ("政策", "文件要求", "数据允许", "权益", "金额"), ("Policy", "Ordered", "Data allow", "Entitlements", "Money")
        )
        yield _table(
            columns,
            (
                (row.title, word(DELIVERIES, row.ordered, language), word(DELIVERIES, way, language), f"{share.entitlements:,}",
                 _known(share, language))
                for row, way, share in coverage.stricter
            ),
            numbers={3, 4},
        )  # fmt: skip


def _known(share: Share, language: Language) -> str:
    """Return what some entitlements come to, and of how many nobody knows; a dash where no money is given.

    >>> _known(Share(sure=2, sure_fen=100), "zh"), _known(Share(open=3, open_fen=100, unknown=2), "zh"), _known(Share(sure=4), "zh")
    ('1 元', '1 元，另 2 份未知', '—')
    """
    unknown = choose(language, f"{share.unknown:,} 份未知", f"{share.unknown:,} unknown") if share.unknown else ""
    if not share.fen:
        return unknown or "—"
    return amount_words(share.fen, language) + (choose(language, "，另 ", ", and ") + unknown if unknown else "")


def _denominators(coverage: Coverage, language: Language) -> str:
    """Return what the rates are shares of."""
    all_ = coverage.all
    zh = (
        f"分母：{coverage.policies} 项有人可享受（或可能享受）的政策；{all_.entitlements:,} 份权益（一户一项算一份，已定 {all_.sure:,}，"
        f"待定 {all_.open:,}）；金额 {amount_words(all_.fen, 'zh')}（待定的按最多计）。"
    )
    en = (
        f"Shares of {coverage.policies} policies of which anybody has or may have something; of {all_.entitlements:,} entitlements "
        f"(a subject and a policy; {all_.sure:,} sure, {all_.open:,} open); of {amount_words(all_.fen, 'en')}, what is open at its most."
    )
    if all_.unknown:
        zh += f"另有 {all_.unknown:,} 份说不出最多多少，只计份数。"
        en += f" Of {all_.unknown:,} nobody can say how much; they count as entitlements alone."
    if coverage.idle:
        zh += f"没有人享受的 {len(coverage.idle)} 项不计。"
        en += f" {len(coverage.idle)} policies of which nobody has anything are left out."
    return choose(language, zh, en)


STYLE = """
main { max-width: 1180px; padding: 36px 44px 56px; }
h1 { font-size: 28px; margin-bottom: 6px; } .synthetic { margin-bottom: 20px; }
h2 { font-size: 19px; padding-bottom: 7px; border-bottom: 2px solid var(--accent); margin-bottom: 14px; }
h3 { font-size: 16px; margin: 20px 0 8px; } section { margin-top: 36px; }
.lines { font-size: 14px; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
.lines thead th { background: var(--faint); border-bottom: 1px solid var(--line); vertical-align: bottom; }
.lines td { border-bottom: 1px solid #e8ecf0; }
.notices { table-layout: fixed; } .notices th:nth-child(1) { width: 18%; } .notices th:nth-child(2) { width: 9%; }
.notices th:nth-child(3) { width: 16%; } .notices th:nth-child(4) { width: 18%; }
@media screen and (max-width: 900px) { main { padding: 20px 16px; } .lines { font-size: 12.5px; } }
@media print { main { max-width: none; padding: 0; } h1 { font-size: 18pt; } h2 { font-size: 13pt; }
.lines { font-size: 8.5pt; } .lines th, .lines td { padding: 2pt 3pt; } }
"""
"""What the page looks like beside the common style."""
