"""What a reader has read and passed: written by `check`, kept in the browser only, shown on the pages, saved to a file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from in_browser import Watched, browser, site
from site_html import ROOT, html

from bpbook.exercises import check, verdict
from bpbook.exercises.source import by_chapter
from bpbook.notebooks import CHAPTER, pages
from bpbook.site import audit

__all__ = ["browser", "html", "site"]
RECORD = (ROOT / "bpbook/exercises/record.js").read_text(encoding="utf-8")
FIRST = "01_linear_regression"
# The chapter with the fewest formulas loads fastest.
LIGHT = "10b_speed"


# --- what `check` writes ----------------------------------------------------------------------------


def right(dL: Any, L: Any, y_hat: Any, y: Any) -> Any:
    g = dL * (2 / y_hat.size) * (y_hat - y)
    return g, -g


def wrong(dL: Any, L: Any, y_hat: Any, y: Any) -> Any:
    return dL * (y_hat - y), dL * (y - y_hat)


def calls_check(dL: Any, L: Any, y_hat: Any, y: Any) -> Any:
    check("mse-vjp", wrong)
    return right(dL, L, y_hat, y)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Let Python believe that it runs in a browser, and return what it writes there."""
    calls: list[tuple[str, str]] = []
    module = ModuleType("pyodide.code")
    module.run_js = lambda script: lambda name, status: calls.append((name, status)) if script == RECORD else None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyodide", ModuleType("pyodide"))
    monkeypatch.setitem(sys.modules, "pyodide.code", module)
    monkeypatch.setattr(sys, "platform", "emscripten")
    return calls


@pytest.mark.parametrize(("answer", "status"), [(right, "passed"), (wrong, "tried"), (lambda *_: 7, "tried")])
def test_a_check_in_the_browser_writes_one_entry(answer: Any, status: str, written: list[tuple[str, str]]) -> None:
    check("mse-vjp", answer)
    assert written == [("mse-vjp", status)]


def test_what_is_no_try_is_not_written(written: list[tuple[str, str]]) -> None:
    for arguments in (("mse-vjp", ...), ("mse-vjp", lambda *_: None), ("mse-vjp",), ("no-such-exercise", right), (right,), ()):
        check(*arguments)
    assert written == []


def test_a_check_inside_of_an_answer_writes_nothing_of_its_own(written: list[tuple[str, str]]) -> None:
    assert check("mse-vjp", calls_check).passed
    assert written == [("mse-vjp", "passed")]


def test_the_solutions_of_the_book_are_not_the_readers(written: list[tuple[str, str]]) -> None:
    assert verdict("mse-vjp", right).passed
    assert written == []
    for path in (ROOT / "chapters/exercises").glob("*.ipynb"):
        code = "".join("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
        assert ("verdict as check" in code) == path.stem.endswith("_solved")


def test_nothing_is_written_outside_of_a_browser(written: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    check("mse-vjp", right)
    assert written == []


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("fault", ["missing", "fails"])
def test_a_storage_that_fails_does_not_disturb_the_check(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(script: str) -> None:
        raise RuntimeError(script)

    if fault == "missing":
        monkeypatch.setitem(sys.modules, "pyodide.code", None)
    else:
        monkeypatch.setattr(sys.modules["pyodide.code"], "run_js", fail)
    assert check("mse-vjp", right).passed


def test_the_site_serves_the_script_to_python(html: Path) -> None:
    (wheel,) = (html / "lite/static/pyodide").glob("bpbook_exercises-*.whl")
    assert ZipFile(wheel).read("bpbook/exercises/record.js").decode() == RECORD


# --- the places on the pages ------------------------------------------------------------------------


def test_every_exercise_has_the_place_for_its_mark(html: Path) -> None:
    for chapter, exercises in by_chapter().items():
        page = audit.soup(html / f"chapters/exercises/{chapter}.html")
        assert [mark["data-exercise"] for mark in page.select("h2 > .exercise-state")] == [exercise.id for exercise in exercises]
        assert f"{len(exercises)} exercises" in page.select_one(".page-facts .exercise-count").get_text()


def test_the_data_of_the_pages_name_every_chapter_and_exercise(html: Path) -> None:
    listed = json.loads((html / "_static/progress.json").read_text(encoding="utf-8"))["chapters"]
    assert [f"chapters/{chapter['name']}" for chapter in listed] == [page for page in pages(ROOT) if CHAPTER.fullmatch(page)]
    found = {chapter["name"]: chapter["exercises"] for chapter in listed if chapter["exercises"]}
    assert found == {chapter: [exercise.id for exercise in exercises] for chapter, exercises in by_chapter().items()}


def test_the_build_writes_how_much_is_loaded(html: Path) -> None:
    page = audit.soup(html / "chapters/appendices/browser.html")
    assert page.select(".load-size") == []
    assert re.search(r"loads about \d+ MB.* adds about \d+ MB.* proofs about \d+ MB.* comparisons about \d+ MB", page.get_text())


def test_the_script_of_every_page_is_light(html: Path) -> None:
    assert (html / "_static/progress.mjs").stat().st_size < 10_000


# --- in a browser -----------------------------------------------------------------------------------


class Reader:
    """A reader's browser with one open page; `call` runs JavaScript with the module as `progress`."""

    def __init__(self, browser: Any, site: str, **settings: Any) -> None:
        self.site = site
        self.watched = Watched(browser, site, viewport={"width": 1280, "height": 900}, **settings)
        self.page = self.watched.page

    def open(self, page: str) -> Any:
        return self.watched.open(f"{self.site}/{page}.html")

    def call(self, code: str, argument: Any = None) -> Any:
        program = f'async (given) => {{ const progress = await import("{self.site}/_static/progress.mjs"); {code} }}'
        return self.page.evaluate(program, argument)

    def record(self, exercise: str, status: str = "passed") -> None:
        self.call("await progress.record({exercise: given[0], status: given[1]})", [exercise, status])

    def entries(self) -> dict[str, str]:
        return {entry["name"]: entry["status"] for entry in self.call("return await progress.all()")}

    def wait_for(self, name: str, status: str) -> None:
        code = """async ([module, name, status]) =>
          (await (await import(module)).all()).some((entry) => entry.name === name && entry.status === status)"""
        self.page.wait_for_function(code, arg=[f"{self.site}/_static/progress.mjs", name, status])


def press(place: Any, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


@pytest.fixture(scope="module")
def reader_of_all(browser: Any, site: str) -> Iterator[Reader]:
    reader = Reader(browser, site, color_scheme="light")
    yield reader
    assert reader.watched.problems == []
    reader.watched.context.close()


@pytest.fixture
def reader(reader_of_all: Reader) -> Reader:
    """Return a reader who has done nothing yet, on a page of exercises."""
    reader_of_all.open(f"chapters/exercises/{FIRST}")
    reader_of_all.call("await progress.clear()")
    return reader_of_all


def test_who_has_done_nothing_pays_nothing(browser: Any, site: str) -> None:
    reader = Reader(browser, site)
    fetched: list[str] = []
    reader.page.on("request", lambda request: fetched.append(request.url))
    reader.open(f"chapters/{LIGHT}")
    reader.page.get_by_role("button", name="Mark this chapter as read").wait_for()
    assert reader.entries() == {}
    assert reader.page.evaluate("() => indexedDB.databases()") == []
    assert [address for address in fetched if "/progress" in address] == [f"{site}/_static/progress.mjs"]
    assert reader.watched.problems == []
    reader.watched.context.close()


def test_what_python_writes_is_what_the_page_writes(reader: Reader) -> None:
    for given in ("tried", "passed"):
        reader.page.evaluate(f"(given) => ({RECORD})(...given)", ["mse-vjp", given])
        reader.wait_for("mse-vjp", given)
    reader.page.evaluate(f"(given) => ({RECORD})(...given)", ["mse-vjp", "tried"])
    reader.page.evaluate(f"(given) => ({RECORD})(...given)", ["huber-loss", "tried"])
    reader.wait_for("huber-loss", "tried")
    reader.record("affine-vjp", "wrong")
    for result in ("passed", "wrong", "not yet", "unknown"):
        reader.record("affine-vjp", result)
        reader.record("weighted-mse", "not yet")
    assert reader.entries() == {"mse-vjp": "passed", "huber-loss": "tried", "affine-vjp": "passed"}
    kinds = reader.call("return (await progress.all()).map((entry) => Object.keys(entry).sort().join() + entry.kind + typeof entry.when)")
    assert set(kinds) == {"kind,name,status,whenexercisestring"}


def test_a_mark_appears_at_once_when_a_check_passes_in_another_tab(reader: Reader) -> None:
    reader.open(f"chapters/exercises/{FIRST}")
    other = reader.watched.context.new_page()
    other.goto(f"{reader.site}/search.html")
    write = f"(given) => ({RECORD})(...given)"
    other.evaluate(write, ["mse-vjp", "passed"])
    other.evaluate(write, ["affine-vjp", "tried"])
    reader.page.locator('.exercise-state[data-exercise="mse-vjp"]', has_text="passed").wait_for()
    reader.page.locator('.exercise-state[data-exercise="affine-vjp"]', has_text="tried").wait_for()
    assert reader.page.locator('.exercise-state[data-exercise="huber-loss"]').is_hidden()
    exercises = by_chapter()[FIRST]
    reader.page.get_by_text(f"1 of {len(exercises)} exercises passed").wait_for()
    link = reader.page.locator(".bd-docs-nav a.current")
    assert "passed" not in link.inner_text()
    for exercise in exercises:
        other.evaluate(write, [exercise.id, "passed"])
    reader.page.locator(".bd-docs-nav a.current", has_text="(all passed)").wait_for()
    other.close()


@pytest.mark.parametrize("width", [1280, 360])
def test_no_text_moves_when_a_mark_comes(width: int, reader: Reader) -> None:
    places = (
        "() => [...document.querySelectorAll('article :is(h1, h2, p, pre), .bd-docs-nav a')].map((box) => box.getBoundingClientRect().top)"
    )
    reader.page.set_viewport_size({"width": width, "height": 900})
    page = reader.open(f"chapters/exercises/{FIRST}")
    before = page.evaluate(places)
    for exercise in by_chapter()[FIRST]:
        reader.record(exercise.id)
    page.locator(".bd-docs-nav a.current .done-mark").wait_for(state="attached")
    after = page.evaluate(places)
    shown = page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    reader.page.set_viewport_size({"width": 1280, "height": 900})
    assert after == before
    assert shown


def test_a_chapter_is_marked_as_read_with_the_keyboard_and_the_mark_taken_away(reader: Reader) -> None:
    page = reader.open(f"chapters/{LIGHT}")
    button = page.locator(".chapter-end button")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text("✓ Read on").wait_for()
    page.locator(".bd-docs-nav a.current", has_text="(read)").wait_for()
    assert reader.entries() == {LIGHT: "read"}
    page.keyboard.press("Enter")
    page.locator(".chapter-end", has_text="Mark this chapter as read").wait_for()
    page.locator(".bd-docs-nav a.current .done-mark").wait_for(state="detached")
    assert reader.entries() == {}


def test_the_first_page_says_how_far_the_reader_is(reader: Reader) -> None:
    page = reader.open("index")
    line = page.locator(".progress-summary")
    invitation = line.inner_text()
    reader.record("mse-vjp")
    reader.call("await progress.markChapter(given, true)", FIRST)
    chapters = len([page for page in pages(ROOT) if CHAPTER.fullmatch(page)])
    exercises = sum(map(len, by_chapter().values()))
    wanted = f"You have read 1 of {chapters} chapters and passed 1 of {exercises} exercises."
    page.get_by_text(wanted).wait_for()
    reader.call("await progress.clear()")
    page.get_by_text(invitation).wait_for()
    reader.record("mse-vjp")
    line.get_by_text("You have read 0 of").click()
    page.wait_for_url("**/chapters/appendices/browser.html#sec-progress")
    assert page.locator("#sec-progress").count() == 1


# --- the file ---------------------------------------------------------------------------------------


def file(*entries: dict[str, Any], **changes: Any) -> str:
    """Return the text of a file of progress."""
    return json.dumps({"format": "backpropagation-checked-progress", "version": 1, "book": "0", "entries": list(entries), **changes})


def entry(name: str = "mse-vjp", status: str = "passed", kind: str = "exercise", when: str = "2026-01-02T03:04:05.000Z") -> dict[str, Any]:
    return {"kind": kind, "name": name, "status": status, "when": when}


def test_what_is_saved_is_read_again(reader: Reader, tmp_path: Path) -> None:
    page = reader.open("chapters/appendices/browser")
    reader.record("mse-vjp")
    reader.record("affine-vjp", "wrong")
    reader.call("await progress.markChapter(given, true)", FIRST)
    before = reader.call("return await progress.all()")
    with page.expect_download() as download:
        press(page, "Save to a file")
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.name == "backpropagation-checked-progress.json"
    content = json.loads(saved.read_text(encoding="utf-8"))
    assert (content["version"], content["book"], content["entries"]) == (1, reader.call("return (await progress.book()).version"), before)
    reader.call("await progress.clear()")
    page.set_input_files(".progress-tools input", saved)
    page.get_by_text("The file holds 3 entries; 3 of them were new here.").wait_for()
    assert reader.call("return await progress.all()") == before
    row = page.locator(".progress-table tr", has=page.locator(f'[data-chapter="{FIRST}"]'))
    assert row.locator("td").nth(1).inner_text().startswith("✓")
    assert row.locator("td").nth(2).inner_text() == f"1 of {len(by_chapter()[FIRST])} passed"


def test_reading_a_file_adds_and_takes_nothing_away(reader: Reader) -> None:
    early, late = "2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"
    reader.call(
        "await progress.importText(given)", file(entry("a"), entry("b", "tried"), entry("c"), entry("d"), entry("g", "read", "chapter"))
    )
    news = file(
        entry("a", "tried", when=early),
        entry("b", when=late),
        entry("c", when=early),
        entry("d", when=late),
        entry("e"),
        entry("e", "tried"),
    )
    assert reader.call("return await progress.importText(given)", "\ufeff" + news) == {"entries": 6, "changed": 3}
    found = {one["name"]: (one["status"], one["when"]) for one in reader.call("return await progress.all()")}
    usual = entry()["when"]
    assert found == {
        "a": ("passed", usual),
        "b": ("passed", late),
        "c": ("passed", early),
        "d": ("passed", usual),
        "e": ("passed", usual),
        "g": ("read", usual),
    }


BROKEN = {
    "": "nothing",
    " \n": "nothing",
    "hello": "not JSON",
    file(entry())[:-20]: "only a part",
    "null": "other data",
    "7": "other data",
    "[]": "other data",
    json.dumps({"cells": [], "nbformat": 4}): "other data",
    file(format="another"): "other data",
    file(version=2): "version 2; this page reads version 1",
    file(version="1"): 'version "1"',
    file(version=None): "version null",
    file(entries=None): "no list of entries",
    file(entries={"mse-vjp": "passed"}): "no list of entries",
    file(entries=[entry()] * 10_001): "10001 entries",
    file(entry("new"), None): "as entry 2 null",  # type: ignore[arg-type]
    file(entry("new"), 3): "as entry 2 3",  # type: ignore[arg-type]
    file(entry("new"), [1]): "as entry 2 [1]",  # type: ignore[arg-type]
    file(entry("new"), {}): "as entry 2 {}",
    file(entry("new"), entry(kind="__proto__")): "as entry 2",
    file(entry("new"), entry(kind="toString")): "as entry 2",
    file(entry("new"), entry(status="read")): "as entry 2",
    file(entry("new"), entry(kind="chapter")): "as entry 2",
    file(entry("new"), entry(status=["passed"])): "as entry 2",  # type: ignore[arg-type]
    file(entry("new"), entry(name="")): "as entry 2",
    file(entry("new"), entry(name="<b>")): "as entry 2",
    file(entry("new"), entry(name="x" * 81)): "as entry 2",
    file(entry("new"), entry(name=7)): "as entry 2",  # type: ignore[arg-type]
    file(entry("new"), entry(when="yesterday")): "as entry 2",
    file(entry("new"), entry(when="2026-13-45T99:00:00Z")): "as entry 2",
    file(entry("new"), entry(when=20260102)): "as entry 2",  # type: ignore[arg-type]
}


def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(reader: Reader) -> None:
    reader.record("huber-loss")
    found = reader.call(
        """const found = {};
        for (const text of given) found[text] = await progress.importText(text).then(() => "accepted", (error) => error.message);
        return found;""",
        list(BROKEN),
    )
    for text, words in BROKEN.items():
        assert words in found[text], text[:200]
        assert found[text].endswith(
            "Wanted is a file that this page has saved, such as backpropagation-checked-progress.json. Nothing was changed."
        )
    assert reader.entries() == {"huber-loss": "passed"}


def test_the_page_says_why_it_refuses_a_file(reader: Reader, tmp_path: Path) -> None:
    page = reader.open("chapters/appendices/browser")
    for name, text, words in (("notes.json", "hello", "not JSON"), ("film.json", " " * 2_000_001, "film.json has 2000001 bytes")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        page.set_input_files(".progress-tools input", tmp_path / name)
        page.locator(".progress-status", has_text=words).first.wait_for()
    assert reader.entries() == {}


def test_a_file_is_taken_as_a_whole_or_not_at_all(reader: Reader) -> None:
    """The last of three entries cannot be written."""
    message = reader.call(
        """const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (entry) {
          if (entry.name === "c") this.transaction.abort();
          else return put.call(this, entry);
        };
        const message = await progress.importText(given).then(() => "accepted", (error) => error.message);
        IDBObjectStore.prototype.put = put;
        return message;""",
        file(entry("a"), entry("b"), entry("c")),
    )
    assert "storage is blocked or full" in message
    assert reader.entries() == {}


def test_everything_is_removed_only_after_a_question(reader: Reader) -> None:
    page = reader.open("chapters/appendices/browser")
    press(page, "Remove everything")
    page.get_by_text("Nothing is noted in this browser.").wait_for()
    reader.record("mse-vjp")
    press(page, "Remove everything")
    dialog = page.locator("dialog.progress-question")
    dialog.get_by_text("0 read chapters and 1 exercise ").wait_for()
    assert page.evaluate("() => document.activeElement.textContent") == "Keep everything"
    with page.expect_download():
        press(dialog, "Save to a file first")
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    assert reader.entries() == {"mse-vjp": "passed"}
    press(page, "Remove everything")
    press(dialog, "Remove it")
    page.get_by_text("Removed. Nothing is noted in this browser now.").wait_for()
    assert reader.entries() == {}


# --- where it cannot work, and for everybody --------------------------------------------------------

BLOCKED = {
    "refused": "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('denied', 'SecurityError'); } });",
    "missing": "Object.defineProperty(window, 'indexedDB', { value: undefined });",
}


@pytest.mark.parametrize("how", BLOCKED)
def test_a_browser_that_keeps_nothing_is_told_so_when_it_matters(how: str, browser: Any, site: str) -> None:
    reader = Reader(browser, site)
    reader.watched.context.add_init_script(BLOCKED[how])
    page = reader.open(f"chapters/{LIGHT}")
    press(page, "Mark this chapter as read")
    page.locator(".chapter-end", has_text="its storage is blocked or full. Everything can be read and run").wait_for()
    page.evaluate(f"(given) => ({RECORD})(...given)", ["mse-vjp", "passed"])
    page = reader.open("chapters/appendices/browser")
    page.locator(".progress-status", has_text="its storage is blocked or full").first.wait_for()
    assert reader.watched.problems == []
    reader.watched.context.close()


def test_a_page_that_is_opened_as_a_file_stays_clean(browser: Any, html: Path) -> None:
    watched = Watched(browser, "file://", viewport={"width": 1280, "height": 900})
    for name in (f"chapters/exercises/{FIRST}", f"chapters/{LIGHT}", "chapters/appendices/browser"):
        page = watched.open((html / f"{name}.html").as_uri())
        assert page.locator(".progress-button").count() == 0
    assert page.get_by_text("does not run in a page that was opened as a file").is_visible()
    assert watched.problems == []
    watched.context.close()


PLACES = (".page-facts", "h2:has(.exercise-state)", ".progress-tools", ".progress-table", ".bd-docs-nav li:has(.done-mark)")


def test_axe_finds_nothing_serious_in_the_marks(reader: Reader) -> None:
    from axe_playwright_python.sync_playwright import Axe

    reader.record("mse-vjp")
    reader.record("affine-vjp", "wrong")
    reader.call("await progress.markChapter(given, true)", LIGHT)
    for name in (f"chapters/exercises/{FIRST}", "chapters/appendices/browser"):
        page = reader.open(name)
        page.locator(".bd-docs-nav .done-mark").first.wait_for(state="attached")
        if name.endswith("browser"):
            press(page, "Remove everything")
            page.locator("dialog.progress-question").wait_for()
        # Mathematics is not looked at here, and makes the page slow to look at.
        page.evaluate("() => document.querySelectorAll('mjx-container').forEach((box) => box.remove())")
        places = [[place] for place in PLACES if page.locator(place).count()]
        for theme in ("light", "dark"):
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
            # The two themes differ in their colours only; to load the style sheets again would ask for files that are not there.
            options = {"preload": False} | ({"runOnly": ["color-contrast"]} if theme == "dark" else {})
            found = Axe().run(page, context={"include": places}, options=options).response["violations"]
            assert [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]] == []
