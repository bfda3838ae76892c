"""Diagnostics, the exception tree and every error code.

    ZhidaError                      everything zhida raises on purpose
    ├── CompileError                the author's mistakes in policies and models, all of a pass at once
    └── InputError                  files, mappings and arguments that cannot be used, all of a pass at once

A `Diagnostic` says what is wrong, where, why and what to do, in Chinese and in English. Messages are templates in
`CODES`; a diagnostic holds its code and the words to fill in, so that one finding can be told in both languages. An odd
value at run time is FEEL null plus a diagnostic, never an exception. Our own mistakes are assertions.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Literal

from zhida.errors import dmn, dmn_xml, entitle, feel, files, interchange, policy, proof, registry, results, run, sources
from zhida.errors.code import Code, Severity
from zhida.source import Span

Language = Literal["zh", "en"]


SEVERITY_WORDS: Mapping[Language, Mapping[Severity, str]] = {
    "en": {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "information"},
    "zh": {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.INFORMATION: "提示"},
}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding at one place."""

    code: str
    """A key of `CODES`."""
    span: Span | None = None
    """Where it is, if it is at a place in a text."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """The words that fill the message's template."""

    @property
    def severity(self) -> Severity:
        """How grave this kind of finding is."""
        return CODES[self.code].severity

    def message(self, language: Language = "en") -> str:
        """Return what is wrong, in one sentence."""
        code = CODES[self.code]
        return (code.zh if language == "zh" else code.en).format_map(self.arguments)

    def hint(self, language: Language = "en") -> str:
        """Return what to do about it, or an empty text."""
        code = CODES[self.code]
        parts = code.hint_zh if language == "zh" else code.hint_en
        kept = [part.format_map(self.arguments) for part in parts if all(map(self.arguments.get, re.findall(r"\{(\w+)\}", part)))]
        return "".join([*(part + _between(part, after, language) for part, after in pairwise(kept)), *kept[-1:]])

    def render(self, language: Language = "en") -> str:
        """Return the whole message: place, gravity, code, sentence, excerpt with carets, hint."""
        word = SEVERITY_WORDS[language][self.severity]
        place = f"{self.span.place}: " if self.span else ""
        article = f"   ({self.span.article})" if self.span and self.span.article else ""
        lines = [f"{place}{word}[{self.code}]: {self.message(language)}{article}"]
        if self.span and self.span.source.text:
            lines.append(self.span.excerpt())
        see = f"{'参见' if language == 'zh' else 'see'} docs/errors.md#{self.code}"
        hint = self.hint(language)
        lines.append(f"   = {hint}   {see}" if hint else f"   = {see}")
        return "\n".join(lines)


def _between(part: str, after: str, language: Language) -> str:
    """Return what stands between two parts of a hint: a stop, unless the first is a sentence already or the second in brackets.

    >>> _between("check the id", "is its model there?", "en"), _between("did you mean 'a'?", "In scope: a", "en")
    ('; ', ' ')
    """
    needs_stop = not part.endswith((".", "?", "…", "。", "？", "；")) and not after.startswith(("(", "（"))
    if language == "zh":
        return "；" if needs_stop else ""
    return (". " if after[0].isupper() else "; ") if needs_stop else " "


class ZhidaError(Exception):
    """Everything that zhida raises on purpose."""


class DiagnosticsError(ZhidaError):
    """An error that carries its diagnostics."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Keep the diagnostics in the order in which they were found."""
        assert diagnostics, "an error without a diagnostic says nothing"
        super().__init__("\n".join(item.render() for item in diagnostics))
        self.diagnostics = tuple(diagnostics)

    def __reduce__(self) -> tuple[type["DiagnosticsError"], tuple[tuple[Diagnostic, ...]]]:
        """Return how a copy is made, in another process too."""
        return type(self), (self.diagnostics,)


class CompileError(DiagnosticsError):
    """Policies or models with mistakes in them; holds all that one pass found."""


class InputError(DiagnosticsError):
    """Files, mappings or arguments that cannot be used; holds all that one pass found."""


def diagnostic(code: str, span: Span | None = None, **arguments: object) -> Diagnostic:
    """Return a diagnostic of a known code; each word of its message must be given.

    >>> print(diagnostic("file-not-utf8", name="a.md", byte="7").message("zh"))
    文件“a.md”不是 UTF-8 编码（第 7 个字节处）
    """
    assert code in CODES, code
    words = {name: str(value) for name, value in arguments.items()}
    missing = _words_of(code) - words.keys()
    assert not missing, f"{code} lacks {missing}"
    return Diagnostic(code, span, words)


@cache
def _words_of(code: str) -> frozenset[str]:
    """Return the words that the message of a code asks for."""
    return frozenset(re.findall(r"\{(\w+)\}", CODES[code].en + CODES[code].zh))


def has_errors(diagnostics: Iterable[Diagnostic], *, strict: bool = False) -> bool:
    """Say whether any diagnostic forbids going on; with `strict`, warnings do too."""
    grave = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return any(item.severity in grave for item in diagnostics)


_LONGEST_NEAR = 100  # nobody mistypes more, and to compare two words takes as long as the product of their lengths


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that is spelled most like `word`, or an empty text where none is near.

    >>> nearest("职工人数", ["从业人数", "成立日期"])
    '从业人数'
    """
    best, best_score = "", 0.34
    if len(word) > _LONGEST_NEAR:
        return best
    for candidate in candidates:
        if len(candidate) > _LONGEST_NEAR:
            continue
        longer = max(len(word), len(candidate), 1)
        score = 1 - _edit_distance(word.lower(), candidate.lower()) / longer
        if score > best_score:
            best, best_score = candidate, score
    return best


def _edit_distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


CODES: Mapping[str, Code] = {
    **files.CODES,
    **feel.CODES,
    **dmn.CODES,
    **dmn_xml.CODES,
    **policy.CODES,
    **proof.CODES,
    **registry.CODES,
    **interchange.CODES,
    **results.CODES,
    **run.CODES,
    **sources.CODES,
    **entitle.CODES,
}
"""Every code, by the part of zhida that finds it; each has a section in docs/errors.md and an example that produces it."""
