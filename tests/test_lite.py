"""JupyterLite as a reader meets it, in Chromium, with every other host blocked: one notebook from its button to the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from in_browser import SUB_PATH, Server, Watched, browser
from site_html import ROOT, html

from bpbook.browser import first_load, lite, pyodide
from bpbook.site.sources import notebook_pages

__all__ = ["browser", "html"]
PAGE = "chapters/exercises/01_linear_regression"
NOTEBOOK = f"lite/notebooks/index.html?path={PAGE}.ipynb"
FIRST, ANSWER, CHECK = 0, 1, 2  # the first code cells of the notebook
WRONG = "def mse_vjp(dL, L, y_hat, y):\n    dy_hat = dL * (2 / y_hat.size) * (y - y_hat)\n    return dy_hat, -dy_hat"
RIGHT = WRONG.replace("(y - y_hat)", "(y_hat - y)")
SECONDS = 120_000


def bar(page: Any, words: str) -> None:
    """Wait until the bar above the notebook says something."""
    page.locator(".book-bar", has_text=words).wait_for(timeout=SECONDS)


def cell(page: Any, number: int) -> Any:
    return page.locator(".jp-Notebook .jp-CodeCell").nth(number)


def run(page: Any, number: int, code: str = "") -> Any:
    """Write code into a cell, if there is any, and run it with the keyboard; return its outputs."""
    editor = cell(page, number).locator(".cm-content")
    editor.click()
    if code:
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")
    return cell(page, number).locator(".jp-OutputArea")


def says(output: Any, words: str) -> None:
    output.get_by_text(words).first.wait_for(timeout=SECONDS)


class Reader(Watched):
    """A reader on a page, and the server of the book, which can be stopped."""

    def __init__(self, browser: Any, html: Path, **settings: Any) -> None:
        self.server = Server(html)
        super().__init__(browser, self.server.address, viewport={"width": 1280, "height": 900}, color_scheme="light", **settings)

    def _may(self, address: str) -> bool:
        # The service worker answers this one; JupyterLite asks for it above the sub-path.
        return super()._may(address) or address == self.server.address.removesuffix(SUB_PATH) + "/api/service-worker-heartbeat"

    def start(self) -> Any:
        """Open the notebook and wait until Python is ready."""
        self.page.goto(f"{self.server.address}/{NOTEBOOK}")
        bar(self.page, "Python is ready")
        return self.page


def stored_copy(reader: Reader) -> Any:
    script = f"{reader.server.address}/_static/notebooks.mjs"
    return reader.page.evaluate(f"async () => (await import('{script}')).storedCopy('{PAGE}.ipynb')")


@pytest.fixture(scope="module")
def reader(browser: Any, html: Path) -> Iterator[Reader]:
    """Return a reader who has pressed the button on the page of the exercises."""
    someone = Reader(browser, html, has_touch=True)
    page = someone.open(f"{someone.server.address}/{PAGE}.html")
    page.locator("a.launch-button").click()
    bar(page, "Python is ready")
    yield someone
    someone.context.close()
    someone.server.stop()


def test_every_page_that_is_a_notebook_has_a_button_that_opens_it(html: Path) -> None:
    for name, _ in notebook_pages(ROOT):
        page = (html / f"{name}.html").read_text(encoding="utf-8")
        address = f"{'../' * name.count('/')}lite/notebooks/index.html?path={name}.ipynb"
        assert page.count(f'<a class="launch-button" href="{address}">') == 1, name
        assert page.count(f'href="{address}"') == 2, f"{name}: not in the menu of the theme"
        assert f"about {first_load.megabytes(ROOT, html)} MB" in page, name
    assert first_load.megabytes(ROOT, html) >= 15


@pytest.mark.parametrize("app", ["", "notebooks/", "lab/", "tree/"])
def test_no_app_takes_pyodide_from_elsewhere(app: str, html: Path) -> None:
    own = json.loads((html / "lite/jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    here = json.loads((html / f"lite/{app}jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    kernel = (own["litePluginSettings"] | here.get("litePluginSettings", {}))[lite.KERNEL]
    assert kernel["pyodideUrl"] == "./static/pyodide/pyodide.mjs"
    assert kernel["loadPyodideOptions"]["lockFileURL"] == "./static/pyodide/pyodide-lock.json"
    assert kernel["disablePyPIFallback"] is True
    assert pyodide.differing(html / "lite/static/pyodide", pyodide.release()["core"]) == []


def test_the_notebooks_are_as_jupyterlite_wants_them(html: Path) -> None:
    """One text where the file has a list of lines, outputs that are trusted, and nothing that is for Colab."""
    for path in (html / "lite/files").rglob("*.ipynb"):
        for piece in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert isinstance(piece["source"], str)
            assert "%pip install" not in piece["source"]
            assert piece["cell_type"] != "code" or piece["metadata"]["trusted"]
            assert not any(isinstance(text, list) for output in piece.get("outputs", []) for text in output.get("data", {}).values())


def test_the_button_opens_the_notebook_without_a_question(reader: Reader) -> None:
    assert reader.page.url == f"{reader.server.address}/{NOTEBOOK}"
    assert reader.page.locator(".jp-Dialog").count() == 0
    assert reader.page.locator("h1", has_text="Exercises to chapter 1").is_visible()
    assert reader.page.locator(".book-back").get_attribute("href") == f"{reader.server.address}/{PAGE}.html"


def test_a_notebook_that_is_only_opened_is_not_kept_as_a_changed_one(reader: Reader) -> None:
    """Or the reader would never see a new text of the book."""
    # As if the tab were closed: what is not saved yet would be noted now.
    reader.page.evaluate("() => window.dispatchEvent(new Event('pagehide'))")
    assert reader.page.evaluate("() => Object.keys(localStorage).filter((name) => name.includes('not saved yet'))") == []
    assert stored_copy(reader) is None


def test_run_all_then_a_wrong_answer_then_the_right_one(reader: Reader) -> None:
    page, cells = reader.page, reader.page.locator(".jp-Notebook .jp-CodeCell")
    run(page, FIRST)
    cells.first.locator(".jp-InputPrompt", has_text="[1]").wait_for(timeout=SECONDS)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # One more than at home: the first cell has run before.
    cells.last.locator(".jp-InputPrompt", has_text=f"[{cells.count() + 1}]").wait_for(timeout=SECONDS)
    assert page.locator(".jp-Dialog").count() == 0
    says(cell(page, CHECK), "not yet")
    run(page, ANSWER, WRONG)
    says(run(page, CHECK), "descent walks uphill")
    run(page, ANSWER, RIGHT)
    says(run(page, CHECK), "passed")


def test_the_books_package_and_its_small_dataset_are_there(reader: Reader) -> None:
    code = "import bpkit\nfrom bpbook.datasets import load_small_fashion_mnist\ndata = load_small_fashion_mnist()\n"
    says(run(reader.page, FIRST, code + "print(bpkit.__name__, 'is here,', len(data.y_train), 'pictures')"), "bpkit is here, 3000 pictures")


def test_the_stop_button_ends_an_endless_loop_and_the_text_stays(reader: Reader) -> None:
    page = reader.page
    loop = "turns = 0\nwhile True:\n    turns += 1"
    run(page, FIRST, loop)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='busy']").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    bar(page, "Stopped.")
    assert "turns += 1" in cell(page, FIRST).inner_text()
    says(run(page, FIRST, "print('again', 6 * 7)"), "again 42")


def test_a_reload_in_mid_run_keeps_the_work(reader: Reader) -> None:
    page = reader.page
    run(page, FIRST, "import time\nwhile True:\n    time.sleep(0.1)")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='busy']").wait_for()
    # Since then the book has got another text.
    page.evaluate("(name) => localStorage.setItem(name, 'an older one')", f"Backpropagation, Checked: began with {PAGE}.ipynb")
    page.reload()
    bar(page, "You see your own copy")
    bar(page, "The book has a newer text")
    assert "time.sleep(0.1)" in cell(page, FIRST).inner_text()
    assert "y_hat - y" in cell(page, ANSWER).inner_text()
    assert "*" not in cell(page, FIRST).locator(".jp-InputPrompt").inner_text()
    bar(page, "Python is ready")


def test_on_a_telephone_a_cell_runs_at_a_touch(reader: Reader) -> None:
    page = reader.page
    page.set_viewport_size({"width": 360, "height": 740})
    editor = cell(page, FIRST).locator(".cm-content")
    editor.tap()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("print('touched', 6 * 7)")
    page.locator("[data-command='notebook:run-cell-and-select-next']").first.tap()
    says(cell(page, FIRST).locator(".jp-OutputArea"), "touched 42")
    wide = "() => [document.documentElement.scrollWidth, document.querySelector('.book-bar').scrollWidth]"
    assert page.evaluate(wide) == [360, 360]
    assert editor.bounding_box()["width"] > 200
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_page_of_the_book_tells_of_the_readers_copy(reader: Reader) -> None:
    page = reader.context.new_page()
    page.goto(f"{reader.server.address}/{PAGE}.html")
    page.locator(".launch-copy", has_text="is newer than the one that you began with").wait_for()
    page.get_by_role("button", name="Reset this notebook").click()
    page.keyboard.press("Escape")
    assert page.get_by_role("button", name="Reset this notebook").is_visible()
    page.close()


def test_reset_asks_offers_the_old_text_and_brings_the_books_own_back(reader: Reader) -> None:
    page = reader.page
    page.locator(".book-reset").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my copy").click()
    old = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert any("y_hat - y" in piece["source"] for piece in old["cells"])
    page.get_by_role("button", name="Keep my copy").click()
    assert "y_hat - y" in cell(page, ANSWER).inner_text()
    page.locator(".book-reset").click()
    page.get_by_role("button", name="Delete my copy").click()
    bar(page, "This is the book's own text again")
    cell(page, FIRST).get_by_text("bpbook.exercises").wait_for()
    page.goto(f"{reader.server.address}/{PAGE}.html")
    assert stored_copy(reader) is None
    assert page.locator(".launch-copy button").count() == 0


def test_without_the_network_pages_and_notebook_go_on(reader: Reader) -> None:
    page = reader.page
    reader.server.stop()
    reader.context.set_offline(True)
    page.goto(f"{reader.server.address}/{PAGE}.html")
    page.locator("a.launch-button").click()
    bar(page, "Python is ready")
    says(run(page, FIRST, "import bpkit, numpy\nprint('without', 6 * 7)"), "without 42")
    assert [problem for problem in reader.problems if problem.startswith("request to")] == []


def stuck(browser: Any, html: Path, script: str = "", missing: str = "") -> Iterator[Any]:
    """Yield the page of a reader whose browser lacks something, when the notebook is shown."""
    someone = Reader(browser, html)
    if script:
        someone.context.add_init_script(script)
    if missing:
        someone.context.route(missing, lambda route: route.fulfill(status=404, body="not here"))
    someone.page.goto(f"{someone.server.address}/{NOTEBOOK}")
    someone.page.locator(".jp-Notebook h1", has_text="Exercises to chapter 1").wait_for(timeout=SECONDS)
    yield someone.page
    someone.context.close()
    someone.server.stop()


NO_STORAGE = """
const no = () => { throw new DOMException("no", "SecurityError"); };
IDBFactory.prototype.open = no;
for (const name of ["localStorage", "caches"]) Object.defineProperty(window, name, { get: no });
ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException("no", "SecurityError"));
"""
BAD_LUCK = {
    "no WebAssembly, no service worker": (
        {"script": "delete globalThis.WebAssembly; delete Navigator.prototype.serviceWorker"},
        "has no WebAssembly",
    ),
    "no storage": ({"script": NO_STORAGE}, "your changes are lost when you close this tab"),
    "Python is not there": ({"missing": "**/pyodide.asm.wasm"}, "could not be loaded (pyodide.asm.wasm)"),
}


@pytest.mark.parametrize("case", BAD_LUCK)
def test_bad_luck_is_told_above_the_notebook(case: str, browser: Any, html: Path) -> None:
    settings, words = BAD_LUCK[case]
    for page in stuck(browser, html, **settings):
        bar(page, words)
        assert "service worker" not in case or "opens only with the network" in page.locator(".book-bar").inner_text()
        assert page.locator(".jp-Dialog").count() == 0
        assert page.locator(".book-back").is_visible()
