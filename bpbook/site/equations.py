"""Check marks beside the equations, and the box that shows a chapter's equations again."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from bpbook.ledger.layout import outcome
from bpbook.site.sources import check_summaries

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Equation:
    """A labelled equation: its LaTeX, and the anchor and the title of the section that holds it."""

    latex: str
    section: str
    title: str


class check_mark(nodes.General, nodes.Element):
    """The mark below a checked equation; opening it shows the code of the check."""


class equation_box(nodes.General, nodes.Element):
    """Stands for the box until the whole book has been read."""


def _store(env: BuildEnvironment) -> dict[str, dict[str, Equation]]:
    """Return the labelled equations found so far: page -> label -> equation."""
    if not hasattr(env, "bpbook_equations"):
        env.bpbook_equations = {}  # type: ignore[attr-defined]
    return cast("dict[str, dict[str, Equation]]", env.bpbook_equations)  # type: ignore[attr-defined]


# --- check marks ----------------------------------------------------------------------------------


def _read_page(app: Sphinx, doctree: nodes.document) -> None:
    page = app.env.docname
    blocks = doctree.findall(nodes.math_block)
    _store(app.env)[page] = {block["label"]: _equation(block) for block in blocks if block.get("label")}
    path = Path(app.env.doc2path(page))
    if path.suffix == ".ipynb":
        _mark_cells(doctree, check_summaries(path, Path(app.srcdir)))


def _equation(block: nodes.math_block) -> Equation:
    section = block.parent
    while section is not None and not isinstance(section, nodes.section):
        section = section.parent
    if section is None:
        return Equation(block.astext(), "", "")
    return Equation(block.astext(), section["ids"][0], cast(nodes.Element, section[0]).astext())


def _mark_cells(doctree: nodes.document, summaries: dict[str, str]) -> None:
    cells = [node for node in doctree.findall(nodes.container) if "tag_ledger" in node["classes"]]
    for cell in cells:
        labels = [block["label"] for block in cell.findall(nodes.math_block) if block.get("label")]
        inputs = [child for child in cell.children if "cell_input" in cast(nodes.Element, child).get("classes", [])]
        if len(labels) != 1 or not inputs:
            logger.warning("a cell with the tag 'ledger' has %d labelled equations, wanted 1: is it executed?", len(labels), location=cell)
            continue
        cell.remove(inputs[0])
        cell += check_mark("", *inputs, label=labels[0], summary=summaries.get(labels[0], "checked"))


def _visit_mark(writer: Any, node: check_mark) -> None:
    label, summary = escape(node["label"]), escape(node["summary"])
    writer.body.append(
        f'<details class="check-mark" data-label="{label}"><summary><span class="tick" aria-hidden="true">✓</span> checked'
        f'<span class="visually-hidden">: {summary}, show the check of {label}</span></summary>'
        f'<div class="check-body"><p class="check-kind">This equation is {summary}. The check is this cell of the notebook:</p>\n'
    )


def _depart_mark(writer: Any, node: check_mark) -> None:
    writer.body.append("</div></details>\n")


# --- the box --------------------------------------------------------------------------------------


class EquationBox(SphinxDirective):
    """Shows equations of the book again, each with its number as a link; of a derivation, what it proves."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        labels = " ".join([*self.arguments, *self.content]).split()
        box = equation_box("", labels=labels)
        self.set_source_info(box)
        return [box]


def _fill_boxes(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for box in list(doctree.findall(equation_box)):
        rows = [row for label in box["labels"] for row in equation_row(app, docname, label, box)]
        title = nodes.title("", "", nodes.Text("The equations of this chapter"))
        box.replace_self(nodes.admonition("", title, *rows, classes=["equation-box"]))


def _page_of(app: Sphinx, label: str) -> str | None:
    return next((page for page, found in _store(app.env).items() if label in found), None)


def equation_row(app: Sphinx, docname: str, label: str, place: nodes.Element) -> list[nodes.Node]:
    """Return an equation of the book for showing it again: what it proves, and its number as a link.

    A label that no page has is a warning at the place that asks for it, and the answer is empty.
    """
    page = _page_of(app, label)
    if page is None:
        logger.warning("no equation has the label %r", label, location=place)
        return []
    anchor = nodes.make_id(f"equation-{label}")
    numbers = app.env.toc_fignumbers.get(page, {}).get("displaymath", {}).get(anchor, ())
    text = nodes.inline("", f"({'.'.join(map(str, numbers))})" if numbers else "(see there)")
    link = make_refnode(app.builder, docname, page, anchor, text)
    latex = outcome(_store(app.env)[page][label].latex)
    equation = nodes.math_block("", latex, nowrap=False, number=None, label=None, docname=docname)
    return [nodes.container("", equation, nodes.paragraph("", "", link), classes=["equation-row"])]


def section_link(app: Sphinx, docname: str, label: str) -> nodes.reference | None:
    """Return a link to the section that holds an equation, with its number and title; None if no page has the label."""
    page = _page_of(app, label)
    if page is None:
        return None
    equation = _store(app.env)[page][label]
    numbers = app.env.toc_secnumbers.get(page, {}).get(f"#{equation.section}", ())
    text = f"{'.'.join(map(str, numbers))} {equation.title}".strip()
    return make_refnode(app.builder, docname, page, equation.section, nodes.inline("", text))


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _store(env).pop(docname, None)


def _merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment) -> None:
    _store(env).update({name: found for name, found in _store(other).items() if name in docnames})


def _skip(writer: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the mark and the box."""
    app.add_node(check_mark, html=(_visit_mark, _depart_mark), latex=(_skip, None), text=(_skip, None))
    app.add_node(equation_box)
    app.add_directive("equation-box", EquationBox)
    app.connect("doctree-read", _read_page)
    app.connect("doctree-resolved", _fill_boxes)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
