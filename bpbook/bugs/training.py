"""Would a learner notice? Short trainings: does the loss go down although there is a bug?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

STEPS, LEARNING_RATE = 100, 0.2
START = 0.1  # size of the random weights at the start
ACTIVATIONS: tuple[tuple[str, dict[str, float]], ...] = (("tanh", {}), ("relu", {}), ("leaky_relu", {"slope": 0.1}))

LossAndGradient = Callable[[Any], tuple[Any, Any]]


def trains(bp: Any, seed: int = 0) -> bool:
    """Say whether the loss falls by a tenth or more in every training, without an error or warning.

    Parameters
    ----------
    bp : module
        A package with the public names of bpkit.
    seed : int
        Where the random data and the random starts begin.

    Returns
    -------
    bool
        What one would conclude from looking at the learning curves alone.
    """
    try:
        for loss_and_gradient, start in _problems(bp, seed):
            end, _ = bp.gradient_descent(loss_and_gradient, start, LEARNING_RATE, STEPS)
            first, last = (float(loss_and_gradient(point)[0]) for point in (start, end))
            if not last < first - 0.1 * abs(first):
                return False
        return _mini_batches(bp, seed)
    except Exception:
        return False


def _problems(bp: Any, seed: int) -> Iterator[tuple[LossAndGradient, Any]]:
    rng = np.random.default_rng(seed)
    X, targets, labels, classes = _data(rng)
    rows = 0.8 * np.eye(3)[classes] + 0.2 / 3
    problems = [
        (_regression(bp, X, targets), 8),
        (_classification(bp, X, labels), 4),
        (_squared_probability(bp, X, labels), 4),
        (_softmax_regression(bp, X, classes), 12),
        (_softmax_regression(bp, X, rows), 12),
        (_softmax_by_itself(bp, X, rows), 12),
        (_elementwise(bp, X, labels), 4),
        (_two_layers(bp, X, labels), 21),
        *((_activated(bp, X, labels, name, **options), 21) for name, options in ACTIVATIONS),
    ]
    for loss_and_gradient, size in problems:
        yield loss_and_gradient, START * rng.normal(size=size)


def _data(rng: np.random.Generator) -> tuple[Any, Any, Any, Any]:
    """Return inputs with two targets, a label 0 or 1, and one of three classes for each."""
    X = rng.normal(size=(60, 3))
    slopes = rng.normal(size=(3, 2)) * [2.0, 1.0]
    slopes[0, 0] += 2 * np.sign(slopes[0, 0])  # so that there is something to learn for every seed
    targets = X @ slopes + [1.0, -2.0] + 0.1 * rng.normal(size=(60, 2))
    labels = (rng.random(60) < 1 / (1 + np.exp(-2 * (X @ slopes[:, 0] + 0.5)))).astype(float)
    classes = np.argmax(np.column_stack([X @ slopes, np.zeros(60)]), axis=1)
    return X, targets, labels, classes


def _regression(bp: Any, X: Any, y: Any) -> LossAndGradient:
    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        W, b = parameters[:6].reshape(3, 2), parameters[6:]
        y_hat = bp.affine(X, W, b)
        L = bp.mse(y_hat, y)
        dy_hat, _ = bp.mse_vjp(1.0, L, y_hat, y)
        _, dW, db = bp.affine_vjp(dy_hat, y_hat, X, W, b)
        return L, np.concatenate([dW.ravel(), db])

    return loss_and_gradient


def _classification(bp: Any, X: Any, y: Any) -> LossAndGradient:
    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        w, b = parameters[:3], parameters[3]
        Z = bp.affine(X, w, b)
        L = bp.bce_logits(Z, y)
        dZ, _ = bp.bce_logits_vjp(1.0, L, Z, y)
        _, dw, db = bp.affine_vjp(dZ, Z, X, w, b)
        return L, np.append(dw, db)

    return loss_and_gradient


def _squared_probability(bp: Any, X: Any, y: Any) -> LossAndGradient:
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


def _softmax_regression(bp: Any, X: Any, y: Any) -> LossAndGradient:
    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        W, b = parameters[:9].reshape(3, 3), parameters[9:]
        Z = bp.affine(X, W, b)
        L = bp.cross_entropy_logits(Z, y)
        dZ, _ = bp.cross_entropy_logits_vjp(1.0, L, Z, y)
        _, dW, db = bp.affine_vjp(dZ, Z, X, W, b)
        return L, np.concatenate([dW.ravel(), db])

    return loss_and_gradient


def _softmax_by_itself(bp: Any, X: Any, y: Any) -> LossAndGradient:
    """Use softmax and logsumexp: the squared error of the probabilities, plus a small price for large scores."""

    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        W, b = parameters[:9].reshape(3, 3), parameters[9:]
        Z = bp.affine(X, W, b)
        P, size = bp.softmax(Z), bp.logsumexp(Z)
        fit, price = bp.mse(P, y), bp.mse(size, np.ones(len(X)))
        dP, _ = bp.mse_vjp(1.0, fit, P, y)
        dsize, _ = bp.mse_vjp(0.1, price, size, np.ones(len(X)))
        dZ = bp.softmax_vjp(dP, P, Z)[0] + bp.logsumexp_vjp(dsize, size, Z)[0]
        _, dW, db = bp.affine_vjp(dZ, Z, X, W, b)
        return fit + 0.1 * price, np.concatenate([dW.ravel(), db])

    return loss_and_gradient


def _elementwise(bp: Any, X: Any, y: Any) -> LossAndGradient:
    """Build the mean of log(1 + exp(Z)) - y Z out of elementary operations."""
    one, share = np.array(1.0), np.array(1 / len(X))

    def forward(w: Any, b: Any) -> tuple[Any, ...]:
        product = bp.matmul(X, w)
        Z = bp.add(product, b)
        E = bp.exp(Z)
        S = bp.add(E, one)
        G, T = bp.log(S), bp.multiply(-y, Z)
        each = bp.add(G, T)
        total = bp.sum_over(each)
        return product, Z, E, S, G, T, each, total, bp.multiply(total, share)

    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        w, b = parameters[:3], parameters[3]
        product, Z, E, S, G, T, each, total, L = forward(w, b)
        dtotal, _ = bp.multiply_vjp(np.array(1.0), L, total, share)
        (deach,) = bp.sum_over_vjp(dtotal, total, each)
        dG, dT = bp.add_vjp(deach, each, G, T)
        (dS,) = bp.log_vjp(dG, G, S)
        dE, _ = bp.add_vjp(dS, S, E, one)
        dZ = bp.multiply_vjp(dT, T, -y, Z)[1] + bp.exp_vjp(dE, E, Z)[0]
        dproduct, db = bp.add_vjp(dZ, Z, product, b)
        _, dw = bp.matmul_vjp(dproduct, product, X, w)
        return L, np.append(dw, db)

    return loss_and_gradient


def _two_layers(bp: Any, X: Any, y: Any) -> LossAndGradient:
    """Use four hidden units; the weights are 8 times the parameters, because tiny ones let hidden units learn little in 100 steps."""
    column = y.reshape(-1, 1)

    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        W1, b1, W2, b2 = np.split(8 * parameters, [12, 16, 20])
        weights = (W1.reshape(3, 4), b1, W2.reshape(4, 1), b2)
        Z1, A1, Z2 = bp.two_layer_forward(X, *weights)
        L = bp.bce_logits(Z2, column)
        dZ2, _ = bp.bce_logits_vjp(1.0, L, Z2, column)
        gradients = bp.two_layer_backward(dZ2, Z1, A1, Z2, X, *weights)
        return L, 8 * np.concatenate([gradient.ravel() for gradient in gradients])

    return loss_and_gradient


def _activated(bp: Any, X: Any, y: Any, name: str, **options: float) -> LossAndGradient:
    """Use four hidden units with one of the activations; the weights are 4 times the parameters, see above."""
    f, f_vjp = getattr(bp, name), getattr(bp, f"{name}_vjp")

    def loss_and_gradient(parameters: Any) -> tuple[Any, Any]:
        W1, b1, w2, b2 = np.split(4 * parameters, [12, 16, 20])
        W1, b2 = W1.reshape(3, 4), b2[0]
        Z1 = bp.affine(X, W1, b1)
        A1 = f(Z1, **options)
        Z2 = bp.affine(A1, w2, b2)
        L = bp.bce_logits(Z2, y)
        dZ2, _ = bp.bce_logits_vjp(1.0, L, Z2, y)
        dA1, dw2, db2 = bp.affine_vjp(dZ2, Z2, A1, w2, b2)
        (dZ1,) = f_vjp(dA1, A1, Z1, **options)
        _, dW1, db1 = bp.affine_vjp(dZ1, Z1, X, W1, b1)
        return L, 4 * np.concatenate([dW1.ravel(), db1, dw2, [db2]])

    return loss_and_gradient


def _mini_batches(bp: Any, seed: int) -> bool:
    """Say whether a network learns in the training loop of chapter 10: what its history tells, and its answers."""
    X, _, _, classes = _data(np.random.default_rng(seed))
    network = bp.dense_network((3, 8, 3), seed=seed)
    history = bp.train(network, X, classes, epochs=15, batch_size=16, learning_rate=0.3, seed=seed, progress=False)
    right = bp.accuracy(network.forward(X), classes)
    return bool(history.losses[-1] < 0.9 * history.losses[0] and right > 0.5 and bp.predict_classes(network, X).shape == (60,))
