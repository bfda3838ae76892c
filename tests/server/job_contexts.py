"""What a job is told of itself, for tests that do it without a worker."""

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Job


def tried(attempts: int = 0) -> JobContext:
    """Return what a job is told that was tried in vain so often."""
    job = Job(queue="default", lock=None, queueing_lock=None, task_name="test", attempts=attempts)
    return JobContext(app=app, job=job, start_timestamp=0.0, abort_reason=lambda: None)
