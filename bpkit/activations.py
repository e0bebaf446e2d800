# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/03_binary_cross_entropy.ipynb
# - chapters/04_softmax_cross_entropy.ipynb
# - chapters/07_activations.ipynb
"""Activations, the log-sum-exp, and their vector-Jacobian products."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpkit.validation import Array, as_floats, check_batch, check_shape

__all__ = [
    "leaky_relu",
    "leaky_relu_vjp",
    "logsumexp",
    "logsumexp_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "softmax",
    "softmax_vjp",
    "tanh",
    "tanh_vjp",
]


def sigmoid(Z: Array) -> Any:
    """Return 1 / (1 + exp(-Z)), entry by entry, without overflow.

    Parameters
    ----------
    Z : ndarray
        Logits, any shape, float64 or float32.

    Returns
    -------
    ndarray
        Values between 0 and 1, in the shape and dtype of Z. NaN is passed on.

    Raises
    ------
    ValueError
        If the batch is empty.
    TypeError
        If Z does not hold numbers.

    Notes
    -----
    Equations `eq-sigmoid`, `eq-sigmoid-stable`.

    Derived in :doc:`chapter 3 </chapters/03_binary_cross_entropy>`, section :ref:`The code of the sigmoid
    <sec-bce-sigmoid-code>`.
    """
    (Z,) = as_floats(Z=Z)
    check_batch("Z", Z)
    positive = np.real(Z) >= 0
    small = np.exp(np.where(positive, -Z, Z))
    return np.where(positive, 1, small) / (1 + small)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def sigmoid_vjp(dA: Array, A: Array, Z: Array) -> tuple[Any]:
    """Return the gradient for Z, given the gradient dA for A = sigmoid(Z).

    Parameters
    ----------
    dA : ndarray
        Gradient of the loss for A.
    A : ndarray
        What `sigmoid` returned; the derivative is A (1 - A), so Z is not
        needed.
    Z : ndarray
        The argument of `sigmoid`.

    Returns
    -------
    tuple of ndarray
        dZ alone, with the shape of Z.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, the batch is empty or an argument does not hold
        numbers of one precision.

    Notes
    -----
    Equation `eq-sigmoid-vjp`.

    Derived in :doc:`chapter 3 </chapters/03_binary_cross_entropy>`, section :ref:`The code of the sigmoid
    <sec-bce-sigmoid-code>`.
    """
    dA, A, Z = as_floats(dA=dA, A=A, Z=Z)
    check_batch("Z", Z)
    check_shape("A", A, Z.shape, "the sigmoid keeps the shape of Z")
    check_shape("dA", dA, Z.shape, "the gradient has the shape of A")
    return (dA * A * (1 - A),)


def _check_logits(Z: Array) -> Any:
    (Z,) = as_floats(Z=Z)
    if len(Z.shape) == 0:
        raise ValueError("Z has shape (), wanted (..., k): one logit for each class, along the last axis")
    check_batch("Z", Z)
    return Z


def _shift(Z: Array) -> tuple[Any, Any]:
    Z = _check_logits(Z)
    top = np.real(Z).max(axis=-1, keepdims=True)
    top = np.where(top == -np.inf, 0, top)  # -inf - (-inf) is NaN
    return Z - top, top


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def softmax(Z: Array) -> Any:
    """Return exp(Z), each row divided by its sum, without overflow.

    Parameters
    ----------
    Z : (..., k) ndarray
        Logits, one for each class along the last axis, float64 or float32.

    Returns
    -------
    (..., k) ndarray
        Probabilities: each row along the last axis has the sum 1. A logit of
        minus infinity gives the probability 0. A row that holds NaN or
        infinity, or minus infinity only, has no answer: all of it is NaN.

    Raises
    ------
    ValueError
        If Z has no axis or the batch is empty.
    TypeError
        If Z does not hold numbers.

    Notes
    -----
    Equations `def-softmax`, `eq-softmax-shift`.

    Derived in :doc:`chapter 4 </chapters/04_softmax_cross_entropy>`, section :ref:`Powers that overflow, and the code
    of the softmax <sec-softmax-overflow>`.
    """
    shifted, _ = _shift(Z)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=-1, keepdims=True)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def logsumexp(Z: Array) -> Any:
    """Return ln of the sum of exp(Z) along the last axis, without overflow.

    Parameters
    ----------
    Z : (..., k) ndarray
        Logits, one for each class along the last axis, float64 or float32.

    Returns
    -------
    (...) ndarray
        One number for each row: the last axis is gone. NaN and infinity are
        passed on.

    Raises
    ------
    ValueError
        If Z has no axis or the batch is empty.
    TypeError
        If Z does not hold numbers.

    Notes
    -----
    Equations `def-logsumexp`, `eq-logsumexp-shift`.

    Derived in :doc:`chapter 4 </chapters/04_softmax_cross_entropy>`, section :ref:`Powers that overflow, and the code
    of the softmax <sec-softmax-overflow>`.
    """
    shifted, top = _shift(Z)
    total, top = np.exp(shifted).sum(axis=-1), top[..., 0]
    total = np.where(top == np.inf, 1, total)  # inf - inf was NaN
    return np.log(total) + top


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def logsumexp_vjp(dY: Array, Y: Array, Z: Array) -> tuple[Any]:
    """Return the gradient for Z, given the gradient dY for Y = logsumexp(Z).

    Parameters
    ----------
    dY : (...) ndarray
        Gradient of the loss for Y.
    Y : (...) ndarray
        What `logsumexp` returned; not needed here, but every VJP takes it.
    Z : (..., k) ndarray
        The argument of `logsumexp`.

    Returns
    -------
    tuple of ndarray
        dZ alone, with the shape of Z.

    Raises
    ------
    ValueError, TypeError
        If the shapes do not fit, the batch is empty or an argument does not
        hold numbers of one precision.

    Notes
    -----
    Equation `eq-logsumexp-vjp`.

    Derived in :doc:`chapter 4 </chapters/04_softmax_cross_entropy>`, section :ref:`Powers that overflow, and the code
    of the softmax <sec-softmax-overflow>`.
    """
    dY, Y, Z = as_floats(dY=dY, Y=Y, Z=Z)
    Z = _check_logits(Z)
    why = f"logsumexp removes the last axis of Z, of shape {Z.shape}"
    check_shape("Y", Y, Z.shape[:-1], why)
    check_shape("dY", dY, Y.shape, "the gradient has the shape of Y")
    return (dY.reshape(*Y.shape, 1) * softmax(Z),)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def softmax_vjp(dP: Array, P: Array, Z: Array) -> tuple[Any]:
    """Return the gradient for Z, given the gradient dP for P = softmax(Z).

    Parameters
    ----------
    dP : (..., k) ndarray
        Gradient of the loss for P.
    P : (..., k) ndarray
        What `softmax` returned; Z itself is not needed.
    Z : (..., k) ndarray
        The argument of `softmax`.

    Returns
    -------
    tuple of ndarray
        dZ alone, with the shape of Z.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, the batch is empty or an argument does not hold
        numbers of one precision.

    Notes
    -----
    Equation `eq-softmax-vjp`. The Jacobian is never made.

    Derived in :doc:`chapter 4 </chapters/04_softmax_cross_entropy>`, section :ref:`All paths, without the table
    <sec-softmax-vjp>`.
    """
    dP, P, Z = as_floats(dP=dP, P=P, Z=Z)
    Z = _check_logits(Z)
    check_shape("P", P, Z.shape, "the softmax keeps the shape of Z")
    check_shape("dP", dP, Z.shape, "the gradient has the shape of P")
    return (P * (dP - (dP * P).sum(axis=-1, keepdims=True)),)


def tanh(Z: Array) -> Any:
    """Return the hyperbolic tangent of Z, entry by entry.

    Parameters
    ----------
    Z : ndarray
        Any shape, float64 or float32.

    Returns
    -------
    ndarray
        Values between -1 and 1, in the shape and dtype of Z. NaN is passed on.

    Raises
    ------
    ValueError
        If the batch is empty.
    TypeError
        If Z does not hold numbers.

    Notes
    -----
    Equations `def-tanh`, `eq-tanh-sigmoid`.

    Derived in :doc:`chapter 7 </chapters/07_activations>`, section :ref:`tanh: a sigmoid around zero <sec-act-tanh>`.
    """
    (Z,) = as_floats(Z=Z)
    check_batch("Z", Z)
    return np.tanh(Z)


def _check_activation(dA: Any, A: Any, Z: Any) -> list[Any]:
    dA, A, Z = as_floats(dA=dA, A=A, Z=Z)
    check_batch("Z", Z)
    check_shape("A", A, Z.shape, "an activation keeps the shape of Z")
    check_shape("dA", dA, Z.shape, "the gradient has the shape of A")
    return [dA, A, Z]


def _check_slope(slope: Any) -> float:
    numbers = (int, float, np.integer, np.floating)
    if isinstance(slope, bool) or not isinstance(slope, numbers):
        raise TypeError(f"slope is {slope!r:.60}, wanted a number")
    if not 0 <= slope <= 1:
        raise ValueError(f"slope is {slope!r:.60}, wanted a number from 0 to 1")
    return float(slope)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def tanh_vjp(dA: Array, A: Array, Z: Array) -> tuple[Any]:
    """Return the gradient for Z, given the gradient dA for A = tanh(Z).

    Parameters
    ----------
    dA : ndarray
        Gradient of the loss for A.
    A : ndarray
        What `tanh` returned; the derivative is 1 - A**2, so Z is not needed.
    Z : ndarray
        The argument of `tanh`.

    Returns
    -------
    tuple of ndarray
        dZ alone, with the shape of Z.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, the batch is empty or an argument does not hold
        numbers of one precision.

    Notes
    -----
    Equations `eq-tanh-derivative`, `eq-tanh-vjp`.

    Derived in :doc:`chapter 7 </chapters/07_activations>`, section :ref:`tanh: a sigmoid around zero <sec-act-tanh>`.
    """
    dA, A, Z = _check_activation(dA, A, Z)
    return (dA * (1 - A**2),)


def relu(Z: Array) -> Any:
    """Return max(Z, 0), entry by entry.

    Parameters
    ----------
    Z : ndarray
        Any shape, float64 or float32.

    Returns
    -------
    ndarray
        Z where it is positive and 0 elsewhere, in the shape and dtype of Z.
        NaN is passed on.

    Raises
    ------
    ValueError
        If the batch is empty.
    TypeError
        If Z does not hold numbers.

    Notes
    -----
    Equation `def-relu`.

    Derived in :doc:`chapter 7 </chapters/07_activations>`, section :ref:`ReLU and leaky ReLU: one bend, and nothing
    else <sec-act-relu>`.
    """
    (Z,) = as_floats(Z=Z)
    check_batch("Z", Z)
    return np.maximum(Z, 0)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def relu_vjp(dA: Array, A: Array, Z: Array) -> tuple[Any]:
    """Return the gradient for Z, given the gradient dA for A = relu(Z).

    Parameters
    ----------
    dA : ndarray
        Gradient of the loss for A.
    A : ndarray
        What `relu` returned; not needed here, but every VJP takes it.
    Z : ndarray
        The argument of `relu`. At the kink, where Z is 0, the derivative is
        taken to be 0.

    Returns
    -------
    tuple of ndarray
        dZ alone, with the shape of Z.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, the batch is empty or an argument does not hold
        numbers of one precision.

    Notes
    -----
    Equation `eq-relu-vjp`.

    Derived in :doc:`chapter 7 </chapters/07_activations>`, section :ref:`ReLU and leaky ReLU: one bend, and nothing
    else <sec-act-relu>`.
    """
    dA, A, Z = _check_activation(dA, A, Z)
    return (dA * (np.real(Z) > 0),)


@np.errstate(all="ignore")  # 0 times infinity is NaN, without a warning
def leaky_relu(Z: Array, slope: float = 0.01) -> Any:
    """Return Z where it is positive and slope * Z elsewhere, entry by entry.

    Parameters
    ----------
    Z : ndarray
        Any shape, float64 or float32.
    slope : float
        Slope to the left of zero, from 0 to 1.

    Returns
    -------
    ndarray
        The larger of Z and slope * Z, in the shape and dtype of Z. NaN is
        passed on.

    Raises
    ------
    ValueError
        If the batch is empty, or the slope is not between 0 and 1.
    TypeError
        If Z does not hold numbers, or the slope is no number.

    Notes
    -----
    Equation `def-leaky-relu`.

    Derived in :doc:`chapter 7 </chapters/07_activations>`, section :ref:`ReLU and leaky ReLU: one bend, and nothing
    else <sec-act-relu>`.
    """
    (Z,), slope = as_floats(Z=Z), _check_slope(slope)
    check_batch("Z", Z)
    return np.maximum(Z, slope * Z)


@np.errstate(all="ignore")  # NaN and infinity are passed on without a warning
def leaky_relu_vjp(dA: Array, A: Array, Z: Array, slope: float = 0.01) -> tuple[Any]:
    """Return the gradient for Z, given the gradient dA for A = leaky_relu(Z, slope).

    Parameters
    ----------
    dA : ndarray
        Gradient of the loss for A.
    A : ndarray
        What `leaky_relu` returned; not needed here, but every VJP takes it.
    Z : ndarray
        The argument of `leaky_relu`. At the kink, where Z is 0, the derivative
        is taken to be the slope on the left.
    slope : float
        Slope to the left of zero, from 0 to 1, the same as before.

    Returns
    -------
    tuple of ndarray
        dZ alone, with the shape of Z.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, the batch is empty, an argument does not hold
        numbers of one precision, or the slope is not a number from 0 to 1.

    Notes
    -----
    Equation `eq-leaky-relu-vjp`.

    Derived in :doc:`chapter 7 </chapters/07_activations>`, section :ref:`ReLU and leaky ReLU: one bend, and nothing
    else <sec-act-relu>`.
    """
    dA, A, Z = _check_activation(dA, A, Z)
    left = Z.dtype.type(_check_slope(slope))  # a Python float would make float64
    return (dA * np.maximum(np.real(Z) > 0, left),)
