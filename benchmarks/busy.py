"""What processes use of the processors, from outside; other work on the machine does not count."""

import os
from pathlib import Path


def busy_seconds(server: int, data: Path | None) -> float:
    """Return the seconds of the processors that a server's processes have used so far, and those of the database in a folder."""
    used_by, parents = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            is_database = data is not None and (place / "cwd").readlink() == data
        except OSError:
            continue  # it ended meanwhile
        used_by[int(place.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        parents[int(place.name)] = server if is_database else int(fields[1])
    own = {server}
    while more := {pid for pid, parent in parents.items() if parent in own} - own:
        own |= more
    return sum(used_by.get(pid, 0) for pid in own)
