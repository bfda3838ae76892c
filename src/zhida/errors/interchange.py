"""What can be said of a policy on its way to or from DMN and Excel."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
WARNING = Severity.WARNING
INFORMATION = Severity.INFORMATION

CODES: dict[str, Code] = {
    "interchange-character": Code(
        ERROR,
        "the text holds {character}, which no XML file and no workbook may hold",
        "文中有字符 {character}，XML 文件和工作簿都不能含有它",
        ("take it out: it is a control character, which nobody sees",),
        ("请删去：这是看不见的控制字符",),
    ),
    "interchange-knowledge-facts": Code(
        ERROR,
        "the business knowledge model '{name}' reads '{read}': in DMN it sees its parameters and other knowledge only",
        "业务知识模型“{name}”用到“{read}”：在 DMN 里它只看得见自己的参数和别的业务知识模型",
        ("make it a parameter, and give it where the model is called",),
        ("请把它改为参数，在调用处给出",),
    ),
    "interchange-no-form": Code(
        ERROR,
        "'{name}' has {what}, which has no form in Markdown",
        "“{name}”含有{what_zh}，Markdown 政策里没有对应的写法",
        ("{advice}",),
        ("{advice_zh}",),
    ),
    "interchange-lost": Code(
        WARNING,
        "'{name}': not carried over: {what}",
        "“{name}”：{what_zh}没有带过来",
        ("add what matters of it by hand",),
        ("其中要紧的，请手工补上",),
    ),
    "interchange-blank": Code(
        INFORMATION,
        "the model does not say {keys}: lines to fill in stand in the front matter",
        "模型没有说明 {keys_zh}：文件头里留了待填的行",
        ("fill them in from the document; `zhida check` says what is still lacking",),
        ("请按公文填写；还缺什么，zhida check 会指出",),
    ),
    "interchange-gone": Code(
        WARNING,
        "the text had a place for '{name}', which is in the model no more",
        "原文中“{name}”的位置还在，模型里已经没有它",
        ("its place was left out; check the words around it",),
        ("该处已略去，请核对前后文字",),
    ),
    "interchange-new": Code(
        INFORMATION,
        "'{name}' had no place in the text: it stands behind the last of the others",
        "“{name}”在原文中没有位置：放在了其他判定之后",
        ("move it below its article",),
        ("请移到它所属的条款之下",),
    ),
    "interchange-kept": Code(
        INFORMATION,
        "kept as extension elements of {namespace}: {what}",
        "作为扩展元素（{namespace}）保留：{what_zh}",
        ("other DMN tools show nothing of it, and keep it if they follow the standard",),
        ("其他 DMN 工具不显示这些内容；符合标准的工具会原样保留",),
    ),
    "interchange-table-inside": Code(
        INFORMATION,
        "the decision table inside '{name}' became an expression",
        "“{name}”里面的判定表改写成了表达式",
        ("it means the same; a decision of its own would be read more easily",),
        ("含义不变；若单独作为一项决策，更便于阅读",),
    ),
    "excel-not-a-workbook": Code(
        ERROR,
        "'{name}' is no Excel workbook: {reason}",
        "“{name}”不是 Excel 工作簿：{reason_zh}",
        ("save it as .xlsx (not .xls, not protected by a password)",),
        ("请另存为 .xlsx（不是 .xls，不加密码）",),
    ),
    "excel-missing-sheet": Code(
        ERROR,
        "there is no sheet '{sheet}'",
        "没有工作表“{sheet}”",
        ("did you mean '{near}'?", "`zhida convert` writes a workbook that shows how its sheets are laid out"),
        ("是否为“{near}”？", "各工作表怎样排，可用 zhida convert 写出一份来看"),
    ),
    "excel-unknown-row": Code(
        ERROR,
        "'{kind}' is no kind of row",
        "“{kind}”不是行的种类",
        ("did you mean '{near}'?", "known: {known}"),
        ("是否为“{near}”？", "可用：{known}"),
    ),
    "excel-unknown-column": Code(
        ERROR,
        "the first row does not say what this column is: '{kind}'",
        "第一行没有写明这一列是什么：“{kind}”",
        ("did you mean '{near}'?", "known: {known}", "write titles above the table on the sheet 说明"),
        ("是否为“{near}”？", "可用：{known}", "表的标题请写到工作表“说明”里"),
    ),
    "excel-beside": Code(
        WARNING,
        "'{value}' stands beside the table: it is left out",
        "“{value}”写在表的右边，不属于任何一列：已略去",
        ("write it in a column of the kind 说明, or remove it",),
        ("请写到种类为“说明”的列里，或删去",),
    ),
    "excel-unused-sheet": Code(
        WARNING,
        "no row of sheet '说明' names this sheet: it is left out",
        "工作表“说明”中没有一行提到这张表：已略去",
        ("add a row there: kind 判定表, name the name of this sheet; or remove the sheet",),
        ("请在那里增加一行，种类写“判定表”、名称写这张表的名称；或删去该工作表",),
    ),
    "excel-merged": Code(
        WARNING,
        "the cells {cells} are merged: each of them is taken to say '{value}'",
        "单元格 {cells} 合并了：按每一格都是“{value}”读取",
        ("take the merge apart, so that every row says what it means",),
        ("请取消合并，让每一行把话说全",),
    ),
    "excel-full-width": Code(
        WARNING,
        "full-width '{found}' is read as '{read}'",
        "全角的“{found}”按“{read}”读取",
        ("write digits and punctuation of rules in half width",),
        ("规则中的数字和标点请用半角",),
    ),
    "excel-formula": Code(
        WARNING,
        "the cell holds a formula; its last value '{value}' is taken",
        "单元格是公式；按它最后算出的值“{value}”读取",
        ("write the value itself: a formula may come to something else in another file",),
        ("请直接写值：换一个文件，公式可能算出别的结果",),
    ),
    "excel-error-value": Code(
        ERROR,
        "the cell has no value, but {value}",
        "单元格没有值，而是 {value}",
        ("write what it should say; a formula has a value once the workbook was saved in Excel",),
        ("请写上应有的内容；公式要在 Excel 中保存过一次才有值",),
    ),
    "excel-too-long": Code(
        ERROR,
        "a cell of a workbook holds at most {limit} characters; this text has {length}",
        "工作簿的一个单元格最多 {limit} 个字符，这段文字有 {length} 个",
        ("divide it into paragraphs",),
        ("请分成几段",),
    ),
}
"""By code."""
