"""What is special about the activations of chapter 7 at the edge: saturation, tiny arguments, the kink, infinity, NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpbook.ladder.report import demand, same

HUGE = 1e4
BOTH: tuple[Any, ...] = (np.float64, np.float32)
EDGE = (-np.inf, -HUGE, -0.0, 0.0, HUGE, np.inf)


def _slopes(bp: Any, name: str, dtype: Any, **options: Any) -> tuple[Any, Any]:
    """Return the values at the edge and the slopes there."""
    Z = np.array(EDGE, dtype)
    A = getattr(bp, name)(Z, **options)
    (dZ,) = getattr(bp, f"{name}_vjp")(np.ones(len(EDGE), dtype), A, Z, **options)
    nothing = np.array([np.nan, 1.0], dtype)
    demand(np.isnan(getattr(bp, name)(nothing, **options)) == [True, False], f"{name}: NaN is not passed on, or to its neighbour")
    demand(getattr(bp, name)(3, **options) == getattr(bp, name)(np.array(3.0), **options), f"{name} of an integer is not that of the float")
    return A, dZ


def tanh(bp: Any) -> None:
    """It saturates at exactly -1 and 1 with the slope 0, and tiny arguments keep all their digits."""
    for dtype in BOTH:
        A, dZ = _slopes(bp, "tanh", dtype)
        demand(same(A, np.array([-1, -1, 0, 0, 1, 1], dtype)), f"tanh of {EDGE} is {A}")
        demand(same(dZ, np.array([0, 0, 1, 1, 0, 0], dtype)), f"the slopes of tanh at {EDGE} are {dZ}")
        tiny = np.array([1e-20, -1e-20], dtype)
        demand(same(bp.tanh(tiny), tiny), "tanh of a tiny number is not that number")
    demand(np.isnan(bp.tanh_vjp(np.array([np.inf]), np.ones(1), np.array([HUGE]))[0]), "inf times 0 is not NaN in tanh_vjp")


def relu(bp: Any) -> None:
    """Exactly z or exactly 0; the slope at the kink is 0."""
    for dtype in BOTH:
        A, dZ = _slopes(bp, "relu", dtype)
        demand(same(A, np.array([0, 0, 0, 0, HUGE, np.inf], dtype)), f"relu of {EDGE} is {A}")
        demand(same(dZ, np.array([0, 0, 0, 0, 1, 1], dtype)), f"the slopes of relu at {EDGE} are {dZ}")
        smallest = np.array([np.finfo(dtype).tiny, -np.finfo(dtype).tiny], dtype)
        (dZ,) = bp.relu_vjp(np.ones(2, dtype), bp.relu(smallest), smallest)
        demand(same(dZ, np.array([1, 0], dtype)), f"the slopes of relu at {smallest} are {dZ}")


def leaky_relu(bp: Any) -> None:
    """The slope on the left is the one that was asked for, also at the kink; 0 gives relu and 1 gives z itself."""
    Z = np.array([-2.0, -1e-3, 0.0, 0.5, 3.0])
    for dtype in BOTH:
        for slope in (0.01, 0.25, np.float64(0.25), np.float32(0.25), 1):
            A, dZ = _slopes(bp, "leaky_relu", dtype, slope=slope)
            left = dtype(float(slope))
            demand(same(A, np.array([-np.inf, left * dtype(-HUGE), 0, 0, HUGE, np.inf], dtype)), f"leaky_relu of {EDGE} is {A}")
            demand(same(dZ, np.array([left, left, left, left, 1, 1], dtype)), f"the slopes of leaky_relu at {EDGE} are {dZ}")
        cast = Z.astype(dtype)
        demand(same(bp.leaky_relu(cast, 0), bp.relu(cast)), "leaky_relu with the slope 0 is not relu")
        demand(same(bp.leaky_relu_vjp(cast, cast, cast, 0.0)[0], bp.relu_vjp(cast, cast, cast)[0]), "nor is its gradient")
        demand(same(bp.leaky_relu(cast, 1), cast), "leaky_relu with the slope 1 is not z itself")
