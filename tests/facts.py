"""Which worked examples of a sheet of facts the packs do not carry: nothing that was found out is left behind.

    python -m tests.facts SHEET [--packs packs]          or: make facts FILE=SHEET

A sheet is Markdown: `## 19 …` opens section 19, and in it a table whose first two header cells are `#` and `输入…` holds worked
examples, numbered. Example 4 of section 19 is carried by every example of a policy, or of a page of stacking, whose id is `19#4`,
or `19#4a`, `19#4b` where it holds several cases. What cannot be carried stands with its reason in `packs/facts.md` (a table with
`事实` top-left); a reason for what is carried after all, or for what is not in the sheet, is a fault as well. Exit code 0: nothing
is left behind, 1: something is, 2: misuse.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zhida.errors import InputError
from zhida.policy.document import Table, parse, read_source
from zhida.policy.pack import Packs, load_packs
from zhida.source import Source

REASONS = "facts.md"
"""The file of a folder of packs that says why a worked example is not carried."""


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A worked example of the sheet."""

    id: str
    """`section#row`."""
    line: int
    """Its line in the sheet."""
    words: str
    """Its cells."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of a sheet the packs carry."""

    carried: Mapping[str, tuple[str, ...]]
    """Policies, and pages of stacking, that carry a worked example, by its id."""
    excused: Mapping[str, str]
    """Reasons, by the id of what is not carried."""
    lacking: tuple[WorkedExample, ...]
    """What is neither carried nor excused."""
    idle: tuple[str, ...]
    """Ids of reasons that nothing needs."""


def worked_examples(text: str) -> tuple[WorkedExample, ...]:
    """Return the worked examples of a sheet.

    >>> [item.id for item in worked_examples("## 5 税\\n| # | 输入 | 期望 |\\n|---|---|---|\\n| 1 | 甲 | 乙 |\\n| 2 | 丙 | 丁 |\\n")]
    ['5#1', '5#2']
    """
    found: list[WorkedExample] = []
    section, in_table = "", False
    for number, line in enumerate(text.splitlines(), 1):
        heading = re.match(r"##\s+(\d+)\s", line)
        if heading or re.match(r"#{1,2}\s", line):
            section = heading[1] if heading else ""
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            in_table = False
        elif cells[0] == "#":
            in_table = len(cells) > 1 and cells[1].startswith("输入")
        elif in_table and section and cells[0].isdigit():
            found.append(WorkedExample(f"{section}#{cells[0]}", number, " → ".join(cells[1:])))
    return tuple(found)


def coverage(sheet: str, packs: Packs, reasons: Mapping[str, str]) -> Coverage:
    """Compare a sheet with what packs carry.

    Args:
        sheet: The text of the sheet.
        packs: The packs.
        reasons: Why worked examples are not carried, by their ids.
    """
    carried: dict[str, list[str]] = {}
    shown = [(policy.id, example.id) for policy in packs.policies.values() for example in policy.tangled.examples]
    shown += [(item.example.span.source.name, item.id) for item in packs.stacking_examples]
    for place, id_ in shown:
        if found := re.fullmatch(r"(\d+#\d+)[a-z]?", id_):
            carried.setdefault(found[1], [])
            if place not in carried[found[1]]:
                carried[found[1]].append(place)
    known = {item.id: item for item in worked_examples(sheet)}
    idle = [id_ for id_ in reasons if id_ in carried or id_ not in known]
    lacking = tuple(item for id_, item in known.items() if id_ not in carried and id_ not in reasons)
    return Coverage(
        {id_: tuple(policies) for id_, policies in carried.items() if id_ in known},
        {id_: reason for id_, reason in reasons.items() if id_ not in idle},
        lacking,
        tuple(idle),
    )


def read_reasons(source: Source) -> dict[str, str]:
    """Return the reasons of a file, by the ids that they are about."""
    rows = [
        row
        for block in parse(source).blocks
        if isinstance(block, Table) and block.header and block.header[0].text == "事实"
        for row in block.rows
    ]
    return {row[0].text: row[1].text for row in rows if row[0].text and len(row) > 1 and row[1].text}


def main(arguments: list[str] | None = None) -> int:
    """Print what is lacking; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.facts", description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("sheet", type=Path, help="事实清单 | the sheet of facts")
    parser.add_argument("--packs", type=Path, default=Path("packs"), help="政策包 | the packs (default: packs)")
    chosen = parser.parse_args(arguments)
    try:
        sheet = chosen.sheet.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print(f"读不到事实清单 / cannot read the sheet of facts: {chosen.sheet}: {error}", file=sys.stderr)
        return 2
    try:
        packs = load_packs(chosen.packs)
        reasons = read_reasons(read_source(chosen.packs / REASONS, REASONS)) if (chosen.packs / REASONS).is_file() else {}
    except InputError as error:
        print(f"读不到政策包 / cannot read the packs: {error}", file=sys.stderr)
        return 2
    found = coverage(sheet, packs, reasons)
    for id_, reason in found.excused.items():
        print(f"{id_:<7} 没有例，理由 / no example, because: {reason}")
    for item in found.lacking:
        print(f"{chosen.sheet}:{item.line}: {item.id} 没有例 / has no example: {item.words}")
    for id_ in found.idle:
        print(f"{chosen.packs / REASONS}: {id_} 的理由已无用 / needs no reason any more")
    total = len(found.carried) + len(found.excused) + len(found.lacking)
    if not total:
        print(f"{chosen.sheet}: 没有算例 / no worked examples were found", file=sys.stderr)
        return 2
    print(
        f"{total} 个算例：{len(found.carried)} 个有例，{len(found.excused)} 个有理由，{len(found.lacking)} 个缺 / "
        f"{total} worked examples: {len(found.carried)} carried, {len(found.excused)} excused, {len(found.lacking)} lacking"
    )
    return 1 if found.lacking or found.idle else 0


if __name__ == "__main__":
    sys.exit(main())
