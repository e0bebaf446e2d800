"""Where the names come from that exported code uses: imports, other modules of bpkit, or nowhere."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from bpbook.notebooks import BookError, Cell, cells
from bpbook.tangle.exported import Piece, parse
from bpbook.tangle.style import ruff

Exports = Set[tuple[str, str]]
FUTURE = "from __future__ import annotations\n"


@dataclass(frozen=True)
class Import:
    """One name that an import binds."""

    module: str
    name: str  # empty for `import module`
    bound: str
    cell: Cell

    @property
    def statement(self) -> str:
        """Return the import alone, as Python."""
        start = f"from {self.module} import {self.name}" if self.name else f"import {self.module}"
        original = self.name or self.module.partition(".")[0]
        return start if self.bound == original else f"{start} as {self.bound}"


@dataclass
class Names:
    """What one notebook binds at the top level of its cells."""

    imports: list[Import] = field(default_factory=list)
    exported: dict[str, str] = field(default_factory=dict)  # name -> module of bpkit
    plain: dict[str, Cell] = field(default_factory=dict)


def imports_of(cell: Cell, body: Sequence[ast.stmt]) -> list[Import]:
    """Return the names that the import statements of a cell bind."""
    found = []
    for statement in body:
        if isinstance(statement, ast.Import):
            found += [Import(alias.name, "", alias.asname or alias.name.partition(".")[0], cell) for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            found += [Import(module, alias.name, alias.asname or alias.name, cell) for alias in statement.names]
    return [item for item in found if item.module != "__future__"]


def names_of(path: Path, root: Path, found: Sequence[Piece]) -> Names:
    """Return what the cells of one notebook bind."""
    names = Names()
    for cell in (cell for cell in cells(path, root) if cell.kind == "code"):
        body = parse(cell).body
        names.imports += imports_of(cell, body)
        own = [piece for piece in found if piece.cell.notebook == cell.notebook and piece.cell.number == cell.number]
        names.exported |= {name: piece.module for piece in own for name in piece.names}
        if not own:
            names.plain |= {name: cell for statement in body for name in _bound(statement)}
    return names


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def free_names(sources: Sequence[str]) -> list[list[str]]:
    """Return for each piece of code the names that it uses and does not define; ruff knows all scopes."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, source in enumerate(sources):
            (folder / f"{number}.py").write_text(FUTURE + source, encoding="utf-8")
        told = ruff(folder, "check", "--isolated", "--ignore-noqa", "--exit-zero", "--select=F821", "--output-format=json", ".")
    free: list[list[str]] = [[] for _ in sources]
    for problem in json.loads(told or "[]"):
        free[int(Path(problem["filename"]).stem)].append(problem["message"].split("`")[1])
    return [sorted(set(names)) for names in free]


def resolve(piece: Piece, name: str, names: Names, exports: Exports) -> Import | None:
    """Return the import that a module needs for a name, or None where the module defines it.

    Parameters
    ----------
    piece : Piece
        The exported cell that uses the name.
    name : str
        The name.
    names : Names
        What the notebook of the cell binds.
    exports : set of (str, str)
        Module and name of everything that the book exports.

    Raises
    ------
    BookError
        If the name is not there, or would not be there in the package.
    """
    if name in names.exported:
        module = names.exported[name]
        return None if module == piece.module else Import(f"bpkit.{module}", name, name, piece.cell)
    bindings = [item for item in names.imports if item.bound == name]
    if bindings:
        earlier = [item for item in bindings if item.cell.number <= piece.cell.number]
        return _from_import(piece, (earlier or bindings[:1])[-1], exports)
    if name in names.plain:
        number = names.plain[name].number
        raise BookError(f"{piece.cell.where}: uses {name}, which cell {number} defines but does not export; tag that cell too")
    raise BookError(f"{piece.cell.where}: uses {name}, which nothing in this notebook defines{_hint(name, exports)}")


def _hint(name: str, exports: Exports) -> str:
    modules = sorted(module for module, known in exports if known == name)
    return f"; write `from bpkit.{modules[0]} import {name}`" if modules else ""


def _from_import(piece: Piece, item: Import, exports: Exports) -> Import | None:
    """Return the import as bpkit needs it: names of bpkit come from the module that defines them."""
    start = f"{piece.cell.where}: uses {item.bound} from `{item.statement}`"
    package, _, submodule = item.module.partition(".")
    if package == "bpbook":
        raise BookError(f"{start}; bpkit does not need bpbook")
    if package not in ("bpkit", ""):
        return item
    if not package or not item.name:
        raise BookError(f"{start}, wanted `from bpkit.<module> import <name>`")
    owner = next((module for module, name in sorted(exports) if name == item.name and submodule in ("", module)), "")
    if not owner:
        raise BookError(f"{start}, which no chapter exports{_hint(item.name, exports)}")
    if owner == piece.module and item.bound != item.name:
        raise BookError(f"{start}, its own module, under another name")
    return None if owner == piece.module else Import(f"bpkit.{owner}", item.name, item.bound, piece.cell)


def module_imports(root: Path, found: Sequence[Piece]) -> dict[str, list[Import]]:
    """Return for each module of bpkit the imports that its code needs.

    Raises
    ------
    BookError
        If a name comes from nowhere, means two things in one module, or modules import each other in a circle.
    """
    exports = {(piece.module, name) for piece in found for name in piece.names}
    notebooks = {piece.cell.notebook: names_of(root / piece.cell.notebook, root, found) for piece in found}
    needed: dict[str, dict[str, Import]] = {piece.module: {} for piece in found}
    for piece, free in zip(found, free_names([piece.source for piece in found]), strict=True):
        _refuse_nested(piece)
        for name in free:
            item = resolve(piece, name, notebooks[piece.cell.notebook], exports)
            if item is not None:
                _add(needed[piece.module], item, piece)
    _refuse_circle(needed)
    return {module: list(items.values()) for module, items in needed.items()}


def _add(items: dict[str, Import], item: Import, piece: Piece) -> None:
    known = items.setdefault(item.bound, item)
    if known.statement != item.statement:
        where = f"`{known.statement}` ({known.cell.where}) and `{item.statement}` ({item.cell.where})"
        raise BookError(f"{piece.cell.where}: {item.bound} means two things in bpkit/{piece.module}.py: {where}")


def _refuse_nested(piece: Piece) -> None:
    for node in ast.walk(ast.parse(piece.source)):
        for item in imports_of(piece.cell, [node]) if isinstance(node, ast.stmt) else []:
            if item.module.partition(".")[0] in ("bpkit", "bpbook", ""):
                raise BookError(f"{piece.cell.where}: `{item.statement}` inside a definition, wanted it at the top of the notebook")


def _refuse_circle(needed: dict[str, dict[str, Import]]) -> None:
    edges = {module: {item.module: item for item in items.values()} for module, items in needed.items()}
    try:
        TopologicalSorter({f"bpkit.{module}": set(others) for module, others in edges.items()}).prepare()
    except CycleError as error:
        circle = [module.removeprefix("bpkit.") for module in error.args[1][::-1]]
        steps = [(module, other, edges[module][f"bpkit.{other}"]) for module, other in pairwise(circle)]
        told = "; ".join(f"{module} needs {item.name} of {other} ({item.cell.where})" for module, other, item in steps)
        raise BookError(f"modules of bpkit import each other in a circle: {told}") from None
