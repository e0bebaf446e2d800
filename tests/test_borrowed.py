"""`{figure-from}` shows on one page what a cell of a later chapter has drawn."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.importorskip("bs4")

from minibook import MiniBook, code
from nbformat.v4 import new_output
from site_html import ROOT, html

from bpbook.notebooks import BookError
from bpbook.site import audit
from bpbook.site.borrowed import drawn_by, picture_of

__all__ = ["html"]
# Page, its name for the figure, and the name where it is drawn.
BORROWED = [
    ("chapters/01_linear_regression", "fig-penguins-graph", "fig-chain-penguins"),
    ("chapters/03_binary_cross_entropy", "fig-bce-graph", "fig-chain-sigmoid"),
    ("chapters/04_softmax_cross_entropy", "fig-softmax-graph", "fig-chain-three-classes"),
]


def drawing(name, **data):
    cell = code("draw_graph(nodes)", mystnb={"figure": {"name": name, "caption": "A graph."}})
    cell.outputs = [new_output("execute_result", data={"text/plain": "words", **data})]
    return cell


@pytest.fixture
def book(tmp_path):
    book = MiniBook(tmp_path)
    book.chapter("01_first", [code("x = 1")])
    book.chapter("02_second", [drawing("fig-a", **{"text/html": "<svg/>"}), drawing("fig-b", **{"image/png": "AAAA"})])
    return book


def test_the_cell_is_found_by_the_name_of_its_figure(book):
    cell = drawn_by(book.root, "fig-a")
    assert cell.where == "chapters/02_second.ipynb, cell 1"
    assert picture_of(cell) == "<svg/>"


def test_a_figure_that_no_cell_draws_is_an_error(book):
    with pytest.raises(BookError, match="figure-from: no cell of the book draws 'fig-c', wanted the name"):
        drawn_by(book.root, "fig-c")


def test_a_figure_without_html_is_an_error(book):
    with pytest.raises(BookError, match=r"02_second.ipynb, cell 2 has 0 outputs in HTML, wanted one"):
        picture_of(drawn_by(book.root, "fig-b"))


@pytest.mark.parametrize(("page", "name", "drawn"), BORROWED)
def test_the_page_shows_the_same_picture_and_leads_to_it(page, name, drawn, html):
    figure = audit.soup(html / f"{page}.html").find(id=name)
    later = audit.soup(html / "chapters/05_chain_rule.html").find(id=drawn)
    assert figure.select_one("svg title")["id"] == later.select_one("svg title")["id"]
    assert len(figure.select("table tr")) == len(later.select("table tr")) > 3
    link = figure.select_one("figcaption a[href*='05_chain_rule']")
    assert link["href"] == f"05_chain_rule.html#{drawn}"
    assert link.get_text().startswith("Fig. 5.")


@pytest.mark.parametrize(("page", "name", "drawn"), BORROWED)
def test_what_is_said_to_readers_of_the_notebook_is_not_on_the_page(page, name, drawn, html):
    source = (ROOT / f"{page}.ipynb").read_text(encoding="utf-8")
    assert "On the web page this place shows a picture" in source
    assert "On the web page this place shows a picture" not in audit.soup(html / f"{page}.html").get_text()
