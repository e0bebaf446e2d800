"""Exported cells: 'saved in bpkit/...' below each, linked to the API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx import addnodes

from bpbook.site.sources import Exported, defined_names

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CLASS = "tag_tangle:"


def _mark_exported(app: Sphinx, doctree: nodes.document) -> None:
    page = app.env.docname
    for cell in list(doctree.findall(nodes.container)):
        modules = [name[len(CLASS) :] for name in cell.get("classes", []) if name.startswith(CLASS)]
        code = next(iter(cell.findall(nodes.literal_block)), None)
        if not modules or code is None:
            continue
        # Private helpers are in the module, not in the reference; and the ids of History and _history would be the same.
        found = [Exported(page, modules[0], name) for name in defined_names(code.astext()) if not name.startswith("_")]
        cell["classes"] = [name for name in cell["classes"] if not name.startswith(CLASS)] + ["exported"]
        _note_anchors(app, page, cell, found)
        inputs = [child for child in cell.children if "cell_input" in cast(nodes.Element, child).get("classes", [])]
        cell.insert(cell.index(inputs[-1]) + 1, _saved_in(page, modules[0], found))


def _note_anchors(app: Sphinx, page: str, cell: nodes.container, found: list[Exported]) -> None:
    standard = app.env.get_domain("std")
    for item in found:
        cell["ids"].append(nodes.make_id(item.anchor))
        standard.note_hyperlink_target(item.anchor, page, nodes.make_id(item.anchor), item.name)  # type: ignore[attr-defined]


def _saved_in(page: str, module: str, found: list[Exported]) -> nodes.paragraph:
    line = nodes.paragraph("", "saved in ", classes=["saved-in"])
    line += _link(page, "mod", f"bpkit.{module}", f"bpkit/{module}.py")
    for place, item in enumerate(found):
        line += nodes.Text(", " if place else ": ")
        line += _link(page, "obj", f"bpkit.{module}.{item.name}", item.name)
    return line


def _link(page: str, kind: str, target: str, text: str) -> addnodes.pending_xref:
    code = nodes.literal("", text)
    # refwarn: a link that finds nothing is a warning, and a warning stops the build.
    return addnodes.pending_xref("", code, refdomain="py", reftype=kind, reftarget=target, refdoc=page, refwarn=True, refexplicit=True)


def setup(app: Sphinx) -> None:
    """Mark exported cells when a page has been read."""
    app.connect("doctree-read", _mark_exported)
