"""Check that each chapter imports from bpkit only what earlier chapters exported."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bpbook.notebooks import Cell, cells, chapters, relative, repository_root
from bpbook.package_graph import graph_violations
from bpbook.tangle import package_names
from bpbook.tangle.exported import Piece, parse, pieces
from bpbook.tangle.resolve import Import, imports_of

# What would hide a name from this check.
DYNAMIC_CALLS = ("__import__", "eval", "exec", "get_ipython")
DYNAMIC_MODULES = ("builtins", "runpy", "pkgutil", "importlib", "importlib.util", "importlib.machinery")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print every import that breaks the order of the book."""
    root = repository_root()
    found = pieces(root)
    problems = [*violations(root, found), *graph_violations(root, found)]
    print("\n".join(problems) if problems else "every chapter imports from bpkit only what earlier chapters exported")
    return int(bool(problems))


def violations(root: Path, found: Sequence[Piece]) -> list[str]:
    """Return a line for each name of bpkit that a chapter uses too early or in a way that cannot be checked."""
    order = [relative(path, root) for path in chapters(root)]
    problems = []
    for path, notebook in zip(chapters(root), order, strict=True):
        earlier = [piece for piece in found if order.index(piece.cell.notebook) < order.index(notebook)]
        code = [cell for cell in cells(path, root) if cell.kind == "code"]
        problems += Chapter(code, earlier, found).violations()
    return problems


@dataclass(frozen=True)
class Chapter:
    """The code cells of one chapter, and what the book exports before it and altogether."""

    code: Sequence[Cell]
    earlier: Sequence[Piece]
    found: Sequence[Piece]

    def violations(self) -> list[str]:
        """Return a line for each violation, in the order of the cells."""
        trees = [(cell, list(ast.walk(parse(cell)))) for cell in self.code]
        imports = [item for cell, nodes in trees for node in nodes if isinstance(node, ast.stmt) for item in imports_of(cell, [node])]
        modules = {item.bound: self._module(item) for item in imports if self._module(item)}
        problems = []
        for cell, nodes in trees:
            told = [self._import(item) for item in imports if item.cell is cell]
            told += [self._attribute(node, modules) for node in nodes if isinstance(node, ast.Attribute)]
            told += [*_bare(nodes, modules), *_dynamic(nodes)]
            problems += [f"{cell.where}: {problem}" for problem in dict.fromkeys(told) if problem]
        return problems

    def _module(self, item: Import) -> str:
        """Return the module of bpkit (or bpkit itself) that an import binds to a name, or nothing."""
        parts = item.module.split(".")
        if parts[0] != "bpkit":
            return ""
        if not item.name:
            return item.module if item.bound != "bpkit" else "bpkit"
        return f"bpkit.{item.name}" if item.module == "bpkit" and self._is_module(item.name) else ""

    def _is_module(self, name: str) -> bool:
        return name in {piece.module for piece in self.found} and name not in package_names(self.found)

    def _import(self, item: Import) -> str:
        package, _, module = item.module.partition(".")
        if not package:
            return f"`{item.statement}` is relative, wanted the full name of the module"
        if item.name == "*":
            return f"`{item.statement}` hides which names come, wanted each name"
        dynamic = item.module in DYNAMIC_MODULES and item.name not in ("metadata", "resources")
        if dynamic or (item.module, item.name) == ("sys", "modules"):
            return f"`{item.statement}` can import what this check does not see"
        if package != "bpkit":
            return ""
        if not item.name:
            return self._problem(module, "")
        return self._problem(item.name, "") if not module and self._is_module(item.name) else self._problem(module, item.name)

    def _attribute(self, node: ast.Attribute, modules: dict[str, str]) -> str:
        """Look at `bpkit.name`, `bpkit.module.name` and `alias.name`."""
        base = node.value
        if isinstance(base, ast.Name) and base.id in modules:
            module = modules[base.id].partition(".")[2]
            as_module = not module and self._is_module(node.attr)
            return self._problem(node.attr, "") if as_module else self._problem(module, node.attr)
        inner = isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name) and modules.get(base.value.id) == "bpkit"
        if inner and isinstance(base, ast.Attribute) and self._is_module(base.attr):
            return self._problem(base.attr, node.attr)
        return ""

    def _problem(self, module: str, name: str) -> str:
        """Say what is wrong with a name of bpkit (module ''), of one of its modules, or with a module (name '')."""
        if name.startswith("__") or (not module and not name):
            return ""
        known = package_names(self.earlier) if name and not module else {item: p.module for p in self.earlier for item in p.names}
        if (known.get(name) and module in ("", known[name])) or (not name and module in known.values()):
            return ""
        full = ".".join(part for part in ("bpkit", module, name) if part)
        homes = [p for p in self.found if (name in p.names if name else module == p.module)]
        exact = [p for p in homes if not name or (module == p.module if module else name in package_names(self.found))]
        if not homes:
            return f"{full} is exported by no chapter"
        if not exact:
            return f"{full} is not there, the name is in bpkit.{homes[0].module} ({homes[0].cell.where})"
        return f"{full} is exported by {exact[0].cell.where}, wanted only what earlier chapters export"


def _bare(nodes: Sequence[ast.AST], modules: dict[str, str]) -> Iterator[str]:
    """Refuse a module of bpkit that is handed on: then no one sees which of its names are used."""
    used_well = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in modules and id(node) not in used_well:
            yield f"{node.id} ({modules[node.id]}) is used without a name after it, wanted {node.id}.<name>"


def _dynamic(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in DYNAMIC_CALLS:
            yield f"{node.id} can import what this check does not see"
        if isinstance(node, ast.Attribute) and node.attr == "modules" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            yield "sys.modules can reach what this check does not see"
