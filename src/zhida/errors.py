"""Diagnostics, the exception tree and every error code.

    ZhidaError                      everything zhida raises on purpose
    ├── CompileError                the author's mistakes in policies and models, all of a pass at once
    └── InputError                  files, mappings and arguments that cannot be used, all of a pass at once

A `Diagnostic` says what is wrong, where, why and what to do, in Chinese and in English. Messages are templates in
`CODES`; a diagnostic holds its code and the words to fill in, so that one finding can be told in both languages. An odd
value at run time is FEEL null plus a diagnostic, never an exception. Our own mistakes are assertions.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from zhida.source import Span

Language = Literal["zh", "en"]


class Severity(StrEnum):
    """How grave a finding is: with an error, nothing may be published."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


SEVERITY_WORDS: Mapping[Language, Mapping[Severity, str]] = {
    "en": {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "information"},
    "zh": {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.INFORMATION: "提示"},
}


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding: its gravity and its words."""

    severity: Severity
    """How grave it is."""
    en: str
    """The message in English, a template."""
    zh: str
    """The message in Chinese, a template."""
    hint_en: tuple[str, ...] = ()
    """What to do, in parts; a part is left out when a word that it needs is empty."""
    hint_zh: tuple[str, ...] = ()
    """The same in Chinese."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding at one place."""

    code: str
    """A key of `CODES`."""
    span: Span | None = None
    """Where it is, if it is at a place in a text."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """The words that fill the message's template."""

    @property
    def severity(self) -> Severity:
        """How grave this kind of finding is."""
        return CODES[self.code].severity

    def message(self, language: Language = "en") -> str:
        """Return what is wrong, in one sentence."""
        code = CODES[self.code]
        return (code.zh if language == "zh" else code.en).format_map(self.arguments)

    def hint(self, language: Language = "en") -> str:
        """Return what to do about it, or an empty text."""
        code = CODES[self.code]
        parts = code.hint_zh if language == "zh" else code.hint_en
        kept = (part for part in parts if all(self.arguments.get(name) for name in re.findall(r"\{(\w+)\}", part)))
        return ("" if language == "zh" else " ").join(part.format_map(self.arguments) for part in kept)

    def render(self, language: Language = "en") -> str:
        """Return the whole message: place, gravity, code, sentence, excerpt with carets, hint."""
        word = SEVERITY_WORDS[language][self.severity]
        place = f"{self.span.place}: " if self.span else ""
        article = f"   ({self.span.article})" if self.span and self.span.article else ""
        lines = [f"{place}{word}[{self.code}]: {self.message(language)}{article}"]
        if self.span and self.span.source.text:
            lines.append(self.span.excerpt())
        see = f"{'参见' if language == 'zh' else 'see'} docs/errors.md#{self.code}"
        hint = self.hint(language)
        lines.append(f"   = {hint}   {see}" if hint else f"   = {see}")
        return "\n".join(lines)


class ZhidaError(Exception):
    """Everything that zhida raises on purpose."""


class DiagnosticsError(ZhidaError):
    """An error that carries its diagnostics."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Keep the diagnostics in the order in which they were found."""
        assert diagnostics, "an error without a diagnostic says nothing"
        super().__init__("\n".join(item.render() for item in diagnostics))
        self.diagnostics = tuple(diagnostics)


class CompileError(DiagnosticsError):
    """Policies or models with mistakes in them; holds all that one pass found."""


class InputError(DiagnosticsError):
    """Files, mappings or arguments that cannot be used; holds all that one pass found."""


def diagnostic(code: str, span: Span | None = None, **arguments: object) -> Diagnostic:
    """Return a diagnostic of a known code; each word of its message must be given.

    >>> print(diagnostic("file-not-utf8", name="a.md", byte="7").message("zh"))
    文件“a.md”不是 UTF-8 编码（第 7 个字节处）
    """
    assert code in CODES, code
    words = {name: str(value) for name, value in arguments.items()}
    missing = set(re.findall(r"\{(\w+)\}", CODES[code].en + CODES[code].zh)) - set(words)
    assert not missing, f"{code} lacks {missing}"
    return Diagnostic(code, span, words)


def has_errors(diagnostics: Iterable[Diagnostic], *, strict: bool = False) -> bool:
    """Say whether any diagnostic forbids going on; with `strict`, warnings do too."""
    grave = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return any(item.severity in grave for item in diagnostics)


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that is spelled most like `word`, or an empty text where none is near.

    >>> nearest("职工人数", ["从业人数", "成立日期"])
    '从业人数'
    """
    best, best_score = "", 0.34
    for candidate in candidates:
        longer = max(len(word), len(candidate), 1)
        score = 1 - _edit_distance(word.lower(), candidate.lower()) / longer
        if score > best_score:
            best, best_score = candidate, score
    return best


def _edit_distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


ERROR, WARNING, INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFORMATION

CODES: dict[str, Code] = {
    # files
    "file-not-found": Code(
        ERROR, "no such file or folder: '{name}'", "没有这个文件或文件夹：“{name}”", ("check the path",), ("请检查路径",)
    ),
    "file-is-directory": Code(
        ERROR, "'{name}' is a folder, not a file", "“{name}”是文件夹，不是文件", ("name a file in it",), ("请指明其中的文件",)
    ),
    "file-unreadable": Code(ERROR, "cannot read '{name}': {reason}", "无法读取“{name}”：{reason}"),
    "file-not-utf8": Code(
        ERROR,
        "'{name}' is not UTF-8 text (at byte {byte})",
        "文件“{name}”不是 UTF-8 编码（第 {byte} 个字节处）",
        ("save it again with the encoding UTF-8",),
        ("请在编辑器中另存为 UTF-8 编码",),
    ),
    "file-empty": Code(ERROR, "'{name}' is empty", "文件“{name}”是空的", ("write a policy into it or remove it",), ("请写入内容或删除该文件",)),
    "file-too-large": Code(
        ERROR,
        "'{name}' has {size} bytes; at most {limit} are read",
        "文件“{name}”有 {size} 字节，上限为 {limit}",
        ("a policy is a text of some pages: is this the right file?",),
        ("一份政策只有几页文字：是否选错了文件？",),
    ),
    # FEEL
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
        ("did you mean '{near}'?", "In scope here: {scope}"),
        ("是否想写“{near}”？", "此处可用：{scope}"),
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
        "{operation} does not work on {left} and {right}",
        "{operation} 不能用于 {left} 与 {right}",
        ("{hint}",),
        ("{hint_zh}",),
    ),
    "feel-type-expected": Code(
        ERROR,
        "expected {expected}, but this is {found}",
        "此处应为 {expected}，实际是 {found}",
    ),
    "feel-unit-mismatch": Code(
        ERROR,
        "'{operation}' joins different units: {left_name} is in {left}, {right_name} in {right}",
        "“{operation}”两边单位不同：{left_name}的单位是“{left}”，{right_name}的单位是“{right}”",
        ("compare or add only what has the same unit; a rate such as 元/人 converts",),
        ("只有单位相同才能相加或比较；需要换算时请乘以比率（如 元/人）",),
    ),
    "feel-literal-range": Code(
        WARNING,
        "{literal} is far outside the usual range of '{name}' ({low} to {high} {unit})",
        "{literal} 远在“{name}”的常见范围（{low} 至 {high} {unit}）之外",
        ("figures are in the base unit {unit}: was 万元 meant?",),
        ("数字一律用基本单位“{unit}”：是否误按万元书写？",),
    ),
    "feel-null-operand": Code(
        INFORMATION,
        "'{operation}' met null: {left} and {right}",
        "“{operation}”遇到空值：{left} 与 {right}",
        ("test for null first, or treat it in a rule of its own",),
        ("请先判断是否为 null，或为空值单列一条规则",),
    ),
    "feel-incomparable": Code(
        WARNING, "'{operation}' cannot compare {left} with {right}: the result is null", "“{operation}”无法比较 {left} 与 {right}：结果为空值"
    ),
    "feel-bad-operand": Code(
        WARNING, "'{operation}' is not defined for {left} and {right}: the result is null", "“{operation}”不能用于 {left} 与 {right}：结果为空值"
    ),
    "feel-division-by-zero": Code(WARNING, "{left} is divided by zero: the result is null", "{left} 除以零：结果为空值"),
    "feel-number-overflow": Code(WARNING, "the result of '{operation}' does not fit 34 digits: null", "“{operation}”的结果超出 34 位十进制数：空值"),
    "feel-bad-argument": Code(
        WARNING,
        "{function}: argument '{parameter}' is {value}, {expected} expected: the result is null",
        "{function}：参数“{parameter}”是 {value}，应为 {expected}：结果为空值",
    ),
    "feel-bad-call": Code(
        WARNING,
        "{function} cannot be called with {given}: the result is null",
        "{function} 不能以 {given} 调用：结果为空值",
        ("it takes {signature}",),
        ("其参数为 {signature}",),
    ),
    "feel-external": Code(WARNING, "foreign code is never run: the result is null", "不执行外部代码：结果为空值"),
    "feel-not-a-function": Code(WARNING, "{value} is not a function: the result is null", "{value} 不是函数：结果为空值"),
    "feel-no-entry": Code(WARNING, "{value} has no entry '{name}': the result is null", "{value} 没有“{name}”这一项：结果为空值"),
    "feel-duplicate-key": Code(WARNING, "a context has two entries '{name}': the result is null", "上下文中有两个“{name}”：结果为空值"),
    "feel-bad-literal": Code(WARNING, "{text} is no date, time or duration: the result is null", "{text} 不是日期、时间或时长：结果为空值"),
    "feel-bad-condition": Code(WARNING, "a condition is {value}, neither true nor false", "条件的值是 {value}，既非 true 也非 false"),
    "feel-bad-iteration": Code(WARNING, "cannot iterate over {value}: the result is null", "无法遍历 {value}：结果为空值"),
    "feel-too-deep": Code(WARNING, "more than {limit} nested calls: the result is null", "嵌套调用超过 {limit} 层：结果为空值"),
    "feel-bad-result": Code(WARNING, "'{name}' is declared as {type} but its value is {value}: null", "“{name}”声明为 {type}，其值却是 {value}：空值"),
    # builtins
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
    # DMN
    "dmn-cycle": Code(
        ERROR,
        "these require each other: {cycle}",
        "相互依赖成环：{cycle}",
        ("a decision may not, directly or through others, rest on itself",),
        ("一个决策不能直接或间接依赖自身",),
    ),
    "dmn-duplicate-name": Code(
        ERROR,
        "'{name}' is defined twice; first at {first}",
        "“{name}”定义了两次；第一次在 {first}",
        ("give one of them another name",),
        ("请为其中一个改名",),
    ),
    "dmn-unique-violated": Code(
        WARNING,
        "table '{name}' is UNIQUE, but rules {rules} match at once: the result is null",
        "表“{name}”要求唯一命中（U），但规则 {rules} 同时命中：结果为空值",
        ("make the rules exclude each other, or use F (first) if their order is meant",),
        ("请使各规则互斥；若以先后为准，请用 F（首条命中）",),
    ),
    "dmn-any-violated": Code(
        WARNING,
        "table '{name}' is ANY, but rules {rules} match with different outputs: the result is null",
        "表“{name}”为 A（任意），但规则 {rules} 同时命中且结果不同：结果为空值",
    ),
    "dmn-no-rule": Code(
        WARNING,
        "no rule of table '{name}' matches and it has no default: the result is null",
        "表“{name}”没有一条规则命中，也没有“否则”行：结果为空值",
        ("the inputs were {inputs}",),
        ("输入为 {inputs}",),
    ),
    "dmn-not-allowed": Code(
        WARNING,
        "'{name}' is {value}, which is not among the allowed values: the result is null",
        "“{name}”的值 {value} 不在允许的取值之中：结果为空值",
    ),
    "dmn-bad-aggregation": Code(WARNING, "table '{name}' cannot aggregate {values}: the result is null", "表“{name}”无法汇总 {values}：结果为空值"),
    "dmn-null-in-table": Code(
        INFORMATION,
        "table '{name}' tests '{clause}', which is null, and no rule of it names null",
        "表“{name}”以“{clause}”为条件，其值为空，而表中没有规则提到 null",
        ("add a rule with null in that column",),
        ("请在该列增加一条 null 的规则",),
    ),
    # policies: documents and dictionaries
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
        "文件头无法读取：{reason}",
        ("quote a value that holds a colon followed by a space",),
        ("值中若有“冒号加空格”，请用引号括起来",),
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
    "policy-fence-open": Code(ERROR, "the fenced block is not closed", "代码块没有结束", ("end it with a line of ```",), ("请以一行 ``` 结束",)),
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
    ),
    "policy-no-output": Code(
        ERROR,
        "this decision table has no output column",
        "这张决策表没有输出列",
        ("write the header of a result in **bold**",),
        ("请把结果列的表头写成 **粗体**",),
    ),
    "policy-table-name": Code(
        ERROR,
        "a table with several outputs needs a name",
        "有多个输出列的表需要名称",
        ("write it behind the hit policy in the top-left cell: | F 名称 |",),
        ("请写在左上角命中方式之后：| F 名称 |",),
    ),
    "policy-many-aggregated": Code(
        ERROR,
        "table '{name}' aggregates ({hit_policy}) several outputs",
        "表“{name}”的汇总方式 {hit_policy} 不能用于多个输出列",
        ("split it into one table for each output",),
        ("请拆成每个输出一张表",),
    ),
    "policy-empty-cell": Code(
        ERROR, "the cell of column '{column}' is empty", "“{column}”列的单元格是空的", ("'-' stands for any value",), ("任意值请写“-”",)
    ),
    "policy-example-empty": Code(
        WARNING, "example '{name}' expects nothing", "例“{name}”没有写期望", ("write the header of an expectation in **bold**",), ("请把期望列的表头写成 **粗体**",)
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
        "the column '{name}' is no input, parameter or decision",
        "列“{name}”不是输入、参数或决策",
        ("did you mean '{near}'?",),
        ("是否想写“{near}”？",),
    ),
    "policy-example-value": Code(
        ERROR, "example {name}: this cell is no value", "例 {name}：该单元格不是一个值", ("strings stand in \"quotes\", unknown is ?",), ("文字加英文双引号，未知写 ?",)
    ),
    "policy-example-outcome": Code(
        ERROR, "'{value}' is no outcome", "“{value}”不是结果", ("did you mean '{near}'?", "Outcomes: {outcomes}"), ("是否想写“{near}”？", "可用的结果：{outcomes}")
    ),
    "policy-example-failed": Code(
        ERROR,
        "example {name}: {what} should be {expected} but is {found}",
        "例 {name}：{what} 应为 {expected}，实际是 {found}",
        ("{rules}", "{reasons}"),
        ("{rules_zh}", "{reasons_zh}"),
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
    "dictionary-missing-column": Code(ERROR, "the table lacks the column '{name}'", "表格缺少“{name}”列"),
    "dictionary-unit": Code(
        ERROR,
        "'{unit}' is no base unit",
        "“{unit}”不是基本单位",
        ("did you mean '{near}'?", "Base units: {units}; other units are converted at import"),
        ("是否想写“{near}”？", "基本单位：{units}；其他单位在导入时换算"),
    ),
    "dictionary-number": Code(ERROR, "'{value}' is no whole number of decimal places", "“{value}”不是小数位数"),
    "dictionary-range": Code(
        ERROR, "'{value}' is no range", "“{value}”不是范围", ("write low..high, either end may be empty",), ("写作 下限..上限，任一端可空",)
    ),
    "dictionary-yes-no": Code(ERROR, "'{value}' in column {column} is neither 是 nor 否", "“{column}”列中的“{value}”既不是“是”也不是“否”"),
    # synthetic districts
    "district-yaml": Code(
        ERROR, "the district file cannot be read: {reason}", "区域参数文件无法读取：{reason}", ("it is YAML: keys with values",), ("应为 YAML 的“键: 值”",)
    ),
    "district-key": Code(
        ERROR,
        "the key '{path}' of the district is lacking or unknown",
        "区域参数中的键“{path}”缺少或不认识",
        ("did you mean '{near}'?", "examples/demo/district.yaml explains every key"),
        ("是否想写“{near}”？", "各键的说明见 examples/demo/district.yaml"),
    ),
    "district-value": Code(
        ERROR, "'{path}' of the district is '{value}'", "区域参数“{path}”的值是“{value}”", ("expected: {expected}",), ("应为：{expected_zh}",)
    ),
    "district-target": Code(
        ERROR,
        "the target {target} of '{path}' cannot be reached: {reachable}",
        "“{path}”的目标数 {target} 无法达到：{reachable}",
        ("targets of all size classes add up to the number of enterprises; holders cannot outnumber those whose share is above 0",),
        ("各规模的目标数之和须等于企业总数；持有者不能多于可能持有的企业",),
    ),
    # registries: mappings, source files, findings of an import
    "registry-mapping-yaml": Code(
        ERROR,
        "the mapping cannot be read: {reason}",
        "映射文件无法读取：{reason}",
        ("quote a value that holds a colon, a brace or a leading %",),
        ("值中若有冒号、花括号，或以 % 开头，请用引号括起来",),
    ),
    "registry-mapping-unknown-key": Code(
        ERROR,
        "unknown key '{name}' in {where}",
        "{where} 中没有“{name}”这个键",
        ("did you mean '{near}'?", "Known keys: {keys}"),
        ("是否想写“{near}”？", "可用的键：{keys}"),
    ),
    "registry-mapping-missing-key": Code(
        ERROR, "{where} lacks the key '{name}'", "{where} 缺少键“{name}”", ("see docs/registry-mapping.md",), ("写法见 docs/registry-mapping.md",)
    ),
    "registry-mapping-duplicate-key": Code(
        ERROR, "'{name}' stands twice in {where}", "“{name}”在 {where} 中出现了两次", ("keep one of them",), ("请只保留一个",)
    ),
    "registry-mapping-shape": Code(
        ERROR, "'{where}' has the wrong shape: {expected} was expected", "“{where}”写法不对：应为{expected_zh}", ("see docs/registry-mapping.md",), ("写法见 docs/registry-mapping.md",)
    ),
    "registry-mapping-value": Code(
        ERROR, "'{value}' is no value for '{name}'", "“{value}”不能作为“{name}”的值", ("expected: {expected}",), ("应为：{expected}",)
    ),
    "registry-mapping-constant": Code(
        ERROR, "'{value}' is no value of '{name}'", "“{value}”不是“{name}”的值", ("expected: {expected}",), ("应为：{expected_zh}",)
    ),
    "registry-column-choice": Code(
        ERROR,
        "'{name}' needs exactly one of column, columns and constant; found: {found}",
        "“{name}”须且只须写 column、columns、constant 之一；现有：{found}",
    ),
    "registry-subject-differs": Code(
        ERROR, "the subject is '{name}', the dictionary's is '{expected}'", "主体是“{name}”，而数据字典的主体是“{expected}”"
    ),
    "registry-unknown-attribute": Code(
        ERROR,
        "the dictionary of '{subject}' has no attribute '{name}'",
        "“{subject}”的数据字典中没有属性“{name}”",
        ("did you mean '{near}'?", "Attributes are declared in {dictionary}"),
        ("是否想写“{near}”？", "属性在 {dictionary} 中登记"),
    ),
    "registry-key-type": Code(ERROR, "'{name}' is a {type}; a key is a string", "“{name}”的类型是 {type}；代码须为 string"),
    "registry-key-mapped": Code(
        ERROR,
        "'{name}' is the key and is not mapped again",
        "“{name}”是代码，不再另行对应",
        ("name its column after `key:`",),
        ("请把它的列写在 key: 之后",),
    ),
    "registry-type": Code(ERROR, "'{name}' is a {type}, which no registry holds yet", "“{name}”的类型 {type} 尚不能存入登记册"),
    "registry-option": Code(
        ERROR,
        "'{option}' does not fit '{name}', which is a {type}",
        "“{option}”不适用于“{name}”（类型 {type}）",
        ("see docs/registry-mapping.md",),
        ("写法见 docs/registry-mapping.md",),
    ),
    "registry-unknown-unit": Code(
        ERROR, "no unit named '{unit}'", "没有“{unit}”这个单位", ("did you mean '{near}'?", "Units: {units} …"), ("是否想写“{near}”？", "可用的单位：{units} 等")
    ),
    "registry-unit-mismatch": Code(
        ERROR, "'{unit}' cannot become '{base}', the unit of '{name}'", "“{unit}”不能换算成“{name}”的单位“{base}”"
    ),
    "registry-rate-missing": Code(
        ERROR,
        "'{unit}' needs a stated rate to become {base}",
        "“{unit}”换算为{base}须写明汇率",
        ("add rate: with from, to, value, date and source",),
        ("请加 rate:，写明 from、to、value、date、source",),
    ),
    "registry-rate-currency": Code(ERROR, "the rate is for {currency}, the column is in {unit}", "汇率是 {currency} 的，而该列的单位是 {unit}"),
    "registry-rate-needless": Code(ERROR, "a column in '{unit}' takes no rate", "单位为“{unit}”的列不用汇率"),
    "registry-file-lacking": Code(
        ERROR, "no file was given for '{name}'", "没有给出文件“{name}”", ("its name fits the pattern {pattern}",), ("文件名应符合 {pattern}",)
    ),
    "registry-file-unexpected": Code(
        ERROR, "the mapping has no use for '{path}'", "映射没有用到文件“{path}”", ("it expects {patterns}",), ("它需要 {patterns}",)
    ),
    "registry-file-ambiguous": Code(
        ERROR,
        "'{path}' fits '{name}', but so does '{other}', or it fits several files of the mapping",
        "“{path}”与“{other}”都符合“{name}”，或一个文件符合映射中的多项",
        ("make the patterns after path: differ",),
        ("请使 path: 后的名称互不相同",),
    ),
    "registry-file-empty": Code(ERROR, "'{name}' holds no rows", "文件“{name}”没有数据行", ("is this the right file?",), ("是否选错了文件？",)),
    "registry-not-a-table": Code(
        ERROR,
        "'{name}' is {kind}, not CSV or Parquet",
        "“{name}”是 {kind} 文件，不是 CSV 或 Parquet",
        ("save it as CSV in UTF-8",),
        ("请另存为“CSV UTF-8”",),
    ),
    "registry-encoding": Code(
        ERROR,
        "'{name}' is not {encoding} (line {line}, byte {byte} of the file)",
        "文件“{name}”不是 {encoding} 编码（第 {line} 行，文件的第 {byte} 个字节）",
        ("state encoding: {other} in the mapping, or save the file as UTF-8",),
        ("请在映射中写 encoding: {other}，或把文件另存为 UTF-8",),
    ),
    "registry-csv-syntax": Code(
        ERROR,
        "the record that begins here is not CSV: {reason}",
        "从此处开始的记录不合 CSV 格式：{reason}",
        ("a quote inside of a cell is written twice",),
        ("单元格内的引号要写两个",),
    ),
    "registry-ragged-row": Code(
        ERROR,
        "this row has {found} cells, the header has {expected}",
        "本行有 {found} 个单元格，表头有 {expected} 个",
        ("a cell that holds the separator stands in quotes",),
        ("单元格里有分隔符时，整格要加引号",),
    ),
    "registry-more-ragged": Code(ERROR, "{count} more rows of '{name}' have a wrong number of cells", "“{name}”另有 {count} 行的单元格数不对"),
    "registry-parquet-type": Code(ERROR, "column '{column}' is of type {type}, which cannot be read as text", "列“{column}”的类型 {type} 不能按文字读取"),
    "registry-missing-column": Code(
        ERROR,
        "'{file}' has no column '{name}'",
        "文件“{file}”中没有“{name}”列",
        ("did you mean '{near}'?", "Its columns: {columns}"),
        ("是否想写“{near}”？", "该文件的列：{columns}"),
    ),
    "registry-duplicate-column": Code(ERROR, "'{file}' has the column '{name}' twice", "文件“{file}”中有两个“{name}”列"),
    "registry-value-refused": Code(
        ERROR,
        "'{value}' is not in the code table of '{name}'",
        "“{value}”不在“{name}”的对照表中",
        ("add it to values:, or write otherwise: unknown",),
        ("请补入 values:，或写 otherwise: unknown",),
    ),
    "registry-more-refused": Code(ERROR, "{count} more cells are not in their code tables", "另有 {count} 个单元格不在对照表中"),
    "registry-empty-key": Code(WARNING, "the row has no key and is set aside", "本行没有代码，已搁置"),
    "registry-bad-code": Code(
        WARNING,
        "'{key}' is no valid unified social credit code; the row is kept",
        "“{key}”不是合规的统一社会信用代码；该行保留",
        ("compare it with the licence",),
        ("请与营业执照核对",),
    ),
    "registry-duplicate-exact": Code(
        INFORMATION, "the same as row {first} of key '{key}': merged", "与第 {first} 行（代码“{key}”）完全相同：已合并"
    ),
    "registry-duplicate-conflict": Code(
        WARNING,
        "rows {rows} of key '{key}' differ in {columns}: all are set aside",
        "代码“{key}”的第 {rows_zh} 行在 {columns_zh} 上不一致：全部搁置",
        ("mend the file and import it again",),
        ("请更正文件后重新导入",),
    ),
    "registry-not-in-base": Code(
        WARNING, "'{key}' is not in '{base}', the first file; the row is set aside", "第一个文件“{base}”中没有“{key}”；该行已搁置"
    ),
    "registry-subject-set-aside": Code(
        WARNING, "'{key}' was set aside in an earlier file, and so is this row", "“{key}”在前面的文件中已搁置，本行随之搁置"
    ),
    "registry-left-out": Code(
        WARNING, "'{key}' is not in '{file}', joined as inner: the subject is left out", "“{file}”（inner）中没有“{key}”：该主体不收入"
    ),
    "registry-unparsable": Code(
        WARNING,
        "'{value}' is no value of '{name}': unknown",
        "“{value}”不能作为“{name}”：记为未知",
        ("expected: {expected}",),
        ("应为：{expected_zh}",),
    ),
    "registry-not-in-list": Code(
        WARNING, "'{value}' is not in the code list of '{name}': unknown", "“{value}”不在“{name}”的代码表中：记为未知"
    ),
    "registry-absent-not-allowed": Code(
        WARNING,
        "'{value}' says that there is no '{name}', but every subject has one: unknown",
        "“{value}”表示没有“{name}”，但字典未注明可空：记为未知",
        ("write 是 under 可空 in the dictionary if it can be absent",),
        ("确可没有的，请在字典的“可空”列写“是”",),
    ),
    "registry-out-of-range": Code(
        WARNING,
        "'{value}' puts '{name}' outside of its usual range; kept",
        "“{value}”使“{name}”超出常见范围；保留",
        ("usual: {low}..{high} {unit}. Is the unit of the column right?",),
        ("常见范围：{low}..{high} {unit}。该列的单位是否写对？",),
    ),
    "registry-rounded": Code(
        INFORMATION, "'{value}' is rounded to the {scale} decimals that '{name}' keeps", "“{value}”按“{name}”的小数位（{scale} 位）舍入"
    ),
    "registry-files-disagree": Code(
        WARNING,
        "'{name}' of '{key}' is '{other}' here and '{held}' in '{file}', which holds",
        "“{key}”的“{name}”此处为“{other}”，“{file}”中为“{held}”；以后者为准",
    ),
    "registry-not-a-registry": Code(
        ERROR, "'{name}' is no registry", "“{name}”不是登记册", ("make one with zhida registry import",), ("请先用 zhida registry import 生成",)
    ),
    "registry-column-differs": Code(
        ERROR,
        "the registry's column '{name}' is {found}; the dictionary asks for {expected}",
        "登记册的“{name}”列是 {found}，数据字典要求 {expected}",
        ("import the files again",),
        ("请重新导入",),
    ),
    "registry-unknown-subject": Code(
        ERROR, "no subject '{key}' among the {count} of the registry", "登记册的 {count} 户中没有“{key}”", ("did you mean '{near}'?",), ("是否想写“{near}”？",)
    ),
    "registry-write-failed": Code(
        ERROR,
        "cannot write '{path}': {reason}",
        "无法写入“{path}”：{reason}",
        ("what was there before is untouched",),
        ("原有文件未受影响",),
    ),
}
"""Every code, by the part of zhida that finds it; each has a section in docs/errors.md and an example that produces it."""
