"""How a policy is laid out in a workbook: what writing and reading share.

    说明      one row for each piece of the text: 种类 kind │ 名称 name │ 内容 content │ 换行 line feeds before it
    <表名>    one sheet for each decision table: a row of kinds (命中方式, 条件, 结果, 说明), its header, its rules
    例        the tables of examples, one below the other: a row of kinds (编号, 给定, 应得, 说明), its header, its rows
    取值      code lists for the drop-down lists of cells; not read back

Cells are text, as FEEL writes what they say: `"中型","小型"`, `(0..500000]`, `0.30`.
"""

from enum import StrEnum

TEXT_SHEET = "说明"
EXAMPLES_SHEET = "例"
LISTS_SHEET = "取值"
TEXT_HEADER = ("种类", "名称", "内容", "换行")
"""The columns of the sheet 说明; the last is filled in where a piece is not parted from the one before by one empty line."""


class RowKind(StrEnum):
    """What a row of the sheet 说明 can be."""

    FRONT = "文件头"
    ARTICLE = "条"
    HEADING = "标题"
    PROSE = "正文"
    CAVEAT = "待确认"
    QUOTE = "引用"
    FORMULA = "公式"
    TABLE = "判定表"
    GAP = "缺口"
    EXAMPLES = "例"
    RAW = "原文"


RULES_MARK, INPUT, OUTPUT, NOTE = "命中方式", "条件", "结果", "说明"
EXAMPLES_MARK, GIVEN, EXPECTED = "编号", "给定", "应得"
COLUMN_KINDS = {INPUT: "plain", OUTPUT: "bold", NOTE: "italic", GIVEN: "plain", EXPECTED: "bold"}
"""How the header of a column stands in Markdown, by what the row of kinds calls it."""

CELL_LIMIT = 32_767
"""Characters that a cell of a workbook may hold."""


def styled(text: str, style: str) -> str:
    """Return the header of a column as Markdown writes it.

    >>> styled("金额", "bold")
    '**金额**'
    """
    mark = {"bold": "**", "italic": "*"}.get(style, "")
    return f"{mark}{text}{mark}"
