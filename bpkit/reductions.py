# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/05_chain_rule.ipynb
"""Sums over axes, and their vector-Jacobian product."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpkit.elementwise import multiply
from bpkit.validation import Array, as_floats, check_batch, check_shape

__all__ = ["sum_over", "sum_over_vjp"]


def _check_axes(X: Array, axis: Any, keepdims: Any) -> tuple[int, ...]:
    if not isinstance(keepdims, bool):
        raise TypeError(f"keepdims is {keepdims!r}, wanted True or False")
    count = len(X.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(range(count)) if axis is None else axes
    for one in axes:
        if isinstance(one, bool) or not isinstance(one, (int, np.integer)):
            raise TypeError(f"axis is {axis!r}, wanted ints, or None for all axes")
        if not -count <= one < count:
            raise ValueError(f"axis is {axis!r}, wanted axes of X: shape {X.shape}")
    if len({one % count for one in axes}) < len(axes):
        raise ValueError(f"axis is {axis!r}, wanted each axis of X once")
    return tuple(int(one) % count for one in axes)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def sum_over(X: Array, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """Return the sum of X over one axis, over several or over all.

    Parameters
    ----------
    X : ndarray
        The terms, float64 or float32.
    axis : int, tuple of int or None
        The axes to add over; negative ones count from the end. None: all axes.
    keepdims : bool
        Keep these axes in the result, with length 1.

    Returns
    -------
    ndarray
        The sum, in the dtype of X. NaN and infinity are passed on.

    Raises
    ------
    ValueError
        If X is empty, or axis is not an axis of X or holds one twice.
    TypeError
        If X does not hold numbers, axis not integers, or keepdims is not a bool.

    Notes
    -----
    Equation `def-sum-over`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Sums, the other way round <sec-chain-sums>`.
    """
    (terms,) = as_floats(X=X)
    check_batch("X", terms)
    axes = _check_axes(terms, axis, keepdims)
    return terms.sum(axis=axes, keepdims=keepdims)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def sum_over_vjp(
    dY: Array,
    Y: Array,
    X: Array,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
) -> tuple[Any]:
    """Return the gradient for X, given dY, the one for Y = sum_over(X, axis).

    Parameters
    ----------
    dY : ndarray
        Gradient of the loss for Y.
    Y : ndarray
        What `sum_over` returned; not needed here, but every VJP takes it.
    X, axis, keepdims
        The arguments of `sum_over`.

    Returns
    -------
    tuple of ndarray
        dX alone, with the shape of X: options have no gradient.

    Raises
    ------
    ValueError, TypeError
        As for `sum_over`, and if Y or dY has not the shape of the sum.

    Notes
    -----
    Equation `eq-sum-vjp`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Sums, the other way round <sec-chain-sums>`.
    """
    dY, Y, X = as_floats(dY=dY, Y=Y, X=X)
    check_batch("X", X)
    axes = _check_axes(X, axis, keepdims)
    kept = tuple(1 if i in axes else length for i, length in enumerate(X.shape))
    left = tuple(length for i, length in enumerate(X.shape) if i not in axes)
    wanted = kept if keepdims else left
    why = f"the sum of X, shape {X.shape}, over axis {axis}"
    check_shape("Y", Y, wanted, why)
    check_shape("dY", dY, Y.shape, "the gradient has the shape of Y")
    return (multiply(dY.reshape(kept), np.ones(X.shape, dY.dtype)),)
