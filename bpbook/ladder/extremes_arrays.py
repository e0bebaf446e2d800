"""What is special about the small operations on arrays at the edge: overflow, zero, infinity, and nothing that warns."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpbook.ladder.report import demand, refuses, same

HUGE = 1e4
BOTH = (np.float64, np.float32)
Shape = tuple[int, ...]
FITTING: tuple[tuple[Shape, Shape], ...] = (
    ((3, 2), ()),
    ((3, 2), (1,)),
    ((3, 1), (1, 2)),
    ((4, 3, 2), (3, 2)),
    ((4, 3, 2), (1, 2)),
    ((2, 2, 2), (2, 1)),
    ((3, 1), (1,)),
)
UNFITTING: tuple[tuple[Shape, Shape], ...] = (
    ((3, 1), (3,)),
    ((1, 3), (3, 1, 2)),
    ((3, 2), (3,)),
    ((3, 1), (2, 2, 2)),
    ((3, 2), (2, 3)),
    ((4, 1, 2), (3, 2)),
)


def add(bp: Any) -> None:
    """Infinity minus infinity is NaN; a column and a vector are refused, a single number is not."""
    demand(same(bp.add(np.array([np.inf, 1.0]), np.array([-np.inf, np.inf])), np.array([np.nan, np.inf])), "add does not pass on infinity")
    demand(same(bp.add(np.full(2, 1e308), np.full(2, 1e308)), np.full(2, np.inf)), "an overflow is not infinity")
    _stretched(bp, "add")


def multiply(bp: Any) -> None:
    """Zero times infinity is NaN; a column and a vector are refused, a single number is not."""
    demand(same(bp.multiply(np.array([0.0, 2.0]), np.full(2, np.inf)), np.array([np.nan, np.inf])), "multiply does not pass on infinity")
    demand(same(bp.multiply(np.full(2, 1e200), np.full(2, 1e200)), np.full(2, np.inf)), "an overflow is not infinity")
    _stretched(bp, "multiply")


def _stretched(bp: Any, name: str) -> None:
    """What may be stretched has the shape that NumPy gives it, and a gradient of its own shape; the rest is refused."""
    f, vjp = getattr(bp, name), getattr(bp, f"{name}_vjp")
    for left, right in FITTING:
        for one, other in ((left, right), (right, left)):
            A, B = np.full(one, 2.0), np.full(other, 3.0)
            Y = f(A, B)
            shape = np.broadcast_shapes(one, other)
            demand(np.shape(Y) == shape, f"{name} of {one} and {other} has shape {np.shape(Y)}, wanted {shape}")
            dA, dB = vjp(np.ones(shape), Y, A, B)
            shapes = np.shape(dA), np.shape(dB)
            demand(shapes == (one, other), f"{name}_vjp of {one} and {other} gives gradients of shapes {shapes}")
            demand(dA == np.prod(shape) / A.size * (1 if name == "add" else 3), f"{name}_vjp of {one} and {other}: dA is {dA}")
    for left, right in UNFITTING:
        for one, other in ((left, right), (right, left)):
            with refuses(f"{name} of {one} and {other}", ValueError, naming="B"):
                f(np.ones(one), np.ones(other))


def exp(bp: Any) -> None:
    """A power that is too large is infinity, one that is too small is 0; their gradients follow."""
    for dtype in BOTH:
        X = np.array([-np.inf, -HUGE, 0.0, HUGE, np.inf], dtype)
        Y = bp.exp(X)
        demand(same(Y, np.array([0.0, 0.0, 1.0, np.inf, np.inf], dtype)), f"exp of {X} is {Y}")
        demand(same(bp.exp_vjp(np.ones(5, dtype), Y, X)[0], Y), "exp_vjp is not exp at the edge")
    demand(np.isnan(bp.exp_vjp(np.zeros(1), np.array([np.inf]), np.array([HUGE]))[0]), "0 times infinity is not NaN in exp_vjp")


def log(bp: Any) -> None:
    """The logarithm of 0 is minus infinity, of a negative number NaN, and neither gives a warning."""
    for dtype in BOTH:
        X = np.array([0.0, 1.0, np.inf, -1.0], dtype)
        Y = bp.log(X)
        demand(same(Y, np.array([-np.inf, 0.0, np.inf, np.nan], dtype)), f"log of {X} is {Y}")
        slopes = bp.log_vjp(np.ones(4, dtype), Y, X)[0]
        demand(same(slopes, np.array([np.inf, 1.0, 0.0, -1.0], dtype)), f"log_vjp at {X} is {slopes}")


def matmul(bp: Any) -> None:
    """Infinity is passed on, and a value that cancels is NaN; neither gives a warning."""
    demand(same(bp.matmul(np.array([[np.inf, 1.0]]), np.ones(2)), np.array([np.inf])), "matmul does not pass on infinity")
    demand(same(bp.matmul(np.array([[np.inf, -np.inf]]), np.ones((2, 1))), np.array([[np.nan]])), "inf - inf is not NaN")
    demand(same(bp.matmul(np.full((1, 2), 1e308), np.ones(2)), np.array([np.inf])), "an overflow is not infinity")
    dA, _ = bp.matmul_vjp(np.array([np.inf]), np.zeros(1), np.zeros((1, 2)), np.zeros(2))
    demand(np.isnan(dA), "inf times 0 is not NaN in matmul_vjp")


def sum_over(bp: Any) -> None:
    """An axis counted from the end is the same axis; the order of a tuple does not matter; no axis changes nothing."""
    X = np.arange(24.0).reshape(2, 3, 4)
    for axis, other in ((-1, 2), ((0, -1), (2, 0)), (None, (0, 1, 2)), (1, (1,)), (np.int64(1), 1)):
        for keepdims in (False, True):
            Y = bp.sum_over(X, axis, keepdims)
            demand(same(Y, bp.sum_over(X, other, keepdims)), f"sum_over axis {axis} is not that over {other}")
            pair = [bp.sum_over_vjp(Y, Y, X, one, keepdims)[0] for one in (axis, other)]
            demand(same(*pair), f"sum_over_vjp over axis {axis} is not that over {other}")
    demand(same(bp.sum_over(X, ()), X) and same(bp.sum_over_vjp(X, X, X, ())[0], X), "a sum over no axis changes something")
    demand(same(bp.sum_over(5.0), np.float64(5.0)), "the sum of one number is not that number")
    demand(same(bp.sum_over(np.array([np.inf, -np.inf])), np.float64(np.nan)), "inf - inf is not NaN")
    demand(same(bp.sum_over(np.full(2, 1e308)), np.float64(np.inf)), "an overflow is not infinity")
