"""Where the user's own cache stands."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "ZHIDA_CACHE"
"""The environment variable that names the folder; an empty one means none."""


def cache_folder(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path | None:
    """Return the folder of the cache; None where there is to be none.

    Args:
        environment: The environment variables, those of the process by default.
        platform: As `sys.platform`.

    >>> cache_folder({"ZHIDA_CACHE": ""}) is None
    True
    >>> cache_folder({"XDG_CACHE_HOME": "/var/cache"}, "linux").as_posix()
    '/var/cache/zhida'
    """
    given = os.environ if environment is None else environment
    if VARIABLE in given:
        return Path(given[VARIABLE]) if given[VARIABLE] else None
    if platform == "win32":
        return Path(given["LOCALAPPDATA"]) / "zhida" if "LOCALAPPDATA" in given else None
    if platform == "darwin":
        return Path("~/Library/Caches/zhida").expanduser()
    return Path(given.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "zhida"
