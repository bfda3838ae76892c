"""The background worker: `python -m zhida_server.run.worker SECONDS`, started and ended by `zhida serve`.

A job whose worker was killed is done again: at the start, each job that is marked as being done by a worker which has not been heard
of for SECONDS is put back (0 where this is the only worker there can be), and so again each minute.
"""

import asyncio
import sys

import django

django.setup()

from procrastinate.contrib.django import app  # noqa: E402 - the framework is set up first
from procrastinate.contrib.django.django_connector import DjangoConnector  # noqa: E402

from zhida.registry_io.engine import engine_version  # noqa: E402
from zhida_server.run import jobs  # noqa: E402
from zhida_server.run.parent import end_with_parent  # noqa: E402

GRACE_SECONDS = 8.0
"""How long a job may go on once the worker was asked to end."""


async def work(silent_seconds: float) -> None:
    """Do jobs until asked to end."""
    async with app.open_async():
        await jobs.put_back(silent_seconds)
        await app.run_worker_async(
            name="zhida",
            concurrency=1,
            shutdown_graceful_timeout=GRACE_SECONDS,
            fetch_job_polling_interval=2.0,
            update_heartbeat_interval=5.0,
        )


def main() -> None:
    """Do jobs with connections of the worker's own."""
    end_with_parent()
    engine_version()  # as this process has it, whatever is installed in its place later
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    with app.replace_connector(connector.get_worker_connector()):
        asyncio.run(work(float(sys.argv[1])))


if __name__ == "__main__":
    main()
