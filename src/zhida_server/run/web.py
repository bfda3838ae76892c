"""The web server: `python -m zhida_server.run.web HOST PORT WORKERS`, started and ended by `zhida serve`."""

import sys

from granian.constants import Interfaces
from granian.server import Server

from zhida_server.run.parent import end_with_parent

THREADS = 8
"""Requests that one process answers at the same time; each thread holds a connection to the database."""


def serve(host: str, port: int, workers: int) -> None:
    """Serve the site until asked to end."""
    end_with_parent()
    Server(
        "zhida_server.run.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=4,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
