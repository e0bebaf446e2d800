"""The few icons that the pages show, in place of the theme's icon font and its script of half a megabyte."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ICON = re.compile(r'class="[^"]*\bfa[bs]?\b[^"]*"|class="[^"]*\bfa-(?:solid|brands|regular)\b[^"]*"')
STYLES = {"fa-solid", "fa-brands", "fa-regular", "fa-lg"}
# What the theme's script adds to a page when it runs.
ADDED_BY_SCRIPT = {"xmark"}
SCRIPT = re.compile(r'\s*<!-- So that users can add custom icons -->\s*<script src="[^"]*fontawesome\.js[^"]*"></script>')
FONT = re.compile(r"@font-face\s*\{[^}]*fontawesome[^}]*\}")
HEAD = """/* Icons: Font Awesome Free 6 by Fonticons, https://fontawesome.com, licence CC BY 4.0. Only those that the pages use. */
html .fa-solid::before, html .fa-brands::before, html .fas::before, html .fab::before {
  content: ""; display: inline-block; width: var(--icon-width, 1em); height: 1em; vertical-align: -.125em;
  background: currentColor; -webkit-mask: var(--icon) center / contain no-repeat; mask: var(--icon) center / contain no-repeat;
}
"""


def names_used(pages: Iterable[str]) -> list[str]:
    """Return the names of the icons that stand in the pages, sorted."""
    words = {word for page in pages for found in ICON.findall(page) for word in re.findall(r"\bfa-[a-z0-9-]+", found)}
    return sorted({word.removeprefix("fa-") for word in words - STYLES} | ADDED_BY_SCRIPT)


def outline(script: str, name: str) -> tuple[int, int, str]:
    """Return the width, the height and the path of an icon, from the theme's own copy of Font Awesome."""
    found = re.search(rf'[{{,]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","(M[^"]+)"\]', script)
    if found is None:
        raise ValueError(f"Font Awesome in the theme has no icon {name!r}: add it to bpbook/site/icons.py or leave it out of the pages")
    return int(found[1]), int(found[2]), found[3]


def style_sheet(script: str, names: Iterable[str]) -> str:
    """Return the style sheet with one rule for each icon."""
    rules = []
    for name in names:
        width, height, path = outline(script, name)
        picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><path d="{path}"/></svg>'
        address = quote(picture, safe="/:=' ")
        rules.append(f'.fa-{name} {{ --icon: url("data:image/svg+xml,{address}"); --icon-width: {width / height:.4g}em; }}\n')
    return HEAD + "".join(rules)


def _replace_font(app: Sphinx, error: Exception | None) -> None:
    static = Path(app.outdir) / "_static"
    script = static / "scripts" / "fontawesome.js"
    if error is not None or app.builder.name != "html" or not script.is_file():
        return
    pages = {path: path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html")}
    (static / "icons.css").write_text(style_sheet(script.read_text(encoding="utf-8"), names_used(pages.values())), encoding="utf-8")
    for path, text in pages.items():
        path.write_text(SCRIPT.sub("", text), encoding="utf-8")
    for path in static.glob("styles/*.css"):
        path.write_text(FONT.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    for unused in static.glob("scripts/fontawesome.js*"):
        unused.unlink()
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)


def setup(app: Sphinx) -> None:
    """Replace the font when all pages are written."""
    app.add_css_file("icons.css", priority=890)
    app.connect("build-finished", _replace_font, priority=900)
