"""The jobs of the registry."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from zhida_server.registry import uploads

TRIES, PATIENCE = 10, 30
"""How often files are read, and the seconds between: after a full disk or a database that was away."""


@app.task(name=uploads.JOB, retry=RetryStrategy(max_attempts=TRIES, wait=PATIENCE))
def read_upload(upload_id: str) -> None:
    """Read files that were handed in; what cannot be read as its mapping says is refused for good, and says why."""
    uploads.read(UUID(upload_id))
