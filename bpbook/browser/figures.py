"""Have the figures of a notebook say what is drawn in them, as `drawn.py` tells it."""

from __future__ import annotations

from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any

from bpbook.browser.pyodide import CACHE
from bpbook.execute import execute

# Not in the names of the notebook: its cells may call something `lines`, too. The imports tell the browser what to load.
CELL = """\
import matplotlib, numpy
exec(compile({source!r}, "<drawn>", "exec"), {{"__name__": "drawn"}})
del matplotlib, numpy
"""
SOURCE = Path(__file__).with_name("drawn.py")
KIND = "text/x-drawn"
PICTURE = "image/png"


def has_figures(notebook: Any) -> bool:
    """Tell whether an output of the notebook is a picture."""
    return any(PICTURE in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))


def telling(notebook: Any) -> Any:
    """Return a copy of the notebook with one more cell at its start, which lets each figure say what is drawn in it."""
    from nbformat.v4 import new_code_cell

    changed = deepcopy(notebook)
    cell = new_code_cell(CELL.format(source=SOURCE.read_text(encoding="utf-8")))  # type: ignore[no-untyped-call]
    changed.cells.insert(0, cell)
    return changed


def with_figures(notebook: Any, path: Path, root: Path) -> Any:
    """Return the notebook with what is drawn in each of its pictures; where that is not known, its cells run here.

    Parameters
    ----------
    notebook : nbformat node
        Not changed; all other outputs stay as they are.
    path : Path
        Where the notebook stands.
    root : Path
        The root of the book; what is drawn in a picture is kept in its folder `.browser`.
    """
    found = deepcopy(notebook)
    pictures = [output for cell in found.cells for output in cell.get("outputs", ()) if PICTURE in output.get("data", {})]
    places = [_place(output, notebook, root) for output in pictures]
    if not all(place.is_file() for place in places):
        _keep(notebook, path, root)
    for output, place in zip(pictures, places, strict=True):
        output["data"][KIND] = place.read_text(encoding="utf-8") if place.is_file() else "nothing: execute the notebook again"
    return found


def _keep(notebook: Any, path: Path, root: Path) -> None:
    """Run the cells, and keep what is drawn in each picture."""
    run = execute(telling(notebook), path, root)
    for cell, again in zip(notebook.cells, run.cells[1:], strict=True):
        for output, new in zip(cell.get("outputs", ()), again.get("outputs", ()), strict=False):
            if PICTURE in output.get("data", {}) and KIND in new.get("data", {}):
                place = _place(output, notebook, root)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(new["data"][KIND], encoding="utf-8")


def _place(output: Any, notebook: Any, root: Path) -> Path:
    """Return where is kept what is drawn in a picture: it depends on the code, and other modules would give another picture."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    key = sha256("\n".join([output["data"][PICTURE], *code]).encode() + SOURCE.read_bytes()).hexdigest()[:24]
    return root / CACHE / "drawn" / f"{key}.txt"
