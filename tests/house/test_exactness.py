"""Money is decimal, contexts are passed, and only the command line looks at the clock, the environment or a die."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, at, imports, last_name, modules, nodes, plant, report

BINARY_NUMBERS = {"registry_io", "cli", "errors"}  # sources hold them, clocks count in them, and the likeness of two words is one
GLOBAL_CONTEXT = {"getcontext", "setcontext", "localcontext", "DefaultContext"}
CLOCK = {"now", "utcnow", "today"}
ENVIRONMENT = {"environ", "environb", "getenv"}
PATH_CHOOSER = "columnar/kernel/__init__.py"  # the environment says which path of the kernel runs: all give the same, bit for bit
DICE = ("random", "uuid")  # `secrets` may name a temporary file: that is no answer
DICE_OWNER = "registry_io/synthetic"  # the seeded generator of the demo registry


def exactness_faults(root: Path) -> list[str]:
    """Return each place where the engine could give another answer on another machine, in another thread or on another day."""
    faults = []
    for path, tree in modules(root, "src/zhida"):
        name = path.relative_to(root / "src/zhida").as_posix()
        layer = name.split("/", maxsplit=1)[0].removesuffix(".py")
        faults += [f"{at(root, path, line)}: {reason}" for line, reason in sorted(inexact(tree, layer, name))]
    return faults


def inexact(tree: ast.Module, layer: str, name: str) -> Iterator[tuple[int, str]]:
    for node in nodes(tree):
        if layer not in BINARY_NUMBERS:
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield node.lineno, f"{node.value} is a binary number; write Decimal('{node.value}')"
            elif isinstance(node, ast.Name) and node.id == "float":
                yield node.lineno, "binary numbers end at registry_io; numbers here are Decimal"
        named, before = last_name(node), last_name(node.value) if isinstance(node, ast.Attribute) else ""
        if named in GLOBAL_CONTEXT:
            yield node.lineno, f"{named} belongs to the thread; take the decimal context as an argument"  # type: ignore[attr-defined]
        if layer != "cli" and before:
            if named in CLOCK and before.lower() in {"datetime", "date"}:
                yield node.lineno, "only the command line reads a clock; take as_of as an argument"  # type: ignore[attr-defined]
            if named in ENVIRONMENT and before == "os" and name != PATH_CHOOSER:
                yield node.lineno, "only the command line reads the environment; take an argument"  # type: ignore[attr-defined]
    for line, module in imports(tree):
        top = module.split(".")[0]
        if top == "time" and layer != "cli":
            yield line, "only the command line reads a clock; take as_of as an argument"
        if top in DICE and not name.startswith(DICE_OWNER):
            yield line, f"only {DICE_OWNER}*.py draws lots, and from a seed"


def test_answers_are_the_same_on_every_machine_and_day() -> None:
    faults = exactness_faults(ROOT)
    assert not faults, report(faults)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("assess/amount.py", "RATE = 0.3"),
        ("feel/evaluate.py", "def f(x: object) -> bool:\n    return isinstance(x, float)"),
        ("values/numbers.py", "import decimal\nC = decimal.getcontext()"),
        ("cli/run.py", "from decimal import localcontext\nwith localcontext(): pass"),
        ("assess/outcome.py", "import datetime as dt\nT = dt.date.today()"),
        ("report/letter.py", "from datetime import datetime\nT = datetime.now()"),
        ("registry_io/importing.py", "import time"),
        ("policy/pack.py", "import os\nP = os.environ['PACKS']"),
        ("columnar/kernel/numpy_kernel.py", "import os\nP = os.environ['KERNEL']"),
        ("entitle/lottery.py", "from random import Random"),
    ],
)
def test_exactness_rule_finds(tmp_path: Path, module: str, text: str) -> None:
    faults = exactness_faults(plant(tmp_path, {f"src/zhida/{module}": f"{text}\n"}))
    assert len(faults) == 1, report(faults)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("registry_io/cells.py", "X = float('1')"),
        ("cli/progress.py", "import time\nimport os\nL = os.environ.get('LANG')\nT = 0.5"),
        ("registry_io/synthetic_draws.py", "from random import Random"),
        ("columnar/kernel/__init__.py", "import os\nP = os.environ['KERNEL']"),
        ("feel/builtins/date.py", "def today(scope):\n    return scope.today()"),
        ("values/numbers.py", "from decimal import Context\nC = Context(prec=34)"),
    ],
)
def test_exactness_rule_allows(tmp_path: Path, module: str, text: str) -> None:
    assert exactness_faults(plant(tmp_path, {f"src/zhida/{module}": f"{text}\n"})) == []
