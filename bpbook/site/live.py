"""Live cells: what a page needs so that its code can be changed and run in place.

Each page with code gets a short list of its cells. Their texts, what they need and what they import are in a file of their
own, which is fetched when the reader asks to run something; so is everything else but a small script and its style.
"""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from bpbook.notebooks import Cell, cells
from bpbook.site import running
from bpbook.site.order import chapter_number
from bpbook.site.running import session

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CLASS = "live-cell-"
FOLDER = "_static/live"
SHORT = 12  # lines of a cell that shows something


def code_cells(path: Path, root: Path) -> list[Cell]:
    """Return the cells of a page that can run."""
    return [cell for cell in cells(path, root) if cell.kind == "code"]


def kind_of(cell: Cell) -> str:
    """Say what a cell is for: 'figure', 'ledger', 'exported', 'check', 'show' (short, with an output) or 'code'."""
    if "figure" in cell.node.metadata.get("mystnb", {}):
        return "figure"
    if "ledger" in cell.tags:
        return "ledger"
    if any(tag.startswith("tangle:") for tag in cell.tags):
        return "exported"
    if cell.source.startswith("check("):
        return "check"
    return "show" if cell.node.outputs and len(cell.source.splitlines()) <= SHORT else "code"


def listed(code: list[Cell]) -> list[dict[str, str]]:
    """Return the list of a page's cells; an answer and the check after it belong together."""
    found = [{"id": cell.node.id, "kind": kind_of(cell), "hash": sha256(cell.source.encode()).hexdigest()[:12]} for cell in code]
    for answer, check in pairwise(found):
        if check["kind"] == "check" and answer["kind"] != "check":
            answer |= {"kind": "answer", "check": check["id"]}
    return found


def texts(code: list[Cell]) -> list[dict[str, Any]]:
    """Return for each cell its text, the cells above that it needs, and the modules that all of them import."""
    page = [session.Cell(cell.node.id, cell.source) for cell in code]
    found = []
    for cell in page:
        before = session.Session().before(page, cell.id)
        modules = session.imported([*(text for _, text in before), cell.source])
        found.append({"id": cell.id, "source": cell.source, "needs": [name for name, _ in before], "imports": modules})
    return found


def _notebook(app: Sphinx, docname: str) -> Path | None:
    path = Path(app.env.doc2path(docname))
    return path if path.suffix == ".ipynb" and path.is_file() and chapter_number(docname) is not None else None


def _mark_cells(app: Sphinx, doctree: nodes.document) -> None:
    path = _notebook(app, app.env.docname)
    if path is None:
        return
    ids = [cell.node.id for cell in cells(path, Path(app.srcdir))]
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code":
            cell["classes"].append(f"{CLASS}{ids[cell['cell_index']]}")


def _add_list(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    path = _notebook(app, pagename)
    if path is None:
        return
    known = {"page": pagename, "help": _help(app, context), "cells": listed(code_cells(path, Path(app.srcdir)))}
    data = json.dumps(known, separators=(",", ":")).replace("<", "\\u003c")
    context["body"] += f'<script type="application/json" id="live-cells">{data}</script>\n'
    app.add_css_file("live/live.css", priority=901)
    app.add_js_file("live/start.js", loading_method="defer")


def _help(app: Sphinx, context: dict[str, Any]) -> str:
    """Return the address of the page that tells how to run the book, from the page that is written."""
    pages = ("chapters/appendices/browser", "chapters/00_how_to_read")
    return str(context["pathto"](next(page for page in pages if page in app.env.all_docs)))


def _write_texts(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir) / FOLDER
    for docname in sorted(app.env.all_docs):
        path = _notebook(app, docname)
        if path is not None:
            target = folder / "cells" / f"{docname}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps({"cells": texts(code_cells(path, Path(app.srcdir)))}) + "\n", encoding="utf-8")
    (folder / "running").mkdir(parents=True, exist_ok=True)
    for source in sorted(Path(running.__file__).parent.glob("*.py")):
        shutil.copy2(source, folder / "running")


def setup(app: Sphinx) -> None:
    """Mark the cells, list them in each page, and write their texts beside the pages."""
    app.connect("doctree-read", _mark_cells)
    app.connect("html-page-context", _add_list)
    app.connect("build-finished", _write_texts)
