"""What can be wrong with the source of a run: a Parquet, a CSV or a table of a database that is read part by part."""

from zhida.errors.code import Code, Severity

ERROR = Severity.ERROR
WARNING = Severity.WARNING
INFORMATION = Severity.INFORMATION


CODES: dict[str, Code] = {
    # --- its columns -----------------------------------------------------------------------------------------------
    "source-column-lacking": Code(
        INFORMATION,
        "'{source}' has no columns of some attributes that policies ask for: unknown for every subject",
        "“{source}”没有政策要用的几列：各户均记为未知",
        ("lacking: {names}",),
        ("缺：{names}",),
    ),
    "source-column-ignored": Code(
        INFORMATION,
        "the column '{name}' of '{source}' is no attribute of the data dictionary: it is not read",
        "“{source}”的列“{name}”不是数据字典中的属性：不读取",
        ("did you mean '{near}'?",),
        ("是否即“{near}”？",),
    ),
    "source-column-type": Code(
        ERROR,
        "the column '{name}' is {found}; '{name}' is a {expected}",
        "列“{name}”的类型是 {found}，而“{name}”是 {expected}",
        ("convert the column where it comes from; as text it is read as zhida registry import reads it",),
        ("请在来源处转换该列；文字类型的列按 zhida registry import 的规则读取",),
    ),
    "source-float": Code(
        ERROR,
        "the column '{name}' holds binary fractions ({found}), which are not exact",
        "列“{name}”是二进制小数（{found}），不精确",
        ("write it as a decimal or an integer where it comes from, such as decimal(18, 2), numeric(18, 2) or whole fen",),
        ("请在来源处改为十进制数或整数，如 decimal(18, 2)、numeric(18, 2)，或以分计的整数",),
    ),
    "source-all-unknown": Code(
        WARNING,
        "'{name}' is unknown for every subject: its column is empty",
        "“{name}”对每一户都未知：该列是空的",
        ("was the right file given, and did the export fill this column?",),
        ("是否选错了文件？导出时是否填了这一列？",),
    ),
    "source-unit-doubtful": Code(
        WARNING,
        "every value of '{name}' is outside of its usual range: they go from {least} to {greatest} {unit}",
        "“{name}”的值无一在常见范围内：从 {least} 到 {greatest} {unit}",
        ("usual: {low}..{high}. Is the column in another unit? Convert it, or import it with a mapping that states the unit",),
        ("常见范围：{low}..{high}。该列是否用了别的单位？请换算，或用写明单位的映射导入",),
    ),
    "source-list-unreadable": Code(
        WARNING,
        "{value} is no list of elements of '{name}': unknown",
        "{value} 不是“{name}”的清单：记为未知",
        ("write JSON with the dictionary's own names, such as {sample}",),
        ("写成 JSON，用数据字典里的名称，如 {sample}",),
    ),
    # --- its cells -------------------------------------------------------------------------------------------------
    "source-date-beyond": Code(
        WARNING,
        "{value} of '{name}' is no date between the years 1 and 9999: unknown",
        "“{name}”的 {value} 不在公元 1 年至 9999 年之间：记为未知",
        ("days are counted from 1970-01-01",),
        ("日数自 1970-01-01 起算",),
    ),
    "source-more-cells": Code(INFORMATION, "{count} more cells of '{name}' like these", "“{name}”另有 {count} 个这样的单元格"),
    # --- its rows --------------------------------------------------------------------------------------------------
    "source-key-lacking": Code(
        ERROR,
        "the row has no '{key}', by which '{name}' names its subjects",
        "本行没有“{key}”，而“{name}”以它区分各户",
        ("mend the row; zhida registry import sets such rows aside and lists them",),
        ("请补上；zhida registry import 会把这样的行搁置并列出",),
    ),
    "source-key-duplicate": Code(
        ERROR,
        "the '{key}' {value} stands in '{name}' more than once",
        "“{key}”{value} 在“{name}”中不止一行",
        ("each subject has one row; zhida registry import merges equal rows and sets the others aside",),
        ("一户一行；zhida registry import 会合并相同的行，搁置其余的",),
    ),
    "source-unsorted": Code(
        ERROR,
        "'{name}' is not sorted by '{key}': {value} comes after {before}",
        "“{name}”没有按“{key}”排序：{value} 在 {before} 之后",
        ('make a sorted registry with zhida registry import, or sort it by the code points of the key (in SQL: COLLATE "C")',),
        ('请用 zhida registry import 生成排好序的登记册，或按代码的字符编码排序（SQL 中写 COLLATE "C"）',),
    ),
    # --- the file --------------------------------------------------------------------------------------------------
    "source-damaged": Code(
        ERROR,
        "'{name}' is damaged or cut short: {reason}",
        "“{name}”已损坏或不完整：{reason}",
        ("copy or export it again; compare sizes and digests",),
        ("请重新复制或导出，并核对大小和摘要",),
    ),
    "source-no-checksums": Code(
        WARNING,
        "'{name}' is a registry whose pages have no checksums: another tool or an older version wrote it, and damage may be taken for data",
        "登记册“{name}”的数据页没有校验和：是别的工具或旧版本写的，损坏了可能看不出来",
        ("make it with zhida registry import",),
        ("请用 zhida registry import 重新生成",),
    ),
    "source-is-results": Code(
        ERROR,
        "'{name}' holds the results of a run, not a registry",
        "“{name}”是判定的结果，不是登记册",
        ("name the registry that was assessed; results go after --changed-since, or to zhida explain --results",),
        ("请指明被判定的登记册；结果文件用在 --changed-since 或 zhida explain --results 之后",),
    ),
    "source-part-damaged": Code(
        ERROR,
        "row group {group} of '{name}' (rows {first} to {last}) cannot be read: {reason}",
        "“{name}”的第 {group} 个行组（第 {first} 至 {last} 行）无法读取：{reason}",
        ("copy or export the file again; parts that are done are kept",),
        ("请重新复制或导出该文件；已完成的部分保留",),
    ),
    "source-changed": Code(
        ERROR,
        "'{name}' was changed, cut short or removed while it was read: what was read of it does not belong together",
        "“{name}”在读取期间被改写、截断或删除：前后读到的不是同一份",
        (
            "run the same command again when nobody writes to it any more; parts that are done are kept",
            "whoever renews it should write a new file beside it and rename that into its place",
        ),
        ("等不再有人写它时重新运行同一命令；已完成的部分保留", "更新该文件时，请先在旁边写好新文件，再改名换上"),
    ),
    "source-csv-quote": Code(
        ERROR,
        "a quote stands in a cell that is not in quotes",
        "没有加引号的单元格里有引号",
        (
            "the first line has '{separator}' and no comma: cells are separated by commas",
            "put the whole cell in quotes and write the quote in it twice",
        ),
        ("第一行里有“{separator}”而没有逗号：各列应以逗号分隔", "请给整格加引号，格内的引号写两个"),
    ),
    # --- databases -------------------------------------------------------------------------------------------------
    "source-sql-address": Code(
        ERROR,
        "'{name}' does not say what to read",
        "“{name}”没有说明读什么",
        ("write postgresql://user@host:5432/database?table=NAME, or the query behind #",),
        ("请写 postgresql://用户@主机:5432/数据库?table=表名，或在 # 之后写查询",),
    ),
    "source-sql-driver": Code(
        ERROR,
        "the driver for PostgreSQL is not installed",
        "没有安装 PostgreSQL 的驱动",
        ("pip install 'zhida[sql]'",),
        ("请运行 pip install 'zhida[sql]'",),
    ),
    "source-sql-connection": Code(
        ERROR,
        "no connection to '{name}': {reason}",
        "无法连接“{name}”：{reason}",
        ("are host, port, database and user right? The password may stand in the environment (PGPASSWORD) or in ~/.pgpass",),
        ("请核对主机、端口、数据库和用户；口令可放在环境变量 PGPASSWORD 或 ~/.pgpass 中",),
    ),
    "source-sql-table": Code(
        ERROR,
        "there is no such table or column in '{name}': {reason}",
        "“{name}”中没有这个表或列：{reason}",
        ("a table outside of the search path is written schema.table; upper and lower case differ",),
        ("不在搜索路径中的表写作 模式.表；区分大小写",),
    ),
    "source-sql-privilege": Code(
        ERROR,
        "this user may not read '{name}': {reason}",
        "该用户无权读取“{name}”：{reason}",
        ("ask its owner for GRANT SELECT (and USAGE on its schema)",),
        ("请向管理员申请：GRANT SELECT（以及模式的 USAGE）",),
    ),
    "source-sql-query": Code(
        ERROR,
        "PostgreSQL could not answer for '{name}': {reason}",
        "PostgreSQL 未能答复“{name}”：{reason}",
        ("try the query in psql",),
        ("请先在 psql 中试运行该查询",),
    ),
}
"""By code."""
