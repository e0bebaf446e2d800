"""What every page carries: time to read and what it builds on at the top, report an error at the foot."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import yaml
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from bpbook.site.equations import check_mark
from bpbook.site.order import chapter_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

WORDS_A_MINUTE, SECONDS_A_CODE_LINE, SECONDS_AN_EQUATION = 180, 3, 20
DOCSTRING = re.compile(r'""".*?"""', re.DOTALL)


class page_facts(nodes.Admonition, nodes.Element):
    """The line below the title. An Admonition, so that it is left out of the page's description."""


def _visit_facts(writer: Any, node: page_facts) -> None:
    writer.body.append('<div class="page-facts">')


def _depart_facts(writer: Any, node: page_facts) -> None:
    writer.body.append("</div>\n")


def _is_folded(node: nodes.Node) -> bool:
    again = isinstance(node, nodes.admonition) and "equation-box" in node["classes"]
    return again or isinstance(node, (check_mark, HideCodeCellNode, nodes.raw))


def reading_minutes(doctree: nodes.document) -> int:
    """Return the time to read a page: words at 180 a minute, 3 s for a line of code, 20 s for an equation.

    What is folded away (the code of the checks, cells with the tag `hide-input`, long docstrings) does not count,
    nor do the equations that a box shows again, nor the source of a picture that is drawn in the page.
    """
    page = doctree.deepcopy()
    for folded in list(page.findall(_is_folded)):
        folded.parent.remove(folded)
    code, equations = list(page.findall(nodes.literal_block)), list(page.findall(nodes.math_block))
    lines = sum(len(DOCSTRING.sub('"""', block.astext()).splitlines()) for block in code)
    words = len(page.astext().split()) - sum(len(block.astext().split()) for block in (*code, *equations))
    return math.ceil(words / WORDS_A_MINUTE + (lines * SECONDS_A_CODE_LINE + len(equations) * SECONDS_AN_EQUATION) / 60)


def builds_on(path: Path) -> list[str]:
    """Return what the page says it builds on: `bpbook: {builds_on: [...]}` in its metadata or front matter."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        metadata = json.loads(text)["metadata"]
    else:
        metadata = yaml.safe_load(text.split("---")[1]) if text.startswith("---") else {}
    found: list[str] = metadata.get("bpbook", {}).get("builds_on", [])
    return found


def _add_facts(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if chapter_number(docname) is None or "exercises" in docname:
        return
    minutes = 5 * math.ceil(reading_minutes(doctree) / 5)
    facts = nodes.paragraph("", f"About {minutes} minutes to read.")
    links = [_link(app, docname, name) for name in builds_on(Path(app.env.doc2path(docname)))]
    for place, link in enumerate(link for link in links if link is not None):
        facts += [nodes.Text(", " if place else " Builds on: "), link]
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is not None:
        section = cast(nodes.Element, title.parent)
        section.insert(section.index(title) + 1, page_facts("", facts))


def _link(app: Sphinx, docname: str, name: str) -> nodes.Node | None:
    page = f"chapters/{name}"
    if page in app.env.titles:
        return make_refnode(app.builder, docname, page, "", nodes.inline("", app.env.titles[page].astext()))
    labels = app.env.get_domain("std").labels  # type: ignore[attr-defined]
    if name in labels:
        page, anchor, title = labels[name]
        return make_refnode(app.builder, docname, page, anchor, nodes.inline("", title))
    logger.warning("builds_on names %r, which is neither a chapter nor a target of a section", name, location=docname)
    return None


def _add_context(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    repository = app.config.html_theme_options["repository_url"].rstrip("/")
    source = Path(app.env.doc2path(pagename)).name if pagename in app.env.all_docs else ""
    folder = f"{pagename.rpartition('/')[0]}/" if "/" in pagename else ""
    question = urlencode({"template": "error.yml", "title": f"Error in {pagename}", "page": pagename})
    # docutils makes each entry of a bibliography a member of a list that holds other things too: no reader of screens can use it.
    body = context.get("body", "").replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    context["body"] = body.replace(' role="doc-biblioentry"', "")
    context["repository_url_plain"] = repository
    context["report_error_url"] = f"{repository}/issues/new?{question}"
    context["source_url"] = f"{repository}/blob/{app.config.html_theme_options['repository_branch']}/{folder}{source}" if source else ""
    context["has_errata"] = "chapters/appendices/errata" in app.env.all_docs


def setup(app: Sphinx) -> None:
    """Add the facts to each chapter and the links to each foot."""
    app.add_node(page_facts, html=(_visit_facts, _depart_facts))
    app.connect("doctree-resolved", _add_facts)
    app.connect("html-page-context", _add_context)
