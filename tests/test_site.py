"""The built pages, checked without a browser; every check is also seen to fail on a broken page."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document
from myst_nb.sphinx_ import HideCodeCellNode

sys.path.insert(0, str(Path(__file__).parent))
pytest.importorskip("bs4")

from site_html import ROOT, html

from bpbook.ladder.climb import RUNGS
from bpbook.notebooks import pages
from bpbook.site import audit
from bpbook.site.hero import compute
from bpbook.site.page import reading_minutes
from bpbook.site.sources import check_summaries, defined_names, exported, notebook_pages
from bpkit import bce_logits, bce_logits_vjp

__all__ = ["html"]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
SITE = CONFIG["html"]["baseurl"].rstrip("/") + "/"
CHECKS = [
    audit.broken_links,
    audit.foreign_resources,
    audit.poor_alt_texts,
    audit.raw_markup,
    audit.machine_paths,
    audit.page_problems,
    audit.unnumbered_equations,
]
BROKEN = {
    "broken_links": [
        '<a href="nowhere.html">x</a>',
        '<a href="#nowhere">x</a>',
        '<img src="nowhere.png" alt="x">',
        '<a href="lite/notebooks/index.html?path=nowhere.ipynb">x</a>',
    ],
    "foreign_resources": [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.org/x.css">',
        '<img src="https://example.org/x.png" alt="x">',
    ],
    "poor_alt_texts": [
        '<article><img src="x.png"></article>',
        '<article><img src="x.png" alt="../_images/0123456789abcdef.png"></article>',
        '<article><svg class="bp-graph-svg"><title>Computational graph</title></svg></article>',
    ],
    "raw_markup": ["<main>see {ref}`sec-loss`</main>", "<main>$$ x $$</main>", "<main>[here](#sec-loss)</main>", "<main>:eq:`eq-a`</main>"],
    "machine_paths": ["<p>/Users/reader/book/x.py</p>", "<p>file:///book</p>"],
    "page_problems": ["<article><h2>x</h2></article>", "<article><h1>x</h1><h3>y</h3></article>", '<h1>x</h1><p id="a"></p><p id="a"></p>'],
    "unnumbered_equations": [
        '<div class="math">x = 1</div>',
        '<div class="math"><span class="eqno">()</span>x</div>',
        '<main><a class="reference" href="#equation-a">eq-a</a></main>',
    ],
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_book_has_no_problem(check: Callable[[Path], list[str]], html: Path) -> None:
    assert check(html) == []


@pytest.mark.parametrize(("name", "page"), [(name, page) for name, broken in BROKEN.items() for page in broken])
def test_every_check_fails_on_a_broken_page(name: str, page: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(f"<html><body>{page}</body></html>", encoding="utf-8")
    assert len(getattr(audit, name)(tmp_path)) >= 1


def test_a_link_to_jupyterlite_opens_a_notebook_that_is_there(tmp_path: Path) -> None:
    for name in ("lite/notebooks/index.html", "lite/files/a.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    page = tmp_path / "index.html"
    page.write_text('<a href="lite/notebooks/index.html?path=a.ipynb">x</a>', encoding="utf-8")
    assert audit.broken_links(tmp_path) == []
    page.write_text('<a href="lite/notebooks/index.html?path=b.ipynb">y</a>', encoding="utf-8")
    assert len(audit.broken_links(tmp_path)) == 1


def test_the_pages_of_jupyterlite_are_not_pages_of_the_book(tmp_path: Path) -> None:
    for name in ("lite/lab/index.html", "literature.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert audit.page_files(tmp_path) == [tmp_path / "literature.html"]


def test_a_style_sheet_that_fetches_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text('@import "https://fonts.example.org/css"; a { background: url(//example.org/x.png) }', encoding="utf-8")
    assert len(audit.foreign_resources(tmp_path)) == 2


def test_every_page_of_the_contents_is_built_and_in_the_sitemap(html: Path) -> None:
    sitemap = (html / "sitemap.xml").read_text(encoding="utf-8")
    for page in pages(ROOT):
        assert (html / f"{page}.html").is_file()
        assert f"<loc>{SITE}{page}.html</loc>" in sitemap


def test_every_checked_equation_has_its_mark(html: Path) -> None:
    for page, path in notebook_pages(ROOT):
        wanted = check_summaries(path, ROOT)
        marks = {str(mark["data-label"]): mark for mark in audit.soup(html / f"{page}.html").select("details.check-mark")}
        assert set(marks) == set(wanted)
        for label, mark in marks.items():
            assert wanted[label] in mark.select_one("summary").get_text()
            assert label in mark.select_one("pre").get_text()


def test_exported_cells_link_to_the_reference_and_back(html: Path) -> None:
    reference = audit.soup(html / "chapters/appendices/api.html")
    for item in exported(ROOT):
        if item.name.startswith("_") or not reference.find(id=f"bpkit.{item.module}.{item.name}"):
            continue
        anchor = audit.soup(html / f"{item.page}.html").find(id=item.anchor.replace("_", "-"))
        assert anchor is not None, item
        # The anchor of a second definition in one cell is an element of its own, inside the cell.
        cell = anchor if "cell" in anchor.get_attribute_list("class") else anchor.find_parent(class_="cell")
        assert cell is not None, item
        links = [str(link["href"]) for link in cell.select(".saved-in a")]
        assert any(link.endswith(f"#bpkit.{item.module}.{item.name}") for link in links), item
        back = reference.select(f'.derived-in a[href$="#{anchor["id"]}"]')
        assert back, f"{item.name}: the reference does not lead back to {item.page}"


def test_the_reference_hides_private_names_and_shows_public_ones(html: Path) -> None:
    import bpkit

    reference = audit.soup(html / "chapters/appendices/api.html")
    shown = {str(entry["id"]).rpartition(".")[2] for entry in reference.select("dl.py > dt[id]")}
    # A constant has no docstring, so only functions and classes have an entry of their own.
    assert {name for name in bpkit.__all__ if isinstance(getattr(bpkit, name), type | FunctionType)} <= shown
    assert not [name for name in shown if name.startswith("_")]


def test_the_index_of_misconceptions_has_all_of_them(html: Path) -> None:
    boxes = sum(len(audit.soup(html / f"{page}.html").select("div.admonition.misconception")) for page in pages(ROOT))
    assert len(audit.soup(html / "chapters/appendices/misconceptions.html").select("main article li")) == boxes > 0


def test_the_index_of_bugs_explains_every_kind_of_check() -> None:
    text = (ROOT / "chapters/appendices/bugs.md").read_text(encoding="utf-8").lower()
    assert [rung for rung in RUNGS if f"*{rung}*" not in text] == []


def test_every_foot_reports_errors_with_the_name_of_its_page(html: Path) -> None:
    for page in pages(ROOT):
        foot = audit.soup(html / f"{page}.html").select_one(".page-foot")
        report = str(foot.find("a")["href"])
        assert report.startswith(CONFIG["repository"]["url"] + "/issues/new?template=error.yml")
        assert page.replace("/", "%2F") in report
        assert re.search(r"version \d+\.\d+\.\d+", foot.get_text())


def test_chapters_say_how_long_they_take(html: Path) -> None:
    for page, _ in notebook_pages(ROOT):
        if re.fullmatch(r"chapters/\d\d[a-z]?_\w+", page):
            facts = audit.soup(html / f"{page}.html").select_one(".page-facts")
            assert facts is not None, page
            assert re.search(r"About \d+ minutes to read", facts.get_text())


def test_the_landing_page_shows_the_picture_and_the_counts(html: Path) -> None:
    page = audit.soup(html / "index.html")
    assert page.select_one(".hero svg title").get_text().startswith("A computational graph")
    counts = [int(count.get_text().replace(",", "")) for count in page.select(".proof-counts .count")]
    assert len(counts) >= 4
    assert min(counts) > 0


def test_each_page_has_a_social_card_that_is_there(html: Path) -> None:
    for page in pages(ROOT):
        head = audit.soup(html / f"{page}.html").head
        image = str(head.find("meta", property="og:image")["content"])
        assert image.startswith(SITE)
        assert (html / image.removeprefix(SITE)).stat().st_size > 10_000


def test_defined_names_sees_functions_and_classes_only() -> None:
    assert defined_names("A: int = 1\ndef f():\n    def g(): pass\nclass C: pass\nA + B") == ["f", "C"]


def test_the_picture_of_the_book_agrees_with_its_own_cross_entropy() -> None:
    shown = {node.name.split(" ")[0]: node for node in compute()}
    Z, y = np.array([shown["z"].value]), np.array([1.0])
    assert shown["L"].value == pytest.approx(bce_logits(Z, y), rel=1e-14)
    assert shown["z"].gradient == pytest.approx(bce_logits_vjp(1.0, bce_logits(Z, y), Z, y)[0][0], rel=1e-14)
    assert shown["w"].gradient == pytest.approx(shown["x"].value * shown["z"].gradient, rel=1e-14)


def test_folded_code_takes_no_time_to_read() -> None:
    code = nodes.literal_block("", "x = 1\n" * 400)
    open_page, folded_page = new_document("open"), new_document("folded")
    open_page += code.deepcopy()
    hidden = HideCodeCellNode()
    hidden += code.deepcopy()
    folded_page += hidden
    assert reading_minutes(open_page) == 20
    assert reading_minutes(folded_page) == 0


def test_a_picture_and_the_source_of_an_equation_are_no_words_to_read() -> None:
    picture, equation = new_document("picture"), new_document("equation")
    picture += nodes.raw("", "<svg> " + "<path/> " * 1800 + "</svg>", format="html")
    equation += nodes.math_block("", "a + " * 1800 + "b")
    assert reading_minutes(picture) == 0
    assert reading_minutes(equation) == 1
