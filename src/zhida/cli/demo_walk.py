"""What follows the assessment in `zhida demo`: each step is a command that anybody can type, run as it would be typed.

combine ──> allocate        who gets how much, who is paid when
next                        who is one step away
simulate                    what a change would cost
notices                     who hears of a new policy
"""

import io
import shlex
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import typer

from zhida.cli import run
from zhida.cli.console import OK, words, write_text
from zhida.entitle.simulation.thresholds import thresholds_of
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.values.numbers import format_number
from zhida.values.temporal import Date

SHOWN = 9
"""Lines of each answer that are shown; the whole of it is kept beside the files."""

MORE = Decimal("1.2")
"""By how much the figure that is changed grows."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the walk."""

    name: str
    """The command, and the folder of what it writes."""
    zh: str
    """What it is for."""
    en: str
    """The same in English."""
    arguments: tuple[str, ...]
    """What is typed behind the command."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Where the walk goes."""

    out: Path
    """The folder of the demonstration, with its registry and results."""
    packs: Path
    """The folder of the packs."""
    as_of: Date
    """The date of the business fact."""
    applications: Path | None
    """Who applied for the policy; None where nobody did."""
    policy: str | None
    """The policy whose budget, change and notices are shown; None where there is none."""
    change: str | None
    """What is changed in it: `ADDRESS=VALUE`."""
    has_ladder: bool
    """Whether the packs say which title comes after which."""

    @classmethod
    def through(cls, packs: Packs, *, out: Path, place: Path, as_of: Date, applications: Path | None) -> "Walk":
        """Return a walk that follows the first policy with a budget, and changes the first figure of its law.

        Args:
            packs: The packs.
            out: The folder of the demonstration.
            place: The folder of the packs.
            as_of: The date of the business fact.
            applications: Who applied, for any policy.
        """
        budgeted = [id_ for id_, policy in packs.policies.items() if policy.front.budget is not None]
        policy = budgeted[0] if budgeted else None
        figures = thresholds_of(packs, policy, as_of) if policy is not None else ()
        changes = [f"{figure.address}={format_number(figure.rounded(figure.value * MORE))}" for figure in figures[:1]]
        return cls(out, place, as_of, applications, policy, changes[0] if changes else None, bool(packs.ladders))

    def steps(self) -> Iterator[Step]:
        """Yield the steps."""
        registry, results = str(self.out / "registry"), str(self.out / "results")
        packs = ("--packs", str(self.packs)) if self.packs != Path("packs") else ()
        common = ("--results", results, "--as-of", str(self.as_of), *packs)
        zh, en = "叠加以后每户最多拿多少", "the most that everybody may have together"
        yield self.step("combine", zh, en, registry, *common)
        if self.policy is not None:
            zh, en = "钱不够时谁先得，预算哪天用完", "who is paid first, and when the budget runs out"
            applied = ("--applications", str(self.applications)) if self.applications else ()
            yield self.step("allocate", zh, en, str(self.out / "combine" / "entitlements.parquet"), self.policy, *applied, *packs)
        if self.has_ladder:
            zh, en = "谁离高一级的称号只差一步", "who is one step from the next title"
            yield self.step("next", zh, en, registry, *common)
        if self.change is not None:
            zh, en = "改一个数字，要多花多少", "what it costs to change one figure"
            yield self.step("simulate", zh, en, registry, "--set", self.change, *common)
        if self.policy is not None:
            zh, en = "这是一项新政策的话，该通知谁", "who hears of it, were the policy new"
            yield self.step("notices", zh, en, results, results, "--new-policy", self.policy, *packs)

    def step(self, name: str, zh: str, en: str, *arguments: str) -> Step:
        """Return a step that writes into a folder of its own."""
        return Step(name, zh, en, (*arguments, "--out", str(self.out / name)))


def take(walk: Walk, language: Language, *, is_quiet: bool = False) -> int:
    """Take every step, and tell the beginning of each answer; returns the exit code of the first that fails, else 0.

    Args:
        walk: Where it goes.
        language: That of all that is said.
        is_quiet: Whether answers are only kept, not told.
    """
    for step in walk.steps():
        answer = io.StringIO()
        typer.echo(words(language, f"{step.zh} …", f"{step.en} …"), err=True)
        with redirect_stdout(answer):
            code = run([step.name, *step.arguments, "--lang", language])
        if code != OK:
            return code
        text = answer.getvalue()
        kept = write_text(walk.out / step.name / "answer.txt", text)
        if not is_quiet:
            tell(step, text.splitlines(), kept, language)
    return OK


def tell(step: Step, lines: Sequence[str], kept: Path, language: Language) -> None:
    """Tell what was typed and the beginning of the answer."""
    typer.echo(f"\n$ {shlex.join(['zhida', step.name, *step.arguments])}")
    for line in lines[:SHOWN]:
        typer.echo(f"  {line}".rstrip())
    if len(lines) > SHOWN:
        typer.echo(words(language, f"  …… 全文 {kept}", f"  …… in full: {kept}"))
