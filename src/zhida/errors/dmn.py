"""What can be wrong with decisions and tables."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
WARNING = Severity.WARNING
INFORMATION = Severity.INFORMATION

CODES: dict[str, Code] = {
    "dmn-cycle": Code(
        ERROR,
        "these require each other: {cycle}",
        "相互依赖成环：{cycle}",
        ("nothing may rest on itself, directly or through others: take one of these links out",),
        ("任何决策或政策都不能直接或间接依赖自身，请断开其中一环",),
    ),
    "dmn-duplicate-name": Code(
        ERROR,
        "'{name}' is defined twice; first at {first}",
        "“{name}”定义了两次；第一次在 {first}",
        ("give one of them another name",),
        ("请为其中一个改名",),
    ),
    "dmn-reserved-name": Code(
        ERROR,
        "'{name}' is a reserved name: the date of the business fact",
        "“{name}”是保留的名称，指业务事实发生之日",
        ("give the decision another name",),
        ("请换一个名称",),
    ),
    "dmn-no-logic": Code(
        WARNING,
        "'{name}' has no logic: the result is null unless a value is given from outside",
        "“{name}”没有决策逻辑：没有从外部给定值时，结果为空值",
        ("write an expression for it, or give its value",),
        ("请写出它的表达式，或给出它的值",),
    ),
    "dmn-language": Code(
        ERROR,
        "the expression language '{language}' is not FEEL",
        "表达式语言“{language}”不是 FEEL",
        ("write the expression in FEEL",),
        ("请改用 FEEL 书写",),
    ),
    "dmn-dangling": Code(
        ERROR,
        "'{name}' refers to '{href}', which no given model holds",
        "“{name}”引用的“{href}”不在已给出的模型中",
        ("check the id", "is the model of '{namespace}' there?"),
        ("请核对 id。", "命名空间“{namespace}”的模型在吗？"),
    ),
    "dmn-not-imported": Code(
        ERROR,
        "'{name}' refers to an element of '{namespace}', which its model does not import",
        "“{name}”引用了“{namespace}”中的元素，而它的模型没有导入这个命名空间",
        ("add an import element for that namespace",),
        ("请为这个命名空间添加 import 元素",),
    ),
    "dmn-missing-model": Code(
        ERROR,
        "the model '{namespace}', imported as '{name}', was not found",
        "没有找到以“{name}”导入的模型“{namespace}”",
        ("put its file beside the model that imports it",),
        ("请把它的文件放在导入它的模型旁边",),
    ),
    "dmn-type-too-large": Code(
        ERROR,
        "the type '{name}' is too large or too deep (limit: {limit}): any value passes for it",
        "类型“{name}”过大或嵌套过深（上限 {limit}）：任何值都视为符合",
        ("give its parts fewer types inside each other",),
        ("请减少其中嵌套的类型",),
    ),
    "dmn-service-input": Code(
        WARNING,
        "the decision service '{name}' decides by '{input}', which it is not given: null stands for it",
        "决策服务“{name}”要用到“{input}”，但没有把它列为输入：按空值处理",
        ("list it as inputData of the service",),
        ("请把它列为该服务的 inputData",),
    ),
    "dmn-unique-violated": Code(
        WARNING,
        "table '{name}' is UNIQUE, but rules {rules} match at once: the result is null",
        "表“{name}”要求唯一命中（U），但规则 {rules_zh} 同时命中：结果为空值",
        ("make the rules exclude each other, or use F (first) if their order is meant",),
        ("请使各规则互斥；若以先后为准，请用 F（首条命中）",),
    ),
    "dmn-any-violated": Code(
        WARNING,
        "table '{name}' is ANY, but rules {rules} match with different outputs: the result is null",
        "表“{name}”为 A（任意），但规则 {rules_zh} 同时命中且结果不同：结果为空值",
        ("give these rules the same outputs, or make them exclude each other",),
        ("请使这些规则的结果相同，或使其互斥",),
    ),
    "dmn-no-rule": Code(
        WARNING,
        "no rule of table '{name}' matches and it has no default: the result is null",
        "表“{name}”没有一条规则命中，也没有“否则”行：结果为空值",
        ("the inputs were {inputs}",),
        ("输入为 {inputs_zh}",),
    ),
    "dmn-not-allowed": Code(
        WARNING,
        "'{name}' is {value}, which is not among the allowed values: the result is null",
        "“{name}”的值 {value} 不在允许的取值之中：结果为空值",
        ("allowed values stand in the first row of the table",),
        ("允许的取值写在表的第一行",),
    ),
    "dmn-not-available": Code(
        WARNING,
        "'{name}' is in no policy in force on {as_of}: the result is null",
        "{as_of} 没有现行有效的政策给出“{name}”：结果为空值",
        ("check `in_force` and `replaces` of the policy that is used",),
        ("请检查所引用政策的 in_force 和 replaces",),
    ),
    "dmn-bad-aggregation": Code(
        WARNING,
        "table '{name}' cannot aggregate {values}: the result is null",
        "表“{name}”无法汇总 {values}：结果为空值",
        ("every matching rule must give a number (C< and C>: values that can be compared)",),
        ("每条命中的规则都要给出数字（C<、C> 则要给出可比较大小的值）",),
    ),
    "dmn-null-in-table": Code(
        INFORMATION,
        "table '{name}' tests '{clause}', which is null, and no rule of it names null",
        "表“{name}”以“{clause}”为条件，其值为空，而表中没有规则提到 null",
        ("add a rule with null in that column",),
        ("请在该列增加一条 null 的规则",),
    ),
    # the conformance kit: zhida.dmn.conformance
    "dmn-kit-malformed": Code(
        ERROR,
        "this is no test file of the conformance kit: {reason}",
        "这不是符合性测试包的测试文件：{reason_zh}",
        ("the kit's testCases.xsd says what a test file holds",),
        ("测试文件的写法见测试包的 testCases.xsd",),
    ),
    "dmn-kit-no-model": Code(
        ERROR,
        "the test file is about the model '{name}', which is not there",
        "测试文件所测的模型“{name}”不存在",
        ("did you mean '{near}'?",),
        ("是否为“{near}”？",),
    ),
    "dmn-kit-element": Code(
        ERROR,
        "the test case names '{name}', which the model does not have",
        "测试用例提到“{name}”，模型中没有",
        ("did you mean '{near}'?",),
        ("是否为“{near}”？",),
    ),
}
"""By code."""
