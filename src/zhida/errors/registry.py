"""What can be wrong with mappings, sources and districts of a registry."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
WARNING = Severity.WARNING
INFORMATION = Severity.INFORMATION


CODES: dict[str, Code] = {
    "fact-not-nullable": Code(
        ERROR,
        "'{name}' cannot be known to be absent: the dictionary does not say 可空",
        "“{name}”不能为空值：数据字典没有写可空",
        ("leave it out if it is unknown",),
        ("若是未知，请不要给出这一项",),
    ),
    "fact-not-in-list": Code(
        ERROR,
        "'{name}' is {value}, which is not in its code list",
        "“{name}”的值 {value} 不在取值表中",
        ("did you mean '{near}'?", "Values: {values}"),
        ("是否想写“{near}”？", "取值：{values}"),
    ),
    "fact-no-entry": Code(
        ERROR,
        "the elements of '{name}' have no entry '{entry}'",
        "“{name}”的各项没有“{entry}”",
        ("did you mean '{near}'?", "Entries: {entries}"),
        ("是否想写“{near}”？", "各项有：{entries}"),
    ),
    "fact-too-fine": Code(
        ERROR,
        "'{name}' is {value}: the dictionary keeps {scale} decimal places",
        "“{name}”的值 {value} 超出数据字典的 {scale} 位小数",
        ("round it first",),
        ("请先舍入",),
    ),
    "district-yaml": Code(
        ERROR,
        "the district file cannot be read: {reason}",
        "区域参数文件无法读取：{reason}",
        ("it is YAML: keys with values",),
        ("应为 YAML 的“键: 值”",),
    ),
    "district-key": Code(
        ERROR,
        "the key '{path}' of the district is lacking or unknown",
        "区域参数中的键“{path}”缺少或不认识",
        ("did you mean '{near}'?", "examples/demo/district.yaml explains every key"),
        ("是否想写“{near}”？", "各键的说明见 examples/demo/district.yaml"),
    ),
    "district-value": Code(
        ERROR,
        "'{path}' of the district is '{value}'",
        "区域参数“{path}”的值是“{value}”",
        ("expected: {expected}",),
        ("应为：{expected_zh}",),
    ),
    "district-target": Code(
        ERROR,
        "the target {target} of '{path}' cannot be reached: {reachable}",
        "“{path}”的目标数 {target} 无法达到：{reachable}",
        ("targets of all size classes add up to the number of enterprises; holders cannot outnumber those whose share is above 0",),
        ("各规模的目标数之和须等于企业总数；持有者不能多于可能持有的企业",),
    ),
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
        ERROR,
        "{where} lacks the key '{name}'",
        "{where} 缺少键“{name}”",
        ("see docs/registry-mapping.md",),
        ("写法见 docs/registry-mapping.md",),
    ),
    "registry-mapping-duplicate-key": Code(
        ERROR, "'{name}' stands twice in {where}", "“{name}”在 {where} 中出现了两次", ("keep one of them",), ("请只保留一个",)
    ),
    "registry-mapping-shape": Code(
        ERROR,
        "'{where}' has the wrong shape: {expected} was expected",
        "“{where}”写法不对：应为{expected_zh}",
        ("see docs/registry-mapping.md",),
        ("写法见 docs/registry-mapping.md",),
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
        ERROR,
        "the subject is '{name}', the dictionary's is '{expected}'",
        "主体是“{name}”，而数据字典的主体是“{expected}”",
        ("a command takes another dictionary with --subject {name}",),
        ("在命令后面加上 --subject {name}，就用那一本数据字典",),
    ),
    "registry-unknown-attribute": Code(
        ERROR,
        "the dictionary of '{subject}' has no attribute '{name}'",
        "“{subject}”的数据字典中没有属性“{name}”",
        ("did you mean '{near}'?", "Attributes are declared in {dictionary}"),
        ("是否想写“{near}”？", "属性在 {dictionary} 中登记"),
    ),
    # Attributes that are kept by year.
    "registry-not-yearly": Code(
        ERROR,
        "'{column}' names a year, but '{name}' is not kept by year",
        "“{column}”写了年份，但“{name}”不按年登记",
        ("if it is, write 年 under 历史 in {dictionary}",),
        ("确是按年登记的，请在 {dictionary} 的“历史”列写“年”",),
    ),
    "registry-year": Code(
        ERROR,
        "'{column}': '{year}' is no year from {first} to {last}",
        "“{column}”：“{year}”不是 {first} 至 {last} 的年份",
        ("write four digits, such as @2024",),
        ("写四位数字，如 @2024",),
    ),
    "registry-year-and-none": Code(
        ERROR,
        "'{name}' stands both without a year and as '{column}'",
        "“{name}”既有不写年份的列，又有“{column}”",
        ("keep one: columns of years, or the bare one, which is the value of the reporting year",),
        ("只留一种：按年的各列，或者不写年份的一列（报告年度的值）",),
    ),
    # Lists, the elements of which stand in files of their own.
    "registry-list-mapped": Code(
        ERROR,
        "'{name}' is a list of elements, which stand in a file of their own",
        "“{name}”是清单，各项另在一个文件里",
        ("map that file under `lists:`",),
        ("请在 lists: 下写明那个文件",),
    ),
    "registry-no-elements": Code(
        ERROR,
        "'{name}' is a {type}: the dictionary says of no elements what they are",
        "“{name}”的类型是 {type}：数据字典没有说明各项是什么",
        ("elements are described in {dictionary}, in a table with 属性：{name} top-left",),
        ("各项在 {dictionary} 里说明，用左上角是“属性：{name}”的表",),
    ),
    "registry-unknown-element": Code(
        ERROR,
        "no element of '{list}' has '{name}'",
        "“{list}”的各项没有“{name}”",
        ("did you mean '{near}'?", "there is: {known}"),
        ("是否想写“{near}”？", "有：{known}"),
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
        ERROR,
        "no unit named '{unit}'",
        "没有“{unit}”这个单位",
        ("did you mean '{near}'?", "Units: {units} …"),
        ("是否想写“{near}”？", "可用的单位：{units} 等"),
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
    "registry-rate-currency": Code(
        ERROR, "the rate is for {currency}, the column is in {unit}", "汇率是 {currency} 的，而该列的单位是 {unit}"
    ),
    "registry-rate-needless": Code(ERROR, "a column in '{unit}' takes no rate", "单位为“{unit}”的列不用汇率"),
    "registry-file-lacking": Code(
        ERROR,
        "no file was given for '{name}'",
        "没有给出文件“{name}”",
        ("its name fits the pattern {pattern}",),
        ("文件名应符合 {pattern}",),
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
    "registry-file-empty": Code(
        ERROR, "'{name}' holds no rows", "文件“{name}”没有数据行", ("is this the right file?",), ("是否选错了文件？",)
    ),
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
        "从此处开始的记录不合 CSV 格式：{reason_zh}",
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
    "registry-more-ragged": Code(
        ERROR, "{count} more rows of '{name}' have a wrong number of cells", "“{name}”另有 {count} 行的单元格数不对"
    ),
    "registry-parquet-type": Code(
        ERROR, "column '{column}' is of type {type}, which cannot be read as text", "列“{column}”的类型 {type} 不能按文字读取"
    ),
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
        ERROR,
        "'{name}' is no registry",
        "“{name}”不是登记册",
        ("make one with zhida registry import",),
        ("请先用 zhida registry import 生成",),
    ),
    "registry-column-differs": Code(
        ERROR,
        "the registry's column '{name}' holds {found}; the dictionary {expected}",
        "登记册的“{name}”列是{found_zh}，数据字典{expected_zh}",
        ("import the files again",),
        ("请重新导入",),
    ),
    "registry-unknown-subject": Code(
        ERROR,
        "no subject '{key}' among the {count} of the registry",
        "登记册的 {count} 户中没有“{key}”",
        ("did you mean '{near}'?",),
        ("是否想写“{near}”？",),
    ),
    "registry-write-failed": Code(
        ERROR,
        "cannot write '{path}': {reason}",
        "无法写入“{path}”：{reason_zh}",
        ("{advice}", "what was there before is untouched"),
        ("{advice_zh}", "原有文件未受影响"),
    ),
    # --- computed from all subjects --------------------------------------------------------------------------------
    "population-given": Code(
        ERROR,
        "'{name}' is computed from all subjects (统计 in the dictionary): no file may give it",
        "“{name}”由全体算出（字典的“统计”列）：数据里不能再给",
        ("leave the column out",),
        ("请去掉这一列",),
    ),
    "population-cycle": Code(
        ERROR,
        "population facts rest on each other in a circle: {cycle}",
        "由全体算出的事实绕成了一圈：{cycle}",
        ("what a statistic is computed of must not rest on that statistic",),
        ("算一项统计所用的数，不能又取决于这项统计",),
    ),
    "population-base-twice": Code(
        ERROR,
        "'{name}' is computed of '{base}', which several policies that are law on the day publish: {policies}",
        "“{name}”用“{base}”来算，而当日施行的几份政策都公开了它：{policies}",
        ("let one of them publish another name",),
        ("请让其中一份换一个名称",),
    ),
    # --- found by assess -------------------------------------------------------------------------------------------
    "registry-dictionary-differs": Code(
        WARNING,
        "the registry was imported with another version of the data dictionary (sha256 {found})",
        "登记册是用另一版本的数据字典导入的（sha256 {found}）",
        ("its columns still fit, but units, code lists or sources may have changed: import the files again",),
        ("各列仍然相符，但单位、取值或来源可能变了：请重新导入",),
    ),
}
"""By code."""
