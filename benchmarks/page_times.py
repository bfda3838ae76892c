"""How long the enterprise's page takes under fifty users at once, beside a bare page of the same framework in the same run.

    python benchmarks/page_times.py                          the demonstration's 9,000 enterprises in a site of its own, removed at the end
    python benchmarks/page_times.py --rows 100000            more of them
    python benchmarks/page_times.py --sources build/x        source files that `zhida registry synthesize` wrote
    python benchmarks/page_times.py --site build/night/site  a demonstration site that is there, such as one of `nightly_run.py --folder`

Fifty representatives, each logged in for an enterprise of their own, keep one connection each and ask for their page: first with a second
of thinking between two pages, then without a pause, which is how much the machine can do at all; the medians of several turns count.
The server, its database (fsync on) and
the users share the machine. What server and database use of the processors for a page stands beside the times, since other work on the
machine makes only the latter longer. The bare page has no database, no login and one short template; the same program serves it.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from busy import busy_seconds
from goals import Goal, tell
from nightly_run import sources_in

from zhida_server.run.folder import made_site, opened_folder
from zhida_server.run.postgres import used
from zhida_server.run.web import THREADS

ROOT = Path(__file__).parent.parent
WORKERS = Path(__file__).parent / "workers"
ROWS, USERS, SECONDS, TURNS = 9_000, 50, 10, 3
GOAL_MS = 150
THINKING_S = 1.0
READY_S = 60


@dataclass(frozen=True)
class Visit:
    """Whose page is asked for."""

    path: str
    """The address of the page."""
    cookie: str
    """What says who asks."""


@dataclass(frozen=True)
class Served:
    """A server that is measured."""

    port: int
    """Where it listens."""
    pid: int
    """Its first process."""
    data: Path | None
    """The folder of its database, whose processes count as its own; None where it has none."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@contextmanager
def served(command: Sequence[str], port: int, environment: dict[str, str], data: Path | None = None) -> Iterator[Served]:
    """Start a server and wait until it answers; it is stopped at the end."""
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + READY_S
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert server.poll() is None, "the server ended"
                    assert time.monotonic() < deadline, f"the server did not answer within {READY_S} s"
                    time.sleep(0.1)
            yield Served(port, server.pid, data)
        finally:
            server.terminate()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, visit: Visit) -> tuple[int, int]:
    """Ask for a page over a connection that stays open; returns its status and length."""
    cookie = f"Cookie: {visit.cookie}\r\n" if visit.cookie else ""
    writer.write(f"GET {visit.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    if "content-length" in fields:
        return status, len(await reader.readexactly(int(fields["content-length"])))
    length = 0
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        length += len(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return status, length


async def user(port: int, visit: Visit, thinking_s: float, until: float, dice: random.Random) -> list[float]:
    """Ask for a page again and again; returns how long each took, in milliseconds."""
    times = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(dice.random() * thinking_s)  # users do not begin in step
    while time.monotonic() < until:
        start = time.perf_counter()
        status, length = await ask(reader, writer, visit)
        times.append((time.perf_counter() - start) * 1000)
        assert status == 200, f"{visit.path} answered {status}"
        assert length > 0
        if thinking_s:
            await asyncio.sleep(thinking_s * (0.5 + dice.random()))
    writer.close()
    return times


async def crowd(port: int, visits: Sequence[Visit], thinking_s: float, seconds: float) -> list[float]:
    """Let all users ask at once; returns how long each page took, in milliseconds, the quickest first."""
    until = time.monotonic() + seconds
    dice = random.Random(11)  # noqa: S311 - a sample
    found = await asyncio.gather(*(user(port, visit, thinking_s, until, dice) for visit in visits))
    return sorted(took for times in found for took in times)


def measured(what: str, server: Served, visits: Sequence[Visit], thinking_s: float, seconds: float) -> float:
    """Measure and print a line of the table; returns the 95th percentile in milliseconds."""
    before = busy_seconds(server.pid, server.data)
    times = asyncio.run(crowd(server.port, visits, thinking_s, seconds))
    each = (busy_seconds(server.pid, server.data) - before) * 1000 / len(times)
    middle, slow = times[len(times) // 2], times[len(times) * 95 // 100]
    print(f"{what:<44}{len(times):>8,}{len(times) / seconds:>10.1f}{middle:>10.1f}{slow:>10.1f}{times[-1]:>10.1f}{each:>10.2f}", flush=True)
    return slow


def compare(site: Served, bare: Served, visits: Sequence[Visit], seconds: float, turns: int) -> None:
    """Measure the site beside the bare page in turns, with thinking and without; tells the median of the turns."""
    nobody = [Visit("/", "") for _ in visits]
    for server, whose in ((bare, nobody), (site, visits)):
        asyncio.run(crowd(server.port, whose, 0, 2))  # what a process reads once
    print(f"load {' '.join(f'{each:.1f}' for each in os.getloadavg())} on {os.cpu_count()} processors; {len(visits)} users")
    print(f"{'':<44}{'pages':>8}{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}{'cpu ms':>10}")
    found = []
    for thinking_s in (THINKING_S, 0) * turns:
        how = "a second of thinking" if thinking_s else "no pause"
        plain = measured(f"a bare page, {how}", bare, nobody, thinking_s, seconds)
        ours = measured(f"the enterprise's page, {how}", site, visits, thinking_s, seconds)
        print(f"{'':<44}{ours / plain:.1f} times the bare page at the 95th percentile", flush=True)
        found += [(ours, ours / plain)] if thinking_s else []
    ours, times = (statistics.median(each) for each in zip(*found, strict=True))
    zh = f"企业页面，{len(visits)} 人同时用、每看一页想一秒：95% 的页面在多久以内（空白 Django 页面的 {times:.0f} 倍）"
    en = f"an enterprise's page, {len(visits)} users with a second of thinking, 95th percentile ({times:.0f} times a bare Django page)"
    tell(Goal(zh, ours / 1000, GOAL_MS / 1000, (1e-3, "ms"), en))


def main() -> None:
    """Make a site where none is given, serve it, and measure."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=ROWS)
    asked.add_argument("--sources", type=Path)
    asked.add_argument("--site", type=Path)
    asked.add_argument("--users", type=int, default=USERS)
    asked.add_argument("--seconds", type=float, default=SECONDS)
    asked.add_argument("--turns", type=int, default=TURNS)
    given = asked.parse_args()
    processes = str(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="pages-") as temporary:
        folder = opened_folder(given.site.resolve()) if given.site else made_site(Path(temporary) / "site", is_demo=True)
        sources = given.sources or (Path(temporary) if given.site else sources_in(Path(temporary) / "sources", given.rows))
        with used(folder) as database:
            environment = os.environ | {"ZHIDA_SITE": str(folder.path), "DATABASE_URL": database.address}
            environment["DJANGO_SETTINGS_MODULE"] = "zhida_server.settings"
            made = [sys.executable, str(WORKERS / "visits.py"), str(sources), str(given.users)]
            told = subprocess.run(made, check=True, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
            visits = [Visit(**each) for each in json.loads(told)]
            ports = free_port(), free_port()
            site = [sys.executable, "-m", "zhida_server.run.web", "127.0.0.1", str(ports[0]), processes]
            bare = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(ports[1])]
            bare += ["--workers", processes, "--blocking-threads", str(THREADS), "--no-ws", "bare_page:application"]
            with (
                served(site, ports[0], environment, folder.database) as here,
                served(bare, ports[1], os.environ | {"PYTHONPATH": str(WORKERS)}) as there,
            ):
                compare(here, there, visits, given.seconds, given.turns)


if __name__ == "__main__":
    main()
