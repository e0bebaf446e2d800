"""An independent way to a gradient: the complex step, which subtracts nothing and so loses no digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

# The cross-check with central differences is coarse: it has to see an abs() or max(), not digits.
COARSE = 1e-4


def numerical_gradient(f: Callable[[Any], Any], X: Any, step: float = 1e-30) -> Any:
    """Return the gradient of a scalar function by the complex step (Squire and Trapp, 1998).

    Parameters
    ----------
    f : callable
        Analytic, takes an array of the shape of X (complex128) and returns a scalar.
    X : array_like
        Where to differentiate, float64, any shape.
    step : float
        Size of the imaginary step; nothing is subtracted, so it can be tiny.

    Returns
    -------
    ndarray
        The gradient, with the shape of X.

    Raises
    ------
    TypeError
        If f does not return a scalar, or drops the imaginary part.
    ValueError
        If f is not analytic code (abs, max, comparisons): central differences disagree.
    """
    if np.iscomplexobj(X):
        raise TypeError("X is complex, wanted real numbers: the step is what makes it complex")
    X = np.asarray(X, dtype=np.float64)
    gradient = np.empty(X.shape)
    for index in np.ndindex(X.shape):
        shifted = X.astype(np.complex128)
        shifted[index] += 1j * step
        gradient[index] = np.imag(_scalar(f(shifted))) / step
    _cross_check(f, X, gradient)
    return gradient


def _scalar(value: Any) -> Any:
    if np.shape(value) != ():
        raise TypeError(f"f returned an array of shape {np.shape(value)}, wanted a scalar")
    if not np.iscomplexobj(value):
        raise TypeError("f returned a real number for a complex argument: it drops the imaginary part, so it is not analytic code")
    return value


def _cross_check(f: Callable[[Any], Any], X: Any, gradient: Any) -> None:
    direction = np.random.default_rng(X.size).standard_normal(X.shape)
    h = 1e-6 * (1 + np.max(np.abs(X), initial=0.0))
    ahead, behind = (np.real(f(X + sign * h * direction)) for sign in (1, -1))
    slope = (ahead - behind) / (2 * h)
    size = np.linalg.norm(gradient) * np.linalg.norm(direction)
    rounding = 1e-14 * max(abs(ahead), abs(behind)) / h
    if abs(slope - np.sum(gradient * direction)) > COARSE * (size + abs(slope)) + rounding + 1e-9:
        raise ValueError(
            f"f is not analytic code (abs, max, comparisons?): the complex step and central differences disagree at X = {X.ravel()[:3]}..."
        )


def numerical_vjp(f: Callable[[Any], Any], dY: Any, X: Any) -> Any:
    """Return the vector-Jacobian product of an analytic f at X with dY, by the complex step."""

    def product(shifted: Any) -> Any:
        Y = f(shifted)
        if np.shape(Y) != np.shape(dY):
            raise ValueError(f"dY has shape {np.shape(dY)}, but f returns shape {np.shape(Y)}")
        return np.sum(dY * Y)

    return numerical_gradient(product, X)
