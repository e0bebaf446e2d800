"""Oracles for `unbroadcast`: it is the way back from NumPy's broadcasting, and a pure function."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from bpbook.ladder.report import demand, distance, same

Shape = tuple[int, ...]


def stretchings(longest: Shape) -> Iterator[Shape]:
    """Yield every shape that broadcasting can stretch to a given one."""
    for count in range(len(longest) + 1):
        tail = longest[len(longest) - count :]
        yield from dict.fromkeys(product(*({1, length} for length in tail)))


def adjoint(bp: Any) -> None:
    """The gradient against a small array is dY against the stretched array, for every shape that can be stretched."""
    rng = np.random.default_rng(0)
    for longest in ((), (1,), (3,), (2, 3), (3, 3), (4, 1), (2, 3, 4), (1, 3, 1)):
        dY = np.asarray(rng.normal(size=longest))
        for shape in stretchings(longest):
            small = np.asarray(rng.normal(size=shape))
            back = bp.unbroadcast(dY, shape)
            demand(np.shape(back) == shape, f"unbroadcast from {longest} to {shape} has shape {np.shape(back)}")
            ours, true = np.sum(back * small), np.sum(dY * np.broadcast_to(small, longest))
            demand(distance(ours, true) < 1e-12, f"unbroadcast from {longest} to {shape} is not the way back from broadcasting")


def whole_numbers(bp: Any) -> None:
    """Whole numbers are added exactly, so the result must be the same to the last bit."""
    dY = np.arange(1.0, 7.0).reshape(2, 3)
    known: tuple[tuple[Shape, Any], ...] = (
        ((2, 3), dY),
        ((3,), [5.0, 7.0, 9.0]),
        ((1, 3), [[5.0, 7.0, 9.0]]),
        ((2, 1), [[6.0], [15.0]]),
        ((1, 1), [[21.0]]),
        ((1,), [21.0]),
        ((), 21.0),
    )
    for shape, wanted in known:
        for dtype in (np.float64, np.float32):
            found = bp.unbroadcast(dY.astype(dtype), shape)
            demand(same(found, np.array(wanted, dtype)), f"unbroadcast to {shape} is {found!r}, wanted {wanted}")


def pure(bp: Any) -> None:
    """The argument is not written into, and the result has memory of its own."""
    dY = np.arange(6.0).reshape(2, 3)
    dY.flags.writeable = False
    for shape in stretchings((2, 3)):
        found = bp.unbroadcast(dY, shape)
        demand(not np.shares_memory(found, dY), f"unbroadcast to {shape} shares memory with dY")
        demand(same(found, bp.unbroadcast(dY, shape)), f"a second call of unbroadcast to {shape} gives another result")
    demand(same(bp.unbroadcast([[1, 2], [3, 4]], (2,)), np.array([4.0, 6.0])), "a list of whole numbers is not taken")
    demand(same(bp.unbroadcast(2.5, ()), np.float64(2.5)), "a Python number is not taken")


def complex_numbers(bp: Any) -> None:
    """Complex numbers are taken, for the complex step; NaN and infinity are passed on."""
    found = bp.unbroadcast(np.array([[1 + 2j, 3j], [1.0, 1j]]), (2,))
    demand(same(found, np.array([2 + 2j, 4j])), "unbroadcast changes complex numbers")
    found = bp.unbroadcast(np.array([[np.nan, np.inf, np.inf], [1.0, 1.0, -np.inf]]), (3,))
    demand(same(found, np.array([np.nan, np.inf, np.nan])), "unbroadcast does not pass on NaN and infinity")


ORACLES = (adjoint, whole_numbers, pure, complex_numbers)
