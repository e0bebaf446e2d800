"""Bad input to Adam and to the fast network."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from bpbook.ladder.case import Case
from bpbook.ladder.report import refuses

SETTINGS = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
NO_NUMBER: tuple[Any, ...] = (None, "0.1", [0.1], True, 1j, -0.1, np.nan, np.inf)


def adam_cases() -> Iterator[Case]:
    """Yield constructors of both variants with one bad setting."""
    for function in ("Adam", "FastAdam"):
        for name in SETTINGS:
            for value in (*NO_NUMBER, *((1, 1.0, 1.5) if name.startswith("beta") else (0, 0.0))):
                yield Case(function, name, f"is {value!r}", tuple({**SETTINGS, name: value}.values()), (name,), repr(value))


def fast_cases(bp: Any) -> Iterator[Case]:
    """Yield constructors of `FastNetwork` with a network, a batch size or an optimiser that it cannot use."""
    loss = bp.Loss(bp.mse, bp.mse_vjp)
    networks: tuple[tuple[str, Any, str], ...] = (
        ("is None", None, "None"),
        ("is a layer", bp.Affine(2, 1), "Affine"),
        ("has no loss", bp.Sequential(bp.Affine(2, 1)), "None"),
        ("ends with an activation", bp.Sequential(bp.Affine(2, 1), bp.Layer(bp.relu, bp.relu_vjp), loss=loss), "relu2"),
        ("has two affine layers in a row", bp.Sequential(bp.Affine(2, 2), bp.Affine(2, 1), loss=_loss(bp)), "affine2"),
        ("begins with an activation", bp.Sequential(bp.Layer(bp.tanh, bp.tanh_vjp), bp.Affine(2, 1), loss=_loss(bp)), "tanh1"),
        ("has an unknown activation", _with(bp, bp.Layer(bp.softmax, bp.softmax_vjp)), "softmax2"),
        ("has a subclass as activation", _with(bp, type("Other", (bp.Layer,), {})(bp.relu, bp.relu_vjp)), "relu2"),
        ("has an activation with another VJP", _with(bp, bp.Layer(bp.relu, bp.tanh_vjp)), "relu2"),
        ("has a loss with another VJP", bp.Sequential(bp.Affine(2, 1), loss=bp.Loss(bp.mse, bp.bce_logits_vjp)), "mse"),
        ("has a subclass as loss", bp.Sequential(bp.Affine(2, 1), loss=type("Other", (bp.Loss,), {})(bp.mse, bp.mse_vjp)), "Other"),
        ("has an unknown loss", bp.Sequential(bp.Affine(2, 1), loss=bp.Loss(_other_loss, bp.mse_vjp)), "_other_loss"),
    )
    for kind, network, shows in networks:
        yield Case("FastNetwork", "network", kind, (network, 4), ("network",), shows)
    good = bp.dense_network((2, 1), loss="mse")
    for value in (None, "3", 0, -1, 2.0, True, [3]):
        yield Case("FastNetwork", "batch_size", f"is {value!r}", (good, value), ("batch_size",), repr(value))
    optimisers: Any = ("Adam", 0.1, bp.Adam, SimpleNamespace(step=1))
    for other in optimisers:
        yield Case("FastNetwork", "optimiser", f"is {other!r:.30}", (good, 4, other), ("optimiser",), f"{other!r:.20}")


def _loss(bp: Any) -> Any:
    return bp.Loss(bp.mse, bp.mse_vjp)


def _with(bp: Any, layer: Any) -> Any:
    return bp.Sequential(bp.Affine(2, 2), layer, bp.Affine(2, 1), loss=_loss(bp))


def _other_loss(y_hat: Any, y: Any) -> Any:
    return np.abs(y_hat - y).mean()


def bad_batches(bp: Any) -> None:
    """A batch of the wrong shape, precision or kind, and a label that is none, are refused by name; a good one works afterwards."""
    X = np.zeros((3, 2))
    good: dict[str, Any] = {"mse": np.zeros((3, 2)), "bce": np.zeros((3, 2), int), "cross_entropy": np.zeros(3, int)}
    bad_X = (
        None,
        [[0.0, 1.0]],
        X[0],
        X[:, :1],
        np.zeros((0, 2)),
        np.zeros((5, 2)),
        X.astype(np.float32),
        X.astype(int),
        X + 0j,
        np.ma.array(X),
    )
    bad_y: dict[str, tuple[Any, ...]] = {
        "mse": (None, [0.0], np.zeros(3), np.zeros((3, 1)), np.zeros((1, 2)), np.zeros((3, 2), np.float32), np.ma.zeros((3, 2))),
        "bce": (
            None,
            np.zeros(3),
            np.zeros((3, 1)),
            np.full((3, 2), 2),
            np.full((3, 2), 0.5),
            np.full((3, 2), np.nan),
            np.full((3, 2), "0"),
        ),
        "cross_entropy": (
            None,
            np.zeros((3, 2)),
            np.zeros(2, int),
            np.zeros((3, 1), int),
            np.zeros(3),
            np.array([0, 1, 2]),
            np.array([0, -1, 1]),
        ),
    }
    for loss, y in good.items():
        fast = bp.FastNetwork(bp.dense_network((2, 2), loss=loss), 4)
        for value in bad_X:
            with refuses(f"{loss}: X is {value!r:.40}", naming="X"):
                fast.loss_and_gradient(value, y)
        for value in bad_y[loss]:
            with refuses(f"{loss}: y is {value!r:.40}", naming="y"):
                fast.loss_and_gradient(X, value)
        fast.loss_and_gradient(X, y)


def bad_vectors(bp: Any) -> None:
    """Vectors that do not fit each other, or cannot be written into, are refused by name."""
    fixed = np.ones(3)
    fixed.flags.writeable = False
    pairs = ((None, np.ones(3)), ([1.0], [1.0]), (np.ones(3, int), np.ones(3)), (fixed, np.ones(3)), (np.ones(3), np.ones(2)))
    for kind in (bp.Adam, bp.FastAdam):
        for theta, g in (*pairs, (np.ones(3), np.ones(3, np.float32)), (np.ones(3), None)):
            with refuses(f"{kind.__name__}: theta {theta!r:.30} with g {g!r:.30}"):
                kind().step(theta, g)


ORACLES = (bad_batches, bad_vectors)
