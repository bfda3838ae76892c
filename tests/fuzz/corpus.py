"""What the fuzzer begins with, and how it changes it: texts of FEEL, models and policies, cut, doubled, joined and sprinkled."""

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

from tests.fuzz.nodes import VARIABLES, Grower
from zhida.feel.builtins import BUILTINS
from zhida.values.range import Range
from zhida.values.unknown import unknown

T = TypeVar("T", str, bytes)

ROOT = Path(__file__).parents[2]
KEYWORDS = "not and or if then else for in return some every satisfies between instance of function external null true false item partial"
SIGNS = '( ) [ ] { } , : . .. + - * ** / < >= = != @ ? " \\ // /* */ -> list< ]1..2[ 1 0 2.5 1e9 1e6144 999999999 @"P1D" @"2024-02-29"'
ODD = (" ", "\n", "\t", "，", "（", "\ud800", "\x00", "𠮷", "\u3000", "\ufeff", "'", "|", "\\|", "#", "---", "```", "&", "<", "]]>", "&#0;")
PIECES = (*KEYWORDS.split(), *SIGNS.split(), *ODD, *VARIABLES, *BUILTINS)
FENCE = re.compile(r"^```feel[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
CELL = re.compile(r"(?<=\|)[^|\n]+(?=\|)")
XML_TEXT = re.compile(r"<(?:\w+:)?text>(.*?)</(?:\w+:)?text>", re.DOTALL)
QUOTED_IN_PYTHON = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def _kit_files() -> list[Path]:
    kit = os.environ.get("ZHIDA_TCK")
    return sorted(Path(kit).rglob("*.dmn")) if kit else []


@cache
def models() -> tuple[bytes, ...]:
    """Return the models of the tests and, where ZHIDA_TCK names it, of the kit."""
    files = [*sorted((ROOT / "tests").rglob("*.dmn")), *_kit_files()]
    return tuple(path.read_bytes() for path in files if path.stat().st_size < 60_000) or (MODEL.encode(),)


@cache
def policies() -> tuple[str, ...]:
    """Return the policies of the packs and of the examples."""
    files = [*sorted((ROOT / "packs").rglob("*.md")), *sorted((ROOT / "tests/examples").rglob("*.md"))]
    return tuple(path.read_text(encoding="utf-8", errors="replace") for path in files)


@cache
def expressions() -> tuple[str, ...]:
    """Return texts that are or look like FEEL, from policies, models and tests."""
    found: dict[str, None] = {}
    for policy in policies():
        found |= dict.fromkeys([*FENCE.findall(policy), *(cell.strip() for cell in CELL.findall(policy))])
    for path in sorted((ROOT / "tests/engine").glob("test_*feel*.py")):
        found |= dict.fromkeys(QUOTED_IN_PYTHON.findall(path.read_text(encoding="utf-8")))
    for path in _kit_files():
        for text in XML_TEXT.findall(path.read_text(encoding="utf-8")):
            for entity, character in ENTITIES.items():
                text = text.replace(entity, character)  # noqa: PLW2901 - the text with one entity less
            found[text] = None
    return tuple(text for text in found if len(text) < 3_000)


def mutated(random: Random, text: str, others: Sequence[str]) -> str:
    """Return a text with a few changes."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        text = _changed(random, text, random.choice(others), random.choice(PIECES))
    return text


def mutated_bytes(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return bytes with a few changes; most of them stay XML."""
    if random.randrange(4):
        text = data.decode("utf-8", "surrogateescape")
        places = [found.span(1) for found in re.finditer(r'>([^<>]+)<|="([^"]*)"', text) if found[1]]
        if places:
            for _ in range(random.choice((1, 1, 2, 4))):
                start, end = random.choice(places)
                expression = random.choice(expressions()).replace("&", "&amp;").replace("<", "&lt;")
                if end <= len(text):
                    text = text[:start] + expression + text[end:]
        elements = re.findall(r"<[^<>]+>", text)
        if random.randrange(3) == 0:
            old, new = random.choice(elements), random.choice(elements)
            text = text.replace(old, new if random.randrange(2) else "", 1)
        return text.encode("utf-8", "surrogateescape")
    for _ in range(random.choice((1, 1, 2, 4))):
        data = _changed(random, data, random.choice(others), random.choice(PIECES).encode("utf-8", "surrogatepass"))
    return data


def _changed(random: Random, text: T, other: T, piece: T) -> T:
    start, end = sorted((random.randint(0, len(text)), random.randint(0, len(text))))
    match random.randrange(7):
        case 0:
            return text[:start] + piece + text[start:]
        case 1:
            return text[:start] + text[min(end, start + random.choice((1, 1, 2, 8, 50))) :]
        case 2:
            return text[:start] + text[start:end] * random.choice((2, 2, 3, 20)) + text[end:] if end - start < 200 else text[:end]
        case 3:
            near = min(end, start + 20)
            return text[:start] + piece + text[near:]
        case 4:
            cut = sorted((random.randint(0, len(other)), random.randint(0, len(other))))
            return text[:start] + other[cut[0] : min(cut[1], cut[0] + 100)] + text[start:]
        case 5:
            return text[:start] + text[end:] + text[start:end]
    return text[:start] + piece * random.choice((1, 2, 60)) + text[start:]


def values(random: Random) -> dict[str, object]:
    """Return a value for each variable: of every kind but functions, some of them unknown."""
    grower = Grower(random)
    return {name: value(grower, 3) for name in VARIABLES}


def value(grower: Grower, levels: int) -> object:
    """Return one value."""
    match grower.random.randrange(12 if levels else 8):
        case 0:
            return unknown(grower.pick(("u", "w")))
        case 1:
            low, high = (grower.value() for _ in range(2))
            return Range(low, high, grower.chance(2), grower.chance(2))
        case 8 | 9:
            return tuple(value(grower, levels - 1) for _ in range(grower.random.randrange(4)))
        case 10:
            return {name: value(grower, levels - 1) for name in ("a", "b", "k k")[: grower.random.randrange(4)]}
    return grower.value()


MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">
  <inputData name="a"><variable name="a" typeRef="number"/></inputData>
  <decision name="b" id="b"><variable name="b" typeRef="number"/>
    <informationRequirement><requiredInput href="#a"/></informationRequirement>
    <literalExpression><text>a + 1</text></literalExpression>
  </decision>
</definitions>
"""
