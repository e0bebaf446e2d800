"""Operations entry by entry, with and without broadcasting, in the table of operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpbook.ladder import extremes_arrays, formulas_arrays, independent_arrays
from bpbook.ladder.operation import ND, Arrays, Generator, Operation, Sizes, normal

START, SHORTER, LONGER = "has one more axis at the start", "has one column less", "is twice as long"
NUMBER = ("is a number", "is an array without axes")


def _each(*, A: tuple[str, ...] = (), B: tuple[str, ...] = ()) -> frozenset[tuple[str, str]]:
    return frozenset({("A", kind) for kind in A} | {("B", kind) for kind in B})


# What B looks like beside A of shape (n, h); which wrong shapes broadcasting makes right; and with which of them
# the result keeps its shape, so that they are right for the VJP too.
PARTNERS: dict[str, tuple[Any, Any, Any]] = {
    "": (
        lambda n, h: (n, h),
        _each(A=(*NUMBER, START, SHORTER), B=(*NUMBER, START, SHORTER)),
        _each(A=(*NUMBER, SHORTER), B=(*NUMBER, SHORTER)),
    ),
    ", a row": (lambda n, h: (h,), _each(A=(*NUMBER, START, LONGER), B=(*NUMBER, START)), _each(B=(*NUMBER, START))),
    ", a column": (lambda n, h: (n, 1), _each(A=(*NUMBER, START, SHORTER), B=NUMBER), _each(B=NUMBER)),
}


def _pairs(name: str) -> tuple[Operation, ...]:
    return tuple(
        Operation(
            name=name + partner,
            function=name,
            arguments=("A", "B"),
            draw=normal(lambda n, h: (n, h), shape),
            sizes=ND,
            formula=getattr(formulas_arrays, name),
            derivatives=getattr(formulas_arrays, f"{name.upper()}_DERIVATIVES"),
            points=((0.0, 0.0), (1.5, -2.0), (-3.0, 0.125), (1e3, 1e-3)),
            independent=getattr(independent_arrays, name),
            torch=getattr(independent_arrays, name),
            extremes=getattr(extremes_arrays, name),
            free=free,
            free_vjp=free_vjp,
        )
        for partner, (shape, free, free_vjp) in PARTNERS.items()
    )


def _positive(rng: Generator, *sizes: int) -> Arrays:
    return (np.asarray(rng.uniform(0.5, 3.0, size=sizes)),)


def _one(name: str, points: Sizes | tuple[float, ...]) -> Operation:
    return Operation(
        name=name,
        function=name,
        arguments=("X",),
        draw=_positive if name == "log" else normal(lambda n, h: (n, h)),
        sizes=ND,
        formula=getattr(formulas_arrays, name),
        derivatives=getattr(formulas_arrays, f"{name.upper()}_DERIVATIVES"),
        points=tuple((point,) for point in points),
        independent=getattr(independent_arrays, name),
        torch=getattr(independent_arrays, name),
        extremes=getattr(extremes_arrays, name),
    )


ELEMENTWISE = (
    *_pairs("add"),
    *_pairs("multiply"),
    _one("exp", (-700.0, -40.0, -3.25, 0.0, 0.75, 2.5, 40.0, 700.0)),
    _one("log", (1e-300, 0.03125, 0.75, 1.0, 2.5, 1e3, 1e300)),
)
