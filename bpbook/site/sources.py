"""What the pages need to know about the notebooks, read straight from their files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bpbook.notebooks import cells, pages

TANGLE = "tangle:"
LABEL = re.compile(r"(?<![:`\w])`((?:eq|def)-[\w-]+)`(?!`)")


@dataclass(frozen=True)
class Exported:
    """A definition that a chapter saves in a module of bpkit."""

    page: str
    module: str
    name: str

    @property
    def anchor(self) -> str:
        """Return the label of the cell."""
        return f"code-{self.module}-{self.name}".lower()


def defined_names(source: str) -> list[str]:
    """Return the functions and classes that a cell defines at the top level, in order."""
    return [node.name for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def notebook_pages(root: Path) -> list[tuple[str, Path]]:
    """Return the name and the file of every notebook in `_toc.yml`, in order."""
    named = ((page, root / f"{page}.ipynb") for page in pages(root))
    return [(page, path) for page, path in named if path.is_file()]


def exported(root: Path) -> Iterator[Exported]:
    """Yield every exported definition, in the order of the book."""
    for page, path in notebook_pages(root):
        for cell in cells(path, root):
            modules = [tag.removeprefix(TANGLE) for tag in cell.tags if tag.startswith(TANGLE)]
            for module in modules:
                yield from (Exported(page, module, name) for name in defined_names(cell.source))


def equation_labels(root: Path) -> frozenset[str]:
    """Return every label of an equation that a page carries, typed or printed by a check."""
    files = (root / f"{page}{suffix}" for page in pages(root) for suffix in (".ipynb", ".md"))
    texts = (path.read_text(encoding="utf-8") for path in files if path.is_file())
    return frozenset(label for text in texts for label in re.findall(r"\(((?:eq|def)-[\w-]+)\)", text))


def check_summaries(path: Path, root: Path) -> dict[str, str]:
    """Return label -> how it was checked, from the plain-text outputs of the ledger cells."""
    found: dict[str, str] = {}
    for cell in cells(path, root):
        if "ledger" not in cell.tags:
            continue
        for output in cell.node.outputs:
            label, separator, summary = output.get("data", {}).get("text/plain", "").partition(": ")
            if separator:
                found[label.strip()] = summary.strip()
    return found
