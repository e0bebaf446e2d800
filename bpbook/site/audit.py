"""Checks of the built pages that need no browser: each returns the problems that it found, one a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from bpbook.browser import lite

# Attributes whose address a browser fetches by itself; a link that a reader follows is not one of them.
FETCHED = dict.fromkeys(("script", "img", "iframe", "source", "video", "audio", "embed"), "src") | {"object": "data"}
RELATIONS = {"stylesheet", "icon", "shortcut", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload", "manifest"}
FILE_NAME = re.compile(r"\.(png|svg|jpe?g|gif|webp)$", re.IGNORECASE)
ROLES = re.compile(r"\{[\w:-]+\}`|:(?:ref|eq|doc|term|cite|py:\w+):`|```|\$\$|\[[^\]\n]*\]\(#[\w-]+\)")
MACHINE = re.compile(r"(?:file://|/home/|/root/|/tmp/|/work/|/Users/|[A-Z]:\\Users\\)[\w.-]*")


@cache
def _parse(path: Path, changed: float) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def soup(path: Path) -> BeautifulSoup:
    """Return a parsed page; pages that have not changed are parsed once."""
    return _parse(path, path.stat().st_mtime)


@cache
def _anchors(path: Path, changed: float) -> frozenset[str]:
    return frozenset(str(tag["id"]) for tag in _parse(path, changed).select("[id]"))


def page_files(html: Path) -> list[Path]:
    """Return the pages of the book, without what Sphinx keeps for itself and without those of JupyterLite."""
    tops = {path: path.relative_to(html).parts[0] for path in html.rglob("*.html")}
    return sorted(path for path, top in tops.items() if not top.startswith("_") and top != lite.FOLDER)


def _attributes(page: BeautifulSoup, *names: str) -> Iterator[tuple[Tag, str]]:
    for name in names:
        for tag in page.select(f"[{name}]"):
            yield tag, str(tag[name])


def _body(page: BeautifulSoup) -> Tag:
    return page.select_one("article, main") or page


def broken_links(html: Path) -> list[str]:
    """Return the links to pages, files and anchors of the site that are not there."""
    problems = []
    for path in page_files(html):
        for _, address in _attributes(soup(path), "href", "src"):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not address or address == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                problems.append(f"{path.relative_to(html)}: {address} leads to nothing")
            elif target.is_relative_to(html.resolve() / lite.FOLDER) and not _opens(html, parts.query):
                problems.append(f"{path.relative_to(html)}: {address} opens a notebook that is not there")
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in _anchors(target, target.stat().st_mtime):
                problems.append(f"{path.relative_to(html)}: {address} has no such anchor")
    return problems


def _opens(html: Path, query: str) -> bool:
    """Return whether JupyterLite has the notebooks that an address with this query opens."""
    return all((html / lite.FOLDER / "files" / name).is_file() for name in parse_qs(query).get("path", []))


def foreign_resources(html: Path) -> list[str]:
    """Return what a page would fetch from another host."""
    problems = []
    for path in page_files(html):
        for tag, address in _attributes(soup(path), "src", "href", "data", "srcset"):
            fetched = FETCHED.get(tag.name) is not None or (tag.name == "link" and set(tag.get_attribute_list("rel")) & RELATIONS)
            if fetched and urlsplit(address).netloc:
                problems.append(f"{path.relative_to(html)}: <{tag.name}> fetches {address}")
    for path in sorted(html.rglob("*.css")):
        for address in re.findall(r"(?:url\(|@import\s+)['\"]?((?:https?:)?//[^'\")\s]+)", path.read_text(encoding="utf-8")):
            problems.append(f"{path.relative_to(html)}: the style sheet fetches {address}")
    return problems


def poor_alt_texts(html: Path) -> list[str]:
    """Return the images in the text of a page that do not say what one sees."""
    problems = []
    for path in page_files(html):
        for image in soup(path).select("article img"):
            alt = str(image.get("alt", "")).strip()
            if len(alt) < 20 or FILE_NAME.search(alt):
                problems.append(
                    f"{path.relative_to(html)}: {image.get('src')} has the alt text {alt!r}, wanted what one sees, in a sentence"
                )
        for title in soup(path).select("article svg.bp-graph-svg > title"):
            if title.get_text() == "Computational graph":
                problems.append(f"{path.relative_to(html)}: a graph without a title, wanted draw_graph(..., title=...)")
    return problems


def raw_markup(html: Path) -> list[str]:
    """Return the text that should have become a link, an equation or a box."""
    problems = []
    for path in page_files(html):
        for piece in _body(soup(path)).find_all(string=ROLES):
            if not piece.find_parent(["pre", "code", "script", "style", "tt"]) and not piece.find_parent(class_="math"):
                problems.append(f"{path.relative_to(html)}: {str(piece).strip()[:80]!r}")
    return problems


def machine_paths(html: Path) -> list[str]:
    """Return the pages that show a path of the machine that built them."""
    return [
        f"{path.relative_to(html)}: {found[0]}"
        for path in sorted([*page_files(html), *html.rglob("*.ipynb"), html / "searchindex.js"])
        if path.is_file() and (found := MACHINE.search(path.read_text(encoding="utf-8")))
    ]


def page_problems(html: Path) -> list[str]:
    """Return the pages without exactly one title, with an id twice, or whose headings skip a level."""
    problems = []
    for path in page_files(html):
        page, name = soup(path), path.relative_to(html)
        article = page.find("article") or page
        levels = [int(heading.name[1]) for heading in article.find_all(re.compile(r"^h[1-6]$"))]
        if levels.count(1) != 1:
            problems.append(f"{name}: {levels.count(1)} headings of level 1, wanted one")
        problems += [f"{name}: a heading of level {b} follows one of level {a}" for a, b in pairwise(levels) if b > a + 1]
        ids = Counter(str(tag["id"]) for tag in page.find_all(id=True))
        problems += [f"{name}: the id {twice!r} occurs {count} times" for twice, count in ids.items() if count > 1]
    return problems


def unnumbered_equations(html: Path) -> list[str]:
    """Return the display equations without a number, and links to equations that show none."""
    problems = []
    for path in page_files(html):
        for equation in soup(path).select("div.math"):
            number = equation.select_one(".eqno")
            boxed = equation.find_parent(class_="equation-row") is not None
            if not boxed and (number is None or not re.match(r"\(\d+[a-z]?\.\d+\)", number.get_text())):
                problems.append(f"{path.relative_to(html)}: an equation without a number: {equation.get_text().strip()[:60]}")
        for link in soup(path).select('main a.reference[href*="#equation-"]'):
            if not re.fullmatch(r"\(\d+[a-z]?\.\d+\)", link.get_text().strip()):
                problems.append(f"{path.relative_to(html)}: the link to {link['href']} shows {link.get_text()!r}")
    return problems
