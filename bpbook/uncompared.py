"""Check that each cell whose output is not compared stands in uncompared.toml, with the reason."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from bpbook.allowed import Entry, left_over, load_allowed
from bpbook.notebooks import Cell, cells, notebooks, repository_root

# What nbval understands, in tags and in comments; with raises-exception a cell passes even when nothing is raised.
TAG = re.compile(r"(nbval|pytest-validate)-.*|raises-exception", re.IGNORECASE)
COMMENT = re.compile(r"^\s*#[#\s]*((?:NBVAL|PYTEST_VALIDATE)_\w+)\s*$", re.MULTILINE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print every cell that is left out without a reason, and every entry that is left over."""
    root = repository_root()
    problems = violations(root)
    compared, left_out = counts(root)
    print("\n".join(problems) if problems else f"{compared} outputs are compared, {left_out} cells are left out with a reason")
    return int(bool(problems))


def violations(root: Path) -> list[str]:
    """Return a line for each cell without an entry, and for each entry without a cell."""
    path = root / "bpbook" / "uncompared.toml"
    allowed = load_allowed(path, ("notebook", "cell"))
    marked = [(cell, mark) for cell in _code(root) for mark in marks(cell)]
    problems = [
        f"{cell.where} ({first_line(cell)!r}): {mark}, but bpbook/uncompared.toml gives no reason"
        for cell, mark in marked
        if not any(_matches(entry, cell) for entry in allowed)
    ]
    return problems + left_over(path, allowed, lambda entry: any(_matches(entry, cell) for cell, _ in marked))


def marks(cell: Cell) -> list[str]:
    """Return the tags and comments that tell nbval not to run, or not to compare, a cell."""
    return [tag for tag in cell.tags if TAG.fullmatch(tag)] + COMMENT.findall(cell.source)


def first_line(cell: Cell) -> str:
    """Return the first line of a cell that says something about it: not a comment for nbval."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip() and not COMMENT.match(line)]
    return lines[0] if lines else ""


def counts(root: Path) -> tuple[int, int]:
    """Return how many outputs are compared, and how many cells are left out."""
    code = _code(root)
    left_out = [cell for cell in code if marks(cell)]
    return sum(len(cell.node.outputs) for cell in code) - sum(len(cell.node.outputs) for cell in left_out), len(left_out)


def _code(root: Path) -> Sequence[Cell]:
    return [cell for path in notebooks(root) for cell in cells(path, root) if cell.kind == "code"]


def _matches(entry: Entry, cell: Cell) -> bool:
    return entry["notebook"] == cell.notebook and entry["cell"] in (cell.node.get("id"), first_line(cell))
