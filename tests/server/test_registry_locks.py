import psycopg
import pytest

TELL = "INSERT INTO registry_attribute (code, name, value, source, since, by) VALUES ('A1', '甲', '1', 'x', '2026-01-01', 'x')"


def test_two_who_tell_the_same_at_once_wait_for_each_other(own_database: str) -> None:
    with psycopg.connect(own_database) as one, psycopg.connect(own_database) as other:
        one.execute(TELL)
        other.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(TELL)
        other.rollback()
        one.commit()
        with pytest.raises(psycopg.errors.ExclusionViolation):
            other.execute(TELL)
