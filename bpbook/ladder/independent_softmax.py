"""The softmax family again, written in another way, for HIPS autograd and for PyTorch.

`library` is `autograd.numpy` or `torch`. Nothing of bpkit is used here.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np


def softmax(library: Any, Z: Any) -> Any:
    """Return 1 / sum over j of exp(z_j - z_i): only differences, no power is divided by another."""
    return 1 / library.exp(Z[:, None, :] - Z[:, :, None]).sum(2)


def logsumexp(library: Any, Z: Any) -> Any:
    """Return log(exp(a) + exp(b)), from column to column."""
    return reduce(library.logaddexp, [Z[:, column] for column in range(Z.shape[1])])


def cross_entropy_classes(library: Any, Z: Any, y: Any) -> Any:
    """Return the mean of the logsumexp of the scores, each minus that of the true class."""
    own = Z[np.arange(len(y)), y]
    return library.mean(logsumexp(library, Z - own[:, None]))


def cross_entropy_rows(library: Any, Z: Any, y: Any) -> Any:
    """Return the mean over the rows of sum(y log(1 / p))."""
    return library.sum(y * library.log(library.exp(Z[:, None, :] - Z[:, :, None]).sum(2))) / len(Z)


def softmax_torch(library: Any, Z: Any) -> Any:
    """Return PyTorch's own softmax."""
    return library.softmax(Z, dim=-1)


def logsumexp_torch(library: Any, Z: Any) -> Any:
    """Return PyTorch's own logsumexp."""
    return library.logsumexp(Z, dim=-1)


def cross_entropy_torch(library: Any, Z: Any, y: Any) -> Any:
    """Return PyTorch's own cross-entropy, for class numbers and for rows of probabilities."""
    return library.nn.functional.cross_entropy(Z, y)
