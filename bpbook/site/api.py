"""The API reference: equations named in docstrings become links, and each entry links to its chapter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpbook.site.sources import LABEL, equation_labels, exported

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def _link_docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if not name.startswith("bpkit."):
        return
    labels = app.config.bpbook_labels
    lines[:] = [LABEL.sub(lambda match: _equation(match[1], labels), line) for line in lines]
    home = next((item for item in app.config.bpbook_exported if name == f"bpkit.{item.module}.{item.name}"), None)
    if home is not None:
        # The docstring says in which chapter and section it is derived; this leads to the very cell.
        lines += ["", ".. container:: derived-in", "", f"   :ref:`The code in its place <{home.anchor}>`"]


def _equation(label: str, known: frozenset[str]) -> str:
    return f":eq:`{label}`" if label in known else f"``{label}``"


def _read_chapters(app: Sphinx) -> None:
    root = Path(app.srcdir)
    app.config.bpbook_exported = list(exported(root))
    app.config.bpbook_labels = equation_labels(root)


def setup(app: Sphinx) -> None:
    """Listen to autodoc after numpydoc, which works at the default priority."""
    app.add_config_value("bpbook_exported", [], "")
    app.add_config_value("bpbook_labels", frozenset(), "")
    app.connect("builder-inited", _read_chapters)
    app.connect("autodoc-process-docstring", _link_docstring, priority=900)
