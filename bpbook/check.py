"""Run all fast checks, without running a notebook, and print a table of the results."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bpbook.notebooks import repository_root

CHECKS = {
    "bpkit/ is what the chapters say": ["bpbook", "tangle", "--check"],
    "chapters import only what came before": ["bpbook", "firewall"],
    "every equation has its check": ["bpbook", "ledger"],
    "every number has its cell": ["bpbook", "numbers"],
    "results belong to the code": ["bpbook", "results", "--check"],
    "every output is compared": ["bpbook", "uncompared"],
    "exercises are what their sources say": ["bpbook", "exercises", "--check"],
    "notebooks have the committed form": ["bpbook", "normalise", "--no-execute", "--check"],
    "style of the code (ruff check)": ["ruff", "check", "bpkit", "bpbook", "tests"],
    "layout of the code (ruff format)": ["ruff", "format", "--check", "bpkit", "bpbook", "tests"],
    "types of the code (mypy)": ["mypy"],
}


@dataclass(frozen=True)
class Result:
    """What one check said."""

    name: str
    code: int
    output: str
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Run every check, also after one has failed; print what failed, then the table."""
    root = repository_root()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda item: attempt(root, *item), CHECKS.items()))
    print(report(results))
    return int(any(result.code for result in results))


def attempt(root: Path, name: str, command: list[str]) -> Result:
    """Run one check in a process of its own, at the root of the book."""
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return Result(name, done.returncode, f"$ python -m {' '.join(command)}\n{done.stdout}", time.monotonic() - start)


def report(results: list[Result]) -> str:
    """Return the output of what failed, and one line for each check."""
    failed = [result.output for result in results if result.code]
    width = max(len(result.name) for result in results)
    table = [f"{'FAILED' if result.code else 'passed'}  {result.name:<{width}}  {result.seconds:4.0f} s" for result in results]
    return "\n".join([*failed, *table])
