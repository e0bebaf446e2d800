"""A derivation: a chain of expressions or equations, each proved and cross-checked against the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import mpmath
import sympy as sp

from bpbook.ledger.numeric import Given, sample
from bpbook.ledger.solutions import difference
from bpbook.ledger.symbolic import insert, is_zero

CLOSE = 1e-12
FEWEST = 3
CHANGES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("sign", lambda side: -side),
    ("factor", lambda side: 2 * side),
    ("one more", lambda side: side + 1),
)


class NotProved(AssertionError):
    """A step of a derivation, or a claim, that the machine could not confirm."""


@dataclass(frozen=True)
class Derivation:
    """A chain of expressions, or of systems of equations (tuples of Eq) in unknowns."""

    start: Any
    steps: tuple[Any, ...]
    given: Given
    unknowns: tuple[Any, ...]
    domain: tuple[tuple[Any, tuple[Any, Any]], ...] = ()

    def summary(self) -> str:
        """Say what was proved, for the reader."""
        count = len(self.steps)
        return f"proved by SymPy in {count} step{'s' if count > 1 else ''}, and checked with numbers"

    def verify(self) -> None:
        """Raise NotProved, naming the step, unless every step follows from the one before."""
        chain = (self.start, *self.steps)
        for number, (before, after) in enumerate(pairwise(chain), start=1):
            problem = self._systems(before, after) if self.unknowns else self._expressions(before, after)
            if problem:
                raise NotProved(f"step {number} is not proved: {_text(before)}  to  {_text(after)}: {problem}")

    def _systems(self, before: tuple[sp.Eq, ...], after: tuple[sp.Eq, ...]) -> str:
        return difference(before, after, self.unknowns, self.given, dict(self.domain))

    def _expressions(self, before: sp.Expr, after: sp.Expr) -> str:
        points = 0
        for point, (left, right) in sample([before, after], self.given, dict(self.domain)):
            points += 1
            if abs(left - right) > CLOSE * (1 + abs(left) + abs(right)):
                return f"{f'at {point} ' if point.drawn else ''}the values are {mpmath.nstr(left, 8)} and {mpmath.nstr(right, 8)}"
        if points < FEWEST:
            return "the two sides have a finite value at too few points to compare them"
        left, right = (insert(side, self.given) for side in (before, after))
        if left.has(sp.nan, sp.zoo) or right.has(sp.nan, sp.zoo):
            return "a side is not finite"
        if not is_zero(left - right, dict(self.domain)):
            return (
                f"the values agree at {points} points, but SymPy finds no proof: make the step smaller, or state assumptions of the symbols"
            )
        return ""

    def perturbed(self) -> Iterator[tuple[str, Derivation]]:
        """Yield wrong variants: in each one a single step has a wrong sign, factor or constant."""
        for index, step in enumerate(self.steps):
            for name, wrong in variants(step, self.given):
                steps = [*self.steps[:index], wrong, *self.steps[index + 1 :]]
                yield f"step {index + 1}: {name}", replace(self, steps=tuple(steps))


def variants(step: Any, given: Given) -> Iterator[tuple[str, Any]]:
    """Yield a step with one change; a change that leaves a zero as it is, is left out."""
    if not isinstance(step, tuple):
        yield from ((name, change(step)) for name, change in CHANGES if name == "one more" or not is_zero(insert(step, given)))
        return
    for place, eq in enumerate(step):
        for name, change in CHANGES:
            if name == "one more" or eq.rhs != 0:
                wrong = sp.Eq(eq.lhs, change(eq.rhs), evaluate=False)
                yield f"equation {place + 1}: {name}" if len(step) > 1 else name, (*step[:place], wrong, *step[place + 1 :])


def _text(step: Any) -> str:
    return "; ".join(sp.sstr(part, order="none") for part in (step if isinstance(step, tuple) else (step,)))
