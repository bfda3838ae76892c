"""What a site does by its own clock: the nightly run, jobs whose worker was killed are put back, what nobody needs is removed."""

import logging
import re
from datetime import UTC, datetime, tzinfo

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from procrastinate.contrib.django import app

from zhida_server.entitlements import service as entitlements
from zhida_server.people.data import job_actor

LOG = logging.getLogger(__name__)
SILENT_SECONDS = 30.0
"""A worker that has not been heard of for so long is gone."""
KEPT_HOURS = 7 * 24
"""For so long what became of a job that was done can be looked up."""
TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def cron_of(time: str, zone: tzinfo) -> str | None:
    """Return the daily moment of a site's clock as the scheduler writes it, which counts in UTC; None for never.

    >>> cron_of("01:30", timezone.get_default_timezone()), cron_of("", UTC)
    ('30 17 * * *', None)
    """
    found = TIME.fullmatch(time.strip())
    if found is None:
        return None
    moment = datetime(2026, 1, 1, int(found[1]), int(found[2]), tzinfo=zone).astimezone(UTC)
    return f"{moment.minute} {moment.hour} * * *"


async def put_back(silent_seconds: float) -> int:
    """Put jobs back whose worker is gone, and return how many they are."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent_seconds))
    for job in stalled:
        LOG.warning("the worker of job %s (%s) is gone: it is done again", job.id, job.task_name)
        await app.job_manager.retry_job(job)
    return len(stalled)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="put-back", pass_context=False)
async def put_back_stalled(timestamp: int) -> None:
    """Put jobs back whose worker is gone."""
    assert timestamp
    await put_back(SILENT_SECONDS)


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="remove-old", pass_context=False)
async def remove_old(timestamp: int) -> None:
    """Remove jobs that were done long ago, and logins that are over: each minute and each visit would leave a row for good."""
    assert timestamp
    await app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS)
    await sync_to_async(call_command)("clearsessions")


@app.task(queueing_lock="nightly")
def nightly(timestamp: int) -> None:
    """Decide every policy for everybody as of today."""
    assert timestamp
    entitlements.start_run(job_actor("nightly"), timezone.localdate())


if (_cron := cron_of(str(settings.NIGHTLY_AT), timezone.get_default_timezone())) is not None:
    app.periodic(cron=_cron)(nightly)
