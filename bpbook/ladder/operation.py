"""An operation of bpkit and everything that is known about it: one row of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from bpbook.ladder import extremes

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
        `draw(rng, *sizes)` returns float64 arguments (labels as integers); sizes may be 0.
    sizes : tuple of tuple of int
        Sizes to try, the one with only 1 among them; the last must have no two equal sizes.
    formula : callable
        The definition in SymPy. Where `whole` is false: for one entry of each argument, the arguments
        being symbols. Where it is true: for whole arguments, object arrays of symbols.
    derivatives : tuple of (callable or None)
        None where there is no gradient. Otherwise the derivative of the scalar formula as bpkit states
        it; where `whole` is true SymPy differentiates by itself, and `formulas.by_sympy` says so.
    points : tuple of tuple
        Where to compare the code with the formula: numbers, or whole arguments where `whole` is true.
    independent : callable
        `independent(library, *arguments, **options)`: the same function, written in another way, for
        HIPS autograd (`library` is `autograd.numpy`).
    torch : callable
        The same for PyTorch (`library` is `torch`).
    extremes : callable
        `extremes(bp)` tries what is special about this operation: huge values, labels, ties.
    result : str
        What the notation calls the result: its gradient is the argument `d<result>` of the VJP.
    is_loss : bool
        The result is a scalar that must be finite.
    analytic : bool
        The complex step applies.
    kinks : tuple of float
        Values of an entry at which the function has no derivative.
    whole : bool
        The formula is about whole arguments: entries of the result depend on several entries.
    options : mapping
        Keyword arguments of both functions that are no arrays, such as an axis.
    labels : tuple of str
        Arguments that keep their dtype when all others become float32.
    free : frozenset of (str, str)
        Pairs of an argument and a kind of wrong shape (see `bad_input`) that is right here; the kind
        'any shape' stands for all kinds. It holds for the function, not for its VJP.
    free_vjp : frozenset of (str, str)
        The same for the VJP: a sum over all entries, for instance, does not say what shape X had.
    """

    name: str
    function: str
    arguments: tuple[str, ...]
    draw: Callable[..., Arrays]
    sizes: tuple[Sizes, ...]
    formula: Callable[..., Any]
    derivatives: tuple[Callable[..., Any] | None, ...]
    points: tuple[tuple[Any, ...], ...]
    independent: Callable[..., Any]
    torch: Callable[..., Any]
    extremes: Callable[[Any], None] = extremes.none
    result: str = "Y"
    is_loss: bool = False
    analytic: bool = True
    kinks: tuple[float, ...] = ()
    whole: bool = False
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    labels: tuple[str, ...] = ()
    free: frozenset[tuple[str, str]] = frozenset()
    free_vjp: frozenset[tuple[str, str]] = frozenset()

    def calls(self, bp: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Return the function and its vector-Jacobian product, with the options filled in."""
        f, vjp = getattr(bp, self.function), getattr(bp, f"{self.function}_vjp")
        return (partial(f, **self.options), partial(vjp, **self.options)) if self.options else (f, vjp)

    def inputs(self, sizes: Sizes, seed: int = 0) -> Arrays:
        """Draw the arguments, with every entry away from the kinks."""
        arrays = self.draw(np.random.default_rng((seed, *sizes)), *sizes)
        for kink in self.kinks:
            arrays = tuple(np.where(np.abs(array - kink) < 1e-3, kink + 1e-3, array) for array in arrays)
        return arrays

    def cast(self, arrays: Arrays, dtype: Any) -> Arrays:
        """Return the arguments in another precision; labels stay as they are."""
        return tuple(array if name in self.labels else array.astype(dtype) for name, array in zip(self.arguments, arrays, strict=True))


def normal(*shapes: Callable[..., Sizes]) -> Callable[..., Arrays]:
    """Return a `draw` that fills arrays of these shapes, each a function of the sizes, with normal numbers."""

    def draw(rng: Generator, *sizes: int) -> Arrays:
        return tuple(np.asarray(rng.normal(size=shape(*sizes))) for shape in shapes)

    return draw


NDH = ((1, 1, 1), (1, 3, 2), (3, 1, 2), (3, 2, 1), (3, 3, 3), (2, 5, 3))
ND = ((1, 1), (1, 3), (3, 1), (3, 3), (5, 2))
