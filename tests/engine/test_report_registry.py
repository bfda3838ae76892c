import json

import pytest

from tests.engine.report_fixtures import AS_OF, HOSTILE, Page, assert_stands_alone
from zhida.assess.assessment import MissingParameter, Outcome
from zhida.assess.registry import PolicySummary, RunSummary
from zhida.errors import Language, diagnostic
from zhida.registry_io.quality import AttributeQuality, FileQuality, Finding, QualityReport
from zhida.report.registry_report import SHOWN_FINDINGS, summary_data, summary_html, summary_text
from zhida.source import display_width

BOTH: tuple[Language, ...] = ("zh", "en")


def row(title: str = "杭州市算力券（2025 年版举措）", **changes: object) -> PolicySummary:
    stated: dict[str, object] = {
        "policy": "hangzhou/compute-voucher",
        "title": title,
        "counts": {
            Outcome.ELIGIBLE: 120,
            Outcome.INELIGIBLE: 8000,
            Outcome.UNDETERMINED: 600,
            Outcome.REVIEW: 80,
            Outcome.NOT_APPLICABLE: 200,
        },
        "amount_fen": 1_234_567_890,
        "gives_amount": True,
        "subject_kind": "enterprise",
        "results": {},
        "missing": (("年度智算合同实际额", 400), ("设施类型", 300)),
        "missing_parameters": (),
        "near": 12,
        "delivery": {"申报审核": 117, "即申即享": 3},
    }
    return PolicySummary(**{**stated, **changes})  # type: ignore[arg-type]


def run(*rows: PolicySummary, is_synthetic: bool = False) -> RunSummary:
    return RunSummary(AS_OF, 9000, rows or (row(),), is_synthetic, "登记库")


def quality(count: int = 1) -> QualityReport:
    bad = diagnostic("registry-unknown-subject", None, key=HOSTILE, near="", count=1)
    findings = tuple(Finding(bad, "a.csv", place, "913") for place in range(count))
    file = FileQuality("登记", "a.csv", "0" * 64, 9001, 9000, 1, 0, 0, 0, 0, 0, 0, 0, 0, is_synthetic=True)
    attributes = (AttributeQuality("从业人员", ("登记",), 270, 0), AttributeQuality("资产总额", (), 9000, 0))
    return QualityReport("enterprise", 9000, is_synthetic=True, files=(file,), attributes=attributes, findings=findings)


def test_text_has_every_count_and_the_exact_amount() -> None:
    text = summary_text(run(), "zh")
    line = next(line for line in text.splitlines() if line.startswith("杭州市算力券"))
    assert line.split()[-6:] == ["120", "8,000", "600", "80", "200", "¥12,345,678.90"]
    for stated in ("9,000 户", "缺的事实：年度智算合同实际额 400、设施类型 300", "差一步：12 户", "兑付方式：申报审核 117、即申即享 3"):
        assert stated in text


def test_text_is_told_in_english_too() -> None:
    text = summary_text(run(), "en", width=160)
    for stated in (
        "9,000 subjects",
        "as of 20 November 2026",
        "not eligible",
        "undetermined",
        "Missing: 年度智算合同实际额 400",
        "One step away: 12",
    ):
        assert stated in text


def test_a_status_lists_its_results_and_no_amount() -> None:
    summary = run(row("中小企业划型标准", results={"小型": 20, "微型": 100}, gives_amount=False, amount_fen=0, delivery={}))
    text = summary_text(summary, "zh")
    assert "结果：小型 20、微型 100" in text
    assert "¥" not in text
    assert "¥" not in summary_html(summary, "zh")
    assert summary_data(summary)["policies"][0]["gives_amount"] is False


def test_a_status_that_nobody_has_yet_gives_no_amount_either() -> None:
    summary = run(row("中小企业划型标准", results={}, gives_amount=False, amount_fen=0, delivery={}))
    assert "¥" not in summary_text(summary, "zh") + summary_html(summary, "zh")


def test_an_amount_of_zero_in_all_is_an_amount() -> None:
    summary = run(row(amount_fen=0))
    assert "¥0.00" in summary_text(summary, "zh")
    assert "¥0.00" in Page(summary_html(summary, "zh")).words


def test_where_nobody_is_decided_yet_there_is_no_amount_of_zero() -> None:
    counts = {Outcome.ELIGIBLE: 0, Outcome.INELIGIBLE: 277, Outcome.UNDETERMINED: 7159, Outcome.REVIEW: 11, Outcome.NOT_APPLICABLE: 1553}
    summary = run(row(counts=counts, amount_fen=0))
    assert "¥" not in summary_text(summary, "zh") + summary_html(summary, "zh")


def test_a_missing_parameter_is_named_apart_and_is_not_the_most_missed_fact() -> None:
    lacks = MissingParameter("当地社会平均工资", "统计年鉴")
    summary = run(row(missing=(("从业人员", 20),), missing_parameters=((lacks, 6260),)))
    wide = summary_text(summary, "zh", width=160)
    assert "从业人员（20）" in wide
    assert "缺的事实：从业人员 20\n" in wide
    told = "缺地方参数：当地社会平均工资（不是企业的事实；由主管部门填写，来源：统计年鉴） 6,260 户"
    assert told in wide
    words = Page(summary_html(summary, "zh")).words
    assert told.partition("：")[2] in words
    assert "Missing parameter of the place: 当地社会平均工资 (no fact of the enterprise;" in summary_text(summary, "en")
    assert summary_data(summary)["policies"][0]["missing_parameters"] == [
        {"name": "当地社会平均工资", "source": "统计年鉴", "subjects": 6260}
    ]


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_fits_the_terminal(width: int, language: Language) -> None:
    lines = summary_text(run(row(), row("很长的政策名称" * 8)), language, width=width).splitlines()
    table = lines[lines.index("") + 1 : lines.index("", lines.index("") + 1)]
    assert all(display_width(line) <= width for line in table)
    assert any("…" in line for line in table)


def test_an_amount_that_the_table_has_no_room_for_stands_below_it() -> None:
    narrow, wide = (summary_text(run(row(amount_fen=19_914_924_000)), "en", width=width) for width in (80, 160))
    assert "  Amount: ¥199,149,240.00\n" in narrow
    assert narrow.count("¥") == wide.count("¥") == 1
    assert "Amount:" not in wide


def test_the_most_missed_fact_is_a_column_where_there_is_room() -> None:
    wide, narrow = (summary_text(run(), "zh", width=width) for width in (160, 80))
    assert "最缺的事实" in wide
    assert "年度智算合同实际额（400）" in wide
    assert "最缺的事实" not in narrow


def test_columns_line_up_under_chinese_titles() -> None:
    lines = summary_text(run(row("a"), row("中文")), "zh", width=160).splitlines()
    rule = next(place for place, line in enumerate(lines) if line.startswith("---"))
    amounts = [display_width(line[: line.index("¥")]) for line in lines[rule + 1 : rule + 3]]
    assert amounts[0] == amounts[1]


@pytest.mark.parametrize("language", BOTH)
def test_invented_data_are_marked_everywhere(language: Language) -> None:
    for write in (summary_text, summary_html):
        marked, plain = write(run(is_synthetic=True), language), write(run(), language)
        assert "合成数据" in marked
        assert "ynthetic" in marked
        assert "合成数据" not in plain


def test_data_is_json_with_counts_by_outcome() -> None:
    data = json.loads(json.dumps(summary_data(run(is_synthetic=True))))
    assert data["is_synthetic"] is True
    policy = data["policies"][0]
    assert policy["counts"] == {"ELIGIBLE": 120, "INELIGIBLE": 8000, "UNDETERMINED": 600, "REVIEW": 80, "NOT_APPLICABLE": 200}
    assert (policy["amount"], policy["amount_fen"]) == ("12345678.9", 1_234_567_890)
    assert policy["missing"][0] == {"name": "年度智算合同实际额", "subjects": 400}


@pytest.mark.parametrize("language", BOTH)
def test_page_stands_alone_and_escapes_titles_and_findings(language: Language) -> None:
    text = summary_html(run(row(HOSTILE)), language, quality())
    assert_stands_alone(text)
    assert HOSTILE not in text
    assert Page(text).words.count(HOSTILE) >= 3


def test_page_has_every_count_and_the_exact_amount() -> None:
    words = Page(summary_html(run(), "zh")).words
    for stated in ("120", "8,000", "600", "80", "200", "¥12,345,678.90", "年度智算合同实际额（400）", "差一步"):
        assert stated in words


def test_page_tells_the_quality_of_the_data() -> None:
    words = Page(summary_html(run(), "zh", quality(SHOWN_FINDINGS + 5))).words
    for stated in ("9,001", "从业人员", "270", "没有文件提供（全部未知）：资产总额", "另有 5 条"):
        assert stated in words
    assert words.count("a.csv:") == SHOWN_FINDINGS


def test_text_tells_the_quality_where_it_is_given() -> None:
    assert "登记册质量报告" in summary_text(run(), "zh", quality())
    assert "登记册质量报告" not in summary_text(run(), "zh")


def test_a_run_over_no_policies_says_so_without_a_table_row() -> None:
    summary = RunSummary(AS_OF, 0, (), is_synthetic=False, registry="空")
    assert "0 项政策" in summary_text(summary, "zh")
    assert_stands_alone(summary_html(summary, "zh"))
