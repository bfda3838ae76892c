"""What can be wrong with the results of a run, or with what is read of them."""

from zhida.errors.code import Code, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING


CODES: dict[str, Code] = {
    "results-unreadable": Code(
        ERROR,
        "'{name}' holds no results of zhida assess",
        "“{name}”不是 zhida assess 写出的结果",
        ("name a results.parquet, or its folder",),
        ("请指明 results.parquet 或其所在的文件夹",),
    ),
    "results-of-another-run": Code(
        WARNING,
        "the results in '{name}' were not compared: they are of another {what}",
        "没有与“{name}”中的结果核对：{what_zh}不同",
        ("run zhida assess again",),
        ("请重新运行 zhida assess",),
    ),
    "columns-differ": Code(
        ERROR,
        "'{cell}' of '{key}' is '{found}' {where}, '{expected}' by the interpreter",
        "“{key}”的“{cell}”：{where_zh}为“{found}”，逐户解释为“{expected}”",
        ("sign nothing that rests on it; please report this with the policy and the row",),
        ("有关结论请先不要签发；请连同政策和这一行报告给维护者",),
    ),
}
"""By code."""
