"""The cheat sheet: every operation of bpkit with its formula and its VJP, taken from the checked equations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from bpbook.site.equations import equation_row, section_link
from bpbook.site.links import entries
from bpbook.site.sources import LABEL, exported

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

HEADINGS = ("Operation", "Forward", "Backward")
ANY = "any shape"
SHAPE = re.compile(r"(.*\(.*\))\s+(?:nd)?array\b.*")


class vjp_sheet(nodes.General, nodes.Element):
    """Stands for the cheat sheet until the whole book has been read."""


@dataclass(frozen=True)
class Operation:
    """A function of bpkit that has a vector-Jacobian product, as its docstrings describe it."""

    name: str
    call: str
    shapes: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]


def operations(package: Any, names: Iterable[str]) -> list[Operation]:
    """Return an operation for each name `f` for which the package has `f` and `f_vjp`, in the order of the names."""
    pairs = {name: (getattr(package, name, None), getattr(package, f"{name}_vjp", None)) for name in names}
    return [_operation(name, *pair) for name, pair in pairs.items() if None not in pair]


def _operation(name: str, function: Any, vjp: Any) -> Operation:
    call = f"{name}({', '.join(inspect.signature(function).parameters)})"
    return Operation(name, call, shapes(function), cited(function), cited(vjp))


def cited(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the labels of equations that a docstring names, in order."""
    return tuple(dict.fromkeys(LABEL.findall(inspect.getdoc(function) or "")))


def shapes(function: Callable[..., Any]) -> str:
    """Return the shapes of the arguments and of the result, as the docstring states them: `X (n, d), b (h,) → (n, h)`."""
    from numpydoc.docscrape import FunctionDoc

    described = FunctionDoc(function)
    arguments = [f"{one.name} {shape}" for one in described["Parameters"] if (shape := _shape(one.type))]
    results = [shape for one in described["Returns"] if (shape := _shape(one.type or one.name))]
    return ", ".join(arguments) + (f" → {results[0]}" if results and results[0] != ANY else "")


def _shape(declared: str) -> str:
    if declared == "float":
        return "()"
    found = SHAPE.fullmatch(declared)
    return found[1] if found else ANY if declared.startswith("ndarray") else ""


class VjpSheet(SphinxDirective):
    """Lists every operation with its equations, in the order of the book."""

    def run(self) -> list[nodes.Node]:
        sheet = vjp_sheet("")
        self.set_source_info(sheet)
        return [sheet]


def _fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    import bpkit

    for sheet in list(doctree.findall(vjp_sheet)):
        found = operations(bpkit, dict.fromkeys(item.name for item in exported(Path(app.srcdir))))
        sheet.replace_self(_table([_row(app, docname, one, sheet) for one in found]))


def _row(app: Sphinx, docname: str, one: Operation, sheet: nodes.Element) -> list[list[nodes.Node]]:
    page, anchor = entries(app).get(one.name, (docname, ""))
    what = nodes.paragraph("", "", make_refnode(app.builder, docname, page, anchor, nodes.literal("", one.call)))
    where = section_link(app, docname, next(iter(one.backward), ""))
    first: list[nodes.Node] = [what, nodes.paragraph("", one.shapes, classes=["vjp-shapes"])]
    first += [nodes.paragraph("", "", where, classes=["vjp-section"])] if where else []
    return [first, _formulas(app, docname, one.name, one.forward, sheet), _formulas(app, docname, f"{one.name}_vjp", one.backward, sheet)]


def _formulas(app: Sphinx, docname: str, function: str, labels: Sequence[str], sheet: nodes.Element) -> list[nodes.Node]:
    rows = [row for label in labels for row in equation_row(app, docname, label, sheet)]
    if not labels:
        logger.warning("the docstring of %s names no equation, wanted one such as `eq-name` in its Notes", function, location=sheet)
    return rows


def _table(rows: list[list[list[nodes.Node]]]) -> nodes.table:
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width, stub=int(not place)) for place, width in enumerate((22, 40, 38))), cols=3)
    group += nodes.thead("", _entries([[nodes.paragraph("", heading)] for heading in HEADINGS]))
    group += nodes.tbody("", *map(_entries, rows))
    return nodes.table("", group, classes=["vjp-sheet", "colwidths-given"])


def _entries(cells: list[list[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", *cell) for cell in cells))


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(vjp_sheet)
    app.add_directive("vjp-cheat-sheet", VjpSheet)
    app.connect("doctree-resolved", _fill)
