"""A site at work: its folder, the address of its database, and acts that are done inside it by a process of their own.

What needs the framework is done in `zhida_server.run.inside`, which is started with the site's folder and database in its environment;
so the commands themselves start at once and may speak before there is a database.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import psycopg

from zhida_server.run.folder import SiteFolder
from zhida_server.run.postgres import Postgres, used
from zhida_server.run.processes import python, run_to_end
from zhida_server.run.said import SiteError

ANSWER_SECONDS = 10
"""How long a server that DATABASE_URL names may take to answer."""

NEEDED = ("django", "allauth", "django_htmx", "granian", "procrastinate", "whitenoise")
"""What the site's processes need."""


@dataclass(frozen=True, slots=True)
class Place:
    """A site whose database answers."""

    folder: SiteFolder
    """Its folder."""
    address: str
    """The address of its database."""
    database: Postgres | None
    """The embedded database; None where DATABASE_URL names another."""

    def environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        return {
            **os.environ,
            "ZHIDA_SITE": str(self.folder.path),
            "DATABASE_URL": self.address,
            "DJANGO_SETTINGS_MODULE": "zhida_server.settings",
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
        }

    def do(self, act: str, **given: object) -> dict[str, Any]:
        """Have an act done inside the site and return what came of it.

        Args:
            act: One of `zhida_server.run.inside.ACTS`.
            given: What it needs, as JSON has it.

        Raises:
            SiteError: it was refused, or failed.
        """
        code, out = run_to_end(python("zhida_server.run.inside", act), self.environment(), json.dumps(given))
        try:
            answer: dict[str, Any] = json.loads(out.strip().rpartition("\n")[2])
        except json.JSONDecodeError:
            answer = {}
        if "refused" in answer:
            raise SiteError(answer["refused"]["zh"], answer["refused"]["en"])
        if code:
            raise SiteError(f"“{act}”没有做成（退出码 {code}），原因见上文", f"'{act}' failed (exit code {code}); the reason is above")
        return answer


@contextmanager
def at_work(folder: SiteFolder) -> Iterator[Place]:
    """Give a site with its database: that of DATABASE_URL where it is set, else the embedded one, started if need be.

    Raises:
        SiteError: a package is missing, or the database does not start.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SiteError(
            f"缺少软件包 {'、'.join(missing)}：请运行 pip install 'zhida[server]'",
            f"packages are missing ({', '.join(missing)}): run pip install 'zhida[server]'",
        )
    address = os.environ.get("DATABASE_URL", "")
    if address:
        _refuse_silence(address)
        yield Place(folder, address, None)
        return
    with used(folder) as own:
        yield Place(folder, own.address, own)


def _refuse_silence(address: str) -> None:
    """Refuse an address of a database that does not answer, with the reason and without the password in it."""
    try:
        psycopg.connect(address, connect_timeout=ANSWER_SECONDS).close()
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        if password := urlsplit(address).password:
            said = said.replace(password, "***")
        raise SiteError(
            f"DATABASE_URL 所指的数据库连不上：{said}；请检查地址、账号，以及数据库是否已经建好",
            f"the database that DATABASE_URL names cannot be reached: {said}; check the address, the account, and that it was made",
        ) from None
