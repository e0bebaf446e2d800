"""The scalar formulas of the small operations, and their derivatives as bpkit states them."""

from __future__ import annotations

from typing import Any


def add(A: Any, B: Any) -> Any:
    """Return a + b."""
    return A + B


ADD_DERIVATIVES = (lambda A, B: 1, lambda A, B: 1)


def multiply(A: Any, B: Any) -> Any:
    """Return a b."""
    return A * B


MULTIPLY_DERIVATIVES = (lambda A, B: B, lambda A, B: A)


def exp(X: Any) -> Any:
    """Return e to the power of x."""
    import sympy

    return sympy.exp(X)


EXP_DERIVATIVES = (exp,)


def log(X: Any) -> Any:
    """Return the natural logarithm of x."""
    import sympy

    return sympy.log(X)


LOG_DERIVATIVES = (lambda X: 1 / X,)


def sum_over(X: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum of symbols over axes, by NumPy's loop over objects."""
    return X.sum(axis=axis, keepdims=keepdims)
