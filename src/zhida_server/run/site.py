"""`zhida site ...`: what is done to a site from its own machine, each act by the same services as on its pages."""

import getpass
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from zhida.cli.console import HELP_OPTIONS, OK, AsOfOption, JsonOption, Lang, LangOption, misuse, print_json, read_as_of, words
from zhida.errors import Language
from zhida_server.run.archive import back_up, restore
from zhida_server.run.command import ended
from zhida_server.run.folder import made_site, opened_folder
from zhida_server.run.place import at_work
from zhida_server.run.said import SiteError

app = typer.Typer(
    rich_markup_mode="markdown",
    add_completion=False,
    context_settings=HELP_OPTIONS,
    no_args_is_help=True,
    short_help="管理站点：人员、导入、评估、核验、备份 | keep a site: people, imports, runs, backups",
    help="管理站点：每件事都经过和网页上一样的服务，一样留痕。\n\nKeep a site: each act goes through the same services as on its pages.",
)

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="站点文件夹 | the site's folder")]
ActorOption = Annotated[
    str, typer.Option("--as", metavar="NAME", help="以哪个账号的名义；默认为本机作业 | in whose name; as a job of this machine by default")
]
PasswordOption = Annotated[
    Path | None, typer.Option("--password-file", help="密码所在的文件，默认在终端询问 | a file with the password; asked for by default")
]


class StaffRole(StrEnum):
    """The roles that a person may be made with here."""

    policy = "policy"
    finance = "finance"
    service = "service"
    leader = "leader"
    auditor = "auditor"
    administrator = "administrator"
    representative = "representative"


class Book(StrEnum):
    """What the books are written as."""

    beancount = "beancount"
    csv = "csv"
    journal = "journal"


@app.command("init", short_help="新建站点和第一个管理员 | a new site and its first administrator")
def init(
    folder: FolderArgument,
    *,
    administrator: Annotated[
        str, typer.Option("--administrator", metavar="NAME", help="管理员的登录名 | the login of the administrator")
    ] = "admin",
    password_file: PasswordOption = None,
    name: Annotated[str, typer.Option("--name", help="站点名称 | the name on the pages")] = "政策直达",
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """新建站点文件夹、数据库和第一个管理员账号。

    Make a site's folder, its database and the account of its first administrator.

    例 Examples:

        zhida site init site

        zhida site init site --administrator wang --password-file /run/secrets/wang
    """

    def work() -> dict[str, Any]:
        password = _password(password_file, lang.value)
        made = made_site(folder, name=name)
        person = {"name": administrator, "password": password, "role": "administrator", "office": ""}
        with at_work(made) as place:
            place.do("prepare")
            place.do("staff", actor="", **person)
        return {"site": str(made.path), "administrator": administrator}

    return _answer(
        work,
        json,
        lang.value,
        lambda done: (
            f"站点已建好：{done['site']}\n管理员：{done['administrator']}\n下一步：zhida serve {folder}",
            f"the site is made: {done['site']}\nadministrator: {done['administrator']}\nnext: zhida serve {folder}",
        ),
    )


@app.command("staff", short_help="添加人员，列出人员 | add a person, or list them")
def staff(
    folder: FolderArgument,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="登录名；不写则列出全部 | the login; without it all are listed")] = "",
    *,
    role: Annotated[StaffRole, typer.Option("--role", help="角色 | the role")] = StaffRole.service,
    office: Annotated[str, typer.Option("--office", help="处室 | the office")] = "",
    enterprise: Annotated[
        str, typer.Option("--enterprise", metavar="CODE", help="企业代表所代表的企业 | whom a representative acts for")
    ] = "",
    document: Annotated[str, typer.Option("--document", help="企业代表的授权文件 | the document of a representative's authority")] = "",
    password_file: PasswordOption = None,
    actor: ActorOption = "",
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """添加一位工作人员或企业代表；不写登录名则列出全部人员。以某人的名义（--as）绑定的代表，要由另一位在页面上确认。

    Add a member of staff, or a representative of an enterprise; without a name, list everybody. A representative who is bound in
    somebody's name (--as) is confirmed by another person on the pages.

    例 Examples:

        zhida site staff site

        zhida site staff site li --role finance --office 财政局

        zhida site staff site chen --role representative --enterprise 91330100MA00000000
    """

    def work() -> dict[str, Any]:
        if not name:
            with at_work(opened_folder(folder)) as place:
                return place.do("people", actor=actor)
        if (role is StaffRole.representative) != bool(enterprise):
            raise misuse("--enterprise：企业代表要写所代表的企业，其他人不写", "--enterprise: a representative has one, and nobody else")
        password = _password(password_file, lang.value)
        with at_work(opened_folder(folder)) as place:
            if enterprise:
                return place.do("representative", actor=actor, name=name, password=password, code=enterprise, document=document)
            return place.do("staff", actor=actor, name=name, password=password, role=role.value, office=office)

    def text(done: dict[str, Any]) -> tuple[str, str]:
        lines = "\n".join(
            f"{each['name']}\t{each['role']}\t{each['office'] or each['enterprise_code']}\t{_state(each)}" for each in done["people"]
        )
        return lines, lines

    return _answer(work, json, lang.value, text)


@app.command("import", short_help="导入登记册：先出质量报告 | import a registry, its quality first")
def import_registry(
    folder: FolderArgument,
    mapping: Annotated[Path, typer.Argument(metavar="MAP", help="映射文件 | the mapping")],
    files: Annotated[list[Path], typer.Argument(metavar="PATH...", help="来源文件 | the files")],
    *,
    take: Annotated[
        bool, typer.Option("--take", help="直接收下；默认等人看过质量报告再定 | take it at once; by default somebody decides")
    ] = False,
    actor: ActorOption = "",
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """导入来源文件，给出质量报告；加 --take 才收下。

    Read source files and report their quality; they are taken with --take, or later by somebody on the pages.

    例 Examples:

        zhida site import site mapping.yaml enterprises.csv social-security.csv

        zhida site import site mapping.yaml *.csv --take --as wang
    """

    def work() -> dict[str, Any]:
        for path in (mapping, *files):
            if not path.is_file():
                raise SiteError(f"没有文件“{path}”", f"there is no file '{path}'", is_misuse=True)
        with at_work(opened_folder(folder)) as place:
            return place.do("import", actor=actor, mapping=str(mapping.resolve()), files=[str(path.resolve()) for path in files], take=take)

    return _answer(
        work,
        json,
        lang.value,
        lambda done: (
            f"{done['report_zh']}\n{done['rows']:,} 户，状态：{done['state']}，编号 {done['id']}",
            f"{done['report_en']}\n{done['rows']:,} subjects, {done['state']}, {done['id']}",
        ),
    )


@app.command("packs", short_help="收下一版政策包 | take a version of the packs")
def packs(
    folder: FolderArgument,
    packs_folder: Annotated[Path, typer.Argument(metavar="PACKS", help="政策包文件夹 | the folder of the packs")],
    *,
    actor: ActorOption = "",
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """收下一版政策包：有错的不收，收下的一个字节也不再变。

    Take a version of the packs: with errors it is refused, and once taken no byte of it changes.

    例 Examples:

        zhida site packs site packs
    """

    def work() -> dict[str, Any]:
        with at_work(opened_folder(folder)) as place:
            return place.do("packs", actor=actor, folder=str(packs_folder.resolve()))

    return _answer(
        work,
        json,
        lang.value,
        lambda done: (f"已收下 {done['policies']} 项政策：{done['sha256']}", f"{done['policies']} policies taken: {done['sha256']}"),
    )


@app.command("run", short_help="对全部企业评估全部政策 | every policy for every enterprise")
def run(
    folder: FolderArgument, *, as_of: AsOfOption = None, actor: ActorOption = "", json: JsonOption = False, lang: LangOption = Lang.zh
) -> int:
    """对登记册里的全部企业评估全部政策，做完才返回。

    Decide every policy for every enterprise of the registry; returns when it is done.

    例 Examples:

        zhida site run site --as-of 2026-06-30
    """

    def work() -> dict[str, Any]:
        with at_work(opened_folder(folder)) as place:
            return place.do("run", actor=actor, as_of=str(read_as_of(as_of)))

    return _answer(
        work,
        json,
        lang.value,
        lambda done: (
            f"评估完成：{done['as_of']}，编号 {done['id']}，结果 {done['results_sha256']}",
            f"run done: {done['as_of']}, {done['id']}, results {done['results_sha256']}",
        ),
    )


@app.command("verify", short_help="核验审计链、账目、留存的文件 | audit chain, books, kept files")
def verify(folder: FolderArgument, *, json: JsonOption = False, lang: LangOption = Lang.zh) -> int:
    """核验三样东西：审计记录的链没有断，账目平衡且没有透支，留存的每个文件与它的 sha256 相符。有问题时退出码为 1。

    Verify that the chain of audit records is whole, the books balance, and each kept file has the bytes of its name; 1 where not.

    例 Examples:

        zhida site verify site --json
    """
    found: dict[str, Any] = {}

    def work() -> dict[str, Any]:
        with at_work(opened_folder(folder)) as place:
            found.update(place.do("verify"))
        return found

    def text(done: dict[str, Any]) -> tuple[str, str]:
        faults = "\n".join(done["faults"])
        counts = (done["records"], done["accounts"], done["files"])
        return (
            "审计记录 {:,} 条，账户 {:,} 个，文件 {:,} 个：".format(*counts)
            + (f"\n{faults}" if faults else "全部相符")
            + f"\n链尾 {done['head']}",
            "{:,} records, {:,} accounts, {:,} files: ".format(*counts)
            + (f"\n{faults}" if faults else "all is well")
            + f"\nhead {done['head']}",
        )

    code = _answer(work, json, lang.value, text)
    return code or (1 if found.get("faults") else OK)


@app.command("backup", short_help="备份整个站点 | back up the whole site")
def backup(
    folder: FolderArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="备份文件（.tar）| the file to write (.tar)")],
    *,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """把数据库、留存的文件和设置写成一个文件；站点运行中也可以做。里面有密钥和个人信息，请妥善保管。

    Write the database, the kept files and the settings into one file, also while the site runs. Guard it as the site itself.

    例 Examples:

        zhida site backup site /backup/site-2026-06-30.tar
    """
    return _answer(lambda: back_up(opened_folder(folder), out), json, lang.value, _told_archive("已备份", "backed up"))


@app.command("restore", short_help="从备份恢复到空文件夹 | restore a backup into an empty folder")
def restore_site(
    folder: FolderArgument,
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="备份文件 | the backup")],
    *,
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """把备份恢复到一个新的或空的文件夹，并核对审计链尾和全部余额与备份时一致。

    Restore a backup into a new or empty folder, and check that the audit chain's head and all balances are those of the backup.

    例 Examples:

        zhida site restore site-restored /backup/site-2026-06-30.tar
    """
    return _answer(lambda: restore(source, folder), json, lang.value, _told_archive("已恢复", "restored"))


@app.command("export", short_help="导出账目 | write the books for other programs")
def export(
    folder: FolderArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="要写的文件 | the file to write")],
    *,
    book: Annotated[Book, typer.Option("--format", help="格式 | the format")] = Book.beancount,
    actor: ActorOption = "",
    json: JsonOption = False,
    lang: LangOption = Lang.zh,
) -> int:
    """把账目写成 beancount、CSV 或 hledger 日记账，供别的程序核对。

    Write the books as beancount, CSV or an hledger journal, for other programs to check.

    例 Examples:

        zhida site export site books.beancount

        zhida site export site books.csv --format csv
    """

    def work() -> dict[str, Any]:
        with at_work(opened_folder(folder)) as place:
            return place.do("export", actor=actor, format=book.value, out=str(out.resolve()))

    return _answer(work, json, lang.value, lambda done: (f"已写入 {done['out']}", f"written: {done['out']}"))


def _state(person: dict[str, Any]) -> str:
    """Return what a listing says of an account that cannot be used; nothing of others."""
    if person["is_awaited"]:
        return "待第二人确认 to be confirmed"
    return "" if person["is_active"] else "停用 ended"


def _told_archive(zh: str, en: str) -> Callable[[dict[str, Any]], tuple[str, str]]:
    def text(done: dict[str, Any]) -> tuple[str, str]:
        figures = (done["path"], done["records"], done["accounts"], done["files"], done["head"])
        return (
            "{}：{}\n审计记录 {:,} 条，账户 {:,} 个，文件 {:,} 个，链尾 {}".format(zh, *figures),
            "{}: {}\n{:,} records, {:,} accounts, {:,} files, head {}".format(en, *figures),
        )

    return text


def _answer(work: Callable[[], dict[str, Any]], json: bool, language: Language, text: Callable[[dict[str, Any]], tuple[str, str]]) -> int:
    """Do a command's work and print what came of it."""

    def whole() -> None:
        done = work()
        if json:
            print_json(done)
        else:
            typer.echo(words(language, *text(done)))

    return ended(language, whole)


def _password(file: Path | None, language: Language) -> str:
    """Return a password from a file, or asked for twice."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise SiteError(
                f"密码文件“{file}”读不了：{error.strerror}", f"'{file}' cannot be read: {error.strerror}", is_misuse=True
            ) from error
    if not sys.stdin.isatty():
        raise SiteError("没有终端可以询问密码：请用 --password-file", "there is no terminal to ask on: use --password-file", is_misuse=True)
    first = getpass.getpass(words(language, "密码（至少 12 位）：", "password (12 characters or more): "))
    if first != getpass.getpass(words(language, "再输一次：", "once more: ")):
        raise SiteError("两次输入的密码不一样", "the two passwords differ")
    return first
