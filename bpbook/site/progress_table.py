"""The directives that show the progress of the whole book: `{progress-table}` and `{progress-summary}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from bpbook.site.progress import CHAPTERS, EXERCISES, chapter_names, exercise_count, exercise_ids, link, progress_box

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HEADINGS, WIDTHS = ("Chapter", "Read", "Exercises"), (50, 22, 28)
WITHOUT_SCRIPT = (
    "A small script of this page shows here what you have read and passed. It does not run in a page that was opened as a file, "
    "and not where scripts are switched off."
)


class progress_table(nodes.General, nodes.Element):
    """Stands for the table of all chapters until the whole book has been read."""


class ProgressTable(SphinxDirective):
    """Lists the chapters with what is read and passed, and makes the place for the buttons."""

    def run(self) -> list[nodes.Node]:
        return [nodes.container("", nodes.paragraph("", WITHOUT_SCRIPT), classes=["progress-tools"]), progress_table("")]


class ProgressSummary(SphinxDirective):
    """A sentence with a link; to a reader who has begun, the link says how far."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        box = nodes.container("", classes=["progress-summary"])
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def _fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(progress_table)):
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in WIDTHS), cols=len(HEADINGS))
        group += nodes.thead("", _entries([nodes.paragraph("", heading) for heading in HEADINGS]))
        group += nodes.tbody("", *(_entries(_row(app, docname, chapter)) for chapter in chapter_names(app)))
        place.replace_self(nodes.table("", group, classes=["progress-table"]))


def _row(app: Sphinx, docname: str, chapter: str) -> list[nodes.Node]:
    page = f"{CHAPTERS}/{chapter}"
    number = ".".join(map(str, app.env.toc_secnumbers.get(page, {}).get("", ())))
    title = nodes.Text(f"{number}. {app.env.titles[page].astext()}" if number else app.env.titles[page].astext())
    first = progress_box("", nodes.paragraph("", "", link(app, docname, page, title)), kind="progress-chapter", chapter=chapter)
    exercises = link(app, docname, f"{EXERCISES}/{chapter}", exercise_count(chapter)) if exercise_ids(chapter) else nodes.Text("–")
    return [first, nodes.paragraph("", "–"), nodes.paragraph("", "", exercises)]


def _entries(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", cell) for cell in cells))


def setup(app: Sphinx) -> None:
    """Register the two directives."""
    app.add_node(progress_table)
    app.add_directive("progress-table", ProgressTable)
    app.add_directive("progress-summary", ProgressSummary)
    app.connect("doctree-resolved", _fill)
