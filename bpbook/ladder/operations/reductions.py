"""Sums over axes, in the table of operations."""

from __future__ import annotations

from typing import Any

from bpbook.ladder import extremes_arrays, formulas, formulas_arrays, independent_arrays
from bpbook.ladder.operation import ND, NDH, Operation, normal

Point = tuple[Any, ...]
TABLE: Point = ([[0.5, -1.25, 3.0], [2.0, 0.75, -0.5]],)
BLOCK: Point = ([[[0.5, -1.25], [3.0, 2.0], [0.75, 1.0]], [[0.25, 4.0], [-2.5, 0.0], [1.5, -0.75]]],)


def _sum(name: str, free: set[str], **options: Any) -> Operation:
    block = isinstance(options["axis"], tuple)
    return Operation(
        name=f"sum_over, {name}",
        function="sum_over",
        arguments=("X",),
        draw=normal((lambda n, d, h: (n, d, h)) if block else lambda n, h: (n, h)),
        sizes=NDH if block else ND,
        formula=formulas_arrays.sum_over,
        derivatives=(formulas.by_sympy,),
        points=(BLOCK if block else TABLE, ([[[-1.5]]] if block else [[-1.5]],)),
        independent=independent_arrays.sum_over,
        torch=independent_arrays.sum_over,
        extremes=extremes_arrays.sum_over,
        whole=True,
        options=options,
        free_vjp=frozenset(("X", kind) for kind in free),
    )


# What X was before the sum is known to the VJP only along the axes that are left.
REDUCTIONS = (
    _sum("over everything", {"any shape"}, axis=None),
    _sum("over the rows", {"is twice as long"}, axis=0),
    _sum("along each row", {"has one column less"}, axis=-1, keepdims=True),
    _sum("over two axes", {"is twice as long"}, axis=(0, 2)),
)
