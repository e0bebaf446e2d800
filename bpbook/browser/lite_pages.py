"""What the book adds to JupyterLite: a bar above each notebook, in an extension without a build step."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

NAME = "backpropagation-checked"
SOURCE = Path(__file__).parent / "lite_extension"


APPS = ("notebooks", "lab", "tree")
TITLE = "Backpropagation, Checked: notebooks"
ICON = '<link rel="icon" type="image/svg+xml" href="../../_static/favicon.svg">'


def name_pages(out: Path) -> None:
    """Give the pages of JupyterLite the name and the icon of the book, also while they load."""
    for app in APPS:
        path = out / app / "index.html"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"<title>.*?</title>", f"<title>{TITLE}</title>\n    {ICON}", text, count=1), encoding="utf-8")


def add_extension(out: Path) -> None:
    """Add the book's extension to a built JupyterLite, and tell it to load that."""
    shutil.copytree(SOURCE, out / "extensions" / NAME / "static", dirs_exist_ok=True)
    path = out / "jupyter-lite.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    extensions = settings["jupyter-config-data"].setdefault("federated_extensions", [])
    extensions.append({"name": NAME, "extension": "./extension", "load": "static/remoteEntry.js"})
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
