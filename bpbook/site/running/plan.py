"""Which parts of the cells above have to run before a cell, so that it finds what it would find in a run from the top.

The unit is the statement. For each name, a session keeps which statements made its value, with everything that they used.
Where this is what a run from the top would give, nothing runs again; so what was changed above is run again, and a name
that another cell has bound anew gets its value back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from .names import Names
from .reader import names_of

Chains = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Unit:
    """A statement of a cell, with the lines on which it stands (1 for the first)."""

    cell: str
    first: int
    last: int
    text: str
    names: Names


def parse(source: str) -> list[ast.stmt] | None:
    """Return the statements of a cell, lines for IPython alone left out, or None where it is not Python."""
    lines = ("pass" if line.startswith(("%", "!")) else line for line in source.split("\n"))
    for text in (source, "\n".join(lines)):
        try:
            return ast.parse(text).body
        except (SyntaxError, ValueError):
            continue
    return None


@lru_cache(maxsize=2000)
def units_of(cell: str, source: str, original: str = "") -> tuple[Unit, ...]:
    """Return the statements of a cell; where its text is not Python, those of the original stand for it."""
    body = parse(source)
    if body is None:
        return tuple(Unit(one.cell, 1, len(source.split("\n")), source, one.names) for one in units_of(cell, original)) if original else ()
    return tuple(_unit(cell, statement) for statement in body)


def _unit(cell: str, statement: ast.stmt) -> Unit:
    first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
    return Unit(cell, first, statement.end_lineno or first, ast.unparse(statement), names_of([statement]))


class Page:
    """Statements in the order of the page, each with the places of those that make the values it uses.

    Parameters
    ----------
    units : iterable of Unit
        The statements.

    Attributes
    ----------
    needs : list of dict
        For each statement: name -> the places of the statements that make its value, the first one binds it.
    keys : list of str
        For each statement a text that changes when it, or anything that it uses, changes.
    """

    def __init__(self, units: Iterable[Unit]) -> None:
        self.units = list(units)
        self.needs: list[Chains] = []
        self.keys: list[str] = []
        self.changes: list[set[str]] = []
        self._chains: Chains = {}
        self._fixed: set[str] = set()
        self._arguments: dict[str, set[int | str]] = {}  # function -> the arguments that it changes
        self._touches: dict[str, set[str]] = {}  # name -> what its use changes: a source of random numbers, what a function appends to
        for place, unit in enumerate(self.units):
            self._enter(place, unit.names)

    def _enter(self, place: int, names: Names) -> None:
        self.needs.append(self._closure(names))
        self.keys.append(self._key(place))
        self._fixed = self._fixed - names.binds | names.fixed
        touched = {one for name in names.loads for one in self._touches.get(name, ())}
        touched |= {passed for function, which, passed in names.calls if passed and which in self._arguments.get(function, ())}
        self.changes.append(((names.changes | touched) - self._fixed | names.settings) - names.binds)
        self._arguments |= {name: names.arguments.get(name, set()) for name in names.binds}
        for name in names.binds:
            self._chains[name] = (place,)
            by_calls = {one for used in names.later for one in self._touches.get(used, ())} | names.changes_later
            self._touches[name] = {name} if name in names.random else by_calls
        for name in self.changes[place]:
            self._chains[name] = (*self._chains.get(name, ()), place)

    def _closure(self, names: Names) -> Chains:
        """Return the chains of all names that are used, by the functions that may be called too."""
        found: Chains = {}
        waiting = list(names.loads | names.later)
        while waiting:
            name = waiting.pop()
            if name not in found and name in self._chains:
                found[name] = self._chains[name]
                waiting += [used for place in found[name] for used in self.units[place].names.later]
        return found

    def _key(self, place: int) -> str:
        made = sorted((name, self.made(chain)) for name, chain in self.needs[place].items())
        return sha256(f"{self.units[place].text}\n{made}".encode()).hexdigest()[:16]

    def made(self, chain: tuple[int, ...]) -> tuple[str, ...]:
        """Return the keys of some statements."""
        return tuple(self.keys[place] for place in chain)
