"""How much a reader's browser loads before the first notebook runs: measured at the files, and written beside the button."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bpbook.browser import lite, packages, pyodide

# What every exercise imports, beside what JupyterLite's kernel is made of.
IMPORTED = ("numpy", "bpkit", "bpbook-exercises")
PLACE = '<span class="launch-size"></span>'
# In the text of a page: how much some packages add; without a name, what is always loaded.
IN_TEXT = re.compile(r'<span class="load-size" data-packages="([\w -]*)">[^<]*</span>')


def megabytes(root: Path, pages: Path, further: Sequence[str] = ()) -> int:
    """Return the size, in whole megabytes, of Python with its kernel, NumPy and the book's own packages, as they are sent.

    With the names of further packages, return what these add.
    """
    folder = pages / lite.FOLDER / lite.PYODIDE
    known: dict[str, Any] = json.loads((folder / packages.LOCK).read_text(encoding="utf-8"))["packages"]
    first = _closure(known, [*lite.KERNEL_PACKAGES, *IMPORTED])
    needed = _closure(known, [*further]) - first if further else first
    names = [known[name]["file_name"].rpartition("/")[2] for name in sorted(needed)]
    places = (folder, pyodide.fetch(root))
    core = () if further else pyodide.release()["core"]
    files = [next(place / name for place in places if (place / name).is_file()) for name in (*core, *names)]
    size: int = sum(path.stat().st_size for path in files)
    return round(size / 1_000_000)


def _closure(known: dict[str, Any], names: list[str]) -> set[str]:
    found: set[str] = set()
    while names:
        if (name := names.pop()) not in found:
            found.add(name)
            names += known[name]["depends"]
    return found


def say(root: Path, pages: Path) -> None:
    """Write the size into the pages that have the button."""
    size = f"your browser loads about {megabytes(root, pages)} MB (Python and NumPy)"
    words = f'<span class="launch-size"> The first time, {size}; then it keeps them.</span>'
    for path in pages.glob("chapters/**/*.html"):
        text = path.read_text(encoding="utf-8")
        filled = IN_TEXT.sub(lambda found: f"about {megabytes(root, pages, found[1].split())} MB", text.replace(PLACE, words))
        if filled != text:
            path.write_text(filled, encoding="utf-8")
