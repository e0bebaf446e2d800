"""Run all tests: the book is built, then code, equations, bugs, exercises, notebooks and site are tested."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from bpbook.notebooks import repository_root

ENVIRONMENT = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
# The tests of a module, and the cells of a notebook, stay together; they start in the order that is given.
PARALLEL = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=120", "-p", "bpbook.same_bytes"]
# Tests that take long start first: a worker that gets one of them last lets the other one wait.
LONG = ("browser", "ledger_check", "live", "lite", "bugs", "install", "grade", "worksheet", "exercises", "exercise_check", "operations")
# Steps run side by side while they have at most this many processes: two cores, and one more that waits for a kernel or a page.
ROOM = 3


@dataclass(frozen=True)
class Step:
    """A command of Python with its number of busy processes, and the steps that end before it starts."""

    name: str
    command: list[str]
    processes: int = 1
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a step ended, and the file with all that it said."""

    step: Step
    code: int
    seconds: float
    output: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def steps(root: Path) -> list[Step]:
    """Return what is run; of the steps that could start, the first one does."""
    notebooks = sorted(str(path.relative_to(root)) for path in (root / "chapters").glob("**/*.ipynb"))
    return [
        # Nothing runs beside it, for a bug that takes too long counts as killed.
        Step("every bug is tried", ["bpbook.site.bug_results"], ROOM),
        Step("the book builds", ["bpbook", "build"], 1, ("every bug is tried",)),
        Step("notebooks give the same outputs and the same bytes", ["pytest", *PARALLEL, *NBVAL, *notebooks], 2, ("every bug is tried",)),
        # One notebook at a time beside the tests, which often wait for a page: this takes less time than one step after the other.
        Step("notebooks give the same outputs in the browser's Python", ["bpbook", "browser", "--processes", "1"], 1, ("the book builds",)),
        Step("code, tools and site work", ["pytest", *PARALLEL, *tests(root)], 2, ("the book builds",)),
        Step("fast checks", ["bpbook", "check"], 1, ("the book builds",)),
    ]


def tests(root: Path) -> list[str]:
    """Return the files with tests, those that take long first."""
    names = [path.stem.removeprefix("test_") for path in (root / "tests").glob("test_*.py")]
    first = {name: place for place, name in enumerate(LONG)}
    return [f"tests/test_{name}.py" for name in sorted(names, key=lambda name: (first.get(name, len(LONG)), name))]


def run(arguments: argparse.Namespace) -> int:
    """Run every step, also after one has failed, and return 1 if any failed."""
    root = repository_root()
    # Where the run is stopped from outside, what the steps have said so far stands here.
    folder = root / "_build" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = in_parallel(steps(root), root, folder)
    for outcome in outcomes:
        print(f"{'FAILED' if outcome.code else 'passed'}  {outcome.step.name}  {outcome.seconds:.0f} s")
    return int(any(outcome.code for outcome in outcomes))


def in_parallel(waiting: list[Step], root: Path, folder: Path, room: int = ROOM) -> list[Outcome]:
    """Run all steps, as many side by side as there is room for; print what each has said when it ends."""
    running: dict[Future[Outcome], Step] = {}
    ended: list[Outcome] = []
    with ThreadPoolExecutor() as pool:
        while waiting or running:
            while step := _next(waiting, running.values(), ended, room):
                waiting.remove(step)
                running[pool.submit(attempt, step, root, folder)] = step
            if not running:
                raise ValueError(f"can never start: {', '.join(step.name for step in waiting)}")
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                ended.append(future.result())
                _show(ended[-1])
    return ended


def _next(waiting: Iterable[Step], running: Iterable[Step], ended: Iterable[Outcome], room: int) -> Step | None:
    """Return the first step for which there is room and nothing to wait for."""
    names, left = {outcome.step.name for outcome in ended}, room - sum(step.processes for step in running)
    return next((step for step in waiting if step.processes <= left and names >= {*step.after}), None)


def attempt(step: Step, root: Path, folder: Path) -> Outcome:
    """Run one step in a process of its own; all that it says goes to a file."""
    print(f"starts: {step.name}", flush=True)
    # The site's tests look at the book that was just built.
    environment = os.environ | ENVIRONMENT | {"BPBOOK_HTML": str(root / "_build" / "html")}
    command, start = [sys.executable, "-m", *step.command], time.monotonic()
    path = folder / f"{step.name.replace(' ', '-')}.txt"
    with path.open("wb") as file:
        code = subprocess.run(command, cwd=root, env=environment, stdout=file, stderr=subprocess.STDOUT).returncode
    return Outcome(step, code, time.monotonic() - start, path)


def _show(outcome: Outcome) -> None:
    print(f"\n$ python -m {' '.join(outcome.step.command)}")
    sys.stdout.write(outcome.output.read_text(encoding="utf-8", errors="replace"))
    print(f"{'FAILED' if outcome.code else 'passed'}: {outcome.step.name}\n", flush=True)
