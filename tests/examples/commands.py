"""What golden files of commands share: each holds files and commands, and last what the last command says in both languages.

    === payments.csv            a file, by its name; `payments.csv | gb18030` has that encoding
    === commands                what is called, one a line; `change FILE: OLD -> NEW` changes a file in between
    === expected                what the last command says on standard error, once in Chinese and once in English

`expected` is written anew with ZHIDA_BLESS=1.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.examples.test_golden import agree_text, sections
from tests.examples.test_registry_examples import put
from zhida.cli import run

Prepare = Callable[[Path, Mapping[str, str]], object]
"""Writes what is there anyway into a new folder; given the sections of the golden file."""


def agree_commands(
    path: Path, command: str, folder: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Call what a golden file asks for, in a new folder for each language, and compare what is said with what the file expects.

    Args:
        path: The golden file.
        command: The command of zhida.
        folder: An empty folder.
        prepare: Writes what is there anyway.
        monkeypatch: Changes the working directory.
        capsys: Catches what is said.
    """
    _, parts = sections(path.read_text(encoding="utf-8"))
    told = []
    for language in ("zh", "en"):
        place = folder / language
        place.mkdir()
        prepare(place, parts)
        for head, text in parts.items():
            if "." in head:
                put(place, head, text)
        monkeypatch.chdir(place)
        told.append(_said(command, parts["commands"].splitlines(), language, capsys))
    agree_text(path, "\n\n".join(told) + "\n")


def _said(command: str, lines: Sequence[str], language: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the last of some commands says."""
    for line in lines:
        capsys.readouterr()
        if line.startswith("change "):
            name, _, change = line.removeprefix("change ").partition(": ")
            old, _, new = change.partition(" -> ")
            text = Path(name).read_text(encoding="utf-8")
            assert old in text
            Path(name).write_text(text.replace(old, new, 1), encoding="utf-8")
        else:
            run([command, *shlex.split(line), "--lang", language])
    return capsys.readouterr().err.strip("\n")
