"""Words that do not belong in the project, each with what to say instead."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, at, plant, report, texts

# (pattern, what to say instead). Patterns are written so that they do not match their own source.
BANNED = (
    (r"(?<![\w.])[u]tils?\b", "name what it owns"),
    (r"(?i)\b[h]elpers?\b", "say what it does: reader, scanner, table, ..."),
    (r"(?i)(?<!contrib\.)\b[s]essions?\b(?!\")", "run, connection or visit: say which"),  # pytest's scope="..." and Django's own app pass
    (r"(?i)\b(?:[c]laude|[a]nthropic|[c]hatgpt|[o]penai|[c]opilot|[s]ubagents?)\b", "the project speaks of itself alone"),
    (r"(?i)\b[c]oordinators?\b", "the project speaks of itself alone"),
    (r"\bAI[- ](?:[a]ssist|[g]enerated|[w]ritten)", "the project speaks of itself alone"),
    (r"(?i)\b[i]ssues? #?\d", "say what is meant: a number says nothing in ten years"),
    (
        r"(?i)[p]ypi\.|[p]ythonhosted\.|[n]pmjs\.|[n]pmmirror\.|[c]rates\.io|[a]naconda\.org|[p]roxy\.golang",
        "name the package; its registry is the reader's own",
    ),
    (r"(?<![\w.~*])/(?:[w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+|[m]nt|[o]pt)/", "a path relative to the checkout"),
    (r"\.\./[s]hared\b", "the conformance kit is named by ZHIDA_TCK, other data by an argument"),
)
# .ci/run looks for the kit beside the checkout, the one place that may; the house rules must name what they forbid.
MAY_SAY = {".ci/run": r"\.\./[s]hared\b"}
SPEAKS_OF_WORDS = "tests/house"


def word_faults(root: Path) -> list[str]:
    """Return each banned word of each text file, with what to say instead."""
    faults = []
    for path, text in texts(root):
        name = path.relative_to(root).as_posix()
        if name.startswith(f"{SPEAKS_OF_WORDS}/") or name == "LICENSE":
            continue
        patterns = [(pattern, instead) for pattern, instead in BANNED if MAY_SAY.get(name) != pattern and re.search(pattern, text)]
        for number, line in enumerate(text.splitlines(), start=1):
            faults += [
                f"{at(root, path, number)}: not '{match[0]}': {instead}"
                for pattern, instead in patterns
                if (match := re.search(pattern, line))
            ]
    return faults


def test_no_banned_word_is_said() -> None:
    faults = word_faults(ROOT)
    assert not faults, report(faults)


@pytest.mark.parametrize(
    "line",
    [
        "from zhida import utils",
        "a helper that reads rows",
        "as agreed in the last session",
        "written by Claude",
        "the coordinator decides",
        "AI-generated",
        "see issue 12",
        "--index-url https://pypi" + ".org/simple",
        "https://files.pythonhosted" + ".org/packages/x",
        "cd /work/main",
        "`/home/li/zhida`",
        "open('/root/x')",
        "../shared/data",
    ],
)
def test_word_rule_finds(tmp_path: Path, line: str) -> None:
    faults = word_faults(plant(tmp_path, {"docs/a.md": f"# 标题\n{line}\n"}))
    assert len(faults) == 1, report(faults)
    assert faults[0].startswith("docs/a.md:2: not '")


@pytest.mark.parametrize(
    "line",
    [
        '@pytest.fixture(scope="session")',
        "import importlib.util",
        "examples/a-share/work/x.csv and src/root/x",
        "https://example.org/work/x",
        "生成式多模态基础大模型企业",
        "issued by the city",
    ],
)
def test_word_rule_allows(tmp_path: Path, line: str) -> None:
    assert word_faults(plant(tmp_path, {"docs/a.md": f"{line}\n"})) == []


def test_word_rule_lets_only_the_ci_script_look_beside_the_checkout(tmp_path: Path) -> None:
    assert word_faults(plant(tmp_path, {".ci/run": "ls ../shared\n"})) == []
    assert len(word_faults(plant(tmp_path, {".ci/run": "ls ../shared\n", "Makefile": "ls ../shared\n"}))) == 1
