"""Our peers: an environment of their own under build/bench, and a process for each that is asked to run what we run.

    this process ──line of JSON──> worker of a peer ──line of JSON──> this process

A peer that cannot be installed, or whose worker does not start, is said loudly and left out; nothing else fails for it.
"""

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Json = Any

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build/bench"
WORKERS = HERE / "workers"
FEELIN = "8.2.0"
MINUTES = 5


def say(text: str) -> None:
    """Say something that must not be overlooked."""
    print(f"!!! {text}", flush=True)


FEEL_WORKERS = {"bkflow-feel": "bkflow", "pySFeel": "pysfeel", "zen-engine": "zen_engine"}
"""Peers in Python that read FEEL, or tables, for one subject at a time; with the names of their workers."""
PYTHON = BUILD / "venv/bin/python"


def pins() -> dict[str, str]:
    """Return the peers in Python with their versions: name → `name==version`."""
    lines = (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {line.partition("==")[0]: line for line in lines if line and line[0] != "#"}


def install() -> dict[str, str]:
    """Install the peers in Python where that was not done before; return those that are there: name → `name==version`."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(BUILD / "venv")], check=True, timeout=MINUTES * 60)
    there = {}
    for name, pin in pins().items():
        done = BUILD / f"{pin}.installed"
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", pin]
        if done.exists() or _succeeds(pip, pin):
            done.touch()
            there[name] = pin
    return there


def install_feelin() -> list[str] | None:
    """Install feelin where that was not done before; return the command of its worker, None where it cannot run."""
    name = f"feelin=={FEELIN}"
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        say(f"{name} 未测：没有 node 与 npm / left out: there is no node with npm")
        return None
    folder = BUILD / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}", encoding="utf-8")
    done = BUILD / f"{name}.installed"
    if not done.exists() and not _succeeds([npm, "install", "--silent", "--prefix", str(folder), f"feelin@{FEELIN}"], name):
        return None
    done.touch()
    return [node, str(WORKERS / "feelin.mjs"), str(folder)]


def installed() -> dict[str, list[str]]:
    """Install the peers that take one subject at a time; return the command of each worker that can run."""
    there = install()
    commands = {there[name]: [str(PYTHON), str(WORKERS / f"{worker}.py")] for name, worker in FEEL_WORKERS.items() if name in there}
    feelin = install_feelin()
    return commands if feelin is None else {**commands, f"feelin=={FEELIN}": feelin}


def _succeeds(command: Sequence[str], name: str) -> bool:
    """Run an installation; say so where it fails."""
    try:
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=MINUTES * 60)
    except subprocess.TimeoutExpired:
        say(f"{name} 未测：安装超时 / left out: its installation took more than {MINUTES} minutes")
        return False
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["?"]
        say(f"{name} 未测：装不上 / left out: it could not be installed: {lines[-1]}")
    return ended.returncode == 0


class Worker:
    """A process that runs what it is asked to run, and says how long it took."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
        )
        self.count = 0

    def ask(self, message: Json, within: float | None = None) -> Json:
        """Send a message and return the answer.

        Args:
            message: What is asked.
            within: Seconds that it may take; by then the process is ended.

        Raises:
            TimeoutError: it took longer.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        if within is not None and not select.select([self.process.stdout], [], [], within)[0]:
            self.process.kill()
            raise TimeoutError
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the worker has ended")
        return json.loads(line)

    def prepare(self, task: Json, within: float | None = None) -> tuple[int, Json]:
        """Hand over a task; return its number and either its value or why it was refused."""
        self.count += 1
        return self.count, self.ask({"prepare": self.count, "task": task}, within)

    def forget(self) -> None:
        """Let it forget all tasks."""
        self.ask({"forget": True})

    def seconds(self, number: int, loops: int, goes: int = 1) -> float:
        """Run a task so many times, and that again; return the seconds of one time in the quickest go."""
        return float(self.ask({"run": number, "loops": loops, "goes": goes})["seconds"])

    def end(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def zhida(sources: Path | None = None) -> Worker:
    """Return a worker of our own, of these sources or of others."""
    command = [sys.executable, str(WORKERS / "zhida_here.py")]
    return Worker(command, {"PYTHONPATH": str(sources)} if sources else None)
