"""A function fits a screen, a module earns its file with one idea, and nothing is left for later."""

import re
from pathlib import Path

from tests.house.tree import CODE_FOLDERS, FUNCTION, ROOT, at, modules, nodes, plant, report, texts

FUNCTION_LINES = 70
MODULE_LINES = 600
NAMELESS = {"utils", "util", "misc", "common", "helpers", "helper", "stuff"}  # a folder or module so called has no idea of its own
LATER = (r"\b[T]ODO\b", r"\b[F]IXME\b", r"\b[X]XX\b")  # written so that they do not find themselves


def size_faults(root: Path) -> list[str]:
    """Return each function and module that is too long, and each module named for nothing."""
    faults = []
    for path, tree in modules(root, *CODE_FOLDERS):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES:
            faults.append(f"{at(root, path)}: {lines} lines; more than {MODULE_LINES} are two ideas: split it")
        faults += [
            f"{at(root, path)}: '{part}' says nothing; name the module after what it owns"
            for part in path.relative_to(root).with_suffix("").parts
            if part in NAMELESS
        ]
        for node in nodes(tree):
            if isinstance(node, FUNCTION) and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES:
                faults.append(
                    f"{at(root, path, node.lineno)}: {node.name}() has {length} lines; more than {FUNCTION_LINES} do not fit a screen"
                )
    return faults


def later_faults(root: Path) -> list[str]:
    """Return each note that puts work off; what is not done is said in the documents, or done."""
    return [
        f"{at(root, path, number)}: '{match[0]}' puts work off; do it, or say in the documents what is not there"
        for path, text in texts(root)
        if any(re.search(pattern, text) for pattern in LATER)
        for number, line in enumerate(text.splitlines(), start=1)
        for pattern in LATER
        if (match := re.search(pattern, line))
    ]


def test_functions_and_modules_are_small_and_named() -> None:
    faults = size_faults(ROOT)
    assert not faults, report(faults)


def test_nothing_is_put_off() -> None:
    faults = later_faults(ROOT)
    assert not faults, report(faults)


def function_of(lines: int) -> str:
    return "def f():\n" + "    x = 1\n" * (lines - 1)


def test_size_rule_allows_exactly_the_limit(tmp_path: Path) -> None:
    text = function_of(FUNCTION_LINES) + "\n" * (MODULE_LINES - FUNCTION_LINES)
    assert size_faults(plant(tmp_path, {"src/zhida/a.py": text})) == []


def test_size_rule_finds_one_line_too_many(tmp_path: Path) -> None:
    long_module = "x = 1\n" * (MODULE_LINES + 1)
    faults = size_faults(plant(tmp_path, {"src/a.py": function_of(FUNCTION_LINES + 1), "tests/b.py": long_module}))
    assert [fault.split(":")[0] for fault in faults] == ["src/a.py", "tests/b.py"]


def test_size_rule_finds_methods_and_nested_functions(tmp_path: Path) -> None:
    body = "\n".join(f"        {line}" for line in function_of(FUNCTION_LINES + 1).splitlines())
    faults = size_faults(plant(tmp_path, {"src/a.py": f"class A:\n    async def g(self):\n{body}\n"}))
    assert len(faults) == 2  # the inner function, and the method that holds it


def test_size_rule_finds_a_module_named_for_nothing(tmp_path: Path) -> None:
    faults = size_faults(plant(tmp_path, {"src/zhida/utils.py": "", "src/zhida/common/x.py": ""}))
    assert len(faults) == 2


def test_later_rule_finds_each_word_in_any_text_file(tmp_path: Path) -> None:
    first, second, third = (re.sub(r"\\b|[\[\]]", "", pattern) for pattern in LATER)
    tree = plant(tmp_path, {"packs/a.md": f"{first}: 写完\n", "src/a.py": f"x = 1\n# {second}\n", "Makefile": f"# {third}\n"})
    assert [fault.split(": ")[0] for fault in later_faults(tree)] == ["Makefile:1", "packs/a.md:1", "src/a.py:2"]
