"""Compare the cells of a notebook with those of another run; `different.toml` says which may differ, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bpbook.allowed import Entry, load_allowed
from bpbook.browser.outputs import differences

EXCEPTIONS = Path(__file__).with_name("different.toml")


def compare(name: str, wanted: Any, cells: Sequence[dict[str, Any]]) -> tuple[list[str], list[Entry]]:
    """Return a line for each difference, and the exceptions that excuse others; an error is never excused."""
    problems, excused = [], []
    code = [cell for cell in wanted.cells if cell.cell_type == "code"]
    for cell, again in zip(code, cells, strict=True):
        lines = differences(cell.outputs, again["outputs"])
        excuse = None if _failed(again) else next(_excuses(name, cell), None)
        if lines and excuse:
            excused.append(excuse)
        else:
            problems += [f"cell {again['number']} ({_first_line(cell)!r}): {line}" for line in lines]
    return problems, excused


def _failed(cell: dict[str, Any]) -> bool:
    return any(output["output_type"] == "error" for output in cell["outputs"])


@cache
def exceptions() -> tuple[Entry, ...]:
    """Return the cells that may show something else in the browser."""
    return tuple(load_allowed(EXCEPTIONS, ("notebook", "cell")))


def _excuses(name: str, cell: Any) -> Iterator[Entry]:
    return (entry for entry in exceptions() if entry["notebook"] == name and entry["cell"] in (cell.get("id"), _first_line(cell)))


def _first_line(cell: Any) -> str:
    return next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
