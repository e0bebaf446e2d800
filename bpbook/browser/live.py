"""What the live cells of a page need besides their scripts: the editor, and where Python is."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from bpbook.browser import first_load, lite, offline, packages, pyodide

FOLDER = "_static/live"
EDITOR = "django_codemirror6/static/cm6/cm6-python.min.js"


def add_files(root: Path, pages: Path, from_cdn: bool = False) -> None:
    """Add to the built pages the editor (CodeMirror 6 with its Python mode, in one file) and `python.json`.

    `python.json` has the folder of Pyodide and its lock file, relative to the site, and the size of each file in bytes.
    """
    folder = pages / FOLDER
    with ZipFile(next(pyodide.fetch_wheels(root).glob("django_codemirror6-*.whl"))) as wheel:
        (folder / "codemirror.js").write_bytes(wheel.read(EDITOR))
    own = f"{lite.FOLDER}/{lite.PYODIDE}/"
    sizes = {path.name: path.stat().st_size for place in (pages / own, pyodide.fetch(root)) for path in sorted(place.iterdir())}
    settings = {"pyodide": pyodide.official_address() if from_cdn else own, "lock": own + packages.LOCK, "bytes": sizes}
    (folder / "python.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    first_load.say(root, pages)
    offline.add_files(pages, from_cdn)
