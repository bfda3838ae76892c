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
    "dmn-bad-aggregation": Code(
        WARNING, "table '{name}' cannot aggregate {values}: the result is null", "表“{name}”无法汇总 {values}：结果为空值"
    ),
    "dmn-null-in-table": Code(
        INFORMATION,
        "table '{name}' tests '{clause}', which is null, and no rule of it names null",
        "表“{name}”以“{clause}”为条件，其值为空，而表中没有规则提到 null",
        ("add a rule with null in that column",),
        ("请在该列增加一条 null 的规则",),
    ),
}
"""By code."""
