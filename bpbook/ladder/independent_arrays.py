"""The small operations on arrays again, written in another way, for HIPS autograd and for PyTorch.

`library` is `autograd.numpy` or `torch`. Nothing of bpkit is used here.
"""

from __future__ import annotations

from typing import Any

LOG2_OF_E = 1.4426950408889634


def add(library: Any, A: Any, B: Any) -> Any:
    """Return A minus the opposite of B."""
    return library.subtract(A, -B)


def multiply(library: Any, A: Any, B: Any) -> Any:
    """Return the product in Einstein's notation, which adds over an index that the result lacks: here one of length 1."""
    return library.einsum("nh,h->nh" if B.ndim == 1 else "nh,nh->nh" if A.shape == B.shape else "nh,nz->nh", A, B)


def exp(library: Any, X: Any) -> Any:
    """Return 2 to the power of x / ln 2."""
    return library.exp2(X * LOG2_OF_E)


def log(library: Any, X: Any) -> Any:
    """Return the logarithm to the base 2, times ln 2."""
    return library.log2(X) / LOG2_OF_E


def matmul(library: Any, A: Any, B: Any) -> Any:
    """Return the sum over d of A[:, d] B[d] in Einstein's notation."""
    return library.einsum("nd,dh->nh" if B.ndim == 2 else "nd,d->n", A, B)


def sum_over(library: Any, X: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum in Einstein's notation: over each letter that the result lacks."""
    axes = range(X.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {one % X.ndim for one in axes}
    letters = "abcd"[: X.ndim]
    left = "".join(letter for place, letter in enumerate(letters) if place not in gone)
    total = library.einsum(f"{letters}->{left}", X)
    return library.reshape(total, tuple(1 if place in gone else length for place, length in enumerate(X.shape))) if keepdims else total
