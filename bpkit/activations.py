# Written by `python -m bpbook tangle`; do not edit: change the chapter, then run `make tangle`.
# - chapters/03_binary_cross_entropy.ipynb
"""Activations, entry by entry, and their vector-Jacobian products."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpkit.validation import Array, as_floats, check_batch, check_shape

__all__ = ["sigmoid", "sigmoid_vjp"]


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
