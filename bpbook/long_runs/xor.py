"""XOR learned from many random starts with the two-layer network of chapter 8: the runs that take minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

SEEDS = range(20)
HIDDEN = (2, 3, 4, 8)
SCALES = (0.1, 0.5, 1.0, 2.0, 4.0)
STEPS = 3000
# At a probability of one half the slope of the squared error is half that of the cross-entropy: with twice the
# learning rate both take the same first step there.
LEARNING_RATES = {"cross-entropy": 2.0, "squared error": 4.0}
SOLVED = 0.9  # the smallest probability that each right answer must get
SHOWN = tuple(int(step) for step in np.unique(np.geomspace(1, STEPS + 1, 60).round().astype(int) - 1))

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def start(seed: int, hidden: int, scale: float) -> list[Any]:
    """Return W1, b1, W2, b2: normal weights with this standard deviation, biases of zero."""
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(size=(2, hidden)), rng.normal(size=(hidden, 1))
    return [scale * W1, np.zeros(hidden), scale * W2, np.zeros(1)]


def walk(loss: str, parameters: list[Any]) -> Iterator[tuple[float, Any]]:
    """Yield the loss and the probability of each right answer before the first step and after each of them."""
    import bpkit as bp

    for _ in range(STEPS + 1):
        Z1, A1, Z2 = bp.two_layer_forward(X, *parameters)
        P = bp.sigmoid(Z2)
        if loss == "cross-entropy":
            L = bp.bce_logits(Z2, Y)
            dZ2, _ = bp.bce_logits_vjp(1.0, L, Z2, Y)
        else:
            L = bp.mse(P, Y)
            dP, _ = bp.mse_vjp(1.0, L, P, Y)
            (dZ2,) = bp.sigmoid_vjp(dP, P, Z2)
        yield float(L), np.where(Y == 1, P, 1 - P).ravel()
        gradients = bp.two_layer_backward(dZ2, Z1, A1, Z2, X, *parameters)
        parameters = [value - LEARNING_RATES[loss] * gradient for value, gradient in zip(parameters, gradients, strict=True)]


def solve(loss: str, parameters: list[Any]) -> dict[str, Any]:
    """Return the first step at which XOR was solved, or None and the probabilities of the right answers at the end."""
    right = np.zeros(4)
    for step, (_, right) in enumerate(walk(loss, parameters)):
        if right.min() >= SOLVED:
            return {"solved": step}
    return {"solved": None, "right": sorted(round(float(one), 2) for one in right)}


def curve(seed: int) -> list[float]:
    """Return the cross-entropy of two hidden units at the steps of SHOWN."""
    losses = [L for L, _ in walk("cross-entropy", start(seed, 2, 1.0))]
    return [float(f"{losses[step]:.4g}") for step in SHOWN]


def results() -> dict[str, Any]:
    """Return what came of every loss, number of hidden units, scale and seed, and learning curves."""
    cases = []
    for loss in LEARNING_RATES:
        for hidden in HIDDEN:
            for scale in SCALES:
                runs = [solve(loss, start(seed, hidden, scale)) for seed in SEEDS]
                stuck = {str(seed): run["right"] for seed, run in zip(SEEDS, runs, strict=True) if run["solved"] is None}
                solved = [run["solved"] for run in runs]
                cases.append({"loss": loss, "hidden": hidden, "scale": scale, "solved": solved, "stuck": stuck})
    curves = [curve(seed) for seed in SEEDS]
    return {"seeds": list(SEEDS), "steps": STEPS, "cases": cases, "shown": list(SHOWN), "curves": curves}
