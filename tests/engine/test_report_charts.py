"""Charts stand inside a page: they fetch nothing, say what they show to those who do not see them, and are the same every time."""

import re
from decimal import Decimal
from xml.etree import ElementTree as ET

from zhida.report.charts import BarRow, Point, bar_chart, line_chart


def bars(label: str = "I 信息传输、软件和信息技术服务业") -> str:
    rows = [
        BarRow(label, (Decimal("5414.51"), Decimal("5550.45")), ("5,414.51 万元", "5,550.45 万元")),
        BarRow("C 制造业", (Decimal(0), Decimal(0)), ("0 元", "0 元")),
    ]
    return bar_chart(rows, ["变前", "变后"], title="按行业 <变前变后>")


def curve() -> str:
    points = [Point(Decimal(place).scaleb(-1), Decimal(place * place), place == 5) for place in range(1, 10)]
    return line_chart({"花费": points}, title="曲线", x_title="取值", y_title="元", limit=(Decimal(50), "预算"), is_percent=True)


def test_a_chart_is_one_svg_that_fetches_nothing_and_has_a_name() -> None:
    for drawn in (bars(), curve()):
        tree = ET.fromstring(drawn)  # noqa: S314 - our own
        assert tree.get("role") == "img"
        assert tree.get("aria-label")
        assert "href" not in drawn
        assert "<script" not in drawn
    assert "按行业 &lt;变前变后&gt;" in bars()


def test_the_same_figures_give_the_same_bytes() -> None:
    assert bars() == bars()
    assert curve() == curve()


def test_labels_and_figures_are_read_as_text() -> None:
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", bars())
    assert {"变前", "变后", "C 制造业", "5,414.51 万元", "5,550.45 万元"} <= set(texts)
    assert "I 信息传输、软件和信息…" in texts, "a long label is cut"
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", curve())
    assert {"取值", "预算", "10%", "50%"} <= set(texts)


def test_rows_with_the_same_label_stay_apart() -> None:
    same = bars(label="C 制造业")
    assert len(re.findall(">C 制造业<", same)) == 2


def test_charts_of_one_page_share_no_names() -> None:
    names = [set(re.findall(r'id="([^"]+)"', drawn)) for drawn in (bars(), bars("另一行"), curve())]
    assert not names[0] & names[1]
    assert not names[0] & names[2]
