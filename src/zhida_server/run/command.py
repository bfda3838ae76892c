"""`zhida serve`: a site, from an empty folder to a running one, with one command."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from zhida.cli.console import FOUND_ERRORS, HELP_OPTIONS, MISUSE, OK, Lang, LangOption, words
from zhida.errors import Language
from zhida_server.run.folder import made_site
from zhida_server.run.said import SiteError
from zhida_server.run.serving import Serving
from zhida_server.run.serving import serve as serve_site

app = typer.Typer(rich_markup_mode="markdown", add_completion=False, context_settings=HELP_OPTIONS)


@app.command("serve", short_help="启动站点：数据库、网页、后台 | start a site: database, pages, jobs")
def serve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="站点文件夹，没有就新建 | the site's folder; made where there is none")],
    *,
    host: Annotated[str, typer.Option("--host", help="监听的地址 | the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="端口 | the port")] = 8000,
    next_port: Annotated[bool, typer.Option("--next-port", help="端口被占用就用下一个 | take the next port where it is in use")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="网页进程数，默认为处理器数 | web processes, as many as processors by default")
    ] = None,
    demo: Annotated[
        Path | None,
        typer.Option("--demo", metavar="OUT", help="用 zhida demo 的结果文件夹装满站点 | fill it with what zhida demo wrote into OUT"),
    ] = None,
    packs: Annotated[Path, typer.Option("--packs", help="演示所用的政策包 | the packs of the demonstration")] = Path("packs"),
    stay: Annotated[bool, typer.Option("--stay/--no-serve", help="装好后继续运行，或停下 | go on serving, or end once all is made")] = True,
    lang: LangOption = Lang.zh,
) -> int:
    """启动一个站点，直到 Ctrl-C：内置 PostgreSQL（设了 DATABASE_URL 就用它）、网页服务、后台作业。

    Start a site and serve it until Ctrl-C: the embedded PostgreSQL (or that of DATABASE_URL), the web server, background jobs.
    What it lacks is made; after a crash it recovers by itself. What the processes say is in DIR/logs/site.log.

    退出码 exit codes: 0 按要求停止 ended as asked, 1 出错 an error, 2 用法不对 misuse, 130 中断 interrupted.

    例 Examples:

        zhida serve site

        zhida serve site --port 8080 --lang en

        DATABASE_URL=postgresql://zhida@db.example/zhida zhida serve site
    """
    language: Language = lang.value

    def work() -> None:
        serve_site(
            Serving(
                made_site(folder, is_demo=demo is not None, name="政策直达（演示）" if demo is not None else "政策直达"),
                host=host,
                port=port,
                takes_next_port=next_port,
                workers=workers or os.cpu_count() or 1,
                demo=demo,
                packs=packs,
                stays=stay,
                language=language,
                say=lambda zh, en: typer.echo(words(language, zh, en), err=True),
            )
        )

    return ended(language, work)


def ended(language: Language, work: Callable[[], None]) -> int:
    """Do a command's work, say why where it cannot go on, and return the exit code."""
    try:
        work()
    except SiteError as error:
        typer.echo(words(language, f"错误：{error.zh}", f"error: {error.en}"), err=True)
        return MISUSE if error.is_misuse else FOUND_ERRORS
    return OK
