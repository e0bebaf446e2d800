"""Bad input to layers, networks and files of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpbook.ladder.case import NOT_NUMBERS, Case

N, D, H = 5, 2, 3
AFFINE = {"dY": (N, H), "Y": (N, H), "X": (N, D), "W": (D, H), "b": (H,)}
NOT_WHOLE: tuple[Any, ...] = (None, "3", 0, -1, 2.0, True, [3])
NO_SEED: tuple[Any, ...] = (None, -1, 1.5, "0", True, [1])
NO_DTYPE: tuple[Any, ...] = (None, "half", np.int64, np.float16, "abc", 3, complex)


def layer_cases() -> Iterator[Case]:
    """Yield calls of `affine_parameters_vjp`, `Affine` and `dense_network` with one bad argument."""
    for name in AFFINE:
        yield from _bad_arrays(name)
    yield from _options("Affine", {"d": 2, "h": 3, "seed": 0, "dtype": np.float64}, {"d": NOT_WHOLE, "h": NOT_WHOLE})
    good = {"sizes": (2, 3, 1), "activation": "relu", "loss": "mse", "seed": 0, "dtype": np.float64}
    sizes = (None, 3, "23", (2,), (), [2, 0, 1], [2, 3.0, 1], (2, True), {2, 3}, (2, None), np.ones((2, 2), int), np.array(3), np.ones(2))
    names = (None, 1, "Relu", "", ["relu"], "softmax")
    yield from _options("dense_network", good, {"sizes": sizes, "activation": names, "loss": names})


def _options(function: str, good: dict[str, Any], bad: dict[str, tuple[Any, ...]]) -> Iterator[Case]:
    for name, values in {**bad, "seed": NO_SEED, "dtype": NO_DTYPE}.items():
        for value in values:
            shows = "" if name in ("sizes", "dtype") else repr(value)
            yield Case(function, name, f"is {value!r:.40}", tuple({**good, name: value}.values()), (name,), shows)


def _bad_arrays(name: str) -> Iterator[Case]:
    good = {key: np.full(shape, 0.5) for key, shape in AFFINE.items()}

    def case(kind: str, value: Any, names: tuple[str, ...], shows: str) -> Case:
        return Case("affine_parameters_vjp", name, kind, tuple({**good, name: value}.values()), names, shows)

    for kind, value, shows in NOT_NUMBERS:
        yield case(kind, value, (name,), shows)
    shape = AFFINE[name]
    for wrong in ((*shape, 1), (1, *shape), (2 * shape[0], *shape[1:]), (0, *shape[1:]), (), shape[::-1] if name != "b" else (H + 1,)):
        yield case(f"has shape {wrong}", np.ones(wrong), tuple(AFFINE), "shape")
    yield case("is float32 among float64", np.ones(shape, np.float32), (name,), "float32")


def made_layer_cases(bp: Any) -> Iterator[Case]:
    """Yield calls that need layers or networks of the package: of the classes, and of the functions for files."""
    for name in ("f", "f_vjp"):
        for value in (None, "relu", 1.0):
            for function in ("Layer", "Loss"):
                arguments = {"f": bp.relu, "f_vjp": bp.relu_vjp, name: value}
                yield Case(function, name, f"is {value!r}", tuple(arguments.values()), (name,), repr(value))
    for value in (None, bp.relu, bp.Loss(bp.mse, bp.mse_vjp), bp.dense_network((2, 1)), bp.Affine):
        yield Case("Sequential", "layers", f"is {value!r:.30}", (value,), ("layers",), f"{value!r:.20}")
    yield Case("Sequential", "layers", "is empty", (), ("layers",))
    for value in (bp.mse, bp.Layer(bp.relu, bp.relu_vjp), "mse"):
        yield Case("Sequential", "loss", f"is {value!r:.30}", (bp.Affine(2, 1),), ("loss",), f"{value!r:.20}", {"loss": value})
    network = bp.dense_network((2, 1))
    for function in ("save_parameters", "load_parameters"):
        paths: tuple[Any, ...] = (None, 1, ["a"], b"", "")
        for path in paths:
            yield Case(function, "path", f"is {path!r}", (path, network), ("path",), repr(path))
        networks: tuple[Any, ...] = (None, {}, np.ones(3), [network], bp.Sequential(bp.Layer(bp.relu, bp.relu_vjp)))
        for wrong in networks:
            yield Case(function, "network", f"is {wrong!r:.30}", ("nothing.npz", wrong), ("network",), f"{wrong!r:.20}")
