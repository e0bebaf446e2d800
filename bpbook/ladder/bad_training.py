"""Bad input to the training loop, its optimiser and its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpbook.ladder.case import NOT_NUMBERS, Case

X, Y = np.ones((4, 3)), np.array([0, 1, 2, 0])


def training_cases(bp: Any) -> Iterator[Case]:
    """Yield calls with one bad argument of every function of `bpkit.training` and of the optimiser."""
    yield from _train(bp)
    yield from _accuracy()
    yield from _predict(bp)
    for value in (None, "0.1", [0.1], -0.1, 0, 0.0, np.nan, np.inf, True, 1j, np.array([0.1])):
        yield Case("GradientDescent", "learning_rate", f"is {value!r}", (value,), ("learning_rate",), str(value))


def _train(bp: Any) -> Iterator[Case]:
    def case(name: str, kind: str, value: Any, *names: str, shows: str = "", **more: Any) -> Case:
        # By name, because a copy of a network looks different from the network itself.
        good = {"network": bp.dense_network((3, 4, 3)), "X": X, "y": Y, "epochs": 1, "progress": False}
        return Case("train", name, kind, (), names or (name,), shows, {**good, name: value, **more})

    for value in (None, 3, "net", np.ones(3), len, bp.Sequential):
        yield case("network", f"is {value!r:.20}", value)
    yield case("network", "has no loss", bp.Sequential(bp.Affine(3, 3)), shows="None")
    yield case("network", "is float32 for float64 data", bp.dense_network((3, 3), dtype=np.float32), shows="float32")
    yield case("network", "has other inputs", bp.dense_network((2, 3)), "X", shows="3")
    for kind, value, shows in NOT_NUMBERS:
        yield case("X", kind, value, shows=shows)
        yield case("y", kind, value, shows=shows)
    for kind, value, shows in _bad_inputs():
        yield case("X", kind, value, shows=shows)
    yield case("X", "is float32 for a float64 network", X.astype(np.float32), shows="float32")
    yield case("X", "has another number of rows", X[:3], "y", shows="(4,)")
    labels: tuple[tuple[str, Any, str], ...] = (
        ("is a number", 1, "()"),
        ("has another number of entries", Y[:3], "(3,)"),
        ("is a column", Y[:, None], "(4, 1)"),
        ("has a class too many", Y + 1, "3"),
        ("has a negative class", Y - 1, "-1"),
        ("is float", Y.astype(float), "float64"),
        ("has rows of another sum", np.ones((4, 3)), "3"),
    )
    for kind, value, shows in labels:
        yield case("y", kind, value, shows=shows)
        yield case("validation", f"with labels: {kind}", (X, value), "y", shows=shows)
    for value in (None, -1, 2.0, "3", True, [3], np.nan):
        yield case("epochs", f"is {value!r}", value, shows=str(value))
        yield case("batch_size", f"is {value!r}", value, shows=str(value))
        yield case("seed", f"is {value!r}", value, shows=str(value))
    yield case("batch_size", "is 0", 0, shows="0")
    for value in (None, "0.1", [0.1], -0.1, 0, np.nan, np.inf, True):
        yield case("learning_rate", f"is {value!r}", value, shows=str(value))
    yield case("learning_rate", "comes with an optimiser", 0.5, shows="0.5", optimiser=bp.GradientDescent(0.1))
    for value in (0.1, "sgd", len, bp.GradientDescent, {"step": 1}):
        yield case("optimiser", f"is {value!r:.20}", value)
    for value in (1, X, "ab", (X,), (X, Y, 1), {0: X, 1: Y}):
        yield case("validation", f"is {value!r:.20}", value)
    for kind, value, shows in _bad_inputs():
        yield case("validation", f"with inputs: {kind}", (value, Y), "validation", shows=shows)
    yield case("validation", "has other columns", (X[:, :2], Y), "X", shows="2")
    yield case("validation", "is float32", (X.astype(np.float32), Y), shows="float32")
    for value in (1, 0, "yes", [True]):
        yield case("progress", f"is {value!r}", value, shows=str(value))


def _bad_inputs() -> Iterator[tuple[str, Any, str]]:
    yield "is a vector", X[:, 0], "(4,)"
    yield "is a number", 1.0, "()"
    yield "is empty", X[:0], "(0, 3)"
    yield "has no columns", X[:, :0], "(4, 0)"
    yield "is complex", X.astype(complex), "complex128"
    for value in (np.nan, np.inf, -np.inf):
        yield f"holds {value}", np.where(np.eye(4, 3), value, X), "NaN or infinity"


def _accuracy() -> Iterator[Case]:
    Z = np.zeros((4, 3))

    def case(name: str, kind: str, scores: Any, labels: Any, *names: str, shows: str = "") -> Case:
        return Case("accuracy", name, kind, (scores, labels), names or (name,), shows)

    for kind, value, shows in NOT_NUMBERS:
        yield case("Z", kind, value, Y, shows=shows)
        yield case("y", kind, Z, value, shows=shows)
    for kind, value, shows in (
        ("is empty", Z[:0], "(0, 3)"),
        ("has three axes", Z[None], "(1, 4, 3)"),
        ("is a number", 1.0, "()"),
        ("is complex", Z + 0j, "complex128"),
        ("holds NaN", np.where(np.eye(4, 3), np.nan, Z), "NaN"),
    ):
        yield case("Z", kind, value, Y, shows=shows)
    for kind, value, shows in (
        ("is a column", Y[:, None], "(4, 1)"),
        ("is one-hot", np.eye(3)[Y], "(4, 3)"),
        ("is a number", 1, "()"),
        ("is too short", Y[:3], "(3,)"),
        ("has a class too many", Y + 1, "3"),
        ("has a negative class", Y - 1, "-1"),
        ("has half a class", Y / 2, "0.5"),
        ("holds NaN", np.where(Y == 1, np.nan, Y), "nan"),
        ("is complex", Y + 0j, "complex128"),
    ):
        yield case("y", kind, Z, value, shows=shows)
    yield case("y", "is a row for one logit each", Z[:, :1], Y % 2, shows="(4,)")
    yield case("y", "is a column for a row of logits", Z[:, 0], (Y % 2)[:, None], shows="(4, 1)")
    yield case("y", "has -1 and 1 for one logit each", Z[:, 0], np.array([-1, 1, 1, 1]), shows="-1")


def _predict(bp: Any) -> Iterator[Case]:
    network = bp.dense_network((3, 4, 3))

    def case(name: str, kind: str, value: Any, shows: str = "") -> Case:
        good = {"network": network, "X": X, "batch_size": 2}
        return Case("predict_classes", name, kind, (), (name,), shows, {**good, name: value})

    for value in (None, 3, bp.Sequential):
        yield case("network", f"is {value!r:.20}", value)
    for kind, value, shows in (*NOT_NUMBERS, *_bad_inputs(), ("has other columns", X[:, :2], "2")):
        yield case("X", kind, value, shows)
    for value in (None, 0, -1, 2.0, "3", True):
        yield case("batch_size", f"is {value!r}", value, str(value))
