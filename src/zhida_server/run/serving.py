"""`zhida serve`: the database, the web server and the worker together, until they are asked to end.

used(database) ──> prepare (migrate, collect) ──> [fill the demonstration] ──> web + worker ──> watch ──> end: web, worker, database
"""

import json
import logging
import shlex
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from zhida.errors import Language
from zhida_server.run.folder import SiteFolder, served_alone
from zhida_server.run.place import Place, at_work
from zhida_server.run.processes import Kind, Process, opened_log, python
from zhida_server.run.said import SiteError

LOOK_SECONDS, READY_SECONDS, PAUSE_SECONDS, TRIED_PORTS = 0.25, 90.0, 5.0, 100
"""How often one looks after the processes, how long they may take to be ready, how long after it failed a database is started again,
and how many ports a demonstration tries."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How a site is served."""

    folder: SiteFolder
    """Its folder."""
    host: str
    """The address it listens on."""
    port: int
    """The port, or the first one to try."""
    takes_next_port: bool
    """Whether the next free port is taken where this one is in use."""
    workers: int
    """Processes that answer requests."""
    demo: Path | None
    """The folder of a demonstration to fill it with; None for none."""
    packs: Path
    """The packs of the demonstration."""
    stays: bool
    """Whether it goes on serving once everything is made."""
    language: Language
    """What it speaks."""
    say: Callable[[str, str], None]
    """Says something to whoever started it, in Chinese or in English."""


def serve(order: Serving) -> None:
    """Serve a site until asked to end.

    Raises:
        SiteError: it cannot be served, or a part of it keeps dying.
        KeyboardInterrupt: it was interrupted before it was ready, or twice.
    """
    with served_alone(order.folder):
        port = free_port(order) if order.stays else order.port
        order.say("启动数据库 …", "starting the database …")
        with at_work(order.folder) as place:
            order.say("准备数据库表和样式 …", "preparing tables and styles …")
            place.do("prepare")
            if order.demo is not None:
                place.do("demo", folder=str(order.demo.resolve()), packs=str(order.packs.resolve()), language=order.language)
            if order.stays:
                _Watch(order, place, port).run()
            else:
                _tell_made(order)


def _tell_made(order: Serving) -> None:
    """Say where a site is that was made and is not served, who can log in, and how it is started."""
    _tell_logins(order)
    command = shlex.join([sys.argv[0] if Path(sys.argv[0]).name == "zhida" else "zhida", "serve", str(order.folder.path)])
    order.say(
        f"\n站点已装好：{order.folder.path}\n启动：{command}", f"\nthe site is made: {order.folder.path}\nserve it: {command} --lang en"
    )
    if order.folder.logins.exists():
        order.say(f"启动后打开 {address_of(order.host, order.port)}", f"then open {address_of(order.host, order.port)}")


def address_of(host: str, port: int) -> str:
    """Return where a site is that listens there.

    >>> address_of("::1", 8000)
    'http://[::1]:8000/'
    """
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _tell_logins(order: Serving) -> bool:
    """Say the logins of a demonstration; whether there are any."""
    if not order.folder.logins.exists():
        return False
    text = order.folder.logins.read_text(encoding="utf-8").rstrip()
    order.say(f"\n{text}", f"\n{text}")
    return True


def free_port(order: Serving) -> int:
    """Return a port that nobody listens on.

    Raises:
        SiteError: it is in use, or may not be used.
    """
    for port in range(order.port, order.port + (TRIED_PORTS if order.takes_next_port else 1)):
        family = socket.AF_INET6 if ":" in order.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((order.host, port))
                tried.listen()
            except PermissionError:
                raise SiteError(
                    f"没有权限使用端口 {port}：请用 1024 以上的端口（--port 8000），前面放反向代理",
                    f"port {port} may not be used by you: take one above 1024 (--port 8000) and put a reverse proxy before it",
                ) from None
            except OSError:
                continue
            return port
    raise SiteError(
        f"端口 {order.host}:{order.port} 已被占用或不可用：请停下占用它的程序，或用 --port 另选一个",
        f"{order.host}:{order.port} is in use or not of this machine: stop what listens there, or choose another with --port",
    )


class _Watch:
    """The processes of a site while it is served."""

    def __init__(self, order: Serving, place: Place, port: int) -> None:
        self._order, self._place, self._port = order, place, port
        self._log: logging.Logger = opened_log(order.folder.logs)
        self._asked, self._interrupts = threading.Event(), 0
        self._told: set[str] = set()
        silent = "30" if place.database is None else "0"
        kinds = (
            Kind("web", python("zhida_server.run.web", order.host, str(port), str(order.workers)), 8.0),
            Kind("worker", python("zhida_server.run.worker", silent), 12.0),
        )
        self._processes = [Process(kind, place.environment(), self._log) for kind in kinds]

    def run(self) -> None:
        with self._signals():
            is_in_order = False
            try:
                for process in self._processes:
                    process.start()
                if self._is_ready():
                    self._tell()
                    self._look_after()
                is_in_order = True
            finally:
                self._end(is_hasty=not is_in_order and self._interrupts > 1)
        if self._interrupts > 1:
            raise KeyboardInterrupt

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Hear Ctrl-C and the request to end: once ends in order, twice at once."""

        def hear(_number: int, _frame: FrameType | None) -> None:
            self._interrupts += 1
            self._asked.set()
            if self._interrupts > 1:
                for process in self._processes:
                    process.kill()

        former = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def _is_ready(self) -> bool:
        """Wait until the site answers; not where it is asked to end before."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._asked.wait(LOOK_SECONDS):
            self._revive_database()
            if health(self._order.host, self._port):
                return True
            for process in self._processes:
                if process.revive():
                    raise SiteError(
                        f"{process.kind.name} 反复退出：原因见 {self._order.folder.logs / 'site.log'}",
                        f"{process.kind.name} keeps ending: {self._order.folder.logs / 'site.log'} says why",
                    )
            if time.monotonic() > deadline:
                raise SiteError("网页服务没有应答：原因见 logs/site.log", "the web server does not answer: logs/site.log says why")
        return False

    def _look_after(self) -> None:
        while not self._asked.wait(LOOK_SECONDS):
            self._revive_database()
            for process in self._processes:
                if process.revive() and process.kind.name not in self._told:
                    self._told.add(process.kind.name)
                    self._order.say(
                        f"{process.kind.name} 反复退出，仍在重试：见 logs/site.log", f"{process.kind.name} keeps ending: see logs/site.log"
                    )

    def _revive_database(self) -> None:
        database = self._place.database
        if database is not None and not database.is_alive():
            self._log.warning("database: died; it is started again")
            while not self._asked.is_set():
                try:
                    if database.start(LOOK_SECONDS * 8):
                        return
                    self._log.warning("database: not ready yet")
                except SiteError as error:  # a full disk, perhaps: it is tried again until it does, or somebody ends us
                    self._log.warning("database: %s", error.en)
                    self._order.say(
                        f"数据库暂时起不来，仍在重试：见 {self._order.folder.logs}", "the database does not start, trying on: see the logs"
                    )
                    self._asked.wait(PAUSE_SECONDS)

    def _tell(self) -> None:
        address = address_of(self._order.host, self._port)
        self._log.info("serving %s at %s", self._order.folder.path, address)
        if not _tell_logins(self._order) and self._order.folder.options().get("is_behind_https", True):
            self._order.say(
                "本站只经 https 访问，由前面的反向代理转发（docs/operations.md）；本机试用请把 site.toml 的 is_behind_https 改为 false",
                "this site is reached by https through a reverse proxy (docs/operations.md); to try it here, set is_behind_https = false",
            )
        self._order.say(f"\n站点已启动：{address}    按 Ctrl-C 停止\n", f"\nthe site runs at {address}    Ctrl-C stops it\n")

    def _end(self, *, is_hasty: bool) -> None:
        self._order.say("正在停止 …（再按一次 Ctrl-C 立即停止）", "stopping … (Ctrl-C again stops at once)")
        for process in self._processes:
            process.ask_to_end()
        for process in self._processes:
            process.end(is_hasty=is_hasty)
        self._log.info("web and worker have ended")


def health(host: str, port: int) -> bool:
    """Whether a site that listens there says that it is well."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - a name of it only
    address = f"http://{host}:{port}/healthz"
    assert urlsplit(address).scheme == "http"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(json.load(answer)["database"] == "ok")
    except (urllib.error.URLError, OSError, ValueError, KeyError):
        return False
