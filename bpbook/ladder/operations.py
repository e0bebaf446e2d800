"""The table of operations: one row for each, and a new operation is one more row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpbook.ladder import extremes, formulas, independent

Generator = np.random.Generator
Sizes = tuple[int, ...]
Arrays = tuple[Any, ...]


@dataclass(frozen=True)
class Operation:
    """A function of bpkit, its vector-Jacobian product, and everything that is known about it.

    Attributes
    ----------
    name : str
        What the row is called in messages.
    function : str
        Name in bpkit; the vector-Jacobian product is called `<function>_vjp`.
    arguments : tuple of str
        Names of the arguments, in order.
    draw : callable
        `draw(rng, *sizes)` returns float64 arguments.
    sizes : tuple of tuple of int
        Sizes to try, the one with only 1 among them; the last must have no two equal sizes.
    formula : callable
        The scalar formula in SymPy symbols, one for each argument.
    derivatives : tuple of (callable or None)
        The derivative for each argument as bpkit states it, or None where there is no gradient.
    points : tuple of tuple of float
        Where to compare the code with the scalar formula.
    independent : callable
        `independent(library, *arguments)`: the same function, written in another way, for HIPS
        autograd (`library` is `autograd.numpy`).
    torch : callable
        The same for PyTorch (`library` is `torch`).
    extremes : callable
        `extremes(bp)` tries what is special about this operation: huge values, labels, ties.
    is_loss : bool
        The result is a scalar that must be finite.
    analytic : bool
        The complex step applies.
    kinks : tuple of float
        Values of an entry at which the function has no derivative.
    """

    name: str
    function: str
    arguments: tuple[str, ...]
    draw: Callable[..., Arrays]
    sizes: tuple[Sizes, ...]
    formula: Callable[..., Any]
    derivatives: tuple[Callable[..., Any] | None, ...]
    points: tuple[tuple[float, ...], ...]
    independent: Callable[..., Any]
    torch: Callable[..., Any]
    extremes: Callable[[Any], None] = extremes.none
    is_loss: bool = False
    analytic: bool = True
    kinks: tuple[float, ...] = ()

    def calls(self, bp: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Return the function and its vector-Jacobian product."""
        return getattr(bp, self.function), getattr(bp, f"{self.function}_vjp")

    def inputs(self, sizes: Sizes, seed: int = 0) -> Arrays:
        """Draw the arguments, with every entry away from the kinks."""
        arrays = self.draw(np.random.default_rng((seed, *sizes)), *sizes)
        for kink in self.kinks:
            arrays = tuple(np.where(np.abs(array - kink) < 1e-3, kink + 1e-3, array) for array in arrays)
        return arrays


def _normal(*shapes: Callable[..., Sizes]) -> Callable[..., Arrays]:
    def draw(rng: Generator, *sizes: int) -> Arrays:
        return tuple(np.asarray(rng.normal(size=shape(*sizes))) for shape in shapes)

    return draw


def _logits_and_labels(rng: Generator, n: int, h: int) -> Arrays:
    # Both labels occur as soon as there are two entries.
    return rng.normal(scale=2.0, size=(n, h)), ((np.arange(n * h) + rng.integers(2)) % 2).reshape(n, h).astype(float)


NDH = ((1, 1, 1), (1, 3, 2), (3, 1, 2), (3, 2, 1), (3, 3, 3), (2, 5, 3))
ND = ((1, 1), (1, 3), (3, 1), (3, 3), (5, 2))

OPERATIONS = (
    Operation(
        name="affine",
        function="affine",
        arguments=("X", "W", "b"),
        draw=_normal(lambda n, d, h: (n, d), lambda n, d, h: (d, h), lambda n, d, h: (h,)),
        sizes=NDH,
        formula=formulas.affine,
        derivatives=formulas.AFFINE_DERIVATIVES,
        points=((0.0, 0.0, 0.0), (1.5, -2.0, 0.25), (-3.0, 0.1, 1e3)),
        independent=independent.affine,
        torch=independent.affine,
        extremes=extremes.affine,
    ),
    Operation(
        name="affine, one output",
        function="affine",
        arguments=("X", "W", "b"),
        draw=_normal(lambda n, d: (n, d), lambda n, d: (d,), lambda n, d: ()),
        sizes=ND,
        formula=formulas.affine,
        derivatives=formulas.AFFINE_DERIVATIVES,
        points=((1.5, -2.0, 0.25), (-3.0, 0.1, 1e3)),
        independent=independent.affine,
        torch=independent.affine,
    ),
    Operation(
        name="mse",
        function="mse",
        arguments=("y_hat", "y"),
        draw=_normal(lambda n: (n,), lambda n: (n,)),
        sizes=((1,), (2,), (7,)),
        formula=formulas.mse,
        derivatives=formulas.MSE_DERIVATIVES,
        points=((0.0, 0.0), (1.5, -0.5), (-1e3, 1e3)),
        independent=independent.mse,
        torch=independent.mse,
        extremes=extremes.mse,
        is_loss=True,
    ),
    Operation(
        name="mse, several outputs",
        function="mse",
        arguments=("y_hat", "y"),
        draw=_normal(lambda n, h: (n, h), lambda n, h: (n, h)),
        sizes=ND,
        formula=formulas.mse,
        derivatives=formulas.MSE_DERIVATIVES,
        points=((1.5, -0.5),),
        independent=independent.mse,
        torch=independent.mse,
        is_loss=True,
    ),
    Operation(
        name="sigmoid",
        function="sigmoid",
        arguments=("Z",),
        draw=_normal(lambda n, h: (n, h)),
        sizes=ND,
        formula=formulas.sigmoid,
        derivatives=formulas.SIGMOID_DERIVATIVES,
        points=tuple((z,) for z in (-700.0, -40.0, -3.25, -0.5, 0.0, 0.75, 2.5, 40.0)),
        independent=independent.sigmoid,
        torch=independent.sigmoid_torch,
        extremes=extremes.sigmoid,
    ),
    Operation(
        name="bce_logits",
        function="bce_logits",
        arguments=("Z", "y"),
        draw=_logits_and_labels,
        sizes=ND,
        formula=formulas.bce_logits,
        derivatives=formulas.BCE_DERIVATIVES,
        points=tuple((z, y) for z in (-700.0, -40.0, -3.25, -0.5, 0.0, 0.75, 2.5, 40.0, 700.0) for y in (0.0, 1.0)),
        independent=independent.bce_logits,
        torch=independent.bce_logits_torch,
        extremes=extremes.bce_logits,
        is_loss=True,
    ),
)
