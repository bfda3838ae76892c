"""What can be wrong with policies, dictionaries and parameters."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
WARNING = Severity.WARNING

CODES: dict[str, Code] = {
    "policy-front-matter-open": Code(
        ERROR,
        "the front matter is not closed: a second line '---' is lacking",
        "文件头没有结束：缺少第二行“---”",
        ("end the keys with a line of three dashes",),
        ("请在各键之后加一行三个短横线",),
    ),
    "policy-front-matter-yaml": Code(
        ERROR,
        "the front matter cannot be read: {reason}",
        "文件头无法读取：{reason_zh}",
        ("write  key: value; a value with a colon and a space in it, or a mark at its start, stands in quotes",),
        ("每行写“键: 值”；值中有“冒号加空格”，或以符号开头时，请用引号括起来",),
    ),
    "policy-front-matter-missing": Code(
        ERROR,
        "the policy has no front matter",
        "政策文件没有文件头",
        ("begin the file with '---', the keys and '---'; see docs/policy-format.md",),
        ("请以“---”、各键、“---”开头；写法见 docs/policy-format.md",),
    ),
    "policy-duplicate-key": Code(ERROR, "the key '{name}' stands twice", "键“{name}”出现了两次", ("keep one of them",), ("请只保留一个",)),
    "policy-unknown-key": Code(
        ERROR,
        "unknown key '{name}' in the front matter",
        "文件头中没有“{name}”这个键",
        ("did you mean '{near}'?", "Known keys: {keys}"),
        ("是否想写“{near}”？", "可用的键：{keys}"),
    ),
    "policy-missing-key": Code(
        ERROR,
        "the front matter lacks the key '{name}'",
        "文件头缺少键“{name}”",
        ("add a line such as  {example}",),
        ("请增加一行，例如  {example}",),
    ),
    "policy-bad-value": Code(
        ERROR,
        "'{value}' is no value for '{name}'",
        "“{value}”不能作为“{name}”的值",
        ("expected: {expected}",),
        ("应为：{expected_zh}",),
    ),
    "policy-fence-open": Code(
        ERROR, "the fenced block is not closed", "代码块没有结束", ("end it with a line of ```",), ("请以一行 ``` 结束",)
    ),
    "policy-fence-info": Code(
        ERROR,
        "a FEEL block needs a name: '{found}'",
        "FEEL 代码块需要名称：“{found}”",
        ("write ```feel NAME: type",),
        ("写法：```feel 名称: 类型",),
    ),
    "policy-row-cells": Code(
        ERROR,
        "this row has {found} cells, the table's header has {expected}",
        "本行有 {found} 个单元格，表头有 {expected} 个",
        ("a bar inside of a cell is written \\|",),
        ("单元格内的竖线请写作 \\|",),
    ),
    "policy-table-rule": Code(
        WARNING,
        "lines that begin with '|' but are no table: a line of dashes must follow the header",
        "以“|”开头但不是表格：表头下需要一行短横线",
        ("write |---| below each column of the header",),
        ("请在表头下一行为每列写 |---|",),
    ),
    "policy-no-output": Code(
        ERROR,
        "this decision table has no output column",
        "这张判定表没有输出列",
        ("write the header of a result in **bold**",),
        ("请把结果列的表头写成 **粗体**",),
    ),
    "policy-table-name": Code(
        ERROR,
        "a table with several outputs needs a name",
        "有多个输出列的表需要名称",
        ("write it behind the hit policy in the top-left cell: | F 名称 |",),
        ("请写在左上角命中策略之后：| F 名称 |",),
    ),
    "policy-many-aggregated": Code(
        ERROR,
        "table '{name}' aggregates ({hit_policy}) several outputs",
        "表“{name}”的汇总方式 {hit_policy} 不能用于多个输出列",
        ("split it into one table for each output",),
        ("请拆成每个输出一张表",),
    ),
    "policy-empty-cell": Code(ERROR, "the cell of column '{column}' is empty", "“{column}”列的单元格是空的", ("{hint}",), ("{hint_zh}",)),
    "policy-rule-number": Code(
        ERROR,
        "this rule has no number",
        "这条规则没有序号",
        ("number every rule in the first column; only a first row of allowed values has none",),
        ("请在第一列为每条规则编号；只有列出允许取值的第一行不编号",),
    ),
    "policy-example-empty": Code(
        WARNING,
        "example '{name}' expects nothing",
        "例“{name}”没有写期望",
        ("write the header of an expectation in **bold**",),
        ("请把期望列的表头写成 **粗体**",),
    ),
    "policy-path": Code(
        ERROR,
        "the policy calls itself '{name}', but its file is '{expected}'",
        "文件头写的是“{name}”，按文件位置应为“{expected}”",
        ("rename the file or the key",),
        ("请修改文件名或 policy 键",),
    ),
    "policy-unknown-subject": Code(
        ERROR,
        "no data dictionary for the subject '{name}'",
        "没有主体“{name}”的数据字典",
        ("did you mean '{near}'?", "dictionaries stand in registry/<subject>.md of a pack"),
        ("是否想写“{near}”？", "数据字典放在政策包的 registry/<主体>.md"),
    ),
    "policy-uses-unknown": Code(
        ERROR,
        "no policy '{name}'",
        "没有政策“{name}”",
        ("did you mean '{near}'?", "policies are named pack/name"),
        ("是否想写“{near}”？", "政策以 包名/文件名 称呼"),
    ),
    "policy-not-a-decision": Code(
        ERROR,
        "'{key}' names '{name}', which is no decision of this policy",
        "“{key}”所指的“{name}”不是本政策的决策",
        ("did you mean '{near}'?", "Decisions here: {decisions}"),
        ("是否想写“{near}”？", "本政策的决策：{decisions}"),
    ),
    "policy-example-name": Code(
        ERROR,
        "the column '{name}' of the examples is no {use}",
        "例中的列“{name}”不是{use_zh}",
        ("did you mean '{near}'?", "{hint}"),
        ("是否想写“{near}”？", "{hint_zh}"),
    ),
    "policy-example-value": Code(
        ERROR,
        "example {name}: '{value}' is no value of '{column}'",
        "例 {name}：“{value}”不能作为“{column}”的值",
        ("it is of type {type};", "write it such as {written}, or ? where it is not known"),
        ("其类型是 {type}；", "写法如 {written}，未知写 ?"),
    ),
    "policy-example-outcome": Code(
        ERROR,
        "'{value}' is no outcome",
        "“{value}”不是结果",
        ("did you mean '{near}'?", "Outcomes: {outcomes}"),
        ("是否想写“{near}”？", "可用的结果：{outcomes}"),
    ),
    "policy-example-failed": Code(
        ERROR,
        "example {name}: '{what}' should be {expected} but is {found}",
        "例 {name}：“{what}”应为 {expected}，实际是 {found}",
        ("unknown: {missing}.", "Rules that fired: {rules}.", "Met on the way: {reasons}"),
        ("未知的是：{missing}。", "命中的规则：{rules}。", "途中遇到：{reasons_zh}"),
    ),
    "policy-amount-unit": Code(
        ERROR,
        "the amount '{name}' comes out in {unit}, not in 元",
        "金额“{name}”算出来的单位是“{unit}”，不是“元”",
        ("check the units of what it is made of; a rate such as 元/人 turns 人 into 元",),
        ("请检查其组成各项的单位；如 人 × 元/人 得 元",),
    ),
    "policy-unknown": Code(
        ERROR,
        "'{name}' means no one policy",
        "“{name}”不能确定是哪一份政策",
        ("did you mean '{near}'?", "name one of: {known}"),
        ("是否想写“{near}”？", "请指明其一：{known}"),
    ),
    "policy-no-policies": Code(
        ERROR,
        "no policies in '{name}'",
        "“{name}”中没有政策",
        ("a pack is a folder with policies/*.md; name the folder of packs or one pack",),
        ("政策包是含有 policies/*.md 的文件夹；请指定政策包或其上级文件夹",),
    ),
    "dictionary-empty": Code(
        ERROR, "'{name}' holds no table of attributes", "“{name}”中没有属性表", ("its top-left cell is 属性",), ("表格左上角应为“属性”",)
    ),
    "dictionary-unknown-column": Code(
        ERROR,
        "unknown column '{name}'",
        "没有“{name}”这一列",
        ("did you mean '{near}'?", "Columns: {columns}"),
        ("是否想写“{near}”？", "可用的列：{columns}"),
    ),
    "dictionary-missing-column": Code(
        ERROR,
        "the table lacks the column '{name}'",
        "表格缺少“{name}”列",
        ("see docs/policy-format.md",),
        ("写法见 docs/policy-format.md",),
    ),
    "dictionary-unit": Code(
        ERROR,
        "'{unit}' is no base unit",
        "“{unit}”不是基本单位",
        ("did you mean '{near}'?", "Base units: {units}; other units are converted at import"),
        ("是否想写“{near}”？", "基本单位：{units}；其他单位在导入时换算"),
    ),
    "dictionary-number": Code(
        ERROR,
        "'{value}' is no number of decimal places",
        "“{value}”不是小数位数",
        ("write a whole number from 0 to 18",),
        ("请写 0 至 18 的整数",),
    ),
    "dictionary-range": Code(
        ERROR, "'{value}' is no range", "“{value}”不是范围", ("write low..high, either end may be empty",), ("写作 下限..上限，任一端可空",)
    ),
    "dictionary-yes-no": Code(
        ERROR,
        "'{value}' in column {column} is neither 是 nor 否",
        "“{column}”列中的“{value}”既不是“是”也不是“否”",
        ("write 是 or 否; an empty cell means 否",),
        ("请写“是”或“否”，空着表示“否”",),
    ),
}
"""By code."""
