"""Time zones of the IANA database: which names exist, and how far each is ahead of UTC at a moment.

Zones are read from the `tzdata` package and never from the operating system, so that every machine gives the same answer.
Moments are a day counted from 1970-01-01 and a second of that day, both plain integers without bounds. `zoneinfo` knows the
years 1 to 9999 only. Nothing is lost: before the first transition that is known a zone has one offset (its local mean time),
so any early day will do; after the last it follows one yearly rule on a calendar that repeats every 400 years, so a late day
is looked up that many years earlier.
"""

from datetime import datetime, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

from zhida.values.calendar import DAYS_PER_CYCLE, days_from_civil

_FIRST_DAY = days_from_civil(400, 1, 1)
_LAST_CYCLE = days_from_civil(8000, 1, 1)
_SECOND = timedelta(seconds=1)
_ORDINAL_OF_EPOCH = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001  a calendar day, not a moment


@cache
def _folder() -> Path:
    """Find the folder of the `tzdata` package."""
    spec = find_spec("tzdata")
    if spec is None or spec.origin is None:
        message = "the package tzdata, which holds the IANA time zones, is not installed"
        raise ModuleNotFoundError(message)
    return Path(spec.origin).parent


@cache
def zone_names() -> frozenset[str]:
    """Return every identifier of the IANA Time Zone Database, links included."""
    return frozenset((_folder() / "zones").read_text(encoding="ascii").split())


def is_zone(name: str) -> bool:
    """Tell whether `name` is an identifier of the IANA Time Zone Database, spelled exactly.

    >>> is_zone("Asia/Shanghai"), is_zone("asia/shanghai"), is_zone("xyz/abc")
    (True, False, False)
    """
    return name in zone_names()


@cache
def _zone(name: str) -> ZoneInfo:
    """Read a zone; only names that `is_zone` accepts may come here, so that no text becomes a path unchecked."""
    with _folder().joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _equivalent(day: int, second: int) -> datetime:
    """Return a moment at which every zone has the same offset as at the given one, in the years that `datetime` can hold."""
    day = max(day, _FIRST_DAY)  # before every transition that is known
    if day >= _LAST_CYCLE:
        day = _LAST_CYCLE + (day - _LAST_CYCLE) % DAYS_PER_CYCLE
    return datetime.fromordinal(day + _ORDINAL_OF_EPOCH) + timedelta(seconds=second)


def _offset(moment: datetime) -> int:
    """Return the seconds by which the zone of `moment` is ahead of UTC."""
    offset = moment.utcoffset()
    assert offset is not None, "a moment with a zone has an offset"
    return offset // _SECOND


def offset_of_local(name: str, day: int, second: int) -> int:
    """Return the offset in seconds, positive east of UTC, of a zone whose clocks show the given day and second of day.

    A reading that occurs twice (clocks set back) means its first occurrence; one that is skipped (clocks set forward) is
    read with the offset before the change.

    >>> offset_of_local("Europe/Paris", days_from_civil(2018, 7, 1), 0)
    7200
    """
    return _offset(_equivalent(day, second).replace(tzinfo=_zone(name)))


def offset_of_instant(name: str, day: int, second: int) -> int:
    """Return the offset in seconds, positive east of UTC, of a zone at the given day and second of day in UTC."""
    zone = _zone(name)
    return _offset(zone.fromutc(_equivalent(day, second).replace(tzinfo=zone)))


@cache
def standard_offset(name: str) -> int:
    """Return the offset in seconds that a zone keeps in winter, by the last rule known for it: for a time of day without a date.

    >>> standard_offset("Europe/Paris"), standard_offset("Australia/Melbourne")
    (3600, 36000)
    """
    january, july = days_from_civil(8000, 1, 1), days_from_civil(8000, 7, 1)
    return min(offset_of_local(name, january, 0), offset_of_local(name, july, 0))
