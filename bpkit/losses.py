# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/01_linear_regression.ipynb
# - chapters/03_binary_cross_entropy.ipynb
# - chapters/04_softmax_cross_entropy.ipynb
"""Losses: how wrong a guess is, as one number, and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpkit.activations import _check_logits, _shift, sigmoid, softmax
from bpkit.validation import Array, as_floats, check_batch, check_finite, check_shape

__all__ = ["bce_logits", "bce_logits_vjp", "cross_entropy_logits", "cross_entropy_logits_vjp", "mse", "mse_vjp"]


@np.errstate(all="ignore")  # what is not finite is refused below
def mse(y_hat: Array, y: Array) -> Any:
    """Return the mean squared error, the mean of all (y_hat - y)**2.

    Parameters
    ----------
    y_hat : ndarray
        Predictions, any shape, float64 or float32.
    y : ndarray
        Targets, of the same shape.

    Returns
    -------
    float
        The loss, a scalar in the dtype of the arguments, in the squared unit of y.

    Raises
    ------
    ValueError
        If the shapes differ or the batch is empty.
    NotFiniteError
        If the loss is NaN or infinite.
    TypeError
        If an argument does not hold numbers, or float32 meets float64.

    Notes
    -----
    Equation `def-mse`; there is no factor 1/2.

    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`The mean squared error, guarded
    <sec-mse-guarded>`.
    """
    y_hat, y = as_floats(y_hat=y_hat, y=y)
    check_batch("y_hat", y_hat)
    check_shape("y", y, y_hat.shape, "one target for each prediction")
    L = ((y_hat - y) ** 2).mean()
    check_finite("mse", L)
    return L


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def mse_vjp(dL: Any, L: Any, y_hat: Array, y: Array) -> tuple[Any, Any]:
    """Return the gradients of the mean squared error for y_hat and y, times dL.

    Parameters
    ----------
    dL : float
        Gradient of what follows for the loss; 1.0 where the loss is the end.
    L : float
        What `mse` returned; not needed here, but every VJP takes it.
    y_hat, y : ndarray
        The arguments of `mse`.

    Returns
    -------
    tuple of ndarray
        dy_hat, dy, with the shapes of y_hat and y.

    Raises
    ------
    ValueError, TypeError
        As for `mse`, and if dL or L is not a scalar.

    Notes
    -----
    Equation `eq-mse-gradient`.

    Derived in :doc:`chapter 1 </chapters/01_linear_regression>`, section :ref:`The two VJPs in code <sec-vjp-code>`.
    """
    dL, L, y_hat, y = as_floats(dL=dL, L=L, y_hat=y_hat, y=y)
    check_shape("dL", dL, (), "the loss is a scalar")
    check_shape("L", L, (), "the loss is a scalar")
    check_batch("y_hat", y_hat)
    check_shape("y", y, y_hat.shape, "one target for each prediction")
    dy_hat = dL * (2 / y_hat.size) * (y_hat - y)
    return dy_hat, -dy_hat


def _check_labels(Z: Array, y: Array) -> tuple[Any, Any]:
    (Z,) = as_floats(Z=Z)
    (y,) = as_floats(y=y)
    check_batch("Z", Z)
    check_shape("y", y, Z.shape, "one label for each logit")
    if y.dtype.kind == "c":
        raise TypeError(f"y has dtype {y.dtype}, wanted the labels 0 and 1 as integers, booleans or floats")
    wrong = (y != 0) & (y != 1)
    if wrong.any():
        label = y[wrong].flat[0]
        raise ValueError(f"y holds the label {label}, wanted only 0 and 1")
    return Z, y.astype(Z.dtype)


@np.errstate(all="ignore")  # what is not finite is refused below
def bce_logits(Z: Array, y: Array) -> Any:
    """Return the binary cross-entropy of the labels y for the logits Z.

    Parameters
    ----------
    Z : ndarray
        Logits, any shape, float64 or float32.
    y : ndarray
        Labels 0 or 1, of the same shape.

    Returns
    -------
    float
        The mean over all entries, in nats, a scalar in the dtype of Z.
        The probabilities are sigmoid(Z). Stable for large logits.

    Raises
    ------
    ValueError
        If the shapes differ, the batch is empty or a label is neither 0 nor 1.
    NotFiniteError
        If the loss is NaN or infinite.
    TypeError
        If an argument does not hold numbers.

    Notes
    -----
    Equation `eq-bce-stable`.

    Derived in :doc:`chapter 3 </chapters/03_binary_cross_entropy>`, section :ref:`A loss that does not overflow
    <sec-bce-stable>`.
    """
    Z, y = _check_labels(Z, y)
    positive = np.real(Z) >= 0
    L = (np.where(positive, Z, 0) - Z * y + np.log1p(np.exp(np.where(positive, -Z, Z)))).mean()
    check_finite("bce_logits", L)
    return L


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def bce_logits_vjp(dL: Any, L: Any, Z: Array, y: Array) -> tuple[Any, None]:
    """Return dL times the gradient of the binary cross-entropy for Z, and None.

    Parameters
    ----------
    dL : float
        Gradient of what follows for the loss; 1.0 where the loss is the end.
    L : float
        What `bce_logits` returned; not needed here, but every VJP takes it.
    Z, y : ndarray
        The arguments of `bce_logits`.

    Returns
    -------
    tuple
        dZ with the shape of Z, and None: labels have no gradient.

    Raises
    ------
    ValueError, TypeError
        As for `bce_logits`, and if dL or L is not a scalar.

    Notes
    -----
    Equation `eq-bce-gradient`.

    Derived in :doc:`chapter 3 </chapters/03_binary_cross_entropy>`, section :ref:`A loss that does not overflow
    <sec-bce-stable>`.
    """
    Z, y = _check_labels(Z, y)
    dL, L, Z = as_floats(dL=dL, L=L, Z=Z)
    check_shape("dL", dL, (), "the loss is a scalar")
    check_shape("L", L, (), "the loss is a scalar")
    return dL * (sigmoid(Z) - y) / Z.size, None


def _check_rows(y: Array) -> Any:
    why = "in the shape of Z, rows are probabilities"
    if y.dtype.kind == "c":
        raise TypeError(f"y has dtype {y.dtype}, wanted real numbers: {why}")
    negative = ~(y >= -1e-6)  # NaN is caught here, too
    if np.any(negative):
        value = np.extract(negative, y)[0]
        raise ValueError(f"y holds the value {value}, wanted 0 or more: {why}")
    y = np.where(y < 0, 0, y)
    sums = y.sum(axis=-1, keepdims=True, dtype=np.float64)
    wrong = ~(np.abs(sums - 1) <= 1e-4)
    if np.any(wrong):
        value = np.extract(wrong, sums)[0]
        raise ValueError(f"y holds a row of sum {value:.7g}, wanted 1: {why}")
    return y / sums


def _one_hot(y: Array, k: int) -> Any:
    if y.dtype.kind not in "iu":
        why = f"y has the shape of class numbers, {y.shape}"
        raise TypeError(f"y has dtype {y.dtype}, wanted integers: {why}")
    wrong = (y < 0) | (y >= k)
    if wrong.any():
        label = np.extract(wrong, y)[0]
        raise ValueError(f"y holds the label {label}, wanted 0 to {k - 1}")
    return y[..., None] == np.arange(k)


def _check_targets(Z: Array, y: Array) -> tuple[Any, Any]:
    Z = _check_logits(Z)
    (rows,) = as_floats(y=y)
    if rows.shape == Z.shape:
        return Z, _check_rows(rows).astype(Z.dtype)
    why = f"a class for each row of Z (or rows of its shape, {Z.shape})"
    check_shape("y", rows, Z.shape[:-1], why)
    return Z, _one_hot(np.asarray(y), Z.shape[-1]).astype(Z.dtype)


@np.errstate(all="ignore")  # what is not finite is refused below
def cross_entropy_logits(Z: Array, y: Array) -> Any:
    """Return the cross-entropy of the targets y for the logits Z.

    Parameters
    ----------
    Z : (..., k) ndarray
        Logits, one for each class along the last axis, float64 or float32.
    y : ndarray
        Either class numbers from 0 to k - 1, integers in the shape of Z without
        its last axis; or rows of probabilities in the shape of Z. What rounding
        has left is mended: entries from -1e-6 to 0 count as 0, and each row is
        divided by its sum, which must be 1 up to 1e-4.

    Returns
    -------
    float
        The mean over all rows, in nats, a scalar in the dtype of Z. The
        probabilities are softmax(Z). Stable for large logits. A right answer
        that is sure up to about 1e-16 (1e-7 for float32) has the loss 0.

    Raises
    ------
    ValueError
        If the shapes do not fit, the batch is empty, a class number is out of
        range, or a row holds a negative number or has not the sum 1.
    NotFiniteError
        If the loss is NaN or infinite.
    TypeError
        If an argument does not hold numbers, or class numbers are not integers.

    Notes
    -----
    Equations `eq-ce`, `eq-ce-logits`.

    Derived in :doc:`chapter 4 </chapters/04_softmax_cross_entropy>`, section :ref:`The loss in code
    <sec-softmax-loss>`.
    """
    Z, Y = _check_targets(Z, y)
    shifted, _ = _shift(Z)
    total = np.exp(shifted).sum(axis=-1, keepdims=True)
    surprise = np.log(total) - shifted
    L = np.where(Y == 0, 0, Y * surprise).sum(axis=-1).mean()
    check_finite("cross_entropy_logits", L)
    return L


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def cross_entropy_logits_vjp(dL: Any, L: Any, Z: Array, y: Array) -> tuple[Any, None]:
    """Return dL times the gradient of the cross-entropy for Z, and None.

    Parameters
    ----------
    dL : float
        Gradient of what follows for the loss; 1.0 where the loss is the end.
    L : float
        What `cross_entropy_logits` returned; not needed here, but every VJP
        takes it.
    Z, y : ndarray
        The arguments of `cross_entropy_logits`.

    Returns
    -------
    tuple
        dZ with the shape of Z, and None: targets have no gradient here.

    Raises
    ------
    ValueError, TypeError
        As for `cross_entropy_logits`, and if dL or L is not a scalar.

    Notes
    -----
    Equation `eq-ce-gradient`.

    Derived in :doc:`chapter 4 </chapters/04_softmax_cross_entropy>`, section :ref:`The loss in code
    <sec-softmax-loss>`.
    """
    Z, Y = _check_targets(Z, y)
    dL, L, Z = as_floats(dL=dL, L=L, Z=Z)
    check_shape("dL", dL, (), "the loss is a scalar")
    check_shape("L", L, (), "the loss is a scalar")
    n = Z.size // Z.shape[-1]
    return dL * (softmax(Z) - Y) / n, None
