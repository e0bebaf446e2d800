"""Live cells in a real browser: a page's code is changed and run in place, and what goes wrong is said plainly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from in_browser import Server, Watched, browser, html

__all__ = ["browser", "html"]
EXERCISES, CHAPTER = "chapters/exercises/05_chain_rule.html", "chapters/02_gradient_descent.html"
SLOW = 180_000  # ms until Python has started, on a machine that does other things too
HEAVY = ("live/live.mjs", "codemirror", "worker.mjs", "pyodide", "cells/", "python.json")
WRONG = "def unbroadcast(dY, shape):\n    return dY.sum(axis=0)\n"
RIGHT = """\
def unbroadcast(dY, shape):
    while dY.ndim > len(shape):
        dY = dY.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            dY = dY.sum(axis=axis, keepdims=True)
    return dY
"""


@pytest.fixture(scope="module")
def server(html: Path) -> Iterator[Server]:
    """Serve the book, and remember what was asked for."""
    serving = Server(html)
    yield serving
    serving.stop()


@pytest.fixture(scope="module")
def reader(browser: Any, server: Server) -> Iterator[Watched]:
    """Return one reader: what these tests do, they do one after the other, in one browser."""
    watched = Watched(browser, server.address, viewport={"width": 1100, "height": 900}, color_scheme="light")
    watched.page.set_default_timeout(SLOW)
    yield watched
    watched.context.close()


def _heavy(server: Server) -> list[str]:
    return [name for name in server.asked if any(word in name for word in HEAVY)]


class Block:
    """An answer or a cell of the open page."""

    def __init__(self, page: Any, cell: str) -> None:
        self.page, self.box = page, page.locator(f".live-cell-{cell}")

    def open(self) -> Block:
        self.box.locator(".live-bar button").first.click()
        self.box.locator(".cm-content").wait_for()
        return self

    def write(self, text: str) -> Block:
        self.box.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        return self

    def says(self, words: str) -> str:
        self.box.locator(".live-state", has_text=words).wait_for()
        return str(self.box.locator(".live-state").inner_text())

    def button(self, name: str) -> Any:
        return self.box.get_by_role("button", name=name)


def _cells(page: Any, kind: str) -> list[dict[str, str]]:
    return [
        cell for cell in page.evaluate("() => JSON.parse(document.getElementById('live-cells').textContent).cells") if cell["kind"] == kind
    ]


@pytest.fixture(scope="module")
def answer(reader: Watched, server: Server) -> Block:
    """Return the first exercise of the page, not opened yet."""
    page = reader.open(f"{server.address}/{EXERCISES}")
    return Block(page, _cells(page, "answer")[0]["id"])


def _verdict(page: Any, words: str) -> str:
    output = page.locator(".live-output", has_text=words)
    output.first.wait_for()
    return str(output.first.inner_text())


def test_nothing_is_fetched_before_the_reader_asks(answer: Block, server: Server) -> None:
    assert answer.box.locator(".live-bar button").is_visible()
    assert _heavy(server) == []


def test_the_editor_opens_without_python(answer: Block, server: Server) -> None:
    answer.open()
    assert [name for name in _heavy(server) if "pyodide" in name or "worker.mjs" in name] == []
    assert answer.page.evaluate("() => document.activeElement.closest('.live-editor') !== null")
    assert "Code of exercise" in answer.box.locator(".cm-content").get_attribute("aria-label")


def test_a_wrong_answer_shows_its_hint(answer: Block, server: Server) -> None:
    answer.write(WRONG)
    answer.page.keyboard.press("Control+Enter")
    bar = answer.page.locator(".live-progress")
    bar.wait_for()
    assert bar.get_by_role("button", name="Stop").is_visible()
    assert "Likely mistake" in _verdict(answer.page, "Likely mistake")
    assert "✗" in answer.says("unbroadcast")
    assert [name for name in server.asked if "matplotlib-3" in name or "sympy" in name] == []


def test_a_right_answer_passes(answer: Block) -> None:
    answer.write(RIGHT)
    answer.button("Run and check").click()
    assert "passed" in _verdict(answer.page, "passed")
    assert "✓ unbroadcast: passed" in answer.says("passed")
    assert answer.page.locator("text=has no result yet").first.is_hidden()


def test_all_cells_run_with_one_button(answer: Block) -> None:
    answer.page.get_by_role("button", name="Run the code on this page").click()
    answer.page.get_by_role("button", name="Run all cells").click()
    answer.page.locator(".live-page .live-state", has_text="All cells have run").wait_for()
    verdicts = answer.page.locator(".live-output strong").all_inner_texts()
    assert len([verdict for verdict in verdicts if "not yet" in verdict]) == len(_cells(answer.page, "answer")) - 1
    assert "passed" in answer.says("passed")


def test_an_error_says_what_and_where(answer: Block) -> None:
    answer.write("total = 0\nfor k in range(3):\n    total += k / 0\n")
    answer.page.keyboard.press("Control+Enter")
    answer.says("Failed")
    error = answer.box.locator(".live-error")
    assert error.locator("p").first.inner_text() == "ZeroDivisionError: division by zero"
    assert error.locator(".live-error-line").inner_text() == "Line 3: total += k / 0"
    assert answer.box.locator(".live-failed-line").inner_text().strip() == "total += k / 0"
    assert error.locator("pre").is_hidden()
    error.locator("summary").click()
    assert "\x1b" not in error.locator("pre").inner_text()
    answer.write("for k in range(3\n")
    answer.page.keyboard.press("Control+Enter")
    answer.box.locator(".live-error", has_text="SyntaxError").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_live_state_is_accessible(theme: str, answer: Block, reader: Watched) -> None:
    from axe_playwright_python.sync_playwright import Axe

    answer.page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    found = Axe().run(answer.page, context={"exclude": [["mjx-container"], ["pre"]]}, options={"resultTypes": ["violations"]}).response
    answer.page.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
    # axe asks for the style sheets that a style sheet imports, but not from where that one is.
    reader.problems[:] = [problem for problem in reader.problems if "basic.css" not in problem and "Failed to load" not in problem]
    told = [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"][:3] if one["id"] != "region"]
    assert told == []


def test_a_telephone_shows_all_of_it(answer: Block) -> None:
    answer.page.set_viewport_size({"width": 360, "height": 740})
    width = answer.page.evaluate("() => document.documentElement.scrollWidth")
    reachable = [answer.button(name).bounding_box() for name in ("Run and check", "Reset")]
    answer.page.set_viewport_size({"width": 1100, "height": 900})
    assert width <= 360
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in reachable)


def test_the_keyboard_leaves_the_editor(answer: Block) -> None:
    answer.box.locator(".cm-content").focus()
    answer.page.keyboard.press("Tab")
    assert answer.page.evaluate("() => document.activeElement.closest('.live-editor')") is None


def test_an_endless_loop_is_stopped_and_the_next_run_works(answer: Block) -> None:
    answer.write("while True:\n    pass\n")
    answer.page.keyboard.press("Control+Enter")
    answer.says("Running")
    answer.button("Stop").click()
    assert "Your text is kept" in answer.says("Stopped")
    answer.write(RIGHT)
    answer.page.keyboard.press("Control+Enter")
    assert "passed" in answer.says("passed")


def test_a_page_that_is_loaded_again_keeps_the_text(answer: Block, reader: Watched, server: Server) -> None:
    answer.write("while True:\n    print('mine')\n")
    answer.page.keyboard.press("Control+Enter")
    answer.box.locator(".live-output", has_text="mine").wait_for()
    asked = len(server.asked)
    answer.page.reload(wait_until="load")
    told = answer.says("You changed this cell")
    assert "cut off" in told
    assert [name for name in server.asked[asked:] if any(word in name for word in HEAVY)] == []
    answer.button("Open your version").click()
    assert "print('mine')" in answer.box.locator(".cm-content").inner_text()


def test_reset_brings_the_page_back(answer: Block, reader: Watched) -> None:
    answer.button("Reset").click()
    assert "mine" not in answer.box.locator(".cm-content").inner_text()
    assert "..." in answer.box.locator(".cm-content").inner_text()
    assert answer.page.locator("text=has no result yet").first.is_visible()
    answer.page.reload(wait_until="load")
    assert answer.button("Answer here").is_visible()
    assert reader.problems == [], reader.problems


@pytest.fixture(scope="module")
def chapter(reader: Watched, server: Server) -> Any:
    """Return a chapter, in the same browser."""
    reader.problems.clear()
    return reader.open(f"{server.address}/{CHAPTER}")


def test_a_cell_runs_after_what_it_needs_and_matplotlib_waits(chapter: Any, server: Server) -> None:
    server.asked.clear()
    shown = next(cell for cell in _cells(chapter, "show") if chapter.locator(f".live-cell-{cell['id']} >> text=gradient_descent").count())
    block = Block(chapter, shown["id"]).open()
    page_text = block.box.locator(".cell_output").first.inner_text()
    block.button("Run").click()
    assert "Before it ran what it needs from" in block.says("Done")
    assert block.box.locator(".live-output").inner_text().strip() == page_text.strip()
    assert [name for name in server.asked if "matplotlib-3" in name or "sympy" in name] == []


def test_a_figure_is_drawn_in_its_place(chapter: Any, reader: Watched) -> None:
    block = Block(chapter, _cells(chapter, "figure")[0]["id"]).open()
    alt = block.box.locator("figure img").first.get_attribute("alt")
    block.box.locator(".cm-content").click()
    chapter.keyboard.press("Control+End")
    chapter.keyboard.insert_text("\nw = 7\n")
    chapter.keyboard.press("Shift+Enter")
    drawn = block.box.locator(".live-output figure")
    drawn.wait_for()
    assert drawn.locator("img").get_attribute("src").startswith("data:image/png")
    assert alt in drawn.locator("img").get_attribute("alt")
    assert "your version" in drawn.locator("img").get_attribute("alt")
    assert drawn.locator("figcaption").inner_text().startswith("Fig. 2.1")
    assert chapter.evaluate("() => document.activeElement.closest('.live-editor').closest('.cell') !== null")
    assert reader.problems == [], reader.problems


def test_a_checked_equation_is_set_with_its_number(chapter: Any, reader: Watched) -> None:
    chapter.get_by_role("button", name="Run the code on this page").click()
    block = Block(chapter, _cells(chapter, "ledger")[0]["id"]).open()
    block.button("Run").click()
    block.says("Done")
    assert block.box.locator(".live-output mjx-container").count() >= 1
    assert block.box.locator(".live-output .eqno").inner_text() == block.box.locator(".cell_output .eqno").first.text_content()[:5]
    assert reader.problems == [], reader.problems


BROKEN = {
    "no WebAssembly": ("delete window.WebAssembly", "has no WebAssembly"),
    "no workers": ("window.Worker = function () { throw new Error('no'); }", "did not start Python"),
    "nothing is kept": ("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })", "keeps nothing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_browser_that_lacks_something_says_so(name: str, browser: Any, server: Server) -> None:
    script, words = BROKEN[name]
    watched = Watched(browser, server.address)
    watched.context.add_init_script(script)
    page = watched.open(f"{server.address}/{EXERCISES}")
    block = Block(page, _cells(page, "answer")[0]["id"]).open()
    if name != "nothing is kept":
        block.button("Run and check").click()
    told = block.says(words)
    assert name == "nothing is kept" or "Your text is kept" in told
    assert name == "nothing is kept" or block.box.get_by_role("link", name="download this notebook").get_attribute("href").endswith(
        ".ipynb"
    )
    # The theme's own scripts use what is blocked, and fail aloud.
    assert name == "nothing is kept" or watched.problems == [], watched.problems
    watched.context.close()


@pytest.mark.parametrize(("lost", "words"), [("live.mjs", "could not be fetched"), ("python.json", "could not be fetched")])
def test_a_file_that_cannot_be_fetched_is_no_loss(lost: str, words: str, browser: Any, server: Server) -> None:
    watched = Watched(browser, server.address, service_workers="block")
    watched.context.route(f"**/{lost}", lambda route: route.abort())
    page = watched.open(f"{server.address}/{EXERCISES}")
    block = Block(page, _cells(page, "answer")[0]["id"])
    block.box.locator(".live-bar button").first.click()
    if lost != "live.mjs":
        block.button("Run and check").click()
    assert "ress the button again later" in block.says(words)
    assert page.locator("article h1").is_visible()
    watched.context.close()
