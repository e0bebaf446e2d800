"""Read a filled-in notebook: its code cells, without the lines that only IPython understands."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bpbook.exercises.source import by_chapter, load_all

# Cell magics that time or capture ordinary Python; the cells of all others are left out.
TRANSPARENT = ("%%time", "%%timeit", "%%capture", "%%prun")
MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\s*=\s*[%!].*|.*\?{1,2}\s*)$")


class UnreadableNotebook(ValueError):
    """A file that cannot be graded; the message says why and what was wanted."""


def read_code(path: Path) -> list[tuple[int, str]]:
    """Return the code cells of a notebook with their numbers (1 for the first cell of all).

    Raises
    ------
    UnreadableNotebook
        If there is no such file, or it is not a notebook.
    """
    if path.is_dir():
        raise UnreadableNotebook(f"{path} is a folder, wanted a notebook (.ipynb)")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableNotebook(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableNotebook(f"{path} cannot be read: {error}") from None
    if not text.strip():
        raise UnreadableNotebook(f"{path} is empty, wanted a notebook (.ipynb)")
    return _code_cells(path, text)


def _code_cells(path: Path, text: str) -> list[tuple[int, str]]:
    try:
        notebook: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableNotebook(f"{path} is not a notebook: it is not JSON, wanted a file saved by Jupyter (.ipynb)") from None
    if isinstance(notebook, dict) and "worksheets" in notebook:
        raise UnreadableNotebook(f"{path} has the notebook format of 2014, wanted format 4: open it in JupyterLab and save it")
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise UnreadableNotebook(f"{path} is not a notebook: it holds no list of cells")
    numbered = enumerate(cells, start=1)
    return [(number, _text(cell.get("source"))) for number, cell in numbered if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _text(source: Any) -> str:
    if isinstance(source, list):
        return "".join(str(line) for line in source)
    return source if isinstance(source, str) else ""


def exercises_in(cells: list[tuple[int, str]], path: Path) -> list[str]:
    """Return the ids of every exercise of the chapters that a notebook works on, deleted ones too.

    Raises
    ------
    UnreadableNotebook
        If there is no exercise of the book in it.
    """
    code = "\n".join(source for _, source in cells)
    known = load_all()
    named = [known[found].chapter for found in re.findall(r"check\(\s*[\"']([\w-]+)[\"']", code) if found in known]
    if not named:
        names = set(re.findall(r"^(?:def\s+)?(\w+)\s*[(=:]", code, flags=re.M))
        named = [exercise.chapter for exercise in known.values() if names & set(exercise.answers)]
    if not named:
        raise UnreadableNotebook(
            f"{path} holds no exercise of this book, wanted a notebook such as chapters/exercises/01_linear_regression.ipynb"
        )
    return [exercise.id for chapter, group in by_chapter().items() if chapter in named for exercise in group]


def plain_python(source: str) -> str:
    """Return a cell as plain Python: magics and shell lines are replaced by `pass`.

    A cell that is Python already is returned as it is, so that a `%` inside a text is safe.
    """
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):
        return plain_python(rest) if first.split()[0] in TRANSPARENT else "pass"
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return "\n".join(_without_magics(source.splitlines()))
    return source


def _without_magics(lines: list[str]) -> Iterator[str]:
    """Yield the lines without magics; what a backslash joins to a magic goes with it."""
    joined = False
    for line in lines:
        plain = "pass" if joined else _without_magic(line)
        joined = line.endswith("\\") and (joined or plain != line)
        yield plain


def _without_magic(line: str) -> str:
    found = MAGIC.match(line)
    return f"{found[1]}pass" if found and not line.lstrip().startswith("#") else line
