"""Run the chapters, make each checked equation wrong, and see every check fail."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from bpbook.ledger import Entry, NotProved, recording
from bpbook.ledger.cells import TAG
from bpbook.notebooks import BookError, Cell, cells, notebooks


def perturb(root: Path) -> list[str]:
    """Print the counts and return a line for every wrong equation that its check let through."""
    equations = tried = 0
    problems: list[str] = []
    for path in notebooks(root):
        found = cells(path, root)
        if not any(TAG in cell.tags for cell in found):
            continue
        for cell, entry in entries(path, found):
            equations += 1
            problems += _stale(cell, entry)
            for change, survived in attempts(entry):
                tried += 1
                problems += [f"{cell.where}: {entry.label} still passes with a mistake: {change}"] if survived else []
    survivors = sum("still passes" in problem for problem in problems)
    print(f"{equations} equations, {tried} mistakes put in, {tried - survivors} found, {survivors} survived")
    return problems


def attempts(entry: Entry) -> Iterator[tuple[str, bool]]:
    """Yield each wrong variant of an entry, and whether its check let it through."""
    for change, wrong in entry.check.perturbed():
        try:
            wrong.verify()
        except NotProved:
            yield change, False
        else:
            yield change, True


def _stale(cell: Cell, entry: Entry) -> list[str]:
    """Compare what the entry prints with what is stored in the notebook."""
    stored = ["".join(output.data["text/markdown"]) for output in cell.node.outputs if "text/markdown" in output.get("data", {})]
    return (
        []
        if stored == [entry._repr_markdown_()]
        else [f"{cell.where}: the stored output of {entry.label} is not what the cell prints: run the notebook"]
    )


def entries(path: Path, found: list[Cell]) -> Iterator[tuple[Cell, Entry]]:
    """Run the code of a notebook from top to bottom and yield every entry with its cell."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with _quiet(path.parent):
        code = [cell for cell in found if cell.kind == "code"]
        results = [(cell, made) for cell in code for made in _run(cell, namespace)]
    yield from results


def _run(cell: Cell, namespace: dict[str, Any]) -> list[Entry]:
    lines = ["" if line.startswith(("%", "!")) else line for line in cell.source.splitlines()]
    with recording() as made:
        try:
            exec(compile("\n".join(lines), cell.where, "exec"), namespace)
        except Exception as error:
            raise BookError(f"{cell.where} fails: {type(error).__name__}: {error}") from error
    return made if TAG in cell.tags else []


@contextmanager
def _quiet(folder: Path) -> Iterator[None]:
    """Run in a chapter's folder, without windows and without its printed output."""
    import matplotlib
    import matplotlib.pyplot as plt

    before = os.getcwd()
    matplotlib.use("Agg")
    os.chdir(folder)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        plt.close("all")
        os.chdir(before)
