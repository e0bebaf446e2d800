"""The session of a page as its worker calls it: texts in, texts out."""

from __future__ import annotations

import json

from .session import Cell, Session, imported

SESSION = Session()


def before(cells: str, target: str) -> str:
    """Return, as JSON, what has to run before a cell: pairs of the name of a cell and its lines.

    Parameters
    ----------
    cells : str
        JSON: the cells of the page, each with `id`, `source` and `original`.
    target : str
        The id of the cell that is to run.
    """
    return json.dumps(SESSION.before(_cells(cells), target))


def ran(cells: str, target: str, text: str, ended: bool) -> None:
    """Note what has run, to its end or not."""
    SESSION.ran(_cells(cells), target, text, ended)


def modules(texts: str) -> str:
    """Return, as JSON, the modules that some texts import."""
    return json.dumps(imported(json.loads(texts)))


def _cells(cells: str) -> list[Cell]:
    return [Cell(**cell) for cell in json.loads(cells)]
