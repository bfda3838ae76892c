"""Bad parameters of synthetic districts: the whole message, in both languages, as golden files.

Each file of tests/examples/district/ says in its first lines what it shows, and then holds sections:

    === district.yaml       the whole of a district
    === changes             or what is written otherwise than in examples/demo/district.yaml: lines of it after `-`, and what
                            stands there instead after `+`
    === expected            everything that is said, once in Chinese and once in English

With ZHIDA_BLESS=1 `expected` is written anew.
"""

import os
import re
from pathlib import Path

import pytest

from tests.examples.test_golden import sections
from zhida.errors import InputError
from zhida.registry_io.synthetic import synthesize
from zhida.registry_io.synthetic_district import read_district

FOLDER = Path(__file__).parent / "district"
CASES = sorted(path.name for path in FOLDER.glob("*.txt"))
DEMO = Path(__file__).parents[2] / "examples/demo/district.yaml"


def changed(text: str, changes: str) -> str:
    """Return a text in which other lines stand in the places of some, each of which must be there once."""
    for block in re.findall(r"(?:^-.*\n)+(?:^\+.*\n)*", changes, flags=re.MULTILINE):
        old, new = ("".join(line[1:] for line in block.splitlines(keepends=True) if line[0] == sign) for sign in "-+")
        assert text.count(old) == 1, f"the district of the demonstration has this {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    return text


def said(folder: Path, parts: dict[str, str]) -> str:
    """Return everything that is said of a district, once in Chinese and once in English."""
    text = parts.get("district.yaml") or changed(DEMO.read_text(encoding="utf-8"), parts["changes"])
    path = folder / "district.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        synthesize(read_district(path))
    found = refused.value.diagnostics
    messages = [*(item.render("zh") for item in found), *(item.render("en") for item in found)]
    return "\n\n".join(messages).replace(f"{folder}{os.sep}", "") + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_about_a_district_is_as_it_was_read_and_agreed(name: str, tmp_path: Path) -> None:
    path = FOLDER / name
    title, parts = sections(path.read_text(encoding="utf-8"))
    found = said(tmp_path, parts)
    if os.environ.get("ZHIDA_BLESS"):
        kept = {head: text for head, text in parts.items() if head != "expected"}
        path.write_text(title + "".join(f"=== {head}\n{text}" for head, text in (*kept.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == parts.get("expected")
