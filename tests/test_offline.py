"""The service worker, in Chromium, on a site of a few small files: what is kept, what is renewed, and what never mixes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from in_browser import Server, Watched, browser

from bpbook.browser import offline
from bpbook.site.build import repository_root

__all__ = ["browser"]
STATIC = repository_root(Path(__file__).parent) / "bpbook/site/static"
PAGE = """<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>{name}</title><p id="page">{text}</p><p id="script"></p>
<script type="module" src="_static/script.mjs"></script>"""
KEEP = "async () => (await import('./_static/offline.mjs')).keepOffline('./')"
SHOWN = "() => document.getElementById('script').textContent"
KEPT = "async () => (await (await caches.open('Backpropagation, Checked: pages')).keys()).map((key) => key.url)"


def write(folder: Path, text: str) -> None:
    """Write a site of two pages; a page and a script say from which build they are."""
    script = f"document.getElementById('script').textContent = '{text}';"
    files = {"lite/service-worker.js": "", "_static/big.bin": "x" * 1000, "_static/script.mjs": script}
    files |= {"index.html": PAGE.format(name="one", text=text), "two.html": PAGE.format(name="two", text="the same in all")}
    shutil.rmtree(folder / "lite", ignore_errors=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    shutil.copy2(STATIC / "offline.mjs", folder / "_static")
    offline.add_files(folder)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Server]:
    """Serve the small site."""
    write(tmp_path, "first")
    server = Server(tmp_path)
    yield server
    server.stop()


def wait_for_kept(page: Any, condition: str) -> None:
    """Wait until the names of what is kept fulfil a condition; Playwright's own waiting does not wait for a promise."""
    page.evaluate(f"""async () => {{
        for (let turn = 0; turn < 400; turn += 1) {{
            const names = await ({KEPT})();
            if ({condition}) return;
            await new Promise((resolve) => setTimeout(resolve, 50));
        }}
        throw new Error("still kept: " + await ({KEPT})());
    }}""")


@pytest.fixture
def visit(browser: Any, small: Server) -> Iterator[Watched]:
    """Return the first page, of which the reader has run something; `big.bin` is what running needs."""
    watched = Watched(browser, small.address)
    page = watched.open(f"{small.address}/index.html")
    assert page.evaluate(KEEP) == {"ok": True, "reason": ""}
    page.evaluate("() => fetch('_static/big.bin').then((answer) => answer.text())")
    wait_for_kept(page, "names.filter((name) => /index|script|big/.test(name)).length === 3")
    yield watched
    watched.context.close()


def wait_for_build(page: Any, folder: Path) -> None:
    """Wait until the worker of the build in the folder has taken over: nothing of an older build is kept."""
    known = json.dumps(sorted(offline.hashes(folder).values()))
    wait_for_kept(page, f"names.length > 0 && names.every((name) => {known}.some((hash) => name.endsWith(hash)))")


def test_a_page_that_ran_something_works_without_the_network(visit: Watched, small: Server) -> None:
    small.stop()
    visit.page.reload()
    visit.page.wait_for_function(f"() => ({SHOWN})() === 'first'")
    assert visit.page.evaluate("() => fetch('_static/big.bin').then((answer) => answer.text())") == "x" * 1000


def test_a_page_that_was_never_opened_says_so_without_the_network(visit: Watched, small: Server) -> None:
    small.stop()
    visit.page.goto(f"{small.address}/two.html")
    assert "not kept" in visit.page.locator("h1").inner_text()
    visit.page.locator("a").first.click()
    visit.page.wait_for_function("() => document.getElementById('page')?.textContent === 'first'")


def test_nothing_is_registered_before_the_reader_asks(browser: Any, small: Server) -> None:
    watched = Watched(browser, small.address)
    page = watched.open(f"{small.address}/index.html")
    assert page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0
    watched.context.close()


def test_a_new_build_never_mixes_with_an_old_one(visit: Watched, small: Server, tmp_path: Path) -> None:
    """At the first load after a new build, page and script are both new, or both old: also where the page has not changed."""
    write(tmp_path, "second")
    for name, same in (("index.html", False), ("two.html", True), ("index.html", False)):
        visit.page.goto(f"{small.address}/{name}")
        visit.page.wait_for_function(f"() => ({SHOWN})() !== ''")
        assert visit.page.evaluate(SHOWN) == "second"
        assert visit.page.locator("#page").inner_text() == ("the same in all" if same else "second")


def test_after_a_new_build_old_files_go_and_unchanged_ones_stay(visit: Watched, small: Server, tmp_path: Path) -> None:
    write(tmp_path, "second")
    small.asked.clear()
    visit.page.goto(f"{small.address}/index.html")
    assert visit.page.evaluate("() => fetch('_static/big.bin').then((answer) => answer.text())") == "x" * 1000
    assert "_static/big.bin" not in small.asked
    wait_for_build(visit.page, tmp_path)


def test_an_old_answer_on_the_way_is_not_taken_for_the_new_file(visit: Watched, small: Server, tmp_path: Path) -> None:
    """A file whose content is not what the build says (half of a deployment, a proxy) is shown but not kept."""
    (tmp_path / "two.html").write_text(PAGE.format(name="two", text="from somewhere else"), encoding="utf-8")
    visit.page.goto(f"{small.address}/two.html")
    visit.page.wait_for_function(f"() => ({SHOWN})() !== ''")
    assert [name for name in visit.page.evaluate(KEPT) if "two.html" in name] == []


def test_a_network_that_wants_a_password_first_changes_nothing(visit: Watched, small: Server, tmp_path: Path) -> None:
    for name in (offline.BUILD, offline.FILES, "index.html"):
        (tmp_path / name).write_text("<html>Please log in</html>", encoding="utf-8")
    visit.page.reload()
    visit.page.wait_for_function(f"() => ({SHOWN})() === 'first'")
    assert any("big.bin" in name for name in visit.page.evaluate(KEPT))


@pytest.mark.parametrize("from_cdn", [False, True])
def test_of_other_hosts_only_the_official_one_is_kept(from_cdn: bool, browser: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """And that one only where the setting says that Pyodide comes from there."""
    for name in ("official/x.txt", "other/y.txt"):
        (tmp_path / "hosts" / name).parent.mkdir(parents=True)
        (tmp_path / "hosts" / name).write_text("x", encoding="utf-8")
    hosts = Server(tmp_path / "hosts")
    monkeypatch.setattr(offline.pyodide, "official_address", lambda: f"{hosts.address}/official/")
    write(tmp_path / "site", "first")
    offline.add_files(tmp_path / "site", from_cdn)
    server = Server(tmp_path / "site")
    watched = Watched(browser, "http://127.0.0.1")
    page = watched.open(f"{server.address}/index.html")
    page.evaluate(KEEP)
    for name in ("other/y.txt", "official/x.txt"):
        page.evaluate("(address) => fetch(address).then((answer) => answer.text())", f"{hosts.address}/{name}")
    wait_for_kept(page, f"names.some((name) => name.includes('{'x.txt' if from_cdn else 'index'}'))")
    kept = [name for name in page.evaluate(KEPT) if name.startswith(hosts.address)]
    watched.context.close()
    server.stop()
    hosts.stop()
    assert kept == ([f"{hosts.address}/official/x.txt"] if from_cdn else [])


def test_a_page_tells_why_nothing_can_be_kept(browser: Any, small: Server) -> None:
    for script, words in (
        ("delete Navigator.prototype.serviceWorker", "private window"),
        ("ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('no', 'SecurityError'))", "store anything"),
    ):
        watched = Watched(browser, small.address)
        watched.context.add_init_script(script)
        told = watched.open(f"{small.address}/index.html").evaluate(KEEP)
        assert not told["ok"]
        assert words in told["reason"]
        watched.context.close()


def test_the_build_has_the_same_name_only_for_the_same_files(tmp_path: Path) -> None:
    names = []
    for text in ("first", "second", "first"):
        write(tmp_path, text)
        names.append((tmp_path / offline.BUILD).read_text(encoding="utf-8"))
    assert names[0] == names[2] != names[1]
