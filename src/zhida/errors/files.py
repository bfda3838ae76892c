"""What can be wrong with a file before it is read as anything."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR


CODES: dict[str, Code] = {
    "file-not-found": Code(
        ERROR, "no such file or folder: '{name}'", "没有这个文件或文件夹：“{name}”", ("check the path",), ("请检查路径",)
    ),
    "file-is-directory": Code(
        ERROR,
        "'{name}' is a folder, not a file",
        "“{name}”是文件夹，不是文件",
        ("name a file in it; in a pack, move the folder away",),
        ("请指明其中的文件；在政策包里，请把该文件夹移走",),
    ),
    "file-unreadable": Code(
        ERROR,
        "cannot read '{name}': {reason}",
        "无法读取“{name}”：{reason}",
        ("check that it is a file and that you may read it",),
        ("请确认它是文件，并且有读取的权限",),
    ),
    "file-not-utf8": Code(
        ERROR,
        "'{name}' is not UTF-8 text (at byte {byte})",
        "文件“{name}”不是 UTF-8 编码（第 {byte} 个字节处）",
        ("save it again with the encoding UTF-8, not GBK, ANSI or Unicode",),
        ("请在编辑器中另存为 UTF-8 编码，不要选 GBK、ANSI 或 Unicode",),
    ),
    "file-empty": Code(
        ERROR, "'{name}' is empty", "文件“{name}”是空的", ("write something into it, or remove it",), ("请写入内容或删除该文件",)
    ),
    "file-too-large": Code(
        ERROR,
        "'{name}' has {size} bytes; at most {limit} are read",
        "文件“{name}”有 {size} 字节，上限为 {limit}",
        ("a policy is a text of some pages: is this the right file?",),
        ("一份政策只有几页文字：是否选错了文件？",),
    ),
}
"""By code."""
