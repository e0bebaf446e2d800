"""Notebooks in JupyterLite show plain Markdown: no role or box of the book is left in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpbook.browser.plain import plain, titles
from bpbook.notebooks import notebooks, read

ROOT = Path(__file__).resolve().parent.parent
KNOWN = {"sec-a": "The section", "02_b": "The page", "exercises/01_c": "The exercises"}
CASES = {
    "a {term}`weight` here": "a weight here",
    "two {term}`weights <weight>`": "two weights",
    "see {ref}`sec-a`": 'see "The section"',
    "see {ref}`this place <sec-a>`": "see this place",
    "see {doc}`02_b`": "see [The page](02_b.ipynb)",
    "{doc}`exercises <exercises/01_c>`": "[exercises](exercises/01_c.ipynb)",
    "in {doc}`the glossary <appendices/glossary>`": "in the glossary",
    "by {eq}`eq-mse`": "by (eq-mse)",
    "{cite:t}`gorman2014` and {cite:p}`rumelhart1986`": "Gorman (2014) and (Rumelhart 1986)",
    "{numref}`fig-penguins`": "the figure *penguins*",
    "{py:func}`bpkit.affine`": "`bpkit.affine`",
    "(sec-x)=\n## A title": "## A title",
    ":::{admonition} Summary\n:class: summary\n- one {term}`bias`\n:::\nafter": "**Summary**\n\n- one bias\n\nafter",
    "before\n```{equation-box}\neq-a eq-b\n```\nafter": "before\nThey stand together on the page of this chapter in the book.\nafter",
    "```{solution-start} ex-a\n:class: dropdown\n```\ntext": "text",
    "````{exercise}\n:label: ex-a\nDo:\n```python\nf(x)  # {term}`x`\n```\n````": "Do:\n```python\nf(x)  # {term}`x`\n```",
    "nothing {of} `this`": "nothing {of} `this`",
}


@pytest.mark.parametrize(("source", "wanted"), CASES.items())
def test_roles_and_boxes_become_plain_text(source: str, wanted: str) -> None:
    assert plain(source, KNOWN) == wanted


def test_a_link_from_the_exercises_leads_to_the_chapter() -> None:
    assert plain("{doc}`../02_b`", KNOWN, "exercises") == "[The page](../02_b.ipynb)"


def test_no_notebook_keeps_a_role_a_label_or_a_box() -> None:
    known = titles(ROOT)
    for path in notebooks(ROOT):
        folder = "exercises" if path.parent.name == "exercises" else ""
        for cell in read(path).cells:
            if cell.cell_type == "markdown":
                text = re.sub(r"^```\w*\n.*?^```$", "", plain(cell.source, known, folder), flags=re.MULTILINE | re.DOTALL)
                assert not re.search(r"\{[\w:-]+\}`|^:{3,}|^`{3,}\{|^\([\w-]+\)=$", text, re.MULTILINE), (path.name, text[:300])


def test_links_lead_to_notebooks_that_are_there() -> None:
    known = titles(ROOT)
    for path in notebooks(ROOT):
        folder = "exercises" if path.parent.name == "exercises" else ""
        texts = [plain(cell.source, known, folder) for cell in read(path).cells if cell.cell_type == "markdown"]
        for link in re.findall(r"\]\(([^)\s:]+\.ipynb)\)", "\n".join(texts)):
            assert (path.parent / link).resolve().is_file(), (path.name, link)
