"""Would a learner notice? Three short trainings: does the loss go down although there is a bug?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

STEPS, LEARNING_RATE = 100, 0.2


def trains(bp: Any) -> bool:
    """Say whether the loss falls by a tenth or more in all three trainings, without an error or warning.

    Parameters
    ----------
    bp : module
        A package with the public names of bpkit.

    Returns
    -------
    bool
        What one would conclude from looking at the learning curve alone.
    """
    try:
        for loss_and_gradient, size in _problems(bp):
            end, _ = bp.gradient_descent(loss_and_gradient, np.zeros(size), LEARNING_RATE, STEPS)
            first, last = (float(loss_and_gradient(point)[0]) for point in (np.zeros(size), end))
            if not last < first - 0.1 * abs(first):
                return False
    except Exception:
        return False
    return True


def _problems(bp: Any) -> Iterator[tuple[Callable[[Any], tuple[Any, Any]], int]]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    slopes = rng.normal(size=(3, 2))
    targets = X @ slopes + [1.0, -2.0] + 0.1 * rng.normal(size=(60, 2))
    labels = (rng.random(60) < 1 / (1 + np.exp(-2 * (X @ slopes[:, 0] + 0.5)))).astype(float)
    yield _regression(bp, X, targets), 8
    yield _classification(bp, X, labels), 4
    yield _squared_probability(bp, X, labels), 4


def _regression(bp: Any, X: Any, y: Any) -> Callable[[Any], tuple[Any, Any]]:
    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        W, b = parameters[:6].reshape(3, 2), parameters[6:]
        y_hat = bp.affine(X, W, b)
        L = bp.mse(y_hat, y)
        dy_hat, _ = bp.mse_vjp(1.0, L, y_hat, y)
        _, dW, db = bp.affine_vjp(dy_hat, y_hat, X, W, b)
        return L, np.concatenate([dW.ravel(), db])

    return loss_and_gradient


def _classification(bp: Any, X: Any, y: Any) -> Callable[[Any], tuple[Any, Any]]:
    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        w, b = parameters[:3], parameters[3]
        Z = bp.affine(X, w, b)
        L = bp.bce_logits(Z, y)
        dZ, _ = bp.bce_logits_vjp(1.0, L, Z, y)
        _, dw, db = bp.affine_vjp(dZ, Z, X, w, b)
        return L, np.append(dw, db)

    return loss_and_gradient


def _squared_probability(bp: Any, X: Any, y: Any) -> Callable[[Any], tuple[Any, Any]]:
    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        w, b = parameters[:3], parameters[3]
        Z = bp.affine(X, w, b)
        A = bp.sigmoid(Z)
        L = bp.mse(A, y)
        dA, _ = bp.mse_vjp(1.0, L, A, y)
        (dZ,) = bp.sigmoid_vjp(dA, A, Z)
        _, dw, db = bp.affine_vjp(dZ, Z, X, w, b)
        return L, np.append(dw, db)

    return loss_and_gradient
