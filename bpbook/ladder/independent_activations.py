"""The activations of chapter 7 again, written in another way, for HIPS autograd and for PyTorch.

`library` is `autograd.numpy` or `torch`. Nothing of bpkit is used here.
"""

from __future__ import annotations

from typing import Any


def tanh(library: Any, Z: Any) -> Any:
    """Return twice the `expit` of SciPy at 2z, minus 1: autograd differentiates expit by a rule of its own."""
    from autograd.scipy.special import expit

    return 2 * expit(2 * Z) - 1


def tanh_torch(library: Any, Z: Any) -> Any:
    """Return PyTorch's own tanh."""
    return library.tanh(Z)


def relu(library: Any, Z: Any) -> Any:
    """Return half of z + |z|."""
    return (Z + library.abs(Z)) / 2


def relu_torch(library: Any, Z: Any) -> Any:
    """Return PyTorch's own relu."""
    return library.relu(Z)


def leaky_relu(library: Any, Z: Any, slope: float = 0.01) -> Any:
    """Return the mean of the two slopes times z, plus half of their difference times |z|."""
    return (1 + slope) / 2 * Z + (1 - slope) / 2 * library.abs(Z)


def leaky_relu_torch(library: Any, Z: Any, slope: float = 0.01) -> Any:
    """Return PyTorch's own leaky_relu."""
    return library.nn.functional.leaky_relu(Z, slope)
