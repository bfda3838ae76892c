"""What can be wrong with a run over a registry."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
INFORMATION = Severity.INFORMATION


CODES: dict[str, Code] = {
    "run-in-progress": Code(
        ERROR,
        "another run is writing the same results into '{folder}'",
        "另一次判定正在往“{folder}”写同样的结果",
        ("wait until it is done, or write into another folder with --out",),
        ("请等它结束，或用 --out 写到别的文件夹",),
    ),
    "run-memory-too-small": Code(
        ERROR,
        "{given} of memory do not suffice: at least {least} are needed for {columns} columns and {policies} policies",
        "内存 {given} 不够：{columns} 列、{policies} 项政策至少需要 {least}",
        ("state more after --memory, or choose fewer policies with --policy",),
        ("请用 --memory 多给一些，或用 --policy 少选几项政策",),
    ),
    "run-parts-kept": Code(
        INFORMATION,
        "{done} of {parts} parts are done and kept",
        "已完成的 {done}/{parts} 块留着",
        ("run the same command again to go on from there, or with --fresh to begin anew",),
        ("再运行同样的命令，就接着做；加 --fresh 则从头开始",),
    ),
    "run-former-unusable": Code(
        ERROR,
        "the results in '{path}' cannot be built upon: {reason}",
        "不能在“{path}”的结果上接着算：{reason_zh}",
        ("leave out --changed-since; everything is then decided anew",),
        ("请去掉 --changed-since，全部重新判定",),
    ),
    "run-worker-lost": Code(
        ERROR,
        "a process that was deciding a part was ended from outside, twice (status {status})",
        "判定一块的进程两次被外力结束（状态 {status}）",
        ("its memory may not have sufficed: run the same command again, with fewer --workers; parts that are done are kept",),
        ("可能是内存不够：请用 --workers 少开几个，再运行同样的命令；做完的块留着",),
    ),
    "run-kernel-unknown": Code(
        ERROR,
        "the kernel has no path '{name}' here",
        "计算内核在这里没有“{name}”这一实现",
        ("ZHIDA_KERNEL is one of {known}, as far as this machine can run them; leave it out and the best is taken",),
        ("环境变量 ZHIDA_KERNEL 可以是 {known}，以本机能运行的为限；不设则取最快的",),
    ),
}
"""By code."""
