"""Cells with a name: the tag `cell:NAME` lets every page link to the cell with {ref}`text <cell-NAME>`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

CLASS = "tag_cell:"
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def _name_cells(app: Sphinx, doctree: nodes.document) -> None:
    for cell in list(doctree.findall(nodes.container)):
        names = [name.removeprefix(CLASS) for name in cell.get("classes", []) if name.startswith(CLASS)]
        cell["classes"] = [name for name in cell["classes"] if not name.startswith(CLASS)]
        for name in names:
            _note_target(app, cell, name)


def _note_target(app: Sphinx, cell: nodes.container, name: str) -> None:
    # Without a title, so that a link has to say in words what the cell shows.
    known, anchor = app.env.get_domain("std").anonlabels, f"cell-{name}"  # type: ignore[attr-defined]
    if not NAME.fullmatch(name):
        logger.warning("the tag 'cell:%s' is not a name, wanted small letters, digits and single hyphens", name, location=cell)
    elif anchor in known:
        logger.warning("two cells have the tag 'cell:%s', the other one is in %s", name, known[anchor][0], location=cell)
    else:
        cell["ids"].append(anchor)
        known[anchor] = app.env.docname, anchor


def setup(app: Sphinx) -> None:
    """Give the cells their anchors when a page has been read."""
    app.connect("doctree-read", _name_cells)
