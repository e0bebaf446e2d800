"""The notebooks of the book: their order, their cells and the folder that holds them.

nbformat and PyYAML are imported where they are used: a learner's installation has neither, and
still runs `python -m bpbook grade`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHAPTER = re.compile(r"chapters/\d\d[a-z]?_\w+")  # 10b: an interlude after chapter 10


class BookError(Exception):
    """Something in the book is wrong; the message says where and what. Exit code 1."""


class UsageError(BookError):
    """A command was called with an argument that does not fit. Exit code 2."""


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook."""

    notebook: str  # path from the root of the book, with forward slashes
    number: int  # 1 for the first cell
    kind: str  # "code", "markdown" or "raw"
    source: str
    tags: tuple[str, ...]
    node: Any  # the nbformat node, with id, metadata and outputs

    @property
    def where(self) -> str:
        """Return the place of the cell for a message."""
        return f"{self.notebook}, cell {self.number}"


def repository_root(start: Path | None = None) -> Path:
    """Return the folder with `_toc.yml`: the start (the current folder) or the nearest one above it.

    Raises
    ------
    UsageError
        If there is none, neither there nor beside the package.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents, Path(__file__).resolve().parent.parent):
        if (folder / "_toc.yml").is_file():
            return folder
    raise UsageError(f"{start} is not inside the book: no _toc.yml there or above; run the command in a clone of the repository")


def pages(root: Path) -> list[str]:
    """Return the pages that `_toc.yml` names, in reading order, without their suffix."""
    import yaml

    try:
        toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BookError(f"_toc.yml is not YAML: {error}") from None
    return list(_files(toc))


def _files(entry: Any) -> Iterator[str]:
    if isinstance(entry, list):
        for item in entry:
            yield from _files(item)
    elif isinstance(entry, dict):
        yield from (str(entry[key]).removesuffix(".ipynb").removesuffix(".md") for key in ("root", "file") if key in entry)
        for value in entry.values():
            yield from _files(value)


def notebooks(root: Path) -> list[Path]:
    """Return every notebook of the book in reading order, exercises included.

    Raises
    ------
    BookError
        If `_toc.yml` names a page that is not there.
    """
    order = pages(root)
    found = [root / f"{page}.ipynb" for page in order if (root / f"{page}.ipynb").is_file()]
    missing = [page for page in order if not any((root / f"{page}{suffix}").is_file() for suffix in (".ipynb", ".md"))]
    if missing:
        raise BookError(f"_toc.yml names pages that are not there: {', '.join(missing)}")
    return found


def chapters(root: Path) -> list[Path]:
    """Return the notebooks `chapters/NN_name.ipynb` in the order of `_toc.yml`.

    Raises
    ------
    BookError
        If `_toc.yml` names a chapter that is not there, or leaves one out.
    """
    order = [page for page in pages(root) if CHAPTER.fullmatch(page)]
    found = [root / f"{page}.ipynb" for page in order]
    missing = [relative(path, root) for path in found if not path.is_file()]
    if missing:
        raise BookError(f"_toc.yml names chapters that are not there: {', '.join(missing)}")
    left_out = sorted(set((root / "chapters").glob("[0-9][0-9]*_*.ipynb")) - set(found))
    if left_out:
        raise BookError(f"_toc.yml leaves out {', '.join(relative(path, root) for path in left_out)}")
    return found


def choose(root: Path, names: Sequence[str], default: Iterable[Path] | None = None) -> list[Path]:
    """Return the notebooks that were named on the command line, or all of the book.

    Raises
    ------
    UsageError
        If a name is not a notebook, with what was wanted.
    """
    for name in names:
        if not Path(name).is_file():
            raise UsageError(f"{name}: no such file, wanted a notebook such as chapters/01_linear_regression.ipynb")
        if Path(name).suffix != ".ipynb":
            raise UsageError(f"{name} is not a notebook, wanted a name that ends in .ipynb")
    chosen = [Path(name).resolve() for name in names]
    return chosen or list(notebooks(root) if default is None else default)


def relative(path: Path, root: Path) -> str:
    """Return a path as it is written in messages: from the root of the book, with forward slashes."""
    return Path(os.path.relpath(path.resolve(), root.resolve())).as_posix()


def read(path: Path, root: Path | None = None) -> Any:
    """Return a notebook as an nbformat 4 node.

    Raises
    ------
    BookError
        If the file is not a notebook.
    """
    import nbformat

    name = relative(path, root) if root else path
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise BookError(f"{name} is not a notebook: {str(error).splitlines()[0]:.200}") from None


def cells(path: Path, root: Path) -> list[Cell]:
    """Return the cells of a notebook, line ends as newlines."""
    name = relative(path, root)
    return [
        Cell(name, number, node.cell_type, _newlines(node.source), tuple(node.metadata.get("tags", ())), node)
        for number, node in enumerate(read(path, root).cells, start=1)
    ]


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
