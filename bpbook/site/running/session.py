"""A session of Python on a page: what has run, and what has to run before the next cell."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from .plan import Chains, Page, Unit, parse, units_of

Made = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Cell:
    """A cell of the page: its present text, and the text that the book gave it."""

    id: str
    source: str
    original: str = ""


class Session:
    """For each name: the keys of the statements that made its present value."""

    def __init__(self) -> None:
        self.made: Made = {}

    def before(self, cells: Iterable[Cell], target: str) -> list[tuple[str, str]]:
        """Return what has to run before a cell: the cells above that hold it, and of each the lines; the others are empty."""
        cells = tuple(cells)
        page = _page(cells)
        chosen = self._choose(page, _places(page, target))
        units = [page.units[place] for place in sorted(chosen)]
        return [(cell.id, _lines(cell, units)) for cell in cells if any(unit.cell == cell.id for unit in units)]

    def ran(self, cells: Iterable[Cell], target: str, text: str, ended: bool = True) -> None:
        """Note that the lines of a cell have run, to their end or not."""
        page = _page(tuple(cells))
        kept = {number for number, line in enumerate(text.split("\n"), start=1) if line.strip()}
        for place in _places(page, target):
            if page.units[place].first in kept:
                _apply(self.made, page, place, ended)

    def _choose(self, page: Page, target: range) -> set[int]:
        chosen: set[int] = set()
        while more := self._missing(page, target, chosen):
            chosen |= more
        return chosen

    def _missing(self, page: Page, target: range, chosen: set[int]) -> set[int]:
        """Return statements that are needed too, found by going through the chosen ones in their order."""
        made = dict(self.made)
        for place in sorted(chosen):
            if more := _lacking(page, page.needs[place], made) - chosen:
                return more
            _apply(made, page, place)
        return _lacking(page, needs_above(page, target), made) - chosen


def imported(texts: Iterable[str]) -> list[str]:
    """Return the modules that some cells import, as they are written there."""
    nodes = [node for text in texts for statement in parse(text) or () for node in ast.walk(statement)]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return sorted({*names, *(node.module or "" for node in nodes if isinstance(node, ast.ImportFrom))} - {"", "__future__"})


@lru_cache(maxsize=4)
def _page(cells: tuple[Cell, ...]) -> Page:
    return Page(unit for cell in cells for unit in units_of(cell.id, cell.source, cell.original))


def _places(page: Page, target: str) -> range:
    """Return the places of the statements of a cell; there are none where it is not Python."""
    found = [place for place, unit in enumerate(page.units) if unit.cell == target]
    return range(found[0], found[-1] + 1) if found else range(0)


def needs_above(page: Page, target: range) -> Chains:
    """Return what a cell finds when it starts: the parts above it of all that it uses."""
    found: Chains = {}
    for place in target:
        for name, chain in page.needs[place].items():
            if chain[0] < target.start:
                found[name] = tuple(one for one in chain if one < target.start)
    return found


def _lacking(page: Page, needs: Chains, made: Made) -> set[int]:
    found: set[int] = set()
    for name, chain in needs.items():
        have, wanted = made.get(name, ()), page.made(chain)
        if have != wanted:
            found |= set(chain[len(have) :] if have == wanted[: len(have)] else chain)
    return found


def _apply(made: Made, page: Page, place: int, ended: bool = True) -> None:
    key = page.keys[place] if ended else "not ended"
    made |= {name: (key,) for name in page.units[place].names.binds}
    made |= {name: (*made.get(name, ()), key) for name in page.changes[place]}


def _lines(cell: Cell, units: list[Unit]) -> str:
    """Return the lines of a cell that hold the statements, each on its own line number."""
    kept = {line for unit in units if unit.cell == cell.id for line in range(unit.first, unit.last + 1)}
    return "\n".join(line if number in kept else "" for number, line in enumerate(cell.source.split("\n"), start=1))
