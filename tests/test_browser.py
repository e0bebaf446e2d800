"""The built book in a real browser: headless Chromium, driven by Playwright.

Without Chromium these tests are left out, and say so; where BPBOOK_REQUIRE_BROWSER=1 is set, they fail instead.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from in_browser import Watched, browser, site
from site_html import ROOT, html

from bpbook.notebooks import pages

__all__ = ["browser", "html", "site"]
PAGES = [*pages(ROOT), "search", "genindex"]

# What axe-core may still report, each with its reason.
ALLOWED_BY_AXE = {
    # The theme draws the dialog of the search and its sidebars as <dialog> and <div>; their content is the same on every page.
    "region": "the theme's sidebars lie outside of landmarks",
}


@pytest.fixture(scope="module")
def wide(browser: Any, site: str) -> Iterator[Watched]:
    """Return a page as wide as a laptop, that may use the clipboard."""
    watched = Watched(browser, site, viewport={"width": 1280, "height": 900}, color_scheme="light")
    watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield watched
    watched.context.close()


@pytest.fixture(scope="module")
def telephone(browser: Any, site: str) -> Iterator[Watched]:
    """Return a page as narrow as a small telephone."""
    watched = Watched(browser, site, viewport={"width": 360, "height": 740})
    yield watched
    watched.context.close()


# One load for all the tests of a page: pytest runs the tests of one parameter of such a fixture together.
@pytest.fixture(scope="module", params=PAGES)
def narrow(request: pytest.FixtureRequest, telephone: Watched, site: str) -> Watched:
    """Return each page of the book in turn, on a telephone."""
    telephone.problems.clear()
    telephone.open(f"{site}/{request.param}.html")
    return telephone


@pytest.fixture(scope="module", params=PAGES)
def laptop(request: pytest.FixtureRequest, wide: Watched, site: str) -> Watched:
    """Return each page of the book in turn, on a laptop."""
    wide.problems.clear()
    wide.open(f"{site}/{request.param}.html")
    return wide


RAW_TEX = r"""() => {
  const texts = document.createTreeWalker(document.querySelector("article") || document.body, NodeFilter.SHOW_TEXT);
  const tex = /\$\$|\\(frac|begin|hat|sum|partial|mathbb|text)|\\[([]/;
  const found = [];
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const code = node.parentElement.closest("pre, code, script, style, mjx-container, textarea");
    if (!code && node.parentElement.checkVisibility() && tex.test(node.data)) found.push(node.data.trim().slice(0, 60));
  }
  for (const box of document.querySelectorAll("article .math")) {
    if (!box.querySelector("mjx-container") && !box.closest("mjx-container")) found.push("not set: " + box.textContent.slice(0, 60));
  }
  for (const box of document.querySelectorAll("mjx-merror")) found.push("error: " + box.textContent);
  return found;
}"""
WIDER = """() => [...document.querySelectorAll("article *")].filter((box) => {
  const scrolls = box.closest("pre, mjx-container, .pst-scrollable-table-container, .bug-table, .bp-graph-frame, .visually-hidden");
  return !scrolls && box.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
}).slice(0, 3).map((box) => box.outerHTML.slice(0, 120))"""
UNREACHABLE = """() => [...document.querySelectorAll('article mjx-container[display="true"], article pre, article .bp-graph-frame')]
  .filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1 && box.tabIndex < 0)
  .map((box) => box.outerHTML.slice(0, 80))"""


def test_nothing_goes_wrong_and_nothing_is_fetched_from_elsewhere(narrow: Watched) -> None:
    assert narrow.problems == []


def test_all_mathematics_is_set(narrow: Watched) -> None:
    assert narrow.page.evaluate(RAW_TEX) == []


def test_nothing_is_wider_than_a_telephone(narrow: Watched) -> None:
    width, room = narrow.page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= room == 360, narrow.page.evaluate(WIDER)
    assert narrow.page.evaluate(WIDER) == []


def test_what_scrolls_can_be_reached_with_the_keyboard(narrow: Watched) -> None:
    narrow.page.wait_for_timeout(50)
    assert narrow.page.evaluate(UNREACHABLE) == []


def _theme(page: Any, theme: str) -> None:
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(theme: str, laptop: Watched) -> None:
    from axe_playwright_python.sync_playwright import Axe

    _theme(laptop.page, theme)
    # The two themes differ in their colours only. Mathematics is set by MathJax; the colours of code have their own test.
    options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if theme == "dark" else {})
    found = Axe().run(laptop.page, context={"exclude": [["mjx-container"], ["pre"]]}, options=options).response["violations"]
    _theme(laptop.page, "light")
    serious = [
        f"{problem['id']}: {problem['help']}: {node['html'][:120]} {node['any'][0]['message'] if node['any'] else ''}"
        for problem in found
        if problem["impact"] in ("serious", "critical") and problem["id"] not in ALLOWED_BY_AXE
        for node in problem["nodes"][:3]
    ]
    assert serious == []


CODE_CONTRAST = r"""() => {
  const channel = (value) => value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
    return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  };
  const paper = (box) => { for (; box; box = box.parentElement) {
    const colour = getComputedStyle(box).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  } return "rgb(255, 255, 255)"; };
  const worst = {};
  for (const pre of document.querySelectorAll("article pre")) {
    const ground = paper(pre);
    for (const word of [pre, ...pre.querySelectorAll("span")]) {
      const ink = getComputedStyle(word).color, [a, b] = [light(ink), light(ground)];
      const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (ratio < 4.5) worst[`${ink} on ${ground}`] = `${ratio.toFixed(2)} ${word.className} ${word.textContent.slice(0, 20)}`;
    }
  }
  return worst;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_code_stands_out(theme: str, laptop: Watched) -> None:
    _theme(laptop.page, theme)
    worst = laptop.page.evaluate(CODE_CONTRAST)
    _theme(laptop.page, "light")
    assert worst == {}


def test_a_check_mark_opens_with_the_keyboard(laptop: Watched) -> None:
    mark = laptop.page.locator("details.check-mark").first
    if mark.count():
        assert not mark.locator("pre").first.is_visible()
        mark.locator("summary").focus()
        laptop.page.keyboard.press("Enter")
        assert mark.locator("pre").first.is_visible()
        assert mark.get_attribute("data-label") in mark.locator("pre").first.inner_text()


def _pixels(image: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(image)).convert("L"), dtype=float) / 255


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_is_readable(theme: str, laptop: Watched) -> None:
    """The paper of a figure has the brightness of the page, and its ink stands out from it."""
    figure = laptop.page.locator("article figure img").first
    if figure.count():
        _theme(laptop.page, theme)
        figure.scroll_into_view_if_needed()
        picture = _pixels(figure.screenshot())
        _theme(laptop.page, "light")
        paper, ink = np.median(picture), np.percentile(picture, 0.5 if theme == "light" else 99.5)
        assert (paper > 0.9) == (theme == "light"), f"the paper has brightness {paper:.2f}"
        lighter, darker = max(paper, ink) ** 2.2 + 0.05, min(paper, ink) ** 2.2 + 0.05
        assert lighter / darker > 4.5, f"contrast {lighter / darker:.1f}"


GRAPH_CONTRAST = r"""() => {
  const channel = (value) => value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
    return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  };
  const worst = [];
  for (const svg of document.querySelectorAll("svg.bp-graph-svg")) {
    const paper = getComputedStyle(svg).backgroundColor, panel = getComputedStyle(svg.querySelector("rect")).fill;
    const check = (part, ink, ground, least) => {
      const [a, b] = [light(ink), light(ground)], ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      if (ratio < least) worst.push(`${ratio.toFixed(2)} ${part.outerHTML.slice(0, 60)} ${ink} on ${ground}`);
    };
    for (const text of svg.querySelectorAll("text")) {
      const beside = text.matches(".bp-slope, .bp-legend");
      check(text, getComputedStyle(text).fill, beside ? paper : panel, 4.5);
    }
    for (const line of svg.querySelectorAll("path")) check(line, getComputedStyle(line).stroke, paper, 3);
  }
  return worst.slice(0, 5);
}"""
# With the fonts of this machine, measured: a text stays in its box, a local derivative in none.
GRAPH_TEXT = r"""() => {
  const wrong = [];
  for (const svg of document.querySelectorAll("svg.bp-graph-svg")) {
    if (!svg.checkVisibility()) continue;
    const size = svg.viewBox.baseVal, room = svg.getBoundingClientRect();
    if (room.width / size.width < .79) wrong.push(`shrunk to ${room.width / size.width}`);
    const inside = (a, b) => a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;
    const apart = (a, b) => a.x > b.x + b.width || b.x > a.x + a.width || a.y > b.y + b.height || b.y > a.y + a.height;
    const boxes = [...svg.querySelectorAll("rect")].map((box) => box.getBBox());
    for (const text of svg.querySelectorAll("text")) {
      const place = text.getBBox(), beside = text.matches(".bp-slope, .bp-legend");
      const good = beside ? inside(place, size) && boxes.every((box) => apart(place, box)) : boxes.some((box) => inside(place, box));
      if (!good) wrong.push(text.outerHTML);
    }
  }
  return wrong.slice(0, 5);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_a_graph_stands_out(theme: str, laptop: Watched) -> None:
    _theme(laptop.page, theme)
    worst = laptop.page.evaluate(GRAPH_CONTRAST)
    _theme(laptop.page, "light")
    assert worst == []


def test_the_texts_of_a_graph_fit_where_they_stand(laptop: Watched) -> None:
    assert laptop.page.evaluate(GRAPH_TEXT) == []


def test_the_texts_of_a_graph_can_be_read_on_a_telephone(narrow: Watched) -> None:
    assert narrow.page.evaluate(GRAPH_TEXT) == []


def test_the_table_of_a_graph_opens_with_the_keyboard(wide: Watched, site: str) -> None:
    page = wide.open(f"{site}/chapters/05_chain_rule.html")
    words = page.locator(".bp-graph details").first
    table = words.locator("table")
    assert not table.is_visible()
    words.locator("summary").focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    assert table.locator("tbody tr").count() == page.locator(".bp-graph").first.locator("rect").count()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_graph_follows_the_theme_of_jupyterlab(theme: str, browser: Any) -> None:
    """Without the style sheet of the book: the paper that is painted suits the ink."""
    from bpkit import Node, draw_graph

    page = browser.new_page()
    graph = draw_graph([Node("x", 1.0, 2.0), Node("y", 1.0, 1.0, ("x",), (2.0,))], "A graph").html
    page.set_content(f'<body data-jp-theme-light="{str(theme == "light").lower()}">{graph}</body>')
    assert page.evaluate(GRAPH_CONTRAST) == []
    paper = page.evaluate("() => getComputedStyle(document.querySelector('svg')).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 24, 29)"}[theme]
    page.close()


def test_the_copy_button_copies_the_whole_code(wide: Watched, site: str) -> None:
    page = wide.open(f"{site}/chapters/01_linear_regression.html")
    cell = page.locator("div.cell.exported:not(.tag_hide-input)", has=page.locator(".fold-button")).first
    cell.locator("button.copybtn").click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert "def " in copied
    assert "Parameters\n    ----------" in copied
    assert "documentation" not in copied
    compile(copied, "copied", "exec")


def test_a_long_docstring_folds_and_unfolds(wide: Watched, site: str) -> None:
    page = wide.open(f"{site}/chapters/01_linear_regression.html")
    cell = page.locator("div.cell.exported:not(.tag_hide-input)", has=page.locator(".fold-button")).first
    rest, button = cell.locator(".folded").first, cell.locator(".fold-button").first
    assert rest.is_hidden()
    button.focus()
    page.keyboard.press("Enter")
    assert rest.is_visible()
    assert button.get_attribute("aria-expanded") == "true"


def test_the_docstring_is_there_without_javascript(browser: Any, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/chapters/01_linear_regression.html")
    assert page.locator(".exported:not(.tag_hide-input) pre", has_text="Parameters").first.is_visible()
    assert page.locator(".check-mark summary").first.is_visible()
    context.close()


def test_saved_in_leads_to_the_entry_of_the_function(wide: Watched, site: str) -> None:
    page = wide.open(f"{site}/chapters/01_linear_regression.html")
    link = page.locator(".saved-in a").last
    name = link.inner_text()
    link.click()
    page.wait_for_url("**/api.html#*")
    entry = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert name in entry.inner_text()
    assert entry.is_visible()


def test_search_finds_a_word(wide: Watched, site: str) -> None:
    page = wide.open(f"{site}/search.html?q=gradient")
    page.wait_for_selector("#search-results li a", timeout=15_000)
    assert page.locator("#search-results li").count() >= 3


def test_a_page_works_from_the_disk(browser: Any, html: Path) -> None:
    """Opened as a file, mathematics is set with the book's own fonts and styles apply."""
    watched = Watched(browser, "file://", viewport={"width": 1280, "height": 900})
    page = watched.open((html / "chapters/01_linear_regression.html").as_uri())
    page.evaluate("() => document.fonts.ready")
    assert page.locator("mjx-container").count() > 0
    assert page.evaluate(RAW_TEX) == []
    loaded = page.evaluate("() => [...document.fonts].filter((font) => font.family.startsWith('MJX') && font.status === 'loaded').length")
    assert loaded > 0
    assert [problem for problem in watched.problems if "request" in problem or "error:" in problem] == []
    watched.context.close()


def test_readers_who_prefer_dark_get_the_dark_theme(browser: Any, site: str) -> None:
    watched = Watched(browser, site, viewport={"width": 1280, "height": 900}, color_scheme="dark")
    page = watched.open(f"{site}/index.html")
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 29)"
    assert watched.problems == []
    watched.context.close()


def test_the_theme_button_changes_the_theme(browser: Any, site: str) -> None:
    watched = Watched(browser, site, viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = watched.open(f"{site}/index.html")
    seen = {page.evaluate("() => document.documentElement.dataset.theme")}
    for _ in range(2):
        page.locator("button.theme-switch-button").first.click()
        seen.add(page.evaluate("() => document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}
    watched.context.close()


def test_the_first_tab_skips_to_the_content(wide: Watched, site: str) -> None:
    page = wide.open(f"{site}/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") == "#main-content"


def test_the_cheat_sheet_fits_one_page_of_paper(browser: Any, site: str) -> None:
    watched = Watched(browser, site, viewport={"width": 1280, "height": 900})
    page = watched.open(f"{site}/chapters/appendices/cheat_sheet.html")
    paper = page.pdf(prefer_css_page_size=True)
    watched.context.close()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 1


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_no_formula_of_the_cheat_sheet_is_cut_off(width: int, browser: Any, site: str) -> None:
    watched = Watched(browser, site, viewport={"width": width, "height": 900})
    page = watched.open(f"{site}/chapters/appendices/cheat_sheet.html")
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".vjp-sheet mjx-container")]
        .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.closest(".equation-row").textContent)"""
    )
    watched.context.close()
    assert cut == []


def test_a_link_to_a_cell_lands_on_it(wide: Watched, site: str) -> None:
    page = wide.open(f"{site}/chapters/appendices/questions.html")
    page.locator('article a[href*="#cell-"]').first.click()
    page.wait_for_url("**#cell-*")
    page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
    cell = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert cell.is_visible()
    assert "cell" in cell.get_attribute("class").split()
