"""The order of the pages, and numbers for pages that Sphinx leaves without a chapter number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def reading_order(env: BuildEnvironment) -> list[str]:
    """Return the page names in the order of the table of contents."""

    def walk(page: str) -> Iterator[str]:
        yield page
        for child in env.toctree_includes.get(page, []):
            yield from walk(child)

    return list(dict.fromkeys(walk(env.config.root_doc)))


def chapter_number(page: str) -> Any:
    """Return the number in a page name such as 'chapters/03_binary_cross_entropy' (for an interlude '10b'), or None."""
    match = re.fullmatch(r"chapters/(?:exercises/)?(\d\d)([a-z]?)_\w+", page)
    return f"{int(match[1])}{match[2]}" if match and match[2] else int(match[1]) if match else None


def _number_within_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give the figures and equations of chapter 0 and of the exercise pages the number of their chapter.

    Sphinx counts them through all unnumbered pages, 1, 2, 3, ...: such a number is ambiguous.
    """
    for page, kinds in env.toc_fignumbers.items():
        chapter = chapter_number(page)
        for found in kinds.values():
            if chapter is not None and all(len(number) == 1 for number in found.values()):
                found.update({anchor: (chapter, place) for place, anchor in enumerate(found, start=1)})
    return []


def _drop_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Take away the id that sphinx-exercise gives to the content of every exercise of a page."""
    for section in doctree.findall(nodes.section):
        section["ids"] = [name for name in section["ids"] if name not in ("exercise-content", "solution-content")]


def setup(app: Sphinx) -> None:
    """Number within the chapter as soon as Sphinx, at the default priority, has counted."""
    app.connect("env-get-updated", _number_within_chapter, priority=900)
    app.connect("doctree-resolved", _drop_repeated_ids, priority=900)
