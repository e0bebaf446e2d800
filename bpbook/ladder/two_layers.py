"""Oracles for the network with one hidden layer: its values and gradients by pencil, by loops, and measured."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np

from bpbook.ladder.report import demand, distance, same
from bpkit.gradcheck import complex_step_gradient

FUNCTIONS = ("two_layer_forward", "two_layer_backward")
NAMES = ("dW1", "db1", "dW2", "db2")
SIZES = ((1, 1, 1, 1), (1, 2, 2, 1), (2, 2, 2, 2), (3, 3, 3, 3), (4, 1, 3, 2), (3, 2, 1, 2), (5, 2, 3, 4))  # n, d, h, k


def draw(n: int, d: int, h: int, k: int, seed: int = 0) -> tuple[Any, ...]:
    """Return X, W1, b1, W2, b2 with random entries."""
    rng = np.random.default_rng((seed, n, d, h, k))
    return tuple(rng.normal(size=shape) for shape in ((n, d), (d, h), (h,), (h, k), (k,)))


def _both(bp: Any, arguments: tuple[Any, ...], dZ2: Any) -> tuple[Any, ...]:
    values = bp.two_layer_forward(*arguments)
    return values, bp.two_layer_backward(dZ2, *values, *arguments)


def pencil(bp: Any) -> None:
    """Whole numbers with the square as activation: every entry is exact, worked out by pencil."""
    arguments = [np.array(array, float) for array in ([[1, 2], [0, -1]], [[1, -1], [2, 0]], [1, 0], [[1], [-3]], [5])]
    values = bp.two_layer_forward(*arguments, lambda Z: Z * Z)
    wanted: tuple[Any, ...] = ([[6, -1], [-1, 0]], [[36, 1], [1, 0]], [[38], [6]])
    for name, found, true in zip(("Z1", "A1", "Z2"), values, wanted, strict=True):
        demand(same(found, np.array(true, float)), f"{name} is {np.ravel(found)}, wanted {np.ravel(true)}")
    gradients = bp.two_layer_backward(np.array([[1.0], [-2.0]]), *values, *arguments, lambda dA, A, Z: (2 * dA * Z,))
    wanted = ([[12, 6], [20, 12]], [16, 6], [[34], [1]], [-1])
    for name, found, true in zip(NAMES, gradients, wanted, strict=True):
        demand(same(found, np.array(true, float)), f"{name} is {np.ravel(found)}, wanted {np.ravel(true)}")


def loops(bp: Any) -> None:
    """Plain numbers and loops, sample by sample and path by path, give the same values and gradients."""
    for sizes in SIZES:
        arguments = draw(*sizes)
        dZ2 = np.random.default_rng(sizes).normal(size=(sizes[0], sizes[3]))
        values, gradients = _both(bp, arguments, dZ2)
        demand(len(values) == 3 and len(gradients) == 4, f"{len(values)} values and {len(gradients)} gradients, wanted 3 and 4")
        true = _by_loops(arguments, dZ2)
        for name, ours, theirs in zip(("Z1", "A1", "Z2", *NAMES), (*values, *gradients), true, strict=True):
            error = distance(ours, theirs)
            demand(error < 1e-13, f"{name} is off from loops over all paths by {error:.3g}, sizes {sizes}")


def _by_loops(arguments: tuple[Any, ...], dZ2: Any) -> tuple[Any, ...]:
    X, W1, b1, W2, b2 = arguments
    (n, d), (h, k) = X.shape, W2.shape
    Z1 = np.array([[b1[j] + sum(X[i, c] * W1[c, j] for c in range(d)) for j in range(h)] for i in range(n)])
    A1 = np.array([[1 / (1 + exp(-z)) for z in row] for row in Z1])
    Z2 = np.array([[b2[m] + sum(A1[i, j] * W2[j, m] for j in range(h)) for m in range(k)] for i in range(n)])
    dW1, db1, dW2, db2 = (np.zeros(array.shape) for array in (W1, b1, W2, b2))
    for i in range(n):
        for m in range(k):
            db2[m] += dZ2[i, m]
            for j in range(h):
                dW2[j, m] += dZ2[i, m] * A1[i, j]
                path = dZ2[i, m] * W2[j, m] * A1[i, j] * (1 - A1[i, j])
                db1[j] += path
                dW1[:, j] += path * X[i]
    return Z1, A1, Z2, dW1, db1, dW2, db2


def measured(bp: Any) -> None:
    """The complex step through the forward pass measures the same gradients."""
    for sizes in SIZES:
        arguments = draw(*sizes, seed=1)
        dZ2 = np.random.default_rng(sizes).normal(size=(sizes[0], sizes[3]))
        _, gradients = _both(bp, arguments, dZ2)
        for place, (name, found) in enumerate(zip(NAMES, gradients, strict=True), start=1):

            def total(array: Any, place: int = place, arguments: Any = arguments, dZ2: Any = dZ2) -> Any:
                return np.sum(dZ2 * bp.two_layer_forward(*arguments[:place], array, *arguments[place + 1 :])[2])

            error = distance(found, complex_step_gradient(total, arguments[place]))
            demand(error < 1e-13, f"{name} is off from the complex step by {error:.3g}, sizes {sizes}")


def activations(bp: Any) -> None:
    """The activation of the caller is used, once, at Z1; its gradient gets dA1, A1 and Z1."""
    arguments = draw(5, 2, 3, 4)
    seen: list[Any] = []

    def f(Z: Any) -> Any:
        seen.append(np.array(Z))
        return np.sin(Z)

    Z1, A1, Z2 = bp.two_layer_forward(*arguments, f)
    demand(len(seen) == 1 and same(seen[0], Z1), "f is not called once, with Z1")
    demand(same(A1, np.sin(Z1)), "A1 is not f(Z1)")
    dZ2 = np.random.default_rng(0).normal(size=Z2.shape)

    def f_vjp(*given: Any) -> tuple[Any]:
        seen.append([np.array(array) for array in given])
        return (given[0] * np.cos(given[2]),)

    _, db1, _, _ = bp.two_layer_backward(dZ2, Z1, A1, Z2, *arguments, f_vjp)
    wanted = (dZ2 @ arguments[3].T, A1, Z1)
    demand(len(seen) == 2 and [distance(a, b) < 1e-14 for a, b in zip(seen[1], wanted, strict=True)], "f_vjp does not get dA1, A1, Z1")
    demand(distance(db1, (wanted[0] * np.cos(Z1)).sum(axis=0)) < 1e-14, "what f_vjp returns is not used")
    defaults = bp.two_layer_forward(*arguments)
    demand([same(a, b) for a, b in zip(defaults, bp.two_layer_forward(*arguments, bp.sigmoid), strict=True)], "f is not the sigmoid")


def contract(bp: Any) -> None:
    """Shapes, dtypes and purity, in both precisions; lists and integers are taken; twice dZ2 gives twice the gradients."""
    for sizes in SIZES:
        for dtype in (np.float64, np.float32):
            arguments = tuple(array.astype(dtype) for array in draw(*sizes))
            dZ2 = np.random.default_rng(1).normal(size=(sizes[0], sizes[3])).astype(dtype)
            _check_pass(bp, arguments, dZ2, f"sizes {sizes}, {np.dtype(dtype)}")
    whole = [[[1, 2], [3, 4], [5, 6]], [[1, 0], [0, 1]], [0, 0], [[1], [1]], [0]]
    values, gradients = _both(bp, tuple(whole), [[1], [1], [1]])
    arrays, true = _both(bp, tuple(np.array(array, float) for array in whole), np.ones((3, 1)))
    demand([same(a, b) for a, b in zip((*values, *gradients), (*arrays, *true), strict=True)], "lists of integers are not float64 arrays")


def _check_pass(bp: Any, arguments: tuple[Any, ...], dZ2: Any, where: str) -> None:
    before = [array.copy() for array in arguments]
    values, gradients = _both(bp, arguments, dZ2)
    demand([same(now, then) for now, then in zip(arguments, before, strict=True)], f"{where}: an argument was written into")
    demand(isinstance(values, tuple) and isinstance(gradients, tuple), f"{where}: a result is not a tuple")
    for name, gradient, array in zip(NAMES, gradients, arguments[1:], strict=True):
        demand(np.shape(gradient) == array.shape, f"{where}: {name} has shape {np.shape(gradient)}, wanted {array.shape}")
    results = (*values, *gradients)
    demand([result.dtype == arguments[0].dtype for result in results], f"{where}: a result has another dtype than the arguments")
    shared = [np.shares_memory(a, b) for a in results for b in (*arguments, dZ2)]
    demand(not any(shared), f"{where}: a result shares memory with an argument")
    kept = [result.copy() for result in values]
    for array in (*arguments, dZ2, *values):
        array.flags.writeable = False  # who only reads does not mind
    again, doubled = bp.two_layer_forward(*arguments), bp.two_layer_backward(2 * dZ2, *values, *arguments)
    demand([same(a, b) for a, b in zip(kept, again, strict=True)], f"{where}: a second call gives another result")
    demand([same(2 * a, b) for a, b in zip(gradients, doubled, strict=True)], f"{where}: twice dZ2 does not give twice the gradients")


def extremes(bp: Any) -> None:
    """Saturated units give no warning and a gradient of 0; NaN and infinity are passed on."""
    X, W1, b1, W2, b2 = draw(2, 2, 3, 1)
    far = (1e4 * X, W1, b1, W2, b2)
    values, gradients = _both(bp, far, np.ones((2, 1)))
    demand(np.isfinite(np.concatenate([np.ravel(result) for result in (*values, *gradients)])), "a saturated unit gives NaN or infinity")
    demand(np.abs(gradients[0]).max() < 1e-8, "a saturated unit learns")
    for place in range(5):
        for wrong in (np.nan, np.inf):
            broken = [array.copy() for array in (X, W1, b1, W2, b2)]
            broken[place].flat[0] = wrong
            values, _ = _both(bp, tuple(broken), np.ones((2, 1)))
            demand(not np.isnan(wrong) or np.isnan(values[2]).any(), f"NaN in argument {place} is not passed on")


def agrees_with_autograd(bp: Any) -> None:
    """HIPS autograd finds the same gradients of the mean cross-entropy of the whole network."""
    try:
        import autograd.numpy as library
        from autograd import grad
        from autograd.scipy.special import expit
    except ImportError:
        return

    def loss(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        Z2 = library.dot(expit(library.dot(X, W1) + b1), W2) + b2
        return library.mean(library.logaddexp(0.0, (1 - 2 * y) * Z2))

    X, *parameters = draw(5, 2, 3, 2, seed=2)
    y = np.random.default_rng(0).integers(0, 2, size=(5, 2)).astype(float)
    Z1, A1, Z2 = bp.two_layer_forward(X, *parameters)
    dZ2, _ = bp.bce_logits_vjp(1.0, bp.bce_logits(Z2, y), Z2, y)
    ours = bp.two_layer_backward(dZ2, Z1, A1, Z2, X, *parameters)
    for name, found, true in zip(NAMES, ours, grad(loss, argnum=(0, 1, 2, 3))(*parameters), strict=True):
        error = distance(found, true)
        demand(error < 1e-12, f"{name} of the cross-entropy is off from autograd by {error:.3g}")


ORACLES: tuple[Callable[[Any], None], ...] = (pencil, loops, measured, activations, contract, extremes, agrees_with_autograd)
