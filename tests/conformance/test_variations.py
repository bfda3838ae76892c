"""What FEEL means beyond the kit's cases: the kit in other clothes, and expressions whose values follow from the standard's text.

The golden files in variations/ hold one expression a row: what it comes to, worked out from the clause that is named, and the
diagnostic that tells why it is null (`any`: some diagnostic; with `or` between: one of these). `␤` stands for a line break.
"""

import os
import random
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conformance.vary_kit import WRAPPING, WRITTEN, disagreements
from tests.engine.feel_texts import PROPERTIES, TODAY
from zhida.cli.tck import find_folders, read_folder
from zhida.dmn.conformance import KitFolder
from zhida.dmn.conformance_cases import read_cases
from zhida.errors import CODES, CompileError
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.source import snippet
from zhida.values.equality import identical
from zhida.values.text import literal

FILES = sorted((Path(__file__).parent / "variations").glob("*.md"))
ROW = re.compile(r"\| `(?P<expression>.*)` \| `(?P<expected>.*)` \| (?P<codes>.*?) ?\| (?P<clause>.+) \|")
KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
SAMPLE = 200
SEEDS = ("一", "二")


class Row(NamedTuple):
    id: str
    expression: str
    expected: str
    codes: tuple[str, ...]
    clause: str


def read_rows(name: str, text: str) -> list[Row]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if number < 5 or not line:
            continue
        found = ROW.fullmatch(line)
        assert found, f"{name}:{number} is no row"
        expression, expected = (found[part].replace(r"\|", "|").replace("␤", "\n") for part in ("expression", "expected"))
        rows.append(Row(f"{name}:{number}", expression, expected, tuple(filter(None, found["codes"].split(" or "))), found["clause"]))
    return rows


ROWS = [row for path in FILES for row in read_rows(path.name, path.read_text(encoding="utf-8"))]


SCOPE = Scope(NameSet(BUILTINS), properties=NameSet([*PROPERTIES, "start included", "end included"]))


def outcome(text: str) -> tuple[Any, list[str]]:
    """Return the value of an expression and the codes of what was odd; what is no FEEL is null."""
    run = Run(TODAY)
    try:
        value = evaluate(parse_expression(snippet(text), SCOPE), Frame({}, run))
    except CompileError as error:
        return None, [item.code for item in error.diagnostics]
    return value, [item.code for item in run.diagnostics]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_an_expression_comes_to_what_the_standard_says(row: Row) -> None:
    value, codes = outcome(row.expression)
    expected, strange = outcome(row.expected)
    assert not strange, row.expected
    assert identical(value, expected), f"{row.expression} is {literal(value)}, not {row.expected}: {row.clause}"
    if not row.codes:
        assert not codes, f"{row.expression}: {codes}"
    elif row.codes == ("any",):
        assert codes, f"{row.expression}: nothing was told"
    else:
        assert len(codes) == 1, f"{row.expression}: {codes}"
        assert codes[0] in row.codes, row.expression


def test_every_row_is_there_once_and_every_builtin_is_called_and_every_code_is_one() -> None:
    expressions = [row.expression for row in ROWS]
    assert len(expressions) > 1_000
    assert len(set(expressions)) == len(expressions), sorted({each for each in expressions if expressions.count(each) > 1})
    assert {name for name in BUILTINS if not any(f"{name}(" in each for each in expressions)} == set()
    assert {code for row in ROWS for code in row.codes} - {"any"} <= set(CODES)


def folders() -> list[KitFolder]:
    return [read_folder(path) for path in find_folders(KIT)[0]] if KIT.is_dir() else []


def cases_of(folder: KitFolder) -> list[str]:
    files = [read_cases(data, name) for name, data in sorted(folder.files.items()) if name.endswith(".xml")]
    return [case.id for file in files if file for case in file.cases]


@pytest.mark.conformance
@pytest.mark.parametrize("seed", SEEDS)
def test_two_hundred_cases_of_the_kit_in_other_clothes_come_to_the_same(seed: str) -> None:
    found = folders()
    if not found:
        pytest.skip("ZHIDA_TCK names no folder of the conformance kit")
    random_ = random.Random(seed)  # noqa: S311 - reproducible, not secret
    paths = [(folder, f"{folder.path}/{id_}") for folder in found for id_ in cases_of(folder)]
    chosen = random_.sample(paths, SAMPLE)
    count, faults = 0, []
    for folder in found:
        only = {path for other, path in chosen if other is folder}
        names = [random_.choice(WRAPPING), *random_.sample(WRITTEN, 3)]
        if only:
            run, differ = disagreements(folder, names, seed, only)
            count, faults = count + run, [*faults, *differ]
    assert not faults, "\n" + "\n".join(faults)
    assert count == SAMPLE
