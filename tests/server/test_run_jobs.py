import datetime as dt

from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.utils import timezone

from zhida_server.run import jobs

JOB = """WITH job AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, status, args) VALUES ('q', %s, 0, 'succeeded', '{}') RETURNING id
) INSERT INTO procrastinate_events (job_id, type, at) SELECT id, 'succeeded', %s FROM job"""


def test_jobs_done_long_ago_and_logins_that_are_over_are_removed(own_database: str) -> None:
    assert own_database
    now, logins = timezone.now(), SessionStore.get_model_class().objects
    with connection.cursor() as cursor:
        for name, days in (("old", 8), ("new", 6)):
            cursor.execute(JOB, [name, now - dt.timedelta(days)])
    for name, hours in (("over", -1), ("open", 1)):
        logins.create(session_key=name, session_data="", expire_date=now + dt.timedelta(hours=hours))
    async_to_sync(jobs.remove_old.func)(1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs")
        assert cursor.fetchall() == [("new",)]
    assert [each.pk for each in logins.all()] == ["open"]
