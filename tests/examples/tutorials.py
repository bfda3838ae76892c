"""Pages that teach by writing policies: what they say is done, file by file, and checked where they check.

A block `markdown PATH` adds to a file; with 试 behind the path it is there for the next check only. A block `text 检查` is all that
`zhida check` says at that point.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from zhida.assess.examples import run_examples
from zhida.entitle.examples import run_stacking_examples
from zhida.policy.pack import load_packs
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 1)
"""The day of a check."""


@dataclass
class Tutorial:
    """The files as far as the page has written them, and what it says on the way."""

    root: Path
    expected: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def follow(self, page: str) -> None:
        """Write what a page says, and check where it does."""
        tried: list[tuple[Path, str]] = []
        for _, language, words, body in re.findall(r"^(````?)(markdown|text) (\S.*)\n((?:.*\n)*?)\1$", page, re.MULTILINE):
            if language == "text":
                self.expected.append(body.strip())
                self.found.append(self.check())
                for path, text in tried:
                    path.write_text(text, encoding="utf-8")
                tried = []
                continue
            name, _, is_tried = words.partition(" ")
            path = self.root / name
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            if is_tried:
                tried.append((path, before))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(before + body, encoding="utf-8")

    def check(self) -> str:
        """Return all that a check says now."""
        packs = load_packs(self.root / "packs")
        found = list(packs.diagnostics)
        for policy in packs.policies.values():
            if policy.is_sound:
                found += [item for result in run_examples(packs, policy, as_of=AS_OF) for item in result.diagnostics]
        found += [item for result in run_stacking_examples(packs, as_of=AS_OF) for item in result.diagnostics]
        return "\n\n".join(item.render("zh") for item in found).replace(f"{self.root}/", "")
