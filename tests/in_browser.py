"""A headless Chromium, the book served below a sub-path, and a page that lets nothing out: for the tests in a browser.

Import `browser`, `site` and `html` (they are fixtures) and `Watched`. A browser lasts for one module of tests: Playwright
cannot run twice at the same time. Without Chromium these tests are left out, and say so;
where BPBOOK_REQUIRE_BROWSER=1 is set, they fail instead.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from site_html import html

__all__ = ["SUB_PATH", "Server", "Watched", "browser", "html", "site"]
# No other host has an address: this holds for workers and service workers too, which `Watched` does not see.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", ALONE]
SUB_PATH = "/a/sub-path"


def _missing(reason: str) -> None:
    if os.environ.get("BPBOOK_REQUIRE_BROWSER") == "1":
        pytest.fail(f"BPBOOK_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(f"BROWSER TESTS LEFT OUT: {reason}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start one Chromium for all tests of a module."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("the package playwright is not installed")
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium", "chromium-browser", "google-chrome")), "/usr/bin/chromium"]
    program = next((name for name in candidates if name and Path(name).is_file()), None)
    if program is None:
        _missing("there is no Chromium: install the package 'chromium' or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


class Server:
    """Serves a folder below a sub-path, as GitHub Pages does, and remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        handler = functools.partial(_Handler, directory=str(folder), asked=self.asked)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}{SUB_PATH}"

    def stop(self) -> None:
        """Answer nothing any more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    # Python 3.11 does not know the type of a module, and a browser runs no module of another type.
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}

    def __init__(self, *arguments: Any, asked: list[str], **settings: Any) -> None:
        self.asked = asked
        super().__init__(*arguments, **settings)

    def do_GET(self) -> None:
        self.asked.append(self.path.removeprefix(SUB_PATH + "/"))
        super().do_GET()

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(SUB_PATH)) if path.startswith(SUB_PATH + "/") else "/nowhere"

    def end_headers(self) -> None:
        # As GitHub Pages and the host of Pyodide do.
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(html: Path) -> Iterator[str]:
    """Serve the book below a sub-path of this machine."""
    server = Server(html)
    yield server.address
    server.stop()


class Watched:
    """A page that records what goes wrong, and lets nothing out."""

    def __init__(self, browser: Any, allowed: str, **settings: Any) -> None:
        self.context = browser.new_context(reduced_motion="reduce", **settings)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.allowed = allowed
        self.context.route("**/*", self._route)
        # Also what workers and the service worker ask for.
        self.context.on("request", lambda request: self._may(request.url) or self.problems.append(f"request to {request.url}"))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("response", lambda answer: answer.status >= 400 and self.problems.append(f"{answer.status}: {answer.url}"))

    def _may(self, address: str) -> bool:
        return address.startswith((self.allowed, "data:", "blob:"))

    def _route(self, route: Any) -> None:
        if self._may(route.request.url):
            route.continue_()
        else:
            route.abort()

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def open(self, address: str) -> Any:
        """Open a page and wait until its mathematics is set."""
        self.page.goto(address, wait_until="load")
        self.page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
        return self.page
