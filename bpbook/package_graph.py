"""The imports of the modules of bpkit: no circle, nothing from later chapters, NumPy alone from outside."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from bpbook.tangle.exported import Piece

LIGHT = ("numpy",)
# Functions that draw, download or show progress import these themselves, so that bpkit needs NumPy alone.
INSIDE_FUNCTIONS = ("matplotlib", "platformdirs", "pooch", "tqdm")


def graph_violations(root: Path, found: Sequence[Piece]) -> list[str]:
    """Return a line for each import of a file in bpkit/ that should not be there.

    Parameters
    ----------
    root : Path
        The root of the book.
    found : sequence of Piece
        What the chapters export.

    Returns
    -------
    list of str
        Empty where all is well.
    """
    problems, edges = [], {}
    for path in sorted((root / "bpkit").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = list(_imports(tree))
        edges[path.stem] = {module.partition(".")[2] for module, _, _ in names if module.startswith("bpkit.")}
        problems += [f"bpkit/{path.name}: {problem}" for item in names if (problem := _problem(path.stem, *item, found))]
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        problems.append(f"bpkit/ imports in a circle: {' needs '.join(error.args[1][::-1])}")
    return problems


def _imports(tree: ast.Module) -> Iterator[tuple[str, str, bool]]:
    """Yield module, name and whether the import stands at the top of the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", node in tree.body) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name, node in tree.body) for alias in node.names)


def _problem(importer: str, module: str, name: str, at_top: bool, found: Sequence[Piece]) -> str:
    package, _, submodule = module.partition(".")
    if package in sys.stdlib_module_names or package in LIGHT or (package in INSIDE_FUNCTIONS and not at_top):
        return ""
    if package != "bpkit":
        return f"imports {module}; bpkit is light: NumPy, and {', '.join(INSIDE_FUNCTIONS)} only inside the functions that use them"
    exporters = [(piece.cell.notebook, piece.chapter) for piece in found if piece.module == submodule and name in piece.names]
    importers = [(piece.cell.notebook, piece.chapter) for piece in found if piece.module == importer]
    if not exporters:
        return f"imports {name or 'all'} from {module}, which no chapter exports there"
    if importers and exporters[0] > max(importers):
        return f"imports {name} of chapter {exporters[0][1]}, but its own last chapter is {max(importers)[1]}"
    return ""
