"""The jobs of delivery: the lines of a notice are granted; every day notices that ran out are closed, and who waits is served."""

from uuid import UUID

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from zhida_server.delivery import notices, waiting
from zhida_server.people.data import job_actor

TRIES, PATIENCE = 10, 30
"""How often a job is tried, and the seconds between: after a full disk or a database that was away."""

DAILY = "10 16 * * *"
"""Ten past midnight in Beijing; the scheduler counts in UTC."""

DAILY_JOB = "delivery.close_notices"
"""The name of the daily job."""


@app.task(name=notices.GRANT_JOB, retry=RetryStrategy(max_attempts=TRIES, wait=PATIENCE))
def grant_lines(notice_id: str) -> None:
    """Grant the lines of a notice; it goes on where it stopped."""
    notices.grant_lines(UUID(notice_id), on=timezone.localdate())


@app.periodic(cron=DAILY)
@app.task(name=DAILY_JOB, queueing_lock=DAILY_JOB, retry=RetryStrategy(max_attempts=TRIES, wait=PATIENCE))
def close_notices(timestamp: int) -> None:
    """Close the notices whose last day is over, serve those who wait, and go on with notices whose own job was given up."""
    assert timestamp
    today, actor = timezone.localdate(), job_actor("delivery")
    notices.close_notices(actor, today)
    waiting.grant_waiting(actor, on=today)
    for notice_id in notices.unfinished():
        notices.grant_lines(notice_id, on=today)
