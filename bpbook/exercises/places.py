"""Say after which cell of a filled-in notebook each of its exercises is graded."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bpbook.exercises.cells import plain_python
from bpbook.exercises.source import load_all


@dataclass(frozen=True)
class Places:
    """Where the exercises of a notebook stand.

    Attributes
    ----------
    after : dict
        Id of the exercise -> number of the cell after which its answers count; None where no cell defines them.
    notes : list of str
        Cells that define an answer again, too late to count.
    """

    after: dict[str, int | None]
    notes: list[str]


def places(cells: list[tuple[int, str]], exercises: list[str]) -> Places:
    """Return where each exercise is graded: at its last check, or else where its answers were defined last.

    Parameters
    ----------
    cells : list of (int, str)
        Number and source of each code cell.
    exercises : list of str
        Ids of the exercises. What a cell imports is no answer; what it defines or assigns is one.
    """
    trees = [(number, _tree(source)) for number, source in cells]
    defined = {number: set(_bound(tree)) for number, tree in trees}
    checked = {number: set(_checks(tree)) for number, tree in trees}
    after: dict[str, int | None] = {}
    notes = []
    for name in exercises:
        answers = set(load_all()[name].answers)
        defining = [number for number in defined if defined[number] & answers]
        checks = [number for number in checked if name in checked[number] and defining and number >= defining[0]]
        after[name] = max(checks or defining, default=None)
        notes += [_late(number, defined[number] & answers) for number in defining if checks and number > checks[-1]]
    return Places(after, notes if _distinct(exercises) else [])


def _late(number: int, names: set[str]) -> str:
    return f"cell {number} defines {', '.join(f'`{name}`' for name in sorted(names))} again after the check, which does not count"


def _distinct(exercises: list[str]) -> bool:
    """Say whether no two exercises want an answer of one name, as those of two chapters may."""
    names = [answer for name in exercises for answer in load_all()[name].answers]
    return len(names) == len(set(names))


def _tree(source: str) -> ast.AST:
    try:
        return ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a cell defines or assigns, not those that it imports or those inside functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif not isinstance(child, ast.Lambda):
            yield from _bound(child)


def _checks(node: ast.AST) -> Iterator[str]:
    """Yield the ids of the exercises that a cell checks."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name == "check":
                yield str(call.args[0].value)
