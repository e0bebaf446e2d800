"""The service worker of the site: what a reader has opened goes on working without the network."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from bpbook.browser import lite, pyodide

SOURCE = Path(__file__).parent / "service-worker.js"
WORKER = "service-worker.js"
# The name of the build, which the worker asks for with each page, and the list of its files, for a worker of another build.
BUILD, FILES = "_static/build.txt", "_static/build.json"
# JupyterLite's own worker, under another name: ours runs it for what only it can answer.
JUPYTERLITE = f"{lite.FOLDER}/jupyterlite-{WORKER}"
# A reader's browser asks for none of these.
LEFT_OUT = {WORKER, BUILD, FILES, JUPYTERLITE, f"{lite.FOLDER}/{WORKER}"}
IN_LITE = f'self.BOOK_ROOT = "../";\nimportScripts("../{WORKER}");\n'


def add_files(pages: Path, from_cdn: bool = False) -> None:
    """Add the service worker to a site that is otherwise complete; both its own pages and JupyterLite's get it.

    Parameters
    ----------
    pages : Path
        The folder of the built site, with JupyterLite in it.
    from_cdn : bool
        Let the worker also keep what comes from Pyodide's official host, and from no other.
    """
    own = pages / lite.FOLDER / WORKER
    if not (pages / JUPYTERLITE).exists():
        own.rename(pages / JUPYTERLITE)
    own.write_text(IN_LITE, encoding="utf-8")
    source, files = SOURCE.read_text(encoding="utf-8"), hashes(pages)
    official = pyodide.official_address() if from_cdn else ""
    facts = json.dumps(files, sort_keys=True, separators=(",", ":"))
    build = _hash((facts + official + source + (pages / JUPYTERLITE).read_text(encoding="utf-8")).encode())
    (pages / BUILD).write_text(build + "\n", encoding="utf-8")
    (pages / FILES).write_text(f'{{"build":{json.dumps(build)},"files":{facts}}}\n', encoding="utf-8")
    head = f"const BUILD = {json.dumps(build)};\nconst OFFICIAL = {json.dumps(official)};\nconst FILES = {facts};\n"
    (pages / WORKER).write_text(head + source, encoding="utf-8")


def hashes(pages: Path) -> dict[str, str]:
    """Return the hash of each file that a reader's browser may ask for, by its path on the site."""
    files = {path.relative_to(pages).as_posix(): path for path in pages.rglob("*") if path.is_file()}
    wanted = {name: path for name, path in files.items() if name not in LEFT_OUT and not name.endswith(".map")}
    return {name: _hash(path.read_bytes()) for name, path in wanted.items() if not name.startswith("_sources/")}


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
