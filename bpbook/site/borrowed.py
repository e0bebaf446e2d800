"""The directive `{figure-from}`: a page shows a picture that a later chapter draws.

A chapter may use only code of the chapters before it, but a picture that is drawn later may help its reader:

    :::{figure-from} fig-chain-penguins
    :name: fig-penguins-graph

    The caption on this page: one paragraph.

    (Drawn in [chapter 5](05_chain_rule.ipynb).) What follows the caption is for readers of the notebook,
    where the picture is not shown; the page has a link to the picture instead.
    :::
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from bpbook.notebooks import BookError, Cell, cells
from bpbook.site.sources import notebook_pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def drawn_by(root: Path, name: str) -> Cell:
    """Return the cell that draws the figure of this name.

    Raises
    ------
    BookError
        If there is none.
    """
    for _, path in notebook_pages(root):
        for cell in cells(path, root):
            if cell.node.metadata.get("mystnb", {}).get("figure", {}).get("name") == name:
                return cell
    raise BookError(f"figure-from: no cell of the book draws {name!r}, wanted the name in the metadata of a figure cell")


def picture_of(cell: Cell) -> str:
    """Return the HTML that a cell has drawn.

    Raises
    ------
    BookError
        If the cell has no output in HTML, as `draw_graph` makes it.
    """
    found = [output.data["text/html"] for output in cell.node.get("outputs", ()) if "text/html" in output.get("data", {})]
    if len(found) != 1:
        raise BookError(f"figure-from: {cell.where} has {len(found)} outputs in HTML, wanted one, as draw_graph makes it")
    return str(found[0])


class FigureFrom(SphinxDirective):
    """Shows the picture of a cell of another chapter, with a caption and a link to where it is drawn."""

    required_arguments = 1
    has_content = True
    option_spec = {"name": str}  # noqa: RUF012 (docutils reads it from the class)

    def run(self) -> list[nodes.Node]:
        root, drawn = Path(self.env.srcdir), self.arguments[0]
        try:
            cell = drawn_by(root, drawn)
            picture = picture_of(cell)
        except BookError as error:
            raise self.error(str(error)) from None
        self.env.note_dependency(str(root / cell.notebook))
        figure = nodes.figure("", nodes.raw("", picture, format="html"), classes=["figure-from"])
        figure += self._caption(drawn)
        self.set_source_info(figure)
        if "name" in self.options:
            figure["names"].append(nodes.fully_normalize_name(self.options["name"]))
            self.state.document.note_explicit_target(figure, figure)
        return [figure]

    def _caption(self, drawn: str) -> nodes.caption:
        said = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, said)
        first: Any = said.children[0] if said.children else None
        if not isinstance(first, nodes.paragraph):
            raise self.error("figure-from: no caption, wanted a paragraph that says what the picture shows")
        kind = {"refdomain": "std", "reftype": "numref", "refexplicit": False, "refwarn": True}
        link = addnodes.pending_xref("", nodes.literal("", drawn), reftarget=drawn, refdoc=self.env.docname, **kind)
        return nodes.caption("", "", *first.children, nodes.Text(" It is drawn and explained in "), link, nodes.Text("."))


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("figure-from", FigureFrom)
