"""`zhida check --sources`: what of the policies is not confirmed, and what would settle each."""

from collections import Counter
from collections.abc import Sequence

import typer

from zhida.cli.console import words
from zhida.errors import Language
from zhida.policy.doubts import Doubt, DoubtKind

_CONFIDENCE = {
    "repost": ("转载", "repost"),
    "recalled": ("凭记忆", "recalled"),
    "official": ("官方原文", "official"),
    "": ("未填", "no figure"),
}
"""How confidence is called in Chinese and in English."""


def doubt_data(found: Sequence[Doubt]) -> list[dict[str, object]]:
    """Return doubts for `--json`."""
    return [
        {
            "kind": doubt.kind.value,
            "policy": doubt.policy or None,
            "name": doubt.name,
            "text": doubt.text,
            "confidence": doubt.confidence or None,
            "settled_by": doubt.settled_by or None,
            "place": doubt.span.place if doubt.span else None,
        }
        for doubt in found
    ]


def print_doubts(found: Sequence[Doubt], language: Language) -> None:
    """Print what is not confirmed: policy by policy, then the parameters, then how much there is of each."""
    heading = ""
    for doubt in found:
        place = f"{doubt.span.place}: " if doubt.span else ""
        about = doubt.policy or words(language, "参数", "parameters")
        if about != heading:
            typer.echo(f"\n{about}")
            heading = about
        typer.echo(f"  {place}{_headline(doubt, language)}")
        settled = doubt.settled_by or words(language, "（没有写明）", "(not said)")
        typer.echo(words(language, f"      核对：{settled}", f"      settled by: {settled}"))
    counts = Counter(doubt.kind for doubt in found)
    unsaid = sum(not doubt.settled_by for doubt in found)
    figures = counts[DoubtKind.FIGURE]
    typer.echo(
        words(
            language,
            f"\n待核：{counts[DoubtKind.DOCUMENT]} 份文件未与官方原文核对，{counts[DoubtKind.CAVEAT]} 处待确认，"
            f"{figures} 个参数待核，{counts[DoubtKind.NO_FIGURE]} 个参数未填；{unsaid} 处没有写明怎样核对",
            f"\nnot confirmed: {counts[DoubtKind.DOCUMENT]} documents not compared with the official text, "
            f"{counts[DoubtKind.CAVEAT]} caveats, "
            f"{figures} figures, {counts[DoubtKind.NO_FIGURE]} parameters without a figure; {unsaid} do not say what would settle them",
        )
    )


def _headline(doubt: Doubt, language: Language) -> str:
    confidence = words(language, *_CONFIDENCE[doubt.confidence])
    match doubt.kind:
        case DoubtKind.DOCUMENT:
            return f"{doubt.name} [{confidence}] {doubt.text}".rstrip()
        case DoubtKind.CAVEAT:
            article = doubt.name or words(language, "全文", "the whole document")
            return words(language, f"待确认（{article}）：{doubt.text}", f"to be confirmed ({article}): {doubt.text}")
    return f"{doubt.name} [{confidence}] {doubt.text}".rstrip()
