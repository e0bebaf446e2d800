"""Files that the pages load: all of them from the site itself."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from bpbook.site.card import draw_card

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

HERE = Path(__file__).parent
MATHJAX_PARTS = ("tex-chtml.js", "output/chtml/fonts", "input/tex/extensions")


def _mathjax_folder() -> Path:
    # The package's name has hyphens, so it is looked up and never imported.
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package sphinx-mathjax-offline is not installed: run 'make book', which sets everything up")
    return Path(next(iter(spec.submodule_search_locations))) / "static" / "mathjax"


def _configure(app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(HERE / "static"))
    config.templates_path.append(str(HERE / "templates"))
    config.html_logo = str(HERE / "static" / "logo.svg")
    config.html_favicon = str(HERE / "static" / "favicon.svg")
    config.mathjax_path = "mathjax/tex-chtml.js"
    config.mathjax3_config = {"options": {"enableMenu": False}, "chtml": {"mtextInheritFont": True}}


def _copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.name != "html":
        return
    source, target = _mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for part in MATHJAX_PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / part, target / part)


def _draw_card(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        draw_card(Path(app.outdir) / "_static" / "card.png", app.config.html_title)


def _load_mathjax_where_needed(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Tell Sphinx of the mathematics that came to a page when its references were resolved."""
    if any(True for _ in doctree.findall(nodes.math)) or any(True for _ in doctree.findall(nodes.math_block)):
        app.env.get_domain("math").data["has_equations"][docname] = True


def _drop_thebe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Leave out what would run cells on another host; Jupyter Book adds it to every page."""
    context["script_files"] = [script for script in context["script_files"] if "thebe" not in f"{script.filename}{script.attributes}"]
    context["css_files"] = [style for style in context["css_files"] if "thebe" not in f"{style.filename}"]


def setup(app: Sphinx) -> None:
    """Add the book's own style and script, and MathJax from the installed package."""
    app.connect("config-inited", _configure, priority=2)
    app.connect("doctree-resolved", _load_mathjax_where_needed, priority=950)
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("build-finished", _copy_mathjax)
    app.connect("build-finished", _draw_card)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")
