"""Names of bpkit in code cells link to their entry in the API reference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from sphinx.application import Sphinx

BLOCK = re.compile(r'(?<=<div class="highlight-ipython3 notranslate"><div class="highlight"><pre>).*?(?=</pre>)', re.DOTALL)
# A name that is not an attribute of something, not assigned and not a keyword argument.
NAME = re.compile(r'(?<!<span class="o">\.</span>)<span class="n">(\w+)</span>(?!\s*<span class="o">=</span>)')


def entries(app: Sphinx) -> dict[str, tuple[str, str]]:
    """Return name -> page and anchor of each public function and class of bpkit."""
    objects = app.env.get_domain("py").objects  # type: ignore[attr-defined]
    public = {name: entry for name, entry in objects.items() if name.startswith("bpkit.") and name.count(".") == 2}
    return {name.rpartition(".")[2]: (entry.docname, entry.node_id) for name, entry in public.items() if entry.objtype != "module"}


def _link_names(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if doctree is None or "highlight-ipython3" not in context.get("body", ""):
        return
    known = entries(app)

    def link(match: re.Match[str]) -> str:
        if match[1] not in known:
            return match[0]
        page, anchor = known[match[1]]
        return f'<a class="code-link" href="{app.builder.get_relative_uri(pagename, page)}#{anchor}">{match[0]}</a>'

    context["body"] = BLOCK.sub(lambda block: NAME.sub(link, block[0]), context["body"])


def _resolve_short_name(app: Sphinx, env: Any, reference: Any, content: Any) -> Any:
    """Let `bpkit.affine` lead to the entry of `bpkit.linear.affine`: readers import it from the package itself."""
    package, _, name = str(reference.get("reftarget", "")).rpartition(".")
    if reference.get("refdomain") != "py" or package != "bpkit" or name not in entries(app):
        return None
    page, anchor = entries(app)[name]
    return make_refnode(app.builder, reference["refdoc"], page, anchor, content)


def setup(app: Sphinx) -> None:
    """Link names when a page is written."""
    app.connect("missing-reference", _resolve_short_name)
    app.connect("html-page-context", _link_names)
