"""What can be wrong with an expression, when it is written and when it is evaluated."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
WARNING = Severity.WARNING
INFORMATION = Severity.INFORMATION

CODES: dict[str, Code] = {
    "feel-syntax": Code(
        ERROR,
        "this is not FEEL: {found} where {expected} was expected",
        "不是合法的 FEEL：此处是{found_zh}，应为{expected_zh}",
        ("{hint}",),
        ("{hint_zh}",),
    ),
    "feel-unknown-name": Code(
        ERROR,
        "no input data or decision named '{name}'",
        "没有名为“{name}”的输入数据或决策",
        ("write {instead}", "is a text meant? Then it stands in quotes: {quoted}", "did you mean '{near}'?", "In scope here: {scope}"),
        ("请写作 {instead}", "是否漏了引号？文字写作 {quoted}", "是否想写“{near}”？", "此处可用：{scope_zh}"),
    ),
    "feel-unknown-function": Code(
        ERROR, "no function named '{name}'", "没有名为“{name}”的函数", ("did you mean '{near}'?",), ("是否想写“{near}”？",)
    ),
    "feel-unknown-type": Code(
        ERROR,
        "no type named '{name}'",
        "没有名为“{name}”的类型",
        ("did you mean '{near}'?", "Types: number, string, boolean, date, list<number> …"),
        ("是否想写“{near}”？", "可用类型：number、string、boolean、date、list<number> 等"),
    ),
    "feel-type-mismatch": Code(
        ERROR,
        "'{operation}' does not work on {left} and {right}",
        "“{operation}”不能用于 {left} 与 {right}",
        ("{hint}",),
        ("{hint_zh}",),
    ),
    "feel-type-expected": Code(
        ERROR,
        "expected {expected}, but this is {found}",
        "此处应为 {expected}，实际是 {found}",
        ("change the expression, or the type that is declared",),
        ("请修改表达式，或修改所声明的类型",),
    ),
    "feel-unit-mismatch": Code(
        ERROR,
        "'{operation}' joins different units: {left_name} is in {left}, {right_name} in {right}",
        "“{operation}”两边单位不同：{left_name_zh}的单位是“{left}”，{right_name_zh}的单位是“{right}”",
        ("compare or add only what has the same unit; a rate such as 元/人 converts",),
        ("只有单位相同才能相加或比较；需要换算时请乘以比率（如 元/人）",),
    ),
    "feel-literal-range": Code(
        WARNING,
        "{literal} is far outside the usual range of '{name}' ({low} to {high} {unit})",
        "{literal} 远在“{name}”的常见范围（{low} 至 {high} {unit}）之外",
        ("figures are in the base unit {unit}: was another unit meant, such as 万元?",),
        ("数字一律用基本单位“{unit}”：是否误用了别的单位（如万元）？",),
    ),
    "feel-literal-slight": Code(
        WARNING,
        "{literal} is next to nothing for '{name}', whose usual range goes up to {high} {unit}",
        "“{name}”的常见范围直到 {high} {unit}，{literal} 小得几乎等于没有",
        ("figures are in the base unit {unit}: was {larger} meant, that is {literal} 万{unit}?",),
        ("数字一律用基本单位“{unit}”：是否想写 {larger}（{literal} 万{unit}）？",),
    ),
    "feel-thousands": Code(
        WARNING,
        "{text} is read as {count} numbers, for a comma stands between values",
        "{text} 会读作 {count} 个数字，因为逗号用来分隔不同的值",
        ("for one number write {number}; for several put a space behind each comma",),
        ("若是一个数字，请写作 {number}；若确是几个数字，请在每个逗号后空一格",),
    ),
    "feel-not-in-list": Code(
        ERROR,
        "{value} is not among the values of '{name}'",
        "{value} 不在“{name}”的取值之中",
        ("did you mean '{near}'?", "Its values are {values}"),
        ("是否想写“{near}”？", "取值为{values_zh}"),
    ),
    "feel-not-yearly": Code(
        ERROR,
        "'{name}' is not told for each year: a year cannot be asked of it",
        "“{name}”不是按年记录的，不能取某一年的值",
        ("write the name alone, or write 年 in the column 历史 of the data dictionary",),
        ("只写名称；确是按年记录的，请在数据字典的“历史”列写“年”",),
    ),
    "feel-year": Code(
        ERROR,
        "'{written}' names no year of '{name}'",
        "“{written}”没有指明“{name}”的哪一年",
        (
            "write whole numbers: {name}(1) is the year before the reporting year, {name}(0..2) the list of three years, newest first",
            "at most {most} years back",
        ),
        ("请写整数：{name}(1) 是报告年度的前一年，{name}(0..2) 是近三年，新的在前", "最早到 {most} 年以前"),
    ),
    "feel-null-operand": Code(
        INFORMATION,
        "'{operation}' met null: {shown}",
        "“{operation}”遇到空值：{shown}",
        ("test for null first, or treat it in a rule of its own",),
        ("请先判断是否为 null，或为空值单列一条规则",),
    ),
    "feel-null-argument": Code(
        INFORMATION,
        "{function} met null: argument '{parameter}' is {value}, {expected} expected",
        "{function} 遇到空值：参数“{parameter}”是 {value}，应为 {expected}",
        ("test for null first, or leave nulls out with a filter: [item != null]",),
        ("请先判断是否为 null，或用筛选去掉空值：[item != null]",),
    ),
    "feel-incomparable": Code(
        WARNING,
        "'{operation}' cannot compare {left} with {right}: the result is null",
        "“{operation}”无法比较 {left} 与 {right}：结果为空值",
    ),
    "feel-bad-operand": Code(
        WARNING,
        "{shown} cannot be worked out, '{operation}' does not work on such values: the result is null",
        "无法计算 {shown}，“{operation}”不能用于这样的值：结果为空值",
    ),
    "feel-division-by-zero": Code(WARNING, "{left} is divided by zero: the result is null", "{left} 除以零：结果为空值"),
    "feel-number-overflow": Code(
        WARNING, "the result of '{operation}' does not fit 34 digits: null", "“{operation}”的结果超出 34 位十进制数：空值"
    ),
    "feel-bad-argument": Code(
        WARNING,
        "{function}: argument '{parameter}' is {value}, {expected} expected: the result is null",
        "{function}：参数“{parameter}”是 {value}，应为 {expected}：结果为空值",
    ),
    "feel-bad-call": Code(
        WARNING,
        "{function} cannot be called with {given}: the result is null",
        "“{function}”不能以 {given} 调用：结果为空值",
        ("it takes {signature}",),
        ("其写法为 {signature}",),
    ),
    "feel-external": Code(WARNING, "foreign code is never run: the result is null", "不执行外部代码：结果为空值"),
    "feel-not-a-function": Code(WARNING, "{value} is not a function: the result is null", "{value} 不是函数：结果为空值"),
    "feel-no-entry": Code(WARNING, "{value} has no entry '{name}': the result is null", "{value} 没有“{name}”这一项：结果为空值"),
    "feel-duplicate-key": Code(WARNING, "a context has two entries '{name}': the result is null", "上下文中有两个“{name}”：结果为空值"),
    "feel-bad-literal": Code(
        WARNING,
        "{text} is no date, time, duration or number that FEEL has: the result is null",
        "{text} 不是 FEEL 的日期、时间、时长或数字：结果为空值",
    ),
    "feel-bad-condition": Code(WARNING, "a condition is {value}, neither true nor false", "条件的值是 {value}，既非 true 也非 false"),
    "feel-bad-position": Code(
        WARNING,
        "{value} is no position in a list: the result is null",
        "{value} 不是列表中的位置：结果为空值",
        ("positions are whole numbers: 1 is the first, -1 the last",),
        ("位置用整数表示：1 是第一个，-1 是最后一个",),
    ),
    "feel-bad-iteration": Code(WARNING, "cannot iterate over {value}: the result is null", "无法遍历 {value}：结果为空值"),
    "feel-too-nested": Code(
        ERROR,
        "more than {limit} expressions inside each other",
        "表达式嵌套超过 {limit} 层",
        ("give the inner parts names of their own",),
        ("请把内层写成单独的决策",),
    ),
    "feel-text-too-long": Code(
        ERROR,
        "an expression of {length} characters is longer than {limit}",
        "表达式有 {length} 个字符，超过 {limit} 个",
        ("put long lists into input data, and parts of the whole into decisions of their own",),
        ("请把长列表放进输入数据，把各部分写成单独的决策",),
    ),
    "feel-pattern-too-long": Code(
        WARNING,
        "{function}: a pattern of {length} characters is longer than {limit}: the result is null",
        "{function}：正则表达式有 {length} 个字符，超过 {limit} 个：结果为空值",
        ("for a list of texts use 'in' or 'list contains'",),
        ("若要与许多文本比较，请用 in 或 list contains",),
    ),
    "feel-too-long": Code(
        WARNING, "more than {limit} steps from {first} to {last}: the result is null", "从 {first} 到 {last} 超过 {limit} 步：结果为空值"
    ),
    "feel-too-many-steps": Code(
        WARNING,
        "the evaluation takes more than {limit} steps: the result is null",
        "计算超过 {limit} 步：结果为空值",
        ("iterate over less, or filter before the iteration",),
        ("请缩小遍历的范围，或先筛选再遍历",),
    ),
    "feel-too-large": Code(
        WARNING,
        "a value would hold more than {limit} elements and characters, or more than {levels} lists inside each other: null",
        "值将超过 {limit} 个元素和字符，或列表嵌套超过 {levels} 层：空值",
        ("does an iteration double a list or a text at every step?",),
        ("是否在遍历中一次次翻倍列表或文字？",),
    ),
    "feel-too-deep": Code(WARNING, "more than {limit} nested calls: the result is null", "嵌套调用超过 {limit} 层：结果为空值"),
    "feel-bad-result": Code(
        WARNING, "'{name}' is declared as {type} but its value is {value}: null", "“{name}”声明为 {type}，其值却是 {value}：空值"
    ),
    "feel-bad-pattern": Code(
        WARNING,
        "{function}: '{pattern}' is no regular expression that it can use: the result is null",
        "{function}：“{pattern}”不是可用的正则表达式：结果为空值",
        ("patterns follow XPath; one that matches nothing at all cannot split or replace",),
        ("写法依 XPath；能匹配空文本的表达式不能用于拆分或替换",),
    ),
    "feel-pattern-timeout": Code(
        WARNING,
        "{function}: '{pattern}' needs more than a second on this text: the result is null",
        "{function}：“{pattern}”处理这段文本超过一秒：结果为空值",
        ("avoid repetitions inside of repetitions, as in (a+)+",),
        ("请避免重复之中再套重复，例如 (a+)+",),
    ),
}
"""By code."""
