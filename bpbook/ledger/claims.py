"""A claim: a relation between two arrays, checked at random float64 points and odd shapes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bpbook.ledger.derivation import NotProved

POINTS = 5
SIZES = (1, 2, 3, 5, 7)
RELATIONS = ("=", "<=", "<")
# A tolerance above this would let a wrong equation through.
LOOSEST = 1e-3

Sides = Callable[..., tuple[Any, Any]]


@dataclass(frozen=True)
class Claim:
    """A relation between the two arrays that `sides(rng, *sizes)` returns."""

    sides: Sides
    relation: str
    tolerance: float

    def summary(self) -> str:
        """Say what was checked, for the reader."""
        return f"checked at {len(self.shapes()) * POINTS} random points"

    def shapes(self) -> list[tuple[int, ...]]:
        """Return the sizes to try: all 1, and unequal ones."""
        count = len(inspect.signature(self.sides).parameters) - 1
        if count == 0:
            return [()]
        rolled = [tuple(SIZES[(start + 2 * axis) % len(SIZES)] for axis in range(count)) for start in range(len(SIZES))]
        return [(1,) * count, *(shape for shape in rolled if shape != (1,) * count)]

    def verify(self) -> None:
        """Raise NotProved, naming sizes and seed, unless the relation holds at every point."""
        for shape in self.shapes():
            for seed in range(POINTS):
                problem = self._problem(*self._pair(shape, seed))
                if problem:
                    raise NotProved(f"{problem} (sizes {shape}, seed {seed})")

    def _pair(self, shape: tuple[int, ...], seed: int) -> tuple[Any, Any]:
        # The draw depends on the sizes and the seed alone, never on what was checked before.
        result = self.sides(np.random.default_rng([seed, *shape]), *shape)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(f"sides must return a tuple (left, right), got {result!r:.80}")
        left, right = (_numbers(name, side) for name, side in zip(("left", "right"), result, strict=True))
        if (result[0] is result[1] and left.ndim) or np.shares_memory(left, right):
            raise NotProved("the check cannot fail: both sides are the same array, compute them in two ways")
        return left, right

    def _problem(self, left: Any, right: Any) -> str:
        if left.shape != right.shape:
            return f"the left side has shape {left.shape}, the right side {right.shape}"
        if left.size == 0:
            return f"the sides have shape {left.shape}: there is nothing to compare"
        if not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
            return "a side is not finite"
        slack = self.tolerance * max(1.0, float(np.max(np.abs(right))))
        if self.relation == "=":
            worst = float(np.max(np.abs(left - right)))
            return f"the sides differ by {worst:.3g}" if worst > slack else ""
        excess = float(np.max(left - right))
        broken = excess > slack if self.relation == "<=" else excess >= 0
        return f"the left side exceeds the right side by {excess:.3g}" if broken else ""

    def perturbed(self) -> Iterator[tuple[str, Claim]]:
        """Yield wrong variants of the claim: a sign, a factor, a transpose; or the sides swapped."""
        changes: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {"swapped": lambda left, right: (right, left)}
        if self.relation == "=":
            changes = {"sign": lambda left, right: (left, -right), "factor": lambda left, right: (left, 2 * right)}
            sample = self._pair(self.shapes()[-1], 0)[1]
            if sample.ndim == 2 and not _symmetric(sample, self.tolerance):
                changes["transpose"] = lambda left, right: (left, right.T)
        for name, change in changes.items():
            yield name, replace(self, sides=_changed(self.sides, change))

    def must_be_able_to_fail(self) -> None:
        """Raise NotProved if a wrong variant passes too: such a check proves nothing."""
        for name, wrong in self.perturbed():
            try:
                wrong.verify()
            except NotProved:
                continue
            raise NotProved(f"the check cannot fail: it also passes with this mistake: {name}")


def _symmetric(matrix: Any, tolerance: float) -> bool:
    return matrix.shape[0] == matrix.shape[1] and bool(np.allclose(matrix, matrix.T, rtol=tolerance, atol=tolerance))


def _numbers(name: str, side: Any) -> Any:
    try:
        array = np.asarray(side)
    except ValueError:
        raise TypeError(f"the {name} side has rows of unequal length, wanted an array of numbers") from None
    if array.dtype.kind in "iu":
        return array.astype(np.float64)
    if array.dtype not in (np.float64, np.complex128):
        raise TypeError(f"the {name} side has dtype {array.dtype}, wanted float64 (a comparison is the relation's work)")
    return array


def _changed(sides: Sides, change: Callable[[Any, Any], tuple[Any, Any]]) -> Sides:
    def wrong(*arguments: Any) -> tuple[Any, Any]:
        left, right = sides(*arguments)
        return change(np.array(left), np.array(right))

    wrong.__signature__ = inspect.signature(sides)  # type: ignore[attr-defined]
    return wrong


def check_arguments(latex: Any, sides: Any, relation: Any, tolerance: Any) -> None:
    """Refuse what cannot be a claim, and say why."""
    if not isinstance(latex, str) or not latex.strip():
        raise TypeError(f"latex must be the equation as text, got {latex!r:.60}")
    if not callable(sides):
        raise TypeError(f"sides must be a function sides(rng, n, ...) -> (left, right), got {sides!r:.60}")
    kinds = [parameter.kind for parameter in inspect.signature(sides).parameters.values()]
    if not kinds or any(kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD for kind in kinds):
        raise TypeError("sides must take rng and then one plain parameter for each size: sides(rng, n, d)")
    if relation not in RELATIONS:
        raise ValueError(f"relation must be one of {RELATIONS}, got {relation!r}")
    if not 0 < tolerance <= LOOSEST:
        raise ValueError(f"tolerance must be above 0 and at most {LOOSEST}, got {tolerance!r}")
