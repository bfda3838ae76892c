"""The site as the web server calls it, and a page that says whether it is well.

`/healthz` is answered before anything else, so that a monitor needs no host name, no https and no login.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, InterfaceError, connection

from zhida.registry_io.engine import engine_version
from zhida_server.run.parent import end_with_parent

end_with_parent()
engine_version()  # as this process has it, whatever is installed in its place later
_SITE = get_wsgi_application()

Environ = dict[str, object]
Start = Callable[..., Any]


def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer a request."""
    if environ.get("PATH_INFO") == "/healthz":
        return _health(start_response)
    answer: Iterable[bytes] = _SITE(environ, start_response)
    return answer


def _health(start_response: Start) -> list[bytes]:
    """Say whether this process and its database answer: 200, or 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        status, is_well = "200 OK", True
    except (DatabaseError, InterfaceError):
        connection.close()
        status, is_well = "503 Service Unavailable", False
    body = json.dumps({"process": "ok", "database": "ok" if is_well else "unreachable", "framework": django.get_version()}).encode()
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
