"""The fuzzer for a few seconds, from a fixed seed; and that it finds what is wrong."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import corpus, nodes, targets
from tests.fuzz.__main__ import drawn, fuzz, keep, replay
from tests.fuzz.targets import TARGETS, Hang, Target, failure, limited

INPUTS = {"text": 250, "cell": 150, "tree": 150, "tests": 80, "policy": 60, "model": 15}
"""How many of each are tried here: about five seconds in all."""


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_goes_wrong_with_the_first_inputs(target: Target) -> None:
    for number in range(INPUTS[target.name]):
        text = target.make(Random(f"short/{target.name}/{number}"))
        assert failure(target, text) == "", f"{target.name}: {text!r}"


def test_inputs_follow_from_their_seed() -> None:
    assert [drawn(f"1/0/{number}", TARGETS)[1] for number in range(30)] == [drawn(f"1/0/{number}", TARGETS)[1] for number in range(30)]
    assert len({drawn(f"1/0/{number}", TARGETS)[1] for number in range(30)}) > 20


def test_most_trees_hold_every_kind_of_node_and_most_mutations_can_still_be_read_or_are_refused() -> None:
    kinds = {type(found).__name__ for seed in range(300) for found in nodes.syntax.descendants(nodes.expression(Random(seed), 30))}
    assert kinds >= {kind.__name__ for kind in nodes.syntax.Node.__subclasses__()} - {"Condition"}
    texts = [targets.make_text(Random(seed)) for seed in range(300)]
    readable = sum(targets.read(text, is_cell=False) is not None for text in texts)
    assert 30 < readable < 270


def check_nothing(_text: str) -> None:
    return


def loop(_text: str) -> None:
    while True:
        pass


def break_down(text: str) -> None:
    raise KeyError(text)


def test_an_exception_and_a_hang_are_findings() -> None:
    assert failure(Target("good", 1, corpus.MODEL.__add__, check_nothing), "a") == ""  # type: ignore[arg-type]
    assert failure(Target("bad", 1, str, break_down), "a").startswith("KeyError at test_fuzz.py:")
    assert failure(Target("slow", 1, str, loop, 0.05), "a").startswith("Hang at")
    with pytest.raises(Hang), limited(0.05):
        loop("")


@pytest.mark.parametrize("value", [1, 1.5, [1], {1: None}, (object(),)])
def test_what_is_no_feel_value_is_a_finding(value: object) -> None:
    with pytest.raises(AssertionError):
        targets.assert_value(value)


def test_a_finding_is_kept_and_can_be_tried_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = keep(tmp_path / "new", "text", "1/0/7", '1 + "\ud800', "KeyError at x.py:1: y")
    assert json.loads(path.read_text(encoding="ascii"))["input"] == '1 + "\ud800'
    assert replay(path) == 0
    assert "nothing goes wrong any more" in capsys.readouterr().out


def test_a_run_says_how_it_goes_and_ends_in_time(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.fuzz", "--seconds", "1", "--jobs", "1", "--seed", "3", "--only", "text", "tree"]
    run = subprocess.run([*program, "--out", str(tmp_path)], check=False, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert " inputs " in run.stdout
    assert "0 findings" in run.stdout
    assert callable(fuzz)
