"""Bad input to the gradient checker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpbook.ladder.case import NOT_NUMBERS, Case

X = np.array([0.5, -1.0, 2.0])
OPTIONS: dict[str, tuple[Any, ...]] = {
    "method": ("centre", "Central", None, 3, ["central"]),
    "tolerance": (0, 0.0, -1e-7, np.nan, np.inf, None, "1e-7", True, 1j),
    "step": (0, 0.0, -1e-5, np.nan, np.inf, "small", True, 1j),
    "directions": (0, -1, 2.5, "3", True, [2], np.nan),
    "seed": (-1, 0.5, None, "0", True),
}
NO_OPTIONS: tuple[Any, ...] = (3, "axis", ["axis"])


def _f(x: Any) -> Any:
    return (x**2).sum()


def _gradient(x: Any) -> Any:
    return 2 * x


def _vjp(dY: Any, Y: Any, x: Any) -> Any:
    return (2 * dY * x,)


def gradcheck_cases() -> Iterator[Case]:
    """Yield calls of each function of the gradient checker with one bad argument."""
    calls: dict[str, tuple[tuple[Any, ...], dict[str, int], tuple[str, ...]]] = {
        "numerical_gradient": ((_f, X), {"f": 0, "x": 1}, ("method", "step")),
        "complex_step_gradient": ((_f, X), {"f": 0, "x": 1}, ("step",)),
        "check_gradient": ((_f, _gradient, X), {"f": 0, "x": 2}, tuple(OPTIONS)),
        "check_vjp": ((_f, _vjp, X), {"f": 0}, tuple(OPTIONS)),
    }
    for function, (good, places, options) in calls.items():
        for kind, value, shows in _functions():
            yield _replaced(function, "f", kind, good, places["f"], value, shows)
        for kind, value, shows in _arrays() if "x" in places else ():
            yield _replaced(function, "x", kind, good, places["x"], value, shows)
        for name in options:
            for value in OPTIONS[name]:
                yield Case(function, name, f"is {value!r:.40}", good, (name,), str(value), {name: value})
    yield Case("numerical_gradient", "method", "is complex", (_f, X), ("method",), "complex", {"method": "complex"})
    yield Case("numerical_gradient", "step", "is lost", (_f, X), ("step",), "1e-20", {"step": 1e-20})
    yield Case("check_gradient", "step", "is lost along a direction", (_f, _gradient, X), ("step",), "", {"step": 1e-20, "directions": 1})
    yield from _gradients()
    yield from _products()


def _replaced(function: str, argument: str, kind: str, good: tuple[Any, ...], place: int, value: Any, shows: str) -> Case:
    return Case(function, argument, kind, (*good[:place], value, *good[place + 1 :]), (argument,), shows)


def _functions() -> Iterator[tuple[str, Any, str]]:
    """Yield what is no scalar function."""
    yield "is None", None, "None"
    yield "is a number", 3.5, "3.5"
    yield "returns None", lambda x: None, "None"
    yield "returns float32", lambda x: np.float32(1.0), "float32"
    yield "returns strings", lambda x: np.array(["a"]), "<U1"


def _arrays() -> Iterator[tuple[str, Any, str]]:
    yield from NOT_NUMBERS
    yield "is float32", X.astype(np.float32), "float32"
    yield "is complex", X + 0j, "complex128"
    yield "is empty", np.empty((0, 3)), "(0, 3)"
    yield "holds NaN", np.array([1.0, np.nan]), "nan"
    yield "holds infinity", np.array([1.0, np.inf]), "inf"


def _gradients() -> Iterator[Case]:
    for kind, value, shows in _arrays():
        yield Case("gradient_error", "gradient", kind, (value, X), ("gradient",), shows)
        yield Case("gradient_error", "reference", kind, (X, value), ("reference",), shows)
        if not callable(value):
            yield Case("check_gradient", "gradient", kind, (_f, value, X), ("gradient",), shows)
        yield Case("check_gradient", "gradient", f"returns what {kind}", (_f, lambda x, value=value: value, X), ("gradient",), shows)
    for wrong in (X[:2], X[None], X[:, None], np.array(1.0)):
        yield Case("gradient_error", "gradient", f"has shape {wrong.shape}", (wrong, X), ("gradient",), str(wrong.shape))
        yield Case("check_gradient", "gradient", f"has shape {wrong.shape}", (_f, wrong, X), ("gradient",), str(wrong.shape))
    for shape in ((1,), (3,), (1, 1)):
        for function, arguments in (("numerical_gradient", ()), ("complex_step_gradient", ()), ("check_gradient", (_gradient,))):
            f = _constant(shape)
            yield Case(function, "f", f"returns shape {shape}", (f, *arguments, X), ("f",), str(shape))
    yield Case("check_gradient", "gradient", "returns a tuple", (_f, lambda x: (2 * x,), X), ("gradient",), "one of its entries")
    yield Case("numerical_gradient", "f", "returns a complex number", (lambda x: 1j, X), ("f",), "complex128")
    yield Case("complex_step_gradient", "f", "drops the imaginary part", (lambda x: np.sum(x.real), X), ("f",), "float64")


def _constant(shape: tuple[int, ...]) -> Any:
    return lambda x: np.sum(x) + np.zeros(shape)


def _products() -> Iterator[Case]:
    for kind, value, shows in (("is None", None, "None"), ("is a number", 3.5, "3.5")):
        yield Case("check_vjp", "f_vjp", kind, (_f, value, X), ("f_vjp",), shows)
    answers: tuple[tuple[str, Any, str], ...] = (
        ("returns an array", X, "array"),
        ("returns None", None, "None"),
        ("returns two gradients", (X, X), "2 gradients, wanted 1"),
        ("returns no gradient", (), "0 gradients"),
        ("returns only None", (None,), "None"),
    )
    for kind, answer, shows in answers:
        yield Case("check_vjp", "f_vjp", kind, (_f, lambda dY, Y, x, answer=answer: answer, X), ("f_vjp",), shows)
    for value in NO_OPTIONS:
        yield Case("check_vjp", "options", f"is {value!r:.40}", (_f, _vjp, X), ("options",), str(value), {"options": value})
    for wrong in (X[:2], X[:, None]):
        vjp = (lambda dY, Y, x, wrong=wrong: (wrong,), X)
        yield Case("check_vjp", "f_vjp", f"returns shape {wrong.shape}", (_f, *vjp), ("dx",), str(wrong.shape))
    arrays = (
        ("is float32", X.astype(np.float32), "float32"),
        ("is empty", np.empty(0), "(0,)"),
        ("holds NaN", np.array([np.nan]), "nan"),
    )
    for kind, array, shows in arrays:
        yield Case("check_vjp", "arguments", kind, (_f, _vjp, array), ("x", "f"), shows)
