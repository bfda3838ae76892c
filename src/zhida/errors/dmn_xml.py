"""What can be wrong with a DMN file as XML."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
WARNING = Severity.WARNING

CODES: dict[str, Code] = {
    "dmn-xml-too-large": Code(
        ERROR,
        "the model has {size} bytes; at most {limit} are read",
        "模型文件有 {size} 字节，上限为 {limit}",
        ("split it into several models that import each other",),
        ("请拆成几个互相导入的模型",),
    ),
    "dmn-xml-encoding": Code(
        ERROR,
        "this is no text in the encoding '{encoding}'",
        "这不是以“{encoding}”编码的文本",
        ("save it again as UTF-8", "(byte {byte} does not fit)"),
        ("请另存为 UTF-8 编码", "（第 {byte} 个字节不符）"),
    ),
    "dmn-xml-doctype": Code(
        ERROR,
        "a document type is not read: it can define entities that fill the memory or fetch other files",
        "不接受 DOCTYPE：其中的实体定义可能耗尽内存或读取别的文件",
        ("take the DOCTYPE out; DMN needs none",),
        ("请删去 DOCTYPE，DMN 用不到它",),
    ),
    "dmn-xml-syntax": Code(
        ERROR,
        "this is no sound XML: {reason}",
        "这不是格式良好的 XML：{reason_zh}",
        ("the file may be cut off or was edited by hand: write it again with the tool it came from",),
        ("文件可能不完整，或经手工改动：请用原来的工具重新导出",),
    ),
    "dmn-xml-too-deep": Code(
        ERROR,
        "elements stand inside each other deeper than {limit}",
        "元素嵌套超过 {limit} 层",
        ("no model of people's making is so deep: is this the right file?",),
        ("人写的模型不会这么深：是否选错了文件？",),
    ),
    "dmn-xml-not-dmn": Code(
        ERROR,
        "this is no DMN model of version 1.2 to 1.5: its root is '{root}' of the namespace '{namespace}'",
        "这不是 DMN 1.2 至 1.5 的模型：根元素是“{root}”，命名空间是“{namespace}”",
        ("the root must be `definitions` of {model}", "This is DMN {version}: save it with a newer tool."),
        ("根元素应为 {model} 的 definitions", "这是 DMN {version}，请用较新的工具另存。"),
    ),
    "dmn-xml-unknown-element": Code(
        WARNING,
        "the standard knows no '{name}' in '{parent}': it is left out",
        "标准规定“{parent}”之中没有“{name}”：已略去",
        ("did you mean '{near}'?", "What tools add belongs into extensionElements."),
        ("是否想写“{near}”？", "工具自加的内容应放在 extensionElements 之中。"),
    ),
    "dmn-xml-unknown-attribute": Code(
        WARNING,
        "the standard knows no attribute '{name}' of '{parent}': it is left out",
        "标准规定“{parent}”没有属性“{name}”：已略去",
        ("did you mean '{near}'?", "What tools add needs a namespace of its own."),
        ("是否想写“{near}”？", "工具自加的属性要有自己的命名空间。"),
    ),
    "dmn-xml-missing-attribute": Code(
        ERROR,
        "'{element}' has no '{name}'",
        "“{element}”缺少“{name}”",
        ('add {name}="..."',),
        ('请补上 {name}="..."',),
    ),
    "dmn-xml-missing-element": Code(
        ERROR,
        "'{element}' has no '{name}' in it",
        "“{element}”之中缺少“{name}”",
        ("add it",),
        ("请补上",),
    ),
    "dmn-xml-extra-element": Code(
        WARNING,
        "'{parent}' already has its '{name}': this one is left out",
        "“{parent}”已经有了“{name}”：这一个已略去",
        ("only one may stand there",),
        ("这里只能有一个",),
    ),
    "dmn-xml-bad-value": Code(
        ERROR,
        "'{value}' is no {name}",
        "“{value}”不是 {name} 的取值",
        ("did you mean '{near}'?", "It may be {expected}."),
        ("是否想写“{near}”？", "可以是 {expected}。"),
    ),
    "dmn-xml-aggregation": Code(
        ERROR,
        "the aggregation {aggregation} needs the hit policy COLLECT, not {policy}",
        "汇总方式 {aggregation} 只能与命中策略 COLLECT 连用，不能与 {policy} 连用",
        ('write hitPolicy="COLLECT", or leave the aggregation out',),
        ('请写 hitPolicy="COLLECT"，或删去 aggregation',),
    ),
    "dmn-xml-row-cells": Code(
        ERROR,
        "the row has {found} '{name}', but there are {expected} columns for it",
        "这一行有 {found} 个“{name}”，而对应的列有 {expected} 个",
        ("give it one cell for each column; `-` in a cell for inputs says that any will do",),
        ("每列要有一格；条件格写 `-` 表示不限",),
    ),
    "dmn-xml-duplicate-id": Code(
        ERROR,
        "the id '{id}' is given twice; first at {first}",
        "id“{id}”出现了两次；第一次在 {first}",
        ("give one of them another id, and mend what refers to it",),
        ("请为其中一个改 id，并改正对它的引用",),
    ),
    "dmn-xml-dangling": Code(
        WARNING,
        "'{href}' leads to nothing in this model",
        "“{href}”在本模型中没有对应的元素",
        ("did you mean '#{near}'?", "Take it out if what it led to is gone."),
        ("是否想写“#{near}”？", "如果所指的元素已删除，请去掉这个引用。"),
    ),
    "dmn-xml-wrong-target": Code(
        WARNING,
        "'{name}' leads to '{href}', which is a '{found}'",
        "“{name}”指向“{href}”，那是一个“{found}”",
        ("use '{right}'",),
        ("请改用“{right}”",),
    ),
    "dmn-xml-variable-name": Code(
        WARNING,
        "the variable of '{name}' is called '{variable}': the name of the element is used",
        "“{name}”的变量叫“{variable}”：以元素的名称为准",
        ("the standard asks for the same name twice",),
        ("按标准，两处名称应当相同",),
    ),
    "dmn-xml-language": Code(
        WARNING,
        "a cell in the language '{language}' is read as FEEL",
        "这一格声明的语言是“{language}”，按 FEEL 来读",
        ("write it in FEEL, and take expressionLanguage out",),
        ("请用 FEEL 书写，并删去 expressionLanguage",),
    ),
    "dmn-xml-knowledge-requires": Code(
        ERROR,
        "business knowledge model '{name}' uses '{required}', which is no business knowledge model: DMN does not allow it",
        "业务知识模型“{name}”用到了“{required}”，后者不是业务知识模型：DMN 不允许这样",
        ("hand '{required}' in as a parameter",),
        ("请把“{required}”作为参数传入",),
    ),
    "dmn-xml-newer": Code(
        ERROR,
        "'{name}' needs '{element}', which came with DMN {since}: it cannot be written as DMN {version}",
        "“{name}”用到了“{element}”，它从 DMN {since} 才有，不能写成 DMN {version}",
        ("write a newer version, or say it as an expression in FEEL",),
        ("请写成较新的版本，或改用 FEEL 表达式",),
    ),
    "dmn-xml-character": Code(
        ERROR,
        "XML cannot hold the character {character}, which is in '{text}'",
        "XML 不能容纳“{text}”中的字符 {character}",
        ("take it out; in a text of FEEL write it as {escape}",),
        ("请删去；在 FEEL 的字符串里可以写作 {escape}",),
    ),
}
"""By code."""
