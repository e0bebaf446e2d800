"""Build the HTML book into _build/html, warnings as errors."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

from bpbook.browser import lite, live
from bpbook.notebooks import BookError, UsageError, repository_root

PYODIDE_FROM = ("own", "cdn")
PROGRAM = "from jupyter_book.cli.main import main; main()"


def build(root: Path, out: Path, quiet: bool = False) -> Path:
    """Build the book from clean and return the folder with its pages.

    Parameters
    ----------
    root : Path
        The repository: the folder with `_config.yml`.
    out : Path
        The folder that gets `_build/html`.
    quiet : bool
        Show warnings and errors only.

    Returns
    -------
    Path
        The folder that holds `index.html`.

    Raises
    ------
    BookError
        If there was a warning or an error; Sphinx has printed it.
    """
    for name in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(out / "_build" / name, ignore_errors=True)
    command = [sys.executable, "-c", PROGRAM, "build", str(root), "--path-output", str(out)]
    command += ["--warningiserror", "--keep-going", "--all", *(["--quiet"] if quiet else [])]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    result = subprocess.run(command, check=False, env=environment)
    pages = out / "_build" / "html"
    if result.returncode or not (pages / "index.html").exists():
        raise BookError("the book did not build: see the warnings and errors above")
    from_cdn = pyodide_from(root) == "cdn"
    lite.build(root, pages, from_cdn)
    live.add_files(root, pages, from_cdn)
    return pages


def pyodide_from(root: Path) -> str:
    """Return where the reader's browser gets Python from: 'own', the site's copy, or 'cdn', the official one.

    It is the setting `bpbook_pyodide` of `_config.yml`; the environment variable BPBOOK_PYODIDE goes before it.
    """
    settings = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    chosen: str = os.environ.get("BPBOOK_PYODIDE") or settings["sphinx"]["config"]["bpbook_pyodide"]
    if chosen not in PYODIDE_FROM:
        raise UsageError(f"bpbook_pyodide is {chosen!r}, wanted 'own' or 'cdn'")
    return chosen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--out", type=Path, default=None, help="folder that gets _build/html (default: the repository)")
    parser.add_argument("--quiet", action="store_true", help="show warnings and errors only")


def run(arguments: argparse.Namespace) -> int:
    """Build, then say where the book is and how to look at it."""
    root = repository_root()
    started = time.perf_counter()
    pages = build(root, (arguments.out or root).resolve(), arguments.quiet)
    print(f"\nThe book is built ({time.perf_counter() - started:.0f} s). Look at it in a browser:")
    print(f"  open the file   {pages / 'index.html'}   (everything but search works)")
    print("  or run          make serve   (live preview with search; builds again when you save a file)")
    return 0


if __name__ == "__main__":
    command_line = argparse.ArgumentParser(description=__doc__)
    add_arguments(command_line)
    sys.exit(run(command_line.parse_args()))
