"""The jobs of the registry."""

from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from zhida_server.registry import uploads

TRIES, PATIENCE = 10, 30
"""How often files are read again, and the seconds between: after a full disk or a database that was away."""


@app.task(name=uploads.JOB, retry=RetryStrategy(max_attempts=TRIES, wait=PATIENCE), pass_context=True)
def read_upload(context: JobContext, upload_id: str) -> None:
    """Read files that were handed in; what cannot be read as its mapping says, or was tried in vain, is refused for good, and says why."""
    try:
        uploads.read(UUID(upload_id))
    except Exception as error:
        if context.job.attempts >= TRIES:
            uploads.give_up(UUID(upload_id), error)
        raise
