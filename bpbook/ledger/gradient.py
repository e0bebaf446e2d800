"""An independent way to a gradient: the complex step of chapter 6, as the chapters before it need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bpkit.gradcheck import complex_step_gradient


def numerical_gradient(f: Callable[[Any], Any], X: Any, step: float = 1e-30) -> Any:
    """Return the gradient of a scalar function by the complex step (Squire and Trapp, 1998).

    Parameters
    ----------
    f : callable
        Analytic, takes an array of the shape of X (complex128) and returns a scalar.
    X : array_like
        Where to differentiate, any real dtype and shape.
    step : float
        Size of the imaginary step; nothing is subtracted, so it can be tiny.

    Returns
    -------
    ndarray
        The gradient, with the shape of X.

    Raises
    ------
    TypeError
        If X is complex, or f does not return a scalar or drops the imaginary part.
    ValueError
        If f is not analytic code (abs, max, comparisons).
    """
    if np.iscomplexobj(X):
        raise TypeError("X is complex, wanted real numbers: the step is what makes it complex")

    def scalar(shifted: Any) -> Any:
        value = f(shifted)
        if np.shape(value) != ():
            raise TypeError(f"f returned an array of shape {np.shape(value)}, wanted a scalar")
        return value if np.iscomplexobj(shifted) else np.real(value)  # a program may return complex numbers always

    return complex_step_gradient(scalar, np.asarray(X, dtype=np.float64), step)


def numerical_vjp(f: Callable[[Any], Any], dY: Any, X: Any) -> Any:
    """Return the vector-Jacobian product of an analytic f at X with dY, by the complex step."""

    def product(shifted: Any) -> Any:
        Y = f(shifted)
        if np.shape(Y) != np.shape(dY):
            raise ValueError(f"dY has shape {np.shape(dY)}, but f returns shape {np.shape(Y)}")
        return np.sum(dY * Y)

    return numerical_gradient(product, X)
