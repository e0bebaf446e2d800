"""A button on every page that is a notebook: it opens the notebook in JupyterLite, in the reader's own browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from docutils import nodes

from bpbook.site.page import page_facts

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# The build fills in the megabytes (bpbook/browser/first_load.py), when the files are there to be measured.
LAUNCH = """<div class="launch" data-notebook="{notebook}" data-root="{root}">
<p><a class="launch-button" href="{address}">Open as a notebook</a>
<span class="launch-note">It runs in your browser: nothing to install, nothing is sent.<span class="launch-size"></span></span></p>
</div>"""


def address(app: Sphinx, page: str) -> str:
    """Return the address, relative to a page, that opens its notebook in JupyterLite."""
    return f"{_root(app, page)}lite/notebooks/index.html?path={quote(page)}.ipynb"


def _root(app: Sphinx, page: str) -> str:
    return str(app.builder.get_relative_uri(page, "index")).removesuffix("index.html")


def _is_notebook(app: Sphinx, page: str) -> bool:
    return page in app.env.all_docs and Path(app.env.doc2path(page)).suffix == ".ipynb"


def _add_button(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    title = next(iter(doctree.findall(nodes.title)), None)
    if app.builder.name != "html" or title is None or not _is_notebook(app, docname):
        return
    text = LAUNCH.format(notebook=f"{docname}.ipynb", root=_root(app, docname), address=address(app, docname))
    section = cast(nodes.Element, title.parent)
    place = section.index(title) + 1
    below_facts = place < len(section) and isinstance(section[place], page_facts)
    section.insert(place + below_facts, nodes.raw("", text, format="html"))


def _add_to_menu(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the reader's own browser before other people's computers in the theme's menu."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons" and _is_notebook(app, pagename):
            tooltip = "Run this notebook in your browser, with nothing to install"
            entry = {"type": "link", "text": "In this browser", "tooltip": tooltip, "icon": "fas fa-play", "url": address(app, pagename)}
            group["buttons"].insert(0, entry)


def setup(app: Sphinx) -> None:
    """Add the buttons after the facts below the title and after the theme's own buttons."""
    app.connect("doctree-resolved", _add_button, priority=600)
    app.connect("html-page-context", _add_to_menu, priority=900)
    app.add_css_file("launch.css", priority=905)
    app.add_js_file("launch.js", loading_method="defer")
