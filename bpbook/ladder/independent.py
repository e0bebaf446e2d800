"""The operations again, written in another way, for HIPS autograd and for PyTorch.

`library` is `autograd.numpy` or `torch`. Nothing of bpkit is used here.
"""

from __future__ import annotations

from typing import Any


def affine(library: Any, X: Any, W: Any, b: Any) -> Any:
    """Return the sum over k of X[:, k] W[k], plus b, in Einstein's notation."""
    return library.einsum("nk,kh->nh" if W.ndim == 2 else "nk,k->n", X, W) + b


def mse(library: Any, y_hat: Any, y: Any) -> Any:
    """Return the squared length of the residual, divided by its number of entries."""
    residual = (y - y_hat).reshape(-1)
    return library.dot(residual, residual) / len(residual)


def sigmoid(library: Any, Z: Any) -> Any:
    """Return the `expit` of SciPy, which autograd knows how to differentiate."""
    from autograd.scipy.special import expit

    return expit(Z)


def bce_logits(library: Any, Z: Any, y: Any) -> Any:
    """Return the mean of log(1 + exp(-z)) where the label is 1 and of log(1 + exp(z)) where it is 0."""
    return library.mean(library.logaddexp(0.0, (1 - 2 * y) * Z))


def sigmoid_torch(library: Any, Z: Any) -> Any:
    """Return PyTorch's own sigmoid."""
    return library.sigmoid(Z)


def bce_logits_torch(library: Any, Z: Any, y: Any) -> Any:
    """Return PyTorch's own binary cross-entropy on logits."""
    return library.nn.functional.binary_cross_entropy_with_logits(Z, y)
