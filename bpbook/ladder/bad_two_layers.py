"""Bad input to the network with one hidden layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpbook.ladder.case import NOT_NUMBERS, Case

N, D, H, K = 5, 2, 3, 4  # no two alike
PARAMETERS = {"W1": (D, H), "b1": (H,), "W2": (H, K), "b2": (K,)}
FORWARD = {"X": (N, D), **PARAMETERS}
BACKWARD = {"dZ2": (N, K), "Z1": (N, H), "A1": (N, H), "Z2": (N, K), **FORWARD}


def two_layer_cases() -> Iterator[Case]:
    """Yield calls of both functions with one bad argument, or with an activation that answers badly."""
    for function, shapes in (("two_layer_forward", FORWARD), ("two_layer_backward", BACKWARD)):
        for name in shapes:
            yield from _bad_arrays(function, name, shapes)
    yield from _bad_activations()


def _arrays(shapes: dict[str, tuple[int, ...]], dtype: Any = np.float64) -> dict[str, Any]:
    return {name: np.full(shape, 0.5, dtype) for name, shape in shapes.items()}


def _bad_arrays(function: str, name: str, shapes: dict[str, tuple[int, ...]]) -> Iterator[Case]:
    good = _arrays(shapes)

    def case(kind: str, value: Any, names: tuple[str, ...], shows: str) -> Case:
        return Case(function, name, kind, tuple({**good, name: value}.values()), names, shows)

    for kind, value, shows in NOT_NUMBERS:
        yield case(kind, value, (name,), shows)
    for shape in _wrong(function, name, shapes[name]):
        yield case(f"has shape {shape}", np.ones(shape), (name,) if shape == (0,) else tuple(shapes), "shape")
    yield case("is a number", 1.0, (name,), "()")
    for others, own in ((np.float64, np.float32), (np.float32, np.float64)):
        cast = {**_arrays(shapes, others), name: good[name].astype(own)}
        yield Case(function, name, f"is {np.dtype(own)} among {np.dtype(others)}", tuple(cast.values()), (name,), np.dtype(own).name)


def _wrong(function: str, name: str, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    wrong = [(*shape, 1), (1, *shape), (2 * shape[0], *shape[1:]), (0, *shape[1:]), (1,), (0,)]
    if len(shape) == 2:
        rows, columns = shape
        wrong += [(columns, rows), (rows,), (columns,), (rows, 0), (rows, columns - 1), (rows, columns + 1), (rows, 1)]
    more_samples = function == "two_layer_forward" and name == "X"
    return [one for one in wrong if not (more_samples and one == (2 * N, D))]


def _bad_activations() -> Iterator[Case]:
    answers: list[tuple[str, Any, str]] = [
        ("returns None", None, "None"),
        ("returns a text", "abc", "abc"),
        ("returns a number", 0.5, "()"),
        ("returns one row", np.ones(H), "(3,)"),
        ("returns a column less", np.ones((N, H - 1)), "(5, 2)"),
        ("returns a transpose", np.ones((H, N)), "(3, 5)"),
        ("returns one axis more", np.ones((1, N, H)), "(1, 5, 3)"),
        ("returns float32", np.ones((N, H), np.float32), "float32"),
    ]
    for kind, answer, shows in answers:
        yield _with_activation("f", kind, lambda Z, answer=answer: answer, shows)
        yield _with_activation("f_vjp", f"{kind}, in a tuple", lambda dA, A, Z, answer=answer: (answer,), shows)
    alone: list[tuple[str, Any, str]] = [
        ("returns an array and no tuple", np.ones((N, H)), "ndarray"),
        ("returns nothing", None, "None"),
        ("returns an empty tuple", (), "with one gradient"),
        ("returns two gradients", (np.ones((N, H)), None), "with one gradient"),
    ]
    for kind, answer, shows in alone:
        yield _with_activation("f_vjp", kind, lambda dA, A, Z, answer=answer: answer, shows)
    for value, shows in ((None, "None"), (1.0, "1.0"), ("sigmoid", "sigmoid"), (np.ones((N, H)), "array")):
        for name in ("f", "f_vjp"):
            yield _with_activation(name, f"is {value!r:.20}", value, shows)


def _with_activation(name: str, kind: str, value: Any, shows: str) -> Case:
    function, shapes = ("two_layer_forward", FORWARD) if name == "f" else ("two_layer_backward", BACKWARD)
    return Case(function, name, kind, (*_arrays(shapes).values(), value), (name,), shows)
