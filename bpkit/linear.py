# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/01_linear_regression.ipynb
# - chapters/05_chain_rule.ipynb
# - chapters/09_layers.ipynb
"""The affine map and its vector-Jacobian product."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpkit.validation import Array, as_floats, check_batch, check_shape

__all__ = ["affine", "affine_parameters_vjp", "affine_vjp", "matmul", "matmul_vjp"]


def _check_affine(X: Array, W: Array, b: Array | float) -> None:
    if len(X.shape) != 2:
        raise ValueError(f"X has shape {X.shape}, wanted (n, d): one row for each sample")
    check_batch("X", X)
    if len(W.shape) not in (1, 2) or W.shape[0] != X.shape[1] or 0 in W.shape:
        raise ValueError(f"W has shape {W.shape}, wanted ({X.shape[1]}, h) or ({X.shape[1]},): one row for each column of X")
    check_shape("b", b, W.shape[1:], "one bias for each column of W")


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def affine(X: Array, W: Array, b: Array | float) -> Any:
    """Return X W + b, one row for each row of X.

    Parameters
    ----------
    X : (n, d) ndarray
        One sample in each row, float64 or float32.
    W : (d, h) or (d,) ndarray
        Weights: one column for each output, or a vector for a single output.
    b : (h,) or () ndarray
        Bias: one for each output.

    Returns
    -------
    (n, h) or (n,) ndarray
        The outputs, in the dtype of the arguments. NaN and infinity are passed on.

    Raises
    ------
    ValueError
        If the shapes do not fit or the batch is empty.
    TypeError
        If an argument does not hold numbers, or float32 meets float64.

    Notes
    -----
    Equation `def-affine`.

    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`The affine map, guarded <sec-affine>`.
    """
    X, W, b = as_floats(X=X, W=W, b=b)
    _check_affine(X, W, b)
    return X @ W + b


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def affine_vjp(dY: Array, Y: Array, X: Array, W: Array, b: Array | float) -> tuple[Any, Any, Any]:
    """Return the gradients for X, W and b, given dY, the one for Y = X W + b.

    Parameters
    ----------
    dY : (n, h) or (n,) ndarray
        Gradient of the loss for Y.
    Y : (n, h) or (n,) ndarray
        What `affine` returned; not needed here, but every VJP takes it.
    X, W, b : ndarray
        The arguments of `affine`.

    Returns
    -------
    tuple of ndarray
        dX, dW, db, with the shapes of X, W, b.

    Raises
    ------
    ValueError, TypeError
        As for `affine`, and if Y or dY has not the shape of X W + b.

    Notes
    -----
    Equations `eq-affine-dx`, `eq-affine-dw`, `eq-affine-db`.

    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`The two VJPs in code <sec-vjp-code>`.
    """
    dY, Y, X, W, b = as_floats(dY=dY, Y=Y, X=X, W=W, b=b)
    _check_affine(X, W, b)
    check_shape("Y", Y, X.shape[:1] + W.shape[1:], "Y = X W + b")
    check_shape("dY", dY, Y.shape, "the gradient has the shape of Y")
    dX = dY @ W.T if len(W.shape) == 2 else dY.reshape(-1, 1) * W
    return dX, X.T @ dY, dY.sum(axis=0)


def _check_product(A: Array, B: Array) -> None:
    if len(A.shape) != 2:
        raise ValueError(f"A has shape {A.shape}, wanted (n, d): a matrix")
    check_batch("A", A)
    columns = A.shape[1]
    if len(B.shape) not in (1, 2) or B.shape[0] != columns or 0 in B.shape:
        raise ValueError(f"B has shape {B.shape}, wanted ({columns}, h) or ({columns},): one row for each column of A")


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def matmul(A: Array, B: Array) -> Any:
    """Return the matrix product A B.

    Parameters
    ----------
    A : (n, d) ndarray
        The left factor, float64 or float32.
    B : (d, h) or (d,) ndarray
        The right factor: a matrix, or a vector.

    Returns
    -------
    (n, h) or (n,) ndarray
        The product, in the dtype of the arguments. NaN and infinity are
        passed on.

    Raises
    ------
    ValueError
        If the shapes do not fit or one of them is empty.
    TypeError
        If an argument does not hold numbers, or float32 meets float64.

    Notes
    -----
    Equation `def-matmul-entry`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section "The code".
    """
    A, B = as_floats(A=A, B=B)
    _check_product(A, B)
    return A @ B


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def matmul_vjp(dY: Array, Y: Array, A: Array, B: Array) -> tuple[Any, Any]:
    """Return the gradients for A and B, given dY, the one for Y = A B.

    Parameters
    ----------
    dY : (n, h) or (n,) ndarray
        Gradient of the loss for Y.
    Y : (n, h) or (n,) ndarray
        What `matmul` returned; not needed here, but every VJP takes it.
    A, B : ndarray
        The arguments of `matmul`.

    Returns
    -------
    tuple of ndarray
        dA, dB, with the shapes of A and B.

    Raises
    ------
    ValueError, TypeError
        As for `matmul`, and if Y or dY has not the shape of A B.

    Notes
    -----
    Equations `eq-matmul-vjp`, `eq-matmul-vector-vjp`.

    Derived in :doc:`chapter 5 </chapters/05_chain_rule>`, section "The code".
    """
    dY, Y, A, B = as_floats(dY=dY, Y=Y, A=A, B=B)
    _check_product(A, B)
    check_shape("Y", Y, A.shape[:1] + B.shape[1:], "Y = A B")
    check_shape("dY", dY, Y.shape, "the gradient has the shape of Y")
    dA = dY @ B.T if len(B.shape) == 2 else dY.reshape(-1, 1) * B
    return dA, A.T @ dY


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def affine_parameters_vjp(dY: Array, Y: Array, X: Array, W: Array, b: Array | float) -> tuple[None, Any, Any]:
    """Return None and the gradients for W and b: `affine_vjp` without dX.

    Parameters
    ----------
    dY : (n, h) or (n,) ndarray
        Gradient of the loss for Y.
    Y : (n, h) or (n,) ndarray
        What `affine` returned; not needed here, but every VJP takes it.
    X, W, b : ndarray
        The arguments of `affine`.

    Returns
    -------
    tuple
        None, dW, db: the same bits as `affine_vjp`, without the product for dX.

    Raises
    ------
    ValueError, TypeError
        As for `affine_vjp`.

    Notes
    -----
    Equations `eq-affine-dw`, `eq-affine-db`.

    Derived in :doc:`chapter 9 </chapters/09_layers>`, section "Layers with parameters, and losses".
    """
    dY, Y, X, W, b = as_floats(dY=dY, Y=Y, X=X, W=W, b=b)
    _check_affine(X, W, b)
    check_shape("Y", Y, X.shape[:1] + W.shape[1:], "Y = X W + b")
    check_shape("dY", dY, Y.shape, "the gradient has the shape of Y")
    return None, X.T @ dY, dY.sum(axis=0)
