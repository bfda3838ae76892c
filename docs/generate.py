"""Writes what a program can write in the documents: `make docs`.

    zhida.errors.CODES ──────────────────┐
    tests/examples, the golden files ────┼──> docs/errors.md      gravity, order, contents and messages
    docs/errors.md, words by hand ───────┘                        what a code means and what to do, kept as they are

A section of docs/errors.md is `## code`, its gravity, the words, and the message in both languages. A new code gets a
section without words and, until it has an example, a message with 〈words〉 where an example would have values; tests
ask for both.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from zhida.errors import CODES, SEVERITY_WORDS, Diagnostic, Language
from zhida.source import Source, Span

ROOT = Path(__file__).resolve().parents[1]
ERRORS = ROOT / "docs/errors.md"
GOLDEN_FILES = (
    "tests/examples/bad/*.md",
    "tests/examples/models/*.md",
    "tests/examples/convert/*.md",
    "tests/examples/written/*.md",
    "tests/examples/proposals/*.md",
    "tests/examples/coverage/*.md",
    "tests/examples/proof/*.md",
    "tests/examples/registry/*.txt",
    "tests/examples/sources/*.txt",
    "tests/examples/results/*.txt",
    "tests/examples/run/*.txt",
    "tests/examples/district/*.txt",
    "tests/examples/allocate/*.txt",
    "tests/examples/combine/*.txt",
    "tests/examples/simulate/*.txt",
    "tests/examples/library/*.txt",
)
PARTS = {
    "file": "文件 Files",
    "feel": "表达式 Expressions",
    "dmn": "决策与判定表 Decisions and tables",
    "policy": "政策文件 Policies",
    "dictionary": "数据字典与参数 Dictionaries and parameters",
    "code": "代码表 Code lists",
    "statistic": "统计 Statistics",
    "stacking": "叠加 Stacking",
    "ladder": "阶梯 Ladders",
    "fact": "给出的事实 Facts",
    "district": "合成区域 Synthetic districts",
    "registry": "登记册 Registries",
    "population": "由全体算出的事实 Facts computed from all subjects",
    "source": "来源 Sources",
    "run": "运行 Runs",
    "results": "结果 Results",
    "columns": "按列计算 Decided by columns",
    "interchange": "转换 Conversion",
    "excel": "工作簿 Workbooks",
    "proof": "证明 Proofs",
    "certificate": "组合证明 Certificates of combinations",
    "received": "已领表 Earlier payments",
    "combination": "组合 Combinations",
    "combine": "整册组合 Combinations of everybody",
    "applications": "申请表 Applications",
    "allocation": "预算 Budgets",
    "simulation": "改动测算 Simulations",
    "notices": "通知 Notices",
    "frame": "数据表 Frames",
}
"""Titles of the contents, by the first word of a code."""


def examples() -> dict[str, tuple[str, str]]:
    """Return a message for each code that a golden file holds, in Chinese and in English.

    Of several files the one is taken that has the code first and says least beside it.
    """
    best: dict[str, tuple[tuple[int, int, str], tuple[str, str]]] = {}
    for path in sorted(path for pattern in GOLDEN_FILES for path in ROOT.glob(pattern)):
        _, _, expected = path.read_text(encoding="utf-8").partition("\n=== expected\n")
        messages = expected.strip("\n").split("\n\n")
        chinese, english = messages[: len(messages) // 2], messages[len(messages) // 2 :]
        for place, pair in enumerate(zip(chinese, english, strict=True)):
            found = re.match(r"(?:\S+: )?\S+\[([a-z0-9-]+)\]: ", pair[1])
            assert found, f"{path.name}: what code is this? {pair[1]}"
            rank = (place, len(chinese), path.name)
            if found[1] not in best or rank < best[found[1]][0]:
                best[found[1]] = (rank, pair)
    return {code: pair for code, (_, pair) in best.items()}


def template(code: str, language: Language) -> str:
    """Return the message of a code with 〈words〉 in the places of its values."""
    parts = (CODES[code].zh, *CODES[code].hint_zh) if language == "zh" else (CODES[code].en, *CODES[code].hint_en)
    names = re.findall(r"\{(\w+)\}", " ".join(parts))
    nowhere = Span(Source("〈place〉", ""), 0, 0)
    shown = Diagnostic(code, nowhere, {name: f"〈{name.removesuffix('_zh')}〉" for name in names}).render(language)
    return shown.replace("〈place〉:1:1", "〈place〉")


def words_of(page: str) -> dict[str, str]:
    """Return what was written by hand in each section: what stands between its gravity and its messages."""
    sections = re.findall(r"^## ([a-z0-9-]+)\n\n\*\*.*?\*\*\n(.*?)^```text$", page, re.MULTILINE | re.DOTALL)
    return {code: text.strip() for code, text in sections}


def errors_page(page: str) -> str:
    """Return docs/errors.md anew, with the words by hand of the page as it stands."""
    introduction, _, _ = page.partition("\n## ")
    introduction, _, _ = introduction.partition("\n- ")
    words, messages = words_of(page), examples()
    return "\n".join((introduction.rstrip(), "", *contents(), *(line for code in CODES for line in section(code, words, messages))))


def contents() -> Iterator[str]:
    """Yield the lines of the contents: one for each part."""
    for part, title in PARTS.items():
        links = " · ".join(f"[{code}](#{code})" for code in CODES if code.startswith(f"{part}-"))
        yield f"- **{title}**: {links}"
    yield ""


def section(code: str, words: dict[str, str], messages: dict[str, tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of one section."""
    severity = CODES[code].severity
    yield from (f"## {code}", "", f"**{SEVERITY_WORDS['zh'][severity]} {SEVERITY_WORDS['en'][severity]}**", "")
    if words.get(code):
        yield from (words[code], "")
    for message in messages.get(code) or (template(code, "zh"), template(code, "en")):
        yield from ("```text", message, "```", "")


if __name__ == "__main__":
    ERRORS.write_text(errors_page(ERRORS.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{ERRORS.relative_to(ROOT)}: {len(CODES)} codes")
