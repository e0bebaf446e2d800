"""The definitions of the softmax family in SymPy, for whole arrays: one row of logits after the other."""

from __future__ import annotations

from typing import Any

import numpy as np


def _powers(Z: Any) -> Any:
    from sympy import exp

    return np.vectorize(exp, otypes=[object])(Z)


def softmax(Z: Any) -> Any:
    """Return exp(z) divided by the sum of exp(z) along the last axis."""
    powers = _powers(Z)
    return powers / powers.sum(axis=-1, keepdims=True)


def logsumexp(Z: Any) -> Any:
    """Return the logarithm of the sum of exp(z) along the last axis."""
    from sympy import log

    return np.vectorize(log, otypes=[object])(_powers(Z).sum(axis=-1))


def cross_entropy_classes(Z: Any, y: Any) -> Any:
    """Return the mean of -log p for the true class of each row: the definition, not the stable form."""
    from sympy import Rational, log

    P = softmax(Z).reshape(-1, Z.shape[-1])
    return -sum(log(row[label]) for row, label in zip(P, np.ravel(y), strict=True)) * Rational(1, len(P))


def cross_entropy_rows(Z: Any, y: Any) -> Any:
    """Return the mean over the rows of -sum(y log p): the definition, not the stable form."""
    from sympy import Rational, log

    P = softmax(Z)
    return -sum(target * log(p) for target, p in zip(y.ravel(), P.ravel(), strict=True)) * Rational(Z.shape[-1], Z.size)
