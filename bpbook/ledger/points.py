"""Random points: values for the names of an expression that their assumptions allow."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import mpmath
import sympy as sp

FIRST_COMPLEX = 4
SIGNS = ("positive", "negative", "nonnegative", "nonpositive", "nonzero", "zero")


class Unknown(Exception):
    """This expression has no value at this point (a pole, a divergent sum, an unknown function)."""


class Point:
    """A random point: values for symbols, indexed variables and undefined functions, drawn on demand."""

    def __init__(self, seed: int, expressions: Sequence[sp.Basic], domain: Mapping[Any, tuple[Any, Any]]) -> None:
        self.seed, self.domain = seed, domain
        self.drawn: dict[str, Any] = {}
        limits = [limit for expression in expressions for part in expression.atoms(sp.Sum, sp.Product) for limit in part.limits]
        self.sizes = set().union(*(sp.sympify(limit[2]).free_symbols for limit in limits))
        indices = [index for expression in expressions for part in expression.atoms(sp.Indexed) for index in part.indices]
        self.indices = set().union(*(index.free_symbols for index in indices)) - self.sizes
        self.low = min((int(limit[1]) for limit in limits if sp.sympify(limit[1]).is_Integer), default=1)
        self.small = random.Random(f"{seed} small").choice((1, 2, 3))

    def draw(self, name: str, kind: Any) -> Any:
        """Return the value of a symbol or of one entry of an indexed variable, always the same one."""
        if name not in self.drawn:
            self.drawn[name] = self._draw(random.Random(f"{self.seed} {name}"), kind)
        return self.drawn[name]

    def _draw(self, rng: random.Random, kind: Any) -> Any:
        low, high = self._interval(kind)
        if low is not None:
            return mpmath.mpf(low) + (mpmath.mpf(high) - low) * mpmath.mpf(rng.uniform(0.02, 0.98))
        if kind in self.sizes:
            return self.small + rng.choice((0, 1, 2))
        if kind in self.indices:
            return rng.randrange(self.low, self.low + self.small)
        if kind.is_integer:
            return rng.choice(
                [v for v in range(-6, 8) if all(getattr(sp.Integer(v), f"is_{a}", t) == t for a, t in kind.assumptions0.items())]
            )
        value = self._real(rng, kind)
        return value if kind.is_real or self.seed < FIRST_COMPLEX or self.seed % 2 else mpmath.mpc(value, rng.uniform(-2.5, 2.5))

    def _real(self, rng: random.Random, kind: Any) -> Any:
        """Return a number that the assumptions allow; the first points have all signs alike."""
        wanted = {sign: getattr(kind, f"is_{sign}") for sign in SIGNS if getattr(kind, f"is_{sign}") is not None}
        for attempt in range(1000):
            value = mpmath.mpf(rng.uniform(-2.5, 2.5))
            if self.seed < 2 and attempt < 10:
                value = abs(value) * (1, -1)[self.seed]
            if all(getattr(sp.Float(value), f"is_{sign}") == truth for sign, truth in wanted.items()):
                return value
        raise Unknown(f"no value found for {kind}")

    def _interval(self, kind: Any) -> tuple[Any, Any]:
        return self.domain.get(kind) or self.domain.get(getattr(kind, "base", None)) or (None, None)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {mpmath.nstr(value, 4)}" for name, value in sorted(self.drawn.items()))
