"""The jobs of entitlements."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from zhida.errors import ZhidaError
from zhida_server.entitlements import runs
from zhida_server.files import DamagedFileError

TRIES, PATIENCE = 10, 30
"""How often a run is tried, and the seconds between: after a full disk or a database that was away."""


@app.task(name=runs.JOB, lock=runs.JOB, retry=RetryStrategy(max_attempts=TRIES, wait=PATIENCE))
def run(run_id: str) -> None:
    """Work on a run until it is done. What cannot be decided has failed for good and says so in its record; all else is tried again."""
    try:
        runs.run_now(UUID(run_id))
    except (ZhidaError, DamagedFileError):
        return


@app.task(name=runs.REPEAT_JOB, lock=runs.JOB, retry=RetryStrategy(max_attempts=TRIES, wait=PATIENCE))
def repeat(repetition_id: str) -> None:
    """Decide a run again until that is done; what cannot be read has failed for good and says so."""
    try:
        runs.repeat_now(UUID(repetition_id))
    except (ZhidaError, DamagedFileError):
        return
