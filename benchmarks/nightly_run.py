"""How long a site's night takes: every policy for a hundred thousand enterprises in the embedded database, then twenty thousand grants.

    python benchmarks/nightly_run.py                          made data, a site of its own, everything removed at the end
    python benchmarks/nightly_run.py --rows 9000              fewer enterprises
    python benchmarks/nightly_run.py --sources build/x        source files that `zhida registry synthesize` wrote
    python benchmarks/nightly_run.py --folder build/nightly   keep the site, and take it up again

The database is the one that `zhida serve` starts: it writes through to the disk (fsync) before it says that something is kept. The night is
timed from the order to the answers on the pages: snapshot, assessment, the best lawful combinations, answers. The processor's seconds
are printed beside those of the clock: other work on the machine makes the latter longer.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from zhida.registry_io.synthetic import write_district
from zhida.registry_io.synthetic_district import read_district
from zhida_server.run.folder import made_site
from zhida_server.run.postgres import used

ROOT = Path(__file__).parent.parent
WORKER = Path(__file__).parent / "workers" / "nightly.py"
ROWS, GRANTS, NIGHTS = 100_000, 20_000, 3
DEMO_ROWS = 9_001
"""Enterprises of the demonstration's district, with the one that is there twice."""
COUNTED = ("年度智算合同实际额", "依托备案大模型", "生成式多模态基础大模型企业", "从事限制或禁止行业")
"""Facts of which the district says how many have them."""


def scaled(text: str, times: int) -> str:
    """Return the parameters of the demonstration's district for one that is so many times as large."""

    def many(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2]) * times}"

    text = text.replace(f"enterprises: {DEMO_ROWS}", f"enterprises: {DEMO_ROWS * times}")
    text = re.sub(r"((?:人|以上): )([0-9]+)(?=[,}])", many, text)
    text = re.sub(r"(holders: )([0-9]+)", many, text)
    for name in COUNTED:
        text = re.sub(rf"(?m)^(    {name}: )([0-9]+)$", many, text, count=1)
    return text


def sources_in(folder: Path, rows: int) -> Path:
    """Make the source files of a district, unless they are there; returns their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("*.csv")):
        parameters = folder / "district.yaml"
        text = (ROOT / "examples/demo/district.yaml").read_text(encoding="utf-8")
        parameters.write_text(scaled(text, max(round(rows / DEMO_ROWS), 1)), encoding="utf-8")
        write_district(read_district(parameters), folder)
    return folder


def main() -> None:
    """Make a site and measure a night of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=ROWS)
    asked.add_argument("--grants", type=int, default=GRANTS)
    asked.add_argument("--nights", type=int, default=NIGHTS, help="the median counts")
    asked.add_argument("--sources", type=Path)
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--repeat", action="store_true", help="decide the run again from its record, and compare the bytes")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="night-") as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        sources = given.sources or sources_in(folder / "sources", given.rows)
        site = made_site(folder / "site", is_demo=True)
        with used(site) as server:
            environment = os.environ | {"ZHIDA_SITE": str(site.path), "DATABASE_URL": server.address}
            environment |= {"DJANGO_SETTINGS_MODULE": "zhida_server.settings", "PYTHONPATH": str(WORKER.parent.parent)}
            command = [
                sys.executable,
                str(WORKER),
                str(sources),
                str(given.grants),
                str(given.nights),
                *(["--repeat"] if given.repeat else []),
            ]
            subprocess.run(command, check=True, env=environment, cwd=ROOT)


if __name__ == "__main__":
    main()
