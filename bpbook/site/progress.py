"""Where chapters and exercises show what is read and passed: `_static/progress.mjs` fills these places in the browser.

Which exercises a chapter has comes from their sources. Without the script, each place holds words that are true.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.util.nodes import make_refnode

from bpbook.exercises.source import by_chapter
from bpbook.notebooks import CHAPTER
from bpbook.site.order import reading_order

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CHECK = re.compile(r'\bcheck\("([\w-]+)"')
CHAPTERS, EXERCISES = "chapters", "chapters/exercises"
# Where the whole progress is shown.
BROWSER, PROGRESS = "chapters/appendices/browser", "sec-progress"


class progress_box(nodes.General, nodes.Element):
    """A box that says of which chapter it speaks."""


def _visit_box(writer: Any, node: progress_box) -> None:
    writer.body.append(f'<div class="{node["kind"]}" data-chapter="{node["chapter"]}">')


def _depart_box(writer: Any, node: progress_box) -> None:
    writer.body.append("</div>\n")


def chapter_names(app: Sphinx) -> list[str]:
    """Return the names of the chapters, such as `01_linear_regression`, in the order of the book."""
    return [page.removeprefix(f"{CHAPTERS}/") for page in reading_order(app.env) if CHAPTER.fullmatch(page)]


def exercise_ids(chapter: str) -> list[str]:
    """Return the ids of the exercises of a chapter, in order."""
    return [exercise.id for exercise in by_chapter().get(chapter, [])]


def exercise_count(chapter: str) -> nodes.inline:
    """Return the place for how many exercises there are, and how many are passed."""
    return nodes.inline("", f"{len(exercise_ids(chapter))} exercises", classes=["exercise-count"])


def link(app: Sphinx, docname: str, page: str, content: nodes.Node, anchor: str = "") -> nodes.Node:
    """Return a link to a page of the book; in a book without this page, its words."""
    return make_refnode(app.builder, docname, page, anchor, nodes.inline("", "", content)) if page in app.env.all_docs else content


def _add_to_exercises(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the line below the title of an exercise page, and the mark of each of its headings."""
    folder, _, chapter = docname.rpartition("/")
    if folder != EXERCISES or not exercise_ids(chapter):
        return
    for section in doctree.findall(nodes.section):
        title = cast(nodes.Element, next(iter(section.findall(nodes.title))))
        if found := CHECK.search(_code(section)):
            title += nodes.raw("", f'<span class="exercise-state" data-exercise="{found[1]}"></span>', format="html")
    title = cast(nodes.Element, next(iter(doctree.findall(nodes.title))))
    where = link(app, docname, BROWSER, nodes.Text("in this browser only"), PROGRESS)
    line = nodes.paragraph("", "", exercise_count(chapter), nodes.Text(". What you pass is noted "), where, nodes.Text("."))
    section = cast(nodes.Element, title.parent)
    section.insert(section.index(title) + 1, progress_box("", line, kind="page-facts", chapter=chapter))


def _code(section: nodes.Element) -> str:
    """Return the code of a section without that of the sections in it."""
    own = (child for child in section.children if not isinstance(child, nodes.section))
    return "\n".join(block.astext() for child in own for block in child.findall(nodes.literal_block))


def _add_to_chapter(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the box at the end of a chapter: its exercises, and the place for the button."""
    if not CHAPTER.fullmatch(docname):
        return
    chapter = docname.removeprefix(f"{CHAPTERS}/")
    box = progress_box("", kind="chapter-end", chapter=chapter)
    if exercise_ids(chapter):
        box += nodes.paragraph("", "", link(app, docname, f"{EXERCISES}/{chapter}", exercise_count(chapter)))
    cast(nodes.Element, next(iter(doctree.findall(nodes.section)))).append(box)


def _write_data(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        chapters = [{"name": chapter, "exercises": exercise_ids(chapter)} for chapter in chapter_names(app)]
        data = {"version": app.config.release, "chapters": chapters}
        (Path(app.outdir) / "_static" / "progress.json").write_text(json.dumps(data) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Make the places on the pages of chapters and exercises."""
    app.add_node(progress_box, html=(_visit_box, _depart_box))
    # Before the cells may be changed by other parts; and after the time to read a chapter was measured.
    app.connect("doctree-resolved", _add_to_exercises, priority=400)
    app.connect("doctree-resolved", _add_to_chapter, priority=950)
    app.connect("build-finished", _write_data)
