"""The directive `{misconception}` and the index of all misconceptions in the book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id, make_refnode

from bpbook.site.order import reading_order

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class misconception_index(nodes.General, nodes.Element):
    """Stands for the index until the whole book has been read."""


def _store(env: BuildEnvironment) -> dict[str, list[dict[str, Any]]]:
    """Return the misconceptions found so far: docname -> list of title and anchor."""
    if not hasattr(env, "bpbook_misconceptions"):
        env.bpbook_misconceptions = {}  # type: ignore[attr-defined]
    return cast("dict[str, list[dict[str, Any]]]", env.bpbook_misconceptions)  # type: ignore[attr-defined]


class Misconception(SphinxDirective):
    """A wrong sentence that people believe, and where it is shown to fail."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"name": str}  # noqa: RUF012 (docutils reads it from the class)

    def run(self) -> list[nodes.Node]:
        title, messages = self.state.inline_text(self.arguments[0], self.lineno)
        name = self.options.get("name", "").strip()
        anchor = make_id(self.env, self.state.document, "misconception", name or self.arguments[0])
        box = nodes.admonition("", classes=["misconception"], ids=[anchor])
        box += nodes.title("", "", nodes.inline("", "Misconception: ", classes=["misconception-word"]), *title)
        self.state.nested_parse(self.content, self.content_offset, box)
        entry = {"title": [part.deepcopy() for part in title], "anchor": anchor, "name": name}
        _store(self.env).setdefault(self.env.docname, []).append(entry)
        if name:
            self.env.get_domain("std").anonlabels[name] = self.env.docname, anchor  # type: ignore[attr-defined]
        return [box, *messages]


class MisconceptionIndex(SphinxDirective):
    """Lists the misconceptions of all chapters, in the order of the book."""

    def run(self) -> list[nodes.Node]:
        return [misconception_index()]


def _fill_index(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(misconception_index)):
        entries = [_line(app, docname, source, entry) for source in reading_order(app.env) for entry in _store(app.env).get(source, [])]
        place.replace_self(nodes.enumerated_list("", *entries, enumtype="arabic") if entries else nodes.paragraph("", "None yet."))


def _line(app: Sphinx, docname: str, source: str, entry: dict[str, Any]) -> nodes.list_item:
    title = nodes.inline("", "", *[part.deepcopy() for part in entry["title"]])
    link = make_refnode(app.builder, docname, source, entry["anchor"], title)
    where = make_refnode(app.builder, docname, source, "", nodes.inline("", app.env.titles[source].astext()))
    return nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(" In: "), where))


def _resolve(app: Sphinx, env: BuildEnvironment, reference: Any, content: nodes.Element) -> nodes.Element | None:
    """Show the title of a misconception as the text of {ref}: a title may hold mathematics, a label of Sphinx may not."""
    if reference.get("reftype") != "ref":
        return None
    for page, entries in _store(env).items():
        for entry in entries:
            if entry["name"] == reference["reftarget"]:
                title = nodes.inline("", "", *[part.deepcopy() for part in entry["title"]])
                return make_refnode(app.builder, reference["refdoc"], page, entry["anchor"], title)
    return None


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    _store(env).pop(docname, None)


def _merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment) -> None:
    _store(env).update({name: found for name, found in _store(other).items() if name in docnames})


def setup(app: Sphinx) -> None:
    """Register the two directives."""
    app.add_node(misconception_index)
    app.add_directive("misconception", Misconception)
    app.add_directive("misconception-index", MisconceptionIndex)
    app.connect("doctree-resolved", _fill_index)
    app.connect("missing-reference", _resolve)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
