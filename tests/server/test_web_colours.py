"""The two schemes of the look: every text reaches 4.5 : 1 on its ground, dark has a value for each colour, and paper is light."""

import re
from pathlib import Path

import pytest

import zhida_server.web

SHEET = (Path(zhida_server.web.__file__).parent / "static" / "web" / "site.css").read_text(encoding="utf-8")
DARK = "@media screen and (prefers-color-scheme: dark)"
COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{3}(?:[0-9a-f]{3})?)\b")
GROUNDS = ("paper", "sheet", "wash", "hover", "place")
TONES = ("good", "doubt", "bad", "accent")
ON_DEEP = ("#fff", "#d6e5e2", "#dcebe8", "#cfe3df")
"""What is written on the deep grounds, in both schemes."""
PAIRS = (
    *((text, ground) for text in ("ink", "quiet", "accent", "accent-deep", "bad", "seal") for ground in GROUNDS[:3]),
    *((text, ground) for text in ("ink", "quiet", "summary") for ground in GROUNDS),
    *((text, f"{tone}-faint") for tone in TONES for text in (tone, "ink")),
    ("accent-deep", "accent-faint"),
    ("sign", "sheet"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
)
MARKS = (("edge", "sheet"), ("edge", "paper"), ("focus", "sheet"), ("focus", "paper"), ("accent", "sheet"))
"""What is not text and has to be seen: 3 : 1."""


def schemes() -> dict[str, dict[str, str]]:
    light = SHEET[SHEET.index(":root {") : SHEET.index(DARK)]
    dark = SHEET[SHEET.index(DARK) : SHEET.index("/* 2 ")]
    return {"light": dict(COLOUR.findall(light)), "dark": dict(COLOUR.findall(dark))}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#") if len(colour) == 7 else "".join(letter * 2 for letter in colour.lstrip("#"))
    shares = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert round(contrast("#000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#fff"), 2) == 4.54


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(scheme: str) -> None:
    colours = schemes()[scheme]
    found = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in PAIRS}
    found |= {(text, ground): round(contrast(text, colours[ground]), 2) for text in ON_DEEP for ground in ("deep", "deep-middle")}
    found |= {("#fff", ground): round(contrast("#fff", colours[ground]), 2) for ground in ("stamp", "stamp-hover", "deep-end")}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}
    marks = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in MARKS}
    assert {pair: ratio for pair, ratio in marks.items() if ratio < 3} == {}


def test_dark_has_a_value_for_every_colour_and_paper_is_light() -> None:
    light, dark = schemes().values()
    assert light.keys() == dark.keys()
    assert SHEET.count("prefers-color-scheme: dark") == SHEET.count(DARK), "a dark rule without `screen` would be printed"
    assert "background: #fff; }" in SHEET[SHEET.index("@media print") :]


def test_every_colour_that_is_named_is_one_of_the_sheet() -> None:
    named = set(re.findall(r"var\(--([a-z0-9-]+)\)", SHEET))
    given = set(re.findall(r"--([a-z0-9-]+):", SHEET))
    assert named <= given, named - given
