"""What is fuzzed: for each target, how an input is made and what must hold of it. An input is a text, so that it can be kept."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from types import FrameType
from typing import Any
from zlib import crc32

from tests.fuzz import corpus, nodes
from zhida.dmn import xml
from zhida.dmn.compile import compile_models
from zhida.dmn.evaluate import evaluate as evaluate_model
from zhida.errors import CompileError, Diagnostic
from zhida.feel.check import Checker
from zhida.feel.evaluate import evaluate
from zhida.feel.evaluate import test as passes
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.run import Frame, Run
from zhida.feel.shape import Shape
from zhida.feel.syntax import Node, UnaryTests
from zhida.feel.unparse import is_same, unparse
from zhida.policy.document import parse as parse_policy
from zhida.policy.tangle import tangle
from zhida.source import Source, snippet
from zhida.values.function import Function
from zhida.values.range import Range
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.text import excerpt, literal
from zhida.values.unknown import Unknown

TODAY = Date(2026, 3, 1)
STEPS = 30_000
"""The budget of one evaluation here: what its steps do not pay for is what is looked for."""
SECONDS = 2
"""How much processor time one expression may take."""
MODEL_SECONDS = 10
"""The same for a model, which has the full budget of steps."""


class Hang(BaseException):
    """An input took too long; no `except Exception` may swallow that."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Hang` after so many seconds of processor time."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds} s")

    outer = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, outer)


@dataclass(frozen=True)
class Target:
    """One thing to fuzz."""

    name: str
    weight: int
    make: Callable[[Random], str]
    check: Callable[[str], None]
    seconds: float = SECONDS


# --- what must hold ------------------------------------------------------------------------------------------------------


def assert_value(value: object) -> None:
    """Assert that something is a FEEL value, with all that it holds."""
    match value:
        case None | bool() | str() | Date() | Time() | DateTime() | DaysDuration() | MonthsDuration() | Function() | Unknown():
            return
        case Decimal():
            assert value.is_finite(), value
        case tuple():
            for element in value:
                assert_value(element)
        case dict():
            assert all(type(key) is str for key in value)
            assert_value(tuple(value.values()))
        case Range():
            assert_value((value.low, value.high))
        case _:
            raise AssertionError(f"no FEEL value: {value!r}")


def assert_told(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> None:
    """Assert that diagnostics can be shown, and not at endless length."""
    for item in diagnostics[:20]:
        for language in ("zh", "en"):
            assert len(item.render(language)) < 20_000, f"{item.code}: a message of {len(item.render(language))} characters"  # type: ignore[arg-type]
        assert item.span is None or 0 <= item.span.start <= item.span.end <= len(item.span.source.text), item


def read(text: str, *, is_cell: bool) -> Node | None:
    """Return a node, or None where the text is refused with a reason."""
    try:
        return (parse_unary_tests if is_cell else parse_expression)(snippet(text), nodes.scope())
    except CompileError as error:
        assert_told(error.diagnostics)
        return None


def assert_reads_back(node: Node) -> None:
    """Assert that what is written reads back as the same."""
    for width in (None, 40):
        text = unparse(node, scope=nodes.scope(), width=width)
        again = read(text, is_cell=isinstance(node, UnaryTests))
        assert again is not None, f"written as {text!r}, which cannot be read"
        assert is_same(again, node), f"written as {text!r}"


def assert_evaluates(node: Node, seed: int) -> None:
    """Assert that a node comes to a FEEL value, and to the same one when asked again."""
    given = corpus.values(Random(seed))
    tested = corpus.value(nodes.Grower(Random(seed)), 2)
    Checker(dict.fromkeys(nodes.VARIABLES, Shape())).infer(node)
    results = []
    for _ in range(2):
        run = Run(TODAY, steps=STEPS)
        frame = Frame(given, run)
        value: Any = passes(node, tested, frame) if isinstance(node, UnaryTests) else evaluate(node, frame)
        assert_value(value)
        assert_told(run.diagnostics)
        results.append((literal(value), [item.code for item in run.diagnostics]))
    assert results[0] == results[1] or _is_timed(results), f"two answers: {[excerpt(result[0]) for result in results]}"


def _is_timed(results: list[tuple[str, list[str]]]) -> bool:
    """Say whether a pattern worked so long that the clock of the machine had its say."""
    return any({"feel-pattern-timeout", "feel-too-many-steps"} & set(codes) for _, codes in results)


# --- expressions ---------------------------------------------------------------------------------------------------------


def make_text(random: Random) -> str:
    """Return a mutated expression, or pieces at random."""
    if random.randrange(5) == 0:
        return "".join(random.choice(corpus.PIECES) + random.choice(("", " ")) for _ in range(random.randrange(1, 30)))
    if random.randrange(4) == 0:
        return corpus.mutated(random, unparse(nodes.expression(random)), corpus.expressions())
    return corpus.mutated(random, random.choice(corpus.expressions()), corpus.expressions())


def check_text(text: str) -> None:
    """Read a text as an expression, write it, and evaluate it."""
    node = read(text, is_cell=False)
    if node is not None:
        assert_reads_back(node)
        assert_evaluates(node, crc32(text.encode("utf-8", "surrogatepass")))


def check_cell(text: str) -> None:
    """Read a text as unary tests, write them, and let a value try them."""
    node = read(text, is_cell=True)
    if node is not None:
        assert_reads_back(node)
        assert_evaluates(node, crc32(text.encode("utf-8", "surrogatepass")))


def make_tree(random: Random) -> str:
    """Return the seed and the size of a tree."""
    return f"{random.randrange(2**48)} {random.randint(1, 40)}"


def check_tree(text: str) -> None:
    """Grow a tree from its seed, write it, and evaluate it."""
    seed, size = map(int, text.split())
    node = nodes.expression(Random(seed), size)
    assert_reads_back(node)
    assert_evaluates(node, seed)


def check_tree_of_tests(text: str) -> None:
    """Grow unary tests from their seed, write them, and let a value try them."""
    seed, size = map(int, text.split())
    node = nodes.unary_tests(Random(seed), size)
    assert_reads_back(node)
    assert_evaluates(node, seed)


# --- policies and models -------------------------------------------------------------------------------------------------


def make_policy(random: Random) -> str:
    """Return a mutated policy: whole, or a stretch of it."""
    lines = random.choice(corpus.policies()).split("\n")
    start = random.randrange(len(lines))
    part = lines if random.randrange(3) == 0 else lines[start : start + random.randint(1, 40)]
    return corpus.mutated(random, "\n".join(part), corpus.policies())


def check_policy(text: str) -> None:
    """Read a policy and tangle it; whatever it is, it is a document."""
    policy = tangle(parse_policy(Source("fuzz.md", text.replace("\r", ""))))
    assert_told(list(policy.diagnostics))


def make_model(random: Random) -> str:
    """Return a mutated model, its bytes as characters."""
    return corpus.mutated_bytes(random, random.choice(corpus.models()), corpus.models()).decode("latin-1")


def check_model(text: str) -> None:
    """Read a model, compile it, and evaluate all of its decisions without inputs and with odd ones."""
    try:
        document = xml.read(text.encode("latin-1"), "fuzz.dmn")
        assert_told(list(document.diagnostics))
        model = compile_models(document.definitions)
    except CompileError as error:
        assert_told(list(error.diagnostics))
        return
    grower = nodes.Grower(Random(len(text)))
    for given in ({}, {id_: corpus.value(grower, 2) for id_ in model.inputs}):
        for id_ in model.decisions:
            found = evaluate_model(model, id_, given, as_of=TODAY)
            assert_value(found.value)
            assert_told(list(found.diagnostics))


TARGETS = (
    Target("text", 35, make_text, check_text),
    Target("cell", 20, make_text, check_cell),
    Target("tree", 25, make_tree, check_tree),
    Target("tests", 10, make_tree, check_tree_of_tests),
    Target("policy", 8, make_policy, check_policy),
    Target("model", 2, make_model, check_model, MODEL_SECONDS),
)
"""All targets; the weight says how often each has its turn."""


def failure(target: Target, text: str) -> str:
    """Return what is wrong with an input in one line, or an empty text."""
    try:
        with limited(target.seconds):
            target.check(text)
    except (Exception, Hang) as error:  # noqa: BLE001 - whatever comes is a finding
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "?"
        return f"{type(error).__name__} at {place}: {str(error)[:300]}".replace("\n", " ")
    return ""
