"""The activations of chapter 7 in SymPy, for one entry, and their derivatives as bpkit states them."""

from __future__ import annotations

from functools import partial
from typing import Any

HUNDREDTH = (1, 100)  # the slope that leaky_relu has where none is given, as a fraction
QUARTER = (1, 4)


def tanh(Z: Any) -> Any:
    """Return the definition with four exponentials."""
    from sympy import exp

    return (exp(Z) - exp(-Z)) / (exp(Z) + exp(-Z))


TANH_DERIVATIVES = (lambda Z: 1 - tanh(Z) ** 2,)


def relu(Z: Any) -> Any:
    """Return z where it is positive, and 0 elsewhere."""
    from sympy import Piecewise

    return Piecewise((Z, Z > 0), (0, True))


def _step(Z: Any, left: Any) -> Any:
    from sympy import Piecewise

    return Piecewise((1, Z > 0), (left, True))


RELU_DERIVATIVES = (lambda Z: _step(Z, 0),)


def leaky_relu(Z: Any, fraction: tuple[int, int]) -> Any:
    """Return z where it is positive, and the fraction of it elsewhere."""
    from sympy import Piecewise, Rational

    return Piecewise((Z, Z > 0), (Rational(*fraction) * Z, True))


def _leaky_slope(Z: Any, fraction: tuple[int, int]) -> Any:
    from sympy import Rational

    return _step(Z, Rational(*fraction))


def leaky_derivatives(fraction: tuple[int, int]) -> tuple[Any, ...]:
    """Return the stated derivative for a slope that is this fraction."""
    return (partial(_leaky_slope, fraction=fraction),)
