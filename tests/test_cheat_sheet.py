"""The cheat sheet: every operation with the equations that its docstrings name, in the order of the book."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.importorskip("bs4")

from docutils import nodes
from site_html import ROOT, html

import bpkit
from bpbook.notebooks import chapters
from bpbook.site import audit, equations, vjp_sheet
from bpbook.site.sources import exported
from bpbook.site.vjp_sheet import cited, operations, shapes

__all__ = ["html"]
SHEET = "chapters/appendices/cheat_sheet.html"
IN_ORDER = list(dict.fromkeys(item.name for item in exported(ROOT)))


def _rows(html: Path) -> list[Any]:
    return list(audit.soup(html / SHEET).select("table.vjp-sheet tbody tr"))


def test_every_public_function_with_a_vjp_has_a_row_in_book_order(html: Path) -> None:
    names = [row.select_one("th code").get_text().partition("(")[0] for row in _rows(html)]
    assert set(names) == {name for name in bpkit.__all__ if f"{name}_vjp" in bpkit.__all__}
    assert names == [name for name in IN_ORDER if name in names]


def test_each_row_has_the_equations_of_the_docstrings_and_links_to_them(html: Path) -> None:
    for row, one in zip(_rows(html), operations(bpkit, IN_ORDER), strict=True):
        for cell, labels in zip(row.select("td"), (one.forward, one.backward), strict=True):
            links = [str(link["href"]).partition("#")[2] for link in cell.select(".equation-row a")]
            assert links == [f"equation-{label}" for label in labels]
            assert len(cell.select("div.math")) == len(labels) > 0


def test_each_row_links_to_the_reference_and_to_the_section(html: Path) -> None:
    for row in _rows(html):
        reference, section = row.select("th a")
        assert f".{reference.get_text().partition('(')[0]}" in reference["href"]
        assert re.match(r"\d+\.\d+", section.get_text())
        assert row.select_one(".vjp-shapes").get_text()


def test_the_formulas_are_those_of_the_chapters(html: Path) -> None:
    shown = {link["href"].partition("#")[2]: link.find_parent(class_="equation-row") for row in _rows(html) for link in row.select("td a")}
    latex = shown["equation-eq-affine-dw"].select_one("div.math").get_text()
    source = audit.soup(html / "chapters/01_linear_regression.html").find(id="equation-eq-affine-dw").get_text()
    assert latex.strip() in source


def documented(text: str) -> Any:
    """Return a function of (X, b) with this docstring."""

    def function(X: Any, b: Any = None) -> None:
        pass

    function.__doc__ = text
    return function


def test_operations_come_in_the_order_of_the_names_and_only_with_a_vjp() -> None:
    one, two = documented("One.\n\nNotes\n-----\nEquations `eq-b`, `def-a`, `eq-b`."), documented("Two. `eq-c`")
    package = SimpleNamespace(f=one, f_vjp=two, g=one, h=two, h_vjp=one)
    found = operations(package, ["h", "missing", "g", "f"])
    assert [(item.name, item.call, item.forward, item.backward) for item in found] == [
        ("h", "h(X, b)", ("eq-c",), ("eq-b", "def-a")),
        ("f", "f(X, b)", ("eq-b", "def-a"), ("eq-c",)),
    ]


def test_shapes_are_read_from_the_docstring() -> None:
    text = "Do it.\n\nParameters\n----------\nX : (n, d) ndarray\n    Data.\nb : {}\n    More.\n\nReturns\n-------\n{}\n    Result.\n"
    assert shapes(documented(text.format("(h,) or () ndarray", "float"))) == "X (n, d), b (h,) or () → ()"
    assert shapes(documented(text.format("ndarray", "(n, h) ndarray"))) == "X (n, d), b any shape → (n, h)"
    assert shapes(documented(text.format("int or None", "ndarray"))) == "X (n, d)"
    assert cited(documented("")) == ()


def test_a_function_without_equations_and_an_unknown_label_are_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    for module in (vjp_sheet, equations):
        monkeypatch.setattr(module.logger, "warning", lambda message, *values, **_: warnings.append(message % values))
    monkeypatch.setattr(equations, "_store", lambda environment: {})
    app = SimpleNamespace(env=None)
    assert vjp_sheet._formulas(app, "page", "f_vjp", (), nodes.container()) == []  # type: ignore[arg-type]
    assert vjp_sheet._formulas(app, "page", "f", ("eq-nowhere",), nodes.container()) == []  # type: ignore[arg-type]
    assert len(warnings) == 2
    assert "f_vjp names no equation" in warnings[0]
    assert "'eq-nowhere'" in warnings[1]


def test_every_label_that_the_sheet_shows_is_in_a_chapter() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in chapters(ROOT))
    for one in operations(bpkit, IN_ORDER):
        for label in (*one.forward, *one.backward):
            assert f"({label})" in text, f"{one.name} names {label}"
        assert one.forward, one.name
        assert one.backward, one.name
