"""Axes and shapes that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpbook.ladder.case import NOT_NUMBERS, Case


def axis_cases() -> Iterator[Case]:
    """Yield calls of `sum_over` and its VJP with an axis that X has not, or something that is no axis."""
    X = np.ones((2, 3))
    not_there: list[Any] = [2, -3, (0, 2), (0, 0), (0, -2), (-1, 1), 10**30]
    no_axes: list[Any] = [True, (0, True), 1.0, (0, 1.0), "0", [0], (None,), ("0",), np.array([0]), np.float64(1.0)]
    bad = [(value, repr(value)) for value in (*not_there, *no_axes)]
    for value, shows in bad:
        for function, before, Y in (("sum_over", (), ()), ("sum_over_vjp", (np.ones(3), np.ones(3)), (3,))):
            yield Case(function, "axis", f"is {value!r} after a result of shape {Y}", (*before, X, value), ("axis",), shows)
    for keep in (None, 0, 1, "True", [True], np.array(True), 1.0):
        yield Case("sum_over", "keepdims", f"is {keep!r}", (X, 0, keep), ("keepdims",), str(keep)[:4])
        yield Case("sum_over_vjp", "keepdims", f"is {keep!r}", (np.ones(3), np.ones(3), X, 0, keep), ("keepdims",), str(keep)[:4])
    yield Case("sum_over", "axis", "is 0 for a number", (5.0, 0), ("axis",), "0")
    yield from _wrong_results(X)


def _wrong_results(X: Any) -> Iterator[Case]:
    """The result and its gradient must have the shape that the options say."""
    good = np.ones(3)
    for name, wrong in (("Y", np.ones((1, 3))), ("Y", np.ones(2)), ("dY", np.ones((1, 3))), ("dY", np.ones((2, 3)))):
        dY, Y = (wrong, good) if name == "dY" else (good, wrong)
        yield Case("sum_over_vjp", name, f"has shape {wrong.shape}", (dY, Y, X, 0), (name,), str(wrong.shape))
    yield Case("sum_over_vjp", "dY", "has lost an axis that is kept", (good, np.ones((1, 3)), X, 0, True), ("dY",), "(3,)")
    yield Case("sum_over_vjp", "Y", "has lost an axis that is kept", (good, good, X, 0, True), ("Y",), "(3,)")


def shape_cases() -> Iterator[Case]:
    """Yield calls of `unbroadcast` with a shape that cannot have become the shape of dY."""
    dY = np.ones((2, 3))
    for _, value, shows in NOT_NUMBERS:
        yield Case("unbroadcast", "dY", f"is {value!r:.40}", (value, ()), ("dY",), shows)
    for empty in ((0,), (0, 3), (2, 0)):
        yield Case("unbroadcast", "dY", f"is empty, with shape {empty}", (np.empty(empty), ()), ("dY",), str(empty))
    for shape in ((2,), (4,), (3, 2), (3, 3), (2, 3, 1), (1, 2, 3), (2, 0), (0,), (-3,), (2, -1), (6,)):
        yield Case("unbroadcast", "shape", f"is {shape}", (dY, shape), ("shape",), str(shape))
    for wrong in (None, 3, "23", [2, 3], (2.0, 3), (True, 3), ("2", "3"), (None,), np.array([2, 3]), {2, 3}):
        yield Case("unbroadcast", "shape", f"is {wrong!r:.40}", (dY, wrong), ("shape",), repr(wrong))
