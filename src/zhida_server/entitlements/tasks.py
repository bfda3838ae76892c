"""The jobs of entitlements."""

from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.retry import RetryDecision

from zhida_server.entitlements import runs
from zhida_server.entitlements.data import RunInProgress

TRIES, PATIENCE = 10, 30
"""How often a run is tried again, and the seconds between: after a full disk or a database that was away."""


class Patient(RetryStrategy):
    """Tries again as often as it must while another run is worked on, which ends some time; else as often as it may."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Say when a job is tried again; None for not any more."""
        if isinstance(exception, RunInProgress):
            return RetryDecision(retry_in={"seconds": self.wait})
        return super().get_retry_decision(exception=exception, job=job)


@app.task(name=runs.JOB, lock=runs.JOB, retry=Patient(max_attempts=TRIES, wait=PATIENCE), pass_context=True)
def run(context: JobContext, run_id: str) -> None:
    """Work on a run until it is done. What cannot be decided has failed for good and says so in its record; all else is tried again."""
    try:
        runs.run_now(UUID(run_id), is_last_try=context.job.attempts >= TRIES)
    except Exception as error:
        if not runs.is_for_good(error):
            raise


@app.task(name=runs.REPEAT_JOB, lock=runs.JOB, retry=Patient(max_attempts=TRIES, wait=PATIENCE), pass_context=True)
def repeat(context: JobContext, repetition_id: str) -> None:
    """Decide a run again until that is done; what cannot be read, or was tried in vain, has failed for good and says so."""
    try:
        runs.repeat_now(UUID(repetition_id), is_last_try=context.job.attempts >= TRIES)
    except Exception as error:
        if not runs.is_for_good(error):
            raise
