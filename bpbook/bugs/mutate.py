"""Put one bug of the catalogue into a fresh copy of bpkit, without touching the installed one.

A bug is found and replaced in the syntax tree, so that neither formatting nor comments nor
redundant parentheses matter.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from bpbook.notebooks import BookError

PACKAGE = "bpkit"


class CatalogueError(BookError):
    """An entry of the bug catalogue does not fit the code of bpkit."""


def read_package(root: Path) -> dict[str, ast.Module]:
    """Return the syntax tree of every module of bpkit, by its full name."""
    files = sorted((root / PACKAGE).glob("*.py"))
    if not files:
        raise CatalogueError(f"{root / PACKAGE} holds no Python files, wanted the package {PACKAGE}")
    names = (PACKAGE if file.stem == "__init__" else f"{PACKAGE}.{file.stem}" for file in files)
    return {name: ast.parse(file.read_text(encoding="utf-8"), str(file)) for name, file in zip(names, files, strict=True)}


def mutate(trees: Mapping[str, ast.Module], function: str, find: str, replace: str) -> dict[str, ast.Module]:
    """Return the trees with one bug in them.

    Parameters
    ----------
    trees : mapping of str to ast.Module
        The package, from `read_package`; not changed.
    function : str
        Where the bug is, 'module.function' or 'module.Class.method'.
    find, replace : str
        An expression or statements, as Python code; `find` occurs exactly once in the function.

    Raises
    ------
    CatalogueError
        If the function or the code is not there, or not just once, or if nothing would change.
    """
    module, *path = function.split(".")
    name = f"{PACKAGE}.{module}"
    if name not in trees:
        raise CatalogueError(f"{function}: there is no module {name}")
    tree = ast.parse(ast.unparse(trees[name]))  # a copy
    before = ast.dump(tree)
    node = _definition(tree, path, function)
    body, node.body = node.body, _without_docstring(node.body)
    _replace_once(node, _parse(find, function), _parse(replace, function), f"{function}: {find!r}")
    node.body = body[: len(body) - len(_without_docstring(body))] + node.body
    tree = ast.parse(ast.unparse(ast.fix_missing_locations(tree)))
    if ast.dump(tree) == before:
        raise CatalogueError(f"{function}: replacing {find!r} by {replace!r} changes nothing")
    return {**trees, name: tree}


def _definition(tree: ast.AST, path: list[str], function: str) -> Any:
    for part in path:
        found = [node for node in getattr(tree, "body", []) if getattr(node, "name", None) == part]
        if len(found) != 1:
            raise CatalogueError(f"{function}: {part} is defined {len(found)} times, wanted once")
        tree = found[0]
    if not isinstance(tree, ast.FunctionDef):
        raise CatalogueError(f"{function} is not a function")
    return tree


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return body[1:] if documented else body


def _parse(code: str, function: str) -> list[ast.stmt]:
    try:
        # Inside a function, because `return` is no statement of a module.
        wrapper = ast.parse("def wrapper():\n" + "".join(f"    {line}\n" for line in code.strip().splitlines()))
    except SyntaxError as error:
        raise CatalogueError(f"{function}: {code!r} is not Python code: {error.msg}") from None
    return wrapper.body[0].body  # type: ignore[attr-defined, no-any-return]


def _replace_once(tree: ast.AST, find: list[ast.stmt], replace: list[ast.stmt], where: str) -> None:
    as_expression = len(find) == 1 and isinstance(find[0], ast.Expr)
    if as_expression and len(replace) == 1 and isinstance(replace[0], ast.Expr):
        wanted, new = find[0].value, replace[0].value  # type: ignore[attr-defined]
        places = [(parent, field, place) for parent, field, place, node in _expressions(tree) if _same(node, wanted)]
        _exactly_one(places, where)
        parent, field, place = places[0]
        if place is None:
            setattr(parent, field, new)
        else:
            getattr(parent, field)[place] = new
        return
    blocks = [(block, place) for block in _blocks(tree) for place in range(len(block)) if _starts(block[place:], find)]
    _exactly_one(blocks, where)
    block, start = blocks[0]
    block[start : start + len(find)] = replace


def _exactly_one(places: list[Any], where: str) -> None:
    if len(places) != 1:
        raise CatalogueError(f"{where} occurs {len(places)} times in the function, wanted exactly once")


def _same(left: ast.AST, right: ast.AST) -> bool:
    return ast.dump(left) == ast.dump(right)


def _starts(block: list[ast.stmt], find: list[ast.stmt]) -> bool:
    return len(block) >= len(find) and all(map(_same, block, find))


def _expressions(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, list):
                yield from ((parent, field, place, node) for place, node in enumerate(value) if isinstance(node, ast.expr))
            elif isinstance(value, ast.expr):
                yield parent, field, None, value


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield block


class _Finder(MetaPathFinder, Loader):
    """Imports the modules of a package from code objects."""

    def __init__(self, codes: Mapping[str, CodeType]) -> None:
        self.codes = codes

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname not in self.codes:
            return None
        return ModuleSpec(fullname, self, origin="bug catalogue", is_package=fullname == PACKAGE)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.codes[module.__name__], module.__dict__)


@contextmanager
def imported(trees: Mapping[str, ast.Module]) -> Iterator[ModuleType]:
    """Import the package from syntax trees for the time of the block; then the real one is back."""
    finder = _Finder({name: compile(ast.fix_missing_locations(tree), f"<{name}>", "exec") for name, tree in trees.items()})
    real = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == PACKAGE}
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        sys.modules.update(real)
