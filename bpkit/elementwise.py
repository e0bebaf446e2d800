# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/05_chain_rule.ipynb
"""Operations entry by entry, and the way back through broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpkit.validation import Array, as_floats, check_batch, check_shape

__all__ = ["add", "add_vjp", "exp", "exp_vjp", "log", "log_vjp", "multiply", "multiply_vjp", "unbroadcast"]


def _aligned(dY: Array, shape: tuple[int, ...]) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or any(isinstance(length, bool) or not isinstance(length, (int, np.integer)) for length in shape):
        raise TypeError(f"shape is {shape!r}, wanted a tuple of integers")
    new = len(dY.shape) - len(shape)
    aligned = (1,) * new + shape
    pairs = zip(aligned, dY.shape, strict=new >= 0)
    if new < 0 or any(short not in (1, long) for short, long in pairs):
        raise ValueError(f"dY has shape {dY.shape} and shape is {shape}, wanted a shape that broadcasting can stretch to the shape of dY")
    return aligned


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def unbroadcast(dY: Array, shape: tuple[int, ...]) -> Any:
    """Return dY, added over the axes along which broadcasting stretched an array.

    Parameters
    ----------
    dY : ndarray
        Gradient of the loss for the stretched array, float64 or float32.
    shape : tuple of int
        Shape of the array before it was stretched.

    Returns
    -------
    ndarray
        Gradient for the array before it was stretched: a new array with the
        given shape, in the dtype of dY. NaN and infinity are passed on.

    Raises
    ------
    ValueError
        If broadcasting cannot stretch the given shape to the shape of dY, or
        dY is empty.
    TypeError
        If dY does not hold numbers, or shape is not a tuple of integers.

    Notes
    -----
    Equation `eq-unbroadcast`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Broadcasting forward is summing backward
    <sec-chain-broadcast>`.
    """
    (dY,) = as_floats(dY=dY)
    check_batch("dY", dY)
    aligned = _aligned(dY, shape)
    stretched = tuple(axis for axis, length in enumerate(aligned) if length == 1)
    return dY.sum(axis=stretched).reshape(shape)


def _check_pair(A: Array, B: Array) -> tuple[int, ...]:
    check_batch("A", A)
    check_batch("B", B)
    fewer, more = sorted((A.shape, B.shape), key=len)
    new = len(more) - len(fewer)
    pairs = list(zip((1,) * new + fewer, more, strict=True))
    fits = all(one == other or 1 in (one, other) for one, other in pairs)
    if not fits or (new and any(one > other for one, other in pairs)):
        raise ValueError(
            f"A has shape {A.shape} and B has shape {B.shape}, "
            "wanted along every axis the same length or 1; "
            "with fewer axes, only that array is stretched"
        )
    return tuple(max(pair) for pair in pairs)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def add(A: Array, B: Array) -> Any:
    """Return A + B, entry by entry.

    Parameters
    ----------
    A, B : (n, h), (n, 1), (h,) or () ndarray
        The terms, of any shape, float64 or float32. Axes of length 1 are
        stretched. If one of them has fewer axes, only that one is stretched:
        (n, h) with (h,) is fine, (n, 1) with (n,) is not.

    Returns
    -------
    ndarray
        The sum, in the common shape. NaN and infinity are passed on.

    Raises
    ------
    ValueError
        If the shapes do not fit or one of them is empty.
    TypeError
        If an argument does not hold numbers, or float32 meets float64.

    Notes
    -----
    Equation `def-add`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Adding and multiplying
    <sec-chain-add-multiply>`.
    """
    A, B = as_floats(A=A, B=B)
    _check_pair(A, B)
    return A + B


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def add_vjp(dY: Array, Y: Array, A: Array, B: Array) -> tuple[Any, Any]:
    """Return the gradients for A and B, given dY, the one for Y = A + B.

    Parameters
    ----------
    dY : ndarray
        Gradient of the loss for Y.
    Y : ndarray
        What `add` returned; not needed here, but every VJP takes it.
    A, B : ndarray
        The arguments of `add`.

    Returns
    -------
    tuple of ndarray
        dA, dB, with the shapes of A and B.

    Raises
    ------
    ValueError, TypeError
        As for `add`, and if Y or dY has not the shape of A + B.

    Notes
    -----
    Equation `eq-add-vjp`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Adding and multiplying
    <sec-chain-add-multiply>`.
    """
    dY, Y, A, B = as_floats(dY=dY, Y=Y, A=A, B=B)
    why = f"A + B with the shapes {A.shape} and {B.shape}"
    check_shape("Y", Y, _check_pair(A, B), why)
    check_shape("dY", dY, Y.shape, "the gradient has the shape of Y")
    return unbroadcast(dY, A.shape), unbroadcast(dY, B.shape)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def multiply(A: Array, B: Array) -> Any:
    """Return A times B, entry by entry.

    Parameters
    ----------
    A, B : (n, h), (n, 1), (h,) or () ndarray
        The factors, float64 or float32, with shapes as for `add`.

    Returns
    -------
    ndarray
        The product, in the common shape. NaN and infinity are passed on.

    Raises
    ------
    ValueError
        If the shapes do not fit or one of them is empty.
    TypeError
        If an argument does not hold numbers, or float32 meets float64.

    Notes
    -----
    Equation `def-multiply`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Adding and multiplying
    <sec-chain-add-multiply>`.
    """
    A, B = as_floats(A=A, B=B)
    _check_pair(A, B)
    return A * B


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def multiply_vjp(dY: Array, Y: Array, A: Array, B: Array) -> tuple[Any, Any]:
    """Return the gradients for A and B, given dY, the one for Y = A B.

    Parameters
    ----------
    dY : ndarray
        Gradient of the loss for Y.
    Y : ndarray
        What `multiply` returned; not needed here, but every VJP takes it.
    A, B : ndarray
        The arguments of `multiply`.

    Returns
    -------
    tuple of ndarray
        dA, dB, with the shapes of A and B.

    Raises
    ------
    ValueError, TypeError
        As for `multiply`, and if Y or dY has not the shape of the product.

    Notes
    -----
    Equation `eq-multiply-vjp`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Adding and multiplying
    <sec-chain-add-multiply>`.
    """
    dY, Y, A, B = as_floats(dY=dY, Y=Y, A=A, B=B)
    why = f"A times B with the shapes {A.shape} and {B.shape}"
    check_shape("Y", Y, _check_pair(A, B), why)
    check_shape("dY", dY, Y.shape, "the gradient has the shape of Y")
    return unbroadcast(dY * B, A.shape), unbroadcast(dY * A, B.shape)


@np.errstate(all="ignore")  # an overflow is infinity, without a warning
def exp(X: Array) -> Any:
    """Return e to the power of X, entry by entry.

    Parameters
    ----------
    X : ndarray
        The exponents, any shape, float64 or float32.

    Returns
    -------
    ndarray
        The powers, in the shape and dtype of X. A value that is too large is
        infinity; NaN is passed on.

    Raises
    ------
    ValueError
        If X is empty.
    TypeError
        If X does not hold numbers.

    Notes
    -----
    Equation `def-exp`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Functions entry by entry
    <sec-chain-elementwise>`.
    """
    (X,) = as_floats(X=X)
    check_batch("X", X)
    return np.exp(X)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def exp_vjp(dY: Array, Y: Array, X: Array) -> tuple[Any]:
    """Return the gradient for X, given dY, the one for Y = exp(X).

    Parameters
    ----------
    dY : ndarray
        Gradient of the loss for Y.
    Y : ndarray
        What `exp` returned; it is its own derivative, so X is not needed.
    X : ndarray
        The argument of `exp`.

    Returns
    -------
    tuple of ndarray
        dX alone, with the shape of X.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, X is empty or an argument does not hold numbers of
        one precision.

    Notes
    -----
    Equation `eq-exp-vjp`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Functions entry by entry
    <sec-chain-elementwise>`.
    """
    dY, Y, X = as_floats(dY=dY, Y=Y, X=X)
    check_batch("X", X)
    check_shape("Y", Y, X.shape, "exp keeps the shape of X")
    check_shape("dY", dY, X.shape, "the gradient has the shape of Y")
    return (dY * Y,)


@np.errstate(all="ignore")  # log(0) is minus infinity, without a warning
def log(X: Array) -> Any:
    """Return the natural logarithm of X, entry by entry.

    Parameters
    ----------
    X : ndarray
        Positive numbers, any shape, float64 or float32.

    Returns
    -------
    ndarray
        The logarithms, in the shape and dtype of X: minus infinity for 0, NaN
        for a negative number. NaN is passed on.

    Raises
    ------
    ValueError
        If X is empty.
    TypeError
        If X does not hold numbers.

    Notes
    -----
    Equation `def-log`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Functions entry by entry
    <sec-chain-elementwise>`.
    """
    (X,) = as_floats(X=X)
    check_batch("X", X)
    return np.log(X)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def log_vjp(dY: Array, Y: Array, X: Array) -> tuple[Any]:
    """Return the gradient for X, given dY, the one for Y = log(X).

    Parameters
    ----------
    dY : ndarray
        Gradient of the loss for Y.
    Y : ndarray
        What `log` returned; not needed here, but every VJP takes it.
    X : ndarray
        The argument of `log`.

    Returns
    -------
    tuple of ndarray
        dX alone, with the shape of X.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, X is empty or an argument does not hold numbers of
        one precision.

    Notes
    -----
    Equation `eq-log-vjp`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section :ref:`Functions entry by entry
    <sec-chain-elementwise>`.
    """
    dY, Y, X = as_floats(dY=dY, Y=Y, X=X)
    check_batch("X", X)
    check_shape("Y", Y, X.shape, "log keeps the shape of X")
    check_shape("dY", dY, X.shape, "the gradient has the shape of Y")
    return (dY / X,)
