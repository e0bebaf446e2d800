"""Oracles for the fast network and for Adam: the readable network, Adam number by number, and what is shared or refused."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np

from bpbook.ladder.report import demand, distance, refuses, same

FUNCTIONS = ("FastNetwork", "FastAdam", "Adam")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu")
LOSSES = ("mse", "bce", "cross_entropy")
SIZES = ((1, 1), (3, 2), (2, 3, 1), (4, 3, 5), (3, 4, 2, 3), (1, 2, 1, 4, 2))
TOLERANCE = {np.float32: 1e-6, np.float64: 1e-14}


def targets(loss: str, n: int, k: int, rng: Any, dtype: Any) -> Any:
    """Return targets for n rows of k outputs."""
    if loss == "cross_entropy":
        return rng.integers(0, k, size=n)
    return rng.normal(size=(n, k)).astype(dtype) if loss == "mse" else rng.integers(0, 2, size=(n, k))


def pair(bp: Any, sizes: tuple[int, ...], activation: str = "relu", loss: str = "mse", dtype: Any = np.float64) -> tuple[Any, Any]:
    """Return a readable network with parameters that are not small, and a fast one made from a copy of it."""
    readable = bp.dense_network(sizes, activation, loss, seed=1, dtype=dtype)
    readable.theta[...] += np.random.default_rng(2).normal(size=readable.theta.size).astype(dtype)
    return readable, bp.FastNetwork(copy.deepcopy(readable), 7)


def compare(bp: Any, sizes: tuple[int, ...], activation: str, loss: str, dtype: Any, scale: float = 1.0) -> None:
    """Demand the loss and the gradient of the readable network, for several batches in turn."""
    (readable, fast), rng = pair(bp, sizes, activation, loss, dtype), np.random.default_rng(sizes)
    for n in (7, 1, 4, 7):
        X, y = (scale * rng.normal(size=(n, sizes[0]))).astype(dtype), targets(loss, n, sizes[-1], rng, dtype)
        before = X.copy(), y.copy()
        L, g = readable.loss_and_gradient(X, y)
        what = f"{sizes}, {activation}, {loss}, {np.dtype(dtype)}, {n} rows: "
        found, gradient = fast.loss_and_gradient(X, y)
        demand(gradient is fast.g and fast.g is fast.network.g, f"{what}g is not the vector of the network")
        demand(type(found) is float, f"{what}the loss is a {type(found).__name__}, wanted a Python float")
        demand(abs(found - L) <= TOLERANCE[dtype] * max(1, abs(L)), f"{what}the loss is {found}, wanted {L}")
        for name, wanted in readable.gradients.items():
            off = float(np.linalg.norm(fast.network.gradients[name] - wanted)) / max(float(np.linalg.norm(g)), 1e-8)
            demand(off <= TOLERANCE[dtype], f"{what}the gradient of {name} is off by {off:.1e}")
        demand(fast.loss(X, y) == found, f"{what}the loss alone is another number")
        demand(same(X, before[0]) and same(y, before[1]), f"{what}the batch was changed")


def same_numbers(bp: Any) -> None:
    """All activations, losses, sizes and both precisions give the numbers of the readable network."""
    for sizes in SIZES:
        for activation in ACTIVATIONS:
            for loss in LOSSES:
                compare(bp, sizes, activation, loss, np.float64)
    for activation, loss in zip(ACTIVATIONS, (*LOSSES, "bce"), strict=True):
        compare(bp, (3, 4, 2, 3), activation, loss, np.float32)


def extremes(bp: Any) -> None:
    """Logits of ten thousand neither overflow nor warn, and the numbers stay right."""
    for loss in LOSSES:
        for activation in ("sigmoid", "tanh", "relu"):
            compare(bp, (2, 3, 2), activation, loss, np.float64, scale=1e4)
    for slope in (0.0, 0.3, 1.0):
        layers = (bp.Affine(2, 3, 1), bp.Layer(bp.leaky_relu, bp.leaky_relu_vjp, slope=slope), bp.Affine(3, 2, 2))
        readable = bp.Sequential(*layers, loss=bp.Loss(bp.mse, bp.mse_vjp))
        fast = bp.FastNetwork(copy.deepcopy(readable), 3)
        X, y = np.random.default_rng(0).normal(size=(2, 3, 2))
        demand(distance(fast.loss_and_gradient(X, y)[1], readable.loss_and_gradient(X, y)[1]) < 1e-14, f"slope {slope}: wrong gradient")
    _, fast = pair(bp, (2, 3, 2), "relu", "mse")
    with refuses("an input of NaN", bp.NotFiniteError, naming="mse"):
        fast.loss_and_gradient(np.full((2, 2), np.nan), np.zeros((2, 2)))


def sharing(bp: Any) -> None:
    """The two networks share theta and g; a copy, also through pickle, has vectors of its own."""
    readable = bp.dense_network((2, 3, 2), "tanh", seed=3)
    fast = bp.FastNetwork(readable, 4, bp.GradientDescent(0.5))
    demand(fast.theta is readable.theta and fast.g is readable.g, "theta or g is a copy")
    X, y = np.random.default_rng(0).normal(size=(4, 2)), np.array([0, 1, 1, 0])
    before, (L, g) = readable.theta.copy(), readable.loss_and_gradient(X, y)
    wanted = before - 0.5 * g
    demand(abs(fast.step(X, y) - L) < 1e-14, "step does not return the loss before the step")
    demand(distance(readable.theta, wanted) < 1e-14, "a step does not train the readable network")
    readable.theta[...] = before
    demand(abs(fast.loss(X, y) - L) < 1e-14, "a change of theta is not seen")
    _copies_train(bp)
    for other in (copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        demand(not np.shares_memory(other.theta, fast.theta), "a copy shares theta")
        other.step(X, y)
        demand(distance(other.theta, wanted) < 1e-14, "a copy does not train its own theta")
    demand(same(fast.theta, before), "a step of a copy changes the first network")


def _copies_train(bp: Any) -> None:
    X, y = np.random.default_rng(0).normal(size=(4, 2)), np.array([0, 1, 1, 0])
    first = bp.FastNetwork(bp.dense_network((2, 3, 2), "tanh", seed=3), 4, bp.FastAdam())
    first.step(X, y)
    copies = [copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    network, optimiser = copy.deepcopy((first.network, first.optimiser))
    first.step(X, y)
    for other in copies:
        other.step(X, y)
        demand(same(other.theta, first.theta), "a copy with a FastAdam in the middle of a training does not go on alike")
    optimiser.step(network.theta, network.loss_and_gradient(X, y)[1])
    demand(distance(network.theta, first.theta) < 1e-12, "a copied pair of a network and its FastAdam does not go on alike")


def refusals(bp: Any) -> None:
    """A step without an optimiser is refused, and new betas in the middle of a training; whole numbers are targets of float64."""
    adam, theta, g = bp.FastAdam(), np.ones(2), np.ones(2)
    adam.step(theta, g)
    adam.beta1 = 0.5
    with refuses("another beta1 after the first step", naming="beta1"):
        adam.step(theta, g)
    whole = bp.FastNetwork(bp.dense_network((2, 1), loss="mse"), 4)
    demand(
        whole.loss(np.ones((1, 2)), np.array([[3]])) == whole.loss(np.ones((1, 2)), np.array([[3.0]])), "whole targets give another loss"
    )
    fast = bp.FastNetwork(bp.dense_network((2, 1), loss="mse"), 4)
    with refuses("a step without an optimiser", RuntimeError, naming="optimiser"):
        fast.step(np.zeros((1, 2)), np.zeros((1, 1)))


def adam_by_hand(theta: Any, gradients: Any, rate: float, beta1: float, beta2: float, epsilon: float) -> list[float]:
    """Return Adam's result, one parameter after the other, with the sums that the averages stand for."""
    found = []
    for start, history in zip(theta, np.transpose(gradients), strict=True):
        value = float(start)
        for t in range(1, len(history) + 1):
            ages = range(t - 1, -1, -1)
            m = math.fsum((1 - beta1) * beta1**age * g for age, g in zip(ages, history[:t], strict=True))
            v = math.fsum((1 - beta2) * beta2**age * g * g for age, g in zip(ages, history[:t], strict=True))
            value -= rate * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + epsilon)
        found.append(value)
    return found


def adam(bp: Any) -> None:
    """Twelve steps of both variants are those of the sums, for usual and for other settings; g and its array are not touched."""
    rng = np.random.default_rng(5)
    gradients = rng.normal(size=(12, 5)) * np.array([1e3, 1, 1e-3, 1e-8, 0])
    for settings in ((1e-3, 0.9, 0.999, 1e-8), (0.1, 0.0, 0.5, 1e-3), (0.02, 0.99, 0.0, 1e-6)):
        theta = rng.normal(size=5)
        wanted = adam_by_hand(theta, gradients, *settings)
        for kind in (bp.Adam, bp.FastAdam):
            optimiser, found, g = kind(*settings), theta.copy(), np.empty(5)
            for row in gradients:
                g[...] = row
                demand(optimiser.step(found, g) is None, f"{kind.__name__}: step returns something")
                demand(same(g, row), f"{kind.__name__}: g was changed")
            what = f"{kind.__name__}{settings}"
            demand(distance(found, wanted) < 1e-13, f"{what}: twelve steps are off by {distance(found, wanted):.1e}")
            demand(optimiser.t == 12, f"{what}: t is {optimiser.t}, wanted 12")


def adam_state(bp: Any) -> None:
    """Default settings; float32 stays float32; new arrays of the same shape carry on; another shape is refused."""
    rng = np.random.default_rng(6)
    for kind in (bp.Adam, bp.FastAdam):
        optimiser, theta = kind(), np.ones(3, np.float32)
        settings = (optimiser.learning_rate, optimiser.beta1, optimiser.beta2, optimiser.epsilon)
        demand(settings == (0.001, 0.9, 0.999, 1e-8), f"{kind.__name__}: the default settings are {settings}")
        first, second = rng.normal(size=(2, 3)).astype(np.float32)
        optimiser.step(theta, first)
        wanted = adam_by_hand(np.ones(3), np.array([first, second], float), *settings)
        moved = theta.copy()  # another array, and another gradient array
        optimiser.step(moved, second)
        demand(moved.dtype == np.float32 and optimiser.m.dtype == np.float32, f"{kind.__name__}: float32 does not stay float32")
        demand(distance(moved - 1, np.array(wanted) - 1) < 1e-3, f"{kind.__name__}: a second pair of arrays does not carry on")
        wrong: Any = ((np.ones(4), np.ones(4), "theta"), (np.ones(3), np.ones(3), "theta"), (moved, np.ones(2), "g"))
        for other, g, naming in wrong:
            with refuses(f"{kind.__name__}: {other.dtype}{other.shape} after float32(3,)", naming=naming):
                optimiser.step(other, g.astype(other.dtype))


def adam_blocks(bp: Any) -> None:
    """A vector of several blocks, and one whose last block is short, get the steps of the readable Adam."""
    for size in (1, bp.FastAdam.block, 2 * bp.FastAdam.block + 3):
        rng = np.random.default_rng(size)
        slow, quick = (np.ones(size) for _ in range(2))
        readable, fast, g = bp.Adam(), bp.FastAdam(), np.empty(size)
        for _ in range(3):
            g[...] = rng.normal(size=size)
            readable.step(slow, g)
            fast.step(quick, g)
        demand(distance(quick, slow) < 1e-14, f"{size} parameters: off by {distance(quick, slow):.1e}")


def training(bp: Any) -> None:
    """Adam and FastAdam can be given to `train`."""
    X, y = np.random.default_rng(1).normal(size=(20, 2)), np.arange(20) % 2
    ends = []
    for kind in (bp.Adam, bp.FastAdam):
        network = bp.dense_network((2, 3, 2), "tanh", seed=4)
        bp.train(network, X, y, epochs=3, batch_size=8, optimiser=kind(0.01), progress=False)
        ends.append(network.theta)
    demand(distance(*ends) < 1e-12, "the two variants of Adam train to different parameters")


ORACLES = (same_numbers, extremes, sharing, refusals, adam, adam_state, adam_blocks, training)
