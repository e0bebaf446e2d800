"""The landing page: its picture, and the counts that prove the promise; and the index of bugs behind one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from bpbook.bugs.table import table
from bpbook.notebooks import BookError
from bpbook.site.bug_results import bug_results
from bpbook.site.hero import draw
from bpbook.site.proofs import Proof, proofs

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class HeroGraph(SphinxDirective):
    """The computational graph, drawn when the book is built."""

    def run(self) -> list[nodes.Node]:
        legend = (
            '<p class="hero-legend">The book\'s own code computed every number here, and drew the picture, when this page was built.</p>'
        )
        return [nodes.raw("", f'<div class="hero-frame">{draw()}{legend}</div>', format="html")]


class ProofCounts(SphinxDirective):
    """How much of the book has been checked, counted by the build."""

    def run(self) -> list[nodes.Node]:
        try:
            rows = "".join(_row(proof) for proof in proofs(Path(self.env.srcdir)))
        except BookError as error:
            raise self.error(str(error)) from None
        return [nodes.raw("", f'<dl class="proof-counts">{rows}</dl>', format="html")]


def _row(proof: Proof) -> str:
    # The landing page is at the top of the site, so the address of a page is its path.
    what = f'<a href="{proof.page}">{proof.what}</a>' if proof.page else proof.what
    return f'<div><dt>{what}</dt><dd><span class="count">{proof.count:,}</span> <span class="how">{proof.how}</span></dd></div>'


class BugTable(SphinxDirective):
    """Every bug of the catalogue and the check that killed it, measured by the build."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        try:
            return [nodes.raw("", table(root, bug_results(root)), format="html")]
        except BookError as error:
            raise self.error(str(error)) from None


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("hero-graph", HeroGraph)
    app.add_directive("proof-counts", ProofCounts)
    app.add_directive("bug-table", BugTable)
